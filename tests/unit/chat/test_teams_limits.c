#include <stdio.h>
#include <string.h>

#include "base/die.h"
#include "base/json.h"
#include "base/str.h"
#include "service/chat/teams_draw.h"
#include "tests/unit/base/helpers.h"
#include "tests/unit/chat/teams_help.h"

/* What holds for every card and every form, whatever stands in them. "print N" writes N of them,
 * one a line, for the official package to judge (tests/contract/teams_judges.test.mjs). */

static int set_up(void **state)
{
    *state = arena_new();
    return 0;
}

static int tear_down(void **state)
{
    arena_free(*state);
    return 0;
}

/* --- whatever people and apps write --- */

static const char *random_text(arena *mem, uint64_t *seed)
{
    static const char *const parts[] = {"a",
                                        " ",
                                        "\n",
                                        "é",
                                        "日",
                                        "😀",
                                        "*",
                                        "_",
                                        "`",
                                        "[x](https://evil.example)",
                                        "\\",
                                        "<b>",
                                        "<at>Workbot</at>",
                                        "&amp;",
                                        "# ",
                                        "- ",
                                        "1. ",
                                        "{{DATE(2026-01-01T00:00:00Z,SHORT)}}",
                                        "https://evil.example/a_b",
                                        "\"",
                                        "'",
                                        "\xff",
                                        "![x](y)",
                                        "|",
                                        "~~",
                                        "words of somebody ",
                                        "\xC2\xA0",
                                        "\t",
                                        "\x01"};
    static const size_t lengths[] = {0, 1, 1, 3, 3, 10, 75, 150, 300, 1000, 3001};
    size_t left = lengths[next_number(seed) % (sizeof lengths / sizeof lengths[0])];
    bool one = next_number(seed) % 4 == 0;
    const char *same = parts[next_number(seed) % (sizeof parts / sizeof parts[0])];
    struct str s = str_new(mem, 200000);
    while (left-- > 0) {
        str_add(&s, one ? same : parts[next_number(seed) % (sizeof parts / sizeof parts[0])]);
    }
    return s.text;
}

static bool once_in(uint64_t *seed, uint64_t n)
{
    return next_number(seed) % n == 0;
}

static struct button random_button(arena *mem, uint64_t *seed)
{
    bool link = once_in(seed, 4), asks = once_in(seed, 4);
    return (struct button){
        .title = random_text(mem, seed),
        .action = once_in(seed, 9) ? random_text(mem, seed) : "disconnect",
        .value = once_in(seed, 4) ? NULL : random_text(mem, seed),
        .url = link ? arena_printf(mem, "https://acme.example/%s", random_text(mem, seed)) : NULL,
        .style = (enum button_style)(next_number(seed) % 3),
        .confirm = asks ? random_text(mem, seed) : NULL,
        .confirm_title = asks && once_in(seed, 2) ? random_text(mem, seed) : NULL,
        .opens = once_in(seed, 3)};
}

static void add_random_block(arena *mem, json_t *view, uint64_t *seed)
{
    const struct button b = random_button(mem, seed);
    switch (next_number(seed) % 8) {
    case 0:
        view_title(view, "%s", random_text(mem, seed));
        return;
    case 1:
        view_text(view, "x **%s** `%s` %s", random_text(mem, seed), random_text(mem, seed),
                  random_text(mem, seed));
        return;
    case 2:
        view_note(view, "%s in <#%s>", random_text(mem, seed), random_text(mem, seed));
        return;
    case 3:
        view_field(view, random_text(mem, seed), random_text(mem, seed));
        return;
    case 4:
        view_divider(view);
        return;
    case 5:
        view_row(view, once_in(seed, 4) ? NULL : &b, "%s**%s**", random_text(mem, seed),
                 random_text(mem, seed));
        return;
    default:
        view_button(view, &b);
    }
}

static json_t *random_view(arena *mem, uint64_t *seed)
{
    json_t *view = view_new(mem);
    for (uint64_t n = next_number(seed) % 60; n > 0; n--) {
        add_random_block(mem, view, seed);
    }
    return view;
}

static json_t *random_form(arena *mem, uint64_t *seed)
{
    json_t *form = form_new(mem, &(struct form){.name = "inputs",
                                                .heading = random_text(mem, seed),
                                                .submit = random_text(mem, seed),
                                                .private_value = "run-1"});
    struct form_choice *list = arena_array(mem, 300, sizeof *list);
    for (size_t i = 0; i < 300; i++) {
        list[i] = (struct form_choice){random_text(mem, seed), arena_printf(mem, "#%zu", i)};
    }
    view_note(form, "%s", random_text(mem, seed));
    for (uint64_t n = next_number(seed) % 12; n > 0; n--) {
        form_add(form,
                 &(struct form_field){.name = arena_printf(mem, "field_%d", (int)n),
                                      .label = random_text(mem, seed),
                                      .kind = (enum form_kind)(next_number(seed) % 6),
                                      .required = once_in(seed, 2),
                                      .value = once_in(seed, 2) ? NULL : random_text(mem, seed),
                                      .hint = random_text(mem, seed),
                                      .sample = random_text(mem, seed),
                                      .choices = list,
                                      .choices_count = next_number(seed) % 300});
    }
    return form;
}

static json_t *random_card(arena *mem, uint64_t *seed)
{
    if (once_in(seed, 4)) {
        return json_at(teams_task(mem, random_form(mem, seed), NULL), "value.card.content");
    }
    json_t *card = teams_card(mem, random_view(mem, seed), "msg-1", "0123456789abcdef");
    if (once_in(seed, 4)) {
        static const char *const people[] = {"29:a", "29:b"};
        teams_card_refresh(card, "msg-1", people, 2);
    }
    return card;
}

/* --- what must hold --- */

static void check_texts(const json_t *node)
{
    static const char *const texts[] = {"text", "title", "value", "label", "placeholder"};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        const json_t *text = json_member(node, texts[i]);
        assert_true(text == NULL || !json_is_string(text) || !str_empty(json_string_value(text)));
    }
}

static void check_node(const json_t *node)
{
    const char *type = json_text(node, "type");
    check_texts(node);
    if (str_equal(type, "TextBlock")) {
        assert_true(teams_is_plain(json_text(node, "text")));
    }
    if (str_equal(type, "RichTextBlock")) {
        assert_true(json_array_size(json_member(node, "inlines")) > 0);
    }
    if (str_equal(type, "ActionSet")) {
        assert_in_range(json_array_size(json_member(node, "actions")), 1, 5);
    }
    if (str_equal(type, "Action.Execute")) {
        assert_false(str_empty(json_text(node, "verb")));
        assert_true(json_equal(json_member(node, "data"), json_at(node, "fallback.data")) ||
                    str_equal(json_text(node, "verb"), TEAMS_REFRESH));
    }
    const json_t *facts = json_member(node, "facts");
    for (size_t i = 0; i < json_array_size(facts); i++) {
        assert_true(teams_is_plain(json_text(json_array_get(facts, i), "title")));
        assert_true(teams_is_plain(json_text(json_array_get(facts, i), "value")));
    }
}

static void check_all(const json_t *node)
{
    const char *key = NULL;
    json_t *child = NULL;
    size_t i = 0;
    if (json_is_object(node)) {
        check_node(node);
        json_object_foreach((json_t *)(uintptr_t)node, key, child)
        {
            check_all(child);
        }
    }
    json_array_foreach(node, i, child)
    {
        check_all(child);
    }
}

static void teams_gotcha_18_no_card_passes_a_limit(void **state)
{
    (void)state;
    uint64_t seed = 20261122;
    for (int round = 0; round < 300; round++) {
        arena *mem = arena_new();
        json_t *view = random_view(mem, &seed);
        const json_t *card = teams_card(mem, view, "msg-1", "0123456789abcdef");
        const char *summary = teams_summary(mem, view);
        assert_in_range(strlen(json_write(mem, card)) + strlen(summary), 1, 27 * 1024);
        assert_true(json_array_size(json_member(card, "body")) > 0);
        check_all(card);
        arena_free(mem);
    }
}

static void test_no_form_is_broken(void **state)
{
    (void)state;
    uint64_t seed = 20260622;
    for (int round = 0; round < 100; round++) {
        arena *mem = arena_new();
        json_t *form = random_form(mem, &seed);
        const json_t *card = json_at(teams_task(mem, form, NULL), "value.card.content");
        size_t inputs = 0, i = 0;
        const json_t *item = NULL;
        json_array_foreach(json_member(card, "body"), i, item)
        {
            /* a time stands in two: Input.Time comes behind its day */
            const char *type = json_text(item, "type");
            inputs += str_starts(type, "Input.") && !str_equal(type, "Input.Time");
        }
        assert_int_equal(inputs, json_array_size(json_member(form, "fields")));
        check_all(card);
        arena_free(mem);
    }
}

static int print(long long count)
{
    uint64_t seed = 20261224;
    for (long long i = 0; i < count; i++) {
        arena *mem = arena_new();
        printf("%s\n", json_write(mem, random_card(mem, &seed)));
        arena_free(mem);
    }
    return 0;
}

int main(int argc, char **argv)
{
    long long count = 0;
    if (argc == 3 && str_equal(argv[1], "print") && str_to_i64(argv[2], &count)) {
        return print(count);
    }
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(teams_gotcha_18_no_card_passes_a_limit),
        cmocka_unit_test(test_no_form_is_broken),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
