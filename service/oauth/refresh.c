#include "refresh_int.h"

#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/metrics.h"
#include "base/str.h"

/*
 * One refresh at a time per connection over all replicas (P6): the row's generation and a lease
 * decide the one caller; an attempt is journalled before the call and closed after it; new tokens
 * are stored by compare-and-set before anybody uses them. No transaction is open over the call.
 */

enum {
    LEASE_S = 30,        /* longer than the longest call */
    LOSER_WAIT_MS = 400, /* whoever meets a running refresh looks again after this */
    COOL_FIRST_S = 10,   /* after a failed refresh, doubled up to COOL_MAX_S */
    COOL_MAX_S = 120,
    COOL_LOST_S = 60, /* at least, after an answer that never came: an outage may be over then */
    COOL_GATEWAY_S = 300, /* the same, when a gateway has waited in vain: that outage is no blip */
    COOL_ASKED_S = 600,   /* at most, whatever an app asks for */
    LOST_MAX = 2          /* calls with one single-use token whose answers never came */
};

bool oauth_is_lost(const struct connection *c)
{
    return c->state == CONNECTION_NEEDS_ATTENTION && str_equal(c->reason, OAUTH_REFRESH_LOST);
}

int oauth_lost(const struct connection *c, struct err *e)
{
    return err_set(e, ERR_LOGIN_NEEDED, OAUTH_REFRESH_LOST,
                   "two answers to refreshes of connection %s never came", c->id);
}

int refresh_in_store(struct refresh *r, refresh_fn *work, void *arg, struct err *e)
{
    store *s = NULL;
    if (store_open(r->oauth->options.stores, r->mem, &s, e) != 0) {
        return -1;
    }
    int rc = work(r, s, arg, e);
    store_close(s);
    return rc;
}

int refresh_reload(struct refresh *r, store *s, void *arg, struct err *e)
{
    struct connection **ret = arg;
    return store_connection_load(s, r->c->workspace, r->c->id, ret, e);
}

static int begin(struct refresh *r, store *s, void *arg, struct err *e)
{
    bool *ret_mine = arg;
    return store_refresh_begin(s, r->c->workspace, r->c->id, r->c->generation, LEASE_S, ret_mine,
                               &r->attempt, e);
}

/* By the app's definition, or, where that is a setting of the customer's there, since a refresh
 * once brought another one. */
static bool is_single_use(const struct refresh *r)
{
    const app *a = apps_find(r->oauth->options.apps, r->d->app);
    return a != NULL && (app_single_use_refresh(a) || (r->c->rotates && !app_old_refresh_lives(a)));
}

/* The one more try of a token of single use is not spent in the same outage. */
static int64_t first_cool_s(const struct refresh *r, const struct err *why)
{
    if (!why->maybe_done || !is_single_use(r)) {
        return COOL_FIRST_S;
    }
    return str_equal(why->code, "token_busy") ? COOL_GATEWAY_S : COOL_LOST_S;
}

static int64_t cool_s(const struct refresh *r, const struct err *why)
{
    int64_t asked = (why->retry_after_ms + 999) / 1000;
    int64_t cool = first_cool_s(r, why);
    int64_t most = cool > COOL_MAX_S ? cool : COOL_MAX_S;
    if (asked > 0) {
        return asked < COOL_ASKED_S ? asked : COOL_ASKED_S;
    }
    for (int64_t i = 0; i < r->c->failures && cool < most; i++) {
        cool *= 2;
    }
    return cool < most ? cool : most;
}

#define UNSIGNED "token_signature"
#define OF_ANOTHER "token_of_another"
#define CLIENT_REFUSED "result=\"client_refused\""

/* What each failure means for the row: most of them mean nothing at all (P7). */
static const struct verdict {
    enum err_kind kind;
    const char *code; /* NULL: any other */
    const char *outcome;
    const char *label;
    bool changes_state;
    enum connection_state state;
    const char *reason;
} verdicts[] = {
    {ERR_LOGIN_NEEDED, OAUTH_REFRESH_LOST, "lost", "result=\"lost\"", true,
     CONNECTION_NEEDS_ATTENTION, OAUTH_REFRESH_LOST},
    {ERR_LOGIN_NEEDED, NULL, "dead", "result=\"dead\"", true, CONNECTION_NEEDS_LOGIN,
     "ended_at_app"},
    {ERR_ATTENTION, OF_ANOTHER, "refused", "result=\"refused\"", true, CONNECTION_NEEDS_ATTENTION,
     OF_ANOTHER},
    {ERR_ATTENTION, NULL, "refused", "result=\"refused\"", true, CONNECTION_NEEDS_ATTENTION,
     "refresh_refused"},
    {ERR_CONFIG, "client_refused", "client_refused", CLIENT_REFUSED, false, CONNECTION_ACTIVE,
     NULL},
    {ERR_CONFIG, UNSIGNED, "unsigned", "result=\"unsigned\"", false, CONNECTION_ACTIVE, NULL},
    {ERR_CONFIG, "grant_unclear", "client_refused", CLIENT_REFUSED, false, CONNECTION_ACTIVE, NULL},
    {ERR_CONFIG, NULL, "misconfigured", "result=\"misconfigured\"", false, CONNECTION_ACTIVE, NULL},
    {ERR_NONE, NULL, "busy", "result=\"busy\"", false, CONNECTION_ACTIVE, NULL}, /* all others */
};

static const struct verdict *verdict_of(const struct err *why)
{
    const struct verdict *v = verdicts;
    while (v->kind != ERR_NONE &&
           (v->kind != why->kind || (v->code != NULL && !str_equal(v->code, why->code)))) {
        v++;
    }
    return v;
}

/* The app rests, or has its share of calls: nothing was sent. That it rests is the app's alone, and
 * short; a cool-down of this connection would outlast it, and count its callers' waits as tries. */
static int settle_held(struct refresh *r, store *s, struct err *e)
{
    metric_add(METRIC_REFRESHES, "result=\"busy\"", 1);
    return store_refresh_held(s, r->c->workspace, r->c->id, r->c->generation, e);
}

static int settle_failure(struct refresh *r, store *s, void *arg, struct err *e)
{
    const struct err *why = arg;
    const struct verdict *v = verdict_of(why);
    const struct connection *c = r->c;
    if (net_was_held(why)) {
        return settle_held(r, s, e);
    }
    metric_add(METRIC_REFRESHES, v->label, 1);
    if (store_begin(s, e) != 0 ||
        store_refresh_failed(s, c->workspace, c->id, c->generation,
                             why->maybe_done ? "no_answer" : v->outcome, cool_s(r, why), e) != 0) {
        return -1;
    }
    bool changed = false;
    if (v->changes_state) {
        if (store_connection_set_state(s, c->workspace, c->id, c->generation, v->state, v->reason,
                                       &changed, e) != 0) {
            return -1;
        }
    }
    if (changed) {
        json_t *detail =
            arena_json(r->mem, json_pack("{s:s, s:s}", "state", connection_state_name(v->state),
                                         "reason", v->reason));
        if (store_audit_add(s, c->workspace, "system", "connection.state", c->id, detail, e) != 0 ||
            store_home_want(s, c->workspace, c->user_id, 1, e) != 0) {
            return -1;
        }
    }
    return store_commit(s, e);
}

/* Another worker has the lease, has finished since, or a cool-down runs. */
static int not_mine(struct refresh *r, struct connection **ret, struct err *e)
{
    struct connection *now = NULL;
    if (refresh_in_store(r, refresh_reload, &now, e) != 0) {
        return -1;
    }
    if (now->generation != r->c->generation && now->state == CONNECTION_ACTIVE) {
        *ret = now;
        return 0;
    }
    if (now->state == CONNECTION_NEEDS_LOGIN || now->state == CONNECTION_DISCONNECTED) {
        return err_set(e, ERR_LOGIN_NEEDED, "grant_dead", "connection %s has ended", now->id);
    }
    if (oauth_is_lost(now)) {
        return oauth_lost(now, e);
    }
    int64_t wait_ms = (now->cool_until - clock_now()) * 1000;
    err_set(e, ERR_LIMIT, "refreshing", "connection %s is being refreshed or cools down", now->id);
    e->retry_after_ms = wait_ms > LOSER_WAIT_MS ? wait_ms : LOSER_WAIT_MS;
    return -1;
}

/* The app's word about this grant is final only if the row still holds the token that was sent. */
static int failed(struct refresh *r, const struct err *why, struct connection **ret, struct err *e)
{
    struct connection *now = NULL;
    if (refresh_in_store(r, refresh_reload, &now, e) != 0) {
        return -1;
    }
    if (now->generation != r->c->generation && now->state == CONNECTION_ACTIVE) {
        *ret = now;
        return 0;
    }
    struct err copy = *why;
    if (refresh_in_store(r, settle_failure, &copy, e) != 0) {
        return -1;
    }
    *e = *why;
    return -1;
}

/* A token of single use that the app may have taken as often is not sent once more: a third time
 * could end more than this login. */
static bool is_spent(const struct refresh *r, int64_t lost)
{
    return lost >= LOST_MAX && is_single_use(r);
}

/* Where the app says that it is now comes with the tokens, or stays as it was. */
static int keep_all(struct refresh *r, const struct tokens *t, const struct account *said,
                    struct err *e)
{
    const struct connection *c = r->c;
    struct refresh_kept n = {
        .row = refresh_row(c, t), .label = "result=\"done\"", .notice = said->not_taken};
    n.row.api_base = said->api_base;
    n.row.vars = said->vars;
    if (said->not_taken != NULL) {
        log_warn("an app says that it has moved to where it may not: the old address stays",
                 LOG_TEXT("connection", c->id), LOG_TEXT("workspace", c->workspace),
                 LOG_TEXT("code", said->not_taken));
    }
    return refresh_keep(r, &n, e);
}

/* An answer that cannot be believed: its access token is used for nothing. Its refresh token takes
 * the place of the one that was sent, which may be worth nothing by now (docs/decisions/0033). */
static int keep_unsigned(struct refresh *r, const app *a, const struct tokens *t,
                         const struct err *why, struct err *e)
{
    const struct connection *c = r->c;
    const struct verdict *v = verdict_of(why);
    struct tokens kept = c->tokens;
    kept.refresh = t->refresh;
    kept.refresh_expires_at = 0;
    oauth_forecast(a, c, &c->tokens, &kept);
    struct refresh_kept n = {.row = refresh_row(c, &kept), .label = v->label, .notice = why->code};
    n.row.doubt = v->outcome;
    n.row.cool_s = cool_s(r, why);
    if (refresh_keep(r, &n, e) != 0) {
        return -1;
    }
    *e = *why;
    return -1;
}

static int call(struct refresh *r, struct connection **ret, struct err *e)
{
    struct app_site site;
    if (oauth_site(r->oauth, r->mem, r->d, &site, e) != 0) {
        return failed(r, &(struct err){.kind = e->kind, .code = e->code}, ret, e);
    }
    oauth_site_account(r->mem, &site, &r->c->account);
    const struct app_client client = oauth_client(r->d);
    const struct app_grant grant = {.refresh = r->c->tokens.refresh};
    struct tokens t = {0};
    struct account said = r->c->account;
    struct err why = {0};
    if (app_token(r->mem, r->oauth->options.http, &site, &client, &grant, &t, &said, &why) != 0) {
        if (str_equal(why.code, UNSIGNED) && !secret_empty(t.refresh)) {
            return keep_unsigned(r, site.app, &t, &why, e);
        }
        oauth_clear_up(r->oauth, r->mem, &(struct oauth_unclear){r->c, r->d}, &why);
        if (why.maybe_done && is_spent(r, r->attempt)) {
            (void)oauth_lost(r->c, &why);
            why.maybe_done = true;
        }
        return failed(r, &why, ret, e);
    }
    oauth_forecast(site.app, r->c, &r->c->tokens, &t);
    if (keep_all(r, &t, &said, e) != 0 || refresh_in_store(r, refresh_reload, ret, e) != 0) {
        return -1;
    }
    return (*ret)->state == CONNECTION_ACTIVE ? 0
                                              : err_set(e, ERR_LOGIN_NEEDED, "grant_dead",
                                                        "connection %s ended meanwhile", r->c->id);
}

int oauth_refresh(oauth *o, arena *mem, const struct connection *c,
                  const struct default_connection *d, struct connection **ret, struct err *e)
{
    struct refresh r = {.oauth = o,
                        .mem = mem,
                        .c = c,
                        .d = d,
                        .lease_ends_ms = clock_mono_ms() + LEASE_S * INT64_C(1000)};
    bool mine = false;
    if (refresh_in_store(&r, begin, &mine, e) != 0) {
        return -1;
    }
    if (!mine) {
        return not_mine(&r, ret, e);
    }
    if (secret_empty(c->tokens.refresh)) {
        struct err why = {0};
        err_set(&why, ERR_LOGIN_NEEDED, "grant_dead", "connection %s has no refresh token", c->id);
        return failed(&r, &why, ret, e);
    }
    if (is_spent(&r, r.attempt - 1)) {
        struct err why = {0};
        (void)oauth_lost(c, &why);
        return failed(&r, &why, ret, e);
    }
    return call(&r, ret, e);
}
