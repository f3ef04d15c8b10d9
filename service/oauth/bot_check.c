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
    const struct chat_driver *driver;
    const struct workspace *workspace;
    struct oauth_bot as; /* with the token, broken or not */
    struct bot_good good;
    bool again; /* what was broken has expired: now that it is active it may be renewed */
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
    if (rc == 0 && w != NULL) {
        c->as = oauth_bot_of(w);
        c->as.access.bot_token = w->bot_token;
        c->as.asks = true;
    }
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
    if (store_bot_good(s, w->workspace, c->as.generation, &c->good, ret_taken, e) != 0) {
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
    if (store_enter(c->oauth->options.stores, c->mem, &s, e) != 0) {
        return -1;
    }
    return store_leave(s, note(c, s, ret_taken, e), e);
}

/* What is broken stays so, and is looked at again later. */
static int refuse(struct check *c, const char *fault, struct err *e)
{
    struct err why = {0};
    if (!str_equal(c->workspace->state, "active")) {
        return 0;
    }
    (void)oauth_bot_break(c->oauth, c->mem, &c->as, fault, &why);
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
        c->again = c->good.expired;
    }
    return 0;
}

/* One that rotates and has expired is renewed, unless it is broken: then it is made active first.
 */
static int ask(struct check *c, struct chat_self *ret, struct err *e)
{
    bool renews = c->as.renews && str_equal(c->workspace->state, "active");
    while (c->driver->check(c->oauth->options.chats, c->mem, &c->as.access, ret, e) != 0) {
        if (!renews || !str_equal(e->code, "chat_token_expired") ||
            !oauth_bot_again(c->oauth, c->mem, &c->as, e)) {
            return -1;
        }
    }
    return 0;
}

/* The platform's no. */
static int refused(struct check *c, const char *code, struct err *e)
{
    if (str_equal(code, "chat_dead")) {
        return refuse(c, "token_refused", e);
    }
    c->good.expired = true;
    return settle(c, e);
}

static int check_once(oauth *o, arena *mem, const char *workspace, bool *ret_again, struct err *e)
{
    struct check c = {.oauth = o, .mem = mem, .driver = chats_driver(o->options.chats, workspace)};
    struct chat_self self = {.user_id = NULL};
    struct err why = {0};
    if (c.driver == NULL || c.driver->app_token) {
        return 0; /* switched off since; or there is no such token */
    }
    if (find(&c, workspace, e) != 0) {
        return -1;
    }
    if (!is_wanted(c.workspace)) {
        return 0;
    }
    if (ask(&c, &self, &why) != 0) {
        if (oauth_bot_is_refused(&why)) {
            int rc = refused(&c, why.code, e);
            *ret_again = c.again;
            return rc;
        }
        *e = why;
        return -1;
    }
    if (self.workspace != NULL && !str_equal(self.workspace, workspace)) {
        return refuse(&c, "token_of_another", e);
    }
    c.good.user_id = self.user_id;
    c.good.bot_id = self.bot_id;
    c.good.url = self.url;
    return settle(&c, e);
}

int oauth_bot_check(oauth *o, arena *mem, const char *workspace, struct err *e)
{
    bool again = false;
    int rc = check_once(o, mem, workspace, &again, e);
    return rc == 0 && again ? check_once(o, mem, workspace, &again, e) : rc;
}
