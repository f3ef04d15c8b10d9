/*
 * A form of Slack as it was sent, whatever stands in it: it is parsed, answered with errors at its
 * fields and with a next form that holds what was sent, and both keep Slack's rules. What goes
 * wrong at the door or in time is answered, too.
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

static size_t letters(const char *text)
{
    size_t n = 0;
    for (; *text != '\0'; text++) {
        n += ((unsigned char)*text & 0xC0) != 0x80;
    }
    return n;
}

static void check_text(const json_t *object, const char *key, size_t max, bool needed)
{
    const char *text = json_text(json_member(object, key), "text");
    must(text != NULL || !needed);
    must(text == NULL || (*text != '\0' && letters(text) <= max));
}

static void check_input(const json_t *block)
{
    const json_t *element = json_member(block, "element");
    const json_t *options = json_member(element, "options");
    check_text(block, "label", 2000, true);
    check_text(block, "hint", 2000, false);
    check_text(element, "placeholder", 150, false);
    must(json_array_size(options) <= 100);
    for (size_t i = 0; i < json_array_size(options); i++) {
        check_text(json_array_get(options, i), "text", 75, true);
        must(letters(json_text(json_array_get(options, i), "value")) <= 75);
    }
    const char *value = json_text(element, "initial_value");
    must(value == NULL || letters(value) <= 3000);
}

static void check_modal(arena *mem, const json_t *modal)
{
    must(str_equal(json_text(modal, "type"), "modal"));
    check_text(modal, "title", 24, true);
    check_text(modal, "close", 24, true);
    check_text(modal, "submit", 24, false);
    const json_t *blocks = json_member(modal, "blocks");
    must(json_array_size(blocks) <= 100 && strlen(json_write(mem, modal)) < 250000);
    for (size_t i = 0; i < json_array_size(blocks); i++) {
        if (str_equal(json_text(json_array_get(blocks, i), "type"), "input")) {
            check_input(json_array_get(blocks, i));
        }
    }
}

/* Errors stand at blocks that are inputs of the view that was sent. */
static void check_errors(arena *mem, const json_t *view, const char *answer)
{
    json_t *read = NULL;
    const char *id = NULL;
    json_t *text = NULL;
    must(json_read(mem, bytes_of(answer), &read, NULL) == 0);
    must(str_equal(json_text(read, "response_action"), "errors"));
    json_object_foreach(json_member(read, "errors"), id, text)
    {
        bool found = false;
        for (size_t i = 0; i < json_array_size(json_member(view, "blocks")); i++) {
            const json_t *block = json_array_get(json_member(view, "blocks"), i);
            found = found || (str_equal(json_text(block, "block_id"), id) &&
                              str_equal(json_text(block, "type"), "input"));
        }
        must(found && json_string_length(text) > 0);
    }
}

static json_t *form_with(arena *mem, const struct event *ev)
{
    const char *name = NULL;
    json_t *value = NULL;
    unsigned n = 0;
    json_t *form = form_new(mem, &(struct form){.name = "inputs",
                                                .heading = ev->action,
                                                .submit = "Run",
                                                .private_value = ev->value});
    view_text(form, "%s", ev->action);
    json_object_foreach((json_t *)(uintptr_t)ev->fields, name, value)
    {
        const char *text = json_string_value(value);
        const struct form_choice choices[] = {{text, "first"}, {name, text == NULL ? "" : text}};
        if (n >= 30 || *name == '\0') {
            continue;
        }
        n++;
        form_add(form, &(struct form_field){.name = name,
                                            .label = text,
                                            .kind = (enum form_kind)(n % (FORM_FLAG + 1)),
                                            .required = n % 2 == 0,
                                            .value = text,
                                            .hint = text,
                                            .sample = text,
                                            .choices = choices,
                                            .choices_count = 2,
                                            .search = n % 3 == 0});
    }
    return form;
}

static void answer(arena *mem, struct bytes payload, const struct event *ev)
{
    json_t *sent = NULL;
    const char *name = NULL;
    json_t *value = NULL;
    json_t *errors = arena_json(mem, json_object());
    json_object_foreach((json_t *)(uintptr_t)ev->fields, name, value)
    {
        json_object_set_new(errors, name,
                            json_string(json_is_null(value) ? "Fill this in." : name));
    }
    must(json_read(mem, payload, &sent, NULL) == 0);
    struct form_answer a = {.errors = errors};
    check_errors(mem, json_member(sent, "view"), chat_slack_form_answer(mem, payload, &a));
    json_t *form = form_with(mem, ev);
    check_modal(mem, chat_slack_render_form(mem, form));
    a = (struct form_answer){.next = form};
    must(strstr(chat_slack_form_answer(mem, payload, &a), "\"update\"") != NULL);
    a = (struct form_answer){.next = NULL};
    must(chat_slack_form_answer(mem, payload, &a) == NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    arena *mem = arena_new();
    const struct chat_settings settings = {.slack_app_id = "A0SAMPLE01",
                                           .slack_url = "https://slack.com"};
    const chats *c = chats_new(mem, &settings);
    const struct bytes payload = {data, size};
    struct event ev = {0};
    struct err e;
    if (chats_driver(c, "slack:T1")->parse(mem, "slack_interaction", payload, "UBOT", &ev, &e) ==
            0 &&
        ev.kind == EVENT_SUBMIT) {
        answer(mem, payload, &ev);
    }
    if (ev.kind == EVENT_CHOICES) {
        must(ev.typed != NULL && ev.field != NULL && strchr(ev.field, ':') == NULL);
        const struct form_choice list[] = {{ev.typed, "a"}, {"label", ev.typed}};
        must(chat_slack_choices(mem, list, 2) != NULL);
    }
    arena_free(mem);
    return 0;
}
