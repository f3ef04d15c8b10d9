#include "run_int.h"

#include "base/str.h"

/* What of a run stands in the apps, whatever becomes of the run. */

static enum writing action_writes(const struct scene *sc, const char *action)
{
    const apps *all = sc->bot->options.apps;
    enum writing most = WRITES_NOTHING;
    for (size_t i = 0; action != NULL && apps_at(all, i) != NULL; i++) {
        const app_action *x = app_action_find(apps_at(all, i), action);
        if (x != NULL && app_action_approves(x)) {
            return WRITES_DECISION;
        }
        most = x != NULL && app_action_writes(x) ? WRITES_SOMETHING : most;
    }
    return most;
}

enum writing written_by(const struct scene *sc, const struct recipe *recipe,
                        const struct run_step *p)
{
    size_t place = (size_t)(p->position % STEP_SPAN);
    if (p->turn == STEP_LOOP) {
        return WRITES_NOTHING; /* it calls nothing itself: its turns do */
    }
    return recipe == NULL || place >= recipe->steps_count
               ? WRITES_SOMETHING
               : action_writes(sc, recipe->steps[place].action);
}

static enum writing what_decides(const struct scene *sc, const struct recipe *recipe)
{
    for (size_t i = 0; recipe != NULL && i < recipe->steps_count; i++) {
        if (action_writes(sc, recipe->steps[i].action) == WRITES_DECISION) {
            return WRITES_DECISION;
        }
    }
    return WRITES_SOMETHING;
}

struct acted {
    struct run_connection *all;
    size_t count;
};

static bool is_shared(const struct recipe *recipe, const struct run_step *p, const struct acted *a)
{
    size_t place = (size_t)(p->position % STEP_SPAN);
    for (size_t i = 0; recipe != NULL && place < recipe->steps_count && i < a->count; i++) {
        if (str_equal(a->all[i].alias, recipe->steps[place].alias)) {
            return str_equal(a->all[i].rule, recipe_rule_name(RULE_DEFAULT));
        }
    }
    return false;
}

int written_of(struct scene *sc, const struct run *r, struct written *ret, struct err *e)
{
    struct run_step *steps = NULL;
    struct recipe *recipe = NULL;
    struct acted acted = {NULL, 0};
    size_t count = 0;
    struct written w = {.decides = false};
    if (store_steps(sc->s, r->workspace, r->id, &steps, &count, e) != 0 ||
        store_run_connections(sc->s, r->workspace, r->id, &acted.all, &acted.count, e) != 0 ||
        result_recipe(sc, r, &recipe, e) != 0) {
        return -1;
    }
    enum writing least = what_decides(sc, recipe);
    for (size_t i = 0; i < count; i++) {
        const struct run_step *p = &steps[i];
        if (written_by(sc, recipe, p) < least) {
            continue;
        }
        bool done = str_equal(p->state, "done");
        bool may = str_equal(p->state, "unknown") || str_equal(p->state, "started");
        w.decides = w.decides || done;
        w.may_decide = w.may_decide || may;
        w.shared = w.shared || ((done || may) && is_shared(recipe, p, &acted));
    }
    *ret = w;
    return 0;
}
