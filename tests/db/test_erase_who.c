#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/str.h"
#include "store/erase.h"
#include "tests/db/store_support.h"

/* P15: who can be erased, and by which words. A person chooses what they are called, and takes
 * nothing of others along. */

/* Ben works beside Ana, who erases herself. */
static void world_ben(store *s)
{
    world_connect(s, ACME, "UANA", "ana-account");
    world_sql("update workspace set name = 'Acme'");
    world_sql(
        "insert into chat_user (workspace, user_id, name, email, dm_channel, standing) values"
        " ('" ACME "', 'U0VICTIM1', 'Ben', 'ben@acme.example', 'D0BEN', 'member');"
        "insert into recipe_version (workspace, name, version, body, created_by) values ('" ACME
        "', 'deal', 1, '{\"name\": \"deal\", \"inputs\": {\"amount\": 1}}', 'user:U0VICTIM1');"
        "insert into recipe (workspace, name, command, version) values ('" ACME
        "', 'deal', 'create deal', 1);"
        "insert into audit (workspace, id, actor, action, subject, detail) values ('" ACME
        "', gen_random_uuid(), 'user:U0VICTIM1', 'recipe.changed', 'deal',"
        " '{\"account\": \"ben@acme.example\", \"rule\": \"personal\"}')");
    world_connect(s, ACME, "U0VICTIM1", "ben-account");
}

/* Everything of others', as it stands. */
static const char *others(store *s)
{
    return test_sql_text(
        store_arena(s), world.base->url,
        "select concat_ws(E'\\n', (select string_agg(u::text, E'\\n' order by user_id) from chat_user u"
        "   where user_id <> 'UANA'), (select string_agg(c::text, E'\\n' order by id) from connection c"
        "   where user_id <> 'UANA'), (select string_agg(v::text, E'\\n') from recipe_version v),"
        " (select string_agg(r::text, E'\\n') from recipe r),"
        " (select string_agg(d::text, E'\\n') from default_connection d),"
        " (select string_agg(concat_ws(' ', actor, subject, detail, erased_at), E'\\n') from audit"
        "   where action = 'recipe.changed'))");
}

static struct erase begin(store *s, const char *user, bool *ret_known)
{
    struct erase x = {0};
    OK(store_begin(s, e));
    OK(store_erase_begin(s, ACME, user, &x, ret_known, e));
    OK(store_commit(s, e));
    x.actor = "operator";
    return x;
}

static void same(const char **one, size_t count, const char **other, size_t other_count)
{
    assert_int_equal(count, other_count);
    for (size_t i = 0; i < count; i++) {
        assert_string_equal(one[i], other[i]);
    }
}

static struct erase_proof erase(store *s, const char *user)
{
    struct erased done = {0};
    struct erase_proof proof = {0}, foreseen = {0};
    bool known = false;
    OK(store_erase_foresee(s, ACME, user, &foreseen, e));
    struct erase x = begin(s, user, &known);
    assert_true(known);
    OK(store_begin(s, e));
    OK(store_erase_do(s, &x, &done, e));
    OK(store_erase_prove(s, &x, &proof, e));
    OK(store_commit(s, e));
    for (size_t i = 0; i < proof.places_count; i++) {
        print_message("left: %s\n", proof.places[i]);
    }
    assert_int_equal(proof.found, 0);
    same(foreseen.words, foreseen.words_count, proof.words, proof.words_count);
    same(foreseen.spared, foreseen.spared_count, proof.spared, proof.spared_count);
    assert_int_equal(world_count("select count(*) from chat_user where user_id = 'UANA'"
                                 " and workspace = '" ACME "'"),
                     0);
    return proof;
}

static bool has(const char **list, size_t count, const char *word)
{
    for (size_t i = 0; i < count; i++) {
        if (str_equal(list[i], word)) {
            return true;
        }
    }
    return false;
}

static void test_p15_whatever_a_person_is_called_others_stay_as_they_are(void **state)
{
    (void)state;
    static const char *const names[] = {
        "U0VICTIM1",
        "U0STRANGER",
        "user",
        "member",
        "active",
        "personal",
        "account",
        "rule",
        "deal",
        "Create Deal",
        "amount",
        "salesforce",
        "crm",
        "recipe",
        "changed",
        "ben@acme.example",
        "BEN@acme.example",
        "Ben",
        "D0BEN",
        "ben-account",
        "2024",
        "erased-0123abcd",
        "user:U0VICTIM1",
        "slack:T0ACME",
        "Al",
        "Acme",
    };
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        for (int account = 0; account < 2; account++) {
            store *s = world_open();
            world_reset(NULL);
            world_ben(s);
            world_sql(arena_printf(
                store_arena(s),
                account ? "update connection set account_name = '%s' where user_id = 'UANA'"
                        : "update chat_user set name = '%s' where user_id = 'UANA'",
                names[i]));
            const char *before = others(s);
            struct erase_proof p = erase(s, "UANA");
            assert_string_equal(others(s), before);
            if (!has(p.spared, p.spared_count, names[i]) || has(p.words, p.words_count, names[i])) {
                fail_msg("%s is said to have been searched for", names[i]);
            }
            world_close(s);
        }
    }
}

/* A word that names her alone leaves texts; what is an id, a key or a state is no text. */
static void test_p15_a_name_leaves_texts_and_no_keys(void **state)
{
    (void)state;
    store *s = world_open();
    world_ben(s);
    world_sql(
        "update chat_user set name = 'Opp', email = 'Ana@Acme.Example' where user_id = 'UANA';"
        "update connection set account_name = '19:x@thread.v2' where user_id = 'UANA';"
        "update connection set organization = 'Opp', vars = '{\"of\": \"by Opp\"}'"
        " where user_id = 'U0VICTIM1';"
        "insert into conversation (workspace, channel, address, kind) values ('" ACME
        "', '19:x@thread.v2', 'a', 'channel');"
        "insert into audit (workspace, id, actor, action, subject, detail) values ('" ACME
        "', gen_random_uuid(), 'token:Opp', 'run.wrote', 'Opp',"
        " '{\"to\": \"ana@acme.example, UANA and Opp\"}')");
    struct erase_proof p = erase(s, "UANA");
    assert_true(has(p.words, p.words_count, "Opp"));
    assert_true(has(p.words, p.words_count, "UANA"));
    assert_int_equal(
        world_count("select count(*) from conversation where channel = '19:x@thread.v2'"), 1);
    assert_int_equal(world_count("select count(*) from connection where organization = 'Opp'"
                                 " and vars ->> 'of' ~ '^by erased-[0-9a-f]{8}$'"),
                     1);
    assert_int_equal(
        world_count("select count(*) from audit where actor = 'token:Opp' and subject = 'Opp'"
                    " and detail ->> 'to' ~ '^erased-\\w+, erased-\\w+ and erased-\\w+$'"),
        1);
    world_close(s);
}

/* Her ids leave keys: all of a value, or of an item. */
static void test_p15_her_ids_leave_keys(void **state)
{
    (void)state;
    store *s = world_open();
    world_ben(s);
    world_sql("update workspace set admins = array['UANA', 'UANA2', 'U0VICTIM1'];"
              "update recipe_version set created_by = 'user:UANA';"
              "insert into audit (workspace, id, actor, action, subject) values"
              " ('" ACME "', gen_random_uuid(), 'user:UANA', 'person.left', 'UANA')");
    erase(s, "UANA");
    assert_int_equal(
        world_count("select count(*) from workspace where workspace = '" ACME "'"
                    " and admins[1] like 'erased-%' and admins[2:] = '{UANA2,U0VICTIM1}'"),
        1);
    assert_int_equal(
        world_count("select count(*) from recipe_version where created_by like 'user:erased-%'"),
        1);
    assert_int_equal(world_count("select count(*) from audit where actor like 'user:erased-%'"
                                 " and subject like 'erased-%' and action = 'person.left'"),
                     1);
    world_close(s);
}

static void test_p15_an_account_that_two_share_stays_the_others(void **state)
{
    (void)state;
    store *s = world_open();
    world_ben(s);
    world_sql("update connection set account_key = '005shared', account_name = 'Shared',"
              " account_email = case user_id when 'UANA' then 'Shared@acme.example'"
              "                              else 'shared@acme.example' end where user_id <> ''");
    const char *before = others(s);
    struct erase_proof p = erase(s, "UANA");
    assert_string_equal(others(s), before);
    static const char *const shared[] = {"005shared", "Shared", "Shared@acme.example"};
    for (size_t i = 0; i < sizeof shared / sizeof shared[0]; i++) {
        assert_true(has(p.spared, p.spared_count, shared[i]));
    }
    /* and leaves with the last of them */
    p = erase(s, "U0VICTIM1");
    assert_true(has(p.words, p.words_count, "005shared"));
    world_close(s);
}

static void test_p15_only_a_person_is_erased(void **state)
{
    (void)state;
    static const char *const nobody[] = {"",           "deal",      "crm",        "member",
                                         "salesforce", "Create",    "UNIVERSITY", "U0NOBODY01",
                                         "UBOT0001",   "C0SALES01", ACME,         "user:UANA"};
    store *s = world_open();
    bool known = true;
    world_ben(s);
    world_sql(
        "update workspace set bot_user_id = 'UBOT0001', admins = array['UGHOST001', 'deal'];"
        "update recipe_version set body = '{\"name\": \"deal\", \"text\": \"UNIVERSITY C0SALES01"
        " Create\"}'");
    for (size_t i = 0; i < sizeof nobody / sizeof nobody[0]; i++) {
        begin(s, nobody[i], &known);
        if (known) {
            fail_msg("\"%s\" can be erased", nobody[i]);
        }
    }
    assert_int_equal(world_count("select count(*) from person_erasure"), 0);
    /* whom an admin named, and the platform never did */
    begin(s, "UGHOST001", &known);
    assert_true(known);
    world_close(s);
}

/* Every readable column is a text, an account or a key, and was thought about: one of tomorrow is
 * put on a list here, and in readable_columns() if it is no key. */
static void test_p15_it_is_known_which_columns_are_texts(void **state)
{
    (void)state;
    store *s = world_open();
    assert_string_equal(
        test_sql_text(store_arena(s), world.base->url,
                      "select string_agg(tab || '.' || col, ' ' order by tab, col)"
                      "  from readable_columns() where kind = 'text'"),
        "audit.detail chat_user.name connection.vars default_connection.vars hook.rules"
        " recipe_version.body run.pressed run_step.record_url workspace.name");
    assert_string_equal(
        test_sql_text(store_arena(s), world.base->url,
                      "select string_agg(tab || '.' || col, ' ' order by tab, col)"
                      "  from readable_columns() where kind = 'account'"),
        "chat_user.email connection.account_email connection.account_key connection.account_name"
        " run_connection.account");
    assert_int_equal(world_count("select count(*) from readable_columns() where kind = 'key'"),
                     140);
    world_close(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_p15_whatever_a_person_is_called_others_stay_as_they_are,
                               world_reset),
        cmocka_unit_test_setup(test_p15_a_name_leaves_texts_and_no_keys, world_reset),
        cmocka_unit_test_setup(test_p15_her_ids_leave_keys, world_reset),
        cmocka_unit_test_setup(test_p15_an_account_that_two_share_stays_the_others, world_reset),
        cmocka_unit_test_setup(test_p15_only_a_person_is_erased, world_reset),
        cmocka_unit_test_setup(test_p15_it_is_known_which_columns_are_texts, world_reset),
    };
    return cmocka_run_group_tests(tests, world_setup, world_teardown);
}
