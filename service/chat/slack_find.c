/* A message of ours in a conversation's history: Slack has no idempotency key for posting, so the
 * id that a message carries in its metadata is looked for after a lost answer. */
#include "chat_int.h"

#include "base/json.h"
#include "base/str.h"

enum {
    PAGES_MAX = 5,
    SKEW_S = 60 /* Slack's clock and ours */
};

static const char *find_on_page(const json_t *answer, const char *our_id)
{
    size_t i = 0;
    const json_t *message = NULL;
    json_array_foreach(json_member(answer, "messages"), i, message)
    {
        const json_t *metadata = json_member(message, "metadata");
        const json_t *payload = json_member(metadata, "event_payload");
        if (str_equal(json_text(metadata, "event_type"), SLACK_METADATA_TYPE) &&
            str_equal(json_text(payload, "id"), our_id)) {
            return slack_id(message, "ts");
        }
    }
    return NULL;
}

static struct slack_call history_call(arena *mem, const struct chat_post *p, int64_t since,
                                      const char *cursor)
{
    bool in_thread = p->thread != NULL;
    struct slack_call call = {.method =
                                  in_thread ? "conversations.replies" : "conversations.history"};
    int64_t oldest = since > SKEW_S ? since - SKEW_S : 0;
    slack_call_add(&call, "channel", p->channel);
    slack_call_add(&call, "ts", p->thread);
    slack_call_add(&call, "oldest", arena_printf(mem, "%lld.000000", (long long)oldest));
    slack_call_add(&call, "include_all_metadata", "true");
    slack_call_add(&call, "limit", "200");
    slack_call_add(&call, "cursor", cursor);
    return call;
}

/* Without the scope for this kind of conversation nobody can look: the caller decides. */
static int cannot_look(struct err *e)
{
    if (e != NULL && str_equal(e->code, "chat_scope")) {
        return err_set(e, ERR_FORBIDDEN, "chat_no_history", "no scope to read this conversation");
    }
    return -1;
}

int slack_find_post(chats *c, arena *mem, const struct chat_access *a, const struct chat_post *p,
                    int64_t since, const char **ret_message_id, struct err *e)
{
    const char *cursor = NULL;
    struct err why = {0};
    for (int page = 0; page < PAGES_MAX; page++) {
        struct slack_call call = history_call(mem, p, since, cursor);
        json_t *answer = NULL;
        if (slack_api(c, mem, a, &call, &answer, &why) != 0) {
            (void)cannot_look(&why);
            if (e != NULL) {
                *e = why;
            }
            return -1;
        }
        const char *found = find_on_page(answer, p->our_id);
        cursor = json_string_value(json_at(answer, "response_metadata.next_cursor"));
        if (found != NULL || str_empty(cursor)) {
            *ret_message_id = found;
            return 0;
        }
    }
    return err_set(e, ERR_FORBIDDEN, "chat_no_history", "the conversation is too long to look at");
}
