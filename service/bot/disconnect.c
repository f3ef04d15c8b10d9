#include "lists_int.h"
#include "login_int.h"

#include "base/str.h"

/* disconnect, typed or pressed. */

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
    if (choices_find(t, rest, &c, e) != 0) {
        return -1;
    }
    if (c.count == 0) {
        return choices_unknown(t, rest, e);
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
