#include "form_int.h"
#include "lists_int.h"

#include <string.h>

#include "base/str.h"

/* `help <command>`: its inputs with kinds, hints and samples; and "did you mean". */

enum { INPUTS_A_PAGE = 20, OPTIONS_SHOWN = 12, SUGGESTIONS_MAX = 5 };

static char *options_line(arena *mem, const struct recipe_input *in)
{
    struct str out = str_new(mem, 1500);
    for (size_t i = 0; i < in->options_count && i < OPTIONS_SHOWN; i++) {
        str_printf(&out, "%s%s", i == 0 ? "" : ", ", in->options[i].label);
    }
    if (in->options_count > OPTIONS_SHOWN) {
        str_printf(&out, " and %zu more", in->options_count - OPTIONS_SHOWN);
    }
    return out.text;
}

static void add_input(const struct scene *sc, json_t *view, const struct recipe_input *in)
{
    arena *mem = sc->mem;
    const char *sample = question_sample(in);
    struct str more = str_new(mem, 3000);
    if (in->hint != NULL) {
        str_printf(&more, " · %s", in->hint);
    }
    if (in->options_count > 0) {
        str_printf(&more, ": %s", options_line(mem, in));
    }
    if (sample != NULL) {
        str_printf(&more, ", e.g. %s", sample);
    }
    if (in->type == INPUT_FILE) {
        const char *refused = files_refused(sc);
        str_printf(&more, ". %s", refused == NULL ? "It is chosen in a form." : refused);
    }
    view_text(view, "**%s** · %s%s%s", in->name, question_kind(in),
              in->required ? "" : ", may be left out", more.text);
}

/* "salesforce create opportunity name: Acme renewal close: 2026-12-31" */
static char *example_of(arena *mem, const struct recipe *r, const char *command)
{
    struct str out = str_new(mem, 1000);
    str_add(&out, command);
    for (size_t i = 0; i < r->inputs_count; i++) {
        const struct recipe_input *in = &r->inputs[i];
        const char *sample = question_sample(in);
        if (sample == NULL && in->options_count > 0) {
            sample = in->options[0].label;
        }
        if (in->required && in->type != INPUT_FILE) {
            str_printf(&out, " %s: %s", in->name, sample == NULL ? "..." : sample);
        }
    }
    return out.text;
}

static void add_inputs(struct turn *t, json_t *view, const struct prospect *p)
{
    const struct recipe *r = p->recipe;
    const struct page page = {.from = page_from(t, r->inputs_count),
                              .size = INPUTS_A_PAGE,
                              .total = r->inputs_count,
                              .words = arena_printf(t->scene.mem, "help %s", p->row->command)};
    if (r->inputs_count == 0) {
        view_note(view, "It takes no inputs.");
        return;
    }
    view_note(view, "Inputs, as `name: value` behind the command, or one by one when I ask:");
    for (size_t i = page.from; i < r->inputs_count && i < page.from + page.size; i++) {
        add_input(&t->scene, view, &r->inputs[i]);
    }
    page_end(&t->scene, view, &page);
    view_note(view, "For example: `%s`", example_of(t->scene.mem, r, p->row->command));
}

int help_command(struct turn *t, const struct recipe_row *row, struct err *e)
{
    struct outlook o;
    struct prospect p;
    json_t *view = view_new(t->scene.mem);
    if (outlook_load(t, &o, e) != 0) {
        return -1;
    }
    outlook_of(t->scene.mem, &o, row, &p);
    view_title(view, "%s", p.title);
    view_text(view, "`%s`", row->command);
    outlook_add_note(&t->scene, view, &p);
    if (p.obstacle != OBSTACLE_PLACE && !outlook_may_press(&p)) {
        words_add_admins(&t->scene, view);
    }
    if (p.recipe != NULL) {
        if (p.recipe->hint != NULL) {
            view_text(view, "%s", p.recipe->hint);
        }
        add_inputs(t, view, &p);
    }
    if (outlook_may_press(&p)) {
        view_button(view,
                    &(struct button){.title = p.title, .action = "words", .value = row->command});
    }
    view_button(view,
                &(struct button){.title = "As whom?",
                                 .action = "words",
                                 .value = arena_printf(t->scene.mem, "why %s", row->command)});
    return say_private(t, view, NULL, e);
}

/* --- did you mean --- */

/* How many words of the text also stand in the command: enough to offer it. */
static size_t likeness(arena *mem, const char *text, const char *command)
{
    size_t n = 0;
    char *folded = recipe_command_fold(mem, str_cut(mem, text, 300));
    for (const char *rest = folded, *word; (word = str_split(mem, &rest, ' ')) != NULL;) {
        const char *at = strlen(word) < 3 ? NULL : strstr(command, word);
        n += at != NULL && (at == command || at[-1] == ' ') ? 1 : 0;
    }
    return n;
}

static const struct recipe_row *best_of(struct turn *t, const char *text, bool *taken)
{
    const struct recipe_row *best = NULL;
    size_t most = 0, index = 0;
    for (size_t i = 0; i < t->recipes_count; i++) {
        const struct recipe_row *row = &t->recipes[i];
        size_t n = taken[i] || !help_lists(row) ? 0 : likeness(t->scene.mem, text, row->command);
        if (n > most) {
            most = n;
            best = row;
            index = i;
        }
    }
    if (best != NULL) {
        taken[index] = true;
    }
    return best;
}

int help_unknown(struct turn *t, const char *text, struct err *e)
{
    arena *mem = t->scene.mem;
    struct outlook o;
    bool *taken = arena_array(mem, t->recipes_count + 1, sizeof(bool));
    const struct recipe_row *row = NULL;
    json_t *view = view_new(mem);
    if (outlook_load(t, &o, e) != 0) {
        return -1;
    }
    view_text(view, "I do not know that command: %s", str_cut(mem, text, 120));
    for (size_t i = 0; i < SUGGESTIONS_MAX && (row = best_of(t, text, taken)) != NULL; i++) {
        if (i == 0) {
            view_text(view, "Did you mean one of these?");
        }
        help_add_command(t, view, &o, row);
    }
    view_button(view, &(struct button){.title = "Help", .action = "words", .value = "help"});
    return say_private(t, view, NULL, e) == 0 ? 1 : -1;
}
