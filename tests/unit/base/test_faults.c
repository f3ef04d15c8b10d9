#include <string.h>

#include "base/faults.h"
#include "base/str.h"
#include "tests/unit/base/helpers.h"

static void test_all_faults_at_once(void **state)
{
    (void)state;
    arena *mem = arena_new();
    struct faults f;
    faults_init(&f, mem);
    assert_int_equal(f.count, 0);
    assert_string_equal(faults_line(mem, &f, 100), "");
    char path[] = "steps[0].id";
    faults_add(&f, path, "This is %s.", "required");
    memset(path, 'x', sizeof path - 1);
    faults_add(&f, "", "This must be an object.");
    faults_add(&f, NULL, "Nowhere.");
    assert_int_equal(f.count, 3);
    assert_string_equal(f.list[0].path, "steps[0].id");
    assert_string_equal(faults_line(mem, &f, 200),
                        "steps[0].id: This is required.; This must be an object.; Nowhere.");
    json_t *list = arena_json(mem, faults_json(&f));
    json_t *want =
        arena_json(mem, json_pack("[{s:s,s:s},{s:s,s:s},{s:s,s:s}]", "path", "steps[0].id", "text",
                                  "This is required.", "path", "", "text",
                                  "This must be an object.", "path", "", "text", "Nowhere."));
    assert_true(json_equal(list, want));
    arena_free(mem);
}

static void test_many_are_counted_and_some_kept(void **state)
{
    (void)state;
    arena *mem = arena_new();
    struct faults f;
    faults_init(&f, mem);
    for (int i = 0; i < FAULTS_MAX + 1000; i++) {
        faults_add(&f, "a", "Fault %d.", i);
    }
    assert_int_equal(f.count, FAULTS_MAX + 1000);
    json_t *list = arena_json(mem, faults_json(&f));
    assert_int_equal(json_array_size(list), FAULTS_MAX);
    assert_true(str_ends(faults_line(mem, &f, 100000), "; and 1000 more"));
    arena_free(mem);
}

static void test_line_is_cut_on_a_character(void **state)
{
    (void)state;
    arena *mem = arena_new();
    struct faults f;
    faults_init(&f, mem);
    faults_add(&f, "n\xC3\xA4me", "\xE2\x82\xAC\xE2\x82\xAC\xE2\x82\xAC");
    size_t full = strlen("n\xC3\xA4me: ") + 9;
    for (size_t max = 0; max < full; max++) {
        char *line = faults_line(mem, &f, max);
        assert_true(strlen(line) <= max);
        assert_true(str_is_utf8(line, strlen(line)));
        if (max >= 3) {
            assert_true(str_ends(line, "\xE2\x80\xA6"));
        }
    }
    assert_int_equal(strlen(faults_line(mem, &f, full)), full);
    arena_free(mem);
}

static void test_hostile_text_stays_json(void **state)
{
    (void)state;
    arena *mem = arena_new();
    struct faults f;
    faults_init(&f, mem);
    faults_add(&f,
               "a\xff"
               "b",
               "Not \xC0\x80 \x01 text.");
    json_t *list = arena_json(mem, faults_json(&f));
    json_t *fault = json_array_get(list, 0);
    assert_string_equal(json_string_value(json_object_get(fault, "path")), "a\xEF\xBF\xBD"
                                                                           "b");
    assert_string_equal(json_string_value(json_object_get(fault, "text")),
                        "Not \xEF\xBF\xBD\xEF\xBF\xBD \x01 text.");
    arena_free(mem);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_all_faults_at_once),
        cmocka_unit_test(test_many_are_counted_and_some_kept),
        cmocka_unit_test(test_line_is_cut_on_a_character),
        cmocka_unit_test(test_hostile_text_stays_json),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
