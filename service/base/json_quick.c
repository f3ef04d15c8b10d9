/*
 * jansson takes a document apart byte by byte, through four functions for each; that was a fifth
 * of what the service did for an event. This reader finds the tokens and builds jansson's values.
 * What is not plain goes to jansson, token by token: texts with escapes, numbers that are no short
 * integers. RFC 8259; tests/fuzz/fuzz_json.c holds it against jansson.
 */
#include <string.h>

#include "base/limits.h"
#include "base/str.h"
#include "json_int.h"

struct text {
    const char *at, *end;
    size_t depth;
};

static json_t *read_value(struct text *t);

static void skip_blank(struct text *t)
{
    while (t->at < t->end &&
           (*t->at == ' ' || *t->at == '\n' || *t->at == '\r' || *t->at == '\t')) {
        t->at++;
    }
}

static bool take(struct text *t, char c)
{
    skip_blank(t);
    if (t->at == t->end || *t->at != c) {
        return false;
    }
    t->at++;
    return true;
}

static json_t *ask_jansson(const char *from, const char *to)
{
    return json_loadb(from, (size_t)(to - from), JSON_DECODE_ANY, NULL);
}

/* A text from its first quote to its last. */
struct quoted {
    const char *from, *to;
    bool escaped;
};

static bool find_text(struct text *t, struct quoted *ret)
{
    struct quoted q = {.from = t->at};
    unsigned char all = 0;
    if (t->at == t->end || *t->at != '"') {
        return false;
    }
    for (t->at++; t->at < t->end && *t->at != '"'; t->at++) {
        unsigned char c = (unsigned char)*t->at;
        if (c < ' ') {
            return false;
        }
        all |= c;
        if (c == '\\') {
            q.escaped = true;
            t->at += t->end - t->at > 1 ? 1 : 0; /* a quote behind it ends nothing */
        }
    }
    if (t->at == t->end) {
        return false;
    }
    q.to = ++t->at;
    *ret = q;
    return q.escaped || all < 0x80 || str_is_utf8(q.from + 1, (size_t)(q.to - q.from) - 2);
}

static json_t *read_text(struct text *t)
{
    struct quoted q;
    if (!find_text(t, &q)) {
        return NULL;
    }
    return q.escaped ? ask_jansson(q.from, q.to)
                     : json_stringn_nocheck(q.from + 1, (size_t)(q.to - q.from) - 2);
}

static bool read_named(struct text *t, json_t *object, const char *key, size_t len)
{
    if (json_object_getn(object, key, len) != NULL || !take(t, ':')) {
        return false;
    }
    return json_object_setn_new_nocheck(object, key, len, read_value(t)) == 0;
}

static bool read_member(struct text *t, json_t *object)
{
    struct quoted q;
    skip_blank(t);
    if (!find_text(t, &q)) {
        return false;
    }
    if (!q.escaped) {
        return read_named(t, object, q.from + 1, (size_t)(q.to - q.from) - 2);
    }
    json_t *key = ask_jansson(q.from, q.to);
    bool good =
        key != NULL && read_named(t, object, json_string_value(key), json_string_length(key));
    json_decref(key);
    return good;
}

static bool read_item(struct text *t, json_t *array)
{
    return json_array_append_new(array, read_value(t)) == 0;
}

/* What stands between brackets, with the first one taken. */
static json_t *read_list(struct text *t, json_t *list, bool (*read)(struct text *t, json_t *list),
                         char last)
{
    bool good = ++t->depth <= LIMIT_JSON_DEPTH;
    if (good && !take(t, last)) {
        do {
            good = read(t, list);
        } while (good && take(t, ','));
        good = good && take(t, last);
    }
    t->depth--;
    if (!good) {
        json_decref(list);
        return NULL;
    }
    return list;
}

static json_t *read_word(struct text *t, const char *word, json_t *value)
{
    size_t len = strlen(word);
    if ((size_t)(t->end - t->at) < len || memcmp(t->at, word, len) != 0) {
        return NULL;
    }
    t->at += len;
    return value;
}

/* Whatever a number is made of; whether it is one, jansson says, unless it is short and whole. */
static json_t *read_number(struct text *t)
{
    enum { SAFE_DIGITS = 18 };
    const char *from = t->at;
    long long value = 0;
    while (t->at < t->end && *t->at != '\0' && strchr("+-.0123456789Ee", *t->at) != NULL) {
        bool digit = *t->at >= '0' && *t->at <= '9';
        value =
            digit && value >= 0 && t->at - from < SAFE_DIGITS ? value * 10 + (*t->at - '0') : -1;
        t->at++;
    }
    bool plain = t->at > from && value >= 0 && (*from != '0' || t->at - from == 1);
    return plain ? json_integer(value) : ask_jansson(from, t->at);
}

static json_t *read_value(struct text *t)
{
    skip_blank(t);
    switch (t->at < t->end ? *t->at : '\0') {
    case '{':
        t->at++;
        return read_list(t, json_object(), read_member, '}');
    case '[':
        t->at++;
        return read_list(t, json_array(), read_item, ']');
    case '"':
        return read_text(t);
    case 't':
        return read_word(t, "true", json_true());
    case 'f':
        return read_word(t, "false", json_false());
    case 'n':
        return read_word(t, "null", json_null());
    default:
        return read_number(t);
    }
}

json_t *json_quick(struct bytes text)
{
    const char *from = (const char *)text.data;
    struct text t = {.at = from, .end = from + text.len};
    json_t *value = read_value(&t);
    skip_blank(&t);
    if (value != NULL && t.at != t.end) {
        json_decref(value);
        return NULL;
    }
    return value;
}
