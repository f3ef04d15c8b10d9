#include "recipe_int.h"

#include <string.h>

#include "base/json.h"
#include "base/limits.h"
#include "base/str.h"

/*
 * "{{path | function}}" in text. No logic and no loops: every template ends, after one pass. A
 * value that is only {{x}} keeps x's type; inside other text a number prints as JSON, an absent
 * value as nothing, an object or list as compact JSON.
 */

bool template_check(const char *text, const char **ret_why)
{
    struct template_slot slot;
    int found = 0;
    while ((found = template_slot_next(text, &slot, ret_why)) == 1) {
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

/* How a value is written where the text goes. begins: nothing of the text stands before it. */
typedef void add_fn(struct str *out, const struct template_slot *slot, const json_t *value,
                    bool begins);

static void add_plain(struct str *out, const struct template_slot *slot, const json_t *value,
                      bool begins)
{
    (void)slot;
    (void)begins;
    add_value(out, value);
}

static struct str fill(struct template_work *w, const char *text, size_t max, add_fn *add)
{
    struct str out = str_new(w->mem, max);
    struct template_slot slot;
    const char *why = NULL, *at = text;
    while (!out.cut && template_slot_next(at, &slot, &why) == 1) {
        str_add_n(&out, at, (size_t)(slot.start - at));
        add(&out, &slot, template_slot_value(w, &slot), slot.start == text);
        at = slot.end;
    }
    str_add(&out, at);
    return out;
}

static char *text_with(struct template_work *w, const char *text, size_t max)
{
    /* a character more than wanted shows str_cut() that something is missing */
    return str_cut(w->mem, fill(w, text, max + 4, add_plain).text, max);
}

char *template_text(arena *mem, const char *text, const json_t *context, size_t max)
{
    struct template_work w = template_work_new(mem, context);
    return text_with(&w, text, max);
}

/* What begins the text is an address; every other value is a part of one, and stays one part
 * whatever it holds (RFC 3986 section 2.1). */
static void add_part(struct str *out, const struct template_slot *slot, const json_t *value,
                     bool begins)
{
    size_t calls = slot->calls_count;
    bool encoded = calls > 0 && slot->calls[calls - 1].function == template_function_find("url");
    if (begins || encoded) {
        add_value(out, value);
        return;
    }
    struct str part = str_new(out->mem, out->max);
    add_value(&part, value);
    str_add_url(out, part.text);
}

/* "/../": no encoding makes it a name (WHATWG URL, "double-dot URL path segment"). */
static bool has_dot_segment(const char *url)
{
    const char *end = url + strcspn(url, "?#");
    for (const char *at = url; at < end; at++) {
        size_t dots = *at == '/' ? strspn(at + 1, ".") : 0;
        if ((dots == 1 || dots == 2) && strchr("/?#", at[dots + 1]) != NULL) {
            return true;
        }
    }
    return false;
}

char *template_url(arena *mem, const char *text, const json_t *context, size_t max)
{
    struct template_work w = template_work_new(mem, context);
    struct str url = fill(&w, text, max, add_part);
    return url.cut || w.left == 0 || has_dot_segment(url.text) ? NULL : url.text;
}

static int too_long(struct err *e)
{
    return err_set(e, ERR_INVALID, "template_too_long", "a step's values pass %d bytes",
                   LIMIT_TEMPLATE_OUTPUT);
}

int template_value(arena *mem, const char *text, const json_t *context, const json_t **ret,
                   struct err *e)
{
    struct template_work w = template_work_new(mem, context);
    struct template_slot slot;
    const char *why = NULL;
    const json_t *value = NULL;
    if (template_slot_next(text, &slot, &why) == 1) {
        value = template_slot_value(&w, &slot);
    }
    if (w.left == 0) {
        return too_long(e);
    }
    *ret = value;
    return 0;
}

/* In base64, and its name. */
enum { FILE_TEXT_MAX = LIMIT_FILE_BETWEEN_STEPS / 3 * 4 + 4096 };

/* One expansion. The bound counts while it grows: a small template may name a large value a
 * thousand times. */
struct expansion {
    struct template_work work;
    size_t left; /* bytes; 0: too long, nothing more is added */
    size_t file; /* bytes of a file that an earlier step gave: one alone, with a bound of its own */
};

static bool spend(struct expansion *x, size_t bytes)
{
    x->left = bytes < x->left && x->work.left > 0 ? x->left - bytes : 0;
    return x->left > 0;
}

/* As an app's action gives it (apps: download.c). */
static bool is_file(const json_t *value)
{
    return json_object_size(value) == 2 && json_text(value, "name") != NULL &&
           json_text(value, "content_base64") != NULL;
}

static json_t *expand_slot(struct expansion *x, const struct template_slot *slot)
{
    const json_t *value = template_slot_value(&x->work, slot);
    if (value == NULL) {
        (void)spend(x, 0);
        return json_null();
    }
    size_t size =
        json_is_string(value) ? json_string_length(value) : strlen(json_write(x->work.mem, value));
    if (is_file(value) && x->file == 0 && size <= FILE_TEXT_MAX) {
        x->file = size;
        return json_deep_copy(value);
    }
    return spend(x, size) ? json_deep_copy(value) : json_null();
}

static json_t *expand_text(struct expansion *x, const char *text)
{
    struct template_slot slot;
    const char *why = NULL;
    if (template_slot_next(text, &slot, &why) == 1 && slot.start == text && *slot.end == '\0') {
        return expand_slot(x, &slot);
    }
    const char *out = text_with(&x->work, text, LIMIT_TEMPLATE_OUTPUT + 4);
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
    struct expansion x = {.work = template_work_new(mem, context),
                          .left = LIMIT_TEMPLATE_OUTPUT + 1};
    json_t *out = arena_json(mem, expand(&x, value));
    if (x.left == 0 || strlen(json_write(mem, out)) > LIMIT_TEMPLATE_OUTPUT + x.file) {
        return too_long(e);
    }
    *ret = out;
    return 0;
}
