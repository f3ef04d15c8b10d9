/* What is not the Table API: changes, the catalog, knowledge, and the pages of records. */
#include "sn.h"

#include "page.h"
#include "world.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

static void unknown(struct sn_api *api)
{
    sn_refuse(api->req, 400, "Requested URI does not represent any resource", NULL);
}

void sn_current_user(struct sn_api *api, const char *path)
{
    json_t *user = sn_record(api->instance, sn_table("sys_user"), api->user);
    if (path[0] != '\0' || !http_is(api->req, "GET") ||
        json_flag(sn_settings(), "no_current_user", false)) {
        unknown(api);
        return;
    }
    http_reply_json(api->req, 200,
                    json_pack("{s:{s:O, s:O, s:O}}", "result", "user_sys_id",
                              json_object_get(user, "sys_id"), "user_name",
                              json_object_get(user, "user_name"), "user_display_name",
                              json_object_get(user, "name")));
}

/* ---- change requests ---- */

static void change_new(struct sn_api *api, const char *type)
{
    const struct sn_table *table = sn_table("change_request");
    json_t *body = sn_body(api);
    if (body == NULL) {
        return;
    }
    json_t *fixed = json_pack("{s:s, s:s, s:s}", "type", type, "requested_by", api->user,
                              "approval", "not requested");
    json_t *record = sn_record_new(api->instance, table, fixed, api->user);
    json_decref(fixed);
    sn_record_write(api->instance, table, record, body, api->user);
    json_decref(body);
    sn_wrote();
    http_reply_json(api->req, 200, /* not 201 */
                    json_pack("{s:o}", "result", sn_row_pairs(api, table, record)));
}

/* The approval of this user for this change, or NULL. */
static json_t *approval_of(struct sn_api *api, const char *change)
{
    json_t *all = sn_records(api->instance, sn_table("sysapproval_approver"));
    json_t *found = NULL;
    for (size_t i = 0; i < json_array_size(all); i++) {
        json_t *row = json_array_get(all, i);
        if (strcmp(json_str_or(row, "sysapproval", ""), change) == 0 &&
            strcmp(json_str_or(row, "approver", ""), api->user) == 0) {
            found = row;
        }
    }
    json_decref(all);
    return found;
}

static void change_decide(struct sn_api *api, json_t *record)
{
    json_t *approval = approval_of(api, json_str_or(record, "sys_id", ""));
    json_t *body = approval == NULL ? NULL : sn_body(api);
    const char *state = json_str_or(body, "state", "");
    if (approval == NULL) {
        sn_refuse(api->req, 400, "User is not an approver of this change", NULL);
        return;
    }
    if (body == NULL) {
        return;
    }
    bool rejected = strcmp(state, "rejected") == 0;
    if (!rejected && strcmp(state, "approved") != 0) {
        sn_refuse(api->req, 400, "state must be approved or rejected", NULL);
    } else if (rejected && json_str_or(body, "comments", "")[0] == '\0') {
        sn_refuse(api->req, 400, "comments are mandatory when rejecting", NULL);
    } else {
        sn_record_write(api->instance, sn_table("sysapproval_approver"), approval, body, api->user);
        json_object_set(record, "approval", json_object_get(approval, "state"));
        sn_wrote();
        http_reply_json(api->req, 200,
                        json_pack("{s:o}", "result",
                                  sn_row_pairs(api, sn_table("sysapproval_approver"), approval)));
    }
    json_decref(body);
}

static void change_one(struct sn_api *api, const char *id, const char *rest)
{
    const struct sn_table *table = sn_table("change_request");
    json_t *record = sn_record(api->instance, table, id);
    bool patch = http_is(api->req, "PATCH");
    if (record == NULL || !sn_may_see(api->instance, table, record, api->user)) {
        sn_refuse(api->req, 404, "Record not found", NULL);
    } else if (patch && strcmp(rest, "/approvals") == 0) {
        change_decide(api, record);
    } else if (patch && rest[0] == '\0') {
        json_t *body = sn_body(api);
        if (body == NULL) {
            return;
        }
        sn_record_write(api->instance, table, record, body, api->user);
        json_decref(body);
        sn_wrote();
        http_reply_json(api->req, 200,
                        json_pack("{s:o}", "result", sn_row_pairs(api, table, record)));
    } else if (http_is(api->req, "GET") && rest[0] == '\0') {
        http_reply_json(api->req, 200,
                        json_pack("{s:o}", "result", sn_row_pairs(api, table, record)));
    } else {
        unknown(api);
    }
}

void sn_change(struct sn_api *api, const char *path)
{
    const char *name = path[0] == '/' ? path + 1 : path;
    if (http_is(api->req, "POST") &&
        (strcmp(name, "normal") == 0 || strcmp(name, "emergency") == 0)) {
        change_new(api, name);
        return;
    }
    size_t len = strcspn(name, "/");
    char *id = xstrndup(name, len);
    change_one(api, id, name + len);
    free(id);
}

/* ---- the catalog ---- */

static json_t *item_json(const json_t *item)
{
    return json_pack("{s:O, s:O, s:s}", "sys_id", json_object_get(item, "sys_id"), "name",
                     json_object_get(item, "name"), "short_description",
                     json_str_or(item, "short_description", ""));
}

static void items(struct sn_api *api)
{
    const char *text = json_str_or(api->req->query, "sysparm_text", "");
    size_t limit = (size_t)strtoul(json_str_or(api->req->query, "sysparm_limit", "10"), NULL, 10);
    json_t *all = sn_records(api->instance, sn_table("sc_cat_item"));
    json_t *out = json_array();
    for (size_t i = 0; i < json_array_size(all) && json_array_size(out) < limit; i++) {
        const json_t *item = json_array_get(all, i);
        if (strcasestr(json_str_or(item, "name", ""), text) != NULL ||
            strcasestr(json_str_or(item, "short_description", ""), text) != NULL) {
            json_array_append_new(out, item_json(item));
        }
    }
    json_decref(all);
    http_reply_json(api->req, 200, json_pack("{s:o}", "result", out));
}

static void order(struct sn_api *api, const json_t *item)
{
    json_t *body = sn_body(api);
    if (body == NULL) {
        return;
    }
    const char *must = json_str_or(item, "mandatory", "");
    if (json_str(body, "sysparm_quantity") == NULL) {
        sn_refuse(api->req, 400, "Invalid Request", "sysparm_quantity is missing");
    } else if (must[0] != '\0' && json_str(json_object_get(body, "variables"), must) == NULL) {
        char *text = xasprintf("Mandatory Variables are required: %s", must);
        sn_refuse(api->req, 400, text, NULL);
        free(text);
    } else {
        const char *whom = json_str_or(body, "sysparm_requested_for", api->user);
        json_t *fields = json_pack("{s:s, s:s, s:O}", "requested_for", whom, "request_state",
                                   "requested", "short_description", json_object_get(item, "name"));
        json_t *request = sn_record_new(api->instance, sn_table("sc_request"), fields, api->user);
        json_decref(fields);
        char *variables = json_dumps(json_object_get(body, "variables"), JSON_COMPACT);
        fields = json_pack(
            "{s:O, s:O, s:s, s:O, s:s, s:s, s:O}", "request", json_object_get(request, "sys_id"),
            "cat_item", json_object_get(item, "sys_id"), "requested_for", whom, "quantity",
            json_object_get(body, "sysparm_quantity"), "stage", "waiting_for_approval", "variables",
            variables == NULL ? "{}" : variables, "short_description",
            json_object_get(item, "name"));
        sn_record_new(api->instance, sn_table("sc_req_item"), fields, api->user);
        json_decref(fields);
        free(variables);
        sn_wrote();
        http_reply_json(api->req, 200,
                        json_pack("{s:{s:O, s:O, s:O, s:O, s:s}}", "result", "sys_id",
                                  json_object_get(request, "sys_id"), "number",
                                  json_object_get(request, "number"), "request_number",
                                  json_object_get(request, "number"), "request_id",
                                  json_object_get(request, "sys_id"), "table", "sc_request"));
    }
    json_decref(body);
}

void sn_catalog(struct sn_api *api, const char *path)
{
    const char *name = path[0] == '/' ? path + 1 : path;
    size_t len = strcspn(name, "/");
    char *id = xstrndup(name, len);
    const json_t *item = sn_record(api->instance, sn_table("sc_cat_item"), id);
    if (len == 0 && http_is(api->req, "GET")) {
        items(api);
    } else if (item == NULL) {
        sn_refuse(api->req, 404, "Item not found", NULL);
    } else if (name[len] == '\0' && http_is(api->req, "GET")) {
        json_t *out = item_json(item);
        const char *must = json_str_or(item, "mandatory", "");
        json_object_set_new(out, "variables",
                            must[0] == '\0' ? json_array()
                                            : json_pack("[{s:s, s:b, s:i}]", "name", must,
                                                        "mandatory", true, "type", 6));
        http_reply_json(api->req, 200, json_pack("{s:o}", "result", out));
    } else if (strcmp(name + len, "/order_now") == 0 && http_is(api->req, "POST")) {
        order(api, item);
    } else {
        unknown(api);
    }
    free(id);
}

/* ---- knowledge ---- */

void sn_knowledge(struct sn_api *api, const char *path)
{
    const char *text = json_str_or(api->req->query, "query", "");
    size_t limit = (size_t)strtoul(json_str_or(api->req->query, "limit", "30"), NULL, 10);
    if (path[0] != '\0' || !http_is(api->req, "GET")) {
        unknown(api);
        return;
    }
    json_t *all = sn_records(api->instance, sn_table("kb_knowledge"));
    json_t *out = json_array();
    for (size_t i = 0; i < json_array_size(all) && json_array_size(out) < limit; i++) {
        const json_t *row = json_array_get(all, i);
        const char *title = json_str_or(row, "short_description", "");
        const char *words = json_str_or(row, "text", "");
        if (strcasestr(title, text) == NULL && strcasestr(words, text) == NULL) {
            continue;
        }
        char *id = xasprintf("kb_knowledge:%s", json_str_or(row, "sys_id", ""));
        char *link = xasprintf("?sys_kb_id=%s", json_str_or(row, "sys_id", ""));
        json_array_append_new(out, json_pack("{s:s, s:O, s:s, s:s, s:s}", "id", id, "number",
                                             json_object_get(row, "number"), "title", title,
                                             "snippet", words, "link", link));
        free(link);
        free(id);
    }
    json_decref(all);
    http_reply_json(api->req, 200,
                    json_pack("{s:{s:{s:i}, s:o}}", "result", "meta", "count",
                              (int)json_array_size(out), "articles", out));
}

/* ---- what a deep link opens ---- */

static json_t *find(const struct sn_call *call, const struct sn_table *table, const char *sys_id,
                    json_t **ret_instance)
{
    const char *key = NULL;
    json_t *instance = NULL;
    json_object_foreach(sn_instances(), key, instance)
    {
        json_t *record = call->instance == NULL || call->instance == instance
                             ? sn_record(instance, table, sys_id)
                             : NULL;
        if (record != NULL) {
            *ret_instance = instance;
            return record;
        }
    }
    return NULL;
}

static void show(struct sn_call *call, json_t *instance, const struct sn_table *table,
                 const json_t *record)
{
    const struct sn_field *field = NULL;
    struct buf b = {0};
    page_begin(&b, json_str_or(record, "number", table->name), "servicenow");
    buf_add(&b, "<p class=\"tag\">");
    buf_add_html(&b, table->name);
    buf_add(&b, "</p><h1>");
    buf_add_html(&b, json_str_or(record, "short_description", json_str_or(record, "number", "")));
    buf_add(&b, "</h1><dl>");
    for (size_t k = 0; (field = sn_field_at(table, k)) != NULL; k++) {
        if (json_str_or(record, field->name, "")[0] != '\0') {
            buf_add(&b, "<dt>");
            buf_add_html(&b, field->name);
            buf_add(&b, "</dt><dd>");
            buf_add_html(&b, sn_display(instance, table, record, field->name));
            buf_add(&b, "</dd>");
        }
    }
    buf_add(&b, "</dl>");
    page_end(&b);
    http_reply_text(call->req, 200, "text/html; charset=utf-8", b.data);
    buf_free(&b);
}

/* nav_to.do?uri=incident.do?sys_id=..., kb_view.do?sysparm_article=KB... */
void sn_page(struct sn_call *call)
{
    const char *uri = json_str_or(call->req->query, "uri", "");
    const char *mark = strstr(uri, ".do?sys_id=");
    char *name = xstrndup(uri, mark == NULL ? 0 : (size_t)(mark - uri));
    const struct sn_table *table = sn_table(name);
    json_t *instance = NULL;
    json_t *record = mark == NULL || table == NULL
                         ? NULL
                         : find(call, table, mark + strlen(".do?sys_id="), &instance);
    free(name);
    if (record == NULL) {
        page_message(call->req, 404, "Record not found",
                     "The record you are looking for does not exist.", "servicenow");
        return;
    }
    show(call, instance, sn_table_of(record, table), record);
}
