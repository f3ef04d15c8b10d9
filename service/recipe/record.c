#include "engine.h"

#include "base/json.h"
#include "base/str.h"

/* What stands on record about the steps of a run, and what a run that stops owes to it. */

struct run_step *engine_known(const struct engine *g, const struct engine_place *at)
{
    int64_t position = store_step_position(at->step, at->turn);
    for (size_t i = 0; i < g->known_count; i++) {
        if (g->known[i].position == position) {
            return &g->known[i];
        }
    }
    return NULL;
}

struct step_place engine_row(const struct engine *g, int64_t position)
{
    return (struct step_place){.job = g->job, .run_id = g->out->run->id, .position = position};
}

int engine_record(struct engine *g, struct run_step *row, const char *state, const char *error_code,
                  struct err *e)
{
    const struct step_place at = engine_row(g, row->position);
    store *s = NULL;
    row->state = state;
    row->error_code = error_code;
    if (engine_open(g, &s, e) != 0) {
        return -1;
    }
    int rc = store_step_end(s, &at, row, e);
    store_close(s);
    return rc;
}

int engine_refused(struct engine *g, struct run_step *row, const char *error_code, struct err *e)
{
    const struct app_decided *d = &g->out->decided;
    row->output =
        arena_json(g->mem, json_pack("{s:s*, s:s*, s:s*, s:I}", "refusal", g->out->words, "word",
                                     d->word, "by", d->by, "at", (json_int_t)d->at));
    return engine_record(g, row, "failed", error_code, e);
}

/* Of a release that kept nothing, and of a step that no app refused, nothing is there. */
void engine_refused_before(struct engine *g, const struct run_step *row)
{
    g->out->words = json_text(row->output, "refusal");
    g->out->decided =
        (struct app_decided){.word = json_text(row->output, "word"),
                             .by = json_text(row->output, "by"),
                             .at = json_integer_value(json_member(row->output, "at"))};
}

/* The list is a function of what is on record; a run that is given up has read none of that. */
struct run_item engine_item(const struct engine *g, const struct run_step *row)
{
    const struct recipe_step *p = &g->out->recipe->steps[row->position % STEP_SPAN];
    struct run_item item = {.number = row->turn > 0 ? row->turn : 0};
    const json_t *list = NULL;
    struct err unused = {0};
    if (item.number > 0 && p->each != NULL && g->out->context != NULL &&
        template_value(g->mem, p->each, g->out->context, &list, &unused) == 0) {
        item.count = (int64_t)json_array_size(list);
        item.value = json_array_get(list, (size_t)item.number - 1);
    }
    return item;
}

int engine_unknown(struct engine *g, struct run_step *row, struct err *e)
{
    struct run_outcome *out = g->out;
    const struct recipe_step *p = &out->recipe->steps[row->position % STEP_SPAN];
    row->wrote_by = p->alias;
    row->wrote = p->action;
    out->end = RUN_END_UNKNOWN;
    out->step = row->step;
    out->item = engine_item(g, row);
    err_set(&out->err, ERR_UPSTREAM_BUSY, "write_unknown", "step %s may have happened", row->step);
    return engine_record(g, row, "unknown", "write_unknown", e);
}

bool engine_may_write(const struct engine *g, const struct recipe_step *p)
{
    const apps *all = g->recipes->options.apps;
    for (size_t i = 0; apps_at(all, i) != NULL; i++) {
        const app_action *x = app_action_find(apps_at(all, i), p->action);
        if (x != NULL && app_action_writes(x)) {
            return true;
        }
    }
    return false;
}

/* Begun by a call of this row itself, whose outcome nobody knows. */
static bool may_have_happened(const struct engine *g, const struct run_step *row)
{
    const struct recipe *r = g->out->recipe;
    size_t place = (size_t)(row->position % STEP_SPAN);
    return str_equal(row->state, "started") && row->turn != STEP_LOOP && place < r->steps_count &&
           engine_may_write(g, &r->steps[place]);
}

/* The step of this turn is as unknown as its turn. */
static int loop_unknown(struct engine *g, const struct run_step *row, struct err *e)
{
    const struct engine_place at = {.step = (size_t)(row->position % STEP_SPAN), .turn = STEP_LOOP};
    struct run_step *loop = row->turn > 0 ? engine_known(g, &at) : NULL;
    return loop == NULL ? 0 : engine_record(g, loop, "unknown", "write_unknown", e);
}

int engine_find_unsettled(struct engine *g, struct err *e)
{
    for (size_t i = 0; g->out->recipe != NULL && i < g->known_count; i++) {
        struct run_step *row = &g->known[i];
        if (may_have_happened(g, row)) {
            return engine_unknown(g, row, e) != 0 ? -1 : loop_unknown(g, row, e);
        }
    }
    return 0;
}
