#include "lists_int.h"
#include "run_int.h"

#include "base/str.h"

/* What stands between a user and a command: shown wherever commands are listed. */

int outlook_load(struct turn *t, struct outlook *ret, struct err *e)
{
    struct scene *sc = &t->scene;
    const char *workspace = sc->workspace->workspace;
    struct recipe_stock *stock = &ret->stock;
    *ret = (struct outlook){.person = {.workspace = sc->workspace,
                                       .user = sc->user,
                                       .channel = t->event.place.channel}};
    if (recipe_person_groups(sc->s, NULL, &ret->person, e) != 0 ||
        store_default_list(sc->s, workspace, &stock->defaults, &stock->defaults_count, e) != 0 ||
        store_connection_list(sc->s, workspace, sc->user->user_id, &stock->own, &stock->own_count,
                              e) != 0) {
        return -1;
    }
    return store_connection_list(sc->s, workspace, "", &stock->shared, &stock->shared_count, e);
}

static enum obstacle by_leave(const struct outlook *o, const struct recipe *r)
{
    static const enum obstacle obstacles[] = {[LEAVE_GIVEN] = OBSTACLE_NONE,
                                              [LEAVE_NOT_HERE] = OBSTACLE_PLACE,
                                              [LEAVE_NOT_YOU] = OBSTACLE_FORBIDDEN};
    return obstacles[recipe_leave_of(r, &o->person)];
}

/* A connection that no login of this user can mend comes before one that he can. */
static enum obstacle by_connections(const struct outlook *o, const struct recipe *r,
                                    struct resolved *ret_at)
{
    enum obstacle found = OBSTACLE_NONE;
    for (size_t i = 0; i < r->connections_count; i++) {
        struct resolved d;
        recipe_resolve_from(&o->stock, &r->connections[i], &o->person, &d);
        if (d.problem != NULL) {
            *ret_at = d;
            return OBSTACLE_SETUP;
        }
        if (d.rule == RULE_LOGIN && found == OBSTACLE_NONE) {
            *ret_at = d;
            found = OBSTACLE_LOGIN;
        }
    }
    return found;
}

void outlook_of(arena *mem, const struct outlook *o, const struct recipe_row *row,
                struct prospect *ret)
{
    struct err faulty = {0};
    *ret = (struct prospect){.row = row, .title = row->name};
    if (recipe_read(mem, row, &ret->recipe, &faulty) != 0) {
        ret->recipe = NULL;
        ret->obstacle = OBSTACLE_FAULTY;
        return;
    }
    ret->title = str_empty(ret->recipe->title) ? row->name : ret->recipe->title;
    ret->obstacle = by_leave(o, ret->recipe);
    if (ret->obstacle == OBSTACLE_NONE) {
        ret->obstacle = by_connections(o, ret->recipe, &ret->at);
    }
}

int outlook_setup(struct turn *t, const struct recipe *r, const char **ret_words, struct err *e)
{
    struct scene *sc = &t->scene;
    struct outlook o;
    struct resolved at = {.problem = NULL};
    *ret_words = NULL;
    if (outlook_load(t, &o, e) != 0) {
        return -1;
    }
    if (by_connections(&o, r, &at) != OBSTACLE_SETUP) {
        return 0;
    }
    struct err why = {0};
    err_set(&why, ERR_CONFIG, at.problem, "not set up");
    *ret_words =
        words_failure(sc->mem, &why, NULL, at.def == NULL ? NULL : words_app(sc, at.def->app));
    return notice_admins(sc, at.def, at.problem, NULL, e);
}

int outlook_login(struct turn *t, const struct recipe *r, bool *ret_waits, struct err *e)
{
    struct outlook o;
    struct resolved at = {.problem = NULL};
    if (outlook_load(t, &o, e) != 0) {
        return -1;
    }
    *ret_waits = by_connections(&o, r, &at) == OBSTACLE_LOGIN;
    return 0;
}

/* Of places that no reader is shown by name there is only one thing to say. */
static bool names_places(const struct scene *sc)
{
    const struct chat_driver *d = chats_driver(sc->bot->options.chats, sc->workspace->workspace);
    return d == NULL || !d->unnamed_places;
}

void outlook_add_places(const struct scene *sc, json_t *view, const struct recipe *r)
{
    const char *const *list = r->allow_channels;
    if (r->allow_channels_count > 0 && !names_places(sc)) {
        view_note(view, "It works only in the places that an admin chose.");
        return;
    }
    switch (r->allow_channels_count) {
    case 0:
        return;
    case 1:
        view_note(view, "It works only in <#%s>.", list[0]);
        return;
    case 2:
        view_note(view, "It works only in <#%s> and <#%s>.", list[0], list[1]);
        return;
    default:
        view_note(view, "It works only in <#%s>, <#%s> and %lld more places.", list[0], list[1],
                  (long long)r->allow_channels_count - 2);
    }
}

static void add_setup(struct scene *sc, json_t *view, const struct resolved *at)
{
    if (at->def == NULL) {
        view_note(view, "Not set up: the connection that it uses is gone. An admin must look.");
        return;
    }
    view_note(view, "Not set up yet: an admin must %s the %s connection `%s`.",
              str_equal(at->problem, "draft") ? "finish" : "log in", words_app(sc, at->def->app),
              at->def->name);
}

void outlook_add_note(struct scene *sc, json_t *view, const struct prospect *p)
{
    switch (p->obstacle) {
    case OBSTACLE_NONE:
        return;
    case OBSTACLE_LOGIN:
        view_note(view, "Needs your %s login: I ask for it when you run it.",
                  words_app(sc, p->at.def->app));
        return;
    case OBSTACLE_PLACE:
        outlook_add_places(sc, view, p->recipe);
        return;
    case OBSTACLE_SETUP:
        add_setup(sc, view, &p->at);
        return;
    case OBSTACLE_FORBIDDEN:
        view_note(view, "Not for you: an admin of Workbot can allow it.");
        return;
    case OBSTACLE_FAULTY:
        view_note(view, "Set up wrong: an admin must look at its recipe.");
        return;
    }
}

bool outlook_may_press(const struct prospect *p)
{
    return p->obstacle == OBSTACLE_NONE || p->obstacle == OBSTACLE_LOGIN;
}
