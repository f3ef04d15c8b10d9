#include "crypto_int.h"

#include <string.h>

static const char alphabet_std[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
static const char alphabet_url[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

char *crypto_hex(arena *mem, struct bytes b)
{
    static const char digits[] = "0123456789abcdef";
    char *text = arena_alloc(mem, 2 * b.len + 1);
    for (size_t i = 0; i < b.len; i++) {
        text[2 * i] = digits[b.data[i] >> 4];
        text[2 * i + 1] = digits[b.data[i] & 15];
    }
    return text;
}

static char *encode(arena *mem, struct bytes b, const char *alphabet, bool pad)
{
    char *text = arena_alloc(mem, (b.len + 2) / 3 * 4 + 1);
    size_t at = 0;
    for (size_t i = 0; i < b.len; i += 3) {
        size_t left = b.len - i;
        uint32_t group = (uint32_t)b.data[i] << 16;
        group |= left > 1 ? (uint32_t)b.data[i + 1] << 8 : 0;
        group |= left > 2 ? (uint32_t)b.data[i + 2] : 0;
        size_t digits = left > 2 ? 4 : left + 1;
        for (size_t d = 0; d < digits; d++) {
            text[at++] = alphabet[(group >> (18 - 6 * d)) & 63];
        }
        for (size_t d = digits; pad && d < 4; d++) {
            text[at++] = '=';
        }
    }
    text[at] = '\0';
    return text;
}

char *crypto_base64(arena *mem, struct bytes b)
{
    return encode(mem, b, alphabet_std, true);
}

char *crypto_base64url(arena *mem, struct bytes b)
{
    return encode(mem, b, alphabet_url, false);
}

/* The value of one digit of either alphabet, or -1. */
static int digit_value(char c)
{
    if (c >= 'A' && c <= 'Z') {
        return c - 'A';
    }
    if (c >= 'a' && c <= 'z') {
        return c - 'a' + 26;
    }
    if (c >= '0' && c <= '9') {
        return c - '0' + 52;
    }
    if (c == '+' || c == '-') {
        return 62;
    }
    return c == '/' || c == '_' ? 63 : -1;
}

/* The number of digits before the padding, or -1 when the padding is wrong. */
static int64_t digits_of(const char *text, size_t len)
{
    size_t pads = 0;
    while (pads < 2 && pads < len && text[len - 1 - pads] == '=') {
        pads++;
    }
    if (pads > 0 && len % 4 != 0) {
        return -1;
    }
    size_t digits = len - pads;
    return digits % 4 == 1 ? -1 : (int64_t)digits;
}

bool base64_into(const char *text, size_t len, uint8_t *ret, size_t room, size_t *ret_len)
{
    int64_t digits = digits_of(text, len);
    if (digits < 0 || (size_t)digits * 6 / 8 > room) {
        return false;
    }
    uint32_t bits = 0;
    unsigned held = 0;
    size_t at = 0;
    for (int64_t i = 0; i < digits; i++) {
        int value = digit_value(text[i]);
        if (value < 0) {
            return false;
        }
        bits = (bits << 6 | (uint32_t)value) & 0xffff;
        held += 6;
        if (held >= 8) {
            held -= 8;
            ret[at++] = (uint8_t)(bits >> held);
        }
    }
    /* leftover bits must be zero, else two texts would stand for the same bytes */
    if ((bits & ((1U << held) - 1U)) != 0) {
        return false;
    }
    *ret_len = at;
    return true;
}

bool crypto_from_base64(arena *mem, const char *text, struct bytes *ret)
{
    size_t len = strlen(text), used = 0;
    uint8_t *out = arena_alloc(mem, len / 4 * 3 + 1);
    if (!base64_into(text, len, out, len / 4 * 3, &used)) {
        return false;
    }
    *ret = (struct bytes){out, used};
    return true;
}
