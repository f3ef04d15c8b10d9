#include <string.h>

#include "console_int.h"

/* Ids of people and of channels as a text to be edited: one a line, with the name behind it. */

enum { TEXT_MAX = 256 * 1024 };

int console_ids_shown(struct console *c, const json_t *ids, char **ret, struct err *e)
{
    struct str lines = str_new(c->mem, TEXT_MAX);
    json_t *people = arena_json(c->mem, json_array()), *names = NULL;
    for (size_t i = 0; i < json_array_size(ids); i++) {
        json_push(people, json_must(json_pack("{s:O}", "user", json_array_get(ids, i))));
    }
    if (console_names(c, people, "user", &names, e) != 0) {
        return -1;
    }
    for (size_t i = 0; i < json_array_size(ids); i++) {
        const char *id = json_string_value(json_array_get(ids, i));
        const char *name = console_name(names, id);
        bool named = id != NULL && !str_equal(name, id);
        str_printf(&lines, "%s%s%s\n", id, named ? " " : "", named ? name : "");
    }
    *ret = lines.text;
    return 0;
}

json_t *console_ids_read(arena *mem, const char *lines)
{
    json_t *list = json_array();
    for (const char *rest = lines, *line; (line = str_split(mem, &rest, '\n')) != NULL;) {
        const char *trimmed = str_trim(mem, line);
        size_t len = strcspn(trimmed, " \t,;");
        if (len > 0) {
            json_push(list, json_words(arena_strndup(mem, trimmed, len)));
        }
    }
    return list;
}
