/* account_match: which two e-mail addresses are one person's. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "service/oauth/oauth_int.h"

static void case_does_not_count_and_all_else_does(void **state)
{
    (void)state;
    static const struct {
        const char *a, *b;
        bool same;
    } pairs[] = {
        {"ana@acme.example", "ana@acme.example", true},
        {"Ana@ACME.example", "ana@acme.EXAMPLE", true},
        {"ana+crm@acme.example", "ana@acme.example", false},
        {"ana@acme.example", "ana@acme.example.evil", false},
        {"ana@acme.example", "ana@acme.example ", false},
        {"an.a@acme.example", "ana@acme.example", false},
        {"", "", false},
        {NULL, NULL, false},
        {"ana", "ana", false},
        {"@acme.example", "@acme.example", false},
        {"ana@", "ana@", false},
        {"a@b@c", "a@b@c", false},
        {"ana@acme.example", NULL, false},
    };
    for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
        assert_int_equal(oauth_same_email(pairs[i].a, pairs[i].b), pairs[i].same);
        assert_int_equal(oauth_same_email(pairs[i].b, pairs[i].a), pairs[i].same);
    }
}

static const char *match(const char *setting, const char *chat, const char *account)
{
    const struct default_connection d = {.account_match = setting};
    const struct user u = {.email = chat};
    const struct account a = {.email = account};
    return oauth_match_name(oauth_match_account(&d, &u, &a));
}

static void an_unknown_address_is_no_difference(void **state)
{
    (void)state;
    assert_string_equal(match("off", "a@x.example", "b@x.example"), "off");
    assert_string_equal(match("warn", "a@x.example", "A@x.example"), "same");
    assert_string_equal(match("warn", "a@x.example", "b@x.example"), "differs");
    assert_string_equal(match("require", NULL, "b@x.example"), "unknown");
    assert_string_equal(match("require", "", "b@x.example"), "unknown");
    assert_string_equal(match("require", "a@x.example", NULL), "differs");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(case_does_not_count_and_all_else_does),
        cmocka_unit_test(an_unknown_address_is_no_difference),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
