#include "oauth_int.h"

#include "base/clock.h"
#include "base/json.h"
#include "base/log.h"
#include "base/metrics.h"
#include "base/str.h"

/*
 * The bot's own token at its chat: found in its workspace's row, renewed in time (bot_refresh.c),
 * and what a platform says of it (dead, a scope lacks) noted once and told to the admins.
 */

enum {
    MARGIN_S = 7200,      /* of 12 hours: as Slack's own framework has it */
    SCOPE_EVERY_S = 86400 /* an admin hears of a missing scope once a day */
};

struct oauth_bot oauth_bot_of(const struct workspace *w)
{
    bool active = str_equal(w->state, "active");
    return (struct oauth_bot){
        .access = {.workspace = w->workspace,
                   .bot_user_id = w->bot_user_id,
                   .bot_token = active ? w->bot_token : (struct secret){NULL, 0}},
        .expires_at = w->bot_expires_at,
        .active = active,
        .renews = w->bot_renews,
        .unchecked = w->bot_unchecked,
        .generation = w->bot_generation};
}

bool oauth_bot_lives(const struct oauth_bot *as, int64_t margin_s)
{
    return !secret_empty(as->access.bot_token) && !as->refused &&
           (as->expires_at == 0 || as->expires_at - margin_s > clock_now());
}

void oauth_bot_log(enum log_level level, const char *message, const struct oauth_bot *as,
                   const struct err *why)
{
    const struct log_field fields[] = {LOG_TEXT("workspace", as->access.workspace),
                                       LOG_INT("generation", as->generation)};
    log_err(level, message, why, fields, sizeof(fields) / sizeof(fields[0]));
}

/* What the row says now, for the same call. */
static void take_row(struct oauth_bot *as, struct oauth_bot row)
{
    row.access.until_ms = as->access.until_ms;
    row.access.address = as->access.address;
    row.access.channel = as->access.channel;
    row.access.person = as->access.person;
    row.access.own = as->access.own;
    *as = row;
}

static int load(oauth *o, arena *mem, const char *workspace, struct oauth_bot *ret, struct err *e)
{
    store *s = NULL;
    struct workspace *w = NULL;
    if (store_open(o->options.stores, mem, &s, e) != 0) {
        return -1;
    }
    int rc = store_workspace_find(s, workspace, &w, e);
    store_close(s);
    if (rc == 0) {
        take_row(ret, w == NULL ? (struct oauth_bot){.access = {.workspace = workspace}}
                                : oauth_bot_of(w));
    }
    return rc;
}

int oauth_bot_newer(oauth *o, arena *mem, struct oauth_bot *as, bool *ret_newer, struct err *e)
{
    struct oauth_bot now = {.generation = 0};
    if (load(o, mem, as->access.workspace, &now, e) != 0) {
        return -1;
    }
    *ret_newer = now.generation != as->generation && oauth_bot_lives(&now, 0);
    if (*ret_newer) {
        now.renewed = as->renewed;
        now.asks = as->asks;
        take_row(as, now);
    }
    return 0;
}

/* --- what is noted --- */

int oauth_notice_later(store *s, const char *workspace, const char *what, const char *about,
                       struct err *e)
{
    arena *mem = store_arena(s);
    json_t *payload = arena_json(mem, json_pack("{s:s, s:s?}", "what", what, "about", about));
    struct job j = {.workspace = workspace,
                    .kind = JOB_NOTICE,
                    .lane = "notice",
                    .priority = JOB_PRIORITY_NORMAL,
                    .payload = bytes_of(json_write(mem, payload))};
    return store_job_add(s, &j, e);
}

/* The row leaves "active" once, and that is on record. */
static int break_row(store *s, const struct oauth_bot *as, const char *fault, bool *ret_changed,
                     struct err *e)
{
    const char *workspace = as->access.workspace;
    if (store_bot_broken(s, workspace, as->generation, fault, ret_changed, e) != 0) {
        return -1;
    }
    json_t *detail =
        arena_json(store_arena(s), json_pack("{s:s, s:s}", "state", "broken", "reason", fault));
    return *ret_changed
               ? store_audit_add(s, workspace, "system", "workspace.state", workspace, detail, e)
               : 0;
}

int oauth_bot_break(oauth *o, arena *mem, const struct oauth_bot *as, const char *fault,
                    struct err *e)
{
    store *s = NULL;
    bool changed = false;
    if (store_enter(o->options.stores, mem, &s, e) != 0 ||
        store_leave(s, break_row(s, as, fault, &changed, e), e) != 0) {
        return -1;
    }
    err_set(e, ERR_CONFIG, "chat_dead", "the bot of %s has no usable token: %s",
            as->access.workspace, fault);
    if (changed) {
        metric_add(METRIC_BOTS_BROKEN, NULL, 1);
        oauth_bot_log(LOG_ERROR, "a workspace is broken until the bot is installed again", as, e);
    }
    return -1;
}

static int note_scope(store *s, const struct oauth_bot *as, const char *scope, struct err *e)
{
    const char *workspace = as->access.workspace;
    const char *key = arena_printf(store_arena(s), "scope:%s", scope);
    bool is_new = false, due = false;
    if (store_begin(s, e) != 0 ||
        store_workspace_scope_missing(s, workspace, scope, &is_new, e) != 0 ||
        store_notice_due(s, workspace, key, SCOPE_EVERY_S, &due, e) != 0 ||
        (due && oauth_notice_later(s, workspace, "scope", scope, e) != 0)) {
        return -1;
    }
    return store_commit(s, e);
}

/* Whoever made the call has its own error to see to: this one is only logged. */
static void scope_missing(oauth *o, arena *mem, const struct oauth_bot *as, const char *scope)
{
    store *s = NULL;
    struct err why = {0};
    int rc = store_open(o->options.stores, mem, &s, &why);
    if (rc == 0) {
        rc = note_scope(s, as, scope, &why);
    }
    store_close(s);
    if (rc != 0) {
        oauth_bot_log(LOG_WARN, "a missing scope could not be noted", as, &why);
    }
}

/* --- for callers --- */

bool oauth_bot_is_refused(const struct err *e)
{
    return str_equal(e->code, "chat_dead") || str_equal(e->code, "chat_token_expired");
}

/* The app's own credential serves all workspaces: of this one it is only asked whether it is
 * active.
 */
static bool by_app_token(const oauth *o, const char *workspace)
{
    const struct chat_driver *driver = chats_driver(o->options.chats, workspace);
    return driver != NULL && driver->app_token;
}

static int app_access(oauth *o, arena *mem, const char *workspace, struct oauth_bot *ret,
                      struct err *e)
{
    if (!ret->active && load(o, mem, workspace, ret, e) != 0) {
        return -1;
    }
    return ret->active
               ? 0
               : err_set(e, ERR_CONFIG, "chat_dead", "the workspace %s is not active", workspace);
}

/* It may be another workspace's bot, which would show there what was meant for this one. */
static int refuse_unchecked(const struct oauth_bot *as, struct err *e)
{
    return !as->unchecked || as->asks
               ? 0
               : err_set(e, ERR_LIMIT, "chat_unchecked",
                         "the chat has not said yet whose the token of %s is",
                         as->access.workspace);
}

int oauth_bot_access(oauth *o, arena *mem, const char *workspace, struct oauth_bot *ret,
                     struct err *e)
{
    if (by_app_token(o, workspace)) {
        return app_access(o, mem, workspace, ret, e);
    }
    if (secret_empty(ret->access.bot_token) && load(o, mem, workspace, ret, e) != 0) {
        return -1;
    }
    if (secret_empty(ret->access.bot_token)) {
        return err_set(e, ERR_CONFIG, "chat_dead", "the bot of %s has no usable token", workspace);
    }
    if (refuse_unchecked(ret, e) != 0) {
        return -1;
    }
    if (oauth_bot_lives(ret, MARGIN_S)) {
        return 0;
    }
    struct err why = {0};
    if (oauth_bot_renew(o, mem, ret, &why) == 0) {
        return refuse_unchecked(ret, e); /* it may be one that was put meanwhile */
    }
    if (oauth_bot_lives(ret, 0)) {
        return 0; /* near its end is not at its end: it is used while another is not to be had */
    }
    *e = why;
    return -1;
}

/* One method's word is not believed alone: a workspace is broken when the platform says of the
 * token itself that it is worth nothing. */
static bool worth_a_second_try(oauth *o, arena *mem, struct oauth_bot *as, struct err *e)
{
    chats *c = o->options.chats;
    const struct chat_driver *driver = chats_driver(c, as->access.workspace);
    struct chat_self self = {.user_id = NULL};
    struct err why = {0};
    if (driver == NULL || driver->check(c, mem, &as->access, &self, &why) == 0) {
        return driver != NULL;
    }
    if (oauth_bot_is_refused(&why)) {
        (void)oauth_bot_break(o, mem, as, "token_refused", &why);
    }
    *e = why;
    return false;
}

/* Another replica may have a newer token than the one that is dead. */
static bool dead_again(oauth *o, arena *mem, struct oauth_bot *as, struct err *e)
{
    struct err why = {0};
    bool is_newer = false;
    if (oauth_bot_newer(o, mem, as, &is_newer, &why) != 0) {
        *e = why;
        return false;
    }
    if (is_newer && refuse_unchecked(as, &why) != 0) {
        *e = why;
        return false;
    }
    return is_newer || worth_a_second_try(o, mem, as, e);
}

static bool expired_again(oauth *o, arena *mem, struct oauth_bot *as, struct err *e)
{
    struct err why = {0};
    if (!as->renews) {
        return dead_again(o, mem, as, e);
    }
    as->refused = true;
    if (oauth_bot_access(o, mem, as->access.workspace, as, &why) == 0) {
        return true;
    }
    *e = why;
    return false;
}

bool oauth_bot_again(oauth *o, arena *mem, struct oauth_bot *as, struct err *e)
{
    static const struct {
        const char *code;
        bool (*again)(oauth *, arena *, struct oauth_bot *, struct err *);
    } words[] = {{"chat_dead", dead_again}, {"chat_token_expired", expired_again}};
    if (str_equal(e->code, "chat_scope") && !str_empty(e->needed)) {
        scope_missing(o, mem, as, e->needed);
        return false;
    }
    if (by_app_token(o, as->access.workspace)) {
        return false;
    }
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        if (!str_equal(e->code, words[i].code) || as->renewed) {
            continue;
        }
        bool again = words[i].again(o, mem, as, e);
        if (again) {
            as->renewed = true;
            *e = (struct err){0};
        }
        return again;
    }
    return false;
}
