#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <pthread.h>
#include <time.h>

#include "base/clock.h"
#include "tests/db/proxy.h"
#include "tests/db/support.h"

/* Connections lost at each possible moment, through a relay that cuts them. */

static struct test_db *base;
static proxy *relay;
static db_pool *pool;

static int group_setup(void **state)
{
    (void)state;
    base = test_db_new();
    test_sql(base->url, "create table item (id bigint primary key)");
    relay = proxy_new(base->url);
    return 0;
}

static int group_teardown(void **state)
{
    (void)state;
    proxy_free(relay);
    test_db_free(base);
    return 0;
}

static int setup(void **state)
{
    (void)state;
    test_sql(base->url, "truncate item");
    pool = test_pool(proxy_url(relay), 2);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    proxy_set(relay, PROXY_PASS);
    test_pool_free(pool);
    return 0;
}

static void assert_items(const char *wanted)
{
    test_sql_until(base->url, "select count(*) from item", wanted);
}

static void assert_away(const struct err *e, bool maybe_done)
{
    assert_int_equal(e->kind, ERR_DATABASE);
    assert_string_equal(e->code, "db_away");
    assert_int_equal(e->maybe_done, maybe_done);
}

static void use_again(void)
{
    struct err e = {0};
    db *c = test_take(pool);
    assert_int_equal(test_run(c, "insert into item values (100)", &e), 0);
    db_give(c);
}

static void answer_of_a_statement_is_lost(void **state)
{
    (void)state;
    struct err e = {0};
    db *c = test_take(pool);
    proxy_set(relay, PROXY_CUT_ANSWER);
    assert_int_equal(test_run(c, "insert into item values (1)", &e), -1);
    assert_away(&e, true);
    assert_int_equal(test_run(c, "insert into item values (2)", &e), -1);
    assert_away(&e, false);
    assert_int_equal(db_begin(c, &e), -1);
    db_give(c);
    assert_items("1"); /* it had arrived */
    use_again();
}

static void request_of_a_statement_is_lost(void **state)
{
    (void)state;
    struct err e = {0};
    db *c = test_take(pool);
    proxy_set(relay, PROXY_CUT_REQUEST);
    assert_int_equal(test_run(c, "insert into item values (1)", &e), -1);
    assert_away(&e, true);
    db_give(c);
    assert_items("0");
    use_again();
}

static void lost_inside_a_transaction_nothing_is_done(void **state)
{
    (void)state;
    struct err e = {0};
    db *c = test_take(pool);
    assert_int_equal(db_begin(c, &e), 0);
    assert_int_equal(test_run(c, "insert into item values (1)", &e), 0);
    proxy_set(relay, PROXY_CUT_ANSWER);
    assert_int_equal(test_run(c, "insert into item values (2)", &e), -1);
    assert_away(&e, false);
    assert_int_equal(db_commit(c, &e), -1);
    assert_away(&e, false);
    assert_false(db_thread_in_transaction());
    db_give(c);
    assert_items("0");
    use_again();
}

static void lost_with_the_first_statement_of_a_transaction(void **state)
{
    (void)state;
    struct err e = {0};
    db *c = test_take(pool);
    assert_int_equal(db_begin(c, &e), 0);
    proxy_set(relay, PROXY_CUT_ANSWER);
    assert_int_equal(test_run(c, "insert into item values (1)", &e), -1);
    assert_away(&e, false);
    db_give(c);
    assert_false(db_thread_in_transaction());
    assert_items("0");
    use_again();
}

static void answer_to_commit_is_lost(void **state)
{
    (void)state;
    struct err e = {0};
    db *c = test_take(pool);
    assert_int_equal(db_begin(c, &e), 0);
    assert_int_equal(test_run(c, "insert into item values (1)", &e), 0);
    proxy_set(relay, PROXY_CUT_ANSWER);
    assert_int_equal(db_commit(c, &e), -1);
    assert_int_equal(e.kind, ERR_DATABASE);
    assert_string_equal(e.code, "db_commit_unknown");
    assert_true(e.maybe_done);
    assert_false(db_thread_in_transaction());
    db_give(c);
    assert_items("1");
    use_again();
}

static void commit_itself_is_lost(void **state)
{
    (void)state;
    struct err e = {0};
    db *c = test_take(pool);
    assert_int_equal(db_begin(c, &e), 0);
    assert_int_equal(test_run(c, "insert into item values (1)", &e), 0);
    proxy_set(relay, PROXY_CUT_REQUEST);
    assert_int_equal(db_commit(c, &e), -1);
    assert_string_equal(e.code, "db_commit_unknown");
    assert_true(e.maybe_done);
    db_give(c);
    assert_items("0");
    use_again();
}

static void dead_before_the_commit_is_known_to_be_undone(void **state)
{
    (void)state;
    struct err e = {0};
    db *c = test_take(pool);
    assert_int_equal(db_begin(c, &e), 0);
    assert_int_equal(test_run(c, "insert into item values (1)", &e), 0);
    proxy_down(relay);
    proxy_up(relay);
    assert_int_equal(db_commit(c, &e), -1);
    assert_away(&e, false);
    db_give(c);
    assert_items("0");
    use_again();
}

static void ended_by_the_server_in_an_idle_transaction(void **state)
{
    (void)state;
    struct err e = {0};
    db *c = test_take(pool);
    assert_int_equal(db_begin(c, &e), 0);
    assert_int_equal(test_run(c, "set idle_in_transaction_session_timeout = 30", &e), 0);
    test_sql_until(base->url,
                   "select count(*) from pg_stat_activity where application_name = 'workbot'"
                   " and datname = current_database()",
                   "0");
    assert_int_equal(db_commit(c, &e), -1);
    assert_away(&e, false);
    db_give(c);
    use_again();
}

static void *thaw_later(void *arg)
{
    nanosleep(&(struct timespec){.tv_nsec = 200000000}, NULL);
    proxy_set(arg, PROXY_PASS);
    return NULL;
}

/* The COMMIT is on its way, but the server had said before that the session is over. */
static void ended_in_an_idle_transaction_just_before_the_commit(void **state)
{
    (void)state;
    struct err e = {0};
    pthread_t thread;
    db *c = test_take(pool);
    assert_int_equal(db_begin(c, &e), 0);
    assert_int_equal(test_run(c, "set idle_in_transaction_session_timeout = 30", &e), 0);
    assert_int_equal(test_run(c, "insert into item values (1)", &e), 0);
    proxy_set(relay, PROXY_FREEZE);
    test_sql_until(base->url,
                   "select count(*) from pg_stat_activity where application_name = 'workbot'"
                   " and datname = current_database()",
                   "0");
    pthread_create(&thread, NULL, thaw_later, relay);
    assert_int_equal(db_commit(c, &e), -1);
    pthread_join(thread, NULL);
    assert_away(&e, false);
    db_give(c);
    assert_items("0");
    use_again();
}

static void terminated_by_an_operator_while_running(void **state)
{
    (void)state;
    struct err e = {0};
    db *c = test_take(pool);
    assert_int_equal(test_run(c,
                              "do $$ begin perform pg_terminate_backend(pg_backend_pid());"
                              " perform pg_sleep(20); end $$",
                              &e),
                     -1);
    assert_away(&e, true);
    db_give(c);
    use_again();
}

static void dead_while_idle_is_replaced_without_an_error(void **state)
{
    (void)state;
    db_give(test_take(pool));
    test_sql(base->url, "select pg_terminate_backend(pid) from pg_stat_activity"
                        " where application_name = 'workbot' and datname = current_database()");
    test_sql_until(base->url,
                   "select count(*) from pg_stat_activity where application_name = 'workbot'"
                   " and datname = current_database()",
                   "0");
    use_again();
}

static void read_only_server_is_left(void **state)
{
    (void)state;
    struct err e = {0};
    db *c = test_take(pool);
    int before = proxy_accepted(relay);
    assert_int_equal(test_run(c, "set default_transaction_read_only = on", &e), 0);
    assert_int_equal(test_run(c, "insert into item values (1)", &e), -1);
    assert_string_equal(e.code, "db_away"); /* as after a failover: this one was demoted */
    db_give(c);
    use_again();
    assert_int_equal(proxy_accepted(relay), before + 1);
}

static void silent_server_is_given_up(void **state)
{
    (void)state;
    arena *mem = arena_new();
    struct db_options o = {.url = secret_of(mem, proxy_url(relay)),
                           .connections = 1,
                           .wait_ms = 100,
                           .prepare = true,
                           .statement_ms = 100};
    db_pool *p = db_pool_new(&o);
    struct err e = {0};
    db *c = test_take(p);
    proxy_set(relay, PROXY_FREEZE);
    int64_t started_ms = clock_mono_ms();
    assert_int_equal(test_run(c, "insert into item values (1)", &e), -1);
    assert_true(clock_mono_ms() - started_ms < 9000);
    assert_away(&e, true);
    db_give(c);
    proxy_set(relay, PROXY_PASS);
    c = test_take(p);
    db_give(c);
    test_pool_free(p);
    arena_free(mem);
}

static void dead_server_costs_nobody_a_wait(void **state)
{
    (void)state;
    struct err e = {0};
    db *c = NULL;
    proxy_down(relay);
    assert_int_equal(db_take(pool, &c, &e), -1);
    assert_away(&e, false);
    int64_t started_ms = clock_mono_ms();
    int told = 0;
    for (int i = 0; i < 1000; i++) {
        assert_int_equal(db_take(pool, &c, &e), -1);
        assert_away(&e, false);
        told += e.retry_after_ms > 0 && e.retry_after_ms < 2000;
    }
    assert_true(told > 900);
    assert_true(clock_mono_ms() - started_ms < 2000);
    proxy_up(relay);
    int64_t until_ms = clock_mono_ms() + 5000;
    while (db_take(pool, &c, &e) != 0) { /* comes back by itself */
        assert_true(clock_mono_ms() < until_ms);
    }
    db_give(c);
}

static void connecting_to_a_silent_server_holds_up_one_thread_only(void **state)
{
    (void)state;
    struct err e = {0};
    db *c = NULL;
    proxy_set(relay, PROXY_FREEZE);
    assert_int_equal(db_take(pool, &c, &e), -1); /* the connect timeout, once */
    assert_away(&e, false);
    int64_t started_ms = clock_mono_ms();
    assert_int_equal(db_take(pool, &c, &e), -1);
    assert_true(clock_mono_ms() - started_ms < 100);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(answer_of_a_statement_is_lost, setup, teardown),
        cmocka_unit_test_setup_teardown(request_of_a_statement_is_lost, setup, teardown),
        cmocka_unit_test_setup_teardown(lost_inside_a_transaction_nothing_is_done, setup, teardown),
        cmocka_unit_test_setup_teardown(lost_with_the_first_statement_of_a_transaction, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(answer_to_commit_is_lost, setup, teardown),
        cmocka_unit_test_setup_teardown(commit_itself_is_lost, setup, teardown),
        cmocka_unit_test_setup_teardown(dead_before_the_commit_is_known_to_be_undone, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(ended_by_the_server_in_an_idle_transaction, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(ended_in_an_idle_transaction_just_before_the_commit, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(terminated_by_an_operator_while_running, setup, teardown),
        cmocka_unit_test_setup_teardown(dead_while_idle_is_replaced_without_an_error, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(read_only_server_is_left, setup, teardown),
        cmocka_unit_test_setup_teardown(silent_server_is_given_up, setup, teardown),
        cmocka_unit_test_setup_teardown(dead_server_costs_nobody_a_wait, setup, teardown),
        cmocka_unit_test_setup_teardown(connecting_to_a_silent_server_holds_up_one_thread_only,
                                        setup, teardown),
    };
    return cmocka_run_group_tests(tests, group_setup, group_teardown);
}
