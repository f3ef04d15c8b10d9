/* The keys that sign for Sign in with Slack: fetched when they are needed, kept as text. */
#include "chat_int.h"

#include <string.h>

#include "base/clock.h"
#include "base/turn.h"

enum {
    FRESH_MS = 3600 * 1000,
    STALE_MS = 24 * 3600 * 1000, /* good enough while Slack cannot be reached */
    PAUSE_MS = 5000,             /* between two fetches, whatever tokens name */
    CALL_MS = 8000
};

struct slack_keys {
    struct turn turn;   /* of whoever fetches; its lock guards the rest */
    int64_t fetched_ms; /* on clock_mono_ms(); 0: never */
    int64_t tried_ms;
    size_t len;
    char text[32 * 1024];
};

struct slack_keys *slack_keys_new(arena *mem)
{
    struct slack_keys *k = arena_alloc(mem, sizeof *k);
    turn_init(&k->turn);
    return k;
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
    *ret = r.body;
    return 0;
}

/* --- under the lock --- */

/* Lets go of it while it waits for Slack. */
static int fetch_for_all(chats *c, arena *mem, struct err *e)
{
    struct slack_keys *k = c->keys;
    struct bytes text = {NULL, 0};
    turn_take(&k->turn);
    k->tried_ms = clock_mono_ms();
    turn_unlock(&k->turn);
    int rc = fetch(c, mem, &text, e);
    turn_lock(&k->turn);
    if (rc == 0) {
        memcpy(k->text, text.data, text.len);
        k->len = text.len;
        k->fetched_ms = clock_mono_ms();
    }
    turn_give(&k->turn);
    return rc;
}

/* Not more often than PAUSE_MS; where there are no keys, whoever finds another fetching waits. */
static int refresh(chats *c, arena *mem, struct err *e)
{
    struct slack_keys *k = c->keys;
    bool any = k->fetched_ms > 0, fetching = k->turn.taken;
    if (!any && fetching && turn_wait(&k->turn, 0) && k->fetched_ms > 0) {
        return 0;
    }
    return fetching || (any && clock_mono_ms() - k->tried_ms < PAUSE_MS)
               ? err_set(e, ERR_UPSTREAM_BUSY, "sign_in_keys",
                         "the key set was fetched a moment ago")
               : fetch_for_all(c, mem, e);
}

static bool kept(const struct slack_keys *k, int64_t age_ms)
{
    return k->fetched_ms > 0 && clock_mono_ms() - k->fetched_ms < age_ms;
}

int slack_keys_get(chats *c, arena *mem, bool again, struct bytes *ret, struct err *e)
{
    struct slack_keys *k = c->keys;
    turn_lock(&k->turn);
    bool good =
        (!again && kept(k, FRESH_MS)) || refresh(c, mem, e) == 0 || (!again && kept(k, STALE_MS));
    if (good) {
        *ret = (struct bytes){arena_copy(mem, k->text, k->len), k->len};
    }
    turn_unlock(&k->turn);
    return good ? 0 : -1;
}
