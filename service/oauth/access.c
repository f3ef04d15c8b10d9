#include "oauth_int.h"

#include <string.h>

#include "base/clock.h"
#include "base/str.h"

/* Can this row's tokens be used or refreshed at all? */
static int usable(const struct connection *c, struct err *e)
{
    switch (c->state) {
    case CONNECTION_ACTIVE:
    case CONNECTION_NEEDS_ATTENTION:
        return 0;
    case CONNECTION_PROVISIONAL:
    case CONNECTION_NEEDS_LOGIN:
    case CONNECTION_DISCONNECTED:
    case CONNECTION_STATE_COUNT:
        break;
    }
    return err_set(e, ERR_LOGIN_NEEDED, "grant_dead", "connection %s is %s", c->id,
                   connection_state_name(c->state));
}

/* An unknown refusal is asked about again after each cool-down, what may be spent never. */
static int may_refresh(const struct connection *c, struct err *e)
{
    if (oauth_is_lost(c)) {
        return oauth_lost(c, e);
    }
    if (c->state == CONNECTION_ACTIVE || c->cool_until <= clock_now()) {
        return 0;
    }
    return err_set(e, ERR_ATTENTION, "needs_attention", "connection %s: %s", c->id,
                   c->reason == NULL ? "" : c->reason);
}

int64_t oauth_margin_s(const struct tokens *t, int64_t margin_s)
{
    enum { PART = 4 };
    int64_t most_s = t->access_life_s / PART;
    return t->access_life_s > 0 && most_s < margin_s ? most_s : margin_s;
}

static bool lives(const struct connection *c, int64_t margin_s)
{
    const struct tokens *t = &c->tokens;
    return !secret_empty(t->access) &&
           (t->access_expires_at == 0 || t->access_expires_at - margin_s > clock_now());
}

/* The same app, host and client, and the same account there. */
static bool is_same(const struct oauth_use *old, const struct oauth_use *now)
{
    const struct default_connection *d = now->def;
    return d != NULL && d->client_version == old->def->client_version &&
           str_equal(d->app, old->def->app) && str_equal(d->host, old->def->host) &&
           str_equal(now->connection->account.key, old->connection->account.key);
}

/* After a refusal the row and its default may have moved on since they were resolved: another
 * host's tokens are not for this one, and another account's are not what this call began with. */
static int look_again(oauth *o, arena *mem, const struct oauth_use *old, struct oauth_use *ret,
                      struct err *e)
{
    const struct connection *was = old->connection;
    struct connection *c = NULL;
    struct default_connection *d = NULL;
    store *s = NULL;
    if (store_open(o->options.stores, mem, &s, e) != 0) {
        return -1;
    }
    int rc = store_connection_load(s, was->workspace, was->id, &c, e);
    if (rc == 0) {
        rc = store_default_find(s, was->workspace, old->def->name, &d, e);
    }
    store_close(s);
    if (rc != 0) {
        return -1;
    }
    *ret = (struct oauth_use){c, d, old->refused_generation};
    return is_same(old, ret) ? 0
                             : err_set(e, ERR_LIMIT, OAUTH_MOVED,
                                       "connection %s has moved on since it was resolved", was->id);
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

/* The tokens that stand there may be used as they are: that they are not renewed does not end them,
 * that whose they are has left does. */
static bool good_as_is(const struct connection *c, int64_t refused_generation, int64_t margin_s)
{
    return c->generation != refused_generation && !str_equal(c->reason, OAUTH_OWNER_LEFT) &&
           lives(c, margin_s);
}

/* The app has not said that the grant is over. */
static bool may_stand(const struct err *why)
{
    return why->kind != ERR_LOGIN_NEEDED || str_equal(why->code, OAUTH_REFRESH_LOST);
}

int oauth_access(oauth *o, arena *mem, const struct oauth_use *use, struct oauth_access *ret,
                 struct err *e)
{
    int64_t refused = use->refused_generation;
    struct oauth_use now = *use;
    struct app_site site;
    if (refused != OAUTH_ANY_GENERATION && look_again(o, mem, use, &now, e) != 0) {
        return -1;
    }
    const struct connection *c = now.connection;
    if (usable(c, e) != 0 || oauth_site(o, mem, now.def, &site, e) != 0) {
        return -1;
    }
    if (good_as_is(c, refused, oauth_margin_s(&c->tokens, app_refresh_margin_s(site.app)))) {
        return give(mem, c, &site, ret);
    }
    struct connection *fresh = NULL;
    if (may_refresh(c, e) == 0 && oauth_refresh(o, mem, c, now.def, &fresh, e) == 0) {
        return give(mem, fresh, &site, ret);
    }
    /* Near its end is not at its end: an outage of the token endpoint alone stops nobody. */
    return may_stand(e) && good_as_is(c, refused, 0) ? give(mem, c, &site, ret) : -1;
}
