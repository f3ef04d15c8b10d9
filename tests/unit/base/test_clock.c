#include <time.h>

#include "base/clock.h"
#include "tests/unit/base/helpers.h"

static void test_wall_clock_is_the_systems(void **state)
{
    (void)state;
    int64_t before = time(NULL);
    int64_t ms = clock_now_ms();
    int64_t now = clock_now();
    int64_t after = time(NULL);
    /* time() may be a tick behind */
    assert_true(now >= before && now <= after + 1);
    assert_true(ms / 1000 >= before && ms / 1000 <= after + 1);
}

static void test_monotonic_clocks_never_go_back(void **state)
{
    (void)state;
    int64_t ms = clock_mono_ms();
    int64_t us = clock_mono_us();
    assert_true(us / 1000 - ms >= 0 && us / 1000 - ms < 60000);
    for (int i = 0; i < 10000; i++) {
        int64_t next = clock_mono_us();
        assert_true(next >= us);
        us = next;
    }
    assert_true(clock_mono_ms() >= ms);
}

static void test_rfc3339(void **state)
{
    (void)state;
    static const struct {
        int64_t at;
        const char *text;
    } rows[] = {
        {0, "1970-01-01T00:00:00Z"},
        {1795341600, "2026-11-22T10:00:00Z"},
        {951782400, "2000-02-29T00:00:00Z"},
        {-1, "1969-12-31T23:59:59Z"},
        {4294967296, "2106-02-07T06:28:16Z"},
        {253402300799, "9999-12-31T23:59:59Z"},
        {253402300800, "9999-12-31T23:59:59Z"},
        {INT64_MAX, "9999-12-31T23:59:59Z"},
        {-62167219200, "0000-01-01T00:00:00Z"},
        {INT64_MIN, "0000-01-01T00:00:00Z"},
    };
    arena *mem = arena_new();
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        assert_string_equal(clock_rfc3339(mem, rows[i].at), rows[i].text);
    }
    arena_free(mem);
}

static void test_rfc3339_is_read_back(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int64_t at; /* -1: refused */
    } rows[] = {
        {"1970-01-01T00:00:00Z", 0},
        {"2026-11-22T10:00:01Z", 1795341601},
        {"2026-11-22", 1795305600},
        {"2024-02-29", 1709164800},
        {"2023-02-29", -1},
        {"2026-13-01", -1},
        {"2026-00-10", -1},
        {"2026-11-22T24:00:00Z", -1},
        {"2026-11-22T10:00:60Z", -1},
        {"2026-11-22T10:00:01", -1},
        {"2026-11-22T10:00:01+01:00", -1},
        {"2026-11-22 ", -1},
        {"2026-11-2", -1},
        {"+026-11-22", -1},
        {"", -1},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        int64_t at = -1;
        assert_int_equal(clock_read_rfc3339(rows[i].text, &at), rows[i].at >= 0);
        assert_int_equal(at, rows[i].at);
    }
}

static void test_a_wait_lasts(void **state)
{
    (void)state;
    int64_t before_us = clock_mono_us();
    clock_wait_ms(20);
    assert_true(clock_mono_us() - before_us >= 19 * 1000);
    clock_wait_ms(0);
    clock_wait_ms(-5);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_wait_lasts),
        cmocka_unit_test(test_wall_clock_is_the_systems),
        cmocka_unit_test(test_monotonic_clocks_never_go_back),
        cmocka_unit_test(test_rfc3339),
        cmocka_unit_test(test_rfc3339_is_read_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
