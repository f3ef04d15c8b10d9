#ifndef WB_BASE_QUEUE_H
#define WB_BASE_QUEUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * A bounded first-in-first-out queue of pointers between threads (last-in-first-out gave one-second
 * tails under load). The queue owns no item.
 */
typedef struct queue queue;

queue *queue_new(size_t capacity);
void queue_free(queue *q);
/* False when full or closed: the caller answers 503. Never blocks. */
bool queue_put(queue *q, void *item);
/* The next item; NULL after wait_ms (negative: for ever) or when closed and empty. */
void *queue_take(queue *q, int64_t wait_ms);
/* Takes up to max items that are there now, waiting for the first like queue_take. */
size_t queue_take_many(queue *q, void **items, size_t max, int64_t wait_ms);
/* No more puts; takers get what is left, then NULL. */
void queue_close(queue *q);

#endif
