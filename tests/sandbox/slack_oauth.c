/* "Add to Slack": the authorize page and oauth.v2.access. */
#include "slack.h"

#include "page.h"
#include "world.h"

#include <stdlib.h>
#include <string.h>

enum { CODE_TTL_MS = 600000 };

static json_t *codes; /* code -> {team, user, redirect_uri, scopes[], since_ms, used} */

void slack_oauth_reset(void)
{
    json_decref(codes);
    codes = json_object();
}

json_t *slack_scopes_split(const char *text)
{
    json_t *scopes = json_array();
    for (const char *p = text; *p != '\0';) {
        size_t len = strcspn(p, ", ");
        if (len > 0) {
            json_array_append_new(scopes, json_stringn(p, len));
        }
        p += len + strspn(p + len, ", ");
    }
    return scopes;
}

/* Equal to a configured address or a path below one. */
static bool redirect_allowed(const char *uri)
{
    const json_t *list = json_object_get(json_object_get(slack_settings(), "app"), "redirect_uris");
    for (size_t i = 0; uri != NULL && i < json_array_size(list); i++) {
        const char *base = json_string_value(json_array_get(list, i));
        size_t len = strlen(base);
        if (strncmp(uri, base, len) == 0 && strchr(uri, '#') == NULL &&
            (uri[len] == '\0' || uri[len] == '/' || base[len - 1] == '/')) {
            return true;
        }
    }
    return false;
}

static bool may_install(const json_t *user)
{
    return user != NULL && !json_flag(user, "is_bot", false) &&
           !json_flag(user, "deleted", false) && !json_flag(user, "is_stranger", false) &&
           !json_flag(user, "is_restricted", false);
}

static void list_installer(struct buf *b, const json_t *owner, const json_t *user, bool chosen)
{
    buf_addf(b, "<option value=\"%s/%s\"%s>", json_str_or(owner, "id", ""),
             json_str_or(user, "id", ""), chosen ? " selected" : "");
    buf_add_html(b, json_str_or(owner, "name", ""));
    buf_add(b, ": ");
    buf_add_html(b, json_str_or(user, "real_name", ""));
    buf_add(b, "</option>");
}

/* Workspaces with their members, then organisations with their admins. */
static void list_installers(struct buf *b, const char *hint)
{
    const char *id = NULL;
    json_t *owner = NULL;
    json_object_foreach(slack_teams(), id, owner)
    {
        const char *user_id = NULL;
        json_t *user = NULL;
        json_object_foreach(json_object_get(owner, "users"), user_id, user)
        {
            if (may_install(user)) {
                bool own = strcmp(json_str_or(owner, "installer", ""), user_id) == 0;
                list_installer(b, owner, user, own && (hint[0] == '\0' || strcmp(hint, id) == 0));
            }
        }
    }
    json_object_foreach(slack_orgs(), id, owner)
    {
        size_t i = 0;
        json_t *user = NULL;
        json_array_foreach(json_object_get(owner, "users"), i, user)
        {
            if (json_flag(user, "is_admin", false)) {
                list_installer(b, owner, user, strcmp(hint, id) == 0);
            }
        }
    }
}

static void show_choice(struct request *req, const char *base)
{
    struct buf b = {0};
    page_begin(&b, "Add Workbot to Slack", "slack");
    buf_add(&b, "<h1>Workbot is requesting permission to access a workspace</h1>"
                "<p>Choose the workspace, and who installs.</p><ul class=\"scopes\">");
    json_t *scopes = slack_scopes_split(json_str_or(req->query, "scope", ""));
    for (size_t i = 0; i < json_array_size(scopes); i++) {
        buf_add(&b, "<li>");
        buf_add_html(&b, json_string_value(json_array_get(scopes, i)));
        buf_add(&b, "</li>");
    }
    json_decref(scopes);
    buf_addf(&b, "</ul><form method=\"post\" action=\"%s/oauth/v2/authorize?", base);
    buf_add_html(&b, req->query_text);
    buf_add(&b, "\"><label for=\"installer\">Workspace and person</label>"
                "<select id=\"installer\" name=\"installer\">");
    list_installers(&b, json_str_or(req->query, "team", ""));
    buf_add(&b, "</select><div class=\"row\"><button name=\"decision\" value=\"allow\">Allow"
                "</button><button class=\"quiet\" name=\"decision\" value=\"deny\">Cancel</button>"
                "</div></form>");
    page_end(&b);
    http_reply_text(req, 200, "text/html; charset=utf-8", b.data);
    buf_free(&b);
}

static bool owner_has(const char *owner, const char *user)
{
    const json_t *people = json_object_get(slack_org_by_id(owner), "users");
    for (size_t i = 0; i < json_array_size(people); i++) {
        const json_t *person = json_array_get(people, i);
        if (strcmp(json_str_or(person, "id", ""), user) == 0) {
            return json_flag(person, "is_admin", false);
        }
    }
    json_t *team = slack_team(owner);
    return team != NULL && may_install(slack_user(team, user));
}

char *slack_oauth_code(const char *owner, const char *user, const char *redirect_uri,
                       const json_t *scopes)
{
    if (!owner_has(owner, user)) {
        return NULL;
    }
    char *tail = random_token("", 40);
    char *code = xasprintf("%lld.%s", (long long)clock_now_ms(), tail);
    json_object_set_new(codes, code,
                        json_pack("{s:s, s:s, s:s?, s:O, s:I, s:b}", "owner", owner, "user", user,
                                  "redirect_uri", redirect_uri, "scopes", scopes, "since_ms",
                                  (json_int_t)clock_now_ms(), "used", false));
    free(tail);
    return code;
}

/* The scopes asked for, or those of them that the person left ticked ("scopes" of the form). */
static char *new_code(struct request *req, const json_t *form)
{
    const char *installer = json_str_or(form, "installer", "");
    const char *slash = strchr(installer, '/');
    char *owner = xstrndup(installer, slash == NULL ? 0 : (size_t)(slash - installer));
    json_t *scopes =
        slack_scopes_split(json_str_or(form, "scopes", json_str_or(req->query, "scope", "")));
    char *code = slash == NULL ? NULL
                               : slack_oauth_code(owner, slash + 1,
                                                  json_str(req->query, "redirect_uri"), scopes);
    json_decref(scopes);
    free(owner);
    return code;
}

static void decide(struct request *req)
{
    json_t *form = form_decode(buf_text(&req->body), req->body.len);
    struct buf to = {0};
    const char *uri = json_str_or(req->query, "redirect_uri", "");
    bool allow = strcmp(json_str_or(form, "decision", ""), "allow") == 0;
    char *code = allow ? new_code(req, form) : NULL;
    if (allow && code == NULL) {
        http_reply_text(req, 400, "text/plain", "unknown installer\n");
    } else {
        buf_addf(&to, "%s%c", uri, strchr(uri, '?') == NULL ? '?' : '&');
        buf_add(&to, allow ? "code=" : "error=access_denied");
        buf_add_url(&to, code == NULL ? "" : code);
        buf_add(&to, "&state=");
        buf_add_url(&to, json_str_or(req->query, "state", ""));
        http_redirect(req, 302, to.data);
    }
    free(code);
    buf_free(&to);
    json_decref(form);
}

const char *slack_authorize_wrong(const json_t *query)
{
    if (strcmp(json_str_or(query, "client_id", ""), slack_app("client_id")) != 0) {
        return "Invalid client_id parameter";
    }
    if (!redirect_allowed(json_str(query, "redirect_uri"))) {
        return "redirect_uri did not match any configured URIs. Passed URI: see the address bar";
    }
    const char *scope = json_str_or(query, "scope", "");
    if (scope[0] == '\0') {
        return "Invalid permissions requested: no scopes requested";
    }
    return strstr(scope, "openid") == NULL
               ? NULL
               : "Invalid permissions requested: sign-in scopes cannot be mixed with others";
}

void slack_authorize(struct request *req, const char *rest, const char *base)
{
    (void)rest;
    const char *wrong = slack_authorize_wrong(req->query);
    if (wrong != NULL) {
        page_message(req, 400, "Something went wrong", wrong, "slack");
    } else if (http_is(req, "POST")) {
        decide(req);
    } else {
        show_choice(req, base);
    }
}

void slack_client_read(struct request *req, const json_t *args, struct slack_client *ret)
{
    const char *header = http_header(req, "Authorization");
    ret->pair = header != NULL && strncmp(header, "Basic ", 6) == 0
                    ? base64_decode(header + 6, NULL)
                    : NULL;
    char *colon = ret->pair == NULL ? NULL : strchr(ret->pair, ':');
    if (colon != NULL) {
        *colon = '\0';
    }
    ret->id = colon != NULL ? ret->pair : json_str_or(args, "client_id", "");
    ret->secret = colon != NULL ? colon + 1 : json_str_or(args, "client_secret", "");
}

void slack_client_free(struct slack_client *client)
{
    free(client->pair);
}

static const char *check_client(struct request *req, const json_t *args)
{
    struct slack_client who;
    slack_client_read(req, args, &who);
    const char *error = strcmp(who.id, slack_app("client_id")) != 0          ? "invalid_client_id"
                        : !text_same(who.secret, slack_app("client_secret")) ? "bad_client_secret"
                                                                             : NULL;
    slack_client_free(&who);
    return error;
}

static const char *check_code(json_t *code, const json_t *args)
{
    int64_t age = code == NULL ? 0 : clock_now_ms() - json_int_or(code, "since_ms", 0);
    if (code == NULL || json_flag(code, "used", false)) {
        return "invalid_code";
    }
    if (age > CODE_TTL_MS) {
        return "code_expired";
    }
    const char *sent = json_str_or(code, "redirect_uri", "");
    return strcmp(sent, json_str_or(args, "redirect_uri", "")) == 0 ? NULL : "bad_redirect_uri";
}

static char *scopes_joined(const json_t *scopes)
{
    struct buf b = {0};
    buf_add(&b, "");
    for (size_t i = 0; i < json_array_size(scopes); i++) {
        buf_addf(&b, "%s%s", i == 0 ? "" : ",", json_string_value(json_array_get(scopes, i)));
    }
    return b.data;
}

/* What oauth.v2.access answers for an installation, with a new token. */
static json_t *token_answer(json_t *install)
{
    const char *id = json_str_or(install, "id", "");
    bool org = json_flag(install, "org", false);
    const json_t *team = slack_team(id);
    const json_t *enterprise = org ? slack_org_by_id(id) : slack_org(team);
    const json_t *bot = json_object_get(org ? enterprise : team, "bot");
    char *scope = scopes_joined(json_object_get(install, "scopes"));
    json_t *answer =
        json_pack("{s:b, s:s, s:s, s:s, s:s, s:n, s:n, s:b}", "ok", true, "token_type", "bot",
                  "scope", scope, "bot_user_id", json_str_or(bot, "user_id", ""), "app_id",
                  slack_app("app_id"), "team", "enterprise", "is_enterprise_install", org);
    free(scope);
    if (!org) {
        json_object_set_new(answer, "team",
                            json_pack("{s:O, s:O}", "id", json_object_get(team, "id"), "name",
                                      json_object_get(team, "name")));
    }
    if (enterprise != NULL) {
        json_object_set_new(answer, "enterprise",
                            json_pack("{s:O, s:O}", "id", json_object_get(enterprise, "id"), "name",
                                      json_object_get(enterprise, "name")));
    }
    slack_install_issue(install, answer);
    return answer;
}

static json_t *access_refresh(const json_t *args)
{
    json_t *install = NULL;
    const char *error = slack_install_refresh(json_str_or(args, "refresh_token", ""), &install);
    return error != NULL ? slack_error(error) : token_answer(install);
}

static json_t *access_code(const json_t *args)
{
    json_t *code = json_object_get(codes, json_str_or(args, "code", ""));
    const char *error = check_code(code, args);
    const char *owner = json_str_or(code, "owner", "");
    if (error == NULL && slack_org_install(slack_team(owner))) {
        error = "cannot_install_an_org_installed_app";
    }
    if (error != NULL) {
        return slack_error(error);
    }
    json_object_set_new(code, "used", json_true());
    json_t *answer = token_answer(
        slack_install_add(owner, slack_org_by_id(owner) != NULL, json_object_get(code, "scopes")));
    json_object_set_new(answer, "authed_user",
                        json_pack("{s:O}", "id", json_object_get(code, "user")));
    world_touch();
    return answer;
}

json_t *slack_oauth_access(struct request *req, const json_t *args)
{
    const char *error = check_client(req, args);
    if (error != NULL) {
        return slack_error(error);
    }
    const char *type = json_str_or(args, "grant_type", "authorization_code");
    if (strcmp(type, "refresh_token") == 0) {
        return access_refresh(args);
    }
    return strcmp(type, "authorization_code") == 0 ? access_code(args)
                                                   : slack_error("invalid_grant_type");
}

/* The installation behind a token argument; NULL: *ret_error tells. */
static json_t *install_behind(const json_t *args, const char **ret_error)
{
    const json_t *held = json_object_get(slack_tokens(), json_str_or(args, "token", ""));
    const char *org = json_str(held, "enterprise");
    json_t *install = slack_install_of(org != NULL ? org : json_str(held, "team"));
    *ret_error = held == NULL || install == NULL     ? "invalid_auth"
                 : json_flag(held, "revoked", false) ? "token_revoked"
                                                     : NULL;
    return install;
}

json_t *slack_oauth_exchange(struct request *req, const json_t *args)
{
    const char *error = check_client(req, args);
    json_t *install = error == NULL ? install_behind(args, &error) : NULL;
    json_t *held = json_object_get(slack_tokens(), json_str_or(args, "token", ""));
    if (error == NULL &&
        (json_object_get(held, "expires_ms") != NULL || !json_flag(held, "exchangeable", true))) {
        error = "invalid_grant"; /* each token once, and only one that does not rotate */
    }
    if (error != NULL) {
        return slack_error(error);
    }
    json_object_set_new(held, "exchangeable", json_false());
    return token_answer(install);
}

json_t *slack_apps_uninstall(struct request *req, const json_t *args)
{
    const char *error = check_client(req, args);
    json_t *install = error == NULL ? install_behind(args, &error) : NULL;
    if (error != NULL) {
        return slack_error(error);
    }
    char *id = xstrdup(json_str_or(install, "id", ""));
    slack_install_end(id);
    free(id);
    return json_pack("{s:b}", "ok", true);
}
