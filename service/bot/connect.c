#include "lists_int.h"
#include "login_int.h"

#include <string.h>

#include "base/str.h"

/* connect, typed or pressed. */

/* "salesforce second" and "Salesforce, second", as the lists have it where an app has several. */
static bool is_pair(struct scene *sc, const struct default_connection *d, const char *word)
{
    const char *pairs[] = {arena_printf(sc->mem, "%s %s", d->app, d->name),
                           arena_printf(sc->mem, "%s, %s", words_app(sc, d->app), d->name),
                           arena_printf(sc->mem, "%s %s", words_app(sc, d->app), d->name)};
    return str_equal_fold(word, pairs[0]) || str_equal_fold(word, pairs[1]) ||
           str_equal_fold(word, pairs[2]);
}

int choices_find(struct turn *t, const char *word, struct choices *ret, struct err *e)
{
    struct default_connection *list = NULL;
    size_t count = 0;
    struct scene *sc = &t->scene;
    if (store_default_list(sc->s, sc->workspace->workspace, &list, &count, e) != 0) {
        return -1;
    }
    ret->count = 0;
    for (size_t i = 0; i < count; i++) {
        if (str_equal_fold(list[i].name, word) || is_pair(sc, &list[i], word)) {
            ret->items[0] = &list[i];
            ret->count = 1;
            return 0;
        }
    }
    for (size_t i = 0; i < count && ret->count < CHOICES_MAX; i++) {
        bool named = str_empty(word) || str_equal_fold(list[i].app, word) ||
                     str_equal_fold(words_app(sc, list[i].app), word);
        if (named) {
            ret->items[ret->count++] = &list[i];
        }
    }
    return 0;
}

/* Only what somebody can log in to: the others say in the list what is missing. */
static void keep_ready(struct choices *c)
{
    size_t ready = 0;
    for (size_t i = 0; i < c->count; i++) {
        if (c->items[i]->client_id != NULL) {
            c->items[ready++] = c->items[i];
        }
    }
    c->count = ready > 0 || c->count == 0 ? ready : 1;
}

/* As the list of connections calls it: by its own name only where there are several of the app. */
static const char *title_of(struct scene *sc, const struct choices *c, size_t at)
{
    size_t of_app = 0;
    for (size_t i = 0; i < c->count; i++) {
        of_app += str_equal(c->items[i]->app, c->items[at]->app) ? 1 : 0;
    }
    const char *title = words_app(sc, c->items[at]->app);
    return of_app > 1 ? arena_printf(sc->mem, "%s, %s", title, c->items[at]->name) : title;
}

static int say_choices(struct turn *t, const struct choices *c, bool again, struct err *e)
{
    json_t *view = view_new(t->scene.mem);
    view_text(view, "Which one shall I connect?");
    for (size_t i = 0; i < c->count; i++) {
        view_button(view, &(struct button){.title = title_of(&t->scene, c, i),
                                           .action = again ? "reconnect" : "connect",
                                           .value = c->items[i]->name});
    }
    return say_private(t, view, NULL, e);
}

int choices_unknown(struct turn *t, const char *word, struct err *e)
{
    json_t *view = view_new(t->scene.mem);
    view_text(view, "There is no app or connection called %s here.",
              str_cut(t->scene.mem, word, 80));
    view_note(view, "Type `connections` to see what there is.");
    return say_private(t, view, NULL, e);
}

static int add_link(struct scene *sc, json_t *view, const char *title, const char *login_id,
                    struct err *e)
{
    struct login *l = NULL;
    if (store_login_find(sc->s, sc->workspace->workspace, login_id, &l, e) != 0) {
        return -1;
    }
    if (l != NULL) {
        prompt_add_button(sc, l, view, arena_printf(sc->mem, "Log in to %s", title));
    }
    return 0;
}

/* A page cannot become what the login makes of it: the prompt is a message, and its link here. */
static int point_to_prompt(struct turn *t, const char *title, const char *login_id, struct err *e)
{
    struct scene *sc = &t->scene;
    json_t *view = view_new(sc->mem);
    view_text(view, "Log in to **%s** in your browser. Commands then run there as you.", title);
    if (add_link(sc, view, title, login_id, e) != 0) {
        return -1;
    }
    view_note(view, "I sent you the same as a %s, where I also tell you how it went.",
              words_dm(sc));
    return say_private(t, view, NULL, e);
}

/* Pressed once more: the prompt may be what was pressed, as it is by now. A home page is no place
 * for it. */
static int say_open(struct turn *t, const struct default_connection *d, const struct prompted *open,
                    struct err *e)
{
    json_t *view = view_new(t->scene.mem);
    if (t->acted != NULL && str_equal(t->acted->id, open->message_id)) {
        return 0;
    }
    view_text(view, "I have sent you a private message to log in to **%s** already.",
              words_app(&t->scene, d->app));
    view_button(view, &(struct button){
                          .title = "Send it again", .action = "renew", .value = open->login_id});
    return say_private(t, view, NULL, e);
}

static int open_prompt(struct turn *t, const struct default_connection *d, bool adds,
                       struct prompted *ret, struct err *e)
{
    bool own = turn_is_private(t);
    const struct target here = say_place(t);
    struct prompt p = {.def = d,
                       .target = own ? &here : NULL,
                       .pressed = t->navigates,
                       .moves = t->event.surface == SURFACE_MESSAGE,
                       .adds = adds};
    if (own && t->acted != NULL) {
        p.message_id = t->acted->id;
    } else if (own && !t->event.place.is_private && say_prepare(t, &p.message_id, e) != 0) {
        return -1;
    }
    return prompt_open(&t->scene, &p, ret, e);
}

/* No login that nobody asked for: it would end one that works, or two would look alike. */
static int say_connected(struct turn *t, const struct default_connection *d,
                         const struct connection *mine, struct err *e)
{
    struct scene *sc = &t->scene;
    const char *title = words_app(sc, d->app);
    json_t *view = view_new(sc->mem);
    view_text(view, "You are already connected to **%s** as %s. You logged in there %s.", title,
              words_account(sc->mem, &mine->account), words_ago(sc->mem, mine->connected_at));
    view_note(view,
              "Log in again to renew that, or to put another account in its place; or add another "
              "one beside it. Until that is done, your commands go on as they are.");
    view_button(view,
                &(struct button){.title = "Log in again", .action = "reconnect", .value = d->name});
    accounts_add_another(view, d);
    list_add_disconnect(sc, view, mine);
    return say_private(t, view, NULL, e);
}

int connect_anew(struct turn *t, const struct default_connection *d, bool adds, struct err *e)
{
    struct scene *sc = &t->scene;
    const char *title = words_app(sc, d->app);
    json_t *view = view_new(sc->mem);
    if (uses_default(sc)) {
        view_text(view, "You installed Workbot: your commands use the default connection, so there "
                        "is nothing to connect.");
        return say_private(t, view, NULL, e);
    }
    if (d->client_id == NULL) {
        view_text(view, "The %s connection is not set up yet. An admin must finish it.", title);
        words_add_admins(sc, view);
        return say_private(t, view, NULL, e);
    }
    struct prompted made = {0};
    if (open_prompt(t, d, adds, &made, e) != 0) {
        return -1;
    }
    if (t->event.surface == SURFACE_FORM) {
        return point_to_prompt(t, title, made.login_id, e);
    }
    if (made.reused) {
        return say_open(t, d, &made, e);
    }
    bool home = t->event.surface == SURFACE_HOME;
    if (turn_is_private(t) && !home) {
        return 0;
    }
    if (say_is_elsewhere(t)) {
        const struct pointing login = {.what = "asked you to log in", .waits = true};
        return say_points(t, &login, e);
    }
    view_text(view, "I sent you a private message to log in to %s.", title);
    return say_private(t, view, NULL, e);
}

/* again: also where the user is connected. */
static int connect_to(struct turn *t, const struct default_connection *d, bool again, struct err *e)
{
    struct scene *sc = &t->scene;
    struct connection *mine = NULL;
    if (!again && !uses_default(sc) &&
        store_connection_find(sc->s, sc->workspace->workspace, d->name, t->event.user_id, &mine,
                              e) != 0) {
        return -1;
    }
    bool works = mine != NULL && mine->state == CONNECTION_ACTIVE;
    return works ? say_connected(t, d, mine, e) : connect_anew(t, d, false, e);
}

static int connect_pressed(struct turn *t, const char *value, bool again, struct err *e)
{
    struct default_connection *d = NULL;
    struct scene *sc = &t->scene;
    if (store_default_find(sc->s, sc->workspace->workspace, value, &d, e) != 0) {
        return -1;
    }
    return d == NULL ? choices_unknown(t, value, e) : connect_to(t, d, again, e);
}

int action_connect(struct turn *t, const char *value, struct err *e)
{
    return connect_pressed(t, value, false, e);
}

int action_reconnect(struct turn *t, const char *value, struct err *e)
{
    return connect_pressed(t, value, true, e);
}

/* "again", behind an app or alone, is taken off. */
static bool wants_again(arena *mem, const char **io_rest)
{
    const char *rest = *io_rest;
    bool again = str_equal(rest, "again") || str_ends(rest, " again");
    if (again) {
        *io_rest = str_trim(mem, arena_strndup(mem, rest, strlen(rest) - strlen("again")));
    }
    return again;
}

int command_connect(struct turn *t, const char *rest, struct err *e)
{
    struct choices c;
    bool again = wants_again(t->scene.mem, &rest);
    if (choices_find(t, rest, &c, e) != 0) {
        return -1;
    }
    keep_ready(&c);
    if (c.count == 0) {
        return choices_unknown(t, rest, e);
    }
    return c.count == 1 ? connect_to(t, c.items[0], again, e) : say_choices(t, &c, again, e);
}
