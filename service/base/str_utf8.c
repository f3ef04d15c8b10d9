/* UTF-8 as RFC 3629 section 4 defines it: no surrogates, no overlong forms, nothing over
 * U+10FFFF. */
#include <stdint.h>
#include <string.h>

#include "base/str.h"

/* One row per range of first bytes: only the second byte's range differs. */
struct lead {
    unsigned char first, last;
    unsigned char low, high;
    unsigned char step;
};

static const struct lead LEADS[] = {
    {0xC2, 0xDF, 0x80, 0xBF, 2}, {0xE0, 0xE0, 0xA0, 0xBF, 3}, {0xE1, 0xEC, 0x80, 0xBF, 3},
    {0xED, 0xED, 0x80, 0x9F, 3}, {0xEE, 0xEF, 0x80, 0xBF, 3}, {0xF0, 0xF0, 0x90, 0xBF, 4},
    {0xF1, 0xF3, 0x80, 0xBF, 4}, {0xF4, 0xF4, 0x80, 0x8F, 4},
};

static const struct lead *lead_of(unsigned char c)
{
    for (size_t i = 0; i < sizeof LEADS / sizeof LEADS[0]; i++) {
        if (c >= LEADS[i].first && c <= LEADS[i].last) {
            return &LEADS[i];
        }
    }
    return NULL;
}

static bool is_tail(char c)
{
    return ((unsigned char)c & 0xC0) == 0x80;
}

size_t str_utf8_step(const char *text, size_t len)
{
    if (len == 0) {
        return 0;
    }
    unsigned char c = (unsigned char)text[0];
    if (c < 0x80) {
        return 1;
    }
    const struct lead *lead = lead_of(c);
    if (lead == NULL || len < lead->step) {
        return 0;
    }
    unsigned char second = (unsigned char)text[1];
    if (second < lead->low || second > lead->high) {
        return 0;
    }
    for (size_t i = 2; i < lead->step; i++) {
        if (!is_tail(text[i])) {
            return 0;
        }
    }
    return lead->step;
}

bool str_is_utf8(const char *text, size_t len)
{
    size_t i = 0;
    while (i < len) {
        size_t step = str_utf8_step(text + i, len - i);
        if (step == 0 || text[i] == '\0') {
            return false;
        }
        i += step;
    }
    return true;
}

size_t str_fit(const char *text, size_t len, size_t max)
{
    if (len <= max) {
        return len;
    }
    /* a sequence has at most three tail bytes; more of them are no UTF-8, cut anywhere */
    for (size_t back = 0; back < 4 && back <= max; back++) {
        if (!is_tail(text[max - back])) {
            return max - back;
        }
    }
    return max;
}

size_t str_characters(const char *text)
{
    size_t n = 0;
    for (const char *p = text; *p != '\0'; p++) {
        n += is_tail(*p) ? 0 : 1;
    }
    return n;
}

char *str_clean(arena *mem, const char *text)
{
    static const char replacement[] = "\xEF\xBF\xBD";
    if (text == NULL) {
        return NULL;
    }
    size_t len = strlen(text);
    if (str_is_utf8(text, len)) {
        return arena_copy(mem, text, len + 1);
    }
    struct str s = str_new(mem, len * (sizeof replacement - 1));
    size_t step = 0;
    for (size_t i = 0; i < len; i += step == 0 ? 1 : step) {
        step = str_utf8_step(text + i, len - i);
        str_add_n(&s, step == 0 ? replacement : text + i, step == 0 ? 3 : step);
    }
    return s.text;
}
