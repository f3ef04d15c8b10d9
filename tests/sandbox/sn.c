#include "sn.h"

#include "page.h"
#include "world.h"

#include <stdlib.h>
#include <string.h>

static json_t *instances; /* key -> instance */

const json_t *sn_settings(void)
{
    return json_object_get(world_seed(), "servicenow");
}

json_t *sn_instances(void)
{
    return instances;
}

json_t *sn_instance(const char *key)
{
    return key == NULL ? NULL : json_object_get(instances, key);
}

bool sn_names(const json_t *settings, const char *setting, const char *name)
{
    const json_t *list = json_object_get(settings, setting);
    for (size_t i = 0; i < json_array_size(list); i++) {
        const char *one = json_string_value(json_array_get(list, i));
        if (one != NULL && strcmp(one, name) == 0) {
            return true;
        }
    }
    return false;
}

bool sn_has_role(const json_t *instance, const char *user, const char *role)
{
    const json_t *roles = json_object_get(json_object_get(instance, "roles"), user);
    for (size_t i = 0; i < json_array_size(roles); i++) {
        const char *one = json_string_value(json_array_get(roles, i));
        if (strcmp(one, role) == 0 || strcmp(one, "admin") == 0) {
            return true;
        }
    }
    return false;
}

static void instance_load(const char *key, const json_t *from)
{
    json_t *instance = json_pack("{s:s, s:O, s:{}, s:{}, s:{}}", "key", key, "name",
                                 json_object_get(from, "name"), "roles", "tables", "numbers");
    json_object_set_new(instances, key, instance);
    size_t i = 0;
    json_t *item = NULL;
    json_array_foreach(json_object_get(from, "users"), i, item)
    {
        json_t *fields = json_deep_copy(item);
        json_object_del(fields, "roles");
        json_object_set(json_object_get(instance, "roles"), json_str_or(item, "sys_id", ""),
                        json_object_get(item, "roles"));
        sn_record_new(instance, sn_table("sys_user"), fields, "");
        json_decref(fields);
    }
    json_array_foreach(json_object_get(from, "records"), i, item)
    {
        const struct sn_table *table = sn_table(json_str_or(item, "table", ""));
        if (table != NULL) {
            sn_record_new(instance, table, json_object_get(item, "fields"),
                          json_str_or(item, "by", ""));
        }
    }
}

static void reset(json_t *seed)
{
    json_decref(instances);
    instances = json_object();
    sn_login_reset();
    sn_token_reset();
    const char *key = NULL;
    json_t *instance = NULL;
    json_object_foreach(json_object_get(seed, "instances"), key, instance)
    {
        instance_load(key, instance);
    }
}

/* A developer instance that nobody used for a while: 200 and a page, whatever was asked. */
static void asleep(struct request *req)
{
    page_message(req, 200, "Your instance is hibernating",
                 "Sign in to the developer site to wake your instance.", "servicenow");
}

static const struct {
    const char *path;
    void (*run)(struct sn_call *call);
} routes[] = {
    {"/oauth_auth.do", sn_authorize},
    {"/login.do", sn_login},
    {"/oauth_auth_check.do", sn_consent},
    {"/oauth_token.do", sn_token},
    {"/oauth_revoke_token.do", sn_revoke},
    {"/nav_to.do", sn_page},
    {"/kb_view.do", sn_page},
};

static void dispatch(struct sn_call *call)
{
    for (size_t i = 0; i < sizeof routes / sizeof routes[0]; i++) {
        if (strcmp(call->path, routes[i].path) == 0) {
            routes[i].run(call);
            return;
        }
    }
    if (strncmp(call->path, "/api/", 5) == 0) {
        sn_api(call);
        return;
    }
    page_message(call->req, 404, "Page not found", "This address leads nowhere.", "servicenow");
}

static void handle(struct request *req, const char *path, const char *base)
{
    struct sn_call call = {.req = req, .path = path};
    struct fault f;
    size_t len = path[0] == '/' ? strcspn(path + 1, "/") : 0;
    char *first = xstrndup(path[0] == '/' ? path + 1 : "", len);
    call.instance = sn_instance(first);
    if (call.instance != NULL) {
        call.path = path + 1 + len;
        call.base = xasprintf("%s/%s", base, first);
    } else {
        call.base = xstrdup(base);
    }
    if (json_flag(sn_settings(), "asleep", false) ||
        fault_take("servicenow", "asleep", req->method, req->path, &f)) {
        asleep(req);
    } else {
        dispatch(&call);
    }
    free(call.base);
    free(first);
}

static bool is_oauth(const char *path)
{
    return strstr(path, "/oauth_") != NULL;
}

static void throttle(struct request *req, const char *path, const struct fault *fault)
{
    (void)path;
    char *seconds = xasprintf("%lld", (long long)fault->retry_after);
    char *reset_at = xasprintf("%lld", (long long)(clock_now_ms() / 1000 + fault->retry_after));
    http_reply_header(req, "Retry-After", seconds);
    http_reply_header(req, "X-RateLimit-Limit", "100");
    http_reply_header(req, "X-RateLimit-Reset", reset_at);
    http_reply_header(req, "X-RateLimit-Rule", "4c4dd3b3c0a80164000c8a8a5c1e0000");
    sn_refuse(req, 429, "Rate limit exceeded",
              "Rate limit of 100 requests per hour for Table API exceeded");
    free(reset_at);
    free(seconds);
}

static void unavailable(struct request *req, const char *path, unsigned status)
{
    if (is_oauth(path)) {
        http_reply_json(req, status,
                        json_pack("{s:s, s:s}", "error", "server_error", "error_description",
                                  "Transaction cancelled"));
        return;
    }
    sn_refuse(req, status, "Transaction cancelled: maximum execution time exceeded", NULL);
}

/* Object by object, so that one client's redirect_uris can be set alone. */
static void merge(json_t *into, const json_t *from)
{
    const char *key = NULL;
    json_t *value = NULL;
    json_t *copy = json_deep_copy(from);
    json_object_foreach(copy, key, value)
    {
        json_t *old = json_object_get(into, key);
        if (json_is_object(old) && json_is_object(value)) {
            merge(old, value);
        } else {
            json_object_set(into, key, value);
        }
    }
    json_decref(copy);
}

static const char *configure(const json_t *settings)
{
    merge(json_object_get(world_seed(), "servicenow"), settings);
    return NULL;
}

static json_t *state(void)
{
    json_t *records = json_array();
    const char *key = NULL;
    json_t *instance = NULL;
    json_object_foreach(instances, key, instance)
    {
        const char *table = NULL;
        json_t *rows = NULL;
        json_object_foreach(json_object_get(instance, "tables"), table, rows)
        {
            const char *id = NULL;
            json_t *row = NULL;
            json_object_foreach(rows, id, row)
            {
                json_array_append_new(
                    records, json_pack("{s:s, s:s, s:s, s:s, s:O}", "instance", key, "table", table,
                                       "sys_id", id, "creator",
                                       json_str_or(row, "sys_created_by", ""), "fields", row));
            }
        }
    }
    return json_pack("{s:o, s:o, s:O}", "records", records, "grants", sn_grants(), "counts",
                     sn_counts());
}

const struct peer servicenow_peer = {
    .name = "servicenow",
    .prefix = "/servicenow",
    .own_port = true,
    .handle = handle,
    .throttle = throttle,
    .unavailable = unavailable,
    .reset = reset,
    .configure = configure,
    .state = state,
    .chat = NULL,
};
