#include "lists_int.h"
#include "login_int.h"

#include "base/json.h"
#include "base/metrics.h"
#include "base/str.h"

/* disconnect, typed or pressed. */

/* Of several, the one that this user is connected by, when it is one. */
static int keep_live(struct turn *t, struct choices *c, struct err *e)
{
    struct scene *sc = &t->scene;
    size_t live = 0;
    struct default_connection *found = NULL;
    for (size_t i = 0; i < c->count; i++) {
        struct connection *mine = NULL;
        if (store_connection_find(sc->s, sc->workspace->workspace, c->items[i]->name,
                                  t->event.user_id, &mine, e) != 0) {
            return -1;
        }
        live += connection_acts(mine) ? 1 : 0;
        found = connection_acts(mine) ? c->items[i] : found;
    }
    if (live == 1) {
        c->items[0] = found;
        c->count = 1;
    }
    return 0;
}

/* A connection, and the logins under way that would make it anew: one that waits for its code holds
 * a grant of its own. */
struct ending {
    const struct connection *connection;
    struct login *logins;
    size_t logins_count;
    bool forget;
    bool granted; /* there is something for the app to forget */
};

static int find_ending(struct scene *sc, struct ending *x, struct err *e)
{
    const struct connection *c = x->connection;
    bool unused = false;
    size_t count = 0;
    /* before its logins, as a browser that comes back locks them */
    if (store_user_may_use(sc->s, c->workspace, c->user_id, &unused, e) != 0 ||
        store_login_list_open(sc->s, c->workspace, c->user_id, &x->logins, &count, e) != 0) {
        return -1;
    }
    x->granted = !secret_empty(c->tokens.access) || !secret_empty(c->tokens.refresh);
    for (size_t i = 0; i < count && !c->resting; i++) {
        if (str_equal(x->logins[i].default_name, c->default_name)) {
            x->granted = x->granted || x->logins[i].provisional != NULL;
            x->logins[x->logins_count++] = x->logins[i];
        }
    }
    return 0;
}

/* Its prompt says so, and asks anew for whatever waits behind it. */
static int end_login(struct turn *t, const struct login *l, const char *title, const char *notice,
                     struct err *e)
{
    struct scene *sc = &t->scene;
    struct run *waiting = NULL;
    size_t count = 0;
    bool stands = l->message_id != NULL && prompt_stands(sc, l);
    if (oauth_login_disconnect(sc->bot->options.oauth, sc->s, l, notice, e) != 0 ||
        site_over(sc, l, e) != 0 || other_person_over(sc, l, e) != 0 ||
        store_run_parked_for(sc->s, l->workspace, l->user_id, l->default_name, &waiting, &count,
                             e) != 0) {
        return -1;
    }
    metric_add(METRIC_LOGINS, "result=\"cancelled\"", 1);
    json_t *view = view_new(sc->mem);
    view_text(view, "This login to %s has ended: you disconnected it.", title);
    if (count > 0) {
        view_note(view, "What you typed still waits. Log in again, or Back to cancel it.");
    }
    view_button(view, &(struct button){.title = "New login", .action = "renew", .value = l->id});
    if (count > 0) {
        prompt_add_back(sc, view, l);
    }
    return stands ? say_update(sc, l->message_id, view, e) : 0;
}

/* One that was never used goes with its login. */
static int end_row(struct turn *t, const struct ending *x, const char *notice, struct err *e)
{
    struct scene *sc = &t->scene;
    struct connection *left = NULL;
    struct err missing = {0};
    const struct connection *c = x->connection;
    const char *actor = arena_printf(sc->mem, "user:%s", c->user_id);
    if (store_connection_load(sc->s, c->workspace, c->id, &left, &missing) != 0) {
        if (missing.kind != ERR_NOT_FOUND) {
            *e = missing;
            return -1;
        }
        json_t *detail = arena_json(
            sc->mem, json_pack("{s:s, s:s}", "connection", c->default_name, "user", c->user_id));
        return store_audit_add(sc->s, c->workspace, actor, "connection.disconnected", c->id, detail,
                               e);
    }
    const struct oauth_disconnect q = {
        .connection = left, .actor = actor, .forget = x->forget, .message_id = notice};
    return oauth_disconnect(sc->bot->options.oauth, sc->s, &q, e);
}

/* What its receipt says until the app has answered (receipt.c). */
static int add_telling(struct scene *sc, json_t *view, const struct connection *c, struct err *e)
{
    const char *title = words_app(sc, c->app);
    struct ended x;
    if (ended_of(sc, c, &x, e) != 0) {
        return -1;
    }
    if (x.account == NULL) {
        view_text(view, "%s is disconnected here. I am telling %s to forget the login too.", title,
                  title);
        return 0;
    }
    view_text(view,
              "**%s** is disconnected here. I am telling %s to forget the login of that account "
              "too.",
              x.account, title);
    ended_keep(view, &x);
    return ended_add_rest(sc, view, &x, e);
}

int disconnect_one(struct turn *t, const struct connection *c, bool forget, struct err *e)
{
    struct scene *sc = &t->scene;
    struct ending x = {.connection = c, .forget = forget};
    const char *title = words_app(sc, c->app);
    const char *notice = NULL;
    sc->changed = true;
    json_t *view = view_new(sc->mem);
    if (find_ending(sc, &x, e) != 0 || add_telling(sc, view, c, e) != 0 ||
        (x.granted && say_dm(sc, view, &notice, e) != 0)) {
        return -1;
    }
    for (size_t i = 0; i < x.logins_count; i++) {
        if (end_login(t, &x.logins[i], title, notice, e) != 0) {
            return -1;
        }
    }
    return end_row(t, &x, notice, e);
}

int disconnect_find(struct turn *t, const char *id, struct connection **ret, bool *ret_gone,
                    struct err *e)
{
    struct scene *sc = &t->scene;
    struct err missing = {0};
    *ret = NULL;
    *ret_gone = false;
    if (!id_valid(id)) {
        return 0;
    }
    if (store_connection_load(sc->s, sc->workspace->workspace, id, ret, &missing) != 0) {
        *ret = NULL;
        *ret_gone = missing.kind == ERR_NOT_FOUND;
        *e = *ret_gone ? *e : missing;
        return *ret_gone ? 0 : -1;
    }
    if (!str_equal((*ret)->user_id, t->event.user_id)) {
        *ret = NULL; /* the id in a button selects nobody else's connection */
    }
    return 0;
}

static int disconnect_by_id(struct turn *t, const char *id, bool forget, struct err *e)
{
    struct scene *sc = &t->scene;
    struct connection *c = NULL;
    bool gone = false;
    if (disconnect_find(t, id, &c, &gone, e) != 0) {
        return -1;
    }
    if (c == NULL) {
        return gone ? list_say_deleted(t, e) : 0;
    }
    bool again = !forget && c->state == CONNECTION_DISCONNECTED; /* a second press */
    return !again && disconnect_one(t, c, forget, e) != 0
               ? -1
               : list_say_behind(t, view_new(sc->mem), e);
}

int action_disconnect(struct turn *t, const char *value, struct err *e)
{
    return disconnect_by_id(t, value, false, e);
}

int action_forget(struct turn *t, const char *value, struct err *e)
{
    return disconnect_by_id(t, value, true, e);
}

static int say_nothing_to_end(struct turn *t, const struct default_connection *d, struct err *e)
{
    struct scene *sc = &t->scene;
    const char *title = words_app(sc, d->app);
    json_t *view = view_new(sc->mem);
    if (!uses_default(sc)) {
        view_text(view, "You are not connected to %s.", title);
        return say_private(t, view, NULL, e);
    }
    view_text(view,
              "You have no %s connection of your own. You installed Workbot, so your commands run "
              "on the default connection `%s`, which others may use too.",
              title, d->name);
    view_note(view,
              "It is not ended in the chat: whoever operates Workbot for %s does that with "
              "Workbot's API.",
              str_empty(sc->workspace->name) ? "this workspace" : sc->workspace->name);
    return say_private(t, view, NULL, e);
}

/* Which of the accounts is for its user to say; what was in use may have ended before. */
static int ask_which(struct turn *t, const struct default_connection *d, const struct accounts *all,
                     struct err *e)
{
    struct scene *sc = &t->scene;
    const char *title = words_app(sc, d->app);
    json_t *view = view_new(sc->mem);
    if (all->used) {
        view_text(view,
                  "**Nothing has ended yet**: you are connected with %lld accounts of %s. "
                  "Disconnect the one that you mean below.",
                  (long long)all->acting, title);
    } else if (all->chosen != NULL && all->chosen->connected_at > 0) {
        view_text(view, "**Nothing has ended now**: your login to %s as **%s** was over before.",
                  title, words_account(sc->mem, &all->chosen->account));
    } else {
        view_text(view, "**Nothing has ended now**: your commands use no account of %s.", title);
    }
    if (!all->used) {
        const struct ended over = {.account = "", .default_name = d->name};
        if (ended_add_rest(sc, view, &over, e) != 0) {
            return -1;
        }
        view_text(view, "Disconnect it below if you mean that one.");
    }
    return list_add(sc, view, e) != 0 ? -1 : say_private(t, view, NULL, e);
}

/* Typed: asks first when commands under way need it (a button asks by itself). */
static int disconnect_asked(struct turn *t, const struct default_connection *d,
                            const struct connection *mine, struct err *e)
{
    struct scene *sc = &t->scene;
    struct needs needs;
    if (needs_load(sc, &needs, e) != 0) {
        return -1;
    }
    size_t waiting = needs_count(&needs, d->name);
    if (waiting == 0) {
        return disconnect_by_id(t, mine->id, false, e);
    }
    json_t *view = view_new(sc->mem);
    view_text(view, "Shall I disconnect **%s**? %s", words_app(sc, d->app),
              needs_words(sc->mem, waiting));
    view_button(view, &(struct button){.title = "Disconnect",
                                       .action = "disconnect",
                                       .value = mine->id,
                                       .style = BUTTON_DANGER});
    view_button(view,
                &(struct button){.title = "Keep it", .action = "words", .value = "connections"});
    return say_private(t, view, NULL, e);
}

int command_disconnect(struct turn *t, const char *rest, struct err *e)
{
    struct scene *sc = &t->scene;
    struct choices c;
    struct connection *mine = NULL;
    struct accounts all;
    if (choices_find(t, rest, &c, e) != 0) {
        return -1;
    }
    if (c.count == 0) {
        return choices_unknown(t, rest, e);
    }
    if (c.count > 1 && keep_live(t, &c, e) != 0) {
        return -1;
    }
    if (c.count > 1) {
        return command_connections(t, "", e); /* each row there has its button */
    }
    if (store_connection_find(sc->s, sc->workspace->workspace, c.items[0]->name, t->event.user_id,
                              &mine, e) != 0) {
        return -1;
    }
    if (accounts_load(sc, c.items[0]->name, &all, e) != 0) {
        return -1;
    }
    if (all.acting > (all.used ? 1 : 0)) {
        return ask_which(t, c.items[0], &all, e);
    }
    if (mine == NULL || mine->state == CONNECTION_DISCONNECTED) {
        return say_nothing_to_end(t, c.items[0], e);
    }
    return disconnect_asked(t, c.items[0], mine, e);
}
