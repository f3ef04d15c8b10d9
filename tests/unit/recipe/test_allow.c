/* Who may run a recipe at all: design section 2, before any connection is looked at. */
#include "tests/unit/recipe/recipe_help.h"

static bool allows(const struct recipe *r, enum standing standing, bool guests, const char *user,
                   const char *channel)
{
    const struct workspace w = {.workspace = "slack:T1",
                                .installer = "UINST",
                                .installer_uses_default = true,
                                .guests_allowed = guests};
    const struct user u = {.workspace = "slack:T1", .user_id = user, .standing = standing};
    return recipe_allows(r, &(struct recipe_person){&w, &u, channel});
}

static void standing_comes_first(void **state)
{
    (void)state;
    arena *mem = arena_new();
    static const char *const allow[] = {NULL, "'allow':'everyone'",
                                        "'allow':{'users':['U1'],'channels':['C1']}"};
    for (size_t i = 0; i < 3; i++) {
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(standing_comes_first),
        cmocka_unit_test(lists_name_users_or_channels),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
