#include "login_int.h"

#include "base/json.h"

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
    view_text(view,
              "**Somebody else opened your login link** for %s and signed in as another person. "
              "Nothing was connected.",
              words_app(sc, o->connection->app));
    view_note(view, "Links work for you alone. If you sent it to nobody, tell your admin. Your own "
                    "login still works.");
    prompt_add_button(sc, l, view,
                      arena_printf(sc->mem, "Log in to %s", words_app(sc, o->connection->app)));
    prompt_add_back(sc, view, l);
    return say_dm(sc, view, NULL, e);
}
