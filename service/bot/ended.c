#include "lists_int.h"

#include "base/json.h"
#include "base/str.h"

/*
 * Who has several accounts of one app is told which of them ended, and what he stays connected as.
 * The name goes with the message: its connection may be deleted when the app's answer comes.
 */

int ended_of(struct scene *sc, const struct connection *c, struct ended *ret, struct err *e)
{
    struct accounts all;
    *ret = (struct ended){.default_name = c->default_name, .id = c->id};
    if (accounts_load(sc, c->default_name, &all, e) != 0) {
        return -1;
    }
    if (all.count > 1 && c->connected_at > 0) {
        ret->account = words_account(sc->mem, &c->account);
    }
    return 0;
}

void ended_keep(json_t *view, const struct ended *x)
{
    if (x->account != NULL) {
        json_put(view, "ended",
                 json_pack("{s:s, s:s, s:s}", "account", x->account, "connection", x->default_name,
                           "id", x->id));
    }
}

struct ended ended_read(const json_t *view)
{
    const json_t *kept = json_member(view, "ended");
    return (struct ended){.account = json_text(kept, "account"),
                          .default_name = json_text(kept, "connection"),
                          .id = json_text(kept, "id")};
}

int ended_add_rest(struct scene *sc, json_t *view, const struct ended *x, struct err *e)
{
    enum { NAMES_MAX = 1000 };
    struct accounts all;
    struct str names = str_new(sc->mem, NAMES_MAX);
    if (x->account == NULL) {
        return 0;
    }
    if (accounts_load(sc, x->default_name, &all, e) != 0) {
        return -1;
    }
    bool used = all.used && !str_equal(all.chosen->id, x->id);
    for (size_t i = 0; i < all.resting_count; i++) {
        const struct connection *c = all.resting[i];
        if (connection_acts(c) && !str_equal(c->id, x->id)) {
            str_printf(&names, "%s%s", names.len == 0 ? "" : " and ",
                       words_account(sc->mem, &c->account));
        }
    }
    if (used) {
        view_text(view, "Your commands go on as **%s**.",
                  words_account(sc->mem, &all.chosen->account));
    }
    if (names.len == 0) {
        if (!used) {
            view_text(view, "You have no other account connected there.");
        }
    } else if (used) {
        view_text(view, "You also stay connected as **%s**, which they do not use.", names.text);
    } else {
        view_text(view,
                  "You stay connected as **%s**, which your commands use only when you choose it.",
                  names.text);
    }
    return 0;
}
