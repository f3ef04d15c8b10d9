#include "base/str.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "base/die.h"

enum { ROOM_FIRST = 64 };

struct str str_new(arena *mem, size_t max)
{
    if (max >= SIZE_MAX / 2) {
        die("a text of %zu bytes asked", max);
    }
    size_t room = max < ROOM_FIRST ? max + 1 : ROOM_FIRST;
    return (struct str){.mem = mem, .text = arena_alloc(mem, room), .room = room, .max = max};
}

/* Room for more bytes and the NUL; the caller has seen that they are within max. */
static void grow(struct str *s, size_t more)
{
    size_t need = s->len + more + 1;
    if (need <= s->room) {
        return;
    }
    size_t room = s->room * 2 > need ? s->room * 2 : need;
    room = room > s->max + 1 ? s->max + 1 : room;
    char *text = arena_alloc(s->mem, room);
    memcpy(text, s->text, s->len);
    s->text = text;
    s->room = room;
}

static void append(struct str *s, const char *text, size_t len)
{
    grow(s, len);
    memcpy(s->text + s->len, text, len);
    s->len += len;
    s->text[s->len] = '\0';
}

void str_add_n(struct str *s, const char *text, size_t len)
{
    /* nothing follows a cut: a shorter text behind the gap would change the meaning */
    if (s->cut || len == 0) {
        return;
    }
    size_t left = s->max - s->len;
    s->cut = len > left;
    append(s, text, s->cut ? str_fit(text, len, left) : len);
}

/* What loses its meaning when cut: an escape, a replacement character. */
static void add_whole(struct str *s, const char *unit, size_t len)
{
    if (s->cut || len > s->max - s->len) {
        s->cut = true;
        return;
    }
    append(s, unit, len);
}

void str_add(struct str *s, const char *text)
{
    if (text != NULL) {
        str_add_n(s, text, strlen(text));
    }
}

void str_add_char(struct str *s, char c)
{
    add_whole(s, &c, 1);
}

void str_printf(struct str *s, const char *format, ...)
{
    if (s->cut) {
        return;
    }
    char small[256];
    va_list args;
    va_list again;
    va_start(args, format);
    va_copy(again, args);
    int len = vsnprintf(small, sizeof small, format, args);
    if (len < 0) {
        die("a format that cannot be printed");
    }
    if ((size_t)len < sizeof small) {
        str_add_n(s, small, (size_t)len);
    } else {
        str_add_n(s, arena_vprintf(s->mem, format, again), (size_t)len);
    }
    va_end(again);
    va_end(args);
}

static bool is_unreserved(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '.' || c == '_' || c == '~';
}

void str_add_url(struct str *s, const char *text)
{
    for (; text != NULL && *text != '\0'; text++) {
        if (is_unreserved(*text)) {
            str_add_char(s, *text);
            continue;
        }
        unsigned char c = (unsigned char)*text;
        char escape[3] = {'%', "0123456789ABCDEF"[c >> 4], "0123456789ABCDEF"[c & 15]};
        add_whole(s, escape, sizeof escape);
    }
}

/* The two-character escapes of RFC 8259 section 7; 0 for none. */
static char short_escape(char c)
{
    switch (c) {
    case '"':
    case '\\':
        return c;
    case '\b':
        return 'b';
    case '\f':
        return 'f';
    case '\n':
        return 'n';
    case '\r':
        return 'r';
    case '\t':
        return 't';
    default:
        return '\0';
    }
}

/* One character, well-formed or not; returns the bytes of text that it stands for. */
static size_t add_json_step(struct str *s, const char *text, size_t len)
{
    size_t step = str_utf8_step(text, len);
    if (step == 0) {
        add_whole(s, "\xEF\xBF\xBD", 3);
        return 1;
    }
    unsigned char c = (unsigned char)*text;
    char letter = short_escape(*text);
    if (letter != '\0') {
        char escape[2] = {'\\', letter};
        add_whole(s, escape, sizeof escape);
    } else if (c < 0x20 || c == 0x7f) {
        char escape[6] = {'\\', 'u', '0', '0', "01234567"[c >> 4], "0123456789abcdef"[c & 15]};
        add_whole(s, escape, sizeof escape);
    } else {
        add_whole(s, text, step);
    }
    return step;
}

static bool is_plain_json(char c)
{
    return c >= ' ' && c <= '~' && c != '"' && c != '\\';
}

void str_add_json(struct str *s, const char *text, size_t len)
{
    size_t i = 0;
    while (i < len && !s->cut) {
        size_t plain = 0;
        while (i + plain < len && is_plain_json(text[i + plain])) {
            plain++;
        }
        str_add_n(s, text + i, plain);
        i += plain;
        if (i < len) {
            i += add_json_step(s, text + i, len - i);
        }
    }
}
