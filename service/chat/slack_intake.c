/* A verified body at the door: keep it, or answer it at once. Pure, on the HTTP thread. */
#include "chat_int.h"

#include <string.h>

#include "base/json.h"
#include "base/str.h"
#include "crypto.h"

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

/* What is not kept leaves no trace in the answer. */
static int kept(struct slack_intake *out, struct slack_intake *found)
{
    if (found->workspace == NULL) {
        return dropped(out, "no_workspace");
    }
    found->store = true;
    *out = *found;
    return 0;
}

static int take_callback(arena *mem, const json_t *envelope, struct bytes body,
                         struct slack_intake *out)
{
    struct slack_intake found = {.job_kind = "slack_event", .payload = body};
    if (!slack_event_kept(mem, envelope, &found)) {
        return dropped(out, "ignored");
    }
    if (found.keys[0] == NULL && found.keys[1] == NULL) { /* no id: known by all of it */
        const struct digest digest = crypto_sha256(body);
        const char *hex = crypto_hex(mem, (struct bytes){digest.bytes, sizeof digest.bytes});
        found.keys[0] = arena_printf(mem, "body:%s", hex);
    }
    found.workspace = slack_event_workspace(mem, envelope);
    return kept(out, &found);
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

static int read_payload(const chats *c, arena *mem, struct bytes body, const char **ret_text,
                        json_t **ret, struct err *e)
{
    if (slack_form_field(mem, body, "payload", ret_text, e) != 0) {
        return -1;
    }
    if (*ret_text == NULL) {
        return malformed(e, "form without a payload");
    }
    return read_object(c, mem, bytes_of(*ret_text), ret, e);
}

/* Nothing of it is kept: it is answered at once, or asked for again with the next letter. */
static int take_options(const chats *c, arena *mem, struct bytes body, struct slack_intake *out,
                        struct err *e)
{
    const char *text = NULL;
    json_t *payload = NULL;
    if (read_payload(c, mem, body, &text, &payload, e) != 0) {
        return -1;
    }
    bool ours = str_equal(json_text(payload, "type"), "block_suggestion") &&
                slack_id(payload, "user") != NULL &&
                slack_form_name(json_member(payload, "view")) != NULL;
    out->late = "{\"options\":[]}";
    if (!ours) {
        return dropped(out, "ignored");
    }
    out->workspace = slack_interaction_workspace(mem, payload);
    out->choices = out->workspace != NULL;
    out->job_kind = "slack_interaction";
    out->payload = bytes_of(text);
    return dropped(out, out->choices ? "choices" : "no_workspace");
}

static int take_interaction(const chats *c, arena *mem, struct bytes body, struct slack_intake *out,
                            struct err *e)
{
    const char *text = NULL;
    json_t *payload = NULL;
    if (read_payload(c, mem, body, &text, &payload, e) != 0) {
        return -1;
    }
    struct slack_intake found = {.job_kind = "slack_interaction", .payload = bytes_of(text)};
    if (!slack_interaction_kept(mem, payload, &found)) {
        return dropped(out, "ignored");
    }
    found.workspace = slack_interaction_workspace(mem, payload);
    return kept(out, &found);
}

/* --- commands --- */

bool chat_slack_is_ssl_check(arena *mem, struct bytes body)
{
    const char *value = NULL;
    return slack_form_field(mem, body, "ssl_check", &value, NULL) == 0 && str_equal(value, "1");
}

/* The fields that are used, so that the job need not keep (or decode) the others. */
static int read_command(arena *mem, struct bytes body, json_t **ret, struct err *e)
{
    static const char *const names[] = {"team_id",    "enterprise_id", "is_enterprise_install",
                                        "channel_id", "channel_name",  "user_id",
                                        "command",    "text",          "response_url",
                                        "trigger_id"};
    json_t *command = arena_json(mem, json_object());
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        const char *value = NULL;
        if (slack_form_field(mem, body, names[i], &value, e) != 0) {
            return -1;
        }
        if (value != NULL && json_object_set_new(command, names[i], json_string(value)) != 0) {
            return malformed(e, "a form field is not UTF-8");
        }
    }
    *ret = command;
    return 0;
}

/* Its answer stays empty, so that nothing shows in the conversation: all that there is to say goes
 * to its response_url. */
static int take_command(const chats *c, arena *mem, struct bytes body, struct slack_intake *out,
                        struct err *e)
{
    if (chat_slack_is_ssl_check(mem, body)) {
        return dropped(out, "ssl_check");
    }
    const char *app = NULL;
    json_t *command = NULL;
    if (slack_form_field(mem, body, "api_app_id", &app, e) != 0 || check_app(c, app, e) != 0 ||
        read_command(mem, body, &command, e) != 0) {
        return -1;
    }
    const char *user = slack_id(command, "user_id");
    const char *trigger = slack_token(command, "trigger_id");
    if (user == NULL || slack_id(command, "channel_id") == NULL) {
        return dropped(out, "ignored");
    }
    struct slack_intake found = {
        .workspace = slack_command_workspace(mem, command),
        .job_kind = "slack_command",
        .lane = arena_printf(mem, "user:%s", user),
        .urgent = trigger != NULL,
        .keys = {trigger == NULL ? NULL : arena_printf(mem, "cmd:%s", trigger)},
        .payload = bytes_of(json_write(mem, command)),
    };
    return kept(out, &found);
}

int chat_slack_intake(const chats *c, arena *mem, enum slack_route route, struct bytes body,
                      struct slack_intake *ret, struct err *e)
{
    static int (*const takers[])(const chats *, arena *, struct bytes, struct slack_intake *,
                                 struct err *) = {
        [SLACK_EVENTS] = take_event,
        [SLACK_INTERACTIONS] = take_interaction,
        [SLACK_COMMANDS] = take_command,
        [SLACK_OPTIONS] = take_options,
    };
    struct slack_intake out = {0};
    if (takers[route](c, mem, body, &out, e) != 0) {
        return -1;
    }
    *ret = out;
    return 0;
}
