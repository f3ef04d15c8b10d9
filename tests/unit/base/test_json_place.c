#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

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

/* More than one walk looks for. */
static void test_many_paths_are_one_walk(void **state)
{
    (void)state;
    enum { MANY = 150 };
    arena *mem = arena_new();
    struct str s = str_new(mem, 10000);
    const char *path[MANY + 1];
    struct json_place places[MANY + 1];
    str_add(&s, "{\"list\": [\n");
    for (int i = 0; i < MANY; i++) {
        str_printf(&s, "%s{\"a\": 1,\n \"key%d\": [0, {\"x\": 1}]}\n", i == 0 ? "" : ",", i);
        path[MANY - 1 - i] = i % 3 == 0 ? arena_printf(mem, "list[%d].key%d[1].x", i, i)
                                        : arena_printf(mem, "list[%d].key%d0.y", i, i);
    }
    path[MANY] = "";
    str_add(&s, "]}");
    json_places(bytes_of(s.text), path, MANY + 1, places);
    for (int i = 0; i <= MANY; i++) {
        struct json_place p = json_place(bytes_of(s.text), path[i]);
        int line = i == MANY ? 1 : 2 * (MANY - 1 - i) + ((MANY - 1 - i) % 3 == 0 ? 3 : 2);
        assert_int_equal(places[i].line, line);
        assert_int_equal(p.line, line);
        assert_int_equal(p.column, places[i].column);
    }
    arena_free(mem);
}

/* Least CPU time of a few goes, in clock ticks. */
static clock_t cost(struct bytes of, const char *const *path, size_t count)
{
    struct json_place places[50];
    clock_t least = 0;
    for (int i = 0; i < 5; i++) {
        clock_t from = clock();
        json_places(of, path, count, places);
        clock_t took = clock() - from;
        least = i == 0 || took < least ? took : least;
    }
    return least;
}

/* Whoever may check a recipe can have fifty faults placed in a long one. */
static void test_fifty_cost_no_fifty_walks(void **state)
{
    (void)state;
    enum { LONG = 250 * 1000, MANY = 50 };
    arena *mem = arena_new();
    struct str s = str_new(mem, LONG + 100);
    const char *path[MANY];
    str_add(&s, "{\"steps\": [0");
    while (s.len < LONG) {
        str_add(&s, ",1");
    }
    str_add(&s, "]}");
    for (int i = 0; i < MANY; i++) {
        path[i] = arena_printf(mem, "steps[%d].id", LONG / 2 - 10 * i);
    }
    clock_t one = cost(bytes_of(s.text), path, 1), all = cost(bytes_of(s.text), path, MANY);
    if (all > 12 * (one + 1)) {
        fail_msg("one: %ld ticks, %d: %ld", (long)one, MANY, (long)all);
    }
    arena_free(mem);
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
        cmocka_unit_test(test_many_paths_are_one_walk),
        cmocka_unit_test(test_fifty_cost_no_fifty_walks),
        cmocka_unit_test(test_any_text_comes_to_an_end),
        cmocka_unit_test(test_a_syntax_fault_has_its_place),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
