#include "store/erase.h"

#include <string.h>

#include "base/json.h"
#include "base/str.h"
#include "store_int.h"

/* Columns that hold one id, state, kind or name of ours: no word within one is anybody's. */

static bool is_one_of(const char *value, const char **list, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (str_equal(value, list[i])) {
            return true;
        }
    }
    return false;
}

const char *store_erase_key(arena *mem, const struct erase *x, bool is_account, const char *value)
{
    const char *prefix = str_starts(value, "user:") ? "user:" : "";
    if (is_one_of(value + strlen(prefix), x->keys, x->keys_count)) {
        return arena_printf(mem, "%s%s", prefix, x->pseudonym);
    }
    bool theirs = is_account && (is_one_of(value, x->ids, x->ids_count) ||
                                 is_one_of(value, x->names, x->names_count));
    return theirs ? x->pseudonym : NULL;
}

const char *store_erase_keys(arena *mem, const struct erase *x, const char *array)
{
    bool changed = false;
    json_t *list = NULL;
    struct err why = {0};
    if (json_read(mem, bytes_of(array), &list, &why) != 0) {
        return NULL;
    }
    for (size_t i = 0; i < json_array_size(list); i++) {
        const char *one = json_string_value(json_array_get(list, i));
        const char *new = one == NULL ? NULL : store_erase_key(mem, x, false, one);
        changed = (new != NULL &&json_array_set_new(list, i, json_string(new)) == 0) || changed;
    }
    return changed ? json_write(mem, list) : NULL;
}
