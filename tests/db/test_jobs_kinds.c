#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/clock.h"
#include "service/jobs/jobs_int.h"
#include "tests/db/store_support.h"

/* How a job ends that failed for good. */

/* Of whom nobody can be told either: it is given up, and does not come back with each lease. */
static void test_a_payload_that_does_not_read_is_given_up_at_once(void **state)
{
    (void)state;
    static const struct {
        enum job_kind kind;
        const char *payload, *code;
    } cases[] = {
        {JOB_SEND, "{\"message\"", "bad_json"},
        {JOB_SEND, "{}", "job_payload"},
        {JOB_RUN, "no JSON", "bad_json"},
        {JOB_RUN, "[]", "job_payload"},
    };
    struct jobs all = {.options = {.stores = world.stores}};
    active_init(&all.active);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        store *s = world_open();
        struct job *list = NULL;
        size_t count = 0;
        struct job j = {.workspace = ACME,
                        .kind = cases[i].kind,
                        .priority = JOB_PRIORITY_NORMAL,
                        .payload = bytes_of(cases[i].payload)};
        struct job_claim c = {.owner = id_new(), .lease_s = 30, .max = 1, .per_workspace = 1};
        c.runs = (struct run_room){.all = 1, .each = 1};
        OK(store_job_add(s, &j, e));
        OK(store_job_claim(s, &c, &list, &count, e));
        assert_int_equal(count, 1);
        struct task t = {.mem = store_arena(s), .job = list[0]};
        assert_true(jobs_run(&all, &t));
        const char *given_up = arena_printf(
            store_arena(s), "select count(*) from job where state = 'dead' and error_code = '%s'",
            cases[i].code);
        assert_int_equal(world_count(given_up), 1);
        world_sql("delete from job");
        world_close(s);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_a_payload_that_does_not_read_is_given_up_at_once, world_reset),
    };
    return cmocka_run_group_tests_name("jobs: kinds", tests, world_setup, world_teardown);
}
