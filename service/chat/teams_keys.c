/* The keys that sign for Bot Connector: fetched when they are needed, at least once a day, and not
 * more often than now and then whatever keys tokens name. The old ones go on while new ones cannot
 * be had. */
#include "teams_int.h"

#include <string.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/str.h"
#include "crypto.h"

enum {
    FIRST_PAUSE_MS = 5 * 1000, /* between tries while there is no set at all */
    METADATA_MS = 3000,        /* a webhook waits for both */
    SET_MS = 4000,
    METADATA_MAX = 64 * 1024,
    SET_MAX = 1024 * 1024,
    KEYS_MAX = 200,
    KID_MAX = 200,
    ENDORSEMENTS_MAX = 100
};

static void keys_free(void *object)
{
    struct teams_keys *k = object;
    json_decref(k->by_kid);
    turn_destroy(&k->turn);
}

struct teams_keys *teams_keys_new(arena *mem)
{
    struct teams_keys *k = arena_alloc(mem, sizeof *k);
    turn_init(&k->turn);
    arena_defer(mem, keys_free, k);
    return k;
}

/* --- under the lock --- */

static bool may_fetch(const struct teams_keys *k, int64_t now_ms)
{
    if (k->by_kid == NULL) {
        return k->tried_ms == 0 || now_ms - k->tried_ms >= FIRST_PAUSE_MS;
    }
    return k->full_ms - now_ms <= (TEAMS_KEYS_TRIES - 1) * (int64_t)TEAMS_KEYS_TRY_MS;
}

static void count_try(struct teams_keys *k, int64_t now_ms)
{
    k->tried_ms = now_ms;
    if (k->by_kid != NULL) {
        k->full_ms = (k->full_ms > now_ms ? k->full_ms : now_ms) + TEAMS_KEYS_TRY_MS;
    }
}

static int find(const struct teams_keys *k, arena *mem, const struct teams_key_query *q,
                json_t **ret, struct err *e)
{
    int64_t now_ms = clock_mono_ms();
    const json_t *key = json_member(k->by_kid, q->kid);
    bool fresh = k->by_kid != NULL && now_ms - k->fetched_ms < TEAMS_KEYS_FRESH_MS;
    bool fetching = k->turn.taken;
    bool due = key == NULL ? fetching || may_fetch(k, now_ms)
                           : !fresh && !fetching && may_fetch(k, now_ms);
    if (due && !q->fetched) {
        return err_set(e, ERR_UPSTREAM_BUSY, "teams_keys", "the keys are to be fetched first");
    }
    if (key != NULL) {
        *ret = arena_json(mem, json_deep_copy(key));
        return 0;
    }
    return k->by_kid == NULL
               ? err_set(e, ERR_UPSTREAM_BUSY, "teams_no_keys", "no key set could be fetched yet")
               : err_set(e, ERR_UNAUTHENTIC, "teams_key", "the key set has no such key");
}

int teams_keys_find(chats *c, arena *mem, const struct teams_key_query *q, json_t **ret,
                    struct err *e)
{
    struct teams_keys *k = c->teams_keys;
    turn_lock(&k->turn);
    int result = find(k, mem, q, ret, e);
    turn_unlock(&k->turn);
    return result;
}

/* --- fetching --- */

static int unreadable(struct err *e, const char *what)
{
    return err_set(e, ERR_UPSTREAM_BUSY, "teams_keys", "%s", what);
}

static int get(chats *c, arena *mem, const struct net_request *q, json_t **ret, struct err *e)
{
    struct net_response r = {0};
    struct err unused = {0};
    json_t *value = NULL;
    if (net_call(c->settings.http, mem, q, &r, e) != 0) {
        return -1;
    }
    if (r.status != 200 || json_read(mem, r.body, &value, &unused) != 0) {
        return err_set(e, ERR_UPSTREAM_BUSY, "teams_keys", "no JSON, or status %d", r.status);
    }
    *ret = value;
    return 0;
}

/* Where the keys stand, by the metadata: never on another host than that itself. */
static int find_set(chats *c, arena *mem, const char **ret_url, struct err *e)
{
    const char *openid_url = teams_cloud(&c->settings).openid_url;
    const struct net_request q = {.method = "GET",
                                  .url = openid_url,
                                  .peer = "teams",
                                  .timeout_ms = METADATA_MS,
                                  .answer_max = METADATA_MAX};
    json_t *metadata = NULL;
    struct net_url here, there;
    if (get(c, mem, &q, &metadata, e) != 0 || net_url_parse(mem, openid_url, &here, e) != 0) {
        return -1;
    }
    const char *url = json_text(metadata, "jwks_uri");
    if (url == NULL || net_url_parse(mem, url, &there, e) != 0) {
        return unreadable(e, "the metadata name no key set");
    }
    if (!str_equal(here.scheme, there.scheme) || !str_equal(here.host_port, there.host_port)) {
        return unreadable(e, "the metadata name a key set on another host");
    }
    *ret_url = url;
    return 0;
}

/* Of a key what is used of it: most of a set are certificates. endorsements: of Bot Connector's,
 * issuer: of Entra's. */
static json_t *reduced(const json_t *key)
{
    static const char *const names[] = {"kty", "use", "alg",    "kid",
                                        "n",   "e",   "issuer", "endorsements"};
    json_t *out = json_must(json_object());
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        json_t *member = json_member(key, names[i]);
        if (member != NULL) {
            json_put(out, names[i], json_must(json_deep_copy(member)));
        }
    }
    return out;
}

static bool is_usable(arena *mem, const json_t *key)
{
    const char *kid = json_text(key, "kid");
    return !str_empty(kid) && strlen(kid) <= KID_MAX &&
           json_array_size(json_member(key, "endorsements")) <= ENDORSEMENTS_MAX &&
           crypto_jwt_key_usable(mem, key);
}

json_t *teams_keys_by_kid(arena *mem, const json_t *set)
{
    const json_t *keys = json_member(set, "keys");
    json_t *by_kid = json_must(json_object());
    for (size_t i = 0; i < json_array_size(keys) && i < KEYS_MAX; i++) {
        const json_t *key = json_array_get(keys, i);
        if (is_usable(mem, key) && json_member(by_kid, json_text(key, "kid")) == NULL) {
            json_put(by_kid, json_text(key, "kid"), reduced(key));
        }
    }
    if (json_object_size(by_kid) == 0) {
        json_decref(by_kid);
        return NULL;
    }
    return by_kid;
}

static int fetch(chats *c, arena *mem, json_t **ret, struct err *e)
{
    struct net_request q = {
        .method = "GET", .peer = "teams", .timeout_ms = SET_MS, .answer_max = SET_MAX};
    json_t *set = NULL;
    if (find_set(c, mem, &q.url, e) != 0 || get(c, mem, &q, &set, e) != 0) {
        return -1;
    }
    *ret = teams_keys_by_kid(mem, set);
    return *ret == NULL ? unreadable(e, "the key set holds no key of use") : 0;
}

static void keep(struct teams_keys *k, json_t *by_kid)
{
    if (by_kid != NULL) {
        json_decref(k->by_kid);
        k->by_kid = by_kid;
        k->fetched_ms = clock_mono_ms();
    }
    turn_give(&k->turn);
}

/* True: the caller fetches, nobody else does. Else there is nothing to fetch any more, or it was
 * just done, or is not done in time. */
static bool take_turn(struct teams_keys *k, int64_t until_ms)
{
    int64_t now_ms = clock_mono_ms();
    if (k->turn.taken) {
        (void)turn_wait(&k->turn, until_ms);
        return false;
    }
    if (!may_fetch(k, now_ms)) {
        return false;
    }
    count_try(k, now_ms);
    turn_take(&k->turn);
    return true;
}

int chat_teams_keys_fetch(chats *c, arena *mem, int64_t until_ms, struct err *e)
{
    struct teams_keys *k = c->teams_keys;
    struct err why = {0};
    json_t *by_kid = NULL;
    (void)err_set(&why, ERR_UPSTREAM_BUSY, "teams_no_keys", "they were asked for a moment ago");
    turn_lock(&k->turn);
    if (take_turn(k, until_ms)) {
        turn_unlock(&k->turn);
        (void)fetch(c, mem, &by_kid, &why);
        turn_lock(&k->turn);
        keep(k, by_kid);
    }
    bool any = k->by_kid != NULL;
    turn_unlock(&k->turn);
    return any ? 0 : err_set(e, ERR_UPSTREAM_BUSY, "teams_no_keys", "%s", why.text);
}
