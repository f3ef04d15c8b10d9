#include "jobs_int.h"

#include <time.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/metrics.h"

/*
 * One thread claims for all workers, as many jobs as there is room for. It looks again at once when
 * it was woken or got a full batch, and every POLL_MS for what other replicas accepted and for what
 * becomes due by time. What each claim is for: turns.c.
 */

enum {
    POLL_MS = 200,
    AWAY_MS = 500,
    /* with so many jobs at work, a claim that got few is followed by a short pause: what becomes
     * due in the meantime is claimed together */
    CROWD = 64,
    FEW = 16,
    GATHER_MS = 5
};

static void wait_for_work(jobs *j, int64_t wait_ms)
{
    int64_t at_ms = clock_mono_ms() + wait_ms;
    const struct timespec at = {.tv_sec = at_ms / 1000, .tv_nsec = at_ms % 1000 * 1000000};
    pthread_mutex_lock(&j->lock);
    while (!j->awake && !atomic_load(&j->stopping) &&
           pthread_cond_timedwait(&j->wake, &j->lock, &at) == 0) {
    }
    j->awake = false;
    pthread_mutex_unlock(&j->lock);
}

static void gather(jobs *j)
{
    int64_t at_ms = clock_mono_ms() + GATHER_MS;
    const struct timespec at = {.tv_sec = at_ms / 1000, .tv_nsec = at_ms % 1000 * 1000000};
    pthread_mutex_lock(&j->lock);
    while (!atomic_load(&j->stopping) && pthread_cond_timedwait(&j->wake, &j->lock, &at) == 0) {
    }
    pthread_mutex_unlock(&j->lock);
}

static void hand_over(jobs *j, const struct job *claimed)
{
    struct task *t = task_new(claimed);
    jobs_begin(j, &t->job);
    if (!queue_put(j->ready, t)) {
        jobs_end(j, &t->job); /* stopping: the lease expires and another takes it */
        arena_free(t->mem);
    }
}

static void note_left_out(int64_t left_out)
{
    if (left_out > 0) {
        metric_add(METRIC_JOBS, "result=\"left\"", left_out);
        log_warn("jobs are left to other replicas: no key of this one opens them, or they are of a "
                 "newer release",
                 LOG_INT("jobs", left_out));
    }
}

/* Returns how many were claimed, -1 when the database is away. */
static int64_t claim(jobs *j, size_t room, struct turns *turns)
{
    arena *mem = arena_new();
    store *s = NULL;
    struct job *list = NULL;
    size_t count = 0;
    int64_t left_out = 0;
    struct err e = {0};
    bool more = false;
    struct job_claim want = {.owner = j->owner,
                             .lease_s = j->options.config->ttl_lease,
                             .ret_left_out = &left_out,
                             .ret_more = &more};
    turns_ask(turns, room, &want);
    places_room(&j->places, mem, &want.runs);
    /* a job that finds no database costs its lease: first the workers' connections, then jobs */
    int rc = stores_ready(j->options.stores, &e);
    if (rc == 0) {
        rc = store_open(j->options.reserved, mem, &s, &e);
    }
    if (rc == 0) {
        rc = store_job_claim(s, &want, &list, &count, &e);
    }
    store_close(s);
    note_left_out(left_out);
    for (size_t i = 0; rc == 0 && i < count; i++) {
        hand_over(j, &list[i]);
    }
    places_claimed(&j->places);
    if (rc != 0) {
        log_err(LOG_ERROR, "no jobs could be claimed", &e, NULL, 0);
    } else {
        turns_took(turns, &want, list, count);
    }
    arena_free(mem);
    return rc == 0 ? (int64_t)count : -1;
}

void *jobs_claimer(void *arg)
{
    jobs *j = arg;
    struct turns turns = {.next = CLAIM_OF_ALL};
    while (!atomic_load(&j->stopping)) {
        size_t busy = atomic_load(&j->busy);
        if (busy >= j->workers_count) {
            wait_for_work(j, POLL_MS);
            continue;
        }
        int64_t got = claim(j, j->workers_count - busy, &turns);
        if (got < 0) {
            wait_for_work(j, AWAY_MS);
        } else if (got == 0 && turns.last != CLAIM_OF_ALL) {
            continue; /* nothing of that: the others */
        } else if (got == 0) {
            wait_for_work(j, POLL_MS);
        } else if (got < FEW && busy > CROWD) {
            gather(j);
        }
    }
    return NULL;
}
