/* Who can read a conversation: shared channels and groups hold people of other tenants, and only
 * their roster says so. */
#include "teams_int.h"

#include "base/clock.h"
#include "base/json.h"
#include "base/str.h"

enum {
    ASK_MS = 5000, /* whoever typed or pressed waits for it */
    PAGES = 4      /* of 500: a larger place is taken for shared, as long as nobody knows */
};

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
    const char *name = places_name(mem, a->workspace, channel);
    if (a->own) {
        *ret = false;
        return 0;
    }
    if (places_recall(c->places, name, ret)) {
        return 0;
    }
    if (look(c, mem, a, channel, ret, e) != 0) {
        return -1;
    }
    places_keep(c->places, name, *ret);
    return 0;
}
