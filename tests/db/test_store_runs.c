#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <pthread.h>
#include <time.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/str.h"
#include "tests/db/store_support.h"

/* P9, P10, P11, P15: runs with their steps, and the messages that show them. */

enum { THREADS = 8 };

static struct run *add_run(store *s, const char *workspace, const char *user_id)
{
    struct run *r = arena_alloc(store_arena(s), sizeof *r);
    *r = (struct run){.workspace = workspace,
                      .recipe = "deal",
                      .version = 1,
                      .user_id = user_id,
                      .state = RUN_QUEUED,
                      .inputs = arena_json(store_arena(s), json_pack("{s:s}", "name", "Acme")),
                      .place = "dm",
                      .channel = "D1"};
    bool added = false;
    OK(store_run_add(s, r, 1000, &added, e));
    assert_true(added);
    struct run one_more = *r;
    one_more.id = one_more.reference = NULL;
    OK(store_run_add(s, &one_more, 1, &added, e)); /* one is open already */
    assert_false(added);
    return r;
}

static bool stands(store *s, const char *run_id)
{
    struct run_case c;
    OK(store_run_case(s, ACME, run_id, &c, e));
    assert_non_null(c.run);
    return c.act_stands;
}

static void test_what_a_token_has_begun_ends_when_the_token_expires(void **state)
{
    (void)state;
    store *s = world_open();
    const char *id = add_run(s, ACME, "UANA")->id;
    assert_true(stands(s, id)); /* her own */
    world_sql("update workspace set acting = true;"
              "insert into api_token (workspace, name, role, digest, begins, made_by, expires_at)"
              " values ('" ACME "', 'sync', 'act', repeat('a', 64), 'wb', 'user:UBEN',"
              "         now() + interval '1 hour');"
              "insert into act_permission (workspace, id, user_id, token, allowed_at)"
              " values ('" ACME "', gen_random_uuid(), 'UANA', repeat('a', 64), now());"
              "update run set act_token = repeat('a', 64), act_name = 'sync', act_key = '1'"
              " where user_id = 'UANA' and workspace = '" ACME "'");
    assert_true(stands(s, id));
    world_sql("update api_token set expires_at = now() - interval '1 second'");
    assert_false(stands(s, id));
    world_sql("update api_token set expires_at = null");
    assert_true(stands(s, id));
    world_sql("update act_permission set allowed_at = null");
    assert_false(stands(s, id));
    world_close(s);
}

static struct run *load(store *s, const char *id)
{
    struct run *r = NULL;
    OK(store_run_find(s, ACME, id, &r, e));
    return r;
}

static bool move(store *s, struct run *r, enum run_state from, enum run_state to)
{
    bool changed = false;
    r->state = to;
    OK(store_run_update(s, r, from, &changed, e));
    return changed;
}

static void test_a_run_is_found_where_it_belongs(void **state)
{
    (void)state;
    store *s = world_open();
    struct run *made = add_run(s, ACME, "UANA"), *found = NULL;
    assert_true(id_valid(made->id));
    assert_int_equal(strlen(made->reference), 11);
    assert_true(str_starts(made->reference, "WB-"));
    OK(store_run_find(s, ACME, made->id, &found, e));
    assert_string_equal(found->reference, made->reference);
    assert_string_equal(json_string_value(json_object_get(found->inputs, "name")), "Acme");
    assert_int_equal(found->state, RUN_QUEUED);
    assert_null(found->result);
    OK(store_run_find(s, GLOBEX, made->id, &found, e));
    assert_null(found);
    OK(store_run_lock(s, GLOBEX, made->id, &found, e));
    assert_null(found);
    OK(store_run_find(s, ACME, "x", &found, e));
    assert_null(found);
    world_close(s);
}

static void test_only_the_expected_state_moves(void **state)
{
    (void)state;
    store *s = world_open();
    struct run *r = add_run(s, ACME, "UANA");
    assert_false(move(s, r, RUN_PARKED, RUN_RUNNING));
    assert_true(move(s, r, RUN_QUEUED, RUN_RUNNING));
    r->result = arena_json(store_arena(s), json_pack("{s:s}", "text", "Created"));
    r->confirmed = true;
    assert_true(move(s, r, RUN_RUNNING, RUN_DONE));
    assert_false(move(s, r, RUN_RUNNING, RUN_FAILED));
    struct run *found = load(s, r->id);
    assert_int_equal(found->state, RUN_DONE);
    assert_true(found->ended_at > 0 && found->confirmed);
    assert_string_equal(json_string_value(json_object_get(found->result, "text")), "Created");
    size_t finals = 0;
    for (int i = 0; i < RUN_STATE_COUNT; i++) {
        assert_non_null(run_state_name((enum run_state)i));
        finals += run_state_is_final((enum run_state)i) ? 1 : 0;
    }
    assert_int_equal(finals, 5);
    world_close(s);
}

static void test_lists_of_runs(void **state)
{
    (void)state;
    store *s = world_open();
    struct run *runs[5];
    for (size_t i = 0; i < 5; i++) {
        runs[i] = add_run(s, ACME, i < 4 ? "UANA" : "UEVE");
    }
    add_run(s, GLOBEX, "UANA");
    assert_true(move(s, runs[0], RUN_QUEUED, RUN_CANCELLED));
    struct run *list = NULL;
    size_t count = 0;
    OK(store_run_open(s, ACME, "UANA", &list, &count, e));
    assert_int_equal(count, 3);
    assert_string_equal(list[0].id, runs[3]->id);
    struct run_filter f = {.user_id = "UANA", .limit = 3};
    OK(store_run_page(s, ACME, &f, &list, &count, e));
    assert_int_equal(count, 3);
    f.before_id = list[2].id;
    OK(store_run_page(s, ACME, &f, &list, &count, e));
    assert_int_equal(count, 1);
    f = (struct run_filter){.state = "cancelled", .recipe = "deal", .limit = 10};
    OK(store_run_page(s, ACME, &f, &list, &count, e));
    assert_int_equal(count, 1);
    f = (struct run_filter){.reference = runs[4]->reference, .limit = 10};
    OK(store_run_page(s, ACME, &f, &list, &count, e));
    assert_int_equal(count, 1);
    assert_string_equal(list[0].id, runs[4]->id);
    OK(store_run_page(s, GLOBEX, &f, &list, &count, e));
    assert_int_equal(count, 0);
    f.before_id = "x";
    FAILS(store_run_page(s, ACME, &f, &list, &count, e), ERR_INPUT);
    world_close(s);
}

static void park(store *s, struct run *r, const char *handle, int64_t expires_at)
{
    struct login l = {.workspace = r->workspace,
                      .id = arena_strdup(store_arena(s), id_new().text),
                      .user_id = r->user_id,
                      .default_name = "crm",
                      .run_id = r->id,
                      .expires_at = clock_now() + 600};
    OK(store_login_add(s, &l, handle, e));
    r->login_id = l.id;
    r->parked_at = clock_now();
    r->expires_at = expires_at;
    assert_true(move(s, r, RUN_QUEUED, RUN_PARKED));
}

static void test_p9_a_login_releases_its_users_runs_only(void **state)
{
    (void)state;
    store *s = world_open();
    struct run *ana = add_run(s, ACME, "UANA");
    park(s, ana, "h1", clock_now() + 60);
    park(s, add_run(s, ACME, "UEVE"), "h2", clock_now() + 60);
    park(s, add_run(s, GLOBEX, "UANA"), "h3", clock_now() + 60);
    struct run *list = NULL;
    size_t count = 0;
    OK(store_run_parked_for(s, ACME, "UANA", "crm", &list, &count, e));
    assert_int_equal(count, 1);
    assert_string_equal(list[0].id, ana->id);
    OK(store_run_parked_for(s, ACME, "UANA", "other", &list, &count, e));
    assert_int_equal(count, 0);
    world_close(s);
}

struct race {
    struct job *job;
    const char *id;
    int released[THREADS];
    bool failed[THREADS];
};

static void release(size_t number, void *context)
{
    struct race *r = context;
    struct err e = {.kind = ERR_NONE};
    store *s = world_open();
    struct run *found = NULL;
    bool changed = false;
    r->failed[number] = store_begin(s, &e) != 0 || store_run_lock(s, ACME, r->id, &found, &e) != 0;
    if (!r->failed[number] && found->state == RUN_PARKED) {
        found->state = RUN_QUEUED;
        r->failed[number] = store_run_update(s, found, RUN_PARKED, &changed, &e) != 0;
    }
    r->failed[number] = r->failed[number] || store_commit(s, &e) != 0;
    r->released[number] = changed ? 1 : 0;
    world_close(s);
}

static void test_p9_a_parked_run_is_released_once(void **state)
{
    (void)state;
    store *s = world_open();
    struct run *r = add_run(s, ACME, "UANA");
    park(s, r, "h1", clock_now() + 60);
    struct race race = {.id = r->id};
    world_threads(THREADS, release, &race);
    int released = 0;
    for (int i = 0; i < THREADS; i++) {
        assert_false(race.failed[i]);
        released += race.released[i];
    }
    assert_int_equal(released, 1);
    world_close(s);
}

static void test_runs_whose_time_is_over(void **state)
{
    (void)state;
    store *s = world_open(), *other = world_open();
    struct run *over = add_run(s, ACME, "UANA");
    park(s, over, "h1", clock_now() - 5);
    park(s, add_run(s, ACME, "UANA"), "h2", clock_now() + 60);
    struct run *list = NULL;
    size_t count = 0;
    OK(store_begin(s, e));
    OK(store_run_expired(s, 10, &list, &count, e));
    assert_int_equal(count, 1);
    assert_string_equal(list[0].id, over->id);
    OK(store_run_expired(other, 10, &list, &count, e)); /* another replica skips it */
    assert_int_equal(count, 0);
    world_close(other);
    world_close(s);
}

/* P9: a run that does not open is over like all others, and what stands in its row stays there. */
static void test_a_run_that_does_not_open_expires(void **state)
{
    (void)state;
    store *s = world_open();
    struct run *broken = add_run(s, ACME, "UANA"), *sound = add_run(s, GLOBEX, "UANA"),
               *list = NULL;
    size_t count = 0;
    park(s, broken, "h1", clock_now() - 50);
    park(s, sound, "h2", clock_now() - 5);
    world_sql("update run set inputs = '\\x00', result = '\\x01' where workspace = '" ACME "'");
    OK(store_run_expired(s, 10, &list, &count, e));
    assert_int_equal(count, 2);
    assert_string_equal(list[0].id, broken->id);
    assert_null(list[0].inputs);
    assert_null(list[0].result);
    assert_string_equal(json_string_value(json_object_get(list[1].inputs, "name")), "Acme");
    assert_true(move(s, &list[0], RUN_PARKED, RUN_EXPIRED));
    assert_true(move(s, &list[1], RUN_PARKED, RUN_EXPIRED));
    assert_int_equal(world_count("select count(*) from run where inputs = '\\x00'"), 1);
    world_close(s);
}

static void test_connections_of_a_run(void **state)
{
    (void)state;
    store *s = world_open();
    struct run *r = add_run(s, ACME, "UANA");
    struct run_connection c = {
        .alias = "sf", .default_name = "crm", .app = "salesforce", .rule = "personal"};
    struct run_start start = {
        .job = world_lease(s, ACME), .run_id = r->id, .connections = &c, .count = 1};
    OK(store_run_start(s, &start, NULL, e));
    struct id id = id_new();
    c.connection_id = id.text;
    c.account = "ana@acme.example";
    c.account_hash = "sample-digest";
    OK(store_run_start(s, &start, NULL, e)); /* taken over: what acts now replaces what acted */
    struct job other = *start.job;
    other.lease_token = id_new().text;
    struct run_start lost = start;
    lost.job = &other;
    lost.first_step = "opp";
    struct run_step *first = NULL;
    FAILS(store_run_start(s, &lost, &first, e), ERR_LEASE_LOST);
    assert_null(first);
    assert_int_equal(world_count("select count(*) from run_step"), 0);
    start.first_step = "opp";
    OK(store_run_start(s, &start, &first, e));
    assert_true(first->begun);
    struct run_step *steps = NULL;
    size_t steps_count = 0;
    OK(store_steps(s, ACME, r->id, &steps, &steps_count, e));
    assert_int_equal(steps_count, 1);
    assert_string_equal(steps[0].state, "started");
    assert_string_equal(steps[0].idempotency_key, first->idempotency_key);
    struct run_connection *list = NULL;
    size_t count = 0;
    OK(store_run_connections(s, ACME, r->id, &list, &count, e));
    assert_int_equal(count, 1);
    assert_string_equal(list[0].account, "ana@acme.example");
    assert_string_equal(list[0].connection_id, id.text);
    assert_string_equal(list[0].account_hash, "sample-digest");
    OK(store_run_connections(s, GLOBEX, r->id, &list, &count, e));
    assert_int_equal(count, 0);
    world_close(s);
}

static void test_p10_an_intent_stands_with_its_key(void **state)
{
    (void)state;
    store *s = world_open();
    struct run *r = add_run(s, ACME, "UANA");
    struct run_step *first = NULL, *again = NULL, *list = NULL;
    struct step_place at = {.job = world_lease(s, ACME), .run_id = r->id};
    OK(store_step_begin(s, &at, "opp", &first, e));
    assert_true(first->begun);
    assert_string_equal(first->state, "started");
    OK(store_step_begin(s, &at, "opp", &again, e));
    assert_false(again->begun);
    assert_string_equal(again->idempotency_key, first->idempotency_key);
    FAILS(store_step_forget(s, ACME, r->id, 0, e), ERR_NOT_FOUND); /* it is under way */
    OK(store_step_undo(s, &at, e));
    OK(store_step_begin(s, &at, "opp", &again, e));
    assert_true(again->begun);
    again->state = "unknown";
    OK(store_step_end(s, &at, again, e));
    OK(store_step_forget(s, ACME, r->id, 0, e)); /* its user says that it did not happen */
    OK(store_step_begin(s, &at, "opp", &again, e));
    assert_true(again->begun);
    assert_string_not_equal(again->idempotency_key, first->idempotency_key);
    again->state = "done";
    again->output = arena_json(store_arena(s), json_pack("{s:s}", "id", "006"));
    again->record_id = "006";
    again->record_url = "https://acme/006";
    OK(store_step_end(s, &at, again, e));
    FAILS(store_step_undo(s, &at, e), ERR_LEASE_LOST); /* an outcome is not taken back */
    FAILS(store_step_forget(s, ACME, r->id, 0, e), ERR_NOT_FOUND);
    struct step_place elsewhere = at, lost = at;
    struct job other = *at.job;
    elsewhere.job = world_lease(s, GLOBEX);
    other.lease_token = id_new().text;
    lost.job = &other;
    FAILS(store_step_end(s, &elsewhere, again, e), ERR_LEASE_LOST);
    FAILS(store_step_end(s, &lost, again, e), ERR_LEASE_LOST);
    FAILS(store_step_begin(s, &lost, "opp", &first, e), ERR_LEASE_LOST);
    size_t count = 0;
    OK(store_steps(s, ACME, r->id, &list, &count, e));
    assert_int_equal(count, 1);
    assert_string_equal(list[0].state, "done");
    assert_string_equal(json_string_value(json_object_get(list[0].output, "id")), "006");
    assert_string_equal(list[0].record_url, "https://acme/006");
    assert_true(list[0].ended_at > 0);
    world_close(s);
}

/* Turns stand beside their step, each with its key; a step that was skipped has a row, too. */
static void test_p10_turns_have_rows_of_their_own(void **state)
{
    (void)state;
    store *s = world_open();
    struct run *r = add_run(s, ACME, "UANA");
    struct run_step *loop = NULL, *p = NULL, *list = NULL;
    const struct job *job = world_lease(s, ACME);
    struct step_place at = {.job = job, .run_id = r->id, .position = 1, .turn = STEP_LOOP};
    OK(store_step_begin(s, &at, "all", &loop, e));
    assert_int_equal(loop->turn, STEP_LOOP);
    for (int64_t turn = 1; turn <= 3; turn++) {
        at = (struct step_place){
            .job = job, .run_id = r->id, .position = store_step_position(1, turn), .turn = turn};
        OK(store_step_begin(s, &at, "all", &p, e));
        assert_true(p->begun);
        assert_int_equal(p->turn, turn);
        p->state = turn == 2 ? "unknown" : "done";
        p->output = arena_json(store_arena(s), json_pack("{s:I}", "n", (json_int_t)turn));
        OK(store_step_end(s, &at, p, e));
    }
    at = (struct step_place){.job = job, .run_id = r->id, .position = 2};
    OK(store_step_skip(s, &at, "never", e));
    OK(store_step_skip(s, &at, "never", e)); /* by who takes the run over at that moment */
    at.position = 0;
    OK(store_step_begin(s, &at, "first", &p, e));

    size_t count = 0;
    OK(store_steps(s, ACME, r->id, &list, &count, e));
    static const struct {
        const char *step, *state;
        int64_t turn, n;
    } rows_of[] = {{"first", "started", STEP_ONCE, 0},
                   {"all", "started", STEP_LOOP, 0},
                   {"all", "done", 1, 1},
                   {"all", "unknown", 2, 2},
                   {"all", "done", 3, 3},
                   {"never", "skipped", STEP_ONCE, 0}};
    assert_int_equal(count, 6);
    for (size_t i = 0; i < count; i++) {
        assert_string_equal(list[i].step, rows_of[i].step);
        assert_string_equal(list[i].state, rows_of[i].state);
        assert_int_equal(list[i].turn, rows_of[i].turn);
        assert_int_equal(json_i64(list[i].output, "n"), rows_of[i].n);
    }
    assert_true(list[5].ended_at > 0);
    OK(store_step_forget(s, ACME, r->id, list[3].position, e));
    OK(store_steps(s, ACME, r->id, &list, &count, e));
    assert_int_equal(count, 5);
    world_close(s);
}

/* What the release before writes, by position: it touches the row that it means, and no turn. */
static void test_p15_the_release_before_touches_no_turn(void **state)
{
    (void)state;
    store *s = world_open();
    struct run *r = add_run(s, ACME, "UANA");
    struct run_step *p = NULL, *list = NULL;
    const struct job *job = world_lease(s, ACME);
    struct step_place at = {.job = job, .run_id = r->id, .position = 0, .turn = STEP_LOOP};
    OK(store_step_begin(s, &at, "all", &p, e));
    at = (struct step_place){
        .job = job, .run_id = r->id, .position = store_step_position(0, 1), .turn = 1};
    OK(store_step_begin(s, &at, "all", &p, e));
    world_sql(arena_printf(store_arena(s),
                           "update run_step set state = 'unknown', output = null, ended_at = now()"
                           " where run_id = '%s' and position = 0",
                           r->id));
    world_sql(arena_printf(store_arena(s),
                           "insert into run_step (workspace, run_id, position, step, state,"
                           " idempotency_key) select workspace, id, 1, 'next', 'started',"
                           " gen_random_uuid() from run where id = '%s' on conflict do nothing",
                           r->id));
    size_t count = 0;
    OK(store_steps(s, ACME, r->id, &list, &count, e));
    assert_int_equal(count, 3);
    assert_string_equal(list[0].state, "unknown");
    assert_string_equal(list[1].state, "started");
    assert_string_equal(list[1].idempotency_key, p->idempotency_key);
    assert_int_equal(list[2].turn, STEP_ONCE);
    world_close(s);
}

static void begin_step(size_t number, void *context)
{
    struct race *r = context;
    struct err e = {.kind = ERR_NONE};
    store *s = world_open();
    struct run_step *p = NULL;
    const struct step_place at = {.job = r->job, .run_id = r->id, .position = 3};
    if (store_step_begin(s, &at, "x", &p, &e) != 0) {
        p = NULL;
    }
    r->released[number] = p != NULL && p->begun ? 1 : 0;
    world_close(s);
}

/* One lease belongs to one worker; even so its intent stands once, and nobody else begins. */
static void test_p10_one_of_eight_begins_a_step(void **state)
{
    (void)state;
    store *s = world_open();
    struct race race = {.id = add_run(s, ACME, "UANA")->id, .job = world_lease(s, ACME)};
    world_threads(THREADS, begin_step, &race);
    int begun = 0;
    for (int i = 0; i < THREADS; i++) {
        begun += race.released[i];
    }
    assert_int_equal(begun, 1);
    world_close(s);
}

static struct message *load_message(store *s, const char *id)
{
    struct message *m = NULL;
    OK(store_message_find(s, ACME, id, &m, e));
    return m;
}

static void test_a_message_and_its_versions(void **state)
{
    (void)state;
    store *s = world_open();
    arena *mem = store_arena(s);
    struct message m = {.workspace = ACME,
                        .channel = "C1",
                        .user_id = "UANA",
                        .ephemeral = true,
                        .body = arena_json(mem, json_pack("{s:s}", "text", "one"))};
    OK(store_message_add(s, &m, e));
    struct job lost = *world_lease(s, ACME);
    lost.lease_token = id_new().text;
    struct outgoing out;
    OK(store_outgoing_take(s, &lost, m.id, &out, e));
    assert_null(out.message);
    assert_int_equal(load_message(s, m.id)->post_started_at, 0);
    OK(store_outgoing_take(s, world_lease(s, ACME), m.id, &out, e));
    assert_int_equal(out.message->post_started_at, 0); /* nobody has tried before */
    OK(store_outgoing_take(s, world_lease(s, ACME), m.id, &out, e));
    assert_true(out.message->post_started_at > 0);
    OK(store_message_sent(s, ACME, m.id, NULL, "17.001", 1, e));
    struct message *found = load_message(s, m.id), *none = NULL;
    assert_string_equal(found->state, "sent");
    assert_string_equal(found->channel, "C1");
    assert_int_equal(found->post_started_at, 0);
    assert_int_equal(found->version, 1);
    const struct message_named known = {ACME, "C1", "17.001", NULL, true};
    const struct message_named foreign = {GLOBEX, "C1", "17.001", m.id, true};
    const struct message_named copy = {ACME, "C1", "17.002", m.id, false};
    const struct message_named nameless = {ACME, "C1", NULL, m.id, true};
    OK(store_message_pressed(s, &known, &found, e));
    assert_string_equal(found->id, m.id);
    OK(store_message_pressed(s, &foreign, &none, e));
    assert_null(none);
    OK(store_message_pressed(s, &copy, &none, e)); /* another one stands for it by now */
    assert_null(none);
    OK(store_message_pressed(s, &nameless, &none, e)); /* an ephemeral is found otherwise */
    assert_null(none);

    OK(store_message_set_body(s, ACME, m.id, arena_json(mem, json_pack("{s:s}", "text", "two")),
                              e));
    OK(store_message_set_body(s, ACME, m.id, arena_json(mem, json_pack("{s:s}", "text", "3")), e));
    OK(store_message_sent(s, ACME, m.id, "C2", NULL, 2, e));
    found = load_message(s, m.id);
    assert_string_equal(found->state, "waiting"); /* version 3 is not out yet */
    assert_int_equal(found->version, 3);
    assert_int_equal(found->sent_version, 2);
    assert_string_equal(found->channel, "C2");
    assert_string_equal(found->platform_id, "17.001");
    assert_string_equal(json_string_value(json_object_get(found->body, "text")), "3");
    const struct message old = {.workspace = ACME, .id = m.id, .version = 2};
    bool again = true;
    OK(store_message_once_more(s, &old, &again, e)); /* a newer one is on its way */
    assert_false(again);
    OK(store_message_once_more(s, found, &again, e));
    assert_true(again);
    assert_int_equal(load_message(s, m.id)->version, 4);
    assert_string_equal(json_string_value(json_object_get(load_message(s, m.id)->body, "text")),
                        "3");
    world_sql("update message set version = 3");
    OK(store_message_sent(s, ACME, m.id, NULL, NULL, 3, e));
    OK(store_message_sent(s, ACME, m.id, NULL, NULL, 1, e)); /* a late answer */
    assert_string_equal(load_message(s, m.id)->state, "sent");
    assert_int_equal(load_message(s, m.id)->sent_version, 3);
    OK(store_outgoing_take(s, world_lease(s, ACME), m.id, &out, e));
    assert_int_equal(load_message(s, m.id)->post_started_at, 0); /* nothing to post */

    OK(store_message_set_response_url(s, ACME, m.id, secret_of(mem, "https://hooks/x"), 1900000000,
                                      e));
    assert_string_equal(secret_reveal(load_message(s, m.id)->response_url), "https://hooks/x");
    OK(store_message_failed(s, ACME, m.id, "channel_not_found", e));
    assert_string_equal(load_message(s, m.id)->state, "failed");
    OK(store_message_redirect(s, ACME, m.id, "D1", NULL, e));
    found = load_message(s, m.id);
    assert_false(found->ephemeral);
    assert_string_equal(found->channel, "D1");
    assert_null(found->platform_id);
    OK(store_message_sent(s, ACME, m.id, "D1", "18.001", 4, e));
    const struct message_named twin = {ACME, "D1", "18.002", m.id, true};
    const struct message_named alone = {ACME, "D1", "18.002", m.id, false};
    const struct message_named moved = {ACME, "C1", "17.001", m.id, true};
    OK(store_message_pressed(s, &twin, &found, e)); /* of a post that was repeated */
    assert_string_equal(found->id, m.id);
    OK(store_message_pressed(s, &alone, &none, e));
    assert_null(none);
    OK(store_message_pressed(s, &moved, &none, e)); /* it stands elsewhere by now */
    assert_null(none);
    FAILS(store_message_failed(s, GLOBEX, m.id, "x", e), ERR_NOT_FOUND);
    world_close(s);
}

/* The version that it began with, and the current one's body where that is another one. */
static void test_p2_a_case_has_both_versions(void **state)
{
    (void)state;
    store *s = world_open();
    struct run_case c;
    struct recipe_row r = {
        .workspace = ACME, .name = "deal", .command = "deal", .enabled = true, .body = "{\"a\":1}"};
    const struct run *run = add_run(s, ACME, "UANA");
    OK(store_recipe_put(s, &r, "system", e));
    OK(store_run_case(s, ACME, run->id, &c, e));
    assert_string_equal(c.recipe_body, "{\"a\":1}");
    assert_null(c.recipe_body_now);
    r.body = "{\"a\":2}";
    OK(store_recipe_put(s, &r, "system", e));
    OK(store_run_case(s, ACME, run->id, &c, e));
    assert_string_equal(c.recipe_body, "{\"a\":1}");
    assert_string_equal(c.recipe_body_now, "{\"a\":2}");
    bool existed = false;
    OK(store_recipe_delete(s, ACME, "deal", &existed, e));
    OK(store_run_case(s, ACME, run->id, &c, e));
    assert_false(c.enabled);
    assert_null(c.recipe_body_now);
    world_close(s);
}

struct replacing {
    store *s;
    const char *id;
    const char *read; /* what stood there when it had the row */
};

/* What the outbox does when it would write over a line that promises something. */
static void *read_locked(void *arg)
{
    struct replacing *x = arg;
    struct err ignored = {0};
    struct message *m = NULL;
    if (store_message_lock(x->s, ACME, x->id, &m, &ignored) == 0 && m != NULL) {
        x->read = json_string_value(json_object_get(m->body, "text"));
    }
    return NULL;
}

static void test_a_message_is_replaced_by_who_has_read_its_last_word(void **state)
{
    (void)state;
    store *first = world_open(), *second = world_open();
    arena *mem = store_arena(first);
    struct message m = {.workspace = ACME,
                        .channel = "C1",
                        .body = arena_json(mem, json_pack("{s:s}", "text", "promise"))};
    OK(store_message_add(first, &m, e));
    OK(store_begin(first, e));
    OK(store_begin(second, e));
    json_t *result = arena_json(mem, json_pack("{s:s}", "text", "result"));
    OK(store_message_set_body(first, ACME, m.id, result, e));
    struct replacing x = {.s = second, .id = m.id};
    pthread_t thread;
    pthread_create(&thread, NULL, read_locked, &x);
    const char *held = "select count(*) from pg_stat_activity where datname = current_database()"
                       " and wait_event_type = 'Lock'";
    for (int i = 0; i < 5000 && world_count(held) != 1; i++) {
        nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
    }
    OK(store_commit(first, e));
    pthread_join(thread, NULL);
    assert_string_equal(x.read, "result");
    OK(store_commit(second, e));
    world_close(first);
    world_close(second);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_what_a_token_has_begun_ends_when_the_token_expires,
                               world_reset),
        cmocka_unit_test_setup(test_a_run_is_found_where_it_belongs, world_reset),
        cmocka_unit_test_setup(test_p2_a_case_has_both_versions, world_reset),
        cmocka_unit_test_setup(test_only_the_expected_state_moves, world_reset),
        cmocka_unit_test_setup(test_lists_of_runs, world_reset),
        cmocka_unit_test_setup(test_p9_a_login_releases_its_users_runs_only, world_reset),
        cmocka_unit_test_setup(test_p9_a_parked_run_is_released_once, world_reset),
        cmocka_unit_test_setup(test_runs_whose_time_is_over, world_reset),
        cmocka_unit_test_setup(test_a_run_that_does_not_open_expires, world_reset),
        cmocka_unit_test_setup(test_connections_of_a_run, world_reset),
        cmocka_unit_test_setup(test_p10_an_intent_stands_with_its_key, world_reset),
        cmocka_unit_test_setup(test_p10_turns_have_rows_of_their_own, world_reset),
        cmocka_unit_test_setup(test_p15_the_release_before_touches_no_turn, world_reset),
        cmocka_unit_test_setup(test_p10_one_of_eight_begins_a_step, world_reset),
        cmocka_unit_test_setup(test_a_message_and_its_versions, world_reset),
        cmocka_unit_test_setup(test_a_message_is_replaced_by_who_has_read_its_last_word,
                               world_reset),
    };
    return cmocka_run_group_tests_name("store: runs", tests, world_setup, world_teardown);
}
