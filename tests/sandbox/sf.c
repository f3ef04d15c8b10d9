#include "sf.h"

#include "page.h"
#include "world.h"

#include <stdlib.h>
#include <string.h>

static json_t *orgs; /* key -> org */

const json_t *sf_settings(void)
{
    return json_object_get(world_seed(), "salesforce");
}

json_t *sf_orgs(void)
{
    return orgs;
}

json_t *sf_org(const char *key)
{
    return key == NULL ? NULL : json_object_get(orgs, key);
}

json_t *sf_user(json_t *org, const char *id)
{
    return id == NULL ? NULL : json_object_get(json_object_get(org, "users"), id);
}

json_t *sf_user_by_name(json_t *org, const char *username)
{
    const char *id = NULL;
    json_t *user = NULL;
    json_object_foreach(json_object_get(org, "users"), id, user)
    {
        if (strcmp(json_str_or(user, "username", ""), username) == 0) {
            return user;
        }
    }
    return NULL;
}

char *sf_instance_url(const struct sf_call *call, const json_t *org)
{
    if (call->org != NULL || call->req->listener != LISTENER_MAIN) {
        return xstrdup(call->base);
    }
    return xasprintf("%s/%s", call->base, json_str_or(org, "key", ""));
}

static void org_load(const char *key, const json_t *from)
{
    json_t *org = json_pack("{s:s, s:O, s:O, s:b, s:{}, s:{}}", "key", key, "id",
                            json_object_get(from, "id"), "name", json_object_get(from, "name"),
                            "is_sandbox", json_flag(from, "is_sandbox", false), "users", "records");
    json_object_set_new(orgs, key, org);
    size_t i = 0;
    json_t *item = NULL;
    json_array_foreach(json_object_get(from, "users"), i, item)
    {
        json_object_set_new(json_object_get(org, "users"), json_str_or(item, "id", ""),
                            json_deep_copy(item));
    }
    json_array_foreach(json_object_get(from, "records"), i, item)
    {
        const struct sf_object *object = sf_object(json_str_or(item, "object", ""));
        json_t *owner = sf_user_by_name(org, json_str_or(item, "owner", ""));
        if (object == NULL || owner == NULL) {
            continue;
        }
        json_t *fields = json_deep_copy(json_object_get(item, "fields"));
        json_object_set(fields, "Id", json_object_get(item, "id"));
        sf_record_new(org, object, fields, json_str_or(owner, "id", ""));
        json_decref(fields);
    }
}

static void reset(json_t *seed)
{
    json_decref(orgs);
    orgs = json_object();
    sf_objects_reset();
    sf_login_reset();
    sf_token_reset();
    const char *key = NULL;
    json_t *org = NULL;
    json_object_foreach(json_object_get(seed, "orgs"), key, org)
    {
        org_load(key, org);
    }
}

static const struct {
    const char *path;
    void (*run)(struct sf_call *call);
} routes[] = {
    {"/services/oauth2/authorize", sf_authorize},
    {"/services/oauth2/token", sf_token},
    {"/services/oauth2/revoke", sf_revoke},
    {"/services/oauth2/introspect", sf_introspect},
    {"/services/oauth2/userinfo", sf_userinfo},
    {"/login/choose", sf_choose},
    {"/setup/secur/RemoteAccessAuthorizationPage.apexp", sf_approval_page},
    {"/login/consent", sf_consent},
};

static void dispatch(struct sf_call *call)
{
    for (size_t i = 0; i < sizeof routes / sizeof routes[0]; i++) {
        if (strcmp(call->path, routes[i].path) == 0) {
            routes[i].run(call);
            return;
        }
    }
    if (strncmp(call->path, "/services/data", 14) == 0) {
        sf_data(call);
    } else if (strncmp(call->path, "/id/", 4) == 0) {
        sf_identity(call);
    } else if (strncmp(call->path, "/lightning/r/", 13) == 0) {
        const char *slash = strchr(call->path + 13, '/');
        char *id = slash == NULL ? xstrdup("") : xstrndup(slash + 1, strcspn(slash + 1, "/"));
        sf_record_page(call, id);
        free(id);
    } else if (strlen(call->path) == 16 || strlen(call->path) == 19) {
        sf_record_page(call, call->path + 1);
    } else {
        page_message(call->req, 404, "Page not found", "This address leads nowhere.", "salesforce");
    }
}

static void handle(struct request *req, const char *path, const char *base)
{
    struct sf_call call = {.req = req, .path = path};
    size_t len = path[0] == '/' ? strcspn(path + 1, "/") : 0;
    char *first = xstrndup(path[0] == '/' ? path + 1 : "", len);
    call.org = sf_org(first);
    if (call.org != NULL) {
        call.path = path + 1 + len;
        call.base = xasprintf("%s/%s", base, first);
    } else {
        call.base = xstrdup(base);
    }
    dispatch(&call);
    free(call.base);
    free(first);
}

static bool is_oauth(const char *path)
{
    return strstr(path, "/services/oauth2/") != NULL;
}

static void throttle(struct request *req, const char *path, const struct fault *fault)
{
    if (!is_oauth(path)) {
        http_reply_json(req, 403,
                        sf_error("REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded."));
        return;
    }
    char *seconds = xasprintf("%lld", (long long)fault->retry_after);
    http_reply_header(req, "Retry-After", seconds);
    free(seconds);
    http_reply_json(req, 429,
                    json_pack("{s:s, s:s}", "error", "temporarily_unavailable", "error_description",
                              "too many requests"));
}

static void unavailable(struct request *req, const char *path, unsigned status)
{
    if (is_oauth(path)) {
        http_reply_json(req, status,
                        json_pack("{s:s, s:s}", "error", "server_error", "error_description",
                                  "unexpected error"));
        return;
    }
    http_reply_json(req, status,
                    status == 503 ? sf_error("SERVER_UNAVAILABLE", "Server unavailable")
                                  : sf_error("UNKNOWN_EXCEPTION", "An unexpected error occurred."));
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

/* {"org", "to", "record"}: its owner submitted that record, and a flow asked this user to approve
 * it. */
static const char *ask_for_approval(const json_t *item)
{
    json_t *org = sf_org(json_str(item, "org"));
    json_t *user = org == NULL ? NULL : sf_user_by_name(org, json_str_or(item, "to", ""));
    if (user == NULL) {
        return "approval_work_items: no such org or user";
    }
    const char *id = json_str_or(user, "id", ""), *record = json_str_or(item, "record", "");
    json_t *owner = sf_value(org, sf_record(org, record), "OwnerId");
    const char *by = json_is_string(owner) ? json_string_value(owner) : id;
    json_t *fields = json_pack("{s:s, s:s, s:s}", "Status", "InProgress", "RelatedRecordId", record,
                               "SubmittedById", by);
    json_t *submission = sf_record_new(org, sf_object("ApprovalSubmission"), fields, by);
    json_decref(fields);
    json_decref(owner);
    fields =
        json_pack("{s:O, s:s, s:s, s:s}", "ApprovalSubmissionId", json_object_get(submission, "id"),
                  "Status", "Assigned", "AssignedToId", id, "RelatedRecordId", record);
    sf_record_new(org, sf_object("ApprovalWorkItem"), fields, id);
    json_decref(fields);
    return NULL;
}

static const char *configure(const json_t *settings)
{
    size_t i = 0;
    const json_t *item = NULL;
    json_array_foreach(json_object_get(settings, "approval_work_items"), i, item)
    {
        const char *why = ask_for_approval(item);
        if (why != NULL) {
            return why;
        }
    }
    merge(json_object_get(world_seed(), "salesforce"), settings);
    return NULL;
}

static json_t *state(void)
{
    json_t *records = json_array();
    json_t *by_object = json_object();
    const char *key = NULL;
    json_t *org = NULL;
    json_object_foreach(orgs, key, org)
    {
        const char *id = NULL;
        json_t *record = NULL;
        json_object_foreach(json_object_get(org, "records"), id, record)
        {
            const char *object = json_str_or(record, "object", "");
            json_t *owner = sf_user(org, json_str(json_object_get(record, "fields"), "OwnerId"));
            json_t *creator =
                sf_user(org, json_str(json_object_get(record, "fields"), "CreatedById"));
            json_array_append_new(records, json_pack("{s:s, s:s, s:s, s:s, s:s, s:O}", "org", key,
                                                     "object", object, "id", id, "owner",
                                                     json_str_or(owner, "username", ""), "creator",
                                                     json_str_or(creator, "username", ""), "fields",
                                                     json_object_get(record, "fields")));
            json_object_set_new(
                by_object, object,
                json_integer(json_integer_value(json_object_get(by_object, object)) + 1));
        }
    }
    return json_pack("{s:o, s:o, s:o, s:O}", "records", records, "record_counts", by_object,
                     "grants", sf_grants(), "counts", sf_counts());
}

const struct peer salesforce_peer = {
    .name = "salesforce",
    .prefix = "/salesforce",
    .handle = handle,
    .throttle = throttle,
    .unavailable = unavailable,
    .reset = reset,
    .configure = configure,
    .state = state,
    .chat = NULL,
};
