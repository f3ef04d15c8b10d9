/* P5: a sealed value opens in its own place with its own key, unchanged, and nowhere else. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "crypto.h"
#include "tests/unit/with_arena.h"

#define KEY_A "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="
#define KEY_B "//79/Pv6+fj39vX08/Lx8O/u7ezr6uno5+bl5OPi4eA="

static const struct seal_place place = {"connection", "slack:T1", "row-1", "tokens"};

static keyring *ring(const char *text)
{
    keyring *k = NULL;
    struct err e = {0};
    assert_int_equal(crypto_keyring_parse(mem, secret_of(mem, text), &k, &e), 0);
    return k;
}

static void expect_error(const keyring *k, const struct seal_place *where, struct bytes sealed,
                         const char *code)
{
    struct bytes out = {NULL, 99};
    struct err e = {0};
    assert_int_equal(crypto_open(mem, k, where, sealed, &out, &e), -1);
    assert_int_equal(e.kind, ERR_INTERNAL);
    /* a changed bit of the key's id names another key */
    if (code != NULL || strcmp(e.code, "key_missing") != 0) {
        assert_string_equal(e.code, code == NULL ? "unseal" : code);
    }
    assert_int_equal(out.len, 99);
}

static void expect_closed(const keyring *k, const struct seal_place *where, struct bytes sealed)
{
    expect_error(k, where, sealed, NULL);
}

static void expect_open(const keyring *k, struct bytes sealed, struct bytes plain)
{
    struct bytes out;
    struct err e = {0};
    assert_int_equal(crypto_open(mem, k, &place, sealed, &out, &e), 0);
    assert_int_equal(out.len, plain.len);
    assert_memory_equal(out.data, plain.data, plain.len);
}

static void test_round_trip(void **state)
{
    (void)state;
    keyring *k = ring("k1:" KEY_A);
    static const char large[100000] = {1, 0, 2};
    const struct bytes plains[] = {
        bytes_of(""), bytes_of("sample-token"), {(const uint8_t *)large, sizeof(large)}};
    for (size_t i = 0; i < 3; i++) {
        struct bytes sealed = crypto_seal(mem, k, &place, plains[i]);
        assert_int_equal(sealed.len, 2 + 2 + 12 + plains[i].len + 16);
        assert_string_equal(crypto_sealed_by(mem, sealed), "k1");
        expect_open(k, sealed, plains[i]);
    }
    struct bytes a = crypto_seal(mem, k, &place, plains[1]);
    struct bytes b = crypto_seal(mem, k, &place, plains[1]);
    assert_memory_not_equal(a.data, b.data, a.len);
    assert_null(memmem(a.data, a.len, "sample-token", 12));
}

static void test_every_bit_counts(void **state)
{
    (void)state;
    /* with keys under ids one bit apart, a changed id finds a key and must still not open */
    keyring *k = ring("k1:" KEY_A ",k0:" KEY_A ",k3:" KEY_B);
    struct bytes sealed = crypto_seal(mem, k, &place, bytes_of("sample-token"));
    for (size_t bit = 0; bit < sealed.len * 8; bit++) {
        uint8_t *changed = arena_copy(mem, sealed.data, sealed.len);
        changed[bit / 8] ^= (uint8_t)(1U << bit % 8);
        expect_closed(k, &place, (struct bytes){changed, sealed.len});
    }
    for (size_t len = 0; len < sealed.len; len++) {
        expect_closed(k, &place, (struct bytes){sealed.data, len});
    }
    uint8_t *longer = arena_alloc(mem, sealed.len + 1);
    memcpy(longer, sealed.data, sealed.len);
    expect_closed(k, &place, (struct bytes){longer, sealed.len + 1});
    expect_open(k, sealed, bytes_of("sample-token"));
}

static void test_apps_trap_18_bound_to_its_place(void **state)
{
    (void)state;
    keyring *k = ring("k1:" KEY_A);
    struct bytes sealed = crypto_seal(mem, k, &place, bytes_of("sample-token"));
    const struct seal_place others[] = {
        {"default_connection", "slack:T1", "row-1", "tokens"},
        {"connection", "slack:T2", "row-1", "tokens"},
        {"connection", "slack:T1", "row-2", "tokens"},
        {"connection", "slack:T1", "row-1", "client_secret"},
        /* the same letters, cut elsewhere */
        {"connectionslack:T1", "", "row-1", "tokens"},
        {"connection", "slack:T1r", "ow-1", "tokens"},
        {"connection", "slack:T1", "row-1tokens", ""},
        {"connection", "slack:T1", "row-1tokens", NULL},
    };
    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
        expect_closed(k, &others[i], sealed);
    }
}

static void test_apps_trap_18_keys_rotate(void **state)
{
    (void)state;
    struct bytes old = crypto_seal(mem, ring("old:" KEY_A), &place, bytes_of("sample-token"));
    keyring *both = ring("new:" KEY_B ",old:" KEY_A);
    expect_open(both, old, bytes_of("sample-token"));
    struct bytes fresh = crypto_seal(mem, both, &place, bytes_of("sample-token"));
    assert_string_equal(crypto_sealed_by(mem, fresh), "new");
    expect_error(ring("new:" KEY_B), &place, old, "key_missing");
    /* another key under the same id */
    expect_error(ring("old:" KEY_B), &place, old, "unseal");

    struct err e = {0};
    struct bytes out;
    assert_int_equal(crypto_open(mem, ring("new:" KEY_B), &place, old, &out, &e), -1);
    assert_non_null(strstr(e.text, "unknown key old"));
}

static void test_no_sealed_value(void **state)
{
    (void)state;
    keyring *k = ring("k1:" KEY_A);
    expect_closed(k, &place, bytes_of(""));
    expect_closed(k, &place, bytes_of("plain text that was never sealed by anybody"));
    assert_null(crypto_sealed_by(mem, bytes_of("plain text that was never sealed by anybody")));
    assert_null(crypto_sealed_by(mem, (struct bytes){NULL, 0}));
}

static void test_keyring_faults(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        const char *part;
    } wrong[] = {
        {"", "no encryption key"},
        {KEY_A, "key 1 needs the form"},
        {":" KEY_A, "key 1 needs the form"},
        {"K1:" KEY_A, "key 1 needs the form"},
        {"k_1:" KEY_A, "key 1 needs the form"},
        {"abcdefghijklmnopq:" KEY_A, "key 1 needs the form"},
        {"k1:" KEY_A ",", "key 2 needs the form"},
        {"k1:" KEY_A ", k2:" KEY_B, "key 2 needs the form"},
        {"k1:" KEY_A ",k1:" KEY_B, "key 2 repeats"},
        {"k1:" KEY_A ",k2:AAAA", "key 2 is not base64"},
        {"k1:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8gCANARY", "key 1 is not base64"},
        {"k1:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHg==", "key 1 is not base64"},
        {"k1:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh!=", "key 1 is not base64"},
        {"k1:", "key 1 is not base64"},
    };
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        keyring *k = NULL;
        struct err e = {0};
        assert_int_equal(crypto_keyring_parse(mem, secret_of(mem, wrong[i].text), &k, &e), -1);
        assert_null(k);
        assert_int_equal(e.kind, ERR_CONFIG);
        if (strstr(e.text, wrong[i].part) == NULL) {
            fail_msg("wanted %s, got: %s", wrong[i].part, e.text);
        }
        /* no key material in the text */
        assert_null(strstr(e.text, "AAEC"));
        assert_null(strstr(e.text, "CANARY"));
    }
}

static void test_too_many_keys(void **state)
{
    (void)state;
    char *text = arena_strdup(mem, "k0:" KEY_A);
    for (int i = 1; i < 16; i++) {
        text = arena_printf(mem, "%s,k%d:" KEY_A, text, i);
    }
    assert_non_null(ring(text));
    keyring *k = NULL;
    struct err e = {0};
    text = arena_printf(mem, "%s,k16:" KEY_A, text);
    assert_int_equal(crypto_keyring_parse(mem, secret_of(mem, text), &k, &e), -1);
    assert_non_null(strstr(e.text, "at most 16"));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, arena_set_up, arena_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_round_trip),
        TEST(test_every_bit_counts),
        TEST(test_apps_trap_18_bound_to_its_place),
        TEST(test_apps_trap_18_keys_rotate),
        TEST(test_no_sealed_value),
        TEST(test_keyring_faults),
        TEST(test_too_many_keys),
    };
    return cmocka_run_group_tests_name("seal", tests, NULL, NULL);
}
