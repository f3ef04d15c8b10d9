#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/str.h"
#include "service/jobs/jobs_int.h"
#include "tests/unit/with_arena.h"

/* P13: how the workers for runs are shared. */

static bool is_full(const struct run_room *room, const char *workspace)
{
    for (size_t i = 0; i < room->full_count; i++) {
        if (str_equal(room->full[i], workspace)) {
            return true;
        }
    }
    return false;
}

enum { CLAIM_MAX = 8 }; /* of one workspace */

/* One claim of a workspace that always has more to run; how many it got. */
static size_t claim(struct places *p, const char *workspace)
{
    struct run_room room;
    places_room(p, mem, &room);
    int64_t got = room.all < room.each ? room.all : room.each;
    got = got < CLAIM_MAX ? got : CLAIM_MAX;
    got = is_full(&room, workspace) ? 0 : got;
    for (int64_t i = 0; i < got; i++) {
        places_take(p, workspace);
    }
    places_claimed(p);
    return (size_t)got;
}

static size_t claim_all(struct places *p, const char *workspace)
{
    size_t all = 0;
    for (size_t got = 0; (got = claim(p, workspace)) > 0;) {
        all += got;
    }
    return all;
}

/* A run that follows its event takes no place that a claim was promised, and never the last. */
static void test_p13_what_follows_keeps_to_the_rules(void **state)
{
    (void)state;
    struct places p;
    struct run_room room;
    places_init(&p, mem, 16);
    places_room(&p, mem, &room);
    assert_int_equal(room.all, 14);
    assert_false(places_try(&p, "a")); /* all were offered to the claim under way */
    places_take(&p, "b");
    places_claimed(&p);
    assert_false(places_give(&p, "b")); /* nobody waits for it */
    places_take(&p, "b");
    size_t followed = 0;
    while (places_try(&p, "a")) {
        followed++;
    }
    assert_true(followed >= 6 && p.held < p.max);
    while (places_try(&p, "c")) {
    }
    assert_int_equal(p.held, p.max - 1);
    assert_false(places_try(&p, "d")); /* the last is for a claim, which sees who waits */
    assert_int_equal(claim(&p, "d"), 1);
    assert_int_equal(claim(&p, "a"), 0);
    assert_true(places_give(&p, "c"));
}

static void test_p13_some_workers_are_never_for_runs(void **state)
{
    (void)state;
    static const struct {
        size_t workers, places;
    } cases[] = {{1, 1}, {2, 1}, {3, 1}, {4, 2}, {16, 14}, {32, 28}, {256, 224}, {1100, 1068}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct places p;
        places_init(&p, mem, cases[i].workers);
        assert_int_equal(p.max, cases[i].places);
        /* one workspace alone: nearly all, and never all but where there is only one */
        size_t alone = claim_all(&p, "a");
        assert_true(alone >= (p.max == 1 ? 1 : p.max / 2));
        assert_true(alone * 10 >= p.max * 8 || alone + 1 == p.max);
        assert_true(alone < p.max || p.max == 1);
    }
}

static void test_p13_a_newcomer_gets_a_place_at_once_and_its_share_in_the_end(void **state)
{
    (void)state;
    struct places p;
    places_init(&p, mem, 32);
    size_t a = claim_all(&p, "a");
    size_t b = claim_all(&p, "b");
    assert_true(b > 0);
    /* both have more to do than there is room; a asks first each time one of its runs ends */
    for (int i = 0; i < 28; i++) {
        places_give(&p, "a");
        a--;
        a += claim(&p, "a");
        b += claim(&p, "b");
    }
    assert_true(a <= 14 && b >= 9 && b <= 14 && a + b >= 24);
    assert_true(claim(&p, "c") > 0);
}

static void test_p13_many_workspaces_use_all_places(void **state)
{
    (void)state;
    struct places p;
    places_init(&p, mem, 1100);
    size_t taken = 0;
    for (int round = 0; round < 200; round++) {
        for (int n = 0; n < 20; n++) {
            taken += claim(&p, arena_printf(mem, "w%d", n));
        }
    }
    assert_true(taken >= 1050);
    assert_int_equal(p.held, taken);
    for (size_t i = 0; i < p.count; i++) {
        assert_in_range(p.list[i].held, 45, 60);
    }
}

static void test_what_is_given_back_is_free(void **state)
{
    (void)state;
    struct places p;
    places_init(&p, mem, 10);
    for (int i = 0; i < 1000; i++) {
        places_take(&p, "a");
        places_take(&p, i % 2 == 0 ? "a" : "b");
        places_give(&p, "a");
        places_give(&p, i % 2 == 0 ? "a" : "b");
        assert_int_equal(p.held, 0);
        assert_int_equal(p.count, 0);
    }
    struct run_room room;
    places_room(&p, mem, &room);
    assert_int_equal(room.all, 8);
    assert_int_equal(room.full_count, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_p13_what_follows_keeps_to_the_rules, arena_set_up,
                                        arena_tear_down),
        cmocka_unit_test_setup_teardown(test_p13_some_workers_are_never_for_runs, arena_set_up,
                                        arena_tear_down),
        cmocka_unit_test_setup_teardown(
            test_p13_a_newcomer_gets_a_place_at_once_and_its_share_in_the_end, arena_set_up,
            arena_tear_down),
        cmocka_unit_test_setup_teardown(test_p13_many_workspaces_use_all_places, arena_set_up,
                                        arena_tear_down),
        cmocka_unit_test_setup_teardown(test_what_is_given_back_is_free, arena_set_up,
                                        arena_tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
