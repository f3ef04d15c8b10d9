#include "form_int.h"
#include "lists_int.h"
#include "login_int.h"
#include "run_int.h"

#include "base/metrics.h"
#include "base/str.h"

/* A default connection works again: the other admins hear who logged it in, and people whose
 * commands stopped meanwhile are offered to run them. Nothing runs by itself: it is some time ago,
 * and they may have done it in another way. */

enum { TOLD_MAX = 500, NAMED_MAX = 5, TITLE_BYTES = 60 };

struct takeover {
    const struct default_connection *def;
    const struct account *account;
    const struct connection *before; /* as it was; NULL: it was never logged in */
};

static int tell_admins(struct scene *sc, const struct takeover *x, struct err *e)
{
    const struct workspace *w = sc->workspace;
    json_t *view = view_new(sc->mem);
    bool listed = false;
    view_text(view, "**%s** has taken over the %s connection `%s`, as %s. It works again.",
              words_person(sc->user), words_app(sc, x->def->app), x->def->name,
              words_account(sc->mem, x->account));
    for (size_t i = 0; i < w->admins_count; i++) {
        listed = listed || str_equal(w->admins[i], w->installer);
        if (!str_equal(w->admins[i], sc->user->user_id) &&
            notice_one(sc, w->admins[i], view, e) != 0) {
            return -1;
        }
    }
    bool installer = w->installer != NULL && !listed && !str_equal(w->installer, sc->user->user_id);
    return installer ? notice_one(sc, w->installer, view, e) : 0;
}

/* What a run has done already would be done twice. */
static int has_done(struct scene *sc, const struct run *r, bool *ret, struct err *e)
{
    struct run_step *steps = NULL;
    size_t count = 0;
    *ret = false;
    if (store_steps(sc->s, r->workspace, r->id, &steps, &count, e) != 0) {
        return -1;
    }
    for (size_t i = 0; i < count; i++) {
        *ret = *ret || !str_equal(steps[i].state, "failed");
    }
    return 0;
}

/* Its inputs stay with us. */
static void add_again(struct scene *sc, json_t *view, const struct run *r, const struct recipe *now)
{
    json_t *call = arena_json(sc->mem, json_pack("{s:s, s:O, s:[], s:s}", "command", now->command,
                                                 "inputs", r->inputs, "ask", "title", now->title));
    view_button(view,
                &(struct button){.title = arena_printf(sc->mem, "Run %s again",
                                                       str_cut(sc->mem, now->title, TITLE_BYTES)),
                                 .action = "press",
                                 .value = arena_printf(sc->mem, "%s:again", r->id),
                                 .call = call});
}

/* "Find shared (stage: Prospecting)" */
static const char *name_of(struct scene *sc, const struct run *r, const struct recipe *recipe)
{
    if (recipe == NULL) {
        return r->recipe;
    }
    const char *input = r->inputs == NULL ? NULL : words_input(sc->s, recipe, r);
    return input == NULL ? recipe->title : arena_printf(sc->mem, "%s (%s)", recipe->title, input);
}

static int add_run(struct scene *sc, json_t *view, const struct run *r, struct err *e)
{
    struct recipe *recipe = NULL;
    bool begun = false;
    if (result_recipe(sc, r, &recipe, e) != 0 || has_done(sc, r, &begun, e) != 0) {
        return -1;
    }
    view_text(view, "**%s** stopped%s.", name_of(sc, r, recipe),
              begun ? " halfway: look first what it had done" : ", and did nothing");
    view_note(view, "Typed %s \xC2\xB7 reference %s", words_ago(sc->mem, r->created_at),
              r->reference);
    bool again = !begun && recipe != NULL && r->inputs != NULL;
    if (again && !str_empty(recipe->command)) {
        add_again(sc, view, r, recipe);
    }
    return 0;
}

/* list: of one user. */
static int tell_user(struct scene *sc, const struct takeover *x, const struct run *list,
                     size_t count, struct err *e)
{
    struct user *u = NULL;
    json_t *view = view_new(sc->mem);
    if (store_user_find(sc->s, list->workspace, list->user_id, &u, e) != 0) {
        return -1;
    }
    if (!store_person_allowed(u, sc->workspace)) {
        return 0;
    }
    view_text(view, "**%s works again** for commands that stopped because somebody had left.",
              words_app(sc, x->def->app));
    for (size_t i = 0; i < count && i < NAMED_MAX; i++) {
        if (add_run(sc, view, &list[i], e) != 0) {
            return -1;
        }
    }
    if (count > NAMED_MAX) {
        view_note(view, "And %lld more: `history` shows them.", (long long)(count - NAMED_MAX));
    }
    return notice_one(sc, list->user_id, view, e);
}

static struct run_stopped stopped(const struct takeover *x, bool of_hooks)
{
    return (struct run_stopped){.default_name = x->def->name,
                                .error_code = OAUTH_OWNER_LEFT,
                                .since = x->before == NULL ? 0 : x->before->connected_at,
                                .limit = TOLD_MAX,
                                .of_hooks = of_hooks};
}

/* What apps told meanwhile came to nothing: all admins may run it again. Each recipe once, by the
 * newest of its runs. */
static int tell_of_hooks(struct scene *sc, const struct takeover *x, struct err *e)
{
    struct run *list = NULL;
    size_t count = 0;
    const struct run_stopped q = stopped(x, true);
    if (store_run_stopped(sc->s, sc->workspace->workspace, &q, &list, &count, e) != 0) {
        return -1;
    }
    for (size_t i = 0; i < count; i++) {
        bool before = false;
        for (size_t k = 0; k < i; k++) {
            before = before || str_equal(list[k].recipe, list[i].recipe);
        }
        if (!before && post_tell_works(sc, &list[i], e) != 0) {
            return -1;
        }
    }
    return 0;
}

static int tell(struct scene *sc, const struct takeover *x, struct err *e)
{
    struct run *list = NULL;
    size_t count = 0;
    const struct run_stopped q = stopped(x, false);
    if (tell_admins(sc, x, e) != 0 ||
        store_run_stopped(sc->s, sc->workspace->workspace, &q, &list, &count, e) != 0) {
        return -1;
    }
    for (size_t i = 0, n = 0; i < count; i += n) {
        for (n = 1; i + n < count && str_equal(list[i].user_id, list[i + n].user_id);) {
            n++;
        }
        if (tell_user(sc, x, &list[i], n, e) != 0) {
            return -1;
        }
    }
    return tell_of_hooks(sc, x, e);
}

/* --- how it ends --- */

int takeover_back(struct turn *t, const struct login *l, struct err *e)
{
    struct scene *sc = &t->scene;
    json_t *view = view_new(sc->mem);
    bool pressed = t->acted != NULL && str_equal(t->acted->id, l->message_id);
    metric_add(METRIC_LOGINS, "result=\"cancelled\"", 1);
    sc->changed = true;
    if (login_end(sc, l, LOGIN_CANCELLED, "back", e) != 0) {
        return -1;
    }
    view_text(view, "Cancelled: the connection `%s` was not taken over.", l->default_name);
    prompt_add_renew(view, l);
    if (!pressed && say_update(sc, l->message_id, view, e) != 0) {
        return -1;
    }
    return say_private(t, view, NULL, e) != 0 ? -1 : pending_refresh(t, e);
}

static int audit(struct scene *sc, const struct login_done *done, const char *before, struct err *e)
{
    const struct login *l = done->login;
    json_t *detail =
        arena_json(sc->mem, json_pack("{s:s, s:s?, s:s?}", "connection_id", done->connection_id,
                                      "account", done->account->name, "owner_before", before));
    return store_audit_add(sc->s, l->workspace, l->requested_by, "default_connection.taken_over",
                           l->default_name, detail, e);
}

int takeover_settle(struct scene *sc, const struct login_done *done, struct err *e)
{
    const struct login *l = done->login;
    const struct connection *before = done->place.old;
    struct default_connection *d = NULL;
    json_t *view = view_new(sc->mem);
    sc->changed = true;
    metric_add(METRIC_LOGINS, "result=\"connected\"", 1);
    if (store_default_find(sc->s, l->workspace, l->default_name, &d, e) != 0) {
        return -1;
    }
    if (d == NULL) {
        return err_set(e, ERR_NOT_FOUND, "connection", "connection %s is gone", l->default_name);
    }
    const struct takeover x = {.def = d, .account = done->account, .before = before};
    view_text(view, "**You have taken over** the %s connection `%s`, as %s.", words_app(sc, d->app),
              d->name, words_account(sc->mem, done->account));
    view_text(view, "Commands that run on it act as that account from now on.");
    view_note(view, "If you leave, the other admins are asked to take it over.");
    return say_update(sc, l->message_id, view, e) != 0 ||
                   audit(sc, done, before == NULL ? NULL : before->owner, e) != 0 ||
                   tell(sc, &x, e) != 0
               ? -1
               : pending_changed(sc, e);
}

/* Its prompt leads nowhere any more. */
int bot_takeover_replaced(bot *b, store *s, const struct workspace *w, const struct login *l,
                          struct err *e)
{
    struct scene sc = {.bot = b, .mem = store_arena(s), .s = s, .workspace = w};
    json_t *view = view_new(sc.mem);
    view_text(view,
              "Your login to take over the connection `%s` has ended: somebody logs it in by the "
              "console or the API.",
              l->default_name);
    prompt_add_renew(view, l);
    return say_update(&sc, l->message_id, view, e);
}
