#include "form_int.h"
#include "lists_int.h"

#include <string.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/str.h"

/*
 * Shortcuts: the list of connections as a page, and "use" on a message: the person picks a command,
 * the message's words go into its first text, and the form with all inputs comes next.
 */

enum { CHANNEL_MAX = 64 };

/* --- the commands to pick from --- */

struct picking {
    struct form_choice *list;
    size_t count;
};

static int who_picks(struct turn *t, struct recipe_person *ret, struct err *e)
{
    *ret = (struct recipe_person){
        .workspace = t->scene.workspace, .user = t->scene.user, .channel = t->event.place.channel};
    return recipe_person_groups(t->scene.s, NULL, ret, e);
}

static bool may_pick(struct turn *t, const struct recipe_person *who, const struct recipe_row *row,
                     struct recipe **ret)
{
    struct err faulty = {0};
    return row->enabled && row->command != NULL &&
           recipe_read(t->scene.mem, row, ret, &faulty) == 0 && recipe_allows(*ret, who);
}

static int pick_from(struct turn *t, struct picking *ret, struct err *e)
{
    struct recipe_person who;
    if (who_picks(t, &who, e) != 0) {
        return -1;
    }
    struct picking p = {.list = arena_array(t->scene.mem, t->recipes_count + 1, sizeof(*p.list))};
    struct recipe *r = NULL;
    for (size_t i = 0; i < t->recipes_count; i++) {
        if (!t->recipes[i].hidden && may_pick(t, &who, &t->recipes[i], &r)) {
            p.list[p.count++] = (struct form_choice){r->title, t->recipes[i].name};
        }
    }
    *ret = p;
    return 0;
}

/* --- taking a shortcut --- */

static json_t *pick_form(struct turn *t, const struct picking *p)
{
    arena *mem = t->scene.mem;
    const struct place *at = &t->event.place;
    json_t *place =
        arena_json(mem, json_pack("{s:s, s:s*}", "channel", at->channel == NULL ? "" : at->channel,
                                  "thread", at->thread));
    json_t *form = form_new(mem, &(struct form){.name = "use",
                                                .heading = "Use in a command",
                                                .submit = "Next",
                                                .private_value = json_write(mem, place)});
    form_add(form, &(struct form_field){.name = "command",
                                        .label = "Command",
                                        .kind = FORM_CHOICE,
                                        .required = true,
                                        .choices = p->list,
                                        .choices_count = p->count,
                                        .search = p->count > FORM_CHOICES_SHOWN});
    form_add(form, &(struct form_field){.name = "text",
                                        .label = "Text",
                                        .kind = FORM_LINES,
                                        .value = str_cut(mem, t->event.typed, FORM_TEXT_MAX),
                                        .hint = "Goes into the first text that the command asks "
                                                "for."});
    return form;
}

static int use(struct turn *t, struct err *e)
{
    struct picking p;
    if (pick_from(t, &p, e) != 0) {
        return -1;
    }
    if (p.count > 0) {
        return form_show(t, pick_form(t, &p), NULL, e);
    }
    json_t *view = view_new(t->scene.mem);
    json_object_set_new(view, "heading", json_string("Use in a command"));
    view_text(view, "There are no commands here that you may run.");
    view_note(view, "An admin of Workbot adds them.");
    return form_show(t, view, NULL, e);
}

static int show_connections(struct turn *t, struct err *e)
{
    json_t *view = NULL;
    if (list_view(&t->scene, &view, e) != 0) {
        return -1;
    }
    return form_show(t, view, NULL, e);
}

int shortcut_take(struct turn *t, struct err *e)
{
    return str_equal(t->event.action, "use") ? use(t, e) : show_connections(t, e);
}

/* --- the form came back --- */

static const struct recipe_input *first_text(const struct recipe *r)
{
    for (size_t i = 0; i < r->inputs_count; i++) {
        if (r->inputs[i].type == INPUT_STRING && r->inputs[i].options_count == 0) {
            return &r->inputs[i];
        }
    }
    return NULL;
}

static json_t *first_inputs(struct turn *t, const struct recipe *r)
{
    arena *mem = t->scene.mem;
    json_t *inputs = arena_json(mem, json_object());
    const struct recipe_input *in = first_text(r);
    const char *text = json_text(t->event.fields, "text"), *why = NULL;
    if (in != NULL && !str_empty(text)) {
        json_object_set_new(inputs, in->name, json_string(str_trim(mem, text)));
    }
    (void)recipe_asks(mem, r, inputs, &why); /* with its defaults */
    return inputs;
}

/* Where the shortcut was used, as our form has kept it (forms_kept): it decides which commands may
 * be run there, and where the answer goes. */
static void read_place(struct turn *t)
{
    json_t *place = NULL;
    struct err bad = {0};
    const char *value = t->event.value == NULL ? "" : t->event.value;
    if (json_read(t->scene.mem, bytes_of(value), &place, &bad) != 0) {
        return;
    }
    const char *channel = json_text(place, "channel"), *thread = json_text(place, "thread");
    if (str_empty(channel) || strlen(channel) > CHANNEL_MAX ||
        (thread != NULL && strlen(thread) > CHANNEL_MAX)) {
        return;
    }
    t->event.place = (struct place){.channel = channel, .thread = thread};
}

static const struct recipe_row *picked(struct turn *t, const struct recipe_person *who,
                                       struct recipe **ret)
{
    const char *name = json_text(t->event.fields, "command");
    for (size_t i = 0; i < t->recipes_count; i++) {
        if (str_equal(t->recipes[i].name, name)) {
            return may_pick(t, who, &t->recipes[i], ret) ? &t->recipes[i] : NULL;
        }
    }
    return NULL;
}

static int refuse(struct turn *t, const char *field, const char *text, struct form_answer *ret)
{
    ret->errors = arena_json(t->scene.mem, json_pack("{s:s}", field, text));
    return 0;
}

/* The same form (view_id) sent twice is the same run. */
static const char *run_id_of(struct turn *t, const struct recipe_row *row)
{
    arena *mem = t->scene.mem;
    const char *sent = arena_printf(mem, "%s/%s/%s/%s", t->scene.workspace->workspace,
                                    t->event.user_id, t->event.view_id, row->name);
    const char *h = crypto_hash_text(mem, sent);
    return arena_printf(mem, "%.8s-%.4s-4%.3s-8%.3s-%.12s", h, h + 8, h + 12, h + 15, h + 18);
}

static int ask_next(struct turn *t, struct run *r, const struct recipe *recipe,
                    struct form_answer *ret, struct err *e)
{
    bool changed = false;
    struct run next = *r;
    next.asking = ASKING_FORM;
    next.expires_at = clock_now() + t->scene.bot->options.config->ttl_question;
    ret->next = form_of_run(&t->scene, r, recipe);
    t->scene.changed = true;
    return store_run_update(t->scene.s, &next, RUN_ASKING, &changed, e);
}

static int begin(struct turn *t, const struct recipe_row *row, const struct recipe *recipe,
                 struct form_answer *ret, struct err *e)
{
    bool added = false;
    struct run *stored = NULL;
    const char *id = run_id_of(t, row);
    if (store_run_lock(t->scene.s, t->scene.workspace->workspace, id, &stored, e) != 0) {
        return -1;
    }
    if (stored != NULL) {
        if (stored->state == RUN_ASKING && stored->inputs != NULL) {
            ret->next = form_of_run(&t->scene, stored, recipe);
        }
        return 0;
    }
    bool asks = recipe->inputs_count > 0;
    const char *missing = NULL;
    if (asks && outlook_setup(t, recipe, &missing, e) != 0) {
        return -1;
    }
    if (missing != NULL) {
        return refuse(t, "command", missing, ret);
    }
    struct run r = {
        .id = id, .state = asks ? RUN_ASKING : RUN_QUEUED, .inputs = first_inputs(t, recipe)};
    if (start_run(t, row, &r, &added, e) != 0) {
        return -1;
    }
    if (!added) {
        return refuse(t, "command", start_too_many, ret);
    }
    return asks ? ask_next(t, &r, recipe, ret, e) : run_enqueue(&t->scene, &r, RUN_QUEUED, e);
}

int shortcut_sent(struct turn *t, struct form_answer *ret, struct err *e)
{
    struct recipe *recipe = NULL;
    if (str_empty(t->event.view_id)) {
        return refuse(t, "command", "This form is too old. Please begin again.", ret);
    }
    if (store_recipe_list(t->scene.s, t->scene.workspace->workspace, &t->recipes, &t->recipes_count,
                          e) != 0) {
        return -1;
    }
    struct recipe_person who;
    read_place(t);
    if (who_picks(t, &who, e) != 0) {
        return -1;
    }
    const struct recipe_row *row = picked(t, &who, &recipe);
    return row == NULL ? refuse(t, "command", "You cannot run this command here.", ret)
                       : begin(t, row, recipe, ret, e);
}

int shortcut_choices(struct turn *t, struct form_choice **ret, size_t *ret_count, struct err *e)
{
    if (store_recipe_list(t->scene.s, t->scene.workspace->workspace, &t->recipes, &t->recipes_count,
                          e) != 0) {
        return -1;
    }
    read_place(t);
    struct picking p;
    if (pick_from(t, &p, e) != 0) {
        return -1;
    }
    arena *mem = t->scene.mem;
    const char *typed = str_lower(mem, t->event.typed);
    *ret = p.list;
    for (size_t i = 0; i < p.count && *ret_count < FORM_CHOICES_SHOWN; i++) {
        if (strstr(str_lower(mem, p.list[i].label), typed) != NULL) {
            p.list[(*ret_count)++] = p.list[i];
        }
    }
    return 0;
}
