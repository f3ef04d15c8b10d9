#include "console_chart.h"

#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "console_health_int.h"

/* How a workspace does: what needs somebody, what its runs came to, and how long its work waits. */

enum { LONG_S = 60 }; /* from here on a wait is noticed: the same as of the alert "work waits" */

static const struct span {
    const char *key, *label, *words, *by;
    int64_t back_s; /* to the begin of its first period */
} spans[] = {
    {"day", "24 hours", "in the last 24 hours", "hour", 23 * 3600},
    {"week", "7 days", "in the last 7 days", "day", 6 * 86400},
    {"month", "31 days", "in the last 31 days", "day", 30 * 86400},
};
enum { SPANS = sizeof spans / sizeof spans[0] };

static const struct chart_part results[] = {
    {{"done"}, "done", "done"},
    {{"failed"}, "failed", "failed"},
    {{"unknown"}, "with unknown outcome", "unknown"},
    {{"cancelled", "expired", "superseded"}, "cancelled, expired or replaced", "other"},
    {{"open"}, "still under way", "open"},
};
enum { RESULTS = sizeof results / sizeof results[0] };
static const struct chart_part wait = {{"queue_oldest_seconds"}, "was the longest wait", "wait"};

static int find_span(struct console *c, const struct span **ret, struct err *e)
{
    const char *key = NULL;
    if (request_query(c->q, "range", &key, e) != 0) {
        return -1;
    }
    *ret = &spans[0];
    for (size_t i = 0; i < SPANS; i++) {
        *ret = str_equal(spans[i].key, key) ? &spans[i] : *ret;
    }
    return 0;
}

static int ask_stats(struct console *c, const struct span *span, json_t **ret, struct err *e)
{
    struct console_answer a;
    struct str query = str_new(c->mem, 100);
    console_add_param(&query, "since", clock_rfc3339(c->mem, clock_now() - span->back_s));
    console_add_param(&query, "by", span->by);
    const struct console_call get = {
        .method = WB_GET, .handler = api_stats_get, .query = query.text};
    if (console_ask(c, &get, &a, e) != 0) {
        return -1;
    }
    *ret = a.value;
    return 0;
}

/* "14:00", or "22 Nov" of a day. */
static char *label_of(arena *mem, const char *from, bool hourly)
{
    char text[64];
    struct tm tm;
    int64_t at = 0;
    (void)clock_read_rfc3339(from, &at);
    time_t t = (time_t)at;
    gmtime_r(&t, &tm);
    if (hourly) {
        strftime(text, sizeof text, "%H:%M", &tm);
    } else {
        strftime(text, sizeof text, "%e %b", &tm);
    }
    return str_trim(mem, text);
}

static const char **labels_of(struct console *c, const struct span *span, const json_t *periods)
{
    size_t count = json_array_size(periods);
    const char **labels = arena_array(c->mem, count + 1, sizeof *labels);
    for (size_t i = 0; i < count; i++) {
        labels[i] = label_of(c->mem, json_text(json_array_get(periods, i), "from"),
                             str_equal(span->by, "hour"));
    }
    return labels;
}

/* --- the table behind the charts --- */

/* A day's begin is its day. */
static char *begin_of(struct console *c, const struct span *span, const json_t *period)
{
    char *text = console_time(c->mem, json_text(period, "from"));
    bool hourly = str_equal(span->by, "hour");
    return hourly ? text : arena_strndup(c->mem, text, strcspn(text, ","));
}

static json_t *line_of(struct console *c, const struct span *span, const struct chart *runs,
                       const json_t *period)
{
    json_t *cells = json_array();
    for (size_t i = 0; i < RESULTS; i++) {
        json_push(cells, json_words(chart_number(c->mem, chart_value(runs, &results[i], period))));
    }
    json_t *line = json_must(json_pack("{s:o}", "cells", cells));
    json_put_words(line, "when", begin_of(c, span, period));
    json_put_words(line, "waited",
                   chart_duration(c->mem, json_i64(period, "queue_oldest_seconds")));
    return line;
}

static void put_totals(struct console *c, const struct chart *runs, const json_t *periods,
                       json_t *data)
{
    struct str words = str_new(c->mem, 200);
    for (size_t p = 0; p < RESULTS; p++) {
        int64_t sum = 0;
        for (size_t i = 0; i < json_array_size(periods); i++) {
            sum += chart_value(runs, &results[p], json_array_get(periods, i));
        }
        if (sum > 0) {
            str_printf(&words, "%s%lld %s", words.len == 0 ? "" : ", ", (long long)sum,
                       results[p].label);
        }
    }
    json_put_words(data, "totals", words.text);
}

static void put_charts(struct console *c, const struct span *span, const json_t *periods,
                       json_t *data)
{
    const char **labels = labels_of(c, span, periods);
    const struct chart runs = {results, RESULTS, "runs", chart_number, labels};
    const struct chart queue = {&wait, 1, NULL, chart_duration, labels};
    json_t *lines = json_array(), *one = chart_json(c->mem, &runs, periods);
    if (one != NULL) {
        json_put(data, "runs_chart", one);
        put_totals(c, &runs, periods, data);
    }
    one = chart_json(c->mem, &queue, periods);
    if (one != NULL) {
        json_put(data, "queue_chart", one);
    }
    for (size_t i = 0; i < json_array_size(periods); i++) {
        json_push(lines, line_of(c, span, &runs, json_array_get(periods, i)));
    }
    json_put(data, "lines", lines);
}

static void put_spans(const struct console *c, const struct span *chosen, json_t *data)
{
    json_put(data, "spans", json_array());
    for (size_t i = 0; i < SPANS; i++) {
        json_push(json_member(data, "spans"),
                  json_must(json_pack("{s:s, s:s, s:b}", "label", spans[i].label, "href",
                                      console_path(c, "/health?range=%s", spans[i].key), "current",
                                      &spans[i] == chosen)));
    }
    json_put_words(data, "span", chosen->words);
}

void console_put_queue(struct console *c, const json_t *queue, json_t *data)
{
    int64_t waiting = json_i64(queue, "waiting"), oldest_s = json_i64(queue, "oldest_seconds");
    json_put(data, "waiting", json_boolean(waiting > 0));
    json_put(data, "waits_long", json_boolean(waiting > 0 && oldest_s >= LONG_S));
    json_put_words(
        data, "waiting_words",
        arena_printf(c->mem, waiting == 1 ? "One piece of work waits" : "%lld pieces of work wait",
                     (long long)waiting));
    json_put_words(data, "oldest", chart_duration(c->mem, oldest_s));
}

int console_health_page(struct console *c, struct err *e)
{
    const struct span *span = NULL;
    json_t *stats = NULL, *needs = NULL;
    json_t *data = arena_json(c->mem, json_object());
    if (find_span(c, &span, e) != 0 || ask_stats(c, span, &stats, e) != 0 ||
        console_needs(c, &needs, e) != 0) {
        return -1;
    }
    json_put(data, "needs", json_incref(needs));
    json_put(data, "any_need", json_boolean(json_array_size(needs) > 0));
    put_spans(c, span, data);
    console_put_queue(c, json_member(stats, "queue"), data);
    put_charts(c, span, json_member(stats, "periods"), data);
    const struct console_page page = {"console_health.html", "Health", "health", 200};
    return console_show(c, &page, json_incref(data), e);
}
