#include "oauth_int.h"

#include "base/clock.h"
#include "base/hash.h"
#include "base/str.h"

/*
 * When a connection ends: what the app says in its answer, else what its definition knows of all of
 * its refresh tokens. A renewal puts off the end of a token that must be used, and of one that is
 * replaced; one that is given once more ends when it would have.
 */

enum { DAY_S = 86400, LONG_DAYS = 14, SHORT_DAYS = 4, LONG_LEAD_DAYS = 7, SHORT_LEAD_DAYS = 2 };

int64_t oauth_lead_s(int64_t life_s)
{
    if (life_s >= LONG_DAYS * INT64_C(86400)) {
        return LONG_LEAD_DAYS * INT64_C(86400);
    }
    return life_s >= SHORT_DAYS * INT64_C(86400) ? SHORT_LEAD_DAYS * INT64_C(86400) : 0;
}

static int64_t sooner(int64_t a, int64_t b)
{
    return a == 0 || (b != 0 && b < a) ? b : a;
}

static int64_t end_of(const app *a, int64_t since, int64_t now)
{
    int64_t idle = app_refresh_idle_days(a) * DAY_S, fixed = app_refresh_fixed_days(a) * DAY_S;
    return sooner(idle == 0 ? 0 : now + idle, fixed == 0 ? 0 : since + fixed);
}

/* Between 35 and 48 hundredths of what is left: before half of it is over, and not all at once. */
static int64_t keep_at(const char *owner, int64_t now, int64_t ends_at)
{
    enum { FIRST = 350, WIDTH = 130, WHOLE = 1000 };
    int64_t part = FIRST + (int64_t)(hash_text(HASH_START, owner) % WIDTH);
    return now + (ends_at - now) * part / WHOLE;
}

static bool is_same_token(const struct tokens *old, const struct tokens *t)
{
    return secret_empty(t->refresh) ||
           str_equal(secret_reveal(old->refresh), secret_reveal(t->refresh));
}

/* The app's own word, else the end that stands, else what the definition makes of it. */
static int64_t ends_at(const app *a, const struct tokens *standing, const struct tokens *t,
                       int64_t now)
{
    if (t->refresh_expires_at > 0) {
        return t->refresh_expires_at;
    }
    bool begins_anew = a != NULL && app_refresh_idle_days(a) > 0;
    if (standing != NULL && !begins_anew && standing->refresh_expires_at > 0) {
        return standing->refresh_expires_at;
    }
    return a == NULL ? 0 : end_of(a, t->refresh_since, now);
}

/* Does a renewal put the end off? told: the app says when that is; replaced: it has given another
 * refresh token. */
static bool is_put_off(const app *a, bool told, bool replaced)
{
    if (a == NULL) {
        return told && replaced;
    }
    return app_refresh_idle_days(a) > 0 || (told && (replaced || app_single_use_refresh(a)));
}

void oauth_forecast(const app *a, const struct connection *of, const struct tokens *old,
                    struct tokens *io)
{
    int64_t now = clock_now();
    const struct tokens *standing = old != NULL && is_same_token(old, io) ? old : NULL;
    bool put_off = is_put_off(a, io->refresh_expires_at > 0, old != NULL && standing == NULL);
    io->refresh_since =
        standing != NULL && standing->refresh_since > 0 ? standing->refresh_since : now;
    int64_t end = ends_at(a, standing, io, now);
    int64_t lead_s = oauth_lead_s(end - (put_off ? now : io->refresh_since));
    io->refresh_expires_at = end;
    io->warn_at = end > 0 && lead_s > 0 ? end - lead_s : 0;
    io->keep_at = end > now && put_off ? keep_at(of->user_id, now, end) : 0;
}

int oauth_keep(oauth *o, arena *mem, const struct known_end *x, bool asked, struct connection **ret,
               struct err *e)
{
    store *s = NULL;
    struct connection *c = NULL;
    struct default_connection *d = NULL;
    if (store_open(o->options.stores, mem, &s, e) != 0) {
        return -1;
    }
    int rc = store_connection_load(s, x->workspace, x->connection_id, &c, e);
    if (rc == 0) {
        rc = store_default_find(s, x->workspace, c->default_name, &d, e);
    }
    store_close(s);
    if (rc != 0) {
        return -1;
    }
    if (d == NULL || c->state != CONNECTION_ACTIVE) {
        return err_set(e, ERR_LOGIN_NEEDED, "grant_dead", "connection %s is %s", c->id,
                       connection_state_name(c->state));
    }
    if (c->generation != x->generation || (!asked && !d->keep_alive)) {
        *ret = c; /* renewed meanwhile, or not wanted any more */
        return 0;
    }
    return oauth_refresh(o, mem, c, d, ret, e);
}
