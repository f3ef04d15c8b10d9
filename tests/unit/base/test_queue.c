#include <pthread.h>
#include <sched.h>

#include "base/clock.h"
#include "base/queue.h"
#include "tests/unit/base/helpers.h"

static int values[] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9};

static void test_first_in_first_out(void **state)
{
    (void)state;
    queue *q = queue_new(3);
    /* more rounds than room: the ring wraps */
    for (int round = 0; round < 7; round++) {
        assert_true(queue_put(q, &values[round]));
        assert_true(queue_put(q, &values[round + 1]));
        assert_ptr_equal(queue_take(q, 0), &values[round]);
        assert_ptr_equal(queue_take(q, -1), &values[round + 1]);
    }
    assert_null(queue_take(q, 0));
    queue_free(q);
    queue_free(NULL);
}

static void test_full_refuses(void **state)
{
    (void)state;
    queue *q = queue_new(2);
    assert_true(queue_put(q, &values[0]));
    assert_true(queue_put(q, &values[1]));
    assert_false(queue_put(q, &values[2]));
    assert_ptr_equal(queue_take(q, 0), &values[0]);
    assert_true(queue_put(q, &values[3]));
    assert_false(queue_put(q, &values[4]));
    assert_ptr_equal(queue_take(q, 0), &values[1]);
    assert_ptr_equal(queue_take(q, 0), &values[3]);
    assert_null(queue_take(q, 0));
    queue_free(q);
}

static void test_take_many(void **state)
{
    (void)state;
    queue *q = queue_new(4);
    void *got[10] = {NULL};
    assert_int_equal(queue_take_many(q, got, 10, 0), 0);
    for (int i = 0; i < 3; i++) {
        assert_true(queue_put(q, &values[i]));
    }
    assert_int_equal(queue_take_many(q, got, 0, -1), 0);
    assert_int_equal(queue_take_many(q, got, 2, -1), 2);
    assert_ptr_equal(got[0], &values[0]);
    assert_ptr_equal(got[1], &values[1]);
    for (int i = 3; i < 6; i++) {
        assert_true(queue_put(q, &values[i]));
    }
    assert_int_equal(queue_take_many(q, got, 10, -1), 4);
    for (int i = 0; i < 4; i++) {
        assert_ptr_equal(got[i], &values[i + 2]);
    }
    assert_null(got[4]);
    queue_free(q);
}

static void test_waits_as_long_as_asked(void **state)
{
    (void)state;
    queue *q = queue_new(1);
    static const int64_t waits_ms[] = {0, 1, 30, 1010};
    for (size_t i = 0; i < sizeof waits_ms / sizeof waits_ms[0]; i++) {
        int64_t begin_us = clock_mono_us();
        assert_null(queue_take(q, waits_ms[i]));
        assert_true(clock_mono_us() - begin_us >= waits_ms[i] * 1000);
    }
    queue_free(q);
}

static void *take_for_ever(void *arg)
{
    return queue_take(arg, -1);
}

static void *take_for_a_long_time(void *arg)
{
    return queue_take(arg, INT64_MAX);
}

static void test_put_wakes_a_waiter(void **state)
{
    (void)state;
    void *(*const waiters[])(void *) = {take_for_ever, take_for_a_long_time};
    for (size_t i = 0; i < 2; i++) {
        queue *q = queue_new(1);
        pthread_t thread;
        void *got = NULL;
        assert_int_equal(pthread_create(&thread, NULL, waiters[i], q), 0);
        assert_true(queue_put(q, &values[5]));
        assert_int_equal(pthread_join(thread, &got), 0);
        assert_ptr_equal(got, &values[5]);
        queue_free(q);
    }
}

static void test_close_wakes_all_waiters(void **state)
{
    (void)state;
    enum { WAITERS = 8 };
    queue *q = queue_new(1);
    pthread_t threads[WAITERS];
    for (int i = 0; i < WAITERS; i++) {
        void *(*waiter)(void *) = i % 2 == 0 ? take_for_ever : take_for_a_long_time;
        assert_int_equal(pthread_create(&threads[i], NULL, waiter, q), 0);
    }
    queue_close(q);
    for (int i = 0; i < WAITERS; i++) {
        void *got = &values[0];
        assert_int_equal(pthread_join(threads[i], &got), 0);
        assert_null(got);
    }
    queue_free(q);
}

static void test_closed_gives_what_is_left(void **state)
{
    (void)state;
    queue *q = queue_new(4);
    assert_true(queue_put(q, &values[0]));
    assert_true(queue_put(q, &values[1]));
    queue_close(q);
    queue_close(q);
    assert_false(queue_put(q, &values[2]));
    assert_ptr_equal(queue_take(q, -1), &values[0]);
    assert_ptr_equal(queue_take(q, -1), &values[1]);
    assert_null(queue_take(q, -1));
    void *got[2];
    assert_int_equal(queue_take_many(q, got, 2, -1), 0);
    queue_free(q);
}

enum { PRODUCERS = 4, CONSUMERS = 4, ITEMS = 20000 };

static struct {
    queue *q;
    _Atomic int seen[PRODUCERS * ITEMS];
    int order[PRODUCERS * ITEMS]; /* the items: each points into this */
    _Atomic int next_producer;
    _Atomic int out_of_order;
} race;

static void *produce(void *arg)
{
    (void)arg;
    int base = race.next_producer++ * ITEMS;
    for (int i = 0; i < ITEMS; i++) {
        while (!queue_put(race.q, &race.order[base + i])) {
            sched_yield();
        }
    }
    return NULL;
}

static void *consume(void *arg)
{
    (void)arg;
    int last[PRODUCERS] = {-1, -1, -1, -1};
    void *got[7];
    size_t count = 0;
    while ((count = queue_take_many(race.q, got, 7, -1)) > 0) {
        for (size_t i = 0; i < count; i++) {
            int at = (int)((int *)got[i] - race.order);
            race.seen[at]++;
            race.out_of_order += at <= last[at / ITEMS] ? 1 : 0;
            last[at / ITEMS] = at;
        }
    }
    return NULL;
}

/* Every item arrives once, and one consumer sees one producer's items in their order. */
static void test_many_threads(void **state)
{
    (void)state;
    race.q = queue_new(64);
    pthread_t consumers[CONSUMERS];
    for (int i = 0; i < CONSUMERS; i++) {
        assert_int_equal(pthread_create(&consumers[i], NULL, consume, NULL), 0);
    }
    in_threads(PRODUCERS, produce, NULL);
    queue_close(race.q);
    for (int i = 0; i < CONSUMERS; i++) {
        assert_int_equal(pthread_join(consumers[i], NULL), 0);
    }
    for (int i = 0; i < PRODUCERS * ITEMS; i++) {
        assert_int_equal(race.seen[i], 1);
    }
    assert_int_equal(race.out_of_order, 0);
    queue_free(race.q);
}

static void put_null(void *arg)
{
    (void)queue_put(arg, NULL);
}

static void make_empty(void *arg)
{
    (void)arg;
    queue_free(queue_new(0));
}

static void test_wrong_use_dies(void **state)
{
    (void)state;
    queue *q = queue_new(1);
    assert_true(dies(put_null, q, "NULL put"));
    assert_true(dies(make_empty, NULL, "without room"));
    queue_free(q);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_first_in_first_out),
        cmocka_unit_test(test_full_refuses),
        cmocka_unit_test(test_take_many),
        cmocka_unit_test(test_waits_as_long_as_asked),
        cmocka_unit_test(test_put_wakes_a_waiter),
        cmocka_unit_test(test_close_wakes_all_waiters),
        cmocka_unit_test(test_closed_gives_what_is_left),
        cmocka_unit_test(test_many_threads),
        cmocka_unit_test(test_wrong_use_dies),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
