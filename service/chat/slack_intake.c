/* A verified body at the door: keep it, or answer it at once. Pure, on the HTTP thread. */
#include "chat_int.h"

#include <string.h>

#include "base/json.h"
#include "base/str.h"

static int malformed(struct err *e, const char *what)
{
    return err_set(e, ERR_INPUT, "slack_body", "%s", what);
}

static int check_app(const chats *c, const char *app_id, struct err *e)
{
    if (app_id != NULL && !str_equal(app_id, c->settings.slack_app_id)) {
        return err_set(e, ERR_FORBIDDEN, "slack_app", "the body is meant for another Slack app");
    }
    return 0;
}

static int read_object(const chats *c, arena *mem, struct bytes text, json_t **ret, struct err *e)
{
    struct err why;
    json_t *object = NULL;
    if (json_read(mem, text, &object, &why) != 0) {
        return malformed(e, why.text);
    }
    if (!json_is_object(object)) {
        return malformed(e, "not a JSON object");
    }
    const json_t *app = json_member(object, "api_app_id");
    if (app != NULL && !json_is_string(app) && !json_is_null(app)) {
        return malformed(e, "api_app_id is not a text");
    }
    if (check_app(c, json_string_value(app), e) != 0) {
        return -1;
    }
    *ret = object;
    return 0;
}

static int dropped(struct slack_intake *out, const char *why)
{
    out->why = why;
    return 0;
}

/* --- events --- */

static int take_challenge(const json_t *envelope, struct slack_intake *out, struct err *e)
{
    enum { CHALLENGE_MAX = 1000 };
    const char *challenge = json_text(envelope, "challenge");
    if (str_empty(challenge) || strlen(challenge) > CHALLENGE_MAX) {
        return malformed(e, "url_verification without a usable challenge");
    }
    out->content_type = "text/plain";
    out->answer = challenge;
    return dropped(out, "challenge");
}

static void event_keys(arena *mem, const json_t *envelope, const json_t *event,
                       struct slack_intake *out)
{
    const char *event_id = slack_id(envelope, "event_id");
    const char *client_id = slack_id(event, "client_msg_id");
    out->keys[0] = event_id == NULL ? NULL : arena_printf(mem, "ev:%s", event_id);
    out->keys[1] =
        arena_printf(mem, "msg:%s:%s", slack_id(event, "channel"), slack_id(event, "ts"));
    out->keys[2] = client_id == NULL
                       ? NULL
                       : arena_printf(mem, "cmid:%s:%s", slack_id(event, "user"), client_id);
}

static int take_callback(arena *mem, const json_t *envelope, struct bytes body,
                         struct slack_intake *out)
{
    const json_t *event = json_member(envelope, "event");
    if (!slack_event_accepted(event, slack_event_bot(envelope))) {
        return dropped(out, "ignored");
    }
    out->workspace = slack_event_workspace(mem, envelope);
    if (out->workspace == NULL) {
        return dropped(out, "no_workspace");
    }
    out->store = true;
    out->job_kind = "slack_event";
    out->lane = arena_printf(mem, "user:%s", slack_id(event, "user"));
    event_keys(mem, envelope, event, out);
    out->payload = body;
    return 0;
}

static int take_event(const chats *c, arena *mem, struct bytes body, struct slack_intake *out,
                      struct err *e)
{
    json_t *envelope = NULL;
    if (read_object(c, mem, body, &envelope, e) != 0) {
        return -1;
    }
    const char *type = json_text(envelope, "type");
    if (str_equal(type, "event_callback")) {
        return take_callback(mem, envelope, body, out);
    }
    if (str_equal(type, "url_verification")) {
        return take_challenge(envelope, out, e);
    }
    return dropped(out, str_equal(type, "app_rate_limited") ? "rate_limited" : "ignored");
}

/* --- interactions --- */

static int take_action(arena *mem, const json_t *payload, const char *text,
                       struct slack_intake *out)
{
    const json_t *action = slack_own_action(payload);
    const char *user = slack_id(payload, "user");
    const char *at = slack_id(action, "action_ts");
    if (action == NULL || user == NULL || at == NULL) {
        return dropped(out, "ignored");
    }
    out->workspace = slack_interaction_workspace(mem, payload);
    if (out->workspace == NULL) {
        return dropped(out, "no_workspace");
    }
    out->store = true;
    out->job_kind = "slack_interaction";
    out->lane = arena_printf(mem, "user:%s", user);
    out->urgent = json_text(payload, "trigger_id") != NULL;
    out->keys[0] = arena_printf(mem, "act:%s:%s:%s", user, at, json_text(action, "action_id"));
    out->payload = bytes_of(text);
    return 0;
}

static int take_interaction(const chats *c, arena *mem, struct bytes body, struct slack_intake *out,
                            struct err *e)
{
    const char *text = NULL;
    json_t *payload = NULL;
    if (slack_form_field(mem, body, "payload", &text, e) != 0) {
        return -1;
    }
    if (text == NULL) {
        return malformed(e, "form without a payload");
    }
    if (read_object(c, mem, bytes_of(text), &payload, e) != 0) {
        return -1;
    }
    if (!str_equal(json_text(payload, "type"), "block_actions")) {
        return dropped(out, "ignored");
    }
    return take_action(mem, payload, text, out);
}

/* --- commands --- */

bool chat_slack_is_ssl_check(arena *mem, struct bytes body)
{
    const char *value = NULL;
    return slack_form_field(mem, body, "ssl_check", &value, NULL) == 0 && str_equal(value, "1");
}

static int take_command(const chats *c, arena *mem, struct bytes body, struct slack_intake *out,
                        struct err *e)
{
    if (chat_slack_is_ssl_check(mem, body)) {
        return dropped(out, "ssl_check");
    }
    const char *app = NULL;
    if (slack_form_field(mem, body, "api_app_id", &app, e) != 0 || check_app(c, app, e) != 0) {
        return -1;
    }
    out->content_type = "application/json";
    out->answer = "{\"response_type\":\"ephemeral\",\"text\":\"Please send me that as a direct "
                  "message, or mention me in a channel.\"}";
    return dropped(out, "command");
}

int chat_slack_intake(const chats *c, arena *mem, enum slack_route route, struct bytes body,
                      struct slack_intake *ret, struct err *e)
{
    static int (*const takers[])(const chats *, arena *, struct bytes, struct slack_intake *,
                                 struct err *) = {
        [SLACK_EVENTS] = take_event,
        [SLACK_INTERACTIONS] = take_interaction,
        [SLACK_COMMANDS] = take_command,
    };
    struct slack_intake out = {0};
    if (takers[route](c, mem, body, &out, e) != 0) {
        return -1;
    }
    *ret = out;
    return 0;
}
