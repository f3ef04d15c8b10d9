#include "base/log.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/metrics.h"
#include "base/str.h"

enum {
    TEXT_MAX = 2000,
    /* a byte becomes at most six, so that no line is cut within its syntax */
    FIELD_MAX = 2 * 6 * TEXT_MAX + 64
};

static const char *const LEVELS[LOG_LEVEL_COUNT] = {"debug", "info", "warn", "error"};

static _Atomic int lowest = LOG_INFO;

void log_set_level(enum log_level level)
{
    atomic_store_explicit(&lowest, (int)level, memory_order_relaxed);
}

enum log_level log_level_of(const char *name, enum log_level absent)
{
    for (int i = 0; i < LOG_LEVEL_COUNT; i++) {
        if (str_equal_fold(name, LEVELS[i])) {
            return (enum log_level)i;
        }
    }
    return absent;
}

static bool is_wanted(enum log_level level)
{
    return (int)level >= atomic_load_explicit(&lowest, memory_order_relaxed);
}

static void add_text(struct str *line, const char *text)
{
    if (text == NULL) {
        str_add(line, "null");
        return;
    }
    size_t len = strnlen(text, TEXT_MAX + 1);
    str_add_char(line, '"');
    str_add_json(line, text, str_fit(text, len, TEXT_MAX));
    str_add_char(line, '"');
}

static void add_field(struct str *line, const struct log_field *field)
{
    str_add_char(line, ',');
    add_text(line, field->name == NULL ? "" : field->name);
    str_add_char(line, ':');
    switch (field->type) {
    case LOG_TYPE_TEXT:
        add_text(line, field->text);
        break;
    case LOG_TYPE_I64:
        str_printf(line, "%lld", (long long)field->number);
        break;
    }
}

static void add_fields(struct str *line, const struct log_field *fields, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        add_field(line, &fields[i]);
    }
}

static struct str line_begin(arena *mem, enum log_level level, const char *message, size_t fields)
{
    struct timespec now = {0};
    struct tm t = {0};
    clock_gettime(CLOCK_REALTIME, &now);
    gmtime_r(&now.tv_sec, &t);
    struct str line = str_new(mem, (fields + 2) * FIELD_MAX);
    str_printf(&line, "{\"time\":\"%04d-%02d-%02dT%02d:%02d:%02d.%03ldZ\",\"level\":\"%s\"",
               t.tm_year + 1900, t.tm_mon + 1, t.tm_mday, t.tm_hour, t.tm_min, t.tm_sec,
               now.tv_nsec / 1000000, LEVELS[level]);
    str_add(&line, ",\"message\":");
    add_text(&line, message);
    return line;
}

/* When nobody reads, the line is lost: the log may not stop the service. */
static void write_all(const char *text, size_t left)
{
    while (left > 0) {
        ssize_t done = write(STDERR_FILENO, text, left);
        if (done < 0 && errno == EINTR) {
            continue;
        }
        if (done <= 0) {
            return;
        }
        text += done;
        left -= (size_t)done;
    }
}

/* The lock: a full pipe takes a line over PIPE_BUF in pieces, and another thread's line may come
 * between them. */
static void line_end(struct str *line)
{
    static pthread_mutex_t writing = PTHREAD_MUTEX_INITIALIZER;
    str_add(line, "}\n");
    pthread_mutex_lock(&writing);
    write_all(line->text, line->len);
    pthread_mutex_unlock(&writing);
}

void log_write(enum log_level level, const char *message, const struct log_field *fields,
               size_t count)
{
    if (!is_wanted(level)) {
        return;
    }
    arena *mem = arena_new();
    struct str line = line_begin(mem, level, message, count);
    add_fields(&line, fields, count);
    line_end(&line);
    arena_free(mem);
}

void log_err(enum log_level level, const char *message, const struct err *e,
             const struct log_field *fields, size_t count)
{
    metric_add(METRIC_ERRORS, err_kind_label(e->kind), 1);
    if (!is_wanted(level)) {
        return;
    }
    const struct log_field own[] = {
        LOG_TEXT("kind", err_kind_name(e->kind)),
        LOG_TEXT("code", e->code),
        LOG_TEXT("where", e->where),
        LOG_TEXT("text", e->text),
    };
    const size_t own_count = sizeof own / sizeof own[0];
    arena *mem = arena_new();
    struct str line = line_begin(mem, level, message, count + own_count);
    add_fields(&line, own, own_count);
    add_fields(&line, fields, count);
    line_end(&line);
    arena_free(mem);
}

bool log_due(_Atomic int64_t *last_ms, int64_t every_ms)
{
    int64_t last = atomic_load(last_ms), now = clock_mono_ms();
    return (last == 0 || now - last >= every_ms) &&
           atomic_compare_exchange_strong(last_ms, &last, now);
}
