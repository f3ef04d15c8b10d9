#include "form_int.h"
#include "lists_int.h"
#include "login_int.h"

#include <string.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/str.h"
#include "crypto.h"

/*
 * What the window of a login hands over, or its person types while a card waits for a code: the
 * chat's client sends it on, and its answer tells that client. It proves what a typed code proves,
 * and means nothing else: it is never the answer to a question.
 *
 * The platform may send it again, under a new id as well. What was right stays right; what was
 * wrong is one try, and is told once.
 */

enum {
    CLOSED_ONCE_S = 24 * 60 * 60,
    STATE_ONCE_S = 120, /* in which the same comes again under a new id */
    CODE_DIGITS = 6
};
#define NOTICES "code:"

/* Is it the first time in so long that this person sends (does) that? */
static int is_news(struct turn *t, const char *what, int64_t every_s, bool *ret, struct err *e)
{
    const struct scene *sc = &t->scene;
    const char *workspace = sc->workspace->workspace;
    const char *whose = arena_printf(sc->mem, "%s %s", t->event.user_id, what);
    const char *key = arena_printf(sc->mem, NOTICES "%s", crypto_hash_text(sc->mem, whose));
    return store_notice_forget(sc->s, workspace, NOTICES, CLOSED_ONCE_S, e) != 0
               ? -1
               : store_notice_due(sc->s, workspace, key, every_s, ret, e);
}

/* Whoever has changed a client sends many under one id: it is known together with what it says. */
static int note_sent(struct turn *t, const char *state, bool *ret_fresh, struct err *e)
{
    arena *mem = t->scene.mem;
    struct job sent = *t->job;
    if (t->coded == NULL || sent.keys[0] == NULL) {
        return 0;
    }
    sent.keys[0] = arena_printf(mem, "%s %s", sent.keys[0], crypto_hash_text(mem, state));
    return store_job_note(t->scene.s, &sent, ret_fresh, e);
}

static int is_first(struct turn *t, bool *ret, struct err *e)
{
    const char *text = t->event.text == NULL ? "?" : t->event.text;
    const char *state = arena_printf(t->scene.mem, "state %s", text);
    bool fresh = true, news = true;
    if (note_sent(t, state, &fresh, e) != 0 || is_news(t, state, STATE_ONCE_S, &news, e) != 0) {
        return -1;
    }
    *ret = fresh && news;
    return 0;
}

static int say(struct turn *t, const char *text, const char *note, struct err *e)
{
    json_t *view = view_new(t->scene.mem);
    view_text(view, "%s", text);
    view_note(view, "%s", note);
    return say_dm(&t->scene, view, NULL, e);
}

/* --- it was closed --- */

/* What works already, of a login that renews it, goes on as it is. */
static int closed_text(struct scene *sc, const struct login *l, const char **ret, struct err *e)
{
    struct connection *c = NULL;
    const char *name = words_app(sc, connected_app(sc, l));
    if (store_connection_find(sc->s, l->workspace, l->default_name, l->user_id, &c, e) != 0) {
        return -1;
    }
    bool works = c != NULL && c->state == CONNECTION_ACTIVE;
    *ret = works
               ? arena_printf(sc->mem,
                              "You closed the window. You stay connected to %s as %s, as before.",
                              name, words_account(sc->mem, &c->account))
               : arena_printf(sc->mem, "You closed the window, so %s is not connected yet.", name);
    return 0;
}

/* Told once of each login: whoever closes it again knows by then. */
static int on_closed(struct turn *t, enum bot_code *ret, struct err *e)
{
    struct scene *sc = &t->scene;
    struct login *open = NULL;
    size_t count = 0;
    bool news = true;
    *ret = BOT_CODE_CANCELLED;
    if (store_login_list_open(sc->s, sc->workspace->workspace, t->event.user_id, &open, &count,
                              e) != 0) {
        return -1;
    }
    if (count == 0) {
        return 0; /* it was done, in another way */
    }
    const char *text = NULL;
    if (is_news(t, arena_printf(sc->mem, "closed %s", open[0].id), CLOSED_ONCE_S, &news, e) != 0 ||
        closed_text(sc, &open[0], &text, e) != 0) {
        return -1;
    }
    if (open[0].proven != NULL) {
        return 0; /* it had done its work: the question for a site stands in the chat */
    }
    const char *note = open[0].state == LOGIN_CODE
                           ? "If your browser still shows a code, type it here. Else press the "
                             "button above again."
                           : "Nothing was changed. Press the button above when you want to go on.";
    return news ? say(t, text, note, e) : 0;
}

/* --- it hands over a code --- */

static int say_refused(struct turn *t, const struct oauth_confirm *c, struct err *e)
{
    static const struct meant nothing = {.run = NULL};
    bool typed = strlen(t->event.text) == CODE_DIGITS;
    if (c->result == OAUTH_CODE_SPENT || (typed && c->result == OAUTH_CODE_WRONG)) {
        return code_say_wrong(t, c, &nothing, e);
    }
    if (typed) {
        return code_say_none(t, false, e);
    }
    json_t *view = view_new(t->scene.mem);
    view_text(view, "Nothing was connected: you did not begin that login here, or it is over.");
    view_note(view, "Type `connect` and the app to begin a login, or `pending` to see what waits.");
    return say_dm(&t->scene, view, NULL, e);
}

static int take(struct turn *t, enum bot_code *ret, struct err *e)
{
    struct scene *sc = &t->scene;
    struct oauth_confirm c;
    bool first = true;
    if (is_first(t, &first, e) != 0) {
        return -1;
    }
    const struct oauth_typed typed = {.workspace = sc->workspace->workspace,
                                      .user_id = t->event.user_id,
                                      .code = t->event.text,
                                      .by_window = true,
                                      .counted = !first};
    if (oauth_confirm_code(sc->bot->options.oauth, sc->s, &typed, &c, e) != 0) {
        return -1;
    }
    if (c.result == OAUTH_CODE_SITE) {
        *ret = BOT_CODE_TAKEN;
        return site_ask(sc, c.login, e);
    }
    if (c.result == OAUTH_CODE_AGAIN || c.result == OAUTH_CODE_RIGHT) {
        const struct login_done done = {.login = c.login,
                                        .connection_id = c.connection_id,
                                        .account = &c.account,
                                        .before = c.before,
                                        .differs = c.account_differs};
        *ret = BOT_CODE_TAKEN;
        return c.result == OAUTH_CODE_RIGHT ? connected_settle(sc, &done, e) : 0;
    }
    *ret = c.result == OAUTH_CODE_NONE && !c.ended ? BOT_CODE_NONE : BOT_CODE_WRONG;
    return first || c.result == OAUTH_CODE_SPENT ? say_refused(t, &c, e) : 0;
}

/* --- it is not for us to take --- */

struct refusal {
    const char *text, *note;
};

static int refuse(struct turn *t, const struct refusal *why, enum bot_code *ret, struct err *e)
{
    struct scene *sc = &t->scene;
    struct login *waiting = NULL;
    size_t count = 0;
    bool first = true;
    if (store_login_waiting_code(sc->s, sc->workspace->workspace, t->event.user_id, &waiting,
                                 &count, e) != 0) {
        return -1;
    }
    if (count == 0) {
        return 0;
    }
    *ret = BOT_CODE_WRONG;
    if (is_first(t, &first, e) != 0) {
        return -1;
    }
    sc->from = (struct origin){.channel = NULL}; /* nobody there has seen it: it gets no line */
    return first ? say(t, why->text, why->note, e) : 0;
}

static int act(struct turn *t, enum bot_code *ret, struct err *e)
{
    static const struct refusal elsewhere = {
        "I did not use that code: send it here, in our one-to-one chat.",
        "It works for you alone, so it is still good."};
    static const struct refusal unknown = {
        "The window of your login closed, but its code did not reach me.",
        "If your browser still shows a code, type it here. Else press the button above again."};
    if (t->event.text != NULL && *t->event.text == '\0') {
        return on_closed(t, ret, e);
    }
    if (!t->event.place.is_private) {
        return refuse(t, &elsewhere, ret, e);
    }
    return t->event.text == NULL ? refuse(t, &unknown, ret, e) : take(t, ret, e);
}

int code_by_window(struct turn *t, struct err *e)
{
    enum bot_code came = BOT_CODE_NONE;
    if (act(t, &came, e) != 0) {
        return -1;
    }
    if (t->coded != NULL) {
        *t->coded = came;
    }
    return 0;
}

/* --- answered at once --- */

struct sending {
    struct turn *turn;
    const struct bot_sent *sent;
};

static int act_in_time(struct scene *sc, void *arg, struct err *e)
{
    const struct sending *x = arg;
    if (dispatch_act(x->turn, e) != 0 || home_flush(sc, e) != 0) {
        return -1;
    }
    return form_in_time(x->sent, e);
}

int bot_code_sent(bot *b, arena *mem, const struct bot_sent *sent, enum bot_code *ret,
                  struct err *e)
{
    enum bot_code coded = BOT_CODE_NONE;
    struct job j = {.workspace = sent->workspace,
                    .kind = sent->kind,
                    .payload = sent->payload,
                    .keys = {sent->keys[0]},
                    .created_at = clock_now()};
    struct turn t = {
        .scene = {.bot = b, .mem = mem, .until_ms = sent->until_ms}, .job = &j, .coded = &coded};
    struct sending x = {.turn = &t, .sent = sent};
    bool ours = false;
    if (dispatch_look(&t, &ours, e) != 0) {
        return -1;
    }
    if (ours && t.event.kind == EVENT_CODE && scene_do(&t.scene, NULL, act_in_time, &x, e) != 0) {
        return -1;
    }
    *ret = coded;
    return 0;
}
