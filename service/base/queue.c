#include "base/queue.h"

#include <pthread.h>
#include <stdlib.h>
#include <time.h>

#include "base/die.h"

struct queue {
    pthread_mutex_t lock;
    pthread_cond_t filled;
    void **items; /* a ring of `capacity` */
    size_t capacity;
    size_t first;
    size_t length;
    bool closed;
};

queue *queue_new(size_t capacity)
{
    if (capacity == 0) {
        die("a queue without room asked");
    }
    queue *q = calloc(1, sizeof *q);
    void **items = calloc(capacity, sizeof *items);
    if (q == NULL || items == NULL) {
        die("out of memory");
    }
    q->items = items;
    q->capacity = capacity;
    pthread_condattr_t attributes;
    if (pthread_mutex_init(&q->lock, NULL) != 0 || pthread_condattr_init(&attributes) != 0 ||
        pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC) != 0 ||
        pthread_cond_init(&q->filled, &attributes) != 0) {
        die("cannot make a queue");
    }
    pthread_condattr_destroy(&attributes);
    return q;
}

void queue_free(queue *q)
{
    if (q == NULL) {
        return;
    }
    pthread_cond_destroy(&q->filled);
    pthread_mutex_destroy(&q->lock);
    free(q->items);
    free(q);
}

bool queue_put(queue *q, void *item)
{
    if (item == NULL) {
        die("NULL put into a queue");
    }
    pthread_mutex_lock(&q->lock);
    bool fits = !q->closed && q->length < q->capacity;
    if (fits) {
        q->items[(q->first + q->length) % q->capacity] = item;
        q->length++;
        pthread_cond_signal(&q->filled);
    }
    pthread_mutex_unlock(&q->lock);
    return fits;
}

static struct timespec deadline_in(int64_t wait_ms)
{
    /* a year is for ever, and keeps the sum below away from overflow */
    const int64_t longest_ms = 365LL * 24 * 3600 * 1000;
    int64_t ms = wait_ms < longest_ms ? wait_ms : longest_ms;
    struct timespec t = {0};
    clock_gettime(CLOCK_MONOTONIC, &t);
    t.tv_sec += ms / 1000;
    t.tv_nsec += (ms % 1000) * 1000000;
    if (t.tv_nsec >= 1000000000) {
        t.tv_sec++;
        t.tv_nsec -= 1000000000;
    }
    return t;
}

/* Returns with the lock held, when there is an item, the queue is closed or time is up. */
static void wait_filled(queue *q, int64_t wait_ms)
{
    if (q->length > 0 || q->closed || wait_ms == 0) {
        return;
    }
    struct timespec deadline = deadline_in(wait_ms < 0 ? 0 : wait_ms);
    int late = 0;
    while (q->length == 0 && !q->closed && late == 0) {
        late = wait_ms < 0 ? pthread_cond_wait(&q->filled, &q->lock)
                           : pthread_cond_timedwait(&q->filled, &q->lock, &deadline);
    }
}

size_t queue_take_many(queue *q, void **items, size_t max, int64_t wait_ms)
{
    if (max == 0) {
        return 0;
    }
    pthread_mutex_lock(&q->lock);
    wait_filled(q, wait_ms);
    size_t count = q->length < max ? q->length : max;
    for (size_t i = 0; i < count; i++) {
        items[i] = q->items[q->first];
        q->first = (q->first + 1) % q->capacity;
    }
    q->length -= count;
    pthread_mutex_unlock(&q->lock);
    return count;
}

void *queue_take(queue *q, int64_t wait_ms)
{
    void *item = NULL;
    (void)queue_take_many(q, &item, 1, wait_ms);
    return item;
}

void queue_close(queue *q)
{
    pthread_mutex_lock(&q->lock);
    q->closed = true;
    pthread_cond_broadcast(&q->filled);
    pthread_mutex_unlock(&q->lock);
}
