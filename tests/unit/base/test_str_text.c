#include <limits.h>
#include <string.h>

#include "base/str.h"
#include "tests/unit/base/helpers.h"

static void test_equal(void **state)
{
    (void)state;
    assert_true(str_equal("a", "a"));
    assert_true(str_equal("", ""));
    assert_true(str_equal(NULL, NULL));
    assert_false(str_equal("a", "A"));
    assert_false(str_equal("a", "ab"));
    assert_false(str_equal(NULL, ""));
    assert_false(str_equal("", NULL));
}

static void test_equal_fold_is_ascii(void **state)
{
    (void)state;
    assert_true(str_equal_fold("Create Opportunity", "cREATE oPPORTUNITY"));
    assert_true(str_equal_fold(NULL, NULL));
    assert_true(str_equal_fold("", ""));
    assert_false(str_equal_fold("ab", "a"));
    assert_false(str_equal_fold("a", "ab"));
    assert_false(str_equal_fold("a", NULL));
    assert_false(str_equal_fold(NULL, "a"));
    assert_false(str_equal_fold("@", "`"));
    assert_false(str_equal_fold("[", "{"));
    assert_false(str_equal_fold("\xC3\x84", "\xC3\xA4"));
}

static void test_starts_and_ends(void **state)
{
    (void)state;
    assert_true(str_starts("slack:T1", "slack:"));
    assert_true(str_starts("x", ""));
    assert_true(str_starts("", ""));
    assert_false(str_starts("sla", "slack"));
    assert_false(str_starts("Slack", "slack"));
    assert_false(str_starts(NULL, "a"));
    assert_false(str_starts("a", NULL));
    assert_true(str_starts_fold("Bearer x", "bEARER "));
    assert_false(str_starts_fold("Bear", "bearer"));
    assert_false(str_starts_fold(NULL, ""));
    assert_false(str_starts_fold("a", NULL));
    assert_true(str_ends("a.json", ".json"));
    assert_true(str_ends("a", ""));
    assert_false(str_ends("son", ".json"));
    assert_false(str_ends("a.jsonx", ".json"));
    assert_false(str_ends(NULL, "a"));
    assert_false(str_ends("a", NULL));
}

static void test_empty(void **state)
{
    (void)state;
    assert_true(str_empty(NULL));
    assert_true(str_empty(""));
    assert_false(str_empty(" "));
}

static void test_trim(void **state)
{
    (void)state;
    arena *mem = arena_new();
    assert_string_equal(str_trim(mem, " \t\r\n\v\f a b \n"), "a b");
    assert_string_equal(str_trim(mem, "a"), "a");
    assert_string_equal(str_trim(mem, "   "), "");
    assert_string_equal(str_trim(mem, ""), "");
    assert_string_equal(str_trim(mem, "\xC2\xA0x"), "\xC2\xA0x");
    assert_null(str_trim(mem, NULL));
    arena_free(mem);
}

static void test_lower(void **state)
{
    (void)state;
    arena *mem = arena_new();
    assert_string_equal(str_lower(mem, "AZaz[@`{09\xC3\x84"), "azaz[@`{09\xC3\x84");
    assert_null(str_lower(mem, NULL));
    arena_free(mem);
}

static void test_cut(void **state)
{
    (void)state;
    arena *mem = arena_new();
    static const char text[] = "ab\xC3\xA9\xF0\x9F\x98\x80"
                               "cd"; /* 10 bytes */
    static const char *const wanted[] = {
        "",                       /* 0 */
        "a",                      /* 1 */
        "ab",                     /* 2 */
        "\xE2\x80\xA6",           /* 3: from here a mark fits */
        "a\xE2\x80\xA6",          /* 4 */
        "ab\xE2\x80\xA6",         /* 5 */
        "ab\xE2\x80\xA6",         /* 6 */
        "ab\xC3\xA9\xE2\x80\xA6", /* 7 */
        "ab\xC3\xA9\xE2\x80\xA6", /* 8 */
        "ab\xC3\xA9\xE2\x80\xA6", /* 9 */
        text,                     /* 10 */
        text,                     /* 11 */
    };
    for (size_t max = 0; max < sizeof wanted / sizeof wanted[0]; max++) {
        assert_string_equal(str_cut(mem, text, max), wanted[max]);
    }
    assert_null(str_cut(mem, NULL, 5));
    arena_free(mem);
}

static void test_to_i64(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        long long value;
    } good[] = {
        {"0", 0},
        {"-0", 0},
        {"42", 42},
        {"-42", -42},
        {"007", 7},
        {"9223372036854775807", LLONG_MAX},
        {"-9223372036854775808", LLONG_MIN},
    };
    static const char *const bad[] = {
        "",
        "-",
        "+1",
        " 1",
        "1 ",
        "1\n",
        "1.0",
        "1e3",
        "0x10",
        "--1",
        "abc",
        "12a",
        "1,000",
        "9223372036854775808",
        "-9223372036854775809",
        "99999999999999999999999999999999999999",
        "\xD9\xA3",
    };
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        long long value = 77;
        assert_true(str_to_i64(good[i].text, &value));
        assert_true(value == good[i].value);
    }
    long long untouched = 77;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        assert_false(str_to_i64(bad[i], &untouched));
    }
    assert_false(str_to_i64(NULL, &untouched));
    assert_true(untouched == 77);
}

static void check_split(const char *text, const char *const *want)
{
    arena *mem = arena_new();
    size_t i = 0;
    for (const char *rest = text, *part = NULL; (part = str_split(mem, &rest, ',')) != NULL; i++) {
        assert_non_null(want[i]);
        assert_string_equal(part, want[i]);
    }
    assert_null(want[i]);
    arena_free(mem);
}

static void test_split(void **state)
{
    (void)state;
    check_split(NULL, (const char *const[]){NULL});
    check_split("", (const char *const[]){"", NULL});
    check_split("a", (const char *const[]){"a", NULL});
    check_split("a,b,cd", (const char *const[]){"a", "b", "cd", NULL});
    check_split(",a,,b,", (const char *const[]){"", "a", "", "b", "", NULL});
    arena *mem = arena_new();
    const char *rest = "abc";
    assert_string_equal(str_split(mem, &rest, '\0'), "abc");
    assert_null(rest);
    arena_free(mem);
}

static void test_guids(void **state)
{
    (void)state;
    arena *mem = arena_new();
    assert_string_equal(str_guid(mem, "01234567-89AB-cdef-ABCD-ef0123456789"),
                        "01234567-89ab-cdef-abcd-ef0123456789");
    static const char *const bad[] = {"",
                                      "01234567-89ab-cdef-abcd-ef012345678",
                                      "01234567-89ab-cdef-abcd-ef01234567890",
                                      "01234567-89ab-cdef-abcd-ef012345678g",
                                      "01234567-89ab-cdef-abcdeef0123456789",
                                      "0123456--89ab-cdef-abcd-ef0123456789",
                                      "{1234567-89ab-cdef-abcd-ef01234567}",
                                      " 1234567-89ab-cdef-abcd-ef0123456789"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        assert_null(str_guid(mem, bad[i]));
    }
    assert_null(str_guid(mem, NULL));
    arena_free(mem);
}

static void test_one_of_a_list(void **state)
{
    (void)state;
    const char *const list[] = {"read", "write"};
    assert_true(str_in(list, 2, "write"));
    assert_false(str_in(list, 1, "write"));
    assert_false(str_in(list, 2, "Write"));
    assert_false(str_in(list, 2, NULL));
    assert_false(str_in(NULL, 0, "read"));
}

static void test_names_of_headers(void **state)
{
    (void)state;
    static const char *const none[] = {"", "X Y", "X:", "a\tb", "(a)", "\xc3\xa4", "a\x7f"};
    assert_true(str_is_token("X-Hub-Signature-256"));
    assert_true(str_is_token("!#$%&'*+-.^_`|~09AZaz"));
    for (size_t i = 0; i < sizeof none / sizeof none[0]; i++) {
        assert_false(str_is_token(none[i]));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_guids),
        cmocka_unit_test(test_equal),
        cmocka_unit_test(test_equal_fold_is_ascii),
        cmocka_unit_test(test_starts_and_ends),
        cmocka_unit_test(test_empty),
        cmocka_unit_test(test_trim),
        cmocka_unit_test(test_lower),
        cmocka_unit_test(test_cut),
        cmocka_unit_test(test_to_i64),
        cmocka_unit_test(test_split),
        cmocka_unit_test(test_one_of_a_list),
        cmocka_unit_test(test_names_of_headers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
