#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/json.h"
#include "base/str.h"
#include "service/store/store_int.h"
#include "tests/db/store_support.h"

/* People and their connections, searched by what something of them begins with. */

static void make_people(void)
{
    world_sql("insert into chat_user (workspace, user_id, name) select w, u, n from (values"
              " ('U1ANNA', 'Anna Berg'), ('U2ANN', 'ann'), ('U3EVA', 'Éva Nagy'), ('U4', '100%'),"
              " ('U5', '100 percent'), ('U6', 'Ann_a'), ('ann-7', 'Zoe')) v (u, n),"
              " (values ('" ACME "'), ('" GLOBEX "')) x (w)");
    world_sql("insert into connection (workspace, id, default_name, user_id, state, account_name,"
              "   account_email)"
              " select workspace, gen_random_uuid(), 'crm', user_id, 'active', 'Crm ' || name,"
              "   case when user_id = 'U5' then 'Ann@acme.example' end"
              "   from chat_user where user_id <> 'UANA'");
}

static void test_beginnings_are_compared_letter_by_letter(void **state)
{
    (void)state;
    static const struct {
        const char *begins;
        size_t people, connections;
    } asked[] = {
        {"ann", 4, 4}, /* three names and an id; three names and an address */
        {"ANN", 4, 4},     {"ann_", 1, 1}, {"é", 1, 1},  {"É", 1, 1},
        {"100%", 1, 1},    {"100", 2, 2},  {"u1", 1, 0}, {"u", 7, 0},
        {"crm ann", 0, 3}, {"nna", 0, 0},  {"\\", 0, 0}, {"zoe", 1, 1},
    };
    make_people();
    store *s = world_open();
    for (size_t i = 0; i < sizeof asked / sizeof asked[0]; i++) {
        struct person *people = NULL;
        struct connection *connections = NULL;
        size_t count = 0, found = 0;
        OK(store_person_page(s, ACME,
                             &(struct person_filter){.begins = asked[i].begins, .limit = 100},
                             &people, &count, e));
        OK(store_connection_page(
            s, ACME, &(struct connection_filter){.begins = asked[i].begins, .limit = 100},
            &connections, &found, e));
        if (count != asked[i].people || found != asked[i].connections) {
            fail_msg("%s: %zu people, %zu connections", asked[i].begins, count, found);
        }
    }
    struct person *page = NULL;
    size_t count = 0;
    struct person_filter f = {.begins = "u", .after_user_id = "U2ANN", .limit = 2};
    OK(store_person_page(s, ACME, &f, &page, &count, e));
    assert_int_equal(count, 2);
    assert_string_equal(page[0].user_id, "U3EVA");
    struct connection_filter other = {.begins = "ann", .user_id = "U6", .limit = 2};
    struct connection *list = NULL;
    OK(store_connection_page(s, ACME, &other, &list, &count, e));
    assert_int_equal(count, 1);
    world_close(s);
}

static const char *sql_of(const char *name)
{
    size_t count = 0;
    const struct stmt *const *all = store_statements(&count);
    for (size_t i = 0; i < count; i++) {
        if (str_equal(all[i]->name, name)) {
            return all[i]->sql;
        }
    }
    fail_msg("there is no statement %s", name);
    return NULL;
}

/* Pages that a search touches whose plan was made before its text was known. */
static int64_t pages(arena *mem, const char *name, const char *args)
{
    struct err e = {.kind = ERR_NONE};
    json_t *plan = NULL;
    const char *sql = arena_printf(mem,
                                   "set plan_cache_mode = force_generic_plan; prepare c as %s;"
                                   " explain (analyze, buffers, format json) execute c(%s)",
                                   sql_of(name), args);
    const char *text = test_sql_text(mem, world.base->url, sql);
    assert_non_null(text);
    assert_int_equal(json_read(mem, bytes_of(text), &plan, &e), 0);
    const json_t *top = json_at(plan, "0.Plan");
    return json_i64(top, "Shared Hit Blocks") + json_i64(top, "Shared Read Blocks");
}

static void test_a_search_in_vain_walks_by_nobody(void **state)
{
    (void)state;
    arena *mem = arena_new();
    world_sql("insert into chat_user (workspace, user_id, name)"
              " select '" ACME "', 'U' || i, 'Person ' || i from generate_series(1, 20000) i;"
              "insert into connection (workspace, id, default_name, user_id, state, account_name,"
              "   account_email)"
              " select workspace, gen_random_uuid(), 'crm', user_id, 'active', name,"
              "   user_id || '@acme.example' from chat_user where workspace = '" ACME "';"
              "analyze chat_user; analyze connection");
    int64_t people = pages(mem, "person_begin", "'" ACME "', 'zed', null, 51"),
            connections = pages(mem, "connection_begin",
                                "'" ACME "', null, null, null, 51, null, null, 'zed'");
    print_message("pages: %lld, %lld\n", (long long)people, (long long)connections);
    assert_in_range(people, 1, 40);
    assert_in_range(connections, 1, 40);
    arena_free(mem);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_beginnings_are_compared_letter_by_letter, world_reset),
        cmocka_unit_test_setup(test_a_search_in_vain_walks_by_nobody, world_reset),
    };
    return cmocka_run_group_tests_name("store: search", tests, world_setup, world_teardown);
}
