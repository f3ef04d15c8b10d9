#include "base/json.h"

#include <stdio.h>
#include <string.h>

/* Where in its text a member of a document stands, for people who look at the text. It reads what
 * json_read() has taken, so it checks bounds and nothing else. */

struct scan {
    struct bytes text;
    size_t at;
    const char *path;
    size_t best, best_at; /* how much of the path is found, and where */
};

static char peek(const struct scan *s)
{
    return s->at < s->text.len ? (char)s->text.data[s->at] : '\0';
}

static void skip_space(struct scan *s)
{
    while (s->at < s->text.len && strchr(" \t\r\n", peek(s)) != NULL) {
        s->at++;
    }
}

static void skip_string(struct scan *s)
{
    for (s->at++; s->at < s->text.len && peek(s) != '"'; s->at++) {
        s->at += peek(s) == '\\' ? 1 : 0;
    }
    s->at++;
}

/* At least a character: what is no JSON comes to an end, too. */
static void skip_word(struct scan *s)
{
    s->at++;
    while (s->at < s->text.len && strchr(",]} \t\r\n", peek(s)) == NULL) {
        s->at++;
    }
}

/* What of the path is left behind this part; NULL: it does not go this way. */
static const char *behind(const char *rest, const char *part, size_t len)
{
    if (rest == NULL || strncmp(rest, part, len) != 0) {
        return NULL;
    }
    rest += len;
    return *rest == '\0' || *rest == '.' || *rest == '[' ? rest : NULL;
}

static const char *behind_key(const struct scan *s, const char *rest, size_t from)
{
    bool dot = rest != NULL && *rest == '.';
    size_t end = s->at < s->text.len ? s->at : s->text.len;
    size_t len = end > from + 2 ? end - from - 2 : 0;
    return behind(dot ? rest + 1 : rest, (const char *)s->text.data + from + 1, len);
}

static void found(struct scan *s, const char *rest, size_t at)
{
    size_t much = rest == NULL ? 0 : (size_t)(rest - s->path);
    if (much > s->best) {
        s->best = much;
        s->best_at = at;
    }
}

static void walk(struct scan *s, const char *rest);

static void walk_object(struct scan *s, const char *rest)
{
    for (s->at++; s->at < s->text.len && peek(s) != '}';) {
        size_t from = s->at;
        if (peek(s) != '"') {
            s->at++; /* space, comma */
            continue;
        }
        skip_string(s);
        const char *left = behind_key(s, rest, from);
        found(s, left, from);
        skip_space(s);
        s->at++; /* colon */
        walk(s, left);
    }
    s->at++;
}

static void walk_array(struct scan *s, const char *rest)
{
    size_t index = 0;
    for (s->at++; s->at < s->text.len && peek(s) != ']';) {
        if (strchr(", \t\r\n", peek(s)) != NULL) {
            s->at++;
            continue;
        }
        char part[24];
        int len = snprintf(part, sizeof part, "[%zu]", index++);
        const char *left = behind(rest, part, (size_t)len);
        found(s, left, s->at);
        walk(s, left);
    }
    s->at++;
}

static void walk(struct scan *s, const char *rest)
{
    skip_space(s);
    switch (peek(s)) {
    case '{':
        walk_object(s, rest);
        break;
    case '[':
        walk_array(s, rest);
        break;
    case '"':
        skip_string(s);
        break;
    default:
        skip_word(s);
        break;
    }
}

struct json_place json_place(struct bytes text, const char *path)
{
    struct scan s = {.text = text, .path = path};
    struct json_place p = {.line = 1, .column = 1};
    skip_space(&s);
    s.best_at = s.at;
    walk(&s, path);
    for (size_t i = 0; i < s.best_at && i < text.len; i++) {
        bool begins = ((unsigned char)text.data[i] & 0xc0) != 0x80; /* a character of UTF-8 */
        p.column += begins ? 1 : 0;
        if (text.data[i] == '\n') {
            p.line++;
            p.column = 1;
        }
    }
    return p;
}
