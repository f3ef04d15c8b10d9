#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "tests/db/store_support.h"

/* Home pages: one job waits per page, and no change is missed. */

static struct id owner;

static int64_t waiting(void)
{
    return world_count("select count(*) from job where kind = 'home'");
}

static struct job *claim_one(store *s)
{
    const struct job_claim c = {.owner = owner, .lease_s = 30, .max = 5, .per_workspace = 5};
    struct job *list = NULL;
    size_t count = 0;
    OK(store_job_claim(s, &c, &list, &count, e));
    return count == 0 ? NULL : &list[0];
}

static void test_who_never_looked_has_no_page(void **state)
{
    (void)state;
    store *s = world_open();
    OK(store_home_want(s, ACME, "UANA", 0, e));
    OK(store_home_want(s, ACME, NULL, 0, e));
    assert_int_equal(waiting(), 0);
    OK(store_home_opened(s, ACME, "UANA", e));
    struct user *u = NULL;
    OK(store_user_find(s, ACME, "UANA", &u, e));
    assert_true(u->home_opened_at > 0);
    OK(store_home_want(s, GLOBEX, "UANA", 0, e));
    assert_int_equal(waiting(), 0);
    OK(store_home_want(s, ACME, "UANA", 0, e));
    assert_int_equal(waiting(), 1);
    world_close(s);
}

static void test_a_burst_is_one_job_and_the_soonest_counts(void **state)
{
    (void)state;
    store *s = world_open();
    const char *user_id = NULL;
    OK(store_home_opened(s, ACME, "UANA", e));
    for (int i = 0; i < 20; i++) {
        OK(store_home_want(s, ACME, "UANA", 60, e));
    }
    assert_int_equal(waiting(), 1);
    assert_null(claim_one(s));
    OK(store_home_want(s, ACME, "UANA", 0, e));
    assert_int_equal(waiting(), 1);
    struct job *j = claim_one(s);
    assert_non_null(j);
    assert_int_equal(j->kind, JOB_HOME);
    /* claimed, but nothing is read yet: it will show this, too */
    OK(store_home_want(s, ACME, "UANA", 0, e));
    assert_int_equal(waiting(), 1);
    OK(store_home_begin(s, j, &user_id, e));
    assert_string_equal(user_id, "UANA");
    /* from here on it may have read already */
    OK(store_home_want(s, ACME, "UANA", 0, e));
    assert_int_equal(waiting(), 2);
    assert_null(claim_one(s)); /* one after the other */
    OK(store_job_done(s, j, e));
    assert_non_null(claim_one(s));
    FAILS(store_home_begin(s, j, &user_id, e), ERR_LEASE_LOST);
    world_close(s);
}

static void test_a_page_waits_for_what_changes_it(void **state)
{
    (void)state;
    store *s = world_open(), *other = world_open();
    const char *user_id = NULL;
    OK(store_home_opened(s, ACME, "UANA", e));
    OK(store_home_want(s, ACME, "UANA", 0, e));
    struct job *j = claim_one(s);
    OK(store_begin(s, e));
    OK(store_home_want(s, ACME, "UANA", 0, e)); /* not committed: the page must not be read yet */
    OK(store_begin(other, e));
    int64_t blocked = world_count(
        "select count(*) from (select from job where kind = 'home' for update skip locked) x");
    assert_int_equal(blocked, 0);
    OK(store_commit(s, e));
    OK(store_home_begin(other, j, &user_id, e));
    OK(store_commit(other, e));
    world_close(other);
    world_close(s);
}

static void test_everybody_of_a_workspace_who_looked_lately(void **state)
{
    (void)state;
    store *s = world_open();
    OK(store_home_opened(s, ACME, "UANA", e));
    OK(store_user_put(s, &(struct user){.workspace = ACME, .user_id = "UBEN"}, e));
    OK(store_home_opened(s, ACME, "UBEN", e));
    OK(store_home_opened(s, GLOBEX, "UANA", e));
    world_sql("update chat_user set home_opened_at = now() - interval '2 days'"
              " where user_id = 'UBEN'");
    OK(store_home_want(s, ACME, NULL, 0, e));
    assert_int_equal(waiting(), 1);
    assert_int_equal(world_count("select count(*) from job where lane = 'home:UANA'"), 1);
    OK(store_home_want(s, ACME, "UBEN", 0, e)); /* what is his own changed: always */
    assert_int_equal(waiting(), 2);
    world_close(s);
}

#define TEST(name) cmocka_unit_test_setup(name, world_reset)

int main(void)
{
    owner = id_new();
    const struct CMUnitTest tests[] = {
        TEST(test_who_never_looked_has_no_page),
        TEST(test_a_burst_is_one_job_and_the_soonest_counts),
        TEST(test_a_page_waits_for_what_changes_it),
        TEST(test_everybody_of_a_workspace_who_looked_lately),
    };
    return cmocka_run_group_tests_name("store: homes", tests, world_setup, world_teardown);
}
