#include "oauth_int.h"

#include <string.h>

#include "base/clock.h"
#include "base/str.h"

/* Can this row's tokens be used or refreshed at all? */
static int usable(const struct connection *c, struct err *e)
{
    switch (c->state) {
    case CONNECTION_ACTIVE:
        return 0;
    case CONNECTION_NEEDS_ATTENTION:
        if (c->cool_until <= clock_now()) {
            return 0; /* kept tokens are tried again after each cool-down */
        }
        return err_set(e, ERR_ATTENTION, "needs_attention", "connection %s: %s", c->id,
                       c->reason == NULL ? "" : c->reason);
    case CONNECTION_PROVISIONAL:
    case CONNECTION_NEEDS_LOGIN:
    case CONNECTION_DISCONNECTED:
    case CONNECTION_STATE_COUNT:
        break;
    }
    return err_set(e, ERR_LOGIN_NEEDED, "grant_dead", "connection %s is %s", c->id,
                   connection_state_name(c->state));
}

static bool lives(const struct connection *c, int64_t margin_s)
{
    const struct tokens *t = &c->tokens;
    return !secret_empty(t->access) &&
           (t->access_expires_at == 0 || t->access_expires_at - margin_s > clock_now());
}

/* After a refusal the row may have moved on since it was resolved. */
static int look_again(oauth *o, arena *mem, const struct connection *old, struct connection **ret,
                      struct err *e)
{
    store *s = NULL;
    if (store_open(o->options.stores, mem, &s, e) != 0) {
        return -1;
    }
    int rc = store_connection_load(s, old->workspace, old->id, ret, e);
    store_close(s);
    return rc;
}

static int give(arena *mem, const struct connection *c, struct app_site *site,
                struct oauth_access *ret)
{
    oauth_site_account(mem, site, &c->account);
    *ret = (struct oauth_access){.site = *site,
                                 .token = c->tokens.access,
                                 .generation = c->generation,
                                 .account = c->account,
                                 .connection_id = c->id};
    return 0;
}

/* The tokens that stand there may be used as they are. */
static bool good_as_is(const struct connection *c, int64_t refused_generation, int64_t margin_s)
{
    return c->generation != refused_generation && c->state == CONNECTION_ACTIVE &&
           lives(c, margin_s);
}

int oauth_access(oauth *o, arena *mem, const struct oauth_use *use, struct oauth_access *ret,
                 struct err *e)
{
    const struct connection *c = use->connection;
    int64_t refused = use->refused_generation;
    struct connection *now = NULL;
    struct app_site site;
    if (refused != OAUTH_ANY_GENERATION) {
        if (look_again(o, mem, c, &now, e) != 0) {
            return -1;
        }
        c = now;
    }
    if (usable(c, e) != 0 || oauth_site(o, mem, use->def, &site, e) != 0) {
        return -1;
    }
    if (good_as_is(c, refused, app_refresh_margin_s(site.app))) {
        return give(mem, c, &site, ret);
    }
    struct connection *fresh = NULL;
    if (oauth_refresh(o, mem, c, use->def, &fresh, e) == 0) {
        return give(mem, fresh, &site, ret);
    }
    /* Near its end is not at its end: an outage of the token endpoint alone stops nobody. */
    bool transient = err_fate(e->kind) == FATE_AGAIN || e->kind == ERR_CONFIG;
    return transient && good_as_is(c, refused, 0) ? give(mem, c, &site, ret) : -1;
}
