#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/str.h"
#include "store.h"
#include "tests/db/support.h"

/* Every statement of the store is prepared against a migrated database: the server checks its
 * tables, columns and types, and the declared counts are the server's. Migrations run here from
 * nothing, and twice. */

static struct test_db *base;
static db_pool *pool;
static size_t applied;

static void count_applied(const char *name)
{
    (void)name;
    applied++;
}

static int group_setup(void **state)
{
    (void)state;
    base = test_db_new();
    pool = test_pool(base->url, 2);
    return 0;
}

static int group_teardown(void **state)
{
    (void)state;
    db_pool_free(pool);
    test_db_free(base);
    return 0;
}

static void migrate(void)
{
    struct err e = {.kind = ERR_NONE};
    if (db_migrate(secret_of(base->mem, base->url), count_applied, &e) != 0) {
        fail_msg("%s: %s", e.code, e.text);
    }
}

static void test_migrations_run_from_nothing_and_only_once(void **state)
{
    (void)state;
    db *c = test_take(pool);
    struct err e = {.kind = ERR_NONE};
    int64_t missing = 0;
    assert_int_equal(db_migrations_missing(c, &missing, &e), 0);
    assert_true(missing >= 4);
    migrate();
    assert_int_equal(applied, missing);
    migrate();
    assert_int_equal(applied, missing);
    assert_int_equal(db_migrations_missing(c, &missing, &e), 0);
    assert_int_equal(missing, 0);
    db_give(c);
}

static void test_every_statement_fits_the_schema(void **state)
{
    (void)state;
    migrate();
    size_t count = 0;
    const struct stmt *const *all = store_statements(&count);
    assert_true(count > 80);
    db *c = test_take(pool);
    size_t faults = 0;
    for (size_t i = 0; i < count; i++) {
        struct err e = {.kind = ERR_NONE};
        if (db_check_statement(c, all[i], &e) != 0) {
            print_error("%s: %s\n", all[i]->name, e.text);
            faults++;
        }
        for (size_t k = 0; k < i; k++) {
            if (str_equal(all[k]->name, all[i]->name)) {
                print_error("two statements are named %s\n", all[i]->name);
                faults++;
            }
        }
    }
    db_give(c);
    assert_int_equal(faults, 0);
}

static void test_the_guard_sees_a_wrong_statement(void **state)
{
    (void)state;
    migrate();
    static const struct stmt wrong[] = {
        {"no_column", "select colour from run where workspace = $1", 1, 1},
        {"fewer_params", "select id from run where workspace = $1 and user_id = $2", 1, 1},
        {"more_columns", "select id from run where workspace = $1", 1, 2},
        {"other_type", "select id from run where version = $1::text", 1, 1},
    };
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        db *c = test_take(pool);
        struct err e = {.kind = ERR_NONE};
        assert_int_equal(db_check_statement(c, &wrong[i], &e), -1);
        db_give(c);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_migrations_run_from_nothing_and_only_once),
        cmocka_unit_test(test_every_statement_fits_the_schema),
        cmocka_unit_test(test_the_guard_sees_a_wrong_statement),
    };
    return cmocka_run_group_tests_name("guard: statements", tests, group_setup, group_teardown);
}
