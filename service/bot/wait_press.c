#include "lists_int.h"
#include "run_int.h"

#include "base/clock.h"
#include "base/json.h"
#include "base/str.h"

/*
 * The press that a step waits for. In one transaction its message loses the buttons and says who
 * pressed, the answer stands in the step's row, and the run goes on. Of two who press at the same
 * instant the run's lock lets one through; the other is told who was first.
 */

static int say_first(struct turn *t, const json_t *wait, struct err *e)
{
    json_t *view = view_new(t->scene.mem);
    bool own = str_equal(json_text(wait, "by"), t->event.user_id);
    view_text(view, "Nothing is left to do here:");
    view_stamp(view, json_integer_value(json_member(wait, "at")), "**%s** by %s",
               json_text(wait, "title"), own ? "you" : json_text(wait, "name"));
    return say_beside(t, view, NULL, e);
}

/* The message as it was read before its run was locked may be behind. */
static int say_too_late(struct turn *t, const struct run *r, struct err *e)
{
    struct message *m = NULL;
    if (store_message_find(t->scene.s, r->workspace, t->acted->id, &m, e) != 0) {
        return -1;
    }
    const json_t *wait = m == NULL ? NULL : json_member(m->body, "wait");
    return json_text(wait, "by") != NULL ? say_first(t, wait, e) : run_say_moved_on(t, r, e);
}

/* *ret NULL: whoever presses is told why not. */
static int find_run(struct turn *t, const json_t *wait, struct run **ret, struct err *e)
{
    const char *id = json_text(wait, "run");
    if (!json_flag(wait, "everyone")) {
        return run_of_user(t, id, ret, e);
    }
    if (store_run_lock(t->scene.s, t->scene.workspace->workspace, id, ret, e) != 0) {
        return -1;
    }
    return *ret == NULL ? say_words(t, "That button does nothing any more.", e) : 0;
}

/* Whoever may run it may press for its user, where its user began it. */
static int is_let_in(struct turn *t, const struct run *r, const struct recipe *recipe, bool *ret,
                     struct err *e)
{
    struct recipe_person person = {
        .workspace = t->scene.workspace, .user = t->scene.user, .channel = r->channel};
    *ret = str_equal(r->user_id, t->event.user_id);
    if (*ret || recipe == NULL) {
        return 0;
    }
    if (recipe_person_groups(t->scene.s, recipe, &person, e) != 0) {
        return -1;
    }
    *ret = recipe_allows(recipe, &person);
    return 0;
}

static int record(struct turn *t, const struct run *r, const json_t *wait, const json_t *call,
                  struct err *e)
{
    json_t *output = arena_json(
        t->scene.mem, json_pack("{s:s, s:s, s:s}", "value", json_text(call, "value"), "user",
                                t->event.user_id, "name", words_person(t->scene.user)));
    const struct run_step row = {.position = json_integer_value(json_member(wait, "place")),
                                 .state = "done",
                                 .output = output};
    return store_step_answer(t->scene.s, r->workspace, r->id, &row, e);
}

static int show(struct turn *t, const json_t *call, struct err *e)
{
    const char *name = words_person(t->scene.user), *title = json_text(call, "title");
    json_t *view = decided_without_buttons(t->scene.mem, t->acted->body);
    json_t *wait = json_member(view, "wait");
    int64_t now = clock_now();
    json_object_set_new(wait, "by", json_string(t->event.user_id));
    json_object_set_new(wait, "name", json_string(name));
    json_object_set_new(wait, "title", json_string(title));
    json_object_set_new(wait, "at", json_integer(now));
    view_stamp(view, now, "**%s** by %s", title, name);
    return say_update(&t->scene, t->acted->id, view, e);
}

/* As its user's, whoever pressed. */
static int go_on(struct turn *t, struct run *r, const struct recipe *recipe, struct err *e)
{
    struct scene own = t->scene;
    struct user *owner = NULL;
    own.from = run_origin(r);
    own.told = own.changed = false;
    if (store_user_find(own.s, r->workspace, r->user_id, &owner, e) != 0) {
        return -1;
    }
    own.user = owner != NULL ? owner : own.user;
    r->asking = NULL;
    if (!decided_is_in_place(r) && place_keeps(r)) {
        r->message_id = NULL; /* what was asked stays, and the result stands below it */
    }
    bool asks = owner != NULL && run_is_stale(&own, r, recipe);
    int rc = asks ? run_ask_again(&own, r, recipe, e) : run_enqueue(&own, r, RUN_PARKED, e);
    return rc == 0 ? home_flush(&own, e) : -1;
}

static int press(struct turn *t, struct run *r, const json_t *button, struct err *e)
{
    const json_t *wait = json_member(t->acted->body, "wait"), *call = json_member(button, "call");
    struct recipe *recipe = NULL;
    bool may = false;
    if (!run_awaits_press(r) || !str_equal(r->asking, json_text(wait, "step"))) {
        return say_too_late(t, r, e);
    }
    if (recipe_of(&t->scene, r, &recipe, e) != 0 || is_let_in(t, r, recipe, &may, e) != 0) {
        return -1;
    }
    if (!may) {
        return say_words(t, "You may not press this: it is for those who may run its command.", e);
    }
    return record(t, r, wait, call, e) != 0 || show(t, call, e) != 0 ? -1 : go_on(t, r, recipe, e);
}

int action_choice(struct turn *t, const char *value, struct err *e)
{
    struct run *r = NULL;
    const json_t *wait = t->acted == NULL ? NULL : json_member(t->acted->body, "wait");
    const json_t *button = t->acted == NULL ? NULL : bound_button(t->acted->body, value);
    if (json_text(wait, "by") != NULL) {
        return say_first(t, wait, e);
    }
    if (wait == NULL || button == NULL) {
        return say_words(t, "That button does nothing any more.", e);
    }
    return find_run(t, wait, &r, e) != 0 ? -1 : r == NULL ? 0 : press(t, r, button, e);
}
