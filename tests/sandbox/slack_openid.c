/* Sign in with Slack (OpenID Connect): the browser's Slack session, the pages, the token. Plain
 * forms: GET authorize -> POST openid/connect/choose (slack_request, who) -> GET authorize ->
 * POST openid/connect/consent (slack_request, decision) -> redirect. */
#include "slack.h"

#include "faults.h"
#include "page.h"
#include "world.h"

#include <stdlib.h>
#include <string.h>

enum { CODE_TTL_MS = 600000, ID_TOKEN_TTL_S = 300, KEEP_MAX = 20000 };

static json_t *requests; /* id -> query of the authorize address */
static json_t *sessions; /* cookie -> {team: user}: signed in to several workspaces */
static json_t *codes;    /* code -> {client, team, user, redirect_uri, nonce, scope, since_ms} */
static json_t *consents; /* "client team/user" -> true */

static const char session_cookie[] = "sandbox_slack_session";

void slack_openid_reset(void)
{
    json_decref(requests);
    json_decref(sessions);
    json_decref(codes);
    json_decref(consents);
    requests = json_object();
    sessions = json_object();
    codes = json_object();
    consents = json_object();
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

/* ---- clients: the app itself, and further ones for sign-in alone ---- */

static const json_t *client_of(const char *id)
{
    const json_t *clients = json_object_get(json_object_get(slack_settings(), "openid"), "clients");
    const json_t *found = id == NULL ? NULL : json_object_get(clients, id);
    if (found == NULL && id != NULL && strcmp(id, slack_app("client_id")) == 0) {
        found = json_object_get(slack_settings(), "app");
    }
    return found;
}

static const char *client_secret(const json_t *client)
{
    return json_str_or(client, "secret", json_str_or(client, "client_secret", ""));
}

static bool redirect_known(const json_t *client, const char *uri)
{
    const json_t *list = json_object_get(client, "redirect_uris");
    for (size_t i = 0; uri != NULL && i < json_array_size(list); i++) {
        if (strcmp(json_string_value(json_array_get(list, i)), uri) == 0) {
            return true;
        }
    }
    return false;
}

/* ---- who is signed in ---- */

static json_t *session_of(struct request *req)
{
    const char *cookie = http_cookie(req, session_cookie);
    return cookie == NULL ? NULL : json_object_get(sessions, cookie);
}

/* The workspaces that `team` of the address allows: that one, one of that organisation, or any. */
static bool team_fits(const json_t *team, const char *hint)
{
    return hint == NULL || hint[0] == '\0' || strcmp(hint, json_str_or(team, "id", "")) == 0 ||
           strcmp(hint, json_str_or(team, "enterprise", "")) == 0;
}

/* The one session that fits the hint; NULL: none, or several. */
static const char *signed_in(struct request *req, const char *hint, json_t **ret_team)
{
    const char *found = NULL;
    const char *team_id = NULL;
    json_t *user = NULL;
    json_object_foreach(session_of(req), team_id, user)
    {
        json_t *team = slack_team(team_id);
        if (team != NULL && team_fits(team, hint)) {
            if (found != NULL) {
                return NULL;
            }
            found = json_string_value(user);
            *ret_team = team;
        }
    }
    return found;
}

/* ---- pages ---- */

static void page_form(struct buf *b, const char *base, const char *step, const char *request)
{
    buf_addf(b, "<form method=\"post\" action=\"%s/openid/connect/%s\">", base, step);
    buf_add(b, "<input type=\"hidden\" name=\"slack_request\" value=\"");
    buf_add_html(b, request);
    buf_add(b, "\">");
}

static void page_person(struct buf *b, const json_t *team, const json_t *user)
{
    buf_add(b, "<button class=\"person\" name=\"who\" value=\"");
    buf_add_html(b, json_str_or(team, "id", ""));
    buf_add(b, "/");
    buf_add_html(b, json_str_or(user, "id", ""));
    buf_add(b, "\">");
    buf_add_html(b, json_str_or(user, "real_name", ""));
    buf_add(b, "<small>");
    buf_add_html(b, json_str_or(team, "name", ""));
    buf_add(b, "</small></button>");
}

static void show_chooser(struct request *req, const char *base, const char *request,
                         const char *hint)
{
    struct buf b = {0};
    page_begin(&b, "Sign in to Slack", "slack");
    buf_add(&b, "<h1>Sign in to your workspace</h1><p>Who sits at this browser?</p>");
    page_form(&b, base, "choose", request);
    const char *team_id = NULL;
    json_t *team = NULL;
    json_object_foreach(slack_teams(), team_id, team)
    {
        const char *user_id = NULL;
        json_t *user = NULL;
        json_object_foreach(json_object_get(team, "users"), user_id, user)
        {
            bool member = !json_flag(user, "is_bot", false) && !json_flag(user, "deleted", false) &&
                          !json_flag(user, "is_stranger", false);
            if (member && team_fits(team, hint)) {
                page_person(&b, team, user);
            }
        }
    }
    buf_add(&b, "</form>");
    page_end(&b);
    http_reply_text(req, 200, "text/html; charset=utf-8", b.data);
    buf_free(&b);
}

static void show_consent(struct request *req, const char *base, const char *request,
                         const json_t *user)
{
    struct buf b = {0};
    page_begin(&b, "Sign in with Slack", "slack");
    buf_add(&b, "<h1>Workbot wants to know who you are</h1><p>Signed in as <b>");
    buf_add_html(&b, json_str_or(user, "real_name", ""));
    buf_add(&b, "</b>.</p>");
    page_form(&b, base, "consent", request);
    buf_add(&b, "<div class=\"row\"><button name=\"decision\" value=\"allow\">Allow</button>"
                "<button class=\"quiet\" name=\"decision\" value=\"deny\">Cancel</button></div>"
                "</form>");
    page_end(&b);
    http_reply_text(req, 200, "text/html; charset=utf-8", b.data);
    buf_free(&b);
}

/* ---- authorize ---- */

static const char *wrong_request(const json_t *query)
{
    const json_t *client = client_of(json_str(query, "client_id"));
    const char *scope = json_str_or(query, "scope", "");
    if (client == NULL) {
        return "Invalid client_id parameter";
    }
    if (!redirect_known(client, json_str(query, "redirect_uri"))) {
        return "redirect_uri did not match any configured URIs.";
    }
    if (strcmp(json_str_or(query, "response_type", ""), "code") != 0) {
        return "Invalid response_type: must be code";
    }
    for (const char *p = scope; *p != '\0';) {
        size_t len = strcspn(p, " ,");
        bool known = (len == 6 && strncmp(p, "openid", len) == 0) ||
                     (len == 7 && strncmp(p, "profile", len) == 0) ||
                     (len == 5 && strncmp(p, "email", len) == 0);
        if (!known) {
            return "Invalid permissions requested: sign-in scopes cannot be mixed with others";
        }
        p += len + strspn(p + len, " ,");
    }
    return strstr(scope, "openid") == NULL ? "Invalid permissions requested: openid is missing"
                                           : NULL;
}

static char *consent_key(const json_t *query, const json_t *team, const char *user)
{
    return xasprintf("%s %s/%s", json_str_or(query, "client_id", ""), json_str_or(team, "id", ""),
                     user);
}

static void send_back(struct request *req, const json_t *query, const char *name, const char *value)
{
    struct buf to = {0};
    const char *uri = json_str_or(query, "redirect_uri", "");
    buf_addf(&to, "%s%c%s=", uri, strchr(uri, '?') == NULL ? '?' : '&', name);
    buf_add_url(&to, value);
    if (json_str(query, "state") != NULL) {
        buf_add(&to, "&state=");
        buf_add_url(&to, json_str(query, "state"));
    }
    http_redirect(req, 302, to.data);
    buf_free(&to);
}

static void grant(struct request *req, const json_t *query, const json_t *team, const char *user)
{
    char *tail = random_token("", 40);
    char *code = xasprintf("%lld.%s", (long long)clock_now_ms(), tail);
    keep(codes, code,
         json_pack("{s:O, s:O, s:s, s:O, s:s?, s:s, s:I}", "client",
                   json_object_get(query, "client_id"), "team", json_object_get(team, "id"), "user",
                   user, "redirect_uri", json_object_get(query, "redirect_uri"), "nonce",
                   json_str(query, "nonce"), "scope", json_str_or(query, "scope", ""), "since_ms",
                   (json_int_t)clock_now_ms()));
    send_back(req, query, "code", code);
    free(tail);
    free(code);
}

/* On the way of a request whose query was checked. */
static void go_on(struct request *req, const char *base, const char *id, const json_t *query)
{
    json_t *team = NULL;
    const char *hint = json_str(query, "team");
    const char *user = signed_in(req, hint, &team);
    if (user == NULL || slack_user(team, user) == NULL) {
        show_chooser(req, base, id, hint);
        return;
    }
    char *key = consent_key(query, team, user);
    if (json_object_get(consents, key) != NULL) {
        grant(req, query, team, user);
    } else {
        show_consent(req, base, id, slack_user(team, user));
    }
    free(key);
}

static void authorize(struct request *req, const char *base)
{
    const char *wrong = wrong_request(req->query);
    if (wrong != NULL) {
        page_message(req, 400, "Something went wrong", wrong, "slack");
        return;
    }
    char *id = random_token("", 24);
    keep(requests, id, json_deep_copy(req->query));
    go_on(req, base, id, json_object_get(requests, id));
    free(id);
}

/* Signs the browser in: adds this workspace's person to its session. */
static void choose(struct request *req, const char *base, const json_t *form)
{
    const char *who = json_str_or(form, "who", "");
    const char *slash = strchr(who, '/');
    char *team_id = xstrndup(who, slash == NULL ? 0 : (size_t)(slash - who));
    json_t *team = slack_team(team_id);
    json_t *user = slash == NULL ? NULL : slack_user(team, slash + 1);
    free(team_id);
    const char *id = json_str_or(form, "slack_request", "");
    if (user == NULL || json_flag(user, "deleted", false)) {
        page_message(req, 403, "We couldn't sign you in", "No such person here.", "slack");
        return;
    }
    json_t *session = session_of(req);
    if (session == NULL) {
        char *cookie = random_token("", 32);
        session = json_object();
        keep(sessions, cookie, session);
        char *line =
            xasprintf("%s=%s; Path=/slack; HttpOnly; SameSite=Lax", session_cookie, cookie);
        http_reply_header(req, "Set-Cookie", line);
        free(line);
        free(cookie);
    }
    json_object_set(session, json_str_or(team, "id", ""), json_object_get(user, "id"));
    struct buf to = {0};
    buf_addf(&to, "%s/openid/connect/authorize?slack_request=", base);
    buf_add_url(&to, id);
    http_redirect(req, 303, to.data);
    buf_free(&to);
}

static void consent(struct request *req, const json_t *form, const json_t *query)
{
    json_t *team = NULL;
    const char *user = signed_in(req, json_str(query, "team"), &team);
    if (user == NULL) {
        page_message(req, 403, "Please sign in", "Nobody is signed in in this browser.", "slack");
    } else if (strcmp(json_str_or(form, "decision", ""), "allow") == 0) {
        char *key = consent_key(query, team, user);
        json_object_set_new(consents, key, json_true());
        free(key);
        grant(req, query, team, user);
    } else {
        send_back(req, query, "error", "access_denied");
    }
}

static void discovery(struct request *req)
{
    char *origin = http_origin(req);
    json_t *out = json_pack("{s:s, s:[s], s:[s], s:[s], s:[s,s], s:[s]}", "issuer", origin,
                            "response_types_supported", "code", "subject_types_supported", "public",
                            "id_token_signing_alg_values_supported", "RS256",
                            "token_endpoint_auth_methods_supported", "client_secret_post",
                            "client_secret_basic", "grant_types_supported", "authorization_code");
    static const char *const places[][2] = {
        {"authorization_endpoint", "/slack/openid/connect/authorize"},
        {"token_endpoint", "/slack/api/openid.connect.token"},
        {"userinfo_endpoint", "/slack/api/openid.connect.userInfo"},
        {"jwks_uri", "/slack/openid/connect/keys"},
    };
    for (size_t i = 0; i < sizeof places / sizeof places[0]; i++) {
        char *url = xasprintf("%s%s", origin, places[i][1]);
        json_object_set_new(out, places[i][0], json_string(url));
        free(url);
    }
    free(origin);
    http_reply_json(req, 200, out);
}

bool slack_openid(struct request *req, const char *path, const char *base)
{
    if (strcmp(path, "/.well-known/openid-configuration") == 0) {
        discovery(req);
        return true;
    }
    if (strcmp(path, "/openid/connect/keys") == 0) {
        http_reply_json(req, 200, slack_jwt_keys());
        return true;
    }
    const char *known = json_str(req->query, "slack_request");
    if (strcmp(path, "/openid/connect/authorize") == 0 && known == NULL) {
        authorize(req, base);
        return true;
    }
    json_t *form = form_decode(buf_text(&req->body), req->body.len);
    const char *id = known != NULL ? known : json_str_or(form, "slack_request", "");
    const json_t *query = json_object_get(requests, id);
    bool mine = strncmp(path, "/openid/connect/", 16) == 0;
    if (mine && query == NULL) {
        page_message(req, 400, "Something went wrong", "This request is not known.", "slack");
    } else if (mine && strcmp(path + 16, "authorize") == 0) {
        go_on(req, base, id, query);
    } else if (mine && strcmp(path + 16, "choose") == 0) {
        choose(req, base, form);
    } else if (mine && strcmp(path + 16, "consent") == 0) {
        consent(req, form, query);
    } else {
        mine = false;
    }
    json_decref(form);
    return mine;
}

/* ---- the token ---- */

static bool told(const char *fault)
{
    struct fault f;
    return fault_take("slack", fault, NULL, NULL, &f);
}

static void add_profile(json_t *claims, const json_t *user, const char *scope)
{
    if (strstr(scope, "email") != NULL) {
        json_object_set_new(claims, "email", json_string(json_str_or(user, "email", "")));
        json_object_set_new(claims, "email_verified", json_true());
        json_object_set_new(claims, "date_email_verified", json_integer(1700000000));
    }
    if (strstr(scope, "profile") != NULL) {
        json_object_set_new(claims, "name", json_string(json_str_or(user, "real_name", "")));
        json_object_set_new(claims, "locale", json_string("en-US"));
    }
}

static char *id_token(struct request *req, const json_t *code, const char *access_token)
{
    json_t *team = slack_team(json_str(code, "team"));
    const char *user_id = json_str_or(code, "user", "");
    char *origin = http_origin(req);
    char *half = slack_jwt_half_hash(access_token);
    int64_t now = clock_now_ms() / 1000;
    int64_t expires = told("id_token_expired") ? now - 600 : now + ID_TOKEN_TTL_S;
    json_t *claims =
        json_pack("{s:s, s:s, s:s, s:I, s:I, s:I, s:s, s:s, s:s}", "iss",
                  told("id_token_iss") ? "https://slack.example" : origin, "sub", user_id, "aud",
                  told("id_token_aud") ? "1000000001.9999999999" : json_str_or(code, "client", ""),
                  "exp", (json_int_t)expires, "iat", (json_int_t)(expires - ID_TOKEN_TTL_S),
                  "auth_time", (json_int_t)(now - 60), "at_hash", half, "https://slack.com/user_id",
                  user_id, "https://slack.com/team_id", json_str_or(team, "id", ""));
    if (told("id_token_nonce")) {
        json_object_set_new(claims, "nonce", json_string("another-nonce"));
    } else if (!told("id_token_no_nonce") && json_str(code, "nonce") != NULL) {
        json_object_set(claims, "nonce", json_object_get(code, "nonce"));
    }
    add_profile(claims, slack_user(team, user_id), json_str_or(code, "scope", ""));
    char *token = slack_jwt_sign(claims);
    json_decref(claims);
    free(half);
    free(origin);
    return token;
}

json_t *slack_openid_token(struct request *req, const json_t *args)
{
    struct slack_client who;
    slack_client_read(req, args, &who);
    const json_t *client = client_of(who.id);
    const char *error = client == NULL                                  ? "invalid_client_id"
                        : !text_same(who.secret, client_secret(client)) ? "bad_client_secret"
                                                                        : NULL;
    const char *grant_type = json_str_or(args, "grant_type", "authorization_code");
    json_t *code = json_object_get(codes, json_str_or(args, "code", ""));
    if (error == NULL && strcmp(grant_type, "authorization_code") != 0) {
        error = "invalid_grant_type";
    }
    if (error == NULL && (code == NULL || json_flag(code, "used", false) ||
                          strcmp(json_str_or(code, "client", ""), who.id) != 0 ||
                          clock_now_ms() - json_int_or(code, "since_ms", 0) > CODE_TTL_MS)) {
        error = "invalid_code";
    }
    if (error == NULL &&
        strcmp(json_str_or(code, "redirect_uri", ""), json_str_or(args, "redirect_uri", "")) != 0) {
        error = "bad_redirect_uri";
    }
    slack_client_free(&who);
    if (error != NULL) {
        return slack_error(error);
    }
    json_object_set_new(code, "used", json_true());
    char *access = random_token("xoxp-sample-", 36);
    json_object_set_new(slack_tokens(), access,
                        json_pack("{s:O, s:O, s:s, s:[s], s:b}", "team",
                                  json_object_get(code, "team"), "user",
                                  json_object_get(code, "user"), "kind", "user", "scopes", "openid",
                                  "revoked", false));
    char *token = id_token(req, code, access);
    json_t *answer = json_pack("{s:b, s:s, s:s, s:s}", "ok", true, "access_token", access,
                               "token_type", "Bearer", "id_token", token);
    free(access);
    free(token);
    return answer;
}

static json_t *user_info(struct slack_call *call)
{
    const char *user_id = json_str(call->token, "user");
    json_t *user = slack_user(call->team, user_id);
    if (user == NULL || strcmp(json_str_or(call->token, "kind", ""), "user") != 0) {
        return slack_error("not_allowed_token_type");
    }
    const json_t *org = slack_org(call->team);
    json_t *out = json_pack("{s:b, s:s, s:s, s:O, s:O, s:O}", "ok", true, "sub", user_id,
                            "https://slack.com/user_id", user_id, "https://slack.com/team_id",
                            json_object_get(call->team, "id"), "https://slack.com/team_name",
                            json_object_get(call->team, "name"), "https://slack.com/team_domain",
                            json_object_get(call->team, "domain"));
    if (org != NULL) {
        json_object_set(out, "https://slack.com/enterprise_id", json_object_get(org, "id"));
    }
    add_profile(out, user, "email profile");
    return out;
}

const struct slack_method slack_openid_methods[] = {
    {"openid.connect.userInfo", "openid", false, user_info},
    {NULL, NULL, false, NULL},
};
