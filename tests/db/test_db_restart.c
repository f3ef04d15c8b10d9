#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>

#include "base/clock.h"
#include "tests/db/cluster.h"
#include "tests/db/support.h"

/* P1: a PostgreSQL restart or crash loses no committed row and the pool recovers by itself. */

enum { WORKERS = 6 };

static cluster *server;
static db_pool *pool;

static const struct stmt add = {"restart_add", "insert into item (worker, turn) values ($1, $2)", 2,
                                0};

struct worker {
    pthread_t thread;
    int64_t number;
    int64_t committed; /* turns whose COMMIT was answered */
    int64_t unknown;   /* turns whose COMMIT was not */
    int64_t wrong;     /* errors that a restart may not cause */
};

static atomic_bool stop;
static atomic_llong commits;

static int group_setup(void **state)
{
    (void)state;
    server = cluster_new();
    test_sql(cluster_url(server), "create table item (worker bigint, turn bigint,"
                                  " constraint item_key primary key (worker, turn))");
    pool = test_pool(cluster_url(server), 4);
    return 0;
}

static int group_teardown(void **state)
{
    (void)state;
    test_pool_free(pool);
    cluster_free(server);
    return 0;
}

static int one_turn(const struct worker *w, int64_t turn, struct err *e)
{
    db *c = NULL;
    if (db_take(pool, &c, e) != 0) {
        return -1;
    }
    arena *mem = arena_new();
    int outcome = db_begin(c, e);
    if (outcome == 0) {
        outcome = db_query(c, &add, DB_ARGS(DB_I64(w->number), DB_I64(turn)), mem, NULL, e);
    }
    if (outcome == 0) {
        outcome = db_commit(c, e);
    }
    arena_free(mem);
    db_give(c);
    return outcome;
}

static void *work(void *arg)
{
    struct worker *w = arg;
    for (int64_t turn = 0; !atomic_load(&stop); turn++) {
        struct err e = {0};
        if (one_turn(w, turn, &e) == 0) {
            w->committed++;
            atomic_fetch_add(&commits, 1);
        } else if (e.kind != ERR_DATABASE) {
            w->wrong++;
            print_message("worker: %s %s\n", e.code, e.text);
        } else {
            w->unknown += e.maybe_done;
        }
    }
    return NULL;
}

static void wait_for_commits(long long more)
{
    long long wanted = atomic_load(&commits) + more;
    int64_t until_ms = clock_mono_ms() + 30000;
    while (atomic_load(&commits) < wanted) {
        assert_true(clock_mono_ms() < until_ms);
        nanosleep(&(struct timespec){.tv_nsec = 5000000}, NULL);
    }
}

static int64_t rows_of(int64_t worker)
{
    arena *mem = arena_new();
    const char *text = test_sql_text(
        mem, cluster_url(server),
        arena_printf(mem, "select count(*) from item where worker = %lld", (long long)worker));
    int64_t count = strtoll(text, NULL, 10);
    arena_free(mem);
    return count;
}

static void restart_under_load(const int *signals, size_t count)
{
    struct worker workers[WORKERS] = {0};
    test_sql(cluster_url(server), "truncate item");
    atomic_store(&stop, false);
    for (int i = 0; i < WORKERS; i++) {
        workers[i].number = i;
        assert_int_equal(pthread_create(&workers[i].thread, NULL, work, &workers[i]), 0);
    }
    for (size_t i = 0; i < count; i++) {
        wait_for_commits(200);
        cluster_stop(server, signals[i]);
        cluster_start(server);
    }
    wait_for_commits(200);
    atomic_store(&stop, true);
    for (int i = 0; i < WORKERS; i++) {
        pthread_join(workers[i].thread, NULL);
        assert_int_equal(workers[i].wrong, 0);
        int64_t stored = rows_of(i);
        assert_true(stored >= workers[i].committed);
        assert_true(stored <= workers[i].committed + workers[i].unknown);
    }
}

static void restarts_lose_no_commit(void **state)
{
    (void)state;
    static const int signals[] = {SIGINT, SIGQUIT, SIGKILL};
    restart_under_load(signals, 3);
}

static void a_restart_between_two_calls_is_not_noticed(void **state)
{
    (void)state;
    struct err e = {0};
    db *c = test_take(pool);
    assert_int_equal(test_run(c, "truncate item", &e), 0);
    db_give(c);
    cluster_stop(server, SIGINT);
    cluster_start(server);
    c = test_take(pool);
    assert_int_equal(test_run(c, "insert into item values (1, 1)", &e), 0);
    db_give(c);
}

static void away_and_back(void **state)
{
    (void)state;
    struct err e = {0};
    db *c = NULL;
    cluster_stop(server, SIGINT);
    for (int i = 0; i < 100; i++) {
        assert_int_equal(db_take(pool, &c, &e), -1);
        assert_string_equal(e.code, "db_away");
    }
    assert_int_equal(db_pool_ready(pool, &e), -1);
    assert_string_equal(e.code, "db_away");
    cluster_start(server);
    int64_t until_ms = clock_mono_ms() + 10000;
    while (db_take(pool, &c, &e) != 0) {
        assert_true(clock_mono_ms() < until_ms);
        nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
    }
    db_give(c);
}

enum { BORROWERS = 8 };

static void *borrow(void *arg)
{
    bool *borrowed = arg;
    struct err e = {0};
    db *c = NULL;
    *borrowed = db_take(pool, &c, &e) == 0;
    db_give(c);
    return NULL;
}

/* Whoever asked first sets as many borrowers to work as it likes: none is refused. */
static void ready_means_ready_for_all(void **state)
{
    (void)state;
    struct err e = {0};
    db *c = NULL;
    assert_int_equal(db_pool_ready(pool, &e), 0);
    cluster_stop(server, SIGINT);
    assert_int_equal(db_take(pool, &c, &e), -1);
    assert_int_equal(db_pool_ready(pool, &e), -1);
    cluster_start(server);
    int64_t until_ms = clock_mono_ms() + 10000;
    while (db_pool_ready(pool, &e) != 0) {
        assert_true(clock_mono_ms() < until_ms);
        nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
    }
    pthread_t threads[BORROWERS];
    bool borrowed[BORROWERS] = {false};
    for (size_t i = 0; i < BORROWERS; i++) {
        pthread_create(&threads[i], NULL, borrow, &borrowed[i]);
    }
    for (size_t i = 0; i < BORROWERS; i++) {
        pthread_join(threads[i], NULL);
        assert_true(borrowed[i]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_restart_between_two_calls_is_not_noticed),
        cmocka_unit_test(away_and_back),
        cmocka_unit_test(ready_means_ready_for_all),
        cmocka_unit_test(restarts_lose_no_commit),
    };
    return cmocka_run_group_tests(tests, group_setup, group_teardown);
}
