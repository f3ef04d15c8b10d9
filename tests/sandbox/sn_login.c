/* What the person in the browser sees: the instance's login and the page with Allow and Deny. Plain
 * forms, so that scripts can drive them: GET oauth_auth.do -> POST login.do (request, username) ->
 * POST oauth_auth_check.do (request, decision) -> redirect. */
#include "sn.h"

#include "logins.h"
#include "page.h"
#include "world.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

static struct logins logins = {.cookie = "sandbox_sn_session", .brand = "servicenow"};

void sn_login_reset(void)
{
    logins_reset(&logins);
}

json_t *sn_client(const char *client_id)
{
    return client_id == NULL
               ? NULL
               : json_object_get(json_object_get(sn_settings(), "clients"), client_id);
}

json_t *sn_code(const char *code)
{
    return logins_code(&logins, code);
}

static json_t *user_named(json_t *instance, const char *name)
{
    json_t *users = json_object_get(json_object_get(instance, "tables"), "sys_user");
    const char *id = NULL;
    json_t *user = NULL;
    json_object_foreach(users, id, user)
    {
        if (strcmp(json_str_or(user, "user_name", ""), name) == 0 &&
            strcmp(json_str_or(user, "active", ""), "true") == 0) {
            return user;
        }
    }
    return NULL;
}

static void say(struct sn_call *call, unsigned status, const char *title, const char *text)
{
    page_message(call->req, status, title, text, "servicenow");
}

static bool listed(const json_t *list, const char *text)
{
    for (size_t i = 0; text != NULL && i < json_array_size(list); i++) {
        if (strcmp(json_string_value(json_array_get(list, i)), text) == 0) {
            return true;
        }
    }
    return false;
}

static bool alphanumeric(const char *text)
{
    const char *p = text;
    while (isalnum((unsigned char)*p)) {
        p++;
    }
    return p != text && *p == '\0';
}

/* NULL, or why this request goes nowhere: an error page of the instance, never a redirect. */
static const char *wrong_request(const struct sn_call *call, const json_t *client)
{
    const json_t *query = call->req->query;
    const json_t *settings = sn_settings();
    const char *state = json_str(query, "state");
    const char *challenge = json_str(query, "code_challenge");
    const char *scope = json_str(query, "scope");
    if (form_has_duplicates(query)) {
        return "Duplicate parameter in request.";
    }
    if (client == NULL ||
        (call->instance != NULL && strcmp(json_str_or(client, "instance", ""),
                                          json_str_or(call->instance, "key", "")) != 0)) {
        return "Invalid client_id.";
    }
    if (!listed(json_object_get(client, "redirect_uris"), json_str(query, "redirect_uri"))) {
        return "Invalid redirect_uri.";
    }
    if (state == NULL && json_flag(settings, "state_required", true)) {
        return "Missing State parameter in request.";
    }
    if (state != NULL && !alphanumeric(state)) {
        return "Invalid State parameter in request.";
    }
    if (strcmp(json_str_or(query, "response_type", ""), "code") != 0) {
        return "Unsupported response_type.";
    }
    if (scope != NULL && scope[0] != '\0' && !listed(json_object_get(client, "scopes"), scope)) {
        return "Invalid scope.";
    }
    if (challenge == NULL && json_flag(settings, "require_pkce", false)) {
        return "Missing code_challenge parameter in request.";
    }
    if (challenge != NULL &&
        (strlen(challenge) != 43 ||
         strcmp(json_str_or(query, "code_challenge_method", ""), "S256") != 0)) {
        return "Invalid code_challenge.";
    }
    return NULL;
}

/* ---- the pages ---- */

static void show_login(struct sn_call *call, const char *id, const json_t *asked)
{
    json_t *instance = sn_instance(json_str(asked, "instance"));
    struct buf b = {0};
    page_begin(&b, "Log in", "servicenow");
    buf_add(&b, "<h1>Log in to ");
    buf_add_html(&b, json_str_or(instance, "name", ""));
    buf_addf(&b,
             "</h1><p>Who are you?</p><form method=\"post\" action=\"%s/login.do\">"
             "<input type=\"hidden\" name=\"request\" value=\"%s\">",
             call->base, id);
    const char *sys_id = NULL;
    json_t *user = NULL;
    json_object_foreach(json_object_get(json_object_get(instance, "tables"), "sys_user"), sys_id,
                        user)
    {
        const char *name = json_str_or(user, "user_name", "");
        if (strcmp(json_str_or(user, "active", ""), "true") != 0) {
            continue;
        }
        logins_add_person(&b, name, json_str_or(user, "name", ""));
    }
    buf_add(&b, "</form>");
    logins_show(call->req, &b);
}

static void show_consent(struct sn_call *call, const char *id, const json_t *asked)
{
    json_t *instance = sn_instance(json_str(asked, "instance"));
    json_t *user = sn_record(instance, sn_table("sys_user"), json_str_or(asked, "user", ""));
    struct buf b = {0};
    page_begin(&b, "Allow access?", "servicenow");
    buf_add(&b, "<h1>");
    buf_add_html(&b, json_str_or(sn_client(json_str(asked, "client_id")), "name", "An app"));
    buf_add(&b, " would like to connect to your ServiceNow account</h1><p>Signed in as <b>");
    buf_add_html(&b, json_str_or(user, "user_name", ""));
    buf_addf(&b,
             "</b>.</p><form method=\"post\" action=\"%s/oauth_auth_check.do\"><input "
             "type=\"hidden\" name=\"request\" value=\"%s\"><div class=\"row\">"
             "<button class=\"quiet\" name=\"decision\" value=\"deny\">Deny</button>"
             "<button name=\"decision\" value=\"allow\">Allow</button></div></form>",
             call->base, id);
    logins_show(call->req, &b);
}

void sn_authorize(struct sn_call *call)
{
    const json_t *query = call->req->query;
    const json_t *client = sn_client(json_str(query, "client_id"));
    const char *wrong = wrong_request(call, client);
    if (wrong != NULL) {
        say(call, 400, "Security constraint violated", wrong);
        return;
    }
    json_t *asked = json_pack(
        "{s:O, s:O, s:s?, s:s?, s:O, s:s}", "client_id", json_object_get(query, "client_id"),
        "redirect_uri", json_object_get(query, "redirect_uri"), "state", json_str(query, "state"),
        "challenge", json_str(query, "code_challenge"), "instance",
        json_object_get(client, "instance"), "scope", json_str_or(query, "scope", "useraccount"));
    char id[41];
    random_hex(id, 32);
    logins_keep(logins.requests, id, asked);
    const json_t *session = logins_session(&logins, call->req);
    if (session == NULL ||
        strcmp(json_str_or(session, "instance", ""), json_str_or(asked, "instance", "")) != 0) {
        show_login(call, id, asked);
    } else { /* signed in already: nobody asks for the account again */
        json_object_set(asked, "user", json_object_get(session, "user"));
        show_consent(call, id, asked);
    }
}

/* The form of a page and the request it is about, or NULL after an error page. */
static json_t *pending(struct sn_call *call, json_t **ret_form)
{
    json_t *form = logins_form(&logins, call->req);
    json_t *asked = form == NULL ? NULL : logins_pending(&logins, call->req, form);
    if (asked == NULL) {
        json_decref(form);
        return NULL;
    }
    *ret_form = form;
    return asked;
}

void sn_login(struct sn_call *call)
{
    json_t *form = NULL;
    json_t *asked = pending(call, &form);
    if (asked == NULL) {
        return;
    }
    json_t *user =
        user_named(sn_instance(json_str(asked, "instance")), json_str_or(form, "username", ""));
    if (user == NULL) {
        say(call, 400, "User name or password invalid", "There is no such account.");
    } else {
        json_object_set(asked, "user", json_object_get(user, "sys_id"));
        logins_sign_in(&logins, call->req,
                       json_pack("{s:O, s:O}", "instance", json_object_get(asked, "instance"),
                                 "user", json_object_get(user, "sys_id")));
        show_consent(call, json_str_or(form, "request", ""), asked);
    }
    json_decref(form);
}

/* The redirect back to the client; params begin with a name. */
static void send_back(struct sn_call *call, const json_t *asked, const char *name,
                      const char *value)
{
    const char *uri = json_str_or(asked, "redirect_uri", "");
    struct buf to = {0};
    buf_addf(&to, "%s%c%s=", uri, strchr(uri, '?') == NULL ? '?' : '&', name);
    buf_add_url(&to, value);
    if (json_str(asked, "state") != NULL) {
        buf_add(&to, "&state=");
        buf_add_url(&to, json_str(asked, "state"));
    }
    http_redirect(call->req, 302, to.data);
    buf_free(&to);
}

void sn_consent(struct sn_call *call)
{
    json_t *form = NULL;
    json_t *asked = pending(call, &form);
    if (asked == NULL) {
        return;
    }
    if (!logins_is_theirs(&logins, call->req, asked)) {
        json_decref(form);
        return;
    }
    json_incref(asked);
    json_object_del(logins.requests, json_str_or(form, "request", ""));
    if (strcmp(json_str_or(form, "decision", ""), "allow") == 0) {
        char *code = random_token("", 60);
        logins_grant(&logins, code, asked);
        send_back(call, asked, "code", code);
        free(code);
    } else {
        send_back(call, asked, "error", "access_denied");
    }
    json_decref(asked);
    json_decref(form);
}
