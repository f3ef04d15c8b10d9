#include "form_int.h"
#include "lists_int.h"
#include "people_int.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/str.h"

/* From a command to a run: the recipe is read, the person is allowed, inputs get their types. */

enum {
    DOUBLE_CLICK_S = 3,
    LOOSE_BYTES = 500, /* that a button holds whole */
    OPEN_MAX = 1000    /* nobody needs more at once, or that waits for its user (P14) */
};

int recipe_read(arena *mem, const struct recipe_row *row, struct recipe **ret, struct err *e)
{
    const struct recipe_source from = {.name = row->name, .body = row->body};
    return recipe_load(mem, &from, ret, e);
}

/* What a recipe can write is known from its actions, not from its text. */
static void find_writes(struct scene *sc, struct recipe *r)
{
    for (size_t i = 0; i < r->steps_count; i++) {
        for (size_t k = 0; apps_at(sc->bot->options.apps, k) != NULL; k++) {
            const app_action *x =
                app_action_find(apps_at(sc->bot->options.apps, k), r->steps[i].action);
            r->writes = r->writes || (x != NULL && app_action_writes(x));
        }
    }
}

int recipe_of(struct scene *sc, const struct run *r, struct recipe **ret, struct err *e)
{
    struct recipe_row *row = NULL;
    if (store_recipe_version(sc->s, r->workspace, r->recipe, r->version, &row, e) != 0) {
        return -1;
    }
    if (row == NULL) {
        *ret = NULL;
        return 0;
    }
    const struct recipe_source from = {.name = row->name,
                                       .body = row->body,
                                       .body_now = row->body_now,
                                       .apps = sc->bot->options.apps};
    if (recipe_load(sc->mem, &from, ret, e) != 0) {
        return -1;
    }
    find_writes(sc, *ret);
    return 0;
}

static int refuse(struct turn *t, const char *sentence, struct err *e)
{
    json_t *view = view_new(t->scene.mem);
    view_text(view, "%s", sentence);
    return say_private(t, view, NULL, e);
}

static int refuse_faulty(struct turn *t, struct err *e)
{
    json_t *view = view_new(t->scene.mem);
    view_text(view, "This command is set up wrong. An admin must look at its recipe.");
    words_add_admins(&t->scene, view);
    return say_private(t, view, NULL, e);
}

static int refuse_leave(struct turn *t, const struct recipe *r, enum recipe_leave leave,
                        struct err *e)
{
    json_t *view = view_new(t->scene.mem);
    if (leave == LEAVE_NOT_HERE) {
        view_text(view, "**%s** is not for this place.", r->title);
        outlook_add_places(&t->scene, view, r);
    } else {
        view_text(view, "You may not run **%s**. Ask an admin of Workbot to allow you.", r->title);
        words_add_admins(&t->scene, view);
    }
    return say_private(t, view, NULL, e);
}

static const char *listed(arena *mem, const char *const *names, size_t count)
{
    struct str list = str_new(mem, 600);
    for (size_t i = 0; i < count; i++) {
        str_printf(&list, "%s%s", i == 0 ? "" : ", ", names[i]);
    }
    return list.text;
}

struct typed {
    const struct recipe_row *row;
    const struct recipe *recipe;
    const char *rest; /* behind the command */
    struct recipe_words words;
};

/* The first text that is needed and not given: what words without a name are meant for. */
static const struct recipe_input *text_for(const struct recipe *r, const json_t *given)
{
    for (size_t i = 0; i < r->inputs_count; i++) {
        const struct recipe_input *in = &r->inputs[i];
        if (in->required && in->type == INPUT_STRING && in->options_count == 0 &&
            json_member(given, in->name) == NULL) {
            return in;
        }
    }
    return NULL;
}

/* "team note Hello": how it is written, and a form with that filled in. */
static void add_way_to_write(struct turn *t, json_t *view, const struct typed *x)
{
    const struct recipe_words *w = &x->words;
    const char *loose = w->unknown_count == 1 ? w->unknown[0] : "";
    const struct recipe_input *in = text_for(x->recipe, w->given);
    size_t len = strlen(loose);
    bool nameless = len > 0 && strncmp(x->rest, loose, len) == 0 && x->rest[len] != ':';
    if (!nameless || in == NULL || w->repeated_count > 0 || strlen(x->rest) > LOOSE_BYTES) {
        return;
    }
    json_t *call = arena_json(t->scene.mem, json_pack("{s:s, s:O, s:b}", "command", x->row->command,
                                                      "inputs", w->given, "form", true));
    json_object_set_new(json_member(call, "inputs"), in->name, json_string(loose));
    view_text(view, "Write it like this: `%s %s: %s`", x->row->command, in->name, x->rest);
    form_button(t, view,
                &(struct button){.title = "Fill in a form",
                                 .action = "run",
                                 .value = json_write(t->scene.mem, call)});
}

/* What is not understood runs nothing: a value that was dropped would be a wrong command. */
static int say_not_understood(struct turn *t, const struct typed *x, struct err *e)
{
    const struct recipe *r = x->recipe;
    const struct recipe_words *w = &x->words;
    arena *mem = t->scene.mem;
    const char **known = arena_array(mem, r->inputs_count + 1, sizeof(*known));
    for (size_t i = 0; i < r->inputs_count; i++) {
        known[i] = r->inputs[i].name;
    }
    json_t *view = view_new(mem);
    if (w->unknown_count > 0) {
        view_text(view, "I did not run **%s**: it has no input for: %s", r->title,
                  listed(mem, w->unknown, w->unknown_count));
    }
    if (w->repeated_count > 0) {
        view_text(view, "I did not run **%s**: more than one value was given for: %s", r->title,
                  listed(mem, w->repeated, w->repeated_count));
    }
    add_way_to_write(t, view, x);
    view_note(view,
              "It takes %s. Write each as `name: value`, once; a value that holds such words goes "
              "in double quotes.",
              r->inputs_count == 0 ? "no inputs" : listed(mem, known, r->inputs_count));
    return say_private(t, view, NULL, e);
}

json_t *start_inputs(arena *mem, const struct recipe *r, const json_t *given)
{
    json_t *inputs = arena_json(mem, json_object());
    const char *name = NULL, *why = NULL;
    json_t *text = NULL, *value = NULL;
    json_object_foreach((json_t *)(uintptr_t)given, name, text)
    {
        const struct recipe_input *in = recipe_input_find(r, name);
        const char *words = json_is_string(text) ? json_string_value(text) : json_write(mem, text);
        if (in == NULL) {
            continue;
        }
        if (recipe_input_value(mem, in, words, &value, &why)) {
            json_object_set(inputs, in->name, value);
        } else {
            json_object_set_new(inputs, in->name, json_string(words));
        }
    }
    return inputs;
}

/* By the platform's clock: when it is looked at says nothing where others wait before it. */
static int64_t asked_at(const struct turn *t)
{
    return t->event.at > 0 ? t->event.at : t->job->created_at;
}

static bool is_soon_after(const struct turn *t, const struct run *last)
{
    int64_t before = last->asked_at > 0 ? last->asked_at : last->created_at;
    return llabs(asked_at(t) - before) <= DOUBLE_CLICK_S;
}

static bool has_open_form(const struct run *r)
{
    return r->state == RUN_ASKING && r->asking != NULL && !run_asks_question(r);
}

/* What an earlier press of the same button has begun, when this is the second one of a double click
 * or asks for a form that is open still; NULL: this one begins. (One user's presses come one after
 * the other, so the first one is on record.) */
static int find_first_press(struct turn *t, const struct recipe_row *row, const json_t *inputs,
                            struct run **ret, struct err *e)
{
    const struct run_filter newest = {.user_id = t->event.user_id, .recipe = row->name, .limit = 1};
    struct run *last = NULL;
    size_t count = 0;
    *ret = NULL;
    if (t->event.kind != EVENT_ACTION) {
        return 0;
    }
    if (store_run_page(t->scene.s, t->scene.workspace->workspace, &newest, &last, &count, e) != 0) {
        return -1;
    }
    bool same = count > 0 && last[0].state != RUN_CANCELLED &&
                str_equal(last[0].channel, t->event.place.channel) &&
                json_equal(last[0].inputs, inputs) &&
                bound_presses_again(t->scene.mem, t->bound, &last[0]);
    if (same && (is_soon_after(t, &last[0]) || (t->shows != NULL && has_open_form(&last[0])))) {
        *ret = &last[0];
    }
    return 0;
}

static int say_second_press(struct turn *t, const struct recipe *r, struct err *e)
{
    json_t *view = view_new(t->scene.mem);
    view_text(view, "You pressed twice within seconds: I took that as one **%s**.", r->title);
    view_note(view, "If you meant it twice, press again.");
    return say_beside(t, view, NULL, e);
}

int start_run(struct turn *t, const struct recipe_row *row, struct run *r, bool *ret_added,
              struct err *e)
{
    r->workspace = t->scene.workspace->workspace;
    r->recipe = row->name;
    r->version = row->version;
    r->user_id = t->event.user_id;
    r->asked_at = asked_at(t);
    run_place(t, r);
    /* off-boarding finds it, or it is not begun: nothing else ends one that waits */
    if (r->state == RUN_ASKING && person_hold(&t->scene, e) != 0) {
        return -1;
    }
    r->message_id = decided_in_place(t, r);
    if (r->message_id == NULL && run_in_private(r) && !t->event.place.is_private &&
        say_prepare(t, &r->message_id, e) != 0) {
        return -1;
    }
    return store_run_add(t->scene.s, r, OPEN_MAX, ret_added, e);
}

const char start_too_many[] =
    "Too many of your commands wait already: type pending, and finish or cancel some.";

/* No questions for what cannot run. What needs none is a run, with a reference, that says so. */
static int refuse_setup(struct turn *t, const struct recipe *r, const char *missing, struct err *e)
{
    json_t *view = view_new(t->scene.mem);
    view_text(view, "**%s** cannot run yet. %s", r->title, missing);
    words_add_admins(&t->scene, view);
    return say_private(t, view, NULL, e);
}

/* A time was typed, and whose clock it is by is not known. */
static int say_in_utc(struct turn *t, const struct recipe *r, struct err *e)
{
    json_t *view = view_new(t->scene.mem);
    view_text(view, "**%s**: I read the time %s.", r->title, recipe_zone_words(t->scene.mem, NULL));
    view_note(view, "Write it with its distance from UTC to be exact: 2026-12-31 14:30 +01:00.");
    return say_beside(t, view, NULL, e);
}

static int ask_or_queue(struct turn *t, struct run *run, struct recipe *r, const struct question *q,
                        struct err *e)
{
    if (q->in_utc && say_in_utc(t, r, e) != 0) {
        return -1;
    }
    if (run->state == RUN_QUEUED) {
        return run_enqueue(&t->scene, run, RUN_QUEUED, e);
    }
    return form_possible(t) ? form_ask(t, run, r, e) : question_ask(t, run, r, q, e);
}

/* first NULL: it is over. */
static int begun_before(struct turn *t, struct run *first, const struct recipe *r, struct err *e)
{
    if (first == NULL) {
        return 0;
    }
    bool shown = t->shows != NULL && has_open_form(first);
    return shown ? form_ask(t, first, r, e) : say_second_press(t, r, e);
}

/* Why it is no use to ask: a sentence; NULL: it is. */
static int lacks(struct turn *t, const struct recipe *r, const json_t *inputs, const char **ret,
                 struct err *e)
{
    if (outlook_setup(t, r, ret, e) != 0) {
        return -1;
    }
    *ret = *ret == NULL ? files_missing(&t->scene, r, inputs) : *ret;
    return 0;
}

static int begin_run(struct turn *t, const struct recipe_row *row, struct recipe *r, json_t *inputs,
                     const struct question *q, struct err *e)
{
    bool added = false;
    struct run *first = NULL;
    bool asks = q->input != NULL || (t->fills && form_possible(t));
    struct run run = {.state = asks ? RUN_ASKING : RUN_QUEUED,
                      .inputs = inputs,
                      .pressed = bound_record(t->scene.mem, t->bound)};
    const char *missing = NULL;
    if (asks && lacks(t, r, inputs, &missing, e) != 0) {
        return -1;
    }
    if (missing != NULL) {
        return refuse_setup(t, r, missing, e);
    }
    if (find_first_press(t, row, inputs, &first, e) != 0) {
        return -1;
    }
    if (first != NULL || t->again) {
        return begun_before(t, first, r, e);
    }
    if (start_run(t, row, &run, &added, e) != 0) {
        return -1;
    }
    if (!added) {
        return refuse(t, start_too_many, e);
    }
    return ask_or_queue(t, &run, r, q, e);
}

static int begin_if_fit(struct turn *t, const struct recipe_row *row, struct recipe *r,
                        json_t *inputs, const struct question *q, struct err *e)
{
    const char *why = NULL;
    (void)recipe_asks(t->scene.mem, r, inputs, &why); /* with its defaults */
    const struct recipe_input *wrong = bound_misfit(t->scene.mem, t->bound, r, inputs, &why);
    return wrong != NULL ? bound_say_misfit(t, wrong, why, e) : begin_run(t, row, r, inputs, q, e);
}

static int start(struct turn *t, const struct recipe_row *row, struct recipe *r,
                 const json_t *given, struct err *e)
{
    struct recipe_person person = {
        .workspace = t->scene.workspace, .user = t->scene.user, .channel = t->event.place.channel};
    if (recipe_person_groups(t->scene.s, r, &person, e) != 0) {
        return -1;
    }
    if (!recipe_allows(r, &person)) {
        return refuse_leave(t, r, recipe_leave_of(r, &person), e);
    }
    struct question q = {.why = NULL};
    json_t *inputs = start_inputs(t->scene.mem, r, given);
    return clocks_ask(&t->scene, r, inputs, &q, e) != 0 ? -1
                                                        : begin_if_fit(t, row, r, inputs, &q, e);
}

int start_recipe_with(struct turn *t, const struct recipe_row *row, const json_t *given,
                      struct err *e)
{
    struct recipe *r = NULL;
    struct err faulty = {0};
    if (recipe_read(t->scene.mem, row, &r, &faulty) != 0) {
        return refuse_faulty(t, e);
    }
    return start(t, row, r, given, e);
}

int start_recipe(struct turn *t, const struct recipe_row *row, const char *rest, struct err *e)
{
    struct recipe *r = NULL;
    struct err faulty = {0};
    struct typed x = {.row = row, .rest = rest};
    if (recipe_read(t->scene.mem, row, &r, &faulty) != 0) {
        return refuse_faulty(t, e);
    }
    x.recipe = r;
    recipe_inputs_split(t->scene.mem, r, rest, &x.words);
    if (x.words.unknown_count > 0 || x.words.repeated_count > 0) {
        return say_not_understood(t, &x, e);
    }
    return start(t, row, r, x.words.given, e);
}
