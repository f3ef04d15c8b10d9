#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/db/support.h"

/* What goes in comes out: every parameter type, NULL, quotes, NUL bytes, large values. */

static db_pool *pool;
static db *conn;
static arena *mem;

static int setup(void **state)
{
    const struct test_db *d = *state;
    pool = test_pool(d->url, 1);
    conn = test_take(pool);
    mem = arena_new();
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    arena_free(mem);
    db_give(conn);
    test_pool_free(pool);
    return 0;
}

static rows *query(const struct stmt *s, const struct db_arg *args)
{
    rows *r = NULL;
    struct err e = {0};
    if (db_query(conn, s, args, mem, &r, &e) != 0) {
        fail_msg("%s: %s %s", s->name, e.code, e.text);
    }
    return r;
}

static void scalars(void **state)
{
    (void)state;
    static const struct stmt s = {"scalars", "select $1::text, $2::bigint, $3::boolean, $4::bytea",
                                  4, 4};
    static const uint8_t raw[] = {0, 1, '\\', '\'', 0, 255};
    const char *text = "it's \"quoted\" \\ $1 {a,b} \xe2\x82\xac\n\t%s";
    rows *r = query(&s, DB_ARGS(DB_TEXT(text), DB_I64(INT64_MIN), DB_BOOL(true),
                                DB_BYTES(((struct bytes){raw, sizeof raw}))));
    assert_int_equal(rows_count(r), 1);
    assert_string_equal(row_text(r, 0, 0), text);
    assert_true(row_i64(r, 0, 1) == INT64_MIN);
    assert_true(row_bool(r, 0, 2));
    struct bytes back = row_bytes(r, 0, 3);
    assert_int_equal(back.len, sizeof raw);
    assert_memory_equal(back.data, raw, sizeof raw);
    r = query(&s, DB_ARGS(DB_TEXT(""), DB_I64(INT64_MAX), DB_BOOL(false),
                          DB_BYTES(((struct bytes){raw, 0}))));
    assert_string_equal(row_text(r, 0, 0), "");
    assert_true(row_i64(r, 0, 1) == INT64_MAX);
    assert_false(row_bool(r, 0, 2));
    assert_false(row_null(r, 0, 3));
    assert_non_null(row_bytes(r, 0, 3).data);
    assert_int_equal(row_bytes(r, 0, 3).len, 0);
}

static void nulls(void **state)
{
    (void)state;
    static const struct stmt s = {"nulls", "select $1::text, $2::bigint, $3::boolean, $4::bytea", 4,
                                  4};
    rows *r = query(&s, DB_ARGS(DB_TEXT(NULL), DB_TEXT(NULL), DB_TEXT(NULL),
                                DB_BYTES(((struct bytes){NULL, 0}))));
    for (int i = 0; i < 4; i++) {
        assert_true(row_null(r, 0, i));
    }
    assert_null(row_text(r, 0, 0));
    assert_true(row_i64(r, 0, 1) == 0);
    assert_false(row_bool(r, 0, 2));
    assert_null(row_bytes(r, 0, 3).data);
}

static void text_lists(void **state)
{
    (void)state;
    static const struct stmt s = {
        "text_lists", "select v from unnest($1::text[]) with ordinality as t(v, n) order by n", 1,
        1};
    const char *in[] = {"",      "NULL", NULL,   "null", "a,b",  "{}",
                        "\"",    "\\",   "\\\"", " x ",  "it's", "\xc3\xa4\xf0\x9f\x98\x80",
                        "\n\t\r"};
    const size_t count = sizeof in / sizeof in[0];
    rows *r = query(&s, DB_ARGS(DB_TEXTS(in, count)));
    assert_int_equal(rows_count(r), count);
    for (size_t i = 0; i < count; i++) {
        if (in[i] == NULL) {
            assert_true(row_null(r, i, 0));
        } else {
            assert_string_equal(row_text(r, i, 0), in[i]);
        }
    }
    assert_int_equal(rows_count(query(&s, DB_ARGS(DB_TEXTS(in, 0)))), 0);
}

static void lists_of_other_types_are_read_by_the_server(void **state)
{
    (void)state;
    static const struct stmt s = {"uuids", "select count(*) from unnest($1::uuid[], $2::int[])", 2,
                                  1};
    const char *in[] = {"01890a5d-ac96-774b-bcce-b302099a8057", NULL};
    const int64_t numbers[] = {1, 2, 3};
    rows *r = query(&s, DB_ARGS(DB_TEXTS(in, 2), DB_I64_LIST(numbers, 3)));
    assert_int_equal(row_i64(r, 0, 0), 3);
}

static void byte_lists(void **state)
{
    (void)state;
    static const struct stmt s = {
        "byte_lists", "select v from unnest($1::bytea[]) with ordinality as t(v, n) order by n", 1,
        1};
    static const uint8_t raw[] = {0, '"', '\\', ',', '{', 255, 0};
    const struct bytes in[] = {{raw, sizeof raw}, {NULL, 0}, {raw, 0}, {raw, 1}};
    rows *r = query(&s, DB_ARGS(DB_BYTES_LIST(in, 4)));
    assert_int_equal(rows_count(r), 4);
    assert_int_equal(row_bytes(r, 0, 0).len, sizeof raw);
    assert_memory_equal(row_bytes(r, 0, 0).data, raw, sizeof raw);
    assert_true(row_null(r, 1, 0));
    assert_false(row_null(r, 2, 0));
    assert_int_equal(row_bytes(r, 2, 0).len, 0);
    assert_int_equal(row_bytes(r, 3, 0).len, 1);
    assert_int_equal(rows_count(query(&s, DB_ARGS(DB_BYTES_LIST(in, 0)))), 0);
}

static void number_lists(void **state)
{
    (void)state;
    static const struct stmt s = {
        "number_lists", "select min(v), max(v), count(*) from unnest($1::bigint[]) t(v)", 1, 3};
    const int64_t in[] = {INT64_MIN, 0, -1, INT64_MAX};
    rows *r = query(&s, DB_ARGS(DB_I64_LIST(in, 4)));
    assert_true(row_i64(r, 0, 0) == INT64_MIN);
    assert_true(row_i64(r, 0, 1) == INT64_MAX);
    r = query(&s, DB_ARGS(DB_I64_LIST(in, 0)));
    assert_int_equal(row_i64(r, 0, 2), 0);
}

static void large_values(void **state)
{
    (void)state;
    static const struct stmt s = {"large", "select $1::bytea, $2::text, $3::bytea[]", 3, 3};
    static const struct stmt length = {"large_list",
                                       "select sum(length(v)) from unnest($1::bytea[]) t(v)", 1, 1};
    const size_t size = 1024 * 1024;
    uint8_t *raw = arena_alloc(mem, size);
    char *text = arena_alloc(mem, size + 1);
    for (size_t i = 0; i < size; i++) {
        raw[i] = (uint8_t)(i * 7);
        text[i] = (char)('a' + i % 26);
    }
    struct bytes big = {raw, size};
    struct bytes many[8] = {big, big, big, big, big, big, big, big};
    rows *r = query(&s, DB_ARGS(DB_BYTES(big), DB_TEXT(text), DB_BYTES_LIST(many, 1)));
    assert_int_equal(row_bytes(r, 0, 0).len, size);
    assert_memory_equal(row_bytes(r, 0, 0).data, raw, size);
    assert_string_equal(row_text(r, 0, 1), text);
    r = query(&length, DB_ARGS(DB_BYTES_LIST(many, 8)));
    assert_true(row_i64(r, 0, 0) == (int64_t)(8 * size));
}

static void bytes_of_a_text_column(void **state)
{
    (void)state;
    static const struct stmt s = {"as_bytes", "select 'abc'", 0, 1};
    struct bytes b = row_bytes(query(&s, DB_NO_ARGS), 0, 0);
    assert_int_equal(b.len, 3);
    assert_memory_equal(b.data, "abc", 3);
}

static void affected_rows(void **state)
{
    (void)state;
    struct err e = {0};
    assert_int_equal(test_run(conn, "create table counted (n int)", &e), 0);
    assert_int_equal(test_run(conn, "insert into counted select generate_series(1, 7)", &e), 0);
    assert_int_equal(db_affected(conn), 7);
    assert_int_equal(test_run(conn, "update counted set n = 0 where n > 4", &e), 0);
    assert_int_equal(db_affected(conn), 3);
    assert_int_equal(test_run(conn, "delete from counted where n > 100", &e), 0);
    assert_int_equal(db_affected(conn), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(scalars),
        cmocka_unit_test(nulls),
        cmocka_unit_test(text_lists),
        cmocka_unit_test(lists_of_other_types_are_read_by_the_server),
        cmocka_unit_test(byte_lists),
        cmocka_unit_test(number_lists),
        cmocka_unit_test(large_values),
        cmocka_unit_test(bytes_of_a_text_column),
        cmocka_unit_test(affected_rows),
    };
    void *state = test_db_new();
    setup(&state);
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    teardown(&state);
    test_db_free(state);
    return failed;
}
