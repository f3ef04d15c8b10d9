#include "lists_int.h"
#include "login_int.h"

#include "base/json.h"
#include "base/metrics.h"
#include "base/str.h"

/* The browser came back: the prompt in the chat says what happened and what to do next. */

typedef int scene_fn(struct scene *sc, const void *arg, struct err *e);

static int with_scene(bot *b, arena *mem, const struct login *l, const struct workspace *w,
                      scene_fn *work, const void *arg, struct err *e)
{
    struct scene sc = {.bot = b, .mem = mem, .workspace = w};
    struct user *u = NULL;
    if (store_open(b->options.stores, mem, &sc.s, e) != 0) {
        return -1;
    }
    int rc =
        store_begin(sc.s, e) != 0 || store_user_find(sc.s, l->workspace, l->user_id, &u, e) != 0
            ? -1
            : 0;
    sc.user = u;
    if (rc == 0 && u != NULL) {
        sc.changed = true;
        rc = work(&sc, arg, e);
    }
    if (rc == 0 && u != NULL) {
        rc = home_flush(&sc, e);
    }
    if (rc == 0) {
        rc = store_commit(sc.s, e);
    }
    store_close(sc.s);
    return rc;
}

/* Its prompt is an ephemeral: what is typed there is read by others. */
static bool is_beside_others(struct scene *sc, const struct login *l)
{
    struct message *m = NULL;
    struct err unused = {0};
    return l->message_id != NULL &&
           store_message_find(sc->s, l->workspace, l->message_id, &m, &unused) == 0 && m != NULL &&
           m->ephemeral;
}

static json_t *code_view(struct scene *sc, const struct oauth_outcome *o)
{
    json_t *view = view_new(sc->mem);
    view_text(view, "**Type the 6-digit code** that your browser shows now.");
    view_note(view,
              "It proves that the person who logged in to %s is you. It is good for %lld "
              "minutes.",
              words_app(sc, o->connection->app),
              (long long)(sc->bot->options.config->ttl_code / 60));
    if (is_beside_others(sc, o->login)) {
        view_note(view,
                  "Send it in our direct message, or behind the command that you began with.");
    }
    prompt_add_back(view, o->login);
    return view;
}

static json_t *other_view(struct scene *sc, const struct oauth_outcome *o)
{
    const char *title = words_app(sc, o->connection->app);
    json_t *view = view_new(sc->mem);
    switch (o->end) {
    case OAUTH_DENIED:
        view_text(view, "You were not connected to %s: %s.", title,
                  o->signing_in ? "signing in to this chat was declined"
                                : "access was declined there");
        view_note(view, o->login->run_id != NULL
                            ? "What you typed still waits. Try again, or Back to cancel it."
                            : "Nothing was changed. Try again whenever you like.");
        break;
    case OAUTH_MISCONFIGURED:
        view_text(view,
                  "You were not connected to %s: its connection is set up wrong. An admin of "
                  "Workbot must look at it.",
                  title);
        break;
    case OAUTH_WRONG_ACCOUNT:
        view_text(view,
                  "You were not connected to %s: that account's e-mail is not the one of "
                  "your chat profile.",
                  title);
        break;
    case OAUTH_CODE_SHOWN:
    case OAUTH_CONNECTED:
    case OAUTH_PROVEN:
    case OAUTH_OTHER_PERSON:
    case OAUTH_UNPROVEN:
    case OAUTH_EXPIRED:
    case OAUTH_TRY_AGAIN:
    case OAUTH_GONE:
    case OAUTH_END_COUNT:
        return NULL; /* the page says it; the prompt stands as it did */
    }
    prompt_add_button(sc, o->login, view, "Try again");
    prompt_add_back(view, o->login);
    return view;
}

/* NULL: it has ended meanwhile, and its prompt says so. */
static int lock_open(struct scene *sc, const struct login *seen, struct login **ret, struct err *e)
{
    struct login *l = NULL;
    if (store_login_lock(sc->s, seen->workspace, seen->id, &l, e) != 0) {
        return -1;
    }
    *ret = l != NULL && (l->state == LOGIN_OPEN || l->state == LOGIN_CODE) ? l : NULL;
    return 0;
}

static int tell(struct scene *sc, const void *arg, struct err *e)
{
    const struct oauth_outcome *o = arg;
    struct login *l = NULL;
    json_t *view = o->end == OAUTH_CODE_SHOWN ? code_view(sc, o) : other_view(sc, o);
    const char *fault = o->email_unknown ? "email_unknown" : o->reason;
    bool faulty = o->end == OAUTH_MISCONFIGURED || o->email_unknown;
    if (faulty && notice_admins(sc, o->connection, fault, e) != 0) {
        return -1;
    }
    if (o->end == OAUTH_OTHER_PERSON) {
        return other_person_tell(sc, o, e);
    }
    if (view == NULL || o->login->message_id == NULL) {
        return 0;
    }
    if (lock_open(sc, o->login, &l, e) != 0) {
        return -1;
    }
    return l == NULL ? 0 : say_update(sc, o->login->message_id, view, e);
}

static const char *const labels[OAUTH_END_COUNT] = {
    [OAUTH_CODE_SHOWN] = "result=\"code_shown\"",
    [OAUTH_DENIED] = "result=\"denied\"",
    [OAUTH_EXPIRED] = "result=\"expired\"",
    [OAUTH_TRY_AGAIN] = "result=\"try_again\"",
    [OAUTH_MISCONFIGURED] = "result=\"misconfigured\"",
    [OAUTH_GONE] = "result=\"gone\"",
    [OAUTH_WRONG_ACCOUNT] = "result=\"wrong_account\"",
    [OAUTH_CONNECTED] = NULL, /* counted where it is settled */
    [OAUTH_PROVEN] = "result=\"proven\"",
    [OAUTH_OTHER_PERSON] = "result=\"other_person\"",
    [OAUTH_UNPROVEN] = "result=\"unproven\"",
};

int bot_login_returned(bot *b, arena *mem, const struct oauth_outcome *o, struct err *e)
{
    if (labels[o->end] != NULL) {
        metric_add(METRIC_LOGINS, labels[o->end], 1);
    }
    if (o->end == OAUTH_CONNECTED && !o->email_unknown) {
        return 0; /* told in the transaction that connected */
    }
    if (o->login == NULL || str_empty(o->login->user_id)) {
        return 0;
    }
    return with_scene(b, mem, o->login, o->workspace, tell, o, e);
}

static int not_me(struct scene *sc, const void *arg, struct err *e)
{
    struct login *l = NULL;
    json_t *view = view_new(sc->mem);
    if (lock_open(sc, arg, &l, e) != 0) {
        return -1;
    }
    if (l == NULL) {
        return 0;
    }
    if (oauth_login_end(sc->bot->options.oauth, sc->s, l, LOGIN_REFUSED, "not_me", e) != 0) {
        return -1;
    }
    view_text(view, "The account was not connected: in the browser it was said not to be yours.");
    if (l->run_id != NULL) {
        view_note(view, "What you typed still waits. Log in again, or Back to cancel it.");
    }
    view_button(view, &(struct button){.title = "New login", .action = "renew", .value = l->id});
    prompt_add_back(view, l);
    return l->message_id == NULL ? 0 : say_update(sc, l->message_id, view, e);
}

int bot_login_not_me(bot *b, arena *mem, const struct workspace *w, const struct login *l,
                     struct err *e)
{
    metric_add(METRIC_LOGINS, "result=\"not_me\"", 1);
    return with_scene(b, mem, l, w, not_me, l, e);
}

/* --- an old prompt becomes a new one --- */

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
    const struct prompt p = {.def = d, .run = first, .message_id = at};
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
    if (oauth_login_end(sc->bot->options.oauth, sc->s, l, end, "replaced", e) != 0) {
        return -1;
    }
    return open_again(sc, q, d, e);
}

/* Locked first: of two renewals at once the second one finds the prompt of the first. */
static int renew_once(struct scene *sc, const void *arg, struct err *e)
{
    struct renewal q = *(const struct renewal *)arg;
    struct login *l = NULL;
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
                     bool *ret_open, struct err *e)
{
    const struct renewal q = {.login = l, .ret_open = ret_open};
    *ret_open = false;
    return with_scene(b, mem, l, w, renew_once, &q, e);
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
    if (open->state == LOGIN_CODE) {
        view_text(view, "Type the 6-digit code that your browser shows.");
    } else {
        view_text(view, "A newer prompt is open.");
        prompt_add_button(sc, open, view, "Log in");
    }
    return say_private(t, view, NULL, e);
}

static int say_renewed(struct turn *t, struct err *e)
{
    json_t *view = view_new(t->scene.mem);
    view_text(view, "A new login prompt is in our direct message.");
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
    bool open = false;
    if (!id_valid(value)) {
        return 0;
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
