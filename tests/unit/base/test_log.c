#include <regex.h>
#include <stdatomic.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "base/metrics.h"
#include "base/str.h"
#include "tests/unit/base/helpers.h"

/* The only line that fn writes, read by jansson. */
static json_t *one_line(arena *mem, void (*fn)(void *arg), void *arg)
{
    char **lines = lines_of(mem, capture_stderr(mem, fn, arg));
    assert_non_null(lines[0]);
    assert_null(lines[1]);
    json_t *line =
        arena_json(mem, json_loads(lines[0], JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL, NULL));
    assert_non_null(line);
    return line;
}

static const char *text_of(json_t *line, const char *key)
{
    const char *text = json_string_value(json_object_get(line, key));
    assert_non_null(text);
    return text;
}

static void log_typical(void *arg)
{
    (void)arg;
    log_info("job settled", LOG_TEXT("kind", "send"), LOG_INT("attempts", 3),
             LOG_TEXT("none", NULL), LOG_INT("low", INT64_MIN));
}

static void test_line_has_typed_fields(void **state)
{
    (void)state;
    arena *mem = arena_new();
    json_t *line = one_line(mem, log_typical, NULL);
    assert_string_equal(text_of(line, "level"), "info");
    assert_string_equal(text_of(line, "message"), "job settled");
    assert_string_equal(text_of(line, "kind"), "send");
    assert_int_equal(json_integer_value(json_object_get(line, "attempts")), 3);
    assert_true(json_is_null(json_object_get(line, "none")));
    assert_int_equal(json_integer_value(json_object_get(line, "low")), INT64_MIN);
    assert_int_equal(json_object_size(line), 7);
    regex_t time;
    assert_int_equal(regcomp(&time,
                             "^20[0-9]{2}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}"
                             "\\.[0-9]{3}Z$",
                             REG_EXTENDED | REG_NOSUB),
                     0);
    assert_int_equal(regexec(&time, text_of(line, "time"), 0, NULL, 0), 0);
    regfree(&time);
    arena_free(mem);
}

static void log_bare(void *arg)
{
    (void)arg;
    log_warn("bare");
}

static void test_line_without_fields(void **state)
{
    (void)state;
    arena *mem = arena_new();
    json_t *line = one_line(mem, log_bare, NULL);
    assert_string_equal(text_of(line, "level"), "warn");
    assert_int_equal(json_object_size(line), 3);
    arena_free(mem);
}

static void log_hostile(void *arg)
{
    (void)arg;
    log_warn("a\"b\\\n{\"level\":\"x\"}\x01\x7f\xff",
             LOG_TEXT("evil\"key\n\xC0", "\r\n\xE2\x82 end"), LOG_TEXT(NULL, "\xED\xA0\x80"));
}

static void test_hostile_text_stays_one_line_of_json(void **state)
{
    (void)state;
    arena *mem = arena_new();
    json_t *line = one_line(mem, log_hostile, NULL);
    assert_string_equal(text_of(line, "message"), "a\"b\\\n{\"level\":\"x\"}\x01\x7f\xEF\xBF\xBD");
    assert_string_equal(text_of(line, "evil\"key\n\xEF\xBF\xBD"),
                        "\r\n\xEF\xBF\xBD\xEF\xBF\xBD end");
    assert_string_equal(text_of(line, ""), "\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD");
    assert_string_equal(text_of(line, "level"), "warn");
    arena_free(mem);
}

static void log_any_bytes(void *arg)
{
    const char *bytes = arg;
    log_info(bytes, LOG_TEXT("a", bytes), LOG_TEXT("b", bytes));
}

static void test_any_bytes_make_json(void **state)
{
    (void)state;
    uint64_t seed = 5;
    for (int round = 0; round < 300; round++) {
        arena *mem = arena_new();
        size_t len = next_number(&seed) % 3000;
        char *bytes = arena_alloc(mem, len + 1);
        for (size_t i = 0; i < len; i++) {
            bytes[i] = (char)(1 + (next_number(&seed) >> 40) % 255);
        }
        json_t *line = one_line(mem, log_any_bytes, bytes);
        char *cut = arena_strndup(mem, bytes, str_fit(bytes, len, 2000));
        assert_string_equal(text_of(line, "a"), str_clean(mem, cut));
        arena_free(mem);
    }
}

struct many {
    const char *text;
    struct log_field fields[30];
};

static void log_many(void *arg)
{
    const struct many *m = arg;
    log_write(LOG_INFO, m->text, m->fields, 30);
}

static void test_long_text_is_cut_and_worst_case_fits(void **state)
{
    (void)state;
    arena *mem = arena_new();
    struct many *m = arena_alloc(mem, sizeof *m);
    /* control characters: six bytes for each */
    char *worst = arena_alloc(mem, 10001);
    memset(worst, '\x01', 10000);
    m->text = worst;
    for (int i = 0; i < 30; i++) {
        /* names that differ within the first 2,000 bytes, and are as bad */
        m->fields[i] = LOG_TEXT(arena_printf(mem, "%d%s", i, worst), worst);
    }
    json_t *line = one_line(mem, log_many, m);
    assert_int_equal(json_object_size(line), 33);
    assert_int_equal(strlen(text_of(line, "message")), 2000);
    /* a character that would be halved at 2,000 is left out */
    char *text = arena_alloc(mem, 2100);
    memset(text, 'a', 1999);
    memcpy(text + 1999, "\xE2\x82\xACz", 4);
    json_t *cut = one_line(mem, log_any_bytes, text);
    assert_int_equal(strlen(text_of(cut, "message")), 1999);
    arena_free(mem);
}

static void log_each_level(void *arg)
{
    (void)arg;
    log_fields(LOG_DEBUG, "d", LOG_INT("n", 0));
    log_info("i", LOG_INT("n", 1));
    log_warn("w", LOG_INT("n", 2));
    log_fields(LOG_ERROR, "e", LOG_INT("n", 3));
}

static size_t lines_at(enum log_level level)
{
    arena *mem = arena_new();
    log_set_level(level);
    char **lines = lines_of(mem, capture_stderr(mem, log_each_level, NULL));
    log_set_level(LOG_INFO);
    size_t count = 0;
    while (lines[count] != NULL) {
        count++;
    }
    arena_free(mem);
    return count;
}

static void test_levels(void **state)
{
    (void)state;
    assert_int_equal(lines_at(LOG_DEBUG), 4);
    assert_int_equal(lines_at(LOG_INFO), 3);
    assert_int_equal(lines_at(LOG_WARN), 2);
    assert_int_equal(lines_at(LOG_ERROR), 1);
    assert_int_equal(log_level_of("debug", LOG_ERROR), LOG_DEBUG);
    assert_int_equal(log_level_of("WARN", LOG_ERROR), LOG_WARN);
    assert_int_equal(log_level_of("loud", LOG_ERROR), LOG_ERROR);
    assert_int_equal(log_level_of("", LOG_INFO), LOG_INFO);
    assert_int_equal(log_level_of(NULL, LOG_WARN), LOG_WARN);
}

static void log_an_error(void *arg)
{
    const struct log_field fields[] = {LOG_TEXT("job", "j1")};
    log_err(LOG_WARN, "job failed", arg, fields, 1);
}

static void test_error_line_and_its_count(void **state)
{
    (void)state;
    arena *mem = arena_new();
    struct err e;
    (void)err_set(&e, ERR_UPSTREAM_BUSY, "app_busy", "status %d\n", 503);
    json_t *line = one_line(mem, log_an_error, &e);
    assert_string_equal(text_of(line, "kind"), "upstream_busy");
    assert_string_equal(text_of(line, "code"), "app_busy");
    assert_string_equal(text_of(line, "text"), "status 503\n");
    assert_true(str_starts(text_of(line, "where"), __FILE__));
    assert_string_equal(text_of(line, "job"), "j1");
    /* counted also when the level is not shown */
    log_set_level(LOG_ERROR);
    assert_string_equal(capture_stderr(mem, log_an_error, &e), "");
    log_set_level(LOG_INFO);
    assert_non_null(
        strstr(metrics_render(mem), "workbot_errors_total{kind=\"upstream_busy\"} 2\n"));
    arena_free(mem);
}

static void *log_a_lot(void *arg)
{
    for (int i = 0; i < 500; i++) {
        log_info(arg, LOG_INT("i", i), LOG_TEXT("text", arg));
    }
    return NULL;
}

static void log_from_threads(void *arg)
{
    in_threads(8, log_a_lot, arg);
}

static void test_lines_of_threads_do_not_mix(void **state)
{
    (void)state;
    arena *mem = arena_new();
    char *text = arena_alloc(mem, 1501);
    memset(text, 'm', 1500);
    char **lines = lines_of(mem, capture_stderr(mem, log_from_threads, text));
    size_t count = 0;
    for (; lines[count] != NULL; count++) {
        json_t *line = arena_json(mem, json_loads(lines[count], JSON_REJECT_DUPLICATES, NULL));
        assert_string_equal(text_of(line, "message"), text);
    }
    assert_int_equal(count, 8 * 500);
    arena_free(mem);
}

static void log_to_nobody(void *arg)
{
    (void)arg;
    close(STDERR_FILENO);
    log_warn("nobody reads this", LOG_INT("n", 1));
}

static void test_a_closed_log_stops_nothing(void **state)
{
    (void)state;
    arena *mem = arena_new();
    assert_string_equal(capture_stderr(mem, log_to_nobody, NULL), "");
    arena_free(mem);
}

static _Atomic int64_t said_ms;
static atomic_int said;

static void *say_it(void *arg)
{
    (void)arg;
    for (int i = 0; i < 100; i++) {
        atomic_fetch_add(&said, log_due(&said_ms, 60 * 1000) ? 1 : 0);
    }
    return NULL;
}

static void test_what_thousands_cause_is_said_now_and_then(void **state)
{
    (void)state;
    in_threads(8, say_it, NULL);
    assert_int_equal(said, 1);
    said_ms -= 60 * 1000;
    in_threads(8, say_it, NULL);
    assert_int_equal(said, 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_line_has_typed_fields),
        cmocka_unit_test(test_line_without_fields),
        cmocka_unit_test(test_hostile_text_stays_one_line_of_json),
        cmocka_unit_test(test_any_bytes_make_json),
        cmocka_unit_test(test_long_text_is_cut_and_worst_case_fits),
        cmocka_unit_test(test_levels),
        cmocka_unit_test(test_error_line_and_its_count),
        cmocka_unit_test(test_lines_of_threads_do_not_mix),
        cmocka_unit_test(test_a_closed_log_stops_nothing),
        cmocka_unit_test(test_what_thousands_cause_is_said_now_and_then),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
