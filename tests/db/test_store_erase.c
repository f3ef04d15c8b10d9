#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/json.h"
#include "base/str.h"
#include "store/erase.h"
#include "tests/db/store_support.h"

/* P15: wherever a person's words stand and however they are written there, they are found and
 * replaced; what only looks like them stays. @ is the pseudonym. */

/* Ana is UANA, "Ana Ruiz", ana@acme.example; her accounts are called as world_ana() says. */
static const struct {
    const char *text, *after;
} CASES[] = {
    /* what an escape of JSON's stands before */
    {"Hello\nAna Ruiz", "Hello\n@"},
    {"Hello\tAna Ruiz\tand", "Hello\t@\tand"},
    {"\bAna Ruiz\f", "\b@\f"},
    {"\x01"
     "Ana Ruiz\x1f",
     "\x01@\x1f"},
    {"to\nUANA", "to\n@"},
    {"to\nana@acme.example", "to\n@"},
    {"said \"Ana Ruiz\"", "said \"@\""},
    {"C:\\Ana Ruiz\\x", "C:\\@\\x"},
    {"Mails to\nnina@acme.example and C:\\nina@acme.example", "Mails to\n@ and C:\\@"},
    /* what is no letter although it is no ASCII */
    {"“Ana Ruiz”", "“@”"},
    {"Ana Ruiz’s deal", "@’s deal"},
    {"–Ana Ruiz…", "–@…"},
    {"«Ana Ruiz»\xC2\xA0", "«@»\xC2\xA0"},
    {"担当：Ana Ruizさん", "担当：@さん"},
    /* a name with what JSON, arrays and patterns write in another way */
    {"by Ana \"A\" \\ (Diaz).", "by @."},
    /* letters beyond ASCII, at both ends */
    {"(Ölaf Jürgö)", "(@)"},
    {"ÖLAF JÜRGÖ, Ölaf Jürgö", "@, @"},
    {"Hölaf Jürgö", NULL},
    {"Ölaf Jürgöß", NULL},
    {"äÖlaf Jürgö", NULL},
    {"Привет, Анна!", "Привет, @!"},
    {"анна", NULL},
    {"Жанна, СуАнна, Аннам", NULL},
    {"昨日田中太郎さんが", "昨日@さんが"},
    /* as addresses have it */
    {"https://x.example/?u=ana%40acme.example&v=1", "https://x.example/?u=@&v=1"},
    {"https://x.example/?r=https%3A%2F%2Fy%2F%3Fu%3Dana%2540acme.example",
     "https://x.example/?r=https%3A%2F%2Fy%2F%3Fu%3D@"},
    {"https://x.example/?n=Ana+Ruiz#Ana%20Ruiz", "https://x.example/?n=@#@"},
    {"https://x.example/%C3%96laf%20J%C3%BCrg%c3%b6/", "https://x.example/@/"},
    {"https://x.example/%E2%80%9CAna Ruiz%E2%80%9D", "https://x.example/%E2%80%9C@%E2%80%9D"},
    {"https://x.example/%C3%B6Ana Ruiz, Ana%C3%B6", NULL},
    {"100%Ana Ruiz%zz", "100%@%zz"},
    /* capitals */
    {"ANA@Acme.EXAMPLE, ana ruiz, Uana", "@, @, @"},
    /* parts of others */
    {"Banana, Anapurna, ana, Ana_x, xAna, Ana1, AnaÏ, ÄAna", NULL},
    {"joana@acme.example, ana@acme.examples, UANA2, XUANA", NULL},
    {"Ana!", "@!"},
    {"Ana Ana,Ana", "@ @,@"},
    /* JSON within a string, and one that was cut */
    {"{\"text\": \"x\\nAna Ruiz, Ana \\\"A\\\" \\\\ (Diaz).\"}", "{\"text\": \"x\\n@, @.\"}"},
    {"{\"text\": \"x\\nAna Ruiz and \\u201cAna Ruiz\\u201d, so",
     "{\"text\": \"x\\n@ and \\u201c@\\u201d, so"},
};
enum { CASES_COUNT = sizeof CASES / sizeof CASES[0] };

static void world_ana(store *s)
{
    world_connect(s, ACME, "UANA", "one");
    world_sql("update connection set account_name = 'Ölaf Jürgö', account_key = 'Анна',"
              " account_email = 'nina@acme.example';"
              "update chat_user set name = 'Ana Ruiz', email = 'ana@acme.example',"
              " dm_channel = 'D0ANA' where workspace = 'slack:T0ACME'");
    world_sql(
        "insert into audit (workspace, id, actor, action, subject, detail)"
        " select '" ACME "', gen_random_uuid(), 'user:UANA', 'connection.connected', 'crm',"
        "        json_build_object('account', a, 'account_before', b)"
        "   from (values ('Ana \"A\" \\ (Diaz)', 'Ana'), ('田中太郎', '500100200')) v (a, b)");
}

/* A text as SQL writes it. */
static const char *quoted(arena *mem, const char *text)
{
    return arena_printf(mem, "$quoted$%s$quoted$", text);
}

/* The text in every kind of place: a value and a key of JSON, plain text, an array, sealed. */
static const char *plant(store *s, size_t i, const char *text)
{
    arena *mem = store_arena(s);
    json_t *value = arena_json(mem, json_pack("{s:{s:[s]}, s:i}", "in", text, text, "n", (int)i));
    const char *json = quoted(mem, json_write(mem, value)), *plain = quoted(mem, text);
    struct run r = {.workspace = ACME,
                    .recipe = "deal",
                    .version = 1,
                    .user_id = "UBEN",
                    .state = RUN_RUNNING,
                    .place = "dm",
                    .channel = "D1",
                    .pressed = value,
                    .inputs = value};
    bool added = false;
    OK(store_run_add(s, &r, 1000, &added, e));
    world_sql(arena_printf(mem,
                           "insert into audit (workspace, id, actor, action, subject, detail)"
                           " values ('" ACME "', '%s', 'system', 'x', %s, %s);"
                           "insert into chat_user (workspace, user_id, name, teams)"
                           " values ('" ACME "', 'U%zu', %s, array['x', %s])",
                           r.id, plain, json, i, plain, plain));
    return r.id;
}

static const char *after(arena *mem, const char *text, const char *pseudonym)
{
    struct str s = str_new(mem, 4096);
    for (; *text != '\0'; text++) {
        if (*text == '@') {
            str_add(&s, pseudonym);
        } else {
            str_add_char(&s, *text);
        }
    }
    return s.text;
}

static const char *ask(arena *mem, const char *what, const char *from, const char *id)
{
    return test_sql_text(mem, world.base->url,
                         arena_printf(mem, "select %s from %s = '%s'", what, from, id));
}

static void check_json(arena *mem, const char *json, const char *wanted)
{
    json_t *value = NULL;
    OK(json_read(mem, bytes_of(json), &value, e));
    json_t *in = json_member(value, "in");
    void *only = json_object_iter(in);
    assert_string_equal(json_object_iter_key(only), wanted);
    assert_string_equal(json_string_value(json_array_get(json_object_iter_value(only), 0)), wanted);
}

static void check(store *s, size_t i, const char *id, const char *wanted)
{
    arena *mem = store_arena(s);
    struct run *r = NULL;
    const char *user = arena_printf(mem, "U%zu", i);
    OK(store_run_find(s, ACME, id, &r, e));
    check_json(mem, json_write(mem, r->inputs), wanted);
    check_json(mem, ask(mem, "pressed", "run where id", id), wanted);
    check_json(mem, ask(mem, "detail", "audit where id", id), wanted);
    assert_string_equal(ask(mem, "name", "chat_user where user_id", user), wanted);
}

static struct erase begin(store *s)
{
    struct erase x = {0};
    bool known = false;
    OK(store_erase_begin(s, ACME, "UANA", &x, &known, e));
    x.actor = "operator";
    assert_true(known);
    return x;
}

static void test_p15_her_words_are_replaced_however_they_are_written(void **state)
{
    (void)state;
    store *s = world_open();
    const char *ids[CASES_COUNT];
    struct erased done = {0};
    struct erase_proof proof = {0};
    world_ana(s);
    for (size_t i = 0; i < CASES_COUNT; i++) {
        ids[i] = plant(s, i, CASES[i].text);
    }
    struct erase x = begin(s);
    OK(store_erase_do(s, &x, &done, e));
    OK(store_erase_prove(s, &x, &proof, e));
    for (size_t i = 0; i < CASES_COUNT; i++) {
        const char *wanted = CASES[i].after == NULL
                                 ? CASES[i].text
                                 : after(store_arena(s), CASES[i].after, x.pseudonym);
        check(s, i, ids[i], wanted);
    }
    for (size_t i = 0; i < proof.places_count; i++) {
        print_message("left: %s\n", proof.places[i]);
    }
    assert_int_equal(proof.found, 0);
    world_close(s);
}

/* Whatever stands there after she is erased is told, and nothing besides. */
static void test_p15_the_proof_sees_each_of_them(void **state)
{
    (void)state;
    static const char *const places[] = {"audit.detail", "chat_user.name", "run.pressed",
                                         "run.inputs"};
    enum { PLACES = sizeof places / sizeof places[0] };
    store *s = world_open();
    struct erased done = {0};
    struct erase_proof proof = {0};
    int64_t wanted = 0;
    world_ana(s);
    struct erase x = begin(s);
    OK(store_erase_do(s, &x, &done, e));
    for (size_t i = 0; i < CASES_COUNT; i++) {
        plant(s, i, CASES[i].text);
        wanted += CASES[i].after == NULL ? 0 : PLACES;
    }
    OK(store_erase_prove(s, &x, &proof, e));
    assert_int_equal(proof.found, wanted);
    assert_int_equal(proof.places_count, PLACES);
    for (size_t k = 0; k < PLACES; k++) {
        assert_string_equal(proof.places[k], places[k]);
    }
    world_close(s);
}

/* An account's id that an app gives as a number; what is no string is no word otherwise. */
static void test_p15_a_number_that_is_her_account_becomes_a_text(void **state)
{
    (void)state;
    store *s = world_open();
    struct erased done = {0};
    world_ana(s);
    world_sql("insert into audit (workspace, id, actor, action, detail) values ('" ACME
              "', gen_random_uuid(), 'system', 'x',"
              " '{ \"a\":[500100200, 500100200.5, 5001002001, true, null ] }')");
    struct erase x = begin(s);
    OK(store_erase_do(s, &x, &done, e));
    assert_string_equal(test_sql_text(store_arena(s), world.base->url,
                                      "select detail from audit where action = 'x'"),
                        arena_printf(store_arena(s),
                                     "{ \"a\":[\"%s\", 500100200.5, 5001002001, true, null ] }",
                                     x.pseudonym));
    world_close(s);
}

/* Who calls themselves long names at the apps, and of whom the audit has much to tell, is erased
 * within the time of a statement. */
static void test_p15_long_names_and_many_lines_take_no_time(void **state)
{
    (void)state;
    store *s = world_open();
    struct erased done = {0};
    world_ana(s);
    world_sql("insert into audit (workspace, id, actor, action, subject, detail)"
              " select '" ACME "', gen_random_uuid(), 'user:UANA', 'connection.connected', 'crm',"
              "        json_build_object('account', repeat('Я', 70) || i)"
              "   from generate_series(1, 20) i union all"
              " select '" ACME "', gen_random_uuid(), 'token:x', 'act.started', 'R' || i,"
              "        json_build_object('run', gen_random_uuid(), 'user', 'UANA')"
              "   from generate_series(1, 2000) i");
    struct erase x = begin(s);
    OK(store_erase_do(s, &x, &done, e));
    assert_true(done.lines >= 2020);
    world_close(s);
}

/* A name that another person bears says nothing of her; of settings only ids are hers. */
static void test_p15_what_may_be_anothers_stays(void **state)
{
    (void)state;
    store *s = world_open();
    struct erased done = {0};
    world_ana(s);
    world_sql(
        "insert into chat_user (workspace, user_id, name) values ('" ACME "', 'UEVA', 'ana RUIZ');"
        "update workspace set admins = array['UANA', 'Ana', 'UBEN'] where workspace = '" ACME "';"
        "update default_connection set vars = '{\"Ana\": \"to\\nana@acme.example\"}'"
        " where workspace = '" ACME "'");
    struct erase x = begin(s);
    OK(store_erase_do(s, &x, &done, e));
    arena *mem = store_arena(s);
    assert_string_equal(ask(mem, "name", "chat_user where user_id", "UEVA"), "ana RUIZ");
    assert_string_equal(ask(mem, "admins", "workspace where workspace", ACME),
                        arena_printf(mem, "{%s,Ana,UBEN}", x.pseudonym));
    assert_string_equal(ask(mem, "vars", "default_connection where workspace", ACME),
                        arena_printf(mem, "{\"Ana\": \"to\\n%s\"}", x.pseudonym));
    world_close(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_p15_her_words_are_replaced_however_they_are_written,
                               world_reset),
        cmocka_unit_test_setup(test_p15_the_proof_sees_each_of_them, world_reset),
        cmocka_unit_test_setup(test_p15_a_number_that_is_her_account_becomes_a_text, world_reset),
        cmocka_unit_test_setup(test_p15_long_names_and_many_lines_take_no_time, world_reset),
        cmocka_unit_test_setup(test_p15_what_may_be_anothers_stays, world_reset),
    };
    return cmocka_run_group_tests(tests, world_setup, world_teardown);
}
