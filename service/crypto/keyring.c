#include "crypto_int.h"

#include <string.h>

#include <openssl/crypto.h>

bool key_id_valid(const char *id, size_t len)
{
    if (len == 0 || len > KEY_ID_MAX) {
        return false;
    }
    for (size_t i = 0; i < len; i++) {
        bool letter = id[i] >= 'a' && id[i] <= 'z';
        bool digit = id[i] >= '0' && id[i] <= '9';
        if (!letter && !digit && id[i] != '-') {
            return false;
        }
    }
    return true;
}

const struct crypto_key *keyring_find(const keyring *k, const char *id, size_t id_len)
{
    for (size_t i = 0; i < k->count; i++) {
        const struct crypto_key *key = &k->keys[i];
        if (strlen(key->id) == id_len && memcmp(key->id, id, id_len) == 0) {
            return key;
        }
    }
    return NULL;
}

const char *crypto_keyring_id(const keyring *k, size_t index)
{
    return index < k->count ? k->keys[index].id : NULL;
}

static void keyring_wipe(void *object)
{
    OPENSSL_cleanse(object, sizeof(keyring));
}

/* Reads one "id:base64" of len characters. Messages say which key by position, never its text:
 * whoever swaps id and key must not find the key in a log. */
static int key_add(keyring *k, const char *text, size_t len, struct err *e)
{
    size_t position = k->count + 1;
    if (k->count == KEYRING_MAX) {
        return err_set(e, ERR_CONFIG, "keyring", "at most %d encryption keys can be given",
                       (int)KEYRING_MAX);
    }
    const char *colon = memchr(text, ':', len);
    if (colon == NULL || !key_id_valid(text, (size_t)(colon - text))) {
        return err_set(e, ERR_CONFIG, "keyring",
                       "encryption key %zu needs the form id:base64, the id 1 to 16 of a-z 0-9 -",
                       position);
    }
    size_t id_len = (size_t)(colon - text);
    if (keyring_find(k, text, id_len) != NULL) {
        return err_set(e, ERR_CONFIG, "keyring", "encryption key %zu repeats the id of another one",
                       position);
    }
    struct crypto_key *key = &k->keys[k->count];
    size_t bytes = 0;
    if (!base64_into(colon + 1, len - id_len - 1, key->bytes, KEY_BYTES, &bytes) ||
        bytes != KEY_BYTES) {
        return err_set(e, ERR_CONFIG, "keyring",
                       "encryption key %zu is not base64 of exactly 32 bytes", position);
    }
    memcpy(key->id, text, id_len);
    k->count++;
    return 0;
}

int crypto_keyring_parse(arena *mem, struct secret text, keyring **ret, struct err *e)
{
    if (secret_empty(text)) {
        return err_set(e, ERR_CONFIG, "keyring", "no encryption key is given");
    }
    keyring *k = arena_alloc(mem, sizeof(*k));
    arena_defer(mem, keyring_wipe, k);
    for (const char *at = secret_reveal(text); at != NULL;) {
        const char *comma = strchr(at, ',');
        size_t len = comma == NULL ? strlen(at) : (size_t)(comma - at);
        if (key_add(k, at, len, e) != 0) {
            return -1;
        }
        at = comma == NULL ? NULL : comma + 1;
    }
    *ret = k;
    return 0;
}
