#include "oauth_int.h"

#include "base/str.h"

/* A login has proven whose it is: its tokens act from now on. */

/* Whose it was last, where that is somebody else: a person may have two accounts at an app, and a
 * browser that is still signed in with the other one. */
static const struct account *other_before(const struct connection *old, const struct account *now)
{
    bool other = old != NULL && old->account.key != NULL && !str_equal(old->account.key, now->key);
    return other ? &old->account : NULL;
}

static bool is_same(struct secret a, struct secret b)
{
    return !secret_empty(a) && str_equal(secret_reveal(a), secret_reveal(b));
}

/* At some providers only so many grants live at a time: the replaced one makes room. Of another
 * account, and of whoever another admin has taken over from, it is of no use to anybody. Some apps
 * give the same tokens again: those act. */
static int revoke_replaced(oauth *o, store *s, const struct default_connection *d,
                           const struct connection *old, const struct connection *now,
                           struct err *e)
{
    const app *a = apps_find(o->options.apps, d->app);
    if (old == NULL || secret_empty(old->tokens.access) ||
        is_same(old->tokens.access, now->tokens.access) ||
        is_same(old->tokens.refresh, now->tokens.refresh)) {
        return 0;
    }
    const struct oauth_grant replaced = oauth_grant_of(old);
    bool useless =
        str_equal(old->reason, OAUTH_OWNER_LEFT) || other_before(old, &now->account) != NULL;
    return useless || (a != NULL && app_revokes_one_grant(a))
               ? oauth_revoke_later(o, s, d, &replaced, NULL, e)
               : 0;
}

/* Whose leaving ends a default connection's own tokens: who asked for the login; for one that an
 * operator asked for, the admin of the same e-mail or the only one; else (NULL) the installer. */
static int find_owner(store *s, const struct activation *a, const char **ret, struct err *e)
{
    const struct login *l = a->login;
    struct workspace *w = NULL;
    *ret = NULL;
    if (!str_empty(l->user_id)) {
        return 0;
    }
    *ret = store_login_admin(l);
    if (*ret != NULL) {
        return 0;
    }
    if (store_workspace_find(s, l->workspace, &w, e) != 0 || w == NULL) {
        return w == NULL ? 0 : -1;
    }
    for (size_t i = 0; i < w->admins_count; i++) {
        struct user *u = NULL;
        if (store_user_find(s, l->workspace, w->admins[i], &u, e) != 0) {
            return -1;
        }
        bool only = w->installer == NULL && w->admins_count == 1;
        if (only || (u != NULL && oauth_same_email(u->email, a->account->email))) {
            *ret = w->admins[i];
        }
    }
    return 0;
}

static json_t *audit_detail(const struct activation *a, const struct activated *made,
                            const char *owner)
{
    const struct account_place *at = &made->place;
    const struct connection *other = at->kept != NULL ? at->kept : at->used;
    return json_pack("{s:s, s:s?, s:s?, s:s, s:s, s:s*, s:s*, s:s*}", "connection",
                     a->login->default_name, "account", a->account->name, "organization",
                     a->account->organization, "assurance", a->assurance, "account_match",
                     oauth_match_name(a->match), "owner", owner, "account_before",
                     made->before == NULL ? NULL : made->before->name,
                     at->used != NULL ? "chosen" : "resting", other == NULL ? NULL : other->id);
}

/* An answer that names no scopes grants what was asked for (RFC 6749 section 5.1). */
static void name_scopes(const oauth *o, arena *mem, const struct default_connection *d,
                        struct tokens *io)
{
    const struct oauth_scopes asked = oauth_scopes_asked(o, d);
    if (io->scopes_count > 0) {
        return;
    }
    io->scopes = arena_array(mem, asked.count + 1, sizeof(*io->scopes));
    for (size_t i = 0; i < asked.count; i++) {
        io->scopes[io->scopes_count++] = asked.names[i];
    }
}

int oauth_activate(oauth *o, store *s, const struct activation *a, struct activated *ret,
                   struct err *e)
{
    arena *mem = store_arena(s);
    const struct login *l = a->login;
    struct default_connection *d = NULL;
    struct connection now = {.workspace = l->workspace,
                             .default_name = l->default_name,
                             .user_id = l->user_id,
                             .account = *a->account,
                             .tokens = *a->tokens,
                             .assurance = a->assurance};
    if (store_default_find(s, l->workspace, l->default_name, &d, e) != 0 ||
        store_account_place(s, &now, l->adds, &ret->place, e) != 0 ||
        find_owner(s, a, &now.owner, e) != 0) {
        return -1;
    }
    const struct connection *old = ret->place.old;
    if (d == NULL) {
        return err_set(e, ERR_NOT_FOUND, "connection", "connection %s is gone", l->default_name);
    }
    const char *actor =
        str_empty(l->user_id) ? l->requested_by : arena_printf(mem, "user:%s", l->user_id);
    now.resting = ret->place.used != NULL;
    now.id = now.resting ? old->id : NULL;
    name_scopes(o, mem, d, &now.tokens);
    oauth_forecast(apps_find(o->options.apps, d->app), &now, NULL, &now.tokens);
    if (revoke_replaced(o, s, d, old, &now, e) != 0 ||
        store_connection_activate(s, &now, &ret->id, e) != 0 ||
        store_login_set_done(s, l->workspace, l->id, a->code_hash, e) != 0) {
        return -1;
    }
    ret->before = other_before(old, a->account);
    return store_audit_add(s, l->workspace, actor, "connection.connected", ret->id,
                           arena_json(mem, audit_detail(a, ret, now.owner)), e);
}
