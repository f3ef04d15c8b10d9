#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <pthread.h>

#include "tests/db/support.h"

/* Errors by SQLSTATE, transactions, and what a deadlock or a forgotten rollback does. */

static struct test_db *base;
static db_pool *pool;

static int group_setup(void **state)
{
    (void)state;
    base = test_db_new();
    test_sql(base->url, "create table item (id bigint constraint item_pkey primary key,"
                        " name text constraint item_name_unique unique,"
                        " amount int constraint item_amount_check check (amount > 0));"
                        "create table late (id bigint constraint late_id_unique unique"
                        " deferrable initially deferred)");
    pool = test_pool(base->url, 4);
    return 0;
}

static int group_teardown(void **state)
{
    (void)state;
    test_pool_free(pool);
    test_db_free(base);
    return 0;
}

static int empty(void **state)
{
    (void)state;
    test_sql(base->url, "truncate item, late");
    return 0;
}

static const char *count_items(arena *mem)
{
    return test_sql_text(mem, base->url, "select count(*) from item");
}

static void assert_items(const char *wanted)
{
    arena *mem = arena_new();
    assert_string_equal(count_items(mem), wanted);
    arena_free(mem);
}

static void unique_violation_names_its_constraint(void **state)
{
    (void)state;
    struct err e = {0};
    struct err again = {0};
    db *c = test_take(pool);
    assert_int_equal(test_run(c, "insert into item values (1, 'a', 1)", &e), 0);
    assert_int_equal(test_run(c, "insert into item values (2, 'a', 1)", &e), -1);
    assert_int_equal(e.kind, ERR_CONFLICT);
    assert_string_equal(e.code, "item_name_unique");
    assert_false(e.maybe_done);
    assert_int_equal(test_run(c, "insert into item values (3, 'a', 1)", &again), -1);
    assert_ptr_equal(e.code, again.code);
    assert_int_equal(test_run(c, "insert into item values (1, 'b', 1)", &e), -1);
    assert_string_equal(e.code, "item_pkey");
    assert_int_equal(test_run(c, "insert into item values (4, 'c', 1)", &e), 0);
    db_give(c);
}

static void other_refusals(void **state)
{
    (void)state;
    static const struct {
        const char *sql;
        enum err_kind kind;
        const char *code;
    } cases[] = {
        {"insert into item values (1, 'a', 0)", ERR_INTERNAL, "db_statement"},
        {"insert into item values (null, 'a', 1)", ERR_INTERNAL, "db_statement"},
        {"insert into missing values (1)", ERR_INTERNAL, "db_statement"},
        {"insert into", ERR_INTERNAL, "db_statement"},
        {"insert into item (id) select 'canary-value'::text::bigint", ERR_INTERNAL, "db_statement"},
        {"do $$ begin raise exception 'x' using errcode = '40001'; end $$", ERR_DATABASE,
         "db_retry"},
        {"do $$ begin raise exception 'x' using errcode = '53100'; end $$", ERR_DATABASE,
         "db_resources"},
    };
    db *c = test_take(pool);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct err e = {0};
        assert_int_equal(test_run(c, cases[i].sql, &e), -1);
        assert_int_equal(e.kind, cases[i].kind);
        assert_string_equal(e.code, cases[i].code);
        assert_null(strstr(e.text, "canary-value"));
        assert_false(e.maybe_done);
    }
    struct err e = {0};
    assert_int_equal(test_run(c, "insert into item values (1, 'a', 1)", &e), 0);
    db_give(c);
}

static void statement_timeout_is_an_error_of_its_own(void **state)
{
    (void)state;
    arena *mem = arena_new();
    struct db_options o = {.url = secret_of(mem, base->url),
                           .connections = 1,
                           .wait_ms = 100,
                           .prepare = true,
                           .statement_ms = 50};
    db_pool *p = db_pool_new(&o);
    db *c = test_take(p);
    struct err e = {0};
    assert_int_equal(test_run(c, "do $$ begin perform pg_sleep(20); end $$", &e), -1);
    assert_int_equal(e.kind, ERR_DATABASE);
    assert_string_equal(e.code, "db_timeout");
    assert_int_equal(test_run(c, "insert into item values (1, 'a', 1)", &e), 0);
    db_give(c);
    test_pool_free(p);
    arena_free(mem);
}

static void a_statement_that_wants_to_copy_does_not_hang(void **state)
{
    (void)state;
    struct err e = {0};
    db *c = test_take(pool);
    assert_int_equal(test_run(c, "copy item to stdout", &e), -1);
    db_give(c);
    c = test_take(pool);
    assert_int_equal(test_run(c, "", &e), 0);
    db_give(c);
}

static void wrong_column_count_is_told(void **state)
{
    (void)state;
    arena *mem = arena_new();
    static const struct stmt s = {"two_columns", "select 1, 2", 0, 1};
    struct err e = {0};
    db *c = test_take(pool);
    rows *r = NULL;
    assert_int_equal(db_query(c, &s, DB_NO_ARGS, mem, &r, &e), -1);
    assert_null(r);
    assert_string_equal(e.code, "db_statement");
    db_give(c);
    arena_free(mem);
}

static void statements_are_checked(void **state)
{
    (void)state;
    static const struct stmt good = {"good", "select id, name from item where id = $1", 1, 2};
    static const struct stmt params = {"params", "select id, name from item where id = $1", 2, 2};
    static const struct stmt columns = {"columns", "select id from item", 0, 2};
    static const struct stmt broken = {"broken", "select nothing from item", 0, 1};
    static const struct stmt silent = {"silent", "delete from item where id = $1", 1, 0};
    struct err e = {0};
    db *c = test_take(pool);
    assert_int_equal(db_check_statement(c, &good, &e), 0);
    assert_int_equal(db_check_statement(c, &silent, &e), 0);
    assert_int_equal(db_check_statement(c, &params, &e), -1);
    assert_int_equal(db_check_statement(c, &columns, &e), -1);
    assert_int_equal(db_check_statement(c, &broken, &e), -1);
    assert_string_equal(e.code, "db_statement");
    assert_int_equal(db_check_statement(c, &good, &e), 0);
    db_give(c);
}

static void commit_and_rollback(void **state)
{
    (void)state;
    struct err e = {0};
    db *c = test_take(pool);
    assert_false(db_thread_in_transaction());
    assert_int_equal(db_begin(c, &e), 0);
    assert_true(db_thread_in_transaction());
    assert_true(db_in_transaction(c));
    assert_int_equal(test_run(c, "insert into item values (1, 'a', 1)", &e), 0);
    assert_items("0");
    assert_int_equal(db_commit(c, &e), 0);
    assert_false(db_thread_in_transaction());
    assert_items("1");
    assert_int_equal(db_begin(c, &e), 0);
    assert_int_equal(test_run(c, "insert into item values (2, 'b', 1)", &e), 0);
    db_rollback(c);
    assert_false(db_in_transaction(c));
    db_rollback(c);
    assert_items("1");
    assert_int_equal(db_begin(c, &e), 0); /* nothing said, nothing sent */
    assert_int_equal(db_commit(c, &e), 0);
    db_give(c);
}

static void give_rolls_back(void **state)
{
    (void)state;
    struct err e = {0};
    db *c = test_take(pool);
    assert_int_equal(db_begin(c, &e), 0);
    assert_int_equal(test_run(c, "insert into item values (1, 'a', 1)", &e), 0);
    db_give(c);
    assert_false(db_thread_in_transaction());
    db *same = test_take(pool);
    assert_ptr_equal(same, c);
    assert_false(db_in_transaction(same));
    assert_int_equal(test_run(same, "insert into item values (1, 'a', 1)", &e), 0);
    db_give(same);
    assert_items("1");
}

static void only_rollback_is_left_after_an_error(void **state)
{
    (void)state;
    struct err e = {0};
    db *c = test_take(pool);
    assert_int_equal(db_begin(c, &e), 0);
    assert_int_equal(test_run(c, "insert into item values (1, 'a', 1)", &e), 0);
    assert_int_equal(test_run(c, "insert into item values (1, 'b', 1)", &e), -1);
    assert_string_equal(e.code, "item_pkey");
    assert_int_equal(test_run(c, "insert into item values (2, 'b', 1)", &e), -1);
    assert_string_equal(e.code, "db_statement");
    assert_int_equal(db_commit(c, &e), -1);
    assert_int_equal(e.kind, ERR_INTERNAL);
    assert_false(e.maybe_done);
    assert_false(db_in_transaction(c));
    assert_items("0");
    assert_int_equal(test_run(c, "insert into item values (2, 'b', 1)", &e), 0);
    db_give(c);
}

static void first_statement_of_a_transaction_fails(void **state)
{
    (void)state;
    struct err e = {0};
    db *c = test_take(pool);
    assert_int_equal(db_begin(c, &e), 0);
    assert_int_equal(test_run(c, "insert into nowhere values (1)", &e), -1);
    db_rollback(c);
    assert_int_equal(db_begin(c, &e), 0);
    assert_int_equal(test_run(c, "insert into item values (5, 'e', 1)", &e), 0);
    assert_int_equal(db_commit(c, &e), 0);
    db_give(c);
    assert_items("1");
}

static void commit_can_be_refused(void **state)
{
    (void)state;
    struct err e = {0};
    db *c = test_take(pool);
    assert_int_equal(db_begin(c, &e), 0);
    assert_int_equal(test_run(c, "insert into late values (1), (1)", &e), 0);
    assert_int_equal(db_commit(c, &e), -1);
    assert_int_equal(e.kind, ERR_CONFLICT);
    assert_string_equal(e.code, "late_id_unique");
    assert_false(e.maybe_done);
    assert_false(db_in_transaction(c));
    db_give(c);
}

static void *second_transaction(void *arg)
{
    db *c = arg;
    struct err e = {0};
    assert_false(db_thread_in_transaction()); /* the flag is the thread's own */
    if (db_begin(c, &e) == 0 && test_run(c, "update item set amount = 3 where id = 2", &e) == 0 &&
        test_run(c, "update item set amount = 3 where id = 1", &e) == 0 && db_commit(c, &e) == 0) {
        return NULL;
    }
    db_rollback(c);
    return strcmp(e.code, "db_retry") == 0 ? arg : NULL;
}

static void deadlock_asks_for_a_retry(void **state)
{
    (void)state;
    struct err e = {0};
    db *first = test_take(pool);
    db *second = test_take(pool);
    assert_int_equal(test_run(first, "insert into item values (1, 'a', 1), (2, 'b', 1)", &e), 0);
    assert_int_equal(db_begin(first, &e), 0);
    assert_int_equal(test_run(first, "update item set amount = 2 where id = 1", &e), 0);
    pthread_t thread;
    assert_int_equal(pthread_create(&thread, NULL, second_transaction, second), 0);
    test_sql_until(base->url,
                   "select count(*) from pg_stat_activity where wait_event_type = 'Lock'"
                   " and datname = current_database()",
                   "1");
    int outcome = test_run(first, "update item set amount = 2 where id = 2", &e);
    outcome = outcome == 0 ? db_commit(first, &e) : outcome;
    db_rollback(first);
    void *refused = NULL;
    pthread_join(thread, &refused);
    /* PostgreSQL ends one of the two, and only one. */
    assert_true((outcome != 0) != (refused != NULL));
    if (outcome != 0) {
        assert_int_equal(e.kind, ERR_DATABASE);
        assert_string_equal(e.code, "db_retry");
    }
    db_give(first);
    db_give(second);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(unique_violation_names_its_constraint, empty),
        cmocka_unit_test_setup(other_refusals, empty),
        cmocka_unit_test_setup(statement_timeout_is_an_error_of_its_own, empty),
        cmocka_unit_test(a_statement_that_wants_to_copy_does_not_hang),
        cmocka_unit_test(wrong_column_count_is_told),
        cmocka_unit_test(statements_are_checked),
        cmocka_unit_test_setup(commit_and_rollback, empty),
        cmocka_unit_test_setup(give_rolls_back, empty),
        cmocka_unit_test_setup(only_rollback_is_left_after_an_error, empty),
        cmocka_unit_test_setup(first_statement_of_a_transaction_fails, empty),
        cmocka_unit_test_setup(commit_can_be_refused, empty),
        cmocka_unit_test_setup(deadlock_asks_for_a_retry, empty),
    };
    return cmocka_run_group_tests(tests, group_setup, group_teardown);
}
