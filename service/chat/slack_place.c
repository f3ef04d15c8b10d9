/* What kind of place a conversation is (docs.slack.dev/apis/slack-connect): its id does not say. */
#include "chat_int.h"

#include "base/json.h"
#include "base/str.h"

enum { ASK_MS = 3000 /* whoever pressed waits for it */ };

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
    const char *name = places_name(mem, a->workspace, channel);
    struct slack_call call = {.method = "conversations.info", .timeout_ms = ASK_MS};
    slack_call_add(&call, "channel", channel);
    json_t *answer = NULL;
    if (places_recall(c->places, name, ret)) {
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
    places_keep(c->places, name, *ret);
    return 0;
}
