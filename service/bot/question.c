#include "form_int.h"
#include "lists_int.h"

#include <string.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/str.h"

/*
 * Missing inputs, asked one by one in the user's one-to-one chat. The run row holds what was
 * answered and what is asked, so a restart loses nothing.
 */

enum { OPTION_BUTTONS_MAX = 10, MEANT_BYTES = 500 /* a button holds no more */ };

static bool is_first(const struct run *r)
{
    return !run_asks_question(r);
}

/* What its type alone says of an input that has no hint. */
const char *question_kind(const struct recipe_input *in)
{
    static const char *const kinds[INPUT_TYPE_COUNT] = {
        [INPUT_STRING] = "any text",           [INPUT_NUMBER] = "a number",
        [INPUT_BOOLEAN] = "yes or no",         [INPUT_DATE] = "a date",
        [INPUT_DATE_TIME] = "a date and time", [INPUT_FILE] = "a file",
    };
    return in->options_count > 0 ? "one of these" : kinds[in->type];
}

const char *question_sample(const struct recipe_input *in)
{
    if (in->sample != NULL || in->hint != NULL || in->options_count > 0) {
        return in->sample;
    }
    static const char *const samples[INPUT_TYPE_COUNT] = {
        [INPUT_NUMBER] = "5000",
        [INPUT_DATE] = "2026-12-31",
        [INPUT_DATE_TIME] = "2026-12-31 14:30",
    };
    return samples[in->type];
}

static char *hint_of(arena *mem, const struct recipe_input *in)
{
    const char *hint = in->hint != NULL ? in->hint : question_kind(in),
               *sample = question_sample(in);
    return sample == NULL ? arena_printf(mem, "(%s)", hint)
                          : arena_printf(mem, "(%s, e.g. %s)", hint, sample);
}

/* What was given and does not fit, and why; the rest need not be typed again. */
static void add_misfit(struct turn *t, json_t *view, const struct run *r, const struct question *q)
{
    const char *given = json_text(r->inputs, q->input->name);
    view_text(view, "`%s: %s` does not fit. %s", q->input->name,
              str_cut(t->scene.mem, given == NULL ? "" : given, 100), q->why);
}

/* What it has already: two commands that wait look alike without. */
static void add_given(struct turn *t, json_t *view, const struct run *r,
                      const struct recipe *recipe)
{
    enum { GIVEN_SHOWN = 5 };
    const char *why = NULL;
    json_t *value = NULL, *fitting = arena_json(t->scene.mem, json_object());
    for (size_t i = 0; i < recipe->inputs_count; i++) {
        const struct recipe_input *in = &recipe->inputs[i];
        json_t *given = json_member(r->inputs, in->name);
        bool fits = given != NULL &&
                    (!json_is_string(given) ||
                     recipe_input_value(t->scene.mem, in, json_string_value(given), &value, &why));
        if (fits) {
            json_object_set(fitting, in->name, given);
        }
    }
    struct run known = *r;
    known.inputs = fitting;
    words_inputs(&t->scene, view, recipe, &known, GIVEN_SHOWN);
}

static char *answer_value(arena *mem, const char *run_id, const char *input, const char *value)
{
    return json_write(mem, arena_json(mem, json_pack("{s:s, s:s, s:s}", "run", run_id, "input",
                                                     input, "value", value)));
}

/* Others will read what comes of it. */
static void add_origin(json_t *view, const struct run *r)
{
    if (run_in_private(r)) {
        return;
    }
    if (run_for_one(r)) {
        view_text(view, "You began this in <#%s>.", r->channel);
    } else {
        view_text(view, "You began this in <#%s>; the result is posted there.", r->channel);
    }
}

int question_tell_where(struct turn *t, const struct run *r, const struct recipe *recipe,
                        struct err *e)
{
    struct scene *sc = &t->scene;
    bool waits = false;
    sc->told = sc->told || words_has_own_views(sc);
    if (run_for_one(r) || outlook_login(t, recipe, &waits, e) != 0) {
        return run_for_one(r) ? 0 : -1;
    }
    if (waits) {
        return 0; /* the login comes first, and says what waits for it */
    }
    json_t *view = view_new(sc->mem);
    view_text(view, "Running it: the result comes in <#%s>.", r->channel);
    return say_dm(sc, view, NULL, e);
}

int question_settle(struct scene *sc, const struct run *r, const struct recipe *recipe,
                    struct err *e)
{
    struct message *m = NULL;
    if (store_message_find(sc->s, r->workspace, r->id, &m, e) != 0) {
        return -1;
    }
    if (m == NULL || !str_equal(m->user_id, r->user_id)) {
        return 0;
    }
    json_t *view = view_new(sc->mem);
    view_text(view, "**%s**", recipe->title);
    words_inputs(sc, view, recipe, r, SIZE_MAX);
    view_note(view, "Filled in.");
    return say_update(sc, m->id, view, e);
}

/* What is asked, and for a file where it is chosen. */
static void add_request(struct turn *t, json_t *view, const struct recipe_input *in)
{
    const char *refused = in->type == INPUT_FILE ? files_refused(&t->scene) : NULL;
    if (refused != NULL) {
        view_text(view, "It needs a file for **%s**. %s", in->name, refused);
    } else if (in->type == INPUT_FILE) {
        view_text(view, "Choose **%s** %s in the form:", in->name, hint_of(t->scene.mem, in));
    } else {
        view_text(view, "Enter **%s** %s:", in->name, hint_of(t->scene.mem, in));
    }
}

static json_t *question_view(struct turn *t, const struct run *r, const struct recipe *recipe,
                             const struct question *q)
{
    arena *mem = t->scene.mem;
    const struct recipe_input *in = q->input;
    json_t *view = view_new(mem);
    bool first = is_first(r);
    if (first) {
        view_text(view, "**%s**", recipe->title);
        add_given(t, view, r, recipe);
        add_origin(view, r);
        view_note(view, "Type `cancel` to stop at any time.");
    }
    if (q->why != NULL) {
        add_misfit(t, view, r, q);
    }
    add_request(t, view, in);
    for (size_t i = 0; i < in->options_count && i < OPTION_BUTTONS_MAX; i++) {
        view_button(view, &(struct button){
                              .title = in->options[i].label,
                              .action = "answer",
                              .value = answer_value(mem, r->id, in->name, in->options[i].value)});
    }
    if (first || q->form != NULL || in->type == INPUT_FILE) {
        form_button(t, view,
                    &(struct button){.title = q->form == NULL ? "Fill in a form" : q->form,
                                     .action = "resume",
                                     .value = r->id});
    }
    return view;
}

int question_ask(struct turn *t, struct run *r, const struct recipe *recipe,
                 const struct question *q, struct err *e)
{
    const char *clock = NULL;
    if (clocks_note(&t->scene, q->input, &clock, e) != 0) {
        return -1;
    }
    json_t *view = question_view(t, r, recipe, q);
    if (clock != NULL) {
        view_note(view, "%s", clock);
    }
    bool changed = false, first = is_first(r);
    struct target here = say_place(t);
    struct run next = *r;
    next.asking = q->input->name;
    next.expires_at = clock_now() + t->scene.bot->options.config->ttl_question;
    t->scene.changed = true;
    if (store_run_update(t->scene.s, &next, RUN_ASKING, &changed, e) != 0) {
        return -1;
    }
    here.id = first ? r->id : NULL;
    if (t->event.place.is_private) {
        return say_new(&t->scene, &here, view, NULL, e);
    }
    int rc = first ? say_dm_as(&t->scene, r->id, view, e) : say_dm(&t->scene, view, NULL, e);
    if (rc != 0) {
        return -1;
    }
    const struct pointing rest = {.what = "asked you for the rest", .waits = true};
    if (say_is_elsewhere(t)) {
        return first ? say_points(t, &rest, e) : 0;
    }
    json_t *line = view_new(t->scene.mem);
    view_text(line, q->why == NULL ? "I asked you for the rest in a private message."
                                   : "One value does not fit: I asked you for it in a private "
                                     "message.");
    return first ? say_private(t, line, NULL, e) : 0;
}

/* Named, with where it came from: the question may be of long ago, and something else was meant. */
static int say_try_again(struct turn *t, const struct run *r, const struct recipe *recipe,
                         const char *why, struct err *e)
{
    arena *mem = t->scene.mem;
    json_t *view = view_new(mem);
    view_text(view, "**%s**: %s", recipe->title, why);
    add_origin(view, r);
    view_note(view, "Enter %s again, or type `cancel`.", r->asking);
    form_button(t, view,
                &(struct button){.title = "Fill in a form", .action = "resume", .value = r->id});
    view_button(view, &(struct button){.title = "Cancel it", .action = "drop", .value = r->id});
    view_button(view, &(struct button){.title = "Help", .action = "words", .value = "help"});
    const struct target here = say_place(t);
    return say_new(&t->scene, &here, view, NULL, e);
}

/* It goes on waiting: what this process cannot read of a recipe, the next release may. */
static int say_not_now(struct turn *t, const struct run *r, const struct recipe *recipe,
                       struct err *e)
{
    json_t *view = view_new(t->scene.mem);
    view_text(view,
              "**%s** cannot take its %s now: this command is set up wrong. An admin must look at "
              "its recipe.",
              recipe == NULL ? r->recipe : recipe->title, r->asking);
    view_button(view, &(struct button){.title = "Cancel it", .action = "drop", .value = r->id});
    words_add_admins(&t->scene, view);
    return say_private(t, view, NULL, e);
}

int question_take(struct turn *t, struct run *r, const char *text, struct err *e)
{
    struct recipe *recipe = NULL;
    const char *why = NULL;
    json_t *value = NULL;
    if (result_recipe(&t->scene, r, &recipe, e) != 0) {
        return -1;
    }
    const struct recipe_input *in = recipe == NULL ? NULL : recipe_input_find(recipe, r->asking);
    if (in == NULL) {
        return say_not_now(t, r, recipe, e);
    }
    if (r->unreadable != NULL) {
        return err_set(e, ERR_INTERNAL, r->unreadable, "the inputs of run %s do not open",
                       r->reference);
    }
    if (!recipe_input_value(t->scene.mem, in, text, &value, &why)) {
        return say_try_again(t, r, recipe, why, e);
    }
    json_object_set(r->inputs, in->name, value);
    struct question next = {.input = NULL};
    if (clocks_ask(&t->scene, recipe, r->inputs, &next, e) != 0) {
        return -1;
    }
    if (next.input != NULL) {
        return question_ask(t, r, recipe, &next, e);
    }
    return question_tell_where(t, r, recipe, e) != 0 ? -1
                                                     : run_enqueue(&t->scene, r, RUN_ASKING, e);
}

int question_find(struct turn *t, struct run **ret, struct err *e)
{
    struct run *open = NULL;
    size_t count = 0;
    *ret = NULL;
    if (!t->event.place.is_private) {
        return 0; /* answers are given where the question was asked */
    }
    if (store_run_open(t->scene.s, t->scene.workspace->workspace, t->event.user_id, &open, &count,
                       e) != 0) {
        return -1;
    }
    for (size_t i = 0; i < count && *ret == NULL; i++) {
        bool over = open[i].expires_at > 0 && open[i].expires_at <= clock_now();
        bool answers = run_asks_question(&open[i]) && open[i].inputs != NULL;
        if (open[i].state == RUN_ASKING && answers && !over) {
            *ret = &open[i];
        }
    }
    return 0;
}

int question_meant(struct turn *t, const char *text, struct meant *ret, struct err *e)
{
    struct run *r = NULL;
    struct recipe *recipe = NULL;
    const char *why = NULL;
    json_t *value = NULL;
    *ret = (struct meant){.run = NULL};
    if (question_find(t, &r, e) != 0 ||
        (r != NULL && result_recipe(&t->scene, r, &recipe, e) != 0)) {
        return -1;
    }
    const struct recipe_input *in = recipe == NULL ? NULL : recipe_input_find(recipe, r->asking);
    bool fits = in != NULL && strlen(text) <= MEANT_BYTES &&
                recipe_input_value(t->scene.mem, in, text, &value, &why);
    if (fits) {
        *ret = (struct meant){.run = r, .recipe = recipe, .input = in, .text = text};
    }
    return 0;
}

char *question_answer_value(arena *mem, const struct meant *m)
{
    return answer_value(mem, m->run->id, m->input->name, m->text);
}

void question_add_meant(struct scene *sc, json_t *view, const struct meant *m)
{
    if (m->run == NULL) {
        return;
    }
    view_button(view, &(struct button){.title = arena_printf(sc->mem, "Use it as %s of %s",
                                                             m->input->name, m->recipe->title),
                                       .action = "answer",
                                       .value = question_answer_value(sc->mem, m)});
}

int question_answer(struct turn *t, const char *text, struct err *e)
{
    struct run *r = NULL;
    if (question_find(t, &r, e) != 0) {
        return -1;
    }
    if (r == NULL) {
        return 0;
    }
    return question_take(t, r, text, e) == 0 ? 1 : -1;
}

/* The pressed question says what was answered, and its buttons go. One that cannot be taken now
 * stays. */
static int show_answer(struct turn *t, const struct run *r, const char *value, struct err *e)
{
    struct recipe *recipe = NULL;
    if (t->acted == NULL) {
        return 0;
    }
    if (result_recipe(&t->scene, r, &recipe, e) != 0) {
        return -1;
    }
    const struct recipe_input *in = recipe == NULL ? NULL : recipe_input_find(recipe, r->asking);
    if (in == NULL) {
        return 0;
    }
    const char *label = value;
    for (size_t i = 0; i < in->options_count; i++) {
        label = str_equal(in->options[i].value, value) ? in->options[i].label : label;
    }
    json_t *view = view_new(t->scene.mem);
    view_text(view, "**%s**", recipe->title);
    view_text(view, "`%s`: %s", r->asking, label);
    return say_update(&t->scene, t->acted->id, view, e);
}

int action_answer(struct turn *t, const char *value, struct err *e)
{
    json_t *answer = NULL;
    struct err bad = {0};
    struct run *r = NULL;
    if (json_read(t->scene.mem, bytes_of(value), &answer, &bad) != 0 ||
        json_text(answer, "run") == NULL || json_text(answer, "value") == NULL) {
        return 0;
    }
    if (run_of_user(t, json_text(answer, "run"), &r, e) != 0) {
        return -1;
    }
    if (r == NULL || r->state != RUN_ASKING || !str_equal(r->asking, json_text(answer, "input"))) {
        return 0; /* answered before: a second click is no second answer */
    }
    return show_answer(t, r, json_text(answer, "value"), e) == 0
               ? question_take(t, r, json_text(answer, "value"), e)
               : -1;
}
