#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/str.h"
#include "service/store/store_int.h"
#include "tests/db/store_support.h"

/* A team's workspace becomes part of its organisation's (design 1). ACME plays the team; the world
 * has the same names in both. */

#define ORG "slack:E0ORG"
static const struct workspace_move TO_ORG = {ACME, ORG};

static void make_org(store *s)
{
    struct workspace w = {.workspace = ORG,
                          .name = "Org",
                          .installer = "UOLGA",
                          .bot_user_id = "UBOT2",
                          .bot_token = secret_of(store_arena(s), "xoxb-sample-org")};
    OK(store_workspace_put(s, &w, false, e));
}

static void put_default(store *s, const char *workspace, const char *host)
{
    struct default_connection d = {.workspace = workspace,
                                   .name = "crm",
                                   .app = "salesforce",
                                   .host = host,
                                   .client_id = "client",
                                   .client_secret = secret_of(store_arena(s), "org-canary"),
                                   .client_version = 1};
    OK(store_default_put(s, &d, e));
}

static void put_recipe(store *s, const char *workspace, const char *name, const char *command)
{
    const char *body = arena_printf(store_arena(s),
                                    "{\"name\":\"%s\",\"command\":\"%s\",\"connections\":{\"sf\":{"
                                    "\"use\":\"crm\",\"verify_user_access\":true}}}",
                                    name, command);
    struct recipe_row r = {
        .workspace = workspace, .name = name, .command = command, .enabled = true, .body = body};
    OK(store_recipe_put(s, &r, "test", e));
}

static struct workspace_moved move(store *s)
{
    struct workspace_moved moved;
    OK(store_begin(s, e));
    OK(store_workspace_move(s, &TO_ORG, &moved, e));
    assert_false(moved.busy || moved.gone);
    OK(store_commit(s, e));
    return moved;
}

static const char *access_of(store *s, const char *workspace, const char *name, const char *user)
{
    struct connection *c = NULL;
    OK(store_connection_find(s, workspace, name, user, &c, e));
    return c == NULL ? NULL : secret_reveal(c->tokens.access);
}

/* Every table of the catalogue with a workspace, and every column that holds sealed bytes. */
static void test_every_table_and_every_sealed_column_moves(void **state)
{
    (void)state;
    /* a team's tokens end with its workspace: its admins are none of the organisation's; nor is
     * how long its own work waited */
    static const char *const by_hand[] = {"workspace",      "notice",     "audit",
                                          "audit_chain",    "audit_seal", "api_token",
                                          "act_permission", "queue_age",  NULL};
    store *s = world_open();
    const char *sql = "select string_agg(t.table_name || '.' || coalesce(c.column_name, ''), ',')"
                      "  from (select table_name from information_schema.columns"
                      "         where table_schema = 'public' and column_name = 'workspace') t"
                      "  left join information_schema.columns c on c.table_schema = 'public'"
                      "   and c.table_name = t.table_name and c.data_type = 'bytea'"
                      " where t.table_name not in ('route')";
    const char *rest = test_sql_text(store_arena(s), world.base->url, sql);
    size_t seen = 0;
    for (const char *item; (item = str_split(store_arena(s), &rest, ',')) != NULL; seen++) {
        const char *dot = strchr(item, '.');
        const char *table = arena_strndup(store_arena(s), item, (size_t)(dot - item));
        bool known = false;
        for (size_t i = 0; by_hand[i] != NULL; i++) {
            known = known || strcmp(by_hand[i], table) == 0;
        }
        if (!known && !store_move_knows(table, dot[1] == '\0' ? NULL : dot + 1)) {
            fail_msg("service/store/move_rows.c does not move %s", item);
        }
        if (dot[1] != '\0' && !store_keys_knows(table, dot + 1)) {
            fail_msg("service/store/keys.c does not seal %s anew", item);
        }
    }
    assert_true(seen > 15);
    assert_false(store_move_knows("nothing", NULL));
    assert_false(store_move_knows("run", "nothing"));
    world_close(s);
}

static void test_what_was_sealed_opens_in_its_new_place(void **state)
{
    (void)state;
    store *s = world_open();
    struct workspace *before = NULL, *after = NULL;
    struct run *found = NULL;
    struct message *m = NULL;
    bool added = false;
    make_org(s);
    world_connect(s, ACME, "UANA", "ana");
    world_connect(s, GLOBEX, "UANA", "gina");
    put_recipe(s, ACME, "make", "crm make");
    struct run r = {.workspace = ACME,
                    .recipe = "make",
                    .version = 1,
                    .user_id = "UANA",
                    .state = RUN_PARKED,
                    .inputs = arena_json(store_arena(s), json_pack("{s:s}", "name", "Canary")),
                    .place = "dm",
                    .channel = "D1"};
    OK(store_run_add(s, &r, 10, &added, e));
    struct message said = {.workspace = ACME,
                           .channel = "D1",
                           .response_url = secret_of(store_arena(s), "https://hooks.example/x"),
                           .body = arena_json(store_arena(s), json_pack("{s:[]}", "blocks"))};
    OK(store_message_add(s, &said, e));
    OK(store_audit_add(s, ACME, "user:UANA", "test.done", "", NULL, e));
    OK(store_workspace_find(s, ACME, &before, e));
    struct job *held = world_lease(s, GLOBEX); /* of another workspace: not in the way */
    assert_non_null(held);

    struct workspace_moved moved = move(s);
    assert_int_equal(moved.renamed_count + moved.disabled_count + moved.lost_count, 0);
    assert_string_equal(access_of(s, ORG, "crm", "UANA"), "ana-access");
    OK(store_run_find(s, ORG, r.id, &found, e));
    assert_string_equal(json_text(found->inputs, "name"), "Canary");
    OK(store_message_find(s, ORG, said.id, &m, e));
    assert_string_equal(secret_reveal(m->response_url), "https://hooks.example/x");
    OK(store_workspace_by_route(s, before->route, &after, e));
    assert_string_equal(after->workspace, ORG);
    assert_string_equal(after->installer, "UOLGA");
    assert_string_equal(secret_reveal(after->bot_token), "xoxb-sample-org");
    assert_string_equal(access_of(s, GLOBEX, "crm", "UANA"), "gina-access");
    OK(store_workspace_find(s, ACME, &before, e));
    assert_null(before);
    /* the audit stays where it was written */
    assert_int_equal(world_count("select count(*) from audit where workspace = '" ACME "'"), 1);
    assert_int_equal(world_count("select (select count(*) from chat_user where workspace = '" ACME
                                 "')"
                                 " + (select count(*) from run where workspace = '" ACME "')"
                                 " + (select count(*) from job where workspace = '" ACME "')"),
                     0);
    world_close(s);
}

/* The one-to-one chat of UANA after the move, when the team had this bot. */
static const char *dm_after(store *s, const char *bot_user_id)
{
    struct workspace *team = NULL;
    struct user *ana = NULL;
    make_org(s);
    OK(store_workspace_find(s, ACME, &team, e));
    team->bot_user_id = bot_user_id;
    OK(store_workspace_put(s, team, false, e));
    OK(store_user_set_dm(s, ACME, "UANA", "D0TEAM", e));
    (void)move(s);
    OK(store_user_find(s, ORG, "UANA", &ana, e));
    assert_non_null(ana);
    return ana->dm_channel;
}

static void test_one_to_one_chats_move_with_their_bot(void **state)
{
    (void)state;
    store *s = world_open();
    assert_string_equal(dm_after(s, "UBOT2"), "D0TEAM");
    world_close(s);
}

static void test_p8_one_to_one_chats_of_another_bot_are_forgotten(void **state)
{
    (void)state;
    store *s = world_open();
    assert_null(dm_after(s, "UBOT1"));
    world_close(s);
}

static void test_more_than_one_batch(void **state)
{
    (void)state;
    enum { MESSAGES = 1203 };
    store *s = world_open();
    make_org(s);
    for (int i = 0; i < MESSAGES; i++) {
        struct message said = {.workspace = ACME,
                               .channel = "D1",
                               .body = arena_json(store_arena(s), json_pack("{s:i}", "n", i))};
        OK(store_message_add(s, &said, e));
    }
    world_sql(
        "update message set body = '\\x00' where id = (select min(id::text) from message)::uuid");
    move(s);
    assert_int_equal(world_count("select count(*) from message where workspace = '" ORG "'"),
                     MESSAGES);
    world_close(s);
}

static void test_one_default_connection_set_up_twice_is_one(void **state)
{
    (void)state;
    store *s = world_open();
    make_org(s);
    put_default(s, ORG, "login.salesforce.com");
    world_connect(s, ACME, "UANA", "team-ana");
    world_connect(s, ACME, "UBEN", "team-ben");
    world_connect(s, ORG, "UANA", "org-ana");
    world_connect(s, ORG, "UBEN", "org-ben");
    world_connect(s, ACME, "UCLEO", "team-cleo");
    world_sql("update connection set last_used_at = now() - interval '1 hour'");
    world_sql("update connection set last_used_at = now()"
              " where (workspace, user_id) in (('" ACME "', 'UANA'), ('" ORG "', 'UBEN'))");
    struct workspace_moved moved = move(s);
    assert_int_equal(moved.lost_count, 2);
    assert_int_equal(moved.renamed_count, 0);
    for (size_t i = 0; i < moved.lost_count; i++) {
        const struct connection *c = moved.lost[i].connection;
        bool ana = strcmp(c->user_id, "UANA") == 0;
        assert_string_equal(secret_reveal(c->tokens.access),
                            ana ? "org-ana-access" : "team-ben-access");
        assert_non_null(moved.lost[i].def);
    }
    assert_string_equal(access_of(s, ORG, "crm", "UANA"), "team-ana-access");
    assert_string_equal(access_of(s, ORG, "crm", "UBEN"), "org-ben-access");
    assert_string_equal(access_of(s, ORG, "crm", "UCLEO"), "team-cleo-access");
    assert_int_equal(
        world_count("select count(*) from default_connection where workspace = '" ORG "'"), 1);
    world_close(s);
}

static void test_an_active_connection_stays_before_one_used_later(void **state)
{
    (void)state;
    store *s = world_open();
    make_org(s);
    put_default(s, ORG, "login.salesforce.com");
    world_connect(s, ACME, "UANA", "team-ana");
    world_connect(s, ORG, "UANA", "org-ana");
    world_sql(
        "update connection set state = 'needs_login', last_used_at = now() + interval '1 hour'"
        " where workspace = '" ORG "'");
    struct workspace_moved moved = move(s);
    assert_int_equal(moved.lost_count, 1);
    assert_string_equal(access_of(s, ORG, "crm", "UANA"), "team-ana-access");
    world_close(s);
}

static void test_taken_names_and_commands_give_way(void **state)
{
    (void)state;
    store *s = world_open();
    struct default_connection *d = NULL;
    struct recipe_row *row = NULL;
    json_t *body = NULL;
    struct run *found = NULL;
    bool added = false;
    make_org(s);
    put_default(s, ORG, "other.my.salesforce.com");
    put_recipe(s, ORG, "make", "crm make");
    put_recipe(s, ACME, "make", "crm make");
    put_recipe(s, ACME, "find", "crm find");
    put_recipe(s, ACME, "longer", "crm make it");
    world_connect(s, ACME, "UANA", "ana");
    struct run r = {.workspace = ACME,
                    .recipe = "make",
                    .version = 1,
                    .user_id = "UANA",
                    .inputs = arena_json(store_arena(s), json_object()),
                    .state = RUN_PARKED,
                    .place = "dm",
                    .channel = "D1"};
    OK(store_run_add(s, &r, 10, &added, e));
    struct workspace_moved moved = move(s);
    assert_int_equal(moved.renamed_count, 2);
    assert_string_equal(moved.renamed[0], "crm is crm-t0acme now");
    assert_string_equal(moved.renamed[1], "make is make-t0acme now");
    assert_int_equal(moved.disabled_count, 2);
    OK(store_default_find(s, ORG, "crm-t0acme", &d, e));
    assert_string_equal(secret_reveal(d->client_secret), "client-canary");
    assert_string_equal(access_of(s, ORG, "crm-t0acme", "UANA"), "ana-access");
    OK(store_recipe_find(s, ORG, "make-t0acme", &row, e));
    assert_false(row->enabled);
    assert_null(row->command);
    OK(json_read(store_arena(s), bytes_of(row->body), &body, e));
    assert_string_equal(json_text(body, "name"), "make-t0acme");
    assert_false(json_flag(body, "enabled"));
    assert_string_equal(json_string_value(json_at(body, "connections.sf.use")), "crm-t0acme");
    OK(store_recipe_find(s, ORG, "find", &row, e));
    assert_true(row->enabled);
    OK(json_read(store_arena(s), bytes_of(row->body), &body, e));
    assert_string_equal(json_string_value(json_at(body, "connections.sf.use")), "crm-t0acme");
    OK(store_recipe_find(s, ORG, "make", &row, e));
    assert_true(row->enabled);
    OK(json_read(store_arena(s), bytes_of(row->body), &body, e));
    assert_string_equal(json_string_value(json_at(body, "connections.sf.use")), "crm");
    OK(store_run_find(s, ORG, r.id, &found, e));
    assert_string_equal(found->recipe, "make-t0acme");
    world_close(s);
}

/* "Everyone" was everyone of the team: nobody else gets to its admin's account by the move. */
static void test_what_everybody_could_run_with_a_shared_account_is_closed(void **state)
{
    (void)state;
    static const struct {
        const char *name, *more;
        bool stays;
    } recipes[] = {
        {"open", "\"allow\":\"everyone\",\"connections\":{\"sf\":{\"use\":\"crm\"}}", false},
        {"half",
         "\"allow\":\"everyone\",\"connections\":{\"sf\":{\"use\":\"crm\"},\"b\":{\"use\":"
         "\"crm\",\"verify_user_access\":true}}",
         false},
        {"own",
         "\"allow\":\"everyone\",\"connections\":{\"sf\":{\"use\":\"crm\","
         "\"verify_user_access\":true}}",
         true},
        {"some", "\"allow\":{\"users\":[\"UANA\"]},\"connections\":{\"sf\":{\"use\":\"crm\"}}",
         true},
    };
    store *s = world_open();
    make_org(s);
    for (size_t i = 0; i < sizeof recipes / sizeof recipes[0]; i++) {
        struct recipe_row r = {.workspace = ACME,
                               .name = recipes[i].name,
                               .command = recipes[i].name,
                               .enabled = true,
                               .body = arena_printf(store_arena(s), "{\"name\":\"%s\",%s}",
                                                    recipes[i].name, recipes[i].more)};
        OK(store_recipe_put(s, &r, "test", e));
    }
    struct workspace_moved moved = move(s);
    assert_int_equal(moved.closed_count, 2);
    for (size_t i = 0; i < sizeof recipes / sizeof recipes[0]; i++) {
        struct recipe_row *row = NULL;
        OK(store_recipe_find(s, ORG, recipes[i].name, &row, e));
        assert_int_equal(row->enabled, recipes[i].stays);
        assert_string_equal(row->command, recipes[i].name);
        assert_int_equal(strstr(row->body, "\"enabled\":false") != NULL, !recipes[i].stays);
    }
    world_close(s);
}

static void put_group(store *s, const char *workspace, const char *name, const char *user)
{
    const char *users[] = {user};
    const struct user_group g = {
        .workspace = workspace, .name = name, .users = users, .users_count = 1};
    OK(store_group_put(s, &g, e));
}

/* "sales" of the team are other people than "sales" of the organisation; "board" let nobody in. */
static void test_groups_stay_who_they_were_for_their_recipes(void **state)
{
    (void)state;
    store *s = world_open();
    struct recipe_row *row = NULL;
    struct user_group *g = NULL;
    const char **of = NULL;
    size_t count = 0;
    make_org(s);
    put_group(s, ACME, "sales", "UANA");
    put_group(s, ACME, "ops", "UANA");
    put_group(s, ORG, "sales", "UBEN");
    put_group(s, ORG, "board", "UBEN");
    const struct recipe_row r = {
        .workspace = ACME,
        .name = "make",
        .command = "make",
        .enabled = true,
        .body = "{\"name\":\"make\",\"allow\":{\"groups\":[\"sales\",\"ops\",\"board\"]}}"};
    OK(store_recipe_put(s, &r, "test", e));
    struct workspace_moved moved = move(s);
    assert_int_equal(moved.renamed_count, 1);
    assert_string_equal(moved.renamed[0], "sales is sales-t0acme now");
    OK(store_recipe_find(s, ORG, "make", &row, e));
    assert_non_null(strstr(row->body, "[\"sales-t0acme\",\"ops\",\"board-t0acme\"]"));
    OK(store_group_find(s, ORG, "sales", &g, e));
    assert_string_equal(g->users[0], "UBEN");
    OK(store_group_find(s, ORG, "board-t0acme", &g, e));
    assert_null(g);
    OK(store_groups_of(s, ORG, "UANA", &of, &count, e));
    assert_int_equal(count, 2);
    OK(store_groups_of(s, ORG, "UAN", &of, &count, e));
    assert_int_equal(count, 0);
    world_close(s);
}

static void test_work_under_way_is_in_the_way(void **state)
{
    (void)state;
    store *s = world_open();
    struct workspace_moved moved;
    make_org(s);
    struct job *held = world_lease(s, ACME);
    OK(store_begin(s, e));
    OK(store_workspace_move(s, &TO_ORG, &moved, e));
    assert_true(moved.busy);
    OK(store_commit(s, e));
    assert_int_equal(
        world_count("select count(*) from default_connection where workspace = '" ACME "'"), 1);
    OK(store_job_done(s, held, e));
    move(s);
    OK(store_begin(s, e));
    OK(store_workspace_move(s, &TO_ORG, &moved, e));
    assert_true(moved.gone);
    OK(store_commit(s, e));
    world_close(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_every_table_and_every_sealed_column_moves, world_reset),
        cmocka_unit_test_setup(test_what_was_sealed_opens_in_its_new_place, world_reset),
        cmocka_unit_test_setup(test_one_to_one_chats_move_with_their_bot, world_reset),
        cmocka_unit_test_setup(test_p8_one_to_one_chats_of_another_bot_are_forgotten, world_reset),
        cmocka_unit_test_setup(test_more_than_one_batch, world_reset),
        cmocka_unit_test_setup(test_one_default_connection_set_up_twice_is_one, world_reset),
        cmocka_unit_test_setup(test_an_active_connection_stays_before_one_used_later, world_reset),
        cmocka_unit_test_setup(test_taken_names_and_commands_give_way, world_reset),
        cmocka_unit_test_setup(test_what_everybody_could_run_with_a_shared_account_is_closed,
                               world_reset),
        cmocka_unit_test_setup(test_groups_stay_who_they_were_for_their_recipes, world_reset),
        cmocka_unit_test_setup(test_work_under_way_is_in_the_way, world_reset),
    };
    return cmocka_run_group_tests(tests, world_setup, world_teardown);
}
