/* Tokens: every refresh gives a new pair, and the old refresh token is dead at once. */
#include "box.h"

#include "world.h"

#include <stdlib.h>
#include <string.h>

static json_t *grants;  /* id -> grant */
static json_t *refresh; /* refresh token -> grant id, outdated ones too */
static json_t *access;  /* access token -> {grant, since_ms} */
static json_t *counts;  /* what was asked, and how the token endpoint answered */
static int64_t grant_number;

void box_token_reset(void)
{
    json_decref(grants);
    json_decref(refresh);
    json_decref(access);
    json_decref(counts);
    grants = json_object();
    refresh = json_object();
    access = json_object();
    counts = json_pack("{s:i, s:i, s:i, s:i, s:i, s:i}", "authorization_code", 0, "refresh_token",
                       0, "refused", 0, "revoke", 0, "api", 0, "writes", 0);
    grant_number = 0;
}

json_t *box_counts(void)
{
    return counts;
}

static void count(json_t *object, const char *name)
{
    json_object_set_new(object, name,
                        json_integer(json_integer_value(json_object_get(object, name)) + 1));
}

void box_count(const char *name)
{
    count(counts, name);
}

json_t *box_grants(void)
{
    json_t *list = json_array();
    const char *id = NULL;
    json_t *grant = NULL;
    json_object_foreach(grants, id, grant)
    {
        json_t *copy = json_deep_copy(grant);
        json_t *user =
            box_user(box_enterprise(json_str(grant, "enterprise")), json_str(grant, "user"));
        json_object_set_new(copy, "username", json_string(json_str_or(user, "login", "")));
        json_array_append_new(list, copy);
    }
    return list;
}

static void drop_access(json_t *grant)
{
    const char *token = json_str(grant, "access_token");
    if (token != NULL) {
        json_object_del(access, token);
    }
    json_object_set_new(grant, "access_token", json_null());
}

static void kill_grant(json_t *grant, const char *why)
{
    drop_access(grant);
    if (json_flag(grant, "alive", false)) {
        json_object_set_new(grant, "alive", json_false());
        json_object_set_new(grant, "ended_by", json_string(why));
        world_touch();
    }
}

static void refuse(struct box_call *call, const char *error, const char *description)
{
    count(counts, "refused");
    http_reply_json(call->req, 400,
                    json_pack("{s:s, s:s}", "error", error, "error_description", description));
}

/* The client stands in the body; anything else is not read. */
static bool check_client(struct box_call *call, const json_t *form)
{
    const json_t *client = box_client(json_str(form, "client_id"));
    const char *secret = json_str_or(form, "client_secret", "");
    struct fault f;
    if (client == NULL || !text_same(secret, json_str_or(client, "secret", "")) ||
        fault_take("box", "client_secret_refused", call->req->method, call->req->path, &f)) {
        refuse(call, "invalid_client", "The client credentials are invalid");
        return false;
    }
    return true;
}

static json_t *read_form(struct box_call *call)
{
    json_t *form =
        http_is(call->req, "POST") && http_body_is(call->req, "application/x-www-form-urlencoded")
            ? form_decode(buf_text(&call->req->body), call->req->body.len)
            : NULL;
    if (form == NULL || form_has_duplicates(form)) {
        json_decref(form);
        refuse(call, "invalid_request", "Invalid grant_type parameter or parameter missing");
        return NULL;
    }
    return form;
}

static void new_pair(json_t *grant)
{
    char *fresh = random_token("", 64);
    char *token = random_token("", 32);
    if (!json_flag(box_settings(), "previous_access_token_lives", false)) {
        drop_access(grant);
    }
    json_object_set(grant, "previous_refresh_token", json_object_get(grant, "refresh_token"));
    json_object_set_new(grant, "refresh_token", json_string(fresh));
    json_object_set_new(grant, "access_token", json_string(token));
    json_object_set_new(grant, "since_ms", json_integer((json_int_t)clock_now_ms()));
    json_object_set(refresh, fresh, json_object_get(grant, "id"));
    json_object_set_new(access, token,
                        json_pack("{s:O, s:I}", "grant", json_object_get(grant, "id"), "since_ms",
                                  (json_int_t)clock_now_ms()));
    free(fresh);
    free(token);
}

static int64_t access_ttl_ms(void)
{
    return json_int_or(box_settings(), "access_ttl_ms", 3600000);
}

static void reply_tokens(struct box_call *call, const json_t *grant)
{
    int64_t seconds = access_ttl_ms() / 1000;
    http_reply_header(call->req, "Cache-Control", "no-store");
    http_reply_json(call->req, 200,
                    json_pack("{s:O, s:I, s:[], s:O, s:s}", "access_token",
                              json_object_get(grant, "access_token"), "expires_in",
                              (json_int_t)(seconds < 1 ? 1 : seconds), "restricted_to",
                              "refresh_token", json_object_get(grant, "refresh_token"),
                              "token_type", "bearer"));
}

static json_t *new_grant(const json_t *code)
{
    char *id = xasprintf("b%lld", (long long)++grant_number);
    json_t *grant = json_pack(
        "{s:s, s:O, s:O, s:O, s:b, s:i, s:i, s:n, s:n, s:n, s:n}", "id", id, "enterprise",
        json_object_get(code, "enterprise"), "user", json_object_get(code, "user"), "client_id",
        json_object_get(code, "client_id"), "alive", true, "refreshes", 0, "refused_refreshes", 0,
        "ended_by", "refresh_token", "previous_refresh_token", "access_token");
    json_object_set_new(grants, id, grant);
    free(id);
    new_pair(grant);
    world_touch();
    return grant;
}

static void exchange_code(struct box_call *call, const json_t *form)
{
    json_t *code = box_code(json_str(form, "code"));
    const char *uri = json_str(form, "redirect_uri");
    count(counts, "authorization_code");
    if (code == NULL || json_flag(code, "used", false) ||
        strcmp(json_str_or(code, "client_id", ""), json_str_or(form, "client_id", "")) != 0) {
        refuse(call, "invalid_grant", "Auth code doesn't exist or is invalid for the client");
        return;
    }
    json_object_set_new(code, "used", json_true());
    int64_t age = clock_now_ms() - json_int_or(code, "since_ms", 0);
    if (age > json_int_or(box_settings(), "code_ttl_ms", 30000)) {
        refuse(call, "invalid_grant", "The authorization code has expired");
    } else if (uri != NULL && strcmp(uri, json_str_or(code, "redirect_uri", "")) != 0) {
        refuse(call, "invalid_grant", "The redirect URI is not the one of the authorization code");
    } else {
        reply_tokens(call, new_grant(code));
    }
}

/* "once": who sends the spent token again at once gets the same new pair, one time. */
static bool previous_allowed(json_t *grant, const char *token)
{
    bool once = strcmp(json_str_or(box_settings(), "previous_refresh_token", "never"), "once") == 0;
    if (!once || strcmp(json_str_or(grant, "previous_refresh_token", ""), token) != 0) {
        return false;
    }
    json_object_set_new(grant, "previous_refresh_token", json_null());
    return true;
}

static void use_refresh(struct box_call *call, const json_t *form)
{
    const char *token = json_str_or(form, "refresh_token", "");
    json_t *grant = json_object_get(grants, json_str_or(refresh, token, ""));
    struct fault f;
    count(counts, "refresh_token");
    if (grant == NULL ||
        strcmp(json_str_or(grant, "client_id", ""), json_str_or(form, "client_id", "")) != 0) {
        refuse(call, "invalid_grant", "Invalid refresh token");
        return;
    }
    if (fault_take("box", "grant_revoked", call->req->method, call->req->path, &f)) {
        kill_grant(grant, "revoked by an administrator");
    }
    int64_t idle = clock_now_ms() - json_int_or(grant, "since_ms", 0);
    bool current = strcmp(json_str_or(grant, "refresh_token", ""), token) == 0;
    bool expired = idle > json_int_or(box_settings(), "refresh_ttl_ms", 5184000000);
    if (!json_flag(grant, "alive", false) || expired ||
        (!current && !previous_allowed(grant, token))) {
        count(grant, "refused_refreshes");
        refuse(call, "invalid_grant",
               expired || !current ? "Refresh token has expired" : "Invalid refresh token");
        return;
    }
    if (current) {
        count(grant, "refreshes");
        new_pair(grant);
    }
    reply_tokens(call, grant);
}

void box_token(struct box_call *call)
{
    json_t *form = read_form(call);
    if (form != NULL && check_client(call, form)) {
        const char *type = json_str_or(form, "grant_type", "");
        if (strcmp(type, "authorization_code") == 0) {
            exchange_code(call, form);
        } else if (strcmp(type, "refresh_token") == 0) {
            use_refresh(call, form);
        } else {
            refuse(call, "unsupported_grant_type", "Unsupported grant type");
        }
    }
    json_decref(form);
}

static json_t *grant_of_access(const char *token)
{
    json_t *held = token == NULL ? NULL : json_object_get(access, token);
    json_t *grant = json_object_get(grants, json_str_or(held, "grant", ""));
    bool fresh =
        held != NULL && clock_now_ms() - json_int_or(held, "since_ms", 0) <= access_ttl_ms();
    return fresh && json_flag(grant, "alive", false) ? grant : NULL;
}

/* Either token; both die. */
void box_revoke(struct box_call *call)
{
    json_t *form = read_form(call);
    if (form != NULL && check_client(call, form)) {
        const char *token = json_str_or(form, "token", "");
        json_t *grant = json_object_get(grants, json_str_or(refresh, token, ""));
        bool current = grant != NULL && json_flag(grant, "alive", false) &&
                       strcmp(json_str_or(grant, "refresh_token", ""), token) == 0;
        grant = current ? grant : grant_of_access(token);
        count(counts, "revoke");
        if (grant == NULL) {
            refuse(call, "invalid_token", "The token provided is invalid");
        } else {
            kill_grant(grant, "revoked by the client");
            http_reply_text(call->req, 200, NULL, "");
        }
    }
    json_decref(form);
}

json_t *box_session(const struct box_call *call)
{
    const char *header = http_header(call->req, "Authorization");
    const char *token = header != NULL && strncmp(header, "Bearer ", 7) == 0 ? header + 7 : NULL;
    json_t *grant = grant_of_access(token);
    struct fault f;
    if (grant == NULL) {
        return NULL;
    }
    if (fault_take("box", "token_expired", call->req->method, call->req->path, &f)) {
        json_object_del(access, token);
        return NULL;
    }
    if (fault_take("box", "grant_revoked", call->req->method, call->req->path, &f)) {
        kill_grant(grant, "revoked by an administrator");
        return NULL;
    }
    count(counts, "api");
    return grant;
}
