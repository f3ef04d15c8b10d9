#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "tests/unit/base/helpers.h"

static void test_grows_and_stays_terminated(void **state)
{
    (void)state;
    arena *mem = arena_new();
    struct str s = str_new(mem, 100000);
    assert_string_equal(s.text, "");
    char *want = arena_alloc(mem, 100001);
    for (size_t i = 0; s.len + 11 <= 100000; i++) {
        str_add(&s, "0123456789");
        str_add_char(&s, 'x');
        memcpy(want + i * 11, "0123456789x", 11);
        assert_int_equal(s.len, (i + 1) * 11);
        assert_int_equal(s.text[s.len], '\0');
    }
    assert_string_equal(s.text, want);
    assert_false(s.cut);
    arena_free(mem);
}

static void test_nothing_to_add(void **state)
{
    (void)state;
    arena *mem = arena_new();
    struct str s = str_new(mem, 0);
    str_add(&s, NULL);
    str_add(&s, "");
    str_add_n(&s, NULL, 0);
    str_add_url(&s, NULL);
    str_add_json(&s, NULL, 0);
    str_printf(&s, "%s", "");
    assert_false(s.cut);
    assert_string_equal(s.text, "");
    str_add_char(&s, 'x');
    assert_true(s.cut);
    assert_string_equal(s.text, "");
    arena_free(mem);
}

static void test_bound_is_exact(void **state)
{
    (void)state;
    arena *mem = arena_new();
    struct str s = str_new(mem, 5);
    str_add(&s, "abc");
    str_add(&s, "de");
    assert_false(s.cut);
    str_add(&s, "f");
    assert_true(s.cut);
    assert_string_equal(s.text, "abcde");
    arena_free(mem);
}

static void test_nothing_follows_a_cut(void **state)
{
    (void)state;
    arena *mem = arena_new();
    struct str s = str_new(mem, 6);
    str_add(&s, "abc\xE2\x82\xAC\xE2\x82\xAC");
    assert_true(s.cut);
    assert_string_equal(s.text, "abc\xE2\x82\xAC");
    s = str_new(mem, 5);
    str_add(&s, "abc\xE2\x82\xAC");
    assert_string_equal(s.text, "abc");
    str_add(&s, "d");
    str_add_char(&s, 'd');
    str_add_n(&s, "d", 1);
    str_printf(&s, "d");
    str_add_url(&s, "d");
    str_add_json(&s, "d", 1);
    assert_string_equal(s.text, "abc");
    arena_free(mem);
}

static void test_escapes_are_never_halved(void **state)
{
    (void)state;
    arena *mem = arena_new();
    for (size_t max = 0; max < 12; max++) {
        struct str url = str_new(mem, max);
        str_add_url(&url, "a/b/c");
        assert_int_equal(url.len, max < 1   ? 0
                                  : max < 4 ? 1
                                  : max < 5 ? 4
                                  : max < 8 ? 5
                                  : max < 9 ? 8
                                            : 9);
        assert_int_equal(url.cut, max < 9);
        struct str json = str_new(mem, max);
        str_add_json(&json, "\x01\"", 2);
        assert_int_equal(json.len, max < 6 ? 0 : max < 8 ? 6 : 8);
        assert_int_equal(json.cut, max < 8);
    }
    arena_free(mem);
}

static void test_embedded_nul_counts(void **state)
{
    (void)state;
    arena *mem = arena_new();
    struct str s = str_new(mem, 10);
    str_add_n(&s, "a\0b", 3);
    assert_int_equal(s.len, 3);
    assert_memory_equal(s.text, "a\0b\0", 4);
    arena_free(mem);
}

static void test_printf(void **state)
{
    (void)state;
    arena *mem = arena_new();
    struct str s = str_new(mem, 3000);
    str_printf(&s, "%d %s;", 42, "x");
    str_printf(&s, "%0255d;", 1); /* 256 bytes: just over the small buffer */
    str_printf(&s, "%0254d;", 1);
    assert_int_equal(s.len, 5 + 256 + 255);
    assert_false(s.cut);
    str_printf(&s, "%04000d", 1);
    assert_true(s.cut);
    assert_int_equal(s.len, 3000);
    arena_free(mem);
}

static void test_url(void **state)
{
    (void)state;
    arena *mem = arena_new();
    struct str s = str_new(mem, 1000);
    str_add_url(&s, "AZaz09-._~ !*'();:@&=+$,/?#[]%\x7f\n\xC3\xA9\xff");
    assert_string_equal(s.text, "AZaz09-._~%20%21%2A%27%28%29%3B%3A%40%26%3D%2B%24%2C%2F%3F%23%5B"
                                "%5D%25%7F%0A%C3%A9%FF");
    arena_free(mem);
}

static void test_json_escapes(void **state)
{
    (void)state;
    arena *mem = arena_new();
    struct str s = str_new(mem, 1000);
    static const char text[] = "a\"b\\c/\b\f\n\r\t\0\x1f\x7f \xE2\x82\xAC\xC0\x80z";
    str_add_json(&s, text, sizeof text - 1);
    assert_string_equal(s.text, "a\\\"b\\\\c/\\b\\f\\n\\r\\t\\u0000\\u001f\\u007f \xE2\x82\xAC"
                                "\xEF\xBF\xBD\xEF\xBF\xBDz");
    arena_free(mem);
}

/* Whatever the bytes are, another JSON reader takes the result and gives the cleaned text back. */
static void test_json_of_any_bytes_is_json(void **state)
{
    (void)state;
    uint64_t seed = 7;
    for (int round = 0; round < 20000; round++) {
        arena *mem = arena_new();
        char text[40];
        size_t len = next_number(&seed) % sizeof text;
        for (size_t i = 0; i < len; i++) {
            uint64_t n = next_number(&seed);
            /* many high bytes, so that sequences and their fragments occur */
            text[i] = (char)(n >> 32 & (n % 2 == 0 ? 0xff : 0x7f));
            text[i] = text[i] == '\0' ? '\x80' : text[i];
        }
        char *terminated = arena_strndup(mem, text, len);
        struct str s = str_new(mem, 1000);
        str_add_char(&s, '"');
        str_add_json(&s, text, len);
        str_add_char(&s, '"');
        json_t *read = arena_json(mem, json_loads(s.text, JSON_DECODE_ANY, NULL));
        assert_non_null(read);
        assert_string_equal(json_string_value(read), str_clean(mem, terminated));
        arena_free(mem);
    }
}

static void ask_too_much(void *arg)
{
    (void)str_new(arg, SIZE_MAX);
}

static void test_absurd_bound_dies(void **state)
{
    (void)state;
    arena *mem = arena_new();
    assert_true(dies(ask_too_much, mem, "bytes asked"));
    arena_free(mem);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_grows_and_stays_terminated),
        cmocka_unit_test(test_nothing_to_add),
        cmocka_unit_test(test_bound_is_exact),
        cmocka_unit_test(test_nothing_follows_a_cut),
        cmocka_unit_test(test_escapes_are_never_halved),
        cmocka_unit_test(test_embedded_nul_counts),
        cmocka_unit_test(test_printf),
        cmocka_unit_test(test_url),
        cmocka_unit_test(test_json_escapes),
        cmocka_unit_test(test_json_of_any_bytes_is_json),
        cmocka_unit_test(test_absurd_bound_dies),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
