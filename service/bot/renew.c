#include "login_int.h"

#include "base/str.h"

/* An old prompt becomes a new one: by a button in the chat, or by the page of its link. */

/* Runs that still wait for the old login wait for the new one, the first of them in its prompt. */
static int move_runs(struct scene *sc, const struct run *list, size_t count,
                     const struct prompted *made, struct err *e)
{
    for (size_t i = 0; i < count; i++) {
        struct run next = list[i];
        bool changed = false;
        next.login_id = made->login_id;
        if (i == 0 && run_in_private(&next)) {
            next.message_id = made->message_id; /* the prompt becomes its result */
        }
        if (store_run_update(sc->s, &next, RUN_PARKED, &changed, e) != 0) {
            return -1;
        }
    }
    return 0;
}

struct renewal {
    const struct login *login; /* of the old prompt */
    const char *message_id; /* where it was asked for and can stand; NULL: where the old one is */
    bool fresh;             /* a new message at the end of the one-to-one chat */
    bool *ret_open;         /* another prompt is open: nothing was made */
    bool *ret_allowed;      /* of the browser's alone: its user may use Workbot */
};

/* The old prompt may become the new one, unless it has become something else meanwhile: the result
 * of its run, say. */
static const char *reusable_message(const struct login *l, const struct run *first)
{
    if (l->run_id == NULL) {
        return l->state == LOGIN_DONE ? NULL : l->message_id;
    }
    return first != NULL && str_equal(first->message_id, l->message_id) ? l->message_id : NULL;
}

/* True when another login of this user is open: that one's prompt stands, and one is enough. */
static int other_is_open(struct scene *sc, const struct login *l, bool *ret, struct err *e)
{
    struct login *open = NULL;
    if (store_login_find_open(sc->s, l->workspace, l->user_id, l->default_name, &open, e) != 0) {
        return -1;
    }
    *ret = open != NULL && !str_equal(open->id, l->id);
    return 0;
}

/* The new prompt, for whatever waits. */
static int open_again(struct scene *sc, const struct renewal *q, const struct default_connection *d,
                      struct err *e)
{
    const struct login *l = q->login;
    struct run *waiting = NULL;
    size_t count = 0;
    if (store_run_parked_for(sc->s, l->workspace, l->user_id, l->default_name, &waiting, &count,
                             e) != 0) {
        return -1;
    }
    struct run *first = count > 0 ? &waiting[0] : NULL;
    const char *old = reusable_message(l, first);
    const char *at = q->fresh ? NULL : q->message_id != NULL ? q->message_id : old;
    const struct prompt p = {.def = d, .run = first, .message_id = at, .adds = l->adds};
    struct prompted made = {0};
    if (prompt_open(sc, &p, &made, e) != 0 || move_runs(sc, waiting, count, &made, e) != 0) {
        return -1;
    }
    return prompt_retire(sc, old, made.message_id, e);
}

static int renew(struct scene *sc, const void *arg, struct err *e)
{
    const struct renewal *q = arg;
    const struct login *l = q->login;
    struct default_connection *d = NULL;
    if (other_is_open(sc, l, q->ret_open, e) != 0 || *q->ret_open) {
        return *q->ret_open ? 0 : -1;
    }
    if (store_default_find(sc->s, l->workspace, l->default_name, &d, e) != 0) {
        return -1;
    }
    if (d == NULL) {
        return err_set(e, ERR_NOT_FOUND, "connection", "connection %s is gone", l->default_name);
    }
    enum login_state end = l->state == LOGIN_DONE ? LOGIN_DONE : LOGIN_CANCELLED;
    if (login_end(sc, l, end, "replaced", e) != 0) {
        return -1;
    }
    return open_again(sc, q, d, e);
}

/* Locked first: of two renewals at once the second one finds the prompt of the first. */
static int renew_once(struct scene *sc, const void *arg, struct err *e)
{
    struct renewal q = *(const struct renewal *)arg;
    struct login *l = NULL;
    bool may = false;
    if (store_user_may_use(sc->s, q.login->workspace, sc->user->user_id, &may, e) != 0) {
        return -1;
    }
    *q.ret_allowed = may;
    if (!may) {
        return 0;
    }
    if (store_login_lock(sc->s, q.login->workspace, q.login->id, &l, e) != 0) {
        return -1;
    }
    if (l == NULL) {
        return 0; /* deleted with its connection a moment ago */
    }
    q.login = l;
    return renew(sc, &q, e);
}

int bot_prompt_renew(bot *b, arena *mem, const struct workspace *w, const struct login *l,
                     enum bot_renewed *ret, struct err *e)
{
    bool open = false, allowed = false;
    const struct renewal q = {.login = l, .ret_open = &open, .ret_allowed = &allowed};
    if (returned_scene(b, mem, l, w, renew_once, &q, e) != 0) {
        return -1;
    }
    *ret = !allowed ? BOT_RENEWED_NEVER : open ? BOT_RENEWED_BEFORE : BOT_RENEWED;
    return 0;
}

/* The prompt that is open, again: its link is the one that works. */
static int show_open(struct turn *t, const struct login *l, struct err *e)
{
    struct scene *sc = &t->scene;
    struct login *open = NULL;
    json_t *view = view_new(sc->mem);
    if (store_login_find_open(sc->s, l->workspace, l->user_id, l->default_name, &open, e) != 0 ||
        open == NULL) {
        return open == NULL ? 0 : -1;
    }
    if (store_login_waits_for_code(open)) {
        view_text(view, "Type the 6-digit code that your browser shows.");
    } else if (open->state == LOGIN_CODE) {
        view_text(view, "Choose one of the sites that I have asked you for in our %s.",
                  words_dm(sc));
    } else {
        view_text(view, "A newer prompt is open.");
        prompt_add_button(sc, open, view, "Log in");
    }
    return say_private(t, view, NULL, e);
}

static int say_renewed(struct turn *t, struct err *e)
{
    json_t *view = view_new(t->scene.mem);
    view_text(view, "A new login prompt is in our %s.", words_dm(&t->scene));
    return say_private(t, view, NULL, e);
}

/* The pressed message, when it is the user's own and nothing else by now: it becomes the prompt. */
static const char *own_message(const struct turn *t)
{
    bool stands = t->event.place.is_private && t->acted != NULL && action_stands(t);
    return stands ? t->acted->id : NULL;
}

/* In a list or on the home page there is no place for the prompt. */
int action_renew(struct turn *t, const char *value, struct err *e)
{
    struct login *l = NULL;
    struct scene *sc = &t->scene;
    bool open = false, may = false;
    if (!id_valid(value)) {
        return 0;
    }
    if (store_user_may_use(sc->s, sc->workspace->workspace, t->event.user_id, &may, e) != 0) {
        return -1;
    }
    if (!may) {
        return 0; /* off-boarded a moment ago: his messages say so */
    }
    if (store_login_lock(sc->s, sc->workspace->workspace, value, &l, e) != 0) {
        return -1;
    }
    if (l == NULL || !str_equal(l->user_id, t->event.user_id)) {
        return 0; /* the id in a button selects nobody else's login */
    }
    bool elsewhere = t->listed || t->event.surface == SURFACE_HOME;
    const struct renewal q = {.login = l,
                              .message_id = elsewhere ? NULL : own_message(t),
                              .fresh = elsewhere,
                              .ret_open = &open};
    if (renew(sc, &q, e) != 0) {
        return -1;
    }
    if (open) {
        return show_open(t, l, e);
    }
    return elsewhere ? say_renewed(t, e) : 0;
}
