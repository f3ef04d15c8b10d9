/* The keys that sign Entra's id tokens, of each tenant that is served: fetched when somebody signs
 * in, by one caller for all who wait. Only tokens that Entra gave us over TLS are looked up here,
 * so that nobody else can make us fetch. */
#include "teams_int.h"

#include "base/clock.h"
#include "base/json.h"
#include "base/str.h"

enum { CALL_MS = 8000, SET_MAX = 512 * 1024 };

static void keys_free(void *object)
{
    struct teams_entra_keys *k = object;
    for (size_t i = 0; i < k->count; i++) {
        json_decref(k->sets[i].by_kid);
        turn_destroy(&k->sets[i].turn);
    }
}

struct teams_entra_keys *teams_entra_keys_new(arena *mem, size_t tenants)
{
    struct teams_entra_keys *k = arena_alloc(mem, sizeof *k);
    k->count = tenants;
    k->sets = arena_array(mem, tenants, sizeof *k->sets);
    for (size_t i = 0; i < tenants; i++) {
        turn_init(&k->sets[i].turn);
    }
    arena_defer(mem, keys_free, k);
    return k;
}

static struct teams_entra_set *set_of(const chats *c, const char *tenant)
{
    const struct chat_settings *s = &c->settings;
    for (size_t i = 0; i < s->teams_allowed_tenants_count; i++) {
        if (str_equal(s->teams_allowed_tenants[i], tenant)) {
            return &c->teams_entra_keys->sets[i];
        }
    }
    return NULL;
}

static int unusable(struct err *e, const char *what)
{
    return err_set(e, ERR_UPSTREAM_BUSY, "sign_in_keys", "Entra's key set: %s", what);
}

/* learn.microsoft.com/entra/identity-platform/access-tokens, "Validate the signature". *ret: new
 * reference. */
static int fetch(const chats *c, arena *mem, const char *tenant, json_t **ret, struct err *e)
{
    const char *login_url = teams_cloud(&c->settings).login_url;
    const struct net_request q = {
        .method = "GET",
        .url = arena_printf(mem, "%s/%s/discovery/v2.0/keys", login_url, tenant),
        .peer = "teams",
        .timeout_ms = CALL_MS,
        .answer_max = SET_MAX};
    struct net_response r = {0};
    struct err why = {0};
    json_t *set = NULL;
    if (net_call(c->settings.http, mem, &q, &r, &why) != 0) {
        return unusable(e, why.text);
    }
    if (r.status != 200 || json_read(mem, r.body, &set, &why) != 0) {
        return unusable(e, arena_printf(mem, "no JSON, or status %d", r.status));
    }
    *ret = teams_keys_by_kid(mem, set);
    return *ret == NULL ? unusable(e, "it holds no key of use") : 0;
}

/* --- under the lock --- */

static const json_t *kept(const struct teams_entra_set *s, const char *kid, int64_t age_ms)
{
    bool good = s->by_kid != NULL && clock_mono_ms() - s->fetched_ms < age_ms;
    return good ? json_member(s->by_kid, kid) : NULL;
}

/* Without any set whoever comes next may try; a set is replaced no sooner than after a pause. */
static bool may_fetch(const struct teams_entra_set *s)
{
    return s->by_kid == NULL || clock_mono_ms() - s->tried_ms >= TEAMS_ENTRA_PAUSE_MS;
}

/* Lets go of the lock while it waits for Entra. */
static int fetch_for_all(chats *c, arena *mem, struct teams_entra_set *s, const char *tenant,
                         struct err *e)
{
    json_t *by_kid = NULL;
    turn_take(&s->turn);
    s->tried_ms = clock_mono_ms();
    turn_unlock(&s->turn);
    int rc = fetch(c, mem, tenant, &by_kid, e);
    turn_lock(&s->turn);
    if (rc == 0) {
        json_decref(s->by_kid);
        s->by_kid = by_kid;
        s->fetched_ms = clock_mono_ms();
    }
    turn_give(&s->turn);
    return rc;
}

/* Whoever finds another fetching takes what that brings, and does not ask once more. */
static int refresh(chats *c, arena *mem, struct teams_entra_set *s, const char *tenant,
                   struct err *e)
{
    if (s->turn.taken) {
        (void)turn_wait(&s->turn, 0);
        return s->by_kid == NULL ? unusable(e, "it could not be fetched") : 0;
    }
    return may_fetch(s) ? fetch_for_all(c, mem, s, tenant, e)
                        : unusable(e, "it was fetched a moment ago");
}

static int find(chats *c, arena *mem, struct teams_entra_set *s, const struct teams_entra_query *q,
                json_t **ret, struct err *e)
{
    struct err why = {0};
    const json_t *key = kept(s, q->kid, TEAMS_ENTRA_FRESH_MS);
    int rc = key != NULL ? 0 : refresh(c, mem, s, q->tenant, &why);
    key = key != NULL ? key : kept(s, q->kid, TEAMS_ENTRA_STALE_MS);
    if (key != NULL) {
        *ret = arena_json(mem, json_deep_copy(key));
        return 0;
    }
    if (rc == 0) {
        return err_set(e, ERR_UNAUTHENTIC, "jwt_key_unknown", "the key set has no such key");
    }
    *e = why;
    return -1;
}

int teams_entra_key(chats *c, arena *mem, const struct teams_entra_query *q, json_t **ret,
                    struct err *e)
{
    struct teams_entra_set *s = set_of(c, q->tenant);
    if (s == NULL) {
        return unusable(e, "of a tenant that is not served");
    }
    turn_lock(&s->turn);
    int rc = find(c, mem, s, q, ret, e);
    turn_unlock(&s->turn);
    return rc;
}
