/* Who can read a place, as its platform said it a moment ago: platforms answer that only so often.
 */
#include "chat_int.h"

#include <pthread.h>
#include <stdio.h>

#include "base/clock.h"
#include "base/str.h"

enum { SLOTS = 256, HOLDS_MS = 2 * 60 * 1000 };

/* The last one asked of those that fall into it. */
struct places {
    pthread_mutex_t lock;
    struct known {
        char name[200]; /* workspace and channel; one that is cut is found by nobody */
        int64_t until_ms;
        bool shared;
    } slots[SLOTS];
};

struct places *places_new(arena *mem)
{
    struct places *p = arena_alloc(mem, sizeof *p);
    *p = (struct places){.lock = PTHREAD_MUTEX_INITIALIZER};
    return p;
}

static struct known *slot_of(struct places *p, const char *name)
{
    uint32_t hash = 0;
    for (const char *c = name; *c != '\0'; c++) {
        hash = hash * 31 + (uint8_t)*c;
    }
    return &p->slots[hash % SLOTS];
}

const char *places_name(arena *mem, const char *workspace, const char *channel)
{
    return arena_printf(mem, "%s %s", workspace, channel);
}

bool places_recall(struct places *p, const char *name, bool *ret)
{
    const struct known *k = slot_of(p, name);
    pthread_mutex_lock(&p->lock);
    bool found = str_equal(k->name, name) && k->until_ms > clock_mono_ms();
    if (found) {
        *ret = k->shared;
    }
    pthread_mutex_unlock(&p->lock);
    return found;
}

void places_keep(struct places *p, const char *name, bool shared)
{
    struct known *k = slot_of(p, name);
    pthread_mutex_lock(&p->lock);
    k->until_ms = clock_mono_ms() + HOLDS_MS;
    k->shared = shared;
    (void)snprintf(k->name, sizeof k->name, "%s", name);
    pthread_mutex_unlock(&p->lock);
}

void places_forget(struct places *p, const char *name)
{
    struct known *k = slot_of(p, name);
    pthread_mutex_lock(&p->lock);
    k->until_ms = 0; /* also when it is another place's: that one is asked about again */
    pthread_mutex_unlock(&p->lock);
}
