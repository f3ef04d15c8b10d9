/* A file in a multipart body, over connections that end where they like: it is sent whole or not at
 * all, and never twice by the client itself (P10). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include <cmocka.h>

#include "net.h"
#include "tests/unit/net/scripted.h"

#define OK_HEAD "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n"

enum { FILE_BYTES = 48000 };

struct bench {
    arena *mem;
    struct scripted *server;
    net_client *client;
    struct net_part part;
    struct net_request q;
    struct net_response r;
    struct err e;
};

static struct bench *bench_new(scripted_answer answer)
{
    struct bench *b = calloc(1, sizeof *b);
    assert_non_null(b);
    b->mem = arena_new();
    b->server = scripted_start(answer, NULL);
    const char *host = arena_printf(b->mem, "127.0.0.1:%d", scripted_port(b->server));
    struct net_options options = {.trusted_hosts = &host, .trusted_count = 1, .handles = 4};
    b->client = net_client_new(&options);
    uint8_t *data = arena_alloc(b->mem, FILE_BYTES);
    for (size_t i = 0; i < FILE_BYTES; i++) {
        data[i] = (uint8_t)(1 + (i * 7 + i / 255) % 255); /* no NUL: the peer reads text */
    }
    b->part = (struct net_part){.name = "file",
                                .file_name = "deed.bin",
                                .content_type = "application/octet-stream",
                                .data = {data, FILE_BYTES}};
    b->q = (struct net_request){.method = "POST",
                                .url = arena_printf(b->mem, "http://%s/upload", host),
                                .peer = "test",
                                .parts = &b->part,
                                .parts_count = 1,
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
    b->e = (struct err){0};
    return net_call(b->client, b->mem, &b->q, &b->r, &b->e);
}

/* The last request that came whole has the whole file, and nothing of it twice. */
static void expect_whole(struct bench *b)
{
    char *text = arena_alloc(b->mem, SCRIPTED_REQUEST_MAX + 1);
    scripted_last(b->server, text, SCRIPTED_REQUEST_MAX + 1);
    const char *file = strstr(text, "\r\n\r\n");
    assert_non_null(file);
    file = strstr(file + 4, "\r\n\r\n");
    assert_non_null(file);
    assert_memory_equal(file + 4, b->part.data.data, FILE_BYTES);
    assert_memory_equal(file + 4 + FILE_BYTES, "\r\n--", 4);
}

/* The end comes in the segment of the answer, so that the client has both. */
static bool answer_and_end(const struct scripted_request *q)
{
    (void)send(q->fd, OK_HEAD "{}", strlen(OK_HEAD "{}"), MSG_NOSIGNAL | MSG_MORE);
    shutdown(q->fd, SHUT_WR);
    return false;
}

static void test_kept_connection_that_ended_before(void **state)
{
    (void)state;
    struct bench *b = bench_new(answer_and_end);
    for (size_t i = 1; i <= 3; i++) {
        assert_int_equal(call(b), 0);
        assert_int_equal(b->r.status, 200);
        assert_int_equal(scripted_requests(b->server), i);
        expect_whole(b);
    }
    bench_free(b);
}

/* The first is answered, the second is read and its connection closed. */
static bool answer_once(const struct scripted_request *q)
{
    return q->number == 1 && scripted_text(q->fd, OK_HEAD "{}");
}

static void test_kept_connection_that_ends_without_an_answer(void **state)
{
    (void)state;
    struct bench *b = bench_new(answer_once);
    assert_int_equal(call(b), 0);
    assert_int_equal(call(b), -1);
    assert_string_equal(b->e.code, "answer_lost");
    assert_true(b->e.maybe_done);
    assert_int_equal(scripted_requests(b->server), 2);
    expect_whole(b);
    bench_free(b);
}

/* Says no, as a peer does to a token that has ended; the same call is made
 * once more. */
static bool answer_401_first(const struct scripted_request *q)
{
    static const char no[] = "HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n";
    return scripted_text(q->fd, q->number == 1 ? no : OK_HEAD "{}");
}

static void test_the_same_call_once_more(void **state)
{
    (void)state;
    struct bench *b = bench_new(answer_401_first);
    b->q.bearer = secret_of(b->mem, "sample-old");
    assert_int_equal(call(b), 0);
    assert_int_equal(b->r.status, 401);
    assert_int_equal(scripted_requests(b->server), 1);
    expect_whole(b);
    b->q.bearer = secret_of(b->mem, "sample-new");
    assert_int_equal(call(b), 0);
    assert_int_equal(b->r.status, 200);
    assert_int_equal(scripted_requests(b->server), 2);
    assert_int_equal(scripted_connections(b->server), 1);
    expect_whole(b);
    bench_free(b);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_kept_connection_that_ended_before),
        cmocka_unit_test(test_kept_connection_that_ends_without_an_answer),
        cmocka_unit_test(test_the_same_call_once_more),
    };
    return cmocka_run_group_tests_name("net mime", tests, NULL, NULL);
}
