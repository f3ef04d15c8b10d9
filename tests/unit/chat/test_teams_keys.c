/* The keys of Bot Connector: fetched over real HTTP, seldom, by one caller at a time, and never
 * forgotten because new ones cannot be had. */
#include <pthread.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/str.h"
#include "tests/unit/chat/teams_peer.h"

static int set_up(void **state)
{
    *state = teams_peer_start(NULL);
    return 0;
}

static int tear_down(void **state)
{
    teams_peer_stop(*state);
    return 0;
}

/* "found", or the error's code */
static const char *find_when(struct teams_peer *p, const char *kid, bool fetched)
{
    struct err e = {0};
    json_t *key = NULL;
    const struct teams_key_query q = {kid, fetched};
    if (teams_keys_find(p->c, p->mem, &q, &key, &e) != 0) {
        return e.code;
    }
    assert_string_equal(json_text(key, "kid"), kid);
    assert_null(json_member(key, "x5c"));
    return "found";
}

static const char *find(struct teams_peer *p, const char *kid)
{
    return find_when(p, kid, false);
}

/* As the door does: ask, fetch if it says so, ask again. */
static const char *ask(struct teams_peer *p, const char *kid)
{
    const char *first = find(p, kid);
    if (!str_equal(first, "teams_keys")) {
        return first;
    }
    struct err e = {0};
    return chat_teams_keys_fetch(p->c, p->mem, 0, &e) == 0 ? find_when(p, kid, true) : e.code;
}

static void serve(struct teams_peer *p, EVP_PKEY *key, const char *kid)
{
    p->key_set = teams_key_set(p->mem, teams_jwk(p->mem, key, kid, "['msteams']"), NULL);
}

static void pass(struct teams_peer *p, int64_t ms)
{
    p->c->teams_keys->fetched_ms -= ms;
    p->c->teams_keys->full_ms -= ms;
    p->c->teams_keys->tried_ms -= ms;
}

static void test_fetched_once_for_a_day(void **state)
{
    struct teams_peer *p = *state;
    assert_string_equal(find(p, "k1"), "teams_keys");
    for (int i = 0; i < 10; i++) {
        assert_string_equal(ask(p, "k1"), "found");
    }
    assert_int_equal(p->keys_asked, 1);
    pass(p, TEAMS_KEYS_FRESH_MS - 60 * 1000);
    assert_string_equal(find(p, "k1"), "found");
    pass(p, 60 * 1000);
    assert_string_equal(find(p, "k1"), "teams_keys");
    assert_string_equal(ask(p, "k1"), "found");
    assert_int_equal(p->keys_asked, 2);
}

static void teams_gotcha_14_rotation_needs_no_restart(void **state)
{
    struct teams_peer *p = *state;
    assert_string_equal(ask(p, "k1"), "found");
    serve(p, p->other, "k2");
    assert_string_equal(ask(p, "k2"), "found");
    assert_string_equal(ask(p, "k1"), "teams_key");
}

static void teams_gotcha_14_a_flood_of_unknown_keys_is_bounded(void **state)
{
    struct teams_peer *p = *state;
    assert_string_equal(ask(p, "k1"), "found");
    for (int i = 0; i < 200; i++) {
        assert_string_equal(ask(p, arena_printf(p->mem, "unknown-%d", i)), "teams_key");
    }
    assert_int_equal(p->keys_asked, 1 + TEAMS_KEYS_TRIES);
    assert_int_equal(p->metadata_asked, 1 + TEAMS_KEYS_TRIES);
    assert_string_equal(ask(p, "k1"), "found");
    /* one more after a while */
    pass(p, TEAMS_KEYS_TRY_MS + 1000);
    serve(p, p->other, "k2");
    assert_string_equal(ask(p, "k2"), "found");
    assert_string_equal(ask(p, "k3"), "teams_key");
    assert_int_equal(p->keys_asked, 2 + TEAMS_KEYS_TRIES);
}

static void teams_gotcha_14_old_keys_go_on_while_there_are_no_new_ones(void **state)
{
    struct teams_peer *p = *state;
    assert_string_equal(ask(p, "k1"), "found");
    atomic_store(&p->keys_status, 500);
    pass(p, TEAMS_KEYS_FRESH_MS);
    for (int i = 0; i < 20; i++) {
        assert_string_equal(ask(p, "k1"), "found");
        assert_string_equal(ask(p, "k2"), "teams_key");
    }
    assert_true(p->metadata_asked <= 1 + TEAMS_KEYS_TRIES);
    atomic_store(&p->keys_status, 200);
    pass(p, TEAMS_KEYS_TRY_MS);
    int before = p->keys_asked;
    assert_string_equal(ask(p, "k1"), "found");
    assert_int_equal(p->keys_asked, before + 1);
}

static void teams_gotcha_14_without_any_keys_nobody_is_let_in(void **state)
{
    struct teams_peer *p = *state;
    atomic_store(&p->keys_status, 503);
    assert_string_equal(ask(p, "k1"), "teams_no_keys");
    for (int i = 0; i < 20; i++) {
        assert_string_equal(ask(p, "k1"), "teams_no_keys");
    }
    assert_int_equal(p->metadata_asked, 1);
    atomic_store(&p->keys_status, 200);
    pass(p, 5000);
    assert_string_equal(ask(p, "k1"), "found");
}

/* What is no key set takes nobody's place. */
static void test_what_is_no_key_set(void **state)
{
    struct teams_peer *p = *state;
    assert_string_equal(ask(p, "k1"), "found");
    const char *good = p->key_set, *uri = p->jwks_uri;
    static const char *const sets[] = {
        "",
        "<html>",
        "[]",
        "{}",
        "{\"keys\":{}}",
        "{\"keys\":[]}",
        "{\"keys\":[{\"kid\":\"k1\",\"kty\":\"oct\",\"k\":\"AA\"}]}"};
    for (size_t i = 0; i < sizeof sets / sizeof sets[0]; i++) {
        p->key_set = sets[i];
        p->c->teams_keys->full_ms = 0;
        assert_string_equal(ask(p, "k2"), "teams_key");
        assert_string_equal(find(p, "k1"), "found");
    }
    p->key_set = good;
    const char *const uris[] = {"https://keys.example/keys",
                                "http://127.0.0.1:1/keys",
                                "/keys",
                                "",
                                "file:///etc/passwd",
                                arena_printf(p->mem, "http://x@%s/keys", p->host),
                                arena_printf(p->mem, "https://%s/keys", p->host)};
    int before = p->keys_asked;
    for (size_t i = 0; i < sizeof uris / sizeof uris[0]; i++) {
        p->jwks_uri = uris[i];
        p->c->teams_keys->full_ms = 0;
        assert_string_equal(ask(p, "k2"), "teams_key");
        assert_string_equal(find(p, "k1"), "found");
    }
    assert_int_equal(p->keys_asked, before);
    p->jwks_uri = uri;
    atomic_store(&p->keys_status, 302);
    p->c->teams_keys->full_ms = 0;
    assert_string_equal(ask(p, "k2"), "teams_key");
    assert_int_equal(p->keys_asked, before);
}

/* A key that may not sign, or is too weak, is none; the first of one name counts. */
static void test_keys_of_no_use(void **state)
{
    struct teams_peer *p = *state;
    json_t *weak = teams_jwk(p->mem, p->other, "weak", NULL);
    json_object_set_new(weak, "n", json_string("AQAB"));
    json_t *sealing = teams_jwk(p->mem, p->other, "sealing", NULL);
    json_object_set_new(sealing, "use", json_string("enc"));
    json_t *pss = teams_jwk(p->mem, p->other, "pss", NULL);
    json_object_set_new(pss, "alg", json_string("PS256"));
    json_t *keys = json_pack("{s:[o,o,o,o,o,n]}", "keys", weak, sealing, pss,
                             teams_jwk(p->mem, p->ours, "k1", "['msteams']"),
                             teams_jwk(p->mem, p->other, "k1", NULL));
    p->key_set = json_write(p->mem, arena_json(p->mem, keys));
    assert_string_equal(ask(p, "k1"), "found");
    assert_string_equal(ask(p, "weak"), "teams_key");
    assert_string_equal(ask(p, "sealing"), "teams_key");
    assert_string_equal(ask(p, "pss"), "teams_key");
    struct err e = {0};
    json_t *key = NULL;
    const struct teams_key_query q = {"k1", false};
    assert_int_equal(teams_keys_find(p->c, p->mem, &q, &key, &e), 0);
    assert_int_equal(json_array_size(json_member(key, "endorsements")), 1);
}

static void *fetch_too(void *arg)
{
    struct teams_peer *p = arg;
    arena *mem = arena_new();
    struct err e = {0};
    assert_int_equal(chat_teams_keys_fetch(p->c, mem, 0, &e), 0);
    arena_free(mem);
    return NULL;
}

static void test_one_fetches_for_all(void **state)
{
    enum { CALLERS = 16 };
    struct teams_peer *p = *state;
    pthread_t threads[CALLERS];
    for (int i = 0; i < CALLERS; i++) {
        assert_int_equal(pthread_create(&threads[i], NULL, fetch_too, p), 0);
    }
    for (int i = 0; i < CALLERS; i++) {
        pthread_join(threads[i], NULL);
    }
    assert_true(p->keys_asked <= 1 + TEAMS_KEYS_TRIES);
    assert_string_equal(find(p, "k1"), "found");
}

static void test_nobody_waits_for_it_longer_than_he_may(void **state)
{
    struct teams_peer *p = *state;
    pthread_t thread;
    struct err e = {0};
    atomic_store(&p->held, true);
    assert_int_equal(pthread_create(&thread, NULL, fetch_too, p), 0);
    teams_peer_meets(p, 1);
    int64_t begun = clock_mono_ms();
    assert_int_equal(chat_teams_keys_fetch(p->c, p->mem, begun + 50, &e), -1);
    assert_string_equal(e.code, "teams_no_keys");
    assert_int_equal(p->keys_asked, 0);
    atomic_store(&p->held, false);
    pthread_join(thread, NULL);
    assert_int_equal(chat_teams_keys_fetch(p->c, p->mem, begun, &e), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_fetched_once_for_a_day, set_up, tear_down),
        cmocka_unit_test_setup_teardown(teams_gotcha_14_rotation_needs_no_restart, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(teams_gotcha_14_a_flood_of_unknown_keys_is_bounded, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(teams_gotcha_14_old_keys_go_on_while_there_are_no_new_ones,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(teams_gotcha_14_without_any_keys_nobody_is_let_in, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_what_is_no_key_set, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_keys_of_no_use, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_one_fetches_for_all, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_nobody_waits_for_it_longer_than_he_may, set_up,
                                        tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
