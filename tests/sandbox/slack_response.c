/* response_url and trigger_id: short-lived rights that an interaction carries. */
#include "slack.h"

#include "world.h"

#include <stdlib.h>
#include <string.h>

enum { USES_MAX = 5, KEEP_MAX = 50000 };

static json_t *urls;     /* secret -> {team, channel, ts, user, ephemeral, uses, since_ms} */
static json_t *triggers; /* id -> {team, user, since_ms, used} */

void slack_response_reset(void)
{
    json_decref(urls);
    json_decref(triggers);
    urls = json_object();
    triggers = json_object();
}

static void keep_bounded(json_t *object)
{
    while (json_object_size(object) > KEEP_MAX) {
        char *oldest = xstrdup(json_object_iter_key(json_object_iter(object)));
        json_object_del(object, oldest);
        free(oldest);
    }
}

char *slack_response_url(json_t *team, json_t *channel, const json_t *message, const char *user)
{
    char *secret = random_token("", 24);
    json_object_set_new(urls, secret,
                        json_pack("{s:O, s:O, s:s?, s:s, s:i, s:I}", "team",
                                  json_object_get(team, "id"), "channel",
                                  json_object_get(channel, "id"), "ts", json_str(message, "ts"),
                                  "user", user, "uses", 0, "since_ms", (json_int_t)clock_now_ms()));
    keep_bounded(urls);
    char *url = xasprintf("%s/slack/response/%s/%s", world_public_url(),
                          json_str_or(team, "id", ""), secret);
    free(secret);
    return url;
}

char *slack_trigger(json_t *team, const char *user, const char *view)
{
    char *tail = random_token("", 32);
    char *id = xasprintf("%lld.%lld.%s", (long long)clock_now_ms(), (long long)1, tail);
    json_object_set_new(triggers, id,
                        json_pack("{s:O, s:s, s:s?, s:I, s:b}", "team", json_object_get(team, "id"),
                                  "user", user, "view", view, "since_ms",
                                  (json_int_t)clock_now_ms(), "used", false));
    keep_bounded(triggers);
    free(tail);
    return id;
}

json_t *slack_trigger_team(const char *trigger)
{
    const json_t *t = trigger == NULL ? NULL : json_object_get(triggers, trigger);
    return slack_team(json_str(t, "team"));
}

const char *slack_trigger_use(const char *trigger, json_t *team, const json_t **ret_trigger)
{
    json_t *t = trigger == NULL ? NULL : json_object_get(triggers, trigger);
    if (t == NULL || slack_team(json_str(t, "team")) != team) {
        return "invalid_trigger_id";
    }
    if (json_flag(t, "used", false)) {
        return "exchanged_trigger_id";
    }
    int64_t age = clock_now_ms() - json_int_or(t, "since_ms", 0);
    if (age > json_int_or(slack_settings(), "trigger_ttl_ms", 3000)) {
        return "expired_trigger_id";
    }
    json_object_set_new(t, "used", json_true());
    *ret_trigger = t;
    return NULL;
}

void slack_response_moved(const char *old, const char *fresh)
{
    const char *secret = NULL;
    json_t *url = NULL;
    json_object_foreach(urls, secret, url)
    {
        if (strcmp(json_str_or(url, "channel", ""), old) == 0) {
            json_object_set_new(url, "channel", json_string(fresh));
        }
    }
}

/* The right behind the address, or NULL after a refusal. */
static json_t *url_use(struct request *req, const char *rest)
{
    const char *slash = strchr(rest, '/');
    json_t *url = slash == NULL ? NULL : json_object_get(urls, slash + 1);
    if (url == NULL || strncmp(rest, json_str_or(url, "team", ""), (size_t)(slash - rest)) != 0) {
        http_reply_text(req, 404, "text/html; charset=utf-8", "no_such_url");
        return NULL;
    }
    int64_t age = clock_now_ms() - json_int_or(url, "since_ms", 0);
    if (age > json_int_or(slack_settings(), "response_url_ttl_ms", 1800000)) {
        http_reply_json(req, 404, slack_error("expired_url"));
        return NULL;
    }
    int64_t uses = json_int_or(url, "uses", 0);
    if (uses >= USES_MAX) {
        http_reply_json(req, 404, slack_error("used_url"));
        return NULL;
    }
    json_object_set_new(url, "uses", json_integer(uses + 1));
    return url;
}

static json_t *respond_delete(json_t *team, json_t *channel, json_t *message)
{
    (void)team;
    if (message == NULL) {
        return slack_error("message_not_found");
    }
    json_object_del(json_object_get(channel, "messages"), json_str(message, "ts"));
    world_touch();
    return json_pack("{s:b}", "ok", true);
}

static json_t *respond_post(const struct slack_call *call, json_t *channel, json_t *content,
                            const char *user)
{
    bool in_channel = strcmp(json_str_or(call->args, "response_type", ""), "in_channel") == 0;
    const char *thread_ts = slack_arg(call, "thread_ts");
    if (thread_ts != NULL && in_channel) { /* there are no ephemeral thread replies */
        json_object_set_new(content, "thread_ts", json_string(thread_ts));
    }
    slack_bot_post(call->team, channel, content, in_channel ? NULL : user);
    return json_pack("{s:b}", "ok", true);
}

static json_t *respond(const struct slack_call *call, json_t *url)
{
    json_t *channel = slack_channel(call->team, json_str(url, "channel"));
    json_t *message = slack_message(channel, json_str(url, "ts"));
    bool replace = json_flag(call->args, "replace_original", false);
    bool erase = json_flag(call->args, "delete_original", false);
    bool content_given = json_object_get(call->args, "text") != NULL ||
                         json_object_get(call->args, "blocks") != NULL;
    if (erase && !content_given) {
        return respond_delete(call->team, channel, message);
    }
    json_t *error = NULL;
    json_t *content = slack_content(call, 40000, &error);
    if (error != NULL) {
        return error;
    }
    if (replace && !erase) {
        if (message == NULL) {
            json_decref(content);
            return slack_error("message_not_found");
        }
        slack_message_edit(call->team, channel, message, content);
        json_decref(content);
        return json_pack("{s:b}", "ok", true);
    }
    if (erase && message != NULL) {
        json_decref(respond_delete(call->team, channel, message));
    }
    return respond_post(call, channel, content, json_str_or(url, "user", ""));
}

void slack_response(struct request *req, const char *rest)
{
    if (!http_is(req, "POST")) {
        http_reply_text(req, 405, "text/plain", "method_not_allowed");
        return;
    }
    json_t *args = NULL;
    if (http_body_is(req, "application/json")) {
        args = json_loadb(buf_text(&req->body), req->body.len, 0, NULL);
    } else {
        json_t *form = form_decode(buf_text(&req->body), req->body.len);
        const char *payload = json_str(form, "payload");
        args = payload == NULL ? NULL : json_loads(payload, 0, NULL);
        json_decref(form);
    }
    if (!json_is_object(args)) {
        json_decref(args);
        http_reply_text(req, 400, "text/html; charset=utf-8", "invalid_payload");
        return;
    }
    json_t *url = url_use(req, rest);
    if (url != NULL) {
        struct slack_call call = {.req = req, .args = args, .json = true};
        call.team = slack_team(json_str(url, "team"));
        http_reply_json(req, 200, respond(&call, url));
    }
    json_decref(args);
}
