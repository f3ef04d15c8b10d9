#include "base/err.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/die.h"

struct kind_row {
    int http;
    enum err_fate fate;
};

#define ROW(kind, http, fate) [kind] = {(http), (fate)},
static const struct kind_row KINDS[ERR_KIND_COUNT] = {ERR_KINDS(ROW)};
#undef ROW

struct kind_name {
    const char *name;
    const char *label;
};

#define NAME(kind, name) [kind] = {(name), "kind=\"" name "\""}
static const struct kind_name NAMES[ERR_KIND_COUNT] = {
    NAME(ERR_NONE, "none"),
    NAME(ERR_INPUT, "input"),
    NAME(ERR_UNAUTHENTIC, "unauthentic"),
    NAME(ERR_FORBIDDEN, "forbidden"),
    NAME(ERR_NOT_FOUND, "not_found"),
    NAME(ERR_CONFLICT, "conflict"),
    NAME(ERR_PRECONDITION, "precondition"),
    NAME(ERR_TOO_LARGE, "too_large"),
    NAME(ERR_MEDIA_TYPE, "media_type"),
    NAME(ERR_INVALID, "invalid"),
    NAME(ERR_LIMIT, "limit"),
    NAME(ERR_LOGIN_NEEDED, "login_needed"),
    NAME(ERR_ATTENTION, "attention"),
    NAME(ERR_CONFIG, "config"),
    NAME(ERR_UPSTREAM_REFUSED, "upstream_refused"),
    NAME(ERR_UPSTREAM_BUSY, "upstream_busy"),
    NAME(ERR_TIMEOUT, "timeout"),
    NAME(ERR_DATABASE, "database"),
    NAME(ERR_LEASE_LOST, "lease_lost"),
    NAME(ERR_INTERNAL, "internal"),
};

static enum err_kind checked(enum err_kind kind)
{
    if ((unsigned)kind >= ERR_KIND_COUNT) {
        die("error kind %u does not exist", (unsigned)kind);
    }
    return kind;
}

int err_set_at(struct err *e, struct err_cause cause, const char *format, ...)
{
    if (checked(cause.kind) == ERR_NONE) {
        die("an error without a kind at %s", cause.where);
    }
    if (e == NULL) {
        return -1;
    }
    /* made apart first: an argument may be the old text */
    struct err made = {.kind = cause.kind, .code = cause.code, .where = cause.where};
    va_list args;
    va_start(args, format);
    (void)vsnprintf(made.text, sizeof made.text, format, args);
    va_end(args);
    *e = made;
    return -1;
}

int err_wrap(struct err *e, const char *format, ...)
{
    if (e == NULL) {
        return -1;
    }
    char context[sizeof e->text];
    char made[2 * sizeof e->text + 2];
    va_list args;
    va_start(args, format);
    (void)vsnprintf(context, sizeof context, format, args);
    va_end(args);
    (void)snprintf(made, sizeof made, "%s: %s", context, e->text);
    memcpy(e->text, made, sizeof e->text - 1);
    e->text[sizeof e->text - 1] = '\0';
    return -1;
}

int err_http_status(enum err_kind kind)
{
    return KINDS[checked(kind)].http;
}

enum err_fate err_fate(enum err_kind kind)
{
    return KINDS[checked(kind)].fate;
}

const char *err_kind_name(enum err_kind kind)
{
    return NAMES[checked(kind)].name;
}

const char *err_kind_label(enum err_kind kind)
{
    return NAMES[checked(kind)].label;
}
