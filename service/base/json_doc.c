/* Strict reading of documents: see the second half of base/json.h. */
#include <stdarg.h>

#include "base/json.h"
#include "base/str.h"

static const char *path_of(const struct json_doc *d, const char *key)
{
    if (key == NULL) {
        return d->path;
    }
    return str_empty(d->path) ? key : arena_printf(d->mem, "%s.%s", d->path, key);
}

void json_doc_fault(const struct json_doc *d, const char *key, const char *format, ...)
{
    va_list args;
    if (faults_full(d->faults)) {
        d->faults->count++;
        return;
    }
    va_start(args, format);
    const char *text = arena_vprintf(d->mem, format, args);
    va_end(args);
    faults_add(d->faults, path_of(d, key), "%s", text);
}

static struct json_doc open_doc(const struct json_doc *parent, const char *path,
                                const json_t *object)
{
    struct json_doc d = {.faults = parent->faults, .mem = parent->mem, .path = path};
    if (object == NULL) {
        return d;
    }
    if (!json_is_object(object)) {
        json_doc_fault(&d, NULL, "This must be an object.");
        return d;
    }
    d.object = object;
    return d;
}

struct json_doc json_doc(struct faults *f, arena *mem, const char *path, const json_t *object)
{
    struct json_doc parent = {.faults = f, .mem = mem};
    struct json_doc d = open_doc(&parent, path == NULL ? "" : path, object);
    if (object == NULL) {
        json_doc_fault(&d, NULL, "This must be an object.");
    }
    return d;
}

/* The member, NULL when absent or null; the fault of a missing one is said here. In a document that
 * is not there nothing is missing: its absence was said once. */
static json_t *member(const struct json_doc *d, const char *key, bool required)
{
    json_t *value = json_object_get(d->object, key);
    if (value != NULL && !json_is_null(value)) {
        return value;
    }
    if (required && d->object != NULL) {
        json_doc_fault(d, key, "This is required.");
    }
    return NULL;
}

struct json_doc json_doc_member(const struct json_doc *d, const char *key, bool required)
{
    return open_doc(d, path_of(d, key), member(d, key, required));
}

struct json_doc json_doc_item(const struct json_doc *d, const char *key, size_t index)
{
    const char *path = arena_printf(d->mem, "%s[%zu]", path_of(d, key), index);
    return open_doc(d, path, json_array_get(json_object_get(d->object, key), index));
}

const char *json_doc_text(const struct json_doc *d, const char *key, bool required, size_t max)
{
    const json_t *value = member(d, key, required);
    if (value == NULL) {
        return NULL;
    }
    if (!json_is_string(value)) {
        json_doc_fault(d, key, "This must be text.");
        return NULL;
    }
    if (required && json_string_length(value) == 0) {
        json_doc_fault(d, key, "This must not be empty.");
        return NULL;
    }
    if (json_string_length(value) > max) {
        json_doc_fault(d, key, "This may have at most %zu bytes.", max);
        return NULL;
    }
    return json_string_value(value);
}

bool json_doc_flag(const struct json_doc *d, const char *key, bool absent)
{
    const json_t *value = member(d, key, false);
    if (value == NULL) {
        return absent;
    }
    if (!json_is_boolean(value)) {
        json_doc_fault(d, key, "This must be true or false.");
        return absent;
    }
    return json_is_true(value);
}

int64_t json_doc_i64(const struct json_doc *d, const char *key, int64_t absent)
{
    const json_t *value = member(d, key, false);
    if (value == NULL) {
        return absent;
    }
    if (!json_is_integer(value)) {
        json_doc_fault(d, key, "This must be a whole number.");
        return absent;
    }
    return json_integer_value(value);
}

json_t *json_doc_array(const struct json_doc *d, const char *key, bool required, size_t max)
{
    json_t *value = member(d, key, required);
    if (value == NULL) {
        return NULL;
    }
    if (!json_is_array(value)) {
        json_doc_fault(d, key, "This must be a list.");
        return NULL;
    }
    if (json_array_size(value) > max) {
        json_doc_fault(d, key, "This may have at most %zu entries.", max);
        return NULL;
    }
    return value;
}

static int index_of(const char *const *names, const char *name)
{
    for (int i = 0; names[i] != NULL; i++) {
        if (str_equal(names[i], name)) {
            return i;
        }
    }
    return -1;
}

static const char *list_of(arena *mem, const char *const *names)
{
    struct str s = str_new(mem, 1000);
    for (size_t i = 0; names[i] != NULL; i++) {
        str_add(&s, i == 0 ? "" : ", ");
        str_add(&s, names[i]);
    }
    return s.text;
}

int json_doc_choice(const struct json_doc *d, const char *key, const char *const *choices,
                    int absent)
{
    const json_t *value = member(d, key, false);
    if (value == NULL) {
        return absent;
    }
    int found = index_of(choices, json_string_value(value));
    if (found < 0) {
        json_doc_fault(d, key, "This must be one of: %s.", list_of(d->mem, choices));
    }
    return found;
}

void json_doc_known(const struct json_doc *d, const char *const *keys)
{
    /* jansson's iterator only reads, but its parameter is not const */
    union {
        const json_t *given;
        json_t *open;
    } o = {.given = d->object};
    const char *known = NULL; /* listed once, however many are not */
    for (void *i = json_object_iter(o.open); i != NULL; i = json_object_iter_next(o.open, i)) {
        const char *key = json_object_iter_key(i);
        if (index_of(keys, key) < 0) {
            known = known == NULL ? list_of(d->mem, keys) : known;
            json_doc_fault(d, key, "This key is not known here. Known are: %s.", known);
        }
    }
}
