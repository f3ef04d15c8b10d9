#ifndef WB_CRYPTO_H
#define WB_CRYPTO_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/secret.h"

/* Pure functions over bytes: no I/O, no clock of their own. OpenSSL lives behind this header. */

/* --- random and encodings --- */

void crypto_random(void *ret, size_t len); /* dies when the system gives none */
/* len random bytes as 2*len lower-case hex digits. */
char *crypto_random_hex(arena *mem, size_t len);
/* `digits` decimal digits, each equally likely. */
char *crypto_random_digits(arena *mem, size_t digits);
char *crypto_hex(arena *mem, struct bytes b);
char *crypto_base64(arena *mem, struct bytes b);
/* The bytes of canonical base64 with padding; false for any other text. */
bool crypto_from_base64(arena *mem, const char *text, struct bytes *ret);
char *crypto_base64url(arena *mem, struct bytes b); /* without padding, RFC 4648 section 5 */

/* --- digests --- */

struct digest {
    uint8_t bytes[32];
};

struct digest crypto_sha256(struct bytes b);
/* Of head and message as one text; either may be empty. */
struct digest crypto_hmac_sha256(struct bytes key, struct bytes head, struct bytes message);
/* The same of any number of parts, by "sha1", "sha256" or "sha512". */
struct bytes crypto_hmac(arena *mem, const char *algorithm, struct bytes key,
                         const struct bytes *parts, size_t count);
/* What is stored of a handle, state, cookie or code: SHA-256 of the text, as 64 hex digits. */
char *crypto_hash_text(arena *mem, const char *text);
/* SHA-1 as 40 hex digits, for the sums of files that an app asks for. No secret rests on it. */
char *crypto_sha1_hex(arena *mem, struct bytes b);
bool crypto_equal(const void *a, const void *b, size_t len); /* time does not depend on content */
/* RFC 7636 section 4.2, method S256, of a verifier. */
char *crypto_pkce_challenge(arena *mem, const char *verifier);

/* --- sealing: AES-256-GCM, one random 96-bit nonce per value --- */

typedef struct keyring keyring;

/* "id:base64(32 bytes),..."; the first seals, all open. Ids are [a-z0-9-]{1,16}. The keyring lives
 * on mem, its keys are wiped with it; it may be read by all threads. */
int crypto_keyring_parse(arena *mem, struct secret text, keyring **ret, struct err *e);

/* Where a sealed value stands: a ciphertext moved to another place does not open. */
struct seal_place {
    const char *table;
    const char *workspace;
    const char *row;
    const char *column;
};

/* format byte | key id length | key id | nonce | ciphertext | tag */
struct bytes crypto_seal(arena *mem, const keyring *k, const struct seal_place *place,
                         struct bytes plain);
/* ERR_INTERNAL "key_missing" when the key is unknown (another process may have it), "unseal" when
 * the place differs or a bit has changed. */
int crypto_open(arena *mem, const keyring *k, const struct seal_place *place, struct bytes sealed,
                struct bytes *ret, struct err *e);
/* The first bytes of everything that the first key seals, and of nothing else. */
struct bytes crypto_seal_head(arena *mem, const keyring *k);
/* The id of the key at this place, the first one seals; NULL behind the last. */
const char *crypto_keyring_id(const keyring *k, size_t index);
/* The id of the key that sealed it; NULL when it is no sealed value. For key rotation. */
const char *crypto_sealed_by(arena *mem, struct bytes sealed);

/* --- signed tokens of an OpenID provider (jwt.c): RFC 7515, 7517, 7519 --- */

/*
 * The claims of a JWT in compact form that a key of this set (JWKS text) has signed. RS256 alone,
 * by an RSA key of 2048 to 8192 bits that the token's kid names. ERR_UNAUTHENTIC "jwt_shape",
 * "jwt_algorithm", "jwt_keys" (the set is unreadable), "jwt_key_unknown" (the set may be old: fetch
 * it again), "jwt_signature". The claims hold only what crypto_jwt_check() has looked at.
 */
int crypto_jwt_open(arena *mem, struct secret token, struct bytes key_set, json_t **ret,
                    struct err *e);
/* What a token says before anybody has proven it: to find the key, and for nothing else. The errors
 * of crypto_jwt_open() but jwt_keys and jwt_signature. */
struct jwt_unproven {
    const char *kid;
    const json_t *claims;
};
int crypto_jwt_read(arena *mem, struct secret token, struct jwt_unproven *ret, struct err *e);
/* crypto_jwt_open() by this one key (JWK), which must be the one that the token names. */
int crypto_jwt_open_by(arena *mem, struct secret token, const json_t *key, json_t **ret,
                       struct err *e);
/* May this key (JWK) sign such tokens at all? */
bool crypto_jwt_key_usable(arena *mem, const json_t *key);
struct jwt_rules {
    const char *issuer;   /* exactly */
    const char *audience; /* exactly, and alone */
    const char *nonce;    /* NULL: none was sent */
    int64_t now;          /* epoch seconds; clocks may differ by a minute */
};
/* OpenID Connect Core 3.1.3.7: ERR_UNAUTHENTIC "jwt_issuer", "jwt_audience", "jwt_time",
 * "jwt_expired", "jwt_nonce". */
int crypto_jwt_check(const json_t *claims, const struct jwt_rules *rules, struct err *e);

/* --- signatures: a text that only this deployment can have written (sign.c) --- */

/* 64 hex digits, by a key derived from the first encryption key for this purpose. */
char *crypto_sign(arena *mem, const keyring *k, const char *purpose, const char *text);
/* Was `claimed` (may be NULL) made by any of the keys, for this purpose and this text? */
bool crypto_signed(arena *mem, const keyring *k, const char *purpose, const char *text,
                   const char *claimed);

/* --- TLS --- */

/* Lets an SSL_CTX trust the certificates of the system (SSL_CERT_FILE and SSL_CERT_DIR override).
 * One store is shared by all: a store per connection costs megabytes. For net_options.tls_trust. */
bool crypto_tls_trust(void *ssl_ctx);

#endif
