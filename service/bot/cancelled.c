#include "form_int.h"
#include "lists_int.h"
#include "login_int.h"

#include "base/str.h"

/* What people read of a command that was cancelled, and what stands above that. */

int cancelled_name(struct scene *sc, const struct run *r, const char **ret, struct err *e)
{
    struct recipe *recipe = NULL;
    if (result_recipe(sc, r, &recipe, e) != 0) {
        return -1;
    }
    const char *input = recipe == NULL ? NULL : words_input(sc->s, recipe, r);
    const char *title = recipe == NULL ? r->recipe : recipe->title;
    *ret = input != NULL
               ? arena_printf(sc->mem, "%s (%s)", title, input)
               : arena_printf(sc->mem, "%s (typed %s)", title, words_age(sc->mem, r->created_at));
    return 0;
}

int cancelled_view(struct scene *sc, const struct run *r, bool inputs, json_t **ret, struct err *e)
{
    struct recipe *recipe = NULL;
    const char *so_far = NULL;
    bool unsure = false;
    if (result_recipe(sc, r, &recipe, e) != 0 || result_so_far(sc, r, &so_far, e) != 0 ||
        result_unsure(sc, r, &unsure, e) != 0) {
        return -1;
    }
    *ret = view_new(sc->mem);
    view_text(*ret, "Cancelled: **%s**. %s", recipe == NULL ? r->recipe : recipe->title,
              so_far != NULL  ? so_far
              : unsure        ? "An answer of the app got lost before: please look there."
              : decided_by(r) ? "Nothing was done: your press is taken back, and decides nothing."
                              : "Nothing was done.");
    if (inputs) {
        words_inputs(sc, *ret, recipe, r, SIZE_MAX);
        view_note(*ret, "Typed %s · reference %s", words_age(sc->mem, r->created_at), r->reference);
    } else {
        view_note(*ret, "Reference %s", r->reference);
    }
    return 0;
}

int cancelled_above(struct scene *sc, const struct run *r, json_t **ret, struct err *e)
{
    struct recipe *recipe = NULL;
    if (result_recipe(sc, r, &recipe, e) != 0) {
        return -1;
    }
    *ret = view_new(sc->mem);
    view_text(*ret, "**%s** was cancelled.", recipe == NULL ? r->recipe : recipe->title);
    return 0;
}

json_t *cancelled_for_all(struct scene *sc, const struct run *r, json_t *view)
{
    struct recipe *recipe = NULL;
    struct err unused = {0};
    if (run_for_one(r) || !words_has_own_views(sc)) {
        return view;
    }
    bool known = recipe_of(sc, r, &recipe, &unused) == 0 && recipe != NULL;
    json_t *open = view_new(sc->mem);
    view_text(open, "%s cancelled **%s**.",
              str_visible(sc->user->name) ? sc->user->name : "Somebody",
              known ? recipe->title : r->recipe);
    view_set_own(open, r->user_id, view);
    return open;
}

int cancelled_prompt(struct scene *sc, const struct run *r, const struct login *l, struct err *e)
{
    if (str_equal(l->message_id, r->message_id) || !prompt_stands(sc, l)) {
        return 0;
    }
    json_t *view = view_new(sc->mem);
    view_text(view, "Nothing waits for this login any more: its command was cancelled.");
    return say_update(sc, l->message_id, view, e);
}

int cancelled_question(struct turn *t, const struct run *r, struct err *e)
{
    struct message *m = NULL;
    json_t *view = NULL;
    if (store_message_find(t->scene.s, r->workspace, r->id, &m, e) != 0) {
        return -1;
    }
    bool stands = m != NULL && str_equal(m->user_id, r->user_id);
    bool pressed = stands && t->acted != NULL && str_equal(t->acted->id, m->id);
    if (!stands || pressed) {
        return 0;
    }
    return cancelled_above(&t->scene, r, &view, e) != 0 ? -1
                                                        : say_update(&t->scene, m->id, view, e);
}
