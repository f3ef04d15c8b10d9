#include "jobs_int.h"

#include <sys/resource.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/die.h"
#include "base/log.h"

enum { STACK_BYTES = 256 * 1024, WORKER_NICE = 5 };

void jobs_begin(jobs *j, const struct job *job)
{
    atomic_fetch_add(&j->busy, 1);
    if (job_waits_for_app(job->kind)) {
        places_take(&j->places, job->workspace);
    }
}

bool jobs_end(jobs *j, const struct job *job)
{
    bool waited_for = job_waits_for_app(job->kind) && places_give(&j->places, job->workspace);
    return atomic_fetch_sub(&j->busy, 1) >= j->workers_count || waited_for;
}

/* The next begins before this one ends: a worker that goes on is not idle in between. */
static struct task *work(jobs *j, struct task *t)
{
    follow_offer(j, t);
    bool settled = jobs_run(j, t);
    struct task *next = follow_take(j, t, settled);
    bool more = t->follow.left > 0;
    more = jobs_end(j, &t->job) || more;
    arena_free(t->mem);
    if (more) {
        jobs_wake(j);
    }
    return next;
}

static void *worker(void *arg)
{
    jobs *j = arg;
    struct task *t = NULL;
    /* On Linux a thread has a priority of its own: where processors are short, what acknowledges
     * webhooks goes before what works on them (P13). Where it is refused, all are equal. */
    (void)setpriority(PRIO_PROCESS, (id_t)gettid(), WORKER_NICE);
    while ((t = queue_take(j->ready, -1)) != NULL) {
        while (t != NULL) {
            t = work(j, t);
        }
    }
    return NULL;
}

static void start_thread(pthread_t *ret, void *(*body)(void *), jobs *j)
{
    pthread_attr_t attr;
    pthread_attr_init(&attr);
    pthread_attr_setstacksize(&attr, STACK_BYTES);
    if (pthread_create(ret, &attr, body, j) != 0) {
        die("cannot start a thread");
    }
    pthread_attr_destroy(&attr);
}

jobs *jobs_start(arena *boot, const struct jobs_options *options)
{
    jobs *j = arena_alloc(boot, sizeof(*j));
    j->options = *options;
    j->owner = id_new();
    j->workers_count = (size_t)options->config->workers;
    j->workers = arena_array(boot, j->workers_count, sizeof(*j->workers));
    j->ready = queue_new(j->workers_count);
    active_init(&j->active);
    places_init(&j->places, boot, j->workers_count);
    pthread_mutex_init(&j->lock, NULL);
    pthread_condattr_t attr;
    pthread_condattr_init(&attr);
    pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    pthread_cond_init(&j->wake, &attr);
    pthread_cond_init(&j->tick, &attr);
    pthread_condattr_destroy(&attr);
    for (size_t i = 0; i < j->workers_count; i++) {
        start_thread(&j->workers[i], worker, j);
    }
    start_thread(&j->claimer, jobs_claimer, j);
    start_thread(&j->janitor, jobs_janitor, j);
    return j;
}

void jobs_wake(void *arg)
{
    jobs *j = arg;
    pthread_mutex_lock(&j->lock);
    j->awake = true;
    pthread_cond_signal(&j->wake);
    pthread_mutex_unlock(&j->lock);
}

void jobs_stop(jobs *j, int64_t drain_ms)
{
    int64_t until = clock_mono_ms() + drain_ms;
    pthread_mutex_lock(&j->lock);
    atomic_store(&j->stopping, true);
    pthread_cond_broadcast(&j->wake);
    pthread_cond_broadcast(&j->tick);
    while (atomic_load(&j->busy) > 0 && clock_mono_ms() < until) {
        struct timespec at = {.tv_sec = (clock_mono_ms() + 50) / 1000,
                              .tv_nsec = (clock_mono_ms() + 50) % 1000 * 1000000};
        pthread_cond_timedwait(&j->tick, &j->lock, &at);
    }
    pthread_mutex_unlock(&j->lock);
    if (atomic_load(&j->busy) > 0) {
        log_warn("jobs still run at the end of the drain time; their leases will expire",
                 LOG_INT("jobs", atomic_load(&j->busy)));
        j->options.cut(j->options.cut_arg);
    }
    queue_close(j->ready);
    pthread_join(j->claimer, NULL);
    pthread_join(j->janitor, NULL);
    for (size_t i = 0; i < j->workers_count; i++) {
        pthread_join(j->workers[i], NULL);
    }
    queue_free(j->ready);
}
