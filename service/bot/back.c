#include "lists_int.h"
#include "login_int.h"
#include "run_int.h"

#include "base/metrics.h"
#include "base/str.h"

/* Back in a login prompt: ends the login and what waits for it. */

/* All that waits for this login. *ret_shown: the pressed message is one of theirs and says so. */
static int end_runs_behind(struct turn *t, const struct login *l, json_t **ret_last,
                           bool *ret_shown, struct err *e)
{
    struct run *list = NULL;
    size_t count = 0;
    if (store_run_parked_for(t->scene.s, l->workspace, l->user_id, l->default_name, &list, &count,
                             e) != 0) {
        return -1;
    }
    for (size_t i = 0; i < count; i++) {
        if (cancelled_view(&t->scene, &list[i], false, ret_last, e) != 0 ||
            run_cancel(&t->scene, &list[i], *ret_last, e) != 0) {
            return -1;
        }
        *ret_shown =
            *ret_shown || (t->acted != NULL && str_equal(t->acted->id, list[i].message_id));
    }
    return 0;
}

/* One that is over already - said not to be yours, say - may still be waited for, unless another
 * has taken its place. */
static int is_waited_for(struct scene *sc, const struct login *l, bool *ret, struct err *e)
{
    struct login *other = NULL;
    if (!login_is_open(l) &&
        store_login_find_open(sc->s, l->workspace, l->user_id, l->default_name, &other, e) != 0) {
        return -1;
    }
    *ret = login_is_open(l) || (other == NULL && l->state == LOGIN_REFUSED);
    return 0;
}

/* The login and what waits for it. */
static int end_behind(struct turn *t, const struct login *l, json_t **ret_last, bool *ret_shown,
                      struct err *e)
{
    struct scene *sc = &t->scene;
    if (login_is_open(l)) {
        metric_add(METRIC_LOGINS, "result=\"cancelled\"", 1);
        if (login_end(sc, l, LOGIN_CANCELLED, "back", e) != 0) {
            return -1;
        }
    }
    return end_runs_behind(t, l, ret_last, ret_shown, e);
}

/* Where Back was pressed elsewhere, the prompt must not look as if it led on. */
static int end_prompt(struct turn *t, const struct login *l, struct err *e)
{
    const char *title = NULL;
    bool pressed = t->acted != NULL && str_equal(t->acted->id, l->message_id);
    if (pressed || !prompt_stands(&t->scene, l)) {
        return 0;
    }
    if (login_title(&t->scene, l, &title, e) != 0) {
        return -1;
    }
    json_t *view = view_new(t->scene.mem);
    view_text(view, "Cancelled: **the login to %s**. Nothing was changed.", title);
    return say_update(&t->scene, l->message_id, view, e);
}

/* Names all that was cancelled; nothing waited: what there is to connect. */
static int answer_back(struct turn *t, const struct awaiting *w, bool shown, struct err *e)
{
    json_t *view = NULL;
    if (w->count == 0) {
        return list_view(&t->scene, &view, e) != 0 ? -1 : say_private(t, view, NULL, e);
    }
    view = view_new(t->scene.mem);
    view_text(view, "Cancelled: **%s**.", w->names);
    view_note(view, "`history` shows them, `connect` begins a new login.");
    return shown ? say_beside(t, view, NULL, e) : say_private(t, view, NULL, e);
}

static int back(struct turn *t, const struct login *l, const struct awaiting *w, bool waited_for,
                struct err *e)
{
    json_t *view = NULL;
    bool shown = false;
    if ((waited_for && end_behind(t, l, &view, &shown, e) != 0) || end_prompt(t, l, e) != 0) {
        return -1;
    }
    if (l->run_id == NULL || w->count > 1) {
        return answer_back(t, w, shown, e);
    }
    return shown || view == NULL ? 0 : say_private(t, view, NULL, e);
}

int action_back(struct turn *t, const char *value, struct err *e)
{
    struct login *l = NULL;
    struct awaiting w = {.names = ""};
    bool waited_for = false;
    if (login_of_user(t, value, &l, e) != 0) {
        return -1;
    }
    if (l == NULL) {
        return 0;
    }
    if (store_login_takes_over(l)) {
        return login_is_open(l) ? takeover_back(t, l, e) : 0;
    }
    if (is_waited_for(&t->scene, l, &waited_for, e) != 0 ||
        (waited_for && awaiting_load(&t->scene, l, NULL, &w, e) != 0)) {
        return -1;
    }
    return awaiting_told(&t->scene, t->acted, &w) ? back(t, l, &w, waited_for, e)
                                                  : awaiting_ask(t, l, &w, e);
}
