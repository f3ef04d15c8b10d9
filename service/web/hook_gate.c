#include "web_int.h"

#include <pthread.h>
#include <string.h>

#include "base/clock.h"
#include "base/die.h"
#include "base/str.h"

/*
 * Of one hook so many genuine messages are taken a minute: what others send to its address does not
 * count. Whoever guesses at addresses or secrets is slowed down by their network; but many senders
 * share one, so a hook that was proven from there in the last hour is let through all the same.
 */

enum {
    WINDOW_MS = 60 * 1000,
    GENUINE_MS = 60 * 60 * 1000,
    SLOTS = 4096 /* hooks, and networks; two that share a slot push each other out */
};

struct told {
    struct digest handle;
    int64_t since_ms, count;
};

struct proven {
    struct digest who; /* handle and network */
    int64_t until_ms;
};

struct failed {
    char network[GATES_NETWORK];
    int64_t since_ms, count;
};

struct hook_gate {
    pthread_mutex_t lock;
    struct told told[SLOTS];
    struct proven proven[SLOTS];
    struct failed failed[SLOTS];
};

hook_gate *hook_gate_new(arena *boot)
{
    hook_gate *g = arena_alloc(boot, sizeof *g);
    if (pthread_mutex_init(&g->lock, NULL) != 0) {
        die("cannot make a lock");
    }
    return g;
}

static size_t slot_of(struct digest d)
{
    return ((size_t)d.bytes[0] << 8 | d.bytes[1]) % SLOTS;
}

/* Its own, begun anew where its minute is over or another has it. */
static struct told *told_of(hook_gate *g, const char *handle, int64_t now_ms)
{
    struct digest d = crypto_sha256(bytes_of(handle));
    struct told *t = &g->told[slot_of(d)];
    if (memcmp(t->handle.bytes, d.bytes, sizeof d.bytes) != 0) {
        *t = (struct told){.handle = d, .since_ms = now_ms};
    } else if (now_ms - t->since_ms >= WINDOW_MS) {
        t->since_ms = now_ms;
        t->count = 0;
    }
    return t;
}

static struct failed *failed_of(hook_gate *g, const char *network, int64_t now_ms)
{
    struct failed *f = &g->failed[slot_of(crypto_sha256(bytes_of(network)))];
    if (!str_equal(f->network, network) || now_ms - f->since_ms >= WINDOW_MS) {
        *f = (struct failed){.since_ms = now_ms};
        memcpy(f->network, network, GATES_NETWORK);
    }
    return f;
}

static struct digest who_is(const char *handle, const char *network)
{
    struct digest by = crypto_sha256(bytes_of(network));
    return crypto_hmac_sha256((struct bytes){by.bytes, sizeof by.bytes}, (struct bytes){NULL, 0},
                              bytes_of(handle));
}

static bool is_proven(const hook_gate *g, struct digest who, int64_t now_ms)
{
    const struct proven *p = &g->proven[slot_of(who)];
    return memcmp(p->who.bytes, who.bytes, sizeof who.bytes) == 0 && p->until_ms >= now_ms;
}

int64_t hook_gate_begin(hook_gate *g, const char *handle, const char *remote)
{
    char network[GATES_NETWORK] = "";
    int64_t now_ms = clock_mono_ms(), wait_ms = 0;
    gates_network(remote, network);
    struct digest who = who_is(handle, network);
    pthread_mutex_lock(&g->lock);
    struct told *t = told_of(g, handle, now_ms);
    const struct failed *f = failed_of(g, network, now_ms);
    if (t->count >= HOOK_RATE_MAX) {
        wait_ms = t->since_ms + WINDOW_MS - now_ms;
    } else if (f->count >= HOOK_TRIES_MAX && !is_proven(g, who, now_ms)) {
        wait_ms = f->since_ms + WINDOW_MS - now_ms;
    } else {
        t->count++;
    }
    pthread_mutex_unlock(&g->lock);
    return wait_ms;
}

void hook_gate_end(hook_gate *g, const char *handle, const char *remote, bool genuine)
{
    char network[GATES_NETWORK] = "";
    int64_t now_ms = clock_mono_ms();
    gates_network(remote, network);
    struct digest who = who_is(handle, network);
    pthread_mutex_lock(&g->lock);
    if (genuine) {
        g->proven[slot_of(who)] = (struct proven){.who = who, .until_ms = now_ms + GENUINE_MS};
    } else {
        struct told *t = told_of(g, handle, now_ms);
        t->count -= t->count > 0 ? 1 : 0;
        failed_of(g, network, now_ms)->count++;
    }
    pthread_mutex_unlock(&g->lock);
}
