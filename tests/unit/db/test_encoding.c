#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "service/db/db_int.h"

/* Encodings and small tables that need no server. */

static void array_literals(void **state)
{
    (void)state;
    static const struct stmt s = {"x", "x", 4, 0};
    const char *texts[] = {"a", NULL, "", "q\"b\\"};
    const int64_t numbers[] = {-1, INT64_MIN};
    arena *mem = arena_new();
    struct params p;
    params_encode(mem, &s,
                  DB_ARGS(DB_TEXTS(texts, 4), DB_TEXTS(texts, 0), DB_I64_LIST(numbers, 2),
                          DB_I64_LIST(numbers, 0)),
                  &p);
    assert_int_equal(p.count, 4);
    assert_string_equal(p.values[0], "{\"a\",NULL,\"\",\"q\\\"b\\\\\"}");
    assert_string_equal(p.values[1], "{}");
    assert_string_equal(p.values[2], "{-1,-9223372036854775808}");
    assert_string_equal(p.values[3], "{}");
    arena_free(mem);
}

static void binary_arrays(void **state)
{
    (void)state;
    static const struct stmt s = {"x", "x", 1, 0};
    static const uint8_t wanted[] = {0, 0, 0, 1, 0, 0, 0, 1, 0, 0,   0,   17,  0,   0,  0,
                                     2, 0, 0, 0, 1, 0, 0, 0, 1, 'z', 255, 255, 255, 255};
    const struct bytes list[] = {bytes_of("z"), {NULL, 0}};
    arena *mem = arena_new();
    struct params p;
    params_encode(mem, &s, DB_ARGS(DB_BYTES_LIST(list, 2)), &p);
    assert_int_equal(p.lengths[0], sizeof wanted);
    assert_int_equal(p.formats[0], 1);
    assert_memory_equal(p.values[0], wanted, sizeof wanted);
    params_encode(mem, &s, DB_ARGS(DB_BYTES_LIST(list, 0)), &p);
    assert_int_equal(p.lengths[0], 12);
    arena_free(mem);
}

static void prepared_set(void **state)
{
    (void)state;
    static struct prepared set;
    static char names[PREPARED_MAX][16];
    for (int i = 0; i < PREPARED_MAX; i++) {
        snprintf(names[i], sizeof names[i], "s%d", i);
        const struct stmt s = {names[i], "select 1", 0, 1};
        assert_false(prepared_full(&set));
        assert_false(prepared_has(&set, &s));
        prepared_add(&set, &s);
        prepared_add(&set, &s);
        assert_true(prepared_has(&set, &s));
    }
    assert_int_equal(set.count, PREPARED_MAX);
    assert_true(prepared_full(&set));
    const struct stmt other_text = {names[0], "select 2", 0, 1};
    assert_false(prepared_has(&set, &other_text));
    prepared_forget(&set);
    const struct stmt first = {names[0], "select 1", 0, 1};
    assert_false(prepared_has(&set, &first));
}

static void interned_names(void **state)
{
    (void)state;
    char name[16] = "one_key";
    const char *first = intern(name);
    assert_string_equal(first, "one_key");
    assert_ptr_not_equal(first, name);
    assert_ptr_equal(first, intern("one_key"));
    bool full = false;
    for (int i = 0; i < 2000 && !full; i++) {
        snprintf(name, sizeof name, "key_%d", i);
        full = intern(name) == NULL;
    }
    assert_true(full);
    assert_ptr_equal(first, intern("one_key"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(array_literals),
        cmocka_unit_test(binary_arrays),
        cmocka_unit_test(prepared_set),
        cmocka_unit_test(interned_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
