#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/clock.h"
#include "tests/db/store_support.h"

/* P3, P4: attempts to connect, typed codes and OAuth states. */

enum { THREADS = 8 };

static const char *add_login(store *s, const char *workspace, const char *user_id,
                             const char *handle)
{
    struct login l = {.workspace = workspace,
                      .id = arena_strdup(store_arena(s), id_new().text),
                      .user_id = user_id,
                      .default_name = "crm",
                      .requested_by = "user:UANA",
                      .expires_at = clock_now() + 600};
    OK(store_login_add(s, &l, handle, e));
    return l.id;
}

static struct login *load(store *s, const char *id)
{
    struct login *l = NULL;
    OK(store_login_find(s, ACME, id, &l, e));
    return l;
}

static void give_code(store *s, const char *id, int64_t expires_at)
{
    struct login l = {
        .workspace = ACME, .id = id, .code_hash = "hash", .code_expires_at = expires_at};
    json_t *tokens = arena_json(store_arena(s), json_pack("{s:s}", "access", "prov-canary"));
    OK(store_login_provisional(s, &l, tokens, e));
}

static void test_handles_belong_to_their_workspace(void **state)
{
    (void)state;
    store *s = world_open();
    const char *id = add_login(s, ACME, "UANA", "handle");
    struct login *l = NULL;
    OK(store_login_by_handle(s, ACME, "handle", &l, e));
    assert_string_equal(l->id, id);
    assert_int_equal(l->state, LOGIN_OPEN);
    assert_string_equal(l->requested_by, "user:UANA");
    OK(store_login_by_handle(s, GLOBEX, "handle", &l, e));
    assert_null(l);
    OK(store_login_find(s, GLOBEX, id, &l, e));
    assert_null(l);
    OK(store_login_find(s, ACME, "not an id", &l, e));
    assert_null(l);
    struct id run = id_new();
    OK(store_login_set_run(s, ACME, id, run.text, NULL, e));
    assert_string_equal(load(s, id)->run_id, run.text);
    FAILS(store_login_set_run(s, GLOBEX, id, run.text, NULL, e), ERR_NOT_FOUND);
    world_close(s);
}

static void test_the_newest_open_login_is_reused(void **state)
{
    (void)state;
    store *s = world_open();
    const char *first = add_login(s, ACME, "UANA", "h1");
    world_sql("update login set created_at = now() - interval '1 minute'");
    const char *second = add_login(s, ACME, "UANA", "h2");
    add_login(s, GLOBEX, "UANA", "h3");
    add_login(s, ACME, "UEVE", "h4");
    struct login *l = NULL;
    OK(store_login_find_open(s, ACME, "UANA", "crm", &l, e));
    assert_string_equal(l->id, second);
    OK(store_login_set_state(s, ACME, second, LOGIN_CANCELLED, "back", e));
    OK(store_login_find_open(s, ACME, "UANA", "crm", &l, e));
    assert_string_equal(l->id, first);
    OK(store_login_set_state(s, ACME, first, LOGIN_DONE, NULL, e));
    OK(store_login_find_open(s, ACME, "UANA", "crm", &l, e));
    assert_null(l);
    OK(store_login_set_state(s, ACME, second, LOGIN_OPEN, NULL, e));
    OK(store_login_find_open(s, ACME, "UANA", "crm", &l, e));
    assert_string_equal(l->id, second);
    assert_null(l->reason);
    world_close(s);
}

static void test_p4_provisional_tokens_come_and_go(void **state)
{
    (void)state;
    store *s = world_open();
    const char *id = add_login(s, ACME, "UANA", "h1");
    give_code(s, id, clock_now() + 600);
    struct login *l = NULL;
    size_t count = 0;
    OK(store_login_waiting_code(s, ACME, "UANA", &l, &count, e));
    assert_int_equal(count, 1);
    assert_int_equal(l->state, LOGIN_CODE);
    assert_string_equal(l->code_hash, "hash");
    assert_string_equal(json_string_value(json_object_get(l->provisional, "access")),
                        "prov-canary");
    OK(store_login_waiting_code(s, GLOBEX, "UANA", &l, &count, e));
    assert_int_equal(count, 0);
    OK(store_login_set_proven(s, load(s, id), "code", clock_now() + 60, e));
    OK(store_login_waiting_code(s, ACME, "UANA", &l, &count, e));
    assert_int_equal(count, 0); /* it waits for a choice, and is open still */
    OK(store_login_list_open(s, ACME, "UANA", &l, &count, e));
    assert_int_equal(count, 1);
    assert_string_equal(l->proven, "code");
    assert_false(store_login_waits_for_code(l));
    assert_non_null(l->provisional);
    give_code(s, id, clock_now() + 600);
    assert_true(store_login_waits_for_code(load(s, id)));
    int64_t tries = 0;
    OK(store_login_wrong_code(s, ACME, id, &tries, e));
    OK(store_login_wrong_code(s, ACME, id, &tries, e));
    assert_int_equal(tries, 2);
    FAILS(store_login_wrong_code(s, GLOBEX, id, &tries, e), ERR_NOT_FOUND);
    give_code(s, id, clock_now() + 600);
    assert_int_equal(load(s, id)->code_tries, 0);
    OK(store_login_set_state(s, ACME, id, LOGIN_REFUSED, "wrong_code", e));
    l = load(s, id);
    assert_null(l->provisional);
    assert_null(l->code_hash);
    assert_int_equal(l->code_expires_at, 0);
    assert_string_equal(l->reason, "wrong_code");
    FAILS(store_login_provisional(s, l, arena_json(store_arena(s), json_object()), e),
          ERR_CONFLICT);
    world_close(s);
}

struct race {
    const char *id;
    int64_t got[THREADS];
    bool failed[THREADS];
};

static void guess(size_t number, void *context)
{
    struct race *r = context;
    struct err e = {.kind = ERR_NONE};
    store *s = world_open();
    r->failed[number] = store_login_wrong_code(s, ACME, r->id, &r->got[number], &e) != 0;
    world_close(s);
}

static void test_p4_no_try_is_lost_over_replicas(void **state)
{
    (void)state;
    store *s = world_open();
    struct race r = {.id = add_login(s, ACME, "UANA", "h1")};
    world_threads(THREADS, guess, &r);
    bool seen[THREADS + 1] = {false};
    for (int i = 0; i < THREADS; i++) {
        assert_false(r.failed[i]);
        assert_in_range(r.got[i], 1, THREADS);
        assert_false(seen[r.got[i]]);
        seen[r.got[i]] = true;
    }
    world_close(s);
}

static void test_logins_expire_with_their_tokens_handed_out_once(void **state)
{
    (void)state;
    store *s = world_open();
    const char *fresh = add_login(s, ACME, "UANA", "h1");
    const char *code = add_login(s, ACME, "UANA", "h2");
    const char *handle = add_login(s, ACME, "UANA", "h3");
    const char *broken = add_login(s, ACME, "UANA", "h4");
    give_code(s, code, clock_now() - 5);
    give_code(s, broken, clock_now() - 5);
    world_sql("update login set expires_at = now() - interval '1 hour' where handle_hash = 'h3';"
              "update login set provisional = '\\x00' where handle_hash = 'h4'");
    struct login *l = NULL;
    size_t count = 0;
    OK(store_login_expire(s, 10, &l, &count, e));
    assert_int_equal(count, 3);
    int with_tokens = 0;
    for (size_t i = 0; i < count; i++) {
        assert_int_equal(l[i].state, LOGIN_EXPIRED);
        if (l[i].provisional != NULL) {
            assert_string_equal(l[i].id, code);
            with_tokens++;
        }
    }
    assert_int_equal(with_tokens, 1);
    assert_int_equal(load(s, fresh)->state, LOGIN_OPEN);
    assert_int_equal(load(s, handle)->state, LOGIN_EXPIRED);
    assert_null(load(s, code)->provisional);
    OK(store_login_expire(s, 10, &l, &count, e));
    assert_int_equal(count, 0);
    world_close(s);
}

static struct oauth_state sample_state(store *s, const char *purpose)
{
    return (struct oauth_state){.workspace = ACME,
                                .purpose = purpose,
                                .default_name = "crm",
                                .client_version = 3,
                                .redirect_uri = "https://bot.example/oauth/callback/x",
                                .verifier = secret_of(store_arena(s), "verifier-canary"),
                                .cookie_hash = "cookie",
                                .expires_at = clock_now() + 600};
}

static int use_it(store *s, const char *workspace, const char *hash, const char *purpose,
                  struct oauth_state **ret, struct err *e)
{
    const struct state_use use = {.state_hash = hash, .purpose = purpose, .cookie_hash = "cookie"};
    return store_state_use(s, workspace, &use, ret, e);
}

static void use_state(size_t number, void *context)
{
    struct race *r = context;
    struct err e = {.kind = ERR_NONE};
    store *s = world_open();
    struct oauth_state *o = NULL;
    r->failed[number] = use_it(s, ACME, r->id, "app", &o, &e) != 0;
    r->got[number] = o == NULL ? 0 : 1;
    world_close(s);
}

static void test_a_state_is_used_once_by_one_of_eight(void **state)
{
    (void)state;
    store *s = world_open();
    for (int round = 0; round < 20; round++) {
        struct race r = {.id = arena_printf(store_arena(s), "state-%d", round)};
        struct oauth_state o = sample_state(s, "app");
        OK(store_state_add(s, &o, r.id, e));
        world_threads(THREADS, use_state, &r);
        int64_t used = 0;
        for (int i = 0; i < THREADS; i++) {
            assert_false(r.failed[i]);
            used += r.got[i];
        }
        assert_int_equal(used, 1);
    }
    world_close(s);
}

static void test_a_state_has_one_purpose_place_and_time(void **state)
{
    (void)state;
    store *s = world_open();
    struct oauth_state o = sample_state(s, "app"), late = sample_state(s, "app");
    late.expires_at = clock_now() - 1;
    struct oauth_state *got = NULL;
    OK(store_state_add(s, &o, "state", e));
    OK(store_state_add(s, &late, "late", e));
    OK(use_it(s, ACME, "state", "identity", &got, e));
    assert_null(got);
    OK(use_it(s, GLOBEX, "state", "app", &got, e));
    assert_null(got);
    OK(use_it(s, ACME, "late", "app", &got, e));
    assert_null(got);
    OK(use_it(s, ACME, "unknown", "app", &got, e));
    assert_null(got);
    const struct state_use other = {
        .state_hash = "state", .purpose = "app", .cookie_hash = "another browser's"};
    OK(store_state_use(s, ACME, &other, &got, e)); /* and spends nothing */
    assert_null(got);
    OK(use_it(s, ACME, "state", "app", &got, e));
    assert_string_equal(secret_reveal(got->verifier), "verifier-canary");
    assert_string_equal(got->redirect_uri, o.redirect_uri);
    assert_string_equal(got->cookie_hash, "cookie");
    assert_int_equal(got->client_version, 3);
    assert_true(got->used_at > 0);
    OK(use_it(s, ACME, "state", "app", &got, e));
    assert_null(got);
    int64_t count = 0;
    OK(store_state_purge(s, 0, &count, e));
    assert_int_equal(count, 1);
    world_close(s);
}

static void test_p4_what_a_login_was_proven_with_is_known_for_a_while(void **state)
{
    (void)state;
    store *s = world_open();
    const char *done = add_login(s, ACME, "UANA", "h1"), *over = add_login(s, ACME, "UANA", "h2");
    struct login *list = NULL;
    size_t count = 0;
    add_login(s, ACME, "UANA", "h3");
    give_code(s, done, clock_now() + 600);
    OK(store_login_set_done(s, ACME, done, "hash window", e));
    OK(store_login_set_state(s, ACME, over, LOGIN_REFUSED, "code_tries", e));
    FAILS(store_login_set_done(s, GLOBEX, done, "hash", e), ERR_NOT_FOUND);
    struct login *l = load(s, done);
    assert_int_equal(l->state, LOGIN_DONE);
    assert_string_equal(l->code_hash, "hash window");
    assert_null(l->provisional);
    assert_int_equal(l->code_expires_at, 0);
    OK(store_login_list_ended(s, ACME, "UBEN", 900, &list, &count, e));
    assert_int_equal(count, 0);
    OK(store_login_list_ended(s, ACME, "UANA", 900, &list, &count, e));
    assert_int_equal(count, 2);
    world_sql("update login set updated_at = now() - interval '901 seconds'");
    OK(store_login_list_ended(s, ACME, "UANA", 900, &list, &count, e));
    assert_int_equal(count, 0);
    world_close(s);
}

static void test_what_was_told_of_keys_that_never_come_again_goes(void **state)
{
    (void)state;
    store *s = world_open();
    bool due = false;
    OK(store_notice_due(s, ACME, "code:1", 600, &due, e));
    assert_true(due);
    OK(store_notice_due(s, ACME, "hello:1", 600, &due, e));
    OK(store_notice_due(s, GLOBEX, "code:1", 600, &due, e));
    world_sql("update notice set told_at = now() - interval '601 seconds'");
    OK(store_notice_due(s, ACME, "code:2", 600, &due, e));
    OK(store_notice_forget(s, ACME, "code:", 600, e));
    assert_int_equal(world_count("select count(*) from notice where key = 'code:1'"), 1);
    assert_int_equal(world_count("select count(*) from notice"), 3);
    OK(store_notice_due(s, ACME, "code:2", 600, &due, e));
    assert_false(due);
    world_close(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_handles_belong_to_their_workspace, world_reset),
        cmocka_unit_test_setup(test_the_newest_open_login_is_reused, world_reset),
        cmocka_unit_test_setup(test_p4_provisional_tokens_come_and_go, world_reset),
        cmocka_unit_test_setup(test_p4_no_try_is_lost_over_replicas, world_reset),
        cmocka_unit_test_setup(test_logins_expire_with_their_tokens_handed_out_once, world_reset),
        cmocka_unit_test_setup(test_p4_what_a_login_was_proven_with_is_known_for_a_while,
                               world_reset),
        cmocka_unit_test_setup(test_what_was_told_of_keys_that_never_come_again_goes, world_reset),
        cmocka_unit_test_setup(test_a_state_is_used_once_by_one_of_eight, world_reset),
        cmocka_unit_test_setup(test_a_state_has_one_purpose_place_and_time, world_reset),
    };
    return cmocka_run_group_tests_name("store: logins", tests, world_setup, world_teardown);
}
