#include "base/json.h"

#include <string.h>

#include "base/limits.h"
#include "base/str.h"

struct size {
    size_t depth;  /* brackets open at once; jansson's own limit is far above ours */
    size_t values; /* at least as many as there are; a value of two bytes takes three hundred */
};

/* Before anything is made of it: 4 MB of "{}," would take 400. */
static struct size size_of(struct bytes text)
{
    struct size most = {.values = 1};
    size_t depth = 0;
    bool quoted = false;
    for (size_t i = 0; i < text.len; i++) {
        uint8_t c = text.data[i];
        if (quoted) {
            i += c == '\\' ? 1 : 0;
            quoted = c != '"';
        } else if (c == '"') {
            quoted = true;
        } else if (c == '[' || c == '{') {
            depth++;
            most.values++;
            most.depth = depth > most.depth ? depth : most.depth;
        } else if (c == ',') {
            most.values++;
        } else if ((c == ']' || c == '}') && depth > 0) {
            depth--;
        }
    }
    return most;
}

/* Our own words: jansson's quote the document, which may hold secrets. */
static const char *words_of(enum json_error_code code)
{
    static const struct {
        enum json_error_code code;
        const char *words;
    } rows[] = {
        {json_error_premature_end_of_input, "it ends too early"},
        {json_error_end_of_input_expected, "something follows the document"},
        {json_error_invalid_utf8, "it is not UTF-8"},
        {json_error_null_character, "it holds a NUL character"},
        {json_error_null_byte_in_key, "a key holds a NUL character"},
        {json_error_duplicate_key, "a key stands twice in one object"},
        {json_error_numeric_overflow, "a number is too large"},
        {json_error_stack_overflow, "it is nested too deeply"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (rows[i].code == code) {
            return rows[i].words;
        }
    }
    return "it is not well-formed";
}

static int check_size(struct bytes text, size_t values_max, struct err *e)
{
    const struct size size = size_of(text);
    if (text.len == 0) {
        return err_set(e, ERR_INPUT, "bad_json", "not JSON: it is empty");
    }
    if (size.depth > LIMIT_JSON_DEPTH) {
        return err_set(e, ERR_INPUT, "bad_json", "not JSON for us: over %d levels deep",
                       LIMIT_JSON_DEPTH);
    }
    if (size.values > values_max) {
        return err_set(e, ERR_INPUT, "bad_json", "not JSON for us: over %zu values", values_max);
    }
    return 0;
}

static int parse(arena *mem, struct bytes text, json_t **ret, struct json_place *ret_place,
                 struct err *e)
{
    json_error_t fault;
    json_t *value = json_loadb((const char *)text.data, text.len,
                               JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &fault);
    if (value == NULL) {
        *ret_place = (struct json_place){.line = fault.line, .column = fault.column};
        return err_set(e, ERR_INPUT, "bad_json", "not JSON: %s (line %d, column %d)",
                       words_of(json_error_code(&fault)), fault.line, fault.column);
    }
    *ret = arena_json(mem, value);
    return 0;
}

int json_read(arena *mem, struct bytes text, json_t **ret, struct err *e)
{
    struct json_place unused;
    return json_read_placed(mem, text, ret, &unused, e);
}

int json_read_ours(arena *mem, struct bytes text, json_t **ret, struct err *e)
{
    struct json_place unused;
    return check_size(text, SIZE_MAX, e) != 0 ? -1 : parse(mem, text, ret, &unused, e);
}

int json_read_placed(arena *mem, struct bytes text, json_t **ret, struct json_place *ret_place,
                     struct err *e)
{
    *ret_place = (struct json_place){.line = 1, .column = 1};
    return check_size(text, LIMIT_JSON_VALUES_COUNT, e) != 0 ? -1
                                                             : parse(mem, text, ret, ret_place, e);
}

json_t *json_member(const json_t *object, const char *key)
{
    return json_object_get(object, key);
}

const char *json_text(const json_t *object, const char *key)
{
    return json_string_value(json_object_get(object, key));
}

int64_t json_i64(const json_t *object, const char *key)
{
    return json_integer_value(json_object_get(object, key));
}

bool json_flag(const json_t *object, const char *key)
{
    return json_is_true(json_object_get(object, key));
}

static json_t *array_at(const json_t *array, const char *digits, size_t len)
{
    size_t index = 0;
    for (size_t i = 0; i < len; i++) {
        if (digits[i] < '0' || digits[i] > '9' || __builtin_mul_overflow(index, 10, &index) ||
            __builtin_add_overflow(index, (size_t)(digits[i] - '0'), &index)) {
            return NULL;
        }
    }
    return len == 0 ? NULL : json_array_get(array, index);
}

static json_t *step_into(const json_t *value, const char *name, size_t len)
{
    if (json_is_array(value)) {
        return array_at(value, name, len);
    }
    return json_object_getn(value, name, len);
}

json_t *json_at(const json_t *value, const char *path)
{
    if (value == NULL || str_empty(path)) {
        return NULL;
    }
    size_t len = strcspn(path, ".");
    json_t *found = step_into(value, path, len);
    while (found != NULL && path[len] == '.') {
        path += len + 1;
        len = strcspn(path, ".");
        found = step_into(found, path, len);
    }
    return found;
}

bool json_has(const json_t *list, const char *text)
{
    for (size_t i = 0; i < json_array_size(list); i++) {
        if (str_equal(json_string_value(json_array_get(list, i)), text)) {
            return true;
        }
    }
    return false;
}
