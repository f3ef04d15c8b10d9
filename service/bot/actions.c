#include "form_int.h"
#include "lists_int.h"
#include "people_int.h"

#include <string.h>

#include "base/json.h"
#include "base/str.h"

/*
 * Buttons of our messages. Whoever presses is who acts: a value only names a thing, and each
 * handler checks that the thing belongs to the presser.
 */
static const struct {
    const char *name;
    action_fn *press;
    bool navigates; /* the pressed message turns into the answer, when it is the user's own */
    bool opens;     /* may open a form: where the press waits for one, no other does anything */
    bool owned; /* its value is of one person: a run or login of theirs, words that they typed */
} actions[] = {
    {"login", action_link, false, false, false},
    {"install", action_link, false, false, false},
    {"open", action_link, false, false, false},
    {"back", action_back, true, false, true},
    {"connect", action_connect, true, false, false},
    {"reconnect", action_reconnect, true, false, false},
    {"disconnect", action_disconnect, true, false, false},
    {"not_me", action_not_me, true, false, false},
    {"forget", action_forget, true, false, false},
    {"press", action_bound, false, true, false},
    {"choice", action_choice, false, false, true},
    {"choice_all", action_choice, false, false, false},
    {"run", action_run, false, true, false},
    {"late", action_late, true, false, true},
    {"answer", action_answer, false, false, true},
    {"drop", action_drop, true, false, true},
    {"drop_login", action_drop_login, true, false, true},
    {"run_now", action_run_now, true, false, true},
    {"renew", action_renew, true, false, true},
    {"unknown_done", action_unknown_done, true, false, true},
    {"unknown_again", action_unknown_again, true, false, true},
    {"post_again", action_post_again, true, false, false},
    {"words", action_words, true, false, false},
    {"page", action_page, true, false, false},
    {"resume", action_resume, true, true, true},
    {"show_again", action_show_again, true, false, true},
    {"home", action_home, true, false, false},
    {"keep", action_keep, true, false, false},
    {"choose", action_choose, true, false, false},
    {"add_account", action_add_account, true, false, false},
    {"site", action_site, true, false, true},
    {"take_over", action_take_over, true, false, false},
    {"act_allow", action_act_allow, true, false, false},
    {"act_later", action_act_later, true, false, false},
    {"act_end", action_act_end, true, false, false},
};

/* What an ephemeral's button says of its message. Where that has gone another way meanwhile, what
 * is on the screen is not it any more. */
static int find_ephemeral(struct turn *t, struct err *e)
{
    const struct event *ev = &t->event;
    const char *workspace = t->scene.workspace->workspace;
    struct message *m = NULL;
    if (store_message_find(t->scene.s, workspace, ev->our_id, &m, e) != 0) {
        return -1;
    }
    if (m == NULL || !m->ephemeral || !str_equal(m->channel, ev->place.channel)) {
        return 0;
    }
    t->acted = m;
    if (secret_empty(ev->response_url) || !str_equal(m->user_id, ev->user_id)) {
        return 0;
    }
    return store_message_set_response_url(t->scene.s, workspace, m->id, ev->response_url,
                                          say_response_until(t), e);
}

/* -1: there is none of this name. */
static int find_action(const char *name)
{
    for (size_t i = 0; i < sizeof(actions) / sizeof(actions[0]); i++) {
        if (str_equal(actions[i].name, name)) {
            return (int)i;
        }
    }
    return -1;
}

/* What it does stands with its message, as does who was first; or what it may say does. */
static bool is_bound(int action)
{
    static action_fn *const bound[] = {action_bound, action_choice, action_post_again,
                                       action_unknown_done, action_unknown_again};
    bool is = false;
    for (size_t i = 0; action >= 0 && i < sizeof(bound) / sizeof(bound[0]); i++) {
        is = is || actions[action].press == bound[i];
    }
    return is;
}

static int find_acted(struct turn *t, struct err *e)
{
    const struct event *ev = &t->event;
    const struct message_named at = {.workspace = t->scene.workspace->workspace,
                                     .channel = ev->place.channel,
                                     .platform_id = ev->message_id,
                                     .id = ev->our_id,
                                     .copies = is_bound(find_action(ev->action))};
    return is_in_ephemeral(t) ? find_ephemeral(t, e)
                              : store_message_pressed(t->scene.s, &at, &t->acted, e);
}

const char action_others[] = "That button belongs to somebody else.";
const char action_others_advice[] = "Type the command yourself, and I do it for you.";

/* A line in the place would tell all of it. */
static int refuse_stranger(struct turn *t, struct err *e)
{
    json_t *view = view_new(t->scene.mem);
    view_text(view, "%s", action_others);
    view_note(view, "%s", action_others_advice);
    t->pointed = true;
    t->refused = true;
    return say_beside(t, view, NULL, e);
}

static bool is_owned(const char *action)
{
    int i = find_action(action);
    return i >= 0 && actions[i].owned;
}

/* NULL: nobody, or anybody who may. */
static const char *owner_of(const struct run *r)
{
    return r == NULL || run_is_nobodys(r) ? NULL : r->user_id;
}

int action_is_others(struct turn *t, bool *ret, struct err *e)
{
    const struct event *ev = &t->event;
    const char *owner = NULL, *value = ev->value == NULL ? "" : ev->value;
    struct run *r = NULL;
    if (find_acted(t, e) != 0) {
        return -1;
    }
    if (t->acted != NULL) {
        owner = t->acted->user_id;
        owner = owner == NULL && is_owned(ev->action) ? view_owner(t->acted->body) : owner;
    }
    const char *id = arena_strndup(t->scene.mem, value, strcspn(value, "@"));
    if (owner == NULL && is_owned(ev->action) && id_valid(id)) {
        if (store_run_find(t->scene.s, t->scene.workspace->workspace, id, &r, e) != 0) {
            return -1;
        }
        owner = owner_of(r);
    }
    *ret = owner != NULL && !str_equal(owner, ev->user_id);
    return 0;
}

static bool is_pressed(const struct turn *t, const json_t *button)
{
    return str_equal(json_text(button, "action"), t->event.action) &&
           str_equal(json_text(button, "value"), t->event.value);
}

static bool stands_in(const struct turn *t, const json_t *view)
{
    bool found = false;
    size_t i = 0, k = 0;
    const json_t *block = NULL, *button = NULL;
    json_array_foreach(json_member(view, "blocks"), i, block)
    {
        found = found || is_pressed(t, json_member(block, "button"));
        json_array_foreach(json_member(block, "buttons"), k, button)
        {
            found = found || is_pressed(t, button);
        }
    }
    return found;
}

bool action_stands(const struct turn *t)
{
    return stands_in(t, t->acted->body) || stands_in(t, view_own(t->acted->body));
}

int action_say_dead(struct turn *t, struct err *e)
{
    json_t *view = view_new(t->scene.mem);
    view_text(view, "That button does nothing any more. Type `help` to see what I can do now.");
    return say_private(t, view, NULL, e);
}

static int press(struct turn *t, const char *value, struct err *e)
{
    int i = find_action(t->event.action);
    if (i < 0) {
        return action_say_dead(t, e);
    }
    if (t->shows != NULL && !actions[i].opens) {
        return 0; /* no button of ours asks so */
    }
    t->navigates = actions[i].navigates;
    return actions[i].press(t, value, e);
}

/* What was pressed and stays as it is is sent once more: from then on a press on it is another one,
 * and cannot be taken for the first that the platform sends again. */
static int renew_buttons(struct turn *t, struct err *e)
{
    struct scene *sc = &t->scene;
    const struct chat_driver *driver =
        chats_driver(sc->bot->options.chats, sc->workspace->workspace);
    bool again = false;
    if (t->acted == NULL || t->refused || t->shows != NULL || driver == NULL ||
        !driver->presses_once) {
        return 0;
    }
    if (store_message_once_more(sc->s, t->acted, &again, e) != 0) {
        return -1;
    }
    return again ? bot_message_send(sc->s, sc->mem, t->acted, e) : 0;
}

int action_press(struct turn *t, struct err *e)
{
    if (person_lock(&t->scene, e) != 0 || find_acted(t, e) != 0) {
        return -1;
    }
    if (t->acted != NULL && t->acted->user_id != NULL &&
        !str_equal(t->acted->user_id, t->event.user_id)) {
        return refuse_stranger(t, e);
    }
    const char *value = t->event.value == NULL ? "" : t->event.value;
    t->listed = pending_pressed(t, value, &value);
    if (press(t, value, e) != 0 || renew_buttons(t, e) != 0) {
        return -1;
    }
    return t->event.surface == SURFACE_HOME ? home_pressed(t, e) : 0;
}

int run_of_user(struct turn *t, const char *run_id, struct run **ret, struct err *e)
{
    struct run *r = NULL;
    if (id_valid(run_id) &&
        store_run_lock(t->scene.s, t->scene.workspace->workspace, run_id, &r, e) != 0) {
        return -1;
    }
    if (r == NULL || !str_equal(r->user_id, t->event.user_id)) {
        *ret = NULL;
        return refuse_stranger(t, e);
    }
    *ret = r;
    return 0;
}

/* Where the platform does not sign what a button says, its message must say the same. */
static bool is_as_sent(const struct turn *t)
{
    return forms_kept(&t->scene) || (t->acted != NULL && action_stands(t));
}

/* A command with inputs that its button says itself: of a message that helps to type one, or of
 * before buttons were bound. */
int action_run(struct turn *t, const char *value, struct err *e)
{
    json_t *call = NULL;
    struct err bad = {0};
    if (json_read(t->scene.mem, bytes_of(value), &call, &bad) != 0) {
        return 0; /* was not written by us */
    }
    t->fills = json_is_true(json_member(call, "form"));
    if ((t->shows != NULL && !t->fills) || !is_as_sent(t)) {
        return 0; /* as no button of ours asks */
    }
    const char *rest = NULL, *command = json_text(call, "command");
    const struct recipe_row *row =
        command == NULL ? NULL
                        : recipe_match(t->scene.mem, t->recipes, t->recipes_count, command, &rest);
    if (row == NULL) {
        return help_unknown(t, command == NULL ? "" : command, e) < 0 ? -1 : 0;
    }
    return start_recipe_with(t, row, json_member(call, "inputs"), e);
}

/* The browser follows a link by itself. Its click told us the place where an ephemeral prompt can
 * be replaced later. */
int action_link(struct turn *t, const char *value, struct err *e)
{
    (void)t;
    (void)value;
    (void)e;
    return 0;
}
