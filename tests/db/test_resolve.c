/*
 * P2: which connection acts. The four rules of the design's section 2, on real rows: every kind of
 * person, with every state of their own connection and of the default one.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "base/str.h"
#include "recipe.h"
#include "tests/db/store_support.h"

/* States of a row, and no row at all. */
enum { NO_ROW = CONNECTION_STATE_COUNT, ROW_STATES };

static const char *state_words(int state)
{
    return state == NO_ROW ? "no row" : connection_state_name((enum connection_state)state);
}

/* Makes the row of this owner in the given state; its id, or NULL for none. */
static const char *make_row(store *s, const char *workspace, const char *user_id, int state)
{
    const char *id = NULL;
    bool changed = false;
    if (state == NO_ROW) {
        return NULL;
    }
    if (state == CONNECTION_PROVISIONAL) {
        struct connection *c = NULL;
        OK(store_connection_provisional(s, workspace, "crm", user_id, e));
        OK(store_connection_find(s, workspace, "crm", user_id, &c, e));
        assert_non_null(c);
        assert_int_equal(c->state, CONNECTION_PROVISIONAL);
        return c->id;
    }
    id = world_connect(s, workspace, user_id, user_id[0] == '\0' ? "default" : user_id);
    if (state != CONNECTION_ACTIVE) {
        OK(store_connection_set_state(s, workspace, id, -1, (enum connection_state)state, "sample",
                                      &changed, e));
        assert_true(changed);
    }
    return id;
}

struct person_case {
    const char *name, *user_id;
    enum standing standing;
    bool uses_default; /* the workspace's setting for its installer */
    bool acts_by_default;
};
static const struct person_case people[] = {
    {"member", "UANA", STANDING_MEMBER, true, false},
    {"installer", "UBEN", STANDING_MEMBER, true, true},
    {"installer with a personal one", "UBEN", STANDING_MEMBER, false, false},
    {"guest", "UGUS", STANDING_GUEST, true, false},
    {"admin", "UADA", STANDING_MEMBER, true, false},
    {"same letters as the installer", "uben", STANDING_MEMBER, true, false},
};
enum { PEOPLE_COUNT = sizeof people / sizeof people[0] };

/* The person as the workspace knows them. */
struct scene_case {
    struct workspace workspace;
    struct user user;
    struct recipe_person person;
};

static void place(struct scene_case *ret, const struct person_case *p, const char *workspace)
{
    static const char *admins[] = {"UBEN", "UADA"};
    *ret = (struct scene_case){
        .workspace = {.workspace = workspace,
                      .installer = "UBEN",
                      .admins = admins,
                      .admins_count = 2,
                      .installer_uses_default = p->uses_default,
                      .guests_allowed = true},
        .user = {.workspace = workspace, .user_id = p->user_id, .standing = p->standing}};
    ret->person =
        (struct recipe_person){.workspace = &ret->workspace, .user = &ret->user, .channel = "C1"};
}

/* What is shown of many commands at once is what would be run by. */
static void same_from_lists(store *s, const struct recipe_person *p,
                            const struct recipe_connection *c, const struct resolved *got)
{
    const char *workspace = p->workspace->workspace;
    struct recipe_stock stock = {.defaults = NULL};
    struct resolved listed = {.rule = RULE_COUNT};
    OK(store_default_list(s, workspace, &stock.defaults, &stock.defaults_count, e));
    OK(store_connection_list(s, workspace, p->user->user_id, &stock.own, &stock.own_count, e));
    OK(store_connection_list(s, workspace, "", &stock.shared, &stock.shared_count, e));
    recipe_resolve_from(&stock, c, p, &listed);
    assert_int_equal(listed.rule, got->rule);
    assert_true(str_equal(listed.problem, got->problem));
    assert_string_equal(listed.alias, got->alias);
    assert_true((listed.def == NULL) == (got->def == NULL));
    assert_true((listed.connection == NULL) == (got->connection == NULL));
    assert_true(got->def == NULL || str_equal(listed.def->name, got->def->name));
    assert_true(got->connection == NULL || str_equal(listed.connection->id, got->connection->id));
}

static struct resolved resolve(store *s, const struct person_case *p, const char *workspace,
                               const char *use, bool verify)
{
    struct scene_case at;
    struct resolved got = {.rule = RULE_COUNT};
    const struct recipe_connection c = {.alias = "x", .use = use, .verify_user_access = verify};
    place(&at, p, workspace);
    OK(recipe_resolve(s, &c, &at.person, &got, e));
    assert_string_equal(got.alias, "x");
    same_from_lists(s, &at.person, &c, &got);
    return got;
}

static bool has_tokens(int state)
{
    return state == CONNECTION_ACTIVE || state == CONNECTION_NEEDS_ATTENTION;
}

struct expected {
    enum recipe_rule rule;
    const char *id;      /* NULL: no connection */
    const char *problem; /* NULL: none */
};

static void compare(const struct resolved *got, const struct expected *wanted, const char *what)
{
    const char *id = got->connection == NULL ? NULL : got->connection->id;
    if (got->rule != wanted->rule || !str_equal(id, wanted->id) ||
        !str_equal(got->problem, wanted->problem)) {
        fail_msg("%s: rule %s, connection %s, problem %s; wanted %s, %s, %s", what,
                 recipe_rule_name(got->rule), id, got->problem, recipe_rule_name(wanted->rule),
                 wanted->id, wanted->problem);
    }
}

/* All people, verified or not, while the rows stand as given. */
static void check_people(store *s, const char *const *own_ids, int own, const char *default_id,
                         int shared)
{
    for (size_t i = 0; i < PEOPLE_COUNT; i++) {
        for (int verify = 0; verify < 2; verify++) {
            const struct person_case *p = &people[i];
            struct resolved got = resolve(s, p, ACME, "crm", verify == 1);
            char *what = arena_printf(store_arena(s), "%s, %s, own %s, default %s", p->name,
                                      verify ? "verified" : "not verified", state_words(own),
                                      state_words(shared));
            bool by_default = verify == 0 || p->acts_by_default;
            struct expected wanted = {.rule = RULE_LOGIN};
            if (by_default) {
                wanted.rule = verify == 0 ? RULE_DEFAULT : RULE_INSTALLER;
                wanted.id = has_tokens(shared) ? default_id : NULL;
                wanted.problem = has_tokens(shared) ? NULL : "no_default_tokens";
            } else if (has_tokens(own)) {
                wanted = (struct expected){.rule = RULE_PERSONAL, .id = own_ids[i]};
            }
            compare(&got, &wanted, what);
            /* said once more without the table: nobody is given somebody else's */
            if (got.connection != NULL) {
                assert_string_equal(got.connection->workspace, ACME);
                assert_string_equal(got.connection->user_id, by_default ? "" : p->user_id);
                assert_string_equal(secret_reveal(got.connection->tokens.access),
                                    by_default
                                        ? "default-access"
                                        : arena_printf(store_arena(s), "%s-access", p->user_id));
            }
        }
    }
}

static void p2_the_four_rules(void **state)
{
    (void)state;
    store *s = world_open();
    /* the same people and the same names elsewhere, all connected: nothing of it counts here */
    for (size_t i = 0; i < PEOPLE_COUNT; i++) {
        (void)make_row(s, GLOBEX, people[i].user_id, CONNECTION_ACTIVE);
    }
    (void)make_row(s, GLOBEX, "", CONNECTION_ACTIVE);
    world_close(s);
    for (int own = 0; own < ROW_STATES; own++) {
        for (int shared = 0; shared < ROW_STATES; shared++) {
            const char *own_ids[PEOPLE_COUNT];
            world_sql("delete from connection where workspace = '" ACME "'");
            s = world_open();
            for (size_t i = 0; i < PEOPLE_COUNT; i++) {
                bool made = i > 0 && str_equal(people[i].user_id, people[i - 1].user_id);
                own_ids[i] = made ? own_ids[i - 1] : make_row(s, ACME, people[i].user_id, own);
            }
            check_people(s, own_ids, own, make_row(s, ACME, "", shared), shared);
            world_close(s);
        }
    }
}

/* Somebody else's connection is no answer, whatever theirs is worth. */
static void p2_other_peoples_connections_do_not_count(void **state)
{
    (void)state;
    store *s = world_open();
    (void)make_row(s, ACME, "UADA", CONNECTION_ACTIVE);
    (void)make_row(s, ACME, "UBEN", CONNECTION_ACTIVE);
    (void)make_row(s, ACME, "", CONNECTION_ACTIVE);
    (void)make_row(s, GLOBEX, "UANA", CONNECTION_ACTIVE);
    struct resolved got = resolve(s, &people[0], ACME, "crm", true);
    compare(&got, &(struct expected){.rule = RULE_LOGIN}, "Ana of Acme");
    got = resolve(s, &people[0], GLOBEX, "crm", true);
    assert_int_equal(got.rule, RULE_PERSONAL);
    assert_string_equal(got.connection->workspace, GLOBEX);
    world_close(s);
}

/* Two organisations of one app: a connection counts under its own default connection only. */
static void p2_a_connection_counts_under_its_parent_only(void **state)
{
    (void)state;
    store *s = world_open();
    struct default_connection second = {.workspace = ACME,
                                        .name = "crm-2",
                                        .app = "salesforce",
                                        .host = "login.salesforce.com",
                                        .client_id = "client",
                                        .client_secret = secret_of(store_arena(s), "sample-secret"),
                                        .client_version = 1};
    OK(store_default_put(s, &second, e));
    const char *id = make_row(s, ACME, "UANA", CONNECTION_ACTIVE);
    struct resolved got = resolve(s, &people[0], ACME, "crm", true);
    compare(&got, &(struct expected){.rule = RULE_PERSONAL, .id = id}, "crm");
    got = resolve(s, &people[0], ACME, "crm-2", true);
    compare(&got, &(struct expected){.rule = RULE_LOGIN}, "crm-2");
    assert_string_equal(got.def->name, "crm-2");
    world_close(s);
}

/* Nothing acts under a default connection that is not there or has no client yet. */
static void p2_an_unfinished_default_connection_acts_for_nobody(void **state)
{
    (void)state;
    store *s = world_open();
    struct default_connection draft = {
        .workspace = ACME, .name = "crm", .app = "salesforce", .host = "login.salesforce.com"};
    for (size_t i = 0; i < PEOPLE_COUNT; i++) {
        (void)make_row(s, ACME, people[i].user_id, CONNECTION_ACTIVE);
    }
    (void)make_row(s, ACME, "", CONNECTION_ACTIVE);
    OK(store_default_put(s, &draft, e));
    for (size_t i = 0; i < PEOPLE_COUNT; i++) {
        for (int verify = 0; verify < 2; verify++) {
            struct resolved got = resolve(s, &people[i], ACME, "crm", verify == 1);
            assert_null(got.connection);
            assert_string_equal(got.problem, "draft");
            got = resolve(s, &people[i], ACME, "nowhere", verify == 1);
            assert_null(got.connection);
            assert_null(got.def);
            assert_string_equal(got.problem, "unknown_connection");
        }
    }
    world_close(s);
}

/* The default connection's own row has the empty user id: nobody gets it by having none. */
static void p2_nobody_is_not_the_default_connection(void **state)
{
    (void)state;
    store *s = world_open();
    (void)make_row(s, ACME, "", CONNECTION_ACTIVE);
    static const char *const ids[] = {"", NULL};
    for (size_t i = 0; i < 2; i++) {
        for (int verify = 0; verify < 2; verify++) {
            const struct person_case nobody = {"nobody", ids[i], STANDING_MEMBER, true, false};
            struct scene_case at;
            struct resolved got = {.rule = RULE_COUNT};
            const struct recipe_connection c = {
                .alias = "x", .use = "crm", .verify_user_access = verify == 1};
            place(&at, &nobody, ACME);
            at.workspace.installer = ids[i];
            FAILS(recipe_resolve(s, &c, &at.person, &got, e), ERR_FORBIDDEN);
            assert_int_equal(got.rule, RULE_COUNT);
        }
    }
    world_close(s);
}

/* Fails with an error, sets nothing, and is not "log in". */
static void fails_for_all(store *s)
{
    for (size_t i = 0; i < PEOPLE_COUNT; i++) {
        struct scene_case at;
        struct resolved got = {.rule = RULE_COUNT, .problem = "untouched"};
        struct err why = {.kind = ERR_NONE};
        const struct recipe_connection c = {.alias = "x", .use = "crm", .verify_user_access = true};
        place(&at, &people[i], ACME);
        assert_int_equal(recipe_resolve(s, &c, &at.person, &got, &why), -1);
        assert_true(why.kind != ERR_NONE && why.kind != ERR_LOGIN_NEEDED);
        assert_int_equal(got.rule, RULE_COUNT);
        assert_string_equal(got.problem, "untouched");
        assert_null(got.connection);
    }
}

static void p11_a_failed_look_up_is_an_error(void **state)
{
    (void)state;
    static const char *const tables[] = {"connection", "default_connection"};
    for (size_t i = 0; i < 2; i++) {
        arena *mem = arena_new();
        world_sql(arena_printf(mem, "alter table %s rename to elsewhere", tables[i]));
        store *s = world_open();
        fails_for_all(s);
        world_close(s);
        world_sql(arena_printf(mem, "alter table elsewhere rename to %s", tables[i]));
        arena_free(mem);
    }
    store *s = world_open();
    OK(store_begin(s, e));
    world_sql("select pg_terminate_backend(pid) from pg_stat_activity"
              " where datname = current_database() and pid <> pg_backend_pid()");
    fails_for_all(s);
    world_close(s);
}

/* Tokens that do not open, or were moved from another row, are an error too: asking for a login
 * would hide that somebody changed the table, and using them would be worse. */
static void p5_tokens_of_another_row_are_an_error(void **state)
{
    (void)state;
    static const char *const harms[] = {
        "update connection set tokens = '\\x00'::bytea where workspace = '" ACME "'",
        "update connection c set tokens = d.tokens from connection d where c.workspace = '" ACME
        "' and d.workspace = '" GLOBEX "' and d.user_id = c.user_id",
    };
    for (size_t i = 0; i < 2; i++) {
        world_sql("delete from connection");
        store *s = world_open();
        for (size_t k = 0; k < PEOPLE_COUNT; k++) {
            (void)make_row(s, ACME, people[k].user_id, CONNECTION_ACTIVE);
            (void)make_row(s, GLOBEX, people[k].user_id, CONNECTION_ACTIVE);
        }
        (void)make_row(s, ACME, "", CONNECTION_ACTIVE);
        (void)make_row(s, GLOBEX, "", CONNECTION_ACTIVE);
        world_sql(harms[i]);
        fails_for_all(s);
        world_close(s);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(p2_the_four_rules, world_reset),
        cmocka_unit_test_setup(p2_other_peoples_connections_do_not_count, world_reset),
        cmocka_unit_test_setup(p2_a_connection_counts_under_its_parent_only, world_reset),
        cmocka_unit_test_setup(p2_an_unfinished_default_connection_acts_for_nobody, world_reset),
        cmocka_unit_test_setup(p2_nobody_is_not_the_default_connection, world_reset),
        cmocka_unit_test_setup(p5_tokens_of_another_row_are_an_error, world_reset),
        cmocka_unit_test_setup(p11_a_failed_look_up_is_an_error, world_reset),
    };
    return cmocka_run_group_tests(tests, world_setup, world_teardown);
}
