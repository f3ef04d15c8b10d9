/* A stored payload of Slack as a struct event. */
#include "chat_int.h"

#include <string.h>

#include "base/die.h"
#include "base/json.h"
#include "base/str.h"

static int read_payload(arena *mem, struct bytes payload, json_t **ret, struct err *e)
{
    struct err why;
    json_t *object = NULL;
    if (json_read(mem, payload, &object, &why) != 0 || !json_is_object(object)) {
        return err_set(e, ERR_INPUT, "slack_body", "a stored payload is no JSON object");
    }
    *ret = object;
    return 0;
}

/* --- typed words --- */

static struct place message_place(const json_t *envelope, const json_t *message)
{
    const char *type = json_text(message, "channel_type");
    const char *thread = slack_id(message, "thread_ts");
    bool direct = str_equal(type, "im") || str_equal(type, "app_home");
    return (struct place){
        .channel = slack_id(message, "channel"),
        /* a channel is answered in a thread, a direct message only where it was one already */
        .thread = thread != NULL || direct ? thread : slack_id(message, "ts"),
        .is_private = str_equal(type, "im"),
        .is_external = slack_flag(envelope, "is_ext_shared_channel"),
    };
}

static int64_t message_time(const json_t *envelope, const json_t *message)
{
    int64_t at = slack_seconds(json_text(message, "ts"));
    if (at != 0) {
        return at;
    }
    static const int64_t implausible = 100000000000;
    int64_t told = json_i64(envelope, "event_time");
    return told > 0 && told <= implausible ? told : 0;
}

static const char *message_team(const json_t *message)
{
    const char *team = slack_id(message, "user_team");
    return team != NULL ? team : slack_id(json_member(message, "user"), "team_id");
}

static struct event event_of_message(arena *mem, const json_t *envelope, const char *bot_user_id)
{
    const json_t *message = json_member(envelope, "event");
    const char *workspace = slack_event_workspace(mem, envelope);
    if (workspace == NULL || !slack_event_accepted(message, bot_user_id)) {
        return (struct event){.kind = EVENT_IGNORED};
    }
    const char *typed = slack_text_decode(mem, json_text(message, "text"), bot_user_id);
    return (struct event){
        .kind = EVENT_TEXT,
        .workspace = workspace,
        .user_id = slack_id(message, "user"),
        .user_team = message_team(message),
        .place = message_place(envelope, message),
        .message_id = slack_id(message, "ts"),
        .text = slack_text_plain(mem, typed),
        .typed = typed,
        .at = message_time(envelope, message),
    };
}

/* --- buttons and menus --- */

static const char *action_name(arena *mem, const json_t *action)
{
    const char *name = json_text(action, "action_id") + strlen(SLACK_ACTION_PREFIX);
    return arena_strndup(mem, name, strcspn(name, ":"));
}

static const char *action_value(const json_t *action)
{
    const char *value = json_text(action, "value");
    return value != NULL ? value : json_text(json_member(action, "selected_option"), "value");
}

static const char *first_id(const json_t *a, const char *key_a, const json_t *b, const char *key_b)
{
    const char *id = slack_id(a, key_a);
    return id != NULL ? id : slack_id(b, key_b);
}

static struct place action_place(const json_t *payload, const char *user_team)
{
    const json_t *container = json_member(payload, "container");
    const json_t *message = json_member(payload, "message");
    const char *channel = first_id(payload, "channel", container, "channel_id");
    const char *team = slack_id(payload, "team");
    return (struct place){
        .channel = channel,
        .thread = first_id(message, "thread_ts", container, "thread_ts"),
        /* an ephemeral can stand in a direct message of two people, where the bot is no member */
        .is_private = str_starts(channel, "D") && !slack_flag(container, "is_ephemeral"),
        .is_external = team != NULL && user_team != NULL && !str_equal(team, user_team),
    };
}

static const char *action_message(const json_t *payload)
{
    const json_t *container = json_member(payload, "container");
    if (slack_flag(container, "is_ephemeral")) {
        return NULL;
    }
    return first_id(container, "message_ts", json_member(payload, "message"), "ts");
}

static struct event event_of_action(arena *mem, const json_t *payload, const char *bot_user_id)
{
    (void)bot_user_id;
    const json_t *action = slack_own_action(payload);
    const char *workspace = slack_interaction_workspace(mem, payload);
    const char *user = slack_id(payload, "user");
    if (!str_equal(json_text(payload, "type"), "block_actions") || action == NULL ||
        workspace == NULL || user == NULL) {
        return (struct event){.kind = EVENT_IGNORED};
    }
    const char *user_team = slack_id(json_member(payload, "user"), "team_id");
    return (struct event){
        .kind = EVENT_ACTION,
        .workspace = workspace,
        .user_id = user,
        .user_team = user_team,
        .place = action_place(payload, user_team),
        .message_id = action_message(payload),
        .action = action_name(mem, action),
        .value = action_value(action),
        .response_url = secret_of(mem, json_text(payload, "response_url")),
        .trigger_id = json_text(payload, "trigger_id"),
        .at = slack_seconds(json_text(action, "action_ts")),
    };
}

int slack_parse(arena *mem, const char *job_kind, struct bytes payload, const char *bot_user_id,
                struct event *ret, struct err *e)
{
    static const struct {
        const char *job_kind;
        struct event (*event_of)(arena *, const json_t *, const char *);
    } kinds[] = {
        {"slack_event", event_of_message},
        {"slack_interaction", event_of_action},
    };
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        if (!str_equal(kinds[i].job_kind, job_kind)) {
            continue;
        }
        json_t *object = NULL;
        if (read_payload(mem, payload, &object, e) != 0) {
            return -1;
        }
        *ret = kinds[i].event_of(mem, object, bot_user_id);
        return 0;
    }
    die("a job of kind %s holds no Slack payload", job_kind == NULL ? "NULL" : job_kind);
}
