/* Small tools of the sandbox: text buffers, ids, digests, encodings, clocks.
 * The sandbox shares no code with the service, so these are its own. */
#ifndef SANDBOX_UTIL_H
#define SANDBOX_UTIL_H

#include <jansson.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A growing text, always NUL-terminated once something was added. Zero is a valid start. */
struct buf {
    char *data;
    size_t len;
    size_t cap;
};

void *xcalloc(size_t count, size_t size);
char *xstrdup(const char *text);
char *xstrndup(const char *text, size_t len);
char *xasprintf(const char *format, ...) __attribute__((format(printf, 1, 2)));

void buf_addn(struct buf *b, const char *data, size_t len);
void buf_add(struct buf *b, const char *text);
void buf_addf(struct buf *b, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Adds text escaped for HTML, also inside quoted attributes. */
void buf_add_html(struct buf *b, const char *text);
/* Adds text percent-encoded (RFC 3986 unreserved characters stay). */
void buf_add_url(struct buf *b, const char *text);
const char *buf_text(const struct buf *b);
void buf_free(struct buf *b);

int64_t clock_now_ms(void);  /* wall clock, epoch milliseconds */
int64_t clock_mono_ms(void); /* never steps back */

/* len characters out of 0-9A-Z, NUL-terminated: ret needs len + 1 bytes. */
void random_upper(char *ret, size_t len);
/* len lower-case hex characters. */
void random_hex(char *ret, size_t len);
/* prefix followed by len random characters of 0-9A-Z; the caller frees. */
char *random_id(const char *prefix, size_t len);
/* prefix followed by len random characters of A-Za-z0-9; the caller frees. */
char *random_token(const char *prefix, size_t len);
/* A random UUID, lower case; the caller frees. */
char *random_uuid(void);

/* HMAC-SHA256 as 64 lower-case hex digits. */
void hmac_sha256_hex(const char *key, const char *data, size_t len, char ret[65]);
/* HMAC-SHA256 as base64 with padding; the caller frees. */
char *hmac_sha256_base64(const char *key, const char *data);
/* SHA-1 as 40 lower-case hex digits. */
void sha1_hex(const char *data, size_t len, char ret[41]);
/* base64url without padding of SHA-256: the S256 challenge of RFC 7636. */
char *pkce_challenge(const char *verifier);
/* base64url without padding (RFC 4648, 5); the caller frees. */
char *base64url(const unsigned char *data, size_t len);
/* Decodes standard base64; NULL when malformed. The caller frees; ret_len may be NULL. */
char *base64_decode(const char *text, size_t *ret_len);
/* Compares without telling by time how much is equal. */
bool text_same(const char *a, const char *b);

/* application/x-www-form-urlencoded into an object of strings. A name given twice keeps the
 * last value and is listed in the array under the key "" (which no form field can have here).
 * NULL for malformed escapes or text that is not UTF-8. */
json_t *form_decode(const char *text, size_t len);
bool form_has_duplicates(const json_t *form);
/* Percent-decodes one path segment; NULL when malformed or holding a NUL. The caller frees. */
char *segment_decode(const char *text, size_t len);

/* A JSON string of arbitrary bytes: bytes that are not UTF-8 become '?'. */
json_t *json_text(const char *text, size_t len);
/* The string under key or NULL. */
const char *json_str(const json_t *object, const char *key);
/* The string under key or fallback. */
const char *json_str_or(const json_t *object, const char *key, const char *fallback);
int64_t json_int_or(const json_t *object, const char *key, int64_t fallback);
bool json_flag(const json_t *object, const char *key, bool fallback);
/* Number of characters (not bytes) of UTF-8 text. */
size_t utf8_length(const char *text);

#endif
