#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <pthread.h>

#include "base/str.h"
#include "tests/db/store_support.h"

/* P1, P10: of one message one run decides. A claim stands or falls with the intent of its run. */

enum { RACERS = 8, ROUNDS = 25 };

/* A run of its own for each, and a job that holds it. */
struct racer {
    struct run *run;
    struct job *job;
    const char *message_id;
    bool mine;
    const char *problem; /* of an error: its code */
};

static struct racer racer(store *s, const char *user_id, const char *message_id)
{
    struct run *r = arena_alloc(store_arena(s), sizeof *r);
    bool added = false;
    *r = (struct run){.workspace = ACME,
                      .recipe = "approve",
                      .version = 1,
                      .user_id = user_id,
                      .state = RUN_QUEUED,
                      .place = "dm",
                      .channel = "D1"};
    OK(store_run_add(s, r, 1000, &added, e));
    assert_true(added);
    return (struct racer){.run = r, .job = world_lease(s, ACME), .message_id = message_id};
}

static struct decision_claim claim_of(const struct racer *x)
{
    return (struct decision_claim){.workspace = ACME,
                                   .message_id = x->message_id,
                                   .run_id = x->run->id,
                                   .user_id = x->run->user_id,
                                   .position = 0};
}

/* As the engine does it, up to the commit: the intent, then the claim. */
static int intend_and_claim(store *s, struct racer *x, struct err *e)
{
    const struct decision_claim claim = claim_of(x);
    const struct run_start start = {.job = x->job, .run_id = x->run->id, .first_step = "approve"};
    struct run_step *first = NULL;
    return store_begin(s, e) != 0 || store_run_start(s, &start, &first, e) != 0
               ? -1
               : store_decision_claim(s, &claim, &x->mine, e);
}

static void race(size_t number, void *context)
{
    struct racer *x = (struct racer *)context + number;
    struct err e = {.kind = ERR_NONE};
    arena *mem = arena_new();
    store *s = NULL;
    int rc = store_open(world.stores, mem, &s, &e);
    if (rc == 0) {
        rc = intend_and_claim(s, x, &e);
    }
    if (rc == 0 && x->mine) {
        rc = store_commit(s, &e);
    }
    store_close(s);
    x->problem = rc == 0 ? NULL : "failed";
    arena_free(mem);
}

static struct decision *found(store *s, const char *message_id)
{
    struct decision *d = NULL;
    OK(store_decision_find(s, ACME, message_id, &d, e));
    return d;
}

static int64_t intents(void)
{
    return world_count("select count(*) from run_step where state = 'started'");
}

static void test_p1_of_many_who_claim_at_once_one_has_it_and_the_others_read_who(void **state)
{
    (void)state;
    for (int round = 0; round < ROUNDS; round++) {
        world_reset(NULL);
        store *s = world_open();
        const char *message = id_new().text;
        struct racer all[RACERS];
        for (size_t i = 0; i < RACERS; i++) {
            all[i] = racer(s, arena_printf(store_arena(s), "U%zu", i), message);
        }
        world_threads(RACERS, race, all);
        const struct racer *winner = NULL;
        for (size_t i = 0; i < RACERS; i++) {
            assert_null(all[i].problem);
            assert_false(all[i].mine && winner != NULL);
            winner = all[i].mine ? &all[i] : winner;
        }
        assert_non_null(winner);
        struct decision *d = found(s, message);
        assert_true(d->held);
        assert_false(d->decided);
        assert_string_equal(d->run_id, winner->run->id); /* what the losers are told */
        assert_string_equal(d->user_id, winner->run->user_id);
        assert_int_equal(intents(), 1); /* the losers' intents went with their transactions */
        assert_int_equal(world_count("select count(*) from run where state = 'running'"), 1);
        world_close(s);
    }
}

static void test_p10_a_rollback_frees_claim_and_intent(void **state)
{
    (void)state;
    store *s = world_open(), *dies = world_open();
    const char *message = id_new().text;
    struct racer ana = racer(s, "UANA", message), bob = racer(s, "UBOB", message);
    OK(intend_and_claim(dies, &ana, e));
    assert_true(ana.mine);
    world_close(dies); /* before its commit, as when a worker dies there */
    assert_null(found(s, message));
    assert_int_equal(intents(), 0);
    assert_int_equal(world_count("select count(*) from run where state = 'queued'"), 2);
    OK(intend_and_claim(s, &bob, e));
    assert_true(bob.mine);
    OK(store_commit(s, e));
    assert_string_equal(found(s, message)->user_id, "UBOB");
    assert_int_equal(intents(), 1);
    world_close(s);
}

/* What a second one does while the first's transaction is open. */
static void *second(void *context)
{
    race(0, context);
    return NULL;
}

static void meet(bool commits)
{
    world_reset(NULL);
    store *s = world_open(), *first = world_open();
    const char *message = id_new().text;
    struct racer ana = racer(s, "UANA", message), bob = racer(s, "UBOB", message);
    pthread_t thread;
    OK(intend_and_claim(first, &ana, e));
    assert_true(ana.mine);
    assert_int_equal(pthread_create(&thread, NULL, second, &bob), 0);
    test_sql_until(world.base->url,
                   "select count(*) from pg_stat_activity where datname = current_database()"
                   "   and wait_event_type = 'Lock'",
                   "1"); /* it is told neither yes nor no before that is known */
    if (commits) {
        OK(store_commit(first, e));
    }
    world_close(first);
    pthread_join(thread, NULL);
    assert_null(bob.problem);
    assert_int_equal(bob.mine, !commits);
    assert_string_equal(found(s, message)->user_id, commits ? "UANA" : "UBOB");
    assert_int_equal(intents(), 1);
    world_close(s);
}

static void test_p1_the_second_waits_for_the_first_to_commit_or_not(void **state)
{
    (void)state;
    meet(true);
    meet(false);
}

static void move(const char *state, const char *run_id)
{
    arena *mem = arena_new();
    world_sql(arena_printf(mem, "update run set state = '%s' where id = '%s'", state, run_id));
    arena_free(mem);
}

static void stands(const char *step, const char *run_id)
{
    arena *mem = arena_new();
    world_sql(arena_printf(mem, "delete from run_step where run_id = '%s'", run_id));
    if (step != NULL) {
        world_sql(arena_printf(mem,
                               "insert into run_step (workspace, run_id, position, step, state,"
                               " idempotency_key) values ('%s', '%s', 0, 'approve', '%s',"
                               " gen_random_uuid())",
                               ACME, run_id, step));
    }
    arena_free(mem);
}

/* What it only read, or what another run wrote, holds nothing. */
static void test_p10_a_waiting_run_holds_by_what_it_claimed_with(void **state)
{
    (void)state;
    store *s = world_open();
    const char *message = id_new().text;
    struct racer ana = racer(s, "UANA", message), bob = racer(s, "UBOB", message);
    OK(intend_and_claim(s, &ana, e));
    OK(store_commit(s, e));
    stands("done", ana.run->id);
    move("parked", ana.run->id);
    assert_true(found(s, message)->held);
    world_sql("update run_step set position = 7"); /* a step that only reads stands there */
    assert_false(found(s, message)->held);
    OK(intend_and_claim(s, &bob, e));
    assert_true(bob.mine);
    OK(store_commit(s, e));
    move("parked", bob.run->id);
    world_sql("update decision set steps = steps || 7");
    assert_true(found(s, message)->held); /* by its own started step */
    stands(NULL, bob.run->id);
    assert_false(found(s, message)->held); /* the other run's row at 7 is not its own */
    world_close(s);
}

/* Takes it and goes back, so that the next question finds it as it was. */
static bool could_take(struct racer *x)
{
    store *s = world_open();
    const struct decision_claim claim = claim_of(x);
    OK(store_begin(s, e));
    OK(store_decision_claim(s, &claim, &x->mine, e));
    world_close(s);
    return x->mine;
}

static void test_p10_a_claim_is_as_good_as_its_run(void **state)
{
    (void)state;
    static const struct {
        const char *state;
        bool holds;
        const char *step; /* what stands of the write; NULL: nothing, the call had no effect */
    } cases[] = {
        {"queued", true, NULL},       {"running", true, "started"}, {"unknown", true, "unknown"},
        {"parked", false, NULL},      {"parked", false, "failed"},  {"parked", false, "skipped"},
        {"parked", true, "started"},  {"parked", true, "done"},     {"parked", true, "unknown"},
        {"asking", false, NULL},      {"asking", true, "done"},     {"failed", false, "failed"},
        {"cancelled", false, "done"}, {"expired", false, "done"},   {"superseded", false, NULL},
    };
    store *s = world_open();
    const char *message = id_new().text;
    struct racer ana = racer(s, "UANA", message), bob = racer(s, "UBOB", message);
    OK(intend_and_claim(s, &ana, e));
    OK(store_commit(s, e));
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        move(cases[i].state, ana.run->id);
        stands(cases[i].step, ana.run->id);
        assert_int_equal(could_take(&bob), !cases[i].holds);
        assert_true(could_take(&ana)); /* the same run again, whatever became of it */
    }
    move("running", ana.run->id);
    const struct decision d = {
        .message_id = message, .run_id = ana.run->id, .user_id = "UANA", .word = "approved"};
    struct decision other = d;
    other.run_id = bob.run->id;
    FAILS(store_decision_close(s, ACME, &other, e), ERR_NOT_FOUND); /* has no claim */
    OK(store_decision_close(s, ACME, &d, e));
    move("done", ana.run->id);
    assert_false(could_take(&bob));
    assert_false(could_take(&ana));
    assert_string_equal(found(s, message)->word, "approved");
    world_close(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_p1_of_many_who_claim_at_once_one_has_it_and_the_others_read_who,
                               world_reset),
        cmocka_unit_test_setup(test_p10_a_rollback_frees_claim_and_intent, world_reset),
        cmocka_unit_test_setup(test_p1_the_second_waits_for_the_first_to_commit_or_not,
                               world_reset),
        cmocka_unit_test_setup(test_p10_a_claim_is_as_good_as_its_run, world_reset),
        cmocka_unit_test_setup(test_p10_a_waiting_run_holds_by_what_it_claimed_with, world_reset),
    };
    return cmocka_run_group_tests(tests, world_setup, world_teardown);
}
