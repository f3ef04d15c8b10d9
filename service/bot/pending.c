#include "bot_int.h"

#include "base/clock.h"
#include "base/json.h"
#include "base/str.h"

/* What waits for the user: questions, logins, old writes, unknown ends - and ending them. */

static const char *what_for(const struct run *r)
{
    switch ((int)r->state) {
    case RUN_ASKING:
        return r->asking == NULL ? "waits for your word" : "asks for an input";
    case RUN_PARKED:
        return "waits for a login";
    case RUN_UNKNOWN:
        return "ended without a certain answer";
    default:
        return "is running";
    }
}

static int add_run(struct turn *t, json_t *view, const struct run *r, struct err *e)
{
    struct recipe *recipe = NULL;
    if (recipe_of(&t->scene, r, &recipe, e) != 0) {
        return -1;
    }
    view_divider(view);
    view_text(view, "**%s** %s", recipe == NULL ? r->recipe : recipe->title, what_for(r));
    words_inputs(view, r->inputs);
    view_note(view, "%s · reference %s", words_ago(t->scene.mem, r->created_at), r->reference);
    if (r->state == RUN_PARKED) {
        view_button(view, &(struct button){.title = "Log in",
                                           .action = "renew",
                                           .value = r->login_id,
                                           .style = BUTTON_PRIMARY});
    }
    if (r->state == RUN_ASKING && r->asking == NULL) {
        view_button(view, &(struct button){.title = "Run it now",
                                           .action = "run_now",
                                           .value = r->id,
                                           .style = BUTTON_PRIMARY});
    }
    if (r->state == RUN_ASKING || r->state == RUN_PARKED) {
        view_button(view, &(struct button){.title = "Drop it", .action = "drop", .value = r->id});
    }
    return 0;
}

int command_pending(struct turn *t, const char *rest, struct err *e)
{
    struct run *open = NULL;
    size_t count = 0;
    (void)rest;
    if (store_run_open(t->scene.s, t->scene.workspace->workspace, t->event.user_id, &open, &count,
                       e) != 0) {
        return -1;
    }
    json_t *view = view_new(t->scene.mem);
    if (count == 0) {
        view_text(view, "Nothing waits for you.");
        return say_private(t, view, NULL, e);
    }
    view_title(view, "Waiting for you");
    for (size_t i = 0; i < count && i < 10; i++) {
        if (add_run(t, view, &open[i], e) != 0) {
            return -1;
        }
    }
    return say_private(t, view, NULL, e);
}

/* A login that nothing waits for any more need not be asked for. */
static int end_idle_login(struct turn *t, const struct run *r, struct err *e)
{
    struct scene *sc = &t->scene;
    struct login *l = NULL;
    struct run *waiting = NULL;
    size_t count = 0;
    if (r->login_id == NULL) {
        return 0;
    }
    if (store_login_find(sc->s, r->workspace, r->login_id, &l, e) != 0) {
        return -1;
    }
    if (l == NULL || (l->state != LOGIN_OPEN && l->state != LOGIN_CODE)) {
        return 0;
    }
    if (store_run_parked_for(sc->s, l->workspace, l->user_id, l->default_name, &waiting, &count,
                             e) != 0) {
        return -1;
    }
    return count > 0
               ? 0
               : oauth_login_end(sc->bot->options.oauth, sc->s, l, LOGIN_CANCELLED, "dropped", e);
}

static int drop(struct turn *t, struct run *r, struct err *e)
{
    json_t *view = view_new(t->scene.mem);
    view_text(view, "Cancelled. Nothing was done.");
    view_note(view, "Reference %s", r->reference);
    struct run next = *r;
    next.state = RUN_CANCELLED;
    bool changed = false;
    if (r->message_id != NULL && run_show(&t->scene, r, view, e) != 0) {
        return -1;
    }
    if (store_run_update(t->scene.s, &next, r->state, &changed, e) != 0 ||
        end_idle_login(t, r, e) != 0) {
        return -1;
    }
    bool shown =
        r->message_id != NULL && t->acted != NULL && str_equal(t->acted->id, r->message_id);
    return shown ? 0 : say_private(t, view, NULL, e);
}

int action_drop(struct turn *t, const char *value, struct err *e)
{
    struct run *r = NULL;
    if (run_of_user(t, value, &r, e) != 0) {
        return -1;
    }
    bool waits = r != NULL && (r->state == RUN_ASKING || r->state == RUN_PARKED);
    return waits ? drop(t, r, e) : 0;
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
    return run_enqueue(&t->scene, r, RUN_ASKING, e);
}

int command_cancel(struct turn *t, const char *rest, struct err *e)
{
    struct run *open = NULL;
    size_t count = 0;
    (void)rest;
    if (store_run_open(t->scene.s, t->scene.workspace->workspace, t->event.user_id, &open, &count,
                       e) != 0) {
        return -1;
    }
    static const enum run_state order[] = {RUN_ASKING, RUN_PARKED};
    for (size_t k = 0; k < sizeof(order) / sizeof(order[0]); k++) {
        for (size_t i = 0; i < count; i++) {
            if (open[i].state == order[k]) {
                return drop(t, &open[i], e);
            }
        }
    }
    json_t *view = view_new(t->scene.mem);
    view_text(view, "There is nothing to cancel.");
    return say_private(t, view, NULL, e);
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
    return run_end(&t->scene, r, RUN_UNKNOWN, RUN_DONE, view, e);
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
    if (run_show(&t->scene, r, view, e) != 0) {
        return -1;
    }
    return run_enqueue(&t->scene, r, RUN_UNKNOWN, e);
}
