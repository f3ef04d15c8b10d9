/* What the person in the browser sees: account chooser and the grant page. Plain forms, so that
 * scripts can drive them: GET authorize -> POST login/choose (request, username) -> GET
 * login/grant -> POST login/consent (request, decision) -> redirect. */
#include "box.h"

#include "page.h"
#include "world.h"

#include <stdlib.h>
#include <string.h>

enum { KEEP_MAX = 20000 };

static json_t *requests; /* id -> what the client asked for */
static json_t *sessions; /* cookie -> {enterprise, user} */
static json_t *codes;

static const char session_cookie[] = "sandbox_box_session";

void box_login_reset(void)
{
    json_decref(requests);
    json_decref(sessions);
    json_decref(codes);
    requests = json_object();
    sessions = json_object();
    codes = json_object();
}

static void keep(json_t *object, const char *key, json_t *value)
{
    json_object_set_new(object, key, value);
    while (json_object_size(object) > KEEP_MAX) {
        char *oldest = xstrdup(json_object_iter_key(json_object_iter(object)));
        json_object_del(object, oldest);
        free(oldest);
    }
}

json_t *box_client(const char *client_id)
{
    return client_id == NULL
               ? NULL
               : json_object_get(json_object_get(box_settings(), "clients"), client_id);
}

json_t *box_code(const char *code)
{
    return code == NULL ? NULL : json_object_get(codes, code);
}

static bool registered(const json_t *client, const char *uri)
{
    const json_t *list = json_object_get(client, "redirect_uris");
    for (size_t i = 0; i < json_array_size(list); i++) {
        if (strcmp(json_string_value(json_array_get(list, i)), uri) == 0) {
            return true;
        }
    }
    return false;
}

/* The redirect back to the client with its state; params begin with a name. */
static void send_back(struct box_call *call, const json_t *asked, const char *params)
{
    const char *uri = json_str_or(asked, "redirect_uri", "");
    struct buf to = {0};
    buf_addf(&to, "%s%c", uri, strchr(uri, '?') == NULL ? '?' : '&');
    if (json_str(asked, "state") != NULL) {
        buf_add(&to, "state=");
        buf_add_url(&to, json_str(asked, "state"));
        buf_add(&to, "&");
    }
    buf_add(&to, params);
    http_redirect(call->req, 302, to.data);
    buf_free(&to);
}

static void send_error(struct box_call *call, const json_t *asked, const char *error,
                       const char *description)
{
    struct buf b = {0};
    buf_addf(&b, "error=%s&error_description=", error);
    buf_add_url(&b, description);
    send_back(call, asked, b.data);
    buf_free(&b);
}

/* Client and redirect address: when these are wrong nothing goes back to the client. */
static const char *wrong_client(const json_t *query, const json_t *client)
{
    const char *uri = json_str(query, "redirect_uri");
    if (form_has_duplicates(query)) {
        return "Error: invalid_request";
    }
    if (client == NULL) {
        return "Error: unauthorized_client";
    }
    if (uri == NULL) {
        return json_array_size(json_object_get(client, "redirect_uris")) > 1
                   ? "Error: redirect_uri_missing"
                   : "Error: redirect_uri_mismatch";
    }
    return registered(client, uri) ? NULL : "Error: redirect_uri_mismatch";
}

static json_t *session_of(const struct box_call *call)
{
    const char *cookie = http_cookie(call->req, session_cookie);
    return cookie == NULL ? NULL : json_object_get(sessions, cookie);
}

static void to_grant_page(struct box_call *call, const char *id)
{
    char *url = xasprintf("%s/login/grant?request=%s", call->base, id);
    http_redirect(call->req, 303, url);
    free(url);
}

static void show_accounts(struct box_call *call, const char *id, const json_t *asked)
{
    json_t *enterprise = box_enterprise(json_str(asked, "enterprise"));
    struct buf b = {0};
    page_begin(&b, "Log in to Box", "box");
    buf_add(&b, "<h1>Log in to grant access to Box</h1><p>Accounts of ");
    buf_add_html(&b, json_str_or(enterprise, "name", ""));
    buf_addf(&b,
             "</p><form method=\"post\" action=\"%s/login/choose\"><input type=\"hidden\" "
             "name=\"request\" value=\"%s\">",
             call->base, id);
    const char *user_id = NULL;
    json_t *user = NULL;
    json_object_foreach(json_object_get(enterprise, "users"), user_id, user)
    {
        buf_add(&b, "<button class=\"person\" name=\"username\" value=\"");
        buf_add_html(&b, json_str_or(user, "login", ""));
        buf_add(&b, "\">");
        buf_add_html(&b, json_str_or(user, "name", ""));
        buf_add(&b, "<small>");
        buf_add_html(&b, json_str_or(user, "login", ""));
        buf_add(&b, "</small></button>");
    }
    buf_add(&b, "</form>");
    page_end(&b);
    http_reply_header(call->req, "Cache-Control", "no-store");
    http_reply_text(call->req, 200, "text/html; charset=utf-8", b.data);
    buf_free(&b);
}

/* PKCE is not documented: a challenge is neither wanted nor looked at. */
void box_authorize(struct box_call *call)
{
    const json_t *query = call->req->query;
    const json_t *client = box_client(json_str(query, "client_id"));
    const char *wrong = wrong_client(query, client);
    if (wrong != NULL) {
        page_message(call->req, 400, "There was an error granting access to Box", wrong, "box");
        return;
    }
    json_t *asked =
        json_pack("{s:O, s:O, s:s?, s:O}", "client_id", json_object_get(query, "client_id"),
                  "redirect_uri", json_object_get(query, "redirect_uri"), "state",
                  json_str(query, "state"), "enterprise", json_object_get(client, "enterprise"));
    const char *scope = json_str(query, "scope");
    if (strcmp(json_str_or(query, "response_type", ""), "code") != 0) {
        send_error(call, asked, "unsupported_response_type", "The response type is not supported");
    } else if (scope != NULL && strspn(scope, "abcdefghijklmnopqrstuvwxyz._ ") != strlen(scope)) {
        send_error(call, asked, "invalid_scope", "The requested scope is invalid");
    } else {
        char id[41];
        random_hex(id, 32);
        json_t *session = session_of(call);
        keep(requests, id, json_incref(asked));
        if (session != NULL && json_equal(json_object_get(session, "enterprise"),
                                          json_object_get(asked, "enterprise"))) {
            json_object_set(asked, "user", json_object_get(session, "user"));
            to_grant_page(call, id);
        } else {
            show_accounts(call, id, asked);
        }
    }
    json_decref(asked);
}

/* The pending request of a form or page, or NULL after an error page. */
static json_t *pending(struct box_call *call, const json_t *fields)
{
    const char *id = json_str(fields, "request");
    json_t *asked = id == NULL ? NULL : json_object_get(requests, id);
    if (asked == NULL) {
        page_message(call->req, 400, "This login is over", "Start again where you came from.",
                     "box");
    }
    return asked;
}

static json_t *read_form(struct box_call *call)
{
    if (!http_is(call->req, "POST")) {
        page_message(call->req, 405, "Not allowed", "This page takes a form.", "box");
        return NULL;
    }
    json_t *form = form_decode(buf_text(&call->req->body), call->req->body.len);
    return form == NULL ? json_object() : form;
}

void box_choose(struct box_call *call)
{
    json_t *form = read_form(call);
    json_t *asked = form == NULL ? NULL : pending(call, form);
    if (asked == NULL) {
        json_decref(form);
        return;
    }
    json_t *user = box_user_by_login(box_enterprise(json_str(asked, "enterprise")),
                                     json_str_or(form, "username", ""));
    if (user == NULL) {
        page_message(call->req, 400, "Invalid login", "There is no such account.", "box");
    } else {
        json_object_set(asked, "user", json_object_get(user, "id"));
        char *sid = random_token("", 40);
        keep(sessions, sid,
             json_pack("{s:O, s:O}", "enterprise", json_object_get(asked, "enterprise"), "user",
                       json_object_get(user, "id")));
        char *cookie = xasprintf("%s=%s; Path=/; HttpOnly; SameSite=Lax", session_cookie, sid);
        http_reply_header(call->req, "Set-Cookie", cookie);
        free(cookie);
        free(sid);
        to_grant_page(call, json_str_or(form, "request", ""));
    }
    json_decref(form);
}

/* The chosen account must be the one this browser is signed in with. */
static bool same_person(const struct box_call *call, const json_t *asked)
{
    const json_t *session = session_of(call);
    return session != NULL && json_str(asked, "user") != NULL &&
           strcmp(json_str_or(session, "user", ""), json_str(asked, "user")) == 0;
}

void box_consent_page(struct box_call *call)
{
    json_t *asked = pending(call, call->req->query);
    if (asked == NULL) {
        return;
    }
    if (!same_person(call, asked)) {
        page_message(call->req, 403, "Not your login", "This browser is not signed in for it.",
                     "box");
        return;
    }
    json_t *user = box_user(box_enterprise(json_str(asked, "enterprise")), json_str(asked, "user"));
    struct buf b = {0};
    page_begin(&b, "Grant access to Box", "box");
    buf_add(&b, "<h1>Grant access to Box</h1><p><b>");
    buf_add_html(&b, json_str_or(box_client(json_str(asked, "client_id")), "name", "An app"));
    buf_add(&b, "</b> would like to:</p><ul class=\"scopes\"><li>Read and write all files and "
                "folders that you have access to</li></ul><p>You are logged in as <b>");
    buf_add_html(&b, json_str_or(user, "login", ""));
    buf_addf(&b,
             "</b>.</p><form method=\"post\" action=\"%s/login/consent\"><input type=\"hidden\" "
             "name=\"request\" value=\"%s\"><div class=\"row\"><button class=\"quiet\" "
             "name=\"decision\" value=\"deny\">Deny access to Box</button><button "
             "name=\"decision\" value=\"allow\">Grant access to Box</button></div></form>",
             call->base, json_str_or(call->req->query, "request", ""));
    page_end(&b);
    http_reply_header(call->req, "Cache-Control", "no-store");
    http_reply_text(call->req, 200, "text/html; charset=utf-8", b.data);
    buf_free(&b);
}

/* Issues the code and sends the browser back. */
static void grant_code(struct box_call *call, json_t *asked)
{
    char *code = random_token("", 32);
    json_t *data = json_deep_copy(asked);
    json_object_set_new(data, "since_ms", json_integer((json_int_t)clock_now_ms()));
    json_object_set_new(data, "used", json_false());
    keep(codes, code, data);
    char *params = xasprintf("code=%s", code);
    send_back(call, asked, params);
    free(params);
    free(code);
}

void box_consent(struct box_call *call)
{
    json_t *form = read_form(call);
    json_t *asked = form == NULL ? NULL : pending(call, form);
    if (asked == NULL) {
        json_decref(form);
        return;
    }
    if (!same_person(call, asked)) {
        page_message(call->req, 403, "Not your login", "This browser is not signed in for it.",
                     "box");
    } else {
        json_incref(asked);
        json_object_del(requests, json_str(form, "request"));
        if (strcmp(json_str_or(form, "decision", ""), "allow") == 0) {
            grant_code(call, asked);
        } else {
            send_error(call, asked, "access_denied", "The user denied access to your application");
        }
        json_decref(asked);
    }
    json_decref(form);
}
