#include "wizard_int.h"

#include "base/zip.h"

/* Step 1, for operators: the app in Slack, the package for Teams, and what has come of it. */

struct setting {
    const char *name, *where;
    bool is_set;
};

static void add_settings(json_t *to, const struct setting *list, size_t count)
{
    bool all = true;
    json_put(to, "settings", json_array());
    for (size_t i = 0; i < count; i++) {
        json_push(json_member(to, "settings"),
                  json_must(json_pack("{s:s, s:s, s:o}", "name", list[i].name, "where",
                                      list[i].where, "state",
                                      list[i].is_set ? wizard_check("Set", "good", "")
                                                     : wizard_check("Missing", "warn", ""))));
        all = all && list[i].is_set;
    }
    json_put(to, "on", json_boolean(all));
}

/* known: one of its workspaces is known, which may install without being listed. */
static json_t *slack(const struct console *c, bool known)
{
    const struct config *cfg = c->web->config;
    const struct setting settings[] = {
        {"WORKBOT_SLACK_APP_ID", "Basic Information > App Credentials > App ID",
         cfg->slack_app_id != NULL},
        {"WORKBOT_SLACK_CLIENT_ID", "Basic Information > App Credentials > Client ID",
         cfg->slack_client_id != NULL},
        {"WORKBOT_SLACK_CLIENT_SECRET",
         "Basic Information > App Credentials > Client Secret > Show",
         !secret_empty(cfg->slack_client_secret)},
        {"WORKBOT_SLACK_SIGNING_SECRETS",
         "Basic Information > App Credentials > Signing Secret > Show",
         cfg->slack_signing_secrets.count > 0},
        {"WORKBOT_ALLOWED_WORKSPACES",
         "No page of the app: your workspace's key, such as slack:T0ACME00001. The T... stands in "
         "the address of Slack in a browser. Only listed workspaces may install.",
         cfg->allowed_workspaces.count > 0},
    };
    const size_t count = sizeof settings / sizeof settings[0];
    const bool needless = known && cfg->allowed_workspaces.count == 0;
    const struct slack_manifest m = {.public_url = cfg->public_url,
                                     .signs_in = cfg->slack_sign_in &&
                                                 cfg->slack_sign_in_client_id == NULL};
    json_t *data = json_object();
    json_put_words(data, "link", chat_slack_manifest_link(c->mem, chat_slack_manifest(c->mem, &m)));
    json_put_words(data, "events", arena_printf(c->mem, "%s/slack/events", cfg->public_url));
    add_settings(data, settings, needless ? count - 1 : count);
    return data;
}

static json_t *teams(const struct console *c)
{
    const struct config *cfg = c->web->config;
    const struct setting settings[] = {
        {"WORKBOT_TEAMS_APP_ID",
         "Entra admin center > App registrations > your app > Overview > Application (client) ID",
         cfg->teams_app_id != NULL},
        {"WORKBOT_TEAMS_APP_SECRET",
         "The same > Certificates & secrets > New client secret > Value (not Secret ID)",
         !secret_empty(cfg->teams_app_secret)},
        {"WORKBOT_TEAMS_TENANT_ID", "The same > Overview > Directory (tenant) ID",
         cfg->teams_tenant_id != NULL},
    };
    json_t *data = json_object();
    json_put_words(data, "endpoint", arena_printf(c->mem, "%s/teams/messages", cfg->public_url));
    add_settings(data, settings, sizeof settings / sizeof settings[0]);
    return data;
}

/* --- what has come of it --- */

static const char *const unheard[] = {
    "Nothing has come from Slack yet. Type help to Workbot in Slack. If nothing shows here then: in "
    "Slack's settings of the app, Event Subscriptions, the Request URL must say Verified; press "
    "Retry there. If it does not verify, the signing secret here is another app's.",
    "Nothing has come from Teams yet. Write help to Workbot in Teams. If nothing shows here then: "
    "in Azure, your Azure Bot, Configuration, compare the Messaging endpoint, and under Channels "
    "look whether Microsoft Teams is there."};

/* What stands between this workspace and its first message; "" where nothing does. */
static json_t *check_of(const json_t *w, const char *key, bool heard)
{
    const char *state = json_text(w, "state");
    if (str_equal(state, "broken")) {
        return wizard_check("Broken", "bad",
                            "Slack does not take the bot's token any more. Install it again.");
    }
    if (str_equal(state, "removed")) {
        return wizard_check("Removed", "plain", "It was removed there. Install it again.");
    }
    if (str_equal(state, "draft")) {
        return wizard_check("Not installed", "warn",
                            "The workspace is known, but the bot is not installed there yet.");
    }
    return heard ? wizard_check("Messages arrive", "good", "")
                 : wizard_check("Waits for a message", "warn", unheard[str_starts(key, "teams:")]);
}

struct places {
    json_t *list;
    bool any, slack; /* is there one; one of Slack */
    bool settled;    /* nothing is left to wait for */
    bool more;       /* than are listed */
};

/* Only in Teams can it be that nobody is: elsewhere whoever installs the bot is one. */
static int no_admin(store *s, const char *key, bool *ret, struct err *e)
{
    struct workspace *w = NULL;
    if (!str_starts(key, "teams:")) {
        return 0;
    }
    if (store_workspace_find(s, key, &w, e) != 0) {
        return -1;
    }
    *ret = w != NULL && w->admins_count == 0 && str_empty(w->installer);
    return 0;
}

static int add_place(struct console *c, store *s, const json_t *w, struct places *io, struct err *e)
{
    const char *key = json_text(w, "workspace"), *name = json_text(w, "name");
    bool active = str_equal(json_text(w, "state"), "active"), heard = false, lacks_admin = false;
    if (store_workspace_heard(s, key, &heard, e) != 0 ||
        (active && no_admin(s, key, &lacks_admin, e) != 0)) {
        return -1;
    }
    json_t *row = json_must(json_pack("{s:s, s:o, s:b}", "key", key, "check",
                                      check_of(w, key, heard), "active", active));
    json_put_shown(row, "label", str_empty(name) ? key : name);
    json_put_words(row, "platform", console_platform(key));
    json_put_words(row, "href", arena_printf(c->mem, "/console/workspaces/%s/setup", key));
    json_put(row, "lacks_admin", json_boolean(lacks_admin));
    json_push(io->list, row);
    io->any = true;
    io->slack = io->slack || str_starts(key, "slack:");
    io->settled = io->settled && active && heard && !lacks_admin;
    return 0;
}

static int find_places(struct console *c, struct places *ret, struct err *e)
{
    struct console_answer a;
    const struct console_call get = {
        .method = WB_GET, .handler = api_workspaces_get, .query = "limit=20"};
    store *s = NULL;
    int rc = 0;
    if (console_ask(c, &get, &a, e) != 0 ||
        store_open(c->web->options.stores, c->mem, &s, e) != 0) {
        return -1;
    }
    const json_t *items = json_member(a.value, "items");
    *ret = (struct places){.list = arena_json(c->mem, json_array()),
                           .settled = true,
                           .more = json_text(a.value, "next") != NULL};
    for (size_t i = 0; rc == 0 && i < json_array_size(items); i++) {
        rc = add_place(c, s, json_array_get(items, i), ret, e);
    }
    store_close(s);
    return rc;
}

int wizard_chat_page(struct console *c, struct err *e)
{
    struct places p;
    if (find_places(c, &p, e) != 0) {
        return -1;
    }
    json_t *s = arena_json(c->mem, slack(c, p.slack)), *t = arena_json(c->mem, teams(c));
    if (wizard_sign_in(c, "slack", s, e) != 0 || wizard_sign_in(c, "teams", t, e) != 0) {
        return -1;
    }
    bool waits = (json_flag(s, "on") || json_flag(t, "on")) && !(p.any && p.settled);
    json_t *data =
        json_must(json_pack("{s:O, s:O, s:O, s:b, s:b}", "slack", s, "teams", t, "places", p.list,
                            "any", p.any, "loopback", c->web->config->public_is_loopback));
    json_put(data, "more_places", json_boolean(p.more));
    json_put_words(data, "public_url", c->web->config->public_url);
    const struct wizard_page page = {.template = "wizard_chat.html",
                                     .title = "Set up: the chat",
                                     .step = WIZARD_CHAT,
                                     .watch = waits ? "/console/setup" : NULL};
    return wizard_show(c, &page, data, e);
}

int wizard_package_get(struct console *c, struct err *e)
{
    const struct config *cfg = c->web->config;
    struct zip_file files[TEAMS_PACKAGE_FILES];
    if (cfg->teams_app_id == NULL) {
        return err_set(e, ERR_NOT_FOUND, "no_route",
                       "Set WORKBOT_TEAMS_APP_ID first: the package names it.");
    }
    const struct teams_manifest m = {.public_url = cfg->public_url,
                                     .app_id = cfg->teams_app_id,
                                     .version = TEAMS_MANIFEST_VERSION};
    chat_teams_package(c->mem, &m, files);
    respond_text(c->r, 200, "");
    c->r->body = zip_write(c->mem, files, TEAMS_PACKAGE_FILES);
    c->r->content_type = "application/zip";
    respond_header(c->r, "Content-Disposition", "attachment; filename=\"workbot-teams.zip\"");
    respond_header(c->r, "Cache-Control", "no-store");
    return 0;
}
