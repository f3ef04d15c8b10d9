#include "api_int.h"

#include <stdlib.h>
#include <string.h>

#include "base/str.h"

/*
 * Ids of users and conversations in a body. They are compared with those that events name, letter
 * by letter: one in other letters, or an e-mail address in its place, would be nobody's for ever.
 */

static const char HOW[] =
    "No user of that chat has such an id. In Teams it is the person's object id of Entra.";

static const char HOW_PLACE[] =
    "No conversation of that chat has such an id. In Teams it looks like 19:...@thread.tacv2: give "
    "it, or the link that Teams copies for the channel.";

/* As events name it; NULL: it can be nobody's. */
static const char *named_in(arena *mem, const char *workspace, const char *text)
{
    const struct chat_driver *platform = chats_platform(workspace);
    return platform == NULL || platform->user_id == NULL ? text : platform->user_id(mem, text);
}

static const char *as_named(const struct api *a, const char *text)
{
    return named_in(a->mem, a->workspace, text);
}

const char *api_user_in(const struct json_doc *d, arena *mem, const char *workspace,
                        const char *key, const char *word)
{
    const char *id = word == NULL ? NULL : named_in(mem, workspace, word);
    if (word != NULL && id == NULL) {
        json_doc_fault(d, key, "%s", HOW);
    }
    return id;
}

const char *api_user(const struct api *a, const char *key)
{
    return api_user_in(&a->doc, a->mem, a->workspace, key, api_word(&a->doc, key, API_USER_ID_MAX));
}

const char **api_users(const struct api *a, const char *key, size_t *ret_count)
{
    size_t given = 0, count = 0;
    size_t faults = a->faults.count;
    const char **list = api_words(&a->doc, key, API_USER_ID_MAX, &given);
    for (size_t i = 0; i < given && a->faults.count == faults; i++) {
        const char *id = as_named(a, list[i]);
        const char *path = arena_printf(a->mem, "%s[%zu]", key, i);
        if (id == NULL) {
            json_doc_fault(&a->doc, path, "%s", HOW);
        } else if (str_in(list, count, id)) {
            json_doc_fault(&a->doc, path, "This stands in the list twice.");
        } else {
            list[count++] = id;
        }
    }
    *ret_count = count;
    return list;
}

static int by_text(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

const char **api_people(const struct api *a, const char *key, size_t max, size_t *ret_count)
{
    json_t *list = json_doc_array(&a->doc, key, true, max);
    const char **ids = arena_array(a->mem, json_array_size(list) + 1, sizeof *ids);
    size_t given = 0, count = 0;
    for (size_t i = 0; i < json_array_size(list); i++) {
        const char *word = json_string_value(json_array_get(list, i));
        bool fits = !str_empty(word) && strlen(word) <= API_USER_ID_MAX &&
                    word[strcspn(word, " \t\r\n")] == '\0';
        const char *id = fits ? as_named(a, word) : NULL;
        if (id == NULL) {
            json_doc_fault(&a->doc, arena_printf(a->mem, "%s[%zu]", key, i), "%s", HOW);
        } else {
            ids[given++] = id;
        }
    }
    qsort(ids, given, sizeof *ids, by_text);
    for (size_t i = 0; i < given; i++) {
        if (count == 0 || !str_equal(ids[count - 1], ids[i])) {
            ids[count++] = ids[i];
        }
    }
    *ret_count = count;
    return ids;
}

typedef const char *named_fn(arena *mem, const char *text);

static void name_all(struct api *a, const char *key, named_fn *named, const char *how)
{
    json_t *list = json_object_get(json_object_get(a->body, "allow"), key);
    for (size_t i = 0; named != NULL && i < json_array_size(list); i++) {
        const char *given = json_string_value(json_array_get(list, i));
        const char *id = given == NULL ? NULL : named(a->mem, given);
        if (given != NULL && id == NULL) {
            faults_add(&a->faults, arena_printf(a->mem, "allow.%s[%zu]", key, i), "%s", how);
        } else if (given != NULL && !str_equal(given, id)) {
            json_array_set_new(list, i, json_string(id));
        }
    }
}

void api_recipe_allow(struct api *a)
{
    const struct chat_driver *platform = chats_platform(a->workspace);
    if (platform != NULL) {
        name_all(a, "users", platform->user_id, HOW);
        name_all(a, "channels", platform->channel_id, HOW_PLACE);
    }
}
