#include "login_int.h"

#include "base/str.h"

/*
 * Pages in a window of the chat's client (chat_driver.windows). The word stands in the address of
 * our own pages, and behind the state's cookie while the browser is elsewhere. It decides how a
 * page is sent and nothing else: whoever adds it by hand gets a script and no rights.
 */

static const char WINDOW[] = "teams";

const char *login_window_mark(bool window)
{
    return window ? "~teams" : "";
}

/* The browser comes back from a provider: its own cookie says where it was sent from. */
static bool began_in_window(const struct request *q)
{
    const char *state = NULL;
    struct err unused;
    if (request_query(q, "state", &state, &unused) != 0 || state == NULL) {
        return false;
    }
    const char *name = arena_printf(q->mem, "wb_state_%s", oauth_cookie_key(q->mem, state));
    const char *cookie = request_cookie(q, name);
    if (cookie == NULL) {
        cookie = request_cookie(q, arena_printf(q->mem, "__Host-%s", name));
    }
    return cookie != NULL && str_ends(cookie, login_window_mark(true));
}

static bool is_of_login(const char *path)
{
    return path != NULL && (str_starts(path, "/login/") || str_starts(path, "/oauth/callback/") ||
                            str_starts(path, "/identity/"));
}

bool login_window(const struct request *q)
{
    const char *said = NULL;
    struct err unused;
    if (!is_of_login(q->path)) {
        return false;
    }
    if (request_query(q, "window", &said, &unused) == 0 && str_equal(said, WINDOW)) {
        return true;
    }
    return said == NULL && began_in_window(q);
}

const char *landing_path(const struct landing_answer *to, const char *handle)
{
    return arena_printf(to->mem, "/login/%s%s", handle, to->window ? "?window=teams" : "");
}
