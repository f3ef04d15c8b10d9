#include "form_int.h"

#include <string.h>

#include "base/json.h"
#include "base/str.h"

/* What the buttons of a run that waits do: run it, go on with its question, say what became of a
 * write whose answer was lost. */

/* The pressed button's own message, when the run's result stands elsewhere: its buttons go. */
static int settle_pressed(struct turn *t, const struct run *r, json_t *view, struct err *e)
{
    bool same = r->message_id != NULL && t->acted != NULL && str_equal(t->acted->id, r->message_id);
    return same ? 0 : say_private(t, view, NULL, e);
}

int run_say_moved_on(struct turn *t, const struct run *r, struct err *e)
{
    static const char *const states[RUN_STATE_COUNT] = {
        [RUN_QUEUED] = "is about to run already",
        [RUN_RUNNING] = "is running already",
        [RUN_ASKING] = "asks for something else now",
        [RUN_PARKED] = "waits for a login now",
        [RUN_DONE] = "is done already",
        [RUN_FAILED] = "has ended: it did not work",
        [RUN_UNKNOWN] = "needs your word now",
        [RUN_CANCELLED] = "was cancelled",
        [RUN_EXPIRED] = "has expired",
        [RUN_SUPERSEDED] = "was replaced by a newer one",
    };
    struct recipe *recipe = NULL;
    json_t *view = view_new(t->scene.mem);
    if (t->acted != NULL && !action_stands(t)) {
        return 0; /* pressed twice: the message says by now what came of it */
    }
    if (result_recipe(&t->scene, r, &recipe, e) != 0) {
        return -1;
    }
    const char *title = recipe == NULL ? r->recipe : recipe->title;
    if (run_awaits_press(r)) {
        view_text(view, "**%s** waits for a press of its buttons now.", title);
    } else if (r->state == RUN_CANCELLED) {
        view_text(view, "Cancelled already: **%s**.", title);
    } else {
        view_text(view, "**%s** %s.", title, states[r->state]);
    }
    view_note(view, "Reference %s", r->reference);
    return say_private(t, view, NULL, e);
}

int action_run_now(struct turn *t, const char *value, struct err *e)
{
    struct run *r = NULL;
    if (run_of_user(t, value, &r, e) != 0) {
        return -1;
    }
    if (r == NULL) {
        return 0;
    }
    if (r->state != RUN_ASKING || r->asking != NULL) {
        return run_say_moved_on(t, r, e); /* pressed twice */
    }
    json_t *view = view_new(t->scene.mem);
    view_text(view, "Working on it.");
    r->confirmed = true;
    if (r->message_id != NULL && run_show(&t->scene, r, view, e) != 0) {
        return -1;
    }
    if (run_enqueue(&t->scene, r, RUN_ASKING, e) != 0) {
        return -1;
    }
    json_t *pressed = view_new(t->scene.mem);
    view_text(pressed, "Working on it.");
    return settle_pressed(t, r, pressed, e);
}

static int ask_anew(struct turn *t, struct run *r, const struct recipe *recipe, struct err *e)
{
    struct question q = {.why = NULL};
    bool lost = recipe == NULL || r->inputs == NULL;
    json_t *view = view_new(t->scene.mem);
    if (!lost && clocks_ask(&t->scene, recipe, r->inputs, &q, e) != 0) {
        return -1;
    }
    q.input = q.input == NULL && !lost ? bound_first(r, recipe) : q.input;
    if (q.input == NULL) {
        view_text(view, "This cannot go on: its inputs are not there any more. Type it again.");
        return say_private(t, view, NULL, e);
    }
    if (form_possible(t)) {
        return form_ask(t, r, recipe, e);
    }
    if (question_ask(t, r, recipe, &q, e) != 0) {
        return -1;
    }
    view_text(view, "I asked you again in our %s.", words_dm(&t->scene));
    return settle_pressed(t, r, view, e);
}

/* Its form, or the open question again at the end of the one-to-one chat. */
int action_resume(struct turn *t, const char *value, struct err *e)
{
    struct run *r = NULL;
    struct recipe *recipe = NULL;
    if (run_of_user(t, value, &r, e) != 0 || r == NULL) {
        return r == NULL ? 0 : -1;
    }
    if (r->state != RUN_ASKING || r->asking == NULL) {
        return run_say_moved_on(t, r, e);
    }
    if (recipe_of(&t->scene, r, &recipe, e) != 0) {
        return -1;
    }
    return ask_anew(t, r, recipe, e);
}

/* The message at which it waits once more, where the list stands. */
int action_show_again(struct turn *t, const char *value, struct err *e)
{
    struct run *r = NULL;
    struct message *m = NULL;
    if (run_of_user(t, value, &r, e) != 0 || r == NULL) {
        return r == NULL ? 0 : -1;
    }
    if (wait_fleeting(&t->scene, r, &m, e) != 0) {
        return -1;
    }
    if (m == NULL) {
        return run_say_moved_on(t, r, e);
    }
    json_t *view = view_new(t->scene.mem);
    view_text(view, "Here it is again.");
    return say_private(t, view, NULL, e) != 0 ? -1 : say_again(t, m, e);
}

/* --- a write whose answer was lost: the user says what became of it (P10) --- */

struct verdict {
    const char *words;
    const char *said; /* for the audit */
    int (*act)(struct turn *t, struct run *r, json_t *view, struct err *e);
    bool ends;        /* the run goes on no more */
    const char *left; /* why what comes after it is not done: an error code; NULL: nothing is */
    const char *off;  /* with left: what is the matter with its recipe; words say the rest */
};
typedef int verdict_fn(struct turn *t, const struct run *r, const struct verdict **ret,
                       struct err *e);

static json_t *verdict_view(const struct turn *t, const struct run *r, const struct verdict *v)
{
    json_t *view = view_new(t->scene.mem);
    if (v->left != NULL) {
        view_text(view, "Noted: it had happened. The recipe `%s` %s, so I do nothing more: %s",
                  r->recipe, v->off, v->words);
    } else {
        view_text(view, "%s", v->words);
    }
    if (v->ends) {
        view_note(view, "Reference %s", r->reference);
    }
    return view;
}

static int audit_verdict(struct turn *t, const struct run *r, const struct verdict *v,
                         struct err *e)
{
    arena *mem = t->scene.mem;
    json_t *detail = arena_json(mem, json_pack("{s:s, s:s, s:s, s:s*}", "run", r->id, "recipe",
                                               r->recipe, "said", v->said, "left", v->left));
    return store_audit_add(t->scene.s, r->workspace, arena_printf(mem, "user:%s", t->event.user_id),
                           "run.settled", r->reference, detail, e);
}

/* *ret NULL: whoever pressed has been told. */
static int find_asked(struct turn *t, const char *value, struct run **ret, struct err *e)
{
    struct run *r = NULL;
    bool answered = false;
    const char *id = arena_strndup(t->scene.mem, value, strcspn(value, "@"));
    *ret = NULL;
    if (post_run(t, id, &r, e) != 0) {
        return -1;
    }
    if (r == NULL) {
        return 0;
    }
    if (post_is_answered(t, r, value, &answered, e) != 0) {
        return -1;
    }
    if (r->state != RUN_UNKNOWN || answered) {
        return run_is_nobodys(r) ? post_say_first(t, r, "run.settled", NULL, e)
                                 : run_say_moved_on(t, r, e);
    }
    *ret = r;
    return 0;
}

/* find may have told whoever pressed why not, and gives none then. */
static int take_verdict(struct turn *t, const char *value, verdict_fn *find, struct err *e)
{
    struct run *r = NULL;
    const struct verdict *v = NULL;
    if (find_asked(t, value, &r, e) != 0 || (r != NULL && find(t, r, &v, e) != 0)) {
        return -1;
    }
    if (v == NULL) {
        return 0;
    }
    r->error_code = v->left != NULL ? v->left : r->error_code;
    if (audit_verdict(t, r, v, e) != 0 || v->act(t, r, verdict_view(t, r, v), e) != 0 ||
        settle_pressed(t, r, verdict_view(t, r, v), e) != 0) {
        return -1;
    }
    return run_is_nobodys(r) ? post_ask_next(t, r->recipe, e) : 0;
}

static int end_unknown(struct turn *t, struct run *r, json_t *view, struct err *e)
{
    return run_is_nobodys(r) ? post_move(&t->scene, r, RUN_DONE, e)
                             : run_end(&t->scene, r, RUN_UNKNOWN, RUN_DONE, view, e);
}

/* Of a step that runs for each item of a list the row of the whole goes: it begins as it was. */
static int settle_steps(struct turn *t, const struct run *r, bool happened, struct err *e)
{
    store *s = t->scene.s;
    struct run_step *steps = NULL;
    size_t count = 0;
    if (store_steps(s, r->workspace, r->id, &steps, &count, e) != 0) {
        return -1;
    }
    for (size_t i = 0; i < count; i++) {
        const struct run_step *p = &steps[i];
        if (!str_equal(p->state, "unknown")) {
            continue;
        }
        bool stands = happened && p->turn != STEP_LOOP;
        int rc = stands ? store_step_happened(s, r->workspace, r->id, p->position, e)
                        : store_step_forget(s, r->workspace, r->id, p->position, e);
        if (rc != 0) {
            return -1;
        }
    }
    return 0;
}

static int go_on(struct turn *t, struct run *r, bool happened, json_t *view, struct err *e)
{
    if (settle_steps(t, r, happened, e) != 0 ||
        (!run_is_nobodys(r) && run_show(&t->scene, r, view, e) != 0)) {
        return -1;
    }
    r->error_code = NULL; /* it is not unknown any more */
    return run_enqueue(&t->scene, r, RUN_UNKNOWN, e);
}

static int go_on_behind(struct turn *t, struct run *r, json_t *view, struct err *e)
{
    return go_on(t, r, true, view, e);
}

static int run_unknown_again(struct turn *t, struct run *r, json_t *view, struct err *e)
{
    return go_on(t, r, false, view, e);
}

/* What comes after it stays undone, and the run says so: it has failed for that reason. */
static int end_undone(struct turn *t, struct run *r, json_t *view, struct err *e)
{
    if (settle_steps(t, r, true, e) != 0) {
        return -1;
    }
    return run_is_nobodys(r) ? post_move(&t->scene, r, RUN_FAILED, e)
                             : run_end(&t->scene, r, RUN_UNKNOWN, RUN_FAILED, view, e);
}

/* Of a run that cannot go on. *ret NULL: it can, or nothing is left to do. */
static int verdict_left(struct turn *t, const struct run *r, const struct recipe *recipe,
                        enum unknown_rest rest, const struct verdict **ret, struct err *e)
{
    const char *off = NULL;
    *ret = NULL;
    if (post_off(&t->scene, r, &off, e) != 0) {
        return -1;
    }
    bool nothing_left = recipe != NULL && rest == REST_NONE && !run_is_nobodys(r);
    if (nothing_left || rest == REST_STOPS || (off == NULL && recipe != NULL)) {
        return 0;
    }
    struct verdict *v = arena_alloc(t->scene.mem, sizeof *v);
    *v = (struct verdict){.words = unknown_left(r, recipe, rest),
                          .said = "it_happened",
                          .act = end_undone,
                          .ends = true,
                          .left = off != NULL ? "recipe_off" : "recipe_faulty",
                          .off = off != NULL ? off : "has faults by now"};
    *ret = v;
    return 0;
}

/* The recipe of a run, and its step whose answer nobody has. */
static int find_place(struct turn *t, const struct run *r, struct recipe **ret, size_t *ret_place,
                      struct err *e)
{
    struct run_step *steps = NULL;
    size_t count = 0;
    *ret_place = STEP_SPAN;
    if (store_steps(t->scene.s, r->workspace, r->id, &steps, &count, e) != 0) {
        return -1;
    }
    for (size_t i = 0; i < count; i++) {
        if (str_equal(steps[i].state, "unknown")) {
            *ret_place = (size_t)(steps[i].position % STEP_SPAN);
        }
    }
    return result_recipe(&t->scene, r, ret, e);
}

/* By what comes after the step whose answer nobody has. */
static int verdict_done(struct turn *t, const struct run *r, const struct verdict **ret,
                        struct err *e)
{
    static const struct verdict done[] = {
        [REST_NONE] = {.words = "Noted: it had happened. I do nothing more.",
                       .said = "it_happened",
                       .act = end_unknown,
                       .ends = true},
        [REST_GOES_ON] = {.words = "Noted: it had happened. I go on.",
                          .said = "it_happened",
                          .act = go_on_behind},
        [REST_STOPS] = {.words = "Noted: it had happened. I stop here: what comes after it needs "
                                 "the app's answer, which nobody has. Please do the rest in the "
                                 "app, or with other commands.",
                        .said = "it_happened",
                        .act = end_unknown,
                        .ends = true}};
    static const struct verdict posted = {
        .words = "Noted: it had happened. I post the recipe's message.",
        .said = "it_happened",
        .act = go_on_behind};
    struct recipe *recipe = NULL;
    size_t place = 0;
    if (find_place(t, r, &recipe, &place, e) != 0) {
        return -1;
    }
    enum unknown_rest rest = unknown_rest(t->scene.mem, recipe, place);
    if (verdict_left(t, r, recipe, rest, ret, e) != 0 || *ret != NULL) {
        return *ret != NULL ? 0 : -1;
    }
    *ret = rest == REST_NONE && unknown_posts(r, recipe) ? &posted : &done[rest];
    return 0;
}

/* It would end in silence: it stays as it is. */
static int say_if_off(struct turn *t, const struct run *r, bool *ret_off, struct err *e)
{
    const char *off = NULL;
    if (post_off(&t->scene, r, &off, e) != 0) {
        return -1;
    }
    *ret_off = off != NULL;
    if (off == NULL) {
        return 0;
    }
    json_t *view = view_new(t->scene.mem);
    view_text(view, "The recipe `%s` is off or gone: nothing was run.", r->recipe);
    return say_beside(t, view, NULL, e);
}

static int verdict_again(struct turn *t, const struct run *r, const struct verdict **ret,
                         struct err *e)
{
    static const struct verdict again = {
        .words = "Running it again.", .said = "run_it_again", .act = run_unknown_again};
    bool off = false;
    if (say_if_off(t, r, &off, e) != 0) {
        return -1;
    }
    *ret = off ? NULL : &again;
    return 0;
}

int action_unknown_done(struct turn *t, const char *value, struct err *e)
{
    return take_verdict(t, value, verdict_done, e);
}

int action_unknown_again(struct turn *t, const char *value, struct err *e)
{
    return take_verdict(t, value, verdict_again, e);
}
