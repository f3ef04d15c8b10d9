#include "util.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static void out_of_memory(void)
{
    fputs("sandbox: out of memory\n", stderr);
    abort();
}

void *xcalloc(size_t count, size_t size)
{
    void *p = calloc(count, size);
    if (p == NULL) {
        out_of_memory();
    }
    return p;
}

char *xstrndup(const char *text, size_t len)
{
    char *copy = xcalloc(len + 1, 1);
    memcpy(copy, text, len);
    return copy;
}

char *xstrdup(const char *text)
{
    return xstrndup(text, strlen(text));
}

char *xasprintf(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    char *text = NULL;
    int len = vasprintf(&text, format, args);
    va_end(args);
    if (len < 0) {
        out_of_memory();
    }
    return text;
}

static void buf_reserve(struct buf *b, size_t more)
{
    if (b->len + more + 1 <= b->cap) {
        return;
    }
    size_t cap = b->cap == 0 ? 256 : b->cap;
    while (cap < b->len + more + 1) {
        cap *= 2;
    }
    char *data = realloc(b->data, cap);
    if (data == NULL) {
        out_of_memory();
    }
    b->data = data;
    b->cap = cap;
}

void buf_addn(struct buf *b, const char *data, size_t len)
{
    buf_reserve(b, len);
    if (len > 0) {
        memcpy(b->data + b->len, data, len);
    }
    b->len += len;
    b->data[b->len] = '\0';
}

void buf_add(struct buf *b, const char *text)
{
    buf_addn(b, text, strlen(text));
}

void buf_addf(struct buf *b, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    char *text = NULL;
    int len = vasprintf(&text, format, args);
    va_end(args);
    if (len < 0) {
        out_of_memory();
    }
    buf_addn(b, text, (size_t)len);
    free(text);
}

void buf_add_html(struct buf *b, const char *text)
{
    for (const char *p = text; *p != '\0'; p++) {
        switch (*p) {
        case '&':
            buf_add(b, "&amp;");
            break;
        case '<':
            buf_add(b, "&lt;");
            break;
        case '>':
            buf_add(b, "&gt;");
            break;
        case '"':
            buf_add(b, "&quot;");
            break;
        case '\'':
            buf_add(b, "&#39;");
            break;
        default:
            buf_addn(b, p, 1);
            break;
        }
    }
}

void buf_add_url(struct buf *b, const char *text)
{
    for (const char *p = text; *p != '\0'; p++) {
        unsigned char c = (unsigned char)*p;
        bool plain = (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
                     strchr("-._~", c) != NULL;
        if (plain) {
            buf_addn(b, p, 1);
        } else {
            buf_addf(b, "%%%02X", c);
        }
    }
}

const char *buf_text(const struct buf *b)
{
    return b->data == NULL ? "" : b->data;
}

void buf_free(struct buf *b)
{
    free(b->data);
    *b = (struct buf){0};
}

static int64_t clock_read_ms(clockid_t id)
{
    struct timespec t;
    clock_gettime(id, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

int64_t clock_now_ms(void)
{
    return clock_read_ms(CLOCK_REALTIME);
}

int64_t clock_mono_ms(void)
{
    return clock_read_ms(CLOCK_MONOTONIC);
}

static void random_from(char *ret, size_t len, const char *alphabet, unsigned count)
{
    unsigned char bytes[256];
    size_t done = 0;
    while (done < len) {
        size_t part = len - done < sizeof bytes ? len - done : sizeof bytes;
        if (RAND_bytes(bytes, (int)part) != 1) {
            abort();
        }
        for (size_t i = 0; i < part; i++) {
            ret[done + i] = alphabet[bytes[i] % count];
        }
        done += part;
    }
    ret[len] = '\0';
}

void random_upper(char *ret, size_t len)
{
    random_from(ret, len, "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ", 36);
}

void random_hex(char *ret, size_t len)
{
    random_from(ret, len, "0123456789abcdef", 16);
}

char *random_id(const char *prefix, size_t len)
{
    char tail[65];
    random_upper(tail, len < 64 ? len : 64);
    return xasprintf("%s%s", prefix, tail);
}

char *random_uuid(void)
{
    char hex[33];
    random_hex(hex, 32);
    hex[12] = '4'; /* version and variant of RFC 9562 */
    hex[16] = 'a';
    return xasprintf("%.8s-%.4s-%.4s-%.4s-%.12s", hex, hex + 8, hex + 12, hex + 16, hex + 20);
}

char *random_token(const char *prefix, size_t len)
{
    char tail[129];
    random_from(tail, len < 128 ? len : 128,
                "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz", 62);
    return xasprintf("%s%s", prefix, tail);
}

void hmac_sha256_hex(const char *key, const char *data, size_t len, char ret[65])
{
    unsigned char mac[EVP_MAX_MD_SIZE];
    unsigned mac_len = 0;
    HMAC(EVP_sha256(), key, (int)strlen(key), (const unsigned char *)data, len, mac, &mac_len);
    for (unsigned i = 0; i < 32; i++) {
        snprintf(ret + i * 2, 3, "%02x", mac[i]);
    }
}

void sha1_hex(const char *data, size_t len, char ret[41])
{
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned int digest_len = 0;
    EVP_Digest(data, len, digest, &digest_len, EVP_sha1(), NULL);
    for (unsigned i = 0; i < 20; i++) {
        snprintf(ret + (size_t)i * 2, 3, "%02x", digest[i]);
    }
}

char *hmac_sha256_base64(const char *key, const char *data)
{
    unsigned char mac[EVP_MAX_MD_SIZE];
    unsigned mac_len = 0;
    HMAC(EVP_sha256(), key, (int)strlen(key), (const unsigned char *)data, strlen(data), mac,
         &mac_len);
    char *text = xcalloc(64, 1);
    EVP_EncodeBlock((unsigned char *)text, mac, 32);
    return text;
}

char *pkce_challenge(const char *verifier)
{
    unsigned char digest[32];
    unsigned digest_len = 0;
    EVP_Digest(verifier, strlen(verifier), digest, &digest_len, EVP_sha256(), NULL);
    char *text = xcalloc(64, 1);
    EVP_EncodeBlock((unsigned char *)text, digest, 32);
    for (char *p = text; *p != '\0'; p++) {
        if (*p == '+') {
            *p = '-';
        } else if (*p == '/') {
            *p = '_';
        } else if (*p == '=') {
            *p = '\0';
            break;
        }
    }
    return text;
}

char *base64url(const unsigned char *data, size_t len)
{
    char *out = xcalloc(len * 4 / 3 + 8, 1);
    EVP_EncodeBlock((unsigned char *)out, data, (int)len);
    size_t end = 0;
    for (size_t i = 0; out[i] != '\0' && out[i] != '='; i++) {
        out[i] = out[i] == '+' ? '-' : out[i] == '/' ? '_' : out[i];
        end = i + 1;
    }
    out[end] = '\0';
    return out;
}

char *base64_decode(const char *text, size_t *ret_len)
{
    size_t len = strlen(text);
    if (len % 4 != 0 || len > 65536) {
        return NULL;
    }
    char *out = xcalloc(len + 1, 1);
    int got = EVP_DecodeBlock((unsigned char *)out, (const unsigned char *)text, (int)len);
    if (got < 0) {
        free(out);
        return NULL;
    }
    size_t pad = len > 0 && text[len - 1] == '=' ? (text[len - 2] == '=' ? 2u : 1u) : 0u;
    out[(size_t)got - pad] = '\0';
    if (ret_len != NULL) {
        *ret_len = (size_t)got - pad;
    }
    return out;
}

bool text_same(const char *a, const char *b)
{
    size_t len = strlen(a);
    return len == strlen(b) && CRYPTO_memcmp(a, b, len) == 0;
}

static int hex_value(char c)
{
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    if (c >= 'a' && c <= 'f') {
        return c - 'a' + 10;
    }
    if (c >= 'A' && c <= 'F') {
        return c - 'A' + 10;
    }
    return -1;
}

/* Percent-decodes into a new buffer; plus_is_space for forms. */
static bool percent_decode(const char *text, size_t len, bool plus_is_space, struct buf *ret)
{
    buf_addn(ret, "", 0);
    for (size_t i = 0; i < len; i++) {
        char c = text[i];
        if (c == '+' && plus_is_space) {
            c = ' ';
        } else if (c == '%') {
            int high = i + 2 < len ? hex_value(text[i + 1]) : -1;
            int low = i + 2 < len ? hex_value(text[i + 2]) : -1;
            if (high < 0 || low < 0) {
                return false;
            }
            c = (char)(high * 16 + low);
            i += 2;
        }
        buf_addn(ret, &c, 1);
    }
    return true;
}

char *segment_decode(const char *text, size_t len)
{
    struct buf b = {0};
    if (!percent_decode(text, len, false, &b) || strlen(buf_text(&b)) != b.len) {
        buf_free(&b);
        return NULL;
    }
    return b.data;
}

static bool form_add(json_t *form, const char *pair, size_t len)
{
    const char *equals = memchr(pair, '=', len);
    size_t name_len = equals == NULL ? len : (size_t)(equals - pair);
    struct buf name = {0};
    struct buf value = {0};
    bool ok = percent_decode(pair, name_len, true, &name);
    if (ok && equals != NULL) {
        ok = percent_decode(equals + 1, len - name_len - 1, true, &value);
    }
    json_t *text = ok ? json_stringn(buf_text(&value), value.len) : NULL;
    ok = text != NULL && strlen(buf_text(&name)) == name.len;
    if (ok && name.len > 0) {
        if (json_object_get(form, buf_text(&name)) != NULL) {
            json_t *again = json_object_get(form, "");
            if (again == NULL) {
                again = json_array();
                json_object_set_new(form, "", again);
            }
            json_array_append_new(again, json_string(buf_text(&name)));
        }
        ok = json_object_set(form, buf_text(&name), text) == 0;
    }
    json_decref(text);
    buf_free(&name);
    buf_free(&value);
    return ok;
}

json_t *form_decode(const char *text, size_t len)
{
    json_t *form = json_object();
    const char *end = text + len;
    for (const char *p = text; p < end;) {
        const char *amp = memchr(p, '&', (size_t)(end - p));
        const char *stop = amp == NULL ? end : amp;
        if (stop > p && !form_add(form, p, (size_t)(stop - p))) {
            json_decref(form);
            return NULL;
        }
        p = stop + 1;
    }
    return form;
}

bool form_has_duplicates(const json_t *form)
{
    return json_object_get(form, "") != NULL;
}

json_t *json_text(const char *text, size_t len)
{
    json_t *value = json_stringn(text, len);
    if (value != NULL) {
        return value;
    }
    char *copy = xstrndup(text, len);
    for (size_t i = 0; i < len; i++) {
        if ((unsigned char)copy[i] >= 0x80) {
            copy[i] = '?';
        }
    }
    value = json_stringn(copy, len);
    free(copy);
    return value;
}

const char *json_str(const json_t *object, const char *key)
{
    return json_string_value(json_object_get(object, key));
}

const char *json_str_or(const json_t *object, const char *key, const char *fallback)
{
    const char *text = json_str(object, key);
    return text == NULL ? fallback : text;
}

int64_t json_int_or(const json_t *object, const char *key, int64_t fallback)
{
    const json_t *value = json_object_get(object, key);
    return json_is_integer(value) ? (int64_t)json_integer_value(value) : fallback;
}

bool json_flag(const json_t *object, const char *key, bool fallback)
{
    const json_t *value = json_object_get(object, key);
    return json_is_boolean(value) ? json_is_true(value) : fallback;
}

size_t utf8_length(const char *text)
{
    size_t count = 0;
    for (const char *p = text; *p != '\0'; p++) {
        if (((unsigned char)*p & 0xC0) != 0x80) {
            count++;
        }
    }
    return count;
}
