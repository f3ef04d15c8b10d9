#ifndef WB_BASE_ERR_H
#define WB_BASE_ERR_H

#include <stdbool.h>
#include <stdint.h>

/*
 * What went wrong, once, for every reader: the HTTP status of an answer, the fate of a job and the
 * words of a user all follow from the kind. `code` is stable and documented; `text` is for the log
 * and the operator, never for a chat or a page.
 */

enum err_fate {
    FATE_STOP,  /* final: tell whoever asked */
    FATE_AGAIN, /* try again later, with back-off */
    FATE_PARK   /* wait for the user to log in */
};

/*        kind             HTTP  fate */
#define ERR_KINDS(X)                                                                               \
    X(ERR_NONE, 200, FATE_STOP)                                                                    \
    X(ERR_INPUT, 400, FATE_STOP)                                                                   \
    X(ERR_UNAUTHENTIC, 401, FATE_STOP)                                                             \
    X(ERR_FORBIDDEN, 403, FATE_STOP)                                                               \
    X(ERR_NOT_FOUND, 404, FATE_STOP)                                                               \
    X(ERR_CONFLICT, 409, FATE_STOP)                                                                \
    X(ERR_PRECONDITION, 412, FATE_STOP)                                                            \
    X(ERR_TOO_LARGE, 413, FATE_STOP)                                                               \
    X(ERR_MEDIA_TYPE, 415, FATE_STOP)                                                              \
    X(ERR_INVALID, 422, FATE_STOP)                                                                 \
    X(ERR_LIMIT, 429, FATE_AGAIN)                                                                  \
    X(ERR_LOGIN_NEEDED, 409, FATE_PARK)                                                            \
    X(ERR_ATTENTION, 409, FATE_STOP)                                                               \
    X(ERR_CONFIG, 500, FATE_STOP)                                                                  \
    X(ERR_UPSTREAM_REFUSED, 502, FATE_STOP)                                                        \
    X(ERR_UPSTREAM_BUSY, 503, FATE_AGAIN)                                                          \
    X(ERR_TIMEOUT, 504, FATE_AGAIN)                                                                \
    X(ERR_DATABASE, 503, FATE_AGAIN)                                                               \
    X(ERR_LEASE_LOST, 503, FATE_AGAIN)                                                             \
    X(ERR_INTERNAL, 500, FATE_AGAIN)

#define ERR_ENUM(kind, http, fate) kind,
enum err_kind { ERR_KINDS(ERR_ENUM) ERR_KIND_COUNT };
#undef ERR_ENUM

struct err {
    enum err_kind kind;
    const char *code;       /* static string: stable, documented in docs/errors.md */
    const char *where;      /* "file:line" where it was set */
    int64_t retry_after_ms; /* 0: not said */
    bool maybe_done;        /* a write was sent and its answer never came */
    char needed[80];        /* scopes that the caller lacks; "": not that, or not said */
    char text[240];
};

/* Fills *e (unless NULL) and returns -1, so that `return err_set(...)` is the whole error path. */
#define err_set(e, kind, code, ...)                                                                \
    err_set_at((e), (struct err_cause){(kind), (code), ERR_WHERE}, __VA_ARGS__)
#define ERR_STR2(x) #x
#define ERR_STR(x) ERR_STR2(x)
#define ERR_WHERE __FILE__ ":" ERR_STR(__LINE__)

struct err_cause {
    enum err_kind kind;
    const char *code;
    const char *where;
};

int err_set_at(struct err *e, struct err_cause cause, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* Puts context before the text of an error on its way up; returns -1. */
int err_wrap(struct err *e, const char *format, ...) __attribute__((format(printf, 2, 3)));

int err_http_status(enum err_kind kind);
enum err_fate err_fate(enum err_kind kind);
const char *err_kind_name(enum err_kind kind);  /* "limit", "upstream_busy": for logs */
const char *err_kind_label(enum err_kind kind); /* kind="limit": for metrics */

#endif
