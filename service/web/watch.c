#include "server_int.h"

#include <errno.h>
#include <sys/socket.h>
#include <time.h>

#include "base/clock.h"
#include "base/die.h"

void peer_expect(struct peer *p, int64_t within_ms)
{
    int64_t now_ms = clock_mono_ms();
    atomic_store_explicit(&p->since_ms, now_ms, memory_order_relaxed);
    atomic_store_explicit(&p->deadline_ms, now_ms + within_ms, memory_order_relaxed);
}

void peer_rest(struct peer *p)
{
    atomic_store_explicit(&p->deadline_ms, INT64_MAX, memory_order_relaxed);
}

void watch_peer_add(struct watch *w, struct peer *p)
{
    pthread_mutex_lock(&w->lock);
    TAILQ_INSERT_TAIL(&w->peers, p, entry);
    pthread_mutex_unlock(&w->lock);
}

void watch_peer_remove(struct watch *w, struct peer *p)
{
    pthread_mutex_lock(&w->lock);
    TAILQ_REMOVE(&w->peers, p, entry);
    pthread_mutex_unlock(&w->lock);
}

void watch_add(struct watch *w, struct call *c, int64_t wait_ms)
{
    c->deadline_ms = clock_mono_ms() + wait_ms;
    pthread_mutex_lock(&w->lock);
    c->waiting = true;
    TAILQ_INSERT_TAIL(&w->calls, c, entry);
    pthread_mutex_unlock(&w->lock);
}

bool watch_begin(struct watch *w, struct call *c, int64_t wait_ms)
{
    int64_t deadline_ms = clock_mono_ms() + wait_ms;
    pthread_mutex_lock(&w->lock);
    bool wanted = c->waiting;
    if (wanted) {
        c->begun = true;
        c->deadline_ms = deadline_ms;
    }
    pthread_mutex_unlock(&w->lock);
    return wanted;
}

void watch_knows(struct watch *w, struct call *c, const struct at_once *a)
{
    pthread_mutex_lock(&w->lock);
    if (c->waiting) {
        c->at_once = a;
    }
    pthread_mutex_unlock(&w->lock);
}

bool watch_claim(struct watch *w, struct call *c)
{
    pthread_mutex_lock(&w->lock);
    bool mine = c->waiting;
    if (mine) {
        c->waiting = false;
        TAILQ_REMOVE(&w->calls, c, entry);
    }
    pthread_mutex_unlock(&w->lock);
    return mine;
}

/* Takes out the calls whose time is over and resumes them: they are ours alone from then on. */
static void end_late(struct watch *w, int64_t now_ms)
{
    struct call_list late = TAILQ_HEAD_INITIALIZER(late);
    pthread_mutex_lock(&w->lock);
    struct call *next = NULL;
    for (struct call *c = TAILQ_FIRST(&w->calls); c != NULL; c = next) {
        next = TAILQ_NEXT(c, entry);
        if (c->deadline_ms <= now_ms) {
            TAILQ_REMOVE(&w->calls, c, entry);
            c->waiting = false;
            c->late = true;
            TAILQ_INSERT_TAIL(&late, c, entry);
        }
    }
    pthread_mutex_unlock(&w->lock);
    while (!TAILQ_EMPTY(&late)) {
        struct call *c = TAILQ_FIRST(&late);
        TAILQ_REMOVE(&late, c, entry);
        server_resume(c);
    }
}

void watch_end_all(struct watch *w)
{
    end_late(w, INT64_MAX);
}

static bool is_waited_for(const struct peer *p)
{
    return atomic_load_explicit(&p->deadline_ms, memory_order_relaxed) != INT64_MAX;
}

static int64_t lasts(const struct peer *p, int64_t now_ms)
{
    return now_ms - atomic_load_explicit(&p->since_ms, memory_order_relaxed);
}

static size_t younger(const struct watch *w, int64_t than_ms, int64_t now_ms)
{
    const struct peer *p = NULL;
    size_t count = 0;
    TAILQ_FOREACH(p, &w->peers, entry)
    {
        count += is_waited_for(p) && lasts(p, now_ms) < than_ms ? 1 : 0;
    }
    return count;
}

int64_t watch_patience(const struct watch *w, int64_t now_ms)
{
    int64_t patience_ms = PEER_IDLE_MS;
    while (patience_ms / 2 >= PEER_CROWDED_MS &&
           younger(w, patience_ms, now_ms) > PEERS_WAITED_FOR) {
        patience_ms /= 2;
    }
    return patience_ms;
}

static bool is_too_slow(const struct peer *p, int64_t patience_ms, int64_t now_ms)
{
    return atomic_load_explicit(&p->deadline_ms, memory_order_relaxed) <= now_ms ||
           (is_waited_for(p) && lasts(p, now_ms) >= patience_ms);
}

/* A connection leaves the list before its descriptor is closed, so under the lock the descriptor is
 * still this connection's. Its own thread sees the shutdown and cleans up. */
static void end_slow_peers(struct watch *w, int64_t now_ms)
{
    struct peer *p = NULL;
    pthread_mutex_lock(&w->lock);
    int64_t patience_ms = watch_patience(w, now_ms);
    TAILQ_FOREACH(p, &w->peers, entry)
    {
        if (is_too_slow(p, patience_ms, now_ms)) {
            shutdown(p->fd, SHUT_RDWR);
        }
    }
    pthread_mutex_unlock(&w->lock);
}

static struct timespec time_in(int64_t ms)
{
    struct timespec at = {0};
    clock_gettime(CLOCK_MONOTONIC, &at);
    at.tv_sec += ms / 1000;
    at.tv_nsec += (ms % 1000) * 1000000L;
    if (at.tv_nsec >= 1000000000L) {
        at.tv_sec++;
        at.tv_nsec -= 1000000000L;
    }
    return at;
}

void watch_wait_quiet(struct watch *w, atomic_int *calls, int64_t wait_ms)
{
    struct timespec end = time_in(wait_ms);
    int waited = 0;
    pthread_mutex_lock(&w->lock);
    while (atomic_load(calls) > 0 && waited != ETIMEDOUT) {
        waited = pthread_cond_timedwait(&w->quiet, &w->lock, &end);
    }
    pthread_mutex_unlock(&w->lock);
}

void watch_quiet(struct watch *w)
{
    pthread_mutex_lock(&w->lock);
    pthread_cond_broadcast(&w->quiet);
    pthread_mutex_unlock(&w->lock);
}

static bool wait_tick(struct watch *w)
{
    struct timespec end = time_in(WATCH_TICK_MS);
    int waited = 0;
    pthread_mutex_lock(&w->lock);
    while (!w->stopping && waited != ETIMEDOUT) {
        waited = pthread_cond_timedwait(&w->wake, &w->lock, &end);
    }
    bool go_on = !w->stopping;
    pthread_mutex_unlock(&w->lock);
    return go_on;
}

static void *watch_main(void *arg)
{
    struct watch *w = arg;
    while (wait_tick(w)) {
        int64_t now_ms = clock_mono_ms();
        end_late(w, now_ms);
        end_slow_peers(w, now_ms);
    }
    return NULL;
}

void watch_start(struct watch *w)
{
    pthread_condattr_t attributes;
    TAILQ_INIT(&w->calls);
    TAILQ_INIT(&w->peers);
    if (pthread_mutex_init(&w->lock, NULL) != 0 || pthread_condattr_init(&attributes) != 0 ||
        pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC) != 0 ||
        pthread_cond_init(&w->wake, &attributes) != 0 ||
        pthread_cond_init(&w->quiet, &attributes) != 0 ||
        pthread_create(&w->thread, NULL, watch_main, w) != 0) {
        die("cannot start the watch");
    }
    pthread_condattr_destroy(&attributes);
    pthread_setname_np(w->thread, "watch");
}

void watch_stop(struct watch *w)
{
    pthread_mutex_lock(&w->lock);
    w->stopping = true;
    pthread_cond_signal(&w->wake);
    pthread_mutex_unlock(&w->lock);
    pthread_join(w->thread, NULL);
    pthread_cond_destroy(&w->wake);
    pthread_cond_destroy(&w->quiet);
    pthread_mutex_destroy(&w->lock);
}
