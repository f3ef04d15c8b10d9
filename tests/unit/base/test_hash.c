#include "base/hash.h"

#include "tests/unit/base/helpers.h"

/* Values of its authors' reference implementation. */
static void test_known_values(void **state)
{
    (void)state;
    assert_int_equal(hash_bytes(HASH_START, "", 0), UINT64_C(0xcbf29ce484222325));
    assert_int_equal(hash_bytes(HASH_START, "a", 1), UINT64_C(0xaf63dc4c8601ec8c));
    assert_int_equal(hash_bytes(HASH_START, "foobar", 6), UINT64_C(0x85944171f73967e8));
}

static void test_texts_do_not_run_together(void **state)
{
    (void)state;
    assert_int_not_equal(hash_text(hash_text(HASH_START, "a"), "bc"),
                         hash_text(hash_text(HASH_START, "ab"), "c"));
    assert_int_equal(hash_text(HASH_START, NULL), hash_text(HASH_START, ""));
    assert_int_not_equal(hash_text(HASH_START, ""), HASH_START);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_known_values),
        cmocka_unit_test(test_texts_do_not_run_together),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
