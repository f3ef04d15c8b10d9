#include "bot_int.h"

/* What every job of the bot does around its work: a session, a transaction, and the commit. */

int scene_do(struct scene *sc, const struct job *j, scene_fn *work, void *arg, struct err *e)
{
    store *s = NULL;
    if (store_enter(sc->bot->options.stores, sc->mem, &s, e) != 0) {
        return -1;
    }
    if (j != NULL) {
        store_follow(s, j);
    }
    sc->s = s;
    int rc = work(sc, arg, e);
    sc->s = NULL;
    return store_leave(s, rc, e);
}
