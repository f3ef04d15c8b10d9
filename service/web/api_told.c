#include "api_int.h"

#include <stdlib.h>
#include <string.h>

#include "base/str.h"

/* What the audit says of a change besides its name: who came and went, what stood before. Never a
 * secret: of those it says only that they changed. */

enum { TOLD_MAX = 100 }; /* names in one line of the audit */

static int by_text(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static struct api_list sorted(arena *mem, struct api_list of)
{
    const char **texts = arena_array(mem, of.count + 1, sizeof *texts);
    for (size_t i = 0; i < of.count; i++) {
        texts[i] = of.texts[i];
    }
    qsort(texts, of.count, sizeof *texts, by_text);
    return (struct api_list){texts, of.count};
}

/* What stands in `in` and not in `out`: both are in order. */
static json_t *without(struct api_list in, struct api_list out)
{
    json_t *list = json_must(json_array());
    size_t at = 0;
    for (size_t i = 0; i < in.count; i++) {
        while (at < out.count && strcmp(out.texts[at], in.texts[i]) < 0) {
            at++;
        }
        if (at == out.count || !str_equal(out.texts[at], in.texts[i])) {
            json_push(list, json_must(json_string(in.texts[i])));
        }
    }
    return list;
}

/* The first of them by name, and how many they are. */
static void tell(arena *mem, json_t *detail, const char *key, json_t *list)
{
    size_t count = json_array_size(list);
    json_put(detail, arena_printf(mem, "%s_count", key),
             json_must(json_integer((json_int_t)count)));
    while (json_array_size(list) > TOLD_MAX) {
        json_array_remove(list, json_array_size(list) - 1);
    }
    json_put(detail, key, list);
}

bool api_tell_list(arena *mem, json_t *detail, const char *prefix, struct api_list was,
                   struct api_list now)
{
    was = sorted(mem, was);
    now = sorted(mem, now);
    json_t *added = without(now, was), *removed = without(was, now);
    bool differs = json_array_size(added) + json_array_size(removed) > 0;
    tell(mem, detail, arena_printf(mem, "%sadded", prefix), added);
    tell(mem, detail, arena_printf(mem, "%sremoved", prefix), removed);
    return differs;
}

void api_tell_change(arena *mem, json_t *detail, const char *key, const char *was, const char *now)
{
    if (!str_equal(was, now)) {
        const char *before = arena_printf(mem, "%s_before", key);
        json_put(detail, before, json_must(was == NULL ? json_null() : json_string(was)));
        json_put(detail, key, json_must(now == NULL ? json_null() : json_string(now)));
    }
}
