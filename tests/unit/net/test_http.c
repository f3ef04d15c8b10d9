/* The HTTP client against a peer that misbehaves in each way (P7, P10, P13, P14). */
#include <arpa/inet.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/limits.h"
#include "base/str.h"
#include "net.h"
#include "tests/unit/net/scripted.h"

#define OK_TEXT "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}"

/* One server with one answer, one client that trusts it, one call. */
struct bench {
    arena *mem;
    struct scripted *server;
    net_client *client;
    struct net_request q;
    struct net_response r;
    struct err e;
};

static bool answer_text(const struct scripted_request *q)
{
    return scripted_text(q->fd, q->user);
}

static struct bench *bench_new(scripted_answer answer, const void *user)
{
    struct bench *b = calloc(1, sizeof(*b));
    assert_non_null(b);
    b->mem = arena_new();
    /* answers only read what they are given */
    union {
        const void *in;
        void *out;
    } u = {.in = user};
    b->server = scripted_start(answer, u.out);
    const char *host = arena_printf(b->mem, "127.0.0.1:%d", scripted_port(b->server));
    struct net_options options = {.trusted_hosts = &host, .trusted_count = 1, .handles = 4};
    b->client = net_client_new(&options);
    b->q = (struct net_request){.method = "GET",
                                .url = arena_printf(b->mem, "http://%s/path?x=1", host),
                                .peer = "test",
                                .timeout_ms = 10000};
    return b;
}

static void bench_free(struct bench *b)
{
    net_client_free(b->client);
    scripted_stop(b->server);
    arena_free(b->mem);
    free(b);
}

static int call(struct bench *b)
{
    b->r = (struct net_response){.status = -1};
    b->e = (struct err){0};
    return net_call(b->client, b->mem, &b->q, &b->r, &b->e);
}

static void call_ok(struct bench *b)
{
    if (call(b) != 0) {
        fail_msg("%s: %s", b->e.code, b->e.text);
    }
}

static void call_fails(struct bench *b, enum err_kind kind, const char *code, bool maybe_done)
{
    if (call(b) != -1) {
        fail_msg("wanted %s, got status %d", code, b->r.status);
    }
    if (b->e.kind != kind || strcmp(b->e.code, code) != 0 || b->e.maybe_done != maybe_done) {
        fail_msg("wanted %s, got %s (maybe_done %d): %s", code, b->e.code, b->e.maybe_done,
                 b->e.text);
    }
    assert_int_equal(b->r.status, -1);
}

static const char *last(struct bench *b)
{
    char *text = arena_alloc(b->mem, SCRIPTED_REQUEST_MAX + 1);
    scripted_last(b->server, text, SCRIPTED_REQUEST_MAX + 1);
    return text;
}

static void expect_in(const char *text, const char *part)
{
    if (strstr(text, part) == NULL) {
        fail_msg("no '%s' in: %s", part, text);
    }
}

static void expect_not_in(const char *text, const char *part)
{
    if (strcasestr(text, part) != NULL) {
        fail_msg("'%s' in: %s", part, text);
    }
}

/* --- what is sent --- */

static void test_get(void **state)
{
    (void)state;
    struct bench *b = bench_new(answer_text, OK_TEXT);
    b->q.bearer = secret_of(b->mem, "sample-token");
    b->q.headers[0] = (struct net_header){"X-Sample", "yes"};
    b->q.headers[1] = (struct net_header){"X-Empty", ""};
    call_ok(b);
    assert_int_equal(b->r.status, 200);
    assert_string_equal(b->r.content_type, "application/json");
    assert_int_equal(b->r.body.len, 2);
    assert_memory_equal(b->r.body.data, "{}", 3);
    assert_true(b->r.has_body);
    assert_int_equal(b->r.retry_after_ms, 0);
    assert_string_equal(b->r.www_authenticate, "");
    const char *sent = last(b);
    assert_true(str_starts(sent, "GET /path?x=1 HTTP/1.1\r\n"));
    expect_in(sent, "Authorization: Bearer sample-token\r\n");
    expect_in(sent, "X-Sample: yes\r\n");
    expect_in(sent, "X-Empty:\r\n");
    expect_in(sent, "User-Agent: Workbot\r\n");
    expect_not_in(sent, "Content-Type");
    bench_free(b);
}

static void test_post_form(void **state)
{
    (void)state;
    struct bench *b = bench_new(answer_text, OK_TEXT);
    b->q.method = "POST";
    b->q.basic = secret_of(b->mem, "aWQ6cHc=");
    b->q.form[0] = (struct net_field){.name = "a", .value = "1 2"};
    b->q.form[1] = (struct net_field){.name = "s", .secret = secret_of(b->mem, "x&y")};
    call_ok(b);
    const char *sent = last(b);
    assert_true(str_starts(sent, "POST /path?x=1 HTTP/1.1\r\n"));
    expect_in(sent, "Authorization: Basic aWQ6cHc=\r\n");
    expect_in(sent, "Content-Type: application/x-www-form-urlencoded\r\n");
    expect_in(sent, "\r\n\r\na=1+2&s=x%26y");
    expect_not_in(sent, "Expect");
    bench_free(b);
}

static void test_other_methods(void **state)
{
    (void)state;
    struct bench *b = bench_new(answer_text, OK_TEXT);
    b->q.method = "PATCH";
    b->q.body = "{\"a\":1}";
    b->q.content_type = "application/json";
    call_ok(b);
    expect_in(last(b), "PATCH /path?x=1 HTTP/1.1\r\n");
    expect_in(last(b), "Content-Type: application/json\r\n");
    expect_in(last(b), "\r\n\r\n{\"a\":1}");
    b->q.method = "DELETE";
    b->q.body = NULL;
    call_ok(b);
    expect_in(last(b), "DELETE /path?x=1 HTTP/1.1\r\n");
    expect_not_in(last(b), "Content-Type");
    b->q.method = "POST";
    call_ok(b);
    expect_in(last(b), "Content-Length: 0\r\n");
    bench_free(b);
}

static void test_head_has_no_body(void **state)
{
    (void)state;
    struct bench *b = bench_new(answer_text, "HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n");
    b->q.method = "HEAD";
    call_ok(b);
    assert_int_equal(b->r.status, 200);
    assert_false(b->r.has_body);
    bench_free(b);
}

static void test_large_body_is_sent_whole(void **state)
{
    (void)state;
    struct bench *b = bench_new(answer_text, OK_TEXT);
    char *body = arena_alloc(b->mem, 60001);
    memset(body, 'x', 60000);
    b->q.method = "POST";
    b->q.body = body;
    b->q.content_type = "text/plain";
    call_ok(b);
    assert_true(str_ends(last(b), body));
    bench_free(b);
}

static void test_header_injection_refused(void **state)
{
    (void)state;
    static const struct net_header wrong[] = {
        {"X-A", "a\r\nX-B: b"}, {"X-A", "a\nb"}, {"X-A", "a\rb"}, {"X-A", "\x01"}, {"X-A", "\x7f"},
        {"X-A\r\nX-B", "b"},    {"X A", "b"},    {"X-A:", "b"},   {"", "b"},
    };
    struct bench *b = bench_new(answer_text, OK_TEXT);
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        b->q.headers[0] = wrong[i];
        call_fails(b, ERR_INPUT, "bad_request", false);
    }
    b->q.headers[0] = (struct net_header){NULL, NULL};
    b->q.bearer = secret_of(b->mem, "canary\r\nX-B: b");
    call_fails(b, ERR_INPUT, "bad_request", false);
    assert_null(strstr(b->e.text, "canary"));
    b->q.bearer = secret_of(b->mem, NULL);
    b->q.method = "GET / HTTP/1.1\r\nX: y";
    call_fails(b, ERR_INPUT, "bad_request", false);
    b->q.method = "POST";
    b->q.body = "x";
    b->q.content_type = "text/plain\r\nX-B: b";
    call_fails(b, ERR_INPUT, "bad_request", false);
    assert_int_equal(scripted_requests(b->server), 0);
    bench_free(b);
}

/* --- what is answered --- */

static void test_statuses_are_answers(void **state)
{
    (void)state;
    struct bench *b =
        bench_new(answer_text, "HTTP/1.1 503 Busy\r\nContent-Type: Text/HTML; charset=utf-8\r\n"
                               "Retry-After: 7\r\nWWW-Authenticate: Bearer error=\"x\"\r\n"
                               "Content-Length: 13\r\n\r\n<html>no</html");
    call_ok(b);
    assert_int_equal(b->r.status, 503);
    assert_string_equal(b->r.content_type, "text/html");
    assert_int_equal(b->r.retry_after_ms, 7000);
    assert_string_equal(b->r.www_authenticate, "Bearer error=\"x\"");
    assert_int_equal(b->r.body.len, 13);
    bench_free(b);
}

static void test_retry_after_date(void **state)
{
    (void)state;
    time_t at = (time_t)(clock_now() + 3600);
    struct tm tm;
    char date[64];
    assert_true(strftime(date, sizeof(date), "%a, %d %b %Y %H:%M:%S GMT", gmtime_r(&at, &tm)) > 0);
    char text[256];
    (void)snprintf(text, sizeof(text),
                   "HTTP/1.1 429 Slow\r\nretry-after: %s\r\nContent-Length: 0\r\n\r\n", date);
    struct bench *b = bench_new(answer_text, text);
    call_ok(b);
    assert_int_equal(b->r.status, 429);
    assert_in_range(b->r.retry_after_ms, 3580 * 1000, 3600 * 1000);
    bench_free(b);
}

static void test_no_content(void **state)
{
    (void)state;
    struct bench *b = bench_new(answer_text, "HTTP/1.1 204 No Content\r\n\r\n");
    call_ok(b);
    assert_int_equal(b->r.status, 204);
    assert_false(b->r.has_body);
    assert_int_equal(b->r.body.len, 0);
    assert_string_equal((const char *)b->r.body.data, "");
    assert_string_equal(b->r.content_type, "");
    bench_free(b);
}

static void test_redirect_not_followed(void **state)
{
    (void)state;
    struct bench *b = bench_new(answer_text, "HTTP/1.1 302 Found\r\nLocation: /elsewhere\r\n"
                                             "Content-Length: 0\r\n\r\n");
    call_ok(b);
    assert_int_equal(b->r.status, 302);
    assert_int_equal(scripted_requests(b->server), 1);
    bench_free(b);
}

static void test_chunked(void **state)
{
    (void)state;
    struct bench *b = bench_new(answer_text, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
                                             "3\r\nabc\r\n5\r\ndefgh\r\n0\r\n\r\n");
    call_ok(b);
    assert_string_equal((const char *)b->r.body.data, "abcdefgh");
    bench_free(b);
}

/* "hello hello hello hello\n" by gzip -n */
static const unsigned char gzipped[] = {0x1f, 0x8b, 0x08, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x03,
                                        0xcb, 0x48, 0xcd, 0xc9, 0xc9, 0x57, 0xc8, 0x40, 0x27, 0xb9,
                                        0x00, 0x00, 0x88, 0x59, 0x0b, 0x18, 0x00, 0x00, 0x00};

static bool answer_gzip(const struct scripted_request *q)
{
    char head[128];
    (void)snprintf(head, sizeof(head),
                   "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: %zu\r\n\r\n",
                   sizeof(gzipped));
    return scripted_text(q->fd, head) && scripted_write(q->fd, gzipped, sizeof(gzipped));
}

static void test_apps_trap_06_gzip(void **state)
{
    (void)state;
    struct bench *b = bench_new(answer_gzip, NULL);
    call_ok(b);
    assert_string_equal((const char *)b->r.body.data, "hello hello hello hello\n");
    expect_in(last(b), "Accept-Encoding: gzip, deflate\r\n");
    /* the bound counts decoded bytes: compressed they would fit */
    b->q.answer_max = 20;
    call_fails(b, ERR_UPSTREAM_REFUSED, "too_large", true);
    bench_free(b);
}

static void test_answer_bound(void **state)
{
    (void)state;
    struct bench *b =
        bench_new(answer_text, "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n0123456789");
    b->q.answer_max = 10;
    call_ok(b);
    assert_int_equal(b->r.body.len, 10);
    b->q.answer_max = 9;
    call_fails(b, ERR_UPSTREAM_REFUSED, "too_large", true);
    bench_free(b);
}

static bool answer_endless(const struct scripted_request *q)
{
    static char block[65536];
    bool more = scripted_text(q->fd, "HTTP/1.1 200 OK\r\n\r\n");
    while (more) {
        more = scripted_write(q->fd, block, sizeof(block));
    }
    return false;
}

static void test_apps_trap_06_endless_answer(void **state)
{
    (void)state;
    struct bench *b = bench_new(answer_endless, NULL);
    call_fails(b, ERR_UPSTREAM_REFUSED, "too_large", true);
    bench_free(b);
}

static void test_apps_trap_06_large_answer(void **state)
{
    (void)state;
    char head[64];
    (void)snprintf(head, sizeof(head), "HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n", 1000000);
    char *text = malloc(1000000 + sizeof(head));
    assert_non_null(text);
    size_t len = strlen(head);
    memcpy(text, head, len);
    memset(text + len, 'x', 1000000);
    text[len + 1000000] = '\0';
    struct bench *b = bench_new(answer_text, text);
    call_ok(b);
    assert_int_equal(b->r.body.len, 1000000);
    assert_int_equal(strlen((const char *)b->r.body.data), 1000000);
    bench_free(b);
    free(text);
}

static bool answer_many_headers(const struct scripted_request *q)
{
    bool more = scripted_text(q->fd, "HTTP/1.1 200 OK\r\n");
    while (more) {
        more = scripted_text(q->fd, "X-Sample: 0123456789012345678901234567890123456789\r\n");
    }
    return false;
}

static void test_endless_headers(void **state)
{
    (void)state;
    struct bench *b = bench_new(answer_many_headers, NULL);
    call_fails(b, ERR_UPSTREAM_REFUSED, "too_large", true);
    bench_free(b);
}

/* --- what goes wrong --- */

static bool answer_silence(const struct scripted_request *q)
{
    scripted_wait_closed(q->fd);
    return false;
}

static bool answer_half_headers(const struct scripted_request *q)
{
    (void)scripted_text(q->fd, "HTTP/1.1 200 OK\r\nContent-Le");
    return answer_silence(q);
}

static bool answer_drip(const struct scripted_request *q)
{
    bool more = scripted_text(q->fd, "HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n");
    while (more) {
        struct pollfd p = {.fd = q->fd, .events = POLLIN};
        more = poll(&p, 1, 20) == 0 && scripted_text(q->fd, "x");
    }
    return false;
}

static void test_apps_trap_06_timeouts(void **state)
{
    (void)state;
    static const scripted_answer answers[] = {answer_silence, answer_half_headers, answer_drip};
    for (size_t i = 0; i < sizeof(answers) / sizeof(answers[0]); i++) {
        struct bench *b = bench_new(answers[i], NULL);
        b->q.timeout_ms = 300;
        int64_t started = clock_mono_ms();
        call_fails(b, ERR_TIMEOUT, "upstream_timeout", true);
        assert_in_range(clock_mono_ms() - started, 290, 5000);
        bench_free(b);
    }
}

static bool answer_cut(const struct scripted_request *q)
{
    (void)scripted_text(q->fd, "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf");
    return false;
}

static bool answer_cut_chunk(const struct scripted_request *q)
{
    (void)scripted_text(q->fd, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n64\r\nhalf");
    return false;
}

static bool answer_none(const struct scripted_request *q)
{
    (void)q;
    return false;
}

static bool answer_reset(const struct scripted_request *q)
{
    scripted_reset(q->fd);
    return false;
}

static bool answer_no_http(const struct scripted_request *q)
{
    (void)scripted_text(q->fd, "220 mail.example ESMTP\r\n");
    return false;
}

static void test_lost_answers(void **state)
{
    (void)state;
    static const scripted_answer answers[] = {answer_cut, answer_cut_chunk, answer_none,
                                              answer_reset, answer_no_http};
    for (size_t i = 0; i < sizeof(answers) / sizeof(answers[0]); i++) {
        struct bench *b = bench_new(answers[i], NULL);
        b->q.method = "POST";
        call_fails(b, ERR_UPSTREAM_BUSY, "answer_lost", true);
        assert_int_equal(scripted_requests(b->server), 1);
        bench_free(b);
    }
}

static void test_nobody_listens(void **state)
{
    (void)state;
    struct bench *b = bench_new(answer_text, OK_TEXT);
    scripted_stop(b->server);
    call_fails(b, ERR_UPSTREAM_BUSY, "no_connection", false);
    b->server = scripted_start(answer_text, NULL);
    bench_free(b);
}

static void test_no_such_name(void **state)
{
    (void)state;
    struct bench *b = bench_new(answer_text, OK_TEXT);
    b->q.url = "https://no-such-host.invalid/";
    call_fails(b, ERR_UPSTREAM_BUSY, "no_name", false);
    bench_free(b);
}

/* A TLS hello is answered in plain text: the request itself was never sent. */
static void *plain_speaker(void *user)
{
    int listener = *(int *)user;
    int fd = accept(listener, NULL, NULL);
    if (fd >= 0) {
        (void)scripted_text(fd, "HTTP/1.1 400 Bad\r\nContent-Length: 0\r\n\r\n");
        scripted_wait_closed(fd);
        close(fd);
    }
    return NULL;
}

static void test_peer_without_tls(void **state)
{
    (void)state;
    struct bench *b = bench_new(answer_text, OK_TEXT);
    int listener = socket(AF_INET, SOCK_STREAM, 0);
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    socklen_t len = sizeof(at);
    assert_int_equal(bind(listener, (struct sockaddr *)&at, len), 0);
    assert_int_equal(listen(listener, 1), 0);
    assert_int_equal(getsockname(listener, (struct sockaddr *)&at, &len), 0);
    pthread_t thread;
    assert_int_equal(pthread_create(&thread, NULL, plain_speaker, &listener), 0);
    const char *host = arena_printf(b->mem, "127.0.0.1:%d", ntohs(at.sin_port));
    struct net_options options = {.trusted_hosts = &host, .trusted_count = 1, .handles = 1};
    net_client_free(b->client);
    b->client = net_client_new(&options);
    b->q.url = arena_printf(b->mem, "https://%s/", host);
    call_fails(b, ERR_UPSTREAM_BUSY, "tls", false);
    pthread_join(thread, NULL);
    close(listener);
    bench_free(b);
}

/* --- kept connections --- */

static void test_connections_are_kept(void **state)
{
    (void)state;
    struct bench *b = bench_new(answer_text, OK_TEXT);
    for (int i = 0; i < 20; i++) {
        call_ok(b);
    }
    assert_int_equal(scripted_requests(b->server), 20);
    assert_int_equal(scripted_connections(b->server), 1);
    bench_free(b);
}

/* Several hosts take turns: each finds the handle that has its connection. */
static void test_connections_are_kept_by_host(void **state)
{
    (void)state;
    enum { HOSTS = 4 };
    struct scripted *servers[HOSTS];
    struct bench *b = bench_new(answer_text, OK_TEXT);
    const char *hosts[HOSTS];
    char ok[] = OK_TEXT;
    for (size_t i = 0; i < HOSTS; i++) {
        servers[i] = scripted_start(answer_text, ok);
        hosts[i] = arena_printf(b->mem, "127.0.0.1:%d", scripted_port(servers[i]));
    }
    struct net_options options = {.trusted_hosts = hosts, .trusted_count = HOSTS, .handles = 8};
    net_client_free(b->client);
    b->client = net_client_new(&options);
    for (size_t round = 0; round < 5; round++) {
        for (size_t i = 0; i < HOSTS; i++) {
            b->q.url = arena_printf(b->mem, "http://%s/", hosts[i]);
            call_ok(b);
        }
    }
    for (size_t i = 0; i < HOSTS; i++) {
        assert_int_equal(scripted_requests(servers[i]), 5);
        assert_int_equal(scripted_connections(servers[i]), 1);
    }
    for (size_t i = 0; i < HOSTS; i++) {
        scripted_stop(servers[i]);
    }
    bench_free(b);
}

/* With fewer handles than hosts the one that was idle longest changes its host. */
static void test_more_hosts_than_handles(void **state)
{
    (void)state;
    struct bench *b = bench_new(answer_text, OK_TEXT);
    char ok[] = OK_TEXT;
    struct scripted *other = scripted_start(answer_text, ok);
    const char *hosts[] = {arena_printf(b->mem, "127.0.0.1:%d", scripted_port(b->server)),
                           arena_printf(b->mem, "127.0.0.1:%d", scripted_port(other))};
    struct net_options options = {.trusted_hosts = hosts, .trusted_count = 2, .handles = 1};
    net_client_free(b->client);
    b->client = net_client_new(&options);
    for (size_t i = 0; i < 6; i++) {
        b->q.url = arena_printf(b->mem, "http://%s/", hosts[i % 2]);
        call_ok(b);
    }
    assert_int_equal(scripted_requests(b->server), 3);
    assert_int_equal(scripted_requests(other), 3);
    scripted_stop(other);
    bench_free(b);
}

static void test_not_pooled_after_error(void **state)
{
    (void)state;
    struct bench *b = bench_new(answer_text, OK_TEXT);
    call_ok(b);
    b->q.answer_max = 1;
    call_fails(b, ERR_UPSTREAM_REFUSED, "too_large", true);
    b->q.answer_max = 0;
    call_ok(b);
    assert_int_equal(scripted_connections(b->server), 2);
    bench_free(b);
}

/* Answers the first request, takes the second one and closes without a word. */
static bool answer_first_only(const struct scripted_request *q)
{
    return q->number != 2 && scripted_text(q->fd, OK_TEXT);
}

/* P10: the peer may have acted on the request, so a write is never sent again behind our back. */
static void test_write_is_not_repeated(void **state)
{
    (void)state;
    static const char *const methods[] = {"POST", "PATCH", "PUT", "DELETE"};
    for (size_t i = 0; i < sizeof(methods) / sizeof(methods[0]); i++) {
        struct bench *b = bench_new(answer_first_only, NULL);
        b->q.method = methods[i];
        b->q.body = "{}";
        b->q.content_type = "application/json";
        call_ok(b);
        call_fails(b, ERR_UPSTREAM_BUSY, "answer_lost", true);
        assert_int_equal(scripted_requests(b->server), 2);
        bench_free(b);
    }
}

static void test_read_is_repeated_once(void **state)
{
    (void)state;
    struct bench *b = bench_new(answer_first_only, NULL);
    call_ok(b);
    call_ok(b);
    assert_int_equal(scripted_requests(b->server), 3);
    bench_free(b);
}

/* --- where a call may go --- */

static void test_loopback_refused(void **state)
{
    (void)state;
    static const char *const hosts[] = {"127.0.0.1", "0x7f000001", "2130706433",         "127.1",
                                        "[::1]",     "localhost",  "[::ffff:127.0.0.1]", "0.0.0.0",
                                        "[::]"};
    struct bench *b = bench_new(answer_text, OK_TEXT);
    struct net_options options = {.handles = 1};
    net_client_free(b->client);
    b->client = net_client_new(&options);
    for (size_t i = 0; i < sizeof(hosts) / sizeof(hosts[0]); i++) {
        b->q.url = arena_printf(b->mem, "https://%s:%d/", hosts[i], scripted_port(b->server));
        call_fails(b, ERR_FORBIDDEN, "address", false);
        b->q.url = arena_printf(b->mem, "http://%s:%d/", hosts[i], scripted_port(b->server));
        call_fails(b, ERR_FORBIDDEN, "address", false);
    }
    assert_int_equal(scripted_connections(b->server), 0);
    bench_free(b);
}

static void test_private_refused(void **state)
{
    (void)state;
    static const char *const urls[] = {
        "https://10.0.0.1/",    "https://169.254.169.254/latest/meta-data/",
        "https://192.168.1.1/", "https://100.64.0.1/",
        "https://[fe80::1]/",   "https://[64:ff9b::a00:1]/",
        "https://[ff02::1]/"};
    struct bench *b = bench_new(answer_text, OK_TEXT);
    for (size_t i = 0; i < sizeof(urls) / sizeof(urls[0]); i++) {
        b->q.url = urls[i];
        call_fails(b, ERR_FORBIDDEN, "address", false);
    }
    bench_free(b);
}

/* Trust is for one host and port, as written in the setting. */
static void test_trust_is_exact(void **state)
{
    (void)state;
    struct bench *b = bench_new(answer_text, OK_TEXT);
    call_ok(b);
    b->q.url = arena_printf(b->mem, "http://localhost:%d/", scripted_port(b->server));
    call_fails(b, ERR_FORBIDDEN, "address", false);
    b->q.url = "http://127.0.0.1/";
    call_fails(b, ERR_FORBIDDEN, "address", false);
    b->q.url = arena_printf(b->mem, "http://0x7f000001:%d/", scripted_port(b->server));
    call_ok(b); /* the same address in another spelling */
    assert_int_equal(scripted_connections(b->server), 1);
    bench_free(b);
}

static void test_environment_proxy_ignored(void **state)
{
    (void)state;
    struct bench *b = bench_new(answer_text, OK_TEXT);
    assert_int_equal(setenv("http_proxy", "http://127.0.0.1:1", 1), 0);
    assert_int_equal(setenv("ALL_PROXY", "http://127.0.0.1:1", 1), 0);
    int result = call(b);
    unsetenv("http_proxy");
    unsetenv("ALL_PROXY");
    assert_int_equal(result, 0);
    bench_free(b);
}

static void test_bad_url(void **state)
{
    (void)state;
    struct bench *b = bench_new(answer_text, OK_TEXT);
    b->q.url = "https://user:canary@a.example/";
    call_fails(b, ERR_INPUT, "bad_url", false);
    assert_null(strstr(b->e.text, "canary"));
    bench_free(b);
}

/* --- stop and rules of use --- */

struct stopper {
    struct bench *b;
    int result;
};

static void *stopper_call(void *user)
{
    struct stopper *s = user;
    s->result = call(s->b);
    return NULL;
}

static void test_stop(void **state)
{
    (void)state;
    struct bench *b = bench_new(answer_silence, NULL);
    b->q.timeout_ms = 30000;
    struct stopper s = {.b = b};
    pthread_t thread;
    assert_int_equal(pthread_create(&thread, NULL, stopper_call, &s), 0);
    int64_t started = clock_mono_ms();
    while (scripted_requests(b->server) == 0 && clock_mono_ms() - started < 10000) {
        sched_yield();
    }
    int64_t stopped = clock_mono_ms();
    net_client_stop(b->client);
    pthread_join(thread, NULL);
    assert_in_range(clock_mono_ms() - stopped, 0, 5000);
    assert_int_equal(s.result, -1);
    assert_string_equal(b->e.code, "shutdown");
    assert_true(b->e.maybe_done);
    call_fails(b, ERR_TIMEOUT, "shutdown", false);
    assert_int_equal(scripted_requests(b->server), 1);
    bench_free(b);
}

static bool inside_always(void)
{
    return true;
}

static bool inside_never(void)
{
    return false;
}

/* A call inside a transaction is a fault of the program: it ends in a child process. */
static void test_forbidden_inside(void **state)
{
    (void)state;
    struct bench *b = bench_new(answer_text, OK_TEXT);
    net_forbid(inside_never);
    call_ok(b);
    pid_t child = fork();
    if (child == 0) {
        (void)close(STDERR_FILENO);
        net_forbid(inside_always);
        (void)call(b);
        _exit(0);
    }
    int status = 0;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status));
    assert_int_equal(WTERMSIG(status), SIGABRT);
    net_forbid(NULL);
    bench_free(b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_get),
        cmocka_unit_test(test_post_form),
        cmocka_unit_test(test_other_methods),
        cmocka_unit_test(test_head_has_no_body),
        cmocka_unit_test(test_large_body_is_sent_whole),
        cmocka_unit_test(test_header_injection_refused),
        cmocka_unit_test(test_statuses_are_answers),
        cmocka_unit_test(test_retry_after_date),
        cmocka_unit_test(test_no_content),
        cmocka_unit_test(test_redirect_not_followed),
        cmocka_unit_test(test_chunked),
        cmocka_unit_test(test_apps_trap_06_gzip),
        cmocka_unit_test(test_answer_bound),
        cmocka_unit_test(test_apps_trap_06_endless_answer),
        cmocka_unit_test(test_apps_trap_06_large_answer),
        cmocka_unit_test(test_endless_headers),
        cmocka_unit_test(test_apps_trap_06_timeouts),
        cmocka_unit_test(test_lost_answers),
        cmocka_unit_test(test_nobody_listens),
        cmocka_unit_test(test_no_such_name),
        cmocka_unit_test(test_peer_without_tls),
        cmocka_unit_test(test_connections_are_kept),
        cmocka_unit_test(test_connections_are_kept_by_host),
        cmocka_unit_test(test_more_hosts_than_handles),
        cmocka_unit_test(test_not_pooled_after_error),
        cmocka_unit_test(test_write_is_not_repeated),
        cmocka_unit_test(test_read_is_repeated_once),
        cmocka_unit_test(test_loopback_refused),
        cmocka_unit_test(test_private_refused),
        cmocka_unit_test(test_trust_is_exact),
        cmocka_unit_test(test_environment_proxy_ignored),
        cmocka_unit_test(test_bad_url),
        cmocka_unit_test(test_stop),
        cmocka_unit_test(test_forbidden_inside),
    };
    return cmocka_run_group_tests_name("http", tests, NULL, NULL);
}
