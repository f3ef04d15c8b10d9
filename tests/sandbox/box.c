/* Box: routes, settings, state. Hosts of Box (account., api., upload., dl., app.) are told apart by
 * their paths, so that one port serves them all. */
#include "box.h"

#include "page.h"
#include "world.h"

#include <stdlib.h>
#include <string.h>

static json_t *enterprises; /* key -> enterprise */
static int64_t last_id;

const json_t *box_settings(void)
{
    return json_object_get(world_seed(), "box");
}

json_t *box_enterprise(const char *key)
{
    return key == NULL ? NULL : json_object_get(enterprises, key);
}

json_t *box_user(const json_t *enterprise, const char *id)
{
    return id == NULL ? NULL : json_object_get(json_object_get(enterprise, "users"), id);
}

json_t *box_user_by_login(const json_t *enterprise, const char *login)
{
    const char *id = NULL;
    json_t *user = NULL;
    json_object_foreach(json_object_get(enterprise, "users"), id, user)
    {
        if (strcmp(json_str_or(user, "login", ""), login) == 0) {
            return user;
        }
    }
    return NULL;
}

char *box_new_id(void)
{
    return xasprintf("%lld", (long long)++last_id);
}

void box_refuse(struct request *req, unsigned status, const char *code, const char *message,
                json_t *info)
{
    char id[17];
    random_hex(id, 16);
    json_t *body = json_pack(
        "{s:s, s:i, s:s, s:s, s:s, s:s}", "type", "error", "status", (int)status, "code", code,
        "help_url", "http://developers.box.com/docs/#errors", "message", message, "request_id", id);
    if (info != NULL) {
        json_object_set_new(body, "context_info", info);
    }
    http_reply_json(req, status, body);
}

bool box_fault_error(struct request *req)
{
    struct fault f;
    if (!fault_take("box", "error", req->method, req->path, &f)) {
        return false;
    }
    req->fault = "error";
    if (f.says_when) {
        char *seconds = xasprintf("%lld", (long long)f.retry_after);
        http_reply_header(req, "Retry-After", seconds);
        free(seconds);
    }
    box_refuse(req, f.status == 0 ? 400 : (unsigned)f.status, f.error, "Asked for by the test",
               NULL);
    return true;
}

static void load(const char *key, const json_t *from)
{
    json_t *enterprise =
        json_pack("{s:s, s:O, s:O, s:{}}", "key", key, "id", json_object_get(from, "id"), "name",
                  json_object_get(from, "name"), "users");
    json_object_set_new(enterprises, key, enterprise);
    size_t i = 0;
    json_t *item = NULL;
    json_array_foreach(json_object_get(from, "users"), i, item)
    {
        json_object_set_new(json_object_get(enterprise, "users"), json_str_or(item, "id", ""),
                            json_deep_copy(item));
    }
    json_array_foreach(json_object_get(from, "items"), i, item)
    {
        box_item_load(enterprise, item);
    }
}

static void reset(json_t *seed)
{
    json_decref(enterprises);
    enterprises = json_object();
    last_id = 900000000;
    box_login_reset();
    box_token_reset();
    box_upload_reset();
    box_items_reset();
    box_work_reset();
    const char *key = NULL;
    json_t *from = NULL;
    json_object_foreach(json_object_get(seed, "enterprises"), key, from)
    {
        load(key, from);
    }
}

/* ---- the API ---- */

static void unauthentic(struct request *req)
{
    http_reply_header(req, "WWW-Authenticate",
                      "Bearer realm=\"Service\", error=\"invalid_token\", "
                      "error_description=\"The access token provided is invalid.\"");
    http_reply_text(req, 401, NULL, "");
}

static void who_am_i(struct box_api *a)
{
    const char *fields = json_str(a->req->query, "fields");
    json_t *me = box_user_mini(a->enterprise, a->user_id);
    if (fields != NULL && strstr(fields, "enterprise") != NULL) {
        json_object_set_new(me, "enterprise",
                            json_pack("{s:s, s:O, s:O}", "type", "enterprise", "id",
                                      json_object_get(a->enterprise, "id"), "name",
                                      json_object_get(a->enterprise, "name")));
    }
    http_reply_json(a->req, 200, me);
}

static void users(struct box_api *a)
{
    if (a->count == 2 && strcmp(a->parts[1], "me") == 0 && http_is(a->req, "GET")) {
        who_am_i(a);
    } else {
        box_refuse(a->req, 403, "access_denied_insufficient_permissions",
                   "Access denied - insufficient permission", NULL);
    }
}

static const struct {
    const char *name;
    void (*run)(struct box_api *a);
} resources[] = {
    {"users", users},
    {"folders", box_folders},
    {"files", box_files},
    {"search", box_search},
    {"comments", box_comments},
    {"tasks", box_tasks},
    {"task_assignments", box_assignments},
    {"collaborations", box_collaborations},
    {"sign_requests", box_sign_requests},
};

/* "/a/b" into {"a","b"}; false for an empty or broken segment, or too many. */
static bool split(struct box_api *a, const char *path)
{
    for (const char *p = path; *p != '\0';) {
        size_t len = *p == '/' ? strcspn(p + 1, "/") : 0;
        char *part = len == 0 || a->count == 4 ? NULL : segment_decode(p + 1, len);
        if (part == NULL) {
            return false;
        }
        a->parts[a->count++] = part;
        p += 1 + len;
    }
    return a->count > 0;
}

static void api_route(struct box_api *a)
{
    for (size_t i = 0; i < sizeof resources / sizeof resources[0]; i++) {
        if (strcmp(resources[i].name, a->parts[0]) == 0) {
            resources[i].run(a);
            return;
        }
    }
    box_refuse(a->req, 404, "not_found", "Not Found", NULL);
}

/* The upload host takes files alone. */
static void upload_route(struct box_api *a)
{
    bool fresh = a->count == 2 && strcmp(a->parts[1], "content") == 0;
    bool version = a->count == 3 && strcmp(a->parts[2], "content") == 0;
    if (strcmp(a->parts[0], "files") != 0 || (!fresh && !version)) {
        box_refuse(a->req, 404, "not_found", "Not Found", NULL);
    } else if (!http_is(a->req, "POST")) {
        box_refuse(a->req, 405, "method_not_allowed", "Method Not Allowed", NULL);
    } else {
        box_upload(a, fresh ? NULL : a->parts[1]);
    }
}

static void api(struct box_call *call, const char *path, void (*route)(struct box_api *a))
{
    struct box_api a = {.call = call, .req = call->req};
    a.grant = box_session(call);
    if (a.grant == NULL) {
        unauthentic(call->req);
        return;
    }
    a.enterprise = box_enterprise(json_str(a.grant, "enterprise"));
    a.user_id = json_str(a.grant, "user");
    a.user = box_user(a.enterprise, a.user_id);
    if (!split(&a, path)) {
        box_refuse(call->req, 404, "not_found", "Not Found", NULL);
    } else if (!box_fault_error(call->req)) {
        route(&a);
    }
    for (size_t i = 0; i < a.count; i++) {
        free(a.parts[i]);
    }
}

static const struct {
    const char *path;
    void (*run)(struct box_call *call);
} routes[] = {
    {"/api/oauth2/authorize", box_authorize}, {"/oauth2/token", box_token},
    {"/oauth2/revoke", box_revoke},           {"/login/choose", box_choose},
    {"/login/grant", box_consent_page},       {"/login/consent", box_consent},
};

static bool begins(const char *path, const char *with, const char **ret_rest)
{
    *ret_rest = path + strlen(with);
    return strncmp(path, with, strlen(with)) == 0;
}

static void handle(struct request *req, const char *path, const char *base)
{
    struct box_call call = {.req = req, .path = path, .base = base};
    const char *rest = NULL;
    for (size_t i = 0; i < sizeof routes / sizeof routes[0]; i++) {
        if (strcmp(path, routes[i].path) == 0) {
            routes[i].run(&call);
            return;
        }
    }
    if (begins(path, "/2.0", &rest)) {
        api(&call, rest, api_route);
    } else if (begins(path, "/api/2.0", &rest)) {
        api(&call, rest, upload_route);
    } else if (begins(path, "/dl/", &rest)) {
        box_download_host(&call);
    } else if (begins(path, "/file/", &rest) || begins(path, "/folder/", &rest) ||
               begins(path, "/s/", &rest)) {
        box_item_page(&call, rest);
    } else {
        page_message(req, 404, "This page is not here", "This address leads nowhere.", "box");
    }
}

static bool is_oauth(const char *path)
{
    return strncmp(path, "/oauth2/", 8) == 0 || strncmp(path, "/api/oauth2/", 12) == 0;
}

static void throttle(struct request *req, const char *path, const struct fault *fault)
{
    char *seconds = xasprintf("%lld", (long long)fault->retry_after);
    http_reply_header(req, "Retry-After", seconds);
    free(seconds);
    if (is_oauth(path)) {
        http_reply_json(req, 429,
                        json_pack("{s:s, s:s}", "error", "temporarily_unavailable",
                                  "error_description", "too many requests"));
    } else {
        box_refuse(req, 429, "rate_limit_exceeded",
                   "Request rate limit exceeded, please try again later", NULL);
    }
}

static void unavailable(struct request *req, const char *path, unsigned status)
{
    if (is_oauth(path)) {
        http_reply_json(req, status,
                        json_pack("{s:s, s:s}", "error", "server_error", "error_description",
                                  "unexpected error"));
    } else {
        box_refuse(req, status, status == 503 ? "unavailable" : "internal_server_error",
                   status == 503 ? "Unavailable" : "Internal Server Error", NULL);
    }
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
    merge(json_object_get(world_seed(), "box"), settings);
    return NULL;
}

static json_t *state(void)
{
    json_t *all = box_work_state();
    json_t *items = json_array();
    const char *id = NULL;
    json_t *item = NULL;
    json_object_foreach(box_items(), id, item)
    {
        json_array_append(items, item);
    }
    json_object_set_new(all, "items", items);
    json_object_set_new(all, "grants", box_grants());
    json_object_set(all, "counts", box_counts());
    return all;
}

const struct peer box_peer = {
    .name = "box",
    .prefix = "/box",
    .own_port = true,
    .handle = handle,
    .throttle = throttle,
    .unavailable = unavailable,
    .reset = reset,
    .configure = configure,
    .state = state,
    .chat = NULL,
};
