#include "form_int.h"
#include "lists_int.h"
#include "login_int.h"

#include <string.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/str.h"

/* `pending`: what waits for the user - questions, logins, old writes, unknown ends - and the words
 * that some of it waits for. The list is kept true: a press in it shows it anew. */

static const char PAGE[] = "pending";

static const char *type_code(const struct scene *sc)
{
    return arena_printf(sc->mem, "type the 6-digit code that your browser shows, in our %s",
                        words_dm(sc));
}

static const char *what_it_waits_for(const struct login *l)
{
    return store_login_waits_for_code(l) ? "waits for your code"
                                         : "waits for your choice of a site";
}

/* What is to be done for a login that came back from the app. */
static const char *what_to_do(const struct scene *sc, const struct login *l)
{
    return store_login_waits_for_code(l)
               ? type_code(sc)
               : arena_printf(sc->mem, "press one of those that I have asked you for in our %s",
                              words_dm(sc));
}

enum { ROWS_A_PAGE = 8, INPUTS_SHOWN = 10 };

static const char *what_for(const struct run *r, const struct login *l)
{
    switch ((int)r->state) {
    case RUN_ASKING:
        return r->asking == NULL      ? "waits for your word"
               : run_asks_question(r) ? "asks for an input"
                                      : "waits for its form";
    case RUN_PARKED:
        return run_awaits_press(r)                   ? "waits for a press of its buttons"
               : l != NULL && l->state == LOGIN_CODE ? what_it_waits_for(l)
                                                     : "waits for a login";
    case RUN_UNKNOWN:
        return "ended without a certain answer";
    case RUN_QUEUED:
        return "is about to run";
    default:
        return "is running";
    }
}

/* The value of a button of this list: pressed, it shows the list anew. */
static char *here(arena *mem, const char *id)
{
    return arena_printf(mem, "%s@%s", id, PAGE);
}

static void add_login_button(struct scene *sc, json_t *view, const struct run *r,
                             const struct login *l, bool links)
{
    bool code = l != NULL && l->state == LOGIN_CODE;
    bool linked = links && l != NULL && !code && prompt_add_button(sc, l, view, "Log in");
    if (!linked) {
        view_button(view, &(struct button){.title = code ? "New login" : "Log in",
                                           .action = "renew",
                                           .value = here(sc->mem, r->login_id),
                                           .style = code ? BUTTON_PLAIN : BUTTON_PRIMARY});
    }
}

static void add_run_buttons(struct scene *sc, json_t *view, const struct run *r,
                            const struct login *l, bool links)
{
    const char *value = here(sc->mem, r->id);
    if (r->state == RUN_PARKED && !run_awaits_press(r)) {
        add_login_button(sc, view, r, l, links);
    }
    if (r->state == RUN_ASKING) {
        view_button(view, &(struct button){.title = r->asking == NULL ? "Run it now" : "Go on",
                                           .action = r->asking == NULL ? "run_now" : "resume",
                                           .value = value,
                                           .style = BUTTON_PRIMARY,
                                           .opens = r->asking != NULL && forms_known(sc)});
    }
    if (r->state == RUN_UNKNOWN) {
        view_button(view, &(struct button){
                              .title = "It happened", .action = "unknown_done", .value = value});
        view_button(view, &(struct button){.title = "It did not: run it again",
                                           .action = "unknown_again",
                                           .value = value});
    } else if (run_may_cancel(r)) {
        view_button(view, &(struct button){.title = "Cancel it", .action = "drop", .value = value});
    }
}

/* Its buttons may be on the screen no more. */
static int add_again(struct scene *sc, json_t *view, const struct run *r, struct err *e)
{
    struct message *fleeting = NULL;
    if (wait_fleeting(sc, r, &fleeting, e) != 0) {
        return -1;
    }
    if (fleeting != NULL) {
        view_button(view, &(struct button){.title = "Show it again",
                                           .action = "show_again",
                                           .value = here(sc->mem, r->id),
                                           .style = BUTTON_PRIMARY});
    }
    return 0;
}

/* When and where it was typed: all that two commands without inputs differ in. */
static void add_origin(struct scene *sc, json_t *view, const struct run *r)
{
    const char *age = words_age(sc->mem, r->created_at);
    if (run_in_private(r)) {
        view_note(view, "Typed %s · reference %s", age, r->reference);
    } else {
        view_note(view, "Typed %s in <#%s> · reference %s", age, r->channel, r->reference);
    }
}

static int add_run(struct scene *sc, json_t *view, const struct run *r, bool links, struct err *e)
{
    struct recipe *recipe = NULL;
    struct login *l = NULL;
    if (result_recipe(sc, r, &recipe, e) != 0 ||
        (r->login_id != NULL && store_login_find(sc->s, r->workspace, r->login_id, &l, e) != 0)) {
        return -1;
    }
    bool code = r->state == RUN_PARKED && l != NULL && l->state == LOGIN_CODE;
    view_divider(view);
    view_text(view, "**%s** %s%s%s", recipe == NULL ? r->recipe : recipe->title, what_for(r, l),
              code ? ": " : "", code ? what_to_do(sc, l) : "");
    if (r->state == RUN_ASKING && run_asks_question(r)) {
        view_text(view, "Enter **%s** in our %s.", r->asking, words_dm(sc));
        json_object_del(r->inputs, r->asking); /* what does not fit is no value */
    }
    words_inputs(sc, view, recipe, r, INPUTS_SHOWN);
    add_origin(sc, view, r);
    if (add_again(sc, view, r, e) != 0) {
        return -1;
    }
    add_run_buttons(sc, view, r, l, links);
    return 0;
}

/* A login begun with `connect`: no run stands for it. */
static int add_login(struct scene *sc, json_t *view, const struct login *l, bool links,
                     struct err *e)
{
    struct default_connection *d = NULL;
    if (store_default_find(sc->s, l->workspace, l->default_name, &d, e) != 0) {
        return -1;
    }
    bool code = l->state == LOGIN_CODE;
    view_divider(view);
    view_text(view, "**The login to %s** %s%s%s",
              d == NULL ? l->default_name : words_app(sc, d->app),
              code ? what_it_waits_for(l) : "waits for you", code ? ": " : "",
              code ? what_to_do(sc, l) : "");
    view_note(view, "Asked for %s", words_age(sc->mem, l->created_at));
    if (code || !links || !prompt_add_button(sc, l, view, "Log in")) {
        prompt_add_again(view, l,
                         here(sc->mem, store_login_takes_over(l) ? l->default_name : l->id),
                         code ? "New login" : "Log in");
    }
    view_button(view, &(struct button){.title = "Cancel it",
                                       .action = "drop_login",
                                       .value = here(sc->mem, l->id)});
    return 0;
}

static int add_logins(struct scene *sc, json_t *view, const struct login *list, size_t count,
                      bool links, struct err *e)
{
    for (size_t i = 0; i < count; i++) {
        if (add_login(sc, view, &list[i], links, e) != 0) {
            return -1;
        }
    }
    return 0;
}

/* Runs first, then the logins that no run stands for. */
static size_t keep_own(struct login *list, size_t count)
{
    size_t kept = 0;
    for (size_t i = 0; i < count; i++) {
        if (list[i].run_id == NULL) {
            list[kept++] = list[i];
        }
    }
    return kept;
}

int pending_add(struct scene *sc, json_t *view, const struct pending_part *q, size_t *ret_total,
                struct err *e)
{
    const char *workspace = sc->workspace->workspace, *user = sc->user->user_id;
    struct run *open = NULL;
    struct login *logins = NULL;
    size_t runs = 0, count = 0;
    if (store_run_open(sc->s, workspace, user, &open, &runs, e) != 0 ||
        store_login_list_all_open(sc->s, workspace, user, &logins, &count, e) != 0) {
        return -1;
    }
    count = keep_own(logins, count);
    *ret_total = runs + count;
    size_t from = q->from < *ret_total ? q->from : 0;
    size_t until = from + q->size < *ret_total ? from + q->size : *ret_total;
    for (size_t i = from; i < runs && i < until; i++) {
        if (add_run(sc, view, &open[i], q->links, e) != 0) {
            return -1;
        }
    }
    size_t first = from > runs ? from - runs : 0;
    size_t last = until > runs ? until - runs : 0;
    return last > first ? add_logins(sc, view, logins + first, last - first, q->links, e) : 0;
}

static int add_list(struct scene *sc, json_t *view, size_t from, struct err *e)
{
    size_t total = 0;
    const struct pending_part q = {.from = from, .size = ROWS_A_PAGE, .links = true};
    json_t *rows_only = view_new(sc->mem);
    if (pending_add(sc, rows_only, &q, &total, e) != 0) {
        return -1;
    }
    if (total == 0) {
        view_text(view, "Nothing waits for you.");
        return 0;
    }
    view_title(view, "Waiting for you");
    json_array_extend(json_member(view, "blocks"), json_member(rows_only, "blocks"));
    page_end(
        sc, view,
        &(struct page){
            .from = from < total ? from : 0, .size = ROWS_A_PAGE, .total = total, .words = PAGE});
    json_object_set_new(view, "page", json_string(PAGE));
    return 0;
}

int command_pending(struct turn *t, const char *rest, struct err *e)
{
    json_t *view = view_new(t->scene.mem);
    const char *id = NULL;
    (void)rest;
    if (add_list(&t->scene, view, t->from, e) != 0 || say_private(t, view, &id, e) != 0) {
        return -1;
    }
    return id == NULL || !t->event.place.is_private
               ? 0
               : store_user_set_pending(t->scene.s, t->scene.workspace->workspace,
                                        t->scene.user->user_id, id, e);
}

/* --- keeping it true --- */

bool pending_pressed(struct turn *t, const char *value, const char **ret_value)
{
    const char *at = strrchr(value, '@');
    bool ours = at != NULL && str_equal(at + 1, PAGE);
    *ret_value = ours ? arena_strndup(t->scene.mem, value, (size_t)(at - value)) : value;
    return ours;
}

int pending_follow(struct turn *t, json_t *view, struct err *e)
{
    view_divider(view);
    return add_list(&t->scene, view, 0, e);
}

int pending_refresh(struct turn *t, struct err *e)
{
    const char *id = t->scene.user->pending_message;
    bool pressed = id != NULL && t->acted != NULL && str_equal(t->acted->id, id);
    return pressed ? 0 : pending_changed(&t->scene, e);
}

int pending_changed(struct scene *sc, struct err *e)
{
    struct message *m = NULL;
    const char *id = sc->user->pending_message;
    if (id == NULL) {
        return 0;
    }
    if (store_message_find(sc->s, sc->workspace->workspace, id, &m, e) != 0) {
        return -1;
    }
    if (m == NULL || !str_equal(json_text(m->body, "page"), PAGE)) {
        return 0; /* it shows something else by now */
    }
    json_t *view = view_new(sc->mem);
    return add_list(sc, view, 0, e) != 0 ? -1 : say_update(sc, id, view, e);
}
