#include "oauth_int.h"

#include "base/json.h"
#include "base/log.h"
#include "base/str.h"

/*
 * A bot's token that was refused, or that an operator put and nobody has tried: the platform is
 * asked about the token itself. Two wrong words of a platform must not silence a bot for good.
 */

struct check {
    oauth *oauth;
    arena *mem;
    const struct workspace *workspace;
    struct bot_good good;
};

static int find(struct check *c, const char *workspace, struct err *e)
{
    store *s = NULL;
    struct workspace *w = NULL;
    if (store_open(c->oauth->options.stores, c->mem, &s, e) != 0) {
        return -1;
    }
    int rc = store_workspace_find(s, workspace, &w, e);
    store_close(s);
    c->workspace = w;
    return rc;
}

static bool is_wanted(const struct workspace *w)
{
    return w != NULL && !secret_empty(w->bot_token) &&
           (str_equal(w->state, "active") || str_equal(w->state, "broken"));
}

static int note(struct check *c, store *s, bool *ret_taken, struct err *e)
{
    const struct workspace *w = c->workspace;
    if (store_bot_good(s, w->workspace, w->bot_generation, &c->good, ret_taken, e) != 0) {
        return -1;
    }
    if (!*ret_taken || str_equal(w->state, "active")) {
        return 0;
    }
    json_t *detail = arena_json(
        c->mem, json_pack("{s:s, s:s}", "state", "active", "reason", "token_taken_again"));
    return store_audit_add(s, w->workspace, "system", "workspace.state", w->workspace, detail, e);
}

static int take(struct check *c, bool *ret_taken, struct err *e)
{
    store *s = NULL;
    if (store_open(c->oauth->options.stores, c->mem, &s, e) != 0) {
        return -1;
    }
    int rc = store_begin(s, e);
    if (rc == 0) {
        rc = note(c, s, ret_taken, e);
    }
    if (rc == 0) {
        rc = store_commit(s, e);
    }
    store_close(s);
    return rc;
}

/* What is broken stays so, and is looked at again later. */
static int refuse(struct check *c, const char *fault, struct err *e)
{
    const struct oauth_bot as = oauth_bot_of(c->workspace);
    struct err why = {0};
    if (!str_equal(c->workspace->state, "active")) {
        return 0;
    }
    (void)oauth_bot_break(c->oauth, c->mem, &as, fault, &why);
    if (oauth_bot_is_refused(&why)) {
        return 0;
    }
    *e = why;
    return -1;
}

static int settle(struct check *c, struct err *e)
{
    const struct workspace *w = c->workspace;
    bool taken = false;
    if (take(c, &taken, e) != 0) {
        return -1;
    }
    if (!taken) {
        return c->good.expired ? refuse(c, "token_expired", e) : 0;
    }
    if (str_equal(w->state, "broken")) {
        log_info("a workspace that was broken is active again",
                 LOG_TEXT("workspace", w->workspace));
    }
    return 0;
}

int oauth_bot_check(oauth *o, arena *mem, const char *workspace, struct err *e)
{
    struct check c = {.oauth = o, .mem = mem};
    chats *all = o->options.chats;
    const struct chat_driver *driver = chats_driver(all, workspace);
    struct chat_self self = {.user_id = NULL};
    struct err why = {0};
    if (driver == NULL || driver->app_token) {
        return 0; /* switched off since; or there is no such token */
    }
    if (find(&c, workspace, e) != 0) {
        return -1;
    }
    if (!is_wanted(c.workspace)) {
        return 0;
    }
    const struct chat_access as = {.workspace = workspace, .bot_token = c.workspace->bot_token};
    if (driver->check(all, mem, &as, &self, &why) != 0) {
        if (!oauth_bot_is_refused(&why)) {
            *e = why;
            return -1;
        }
        if (str_equal(why.code, "chat_dead")) {
            return refuse(&c, "token_refused", e);
        }
        c.good.expired = true;
    }
    c.good.user_id = self.user_id;
    c.good.bot_id = self.bot_id;
    c.good.url = self.url;
    return settle(&c, e);
}
