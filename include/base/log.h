#ifndef WB_BASE_LOG_H
#define WB_BASE_LOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

/*
 * One JSON object a line on standard error: time, level, message, typed fields. Only edges log
 * (router, job worker, main, threads); modules below return an error instead. A struct secret is
 * refused at compile time, since no LOG_ macro takes one.
 */
enum log_level { LOG_DEBUG, LOG_INFO, LOG_WARN, LOG_ERROR, LOG_LEVEL_COUNT };

enum log_type { LOG_TYPE_TEXT, LOG_TYPE_I64 };

struct log_field {
    const char *name;
    enum log_type type;
    const char *text;
    int64_t number;
};

#define LOG_TEXT(name, value) ((struct log_field){(name), LOG_TYPE_TEXT, (value), 0})
#define LOG_INT(name, value) ((struct log_field){(name), LOG_TYPE_I64, NULL, (int64_t)(value)})

#define log_fields(level, message, ...)                                                            \
    log_write((level), (message), (const struct log_field[]){__VA_ARGS__},                         \
              sizeof((const struct log_field[]){__VA_ARGS__}) / sizeof(struct log_field))
#define log_info(message, ...) log_fields(LOG_INFO, message, __VA_ARGS__)
#define log_warn(message, ...) log_fields(LOG_WARN, message, __VA_ARGS__)

void log_set_level(enum log_level level);
enum log_level log_level_of(const char *name, enum log_level absent);
/* Message and text are cut at 2,000 bytes; invalid UTF-8 is replaced. Thread-safe. */
void log_write(enum log_level level, const char *message, const struct log_field *fields,
               size_t count);
/* One line for an error: kind, code, where and text stand before the fields. Counts
 * workbot_errors_total by kind, whether or not the level is shown. */
void log_err(enum log_level level, const char *message, const struct err *e,
             const struct log_field *fields, size_t count);
/* Of what anybody can cause, or thousands at once: true for one caller in every_ms. *last_ms is a
 * static of the caller's, and begins as 0. */
bool log_due(_Atomic int64_t *last_ms, int64_t every_ms);

#endif
