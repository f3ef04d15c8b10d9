#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/json.h"
#include "base/str.h"

static const char text[] =
    "\n"
    "  {\"name\": \"x\",\n"
    "   \"steps\": [\n"
    "      {\"id\": \"a\", \"with\": {\"fields\": {\"Na.me\": 1, \"Née\": 2, \"B\": true}}},\n"
    "\t {\"id\": \"b \\\" , } steps\",\n"
    "      \"with\": [[1, {\"deep\": null}], -2.5e3, \"z\"]}],\n"
    "   \"st\": {}, \"steps.more\": 7 }";

static void test_a_path_leads_to_its_place(void **state)
{
    (void)state;
    static const struct {
        const char *path;
        int line, column;
    } rows[] = {
        {"", 2, 3},
        {"name", 2, 4},
        {"steps", 3, 4},
        {"steps[0]", 4, 7},
        {"steps[0].id", 4, 8},
        {"steps[0].with.fields.Na.me", 4, 39},
        {"steps[0].with.fields.Née", 4, 51},
        {"steps[0].with.fields.B", 4, 61},
        {"steps[1]", 5, 3},
        {"steps[1].with", 6, 7},
        {"steps[1].with[0][1].deep", 6, 21},
        {"steps[1].with[1]", 6, 37},
        {"st", 7, 4},
        {"steps.more", 7, 14},
        /* what is not there: the nearest that is */
        {"reply.text", 2, 3},
        {"steps[2].id", 3, 4},
        {"steps[1].when.path", 5, 3},
        {"nam", 2, 3},
        {"names", 2, 3},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct json_place p = json_place(bytes_of(text), rows[i].path);
        if (p.line != rows[i].line || p.column != rows[i].column) {
            fail_msg("%s: line %d, column %d", rows[i].path, p.line, p.column);
        }
    }
}

static void test_any_text_comes_to_an_end(void **state)
{
    (void)state;
    for (size_t len = 0; len < sizeof text; len++) {
        struct json_place p =
            json_place((struct bytes){(const uint8_t *)text, len}, "steps[1].with[0][1].deep");
        assert_true(p.line >= 1 && p.column >= 1);
    }
    static const char *const broken[] = {"{",      "[",      "\"", "{\"",      "{\"a",
                                         "{\"a\"", "{\"a\\", "]",  "{\"a\":[}"};
    for (size_t i = 0; i < sizeof broken / sizeof broken[0]; i++) {
        assert_int_equal(json_place(bytes_of(broken[i]), "a[0].b").line, 1);
    }
}

static void test_a_syntax_fault_has_its_place(void **state)
{
    (void)state;
    arena *mem = arena_new();
    json_t *value = NULL;
    struct json_place p = {.line = 0};
    struct err e = {.kind = ERR_NONE};
    assert_int_equal(json_read_placed(mem, bytes_of("{\"a\": 1,\n  \"b\" 2}"), &value, &p, &e), -1);
    assert_int_equal(p.line, 2);
    assert_int_equal(json_read_placed(mem, bytes_of(""), &value, &p, &e), -1);
    assert_int_equal(p.line, 1);
    assert_int_equal(json_read_placed(mem, bytes_of("{}"), &value, &p, &e), 0);
    arena_free(mem);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_path_leads_to_its_place),
        cmocka_unit_test(test_any_text_comes_to_an_end),
        cmocka_unit_test(test_a_syntax_fault_has_its_place),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
