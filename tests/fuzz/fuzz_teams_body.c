/*
 * Anything at the door of Teams: the first line is the Authorization header, the rest is the body.
 * What it proves, and whatever is not proven as if it were, is taken in and parsed as each kind of
 * job. The key set holds one key; corpus/teams_body/proven was signed by it until 2100.
 */
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/str.h"
#include "service/chat/teams_int.h"

#define APP "22222222-aaaa-4bbb-8ccc-222222222222"
#define TENANT "44444444-0000-0000-0000-00000000000a"

static const char KEY[] =
    "{\"good\":{\"kty\":\"RSA\",\"use\":\"sig\",\"kid\":\"good\",\"e\":\"AQAB\","
    "\"endorsements\":[\"msteams\"],\"n\":\""
    "09JBvJsDSq7BFzrAZbTKs8LeUvFKZHwxT7vwa6cA_-GVtSbzt4FJsWbY6E9CXUL5Ov4CT8W89l_cqJbj"
    "_sqCIjH3eHqGDVrZ7zaxl2rbYnjyEkbRG1qIGp7cBSZllCBBmjOhHzVNDBw3ZoW8G_UdzvVqD40pPOkO"
    "ddQzwiGjFDYMbK9yYOy-t6oHT-CyuCOZoB-62-7knNHxoHWcj_FqGbhepzGrcuu9cUiJM9B-cAGljiVj"
    "MRtDxsM6yHHgGmR-wRsMpu2Bw7kQJvAruOjwhqXVnADfTm9PNeApZnqn4PQxJrFJnuD2N8kdsXf3f9HN"
    "tgyE_VZC3p1jp8tItmilCQ"
    "\"}}";

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool holds)
{
    if (!holds) {
        abort();
    }
}

static void verify(chats *c, arena *mem, const char *header, struct bytes body)
{
    struct err e = {0};
    struct teams_activity a = {.json = NULL};
    const struct teams_credentials from = {header, 1, true};
    if (chat_teams_verify(c, mem, &from, body, 1790000000, &a, &e) != 0) {
        must(a.json == NULL);
        must(e.kind == ERR_INPUT || e.kind == ERR_UNAUTHENTIC || e.kind == ERR_FORBIDDEN);
        must(str_starts(e.code, "teams_"));
        return;
    }
    must(a.text.data == body.data && a.text.len == body.len);
    must(str_equal(json_text(a.json, "channelId"), "msteams"));
    must(teams_address_ok(&c->settings, mem, json_text(a.json, "serviceUrl")));
    must(str_starts(header, "Bearer ") && strchr(header + 7, ' ') == NULL);
}

static void parse(const chats *c, arena *mem, const char *kind, struct bytes payload)
{
    struct event ev = {0};
    struct err e;
    const struct chat_driver *driver = chats_driver(c, "teams:" TENANT);
    if (driver->parse(mem, kind, payload, "28:" APP, &ev, &e) != 0) {
        must(e.kind == ERR_INPUT);
        return;
    }
    if (ev.kind == EVENT_IGNORED) {
        return;
    }
    must(str_starts(ev.workspace, "teams:") && ev.place.channel != NULL);
    must((ev.kind != EVENT_TEXT && ev.kind != EVENT_ACTION) || !str_empty(ev.user_id));
    must(ev.kind != EVENT_TEXT || (ev.text != NULL && ev.typed != NULL));
    must((ev.kind == EVENT_SUBMIT) == (ev.fields != NULL));
}

static void take(chats *c, arena *mem, struct bytes body)
{
    struct teams_intake in = {0};
    struct err e;
    json_t *answer = NULL, *json = NULL;
    if (json_read(mem, body, &json, &e) != 0) {
        return;
    }
    const struct teams_activity a = {.text = body, .json = json};
    if (chat_teams_intake(c, mem, &a, &in, &e) != 0) {
        must(e.kind == ERR_INPUT && str_equal(e.code, "teams_body"));
        return;
    }
    must(in.store == (in.why == NULL));
    must(in.answer == NULL || json_read(mem, bytes_of(in.answer), &answer, &e) == 0);
    must(in.late == NULL || json_read(mem, bytes_of(in.late), &answer, &e) == 0);
    must(in.answers != TEAMS_ANSWER_AT_ONCE || (in.late != NULL && !in.store));
    if (!in.store) {
        return;
    }
    must(str_equal(in.workspace, "teams:" TENANT) && in.lane != NULL && in.payload.len > 0);
    for (size_t i = 0; i < 3; i++) {
        must(in.keys[i] == NULL || strlen(in.keys[i]) < 100);
    }
    parse(c, mem, in.job_kind, in.payload);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const tenants[] = {TENANT};
    const uint8_t *line = size == 0 ? NULL : memchr(data, '\n', size);
    if (line == NULL) {
        return 0;
    }
    arena *mem = arena_new();
    const struct chat_settings settings = {.teams_app_id = APP,
                                           .teams_tenant_id = TENANT,
                                           .teams_cloud = "public",
                                           .teams_allowed_tenants = tenants,
                                           .teams_allowed_tenants_count = 1};
    chats *c = chats_new(mem, &settings);
    c->teams_keys->by_kid = json_loads(KEY, 0, NULL);
    must(c->teams_keys->by_kid != NULL);
    size_t head = (size_t)(line - data);
    const char *header = arena_strndup(mem, (const char *)data, head);
    const struct bytes body = {line + 1, size - head - 1};
    verify(c, mem, header, body);
    take(c, mem, body);
    parse(c, mem, "teams_activity", body);
    parse(c, mem, "teams_invoke", body);
    arena_free(mem);
    return 0;
}
