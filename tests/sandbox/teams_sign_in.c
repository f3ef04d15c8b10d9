/* Signing in with Entra (OpenID Connect, v2.0): who sits at the browser, and an id_token of it. */
#include "teams.h"

#include "page.h"
#include "world.h"

#include <stdlib.h>
#include <string.h>

enum { CODE_TTL_MS = 600000, TOKEN_TTL_S = 3600, KEPT_MAX = 2000 };

static const char session_cookie[] = "sandbox_entra_session";

static json_t *sessions; /* cookie -> {tenant: user} */
static json_t *requests; /* id -> the query that was checked */
static json_t *codes;    /* code -> {client, tenant, user, redirect_uri, nonce, challenge, ...} */
static json_t *consents; /* "client tenant/user" -> true */

void teams_sign_in_reset(void)
{
    json_t **const all[] = {&sessions, &requests, &codes, &consents};
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
        json_decref(*all[i]);
        *all[i] = json_object();
    }
}

/* Takes over value; a flood of requests does not grow for ever. */
static void keep(json_t *in, const char *key, json_t *value)
{
    if (json_object_size(in) >= KEPT_MAX) {
        json_object_clear(in);
    }
    json_object_set_new(in, key, value);
}

static bool any_tenant(const char *tenant)
{
    return strcmp(tenant, "common") == 0 || strcmp(tenant, "organizations") == 0;
}

static json_t *session_of(struct request *req)
{
    const char *cookie = http_cookie(req, session_cookie);
    return cookie == NULL ? NULL : json_object_get(sessions, cookie);
}

/* The one session that fits the tenant; NULL: none, or several. */
static const char *signed_in(struct request *req, const char *wanted, json_t **ret_tenant)
{
    const char *found = NULL;
    const char *id = NULL;
    json_t *user = NULL;
    json_object_foreach(session_of(req), id, user)
    {
        if (any_tenant(wanted) || strcmp(wanted, id) == 0) {
            if (found != NULL) {
                return NULL;
            }
            found = json_string_value(user);
            *ret_tenant = teams_tenant(id);
        }
    }
    return found;
}

static bool told(const char *fault)
{
    struct fault f;
    return fault_take("teams", fault, NULL, NULL, &f);
}

/* ---- pages ---- */

struct station {
    struct request *req;
    const char *base, *tenant, *id;
    const json_t *query;
};

static void page_form(struct buf *b, const struct station *s, const char *step)
{
    buf_addf(b, "<form method=\"post\" action=\"%s/login/", s->base);
    buf_add_url(b, s->tenant);
    buf_addf(b, "/oauth2/v2.0/%s\"><input type=\"hidden\" name=\"entra_request\" value=\"", step);
    buf_add_html(b, s->id);
    buf_add(b, "\">");
}

static void page_person(struct buf *b, const json_t *tenant, const json_t *user)
{
    buf_add(b, "<button class=\"person\" name=\"who\" value=\"");
    buf_add_html(b, json_str_or(tenant, "id", ""));
    buf_add(b, "/");
    buf_add_html(b, json_str_or(user, "id", ""));
    buf_add(b, "\">");
    buf_add_html(b, json_str_or(user, "real_name", ""));
    buf_add(b, "<small>");
    buf_add_html(b, json_str_or(user, "upn", json_str_or(user, "email", "")));
    buf_add(b, " · ");
    buf_add_html(b, json_str_or(tenant, "name", ""));
    buf_add(b, "</small></button>");
}

static void show(struct station *s, struct buf *b)
{
    page_end(b);
    http_reply_text(s->req, 200, "text/html; charset=utf-8", b->data);
    buf_free(b);
}

static void show_chooser(struct station *s)
{
    struct buf b = {0};
    page_begin(&b, "Sign in to your account", "teams");
    buf_add(&b, "<h1>Pick an account</h1><p>Who sits at this browser?</p>");
    page_form(&b, s, "choose");
    const char *id = NULL;
    json_t *tenant = NULL;
    json_object_foreach(teams_tenants(), id, tenant)
    {
        const char *key = NULL;
        json_t *user = NULL;
        json_object_foreach(json_object_get(tenant, "users"), key, user)
        {
            bool member = !teams_anonymous(user) && json_str(user, "tenant") == NULL &&
                          !json_flag(user, "disabled", false);
            if (member && (any_tenant(s->tenant) || strcmp(s->tenant, id) == 0)) {
                page_person(&b, tenant, user);
            }
        }
    }
    buf_add(&b, "</form>");
    show(s, &b);
}

static void page_signed_in(struct buf *b, const json_t *user)
{
    buf_add(b, "<p>Signed in as <b>");
    buf_add_html(b, json_str_or(user, "real_name", ""));
    buf_add(b, "</b>.</p>");
}

static void show_consent(struct station *s, const json_t *user)
{
    struct buf b = {0};
    page_begin(&b, "Permissions requested", "teams");
    buf_add(&b, "<h1>Workbot wants to know who you are</h1>");
    page_signed_in(&b, user);
    page_form(&b, s, "consent");
    buf_add(&b, "<div class=\"row\"><button name=\"decision\" value=\"allow\">Accept</button>"
                "<button class=\"quiet\" name=\"decision\" value=\"deny\">Cancel</button></div>"
                "</form>");
    show(s, &b);
}

/* Of a tenant whose people may not consent for themselves. */
static void show_barred(struct station *s, const json_t *user)
{
    struct buf b = {0};
    page_begin(&b, "Need admin approval", "teams");
    buf_add(&b, "<h1>Need admin approval</h1><p>Workbot needs permission that only an admin can "
                "grant. Ask an admin to grant it before you can use it.</p>");
    page_signed_in(&b, user);
    page_form(&b, s, "consent");
    buf_add(&b, "<button class=\"quiet\" name=\"decision\" value=\"barred\">Return to the "
                "application without granting consent</button></form>");
    show(s, &b);
}

/* ---- authorize ---- */

static bool redirect_known(const char *uri)
{
    const json_t *list = json_object_get(json_object_get(teams_settings(), "app"), "redirect_uris");
    for (size_t i = 0; uri != NULL && i < json_array_size(list); i++) {
        if (strcmp(json_string_value(json_array_get(list, i)), uri) == 0) {
            return true;
        }
    }
    return false;
}

static bool has_word(const char *list, const char *word)
{
    size_t len = strlen(word);
    for (const char *p = list; *p != '\0';) {
        size_t n = strcspn(p, " ");
        if (n == len && strncmp(p, word, len) == 0) {
            return true;
        }
        p += n + strspn(p + n, " ");
    }
    return false;
}

static const char *wrong_request(const char *tenant, const json_t *query)
{
    const char *method = json_str_or(query, "response_mode", "query");
    const char *challenge = json_str(query, "code_challenge");
    if (!any_tenant(tenant) && teams_tenant(tenant) == NULL) {
        return "AADSTS90002: Tenant not found.";
    }
    if (strcmp(json_str_or(query, "client_id", ""), teams_app("id")) != 0) {
        return "AADSTS700016: Application was not found in the directory.";
    }
    if (!redirect_known(json_str(query, "redirect_uri"))) {
        return "AADSTS50011: The redirect URI specified in the request does not match the "
               "redirect URIs configured for the application.";
    }
    if (strcmp(json_str_or(query, "response_type", ""), "code") != 0 ||
        strcmp(method, "query") != 0) {
        return "AADSTS700054: response_type or response_mode is not enabled.";
    }
    if (!has_word(json_str_or(query, "scope", ""), "openid")) {
        return "AADSTS900144: The request must contain the scope openid.";
    }
    if (challenge != NULL && strcmp(json_str_or(query, "code_challenge_method", ""), "S256") != 0) {
        return "AADSTS501491: Invalid size or method of the code challenge.";
    }
    return NULL;
}

/* why: description of an error; NULL: it is none */
static void send_back(struct request *req, const json_t *query, const char *const answer[2],
                      const char *why)
{
    const char *name = answer[0], *value = answer[1];
    struct buf to = {0};
    const char *uri = json_str_or(query, "redirect_uri", "");
    buf_addf(&to, "%s%c%s=", uri, strchr(uri, '?') == NULL ? '?' : '&', name);
    buf_add_url(&to, value);
    if (why != NULL) {
        buf_add(&to, "&error_description=");
        buf_add_url(&to, why);
    }
    if (json_str(query, "state") != NULL) {
        buf_add(&to, "&state=");
        buf_add_url(&to, json_str(query, "state"));
    }
    buf_add(&to, "&session_state=sample");
    http_redirect(req, 302, to.data);
    buf_free(&to);
}

static void grant(struct station *s, const json_t *tenant, const char *user)
{
    char *code = random_token("1.AXsample.", 60);
    keep(codes, code,
         json_pack("{s:O, s:s, s:O, s:s?, s:s?, s:s, s:I}", "tenant", json_object_get(tenant, "id"),
                   "user", user, "redirect_uri", json_object_get(s->query, "redirect_uri"), "nonce",
                   json_str(s->query, "nonce"), "challenge", json_str(s->query, "code_challenge"),
                   "scope", json_str_or(s->query, "scope", ""), "since_ms",
                   (json_int_t)clock_now_ms()));
    send_back(s->req, s->query, (const char *const[2]){"code", code}, NULL);
    free(code);
}

static char *consent_key(const json_t *tenant, const char *user)
{
    return xasprintf("%s/%s", json_str_or(tenant, "id", ""), user);
}

/* On the way of a request whose query was checked. */
static void go_on(struct station *s)
{
    json_t *tenant = NULL;
    bool again = strcmp(json_str_or(s->query, "prompt", ""), "select_account") == 0 ||
                 strcmp(json_str_or(s->query, "prompt", ""), "login") == 0;
    bool chosen = json_flag(s->query, "_chosen", false);
    const char *user = again && !chosen ? NULL : signed_in(s->req, s->tenant, &tenant);
    if (user == NULL || teams_user(tenant, user) == NULL) {
        show_chooser(s);
        return;
    }
    char *key = consent_key(tenant, user);
    if (json_object_get(consents, key) != NULL) {
        grant(s, tenant, user);
    } else if (told("admin_consent")) {
        show_barred(s, teams_user(tenant, user));
    } else {
        show_consent(s, teams_user(tenant, user));
    }
    free(key);
}

static void authorize(struct station *s)
{
    const char *known = json_str(s->req->query, "entra_request");
    if (known != NULL && json_object_get(requests, known) != NULL) {
        s->id = known;
        s->query = json_object_get(requests, known);
        go_on(s);
        return;
    }
    const char *wrong = wrong_request(s->tenant, s->req->query);
    if (wrong != NULL) {
        page_message(s->req, 400, "Sorry, but we're having trouble signing you in.", wrong,
                     "teams");
        return;
    }
    char *id = random_token("", 24);
    keep(requests, id, json_deep_copy(s->req->query));
    s->id = id;
    s->query = json_object_get(requests, id);
    go_on(s);
    free(id);
}

/* Signs the browser in: adds this tenant's person to its session. */
static void choose(struct station *s, const json_t *form)
{
    const char *who = json_str_or(form, "who", "");
    const char *slash = strchr(who, '/');
    char *tenant_id = xstrndup(who, slash == NULL ? 0 : (size_t)(slash - who));
    json_t *tenant = teams_tenant(tenant_id);
    const json_t *user = slash == NULL ? NULL : teams_user(tenant, slash + 1);
    free(tenant_id);
    if (user == NULL || json_flag(user, "disabled", false)) {
        page_message(s->req, 403, "We couldn't sign you in",
                     "AADSTS50057: The user account is "
                     "disabled.",
                     "teams");
        return;
    }
    json_t *session = session_of(s->req);
    if (session == NULL) {
        char *cookie = random_token("", 32);
        session = json_object();
        keep(sessions, cookie, session);
        char *line =
            xasprintf("%s=%s; Path=/teams; HttpOnly; SameSite=Lax", session_cookie, cookie);
        http_reply_header(s->req, "Set-Cookie", line);
        free(line);
        free(cookie);
    }
    json_object_set(session, json_str_or(tenant, "id", ""), json_object_get(user, "id"));
    json_object_set_new((json_t *)(uintptr_t)s->query, "_chosen", json_true());
    struct buf to = {0};
    buf_addf(&to, "%s/login/", s->base);
    buf_add_url(&to, s->tenant);
    buf_add(&to, "/oauth2/v2.0/authorize?entra_request=");
    buf_add_url(&to, s->id);
    http_redirect(s->req, 303, to.data);
    buf_free(&to);
}

static void consent(struct station *s, const json_t *form)
{
    json_t *tenant = NULL;
    const char *user = signed_in(s->req, s->tenant, &tenant);
    if (user == NULL) {
        show_chooser(s);
        return;
    }
    const char *decision = json_str_or(form, "decision", "");
    if (strcmp(decision, "allow") != 0) {
        send_back(s->req, s->query, (const char *const[2]){"error", "access_denied"},
                  strcmp(decision, "barred") == 0
                      ? "AADSTS90094: The grant requires admin permission."
                      : "AADSTS65004: User declined to consent.");
        return;
    }
    char *key = consent_key(tenant, user);
    json_object_set_new(consents, key, json_true());
    free(key);
    grant(s, tenant, user);
}

static void step(struct station *s, bool choosing)
{
    json_t *form = form_decode(buf_text(&s->req->body), s->req->body.len);
    s->id = json_str_or(form, "entra_request", "");
    s->query = json_object_get(requests, s->id);
    if (s->query == NULL) {
        page_message(s->req, 400, "Sorry, but we're having trouble signing you in.",
                     "AADSTS165000: the request has expired.", "teams");
    } else if (choosing) {
        choose(s, form);
    } else {
        consent(s, form);
    }
    json_decref(form);
}

bool teams_sign_in(struct request *req, const char *tenant, const char *path, const char *base)
{
    struct station s = {.req = req, .base = base, .tenant = tenant};
    if (strcmp(path, "/oauth2/v2.0/authorize") == 0 && http_is(req, "GET")) {
        authorize(&s);
    } else if (strcmp(path, "/oauth2/v2.0/choose") == 0 && http_is(req, "POST")) {
        step(&s, true);
    } else if (strcmp(path, "/oauth2/v2.0/consent") == 0 && http_is(req, "POST")) {
        step(&s, false);
    } else {
        return false;
    }
    return true;
}

/* ---- the token ---- */

static void spoil(struct teams_jwt *jwt)
{
    if (told("id_token_alg_none")) {
        jwt->alg = "none";
        json_object_set_new(jwt->header, "alg", json_string("none"));
    }
    if (told("id_token_kid")) {
        json_object_set_new(jwt->header, "kid", json_string("sample-unknown"));
    }
    jwt->foreign = told("id_token_key");
    jwt->spoiled = told("id_token_signature");
}

static char *id_token(const json_t *code, const char *base)
{
    json_t *tenant = teams_tenant(json_str(code, "tenant"));
    const json_t *user = teams_user(tenant, json_str(code, "user"));
    const char *tid = told("id_token_tid") ? "07e40000-0000-4000-8000-000000000003"
                                           : json_str_or(tenant, "id", "");
    const char *oid =
        told("id_token_oid") ? "0bad0000-0000-4000-8000-00000000bad0" : json_str_or(user, "id", "");
    char *iss = xasprintf("%s/login/%s/v2.0", told("id_token_iss") ? "https://login.example" : base,
                          json_str_or(tenant, "id", ""));
    int64_t now = clock_now_ms() / 1000;
    int64_t expires = told("id_token_expired") ? now - 600 : now + TOKEN_TTL_S;
    json_t *claims =
        json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:I, s:I, s:I}", "iss", iss, "aud",
                  told("id_token_aud") ? "99999999-aaaa-4bbb-8ccc-999999999999" : teams_app("id"),
                  "sub", json_str_or(user, "address", ""), "oid", oid, "tid", tid, "ver", "2.0",
                  "name", json_str_or(user, "real_name", ""), "preferred_username",
                  json_str_or(user, "upn", json_str_or(user, "email", "")), "iat",
                  (json_int_t)(expires - TOKEN_TTL_S), "nbf", (json_int_t)(expires - TOKEN_TTL_S),
                  "exp", (json_int_t)expires);
    if (told("id_token_no_oid")) {
        json_object_del(claims, "oid");
    }
    if (told("id_token_nonce")) {
        json_object_set_new(claims, "nonce", json_string("another-nonce"));
    } else if (!told("id_token_no_nonce") && json_str(code, "nonce") != NULL) {
        json_object_set(claims, "nonce", json_object_get(code, "nonce"));
    }
    free(iss);
    struct teams_jwt jwt = teams_jwt_begin_entra(claims);
    spoil(&jwt);
    return teams_jwt_end(&jwt);
}

static bool verifier_good(const json_t *code, const json_t *args)
{
    const char *challenge = json_str(code, "challenge");
    const char *verifier = json_str(args, "code_verifier");
    if (challenge == NULL || verifier == NULL) {
        return challenge == NULL && verifier == NULL;
    }
    char *made = pkce_challenge(verifier);
    bool good = strcmp(made, challenge) == 0;
    free(made);
    return good;
}

void teams_sign_in_code(struct request *req, const char *tenant, const json_t *args,
                        const char *base)
{
    json_t *code = json_object_get(codes, json_str_or(args, "code", ""));
    const char *of = json_str_or(code, "tenant", "");
    if (code == NULL || clock_now_ms() - json_int_or(code, "since_ms", 0) > CODE_TTL_MS) {
        teams_entra_error(req, "invalid_grant", 70008, "The provided code has expired.");
    } else if (json_flag(code, "used", false)) {
        teams_entra_error(req, "invalid_grant", 54005, "The code was already redeemed.");
    } else if (!any_tenant(tenant) && strcmp(tenant, of) != 0) {
        teams_entra_error(req, "invalid_grant", 700005, "The code is of another tenant.");
    } else if (strcmp(json_str_or(code, "redirect_uri", ""),
                      json_str_or(args, "redirect_uri", "")) != 0) {
        teams_entra_error(req, "invalid_grant", 500112, "The reply address does not match.");
    } else if (!verifier_good(code, args)) {
        teams_entra_error(req, "invalid_grant", 501481, "The code_verifier does not match.");
    } else {
        json_object_set_new(code, "used", json_true());
        char *token = id_token(code, base);
        char *access = random_token("eyJ0sample.", 60);
        http_reply_json(req, 200,
                        json_pack("{s:s, s:O, s:i, s:i, s:s, s:s}", "token_type", "Bearer", "scope",
                                  json_object_get(code, "scope"), "expires_in", TOKEN_TTL_S,
                                  "ext_expires_in", TOKEN_TTL_S, "access_token", access, "id_token",
                                  token));
        free(access);
        free(token);
    }
}
