#include "slack_install_int.h"

#include "base/clock.h"
#include "base/json.h"
#include "base/log.h"
#include "base/str.h"

/* What an installation gave is kept, or given back; the page says so and what to do next. */

#define NOT_OPEN "This Workbot is not open to your workspace"

static const struct {
    int status;
    bool retry;
    const char *eyebrow, *title, *text;
} ends[INSTALL_END_COUNT] = {
    [INSTALL_DENIED] = {200, true, "Not installed", "Workbot was not installed",
                        "You declined, and nothing was changed. Whenever you like, you can begin "
                        "again."},
    [INSTALL_STALE] = {410, true, "Not installed", "Please start again",
                       "This page was used already, took longer than ten minutes, or was begun in "
                       "another browser. Nothing was changed by it."},
    [INSTALL_FAILED] =
        {502, true, "Not installed", "Slack did not install Workbot",
         "Slack broke it off for a reason of its own. Nothing was kept here. An admin "
         "of your workspace may have to allow apps first."},
    [INSTALL_BROKEN_OFF] = {400, true, "Not installed", "Slack did not install Workbot",
                            "Slack broke it off for a reason of its own. Nothing was changed. An "
                            "admin of your workspace may have to allow apps first."},
    [INSTALL_TOO_OFTEN] = {429, true, "Not installed", "Too many tries",
                           "Too many installations came to nothing from your network. Please "
                           "start again in a minute. Nothing was changed."},
    [INSTALL_BUSY] = {503, true, "Not installed", "Slack did not answer",
                      "Slack is away or busy at the moment. Please start again in a minute."},
    [INSTALL_SETTINGS] =
        {502, false, "Not installed", "Workbot's operator must look at this",
         "Slack and this Workbot do not agree about the app's settings. Nothing was "
         "kept here; the operator finds the reason in the log."},
    [INSTALL_ORG_HAS_IT] = {409, false, "Not installed", "Your organisation has Workbot already",
                            "It is installed for the whole organisation. Ask an admin of the "
                            "organisation to add it to this workspace."},
    [INSTALL_REFUSED] = {502, true, "Not installed", "Slack did not install Workbot",
                         "Slack gave a permission and then did not take it. Nothing was kept "
                         "here."},
    [INSTALL_NOT_ALLOWED] = {403, false, "Not installed", NOT_OPEN,
                             "Whoever runs it decides which workspaces may install it. Nothing was "
                             "kept here."},
};

/* What came of giving it back. */
static const char *const backs[] = {
    [SLACK_BACK_REMOVED] = "Slack has removed it from your workspace again.",
    [SLACK_BACK_REVOKED] =
        "At Slack, the permission that you gave was taken back. Slack may go on listing it among "
        "your apps; you can remove it there.",
    [SLACK_BACK_STANDS] =
        "But Slack did not remove it from your workspace. Remove it there yourself: under Manage, "
        "Installed apps, or on the page below.",
};

static int show(struct install_page *p, int status, json_t *data, struct err *e)
{
    arena *mem = p->request->mem;
    char *html = NULL;
    if (html_page(mem, "message.html", data, &html, e) != 0) {
        return -1;
    }
    respond_html(mem, p->response, status, html, NULL);
    return 0;
}

static void add_text(json_t *paragraphs, const char *text)
{
    json_array_append_new(paragraphs, json_pack("{s:s}", "text", text));
}

/* back: what came of giving it back; manage: where it is removed by hand. Or NULL. */
static json_t *end_data(struct install_page *p, enum install_end end, const char *back,
                        const char *manage)
{
    bool tone_error = end != INSTALL_DENIED;
    json_t *paragraphs = json_array();
    add_text(paragraphs, ends[end].text);
    if (back != NULL) {
        add_text(paragraphs, back);
    }
    const char *again = ends[end].retry ? "/slack/install" : NULL;
    return arena_json(p->request->mem,
                      json_pack("{s:s, s:s, s:o, s:b, s:s?, s:s, s:s?}", "title", ends[end].title,
                                "eyebrow", ends[end].eyebrow, "paragraphs", paragraphs,
                                "tone_error", tone_error, "retry_link",
                                manage == NULL ? again : manage, "retry_label",
                                manage == NULL ? "Start again" : "Open its page at Slack",
                                "reference", end == INSTALL_SETTINGS ? p->request->id : NULL));
}

int install_end(struct install_page *p, enum install_end end, struct err *e)
{
    return show(p, ends[end].status, end_data(p, end, NULL, NULL), e);
}

/* --- it is installed --- */

static const char *role(const struct bot_install *done)
{
    return done->installer ? "You are its installer and an admin."
           : done->admin   ? "You are one of its admins."
                           : "Its installer and admins are those who were named before.";
}

static const char *setup(const struct install_page *p)
{
    return arena_printf(p->request->mem,
                        "Next come a connection to an app and a command that uses it; then anybody "
                        "can type `help` to Workbot. To set them up in a browser, an admin types "
                        "`console` to Workbot in Slack; whoever operates Workbot opens "
                        "`%s/console/setup`.",
                        p->web->config->public_url);
}

static json_t *next_steps(const struct install_page *p, const struct slack_grant *g,
                          const struct bot_install *done)
{
    json_t *list = json_array();
    if (g->org_wide) {
        add_text(list, "It serves your whole organisation. Slack shows it in no workspace before "
                       "you choose which ones get it: that is the next step.");
    }
    if (done->first) {
        add_text(list, role(done));
        if (!done->has_commands) {
            add_text(list, setup(p));
        }
    } else {
        add_text(list, "Installer, admins, connections and commands are as they were.");
    }
    if (done->missing != NULL) {
        add_text(list, arena_printf(p->request->mem,
                                    "These permissions were not given: %s. What needs them does "
                                    "not work.",
                                    done->missing));
    }
    return list;
}

static int installed_page(struct install_page *p, const struct slack_grant *g,
                          const struct bot_install *done, struct err *e)
{
    arena *mem = p->request->mem;
    const chats *c = p->web->options.chats;
    const char *open = chat_slack_open_url(c, mem, g->workspace);
    const char *teams = g->org_wide ? chat_slack_add_teams_url(c, mem, g->organization) : NULL;
    json_t *data = arena_json(
        mem, json_pack("{s:s, s:s, s:b, s:o, s:s, s:s, s:s?, s:s}", "title",
                       arena_printf(mem, "Workbot is installed in %s",
                                    str_empty(g->name) ? "your workspace" : g->name),
                       "eyebrow", "Done", "tone_success", 1, "paragraphs", next_steps(p, g, done),
                       "retry_link", teams == NULL ? open : teams, "retry_label",
                       teams == NULL ? "Open Workbot in Slack" : "Choose workspaces", "back_link",
                       teams == NULL ? NULL : open, "back_label", "Open Workbot in Slack"));
    return show(p, 200, data, e);
}

/* --- the exchange --- */

static enum install_end end_of(const struct err *why)
{
    static const struct {
        const char *code;
        enum install_end end;
    } words[] = {{"chat_code", INSTALL_STALE},
                 {"chat_org_installed", INSTALL_ORG_HAS_IT},
                 {"chat_client", INSTALL_SETTINGS},
                 {"slack_app", INSTALL_SETTINGS}};
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        if (str_equal(words[i].code, why->code)) {
            return words[i].end;
        }
    }
    return err_fate(why->kind) == FATE_AGAIN ? INSTALL_BUSY : INSTALL_FAILED;
}

static void log_end(const struct install_page *p, const char *message, const struct err *why)
{
    const struct log_field fields[] = {LOG_TEXT("request", p->request->id)};
    log_err(LOG_WARN, message, why, fields, 1);
}

/* Of those that were asked for and may not be left out. */
static const char **missing_scopes(arena *mem, const struct slack_grant *g, size_t *ret_count)
{
    const char *const *wanted = chat_slack_scopes();
    size_t wanted_count = 0, count = 0;
    while (wanted[wanted_count] != NULL) {
        wanted_count++;
    }
    const char **list = arena_array(mem, wanted_count + 1, sizeof *list);
    for (size_t i = 0; i < wanted_count; i++) {
        bool granted = chat_slack_scope_is_optional(wanted[i]);
        for (size_t n = 0; n < g->scopes_count && !granted; n++) {
            granted = str_equal(g->scopes[n], wanted[i]);
        }
        if (!granted) {
            list[count++] = wanted[i];
        }
    }
    *ret_count = count;
    return list;
}

static struct installation installation_of(arena *mem, const struct slack_grant *g)
{
    struct installation i = {.workspace = g->workspace,
                             .name = g->name,
                             .user_id = g->user_id,
                             .bot_user_id = g->bot_user_id,
                             .bot_id = g->bot_id,
                             .tokens = {.access = g->tokens.access,
                                        .refresh = g->tokens.refresh,
                                        .expires_at = g->tokens.expires_in_s == 0
                                                          ? 0
                                                          : clock_now() + g->tokens.expires_in_s},
                             .scopes = g->scopes,
                             .scopes_count = g->scopes_count,
                             .organization = g->organization,
                             .org_wide = g->org_wide,
                             .teams = g->teams,
                             .teams_count = g->teams_count,
                             .url = g->url};
    i.missing_scopes = missing_scopes(mem, g, &i.missing_scopes_count);
    return i;
}

/* --- it is of no use --- */

/* What whoever runs this Workbot must be told to let the workspace in. */
static void add_key(arena *mem, json_t *data, const struct slack_grant *g)
{
    const char *what = g->org_wide ? "Organisation" : "Workspace";
    json_t *facts = json_array();
    if (!str_empty(g->name)) {
        json_array_append_new(facts, json_pack("{s:s, s:s}", "label", what, "value", g->name));
    }
    json_array_append_new(facts, json_pack("{s:s, s:s}", "label", "Its key", "key", g->workspace));
    json_object_set_new(data, "facts", facts);
    json_object_set_new(data, "has_facts", json_true());
    add_text(json_member(data, "paragraphs"),
             arena_printf(mem,
                          "If it should work here, send the key below to whoever runs it: "
                          "they can then let your %s in.",
                          g->org_wide ? "organisation" : "workspace"));
}

/* Nothing of it stays here; what stays at Slack is for Slack to say. */
static int give_back(struct install_page *p, const struct slack_grant *g, enum install_end end,
                     struct err *e)
{
    chats *c = p->web->options.chats;
    arena *mem = p->request->mem;
    struct err why = {0};
    enum slack_back back = chat_slack_hand_back(c, mem, g, &why);
    const char *manage = NULL;
    if (back != SLACK_BACK_REMOVED) {
        log_end(p, "an app of no use could not be removed from its workspace", &why);
        manage = chat_slack_manage_url(c, mem, g->workspace);
    }
    json_t *data = end_data(p, end, backs[back], manage);
    if (end == INSTALL_NOT_ALLOWED) {
        add_key(mem, data, g);
    }
    return show(p, ends[end].status, data, e);
}

static int not_allowed(struct install_page *p, const struct slack_grant *g, struct err *e)
{
    log_info("an installation was not allowed", LOG_TEXT("request", p->request->id),
             LOG_TEXT("workspace", g->workspace));
    return give_back(p, g, INSTALL_NOT_ALLOWED, e);
}

/* To give it back would end the installation that stands there, if it is good or not. */
static int refused(struct install_page *p, const struct slack_grant *g, const struct err *why,
                   struct err *e)
{
    bool stands = false;
    enum install_end end = end_of(why) == INSTALL_SETTINGS ? INSTALL_SETTINGS : INSTALL_REFUSED;
    log_end(p, "an installation came to nothing", why);
    if (bot_stands(p->web->options.bot, p->request->mem, g->workspace, &stands, e) != 0) {
        return -1;
    }
    return stands ? install_end(p, end, e) : give_back(p, g, end, e);
}

int install_finish(struct install_page *p, const char *code, struct err *e)
{
    web *w = p->web;
    arena *mem = p->request->mem;
    struct slack_grant g;
    struct err why = {0};
    if (chat_slack_exchange(w->options.chats, mem, code, slack_install_redirect_uri(mem, w), &g,
                            &why) != 0) {
        log_end(p, "an installation came to nothing", &why);
        return install_end(p, end_of(&why), e);
    }
    if (chat_slack_examine(w->options.chats, mem, &g, &why) != 0) {
        return refused(p, &g, &why, e);
    }
    gates_install_done(w->gates, p->request->remote);
    const struct installation i = installation_of(mem, &g);
    struct bot_install done = {0};
    if (bot_install(w->options.bot, mem, &i, &done, e) != 0) {
        return -1;
    }
    if (!done.allowed) {
        return not_allowed(p, &g, e);
    }
    return installed_page(p, &g, &done, e);
}
