#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/clock.h"
#include "tests/db/store_support.h"

/* Workspaces, users, default connections, recipes, audit. */

static void test_workspace_keeps_route_and_token(void **state)
{
    (void)state;
    store *s = world_open();
    struct workspace *first = NULL, *again = NULL, *found = NULL;
    OK(store_workspace_find(s, ACME, &first, e));
    assert_int_equal(strlen(first->route), 16);
    assert_string_equal(secret_reveal(first->bot_token), "xoxb-sample-canary");
    assert_string_equal(first->state, "active");
    assert_true(first->installer_uses_default);
    assert_false(first->guests_allowed);

    const char *admins[] = {"UBEN", "U\"odd\\,{}", ""};
    struct workspace w = {.workspace = ACME,
                          .name = "Acme",
                          .admins = admins,
                          .admins_count = 3,
                          .guests_allowed = true,
                          .route = "ffffffffffffffff"};
    OK(store_workspace_put(s, &w, false, e));
    OK(store_workspace_by_route(s, first->route, &again, e));
    assert_string_equal(again->workspace, ACME);
    assert_string_equal(again->name, "Acme");
    assert_string_equal(secret_reveal(again->bot_token), "xoxb-sample-canary");
    assert_null(again->installer);
    assert_int_equal(again->admins_count, 3);
    assert_string_equal(again->admins[1], "U\"odd\\,{}");
    assert_string_equal(again->admins[2], "");
    assert_true(again->guests_allowed);
    assert_false(again->installer_uses_default);
    OK(store_workspace_by_route(s, w.route, &found, e));
    assert_null(found);

    OK(store_workspace_put(s, &w, true, e));
    OK(store_workspace_find(s, ACME, &again, e));
    assert_true(secret_empty(again->bot_token));
    world_close(s);
}

static void test_workspace_deletion_leaves_nothing_of_it(void **state)
{
    (void)state;
    store *s = world_open();
    world_connect(s, ACME, "UANA", "ana");
    world_connect(s, GLOBEX, "UANA", "ana");
    struct recipe_row recipe = {.workspace = ACME, .name = "r", .command = "c", .body = "{}"};
    struct job send = {.workspace = ACME, .kind = JOB_SEND, .lane = "l", .payload = bytes_of("{}")};
    struct job revoke = {
        .workspace = ACME, .kind = JOB_REVOKE, .lane = "l", .payload = bytes_of("{}")};
    OK(store_recipe_put(s, &recipe, "user:UBEN", e));
    OK(store_job_add(s, &send, e));
    OK(store_job_add(s, &revoke, e));
    OK(store_audit_add(s, ACME, "user:UBEN", "workspace.removed", NULL, NULL, e));
    world_sql("update job set behind = kind = 'revoke'");
    bool existed = false;
    OK(store_workspace_delete(s, ACME, &existed, e));
    assert_true(existed);
    static const char *const tables[] = {"route",      "workspace",      "chat_user",
                                         "connection", "recipe_version", "default_connection"};
    for (size_t i = 0; i < sizeof tables / sizeof tables[0]; i++) {
        const char *sql = arena_printf(
            store_arena(s), "select count(*) from %s where workspace = '" ACME "'", tables[i]);
        assert_int_equal(world_count(sql), 0);
    }
    assert_int_equal(world_count("select count(*) from job where kind <> 'revoke'"), 0);
    assert_int_equal(world_count("select count(*) from job where not behind"), 1);
    assert_int_equal(world_count("select count(*) from audit where workspace = '" ACME "'"), 1);
    assert_int_equal(world_count("select count(*) from connection"), 1);
    OK(store_workspace_delete(s, ACME, &existed, e));
    assert_false(existed);
    world_close(s);
}

static void test_users_never_cross_workspaces(void **state)
{
    (void)state;
    store *s = world_open();
    struct user ana = {.workspace = ACME,
                       .user_id = "UANA",
                       .name = "Ana A.",
                       .email = "ana@acme.example",
                       .time_zone = "Europe/Berlin",
                       .standing = STANDING_GUEST};
    OK(store_user_set_dm(s, ACME, "UANA", "D1", e));
    OK(store_user_put(s, &ana, e));
    struct user *here = NULL, *there = NULL, *nobody = NULL;
    OK(store_user_find(s, ACME, "UANA", &here, e));
    OK(store_user_find(s, GLOBEX, "UANA", &there, e));
    OK(store_user_find(s, GLOBEX, "UEVE", &nobody, e));
    assert_string_equal(here->name, "Ana A.");
    assert_int_equal(here->standing, STANDING_GUEST);
    assert_string_equal(here->dm_channel, "D1");
    assert_true(llabs(here->checked_at - clock_now()) <= 2);
    assert_string_equal(there->name, "Ana");
    assert_int_equal(there->standing, STANDING_MEMBER);
    assert_null(there->dm_channel);
    assert_null(nobody);
    OK(store_user_set_dm(s, GLOBEX, "UEVE", "D2",
                         e)); /* never seen: refused until the platform is asked */
    world_close(s);
}

/* Design section 2: inactive people, guests, strangers and people of others: no, unless guests are
 * welcome; and nobody where the bot was taken away. */
static void test_who_may_use_workbot(void **state)
{
    (void)state;
    store *s = world_open();
    static const char *const states[] = {"active", "broken", "draft", "removed"};
    for (int i = 0; i < STANDING_COUNT * 2 * 4; i++) {
        enum standing standing = (enum standing)(i / 8);
        const char *now = states[i % 4];
        bool guests = i / 4 % 2 == 1, may = false;
        struct workspace w = {.workspace = ACME, .state = now, .guests_allowed = guests};
        struct user ana = {.workspace = ACME, .user_id = "UANA", .standing = standing};
        OK(store_workspace_put(s, &w, false, e));
        OK(store_user_put(s, &ana, e));
        OK(store_user_may_use(s, ACME, "UANA", &may, e));
        bool wanted = strcmp(now, "removed") != 0 &&
                      (standing == STANDING_MEMBER || (standing == STANDING_GUEST && guests));
        assert_int_equal(may, wanted);
        assert_int_equal(store_person_allowed(&ana, &w), wanted);
        OK(store_user_may_use(s, ACME, "", &may, e));
        assert_true(may); /* the default connection's own login */
        OK(store_user_may_use(s, GLOBEX, "UANA", &may, e));
        assert_true(may); /* the same id elsewhere is somebody else */
        OK(store_user_may_use(s, ACME, "UEVE", &may, e));
        assert_false(may);
    }
    assert_false(store_person_allowed(NULL, &(struct workspace){.state = "active"}));
    world_close(s);
}

static void test_default_connections(void **state)
{
    (void)state;
    store *s = world_open();
    struct default_connection *d = NULL, *by_key = NULL, *other = NULL, *list = NULL;
    OK(store_default_find(s, ACME, "crm", &d, e));
    assert_string_equal(secret_reveal(d->client_secret), "client-canary");
    assert_string_equal(d->account_match, "off");
    assert_false(d->assurance_sign_in);
    OK(store_default_by_callback(s, ACME, d->callback_key, &by_key, e));
    assert_string_equal(by_key->name, "crm");
    OK(store_default_by_callback(s, GLOBEX, d->callback_key, &other, e));
    assert_null(other);

    const char *scopes[] = {"api", "full"};
    struct default_connection put = *d;
    put.callback_key = "another";
    put.client_secret = secret_of(store_arena(s), NULL);
    put.client_version = 2;
    put.scopes = scopes;
    put.scopes_count = 2;
    put.assurance_sign_in = true;
    put.account_match = "require";
    OK(store_default_put(s, &put, e));
    OK(store_default_find(s, ACME, "crm", &other, e));
    assert_string_equal(other->callback_key, d->callback_key);
    assert_true(secret_empty(other->client_secret));
    assert_int_equal(other->client_version, 2);
    assert_int_equal(other->scopes_count, 2);
    assert_string_equal(other->scopes[1], "full");
    assert_true(other->assurance_sign_in);

    put.name = "crm-2";
    put.callback_key = NULL;
    OK(store_default_put(s, &put, e));
    size_t count = 0;
    OK(store_default_list(s, ACME, &list, &count, e));
    assert_int_equal(count, 2);
    assert_string_not_equal(list[0].callback_key, list[1].callback_key);
    OK(store_default_delete(s, ACME, "crm-2", e));
    FAILS(store_default_delete(s, ACME, "crm-2", e), ERR_NOT_FOUND);
    world_close(s);
}

static void test_recipe_versions(void **state)
{
    (void)state;
    store *s = world_open();
    struct recipe_row r = {.workspace = ACME,
                           .name = "deal",
                           .command = "new deal",
                           .enabled = true,
                           .body = "{\"a\":1}"};
    struct recipe_row *found = NULL, *list = NULL;
    OK(store_recipe_put(s, &r, "user:UBEN", e));
    OK(store_recipe_put(s, &r, "user:UBEN", e)); /* the same body is no new version */
    OK(store_recipe_find(s, ACME, "deal", &found, e));
    assert_int_equal(found->version, 1);
    r.body = "{\"a\":2}";
    r.hidden = true;
    OK(store_recipe_put(s, &r, "user:UBEN", e));
    OK(store_recipe_find(s, ACME, "deal", &found, e));
    assert_int_equal(found->version, 2);
    assert_true(found->hidden);
    assert_string_equal(found->body, "{\"a\":2}");
    assert_null(found->body_now);
    OK(store_recipe_version(s, ACME, "deal", 1, &found, e));
    assert_string_equal(found->body, "{\"a\":1}");
    assert_string_equal(found->body_now, "{\"a\":2}"); /* whose permissions hold */
    OK(store_recipe_version(s, ACME, "deal", 2, &found, e));
    assert_null(found->body_now);
    OK(store_recipe_version(s, GLOBEX, "deal", 1, &found, e));
    assert_null(found);

    struct recipe_row twin = r;
    twin.name = "deal-2";
    struct err conflict = {.kind = ERR_NONE};
    assert_int_equal(store_recipe_put(s, &twin, "user:UBEN", &conflict), -1);
    assert_int_equal(conflict.kind, ERR_CONFLICT);
    assert_string_equal(conflict.code, "recipe_workspace_command_key");
    twin.workspace = GLOBEX;
    OK(store_recipe_put(s, &twin, "user:UBEN", e));
    size_t count = 0;
    OK(store_recipe_list(s, ACME, &list, &count, e));
    assert_int_equal(count, 1);

    bool existed = false;
    OK(store_recipe_delete(s, ACME, "deal", &existed, e));
    assert_true(existed);
    OK(store_recipe_version(s, ACME, "deal", 2, &found, e)); /* for runs that began with it */
    assert_non_null(found);
    assert_false(found->enabled);
    assert_null(found->body_now);
    OK(store_recipe_put(s, &r, "user:UBEN", e));
    OK(store_recipe_find(s, ACME, "deal", &found, e));
    assert_int_equal(found->version, 3);
    world_close(s);
}

static void test_audit_pages(void **state)
{
    (void)state;
    store *s = world_open();
    for (int i = 0; i < 5; i++) {
        json_t *detail = arena_json(store_arena(s), json_pack("{s:i}", "n", i));
        OK(store_audit_add(s, ACME, "user:UBEN", "recipe.changed", "deal", detail, e));
    }
    OK(store_audit_add(s, GLOBEX, "system", "workspace.added", NULL, NULL, e));
    struct audit_row *page = NULL;
    size_t count = 0;
    OK(store_audit_page(s, ACME, &(struct audit_filter){.limit = 3}, &page, &count, e));
    assert_int_equal(count, 3);
    assert_int_equal(json_integer_value(json_object_get(page[0].detail, "n")), 4);
    OK(store_audit_page(s, ACME, &(struct audit_filter){.before_id = page[2].id, .limit = 3}, &page,
                        &count, e));
    assert_int_equal(count, 2);
    assert_int_equal(json_integer_value(json_object_get(page[1].detail, "n")), 0);
    FAILS(store_audit_page(s, ACME, &(struct audit_filter){.before_id = "' or 1=1", .limit = 3},
                           &page, &count, e),
          ERR_INPUT);
    world_close(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_workspace_keeps_route_and_token, world_reset),
        cmocka_unit_test_setup(test_workspace_deletion_leaves_nothing_of_it, world_reset),
        cmocka_unit_test_setup(test_users_never_cross_workspaces, world_reset),
        cmocka_unit_test_setup(test_who_may_use_workbot, world_reset),
        cmocka_unit_test_setup(test_default_connections, world_reset),
        cmocka_unit_test_setup(test_recipe_versions, world_reset),
        cmocka_unit_test_setup(test_audit_pages, world_reset),
    };
    return cmocka_run_group_tests_name("store: people", tests, world_setup, world_teardown);
}
