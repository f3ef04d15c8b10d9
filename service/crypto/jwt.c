#include "crypto_int.h"

#include <cjose/cjose.h>
#include <string.h>

#include "base/json.h"
#include "base/limits.h"
#include "base/str.h"

/*
 * Signed tokens of an OpenID provider: RFC 7515 (JWS, compact), 7517 (JWK), 7519 (JWT), OpenID
 * Connect Core 3.1.3.7. What the header says chooses no algorithm: RS256 or nothing, decided before
 * any key is looked at.
 *
 * A key handle of cjose is counted without a lock, so none is kept: the set is text, and the one
 * key that is meant is taken in for one check.
 */

enum { KEYS_MAX = 50, MODULUS_MIN = 256, MODULUS_MAX = 1024, EXPONENT_MAX = 8, SKEW_S = 60 };

static const char BASE64URL[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

static int refuse(struct err *e, const char *code, const char *what)
{
    return err_set(e, ERR_UNAUTHENTIC, code, "%s", what);
}

/* Unpadded, of that alphabet alone, and canonical; NULL else. */
static uint8_t *decode(arena *mem, const char *text, size_t len, size_t *ret_len)
{
    uint8_t *out = arena_alloc(mem, len + 1);
    bool clean = len > 0 && strspn(text, BASE64URL) >= len;
    return clean && base64_into(text, len, out, len, ret_len) ? out : NULL;
}

static json_t *decode_json(arena *mem, const char *text, size_t len)
{
    struct bytes b = {NULL, 0};
    struct err unused = {0};
    json_t *value = NULL;
    b.data = decode(mem, text, len, &b.len);
    bool read = b.data != NULL && json_read(mem, b, &value, &unused) == 0;
    return read && json_is_object(value) ? value : NULL;
}

/* "header.payload.signature": three parts of that alphabet, none of them empty. */
struct parts {
    const char *payload;
    size_t header_len, payload_len;
};

static bool split(const char *token, struct parts *ret)
{
    size_t head = strcspn(token, ".");
    const char *payload = token + head + (token[head] == '.' ? 1 : 0);
    size_t body = strcspn(payload, ".");
    const char *signature = payload + body + (payload[body] == '.' ? 1 : 0);
    size_t tail = strlen(signature);
    *ret = (struct parts){payload, head, body};
    return head > 0 && body > 0 && tail > 0 && signature != payload + body &&
           strspn(payload, BASE64URL) == body && strspn(signature, BASE64URL) == tail;
}

/* Is this the public half of an RSA key for signatures? */
static bool may_sign(const json_t *key)
{
    const char *use = json_text(key, "use"), *alg = json_text(key, "alg");
    return str_equal(json_text(key, "kty"), "RSA") && (use == NULL || str_equal(use, "sig")) &&
           (alg == NULL || str_equal(alg, "RS256"));
}

static bool number_fits(arena *mem, const char *text, size_t min, size_t max)
{
    size_t len = 0;
    return text != NULL && strlen(text) <= 2 * max &&
           decode(mem, text, strlen(text), &len) != NULL && len >= min && len <= max;
}

bool crypto_jwt_key_usable(arena *mem, const json_t *key)
{
    const char *n = json_text(key, "n"), *exponent = json_text(key, "e");
    return may_sign(key) && number_fits(mem, n, MODULUS_MIN, MODULUS_MAX) &&
           number_fits(mem, exponent, 1, EXPONENT_MAX);
}

/* The key with this id; NULL when the set has none. */
static const json_t *find_key(arena *mem, const json_t *set, const char *kid)
{
    const json_t *keys = json_member(set, "keys");
    for (size_t i = 0; i < json_array_size(keys) && i < KEYS_MAX; i++) {
        const json_t *key = json_array_get(keys, i);
        if (str_equal(json_text(key, "kid"), kid) && crypto_jwt_key_usable(mem, key)) {
            return key;
        }
    }
    return NULL;
}

/* The payload, if this key has signed it. */
static bool signed_by(arena *mem, const char *token, const char *key_text, struct bytes *ret)
{
    cjose_err why = {0};
    cjose_jwk_t *key = cjose_jwk_import(key_text, strlen(key_text), &why);
    cjose_jws_t *jws = key == NULL ? NULL : cjose_jws_import(token, strlen(token), &why);
    uint8_t *plain = NULL;
    size_t len = 0;
    bool good = jws != NULL && cjose_jws_verify(jws, key, &why) &&
                cjose_jws_get_plaintext(jws, &plain, &len, &why);
    if (good) {
        *ret = (struct bytes){arena_copy(mem, plain, len), len};
    }
    cjose_jws_release(jws);
    cjose_jwk_release(key);
    return good;
}

/* What the header says before any key is looked at. */
static int read_header(arena *mem, const char *token, size_t len, const char **ret_kid,
                       struct err *e)
{
    const json_t *header = decode_json(mem, token, len);
    if (header == NULL) {
        return refuse(e, "jwt_shape", "not a signed token in three parts");
    }
    if (!str_equal(json_text(header, "alg"), "RS256") || json_member(header, "crit") != NULL) {
        return refuse(e, "jwt_algorithm", "not signed with RS256 and nothing more");
    }
    *ret_kid = json_text(header, "kid");
    return 0;
}

static int split_token(struct secret token, struct parts *ret, struct err *e)
{
    bool good = token.len <= LIMIT_TOKEN && split(secret_reveal(token), ret);
    return good ? 0 : refuse(e, "jwt_shape", "not a signed token in three parts");
}

int crypto_jwt_read(arena *mem, struct secret token, struct jwt_unproven *ret, struct err *e)
{
    struct parts p = {0};
    struct jwt_unproven found = {0};
    if (split_token(token, &p, e) != 0 ||
        read_header(mem, secret_reveal(token), p.header_len, &found.kid, e) != 0) {
        return -1;
    }
    found.claims = decode_json(mem, p.payload, p.payload_len);
    if (found.claims == NULL) {
        return refuse(e, "jwt_shape", "the payload is no JSON object");
    }
    if (str_empty(found.kid)) {
        return refuse(e, "jwt_key_unknown", "the token names no key");
    }
    *ret = found;
    return 0;
}

int crypto_jwt_open_by(arena *mem, struct secret token, const json_t *key, json_t **ret,
                       struct err *e)
{
    struct parts p = {0};
    struct bytes payload;
    struct err unused = {0};
    json_t *claims = NULL;
    const char *kid = NULL;
    if (split_token(token, &p, e) != 0 ||
        read_header(mem, secret_reveal(token), p.header_len, &kid, e) != 0) {
        return -1;
    }
    if (str_empty(kid) || !str_equal(json_text(key, "kid"), kid) ||
        !crypto_jwt_key_usable(mem, key)) {
        return refuse(e, "jwt_key_unknown", "that key is not the one which the token names");
    }
    const char *modulus = json_text(key, "n"), *exponent = json_text(key, "e");
    const json_t *bare =
        arena_json(mem, json_pack("{s:s, s:s, s:s}", "kty", "RSA", "n", modulus, "e", exponent));
    if (!signed_by(mem, secret_reveal(token), json_write(mem, bare), &payload)) {
        return refuse(e, "jwt_signature", "the signature does not fit");
    }
    if (json_read(mem, payload, &claims, &unused) != 0 || !json_is_object(claims)) {
        return refuse(e, "jwt_shape", "the payload is no JSON object");
    }
    *ret = claims;
    return 0;
}

int crypto_jwt_open(arena *mem, struct secret token, struct bytes key_set, json_t **ret,
                    struct err *e)
{
    struct err unused = {0};
    struct parts p = {0};
    const char *kid = NULL;
    json_t *set = NULL;
    if (split_token(token, &p, e) != 0 ||
        read_header(mem, secret_reveal(token), p.header_len, &kid, e) != 0) {
        return -1;
    }
    if (json_read(mem, key_set, &set, &unused) != 0) {
        return refuse(e, "jwt_keys", "the key set is no JSON");
    }
    const json_t *key = str_empty(kid) ? NULL : find_key(mem, set, kid);
    if (key == NULL) {
        return refuse(e, "jwt_key_unknown", "the key set has no such key");
    }
    return crypto_jwt_open_by(mem, token, key, ret, e);
}

/* RFC 7519 section 4.1.3: one audience, or a list that holds it. OpenID Connect Core 3.1.3.7: with
 * several audiences, the one that was issued to must be us too. */
static bool is_for(const json_t *claims, const char *audience)
{
    const json_t *aud = json_member(claims, "aud");
    const json_t *azp = json_member(claims, "azp");
    bool one = str_equal(json_string_value(aud), audience) ||
               (json_array_size(aud) == 1 &&
                str_equal(json_string_value(json_array_get(aud, 0)), audience));
    return one && (azp == NULL || str_equal(json_string_value(azp), audience));
}

static bool is_integer(const json_t *claims, const char *name)
{
    const json_t *value = json_member(claims, name);
    return json_is_integer(value) && json_integer_value(value) > 0;
}

int crypto_jwt_check(const json_t *claims, const struct jwt_rules *rules, struct err *e)
{
    if (!str_equal(json_text(claims, "iss"), rules->issuer)) {
        return refuse(e, "jwt_issuer", "issued by somebody else");
    }
    if (!is_for(claims, rules->audience)) {
        return refuse(e, "jwt_audience", "issued to somebody else");
    }
    if (!is_integer(claims, "exp") || !is_integer(claims, "iat")) {
        return refuse(e, "jwt_time", "says not from when to when it holds");
    }
    if (json_i64(claims, "exp") <= rules->now - SKEW_S) {
        return refuse(e, "jwt_expired", "its time is over");
    }
    if (json_i64(claims, "iat") > rules->now + SKEW_S ||
        json_i64(claims, "nbf") > rules->now + SKEW_S) {
        return refuse(e, "jwt_time", "of the future");
    }
    const char *nonce = json_text(claims, "nonce");
    bool same = rules->nonce == NULL || (nonce != NULL && strlen(nonce) == strlen(rules->nonce) &&
                                         crypto_equal(nonce, rules->nonce, strlen(nonce)));
    return same ? 0 : refuse(e, "jwt_nonce", "made for another attempt");
}
