#include "lists_int.h"
#include "login_int.h"

#include "base/json.h"
#include "base/metrics.h"
#include "base/str.h"

/* The browser came back: the prompt in the chat says what happened and what to do next. */

struct returning {
    const struct login *login;
    return_fn *work;
    const void *arg;
};

static int for_user(struct scene *sc, void *arg, struct err *e)
{
    const struct returning *x = arg;
    struct user *u = NULL;
    if (store_user_lock(sc->s, x->login->workspace, store_login_person(x->login), &u, e) != 0) {
        return -1;
    }
    sc->user = u;
    sc->changed = u != NULL;
    if (u == NULL) {
        return 0;
    }
    return x->work(sc, x->arg, e) != 0 ? -1 : home_flush(sc, e);
}

int returned_scene(bot *b, arena *mem, const struct login *l, const struct workspace *w,
                   return_fn *work, const void *arg, struct err *e)
{
    struct scene sc = {.bot = b, .mem = mem, .workspace = w};
    struct returning x = {.login = l, .work = work, .arg = arg};
    return scene_do(&sc, NULL, for_user, &x, e);
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
        view_note(view, "Send it in our %s, or behind the command that you began with.",
                  words_dm(sc));
    }
    view_note(view, "If you did not log in just now, somebody else used your link: press Back and "
                    "type no code.");
    prompt_add_back(sc, view, o->login);
    return view;
}

/* Those who are gone read nothing. */
static json_t *closed_view(struct scene *sc)
{
    enum standing standing = sc->user->standing;
    json_t *view = view_new(sc->mem);
    words_closed(sc, view);
    return standing == STANDING_GUEST || standing == STANDING_STRANGER ? view : NULL;
}

/* What is wrong, of what an admin must mend. */
static const char *fault_of(const struct oauth_outcome *o)
{
    static const struct {
        const char *reason, *text;
    } faults[] = {
        {OAUTH_SIGN_IN_BARRED,
         "an administrator of your company must allow people to sign in first"},
        {OAUTH_NO_REFRESH,
         "its connection is set up wrong. The login came without a refresh token, "
         "so it would have ended within hours. An admin of Workbot must see to "
         "it that the app gives one"},
        {OAUTH_NO_IDENTITY,
         "you were let in there, but the app does not say whose login that is. An "
         "admin of Workbot must look at it"},
        {"lookup_many", "your login reaches several places there, and an admin of Workbot must set "
                        "which of them is meant"},
        {OAUTH_SCOPE_MISSING,
         "not all was allowed that your commands need. Log in again and allow all of it; where you "
         "were not asked for it, an admin of Workbot must see to it"},
    };
    for (size_t i = 0; i < sizeof(faults) / sizeof(faults[0]); i++) {
        if (str_equal(o->reason, faults[i].reason)) {
            return faults[i].text;
        }
    }
    return "its connection is set up wrong. An admin of Workbot must look at it";
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
        view_text(view, "You were not connected to %s: %s.", title, fault_of(o));
        words_add_admins(sc, view);
        view_note(view, "Ask one, and try again when it is mended.");
        break;
    case OAUTH_WRONG_ACCOUNT:
        view_text(view,
                  "You were not connected to %s: that account's e-mail is not the one of "
                  "your chat profile.",
                  title);
        view_note(view, "Try again, with the account that is yours.");
        break;
    case OAUTH_TOO_MANY:
        accounts_add_full(sc, view, title);
        break;
    case OAUTH_NOT_ALLOWED:
        return store_login_takes_over(o->login) ? takeover_no_admin(sc) : closed_view(sc);
    case OAUTH_CODE_SHOWN:
    case OAUTH_CONNECTED:
    case OAUTH_SITE_ASKED:
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
    prompt_add_back(sc, view, o->login);
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
    struct oauth_outcome o = *(const struct oauth_outcome *)arg;
    struct login *l = NULL;
    const char *fault = o.email_unknown ? "email_unknown" : o.reason;
    bool faulty = o.end == OAUTH_MISCONFIGURED || o.email_unknown;
    const char *lacks = str_equal(fault, OAUTH_SCOPE_MISSING) ? o.words : NULL;
    if (faulty && notice_admins(sc, o.connection, fault, lacks, e) != 0) {
        return -1;
    }
    if (o.end == OAUTH_OTHER_PERSON) {
        return other_person_tell(sc, &o, e);
    }
    if (lock_open(sc, o.login, &l, e) != 0) {
        return -1;
    }
    if (l == NULL) {
        return 0;
    }
    o.login = l; /* its prompt may stand elsewhere by now */
    json_t *view = o.end == OAUTH_CODE_SHOWN ? code_view(sc, &o) : other_view(sc, &o);
    return view == NULL || l->message_id == NULL ? 0 : say_update(sc, l->message_id, view, e);
}

static const char *const labels[OAUTH_END_COUNT] = {
    [OAUTH_CODE_SHOWN] = "result=\"code_shown\"",
    [OAUTH_DENIED] = "result=\"denied\"",
    [OAUTH_EXPIRED] = "result=\"expired\"",
    [OAUTH_TRY_AGAIN] = "result=\"try_again\"",
    [OAUTH_MISCONFIGURED] = "result=\"misconfigured\"",
    [OAUTH_GONE] = "result=\"gone\"",
    [OAUTH_WRONG_ACCOUNT] = "result=\"wrong_account\"",
    [OAUTH_CONNECTED] = NULL,  /* counted where it is settled */
    [OAUTH_SITE_ASKED] = NULL, /* and where it is asked */
    [OAUTH_PROVEN] = "result=\"proven\"",
    [OAUTH_OTHER_PERSON] = "result=\"other_person\"",
    [OAUTH_UNPROVEN] = "result=\"unproven\"",
    [OAUTH_NOT_ALLOWED] = "result=\"not_allowed\"",
    [OAUTH_TOO_MANY] = "result=\"too_many\"",
};

/* Nobody is told in the chat of a default connection's own login: whoever sets it up looks (web). A
 * code that was shown before is good yet. */
static int note_why(bot *b, arena *mem, const struct oauth_outcome *o, struct err *e)
{
    store *s = NULL;
    struct login *l = NULL;
    if (o->end != OAUTH_DENIED && o->end != OAUTH_MISCONFIGURED && o->end != OAUTH_TRY_AGAIN) {
        return 0;
    }
    if (store_enter(b->options.stores, mem, &s, e) != 0) {
        return -1;
    }
    int rc = store_login_lock(s, o->login->workspace, o->login->id, &l, e);
    if (rc == 0 && l != NULL && l->state == LOGIN_OPEN) {
        rc = store_login_set_state(s, l->workspace, l->id, LOGIN_OPEN, o->reason, e);
    }
    return store_leave(s, rc, e);
}

int bot_login_returned(bot *b, arena *mem, const struct oauth_outcome *o, struct err *e)
{
    if (labels[o->end] != NULL) {
        metric_add(METRIC_LOGINS, labels[o->end], 1);
    }
    bool told = o->end == OAUTH_CONNECTED || o->end == OAUTH_SITE_ASKED;
    if (told && !o->email_unknown) {
        return 0; /* told in the transaction that connected */
    }
    if (o->login == NULL) {
        return 0;
    }
    if (str_empty(store_login_person(o->login))) {
        return note_why(b, mem, o, e);
    }
    return returned_scene(b, mem, o->login, o->workspace, tell, o, e);
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
    if (login_end(sc, l, LOGIN_REFUSED, "not_me", e) != 0) {
        return -1;
    }
    view_text(view, "The account was not connected: in the browser it was said not to be yours.");
    if (l->run_id != NULL) {
        view_note(view, "What you typed still waits. Log in again, or Back to cancel it.");
    }
    prompt_add_renew(view, l);
    prompt_add_back(sc, view, l);
    return l->message_id == NULL ? 0 : say_update(sc, l->message_id, view, e);
}

int bot_login_not_me(bot *b, arena *mem, const struct workspace *w, const struct login *l,
                     struct err *e)
{
    metric_add(METRIC_LOGINS, "result=\"not_me\"", 1);
    return returned_scene(b, mem, l, w, not_me, l, e);
}
