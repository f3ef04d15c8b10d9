#include "base/json.h"

#include <stdio.h>
#include <string.h>

/* Where in its text members of a document stand, for people who look at the text: one walk, however
 * many are looked for. It reads what json_read() has taken, so it checks bounds and nothing else.
 */

enum { PATHS = 64 };
typedef uint64_t paths; /* a bit for each */

struct scan {
    struct bytes text;
    size_t at;
    const char *const *path;
    size_t best[PATHS]; /* how much of each is found */
    struct json_place *place;
    size_t here_at; /* as far as lines are counted: a walk goes forward */
    struct json_place here;
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

static struct json_place place_at(struct scan *s, size_t at)
{
    for (; s->here_at < at && s->here_at < s->text.len; s->here_at++) {
        uint8_t byte = s->text.data[s->here_at];
        s->here.column += (byte & 0xc0) == 0x80 ? 0 : 1; /* a character of UTF-8 */
        if (byte == '\n') {
            s->here = (struct json_place){.line = s->here.line + 1, .column = 1};
        }
    }
    return s->here;
}

/* A member's key, or an item's "[0]". */
struct part {
    const char *text;
    size_t len, at; /* where it stands */
    bool dot;       /* a path has one before it */
};

static bool goes_on(const char *rest, const struct part *p)
{
    if (p->dot && *rest++ != '.') {
        return false;
    }
    return strncmp(rest, p->text, p->len) == 0 && strnlen(rest, p->len) == p->len &&
           strchr(".[", rest[p->len]) != NULL; /* or its end */
}

/* Those of the paths that go on with this part; of each so much was found before. */
static paths follow(struct scan *s, paths on, size_t used, const struct part *p)
{
    paths left = 0;
    size_t much = used + p->len + (p->dot ? 1 : 0);
    for (; on != 0; on &= on - 1) {
        int i = __builtin_ctzll(on);
        if (!goes_on(s->path[i] + used, p)) {
            continue;
        }
        left |= (paths)1 << i;
        if (much > s->best[i]) {
            s->best[i] = much;
            s->place[i] = place_at(s, p->at);
        }
    }
    return left;
}

static void walk(struct scan *s, paths on, size_t used);

static void walk_part(struct scan *s, paths on, size_t used, const struct part *p)
{
    walk(s, follow(s, on, used, p), used + p->len + (p->dot ? 1 : 0));
}

static void walk_object(struct scan *s, paths on, size_t used)
{
    for (s->at++; s->at < s->text.len && peek(s) != '}';) {
        size_t from = s->at;
        if (peek(s) != '"') {
            s->at++; /* space, comma */
            continue;
        }
        skip_string(s);
        size_t end = s->at < s->text.len ? s->at : s->text.len;
        const struct part key = {.text = (const char *)s->text.data + from + 1,
                                 .len = end > from + 2 ? end - from - 2 : 0,
                                 .at = from,
                                 .dot = used > 0};
        skip_space(s);
        s->at++; /* colon */
        walk_part(s, on, used, &key);
    }
    s->at++;
}

static void walk_array(struct scan *s, paths on, size_t used)
{
    size_t index = 0;
    for (s->at++; s->at < s->text.len && peek(s) != ']';) {
        if (strchr(", \t\r\n", peek(s)) != NULL) {
            s->at++;
            continue;
        }
        char text[24];
        int len = on == 0 ? 0 : snprintf(text, sizeof text, "[%zu]", index++);
        walk_part(s, on, used, &(struct part){.text = text, .len = (size_t)len, .at = s->at});
    }
    s->at++;
}

static void walk(struct scan *s, paths on, size_t used)
{
    skip_space(s);
    switch (peek(s)) {
    case '{':
        walk_object(s, on, used);
        break;
    case '[':
        walk_array(s, on, used);
        break;
    case '"':
        skip_string(s);
        break;
    default:
        skip_word(s);
        break;
    }
}

/* At most PATHS of them. */
static void place_some(struct bytes text, const char *const *path, size_t count,
                       struct json_place *ret)
{
    struct scan s = {.text = text, .path = path, .place = ret, .here = {.line = 1, .column = 1}};
    skip_space(&s);
    for (size_t i = 0; i < count; i++) {
        ret[i] = place_at(&s, s.at);
    }
    walk(&s, ~(paths)0 >> (PATHS - count), 0);
}

void json_places(struct bytes text, const char *const *path, size_t count, struct json_place *ret)
{
    for (size_t from = 0; from < count; from += PATHS) {
        size_t left = count - from;
        place_some(text, path + from, left < PATHS ? left : PATHS, ret + from);
    }
}

struct json_place json_place(struct bytes text, const char *path)
{
    struct json_place p;
    json_places(text, &path, 1, &p);
    return p;
}
