#include "bot_int.h"

#include "base/clock.h"
#include "base/json.h"
#include "base/str.h"

/* `pending`: what waits for the user - questions, logins, old writes, unknown ends - and the words
 * that some of it waits for. */

static const char TYPE_CODE[] = "type the 6-digit code that your browser shows, in our direct "
                                "message";

static const char *what_for(const struct run *r, const struct login *l)
{
    switch ((int)r->state) {
    case RUN_ASKING:
        return r->asking == NULL ? "waits for your word" : "asks for an input";
    case RUN_PARKED:
        return l != NULL && l->state == LOGIN_CODE ? "waits for your code" : "waits for a login";
    case RUN_UNKNOWN:
        return "ended without a certain answer";
    default:
        return "is running";
    }
}

static void add_run_buttons(json_t *view, const struct run *r, bool code)
{
    if (r->state == RUN_PARKED) {
        view_button(view, &(struct button){.title = code ? "New login" : "Log in",
                                           .action = "renew",
                                           .value = r->login_id,
                                           .style = code ? BUTTON_PLAIN : BUTTON_PRIMARY});
    }
    if (r->state == RUN_ASKING && r->asking == NULL) {
        view_button(view, &(struct button){.title = "Run it now",
                                           .action = "run_now",
                                           .value = r->id,
                                           .style = BUTTON_PRIMARY});
    }
    if (r->state == RUN_ASKING || r->state == RUN_PARKED) {
        view_button(view, &(struct button){.title = "Cancel it", .action = "drop", .value = r->id});
    }
}

static int add_run(struct turn *t, json_t *view, const struct run *r, struct err *e)
{
    struct recipe *recipe = NULL;
    struct login *l = NULL;
    if (recipe_of(&t->scene, r, &recipe, e) != 0 ||
        (r->login_id != NULL &&
         store_login_find(t->scene.s, r->workspace, r->login_id, &l, e) != 0)) {
        return -1;
    }
    bool code = r->state == RUN_PARKED && l != NULL && l->state == LOGIN_CODE;
    bool question = r->state == RUN_ASKING && r->asking != NULL;
    view_divider(view);
    view_text(view, "**%s** %s%s%s", recipe == NULL ? r->recipe : recipe->title, what_for(r, l),
              code ? ": " : "", code ? TYPE_CODE : "");
    if (question) {
        view_text(view, "Enter **%s** in our direct message.", r->asking);
        json_object_del(r->inputs, r->asking); /* what does not fit is no value */
    }
    words_inputs(view, recipe, r->inputs);
    view_note(view, "%s · reference %s", words_ago(t->scene.mem, r->created_at), r->reference);
    add_run_buttons(view, r, code);
    return 0;
}

/* A login begun with `connect`: no run stands for it. */
static int add_login(struct turn *t, json_t *view, const struct login *l, struct err *e)
{
    struct default_connection *d = NULL;
    if (store_default_find(t->scene.s, l->workspace, l->default_name, &d, e) != 0) {
        return -1;
    }
    bool code = l->state == LOGIN_CODE;
    view_divider(view);
    view_text(view, "**The login to %s** %s%s",
              d == NULL ? l->default_name : words_app(&t->scene, d->app),
              code ? "waits for your code: " : "waits for you", code ? TYPE_CODE : "");
    view_note(view, "%s", words_ago(t->scene.mem, l->created_at));
    if (!code) {
        prompt_add_button(&t->scene, l, view, "Log in");
    } else {
        view_button(view,
                    &(struct button){.title = "New login", .action = "renew", .value = l->id});
    }
    view_button(view,
                &(struct button){.title = "Cancel it", .action = "drop_login", .value = l->id});
    return 0;
}

enum { SHOWN_MAX = 10 };

static int add_logins(struct turn *t, json_t *view, const struct login *list, size_t count,
                      struct err *e)
{
    for (size_t i = 0; i < count && i < SHOWN_MAX; i++) {
        if (list[i].run_id == NULL && add_login(t, view, &list[i], e) != 0) {
            return -1;
        }
    }
    return 0;
}

int command_pending(struct turn *t, const char *rest, struct err *e)
{
    const char *workspace = t->scene.workspace->workspace;
    struct run *open = NULL;
    struct login *logins = NULL;
    size_t count = 0, logins_count = 0;
    (void)rest;
    if (store_run_open(t->scene.s, workspace, t->event.user_id, &open, &count, e) != 0 ||
        store_login_list_open(t->scene.s, workspace, t->event.user_id, &logins, &logins_count, e) !=
            0) {
        return -1;
    }
    json_t *view = view_new(t->scene.mem);
    view_title(view, "Waiting for you");
    for (size_t i = 0; i < count && i < SHOWN_MAX; i++) {
        if (add_run(t, view, &open[i], e) != 0) {
            return -1;
        }
    }
    if (add_logins(t, view, logins, logins_count, e) != 0) {
        return -1;
    }
    if (json_array_size(json_member(view, "blocks")) == 1) {
        view = view_new(t->scene.mem);
        view_text(view, "Nothing waits for you.");
    }
    return say_private(t, view, NULL, e);
}

/* The pressed button's own message, when the run's result stands elsewhere: its buttons go. */
static int settle_pressed(struct turn *t, const struct run *r, json_t *view, struct err *e)
{
    bool same = r->message_id != NULL && t->acted != NULL && str_equal(t->acted->id, r->message_id);
    return same ? 0 : say_private(t, view, NULL, e);
}

int action_run_now(struct turn *t, const char *value, struct err *e)
{
    struct run *r = NULL;
    if (run_of_user(t, value, &r, e) != 0) {
        return -1;
    }
    if (r == NULL || r->state != RUN_ASKING || r->asking != NULL) {
        return 0; /* pressed twice */
    }
    json_t *view = view_new(t->scene.mem);
    view_text(view, "Working on it.");
    r->confirmed = true;
    if (r->message_id != NULL && run_show(&t->scene, r, view, e) != 0) {
        return -1;
    }
    if (settle_pressed(t, r, view, e) != 0) {
        return -1;
    }
    return run_enqueue(&t->scene, r, RUN_ASKING, e);
}

/* --- a write whose answer was lost: the user says what became of it (P10) --- */

int action_unknown_done(struct turn *t, const char *value, struct err *e)
{
    struct run *r = NULL;
    if (run_of_user(t, value, &r, e) != 0) {
        return -1;
    }
    if (r == NULL || r->state != RUN_UNKNOWN) {
        return 0;
    }
    json_t *view = view_new(t->scene.mem);
    view_text(view, "Noted: it had happened. I do nothing more.");
    view_note(view, "Reference %s", r->reference);
    return run_end(&t->scene, r, RUN_UNKNOWN, RUN_DONE, view, e) != 0
               ? -1
               : settle_pressed(t, r, view, e);
}

int action_unknown_again(struct turn *t, const char *value, struct err *e)
{
    struct run *r = NULL;
    struct run_step *steps = NULL;
    size_t count = 0;
    if (run_of_user(t, value, &r, e) != 0) {
        return -1;
    }
    if (r == NULL || r->state != RUN_UNKNOWN) {
        return 0;
    }
    if (store_steps(t->scene.s, r->workspace, r->id, &steps, &count, e) != 0) {
        return -1;
    }
    for (size_t i = 0; i < count; i++) {
        if (str_equal(steps[i].state, "unknown") &&
            store_step_forget(t->scene.s, r->workspace, r->id, steps[i].position, e) != 0) {
            return -1;
        }
    }
    json_t *view = view_new(t->scene.mem);
    view_text(view, "Running it again.");
    if (run_show(&t->scene, r, view, e) != 0 || settle_pressed(t, r, view, e) != 0) {
        return -1;
    }
    return run_enqueue(&t->scene, r, RUN_UNKNOWN, e);
}
