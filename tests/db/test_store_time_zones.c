#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/db/store_support.h"

/* Time zones are known by the names of the list, each read from it once here; and by no other word
 * that the server could read as one. */

static bool known(store *s, const char *name)
{
    bool ret = false;
    OK(store_zone_known(s, name, &ret, e));
    return ret;
}

static void test_every_name_of_the_list_is_known_and_as_it_is_written_there(void **state)
{
    (void)state;
    world_sql("create table listed as select name from pg_timezone_names");
    assert_true(world_count("select count(*) from listed") > 300);
    assert_int_equal(world_count("select count(*) from listed where not time_zone_known(name)"), 0);
    assert_int_equal(world_count("select count(*) from listed,"
                                 " lateral (values (lower(name)), (upper(name)), (name || '+3'),"
                                 "  (name || '/'), (' ' || name), (name || ',M3')) as x (other)"
                                 " where time_zone_known(other)"
                                 "   and not exists (select from listed l where l.name = other)"),
                     0);
    world_sql("drop table listed");
}

static void test_what_the_server_could_read_as_a_zone_is_none(void **state)
{
    (void)state;
    static const char *const zones[] = {
        "Europe/Zurich", "America/Argentina/Ushuaia", "UTC", "Etc/GMT+3", "GMT0", "EST5EDT"};
    static const char *const others[] = {"FOO+3",
                                         "<FOO>-3",
                                         "Foo/Bar+3",
                                         "CET-1CEST",
                                         "EDT",
                                         "CEST",
                                         "+02:00",
                                         "2",
                                         "-7.5",
                                         "inf",
                                         "nan",
                                         "europe/zurich",
                                         "gmt",
                                         "default",
                                         "Europe",
                                         "zone.tab",
                                         "../Europe/Zurich",
                                         "/etc/hostname",
                                         "interval 'P'",
                                         "INTERVAL '-'",
                                         "interval ''",
                                         "interval 'day'",
                                         "Mars/Olympus",
                                         "Europe/Z\xc3\xbc",
                                         "';--",
                                         ""};
    store *s = world_open();
    for (size_t i = 0; i < sizeof zones / sizeof zones[0]; i++) {
        assert_true(known(s, zones[i]));
    }
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        if (known(s, others[i])) {
            fail_msg("%s is no zone", others[i]);
        }
    }
    assert_false(known(s, NULL));
    world_close(s);
}

/* It sets nothing for those who come after it, and an unknown name ends no transaction. */
static void test_asking_leaves_the_session_as_it_was(void **state)
{
    (void)state;
    world_sql("do $$ begin"
              "  perform set_config('TimeZone', 'Asia/Kolkata', false);"
              "  assert time_zone_known('Asia/Tokyo') and not time_zone_known('Mars/Olympus');"
              "  assert current_setting('TimeZone') = 'Asia/Kolkata';"
              " end $$");
    store *s = world_open();
    OK(store_begin(s, e));
    assert_false(known(s, "Mars/Olympus"));
    assert_true(known(s, "Asia/Tokyo"));
    OK(store_commit(s, e));
    world_close(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_every_name_of_the_list_is_known_and_as_it_is_written_there,
                               world_reset),
        cmocka_unit_test_setup(test_what_the_server_could_read_as_a_zone_is_none, world_reset),
        cmocka_unit_test_setup(test_asking_leaves_the_session_as_it_was, world_reset),
    };
    return cmocka_run_group_tests(tests, world_setup, world_teardown);
}
