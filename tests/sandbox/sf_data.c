/* The REST API below /services/data, and the pages of records. */
#include "sf.h"

#include "page.h"
#include "world.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

json_t *sf_error(const char *code, const char *message)
{
    return json_pack("[{s:s, s:s}]", "message", message, "errorCode", code);
}

struct data_call {
    struct sf_call *call;
    struct request *req;
    json_t *grant;
    json_t *org;
    const char *user;
    char *parts[6]; /* decoded path segments after the version */
    size_t count;
};

static void not_found(struct data_call *d)
{
    http_reply_json(d->req, 404, sf_error("NOT_FOUND", "The requested resource does not exist"));
}

static void not_allowed(struct data_call *d, const char *allowed)
{
    char *text = xasprintf("HTTP Method '%s' not allowed. Allowed are %s", d->req->method, allowed);
    http_reply_json(d->req, 405, sf_error("METHOD_NOT_ALLOWED", text));
    free(text);
}

json_t *sf_read_body(struct request *req)
{
    if (!http_body_is(req, "application/json")) {
        http_reply_json(req, 415,
                        sf_error("UNSUPPORTED_MEDIA_TYPE",
                                 "Content-Type header specified in HTTP request is not supported: "
                                 "see the documentation"));
        return NULL;
    }
    json_error_t error;
    json_t *fields = json_loadb(buf_text(&req->body), req->body.len, 0, &error);
    if (!json_is_object(fields)) {
        char *text = xasprintf("Unexpected character at [line:%d, column:%d]",
                               fields == NULL ? error.line : 1, fields == NULL ? error.column : 1);
        http_reply_json(req, 400, sf_error("JSON_PARSER_ERROR", text));
        free(text);
        json_decref(fields);
        return NULL;
    }
    return fields;
}

void sf_count_write(void)
{
    json_t *counts = sf_counts();
    json_object_set_new(counts, "writes",
                        json_integer(json_integer_value(json_object_get(counts, "writes")) + 1));
}

static json_t *saved(const char *id)
{
    return json_pack("{s:s, s:b, s:[]}", "id", id, "success", true, "errors");
}

static void create(struct data_call *d, const struct sf_object *object)
{
    json_t *fields = sf_read_body(d->req);
    if (fields == NULL) {
        return;
    }
    json_t *fault = sf_check_fields(d->org, object, fields, true);
    if (fault != NULL) {
        http_reply_json(d->req, 400, fault);
    } else {
        sf_count_write();
        json_t *record = sf_record_new(d->org, object, fields, d->user);
        char *url = xasprintf("/services/data/v67.0/sobjects/%s/%s", object->name,
                              json_str_or(record, "id", ""));
        http_reply_header(d->req, "Location", url);
        free(url);
        http_reply_json(d->req, 201, saved(json_str_or(record, "id", "")));
    }
    json_decref(fields);
}

static void show(struct data_call *d, const struct sf_object *object, json_t *record)
{
    const char *wanted = json_str(d->req->query, "fields");
    char *url = xasprintf("/services/data/v67.0/sobjects/%s/%s", object->name,
                          json_str_or(record, "id", ""));
    json_t *out = json_pack("{s:{s:s, s:s}}", "attributes", "type", object->name, "url", url);
    free(url);
    if (wanted == NULL) {
        json_object_update(out, json_object_get(record, "fields"));
    }
    for (const char *p = wanted; p != NULL && *p != '\0';) {
        size_t len = strcspn(p, ",");
        char *field = xstrndup(p, len);
        if (!sf_knows_field(object, field)) {
            char *text =
                xasprintf("No such column '%s' on sobject of type %s", field, object->name);
            json_decref(out);
            out = sf_error("INVALID_FIELD", text);
            free(text);
            free(field);
            http_reply_json(d->req, 400, out);
            return;
        }
        json_object_set_new(out, field, sf_value(d->org, record, field));
        free(field);
        p += len + (p[len] == ',' ? 1 : 0);
    }
    http_reply_json(d->req, 200, out);
}

static void change(struct data_call *d, const struct sf_object *object, json_t *record)
{
    json_t *fields = sf_read_body(d->req);
    if (fields == NULL) {
        return;
    }
    json_t *fault = sf_check_fields(d->org, object, fields, false);
    if (fault != NULL) {
        http_reply_json(d->req, 400, fault);
    } else {
        sf_count_write();
        sf_record_change(d->org, record, fields, d->user);
        http_reply_text(d->req, 204, NULL, "");
    }
    json_decref(fields);
}

static void by_id(struct data_call *d, const struct sf_object *object, const char *id)
{
    json_t *record = sf_record(d->org, id);
    if (strlen(id) != 15 && strlen(id) != 18) {
        char *text = xasprintf("%s: id value of incorrect type: %s", object->name, id);
        http_reply_json(d->req, 400, sf_error("MALFORMED_ID", text));
        free(text);
    } else if (record == NULL || strcmp(json_str_or(record, "object", ""), object->name) != 0) {
        not_found(d);
    } else if (http_is(d->req, "GET") || http_is(d->req, "HEAD")) {
        show(d, object, record);
    } else if (http_is(d->req, "PATCH")) {
        change(d, object, record);
    } else if (http_is(d->req, "DELETE")) {
        sf_count_write();
        sf_record_remove(d->org, record);
        http_reply_text(d->req, 204, NULL, "");
    } else {
        not_allowed(d, "DELETE,GET,HEAD,PATCH");
    }
}

/* Creates or changes the one record whose external id is value. */
static void upsert(struct data_call *d, const struct sf_object *object, const char *field,
                   const char *value)
{
    json_t *ids = sf_by_external_id(d->org, object->name, field, value);
    if (json_array_size(ids) > 1) {
        json_t *urls = json_array();
        for (size_t i = 0; i < json_array_size(ids); i++) {
            char *url = xasprintf("/services/data/v67.0/sobjects/%s/%s", object->name,
                                  json_string_value(json_array_get(ids, i)));
            json_array_append_new(urls, json_string(url));
            free(url);
        }
        http_reply_json(d->req, 300, urls);
        return;
    }
    json_t *fields = sf_read_body(d->req);
    if (fields == NULL) {
        return;
    }
    json_t *record = json_array_size(ids) == 0
                         ? NULL
                         : sf_record(d->org, json_string_value(json_array_get(ids, 0)));
    bool update_only = strcmp(json_str_or(d->req->query, "updateOnly", ""), "true") == 0;
    json_t *fault = NULL;
    if (json_object_get(fields, field) != NULL) {
        char *text = xasprintf("The %s field should not be specified in the sobject data.", field);
        fault = sf_error("INVALID_FIELD", text);
        free(text);
    }
    if (fault == NULL) {
        fault = sf_check_fields(d->org, object, fields, record == NULL);
    }
    if (fault != NULL) {
        http_reply_json(d->req, 400, fault);
    } else if (record == NULL && update_only) {
        not_found(d);
    } else {
        bool created = record == NULL;
        sf_count_write();
        if (created) {
            json_object_set_new(fields, field, json_string(value));
            record = sf_record_new(d->org, object, fields, d->user);
        } else {
            sf_record_change(d->org, record, fields, d->user);
        }
        json_t *answer = saved(json_str_or(record, "id", ""));
        json_object_set_new(answer, "created", json_boolean(created));
        if (!created && json_flag(sf_settings(), "upsert_updates_without_body", false)) {
            json_decref(answer);
            http_reply_text(d->req, 204, NULL, ""); /* as older versions do */
        } else {
            http_reply_json(d->req, created ? 201 : 200, answer);
        }
    }
    json_decref(fields);
}

static void by_external_id(struct data_call *d, const struct sf_object *object)
{
    const char *field = d->parts[2];
    const char *value = d->parts[3];
    size_t len = strlen(field);
    if (len <= 3 || strcmp(field + len - 3, "__c") != 0) {
        char *text =
            xasprintf("Provided external ID field does not exist or is not accessible: %s", field);
        http_reply_json(d->req, 404, sf_error("NOT_FOUND", text));
        free(text);
    } else if (http_is(d->req, "PATCH")) {
        upsert(d, object, field, value);
    } else if (http_is(d->req, "GET")) {
        json_t *ids = sf_by_external_id(d->org, object->name, field, value);
        if (json_array_size(ids) != 1) {
            not_found(d);
        } else {
            show(d, object, sf_record(d->org, json_string_value(json_array_get(ids, 0))));
        }
    } else {
        not_allowed(d, "GET,PATCH");
    }
}

static void sobjects(struct data_call *d)
{
    if (d->count == 1) {
        http_reply_json(d->req, 200,
                        json_pack("{s:s, s:i, s:o}", "encoding", "UTF-8", "maxBatchSize", 200,
                                  "sobjects", sf_object_names()));
        return;
    }
    const struct sf_object *object = sf_object(d->parts[1]);
    if (object == NULL || sf_query_only(object)) {
        not_found(d);
    } else if (d->count == 2) {
        if (http_is(d->req, "POST")) {
            create(d, object);
        } else if (http_is(d->req, "GET")) {
            json_t *about = sf_describe(object);
            json_object_del(about, "fields");
            http_reply_json(d->req, 200,
                            json_pack("{s:o, s:[]}", "objectDescribe", about, "recentItems"));
        } else {
            not_allowed(d, "GET,HEAD,POST");
        }
    } else if (d->count == 3 && strcmp(d->parts[2], "describe") == 0) {
        http_reply_json(d->req, 200, sf_describe(object));
    } else if (d->count == 3) {
        by_id(d, object, d->parts[2]);
    } else if (d->count == 4) {
        by_external_id(d, object);
    } else {
        not_found(d);
    }
}

static void query(struct data_call *d)
{
    const char *soql = json_str(d->req->query, "q");
    if (!http_is(d->req, "GET")) {
        not_allowed(d, "GET,HEAD");
        return;
    }
    if (soql == NULL) {
        http_reply_json(d->req, 400,
                        sf_error("MALFORMED_QUERY", "A query string has to be "
                                                    "specified"));
        return;
    }
    json_t *error = NULL;
    json_t *answer = sf_query(d->org, soql, &error);
    http_reply_json(d->req, answer == NULL ? 400 : 200, answer == NULL ? error : answer);
}

static void versions(struct request *req)
{
    json_t *list = json_array();
    for (int v = 31; v <= 68; v++) {
        char *label = xasprintf("Version %d", v);
        char *url = xasprintf("/services/data/v%d.0", v);
        json_array_append_new(list, json_pack("{s:s, s:s, s:s}", "label", label, "url", url,
                                              "version", url + strlen("/services/data/v")));
        free(label);
        free(url);
    }
    http_reply_json(req, 200, list);
}

/* "/services/data/v67.0/a/b/" into {"a","b"}; false when the version or a segment is bad. */
static bool split(struct data_call *d, const char *path)
{
    int version = 0;
    int used = 0;
    if (sscanf(path, "/v%2d.0%n", &version, &used) != 1 || used == 0 || version < 31 ||
        version > 68) {
        return false;
    }
    for (const char *p = path + used; *p != '\0';) {
        if (*p != '/') {
            return false;
        }
        size_t len = strcspn(p + 1, "/");
        if (len == 0) {
            return p[1] == '\0';
        }
        char *part = d->count == 6 ? NULL : segment_decode(p + 1, len);
        if (part == NULL) {
            return false;
        }
        d->parts[d->count++] = part;
        p += 1 + len;
    }
    return true;
}

static void answer(struct data_call *d, const char *path)
{
    d->grant = sf_session(d->call);
    if (d->grant == NULL) {
        http_reply_json(d->req, 401, sf_error("INVALID_SESSION_ID", "Session expired or invalid"));
        return;
    }
    if (!sf_grant_has(d->grant, "api") && !sf_grant_has(d->grant, "full")) {
        http_reply_json(d->req, 401,
                        sf_error("INVALID_SESSION_ID", "This session is not valid "
                                                       "for use with the REST API"));
        return;
    }
    d->org = sf_org(json_str(d->grant, "org"));
    d->user = json_str(d->grant, "user");
    http_reply_header(d->req, "Sforce-Limit-Info", "api-usage=18/100000");
    if (!split(d, path)) {
        not_found(d);
    } else if (d->count >= 1 && strcmp(d->parts[0], "sobjects") == 0) {
        sobjects(d);
    } else if (d->count == 1 && strcmp(d->parts[0], "query") == 0) {
        query(d);
    } else if (d->count == 1 && strcmp(d->parts[0], "limits") == 0) {
        http_reply_json(
            d->req, 200,
            json_pack("{s:{s:i, s:i}}", "DailyApiRequests", "Max", 100000, "Remaining", 99982));
    } else {
        const struct sf_work work = {
            .req = d->req, .org = d->org, .user = d->user, .parts = d->parts, .count = d->count};
        if (!sf_work(&work)) {
            not_found(d);
        }
    }
}

void sf_data(struct sf_call *call)
{
    const char *path = call->path + strlen("/services/data");
    if (path[0] == '\0' || strcmp(path, "/") == 0) {
        versions(call->req);
        return;
    }
    struct data_call d = {.call = call, .req = call->req};
    answer(&d, path);
    for (size_t i = 0; i < d.count; i++) {
        free(d.parts[i]);
    }
}

/* ---- what a deep link opens ---- */

static json_t *find_record(const struct sf_call *call, const char *id, json_t **ret_org)
{
    const char *key = NULL;
    json_t *org = NULL;
    json_object_foreach(sf_orgs(), key, org)
    {
        json_t *record = call->org == NULL || call->org == org ? sf_record(org, id) : NULL;
        if (record != NULL) {
            *ret_org = org;
            return record;
        }
    }
    return NULL;
}

void sf_record_page(struct sf_call *call, const char *id)
{
    json_t *org = NULL;
    json_t *record = find_record(call, id, &org);
    if (record == NULL) {
        page_message(call->req, 404, "Data not available",
                     "The record you are looking for does not exist.", "salesforce");
        return;
    }
    const json_t *fields = json_object_get(record, "fields");
    const char *title = json_str_or(fields, "Name", json_str_or(fields, "Subject", id));
    json_t *owner = sf_user(org, json_str(fields, "OwnerId"));
    struct buf b = {0};
    page_begin(&b, title, "salesforce");
    buf_add(&b, "<p class=\"tag\">");
    buf_add_html(&b, json_str_or(record, "object", ""));
    buf_add(&b, "</p><h1>");
    buf_add_html(&b, title);
    buf_add(&b, "</h1><dl><dt>Owner</dt><dd>");
    buf_add_html(&b, json_str_or(owner, "name", ""));
    buf_add(&b, "</dd>");
    const char *name = NULL;
    json_t *value = NULL;
    json_object_foreach(json_object_get(record, "fields"), name, value)
    {
        char *text = json_is_string(value) ? xstrdup(json_string_value(value))
                                           : json_dumps(value, JSON_ENCODE_ANY);
        buf_add(&b, "<dt>");
        buf_add_html(&b, name);
        buf_add(&b, "</dt><dd>");
        buf_add_html(&b, text == NULL ? "" : text);
        buf_add(&b, "</dd>");
        free(text);
    }
    buf_add(&b, "</dl>");
    page_end(&b);
    http_reply_text(call->req, 200, "text/html; charset=utf-8", b.data);
    buf_free(&b);
}
