#ifndef WB_BASE_TURN_H
#define WB_BASE_TURN_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

/*
 * One thread at a time fetches what many want; the others wait for it, each no longer than it may.
 * The lock guards what is fetched as well, and nobody holds it while he fetches:
 *
 *     turn_lock(t);
 *     if (turn_wait(t, until_ms) && it is still wanted) {
 *         turn_take(t);
 *         turn_unlock(t); ... fetch ... turn_lock(t);
 *         ... keep it ...
 *         turn_give(t);
 *     }
 *     turn_unlock(t);
 */
struct turn {
    pthread_mutex_t lock;
    pthread_cond_t given;
    bool taken; /* under the lock */
};

void turn_init(struct turn *t); /* dies for want of memory */
void turn_destroy(struct turn *t);
void turn_lock(struct turn *t);
void turn_unlock(struct turn *t);
/* With the lock, which is let go meanwhile: waits until nobody has the turn. until_ms: on
 * clock_mono_ms(), 0: as long as it takes. False: somebody still has it. */
bool turn_wait(struct turn *t, int64_t until_ms);
/* With the lock. It must be nobody's. */
void turn_take(struct turn *t);
/* With the lock: the others go on. */
void turn_give(struct turn *t);

#endif
