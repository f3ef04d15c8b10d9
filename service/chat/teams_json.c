#include "teams_draw.h"

#include "base/die.h"
#include "base/str.h"

json_t *teams_must(json_t *value)
{
    if (value == NULL) {
        die("out of memory for a card");
    }
    return value;
}

void teams_put(json_t *object, const char *key, json_t *value)
{
    if (json_object_set_new(object, key, teams_must(value)) != 0) {
        die("out of memory for a card");
    }
}

void teams_push(json_t *array, json_t *value)
{
    if (json_array_append_new(array, teams_must(value)) != 0) {
        die("out of memory for a card");
    }
}

void teams_put_text(json_t *object, const char *key, const char *text)
{
    if (!str_empty(text)) {
        teams_put(object, key, json_string(text));
    }
}
