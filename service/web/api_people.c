#include "api_int.h"

/* Erasing a person. Not in a transaction of its own: there are two, and jobs between them. */

static json_t *proof_json(const struct bot_forgotten *f)
{
    const struct erase_proof *p = &f->proof;
    return json_must(json_pack("{s:I, s:I, s:I, s:I, s:o}", "columns", (json_int_t)p->columns,
                               "sealed_values", (json_int_t)p->sealed, "unopened",
                               (json_int_t)p->unopened, "found", (json_int_t)p->found, "places",
                               api_texts(p->places, p->places_count)));
}

static json_t *forgotten_json(const struct bot_forgotten *f)
{
    const struct erased *d = &f->done;
    return json_must(json_pack("{s:b, s:s, s:I, s:I, s:I, s:I, s:o}", "erased", f->erased ? 1 : 0,
                               "pseudonym", f->pseudonym, "waiting", (json_int_t)f->waiting, "rows",
                               (json_int_t)(f->erased ? d->rows : 0), "values",
                               (json_int_t)(f->erased ? d->values : 0), "audit_lines",
                               (json_int_t)(f->erased ? d->lines : 0), "proof", proof_json(f)));
}

int api_person_delete(web *w, const struct request *q, struct response *r, struct err *e)
{
    struct bot_forgotten done;
    const struct bot_forget what = {
        .workspace = q->params[0], .user_id = q->params[1], .actor = q->actor};
    if (bot_forget(w->options.bot, q->mem, &what, &done, e) != 0) {
        return -1;
    }
    w->options.wake(w->options.wake_arg);
    respond_json(q->mem, r, done.erased ? 200 : 202, arena_json(q->mem, forgotten_json(&done)));
    return 0;
}
