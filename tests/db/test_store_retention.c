#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
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
    "  from (values (interval '402 days'), (interval '399 days')) x (age);"
    "insert into response_use (workspace, key, until)"
    " select '" ACME "', x.age::text, now() - x.age"
    "  from (values (interval '4 days'), (interval '2 days')) x (age);"
    "insert into admin_link (workspace, id, handle_hash, made_by, expires_at)"
    " select '" ACME "', gen_random_uuid(), x.age::text, 'token:1', now() - x.age"
    "  from (values (interval '4 days'), (interval '2 days')) x (age);"
    "insert into decision (workspace, message_id, updated_at)"
    " select '" ACME "', gen_random_uuid(), now() - x.age"
    "  from (values (interval '91 days'), (interval '89 days')) x (age);"
    "insert into console_session (workspace, id, user_id, link_hash, link_expires_at, expires_at,"
    "    created_at)"
    " select '" ACME "', gen_random_uuid(), 'U', x.name, now() - interval '1 day', now() + x.ends,"
    "        now() - x.age"
    "  from (values ('over', interval '-3 days', interval '4 days'),"
    "               ('open', interval '1 hour', interval '4 days'), ('unused', null, interval '4 days'),"
    "               ('young', interval '-1 day', interval '2 days')) x (name, ends, age);"
    "insert into operator_session (token_hash, actor, expires_at)"
    " select x.name, 'token:1', now() - x.age"
    "  from (values ('old', interval '4 days'), ('young', interval '2 days')) x (name, age);"
    "insert into sign_in_try (state_hash, session_hash, cookie_hash, platform, client_id,"
    "    redirect_uri, expires_at)"
    " select token_hash, token_hash, '', 'slack', '', '', expires_at from operator_session;"
    "insert into sign_in_proof (platform, client_id, redirect_uri, place, actor, proven_at)"
    " values ('slack', '', '', 'T', 'token:1', now() - interval '999 days');"
    "insert into queue_age (workspace, hour, oldest_s)"
    " select '" ACME "', now() - x.age, 1"
    "  from (values (interval '33 days'), (interval '31 days')) x (age);"
    "insert into api_token (workspace, name, role, digest, begins, made_by)"
    " values ('" ACME "', 'sync', 'act', repeat('a', 64), 'wb', 'user:U');"
    "insert into act_permission (workspace, id, user_id, token, looked_at, asked_at, allowed_at)"
    " select '" ACME
    "', gen_random_uuid(), x.name, repeat('a', 64), now() - x.age, x.asked, x.allowed"
    "  from (values ('old', interval '61 minutes', null::timestamptz, null::timestamptz),"
    "               ('young', interval '59 minutes', null, null),"
    "               ('asked', interval '9 days', now() - interval '9 days', null),"
    "               ('allowed', null, null, now())) x (name, age, asked, allowed)";

/* What stays of it, by table. */
static const struct {
    const char *rows;
    int64_t stay;
} kept[] = {
    {"job where state <> 'queued'", 1},
    {"job where state = 'queued'", 1},
    {"message", 1},
    {"run", 1},
    {"run_step", 1},
    {"login", 2},
    {"audit", 1},
    {"response_use", 1},
    {"admin_link", 1},
    {"decision", 1},
    {"console_session where link_hash in ('open', 'young')", 2},
    {"console_session", 2},
    {"operator_session where token_hash = 'young'", 1},
    {"operator_session", 1},
    {"sign_in_try", 1},   /* goes with its session */
    {"sign_in_proof", 1}, /* true as long as its client is used */
    {"queue_age", 1},
    {"act_permission where user_id <> 'old'", 3},
    {"act_permission", 3},
};

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
    for (size_t i = 0; i < sizeof kept / sizeof kept[0]; i++) {
        char sql[120];
        snprintf(sql, sizeof sql, "select count(*) from %s", kept[i].rows);
        print_message("# %s\n", kept[i].rows);
        assert_int_equal(world_count(sql), kept[i].stay);
    }
    world_close(s);
}

/* Whoever adds a sweep plants its rows above. */
static void test_every_sweep_has_rows_here(void **state)
{
    (void)state;
    size_t count = 0, sweeps = 0;
    const struct stmt *const *all = store_statements(&count);
    for (size_t i = 0; i < count; i++) {
        char table[40], planted[60];
        if (strncmp(all[i]->name, "retention_", 10) == 0) {
            assert_true(sscanf(all[i]->sql, "delete from %39s", table) == 1 ||
                        sscanf(all[i]->sql, "select from sweep_%39[a-z]", table) == 1);
            snprintf(planted, sizeof planted, "insert into %s (", table);
            print_message("# %s\n", table);
            assert_non_null(strstr(made, planted));
            sweeps++;
        }
    }
    assert_true(sweeps >= 12);
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
        cmocka_unit_test(test_every_sweep_has_rows_here),
        cmocka_unit_test_setup(test_a_sweep_goes_in_batches, world_reset),
        cmocka_unit_test_setup(test_claims_without_room_for_runs_do_not_walk_by_them, world_reset),
        cmocka_unit_test_setup(test_claims_do_not_pay_for_what_has_ended, world_reset),
    };
    return cmocka_run_group_tests_name("store: retention", tests, world_setup, world_teardown);
}
