#include "console_health_int.h"

/* The deployment, for its operators: keys by their ids, never their bytes; whether this process is
 * ready, and why not; what waits. */

/* What the settings and the stored values say of a key, in words. */
static const struct {
    bool in_use, present, seals;
    const char *word, *tone, *text;
} states[] = {
    {true, true, true, "Seals", "good", "What is stored now is sealed with it."},
    {false, true, true, "Seals", "good", "What is stored from now on is sealed with it."},
    {true, true, false, "In use", "plain",
     "It opens what was sealed with it. `workbot keys rotate` frees it."},
    {false, true, false, "Free", "plain",
     "It seals nothing. Once each process runs without it as the first one, it may leave "
     "`WORKBOT_ENCRYPTION_KEYS`."},
    {true, false, false, "Missing", "bad",
     "Something is sealed with it, and this process does not have it. Put it back into "
     "`WORKBOT_ENCRYPTION_KEYS`, behind the first one."},
};

static json_t *key_row(const struct console *c, const json_t *k)
{
    json_t *row = json_object();
    for (size_t i = 0; i < sizeof states / sizeof states[0]; i++) {
        if (states[i].in_use == json_flag(k, "in_use") &&
            states[i].present == json_flag(k, "present") &&
            states[i].seals == json_flag(k, "seals")) {
            json_put(
                row, "state",
                json_must(json_pack("{s:s, s:s}", "word", states[i].word, "tone", states[i].tone)));
            json_put_words(row, "text", states[i].text);
        }
    }
    json_put_words(row, "id", json_text(k, "id"));
    json_put_words(row, "since", console_time(c->mem, json_text(k, "since")));
    json_put_words(row, "noted", console_time(c->mem, json_text(k, "noted")));
    json_put_shown(row, "noted_by", json_text(k, "noted_by"));
    return row;
}

int console_deployment_page(struct console *c, struct err *e)
{
    struct console_answer a;
    const struct console_call get = {.method = WB_GET, .handler = api_deployment_get};
    if (console_ask(c, &get, &a, e) != 0) {
        return -1;
    }
    const json_t *keys = json_member(a.value, "keys"), *checks = json_member(a.value, "checks");
    json_t *data = arena_json(c->mem, json_must(json_pack("{s:[]}", "keys")));
    for (size_t i = 0; i < json_array_size(keys); i++) {
        json_push(json_member(data, "keys"), key_row(c, json_array_get(keys, i)));
    }
    json_put(data, "ready", json_boolean(json_flag(a.value, "ready")));
    json_put_words(data, "reason", json_text(a.value, "reason"));
    json_put_words(data, "database", json_text(checks, "database"));
    json_put(data, "draining", json_boolean(str_equal(json_text(checks, "draining"), "yes")));
    json_put_words(data, "version", json_text(a.value, "version"));
    json_put_shown(data, "process", json_text(a.value, "process"));
    console_put_queue(c, json_member(a.value, "queue"), data);
    if (console_operators(c, data, e) != 0) {
        return -1;
    }
    const struct console_page page = {"console_deployment.html", "Keys and health", NULL, 200};
    return console_show(c, &page, json_incref(data), e);
}
