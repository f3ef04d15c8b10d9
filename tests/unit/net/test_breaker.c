/* P13: a peer that does not answer rests, and none takes all workers. */
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/arena.h"
#include "base/clock.h"
#include "net.h"
#include "tests/unit/net/scripted.h"

#define OK_TEXT "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"
#define BUSY_TEXT "HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n"

enum { IN_A_ROW = 8, MANY = 4, REST_MS = 2000 };

struct peer {
    arena *mem;
    struct scripted *server;
    net_client *client;
    const char *url;
    atomic_int cuts; /* so many requests more find no answer */
    atomic_bool holds;
    const char *text;
};

static bool answer(const struct scripted_request *q)
{
    struct peer *p = q->user;
    while (atomic_load(&p->holds)) {
        sched_yield();
    }
    if (atomic_fetch_sub(&p->cuts, 1) > 0) {
        scripted_reset(q->fd);
        return false;
    }
    return scripted_text(q->fd, p->text);
}

static struct peer *peer_new(size_t per_peer)
{
    struct peer *p = calloc(1, sizeof *p);
    assert_non_null(p);
    p->mem = arena_new();
    p->text = OK_TEXT;
    p->server = scripted_start(answer, p);
    const char *host = arena_printf(p->mem, "127.0.0.1:%d", scripted_port(p->server));
    const struct net_options options = {
        .trusted_hosts = &host, .trusted_count = 1, .handles = 16, .per_peer = per_peer};
    p->client = net_client_new(&options);
    p->url = arena_printf(p->mem, "http://%s/", host);
    return p;
}

static void peer_free(struct peer *p)
{
    net_client_free(p->client);
    scripted_stop(p->server);
    arena_free(p->mem);
    free(p);
}

/* The code of the error; "" for an answer. */
static const char *call_of(struct peer *p, const char *name, const char *workspace,
                           bool person_waits)
{
    arena *mem = arena_new();
    struct net_response r;
    struct err e = {0};
    const struct net_request q = {.method = "POST",
                                  .url = p->url,
                                  .peer = name,
                                  .workspace = workspace,
                                  .body = "{}",
                                  .content_type = "application/json",
                                  .person_waits = person_waits};
    int rc = net_call(p->client, mem, &q, &r, &e);
    arena_free(mem);
    assert_int_equal(net_was_held(&e), rc != 0 && strncmp(e.code, "peer_", 5) == 0);
    return rc == 0 ? "" : e.code;
}

static const char *call(struct peer *p, const char *name, bool person_waits)
{
    return call_of(p, name, NULL, person_waits);
}

static void expect_of(struct peer *p, const char *workspace, const char *code)
{
    assert_string_equal(call_of(p, "app", workspace, false), code);
}

static void expect(struct peer *p, const char *name, const char *code)
{
    assert_string_equal(call(p, name, false), code);
}

static void test_a_peer_that_does_not_answer_rests_and_is_tried_once(void **state)
{
    (void)state;
    struct peer *p = peer_new(0);
    atomic_store(&p->cuts, IN_A_ROW + 1);
    for (int i = 0; i < IN_A_ROW; i++) {
        expect(p, "app", "answer_lost");
    }
    assert_string_equal(call(p, "app", false), "peer_rests");
    assert_int_equal(scripted_requests(p->server), IN_A_ROW);

    /* another app at the same host is another peer */
    atomic_store(&p->cuts, 0);
    expect(p, "other", "");
    atomic_store(&p->cuts, 1);

    clock_wait_ms(REST_MS);
    expect(p, "app", "answer_lost"); /* the one try */
    assert_string_equal(call(p, "app", true), "peer_rests");

    clock_wait_ms(REST_MS); /* it rests twice as long now */
    assert_string_equal(call(p, "app", true), "peer_rests");
    clock_wait_ms(REST_MS);
    expect(p, "app", "");
    expect(p, "app", "");
    peer_free(p);
}

/* What one workspace meets may be of its own making: a proxy, a firewall, a person's token. */
static void test_what_one_workspace_meets_rests_its_own_calls_alone(void **state)
{
    (void)state;
    struct peer *p = peer_new(0);
    atomic_store(&p->cuts, IN_A_ROW);
    for (int i = 0; i < IN_A_ROW; i++) {
        expect_of(p, "acme", "answer_lost");
    }
    expect_of(p, "acme", "peer_rests");
    expect_of(p, "globex", "");
    expect_of(p, "acme", "peer_rests"); /* the answer was another's */

    clock_wait_ms(REST_MS);
    atomic_store(&p->cuts, 1);
    expect_of(p, "acme", "answer_lost"); /* the one try, of its own */
    expect_of(p, "acme", "peer_rests");
    expect_of(p, "globex", "");
    clock_wait_ms(2 * REST_MS);
    expect_of(p, "acme", "");
    expect_of(p, "acme", "");
    peer_free(p);
}

/* Two may share what keeps them from it; then each rests for itself. */
static void test_what_two_meet_rests_the_calls_of_both_alone(void **state)
{
    (void)state;
    struct peer *p = peer_new(0);
    atomic_store(&p->cuts, 2 * IN_A_ROW);
    for (int i = 0; i < IN_A_ROW; i++) {
        expect_of(p, "acme", "answer_lost");
        expect_of(p, "globex", "answer_lost");
    }
    expect_of(p, "acme", "peer_rests");
    expect_of(p, "globex", "peer_rests");
    expect_of(p, "initech", "");
    peer_free(p);
}

static void test_what_several_meet_rests_all_calls(void **state)
{
    (void)state;
    struct peer *p = peer_new(0);
    atomic_store(&p->cuts, IN_A_ROW + 1);
    for (int i = 0; i < IN_A_ROW - 2; i++) {
        expect_of(p, "acme", "answer_lost");
    }
    expect_of(p, "globex", "answer_lost");
    expect_of(p, "umbrella", "answer_lost");
    expect_of(p, "acme", "peer_rests");
    expect_of(p, "initech", "peer_rests");

    clock_wait_ms(REST_MS);
    expect_of(p, "acme", "answer_lost"); /* the one try */
    clock_wait_ms(REST_MS);
    expect_of(p, "initech", "peer_rests"); /* all rest twice as long */
    clock_wait_ms(REST_MS);
    expect_of(p, "initech", "");
    expect_of(p, "globex", "");
    peer_free(p);
}

/* There are so many entries; whose rest is over gives its place up. */
static void test_many_dead_peers_do_not_end_the_protection(void **state)
{
    (void)state;
    enum { ENTRIES = 256 };
    struct peer *p = peer_new(0);
    static const char nobody[] = "127.0.0.1:1"; /* nobody listens there */
    const char *host = nobody;
    net_client_free(p->client);
    p->client = net_client_new(
        &(struct net_options){.trusted_hosts = &host, .trusted_count = 1, .handles = 16});
    p->url = "http://127.0.0.1:1/";
    for (int i = 0; i < ENTRIES; i++) {
        for (int n = 0; n < IN_A_ROW; n++) {
            expect(p, arena_printf(p->mem, "app-%d", i), "no_connection");
        }
    }
    clock_wait_ms(REST_MS);
    for (int n = 0; n < IN_A_ROW; n++) {
        expect(p, "one-more", "no_connection");
    }
    expect(p, "one-more", "peer_rests");
    peer_free(p);
}

static void test_an_answer_in_between_and_refusals_are_no_outage(void **state)
{
    (void)state;
    struct peer *p = peer_new(0);
    for (int round = 0; round < 3; round++) {
        atomic_store(&p->cuts, IN_A_ROW - 1);
        for (int i = 0; i < IN_A_ROW - 1; i++) {
            expect(p, "app", "answer_lost");
        }
        p->text = BUSY_TEXT; /* it is there: what it says is for its caller */
        expect(p, "app", "");
    }
    peer_free(p);
}

/* A form's answer has three seconds: that a peer needs longer does not mean that it is dead. */
static void test_who_has_little_time_has_not_found_an_outage(void **state)
{
    (void)state;
    struct peer *p = peer_new(0);
    atomic_store(&p->holds, true);
    for (int i = 0; i < IN_A_ROW; i++) {
        arena *mem = arena_new();
        struct net_response r;
        struct err e = {0};
        const struct net_request q = {
            .method = "GET", .url = p->url, .peer = "app", .timeout_ms = 100};
        assert_int_equal(net_call(p->client, mem, &q, &r, &e), -1);
        assert_string_equal(e.code, "upstream_timeout");
        arena_free(mem);
    }
    atomic_store(&p->holds, false);
    expect(p, "app", "");
    peer_free(p);
}

struct held {
    struct peer *p;
    pthread_t thread;
    const char *code;
};

static void *hold(void *user)
{
    struct held *h = user;
    h->code = call(h->p, "app", false);
    return NULL;
}

static void test_a_slow_peer_has_its_share_alone(void **state)
{
    (void)state;
    struct peer *p = peer_new(MANY);
    struct held held[MANY];
    atomic_store(&p->holds, true);
    for (int i = 0; i < MANY; i++) {
        held[i] = (struct held){.p = p};
        assert_int_equal(pthread_create(&held[i].thread, NULL, hold, &held[i]), 0);
    }
    int64_t began = clock_mono_ms();
    while (scripted_requests(p->server) < MANY && clock_mono_ms() - began < 10000) {
        sched_yield();
    }
    assert_string_equal(call(p, "app", false), "peer_full");
    atomic_store(&p->holds, false);
    for (int i = 0; i < MANY; i++) {
        pthread_join(held[i].thread, NULL);
        assert_string_equal(held[i].code, "");
    }
    expect(p, "app", "");
    peer_free(p);
}

struct person {
    struct peer *p;
    const char *code;
};

static void *ask(void *user)
{
    struct person *x = user;
    x->code = call(x->p, "app", true);
    return NULL;
}

static void test_somebody_in_a_browser_is_not_kept_out(void **state)
{
    (void)state;
    struct peer *p = peer_new(1);
    struct held first = {.p = p};
    struct person second = {.p = p};
    pthread_t thread;
    atomic_store(&p->holds, true);
    assert_int_equal(pthread_create(&first.thread, NULL, hold, &first), 0);
    int64_t began = clock_mono_ms();
    while (scripted_requests(p->server) < 1 && clock_mono_ms() - began < 10000) {
        sched_yield();
    }
    assert_int_equal(pthread_create(&thread, NULL, ask, &second), 0);
    while (scripted_requests(p->server) < 2 && clock_mono_ms() - began < 10000) {
        sched_yield();
    }
    atomic_store(&p->holds, false);
    pthread_join(first.thread, NULL);
    pthread_join(thread, NULL);
    assert_string_equal(first.code, "");
    assert_string_equal(second.code, "");
    peer_free(p);
}

/* Apps have a smaller share of the workers than a chat, whose messages others read already. */
static void test_a_call_for_an_app_has_a_share_of_its_own(void **state)
{
    (void)state;
    struct peer *p = peer_new(MANY);
    const char *host = strstr(p->url, "//") + 2;
    host = arena_strndup(p->mem, host, strcspn(host, "/"));
    net_client_free(p->client);
    const struct net_options options = {
        .trusted_hosts = &host, .trusted_count = 1, .handles = 16, .per_peer = MANY, .per_app = 1};
    p->client = net_client_new(&options);
    struct held first = {.p = p};
    atomic_store(&p->holds, true);
    assert_int_equal(pthread_create(&first.thread, NULL, hold, &first), 0);
    int64_t began = clock_mono_ms();
    while (scripted_requests(p->server) < 1 && clock_mono_ms() - began < 10000) {
        sched_yield();
    }
    arena *mem = arena_new();
    struct net_response r;
    struct err e = {0};
    const struct net_request q = {
        .method = "GET", .url = p->url, .peer = "app", .for_app = true, .timeout_ms = 200};
    assert_int_equal(net_call(p->client, mem, &q, &r, &e), -1);
    assert_string_equal(e.code, "peer_full");
    struct net_request other = q;
    other.for_app = false;
    assert_int_equal(net_call(p->client, mem, &other, &r, &e), -1);
    assert_string_equal(e.code, "upstream_timeout");
    arena_free(mem);
    atomic_store(&p->holds, false);
    pthread_join(first.thread, NULL);
    assert_string_equal(first.code, "");
    peer_free(p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_call_for_an_app_has_a_share_of_its_own),
        cmocka_unit_test(test_a_peer_that_does_not_answer_rests_and_is_tried_once),
        cmocka_unit_test(test_what_one_workspace_meets_rests_its_own_calls_alone),
        cmocka_unit_test(test_what_two_meet_rests_the_calls_of_both_alone),
        cmocka_unit_test(test_what_several_meet_rests_all_calls),
        cmocka_unit_test(test_many_dead_peers_do_not_end_the_protection),
        cmocka_unit_test(test_an_answer_in_between_and_refusals_are_no_outage),
        cmocka_unit_test(test_who_has_little_time_has_not_found_an_outage),
        cmocka_unit_test(test_a_slow_peer_has_its_share_alone),
        cmocka_unit_test(test_somebody_in_a_browser_is_not_kept_out),
    };
    return cmocka_run_group_tests_name("net: breaker", tests, NULL, NULL);
}
