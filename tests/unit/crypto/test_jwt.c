/* Tokens of an OpenID provider, signed here with OpenSSL alone: what the reader takes was not made
 * by the library that reads it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>

#include "base/json.h"
#include "crypto.h"
#include "tests/unit/with_arena.h"

enum { NOW = 1700000000 };

static EVP_PKEY *ours, *other, *small;

static int setup_keys(void **state)
{
    (void)state;
    ours = EVP_RSA_gen(2048);
    other = EVP_RSA_gen(2048);
    small = EVP_RSA_gen(1024);
    return ours != NULL && other != NULL && small != NULL ? 0 : -1;
}

static int teardown_keys(void **state)
{
    (void)state;
    EVP_PKEY_free(ours);
    EVP_PKEY_free(other);
    EVP_PKEY_free(small);
    return 0;
}

/* --- making --- */

static const char *number(EVP_PKEY *key, const char *name)
{
    BIGNUM *n = NULL;
    uint8_t bytes[1024];
    assert_int_equal(EVP_PKEY_get_bn_param(key, name, &n), 1);
    int len = BN_bn2bin(n, bytes);
    BN_free(n);
    return crypto_base64url(mem, (struct bytes){bytes, (size_t)len});
}

static json_t *jwk(EVP_PKEY *key, const char *kid)
{
    return json_pack("{s:s, s:s, s:s, s:s, s:s, s:s}", "kty", "RSA", "use", "sig", "alg", "RS256",
                     "kid", kid, "n", number(key, OSSL_PKEY_PARAM_RSA_N), "e",
                     number(key, OSSL_PKEY_PARAM_RSA_E));
}

static struct bytes set_of(json_t *first, json_t *second)
{
    json_t *keys = json_array();
    json_array_append_new(keys, first);
    if (second != NULL) {
        json_array_append_new(keys, second);
    }
    return bytes_of(json_write(mem, arena_json(mem, json_pack("{s:o}", "keys", keys))));
}

static struct bytes our_set(void)
{
    return set_of(jwk(other, "k0"), jwk(ours, "k1"));
}

static const char *part(const char *json)
{
    return crypto_base64url(mem, bytes_of(json));
}

static const char *signature(const char *text, EVP_PKEY *key, const EVP_MD *md)
{
    uint8_t bytes[1024];
    size_t len = sizeof(bytes);
    EVP_MD_CTX *c = EVP_MD_CTX_new();
    assert_int_equal(EVP_DigestSignInit(c, NULL, md, NULL, key), 1);
    assert_int_equal(EVP_DigestSign(c, bytes, &len, (const uint8_t *)text, strlen(text)), 1);
    EVP_MD_CTX_free(c);
    return crypto_base64url(mem, (struct bytes){bytes, len});
}

static struct secret token(const char *header, const char *payload, EVP_PKEY *key)
{
    const char *text = arena_printf(mem, "%s.%s", part(header), part(payload));
    return secret_of(mem, arena_printf(mem, "%s.%s", text, signature(text, key, EVP_sha256())));
}

static const char HEADER[] = "{\"alg\":\"RS256\",\"typ\":\"JWT\",\"kid\":\"k1\"}";
static const char PAYLOAD[] =
    "{\"iss\":\"https://slack.example\",\"aud\":\"100.200\",\"exp\":1700000300,"
    "\"iat\":1700000000,\"nonce\":\"n1\",\"sub\":\"U1\"}";

/* --- reading --- */

static const char *open_with(struct secret t, struct bytes keys)
{
    json_t *claims = NULL;
    struct err e = {0};
    int rc = crypto_jwt_open(mem, t, keys, &claims, &e);
    assert_true((rc == 0) == (claims != NULL));
    assert_true(rc == 0 || e.kind == ERR_UNAUTHENTIC);
    return rc == 0 ? "good" : e.code;
}

#define OPENS(token, keys, verdict) assert_string_equal(open_with(token, keys), verdict)

static void test_a_good_token(void **state)
{
    (void)state;
    json_t *claims = NULL;
    struct err e = {0};
    assert_int_equal(crypto_jwt_open(mem, token(HEADER, PAYLOAD, ours), our_set(), &claims, &e), 0);
    assert_string_equal(json_text(claims, "sub"), "U1");
    const struct jwt_rules rules = {"https://slack.example", "100.200", "n1", NOW};
    assert_int_equal(crypto_jwt_check(claims, &rules, &e), 0);
}

static void test_only_rs256(void **state)
{
    (void)state;
    static const char *const headers[] = {
        "{\"alg\":\"none\",\"kid\":\"k1\"}",
        "{\"alg\":\"None\",\"kid\":\"k1\"}",
        "{\"alg\":\"HS256\",\"kid\":\"k1\"}",
        "{\"alg\":\"RS512\",\"kid\":\"k1\"}",
        "{\"alg\":\"PS256\",\"kid\":\"k1\"}",
        "{\"alg\":\"rs256\",\"kid\":\"k1\"}",
        "{\"alg\":[\"RS256\"],\"kid\":\"k1\"}",
        "{\"kid\":\"k1\"}",
        "{\"alg\":\"RS256\",\"kid\":\"k1\",\"crit\":[\"exp\"]}",
        "{\"alg\":\"RS256\",\"kid\":\"k1\",\"crit\":null}",
    };
    for (size_t i = 0; i < sizeof(headers) / sizeof(headers[0]); i++) {
        OPENS(token(headers[i], PAYLOAD, ours), our_set(), "jwt_algorithm");
    }
    /* unsigned, as "none" is written */
    const char *bare = arena_printf(mem, "%s.%s.", part(headers[0]), part(PAYLOAD));
    OPENS(secret_of(mem, bare), our_set(), "jwt_shape");
}

/* RFC 8725 section 2.1: the public key, which everybody has, taken as the secret of an HMAC. */
static void test_the_public_key_is_no_secret(void **state)
{
    (void)state;
    const char *text =
        arena_printf(mem, "%s.%s", part("{\"alg\":\"HS256\",\"kid\":\"k1\"}"), part(PAYLOAD));
    struct bytes keys = our_set();
    struct digest d = crypto_hmac_sha256(keys, bytes_of(""), bytes_of(text));
    const char *mac = crypto_base64url(mem, (struct bytes){d.bytes, sizeof(d.bytes)});
    OPENS(secret_of(mem, arena_printf(mem, "%s.%s", text, mac)), keys, "jwt_algorithm");
    /* nor does a symmetric key in the set make one */
    json_t *oct = json_pack("{s:s, s:s, s:s}", "kty", "oct", "kid", "k1", "k", "c2VjcmV0");
    OPENS(token(HEADER, PAYLOAD, ours), set_of(oct, NULL), "jwt_key_unknown");
}

static void test_the_key_that_is_named(void **state)
{
    (void)state;
    OPENS(token(HEADER, PAYLOAD, other), our_set(), "jwt_signature");
    OPENS(token("{\"alg\":\"RS256\",\"kid\":\"k9\"}", PAYLOAD, ours), our_set(), "jwt_key_unknown");
    OPENS(token("{\"alg\":\"RS256\"}", PAYLOAD, ours), our_set(), "jwt_key_unknown");
    OPENS(token("{\"alg\":\"RS256\",\"kid\":\"\"}", PAYLOAD, ours), our_set(), "jwt_key_unknown");
    OPENS(token(HEADER, PAYLOAD, ours), bytes_of("<html>"), "jwt_keys");
    OPENS(token(HEADER, PAYLOAD, ours), bytes_of("{}"), "jwt_key_unknown");
    OPENS(token(HEADER, PAYLOAD, ours), bytes_of("{\"keys\":{\"kid\":\"k1\"}}"), "jwt_key_unknown");
    /* what the token brings along is no key */
    OPENS(token("{\"alg\":\"RS256\",\"kid\":\"k9\",\"jku\":\"https://evil.example/\"}", PAYLOAD,
                ours),
          our_set(), "jwt_key_unknown");
}

static void test_keys_that_do_not_count(void **state)
{
    (void)state;
    json_t *for_encryption = jwk(ours, "k1"), *other_algorithm = jwk(ours, "k1");
    json_object_set_new(for_encryption, "use", json_string("enc"));
    json_object_set_new(other_algorithm, "alg", json_string("RS512"));
    OPENS(token(HEADER, PAYLOAD, ours), set_of(for_encryption, NULL), "jwt_key_unknown");
    OPENS(token(HEADER, PAYLOAD, ours), set_of(other_algorithm, NULL), "jwt_key_unknown");
    OPENS(token(HEADER, PAYLOAD, small), set_of(jwk(small, "k1"), NULL), "jwt_key_unknown");
    /* a useless one of the same name does not hide the good one */
    OPENS(token(HEADER, PAYLOAD, ours), set_of(jwk(small, "k1"), jwk(ours, "k1")), "good");
    json_t *plain = json_pack("{s:s, s:s, s:s, s:s}", "kty", "RSA", "kid", "k1", "n",
                              number(ours, OSSL_PKEY_PARAM_RSA_N), "e", "AQAB");
    OPENS(token(HEADER, PAYLOAD, ours), set_of(plain, NULL), "good");
}

static void test_not_one_bit(void **state)
{
    (void)state;
    const char *good = secret_reveal(token(HEADER, PAYLOAD, ours));
    size_t len = strlen(good);
    for (size_t i = 0; i < len; i += 7) {
        char *bad = arena_strdup(mem, good);
        bad[i] = bad[i] == 'A' ? 'B' : 'A';
        assert_string_not_equal(open_with(secret_of(mem, bad), our_set()), "good");
    }
    static const char *const shapes[] = {"", ".", "..", "...", "a.b.c", "a.b", "a..c"};
    for (size_t i = 0; i < sizeof(shapes) / sizeof(shapes[0]); i++) {
        OPENS(secret_of(mem, shapes[i]), our_set(), "jwt_shape");
    }
    OPENS(secret_of(mem, arena_printf(mem, "%s.x", good)), our_set(), "jwt_shape");
    OPENS(secret_of(mem, arena_printf(mem, "%s=", good)), our_set(), "jwt_shape");
    OPENS(secret_of(mem, arena_printf(mem, " %s", good)), our_set(), "jwt_shape");
}

static void test_another_digest(void **state)
{
    (void)state;
    const char *text = arena_printf(mem, "%s.%s", part(HEADER), part(PAYLOAD));
    const char *sig = signature(text, ours, EVP_sha512());
    OPENS(secret_of(mem, arena_printf(mem, "%s.%s", text, sig)), our_set(), "jwt_signature");
}

static void test_the_payload_is_an_object(void **state)
{
    (void)state;
    OPENS(token(HEADER, "\"Frodo\"", ours), our_set(), "jwt_shape");
    OPENS(token(HEADER, "{\"iss\":\"a\",\"iss\":\"b\"}", ours), our_set(), "jwt_shape");
}

/* --- claims --- */

static const char *check(const char *name, json_t *value)
{
    struct err e = {0};
    json_t *claims = NULL;
    assert_int_equal(json_read(mem, bytes_of(PAYLOAD), &claims, &e), 0);
    if (value == NULL) {
        json_object_del(claims, name);
    } else {
        json_object_set_new(claims, name, value);
    }
    const struct jwt_rules rules = {"https://slack.example", "100.200", "n1", NOW};
    return crypto_jwt_check(claims, &rules, &e) == 0 ? "good" : e.code;
}

#define CHECKS(name, value, verdict) assert_string_equal(check(name, value), verdict)

static void test_claims(void **state)
{
    (void)state;
    CHECKS("iss", json_string("https://slack.example/"), "jwt_issuer");
    CHECKS("iss", NULL, "jwt_issuer");
    CHECKS("aud", json_string("100.201"), "jwt_audience");
    CHECKS("aud", NULL, "jwt_audience");
    CHECKS("aud", json_pack("[s]", "100.200"), "good");
    CHECKS("aud", json_pack("[s, s]", "100.200", "evil"), "jwt_audience");
    CHECKS("aud", json_array(), "jwt_audience");
    CHECKS("azp", json_string("100.200"), "good");
    CHECKS("azp", json_string("evil"), "jwt_audience");
    CHECKS("nonce", json_string("n2"), "jwt_nonce");
    CHECKS("nonce", json_string("n"), "jwt_nonce");
    CHECKS("nonce", NULL, "jwt_nonce");
}

static void test_times(void **state)
{
    (void)state;
    CHECKS("exp", json_integer(NOW - 59), "good");
    CHECKS("exp", json_integer(NOW - 60), "jwt_expired");
    CHECKS("exp", NULL, "jwt_time");
    CHECKS("exp", json_string("1700000300"), "jwt_time");
    CHECKS("exp", json_real(1700000300.5), "jwt_time");
    CHECKS("exp", json_integer(-1), "jwt_time");
    CHECKS("iat", json_integer(NOW + 60), "good");
    CHECKS("iat", json_integer(NOW + 61), "jwt_time");
    CHECKS("iat", NULL, "jwt_time");
    CHECKS("nbf", json_integer(NOW + 61), "jwt_time");
}

/* What is read before it is proven, and by one key alone. */
static void test_one_key(void **state)
{
    (void)state;
    struct err e = {0};
    struct jwt_unproven said = {0};
    json_t *claims = NULL;
    const json_t *key = arena_json(mem, jwk(ours, "k1"));
    struct secret good = token(HEADER, PAYLOAD, ours), forged = token(HEADER, PAYLOAD, other);
    assert_int_equal(crypto_jwt_read(mem, forged, &said, &e), 0);
    assert_string_equal(said.kid, "k1");
    assert_string_equal(json_text(said.claims, "sub"), "U1");
    assert_int_equal(crypto_jwt_open_by(mem, good, key, &claims, &e), 0);
    assert_string_equal(json_text(claims, "sub"), "U1");
    assert_int_equal(crypto_jwt_open_by(mem, forged, key, &claims, &e), -1);
    assert_string_equal(e.code, "jwt_signature");
    const json_t *renamed = arena_json(mem, jwk(ours, "k2"));
    assert_int_equal(crypto_jwt_open_by(mem, good, renamed, &claims, &e), -1);
    assert_string_equal(e.code, "jwt_key_unknown");
    const json_t *weak = arena_json(mem, jwk(small, "k1"));
    assert_int_equal(crypto_jwt_open_by(mem, good, weak, &claims, &e), -1);
    assert_string_equal(e.code, "jwt_key_unknown");
    assert_true(crypto_jwt_key_usable(mem, key));
    assert_false(crypto_jwt_key_usable(mem, weak));
    assert_false(crypto_jwt_key_usable(mem, NULL));
    struct secret nameless = token("{\"alg\":\"RS256\"}", PAYLOAD, ours);
    assert_int_equal(crypto_jwt_read(mem, nameless, &said, &e), -1);
    assert_string_equal(e.code, "jwt_key_unknown");
    struct secret other_way = token("{\"alg\":\"RS512\",\"kid\":\"k1\"}", PAYLOAD, ours);
    assert_int_equal(crypto_jwt_read(mem, other_way, &said, &e), -1);
    assert_string_equal(e.code, "jwt_algorithm");
    assert_int_equal(crypto_jwt_read(mem, token(HEADER, "[]", ours), &said, &e), -1);
    assert_string_equal(e.code, "jwt_shape");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_one_key, arena_set_up, arena_tear_down),
        cmocka_unit_test_setup_teardown(test_a_good_token, arena_set_up, arena_tear_down),
        cmocka_unit_test_setup_teardown(test_only_rs256, arena_set_up, arena_tear_down),
        cmocka_unit_test_setup_teardown(test_the_public_key_is_no_secret, arena_set_up,
                                        arena_tear_down),
        cmocka_unit_test_setup_teardown(test_the_key_that_is_named, arena_set_up, arena_tear_down),
        cmocka_unit_test_setup_teardown(test_keys_that_do_not_count, arena_set_up, arena_tear_down),
        cmocka_unit_test_setup_teardown(test_not_one_bit, arena_set_up, arena_tear_down),
        cmocka_unit_test_setup_teardown(test_another_digest, arena_set_up, arena_tear_down),
        cmocka_unit_test_setup_teardown(test_the_payload_is_an_object, arena_set_up,
                                        arena_tear_down),
        cmocka_unit_test_setup_teardown(test_claims, arena_set_up, arena_tear_down),
        cmocka_unit_test_setup_teardown(test_times, arena_set_up, arena_tear_down),
    };
    return cmocka_run_group_tests_name("crypto/jwt", tests, setup_keys, teardown_keys);
}
