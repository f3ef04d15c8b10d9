#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/clock.h"
#include "service/oauth/oauth_int.h"
#include "tests/unit/with_arena.h"

/* When a connection ends, when its owner is told, and when it is renewed by itself. */

enum { DAY = 86400 };

static const app *known(const char *name)
{
    apps *all = NULL;
    struct faults faults;
    faults_init(&faults, mem);
    assert_int_equal(apps_load(mem, NULL, &all, &faults), 0);
    const app *a = apps_find(all, name);
    assert_non_null(a);
    return a;
}

static struct tokens given(const char *refresh, int64_t told)
{
    return (struct tokens){.refresh = secret_of(mem, refresh), .refresh_expires_at = told};
}

static void near(int64_t at, int64_t days)
{
    assert_in_range(at, (uintmax_t)(clock_now() + days * DAY - 5),
                    (uintmax_t)(clock_now() + days * DAY + 5));
}

static const struct connection ANA = {.user_id = "U0ANA0001"};

static void test_idle_begins_anew_with_each_renewal(void **state)
{
    (void)state;
    const app *box = known("box");
    struct tokens first = given("one", 0);
    oauth_forecast(box, &ANA, NULL, &first);
    near(first.refresh_expires_at, 60);
    near(first.warn_at, 53);
    assert_true(first.keep_at > clock_now() + 20 * DAY && first.keep_at < clock_now() + 30 * DAY);
    first.refresh_expires_at -= 50 * DAY;
    struct tokens next = given("two", 0);
    oauth_forecast(box, &ANA, &first, &next);
    near(next.refresh_expires_at, 60);
    near(next.refresh_since, 0);
}

static void test_a_fixed_end_stays_with_the_same_token(void **state)
{
    (void)state;
    const app *snow = known("servicenow");
    struct tokens first = given("one", 0);
    oauth_forecast(snow, &ANA, NULL, &first);
    near(first.refresh_expires_at, 100);
    near(first.warn_at, 93);
    assert_int_equal(first.keep_at, 0);
    first.refresh_since -= 40 * DAY;
    first.refresh_expires_at -= 40 * DAY;
    static const char *const answers[] = {"one", ""};
    for (size_t i = 0; i < 2; i++) {
        struct tokens same = given(answers[i], 0);
        oauth_forecast(snow, &ANA, &first, &same);
        assert_int_equal(same.refresh_expires_at, first.refresh_expires_at);
        assert_int_equal(same.refresh_since, first.refresh_since);
        near(same.warn_at, 53);
    }
    first.refresh_expires_at = 0; /* stored by a release that did not know */
    struct tokens same = given("one", 0);
    oauth_forecast(snow, &ANA, &first, &same);
    near(same.refresh_expires_at, 60);
    struct tokens other = given("two", 0);
    oauth_forecast(snow, &ANA, &first, &other);
    near(other.refresh_expires_at, 100);
}

static void test_what_the_app_says_counts_before_its_definition(void **state)
{
    (void)state;
    const app *box = known("box"), *snow = known("servicenow");
    struct tokens told = given("one", clock_now() + 10 * DAY);
    oauth_forecast(box, &ANA, NULL, &told);
    near(told.refresh_expires_at, 10);
    near(told.warn_at, 8);
    told = given("one", clock_now() + 30 * DAY);
    oauth_forecast(snow, &ANA, NULL, &told);
    near(told.refresh_expires_at, 30);
    assert_int_equal(told.keep_at, 0);
    struct tokens next = given("two", clock_now() + 30 * DAY);
    oauth_forecast(snow, &ANA, &told, &next);
    assert_true(next.keep_at > clock_now()); /* it was replaced, and lasts longer by that */
}

static void test_who_is_to_log_in_every_day_is_not_told_so(void **state)
{
    (void)state;
    assert_int_equal(oauth_lead_s(100 * DAY), 7 * DAY);
    assert_int_equal(oauth_lead_s(14 * DAY), 7 * DAY);
    assert_int_equal(oauth_lead_s(13 * DAY), 2 * DAY);
    assert_int_equal(oauth_lead_s(4 * DAY), 2 * DAY);
    assert_int_equal(oauth_lead_s(3 * DAY), 0);
    assert_int_equal(oauth_lead_s(0), 0);
}

static void test_nothing_is_said_of_what_is_not_known(void **state)
{
    (void)state;
    const app *known_apps[] = {known("salesforce"), NULL};
    for (size_t i = 0; i < 2; i++) {
        struct tokens t = given("one", 0);
        oauth_forecast(known_apps[i], &ANA, NULL, &t);
        assert_int_equal(t.refresh_expires_at, 0);
        assert_int_equal(t.warn_at, 0);
        assert_int_equal(t.keep_at, 0);
    }
    assert_int_equal(app_grants_per_user(known_apps[0]), 5);
}

static void test_renewals_of_many_people_are_spread(void **state)
{
    (void)state;
    const app *box = known("box");
    int64_t least = INT64_MAX, most = 0;
    for (int i = 0; i < 200; i++) {
        const struct connection c = {.user_id = arena_printf(mem, "U%d", i)};
        struct tokens t = given("one", 0);
        oauth_forecast(box, &c, NULL, &t);
        least = t.keep_at < least ? t.keep_at : least;
        most = t.keep_at > most ? t.keep_at : most;
        assert_true(t.keep_at < clock_now() + 30 * DAY);
    }
    assert_true(most - least > 5 * DAY);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_idle_begins_anew_with_each_renewal, arena_set_up,
                                        arena_tear_down),
        cmocka_unit_test_setup_teardown(test_a_fixed_end_stays_with_the_same_token, arena_set_up,
                                        arena_tear_down),
        cmocka_unit_test_setup_teardown(test_what_the_app_says_counts_before_its_definition,
                                        arena_set_up, arena_tear_down),
        cmocka_unit_test(test_who_is_to_log_in_every_day_is_not_told_so),
        cmocka_unit_test_setup_teardown(test_nothing_is_said_of_what_is_not_known, arena_set_up,
                                        arena_tear_down),
        cmocka_unit_test_setup_teardown(test_renewals_of_many_people_are_spread, arena_set_up,
                                        arena_tear_down),
    };
    return cmocka_run_group_tests_name("forecast", tests, NULL, NULL);
}
