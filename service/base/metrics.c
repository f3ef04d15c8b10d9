#include "base/metrics.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <string.h>

#include "base/die.h"
#include "base/str.h"

enum {
    SERIES_MAX = METRIC_SERIES_MAX, /* further label sets share the last row */
    BUCKETS_MAX = 16,               /* with +Inf */
    RENDER_MAX = 8 << 20
};

struct row {
    enum metric_type type;
    const char *name;
    const char *help;
};

#define ROW(id, type, name, help) [id] = {(type), (name), (help)},
static const struct row ROWS[METRIC_COUNT] = {METRICS(ROW)};
#undef ROW

/* Upper bounds of histograms, without +Inf. */
static const double SECONDS[] = {0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1,
                                 0.25,   0.5,   1,      2.5,   5,    10,    30};
static const double UNITS[] = {1, 2, 5, 10, 20, 50, 100, 200, 500, 1000};

struct bounds {
    const double *list;
    size_t count;
};

struct series {
    const char *labels; /* set before `used` counts this row, never changed after */
    _Atomic int64_t value;
    _Atomic double sum;
    _Atomic uint64_t buckets[BUCKETS_MAX];
};

static struct table {
    atomic_size_t used;
    struct series list[SERIES_MAX + 1];
} tables[METRIC_COUNT];

static pthread_mutex_t new_series = PTHREAD_MUTEX_INITIALIZER;

static const struct row *row_of(enum metric m)
{
    if ((unsigned)m >= METRIC_COUNT) {
        die("metric %u does not exist", (unsigned)m);
    }
    return &ROWS[m];
}

static struct bounds bounds_of(const struct row *row)
{
    if (str_ends(row->name, "_seconds")) {
        return (struct bounds){SECONDS, sizeof SECONDS / sizeof SECONDS[0]};
    }
    return (struct bounds){UNITS, sizeof UNITS / sizeof UNITS[0]};
}

static struct series *find(struct table *t, const char *labels, size_t from, size_t used)
{
    for (size_t i = from; i < used; i++) {
        if (t->list[i].labels == labels) {
            return &t->list[i];
        }
    }
    for (size_t i = from; i < used; i++) {
        if (strcmp(t->list[i].labels, labels) == 0) {
            return &t->list[i];
        }
    }
    return NULL;
}

static struct series *add_series(struct table *t, const char *labels, size_t seen)
{
    pthread_mutex_lock(&new_series);
    size_t used = atomic_load_explicit(&t->used, memory_order_relaxed);
    struct series *s = find(t, labels, seen, used);
    if (s == NULL && used > SERIES_MAX) {
        s = &t->list[SERIES_MAX];
    }
    if (s == NULL) {
        s = &t->list[used];
        s->labels = used == SERIES_MAX ? "overflow=\"true\"" : labels;
        atomic_store_explicit(&t->used, used + 1, memory_order_release);
    }
    pthread_mutex_unlock(&new_series);
    return s;
}

static struct series *series_of(enum metric m, const char *labels)
{
    struct table *t = &tables[m];
    const char *text = labels == NULL ? "" : labels;
    size_t used = atomic_load_explicit(&t->used, memory_order_acquire);
    struct series *s = find(t, text, 0, used);
    s = s != NULL ? s : add_series(t, text, used);
    if (s == &t->list[SERIES_MAX] && m != METRIC_OVERFLOWS) {
        metric_add(METRIC_OVERFLOWS, NULL, 1);
    }
    return s;
}

void metric_add(enum metric m, const char *labels, int64_t n)
{
    const struct row *row = row_of(m);
    if (row->type == METRIC_HISTOGRAM || (row->type == METRIC_COUNTER && n < 0)) {
        die("%s cannot be added to", row->name);
    }
    atomic_fetch_add_explicit(&series_of(m, labels)->value, n, memory_order_relaxed);
}

void metric_set(enum metric m, const char *labels, int64_t value)
{
    const struct row *row = row_of(m);
    if (row->type != METRIC_GAUGE) {
        die("%s cannot be set", row->name);
    }
    atomic_store_explicit(&series_of(m, labels)->value, value, memory_order_relaxed);
}

void metric_observe(enum metric m, const char *labels, double value)
{
    const struct row *row = row_of(m);
    if (row->type != METRIC_HISTOGRAM) {
        die("%s takes no observation", row->name);
    }
    /* a clock's or a caller's slip must not spoil the sum for ever; also catches NaN */
    double sane = value >= 0 ? value : 0;
    struct bounds b = bounds_of(row);
    size_t bucket = 0;
    while (bucket < b.count && sane > b.list[bucket]) {
        bucket++;
    }
    struct series *s = series_of(m, labels);
    atomic_fetch_add_explicit(&s->buckets[bucket], 1, memory_order_relaxed);
    double sum = atomic_load_explicit(&s->sum, memory_order_relaxed);
    while (!atomic_compare_exchange_weak_explicit(&s->sum, &sum, sum + sane, memory_order_relaxed,
                                                  memory_order_relaxed)) {
    }
}

/* name_suffix{labels,le="bound"} with as few of its parts as there are. */
static void render_name(struct str *out, const struct row *row, const char *suffix,
                        const char *labels, const char *bound)
{
    str_add(out, row->name);
    str_add(out, suffix);
    if (*labels == '\0' && bound == NULL) {
        str_add_char(out, ' ');
        return;
    }
    str_add_char(out, '{');
    str_add(out, labels);
    if (bound != NULL) {
        str_add(out, *labels == '\0' ? "le=\"" : ",le=\"");
        str_add(out, bound);
        str_add_char(out, '"');
    }
    str_add(out, "} ");
}

static void render_histogram(struct str *out, const struct row *row, struct series *s)
{
    struct bounds b = bounds_of(row);
    uint64_t count = 0;
    for (size_t i = 0; i <= b.count; i++) {
        const char *bound = i < b.count ? arena_printf(out->mem, "%g", b.list[i]) : "+Inf";
        count += atomic_load_explicit(&s->buckets[i], memory_order_relaxed);
        render_name(out, row, "_bucket", s->labels, bound);
        str_printf(out, "%llu\n", (unsigned long long)count);
    }
    render_name(out, row, "_sum", s->labels, NULL);
    str_printf(out, "%.15g\n", atomic_load_explicit(&s->sum, memory_order_relaxed));
    render_name(out, row, "_count", s->labels, NULL);
    str_printf(out, "%llu\n", (unsigned long long)count);
}

static void render_series(struct str *out, const struct row *row, struct series *s)
{
    if (row->type == METRIC_HISTOGRAM) {
        render_histogram(out, row, s);
        return;
    }
    long long value = atomic_load_explicit(&s->value, memory_order_relaxed);
    render_name(out, row, "", s->labels, NULL);
    str_printf(out, "%lld\n", value);
}

char *metrics_render(arena *mem)
{
    static const char *const types[] = {"counter", "gauge", "histogram"};
    struct str out = str_new(mem, RENDER_MAX);
    for (size_t m = 0; m < METRIC_COUNT; m++) {
        const struct row *row = &ROWS[m];
        str_printf(&out, "# HELP %s %s\n# TYPE %s %s\n", row->name, row->help, row->name,
                   types[row->type]);
        size_t used = atomic_load_explicit(&tables[m].used, memory_order_acquire);
        for (size_t i = 0; i < used; i++) {
            render_series(&out, row, &tables[m].list[i]);
        }
    }
    return out.text;
}
