/*
 * Bot Connector limits a bot by conversation, what it writes otherwise than what it reads (learn.
 * microsoft.com/microsoftteams/platform/bots/how-to/rate-limit). Whoever got a 429 there is not the
 * only one who wants something of that conversation: the others need not run into it, too. Each
 * process learns this for itself, from one refused call.
 */
#include "teams_int.h"

#include <string.h>

#include "base/clock.h"
#include "base/hash.h"
#include "base/str.h"

enum { SLOTS = 512 };

/* Two that fall into one slot forget each other's pause, which costs one more 429. */
struct teams_pauses {
    pthread_mutex_t lock;
    struct slot {
        uint64_t key;
        int64_t until_ms;
    } slots[SLOTS];
};

static void pauses_free(void *object)
{
    pthread_mutex_destroy(&((struct teams_pauses *)object)->lock);
}

struct teams_pauses *teams_pauses_new(arena *mem)
{
    struct teams_pauses *p = arena_alloc(mem, sizeof *p);
    pthread_mutex_init(&p->lock, NULL);
    arena_defer(mem, pauses_free, p);
    return p;
}

/* Of the conversation, whatever thread of it, and of what is done there. 0: of none. */
static uint64_t key_of(const struct teams_call *call)
{
    const char *id = str_equal(call->path[0], "conversations") ? call->path[1] : NULL;
    if (id == NULL) {
        return 0;
    }
    uint64_t hash = hash_bytes(HASH_START, id, strcspn(id, ";"));
    return hash_text(hash, str_equal(call->method, "GET") ? "reads" : "writes") | 1;
}

void teams_pause(struct teams_pauses *p, const struct teams_call *call, int64_t wait_ms)
{
    uint64_t key = key_of(call);
    if (key == 0) {
        return;
    }
    pthread_mutex_lock(&p->lock);
    p->slots[(key >> 1) % SLOTS] = (struct slot){key, clock_mono_ms() + wait_ms};
    pthread_mutex_unlock(&p->lock);
}

int64_t teams_pause_left(struct teams_pauses *p, const struct teams_call *call)
{
    uint64_t key = key_of(call);
    pthread_mutex_lock(&p->lock);
    const struct slot s = p->slots[(key >> 1) % SLOTS];
    pthread_mutex_unlock(&p->lock);
    int64_t left_ms = s.key == key && key != 0 ? s.until_ms - clock_mono_ms() : 0;
    return left_ms > 0 ? left_ms : 0;
}
