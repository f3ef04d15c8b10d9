#include "engine.h"

#include "base/str.h"

/*
 * How often a step runs: once; once for each item of a list; not at all when its condition does not
 * hold. All of that is decided by what is on record of the run, so whoever takes the run over
 * decides the same, and goes on with the turn where it stood.
 */

static int failed(struct engine *g, const struct recipe_step *p, const struct err *why,
                  const char *words, bool *ret_go)
{
    *ret_go = false;
    return engine_failed(g, p, why, words);
}

/* Absent is an empty list: an optional input, the result of a step that was skipped. */
static bool list_fits(struct engine *g, const struct recipe_step *p, const json_t **ret,
                      bool *ret_go)
{
    const json_t *list = NULL;
    struct err why = {0};
    const char *words = NULL;
    (void)template_value(g->mem, p->each, g->out->context, &list, &why);
    bool absent = list == NULL || json_is_null(list);
    if (why.kind == ERR_NONE && !absent && !json_is_array(list)) {
        err_set(&why, ERR_INVALID, "no_list", "%s of step %s is no list", p->each, p->id);
    } else if (json_array_size(list) > (size_t)p->at_most) {
        err_set(&why, ERR_INVALID, "too_many_items", "step %s: %zu items", p->id,
                json_array_size(list));
        words = arena_printf(g->mem,
                             "This command goes through at most %lld items at once, and there are "
                             "%zu. Nothing was changed for any of them.",
                             (long long)p->at_most, json_array_size(list));
    }
    if (why.kind != ERR_NONE) {
        failed(g, p, &why, words, ret_go);
        return false;
    }
    *ret = list;
    return true;
}

/* Lists that later steps go through, as far as they are known: a run that will fail for too many
 * items does so before it writes anything. */
static bool later_lists_fit(struct engine *g, size_t place, bool *ret_go)
{
    const struct recipe *r = g->out->recipe;
    const json_t *unused = NULL;
    for (size_t i = place; i < r->steps_count; i++) {
        if (r->steps[i].each != NULL && !list_fits(g, &r->steps[i], &unused, ret_go)) {
            return false;
        }
    }
    return true;
}

/* What acts is on record before anything is. */
static int be_started(struct engine *g, struct err *e)
{
    return g->started ? 0 : engine_start(g, e);
}

static int skip(struct engine *g, const struct engine_place *at, struct err *e)
{
    struct step_place row = engine_row(g, store_step_position(at->step, at->turn));
    store *s = NULL;
    row.turn = at->turn;
    if (be_started(g, e) != 0 || engine_open(g, &s, e) != 0) {
        return -1;
    }
    int rc = store_step_skip(s, &row, g->out->recipe->steps[at->step].id, e);
    store_close(s);
    return rc;
}

/* The chat asks (the bot does), and the answer stands on record when the run comes back. */
static int wait_for_press(struct engine *g, const struct engine_place *at, bool *ret_go,
                          struct err *e)
{
    struct run_outcome *out = g->out;
    const struct run_step *row = engine_known(g, at);
    if (row != NULL && str_equal(row->state, "done")) {
        engine_context_done(g, at, row);
        return 0;
    }
    *ret_go = false;
    out->end = RUN_END_WAIT;
    out->waits = &out->recipe->steps[at->step];
    out->waits_at = at->step;
    out->step = out->waits->id;
    return be_started(g, e);
}

/* A step that was begun goes on whatever its condition says by now. */
static int run_one(struct engine *g, const struct engine_place *at, bool *ret_go, struct err *e)
{
    const struct recipe_step *p = &g->out->recipe->steps[at->step];
    const struct run_step *row = engine_known(g, at);
    struct err why = {0};
    bool holds = true;
    if (row != NULL && str_equal(row->state, "skipped")) {
        return 0;
    }
    if (row == NULL && recipe_condition(g->mem, p->when, g->out->context, &holds, &why) != 0) {
        return failed(g, p, &why, NULL, ret_go);
    }
    if (!holds) {
        return skip(g, at, e);
    }
    return p->wait != NULL ? wait_for_press(g, at, ret_go, e) : engine_call(g, at, ret_go, e);
}

static int loop_begin(struct engine *g, const struct engine_place *at, struct run_step **ret,
                      struct err *e)
{
    struct step_place row = engine_row(g, store_step_position(at->step, at->turn));
    store *s = NULL;
    row.turn = STEP_LOOP;
    if (be_started(g, e) != 0 || engine_open(g, &s, e) != 0) {
        return -1;
    }
    int rc = store_step_begin(s, &row, g->out->recipe->steps[at->step].id, ret, e);
    store_close(s);
    return rc;
}

/* The step ends as its last turn did, unless the run goes on with it later. */
static int loop_end(struct engine *g, const struct engine_place *at, struct run_step *row,
                    struct err *e)
{
    const char *states[] = {[RUN_END_DONE] = "done",
                            [RUN_END_FAILED] = "failed",
                            [RUN_END_UNKNOWN] = "unknown",
                            [RUN_END_GONE] = NULL};
    const struct run_outcome *out = g->out;
    const char *state = states[out->end];
    if (state == NULL || str_equal(row->state, state)) {
        return 0;
    }
    if (out->end == RUN_END_DONE && at->step + 1 == out->recipe->steps_count) {
        row->state = state; /* one commit with the end of the run */
        row->error_code = NULL;
        g->out->last = row;
        return 0;
    }
    const char *code = out->end == RUN_END_DONE ? NULL : arena_strdup(g->mem, out->err.code);
    return engine_record(g, row, state, code, e);
}

static int run_each(struct engine *g, size_t place, bool *ret_go, struct err *e)
{
    const struct recipe_step *p = &g->out->recipe->steps[place];
    const struct engine_place loop = {.step = place, .turn = STEP_LOOP};
    struct run_step *row = engine_known(g, &loop);
    const json_t *list = NULL;
    if (!list_fits(g, p, &list, ret_go)) {
        return 0;
    }
    if (row == NULL && loop_begin(g, &loop, &row, e) != 0) {
        return -1;
    }
    engine_context_loop(g, p->id);
    for (size_t i = 0; *ret_go && i < json_array_size(list); i++) {
        const struct engine_place turn = {.step = place, .turn = (int64_t)i + 1};
        engine_context_item(g, json_array_get(list, i), i);
        if (run_one(g, &turn, ret_go, e) != 0) {
            return -1;
        }
    }
    engine_context_item(g, NULL, 0);
    return loop_end(g, &loop, row, e);
}

int engine_step(struct engine *g, size_t place, bool *ret_go, struct err *e)
{
    const struct engine_place once = {.step = place, .turn = STEP_ONCE};
    if (!later_lists_fit(g, place, ret_go)) {
        return 0;
    }
    return g->out->recipe->steps[place].each == NULL ? run_one(g, &once, ret_go, e)
                                                     : run_each(g, place, ret_go, e);
}
