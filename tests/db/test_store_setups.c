#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/clock.h"
#include "tests/db/store_support.h"

/* P3, P14: set-up links, the codes they show, and who becomes an admin by them. */

enum { THREADS = 8 };

static const char *add(store *s, const char *workspace, const char *handle, int64_t expires_at)
{
    const struct setup x = {.workspace = workspace,
                            .id = arena_strdup(store_arena(s), id_new().text),
                            .handle_hash = handle,
                            .made_by = "token:12345678",
                            .expires_at = expires_at};
    OK(store_setup_add(s, &x, e));
    return x.id;
}

static bool show(store *s, const char *id, const char *hash, int64_t until)
{
    const struct setup x = {
        .workspace = ACME, .id = id, .code_hash = hash, .code_expires_at = until};
    bool shown = false;
    OK(store_setup_show(s, &x, &shown, e));
    return shown;
}

static struct setup *load(store *s, const char *handle)
{
    struct setup *x = NULL;
    OK(store_setup_by_handle(s, ACME, handle, &x, e));
    return x;
}

static size_t waiting(store *s, const char *workspace)
{
    struct setup *list = NULL;
    size_t count = 0;
    OK(store_setup_waiting(s, workspace, &list, &count, e));
    size_t shown = 0;
    OK(store_setup_shown(s, workspace, &list, &shown, e));
    assert_int_equal(shown, count);
    return count;
}

static size_t wrong(store *s, const char *workspace)
{
    const char **ids = NULL;
    size_t count = 0;
    OK(store_setup_wrong(s, workspace, &ids, &count, e));
    return count;
}

static bool take(store *s, const char *workspace, const char *handle, const char *user)
{
    bool taken = false;
    OK(store_setup_take(s, workspace, handle, user, &taken, e));
    return taken;
}

static bool is_listed(const char *user)
{
    return world_count(arena_printf(world.base->mem,
                                    "select count(*) from workspace where workspace = '%s'"
                                    " and '%s' = any (admins)",
                                    ACME, user)) == 1;
}

static void test_a_link_is_its_workspaces(void **state)
{
    (void)state;
    store *s = world_open();
    int64_t soon = clock_now() + 600;
    const char *id = add(s, ACME, "h1", soon);
    assert_string_equal(load(s, "h1")->id, id);
    assert_string_equal(load(s, "h1")->made_by, "token:12345678");
    assert_null(load(s, "h2"));
    struct setup *x = NULL;
    OK(store_setup_by_handle(s, GLOBEX, "h1", &x, e));
    assert_null(x);
    assert_true(show(s, id, "code", soon));
    assert_int_equal(waiting(s, GLOBEX), 0);
    assert_int_equal(wrong(s, GLOBEX), 0);
    assert_false(take(s, GLOBEX, "h1", "UANA"));
    assert_int_equal(waiting(s, ACME), 1);
    world_close(s);
}

static void test_a_code_ends_with_its_time_its_link_and_three_tries(void **state)
{
    (void)state;
    store *s = world_open();
    int64_t now = clock_now();
    const char *id = add(s, ACME, "h1", now + 600), *late = add(s, ACME, "h2", now + 5);
    assert_int_equal(waiting(s, ACME), 0);
    assert_true(show(s, id, "a", now - 1));
    assert_int_equal(waiting(s, ACME), 0);
    assert_true(show(s, late, "b", now + 600));
    assert_int_equal(load(s, "h2")->code_expires_at, now + 5);
    assert_true(show(s, id, "c", now + 600));
    assert_int_equal(waiting(s, ACME), 2);
    assert_int_equal(wrong(s, ACME), 0);
    assert_true(show(s, late, "d", now + 600));
    assert_int_equal(wrong(s, ACME), 0);
    assert_int_equal(wrong(s, ACME), 1);
    assert_null(load(s, "h1")->code_hash);
    assert_int_equal(waiting(s, ACME), 1);
    OK(store_setup_hide(s, ACME, late, e));
    assert_int_equal(waiting(s, ACME), 0);
    assert_true(take(s, ACME, "h1", "UANA"));
    assert_false(show(s, id, "e", now + 600));
    world_close(s);
}

static void test_a_link_is_used_once_and_writes_it_down(void **state)
{
    (void)state;
    store *s = world_open();
    const char *id = add(s, ACME, "h1", clock_now() + 600);
    assert_true(show(s, id, "a", clock_now() + 600));
    assert_true(take(s, ACME, "h1", "UNEW"));
    assert_true(is_listed("UNEW"));
    assert_false(take(s, ACME, "h1", "UEVE"));
    assert_false(is_listed("UEVE"));
    assert_true(load(s, "h1")->used_at > 0);
    assert_null(load(s, "h1")->code_hash);
    assert_int_equal(world_count("select count(*) from audit where actor = 'setup_link'"
                                 " and action = 'workspace.admin_added' and subject = 'UNEW'"),
                     1);
    /* who is one already is not listed twice */
    add(s, ACME, "h2", clock_now() + 600);
    assert_true(take(s, ACME, "h2", "UNEW"));
    assert_int_equal(world_count("select count(*) from workspace, unnest(admins) a"
                                 " where a = 'UNEW'"),
                     1);
    world_close(s);
}

static void test_links_that_are_over_do_nothing(void **state)
{
    (void)state;
    store *s = world_open();
    int64_t ended = 0;
    const char *old = add(s, ACME, "h1", clock_now() - 1);
    add(s, ACME, "h2", clock_now() + 600);
    add(s, GLOBEX, "h3", clock_now() + 600);
    assert_false(show(s, old, "a", clock_now() + 600));
    assert_false(take(s, ACME, "h1", "UANA"));
    OK(store_setup_end(s, ACME, &ended, e));
    assert_int_equal(ended, 1);
    assert_false(take(s, ACME, "h2", "UANA"));
    assert_true(take(s, GLOBEX, "h3", "UANA"));
    OK(store_setup_end(s, ACME, &ended, e));
    assert_int_equal(ended, 0);
    world_close(s);
}

static void test_links_and_codes_are_bounded_and_leave(void **state)
{
    (void)state;
    store *s = world_open();
    const char *first = NULL;
    for (int i = 0; i < SETUP_LIVE_MAX; i++) {
        const char *id = add(s, ACME, arena_printf(store_arena(s), "h%d", i), clock_now() + 600);
        first = first == NULL ? id : first;
    }
    const struct setup more = {.workspace = ACME,
                               .id = arena_strdup(store_arena(s), id_new().text),
                               .handle_hash = "more",
                               .made_by = "token:1",
                               .expires_at = clock_now() + 600};
    FAILS(store_setup_add(s, &more, e), ERR_LIMIT);
    add(s, GLOBEX, "other", clock_now() + 600);
    for (int i = 0; i < SETUP_CODES_MAX; i++) {
        assert_true(show(s, first, "a", clock_now() + 600));
    }
    assert_false(show(s, first, "b", clock_now() + 600));
    world_sql("update admin_link set expires_at = now() - interval '1 hour'");
    const struct retention keep = {.events_s = 600, .runs_s = 600, .audit_s = 600, .batch = 1000};
    bool left = true;
    OK(store_retention_sweep(s, &keep, &left, e));
    assert_int_equal(world_count("select count(*) from admin_link"), 0);
    world_close(s);
}

struct race {
    const char *handle;
    bool taken[THREADS], failed[THREADS];
};

static void one_takes(size_t number, void *context)
{
    struct race *r = context;
    store *s = world_open();
    struct err e = {.kind = ERR_NONE};
    const char *user = arena_printf(store_arena(s), "U%zu", number);
    r->failed[number] = store_begin(s, &e) != 0 ||
                        store_setup_take(s, ACME, r->handle, user, &r->taken[number], &e) != 0 ||
                        store_commit(s, &e) != 0;
    world_close(s);
}

static void test_of_many_at_once_one_is_made_an_admin(void **state)
{
    (void)state;
    static const char *const handles[] = {"r1", "r2", "r3", "r4"};
    store *s = world_open();
    int64_t before = world_count("select sum(cardinality(admins)) from workspace");
    for (size_t n = 0; n < sizeof handles / sizeof handles[0]; n++) {
        struct race r = {.handle = handles[n]};
        int winners = 0;
        add(s, ACME, r.handle, clock_now() + 600);
        world_threads(THREADS, one_takes, &r);
        for (int i = 0; i < THREADS; i++) {
            assert_false(r.failed[i]);
            winners += r.taken[i] ? 1 : 0;
        }
        assert_int_equal(winners, 1);
    }
    assert_true(world_count("select sum(cardinality(admins)) from workspace") > before);
    assert_int_equal(world_count("select count(*) from audit where actor = 'setup_link'"), 4);
    world_close(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_a_link_is_its_workspaces, world_reset),
        cmocka_unit_test_setup(test_a_code_ends_with_its_time_its_link_and_three_tries,
                               world_reset),
        cmocka_unit_test_setup(test_a_link_is_used_once_and_writes_it_down, world_reset),
        cmocka_unit_test_setup(test_links_that_are_over_do_nothing, world_reset),
        cmocka_unit_test_setup(test_links_and_codes_are_bounded_and_leave, world_reset),
        cmocka_unit_test_setup(test_of_many_at_once_one_is_made_an_admin, world_reset),
    };
    return cmocka_run_group_tests_name("store: set-up links", tests, world_setup, world_teardown);
}
