#include "slack.h"

#include "peers.h"
#include "world.h"

#include <stdlib.h>
#include <string.h>

json_t *slack_error(const char *code)
{
    return json_pack("{s:b, s:s}", "ok", false, "error", code);
}

const char *slack_arg(const struct slack_call *call, const char *name)
{
    const char *text = json_str(call->args, name);
    return text == NULL || text[0] == '\0' ? NULL : text;
}

bool slack_arg_flag(const struct slack_call *call, const char *name, bool fallback)
{
    const json_t *value = json_object_get(call->args, name);
    if (json_is_boolean(value)) {
        return json_is_true(value);
    }
    if (json_is_integer(value)) {
        return json_integer_value(value) != 0;
    }
    const char *text = json_string_value(value);
    if (text == NULL || text[0] == '\0') {
        return fallback;
    }
    return strcmp(text, "false") != 0 && strcmp(text, "0") != 0;
}

json_t *slack_arg_json(const struct slack_call *call, const char *name, bool *ret_bad)
{
    json_t *value = json_object_get(call->args, name);
    *ret_bad = false;
    if (value == NULL || json_is_null(value)) {
        return NULL;
    }
    if (!json_is_string(value)) {
        return json_deep_copy(value);
    }
    if (json_string_length(value) == 0) {
        return NULL;
    }
    json_t *parsed = json_loads(json_string_value(value), 0, NULL);
    *ret_bad = parsed == NULL;
    return parsed;
}

bool slack_has_scope(const json_t *token, const char *scope)
{
    const json_t *scopes = json_object_get(token, "scopes");
    for (size_t i = 0; i < json_array_size(scopes); i++) {
        if (strcmp(json_string_value(json_array_get(scopes, i)), scope) == 0) {
            return true;
        }
    }
    return false;
}

static char *scopes_text(const json_t *token)
{
    struct buf b = {0};
    buf_add(&b, "");
    const json_t *scopes = json_object_get(token, "scopes");
    for (size_t i = 0; i < json_array_size(scopes); i++) {
        buf_addf(&b, "%s%s", i == 0 ? "" : ",", json_string_value(json_array_get(scopes, i)));
    }
    return b.data;
}

json_t *slack_missing_scope(const json_t *token, const char *needed)
{
    char *provided = scopes_text(token);
    json_t *error = json_pack("{s:b, s:s, s:s, s:s}", "ok", false, "error", "missing_scope",
                              "needed", needed, "provided", provided);
    free(provided);
    return error;
}

static const struct slack_method *method_find(const char *name)
{
    const struct slack_method *lists[] = {slack_chat_methods, slack_other_methods,
                                          slack_view_methods, slack_file_methods,
                                          slack_openid_methods};
    for (size_t i = 0; i < sizeof lists / sizeof lists[0]; i++) {
        for (const struct slack_method *m = lists[i]; m->name != NULL; m++) {
            if (strcmp(m->name, name) == 0) {
                return m;
            }
        }
    }
    return NULL;
}

/* Arguments out of the query and the body. NULL: *ret_error tells. */
static json_t *read_args(struct request *req, bool takes_json, bool *ret_json,
                         const char **ret_error)
{
    json_t *args = json_deep_copy(req->query);
    json_t *body = NULL;
    *ret_json = http_body_is(req, "application/json");
    if (*ret_json) {
        json_t *parsed = json_loadb(buf_text(&req->body), req->body.len, 0, NULL);
        if (!json_is_object(parsed)) {
            *ret_error = parsed == NULL ? "invalid_json" : "json_not_object";
            json_decref(parsed);
            json_decref(args);
            return NULL;
        }
        body = takes_json ? parsed : json_object(); /* elsewhere Slack ignores such a body */
        if (!takes_json) {
            json_decref(parsed);
        }
    } else if (req->body.len > 0 && !http_body_is(req, "application/x-www-form-urlencoded")) {
        *ret_error = "invalid_post_type";
        json_decref(args);
        return NULL;
    } else {
        body = form_decode(buf_text(&req->body), req->body.len);
        if (body == NULL) {
            *ret_error = "invalid_form_data";
            json_decref(args);
            return NULL;
        }
        if (form_has_duplicates(body)) {
            json_object_del(body, "");
        }
    }
    json_object_update(args, body);
    json_decref(body);
    return args;
}

/* The token of the call, or an error. Never out of the query. */
static const char *find_token(struct slack_call *call)
{
    const char *header = http_header(call->req, "Authorization");
    const char *text = NULL;
    if (header != NULL && strncmp(header, "Bearer ", 7) == 0) {
        text = header + 7;
    } else if (!call->json && json_object_get(call->req->query, "token") == NULL) {
        text = json_str(call->args, "token");
    }
    if (text == NULL || text[0] == '\0') {
        return "not_authed";
    }
    call->token = json_object_get(slack_tokens(), text);
    if (call->token == NULL) {
        return "invalid_auth";
    }
    if (json_flag(call->token, "revoked", false)) {
        return "token_revoked";
    }
    int64_t expires = json_int_or(call->token, "expires_ms", 0);
    if (expires > 0 && clock_now_ms() >= expires) {
        return "token_expired";
    }
    const char *org = json_str(call->token, "enterprise");
    if (org != NULL) {
        return slack_org_team(call, org);
    }
    call->team = slack_team(json_str(call->token, "team"));
    return call->team == NULL ? "account_inactive" : NULL;
}

static json_t *run(struct slack_call *call, const struct slack_method *method, unsigned *ret_status)
{
    const char *error = find_token(call);
    if (error != NULL) {
        return slack_error(error);
    }
    struct fault f;
    if (fault_take("slack", "token_expired", call->req->method, call->req->path, &f)) {
        if (json_object_get(call->token, "expires_ms") != NULL) { /* it rotates: it stays dead */
            json_object_set_new(call->token, "expires_ms", json_integer(1));
        }
        return slack_error("token_expired");
    }
    if (fault_take("slack", "grant_revoked", call->req->method, call->req->path, &f)) {
        json_object_set_new(call->token, "revoked", json_true());
        return slack_error("token_revoked");
    }
    if (fault_take("slack", "error", call->req->method, call->req->path, &f)) {
        return slack_error(f.error);
    }
    int64_t wait_s = slack_limited(call, method->name);
    if (wait_s > 0) {
        char *seconds = xasprintf("%lld", (long long)wait_s);
        http_reply_header(call->req, "Retry-After", seconds);
        free(seconds);
        *ret_status = 429;
        return slack_error("ratelimited");
    }
    if (method->scope != NULL && !slack_has_scope(call->token, method->scope)) {
        return slack_missing_scope(call->token, method->scope);
    }
    return method->run(call);
}

static void add_charset_warning(struct request *req, json_t *answer)
{
    const char *type = http_header(req, "Content-Type");
    if (type != NULL && strstr(type, "charset") == NULL) {
        json_object_set_new(answer, "warning", json_string("missing_charset"));
        json_t *metadata = json_object_get(answer, "response_metadata");
        if (metadata == NULL) {
            metadata = json_object();
            json_object_set_new(answer, "response_metadata", metadata);
        }
        json_object_set_new(metadata, "warnings", json_pack("[s]", "missing_charset"));
    }
}

/* Methods that a client calls with its secret instead of a token. */
static const struct client_method {
    const char *name;
    json_t *(*run)(struct request *req, const json_t *args);
} client_methods[] = {
    {"oauth.v2.access", slack_oauth_access},
    {"oauth.v2.exchange", slack_oauth_exchange},
    {"apps.uninstall", slack_apps_uninstall},
    {"openid.connect.token", slack_openid_token},
};

static const struct client_method *client_method_find(const char *name)
{
    for (size_t i = 0; i < sizeof client_methods / sizeof client_methods[0]; i++) {
        if (strcmp(client_methods[i].name, name) == 0) {
            return &client_methods[i];
        }
    }
    return NULL;
}

static json_t *run_client(struct request *req, const struct client_method *method,
                          const json_t *args)
{
    struct fault f;
    if (fault_take("slack", "error", req->method, req->path, &f)) {
        return slack_error(f.error);
    }
    if (fault_take("slack", "client_secret_refused", req->method, req->path, &f)) {
        return slack_error("bad_client_secret");
    }
    return method->run(req, args);
}

void slack_api(struct request *req, const char *name)
{
    const struct slack_method *method = method_find(name);
    const struct client_method *client = client_method_find(name);
    if (method == NULL && client == NULL) {
        http_reply_json(req, 200,
                        json_pack("{s:b, s:s, s:s}", "ok", false, "error", "unknown_method",
                                  "req_method", name));
        return;
    }
    struct slack_call call = {.req = req};
    unsigned status = 200;
    const char *error = NULL;
    call.args = read_args(req, method != NULL && method->takes_json, &call.json, &error);
    json_t *answer = call.args == NULL ? slack_error(error)
                     : client != NULL  ? run_client(req, client, call.args)
                                       : run(&call, method, &status);
    if (call.token != NULL) {
        char *scopes = scopes_text(call.token);
        http_reply_header(req, "X-OAuth-Scopes", scopes);
        free(scopes);
    }
    if (method != NULL && method->scope != NULL) {
        http_reply_header(req, "X-Accepted-OAuth-Scopes", method->scope);
    }
    if (call.json && call.args != NULL) {
        add_charset_warning(req, answer);
    }
    http_reply_json(req, status, answer);
    json_decref(call.args);
}

/* ---- the peer ---- */

/* "Open Slack": here the chat page, at that conversation. */
static void app_redirect(struct request *req)
{
    struct buf to = {0};
    buf_add(&to, "/?");
    buf_add(&to, req->query_text);
    http_redirect(req, 302, to.data);
    buf_free(&to);
}

static void slack_handle(struct request *req, const char *path, const char *base)
{
    if (strncmp(path, "/api/", 5) == 0) {
        slack_api(req, path + 5);
    } else if (strncmp(path, "/response/", 10) == 0) {
        slack_response(req, path + 10);
    } else if (strncmp(path, "/files-pri/", 11) == 0) {
        slack_file_download(req, path + 11);
    } else if (strncmp(path, "/oauth/v2/authorize", 19) == 0) {
        slack_authorize(req, path + 19, base);
    } else if (strcmp(path, "/app_redirect") == 0) {
        app_redirect(req);
    } else if (!slack_openid(req, path, base)) {
        http_reply_text(req, 404, "text/html; charset=utf-8",
                        "<!DOCTYPE html><title>404 | Slack</title><h1>Page not found</h1>");
    }
}

static void slack_throttle(struct request *req, const char *path, const struct fault *fault)
{
    (void)path;
    char *seconds = xasprintf("%lld", (long long)fault->retry_after);
    http_reply_header(req, "Retry-After", seconds);
    free(seconds);
    http_reply_json(req, 429, slack_error("ratelimited"));
}

static void slack_unavailable(struct request *req, const char *path, unsigned status)
{
    (void)path;
    http_reply_json(req, status,
                    slack_error(status == 503 ? "service_unavailable" : "internal_error"));
}

static void merge_into(json_t *into, const json_t *from)
{
    json_object_update(into, (json_t *)(uintptr_t)from);
}

static const char *slack_configure(const json_t *settings)
{
    json_t *mine = json_object_get(world_seed(), "slack");
    json_t *copy = json_deep_copy(settings);
    json_t *app = json_object_get(copy, "app");
    if (json_is_object(app)) {
        merge_into(json_object_get(mine, "app"), app);
        json_object_del(copy, "app");
    }
    const json_t *scopes = json_object_get(copy, "scopes");
    const char *token = NULL;
    json_t *held = NULL;
    json_object_foreach(slack_tokens(), token, held)
    {
        if (json_is_array(scopes) && json_str(held, "user") == NULL) {
            json_object_set_new(held, "scopes", json_deep_copy(scopes));
        }
    }
    const char *id = NULL;
    json_t *install = NULL;
    json_object_foreach(slack_installs(), id, install)
    {
        if (json_is_array(scopes)) {
            json_object_set_new(install, "scopes", json_deep_copy(scopes));
        }
    }
    merge_into(mine, copy);
    json_decref(copy);
    return NULL;
}

static json_t *slack_state(void)
{
    json_t *out = json_object();
    const char *id = NULL;
    json_t *team = NULL;
    json_object_foreach(slack_teams(), id, team)
    {
        json_t *copy = json_deep_copy(team);
        const char *channel_id = NULL;
        json_t *channel = NULL;
        json_object_foreach(json_object_get(copy, "channels"), channel_id, channel)
        {
            json_object_set_new(
                channel, "message_count",
                json_integer((json_int_t)json_object_size(json_object_get(channel, "messages"))));
            json_object_del(channel, "messages");
        }
        json_object_set_new(out, id, copy);
    }
    return json_pack("{s:o, s:O, s:O, s:O}", "workspaces", out, "tokens", slack_tokens(),
                     "installs", slack_installs(), "views", slack_views());
}

const struct peer slack_peer = {
    .name = "slack",
    .prefix = "/slack",
    .handle = slack_handle,
    .throttle = slack_throttle,
    .unavailable = slack_unavailable,
    .reset = slack_reset,
    .configure = slack_configure,
    .state = slack_state,
    .chat = &slack_chat,
};
