#include "base/json.h"

#include <string.h>

#include "base/die.h"
#include "base/str.h"

json_t *json_must(json_t *value)
{
    if (value == NULL) {
        die("out of memory for JSON");
    }
    return value;
}

void json_put(json_t *object, const char *key, json_t *value)
{
    if (json_object_set_new(object, key, json_must(value)) != 0) {
        die("out of memory for JSON");
    }
}

void json_push(json_t *array, json_t *value)
{
    if (json_array_append_new(array, json_must(value)) != 0) {
        die("out of memory for JSON");
    }
}

json_t *json_words(const char *text)
{
    text = text == NULL ? "" : text;
    json_t *value = json_string(text);
    if (value == NULL) {
        arena *mem = arena_new();
        value = json_string(str_clean(mem, text));
        arena_free(mem);
    }
    return json_must(value);
}

json_t *json_shown(const char *text)
{
    /* of nearly all texts nothing is dropped: the UTF-8 of what would be begins with this byte */
    if (text == NULL || strchr(text, '\xE2') == NULL) {
        return json_words(text);
    }
    arena *mem = arena_new();
    json_t *value = json_words(str_straight(mem, text));
    arena_free(mem);
    return value;
}

void json_put_words(json_t *object, const char *key, const char *text)
{
    if (text != NULL) {
        json_put(object, key, json_words(text));
    }
}

void json_put_shown(json_t *object, const char *key, const char *text)
{
    if (text != NULL) {
        json_put(object, key, json_shown(text));
    }
}

json_t *json_texts(const char *const *list, size_t count)
{
    json_t *texts = json_array();
    for (size_t i = 0; i < count; i++) {
        json_array_append_new(texts, json_string(list[i]));
    }
    return texts;
}
