#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/id.h"
#include "tests/unit/base/helpers.h"

enum { THREADS = 4, EACH = 20000 };

static struct id ids[THREADS * EACH];
static _Atomic size_t next_slot;

static void test_form(void **state)
{
    (void)state;
    int64_t before = clock_now_ms();
    for (int i = 0; i < 1000; i++) {
        struct id id = id_new();
        assert_true(id_valid(id.text));
        assert_int_equal(id.text[14], '7');
        assert_non_null(strchr("89ab", id.text[19]));
    }
    struct id id = id_new();
    char stamp[13];
    memcpy(stamp, id.text, 8);
    memcpy(stamp + 8, id.text + 9, 5);
    stamp[12] = '\0';
    int64_t at = strtoll(stamp, NULL, 16);
    /* a full counter may run a little ahead of the clock */
    assert_true(at >= before && at <= clock_now_ms() + 10);
}

static void test_sorts_by_time_in_one_thread(void **state)
{
    (void)state;
    struct id last = id_new();
    for (int i = 0; i < 50000; i++) {
        struct id next = id_new();
        assert_true(strcmp(last.text, next.text) < 0);
        last = next;
    }
}

static void *make_ids(void *arg)
{
    (void)arg;
    for (int i = 0; i < EACH; i++) {
        ids[next_slot++] = id_new();
    }
    return NULL;
}

static int compare_ids(const void *a, const void *b)
{
    return strcmp(((const struct id *)a)->text, ((const struct id *)b)->text);
}

static void test_unique_over_threads(void **state)
{
    (void)state;
    next_slot = 0;
    in_threads(THREADS, make_ids, NULL);
    qsort(ids, THREADS * EACH, sizeof ids[0], compare_ids);
    size_t tails_alike = 0;
    for (size_t i = 1; i < THREADS * EACH; i++) {
        assert_string_not_equal(ids[i - 1].text, ids[i].text);
        tails_alike += strcmp(ids[i - 1].text + 19, ids[i].text + 19) == 0 ? 1 : 0;
    }
    /* the random part is random, not only the counter different */
    assert_int_equal(tails_alike, 0);
}

static void test_valid_takes_only_the_canonical_form(void **state)
{
    (void)state;
    assert_true(id_valid("0190a3b4-0000-7abc-8def-0123456789ab"));
    assert_true(id_valid("00000000-0000-0000-0000-000000000000"));
    static const char *const wrong[] = {
        "",
        "0190a3b4",
        "0190a3b4-0000-7abc-8def-0123456789a",
        "0190a3b4-0000-7abc-8def-0123456789abc",
        "0190A3B4-0000-7ABC-8DEF-0123456789AB",
        "0190a3b400007abc8def0123456789ab",
        "{0190a3b4-0000-7abc-8def-0123456789a",
        "0190a3b4-0000-7abc-8def-0123456789ag",
        "0190a3b4-0000-7abc-8def 0123456789ab",
        "0190a3b40-000-7abc-8def-0123456789ab",
        "0190a3b4-0000-7abc-8def-0123456789a'",
        "0190a3b4-0000-7abc-8def-0123456789a\n",
    };
    assert_false(id_valid(NULL));
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        assert_false(id_valid(wrong[i]));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_form),
        cmocka_unit_test(test_sorts_by_time_in_one_thread),
        cmocka_unit_test(test_unique_over_threads),
        cmocka_unit_test(test_valid_takes_only_the_canonical_form),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
