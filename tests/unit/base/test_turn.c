/* A turn: one at a time, and nobody waits for it longer than he may. */
#include "base/clock.h"
#include "base/turn.h"
#include "tests/unit/base/helpers.h"

struct counted {
    struct turn turn;
    int running, most, times;
};

static void *take_it(void *arg)
{
    struct counted *c = arg;
    turn_lock(&c->turn);
    assert_true(turn_wait(&c->turn, 0));
    turn_take(&c->turn);
    c->running++;
    c->most = c->running > c->most ? c->running : c->most;
    turn_unlock(&c->turn);
    clock_wait_ms(1);
    turn_lock(&c->turn);
    c->running--;
    c->times++;
    turn_give(&c->turn);
    turn_unlock(&c->turn);
    return NULL;
}

static void test_one_at_a_time(void **state)
{
    (void)state;
    struct counted c = {.times = 0};
    turn_init(&c.turn);
    in_threads(16, take_it, &c);
    assert_int_equal(c.most, 1);
    assert_int_equal(c.times, 16);
    turn_destroy(&c.turn);
}

static void test_nobody_waits_longer_than_he_may(void **state)
{
    (void)state;
    struct turn t;
    turn_init(&t);
    turn_lock(&t);
    int64_t now = clock_mono_ms();
    assert_true(turn_wait(&t, now - 1000));
    turn_take(&t);
    assert_false(turn_wait(&t, now - 1000));
    assert_false(turn_wait(&t, now + 50));
    assert_true(clock_mono_ms() >= now + 50);
    turn_give(&t);
    assert_true(turn_wait(&t, now - 1000));
    turn_unlock(&t);
    turn_destroy(&t);
}

static void take_twice(void *arg)
{
    turn_take(arg);
    turn_take(arg);
}

static void test_it_is_taken_once(void **state)
{
    (void)state;
    struct turn t;
    turn_init(&t);
    assert_true(dies(take_twice, &t, "somebody else's turn"));
    turn_destroy(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_one_at_a_time),
        cmocka_unit_test(test_nobody_waits_longer_than_he_may),
        cmocka_unit_test(test_it_is_taken_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
