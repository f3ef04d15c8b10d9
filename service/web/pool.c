#include "web_int.h"

#include <pthread.h>
#include <stdlib.h>

#include "base/die.h"
#include "base/queue.h"

static const struct {
    size_t threads;
    size_t room;
    const char *name;
} lanes[POOL_LANE_COUNT] = {
    [POOL_LANE_WORKER] = {POOL_WORKERS, POOL_QUEUE, "request"},
    [POOL_LANE_CALLER] = {POOL_CALLERS, POOL_CALLERS_QUEUE, "request-out"},
    [POOL_LANE_AT_ONCE] = {POOL_AT_ONCE, POOL_AT_ONCE_QUEUE, "request-chat"},
};

struct lane {
    queue *waiting;
    void (*work)(void *item);
    pthread_t threads[POOL_WORKERS];
};
_Static_assert((int)POOL_CALLERS <= (int)POOL_WORKERS && (int)POOL_AT_ONCE <= (int)POOL_WORKERS,
               "a lane has room for its threads");

struct pool {
    struct lane lanes[POOL_LANE_COUNT];
};

static void *worker_main(void *arg)
{
    struct lane *l = arg;
    void *item = NULL;
    while ((item = queue_take(l->waiting, -1)) != NULL) {
        l->work(item);
    }
    return NULL;
}

static void lane_start(struct lane *l, enum pool_lane which, void (*work)(void *item))
{
    l->work = work;
    l->waiting = queue_new(lanes[which].room);
    for (size_t i = 0; i < lanes[which].threads; i++) {
        if (pthread_create(&l->threads[i], NULL, worker_main, l) != 0) {
            die("cannot start a request worker");
        }
        pthread_setname_np(l->threads[i], lanes[which].name);
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

bool pool_put(pool *p, enum pool_lane lane, void *item)
{
    return queue_put(p->lanes[lane].waiting, item);
}

void pool_stop(pool *p)
{
    for (int i = 0; i < POOL_LANE_COUNT; i++) {
        queue_close(p->lanes[i].waiting);
    }
    for (int i = 0; i < POOL_LANE_COUNT; i++) {
        for (size_t n = 0; n < lanes[i].threads; n++) {
            pthread_join(p->lanes[i].threads[n], NULL);
        }
    }
}

void pool_free(pool *p)
{
    if (p == NULL) {
        return;
    }
    for (int i = 0; i < POOL_LANE_COUNT; i++) {
        queue_free(p->lanes[i].waiting);
    }
    free(p);
}
