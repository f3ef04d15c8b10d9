#include <stdio.h>
#include <string.h>

#if defined(__SANITIZE_ADDRESS__)
#define WITH_ADDRESS_SANITIZER 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define WITH_ADDRESS_SANITIZER 1
#endif
#endif
#ifdef WITH_ADDRESS_SANITIZER
#include <sanitizer/asan_interface.h>
#endif

#include "tests/unit/base/helpers.h"

static bool all_zero(const uint8_t *p, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        if (p[i] != 0) {
            return false;
        }
    }
    return true;
}

static void test_objects_are_zero_aligned_and_apart(void **state)
{
    (void)state;
    enum { COUNT = 3000 };
    arena *mem = arena_new();
    static uint8_t *objects[COUNT];
    static size_t sizes[COUNT];
    uint64_t seed = 1;
    for (size_t i = 0; i < COUNT; i++) {
        /* mostly small, some around the limit of a block, some far over it */
        sizes[i] = next_number(&seed) % (i % 50 == 0 ? 200000 : i % 7 == 0 ? 1100 : 90);
        objects[i] = arena_alloc(mem, sizes[i]);
        assert_non_null(objects[i]);
        assert_int_equal((uintptr_t)objects[i] % _Alignof(max_align_t), 0);
        assert_true(all_zero(objects[i], sizes[i]));
        memset(objects[i], (int)(i % 255) + 1, sizes[i]);
    }
    for (size_t i = 0; i < COUNT; i++) {
        for (size_t k = 0; k < sizes[i]; k++) {
            assert_int_equal(objects[i][k], i % 255 + 1);
        }
    }
    arena_free(mem);
}

static void test_empty_objects_are_not_null(void **state)
{
    (void)state;
    arena *mem = arena_new();
    assert_non_null(arena_alloc(mem, 0));
    assert_non_null(arena_array(mem, 0, 8));
    assert_non_null(arena_copy(mem, NULL, 0));
    arena_free(mem);
    arena_free(NULL);
}

static void ask_too_many(void *arg)
{
    (void)arena_array(arg, SIZE_MAX / 4, 8);
}

static void ask_too_much(void *arg)
{
    volatile size_t size = PTRDIFF_MAX;
    (void)arena_alloc(arg, size);
}

static void ask_everything(void *arg)
{
    volatile size_t size = SIZE_MAX;
    (void)arena_alloc(arg, size);
}

static void ask_bytes_without_room_for_nul(void *arg)
{
    (void)arena_bytes(arg, (struct bytes){(const uint8_t *)"", SIZE_MAX});
}

static void test_overflow_dies(void **state)
{
    (void)state;
    arena *mem = arena_new();
    assert_true(dies(ask_too_many, mem, "array of"));
    assert_true(dies(ask_too_much, mem, "out of memory"));
    assert_true(dies(ask_everything, mem, "out of memory"));
    assert_true(dies(ask_bytes_without_room_for_nul, mem, "out of memory"));
    arena_free(mem);
}

static void test_array_has_room_for_all(void **state)
{
    (void)state;
    arena *mem = arena_new();
    uint64_t *numbers = arena_array(mem, 5000, sizeof *numbers);
    assert_true(all_zero((const uint8_t *)numbers, 5000 * sizeof *numbers));
    memset(numbers, 0xff, 5000 * sizeof *numbers);
    arena_free(mem);
}

static void test_copies(void **state)
{
    (void)state;
    arena *mem = arena_new();
    char text[] = "hello";
    char *copy = arena_strdup(mem, text);
    char *part = arena_strndup(mem, text, 3);
    char *whole = arena_strndup(mem, text, 99);
    int *number = arena_copy(mem, &(int){42}, sizeof(int));
    memset(text, 'x', 5);
    assert_string_equal(copy, "hello");
    assert_string_equal(part, "hel");
    assert_string_equal(whole, "hello");
    assert_string_equal(arena_strndup(mem, "abc", 0), "");
    assert_int_equal(*number, 42);
    assert_null(arena_strdup(mem, NULL));
    assert_null(arena_strndup(mem, NULL, 3));
    arena_free(mem);
}

static void test_strndup_reads_no_further(void **state)
{
    (void)state;
    arena *mem = arena_new();
    /* not terminated: under a sanitizer one byte too far is seen */
    char *raw = arena_copy(mem, "abc", 3);
    assert_string_equal(arena_strndup(mem, raw, 3), "abc");
    arena_free(mem);
}

static void test_bytes_keep_nul(void **state)
{
    (void)state;
    arena *mem = arena_new();
    struct bytes copy = arena_bytes(mem, (struct bytes){(const uint8_t *)"a\0b", 3});
    assert_int_equal(copy.len, 3);
    assert_memory_equal(copy.data, "a\0b\0", 4);
    struct bytes none = arena_bytes(mem, (struct bytes){NULL, 0});
    assert_int_equal(none.len, 0);
    assert_int_equal(none.data[0], 0);
    assert_int_equal(bytes_of("four").len, 4);
    assert_int_equal(bytes_of("").len, 0);
    assert_null(bytes_of(NULL).data);
    arena_free(mem);
}

static void test_printf_of_any_length(void **state)
{
    (void)state;
    arena *mem = arena_new();
    assert_string_equal(arena_printf(mem, "%s-%d", "a", 7), "a-7");
    assert_string_equal(arena_printf(mem, "%s", ""), "");
    char *lengthy = arena_printf(mem, "%0100000d", 1);
    assert_int_equal(strlen(lengthy), 100000);
    assert_int_equal(lengthy[99999], '1');
    arena_free(mem);
}

/* A text that did not fit behind what is there leaves nothing in what is handed out next. */
static void test_printf_keeps_the_rest_zero(void **state)
{
    (void)state;
    static const char nothing[900];
    for (int len = 0; len < 9000; len += 13) {
        arena *mem = arena_new();
        char *first = arena_copy(mem, "first", 6);
        char *text = arena_printf(mem, "%0*d", len, 7);
        assert_int_equal(strlen(text), len == 0 ? 1 : len);
        for (int i = 0; i < 6; i++) {
            assert_memory_equal(arena_alloc(mem, sizeof nothing), nothing, sizeof nothing);
        }
        assert_string_equal(first, "first");
        assert_int_equal(text[strlen(text) - 1], '7');
        arena_free(mem);
    }
}

static char order[8];

static void note(void *object)
{
    size_t len = strlen(order);
    order[len] = *(const char *)object;
}

static arena *still_open;

static void note_and_defer(void *object)
{
    note(object);
    arena_defer(still_open, note, arena_strdup(still_open, "z"));
}

static void test_deferred_run_last_first(void **state)
{
    (void)state;
    arena *mem = arena_new();
    memset(order, 0, sizeof order);
    arena_defer(mem, note, arena_strdup(mem, "a"));
    arena_defer(mem, note, arena_strdup(mem, "b"));
    arena_defer(mem, note, arena_strdup(mem, "c"));
    assert_string_equal(order, "");
    arena_free(mem);
    assert_string_equal(order, "cba");
}

static void test_deferred_may_use_the_arena(void **state)
{
    (void)state;
    memset(order, 0, sizeof order);
    still_open = arena_new();
    arena_defer(still_open, note, arena_strdup(still_open, "a"));
    arena_defer(still_open, note_and_defer, arena_strdup(still_open, "b"));
    arena_free(still_open);
    assert_string_equal(order, "bza");
}

static void test_json_reference_is_given_back(void **state)
{
    (void)state;
    arena *mem = arena_new();
    json_t *value = json_pack("{s:[i]}", "a", 1);
    json_incref(value);
    assert_ptr_equal(arena_json(mem, value), value);
    assert_int_equal(value->refcount, 2);
    arena_free(mem);
    assert_int_equal(value->refcount, 1);
    json_decref(value);
    mem = arena_new();
    assert_null(arena_json(mem, NULL));
    arena_free(mem);
}

static void test_overflow_is_visible_to_the_sanitizer(void **state)
{
    (void)state;
#ifdef WITH_ADDRESS_SANITIZER
    arena *mem = arena_new();
    char *a = arena_alloc(mem, 24);
    char *b = arena_alloc(mem, 24);
    assert_false(__asan_address_is_poisoned(a + 23));
    assert_true(__asan_address_is_poisoned(a + 24));
    assert_true(__asan_address_is_poisoned(b + 24));
    arena_free(mem);
#else
    print_message("[  SKIPPED ] not an AddressSanitizer build\n");
    skip();
#endif
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_objects_are_zero_aligned_and_apart),
        cmocka_unit_test(test_empty_objects_are_not_null),
        cmocka_unit_test(test_overflow_dies),
        cmocka_unit_test(test_array_has_room_for_all),
        cmocka_unit_test(test_copies),
        cmocka_unit_test(test_strndup_reads_no_further),
        cmocka_unit_test(test_bytes_keep_nul),
        cmocka_unit_test(test_printf_of_any_length),
        cmocka_unit_test(test_printf_keeps_the_rest_zero),
        cmocka_unit_test(test_deferred_run_last_first),
        cmocka_unit_test(test_deferred_may_use_the_arena),
        cmocka_unit_test(test_json_reference_is_given_back),
        cmocka_unit_test(test_overflow_is_visible_to_the_sanitizer),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
