/* How Slack gives the bot its token: the authorize page, the exchange, the refresh, the end
 * (docs.slack.dev/authentication/installing-with-oauth, .../using-token-rotation). */
#include "chat_int.h"

#include <string.h>

#include "base/json.h"
#include "base/str.h"
#include "crypto.h"

static char *scopes_text(arena *mem)
{
    struct str s = str_new(mem, 1024);
    const char *const *scopes = chat_slack_scopes();
    for (size_t i = 0; scopes[i] != NULL; i++) {
        str_printf(&s, "%s%s", i == 0 ? "" : ",", scopes[i]);
    }
    return s.text;
}

char *chat_slack_authorize_url(const chats *c, arena *mem, const char *redirect_uri,
                               const char *state, const char *team)
{
    const struct net_field fields[] = {{.name = "client_id", .value = c->settings.slack_client_id},
                                       {.name = "scope", .value = scopes_text(mem)},
                                       {.name = "redirect_uri", .value = redirect_uri},
                                       {.name = "state", .value = state},
                                       {.name = team == NULL ? NULL : "team", .value = team},
                                       {.name = NULL}};
    return arena_printf(mem, "%s/oauth/v2/authorize?%s", c->settings.slack_url,
                        net_form(mem, fields));
}

/* --- oauth.v2.access --- */

/* Slack limits this method by app; whom it has refused rests, and nobody else: strangers who
 * install in vain must not keep a workspace from its new token. */
static const char INSTALLS[] = "";

static int token_call(chats *c, arena *mem, const char *whose, struct slack_call *call,
                      json_t **ret, struct err *e)
{
    const struct chat_access nobody = {.workspace = whose};
    call->method = "oauth.v2.access";
    call->writes = true;
    call->basic = net_basic_credential(mem, c->settings.slack_client_id,
                                       c->settings.slack_client_secret, crypto_base64);
    return slack_api(c, mem, &nobody, call, ret, e);
}

static int read_tokens(arena *mem, const json_t *answer, struct chat_grant *ret, struct err *e)
{
    int64_t expires_in_s = json_i64(answer, "expires_in");
    *ret = (struct chat_grant){.access = secret_of(mem, json_text(answer, "access_token")),
                               .refresh = secret_of(mem, json_text(answer, "refresh_token")),
                               .expires_in_s = expires_in_s > 0 ? expires_in_s : 0};
    if (secret_empty(ret->access) || !str_equal(json_text(answer, "token_type"), "bot")) {
        return err_set(e, ERR_UPSTREAM_REFUSED, "chat_refused",
                       "oauth.v2.access: the answer holds no bot token");
    }
    return 0;
}

static const char **read_scopes(arena *mem, const char *text, size_t *ret_count)
{
    size_t room = 1, count = 0;
    for (const char *at = text; at != NULL && *at != '\0'; at++) {
        room += *at == ',' ? 1 : 0;
    }
    const char **list = arena_array(mem, room, sizeof *list);
    for (const char *at = text; at != NULL && *at != '\0';) {
        size_t len = strcspn(at, ",");
        if (len > 0) {
            list[count++] = arena_strndup(mem, at, len);
        }
        at += len + (at[len] == ',' ? 1 : 0);
    }
    *ret_count = count;
    return list;
}

/* The team of an org-wide installation counts for nothing: it is the organisation's. */
static int read_grant(arena *mem, const json_t *answer, struct slack_grant *ret, struct err *e)
{
    const json_t *team = json_member(answer, "team"), *org = json_member(answer, "enterprise");
    const char *org_id = slack_id(answer, "enterprise");
    bool org_wide = slack_flag(answer, "is_enterprise_install");
    struct slack_tenant at = slack_tenant_of(mem, slack_id(answer, "team"), org_id, org_wide);
    struct slack_grant g = {.app = slack_id(answer, "app_id"),
                            .workspace = at.workspace,
                            .name = json_text(org_wide ? org : team, "name"),
                            .user_id = slack_id(json_member(answer, "authed_user"), "id"),
                            .bot_user_id = slack_id(answer, "bot_user_id"),
                            .organization = org_id,
                            .org_wide = org_wide};
    if (g.workspace == NULL || g.user_id == NULL || g.bot_user_id == NULL) {
        return err_set(e, ERR_UPSTREAM_REFUSED, "chat_refused",
                       "oauth.v2.access: the answer does not say who installed what where");
    }
    g.scopes = read_scopes(mem, json_text(answer, "scope"), &g.scopes_count);
    *ret = g;
    return read_tokens(mem, answer, &ret->tokens, e);
}

/* The answer to the code does not hold the bot's id, url and teams; without them it works too. */
int chat_slack_examine(chats *c, arena *mem, struct slack_grant *g, struct err *e)
{
    const struct chat_access a = {.workspace = g->workspace, .bot_token = g->tokens.access};
    struct chat_self self = {.user_id = NULL};
    struct err why = {0};
    if (!str_equal(g->app, c->settings.slack_app_id)) {
        return err_set(e, ERR_FORBIDDEN, "slack_app",
                       "oauth.v2.access: the token is another app's than WORKBOT_SLACK_APP_ID");
    }
    if (slack_check(c, mem, &a, &self, e) != 0) {
        return err_fate(e->kind) == FATE_AGAIN ? 0 : -1;
    }
    g->bot_id = self.bot_id;
    g->url = self.url;
    if (g->org_wide && slack_teams(c, mem, &a, &g->teams, &g->teams_count, &why) != 0) {
        g->teams_count = 0; /* each is told again when an admin adds it */
    }
    return 0;
}

int chat_slack_exchange(chats *c, arena *mem, const char *code, const char *redirect_uri,
                        struct slack_grant *ret, struct err *e)
{
    struct slack_call call = {0};
    json_t *answer = NULL;
    slack_call_add(&call, "code", code);
    slack_call_add(&call, "redirect_uri", redirect_uri);
    if (token_call(c, mem, INSTALLS, &call, &answer, e) != 0) {
        return -1;
    }
    return read_grant(mem, answer, ret, e);
}

int slack_refresh(chats *c, arena *mem, const char *workspace, struct secret refresh,
                  struct chat_grant *ret, struct err *e)
{
    struct slack_call call = {0};
    json_t *answer = NULL;
    slack_call_add(&call, "grant_type", "refresh_token");
    call.fields[call.count++] = (struct net_field){.name = "refresh_token", .secret = refresh};
    if (token_call(c, mem, workspace, &call, &answer, e) != 0) {
        /* an outage that says so took nothing: only an answer that never came may have */
        e->maybe_done = e->maybe_done && !str_equal(e->code, "chat_busy");
        return -1;
    }
    return read_tokens(mem, answer, ret, e);
}

/* --- is it alive, and the end of it --- */

int slack_check(chats *c, arena *mem, const struct chat_access *a, struct chat_self *ret,
                struct err *e)
{
    struct slack_call call = {.method = "auth.test"};
    json_t *answer = NULL;
    if (slack_api(c, mem, a, &call, &answer, e) != 0) {
        return -1;
    }
    const char *url = json_text(answer, "url");
    const struct slack_tenant at =
        slack_tenant_of(mem, slack_id(answer, "team_id"), slack_id(answer, "enterprise_id"),
                        slack_flag(answer, "is_enterprise_install"));
    *ret = (struct chat_self){.workspace = at.workspace,
                              .user_id = slack_id(answer, "user_id"),
                              .bot_id = slack_id(answer, "bot_id"),
                              .url = str_starts(url, "https://") && strlen(url) < 200 ? url : NULL};
    return 0;
}

/* The client speaks, and of this token: both stand in the body. */
static int uninstall_app(chats *c, arena *mem, const struct slack_grant *g, struct err *e)
{
    const struct chat_access a = {.workspace = g->workspace};
    struct slack_call call = {.method = "apps.uninstall", .writes = true};
    json_t *answer = NULL;
    slack_call_add(&call, "client_id", c->settings.slack_client_id);
    call.fields[call.count++] =
        (struct net_field){.name = "client_secret", .secret = c->settings.slack_client_secret};
    call.fields[call.count++] = (struct net_field){.name = "token", .secret = g->tokens.access};
    return slack_api(c, mem, &a, &call, &answer, e);
}

static int revoke_token(chats *c, arena *mem, const struct slack_grant *g, struct err *e)
{
    const struct chat_access a = {.workspace = g->workspace, .bot_token = g->tokens.access};
    struct slack_call call = {.method = "auth.revoke"};
    json_t *answer = NULL;
    return slack_api(c, mem, &a, &call, &answer, e);
}

enum slack_back chat_slack_hand_back(chats *c, arena *mem, const struct slack_grant *g,
                                     struct err *ret_why)
{
    struct err why = {0};
    if (uninstall_app(c, mem, g, ret_why) == 0) {
        return SLACK_BACK_REMOVED;
    }
    if (revoke_token(c, mem, g, &why) != 0) {
        bool gone = ret_why->maybe_done && str_equal(why.code, "chat_dead");
        return gone ? SLACK_BACK_REMOVED : SLACK_BACK_STANDS;
    }
    return secret_empty(g->tokens.refresh) ? SLACK_BACK_REVOKED : SLACK_BACK_STANDS;
}

/* --- an organisation's workspaces --- */

enum { TEAMS_MAX = 2000, TEAMS_PAGE = 200, CURSOR_MAX = 200 };

static const char *next_cursor(const json_t *answer)
{
    const char *cursor = json_string_value(json_at(answer, "response_metadata.next_cursor"));
    return str_empty(cursor) || strlen(cursor) > CURSOR_MAX ? NULL : cursor;
}

int slack_teams(chats *c, arena *mem, const struct chat_access *a, const char ***ret,
                size_t *ret_count, struct err *e)
{
    const char **list = arena_array(mem, TEAMS_MAX, sizeof *list);
    const char *cursor = NULL;
    size_t count = 0;
    do {
        struct slack_call call = {.method = "auth.teams.list"};
        json_t *answer = NULL;
        slack_call_add(&call, "limit", arena_printf(mem, "%d", TEAMS_PAGE));
        slack_call_add(&call, "cursor", cursor);
        if (slack_api(c, mem, a, &call, &answer, e) != 0) {
            return -1;
        }
        const json_t *teams = json_member(answer, "teams");
        for (size_t i = 0; i < json_array_size(teams) && count < TEAMS_MAX; i++) {
            const char *id = slack_id(json_array_get(teams, i), "id");
            if (id != NULL) {
                list[count++] = arena_printf(mem, "%s%s", slack_driver.prefix, id);
            }
        }
        cursor = json_array_size(teams) == 0 ? NULL : next_cursor(answer);
    } while (cursor != NULL && count < TEAMS_MAX);
    *ret = list;
    *ret_count = count;
    return 0;
}

/* --- where to go in a browser --- */

/* Pages of people stand on app.slack.com, or where the stand-in for all of Slack is. */
static char *app_base(const chats *c, arena *mem)
{
    static const char scheme[] = "https://";
    const char *url = c->settings.slack_url;
    return str_starts(url, scheme) ? arena_printf(mem, "https://app.%s", url + strlen(scheme))
                                   : arena_strdup(mem, url);
}

char *chat_slack_add_teams_url(const chats *c, arena *mem, const char *organization)
{
    return arena_printf(mem, "%s/manage/%s/integrations/profile/%s/workspaces/add",
                        app_base(c, mem), organization, c->settings.slack_app_id);
}

char *chat_slack_manage_url(const chats *c, arena *mem, const char *workspace)
{
    const char *id = workspace + strlen(slack_driver.prefix);
    return arena_printf(mem, "%s/%s/%s/integrations/profile/%s", app_base(c, mem),
                        *id == 'T' ? "apps-manage" : "manage", id, c->settings.slack_app_id);
}

char *chat_slack_open_url(const chats *c, arena *mem, const char *workspace)
{
    const char *id = workspace + strlen(slack_driver.prefix);
    return arena_printf(mem, "%s/app_redirect?app=%s%s", c->settings.slack_url,
                        c->settings.slack_app_id,
                        *id == 'T' ? arena_printf(mem, "&team=%s", id) : "");
}

char *slack_install_path(arena *mem, const char *workspace)
{
    const char *id = workspace + strlen(slack_driver.prefix);
    return arena_printf(mem, "/slack/install%s",
                        *id == 'T' ? arena_printf(mem, "?team=%s", id) : "");
}
