#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <pthread.h>
#include <time.h>

#include "base/clock.h"
#include "tests/db/proxy.h"
#include "tests/db/support.h"

/* LISTEN on a connection of its own. */

static struct test_db *base;
static proxy *relay;
static db_listener *listener;

static int setup(void **state)
{
    (void)state;
    base = test_db_new();
    relay = proxy_new(base->url);
    listener = db_listener_new(secret_of(base->mem, proxy_url(relay)), "jobs \"of\" Ana");
    assert_int_equal(db_listener_wait(listener, 5000), 1); /* connected: look once */
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    db_listener_free(listener);
    proxy_free(relay);
    test_db_free(base);
    return 0;
}

static void *notify_later(void *arg)
{
    (void)arg;
    nanosleep(&(struct timespec){.tv_nsec = 50000000}, NULL);
    test_sql(base->url, "notify \"jobs \"\"of\"\" Ana\"");
    return NULL;
}

static void a_notification_ends_the_wait(void **state)
{
    (void)state;
    pthread_t thread;
    int64_t started_ms = clock_mono_ms();
    pthread_create(&thread, NULL, notify_later, NULL);
    assert_int_equal(db_listener_wait(listener, 20000), 1);
    assert_true(clock_mono_ms() - started_ms < 15000);
    pthread_join(thread, NULL);
    assert_int_equal(db_listener_wait(listener, 20), 0);
}

static void notified_before_the_wait(void **state)
{
    (void)state;
    test_sql(base->url, "notify \"jobs \"\"of\"\" Ana\"; notify \"jobs \"\"of\"\" Ana\", 'x'");
    assert_int_equal(db_listener_wait(listener, 10000), 1);
    /* both, or the second one now: never none of them and never for ever */
    while (db_listener_wait(listener, 100) == 1) {
    }
}

static void time_passes(void **state)
{
    (void)state;
    int64_t started_ms = clock_mono_ms();
    test_sql(base->url, "notify other");
    assert_int_equal(db_listener_wait(listener, 120), 0);
    assert_true(clock_mono_ms() - started_ms >= 119);
    assert_int_equal(db_listener_wait(listener, 0), 0);
}

static void a_lost_connection_is_made_again_and_told(void **state)
{
    (void)state;
    proxy_down(relay);
    assert_int_equal(db_listener_wait(listener, 250), 0);
    assert_int_equal(db_listener_wait(listener, 0), 0);
    proxy_up(relay);
    assert_int_equal(db_listener_wait(listener, 10000), 1);
    pthread_t thread;
    pthread_create(&thread, NULL, notify_later, NULL);
    assert_int_equal(db_listener_wait(listener, 20000), 1);
    pthread_join(thread, NULL);
}

static void *stop_later(void *arg)
{
    (void)arg;
    nanosleep(&(struct timespec){.tv_nsec = 50000000}, NULL);
    db_listener_stop(listener);
    return NULL;
}

static void stop_ends_the_wait(void **state)
{
    (void)state;
    pthread_t thread;
    int64_t started_ms = clock_mono_ms();
    pthread_create(&thread, NULL, stop_later, NULL);
    assert_int_equal(db_listener_wait(listener, 60000), 0);
    assert_int_equal(db_listener_wait(listener, 60000), 0);
    assert_true(clock_mono_ms() - started_ms < 15000);
    pthread_join(thread, NULL);
}

static void stop_ends_the_wait_for_a_dead_server(void **state)
{
    (void)state;
    pthread_t thread;
    proxy_down(relay);
    int64_t started_ms = clock_mono_ms();
    pthread_create(&thread, NULL, stop_later, NULL);
    assert_int_equal(db_listener_wait(listener, 60000), 0);
    assert_true(clock_mono_ms() - started_ms < 15000);
    pthread_join(thread, NULL);
    db_listener_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_notification_ends_the_wait, setup, teardown),
        cmocka_unit_test_setup_teardown(notified_before_the_wait, setup, teardown),
        cmocka_unit_test_setup_teardown(time_passes, setup, teardown),
        cmocka_unit_test_setup_teardown(a_lost_connection_is_made_again_and_told, setup, teardown),
        cmocka_unit_test_setup_teardown(stop_ends_the_wait, setup, teardown),
        cmocka_unit_test_setup_teardown(stop_ends_the_wait_for_a_dead_server, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
