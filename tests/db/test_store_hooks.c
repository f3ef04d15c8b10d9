#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/json.h"
#include "service/store/store_int.h"
#include "tests/db/store_support.h"

/* P5, P14: addresses for apps, and their secrets. */

#define ORG "slack:E0ORG"

static void put(store *s, const char *workspace, const char *name, const char *secret)
{
    arena *mem = store_arena(s);
    const struct hook h = {.workspace = workspace,
                           .name = name,
                           .kind = "json",
                           .enabled = true,
                           .rules = arena_json(mem, json_pack("{s:s}", "verify", "secret")),
                           .first = secret_of(mem, secret),
                           .second = secret_of(mem, "canary-before"),
                           .second_until = 77};
    OK(store_hook_put(s, &h, e));
}

static struct hook *find(store *s, const char *workspace, const char *name)
{
    struct hook *h = NULL;
    OK(store_hook_find(s, workspace, name, &h, e));
    return h;
}

static struct hook *at(store *s, const char *workspace, const char *handle)
{
    struct hook *h = NULL;
    struct workspace *w = NULL;
    OK(store_workspace_find(s, workspace, &w, e));
    OK(store_hook_at(s, w->route, handle, &h, e));
    return h;
}

static void test_a_hook_is_its_workspaces_and_keeps_its_handle(void **state)
{
    (void)state;
    store *s = world_open();
    put(s, ACME, "deals", "canary-one");
    struct hook *h = find(s, ACME, "deals");
    assert_string_equal(h->kind, "json");
    assert_true(h->enabled);
    assert_string_equal(json_text(h->rules, "verify"), "secret");
    assert_string_equal(secret_reveal(h->first), "canary-one");
    assert_string_equal(secret_reveal(h->second), "canary-before");
    assert_int_equal(h->second_until, 77);
    assert_int_equal(strlen(h->handle), 32);
    assert_null(find(s, GLOBEX, "deals"));
    assert_string_equal(at(s, ACME, h->handle)->name, "deals");
    assert_null(at(s, GLOBEX, h->handle));
    assert_null(at(s, ACME, "0123"));
    struct hook next = *h;
    next.enabled = false;
    next.second = secret_of(store_arena(s), NULL);
    next.handle = "another";
    OK(store_hook_put(s, &next, e));
    assert_string_equal(find(s, ACME, "deals")->handle, h->handle);
    assert_false(find(s, ACME, "deals")->enabled);
    assert_true(secret_empty(find(s, ACME, "deals")->second));
    world_close(s);
}

static void test_no_secret_of_it_is_readable(void **state)
{
    (void)state;
    store *s = world_open();
    put(s, ACME, "deals", "canary-one");
    put(s, ACME, "other", "canary-two");
    assert_int_equal(
        world_count("select count(*) from hook h where h::text ~ 'canary|63616e617279'"), 0);
    world_sql("update hook a set secrets = b.secrets from hook b"
              " where a.name = 'deals' and b.name = 'other'");
    struct hook *h = NULL;
    FAILS(store_hook_find(s, ACME, "deals", &h, e), ERR_INTERNAL);
    world_close(s);
}

static void test_removed_workspaces_have_no_door_and_deleted_ones_no_hook(void **state)
{
    (void)state;
    store *s = world_open();
    put(s, ACME, "deals", "canary-one");
    put(s, ACME, "b-side", "canary-two");
    const char *handle = find(s, ACME, "deals")->handle;
    struct hook *list = NULL;
    size_t count = 0;
    OK(store_hook_list(s, ACME, &list, &count, e));
    assert_int_equal(count, 2);
    assert_string_equal(list[0].name, "b-side");
    OK(store_hook_delete(s, ACME, "b-side", e));
    FAILS(store_hook_delete(s, ACME, "b-side", e), ERR_NOT_FOUND);
    world_sql("update workspace set state = 'removed' where workspace = '" ACME "'");
    assert_null(at(s, ACME, handle));
    world_sql("update workspace set state = 'active' where workspace = '" ACME "'");
    assert_non_null(at(s, ACME, handle));
    bool existed = false;
    OK(store_workspace_delete(s, ACME, &existed, e));
    assert_int_equal(world_count("select count(*) from hook"), 0);
    world_close(s);
}

/* A team comes into its organisation, which has a hook of that name: senders know addresses. */
static void test_a_move_keeps_addresses_and_secrets(void **state)
{
    (void)state;
    store *s = world_open();
    static const struct workspace_move q = {ACME, ORG};
    struct workspace_moved moved;
    struct workspace *team = NULL;
    struct hook *h = NULL;
    struct recipe_row *row = NULL;
    json_t *body = NULL;
    const struct workspace org = {.workspace = ORG, .name = "Org", .bot_user_id = "UBOT2"};
    OK(store_workspace_put(s, &org, false, e));
    put(s, ORG, "deals", "canary-org");
    put(s, ACME, "deals", "canary-team");
    put(s, ACME, "alone", "canary-alone");
    const struct recipe_row told = {.workspace = ACME,
                                    .name = "told",
                                    .enabled = true,
                                    .body = "{\"name\":\"told\",\"trigger\":{\"hook\":\"deals\"}}"};
    OK(store_recipe_put(s, &told, "test", e));
    const char *handle = find(s, ACME, "deals")->handle;
    OK(store_workspace_find(s, ACME, &team, e));
    OK(store_begin(s, e));
    OK(store_workspace_move(s, &q, &moved, e));
    OK(store_commit(s, e));
    assert_int_equal(moved.renamed_count, 1);
    assert_string_equal(moved.renamed[0], "deals is deals-t0acme now");
    OK(store_hook_at(s, team->route, handle, &h, e));
    assert_string_equal(h->workspace, ORG);
    assert_string_equal(h->name, "deals-t0acme");
    assert_string_equal(secret_reveal(h->first), "canary-team");
    assert_string_equal(secret_reveal(find(s, ORG, "deals")->first), "canary-org");
    assert_string_equal(secret_reveal(find(s, ORG, "alone")->first), "canary-alone");
    OK(store_recipe_find(s, ORG, "told", &row, e));
    OK(json_read(store_arena(s), bytes_of(row->body), &body, e));
    assert_string_equal(json_string_value(json_at(body, "trigger.hook")), "deals-t0acme");
    world_close(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_a_hook_is_its_workspaces_and_keeps_its_handle, world_reset),
        cmocka_unit_test_setup(test_no_secret_of_it_is_readable, world_reset),
        cmocka_unit_test_setup(test_removed_workspaces_have_no_door_and_deleted_ones_no_hook,
                               world_reset),
        cmocka_unit_test_setup(test_a_move_keeps_addresses_and_secrets, world_reset),
    };
    return cmocka_run_group_tests_name("store: hooks", tests, world_setup, world_teardown);
}
