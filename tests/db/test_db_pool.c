#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <pthread.h>
#include <stdatomic.h>

#include "base/clock.h"
#include "base/metrics.h"
#include "tests/db/support.h"

/* The pool under contention, its settings, and a server that is not there. */

static struct test_db *base;

static int group_setup(void **state)
{
    (void)state;
    base = test_db_new();
    test_sql(base->url, "create table item (id bigserial primary key, worker int, turn int)");
    return 0;
}

static int group_teardown(void **state)
{
    (void)state;
    test_db_free(base);
    return 0;
}

static db_pool *pool_with(struct db_options o, const char *url)
{
    arena *mem = arena_new();
    o.url = secret_of(mem, url);
    db_pool *p = db_pool_new(&o);
    arena_free(mem); /* the pool keeps its own copy of the URL */
    return p;
}

static void exhausted_pool_waits_and_then_refuses(void **state)
{
    (void)state;
    db_pool *p = pool_with((struct db_options){.connections = 2, .wait_ms = 150, .prepare = true},
                           base->url);
    db *a = test_take(p);
    db *b = test_take(p);
    db *c = NULL;
    struct err e = {0};
    int64_t started_ms = clock_mono_ms();
    assert_int_equal(db_take(p, &c, &e), -1);
    assert_true(clock_mono_ms() - started_ms >= 149);
    assert_int_equal(e.kind, ERR_DATABASE);
    assert_string_equal(e.code, "db_pool");
    assert_null(c);
    db_give(a);
    c = test_take(p);
    assert_ptr_equal(a, c);
    db_give(b);
    db_give(c);
    db_give(NULL);
    test_pool_free(p);
    db_pool_free(NULL);
}

static void *give_later(void *arg)
{
    nanosleep(&(struct timespec){.tv_nsec = 50000000}, NULL);
    db_give(arg);
    return NULL;
}

static void waiting_taker_gets_what_is_given(void **state)
{
    (void)state;
    db_pool *p = pool_with((struct db_options){.connections = 1, .wait_ms = 8000, .prepare = true},
                           base->url);
    db *c = test_take(p);
    pthread_t thread;
    pthread_create(&thread, NULL, give_later, c);
    int64_t started_ms = clock_mono_ms();
    db *again = test_take(p);
    assert_true(clock_mono_ms() - started_ms < 7000);
    assert_ptr_equal(again, c);
    pthread_join(thread, NULL);
    db_give(again);
    test_pool_free(p);
}

enum { WORKERS = 16, TURNS = 100, CONNECTIONS = 4 };

struct crowd {
    db_pool *pool;
    atomic_int inside;
    atomic_int most;
    atomic_int failed;
    atomic_int next;
};

static int one_turn(struct crowd *c, int worker, int turn)
{
    static const struct stmt add = {"pool_add", "insert into item (worker, turn) values ($1, $2)",
                                    2, 0};
    struct err e;
    db *conn = NULL;
    if (db_take(c->pool, &conn, &e) != 0) {
        return -1;
    }
    int inside = atomic_fetch_add(&c->inside, 1) + 1;
    int most = atomic_load(&c->most);
    while (inside > most && !atomic_compare_exchange_weak(&c->most, &most, inside)) {
    }
    arena *mem = arena_new();
    int outcome = db_begin(conn, &e);
    if (outcome == 0) {
        outcome = db_query(conn, &add, DB_ARGS(DB_I64(worker), DB_I64(turn)), mem, NULL, &e);
    }
    if (outcome == 0 && turn % 3 != 0) { /* each third is left open and must be undone */
        outcome = db_commit(conn, &e);
    }
    arena_free(mem);
    atomic_fetch_sub(&c->inside, 1);
    db_give(conn);
    return outcome;
}

static void *crowd_worker(void *arg)
{
    struct crowd *c = arg;
    int worker = atomic_fetch_add(&c->next, 1);
    for (int turn = 0; turn < TURNS; turn++) {
        if (one_turn(c, worker, turn) != 0 || db_thread_in_transaction()) {
            atomic_fetch_add(&c->failed, 1);
        }
    }
    return NULL;
}

static void a_crowd_shares_few_connections(void **state)
{
    (void)state;
    static struct crowd c;
    c.pool = test_pool(base->url, CONNECTIONS);
    pthread_t threads[WORKERS];
    for (int i = 0; i < WORKERS; i++) {
        assert_int_equal(pthread_create(&threads[i], NULL, crowd_worker, &c), 0);
    }
    for (int i = 0; i < WORKERS; i++) {
        pthread_join(threads[i], NULL);
    }
    assert_int_equal(atomic_load(&c.failed), 0);
    assert_true(atomic_load(&c.most) <= CONNECTIONS);
    test_sql_until(base->url, "select count(*) = 16 * 66 and count(distinct worker) = 16 from item",
                   "t");
    test_pool_free(c.pool);
}

static const char *setting(db *c, arena *mem, const struct stmt *s)
{
    rows *r = NULL;
    struct err e = {0};
    if (db_query(c, s, DB_NO_ARGS, mem, &r, &e) != 0) {
        fail_msg("%s: %s", s->name, e.text);
    }
    return row_text(r, 0, 0);
}

static void assert_settings(const char *url, bool prepare)
{
    static const struct stmt timeout = {"show_timeout", "show statement_timeout", 0, 1};
    static const struct stmt idle = {"show_idle", "show idle_in_transaction_session_timeout", 0, 1};
    static const struct stmt name = {"show_name", "show application_name", 0, 1};
    static const struct stmt own = {"show_own", "show work_mem", 0, 1};
    static const struct stmt prepared = {"show_prepared",
                                         "select count(*) from pg_prepared_statements", 0, 1};
    arena *mem = arena_new();
    const char *with_options = test_url_with(mem, url, "options", "-c work_mem=3MB");
    db_pool *p = pool_with(
        (struct db_options){
            .connections = 1, .wait_ms = 100, .prepare = prepare, .statement_ms = 12345},
        with_options);
    db *c = test_take(p);
    assert_string_equal(setting(c, mem, &timeout), "12345ms");
    assert_string_equal(setting(c, mem, &idle), "30s");
    assert_string_equal(setting(c, mem, &name), "workbot");
    assert_string_equal(setting(c, mem, &own), "3MB");
    assert_string_equal(setting(c, mem, &prepared), prepare ? "5" : "0");
    db_give(c);
    test_pool_free(p);
    arena_free(mem);
}

static void settings_of_a_connection(void **state)
{
    (void)state;
    assert_settings(base->url, true);
    assert_settings(base->url, false);
}

static void several_hosts_lead_to_the_one_that_writes(void **state)
{
    (void)state;
    arena *mem = arena_new();
    struct err e = {0};
    /* The first host is nobody's; the second is the test server, named as its URL names it. */
    static const struct stmt host = {
        "host_port", "select coalesce(host(inet_server_addr()), ''), inet_server_port()", 0, 2};
    db_pool *p = test_pool(base->url, 1);
    db *c = test_take(p);
    rows *r = NULL;
    assert_int_equal(db_query(c, &host, DB_NO_ARGS, mem, &r, &e), 0);
    const char *address = row_text(r, 0, 0);
    const char *port = row_text(r, 0, 1);
    db_give(c);
    test_pool_free(p);
    if (port == NULL) {
        print_message("the test server has no TCP port: several hosts are not tried\n");
        arena_free(mem);
        return;
    }
    const char *url =
        test_url_with(mem, base->url, "host", arena_printf(mem, "127.0.0.1,%s", address));
    url = test_url_with(mem, url, "port", arena_printf(mem, "1,%s", port));
    url = test_url_with(mem, url, "target_session_attrs", "read-write");
    p = test_pool(url, 1);
    c = test_take(p);
    assert_int_equal(test_run(c, "insert into item (worker, turn) values (99, 99)", &e), 0);
    db_give(c);
    test_pool_free(p);
    arena_free(mem);
}

static void no_server(void **state)
{
    (void)state;
    db_pool *p = test_pool("postgresql://nobody:sample-password@127.0.0.1:1/x", 1);
    db *c = NULL;
    struct err e = {0};
    assert_int_equal(db_take(p, &c, &e), -1);
    assert_int_equal(e.kind, ERR_DATABASE);
    assert_string_equal(e.code, "db_away");
    assert_null(strstr(e.text, "sample-password"));
    test_pool_free(p);
}

static void unreadable_url(void **state)
{
    (void)state;
    static const char *const urls[] = {"postgresql://u:sample-password@[::1/x",
                                       "postgresql://u@h/x?nonsense=sample-password"};
    for (size_t i = 0; i < 2; i++) {
        db_pool *p = test_pool(urls[i], 1);
        db *c = NULL;
        struct err e = {0};
        assert_int_equal(db_take(p, &c, &e), -1);
        assert_int_equal(e.kind, ERR_CONFIG);
        assert_string_equal(e.code, "database_url");
        assert_null(strstr(e.text, "sample-password"));
        test_pool_free(p);
    }
}

static void metrics_are_kept(void **state)
{
    (void)state;
    arena *mem = arena_new();
    const char *text = metrics_render(mem);
    assert_non_null(strstr(text, "workbot_db_statement_duration_seconds_count"));
    assert_non_null(strstr(text, "workbot_db_checkout_wait_seconds_count"));
    arena_free(mem);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(exhausted_pool_waits_and_then_refuses),
        cmocka_unit_test(waiting_taker_gets_what_is_given),
        cmocka_unit_test(a_crowd_shares_few_connections),
        cmocka_unit_test(settings_of_a_connection),
        cmocka_unit_test(several_hosts_lead_to_the_one_that_writes),
        cmocka_unit_test(no_server),
        cmocka_unit_test(unreadable_url),
        cmocka_unit_test(metrics_are_kept),
    };
    return cmocka_run_group_tests(tests, group_setup, group_teardown);
}
