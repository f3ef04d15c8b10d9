#include "run_int.h"

#include "base/clock.h"
#include "base/json.h"
#include "base/str.h"

/*
 * A step that asks in the chat: its message, the step's row and the run that is parked behind it
 * are stored in one transaction, and whoever takes the run on finds the answer on record. The
 * message keeps for itself what it asks for ("wait"): the run, the step and its place, and later
 * who pressed.
 */

bool run_awaits_press(const struct run *r)
{
    return r->state == RUN_PARKED && r->asking != NULL;
}

static void add_buttons(struct scene *sc, const struct run_outcome *o, json_t *view)
{
    static const enum button_style styles[] = {[STYLE_PLAIN] = BUTTON_PLAIN,
                                               [STYLE_PRIMARY] = BUTTON_PRIMARY,
                                               [STYLE_DANGER] = BUTTON_DANGER};
    const struct recipe_wait *w = o->waits->wait;
    for (size_t i = 0; i < w->choices_count; i++) {
        const struct recipe_choice *c = &w->choices[i];
        const char *handle = arena_printf(sc->mem, "%s:%zu:%zu", o->run->id, o->waits_at, i);
        json_t *call =
            arena_json(sc->mem, json_pack("{s:s, s:s}", "value", c->value, "title", c->title));
        view_button(view, &(struct button){.title = c->title,
                                           .action = w->everyone ? "choice_all" : "choice",
                                           .value = handle,
                                           .style = styles[c->style],
                                           .confirm = c->confirm,
                                           .confirm_title = c->confirm == NULL ? NULL : c->title,
                                           .call = call});
    }
}

static void add_note(struct scene *sc, const struct run_outcome *o, json_t *view)
{
    if (run_for_one(o->run)) {
        view_note(view, "This waits for your press; `cancel` stops it.");
    } else if (o->waits->wait->everyone) {
        view_note(view, "Whoever may run **%s** can press here.", o->recipe->title);
    } else {
        view_note(view, "This is for %s to press.", words_person(sc->user));
    }
}

static json_t *wait_view(struct scene *sc, const struct run_outcome *o)
{
    const struct recipe_wait *w = o->waits->wait;
    const json_t *context = result_context(sc, o, run_for_one(o->run));
    json_t *view = view_new(sc->mem);
    view_text(view, "%s", template_text(sc->mem, w->text, context, 2000));
    for (size_t i = 0; i < w->fields_count; i++) {
        const char *value = template_text(sc->mem, w->fields[i].value, context, 1000);
        if (!str_empty(value)) {
            view_field(view, w->fields[i].label, value);
        }
    }
    add_buttons(sc, o, view);
    add_note(sc, o, view);
    json_object_set_new(view, "wait",
                        json_pack("{s:s, s:s, s:I, s:b}", "run", o->run->id, "step", o->waits->id,
                                  "place", (json_int_t)o->waits_at, "everyone", w->everyone));
    return view;
}

/* A message that decides keeps its place, and has the step's beside it. */
static int show(struct scene *sc, struct run *r, const struct run_step *row, json_t *view,
                struct err *e)
{
    struct target beside = run_target(sc, r);
    if (!decided_is_in_place(r)) {
        return run_show(sc, r, view, e);
    }
    beside.id = row->idempotency_key;
    return say_new(sc, &beside, view, NULL, e);
}

static int park(struct scene *sc, struct run *r, const char *step, struct err *e)
{
    bool changed = false;
    struct run next = *r;
    next.state = RUN_PARKED;
    next.asking = step;
    next.login_id = NULL;
    next.parked_at = clock_now();
    next.expires_at = next.parked_at + sc->bot->options.config->ttl_parked;
    sc->changed = true;
    if (store_run_update(sc->s, &next, r->state, &changed, e) != 0) {
        return -1;
    }
    return changed ? 0 : err_set(e, ERR_LEASE_LOST, "run_moved", "run %s moved on", r->reference);
}

int wait_begin(struct scene *sc, const struct job *j, struct run_outcome *o, struct err *e)
{
    const struct step_place at = {
        .job = j, .run_id = o->run->id, .position = store_step_position(o->waits_at, STEP_ONCE)};
    struct run_step *row = NULL;
    if (store_step_begin(sc->s, &at, o->waits->id, &row, e) != 0 ||
        show(sc, o->run, row, wait_view(sc, o), e) != 0) {
        return -1;
    }
    return park(sc, o->run, o->waits->id, e);
}

/* Of the step at which it waits; NULL: it waits at none. */
static int find_row(struct scene *sc, const struct run *r, struct run_step **ret, struct err *e)
{
    struct run_step *steps = NULL;
    size_t count = 0;
    *ret = NULL;
    if (!run_awaits_press(r)) {
        return 0;
    }
    if (store_steps(sc->s, r->workspace, r->id, &steps, &count, e) != 0) {
        return -1;
    }
    for (size_t i = 0; i < count && *ret == NULL; i++) {
        bool is = str_equal(steps[i].step, r->asking) && str_equal(steps[i].state, "started");
        *ret = is ? &steps[i] : NULL;
    }
    return 0;
}

/* --- shown again --- */

int wait_fleeting(struct scene *sc, const struct run *r, struct message **ret, struct err *e)
{
    struct run_step *row = NULL;
    struct message *m = NULL;
    *ret = NULL;
    if (!run_for_one(r) || find_row(sc, r, &row, e) != 0) {
        return run_for_one(r) ? -1 : 0;
    }
    if (row == NULL) {
        return 0;
    }
    const char *id = decided_is_in_place(r) ? row->idempotency_key : r->message_id;
    if (store_message_find(sc->s, r->workspace, id, &m, e) != 0) {
        return -1;
    }
    bool is = m != NULL && m->ephemeral && json_member(m->body, "wait") != NULL;
    *ret = is ? m : NULL;
    return 0;
}

/* --- nobody presses any more --- */

static int close_beside(struct scene *sc, const struct run *r, const struct run_step *row,
                        struct err *e)
{
    struct message *m = NULL;
    if (!decided_is_in_place(r)) {
        return 0; /* what becomes of the run takes its message */
    }
    if (store_message_find(sc->s, r->workspace, row->idempotency_key, &m, e) != 0) {
        return -1;
    }
    if (m == NULL) {
        return 0;
    }
    json_t *view = decided_without_buttons(sc->mem, m->body);
    json_object_del(view, "wait");
    view_note(view, "This waits no more.");
    return say_update(sc, m->id, view, e);
}

/* *ret NULL: it waits at none. */
static int end_step(struct scene *sc, const struct run *r, struct run_step **ret, struct err *e)
{
    if (find_row(sc, r, ret, e) != 0) {
        return -1;
    }
    if (*ret == NULL) {
        return 0;
    }
    (*ret)->state = "failed";
    (*ret)->error_code = "not_pressed";
    return store_step_answer(sc->s, r->workspace, r->id, *ret, e);
}

int wait_over(struct scene *sc, const struct run *r, struct err *e)
{
    struct run_step *p = NULL;
    if (end_step(sc, r, &p, e) != 0) {
        return -1;
    }
    return p == NULL ? 0 : close_beside(sc, r, p, e);
}

int wait_over_untold(struct scene *sc, const struct run *r, struct err *e)
{
    struct run_step *unused = NULL;
    return end_step(sc, r, &unused, e);
}
