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
    return arena_json(g->mem,
                      json_pack("{s:O, s:{}, s:o, s:{s:s}, s:{s:s}}", "inputs", g->out->run->inputs,
                                "steps", "connections", connections, "user", "id",
                                g->out->run->user_id, "run", "reference", g->out->run->reference));
}

void engine_context_step(struct engine *g, const char *step, const json_t *output,
                         const char *record_id, const char *record_url)
{
    json_t *value = json_is_object(output) ? json_deep_copy(output) : json_object();
    if (output != NULL && !json_is_object(output)) {
        json_object_set_new(value, "value", json_deep_copy(output));
    }
    if (record_id != NULL) {
        json_object_set_new(value, "id", json_string(record_id));
    }
    if (record_url != NULL) {
        json_object_set_new(value, "url", json_string(record_url));
    }
    json_object_set_new(json_member(g->out->context, "steps"), step, value);
}
