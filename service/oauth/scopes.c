#include "oauth_int.h"

#include <string.h>

#include "base/str.h"

/* What a login asks for, and what it brought. */

struct oauth_scopes oauth_scopes_asked(const oauth *o, const struct default_connection *d)
{
    struct oauth_scopes asked = {d->scopes, d->scopes_count};
    const app *a = apps_find(o->options.apps, d->app);
    if (asked.count == 0 && a != NULL) {
        asked.names = app_scopes(a, &asked.count);
    }
    return asked;
}

/* Some apps answer with the short name of a scope that was asked for by its URL, or the other way
 * round. */
static bool same(const char *a, const char *b)
{
    const char *tail_a = strrchr(a, '/'), *tail_b = strrchr(b, '/');
    return str_equal_fold(a, b) || (tail_a != NULL && str_equal_fold(tail_a + 1, b)) ||
           (tail_b != NULL && str_equal_fold(a, tail_b + 1));
}

static bool holds(const char *const *names, size_t count, const char *scope)
{
    size_t i = 0;
    while (i < count && !same(names[i], scope)) {
        i++;
    }
    return i < count;
}

/* The same scope, or one that allows what it does. */
static bool granted(const app *a, const struct tokens *t, const char *scope)
{
    bool found = holds(t->scopes, t->scopes_count, scope);
    for (size_t i = 0; a != NULL && !found && i < t->scopes_count; i++) {
        found = app_scope_covers(a, t->scopes[i], scope);
    }
    return found;
}

/* OpenID Connect's own: granted without being named in the answer, or by other names. */
static bool goes_unnamed(const char *scope)
{
    static const char *const list[] = {"openid", "profile", "email", "offline_access"};
    return holds(list, sizeof(list) / sizeof(list[0]), scope);
}

struct oauth_scopes oauth_scopes_lacking(const oauth *o, arena *mem,
                                         const struct default_connection *d,
                                         const struct connection *c)
{
    const struct oauth_scopes asked = oauth_scopes_asked(o, d);
    const struct tokens *t = &c->tokens;
    const app *a = apps_find(o->options.apps, d->app);
    const char **names = arena_array(mem, asked.count + 1, sizeof(*names));
    struct oauth_scopes lacking = {names, 0};
    for (size_t i = 0; i < asked.count && t->scopes_count > 0; i++) {
        const char *scope = asked.names[i];
        if (!goes_unnamed(scope) && !granted(a, t, scope)) {
            names[lacking.count++] = scope;
        }
    }
    return lacking;
}

bool oauth_consent_helps(const oauth *o, arena *mem, const struct default_connection *d,
                         const struct connection *c, const char *needed)
{
    const struct oauth_scopes asked = oauth_scopes_asked(o, d);
    const struct oauth_scopes lacking = oauth_scopes_lacking(o, mem, d, c);
    const app *a = apps_find(o->options.apps, d->app);
    /* what an app never tells may be lacking although it was asked for, and is on record */
    bool unknown = c->tokens.scopes_count == 0 || (a != NULL && !app_tells_scopes(a));
    const struct oauth_scopes may = unknown ? asked : lacking;
    const char *rest = needed;
    if (str_empty(needed)) {
        return may.count > 0;
    }
    for (const char *one; (one = str_split(mem, &rest, ' ')) != NULL;) {
        if (!str_empty(one) && holds(may.names, may.count, one)) {
            return true;
        }
    }
    return false;
}
