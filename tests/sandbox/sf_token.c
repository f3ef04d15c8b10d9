/* Tokens: issue, refresh, rotate, revoke, look up. */
#include "sf.h"

#include "world.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ACCESS_PER_GRANT = 20 };

static json_t *grants;  /* id -> grant */
static json_t *refresh; /* refresh token -> grant id, outdated ones too */
static json_t *access;  /* access token -> {grant, used_ms} */
static json_t *counts;  /* what the token endpoint was asked, and how it answered */
static int64_t grant_number;

void sf_token_reset(void)
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

json_t *sf_counts(void)
{
    return counts;
}

static void count(json_t *object, const char *name)
{
    json_object_set_new(object, name,
                        json_integer(json_integer_value(json_object_get(object, name)) + 1));
}

json_t *sf_grants(void)
{
    json_t *list = json_array();
    const char *id = NULL;
    json_t *grant = NULL;
    json_object_foreach(grants, id, grant)
    {
        json_t *copy = json_deep_copy(grant);
        json_t *user = sf_user(sf_org(json_str(grant, "org")), json_str(grant, "user"));
        json_object_set_new(copy, "username", json_string(json_str_or(user, "username", "")));
        json_array_append_new(list, copy);
    }
    return list;
}

bool sf_grant_has(const json_t *grant, const char *scope)
{
    const json_t *scopes = json_object_get(grant, "scopes");
    for (size_t i = 0; i < json_array_size(scopes); i++) {
        if (strcmp(json_string_value(json_array_get(scopes, i)), scope) == 0) {
            return true;
        }
    }
    return false;
}

static void drop_access(json_t *grant)
{
    json_t *list = json_object_get(grant, "access_tokens");
    for (size_t i = 0; i < json_array_size(list); i++) {
        json_object_del(access, json_string_value(json_array_get(list, i)));
    }
    json_array_clear(list);
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

static void refuse(struct sf_call *call, const char *error, const char *description)
{
    count(counts, "refused");
    http_reply_header(call->req, "Cache-Control", "no-cache, no-store");
    http_reply_json(call->req, 400,
                    json_pack("{s:s, s:s}", "error", error, "error_description", description));
}

/* ---- client authentication ---- */

/* Basic credentials, form-decoded (RFC 6749 2.3.1); NULL parts when there are none. */
static void read_basic(const struct sf_call *call, char **ret_id, char **ret_secret)
{
    *ret_id = NULL;
    *ret_secret = NULL;
    const char *header = http_header(call->req, "Authorization");
    if (header == NULL || strncmp(header, "Basic ", 6) != 0) {
        return;
    }
    char *pair = base64_decode(header + 6, NULL);
    char *colon = pair == NULL ? NULL : strchr(pair, ':');
    if (colon != NULL) {
        char *fields = xasprintf("i=%.*s&s=%s", (int)(colon - pair), pair, colon + 1);
        json_t *form = form_decode(fields, strlen(fields));
        *ret_id = xstrdup(json_str_or(form, "i", ""));
        *ret_secret = xstrdup(json_str_or(form, "s", ""));
        json_decref(form);
        free(fields);
    }
    free(pair);
}

/* True when the client is who it says; else the refusal was sent. */
static bool check_client(struct sf_call *call, const json_t *form, char **ret_id)
{
    char *basic_id = NULL;
    char *basic_secret = NULL;
    read_basic(call, &basic_id, &basic_secret);
    bool both = basic_id != NULL && json_str(form, "client_secret") != NULL;
    const char *id = basic_id != NULL ? basic_id : json_str_or(form, "client_id", "");
    const char *secret = basic_id != NULL ? basic_secret : json_str_or(form, "client_secret", "");
    const json_t *client = sf_client(id);
    bool other_org = client != NULL && call->org != NULL &&
                     strcmp(json_str_or(client, "org", ""), json_str_or(call->org, "key", "")) != 0;
    struct fault f;
    bool ok = false;
    if (both) {
        refuse(call, "invalid_request", "more than one client authentication method");
    } else if (client == NULL || other_org) {
        refuse(call, "invalid_client_id", "client identifier invalid");
    } else if (!text_same(secret, json_str_or(client, "secret", "")) ||
               fault_take("salesforce", "client_secret_refused", call->req->method, call->req->path,
                          &f)) {
        refuse(call, "invalid_client", "invalid client credentials");
    } else {
        ok = true;
        *ret_id = xstrdup(id);
    }
    free(basic_id);
    free(basic_secret);
    return ok;
}

/* ---- issuing ---- */

static json_t *new_access(json_t *grant)
{
    json_t *org = sf_org(json_str(grant, "org"));
    char *head = xasprintf("%.15s!AQ", json_str_or(org, "id", ""));
    char *token = random_token(head, 86);
    json_t *text = json_string(token);
    json_t *list = json_object_get(grant, "access_tokens");
    json_object_set_new(access, token,
                        json_pack("{s:O, s:I}", "grant", json_object_get(grant, "id"), "used_ms",
                                  (json_int_t)clock_now_ms()));
    json_array_append(list, text);
    while (json_array_size(list) > ACCESS_PER_GRANT) {
        json_object_del(access, json_string_value(json_array_get(list, 0)));
        json_array_remove(list, 0);
    }
    free(token);
    free(head);
    return text;
}

static void new_refresh(json_t *grant)
{
    char *token = random_token("5Aep861", 80);
    json_object_set(grant, "previous_refresh_token", json_object_get(grant, "refresh_token"));
    json_object_set_new(grant, "refresh_token", json_string(token));
    json_object_set(refresh, token, json_object_get(grant, "id"));
    free(token);
}

static char *id_url(const struct sf_call *call, const json_t *grant)
{
    json_t *org = sf_org(json_str(grant, "org"));
    return xasprintf("%s/id/%s/%s", call->base, json_str_or(org, "id", ""),
                     json_str_or(grant, "user", ""));
}

static char *scopes_text(const json_t *grant)
{
    struct buf b = {0};
    buf_add(&b, "");
    const json_t *scopes = json_object_get(grant, "scopes");
    for (size_t i = 0; i < json_array_size(scopes); i++) {
        buf_addf(&b, "%s%s", i == 0 ? "" : " ", json_string_value(json_array_get(scopes, i)));
    }
    return b.data;
}

static void reply_tokens(struct sf_call *call, json_t *grant, bool with_refresh)
{
    json_t *org = sf_org(json_str(grant, "org"));
    char *id = id_url(call, grant);
    char *instance = sf_instance_url(call, org);
    char *issued = xasprintf("%lld", (long long)clock_now_ms());
    char *signed_text = xasprintf("%s%s", id, issued);
    const json_t *client = sf_client(json_str(grant, "client_id"));
    char *signature = hmac_sha256_base64(json_str_or(client, "secret", ""), signed_text);
    char *scopes = scopes_text(grant);
    json_t *answer =
        json_pack("{s:o, s:s, s:s, s:s, s:s, s:s, s:s}", "access_token", new_access(grant),
                  "signature", signature, "scope", scopes, "instance_url", instance, "id", id,
                  "token_type", "Bearer", "issued_at", issued);
    if (with_refresh) {
        json_object_set(answer, "refresh_token", json_object_get(grant, "refresh_token"));
    }
    http_reply_header(call->req, "Cache-Control", "no-cache, no-store");
    http_reply_json(call->req, 200, answer);
    free(scopes);
    free(signature);
    free(signed_text);
    free(issued);
    free(instance);
    free(id);
}

/* The sixth approval of one person for one app ends the first. */
static void end_oldest(const json_t *fresh)
{
    int64_t max = json_int_or(sf_settings(), "grants_per_user", 5);
    int64_t alive = 0;
    json_t *oldest = NULL;
    const char *id = NULL;
    json_t *grant = NULL;
    json_object_foreach(grants, id, grant)
    { /* in order of creation */
        bool same =
            json_flag(grant, "alive", false) &&
            json_equal(json_object_get(grant, "user"), json_object_get(fresh, "user")) &&
            json_equal(json_object_get(grant, "org"), json_object_get(fresh, "org")) &&
            json_equal(json_object_get(grant, "client_id"), json_object_get(fresh, "client_id"));
        alive += same ? 1 : 0;
        oldest = same && oldest == NULL ? grant : oldest;
    }
    if (alive > max && oldest != NULL) {
        kill_grant(oldest, "sixth approval");
    }
}

static json_t *new_grant(const json_t *code)
{
    char *id = xasprintf("g%lld", (long long)++grant_number);
    json_t *grant = json_pack(
        "{s:s, s:O, s:O, s:O, s:O, s:b, s:i, s:i, s:i, s:[], s:I, s:n, s:n, s:n}", "id", id, "org",
        json_object_get(code, "org"), "user", json_object_get(code, "user"), "client_id",
        json_object_get(code, "client_id"), "scopes", json_object_get(code, "scopes"), "alive",
        true, "refreshes", 0, "rotations", 0, "refused_refreshes", 0, "access_tokens", "since_ms",
        (json_int_t)clock_now_ms(), "ended_by", "refresh_token", "previous_refresh_token");
    json_object_set_new(grants, id, grant);
    free(id);
    if (sf_grant_has(grant, "refresh_token")) {
        new_refresh(grant);
    }
    end_oldest(grant);
    world_touch();
    return grant;
}

/* ---- the code ---- */

/* NULL when the verifier fits; else error and description. */
static const char *check_verifier(const json_t *code, const json_t *form, const char **ret_text)
{
    const char *challenge = json_str(code, "challenge");
    const char *verifier = json_str(form, "code_verifier");
    if (challenge == NULL && verifier == NULL) {
        return NULL;
    }
    if (challenge == NULL || verifier == NULL) {
        *ret_text = verifier == NULL ? "missing code verifier" : "missing code challenge";
        return "invalid_grant";
    }
    size_t len = strlen(verifier);
    char *made = pkce_challenge(verifier);
    bool fits = len >= 43 && len <= 128 && strcmp(made, challenge) == 0;
    free(made);
    *ret_text = "invalid code verifier";
    return fits ? NULL : "invalid_request";
}

static void exchange_code(struct sf_call *call, const json_t *form, const char *client_id)
{
    json_t *code = sf_code(json_str(form, "code"));
    count(counts, "authorization_code");
    if (code == NULL || strcmp(json_str_or(code, "client_id", ""), client_id) != 0) {
        refuse(call, "invalid_grant", "invalid authorization code");
        return;
    }
    if (json_flag(code, "used", false)) { /* used again: what it gave is taken back */
        json_t *grant = json_object_get(grants, json_str_or(code, "grant", ""));
        if (grant != NULL) {
            kill_grant(grant, "code reused");
        }
        refuse(call, "invalid_grant", "expired authorization code");
        return;
    }
    json_object_set_new(code, "used", json_true());
    int64_t age = clock_now_ms() - json_int_or(code, "since_ms", 0);
    const char *text = NULL;
    const char *error = NULL;
    if (age > json_int_or(sf_settings(), "code_ttl_ms", 600000)) {
        error = "invalid_grant";
        text = "expired authorization code";
    } else if (strcmp(json_str_or(form, "redirect_uri", ""),
                      json_str_or(code, "redirect_uri", "")) != 0) {
        error = "redirect_uri_mismatch";
        text = "redirect_uri must match configuration";
    } else {
        error = check_verifier(code, form, &text);
    }
    if (error != NULL) {
        refuse(call, error, text);
        return;
    }
    json_t *grant = new_grant(code);
    json_object_set(code, "grant", json_object_get(grant, "id"));
    reply_tokens(call, grant, sf_grant_has(grant, "refresh_token"));
}

/* ---- the refresh ---- */

/* An outdated refresh token: allowed once after a rotation if so set, else it ends the grant. */
static bool outdated_allowed(json_t *grant, const char *token)
{
    bool once = strcmp(json_str_or(sf_settings(), "previous_refresh_token", "never"), "once") == 0;
    bool previous = strcmp(json_str_or(grant, "previous_refresh_token", ""), token) == 0;
    if (once && previous) {
        json_object_set_new(grant, "previous_refresh_token", json_null());
        return true;
    }
    kill_grant(grant, "rotated refresh token reused");
    return false;
}

static void use_refresh(struct sf_call *call, const json_t *form, const char *client_id)
{
    static const char dead[] = "expired access/refresh token";
    const char *token = json_str_or(form, "refresh_token", "");
    json_t *grant = json_object_get(grants, json_str_or(refresh, token, ""));
    struct fault f;
    count(counts, "refresh_token");
    if (grant == NULL || strcmp(json_str_or(grant, "client_id", ""), client_id) != 0) {
        refuse(call, "invalid_grant", dead);
        return;
    }
    if (fault_take("salesforce", "refresh_busy", call->req->method, call->req->path, &f)) {
        refuse(call, "invalid_grant", "token request is already being processed");
        return;
    }
    if (fault_take("salesforce", "grant_revoked", call->req->method, call->req->path, &f)) {
        kill_grant(grant, "revoked by an administrator");
    }
    bool current = strcmp(json_str_or(grant, "refresh_token", ""), token) == 0;
    if (!json_flag(grant, "alive", false) || (!current && !outdated_allowed(grant, token))) {
        count(grant, "refused_refreshes");
        refuse(call, "invalid_grant", dead);
        return;
    }
    count(grant, "refreshes");
    bool rotate =
        !current || json_flag(sf_settings(), "rotation", false) ||
        fault_take("salesforce", "refresh_rotated", call->req->method, call->req->path, &f);
    if (rotate) {
        count(grant, "rotations");
        json_t *keep = current ? NULL : json_null();
        new_refresh(grant);
        if (keep != NULL) { /* the grace is for one step back, not for a chain */
            json_object_set_new(grant, "previous_refresh_token", keep);
        }
    }
    reply_tokens(call, grant, rotate);
}

static json_t *read_form(struct sf_call *call)
{
    if (!http_is(call->req, "POST")) {
        http_reply_json(call->req, 405,
                        json_pack("{s:s, s:s}", "error", "invalid_request", "error_description",
                                  "must use HTTP POST"));
        return NULL;
    }
    json_t *form = http_body_is(call->req, "application/x-www-form-urlencoded")
                       ? form_decode(buf_text(&call->req->body), call->req->body.len)
                       : NULL;
    if (form == NULL || form_has_duplicates(form)) {
        json_decref(form);
        refuse(call, "invalid_request", "malformed form");
        return NULL;
    }
    return form;
}

void sf_token(struct sf_call *call)
{
    json_t *form = read_form(call);
    char *client_id = NULL;
    if (form != NULL && check_client(call, form, &client_id)) {
        const char *type = json_str_or(form, "grant_type", "");
        if (strcmp(type, "authorization_code") == 0) {
            exchange_code(call, form, client_id);
        } else if (strcmp(type, "refresh_token") == 0) {
            use_refresh(call, form, client_id);
        } else {
            refuse(call, "unsupported_grant_type", "grant type not supported");
        }
    }
    free(client_id);
    json_decref(form);
}

/* ---- revoke, introspect, who am I ---- */

static json_t *access_find(const char *token, json_t **ret_grant)
{
    json_t *held = token == NULL ? NULL : json_object_get(access, token);
    json_t *grant = json_object_get(grants, json_str_or(held, "grant", ""));
    int64_t ttl = json_int_or(sf_settings(), "access_ttl_ms", 7200000);
    if (grant == NULL || !json_flag(grant, "alive", false) ||
        clock_now_ms() - json_int_or(held, "used_ms", 0) > ttl) {
        return NULL;
    }
    *ret_grant = grant;
    return held;
}

void sf_revoke(struct sf_call *call)
{
    json_t *form = http_is(call->req, "GET") ? json_deep_copy(call->req->query) : read_form(call);
    if (form == NULL) {
        return;
    }
    count(counts, "revoke");
    const char *token = json_str_or(form, "token", "");
    json_t *grant = json_object_get(grants, json_str_or(refresh, token, ""));
    if (grant != NULL && json_flag(grant, "alive", false)) {
        kill_grant(grant, "revoked by the client");
        http_reply_text(call->req, 200, "text/plain", "");
    } else if (access_find(token, &grant) != NULL) {
        json_object_del(access, token);
        http_reply_text(call->req, 200, "text/plain", "");
    } else {
        refuse(call, "invalid_token", "invalid token");
    }
    json_decref(form);
}

void sf_introspect(struct sf_call *call)
{
    json_t *form = read_form(call);
    char *client_id = NULL;
    if (form != NULL && check_client(call, form, &client_id)) {
        json_t *grant = NULL;
        json_t *held = access_find(json_str(form, "token"), &grant);
        if (held == NULL) {
            http_reply_json(call->req, 200, json_pack("{s:b}", "active", false));
        } else {
            json_t *user = sf_user(sf_org(json_str(grant, "org")), json_str(grant, "user"));
            int64_t used = json_int_or(held, "used_ms", 0) / 1000;
            char *sub = id_url(call, grant);
            char *scopes = scopes_text(grant);
            http_reply_json(
                call->req, 200,
                json_pack(
                    "{s:b, s:s, s:s, s:O, s:s, s:s, s:I, s:I, s:I}", "active", true, "scope",
                    scopes, "client_id", client_id, "username", json_object_get(user, "username"),
                    "sub", sub, "token_type", "access_token", "exp",
                    (json_int_t)(used + json_int_or(sf_settings(), "access_ttl_ms", 0) / 1000),
                    "iat", (json_int_t)used, "nbf", (json_int_t)used));
            free(scopes);
            free(sub);
        }
    }
    free(client_id);
    json_decref(form);
}

json_t *sf_session(const struct sf_call *call)
{
    const char *header = http_header(call->req, "Authorization");
    const char *token = header != NULL && strncmp(header, "Bearer ", 7) == 0 ? header + 7 : NULL;
    json_t *grant = NULL;
    json_t *held = access_find(token, &grant);
    struct fault f;
    if (held == NULL) {
        return NULL;
    }
    if (fault_take("salesforce", "token_expired", call->req->method, call->req->path, &f)) {
        json_object_del(access, token);
        return NULL;
    }
    if (fault_take("salesforce", "grant_revoked", call->req->method, call->req->path, &f)) {
        kill_grant(grant, "revoked by an administrator");
        return NULL;
    }
    if (call->org != NULL &&
        strcmp(json_str_or(call->org, "key", ""), json_str_or(grant, "org", "")) != 0) {
        return NULL; /* another org's token */
    }
    json_object_set_new(held, "used_ms", json_integer((json_int_t)clock_now_ms()));
    count(counts, "api");
    return grant;
}

static json_t *person_json(const struct sf_call *call, const json_t *grant)
{
    json_t *org = sf_org(json_str(grant, "org"));
    json_t *user = sf_user(org, json_str(grant, "user"));
    char *id = id_url(call, grant);
    char *instance = sf_instance_url(call, org);
    char *rest = xasprintf("%s/services/data/v{version}/", instance);
    json_t *person = json_pack(
        "{s:s, s:O, s:O, s:O, s:O, s:O, s:b, s:s, s:s, s:s, s:b, s:s, s:{s:s, s:s}}", "sub", id,
        "user_id", json_object_get(user, "id"), "organization_id", json_object_get(org, "id"),
        "preferred_username", json_object_get(user, "username"), "name",
        json_object_get(user, "name"), "email", json_object_get(user, "email"), "email_verified",
        true, "zoneinfo", "Europe/Berlin", "locale", "en_US", "language", "en_US", "active",
        !json_flag(user, "inactive", false), "user_type", "STANDARD", "urls", "rest", rest,
        "custom_domain", instance);
    free(rest);
    free(instance);
    free(id);
    return person;
}

void sf_userinfo(struct sf_call *call)
{
    const char *header = http_header(call->req, "Authorization");
    json_t *grant = sf_session(call);
    if (grant == NULL) {
        http_reply_text(call->req, 403, "text/html; charset=utf-8",
                        header == NULL ? "Missing_OAuth_Token" : "Bad_OAuth_Token");
        return;
    }
    http_reply_json(call->req, 200, person_json(call, grant));
}

void sf_identity(struct sf_call *call)
{
    json_t *grant = sf_session(call);
    char *own = grant == NULL ? NULL : id_url(call, grant);
    const char *asked = call->path + strlen("/id/");
    const char *mine = own == NULL ? NULL : strstr(own, "/id/") + strlen("/id/");
    if (mine == NULL) {
        http_reply_text(call->req, 403, "text/html; charset=utf-8", "Bad_OAuth_Token");
    } else if (strcmp(asked, mine) != 0) {
        http_reply_text(call->req, 403, "text/html; charset=utf-8", "Wrong_Id");
    } else {
        json_t *person = person_json(call, grant);
        json_object_set(person, "id", json_object_get(person, "sub"));
        json_object_set(person, "username", json_object_get(person, "preferred_username"));
        json_object_set(person, "display_name", json_object_get(person, "name"));
        http_reply_json(call->req, 200, person);
    }
    free(own);
}
