#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "service/jobs/jobs_int.h"
#include "tests/db/store_support.h"

/* P13: whose turn a claim is. */

static struct id owner;

/* What a claimer with so much room gets, and ends at once. */
struct served {
    size_t urgent, rest;
    size_t claims, empty;
    size_t urgent_before_rest; /* how many were before the first of the rest */
};

static void serve(store *s, struct turns *turns, size_t room, struct served *sum)
{
    struct job *list = NULL;
    size_t count = 0;
    bool more = false;
    struct job_claim c = {.owner = owner, .lease_s = 30, .ret_more = &more};
    turns_ask(turns, room, &c);
    c.runs = (struct run_room){.all = c.max, .each = c.max};
    OK(store_job_claim(s, &c, &list, &count, e));
    turns_took(turns, &c, list, count);
    sum->claims++;
    sum->empty += count == 0 ? 1 : 0;
    for (size_t i = 0; i < count; i++) {
        bool urgent = list[i].priority == JOB_PRIORITY_URGENT;
        sum->urgent += urgent ? 1 : 0;
        sum->rest += urgent ? 0 : 1;
        sum->urgent_before_rest += urgent && sum->rest == 0 ? 1 : 0;
        OK(store_job_done(s, &list[i], e));
    }
}

static void add(store *s, const char *workspace, int64_t priority, const char *lane)
{
    struct job j = {.workspace = workspace,
                    .kind = JOB_SLACK_INTERACTION,
                    .lane = lane,
                    .priority = priority,
                    .payload = bytes_of("{}")};
    OK(store_job_add(s, &j, e));
}

/* However many come, so many urgent jobs wait; lane NULL: each for itself. */
static void keep_urgent(store *s, const char *lane, int64_t many)
{
    for (int64_t n = world_count("select count(*) from job where state = 'queued'"
                                 "   and priority = 1 and workspace = '" ACME "'");
         n < many; n++) {
        add(s, ACME, JOB_PRIORITY_URGENT, lane);
    }
}

static void add_rest(store *s, const char *workspace, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        add(s, workspace, JOB_PRIORITY_NORMAL, NULL);
    }
}

/* Urgent ones go on coming, faster than anybody works. */
static void test_p13_urgent_jobs_starve_nothing_of_their_workspace(void **state)
{
    (void)state;
    static const struct {
        size_t room;
        const char *lane;
    } cases[] = {{1, NULL}, {3, NULL}, {20, NULL}, {20, "user:U1"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        store *s = world_open();
        world_sql("delete from job");
        struct turns turns = {.next = CLAIM_OF_ALL};
        struct served sum = {.claims = 0};
        add_rest(s, ACME, 100);
        while (sum.urgent + sum.rest < 60) {
            keep_urgent(s, cases[i].lane, 30);
            serve(s, &turns, cases[i].room, &sum);
            assert_in_range(sum.claims, 1, 60);
        }
        print_message("room %zu: %zu urgent, %zu others\n", cases[i].room, sum.urgent, sum.rest);
        assert_in_range(sum.urgent_before_rest, 1, 8); /* they do go first */
        assert_true(sum.rest * 10 >= (sum.urgent + sum.rest) * 3);
        assert_true(cases[i].lane != NULL || sum.urgent * 3 >= sum.rest);
        world_close(s);
    }
}

/* Nor does what waits elsewhere: of each workspace the rest has its turn. */
static void test_p13_urgent_jobs_starve_the_rest_of_no_workspace(void **state)
{
    (void)state;
    store *s = world_open();
    struct turns turns = {.next = CLAIM_OF_ALL};
    struct served sum = {.claims = 0};
    add_rest(s, ACME, 10);
    add_rest(s, GLOBEX, 60);
    while (world_count("select count(*) from job where state = 'queued' and priority > 1"
                       "   and workspace = '" ACME "'") > 0) {
        keep_urgent(s, NULL, 10);
        serve(s, &turns, 1, &sum);
        assert_in_range(sum.claims, 1, 60);
    }
    world_close(s);
}

static void test_p13_where_little_waits_no_claim_is_made_for_the_rest(void **state)
{
    (void)state;
    store *s = world_open();
    struct turns turns = {.next = CLAIM_OF_ALL};
    struct served sum = {.claims = 0};
    for (int i = 0; i < 5; i++) {
        keep_urgent(s, NULL, 1);
        serve(s, &turns, 8, &sum);
        assert_int_equal(sum.urgent, i + 1);
        assert_int_equal(turns.next, CLAIM_OF_ALL);
    }
    assert_int_equal(sum.empty, 0);
    /* and where nothing but urgent ones waits, one claim of two is in vain */
    for (int i = 0; i < 8; i++) {
        keep_urgent(s, NULL, 20);
        serve(s, &turns, 20, &sum);
    }
    assert_int_equal(sum.empty, 4);
    world_close(s);
}

static int group_setup(void **state)
{
    owner = id_new();
    return world_setup(state);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_p13_urgent_jobs_starve_nothing_of_their_workspace, world_reset),
        cmocka_unit_test_setup(test_p13_urgent_jobs_starve_the_rest_of_no_workspace, world_reset),
        cmocka_unit_test_setup(test_p13_where_little_waits_no_claim_is_made_for_the_rest,
                               world_reset),
    };
    return cmocka_run_group_tests_name("jobs: turns", tests, group_setup, world_teardown);
}
