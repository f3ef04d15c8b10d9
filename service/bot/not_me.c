#include "lists_int.h"

#include <string.h>

#include "base/json.h"
#include "base/str.h"
#include "crypto.h"

/*
 * "Not me", under the notice that an account is connected: ends that account at once. The notice
 * may be old: what is connected there by now is another one, which nobody has disowned.
 */

static char *mark_of(arena *mem, const char *connection_id, const char *account_key)
{
    const char *key = account_key == NULL ? "" : account_key;
    return crypto_hash_text(mem, arena_printf(mem, "%s %s", connection_id, key));
}

char *not_me_value(arena *mem, const char *connection_id, const char *account_key)
{
    return arena_printf(mem, "%s %s", connection_id, mark_of(mem, connection_id, account_key));
}

/* The account that this one replaced, as the pressed notice has it; NULL: none. */
static const char *before_of(const struct turn *t)
{
    size_t i = 0;
    const json_t *block = NULL;
    const json_t *body = t->acted == NULL ? NULL : t->acted->body;
    json_array_foreach(json_member(body, "blocks"), i, block)
    {
        if (json_text(block, "before") != NULL) {
            return json_text(block, "before");
        }
    }
    return NULL;
}

static int say_replaced(struct turn *t, const struct connection *now, struct err *e)
{
    arena *mem = t->scene.mem;
    json_t *view = view_new(mem);
    bool ended = now->state == CONNECTION_DISCONNECTED;
    view_text(view,
              "**That account was replaced already**: %s took its place at %s, and %s. Nothing was "
              "changed.",
              words_account(mem, &now->account), words_app(&t->scene, now->app),
              ended ? "has ended, too" : "stays as it is");
    if (!ended) {
        view_note(view, "If that one is not yours either, press Disconnect here.");
    }
    return list_say_behind(t, view, e);
}

/* What it replaced does not come back with it. */
static int end_it(struct turn *t, const struct connection *c, struct err *e)
{
    struct scene *sc = &t->scene;
    json_t *view = view_new(sc->mem);
    const char *name = words_account(sc->mem, &c->account), *before = before_of(t);
    view_text(view, "**%s is not connected any more**, as it is not you.", name);
    if (before != NULL) {
        view_text(view,
                  "You were connected as %s before. That had ended when %s took its place, so it "
                  "does not come back by itself: log in again to use it.",
                  before, name);
    }
    bool noted = false;
    return disconnect_one(t, c, false, e) != 0 ||
                   store_connection_set_state(sc->s, c->workspace, c->id, -1,
                                              CONNECTION_DISCONNECTED, OAUTH_NOT_ME, &noted, e) != 0
               ? -1
               : list_say_behind(t, view, e);
}

int action_not_me(struct turn *t, const char *value, struct err *e)
{
    arena *mem = t->scene.mem;
    struct connection *c = NULL;
    bool gone = false;
    const char *mark = value, *id = str_split(mem, &mark, ' ');
    if (disconnect_find(t, id, &c, &gone, e) != 0) {
        return -1;
    }
    if (c == NULL) {
        return gone ? list_say_deleted(t, e) : 0;
    }
    if (!str_equal(mark, mark_of(mem, c->id, c->account.key))) {
        return say_replaced(t, c, e);
    }
    if (c->state != CONNECTION_DISCONNECTED) {
        return end_it(t, c, e);
    }
    json_t *view = view_new(mem);
    view_text(view, "**That account was ended already**: nothing was changed.");
    return list_say_behind(t, view, e);
}
