/* D12, P2: several accounts of one user under one default connection, of which one acts or none. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "base/str.h"
#include "recipe.h"
#include "tests/db/store_support.h"

enum { THREADS = 8 };
#define ANA "UANA"

static struct connection of(const char *name, arena *mem)
{
    return (struct connection){.workspace = ACME,
                               .default_name = "crm",
                               .user_id = ANA,
                               .account = world_account(name),
                               .tokens = world_tokens(mem, name),
                               .assurance = "code"};
}

/* As a login that is done: the user is locked, and what is too many is no row. */
static int log_in(store *s, const char *name, bool adds, struct account_place *ret, struct err *e)
{
    struct connection c = of(name, store_arena(s));
    const char *id = NULL;
    bool may = false, fits = false;
    if (store_begin(s, e) != 0 || store_user_may_use(s, ACME, ANA, &may, e) != 0 ||
        store_account_fits(s, &c, adds, &fits, e) != 0) {
        return -1;
    }
    if (fits) {
        if (store_account_place(s, &c, adds, ret, e) != 0) {
            return -1;
        }
        c.resting = ret->used != NULL;
        c.id = c.resting ? ret->old->id : NULL;
        if (store_connection_activate(s, &c, &id, e) != 0) {
            return -1;
        }
    }
    return store_commit(s, e);
}

static struct account_place logs_in(store *s, const char *name, bool adds)
{
    struct account_place at = {.old = NULL};
    OK(log_in(s, name, adds, &at, e));
    return at;
}

/* "ben* ana cleo": by their first login, the chosen one marked. */
static const char *accounts(store *s)
{
    struct str out = str_new(store_arena(s), 200);
    struct connection *list = NULL;
    size_t count = 0;
    OK(store_connection_list(s, ACME, ANA, &list, &count, e));
    for (size_t i = 0; i < count; i++) {
        str_printf(&out, "%s%s%s", i == 0 ? "" : " ", list[i].account.name,
                   list[i].resting ? "" : "*");
        assert_string_equal(list[i].user_id, ANA);
    }
    return out.text;
}

static const char *acting(store *s)
{
    struct connection *c = NULL;
    OK(store_connection_find(s, ACME, "crm", ANA, &c, e));
    return c == NULL ? "none" : secret_reveal(c->tokens.access);
}

static const struct connection *called(store *s, const char *name)
{
    struct connection *list = NULL, *c = NULL;
    size_t count = 0;
    OK(store_connection_list(s, ACME, ANA, &list, &count, e));
    for (size_t i = 0; i < count; i++) {
        if (str_equal(list[i].account.name, name)) {
            OK(store_connection_load(s, ACME, list[i].id, &c, e));
        }
    }
    assert_non_null(c);
    return c;
}

static void test_d12_where_an_account_goes(void **state)
{
    (void)state;
    store *s = world_open();
    OK(store_connection_provisional(s, ACME, "crm", ANA, e));
    logs_in(s, "ana", true);
    assert_string_equal(accounts(s), "ana*"); /* the row that waited is its own */
    struct account_place at = logs_in(s, "ben", true);
    assert_null(at.old);
    assert_string_equal(at.kept->account.name, "ana");
    assert_string_equal(accounts(s), "ben* ana");
    assert_string_equal(acting(s), "ben-access");
    at = logs_in(s, "ana", true);
    assert_string_equal(at.used->account.name, "ben");
    assert_string_equal(accounts(s), "ben* ana");
    assert_int_equal(called(s, "ana")->generation, 2);
    at = logs_in(s, "ana", false);
    assert_string_equal(at.kept->account.name, "ben");
    assert_string_equal(accounts(s), "ana* ben");
    at = logs_in(s, "cleo",
                 false); /* another one, not added: as ever, in the place of the used one */
    assert_string_equal(at.old->account.name, "ana");
    assert_null(at.kept);
    assert_string_equal(accounts(s), "cleo* ben");
    assert_string_equal(secret_reveal(called(s, "ben")->tokens.access), "ben-access");
    world_close(s);
}

static void test_d12_p2_nothing_is_chosen_by_itself(void **state)
{
    (void)state;
    store *s = world_open();
    bool changed = false;
    logs_in(s, "ana", false);
    logs_in(s, "ben", true);
    OK(store_connection_set_state(s, ACME, called(s, "ben")->id, -1, CONNECTION_DISCONNECTED,
                                  "disconnected", &changed, e));
    assert_string_equal(accounts(s), "ben* ana");
    OK(store_connection_delete(s, ACME, called(s, "ben")->id, e));
    assert_string_equal(accounts(s), "ana");
    assert_string_equal(acting(s), "none");
    OK(store_account_choose(s, called(s, "ana"), &changed, e));
    assert_true(changed);
    assert_string_equal(acting(s), "ana-access");
    OK(store_account_choose(s, called(s, "ana"), &changed, e));
    assert_false(changed);
    world_close(s);
}

/* What the release before asks and does, word for word: its replicas run beside ours for a while.
 */
static void test_p15_the_release_before_finds_the_chosen_one_or_none(void **state)
{
    (void)state;
    static const char *const FIND = "select coalesce(string_agg(account_name, ','), 'none')"
                                    " from connection where workspace = '" ACME "'"
                                    " and default_name = 'crm' and user_id = '" ANA "'";
    store *s = world_open();
    logs_in(s, "ana", false);
    logs_in(s, "ben", true);
    assert_string_equal(test_sql_text(store_arena(s), world.base->url, FIND), "ben");
    world_sql("insert into connection as c (workspace, id, default_name, user_id, state,"
              " account_name, connected_at) values ('" ACME "', gen_random_uuid(), 'crm', '" ANA
              "', 'active', 'cleo', now()) on conflict (workspace, default_name, user_id)"
              " do update set account_name = excluded.account_name");
    assert_string_equal(test_sql_text(store_arena(s), world.base->url, FIND), "cleo");
    assert_int_equal(world_count("select count(*) from connection where workspace = '" ACME "'"),
                     2);
    OK(store_connection_delete(s, ACME, called(s, "cleo")->id, e));
    assert_string_equal(test_sql_text(store_arena(s), world.base->url, FIND), "none");
    OK(store_connection_client_changed(s, ACME, "crm", e));
    assert_int_equal(called(s, "ana")->state, CONNECTION_NEEDS_LOGIN);
    world_close(s);
}

struct race {
    bool failed[THREADS];
};

static void add_one(size_t number, void *context)
{
    static const char *const names[THREADS] = {"a", "b", "c", "d", "e", "f", "g", "h"};
    struct race *r = context;
    struct err e = {.kind = ERR_NONE};
    struct account_place at;
    store *s = world_open();
    r->failed[number] = log_in(s, names[number], true, &at, &e) != 0;
    world_close(s);
}

static void test_d12_logins_that_add_at_once_leave_one_chosen_and_no_more_than_fit(void **state)
{
    (void)state;
    struct race r = {.failed = {false}};
    world_threads(THREADS, add_one, &r);
    for (int i = 0; i < THREADS; i++) {
        assert_false(r.failed[i]);
    }
    assert_int_equal(world_count("select count(*) from connection where workspace = '" ACME "'"),
                     CONNECTION_ACCOUNTS_MAX);
    assert_int_equal(world_count("select count(*) from connection where workspace = '" ACME
                                 "' and user_id = '" ANA "' and resting_of is null"),
                     1);
}

/* --- who is told, kept and let go --- */

static void test_d12_p12_people_are_found_by_what_rests_too(void **state)
{
    (void)state;
    store *s = world_open();
    const char **people = NULL;
    size_t count = 0;
    logs_in(s, "ana", false);
    logs_in(s, "ben", true);
    OK(store_connection_delete(s, ACME, called(s, "ben")->id, e));
    OK(store_people_held(s, ACME, "", 10, &people, &count, e));
    assert_int_equal(count, 1);
    assert_string_equal(people[0], ANA);
    OK(store_people_page(s, ACME, NULL, 50, &people, &count, e));
    bool named = false;
    for (size_t i = 0; i < count; i++) {
        named = named || str_equal(people[i], ANA);
        assert_int_not_equal(strlen(people[i]), 36); /* no row's own id is taken for a person */
    }
    assert_true(named);
    world_sql("update connection set warn_at = now() - interval '1 second'");
    struct known_end due;
    bool found = false;
    OK(store_ending_due(s, &due, &found, e));
    assert_true(found);
    assert_string_equal(due.user_id, ANA);
    world_close(s);
}

static const char *told(store *s, const char *email, const char *key)
{
    const struct account_name name = {.app = "salesforce", .email = email, .key = key};
    const char *id = NULL;
    OK(store_account_person(s, ACME, &name, &id, e));
    return id == NULL ? "nobody" : id;
}

static void test_p8_what_is_meant_for_one_person_finds_them_by_an_account_that_rests(void **state)
{
    (void)state;
    store *s = world_open();
    logs_in(s, "ana", false);
    logs_in(s, "ben", true);
    world_sql("update connection set account_email = account_name || '@acme.example'");
    assert_string_equal(accounts(s), "ben* ana");
    assert_string_equal(told(s, NULL, "ana"), ANA);
    assert_string_equal(told(s, "Ana@acme.example", NULL), ANA);
    assert_string_equal(told(s, "ben@acme.example", NULL), ANA);
    world_sql("update connection set account_email = 'one@acme.example'");
    assert_string_equal(told(s, "one@acme.example", NULL), ANA); /* both are hers */
    world_connect(s, ACME, "UBEN", "cleo");
    world_sql("update connection set account_email = 'one@acme.example'");
    assert_string_equal(told(s, "one@acme.example", NULL), "nobody");
    world_close(s);
}

static void test_p8_an_email_that_an_app_lets_people_write_is_not_taken_for_another_s(void **state)
{
    (void)state;
    store *s = world_open();
    logs_in(s, "ana", false);
    world_connect(s, ACME, "UBEN", "ben");
    world_sql("insert into chat_user (workspace, user_id, email) values ('" ACME
              "', 'UBEN', 'ben@acme.example') on conflict (workspace, user_id) do update set"
              " email = excluded.email");
    world_sql("update chat_user set email = 'ana@acme.example' where user_id = '" ANA "'");
    world_sql("update connection set account_email = 'ANA@acme.example'"); /* as Ben wrote, too */
    assert_string_equal(told(s, "ana@acme.example", NULL), ANA);
    assert_string_equal(told(s, "ben@acme.example", NULL), "nobody");
    world_sql("update connection set state = 'disconnected' where user_id = '" ANA "'");
    assert_string_equal(told(s, "ana@acme.example", NULL), "nobody");
    assert_string_equal(told(s, NULL, "ben"), "UBEN"); /* a key is not theirs to write */
    world_sql("update chat_user set email = null");
    assert_string_equal(told(s, "ana@acme.example", NULL), "UBEN"); /* the chat tells none */
    world_close(s);
}

/* --- a run --- */

static struct resolved resolved(store *s, const char *acted_id)
{
    struct workspace w = {.workspace = ACME};
    struct user u = {.workspace = ACME, .user_id = ANA};
    const struct recipe_person person = {.workspace = &w, .user = &u};
    const struct recipe_connection c = {.alias = "x", .use = "crm", .verify_user_access = true};
    const struct run run = {.workspace = ACME, .user_id = ANA};
    const struct run_connection acted = {.alias = "x", .connection_id = acted_id};
    struct resolved got = {.rule = RULE_COUNT};
    OK(recipe_resolve(s, &c, &person, &got, e));
    if (acted_id != NULL) {
        OK(recipe_resolve_again(s, &run, &acted, &got, e));
    }
    return got;
}

static void test_d12_p2_only_the_chosen_account_acts_for_a_command(void **state)
{
    (void)state;
    store *s = world_open();
    struct recipe_stock stock = {.defaults = NULL};
    struct workspace w = {.workspace = ACME};
    struct user u = {.workspace = ACME, .user_id = ANA};
    const struct recipe_person person = {.workspace = &w, .user = &u};
    const struct recipe_connection c = {.alias = "x", .use = "crm", .verify_user_access = true};
    struct resolved listed;
    logs_in(s, "ana", false);
    logs_in(s, "ben", true);
    assert_string_equal(resolved(s, NULL).connection->account.name, "ben");
    OK(store_connection_delete(s, ACME, called(s, "ben")->id, e));
    assert_int_equal(resolved(s, NULL).rule, RULE_LOGIN);
    assert_null(resolved(s, NULL).connection);
    OK(store_default_list(s, ACME, &stock.defaults, &stock.defaults_count, e));
    OK(store_connection_list(s, ACME, ANA, &stock.own, &stock.own_count, e));
    assert_int_equal(stock.own_count, 1);
    recipe_resolve_from(&stock, &c, &person, &listed);
    assert_int_equal(listed.rule, RULE_LOGIN);
    world_close(s);
}

static void test_d12_p9_what_has_begun_stays_with_its_account(void **state)
{
    (void)state;
    store *s = world_open();
    bool changed = false;
    logs_in(s, "ana", false);
    logs_in(s, "ben", true);
    const char *ana = called(s, "ana")->id;
    struct resolved got = resolved(s, ana);
    assert_string_equal(got.connection->account.name, "ana");
    assert_int_equal(got.rule, RULE_PERSONAL);
    /* also where nothing is chosen any more */
    OK(store_connection_delete(s, ACME, called(s, "ben")->id, e));
    assert_string_equal(resolved(s, ana).connection->account.name, "ana");
    /* what has ended acts for nobody, and no other account takes its place */
    OK(store_connection_set_state(s, ACME, ana, -1, CONNECTION_DISCONNECTED, "disconnected",
                                  &changed, e));
    assert_int_equal(resolved(s, ana).rule, RULE_LOGIN);
    /* nobody else's, whatever is on record */
    const char *other = world_connect(s, ACME, "U2", "other");
    assert_int_equal(resolved(s, other).rule, RULE_LOGIN);
    world_close(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_d12_where_an_account_goes, world_reset),
        cmocka_unit_test_setup(test_d12_p2_nothing_is_chosen_by_itself, world_reset),
        cmocka_unit_test_setup(test_p15_the_release_before_finds_the_chosen_one_or_none,
                               world_reset),
        cmocka_unit_test_setup(
            test_d12_logins_that_add_at_once_leave_one_chosen_and_no_more_than_fit, world_reset),
        cmocka_unit_test_setup(test_d12_p12_people_are_found_by_what_rests_too, world_reset),
        cmocka_unit_test_setup(
            test_p8_what_is_meant_for_one_person_finds_them_by_an_account_that_rests, world_reset),
        cmocka_unit_test_setup(
            test_p8_an_email_that_an_app_lets_people_write_is_not_taken_for_another_s, world_reset),
        cmocka_unit_test_setup(test_d12_p2_only_the_chosen_account_acts_for_a_command, world_reset),
        cmocka_unit_test_setup(test_d12_p9_what_has_begun_stays_with_its_account, world_reset),
    };
    return cmocka_run_group_tests_name("store: accounts", tests, world_setup, world_teardown);
}
