/* Slack for scripts and the chat page: people type, press buttons, change; hostile deliveries. */
#include "slack_script.h"

#include "client.h"
#include "world.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void script_refuse(struct request *req, unsigned status, const char *error, const char *detail)
{
    http_reply_json(req, status,
                    json_pack("{s:b, s:s, s:s}", "ok", false, "error", error, "detail", detail));
}

/* ---- who and where ---- */

json_t *script_team(const char *wanted)
{
    json_t *found = NULL;
    const char *id = NULL;
    json_t *team = NULL;
    json_object_foreach(slack_teams(), id, team)
    {
        bool fits = wanted == NULL || strcmp(wanted, id) == 0 ||
                    strcmp(wanted, json_str_or(team, "name", "")) == 0 ||
                    strcmp(wanted, json_str_or(team, "domain", "")) == 0;
        if (found == NULL && fits) {
            found = team; /* unnamed: the first workspace */
        }
    }
    return found;
}

bool script_scene(struct request *req, const json_t *body, struct scene *ret)
{
    *ret = (struct scene){.team = script_team(json_str(body, "workspace"))};
    if (ret->team == NULL) {
        script_refuse(req, 404, "unknown_workspace", "no such workspace in the seed");
        return false;
    }
    ret->user = slack_user_by_name(ret->team, json_str_or(body, "user", ""));
    if (ret->user == NULL) {
        script_refuse(req, 404, "unknown_user", "\"user\" must be a name or id of this workspace");
        return false;
    }
    ret->user_id = json_str(ret->user, "id");
    const char *place = json_str(body, "place");
    ret->channel = place == NULL ? NULL : slack_place(ret->team, ret->user_id, place);
    if (place != NULL && ret->channel == NULL) {
        script_refuse(req, 404, "unknown_place", "\"place\" must be dm, a channel's name or an id");
        return false;
    }
    return true;
}

/* ---- typing ---- */

static json_t *rich_text(const char *text)
{
    return json_pack("[{s:s, s:s, s:[{s:s, s:[{s:s, s:s}]}]}]", "type", "rich_text", "block_id",
                     "typed", "elements", "type", "rich_text_section", "elements", "type", "text",
                     "text", text);
}

static json_t *typed_message(const struct scene *s, const json_t *body)
{
    const char *text = json_str_or(body, "text", "");
    char *typed = json_flag(body, "raw", false) ? xstrdup(text) : slack_typed(s->team, text);
    char client_id[41];
    random_hex(client_id, 32);
    char *uuid = xasprintf("%.8s-%.4s-%.4s-%.4s-%.12s", client_id, client_id + 8, client_id + 12,
                           client_id + 16, client_id + 20);
    json_t *message =
        json_pack("{s:s, s:s, s:s, s:s, s:s}", "type", "message", "user", s->user_id, "text", typed,
                  "client_msg_id", json_str_or(body, "client_msg_id", uuid), "team",
                  json_str_or(s->user, "team_id", json_str_or(s->team, "id", "")));
    if (json_str(body, "thread_ts") != NULL) {
        json_object_set(message, "thread_ts", json_object_get(body, "thread_ts"));
    }
    json_object_set_new(message, "blocks", rich_text(text));
    json_object_set_new(message, "_typed", json_string(text));
    free(typed);
    free(uuid);
    return message;
}

/* The event the bot gets for a typed message, or NULL: it is not told. */
static json_t *event_for(const struct scene *s, const json_t *message)
{
    char *mention = xasprintf("<@%s>", slack_bot(s->team, "user_id"));
    bool named = strstr(json_str_or(message, "text", ""), mention) != NULL;
    free(mention);
    bool im = slack_is_im(s->channel);
    if (!slack_installed(s->team) ||
        (im && !slack_is_member(s->channel, slack_bot(s->team, "user_id")))) {
        return NULL;
    }
    if (!im && (!named || !slack_is_member(s->channel, slack_bot(s->team, "user_id")))) {
        return NULL;
    }
    json_t *event = slack_message_public(message);
    json_object_set(event, "channel", json_object_get(s->channel, "id"));
    json_object_set(event, "event_ts", json_object_get(message, "ts"));
    if (im) {
        json_object_set_new(event, "channel_type", json_string("im"));
    } else {
        json_object_set_new(event, "type", json_string("app_mention"));
    }
    if (json_flag(s->user, "is_stranger", false)) {
        json_object_set(event, "user_team", json_object_get(s->user, "team_id"));
        json_object_set(event, "source_team", json_object_get(s->user, "team_id"));
    }
    return event;
}

struct burst {
    char *bodies[64];
    size_t count;
    struct slack_sent sent[64];
    json_t *event_ids;
};

static struct burst burst_make(const struct scene *s, json_t *event, const json_t *body)
{
    struct burst b = {.event_ids = json_array()};
    int64_t repeat = json_int_or(body, "repeat", 1);
    b.count = repeat < 1 ? 1 : repeat > 64 ? 64 : (size_t)repeat;
    bool fresh_ids = json_flag(body, "new_event_ids", false);
    char *id = json_str(body, "event_id") != NULL ? xstrdup(json_str(body, "event_id"))
                                                  : random_id("Ev", 9);
    for (size_t i = 0; i < b.count; i++) {
        if (fresh_ids && i > 0) {
            free(id);
            id = random_id("Ev", 9);
        }
        b.bodies[i] = slack_envelope(s->team, s->channel, json_deep_copy(event), id);
        json_array_append_new(b.event_ids, json_string(id));
    }
    free(id);
    json_decref(event);
    return b;
}

struct lane {
    const char *body;
    struct slack_sent sent;
};

static void *lane_main(void *arg)
{
    struct lane *lane = arg;
    lane->sent = slack_send_event(lane->body);
    return NULL;
}

/* Sends all bodies, together when asked, else one after the other. */
static void burst_send(struct burst *b, bool together)
{
    pthread_t threads[64];
    struct lane lanes[64];
    bool begun[64] = {false};
    for (size_t i = 0; i < b->count; i++) {
        lanes[i].body = b->bodies[i];
        begun[i] = together && b->count > 1 &&
                   pthread_create(&threads[i], NULL, lane_main, &lanes[i]) == 0;
        if (!begun[i]) {
            lane_main(&lanes[i]);
        }
    }
    for (size_t i = 0; i < b->count; i++) {
        if (begun[i]) {
            pthread_join(threads[i], NULL);
        }
        b->sent[i] = lanes[i].sent;
        free(b->bodies[i]);
    }
}

json_t *script_sent(const struct slack_sent *sent)
{
    return json_pack("{s:i, s:s?, s:I}", "status", sent->status, "failure", sent->failure,
                     "took_ms", (json_int_t)sent->took_ms);
}

static void say(struct request *req, const json_t *body)
{
    struct scene s;
    world_lock();
    json_t *event = NULL;
    json_t *answer = NULL;
    struct burst b = {.count = 0};
    bool found = script_scene(req, body, &s);
    bool deliver = false;
    if (found && s.channel == NULL) {
        script_refuse(req, 400, "no_place", "\"place\" is missing");
    } else if (found && !slack_is_member(s.channel, s.user_id)) {
        script_refuse(req, 403, "not_in_channel", "this person is not in that channel");
    } else if (found && json_flag(s.user, "deleted", false)) {
        script_refuse(req, 403, "user_disabled", "this person is deactivated");
    } else if (found) {
        json_t *message = slack_message_add(s.channel, typed_message(&s, body));
        event = event_for(&s, message);
        deliver = event != NULL && json_flag(body, "deliver", true);
        answer = json_pack(
            "{s:b, s:O, s:O, s:s, s:s, s:O, s:O}", "ok", true, "workspace",
            json_object_get(s.team, "id"), "channel", json_object_get(s.channel, "id"), "user",
            s.user_id, "event_type", event == NULL ? "" : json_str_or(event, "type", ""), "ts",
            json_object_get(message, "ts"), "text", json_object_get(message, "text"));
        if (deliver) {
            b = burst_make(&s, event, body);
            event = NULL;
        }
    }
    world_unlock();
    json_decref(event);
    if (answer == NULL) {
        return;
    }
    burst_send(&b, json_flag(body, "together", false));
    json_object_set_new(answer, "delivered", json_boolean(deliver));
    json_t *attempts = json_array();
    for (size_t i = 0; i < b.count; i++) {
        json_array_append_new(attempts, script_sent(&b.sent[i]));
    }
    if (b.count > 0) {
        json_object_set_new(answer, "status", json_integer(b.sent[0].status));
        json_object_set(answer, "event_id", json_array_get(b.event_ids, 0));
        json_object_set_new(answer, "event_ids", b.event_ids);
    } else {
        json_object_set_new(answer, "status", json_null());
    }
    json_object_set_new(answer, "attempts", attempts);
    http_reply_json(req, 200, answer);
}

/* ---- pressing ---- */

static json_t *click_payload(const struct scene *s, const json_t *message, json_t *action,
                             const char *response_url, const char *trigger)
{
    bool ephemeral = json_str(message, "_to") != NULL;
    json_t *payload = payload_begin(s, "block_actions", trigger);
    json_object_set_new(payload, "container",
                        json_pack("{s:s, s:O, s:O, s:b}", "type", "message", "message_ts",
                                  json_object_get(message, "ts"), "channel_id",
                                  json_object_get(s->channel, "id"), "is_ephemeral", ephemeral));
    json_object_set_new(payload, "channel", payload_channel(s->channel));
    json_object_set_new(payload, "state", json_pack("{s:{}}", "values"));
    json_object_set_new(payload, "response_url", json_string(response_url));
    json_object_set_new(payload, "actions", json_pack("[o]", action));
    if (!ephemeral) { /* Slack does not hand ephemerals back */
        json_object_set_new(payload, "message", slack_message_public(message));
    }
    return payload;
}

char *script_form(const json_t *payload)
{
    char *text = json_dumps(payload, JSON_COMPACT);
    struct buf b = {0};
    buf_add(&b, "payload=");
    buf_add_url(&b, text);
    free(text);
    return b.data;
}

json_t *script_message(json_t *team, const char *ts, json_t **ret_channel)
{
    const char *id = NULL;
    json_t *channel = NULL;
    json_object_foreach(json_object_get(team, "channels"), id, channel)
    {
        json_t *message = slack_message(channel, ts);
        if (message != NULL) {
            *ret_channel = channel;
            return message;
        }
    }
    return NULL;
}

enum { CLICKS_MAX = 20 };

/* Copies: the answer is written when the world is not locked any more, and may change. */
static void answer_action(json_t *answer, const json_t *action, const json_t *element)
{
    json_object_set_new(answer, "action", json_deep_copy(action));
    if (json_str(element, "url") != NULL) {
        json_object_set_new(answer, "url", json_string(json_str(element, "url")));
    }
}

/* A press in the home page or the modal of a person; NULL after a refusal. */
static json_t *click_view(struct request *req, const json_t *body, const struct scene *s,
                          json_t *answer)
{
    const char *in = json_str_or(body, "in", "");
    json_t *view = strcmp(in, "home") == 0 ? slack_home(s->team, s->user_id)
                                           : slack_modal(s->team, s->user_id);
    if (view == NULL) {
        script_refuse(req, 404, "view_not_found", "this person has no such view on the screen");
        return NULL;
    }
    json_t *block = NULL;
    json_t *element =
        element_find(json_object_get(view, "blocks"), json_str_or(body, "action", ""), &block);
    bool input = strcmp(json_str_or(block, "type", ""), "input") == 0 &&
                 !json_flag(block, "dispatch_action", false);
    if (element == NULL || input) {
        script_refuse(req, 404, "action_not_found",
                      input ? "an input tells only with dispatch_action"
                            : "no element with this action_id or label");
        return NULL;
    }
    json_t *action = element_action(element, block, body);
    char *trigger = slack_trigger(s->team, s->user_id,
                                  strcmp(in, "modal") == 0 ? json_str_or(view, "id", "") : NULL);
    json_t *payload = payload_begin(s, "block_actions", trigger);
    json_object_set_new(
        payload, "container",
        json_pack("{s:s, s:O}", "type", "view", "view_id", json_object_get(view, "id")));
    json_object_set_new(payload, "view", payload_view(view));
    json_object_set_new(payload, "actions", json_pack("[O]", action));
    json_object_set_new(answer, "trigger_id", json_string(trigger));
    answer_action(answer, action, element);
    json_decref(action);
    free(trigger);
    return payload;
}

/* A press in a message; NULL after a refusal. */
static json_t *click_message(struct request *req, const json_t *body, struct scene *s,
                             json_t *answer)
{
    bool force = json_flag(body, "force", false);
    json_t *message = script_message(s->team, json_str(body, "message"), &s->channel);
    if (message == NULL) {
        script_refuse(req, 404, "message_not_found", "no message with this ts");
        return NULL;
    }
    if (!force && !slack_may_see(s->channel, message, s->user_id)) {
        script_refuse(req, 403, "not_visible", "this person cannot see that message");
        return NULL;
    }
    json_t *block = NULL;
    json_t *element =
        element_find(json_object_get(message, "blocks"), json_str_or(body, "action", ""), &block);
    if (element == NULL && !force) {
        script_refuse(req, 404, "action_not_found", "no element with this action_id or label");
        return NULL;
    }
    json_t *forged = json_pack("{s:s}", "type", "button");
    json_t *action = element_action(element == NULL ? forged : element, block, body);
    char *url = slack_response_url(s->team, s->channel, message, s->user_id);
    char *trigger = slack_trigger(s->team, s->user_id, NULL);
    json_object_set_new(answer, "response_url", json_string(url));
    json_object_set_new(answer, "trigger_id", json_string(trigger));
    answer_action(answer, action, element);
    json_t *payload = click_payload(s, message, action, url, trigger);
    json_decref(forged);
    free(url);
    free(trigger);
    return payload;
}

/* Builds the form body of a click; NULL after a refusal. */
static char *click_make(struct request *req, const json_t *body, json_t *answer)
{
    struct scene s;
    if (!script_scene(req, body, &s)) {
        return NULL;
    }
    json_t *payload = json_str(body, "in") != NULL ? click_view(req, body, &s, answer)
                                                   : click_message(req, body, &s, answer);
    char *form = payload == NULL ? NULL : script_form(payload);
    json_decref(payload);
    return form;
}

/* All of one hand's presses are of what its screen showed at the first: what the app changes
 * meanwhile comes too late for them. */
static size_t click_forms(struct request *req, const json_t *body, json_t *answer, char **ret)
{
    int64_t times = json_int_or(body, "times", 1);
    size_t count = 0;
    world_lock();
    do {
        ret[count] = click_make(req, body, answer);
    } while (ret[count] != NULL && (int64_t)++count < times && count < CLICKS_MAX);
    world_unlock();
    return count;
}

static void click(struct request *req, const json_t *body)
{
    char *forms[CLICKS_MAX];
    json_t *answer = json_pack("{s:b}", "ok", true);
    size_t count = click_forms(req, body, answer, forms);
    if (count == 0) {
        json_decref(answer);
        return;
    }
    json_t *attempts = json_array();
    for (size_t i = 0; i < count; i++) {
        struct slack_sent sent = slack_send("/slack/interactions",
                                            "application/x-www-form-urlencoded", forms[i], 0, NULL);
        free(forms[i]);
        if (i == 0) {
            json_object_set_new(answer, "status", json_integer(sent.status));
        }
        json_array_append_new(attempts, script_sent(&sent));
    }
    json_object_set_new(answer, "attempts", attempts);
    http_reply_json(req, 200, answer);
}

/* ---- slash commands ---- */

bool script_foreign(struct request *req, const json_t *body, const struct scene *s)
{
    if (json_flag(s->user, "is_stranger", false) && !json_flag(body, "force", false)) {
        script_refuse(req, 403, "not_installed_there",
                      "the app is not installed at this person's company");
        return true;
    }
    return false;
}

static char *command_make(struct request *req, const json_t *body, struct scene *s, json_t *answer)
{
    if (!script_scene(req, body, s) || script_foreign(req, body, s)) {
        return NULL;
    }
    if (s->channel == NULL || !slack_is_member(s->channel, s->user_id)) {
        script_refuse(req, s->channel == NULL ? 400 : 403,
                      s->channel == NULL ? "no_place" : "not_in_channel",
                      "\"place\" must be one where this person is");
        return NULL;
    }
    const json_t *org = slack_org(s->team);
    char *url = slack_response_url(s->team, s->channel, NULL, s->user_id);
    char *trigger = slack_trigger(s->team, s->user_id, NULL);
    char *text = json_flag(body, "raw", false)
                     ? xstrdup(json_str_or(body, "text", ""))
                     : slack_typed(s->team, json_str_or(body, "text", ""));
    json_t *channel = payload_channel(s->channel);
    const char *fields[][2] = {
        {"token", "sample-deprecated-verification-token"},
        {"team_id", json_str_or(s->team, "id", "")},
        {"team_domain", json_str_or(s->team, "domain", "")},
        {"enterprise_id", json_str(org, "id")},
        {"enterprise_name", json_str(org, "name")},
        {"channel_id", json_str_or(s->channel, "id", "")},
        {"channel_name", json_str_or(channel, "name", "")},
        {"user_id", s->user_id},
        {"user_name", json_str_or(s->user, "name", "")},
        {"command", json_str_or(body, "command", "/workbot")},
        {"text", text},
        {"api_app_id", slack_app("app_id")},
        {"is_enterprise_install", slack_org_install(s->team) ? "true" : "false"},
        {"response_url", url},
        {"trigger_id", trigger},
    };
    struct buf b = {0};
    for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++) {
        if (fields[i][1] != NULL) {
            buf_addf(&b, "%s%s=", i == 0 ? "" : "&", fields[i][0]);
            buf_add_url(&b, fields[i][1]);
        }
    }
    json_object_set_new(answer, "response_url", json_string(url));
    json_object_set_new(answer, "trigger_id", json_string(trigger));
    json_decref(channel);
    free(url);
    free(trigger);
    free(text);
    return b.data;
}

/* What the person sees of the answer: nothing, plain text or a JSON message. */
static void command_answered(const struct scene *s, const struct slack_answer *got, json_t *answer)
{
    const char *text = buf_text(&got->body);
    json_object_set_new(answer, "answer", json_text(text, got->body.len));
    if (got->sent.status != 200 || got->body.len == 0) {
        return;
    }
    bool is_json = strcmp(got->type, "application/json") == 0;
    json_t *given = is_json ? json_loads(text, 0, NULL) : json_pack("{s:s}", "text", text);
    if (!json_is_object(given)) {
        json_object_set_new(answer, "refused", json_string("invalid_json"));
        json_decref(given);
        return;
    }
    struct slack_call call = {.args = given, .team = s->team, .json = true};
    json_t *error = NULL;
    json_t *content = slack_content(&call, 40000, &error);
    bool in_channel = strcmp(json_str_or(given, "response_type", ""), "in_channel") == 0;
    if (error != NULL) {
        json_object_set_new(answer, "refused", error);
    } else {
        slack_bot_post(s->team, s->channel, content, in_channel ? NULL : s->user_id);
    }
    json_decref(given);
}

static void command(struct request *req, const json_t *body)
{
    struct scene s;
    json_t *answer = json_pack("{s:b}", "ok", true);
    world_lock();
    char *form = command_make(req, body, &s, answer);
    world_unlock();
    if (form == NULL) {
        json_decref(answer);
        return;
    }
    struct slack_answer got = slack_ask("/slack/commands", form);
    free(form);
    json_t *sent = script_sent(&got.sent);
    json_object_update(answer, sent);
    json_decref(sent);
    world_lock();
    if (script_scene(req, body, &s)) { /* found anew: the world may have been reset meanwhile */
        command_answered(&s, &got, answer);
    }
    world_unlock();
    buf_free(&got.body);
    http_reply_json(req, 200, answer);
}

/* ---- arbitrary deliveries ---- */

static char *delivery_body(const json_t *body)
{
    const json_t *given = json_object_get(body, "body");
    if (json_is_string(given)) {
        return xstrdup(json_string_value(given));
    }
    if (given != NULL && json_str(body, "type") != NULL &&
        strstr(json_str(body, "type"), "form") != NULL) {
        return script_form(given);
    }
    return given == NULL ? xstrdup("") : json_dumps(given, JSON_COMPACT);
}

static struct slack_sent deliver_crafted(const json_t *body, const char *text)
{
    world_lock();
    char *url = xasprintf("%s%s", world_bot_url(), json_str_or(body, "path", "/slack/events"));
    char *secret = xstrdup(json_str_or(body, "secret", slack_app("signing_secret")));
    world_unlock();
    int64_t now = clock_now_ms() / 1000 + json_int_or(body, "timestamp_offset_s", 0);
    char *timestamp = json_str(body, "timestamp") != NULL ? xstrdup(json_str(body, "timestamp"))
                                                          : xasprintf("%lld", (long long)now);
    char *signature = slack_signature(secret, timestamp, text, strlen(text));
    if (json_flag(body, "bad_signature", false)) {
        signature[10] = signature[10] == '0' ? '1' : '0';
    }
    const char *given = json_str(body, "signature");
    struct call call = {.peer = "slack",
                        .method = json_str_or(body, "method", "POST"),
                        .url = url,
                        .body = text,
                        .body_len = strlen(text),
                        .timeout_ms = json_int_or(body, "timeout_ms", 10000)};
    char *headers[5] = {
        xasprintf("Content-Type: %s", json_str_or(body, "type", "application/json")),
        xasprintf("X-Slack-Request-Timestamp: %s", timestamp),
        xasprintf("X-Slack-Signature: %s", given == NULL ? signature : given),
        json_is_integer(json_object_get(body, "retry_num"))
            ? xasprintf("X-Slack-Retry-Num: %lld", (long long)json_int_or(body, "retry_num", 0))
            : NULL,
        NULL,
    };
    size_t count = 0;
    for (size_t i = 0; i < 5; i++) {
        bool unsigned_call = json_flag(body, "no_signature", false) && (i == 1 || i == 2);
        if (headers[i] != NULL && !unsigned_call) {
            call.headers[count++] = headers[i];
        }
    }
    const json_t *more = json_object_get(body, "headers"); /* array of "Name: value" */
    for (size_t i = 0; i < json_array_size(more) && count < CLIENT_HEADERS_MAX; i++) {
        call.headers[count++] = json_string_value(json_array_get(more, i));
    }
    client_call(&call);
    struct slack_sent sent = {call.status, call.failure, call.took_ms};
    client_call_free(&call);
    for (size_t i = 0; i < 5; i++) {
        free(headers[i]);
    }
    free(signature);
    free(timestamp);
    free(secret);
    free(url);
    return sent;
}

/* An event alone is wrapped into a fresh envelope, so that tests need not build one. */
static char *wrapped_event(struct request *req, const json_t *body, const char *event_id)
{
    json_t *team = script_team(json_str(body, "workspace"));
    if (team == NULL) {
        script_refuse(req, 404, "unknown_workspace", "no such workspace in the seed");
        return NULL;
    }
    json_t *event = json_deep_copy(json_object_get(body, "event"));
    if (json_str(event, "event_ts") == NULL) {
        char ts[32];
        slack_ts(ts);
        json_object_set_new(event, "event_ts", json_string(json_str_or(event, "ts", ts)));
    }
    char *text =
        slack_envelope(team, slack_channel(team, json_str(event, "channel")), event, event_id);
    json_t *envelope = json_loads(text, 0, NULL);
    json_object_update(envelope, json_object_get(body, "envelope"));
    free(text);
    text = json_dumps(envelope, JSON_COMPACT);
    json_decref(envelope);
    return text;
}

static void deliver(struct request *req, const json_t *body)
{
    int64_t times = json_int_or(body, "duplicate", 1);
    bool fresh = json_flag(body, "new_event_ids", false);
    bool event = json_is_object(json_object_get(body, "event"));
    char *id = json_str(body, "event_id") != NULL ? xstrdup(json_str(body, "event_id"))
                                                  : random_id("Ev", 9);
    json_t *attempts = json_array();
    int status = 0;
    for (int64_t i = 0; i < (times < 1 ? 1 : times > 1000 ? 1000 : times); i++) {
        if (fresh && i > 0) {
            free(id);
            id = random_id("Ev", 9);
        }
        world_lock();
        char *text = event ? wrapped_event(req, body, id) : delivery_body(body);
        world_unlock();
        if (text == NULL) {
            json_decref(attempts);
            free(id);
            return;
        }
        struct slack_sent sent = deliver_crafted(body, text);
        free(text);
        status = i == 0 ? sent.status : status;
        json_array_append_new(attempts, script_sent(&sent));
    }
    http_reply_json(req, 200,
                    json_pack("{s:b, s:i, s:s, s:o}", "ok", true, "status", status, "event_id", id,
                              "attempts", attempts));
    free(id);
}

static void verify(struct request *req, const json_t *body)
{
    (void)body;
    char *challenge = random_token("", 40);
    json_t *text = json_pack("{s:s, s:s, s:s}", "token", "sample-deprecated-verification-token",
                             "challenge", challenge, "type", "url_verification");
    char *sent = json_dumps(text, JSON_COMPACT);
    json_decref(text);
    world_lock();
    char *url = xasprintf("%s/slack/events", world_bot_url());
    char *stamp = xasprintf("%lld", (long long)(clock_now_ms() / 1000));
    char *mac = slack_signature(slack_app("signing_secret"), stamp, sent, strlen(sent));
    world_unlock();
    char *headers[2] = {xasprintf("X-Slack-Request-Timestamp: %s", stamp),
                        xasprintf("X-Slack-Signature: %s", mac)};
    struct call call = {.peer = "slack",
                        .method = "POST",
                        .url = url,
                        .headers = {"Content-Type: application/json", headers[0], headers[1]},
                        .body = sent,
                        .body_len = strlen(sent),
                        .timeout_ms = 3000};
    client_call(&call);
    const char *answer = buf_text(&call.answer);
    bool same = call.status == 200 && strstr(answer, challenge) != NULL;
    http_reply_json(req, 200,
                    json_pack("{s:b, s:b, s:i, s:s}", "ok", true, "verified", same, "status",
                              call.status, "challenge", challenge));
    client_call_free(&call);
    free(headers[0]);
    free(headers[1]);
    free(mac);
    free(stamp);
    free(url);
    free(sent);
    free(challenge);
}

/* ---- looking ---- */

static json_t *seen_message(json_t *team, const json_t *message)
{
    json_t *copy = slack_message_public(message);
    json_t *author = slack_user(team, json_str(message, "user"));
    json_object_set_new(copy, "author", json_string(json_str_or(author, "real_name", "")));
    json_object_set_new(copy, "is_bot", json_boolean(json_str(message, "bot_id") != NULL));
    json_object_set_new(copy, "ephemeral", json_boolean(json_str(message, "_to") != NULL));
    json_object_set_new(copy, "edited_count", json_integer(json_int_or(message, "_edits", 0)));
    json_object_set_new(copy, "unfurl", json_boolean(!json_flag(message, "_quiet", false)));
    if (json_str(message, "_typed") != NULL) {
        json_object_set(copy, "typed", json_object_get(message, "_typed"));
    }
    json_object_del(copy, "bot_profile");
    return copy;
}

static json_t *seen_by(json_t *team, const json_t *channel, const char *user, size_t limit)
{
    json_t *messages = json_array();
    const char *ts = NULL;
    json_t *message = NULL;
    const json_t *stored = json_object_get(channel, "messages");
    size_t count = json_object_size(stored);
    size_t skip = limit > 0 && count > limit ? count - limit : 0;
    size_t i = 0;
    json_object_foreach(json_object_get(channel, "messages"), ts, message)
    {
        if (i++ >= skip && slack_may_see(channel, message, user)) {
            json_array_append_new(messages, seen_message(team, message));
        }
    }
    return messages;
}

static void messages(struct request *req)
{
    struct scene s;
    if (!script_scene(req, req->query, &s)) {
        return;
    }
    if (s.channel == NULL) {
        script_refuse(req, 400, "no_place", "\"place\" is missing");
        return;
    }
    if (!slack_is_member(s.channel, s.user_id)) {
        script_refuse(req, 403, "not_in_channel", "this person is not in that channel");
        return;
    }
    int64_t limit = strtoll(json_str_or(req->query, "limit", "0"), NULL, 10);
    http_reply_json(
        req, 200,
        json_pack("{s:b, s:O, s:O, s:o}", "ok", true, "workspace", json_object_get(s.team, "id"),
                  "channel", json_object_get(s.channel, "id"), "messages",
                  seen_by(s.team, s.channel, s.user_id, limit < 0 ? 0 : (size_t)limit)));
}

static json_t *person_snapshot(json_t *team, const json_t *user, size_t limit)
{
    const char *user_id = json_str_or(user, "id", "");
    json_t *places = json_array();
    const char *id = NULL;
    json_t *channel = NULL;
    json_object_foreach(json_object_get(team, "channels"), id, channel)
    {
        if (!slack_is_member(channel, user_id) ||
            !slack_is_member(channel, slack_bot(team, "user_id")) ||
            json_flag(channel, "is_archived", false)) {
            continue;
        }
        json_array_append_new(places, json_pack("{s:s, s:s, s:s, s:o}", "id", id, "kind",
                                                json_str_or(channel, "kind", ""), "name",
                                                json_str_or(channel, "name", ""), "messages",
                                                seen_by(team, channel, user_id, limit)));
    }
    return json_pack("{s:s, s:s, s:s, s:b, s:b, s:b, s:o, s:o}", "id", user_id, "name",
                     json_str_or(user, "name", ""), "real_name", json_str_or(user, "real_name", ""),
                     "installer", strcmp(json_str_or(team, "installer", ""), user_id) == 0, "guest",
                     json_flag(user, "is_restricted", false), "stranger",
                     json_flag(user, "is_stranger", false), "screen", slack_screen(team, user_id),
                     "places", places);
}

static json_t *snapshot(size_t limit)
{
    json_t *workspaces = json_array();
    const char *id = NULL;
    json_t *team = NULL;
    json_object_foreach(slack_teams(), id, team)
    {
        json_t *people = json_array();
        const char *user_id = NULL;
        json_t *user = NULL;
        json_object_foreach(json_object_get(team, "users"), user_id, user)
        {
            if (!json_flag(user, "is_bot", false) && !json_flag(user, "deleted", false)) {
                json_array_append_new(people, person_snapshot(team, user, limit));
            }
        }
        json_array_append_new(
            workspaces,
            json_pack("{s:s, s:s, s:s, s:s, s:O, s:o}", "chat", "slack", "id", id, "name",
                      json_str_or(team, "name", ""), "bot", slack_bot(team, "user_id"), "shortcuts",
                      json_object_get(slack_settings(), "shortcuts"), "people", people));
    }
    return workspaces;
}

static void new_key(struct request *req, const json_t *body)
{
    (void)body;
    world_lock();
    slack_jwt_rotate();
    http_reply_json(req, 200, json_pack("{s:b, s:o}", "ok", true, "keys", slack_jwt_keys()));
    world_unlock();
}

static const struct chat_call calls[] = {
    {"/_say", say},
    {"/_click", click},
    {"/_command", command},
    {"/_user", slack_change_user},
    {"/_join", slack_join},
    {"/_install", slack_install_script},
    {"/_uninstall", slack_uninstall},
    {"/_grant", slack_grant},
    {"/_channel", slack_channel_script},
    {"/_deliver", deliver},
    {"/_verify", verify},
    {"/_shortcut", slack_shortcut},
    {"/_open_home", slack_open_home},
    {"/_submit", slack_submit},
    {"/_upload", slack_upload},
    {"/_close", slack_close},
    {"/_suggest", slack_suggest},
    {"/_keys", new_key},
    {NULL, NULL},
};

const struct chat slack_chat = {
    .calls = calls,
    .messages = messages,
    .view = slack_screen_view,
    .snapshot = snapshot,
};
