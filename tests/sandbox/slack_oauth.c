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

static json_t *split_scopes(const char *text)
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

static void show_choice(struct request *req, const char *base)
{
    struct buf b = {0};
    page_begin(&b, "Add Workbot to Slack", "slack");
    buf_add(&b, "<h1>Workbot is requesting permission to access a workspace</h1>"
                "<p>Choose the workspace, and who installs.</p><ul class=\"scopes\">");
    json_t *scopes = split_scopes(json_str_or(req->query, "scope", ""));
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
    const char *team_id = NULL;
    json_t *team = NULL;
    json_object_foreach(slack_teams(), team_id, team)
    {
        const char *user_id = NULL;
        json_t *user = NULL;
        json_object_foreach(json_object_get(team, "users"), user_id, user)
        {
            if (json_flag(user, "is_bot", false) || json_flag(user, "deleted", false) ||
                json_flag(user, "is_stranger", false)) {
                continue;
            }
            bool chosen = strcmp(json_str_or(team, "installer", ""), user_id) == 0;
            buf_addf(&b, "<option value=\"%s/%s\"%s>", team_id, user_id, chosen ? " selected" : "");
            buf_add_html(&b, json_str_or(team, "name", ""));
            buf_add(&b, ": ");
            buf_add_html(&b, json_str_or(user, "real_name", ""));
            buf_add(&b, "</option>");
        }
    }
    buf_add(&b, "</select><div class=\"row\"><button name=\"decision\" value=\"allow\">Allow"
                "</button><button class=\"quiet\" name=\"decision\" value=\"deny\">Cancel</button>"
                "</div></form>");
    page_end(&b);
    http_reply_text(req, 200, "text/html; charset=utf-8", b.data);
    buf_free(&b);
}

static char *new_code(struct request *req, const json_t *form)
{
    const char *installer = json_str_or(form, "installer", "");
    const char *slash = strchr(installer, '/');
    char *team_id = slash == NULL ? xstrdup("") : xstrndup(installer, (size_t)(slash - installer));
    json_t *team = slack_team(team_id);
    json_t *user = slash == NULL || team == NULL ? NULL : slack_user(team, slash + 1);
    char *code = NULL;
    if (user != NULL) {
        char *tail = random_token("", 40);
        code = xasprintf("%lld.%s", (long long)clock_now_ms(), tail);
        free(tail);
        json_object_set_new(codes, code,
                            json_pack("{s:s, s:s, s:s?, s:o, s:I, s:b}", "team", team_id, "user",
                                      slash + 1, "redirect_uri",
                                      json_str(req->query, "redirect_uri"), "scopes",
                                      split_scopes(json_str_or(req->query, "scope", "")),
                                      "since_ms", (json_int_t)clock_now_ms(), "used", false));
    }
    free(team_id);
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

void slack_authorize(struct request *req, const char *rest, const char *base)
{
    (void)rest;
    const char *wrong = NULL;
    if (strcmp(json_str_or(req->query, "client_id", ""), slack_app("client_id")) != 0) {
        wrong = "Invalid client_id parameter";
    } else if (!redirect_allowed(json_str(req->query, "redirect_uri"))) {
        wrong = "redirect_uri did not match any configured URIs. Passed URI: see the address bar";
    } else if (json_str_or(req->query, "scope", "")[0] == '\0') {
        wrong = "Invalid permissions requested: no scopes requested";
    }
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

json_t *slack_oauth_access(struct request *req, const json_t *args)
{
    const char *error = check_client(req, args);
    json_t *code = json_object_get(codes, json_str_or(args, "code", ""));
    if (error == NULL) {
        error = check_code(code, args);
    }
    if (error != NULL) {
        return slack_error(error);
    }
    json_object_set_new(code, "used", json_true());
    json_t *team = slack_team(json_str(code, "team"));
    json_t *scopes = json_object_get(code, "scopes");
    char *token = random_token("xoxb-sample-", 36);
    json_object_set_new(slack_tokens(), token,
                        json_pack("{s:O, s:O, s:b}", "team", json_object_get(code, "team"),
                                  "scopes", scopes, "revoked", false));
    struct buf granted = {0};
    buf_add(&granted, "");
    for (size_t i = 0; i < json_array_size(scopes); i++) {
        buf_addf(&granted, "%s%s", i == 0 ? "" : ",", json_string_value(json_array_get(scopes, i)));
    }
    json_t *answer = json_pack(
        "{s:b, s:s, s:s, s:s, s:s, s:s, s:{s:O, s:O}, s:n, s:b, s:{s:O}}", "ok", true,
        "access_token", token, "token_type", "bot", "scope", granted.data, "bot_user_id",
        slack_bot(team, "user_id"), "app_id", slack_app("app_id"), "team", "id",
        json_object_get(team, "id"), "name", json_object_get(team, "name"), "enterprise",
        "is_enterprise_install", false, "authed_user", "id", json_object_get(code, "user"));
    buf_free(&granted);
    free(token);
    return answer;
}
