/* What a payload of Slack says about tenant, person and kind, without acting on it. */
#include "chat_int.h"

#include <string.h>

#include "base/json.h"
#include "base/str.h"

enum { ID_MAX = 64, TOKEN_MAX = 255 };

static bool is_id_letter(char c)
{
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' ||
           c == '_' || c == '-';
}

static const char *id_within(const char *text, size_t max)
{
    if (str_empty(text)) {
        return NULL;
    }
    size_t len = 0;
    while (len <= max && is_id_letter(text[len])) {
        len++;
    }
    return len <= max && text[len] == '\0' ? text : NULL;
}

const char *slack_id(const json_t *object, const char *key)
{
    const json_t *member = json_member(object, key);
    return id_within(json_is_object(member) ? json_text(member, "id") : json_string_value(member),
                     ID_MAX);
}

const char *slack_token(const json_t *object, const char *key)
{
    return id_within(json_text(object, key), TOKEN_MAX);
}

bool slack_flag(const json_t *object, const char *key)
{
    return json_flag(object, key) || str_equal(json_text(object, key), "true");
}

const char *slack_event_bot(const json_t *envelope)
{
    const json_t *first = json_array_get(json_member(envelope, "authorizations"), 0);
    return json_flag(first, "is_bot") ? slack_id(first, "user_id") : NULL;
}

static bool is_set(const json_t *event, const char *key)
{
    const json_t *member = json_member(event, key);
    return member != NULL && !json_is_null(member) && !json_is_false(member);
}

/* Typed words that come with something: a file, or a copy of a thread reply in its channel. */
static bool subtype_is_typed(const char *subtype)
{
    return str_equal(subtype, "file_share") || str_equal(subtype, "thread_broadcast");
}

static bool is_from_a_person(const json_t *event, const char *bot_user_id)
{
    const char *user = slack_id(event, "user");
    if (user == NULL || str_equal(user, bot_user_id)) {
        return false;
    }
    return !is_set(event, "bot_id");
}

static bool is_as_first_typed(const json_t *event)
{
    if (is_set(event, "hidden") || is_set(event, "edited")) {
        return false;
    }
    return !is_set(event, "subtype") || subtype_is_typed(json_text(event, "subtype"));
}

/* In a direct message every word is for the bot, elsewhere only what mentions it. */
static bool is_addressed(const json_t *event, const char *bot_user_id)
{
    const char *type = json_text(event, "type");
    if (str_equal(type, "app_mention")) {
        return true;
    }
    if (!str_equal(type, "message")) {
        return false;
    }
    const char *channel_type = json_text(event, "channel_type");
    if (str_equal(channel_type, "im") || str_equal(channel_type, "app_home")) {
        return true;
    }
    return bot_user_id == NULL || slack_text_mentions(json_text(event, "text"), bot_user_id);
}

bool slack_event_accepted(const json_t *event, const char *bot_user_id)
{
    return !str_empty(json_text(event, "text")) && slack_id(event, "channel") != NULL &&
           slack_id(event, "ts") != NULL && is_as_first_typed(event) &&
           is_from_a_person(event, bot_user_id) && is_addressed(event, bot_user_id);
}

int64_t slack_seconds(const char *ts)
{
    static const int64_t implausible = 100000000000;
    size_t digits = ts == NULL ? 0 : strspn(ts, "0123456789");
    if (digits == 0 || digits > 18 || (ts[digits] != '\0' && ts[digits] != '.')) {
        return 0;
    }
    int64_t seconds = 0;
    for (size_t i = 0; i < digits; i++) {
        seconds = seconds * 10 + (ts[i] - '0');
    }
    return seconds > implausible ? 0 : seconds;
}

const json_t *slack_own_action(const json_t *payload)
{
    const json_t *action = json_array_get(json_member(payload, "actions"), 0);
    return str_starts(json_text(action, "action_id"), SLACK_ACTION_PREFIX) ? action : NULL;
}

const char *slack_shortcut_name(const json_t *payload)
{
    static const struct {
        const char *type, *callback_id, *name;
    } rows[] = {
        {"shortcut", SLACK_SHORTCUT_CONNECTIONS, "connections"},
        {"message_action", SLACK_SHORTCUT_USE, "use"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (str_equal(json_text(payload, "type"), rows[i].type) &&
            str_equal(json_text(payload, "callback_id"), rows[i].callback_id)) {
            return rows[i].name;
        }
    }
    return NULL;
}

const char *slack_form_name(const json_t *view)
{
    const char *id = json_text(view, "callback_id");
    return str_starts(id, SLACK_ACTION_PREFIX) ? id + strlen(SLACK_ACTION_PREFIX) : NULL;
}
