#ifndef WB_CRYPTO_INT_H
#define WB_CRYPTO_INT_H

#include "crypto.h"

enum { KEYRING_MAX = 16, KEY_ID_MAX = 16, KEY_BYTES = 32 };

struct crypto_key {
    char id[KEY_ID_MAX + 1];
    uint8_t bytes[KEY_BYTES];
};

struct keyring {
    size_t count;
    struct crypto_key keys[KEYRING_MAX];
};

const struct crypto_key *keyring_find(const keyring *k, const char *id, size_t id_len);
bool key_id_valid(const char *id, size_t len);

/* Decodes len characters into at most `room` bytes; false on anything but canonical base64. The
 * caller's buffer is the only place the bytes go to, so that it can be wiped. */
bool base64_into(const char *text, size_t len, uint8_t *ret, size_t room, size_t *ret_len);

#endif
