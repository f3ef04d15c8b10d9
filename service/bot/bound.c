#include "form_int.h"
#include "lists_int.h"

#include <string.h>

#include "base/json.h"
#include "base/str.h"

/*
 * Buttons of a recipe's reply. What one does is stored with its message and never leaves us: the
 * platform carries a handle, which means something in the very message that it stands in alone. So
 * nobody can make up or change what is pressed, on no platform.
 */

enum { INPUTS_BYTES_MAX = 16 * 1024 };

/* --- making them --- */

struct making {
    struct scene *scene;
    const struct bound_source *source;
    struct recipe_row
        *rows; /* of the workspace, where a button must know whether it opens a form */
    size_t rows_count;
};

/* Its command asks for what the button does not give. */
static bool asks_more(const struct making *x, const struct recipe_button *b, const json_t *inputs)
{
    arena *mem = x->scene->mem;
    struct recipe *r = NULL;
    struct err faulty = {0};
    const char *rest = NULL, *why = NULL;
    const struct recipe_row *row = recipe_match(mem, x->rows, x->rows_count, b->command, &rest);
    return row != NULL && recipe_read(mem, row, &r, &faulty) == 0 &&
           recipe_asks(mem, r, start_inputs(mem, r, inputs), &why) != NULL;
}

/* false: with less than was meant it would be another command. */
static bool make(const struct making *x, const struct recipe_button *b, const char *handle,
                 struct button *ret)
{
    static const enum button_style styles[] = {[STYLE_PLAIN] = BUTTON_PLAIN,
                                               [STYLE_PRIMARY] = BUTTON_PRIMARY,
                                               [STYLE_DANGER] = BUTTON_DANGER};
    arena *mem = x->scene->mem;
    json_t *inputs = NULL, *none = arena_json(mem, json_object());
    struct err unused = {0};
    if (template_expand(mem, b->inputs == NULL ? none : b->inputs, x->source->context, &inputs,
                        &unused) != 0 ||
        strlen(json_write(mem, inputs)) > INPUTS_BYTES_MAX) {
        return false;
    }
    json_t *call = arena_json(
        mem, json_pack("{s:s, s:O, s:o, s:s*, s:s}", "command", b->command, "inputs", inputs, "ask",
                       json_texts(b->ask, b->ask_count), "decides", b->decides, "title", b->title));
    *ret =
        (struct button){.title = b->title,
                        .action = "press",
                        .value = handle,
                        .style = styles[b->style],
                        .confirm = b->confirm,
                        .confirm_title = b->confirm == NULL ? NULL : b->title,
                        .opens = x->rows != NULL && (b->ask_count > 0 || asks_more(x, b, inputs)),
                        .call = call};
    return true;
}

static void add_buttons(const struct making *x, json_t *view)
{
    const struct recipe *r = x->source->recipe;
    struct button made;
    for (size_t i = 0; i < r->reply_buttons_count; i++) {
        const char *handle = arena_printf(x->scene->mem, "%s:%zu", x->source->run->id, i);
        if (make(x, &r->reply_buttons[i], handle, &made)) {
            view_button(view, &made);
        }
    }
    struct button *menu = arena_array(x->scene->mem, r->reply_menu_count + 1, sizeof(*menu));
    size_t count = 0;
    for (size_t i = 0; i < r->reply_menu_count; i++) {
        const char *handle = arena_printf(x->scene->mem, "%s:m%zu", x->source->run->id, i);
        count += make(x, &r->reply_menu[i], handle, &menu[count]) ? 1 : 0;
    }
    if (count > 0) {
        view_menu(view, r->reply_menu_title, menu, count);
    }
}

int bound_add(struct scene *sc, json_t *view, const struct bound_source *q, struct err *e)
{
    struct making x = {.scene = sc, .source = q};
    if (q->recipe->reply_buttons_count + q->recipe->reply_menu_count == 0) {
        return 0;
    }
    if (forms_in_answers(sc) &&
        store_recipe_list(sc->s, sc->workspace->workspace, &x.rows, &x.rows_count, e) != 0) {
        return -1;
    }
    add_buttons(&x, view);
    return 0;
}

/* --- the run of a press --- */

const json_t *bound_record(arena *mem, const struct bound *b)
{
    if (b == NULL) {
        return NULL;
    }
    json_t *names = json_array(), *unused = NULL;
    const char *name = NULL;
    json_object_foreach(json_member(b->call, "inputs"), name, unused)
    {
        json_array_append_new(names, json_string(name));
    }
    json_t *ask = json_member(b->call, "ask");
    return arena_json(mem, json_pack("{s:s, s:s, s:o, s:O*, s:s*, s:s*}", "message", b->message_id,
                                     "handle", b->handle, "bound", names, "ask", ask, "decides",
                                     json_text(b->call, "decides"), "title",
                                     json_text(b->call, "title")));
}

/* NULL: it fits. A file no button can give: its form asks for it. */
static const char *misfit(arena *mem, const struct recipe_input *in, const json_t *given)
{
    json_t *value = NULL;
    const char *why = NULL, *text = json_string_value(given);
    if (in->type == INPUT_FILE) {
        return NULL;
    }
    if (given == NULL) {
        return in->required ? "It is needed." : NULL;
    }
    return text == NULL || recipe_input_value(mem, in, text, &value, &why) ? NULL : why;
}

const struct recipe_input *bound_misfit(arena *mem, const struct bound *b, const struct recipe *r,
                                        const json_t *inputs, const char **ret_why)
{
    const json_t *bound = b == NULL ? NULL : json_member(b->call, "inputs");
    for (size_t i = 0; i < r->inputs_count; i++) {
        const struct recipe_input *in = &r->inputs[i];
        const char *why = json_member(bound, in->name) == NULL
                              ? NULL
                              : misfit(mem, in, json_member(inputs, in->name));
        if (why != NULL) {
            *ret_why = why;
            return in;
        }
    }
    return NULL;
}

int bound_say_misfit(struct turn *t, const struct recipe_input *in, const char *why, struct err *e)
{
    enum { SHOWN = 100 };
    arena *mem = t->scene.mem;
    json_t *view = view_new(mem);
    const json_t *given = json_member(json_member(t->bound->call, "inputs"), in->name);
    const char *text = json_is_string(given) ? json_string_value(given) : json_write(mem, given);
    view_text(view, "**%s** cannot run. This button says `%s: %s`, which does not fit. %s",
              json_text(t->bound->call, "title"), in->name, str_cut(mem, text, SHOWN), why);
    view_note(view,
              "Nothing was done. Nobody can change what a button says: please tell an admin of "
              "Workbot.");
    words_add_admins(&t->scene, view);
    return say_beside(t, view, NULL, e);
}

bool bound_presses_again(arena *mem, const struct bound *b, const struct run *last)
{
    const json_t *this = bound_record(mem, b);
    return this == NULL ? last->pressed == NULL : json_equal(this, last->pressed);
}

bool bound_asks(const struct bound *b)
{
    return b != NULL && json_array_size(json_member(b->call, "ask")) > 0;
}

bool bound_fixes(const struct run *r, const struct recipe_input *in)
{
    /* no button can give a file */
    return in->type != INPUT_FILE && json_has(json_member(r->pressed, "bound"), in->name);
}

/* What the button asks for, and what is needed and not there; without a list all that is left. */
bool bound_hides(const struct run *r, const struct recipe_input *in)
{
    const json_t *ask = json_member(r->pressed, "ask");
    if (bound_fixes(r, in)) {
        return true;
    }
    bool wanted = json_array_size(ask) == 0 || json_has(ask, in->name) || in->required;
    return !wanted;
}

const struct recipe_input *bound_first(const struct run *r, const struct recipe *recipe)
{
    for (size_t i = 0; i < recipe->inputs_count; i++) {
        if (!bound_hides(r, &recipe->inputs[i])) {
            return &recipe->inputs[i];
        }
    }
    return NULL;
}

/* --- pressing one --- */

const json_t *bound_button(const json_t *view, const char *handle)
{
    size_t i = 0, k = 0;
    const json_t *block = NULL, *button = NULL;
    json_array_foreach(json_member(view, "blocks"), i, block)
    {
        json_array_foreach(json_member(block, "buttons"), k, button)
        {
            if (json_member(button, "call") != NULL &&
                str_equal(json_text(button, "value"), handle)) {
                return button;
            }
        }
    }
    return NULL;
}

static int press(struct turn *t, const json_t *button, const char *handle, struct err *e)
{
    const json_t *call = json_member(button, "call");
    const char *rest = NULL, *command = json_text(call, "command");
    struct bound b = {.message_id = t->acted->id, .handle = handle, .call = call};
    const struct recipe_row *row =
        recipe_match(t->scene.mem, t->recipes, t->recipes_count, command, &rest);
    if (row == NULL) {
        return help_unknown(t, command, e) < 0 ? -1 : 0;
    }
    t->bound = &b;
    t->fills = t->shows != NULL || bound_asks(&b);
    int rc = start_recipe_with(t, row, json_member(call, "inputs"), e);
    t->bound = NULL;
    return rc;
}

/* The message is the one that was pressed, as it stands on record now. */
int action_bound(struct turn *t, const char *value, struct err *e)
{
    if (t->acted == NULL) {
        return say_words(t, "That button does nothing any more: its message is too old.", e);
    }
    bool told = false;
    if (decided_before(t, &told, e) != 0 || told) {
        return told ? 0 : -1;
    }
    const json_t *button = bound_button(t->acted->body, value);
    button = button != NULL ? button : bound_button(view_own(t->acted->body), value);
    if (button == NULL) {
        return say_words(t, "That button does nothing any more.", e);
    }
    if (t->shows != NULL && !json_flag(button, "opens")) {
        return 0; /* no button of ours asks so */
    }
    return press(t, button, value, e);
}
