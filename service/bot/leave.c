#include "lists_int.h"
#include "login_int.h"
#include "run_int.h"

#include "base/clock.h"
#include "base/json.h"
#include "base/str.h"

/*
 * Off-boarding (P12): whoever is deactivated, becomes a guest where guests are refused, or belongs
 * to another organisation from now on, acts here no more and leaves nothing that could act for him.
 * All of it is one transaction with one line in the audit; each revocation adds what came of it.
 */

enum { OWNER_REST_S = 7 * 86400, BUTTONS_MAX = 5 };

struct leaving {
    struct scene *scene;
    const char *why;
    bool tells_all; /* messages of a place can still be changed */
    bool tells;     /* and the person still reads his own */
    struct store_rights had;
    json_t *connections, *defaults;
    int64_t logins, runs;
};

static const char *user_of(const struct leaving *x)
{
    return x->scene->user->user_id;
}

/* --- what is open --- */

static int end_login(struct leaving *x, const struct login *l, struct err *e)
{
    struct scene *sc = x->scene;
    json_t *view = view_new(sc->mem);
    if (oauth_login_end(sc->bot->options.oauth, sc->s, l, LOGIN_CANCELLED, "left", e) != 0) {
        return -1;
    }
    x->logins++;
    view_text(view, "This login was ended: Workbot does not work for you here any more.");
    return x->tells && l->message_id != NULL ? say_update(sc, l->message_id, view, e) : 0;
}

static int end_logins(struct leaving *x, struct err *e)
{
    struct login *list = NULL;
    size_t count = 0;
    if (store_login_list_all_open(x->scene->s, x->scene->workspace->workspace, user_of(x), &list,
                                  &count, e) != 0) {
        return -1;
    }
    for (size_t i = 0; i < count; i++) {
        if (end_login(x, &list[i], e) != 0) {
            return -1;
        }
    }
    return 0;
}

static int cancel_run(struct leaving *x, struct run *r, struct err *e)
{
    struct scene *sc = x->scene;
    bool changed = false;
    bool seen = r->message_id != NULL && (str_equal(r->place, "dm") ? x->tells : x->tells_all);
    r->error_code = "left";
    if (seen) {
        json_t *view = NULL;
        x->runs++;
        return cancelled_view(sc, r, false, &view, e) != 0
                   ? -1
                   : run_end(sc, r, r->state, RUN_CANCELLED, view, e);
    }
    json_t *none = NULL;
    struct run next = *r;
    next.state = RUN_CANCELLED;
    if (decided_end(sc, r, RUN_CANCELLED, x->tells_all ? &none : NULL, e) != 0 ||
        store_run_update(sc->s, &next, r->state, &changed, e) != 0) {
        return -1;
    }
    x->runs += changed ? 1 : 0;
    return 0;
}

static int cancel_runs(struct leaving *x, struct err *e)
{
    struct run *list = NULL;
    size_t count = 0;
    if (store_run_open(x->scene->s, x->scene->workspace->workspace, user_of(x), &list, &count, e) !=
        0) {
        return -1;
    }
    for (size_t i = 0; i < count; i++) {
        /* one that runs at this moment ends by itself: its connection is gone */
        if (list[i].state != RUN_RUNNING && cancel_run(x, &list[i], e) != 0) {
            return -1;
        }
    }
    return 0;
}

/* --- connections --- */

static int end_connection(struct leaving *x, const char *id, struct err *e)
{
    struct scene *sc = x->scene;
    struct connection *c = NULL;
    struct default_connection *d = NULL;
    if (store_connection_lock(sc->s, sc->workspace->workspace, id, &c, e) != 0) {
        return e->kind == ERR_NOT_FOUND ? 0 : -1; /* somebody else was faster */
    }
    if (store_default_find(sc->s, c->workspace, c->default_name, &d, e) != 0) {
        return -1;
    }
    const struct oauth_evidence of = {
        .connection_id = c->id, .default_name = c->default_name, .user_id = c->user_id};
    bool revoking =
        d != NULL && !(secret_empty(c->tokens.access) && secret_empty(c->tokens.refresh));
    const struct oauth_grant gone = oauth_grant_of(c);
    if (revoking && oauth_revoke_on_record(sc->bot->options.oauth, sc->s, d, &gone, &of, e) != 0) {
        return -1;
    }
    json_array_append_new(x->connections,
                          json_pack("{s:s, s:s, s:s?, s:s, s:b}", "id", c->id, "connection",
                                    c->default_name, "account", c->account.name, "state",
                                    connection_state_name(c->state), "revoking", revoking));
    return store_connection_delete(sc->s, c->workspace, c->id, e);
}

static int end_connections(struct leaving *x, struct err *e)
{
    struct connection *list = NULL;
    size_t count = 0;
    if (store_connection_list(x->scene->s, x->scene->workspace->workspace, user_of(x), &list,
                              &count, e) != 0) {
        return -1;
    }
    for (size_t i = 0; i < count; i++) {
        if (end_connection(x, list[i].id, e) != 0) {
            return -1;
        }
    }
    return store_permission_forget(x->scene->s, x->scene->workspace->workspace, user_of(x), e);
}

/* --- rights, and connections that others run on --- */

static int drop_rights(struct leaving *x, struct err *e)
{
    struct scene *sc = x->scene;
    struct workspace *w = NULL;
    const char **names = NULL;
    size_t count = 0;
    const char *workspace = sc->workspace->workspace;
    if (store_rights_drop(sc->s, workspace, user_of(x), &x->had, e) != 0) {
        return -1;
    }
    const struct owner_left q = {.workspace = workspace,
                                 .user_id = user_of(x),
                                 .was_installer = x->had.installer,
                                 .reason = OAUTH_OWNER_LEFT,
                                 .rest_s = OWNER_REST_S};
    bool had = x->had.installer || x->had.admin;
    if (store_owner_left(sc->s, &q, &names, &count, e) != 0 ||
        (had && bot_admin_ended(sc->s, workspace, user_of(x), "system", e) != 0) ||
        store_workspace_find(sc->s, workspace, &w, e) != 0) {
        return -1;
    }
    for (size_t i = 0; i < count; i++) {
        json_array_append_new(x->defaults, json_string(names[i]));
    }
    sc->workspace = w; /* without the rights that are gone */
    return 0;
}

static const char *rights_words(const struct leaving *x)
{
    if (x->had.installer) {
        return " was the installer of Workbot here";
    }
    return x->had.admin ? " was an admin of Workbot here" : "";
}

static int tell_admins(struct leaving *x, struct err *e)
{
    struct scene *sc = x->scene;
    size_t count = json_array_size(x->defaults);
    if (!x->tells_all || (!x->had.installer && !x->had.admin && count == 0)) {
        return 0;
    }
    json_t *view = view_new(sc->mem);
    view_text(view, "**%s** has left%s%s.", words_person(sc->user),
              *rights_words(x) == '\0' ? "" : " and", rights_words(x));
    for (size_t i = 0; i < count; i++) {
        view_text(view,
                  "Commands that run on the connection `%s` itself stop now: its login is that "
                  "person's.",
                  json_string_value(json_array_get(x->defaults, i)));
    }
    if (count > 0) {
        view_note(view, "Any admin can take over, with a login of their own. The old one is ended "
                        "then, or in 7 days.");
    }
    for (size_t i = 0; i < count && i < BUTTONS_MAX; i++) {
        const char *name = json_string_value(json_array_get(x->defaults, i));
        takeover_add_button(view, name,
                            count == 1 ? "Take over" : arena_printf(sc->mem, "Take over %s", name));
    }
    return notice_all(sc, view, e);
}

/* --- the record --- */

static json_t *rights_json(const struct leaving *x)
{
    json_t *list = json_array();
    if (x->had.installer) {
        json_array_append_new(list, json_string("installer"));
    }
    if (x->had.admin) {
        json_array_append_new(list, json_string("admin"));
    }
    return list;
}

static bool ended_something(const struct leaving *x)
{
    return x->logins + x->runs > 0 || x->had.installer || x->had.admin ||
           json_array_size(x->connections) + json_array_size(x->defaults) > 0;
}

static int audit(struct leaving *x, struct err *e)
{
    struct scene *sc = x->scene;
    json_t *detail =
        arena_json(sc->mem, json_pack("{s:s, s:O, s:O, s:o, s:I, s:I}", "why", x->why,
                                      "connections", x->connections, "default_connections",
                                      x->defaults, "rights", rights_json(x), "logins",
                                      (json_int_t)x->logins, "runs", (json_int_t)x->runs));
    return store_audit_add(sc->s, sc->workspace->workspace, "system", "person.left", user_of(x),
                           detail, e);
}

/* drops: the rights, too. */
static int end_all(struct leaving *x, bool drops, struct err *e)
{
    if (drops && drop_rights(x, e) != 0) {
        return -1;
    }
    return end_logins(x, e) != 0 || cancel_runs(x, e) != 0 || end_connections(x, e) != 0 ? -1 : 0;
}

int leave(struct scene *sc, const struct parting *how, struct err *e)
{
    bool active = str_equal(sc->workspace->state, "active");
    bool reads = active && !how->uninstalled && sc->user->standing != STANDING_DEACTIVATED;
    struct leaving x = {.scene = sc,
                        .why = how->why,
                        .tells_all = active,
                        .tells = reads,
                        .connections = arena_json(sc->mem, json_array()),
                        .defaults = arena_json(sc->mem, json_array())};
    /* where the bot itself was taken away, what admins set up waits for it to come back */
    if (end_all(&x, active && !how->uninstalled, e) != 0 || tell_admins(&x, e) != 0) {
        return -1;
    }
    bool ended = ended_something(&x);
    if ((ended || how->news) && audit(&x, e) != 0) {
        return -1;
    }
    if (!reads) {
        return store_user_forget(sc->s, sc->workspace->workspace, user_of(&x), e);
    }
    return ended ? home_touch(sc, e) : 0;
}

int people_end(struct scene *sc, const char *user_id, const struct parting *how, struct err *e)
{
    struct scene his = *sc;
    const struct user unknown = {.workspace = sc->workspace->workspace, .user_id = user_id};
    struct user *u = NULL;
    if (store_user_lock(sc->s, sc->workspace->workspace, user_id, &u, e) != 0) {
        return -1;
    }
    if (u != NULL && u->standing != STANDING_DEACTIVATED) {
        /* no way back by what was known: the platform is asked when somebody acts again */
        u->standing = STANDING_UNKNOWN;
        if (store_user_put(sc->s, u, e) != 0) {
            return -1;
        }
    }
    his.user = u == NULL ? &unknown : u;
    return leave(&his, how, e);
}
