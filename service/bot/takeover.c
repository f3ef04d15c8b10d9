#include "lists_int.h"
#include "login_int.h"

#include "base/clock.h"
#include "base/str.h"

/*
 * The owner of a default connection has left: another admin takes it over, by the button of the
 * notice or in words. It is one login with a code like anybody's own; its tokens become the
 * connection's, and whoever typed the code its owner. One admin at a time is at it.
 */

static int find_own(struct scene *sc, const struct default_connection *d, struct connection **ret,
                    struct err *e)
{
    return store_connection_find(sc->s, d->workspace, d->name, "", ret, e);
}

/* Logged in, and not by somebody who has left. */
static bool works(const struct connection *c)
{
    return c != NULL && c->state == CONNECTION_ACTIVE;
}

void takeover_add_button(json_t *view, const char *default_name, const char *title)
{
    view_button(view, &(struct button){.title = title,
                                       .action = "take_over",
                                       .value = default_name,
                                       .style = BUTTON_PRIMARY});
}

/* --- who may not, or need not --- */

static json_t *refusal(struct scene *sc)
{
    json_t *view = view_new(sc->mem);
    view_text(view, "Only an admin of Workbot can take a connection over.");
    words_add_admins(sc, view);
    return view;
}

json_t *takeover_no_admin(struct scene *sc)
{
    json_t *view = view_new(sc->mem);
    view_text(view, "Nothing was taken over: you are no admin of Workbot here any more.");
    words_add_admins(sc, view);
    return view;
}

/* "Ben", of whoever asked for a login or owns a connection. */
static int name_of(struct scene *sc, const char *user_id, const char **ret, struct err *e)
{
    struct user *u = NULL;
    if (user_id != NULL && store_user_find(sc->s, sc->workspace->workspace, user_id, &u, e) != 0) {
        return -1;
    }
    *ret = u != NULL ? words_person(u) : user_id != NULL ? user_id : "whoever operates Workbot";
    return 0;
}

static int say_works(struct turn *t, const struct default_connection *d, const struct connection *c,
                     struct err *e)
{
    struct scene *sc = &t->scene;
    const char *owner = NULL;
    json_t *view = view_new(sc->mem);
    if (name_of(sc, c->owner, &owner, e) != 0) {
        return -1;
    }
    view_text(view, "There is nothing to take over: **%s**, connection `%s`, works as %s.",
              words_app(sc, d->app), d->name, words_account(sc->mem, &c->account));
    if (c->owner != NULL) {
        view_note(view, "%s logged it in %s.",
                  str_equal(c->owner, sc->user->user_id) ? "You" : owner,
                  words_ago(sc->mem, c->connected_at));
    }
    return say_private(t, view, NULL, e);
}

static int say_draft(struct turn *t, const struct default_connection *d, struct err *e)
{
    json_t *view = view_new(t->scene.mem);
    view_text(view, "**%s**, connection `%s`, is not set up completely: nobody can log it in yet.",
              words_app(&t->scene, d->app), d->name);
    return say_private(t, view, NULL, e);
}

static int64_t ends_at(const struct login *l)
{
    return l->state == LOGIN_CODE ? l->code_expires_at : l->expires_at;
}

static int say_busy(struct turn *t, const struct default_connection *d, const struct login *l,
                    struct err *e)
{
    struct scene *sc = &t->scene;
    const char *who = NULL;
    json_t *view = view_new(sc->mem);
    if (name_of(sc, store_login_admin(l), &who, e) != 0) {
        return -1;
    }
    view_text(view, "**%s** is logging in **%s**, connection `%s`, at this moment.", who,
              words_app(sc, d->app), d->name);
    view_note(view, "If that comes to nothing you can take over: at the latest %s.",
              words_in(sc->mem, ends_at(l) - clock_now()));
    takeover_add_button(view, d->name, "Try again");
    return say_private(t, view, NULL, e);
}

/* --- one at a time --- */

/* Nothing comes of it any more: its time is over, its admin is none now, or asks anew. */
static int end_stale(struct turn *t, const struct login *l, bool *ret_ended, struct err *e)
{
    struct scene *sc = &t->scene;
    const char *admin = store_login_admin(l);
    bool own = str_equal(admin, sc->user->user_id);
    *ret_ended = true;
    if (ends_at(l) <= clock_now()) {
        return login_expired(sc, l, e);
    }
    if (own) {
        return login_end(sc, l, LOGIN_CANCELLED, "replaced", e);
    }
    if (store_login_takes_over(l) && !store_is_admin(sc->workspace, admin)) {
        return login_end(sc, l, LOGIN_CANCELLED, "no_admin", e) != 0
                   ? -1
                   : say_update(sc, l->message_id, takeover_no_admin(sc), e);
    }
    *ret_ended = false;
    return 0;
}

/* *ret_busy: somebody else's; *ret_mine: the prompt of one's own that was replaced. */
static int find_busy(struct turn *t, const struct default_connection *d, struct login **ret_busy,
                     const char **ret_mine, struct err *e)
{
    struct scene *sc = &t->scene;
    bool ended = true;
    *ret_mine = NULL;
    while (ended) {
        struct login *l = NULL;
        if (store_login_find_open(sc->s, d->workspace, "", d->name, &l, e) != 0) {
            return -1;
        }
        *ret_busy = l;
        if (l == NULL) {
            return 0;
        }
        if (end_stale(t, l, &ended, e) != 0) {
            return -1;
        }
        bool own = str_equal(store_login_admin(l), sc->user->user_id);
        *ret_mine = own ? l->message_id : *ret_mine;
    }
    return 0;
}

/* --- the prompt --- */

static json_t *prompt(struct scene *sc, const struct default_connection *d,
                      const struct connection *c, const struct login *l, const char *url)
{
    const char *title = words_app(sc, d->app);
    json_t *view = view_new(sc->mem);
    view_text(view, "**Log in to %s** to take over the connection `%s`.", title, d->name);
    view_text(view,
              "Commands that run on the connection itself then act as the account that you log in "
              "with, for everybody who may use them, and the connection is yours.");
    if (c != NULL && c->account.key != NULL) {
        view_note(view, "Until now they acted as %s.", words_account(sc->mem, &c->account));
    }
    view_note(view,
              "The link is yours alone and ends %s. The code that its last page shows is "
              "typed here.",
              words_in(sc->mem, l->expires_at - clock_now()));
    view_button(view, &(struct button){.title = arena_printf(sc->mem, "Log in to %s", title),
                                       .action = "login",
                                       .value = l->id,
                                       .url = url,
                                       .style = BUTTON_PRIMARY});
    view_button(view, &(struct button){.title = "Back", .action = "back", .value = l->id});
    return view;
}

/* It holds a link: where others read or a list is shown, it goes to the one-to-one chat. */
static int show(struct turn *t, const struct default_connection *d, json_t *view,
                const char **ret_id, struct err *e)
{
    struct scene *sc = &t->scene;
    bool page = t->event.surface == SURFACE_HOME || t->event.surface == SURFACE_FORM;
    if (t->event.place.is_private && !page && !t->listed) {
        return say_private(t, view, ret_id, e);
    }
    if (say_dm(sc, view, ret_id, e) != 0) {
        return -1;
    }
    if (say_is_elsewhere(t)) {
        const struct pointing login = {.what = "asked you to log in", .waits = true};
        return say_points(t, &login, e);
    }
    json_t *told = view_new(sc->mem);
    view_text(told, "I sent you a private message to log in to %s.", words_app(sc, d->app));
    return say_private(t, told, NULL, e);
}

static int open_login(struct turn *t, const struct default_connection *d,
                      const struct connection *c, const char *mine, struct err *e)
{
    struct scene *sc = &t->scene;
    const struct workspace *w = sc->workspace;
    const char *hash = NULL, *handle = oauth_handle_new(sc->mem, w->route, &hash);
    const char *url = oauth_login_url(sc->mem, sc->bot->options.oauth, handle);
    const char *actor = arena_printf(sc->mem, "user:%s", sc->user->user_id);
    const struct id id = id_new();
    struct login l = {.workspace = w->workspace,
                      .id = arena_strdup(sc->mem, id.text),
                      .user_id = "",
                      .default_name = d->name,
                      .requested_by = actor,
                      .expires_at = clock_now() + sc->bot->options.config->ttl_code};
    if (show(t, d, prompt(sc, d, c, &l, url), &l.message_id, e) != 0 ||
        store_login_add(sc->s, &l, hash, e) != 0 || prompt_retire(sc, mine, l.message_id, e) != 0 ||
        store_audit_add(sc->s, w->workspace, actor, "default_connection.login_started", d->name,
                        NULL, e) != 0) {
        return -1;
    }
    sc->changed = true;
    return pending_refresh(t, e);
}

/* Who is an admin is looked at now, and stays so until this is done. */
static int look_at_admin(struct scene *sc, bool *ret, struct err *e)
{
    struct workspace *w = NULL;
    const char *workspace = sc->workspace->workspace;
    if (store_user_may_use(sc->s, workspace, sc->user->user_id, ret, e) != 0 ||
        store_workspace_find(sc->s, workspace, &w, e) != 0) {
        return -1;
    }
    *ret = *ret && w != NULL && store_is_admin(w, sc->user->user_id);
    sc->workspace = w == NULL ? sc->workspace : w;
    return 0;
}

/* The connection's row first, as everybody does: two who press at the same instant come one after
 * the other. */
static int take_over(struct turn *t, const struct default_connection *d, struct err *e)
{
    struct scene *sc = &t->scene;
    struct connection *c = NULL;
    struct login *busy = NULL;
    const char *mine = NULL;
    struct app_site site;
    struct err why = {.kind = ERR_NONE};
    bool may = false;
    if (store_default_lock(sc->s, d->workspace, d->name, e) != 0 ||
        look_at_admin(sc, &may, e) != 0 || find_own(sc, d, &c, e) != 0) {
        return -1;
    }
    if (!may) {
        return say_private(t, refusal(sc), NULL, e);
    }
    if (works(c)) {
        return say_works(t, d, c, e);
    }
    if (oauth_site(sc->bot->options.oauth, sc->mem, d, &site, &why) != 0) {
        return say_draft(t, d, e);
    }
    if (find_busy(t, d, &busy, &mine, e) != 0) {
        return -1;
    }
    return busy != NULL ? say_busy(t, d, busy, e) : open_login(t, d, c, mine, e);
}

int action_take_over(struct turn *t, const char *value, struct err *e)
{
    struct scene *sc = &t->scene;
    struct default_connection *d = NULL;
    if (t->acted != NULL && !action_stands(t)) {
        return 0; /* the second press of a double click: the message is the answer by now */
    }
    if (!words_for_admin(sc)) {
        return say_private(t, refusal(sc), NULL, e);
    }
    if (store_default_find(sc->s, sc->workspace->workspace, value, &d, e) != 0) {
        return -1;
    }
    return d == NULL ? choices_unknown(t, value, e) : take_over(t, d, e);
}

/* --- in words --- */

/* Of several, those that nobody has logged in. */
static int keep_waiting(struct turn *t, struct choices *io, struct err *e)
{
    size_t kept = 0;
    for (size_t i = 0; i < io->count; i++) {
        struct connection *c = NULL;
        if (find_own(&t->scene, io->items[i], &c, e) != 0) {
            return -1;
        }
        if (c != NULL && !works(c)) {
            io->items[kept++] = io->items[i];
        }
    }
    io->count = kept;
    return 0;
}

static int say_choices(struct turn *t, const struct choices *c, struct err *e)
{
    json_t *view = view_new(t->scene.mem);
    view_text(view, "%s",
              c->count > 0 ? "Which one do you take over?"
                           : "There is no connection whose login has ended.");
    for (size_t i = 0; i < c->count; i++) {
        view_button(view, &(struct button){.title = c->items[i]->name,
                                           .action = "take_over",
                                           .value = c->items[i]->name});
    }
    return say_private(t, view, NULL, e);
}

int command_take_over(struct turn *t, const char *rest, struct err *e)
{
    struct choices c;
    if (!words_for_admin(&t->scene)) {
        return say_private(t, refusal(&t->scene), NULL, e);
    }
    if (choices_find(t, rest, &c, e) != 0) {
        return -1;
    }
    if (c.count == 0 && !str_empty(rest)) {
        return choices_unknown(t, rest, e);
    }
    if ((c.count != 1 || str_empty(rest)) && keep_waiting(t, &c, e) != 0) {
        return -1;
    }
    return c.count == 1 ? take_over(t, c.items[0], e) : say_choices(t, &c, e);
}
