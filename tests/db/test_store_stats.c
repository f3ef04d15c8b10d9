#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/str.h"
#include "service/store/store_int.h"
#include "tests/db/store_support.h"

/* How long work waits: what is noted, by whom, how often, and for how long. What runs came to is
 * proven through the API. */

static void add_job(const char *workspace, const char *state, const char *due)
{
    world_sql(arena_printf(world.base->mem,
                           "insert into job (workspace, id, kind, state, run_at)"
                           " values ('%s', gen_random_uuid(), 'run', '%s', now() + interval '%s')",
                           workspace, state, due));
}

/* The longest: an hour may end between two notes. */
static int64_t noted(const char *workspace)
{
    return world_count(arena_printf(world.base->mem,
                                    "select coalesce(max(oldest_s), 0) from queue_age"
                                    " where workspace = '%s'",
                                    workspace));
}

static void test_the_longest_wait_of_each_workspace_is_kept(void **state)
{
    (void)state;
    store *s = world_open();
    world_sql("delete from job");
    OK(store_queue_note(s, e));
    assert_int_equal(world_count("select count(*) from queue_age"), 0); /* nothing waits: no row */
    add_job(ACME, "queued", "-90 seconds");
    add_job(ACME, "queued", "-30 seconds");
    add_job(ACME, "running", "-1 hour"); /* has begun */
    add_job(ACME, "queued", "1 hour");   /* is not due */
    add_job(GLOBEX, "queued", "-20 seconds");
    add_job("slack:T0NOWHERE", "queued", "-1 hour"); /* of no workspace that is known */
    OK(store_queue_note(s, e));
    OK(store_queue_note(s, e)); /* another process, the same minute */
    assert_in_range(noted(ACME), 90, 600);
    assert_in_range(noted(GLOBEX), 20, 80);
    assert_int_equal(world_count("select count(distinct workspace) from queue_age"), 2);

    int64_t longest = noted(ACME), waiting = 0, oldest_s = 0;
    world_sql("delete from job where workspace = '" ACME
              "' and run_at < now() - interval '1 minute'"
              " and state = 'queued'");
    OK(store_queue_note(s, e));
    assert_int_equal(noted(ACME), longest); /* a shorter one later takes nothing back */
    OK(store_queue_now(s, ACME, &waiting, &oldest_s, e));
    assert_int_equal(waiting, 1);
    assert_in_range(oldest_s, 30, 80);
    world_close(s);
}

static void test_a_workspace_that_is_being_changed_holds_nobody_up(void **state)
{
    (void)state;
    store *s = world_open(), *other = world_open();
    struct workspace *w = NULL;
    add_job(ACME, "queued", "-90 seconds");
    add_job(GLOBEX, "queued", "-90 seconds");
    OK(store_begin(other, e));
    OK(store_workspace_lock(other, ACME, &w, e));
    OK(store_queue_note(s, e));
    assert_in_range(noted(GLOBEX), 90, 600);
    OK(store_commit(other, e));
    OK(store_queue_note(s, e));
    assert_in_range(noted(ACME), 90, 600);
    world_close(other);
    world_close(s);
}

static void test_p15_what_was_noted_leaves_after_32_days_and_with_its_workspace(void **state)
{
    (void)state;
    static const struct retention long_ones = {
        .events_s = 864000000, .runs_s = 864000000, .audit_s = 864000000, .batch = 10};
    store *s = world_open();
    bool more = true, existed = false;
    world_sql("insert into queue_age select '" ACME "', now() - x.age, 7"
              "  from (values (interval '33 days'), (interval '31 days')) x (age)");
    OK(store_retention_sweep(s, &long_ones, &more, e));
    assert_int_equal(world_count("select count(*) from queue_age where oldest_s = 7"), 1);
    OK(store_workspace_delete(s, ACME, &existed, e));
    assert_int_equal(noted(ACME), 0);
    world_close(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_the_longest_wait_of_each_workspace_is_kept, world_reset),
        cmocka_unit_test_setup(test_a_workspace_that_is_being_changed_holds_nobody_up, world_reset),
        cmocka_unit_test_setup(test_p15_what_was_noted_leaves_after_32_days_and_with_its_workspace,
                               world_reset),
    };
    return cmocka_run_group_tests_name("store: stats", tests, world_setup, world_teardown);
}
