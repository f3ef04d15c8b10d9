#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "service/web/server_int.h"

#include "base/metrics.h"
#include "base/str.h"

/* Paths as hostile clients write them; the table itself is compared with openapi.yaml by a guard.
 */

static arena *mem;
static struct request q;
static const struct route *route;
static const char *allow;
static struct err e;

static int setup(void **state)
{
    (void)state;
    mem = arena_new();
    q = (struct request){.mem = mem};
    route = NULL;
    allow = NULL;
    e = (struct err){0};
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    arena_free(mem);
    return 0;
}

static int match(const char *method, const char *path)
{
    struct router_request from = {
        .method = method, .raw_path = path, .listeners = {true, true, true}};
    allow = NULL;
    route = NULL;
    return router_match(&from, &q, &route, &allow, &e);
}

static void check_refused(const char *path, const char *code)
{
    assert_int_equal(match("GET", path), -1);
    assert_string_equal(e.code, code);
    assert_null(route);
}

static void test_hostile_paths_are_refused(void **state)
{
    (void)state;
    const char *paths[] = {"",
                           "privacy",
                           "//privacy",
                           "/privacy/",
                           "/./privacy",
                           "/x/../privacy",
                           "/%2e%2e/privacy",
                           "/%2E/privacy",
                           "/a%2Fb",
                           "/a%2fb",
                           "/a%00b",
                           "/%00",
                           "/a%",
                           "/a%2",
                           "/a%zz",
                           "/a b",
                           "/a\tb",
                           "/a\x7f",
                           "/%ff%fe",
                           "http://x/privacy",
                           "*",
                           "/%c0%ae%c0%ae/privacy"};
    for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++) {
        check_refused(paths[i], "path");
    }
}

static void test_bounds_of_a_path(void **state)
{
    (void)state;
    char *longest = arena_alloc(mem, 40000);
    memset(longest, 'a', 39999);
    longest[0] = '/';
    check_refused(longest, "path");
    char many[64] = "";
    for (size_t i = 0; i < 17; i++) {
        snprintf(many + 2 * i, sizeof many - 2 * i, "/a");
    }
    check_refused(many, "path");
}

static void test_unknown_paths(void **state)
{
    (void)state;
    check_refused("/nothing", "no_route");
    check_refused("/privacy/more", "no_route");
    check_refused("/Privacy", "no_route");
    check_refused("/slack", "no_route");
    check_refused("/privacy%20", "no_route");
}

static void test_decoded_segments_match(void **state)
{
    (void)state;
    assert_int_equal(match("GET", "/%70rivacy"), 0);
    assert_string_equal(q.path, "/privacy");
}

static void test_the_root_is_a_path_of_its_own(void **state)
{
    (void)state;
    assert_int_equal(match("GET", "/"), 0);
    assert_string_equal(q.path, "/");
    check_refused("//", "path");
}

static void test_head_is_get(void **state)
{
    (void)state;
    assert_int_equal(match("HEAD", "/privacy"), 0);
    assert_true(q.head);
    assert_int_equal(q.method, WB_GET);
    assert_int_equal(match("HEAD", "/slack/events"), -1);
    assert_string_equal(allow, "POST");
}

static void test_other_methods_get_the_allowed_ones(void **state)
{
    (void)state;
    assert_int_equal(match("POST", "/privacy"), -1);
    assert_string_equal(e.code, "method");
    assert_string_equal(allow, "GET, HEAD");
    assert_int_equal(match("BREW", "/slack/events"), -1);
    assert_string_equal(allow, "POST");
    assert_int_equal(match("get", "/privacy"), -1);
    assert_string_equal(e.code, "method");
}

static void test_a_listener_serves_its_own_routes(void **state)
{
    (void)state;
    struct router_request from = {
        .method = "GET", .raw_path = "/metrics", .listeners = {[LISTEN_MAIN] = true}};
    assert_int_equal(router_match(&from, &q, &route, &allow, &e), -1);
    assert_string_equal(e.code, "no_route");
    from.listeners[LISTEN_OPS] = true;
    assert_int_equal(router_match(&from, &q, &route, &allow, &e), 0);
}

/* Those that ask an app or a chat platform while somebody waits. */
static bool calls_out(const char *operation)
{
    static const char *const operations[] = {"getOauthCallback",
                                             "getSlackIdentityCallback",
                                             "getTeamsIdentityCallback",
                                             "getSlackOauthCallback",
                                             "actForUser",
                                             "testSetupApp"};
    for (size_t i = 0; i < sizeof operations / sizeof operations[0]; i++) {
        if (str_equal(operations[i], operation)) {
            return true;
        }
    }
    return false;
}

/* P13: what may block is on the workers; webhooks are committed by the intake; ops stay inside. */
static void test_rows_of_the_table_are_sound(void **state)
{
    (void)state;
    size_t count = 0;
    const struct route *table = router_routes(&count);
    assert_true(count > 0);
    /* every route's every status class is a series of its own */
    assert_true((count + 1) * STATUS_CLASSES <= METRIC_SERIES_MAX);
    for (size_t i = 0; i < count; i++) {
        assert_non_null(table[i].handler);
        assert_false(str_empty(table[i].operation_id));
        assert_true(table[i].body_max == 0 || table[i].method == WB_POST ||
                    table[i].method == WB_PUT);
        bool off_thread = table[i].kind == ROUTE_WORKER || table[i].kind == ROUTE_CALLER;
        assert_true(off_thread || table[i].gate != GATE_API);
        assert_int_equal(table[i].kind == ROUTE_CALLER, calls_out(table[i].operation_id));
        assert_int_equal(str_starts(table[i].pattern, "/v1/"), table[i].gate == GATE_API);
        assert_int_equal(str_starts(table[i].pattern, "/v1/"), table[i].listener == LISTEN_API);
        for (size_t k = 0; k < i; k++) {
            assert_false(table[i].method == table[k].method &&
                         str_equal(table[i].pattern, table[k].pattern));
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_hostile_paths_are_refused, setup, teardown),
        cmocka_unit_test_setup_teardown(test_bounds_of_a_path, setup, teardown),
        cmocka_unit_test_setup_teardown(test_unknown_paths, setup, teardown),
        cmocka_unit_test_setup_teardown(test_decoded_segments_match, setup, teardown),
        cmocka_unit_test_setup_teardown(test_the_root_is_a_path_of_its_own, setup, teardown),
        cmocka_unit_test_setup_teardown(test_head_is_get, setup, teardown),
        cmocka_unit_test_setup_teardown(test_other_methods_get_the_allowed_ones, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_listener_serves_its_own_routes, setup, teardown),
        cmocka_unit_test_setup_teardown(test_rows_of_the_table_are_sound, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
