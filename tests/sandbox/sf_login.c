/* What the person in the browser sees: account chooser and consent. Plain forms, so that scripts
 * can drive them: GET authorize -> POST login/choose (request, username) -> GET approval page ->
 * POST login/consent (request, decision) -> redirect. */
#include "sf.h"

#include "logins.h"
#include "page.h"
#include "world.h"

#include <stdlib.h>
#include <string.h>

static struct logins logins = {.cookie = "sandbox_sf_session", .brand = "salesforce"};
static json_t *approvals; /* "client org user" -> scopes text already approved */

void sf_login_reset(void)
{
    logins_reset(&logins);
    json_decref(approvals);
    approvals = json_object();
}

json_t *sf_client(const char *client_id)
{
    return client_id == NULL
               ? NULL
               : json_object_get(json_object_get(sf_settings(), "clients"), client_id);
}

json_t *sf_code(const char *code)
{
    return logins_code(&logins, code);
}

static bool in_list(const json_t *list, const char *text, size_t len)
{
    for (size_t i = 0; i < json_array_size(list); i++) {
        const char *item = json_string_value(json_array_get(list, i));
        if (item != NULL && strlen(item) == len && strncmp(item, text, len) == 0) {
            return true;
        }
    }
    return false;
}

/* The redirect back to the client with its state; params begin with a name. */
static void send_back(struct sf_call *call, const json_t *asked, const char *params)
{
    const char *uri = json_str_or(asked, "redirect_uri", "");
    struct buf to = {0};
    buf_addf(&to, "%s%c%s", uri, strchr(uri, '?') == NULL ? '?' : '&', params);
    if (json_str(asked, "state") != NULL) {
        buf_add(&to, "&state=");
        buf_add_url(&to, json_str(asked, "state"));
    }
    if (json_flag(sf_settings(), "send_iss", false)) {
        buf_add(&to, "&iss=");
        buf_add_url(&to, call->base);
    }
    http_redirect(call->req, 302, to.data);
    buf_free(&to);
}

static void send_error(struct sf_call *call, const json_t *asked, const char *error,
                       const char *description)
{
    struct buf b = {0};
    buf_addf(&b, "error=%s&error_description=", error);
    buf_add_url(&b, description);
    send_back(call, asked, b.data);
    buf_free(&b);
}

/* Client and redirect address: when these are wrong nothing goes back to the client. */
static const char *wrong_client(const json_t *query, const json_t *client, const json_t *org)
{
    const char *uri = json_str(query, "redirect_uri");
    if (form_has_duplicates(query)) {
        return "error=invalid_request&error_description=parameter given twice";
    }
    if (client == NULL ||
        (org != NULL && strcmp(json_str_or(client, "org", ""), json_str_or(org, "key", "")) != 0)) {
        return "error=invalid_client_id&error_description=client identifier invalid";
    }
    if (uri == NULL || !in_list(json_object_get(client, "redirect_uris"), uri, strlen(uri))) {
        return "error=redirect_uri_mismatch&error_description=redirect_uri must match "
               "configuration";
    }
    return NULL;
}

/* Scopes asked for (all of the client's when none): NULL when one is not the client's. */
static json_t *read_scopes(const json_t *query, const json_t *client)
{
    const json_t *allowed = json_object_get(client, "scopes");
    const char *text = json_str_or(query, "scope", "");
    if (text[0] == '\0') {
        return json_deep_copy(allowed);
    }
    json_t *scopes = json_array();
    for (const char *p = text; *p != '\0';) {
        size_t len = strcspn(p, " ");
        bool offline = len == 14 && strncmp(p, "offline_access", 14) == 0;
        if (len > 0 && !in_list(allowed, p, len) &&
            !(offline && in_list(allowed, "refresh_token", 13))) {
            json_decref(scopes);
            return NULL;
        }
        if (len > 0) {
            json_array_append_new(scopes,
                                  offline ? json_string("refresh_token") : json_stringn(p, len));
        }
        p += len + strspn(p + len, " ");
    }
    return scopes;
}

static char *scopes_join(const json_t *scopes)
{
    struct buf b = {0};
    buf_add(&b, "");
    for (size_t i = 0; i < json_array_size(scopes); i++) {
        buf_addf(&b, "%s%s", i == 0 ? "" : " ", json_string_value(json_array_get(scopes, i)));
    }
    return b.data;
}

static char *approval_key(const json_t *asked)
{
    return xasprintf("%s %s %s", json_str_or(asked, "client_id", ""), json_str_or(asked, "org", ""),
                     json_str_or(asked, "user", ""));
}

/* Issues the code and sends the browser back. */
static void grant_code(struct sf_call *call, json_t *asked)
{
    char *code = random_token("aPrx", 60);
    char *padded = xasprintf("%s==", code); /* as Salesforce's do: %3D%3D on the way back */
    logins_grant(&logins, padded, asked);
    char *key = approval_key(asked);
    char *scopes = scopes_join(json_object_get(asked, "scopes"));
    json_object_set_new(approvals, key, json_string(scopes));
    struct buf b = {0};
    buf_add(&b, "code=");
    buf_add_url(&b, padded);
    send_back(call, asked, b.data);
    buf_free(&b);
    free(scopes);
    free(key);
    free(padded);
    free(code);
}

static void to_approval_page(struct sf_call *call, const char *id)
{
    char *url =
        xasprintf("%s/setup/secur/RemoteAccessAuthorizationPage.apexp?request=%s", call->base, id);
    http_redirect(call->req, 303, url);
    free(url);
}

/* ---- the account chooser ---- */

static void show_accounts(struct sf_call *call, const char *id, const json_t *asked)
{
    json_t *org = sf_org(json_str(asked, "org"));
    const char *hint = json_str_or(asked, "login_hint", "");
    struct buf b = {0};
    page_begin(&b, "Choose an account", "salesforce");
    buf_add(&b, "<h1>Log in to ");
    buf_add_html(&b, json_str_or(org, "name", ""));
    buf_addf(&b,
             "</h1><p>Choose the account to use.</p><form method=\"post\" action=\"%s"
             "/login/choose\"><input type=\"hidden\" name=\"request\" value=\"%s\">",
             call->base, id);
    for (int round = 0; round < 2; round++) { /* the hinted account comes first */
        const char *user_id = NULL;
        json_t *user = NULL;
        json_object_foreach(json_object_get(org, "users"), user_id, user)
        {
            const char *name = json_str_or(user, "username", "");
            if ((strcmp(name, hint) == 0) != (round == 0) || json_flag(user, "inactive", false)) {
                continue;
            }
            logins_add_person(&b, name, json_str_or(user, "name", ""));
        }
    }
    buf_add(&b, "</form>");
    logins_show(call->req, &b);
}

static void begin_login(struct sf_call *call, json_t *asked)
{
    char id[41];
    random_hex(id, 32);
    const char *prompt = json_str_or(call->req->query, "prompt", "");
    bool ask_account = strstr(prompt, "login") != NULL || strstr(prompt, "select_account") != NULL;
    json_t *session = logins_session(&logins, call->req);
    bool same_org = session != NULL &&
                    strcmp(json_str_or(session, "org", ""), json_str_or(asked, "org", "")) == 0;
    logins_keep(logins.requests, id, asked);
    if (!same_org || ask_account) {
        show_accounts(call, id, asked);
        return;
    }
    /* signed in already: no account is asked, and no consent if it was given before */
    json_object_set(asked, "user", json_object_get(session, "user"));
    char *key = approval_key(asked);
    char *scopes = scopes_join(json_object_get(asked, "scopes"));
    bool approved = strcmp(json_str_or(approvals, key, ""), scopes) == 0;
    if (approved && strstr(prompt, "consent") == NULL) {
        json_incref(asked);
        json_object_del(logins.requests, id);
        grant_code(call, asked);
        json_decref(asked);
    } else {
        to_approval_page(call, id);
    }
    free(scopes);
    free(key);
}

void sf_authorize(struct sf_call *call)
{
    const json_t *query = call->req->query;
    const json_t *client = sf_client(json_str(query, "client_id"));
    const char *wrong = wrong_client(query, client, call->org);
    if (wrong != NULL) {
        page_message(call->req, 400, "We can't authorize you because of an OAuth error", wrong,
                     "salesforce");
        return;
    }
    json_t *asked = json_pack(
        "{s:O, s:O, s:s?, s:s?, s:s?, s:O, s:s?}", "client_id", json_object_get(query, "client_id"),
        "redirect_uri", json_object_get(query, "redirect_uri"), "state", json_str(query, "state"),
        "challenge", json_str(query, "code_challenge"), "nonce", json_str(query, "nonce"), "org",
        json_object_get(client, "org"), "login_hint", json_str(query, "login_hint"));
    json_t *scopes = read_scopes(query, client);
    const char *method = json_str_or(query, "code_challenge_method", "plain");
    const char *challenge = json_str(query, "code_challenge");
    if (strcmp(json_str_or(query, "response_type", ""), "code") != 0) {
        send_error(call, asked, "unsupported_response_type", "response type not supported");
    } else if (challenge == NULL && json_flag(sf_settings(), "require_pkce", true)) {
        send_error(call, asked, "invalid_request", "missing required code challenge");
    } else if (challenge != NULL && strcmp(method, "S256") != 0) {
        send_error(call, asked, "invalid_request", "code challenge method not supported");
    } else if (challenge != NULL && strlen(challenge) != 43) {
        send_error(call, asked, "invalid_request", "invalid code challenge");
    } else if (scopes == NULL) {
        send_error(call, asked, "invalid_scope", "the requested scope is not allowed");
    } else {
        json_object_set(asked, "scopes", scopes);
        json_incref(asked); /* begin_login stores one reference */
        begin_login(call, asked);
    }
    json_decref(scopes);
    json_decref(asked);
}

void sf_choose(struct sf_call *call)
{
    json_t *form = logins_form(&logins, call->req);
    json_t *asked = form == NULL ? NULL : logins_pending(&logins, call->req, form);
    if (asked == NULL) {
        json_decref(form);
        return;
    }
    json_t *user =
        sf_user_by_name(sf_org(json_str(asked, "org")), json_str_or(form, "username", ""));
    if (user == NULL || json_flag(user, "inactive", false)) {
        page_message(call->req, 400, "Please check your username", "There is no such account.",
                     "salesforce");
    } else {
        json_object_set(asked, "user", json_object_get(user, "id"));
        logins_sign_in(&logins, call->req,
                       json_pack("{s:O, s:O}", "org", json_object_get(asked, "org"), "user",
                                 json_object_get(user, "id")));
        to_approval_page(call, json_str_or(form, "request", ""));
    }
    json_decref(form);
}

static const char *scope_label(const char *scope)
{
    static const char *const labels[][2] = {
        {"api", "Manage user data via APIs (api)"},
        {"refresh_token", "Perform requests at any time (refresh_token, offline_access)"},
        {"openid", "Access unique user identifiers (openid)"},
        {"id", "Access the identity URL service (id)"},
        {"profile", "Access your name and picture (profile)"},
        {"email", "Access your e-mail address (email)"},
    };
    for (size_t i = 0; i < sizeof labels / sizeof labels[0]; i++) {
        if (strcmp(labels[i][0], scope) == 0) {
            return labels[i][1];
        }
    }
    return scope;
}

void sf_approval_page(struct sf_call *call)
{
    json_t *asked = logins_pending(&logins, call->req, call->req->query);
    if (asked == NULL) {
        return;
    }
    if (!logins_is_theirs(&logins, call->req, asked)) {
        return;
    }
    json_t *org = sf_org(json_str(asked, "org"));
    json_t *user = sf_user(org, json_str(asked, "user"));
    struct buf b = {0};
    page_begin(&b, "Allow access?", "salesforce");
    buf_add(&b, "<h1>Allow access?</h1><p><b>");
    buf_add_html(&b, json_str_or(sf_client(json_str(asked, "client_id")), "name", "An app"));
    buf_add(&b, "</b> is asking to:</p><ul class=\"scopes\">");
    json_t *scopes = json_object_get(asked, "scopes");
    for (size_t i = 0; i < json_array_size(scopes); i++) {
        buf_add(&b, "<li>");
        buf_add_html(&b, scope_label(json_string_value(json_array_get(scopes, i))));
        buf_add(&b, "</li>");
    }
    buf_add(&b, "</ul><p>Do you want to allow access for <b>");
    buf_add_html(&b, json_str_or(user, "username", ""));
    buf_addf(&b,
             "</b>?</p><form method=\"post\" action=\"%s/login/consent\"><input "
             "type=\"hidden\" name=\"request\" value=\"%s\"><div class=\"row\">"
             "<button class=\"quiet\" name=\"decision\" value=\"deny\">Deny</button>"
             "<button name=\"decision\" value=\"allow\">Allow</button></div></form>",
             call->base, json_str_or(call->req->query, "request", ""));
    logins_show(call->req, &b);
}

void sf_consent(struct sf_call *call)
{
    json_t *form = logins_form(&logins, call->req);
    json_t *asked = form == NULL ? NULL : logins_pending(&logins, call->req, form);
    if (asked == NULL) {
        json_decref(form);
        return;
    }
    if (logins_is_theirs(&logins, call->req, asked)) {
        json_incref(asked);
        json_object_del(logins.requests, json_str(form, "request"));
        if (strcmp(json_str_or(form, "decision", ""), "allow") == 0) {
            grant_code(call, asked);
        } else {
            send_error(call, asked, "access_denied", "end-user denied authorization");
        }
        json_decref(asked);
    }
    json_decref(form);
}
