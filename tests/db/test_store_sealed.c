#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/str.h"
#include "tests/db/store_support.h"

/* P5, P15: what is secret or personal is ciphertext in the database, bound to its place. */

/* Two rows of everything that is sealed; each holds the word canary. */
struct sealed_rows {
    const char *connection[2], *login[2], *run[2], *message[2];
};

static json_t *canary(store *s)
{
    return arena_json(store_arena(s), json_pack("{s:s}", "secret", "canary"));
}

static void fill_run(store *s, struct sealed_rows *sealed, size_t i)
{
    struct run r = {.workspace = ACME,
                    .recipe = "deal",
                    .version = 1,
                    .user_id = "UANA",
                    .state = RUN_RUNNING,
                    .place = "dm",
                    .channel = "D1",
                    .inputs = canary(s)};
    bool changed = false;
    bool added = false;
    OK(store_run_add(s, &r, 1000, &added, e));
    r.result = canary(s);
    OK(store_run_update(s, &r, RUN_RUNNING, &changed, e));
    struct run_step *p = NULL;
    const struct step_place at = {.job = world_lease(s, ACME), .run_id = r.id, .position = 0};
    OK(store_step_begin(s, &at, "x", &p, e));
    p->state = "done";
    p->output = canary(s);
    OK(store_step_end(s, &at, p, e));
    sealed->run[i] = r.id;
}

static void fill(store *s, struct sealed_rows *sealed, size_t i)
{
    arena *mem = store_arena(s);
    const char *user = i == 0 ? "UANA" : "UEVE";
    sealed->connection[i] = world_connect(s, ACME, user, "canary");
    struct login l = {.workspace = ACME,
                      .id = arena_strdup(mem, id_new().text),
                      .user_id = user,
                      .default_name = "crm",
                      .code_hash = "hash",
                      .code_expires_at = clock_now() + 60,
                      .expires_at = clock_now() + 60};
    OK(store_login_add(s, &l, user, e));
    OK(store_login_provisional(s, &l, canary(s), e));
    sealed->login[i] = l.id;
    struct oauth_state o = {.workspace = ACME,
                            .purpose = "app",
                            .redirect_uri = "x",
                            .cookie_hash = "x",
                            .verifier = secret_of(mem, "verifier-canary"),
                            .expires_at = clock_now() + 60};
    OK(store_state_add(s, &o, user, e));
    fill_run(s, sealed, i);
    struct message m = {.workspace = ACME,
                        .channel = "C1",
                        .response_url = secret_of(mem, "https://hooks/canary"),
                        .body = canary(s)};
    OK(store_message_add(s, &m, e));
    sealed->message[i] = m.id;
    struct job j = {.workspace = ACME, .kind = JOB_SEND, .payload = bytes_of("{\"x\":\"canary\"}")};
    OK(store_job_add(s, &j, e));
    struct job_seed seed = {.workspace = ACME, .id = id_new(), .kind = JOB_SLACK_EVENT};
    seed.sealed = store_job_seal(mem, world.keys, ACME, seed.id, bytes_of("canary"));
    int64_t stored = 0;
    OK(store_job_add_many(s, &seed, 1, &stored, e));
}

/* How many rows of all tables show the word, as text or as the hexadecimal form of its bytes. */
static int64_t leaks(void)
{
    return world_count(
        "select sum((xpath('/row/n/text()', query_to_xml(format("
        "  'select count(*) as n from %I t where t::text ~ ''canary|63616e617279''', c.relname),"
        "  false, true, '')))[1]::text::bigint)"
        " from pg_class c where c.relnamespace = 'public'::regnamespace and c.relkind = 'r'");
}

static void test_p5_no_secret_is_readable_in_the_database(void **state)
{
    (void)state;
    store *s = world_open();
    struct sealed_rows sealed;
    /* the account's name is no secret: the planted word stands there in plain text */
    fill(s, &sealed, 0);
    assert_int_equal(leaks(), 1);
    world_sql("update connection set account_name = 'ana', account_key = 'ana'");
    assert_int_equal(leaks(), 0);
    world_sql("update message set error_code = '63616e617279'");
    assert_int_equal(leaks(), 1); /* the search finds the other form too */
    assert_int_equal(world_count("select count(*) from workspace where bot_token is not null"), 2);
    assert_int_equal(world_count("select count(*) from run where result is not null"), 1);
    assert_int_equal(world_count("select count(*) from run_step where output is not null"), 1);
    assert_int_equal(world_count("select count(*) from job where payload is not null"), 3);
    assert_int_equal(world_count("select count(*) from oauth_state where verifier is not null"), 1);
    assert_int_equal(world_count("select count(*) from login where provisional is not null"), 1);
    world_close(s);
}

static int read_connection(store *s, const struct sealed_rows *sealed, struct err *e)
{
    struct connection *c = NULL;
    return store_connection_load(s, ACME, sealed->connection[0], &c, e);
}

static int read_login(store *s, const struct sealed_rows *sealed, struct err *e)
{
    struct login *l = NULL;
    return store_login_find(s, ACME, sealed->login[0], &l, e);
}

static int read_state(store *s, const struct sealed_rows *sealed, struct err *e)
{
    (void)sealed;
    struct oauth_state *o = NULL;
    const struct state_use use = {.state_hash = "UANA", .purpose = "app", .cookie_hash = "x"};
    return store_state_use(s, ACME, &use, &o, e);
}

static int read_run(store *s, const struct sealed_rows *sealed, struct err *e)
{
    struct run *r = NULL;
    if (store_run_find(s, ACME, sealed->run[0], &r, e) != 0) {
        return -1;
    }
    if (r->unreadable == NULL) {
        return 0;
    }
    assert_true(r->inputs == NULL && r->result == NULL);
    return err_set(e, ERR_INTERNAL, r->unreadable, "the run does not open");
}

static int read_steps(store *s, const struct sealed_rows *sealed, struct err *e)
{
    struct run_step *p = NULL;
    size_t count = 0;
    if (store_steps(s, ACME, sealed->run[0], &p, &count, e) != 0) {
        return -1;
    }
    for (size_t i = 0; i < count; i++) {
        if (p[i].unreadable != NULL) {
            assert_null(p[i].output);
            return err_set(e, ERR_INTERNAL, p[i].unreadable, "a step does not open");
        }
    }
    return 0;
}

static int read_message(store *s, const struct sealed_rows *sealed, struct err *e)
{
    struct message *m = NULL;
    return store_message_find(s, ACME, sealed->message[0], &m, e);
}

static int read_workspace(store *s, const struct sealed_rows *sealed, struct err *e)
{
    (void)sealed;
    struct workspace *w = NULL;
    return store_workspace_find(s, ACME, &w, e);
}

static int read_default(store *s, const struct sealed_rows *sealed, struct err *e)
{
    (void)sealed;
    struct default_connection *d = NULL;
    return store_default_find(s, ACME, "crm", &d, e);
}

#define EXCHANGE(table, column)                                                                    \
    "update " table " a set " column " = b." column " from " table " b"                            \
    " where a.ctid <> b.ctid and a." column " is not null and b." column " is not null"

static void test_p5_a_value_opens_in_its_own_place_only(void **state)
{
    static const struct {
        const char *move;
        int (*read)(store *s, const struct sealed_rows *sealed, struct err *e);
    } moves[] = {
        {EXCHANGE("connection", "tokens"), read_connection},
        {EXCHANGE("login", "provisional"), read_login},
        {EXCHANGE("oauth_state", "verifier"), read_state},
        {EXCHANGE("run", "inputs"), read_run},
        {EXCHANGE("run", "result"), read_run},
        {"update run set result = inputs", read_run},
        {EXCHANGE("run_step", "output"), read_steps},
        {EXCHANGE("message", "body"), read_message},
        {EXCHANGE("message", "response_url"), read_message},
        {EXCHANGE("workspace", "bot_token"), read_workspace},
        {EXCHANGE("default_connection", "client_secret"), read_default},
        {"update connection set tokens = set_byte(tokens, length(tokens) - 1,"
         " get_byte(tokens, length(tokens) - 1) # 1)",
         read_connection},
    };
    for (size_t i = 0; i < sizeof moves / sizeof moves[0]; i++) {
        world_reset(state);
        store *s = world_open();
        struct sealed_rows sealed;
        fill(s, &sealed, 0);
        fill(s, &sealed, 1);
        struct err e = {.kind = ERR_NONE};
        if (moves[i].read != read_state && moves[i].read(s, &sealed, &e) != 0) {
            fail_msg("%s: %s", e.code, e.text);
        }
        world_sql(moves[i].move);
        if (moves[i].read(s, &sealed, &e) == 0) {
            fail_msg("it opened after: %s", moves[i].move);
        }
        assert_string_equal(e.code, "unseal");
        world_close(s);
    }
}

/* A run whose key is lost stands in every list, and hides none beside it. */
static void test_a_run_that_does_not_open_is_shown(void **state)
{
    (void)state;
    store *s = world_open();
    struct sealed_rows sealed;
    fill(s, &sealed, 0);
    fill(s, &sealed, 1);
    world_sql("update run set inputs = overlay(inputs placing 'k9' from 3)"
              " where id = (select min(id::text)::uuid from run)");
    struct run *list = NULL;
    size_t count = 0;
    const struct run_filter all = {.limit = 10};
    OK(store_run_page(s, ACME, &all, &list, &count, e));
    assert_int_equal(count, 2);
    assert_true(list[0].unreadable == NULL && list[0].inputs != NULL);
    assert_string_equal(list[1].unreadable, "key_missing");
    assert_true(list[1].inputs == NULL && list[1].reference != NULL);
    world_sql("update run set state = 'parked'");
    OK(store_run_open(s, ACME, list[1].user_id, &list, &count, e));
    assert_true(count >= 1);

    /* what does not open is not wiped when its state changes */
    struct run_case c;
    OK(store_run_page(s, ACME, &all, &list, &count, e));
    OK(store_run_case(s, ACME, list[1].id, &c, e));
    assert_string_equal(c.run->unreadable, "key_missing");
    c.run->state = RUN_CANCELLED;
    bool changed = false;
    OK(store_run_update(s, c.run, RUN_PARKED, &changed, e));
    assert_true(changed);
    assert_int_equal(world_count("select count(*) from run where state = 'cancelled'"
                                 " and inputs is not null and result is not null"),
                     1);
    world_close(s);
}

static void ready_with(const char *keys, const char *code)
{
    arena *mem = arena_new();
    keyring *given = NULL;
    OK(crypto_keyring_parse(mem, secret_of(mem, keys), &given, e));
    stores *access = stores_new(world.pool, given);
    store *s = NULL;
    OK(store_open(access, mem, &s, e));
    struct err why = {.kind = ERR_NONE, .code = ""};
    assert_int_equal(store_ready(s, &why), code == NULL ? 0 : -1);
    if (code != NULL) {
        assert_string_equal(why.code, code);
        assert_non_null(strstr(why.text, "the encryption keys do not open what is stored"));
    }
    store_close(s);
    stores_free(access);
    arena_free(mem);
}

static void test_keys_that_do_not_open_what_is_stored_are_told(void **state)
{
    (void)state;
    /* the world seals with k2, and also has k1 */
    static const char k2[] = "k2:YWJjZGVmZ2hpamtsbW5vcHFyc3R1dnd4eXowMTIzNDU=";
    static const char other_k2[] = "k2:QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVowMTIzNDU=";
    static const char k3[] = "k3:QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVowMTIzNDU=";
    ready_with(k2, NULL);
    ready_with(other_k2, "keys_wrong");
    ready_with(k3, "keys_wrong");
    ready_with(arena_printf(world.base->mem, "%s,%s", k3, k2), NULL);

    /* one damaged value is not a wrong key */
    world_sql("update workspace set bot_token = overlay(bot_token placing '\\x00' from 20)"
              " where workspace = '" ACME "'");
    ready_with(k2, NULL);
    world_sql("update workspace set bot_token = overlay(bot_token placing 'k9' from 3)"
              " where workspace = '" GLOBEX "'");
    ready_with(k2, "keys_wrong");
    world_sql("update workspace set bot_token = '\\x01'");
    ready_with(k2, "keys_wrong");

    world_sql("update workspace set bot_token = null");
    ready_with(k3, NULL);
    world_sql("delete from workspace");
    ready_with(k3, NULL);
}

/* All workspaces are walked for it, and whoever asks asks each second. */
static void test_keys_that_fit_are_believed_for_a_while_and_wrong_ones_never(void **state)
{
    (void)state;
    stores *mended = stores_new(world.pool, world.keys);
    stores *fits = stores_new(world.pool, world.keys);
    store *s = NULL;
    struct err why = {.kind = ERR_NONE};
    OK(store_open(fits, world.base->mem, &s, e));
    OK(store_ready(s, e));
    world_sql("create table kept as select workspace, bot_token from workspace;"
              "update workspace set bot_token = '\\x01'");
    OK(store_ready(s, e));
    store_close(s);
    OK(store_open(mended, world.base->mem, &s, e));
    assert_int_equal(store_ready(s, &why), -1);
    world_sql("update workspace w set bot_token = k.bot_token from kept k"
              " where k.workspace = w.workspace; drop table kept");
    OK(store_ready(s, e));
    store_close(s);
    stores_free(mended);
    stores_free(fits);
}

static bool opens_with_the_world_keys(stores *access)
{
    store *s = NULL;
    struct err why = {.kind = ERR_NONE, .code = ""};
    OK(store_open(access, world.base->mem, &s, e));
    bool ready = store_keys_ready(s, &why) == 0;
    assert_true(ready || strstr(why.text, "the key k9") != NULL);
    store_close(s);
    return ready;
}

/* Whoever was there before a key came goes on. To a moment, not to a second. */
static void test_who_starts_behind_a_key_needs_it(void **state)
{
    (void)state;
    stores *before = stores_new(world.pool, world.keys);
    for (int64_t from = clock_now_ms(); clock_now_ms() < from + 2;) {
    }
    world_sql("insert into encryption_key (id) values ('k9')");
    stores *behind = stores_new(world.pool, world.keys);
    assert_true(opens_with_the_world_keys(before));
    assert_false(opens_with_the_world_keys(behind));
    world_sql("delete from encryption_key where id = 'k9'");
    assert_true(opens_with_the_world_keys(behind));
    stores_free(before);
    stores_free(behind);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_p5_no_secret_is_readable_in_the_database, world_reset),
        cmocka_unit_test_setup(test_p5_a_value_opens_in_its_own_place_only, world_reset),
        cmocka_unit_test_setup(test_a_run_that_does_not_open_is_shown, world_reset),
        cmocka_unit_test_setup(test_keys_that_do_not_open_what_is_stored_are_told, world_reset),
        cmocka_unit_test_setup(test_keys_that_fit_are_believed_for_a_while_and_wrong_ones_never,
                               world_reset),
        cmocka_unit_test_setup(test_who_starts_behind_a_key_needs_it, world_reset),
    };
    return cmocka_run_group_tests_name("store: sealed", tests, world_setup, world_teardown);
}
