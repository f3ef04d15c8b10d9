#include "lists_int.h"
#include "login_int.h"
#include "people_int.h"
#include "run_int.h"

#include "base/json.h"
#include "base/metrics.h"
#include "base/str.h"

/* Ending what waits for the user: the word `cancel`, "Cancel it" in a list; Back: back.c. */

enum { NAMED_MAX = 3 };

/* Somebody may work on a running one; whoever begins a queued one finds it cancelled. */
bool run_may_cancel(const struct run *r)
{
    return r->state == RUN_ASKING || r->state == RUN_PARKED || r->state == RUN_QUEUED;
}

/* --- ending one --- */

int run_cancel(struct scene *sc, struct run *r, json_t *view, struct err *e)
{
    bool changed = false;
    struct run next = *r;
    next.state = RUN_CANCELLED;
    if (wait_over(sc, r, e) != 0 || decided_end(sc, r, RUN_CANCELLED, &view, e) != 0) {
        return -1;
    }
    if (view != NULL && r->message_id != NULL &&
        run_show(sc, r, cancelled_for_all(sc, r, view), e) != 0) {
        return -1;
    }
    if (store_run_update(sc->s, &next, r->state, &changed, e) != 0) {
        return -1;
    }
    if (!changed) {
        return err_set(e, ERR_LEASE_LOST, "run_moved", "run %s moved on", r->reference);
    }
    *r = next;
    sc->changed = true;
    return connected_tell(sc, r, e);
}

bool login_is_open(const struct login *l)
{
    return l != NULL && (l->state == LOGIN_OPEN || l->state == LOGIN_CODE);
}

/* A login that was begun for runs need not be asked for when none waits any more. One that was
 * begun with `connect` was wanted for itself. */
static int end_idle_login(struct scene *sc, const struct run *r, struct err *e)
{
    struct login *l = NULL;
    struct run *waiting = NULL;
    size_t count = 0;
    if (r->login_id == NULL) {
        return 0;
    }
    if (store_login_find(sc->s, r->workspace, r->login_id, &l, e) != 0) {
        return -1;
    }
    if (!login_is_open(l) || l->run_id == NULL) {
        return 0;
    }
    if (store_run_parked_for(sc->s, l->workspace, l->user_id, l->default_name, &waiting, &count,
                             e) != 0) {
        return -1;
    }
    if (count > 0) {
        return 0;
    }
    return login_end(sc, l, LOGIN_CANCELLED, "dropped", e) != 0 ? -1
                                                                : cancelled_prompt(sc, r, l, e);
}

int login_title(struct scene *sc, const struct login *l, const char **ret, struct err *e)
{
    struct default_connection *d = NULL;
    if (store_default_find(sc->s, l->workspace, l->default_name, &d, e) != 0) {
        return -1;
    }
    *ret = d == NULL ? l->default_name : words_app(sc, d->app);
    return 0;
}

/* The login alone; its prompt says so. */
static int end_login(struct scene *sc, const struct login *l, json_t **ret_view, struct err *e)
{
    const char *title = NULL;
    if (login_title(sc, l, &title, e) != 0 || login_end(sc, l, LOGIN_CANCELLED, "cancel", e) != 0) {
        return -1;
    }
    metric_add(METRIC_LOGINS, "result=\"cancelled\"", 1);
    sc->changed = true;
    json_t *view = view_new(sc->mem), *prompt = view_new(sc->mem);
    view_text(view, "Cancelled: **the login to %s**. Its link does nothing any more.", title);
    view_text(prompt, "Cancelled: **the login to %s**. Nothing was changed.", title);
    prompt_add_renew(prompt, l);
    *ret_view = view;
    return l->message_id == NULL ? 0 : say_update(sc, l->message_id, prompt, e);
}

/* --- what waits --- */

struct waiting {
    struct run *runs; /* newest first; asking and parked ones */
    size_t runs_count;
    struct login *logins; /* newest first; those for which no run is parked */
    size_t logins_count;
};

static bool is_awaited(const struct waiting *w, const struct login *l)
{
    for (size_t i = 0; i < w->runs_count; i++) {
        if (w->runs[i].state == RUN_PARKED && str_equal(w->runs[i].login_id, l->id)) {
            return l->run_id != NULL;
        }
    }
    return false;
}

static int find_waiting(struct turn *t, struct waiting *ret, struct err *e)
{
    const char *workspace = t->scene.workspace->workspace;
    size_t runs = 0, logins = 0;
    *ret = (struct waiting){.runs = NULL};
    if (store_run_open(t->scene.s, workspace, t->event.user_id, &ret->runs, &runs, e) != 0 ||
        store_login_list_all_open(t->scene.s, workspace, t->event.user_id, &ret->logins, &logins,
                                  e) != 0) {
        return -1;
    }
    for (size_t i = 0; i < runs; i++) {
        if (run_may_cancel(&ret->runs[i])) {
            ret->runs[ret->runs_count++] = ret->runs[i];
        }
    }
    for (size_t i = 0; i < logins; i++) {
        if (!is_awaited(ret, &ret->logins[i])) {
            ret->logins[ret->logins_count++] = ret->logins[i];
        }
    }
    return 0;
}

/* What still waits, by name, so that nobody thinks that all of it was cancelled. */
static int add_others(struct turn *t, json_t *view, struct err *e)
{
    struct waiting w;
    struct str names = str_new(t->scene.mem, 600);
    size_t n = 0;
    if (find_waiting(t, &w, e) != 0) {
        return -1;
    }
    size_t all = w.runs_count + w.logins_count;
    for (size_t i = 0; i < w.runs_count && n < NAMED_MAX; i++, n++) {
        const char *name = NULL;
        if (cancelled_name(&t->scene, &w.runs[i], &name, e) != 0) {
            return -1;
        }
        str_printf(&names, "%s%s", n == 0 ? "" : ", ", name);
    }
    for (size_t i = 0; i < w.logins_count && n < NAMED_MAX; i++, n++) {
        const char *title = NULL;
        if (login_title(&t->scene, &w.logins[i], &title, e) != 0) {
            return -1;
        }
        str_printf(&names, "%sthe login to %s", n == 0 ? "" : ", ", title);
    }
    if (all > n) {
        str_printf(&names, " and %zu more", all - n);
    }
    if (all > 0) {
        view_note(view,
                  "Still waiting: %s. Type `cancel` again for the next, `pending` to see all.",
                  names.text);
    }
    return 0;
}

static int answer(struct turn *t, json_t *view, struct err *e)
{
    bool lists = t->listed || t->event.surface == SURFACE_HOME; /* what waits is shown anyway */
    if ((!lists && add_others(t, view, e) != 0) || say_private(t, view, NULL, e) != 0) {
        return -1;
    }
    return pending_refresh(t, e);
}

/* Ends it, with what stands of it in the chat. view: what its own message says. */
static int cancel_all_of(struct turn *t, struct run *r, json_t *view, struct err *e)
{
    bool asked = r->state == RUN_ASKING && r->asking != NULL;
    if (run_cancel(&t->scene, r, view, e) != 0 || end_idle_login(&t->scene, r, e) != 0) {
        return -1;
    }
    return asked ? cancelled_question(t, r, e) : 0;
}

static int cancel_run(struct turn *t, struct run *r, struct err *e)
{
    struct scene *sc = &t->scene;
    json_t *view = NULL, *named = NULL;
    bool shown =
        r->message_id != NULL && t->acted != NULL && str_equal(t->acted->id, r->message_id);
    bool full = shown || !run_for_one(r); /* nobody else reads the answer */
    int rc = full ? cancelled_view(sc, r, false, &view, e) : cancelled_above(sc, r, &view, e);
    if (rc != 0 || cancelled_view(sc, r, true, &named, e) != 0 ||
        cancel_all_of(t, r, view, e) != 0) {
        return -1;
    }
    return shown ? 0 : answer(t, named, e);
}

static int cancel_login(struct turn *t, const struct login *l, struct err *e)
{
    json_t *view = NULL;
    return end_login(&t->scene, l, &view, e) != 0 ? -1 : answer(t, view, e);
}

/* An open question first: it is what takes the next words. Else the newest of all. */
int command_cancel(struct turn *t, const char *rest, struct err *e)
{
    struct waiting w;
    (void)rest;
    if (person_lock(&t->scene, e) != 0 || find_waiting(t, &w, e) != 0) {
        return -1;
    }
    for (size_t i = 0; i < w.runs_count; i++) {
        if (w.runs[i].state == RUN_ASKING) {
            return cancel_run(t, &w.runs[i], e);
        }
    }
    bool run =
        w.runs_count > 0 && (w.logins_count == 0 || w.runs[0].created_at >= w.logins[0].created_at);
    if (run || w.logins_count > 0) {
        return run ? cancel_run(t, &w.runs[0], e) : cancel_login(t, &w.logins[0], e);
    }
    json_t *view = view_new(t->scene.mem);
    view_text(view, "There is nothing to cancel.");
    return say_private(t, view, NULL, e);
}

/* --- buttons --- */

int action_drop(struct turn *t, const char *value, struct err *e)
{
    struct run *r = NULL;
    if (run_of_user(t, value, &r, e) != 0) {
        return -1;
    }
    if (r == NULL) {
        return 0;
    }
    return run_may_cancel(r) ? cancel_run(t, r, e) : run_say_moved_on(t, r, e);
}

int login_of_user(struct turn *t, const char *id, struct login **ret, struct err *e)
{
    *ret = NULL;
    if (!id_valid(id)) {
        return 0;
    }
    if (store_login_lock(t->scene.s, t->scene.workspace->workspace, id, ret, e) != 0) {
        return -1;
    }
    if (*ret != NULL && !str_equal(store_login_person(*ret), t->event.user_id)) {
        *ret = NULL;
    }
    return 0;
}

int action_drop_login(struct turn *t, const char *value, struct err *e)
{
    struct login *l = NULL;
    if (login_of_user(t, value, &l, e) != 0) {
        return -1;
    }
    if (login_is_open(l)) {
        return cancel_login(t, l, e);
    }
    json_t *view = view_new(t->scene.mem);
    view_text(view, "That login is over already.");
    view_note(view, "`connect` begins a new one, `pending` shows what waits.");
    return say_private(t, view, NULL, e);
}
