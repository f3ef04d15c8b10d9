/* The REST API below /api: who calls, the Table API, and the shape of rows and refusals. */
#include "sn.h"

#include "world.h"

#include <stdlib.h>
#include <string.h>

enum { LIMIT_DEFAULT = 10000 };

void sn_refuse(struct request *req, unsigned status, const char *message, const char *detail)
{
    http_reply_json(req, status,
                    json_pack("{s:{s:s, s:s?}, s:s}", "error", "message", message, "detail", detail,
                              "status", "failure"));
}

void sn_wrote(void)
{
    sn_count(sn_counts(), "writes");
}

static void none(struct sn_api *api)
{
    sn_refuse(api->req, 404, "No Record found",
              "Record doesn't exist or ACL restricts the record retrieval");
}

static bool accepts_json(const struct request *req)
{
    const char *accept = http_header(req, "Accept");
    return accept != NULL &&
           (strstr(accept, "application/json") != NULL || strstr(accept, "*/*") != NULL);
}

json_t *sn_body(struct sn_api *api)
{
    if (!http_body_is(api->req, "application/json") || !accepts_json(api->req)) {
        sn_refuse(api->req, 400, "Exception while reading request",
                  "Content-Type and Accept must be application/json");
        return NULL;
    }
    json_t *body = json_loadb(buf_text(&api->req->body), api->req->body.len, 0, NULL);
    if (!json_is_object(body)) {
        json_decref(body);
        sn_refuse(api->req, 400, "Exception while reading request",
                  "The payload is not valid JSON");
        return NULL;
    }
    return body;
}

/* ---- rows ---- */

static json_t *reference(struct sn_api *api, const struct sn_field *field, const char *value,
                         const char *display, const char *mode)
{
    char *link = xasprintf("%s/api/now/table/%s/%s", api->call->base, field->of, value);
    json_t *out = strcmp(mode, "true") == 0
                      ? json_pack("{s:s, s:s}", "display_value", display, "link", link)
                      : json_pack("{s:s, s:s}", "link", link, "value", value);
    if (strcmp(mode, "all") == 0) {
        json_object_set_new(out, "display_value", json_string(display));
    }
    free(link);
    return out;
}

static json_t *cell(struct sn_api *api, const struct sn_table *table, json_t *record,
                    const struct sn_field *field, const char *mode)
{
    bool bare = strcmp(json_str_or(api->req->query, "sysparm_exclude_reference_link", "false"),
                       "true") == 0;
    const char *value = field->type == SN_JOURNAL ? "" : json_str_or(record, field->name, "");
    const char *display =
        field->type == SN_JOURNAL ? "" : sn_display(api->instance, table, record, field->name);
    if (field->type == SN_REFERENCE && value[0] != '\0' && !bare) {
        return reference(api, field, value, display, mode);
    }
    if (strcmp(mode, "all") == 0) {
        return json_pack("{s:s, s:s}", "display_value", display, "value", value);
    }
    return json_string(strcmp(mode, "true") == 0 ? display : value);
}

static bool wanted(const char *list, const char *name)
{
    size_t len = strlen(name);
    for (const char *p = list; p != NULL && *p != '\0';) {
        size_t n = strcspn(p, ",");
        if (n == len && strncmp(p, name, n) == 0) {
            return true;
        }
        p += n + (p[n] == ',' ? 1 : 0);
    }
    return list == NULL || list[0] == '\0';
}

static json_t *row_in_mode(struct sn_api *api, const struct sn_table *table, json_t *record,
                           const char *list, const char *mode)
{
    const struct sn_table *own = sn_table_of(record, table);
    const struct sn_field *field = NULL;
    json_t *out = json_object();
    for (size_t k = 0; (field = sn_field_at(own, k)) != NULL; k++) {
        if (wanted(list, field->name) && !sn_names(sn_settings(), "fields_hidden", field->name)) {
            json_object_set_new(out, field->name, cell(api, table, record, field, mode));
        }
    }
    return out;
}

json_t *sn_row(struct sn_api *api, const struct sn_table *table, json_t *record)
{
    const json_t *query = api->req->query;
    return row_in_mode(api, table, record, json_str(query, "sysparm_fields"),
                       json_str_or(query, "sysparm_display_value", "false"));
}

json_t *sn_row_pairs(struct sn_api *api, const struct sn_table *table, json_t *record)
{
    return row_in_mode(api, table, record, NULL, "all");
}

/* ---- the Table API ---- */

static size_t number_of(const json_t *query, const char *name, size_t fallback)
{
    const char *text = json_str(query, name);
    return text == NULL ? fallback : (size_t)strtoul(text, NULL, 10);
}

static json_t *select_rows(struct sn_api *api, const struct sn_table *table)
{
    const char *text = json_str_or(api->req->query, "sysparm_query", "");
    struct fault f;
    struct sn_query query = {.instance = api->instance, .table = table, .user = api->user};
    query.ignored = fault_take("servicenow", "query_ignored", api->req->method, api->req->path, &f);
    json_t *all = sn_records(api->instance, table);
    json_t *fit = json_array();
    for (size_t i = 0; i < json_array_size(all); i++) {
        json_t *row = json_array_get(all, i);
        if (sn_may_see(api->instance, table, row, api->user) && sn_query_fits(&query, text, row)) {
            json_array_append(fit, row);
        }
    }
    json_decref(all);
    sn_query_sort(text, fit);
    return fit;
}

static void list(struct sn_api *api, const struct sn_table *table, bool first_version)
{
    json_t *fit = select_rows(api, table);
    size_t total = json_array_size(fit);
    size_t from = number_of(api->req->query, "sysparm_offset", 0);
    size_t limit = number_of(api->req->query, "sysparm_limit", LIMIT_DEFAULT);
    json_t *out = json_array();
    for (size_t i = from; i < total && json_array_size(out) < limit; i++) {
        json_array_append_new(out, sn_row(api, table, json_array_get(fit, i)));
    }
    json_decref(fit);
    char *count = xasprintf("%zu", total);
    http_reply_header(api->req, "X-Total-Count", count);
    free(count);
    if (first_version && json_array_size(out) == 0) {
        json_decref(out);
        none(api);
        return;
    }
    http_reply_json(api->req, 200, json_pack("{s:o}", "result", out));
}

/* The detail of a refusal, when a policy does not allow the new record. */
static void create(struct sn_api *api, const struct sn_table *table)
{
    json_t *body = sn_body(api);
    if (body == NULL) {
        return;
    }
    if (!table->task || strcmp(table->name, "task") == 0) {
        sn_refuse(api->req, 403, "Operation Failed",
                  "ACL Exception Insert Failed due to security constraints");
    } else {
        json_t *empty = json_object();
        json_t *record = sn_record_new(api->instance, table, empty, api->user);
        json_decref(empty);
        const char *wrong = sn_record_write(api->instance, table, record, body, api->user);
        if (wrong != NULL) {
            char *id = xstrdup(json_str_or(record, "sys_id", ""));
            json_object_del(json_object_get(json_object_get(api->instance, "tables"), table->name),
                            id);
            free(id);
            sn_refuse(api->req, 403, "Operation Failed", wrong);
        } else {
            sn_wrote();
            char *url = xasprintf("%s/api/now/table/%s/%s", api->call->base, table->name,
                                  json_str_or(record, "sys_id", ""));
            http_reply_header(api->req, "Location", url);
            free(url);
            http_reply_json(api->req, 201,
                            json_pack("{s:o}", "result", sn_row(api, table, record)));
        }
    }
    json_decref(body);
}

/* A decision shows in what it was about. */
static void decide(struct sn_api *api, const json_t *record)
{
    json_t *about =
        sn_record(api->instance, sn_table("task"), json_str_or(record, "sysapproval", ""));
    if (about != NULL) {
        json_object_set(about, "approval", json_object_get(record, "state"));
    }
}

static void change(struct sn_api *api, const struct sn_table *table, json_t *record)
{
    const struct sn_table *own = sn_table_of(record, table);
    bool approval = strcmp(own->name, "sysapproval_approver") == 0;
    json_t *body = sn_body(api);
    if (body == NULL) {
        return;
    }
    if ((!own->task && !approval) ||
        (approval && strcmp(json_str_or(record, "approver", ""), api->user) != 0)) {
        sn_refuse(api->req, 403, "Operation Failed",
                  "ACL Exception Update Failed due to security constraints");
        json_decref(body);
        return;
    }
    const char *wrong = sn_record_write(api->instance, own, record, body, api->user);
    json_decref(body);
    if (wrong != NULL) {
        sn_refuse(api->req, 403, "Operation Failed", wrong);
        return;
    }
    sn_wrote();
    if (approval) {
        decide(api, record);
    }
    http_reply_json(api->req, 200, json_pack("{s:o}", "result", sn_row(api, own, record)));
}

static void one(struct sn_api *api, const struct sn_table *table, const char *sys_id)
{
    json_t *record = sn_record(api->instance, table, sys_id);
    if (record == NULL || !sn_may_see(api->instance, table, record, api->user)) {
        none(api);
    } else if (http_is(api->req, "GET")) {
        http_reply_json(api->req, 200, json_pack("{s:o}", "result", sn_row(api, table, record)));
    } else if (http_is(api->req, "PATCH") || http_is(api->req, "PUT")) {
        change(api, table, record);
    } else {
        sn_refuse(api->req, 403, "Operation Failed",
                  "ACL Exception Delete Failed due to security constraints");
    }
}

static void table_api(struct sn_api *api, const char *path, bool first_version)
{
    size_t len = strcspn(path, "/");
    char *name = xstrndup(path, len);
    const struct sn_table *table = sn_table(name);
    if (table == NULL) {
        char *text = xasprintf("Invalid table %s", name);
        sn_refuse(api->req, 400, text, NULL);
        free(text);
    } else if (path[len] == '/' && path[len + 1] != '\0') {
        one(api, table, path + len + 1);
    } else if (http_is(api->req, "GET")) {
        list(api, table, first_version);
    } else if (http_is(api->req, "POST")) {
        create(api, table);
    } else {
        sn_refuse(api->req, 405, "Method not supported", NULL);
    }
    free(name);
}

static void table_now(struct sn_api *api, const char *path)
{
    table_api(api, path, false);
}

static void table_first(struct sn_api *api, const char *path)
{
    table_api(api, path, true);
}

/* ---- who calls ---- */

static const struct {
    const char *prefix;
    void (*run)(struct sn_api *api, const char *path);
} apis[] = {
    {"/api/now/table/", table_now},
    {"/api/now/v2/table/", table_now},
    {"/api/now/v1/table/", table_first},
    {"/api/now/ui/user/current_user", sn_current_user},
    {"/api/sn_chg_rest/change", sn_change},
    {"/api/sn_sc/servicecatalog/items", sn_catalog},
    {"/api/sn_km_api/knowledge/articles", sn_knowledge},
};

void sn_api(struct sn_call *call)
{
    json_t *grant = sn_session(call);
    if (grant == NULL) {
        http_reply_header(call->req, "WWW-Authenticate", "BEARER realm=\"Service-now\"");
        sn_refuse(call->req, 401, "User Not Authenticated", "Required to provide Auth information");
        return;
    }
    if (strcmp(json_str_or(grant, "scope", ""), "useraccount") != 0) {
        sn_refuse(call->req, 403, "Missing required api access scope", NULL);
        return;
    }
    struct sn_api api = {.call = call,
                         .req = call->req,
                         .grant = grant,
                         .instance = sn_instance(json_str(grant, "instance")),
                         .user = json_str(grant, "user"),
                         .client_id = json_str(grant, "client_id")};
    for (size_t i = 0; i < sizeof apis / sizeof apis[0]; i++) {
        size_t len = strlen(apis[i].prefix);
        if (strncmp(call->path, apis[i].prefix, len) == 0) {
            apis[i].run(&api, call->path + len);
            return;
        }
    }
    sn_refuse(call->req, 400, "Requested URI does not represent any resource", call->path);
}
