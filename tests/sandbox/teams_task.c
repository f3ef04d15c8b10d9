/* What stands on top of a person's chat: a dialog (task module), and the sign-in window. */
#include "teams.h"

#include "world.h"

#include <stdlib.h>
#include <string.h>

static json_t *dialogs; /* person -> {title, card, place, root, width, height} */
static json_t *windows; /* id -> {user, tenant, place, root, url, open} */

void teams_task_reset(void)
{
    json_decref(dialogs);
    json_decref(windows);
    dialogs = json_object();
    windows = json_object();
}

/* ---- dialogs ---- */

static bool size_good(const json_t *size)
{
    const char *word = json_string_value(size);
    return size == NULL || json_is_integer(size) ||
           (word != NULL && (strcmp(word, "small") == 0 || strcmp(word, "medium") == 0 ||
                             strcmp(word, "large") == 0));
}

/* {"title","width","height","card":{contentType, content}}; NULL or what is wrong. */
static const char *dialog_open(const struct teams_scene *s, const json_t *value, json_t *answer)
{
    const json_t *attachment = json_object_get(value, "card");
    const json_t *card = json_object_get(attachment, "content");
    bool adaptive = strcmp(json_str_or(attachment, "contentType", ""),
                           "application/vnd.microsoft.card.adaptive") == 0;
    json_t *faults = json_array();
    teams_card_check(card, faults);
    bool good = adaptive && json_array_size(faults) == 0 && json_str(value, "title") != NULL &&
                size_good(json_object_get(value, "width")) &&
                size_good(json_object_get(value, "height"));
    if (!good) {
        json_object_set(answer, "faults", faults);
    }
    json_decref(faults);
    if (!good) {
        return "invalid_dialog";
    }
    char *id = random_uuid();
    json_object_set_new(dialogs, s->user_key,
                        json_pack("{s:s, s:O, s:o, s:O, s:s?}", "id", id, "title",
                                  json_object_get(value, "title"), "card", json_deep_copy(card),
                                  "place", json_object_get(s->place, "id"), "root", s->root));
    free(id);
    world_touch();
    return NULL;
}

const char *teams_task_answer(const struct teams_scene *s, const struct teams_sent *sent,
                              json_t *answer)
{
    if (sent->status != 200) {
        return "unable_to_reach_app";
    }
    if ((int64_t)strlen(sent->text) > json_int_or(teams_settings(), "bytes_max", 28672)) {
        return "too_large";
    }
    json_t *got = sent->text[0] == '\0' ? json_object() : json_loads(sent->text, 0, NULL);
    const json_t *task = json_object_get(got, "task");
    const char *type = json_str_or(task, "type", "");
    const json_t *value = json_object_get(task, "value");
    const char *wrong = "something_went_wrong";
    if (json_is_object(got) && task == NULL) { /* closes */
        json_object_del(dialogs, s->user_key);
        wrong = NULL;
    } else if (strcmp(type, "continue") == 0) {
        wrong = dialog_open(s, value, answer);
    } else if (strcmp(type, "message") == 0 && json_is_string(value)) {
        json_object_del(dialogs, s->user_key);
        json_object_set_new(answer, "message", json_deep_copy(value));
        wrong = NULL;
    }
    if (task != NULL && wrong == NULL) {
        json_object_set_new(answer, "task", json_deep_copy(task));
    }
    json_decref(got);
    json_object_set_new(answer, "closed",
                        json_boolean(json_object_get(dialogs, s->user_key) == NULL));
    world_touch();
    return wrong;
}

/* The scene of the dialog that this person has open; NULL after a refusal. */
static json_t *dialog_of(struct request *req, const json_t *body, struct teams_scene *s)
{
    if (!teams_scene_of(req, body, s)) {
        return NULL;
    }
    json_t *dialog = json_object_get(dialogs, s->user_key);
    if (dialog == NULL) {
        teams_refuse(req, 404, "no_dialog", "this person has no dialog open");
        return NULL;
    }
    s->place = teams_place(json_str(dialog, "place"), NULL);
    s->root = json_str(dialog, "root");
    return dialog;
}

/* The button that sends it: what only opens a page sends nothing. */
static const json_t *sending_action(const json_t *card, const char *wanted)
{
    const json_t *found = NULL;
    json_t *list = teams_actions(card);
    for (size_t i = 0; wanted == NULL && found == NULL && i < json_array_size(list); i++) {
        const json_t *action = json_array_get(list, i);
        found = strcmp(json_str_or(action, "type", ""), "Action.Submit") == 0 ? action : NULL;
    }
    json_decref(list);
    return wanted == NULL ? found : teams_action(card, wanted, false);
}

/* The task/submit of the open dialog; NULL after an answer or refusal. */
static json_t *submit_make(struct request *req, const json_t *body, struct teams_scene *s)
{
    const json_t *dialog = dialog_of(req, body, s);
    if (dialog == NULL) {
        return NULL;
    }
    const json_t *card = json_object_get(dialog, "card");
    const json_t *action = sending_action(card, json_str(body, "action"));
    if (action == NULL) {
        teams_refuse(req, 404, "action_not_found", "the dialog has no such button");
        return NULL;
    }
    json_t *errors = json_object();
    json_t *data = json_is_object(json_object_get(action, "data"))
                       ? json_deep_copy(json_object_get(action, "data"))
                       : json_object();
    json_t *inputs = teams_inputs(card, json_object_get(body, "values"), errors);
    json_t *activity = NULL;
    if (json_object_size(errors) > 0 && !json_flag(body, "force", false)) {
        http_reply_json(req, 200,
                        json_pack("{s:b, s:b, s:b, s:O}", "ok", true, "sent", false, "closed",
                                  false, "errors", errors));
    } else {
        if (strcmp(json_str_or(action, "associatedInputs", ""), "none") != 0) {
            json_object_update(data, inputs);
        }
        activity =
            teams_invoke(s, "task/submit",
                         json_pack("{s:O, s:{s:s}}", "data", data, "context", "theme", "default"));
        teams_overlay(activity, json_object_get(body, "activity"));
    }
    json_decref(inputs);
    json_decref(data);
    json_decref(errors);
    return activity;
}

static void submit_once(struct request *req, const json_t *body, const json_t *activity,
                        json_t *answer)
{
    struct teams_scene s;
    json_t *damage = teams_body_damage(body);
    struct teams_sent sent = teams_send(activity, damage, true);
    json_decref(damage);
    teams_tell(answer, &sent);
    world_lock();
    if (teams_scene_of(req, body, &s)) {
        const char *conversation = json_str_or(json_object_get(activity, "conversation"), "id", "");
        char *id = xstrdup(conversation);
        char *mark = strstr(id, ";messageid=");
        if (mark != NULL) {
            *mark = '\0';
            s.root = mark + strlen(";messageid=");
        }
        s.place = teams_place(id, NULL);
        const char *wrong = teams_task_answer(&s, &sent, answer);
        free(id);
        if (wrong != NULL) {
            json_object_set_new(answer, "refused", json_string(wrong));
        }
    }
    world_unlock();
    teams_sent_free(&sent);
}

void teams_task_submit(struct request *req, const json_t *body)
{
    struct teams_scene s;
    world_lock();
    json_t *activity = submit_make(req, body, &s);
    world_unlock();
    if (activity == NULL) {
        return;
    }
    json_t *answer = json_pack("{s:b, s:b, s:O}", "ok", true, "sent", true, "activity", activity);
    int64_t times = json_int_or(body, "times", 1);
    for (int64_t i = 0; i < (times < 1 ? 1 : times > 20 ? 20 : times); i++) {
        submit_once(req, body, activity, answer);
    }
    json_decref(activity);
    http_reply_json(req, 200, answer);
}

void teams_task_close(struct request *req, const json_t *body)
{
    struct teams_scene s;
    world_lock();
    if (teams_scene_of(req, body, &s)) {
        json_object_del(dialogs, s.user_key);
        world_touch();
        http_reply_json(req, 200, json_pack("{s:b}", "ok", true));
    }
    world_unlock();
}

/* ---- the sign-in window ---- */

char *teams_window_open(const struct teams_scene *s, const char *url, const char **ret_wrong)
{
    bool local =
        strncmp(url, "http://127.0.0.1", 16) == 0 || strncmp(url, "http://localhost", 16) == 0;
    if (strncmp(url, "https://", 8) != 0 && !local) {
        *ret_wrong = "the address must be https";
        return NULL;
    }
    char *id = random_uuid();
    json_object_set_new(windows, id,
                        json_pack("{s:s, s:s, s:O, s:O, s:s?, s:s, s:b}", "id", id, "user",
                                  s->user_key, "tenant", json_object_get(s->tenant, "id"), "place",
                                  json_object_get(s->place, "id"), "root", s->root, "url", url,
                                  "open", true));
    world_touch();
    return id;
}

/* The newest open window of a person, or NULL. */
static json_t *window_of(const char *user)
{
    json_t *found = NULL;
    const char *id = NULL;
    json_t *window = NULL;
    json_object_foreach(windows, id, window)
    {
        if (json_flag(window, "open", false) &&
            strcmp(json_str_or(window, "user", ""), user) == 0) {
            found = window;
        }
    }
    return found;
}

/* A phone gives an object; by which name nobody has written down: "mobile" may say it. */
static json_t *state_of(const json_t *body, const char *text)
{
    const json_t *mobile = json_object_get(body, "mobile");
    const char *key = json_is_string(mobile) ? json_string_value(mobile) : "result";
    return json_is_string(mobile) || json_is_true(mobile)
               ? json_pack("{s:{s:s}}", "state", key, text)
               : json_pack("{s:s}", "state", text);
}

/* value of the invoke: notifySuccess' text, or that the person has closed the window. */
static json_t *window_value(const json_t *body, const char *outcome)
{
    if (strcmp(outcome, "failure") == 0) {
        return json_pack("{s:s, s:s}", "code", json_str_or(body, "code", "failed"), "message",
                         json_str_or(body, "message", "The sign-in failed."));
    }
    if (strcmp(outcome, "cancelled") == 0) {
        return state_of(body, "CancelledByUser");
    }
    json_t *given = json_object_get(body, "state");
    if (given != NULL) {
        return json_pack("{s:O}", "state", given);
    }
    return state_of(body, json_str_or(body, "code", ""));
}

/* The scene of the window that is named, or the person's newest; false after a refusal. A window
 * that was never opened by a press stands in the chat with the bot. */
static bool window_scene(struct request *req, const json_t *body, struct teams_scene *s)
{
    if (!teams_scene_of(req, body, s)) {
        return false;
    }
    const char *id = json_str(body, "window");
    json_t *window = id != NULL ? json_object_get(windows, id) : window_of(s->user_key);
    if (id != NULL && window == NULL) {
        teams_refuse(req, 404, "no_window", "there is no such window");
        return false;
    }
    if (s->place == NULL) {
        s->place = window == NULL ? teams_personal(s->tenant, s->user_key, true)
                                  : teams_place(json_str(window, "place"), NULL);
        s->root = json_str(window, "root");
    }
    json_object_set_new(window, "open", json_false());
    return true;
}

/* What the platform would show for such an answer; NULL: it is one. */
static const char *window_refused(const struct teams_sent *sent)
{
    bool empty = sent->text[0] == '\0' || strcmp(sent->text, "{}") == 0;
    if (sent->status == 200) {
        return empty ? NULL : "something_went_wrong";
    }
    return sent->status == 412 || sent->status == 404 ? NULL : "unable_to_reach_app";
}

/* {"user", "window"?, "outcome": success|cancelled|failure, "code", "mobile"?, "state"?}: what the
 * last page of the window calls, or the person who closes it. */
void teams_window(struct request *req, const json_t *body)
{
    struct teams_scene s;
    json_t *activity = NULL;
    const char *outcome = json_str_or(body, "outcome", "success");
    world_lock();
    if (window_scene(req, body, &s)) {
        bool failure = strcmp(outcome, "failure") == 0;
        activity = teams_invoke(&s, failure ? "signin/failure" : "signin/verifyState",
                                window_value(body, outcome));
        teams_overlay(activity, json_object_get(body, "activity"));
        world_touch();
    }
    world_unlock();
    if (activity == NULL) {
        return;
    }
    json_t *answer = json_pack("{s:b, s:O}", "ok", true, "activity", activity);
    json_t *damage = teams_body_damage(body);
    int64_t times = json_int_or(body, "times", 1);
    for (int64_t i = 0; i < (times < 1 ? 1 : times > 20 ? 20 : times); i++) {
        struct teams_sent sent = teams_send(activity, damage, true);
        teams_tell(answer, &sent);
        if (window_refused(&sent) != NULL) {
            json_object_set_new(answer, "refused", json_string(window_refused(&sent)));
        }
        teams_sent_free(&sent);
    }
    json_decref(damage);
    json_decref(activity);
    http_reply_json(req, 200, answer);
}

/* ---- looking ---- */

json_t *teams_screen(const char *user)
{
    return json_pack("{s:O?, s:O?}", "task", json_object_get(dialogs, user), "window",
                     window_of(user));
}

void teams_view(struct request *req)
{
    struct teams_scene s;
    if (teams_scene_of(req, req->query, &s)) {
        json_t *out = teams_screen(s.user_key);
        json_object_set_new(out, "ok", json_true());
        http_reply_json(req, 200, out);
    }
}
