/* A stored payload of Slack as a struct event; typed words are read here. */
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
        .thread_is_new = thread == NULL && !direct,
        .is_private = str_equal(type, "im"),
        .is_group = str_equal(type, "mpim"),
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
    const char *source = slack_id(message, "source_team");
    const char *either = team != NULL ? team : source;
    return either != NULL ? either : slack_id(json_member(message, "user"), "team_id");
}

static struct event event_of_message(const struct slack_sent *s)
{
    const json_t *message = json_member(s->payload, "event");
    const char *workspace = slack_event_workspace(s->mem, s->payload);
    if (workspace == NULL || !slack_event_accepted(message, s->bot_user_id)) {
        return (struct event){.kind = EVENT_IGNORED};
    }
    const char *typed = slack_text_decode(s->mem, json_text(message, "text"), s->bot_user_id);
    return (struct event){
        .kind = EVENT_TEXT,
        .workspace = workspace,
        .user_id = slack_id(message, "user"),
        .user_team = message_team(message),
        .place = message_place(s->payload, message),
        .message_id = slack_id(message, "ts"),
        .text = slack_text_plain(s->mem, typed),
        .typed = typed,
        .at = message_time(s->payload, message),
    };
}

static struct event event_of_event(const struct slack_sent *s)
{
    const char *type = json_text(json_member(s->payload, "event"), "type");
    bool words = str_equal(type, "message") || str_equal(type, "app_mention");
    return words ? event_of_message(s) : slack_life_event(s);
}

/* Slack does not say whether a D... conversation is the one with the bot: two people's own looks
 * the same, so none is taken for private. */
static struct event event_of_command(const struct slack_sent *s)
{
    const json_t *command = s->payload;
    const char *workspace = slack_command_workspace(s->mem, command);
    const char *user = slack_id(command, "user_id");
    const char *channel = slack_id(command, "channel_id");
    if (workspace == NULL || user == NULL || channel == NULL) {
        return (struct event){.kind = EVENT_IGNORED};
    }
    const char *typed = slack_text_decode(s->mem, json_text(command, "text"), s->bot_user_id);
    return (struct event){
        .kind = EVENT_TEXT,
        .surface = SURFACE_COMMAND,
        .workspace = workspace,
        .user_id = user,
        .user_team = slack_id(command, "team_id"),
        .place = {.channel = channel},
        .text = slack_text_plain(s->mem, typed),
        .typed = typed,
        .response_url = secret_of(s->mem, json_text(command, "response_url")),
        .trigger_id = json_text(command, "trigger_id"),
    };
}

int slack_parse(arena *mem, const char *job_kind, struct bytes payload, const char *bot_user_id,
                struct event *ret, struct err *e)
{
    static const struct {
        const char *job_kind;
        struct event (*event_of)(const struct slack_sent *s);
    } kinds[] = {
        {"slack_event", event_of_event},
        {"slack_interaction", slack_interaction_event},
        {"slack_command", event_of_command},
    };
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        if (!str_equal(kinds[i].job_kind, job_kind)) {
            continue;
        }
        json_t *object = NULL;
        if (read_payload(mem, payload, &object, e) != 0) {
            return -1;
        }
        *ret = kinds[i].event_of(&(struct slack_sent){mem, object, bot_user_id});
        return 0;
    }
    die("a job of kind %s holds no Slack payload", job_kind == NULL ? "NULL" : job_kind);
}
