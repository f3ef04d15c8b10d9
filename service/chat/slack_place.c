/*
 * What kind of place a conversation is (docs.slack.dev/apis/slack-connect): its id does not say.
 * What Slack said of one holds for a while in this process, since it answers only so often.
 */
#include "chat_int.h"

#include <pthread.h>
#include <stdio.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/str.h"

enum {
    SLOTS = 256,
    HOLDS_MS = 2 * 60 * 1000,
    ASK_MS = 3000 /* whoever pressed waits for it */
};

/* The last one asked of those that fall into it. */
struct slack_places {
    pthread_mutex_t lock;
    struct known {
        char name[120]; /* workspace and channel */
        int64_t until_ms;
        bool shared;
    } slots[SLOTS];
};

struct slack_places *slack_places_new(arena *mem)
{
    struct slack_places *p = arena_alloc(mem, sizeof *p);
    *p = (struct slack_places){.lock = PTHREAD_MUTEX_INITIALIZER};
    return p;
}

static struct known *slot_of(struct slack_places *p, const char *name)
{
    uint32_t hash = 0;
    for (const char *c = name; *c != '\0'; c++) {
        hash = hash * 31 + (uint8_t)*c;
    }
    return &p->slots[hash % SLOTS];
}

static bool recall(struct slack_places *p, const char *name, bool *ret)
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

static void keep(struct slack_places *p, const char *name, bool shared)
{
    struct known *k = slot_of(p, name);
    pthread_mutex_lock(&p->lock);
    k->until_ms = clock_mono_ms() + HOLDS_MS;
    k->shared = shared;
    /* a name that is cut is found by nobody */
    (void)snprintf(k->name, sizeof k->name, "%s", name);
    pthread_mutex_unlock(&p->lock);
}

/* We do not ask for the scope of group messages, and that it lacks says that this is one: the
 * people in it do not change (docs.slack.dev/reference/methods/conversations.info). */
static int unanswered(const struct err *why, struct err *e)
{
    if (str_equal(why->code, "chat_scope") && str_equal(why->needed, "mpim:read")) {
        return err_set(e, ERR_FORBIDDEN, "chat_group", "who reads a group message is not said");
    }
    if (e != NULL) {
        *e = *why;
    }
    return -1;
}

int slack_is_shared(chats *c, arena *mem, const struct chat_access *a, const char *channel,
                    bool *ret, struct err *e)
{
    const char *name = arena_printf(mem, "%s %s", a->workspace, channel);
    struct slack_call call = {.method = "conversations.info", .timeout_ms = ASK_MS};
    slack_call_add(&call, "channel", channel);
    json_t *answer = NULL;
    if (recall(c->places, name, ret)) {
        return 0;
    }
    struct err why = {0};
    if (slack_api(c, mem, a, &call, &answer, &why) != 0) {
        return unanswered(&why, e);
    }
    const json_t *found = json_member(answer, "channel");
    /* who does not say that it is not is taken to be */
    *ret = !json_is_false(json_member(found, "is_ext_shared")) ||
           json_flag(found, "is_pending_ext_shared");
    keep(c->places, name, *ret);
    return 0;
}
