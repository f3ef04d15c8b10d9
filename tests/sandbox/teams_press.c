/* Buttons of cards: what Teams sends for each kind, and what it makes of the answers. */
#include "teams.h"

#include "world.h"

#include <stdlib.h>
#include <string.h>

enum { TIMES_MAX = 20 };

static const char type_card[] = "application/vnd.microsoft.card.adaptive";
static const char type_message[] = "application/vnd.microsoft.activity.message";

/* What one press needs, found under the lock and copied. */
struct press {
    struct teams_scene scene; /* good while the world is locked */
    json_t *message;
    json_t *action; /* new reference */
    json_t *data;   /* the action's data with the inputs laid over it; new reference */
};

/* The message with this id, wherever it is in the tenant. */
static json_t *message_anywhere(struct teams_scene *s, const char *id)
{
    const char *place_id = NULL;
    json_t *place = NULL;
    json_object_foreach(json_object_get(s->tenant, "places"), place_id, place)
    {
        json_t *message = teams_message(place, id);
        if (message != NULL) {
            s->place = place;
            s->root = json_str(message, "root");
            return message;
        }
    }
    return NULL;
}

static bool visible(const struct press *p)
{
    const char *only = json_str(p->message, "_to");
    return teams_member(p->scene.place, p->scene.user_key) &&
           !json_flag(p->message, "_deleted", false) &&
           (only == NULL || strcmp(only, p->scene.user_key) == 0);
}

/* Scene and message of {user, message}; false after a refusal. */
static bool press_find(struct request *req, const json_t *body, struct press *ret)
{
    *ret = (struct press){0};
    if (!teams_scene_of(req, body, &ret->scene)) {
        return false;
    }
    ret->message = message_anywhere(&ret->scene, json_str(body, "message"));
    if (ret->message == NULL) {
        teams_refuse(req, 404, "message_not_found", "no message with this id");
        return false;
    }
    if (!visible(ret) && !json_flag(body, "force", false)) {
        teams_refuse(req, 403, "not_visible", "this person cannot see that message");
        return false;
    }
    return true;
}

static json_t *merged(const json_t *action, const json_t *inputs)
{
    json_t *data = json_object_get(action, "data");
    json_t *out = json_is_object(data) ? json_deep_copy(data) : json_object();
    json_object_update(out, (json_t *)(uintptr_t)inputs);
    return out;
}

/* Finds the action and fills the inputs in; false after an answer or refusal. */
static bool press_action(struct request *req, const json_t *body, struct press *p)
{
    const json_t *card = teams_card_of(p->message, p->scene.user_key);
    json_t *forged = json_object_get(body, "forge"); /* an action that the card does not hold */
    p->action = json_deep_copy(forged != NULL ? forged
                                              : teams_action(card, json_str_or(body, "action", ""),
                                                             json_flag(body, "fallback", false)));
    if (p->action == NULL) {
        teams_refuse(req, 404, "action_not_found", "no action with this title, verb, id or number");
        return false;
    }
    json_t *errors = json_object();
    json_t *inputs = teams_inputs(card, json_object_get(body, "inputs"), errors);
    bool associated =
        strcmp(json_str_or(p->action, "associatedInputs", ""), "none") != 0 && forged == NULL;
    bool sends = strcmp(json_str_or(p->action, "type", ""), "Action.OpenUrl") != 0;
    bool good =
        !sends || !associated || json_object_size(errors) == 0 || json_flag(body, "force", false);
    if (good) {
        p->data = associated ? merged(p->action, inputs) : merged(p->action, NULL);
    } else {
        http_reply_json(req, 200,
                        json_pack("{s:b, s:b, s:O}", "ok", true, "sent", false, "errors", errors));
        json_decref(p->action);
    }
    json_decref(inputs);
    json_decref(errors);
    return good;
}

static void source(json_t *activity, const struct press *p)
{
    json_object_set(activity, "replyToId", json_object_get(p->message, "id"));
    json_object_set_new(json_object_get(activity, "channelData"), "source",
                        json_pack("{s:s}", "name", "message"));
}

/* ---- what each kind sends ---- */

static json_t *send_execute(const struct press *p, const char *trigger)
{
    json_t *action = json_pack("{s:s, s:s, s:O}", "type", "Action.Execute", "id",
                               json_str_or(p->action, "id", ""), "data", p->data);
    if (json_str(p->action, "verb") != NULL) {
        json_object_set(action, "verb", json_object_get(p->action, "verb"));
    }
    json_t *activity = teams_invoke(&p->scene, "adaptiveCard/action",
                                    json_pack("{s:o, s:s}", "action", action, "trigger", trigger));
    source(activity, p);
    return activity;
}

/* The part of data that tells Teams what to do, or NULL. */
static const json_t *extras(const struct press *p)
{
    return json_object_get(p->data, "msteams");
}

static json_t *send_task_fetch(const struct press *p)
{
    json_t *activity =
        teams_invoke(&p->scene, "task/fetch",
                     json_pack("{s:O, s:{s:s}}", "data", p->data, "context", "theme", "default"));
    source(activity, p);
    return activity;
}

static json_t *typed_by_button(const struct press *p, const json_t *how, bool with_value)
{
    json_t *activity = teams_activity(&p->scene, "message");
    const char *text = json_str(how, with_value ? "text" : "value");
    if (text != NULL) {
        json_object_set_new(activity, "text", json_string(text));
        json_object_set_new(activity, "textFormat", json_string("plain"));
    }
    const char *shown = with_value ? json_str(how, "displayText") : text;
    if (shown != NULL) {
        teams_message_add(p->scene.place,
                          json_pack("{s:s, s:O, s:s, s:s}", "from", p->scene.user_key, "id",
                                    json_object_get(activity, "id"), "text", shown, "_typed",
                                    shown));
    }
    if (with_value) {
        json_t *value = json_object_get(how, "value");
        json_object_set(activity, "value", value == NULL ? p->data : value);
        source(activity, p);
    }
    return activity;
}

static json_t *send_submit(const struct press *p)
{
    const json_t *how = extras(p);
    const char *kind = json_str_or(how, "type", "");
    if (strcmp(kind, "task/fetch") == 0) {
        return send_task_fetch(p);
    }
    if (strcmp(kind, "messageBack") == 0) {
        return typed_by_button(p, how, true);
    }
    if (strcmp(kind, "imBack") == 0) {
        return typed_by_button(p, how, false);
    }
    json_t *activity = teams_activity(&p->scene, "message");
    json_object_set(activity, "value", p->data);
    source(activity, p);
    return activity;
}

static json_t *send_button(const struct press *p, const char *type)
{
    if (strcmp(type, "messageBack") == 0 || strcmp(type, "imBack") == 0) {
        return typed_by_button(p, p->action, strcmp(type, "messageBack") == 0);
    }
    json_t *activity = teams_activity(&p->scene, "invoke"); /* without a name */
    json_object_set(activity, "value", json_object_get(p->action, "value"));
    source(activity, p);
    return activity;
}

/* The address of a press that sends nothing to the bot, or NULL. *ret_window: it is a sign-in. */
static const char *opens(const struct press *p, bool *ret_window)
{
    const char *type = json_str_or(p->action, "type", "");
    const json_t *how = extras(p);
    bool submit_sign_in =
        strcmp(type, "Action.Submit") == 0 && strcmp(json_str_or(how, "type", ""), "signin") == 0;
    *ret_window = strcmp(type, "signin") == 0 || submit_sign_in;
    if (submit_sign_in) {
        return json_str(how, "value");
    }
    if (strcmp(type, "Action.OpenUrl") == 0) {
        return json_str(p->action, "url");
    }
    return *ret_window || strcmp(type, "openUrl") == 0 ? json_str(p->action, "value") : NULL;
}

static json_t *press_activity(const struct press *p)
{
    const char *type = json_str_or(p->action, "type", "");
    if (strcmp(type, "Action.Execute") == 0) {
        return send_execute(p, "manual");
    }
    return strcmp(type, "Action.Submit") == 0 ? send_submit(p) : send_button(p, type);
}

static void opened(const struct press *p, const char *url, bool window, json_t *answer)
{
    json_object_set_new(answer, "url", json_string(url));
    json_object_set_new(answer, "status", json_null());
    if (window) {
        const char *wrong = NULL;
        char *id = teams_window_open(&p->scene, url, &wrong);
        json_object_set_new(answer, id != NULL ? "window" : "refused",
                            json_string(id != NULL ? id : wrong));
        free(id);
    }
}

/* ---- what Teams makes of the answer to adaptiveCard/action ---- */

static const char *card_answered(const json_t *value, const json_t *body, json_t *answer)
{
    json_t *faults = json_array();
    teams_card_check(value, faults);
    bool good = json_is_object(value) && json_array_size(faults) == 0;
    if (!good) {
        json_object_set(answer, "faults", faults);
    }
    json_decref(faults);
    struct teams_scene s = {.tenant = teams_tenant_named(json_str(body, "workspace"))};
    json_t *message = message_anywhere(&s, json_str(body, "message"));
    const json_t *user = teams_user_named(s.tenant, json_str_or(body, "user", ""));
    if (!good || message == NULL || user == NULL) {
        return "invalid_card";
    }
    json_t *views = json_object_get(message, "_views");
    if (views == NULL) {
        views = json_object();
        json_object_set_new(message, "_views", views);
    }
    json_object_set_new(views, json_str_or(user, "id", ""), json_deep_copy(value));
    world_touch();
    return NULL;
}

static const char *const error_types[] = {
    "application/vnd.microsoft.error",
    "application/vnd.microsoft.activity.loginRequest",
    "application/vnd.microsoft.error.incorrectAuthCode",
    "application/vnd.microsoft.error.preconditionFailed",
    NULL,
};

/* NULL, or what the person sees instead of the answer. */
static const char *execute_answered(const struct teams_sent *sent, const json_t *body,
                                    json_t *answer)
{
    if (sent->status != 200) {
        return "unable_to_reach_app";
    }
    json_t *got = json_loads(sent->text, 0, NULL);
    const char *type = json_str_or(got, "type", "");
    int64_t code = json_int_or(got, "statusCode", 0);
    const json_t *value = json_object_get(got, "value");
    const char *refused = "unexpected_response_type";
    if (code == 0 || strcmp(sent->type, "application/json") != 0) {
        refused = "something_went_wrong";
    } else if (code == 200 && strcmp(type, type_card) == 0) {
        refused = card_answered(value, body, answer);
    } else if (code == 200 && strcmp(type, type_message) == 0 && json_is_string(value)) {
        refused = NULL;
    } else if (code >= 400) {
        for (size_t i = 0; error_types[i] != NULL; i++) {
            refused = strcmp(type, error_types[i]) == 0 ? NULL : refused;
        }
    }
    if (refused == NULL) {
        json_object_set(answer, "shown", got);
    }
    json_decref(got);
    return refused;
}

static void answered(const struct teams_scene *s, const json_t *activity, const json_t *body,
                     const struct teams_sent *sent, json_t *answer)
{
    const char *name = json_str_or(activity, "name", "");
    const char *refused = NULL;
    if (strcmp(name, "adaptiveCard/action") == 0) {
        refused = execute_answered(sent, body, answer);
    } else if (strcmp(name, "task/fetch") == 0) {
        refused = teams_task_answer(s, sent, answer);
    }
    if (refused != NULL) {
        json_object_set_new(answer, "refused", json_string(refused));
    }
}

/* One activity to the bot; what came back is shown to the person. */
static void send_one(struct request *req, const json_t *activity, const json_t *body,
                     json_t *answer)
{
    json_t *damage = teams_body_damage(body);
    struct teams_sent sent = teams_send(activity, damage, true);
    json_decref(damage);
    teams_tell(answer, &sent);
    world_lock();
    struct press p;
    if (press_find(req, body, &p)) { /* found anew: the world may have been reset meanwhile */
        answered(&p.scene, activity, body, &sent, answer);
    }
    world_unlock();
    teams_sent_free(&sent);
}

/* The activity of one press; NULL after a refusal or when nothing is sent. */
static json_t *click_make(struct request *req, const json_t *body, json_t *answer, bool *ret_done)
{
    struct press p;
    if (!press_find(req, body, &p) || !press_action(req, body, &p)) {
        return NULL;
    }
    bool window = false;
    const char *url = opens(&p, &window);
    json_t *activity = NULL;
    if (url != NULL) {
        opened(&p, url, window, answer);
        *ret_done = true;
    } else {
        activity = press_activity(&p);
        teams_overlay(activity, json_object_get(body, "activity"));
        json_object_set(answer, "activity", activity);
        json_object_set_new(answer, "sent", json_true());
    }
    json_decref(p.action);
    json_decref(p.data);
    return activity;
}

void teams_click(struct request *req, const json_t *body)
{
    int64_t times = json_int_or(body, "times", 1);
    json_t *answer = json_pack("{s:b}", "ok", true);
    for (int64_t i = 0; i < (times < 1 ? 1 : times > TIMES_MAX ? TIMES_MAX : times); i++) {
        bool done = false;
        world_lock();
        json_t *activity = click_make(req, body, answer, &done);
        world_unlock();
        if (activity == NULL && !done) {
            json_decref(answer);
            return;
        }
        if (activity != NULL) {
            send_one(req, activity, body, answer);
            json_decref(activity);
        }
    }
    http_reply_json(req, 200, answer);
}

/* ---- automatic refresh ---- */

/* The client of a person shows a card: Teams asks for that person's view, if the card says so. */
static json_t *refresh_make(struct request *req, const json_t *body, bool *ret_due)
{
    struct press p;
    if (!press_find(req, body, &p)) {
        return NULL;
    }
    const json_t *card = teams_card_of(p.message, p.scene.user_key);
    const json_t *refresh = json_object_get(card, "refresh");
    const json_t *users = json_object_get(refresh, "userIds");
    bool due = refresh != NULL && (users == NULL || json_flag(body, "manual", false));
    for (size_t i = 0; i < json_array_size(users); i++) {
        due = due || strcmp(json_string_value(json_array_get(users, i)),
                            json_str_or(p.scene.user, "address", "")) == 0;
    }
    *ret_due = due;
    if (!due) {
        http_reply_json(req, 200, json_pack("{s:b, s:b}", "ok", true, "sent", false));
        return NULL;
    }
    p.action = json_deep_copy(json_object_get(refresh, "action"));
    p.data = merged(p.action, NULL);
    json_t *activity = send_execute(&p, json_flag(body, "manual", false) ? "manual" : "automatic");
    json_decref(p.action);
    json_decref(p.data);
    return activity;
}

void teams_refresh(struct request *req, const json_t *body)
{
    bool due = false;
    json_t *answer = json_pack("{s:b, s:b}", "ok", true, "sent", true);
    world_lock();
    json_t *activity = refresh_make(req, body, &due);
    world_unlock();
    if (activity == NULL) {
        json_decref(answer);
        return;
    }
    send_one(req, activity, body, answer);
    json_decref(activity);
    http_reply_json(req, 200, answer);
}
