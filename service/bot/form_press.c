#include "form_int.h"
#include "lists_int.h"

#include "base/clock.h"

/* The press of a button that opens a form, answered with it in the same breath. It is no job, but
 * its key is on record as a job's: when the platform sends it once more, because the answer got
 * lost, the form that the first one began is shown, and nothing else is begun. */

static int press(struct turn *t, const struct bot_sent *sent, struct err *e)
{
    bool fresh = true;
    if (sent->keys[0] != NULL && store_job_note(t->scene.s, t->job, &fresh, e) != 0) {
        return -1;
    }
    t->again = !fresh;
    if (dispatch_act(t, e) != 0 || home_flush(&t->scene, e) != 0) {
        return -1;
    }
    return form_in_time(sent, e);
}

static int in_one_go(struct turn *t, const struct bot_sent *sent, struct err *e)
{
    struct scene *sc = &t->scene;
    if (store_enter(sc->bot->options.stores, sc->mem, &sc->s, e) != 0) {
        return -1;
    }
    return store_leave(sc->s, press(t, sent, e), e);
}

int bot_form_open(bot *b, arena *mem, const struct bot_sent *sent, const json_t **ret,
                  struct err *e)
{
    const json_t *form = NULL;
    struct job j = {.workspace = sent->workspace,
                    .kind = sent->kind,
                    .payload = sent->payload,
                    .keys = {sent->keys[0]},
                    .created_at = clock_now()};
    struct turn t = {
        .scene = {.bot = b, .mem = mem, .until_ms = sent->until_ms}, .job = &j, .shows = &form};
    bool ours = false;
    if (dispatch_look(&t, &ours, e) != 0) {
        return -1;
    }
    if (ours && t.event.kind == EVENT_ACTION && in_one_go(&t, sent, e) != 0) {
        return -1;
    }
    *ret = form;
    return 0;
}
