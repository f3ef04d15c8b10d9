/* What Slack sends to the bot: signed events with retries, interactions, link previews. */
#include "slack.h"

#include "client.h"
#include "faults.h"
#include "world.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

char *slack_signature(const char *secret, const char *timestamp, const char *body, size_t len)
{
    struct buf base = {0};
    buf_addf(&base, "v0:%s:", timestamp);
    buf_addn(&base, body, len);
    char hex[65];
    hmac_sha256_hex(secret, base.data, base.len, hex);
    buf_free(&base);
    return xasprintf("v0=%s", hex);
}

char *slack_envelope(json_t *team, json_t *channel, json_t *event, const char *event_id)
{
    char *context = random_token("4-", 40);
    const json_t *org = slack_org(team);
    bool by_org = slack_org_install(team);
    bool shared = json_flag(channel, "is_ext_shared", false);
    json_t *envelope = json_pack(
        "{s:s, s:O, s:O, s:n, s:s, s:o, s:s, s:s, s:I, s:b, s:s, s:[{s:n, s:O, s:s, s:b, s:b}]}",
        "token", "sample-deprecated-verification-token", "team_id", json_object_get(team, "id"),
        "context_team_id", json_object_get(team, "id"), "context_enterprise_id", "api_app_id",
        slack_app("app_id"), "event", event, "type", "event_callback", "event_id", event_id,
        "event_time", (json_int_t)(clock_now_ms() / 1000), "is_ext_shared_channel", shared,
        "event_context", context, "authorizations", "enterprise_id", "team_id",
        json_object_get(team, "id"), "user_id", slack_bot(team, "user_id"), "is_bot", true,
        "is_enterprise_install", false);
    if (org != NULL) {
        json_object_set(envelope, "enterprise_id", json_object_get(org, "id"));
        json_object_set(envelope, "context_enterprise_id", json_object_get(org, "id"));
        json_t *seen = json_array_get(json_object_get(envelope, "authorizations"), 0);
        json_object_set(seen, "enterprise_id", json_object_get(org, "id"));
        json_object_set_new(seen, "is_enterprise_install", json_boolean(by_org));
        if (by_org) {
            json_object_set_new(seen, "team_id", json_null());
        }
    }
    /* these two come without authorizations */
    const char *type = json_str_or(event, "type", "");
    if (strcmp(type, "app_uninstalled") == 0 || strcmp(type, "tokens_revoked") == 0) {
        json_object_del(envelope, "authorizations");
    }
    char *text = json_dumps(envelope, JSON_COMPACT);
    json_decref(envelope);
    free(context);
    return text;
}

static bool post_signed(const char *path, const char *type, const char *body, int retry,
                        const char *why, struct slack_sent *ret, struct slack_answer *ret_answer)
{
    world_lock();
    char *url = xasprintf("%s%s", world_bot_url(), path);
    char *secret = xstrdup(slack_app("signing_secret"));
    int64_t timeout = json_int_or(slack_settings(), "timeout_ms", 3000);
    world_unlock();
    char *timestamp = xasprintf("%lld", (long long)(clock_now_ms() / 1000));
    char *signature = slack_signature(secret, timestamp, body, strlen(body));
    char *headers[6] = {
        xasprintf("Content-Type: %s", type),
        xasprintf("X-Slack-Request-Timestamp: %s", timestamp),
        xasprintf("X-Slack-Signature: %s", signature),
        xstrdup("User-Agent: Slackbot 1.0 (+https://api.slack.com/robots)"),
        retry > 0 ? xasprintf("X-Slack-Retry-Num: %d", retry) : NULL,
        retry > 0 ? xasprintf("X-Slack-Retry-Reason: %s", why) : NULL,
    };
    struct call call = {.peer = "slack",
                        .method = "POST",
                        .url = url,
                        .body = body,
                        .body_len = strlen(body),
                        .timeout_ms = timeout,
                        .redirects = 2};
    for (size_t i = 0; i < 6; i++) {
        call.headers[i] = headers[i];
    }
    client_call(&call);
    *ret = (struct slack_sent){call.status, call.failure, call.took_ms};
    bool again = !call.no_retry;
    if (ret_answer != NULL) {
        *ret_answer = (struct slack_answer){.sent = *ret, .body = call.answer};
        call.answer = (struct buf){0};
        memcpy(ret_answer->type, call.type, sizeof call.type);
    }
    client_call_free(&call);
    for (size_t i = 0; i < 6; i++) {
        free(headers[i]);
    }
    free(signature);
    free(timestamp);
    free(secret);
    free(url);
    return again;
}

struct slack_sent slack_send(const char *path, const char *type, const char *body, int retry,
                             const char *why)
{
    struct slack_sent sent;
    post_signed(path, type, body, retry, why, &sent, NULL);
    return sent;
}

struct slack_answer slack_ask(const char *path, const char *form)
{
    struct slack_sent sent;
    struct slack_answer answer;
    post_signed(path, "application/x-www-form-urlencoded", form, 0, NULL, &sent, &answer);
    return answer;
}

/* ---- events and their retries ---- */

struct delivery {
    char *body;
    int retry; /* 0: first attempt */
    const char *why;
};

static void deliver(void *arg);

/* Plans the next attempt unless there is none left; takes over the delivery. */
static void deliver_again(struct delivery *d, const struct slack_sent *sent)
{
    d->why = sent->failure == NULL ? "http_error" : sent->failure;
    world_lock();
    const json_t *delays = json_object_get(slack_settings(), "retry_delays_ms");
    const json_t *delay = json_array_get(delays, (size_t)d->retry);
    int64_t delay_ms = json_is_integer(delay) ? (int64_t)json_integer_value(delay) : -1;
    world_unlock();
    d->retry++;
    if (delay_ms < 0 || http_stopping()) {
        free(d->body);
        free(d);
        return;
    }
    task_post_later(delay_ms, deliver, d);
}

static struct slack_sent deliver_once(struct delivery *d)
{
    struct slack_sent sent;
    bool again =
        post_signed("/slack/events", "application/json", d->body, d->retry, d->why, &sent, NULL);
    if ((sent.status >= 200 && sent.status < 300) || !again) {
        free(d->body);
        free(d);
    } else {
        deliver_again(d, &sent);
    }
    return sent;
}

static void deliver(void *arg)
{
    struct delivery *d = arg;
    if (http_stopping()) {
        free(d->body);
        free(d);
        return;
    }
    deliver_once(d);
}

struct slack_sent slack_send_event(const char *body)
{
    struct delivery *d = xcalloc(1, sizeof *d);
    d->body = xstrdup(body);
    return deliver_once(d);
}

void slack_event_later(json_t *team, json_t *channel, json_t *event)
{
    if (world_bot_url()[0] == '\0') {
        json_decref(event);
        return;
    }
    if (json_str(event, "event_ts") == NULL) {
        char ts[32];
        slack_ts(ts);
        json_object_set_new(event, "event_ts", json_string(ts));
    }
    char *event_id = random_id("Ev", 9);
    struct delivery *d = xcalloc(1, sizeof *d);
    d->body = slack_envelope(team, channel, event, event_id);
    free(event_id);
    task_post(deliver, d);
}

/* ---- the preview crawler ---- */

static void visit(const char *url, const char *method)
{
    struct call call = {
        .peer = "slack",
        .method = method,
        .url = url,
        .headers = {"User-Agent: Slackbot-LinkExpanding 1.0 (+https://api.slack.com/robots)",
                    "Accept: */*", "Range: bytes=0-32768"},
        .timeout_ms = 5000,
        .redirects = 5,
    };
    client_call(&call);
    client_call_free(&call);
}

static void crawl(void *arg)
{
    json_t *links = arg;
    for (size_t i = 0; i < json_array_size(links) && !http_stopping(); i++) {
        const char *url = json_string_value(json_array_get(links, i));
        visit(url, "HEAD");
        visit(url, "GET");
    }
    json_decref(links);
}

/* Only places of this machine and the bot's own are visited: a sandbox leaves the world alone. */
static bool may_visit(const char *url)
{
    static const char *const local[] = {"http://127.0.0.1", "http://localhost", "https://127.0.0.1",
                                        "https://localhost"};
    for (size_t i = 0; i < sizeof local / sizeof local[0]; i++) {
        size_t len = strlen(local[i]);
        if (strncmp(url, local[i], len) == 0 && strchr(":/", url[len]) != NULL) {
            return true;
        }
    }
    size_t len = strlen(world_bot_url());
    return len > 0 && strncmp(url, world_bot_url(), len) == 0;
}

void slack_crawl(const json_t *message)
{
    struct fault f;
    json_t *links = slack_links(message);
    for (size_t i = json_array_size(links); i-- > 0;) {
        if (!may_visit(json_string_value(json_array_get(links, i)))) {
            json_array_remove(links, i);
        }
    }
    if (json_array_size(links) == 0 || !fault_take("slack", "preview_bot", NULL, NULL, &f)) {
        json_decref(links);
        return;
    }
    /* a deep copy: the strings go to another thread */
    json_t *copy = json_deep_copy(links);
    json_decref(links);
    task_post(crawl, copy);
}
