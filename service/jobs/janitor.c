#include "jobs_int.h"

#include <time.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/metrics.h"

/*
 * What time brings about: leases of this living process go on, those of dead ones end, logins and
 * runs expire, old rows leave. Every replica does all of it; each piece is safe to do twice.
 */

enum {
    TICK_MS = 500,
    STATES_KEPT_S = 86400,
    PURGE_BATCH = 1000,
    RENEW_MAX_MS = 2000,
    EXPIRE_BATCHES = 3,
    SEAL_TURN_MS = 150,
    SEAL_BATCH = 2000
};

typedef int chore_fn(jobs *j, store *s, struct err *e);

static int renew_leases(jobs *j, store *s, struct err *e)
{
    size_t count = 0;
    const char **tokens = active_tokens(&j->active, store_arena(s), &count);
    return store_job_renew_all(s, tokens, count, j->options.config->ttl_lease, e);
}

static int reclaim(jobs *j, store *s, struct err *e)
{
    int64_t count = 0;
    if (store_job_reclaim(s, &count, e) != 0) {
        return -1;
    }
    if (count > 0) {
        log_warn("jobs of a process that ended are due again", LOG_INT("jobs", count));
        jobs_wake(j);
    }
    return 0;
}

static int gauges(jobs *j, store *s, struct err *e)
{
    int64_t waiting = 0, oldest_s = 0;
    (void)j;
    if (store_job_gauges(s, &waiting, &oldest_s, e) != 0) {
        return -1;
    }
    metric_set(METRIC_JOBS_WAITING, NULL, waiting);
    metric_set(METRIC_JOB_AGE, NULL, oldest_s);
    return 0;
}

static int purge(jobs *j, store *s, struct err *e)
{
    const struct config *c = j->options.config;
    const struct retention keep = {.events_s = c->ttl_events,
                                   .runs_s = c->ttl_runs,
                                   .audit_s = c->ttl_audit,
                                   .batch = PURGE_BATCH};
    int64_t count = 0;
    bool more = false;
    return store_state_purge(s, STATES_KEPT_S, &count, e) != 0 ||
                   store_connection_expire_provisional(s, c->ttl_provisional, &count, e) != 0
               ? -1
               : store_retention_sweep(s, &keep, &more, e);
}

/* Of a day with many lines a part each time: this thread has leases to renew. */
static int seal_audit(jobs *j, store *s, struct err *e)
{
    int64_t until_ms = clock_mono_ms() + SEAL_TURN_MS;
    struct seal_step step = {.found = true};
    while (step.found && clock_mono_ms() < until_ms && !atomic_load(&j->stopping)) {
        if (store_begin(s, e) != 0 || store_seal_step(s, SEAL_BATCH, &step, e) != 0 ||
            store_commit(s, e) != 0) {
            return -1;
        }
        if (step.sealed) {
            log_info("audit sealed", LOG_TEXT("workspace", step.seal.workspace),
                     LOG_TEXT("day", step.seal.day), LOG_INT("lines", step.seal.lines),
                     LOG_TEXT("seal", step.seal.seal));
        } else if (step.held.kind != ERR_NONE) {
            log_err(LOG_ERROR, "the audit of a workspace cannot be sealed", &step.held, NULL, 0);
        }
    }
    return 0;
}

static int retire_audit(jobs *j, store *s, struct err *e)
{
    int64_t count = 0;
    if (store_seal_adopt(s, e) != 0 || store_begin(s, e) != 0 ||
        store_seal_retire(s, j->options.config->ttl_audit, PURGE_BATCH, &count, e) != 0 ||
        store_commit(s, e) != 0) {
        return -1;
    }
    return store_seal_forget(s, e);
}

static int forget_removed(jobs *j, store *s, struct err *e)
{
    return bot_forget_removed(j->options.bot, store_arena(s), e);
}

static int reconcile(jobs *j, store *s, struct err *e)
{
    return bot_reconcile_due(j->options.bot, s, e);
}

static int check_bots(jobs *j, store *s, struct err *e)
{
    return bot_check_due(j->options.bot, s, e);
}

static int keep_alive(jobs *j, store *s, struct err *e)
{
    return bot_keep_due(j->options.bot, s, e);
}

static int note_key(jobs *j, store *s, struct err *e)
{
    (void)j;
    return store_keys_note(s, e);
}

static int note_queue_age(jobs *j, store *s, struct err *e)
{
    (void)j;
    return store_queue_note(s, e);
}

static const struct chore {
    chore_fn *run;
    int64_t every_ms; /* 0: as often as leases must be renewed */
    const char *name;
} chores[] = {
    {renew_leases, 0, "renew leases"},
    {reclaim, 1000, "reclaim leases"},
    {gauges, 5000, "gauges"},
    {purge, 30000, "purge"},
    {forget_removed, 300000, "forget removed workspaces"},
    {reconcile, 2000, "plan reconciliations"},
    {check_bots, 2000, "ask about tokens of bots"},
    {keep_alive, 5000, "keep connections alive"},
    {seal_audit, 1000, "seal the audit"},
    {retire_audit, 30000, "retire old days of the audit"},
    {note_key, 60000, "note the key that seals"},
    {note_queue_age, 60000, "note how long work waits"},
};
enum { CHORES = sizeof(chores) / sizeof(chores[0]), EXPIRE_EVERY_MS = 1000 };

/* At least thrice in the life of a lease, so that one late renewal loses nothing. */
static int64_t period_ms(const jobs *j, const struct chore *c)
{
    int64_t lease_ms = j->options.config->ttl_lease * 1000;
    int64_t renew_ms = lease_ms / 3 < RENEW_MAX_MS ? lease_ms / 3 : RENEW_MAX_MS;
    return c->every_ms > 0 ? c->every_ms : renew_ms;
}

static void do_chore(jobs *j, const struct chore *c)
{
    arena *mem = arena_new();
    store *s = NULL;
    struct err e = {0};
    int rc = store_open(j->options.reserved, mem, &s, &e);
    if (rc == 0) {
        rc = c->run(j, s, &e);
    }
    store_close(s);
    if (rc != 0) {
        const struct log_field fields[] = {LOG_TEXT("chore", c->name)};
        log_err(LOG_ERROR, "a chore failed", &e, fields, 1);
    }
    arena_free(mem);
}

static void expire(jobs *j)
{
    bool more = true;
    /* A backlog must not keep this thread from renewing leases: it is worked off tick by tick. */
    for (int i = 0; i < EXPIRE_BATCHES && more && !atomic_load(&j->stopping); i++) {
        arena *mem = arena_new();
        struct err e = {0};
        if (bot_expire(j->options.bot, mem, &more, &e) != 0) {
            log_err(LOG_ERROR, "logins and runs could not expire", &e, NULL, 0);
            more = false;
        }
        arena_free(mem);
    }
}

static void wait_tick(jobs *j)
{
    int64_t at_ms = clock_mono_ms() + TICK_MS;
    const struct timespec at = {.tv_sec = at_ms / 1000, .tv_nsec = at_ms % 1000 * 1000000};
    pthread_mutex_lock(&j->lock);
    if (!atomic_load(&j->stopping)) {
        pthread_cond_timedwait(&j->tick, &j->lock, &at);
    }
    pthread_mutex_unlock(&j->lock);
}

/* While jobs drain their leases are still kept alive; nothing else is begun. */
static bool goes_on(jobs *j)
{
    return !atomic_load(&j->stopping) || atomic_load(&j->busy) > 0;
}

void *jobs_janitor(void *arg)
{
    jobs *j = arg;
    int64_t due_ms[CHORES] = {0}, expire_ms = 0;
    while (goes_on(j)) {
        int64_t now = clock_mono_ms();
        for (size_t i = 0; i < CHORES; i++) {
            bool wanted = !atomic_load(&j->stopping) || chores[i].run == renew_leases;
            if (wanted && now >= due_ms[i]) {
                due_ms[i] = now + period_ms(j, &chores[i]);
                do_chore(j, &chores[i]);
            }
        }
        if (now >= expire_ms) {
            expire_ms = now + EXPIRE_EVERY_MS;
            expire(j);
        }
        wait_tick(j);
    }
    return NULL;
}
