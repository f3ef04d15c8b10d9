#include "oauth_int.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/metrics.h"
#include "base/str.h"

/*
 * One refresh at a time per bot over all replicas: the row's generation and a lease decide the one
 * caller, and the new pair is stored before anybody uses it. A refresh token is good for one use
 * and a short while after it: one whose answer never came is sent once more, and no third time.
 */

enum {
    LEASE_S = 30,        /* longer than the longest call */
    COOL_S = 60,         /* after a failed refresh */
    COOL_MAX_S = 600,    /* whatever a platform asks for */
    LOSER_WAIT_MS = 400, /* whoever meets a running refresh looks again after this */
    KEEP_PAUSE_MS = 500,
    LOST_MAX = 2
};

struct renewal {
    oauth *oauth;
    arena *mem;
    struct oauth_bot *as;
    struct bot_refresh begun;
    int64_t lease_ends_ms; /* on clock_mono_ms() */
    bool unanswered;       /* a try to store the new pair failed, and may have been done */
};

typedef int renewal_fn(struct renewal *r, store *s, const void *arg, struct err *e);

static int with_store(struct renewal *r, renewal_fn *work, const void *arg, struct err *e)
{
    store *s = NULL;
    if (store_enter(r->oauth->options.stores, r->mem, &s, e) != 0) {
        return -1;
    }
    return store_leave(s, work(r, s, arg, e), e);
}

static int begin(struct renewal *r, store *s, const void *arg, struct err *e)
{
    (void)arg;
    return store_bot_refresh_begin(s, r->as->access.workspace, r->as->generation, LEASE_S,
                                   &r->begun, e);
}

static int keep(struct renewal *r, store *s, const void *arg, struct err *e)
{
    const struct bot_tokens *t = arg;
    bool stored = false;
    if (store_bot_refresh_done(s, r->as->access.workspace, r->as->generation, t, &stored, e) != 0) {
        return -1;
    }
    /* else the row has moved on: installed again, or by an earlier try of ours */
    metric_add(METRIC_BOT_REFRESHES,
               stored || r->unanswered ? "result=\"done\"" : "result=\"superseded\"", 1);
    return 0;
}

/* The old refresh token is worth nothing soon, so a database that is away for a moment must not
 * cost the new one: it is tried again for as long as nobody else may refresh. */
static int keep_surely(struct renewal *r, const struct bot_tokens *t, struct err *e)
{
    while (with_store(r, keep, t, e) != 0) {
        int64_t pause_ms = e->retry_after_ms > 0 ? e->retry_after_ms : KEEP_PAUSE_MS;
        if (e->kind != ERR_DATABASE || clock_mono_ms() + pause_ms >= r->lease_ends_ms) {
            oauth_bot_log(LOG_ERROR, "a bot's new token is lost: it could not be stored", r->as, e);
            return -1;
        }
        r->unanswered = true;
        clock_wait_ms(pause_ms);
        *e = (struct err){0};
    }
    return 0;
}

/* --- no new pair --- */

static int note_failure(struct renewal *r, store *s, const void *arg, struct err *e)
{
    const struct bot_refresh_failure *f = arg;
    const char *workspace = r->as->access.workspace;
    if (store_bot_refresh_failed(s, workspace, r->as->generation, f, e) != 0) {
        return -1;
    }
    /* while the access token still lives there is one to tell it with */
    return f->fault == NULL ? 0 : oauth_notice_later(s, workspace, "bot_fault", NULL, e);
}

static int settle_failure(struct renewal *r, const struct err *why, const char *fault,
                          struct err *e)
{
    int64_t cool_s = why->retry_after_ms > 0 ? (why->retry_after_ms + 999) / 1000 : COOL_S;
    const struct bot_refresh_failure f = {.answered = !why->maybe_done,
                                          .cool_s = cool_s < COOL_MAX_S ? cool_s : COOL_MAX_S,
                                          .fault = fault};
    if (with_store(r, note_failure, &f, e) != 0) {
        return -1;
    }
    metric_add(METRIC_BOT_REFRESHES, fault == NULL ? "result=\"busy\"" : "result=\"refused\"", 1);
    oauth_bot_log(fault == NULL ? LOG_WARN : LOG_ERROR, "a bot's token could not be renewed", r->as,
                  why);
    if (fault != NULL && !oauth_bot_lives(r->as, 0)) {
        return oauth_bot_break(r->oauth, r->mem, r->as, fault, e);
    }
    *e = *why;
    return -1;
}

/* fault: the platform's word is final; and yet a newer pair that another replica has stored wins.
 */
static int failed(struct renewal *r, const struct err *why, const char *fault, struct err *e)
{
    bool is_newer = false;
    if (oauth_bot_newer(r->oauth, r->mem, r->as, &is_newer, e) != 0) {
        return -1;
    }
    return is_newer ? 0 : settle_failure(r, why, fault, e);
}

/* Another worker has the lease, a cool-down runs, or there is nothing to refresh with. */
static int not_mine(struct renewal *r, struct err *e)
{
    bool is_newer = false;
    if (oauth_bot_newer(r->oauth, r->mem, r->as, &is_newer, e) != 0) {
        return -1;
    }
    if (is_newer) {
        return 0;
    }
    if (!r->as->renews) {
        return oauth_bot_lives(r->as, 0)
                   ? 0
                   : oauth_bot_break(r->oauth, r->mem, r->as, "token_expired", e);
    }
    err_set(e, ERR_LIMIT, "refreshing", "the bot's token of %s is being renewed",
            r->as->access.workspace);
    e->retry_after_ms = LOSER_WAIT_MS;
    return -1;
}

/* --- the call --- */

static const char *final_fault(const struct err *why)
{
    return oauth_bot_is_refused(why) ? "refresh_refused" : NULL;
}

static int store_grant(struct renewal *r, const struct chat_grant *g, struct err *e)
{
    bool is_newer = false;
    const struct bot_tokens t = {.access = g->access,
                                 .refresh = g->refresh,
                                 .expires_at =
                                     g->expires_in_s == 0 ? 0 : clock_now() + g->expires_in_s};
    if (keep_surely(r, &t, e) != 0 || oauth_bot_newer(r->oauth, r->mem, r->as, &is_newer, e) != 0) {
        return -1;
    }
    return is_newer ? 0
                    : err_set(e, ERR_CONFIG, "chat_dead", "the bot of %s was taken away meanwhile",
                              r->as->access.workspace);
}

static int call(struct renewal *r, struct err *e)
{
    chats *c = r->oauth->options.chats;
    const struct chat_driver *driver = chats_driver(c, r->as->access.workspace);
    struct chat_grant grant = {.expires_in_s = 0};
    struct err why = {0};
    if (driver == NULL) {
        err_set(&why, ERR_CONFIG, "chat_off", "the platform is switched off");
        return failed(r, &why, NULL, e);
    }
    if (r->begun.tries > LOST_MAX) {
        err_set(&why, ERR_CONFIG, "chat_dead", "two answers to refreshes of it never came");
        return failed(r, &why, "refresh_lost", e);
    }
    if (driver->refresh(c, r->mem, r->as->access.workspace, r->begun.refresh, &grant, &why) != 0) {
        return failed(r, &why, final_fault(&why), e);
    }
    return store_grant(r, &grant, e);
}

int oauth_bot_renew(oauth *o, arena *mem, struct oauth_bot *as, struct err *e)
{
    struct renewal r = {.oauth = o,
                        .mem = mem,
                        .as = as,
                        .lease_ends_ms = clock_mono_ms() + LEASE_S * INT64_C(1000)};
    if (!as->renews) {
        return not_mine(&r, e);
    }
    if (with_store(&r, begin, NULL, e) != 0) {
        return -1;
    }
    return r.begun.mine ? call(&r, e) : not_mine(&r, e);
}
