#include "apps_int.h"

#include <string.h>

#include "base/json.h"
#include "base/limits.h"
#include "base/str.h"

/* "{name}" in the texts of a definition; in a body "{{" and "}}" are a brace that is meant, as
 * GraphQL has them. Values are data: they are never searched for braces. */

static bool is_doubled(const char *text)
{
    return (text[0] == '{' || text[0] == '}') && text[1] == text[0];
}

/* The name of the "{name}" at text, NULL if there is none; *ret_len: of the whole slot. */
static const char *slot_name(arena *mem, const char *text, size_t *ret_len)
{
    if (*text != '{') {
        return NULL;
    }
    size_t len = strspn(text + 1, "abcdefghijklmnopqrstuvwxyz0123456789_");
    if (len == 0 || text[len + 1] != '}') {
        return NULL;
    }
    *ret_len = len + 2;
    return arena_strndup(mem, text + 1, len);
}

bool apps_is_listed(const char *const *names, const char *name)
{
    while (*names != NULL && !str_equal(*names, name)) {
        names++;
    }
    return *names != NULL;
}

/* braces: a doubled one is one that is meant. */
static bool known(arena *mem, const char *text, const char *const *names, bool braces,
                  const char **ret_why)
{
    for (text += strcspn(text, "{}"); *text != '\0'; text += strcspn(text, "{}")) {
        size_t len = 2;
        if (braces && is_doubled(text)) {
            text += len;
            continue;
        }
        const char *name = slot_name(mem, text, &len);
        if (name == NULL) {
            *ret_why = "A brace is not part of {name}.";
            return false;
        }
        if (!apps_is_listed(names, name)) {
            *ret_why = arena_printf(mem, "{%s} is not known here.", name);
            return false;
        }
        text += len;
    }
    return true;
}

bool apps_template_known(arena *mem, const char *text, const char *const *names,
                         const char **ret_why)
{
    return known(mem, text, names, false, ret_why);
}

void apps_check_body(const struct json_doc *d, const char *key, const json_t *body,
                     const char *const *names)
{
    const char *text = json_string_value(body), *why = NULL;
    if (text != NULL && !known(d->mem, text, names, true, &why)) {
        json_doc_fault(d, key, "%s", why);
    }
    size_t i = 0;
    json_t *item = NULL;
    json_array_foreach(body, i, item)
    {
        apps_check_body(d, key, item, names);
    }
    union {
        const json_t *given;
        json_t *open;
    } o = {.given = body}; /* jansson's iterator only reads, but its parameter is not const */
    for (void *at = json_object_iter(o.open); at != NULL; at = json_object_iter_next(o.open, at)) {
        apps_check_body(d, key, json_object_iter_value(at), names);
    }
}

const char *apps_value_text(arena *mem, const json_t *value)
{
    if (json_is_string(value)) {
        return json_string_value(value);
    }
    if (json_is_number(value) || json_is_boolean(value)) {
        return json_write(mem, value);
    }
    if (!json_is_array(value)) {
        return NULL;
    }
    struct str s = str_new(mem, LIMIT_TEMPLATE_OUTPUT);
    for (size_t i = 0; i < json_array_size(value); i++) {
        const json_t *item = json_array_get(value, i);
        str_add(&s, i == 0 ? "" : ",");
        str_add(&s, json_is_array(item) ? NULL : apps_value_text(mem, item));
    }
    return s.text;
}

static int add_value(struct str *s, const char *name, const struct apps_vars *vars, struct err *e)
{
    if (str_equal(name, vars->raw_name)) {
        str_add(s, vars->raw_value);
        return 0;
    }
    const json_t *given = json_member(vars->values, name);
    const char *value = json_is_array(given) ? NULL : apps_value_text(s->mem, given);
    if (str_empty(value) || str_equal(value, ".") || str_equal(value, "..")) {
        return err_set(e, ERR_INVALID, "bad_path", "{%s} of a path is missing or a dot segment",
                       name);
    }
    str_add_url(s, value);
    return 0;
}

int apps_template_url(arena *mem, const char *text, const struct apps_vars *vars, char **ret,
                      struct err *e)
{
    struct str s = str_new(mem, LIMIT_URL);
    while (*text != '\0') {
        size_t plain = strcspn(text, "{");
        str_add_n(&s, text, plain);
        text += plain;
        if (*text == '\0') {
            break;
        }
        size_t len = 1;
        const char *name = slot_name(mem, text, &len);
        if (name != NULL && add_value(&s, name, vars, e) != 0) {
            return -1;
        }
        text += len;
    }
    *ret = s.text;
    return apps_not_cut(&s, "a URL", e);
}

static json_t *text_json(arena *mem, const char *text, const json_t *values)
{
    size_t len = 0;
    const char *name = slot_name(mem, text, &len);
    if (name != NULL && text[len] == '\0') {
        const json_t *value = json_member(values, name);
        return value == NULL || json_is_null(value) ? NULL : json_deep_copy(value);
    }
    struct str s = str_new(mem, LIMIT_TEMPLATE_OUTPUT);
    for (; *text != '\0'; text += len) {
        len = strcspn(text, "{}");
        if (len > 0) {
            str_add_n(&s, text, len);
            continue;
        }
        len = is_doubled(text) ? 2 : 1;
        name = slot_name(mem, text, &len);
        if (name == NULL) {
            str_add_n(&s, text, 1);
        } else {
            str_add(&s, apps_value_text(mem, json_member(values, name)));
        }
    }
    return json_string(s.text);
}

const char *apps_template_text(arena *mem, const char *text, const json_t *values)
{
    const json_t *value = arena_json(mem, text_json(mem, text, values));
    const char *shown = apps_value_text(mem, value);
    return value != NULL && shown == NULL ? "" : shown;
}

static json_t *object_json(arena *mem, const json_t *body, const json_t *values)
{
    union {
        const json_t *given;
        json_t *open;
    } o = {.given = body}; /* jansson's iterator only reads, but its parameter is not const */
    json_t *out = json_object();
    for (void *at = json_object_iter(o.open); at != NULL; at = json_object_iter_next(o.open, at)) {
        json_t *value = apps_template_json(mem, json_object_iter_value(at), values);
        if (value != NULL) {
            json_object_set_new(out, json_object_iter_key(at), value);
        }
    }
    return out;
}

json_t *apps_template_json(arena *mem, const json_t *body, const json_t *values)
{
    if (json_is_string(body)) {
        return text_json(mem, json_string_value(body), values);
    }
    if (json_is_object(body)) {
        return object_json(mem, body, values);
    }
    if (!json_is_array(body)) {
        return json_deep_copy(body);
    }
    json_t *out = json_array();
    size_t i = 0;
    json_t *item = NULL;
    json_array_foreach(body, i, item)
    {
        json_t *value = apps_template_json(mem, item, values);
        if (value != NULL) {
            json_array_append_new(out, value);
        }
    }
    return out;
}
