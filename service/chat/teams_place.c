/* Who can read a conversation: shared channels and groups hold people of other tenants, and only
 * their roster says so. What it said holds for a while in this process, as it answers only so
 * often.
 */
#include "teams_int.h"

#include <stdio.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/str.h"

enum {
    SLOTS = 256,
    HOLDS_MS = 2 * 60 * 1000,
    ASK_MS = 5000, /* whoever typed or pressed waits for it */
    PAGES = 4      /* of 500: a larger place is taken for shared, as long as nobody knows */
};

/* The last one asked of those that fall into it. */
struct teams_places {
    pthread_mutex_t lock;
    struct known {
        char name[200]; /* workspace and channel */
        int64_t until_ms;
        bool shared;
    } slots[SLOTS];
};

struct teams_places *teams_places_new(arena *mem)
{
    struct teams_places *p = arena_alloc(mem, sizeof *p);
    *p = (struct teams_places){.lock = PTHREAD_MUTEX_INITIALIZER};
    return p;
}

static struct known *slot_of(struct teams_places *p, const char *name)
{
    uint32_t hash = 0;
    for (const char *c = name; *c != '\0'; c++) {
        hash = hash * 31 + (uint8_t)*c;
    }
    return &p->slots[hash % SLOTS];
}

static bool recall(struct teams_places *p, const char *name, bool *ret)
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

static void keep(struct teams_places *p, const char *name, bool shared)
{
    struct known *k = slot_of(p, name);
    pthread_mutex_lock(&p->lock);
    k->until_ms = clock_mono_ms() + HOLDS_MS;
    k->shared = shared;
    /* a name that is cut is found by nobody */
    (void)snprintf(k->name, sizeof k->name, "%s", name);
    pthread_mutex_unlock(&p->lock);
}

void teams_places_forget(struct teams_places *p, const char *workspace, const char *channel)
{
    char name[sizeof p->slots[0].name];
    (void)snprintf(name, sizeof name, "%s %s", workspace, channel);
    struct known *k = slot_of(p, name);
    pthread_mutex_lock(&p->lock);
    k->until_ms = 0; /* also when it is another place's: that one is asked about again */
    pthread_mutex_unlock(&p->lock);
}

static bool holds_strangers(arena *mem, const json_t *page, const char *workspace)
{
    const char *home = teams_tenant_of(workspace);
    size_t i = 0;
    const json_t *member = NULL;
    json_array_foreach(json_member(page, "members"), i, member)
    {
        if (!str_equal(teams_guid(mem, json_text(member, "tenantId")), home)) {
            return true;
        }
    }
    return false;
}

static char *query_of(arena *mem, const char *from)
{
    struct str query = str_new(mem, 4096);
    str_add(&query, "pageSize=500");
    if (!str_empty(from)) {
        str_add(&query, "&continuationToken=");
        str_add_url(&query, from);
    }
    return query.text;
}

/* Whoever does not say where he is at home is a stranger, and a place is shared until all of it has
 * been seen. */
static int look(chats *c, arena *mem, const struct chat_access *a, const char *channel, bool *ret,
                struct err *e)
{
    const char *from = NULL;
    int64_t until_ms = clock_mono_ms() + ASK_MS;
    for (int page = 0; page < PAGES; page++) {
        json_t *answer = NULL;
        const struct teams_call call = {
            .method = "GET",
            .address = a->address,
            .path = {"conversations", channel, "pagedmembers"},
            .query = query_of(mem, from),
            .until_ms = until_ms,
        };
        if (teams_api(c, mem, &call, &answer, e) != 0) {
            return -1;
        }
        *ret = !json_is_array(json_member(answer, "members")) ||
               holds_strangers(mem, answer, a->workspace);
        from = json_text(answer, "continuationToken");
        if (*ret || str_empty(from)) {
            return 0;
        }
    }
    *ret = true;
    return 0;
}

int teams_is_shared(chats *c, arena *mem, const struct chat_access *a, const char *channel,
                    bool *ret, struct err *e)
{
    const char *name = arena_printf(mem, "%s %s", a->workspace, channel);
    if (a->own) {
        *ret = false;
        return 0;
    }
    if (recall(c->teams_places, name, ret)) {
        return 0;
    }
    if (look(c, mem, a, channel, ret, e) != 0) {
        return -1;
    }
    keep(c->teams_places, name, *ret);
    return 0;
}

/* No link opens a conversation for everybody who may be in it, by what is known of it here. */
char *teams_link(const chats *c, arena *mem, const char *workspace, const char *channel)
{
    (void)c;
    (void)mem;
    (void)workspace;
    (void)channel;
    return NULL;
}
