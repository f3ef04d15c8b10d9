#include "base/turn.h"

#include <errno.h>
#include <time.h>

#include "base/die.h"

void turn_init(struct turn *t)
{
    pthread_condattr_t attributes;
    t->taken = false;
    if (pthread_mutex_init(&t->lock, NULL) != 0 || pthread_condattr_init(&attributes) != 0 ||
        pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC) != 0 ||
        pthread_cond_init(&t->given, &attributes) != 0) {
        die("cannot make a turn");
    }
    pthread_condattr_destroy(&attributes);
}

void turn_destroy(struct turn *t)
{
    pthread_cond_destroy(&t->given);
    pthread_mutex_destroy(&t->lock);
}

void turn_lock(struct turn *t)
{
    pthread_mutex_lock(&t->lock);
}

void turn_unlock(struct turn *t)
{
    pthread_mutex_unlock(&t->lock);
}

bool turn_wait(struct turn *t, int64_t until_ms)
{
    const struct timespec end = {.tv_sec = (time_t)(until_ms / 1000),
                                 .tv_nsec = (long)(until_ms % 1000) * 1000000};
    int waited = 0;
    while (t->taken && waited != ETIMEDOUT) {
        waited = until_ms == 0 ? pthread_cond_wait(&t->given, &t->lock)
                               : pthread_cond_timedwait(&t->given, &t->lock, &end);
    }
    return !t->taken;
}

void turn_take(struct turn *t)
{
    if (t->taken) {
        die("somebody else's turn was taken");
    }
    t->taken = true;
}

void turn_give(struct turn *t)
{
    t->taken = false;
    pthread_cond_broadcast(&t->given);
}
