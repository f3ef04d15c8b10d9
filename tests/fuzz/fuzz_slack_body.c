/*
 * Anything at Slack's door: verified as sent and as signed, taken in on each route, parsed as each
 * kind of job, and drawn again. The first byte chooses the route, the rest is the body.
 */
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/str.h"
#include "chat.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool holds)
{
    if (!holds) {
        abort();
    }
}

static void verify(const chats *c, struct bytes body)
{
    struct err e;
    char *text = malloc(body.len + 1);
    must(text != NULL);
    memcpy(text, body.data, body.len);
    text[body.len] = '\0';
    const struct slack_headers tries[] = {
        {text, text},
        {"1700000000", text},
        {"1700000000", "v0=0000000000000000000000000000000000000000000000000000000000000000"},
    };
    for (size_t i = 0; i < sizeof tries / sizeof tries[0]; i++) {
        must(chat_slack_verify(c, &tries[i], body, 1700000000, &e) != 0);
        must(e.kind == ERR_UNAUTHENTIC);
    }
    free(text);
}

static void draw(arena *mem, const char *text)
{
    json_t *view = view_new(mem);
    view_title(view, "%s", text);
    view_text(view, "**%s** `%s` %s", text, text, text);
    view_field(view, text, text);
    view_button(view, &(struct button){.title = text, .action = "go", .value = text});
    json_t *message = chat_slack_render(mem, view);
    must(!str_empty(json_text(message, "text")));
    must(strpbrk(json_text(message, "text"), "<>") == NULL);
    must(json_array_size(json_member(message, "blocks")) <= 50);
}

static void parse(const chats *c, arena *mem, const char *kind, struct bytes payload)
{
    struct event ev = {0};
    struct err e;
    const struct chat_driver *driver = chats_driver(c, "slack:T1");
    if (driver->parse(mem, kind, payload, "UBOT", &ev, &e) != 0) {
        must(e.kind == ERR_INPUT);
        return;
    }
    if (ev.kind == EVENT_IGNORED) {
        return;
    }
    bool nobody = ev.kind == EVENT_CHANNEL || ev.kind == EVENT_JOINED || ev.kind == EVENT_INSTALL;
    must(str_starts(ev.workspace, "slack:") && ev.place.channel != NULL);
    must(nobody || !str_empty(ev.user_id));
    must(ev.kind != EVENT_TEXT || ev.surface == SURFACE_COMMAND || !str_equal(ev.user_id, "UBOT"));
    must(ev.kind != EVENT_TEXT || (ev.text != NULL && ev.typed != NULL));
    must((ev.kind == EVENT_ACTION || ev.kind == EVENT_SHORTCUT || ev.kind == EVENT_SUBMIT ||
          ev.kind == EVENT_CHOICES || ev.kind == EVENT_INSTALL) == (ev.action != NULL));
    must((ev.kind == EVENT_SUBMIT) == (ev.fields != NULL));
    draw(mem, ev.typed != NULL ? ev.typed : ev.action != NULL ? ev.action : ev.person.name);
    if (ev.value != NULL) {
        draw(mem, ev.value);
    }
}

static void take(const chats *c, arena *mem, enum slack_route route, struct bytes body)
{
    struct slack_intake in = {0};
    struct err e;
    if (chat_slack_intake(c, mem, route, body, &in, &e) != 0) {
        must(e.kind == ERR_INPUT || e.kind == ERR_FORBIDDEN);
        return;
    }
    must(in.store == (in.why == NULL));
    must((in.answer == NULL) == (in.content_type == NULL));
    if (!in.store) {
        return;
    }
    must(in.workspace != NULL && in.job_kind != NULL && in.lane != NULL && in.payload.len > 0);
    must(in.keys[0] != NULL || in.keys[1] != NULL || str_equal(in.job_kind, "slack_command") ||
         str_equal(in.lane, "install") || str_equal(in.lane, "channel"));
    parse(c, mem, in.job_kind, in.payload);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0) {
        return 0;
    }
    arena *mem = arena_new();
    struct secret secret = secret_of(mem, "sample-signing-secret");
    struct chat_settings settings = {.slack_app_id = "A0SAMPLE01",
                                     .slack_url = "https://slack.com",
                                     .slack_signing_secrets = &secret,
                                     .slack_signing_secrets_count = 1};
    const chats *c = chats_new(mem, &settings);
    struct bytes body = {data + 1, size - 1};
    static const enum slack_route routes[] = {SLACK_EVENTS, SLACK_INTERACTIONS, SLACK_COMMANDS,
                                              SLACK_OPTIONS};
    verify(c, body);
    take(c, mem, routes[*data % 4], body);
    parse(c, mem, "slack_event", body);
    parse(c, mem, "slack_interaction", body);
    parse(c, mem, "slack_command", body);
    arena_free(mem);
    return 0;
}
