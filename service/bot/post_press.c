#include "form_int.h"

#include <string.h>

#include "base/json.h"
#include "base/str.h"

/* Runs that a hook began are nobody's: what only their user could say, any admin says. The first
 * press counts, and the audit knows whose it was. */

enum { ANEW = -1 /* seconds: however lately it was told */ };

bool run_is_nobodys(const struct run *r)
{
    return str_empty(r->user_id);
}

static int refuse(struct turn *t, struct err *e)
{
    json_t *view = view_new(t->scene.mem);
    view_text(view, "Only an admin of Workbot can decide this.");
    words_add_admins(&t->scene, view);
    return say_beside(t, view, NULL, e);
}

int post_run(struct turn *t, const char *run_id, struct run **ret, struct err *e)
{
    const char *workspace = t->scene.workspace->workspace;
    struct workspace *now = NULL;
    struct run *r = NULL;
    *ret = NULL;
    if (id_valid(run_id) && store_run_lock(t->scene.s, workspace, run_id, &r, e) != 0) {
        return -1;
    }
    if (r == NULL || !run_is_nobodys(r)) {
        return run_of_user(t, run_id, ret, e);
    }
    /* once more, since another press or the run's own end may have been waited for */
    if (store_workspace_find(t->scene.s, workspace, &now, e) != 0) {
        return -1;
    }
    if (now == NULL || !store_is_admin(now, t->event.user_id)) {
        return refuse(t, e);
    }
    if (t->acted == NULL && !forms_kept(&t->scene)) {
        return action_say_dead(t, e); /* nobody knows what its message said */
    }
    /* pressed twice, or with another value: the message says by now what came of it */
    *ret = t->acted == NULL || action_stands(t) ? r : NULL;
    return 0;
}

int post_off(struct scene *sc, const struct run *r, const char **ret, struct err *e)
{
    struct recipe_row *row = NULL;
    *ret = NULL;
    if (!run_is_nobodys(r)) {
        return 0;
    }
    if (store_recipe_find(sc->s, r->workspace, r->recipe, &row, e) != 0) {
        return -1;
    }
    *ret = row == NULL ? "is gone" : !row->enabled ? "is switched off" : NULL;
    return 0;
}

/* "Ben", of an actor of the audit. */
static int name_of(struct scene *sc, const char *actor, const char **ret, struct err *e)
{
    struct user *u = NULL;
    const char *id = strncmp(actor, "user:", 5) == 0 ? actor + 5 : NULL;
    if (id != NULL && store_user_find(sc->s, sc->workspace->workspace, id, &u, e) != 0) {
        return -1;
    }
    *ret = u == NULL ? "Somebody" : words_person(u);
    return 0;
}

int post_say_first(struct turn *t, const struct run *r, const char *audited, const char *rest,
                   struct err *e)
{
    struct scene *sc = &t->scene;
    struct audit_row *said = NULL;
    size_t count = 0;
    const char *name = NULL;
    const struct audit_filter q = {NULL, r->reference, audited, 0, 0, NULL, 1};
    if (store_audit_page(sc->s, r->workspace, &q, &said, &count, e) != 0) {
        return -1;
    }
    if (count == 0) {
        return run_say_moved_on(t, r, e);
    }
    if (name_of(sc, said->actor, &name, e) != 0) {
        return -1;
    }
    json_t *view = view_new(sc->mem);
    bool happened = str_equal(json_text(said->detail, "said"), "it_happened");
    view_text(view,
              rest == NULL ? "Nothing is left to do here: %s was first."
                           : "%s was first. More events failed so, and wait.",
              name);
    if (json_text(said->detail, "left") != NULL) {
        view_text(view, "What comes after it was not done: the recipe `%s` %s then.", r->recipe,
                  str_equal(json_text(said->detail, "left"), "recipe_off") ? "was off or gone"
                                                                           : "had faults");
    }
    view_stamp(view, said->at, "**%s** by %s", happened ? "It happened" : "Run again", name);
    post_add_rest(sc, view, rest);
    view_note(view, "Reference %s", r->reference);
    return say_private(t, view, NULL, e);
}

/* --- a write of which nobody knows what became of it --- */

/* Each try of a write has a key of its own. */
static int question_id(struct scene *sc, const struct run *r, const char **ret, struct err *e)
{
    struct run_step *steps = NULL;
    size_t count = 0;
    *ret = r->id;
    if (store_steps(sc->s, r->workspace, r->id, &steps, &count, e) != 0) {
        return -1;
    }
    for (size_t i = 0; i < count; i++) {
        if (str_equal(steps[i].state, "unknown") && steps[i].turn != STEP_LOOP) {
            *ret = arena_printf(sc->mem, "%s@%s", r->id, steps[i].idempotency_key);
        }
    }
    return 0;
}

int post_is_answered(struct turn *t, const struct run *r, const char *value, bool *ret,
                     struct err *e)
{
    const char *now = NULL;
    *ret = false;
    if (!run_is_nobodys(r)) {
        return 0;
    }
    if (question_id(&t->scene, r, &now, e) != 0) {
        return -1;
    }
    *ret = !str_equal(value, now) && !str_equal(value, r->id);
    return 0;
}

int post_question(struct scene *sc, const struct run_outcome *o, const char *app_words,
                  json_t **ret, struct err *e)
{
    const struct run_hooked q = {.recipe = o->run->recipe, .state = RUN_UNKNOWN};
    const char *value = NULL, *off = NULL;
    struct run_outcome plain = *o;
    int64_t waiting = 0;
    plain.item.value = NULL; /* what the list holds is for the channel or person of the recipe */
    if (store_run_hooked_count(sc->s, o->run->workspace, &q, &waiting, e) != 0 ||
        question_id(sc, o->run, &value, e) != 0 || post_off(sc, o->run, &off, e) != 0) {
        return -1;
    }
    json_t *view = unknown_view(sc, &plain, app_words, value);
    if (off != NULL) {
        view_note(view, "The recipe `%s` %s now: as long as it is, nothing more is done by it.",
                  o->run->recipe, off);
    }
    view_note(view,
              "An event of an app started it %s: recipe `%s`. All admins are asked, and the "
              "first press counts.",
              words_ago(sc->mem, o->run->created_at), o->run->recipe);
    if (waiting > 1) {
        view_note(view, "%lld more wait: I ask about the next one after your press.",
                  (long long)waiting - 1);
    }
    *ret = view;
    return 0;
}

/* The step whose answer was lost, as the run's rows have it. */
static int read_outcome(struct scene *sc, struct run *r, struct run_outcome *ret, struct err *e)
{
    struct run_step *steps = NULL;
    struct recipe *recipe = NULL;
    size_t count = 0;
    if (store_steps(sc->s, r->workspace, r->id, &steps, &count, e) != 0 ||
        result_recipe(sc, r, &recipe, e) != 0) {
        return -1;
    }
    *ret = (struct run_outcome){.run = r, .recipe = recipe};
    for (size_t i = 0; i < count; i++) {
        if (str_equal(steps[i].state, "unknown") && steps[i].turn != STEP_LOOP) {
            ret->step = steps[i].step;
            ret->item.number = steps[i].turn;
        }
    }
    return 0;
}

char *post_asked_key(arena *mem, const char *recipe)
{
    return arena_printf(mem, "unknown:%s:", recipe);
}

/* The notice's row is taken first: a run that loses its answer at this moment is seen here, or
 * finds that nobody is being asked. */
int post_ask_next(struct turn *t, const char *recipe, struct err *e)
{
    struct scene *sc = &t->scene;
    const struct run_hooked q = {.recipe = recipe, .state = RUN_UNKNOWN, .limit = 1};
    struct run_outcome o = {0};
    struct run *next = NULL;
    json_t *view = NULL;
    size_t count = 0;
    bool due = false;
    const char *w = sc->workspace->workspace, *key = post_asked_key(sc->mem, recipe);
    if (store_notice_due(sc->s, w, key, ANEW, &due, e) != 0 ||
        store_run_hooked(sc->s, w, &q, &next, &count, e) != 0) {
        return -1;
    }
    if (count == 0) {
        return store_notice_forget(sc->s, w, key, ANEW, e);
    }
    if (read_outcome(sc, next, &o, e) != 0 || post_question(sc, &o, NULL, &view, e) != 0) {
        return -1;
    }
    return notice_all(sc, view, e);
}
