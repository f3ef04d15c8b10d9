#include "web_int.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/die.h"
#include "base/str.h"

/* First in, first out, past the groups that hold their half of a lane already: those wait for one
 * of their own to end (places.c thinks the same of runs). */

static const struct {
    size_t threads;
    size_t room;
    const char *name;
} lanes[POOL_LANE_COUNT] = {
    [POOL_LANE_WORKER] = {POOL_WORKERS, POOL_QUEUE, "request"},
    [POOL_LANE_CALLER] = {POOL_CALLERS, POOL_CALLERS_QUEUE, "request-out"},
    [POOL_LANE_AT_ONCE] = {POOL_AT_ONCE, POOL_AT_ONCE_QUEUE, "request-chat"},
    [POOL_LANE_HOOK] = {POOL_HOOKS, POOL_HOOKS_QUEUE, "request-hook"},
};

enum { GROUP_MAX = 64 };

struct entry {
    void *item;            /* NULL: none */
    char group[GROUP_MAX]; /* empty: none, and no bound */
};

struct worker {
    struct lane *lane;
    struct entry *held; /* in the lane's list */
    pthread_t thread;
};

struct lane {
    pthread_mutex_t lock;
    pthread_cond_t filled;
    struct entry waiting[POOL_QUEUE]; /* in order */
    size_t length, room;
    struct entry held[POOL_WORKERS]; /* one of each worker */
    struct worker workers[POOL_WORKERS];
    size_t workers_count;
    bool closed;
    void (*work)(void *item);
};
_Static_assert((int)POOL_CALLERS <= (int)POOL_WORKERS && (int)POOL_AT_ONCE <= (int)POOL_WORKERS &&
                   (int)POOL_CALLERS_QUEUE <= (int)POOL_QUEUE &&
                   (int)POOL_AT_ONCE_QUEUE <= (int)POOL_QUEUE &&
                   (int)POOL_HOOKS <= (int)POOL_WORKERS && (int)POOL_HOOKS_QUEUE <= (int)POOL_QUEUE,
               "a lane has room for its threads and what waits for them");

struct pool {
    struct lane lanes[POOL_LANE_COUNT];
};

static bool has_half(const struct entry *list, size_t used, size_t room, const char *group)
{
    size_t count = 0;
    for (size_t i = 0; i < used && *group != '\0'; i++) {
        count += list[i].item != NULL && str_equal(list[i].group, group) ? 1 : 0;
    }
    return count * 2 >= room;
}

/* The next whose group may hold one more; l->length when there is none. A lane that closes has no
 * others to think of. */
static size_t next_of(const struct lane *l)
{
    for (size_t i = 0; i < l->length; i++) {
        if (l->closed ||
            !has_half(l->held, l->workers_count, l->workers_count, l->waiting[i].group)) {
            return i;
        }
    }
    return l->length;
}

/* False: the lane is closed and empty. Whatever waits and may be taken is taken: a put wakes one
 * worker, and one that ends an item looks again itself. */
static bool take(struct lane *l, struct entry *held)
{
    size_t at = 0;
    pthread_mutex_lock(&l->lock);
    held->item = NULL;
    while ((at = next_of(l)) == l->length && !l->closed) {
        pthread_cond_wait(&l->filled, &l->lock);
    }
    bool got = at < l->length;
    if (got) {
        *held = l->waiting[at];
        l->length--;
        memmove(&l->waiting[at], &l->waiting[at + 1], (l->length - at) * sizeof l->waiting[0]);
    }
    pthread_mutex_unlock(&l->lock);
    return got;
}

static void *worker_main(void *arg)
{
    struct worker *w = arg;
    while (take(w->lane, w->held)) {
        w->lane->work(w->held->item);
    }
    return NULL;
}

static void lane_start(struct lane *l, enum pool_lane which, void (*work)(void *item))
{
    l->work = work;
    l->room = lanes[which].room;
    l->workers_count = lanes[which].threads;
    if (pthread_mutex_init(&l->lock, NULL) != 0 || pthread_cond_init(&l->filled, NULL) != 0) {
        die("cannot make a lane of request workers");
    }
    for (size_t i = 0; i < l->workers_count; i++) {
        struct worker *w = &l->workers[i];
        *w = (struct worker){.lane = l, .held = &l->held[i]};
        if (pthread_create(&w->thread, NULL, worker_main, w) != 0) {
            die("cannot start a request worker");
        }
        pthread_setname_np(w->thread, lanes[which].name);
    }
}

pool *pool_new(void (*work)(void *item))
{
    pool *p = calloc(1, sizeof *p);
    if (p == NULL) {
        die("out of memory");
    }
    for (int i = 0; i < POOL_LANE_COUNT; i++) {
        lane_start(&p->lanes[i], (enum pool_lane)i, work);
    }
    return p;
}

bool pool_put(pool *p, enum pool_lane lane, void *item, const char *group)
{
    struct lane *l = &p->lanes[lane];
    struct entry new = {.item = item};
    snprintf(new.group, sizeof new.group, "%s", group == NULL ? "" : group);
    pthread_mutex_lock(&l->lock);
    bool fits =
        !l->closed && l->length < l->room && !has_half(l->waiting, l->length, l->room, new.group);
    if (fits) {
        l->waiting[l->length++] = new;
        pthread_cond_signal(&l->filled);
    }
    pthread_mutex_unlock(&l->lock);
    return fits;
}

static void lane_close(struct lane *l)
{
    pthread_mutex_lock(&l->lock);
    l->closed = true;
    pthread_cond_broadcast(&l->filled);
    pthread_mutex_unlock(&l->lock);
}

void pool_stop(pool *p)
{
    for (int i = 0; i < POOL_LANE_COUNT; i++) {
        lane_close(&p->lanes[i]);
    }
    for (int i = 0; i < POOL_LANE_COUNT; i++) {
        for (size_t n = 0; n < p->lanes[i].workers_count; n++) {
            pthread_join(p->lanes[i].workers[n].thread, NULL);
        }
    }
}

void pool_free(pool *p)
{
    if (p == NULL) {
        return;
    }
    for (int i = 0; i < POOL_LANE_COUNT; i++) {
        pthread_cond_destroy(&p->lanes[i].filled);
        pthread_mutex_destroy(&p->lanes[i].lock);
    }
    free(p);
}
