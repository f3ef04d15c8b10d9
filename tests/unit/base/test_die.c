#include <string.h>

#include "base/die.h"
#include "tests/unit/base/helpers.h"

static void die_plain(void *arg)
{
    (void)arg;
    die("row %d of %s", 7, "the table");
}

static void die_hostile(void *arg)
{
    (void)arg;
    die("a\"b\\c\nd\x01\xff\xC3\xA9!");
}

static void die_long(void *arg)
{
    arena *mem = arg;
    char *text = arena_alloc(mem, 5001);
    memset(text, 'x', 5000);
    die("begin %s", text);
}

static void test_says_why_and_aborts(void **state)
{
    (void)state;
    arena *mem = arena_new();
    assert_true(dies(die_plain, NULL, "row 7 of the table"));
    assert_true(dies(die_hostile, NULL, "a?b?c?d??\?\?!"));
    assert_true(dies(die_long, mem, "begin xxxxx"));
    arena_free(mem);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_says_why_and_aborts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
