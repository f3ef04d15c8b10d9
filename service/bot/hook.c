#include "run_int.h"

#include "base/json.h"
#include "base/metrics.h"
#include "base/str.h"

/* What an app tells of its own accord (JOB_HOOK_EVENT) starts the recipes that name its hook: a run
 * each, of nobody, in the transaction that ends the job. The same event never comes as two jobs. */

struct happening {
    const struct job *job;
    json_t *payload;
    size_t started;
};

static int start(struct scene *sc, struct happening *x, const struct recipe_row *row,
                 const struct recipe *recipe, struct err *e)
{
    struct run r = {.inputs =
                        arena_json(sc->mem, json_pack("{s:{s:O*, s:O*, s:O*, s:O*}}", "hook",
                                                      "name", json_member(x->payload, "hook"), "id",
                                                      json_member(x->payload, "id"), "received",
                                                      json_member(x->payload, "received"), "data",
                                                      json_member(x->payload, "data")))};
    if (post_start(sc, &r, row, recipe, e) != 0) {
        return -1;
    }
    x->started++;
    return 0;
}

static int start_all(struct scene *sc, struct happening *x, struct err *e)
{
    struct recipe_row *list = NULL;
    size_t count = 0;
    const char *hook = json_text(x->payload, "hook");
    if (store_recipe_list(sc->s, x->job->workspace, &list, &count, e) != 0) {
        return -1;
    }
    for (size_t i = 0; i < count; i++) {
        struct recipe *r = NULL;
        struct err faulty = {0};
        bool listens = list[i].enabled && list[i].command == NULL &&
                       recipe_read(sc->mem, &list[i], &r, &faulty) == 0 && str_equal(r->hook, hook);
        if (listens && start(sc, x, &list[i], r, e) != 0) {
            return -1;
        }
    }
    return 0;
}

static int take(struct scene *sc, void *arg, struct err *e)
{
    struct happening *x = arg;
    struct workspace *w = NULL;
    if (store_workspace_find(sc->s, x->job->workspace, &w, e) != 0) {
        return -1;
    }
    sc->workspace = w;
    bool works = w != NULL && str_equal(w->state, "active");
    if (works && start_all(sc, x, e) != 0) {
        return -1;
    }
    sc->changed = false; /* it is nobody's home page */
    return store_job_done(sc->s, x->job, e);
}

int bot_job_hook(bot *b, arena *mem, const struct job *j, struct err *e)
{
    struct scene sc = {.bot = b, .mem = mem};
    struct happening x = {.job = j};
    if (json_read(mem, j->payload, &x.payload, e) != 0 || scene_do(&sc, j, take, &x, e) != 0) {
        return -1;
    }
    metric_add(METRIC_HOOK_EVENTS, x.started > 0 ? "result=\"started\"" : "result=\"no_recipe\"",
               1);
    return 0;
}
