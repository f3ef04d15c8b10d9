#include "jobs_int.h"

#include <stdio.h>
#include <string.h>

#include "base/die.h"

/*
 * Runs and revocations wait for apps, as long as an app likes; events and messages do not. So runs
 * (both are meant here) never hold all workers, and a workspace holds at most as many of the runs'
 * places as GREED times those that are free, and beside others never more than half. Alone it has
 * nearly all; the last free place is for a workspace that has none. (A dynamic threshold as in
 * Choudhury and Hahne, "Dynamic queue length thresholds for shared-memory packet switches", 1998.)
 */

enum { RESERVE_MIN = 2, RESERVE_MAX = 32, RESERVE_PART = 8, GREED = 8, STEP_PART = 4 };

size_t jobs_places(size_t workers)
{
    size_t part = workers / RESERVE_PART;
    size_t reserve = part < RESERVE_MIN ? RESERVE_MIN : part;
    reserve = reserve > RESERVE_MAX ? RESERVE_MAX : reserve;
    return workers > reserve ? workers - reserve : 1;
}

void places_init(struct places *p, arena *boot, size_t workers)
{
    pthread_mutex_init(&p->lock, NULL);
    p->max = jobs_places(workers);
    p->held = 0;
    p->list = arena_array(boot, p->max, sizeof(*p->list));
    p->count = 0;
    p->offered = 0;
    p->crowded = false;
}

/* NULL when it holds none. */
static struct holder *holder_of(const struct places *p, const char *workspace)
{
    for (size_t i = 0; i < p->count; i++) {
        if (strncmp(p->list[i].workspace, workspace, sizeof(p->list[i].workspace) - 1) == 0) {
            return &p->list[i];
        }
    }
    return NULL;
}

static void take(struct places *p, const char *workspace)
{
    struct holder *h = holder_of(p, workspace);
    if (h == NULL) {
        if (p->count == p->max) {
            die("more runs than places");
        }
        h = &p->list[p->count++];
        snprintf(h->workspace, sizeof(h->workspace), "%s", workspace);
        h->held = 0;
    }
    h->held++;
    p->held++;
}

void places_take(struct places *p, const char *workspace)
{
    pthread_mutex_lock(&p->lock);
    take(p, workspace);
    p->offered -= p->offered > 0 ? 1 : 0;
    pthread_mutex_unlock(&p->lock);
}

bool places_give(struct places *p, const char *workspace)
{
    pthread_mutex_lock(&p->lock);
    struct holder *h = holder_of(p, workspace);
    if (h == NULL) {
        die("a place is given back twice");
    }
    h->held--;
    p->held--;
    if (h->held == 0) {
        *h = p->list[--p->count];
    }
    bool crowded = p->crowded;
    pthread_mutex_unlock(&p->lock);
    return crowded;
}

static size_t places_free(const struct places *p)
{
    return p->max - p->held - p->offered;
}

static bool has_enough(const struct places *p, const struct holder *h)
{
    size_t free = places_free(p);
    bool half = p->count > 1 && h->held * 2 >= p->max;
    return half || free <= 1 || h->held >= GREED * (free - 1);
}

/* The last place is never taken past the claim: there may be workspaces that wait and have none. */
bool places_try(struct places *p, const char *workspace)
{
    pthread_mutex_lock(&p->lock);
    const struct holder *h = holder_of(p, workspace);
    bool room = places_free(p) > 1 && (h == NULL || !has_enough(p, h));
    if (room) {
        take(p, workspace);
    }
    pthread_mutex_unlock(&p->lock);
    return room;
}

void places_room(struct places *p, arena *mem, struct run_room *ret)
{
    pthread_mutex_lock(&p->lock);
    size_t free = places_free(p);
    size_t step = free / STEP_PART;
    *ret = (struct run_room){.all = (int64_t)free,
                             .each = step == 0 ? 1 : (int64_t)step,
                             .full = arena_array(mem, p->count + 1, sizeof(*ret->full))};
    for (size_t i = 0; i < p->count; i++) {
        if (has_enough(p, &p->list[i])) {
            ret->full[ret->full_count++] = arena_strdup(mem, p->list[i].workspace);
        }
    }
    p->offered = free;
    p->crowded = free == 0 || ret->full_count > 0;
    pthread_mutex_unlock(&p->lock);
}

void places_claimed(struct places *p)
{
    pthread_mutex_lock(&p->lock);
    p->offered = 0;
    pthread_mutex_unlock(&p->lock);
}
