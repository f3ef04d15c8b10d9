/*
 * A path, then a line break, then JSON. Whatever the path: looking ends, finds what stands in the
 * document or nothing, and a condition with it has an answer. A path that passes the check prints
 * the same as a template as json_at() finds; one that does not is refused there.
 */
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/str.h"
#include "recipe.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool holds)
{
    if (!holds) {
        abort();
    }
}

static bool stands_in(const json_t *document, const json_t *value)
{
    const char *name = NULL;
    json_t *member = NULL;
    if (document == value) {
        return true;
    }
    for (size_t i = 0; i < json_array_size(document); i++) {
        if (stands_in(json_array_get(document, i), value)) {
            return true;
        }
    }
    json_object_foreach((json_t *)(uintptr_t)document, name, member)
    {
        if (stands_in(member, value)) {
            return true;
        }
    }
    return false;
}

static void ask(arena *mem, const char *path, const json_t *document, const json_t *value)
{
    static const char *const operators[] = {"equal", "not_equal", "greater",  "less",
                                            "empty", "not_empty", "contains", "one_of"};
    bool answers[8] = {false};
    json_t *list = arena_json(mem, json_pack("[O?]", value));
    for (size_t i = 0; i < 8; i++) {
        struct err e = {0};
        json_t *when = arena_json(mem, json_pack("{s:s, s:s}", "path", path, "is", operators[i]));
        if (i < 4 || i == 6) {
            json_object_set_new(when, "value", json_string("5"));
        } else if (i == 7) {
            json_object_set(when, "value", list);
        }
        if (recipe_condition(mem, when, document, &answers[i], &e) != 0) {
            must(str_equal(e.code, "template_too_long"));
            return;
        }
    }
    must(answers[0] != answers[1] && answers[4] != answers[5]);
    must(!(answers[2] && answers[3]) && !(answers[0] && (answers[2] || answers[3])));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    arena *mem = arena_new();
    char *path = arena_strndup(mem, (const char *)data, size);
    char *line = strchr(path, '\n');
    const char *json = line == NULL ? "{\"a\":[{\"b\":5},\"x\"],\"c\":null}" : line + 1;
    json_t *document = NULL;
    struct err e = {0};
    if (line != NULL) {
        *line = '\0';
    }
    if (str_is_utf8(path, strlen(path)) && json_read(mem, bytes_of(json), &document, &e) == 0) {
        const json_t *found = json_at(document, path);
        must(found == NULL || stands_in(document, found));
        const char *why = NULL, *text = arena_printf(mem, "{{%s}}", path);
        if (strpbrk(path, "|{} ") == NULL && template_check(text, &why)) {
            const json_t *value = NULL;
            must(template_value(mem, text, document, &value, &e) == 0 && value == found);
        }
        ask(mem, path, document, found);
    }
    arena_free(mem);
    return 0;
}
