#include "crypto.h"

#include <string.h>

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
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

struct digest crypto_hmac_sha256(struct bytes key, struct bytes message)
{
    struct digest d = {{0}};
    static const uint8_t nothing[1];
    const uint8_t *k = key.data == NULL ? nothing : key.data;
    const uint8_t *m = message.data == NULL ? nothing : message.data;
    unsigned len = 0;
    if (key.len > INT32_MAX ||
        HMAC(EVP_sha256(), k, (int)key.len, m, message.len, d.bytes, &len) == NULL ||
        len != sizeof(d.bytes)) {
        die("HMAC-SHA-256 failed");
    }
    return d;
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
