#include "apps_int.h"

#include <string.h>
#include <time.h>

#include "base/limits.h"
#include "base/str.h"
#include "crypto.h"

/* What may stand in `with` of a step: when a recipe is written, and again when it runs. */

enum { LIST_MAX = 100, DATE_LENGTH = 10, FILE_MAX = 10 * 1024 * 1024 };

bool apps_input_empty(const json_t *value)
{
    return value == NULL || json_is_null(value) || str_equal(json_string_value(value), "");
}

static bool matches(const regex_t *pattern, size_t max, const char *text)
{
    if (max != 0 && str_characters(text) > max) {
        return false;
    }
    return pattern == NULL ||
           (strlen(text) <= LIMIT_INPUT_VALUE && regexec(pattern, text, 0, NULL, 0) == 0);
}

/* --- values --- */

static json_t *stripped(arena *mem, const char *text, const char *strip)
{
    struct str s = str_new(mem, strlen(text));
    while (*text != '\0') {
        size_t keep = strcspn(text, strip);
        str_add_n(&s, text, keep);
        text += keep;
        text += strspn(text, strip);
    }
    return json_string(s.text);
}

static json_t *number_of(arena *mem, const char *text)
{
    json_t *value = NULL;
    struct err why = {0};
    const char *plain = str_trim(mem, text);
    const struct bytes bytes = {(const uint8_t *)plain, strlen(plain)};
    if (json_read(mem, bytes, &value, &why) != 0 || !json_is_number(value)) {
        return json_string(text);
    }
    return json_incref(value);
}

json_t *apps_input_value(arena *mem, const struct apps_input *in, const json_t *value)
{
    const char *text = json_string_value(value);
    if (text != NULL && in->strip != NULL) {
        return stripped(mem, text, in->strip);
    }
    if (text != NULL && in->type == INPUT_NUMBER) {
        return number_of(mem, text);
    }
    if (in->type == INPUT_BOOLEAN && (str_equal(text, "true") || str_equal(text, "false"))) {
        return json_boolean(text[0] == 't');
    }
    /* a file may be large, and nobody changes it */
    return in->type == INPUT_FILE ? json_incref((json_t *)(uintptr_t)value) : json_deep_copy(value);
}

/* --- what does not do --- */

static bool is_date(const char *text)
{
    struct tm day = {0};
    if (strlen(text) != DATE_LENGTH || strspn(text, "0123456789-") != DATE_LENGTH) {
        return false;
    }
    const char *end = strptime(text, "%Y-%m-%d", &day);
    struct tm same = day;
    return end != NULL && *end == '\0' && timegm(&same) != -1 && same.tm_mday == day.tm_mday;
}

static bool is_right_list(const struct apps_input *in, const json_t *value)
{
    size_t i = 0;
    const json_t *item = NULL;
    json_array_foreach(value, i, item)
    {
        const char *text = json_string_value(item);
        bool plain = text != NULL || json_is_number(item) || json_is_boolean(item);
        if (!plain || (text == NULL ? in->pattern != NULL : !matches(in->pattern, in->max, text))) {
            return false;
        }
    }
    return json_is_array(value) && json_array_size(value) <= LIST_MAX;
}

bool apps_input_file(arena *mem, const json_t *value, const char **ret_name, struct bytes *ret)
{
    const char *name = json_text(value, "name");
    const json_t *plain = json_member(value, "content");
    const char *coded = json_text(value, "content_base64");
    struct bytes data = {(const uint8_t *)json_string_value(plain), json_string_length(plain)};
    if (str_empty(name) || strlen(name) > LIMIT_LABEL || json_object_size(value) != 2 ||
        strpbrk(name, "/\\\r\n") != NULL || (coded == NULL) != json_is_string(plain)) {
        return false;
    }
    if (coded != NULL &&
        (strlen(coded) > FILE_MAX / 3 * 4 + 4 || !crypto_from_base64(mem, coded, &data))) {
        return false;
    }
    *ret_name = name;
    *ret = data;
    return data.len <= FILE_MAX;
}

static bool is_right_file(const json_t *value)
{
    arena *own = arena_new();
    const char *name = NULL;
    struct bytes data;
    bool right = apps_input_file(own, value, &name, &data);
    arena_free(own);
    return right;
}

static bool is_right(const struct apps_input *in, const json_t *value)
{
    const char *text = json_string_value(value);
    switch (in->type) {
    case INPUT_OBJECT:
        return json_is_object(value);
    case INPUT_NUMBER:
        return json_is_number(value);
    case INPUT_BOOLEAN:
        return json_is_boolean(value);
    case INPUT_LIST:
        return is_right_list(in, value);
    case INPUT_FILE:
        return is_right_file(value);
    case INPUT_DATE:
        return text != NULL && is_date(text);
    case INPUT_TEXT:
    case INPUT_SOQL:
        break;
    }
    return text != NULL && matches(in->pattern, in->max, text);
}

static const char *object_fault(arena *mem, const struct apps_input *in, const json_t *value)
{
    union {
        const json_t *given;
        json_t *open;
    } o = {.given = value}; /* jansson's iterator only reads, but its parameter is not const */
    for (void *at = json_object_iter(o.open); at != NULL; at = json_object_iter_next(o.open, at)) {
        if (!matches(in->keys, in->max, json_object_iter_key(at))) {
            return arena_printf(mem, "This must be %s: one name in it is none.", in->words);
        }
    }
    return NULL;
}

const char *apps_input_fault(arena *mem, const struct apps_input *in, const json_t *value)
{
    if (!is_right(in, value)) {
        return arena_printf(mem, "This must be %s.", in->words);
    }
    return in->type == INPUT_OBJECT ? object_fault(mem, in, value) : NULL;
}

/* --- a recipe, before it runs --- */

/* A template becomes a value only when the command runs. */
static bool is_template(const json_t *value)
{
    return json_is_string(value) && strstr(json_string_value(value), "{{") != NULL;
}

static bool holds_template(const json_t *value)
{
    size_t i = 0;
    const json_t *item = NULL;
    json_array_foreach(value, i, item)
    {
        if (is_template(item)) {
            return true;
        }
    }
    return is_template(value) || is_template(json_member(value, "name")) ||
           is_template(json_member(value, "content")) ||
           is_template(json_member(value, "content_base64"));
}

/* Each :name of a query must have a value, and no template may stand in the query itself: what a
 * user types would become part of it. */
static void check_soql(const struct apps_input *in, const struct json_doc *with)
{
    const json_t *value = json_member(with->object, in->name);
    const json_t *values = json_member(with->object, in->values);
    if (is_template(value)) {
        json_doc_fault(with, in->name,
                       "A query may hold no {{template}}: write :name, and put the template under "
                       "\"%s\".",
                       in->values);
        return;
    }
    const char *at = json_string_value(value);
    for (const char *name; at != NULL && (name = apps_soql_next(with->mem, &at)) != NULL;) {
        if (!is_template(values) && json_object_get(values, name) == NULL) {
            json_doc_fault(with, in->values, "The query's :%s has no value here.", name);
        }
    }
}

static void check_input(const struct apps_input *in, const struct json_doc *with)
{
    const json_t *value = json_member(with->object, in->name);
    if (value == NULL || json_is_null(value)) {
        if (in->required && with->object != NULL) {
            json_doc_fault(with, in->name, "This is required.");
        }
        return;
    }
    if (in->type == INPUT_SOQL) {
        check_soql(in, with);
    }
    if (is_template(value) || (in->type != INPUT_OBJECT && holds_template(value))) {
        return;
    }
    const json_t *as_sent = arena_json(with->mem, apps_input_value(with->mem, in, value));
    const char *fault = apps_input_fault(with->mem, in, as_sent);
    if (fault != NULL) {
        json_doc_fault(with, in->name, "%s", fault);
    }
}

void app_action_check(const app_action *x, const struct json_doc *with)
{
    const char **names = arena_array(with->mem, x->inputs_count + 1, sizeof(*names));
    for (size_t i = 0; i < x->inputs_count; i++) {
        names[i] = x->inputs[i].name;
        check_input(&x->inputs[i], with);
    }
    json_doc_known(with, names);
}
