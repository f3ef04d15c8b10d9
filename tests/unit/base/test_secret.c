#include <string.h>

#include "base/secret.h"
#include "tests/unit/base/helpers.h"

static void test_reveal_gives_the_bytes(void **state)
{
    (void)state;
    arena *mem = arena_new();
    char text[] = "xoxb-sample-token";
    struct secret s = secret_of(mem, text);
    memset(text, 'x', sizeof text - 1);
    assert_false(secret_empty(s));
    assert_int_equal(s.len, 17);
    assert_string_equal(secret_reveal(s), "xoxb-sample-token");
    struct secret raw = secret_new(mem, "a\0b", 3);
    assert_int_equal(raw.len, 3);
    assert_memory_equal(secret_reveal(raw), "a\0b\0", 4);
    arena_free(mem);
}

static void test_empty_secrets(void **state)
{
    (void)state;
    arena *mem = arena_new();
    assert_true(secret_empty(secret_of(mem, NULL)));
    assert_true(secret_empty(secret_of(mem, "")));
    assert_true(secret_empty(secret_new(mem, NULL, 5)));
    assert_true(secret_empty((struct secret){0}));
    assert_string_equal(secret_reveal((struct secret){0}), "");
    assert_true(secret_equal(secret_of(mem, NULL), secret_of(mem, "")));
    arena_free(mem);
}

static void test_equal(void **state)
{
    (void)state;
    arena *mem = arena_new();
    struct secret a = secret_of(mem, "sample-1");
    assert_true(secret_equal(a, a));
    assert_true(secret_equal(a, secret_of(mem, "sample-1")));
    assert_false(secret_equal(a, secret_of(mem, "sample-2")));
    assert_false(secret_equal(a, secret_of(mem, "Sample-1")));
    assert_false(secret_equal(a, secret_of(mem, "sample-")));
    assert_false(secret_equal(a, secret_of(mem, "sample-11")));
    assert_false(secret_equal(a, (struct secret){0}));
    assert_false(secret_equal(secret_new(mem, "a\0b", 3), secret_new(mem, "a\0c", 3)));
    assert_false(secret_equal(secret_new(mem, "\x80", 1), secret_new(mem, "\x00", 1)));
    arena_free(mem);
}

struct watched {
    const char *bytes;
    size_t len;
    bool was_wiped;
};

static struct watched watched;

/* Deferred first, thus runs last: the memory is still there, its content is gone. */
static void look(void *object)
{
    struct watched *w = object;
    w->was_wiped = true;
    for (size_t i = 0; i < w->len; i++) {
        w->was_wiped = w->was_wiped && w->bytes[i] == '\0';
    }
}

static void test_wiped_with_its_arena(void **state)
{
    (void)state;
    arena *mem = arena_new();
    arena_defer(mem, look, &watched);
    struct secret s = secret_of(mem, "xoxb-sample-canary");
    watched = (struct watched){s.opaque, s.len, false};
    assert_memory_equal(watched.bytes, "xoxb-sample-canary", s.len);
    arena_free(mem);
    assert_true(watched.was_wiped);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_reveal_gives_the_bytes),
        cmocka_unit_test(test_empty_secrets),
        cmocka_unit_test(test_equal),
        cmocka_unit_test(test_wiped_with_its_arena),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
