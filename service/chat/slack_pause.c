/*
 * Slack limits an app by workspace and method, and posts by channel, too, and says 429 without
 * saying which it was (docs.slack.dev/apis/web-api/rate-limits). So at first only the channel rests
 * that got it; when a second one gets it meanwhile, it is the method's limit, and the workspace's
 * calls of that method rest. Each process learns this for itself, from one refused call.
 */
#include "chat_int.h"

#include <pthread.h>

#include "base/clock.h"
#include "base/hash.h"

enum { SLOTS = 512 };

/* One method of one workspace. Two that fall into one slot forget each other's rest, which costs
 * one more 429. */
struct slot {
    uint64_t method;
    uint64_t channel; /* that rests alone; 0: none */
    int64_t until_ms; /* of all */
    int64_t channel_until_ms;
};

struct slack_pauses {
    pthread_mutex_t lock;
    struct slot slots[SLOTS];
};

struct slack_pauses *slack_pauses_new(arena *mem)
{
    struct slack_pauses *p = arena_alloc(mem, sizeof *p);
    *p = (struct slack_pauses){.lock = PTHREAD_MUTEX_INITIALIZER};
    return p;
}

static uint64_t method_key(const struct slack_turn *t)
{
    return hash_text(hash_text(HASH_START, t->workspace), t->method);
}

static uint64_t channel_key(const struct slack_turn *t)
{
    return t->channel == NULL ? 0 : hash_text(method_key(t), t->channel) | 1;
}

void slack_pause(struct slack_pauses *p, const struct slack_turn *t, int64_t wait_ms)
{
    int64_t now = clock_mono_ms();
    uint64_t method = method_key(t), channel = channel_key(t);
    struct slot *s = &p->slots[method % SLOTS];
    pthread_mutex_lock(&p->lock);
    if (s->method != method) {
        *s = (struct slot){.method = method};
    }
    bool another = s->channel != channel && s->channel_until_ms > now;
    if (channel == 0 || another) {
        s->until_ms = now + wait_ms;
    } else {
        s->channel = channel;
        s->channel_until_ms = now + wait_ms;
    }
    pthread_mutex_unlock(&p->lock);
}

int64_t slack_pause_left(struct slack_pauses *p, const struct slack_turn *t)
{
    int64_t now = clock_mono_ms(), until = 0;
    uint64_t method = method_key(t), channel = channel_key(t);
    const struct slot *s = &p->slots[method % SLOTS];
    pthread_mutex_lock(&p->lock);
    if (s->method == method) {
        bool alone = channel != 0 && s->channel == channel && s->channel_until_ms > s->until_ms;
        until = alone ? s->channel_until_ms : s->until_ms;
    }
    pthread_mutex_unlock(&p->lock);
    return until > now ? until - now : 0;
}
