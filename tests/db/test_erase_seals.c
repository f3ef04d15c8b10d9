#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/str.h"
#include "store/erase.h"
#include "store/seals.h"
#include "tests/db/store_support.h"

/* P15 and the seals of the audit: an erasure seals what it changes itself, and nothing that
 * somebody with the database alone has changed before. */

#define LINE(day, hour, actor, subject)                                                            \
    "insert into audit (workspace, id, at, actor, action, subject) values ('" ACME                 \
    "', gen_random_uuid(), (utc_day(now()) - " day ")::timestamp at time zone 'UTC'"               \
    " + interval '" hour " hours', '" actor "', 'run.wrote', '" subject "');"

/* Two days of three lines; the last line of each names Ana. */
static void world_sealed(store *s)
{
    struct seal_step step = {.found = true};
    world_sql(LINE("4", "1", "user:UBEN", "one") LINE("4", "2", "user:UBEN", "two")
                  LINE("4", "3", "user:UANA", "three") LINE("3", "1", "user:UBEN", "four")
                      LINE("3", "2", "user:UBEN", "five") LINE("3", "3", "user:UANA", "six"));
    OK(store_seal_adopt(s, e));
    while (step.found) {
        OK(store_begin(s, e));
        OK(store_seal_step(s, 100, &step, e));
        OK(store_commit(s, e));
    }
    assert_int_equal(world_count("select count(*) from audit_seal where lines = 3"), 2);
}

static void erase(store *s, const char *user)
{
    struct erase x = {0};
    struct erased done = {0};
    bool known = false;
    OK(store_begin(s, e));
    OK(store_erase_begin(s, ACME, user, &x, &known, e));
    assert_true(known);
    x.actor = "operator";
    OK(store_erase_do(s, &x, &done, e));
    OK(store_commit(s, e));
}

/* As `workbot check --audit` reads it; how many of its lines hold a pseudonym. */
static bool is_whole(store *s, int ago, int64_t *ret_erased)
{
    arena *mem = store_arena(s);
    struct audit_chain *chain = NULL;
    struct audit_seal *seals = NULL;
    struct bytes key;
    size_t count = 0;
    bool done = false;
    const char *day =
        test_sql_text(mem, world.base->url, arena_printf(mem, "select utc_day(now()) - %d", ago));
    OK(store_chain_list(s, ACME, &chain, &count, e));
    OK(store_chain_key(s, chain, &key, e));
    OK(store_seal_page(s, ACME, NULL, 100, &seals, &count, e));
    struct seal_reading now = store_seal_reading(ACME, day, key);
    OK(store_seal_read(s, &now, 100, &done, e));
    *ret_erased = now.erased;
    for (size_t i = 0; i < count; i++) {
        if (str_equal(seals[i].day, day)) {
            return str_equal(seals[i].seal, store_seal_of(mem, key, &seals[i])) &&
                   str_equal(seals[i].digest, now.digest) && seals[i].lines == now.lines;
        }
    }
    fail_msg("no seal of %s", day);
    return false;
}

static void test_p15_a_day_holds_after_each_erasure(void **state)
{
    (void)state;
    store *s = world_open();
    int64_t erased = 0;
    world_sealed(s);
    erase(s, "UANA");
    assert_true(is_whole(s, 4, &erased));
    assert_int_equal(erased, 1);
    erase(s, "UBEN");
    assert_true(is_whole(s, 4, &erased));
    assert_true(is_whole(s, 3, &erased));
    assert_int_equal(erased, 3);
    assert_int_equal(world_count("select count(*) from audit where actor ~ 'U(ANA|BEN)'"), 0);
    world_close(s);
}

/* What stands in the seal's row anybody can read, and what erased_at allows anybody can write. */
static void test_p15_an_erasure_seals_nothing_that_was_forged_before(void **state)
{
    (void)state;
    static const char *const forged[] = {
        /* a line rewritten, and the last one says what the chain must have been behind it */
        ("update audit set actor = 'user:UEVA', erased_at = now() where subject in ('one', 'two');"
         "update audit set erased_at = now(), erased_seal = repeat('0', 64), erased_digest ="
         "  (select digest from audit_seal s where s.day = utc_day(at)) where subject = 'three'"),
        ("update audit set subject = 'other', erased_at = now(), erased_seal = null, erased_digest ="
         "  (select digest from audit_seal s where s.day = utc_day(at)) where subject = 'three'"),
        "update audit set actor = 'user:UEVA', erased_at = now() where subject = 'one'",
    };
    for (size_t i = 0; i < sizeof forged / sizeof forged[0]; i++) {
        store *s = world_open();
        int64_t erased = 0;
        world_reset(NULL);
        world_sealed(s);
        world_sql(forged[i]);
        assert_false(is_whole(s, 4, &erased));
        erase(s, "UANA");
        assert_int_equal(world_count("select count(*) from audit where actor = 'user:UANA'"), 0);
        assert_false(is_whole(s, 4, &erased));
        assert_int_equal(erased, 0);
        assert_true(is_whole(s, 3, &erased));
        assert_int_equal(erased, 1);
        world_close(s);
    }
}

/* A line that is as it was sealed, with a digest beside it that nobody has sealed. */
static void test_p15_a_digest_that_nobody_sealed_counts_for_nothing(void **state)
{
    (void)state;
    store *s = world_open();
    int64_t erased = 0;
    world_sealed(s);
    world_sql("update audit set erased_at = now(), erased_digest = repeat('0', 64),"
              " erased_seal = repeat('0', 64) where subject = 'three'");
    assert_true(is_whole(s, 4, &erased));
    erase(s, "UANA");
    assert_true(is_whole(s, 4, &erased));
    assert_int_equal(erased, 1);
    world_close(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_p15_a_day_holds_after_each_erasure, world_reset),
        cmocka_unit_test_setup(test_p15_an_erasure_seals_nothing_that_was_forged_before,
                               world_reset),
        cmocka_unit_test_setup(test_p15_a_digest_that_nobody_sealed_counts_for_nothing,
                               world_reset),
    };
    return cmocka_run_group_tests(tests, world_setup, world_teardown);
}
