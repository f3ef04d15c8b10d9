/* Digests, encodings and random numbers against published vectors. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "service/crypto/crypto_int.h"
#include "tests/unit/with_arena.h"

static struct bytes unhex(const char *hex)
{
    size_t len = strlen(hex) / 2;
    uint8_t *out = arena_alloc(mem, len + 1);
    for (size_t i = 0; i < len; i++) {
        char two[3] = {hex[2 * i], hex[2 * i + 1], '\0'};
        out[i] = (uint8_t)strtol(two, NULL, 16);
    }
    return (struct bytes){out, len};
}

static const char *hex_of(struct digest d)
{
    return crypto_hex(mem, (struct bytes){d.bytes, sizeof(d.bytes)});
}

static struct bytes repeated(uint8_t byte, size_t count)
{
    uint8_t *out = arena_alloc(mem, count);
    memset(out, byte, count);
    return (struct bytes){out, count};
}

/* FIPS 180-4 examples */
static void test_sha256(void **state)
{
    (void)state;
    assert_string_equal(hex_of(crypto_sha256(bytes_of("abc"))),
                        "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    assert_string_equal(hex_of(crypto_sha256((struct bytes){NULL, 0})),
                        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    assert_string_equal(crypto_sha1_hex(mem, (struct bytes){(const uint8_t *)"abc", 3}),
                        "a9993e364706816aba3e25717850c26c9cd0d89d"); /* FIPS 180, appendix A */
    assert_string_equal(crypto_sha1_hex(mem, (struct bytes){NULL, 0}),
                        "da39a3ee5e6b4b0d3255bfef95601890afd80709");
    assert_string_equal(crypto_hash_text(mem, "abc"),
                        "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

/* RFC 4231 sections 4.2 to 4.8 (5 truncates and is left out) */
static void test_hmac_rfc4231(void **state)
{
    (void)state;
    const struct {
        struct bytes key;
        struct bytes message;
        const char *mac;
    } cases[] = {
        {repeated(0x0b, 20), bytes_of("Hi There"),
         "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"},
        {bytes_of("Jefe"), bytes_of("what do ya want for nothing?"),
         "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"},
        {repeated(0xaa, 20), repeated(0xdd, 50),
         "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe"},
        {unhex("0102030405060708090a0b0c0d0e0f10111213141516171819"), repeated(0xcd, 50),
         "82558a389a443c0ea4cc819899f2083a85f0faa3e578f8077a2e3ff46729665b"},
        {repeated(0xaa, 131), bytes_of("Test Using Larger Than Block-Size Key - Hash Key First"),
         "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"},
        {repeated(0xaa, 131),
         bytes_of("This is a test using a larger than block-size key and a larger than block-size "
                  "data. The key needs to be hashed before being used by the HMAC algorithm."),
         "9b09ffa71b942fcb27635fbcd5b0e944bfdc63644f0713938a7f51535c3a35e2"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        assert_string_equal(
            hex_of(crypto_hmac_sha256(cases[i].key, bytes_of(NULL), cases[i].message)),
            cases[i].mac);
    }
}

/* Slack, "Verifying requests from Slack": v0:timestamp:body under the signing secret */
static void test_hmac_slack(void **state)
{
    (void)state;
    static const struct {
        const char *timestamp;
        const char *body;
        const char *mac;
    } cases[] = {
        {"1531420618",
         "token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&channel_id="
         "G8PSS9T3V&channel_name=foobar&user_id=U2CERLKJA&user_name=roadrunner&command=%2Fwebhook-"
         "collect&text=&response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands%2FT1DC2JH3J%2F3977008"
         "85554%2F96rGlfmibIGlgcZRskXaIFfN&trigger_id=398738663015.47445629121.803a0bc887a14d10d2c4"
         "47fce8b6703c",
         "a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503"},
        {"1700000000", "{\"token\":\"x\",\"challenge\":\"abc123\",\"type\":\"url_verification\"}",
         "9854b7eca71ad142054166bb68903baf18dd9722488b7bb80a852f4549de7896"},
        {"1700000000",
         "payload=%7B%22type%22%3A%22block_actions%22%2C%22user%22%3A%7B%22id%22%3A%22U1%22%7D%7D",
         "5850286d5b8fb97c0b07232434b4c11fa48a94a50b19d20b8dc23b6b5a6dedc7"},
        {"1700000000", "{\"text\":\"na\u00efve \u201cquotes\u201d\"}",
         "26b591316b914869e191ee83664eef66a3cec3102b403dc521ac17962f4a80f1"},
        {"1700000000", "", "e32114b39f9a22e4b8d8778478b39e6ed0677e5562e5474c3104b4074f1917e2"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char *head = arena_printf(mem, "v0:%s:", cases[i].timestamp);
        struct digest mac = crypto_hmac_sha256(bytes_of("8f742231b10e8888abcd99yyyzzz85a5"),
                                               bytes_of(head), bytes_of(cases[i].body));
        assert_string_equal(hex_of(mac), cases[i].mac);
    }
}

/* RFC 7636 appendix B */
static void test_apps_trap_20_pkce(void **state)
{
    (void)state;
    assert_string_equal(crypto_pkce_challenge(mem, "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"),
                        "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM");
}

/* RFC 4648 section 10 */
static void test_base64_vectors(void **state)
{
    (void)state;
    static const char *const vectors[][2] = {
        {"", ""},
        {"f", "Zg=="},
        {"fo", "Zm8="},
        {"foo", "Zm9v"},
        {"foob", "Zm9vYg=="},
        {"fooba", "Zm9vYmE="},
        {"foobar", "Zm9vYmFy"},
    };
    for (size_t i = 0; i < sizeof(vectors) / sizeof(vectors[0]); i++) {
        const char *text = vectors[i][1];
        size_t plain_len = strlen(vectors[i][0]), len = 99;
        uint8_t out[6];
        assert_string_equal(crypto_base64(mem, bytes_of(vectors[i][0])), text);
        assert_true(base64_into(text, strlen(text), out, plain_len, &len));
        assert_int_equal(len, plain_len);
        assert_memory_equal(out, vectors[i][0], len);
        /* no byte beyond the room */
        assert_true(len == 0 || !base64_into(text, strlen(text), out, plain_len - 1, &len));
    }
}

static void test_base64_round_trip(void **state)
{
    (void)state;
    uint8_t bytes[67];
    for (size_t len = 0; len <= sizeof(bytes); len++) {
        crypto_random(bytes, sizeof(bytes));
        struct bytes in = {bytes, len};
        const char *texts[] = {crypto_base64(mem, in), crypto_base64url(mem, in)};
        for (size_t t = 0; t < 2; t++) {
            uint8_t out[sizeof(bytes)];
            size_t out_len = 99;
            assert_true(base64_into(texts[t], strlen(texts[t]), out, sizeof(out), &out_len));
            assert_int_equal(out_len, len);
            assert_memory_equal(out, bytes, len);
        }
        assert_null(strpbrk(texts[1], "+/="));
    }
    assert_string_equal(crypto_base64url(mem, unhex("fbff")), "-_8");
}

static void test_base64_refused(void **state)
{
    (void)state;
    static const char *const wrong[] = {
        "Z",    "Zg=",  "Zg===",  "=",    "====", "Zm9v=",    "Z g=",
        "Zh==", "Zm9=", "Zm9v\n", "Zm*v", "Z===", "Zg==Zg==", "\xff\xff\xff\xff"};
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        uint8_t out[16];
        size_t len = 99;
        assert_false(base64_into(wrong[i], strlen(wrong[i]), out, sizeof(out), &len));
        assert_int_equal(len, 99);
    }
}

static void test_random(void **state)
{
    (void)state;
    const char *a = crypto_random_hex(mem, 16);
    const char *b = crypto_random_hex(mem, 16);
    assert_int_equal(strlen(a), 32);
    assert_int_equal(strspn(a, "0123456789abcdef"), 32);
    assert_string_not_equal(a, b);
    size_t seen[10] = {0};
    const char *digits = crypto_random_digits(mem, 100000);
    assert_int_equal(strspn(digits, "0123456789"), 100000);
    for (size_t i = 0; i < 100000; i++) {
        seen[digits[i] - '0']++;
    }
    for (size_t d = 0; d < 10; d++) {
        /* ten standard deviations: fails by chance less often than hardware does */
        assert_in_range(seen[d], 10000 - 950, 10000 + 950);
    }
    assert_string_equal(crypto_random_digits(mem, 0), "");
}

static void test_equal(void **state)
{
    (void)state;
    assert_true(crypto_equal("abc", "abd", 2));
    assert_false(crypto_equal("abc", "abd", 3));
    assert_true(crypto_equal("", "", 0));
}

/* A signature serves one purpose and one text, and outlives its key's first place in the ring. */
static void test_signatures(void **state)
{
    (void)state;
    const char *one = "a1:MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=";
    const char *two = "b2:ZmVkY2JhOTg3NjU0MzIxMGZlZGNiYTk4NzY1NDMyMTA=";
    keyring *first = NULL, *both = NULL, *other = NULL;
    struct err e = {0};
    assert_int_equal(crypto_keyring_parse(mem, secret_of(mem, one), &first, &e), 0);
    assert_int_equal(
        crypto_keyring_parse(mem, secret_of(mem, arena_printf(mem, "%s,%s", two, one)), &both, &e),
        0);
    assert_int_equal(crypto_keyring_parse(mem, secret_of(mem, two), &other, &e), 0);
    char *made = crypto_sign(mem, first, "install", "text");
    assert_int_equal(strlen(made), 64);
    assert_true(crypto_signed(mem, first, "install", "text", made));
    assert_true(crypto_signed(mem, both, "install", "text", made));
    assert_false(crypto_signed(mem, other, "install", "text", made));
    assert_false(crypto_signed(mem, first, "console", "text", made));
    assert_false(crypto_signed(mem, first, "install", "text2", made));
    assert_false(crypto_signed(mem, first, "install", "text", NULL));
    assert_false(crypto_signed(mem, first, "install", "text", ""));
    made[63] = made[63] == '0' ? '1' : '0';
    assert_false(crypto_signed(mem, first, "install", "text", made));
    made[63] = '\0';
    assert_false(crypto_signed(mem, first, "install", "text", made));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, arena_set_up, arena_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_sha256),         TEST(test_hmac_rfc4231),
        TEST(test_hmac_slack),     TEST(test_apps_trap_20_pkce),
        TEST(test_base64_vectors), TEST(test_base64_round_trip),
        TEST(test_base64_refused), TEST(test_random),
        TEST(test_equal),          TEST(test_signatures),
    };
    return cmocka_run_group_tests_name("crypto", tests, NULL, NULL);
}
