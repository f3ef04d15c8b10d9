#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/str.h"
#include "tests/db/store_support.h"

/* What a platform granted to a bot: its installation, and its token by lease and generation. */

static struct bot_tokens pair(arena *mem, const char *name)
{
    return (struct bot_tokens){.access = secret_of(mem, arena_printf(mem, "xoxb-sample-%s", name)),
                               .refresh = secret_of(mem, arena_printf(mem, "xoxe-sample-%s", name)),
                               .expires_at = clock_now() + 43200};
}

static void install(store *s, const char *workspace, const char *user, const char *name)
{
    static const char *scopes[] = {"chat:write", "commands"};
    const struct installation i = {.workspace = workspace,
                                   .name = "From the platform",
                                   .user_id = user,
                                   .first = strcmp(user, "USECOND") != 0,
                                   .bot_user_id = "UBOT",
                                   .bot_id = "BBOT",
                                   .tokens = pair(store_arena(s), name),
                                   .scopes = scopes,
                                   .scopes_count = 2,
                                   .missing_scopes = scopes,
                                   .missing_scopes_count = 1};
    OK(store_workspace_install(s, &i, e));
}

static struct workspace *find(store *s, const char *workspace)
{
    struct workspace *w = NULL;
    OK(store_workspace_find(s, workspace, &w, e));
    return w;
}

static void test_the_first_installer_stays(void **state)
{
    (void)state;
    store *s = world_open();
    bool made = false;
    OK(store_workspace_make(s, "slack:TNEW", &made, e));
    install(s, "slack:TNEW", "UFIRST", "one");
    install(s, "slack:TNEW", "USECOND", "two");
    struct workspace *w = find(s, "slack:TNEW"), *same = NULL;
    assert_string_equal(w->installer, "UFIRST");
    assert_int_equal(w->admins_count, 1);
    assert_string_equal(w->admins[0], "UFIRST");
    assert_string_equal(w->name, "From the platform");
    assert_string_equal(secret_reveal(w->bot_token), "xoxb-sample-two");
    assert_int_equal(w->bot_generation, 2);
    assert_true(w->bot_renews);
    assert_string_equal(w->missing_scopes[0], "chat:write");
    OK(store_workspace_by_route(s, w->route, &same, e));
    assert_string_equal(same->workspace, "slack:TNEW");
    /* the settings of one that was made before stay */
    install(s, ACME, "UEVE", "acme");
    w = find(s, ACME);
    assert_string_not_equal(w->name, "From the platform");
    world_close(s);
}

struct race {
    int64_t generation;
    bool mine[8];
};

static void race_one(size_t number, void *context)
{
    struct race *race = context;
    struct err e = {0};
    arena *mem = arena_new();
    store *s = NULL;
    struct bot_refresh begun = {0};
    if (store_open(world.stores, mem, &s, &e) == 0 &&
        store_bot_refresh_begin(s, ACME, race->generation, 30, &begun, &e) == 0) {
        race->mine[number] = begun.mine && begun.tries == 1 &&
                             str_equal(secret_reveal(begun.refresh), "xoxe-sample-race");
    }
    store_close(s);
    arena_free(mem);
}

static void test_p6_one_refresher_of_eight(void **state)
{
    (void)state;
    store *s = world_open();
    install(s, ACME, "UBEN", "race");
    struct race race = {.generation = find(s, ACME)->bot_generation};
    world_threads(8, race_one, &race);
    size_t winners = 0;
    for (size_t i = 0; i < 8; i++) {
        winners += race.mine[i] ? 1 : 0;
    }
    assert_int_equal(winners, 1);
    world_close(s);
}

static void test_p6_a_new_pair_by_compare_and_set(void **state)
{
    (void)state;
    store *s = world_open();
    install(s, ACME, "UBEN", "old");
    int64_t generation = find(s, ACME)->bot_generation;
    struct bot_refresh begun;
    struct bot_tokens next = pair(store_arena(s), "new");
    bool stored = true;
    OK(store_bot_refresh_begin(s, ACME, generation, 30, &begun, e));
    assert_true(begun.mine);
    install(s, ACME, "UBEN", "installed"); /* meanwhile */
    OK(store_bot_refresh_done(s, ACME, generation, &next, &stored, e));
    assert_false(stored);
    assert_string_equal(secret_reveal(find(s, ACME)->bot_token), "xoxb-sample-installed");
    generation = find(s, ACME)->bot_generation;
    OK(store_bot_refresh_done(s, ACME, generation, &next, &stored, e));
    assert_true(stored);
    assert_string_equal(secret_reveal(find(s, ACME)->bot_token), "xoxb-sample-new");
    assert_int_equal(find(s, ACME)->bot_generation, generation + 1);
    world_close(s);
}

/* An answer that never came is on record; one that said no is not counted; a fault is the end. */
static void test_failed_refreshes(void **state)
{
    (void)state;
    store *s = world_open();
    install(s, ACME, "UBEN", "x");
    int64_t generation = find(s, ACME)->bot_generation;
    struct bot_refresh begun;
    const struct bot_refresh_failure lost = {.answered = false, .cool_s = -1};
    const struct bot_refresh_failure busy = {.answered = true, .cool_s = 60};
    const struct bot_refresh_failure refused = {
        .answered = true, .cool_s = -1, .fault = "refresh_refused"};
    OK(store_bot_refresh_begin(s, ACME, generation, 30, &begun, e));
    OK(store_bot_refresh_failed(s, ACME, generation, &lost, e));
    OK(store_bot_refresh_begin(s, ACME, generation, 30, &begun, e));
    assert_true(begun.mine);
    assert_int_equal(begun.tries, 2);
    OK(store_bot_refresh_failed(s, ACME, generation, &busy, e));
    OK(store_bot_refresh_begin(s, ACME, generation, 30, &begun, e));
    assert_false(begun.mine); /* it cools down */
    world_sql("update workspace set bot_refresh_until = null");
    OK(store_bot_refresh_begin(s, ACME, generation, 30, &begun, e));
    assert_int_equal(begun.tries, 2);
    OK(store_bot_refresh_failed(s, ACME, generation, &refused, e));
    OK(store_bot_refresh_begin(s, ACME, generation, 30, &begun, e));
    assert_false(begun.mine);
    assert_false(find(s, ACME)->bot_renews);
    world_close(s);
}

static void test_broken_and_removed_once(void **state)
{
    (void)state;
    store *s = world_open();
    install(s, ACME, "UBEN", "x");
    int64_t generation = find(s, ACME)->bot_generation;
    bool changed = false;
    OK(store_bot_broken(s, ACME, generation - 1, "token_refused", &changed, e));
    assert_false(changed); /* of a token that is another one by now */
    OK(store_bot_broken(s, ACME, generation, "token_refused", &changed, e));
    assert_true(changed);
    OK(store_bot_broken(s, ACME, generation, "token_refused", &changed, e));
    assert_false(changed);
    assert_string_equal(find(s, ACME)->state, "broken");
    OK(store_workspace_end(s, ACME, generation - 1, &changed, e));
    assert_false(changed);
    OK(store_workspace_end(s, ACME, generation, &changed, e));
    assert_true(changed);
    struct workspace *w = find(s, ACME);
    assert_string_equal(w->state, "removed");
    assert_true(secret_empty(w->bot_token));
    assert_true(w->ended_at > 0);
    assert_int_equal(world_count("select count(*) from workspace where bot_refresh is not null"),
                     0);
    const char **list = NULL;
    size_t count = 0;
    OK(store_workspace_removed(s, 60, 10, &list, &count, e));
    assert_int_equal(count, 0);
    world_sql("update workspace set ended_at = now() - interval '2 minutes'");
    OK(store_workspace_removed(s, 60, 10, &list, &count, e));
    assert_int_equal(count, 1);
    assert_string_equal(list[0], ACME);
    world_close(s);
}

static void test_scopes_that_lack(void **state)
{
    (void)state;
    store *s = world_open();
    bool is_new = false;
    OK(store_workspace_scope_missing(s, ACME, "channels:read", &is_new, e));
    assert_true(is_new);
    OK(store_workspace_scope_missing(s, ACME, "channels:read", &is_new, e));
    assert_false(is_new);
    assert_int_equal(find(s, ACME)->missing_scopes_count, 1);
    assert_int_equal(find(s, GLOBEX)->missing_scopes_count, 0);
    world_close(s);
}

static void test_p5_both_tokens_are_sealed_in_their_place(void **state)
{
    (void)state;
    store *s = world_open();
    install(s, ACME, "UBEN", "canary");
    install(s, GLOBEX, "UBEN", "canary");
    assert_int_equal(world_count("select count(*) from workspace w"
                                 " where w::text ~ 'sample|73616d706c65'"),
                     0);
    world_sql("update workspace a set bot_refresh = b.bot_refresh from workspace b"
              " where a.workspace <> b.workspace");
    struct bot_refresh begun;
    FAILS(store_bot_refresh_begin(s, ACME, find(s, ACME)->bot_generation, 30, &begun, e),
          ERR_INTERNAL);
    world_close(s);
}

/* An event that belongs to another workspace goes there once, with its keys. */
static void test_an_event_finds_its_home_once(void **state)
{
    (void)state;
    store *s = world_open();
    for (int i = 0; i < 2; i++) {
        struct job_seed seed = {.workspace = "slack:TNOBODY",
                                .id = id_new(),
                                .kind = JOB_SLACK_EVENT,
                                .lane = "user:U1",
                                .keys = {"ev:1", NULL, NULL}};
        int64_t stored = 0;
        seed.sealed = store_job_seal(store_arena(s), world.keys, seed.workspace, seed.id,
                                     bytes_of("{\"words\":1}"));
        OK(store_job_add_many(s, &seed, 1, &stored, e));
        assert_int_equal(stored, 1);
        struct job j = {
            .workspace = seed.workspace, .id = seed.id.text, .payload = bytes_of("{\"words\":1}")};
        OK(store_job_rehome(s, &j, ACME, e));
        world_sql("delete from job where workspace = 'slack:TNOBODY'");
    }
    assert_int_equal(world_count("select count(*) from job where workspace = '" ACME "'"
                                 " and key1 = 'ev:1' and lane = 'user:U1'"),
                     1);
    world_close(s);
}

#define TEST(name) cmocka_unit_test_setup(name, world_reset)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_the_first_installer_stays),
        TEST(test_p6_one_refresher_of_eight),
        TEST(test_p6_a_new_pair_by_compare_and_set),
        TEST(test_failed_refreshes),
        TEST(test_broken_and_removed_once),
        TEST(test_scopes_that_lack),
        TEST(test_p5_both_tokens_are_sealed_in_their_place),
        TEST(test_an_event_finds_its_home_once),
    };
    return cmocka_run_group_tests_name("store bots", tests, world_setup, world_teardown);
}
