#include "engine.h"

#include "base/json.h"
#include "base/str.h"

json_t *engine_context_new(struct engine *g)
{
    json_t *connections = json_object();
    for (size_t i = 0; i < g->out->resolved_count; i++) {
        const struct resolved *r = &g->out->resolved[i];
        const struct account *a = r->connection == NULL ? NULL : &r->connection->account;
        json_object_set_new(connections, r->alias,
                            json_pack("{s:s?, s:s?, s:s?, s:s}", "account", a ? a->name : NULL,
                                      "organization", a ? a->organization : NULL, "email",
                                      a ? a->email : NULL, "rule", recipe_rule_name(r->rule)));
    }
    const struct run *r = g->out->run;
    json_t *context =
        arena_json(g->mem, json_pack("{s:O, s:{}, s:o, s:{s:s}, s:{s:s}}", "inputs", r->inputs,
                                     "steps", "connections", connections, "user", "id", r->user_id,
                                     "run", "reference", r->reference));
    if (g->out->recipe->hook != NULL) { /* the event takes the place of what somebody types */
        json_object_set(context, "hook", json_member(r->inputs, "hook"));
        json_object_set_new(context, "inputs", json_object());
    }
    return context;
}

static json_t *result_of(const struct run_step *row)
{
    json_t *output = row->output;
    /* what is inside is only read, here and there: an app's answer may be large */
    json_t *value = json_is_object(output) ? json_copy(output) : json_object();
    if (output != NULL && !json_is_object(output)) {
        json_object_set(value, "value", output);
    }
    if (row->record_id != NULL) {
        json_object_set_new(value, "id", json_string(row->record_id));
    }
    if (row->record_url != NULL) {
        json_object_set_new(value, "url", json_string(row->record_url));
    }
    return value;
}

void engine_context_loop(struct engine *g, const char *step)
{
    json_object_set_new(json_member(g->out->context, "steps"), step,
                        json_pack("{s:[], s:i}", "items", "count", 0));
}

void engine_context_done(struct engine *g, const struct engine_place *at,
                         const struct run_step *row)
{
    const char *id = g->out->recipe->steps[at->step].id;
    json_t *steps = json_member(g->out->context, "steps");
    engine_holds(g, row->output);
    if (at->turn == STEP_ONCE) {
        json_object_set_new(steps, id, result_of(row));
        return;
    }
    json_t *step = json_member(steps, id), *items = json_member(step, "items");
    json_array_append_new(items, result_of(row));
    json_object_set_new(step, "count", json_integer((json_int_t)json_array_size(items)));
}

void engine_context_item(struct engine *g, const json_t *item, size_t index)
{
    json_object_del(g->out->context, "item");
    json_object_del(g->out->context, "item_index");
    if (item != NULL) {
        json_object_set_new(g->out->context, "item", json_deep_copy(item));
        json_object_set_new(g->out->context, "item_index", json_integer((json_int_t)index));
    }
}
