/* What kind of place a conversation is (docs.slack.dev/apis/slack-connect): its id does not say. */
#include "chat_int.h"

#include "base/json.h"

int slack_is_shared(chats *c, arena *mem, const struct chat_access *a, const char *channel,
                    bool *ret, struct err *e)
{
    struct slack_call call = {.method = "conversations.info"};
    slack_call_add(&call, "channel", channel);
    json_t *answer = NULL;
    if (slack_api(c, mem, a, &call, &answer, e) != 0) {
        return -1;
    }
    const json_t *found = json_member(answer, "channel");
    /* who does not say that it is not is taken to be */
    *ret = !json_is_false(json_member(found, "is_ext_shared")) ||
           json_flag(found, "is_pending_ext_shared");
    return 0;
}
