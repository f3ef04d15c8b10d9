#include "lists_int.h"
#include "login_int.h"
#include "run_int.h"

#include "base/metrics.h"
#include "base/str.h"

/*
 * Several accounts of one person at one app. Commands act by the chosen one alone: when that ends,
 * no other takes its place before its person has said so.
 */

void accounts_of(const struct connection *list, size_t count, const char *default_name,
                 struct accounts *ret)
{
    *ret = (struct accounts){.count = 0};
    for (size_t i = 0; i < count; i++) {
        const struct connection *c = &list[i];
        if (!str_equal(c->default_name, default_name)) {
            continue;
        }
        ret->acting += connection_acts(c) ? 1 : 0;
        ret->count += c->connected_at > 0 ? 1 : 0;
        if (!c->resting) {
            ret->chosen = c;
        } else if (ret->resting_count < ACCOUNTS_SHOWN) {
            ret->resting[ret->resting_count++] = c;
        }
    }
    ret->used = connection_acts(ret->chosen);
}

int accounts_load(struct scene *sc, const char *default_name, struct accounts *ret, struct err *e)
{
    struct connection *list = NULL;
    size_t count = 0;
    if (store_connection_list(sc->s, sc->workspace->workspace, sc->user->user_id, &list, &count,
                              e) != 0) {
        return -1;
    }
    accounts_of(list, count, default_name, ret);
    return 0;
}

bool accounts_to_choose(const struct accounts *a)
{
    return !a->used && a->acting > 0;
}

static void add_choose(struct scene *sc, json_t *view, const struct connection *c,
                       const char *title)
{
    view_button(view, &(struct button){.title = str_cut(sc->mem, title, ACCOUNT_TITLE_MAX),
                                       .action = "choose",
                                       .value = c->id});
}

void accounts_add_use(struct scene *sc, json_t *view, const struct connection *c)
{
    add_choose(sc, view, c, arena_printf(sc->mem, "Use %s", words_account(sc->mem, &c->account)));
}

void accounts_add_choices(struct scene *sc, json_t *view, const struct accounts *a)
{
    if (!accounts_to_choose(a)) {
        return;
    }
    view_note(view, "None of your accounts there is used now. Log in, or choose one of those that "
                    "you are connected with.");
    for (size_t i = 0; i < a->resting_count; i++) {
        if (connection_acts(a->resting[i])) {
            accounts_add_use(sc, view, a->resting[i]);
        }
    }
}

void accounts_add_full(struct scene *sc, json_t *view, const char *title)
{
    (void)sc;
    view_text(view,
              "You have connected %lld accounts of %s, and there is room for no more. Nothing was "
              "changed.",
              (long long)CONNECTION_ACCOUNTS_MAX, title);
    view_note(view, "Type `connections`, disconnect and delete one there, then add the other one.");
}

void accounts_add_another(json_t *view, const struct default_connection *d)
{
    view_button(view, &(struct button){.title = "Add another account",
                                       .action = "add_account",
                                       .value = d->name});
}

/* --- in the list --- */

static void add_rest_buttons(struct scene *sc, json_t *view, const struct connection *c)
{
    if (!connection_acts(c)) {
        view_button(view, &(struct button){
                              .title = "Log in again", .action = "add_account", .value = c->id});
        list_add_delete(sc, view, c);
        return;
    }
    add_choose(sc, view, c, "Use this one");
    ending_add_button(view, c);
    list_add_disconnect(sc, view, c);
}

void accounts_add_resting(struct scene *sc, json_t *view, const struct accounts *a,
                          const char *name)
{
    for (size_t i = 0; i < a->resting_count; i++) {
        const struct connection *c = a->resting[i];
        const char *until = ending_words(sc->mem, c);
        view_text(view, "**%s**, as %s · %s, not used%s%s", name,
                  words_account(sc->mem, &c->account), words_state(sc->mem, c),
                  until == NULL ? "" : ", ", until == NULL ? "" : until);
        add_rest_buttons(sc, view, c);
    }
}

/* --- choosing --- */

/* The login that would have brought another account is not needed any more. */
static int end_open(struct scene *sc, const struct connection *c, struct login **ret, struct err *e)
{
    struct login *l = NULL;
    if (store_login_find_open(sc->s, c->workspace, c->user_id, c->default_name, &l, e) != 0) {
        return -1;
    }
    *ret = l != NULL && !l->adds ? l : NULL;
    if (*ret == NULL) {
        return 0;
    }
    metric_add(METRIC_LOGINS, "result=\"cancelled\"", 1);
    return login_end(sc, l, LOGIN_CANCELLED, "chosen", e);
}

static bool is_of_run(const struct connected *x, const char *message_id)
{
    for (size_t i = 0; i < x->runs_count; i++) {
        if (message_id != NULL && str_equal(x->runs[i].message_id, message_id)) {
            return true;
        }
    }
    return false;
}

/* What waited goes on with it. *ret_answered: the pressed message says so itself. */
static int go_on(struct turn *t, const struct connection *c, bool *ret_answered, struct err *e)
{
    struct scene *sc = &t->scene;
    struct login *open = NULL;
    if (end_open(sc, c, &open, e) != 0) {
        return -1;
    }
    const struct login none = {
        .workspace = c->workspace, .user_id = c->user_id, .default_name = c->default_name};
    struct connected x = {.login = open == NULL ? &none : open,
                          .connection_id = c->id,
                          .app = c->app,
                          .account = &c->account,
                          .chosen = true};
    if (run_release(sc, &x, e) != 0) {
        return -1;
    }
    *ret_answered = t->acted != NULL && is_of_run(&x, t->acted->id);
    const char *prompt = open == NULL ? NULL : open->message_id;
    bool pressed = t->acted != NULL && str_equal(t->acted->id, prompt);
    if (prompt == NULL || pressed || is_of_run(&x, prompt)) {
        return 0;
    }
    json_t *view = view_new(sc->mem);
    view_text(view, "You have chosen %s for %s instead of this login.",
              words_account(sc->mem, &c->account), words_app(sc, c->app));
    return say_update(sc, prompt, view, e);
}

static int choose(struct turn *t, const struct connection *c, bool *ret_answered, struct err *e)
{
    struct scene *sc = &t->scene;
    bool chosen = false;
    json_t *detail = arena_json(sc->mem, json_pack("{s:s, s:s?}", "connection", c->default_name,
                                                   "account", c->account.name));
    if (store_account_choose(sc->s, c, &chosen, e) != 0) {
        return -1;
    }
    sc->changed = true;
    if (store_audit_add(sc->s, c->workspace, arena_printf(sc->mem, "user:%s", c->user_id),
                        "connection.chosen", c->id, detail, e) != 0 ||
        go_on(t, c, ret_answered, e) != 0) {
        return -1;
    }
    return pending_changed(sc, e);
}

/* As disconnect_find(), with the person locked; of somebody who may not use Workbot it is none. */
static int own_of(struct turn *t, const char *id, struct connection **ret, bool *ret_gone,
                  struct err *e)
{
    struct scene *sc = &t->scene;
    bool may = false;
    *ret = NULL;
    *ret_gone = false;
    if (store_user_may_use(sc->s, sc->workspace->workspace, t->event.user_id, &may, e) != 0) {
        return -1;
    }
    return may ? disconnect_find(t, id, ret, ret_gone, e) : 0;
}

int action_choose(struct turn *t, const char *value, struct err *e)
{
    struct connection *c = NULL;
    json_t *view = NULL;
    bool answered = false, gone = false;
    if (!id_valid(value)) {
        return 0;
    }
    if (own_of(t, value, &c, &gone, e) != 0) {
        return -1;
    }
    if (gone) {
        return list_say_deleted(t, e);
    }
    if (c != NULL && c->resting && connection_acts(c) && choose(t, c, &answered, e) != 0) {
        return -1;
    }
    if (answered) {
        return 0;
    }
    return list_view(&t->scene, &view, e) != 0 ? -1 : say_private(t, view, NULL, e);
}

/* --- one more --- */

static int say_full(struct turn *t, const struct default_connection *d, struct err *e)
{
    json_t *view = view_new(t->scene.mem);
    accounts_add_full(&t->scene, view, words_app(&t->scene, d->app));
    view_button(view, &(struct button){
                          .title = "Your connections", .action = "words", .value = "connections"});
    return say_private(t, view, NULL, e);
}

/* value: the default connection, or one of the presser's accounts that is to be renewed. */
int action_add_account(struct turn *t, const char *value, struct err *e)
{
    struct scene *sc = &t->scene;
    struct default_connection *d = NULL;
    struct connection *c = NULL;
    struct accounts mine;
    const char *name = value;
    bool gone = false;
    if (id_valid(value)) {
        if (own_of(t, value, &c, &gone, e) != 0) {
            return -1;
        }
        if (gone) {
            return list_say_deleted(t, e);
        }
        name = c == NULL ? "" : c->default_name;
    }
    if (store_default_find(sc->s, sc->workspace->workspace, name, &d, e) != 0) {
        return -1;
    }
    if (d == NULL) {
        return id_valid(value) ? command_connections(t, "", e) : choices_unknown(t, value, e);
    }
    if (accounts_load(sc, d->name, &mine, e) != 0) {
        return -1;
    }
    bool full = c == NULL && mine.count >= CONNECTION_ACCOUNTS_MAX;
    return full ? say_full(t, d, e) : connect_anew(t, d, true, e);
}
