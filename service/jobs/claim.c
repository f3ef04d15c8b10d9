#include "jobs_int.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/metrics.h"

/*
 * One thread claims for all workers, as many jobs as there is room for. It looks again at once when
 * it was woken or got a full batch, and every POLL_MS for what other replicas accepted and for what
 * becomes due by time. While more waits than there is room for, every other claim is for urgent
 * jobs alone: these overtake all workspaces, in turns with what else waits.
 */

enum {
    POLL_MS = 200,
    BATCH_MAX = 128,
    AWAY_MS = 500,
    /* with so many jobs at work, a claim that got few is followed by a short pause: what becomes
     * due in the meantime is claimed together */
    CROWD = 64,
    FEW = 16,
    GATHER_MS = 5
};

struct position {
    char workspace[80]; /* where the last claim ended: the next begins behind it */
    char urgent[80];    /* the same of those that look for urgent jobs alone */
    bool crowded;       /* the last claim got all that it had room for: more is waiting */
    bool urgent_last;   /* the last claim was one for urgent jobs */
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

static struct job_claim wanted(const jobs *j, size_t room, const struct position *p)
{
    bool urgent = p->crowded && !p->urgent_last;
    return (struct job_claim){.owner = j->owner,
                              .lease_s = j->options.config->ttl_lease,
                              .max = room < BATCH_MAX ? (int64_t)room : BATCH_MAX,
                              .per_workspace = room < 8 ? (int64_t)room : 8,
                              .after_workspace = urgent ? p->urgent : p->workspace,
                              .urgent = urgent};
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

static void remember(struct position *p, const struct job_claim *c, const struct job *list,
                     size_t count)
{
    char *at = c->urgent ? p->urgent : p->workspace;
    if (count > 0) {
        snprintf(at, sizeof(p->workspace), "%s", list[count - 1].workspace);
    }
    p->crowded = c->urgent || (int64_t)count >= c->max;
    p->urgent_last = c->urgent;
}

/* Returns how many were claimed, -1 when the database is away. */
static int64_t claim(jobs *j, size_t room, struct position *p)
{
    arena *mem = arena_new();
    store *s = NULL;
    struct job *list = NULL;
    size_t count = 0;
    int64_t left_out = 0;
    struct err e = {0};
    struct job_claim want = wanted(j, room, p);
    want.ret_left_out = &left_out;
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
        remember(p, &want, list, count);
    }
    arena_free(mem);
    return rc == 0 ? (int64_t)count : -1;
}

void *jobs_claimer(void *arg)
{
    jobs *j = arg;
    struct position p = {.workspace = ""};
    while (!atomic_load(&j->stopping)) {
        size_t busy = atomic_load(&j->busy);
        if (busy >= j->workers_count) {
            wait_for_work(j, POLL_MS);
            continue;
        }
        int64_t got = claim(j, j->workers_count - busy, &p);
        if (got < 0) {
            wait_for_work(j, AWAY_MS);
        } else if (got == 0 && p.urgent_last) {
            continue; /* nothing urgent: the others */
        } else if (got == 0) {
            wait_for_work(j, POLL_MS);
        } else if (got < FEW && busy > CROWD) {
            gather(j);
        }
    }
    return NULL;
}
