#include "lists_int.h"

#include "base/clock.h"
#include "base/json.h"
#include "base/str.h"

/*
 * When the home page of a user is published: when it is opened, after a press on it, and after each
 * change of what it shows. It is made of what is stored when its job begins, so that many changes
 * at once need one page.
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

int home_flush(struct scene *sc, struct err *e)
{
    return sc->changed ? home_touch(sc, e) : 0;
}

int home_open(struct turn *t, struct err *e)
{
    const struct user *u = t->scene.user;
    if (store_home_opened(t->scene.s, u->workspace, u->user_id, e) != 0) {
        return -1;
    }
    return store_home_want(t->scene.s, u->workspace, u->user_id, 0, e);
}

/* --- answers to what is pressed there --- */

static bool is_login(const json_t *button)
{
    return str_equal(json_text(button, "action"), "login");
}

/* The page stands for long and is no place for a login's link. */
static bool take_links(json_t *view)
{
    bool found = false;
    size_t i = 0;
    json_t *block = NULL;
    json_array_foreach(json_member(view, "blocks"), i, block)
    {
        json_t *buttons = json_member(block, "buttons");
        for (size_t k = json_array_size(buttons); k > 0; k--) {
            if (is_login(json_array_get(buttons, k - 1))) {
                json_array_remove(buttons, k - 1);
                found = true;
            }
        }
        if (is_login(json_member(block, "button"))) {
            json_object_del(block, "button");
            found = true;
        }
    }
    return found;
}

/* It is the news of this user's page from now on; the caller wants the page anew. */
static int keep(store *s, const struct user *u, json_t *view, struct err *e)
{
    json_object_set_new(view, "at", json_integer(clock_now()));
    return store_home_say(s, u->workspace, u->user_id, view, e);
}

int home_say(struct turn *t, json_t *view, struct err *e)
{
    if (take_links(view)) {
        view_note(view, "The login is in our direct message.");
    }
    t->said = true;
    return keep(t->scene.s, t->scene.user, view, e);
}

int bot_unreachable_at_home(store *s, arena *mem, const struct user *u, struct err *e)
{
    json_t *view = view_new(mem);
    if (u->home_opened_at == 0) {
        return 0;
    }
    view_text(view, "My private message to you did not arrive: it was refused.");
    view_note(view, "Type `/workbot pending` in any conversation, or mention me with `pending` in "
                    "a channel, to go on.");
    return keep(s, u, view, e) != 0 ? -1 : store_home_want(s, u->workspace, u->user_id, 0, e);
}

int home_pressed(struct turn *t, struct err *e)
{
    const struct user *u = t->scene.user;
    json_t *view = view_new(t->scene.mem);
    view_text(view, "I go on in our direct message.");
    bool seen = t->said || t->form; /* a form stands before the page already */
    if (!seen && home_say(t, view, e) != 0) {
        return -1;
    }
    return store_home_want(t->scene.s, u->workspace, u->user_id, 0, e);
}

int action_home(struct turn *t, const char *value, struct err *e)
{
    const struct user *u = t->scene.user;
    (void)value;
    t->said = true;
    return store_home_say(t->scene.s, u->workspace, u->user_id, NULL, e);
}

/* --- the job --- */

struct making {
    const struct job *job;
    json_t *view; /* NULL: there is nobody to show it to */
};

static int read_page(struct scene *sc, void *arg, struct err *e)
{
    struct making *x = arg;
    const struct job *j = x->job;
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
    return w == NULL || u == NULL ? 0 : home_page(sc, &x->view, e);
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
    struct making x = {.job = j};
    if (scene_do(&sc, NULL, read_page, &x, e) != 0 ||
        (x.view != NULL && publish(&sc, x.view, e) != 0)) {
        return -1;
    }
    return end_job(&sc, j, e);
}
