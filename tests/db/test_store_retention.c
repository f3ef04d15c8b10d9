#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/str.h"
#include "tests/db/store_support.h"

/* P15: what leaves and when; and that what has ended costs a claim nothing. */

static const struct retention days = {
    .events_s = 3 * 86400, .runs_s = 90 * 86400, .audit_s = 400 * 86400, .batch = 10};

static const char made[] =
    "insert into job (workspace, id, kind, state, ended_at, created_at)"
    " select '" ACME "', gen_random_uuid(), 'slack_event', x.state, now() - x.age, now() - x.age"
    "  from (values ('done', interval '4 days'), ('dead', interval '4 days'),"
    "               ('done', interval '2 days')) x (state, age);"
    "insert into job (workspace, id, kind, created_at)"
    " values ('" ACME "', gen_random_uuid(), 'run', now() - interval '99 days');"
    "insert into message (workspace, id, channel, body, updated_at)"
    " select '" ACME "', gen_random_uuid(), 'C', '', now() - x.age"
    "  from (values (interval '91 days'), (interval '89 days')) x (age);"
    "insert into run (workspace, id, reference, recipe, version, user_id, state, inputs, place,"
    "    channel, created_at)"
    " select '" ACME "', gen_random_uuid(), x.age::text, 'r', 1, 'U', 'done', '', 'dm', 'D',"
    "        now() - x.age"
    "  from (values (interval '91 days'), (interval '89 days')) x (age);"
    "insert into run_step (workspace, run_id, position, step, state, idempotency_key)"
    " select workspace, id, 0, 's', 'done', gen_random_uuid() from run;"
    "insert into login (workspace, id, handle_hash, default_name, state, expires_at, updated_at)"
    " select '" ACME "', gen_random_uuid(), x.state || x.age, 'crm', x.state, now(), now() - x.age"
    "  from (values ('done', interval '91 days'), ('done', interval '89 days'),"
    "               ('open', interval '91 days')) x (state, age);"
    "insert into audit (workspace, id, at, actor, action)"
    " select '" ACME "', gen_random_uuid(), now() - x.age, 'system', 'x'"
    "  from (values (interval '402 days'), (interval '399 days')) x (age)";

/* Every day that is over is sealed, and those are retired whose time is. */
static void seal_all(store *s)
{
    struct seal_step step = {.found = true};
    int64_t count = 0;
    world_sql("delete from audit_chain");
    OK(store_seal_adopt(s, e));
    while (step.found) {
        OK(store_begin(s, e));
        OK(store_seal_step(s, 10, &step, e));
        OK(store_commit(s, e));
        assert_int_equal(step.held.kind, ERR_NONE);
    }
    OK(store_begin(s, e));
    OK(store_seal_retire(s, days.audit_s, 1000, &count, e));
    OK(store_commit(s, e));
    assert_true(count > 0);
}

static void test_p15_each_kind_leaves_at_its_time(void **state)
{
    (void)state;
    store *s = world_open();
    world_sql(made);
    bool more = true;
    OK(store_retention_sweep(s, &days, &more, e));
    assert_int_equal(world_count("select count(*) from audit"), 2); /* their days are not retired */
    seal_all(s);
    OK(store_retention_sweep(s, &days, &more, e));
    assert_false(more);
    assert_int_equal(world_count("select count(*) from job where state <> 'queued'"), 1);
    assert_int_equal(world_count("select count(*) from job where state = 'queued'"), 1);
    assert_int_equal(world_count("select count(*) from message"), 1);
    assert_int_equal(world_count("select count(*) from run"), 1);
    assert_int_equal(world_count("select count(*) from run_step"), 1);
    assert_int_equal(world_count("select count(*) from login"), 2);
    assert_int_equal(world_count("select count(*) from audit"), 1);
    world_close(s);
}

static void test_a_sweep_goes_in_batches(void **state)
{
    (void)state;
    store *s = world_open();
    world_sql("insert into audit (workspace, id, at, actor, action)"
              " select '" ACME "', gen_random_uuid(), now() - interval '500 days', 'system', 'x'"
              "  from generate_series(1, 25)");
    seal_all(s);
    assert_int_equal(world_count("select lines from audit_seal order by day limit 1"), 25);
    int sweeps = 0;
    for (bool more = true; more; sweeps++) {
        OK(store_retention_sweep(s, &days, &more, e));
    }
    assert_int_equal(sweeps, 3);
    assert_int_equal(world_count("select count(*) from audit"), 0);
    world_close(s);
}

static const char *claim_sql(void)
{
    size_t count = 0;
    const struct stmt *const *all = store_statements(&count);
    for (size_t i = 0; i < count; i++) {
        if (str_equal(all[i]->name, "job_claim")) {
            return all[i]->sql;
        }
    }
    return NULL;
}

/* Pages that one claim of at most 8 jobs touches. */
static int64_t claim_pages(arena *mem, int64_t runs)
{
    struct err e = {.kind = ERR_NONE};
    json_t *plan = NULL;
    const char *sql = arena_printf(
        mem,
        "prepare c as %s; explain (analyze, buffers, format json)"
        " execute c('', null, '00000000-0000-4000-8000-000000000001', 30, 4, 8, 16, 32, %lld, 4, '{}', 1)",
        claim_sql(), (long long)runs);
    const char *text = test_sql_text(mem, world.base->url, sql);
    assert_non_null(text);
    assert_int_equal(json_read(mem, bytes_of(text), &plan, &e), 0);
    const json_t *top = json_at(plan, "0.Plan");
    assert_int_equal(json_i64(top, "Actual Rows"), 8);
    return json_i64(top, "Shared Hit Blocks") + json_i64(top, "Shared Read Blocks");
}

static void test_claims_do_not_pay_for_what_has_ended(void **state)
{
    (void)state;
    arena *mem = arena_new();
    world_sql("insert into job (workspace, id, kind, lane, key1)"
              " select 'slack:T' || g % 20, gen_random_uuid(), 'slack_event', 'lane' || g % 100,"
              "        'q' || g from generate_series(1, 400) g;"
              "analyze job");
    int64_t before = claim_pages(mem, 8);
    world_sql("insert into job (workspace, id, kind, lane, state, key1, key2, ended_at)"
              " select 'slack:T' || g % 20, gen_random_uuid(), 'slack_event', 'lane' || g % 100,"
              "        'done', 'd' || g, 'p' || g, now() from generate_series(1, 60000) g;"
              "analyze job");
    int64_t after = claim_pages(mem, 8);
    print_message("pages per claim: %lld with no ended job, %lld with 60,000\n", (long long)before,
                  (long long)after);
    /* the primary key may have grown by one level */
    assert_true(after < before + before / 2);
    arena_free(mem);
}

/* P13: a backlog of runs that wait for a slow app does not make the claims of events dearer. */
static void test_claims_without_room_for_runs_do_not_walk_by_them(void **state)
{
    (void)state;
    arena *mem = arena_new();
    world_sql("insert into job (workspace, id, kind, lane, key1)"
              " select 'slack:T' || g % 20, gen_random_uuid(), 'slack_event', 'lane' || g % 100,"
              "        'q' || g from generate_series(1, 20) g;"
              "analyze job");
    int64_t before = claim_pages(mem, 0);
    store *s = world_open();
    struct job run = {.workspace = "slack:T1", .kind = JOB_RUN};
    OK(store_job_add(s, &run, e));
    world_close(s);
    world_sql("insert into job (workspace, id, kind, priority)"
              " select 'slack:T' || g % 20, gen_random_uuid(), r.kind, r.priority"
              "   from generate_series(1, 20000) g, job r where r.kind = 'run';"
              "analyze job");
    int64_t after = claim_pages(mem, 0);
    print_message("pages per claim: %lld with no run, %lld with 20,000\n", (long long)before,
                  (long long)after);
    assert_true(after < before * 3);
    arena_free(mem);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_p15_each_kind_leaves_at_its_time, world_reset),
        cmocka_unit_test_setup(test_a_sweep_goes_in_batches, world_reset),
        cmocka_unit_test_setup(test_claims_without_room_for_runs_do_not_walk_by_them, world_reset),
        cmocka_unit_test_setup(test_claims_do_not_pay_for_what_has_ended, world_reset),
    };
    return cmocka_run_group_tests_name("store: retention", tests, world_setup, world_teardown);
}
