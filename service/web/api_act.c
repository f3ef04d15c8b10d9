#include "api_int.h"

#include "base/limits.h"
#include "base/str.h"

/* A back-end starts a recipe for a person. Not in a transaction of the call's own: the chat may be
 * asked first who that is, and the question to the person is kept where the answer is a refusal. */

enum { KEY_MAX = 200 };

static const json_t *read_inputs(const struct json_doc *d)
{
    const json_t *inputs = json_member(d->object, "inputs");
    if (inputs != NULL && !json_is_object(inputs)) {
        json_doc_fault(d, "inputs", "This must be an object of names and values.");
        return NULL;
    }
    return inputs;
}

static int read_body(const struct request *q, struct faults *faults, struct bot_act *ret,
                     struct err *e)
{
    static const char *const keys[] = {"user", "recipe", "inputs", "idempotency_key", NULL};
    json_t *body = NULL;
    if (json_read(q->mem, q->body, &body, e) != 0) {
        return -1;
    }
    const struct json_doc d = json_doc(faults, q->mem, "", body);
    json_doc_known(&d, keys);
    ret->user_id = api_user_in(&d, q->mem, ret->workspace, "user",
                               api_line(&d, "user", true, API_USER_ID_MAX));
    ret->recipe = api_line(&d, "recipe", true, LIMIT_NAME);
    ret->key = api_line(&d, "idempotency_key", true, KEY_MAX);
    ret->inputs = read_inputs(&d);
    ret->faults = faults;
    return faults->count == 0 ? 0
                              : err_set(e, ERR_INVALID, "invalid",
                                        "The request has faults; \"errors\" lists them.");
}

static int act(web *w, const struct request *q, struct response *r, struct faults *faults,
               struct err *e)
{
    struct bot_acted done;
    struct bot_act what = {.workspace = q->params[0],
                           .actor = q->actor,
                           .token = q->by == NULL ? NULL : q->by->digest,
                           .name = q->by == NULL ? NULL : q->by->name};
    if (read_body(q, faults, &what, e) != 0 ||
        bot_act(w->options.bot, q->mem, &what, &done, e) != 0) {
        return -1;
    }
    respond_json(
        q->mem, r, 202,
        arena_json(q->mem, json_must(json_pack("{s:s, s:s, s:s}", "id", done.run, "reference",
                                               done.reference, "state", done.state))));
    return 0;
}

int api_act_post(web *w, const struct request *q, struct response *r, struct err *e)
{
    struct faults faults;
    faults_init(&faults, q->mem);
    int rc = act(w, q, r, &faults, e);
    if (w->options.wake != NULL) {
        w->options.wake(w->options.wake_arg); /* also for the question */
    }
    if (rc != 0 && faults.count > 0 && e->kind == ERR_INVALID) {
        *r = (struct response){0};
        respond_problem(q->mem, r, e, q->id, &faults);
        return 0;
    }
    return rc;
}
