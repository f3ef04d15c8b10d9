#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/die.h"
#include "base/json.h"
#include "tests/db/store_support.h"

/* P2, P6, P7: whose tokens these are, and one refresh at a time. */

enum { THREADS = 8 };

static struct connection *find(store *s, const char *workspace, const char *user_id)
{
    struct connection *c = NULL;
    OK(store_connection_find(s, workspace, "crm", user_id, &c, e));
    return c;
}

static void test_p2_owners_never_cross(void **state)
{
    (void)state;
    store *s = world_open();
    const char *here = world_connect(s, ACME, "UANA", "ana-acme");
    const char *there = world_connect(s, GLOBEX, "UANA", "ana-globex");
    const char *shared = world_connect(s, ACME, "", "admin");
    struct connection *c = find(s, ACME, "UANA");
    assert_string_equal(c->id, here);
    assert_string_equal(c->app, "salesforce");
    assert_string_equal(secret_reveal(c->tokens.access), "ana-acme-access");
    assert_string_equal(secret_reveal(c->tokens.refresh), "ana-acme-refresh");
    assert_string_equal(c->account.name, "ana-acme");
    assert_string_equal(c->account.api_base, "https://acme.my.salesforce.com");
    assert_int_equal(c->tokens.scopes_count, 2);
    assert_int_equal(c->state, CONNECTION_ACTIVE);
    assert_int_equal(c->generation, 1);
    assert_true(llabs(c->tokens.access_expires_at - clock_now() - 3600) <= 2);
    assert_true(c->connected_at > 0 && c->last_used_at == 0);
    c = find(s, GLOBEX, "UANA");
    assert_string_equal(secret_reveal(c->tokens.access), "ana-globex-access");
    assert_string_equal(find(s, ACME, "")->id, shared);
    assert_null(find(s, ACME, "UEVE"));

    FAILS(store_connection_load(s, ACME, there, &c, e), ERR_NOT_FOUND);
    FAILS(store_connection_load(s, ACME, "no-id", &c, e), ERR_NOT_FOUND);
    FAILS(store_connection_delete(s, ACME, there, e), ERR_NOT_FOUND);
    bool changed = true;
    OK(store_connection_set_state(s, ACME, there, -1, CONNECTION_DISCONNECTED, "x", &changed, e));
    assert_false(changed);
    bool mine = true;
    int64_t attempt = 0;
    OK(store_refresh_begin(s, ACME, there, 1, 30, &mine, &attempt, e));
    assert_false(mine);
    OK(store_connection_load(s, GLOBEX, there, &c, e));
    assert_int_equal(c->state, CONNECTION_ACTIVE);
    world_close(s);
}

static void test_lists_and_pages_show_no_tokens(void **state)
{
    (void)state;
    store *s = world_open();
    for (int i = 0; i < 5; i++) {
        world_connect(s, ACME, arena_printf(store_arena(s), "U%d", i), "any");
    }
    world_connect(s, ACME, "", "admin");
    struct connection *list = NULL;
    size_t count = 0;
    OK(store_connection_list(s, ACME, "U1", &list, &count, e));
    assert_int_equal(count, 1);
    assert_true(secret_empty(list[0].tokens.access) && secret_empty(list[0].tokens.refresh));
    struct connection_filter f = {.app = "salesforce", .limit = 3};
    OK(store_connection_page(s, ACME, &f, &list, &count, e));
    assert_int_equal(count, 3);
    f.after_id = list[2].id;
    OK(store_connection_page(s, ACME, &f, &list, &count, e));
    assert_int_equal(count, 2);
    assert_true(secret_empty(list[1].tokens.access));
    f = (struct connection_filter){.user_id = "U1", .limit = 10};
    OK(store_connection_page(s, ACME, &f, &list, &count, e));
    assert_int_equal(count, 1);
    f = (struct connection_filter){.app = "box", .limit = 10};
    OK(store_connection_page(s, ACME, &f, &list, &count, e));
    assert_int_equal(count, 0);
    f.after_id = "x";
    FAILS(store_connection_page(s, ACME, &f, &list, &count, e), ERR_INPUT);
    world_close(s);
}

static void test_p12_states_wipe_tokens_and_reconnect_keeps_the_row(void **state)
{
    (void)state;
    store *s = world_open();
    const char *id = world_connect(s, ACME, "UANA", "ana");
    bool changed = false;
    OK(store_connection_set_state(s, ACME, id, 7, CONNECTION_DISCONNECTED, "user", &changed, e));
    assert_false(changed);
    OK(store_connection_set_state(s, ACME, id, 1, CONNECTION_NEEDS_ATTENTION, "odd", &changed, e));
    assert_true(changed);
    struct connection *c = find(s, ACME, "UANA");
    assert_string_equal(secret_reveal(c->tokens.access), "ana-access"); /* P7: kept */
    assert_int_equal(c->generation, 1);
    OK(store_connection_set_state(s, ACME, id, -1, CONNECTION_DISCONNECTED, "user", &changed, e));
    c = find(s, ACME, "UANA");
    assert_true(secret_empty(c->tokens.access) && secret_empty(c->tokens.refresh));
    assert_string_equal(c->reason, "user");
    assert_int_equal(c->generation, 2);
    assert_int_equal(world_count("select count(*) from connection where tokens is null"), 1);
    int64_t created_at = c->created_at;
    assert_string_equal(world_connect(s, ACME, "UANA", "ana-2"), id);
    c = find(s, ACME, "UANA");
    assert_string_equal(secret_reveal(c->tokens.access), "ana-2-access");
    assert_int_equal(c->state, CONNECTION_ACTIVE);
    assert_null(c->reason);
    assert_int_equal(c->generation, 3);
    assert_int_equal(c->created_at, created_at);

    OK(store_connection_touch(s, ACME, id, e));
    int64_t used = find(s, ACME, "UANA")->last_used_at;
    assert_true(used > 0);
    world_connect(s, ACME, "UANA", "ana-2"); /* the same account again */
    assert_int_equal(find(s, ACME, "UANA")->last_used_at, used);
    world_connect(s, ACME, "UANA", "ana-3"); /* nothing was done with this one yet */
    assert_int_equal(find(s, ACME, "UANA")->last_used_at, 0);
    OK(store_connection_client_changed(s, ACME, "crm", e));
    c = find(s, ACME, "UANA");
    assert_int_equal(c->state, CONNECTION_NEEDS_LOGIN);
    assert_string_equal(c->reason, "client_changed");
    assert_true(secret_empty(c->tokens.access));
    OK(store_connection_delete(s, ACME, id, e));
    assert_null(find(s, ACME, "UANA"));
    world_close(s);
}

static void test_provisional_rows(void **state)
{
    (void)state;
    store *s = world_open();
    world_connect(s, ACME, "UACTIVE", "active");
    const char *old = world_connect(s, ACME, "UOLD", "old");
    bool changed = false;
    OK(store_connection_set_state(s, ACME, old, -1, CONNECTION_DISCONNECTED, "user", &changed, e));
    OK(store_connection_provisional(s, ACME, "crm", "UACTIVE", e));
    OK(store_connection_provisional(s, ACME, "crm", "UOLD", e));
    OK(store_connection_provisional(s, ACME, "crm", "UNEW", e));
    assert_int_equal(find(s, ACME, "UACTIVE")->state, CONNECTION_ACTIVE);
    assert_int_equal(find(s, ACME, "UOLD")->state, CONNECTION_PROVISIONAL);
    assert_int_equal(find(s, ACME, "UNEW")->state, CONNECTION_PROVISIONAL);
    assert_null(find(s, ACME, "UNEW")->account.name); /* whose it is, is not proven yet */
    int64_t count = -1;
    OK(store_connection_expire_provisional(s, 600, &count, e));
    assert_int_equal(count, 0);
    world_sql("update connection set updated_at = now() - interval '11 minutes'");
    OK(store_connection_expire_provisional(s, 600, &count, e));
    assert_int_equal(count, 2);
    assert_int_equal(find(s, ACME, "UACTIVE")->state, CONNECTION_ACTIVE);
    assert_int_equal(find(s, ACME, "UOLD")->state, CONNECTION_DISCONNECTED);
    assert_null(find(s, ACME, "UNEW"));
    world_close(s);
}

/* What the threads of one test share. */
struct race {
    const char *id;
    bool mine[THREADS];
    int64_t attempt[THREADS];
    bool failed[THREADS];
};

static void begin_refresh(size_t number, void *context)
{
    struct race *r = context;
    struct err e = {.kind = ERR_NONE};
    store *s = world_open();
    r->failed[number] =
        store_refresh_begin(s, ACME, r->id, 1, 30, &r->mine[number], &r->attempt[number], &e) != 0;
    world_close(s);
}

static void test_p6_one_refresher_of_eight(void **state)
{
    (void)state;
    store *s = world_open();
    for (int round = 0; round < 20; round++) {
        const char *user = arena_printf(store_arena(s), "U%d", round);
        struct race r = {.id = world_connect(s, ACME, user, "ana")};
        world_threads(THREADS, begin_refresh, &r);
        int mine = 0;
        for (int i = 0; i < THREADS; i++) {
            assert_false(r.failed[i]);
            mine += r.mine[i] ? 1 : 0;
            assert_int_equal(r.attempt[i], r.mine[i] ? 1 : 0);
        }
        assert_int_equal(mine, 1);
    }
    assert_int_equal(world_count("select count(*) from refresh_attempt"), 20);
    world_close(s);
}

static bool begin(store *s, const char *id, int64_t generation, int64_t *ret_attempt)
{
    bool mine = false;
    OK(store_refresh_begin(s, ACME, id, generation, 30, &mine, ret_attempt, e));
    return mine;
}

static void test_p6_a_lost_answer_is_counted(void **state)
{
    (void)state;
    store *s = world_open();
    const char *id = world_connect(s, ACME, "UANA", "ana");
    int64_t attempt = 0;
    assert_true(begin(s, id, 1, &attempt));
    assert_int_equal(attempt, 1);
    assert_false(begin(s, id, 1, &attempt)); /* leased */
    assert_false(begin(s, id, 2, &attempt)); /* no such generation */
    world_sql("update connection set refresh_until = now() - interval '1 second'");
    assert_true(begin(s, id, 1, &attempt)); /* that refresher died: its answer never came */
    assert_int_equal(attempt, 2);
    OK(store_refresh_held(s, ACME, id, 1, e)); /* nothing was sent: it may begin anew at once */
    assert_true(begin(s, id, 1, &attempt));
    assert_int_equal(attempt, 2);
    OK(store_refresh_failed(s, ACME, id, 1, "busy", 60, e));
    assert_false(begin(s, id, 1, &attempt)); /* cooling down */
    assert_int_equal(find(s, ACME, "UANA")->failures, 1);
    world_sql("update connection set cool_until = now() - interval '1 second'");
    assert_true(begin(s, id, 1, &attempt)); /* the second did answer, the first still did not */
    assert_int_equal(attempt, 2);
    OK(store_refresh_failed(s, ACME, id, 1, "no_answer", 0, e));
    world_sql("update connection set cool_until = null");
    assert_true(begin(s, id, 1, &attempt));
    assert_int_equal(attempt, 3);
    world_close(s);
}

static bool done(store *s, const char *id, int64_t generation, const struct tokens *t)
{
    bool stored = false;
    const struct refreshed n = {.workspace = ACME, .id = id, .generation = generation, .tokens = t};
    OK(store_refresh_done(s, &n, &stored, e));
    return stored;
}

static void test_p6_new_tokens_by_compare_and_set(void **state)
{
    (void)state;
    store *s = world_open();
    arena *mem = store_arena(s);
    const char *id = world_connect(s, ACME, "UANA", "ana");
    int64_t attempt = 0;
    assert_true(begin(s, id, 1, &attempt));
    struct tokens fresh = {.access = secret_of(mem, "fresh-access")};
    bool stored = false;
    OK(store_connection_set_state(s, ACME, id, 1, CONNECTION_NEEDS_ATTENTION, "odd", &stored, e));
    stored = done(s, id, 1, &fresh);
    assert_true(stored);
    struct connection *c = find(s, ACME, "UANA");
    assert_string_equal(secret_reveal(c->tokens.access), "fresh-access");
    assert_string_equal(secret_reveal(c->tokens.refresh), "ana-refresh");
    assert_int_equal(c->generation, 2);
    assert_int_equal(c->state, CONNECTION_ACTIVE);
    assert_null(c->reason);
    assert_int_equal(c->refresh_until, 0);
    assert_int_equal(c->tokens.access_expires_at, 0);
    assert_int_equal(c->tokens.scopes_count, 2); /* an answer without scopes changes none */
    fresh = world_tokens(mem, "late");
    stored = done(s, id, 1, &fresh);
    assert_false(stored);
    fresh.refresh = secret_of(mem, NULL);
    stored = done(s, id, 1, &fresh);
    assert_false(stored);
    assert_true(begin(s, id, 2, &attempt));
    fresh = world_tokens(mem, "rotated");
    stored = done(s, id, 2, &fresh);
    assert_true(stored);
    c = find(s, ACME, "UANA");
    assert_string_equal(secret_reveal(c->tokens.refresh), "rotated-refresh");
    /* the first generation has nothing to tell any more, the second ended as it should */
    assert_int_equal(world_count("select count(*) from refresh_attempt"), 1);
    assert_int_equal(world_count("select count(*) from refresh_attempt where outcome = 'done'"), 1);
    world_close(s);
}

/* An app says with its tokens where the account is now, or nothing of it. */
static void test_an_address_comes_with_the_tokens_or_stays(void **state)
{
    (void)state;
    store *s = world_open();
    const char *id = world_connect(s, ACME, "UANA", "ana");
    struct tokens t = world_tokens(store_arena(s), "next");
    json_t *vars = arena_json(store_arena(s), json_pack("{s:s}", "team", "blue"));
    struct refreshed n = {.workspace = ACME,
                          .id = id,
                          .generation = 1,
                          .tokens = &t,
                          .api_base = "https://renamed.my.salesforce.com",
                          .vars = vars};
    bool stored = false;
    OK(store_refresh_done(s, &n, &stored, e));
    assert_true(stored);
    for (int64_t generation = 2; generation <= 3; generation++) {
        const struct account a = find(s, ACME, "UANA")->account;
        assert_string_equal(a.api_base, "https://renamed.my.salesforce.com");
        assert_string_equal(json_text(a.vars, "team"), "blue");
        assert_true(done(s, id, generation, &t));
    }
    n.api_base = "https://late.my.salesforce.com"; /* of the first generation still */
    OK(store_refresh_done(s, &n, &stored, e));
    assert_false(stored);
    assert_string_equal(find(s, ACME, "UANA")->account.api_base,
                        "https://renamed.my.salesforce.com");
    world_close(s);
}

/* A setting of the customer's at the app: once seen it stands, also behind a new login. */
static void test_p6_that_an_app_rotates_is_noted_for_good(void **state)
{
    (void)state;
    store *s = world_open();
    const char *id = world_connect(s, ACME, "UANA", "ana");
    struct tokens t = world_tokens(store_arena(s), "next");
    struct refreshed n = {.workspace = ACME, .id = id, .generation = 1, .tokens = &t};
    bool stored = false;
    OK(store_refresh_done(s, &n, &stored, e));
    assert_false(find(s, ACME, "UANA")->rotates);
    n.generation = 2;
    n.rotates = true;
    OK(store_refresh_done(s, &n, &stored, e));
    assert_true(done(s, id, 3, &t));
    assert_true(find(s, ACME, "UANA")->rotates);
    (void)world_connect(s, ACME, "UANA", "ana");
    assert_true(find(s, ACME, "UANA")->rotates);
    OK(store_connection_client_changed(s, ACME, find(s, ACME, "UANA")->default_name, e));
    assert_false(find(s, ACME, "UANA")->rotates);
    world_close(s);
}

static void activate(size_t number, void *context)
{
    struct race *r = context;
    struct err e = {.kind = ERR_NONE};
    store *s = world_open();
    const char *id = NULL;
    struct account a = world_account("ana");
    struct tokens t = world_tokens(store_arena(s), "ana");
    r->failed[number] = store_connection_activate(s,
                                                  &(const struct connection){.workspace = ACME,
                                                                             .default_name = "crm",
                                                                             .user_id = "URACE",
                                                                             .account = a,
                                                                             .tokens = t,
                                                                             .assurance = "code"},
                                                  &id, &e) != 0;
    world_close(s);
}

static void test_logins_at_once_make_one_row_that_opens(void **state)
{
    (void)state;
    store *s = world_open();
    struct race r = {.id = NULL};
    world_threads(THREADS, activate, &r);
    for (int i = 0; i < THREADS; i++) {
        assert_false(r.failed[i]);
    }
    assert_string_equal(secret_reveal(find(s, ACME, "URACE")->tokens.access), "ana-access");
    assert_int_equal(find(s, ACME, "URACE")->generation, THREADS);
    world_close(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_p2_owners_never_cross, world_reset),
        cmocka_unit_test_setup(test_lists_and_pages_show_no_tokens, world_reset),
        cmocka_unit_test_setup(test_p12_states_wipe_tokens_and_reconnect_keeps_the_row,
                               world_reset),
        cmocka_unit_test_setup(test_provisional_rows, world_reset),
        cmocka_unit_test_setup(test_p6_one_refresher_of_eight, world_reset),
        cmocka_unit_test_setup(test_p6_a_lost_answer_is_counted, world_reset),
        cmocka_unit_test_setup(test_p6_new_tokens_by_compare_and_set, world_reset),
        cmocka_unit_test_setup(test_p6_that_an_app_rotates_is_noted_for_good, world_reset),
        cmocka_unit_test_setup(test_an_address_comes_with_the_tokens_or_stays, world_reset),
        cmocka_unit_test_setup(test_logins_at_once_make_one_row_that_opens, world_reset),
    };
    return cmocka_run_group_tests_name("store: connections", tests, world_setup, world_teardown);
}
