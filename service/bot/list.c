#include "bot_int.h"

#include "base/clock.h"
#include "base/str.h"

/* `connections`: what a user is connected to, as whom, since when; readable by that user alone. */

static void add_facts(json_t *view, arena *mem, const struct connection *c)
{
    const struct account *a = &c->account;
    if (a->name != NULL) {
        view_field(view, "Account", a->name);
    }
    if (a->organization != NULL) {
        view_field(view, "Organisation", a->organization);
        view_field(view, "Kind", a->sandbox ? "Sandbox" : "Production");
    }
    if (c->connected_at > 0) {
        bool ended = c->state == CONNECTION_DISCONNECTED || c->state == CONNECTION_NEEDS_LOGIN;
        view_field(view, ended ? "Was connected" : "Connected since",
                   words_ago(mem, c->connected_at));
        view_field(view, "Last used", words_ago(mem, c->last_used_at));
    }
    if (c->state == CONNECTION_ACTIVE) {
        view_field(view, "Expires",
                   c->tokens.refresh_expires_at > 0
                       ? arena_strndup(mem, clock_rfc3339(mem, c->tokens.refresh_expires_at), 10)
                       : "When you or the app end it");
    }
}

static bool awaits_code(const struct login *list, size_t count, const char *default_name)
{
    for (size_t i = 0; i < count; i++) {
        if (list[i].state == LOGIN_CODE && str_equal(list[i].default_name, default_name)) {
            return true;
        }
    }
    return false;
}

static void add_connection(struct scene *sc, json_t *view, const struct default_connection *d,
                           const struct connection *c)
{
    const char *title = words_app(sc, d->app);
    if (c == NULL) {
        view_text(view, "**%s** · Not connected", title);
    } else {
        view_text(view, "**%s** · %s", title, words_state(sc->mem, c));
        add_facts(view, sc->mem, c);
    }
    bool on =
        c != NULL && (c->state == CONNECTION_ACTIVE || c->state == CONNECTION_NEEDS_ATTENTION);
    if (on) {
        view_button(view, &(struct button){.title = "Disconnect",
                                           .action = "disconnect",
                                           .value = c->id,
                                           .style = BUTTON_DANGER});
    }
    if (!on || c->state == CONNECTION_NEEDS_ATTENTION) {
        view_button(view, &(struct button){.title = "Connect",
                                           .action = "connect",
                                           .value = d->name,
                                           .style = BUTTON_PRIMARY});
    }
    if (c != NULL && !on && c->state != CONNECTION_PROVISIONAL) {
        view_button(view, &(struct button){.title = "Delete",
                                           .action = "forget",
                                           .value = c->id,
                                           .confirm = "Forget this connection for good?"});
    }
}

struct owned {
    struct connection *connections;
    size_t connections_count;
    struct login *logins;
    size_t logins_count;
};

static const struct connection *under(const struct connection *list, size_t count,
                                      const char *default_name)
{
    for (size_t i = 0; i < count; i++) {
        if (str_equal(list[i].default_name, default_name)) {
            return &list[i];
        }
    }
    return NULL;
}

/* The installer acts by the default connections: shown, not changeable here, with the reason. */
static int add_default(struct scene *sc, json_t *view, const struct default_connection *d,
                       struct err *e)
{
    struct connection *c = NULL;
    if (store_connection_find(sc->s, d->workspace, d->name, "", &c, e) != 0) {
        return -1;
    }
    view_divider(view);
    view_text(view, "**%s** · default connection `%s`", words_app(sc, d->app), d->name);
    if (c == NULL) {
        view_note(view, "Nobody has logged it in yet.");
        return 0;
    }
    view_note(view, "%s", words_state(sc->mem, c));
    add_facts(view, sc->mem, c);
    return 0;
}

bool uses_default(const struct scene *sc)
{
    return sc->workspace->installer_uses_default && sc->workspace->installer != NULL &&
           str_equal(sc->workspace->installer, sc->user->user_id);
}

static void add_own(struct scene *sc, json_t *view, const struct default_connection *d,
                    const struct owned *mine)
{
    view_divider(view);
    if (awaits_code(mine->logins, mine->logins_count, d->name)) {
        view_text(view,
                  "**%s**: type the 6-digit code that your browser shows, in our direct "
                  "message, to finish the login.",
                  words_app(sc, d->app));
    }
    add_connection(sc, view, d, under(mine->connections, mine->connections_count, d->name));
}

int list_view(struct scene *sc, json_t **ret, struct err *e)
{
    const char *workspace = sc->workspace->workspace;
    struct default_connection *defs = NULL;
    struct owned mine = {.connections = NULL};
    size_t defs_count = 0;
    if (store_default_list(sc->s, workspace, &defs, &defs_count, e) != 0 ||
        store_connection_list(sc->s, workspace, sc->user->user_id, &mine.connections,
                              &mine.connections_count, e) != 0 ||
        store_login_list_open(sc->s, workspace, sc->user->user_id, &mine.logins, &mine.logins_count,
                              e) != 0) {
        return -1;
    }
    json_t *view = view_new(sc->mem);
    view_title(view, "Your connections");
    if (uses_default(sc)) {
        view_text(view,
                  "You installed Workbot, so your commands run on the default connections of "
                  "%s. Admins change them; here they are only shown.",
                  str_empty(sc->workspace->name) ? "this workspace" : sc->workspace->name);
    } else if (defs_count == 0) {
        view_text(view, "There is nothing to connect to yet. An admin of Workbot sets up apps.");
    }
    for (size_t i = 0; i < defs_count; i++) {
        if (!uses_default(sc)) {
            add_own(sc, view, &defs[i], &mine);
        } else if (add_default(sc, view, &defs[i], e) != 0) {
            return -1;
        }
    }
    *ret = view;
    return 0;
}

int command_connections(struct turn *t, const char *rest, struct err *e)
{
    json_t *view = NULL;
    (void)rest;
    return list_view(&t->scene, &view, e) != 0 ? -1 : say_private(t, view, NULL, e);
}
