#include "bot_int.h"

#include <string.h>

#include "base/json.h"
#include "base/str.h"

/* Enough to know it again: a message holds the inputs of many commands. */
static char *shown_value(arena *mem, const char *text)
{
    enum { SHOWN_CHARACTERS = 300 };
    size_t at = 0, len = strlen(text);
    for (int n = 0; n < SHOWN_CHARACTERS && at < len; n++) {
        size_t step = str_utf8_step(text + at, len - at);
        at += step == 0 ? 1 : step;
    }
    return at == len ? arena_strdup(mem, text)
                     : arena_printf(mem, "%.*s\xE2\x80\xA6", (int)at, text);
}

static bool add_input(json_t *view, arena *mem, const char *name, const json_t *value)
{
    if (value == NULL || json_is_null(value)) {
        return false;
    }
    int64_t at = 0;
    if (recipe_instant(value, &at)) {
        view_field_at(view, name, at);
        return true;
    }
    view_field(view, name, shown_value(mem, words_value(mem, value)));
    return true;
}

void words_inputs_first(json_t *view, const struct recipe *recipe, const json_t *inputs, size_t max)
{
    arena *mem = arena_new();
    size_t shown = 0, all = json_object_size(inputs);
    const char *name = NULL;
    json_t *value = NULL;
    for (size_t i = 0; recipe != NULL && i < recipe->inputs_count && shown < max; i++) {
        name = recipe->inputs[i].name;
        shown += add_input(view, mem, name, json_member(inputs, name)) ? 1 : 0;
    }
    json_object_foreach((json_t *)(uintptr_t)inputs, name, value)
    {
        if (recipe == NULL && shown < max) {
            shown += add_input(view, mem, name, value) ? 1 : 0;
        }
    }
    if (shown == max && all > shown) {
        view_note(view, "and %lld more", (long long)(all - shown));
    }
    arena_free(mem);
}

char *words_input(arena *mem, const struct recipe *recipe, const json_t *inputs)
{
    enum { WORDS_MAX = 60 };
    for (size_t i = 0; i < recipe->inputs_count; i++) {
        const char *name = recipe->inputs[i].name;
        const json_t *value = json_member(inputs, name);
        if (value != NULL && !json_is_null(value)) {
            return arena_printf(mem, "%s: %s", name,
                                str_cut(mem, words_value(mem, value), WORDS_MAX));
        }
    }
    return NULL;
}

void words_inputs(json_t *view, const struct recipe *recipe, const json_t *inputs)
{
    words_inputs_first(view, recipe, inputs, SIZE_MAX);
}
