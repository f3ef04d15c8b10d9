/* Questions about text, and changed copies of it. All of it is independent of the locale. */
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"

static char lower(char c)
{
    if (c >= 'A' && c <= 'Z') {
        return "abcdefghijklmnopqrstuvwxyz"[c - 'A'];
    }
    return c;
}

static bool is_space(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

bool str_empty(const char *text)
{
    return text == NULL || *text == '\0';
}

bool str_in(const char *const *list, size_t count, const char *text)
{
    for (size_t i = 0; i < count; i++) {
        if (str_equal(list[i], text)) {
            return true;
        }
    }
    return false;
}

bool str_equal(const char *a, const char *b)
{
    if (a == NULL || b == NULL) {
        return a == b;
    }
    return strcmp(a, b) == 0;
}

bool str_equal_fold(const char *a, const char *b)
{
    if (a == NULL || b == NULL) {
        return a == b;
    }
    while (*a != '\0' && lower(*a) == lower(*b)) {
        a++;
        b++;
    }
    return lower(*a) == lower(*b);
}

bool str_starts(const char *text, const char *prefix)
{
    if (text == NULL || prefix == NULL) {
        return false;
    }
    return strncmp(text, prefix, strlen(prefix)) == 0;
}

bool str_starts_fold(const char *text, const char *prefix)
{
    if (text == NULL || prefix == NULL) {
        return false;
    }
    while (*prefix != '\0' && lower(*text) == lower(*prefix)) {
        text++;
        prefix++;
    }
    return *prefix == '\0';
}

bool str_ends(const char *text, const char *suffix)
{
    if (text == NULL || suffix == NULL) {
        return false;
    }
    size_t len = strlen(text);
    size_t tail = strlen(suffix);
    return len >= tail && memcmp(text + len - tail, suffix, tail) == 0;
}

char *str_trim(arena *mem, const char *text)
{
    if (text == NULL) {
        return NULL;
    }
    while (is_space(*text)) {
        text++;
    }
    size_t len = strlen(text);
    while (len > 0 && is_space(text[len - 1])) {
        len--;
    }
    return arena_strndup(mem, text, len);
}

char *str_lower(arena *mem, const char *text)
{
    char *copy = arena_strdup(mem, text);
    for (char *c = copy; c != NULL && *c != '\0'; c++) {
        *c = lower(*c);
    }
    return copy;
}

char *str_guid(arena *mem, const char *text)
{
    static const char shape[] = "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx";
    if (text == NULL || strnlen(text, sizeof shape) != sizeof shape - 1) {
        return NULL;
    }
    for (size_t i = 0; text[i] != '\0'; i++) {
        const char *allowed = shape[i] == '-' ? "-" : "0123456789abcdefABCDEF";
        if (strchr(allowed, text[i]) == NULL) {
            return NULL;
        }
    }
    return str_lower(mem, text);
}

char *str_cut(arena *mem, const char *text, size_t max_bytes)
{
    static const char ellipsis[] = "\xE2\x80\xA6";
    const size_t mark = sizeof ellipsis - 1;
    if (text == NULL) {
        return NULL;
    }
    size_t len = strlen(text);
    if (len <= max_bytes) {
        return arena_copy(mem, text, len + 1);
    }
    if (max_bytes < mark) {
        return arena_strndup(mem, text, str_fit(text, len, max_bytes));
    }
    size_t keep = str_fit(text, len, max_bytes - mark);
    char *cut = arena_alloc(mem, keep + mark + 1);
    memcpy(cut, text, keep);
    memcpy(cut + keep, ellipsis, mark);
    return cut;
}

bool str_to_i64(const char *text, long long *ret)
{
    if (text == NULL) {
        return false;
    }
    /* strtoll() alone would take white space, a plus sign and what follows the digits */
    const char *digits = *text == '-' ? text + 1 : text;
    if (*digits == '\0' || strspn(digits, "0123456789") != strlen(digits)) {
        return false;
    }
    errno = 0;
    long long value = strtoll(text, NULL, 10);
    if (errno != 0) {
        return false;
    }
    *ret = value;
    return true;
}

char *str_split(arena *mem, const char **rest, char separator)
{
    if (*rest == NULL) {
        return NULL;
    }
    const char *start = *rest;
    const char *end = strchr(start, separator);
    if (end == NULL || separator == '\0') {
        *rest = NULL;
        return arena_strdup(mem, start);
    }
    *rest = end + 1;
    return arena_strndup(mem, start, (size_t)(end - start));
}

bool str_is_token(const char *text)
{
    static const char token[] = "!#$%&'*+-.^_`|~0123456789"
                                "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    return text[0] != '\0' && strspn(text, token) == strlen(text);
}
