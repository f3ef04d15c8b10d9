/* Tokens. One person has one pair per client: whoever asks while the access token lives is given
 * the same one with the seconds that are left of it, and the refresh token never changes and never
 * lives longer. Everything that is wrong with a token, a code or the client looks alike. */
#include "sn.h"

#include "world.h"

#include <stdlib.h>
#include <string.h>

static json_t *grants; /* id -> grant */
static json_t *counts;
static int64_t grant_number;

void sn_token_reset(void)
{
    json_decref(grants);
    json_decref(counts);
    grants = json_object();
    counts = json_pack("{s:i, s:i, s:i, s:i, s:i, s:i}", "authorization_code", 0, "refresh_token",
                       0, "refused", 0, "revoke", 0, "api", 0, "writes", 0);
    grant_number = 0;
}

json_t *sn_counts(void)
{
    return counts;
}

void sn_count(json_t *object, const char *name)
{
    json_object_set_new(object, name,
                        json_integer(json_integer_value(json_object_get(object, name)) + 1));
}

json_t *sn_grants(void)
{
    json_t *list = json_array();
    const char *id = NULL;
    json_t *grant = NULL;
    json_object_foreach(grants, id, grant)
    {
        json_t *copy = json_deep_copy(grant);
        json_t *user = sn_record(sn_instance(json_str(grant, "instance")), sn_table("sys_user"),
                                 json_str_or(grant, "user", ""));
        json_object_set_new(copy, "username", json_string(json_str_or(user, "user_name", "")));
        json_array_append_new(list, copy);
    }
    return list;
}

static void refuse(struct sn_call *call, unsigned status, const char *error, const char *text)
{
    sn_count(counts, "refused");
    http_reply_json(call->req, status,
                    json_pack("{s:s, s:s}", "error_description", text, "error", error));
}

static void deny(struct sn_call *call)
{
    refuse(call, 401, "server_error", "access_denied");
}

static bool is_user_active(const json_t *grant)
{
    json_t *user = sn_record(sn_instance(json_str(grant, "instance")), sn_table("sys_user"),
                             json_str_or(grant, "user", ""));
    return strcmp(json_str_or(user, "active", ""), "true") == 0;
}

static void end_grant(json_t *grant, const char *why)
{
    json_object_set_new(grant, "alive", json_false());
    json_object_set_new(grant, "ended_by", json_string(why));
    json_object_set_new(grant, "access_token", json_null());
    world_touch();
}

static bool refresh_lives(const json_t *grant)
{
    return json_flag(grant, "alive", false) && is_user_active(grant) &&
           clock_now_ms() < json_int_or(grant, "refresh_until_ms", 0);
}

static bool access_lives(const json_t *grant)
{
    return json_str(grant, "access_token") != NULL && is_user_active(grant) &&
           clock_now_ms() < json_int_or(grant, "access_until_ms", 0);
}

static json_t *grant_with(const char *member, const char *token)
{
    const char *id = NULL;
    json_t *grant = NULL;
    json_object_foreach(grants, id, grant)
    {
        const char *own = json_str(grant, member);
        if (own != NULL && token != NULL && strcmp(own, token) == 0) {
            return grant;
        }
    }
    return NULL;
}

/* The living one of this person and client, or a new one. */
static json_t *grant_of(const json_t *code)
{
    const char *id = NULL;
    json_t *grant = NULL;
    json_object_foreach(grants, id, grant)
    {
        if (json_equal(json_object_get(grant, "user"), json_object_get(code, "user")) &&
            json_equal(json_object_get(grant, "client_id"), json_object_get(code, "client_id")) &&
            refresh_lives(grant)) {
            return grant;
        }
    }
    char *fresh = xasprintf("g%lld", (long long)++grant_number);
    char *token = random_token("r1", 84);
    int64_t ttl = json_int_or(sn_settings(), "refresh_ttl_ms", 8640000000);
    grant = json_pack("{s:s, s:O, s:O, s:O, s:O, s:s, s:b, s:i, s:i, s:I, s:n, s:n, s:I}", "id",
                      fresh, "instance", json_object_get(code, "instance"), "user",
                      json_object_get(code, "user"), "client_id",
                      json_object_get(code, "client_id"), "scope", json_object_get(code, "scope"),
                      "refresh_token", token, "alive", true, "refreshes", 0, "access_tokens", 0,
                      "refresh_until_ms", (json_int_t)(clock_now_ms() + ttl), "ended_by",
                      "access_token", "access_until_ms", (json_int_t)0);
    json_object_set_new(grants, fresh, grant);
    free(token);
    free(fresh);
    world_touch();
    return grant;
}

static void reply_tokens(struct sn_call *call, json_t *grant)
{
    if (!access_lives(grant)) {
        char *token = random_token("a1", 84);
        int64_t ttl = json_int_or(sn_settings(), "access_ttl_ms", 1800000);
        json_object_set_new(grant, "access_token", json_string(token));
        json_object_set_new(grant, "access_until_ms",
                            json_integer((json_int_t)(clock_now_ms() + ttl)));
        sn_count(grant, "access_tokens");
        free(token);
    }
    int64_t left = (json_int_or(grant, "access_until_ms", 0) - clock_now_ms() - 1) / 1000;
    http_reply_header(call->req, "Cache-Control", "no-store");
    http_reply_json(call->req, 200,
                    json_pack("{s:O, s:O, s:O, s:s, s:I}", "access_token",
                              json_object_get(grant, "access_token"), "refresh_token",
                              json_object_get(grant, "refresh_token"), "scope",
                              json_object_get(grant, "scope"), "token_type", "Bearer", "expires_in",
                              (json_int_t)left));
}

/* A confidential client shows its secret, a public one the verifier alone. */
static bool check_client(const struct sn_call *call, const json_t *form)
{
    const json_t *client = sn_client(json_str(form, "client_id"));
    struct fault f;
    if (client == NULL ||
        (call->instance != NULL && strcmp(json_str_or(client, "instance", ""),
                                          json_str_or(call->instance, "key", "")) != 0)) {
        return false;
    }
    if (fault_take("servicenow", "client_secret_refused", call->req->method, call->req->path, &f)) {
        return false;
    }
    return json_flag(client, "public", false) ||
           text_same(json_str_or(form, "client_secret", ""), json_str_or(client, "secret", ""));
}

static bool check_verifier(const json_t *code, const json_t *form)
{
    const char *challenge = json_str(code, "challenge");
    const char *verifier = json_str(form, "code_verifier");
    if (challenge == NULL || verifier == NULL) {
        return challenge == NULL;
    }
    char *made = pkce_challenge(verifier);
    bool fits = strlen(verifier) >= 43 && strlen(verifier) <= 128 && strcmp(made, challenge) == 0;
    free(made);
    return fits;
}

static void exchange_code(struct sn_call *call, const json_t *form)
{
    json_t *code = sn_code(json_str(form, "code"));
    sn_count(counts, "authorization_code");
    bool fits =
        code != NULL && !json_flag(code, "used", false) &&
        strcmp(json_str_or(code, "client_id", ""), json_str_or(form, "client_id", "")) == 0 &&
        strcmp(json_str_or(code, "redirect_uri", ""), json_str_or(form, "redirect_uri", "")) == 0 &&
        clock_now_ms() - json_int_or(code, "since_ms", 0) <=
            json_int_or(sn_settings(), "code_ttl_ms", 60000) &&
        check_verifier(code, form);
    if (!fits) {
        deny(call);
        return;
    }
    json_object_set_new(code, "used", json_true());
    reply_tokens(call, grant_of(code));
}

static void use_refresh(struct sn_call *call, const json_t *form)
{
    json_t *grant = grant_with("refresh_token", json_str(form, "refresh_token"));
    struct fault f;
    sn_count(counts, "refresh_token");
    if (grant != NULL &&
        fault_take("servicenow", "grant_revoked", call->req->method, call->req->path, &f)) {
        end_grant(grant, "revoked by an administrator");
    }
    if (grant == NULL || !refresh_lives(grant) ||
        strcmp(json_str_or(grant, "client_id", ""), json_str_or(form, "client_id", "")) != 0) {
        deny(call);
        return;
    }
    sn_count(grant, "refreshes");
    reply_tokens(call, grant);
}

void sn_token(struct sn_call *call)
{
    if (!http_is(call->req, "POST")) {
        refuse(call, 400, "invalid_request", "POST expected");
        return;
    }
    if (call->req->query_text[0] != '\0' && json_flag(sn_settings(), "body_only", true)) {
        refuse(call, 400, "invalid_request", "parameters are taken from the body only");
        return;
    }
    json_t *form = http_body_is(call->req, "application/x-www-form-urlencoded")
                       ? form_decode(buf_text(&call->req->body), call->req->body.len)
                       : NULL;
    const char *type = json_str_or(form, "grant_type", "");
    if (form == NULL || form_has_duplicates(form) || !check_client(call, form)) {
        deny(call);
    } else if (strcmp(type, "authorization_code") == 0) {
        exchange_code(call, form);
    } else if (strcmp(type, "refresh_token") == 0) {
        use_refresh(call, form);
    } else {
        refuse(call, 400, "unsupported_grant_type", "grant type not supported");
    }
    json_decref(form);
}

/* Each token alone, and nobody proves to be the client. */
void sn_revoke(struct sn_call *call)
{
    json_t *form = http_is(call->req, "POST") && call->req->body.len > 0
                       ? form_decode(buf_text(&call->req->body), call->req->body.len)
                       : json_deep_copy(call->req->query);
    const char *token = json_str(form, "token");
    json_t *refreshing = grant_with("refresh_token", token);
    json_t *using = grant_with("access_token", token);
    sn_count(counts, "revoke");
    if (token == NULL) {
        refuse(call, 400, "invalid_request", "missing token");
    } else {
        if (refreshing != NULL && json_flag(refreshing, "alive", false)) {
            json_object_set_new(refreshing, "alive", json_false());
            json_object_set_new(refreshing, "ended_by", json_string("revoked by the client"));
            world_touch();
        }
        if (using != NULL) {
            json_object_set_new(using, "access_token", json_null());
        }
        http_reply_text(call->req, 200, "text/html", "");
    }
    json_decref(form);
}

json_t *sn_session(const struct sn_call *call)
{
    const char *header = http_header(call->req, "Authorization");
    json_t *grant = header == NULL || strncmp(header, "Bearer ", 7) != 0
                        ? NULL
                        : grant_with("access_token", header + 7);
    struct fault f;
    if (grant == NULL || !access_lives(grant)) {
        return NULL;
    }
    if (fault_take("servicenow", "token_expired", call->req->method, call->req->path, &f)) {
        json_object_set_new(grant, "access_token", json_null());
        return NULL;
    }
    if (fault_take("servicenow", "grant_revoked", call->req->method, call->req->path, &f)) {
        end_grant(grant, "revoked by an administrator");
        return NULL;
    }
    if (call->instance != NULL &&
        strcmp(json_str_or(call->instance, "key", ""), json_str_or(grant, "instance", "")) != 0) {
        return NULL; /* another instance's token */
    }
    sn_count(counts, "api");
    return grant;
}
