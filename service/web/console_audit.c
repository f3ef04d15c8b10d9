#include "console_int.h"

#include <string.h>

/* The audit, to search in: who changed what, and when. */

/* "version: 2 · command: team note" */
static const char *detail_words(arena *mem, const json_t *detail)
{
    struct str words = str_new(mem, 4096);
    const char *key = NULL;
    const json_t *value = NULL;
    json_object_foreach((json_t *)(uintptr_t)detail, key, value)
    {
        if (json_is_null(value)) {
            continue; /* there was none: nothing to read */
        }
        const char *text = json_string_value(value);
        str_printf(&words, "%s%s: ", words.len == 0 ? "" : " · ", key);
        str_add(&words, text != NULL ? text : json_write(mem, value));
    }
    return words.text;
}

/* A long one may be broken behind its dot. */
static void put_action(arena *mem, json_t *row, const char *action)
{
    const char *dot = action == NULL ? NULL : strchr(action, '.');
    size_t len = dot == NULL ? 0 : (size_t)(dot - action) + 1;
    json_put_words(row, "action_of", len == 0 ? NULL : arena_strndup(mem, action, len));
    json_put_words(row, "action", action == NULL ? NULL : action + len);
}

static json_t *row_of(const struct console *c, const json_t *line, const json_t *names)
{
    const char *actor = json_text(line, "actor"), *subject = json_text(line, "subject");
    const json_t *detail = json_member(line, "detail");
    json_t *row = json_object();
    json_put_words(row, "at", console_time(c->mem, json_text(line, "at")));
    put_action(c->mem, row, json_text(line, "action"));
    json_put_shown(row, "actor", console_actor(names, actor));
    json_put_shown(row, "subject", subject);
    if (json_is_object(detail)) {
        json_put_shown(row, "detail", detail_words(c->mem, detail));
    }
    return row;
}

int console_audit_page(struct console *c, struct err *e)
{
    static const char *const filters[] = {"actor", "action", "subject", "since", "until", NULL};
    struct console_filter f;
    json_t *data = arena_json(c->mem, json_object()), *names = NULL;
    if (console_filter(c, filters, &f, e) != 0 ||
        console_filtered(c, api_audit_get, &f, data, e) != 0) {
        return -1;
    }
    const json_t *found = json_member(data, "found");
    if (console_names(c, console_actors(c->mem, found, "actor"), "user", &names, e) != 0) {
        return -1;
    }
    json_put(data, "any", json_boolean(json_array_size(found) > 0));
    json_put(data, "lines", json_array());
    for (size_t i = 0; i < json_array_size(found); i++) {
        json_push(json_member(data, "lines"), row_of(c, json_array_get(found, i), names));
    }
    const struct console_page page = {"console_audit.html", "Audit", "audit", 200};
    return console_show(c, &page, json_incref(data), e);
}
