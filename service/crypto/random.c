#include "crypto.h"

#include <limits.h>

#include <openssl/crypto.h>
#include <openssl/rand.h>

#include "base/die.h"

enum { RANDOM_CHUNK = 64 };

void crypto_random(void *ret, size_t len)
{
    if (len > INT_MAX || RAND_bytes(ret, (int)len) != 1) {
        die("the system gives no random numbers");
    }
}

char *crypto_random_hex(arena *mem, size_t len)
{
    uint8_t *raw = arena_alloc(mem, len + 1);
    crypto_random(raw, len);
    char *text = crypto_hex(mem, (struct bytes){raw, len});
    OPENSSL_cleanse(raw, len);
    return text;
}

char *crypto_random_digits(arena *mem, size_t digits)
{
    char *text = arena_alloc(mem, digits + 1);
    uint8_t chunk[RANDOM_CHUNK];
    size_t have = 0;
    while (have < digits) {
        crypto_random(chunk, sizeof(chunk));
        for (size_t i = 0; i < sizeof(chunk) && have < digits; i++) {
            /* 250 is the largest multiple of ten in a byte: the rest would favour low digits */
            if (chunk[i] < 250) {
                text[have++] = (char)('0' + chunk[i] % 10);
            }
        }
    }
    OPENSSL_cleanse(chunk, sizeof(chunk));
    return text;
}
