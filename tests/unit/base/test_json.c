#include <string.h>

#include "base/json.h"
#include "base/limits.h"
#include "base/str.h"
#include "tests/unit/base/helpers.h"

static json_t *read_good(arena *mem, const char *text)
{
    struct err e = {0};
    json_t *value = NULL;
    assert_int_equal(json_read(mem, bytes_of(text), &value, &e), 0);
    assert_non_null(value);
    return value;
}

static void check_bad(struct bytes text)
{
    arena *mem = arena_new();
    struct err e = {0};
    json_t *value = (json_t *)mem;
    assert_int_equal(json_read(mem, text, &value, &e), -1);
    assert_int_equal(e.kind, ERR_INPUT);
    assert_string_equal(e.code, "bad_json");
    assert_false(str_empty(e.text));
    assert_ptr_equal(value, mem); /* untouched */
    arena_free(mem);
}

static void test_reads_any_value(void **state)
{
    (void)state;
    arena *mem = arena_new();
    assert_true(json_is_object(read_good(mem, " {\"a\": [1, -2.5e3, \"x\", null, true]} ")));
    assert_true(json_is_array(read_good(mem, "[]")));
    assert_true(json_is_string(read_good(mem, "\"x\"")));
    assert_true(json_is_null(read_good(mem, "null")));
    assert_int_equal(json_integer_value(read_good(mem, "9223372036854775807")), INT64_MAX);
    assert_int_equal(json_integer_value(read_good(mem, "-9223372036854775808")), INT64_MIN);
    assert_string_equal(json_string_value(read_good(mem, "\"\\ud83d\\ude00\"")),
                        "\xF0\x9F\x98\x80");
    arena_free(mem);
}

static void test_does_not_need_a_terminator(void **state)
{
    (void)state;
    arena *mem = arena_new();
    struct err e;
    json_t *value = NULL;
    uint8_t *raw = arena_copy(mem, "[1]", 3);
    assert_int_equal(json_read(mem, (struct bytes){raw, 3}, &value, &e), 0);
    assert_int_equal(json_read(mem, (struct bytes){(const uint8_t *)"[1]garbage", 3}, &value, &e),
                     0);
    arena_free(mem);
}

static void test_refuses_what_is_not_json(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "",
        " ",
        "{",
        "[1,]",
        "{\"a\":1,}",
        "{a:1}",
        "{'a':1}",
        "[1] [2]",
        "[1]x",
        "nul",
        "NaN",
        "Infinity",
        "-Infinity",
        "01",
        "+1",
        "1.",
        ".5",
        "0x10",
        "\"\n\"",
        "\"\\x41\"",
        "\"abc",
        "\xEF\xBB\xBF{}",
        "// c\n{}",
        "{\"a\":1,\"a\":2}",
        "{\"x\":{\"a\":1,\"b\":2,\"a\":1}}",
        "\"\\u0000\"",
        "{\"a\\u0000b\":1}",
        "\"\\ud800\"",
        "\"\\udc00\\ud800\"",
        "\"\xff\"",
        "\"\xC0\x80\"",
        "\"\xED\xA0\x80\"",
        "{\"\xff\":1}",
        "]",
        "}",
        "]]]]",
        "\\",
        "\"\\",
        "99999999999999999999",
        "-99999999999999999999",
        "1e999",
        "-1e999",
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        check_bad(bytes_of(bad[i]));
    }
    check_bad((struct bytes){NULL, 0});
    check_bad((struct bytes){(const uint8_t *)"[1]\0", 4});
    check_bad((struct bytes){(const uint8_t *)"\"a\0b\"", 5});
    check_bad((struct bytes){(const uint8_t *)"\0[1]", 4});
}

static char *nested(arena *mem, size_t depth, const char *open, const char *inner,
                    const char *close)
{
    struct str s = str_new(mem, 10 << 20);
    for (size_t i = 0; i < depth; i++) {
        str_add(&s, open);
    }
    str_add(&s, inner);
    for (size_t i = 0; i < depth; i++) {
        str_add(&s, close);
    }
    return s.text;
}

static void test_depth(void **state)
{
    (void)state;
    arena *mem = arena_new();
    (void)read_good(mem, nested(mem, 64, "[", "", "]"));
    (void)read_good(mem, nested(mem, 64, "{\"a\":", "1", "}"));
    check_bad(bytes_of(nested(mem, 65, "[", "", "]")));
    check_bad(bytes_of(nested(mem, 65, "{\"a\":", "1", "}")));
    check_bad(bytes_of(nested(mem, 33, "[{\"a\":", "1", "}]")));
    check_bad(bytes_of(nested(mem, 1000000, "[", "", "]")));
    check_bad(bytes_of(nested(mem, 1000000, "{\"a\":", "", "")));
    /* brackets inside texts, also behind escaped quotes, are no levels */
    (void)read_good(mem, arena_printf(mem, "[\"%s\"]", nested(mem, 500, "[{", "\\\"[", "")));
    (void)read_good(mem, nested(mem, 1, "[\"\\\\\",", nested(mem, 63, "[", "", "]"), "]"));
    check_bad(bytes_of(nested(mem, 1, "[\"\\\\\",", nested(mem, 64, "[", "", "]"), "]")));
    /* many, but side by side */
    (void)read_good(mem, nested(mem, 1, "[", nested(mem, 5000, "[],{},", "", ""), "1]"));
    arena_free(mem);
}

/* P14: what an app answers may be 4 MB, and become a hundred times that. */
static void test_values_are_counted_before_any_is_made(void **state)
{
    (void)state;
    arena *mem = arena_new();
    struct err e = {0};
    json_t *value = NULL;
    enum { PAIRS = LIMIT_JSON_VALUES_COUNT / 2 - 1 }; /* beside them: the list, and its last */
    const char *most = nested(mem, 1, "[", nested(mem, PAIRS, "{},", "", ""), "1]");
    const char *over = nested(mem, 1, "[", nested(mem, PAIRS + 1, "{},", "", ""), "1]");
    (void)read_good(mem, most);
    check_bad(bytes_of(over));
    check_bad(bytes_of(nested(mem, 1, "[", nested(mem, 2 * PAIRS + 2, "1,", "", ""), "1]")));
    assert_int_equal(json_read_ours(mem, bytes_of(over), &value, &e), 0);
    /* inside a text they are none */
    (void)read_good(mem, arena_printf(mem, "[\"%s\"]", nested(mem, 2 * PAIRS, "{},", "", "")));
    arena_free(mem);
}

/* P5: a document may hold secrets, the error is for the log. */
static void test_error_never_quotes_the_document(void **state)
{
    (void)state;
    static const char *const documents[] = {
        "{\"token\":xoxb-sample-canary}",
        "{\"token\":\"xoxb-sample-canary",
        "{\"token\":\"xoxb-sample-canary\"x",
        "{\"xoxb-sample-canary\":1,\"xoxb-sample-canary\":2}",
        "{\"t\":\"xoxb-sample-canary\xff\"}",
        "[\"xoxb-sample-canary\\u0000\"]",
        "xoxb-sample-canary",
        "[\"xoxb-sample-canary\"] xoxb-sample-canary",
    };
    arena *mem = arena_new();
    for (size_t i = 0; i < sizeof documents / sizeof documents[0]; i++) {
        struct err e = {0};
        json_t *value = NULL;
        assert_int_equal(json_read(mem, bytes_of(documents[i]), &value, &e), -1);
        assert_null(strstr(e.text, "canary"));
        assert_null(strstr(e.text, "xoxb"));
    }
    arena_free(mem);
}

static void test_error_says_what_and_where(void **state)
{
    (void)state;
    arena *mem = arena_new();
    struct err e = {0};
    json_t *value = NULL;
    assert_int_equal(json_read(mem, bytes_of("{\n \"a\":1,\n \"a\":2}"), &value, &e), -1);
    assert_non_null(strstr(e.text, "twice"));
    assert_non_null(strstr(e.text, "line 3"));
    assert_int_equal(json_read(mem, bytes_of("[1"), &value, &e), -1);
    assert_non_null(strstr(e.text, "ends too early"));
    arena_free(mem);
}

static void test_members(void **state)
{
    (void)state;
    arena *mem = arena_new();
    json_t *o =
        read_good(mem, "{\"t\":\"x\",\"n\":5,\"r\":1.5,\"y\":true,\"no\":false,\"z\":null}");
    assert_string_equal(json_text(o, "t"), "x");
    assert_null(json_text(o, "n"));
    assert_null(json_text(o, "z"));
    assert_null(json_text(o, "absent"));
    assert_null(json_text(NULL, "t"));
    assert_null(json_text(json_member(o, "t"), "t"));
    assert_int_equal(json_i64(o, "n"), 5);
    assert_int_equal(json_i64(o, "r"), 0);
    assert_int_equal(json_i64(o, "t"), 0);
    assert_int_equal(json_i64(NULL, "n"), 0);
    assert_true(json_flag(o, "y"));
    assert_false(json_flag(o, "no"));
    assert_false(json_flag(o, "n"));
    assert_false(json_flag(NULL, "y"));
    assert_true(json_is_null(json_member(o, "z")));
    assert_null(json_member(o, "absent"));
    assert_null(json_member(NULL, "t"));
    arena_free(mem);
}

static void test_at(void **state)
{
    (void)state;
    arena *mem = arena_new();
    json_t *o = read_good(mem, "{\"a\":{\"b\":[{\"c\":7},[8,9]],\"0\":\"zero\",\"\":\"none\"}}");
    static const struct {
        const char *path;
        const char *text;
    } rows[] = {
        {"a.b.0.c", "7"},
        {"a.b.1.1", "9"},
        {"a.b.00.c", "7"},
        {"a.0", "\"zero\""},
        {"a.", "\"none\""},
        {"a.b.2", NULL},
        {"a.b.-1", NULL},
        {"a.b.+1", NULL},
        {"a.b. 1", NULL},
        {"a.b.x", NULL},
        {"a.b.", NULL},
        {"a.b.18446744073709551616", NULL},
        {"a.b.99999999999999999999999999999999", NULL},
        {"a.b.0.c.d", NULL},
        {"b", NULL},
        {".a", NULL},
        {"a..b", NULL},
        {".", NULL},
        {"", NULL},
        {NULL, NULL},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        json_t *found = json_at(o, rows[i].path);
        if (rows[i].text == NULL) {
            assert_null(found);
        } else {
            assert_string_equal(json_write(mem, found), rows[i].text);
        }
    }
    assert_null(json_at(NULL, "a"));
    arena_free(mem);
}

static void test_builds(void **state)
{
    (void)state;
    arena *mem = arena_new();
    json_t *made = arena_json(mem, json_object()), *list = json_array();
    json_push(list, json_words("one"));
    json_push(list, json_words(NULL));
    json_push(list, json_words("a\xFF"
                               "b"));
    json_put(made, "list", list);
    json_put(made, "n", json_integer(1));
    json_put(made, "n", json_integer(2)); /* in its place */
    assert_string_equal(json_write(mem, made), "{\"list\":[\"one\",\"\",\"a\xEF\xBF\xBD"
                                               "b\"],\"n\":2}");
    arena_free(mem);
}

static void test_lists_of_texts(void **state)
{
    (void)state;
    const char *const texts[] = {"read", "write"};
    arena *mem = arena_new();
    const json_t *list = arena_json(mem, json_texts(texts, 2));
    assert_string_equal(json_write(mem, list), "[\"read\",\"write\"]");
    assert_true(json_has(list, "write"));
    assert_false(json_has(list, "writes"));
    assert_false(json_has(NULL, "write"));
    assert_false(json_has(arena_json(mem, json_pack("{s:s}", "write", "write")), "write"));
    assert_int_equal(json_array_size(arena_json(mem, json_texts(NULL, 0))), 0);
    arena_free(mem);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_reads_any_value),
        cmocka_unit_test(test_does_not_need_a_terminator),
        cmocka_unit_test(test_refuses_what_is_not_json),
        cmocka_unit_test(test_depth),
        cmocka_unit_test(test_values_are_counted_before_any_is_made),
        cmocka_unit_test(test_error_never_quotes_the_document),
        cmocka_unit_test(test_error_says_what_and_where),
        cmocka_unit_test(test_members),
        cmocka_unit_test(test_at),
        cmocka_unit_test(test_builds),
        cmocka_unit_test(test_lists_of_texts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
