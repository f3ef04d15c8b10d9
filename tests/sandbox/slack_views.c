#include "slack.h"

#include "world.h"

#include <stdlib.h>
#include <string.h>

enum { VIEW_BYTES_MAX = 250 * 1024, VIEWS_MAX = 10000, STACK_MAX = 3 };

static json_t *views;   /* id -> view, with _user; _typed: what the person entered so far */
static json_t *screens; /* "team/user" -> [ids of the open modals, the topmost last] */

void slack_views_reset(void)
{
    json_decref(views);
    json_decref(screens);
    views = json_object();
    screens = json_object();
}

json_t *slack_views(void)
{
    return views;
}

/* ---- the screen of a person ---- */

static char *screen_key(const json_t *team, const char *user)
{
    return xasprintf("%s/%s", json_str_or(team, "id", ""), user);
}

static char *home_id(const json_t *team, const char *user)
{
    return xasprintf("VHOME%s%s", json_str_or(team, "id", ""), user);
}

json_t *slack_home(const json_t *team, const char *user)
{
    char *id = home_id(team, user);
    json_t *view = json_object_get(views, id);
    free(id);
    return view;
}

json_t *slack_modals(const json_t *team, const char *user)
{
    char *key = screen_key(team, user);
    json_t *stack = json_object_get(screens, key);
    free(key);
    return stack;
}

json_t *slack_modal(const json_t *team, const char *user)
{
    const json_t *stack = slack_modals(team, user);
    size_t count = json_array_size(stack);
    return count == 0 ? NULL
                      : json_object_get(views, json_string_value(json_array_get(stack, count - 1)));
}

void slack_modal_close(const json_t *team, const char *user)
{
    json_t *stack = slack_modals(team, user);
    size_t count = json_array_size(stack);
    if (count > 0) { /* a closed view is gone: views.update answers not_found */
        json_object_del(views, json_string_value(json_array_get(stack, count - 1)));
        json_array_remove(stack, count - 1);
        world_touch();
    }
}

static void modals_clear(const json_t *team, const char *user)
{
    while (slack_modal(team, user) != NULL) {
        slack_modal_close(team, user);
    }
}

static void modal_add(const json_t *team, const char *user, json_t *view)
{
    char *key = screen_key(team, user);
    json_t *stack = json_object_get(screens, key);
    if (stack == NULL) {
        stack = json_array();
        json_object_set_new(screens, key, stack);
    }
    json_t *below = slack_modal(team, user);
    if (below != NULL) {
        json_object_set(view, "previous_view_id", json_object_get(below, "id"));
        json_object_set(view, "root_view_id", json_object_get(below, "root_view_id"));
    }
    json_array_append(stack, json_object_get(view, "id"));
    free(key);
}

/* ---- reading and keeping views ---- */

static bool external_taken(const json_t *team, const json_t *view, const char *own_id)
{
    const char *external = json_str_or(view, "external_id", "");
    const char *id = NULL;
    json_t *other = NULL;
    json_object_foreach(views, id, other)
    {
        if (external[0] != '\0' && strcmp(id, own_id) != 0 &&
            json_equal(json_object_get(other, "team_id"), json_object_get(team, "id")) &&
            strcmp(json_str_or(other, "external_id", ""), external) == 0) {
            return true;
        }
    }
    return false;
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

/* What Slack adds to each view, given or not. */
static void fill_view(json_t *view)
{
    static const char *const texts[] = {"private_metadata", "callback_id", "external_id"};
    static const char *const flags[] = {"clear_on_close", "notify_on_close"};
    static const char *const nulls[] = {"title", "close", "submit"};
    for (size_t i = 0; i < 3; i++) {
        if (json_object_get(view, texts[i]) == NULL) {
            json_object_set_new(view, texts[i], json_string(""));
        }
        if (json_object_get(view, nulls[i]) == NULL) {
            json_object_set_new(view, nulls[i], json_null());
        }
    }
    for (size_t i = 0; i < 2; i++) {
        if (json_object_get(view, flags[i]) == NULL) {
            json_object_set_new(view, flags[i], json_false());
        }
    }
    slack_blocks_fill(json_object_get(view, "blocks"));
}

/* Keeps the view under this id in the place of what was there. Takes over view; borrowed back. */
static json_t *keep(json_t *team, json_t *view, const char *id, const char *user)
{
    char hash[41];
    random_hex(hash, 8);
    char *stamp = xasprintf("%lld.%s", (long long)(clock_now_ms() / 1000), hash);
    const json_t *old = json_object_get(views, id);
    fill_view(view);
    json_object_set_new(view, "id", json_string(id));
    json_object_set(view, "team_id", json_object_get(team, "id"));
    json_object_set_new(view, "app_id", json_string(slack_app("app_id")));
    json_object_set_new(view, "bot_id", json_string(slack_bot(team, "bot_id")));
    json_object_set(view, "app_installed_team_id", json_object_get(team, "id"));
    json_object_set_new(view, "root_view_id", json_string(json_str_or(old, "root_view_id", id)));
    json_object_set_new(view, "previous_view_id", json_null());
    if (old != NULL) {
        json_object_set(view, "previous_view_id", json_object_get(old, "previous_view_id"));
    }
    json_object_set_new(view, "hash", json_string(stamp));
    json_object_set_new(view, "state", json_pack("{s:{}}", "values"));
    json_object_set_new(view, "_user", json_string(user));
    if (json_object_get(old, "_typed") != NULL) { /* inputs of the same ids keep what was typed */
        json_object_set(view, "_typed", json_object_get(old, "_typed"));
    }
    json_object_set_new(views, id, view);
    while (json_object_size(views) > VIEWS_MAX) {
        char *oldest = xstrdup(json_object_iter_key(json_object_iter(views)));
        json_object_del(views, oldest);
        free(oldest);
    }
    free(stamp);
    slack_crawl(view);
    world_touch();
    return view;
}

static json_t *answer_of(const json_t *view)
{
    return json_pack("{s:b, s:o}", "ok", true, "view", slack_message_public(view));
}

static bool hash_differs(const struct slack_call *call, const json_t *old)
{
    const char *hash = slack_arg(call, "hash");
    return hash != NULL && old != NULL && strcmp(hash, json_str_or(old, "hash", "")) != 0;
}

/* Opens on an empty screen or, pushed, on top of what is there. */
static json_t *open_view(struct slack_call *call, bool push)
{
    json_t *error = NULL;
    json_t *view = read_view(call, "modal", &error);
    if (error != NULL) {
        return error;
    }
    if (slack_takes_files(json_object_get(view, "blocks")) &&
        !slack_has_scope(call->token, "files:read")) {
        json_decref(view);
        return slack_missing_scope(call->token, "files:read");
    }
    if (external_taken(call->team, view, "")) {
        json_decref(view);
        return slack_error("duplicate_external_id");
    }
    const json_t *trigger = NULL;
    const char *refused = slack_trigger_use(slack_arg(call, "trigger_id"), call->team, &trigger);
    const char *user = json_str_or(trigger, "user", "");
    const json_t *stack = slack_modals(call->team, user);
    if (refused == NULL && push) {
        const json_t *from = json_object_get(views, json_str_or(trigger, "view", ""));
        refused = from == NULL || from != slack_modal(call->team, user) ? "invalid_trigger_id"
                  : json_array_size(stack) >= STACK_MAX                 ? "push_limit_reached"
                                                                        : NULL;
    }
    if (refused != NULL) {
        json_decref(view);
        return slack_error(refused);
    }
    if (!push) {
        modals_clear(call->team, user);
    }
    char *id = random_id("V0", 9);
    view = keep(call->team, view, id, user);
    modal_add(call->team, user, view);
    free(id);
    return answer_of(view);
}

static json_t *views_open(struct slack_call *call)
{
    return open_view(call, false);
}

static json_t *views_push(struct slack_call *call)
{
    return open_view(call, true);
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
    json_t *answer = NULL;
    if (external_taken(call->team, view, id)) {
        json_decref(view);
        answer = slack_error("duplicate_external_id");
    } else {
        answer = answer_of(keep(call->team, view, id, user));
    }
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
    if (!json_flag(slack_settings(), "home_tab", true)) {
        return slack_error("not_enabled");
    }
    json_t *error = NULL;
    json_t *view = NULL;
    if (hash_differs(call, slack_home(call->team, user))) {
        return slack_error("hash_conflict");
    }
    view = read_view(call, "home", &error);
    if (error != NULL) {
        return error;
    }
    char *id = home_id(call->team, user);
    view = keep(call->team, view, id, user);
    free(id);
    return answer_of(view);
}

json_t *slack_modal_set(json_t *team, const char *user, json_t *view, bool push)
{
    json_t *faults = json_array();
    slack_view_check(view, faults);
    size_t open = json_array_size(slack_modals(team, user));
    if (json_array_size(faults) == 0 && strcmp(json_str_or(view, "type", ""), "modal") != 0) {
        json_array_append_new(faults, json_string("a submission is answered with a modal"));
    }
    if (push && open >= STACK_MAX) {
        json_array_append_new(faults, json_string("push_limit_reached"));
    }
    const json_t *top = slack_modal(team, user);
    if (!push && top == NULL) {
        json_array_append_new(faults, json_string("no view is open"));
    }
    if (json_array_size(faults) > 0) {
        json_decref(view);
        return faults;
    }
    json_decref(faults);
    char *id = push ? random_id("V0", 9) : xstrdup(json_str_or(top, "id", ""));
    view = keep(team, view, id, user);
    if (push) {
        modal_add(team, user, view);
    }
    free(id);
    return NULL;
}

const struct slack_method slack_view_methods[] = {
    {"views.open", NULL, true, views_open},
    {"views.push", NULL, true, views_push},
    {"views.update", NULL, true, views_update},
    {"views.publish", NULL, true, views_publish},
    {NULL, NULL, false, NULL},
};
