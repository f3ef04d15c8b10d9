#include "recipe_int.h"

#include <ctype.h>
#include <string.h>

#include "base/json.h"
#include "base/limits.h"
#include "base/str.h"

/*
 * "{{path}}" in text. No logic, no loops, no functions: every template ends, after one pass. A
 * value that is only {{x}} keeps x's type; inside other text a number prints as JSON, an absent
 * value as nothing, an object or list as compact JSON.
 */

enum { PATH_MAX_BYTES = 200 };

struct slot {
    const char *start; /* of "{{" */
    const char *end;   /* behind "}}" */
    char path[PATH_MAX_BYTES];
};

static bool path_ok(const char *path)
{
    if (path[0] == '\0' || path[0] == '.' || strstr(path, "..") != NULL || str_ends(path, ".")) {
        return false;
    }
    for (const char *p = path; *p != '\0'; p++) {
        if (!isalnum((unsigned char)*p) && *p != '_' && *p != '.' && *p != '-') {
            return false;
        }
    }
    return true;
}

/* The next slot at or behind text. 0: none; 1: *ret filled; -1: broken, with the reason. */
static int next_slot(const char *text, struct slot *ret, const char **ret_why)
{
    const char *open = strstr(text, "{{");
    if (open == NULL) {
        return 0;
    }
    const char *close = strstr(open, "}}");
    if (close == NULL) {
        *ret_why = "\"{{\" without \"}}\"";
        return -1;
    }
    const char *from = open + 2, *to = close;
    while (from < to && *from == ' ') {
        from++;
    }
    while (to > from && to[-1] == ' ') {
        to--;
    }
    size_t len = (size_t)(to - from);
    if (len >= PATH_MAX_BYTES) {
        *ret_why = "a path of over 200 characters";
        return -1;
    }
    memcpy(ret->path, from, len);
    ret->path[len] = '\0';
    ret->start = open;
    ret->end = close + 2;
    if (!path_ok(ret->path)) {
        *ret_why = "a path may hold letters, digits, \"_\", \"-\" and single dots only";
        return -1;
    }
    return 1;
}

const char *template_next(arena *mem, const char *text, const char **ret_path)
{
    struct slot slot;
    const char *why = NULL;
    if (next_slot(text, &slot, &why) != 1) {
        return NULL;
    }
    *ret_path = arena_strdup(mem, slot.path);
    return slot.end;
}

bool template_check(const char *text, const char **ret_why)
{
    struct slot slot;
    int found = 0;
    while ((found = next_slot(text, &slot, ret_why)) == 1) {
        text = slot.end;
    }
    return found == 0;
}

static void add_value(struct str *out, const json_t *value)
{
    if (value == NULL || json_is_null(value)) {
        return;
    }
    if (json_is_string(value)) {
        str_add_n(out, json_string_value(value), json_string_length(value));
    } else {
        str_add(out, json_write(out->mem, value));
    }
}

char *template_text(arena *mem, const char *text, const json_t *context, size_t max)
{
    /* a character more than wanted shows str_cut() that something is missing */
    struct str out = str_new(mem, max + 4);
    struct slot slot;
    const char *why = NULL;
    while (!out.cut && next_slot(text, &slot, &why) == 1) {
        str_add_n(&out, text, (size_t)(slot.start - text));
        add_value(&out, json_at(context, slot.path));
        text = slot.end;
    }
    str_add(&out, text);
    return str_cut(mem, out.text, max);
}

/* One expansion. The bound counts while it grows: a small template may name a large value a
 * thousand times. */
struct expansion {
    arena *mem;
    const json_t *context;
    size_t left; /* bytes; 0: too long, nothing more is added */
};

static bool spend(struct expansion *x, size_t bytes)
{
    x->left = bytes < x->left ? x->left - bytes : 0;
    return x->left > 0;
}

static json_t *expand_slot(struct expansion *x, const char *path)
{
    json_t *value = json_at(x->context, path);
    if (value == NULL) {
        return json_null();
    }
    size_t size =
        json_is_string(value) ? json_string_length(value) : strlen(json_write(x->mem, value));
    return spend(x, size) ? json_deep_copy(value) : json_null();
}

static json_t *expand_text(struct expansion *x, const char *text)
{
    struct slot slot;
    const char *why = NULL;
    if (next_slot(text, &slot, &why) == 1 && slot.start == text && *slot.end == '\0') {
        return expand_slot(x, slot.path);
    }
    const char *out = template_text(x->mem, text, x->context, LIMIT_TEMPLATE_OUTPUT + 4);
    return spend(x, strlen(out)) ? json_string(out) : json_null();
}

static json_t *expand(struct expansion *x, const json_t *value);

static json_t *expand_object(struct expansion *x, const json_t *value)
{
    json_t *out = json_object();
    const char *key = NULL;
    json_t *member = NULL;
    json_object_foreach((json_t *)(uintptr_t)value, key, member)
    {
        json_t *next = expand(x, member);
        bool left_out = json_is_null(next) && json_is_string(member);
        if (left_out) {
            json_decref(next);
        } else {
            json_object_set_new(out, key, next);
        }
    }
    return out;
}

static json_t *expand(struct expansion *x, const json_t *value)
{
    if (x->left == 0) {
        return json_null();
    }
    if (json_is_string(value)) {
        return expand_text(x, json_string_value(value));
    }
    if (json_is_object(value)) {
        return expand_object(x, value);
    }
    if (!json_is_array(value)) {
        return json_deep_copy(value);
    }
    json_t *out = json_array();
    for (size_t i = 0; i < json_array_size(value); i++) {
        json_array_append_new(out, expand(x, json_array_get(value, i)));
    }
    return out;
}

int template_expand(arena *mem, const json_t *value, const json_t *context, json_t **ret,
                    struct err *e)
{
    struct expansion x = {.mem = mem, .context = context, .left = LIMIT_TEMPLATE_OUTPUT + 1};
    json_t *out = arena_json(mem, expand(&x, value));
    if (x.left == 0 || strlen(json_write(mem, out)) > LIMIT_TEMPLATE_OUTPUT) {
        return err_set(e, ERR_INVALID, "template_too_long", "a step's values pass %d bytes",
                       LIMIT_TEMPLATE_OUTPUT);
    }
    *ret = out;
    return 0;
}
