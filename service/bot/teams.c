#include "install_int.h"

#include "base/clock.h"
#include "base/str.h"

/*
 * Which workspaces of an organisation have the bot. An event says that this has changed; it comes
 * late, or in another order than a later change. The platform's list says how it is now; it may lag
 * a little. So the list decides and no event does: where the two differ and the event is not a
 * minute old, neither is believed, and the list is read again a little later.
 */

enum { LAG_S = 60 };

const char teams_unsure_code[] = "teams_unsure";

int teams_ask(struct scene *sc, struct oauth_bot *as, struct teams *ret, struct err *e)
{
    const struct bot_options *o = &sc->bot->options;
    const char *workspace = sc->workspace->workspace;
    const struct chat_driver *driver = chats_driver(o->chats, workspace);
    *ret = (struct teams){.known = driver != NULL && driver->teams != NULL};
    if (!ret->known) {
        return 0; /* the platform was switched off since, or has no organisations */
    }
    *as = oauth_bot_of(sc->workspace);
    if (oauth_bot_access(o->oauth, sc->mem, workspace, as, e) != 0) {
        return -1;
    }
    while (driver->teams(o->chats, sc->mem, &as->access, &ret->keys, &ret->count, e) != 0) {
        if (!oauth_bot_again(o->oauth, sc->mem, as, e)) {
            return -1;
        }
    }
    return 0;
}

bool teams_have(const struct teams *t, const char *team)
{
    for (size_t i = 0; i < t->count; i++) {
        if (str_equal(t->keys[i], team)) {
            return true;
        }
    }
    return false;
}

bool teams_unsure(const struct teams *t, const char *team, bool granted, int64_t said_at)
{
    return teams_have(t, team) != granted && said_at > clock_now() - LAG_S;
}
