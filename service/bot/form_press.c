#include "form_int.h"
#include "lists_int.h"

/* The press of a button that opens a form, answered with it in the same breath. Nothing of it is
 * repeated when the answer is lost: the button stands there still. */

static int in_one_go(struct turn *t, const struct bot_sent *sent, struct err *e)
{
    if (store_open(t->scene.bot->options.stores, t->scene.mem, &t->scene.s, e) != 0) {
        return -1;
    }
    int rc = store_begin(t->scene.s, e);
    if (rc == 0) {
        rc = dispatch_act(t, e);
    }
    if (rc == 0) {
        rc = home_flush(&t->scene, e) == 0 ? form_in_time(sent, e) : -1;
    }
    if (rc == 0) {
        rc = store_commit(t->scene.s, e);
    }
    store_close(t->scene.s);
    return rc;
}

int bot_form_open(bot *b, arena *mem, const struct bot_sent *sent, const json_t **ret,
                  struct err *e)
{
    const json_t *form = NULL;
    struct job j = {.workspace = sent->workspace, .kind = sent->kind, .payload = sent->payload};
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
