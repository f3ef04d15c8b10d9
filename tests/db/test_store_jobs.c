#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <pthread.h>
#include <time.h>

#include "base/str.h"
#include "tests/db/store_support.h"

/* P1, P13: the queue. */

enum { THREADS = 8 };

static struct id owner;

static struct job_seed seed(store *s, const char *workspace, const char *lane, const char *key)
{
    struct job_seed made = {.workspace = workspace,
                            .id = id_new(),
                            .kind = JOB_SLACK_EVENT,
                            .lane = lane,
                            .keys = {key, NULL, NULL}};
    made.sealed = store_job_seal(store_arena(s), world.keys, workspace, made.id,
                                 bytes_of(key == NULL ? "{}" : key));
    return made;
}

static int64_t add_many(store *s, const struct job_seed *seeds, size_t count)
{
    int64_t stored = -1;
    OK(store_job_add_many(s, seeds, count, &stored, e));
    return stored;
}

static void add(store *s, const char *workspace, const char *lane, const char *key)
{
    struct job_seed one = seed(s, workspace, lane, key);
    assert_int_equal(add_many(s, &one, 1), 1);
}

static struct job_claim asking(int64_t max, int64_t per_workspace, const char *after)
{
    return (struct job_claim){.owner = owner,
                              .lease_s = 30,
                              .max = max,
                              .per_workspace = per_workspace,
                              .after_workspace = after,
                              .runs = {.all = max, .each = max}};
}

static size_t claim(store *s, int64_t max, int64_t per_workspace, struct job **ret)
{
    struct job_claim c = asking(max, per_workspace, "");
    size_t count = 0;
    OK(store_job_claim(s, &c, ret, &count, e));
    return count;
}

static struct job *claim_one(store *s)
{
    struct job *j = NULL;
    assert_int_equal(claim(s, 1, 1, &j), 1);
    return j;
}

static void test_p1_an_event_is_stored_once_by_any_key(void **state)
{
    (void)state;
    store *s = world_open();
    struct job_seed batch[7];
    for (size_t i = 0; i < 7; i++) {
        batch[i] = seed(s, ACME, NULL, NULL);
    }
    batch[0].keys[0] = "Ev1", batch[0].keys[1] = "C1/1.0", batch[0].keys[2] = "U1/m1";
    batch[1].keys[0] = "Ev1";                              /* sent again, in the same batch */
    batch[2].keys[0] = "Ev2", batch[2].keys[1] = "C1/1.0"; /* another id, the same message */
    batch[3].keys[0] = "Ev3", batch[3].keys[2] = "U1/m1";  /* the client's own retry */
    batch[4].keys[0] = "Ev4", batch[4].keys[1] = "C1/2.0"; /* something else */
    batch[5].keys[0] = "Ev1", batch[5].workspace = GLOBEX; /* elsewhere */
    batch[6].keys[0] = NULL;                               /* no key, no double */
    batch[5].sealed =
        store_job_seal(store_arena(s), world.keys, GLOBEX, batch[5].id, bytes_of("{}"));
    assert_int_equal(add_many(s, batch, 7), 4);
    assert_int_equal(add_many(s, batch, 6), 0);
    assert_int_equal(world_count("select count(*) from job where key1 = 'Ev1'"), 2);
    struct job *jobs = NULL;
    assert_int_equal(claim(s, 10, 10, &jobs), 4);
    for (size_t i = 0; i < 4; i++) {
        OK(store_job_done(s, &jobs[i], e));
    }
    assert_int_equal(add_many(s, batch, 6), 0); /* keys outlive the work */
    assert_int_equal(world_count("select count(*) from job where payload is not null"), 0);
    struct job twin = {.workspace = ACME, .kind = JOB_RUN, .keys = {"Ev1"}};
    OK(store_job_add(s, &twin, e));
    assert_int_equal(world_count("select count(*) from job where kind = 'run'"), 0);
    assert_int_equal(add_many(s, batch, 0), 0);
    world_close(s);
}

struct flood {
    int64_t stored[THREADS];
    bool failed[THREADS];
    int round;
};

/* Every thread brings the same messages, each under an event id of its own, in another order. */
static void bring(size_t number, void *context)
{
    struct flood *f = context;
    struct err e = {.kind = ERR_NONE};
    store *s = world_open();
    arena *mem = store_arena(s);
    struct job_seed batch[100];
    for (size_t i = 0; i < 100; i++) {
        size_t n = number % 2 == 0 ? i : 99 - i;
        batch[i] = seed(s, n % 3 == 0 ? ACME : GLOBEX, "lane", NULL);
        batch[i].keys[0] = arena_printf(mem, "Ev-%d-%zu-%zu", f->round, (n * 37) % 100, number);
        batch[i].keys[1] = arena_printf(mem, "C/%d.%zu", f->round, n);
    }
    f->failed[number] = store_job_add_many(s, batch, 100, &f->stored[number], &e) != 0;
    world_close(s);
}

static void test_p1_replicas_store_each_message_once(void **state)
{
    (void)state;
    for (int round = 0; round < 10; round++) {
        struct flood f = {.round = round};
        world_threads(THREADS, bring, &f);
        int64_t stored = 0;
        for (int i = 0; i < THREADS; i++) {
            assert_false(f.failed[i]);
            stored += f.stored[i];
        }
        assert_int_equal(stored, 100);
    }
    assert_int_equal(world_count("select count(*) from job"), 1000);
}

static void test_a_claimed_job_is_whole(void **state)
{
    (void)state;
    store *s = world_open();
    struct job j = {
        .workspace = ACME, .kind = JOB_SEND, .lane = "C1", .payload = bytes_of("{\"message\":1}")};
    OK(store_job_add(s, &j, e));
    assert_true(id_valid(j.id));
    struct job *got = claim_one(s);
    assert_string_equal(got->id, j.id);
    assert_string_equal(got->workspace, ACME);
    assert_int_equal(got->kind, JOB_SEND);
    assert_string_equal(got->lane, "C1");
    assert_int_equal(got->priority, JOB_PRIORITY_NORMAL);
    assert_int_equal(got->attempts, 1);
    assert_int_equal(got->payload.len, 13);
    assert_memory_equal(got->payload.data, "{\"message\":1}", 13);
    struct job *none = NULL;
    assert_int_equal(claim(s, 10, 10, &none), 0);
    OK(store_job_done(s, got, e));
    assert_int_equal(world_count("select count(*) from job"), 0); /* no event: gone */
    world_close(s);
}

static void test_urgent_jobs_overtake_and_later_ones_wait(void **state)
{
    (void)state;
    store *s = world_open();
    struct job later = {.workspace = ACME, .kind = JOB_RUN, .run_at = 4102444800};
    struct job normal = {.workspace = ACME, .kind = JOB_RUN};
    struct job urgent = {
        .workspace = ACME, .kind = JOB_SLACK_INTERACTION, .priority = JOB_PRIORITY_URGENT};
    OK(store_job_add(s, &later, e));
    OK(store_job_add(s, &normal, e));
    OK(store_job_add(s, &urgent, e));
    int64_t waiting = 0, oldest_s = -1;
    OK(store_job_gauges(s, &waiting, &oldest_s, e));
    assert_int_equal(waiting, 2);
    assert_in_range(oldest_s, 0, 5);
    assert_string_equal(claim_one(s)->id, urgent.id);
    assert_string_equal(claim_one(s)->id, normal.id);
    struct job *none = NULL;
    assert_int_equal(claim(s, 1, 1, &none), 0);
    world_sql("update job set run_at = now() where state = 'queued'");
    assert_string_equal(claim_one(s)->id, later.id);
    world_close(s);
}

static void test_p13_a_busy_workspace_starves_no_other(void **state)
{
    (void)state;
    store *s = world_open();
    struct job_seed *busy = arena_array(store_arena(s), 1000, sizeof *busy);
    for (size_t i = 0; i < 1000; i++) {
        busy[i] = seed(s, ACME, NULL, NULL);
    }
    assert_int_equal(add_many(s, busy, 1000), 1000);
    add(s, GLOBEX, NULL, "one");
    add(s, GLOBEX, NULL, "two");
    struct job *jobs = NULL;
    size_t count = claim(s, 8, 4, &jobs);
    assert_int_equal(count, 6);
    size_t others = 0;
    for (size_t i = 0; i < count; i++) {
        others += str_equal(jobs[i].workspace, GLOBEX) ? 1 : 0;
    }
    assert_int_equal(others, 2);

    /* with room for one workspace only, the next claim begins behind the last one served */
    add(s, GLOBEX, NULL, "three");
    struct job_claim c = asking(4, 4, "");
    OK(store_job_claim(s, &c, &jobs, &count, e));
    assert_string_equal(jobs[0].workspace, ACME);
    c.after_workspace = jobs[0].workspace;
    OK(store_job_claim(s, &c, &jobs, &count, e));
    assert_int_equal(count, 1);
    assert_string_equal(jobs[0].workspace, GLOBEX);
    c.after_workspace = jobs[0].workspace;
    OK(store_job_claim(s, &c, &jobs, &count, e)); /* around the circle */
    assert_int_equal(count, 4);
    assert_string_equal(jobs[0].workspace, ACME);
    world_close(s);
}

static void add_urgent(store *s, const char *workspace, const char *lane, const char *payload)
{
    struct job j = {.workspace = workspace,
                    .kind = JOB_SLACK_INTERACTION,
                    .lane = lane,
                    .priority = JOB_PRIORITY_URGENT,
                    .payload = bytes_of(payload)};
    OK(store_job_add(s, &j, e));
}

static void test_p13_urgent_jobs_overtake_all_workspaces(void **state)
{
    (void)state;
    store *s = world_open();
    for (int i = 0; i < 40; i++) {
        add(s, arena_printf(store_arena(s), "slack:T%03d", i), NULL, NULL);
    }
    add_urgent(s, GLOBEX, "user:U1", "first");
    add_urgent(s, GLOBEX, "user:U1", "behind the first");
    add_urgent(s, GLOBEX, "user:U2", "second");
    add_urgent(s, ACME, "user:U1", "another's");
    struct job *jobs = NULL;
    size_t count = 0;
    struct job_claim c = asking(8, 8, "");
    c.of = CLAIM_OF_URGENT;
    OK(store_job_claim(s, &c, &jobs, &count, e)); /* one of each */
    assert_int_equal(count, 2);
    assert_memory_equal(jobs[0].payload.data, "first", 5);
    assert_memory_equal(jobs[1].payload.data, "another's", 9);
    struct job *first = &jobs[0];
    OK(store_job_claim(s, &c, &jobs, &count, e)); /* what stands behind another is passed over */
    assert_int_equal(count, 1);
    assert_memory_equal(jobs[0].payload.data, "second", 6);
    OK(store_job_claim(s, &c, &jobs, &count, e));
    assert_int_equal(count, 0);
    OK(store_job_done(s, first, e));
    c.after_workspace = GLOBEX; /* and around the circle */
    OK(store_job_claim(s, &c, &jobs, &count, e));
    assert_int_equal(count, 1);
    assert_memory_equal(jobs[0].payload.data, "behind", 6);
    c.of = CLAIM_OF_ALL;
    c.after_workspace = "";
    OK(store_job_claim(s, &c, &jobs, &count, e));
    assert_int_equal(count, 8);
    world_close(s);
}

static size_t of_kind(const struct job *jobs, size_t count, enum job_kind kind,
                      const char *workspace)
{
    size_t found = 0;
    for (size_t i = 0; i < count; i++) {
        found += jobs[i].kind == kind && str_equal(jobs[i].workspace, workspace) ? 1 : 0;
    }
    return found;
}

static void add_of_kind(store *s, const char *workspace, enum job_kind kind, int count)
{
    for (int i = 0; i < count; i++) {
        struct job j = {.workspace = workspace, .kind = kind, .payload = bytes_of("{}")};
        OK(store_job_add(s, &j, e));
    }
}

static void add_runs(store *s, const char *workspace, int count)
{
    add_of_kind(s, workspace, JOB_RUN, count);
}

/* A claim takes no more runs than there is room for, and all else nevertheless. */
static void test_p13_runs_leave_room_for_the_rest(void **state)
{
    (void)state;
    store *s = world_open();
    add_runs(s, ACME, 40);
    add_runs(s, GLOBEX, 40);
    add(s, ACME, NULL, "event");
    add(s, GLOBEX, NULL, "event");
    /* a release before put runs among the rest */
    world_sql("update job set priority = 5 where kind = 'run' and seq % 2 = 0");
    struct job *jobs = NULL;
    size_t count = 0;
    struct job_claim c = asking(32, 8, "");
    c.runs = (struct run_room){.all = 5, .each = 3};
    OK(store_job_claim(s, &c, &jobs, &count, e));
    assert_int_equal(of_kind(jobs, count, JOB_RUN, ACME), 3);
    assert_int_equal(of_kind(jobs, count, JOB_RUN, GLOBEX), 2);
    const char *full[] = {ACME};
    c.runs = (struct run_room){.all = 5, .each = 8, .full = full, .full_count = 1};
    OK(store_job_claim(s, &c, &jobs, &count, e));
    assert_int_equal(of_kind(jobs, count, JOB_RUN, ACME), 0);
    assert_int_equal(of_kind(jobs, count, JOB_RUN, GLOBEX), 5);
    c.runs = (struct run_room){.all = 0, .each = 1};
    for (int i = 0; i < 3; i++) {
        add(s, ACME, NULL, NULL);
        add(s, GLOBEX, NULL, NULL);
        OK(store_job_claim(s, &c, &jobs, &count, e));
        assert_true(of_kind(jobs, count, JOB_SLACK_EVENT, ACME) > 0);
        assert_true(of_kind(jobs, count, JOB_SLACK_EVENT, GLOBEX) > 0);
        assert_int_equal(of_kind(jobs, count, JOB_RUN, ACME), 0);
        assert_int_equal(of_kind(jobs, count, JOB_RUN, GLOBEX), 0);
    }
    assert_int_equal(world_count("select count(*) from job where state = 'queued'"
                                 " and kind <> 'run'"),
                     0);
    OK(store_job_claim(s, &c, &jobs, &count, e));
    assert_int_equal(count, 0);
    world_close(s);
}

/* A revocation waits for its app like a run: it counts among the same places, behind the runs. */
static void test_p13_revocations_count_as_runs(void **state)
{
    (void)state;
    store *s = world_open();
    add_of_kind(s, ACME, JOB_REVOKE, 20);
    add_runs(s, ACME, 2);
    add_of_kind(s, GLOBEX, JOB_REVOKE, 1);
    add(s, ACME, NULL, "event");
    /* a release before put revocations among the rest */
    world_sql("update job set priority = 5 where kind = 'revoke' and seq % 4 = 0");
    struct job *jobs = NULL;
    size_t count = 0;
    struct job_claim c = asking(32, 32, "");
    c.runs = (struct run_room){.all = 0, .each = 1};
    OK(store_job_claim(s, &c, &jobs, &count, e));
    assert_int_equal(count, 1);
    assert_int_equal(jobs[0].kind, JOB_SLACK_EVENT);
    world_sql("update job set priority = 8 where kind = 'revoke'");
    c.runs = (struct run_room){.all = 4, .each = 3};
    OK(store_job_claim(s, &c, &jobs, &count, e));
    assert_int_equal(count, 4);
    assert_int_equal(of_kind(jobs, count, JOB_RUN, ACME), 2);
    assert_int_equal(of_kind(jobs, count, JOB_REVOKE, ACME), 1);
    assert_int_equal(of_kind(jobs, count, JOB_REVOKE, GLOBEX), 1);
    world_close(s);
}

static void test_p13_many_workspaces_are_all_reached(void **state)
{
    (void)state;
    store *s = world_open();
    for (int i = 0; i < 100; i++) {
        struct job later = {.workspace = arena_printf(store_arena(s), "slack:TA%03d", i),
                            .kind = JOB_RUN,
                            .run_at = 4102444800};
        OK(store_job_add(s, &later, e)); /* a hundred before it have nothing due */
    }
    struct job due = {.workspace = "slack:TZ", .kind = JOB_RUN};
    OK(store_job_add(s, &due, e));
    assert_string_equal(claim_one(s)->id, due.id);
    world_close(s);
}

static void test_a_lane_goes_one_by_one(void **state)
{
    (void)state;
    store *s = world_open();
    struct job_seed batch[3] = {seed(s, ACME, "L", "z-first"), seed(s, ACME, "L", "m-second"),
                                seed(s, ACME, "L", "a-third")};
    assert_int_equal(add_many(s, batch, 3), 3); /* order of arrival, not of keys */
    struct job *first = NULL, *none = NULL;
    assert_int_equal(claim(s, 10, 10, &first), 1);
    assert_memory_equal(first->payload.data, "z-first", 7);
    assert_int_equal(claim(s, 10, 10, &none), 0);
    OK(store_job_again(s, first, 3600, "busy", e)); /* a head that waits keeps its followers */
    assert_int_equal(claim(s, 10, 10, &none), 0);
    world_sql("update job set run_at = now()");
    first = claim_one(s);
    assert_memory_equal(first->payload.data, "z-first", 7);
    assert_int_equal(first->attempts, 2);
    OK(store_job_dead(s, first, "given_up", e));
    assert_memory_equal(claim_one(s)->payload.data, "m-second", 8);
    world_close(s);
}

/* The job's worker ends it and goes on with the job that it added. */
static void test_a_worker_goes_on_with_what_it_added(void **state)
{
    (void)state;
    store *s = world_open();
    struct job_follow follow = {
        .owner = owner, .workspace = ACME, .lease_s = 30, .wanted = {[JOB_RUN] = true}};
    add(s, ACME, "user:U1", "typed");
    struct job *event = claim_one(s);
    event->follow = &follow;
    store_follow(s, event);
    struct job send = {.workspace = ACME, .kind = JOB_SEND, .payload = bytes_of("{}")};
    struct job run = {
        .workspace = ACME, .kind = JOB_RUN, .lane = "run:1", .payload = bytes_of("{\"run\":1}")};
    struct job second = {
        .workspace = ACME, .kind = JOB_RUN, .lane = "run:2", .payload = bytes_of("{}")};
    struct job theirs = {.workspace = GLOBEX, .kind = JOB_RUN, .payload = bytes_of("{}")};
    OK(store_begin(s, e));
    OK(store_job_add(s, &send, e));   /* not wanted */
    OK(store_job_add(s, &theirs, e)); /* the worker's place is of another workspace */
    OK(store_job_add(s, &run, e));
    OK(store_job_add(s, &second, e)); /* one is enough */
    OK(store_job_done(s, event, e));
    OK(store_commit(s, e));
    assert_int_equal(follow.left, 3);
    assert_string_equal(follow.taken.id, run.id);
    assert_int_equal(follow.taken.attempts, 1);

    struct job *others = NULL; /* nobody else is given it */
    size_t given = claim(s, 10, 10, &others);
    assert_int_equal(given, 3);
    for (size_t i = 0; i < given; i++) {
        assert_string_not_equal(others[i].id, run.id);
    }

    /* its lease is one like any other: it can be lost, and it proves the end */
    world_sql("update job set lease_until = now() - interval '1 second' where kind = 'run'"
              "  and lane = 'run:1'");
    int64_t count = -1;
    OK(store_job_reclaim(s, &count, e));
    assert_int_equal(count, 1);
    struct job *again = claim_one(s);
    assert_string_equal(again->id, run.id);
    assert_memory_equal(again->payload.data, "{\"run\":1}", 9);
    FAILS(store_job_done(s, &follow.taken, e), ERR_LEASE_LOST);
    OK(store_job_done(s, again, e));
    world_close(s);
}

static void test_nothing_is_taken_past_its_lane(void **state)
{
    (void)state;
    store *s = world_open();
    struct job_follow follow = {
        .owner = owner, .workspace = ACME, .lease_s = 30, .wanted = {[JOB_SEND] = true}};
    const struct job worker = {.follow = &follow};
    struct job before = {
        .workspace = ACME, .kind = JOB_SEND, .lane = "D1", .payload = bytes_of("1")};
    OK(store_job_add(s, &before, e));
    store_follow(s, &worker);
    struct job behind = {
        .workspace = ACME, .kind = JOB_SEND, .lane = "D1", .payload = bytes_of("2")};
    struct job later = {.workspace = ACME,
                        .kind = JOB_SEND,
                        .run_at = INT64_C(4000000000),
                        .payload = bytes_of("3")};
    OK(store_job_add(s, &behind, e));
    OK(store_job_add(s, &later, e));
    assert_null(follow.taken.id);
    assert_int_equal(follow.left, 2);
    struct job *first = claim_one(s);
    assert_string_equal(first->id, before.id);
    follow.left = 0;
    OK(store_job_done(s, first, e));
    assert_int_equal(follow.left, 1); /* the next of the lane is free */
    assert_string_equal(claim_one(s)->id, behind.id);
    world_close(s);
}

static void test_p13_one_long_lane_hides_no_other(void **state)
{
    (void)state;
    store *s = world_open();
    enum { LONG = 500 };
    struct job_seed *lane = arena_array(store_arena(s), LONG, sizeof *lane);
    for (size_t i = 0; i < LONG; i++) {
        lane[i] = seed(s, ACME, "spam", NULL);
    }
    assert_int_equal(add_many(s, lane, LONG), LONG);
    add(s, ACME, "other", "other");
    struct job *head = claim_one(s);
    assert_string_equal(head->lane, "spam");
    struct job *other = claim_one(s);
    assert_string_equal(other->lane, "other");
    assert_true(world_count("select count(*) from job where behind") > LONG - 40);
    struct job *none = NULL;
    assert_int_equal(claim(s, 10, 10, &none), 0);
    for (int i = 1; i < 20; i++) {
        OK(store_job_done(s, head, e));
        head = claim_one(s);
        assert_string_equal(head->lane, "spam");
        assert_string_equal(head->id, lane[i].id.text);
    }
    world_close(s);
}

struct ending {
    store *s;
    struct job *job;
    int result;
};

static void *end_and_commit(void *arg)
{
    struct ending *x = arg;
    struct err ignored = {0};
    x->result = store_job_done(x->s, x->job, &ignored) != 0 ? -1 : store_commit(x->s, &ignored);
    return NULL;
}

/* Numbers are drawn before rows are visible: two writers can leave two jobs of one lane running at
 * the same time, and these can end at the same time. Each then sees the other one still there. */
static void test_p1_two_ends_at_once_leave_nobody_behind(void **state)
{
    (void)state;
    store *first = world_open(), *second = world_open();
    OK(store_begin(first, e));
    struct job one = {.workspace = ACME, .kind = JOB_SEND, .lane = "L"};
    OK(store_job_add(first, &one, e));
    add(second, ACME, "L", "two");
    struct job *two = claim_one(second);
    OK(store_commit(first, e));
    struct job *late = claim_one(second);
    assert_string_equal(late->id, one.id);
    add(second, ACME, "L", "three");
    world_sql("update job set behind = true where state = 'queued'"); /* as a long queue's are */

    OK(store_begin(first, e));
    OK(store_begin(second, e));
    OK(store_job_done(first, late, e));
    struct ending x = {.s = second, .job = two};
    pthread_t thread;
    pthread_create(&thread, NULL, end_and_commit, &x);
    /* it has ended, or waits for the first to say what becomes of the third */
    const char *at_work = "select count(*) from job where state = 'running'";
    const char *held = "select count(*) from pg_stat_activity where datname = current_database()"
                       " and wait_event_type = 'Lock'";
    while (world_count(at_work) != 1 && world_count(held) != 1) {
        nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
    }
    OK(store_commit(first, e));
    pthread_join(thread, NULL);
    assert_int_equal(x.result, 0);
    assert_memory_equal(claim_one(second)->payload.data, "three", 5);
    world_close(first);
    world_close(second);
}

enum { LANES = 5, PER_LANE = 60 };

struct lanes {
    pthread_mutex_t lock;
    int64_t done;
    int64_t next[LANES]; /* the number that must come next */
    bool busy[LANES];
    int faults;
};

static void enter(struct lanes *l, const struct job *j, bool in)
{
    int lane = j->lane[0] - '0';
    char text[20] = "";
    memcpy(text, j->payload.data, j->payload.len < 19 ? j->payload.len : 19);
    long long number = -1;
    str_to_i64(text, &number);
    pthread_mutex_lock(&l->lock);
    l->faults += (l->busy[lane] == in) || (in && number != l->next[lane]) ? 1 : 0;
    l->busy[lane] = in;
    l->next[lane] += in ? 0 : 1;
    l->done += in ? 0 : 1;
    pthread_mutex_unlock(&l->lock);
}

static bool all_done(struct lanes *l)
{
    pthread_mutex_lock(&l->lock);
    bool all = l->done == LANES * PER_LANE || l->faults > 0;
    pthread_mutex_unlock(&l->lock);
    return all;
}

static void work(size_t number, void *context)
{
    struct lanes *l = context;
    while (!all_done(l)) {
        store *s = world_open();
        struct err e = {.kind = ERR_NONE};
        struct job_claim c = asking(4, 4, number % 2 == 0 ? "" : ACME);
        struct job *jobs = NULL;
        size_t count = 0;
        bool ok = store_job_claim(s, &c, &jobs, &count, &e) == 0;
        for (size_t i = 0; ok && i < count; i++) {
            enter(l, &jobs[i], true);
        }
        for (size_t i = 0; ok && i < count; i++) {
            enter(l, &jobs[i], false);
            ok = store_job_done(s, &jobs[i], &e) == 0;
        }
        if (!ok) {
            print_error("%s: %s\n", e.code, e.text);
            pthread_mutex_lock(&l->lock);
            l->faults++;
            pthread_mutex_unlock(&l->lock);
        }
        world_close(s);
    }
}

static void test_lanes_keep_their_order_under_eight_workers(void **state)
{
    (void)state;
    store *s = world_open();
    struct job_seed *batch = arena_array(store_arena(s), LANES * PER_LANE, sizeof *batch);
    for (size_t i = 0; i < LANES * PER_LANE; i++) {
        const char *lane = arena_printf(store_arena(s), "%zu", i % LANES);
        const char *number = arena_printf(store_arena(s), "%zu", i / LANES);
        batch[i] = seed(s, ACME, lane, NULL);
        batch[i].sealed =
            store_job_seal(store_arena(s), world.keys, ACME, batch[i].id, bytes_of(number));
    }
    assert_int_equal(add_many(s, batch, LANES * PER_LANE), LANES * PER_LANE);
    struct lanes l = {.done = 0};
    pthread_mutex_init(&l.lock, NULL);
    world_threads(THREADS, work, &l);
    assert_int_equal(l.faults, 0);
    assert_int_equal(l.done, LANES * PER_LANE);
    assert_int_equal(world_count("select count(*) from job where state <> 'done' or behind"), 0);
    pthread_mutex_destroy(&l.lock);
    world_close(s);
}

static void test_a_lost_lease_changes_nothing(void **state)
{
    (void)state;
    store *s = world_open();
    add(s, ACME, NULL, "one");
    struct job *mine = claim_one(s);
    int64_t count = -1;
    OK(store_job_reclaim(s, &count, e));
    assert_int_equal(count, 0);
    world_sql("update job set lease_until = now() - interval '1 second'");
    struct id other = id_new();
    const char *others = other.text;
    OK(store_job_renew_all(s, &others, 1, 60, e)); /* another process's */
    OK(store_job_renew_all(s, NULL, 0, 60, e));    /* a process that works on nothing */
    OK(store_job_reclaim(s, &count, e));
    assert_int_equal(count, 1);
    struct job *theirs = claim_one(s);
    assert_string_equal(theirs->id, mine->id);
    assert_int_equal(theirs->attempts, 1); /* nothing failed */
    assert_int_equal(theirs->lost, 1);

    FAILS(store_job_done(s, mine, e), ERR_LEASE_LOST);
    FAILS(store_job_again(s, mine, 0, "x", e), ERR_LEASE_LOST);
    FAILS(store_job_dead(s, mine, "x", e), ERR_LEASE_LOST);
    FAILS(store_job_wait(s, mine, 0, "x", e), ERR_LEASE_LOST);
    FAILS(store_job_leave(s, mine, "x", e), ERR_LEASE_LOST);

    /* what a handler did beside its job goes with it */
    store *late = world_open();
    OK(store_begin(late, e));
    OK(store_audit_add(late, ACME, "system", "test.effect", NULL, NULL, e));
    FAILS(store_job_done(late, mine, e), ERR_LEASE_LOST);
    world_close(late);
    assert_int_equal(world_count("select count(*) from audit"), 0);

    store *rolled = world_open();
    OK(store_begin(rolled, e));
    OK(store_job_done(rolled, theirs, e));
    world_close(rolled); /* not committed: still ours and running */
    world_sql("update job set lease_until = now() - interval '1 second'");
    OK(store_job_renew_all(s, &mine->lease_token, 1, 60, e)); /* over: renews nothing */
    assert_int_equal(world_count("select count(*) from job where lease_until > now()"), 0);
    OK(store_job_renew_all(s, &theirs->lease_token, 1, 60, e));
    OK(store_job_reclaim(s, &count, e));
    assert_int_equal(count, 0);
    OK(store_begin(s, e));
    OK(store_job_done(s, theirs, e));
    OK(store_commit(s, e));
    assert_int_equal(world_count("select count(*) from job where state = 'done'"), 1);
    FAILS(store_job_done(s, theirs, e), ERR_LEASE_LOST);
    world_close(s);
}

static void test_p1_an_attempt_lost_with_its_worker_is_no_failure(void **state)
{
    (void)state;
    store *s = world_open();
    add(s, ACME, NULL, "one");
    int64_t count = 0;
    for (int i = 0; i < 5; i++) {
        struct job *j = claim_one(s); /* due at once each time */
        assert_int_equal(j->attempts, 1);
        assert_int_equal(j->lost, i);
        world_sql("update job set lease_until = now() - interval '1 second'");
        OK(store_job_reclaim(s, &count, e));
        assert_int_equal(count, 1);
    }
    struct job *j = claim_one(s);
    OK(store_job_again(s, j, 0, "busy", e));
    j = claim_one(s);
    assert_int_equal(j->attempts, 2); /* this is one */
    assert_int_equal(j->lost, 0);     /* and its worker has survived it */
    world_close(s);
}

/* Another replica has a new key already; this one must not take its jobs for lost. */
static void test_p1_a_payload_that_does_not_open_is_left_to_others(void **state)
{
    (void)state;
    store *s = world_open();
    keyring *newer = NULL;
    OK(crypto_keyring_parse(
        store_arena(s),
        secret_of(store_arena(s), "k3:QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVowMTIzNDU="), &newer, e));
    struct job_seed theirs = seed(s, ACME, "L", "theirs");
    theirs.sealed = store_job_seal(store_arena(s), newer, ACME, theirs.id, bytes_of("theirs"));
    assert_int_equal(add_many(s, &theirs, 1), 1);
    add(s, ACME, "L", "behind it");
    add(s, GLOBEX, NULL, "ours");
    struct job *jobs = NULL;
    size_t count = 0;
    int64_t left_out = -1;
    struct job_claim c = asking(10, 10, "");
    c.ret_left_out = &left_out;
    OK(store_job_claim(s, &c, &jobs, &count, e));
    assert_int_equal(count, 1);
    assert_string_equal(jobs[0].workspace, GLOBEX);
    assert_int_equal(left_out, 1);
    for (int i = 0; i < 30; i++) {
        assert_int_equal(world_count("select count(*) from job where key1 = 'theirs'"
                                     "   and state = 'queued' and error_code = 'unseal'"
                                     "   and lease_token is null and attempts = 0"
                                     "   and run_at between now() + interval '0.2 seconds'"
                                     "                  and now() + interval '3 seconds'"),
                         1);
        world_sql("update job set run_at = now() + interval '1 minute' where key1 = 'theirs'");
        assert_int_equal(claim(s, 10, 10, &jobs), 0); /* its lane waits for it */
        world_sql("update job set run_at = now() where key1 = 'theirs'");
        assert_int_equal(claim(s, 10, 10, &jobs), 0);
    }
    /* one that waits long already is looked at seldom */
    world_sql("update job set run_at = now(), created_at = now() - interval '1 hour'"
              " where key1 = 'theirs'");
    assert_int_equal(claim(s, 10, 10, &jobs), 0);
    assert_int_equal(world_count("select count(*) from job where key1 = 'theirs'"
                                 "   and run_at between now() + interval '20 seconds'"
                                 "                  and now() + interval '40 seconds'"),
                     1);

    /* the replica that has the key */
    stores *others = stores_new(world.pool, newer);
    store *other = NULL;
    OK(store_open(others, store_arena(s), &other, e));
    world_sql("update job set run_at = now() where key1 = 'theirs'");
    struct job *found = claim_one(other);
    assert_memory_equal(found->payload.data, "theirs", 6);
    assert_int_equal(found->attempts, 1);
    OK(store_job_done(other, found, e));
    store_close(other);
    stores_free(others);
    assert_memory_equal(claim_one(s)->payload.data, "behind it", 9);
    world_close(s);
}

static void test_a_payload_that_nobody_opens_for_a_day_is_set_dead(void **state)
{
    (void)state;
    store *s = world_open();
    add(s, ACME, "L", "moved");
    add(s, ACME, "L", "whole");
    world_sql("update job set payload = (select payload from job where key1 = 'whole')"
              " where key1 = 'moved'");
    struct job *jobs = NULL;
    assert_int_equal(claim(s, 10, 10, &jobs), 0);
    assert_int_equal(world_count("select count(*) from job where state = 'dead'"), 0);
    world_sql("update job set run_at = now(), created_at = now() - interval '25 hours'"
              " where key1 = 'moved'");
    assert_int_equal(claim(s, 10, 10, &jobs), 0);
    assert_int_equal(world_count("select count(*) from job where state = 'dead'"
                                 " and error_code = 'unseal'"),
                     1);
    assert_memory_equal(claim_one(s)->payload.data, "whole", 5);
    world_close(s);
}

static void test_a_newer_release_s_kind_is_put_back(void **state)
{
    (void)state;
    store *s = world_open();
    add(s, ACME, NULL, "new");
    world_sql("alter table job drop constraint job_kind_check; update job set kind = 'from_newer'");
    struct job *jobs = NULL;
    assert_int_equal(claim(s, 10, 10, &jobs), 0);
    assert_int_equal(claim(s, 0, 10, &jobs), 0);
    assert_int_equal(
        world_count("select count(*) from job where state = 'queued'"
                    " and error_code = 'kind_unknown' and run_at > now() and attempts = 0"),
        1);
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
        cmocka_unit_test_setup(test_p1_an_event_is_stored_once_by_any_key, world_reset),
        cmocka_unit_test_setup(test_p1_replicas_store_each_message_once, world_reset),
        cmocka_unit_test_setup(test_a_claimed_job_is_whole, world_reset),
        cmocka_unit_test_setup(test_urgent_jobs_overtake_and_later_ones_wait, world_reset),
        cmocka_unit_test_setup(test_p13_urgent_jobs_overtake_all_workspaces, world_reset),
        cmocka_unit_test_setup(test_p13_a_busy_workspace_starves_no_other, world_reset),
        cmocka_unit_test_setup(test_p13_runs_leave_room_for_the_rest, world_reset),
        cmocka_unit_test_setup(test_p13_revocations_count_as_runs, world_reset),
        cmocka_unit_test_setup(test_p13_many_workspaces_are_all_reached, world_reset),
        cmocka_unit_test_setup(test_a_worker_goes_on_with_what_it_added, world_reset),
        cmocka_unit_test_setup(test_nothing_is_taken_past_its_lane, world_reset),
        cmocka_unit_test_setup(test_a_lane_goes_one_by_one, world_reset),
        cmocka_unit_test_setup(test_p13_one_long_lane_hides_no_other, world_reset),
        cmocka_unit_test_setup(test_p1_two_ends_at_once_leave_nobody_behind, world_reset),
        cmocka_unit_test_setup(test_lanes_keep_their_order_under_eight_workers, world_reset),
        cmocka_unit_test_setup(test_a_lost_lease_changes_nothing, world_reset),
        cmocka_unit_test_setup(test_p1_an_attempt_lost_with_its_worker_is_no_failure, world_reset),
        cmocka_unit_test_setup(test_p1_a_payload_that_does_not_open_is_left_to_others, world_reset),
        cmocka_unit_test_setup(test_a_payload_that_nobody_opens_for_a_day_is_set_dead, world_reset),
        cmocka_unit_test_setup(test_a_newer_release_s_kind_is_put_back, world_reset),
    };
    return cmocka_run_group_tests_name("store: jobs", tests, group_setup, world_teardown);
}
