#include "install_int.h"

#include "base/str.h"

/*
 * The life of an installation: uninstalled, its tokens revoked, workspaces that an organisation
 * adds or takes away. Such events come in any order, late, and after the bot was installed again;
 * so what would end something is held against the time of the installation and asked of the
 * platform.
 */

static bool is_action(const struct turn *t, const char *action)
{
    return str_equal(t->event.action, action);
}

/* Does the platform still take the token that stands in the row? */
static int ask_token(struct turn *t, bool *ret_dead, struct err *e)
{
    const struct bot_options *o = &t->scene.bot->options;
    const struct workspace *w = t->scene.workspace;
    arena *mem = t->scene.mem;
    const struct chat_driver *driver = chats_driver(o->chats, w->workspace);
    struct oauth_bot as = oauth_bot_of(w);
    struct chat_self self = {.user_id = NULL};
    *ret_dead = secret_empty(as.access.bot_token);
    if (*ret_dead) {
        return 0;
    }
    int rc = driver->check(o->chats, mem, &as.access, &self, e);
    if (rc != 0 && str_equal(e->code, "chat_token_expired") &&
        oauth_bot_again(o->oauth, mem, &as, e)) {
        rc = driver->check(o->chats, mem, &as.access, &self, e);
    }
    *ret_dead = rc != 0 && str_equal(e->code, "chat_dead");
    if (*ret_dead) {
        *e = (struct err){0};
    }
    return *ret_dead ? 0 : rc;
}

int life_look(struct turn *t, struct err *e)
{
    const struct workspace *w = t->scene.workspace;
    int64_t at = t->event.at;
    if (!is_action(t, "uninstalled") && !is_action(t, "tokens_revoked")) {
        return 0;
    }
    bool late = at > 0 && at < w->installed_at;
    if (late || str_equal(w->state, "removed") || str_equal(w->state, "draft")) {
        return 0;
    }
    return ask_token(t, &t->ends, e);
}

static int end(struct turn *t, struct err *e)
{
    struct scene *sc = &t->scene;
    const struct workspace *w = sc->workspace;
    bool ended = false;
    if (!t->ends || store_workspace_end(sc->s, w->workspace, w->bot_generation, &ended, e) != 0) {
        return t->ends ? -1 : 0;
    }
    if (!ended) {
        return 0; /* installed again meanwhile */
    }
    json_t *detail = arena_json(sc->mem, json_pack("{s:s}", "reason", t->event.action));
    return store_audit_add(sc->s, w->workspace, "system", "workspace.removed", w->workspace, detail,
                           e) != 0
               ? -1
               : purge_later(sc->s, w->workspace, PURGE_UNINSTALLED, NULL, e);
}

static json_t *team_list(const struct event *ev)
{
    json_t *list = json_array();
    for (size_t i = 0; i < ev->teams_count; i++) {
        json_array_append_new(list, json_string(ev->teams[i]));
    }
    return list;
}

/* People of workspaces that are without the bot now lose what they had, unless they are members of
 * another one that has it. A workspace that is added may have been installed alone before. The jobs
 * of both ask the platform whether it is so (teams.c). */
static int teams_changed(struct turn *t, struct err *e)
{
    struct scene *sc = &t->scene;
    const struct workspace *w = sc->workspace;
    bool revoked = is_action(t, "access_revoked");
    json_t *teams = arena_json(sc->mem, team_list(&t->event));
    json_t *detail = arena_json(sc->mem, json_pack("{s:O}", "teams", teams));
    if (store_audit_add(sc->s, w->workspace, "system",
                        revoked ? "workspace.access_revoked" : "workspace.access_granted",
                        w->workspace, detail, e) != 0) {
        return -1;
    }
    const struct purge_gone gone = {teams, t->event.at > 0 ? t->event.at : t->job->created_at};
    return revoked ? purge_later(sc->s, w->workspace, PURGE_TEAMS, &gone, e)
                   : store_move_want(sc->s, w->workspace, t->event.teams, t->event.teams_count, e);
}

int life_change(struct turn *t, struct err *e)
{
    if (is_action(t, "uninstalled") || is_action(t, "tokens_revoked")) {
        return end(t, e);
    }
    return str_equal(t->scene.workspace->state, "active") ? teams_changed(t, e) : 0;
}
