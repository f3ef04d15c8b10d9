/* RS256 (RFC 7515, 7518) by OpenSSL, and the ways to get it wrong that a relying party must see. */
#include "slack.h"

#include "faults.h"
#include "world.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <openssl/sha.h>
#include <stdlib.h>
#include <string.h>

enum { KEYS_MAX = 4 };

/* The newest signs; all of them stand in the key set. "Another" is in no key set. */
static struct {
    EVP_PKEY *key;
    char kid[24];
} keys[KEYS_MAX];
static size_t key_count;
static EVP_PKEY *another;

static EVP_PKEY *key_make(void)
{
    EVP_PKEY *key = EVP_RSA_gen(2048);
    if (key == NULL) {
        abort();
    }
    return key;
}

static void add_key(void)
{
    if (key_count == KEYS_MAX) {
        EVP_PKEY_free(keys[0].key);
        memmove(&keys[0], &keys[1], sizeof keys[0] * (KEYS_MAX - 1));
        key_count--;
    }
    char tail[17];
    random_hex(tail, 16);
    snprintf(keys[key_count].kid, sizeof keys[key_count].kid, "sample-%s", tail);
    keys[key_count++].key = key_make();
}

/* At first use: two RSA keys take a moment that most tests need not wait for. */
static void start(void)
{
    if (key_count == 0) {
        add_key();
        another = key_make();
    }
}

void slack_jwt_rotate(void)
{
    start();
    add_key();
}

static json_t *key_json(size_t i)
{
    json_t *out = json_pack("{s:s, s:s, s:s, s:s}", "kty", "RSA", "use", "sig", "alg", "RS256",
                            "kid", keys[i].kid);
    static const struct {
        const char *name, *param;
    } parts[] = {{"n", OSSL_PKEY_PARAM_RSA_N}, {"e", OSSL_PKEY_PARAM_RSA_E}};
    for (size_t p = 0; p < 2; p++) {
        BIGNUM *number = NULL;
        EVP_PKEY_get_bn_param(keys[i].key, parts[p].param, &number);
        unsigned char bytes[512];
        int len = BN_bn2bin(number, bytes);
        char *text = base64url(bytes, (size_t)len);
        json_object_set_new(out, parts[p].name, json_string(text));
        free(text);
        BN_free(number);
    }
    return out;
}

json_t *slack_jwt_keys(void)
{
    start();
    json_t *list = json_array();
    for (size_t i = 0; i < key_count; i++) {
        json_array_append_new(list, key_json(i));
    }
    return json_pack("{s:o}", "keys", list);
}

char *slack_jwt_half_hash(const char *text)
{
    unsigned char digest[SHA256_DIGEST_LENGTH];
    SHA256((const unsigned char *)text, strlen(text), digest);
    return base64url(digest, sizeof digest / 2);
}

static char *sign(EVP_PKEY *key, const char *data)
{
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    unsigned char signature[512];
    size_t len = sizeof signature;
    if (EVP_DigestSignInit(ctx, NULL, EVP_sha256(), NULL, key) != 1 ||
        EVP_DigestSign(ctx, signature, &len, (const unsigned char *)data, strlen(data)) != 1) {
        abort();
    }
    EVP_MD_CTX_free(ctx);
    return base64url(signature, len);
}

static bool told(const char *fault)
{
    struct fault f;
    return fault_take("slack", fault, NULL, NULL, &f);
}

static char *part(json_t *json)
{
    char *text = json_dumps(json, JSON_COMPACT);
    char *out = base64url((const unsigned char *)text, strlen(text));
    free(text);
    return out;
}

char *slack_jwt_sign(json_t *claims)
{
    start();
    size_t last = key_count - 1;
    bool none = told("id_token_alg_none");
    const char *kid = told("id_token_kid") ? "sample-unknown" : keys[last].kid;
    json_t *header =
        json_pack("{s:s, s:s, s:s}", "alg", none ? "none" : "RS256", "typ", "JWT", "kid", kid);
    char *head = part(header);
    char *body = part(claims);
    char *data = xasprintf("%s.%s", head, body);
    char *signature =
        none ? xstrdup("") : sign(told("id_token_key") ? another : keys[last].key, data);
    if (told("id_token_signature")) {
        signature[20] = signature[20] == 'A' ? 'B' : 'A';
    }
    char *token = xasprintf("%s.%s", data, signature);
    json_decref(header);
    free(head);
    free(body);
    free(data);
    free(signature);
    return token;
}
