/* What the person in the browser sees: account chooser and the grant page. Plain forms, so that
 * scripts can drive them: GET authorize -> POST login/choose (request, username) -> GET
 * login/grant -> POST login/consent (request, decision) -> redirect. */
#include "box.h"

#include "logins.h"
#include "page.h"
#include "world.h"

#include <stdlib.h>
#include <string.h>

static struct logins logins = {.cookie = "sandbox_box_session", .brand = "box"};

void box_login_reset(void)
{
    logins_reset(&logins);
}

json_t *box_client(const char *client_id)
{
    return client_id == NULL
               ? NULL
               : json_object_get(json_object_get(box_settings(), "clients"), client_id);
}

json_t *box_code(const char *code)
{
    return logins_code(&logins, code);
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
        logins_add_person(&b, json_str_or(user, "login", ""), json_str_or(user, "name", ""));
    }
    buf_add(&b, "</form>");
    logins_show(call->req, &b);
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
        json_t *session = logins_session(&logins, call->req);
        logins_keep(logins.requests, id, json_incref(asked));
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

void box_choose(struct box_call *call)
{
    json_t *form = logins_form(&logins, call->req);
    json_t *asked = form == NULL ? NULL : logins_pending(&logins, call->req, form);
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
        logins_sign_in(&logins, call->req,
                       json_pack("{s:O, s:O}", "enterprise", json_object_get(asked, "enterprise"),
                                 "user", json_object_get(user, "id")));
        to_grant_page(call, json_str_or(form, "request", ""));
    }
    json_decref(form);
}

void box_consent_page(struct box_call *call)
{
    json_t *asked = logins_pending(&logins, call->req, call->req->query);
    if (asked == NULL) {
        return;
    }
    if (!logins_is_theirs(&logins, call->req, asked)) {
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
    logins_show(call->req, &b);
}

/* Issues the code and sends the browser back. */
static void grant_code(struct box_call *call, json_t *asked)
{
    char *code = random_token("", 32);
    logins_grant(&logins, code, asked);
    char *params = xasprintf("code=%s", code);
    send_back(call, asked, params);
    free(params);
    free(code);
}

void box_consent(struct box_call *call)
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
            send_error(call, asked, "access_denied", "The user denied access to your application");
        }
        json_decref(asked);
    }
    json_decref(form);
}
