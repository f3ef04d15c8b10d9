#include "bot_int.h"

/*
 * The home page of the bot: what a user is connected to, what waits for him and what he did last.
 * It is made of what is stored when its job begins, so that many changes at once need one page.
 */

enum { TOUCHED_DELAY_S = 1 /* what happens within a moment is shown together */ };

int home_touch(struct scene *sc, struct err *e)
{
    const struct user *u = sc->user;
    if (u == NULL || u->home_opened_at == 0) {
        return 0;
    }
    return store_home_want(sc->s, u->workspace, u->user_id, TOUCHED_DELAY_S, e);
}

int home_open(struct turn *t, struct err *e)
{
    const struct user *u = t->scene.user;
    if (store_home_opened(t->scene.s, u->workspace, u->user_id, e) != 0) {
        return -1;
    }
    return store_home_want(t->scene.s, u->workspace, u->user_id, 0, e);
}

/* *ret_view NULL: there is nobody to show it to. */
static int read_page(struct scene *sc, const struct job *j, json_t **ret_view, struct err *e)
{
    const char *user_id = NULL;
    struct workspace *w = NULL;
    struct user *u = NULL;
    if (store_home_begin(sc->s, j, &user_id, e) != 0 ||
        store_workspace_find(sc->s, j->workspace, &w, e) != 0 ||
        store_user_find(sc->s, j->workspace, user_id, &u, e) != 0) {
        return -1;
    }
    sc->workspace = w;
    sc->user = u;
    *ret_view = NULL;
    return w == NULL || u == NULL ? 0 : list_view(sc, ret_view, e);
}

static int make_page(struct scene *sc, const struct job *j, json_t **ret_view, struct err *e)
{
    if (store_open(sc->bot->options.stores, sc->mem, &sc->s, e) != 0) {
        return -1;
    }
    int rc = store_begin(sc->s, e);
    if (rc == 0) {
        rc = read_page(sc, j, ret_view, e);
    }
    if (rc == 0) {
        rc = store_commit(sc->s, e);
    }
    store_close(sc->s);
    sc->s = NULL;
    return rc;
}

/* What another try cannot mend - no home tab, a dead token, somebody who left - harms nobody: the
 * next change or the next look at the page tries again. */
static int publish(struct scene *sc, const json_t *view, struct err *e)
{
    const struct workspace *w = sc->workspace;
    chats *c = sc->bot->options.chats;
    const struct chat_driver *driver = chats_driver(c, w->workspace);
    oauth *o = sc->bot->options.oauth;
    struct oauth_bot as = oauth_bot_of(w);
    struct err why = {0};
    if (driver == NULL || driver->publish_home == NULL) {
        return 0;
    }
    int rc = oauth_bot_access(o, sc->mem, w->workspace, &as, &why);
    while (rc == 0 &&
           (rc = driver->publish_home(c, sc->mem, &as.access, sc->user->user_id, view, &why)) !=
               0 &&
           oauth_bot_again(o, sc->mem, &as, &why)) {
        rc = 0;
    }
    if (rc == 0) {
        return 0;
    }
    if (err_fate(why.kind) != FATE_AGAIN) {
        return 0;
    }
    *e = why;
    return -1;
}

static int end_job(struct scene *sc, const struct job *j, struct err *e)
{
    store *s = NULL;
    if (store_open(sc->bot->options.stores, sc->mem, &s, e) != 0) {
        return -1;
    }
    int rc = store_job_done(s, j, e);
    store_close(s);
    return rc;
}

int bot_job_home(bot *b, arena *mem, const struct job *j, struct err *e)
{
    struct scene sc = {.bot = b, .mem = mem};
    json_t *view = NULL;
    if (make_page(&sc, j, &view, e) != 0 || (view != NULL && publish(&sc, view, e) != 0)) {
        return -1;
    }
    return end_job(&sc, j, e);
}
