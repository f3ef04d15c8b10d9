#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <unistd.h>

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

/* --- the role that serves (docs/decisions/0035) --- */

static char role[32];

static void service_setup(struct db_options *ret)
{
    struct err e = {.kind = ERR_NONE};
    const struct db_service service = {.role = role, .audit_keep_s = 1};
    migrate();
    (void)snprintf(role, sizeof role, "guard_%ld", (long)getpid());
    test_sql(base->url, arena_printf(base->mem, "create role %s login password 'sample'", role));
    if (db_give_rights(secret_of(base->mem, base->url), &service, &e) != 0) {
        fail_msg("%s: %s", e.code, e.text);
    }
    const char *url = test_url_with(base->mem, base->url, "user", role);
    url = test_url_with(base->mem, url, "password", "sample");
    *ret = (struct db_options){
        .url = secret_of(base->mem, url), .connections = 1, .wait_ms = 2000, .statement_ms = 10000};
}

static void service_teardown(void)
{
    test_sql(base->url, arena_printf(base->mem, "drop owned by %s; drop role %s", role, role));
}

/* To plan a statement is to be asked for its rights. */
static int plan(db *c, const struct stmt *s, struct err *e)
{
    arena *mem = arena_new();
    struct str nulls = str_new(mem, 4096);
    for (int i = 0; i < s->params; i++) {
        str_add(&nulls, i == 0 ? "(null" : ", null");
    }
    const struct stmt steps[] = {
        {"guard_prepare", arena_printf(mem, "prepare guard as %s", s->sql), 0, 0},
        {"guard_explain",
         arena_printf(mem, "explain execute guard%s%s", nulls.text, s->params == 0 ? "" : ")"), 0,
         1},
        {"guard_end", "deallocate all", 0, 0}};
    int rc = 0;
    for (size_t i = 0; i < sizeof steps / sizeof steps[0] && rc == 0; i++) {
        rc = db_query(c, &steps[i], DB_NO_ARGS, mem, NULL, e);
    }
    if (rc != 0) {
        struct err ignored = {.kind = ERR_NONE};
        (void)db_query(c, &steps[2], DB_NO_ARGS, mem, NULL, &ignored);
    }
    arena_free(mem);
    return rc;
}

static size_t denied(db_pool *as_service)
{
    size_t count = 0, faults = 0;
    const struct stmt *const *all = store_statements(&count);
    db *c = test_take(as_service);
    for (size_t i = 0; i < count; i++) {
        struct err e = {.kind = ERR_NONE};
        /* "set constraints" is not planned, and needs no right */
        if (!str_starts(all[i]->sql, "set ") && plan(c, all[i], &e) != 0) {
            print_message("# %s: %s\n", all[i]->name, e.text);
            faults++;
        }
    }
    db_give(c);
    return faults;
}

static void test_the_role_that_serves_may_run_every_statement(void **state)
{
    (void)state;
    struct db_options options;
    service_setup(&options);
    db_pool *as_service = db_pool_new(&options);
    assert_int_equal(denied(as_service), 0);
    test_sql(base->url, arena_printf(base->mem, "revoke update on login from %s", role));
    assert_true(denied(as_service) > 0);
    db_pool_free(as_service);
    service_teardown();
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
        cmocka_unit_test(test_the_role_that_serves_may_run_every_statement),
        cmocka_unit_test(test_the_guard_sees_a_wrong_statement),
    };
    return cmocka_run_group_tests_name("guard: statements", tests, group_setup, group_teardown);
}
