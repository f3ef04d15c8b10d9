#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <pthread.h>
#include <stdatomic.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/die.h"
#include "base/str.h"
#include "service/web/web_int.h"
#include "tests/db/proxy.h"
#include "tests/db/support.h"
#include "tests/unit/web/client.h"

/*
 * P1 at the door: an event is answered 200 only after it was committed, and committed once however
 * often, under whatever event id and through whichever replica it comes. The database is reached
 * through a relay that loses connections at chosen moments.
 */

enum { REPLICAS = 2 };

static const char SECRET[] = "sample-signing-secret";
static const char KEYS[] = "k1:c2FtcGxlLXNhbXBsZS1zYW1wbGUtc2FtcGxlLTAwMDE=";

static struct test_db *base;
static proxy *relay;
static arena *boot;
static struct config config;
static struct secret signing;
static struct replica {
    db_pool *pool;
    stores *stores;
    web *web;
} replicas[REPLICAS];
static atomic_int woken;

static void wake(void *arg)
{
    (void)arg;
    atomic_fetch_add(&woken, 1);
}

static void replica_start(struct replica *r, keyring *keys)
{
    struct err e = {0};
    r->pool = db_pool_new(&(struct db_options){.url = secret_of(boot, proxy_url(relay)),
                                               .connections = 4,
                                               .prepare = true,
                                               .wait_ms = 1000,
                                               .statement_ms = 2000});
    r->stores = stores_new(r->pool, keys);
    chats *c = chats_new(boot, &(struct chat_settings){.slack_app_id = "A1",
                                                       .slack_url = "https://slack.com",
                                                       .slack_signing_secrets = &signing,
                                                       .slack_signing_secrets_count = 1});
    struct web_options options = {.config = &config,
                                  .stores = r->stores,
                                  .keys = keys,
                                  .chats = c,
                                  .serve_web = true,
                                  .wake = wake};
    if (web_start(boot, &options, &r->web, &e) != 0) {
        die("%s", e.text);
    }
}

static int group_setup(void **state)
{
    struct err e = {0};
    keyring *keys = NULL;
    (void)state;
    boot = arena_new();
    base = test_db_new();
    if (db_migrate(secret_of(boot, base->url), NULL, &e) != 0 ||
        crypto_keyring_parse(boot, secret_of(boot, KEYS), &keys, &e) != 0) {
        die("%s", e.text);
    }
    relay = proxy_new(base->url);
    signing = secret_of(boot, SECRET);
    config = (struct config){.listen = "127.0.0.1:0",
                             .ops_listen = "127.0.0.1:0",
                             .public_url = "http://127.0.0.1",
                             .public_is_loopback = true};
    for (size_t i = 0; i < REPLICAS; i++) {
        replica_start(&replicas[i], keys);
    }
    return 0;
}

static int group_teardown(void **state)
{
    (void)state;
    for (size_t i = 0; i < REPLICAS; i++) {
        web_stop(replicas[i].web, 2000);
        stores_free(replicas[i].stores);
        db_pool_free(replicas[i].pool);
    }
    proxy_free(relay);
    test_db_free(base);
    arena_free(boot);
    return 0;
}

static int setup(void **state)
{
    (void)state;
    test_sql(base->url, "truncate job");
    atomic_store(&woken, 0);
    return 0;
}

struct sample {
    const char *event_id, *ts, *text;
};

static const char *body_of(arena *mem, const struct sample *s)
{
    return arena_printf(
        mem,
        "{\"type\":\"event_callback\",\"team_id\":\"T1\",\"api_app_id\":\"A1\",\"event\":{\"type\":"
        "\"message\",\"channel\":\"D1\",\"user\":\"U1\",\"text\":\"%s\",\"ts\":\"%s\","
        "\"event_ts\":\"%s\",\"channel_type\":\"im\"},\"event_id\":\"%s\",\"event_time\":1700000000,"
        "\"authorizations\":[{\"enterprise_id\":null,\"team_id\":\"T1\",\"user_id\":\"UBOT\","
        "\"is_bot\":true,\"is_enterprise_install\":false}]}",
        s->text, s->ts, s->ts, s->event_id);
}

static const char *sign(arena *mem, int64_t at, const char *body)
{
    char *text = arena_printf(mem, "v0:%lld:%s", (long long)at, body);
    struct digest d = crypto_hmac_sha256(bytes_of(SECRET), bytes_of(text), bytes_of(NULL));
    return crypto_hex(mem, (struct bytes){d.bytes, sizeof d.bytes});
}

static struct reply post(size_t replica, const char *body, int64_t at, const char *signature)
{
    arena *mem = arena_new();
    char *head = arena_printf(mem,
                              "POST /slack/events HTTP/1.1\r\nContent-Type: application/json\r\n"
                              "X-Slack-Request-Timestamp: %lld\r\nX-Slack-Signature: v0=%s",
                              (long long)at, signature == NULL ? sign(mem, at, body) : signature);
    struct reply r = client_call(web_port(replicas[replica].web, "main"), head, body);
    arena_free(mem);
    return r;
}

static int send_sample(size_t replica, const struct sample *s)
{
    arena *mem = arena_new();
    struct reply r = post(replica, body_of(mem, s), clock_now(), NULL);
    arena_free(mem);
    return r.status;
}

/* As the platform does: again, until it is answered 200. The pool makes pauses before it connects
 * again. */
static void send_again(size_t replica, const struct sample *s)
{
    int64_t end_ms = clock_mono_ms() + 15000;
    int status = 0;
    while (status != 200 && clock_mono_ms() < end_ms) {
        status = send_sample(replica, s);
        assert_true(status == 200 || status == 503);
        nanosleep(&(struct timespec){.tv_nsec = 20 * 1000000L}, NULL);
    }
    assert_int_equal(status, 200);
}

static void check_rows(const char *expected)
{
    arena *mem = arena_new();
    assert_string_equal(test_sql_text(mem, base->url, "select count(*)::text from job"), expected);
    arena_free(mem);
}

static void test_an_answered_event_is_stored_and_sealed(void **state)
{
    (void)state;
    arena *mem = arena_new();
    struct reply r =
        post(0, body_of(mem, &(struct sample){"Ev1", "1.1", "CANARY"}), clock_now(), NULL);
    assert_int_equal(r.status, 200);
    assert_int_equal(r.body_len, 0);
    check_rows("1");
    assert_string_equal(
        test_sql_text(mem, base->url,
                      "select workspace || ' ' || kind || ' ' || lane || ' ' || state from job"),
        "slack:T1 slack_event user:U1 queued");
    assert_string_equal(
        test_sql_text(mem, base->url,
                      "select (position('CANARY'::bytea in payload))::text from job"),
        "0");
    assert_true(atomic_load(&woken) >= 1);
    arena_free(mem);
}

static void test_the_same_message_is_stored_once(void **state)
{
    (void)state;
    assert_int_equal(send_sample(0, &(struct sample){"Ev1", "1.1", "a"}), 200);
    assert_int_equal(send_sample(0, &(struct sample){"Ev1", "1.1", "a"}), 200); /* a retry */
    assert_int_equal(send_sample(1, &(struct sample){"Ev1", "1.1", "a"}), 200); /* elsewhere */
    assert_int_equal(send_sample(1, &(struct sample){"Ev2", "1.1", "a"}), 200); /* another id */
    check_rows("1");
    assert_int_equal(send_sample(0, &(struct sample){"Ev3", "1.2", "a"}), 200);
    check_rows("2");
}

enum { SENDERS = 8, EVENTS = 25 };

static void *sender_main(void *arg)
{
    size_t replica = (size_t)(uintptr_t)arg % REPLICAS;
    arena *mem = arena_new();
    uintptr_t good = 0;
    for (int i = 0; i < EVENTS; i++) {
        struct sample s = {arena_printf(mem, "Ev%d", i), arena_printf(mem, "1.%d", i), "a"};
        good += send_sample(replica, &s) == 200 ? 1 : 0;
    }
    arena_free(mem);
    return (void *)good;
}

static void test_two_replicas_at_once_store_each_event_once(void **state)
{
    (void)state;
    pthread_t threads[SENDERS];
    for (uintptr_t i = 0; i < SENDERS; i++) {
        assert_int_equal(pthread_create(&threads[i], NULL, sender_main, (void *)i), 0);
    }
    for (size_t i = 0; i < SENDERS; i++) {
        void *good = NULL;
        pthread_join(threads[i], &good);
        assert_int_equal((uintptr_t)good, EVENTS);
    }
    check_rows("25");
}

static void test_what_is_not_proven_leaves_nothing_behind(void **state)
{
    (void)state;
    arena *mem = arena_new();
    const char *body = body_of(mem, &(struct sample){"Ev1", "1.1", "a"});
    int64_t now = clock_now();
    struct reply r = post(0, body, now, sign(mem, now, "another body"));
    assert_int_equal(r.status, 401);
    assert_int_equal(r.body_len, 0);
    assert_int_equal(post(0, body, now - 400, NULL).status, 401);
    assert_int_equal(post(0, body, now + 400, NULL).status, 401);
    assert_int_equal(
        client_call(web_port(replicas[0].web, "main"), "POST /slack/events HTTP/1.1", body).status,
        401);
    const char *twice =
        arena_printf(mem, "%lld\r\nX-Slack-Signature: v0=%s", (long long)now, sign(mem, now, body));
    char *head = arena_printf(mem,
                              "POST /slack/events HTTP/1.1\r\nX-Slack-Request-Timestamp: %s\r\n"
                              "X-Slack-Signature: v0=%s",
                              twice, sign(mem, now, body));
    assert_int_equal(client_call(web_port(replicas[0].web, "main"), head, body).status, 401);
    assert_int_equal(post(0, "not json", now, NULL).status, 400);
    check_rows("0");
    arena_free(mem);
}

static void test_a_challenge_is_answered_and_not_stored(void **state)
{
    (void)state;
    struct reply r =
        post(0, "{\"token\":\"x\",\"challenge\":\"abc123\",\"type\":\"url_verification\"}",
             clock_now(), NULL);
    assert_int_equal(r.status, 200);
    assert_string_equal(r.body, "abc123");
    check_rows("0");
}

static void test_without_a_database_the_platform_must_try_again(void **state)
{
    (void)state;
    assert_int_equal(send_sample(0, &(struct sample){"Ev1", "1.1", "a"}), 200);
    proxy_down(relay);
    arena *mem = arena_new();
    struct reply r = post(0, body_of(mem, &(struct sample){"Ev2", "1.2", "a"}), clock_now(), NULL);
    assert_int_equal(r.status, 503);
    assert_non_null(reply_header(&r, "Retry-After"));
    struct reply ready =
        client_call(web_port(replicas[0].web, "ops"), "GET /readyz HTTP/1.1", NULL);
    assert_int_equal(ready.status, 503);
    assert_non_null(strstr(ready.body, "db_away"));
    proxy_up(relay);
    check_rows("1");
    send_again(0, &(struct sample){"Ev2", "1.2", "a"});
    check_rows("2");
    ready = client_call(web_port(replicas[0].web, "ops"), "GET /readyz HTTP/1.1", NULL);
    assert_int_equal(ready.status, 200);
    arena_free(mem);
}

/* The commit happened and its answer was lost: 503, the platform sends again, one row. */
static void test_a_lost_answer_of_the_database(void **state)
{
    (void)state;
    assert_int_equal(send_sample(0, &(struct sample){"Ev1", "1.1", "a"}), 200);
    proxy_set(relay, PROXY_CUT_ANSWER);
    int status = send_sample(0, &(struct sample){"Ev2", "1.2", "a"});
    proxy_set(relay, PROXY_PASS);
    assert_true(status == 200 || status == 503);
    send_again(0, &(struct sample){"Ev2", "1.2", "a"});
    check_rows("2");
}

/* A database that hangs: answered in time for Slack, and stored at most once when it wakes up. */
static void test_a_frozen_database(void **state)
{
    (void)state;
    assert_int_equal(send_sample(0, &(struct sample){"Ev1", "1.1", "a"}), 200);
    proxy_set(relay, PROXY_FREEZE);
    int64_t began_ms = clock_mono_ms();
    assert_int_equal(send_sample(0, &(struct sample){"Ev2", "1.2", "a"}), 503);
    assert_true(clock_mono_ms() - began_ms < 3000);
    proxy_down(relay);
    proxy_set(relay, PROXY_PASS);
    proxy_up(relay);
    send_again(0, &(struct sample){"Ev2", "1.2", "a"});
    check_rows("2");
}

/* --- the writer alone --- */

enum { ITEMS = 300 };

struct probe {
    struct intake_item item;
    struct job_seed seed;
    int called;
    bool ok;
};

static void probe_done(struct intake_item *item, bool ok)
{
    struct probe *p = (struct probe *)item;
    p->called++;
    p->ok = ok;
}

/* An event that the database refuses fails alone, not with all that were committed beside it. */
static void test_one_bad_event_fails_alone(void **state)
{
    (void)state;
    static struct probe probes[ITEMS];
    arena *mem = arena_new();
    intake *i = intake_new(replicas[0].stores, NULL, NULL);
    memset(probes, 0, sizeof probes);
    for (int n = 0; n < ITEMS; n++) {
        probes[n].seed = (struct job_seed){.workspace = "slack:T1",
                                           .id = id_new(),
                                           .lane = n == 137 ? "\xff" : "user:U1",
                                           .priority = JOB_PRIORITY_NORMAL,
                                           .sealed = bytes_of("sealed"),
                                           .keys = {arena_printf(mem, "ev:%d", n), NULL, NULL}};
        probes[n].item = (struct intake_item){&probes[n].seed, 1, probe_done};
        assert_true(intake_put(i, &probes[n].item));
    }
    intake_stop(i); /* commits what is queued */
    struct probe late = {.seed = probes[0].seed};
    late.item = (struct intake_item){&late.seed, 1, probe_done};
    assert_false(intake_put(i, &late.item));
    intake_free(i);
    for (int n = 0; n < ITEMS; n++) {
        assert_int_equal(probes[n].called, 1);
        assert_int_equal(probes[n].ok, n != 137);
    }
    assert_int_equal(late.called, 0);
    check_rows("299");
    arena_free(mem);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_an_answered_event_is_stored_and_sealed, setup),
        cmocka_unit_test_setup(test_the_same_message_is_stored_once, setup),
        cmocka_unit_test_setup(test_two_replicas_at_once_store_each_event_once, setup),
        cmocka_unit_test_setup(test_what_is_not_proven_leaves_nothing_behind, setup),
        cmocka_unit_test_setup(test_a_challenge_is_answered_and_not_stored, setup),
        cmocka_unit_test_setup(test_without_a_database_the_platform_must_try_again, setup),
        cmocka_unit_test_setup(test_a_lost_answer_of_the_database, setup),
        cmocka_unit_test_setup(test_a_frozen_database, setup),
        cmocka_unit_test_setup(test_one_bad_event_fails_alone, setup),
    };
    return cmocka_run_group_tests(tests, group_setup, group_teardown);
}
