#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/db/support.h"

/* Prepared statements: made when first used, made again when the server has lost them. */

static struct test_db *base;
static db_pool *pool;
static db *conn;
static arena *mem;

static const struct stmt count_prepared = {
    "count_prepared", "select count(*) from pg_prepared_statements where name = $1", 1, 1};
static const struct stmt add = {"prepare_add", "insert into item values ($1)", 1, 0};
static const struct stmt get = {"prepare_get", "select id from item order by id", 0, 1};

static int setup(void **state)
{
    (void)state;
    base = test_db_new();
    test_sql(base->url, "create table item (id int)");
    pool = test_pool(base->url, 1);
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
    test_db_free(base);
    return 0;
}

static int64_t prepared(const char *name)
{
    rows *r = NULL;
    struct err e = {0};
    if (db_query(conn, &count_prepared, DB_ARGS(DB_TEXT(name)), mem, &r, &e) != 0) {
        fail_msg("%s %s", e.code, e.text);
    }
    return row_i64(r, 0, 0);
}

static int add_item(int64_t id, struct err *e)
{
    return db_query(conn, &add, DB_ARGS(DB_I64(id)), mem, NULL, e);
}

static void prepared_on_first_use(void **state)
{
    (void)state;
    struct err e = {0};
    assert_int_equal(prepared("prepare_add"), 0);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(add_item(i, &e), 0);
        assert_int_equal(prepared("prepare_add"), 1);
    }
}

static void discarded_statements_are_prepared_again(void **state)
{
    (void)state;
    struct err e = {0};
    assert_int_equal(add_item(1, &e), 0);
    assert_int_equal(test_run(conn, "deallocate all", &e), 0);
    assert_int_equal(add_item(2, &e), 0);
    assert_int_equal(test_run(conn, "discard all", &e), 0);
    assert_int_equal(db_begin(conn, &e), 0); /* first of a transaction: starts it again */
    assert_int_equal(add_item(3, &e), 0);
    assert_int_equal(db_commit(conn, &e), 0);
    test_sql_until(base->url, "select count(*) from item", "3");
}

static void lost_in_the_middle_of_a_transaction(void **state)
{
    (void)state;
    struct err e = {0};
    assert_int_equal(add_item(1, &e), 0);
    assert_int_equal(db_begin(conn, &e), 0);
    assert_int_equal(test_run(conn, "deallocate all", &e), 0);
    assert_int_equal(add_item(2, &e), -1);
    assert_int_equal(e.kind, ERR_DATABASE);
    assert_string_equal(e.code, "db_retry");
    db_give(conn);
    conn = test_take(pool);
    assert_int_equal(add_item(2, &e), 0);
    test_sql_until(base->url, "select count(*) from item", "2");
}

static void plan_of_a_changed_table_is_made_again(void **state)
{
    (void)state;
    struct err e = {0};
    rows *r = NULL;
    assert_int_equal(add_item(7, &e), 0);
    assert_int_equal(db_query(conn, &get, DB_NO_ARGS, mem, &r, &e), 0);
    test_sql(base->url, "alter table item alter id type bigint");
    assert_int_equal(db_query(conn, &get, DB_NO_ARGS, mem, &r, &e), 0);
    assert_int_equal(row_i64(r, 0, 0), 7);
}

static void two_statements_with_one_name_do_not_mix(void **state)
{
    (void)state;
    static const struct stmt one = {"same_name", "select 1", 0, 1};
    static const struct stmt two = {"same_name", "select 2", 0, 1};
    struct err e = {0};
    rows *r = NULL;
    for (int i = 0; i < 3; i++) {
        assert_int_equal(db_query(conn, &one, DB_NO_ARGS, mem, &r, &e), 0);
        assert_int_equal(row_i64(r, 0, 0), 1);
        assert_int_equal(db_query(conn, &two, DB_NO_ARGS, mem, &r, &e), 0);
        assert_int_equal(row_i64(r, 0, 0), 2);
    }
}

static void failed_first_use_is_prepared_once(void **state)
{
    (void)state;
    static const struct stmt divide = {"divide", "select 1 / $1::int", 1, 1};
    struct err e = {0};
    rows *r = NULL;
    assert_int_equal(db_query(conn, &divide, DB_ARGS(DB_I64(0)), mem, &r, &e), -1);
    assert_string_equal(e.code, "db_statement");
    assert_int_equal(prepared("divide"), 1);
    assert_int_equal(db_query(conn, &divide, DB_ARGS(DB_I64(1)), mem, &r, &e), 0);
    assert_int_equal(row_i64(r, 0, 0), 1);
}

static void more_statements_than_are_remembered(void **state)
{
    (void)state;
    struct err e = {0};
    for (int round = 0; round < 2; round++) {
        for (int i = 0; i < 1000; i++) {
            const struct stmt s = {arena_printf(mem, "many_%d", i), "select 1", 0, 1};
            assert_int_equal(db_query(conn, &s, DB_NO_ARGS, mem, NULL, &e), 0);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(prepared_on_first_use, setup, teardown),
        cmocka_unit_test_setup_teardown(discarded_statements_are_prepared_again, setup, teardown),
        cmocka_unit_test_setup_teardown(lost_in_the_middle_of_a_transaction, setup, teardown),
        cmocka_unit_test_setup_teardown(plan_of_a_changed_table_is_made_again, setup, teardown),
        cmocka_unit_test_setup_teardown(two_statements_with_one_name_do_not_mix, setup, teardown),
        cmocka_unit_test_setup_teardown(failed_first_use_is_prepared_once, setup, teardown),
        cmocka_unit_test_setup_teardown(more_statements_than_are_remembered, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
