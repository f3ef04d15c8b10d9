#include "crypto.h"

#include <pthread.h>
#include <string.h>

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <openssl/sha.h>

#include "base/die.h"

struct digest crypto_sha256(struct bytes b)
{
    struct digest d = {{0}};
    static const uint8_t nothing[1];
    const uint8_t *data = b.data == NULL ? nothing : b.data;
    if (SHA256(data, b.len, d.bytes) == NULL) {
        die("SHA-256 failed");
    }
    return d;
}

/* Each thread keeps a context of its own: making one costs more than the digest of a short text. */
static pthread_once_t hmac_once = PTHREAD_ONCE_INIT;
static pthread_key_t hmac_of_thread;
static EVP_MAC *hmac;

static void hmac_free(void *context)
{
    EVP_MAC_CTX_free(context);
}

static void hmac_fetch(void)
{
    hmac = EVP_MAC_fetch(NULL, "HMAC", NULL);
    if (hmac == NULL || pthread_key_create(&hmac_of_thread, hmac_free) != 0) {
        die("this OpenSSL has no HMAC");
    }
}

static EVP_MAC_CTX *hmac_context(void)
{
    static char name[] = "SHA256";
    const OSSL_PARAM params[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, name, sizeof name - 1),
        OSSL_PARAM_construct_end()};
    if (pthread_once(&hmac_once, hmac_fetch) != 0) {
        die("pthread_once failed");
    }
    EVP_MAC_CTX *context = pthread_getspecific(hmac_of_thread);
    if (context != NULL) {
        return context;
    }
    context = EVP_MAC_CTX_new(hmac);
    if (context == NULL || EVP_MAC_CTX_set_params(context, params) != 1 ||
        pthread_setspecific(hmac_of_thread, context) != 0) {
        die("HMAC-SHA-256 does not start");
    }
    return context;
}

struct digest crypto_hmac_sha256(struct bytes key, struct bytes head, struct bytes message)
{
    struct digest d = {{0}};
    static const uint8_t nothing[1];
    EVP_MAC_CTX *context = hmac_context();
    size_t len = 0;
    if (EVP_MAC_init(context, key.data == NULL ? nothing : key.data, key.len, NULL) != 1 ||
        (head.len > 0 && EVP_MAC_update(context, head.data, head.len) != 1) ||
        (message.len > 0 && EVP_MAC_update(context, message.data, message.len) != 1) ||
        EVP_MAC_final(context, d.bytes, &len, sizeof d.bytes) != 1 || len != sizeof d.bytes) {
        die("HMAC-SHA-256 failed");
    }
    return d;
}

struct bytes crypto_hmac(arena *mem, const char *algorithm, struct bytes key,
                         const struct bytes *parts, size_t count)
{
    static const uint8_t nothing[1];
    uint8_t *mac = arena_alloc(mem, EVP_MAX_MD_SIZE);
    size_t len = 0;
    char *name = arena_strdup(mem, algorithm);
    const OSSL_PARAM params[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, name, strlen(name)),
        OSSL_PARAM_construct_end()};
    if (pthread_once(&hmac_once, hmac_fetch) != 0) {
        die("pthread_once failed");
    }
    EVP_MAC_CTX *context = EVP_MAC_CTX_new(hmac);
    bool ok = context != NULL &&
              EVP_MAC_init(context, key.data == NULL ? nothing : key.data, key.len, params) == 1;
    for (size_t i = 0; ok && i < count; i++) {
        ok = parts[i].len == 0 || EVP_MAC_update(context, parts[i].data, parts[i].len) == 1;
    }
    if (!ok || EVP_MAC_final(context, mac, &len, EVP_MAX_MD_SIZE) != 1) {
        die("HMAC-%s failed", algorithm);
    }
    EVP_MAC_CTX_free(context);
    return (struct bytes){mac, len};
}

char *crypto_sha1_hex(arena *mem, struct bytes b)
{
    uint8_t digest[SHA_DIGEST_LENGTH];
    static const uint8_t nothing[1];
    if (SHA1(b.data == NULL ? nothing : b.data, b.len, digest) == NULL) {
        die("SHA-1 failed");
    }
    return crypto_hex(mem, (struct bytes){digest, sizeof(digest)});
}

char *crypto_hash_text(arena *mem, const char *text)
{
    struct digest d = crypto_sha256(bytes_of(text));
    return crypto_hex(mem, (struct bytes){d.bytes, sizeof(d.bytes)});
}

bool crypto_equal(const void *a, const void *b, size_t len)
{
    return CRYPTO_memcmp(a, b, len) == 0;
}

char *crypto_pkce_challenge(arena *mem, const char *verifier)
{
    struct digest d = crypto_sha256(bytes_of(verifier));
    return crypto_base64url(mem, (struct bytes){d.bytes, sizeof(d.bytes)});
}
