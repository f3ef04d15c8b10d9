#include "db_int.h"

#include <poll.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/str.h"

/* Before the URI in the list: the URI may say otherwise. libpq knows no smaller time than 2 s and
 * counts it for each host. */
#define CONNECT_TIMEOUT "3"
/* A peer that vanished without a word is noticed after half a minute. */
#define TCP_USER_TIMEOUT_MS "30000"

enum { PARAMETERS_MAX = 12, DRAIN_READS = 4 };

struct parameters {
    const char *keys[PARAMETERS_MAX + 1];
    const char *values[PARAMETERS_MAX + 1];
    size_t count;
};

static void ignore_notice(void *arg, const PGresult *result)
{
    (void)arg;
    (void)result; /* libpq would print it to standard error */
}

static void parameter(struct parameters *p, const char *key, const char *value)
{
    p->keys[p->count] = key;
    p->values[p->count] = value;
    p->count++;
}

/* The URI's own `options`, so that ours are put before them and not in their place. */
static int own_options(arena *mem, const char *url, const char **ret, struct err *e)
{
    PQconninfoOption *list = PQconninfoParse(url, NULL);
    if (list == NULL) {
        return err_set(e, ERR_CONFIG, "database_url", "the database URL is not a libpq URI");
    }
    const char *found = "";
    for (const PQconninfoOption *o = list; o->keyword != NULL; o++) {
        if (str_equal(o->keyword, "options") && o->val != NULL) {
            found = arena_strdup(mem, o->val);
        }
    }
    PQconninfoFree(list);
    *ret = found;
    return 0;
}

static int collect_parameters(arena *mem, const struct conn_options *o, struct parameters *ret,
                              struct err *e)
{
    const char *url = secret_reveal(o->url);
    const char *options = "";
    if (own_options(mem, url, &options, e) != 0) {
        return -1;
    }
    parameter(ret, "connect_timeout", CONNECT_TIMEOUT);
    parameter(ret, "keepalives_idle", "30");
    parameter(ret, "keepalives_interval", "10");
    parameter(ret, "keepalives_count", "3");
    parameter(ret, "tcp_user_timeout", TCP_USER_TIMEOUT_MS);
    parameter(ret, "application_name", "workbot");
    parameter(ret, "dbname", url);
    parameter(ret, "client_encoding", "UTF8");
    if (o->startup_settings) {
        parameter(ret, "options",
                  arena_printf(mem,
                               "-c statement_timeout=%lld "
                               "-c idle_in_transaction_session_timeout=%d %s",
                               (long long)o->statement_ms, IDLE_IN_TRANSACTION_MS, options));
    }
    return 0;
}

void conn_text(const PGconn *conn, char *ret, size_t size)
{
    snprintf(ret, size, "%s", PQerrorMessage(conn));
    size_t len = strlen(ret);
    while (len > 0 && ret[len - 1] == '\n') {
        ret[--len] = '\0';
    }
    for (char *c = ret; *c != '\0'; c++) {
        if (*c == '\n' || *c == '\t') {
            *c = ' ';
        }
    }
}

int conn_open(const struct conn_options *o, PGconn **ret, struct err *e)
{
    arena *mem = arena_new();
    struct parameters p = {.count = 0};
    if (collect_parameters(mem, o, &p, e) != 0) {
        arena_free(mem);
        return -1;
    }
    PGconn *conn = PQconnectdbParams(p.keys, p.values, 1);
    arena_free(mem);
    if (PQstatus(conn) != CONNECTION_OK) {
        char text[200];
        conn_text(conn, text, sizeof text);
        PQfinish(conn);
        return err_set(e, ERR_DATABASE, "db_away", "%s", text);
    }
    PQsetNoticeReceiver(conn, ignore_notice, NULL);
    *ret = conn;
    return 0;
}

bool conn_alive(PGconn *conn)
{
    struct pollfd fd = {.fd = PQsocket(conn), .events = POLLIN};
    /* Nothing was asked, so what can be read is a hang-up, or a notice that is read and dropped.
     * A farewell and the end of the stream take one read each. */
    for (int i = 0; i < DRAIN_READS && fd.fd >= 0 && poll(&fd, 1, 0) > 0; i++) {
        if (PQconsumeInput(conn) == 0) {
            return false;
        }
        (void)PQisBusy(conn);
    }
    return PQstatus(conn) == CONNECTION_OK;
}

static int remaining_ms(int64_t deadline_us)
{
    if (deadline_us == 0) {
        return -1;
    }
    int64_t left = deadline_us - clock_mono_us();
    return left <= 0 ? 0 : (int)(left / 1000 + 1);
}

int conn_wait(PGconn *conn, int64_t deadline_us)
{
    for (;;) {
        int unsent = PQflush(conn);
        if (unsent < 0 || PQisBusy(conn) == 0) {
            return 0;
        }
        int wait_ms = remaining_ms(deadline_us);
        struct pollfd fd = {.fd = PQsocket(conn), .events = POLLIN};
        if (unsent > 0) {
            fd.events |= POLLOUT;
        }
        if (wait_ms == 0) {
            return -1;
        }
        (void)poll(&fd, 1, wait_ms);
        if ((fd.revents & ~POLLOUT) != 0 && PQconsumeInput(conn) == 0) {
            return 0;
        }
    }
}
