#include "login_int.h"

#include "base/json.h"
#include "crypto.h"

/*
 * Somebody else followed a login's link and is signed in to the chat as himself. The login stays
 * open for the right person, who is told once: a link that has travelled is worth knowing of, and
 * whoever has it must not be able to write to that person as often as he likes.
 */

enum { ONCE_IN_S = 30 * 86400 };

static int audit(struct scene *sc, const struct oauth_outcome *o, struct err *e)
{
    const struct login *l = o->login;
    json_t *detail =
        arena_json(sc->mem, json_pack("{s:s, s:s, s:s, s:s?}", "connection", l->default_name,
                                      "user", l->user_id, "signed_in_user", o->signed_in.user_id,
                                      "signed_in_team", o->signed_in.team));
    return store_audit_add(sc->s, l->workspace, "system", "login.other_person", l->id, detail, e);
}

/* One warning of each login, found by it. */
static const char *warning_id(arena *mem, const struct login *l)
{
    const char *h = crypto_hash_text(mem, arena_printf(mem, "%s/%s/other", l->workspace, l->id));
    return arena_printf(mem, "%.8s-%.4s-4%.3s-8%.3s-%.12s", h, h + 8, h + 12, h + 15, h + 18);
}

static void add_text(struct scene *sc, json_t *view, const char *app_name)
{
    view_text(view,
              "**Somebody else opened your login link** for %s and signed in as another person. "
              "Nothing was connected by that.",
              words_app(sc, app_name));
}

int other_person_tell(struct scene *sc, const struct oauth_outcome *o, struct err *e)
{
    const struct login *l = o->login;
    bool due = false;
    const char *key = arena_printf(sc->mem, "login:%s:other_person", l->id);
    if (audit(sc, o, e) != 0 ||
        store_notice_due(sc->s, l->workspace, key, ONCE_IN_S, &due, e) != 0) {
        return -1;
    }
    if (!due) {
        return 0;
    }
    json_t *view = view_new(sc->mem);
    add_text(sc, view, o->connection->app);
    view_note(view, "Links work for you alone. If you sent it to nobody, tell your admin. Your own "
                    "login still works.");
    prompt_add_button(sc, l, view,
                      arena_printf(sc->mem, "Log in to %s", words_app(sc, o->connection->app)));
    prompt_add_back(sc, view, l);
    return say_dm_as(sc, warning_id(sc->mem, l), view, e);
}

int other_person_over(struct scene *sc, const struct login *l, struct err *e)
{
    struct message *m = NULL;
    const char *id = warning_id(sc->mem, l);
    if (store_message_find(sc->s, l->workspace, id, &m, e) != 0) {
        return -1;
    }
    if (m == NULL || view_find_button(m->body, "back") == NULL) {
        return 0;
    }
    json_t *view = view_new(sc->mem);
    add_text(sc, view, connected_app(sc, l));
    view_note(view, "Links work for you alone. If you sent it to nobody, tell your admin. That "
                    "login is over now: its link does nothing any more.");
    return say_update(sc, id, view, e);
}

int login_end(struct scene *sc, const struct login *l, enum login_state state, const char *reason,
              struct err *e)
{
    return oauth_login_end(sc->bot->options.oauth, sc->s, l, state, reason, e) != 0 ? -1
           : site_over(sc, l, e) != 0                                               ? -1
                                      : other_person_over(sc, l, e);
}
