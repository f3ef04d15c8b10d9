#include "oauth_int.h"

#include <string.h>

#include "base/str.h"

/*
 * An admin enters the console by signing in at the chat platform, in place of a code that is typed
 * there (P4): the link says who may, the platform who is there. The same checks as a login's.
 */

static const char BEGINS[] = "way"; /* no digit of a route: never a login's */
enum { STATE_BYTES = 32, COOKIE_BYTES = 24 };

bool oauth_is_entry(const char *state)
{
    return state != NULL && str_starts(state, BEGINS);
}

bool oauth_entry_route(arena *mem, const char *state, const char **ret)
{
    const char *unused = NULL;
    return oauth_is_entry(state) && oauth_handle_split(mem, state + strlen(BEGINS), ret, &unused);
}

char *oauth_entry_hash(arena *mem, const char *state, const char *cookie)
{
    return crypto_hash_text(mem, arena_printf(mem, "%s:%s", state, cookie));
}

int oauth_entry_begin(oauth *o, arena *mem, const struct workspace *w, struct oauth_begin *ret,
                      const char **ret_hash, struct err *e)
{
    const struct chat_driver *driver = identity_driver(o, w->workspace);
    if (driver == NULL) {
        return err_set(e, ERR_CONFIG, "sign_in_off", "nobody signs in at the chat of %s",
                       w->workspace);
    }
    const char *cookie = crypto_random_hex(mem, COOKIE_BYTES);
    struct chat_sign_in q = identity_asked(mem, cookie);
    q.workspace = w->workspace;
    q.redirect_uri = identity_uri(mem, o, driver->name);
    q.state = arena_printf(mem, "%s%s%s", BEGINS, w->route, crypto_random_hex(mem, STATE_BYTES));
    *ret = (struct oauth_begin){.url = driver->sign_in_url(o->options.chats, mem, &q),
                                .cookie = cookie,
                                .cookie_key = oauth_cookie_key(mem, q.state)};
    *ret_hash = oauth_entry_hash(mem, q.state, cookie);
    return 0;
}

static int ended(struct oauth_tried *ret, const char *reason, const char *why)
{
    ret->reason = reason;
    ret->why = why;
    return 0;
}

int oauth_entry_return(oauth *o, arena *mem, const struct oauth_entrant *of,
                       const struct oauth_return *r, struct oauth_tried *ret, struct err *e)
{
    const struct identity_of person = {o, mem, of->workspace, of->user_id};
    const struct chat_driver *driver = identity_driver(o, of->workspace->workspace);
    struct err why = {0};
    bool same = false;
    (void)e;
    *ret = (struct oauth_tried){.workspace = of->workspace->workspace};
    if (driver == NULL) {
        return ended(ret, "sign_in_off", NULL);
    }
    if (r->error != NULL) {
        return identity_came_without(mem, driver, r, ret);
    }
    struct chat_sign_in q = identity_asked(mem, r->cookie);
    q.workspace = of->workspace->workspace;
    q.redirect_uri = identity_uri(mem, o, driver->name);
    q.code = secret_of(mem, r->code == NULL ? "" : r->code);
    if (driver->sign_in(o->options.chats, mem, &q, &ret->who, &why) != 0 ||
        identity_is(&person, driver, &ret->who, &same, &why) != 0) {
        return ended(ret, why.code, arena_strdup(mem, why.text));
    }
    return ended(ret, same ? OAUTH_TRY_PROVEN : OAUTH_ENTRY_OTHER, NULL);
}
