/* Shortcuts, the home page and modals as a person uses them. */
#include "slack_script.h"

#include "world.h"

#include <stdlib.h>
#include <string.h>

/* ---- shortcuts ---- */

/* A message shortcut: the message must be one that this person can point at. */
static json_t *shortcut_message(struct request *req, const json_t *body, struct scene *s,
                                json_t *payload)
{
    json_t *message = script_message(s->team, json_str(body, "message"), &s->channel);
    if (message == NULL || !slack_may_see(s->channel, message, s->user_id) ||
        json_str(message, "_to") != NULL) {
        script_refuse(req, 404, "message_not_found",
                      "no message with this ts that has a menu for this person");
        return NULL;
    }
    char *url = slack_response_url(s->team, s->channel, NULL, s->user_id);
    json_t *public = slack_message_public(message);
    json_object_set_new(payload, "message", public);
    json_object_set(payload, "message_ts", json_object_get(message, "ts"));
    json_object_set_new(payload, "channel", payload_channel(s->channel));
    json_object_set_new(payload, "response_url", json_string(url));
    free(url);
    return payload;
}

static char *shortcut_make(struct request *req, const json_t *body, json_t *answer)
{
    struct scene s;
    if (!script_scene(req, body, &s) || script_foreign(req, body, &s)) {
        return NULL;
    }
    bool on_message = json_str(body, "message") != NULL;
    char *trigger = slack_trigger(s.team, s.user_id, NULL);
    char ts[32];
    slack_ts(ts);
    json_t *payload = payload_begin(&s, on_message ? "message_action" : "shortcut", trigger);
    json_object_set_new(payload, "callback_id", json_string(json_str_or(body, "callback_id", "")));
    json_object_set_new(payload, "action_ts", json_string(ts));
    json_object_set_new(answer, "trigger_id", json_string(trigger));
    free(trigger);
    char *form = NULL;
    if (!on_message || shortcut_message(req, body, &s, payload) != NULL) {
        form = script_form(payload);
    }
    if (on_message && form != NULL) {
        json_object_set(answer, "response_url", json_object_get(payload, "response_url"));
    }
    json_decref(payload);
    return form;
}

void slack_shortcut(struct request *req, const json_t *body)
{
    json_t *answer = json_pack("{s:b}", "ok", true);
    world_lock();
    char *form = shortcut_make(req, body, answer);
    world_unlock();
    if (form == NULL) {
        json_decref(answer);
        return;
    }
    struct slack_answer got = slack_ask("/slack/interactions", form);
    json_t *sent = script_sent(&got.sent);
    json_object_update(answer, sent);
    json_object_set_new(answer, "answer", json_text(buf_text(&got.body), got.body.len));
    json_decref(sent);
    buf_free(&got.body);
    free(form);
    http_reply_json(req, 200, answer);
}

/* ---- home ---- */

void slack_open_home(struct request *req, const json_t *body)
{
    struct scene s;
    world_lock();
    char *text = NULL;
    char *event_id = NULL;
    const char *tab = json_str_or(body, "tab", "home");
    if (script_scene(req, body, &s)) {
        char ts[32];
        slack_ts(ts);
        json_t *dm = slack_dm(s.team, s.user_id, true);
        json_t *event =
            json_pack("{s:s, s:s, s:O, s:s, s:s}", "type", "app_home_opened", "user", s.user_id,
                      "channel", json_object_get(dm, "id"), "tab", tab, "event_ts", ts);
        json_t *home = slack_home(s.team, s.user_id);
        if (home != NULL && strcmp(tab, "home") == 0) {
            json_object_set_new(event, "view", payload_view(home));
        }
        event_id = json_str(body, "event_id") != NULL ? xstrdup(json_str(body, "event_id"))
                                                      : random_id("Ev", 9);
        text = slack_envelope(s.team, dm, event, event_id);
    }
    world_unlock();
    if (text == NULL) {
        return;
    }
    struct slack_sent sent = slack_send_event(text);
    json_t *answer = script_sent(&sent);
    json_object_set_new(answer, "ok", json_true());
    json_object_set_new(answer, "tab", json_string(tab));
    json_object_set_new(answer, "event_id", json_string(event_id));
    http_reply_json(req, 200, answer);
    free(text);
    free(event_id);
}

/* ---- what is on the screen ---- */

static json_t *screen_view(json_t *view)
{
    if (view == NULL) {
        return json_null();
    }
    json_t *out = payload_view(view);
    if (json_object_get(view, "_errors") != NULL) {
        json_object_set(out, "errors", json_object_get(view, "_errors"));
    }
    return out;
}

json_t *slack_screen(json_t *team, const char *user)
{
    json_t *stack = slack_modals(team, user);
    return json_pack("{s:o, s:o, s:o}", "home", screen_view(slack_home(team, user)), "modal",
                     screen_view(slack_modal(team, user)), "stack",
                     stack == NULL ? json_array() : json_deep_copy(stack));
}

void slack_screen_view(struct request *req)
{
    struct scene s;
    if (!script_scene(req, req->query, &s)) {
        return;
    }
    json_t *answer = slack_screen(s.team, s.user_id);
    json_object_set_new(answer, "ok", json_true());
    http_reply_json(req, 200, answer);
}

/* ---- submitting ---- */

static void keep_typed(json_t *view, const json_t *block, const json_t *element, json_t *state)
{
    json_t *typed = json_object_get(view, "_typed");
    if (typed == NULL) {
        typed = json_object();
        json_object_set_new(view, "_typed", typed);
    }
    const char *block_id = json_str_or(block, "block_id", "");
    if (json_object_get(typed, block_id) == NULL) {
        json_object_set_new(typed, block_id, json_object());
    }
    json_object_set_new(json_object_get(typed, block_id), json_str_or(element, "action_id", ""),
                        state);
}

/* Types {"label, block or action id": value} into the view; false after a refusal. */
static bool fill_in(struct request *req, json_t *view, const json_t *values)
{
    void *iter = json_object_iter((json_t *)(uintptr_t)values);
    for (; iter != NULL; iter = json_object_iter_next((json_t *)(uintptr_t)values, iter)) {
        json_t *block = NULL;
        const char *name = json_object_iter_key(iter);
        json_t *element = element_find(json_object_get(view, "blocks"), name, &block);
        json_t *state =
            element == NULL ? NULL : element_entered(element, json_object_iter_value(iter));
        if (state == NULL) {
            char *what = xasprintf(element == NULL ? "there is no input \"%s\""
                                                   : "this cannot be entered at \"%s\"",
                                   name);
            script_refuse(req, 404, element == NULL ? "input_not_found" : "value_not_found", what);
            free(what);
            return false;
        }
        keep_typed(view, block, element, state);
    }
    return true;
}

/* What Slack's client says at the fields before it sends anything; NULL: nothing. */
static json_t *client_errors(json_t *view)
{
    json_t *public = payload_view(view);
    const json_t *values = json_object_get(json_object_get(public, "state"), "values");
    json_t *errors = json_object();
    size_t i = 0;
    json_t *block = NULL;
    json_array_foreach(json_object_get(view, "blocks"), i, block)
    {
        const json_t *element = json_object_get(block, "element");
        const char *id = json_str_or(block, "block_id", "");
        const char *wrong =
            element == NULL ? NULL
                            : element_wrong(block, element,
                                            json_object_get(json_object_get(values, id),
                                                            json_str_or(element, "action_id", "")));
        if (wrong != NULL) {
            json_object_set_new(errors, id, json_string(wrong));
        }
    }
    json_decref(public);
    if (json_object_size(errors) == 0) {
        json_decref(errors);
        return NULL;
    }
    return errors;
}

static void answer_local(struct request *req, json_t *view, json_t *errors)
{
    json_object_set(view, "_errors", errors);
    world_touch();
    http_reply_json(req, 200,
                    json_pack("{s:b, s:b, s:n, s:n, s:o, s:b}", "ok", true, "sent", false, "status",
                              "answer", "errors", errors, "closed", false));
}

/* The body of a submission; NULL after a reply. */
static char *submit_make(struct request *req, const json_t *body, json_t *answer)
{
    struct scene s;
    if (!script_scene(req, body, &s)) {
        return NULL;
    }
    json_t *view = slack_modal(s.team, s.user_id);
    bool force = json_flag(body, "force", false);
    if (view == NULL) {
        script_refuse(req, 404, "no_modal", "this person has no modal open");
        return NULL;
    }
    json_t *values = slack_files_chosen(s.team, s.user_id, json_object_get(body, "values"));
    bool filled = fill_in(req, view, values);
    json_decref(values);
    if (!filled) {
        return NULL;
    }
    if (!json_is_object(json_object_get(view, "submit"))) {
        script_refuse(req, 404, "no_submit", "this modal has no button to submit it");
        return NULL;
    }
    json_t *wrong = force ? NULL : client_errors(view);
    if (wrong != NULL) {
        answer_local(req, view, wrong);
        return NULL;
    }
    json_object_del(view, "_errors");
    char *trigger = slack_trigger(s.team, s.user_id, json_str_or(view, "id", ""));
    json_t *payload = payload_begin(&s, "view_submission", trigger);
    json_t *shown = payload_view(view);
    json_object_set_new(payload, "view", shown);
    json_object_set_new(payload, "response_urls", json_array());
    json_object_set(answer, "view_id", json_object_get(view, "id"));
    json_object_set(answer, "values", json_object_get(json_object_get(shown, "state"), "values"));
    json_object_set_new(answer, "trigger_id", json_string(trigger));
    char *form = script_form(payload);
    json_decref(payload);
    free(trigger);
    return form;
}

/* The errors of an answer hang on input blocks of this view, else Slack shows none of them. */
static bool errors_good(const json_t *view, const json_t *errors)
{
    const char *id = NULL;
    json_t *text = NULL;
    bool good = json_object_size(errors) > 0;
    json_t *all = json_incref((json_t *)(uintptr_t)errors);
    json_object_foreach(all, id, text)
    {
        bool found = false;
        const json_t *blocks = json_object_get(view, "blocks");
        for (size_t i = 0; i < json_array_size(blocks); i++) {
            const json_t *block = json_array_get(blocks, i);
            found = found || (strcmp(json_str_or(block, "type", ""), "input") == 0 &&
                              strcmp(json_str_or(block, "block_id", ""), id) == 0);
        }
        good = good && found && json_is_string(text) && json_string_length(text) > 0;
    }
    json_decref(all);
    return good;
}

static const char *take_errors(json_t *team, const char *user, const json_t *given, json_t *answer)
{
    json_t *view = slack_modal(team, user);
    json_t *errors = json_object_get(given, "errors");
    if (!errors_good(view, errors)) {
        return "invalid_errors";
    }
    json_object_set(view, "_errors", errors);
    json_object_set(answer, "errors", errors);
    world_touch();
    return NULL;
}

static const char *take_view(json_t *team, const char *user, const json_t *given, json_t *answer)
{
    json_t *view = json_deep_copy(json_object_get(given, "view"));
    bool push = strcmp(json_str_or(given, "response_action", ""), "push") == 0;
    json_t *faults = view == NULL ? json_pack("[s]", "missing required field: view")
                                  : slack_modal_set(team, user, view, push);
    if (faults != NULL) {
        json_object_set_new(answer, "faults", faults);
        return "invalid_view";
    }
    return NULL;
}

static const char *take_clear(json_t *team, const char *user, const json_t *given, json_t *answer)
{
    (void)given;
    while (slack_modal(team, user) != NULL) {
        slack_modal_close(team, user);
    }
    json_object_set_new(answer, "closed", json_true());
    return NULL;
}

static const char *take_action(json_t *team, const char *user, const json_t *given, json_t *answer)
{
    static const struct {
        const char *name;
        const char *(*take)(json_t *team, const char *user, const json_t *given, json_t *answer);
    } actions[] = {
        {"errors", take_errors}, {"update", take_view}, {"push", take_view}, {"clear", take_clear}};
    const char *name = json_str_or(given, "response_action", "");
    for (size_t i = 0; i < sizeof actions / sizeof actions[0]; i++) {
        if (strcmp(actions[i].name, name) == 0) {
            return actions[i].take(team, user, given, answer);
        }
    }
    return "invalid_response_action";
}

/* What the answer does to the screen; "refused" tells why Slack would show its own error. */
static void submit_answered(const struct scene *s, const struct slack_answer *got, json_t *answer)
{
    const char *text = buf_text(&got->body);
    json_object_set_new(answer, "closed", json_false());
    json_object_set_new(answer, "sent", json_true());
    json_object_set_new(answer, "errors", json_null());
    json_t *given = got->body.len == 0 ? NULL : json_loads(text, 0, NULL);
    json_object_set_new(answer, "answer",
                        given != NULL ? json_incref(given) : json_text(text, got->body.len));
    const char *refused = NULL;
    json_t *view = slack_modal(s->team, s->user_id);
    bool same =
        view != NULL && json_equal(json_object_get(view, "id"), json_object_get(answer, "view_id"));
    if (got->sent.status != 200) {
        refused = "trouble_connecting";
    } else if (!same) {
        refused = NULL; /* closed or replaced meanwhile: the answer is too late for the screen */
    } else if (got->body.len == 0) {
        bool all = json_flag(view, "clear_on_close", false);
        do {
            slack_modal_close(s->team, s->user_id);
        } while (all && slack_modal(s->team, s->user_id) != NULL);
        json_object_set_new(answer, "closed", json_true());
    } else if (strcmp(got->type, "application/json") != 0 || !json_is_object(given)) {
        refused = "invalid_body"; /* a stray body keeps the modal open */
    } else if (json_object_size(given) > 0) {
        refused = take_action(s->team, s->user_id, given, answer);
    }
    if (refused != NULL) {
        json_object_set_new(answer, "refused", json_string(refused));
    }
    json_decref(given);
}

void slack_submit(struct request *req, const json_t *body)
{
    int64_t times = json_int_or(body, "times", 1);
    json_t *answer = json_pack("{s:b}", "ok", true);
    json_t *attempts = json_array();
    world_lock();
    char *form = submit_make(req, body, answer);
    world_unlock();
    for (int64_t i = 0; form != NULL && i < (times < 1 ? 1 : times > 20 ? 20 : times); i++) {
        struct scene s;
        struct slack_answer got = slack_ask("/slack/interactions", form);
        json_t *sent = script_sent(&got.sent);
        json_array_append(attempts, sent);
        world_lock();
        bool there = script_scene(req, body, &s);
        if (i == 0 && there) {
            json_object_update(answer, sent);
            submit_answered(&s, &got, answer);
        }
        world_unlock();
        json_decref(sent);
        buf_free(&got.body);
    }
    if (form == NULL) {
        json_decref(attempts);
        json_decref(answer);
        return;
    }
    free(form);
    json_object_set_new(answer, "attempts", attempts);
    http_reply_json(req, 200, answer);
}

/* ---- closing ---- */

struct closing {
    char *forms[8];
    size_t count;
};

/* Takes the views away and keeps what is to be told. */
static bool close_make(struct request *req, const json_t *body, struct closing *c)
{
    struct scene s;
    if (!script_scene(req, body, &s)) {
        return false;
    }
    bool all = json_flag(body, "all", false);
    if (slack_modal(s.team, s.user_id) == NULL) {
        script_refuse(req, 404, "no_modal", "this person has no modal open");
        return false;
    }
    do {
        json_t *view = slack_modal(s.team, s.user_id);
        if (json_flag(view, "notify_on_close", false) && c->count < 8) {
            json_t *payload = payload_begin(&s, "view_closed", NULL);
            json_object_set_new(payload, "view", payload_view(view));
            json_object_set_new(payload, "is_cleared", json_boolean(all));
            c->forms[c->count++] = script_form(payload);
            json_decref(payload);
        }
        all = all || json_flag(view, "clear_on_close", false);
        slack_modal_close(s.team, s.user_id);
    } while (all && slack_modal(s.team, s.user_id) != NULL);
    return true;
}

void slack_close(struct request *req, const json_t *body)
{
    struct closing c = {.count = 0};
    world_lock();
    bool closed = close_make(req, body, &c);
    world_unlock();
    if (!closed) {
        return;
    }
    json_t *attempts = json_array();
    int status = 0;
    for (size_t i = 0; i < c.count; i++) {
        struct slack_sent sent = slack_send(
            "/slack/interactions", "application/x-www-form-urlencoded", c.forms[i], 0, NULL);
        status = sent.status;
        json_array_append_new(attempts, script_sent(&sent));
        free(c.forms[i]);
    }
    http_reply_json(req, 200,
                    json_pack("{s:b, s:b, s:o, s:o}", "ok", true, "closed", true, "status",
                              c.count == 0 ? json_null() : json_integer(status), "attempts",
                              attempts));
}

/* ---- choices that the bot offers while a person types ---- */

static char *suggest_make(struct request *req, const json_t *body, struct scene *s)
{
    if (!script_scene(req, body, s)) {
        return NULL;
    }
    json_t *view = strcmp(json_str_or(body, "in", "modal"), "home") == 0
                       ? slack_home(s->team, s->user_id)
                       : slack_modal(s->team, s->user_id);
    json_t *block = NULL;
    json_t *element =
        element_find(json_object_get(view, "blocks"), json_str_or(body, "action", ""), &block);
    if (strcmp(json_str_or(element, "type", ""), "external_select") != 0) {
        script_refuse(req, 404, "action_not_found", "no external_select with this name");
        return NULL;
    }
    json_t *payload = payload_begin(s, "block_suggestion", NULL);
    json_object_set(payload, "action_id", json_object_get(element, "action_id"));
    json_object_set(payload, "block_id", json_object_get(block, "block_id"));
    json_object_set_new(payload, "value", json_string(json_str_or(body, "value", "")));
    json_object_set_new(payload, "view", payload_view(view));
    json_object_set_new(
        payload, "container",
        json_pack("{s:s, s:O}", "type", "view", "view_id", json_object_get(view, "id")));
    char *form = script_form(payload);
    json_decref(payload);
    return form;
}

static void suggest_answered(const json_t *body, const struct scene *s, json_t *given,
                             json_t *answer)
{
    json_t *faults = json_array();
    slack_options_check(given, faults);
    if (json_array_size(faults) > 0) {
        json_object_set(answer, "faults", faults);
    } else {
        json_t *block = NULL;
        json_t *view = strcmp(json_str_or(body, "in", "modal"), "home") == 0
                           ? slack_home(s->team, s->user_id)
                           : slack_modal(s->team, s->user_id);
        json_t *element =
            element_find(json_object_get(view, "blocks"), json_str_or(body, "action", ""), &block);
        if (element != NULL) {
            json_object_set(element, "_offered", json_object_get(given, "options"));
        }
        json_object_update(answer, given);
    }
    json_decref(faults);
}

void slack_suggest(struct request *req, const json_t *body)
{
    struct scene s;
    world_lock();
    char *form = suggest_make(req, body, &s);
    world_unlock();
    if (form == NULL) {
        return;
    }
    struct slack_answer got = slack_ask("/slack/options", form);
    free(form);
    json_t *answer = script_sent(&got.sent);
    json_object_set_new(answer, "ok", json_true());
    json_t *given = json_loads(buf_text(&got.body), 0, NULL);
    world_lock();
    if (got.sent.status == 200 && script_scene(req, body, &s)) {
        suggest_answered(body, &s, given, answer);
    }
    world_unlock();
    json_decref(given);
    buf_free(&got.body);
    http_reply_json(req, 200, answer);
}
