#include "lists_int.h"
#include "login_int.h"

#include <string.h>

#include "base/str.h"

/* connect and disconnect, typed or pressed. */

enum { CHOICES_MAX = 20 };

struct choices {
    struct default_connection *items[CHOICES_MAX];
    size_t count;
};

/* Default connections that a word means: by their own name, else all of an app. */
static int find_defaults(struct turn *t, const char *word, struct choices *ret, struct err *e)
{
    struct default_connection *list = NULL;
    size_t count = 0;
    struct scene *sc = &t->scene;
    if (store_default_list(sc->s, sc->workspace->workspace, &list, &count, e) != 0) {
        return -1;
    }
    ret->count = 0;
    for (size_t i = 0; i < count; i++) {
        if (str_equal_fold(list[i].name, word)) {
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

static bool is_live(const struct connection *c)
{
    return c != NULL && (c->state == CONNECTION_ACTIVE || c->state == CONNECTION_NEEDS_ATTENTION);
}

/* Of several, the one that this user is connected by, when it is one. */
static int keep_live(struct turn *t, struct choices *c, struct err *e)
{
    struct scene *sc = &t->scene;
    size_t live = 0;
    struct default_connection *found = NULL;
    for (size_t i = 0; i < c->count; i++) {
        struct connection *mine = NULL;
        if (store_connection_find(sc->s, sc->workspace->workspace, c->items[i]->name,
                                  t->event.user_id, &mine, e) != 0) {
            return -1;
        }
        live += is_live(mine) ? 1 : 0;
        found = is_live(mine) ? c->items[i] : found;
    }
    if (live == 1) {
        c->items[0] = found;
        c->count = 1;
    }
    return 0;
}

static int say_choices(struct turn *t, const struct choices *c, const char *verb,
                       const char *action, struct err *e)
{
    json_t *view = view_new(t->scene.mem);
    view_text(view, "Which one shall I %s?", verb);
    for (size_t i = 0; i < c->count; i++) {
        view_button(view, &(struct button){.title = c->items[i]->name,
                                           .action = action,
                                           .value = c->items[i]->name});
    }
    return say_private(t, view, NULL, e);
}

static int say_unknown(struct turn *t, const char *word, struct err *e)
{
    json_t *view = view_new(t->scene.mem);
    view_text(view, "There is no app or connection called %s here.",
              str_cut(t->scene.mem, word, 80));
    view_note(view, "Type `connections` to see what there is.");
    return say_private(t, view, NULL, e);
}

/* A page cannot become what the login makes of it: the prompt is a message, and its link here. */
static int point_to_prompt(struct turn *t, const char *title, const char *login_id, struct err *e)
{
    struct scene *sc = &t->scene;
    struct login *l = NULL;
    json_t *view = view_new(sc->mem);
    if (store_login_find(sc->s, sc->workspace->workspace, login_id, &l, e) != 0) {
        return -1;
    }
    view_text(view, "Log in to **%s** in your browser. Commands then run there as you.", title);
    if (l != NULL) {
        prompt_add_button(sc, l, view, arena_printf(sc->mem, "Log in to %s", title));
    }
    view_note(view, "I sent you the same as a direct message, where I also tell you how it went.");
    return say_private(t, view, NULL, e);
}

static int open_prompt(struct turn *t, const struct default_connection *d, struct prompted *ret,
                       struct err *e)
{
    bool own = turn_is_private(t);
    const struct target here = say_place(t);
    struct prompt p = {.def = d, .target = own ? &here : NULL};
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
              "Log in again to renew that, or to use another account. Until that is done, your "
              "commands go on as they are.");
    view_button(view,
                &(struct button){.title = "Log in again", .action = "reconnect", .value = d->name});
    list_add_disconnect(sc, view, mine);
    return say_private(t, view, NULL, e);
}

static int connect_anew(struct turn *t, const struct default_connection *d, struct err *e)
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
        return say_private(t, view, NULL, e);
    }
    struct prompted made = {0};
    if (open_prompt(t, d, &made, e) != 0) {
        return -1;
    }
    if (t->event.surface == SURFACE_FORM) {
        return point_to_prompt(t, title, made.login_id, e);
    }
    bool home = t->event.surface == SURFACE_HOME;
    if (turn_is_private(t) && !home) {
        return 0;
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
    return works ? say_connected(t, d, mine, e) : connect_anew(t, d, e);
}

static int connect_pressed(struct turn *t, const char *value, bool again, struct err *e)
{
    struct default_connection *d = NULL;
    struct scene *sc = &t->scene;
    if (store_default_find(sc->s, sc->workspace->workspace, value, &d, e) != 0) {
        return -1;
    }
    return d == NULL ? say_unknown(t, value, e) : connect_to(t, d, again, e);
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
    if (find_defaults(t, rest, &c, e) != 0) {
        return -1;
    }
    keep_ready(&c);
    if (c.count == 0) {
        return say_unknown(t, rest, e);
    }
    return c.count == 1 ? connect_to(t, c.items[0], again, e)
                        : say_choices(t, &c, "connect", again ? "reconnect" : "connect", e);
}

/* --- disconnect --- */

static int disconnect_one(struct turn *t, const struct connection *c, bool forget, struct err *e)
{
    struct scene *sc = &t->scene;
    const char *title = words_app(sc, c->app);
    const char *notice = NULL;
    sc->changed = true;
    json_t *view = view_new(sc->mem);
    view_text(view, "%s is disconnected here. I am telling %s to forget the login too.", title,
              title);
    bool had_tokens = !secret_empty(c->tokens.access) || !secret_empty(c->tokens.refresh);
    if (had_tokens && say_dm(sc, view, &notice, e) != 0) {
        return -1;
    }
    const struct oauth_disconnect q = {.connection = c,
                                       .actor = arena_printf(sc->mem, "user:%s", sc->user->user_id),
                                       .forget = forget,
                                       .message_id = notice};
    return oauth_disconnect(sc->bot->options.oauth, sc->s, &q, e);
}

static int disconnect_by_id(struct turn *t, const char *id, bool forget, struct err *e)
{
    struct scene *sc = &t->scene;
    struct connection *c = NULL;
    struct err missing = {0};
    json_t *view = NULL;
    if (!id_valid(id)) {
        return 0;
    }
    if (store_connection_load(sc->s, sc->workspace->workspace, id, &c, &missing) != 0) {
        if (missing.kind != ERR_NOT_FOUND) {
            *e = missing;
            return -1;
        }
    } else if (!str_equal(c->user_id, t->event.user_id)) {
        return 0; /* the id in a button selects nobody else's connection */
    } else if ((forget || c->state != CONNECTION_DISCONNECTED) && /* not for a second press */
               disconnect_one(t, c, forget, e) != 0) {
        return -1;
    }
    return list_view(sc, &view, e) != 0 ? -1 : say_private(t, view, NULL, e);
}

int action_disconnect(struct turn *t, const char *value, struct err *e)
{
    return disconnect_by_id(t, value, false, e);
}

int action_forget(struct turn *t, const char *value, struct err *e)
{
    return disconnect_by_id(t, value, true, e);
}

static int say_nothing_to_end(struct turn *t, const struct default_connection *d, struct err *e)
{
    struct scene *sc = &t->scene;
    const char *title = words_app(sc, d->app);
    json_t *view = view_new(sc->mem);
    if (!uses_default(sc)) {
        view_text(view, "You are not connected to %s.", title);
        return say_private(t, view, NULL, e);
    }
    view_text(view,
              "You have no %s connection of your own. You installed Workbot, so your commands run "
              "on the default connection `%s`, which others may use too.",
              title, d->name);
    view_note(view,
              "It is not ended in the chat: whoever operates Workbot for %s does that with "
              "Workbot's API.",
              str_empty(sc->workspace->name) ? "this workspace" : sc->workspace->name);
    return say_private(t, view, NULL, e);
}

/* Typed: asks first when commands under way need it (a button asks by itself). */
static int disconnect_asked(struct turn *t, const struct default_connection *d,
                            const struct connection *mine, struct err *e)
{
    struct scene *sc = &t->scene;
    struct needs needs;
    if (needs_load(sc, &needs, e) != 0) {
        return -1;
    }
    size_t waiting = needs_count(&needs, d->name);
    if (waiting == 0) {
        return disconnect_by_id(t, mine->id, false, e);
    }
    json_t *view = view_new(sc->mem);
    view_text(view, "Shall I disconnect **%s**? %s", words_app(sc, d->app),
              needs_words(sc->mem, waiting));
    view_button(view, &(struct button){.title = "Disconnect",
                                       .action = "disconnect",
                                       .value = mine->id,
                                       .style = BUTTON_DANGER});
    view_button(view,
                &(struct button){.title = "Keep it", .action = "words", .value = "connections"});
    return say_private(t, view, NULL, e);
}

int command_disconnect(struct turn *t, const char *rest, struct err *e)
{
    struct scene *sc = &t->scene;
    struct choices c;
    struct connection *mine = NULL;
    if (find_defaults(t, rest, &c, e) != 0) {
        return -1;
    }
    if (c.count == 0) {
        return say_unknown(t, rest, e);
    }
    if (c.count > 1 && keep_live(t, &c, e) != 0) {
        return -1;
    }
    if (c.count > 1) {
        return command_connections(t, "", e); /* each row there has its button */
    }
    if (store_connection_find(sc->s, sc->workspace->workspace, c.items[0]->name, t->event.user_id,
                              &mine, e) != 0) {
        return -1;
    }
    if (mine == NULL || mine->state == CONNECTION_DISCONNECTED) {
        return say_nothing_to_end(t, c.items[0], e);
    }
    return disconnect_asked(t, c.items[0], mine, e);
}
