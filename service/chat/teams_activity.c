/* What an activity of Bot Connector says about tenant, person and place, without acting on it. */
#include "teams_int.h"

#include <string.h>

#include "base/json.h"
#include "base/str.h"

enum { ID_MAX = 512, ACTION_MAX = 60, OURS_MAX = 64 };

#define THREAD_MARK ";messageid="

/* Ids stand in keys and, encoded, in URLs; what they are made of nobody has written down. Dots
 * alone are a way out of a path, encoded or not. */
static const char *id_within(const char *text)
{
    if (str_empty(text) || str_equal(text, ".") || str_equal(text, "..")) {
        return NULL;
    }
    size_t len = 0;
    while (len <= ID_MAX && text[len] > ' ' && text[len] <= '~' &&
           strchr("\"'\\<>", text[len]) == NULL) {
        len++;
    }
    return len <= ID_MAX && text[len] == '\0' ? text : NULL;
}

const char *teams_id(const json_t *object, const char *key)
{
    return id_within(json_text(object, key));
}

const char *teams_guid(arena *mem, const char *text)
{
    return str_guid(mem, text);
}

const char *teams_tenant(arena *mem, const json_t *activity)
{
    const char *of_place = json_text(json_member(activity, "conversation"), "tenantId");
    const char *of_data = json_string_value(json_at(activity, "channelData.tenant.id"));
    if (of_place != NULL && of_data != NULL && !str_equal_fold(of_place, of_data)) {
        return NULL;
    }
    return teams_guid(mem, of_place == NULL ? of_data : of_place);
}

const char *teams_user(arena *mem, const json_t *activity)
{
    return teams_guid(mem, json_text(json_member(activity, "from"), "aadObjectId"));
}

const char *teams_channel(arena *mem, const json_t *activity)
{
    const char *id = teams_id(json_member(activity, "conversation"), "id");
    return id == NULL ? NULL : id_within(arena_strndup(mem, id, strcspn(id, ";")));
}

const char *teams_thread(arena *mem, const json_t *activity)
{
    const char *id = teams_id(json_member(activity, "conversation"), "id");
    const char *mark = id == NULL ? NULL : strstr(id, THREAD_MARK);
    if (mark == NULL) {
        return NULL;
    }
    const char *root = mark + strlen(THREAD_MARK);
    return id_within(arena_strndup(mem, root, strcspn(root, ";")));
}

const json_t *teams_value(arena *mem, const json_t *activity)
{
    json_t *value = json_member(activity, "value");
    if (json_is_string(value)) {
        struct err unused = {0};
        const char *text = json_string_value(value);
        value = NULL;
        if (json_read(mem, bytes_of(text), &value, &unused) != 0) {
            return NULL;
        }
    }
    return json_is_object(value) ? value : NULL;
}

static bool fits(const json_t *press, const char *key, size_t max)
{
    const char *text = json_text(press, key);
    return text == NULL || strlen(text) <= max;
}

/* As our buttons have them: nothing else is kept of what anybody can send. */
static bool is_press(const json_t *press)
{
    const char *action = json_text(press, "a");
    return !str_empty(action) && strlen(action) <= ACTION_MAX &&
           action[strspn(action, "abcdefghijklmnopqrstuvwxyz_")] == '\0' &&
           fits(press, "v", TEAMS_VALUE_MAX) && fits(press, "m", OURS_MAX) &&
           fits(press, "t", OURS_MAX);
}

const json_t *teams_press(arena *mem, const json_t *activity)
{
    static const char *const places[] = {"wb", "action.data.wb", "data.wb"};
    const json_t *value = teams_value(mem, activity);
    for (size_t i = 0; i < sizeof places / sizeof places[0]; i++) {
        const json_t *press = json_at(value, places[i]);
        if (is_press(press)) {
            return press;
        }
    }
    return NULL;
}
