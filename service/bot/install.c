#include "bot_int.h"

#include "base/str.h"

/*
 * A platform granted the bot a place. The first who installed is greeted, and is the installer and
 * an admin where nobody else was named; a re-install by another person changes nobody. What the
 * workspace had stays.
 */

enum { SCOPE_EVERY_S = 86400 };

static int note(struct scene *sc, const struct installation *i, struct err *e)
{
    json_t *detail =
        arena_json(sc->mem, json_pack("{s:b, s:b, s:b, s:o, s:o}", "first", i->first, "org_wide",
                                      i->org_wide, "rotates", i->tokens.expires_at > 0, "scopes",
                                      json_texts(i->scopes, i->scopes_count), "missing",
                                      json_texts(i->missing_scopes, i->missing_scopes_count)));
    return store_audit_add(sc->s, i->workspace, arena_printf(sc->mem, "user:%s", i->user_id),
                           "workspace.installed", i->workspace, detail, e);
}

/* Each once a day, as when a call meets it. */
static int tell_missing(struct scene *sc, const struct installation *i, struct err *e)
{
    for (size_t n = 0; n < i->missing_scopes_count; n++) {
        const char *scope = i->missing_scopes[n];
        bool due = false;
        if (store_notice_due(sc->s, i->workspace, arena_printf(sc->mem, "scope:%s", scope),
                             SCOPE_EVERY_S, &due, e) != 0 ||
            (due && oauth_notice_later(sc->s, i->workspace, "scope", scope, e) != 0)) {
            return -1;
        }
    }
    return 0;
}

static int keep(struct scene *sc, const struct installation *i, struct err *e)
{
    if (store_workspace_install(sc->s, i, e) != 0 || note(sc, i, e) != 0 ||
        tell_missing(sc, i, e) != 0) {
        return -1;
    }
    return store_move_want(sc->s, i->workspace, i->teams, i->teams_count, e);
}

/* Locked, so that of two who install at the same time one is the first. */
static int lock_or_make(struct scene *sc, const char *workspace, struct workspace **ret,
                        struct err *e)
{
    bool made = false;
    int rc = store_workspace_lock(sc->s, workspace, ret, e);
    if (rc != 0 || *ret != NULL || !config_allows_workspace(sc->bot->options.config, workspace)) {
        return rc;
    }
    if (store_workspace_make(sc->s, workspace, &made, e) != 0) {
        return -1;
    }
    return store_workspace_lock(sc->s, workspace, ret, e);
}

/* What nobody has had yet: neither by a browser nor with a token that the API was given. */
static bool is_first(const struct workspace *w)
{
    return w->installed_at == 0 && secret_empty(w->bot_token);
}

/* Only that has a first installer. Where one left, or an admin set the bot up by the API, another
 * is named by an admin: Slack lets any member install. */
static bool becomes_installer(const struct workspace *w, const char *user_id)
{
    bool open = w->admins_count == 0 || person_is_admin(w, user_id);
    return is_first(w) && w->installer == NULL && open;
}

struct installing {
    const struct installation *from;
    struct bot_install *ret;
};

static int install(struct scene *sc, void *arg, struct err *e)
{
    const struct installing *x = arg;
    const struct installation *i = x->from;
    struct bot_install *ret = x->ret;
    struct workspace *old = NULL;
    if (lock_or_make(sc, i->workspace, &old, e) != 0) {
        return -1;
    }
    ret->allowed = old != NULL;
    if (old == NULL) {
        return 0;
    }
    struct installation now = *i;
    now.first = becomes_installer(old, i->user_id);
    ret->first = is_first(old);
    ret->installer = now.first || str_equal(old->installer, i->user_id);
    ret->admin = now.first || person_is_admin(old, i->user_id);
    struct recipe_row *all = NULL;
    size_t count = 0;
    if (keep(sc, &now, e) != 0 || store_recipe_list(sc->s, i->workspace, &all, &count, e) != 0) {
        return -1;
    }
    ret->has_commands = count > 0;
    return ret->first ? oauth_notice_later(sc->s, i->workspace, "welcome", i->user_id, e) : 0;
}

static const char *joined(arena *mem, const char *const *list, size_t count)
{
    const char *text = NULL;
    for (size_t i = 0; i < count; i++) {
        text = text == NULL ? list[i] : arena_printf(mem, "%s, %s", text, list[i]);
    }
    return text;
}

int bot_install(bot *b, arena *mem, const struct installation *i, struct bot_install *ret,
                struct err *e)
{
    struct scene sc = {.bot = b, .mem = mem};
    *ret = (struct bot_install){.missing = joined(mem, i->missing_scopes, i->missing_scopes_count)};
    struct installing x = {.from = i, .ret = ret};
    return scene_do(&sc, NULL, install, &x, e);
}

int bot_stands(bot *b, arena *mem, const char *workspace, bool *ret, struct err *e)
{
    store *s = NULL;
    struct workspace *w = NULL;
    if (store_open(b->options.stores, mem, &s, e) != 0) {
        return -1;
    }
    int rc = store_workspace_find(s, workspace, &w, e);
    store_close(s);
    if (rc == 0) {
        *ret = w != NULL && !secret_empty(w->bot_token);
    }
    return rc;
}
