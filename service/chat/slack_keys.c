/* The keys that sign for Sign in with Slack: fetched when they are needed, kept as text. */
#include "chat_int.h"

#include <pthread.h>
#include <string.h>

#include "base/clock.h"

enum {
    FRESH_MS = 3600 * 1000,
    STALE_MS = 24 * 3600 * 1000, /* good enough while Slack cannot be reached */
    PAUSE_MS = 5000,             /* between two fetches, whatever tokens name */
    CALL_MS = 8000
};

struct slack_keys {
    pthread_mutex_t lock;
    int64_t fetched_ms; /* on clock_mono_ms(); 0: never */
    int64_t tried_ms;
    size_t len;
    char text[32 * 1024];
};

struct slack_keys *slack_keys_new(arena *mem)
{
    struct slack_keys *k = arena_alloc(mem, sizeof *k);
    pthread_mutex_init(&k->lock, NULL);
    return k;
}

/* What is kept, if it is not older than that. */
static bool kept(struct slack_keys *k, arena *mem, int64_t age_ms, struct bytes *ret)
{
    pthread_mutex_lock(&k->lock);
    bool good = k->fetched_ms > 0 && clock_mono_ms() - k->fetched_ms < age_ms;
    if (good) {
        *ret = (struct bytes){arena_copy(mem, k->text, k->len), k->len};
    }
    pthread_mutex_unlock(&k->lock);
    return good;
}

/* One caller at a time asks Slack, and not more often than PAUSE_MS; without any keys everybody. */
static bool may_fetch(struct slack_keys *k)
{
    int64_t now = clock_mono_ms();
    pthread_mutex_lock(&k->lock);
    bool may = k->fetched_ms == 0 || now - k->tried_ms >= PAUSE_MS;
    if (may) {
        k->tried_ms = now;
    }
    pthread_mutex_unlock(&k->lock);
    return may;
}

static void keep(struct slack_keys *k, struct bytes text)
{
    pthread_mutex_lock(&k->lock);
    memcpy(k->text, text.data, text.len);
    k->len = text.len;
    k->fetched_ms = clock_mono_ms();
    pthread_mutex_unlock(&k->lock);
}

static int fetch(chats *c, arena *mem, struct bytes *ret, struct err *e)
{
    const struct net_request q = {
        .method = "GET",
        .url = arena_printf(mem, "%s/openid/connect/keys", c->settings.slack_url),
        .peer = "slack",
        .timeout_ms = CALL_MS,
        .answer_max = sizeof(c->keys->text)};
    struct net_response r = {0};
    struct err why = {0};
    if (net_call(c->settings.http, mem, &q, &r, &why) != 0) {
        return err_set(e, ERR_UPSTREAM_BUSY, "sign_in_keys", "%s", why.text);
    }
    if (r.status != 200 || r.body.len == 0 || r.body.len > sizeof(c->keys->text)) {
        return err_set(e, ERR_UPSTREAM_BUSY, "sign_in_keys", "the key set: status %d", r.status);
    }
    keep(c->keys, r.body);
    *ret = r.body;
    return 0;
}

int slack_keys_get(chats *c, arena *mem, bool again, struct bytes *ret, struct err *e)
{
    if (!again && kept(c->keys, mem, FRESH_MS, ret)) {
        return 0;
    }
    if (may_fetch(c->keys)) {
        if (fetch(c, mem, ret, e) == 0) {
            return 0;
        }
    } else {
        err_set(e, ERR_UPSTREAM_BUSY, "sign_in_keys", "the key set was fetched a moment ago");
    }
    return !again && kept(c->keys, mem, STALE_MS, ret) ? 0 : -1;
}
