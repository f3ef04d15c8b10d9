#include "form_int.h"

#include <string.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/str.h"

/*
 * Inputs asked for in a form of the platform. The run is on record before the form opens, and the
 * form carries nothing but its id: it survives a restart, and who sends it must be the run's user.
 */

enum {
    /* Choices that one form holds by itself; what goes beyond them is searched, so that the form
     * keeps below the size that a platform takes */
    CHOICES_INLINE_MAX = 150,
    VALUES_BYTES_MAX = 10 * 1024, /* where all goes along in one answer */
    VALUE_BYTES_FREE = 100,       /* what takes less always goes along */
    HEADING_SHOWN = 24,           /* longer titles are cut there */
    LINES_FROM = 150              /* characters that are too many for one line */
};

bool run_asks_question(const struct run *r)
{
    return r->asking != NULL && !str_equal(r->asking, ASKING_FORM);
}

bool run_asks(const struct run *r)
{
    return r->state == RUN_ASKING && r->asking != NULL && r->inputs != NULL;
}

bool forms_in_answers(const struct scene *sc)
{
    const struct chat_driver *driver =
        chats_driver(sc->bot->options.chats, sc->workspace->workspace);
    return driver != NULL && driver->form_in_answer;
}

bool forms_known(const struct scene *sc)
{
    const struct chat_driver *driver =
        chats_driver(sc->bot->options.chats, sc->workspace->workspace);
    return driver != NULL && (driver->open_form != NULL || driver->form_in_answer);
}

bool forms_kept(const struct scene *sc)
{
    const struct chat_driver *driver =
        chats_driver(sc->bot->options.chats, sc->workspace->workspace);
    return driver != NULL && driver->form_kept;
}

bool form_possible(const struct turn *t)
{
    return t->shows != NULL || (!str_empty(t->event.trigger_id) && forms_known(&t->scene));
}

void form_button(const struct turn *t, json_t *view, const struct button *b)
{
    if (forms_known(&t->scene)) {
        struct button opening = *b;
        opening.opens = true;
        view_button(view, &opening);
    }
}

/* --- choices --- */

const char *form_choice_key(arena *mem, const struct recipe_input *in, size_t i)
{
    const char *value = in->options[i].value;
    return strlen(value) <= FORM_CHOICE_MAX && value[0] != '#' ? value
                                                               : arena_printf(mem, "#%zu", i);
}

const char *form_choice_value(arena *mem, const struct recipe_input *in, const char *key)
{
    for (size_t i = 0; i < in->options_count; i++) {
        if (str_equal(form_choice_key(mem, in, i), key)) {
            return in->options[i].value;
        }
    }
    for (size_t i = 0; i < in->options_count; i++) {
        if (str_equal_fold(in->options[i].label, key)) {
            return in->options[i].value; /* typed, where a list is too long to be shown */
        }
    }
    return NULL;
}

/* --- the form of a run --- */

struct filling {
    struct scene *scene;
    arena *mem;
    json_t *form;
    const json_t *inputs;
    size_t inline_left;
    size_t values_left; /* bytes */
    struct form_clocks clocks;
    bool whole; /* all goes along in one answer, lists as well: the chat does not ask for more */
};

static const char *given_text(arena *mem, const json_t *value)
{
    if (value == NULL || json_is_null(value)) {
        return NULL;
    }
    return json_is_string(value) ? json_string_value(value) : json_write(mem, value);
}

static enum form_kind kind_of(const struct recipe_input *in, const char *given)
{
    static const enum form_kind kinds[INPUT_TYPE_COUNT] = {
        [INPUT_STRING] = FORM_TEXT, [INPUT_NUMBER] = FORM_NUMBER,       [INPUT_BOOLEAN] = FORM_FLAG,
        [INPUT_DATE] = FORM_DATE,   [INPUT_DATE_TIME] = FORM_DATE_TIME, [INPUT_FILE] = FORM_FILE,
    };
    if (in->options_count > 0) {
        return FORM_CHOICE;
    }
    bool lines = in->multiline ||
                 (given != NULL && (strlen(given) > LINES_FROM || strchr(given, '\n') != NULL));
    return in->type == INPUT_STRING && lines ? FORM_LINES : kinds[in->type];
}

static void add_choices(struct filling *f, const struct recipe_input *in, struct form_field *field)
{
    struct form_choice *list = arena_array(f->mem, in->options_count, sizeof(*list));
    const char *chosen = NULL;
    for (size_t i = 0; i < in->options_count; i++) {
        list[i] = (struct form_choice){in->options[i].label, form_choice_key(f->mem, in, i)};
        bool same = field->value != NULL && (str_equal_fold(field->value, in->options[i].value) ||
                                             str_equal_fold(field->value, in->options[i].label));
        chosen = same && chosen == NULL ? list[i].value : chosen;
    }
    field->value = chosen;
    field->choices = list;
    field->choices_count = in->options_count;
    field->search =
        !f->whole && (in->options_count > FORM_CHOICES_SHOWN || in->options_count > f->inline_left);
    f->inline_left -= field->search ? 0 : in->options_count;
}

/* A value that goes along takes the room that it needs. */
static bool has_room(struct filling *f, const json_t *value)
{
    size_t bytes = strlen(json_write(f->mem, value));
    if (f->whole && bytes > VALUE_BYTES_FREE && bytes > f->values_left) {
        return false;
    }
    f->values_left -= bytes < f->values_left ? bytes : f->values_left;
    return true;
}

/* Longer than a field holds, or than a form has left: the run keeps it, and it is not asked for. */
static bool stays(struct filling *f, const struct recipe_input *in, const char *given)
{
    size_t letters = 0;
    for (const char *p = given == NULL ? "" : given; *p != '\0'; p++) {
        letters += ((unsigned char)*p & 0xC0) != 0x80;
    }
    /* what counts two of them for one letter must not cut either */
    if (in->type != INPUT_STRING || in->options_count > 0 || given == NULL ||
        (strlen(given) <= FORM_TEXT_MAX && has_room(f, json_member(f->inputs, in->name)))) {
        return false;
    }
    view_note(f->form, "**%s** stays as you typed it: %lld characters.", in->name,
              (long long)letters);
    return true;
}

/* Why a value that was given does not stand there, before what the recipe says of the field. */
static const char *misfit(struct filling *f, const struct recipe_input *in, const char *given,
                          const char *why)
{
    const char *hint = in->hint == NULL ? "" : in->hint;
    return arena_printf(f->mem, "%s does not fit. %s%s%s", str_cut(f->mem, given, 100), why,
                        *hint == '\0' ? "" : " ", hint);
}

/* Only a moment can stand in its field, where the platform tells no zone as a clock shows it. */
static void add_time(struct filling *f, const struct recipe_input *in, const char *given,
                     const char *why)
{
    struct err unused = {0};
    int64_t at = 0;
    bool fits = recipe_instant(json_member(f->inputs, in->name), &at);
    struct form_field field = {.name = in->name,
                               .label = in->name,
                               .kind = FORM_DATE_TIME,
                               .required = in->required,
                               .value = fits ? given : NULL,
                               .hint = in->hint,
                               .sample = question_sample(in)};
    if (fits && clocks_show(f->scene, f->clocks.zone, at, &field.local, &unused) != 0) {
        field.value = NULL; /* nothing is stored after this either */
    }
    if (given != NULL && !fits) {
        why = f->clocks.misread.input == in ? f->clocks.misread.why : why;
        field.hint = misfit(f, in, given, why == NULL ? "Clocks are turned then." : why);
    }
    if (f->whole) {
        field.hint =
            arena_printf(f->mem, "%s%sThe time is read %s.", field.hint == NULL ? "" : field.hint,
                         field.hint == NULL ? "" : " ", recipe_zone_words(f->mem, f->clocks.zone));
    }
    form_add(f->form, &field);
}

static void add_input(struct filling *f, const struct recipe_input *in)
{
    if (in->type == INPUT_FILE) {
        form_add_file(f->scene, f->form, in, json_member(f->inputs, in->name));
        return;
    }
    const char *given = given_text(f->mem, json_member(f->inputs, in->name)), *why = NULL;
    json_t *value = NULL;
    bool fits = given != NULL && recipe_input_value(f->mem, in, given, &value, &why);
    const char *shown = fits ? given : NULL;
    if (in->type == INPUT_DATE_TIME) {
        add_time(f, in, given, why);
        return;
    }
    if (stays(f, in, shown)) {
        return;
    }
    struct form_field field = {.name = in->name,
                               .label = in->name,
                               .kind = kind_of(in, shown),
                               .required = in->required,
                               .value = shown,
                               .hint = given == shown ? in->hint : misfit(f, in, given, why),
                               .sample = question_sample(in)};
    if (field.kind == FORM_FLAG) {
        field.value = value == NULL ? NULL : json_is_true(value) ? "yes" : "no";
    }
    if (field.kind == FORM_CHOICE) {
        add_choices(f, in, &field);
    }
    form_add(f->form, &field);
}

json_t *form_of_run(struct scene *sc, const struct run *r, const struct recipe *recipe)
{
    struct filling f = {.scene = sc,
                        .mem = sc->mem,
                        .inputs = r->inputs,
                        .inline_left = CHOICES_INLINE_MAX,
                        .values_left = VALUES_BYTES_MAX,
                        .whole = forms_in_answers(sc)};
    struct err unused = {0};
    if (clocks_of_form(sc, recipe, r->inputs, &f.clocks, &unused) == 0) {
        f.inputs = f.clocks.inputs;
    }
    f.form = form_new(sc->mem, &(struct form){.name = "inputs",
                                              .heading = recipe->title,
                                              .submit = "Run",
                                              .private_value = r->id});
    if (strlen(recipe->title) > HEADING_SHOWN) {
        view_text(f.form, "**%s**", recipe->title);
    }
    words_inputs_about(sc, f.form, r);
    if (recipe->hint != NULL) {
        view_note(f.form, "%s", recipe->hint);
    }
    for (size_t i = 0; i < recipe->inputs_count; i++) {
        if (!bound_hides(r, &recipe->inputs[i])) {
            add_input(&f, &recipe->inputs[i]);
        }
    }
    return f.form;
}

/* --- opening it: a job of its own, since no call is made inside a transaction --- */

int form_show(struct turn *t, json_t *form, const char *run_id, struct err *e)
{
    arena *mem = t->scene.mem;
    const struct event *ev = &t->event;
    if (t->shows != NULL) {
        *t->shows = form;
        t->form = true;
        return 0;
    }
    bool inside = ev->surface == SURFACE_FORM && ev->view_id != NULL;
    json_t *payload =
        arena_json(mem, json_pack("{s:s, s:O, s:s*, s:s*, s:s*}", "user", ev->user_id, "show", form,
                                  "run", run_id, "trigger", inside ? NULL : ev->trigger_id,
                                  "inside", inside ? ev->view_id : NULL));
    struct id id = id_new();
    struct job j = {.workspace = t->scene.workspace->workspace,
                    .kind = JOB_FORM,
                    .lane = arena_printf(mem, "form:%s", inside ? ev->view_id : id.text),
                    .priority = JOB_PRIORITY_URGENT,
                    .payload = bytes_of(json_write(mem, payload))};
    t->form = true;
    return store_job_add(t->scene.s, &j, e);
}

int form_ask(struct turn *t, struct run *r, const struct recipe *recipe, struct err *e)
{
    bool changed = false;
    json_t *form = form_of_run(&t->scene, r, recipe);
    struct run next = *r;
    next.asking = r->asking == NULL ? ASKING_FORM : r->asking;
    next.expires_at = clock_now() + t->scene.bot->options.config->ttl_question;
    t->scene.changed = true;
    /* first, so that this worker goes on with it: a trigger lasts three seconds */
    if (form_show(t, form, r->id, e) != 0) {
        return -1;
    }
    return store_run_update(t->scene.s, &next, RUN_ASKING, &changed, e);
}
