#include "db_int.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/die.h"

struct db_listener {
    arena *mem;
    struct conn_options connect;
    const char *channel;
    PGconn *conn; /* NULL: not listening */
    int stop_fd;
    int64_t retry_at_ms;
    int64_t backoff_ms;
};

enum { LISTEN_BACKOFF_FIRST_MS = 100, LISTEN_BACKOFF_MAX_MS = 5000 };

db_listener *db_listener_new(struct secret url, const char *channel)
{
    arena *mem = arena_new();
    db_listener *l = arena_alloc(mem, sizeof *l);
    l->mem = mem;
    l->connect.url = secret_new(mem, secret_reveal(url), url.len);
    l->channel = arena_strdup(mem, channel);
    l->stop_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (l->stop_fd < 0) {
        die("eventfd: error %d", errno);
    }
    return l;
}

static void hang_up(db_listener *l)
{
    PQfinish(l->conn);
    l->conn = NULL;
}

void db_listener_free(db_listener *l)
{
    if (l == NULL) {
        return;
    }
    hang_up(l);
    close(l->stop_fd);
    arena_free(l->mem);
}

void db_listener_stop(db_listener *l)
{
    if (eventfd_write(l->stop_fd, 1) != 0) {
        die("eventfd: error %d", errno);
    }
}

static bool start_listening(db_listener *l)
{
    struct err e;
    if (conn_open(&l->connect, &l->conn, &e) != 0) {
        return false;
    }
    char *name = PQescapeIdentifier(l->conn, l->channel, strlen(l->channel));
    arena *mem = arena_new();
    PGresult *r = name == NULL ? NULL : PQexec(l->conn, arena_printf(mem, "listen %s", name));
    bool listening = PQresultStatus(r) == PGRES_COMMAND_OK;
    PQclear(r);
    PQfreemem(name);
    arena_free(mem);
    if (!listening) {
        hang_up(l);
    }
    return listening;
}

static bool try_connect(db_listener *l)
{
    if (clock_mono_ms() < l->retry_at_ms) {
        return false;
    }
    if (start_listening(l)) {
        l->backoff_ms = 0;
        return true;
    }
    int64_t next = l->backoff_ms == 0 ? LISTEN_BACKOFF_FIRST_MS : l->backoff_ms * 2;
    l->backoff_ms = next < LISTEN_BACKOFF_MAX_MS ? next : LISTEN_BACKOFF_MAX_MS;
    l->retry_at_ms = clock_mono_ms() + l->backoff_ms;
    return false;
}

static bool take_notifications(db_listener *l)
{
    bool any = false;
    for (PGnotify *n = PQnotifies(l->conn); n != NULL; n = PQnotifies(l->conn)) {
        any = true;
        PQfreemem(n);
    }
    return any;
}

static int64_t smaller(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

/* One wait; true when there is something to tell. *ret_stopped when db_listener_stop was called. */
static bool wait_once(db_listener *l, int64_t until_ms, bool *ret_stopped)
{
    if (l->conn == NULL && try_connect(l)) {
        return true; /* what was notified in the meantime is unknown: look */
    }
    if (l->conn != NULL && take_notifications(l)) {
        return true;
    }
    int64_t wake_ms = l->conn == NULL ? smaller(until_ms, l->retry_at_ms) : until_ms;
    int64_t wait_ms = wake_ms - clock_mono_ms();
    struct pollfd fds[2] = {{.fd = l->stop_fd, .events = POLLIN},
                            {.fd = l->conn == NULL ? -1 : PQsocket(l->conn), .events = POLLIN}};
    (void)poll(fds, 2, wait_ms < 0 ? 0 : (int)smaller(wait_ms, 3600000));
    *ret_stopped = fds[0].revents != 0;
    if (fds[1].revents != 0 && PQconsumeInput(l->conn) == 0) {
        hang_up(l);
        l->retry_at_ms = 0;
    }
    return l->conn != NULL && take_notifications(l);
}

int db_listener_wait(db_listener *l, int64_t wait_ms)
{
    int64_t until_ms = clock_mono_ms() + wait_ms;
    bool stopped = false;
    do {
        if (wait_once(l, until_ms, &stopped)) {
            return 1;
        }
    } while (!stopped && clock_mono_ms() < until_ms);
    return 0;
}
