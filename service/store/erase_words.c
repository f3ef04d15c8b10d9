/*
 * The one rule by which a person's words are looked for, and replaced (P15): in readable columns,
 * sealed values and the audit, when it is done and when it is proven. PostgreSQL only says where to
 * look.
 *
 * A word stands alone: no letter before or behind it. JSON is looked into string by string, as it
 * reads and not as it is written. In a string a word may stand as addresses have it (ana%40acme).
 * Ids, e-mail addresses and names of several words are found in capitals, too; a name of one word
 * only as it is written: nobody called Mark takes away what is marked.
 */
#include "store/erase.h"

#include <ctype.h>
#include <string.h>

#include "base/json.h"
#include "base/str.h"
#include "store_int.h"

enum { TEXT_MAX = 64 << 20 };

struct character {
    uint32_t point;
    size_t len; /* bytes that it takes; 0: none */
};

static struct character plain_at(const char *at)
{
    struct character c;
    c.point = str_point(at, &c.len);
    return c;
}

static int hex(char c)
{
    return isdigit((unsigned char)c)    ? c - '0'
           : isxdigit((unsigned char)c) ? (c | 0x20) - 'a' + 10
                                        : -1;
}

/* %40; an address within an address has it as %2540. */
static size_t percent(const char *at, char *ret)
{
    size_t n = 1;
    if (*at != '%') {
        return 0;
    }
    while (at[n] == '2' && at[n + 1] == '5' && hex(at[n + 2]) >= 0 && hex(at[n + 3]) >= 0) {
        n += 2;
    }
    if (hex(at[n]) < 0 || hex(at[n + 1]) < 0) {
        return 0;
    }
    *ret = (char)(hex(at[n]) << 4 | hex(at[n + 1]));
    return n + 2;
}

static struct character percent_at(const char *at)
{
    char bytes[5] = {0};
    size_t len = 0;
    for (size_t count = 0; count < 4; count++) {
        size_t took = percent(at + len, &bytes[count]);
        if (took == 0) {
            break;
        }
        len += took;
        if (str_utf8_step(bytes, count + 1) == count + 1) {
            return (struct character){plain_at(bytes).point, len};
        }
    }
    return (struct character){0, 0};
}

/* \u201c, where a text is JSON and was cut. */
static struct character unicode_at(const char *at)
{
    uint32_t point = 0;
    if (at[0] != '\\' || at[1] != 'u') {
        return (struct character){0, 0};
    }
    for (size_t i = 2; i < 6; i++) {
        if (hex(at[i]) < 0) {
            return (struct character){0, 0};
        }
        point = point << 4 | (uint32_t)hex(at[i]);
    }
    return (struct character){point, 6};
}

/* What stands here when it is not taken as it is. */
static struct character written_at(const char *at)
{
    switch (*at) {
    case '%':
        return percent_at(at);
    case '+':
        return (struct character){' ', 1};
    case '\\':
        return unicode_at(at);
    default:
        return (struct character){0, 0};
    }
}

static struct character read_at(const char *at)
{
    struct character c = written_at(at);
    return c.len > 0 ? c : plain_at(at);
}

struct word {
    const char *text;
    bool any_case;
};

static bool is_same(const struct word *w, uint32_t a, uint32_t b)
{
    return a == b || (w->any_case && str_fold(a) == str_fold(b));
}

/* One word is not begun within another. */
static bool parts(uint32_t a, uint32_t b)
{
    return !str_is_letter(a) || !str_is_letter(b);
}

/* Bytes of the text that are the word; 0: another one. */
static size_t match(const struct word *w, uint32_t before, const char *text)
{
    const char *at = text;
    struct character wanted;
    for (const char *p = w->text; *p != '\0'; p += wanted.len) {
        wanted = plain_at(p);
        struct character c = plain_at(at);
        c = is_same(w, c.point, wanted.point) ? c : written_at(at);
        if (c.len == 0 || !is_same(w, c.point, wanted.point) ||
            (p == w->text && !parts(before, c.point))) {
            return 0;
        }
        before = c.point;
        at += c.len;
    }
    return parts(before, read_at(at).point) ? (size_t)(at - text) : 0;
}

struct look {
    arena *mem;
    const struct erase *x;
    bool names;
};

/* The longest of the words that stands here. */
static size_t longest(const struct look *l, uint32_t before, const char *at)
{
    size_t len = 0;
    for (size_t i = 0; i < l->x->ids_count + (l->names ? l->x->names_count : 0); i++) {
        bool is_id = i < l->x->ids_count;
        struct word w = {.text = is_id ? l->x->ids[i] : l->x->names[i - l->x->ids_count]};
        w.any_case = is_id || strchr(w.text, ' ') != NULL;
        size_t took = match(&w, before, at);
        len = took > len ? took : len;
    }
    return len;
}

/* In a text that is JSON and was cut, \n ends a word as its end of line does. */
static bool ends_line(uint32_t before, uint32_t point)
{
    return before == '\\' && point < 0x80 && strchr("bfnrt", (int)point) != NULL;
}

static char *in_text(const struct look *l, const char *text)
{
    struct str out = str_new(l->mem, TEXT_MAX);
    const char *kept = text; /* from here on nothing is written yet */
    uint32_t before = ' ';
    for (const char *at = text; *at != '\0';) {
        size_t len = longest(l, before, at);
        if (len > 0) {
            str_add_n(&out, kept, (size_t)(at - kept));
            str_add(&out, l->x->pseudonym);
            at += len;
            kept = at;
            before = ' ';
            continue;
        }
        struct character c = read_at(at);
        before = ends_line(before, c.point) ? ' ' : c.point;
        at += c.len;
    }
    str_add(&out, kept);
    return kept == text ? NULL : out.text;
}

static char *in_value(const struct look *l, const char *text);

/* A JSON string with its quotes. */
static char *in_string(const struct look *l, const char *at, size_t len)
{
    json_t *value = NULL;
    struct err why = {0};
    if (json_read(l->mem, (struct bytes){(const uint8_t *)at, len}, &value, &why) != 0) {
        return NULL;
    }
    char *changed = in_value(l, json_string_value(value));
    if (changed == NULL) {
        return NULL;
    }
    struct str out = str_new(l->mem, TEXT_MAX);
    str_add_char(&out, '"');
    str_add_json(&out, changed, strlen(changed));
    str_add_char(&out, '"');
    return out.text;
}

/* An account may be a number. */
static char *in_number(const struct look *l, const char *at, size_t len)
{
    char *changed = in_text(l, arena_strndup(l->mem, at, len));
    return str_equal(changed, l->x->pseudonym) ? arena_printf(l->mem, "\"%s\"", changed) : NULL;
}

static size_t string_len(const char *at)
{
    size_t len = 1;
    while (at[len] != '"') {
        len += at[len] == '\\' ? 2 : 1;
    }
    return len + 1;
}

/* Text that is well-formed JSON. Only strings and numbers of it change; order and spaces stay. */
static char *in_json(const struct look *l, const char *text)
{
    static const char number[] = "+-.0123456789eE";
    struct str out = str_new(l->mem, TEXT_MAX);
    const char *kept = text;
    for (const char *at = text + strcspn(text, "\"-0123456789"); *at != '\0';
         at += strcspn(at, "\"-0123456789")) {
        size_t len = *at == '"' ? string_len(at) : strspn(at, number);
        char *changed = *at == '"' ? in_string(l, at, len) : in_number(l, at, len);
        if (changed != NULL) {
            str_add_n(&out, kept, (size_t)(at - kept));
            str_add(&out, changed);
            kept = at + len;
        }
        at += len;
    }
    str_add(&out, kept);
    return kept == text ? NULL : out.text;
}

/* A string may hold JSON in its turn: a body that was kept as text. */
static char *in_value(const struct look *l, const char *text)
{
    json_t *value = NULL;
    struct err why = {0};
    char first = text[strspn(text, " \t\r\n")];
    bool is_json = (first == '{' || first == '[' || first == '"') &&
                   json_read_ours(l->mem, bytes_of(text), &value, &why) == 0;
    return is_json ? in_json(l, text) : in_text(l, text);
}

char *store_erase_words(arena *mem, const struct erase *x, bool names, const char *text)
{
    const struct look l = {mem, x, names};
    return text == NULL ? NULL : in_value(&l, text);
}
