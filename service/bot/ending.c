#include "lists_int.h"
#include "login_int.h"

#include <inttypes.h>

#include "base/clock.h"
#include "base/str.h"

/* A connection whose end is known: its owner hears of it before, once, and puts it off with one
 * press. Of a default connection's own tokens the admins are told. */

static const char *day_of(arena *mem, int64_t at)
{
    return arena_strndup(mem, clock_rfc3339(mem, at), sizeof "2026-11-22" - 1);
}

char *ending_words(arena *mem, const struct connection *c)
{
    int64_t ends_at = c->state == CONNECTION_ACTIVE ? c->tokens.refresh_expires_at : 0;
    return ends_at > 0 ? arena_printf(mem, "until %s", day_of(mem, ends_at)) : NULL;
}

/* A renewal, or any use, begins its time anew. */
static bool can_be_kept(const struct connection *c)
{
    return c->tokens.keep_at > 0;
}

static const app *app_of(const struct scene *sc, const struct connection *c)
{
    return apps_find(sc->bot->options.apps, c->app);
}

void ending_add_field(struct scene *sc, json_t *view, const struct default_connection *d,
                      const struct connection *c)
{
    const app *a = app_of(sc, c);
    int64_t grants = a == NULL ? 0 : app_grants_per_user(a);
    const char *who = str_empty(c->user_id) ? "an admin ends it" : "you disconnect";
    const char *when = arena_printf(sc->mem, "Never, until %s", who);
    if (c->tokens.refresh_expires_at > 0) {
        const char *day = day_of(sc->mem, c->tokens.refresh_expires_at);
        when = !can_be_kept(c) ? day
               : d->keep_alive ? arena_printf(sc->mem, "%s, and I renew it before", day)
                               : arena_printf(sc->mem, "%s, if it is not used before", day);
    } else if (grants > 0) {
        when = arena_printf(sc->mem,
                            "%s, or somebody logs in with that account %" PRId64 " more times",
                            when, grants);
    }
    view_field(view, "Expires", when);
}

void ending_add_grants(struct scene *sc, json_t *view, const struct connection *c)
{
    const app *a = app_of(sc, c);
    int64_t grants = a == NULL ? 0 : app_grants_per_user(a);
    if (grants > 0 && str_equal(c->reason, "ended_at_app")) {
        view_note(view,
                  "%s keeps %lld logins of one account to this app, and one more ends the "
                  "oldest without a word: that may have been this one.",
                  app_title(a), (long long)grants);
    }
}

static void add_button(json_t *view, const struct connection *c)
{
    if (can_be_kept(c)) {
        view_button(view, &(struct button){.title = "Keep it",
                                           .action = "keep",
                                           .value = c->id,
                                           .style = BUTTON_PRIMARY});
    } else if (!str_empty(c->user_id)) {
        view_button(view, &(struct button){.title = "Log in again",
                                           .action = c->resting ? "add_account" : "reconnect",
                                           .value = c->resting ? c->id : c->default_name,
                                           .style = BUTTON_PRIMARY});
    }
}

void ending_add_button(json_t *view, const struct connection *c)
{
    const struct tokens *t = &c->tokens;
    int64_t lead_s = oauth_lead_s(t->refresh_expires_at - t->refresh_since);
    bool near = t->refresh_expires_at > 0 && t->refresh_expires_at - clock_now() <= lead_s;
    if (c->state == CONNECTION_ACTIVE && near) {
        add_button(view, c);
    }
}

/* --- telling of it --- */

static void add_advice(json_t *view, const struct connection *c, const char *title)
{
    if (can_be_kept(c)) {
        view_note(view,
                  "%s ends a login that nobody uses for long. Keep it, and its time begins anew; "
                  "so does every command that uses it.",
                  title);
    } else if (str_empty(c->user_id)) {
        view_note(view,
                  "%s ends each login after a while, also one that is used. Please log it in "
                  "again before.",
                  title);
    } else {
        view_note(view,
                  "%s ends each login after a while, also one that is used. Log in again before, "
                  "and nothing stops; until then your commands go on as they are.",
                  title);
    }
}

static json_t *ending_view(struct scene *sc, const struct connection *c)
{
    const char *title = words_app(sc, c->app);
    const char *day = day_of(sc->mem, c->tokens.refresh_expires_at);
    const char *whom = words_account(sc->mem, &c->account);
    json_t *view = view_new(sc->mem);
    if (str_empty(c->user_id)) {
        view_text(view, "**%s**, connection `%s`: its own login, as %s, ends on %s.", title,
                  c->default_name, whom, day);
    } else {
        view_text(view, "**Your connection to %s ends on %s.** You are connected there as %s.",
                  title, day, whom);
    }
    if (c->resting) {
        view_note(view, "Your commands do not use this account now: another one of yours does.");
    }
    add_advice(view, c, title);
    add_button(view, c);
    return view;
}

static int tell_owner(struct scene *sc, const struct known_end *x, struct err *e)
{
    struct connection *c = NULL;
    struct user *u = NULL;
    bool own = !str_empty(x->user_id);
    if (store_connection_load(sc->s, x->workspace, x->connection_id, &c, e) != 0 ||
        (own && store_user_find(sc->s, x->workspace, x->user_id, &u, e) != 0)) {
        return -1;
    }
    sc->user = u;
    if (c->tokens.refresh_expires_at <= clock_now() || (own && (u == NULL || uses_default(sc)))) {
        return 0; /* it has ended, or no command of theirs needs it */
    }
    json_t *view = ending_view(sc, c);
    return own ? say_dm(sc, view, NULL, e) : notice_all(sc, view, e);
}

int ending_next(bot *b, store *s, bool tell, bool *ret_found, struct err *e)
{
    struct known_end x;
    struct workspace *w = NULL;
    bool may = false, mine = false;
    if (store_ending_due(s, &x, ret_found, e) != 0) {
        return -1;
    }
    if (!*ret_found) {
        return 0;
    }
    if (store_user_may_use(s, x.workspace, x.user_id, &may, e) != 0 ||
        store_ending_take(s, &x, &mine, e) != 0 ||
        store_workspace_find(s, x.workspace, &w, e) != 0) {
        return -1;
    }
    if (!tell || !may || !mine || w == NULL || !str_equal(w->state, "active")) {
        return 0;
    }
    struct scene sc = {.bot = b, .mem = store_arena(s), .s = s, .workspace = w};
    return tell_owner(&sc, &x, e);
}
