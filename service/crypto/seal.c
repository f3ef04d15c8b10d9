#include "crypto_int.h"

#include <limits.h>
#include <pthread.h>
#include <string.h>

#include <openssl/crypto.h>
#include <openssl/evp.h>

#include "base/die.h"

/*
 * format byte 1 | key id length | key id | nonce | ciphertext | tag
 *
 * The additional data is the head (format and key id) and then each part of the place behind its
 * length, so that ("a", "bc") and ("ab", "c") differ. Random 96-bit nonces allow 2^32 values per
 * key (NIST SP 800-38D, 8.3); keys rotate long before.
 */
enum { FORMAT = 1, HEAD_BYTES = 2, NONCE_BYTES = 12, TAG_BYTES = 16 };

static pthread_once_t cipher_once = PTHREAD_ONCE_INIT;
static EVP_CIPHER *cipher;

static void cipher_fetch(void)
{
    cipher = EVP_CIPHER_fetch(NULL, "AES-256-GCM", NULL);
    if (cipher == NULL) {
        die("this OpenSSL has no AES-256-GCM");
    }
}

/* A thread draws many at once: the generator's way to twelve bytes is longer than AES's through an
 * event. Nonces are no secrets. */
static void nonce_next(uint8_t *ret)
{
    enum { DRAWN = 32 };
    static _Thread_local uint8_t drawn[DRAWN][NONCE_BYTES];
    static _Thread_local size_t left;
    if (left == 0) {
        crypto_random(drawn, sizeof drawn);
        left = DRAWN;
    }
    memcpy(ret, drawn[--left], NONCE_BYTES);
}

/* A context with key and nonce set; dies when OpenSSL fails, which is no matter of input. */
static EVP_CIPHER_CTX *cipher_start(const struct crypto_key *key, const uint8_t *nonce, int enc)
{
    if (pthread_once(&cipher_once, cipher_fetch) != 0) {
        die("pthread_once failed");
    }
    EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
    if (ctx == NULL || EVP_CipherInit_ex2(ctx, cipher, key->bytes, nonce, enc, NULL) != 1) {
        die("AES-256-GCM does not start");
    }
    return ctx;
}

static void aad_add(EVP_CIPHER_CTX *ctx, const void *data, size_t len)
{
    int out = 0;
    if (len > INT_MAX || EVP_CipherUpdate(ctx, NULL, &out, data, (int)len) != 1) {
        die("AES-256-GCM takes no additional data");
    }
}

static void aad_add_text(EVP_CIPHER_CTX *ctx, const char *text)
{
    size_t len = text == NULL ? 0 : strlen(text);
    uint8_t prefix[4] = {(uint8_t)(len >> 24), (uint8_t)(len >> 16), (uint8_t)(len >> 8),
                         (uint8_t)len};
    aad_add(ctx, prefix, sizeof(prefix));
    if (len > 0) {
        aad_add(ctx, text, len);
    }
}

static void aad_add_place(EVP_CIPHER_CTX *ctx, struct bytes head, const struct seal_place *place)
{
    aad_add(ctx, head.data, head.len);
    aad_add_text(ctx, place->table);
    aad_add_text(ctx, place->workspace);
    aad_add_text(ctx, place->row);
    aad_add_text(ctx, place->column);
}

struct bytes crypto_seal_head(arena *mem, const keyring *k)
{
    size_t id_len = strlen(k->keys[0].id);
    uint8_t *head = arena_alloc(mem, HEAD_BYTES + id_len);
    head[0] = FORMAT;
    head[1] = (uint8_t)id_len;
    memcpy(head + HEAD_BYTES, k->keys[0].id, id_len);
    return (struct bytes){head, HEAD_BYTES + id_len};
}

struct bytes crypto_seal(arena *mem, const keyring *k, const struct seal_place *place,
                         struct bytes plain)
{
    const struct crypto_key *key = &k->keys[0];
    struct bytes head = crypto_seal_head(mem, k);
    size_t len = head.len + NONCE_BYTES + plain.len + TAG_BYTES;
    if (plain.len > INT_MAX / 2) {
        die("a value of %zu bytes is too large to seal", plain.len);
    }
    uint8_t *out = arena_alloc(mem, len);
    memcpy(out, head.data, head.len);
    uint8_t *nonce = out + head.len;
    uint8_t *text = nonce + NONCE_BYTES;
    nonce_next(nonce);

    EVP_CIPHER_CTX *ctx = cipher_start(key, nonce, 1);
    aad_add_place(ctx, head, place);
    int n = 0;
    if ((plain.len > 0 && EVP_CipherUpdate(ctx, text, &n, plain.data, (int)plain.len) != 1) ||
        EVP_CipherFinal_ex(ctx, text + n, &n) != 1 ||
        EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_GET_TAG, TAG_BYTES, text + plain.len) != 1) {
        die("AES-256-GCM does not seal");
    }
    EVP_CIPHER_CTX_free(ctx);
    return (struct bytes){out, len};
}

/* The parts of a sealed value; false when it has not the shape of one. */
struct parts {
    struct bytes head; /* with the key id at its end */
    const char *id;
    size_t id_len;
    const uint8_t *nonce;
    struct bytes cipher_text;
    const uint8_t *tag;
};

static bool parts_read(struct bytes sealed, struct parts *ret)
{
    if (sealed.len < HEAD_BYTES || sealed.data[0] != FORMAT) {
        return false;
    }
    size_t id_len = sealed.data[1];
    size_t head_len = HEAD_BYTES + id_len;
    if (sealed.len < head_len + NONCE_BYTES + TAG_BYTES || sealed.len > INT_MAX) {
        return false;
    }
    const uint8_t *at = sealed.data + head_len;
    size_t text_len = sealed.len - head_len - NONCE_BYTES - TAG_BYTES;
    *ret = (struct parts){.head = {sealed.data, head_len},
                          .id = (const char *)sealed.data + HEAD_BYTES,
                          .id_len = id_len,
                          .nonce = at,
                          .cipher_text = {at + NONCE_BYTES, text_len},
                          .tag = at + NONCE_BYTES + text_len};
    return key_id_valid(ret->id, id_len);
}

int crypto_open(arena *mem, const keyring *k, const struct seal_place *place, struct bytes sealed,
                struct bytes *ret, struct err *e)
{
    struct parts p;
    if (!parts_read(sealed, &p)) {
        return err_set(e, ERR_INTERNAL, "unseal", "%s.%s holds no sealed value", place->table,
                       place->column);
    }
    const struct crypto_key *key = keyring_find(k, p.id, p.id_len);
    if (key == NULL) {
        return err_set(e, ERR_INTERNAL, "key_missing", "%s.%s is sealed with the unknown key %.*s",
                       place->table, place->column, (int)p.id_len, p.id);
    }
    uint8_t *plain = arena_alloc(mem, p.cipher_text.len + 1);
    uint8_t tag[TAG_BYTES];
    memcpy(tag, p.tag, sizeof(tag));
    EVP_CIPHER_CTX *ctx = cipher_start(key, p.nonce, 0);
    aad_add_place(ctx, p.head, place);
    int n = 0;
    bool ok = p.cipher_text.len == 0 ||
              EVP_CipherUpdate(ctx, plain, &n, p.cipher_text.data, (int)p.cipher_text.len) == 1;
    ok = ok && EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_SET_TAG, TAG_BYTES, tag) == 1 &&
         EVP_CipherFinal_ex(ctx, plain + n, &n) == 1;
    EVP_CIPHER_CTX_free(ctx);
    if (!ok) {
        /* what was decrypted is not authentic: nobody may read it */
        OPENSSL_cleanse(plain, p.cipher_text.len);
        return err_set(e, ERR_INTERNAL, "unseal",
                       "%s.%s does not open: it was changed, moved, or its key %s differs",
                       place->table, place->column, key->id);
    }
    *ret = (struct bytes){plain, p.cipher_text.len};
    return 0;
}

const char *crypto_sealed_by(arena *mem, struct bytes sealed)
{
    struct parts p;
    return parts_read(sealed, &p) ? arena_strndup(mem, p.id, p.id_len) : NULL;
}
