/* Which recipe a typed text means. */
#include "tests/unit/recipe/recipe_help.h"

#include <string.h>

#include "base/str.h"

static const struct recipe_row list[] = {
    {.name = "create", .command = "salesforce create opportunity", .enabled = true},
    {.name = "off", .command = "box share", .enabled = false},
    {.name = "hook", .command = NULL, .enabled = true},
    {.name = "note", .command = "note", .enabled = true},
    {.name = "umlaut", .command = "zürich öffnen", .enabled = true},
    {.name = "hidden", .command = "tuck away", .enabled = true, .hidden = true},
};
enum { LIST_COUNT = sizeof list / sizeof list[0] };

/* "name|rest", or "" for none. */
static char *match(arena *mem, const char *text)
{
    const char *rest = NULL;
    const struct recipe_row *row = recipe_match(mem, list, LIST_COUNT, text, &rest);
    assert_true((row == NULL) == (rest == NULL));
    return row == NULL ? arena_strdup(mem, "") : arena_printf(mem, "%s|%s", row->name, rest);
}

/* The same in any order of a command's words. */
static void words_match_in_any_order_when_only_one_has_them(void **state)
{
    (void)state;
    static const struct recipe_row some[] = {
        {.name = "create", .command = "salesforce create opportunity", .enabled = true},
        {.name = "off", .command = "box share", .enabled = false},
        {.name = "hook", .command = NULL, .enabled = true},
        {.name = "there", .command = "move from here", .enabled = true},
        {.name = "back", .command = "from here move", .enabled = true},
        {.name = "twice", .command = "very very good", .enabled = true},
    };
    static const char *const cases[][2] = {
        {"create salesforce opportunity", "create|"},
        {"  Opportunity  CREATE\tsalesforce name: A  b ", "create|name: A  b"},
        {"create salesforce", ""},
        {"create opportunity name: salesforce", ""},
        {"create salesforce opportunities", ""},
        {"share box", ""},
        {"here move from", ""}, /* two have these words */
        {"good very very", "twice|"},
        {"good good very", ""},
        {"", ""},
    };
    arena *mem = arena_new();
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const char *rest = NULL;
        const struct recipe_row *row =
            recipe_match_any_order(mem, some, sizeof some / sizeof some[0], cases[i][0], &rest);
        const char *got = row == NULL ? "" : arena_printf(mem, "%s|%s", row->name, rest);
        if (!str_equal(got, cases[i][1])) {
            fail_msg("\"%s\" means \"%s\"", cases[i][0], got);
        }
    }
    arena_free(mem);
}

static void words_match_whatever_case_and_spaces(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        {"salesforce create opportunity", "create|"},
        {"  Salesforce\tCREATE \n opportunity  ", "create|"},
        {"salesforce create opportunity name: Acme  Renewal ", "create|name: Acme  Renewal"},
        {"salesforce create opportunity\nname: x", "create|name: x"},
        {"NOTE Buy Milk", "note|Buy Milk"},
        {"Zürich öffnen", "umlaut|"},
        {"tuck away", "hidden|"},
        /* a part of a word is not the word */
        {"salesforce create opportunitys", ""},
        {"salesforce create opportunity: x", ""},
        {"salesforce create opportun", ""},
        {"salesforce create", ""},
        {"salesforcecreate opportunity", ""},
        {"xsalesforce create opportunity", ""},
        {"notes", ""},
        {"note:", ""},
        {"note-x", ""},
        {"a note", ""},
        {"", ""},
        {"   ", ""},
        /* switched off, or not for typing */
        {"box share", ""},
        {"box share file: x", ""},
    };
    arena *mem = arena_new();
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        if (!str_equal(match(mem, cases[i][0]), cases[i][1])) {
            fail_msg("\"%s\" means \"%s\"", cases[i][0], match(mem, cases[i][0]));
        }
    }
    const char *rest = NULL;
    assert_null(recipe_match(mem, NULL, 0, "note", &rest));
    arena_free(mem);
}

static void folded_commands_are_equal(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        {"Salesforce  Create\tOpportunity", "salesforce create opportunity"},
        {"  note ", "note"},
        {"", ""},
        {" \n ", ""},
        {"Ümlaut X", "Ümlaut x"},
    };
    arena *mem = arena_new();
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_string_equal(recipe_command_fold(mem, cases[i][0]), cases[i][1]);
    }
    char *longest = arena_alloc(mem, 9000);
    memset(longest, 'X', 8999);
    assert_true(strlen(recipe_command_fold(mem, longest)) < 8999);
    arena_free(mem);
}

/* A command is found however its letters and gaps are written, with whatever follows it; glued to
 * a further letter it is not. Folding twice is folding once. */
static void any_writing_of_a_command_is_found(void **state)
{
    (void)state;
    static const char *const gaps[] = {" ", "  ", "\t", "\n", " \r\n "};
    static const char *const tails[] = {"", " name: x", "\nx", "  😀"};
    uint64_t seed = test_seed();
    arena *mem = arena_new();
    for (size_t i = 0; i < 5000; i++) {
        size_t which = pick(&seed, 2) ? 0 : 3;
        struct str s = str_new(mem, 400);
        for (const char *p = list[which].command; *p != '\0'; p++) {
            bool up = *p >= 'a' && *p <= 'z' && pick(&seed, 2);
            if (*p == ' ') {
                str_add(&s, gaps[pick(&seed, 5)]);
            } else {
                str_add_char(&s, up ? "ABCDEFGHIJKLMNOPQRSTUVWXYZ"[*p - 'a'] : *p);
            }
        }
        char *folded = recipe_command_fold(mem, s.text);
        assert_string_equal(folded, list[which].command);
        assert_string_equal(recipe_command_fold(mem, folded), folded);
        const char *rest = NULL, *tail = tails[pick(&seed, 4)];
        const struct recipe_row *row =
            recipe_match(mem, list, LIST_COUNT, arena_printf(mem, "%s%s", s.text, tail), &rest);
        assert_ptr_equal(row, &list[which]);
        assert_string_equal(rest, str_trim(mem, tail));
        str_add_char(&s, "abz_-:.0"[pick(&seed, 8)]);
        assert_null(recipe_match(mem, list, LIST_COUNT, s.text, &rest));
    }
    arena_free(mem);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(words_match_whatever_case_and_spaces),
        cmocka_unit_test(words_match_in_any_order_when_only_one_has_them),
        cmocka_unit_test(folded_commands_are_equal),
        cmocka_unit_test(any_writing_of_a_command_is_found),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
