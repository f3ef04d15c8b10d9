#include "slack.h"

#include "world.h"

#include <stdlib.h>
#include <string.h>

enum { TEXT_MAX = 40000, UPDATE_TEXT_MAX = 4000 };

static json_t *blocks_error(const char *code, json_t *faults)
{
    json_t *messages = json_array();
    size_t i = 0;
    json_t *text = NULL;
    json_array_foreach(faults, i, text)
    {
        char *line = xasprintf("[ERROR] %s", json_string_value(text));
        json_array_append_new(messages, json_string(line));
        free(line);
    }
    return json_pack("{s:b, s:s, s:O, s:{s:o}}", "ok", false, "error", code, "errors", faults,
                     "response_metadata", "messages", messages);
}

/* Reads blocks; NULL without error when there are none. */
static json_t *read_blocks(const struct slack_call *call, json_t **ret_error)
{
    bool bad = false;
    json_t *blocks = slack_arg_json(call, "blocks", &bad);
    if (bad || (blocks != NULL && !json_is_array(blocks))) {
        json_decref(blocks);
        *ret_error = slack_error("invalid_blocks_format");
        return NULL;
    }
    if (blocks == NULL) {
        return NULL;
    }
    json_t *faults = json_array();
    slack_blocks_check(blocks, false, faults);
    if (json_array_size(faults) > 0) {
        *ret_error = blocks_error("invalid_blocks", faults);
        json_decref(blocks);
        blocks = NULL;
    } else {
        slack_blocks_fill(blocks);
    }
    json_decref(faults);
    return blocks;
}

static json_t *read_metadata(const struct slack_call *call, json_t **ret_error)
{
    bool bad = false;
    json_t *metadata = slack_arg_json(call, "metadata", &bad);
    if (metadata == NULL && !bad) {
        return NULL;
    }
    if (bad || !json_is_object(metadata)) {
        *ret_error = slack_error("invalid_metadata_format");
    } else if (json_str(metadata, "event_type") == NULL ||
               !json_is_object(json_object_get(metadata, "event_payload"))) {
        *ret_error = slack_error("invalid_metadata_schema");
    }
    if (*ret_error != NULL) {
        json_decref(metadata);
        return NULL;
    }
    return metadata;
}

json_t *slack_content(const struct slack_call *call, size_t text_max, json_t **ret_error)
{
    *ret_error = NULL;
    const char *text = slack_arg(call, "text");
    json_t *blocks = read_blocks(call, ret_error);
    json_t *metadata = *ret_error == NULL ? read_metadata(call, ret_error) : NULL;
    if (*ret_error == NULL && text == NULL && json_array_size(blocks) == 0) {
        *ret_error = slack_error("no_text");
    }
    if (*ret_error == NULL && text != NULL && utf8_length(text) > text_max) {
        *ret_error = slack_error("msg_too_long");
    }
    if (*ret_error != NULL) {
        json_decref(blocks);
        json_decref(metadata);
        return NULL;
    }
    json_t *content = json_pack("{s:s}", "text", text == NULL ? "" : text);
    if (json_array_size(blocks) > 0) {
        json_object_set(content, "blocks", blocks);
    }
    if (metadata != NULL) {
        json_object_set(content, "metadata", metadata);
    }
    json_decref(blocks);
    json_decref(metadata);
    return content;
}

/* The channel of a call that posts, or an error as Slack words it. */
static json_t *posting_channel(const struct slack_call *call, bool open_dm, json_t **ret_error)
{
    const char *id = slack_arg(call, "channel");
    json_t *channel = id == NULL ? NULL : slack_channel(call->team, id);
    if (channel == NULL && id != NULL && open_dm) {
        json_t *user = slack_user(call->team, id);
        channel = user != NULL   ? slack_dm(call->team, id, true)
                  : id[0] == '#' ? slack_place(call->team, NULL, id)
                                 : NULL;
    }
    const char *bot = slack_bot(call->team, "user_id");
    bool member = channel != NULL && slack_is_member(channel, bot);
    bool public = strcmp(json_str_or(channel, "kind", ""), "channel") == 0;
    *ret_error = NULL;
    if (channel == NULL || (!member && !public)) {
        *ret_error = slack_error("channel_not_found");
    } else if (json_flag(channel, "is_archived", false)) {
        *ret_error = slack_error("is_archived");
    } else if (!member) {
        *ret_error = slack_error("not_in_channel");
    }
    return *ret_error == NULL ? channel : NULL;
}

static void sign_as_bot(json_t *team, json_t *message)
{
    json_t *profile = json_pack("{s:s, s:s, s:s, s:b, s:s}", "id", slack_bot(team, "bot_id"),
                                "app_id", slack_app("app_id"), "name", slack_bot(team, "name"),
                                "deleted", false, "team_id", json_str_or(team, "id", ""));
    json_object_set_new(message, "type", json_string("message"));
    json_object_set_new(message, "user", json_string(slack_bot(team, "user_id")));
    json_object_set_new(message, "bot_id", json_string(slack_bot(team, "bot_id")));
    json_object_set_new(message, "app_id", json_string(slack_app("app_id")));
    json_object_set(message, "team", json_object_get(team, "id"));
    json_object_set_new(message, "bot_profile", profile);
}

static json_t *event_of(const json_t *channel, const json_t *message)
{
    json_t *event = slack_message_public(message);
    json_object_set(event, "channel", json_object_get(channel, "id"));
    json_object_set(event, "event_ts", json_object_get(message, "ts"));
    json_object_set_new(event, "channel_type", json_string("im"));
    json_object_del(event, "metadata");
    return event;
}

json_t *slack_bot_post(json_t *team, json_t *channel, json_t *content, const char *ephemeral_to)
{
    sign_as_bot(team, content);
    if (ephemeral_to != NULL) {
        json_object_set_new(content, "_to", json_string(ephemeral_to));
    }
    json_t *message = slack_message_add(channel, content);
    slack_crawl(message);
    /* Slack sends a bot its own DM messages: with bot_id, without a subtype */
    if (ephemeral_to == NULL && slack_is_im(channel) &&
        json_flag(slack_settings(), "echo_bot_messages", true)) {
        slack_event_later(team, channel, event_of(channel, message));
    }
    return message;
}

void slack_bot_changed(json_t *team, json_t *channel, json_t *message)
{
    slack_crawl(message);
    world_touch();
    if (json_str(message, "_to") != NULL || !slack_is_im(channel) ||
        !json_flag(slack_settings(), "echo_bot_messages", true)) {
        return;
    }
    char ts[32];
    slack_ts(ts);
    json_t *inner = slack_message_public(message);
    json_object_del(inner, "metadata");
    slack_event_later(team, channel,
                      json_pack("{s:s, s:s, s:b, s:O, s:s, s:s, s:s, s:o}", "type", "message",
                                "subtype", "message_changed", "hidden", true, "channel",
                                json_object_get(channel, "id"), "ts", ts, "event_ts", ts,
                                "channel_type", "im", "message", inner));
}

void slack_message_edit(json_t *team, json_t *channel, json_t *message, json_t *content)
{
    char ts[32];
    slack_ts(ts);
    json_object_set(message, "text", json_object_get(content, "text"));
    json_object_del(message, "blocks");
    if (json_object_get(content, "blocks") != NULL) {
        json_object_set(message, "blocks", json_object_get(content, "blocks"));
    }
    if (json_object_get(content, "metadata") != NULL) {
        json_object_set(message, "metadata", json_object_get(content, "metadata"));
    }
    json_object_set_new(message, "edited",
                        json_pack("{s:s, s:s}", "user", slack_bot(team, "user_id"), "ts", ts));
    json_object_set_new(message, "_edits", json_integer(json_int_or(message, "_edits", 0) + 1));
    slack_bot_changed(team, channel, message);
}

static bool thread_known(json_t *channel, const char *thread_ts)
{
    return thread_ts == NULL || slack_message(channel, thread_ts) != NULL;
}

/* Slack shows an ephemeral in a thread only when others have answered there. */
static bool thread_is_active(json_t *channel, const char *thread_ts)
{
    const char *ts = NULL;
    json_t *message = NULL;
    json_object_foreach(json_object_get(channel, "messages"), ts, message)
    {
        const char *thread = json_str(message, "thread_ts");
        if (thread != NULL && strcmp(thread, thread_ts) == 0 && strcmp(ts, thread_ts) != 0) {
            return true;
        }
    }
    return false;
}

static void keep_unfurl(const struct slack_call *call, json_t *content)
{
    if (!slack_arg_flag(call, "unfurl_links", true) &&
        !slack_arg_flag(call, "unfurl_media", true)) {
        json_object_set_new(content, "_quiet", json_true());
    }
}

static json_t *chat_post_message(struct slack_call *call)
{
    json_t *error = NULL;
    json_t *channel = posting_channel(call, true, &error);
    json_t *content = error == NULL ? slack_content(call, TEXT_MAX, &error) : NULL;
    if (error != NULL) {
        return error;
    }
    const char *thread_ts = slack_arg(call, "thread_ts");
    if (!thread_known(channel, thread_ts)) {
        json_decref(content);
        return slack_error("invalid_thread_ts");
    }
    if (thread_ts != NULL) {
        json_object_set_new(content, "thread_ts", json_string(thread_ts));
        if (slack_arg_flag(call, "reply_broadcast", false)) {
            json_object_set_new(content, "subtype", json_string("thread_broadcast"));
        }
    }
    keep_unfurl(call, content);
    json_t *message = slack_bot_post(call->team, channel, content, NULL);
    return json_pack("{s:b, s:O, s:O, s:o}", "ok", true, "channel", json_object_get(channel, "id"),
                     "ts", json_object_get(message, "ts"), "message",
                     slack_message_public(message));
}

static json_t *chat_post_ephemeral(struct slack_call *call)
{
    json_t *error = NULL;
    json_t *channel = posting_channel(call, false, &error);
    json_t *content = error == NULL ? slack_content(call, TEXT_MAX, &error) : NULL;
    if (error != NULL) {
        return error;
    }
    const char *user = slack_arg(call, "user");
    const char *thread_ts = slack_arg(call, "thread_ts");
    const char *refused = user == NULL                        ? "user_not_in_channel"
                          : !slack_is_member(channel, user)   ? "user_not_in_channel"
                          : !thread_known(channel, thread_ts) ? "invalid_thread_ts"
                                                              : NULL;
    if (refused != NULL) {
        json_decref(content);
        return slack_error(refused);
    }
    if (thread_ts != NULL) {
        json_object_set_new(content, "thread_ts", json_string(thread_ts));
    }
    if (thread_ts != NULL && !thread_is_active(channel, thread_ts)) {
        json_decref(content);
        return json_pack("{s:b, s:s}", "ok", true, "message_ts", "1700000000.000000");
    }
    keep_unfurl(call, content);
    json_t *message = slack_bot_post(call->team, channel, content, user);
    return json_pack("{s:b, s:O}", "ok", true, "message_ts", json_object_get(message, "ts"));
}

/* An own message that update and delete may touch; ephemerals do not exist for them. */
static json_t *own_message(const struct slack_call *call, const char *foreign_error,
                           json_t **ret_channel, json_t **ret_error)
{
    const char *id = slack_arg(call, "channel");
    json_t *channel = slack_channel(call->team, id);
    const char *bot = slack_bot(call->team, "user_id");
    *ret_error = NULL;
    if (channel == NULL || !slack_is_member(channel, bot)) {
        *ret_error = slack_error("channel_not_found");
        return NULL;
    }
    json_t *message = slack_message(channel, slack_arg(call, "ts"));
    if (message == NULL || json_str(message, "_to") != NULL) {
        *ret_error = slack_error("message_not_found");
        return NULL;
    }
    if (strcmp(json_str_or(message, "user", ""), bot) != 0) {
        *ret_error = slack_error(foreign_error);
        return NULL;
    }
    *ret_channel = channel;
    return message;
}

static json_t *chat_update(struct slack_call *call)
{
    json_t *error = NULL;
    json_t *channel = NULL;
    json_t *message = own_message(call, "cant_update_message", &channel, &error);
    json_t *content = error == NULL ? slack_content(call, UPDATE_TEXT_MAX, &error) : NULL;
    if (error != NULL) {
        return error;
    }
    slack_message_edit(call->team, channel, message, content);
    json_decref(content);
    return json_pack("{s:b, s:O, s:O, s:O, s:o}", "ok", true, "channel",
                     json_object_get(channel, "id"), "ts", json_object_get(message, "ts"), "text",
                     json_object_get(message, "text"), "message", slack_message_public(message));
}

static json_t *chat_delete(struct slack_call *call)
{
    json_t *error = NULL;
    json_t *channel = NULL;
    json_t *message = own_message(call, "cant_delete_message", &channel, &error);
    if (error != NULL) {
        return error;
    }
    json_t *answer =
        json_pack("{s:b, s:O, s:O}", "ok", true, "channel", json_object_get(channel, "id"), "ts",
                  json_object_get(message, "ts"));
    json_object_del(json_object_get(channel, "messages"), json_str(answer, "ts"));
    world_touch();
    return answer;
}

const struct slack_method slack_chat_methods[] = {
    {"chat.postMessage", "chat:write", true, chat_post_message},
    {"chat.postEphemeral", "chat:write", true, chat_post_ephemeral},
    {"chat.update", "chat:write", true, chat_update},
    {"chat.delete", "chat:write", true, chat_delete},
    {NULL, NULL, false, NULL},
};
