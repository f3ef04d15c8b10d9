#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/json.h"
#include "recipe.h"

/* Texts of inputs of type date_time: what is read, and what is said of the rest. */

static const struct recipe_input when = {.name = "when", .type = INPUT_DATE_TIME};

static void test_times_that_are_read(void **state)
{
    (void)state;
    static const struct {
        const char *text, *value;
    } cases[] = {
        {"2026-12-01 14:00", "2026-12-01T14:00:00"},
        {"2026-12-01T9:05", "2026-12-01T09:05:00"},
        {"2026-12-01t14:00:59", "2026-12-01T14:00:59"},
        {"  2026-12-01   14:00  ", "2026-12-01T14:00:00"},
        {"2026-12-01T14:00:00Z", "2026-12-01T14:00:00Z"},
        {"2026-12-01 14:00 utc", "2026-12-01T14:00:00Z"},
        {"2026-12-01T14:00:00.123+05:30", "2026-12-01T08:30:00Z"},
        {"2026-12-01T14:00-0500", "2026-12-01T19:00:00Z"},
        {"2026-12-31 23:30 -01", "2027-01-01T00:30:00Z"},
        {"2024-02-29 00:00", "2024-02-29T00:00:00"},
        {"1900-01-01 00:00", "1900-01-01T00:00:00"},
    };
    arena *mem = arena_new();
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        json_t *value = NULL, *again = NULL;
        const char *why = NULL;
        assert_true(recipe_input_value(mem, &when, cases[i].text, &value, &why));
        assert_string_equal(json_string_value(value), cases[i].value);
        assert_true(recipe_input_value(mem, &when, json_string_value(value), &again, &why));
        assert_true(json_equal(value, again)); /* what a run keeps is read as itself */
    }
    arena_free(mem);
}

static void test_texts_that_are_no_time(void **state)
{
    (void)state;
    static const struct {
        const char *text, *why;
    } cases[] = {
        {"", "That is not a date and time. Write it like 2026-12-31 14:30."},
        {"tomorrow 9:00", "That is not a date and time. Write it like 2026-12-31 14:30."},
        {"14:00", "That is not a date and time. Write it like 2026-12-31 14:30."},
        {"2026-12-01", "The time is missing. Write it like 2026-12-31 14:30."},
        {"2026-02-30 14:00", "That is not a date: there is no 30 February 2026."},
        {"2026-12-01 24:00", "That is not a date and time. Write it like 2026-12-31 14:30."},
        {"2026-12-01 14:60", "That is not a date and time. Write it like 2026-12-31 14:30."},
        {"2026-12-01 14", "That is not a date and time. Write it like 2026-12-31 14:30."},
        {"2026-12-01 14:0", "That is not a date and time. Write it like 2026-12-31 14:30."},
        {"2026-12-01 14:00 pm", "That is not a date and time. Write it like 2026-12-31 14:30."},
        {"2026-12-01 14:00+15:00", "That is not a date and time. Write it like 2026-12-31 14:30."},
        {"2026-12-01 14:00+01:00x", "That is not a date and time. Write it like 2026-12-31 14:30."},
        {"1899-12-31 23:59", "That is too far away: the years 1900 to 9998 can be given."},
        {"9999-01-01 00:00", "That is too far away: the years 1900 to 9998 can be given."},
    };
    arena *mem = arena_new();
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        json_t *value = NULL;
        const char *why = NULL;
        assert_false(recipe_input_value(mem, &when, cases[i].text, &value, &why));
        assert_string_equal(why, cases[i].why);
    }
    arena_free(mem);
}

static void test_an_instant_is_known_from_a_clock(void **state)
{
    (void)state;
    arena *mem = arena_new();
    int64_t at = 0;
    assert_true(recipe_instant(arena_json(mem, json_string("2026-12-01T13:00:00Z")), &at));
    assert_int_equal(at, 1796130000);
    assert_false(recipe_instant(arena_json(mem, json_string("2026-12-01T13:00:00")), &at));
    assert_false(recipe_instant(arena_json(mem, json_string("2026-12-01")), &at));
    assert_false(recipe_instant(arena_json(mem, json_integer(1796130000)), &at));
    assert_false(recipe_instant(NULL, &at));
    arena_free(mem);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_times_that_are_read),
        cmocka_unit_test(test_texts_that_are_no_time),
        cmocka_unit_test(test_an_instant_is_known_from_a_clock),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
