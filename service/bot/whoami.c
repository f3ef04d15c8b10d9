#include "lists_int.h"
#include "run_int.h"

#include "base/json.h"
#include "base/str.h"

/* `whoami`: who the user is here, and which connection acts in each app, and why. */

enum { APPS_A_PAGE = 12 };

static char *role_of(struct scene *sc)
{
    bool installer = str_equal(sc->workspace->installer, sc->user->user_id);
    const char *role = installer ? "installer and admin" : words_for_admin(sc) ? "admin" : "user";
    return arena_strdup(sc->mem, role);
}

static const char *standing_words(enum standing s)
{
    return s == STANDING_GUEST ? "guest" : "member";
}

/* Do commands under this connection ask for the user's own account, do others not? */
struct uses {
    bool own, shared;
};

static struct uses uses_of(struct turn *t, const struct default_connection *d)
{
    struct uses found = {.own = false};
    for (size_t i = 0; i < t->recipes_count; i++) {
        struct recipe *r = NULL;
        struct err faulty = {0};
        if (!t->recipes[i].enabled || recipe_read(t->scene.mem, &t->recipes[i], &r, &faulty) != 0) {
            continue;
        }
        for (size_t k = 0; k < r->connections_count; k++) {
            if (str_equal(r->connections[k].use, d->name)) {
                found.own = found.own || r->connections[k].verify_user_access;
                found.shared = found.shared || !r->connections[k].verify_user_access;
            }
        }
    }
    return found;
}

/* false: nobody can act by it. */
static bool add_rule(struct scene *sc, json_t *view, const struct outlook *o,
                     const struct default_connection *d, bool verify)
{
    const struct recipe_connection c = {.alias = "x", .use = d->name, .verify_user_access = verify};
    const char *which = verify ? "Commands that ask for your own account"
                               : "Commands that do not ask for your own account";
    struct resolved r;
    recipe_resolve_from(&o->stock, &c, &o->person, &r);
    if (r.problem != NULL) {
        view_note(view, "%s: nobody can act yet. An admin must %s it.", which,
                  str_equal(r.problem, "draft") ? "finish" : "log in");
        return false;
    }
    struct accounts mine;
    accounts_of(o->stock.own, o->stock.own_count, d->name, &mine);
    if (r.connection == NULL) {
        view_note(view,
                  accounts_to_choose(&mine) ? "%s: I ask you first which of your accounts to use."
                                            : "%s: I ask you to log in first.",
                  which);
        return true;
    }
    const char *until = ending_words(sc->mem, r.connection);
    view_note(view, "%s: as %s%s%s%s%s.", which, words_shared(sc, r.rule == RULE_PERSONAL),
              words_account(sc->mem, &r.connection->account),
              r.rule == RULE_INSTALLER ? ", because you installed Workbot" : "",
              until == NULL ? "" : ", ", until == NULL ? "" : until);
    if (r.rule == RULE_PERSONAL && mine.resting_count > 0) {
        view_note(view, "Of your %lld accounts there it is the one that is used.",
                  (long long)mine.count);
    }
    return true;
}

static size_t of_app(const struct outlook *o, const struct default_connection *d)
{
    size_t n = 0;
    for (size_t i = 0; i < o->stock.defaults_count; i++) {
        n += str_equal(o->stock.defaults[i].app, d->app) ? 1 : 0;
    }
    return n;
}

static void add_app(struct turn *t, json_t *view, const struct outlook *o,
                    const struct default_connection *d)
{
    struct scene *sc = &t->scene;
    struct uses uses = uses_of(t, d);
    bool stands = true;
    if (words_for_admin(sc) || of_app(o, d) > 1) {
        view_text(view, "**%s** · `%s`", words_app(sc, d->app), d->name);
    } else {
        view_text(view, "**%s**", words_app(sc, d->app));
    }
    if (uses.own || !uses.shared) {
        stands = add_rule(sc, view, o, d, true);
    }
    if (uses.shared) {
        stands = add_rule(sc, view, o, d, false) && stands;
    }
    if (!stands) {
        words_add_admins(sc, view);
    }
}

int command_whoami(struct turn *t, const char *rest, struct err *e)
{
    struct scene *sc = &t->scene;
    struct outlook o;
    json_t *view = view_new(sc->mem);
    (void)rest;
    if (outlook_load(t, &o, e) != 0) {
        return -1;
    }
    const struct page p = {.from = page_from(t, o.stock.defaults_count),
                           .size = APPS_A_PAGE,
                           .total = o.stock.defaults_count,
                           .words = "whoami"};
    view_title(view, "Who you are here");
    view_field(view, "Name", words_person(sc->user));
    view_field(view, "Workspace",
               str_empty(sc->workspace->name) ? sc->workspace->workspace : sc->workspace->name);
    view_field(view, "Standing", standing_words(sc->user->standing));
    view_field(view, "Role", role_of(sc));
    if (p.total == 0) {
        view_text(view, "No app is set up yet. An admin of Workbot does that.");
        words_add_admins(sc, view);
    }
    for (size_t i = p.from; i < p.total && i < p.from + p.size; i++) {
        add_app(t, view, &o, &o.stock.defaults[i]);
    }
    if (permit_add(t, view, e) != 0) {
        return -1;
    }
    page_end(sc, view, &p);
    view_button(view, &(struct button){
                          .title = "Personal accounts", .action = "words", .value = "connections"});
    return say_private(t, view, NULL, e);
}
