#include "refresh_int.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/metrics.h"
#include "base/str.h"

/* What a refresh brought is stored before anybody uses it (P6), or goes back to the app. */

enum { KEEP_PAUSE_MS = 500 }; /* between tries, when the database names no time */

/* Asking the app to forget t leaves alive what acts now: other tokens, where the app ends no more
 * than the grant that it is shown. */
static bool spares(const struct refresh *r, const struct connection *now, const struct tokens *t)
{
    const app *a = apps_find(r->oauth->options.apps, r->d->app);
    return a != NULL && app_revokes_one_grant(a) && !secret_equal(now->tokens.access, t->access) &&
           (secret_empty(t->refresh) || !secret_equal(now->tokens.refresh, t->refresh));
}

/* When the row has moved on meanwhile (the user disconnected), the new tokens have no place to be:
 * the app is asked to forget them. Unless that would end what acts there now: an earlier try of
 * ours may have stored these very tokens, or its owner has logged in anew. */
static int forget(struct refresh *r, store *s, const struct tokens *t, struct err *e)
{
    struct connection *now = NULL;
    if (refresh_reload(r, s, &now, e) != 0) {
        if (e->kind != ERR_NOT_FOUND) {
            return -1;
        }
        *e = (struct err){0};
    }
    if (now != NULL && now->state == CONNECTION_ACTIVE && !spares(r, now, t)) {
        metric_add(METRIC_REFRESHES, "result=\"done\"", 1);
        return 0;
    }
    metric_add(METRIC_REFRESHES, "result=\"superseded\"", 1);
    const struct oauth_grant useless = {
        .tokens = t, .account = &r->c->account, .user_id = r->c->user_id};
    return oauth_revoke_later(r->oauth, s, r->d, &useless, NULL, e);
}

struct refreshed refresh_row(const struct connection *c, const struct tokens *t)
{
    return (struct refreshed){.workspace = c->workspace,
                              .id = c->id,
                              .generation = c->generation,
                              .tokens = t,
                              .rotates = !secret_empty(t->refresh) &&
                                         !secret_equal(t->refresh, c->tokens.refresh)};
}

static int store_fresh(struct refresh *r, store *s, const struct refresh_kept *n, bool *ret_stored,
                       struct err *e)
{
    if (n->notice == NULL) {
        return store_refresh_done(s, &n->row, ret_stored, e);
    }
    if (store_begin(s, e) != 0 || store_refresh_done(s, &n->row, ret_stored, e) != 0 ||
        (*ret_stored && oauth_notice_later(s, r->c->workspace, n->notice, r->d->name, e) != 0)) {
        return -1;
    }
    return store_commit(s, e);
}

/* Stored before anybody uses them. */
static int keep(struct refresh *r, store *s, void *arg, struct err *e)
{
    const struct refresh_kept *n = arg;
    bool stored = false;
    if (store_fresh(r, s, n, &stored, e) != 0) {
        return -1;
    }
    if (!stored) {
        return forget(r, s, n->row.tokens, e);
    }
    metric_add(METRIC_REFRESHES, n->label, 1);
    return 0;
}

/* The old refresh token may be worth nothing any more, so a database that is away for a moment must
 * not cost the new one: it is tried again for as long as nobody else may refresh. */
int refresh_keep(struct refresh *r, struct refresh_kept *n, struct err *e)
{
    while (refresh_in_store(r, keep, n, e) != 0) {
        int64_t pause_ms = e->retry_after_ms > 0 ? e->retry_after_ms : KEEP_PAUSE_MS;
        if (e->kind != ERR_DATABASE || clock_mono_ms() + pause_ms >= r->lease_ends_ms) {
            log_err(LOG_ERROR, "the new tokens of a connection are lost: they could not be stored",
                    e,
                    (const struct log_field[]){
                        LOG_TEXT("connection", r->c->id), LOG_TEXT("workspace", r->c->workspace),
                        LOG_INT("generation", r->c->generation),
                        LOG_TEXT("refresh_token",
                                 secret_empty(n->row.tokens->refresh) ? "unchanged" : "rotated")},
                    4);
            return -1;
        }
        clock_wait_ms(pause_ms);
        *e = (struct err){0};
    }
    return 0;
}
