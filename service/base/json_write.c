/* Our own writer, since jansson 2.14 prints 0.1 as 0.10000000000000001: a person reads back the
 * amount that was typed. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/die.h"
#include "base/json.h"
#include "base/limits.h"
#include "base/str.h"

/* Documents from outside have at most LIMIT_JSON_DEPTH; ours wrap them a few times. Deeper is a
 * cycle. */
enum { DEPTH_MAX = 4 * LIMIT_JSON_DEPTH };

struct writer {
    struct str text;
    bool lines; /* each member and item on one of its own */
};

static void write_value(struct writer *w, const json_t *value, int depth);

static void write_text(struct str *s, const char *text, size_t len)
{
    str_add_char(s, '"');
    str_add_json(s, text, len);
    str_add_char(s, '"');
}

/* The shortest of 15 to 17 digits that reads back as the same number. */
static void write_real(struct str *s, double value)
{
    char text[40];
    int digits = 15;
    do {
        (void)snprintf(text, sizeof text, "%.*g", digits, value);
        digits++;
    } while (digits <= 17 && strtod(text, NULL) != value);
    str_add(s, text);
    if (strpbrk(text, ".e") == NULL) {
        str_add(s, ".0");
    }
}

static int compare_keys(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static const char **sorted_keys(arena *mem, const json_t *object)
{
    const char **keys = arena_array(mem, json_object_size(object) + 1, sizeof *keys);
    size_t count = 0;
    /* jansson's iterator only reads, but its parameter is not const */
    union {
        const json_t *given;
        json_t *open;
    } o = {.given = object};
    for (void *i = json_object_iter(o.open); i != NULL; i = json_object_iter_next(o.open, i)) {
        keys[count] = json_object_iter_key(i);
        count++;
    }
    qsort(keys, count, sizeof *keys, compare_keys);
    return keys;
}

/* Before each of a list, and behind the last of one that is not empty. */
static void next_line(struct writer *w, int depth)
{
    str_add(&w->text, w->lines ? "\n" : "");
    for (int i = 0; w->lines && i < depth; i++) {
        str_add(&w->text, "  ");
    }
}

static void write_object(struct writer *w, const json_t *object, int depth)
{
    struct str *s = &w->text;
    const char **keys = sorted_keys(s->mem, object);
    str_add_char(s, '{');
    for (size_t i = 0; keys[i] != NULL; i++) {
        str_add(s, i > 0 ? "," : "");
        next_line(w, depth);
        write_text(s, keys[i], strlen(keys[i]));
        str_add(s, w->lines ? ": " : ":");
        write_value(w, json_object_get(object, keys[i]), depth);
    }
    if (keys[0] != NULL) {
        next_line(w, depth - 1);
    }
    str_add_char(s, '}');
}

static void write_array(struct writer *w, const json_t *array, int depth)
{
    str_add_char(&w->text, '[');
    for (size_t i = 0; i < json_array_size(array); i++) {
        str_add(&w->text, i > 0 ? "," : "");
        next_line(w, depth);
        write_value(w, json_array_get(array, i), depth);
    }
    if (json_array_size(array) > 0) {
        next_line(w, depth - 1);
    }
    str_add_char(&w->text, ']');
}

static void write_value(struct writer *w, const json_t *value, int depth)
{
    struct str *s = &w->text;
    if (depth > DEPTH_MAX) {
        die("a JSON value with over %d levels", DEPTH_MAX);
    }
    switch (json_typeof(value)) {
    case JSON_OBJECT:
        write_object(w, value, depth + 1);
        break;
    case JSON_ARRAY:
        write_array(w, value, depth + 1);
        break;
    case JSON_STRING:
        write_text(s, json_string_value(value), json_string_length(value));
        break;
    case JSON_INTEGER:
        str_printf(s, "%" JSON_INTEGER_FORMAT, json_integer_value(value));
        break;
    case JSON_REAL:
        write_real(s, json_real_value(value));
        break;
    case JSON_TRUE:
        str_add(s, "true");
        break;
    case JSON_FALSE:
        str_add(s, "false");
        break;
    case JSON_NULL:
        str_add(s, "null");
        break;
    }
}

static char *written(arena *mem, const json_t *value, bool lines)
{
    if (value == NULL) {
        return arena_strdup(mem, "null");
    }
    struct writer w = {.text = str_new(mem, SIZE_MAX / 4), .lines = lines};
    write_value(&w, value, 0);
    return w.text.text;
}

char *json_write(arena *mem, const json_t *value)
{
    return written(mem, value, false);
}

char *json_write_lines(arena *mem, const json_t *value)
{
    return written(mem, value, true);
}
