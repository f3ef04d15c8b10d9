#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <libpq-fe.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "tests/db/cluster.h"
#include "tests/db/support.h"

/* Behind pgbouncer in transaction mode, with prepared statements switched off: two server
 * connections serve eight of ours. */

#define PGBOUNCER "/usr/sbin/pgbouncer"

enum { WORKERS = 8, TURNS = 100 };

static cluster *server;
static pid_t pooler;
static arena *mem;
static db_pool *pool;
static atomic_int failed;

static void write_settings(const char *path)
{
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    const char *dir = cluster_dir(server);
    fprintf(f,
            "[databases]\n* = host=%s port=5432 user=postgres\n[pgbouncer]\nauth_type = any\n"
            "pool_mode = transaction\ndefault_pool_size = 2\nunix_socket_dir = %s\n"
            "listen_port = 6432\n",
            dir, dir);
    fclose(f);
    assert_int_equal(chmod(path, 0644), 0);
}

static int group_setup(void **state)
{
    (void)state;
    mem = arena_new();
    server = cluster_new();
    test_sql(cluster_url(server), "create table item (worker bigint, turn bigint)");
    char *path = arena_printf(mem, "%s/pgbouncer.ini", cluster_dir(server));
    write_settings(path);
    char *argv[] = {arena_printf(mem, PGBOUNCER), path, NULL};
    pooler = start_unprivileged(argv);
    const char *url = test_url_with(mem, cluster_url(server), "port", "6432");
    int64_t until_ms = clock_mono_ms() + 10000;
    while (PQping(url) != PQPING_OK) {
        assert_true(clock_mono_ms() < until_ms);
        nanosleep(&(struct timespec){.tv_nsec = 10000000}, NULL);
    }
    struct db_options o = {.url = secret_of(mem, url),
                           .connections = WORKERS,
                           .wait_ms = 2000,
                           .statement_ms = 5000,
                           .prepare = false};
    pool = db_pool_new(&o);
    return 0;
}

static int group_teardown(void **state)
{
    (void)state;
    db_pool_free(pool);
    kill(pooler, SIGTERM);
    waitpid(pooler, NULL, 0);
    cluster_free(server);
    arena_free(mem);
    return 0;
}

static const struct stmt add = {"pooler_add", "insert into item values ($1, $2)", 2, 0};
static const struct stmt pid = {"pooler_pid", "select pg_backend_pid()", 0, 1};

static int turn_of(arena *own, db *c, int64_t worker, int64_t turn)
{
    struct err e;
    rows *before = NULL;
    rows *after = NULL;
    if (db_begin(c, &e) != 0 || db_query(c, &pid, DB_NO_ARGS, own, &before, &e) != 0 ||
        db_query(c, &add, DB_ARGS(DB_I64(worker), DB_I64(turn)), own, NULL, &e) != 0 ||
        db_query(c, &pid, DB_NO_ARGS, own, &after, &e) != 0 ||
        row_i64(before, 0, 0) != row_i64(after, 0, 0)) {
        return -1;
    }
    return turn % 2 == 0 ? db_commit(c, &e) : 0; /* the others are left to db_give */
}

static void *work(void *arg)
{
    int64_t worker = *(const int64_t *)arg;
    for (int64_t turn = 0; turn < TURNS; turn++) {
        struct err e;
        db *c = NULL;
        arena *own = arena_new();
        if (db_take(pool, &c, &e) != 0 || turn_of(own, c, worker, turn) != 0) {
            atomic_fetch_add(&failed, 1);
        }
        db_give(c);
        arena_free(own);
    }
    return NULL;
}

static void transactions_stay_on_one_server_connection(void **state)
{
    (void)state;
    static int64_t numbers[WORKERS];
    pthread_t threads[WORKERS];
    for (int i = 0; i < WORKERS; i++) {
        numbers[i] = i;
        assert_int_equal(pthread_create(&threads[i], NULL, work, &numbers[i]), 0);
    }
    for (int i = 0; i < WORKERS; i++) {
        pthread_join(threads[i], NULL);
    }
    assert_int_equal(atomic_load(&failed), 0);
    test_sql_until(cluster_url(server), "select count(*) from item", "400");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(transactions_stay_on_one_server_connection),
    };
    if (access(PGBOUNCER, X_OK) != 0) {
        print_message("skipped: %s is not installed\n", PGBOUNCER);
        return 0;
    }
    return cmocka_run_group_tests(tests, group_setup, group_teardown);
}
