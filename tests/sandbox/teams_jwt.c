/* JSON Web Tokens (RFC 7515, 7518) by OpenSSL: right ones and wrong ones. */
#include "teams.h"

#include "world.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/sha.h>
#include <stdlib.h>
#include <string.h>

enum { KEYS_MAX = 4 };

struct ring {
    const char *prefix;
    struct {
        EVP_PKEY *key;
        char kid[32];
    } keys[KEYS_MAX]; /* the newest signs */
    size_t count;
};

static struct ring connector = {.prefix = "sample-bf"};
static struct ring entra = {.prefix = "sample-entra"};
static EVP_PKEY *plain;   /* the first key: also that of the key ids below, not to be trusted */
static EVP_PKEY *foreign; /* in no set */

static const char kid_webchat[] = "sample-webchat-only";
static const char kid_bare[] = "sample-without-endorsements";
static const char kid_ec[] = "sample-not-rsa";

static EVP_PKEY *key_make(void)
{
    EVP_PKEY *key = EVP_RSA_gen(2048);
    if (key == NULL) {
        abort();
    }
    return key;
}

static void ring_add(struct ring *ring)
{
    if (ring->count == KEYS_MAX) {
        EVP_PKEY_free(ring->keys[0].key);
        memmove(&ring->keys[0], &ring->keys[1], sizeof ring->keys[0] * (KEYS_MAX - 1));
        ring->count--;
    }
    char tail[13];
    random_hex(tail, 12);
    snprintf(ring->keys[ring->count].kid, sizeof ring->keys[0].kid, "%s-%s", ring->prefix, tail);
    ring->keys[ring->count++].key = key_make();
}

/* At first use: RSA keys take a moment that most tests need not wait for. */
static void start(struct ring *ring)
{
    if (ring->count == 0) {
        ring_add(ring);
    }
    if (plain == NULL) {
        plain = ring->keys[0].key;
        EVP_PKEY_up_ref(plain);
    }
}

static void ring_rotate(struct ring *ring, bool drop_old)
{
    start(ring);
    while (drop_old && ring->count > 0) {
        EVP_PKEY_free(ring->keys[--ring->count].key);
    }
    ring_add(ring);
}

void teams_keys_rotate(bool drop_old)
{
    ring_rotate(&connector, drop_old);
    ring_rotate(&entra, drop_old);
}

static json_t *key_json(EVP_PKEY *key, const char *kid, const json_t *endorsements)
{
    json_t *out =
        json_pack("{s:s, s:s, s:s, s:s}", "kty", "RSA", "use", "sig", "kid", kid, "x5t", kid);
    static const struct {
        const char *name, *param;
    } parts[] = {{"n", OSSL_PKEY_PARAM_RSA_N}, {"e", OSSL_PKEY_PARAM_RSA_E}};
    for (size_t p = 0; p < 2; p++) {
        BIGNUM *number = NULL;
        EVP_PKEY_get_bn_param(key, parts[p].param, &number);
        unsigned char bytes[512];
        int len = BN_bn2bin(number, bytes);
        char *text = base64url(bytes, (size_t)len);
        json_object_set_new(out, parts[p].name, json_string(text));
        free(text);
        BN_free(number);
    }
    if (endorsements != NULL) {
        json_object_set_new(out, "endorsements", json_deep_copy(endorsements));
    }
    return out;
}

static json_t *ring_json(struct ring *ring, const json_t *endorsements)
{
    start(ring);
    json_t *list = json_array();
    for (size_t i = 0; i < ring->count; i++) {
        json_array_append_new(list, key_json(ring->keys[i].key, ring->keys[i].kid, endorsements));
    }
    return list;
}

json_t *teams_keys_connector(void)
{
    json_t *list = ring_json(&connector, json_object_get(teams_settings(), "endorsements"));
    json_t *webchat = json_pack("[s]", "webchat");
    json_array_append_new(list, key_json(plain, kid_webchat, webchat));
    json_array_append_new(list, key_json(plain, kid_bare, NULL));
    /* the generator of P-256: a point, and nobody's key */
    json_array_append_new(list, json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:[s]}", "kty", "EC",
                                          "use", "sig", "kid", kid_ec, "crv", "P-256", "x",
                                          "axfR8uEsQkf4vOblY6RA8ncDfYEt6zOg9KE5RdiYwpY", "y",
                                          "T-NC4v4af5uO5-tKfA-eFivOM1drMV7Oy7ZAaDe_UfU",
                                          "endorsements", "msteams"));
    json_decref(webchat);
    return json_pack("{s:o}", "keys", list);
}

json_t *teams_keys_entra(void)
{
    return json_pack("{s:o}", "keys", ring_json(&entra, NULL));
}

/* ---- signing ---- */

static char *part(const json_t *json)
{
    char *text = json_dumps(json, JSON_COMPACT);
    char *out = base64url((const unsigned char *)text, strlen(text));
    free(text);
    return out;
}

static char *sign_rsa(EVP_PKEY *key, const EVP_MD *digest, bool pss, const char *data)
{
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    EVP_PKEY_CTX *options = NULL;
    unsigned char signature[512];
    size_t len = sizeof signature;
    if (EVP_DigestSignInit(ctx, &options, digest, NULL, key) != 1 ||
        (pss && (EVP_PKEY_CTX_set_rsa_padding(options, RSA_PKCS1_PSS_PADDING) != 1 ||
                 EVP_PKEY_CTX_set_rsa_pss_saltlen(options, RSA_PSS_SALTLEN_DIGEST) != 1)) ||
        EVP_DigestSign(ctx, signature, &len, (const unsigned char *)data, strlen(data)) != 1) {
        abort();
    }
    EVP_MD_CTX_free(ctx);
    return base64url(signature, len);
}

/* The old confusion: HMAC with the public key's PEM as the secret. */
static char *sign_hmac(EVP_PKEY *key, const char *data)
{
    BIO *pem = BIO_new(BIO_s_mem());
    char *secret = NULL;
    PEM_write_bio_PUBKEY(pem, key);
    long len = BIO_get_mem_data(pem, &secret);
    unsigned char digest[SHA256_DIGEST_LENGTH];
    unsigned int size = sizeof digest;
    HMAC(EVP_sha256(), secret, (int)len, (const unsigned char *)data, strlen(data), digest, &size);
    BIO_free(pem);
    return base64url(digest, size);
}

static char *sign(const char *alg, EVP_PKEY *key, const char *data)
{
    if (strcmp(alg, "none") == 0) {
        return xstrdup("");
    }
    if (strcmp(alg, "HS256") == 0) {
        return sign_hmac(key, data);
    }
    const EVP_MD *digest = strcmp(alg + 2, "384") == 0   ? EVP_sha384()
                           : strcmp(alg + 2, "512") == 0 ? EVP_sha512()
                                                         : EVP_sha256();
    return sign_rsa(key, digest, alg[0] == 'P', data);
}

static struct teams_jwt begin(struct ring *ring, json_t *claims)
{
    start(ring);
    const char *kid = ring->keys[ring->count - 1].kid;
    return (struct teams_jwt){.alg = "RS256",
                              .claims = claims,
                              .header = json_pack("{s:s, s:s, s:s, s:s}", "typ", "JWT", "alg",
                                                  "RS256", "kid", kid, "x5t", kid)};
}

struct teams_jwt teams_jwt_begin(json_t *claims)
{
    return begin(&connector, claims);
}

struct teams_jwt teams_jwt_begin_entra(json_t *claims)
{
    return begin(&entra, claims);
}

/* The key that the header names, else the newest. */
static EVP_PKEY *key_of(const struct teams_jwt *jwt)
{
    const char *kid = json_str_or(jwt->header, "kid", "");
    if (jwt->foreign && foreign == NULL) {
        foreign = key_make();
    }
    if (jwt->foreign) {
        return foreign;
    }
    if (strcmp(kid, kid_webchat) == 0 || strcmp(kid, kid_bare) == 0) {
        return plain;
    }
    struct ring *const rings[] = {&connector, &entra};
    for (size_t r = 0; r < 2; r++) {
        for (size_t i = 0; i < rings[r]->count; i++) {
            if (strcmp(rings[r]->keys[i].kid, kid) == 0) {
                return rings[r]->keys[i].key;
            }
        }
    }
    return connector.count > 0 ? connector.keys[connector.count - 1].key : plain;
}

char *teams_jwt_end(struct teams_jwt *jwt)
{
    char *head = part(jwt->header);
    char *body = jwt->claims_text == NULL
                     ? part(jwt->claims)
                     : base64url((const unsigned char *)jwt->claims_text, strlen(jwt->claims_text));
    char *data = xasprintf("%s.%s", head, body);
    char *signature = sign(jwt->alg, key_of(jwt), data);
    if (jwt->spoiled && signature[0] != '\0') {
        signature[20] = signature[20] == 'A' ? 'B' : 'A';
    }
    char *token = xasprintf("%s.%s", data, signature);
    json_decref(jwt->header);
    json_decref(jwt->claims);
    free(jwt->claims_text);
    free(head);
    free(body);
    free(data);
    free(signature);
    return token;
}
