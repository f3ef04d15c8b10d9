#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "base/str.h"
#include "tests/unit/base/helpers.h"

/* Walks the table: every kind has a row, and the words of its name are those of its constant. */
static void test_every_kind_has_all_its_words(void **state)
{
    (void)state;
#define CONSTANT(kind, http, fate) #kind,
    static const char *const constants[] = {ERR_KINDS(CONSTANT)};
#undef CONSTANT
    arena *mem = arena_new();
    for (int i = 0; i < ERR_KIND_COUNT; i++) {
        enum err_kind kind = (enum err_kind)i;
        const char *name = str_lower(mem, constants[i] + strlen("ERR_"));
        assert_string_equal(err_kind_name(kind), name);
        assert_string_equal(err_kind_label(kind), arena_printf(mem, "kind=\"%s\"", name));
        assert_in_range(err_http_status(kind), kind == ERR_NONE ? 200 : 400, 599);
        assert_in_range(err_fate(kind), FATE_STOP, FATE_PARK);
    }
    arena_free(mem);
}

static void test_fates(void **state)
{
    (void)state;
    assert_int_equal(err_fate(ERR_LOGIN_NEEDED), FATE_PARK);
    assert_int_equal(err_fate(ERR_LIMIT), FATE_AGAIN);
    assert_int_equal(err_fate(ERR_UPSTREAM_BUSY), FATE_AGAIN);
    assert_int_equal(err_fate(ERR_UPSTREAM_REFUSED), FATE_STOP);
    assert_int_equal(err_fate(ERR_FORBIDDEN), FATE_STOP);
    assert_int_equal(err_http_status(ERR_LIMIT), 429);
}

static void test_set_fills_everything(void **state)
{
    (void)state;
    struct err e;
    memset(&e, 0xff, sizeof e);
    assert_int_equal(err_set(&e, ERR_LIMIT, "too_fast", "wait %d s", 3), -1);
    assert_int_equal(e.kind, ERR_LIMIT);
    assert_string_equal(e.code, "too_fast");
    assert_string_equal(e.text, "wait 3 s");
    assert_int_equal(e.retry_after_ms, 0);
    assert_false(e.maybe_done);
    assert_true(str_starts(e.where, __FILE__ ":"));
    long long line = 0;
    assert_true(str_to_i64(strrchr(e.where, ':') + 1, &line));
    assert_in_range(line, 1, __LINE__);
}

static void test_nobody_asked_for_the_error(void **state)
{
    (void)state;
    assert_int_equal(err_set(NULL, ERR_INPUT, "x", "y"), -1);
    assert_int_equal(err_wrap(NULL, "context"), -1);
}

static void test_wrap_puts_context_before(void **state)
{
    (void)state;
    struct err e;
    (void)err_set(&e, ERR_TIMEOUT, "slow", "no answer");
    e.retry_after_ms = 700;
    e.maybe_done = true;
    assert_int_equal(err_wrap(&e, "step %s", "opp"), -1);
    assert_int_equal(err_wrap(&e, "run %d", 9), -1);
    assert_string_equal(e.text, "run 9: step opp: no answer");
    assert_int_equal(e.kind, ERR_TIMEOUT);
    assert_string_equal(e.code, "slow");
    assert_int_equal(e.retry_after_ms, 700);
    assert_true(e.maybe_done);
}

static void test_long_text_is_cut(void **state)
{
    (void)state;
    struct err e;
    char big[1000];
    memset(big, 'y', sizeof big - 1);
    big[sizeof big - 1] = '\0';
    (void)err_set(&e, ERR_INPUT, "big", "%s", big);
    assert_int_equal(strlen(e.text), sizeof e.text - 1);
    (void)err_wrap(&e, "%s", big);
    (void)err_wrap(&e, "last");
    assert_int_equal(strlen(e.text), sizeof e.text - 1);
    assert_true(str_starts(e.text, "last: yyy"));
}

static void test_its_own_text_may_be_an_argument(void **state)
{
    (void)state;
    struct err e;
    (void)err_set(&e, ERR_INPUT, "first", "old text");
    (void)err_set(&e, ERR_CONFIG, "second", "because of %s", e.text);
    assert_string_equal(e.text, "because of old text");
    (void)err_wrap(&e, "<%s>", e.text);
    assert_string_equal(e.text, "<because of old text>: because of old text");
}

static void set_none(void *arg)
{
    (void)err_set((struct err *)arg, ERR_NONE, "none", "nothing");
}

static void set_unknown(void *arg)
{
    (void)err_set((struct err *)arg, ERR_KIND_COUNT, "none", "nothing");
}

static void ask_unknown(void *arg)
{
    (void)arg;
    (void)err_http_status((enum err_kind)99);
}

static void test_wrong_kinds_die(void **state)
{
    (void)state;
    struct err e;
    assert_true(dies(set_none, &e, "without a kind"));
    assert_true(dies(set_unknown, &e, "does not exist"));
    assert_true(dies(ask_unknown, NULL, "99 does not exist"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_kind_has_all_its_words),
        cmocka_unit_test(test_fates),
        cmocka_unit_test(test_set_fills_everything),
        cmocka_unit_test(test_nobody_asked_for_the_error),
        cmocka_unit_test(test_wrap_puts_context_before),
        cmocka_unit_test(test_long_text_is_cut),
        cmocka_unit_test(test_its_own_text_may_be_an_argument),
        cmocka_unit_test(test_wrong_kinds_die),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
