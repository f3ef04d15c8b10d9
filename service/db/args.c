#include "db_int.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "base/die.h"

enum { FORMAT_TEXT = 0, FORMAT_BINARY = 1, I64_TEXT_MAX = 21, BYTEA_OID = 17 };

/* Room for the element in quotes with every byte escaped, and its comma. */
static size_t texts_room(const struct db_arg *a)
{
    size_t room = 3;
    for (size_t i = 0; i < a->count; i++) {
        room += a->texts[i] == NULL ? 5 : 2 * strlen(a->texts[i]) + 3;
    }
    return room;
}

static char *put_quoted(char *at, const char *text)
{
    *at++ = '"';
    for (; *text != '\0'; text++) {
        if (*text == '"' || *text == '\\') {
            *at++ = '\\';
        }
        *at++ = *text;
    }
    *at++ = '"';
    return at;
}

/* An array literal: always quoted, so that no content can be mistaken for syntax or NULL. Text, and
 * not the binary form, since that would fit text[] alone and not uuid[] or timestamptz[]. */
static const char *texts_literal(arena *mem, const struct db_arg *a)
{
    char *text = arena_alloc(mem, texts_room(a));
    char *at = text;
    *at++ = '{';
    for (size_t i = 0; i < a->count; i++) {
        if (i > 0) {
            *at++ = ',';
        }
        if (a->texts[i] == NULL) {
            memcpy(at, "NULL", 4);
            at += 4;
        } else {
            at = put_quoted(at, a->texts[i]);
        }
    }
    *at++ = '}';
    *at = '\0';
    return text;
}

static const char *numbers_literal(arena *mem, const struct db_arg *a)
{
    size_t room = a->count * I64_TEXT_MAX + 3;
    char *text = arena_alloc(mem, room);
    size_t len = 0;
    text[len++] = '{';
    for (size_t i = 0; i < a->count; i++) {
        len += (size_t)snprintf(text + len, room - len, "%s%lld", i > 0 ? "," : "",
                                (long long)a->numbers[i]);
    }
    text[len++] = '}';
    text[len] = '\0';
    return text;
}

static uint8_t *put_u32(uint8_t *at, uint32_t value)
{
    at[0] = (uint8_t)(value >> 24);
    at[1] = (uint8_t)(value >> 16);
    at[2] = (uint8_t)(value >> 8);
    at[3] = (uint8_t)value;
    return at + 4;
}

static int fits(size_t len)
{
    if (len > INT_MAX) {
        die("a database parameter of %zu bytes", len);
    }
    return (int)len;
}

/* bytea[] as array_send() writes it: dimensions, has-null, element type, then length and lower
 * bound of the one dimension, then each element with its length (-1: NULL). Half the size of the
 * hexadecimal literal, and the server parses nothing. */
static const char *bytes_array(arena *mem, const struct db_arg *a, int *ret_len)
{
    size_t room = 20;
    bool has_null = false;
    for (size_t i = 0; i < a->count; i++) {
        room += 4 + a->bytes_list[i].len;
        has_null = has_null || a->bytes_list[i].data == NULL;
    }
    *ret_len = a->count == 0 ? 12 : fits(room);
    uint8_t *start = arena_alloc(mem, room);
    uint8_t *at = put_u32(start, a->count == 0 ? 0 : 1);
    at = put_u32(at, has_null ? 1 : 0);
    at = put_u32(at, BYTEA_OID);
    at = put_u32(at, (uint32_t)a->count);
    at = put_u32(at, 1);
    for (size_t i = 0; i < a->count; i++) {
        const struct bytes *b = &a->bytes_list[i];
        if (b->data == NULL) {
            at = put_u32(at, UINT32_MAX);
            continue;
        }
        at = put_u32(at, (uint32_t)b->len);
        if (b->len > 0) {
            memcpy(at, b->data, b->len);
            at += b->len;
        }
    }
    return (const char *)start;
}

static void encode_one(arena *mem, const struct db_arg *a, struct params *p, int i)
{
    p->formats[i] = FORMAT_TEXT;
    switch (a->type) {
    case DB_TYPE_TEXT:
        p->values[i] = a->text;
        return;
    case DB_TYPE_I64:
        p->values[i] = arena_printf(mem, "%lld", (long long)a->number);
        return;
    case DB_TYPE_BOOL:
        p->values[i] = a->number != 0 ? "t" : "f";
        return;
    case DB_TYPE_BYTES:
        p->values[i] = (const char *)a->bytes.data;
        p->lengths[i] = fits(a->bytes.len);
        p->formats[i] = FORMAT_BINARY;
        return;
    case DB_TYPE_TEXTS:
        p->values[i] = texts_literal(mem, a);
        return;
    case DB_TYPE_BYTES_LIST:
        p->values[i] = bytes_array(mem, a, &p->lengths[i]);
        p->formats[i] = FORMAT_BINARY;
        return;
    case DB_TYPE_I64_LIST:
        p->values[i] = numbers_literal(mem, a);
        return;
    }
    die("a database parameter of unknown type %d", (int)a->type);
}

void params_encode(arena *mem, const struct stmt *s, const struct db_arg *args, struct params *ret)
{
    *ret = (struct params){.count = s->params};
    if (s->params == 0) {
        return;
    }
    size_t count = (size_t)s->params;
    ret->values = arena_array(mem, count, sizeof *ret->values);
    ret->lengths = arena_array(mem, count, sizeof *ret->lengths);
    ret->formats = arena_array(mem, count, sizeof *ret->formats);
    for (int i = 0; i < s->params; i++) {
        encode_one(mem, &args[i], ret, i);
    }
}
