/* What Teams sends to the bot: activities with a fresh token, and their retries. */
#include "teams.h"

#include "client.h"
#include "world.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- activities ---- */

static json_t *account(const json_t *user)
{
    json_t *out = json_pack("{s:O, s:O}", "id", json_object_get(user, "address"), "name",
                            json_object_get(user, "real_name"));
    if (!teams_anonymous(user)) {
        json_object_set(out, "aadObjectId", json_object_get(user, "id"));
    }
    return out;
}

static json_t *channel_data(const struct teams_scene *s)
{
    json_t *out = json_pack("{s:{s:O}}", "tenant", "id", json_object_get(s->tenant, "id"));
    const json_t *team = teams_team_of(s->tenant, s->place);
    if (team != NULL) {
        const char *name = json_str_or(s->place, "name", "");
        bool general = strcmp(json_str_or(s->place, "id", ""), json_str_or(team, "id", "")) == 0;
        json_object_set_new(out, "team",
                            json_pack("{s:O, s:O, s:O, s:O}", "id", json_object_get(team, "id"),
                                      "aadGroupId", json_object_get(team, "aadGroupId"), "name",
                                      json_object_get(team, "name"), "tenantId",
                                      json_object_get(s->tenant, "id")));
        json_object_set_new(out, "channel",
                            json_pack("{s:O, s:s?, s:s}", "id", json_object_get(s->place, "id"),
                                      "name", general ? NULL : name, "type",
                                      json_str_or(s->place, "type", "standard")));
    }
    if (json_str(s->place, "meeting") != NULL) {
        json_object_set_new(out, "meeting",
                            json_pack("{s:O}", "id", json_object_get(s->place, "meeting")));
    }
    return out;
}

json_t *teams_activity(const struct teams_scene *s, const char *type)
{
    const char *kind = json_str_or(s->place, "kind", "");
    char *id = strcmp(type, "message") == 0 ? teams_message_id() : NULL;
    char *uuid = random_uuid();
    char *event = xasprintf("f:%s", uuid);
    char *bot = teams_bot();
    char *conversation = teams_conversation_id(s->place, s->root);
    char *service = teams_service_url();
    char *time = teams_time(clock_now_ms());
    const char *zone = json_str_or(teams_settings(), "time_zone", "Europe/Berlin");
    json_t *out = json_pack(
        "{s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:o, s:{s:s, s:s}, s:{s:s, s:s, s:O}, s:[{s:s, "
        "s:s, s:s, s:s, s:s}], s:o}",
        "type", type, "id", id == NULL ? event : id, "timestamp", time, "localTimestamp", time,
        "localTimezone", zone, "locale", "en-US", "channelId", "msteams", "serviceUrl", service,
        "from", account(s->user), "recipient", "id", bot, "name", teams_app("name"), "conversation",
        "conversationType", kind, "id", conversation, "tenantId", json_object_get(s->tenant, "id"),
        "entities", "type", "clientInfo", "locale", "en-US", "country", "US", "platform", "Web",
        "timezone", zone, "channelData", channel_data(s));
    if (strcmp(kind, "personal") != 0) {
        json_object_set_new(json_object_get(out, "conversation"), "isGroup", json_true());
    }
    free(time);
    free(service);
    free(conversation);
    free(bot);
    free(event);
    free(uuid);
    free(id);
    return out;
}

json_t *teams_invoke(const struct teams_scene *s, const char *name, json_t *value)
{
    json_t *out = teams_activity(s, "invoke");
    json_object_set_new(out, "name", json_string(name));
    json_object_set_new(out, "value", value);
    return out;
}

/* ---- one POST ---- */

void teams_sent_free(struct teams_sent *sent)
{
    free(sent->text);
    sent->text = NULL;
}

json_t *teams_sent_json(const struct teams_sent *sent)
{
    return json_pack("{s:i, s:s?, s:I}", "status", sent->status, "failure", sent->failure,
                     "took_ms", (json_int_t)sent->took_ms);
}

static struct teams_sent post(json_t *activity, const json_t *damage)
{
    char *authorization[2];
    world_lock();
    char *url = xasprintf("%s%s", world_bot_url(), json_str_or(damage, "path", "/teams/messages"));
    int64_t timeout = json_int_or(teams_settings(), "timeout_ms", 15000);
    teams_authorize(activity, damage, authorization);
    world_unlock();
    char *body = json_str(damage, "body") != NULL ? xstrdup(json_str(damage, "body"))
                                                  : json_dumps(activity, JSON_COMPACT);
    char *type = xasprintf("Content-Type: %s",
                           json_str_or(damage, "type", "application/json; charset=utf-8"));
    struct call call = {
        .peer = "teams",
        .method = json_str_or(damage, "method", "POST"),
        .url = url,
        .headers = {type, "User-Agent: Microsoft-SkypeBotApi (Microsoft-BotFramework/3.0)"},
        .body = body,
        .body_len = strlen(body),
        .timeout_ms = timeout};
    size_t count = 2;
    for (size_t i = 0; i < 2; i++) {
        if (authorization[i] != NULL) {
            call.headers[count++] = authorization[i];
        }
    }
    const json_t *more = json_object_get(damage, "headers"); /* array of "Name: value" */
    for (size_t i = 0; i < json_array_size(more) && count < CLIENT_HEADERS_MAX; i++) {
        call.headers[count++] = json_string_value(json_array_get(more, i));
    }
    client_call(&call);
    struct teams_sent sent = {.status = call.status,
                              .failure = call.failure,
                              .took_ms = call.took_ms,
                              .text = xstrdup(buf_text(&call.answer))};
    memcpy(sent.type, call.type, sizeof sent.type);
    client_call_free(&call);
    free(authorization[0]);
    free(authorization[1]);
    free(type);
    free(body);
    free(url);
    return sent;
}

/* ---- retries ---- */

struct delivery {
    json_t *activity, *damage;
    size_t attempt; /* 0: the first */
};

static void delivery_free(struct delivery *d)
{
    json_decref(d->activity);
    json_decref(d->damage);
    free(d);
}

/* Documented is only that an answer that does not come in time is asked for again; 5xx is taken
 * for the same, an unknown invoke's 501 is not. */
static bool failed(const struct teams_sent *sent)
{
    return sent->status == 0 || (sent->status >= 500 && sent->status != 501);
}

static void deliver(void *arg);

/* Plans the next attempt unless there is none left; takes over the delivery. */
static void deliver_again(struct delivery *d)
{
    world_lock();
    const json_t *plan = json_array_get(json_object_get(teams_settings(), "retries"), d->attempt++);
    int64_t delay = json_int_or(plan, "after_ms", -1);
    bool invoke = strcmp(json_str_or(d->activity, "type", ""), "invoke") == 0;
    if (invoke && json_flag(plan, "new_id", false)) { /* a message's id is its name in its place */
        char *uuid = random_uuid();
        char *id = xasprintf("f:%s", uuid);
        char *time = teams_time(clock_now_ms());
        json_object_set_new(d->activity, "id", json_string(id));
        json_object_set_new(d->activity, "timestamp", json_string(time));
        free(uuid);
        free(id);
        free(time);
    }
    world_unlock();
    if (delay < 0 || http_stopping()) {
        delivery_free(d);
        return;
    }
    task_post_later(delay, deliver, d);
}

static void deliver(void *arg)
{
    struct delivery *d = arg;
    if (http_stopping()) {
        delivery_free(d);
        return;
    }
    struct teams_sent sent = post(d->activity, d->damage);
    bool again = failed(&sent);
    teams_sent_free(&sent);
    if (again) {
        deliver_again(d);
    } else {
        delivery_free(d);
    }
}

struct teams_sent teams_send(const json_t *activity, const json_t *damage, bool retry)
{
    struct delivery *d = xcalloc(1, sizeof *d);
    d->activity = json_deep_copy(activity);
    world_lock();
    d->damage = damage == NULL ? teams_damage_take() : json_deep_copy(damage);
    world_unlock();
    struct teams_sent sent = post(d->activity, d->damage);
    if (retry && failed(&sent)) {
        deliver_again(d);
    } else {
        delivery_free(d);
    }
    return sent;
}

void teams_send_later(json_t *activity)
{
    if (world_bot_url()[0] == '\0') {
        json_decref(activity);
        return;
    }
    struct delivery *d = xcalloc(1, sizeof *d);
    d->activity = activity;
    d->damage = teams_damage_take();
    task_post(deliver, d);
}
