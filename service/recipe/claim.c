#include "engine.h"

#include "base/json.h"
#include "base/str.h"

/* With its first intent a run that decides for others has the decision, or has neither; whoever
 * comes second calls nothing. A claim is as good as its run: it holds while that goes on. */

bool engine_decides(const struct engine *g, const app_action *action)
{
    return json_text(g->out->run->pressed, "decides") != NULL && app_action_writes(action);
}

int engine_claim(struct engine *g, store *s, const struct engine_place *at, bool *ret_go,
                 struct err *e)
{
    const struct run *r = g->out->run;
    const struct decision_claim c = {.workspace = r->workspace,
                                     .message_id = json_text(r->pressed, "message"),
                                     .run_id = r->id,
                                     .user_id = r->user_id,
                                     .position = store_step_position(at->step, at->turn)};
    struct err why = {0};
    if (store_decision_claim(s, &c, ret_go, e) != 0) {
        return -1;
    }
    err_set(&why, ERR_FORBIDDEN, RECIPE_DECISION_TAKEN, "run %s: somebody else decides",
            r->reference);
    return *ret_go ? 0 : engine_failed(g, &g->out->recipe->steps[at->step], &why, NULL);
}
