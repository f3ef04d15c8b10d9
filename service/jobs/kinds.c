#include "jobs_int.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/metrics.h"
#include "base/str.h"

/* What each kind of job does, how often it is tried, and who is told when that was in vain. The
 * bound holds for attempts that failed, and again for workers that died over it one after the
 * other: the job may be what kills them. */

enum {
    BACKOFF_FIRST_S = 1,
    BACKOFF_MAX_S = 300,
    ASKED_MAX_S = 600,  /* whatever a peer asks for: a slip of its clock is not worth a day */
    SECRET_S = 60,      /* between two looks whether our credential is taken again */
    EVENT_ATTEMPTS = 60 /* some four hours: as long as an outage of the chat may be sat out */
};

static int run_event(jobs *j, arena *mem, const struct job *job, struct err *e)
{
    return bot_job_event(j->options.bot, mem, job, e);
}

static int run_run(jobs *j, arena *mem, const struct job *job, struct err *e)
{
    return bot_job_run(j->options.bot, mem, job, e);
}

static int run_revoke(jobs *j, arena *mem, const struct job *job, struct err *e)
{
    return bot_job_revoke(j->options.bot, mem, job, e);
}

static int run_purge(jobs *j, arena *mem, const struct job *job, struct err *e)
{
    return bot_job_purge(j->options.bot, mem, job, e);
}

static int run_notice(jobs *j, arena *mem, const struct job *job, struct err *e)
{
    return bot_job_notice(j->options.bot, mem, job, e);
}

static int run_send(jobs *j, arena *mem, const struct job *job, struct err *e)
{
    return outbox_send(&j->options, mem, job, e);
}

static int give_up_send(jobs *j, arena *mem, const struct job *job, const struct err *why,
                        struct err *e)
{
    return outbox_give_up(&j->options, mem, job, why, e);
}

static int tell_run_failed(jobs *j, arena *mem, const struct job *job, const struct err *why,
                           struct err *e)
{
    return bot_run_failed(j->options.bot, mem, job, why, e);
}

static int tell_revoke_failed(jobs *j, arena *mem, const struct job *job, const struct err *why,
                              struct err *e)
{
    return bot_revoke_failed(j->options.bot, mem, job, why, e);
}

static int run_move(jobs *j, arena *mem, const struct job *job, struct err *e)
{
    return bot_job_move(j->options.bot, mem, job, e);
}

static int run_reconcile(jobs *j, arena *mem, const struct job *job, struct err *e)
{
    return bot_job_reconcile(j->options.bot, mem, job, e);
}

static int run_home(jobs *j, arena *mem, const struct job *job, struct err *e)
{
    return bot_job_home(j->options.bot, mem, job, e);
}

static int run_form(jobs *j, arena *mem, const struct job *job, struct err *e)
{
    return bot_job_form(j->options.bot, mem, job, e);
}

static int run_check(jobs *j, arena *mem, const struct job *job, struct err *e)
{
    return bot_job_check(j->options.bot, mem, job, e);
}

/* What a form was to show is found under `pending` and on the home page, too; a page that cannot be
 * published is published anew at the next change or when it is opened; people who cannot be
 * compared are compared the next night; a token that cannot be asked about is asked about later. */
static int drop(jobs *j, arena *mem, const struct job *job, const struct err *why, struct err *e)
{
    store *s = NULL;
    (void)why;
    if (store_open(j->options.stores, mem, &s, e) != 0) {
        return -1;
    }
    int rc = store_job_drop(s, job, e);
    store_close(s);
    return rc;
}

static int run_keep(jobs *j, arena *mem, const struct job *job, struct err *e)
{
    return bot_job_keep(j->options.bot, mem, job, e);
}

static int run_hook(jobs *j, arena *mem, const struct job *job, struct err *e)
{
    return bot_job_hook(j->options.bot, mem, job, e);
}

static int tell_keep_failed(jobs *j, arena *mem, const struct job *job, const struct err *why,
                            struct err *e)
{
    return bot_keep_failed(j->options.bot, mem, job, why, e);
}

static const struct kind {
    int (*run)(jobs *j, arena *mem, const struct job *job, struct err *e);
    int (*give_up)(jobs *j, arena *mem, const struct job *job, const struct err *why,
                   struct err *e); /* NULL: the job is dead, and the log says so */
    int64_t attempts_max;
    const char *label;
} kinds[JOB_KIND_COUNT] = {
    [JOB_SLACK_EVENT] = {run_event, NULL, EVENT_ATTEMPTS, "kind=\"slack_event\""},
    [JOB_SLACK_INTERACTION] = {run_event, NULL, EVENT_ATTEMPTS, "kind=\"slack_interaction\""},
    [JOB_SLACK_COMMAND] = {run_event, NULL, EVENT_ATTEMPTS, "kind=\"slack_command\""},
    [JOB_TEAMS_ACTIVITY] = {run_event, NULL, EVENT_ATTEMPTS, "kind=\"teams_activity\""},
    [JOB_TEAMS_INVOKE] = {run_event, NULL, EVENT_ATTEMPTS, "kind=\"teams_invoke\""},
    [JOB_RUN] = {run_run, tell_run_failed, 12, "kind=\"run\""},
    [JOB_SEND] = {run_send, give_up_send, 20, "kind=\"send\""},
    [JOB_REVOKE] = {run_revoke, tell_revoke_failed, 30, "kind=\"revoke\""},
    [JOB_PURGE] = {run_purge, NULL, 60, "kind=\"purge\""},
    [JOB_NOTICE] = {run_notice, NULL, 12, "kind=\"notice\""},
    [JOB_MOVE] = {run_move, NULL, 60, "kind=\"move\""},
    [JOB_HOME] = {run_home, drop, 8, "kind=\"home\""},
    [JOB_FORM] = {run_form, drop, 12, "kind=\"form\""},
    [JOB_RECONCILE] = {run_reconcile, drop, 30, "kind=\"reconcile\""},
    [JOB_CHECK] = {run_check, drop, 4, "kind=\"check\""},
    [JOB_KEEP] = {run_keep, tell_keep_failed, 8, "kind=\"keep\""},
    [JOB_HOOK_EVENT] = {run_hook, NULL, EVENT_ATTEMPTS, "kind=\"hook_event\""},
};

static int64_t backoff_s(const struct job *job, const struct err *why)
{
    if (why->retry_after_ms > 0) {
        int64_t asked = (why->retry_after_ms + 999) / 1000;
        return asked < ASKED_MAX_S ? asked : ASKED_MAX_S;
    }
    int64_t delay = BACKOFF_FIRST_S;
    for (int64_t i = 1; i < job->attempts && delay < BACKOFF_MAX_S; i++) {
        delay *= 2;
    }
    return delay < BACKOFF_MAX_S ? delay : BACKOFF_MAX_S;
}

typedef int settle_fn(store *s, const struct job *job, const struct err *why, struct err *e);

static int settle_again(store *s, const struct job *job, const struct err *why, struct err *e)
{
    return store_job_again(s, job, backoff_s(job, why), why->code, e);
}

static int settle_waiting(store *s, const struct job *job, const struct err *why, struct err *e)
{
    return store_job_wait(s, job, backoff_s(job, why), why->code, e);
}

static int settle_unsigned(store *s, const struct job *job, const struct err *why, struct err *e)
{
    return store_job_wait(s, job, SECRET_S, why->code, e);
}

/* It looks again soon, and what waits for long more seldom. */
static int wait_by_age(store *s, const struct job *job, int64_t most_s, const struct err *why,
                       struct err *e)
{
    enum { SOON_S = 1 };
    int64_t age_s = clock_now() - job->created_at;
    int64_t delay_s = age_s < SOON_S ? SOON_S : age_s < most_s ? age_s : most_s;
    return store_job_wait(s, job, delay_s, why->code, e);
}

/* It is woken when the bot works; should it be so in this very moment, it looks again. */
static int settle_unchecked(store *s, const struct job *job, const struct err *why, struct err *e)
{
    enum { CHECKED_S = 15 };
    return wait_by_age(s, job, CHECKED_S, why, e);
}

/* Its peer's share of the workers is in use, and each of them may end in this very moment: who has
 * waited for long must not look more seldom than those who come. */
static int settle_crowded(store *s, const struct job *job, const struct err *why, struct err *e)
{
    enum { CROWDED_S = 2 };
    return wait_by_age(s, job, CROWDED_S, why, e);
}

static int settle_resting(store *s, const struct job *job, const struct err *why, struct err *e)
{
    enum { RESTING_S = 10 };
    return wait_by_age(s, job, RESTING_S, why, e);
}

/* What is to be said keeps its lane: what is said after it waits for the same. */
static int settle_held(store *s, const struct job *job, const struct err *why, struct err *e)
{
    enum { MENDED_S = 60 };
    return job->kind == JOB_SEND ? wait_by_age(s, job, MENDED_S, why, e)
                                 : store_job_hold(s, job, backoff_s(job, why), e);
}

static int settle_left(store *s, const struct job *job, const struct err *why, struct err *e)
{
    return store_job_leave(s, job, why->code, e);
}

static int settle_dead(store *s, const struct job *job, const struct err *why, struct err *e)
{
    return store_job_dead(s, job, why->code, e);
}

static int settle(jobs *j, arena *mem, const struct job *job, settle_fn *how, const struct err *why,
                  struct err *e)
{
    store *s = NULL;
    if (store_open(j->options.stores, mem, &s, e) != 0) {
        return -1;
    }
    store_follow(s, job);
    int rc = how(s, job, why, e);
    store_close(s);
    return rc;
}

static void log_job(enum log_level level, const char *message, const struct job *job,
                    const struct err *why)
{
    const struct log_field fields[] = {
        LOG_TEXT("job", job->id), LOG_TEXT("job_kind", job_kind_name(job->kind)),
        LOG_TEXT("workspace", job->workspace), LOG_INT("attempt", job->attempts)};
    log_err(level, message, why, fields, sizeof(fields) / sizeof(fields[0]));
}

struct way {
    settle_fn *how;
    enum log_level level;
    const char *message, *label;
};
static const struct way HELD = {settle_held, LOG_INFO,
                                "a job waits for the bot of its workspace to work again",
                                "result=\"held\""};
static const struct way AGAIN = {settle_again, LOG_WARN, "a job goes again", "result=\"again\""};

/* What refuses nothing and uses up no attempt, for a day: by the error's code. */
static const struct {
    const char *code;
    struct way way;
} waits[] = {
    /* another replica has a new key already: a key rollout in the wrong order loses no work */
    {"key_missing",
     {settle_left, LOG_WARN, "a job is left to a replica that has the key", "result=\"left\""}},
    /* or the last of a thousand messages would be given up for the number of those before it */
    {"chat_limit",
     {settle_waiting, LOG_INFO, "a job waits, as the chat asks to slow down",
      "result=\"waiting\""}},
    /* a token that is not known to be its workspace's: nothing was tried */
    {"chat_unchecked",
     {settle_unchecked, LOG_INFO, "a job waits until the chat has said whose the bot's token is",
      "result=\"waiting\""}},
    /* nothing was tried, and who asks for more than a peer's share is not to fail by it */
    {"peer_full",
     {settle_crowded, LOG_DEBUG, "a job waits for its peer's share of the workers",
      "result=\"waiting\""}},
    /* nor by what others met there */
    {"peer_rests",
     {settle_resting, LOG_DEBUG, "a job waits, as its peer rests", "result=\"waiting\""}},
    /* our own secret is over, or mistyped: an operator mends it */
    {"chat_client",
     {settle_unsigned, LOG_ERROR, "a job waits, as the chat refuses the app's own credential",
      "result=\"waiting\""}},
};

/* NULL: it does not wait, but has failed. */
static const struct way *way_to_wait(const struct job *job, const struct err *why)
{
    for (size_t i = 0; i < sizeof(waits) / sizeof(waits[0]); i++) {
        if (str_equal(why->code, waits[i].code) && store_job_may_wait(job)) {
            return &waits[i].way;
        }
    }
    return str_equal(why->code, STORE_JOB_HELD) ? &HELD
                                                : NULL; /* whoever says so knows for how long */
}

static void log_unsettled(const struct job *job, const struct err *e)
{
    if (e->kind != ERR_LEASE_LOST) {
        log_job(LOG_ERROR, "a job could not be settled; its lease will expire", job, e);
    }
}

/* Where thousands wait for the same a line in a while tells it. */
static enum log_level level_of(const struct way *way)
{
    enum { SAID_EVERY_MS = 60 * 1000 };
    static _Atomic int64_t said_ms;
    return way->how == settle_unsigned && !log_due(&said_ms, SAID_EVERY_MS) ? LOG_DEBUG
                                                                            : way->level;
}

static bool put_back(jobs *j, struct task *t, const struct way *way, const struct err *why)
{
    struct err e = {0};
    log_job(level_of(way), way->message, &t->job, why);
    metric_add(METRIC_JOBS, way->label, 1);
    if (settle(j, t->mem, &t->job, way->how, why, &e) != 0) {
        log_unsettled(&t->job, &e);
        return false;
    }
    return true;
}

/* What a transaction added that was rolled back. */
static void follow_nothing(struct task *t)
{
    t->follow.taken = (struct job){.id = NULL};
}

static int give_up(jobs *j, struct task *t, const struct kind *k, const struct err *why,
                   struct err *e)
{
    if (k->give_up != NULL && k->give_up(j, t->mem, &t->job, why, e) == 0) {
        return 0;
    }
    follow_nothing(t);
    /* whom to tell does not open or read either: to try that for ever would help nobody */
    bool unread =
        str_equal(e->code, "key_missing") || str_equal(e->code, "unseal") || e->kind == ERR_INPUT;
    return k->give_up == NULL || unread ? settle(j, t->mem, &t->job, settle_dead, why, e) : -1;
}

/* Without a database there is nothing to settle, and a lease that was lost belongs to somebody else
 * now: in both cases the lease decides. */
static bool failed(jobs *j, struct task *t, const struct kind *k, const struct err *why)
{
    struct err e = {0};
    const struct job *job = &t->job;
    const struct way *way = way_to_wait(job, why);
    if (way != NULL) {
        return put_back(j, t, way, why);
    }
    if (err_fate(why->kind) == FATE_AGAIN && job->attempts < k->attempts_max &&
        job->lost < k->attempts_max) {
        return put_back(j, t, &AGAIN, why);
    }
    log_job(LOG_ERROR, "a job has failed", job, why);
    metric_add(METRIC_JOBS, "result=\"dead\"", 1);
    if (give_up(j, t, k, why, &e) != 0) {
        log_unsettled(job, &e);
        return false;
    }
    return true;
}

static int run(jobs *j, struct task *t, const struct kind *k, struct err *e)
{
    if (t->job.lost >= k->attempts_max) {
        return err_set(e, ERR_INTERNAL, "worker_lost", "%lld workers in a row ended with this job",
                       (long long)t->job.lost);
    }
    return k->run(j, t->mem, &t->job, e);
}

bool jobs_run(jobs *j, struct task *t)
{
    const struct kind *k = &kinds[t->job.kind];
    struct err e = {0};
    int64_t began_us = clock_mono_us();
    active_add(&j->active, t);
    bool settled = run(j, t, k, &e) == 0;
    if (settled) {
        metric_add(METRIC_JOBS, "result=\"settled\"", 1);
    } else {
        follow_nothing(t);
        settled = failed(j, t, k, &e);
    }
    active_remove(&j->active, t);
    metric_observe(METRIC_JOB_SECONDS, k->label, (double)(clock_mono_us() - began_us) / 1e6);
    return settled;
}
