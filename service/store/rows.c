#include "store_int.h"

#include <string.h>

#include "base/die.h"
#include "base/json.h"
#include "base/str.h"

int store_ask_all(store *s, const struct store_ask *ask, void **ret, size_t *ret_count,
                  struct err *e)
{
    rows *r = NULL;
    if (store_query(s, ask->stmt, ask->args, &r, e) != 0) {
        return -1;
    }
    size_t count = rows_count(r);
    char *list = arena_array(s->mem, count == 0 ? 1 : count, ask->size);
    for (size_t i = 0; i < count; i++) {
        if (ask->read(s, r, i, list + i * ask->size, e) != 0) {
            return err_wrap(e, "%s", ask->stmt->name);
        }
    }
    *ret = list;
    *ret_count = count;
    return 0;
}

int store_ask_one(store *s, const struct store_ask *ask, void **ret, struct err *e)
{
    size_t count = 0;
    void *list = NULL;
    if (store_ask_all(s, ask, &list, &count, e) != 0) {
        return -1;
    }
    *ret = count == 0 ? NULL : list;
    return 0;
}

int store_touch_one(store *s, const struct stmt *stmt, const struct db_arg *args, const char *code,
                    struct err *e)
{
    if (store_query(s, stmt, args, NULL, e) != 0) {
        return -1;
    }
    if (db_affected(s->c) == 0) {
        return err_set(e, ERR_NOT_FOUND, code, "%s: no such row", stmt->name);
    }
    return 0;
}

const json_t *store_object(arena *mem, const char *text)
{
    json_t *value = NULL;
    struct err why = {0};
    bool object = text != NULL && json_read_ours(mem, bytes_of(text), &value, &why) == 0 &&
                  json_is_object(value);
    return object ? value : arena_json(mem, json_object());
}

char *store_object_text(arena *mem, const json_t *object)
{
    return json_is_object(object) ? json_write(mem, object) : arena_strdup(mem, "{}");
}

/* One element, in quotes or bare; *at moves behind it. */
static char *array_element(arena *mem, const char **at)
{
    const char *from = *at;
    bool quoted = *from == '"';
    char *text = arena_alloc(mem, strlen(from) + 1);
    size_t len = 0;
    for (from += quoted ? 1 : 0; *from != '\0'; from++) {
        if (quoted ? *from == '"' : *from == ',' || *from == '}') {
            break;
        }
        if (*from == '\\' && from[1] != '\0') {
            from++;
        }
        text[len++] = *from;
    }
    *at = from + (quoted && *from == '"' ? 1 : 0);
    return !quoted && str_equal(text, "NULL") ? arena_strdup(mem, "") : text;
}

const char **store_texts(arena *mem, const char *literal, size_t *ret_count)
{
    const char *at = literal == NULL ? "{}" : literal;
    size_t commas = 0;
    for (const char *c = at; *c != '\0'; c++) {
        commas += *c == ',' ? 1 : 0;
    }
    const char **list = arena_array(mem, commas + 1, sizeof *list);
    size_t count = 0;
    if (*at++ != '{') {
        die("no text array: a column of another type was read");
    }
    while (*at != '}' && *at != '\0') {
        list[count++] = array_element(mem, &at);
        at += *at == ',' ? 1 : 0;
    }
    *ret_count = count;
    return list;
}

int store_name_index(const char *const *names, int count, const char *text, int unknown)
{
    for (int i = 0; i < count; i++) {
        if (str_equal(names[i], text)) {
            return i;
        }
    }
    return unknown;
}

int store_ask_texts(store *s, const struct stmt *stmt, const struct db_arg *args, const char ***ret,
                    size_t *ret_count, struct err *e)
{
    rows *r = NULL;
    if (store_query(s, stmt, args, &r, e) != 0) {
        return -1;
    }
    size_t count = rows_count(r);
    const char **list = arena_array(s->mem, count + 1, sizeof(*list));
    for (size_t i = 0; i < count; i++) {
        list[i] = row_text(r, i, 0);
    }
    *ret = list;
    *ret_count = count;
    return 0;
}
