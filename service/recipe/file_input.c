#include "recipe.h"

#include <string.h>

#include "base/json.h"
#include "base/limits.h"
#include "base/str.h"

/* An input that is a file of the chat: who it is and what it is called. Its bytes stay where they
 * are until a step wants them (files.c). */

bool recipe_is_file(const json_t *value)
{
    return json_object_size(value) == 4 && json_text(value, "id") != NULL &&
           json_text(value, "name") != NULL && json_text(value, "mime") != NULL &&
           json_is_integer(json_member(value, "size"));
}

/* Whatever could be a path is none, as an app will want it. */
static const char *name_of(arena *mem, const json_t *sent)
{
    char *name = str_cut(mem, json_text(sent, "name"), LIMIT_LABEL);
    for (char *at = name; *at != '\0'; at++) {
        bool odd = strchr("/\\", *at) != NULL || (unsigned char)*at < ' ' || *at == 0x7f;
        *at = odd ? '_' : *at;
    }
    return str_empty(name) ? "file" : name;
}

static bool ends_well(const struct recipe_input *in, const char *name)
{
    const char *dot = strrchr(name, '.');
    for (size_t i = 0; dot != NULL && i < in->endings_count; i++) {
        if (str_equal_fold(dot + 1, in->endings[i])) {
            return true;
        }
    }
    return in->endings_count == 0;
}

static const char *wrong_ending(arena *mem, const struct recipe_input *in)
{
    struct str list = str_new(mem, 400);
    for (size_t i = 0; i < in->endings_count; i++) {
        str_printf(&list, "%s.%s", i == 0 ? "" : ", ", in->endings[i]);
    }
    return arena_printf(mem, "Choose a file of one of these kinds: %s.", list.text);
}

bool recipe_input_file(arena *mem, const struct recipe_input *in, const json_t *sent, json_t **ret,
                       const char **ret_why)
{
    if (in->type != INPUT_FILE || !recipe_is_file(sent)) {
        *ret_why = "Please choose a file.";
        return false;
    }
    const char *name = name_of(mem, sent);
    json_int_t size = json_i64(sent, "size");
    if (size > LIMIT_FILE_GIVEN) {
        *ret_why = arena_printf(mem, "This file is larger than %d MB, the most that I take.",
                                LIMIT_FILE_GIVEN / 1024 / 1024);
        return false;
    }
    if (!ends_well(in, name)) {
        *ret_why = wrong_ending(mem, in);
        return false;
    }
    *ret = arena_json(
        mem, json_must(json_pack("{s:s, s:s, s:I, s:s}", "id", json_text(sent, "id"), "name", name,
                                 "size", size < 0 ? 0 : size, "mime", json_text(sent, "mime"))));
    return true;
}
