#include "crypto_int.h"

#include <string.h>

/* A text that only this deployment can have written. Each purpose has a key of its own, derived
 * from an encryption key, so that no signature serves another purpose and none says anything of the
 * key.
 */

static char *signature(arena *mem, const struct crypto_key *key, const char *purpose,
                       const char *text)
{
    static const char label[] = "workbot signature: ";
    const struct digest derived = crypto_hmac_sha256((struct bytes){key->bytes, KEY_BYTES},
                                                     bytes_of(label), bytes_of(purpose));
    const struct digest d = crypto_hmac_sha256((struct bytes){derived.bytes, sizeof derived.bytes},
                                               (struct bytes){NULL, 0}, bytes_of(text));
    return crypto_hex(mem, (struct bytes){d.bytes, sizeof d.bytes});
}

char *crypto_sign(arena *mem, const keyring *k, const char *purpose, const char *text)
{
    return signature(mem, &k->keys[0], purpose, text);
}

bool crypto_signed(arena *mem, const keyring *k, const char *purpose, const char *text,
                   const char *claimed)
{
    bool found = false;
    size_t len = claimed == NULL ? 0 : strlen(claimed);
    for (size_t i = 0; i < k->count; i++) {
        const char *right = signature(mem, &k->keys[i], purpose, text);
        found = (len == strlen(right) && crypto_equal(right, claimed, len)) || found;
    }
    return found;
}
