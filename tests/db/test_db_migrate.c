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

#include "service/db/db_int.h"
#include "tests/db/support.h"

/* Migrations: the program's own list, and made-up lists for what may go wrong. */

static struct test_db *base;
static db_pool *pool;
static struct secret url;
static atomic_int reported;

static int setup(void **state)
{
    (void)state;
    base = test_db_new();
    pool = test_pool(base->url, 1);
    url = secret_of(base->mem, base->url);
    atomic_store(&reported, 0);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    test_pool_free(pool);
    test_db_free(base);
    return 0;
}

static void report(const char *name)
{
    assert_non_null(name);
    atomic_fetch_add(&reported, 1);
}

static int missing(const struct migration *list, size_t count, int64_t *ret, struct err *e)
{
    db *c = test_take(pool);
    int outcome = migrations_missing_of(c, list, count, ret, e);
    db_give(c);
    return outcome;
}

static void the_embedded_list_applies(void **state)
{
    (void)state;
    struct err e = {0};
    int64_t left = -1;
    size_t count = 0;
    migrations_embedded(&count);
    db *c = test_take(pool);
    assert_int_equal(db_migrations_missing(c, &left, &e), 0);
    assert_int_equal(left, count);
    if (db_migrate(url, report, &e) != 0) {
        fail_msg("%s %s", e.code, e.text);
    }
    assert_int_equal(atomic_load(&reported), count);
    assert_int_equal(db_migrations_missing(c, &left, &e), 0);
    assert_int_equal(left, 0);
    assert_int_equal(db_migrate(url, report, &e), 0);
    assert_int_equal(atomic_load(&reported), count);
    db_give(c);
}

static const struct migration good[] = {
    {"0001_one", "create table one (id int);\n-- two statements\ncreate table two (id int)"},
    {"0002_two", "insert into one values (1)"},
};

static void applied_once_in_order(void **state)
{
    (void)state;
    struct err e = {0};
    int64_t left = -1;
    assert_int_equal(missing(good, 2, &left, &e), 0);
    assert_int_equal(left, 2);
    assert_int_equal(migrate_list(url, good, 1, NULL, &e), 0);
    assert_int_equal(missing(good, 2, &left, &e), 0);
    assert_int_equal(left, 1);
    assert_int_equal(migrate_list(url, good, 2, report, &e), 0);
    assert_int_equal(atomic_load(&reported), 1);
    assert_int_equal(migrate_list(url, good, 2, report, &e), 0);
    assert_int_equal(atomic_load(&reported), 1);
    test_sql_until(base->url, "select count(*) from one", "1");
    /* code N-1 on a database of N */
    assert_int_equal(missing(good, 1, &left, &e), 0);
    assert_int_equal(left, 0);
    assert_int_equal(migrate_list(url, good, 1, report, &e), 0);
}

static void a_changed_file_is_refused(void **state)
{
    (void)state;
    const struct migration changed[] = {good[0], {"0002_two", "insert into one values (2)"}};
    struct err e = {0};
    int64_t left = -1;
    assert_int_equal(migrate_list(url, good, 2, NULL, &e), 0);
    assert_int_equal(migrate_list(url, changed, 2, report, &e), -1);
    assert_int_equal(e.kind, ERR_CONFIG);
    assert_string_equal(e.code, "migration_changed");
    assert_non_null(strstr(e.text, "0002_two"));
    assert_int_equal(missing(changed, 2, &left, &e), -1);
    assert_string_equal(e.code, "migration_changed");
    assert_int_equal(left, -1);
    test_sql_until(base->url, "select count(*) from one", "1");
}

static void a_failing_file_leaves_nothing(void **state)
{
    (void)state;
    const struct migration bad[] = {
        good[0], {"0002_bad", "create table three (id int); insert into nowhere values (1)"}};
    struct err e = {0};
    int64_t left = -1;
    assert_int_equal(migrate_list(url, bad, 2, report, &e), -1);
    assert_int_equal(e.kind, ERR_INTERNAL);
    assert_non_null(strstr(e.text, "0002_bad"));
    assert_int_equal(atomic_load(&reported), 1);
    test_sql_until(base->url, "select to_regclass('three') is null", "t");
    assert_int_equal(missing(bad, 2, &left, &e), 0);
    assert_int_equal(left, 1);
}

static void a_file_may_not_end_its_transaction(void **state)
{
    (void)state;
    const struct migration bad[] = {{"0001_commits", "create table four (id int); commit"}};
    struct err e = {0};
    assert_int_equal(migrate_list(url, bad, 1, report, &e), -1);
    assert_non_null(strstr(e.text, "ends its transaction"));
    assert_int_equal(atomic_load(&reported), 0);
    test_sql_until(base->url, "select count(*) from ops.migration", "0");
}

static void *migrate_too(void *arg)
{
    (void)arg;
    struct err e = {0};
    return migrate_list(url, good, 2, report, &e) == 0 ? NULL : base;
}

static void replicas_migrate_at_once(void **state)
{
    (void)state;
    enum { REPLICAS = 6 };
    pthread_t threads[REPLICAS];
    for (int i = 0; i < REPLICAS; i++) {
        assert_int_equal(pthread_create(&threads[i], NULL, migrate_too, NULL), 0);
    }
    for (int i = 0; i < REPLICAS; i++) {
        void *failed = NULL;
        pthread_join(threads[i], &failed);
        assert_null(failed);
    }
    assert_int_equal(atomic_load(&reported), 2);
    test_sql_until(base->url, "select count(*) from one", "1");
}

static void no_server(void **state)
{
    (void)state;
    struct err e = {0};
    assert_int_equal(db_migrate(secret_of(base->mem, "postgresql://x@127.0.0.1:1/x"), NULL, &e),
                     -1);
    assert_string_equal(e.code, "db_away");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(the_embedded_list_applies, setup, teardown),
        cmocka_unit_test_setup_teardown(applied_once_in_order, setup, teardown),
        cmocka_unit_test_setup_teardown(a_changed_file_is_refused, setup, teardown),
        cmocka_unit_test_setup_teardown(a_failing_file_leaves_nothing, setup, teardown),
        cmocka_unit_test_setup_teardown(a_file_may_not_end_its_transaction, setup, teardown),
        cmocka_unit_test_setup_teardown(replicas_migrate_at_once, setup, teardown),
        cmocka_unit_test_setup_teardown(no_server, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
