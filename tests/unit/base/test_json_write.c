#include <string.h>

#include "base/json.h"
#include "base/str.h"
#include "tests/unit/base/helpers.h"

static void check_same(const char *text)
{
    arena *mem = arena_new();
    json_t *value = NULL;
    struct err e;
    assert_int_equal(json_read(mem, bytes_of(text), &value, &e), 0);
    assert_string_equal(json_write(mem, value), text);
    arena_free(mem);
}

static void test_compact_text_comes_back(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "{}",
        "[]",
        "null",
        "true",
        "false",
        "0",
        "-7",
        "9223372036854775807",
        "-9223372036854775808",
        "\"\"",
        "[[],{},[{}]]",
        "\"\\\"\\\\/\\n\\u0001\\u007f\"",
        "\"\xC3\xA9\xF0\x9F\x98\x80\"",
        "{\"a\":[1,2.5,null,\"x\"],\"b\":{\"c\":true}}",
        "{\"\":1}",
    };
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        check_same(texts[i]);
    }
}

/* A person who typed 0.1 reads 0.1. */
static void test_numbers_are_short(void **state)
{
    (void)state;
    static const char *const numbers[] = {
        "0.1",
        "0.2",
        "1000.1",
        "1.0",
        "-0.5",
        "3.14159",
        "1234567.89",
        "0.0001",
        "1e+22",
        "1e-07",
        "0.30000000000000004",
        "4.94065645841247e-324",
        "1.7976931348623157e+308",
        "-0.0",
    };
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
        check_same(numbers[i]);
    }
}

static void test_keys_are_sorted(void **state)
{
    (void)state;
    arena *mem = arena_new();
    json_t *a = arena_json(mem, json_pack("{s:i,s:i,s:i,s:i}", "b", 1, "a", 2, "B", 3, "ab", 4));
    json_t *b = arena_json(mem, json_pack("{s:i,s:i,s:i,s:i}", "ab", 4, "B", 3, "a", 2, "b", 1));
    assert_string_equal(json_write(mem, a), "{\"B\":3,\"a\":2,\"ab\":4,\"b\":1}");
    assert_string_equal(json_write(mem, a), json_write(mem, b));
    arena_free(mem);
}

static void test_null_pointer_is_null(void **state)
{
    (void)state;
    arena *mem = arena_new();
    assert_string_equal(json_write(mem, NULL), "null");
    arena_free(mem);
}

/* For people: the same values, and as jansson lays them out. */
static void test_lines(void **state)
{
    (void)state;
    arena *mem = arena_new();
    json_t *value = NULL;
    struct err e;
    const char *text = "{\"a\":[1,{\"b\":0.1}],\"c\":{},\"d\":[]}";
    assert_int_equal(json_read(mem, bytes_of(text), &value, &e), 0);
    assert_string_equal(json_write_lines(mem, value), "{\n"
                                                      "  \"a\": [\n"
                                                      "    1,\n"
                                                      "    {\n"
                                                      "      \"b\": 0.1\n"
                                                      "    }\n"
                                                      "  ],\n"
                                                      "  \"c\": {},\n"
                                                      "  \"d\": []\n"
                                                      "}");
    arena_free(mem);
}

static json_t *any_value(uint64_t *seed, int depth)
{
    uint64_t n = next_number(seed);
    switch (n % (depth > 4 ? 5 : 7)) {
    case 0:
        return json_integer((json_int_t)next_number(seed));
    case 1: {
        double value = 0;
        uint64_t bits = next_number(seed);
        memcpy(&value, &bits, sizeof value);
        json_t *real = json_real(value);
        return real != NULL ? real : json_null(); /* not a number, infinite */
    }
    case 2:
        return json_boolean((n & 256) != 0);
    case 3:
        return json_null();
    case 4: {
        char text[12] = {0};
        for (size_t i = 0; i < n / 8 % 11; i++) {
            text[i] = (char)(next_number(seed) >> 40 & 0x7f);
        }
        return json_string(text);
    }
    case 5: {
        json_t *list = json_array();
        for (uint64_t i = 0; i < n / 8 % 6; i++) {
            json_array_append_new(list, any_value(seed, depth + 1));
        }
        return list;
    }
    default: {
        json_t *object = json_object();
        for (uint64_t i = 0; i < n / 8 % 6; i++) {
            char key[2] = {(char)(1 + (next_number(seed) >> 40) % 127), '\0'};
            json_object_set_new(object, key, any_value(seed, depth + 1));
        }
        return object;
    }
    }
}

/* What we write, jansson and json_read() read back as the same value, bit by bit of a number. */
static void test_any_value_comes_back(void **state)
{
    (void)state;
    uint64_t seed = 11;
    for (int i = 0; i < 5000; i++) {
        arena *mem = arena_new();
        json_t *value = arena_json(mem, any_value(&seed, 0));
        char *text = json_write(mem, value);
        json_t *other = arena_json(mem, json_loads(text, JSON_DECODE_ANY, NULL));
        assert_non_null(other);
        assert_true(json_equal(value, other));
        struct err e;
        json_t *again = NULL;
        assert_int_equal(json_read(mem, bytes_of(text), &again, &e), 0);
        assert_string_equal(json_write(mem, again), text);
        arena_free(mem);
    }
}

static void write_deep(void *arg)
{
    json_t *value = json_array();
    for (int i = 0; i < 1000; i++) {
        value = json_pack("[o]", value);
    }
    (void)json_write(arg, value);
}

static void test_a_cycle_dies(void **state)
{
    (void)state;
    arena *mem = arena_new();
    assert_true(dies(write_deep, mem, "levels"));
    arena_free(mem);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_compact_text_comes_back),
        cmocka_unit_test(test_numbers_are_short),
        cmocka_unit_test(test_keys_are_sorted),
        cmocka_unit_test(test_null_pointer_is_null),
        cmocka_unit_test(test_lines),
        cmocka_unit_test(test_any_value_comes_back),
        cmocka_unit_test(test_a_cycle_dies),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
