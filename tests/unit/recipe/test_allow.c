/* Who may run a recipe at all: design section 2, before any connection is looked at. */
#include <string.h>

#include "tests/unit/recipe/recipe_help.h"

static bool allows(const struct recipe *r, enum standing standing, bool guests, const char *user,
                   const char *channel)
{
    const struct workspace w = {.workspace = "slack:T1",
                                .installer = "UINST",
                                .installer_uses_default = true,
                                .guests_allowed = guests};
    const struct user u = {.workspace = "slack:T1", .user_id = user, .standing = standing};
    static const char *in_groups[] = {"ops", "sales"}; /* U5 stands in them, whatever else */
    const struct recipe_person p = {.workspace = &w,
                                    .user = &u,
                                    .channel = channel,
                                    .groups = in_groups,
                                    .groups_count = strcmp(user, "U5") == 0 ? 2 : 0};
    return recipe_allows(r, &p);
}

static void standing_comes_first(void **state)
{
    (void)state;
    arena *mem = arena_new();
    static const char *const allow[] = {NULL, "'allow':'everyone'",
                                        "'allow':{'users':['U1'],'channels':['C1']}",
                                        "'allow':{'groups':['sales'],'users':['U1']}"};
    for (size_t i = 0; i < 4; i++) {
        struct recipe *r = recipe_good(mem, recipe_body(mem, "[]", allow[i]));
        for (int s = 0; s < STANDING_COUNT; s++) {
            for (int guests = 0; guests < 2; guests++) {
                bool wanted = s == STANDING_MEMBER || (s == STANDING_GUEST && guests == 1);
                assert_int_equal(allows(r, (enum standing)s, guests == 1, "U1", "C1"), wanted);
            }
        }
    }
    arena_free(mem);
}

static void lists_name_users_or_channels(void **state)
{
    (void)state;
    arena *mem = arena_new();
    static const struct {
        const char *allow, *user, *channel;
        bool wanted;
    } cases[] = {
        {"{'users':['U1','U2']}", "U2", "C9", true},
        {"{'users':['U1','U2']}", "U3", "C9", false},
        {"{'users':['U1']}", "u1", "C9", false},
        {"{'users':['U1']}", "U11", "C9", false},
        {"{'users':['U1']}", "U", "C9", false},
        {"{'channels':['C1','C2']}", "U9", "C2", true},
        {"{'channels':['C1']}", "U9", "C3", false},
        {"{'channels':['C1']}", "U9", NULL, false},
        {"{'users':['U1'],'channels':['C1']}", "U1", "C9", true},
        {"{'users':['U1'],'channels':['C1']}", "U9", "C1", true},
        {"{'users':['U1'],'channels':['C1']}", "U9", "C9", false},
        /* a channel's id in the list of users is no user */
        {"{'users':['C1']}", "U9", "C1", false},
        /* the installer is a person like any other here */
        {"{'users':['U1']}", "UINST", "C9", false},
        {"'everyone'", "U9", NULL, true},
        {"{'groups':['sales']}", "U5", NULL, true},
        {"{'groups':['sales']}", "U9", "C1", false},
        {"{'groups':['sale']}", "U5", "C1", false},
        {"{'groups':['sales'],'users':['U9']}", "U9", "C1", true},
        {"{'users':['sales']}", "U5", "C1", false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct recipe *r = recipe_good(
            mem, recipe_body(mem, "[]", arena_printf(mem, "'allow':%s", cases[i].allow)));
        if (allows(r, STANDING_MEMBER, false, cases[i].user, cases[i].channel) != cases[i].wanted) {
            fail_msg("%s for %s in %s", cases[i].allow, cases[i].user, cases[i].channel);
        }
    }
    arena_free(mem);
}

/* --- a run's version under the permissions of the current one --- */

static const char *with(arena *mem, const char *connections, const char *more)
{
    json_t *body = recipe_body(mem, "[{'name':'a'}]", more);
    json_object_set(body, "connections", quoted(mem, connections));
    json_object_set_new(body, "steps", json_array());
    json_array_append_new(
        json_member(body, "steps"),
        json_pack("{s:s, s:s, s:s}", "id", "one", "connection", "crm", "action", "create_record"));
    return json_write(mem, body);
}

static struct recipe *laid_over(arena *mem, const char *body, const char *now)
{
    struct recipe *r = NULL;
    struct err e = {0};
    const struct recipe_source from = {.name = "sample", .body = body, .body_now = now};
    if (recipe_load(mem, &from, &r, &e) != 0) {
        fail_msg("%s: %s", e.code, e.text);
    }
    return r;
}

static void who_may_is_what_the_current_version_says(void **state)
{
    (void)state;
    arena *mem = arena_new();
    static const char crm[] = "{'crm':{'use':'acme','verify_user_access':true}}";
    static const struct {
        const char *then, *now;
        bool wanted; /* of U1 in C1 */
    } cases[] = {
        {"'allow':'everyone'", "'allow':'everyone'", true},
        {"'allow':'everyone'", "'allow':{'users':['U2']}", false},
        {"'allow':'everyone'", "'allow':{'channels':['C2']}", false},
        {"'allow':'everyone'", "'allow':{'users':['U2'],'channels':['C1']}", true},
        {"'allow':{'users':['U1']}", "'allow':{'channels':['C2']}", false},
        {"'allow':{'users':['U1']}", "'hint':'x'", true},
        {"'hint':'x'", "'allow':{'users':['U2']}", false},
        {"'allow':'everyone'", "'allow':{'groups':['sales']}", false},
        {"'allow':{'groups':['sales']}", "'allow':{'users':['U1']}", true},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const char *then = with(mem, crm, cases[i].then), *now = with(mem, crm, cases[i].now);
        struct recipe *r = laid_over(mem, then, now);
        assert_int_equal(allows(r, STANDING_MEMBER, false, "U1", "C1"), cases[i].wanted);
        assert_false(allows(r, STANDING_GUEST, false, "U1", "C1"));
    }
    arena_free(mem);
}

/* Of the alias "crm" for "acme". */
static void a_connection_is_verified_when_either_version_says_so(void **state)
{
    (void)state;
    arena *mem = arena_new();
    static const char own[] = "{'crm':{'use':'acme','verify_user_access':true}}",
                      shared[] = "{'crm':{'use':'acme'}}";
    static const struct {
        const char *then, *now;
        bool wanted;
    } cases[] = {
        {shared, shared, false},
        {shared, own, true},
        {own, shared, true},
        {own, "{'other':{'use':'elsewhere'}}", true},
        /* not there any more: as it was */
        {shared, "{'other':{'use':'elsewhere','verify_user_access':true}}", false},
        /* named anew, or led elsewhere */
        {shared, "{'other':{'use':'acme','verify_user_access':true}}", true},
        {shared, "{'crm':{'use':'elsewhere','verify_user_access':true}}", true},
        {shared, "{'crm':{'use':'elsewhere'}}", false},
        /* another alias for the same is another thing where both are there */
        {shared, "{'crm':{'use':'acme'},'mine':{'use':'acme','verify_user_access':true}}", false},
        {shared, "{'mine':{'use':'acme'},'crm':{'use':'acme','verify_user_access':true}}", true},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const char *then = with(mem, cases[i].then, "'allow':'everyone'");
        struct recipe *r = laid_over(mem, then, with(mem, cases[i].now, "'allow':'everyone'"));
        assert_int_equal(r->connections_count, 1);
        assert_string_equal(r->connections[0].use, "acme");
        assert_int_equal(r->connections[0].verify_user_access, cases[i].wanted);
    }
    arena_free(mem);
}

static void what_it_does_is_of_its_own_version(void **state)
{
    (void)state;
    arena *mem = arena_new();
    const char *body = json_write(mem, recipe_body(mem, "[{'name':'a'}]", "'hint':'then'"));
    json_t *other = recipe_body(mem, "[{'name':'b'},{'name':'c'}]", "'hint':'now'");
    json_object_set_new(other, "title", json_string("Another"));
    json_object_set_new(json_member(other, "reply"), "text", json_string("Otherwise"));
    struct recipe *r = laid_over(mem, body, json_write(mem, other));
    assert_int_equal(r->inputs_count, 1);
    assert_string_equal(r->inputs[0].name, "a");
    assert_string_equal(r->title, "Sample");
    assert_string_equal(r->hint, "then");
    assert_string_equal(r->reply_text, "Done");
    arena_free(mem);
}

/* Nobody may, before it can be read who may. */
static void a_current_version_that_cannot_be_read_lets_nobody(void **state)
{
    (void)state;
    arena *mem = arena_new();
    struct recipe *r = NULL;
    struct err e = {0};
    const char *body = json_write(mem, recipe_body(mem, "[]", "'allow':'everyone'"));
    const struct recipe_source from = {.name = "sample", .body = body, .body_now = "{}"};
    assert_int_equal(recipe_load(mem, &from, &r, &e), -1);
    assert_string_equal(e.code, "recipe_faulty");
    assert_non_null(r);
    assert_int_equal(r->steps_count, 1); /* for what it has begun already */
    arena_free(mem);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(standing_comes_first),
        cmocka_unit_test(lists_name_users_or_channels),
        cmocka_unit_test(who_may_is_what_the_current_version_says),
        cmocka_unit_test(a_connection_is_verified_when_either_version_says_so),
        cmocka_unit_test(what_it_does_is_of_its_own_version),
        cmocka_unit_test(a_current_version_that_cannot_be_read_lets_nobody),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
