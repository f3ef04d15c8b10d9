#include "slack.h"

#include "world.h"

#include <stdlib.h>
#include <string.h>

enum { VIEW_BYTES_MAX = 250 * 1024, VIEWS_MAX = 10000 };

static json_t *views; /* id -> view, with _user */

void slack_views_reset(void)
{
    json_decref(views);
    views = json_object();
}

json_t *slack_views(void)
{
    return views;
}

/* The view argument, checked. NULL: *ret_error tells. */
static json_t *read_view(const struct slack_call *call, const char *type, json_t **ret_error)
{
    bool bad = false;
    *ret_error = NULL;
    json_t *view = slack_arg_json(call, "view", &bad);
    if (bad || !json_is_object(view)) {
        json_decref(view);
        *ret_error = slack_error("invalid_arguments");
        return NULL;
    }
    json_t *faults = json_array();
    slack_view_check(view, faults);
    if (json_array_size(faults) == 0 && strcmp(json_str_or(view, "type", ""), type) != 0) {
        json_array_append_new(faults, json_string("must be a valid view type for this method "
                                                  "[json-pointer:/view/type]"));
    }
    size_t bytes = json_dumpb(view, NULL, 0, JSON_COMPACT);
    if (bytes > VIEW_BYTES_MAX) {
        *ret_error = slack_error("view_too_large");
    } else if (json_array_size(faults) > 0) {
        json_t *messages = json_array();
        for (size_t i = 0; i < json_array_size(faults); i++) {
            char *line = xasprintf("[ERROR] %s", json_string_value(json_array_get(faults, i)));
            json_array_append_new(messages, json_string(line));
            free(line);
        }
        *ret_error = json_pack("{s:b, s:s, s:{s:o}}", "ok", false, "error", "invalid_arguments",
                               "response_metadata", "messages", messages);
    }
    json_decref(faults);
    if (*ret_error != NULL) {
        json_decref(view);
        return NULL;
    }
    return view;
}

static json_t *stored(const struct slack_call *call, json_t *view, const char *id, const char *user)
{
    char hash[41];
    random_hex(hash, 8);
    char *stamp = xasprintf("%lld.%s", (long long)(clock_now_ms() / 1000), hash);
    slack_blocks_fill(json_object_get(view, "blocks"));
    json_object_set_new(view, "id", json_string(id));
    json_object_set(view, "team_id", json_object_get(call->team, "id"));
    json_object_set_new(view, "app_id", json_string(slack_app("app_id")));
    json_object_set_new(view, "bot_id", json_string(slack_bot(call->team, "bot_id")));
    json_object_set(view, "app_installed_team_id", json_object_get(call->team, "id"));
    json_object_set_new(view, "root_view_id", json_string(id));
    json_object_set_new(view, "previous_view_id", json_null());
    json_object_set_new(view, "hash", json_string(stamp));
    json_object_set_new(view, "state", json_pack("{s:{}}", "values"));
    json_object_set_new(view, "_user", json_string(user));
    json_object_set(views, id, view);
    while (json_object_size(views) > VIEWS_MAX) {
        char *oldest = xstrdup(json_object_iter_key(json_object_iter(views)));
        json_object_del(views, oldest);
        free(oldest);
    }
    free(stamp);
    slack_crawl(view);
    world_touch();
    json_t *public = slack_message_public(view);
    json_decref(view);
    return json_pack("{s:b, s:o}", "ok", true, "view", public);
}

static json_t *views_open(struct slack_call *call)
{
    json_t *error = NULL;
    json_t *view = read_view(call, "modal", &error);
    if (error != NULL) {
        return error;
    }
    const char *user = NULL;
    const char *refused = slack_trigger_use(slack_arg(call, "trigger_id"), call->team, &user);
    if (refused != NULL) {
        json_decref(view);
        return slack_error(refused);
    }
    char *id = random_id("V0", 9);
    json_t *answer = stored(call, view, id, user);
    free(id);
    return answer;
}

static json_t *find_view(const struct slack_call *call)
{
    const char *id = slack_arg(call, "view_id");
    const char *external = slack_arg(call, "external_id");
    json_t *found = NULL;
    const char *key = NULL;
    json_t *view = NULL;
    json_object_foreach(views, key, view)
    {
        bool mine =
            strcmp(json_str_or(view, "team_id", ""), json_str_or(call->team, "id", "")) == 0;
        bool same = id != NULL ? strcmp(key, id) == 0
                               : external != NULL &&
                                     strcmp(json_str_or(view, "external_id", ""), external) == 0;
        if (mine && same) {
            found = view;
        }
    }
    return found;
}

static bool hash_differs(const struct slack_call *call, const json_t *old)
{
    const char *hash = slack_arg(call, "hash");
    return hash != NULL && old != NULL && strcmp(hash, json_str_or(old, "hash", "")) != 0;
}

static json_t *views_update(struct slack_call *call)
{
    json_t *old = find_view(call);
    if (old == NULL) {
        return slack_error("not_found");
    }
    if (hash_differs(call, old)) {
        return slack_error("hash_conflict");
    }
    json_t *error = NULL;
    json_t *view = read_view(call, json_str_or(old, "type", "modal"), &error);
    if (error != NULL) {
        return error;
    }
    char *id = xstrdup(json_str_or(old, "id", ""));
    char *user = xstrdup(json_str_or(old, "_user", ""));
    json_t *answer = stored(call, view, id, user);
    free(id);
    free(user);
    return answer;
}

static json_t *views_publish(struct slack_call *call)
{
    const char *user = slack_arg(call, "user_id");
    if (slack_user(call->team, user) == NULL) {
        return slack_error("invalid_arguments");
    }
    char *id = xasprintf("VHOME%s%s", json_str_or(call->team, "id", ""), user);
    json_t *error = NULL;
    json_t *answer = NULL;
    if (hash_differs(call, json_object_get(views, id))) {
        answer = slack_error("hash_conflict");
    } else {
        json_t *view = read_view(call, "home", &error);
        answer = error != NULL ? error : stored(call, view, id, user);
    }
    free(id);
    return answer;
}

const struct slack_method slack_view_methods[] = {
    {"views.open", NULL, true, views_open},
    {"views.update", NULL, true, views_update},
    {"views.publish", NULL, true, views_publish},
    {NULL, NULL, false, NULL},
};
