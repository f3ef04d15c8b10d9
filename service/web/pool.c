#include "web_int.h"

#include <pthread.h>
#include <stdlib.h>

#include "base/die.h"
#include "base/queue.h"

struct pool {
    queue *waiting;
    void (*work)(void *item);
    pthread_t threads[POOL_WORKERS];
};

static void *worker_main(void *arg)
{
    pool *p = arg;
    void *item = NULL;
    while ((item = queue_take(p->waiting, -1)) != NULL) {
        p->work(item);
    }
    return NULL;
}

pool *pool_new(void (*work)(void *item))
{
    pool *p = calloc(1, sizeof *p);
    if (p == NULL) {
        die("out of memory");
    }
    p->work = work;
    p->waiting = queue_new(POOL_QUEUE);
    for (size_t i = 0; i < POOL_WORKERS; i++) {
        if (pthread_create(&p->threads[i], NULL, worker_main, p) != 0) {
            die("cannot start a request worker");
        }
        pthread_setname_np(p->threads[i], "request");
    }
    return p;
}

bool pool_put(pool *p, void *item)
{
    return queue_put(p->waiting, item);
}

void pool_stop(pool *p)
{
    queue_close(p->waiting);
    for (size_t i = 0; i < POOL_WORKERS; i++) {
        pthread_join(p->threads[i], NULL);
    }
}

void pool_free(pool *p)
{
    if (p != NULL) {
        queue_free(p->waiting);
        free(p);
    }
}
