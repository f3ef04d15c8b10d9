/* Connections whose end is known: who is told, and who is kept from it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/arena.h"
#include "tests/db/store_support.h"

enum { THREADS = 6, AGAIN_S = 3600 };

/* It is told of at `warn`, and renewed at `keep`; each an interval that is added to now. */
static const char *ends(store *s, const char *workspace, const char *user, const char *warn,
                        const char *keep)
{
    const char *id = world_connect(s, workspace, user, user);
    world_sql(arena_printf(store_arena(s),
                           "update connection set warn_at = now() + interval '%s',"
                           " keep_at = now() + interval '%s' where id = '%s'",
                           warn, keep, id));
    return id;
}

static bool is_due(store *s, struct known_end *ret)
{
    bool found = false;
    OK(store_ending_due(s, ret, &found, e));
    return found;
}

static bool takes(store *s, const struct known_end *x)
{
    bool mine = false;
    OK(store_ending_take(s, x, &mine, e));
    return mine;
}

static void test_the_most_urgent_is_told_first_and_each_once(void **state)
{
    (void)state;
    store *s = world_open();
    struct known_end x;
    const char *later = ends(s, ACME, "U2", "-1 minute", "1 day");
    const char *first = ends(s, GLOBEX, "U1", "-1 hour", "1 day");
    (void)ends(s, ACME, "U3", "1 hour", "1 day"); /* not yet */
    assert_true(is_due(s, &x));
    assert_string_equal(x.connection_id, first);
    assert_string_equal(x.workspace, GLOBEX);
    assert_string_equal(x.user_id, "U1");
    assert_true(takes(s, &x));
    assert_false(takes(s, &x));
    assert_true(is_due(s, &x));
    assert_string_equal(x.connection_id, later);
    /* the id alone is not enough */
    x.workspace = GLOBEX;
    assert_false(takes(s, &x));
    x.workspace = ACME;
    assert_true(takes(s, &x));
    assert_false(is_due(s, &x));
    world_close(s);
}

static void test_what_has_ended_or_was_renewed_is_told_to_nobody(void **state)
{
    (void)state;
    store *s = world_open();
    struct known_end x;
    bool changed = false;
    const char *id = ends(s, ACME, "U1", "-1 hour", "-1 hour");
    assert_true(is_due(s, &x));
    world_sql(
        "update connection set warn_at = now() + interval '50 days'"); /* a use came between */
    assert_false(takes(s, &x));
    world_sql("update connection set warn_at = now() - interval '1 hour'");
    OK(store_connection_set_state(s, ACME, id, -1, CONNECTION_DISCONNECTED, "disconnected",
                                  &changed, e));
    assert_true(changed);
    assert_false(is_due(s, &x));
    assert_false(takes(s, &x));
    world_close(s);
}

static int taken[THREADS];

static void take_it(size_t number, void *context)
{
    store *s = world_open();
    struct err e = {.kind = ERR_NONE};
    bool mine = false;
    taken[number] = store_ending_take(s, context, &mine, &e) != 0 ? -1 : mine;
    world_close(s);
}

static void test_of_many_replicas_one_tells(void **state)
{
    (void)state;
    store *s = world_open();
    struct known_end x;
    int all = 0;
    (void)ends(s, ACME, "U1", "-1 hour", "1 day");
    assert_true(is_due(s, &x));
    world_threads(THREADS, take_it, &x);
    for (size_t i = 0; i < THREADS; i++) {
        assert_int_not_equal(taken[i], -1);
        all += taken[i];
    }
    assert_int_equal(all, 1);
    world_close(s);
}

static size_t keeps(store *s, int64_t max, struct known_end **ret)
{
    size_t count = 0;
    OK(store_keep_due(s, max, AGAIN_S, ret, &count, e));
    return count;
}

static void test_only_where_an_admin_wants_it_and_no_more_than_asked_for(void **state)
{
    (void)state;
    store *s = world_open();
    struct known_end *due = NULL;
    const char *id = ends(s, ACME, "U1", "1 day", "-1 hour");
    (void)ends(s, ACME, "U2", "1 day", "1 hour"); /* not yet */
    (void)ends(s, GLOBEX, "U3", "1 day", "-1 hour");
    assert_int_equal(keeps(s, 20, &due), 0); /* off by default */
    world_sql("update default_connection set keep_alive = true where workspace = '" ACME "'");
    assert_int_equal(keeps(s, 20, &due), 1);
    assert_string_equal(due[0].connection_id, id);
    assert_string_equal(due[0].workspace, ACME);
    assert_int_equal(due[0].generation, 1);
    assert_int_equal(keeps(s, 20, &due), 0); /* again after some hours */
    assert_int_equal(world_count("select count(*) from connection where keep_at between"
                                 " now() + interval '59 minutes' and now() + interval '1 hour'"
                                 " and user_id = 'U1'"),
                     1);
    world_sql("update connection set keep_at = now() - interval '1 hour'");
    world_sql("update default_connection set keep_alive = true");
    assert_int_equal(keeps(s, 2, &due), 2);
    assert_int_equal(keeps(s, 2, &due), 1);
    world_close(s);
}

static void test_what_has_ended_and_where_the_bot_is_gone_is_not_kept(void **state)
{
    (void)state;
    store *s = world_open();
    struct known_end *due = NULL;
    bool changed = false;
    const char *id = ends(s, ACME, "U1", "1 day", "-1 hour");
    (void)ends(s, GLOBEX, "U3", "1 day", "-1 hour");
    world_sql("update default_connection set keep_alive = true");
    OK(store_connection_set_state(s, ACME, id, -1, CONNECTION_NEEDS_LOGIN, "ended_at_app", &changed,
                                  e));
    world_sql("update workspace set state = 'removed' where workspace = '" GLOBEX "'");
    assert_int_equal(keeps(s, 20, &due), 0);
    world_sql("update workspace set state = 'active' where workspace = '" GLOBEX "'");
    assert_int_equal(keeps(s, 20, &due), 1);
    assert_string_equal(due[0].workspace, GLOBEX);
    world_close(s);
}

static void test_the_job_says_what_and_for_whom(void **state)
{
    (void)state;
    store *s = world_open();
    const char *id = ends(s, ACME, "U1", "1 day", "1 day");
    const struct known_end x = {.workspace = ACME, .connection_id = id, .generation = 1};
    OK(store_keep_add(s, &x, NULL, e));
    OK(store_keep_add(s, &x, "0b8f7b1e-0000-4000-8000-000000000001", e));
    /* one after the other: the second finds it renewed by the first */
    assert_int_equal(world_count("select count(*) from job where kind = 'keep' and workspace ="
                                 " '" ACME "' and lane like 'keep:%'"),
                     2);
    assert_int_equal(world_count("select count(distinct lane) from job where kind = 'keep'"), 1);
    world_close(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_the_most_urgent_is_told_first_and_each_once, world_reset),
        cmocka_unit_test_setup(test_what_has_ended_or_was_renewed_is_told_to_nobody, world_reset),
        cmocka_unit_test_setup(test_of_many_replicas_one_tells, world_reset),
        cmocka_unit_test_setup(test_only_where_an_admin_wants_it_and_no_more_than_asked_for,
                               world_reset),
        cmocka_unit_test_setup(test_what_has_ended_and_where_the_bot_is_gone_is_not_kept,
                               world_reset),
        cmocka_unit_test_setup(test_the_job_says_what_and_for_whom, world_reset),
    };
    return cmocka_run_group_tests_name("store: endings", tests, world_setup, world_teardown);
}
