/* When an access token is renewed before its end. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "service/oauth/oauth_int.h"

static int64_t margin(int64_t life_s, int64_t margin_s)
{
    const struct tokens t = {.access_life_s = life_s};
    return oauth_margin_s(&t, margin_s);
}

/* A token of one minute under a margin of 90 seconds would be renewed before each call. */
static void the_margin_is_never_more_than_a_quarter_of_a_life(void **state)
{
    (void)state;
    assert_int_equal(margin(3600, 90), 90);
    assert_int_equal(margin(360, 90), 90);
    assert_int_equal(margin(300, 90), 75);
    assert_int_equal(margin(60, 90), 15);
    assert_int_equal(margin(60, 900), 15);
    assert_int_equal(margin(3, 90), 0);
    assert_int_equal(margin(3600, 0), 0);
    assert_int_equal(margin(0, 90), 90); /* not known: it may live long */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_margin_is_never_more_than_a_quarter_of_a_life),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
