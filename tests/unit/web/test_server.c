#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/die.h"
#include "base/metrics.h"
#include "base/str.h"
#include "service/web/server_int.h"
#include "tests/unit/web/client.h"

/*
 * The server over real sockets, with a table of routes of its own: this file defines
 * router_routes(), so the linker leaves the service's table out. The database is a port that
 * accepts and never answers: what is handed to the intake stays suspended.
 *
 * The traps of libmicrohttpd are marked with their letters: (a) stopping while a connection is
 * suspended aborts the process, (b) timeouts do not run while suspended, (c) a hang-up is noticed
 * only after the resume, (d) suspended connections count against the limit, (e) the handler's URL
 * is decoded.
 */

enum { ECHO_MAX = 1000 };

static arena *boot;
static web *server;
static struct config config;
static db_pool *database;
static stores *rows_of;
static int silent_fd; /* listens, never accepts: the database that does not answer */

static struct {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    bool open;  /* blocked handlers may go on */
    int inside; /* handlers that are blocked now */
    int passed; /* handlers that have gone on */
} gate = {PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, false, 0, 0};

static void gate_set(bool open)
{
    pthread_mutex_lock(&gate.lock);
    gate.open = open;
    pthread_cond_broadcast(&gate.changed);
    pthread_mutex_unlock(&gate.lock);
}

static bool gate_wait(const int *count, int at_least)
{
    struct timespec end;
    clock_gettime(CLOCK_REALTIME, &end);
    end.tv_sec += 20;
    int waited = 0;
    pthread_mutex_lock(&gate.lock);
    while (*count < at_least && waited == 0) {
        waited = pthread_cond_timedwait(&gate.changed, &gate.lock, &end);
    }
    bool reached = *count >= at_least;
    pthread_mutex_unlock(&gate.lock);
    return reached;
}

static int block_handler(web *w, const struct request *q, struct response *r, struct err *e)
{
    (void)w;
    (void)e;
    pthread_mutex_lock(&gate.lock);
    gate.inside++;
    pthread_cond_broadcast(&gate.changed);
    while (!gate.open) {
        pthread_cond_wait(&gate.changed, &gate.lock);
    }
    gate.inside--;
    gate.passed++;
    pthread_cond_broadcast(&gate.changed);
    pthread_mutex_unlock(&gate.lock);
    respond_text(r, 200, arena_printf(q->mem, "passed %s", request_header(q, "Host", NULL)));
    return 0;
}

static int echo_handler(web *w, const struct request *q, struct response *r, struct err *e)
{
    (void)w;
    (void)e;
    const char *said = q->body.len == 0 ? "" : (const char *)q->body.data;
    respond_text(r, 200, arena_strndup(q->mem, said, q->body.len));
    return 0;
}

/* More than any socket takes at once. */
static int much_handler(web *w, const struct request *q, struct response *r, struct err *e)
{
    static uint8_t much[16 * 1024 * 1024];
    (void)w;
    (void)q;
    (void)e;
    respond_text(r, 200, "");
    r->body = (struct bytes){much, sizeof much};
    return 0;
}

static int param_handler(web *w, const struct request *q, struct response *r, struct err *e)
{
    (void)w;
    if (str_equal(q->params[0], "fail")) {
        return err_set(e, ERR_INTERNAL, "test_fault", "CANARY-fault");
    }
    respond_text(r, 200, arena_printf(q->mem, "%s|%s|%s", q->params[0], q->query, q->remote));
    return 0;
}

static int store_handler(web *w, const struct request *q, struct response *r, struct err *e)
{
    (void)w;
    (void)e;
    struct job_seed *seed = arena_alloc(q->mem, sizeof *seed);
    *seed = (struct job_seed){.workspace = "slack:T1", .id = id_new(), .sealed = q->body};
    respond_empty(r, 200);
    r->store = seed;
    return 0;
}

const struct route *router_routes(size_t *ret_count)
{
    static const struct route table[] = {
        {WB_GET, "/block", ROUTE_WORKER, LISTEN_MAIN, GATE_NONE, 0, block_handler, "block", 0},
        {WB_GET, "/call", ROUTE_CALLER, LISTEN_MAIN, GATE_NONE, 0, block_handler, "call", 0},
        {WB_GET, "/call/{x}", ROUTE_CALLER, LISTEN_MAIN, GATE_NONE, 0, block_handler, "other", 0},
        {WB_POST, "/echo", ROUTE_WORKER, LISTEN_MAIN, GATE_NONE, ECHO_MAX, echo_handler, "echo", 0},
        {WB_POST, "/much", ROUTE_WORKER, LISTEN_MAIN, GATE_NONE, ECHO_MAX, much_handler, "much", 0},
        {WB_GET, "/p/{x}", ROUTE_INLINE, LISTEN_MAIN, GATE_NONE, 0, param_handler, "param", 0},
        {WB_GET, "/v1/p/{x}", ROUTE_WORKER, LISTEN_API, GATE_API, 0, param_handler, "api", 0},
        {WB_POST, "/store", ROUTE_INTAKE, LISTEN_MAIN, GATE_NONE, ECHO_MAX, store_handler, "store",
         0},
        {WB_GET, "/inside", ROUTE_INLINE, LISTEN_OPS, GATE_NONE, 0, ops_healthz, "inside", 0},
    };
    *ret_count = sizeof table / sizeof table[0];
    return table;
}

static int listen_silently(int *ret_port)
{
    struct err e = {0};
    int fd = -1;
    if (listen_open(boot, "127.0.0.1:0", &fd, ret_port, &e) != 0) {
        die("%s", e.text);
    }
    return fd;
}

static int setup(void **state)
{
    static const char *proxies[] = {"127.0.0.1"};
    int port = 0;
    struct err e = {0};
    (void)state;
    boot = arena_new();
    silent_fd = listen_silently(&port);
    const char *url = arena_printf(boot, "postgresql://x@127.0.0.1:%d/x", port);
    config = (struct config){.listen = "127.0.0.1:0",
                             .ops_listen = "127.0.0.1:0",
                             .public_url = "http://127.0.0.1",
                             .trusted_proxies = {proxies, 1},
                             .public_is_loopback = true};
    database = db_pool_new(&(struct db_options){
        .url = secret_of(boot, url), .connections = 2, .wait_ms = 1000, .statement_ms = 1000});
    rows_of = stores_new(database, NULL);
    gate_set(false);
    gate.passed = 0;
    struct web_options options = {.config = &config, .stores = rows_of, .serve_web = true};
    if (web_start(boot, &options, &server, &e) != 0) {
        die("%s", e.text);
    }
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    gate_set(true);
    if (silent_fd >= 0) {
        close(silent_fd); /* resets what waits for the database */
    }
    if (server != NULL) {
        web_stop(server, 2000);
    }
    server = NULL;
    stores_free(rows_of);
    db_pool_free(database);
    arena_free(boot);
    return 0;
}

static int main_port(void)
{
    return web_port(server, "main");
}

static int start_block(void)
{
    int fd = client_connect(main_port());
    client_say(fd, "GET /block HTTP/1.1\r\nHost: me\r\n\r\n");
    return fd;
}

/* A browser at a page that calls out. */
static int start_call(void)
{
    int fd = client_connect(main_port());
    client_say(fd, "GET /call HTTP/1.1\r\nHost: me\r\nAccept: text/html\r\n\r\n");
    return fd;
}

/* Are so many calls suspended? */
static bool is_waiting(int count)
{
    struct watch *w = &server->server->watch;
    struct call *c = NULL;
    pthread_mutex_lock(&w->lock);
    TAILQ_FOREACH(c, &w->calls, entry)
    {
        count--;
    }
    pthread_mutex_unlock(&w->lock);
    return count <= 0;
}

static void wait_for_calls(int count)
{
    int64_t end_ms = clock_mono_ms() + 20000;
    while (atomic_load(&server->server->calls) < count) {
        assert_true(clock_mono_ms() < end_ms);
        nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
    }
}

/* Of one more than there is room for one is refused, and which is for the threads that accept them
 * to say: it is closed, and is the last of the list. */
static struct reply refused_of(int *fds, nfds_t count)
{
    struct pollfd asked[POOL_WORKERS + POOL_QUEUE + 1];
    assert_true(count <= sizeof asked / sizeof asked[0]);
    for (nfds_t i = 0; i < count; i++) {
        asked[i] = (struct pollfd){.fd = fds[i], .events = POLLIN};
    }
    assert_int_equal(poll(asked, count, 20000), 1);
    nfds_t at = 0;
    while (asked[at].revents == 0) {
        at++;
    }
    struct reply r = client_read(fds[at], 5000);
    close(fds[at]);
    fds[at] = fds[count - 1];
    return r;
}

static bool no_call_is_left(int64_t wait_ms)
{
    int64_t end_ms = clock_mono_ms() + wait_ms;
    while (atomic_load(&server->server->calls) > 0 && clock_mono_ms() < end_ms) {
        nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
    }
    return atomic_load(&server->server->calls) == 0;
}

/* --- suspending --- */

static void *stop_slowly(void *unused)
{
    web_stop(server, 20000);
    return unused;
}

static void *stop_main(void *unused)
{
    web_stop(server, 300);
    return unused;
}

static void test_trap_a_stop_answers_suspended_connections(void **state)
{
    (void)state;
    int fds[3];
    for (int i = 0; i < 3; i++) {
        fds[i] = start_block();
    }
    assert_true(gate_wait(&gate.inside, 3));
    pthread_t stopper;
    assert_int_equal(pthread_create(&stopper, NULL, stop_main, NULL), 0);
    for (int i = 0; i < 3; i++) {
        struct reply r = client_read(fds[i], 5000); /* drained for 300 ms, then given up */
        assert_int_equal(r.status, 503);
        assert_string_equal(reply_header(&r, "Connection"), "close");
        assert_true(client_is_closed(fds[i], 2000));
        close(fds[i]);
    }
    gate_set(true); /* the workers come too late and find nobody */
    pthread_join(stopper, NULL);
    assert_int_equal(gate.passed, 3);
    server = NULL;
}

static void test_stop_lets_running_requests_end(void **state)
{
    (void)state;
    int fd = start_block();
    assert_true(gate_wait(&gate.inside, 1));
    pthread_t stopper;
    assert_int_equal(pthread_create(&stopper, NULL, stop_slowly, NULL), 0);
    while (!web_draining(server)) {
        nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
    }
    gate_set(true);
    struct reply r = client_read(fd, 5000);
    assert_int_equal(r.status, 200);
    assert_string_equal(reply_header(&r, "Connection"), "close");
    close(fd);
    int64_t began_ms = clock_mono_ms();
    pthread_join(stopper, NULL);
    assert_true(clock_mono_ms() - began_ms < 5000); /* not the whole drain */
    server = NULL;
}

static bool intake_has_failed(void)
{
    arena *mem = arena_new();
    bool failed = strstr(metrics_render(mem), "workbot_errors_total{kind=\"intake\"}") != NULL;
    arena_free(mem);
    return failed;
}

/* Our own clock: a webhook that waits for a database that says nothing is answered in time for the
 * platform to send it again, once, and the writer's late end touches nothing. */
static void test_trap_b_a_suspended_webhook_has_a_deadline(void **state)
{
    (void)state;
    int fd = client_connect(main_port());
    int64_t began_ms = clock_mono_ms();
    client_say(fd, "POST /store HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{}");
    struct reply r = client_read(fd, 10000);
    int64_t took_ms = clock_mono_ms() - began_ms;
    assert_int_equal(r.status, 503);
    assert_non_null(reply_header(&r, "Retry-After"));
    assert_true(took_ms >= 2000 && took_ms < 3000);
    assert_non_null(strstr(r.body, "\"late\""));
    /* the connection lives on and waits for something else; the writer, whose database goes away
     * now, comes too late and must not resume that */
    client_say(fd, "GET /block HTTP/1.1\r\nHost: me\r\n\r\n");
    assert_true(gate_wait(&gate.inside, 1));
    close(silent_fd);
    silent_fd = -1;
    while (!intake_has_failed()) {
        nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
    }
    assert_false(client_is_closed(fd, 300));
    gate_set(true);
    r = client_read(fd, 5000);
    assert_int_equal(r.status, 200);
    assert_string_equal(r.body, "passed me");
    close(fd);
}

static void test_trap_c_a_client_that_hangs_up_while_suspended(void **state)
{
    (void)state;
    for (int i = 0; i < 3; i++) {
        int fd = start_block();
        assert_true(gate_wait(&gate.inside, i + 1));
        struct linger now = {1, 0};
        if (i == 1) {
            setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof now); /* a reset */
        }
        close(fd);
    }
    gate_set(true);
    assert_true(gate_wait(&gate.passed, 3));
    assert_true(no_call_is_left(5000));
    assert_int_equal(client_call(main_port(), "GET /p/a HTTP/1.1", NULL).status, 200);
}

/* P13, P14: with the queue full the next one is refused at once, and a route that needs no worker
 * still answers. */
static void test_trap_d_suspended_connections_leave_room(void **state)
{
    (void)state;
    enum { FULL = POOL_WORKERS + POOL_QUEUE };
    static int fds[FULL + 1];
    for (int i = 0; i < POOL_WORKERS; i++) {
        fds[i] = start_block();
    }
    assert_true(gate_wait(&gate.inside, POOL_WORKERS));
    for (int i = POOL_WORKERS; i <= FULL; i++) {
        fds[i] = start_block();
    }
    struct reply r = refused_of(fds, FULL + 1);
    assert_int_equal(r.status, 503);
    assert_non_null(reply_header(&r, "Retry-After"));
    assert_int_equal(client_call(main_port(), "GET /p/a HTTP/1.1", NULL).status, 200);
    gate_set(true);
    for (int i = 0; i < FULL; i++) {
        assert_int_equal(client_read(fds[i], 10000).status, 200);
        close(fds[i]);
    }
}

/* Each place where a call can stand suspended is one that a connection is counted for. */
static void test_trap_d_all_that_can_wait_is_counted(void **state)
{
    (void)state;
    static const size_t places[] = {INTAKE_QUEUE,       INTAKE_WRITERS * INTAKE_BATCH,
                                    POOL_QUEUE,         POOL_WORKERS,
                                    POOL_CALLERS_QUEUE, POOL_CALLERS,
                                    POOL_AT_ONCE_QUEUE, POOL_AT_ONCE,
                                    POOL_HOOKS_QUEUE,   POOL_HOOKS};
    const struct listening *l = server->server->list;
    size_t all = 0;
    for (size_t i = 0; i < sizeof places / sizeof places[0]; i++) {
        all += places[i];
    }
    while (!str_equal(l->name, "main")) {
        l++;
    }
    assert_true(l->connections_max > all);
    /* the ops listener, as that of the API: workers, and what calls out */
    assert_true(server->server->list[0].connections_max >
                POOL_QUEUE + POOL_WORKERS + POOL_CALLERS_QUEUE + POOL_CALLERS);
}

/* P13: providers that hang hold up those who wait for them, and nobody else. */
static void test_calls_out_leave_the_workers_alone(void **state)
{
    (void)state;
    enum { HALF = POOL_CALLERS / 2, FULL = HALF + POOL_CALLERS_QUEUE / 2 };
    static int fds[FULL + 1];
    for (int i = 0; i <= FULL; i++) {
        fds[i] = start_call();
        assert_true(i >= HALF || gate_wait(&gate.inside, i + 1));
    }
    struct reply r = refused_of(fds, FULL + 1); /* a page that says what to do, at once */
    assert_int_equal(r.status, 503);
    assert_non_null(reply_header(&r, "Retry-After"));
    assert_non_null(strstr(r.body, "reload this page"));
    int fd = client_connect(main_port());
    client_say(fd, "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\nok");
    assert_int_equal(client_read(fd, 2000).status, 200);
    close(fd);
    assert_int_equal(gate.inside, HALF);
    int other = client_connect(main_port()); /* of whom nobody holds anything */
    client_say(other, "GET /call/x HTTP/1.1\r\nHost: me\r\n\r\n");
    assert_true(gate_wait(&gate.inside, HALF + 1));
    gate_set(true);
    assert_int_equal(client_read(other, 10000).status, 200);
    close(other);
    for (int i = 0; i < FULL; i++) {
        assert_int_equal(client_read(fds[i], 10000).status, 200);
        close(fds[i]);
    }
}

static int start_call_of(const char *workspace)
{
    int fd = client_connect(main_port());
    client_say(fd, arena_printf(boot, "GET /call/%s HTTP/1.1\r\nHost: me\r\n\r\n", workspace));
    return fd;
}

/* P13: where the path names the workspace, one that waits long leaves room for the others. */
static void test_workspaces_call_out_apart(void **state)
{
    (void)state;
    enum { HALF = POOL_CALLERS / 2, ALL = HALF + 2 };
    int fds[ALL];
    for (int i = 0; i <= HALF; i++) {
        fds[i] = start_call_of("slack:T1");
    }
    assert_true(gate_wait(&gate.inside, HALF));
    wait_for_calls(HALF + 1);
    fds[HALF + 1] = start_call_of("slack:T2");
    assert_true(gate_wait(&gate.inside, HALF + 1));
    gate_set(true);
    for (int i = 0; i < ALL; i++) {
        assert_int_equal(client_read(fds[i], 10000).status, 200);
        close(fds[i]);
    }
}

/* P4: who waited in vain was told to reload, so nothing of theirs may be spent afterwards. */
static void test_what_was_answered_late_is_not_begun(void **state)
{
    (void)state;
    enum { HALF = POOL_CALLERS / 2, ALL = HALF + 1 };
    int fds[ALL];
    for (int i = 0; i < HALF; i++) {
        fds[i] = start_call();
    }
    assert_true(gate_wait(&gate.inside, HALF));
    fds[HALF] = start_call();
    while (!is_waiting(ALL)) {
        nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
    }
    watch_end_all(&server->server->watch);
    for (int i = 0; i < ALL; i++) {
        struct reply r = client_read(fds[i], 5000);
        assert_int_equal(r.status, 503);
        assert_int_equal(strstr(r.body, "reload this page") != NULL, i == HALF);
        close(fds[i]);
    }
    gate_set(true);
    int fd = start_call(); /* behind the late one */
    assert_int_equal(client_read(fd, 5000).status, 200);
    close(fd);
    assert_true(gate_wait(&gate.passed, ALL));
    web_stop(server, 2000); /* joins the workers: nobody else comes */
    server = NULL;
    assert_int_equal(gate.passed, ALL);
}

static void test_trap_e_routes_are_matched_on_the_raw_url(void **state)
{
    (void)state;
    struct reply r = client_call(main_port(), "GET /p/a%20b%3Fc?q=%2F&z HTTP/1.1", NULL);
    assert_int_equal(r.status, 200);
    assert_string_equal(r.body, "a b?c|q=%2F&z|127.0.0.1");
    const char *bad[] = {"/p/a%2Fb", "/p/a%00b", "/p/", "/p/.", "/p/%2e%2e", "//p/a", "/p//a"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        char head[64];
        snprintf(head, sizeof head, "GET %s HTTP/1.1", bad[i]);
        r = client_call(main_port(), head, NULL);
        assert_int_equal(r.status, 400);
        assert_non_null(strstr(r.body, "\"path\""));
    }
}

/* --- bodies --- */

static void test_bodies_up_to_the_bound(void **state)
{
    (void)state;
    char body[ECHO_MAX + 2];
    memset(body, 'x', sizeof body);
    body[ECHO_MAX] = '\0';
    struct reply r = client_call(main_port(), "POST /echo HTTP/1.1", body);
    assert_int_equal(r.status, 200);
    assert_int_equal(r.body_len, ECHO_MAX);
    body[ECHO_MAX] = 'x';
    body[ECHO_MAX + 1] = '\0';
    assert_int_equal(client_call(main_port(), "POST /echo HTTP/1.1", body).status, 413);
    assert_int_equal(client_call(main_port(), "POST /echo HTTP/1.1", "").status, 200);
}

/* A little too much is read and dropped, and the connection goes on. */
static void test_413_after_reading(void **state)
{
    (void)state;
    static char big[200 * 1024];
    memset(big, 'x', sizeof big);
    int fd = client_connect(main_port());
    char head[128];
    snprintf(head, sizeof head, "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: %zu\r\n\r\n",
             sizeof big);
    client_say(fd, head);
    client_send(fd, big, sizeof big);
    assert_int_equal(client_read(fd, 5000).status, 413);
    client_say(fd, "POST /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n");
    for (int i = 0; i < 8; i++) {
        client_say(fd, "1000\r\n");
        client_send(fd, big, 0x1000);
        client_say(fd, "\r\n");
    }
    client_say(fd, "0\r\n\r\n");
    assert_int_equal(client_read(fd, 5000).status, 413);
    client_say(fd, "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\nok");
    struct reply r = client_read(fd, 5000);
    assert_int_equal(r.status, 200);
    assert_string_equal(r.body, "ok");
    close(fd);
}

/* What is announced to be far too much, or asks first, is refused before it is sent. */
static void test_413_before_reading(void **state)
{
    (void)state;
    const char *heads[] = {
        "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999\r\n\r\n",
        "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 1001\r\nExpect: 100-continue\r\n\r\n"};
    for (size_t i = 0; i < 2; i++) {
        int fd = client_connect(main_port());
        client_say(fd, heads[i]);
        struct reply r = client_read(fd, 5000);
        assert_int_equal(r.status, 413);
        assert_string_equal(reply_header(&r, "Connection"), "close");
        assert_true(client_is_closed(fd, 5000));
        close(fd);
    }
}

/* Chunks without end are cut. */
static void test_a_body_without_end_is_cut(void **state)
{
    (void)state;
    static char chunk[0x8000];
    memset(chunk, 'x', sizeof chunk);
    int fd = client_connect(main_port());
    client_say(fd, "POST /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n");
    for (int i = 0; i < 400; i++) { /* 13 MB */
        client_say(fd, "8000\r\n");
        client_send(fd, chunk, sizeof chunk);
        client_say(fd, "\r\n");
    }
    assert_true(client_is_closed(fd, 5000));
    close(fd);
}

static void test_doubtful_framing_is_refused(void **state)
{
    (void)state;
    const char *heads[] = {"Content-Length: 2\r\nContent-Length: 3",
                           "Content-Length: 2\r\nContent-Length: 2",
                           "Content-Length: 2\r\nTransfer-Encoding: chunked",
                           "Transfer-Encoding: gzip, chunked",
                           "Transfer-Encoding: identity",
                           "Content-Length: -1",
                           "Content-Length: 0x2",
                           "Content-Length: 2, 2"};
    for (size_t i = 0; i < sizeof heads / sizeof heads[0]; i++) {
        char text[256];
        snprintf(text, sizeof text, "POST /echo HTTP/1.1\r\nHost: x\r\n%s\r\n\r\nab", heads[i]);
        int fd = client_connect(main_port());
        client_say(fd, text);
        assert_int_equal(client_read(fd, 5000).status, 400);
        assert_true(client_is_closed(fd, 5000)); /* what follows could be read as another request */
        close(fd);
    }
}

/* --- slow and odd clients --- */

/* Slow loris: whoever trickles is shut down when the time of his state is over. The states' times
 * are half a minute and more, so the clock is set by hand here. */
static void test_slow_senders_are_cut(void **state)
{
    (void)state;
    int idle = client_connect(main_port());
    int slow = client_connect(main_port());
    int fine = client_connect(main_port());
    client_say(slow, "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nabc");
    client_say(fine, "GET /p/a HTTP/1.1\r\nHost: x\r\n\r\n");
    assert_int_equal(client_read(fine, 5000).status, 200);
    struct watch *w = &server->server->watch;
    struct peer *p = NULL;
    size_t seen = 0;
    int64_t limit_ms = clock_mono_ms() + PEER_IDLE_MS;
    while (seen < 3) {
        seen = 0;
        pthread_mutex_lock(&w->lock);
        TAILQ_FOREACH(p, &w->peers, entry)
        {
            assert_true(atomic_load(&p->deadline_ms) <= limit_ms + 1000);
            seen++;
        }
        pthread_mutex_unlock(&w->lock);
    }
    /* again and again: whatever of the slow one's bytes is read only now gives it time again */
    bool closed = false;
    for (int64_t until_ms = clock_mono_ms() + 5000; !closed && clock_mono_ms() < until_ms;) {
        pthread_mutex_lock(&w->lock);
        TAILQ_FOREACH(p, &w->peers, entry)
        {
            peer_expect(p, 0);
        }
        pthread_mutex_unlock(&w->lock);
        closed = client_is_closed(slow, 100);
    }
    assert_true(closed);
    assert_true(client_is_closed(idle, 3000));
    assert_true(no_call_is_left(3000));
    close(idle);
    close(slow);
    close(fine);
    assert_int_equal(client_call(main_port(), "GET /p/a HTTP/1.1", NULL).status, 200);
}

static void set_since(struct peer *list, size_t count, int64_t since_ms)
{
    for (size_t i = 0; i < count; i++) {
        atomic_store(&list[i].since_ms, since_ms);
        atomic_store(&list[i].deadline_ms, INT64_MAX - 1);
    }
}

/* P13, P14: connections that say nothing hold no places and no memory of others: with too many of
 * them those that are silent the longest are cut, and those that are being worked for never. */
static void test_a_crowd_that_says_nothing_is_cut(void **state)
{
    (void)state;
    enum { MOST = PEERS_WAITED_FOR, ALL = 3 * MOST };
    static struct peer crowd[ALL];
    struct watch *w = &server->server->watch;
    struct watch alone = {.peers = TAILQ_HEAD_INITIALIZER(alone.peers)};
    int64_t now_ms = clock_mono_ms();
    for (size_t i = 0; i < ALL; i++) {
        crowd[i] = (struct peer){.fd = -1, .deadline_ms = INT64_MAX}; /* worked for */
        TAILQ_INSERT_TAIL(&alone.peers, &crowd[i], entry);
    }
    set_since(crowd, MOST, now_ms - PEER_IDLE_MS + 1);
    assert_int_equal(watch_patience(&alone, now_ms), PEER_IDLE_MS);
    set_since(crowd, MOST + 1, now_ms - PEER_IDLE_MS + 1); /* one too many */
    assert_int_equal(watch_patience(&alone, now_ms), PEER_IDLE_MS / 2);
    set_since(crowd, ALL, now_ms); /* nobody is cut before it could say anything */
    assert_in_range(watch_patience(&alone, now_ms), PEER_CROWDED_MS, 2 * PEER_CROWDED_MS);

    int idle = client_connect(main_port()), working = start_block();
    assert_true(gate_wait(&gate.inside, 1));
    for (size_t i = 0; i <= MOST; i++) {
        crowd[i] = (struct peer){.fd = -1};
        peer_expect(&crowd[i], PEER_IDLE_MS);
        watch_peer_add(w, &crowd[i]);
    }
    assert_true(client_is_closed(idle, 5000));
    assert_false(client_is_closed(working, 0));
    for (size_t i = 0; i <= MOST; i++) {
        watch_peer_remove(w, &crowd[i]);
    }
    gate_set(true);
    assert_int_equal(client_read(working, 5000).status, 200);
    close(idle);
    close(working);
}

static size_t bytes_of_bodies(void)
{
    struct bodies *b = &server->server->bodies;
    pthread_mutex_lock(&b->lock);
    size_t bytes = b->bytes;
    pthread_mutex_unlock(&b->lock);
    return bytes;
}

/* P14: whoever does not read the answers keeps no room from the bodies of others meanwhile. Small
 * answers do it, too, behind as many that were not read. */
static void test_slow_readers_hold_no_body(void **state)
{
    (void)state;
    int fd = client_connect(main_port());
    client_say(fd, "POST /much HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\nok");
    char first = 0;
    assert_int_equal(recv(fd, &first, 1, MSG_PEEK), 1); /* it is being answered */
    assert_int_equal(bytes_of_bodies(), 0);
    assert_int_equal(atomic_load(&server->server->calls), 1);
    close(fd);
    assert_true(no_call_is_left(5000));
}

static void test_suspended_connections_are_not_slow(void **state)
{
    (void)state;
    int fd = start_block();
    assert_true(gate_wait(&gate.inside, 1));
    struct watch *w = &server->server->watch;
    pthread_mutex_lock(&w->lock);
    assert_true(atomic_load(&TAILQ_FIRST(&w->peers)->deadline_ms) == INT64_MAX);
    pthread_mutex_unlock(&w->lock);
    gate_set(true);
    assert_int_equal(client_read(fd, 5000).status, 200);
    close(fd);
}

static void test_head_has_no_body(void **state)
{
    (void)state;
    int fd = client_connect(main_port());
    client_say(fd, "HEAD /p/a HTTP/1.1\r\nHost: x\r\n\r\n");
    struct reply r = client_read_head(fd, 5000);
    assert_int_equal(r.status, 200);
    assert_string_equal(reply_header(&r, "Content-Length"), "12");
    client_say(fd, "GET /p/b HTTP/1.1\r\nHost: x\r\n\r\n"); /* a body would stand before this one */
    r = client_read(fd, 5000);
    assert_string_equal(r.body, "b||127.0.0.1");
    close(fd);
}

static void test_methods_and_listeners(void **state)
{
    (void)state;
    struct reply r = client_call(main_port(), "DELETE /p/a HTTP/1.1", NULL);
    assert_int_equal(r.status, 405);
    assert_string_equal(reply_header(&r, "Allow"), "GET, HEAD");
    assert_int_equal(client_call(main_port(), "BREW /echo HTTP/1.1", NULL).status, 405);
    assert_int_equal(client_call(main_port(), "GET /inside HTTP/1.1", NULL).status, 404);
    int ops = web_port(server, "ops");
    assert_int_equal(client_call(ops, "GET /inside HTTP/1.1", NULL).status, 200);
    assert_int_equal(client_call(ops, "GET /p/a HTTP/1.1", NULL).status, 404);
    assert_int_equal(client_call(main_port(), "GET /v1/p/a HTTP/1.1", NULL).status, 401);
    assert_int_equal(web_port(server, "api"), 0);
}

static void test_addresses_behind_a_proxy(void **state)
{
    (void)state;
    struct reply r = client_call(
        main_port(), "GET /p/a HTTP/1.1\r\nX-Forwarded-For: 6.6.6.6, 203.0.113.9", NULL);
    assert_string_equal(r.body, "a||203.0.113.9");
}

/* P14: too many or too long headers are refused, and the server lives. */
static void test_headers_are_bounded(void **state)
{
    (void)state;
    static char many[16000] = "GET /p/a HTTP/1.1";
    for (int i = 0; i < 150; i++) {
        size_t len = strlen(many);
        snprintf(many + len, sizeof many - len, "\r\nX-%d: y", i);
    }
    assert_int_equal(client_call(main_port(), many, NULL).status, 400);
    static char large[60000];
    memset(large, 'a', sizeof large);
    int fd = client_connect(main_port());
    client_say(fd, "GET /p/a HTTP/1.1\r\nHost: x\r\nX-Large: ");
    client_send(fd, large, sizeof large);
    int status = client_read(fd, 5000).status;
    assert_true(status == 431 || status == 413 || status == 0);
    close(fd);
    assert_int_equal(client_call(main_port(), "GET /p/a HTTP/1.1", NULL).status, 200);
}

static void test_garbage_does_not_stop_the_server(void **state)
{
    (void)state;
    const char *texts[] = {"\r\n\r\n\r\n",
                           "GET\r\n\r\n",
                           "\x16\x03\x01\x02\x01\x01\xfc\x03\x03\r\n\r\n",
                           "GET /p/a\r\n\r\n",
                           "GET  HTTP/1.1\r\n\r\n",
                           "POST /echo HTTP/1.1\r\n\r\n",
                           "GET /p/a HTTP/9.9\r\nHost: x\r\n\r\n"};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        int fd = client_connect(main_port());
        client_say(fd, texts[i]);
        shutdown(fd, SHUT_WR);
        struct reply r = client_read(fd, 2000);
        assert_true(r.status == 0 || r.status >= 200);
        close(fd);
    }
    assert_int_equal(client_call(main_port(), "GET /p/a HTTP/1.1", NULL).status, 200);
    assert_true(no_call_is_left(3000));
}

/* P5: handles, states and codes stand in paths and queries; the log knows patterns only. */
static void test_the_log_holds_no_url(void **state)
{
    (void)state;
    FILE *file = tmpfile();
    fflush(stderr);
    int kept = dup(STDERR_FILENO);
    assert_true(dup2(fileno(file), STDERR_FILENO) >= 0);
    struct reply r = client_call(main_port(), "GET /p/CANARY-path?x=CANARY-query HTTP/1.1", NULL);
    struct reply f = client_call(main_port(), "GET /p/fail HTTP/1.1", NULL);
    struct reply n = client_call(main_port(), "GET /CANARY-none HTTP/1.1", NULL);
    bool quiet = no_call_is_left(3000);
    fflush(stderr);
    dup2(kept, STDERR_FILENO);
    close(kept);
    static char text[32768];
    rewind(file);
    text[fread(text, 1, sizeof text - 1, file)] = '\0';
    fclose(file);
    assert_true(quiet);
    assert_int_equal(r.status, 200);
    assert_int_equal(f.status, 500);
    assert_int_equal(n.status, 404);
    assert_null(strstr(f.body, "CANARY")); /* P11 */
    assert_null(strstr(text, "CANARY-path"));
    assert_null(strstr(text, "CANARY-query"));
    assert_null(strstr(text, "CANARY-none"));
    assert_non_null(strstr(text, "/p/{x}"));
    assert_non_null(strstr(text, "test_fault"));
}

static void test_a_taken_port_is_a_config_error(void **state)
{
    (void)state;
    struct config other = config;
    web *second = NULL;
    struct err e = {0};
    other.listen = arena_printf(boot, "127.0.0.1:%d", main_port());
    struct web_options options = {.config = &other, .stores = rows_of, .serve_web = true};
    assert_int_equal(web_start(boot, &options, &second, &e), -1);
    assert_int_equal(e.kind, ERR_CONFIG);
    assert_non_null(strstr(e.text, other.listen));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_trap_a_stop_answers_suspended_connections, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(test_stop_lets_running_requests_end, setup, teardown),
        cmocka_unit_test_setup_teardown(test_trap_b_a_suspended_webhook_has_a_deadline, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(test_trap_c_a_client_that_hangs_up_while_suspended, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(test_trap_d_suspended_connections_leave_room, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(test_calls_out_leave_the_workers_alone, setup, teardown),
        cmocka_unit_test_setup_teardown(test_workspaces_call_out_apart, setup, teardown),
        cmocka_unit_test_setup_teardown(test_what_was_answered_late_is_not_begun, setup, teardown),
        cmocka_unit_test_setup_teardown(test_trap_e_routes_are_matched_on_the_raw_url, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(test_bodies_up_to_the_bound, setup, teardown),
        cmocka_unit_test_setup_teardown(test_trap_d_all_that_can_wait_is_counted, setup, teardown),
        cmocka_unit_test_setup_teardown(test_413_after_reading, setup, teardown),
        cmocka_unit_test_setup_teardown(test_413_before_reading, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_body_without_end_is_cut, setup, teardown),
        cmocka_unit_test_setup_teardown(test_doubtful_framing_is_refused, setup, teardown),
        cmocka_unit_test_setup_teardown(test_slow_senders_are_cut, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_crowd_that_says_nothing_is_cut, setup, teardown),
        cmocka_unit_test_setup_teardown(test_slow_readers_hold_no_body, setup, teardown),
        cmocka_unit_test_setup_teardown(test_suspended_connections_are_not_slow, setup, teardown),
        cmocka_unit_test_setup_teardown(test_head_has_no_body, setup, teardown),
        cmocka_unit_test_setup_teardown(test_methods_and_listeners, setup, teardown),
        cmocka_unit_test_setup_teardown(test_addresses_behind_a_proxy, setup, teardown),
        cmocka_unit_test_setup_teardown(test_headers_are_bounded, setup, teardown),
        cmocka_unit_test_setup_teardown(test_garbage_does_not_stop_the_server, setup, teardown),
        cmocka_unit_test_setup_teardown(test_the_log_holds_no_url, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_taken_port_is_a_config_error, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
