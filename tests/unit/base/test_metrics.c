#include <math.h>
#include <regex.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/metrics.h"
#include "base/str.h"
#include "tests/unit/base/helpers.h"

/* The value of the sample, which must stand in the text once. */
static double sample(const char *name)
{
    arena *mem = arena_new();
    char **lines = lines_of(mem, metrics_render(mem));
    const char *start = arena_printf(mem, "%s ", name);
    double value = 0;
    int found = 0;
    for (size_t i = 0; lines[i] != NULL; i++) {
        if (str_starts(lines[i], start)) {
            value = strtod(lines[i] + strlen(start), NULL);
            found++;
        }
    }
    arena_free(mem);
    assert_int_equal(found, 1);
    return value;
}

static void test_counters_and_gauges(void **state)
{
    (void)state;
    metric_add(METRIC_RUNS, "result=\"done\"", 2);
    metric_add(METRIC_RUNS, "result=\"failed\"", 1);
    char other_pointer[] = "result=\"done\"";
    metric_add(METRIC_RUNS, other_pointer, 40);
    metric_add(METRIC_RUNS, "result=\"done\"", 0);
    metric_add(METRIC_POSTS_REPEATED, NULL, 7);
    metric_add(METRIC_POSTS_REPEATED, "", 1);
    metric_set(METRIC_JOB_AGE, NULL, 100);
    metric_set(METRIC_JOB_AGE, NULL, -5);
    metric_set(METRIC_JOBS_WAITING, NULL, 3);
    metric_add(METRIC_JOBS_WAITING, NULL, -4);
    assert_true(sample("workbot_runs_total{result=\"done\"}") == 42);
    assert_true(sample("workbot_runs_total{result=\"failed\"}") == 1);
    assert_true(sample("workbot_posts_repeated_total") == 8);
    assert_true(sample("workbot_job_oldest_age_seconds") == -5);
    assert_true(sample("workbot_jobs_waiting") == -1);
}

static void test_histogram_bounds_are_inclusive(void **state)
{
    (void)state;
    metric_observe(METRIC_INTAKE_BATCH, NULL, 1);
    metric_observe(METRIC_INTAKE_BATCH, NULL, 2);
    metric_observe(METRIC_INTAKE_BATCH, NULL, 3);
    metric_observe(METRIC_INTAKE_BATCH, NULL, 1000);
    metric_observe(METRIC_INTAKE_BATCH, NULL, 1001);
    metric_observe(METRIC_INTAKE_BATCH, NULL, 0);
    assert_true(sample("workbot_intake_batch_events_bucket{le=\"1\"}") == 2);
    assert_true(sample("workbot_intake_batch_events_bucket{le=\"2\"}") == 3);
    assert_true(sample("workbot_intake_batch_events_bucket{le=\"5\"}") == 4);
    assert_true(sample("workbot_intake_batch_events_bucket{le=\"500\"}") == 4);
    assert_true(sample("workbot_intake_batch_events_bucket{le=\"1000\"}") == 5);
    assert_true(sample("workbot_intake_batch_events_bucket{le=\"+Inf\"}") == 6);
    assert_true(sample("workbot_intake_batch_events_count") == 6);
    assert_true(sample("workbot_intake_batch_events_sum") == 2007);
}

static void test_histogram_of_seconds(void **state)
{
    (void)state;
    static const char *const bounds[] = {"0.0005", "0.001", "0.0025", "0.005", "0.01", "0.025",
                                         "0.05",   "0.1",   "0.25",   "0.5",   "1",    "2.5",
                                         "5",      "10",    "30",     "+Inf"};
    arena *mem = arena_new();
    const size_t count = sizeof bounds / sizeof bounds[0];
    for (size_t i = 0; i < count; i++) {
        double value = i + 1 < count ? strtod(bounds[i], NULL) : 1e9;
        metric_observe(METRIC_HTTP_SECONDS, "route=\"x\",status=\"2xx\"", value);
    }
    for (size_t i = 0; i < count; i++) {
        double seen = sample(arena_printf(
            mem,
            "workbot_http_request_duration_seconds_bucket{route=\"x\",status=\"2xx\",le=\"%s\"}",
            bounds[i]));
        assert_true(seen == (double)(i + 1));
    }
    arena_free(mem);
}

static void test_absurd_observations_do_no_harm(void **state)
{
    (void)state;
    metric_observe(METRIC_DB_WAIT_SECONDS, NULL, NAN);
    metric_observe(METRIC_DB_WAIT_SECONDS, NULL, -1);
    metric_observe(METRIC_DB_WAIT_SECONDS, NULL, 0.25);
    assert_true(sample("workbot_db_checkout_wait_seconds_sum") == 0.25);
    assert_true(sample("workbot_db_checkout_wait_seconds_count") == 3);
}

static void test_label_sets_are_bounded(void **state)
{
    (void)state;
    /* they live as long as the process, as the header asks */
    enum { EXTRA = 16 };
    static char labels[METRIC_SERIES_MAX + EXTRA][24];
    for (int i = 0; i < METRIC_SERIES_MAX + EXTRA; i++) {
        (void)snprintf(labels[i], sizeof labels[i], "kind=\"k%d\"", i);
        metric_add(METRIC_JOBS, labels[i], 1);
    }
    for (int i = 0; i < METRIC_SERIES_MAX + EXTRA; i++) {
        metric_add(METRIC_JOBS, labels[i], 1);
    }
    assert_true(sample("workbot_jobs_total{kind=\"k0\"}") == 2);
    arena *mem = arena_new();
    const int last = METRIC_SERIES_MAX - 1;
    assert_true(sample(arena_printf(mem, "workbot_jobs_total{kind=\"k%d\"}", last)) == 2);
    assert_true(sample("workbot_jobs_total{overflow=\"true\"}") == 2 * EXTRA);
    assert_true(sample("workbot_metric_overflows_total") == 2 * EXTRA);
    assert_null(strstr(metrics_render(mem), arena_printf(mem, "k%d", METRIC_SERIES_MAX)));
    arena_free(mem);
}

enum { THREADS = 8, ROUNDS = 20000, SETS = 20 };

static void *count_a_lot(void *arg)
{
    (void)arg;
    /* every thread has texts of its own, so that all race to make the same rows; they stay for the
     * life of the process, reachable */
    static _Atomic int next_copy;
    static char copies[THREADS][SETS][24];
    int mine = next_copy++;
    for (int i = 0; i < SETS; i++) {
        (void)snprintf(copies[mine][i], sizeof copies[mine][i], "chat=\"c%d\"", i);
    }
    for (int i = 0; i < ROUNDS; i++) {
        metric_add(METRIC_EVENTS, copies[mine][i % SETS], 1);
        metric_observe(METRIC_UPSTREAM_SECONDS, copies[mine][i % 3], 0.5);
        if (i % 5000 == 0) {
            arena *mem = arena_new();
            assert_non_null(strstr(metrics_render(mem), "workbot_events_total{"));
            arena_free(mem);
        }
    }
    return NULL;
}

static void test_many_threads_lose_nothing(void **state)
{
    (void)state;
    in_threads(THREADS, count_a_lot, NULL);
    arena *mem = arena_new();
    for (int i = 0; i < SETS; i++) {
        const char *name = arena_printf(mem, "workbot_events_total{chat=\"c%d\"}", i);
        assert_true(sample(name) == (double)(THREADS * ROUNDS / SETS));
    }
    double count = 0;
    double sum = 0;
    for (int i = 0; i < 3; i++) {
        count += sample(
            arena_printf(mem, "workbot_upstream_request_duration_seconds_count{chat=\"c%d\"}", i));
        sum += sample(
            arena_printf(mem, "workbot_upstream_request_duration_seconds_sum{chat=\"c%d\"}", i));
    }
    assert_true(count == (double)(THREADS * ROUNDS));
    assert_true(sum == (double)(THREADS * ROUNDS) / 2);
    arena_free(mem);
}

static bool matches(const regex_t *form, const char *line)
{
    return regexec(form, line, 0, NULL, 0) == 0;
}

/* Every line has the form of the text format 0.0.4, and every sample stands under its own TYPE. */
static void test_text_is_well_formed(void **state)
{
    (void)state;
    arena *mem = arena_new();
    regex_t help;
    regex_t type;
    regex_t value;
    assert_int_equal(regcomp(&help, "^# HELP workbot_[a-z_]+ [ -~]+$", REG_EXTENDED | REG_NOSUB),
                     0);
    assert_int_equal(regcomp(&type, "^# TYPE workbot_[a-z_]+ (counter|gauge|histogram)$",
                             REG_EXTENDED | REG_NOSUB),
                     0);
    assert_int_equal(regcomp(&value,
                             "^workbot_[a-z_]+([{][a-z_]+=\"[^\"]*\"(,[a-z_]+=\"[^\"]*\")*[}])? "
                             "-?[0-9]+([.][0-9]+)?(e[+-]?[0-9]+)?$",
                             REG_EXTENDED | REG_NOSUB),
                     0);
    char **lines = lines_of(mem, metrics_render(mem));
    const char *family = "";
    int families = 0;
    int samples = 0;
    for (size_t i = 0; lines[i] != NULL; i++) {
        if (str_starts(lines[i], "# HELP ")) {
            assert_true(matches(&help, lines[i]));
            family = arena_strndup(mem, lines[i] + 7, strcspn(lines[i] + 7, " "));
            assert_true(matches(&type, lines[i + 1]));
            assert_true(str_starts(lines[i + 1], arena_printf(mem, "# TYPE %s ", family)));
            families++;
            i++;
            continue;
        }
        assert_true(matches(&value, lines[i]));
        assert_true(str_starts(lines[i], family));
        samples++;
    }
    assert_int_equal(families, METRIC_COUNT);
    assert_true(samples > 100);
    regfree(&help);
    regfree(&type);
    regfree(&value);
    arena_free(mem);
}

/* Walks the table: names follow the conventions that promtool checks. */
static void test_names_follow_the_conventions(void **state)
{
    (void)state;
#define ROW(id, type, name, help) {(type), (name), (help)},
    static const struct {
        enum metric_type type;
        const char *name;
        const char *help;
    } rows[] = {METRICS(ROW)};
#undef ROW
    for (size_t i = 0; i < METRIC_COUNT; i++) {
        assert_true(str_starts(rows[i].name, "workbot_"));
        assert_int_equal(rows[i].type == METRIC_COUNTER, str_ends(rows[i].name, "_total"));
        assert_false(str_empty(rows[i].help));
        for (size_t k = 0; k < i; k++) {
            assert_string_not_equal(rows[i].name, rows[k].name);
        }
    }
}

static void set_counter(void *arg)
{
    (void)arg;
    metric_set(METRIC_RUNS, NULL, 1);
}

static void lower_counter(void *arg)
{
    (void)arg;
    metric_add(METRIC_RUNS, NULL, -1);
}

static void add_histogram(void *arg)
{
    (void)arg;
    metric_add(METRIC_DB_SECONDS, NULL, 1);
}

static void observe_gauge(void *arg)
{
    (void)arg;
    metric_observe(METRIC_JOB_AGE, NULL, 1);
}

static void add_unknown(void *arg)
{
    (void)arg;
    metric_add(METRIC_COUNT, NULL, 1);
}

static void test_wrong_use_dies(void **state)
{
    (void)state;
    assert_true(dies(set_counter, NULL, "workbot_runs_total cannot be set"));
    assert_true(dies(lower_counter, NULL, "workbot_runs_total cannot be added to"));
    assert_true(dies(add_histogram, NULL, "cannot be added to"));
    assert_true(dies(observe_gauge, NULL, "takes no observation"));
    assert_true(dies(add_unknown, NULL, "does not exist"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_counters_and_gauges),
        cmocka_unit_test(test_histogram_bounds_are_inclusive),
        cmocka_unit_test(test_histogram_of_seconds),
        cmocka_unit_test(test_absurd_observations_do_no_harm),
        cmocka_unit_test(test_label_sets_are_bounded),
        cmocka_unit_test(test_many_threads_lose_nothing),
        cmocka_unit_test(test_text_is_well_formed),
        cmocka_unit_test(test_names_follow_the_conventions),
        cmocka_unit_test(test_wrong_use_dies),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
