#include "run_int.h"

#include <ctype.h>

#include "base/json.h"
#include "base/str.h"

/*
 * A button that decides: one of a message's readers presses it, logs in if need be, and the message
 * says to all, in its first line, who did it and when. What only the presser is to read - the
 * prompt, a refusal - stands in a private message, or in the very message where nobody else reads
 * that. There it keeps under itself what it said before, and says it again unless something was
 * decided.
 */

static const char *message_of(const struct run *r)
{
    return json_text(r->pressed, "decides") == NULL ? NULL : json_text(r->pressed, "message");
}

bool decided_by(const struct run *r)
{
    return message_of(r) != NULL;
}

bool decided_is_in_place(const struct run *r)
{
    return message_of(r) != NULL && str_equal(r->message_id, message_of(r));
}

const char *decided_in_place(const struct turn *t, const struct run *r)
{
    bool own =
        message_of(r) != NULL && t->acted != NULL && str_equal(t->acted->user_id, t->event.user_id);
    return own ? t->acted->id : r->message_id;
}

/* --- views --- */

static json_t *without_presses(const json_t *buttons)
{
    json_t *left = json_array();
    size_t i = 0;
    json_t *button = NULL;
    json_array_foreach(buttons, i, button)
    {
        if (json_member(button, "call") == NULL) {
            json_array_append(left, button);
        }
    }
    return left;
}

/* What is of one state of the message alone goes. */
static json_t *plain_copy(arena *mem, const json_t *view)
{
    json_t *copy = arena_json(mem, json_deep_copy(view));
    json_object_del(copy, "own");
    json_object_del(copy, "under");
    return copy;
}

json_t *decided_without_buttons(arena *mem, const json_t *view)
{
    json_t *copy = plain_copy(mem, view);
    json_t *blocks = json_member(copy, "blocks");
    for (size_t i = json_array_size(blocks); i > 0; i--) {
        json_t *block = json_array_get(blocks, i - 1);
        if (json_member(block, "buttons") == NULL) {
            continue;
        }
        json_t *left = without_presses(json_member(block, "buttons"));
        bool none = json_array_size(left) == 0;
        json_object_set_new(block, "buttons", left);
        if (none) {
            json_array_remove(blocks, i - 1);
        }
    }
    return copy;
}

static void add_blocks(json_t *view, const json_t *more)
{
    json_array_extend(json_member(view, "blocks"), json_member(more, "blocks"));
}

static int name_of(struct scene *sc, const char *user_id, const char **ret, struct err *e)
{
    struct user *u = NULL;
    if (sc->user != NULL && str_equal(sc->user->user_id, user_id)) {
        *ret = words_person(sc->user);
        return 0;
    }
    if (user_id != NULL && store_user_find(sc->s, sc->workspace->workspace, user_id, &u, e) != 0) {
        return -1;
    }
    *ret = u == NULL ? "somebody" : words_person(u);
    return 0;
}

/* "Already approved in Salesforce by Cleo Chen, 14:02", where the app says who it was to the person
 * who runs into it. */
static void add_elsewhere(const struct scene *sc, json_t *view, const char *title)
{
    const struct app_decided *x = sc->decided;
    if (x == NULL) {
        view_text(view, "Already decided in **%s**.", title);
    } else if (x->at > 0) {
        view_stamp(view, x->at, "Already **%s** in **%s** by %s", x->word, title, x->by);
    } else {
        view_text(view, "Already **%s** in **%s** by %s.", x->word, title, x->by);
    }
}

/* Then the app has another name on record than the one that is told here. */
static int with_shared(struct scene *sc, const struct decision *d, bool *ret, struct err *e)
{
    struct run *r = NULL;
    struct written w = {.shared = false};
    if (d->run_id != NULL &&
        store_run_find(sc->s, sc->workspace->workspace, d->run_id, &r, e) != 0) {
        return -1;
    }
    if (r != NULL && written_of(sc, r, &w, e) != 0) {
        return -1;
    }
    *ret = w.shared;
    return 0;
}

/* "Approved by Ana, 14:02", "Approved by Ana, with the shared account, 14:02". */
static int add_stamp(struct scene *sc, json_t *view, const struct decision *d, struct err *e)
{
    const char *name = NULL;
    bool shared = false;
    if (d->app != NULL) {
        add_elsewhere(sc, view, d->app);
        return 0;
    }
    if (name_of(sc, d->user_id, &name, e) != 0 || with_shared(sc, d, &shared, e) != 0) {
        return -1;
    }
    char *word = arena_strdup(sc->mem, d->word == NULL ? "decided" : d->word);
    word[0] = (char)toupper((unsigned char)word[0]);
    view_stamp(view, d->decided_at, "**%s** by %s%s", word, name,
               shared ? ", with the shared account" : "");
    return 0;
}

/* How it ended comes first: what the message said was said while it was open. */
static int closed_view(struct scene *sc, const json_t *said, const struct decision *d, json_t **ret,
                       struct err *e)
{
    *ret = view_new(sc->mem);
    if (add_stamp(sc, *ret, d, e) != 0) {
        return -1;
    }
    add_blocks(*ret, decided_without_buttons(sc->mem, said));
    return 0;
}

/* --- in place --- */

int decided_hold(struct scene *sc, const struct run *r, struct err *e)
{
    struct message *m = NULL;
    if (!decided_is_in_place(r)) {
        return 0;
    }
    if (store_message_find(sc->s, r->workspace, r->message_id, &m, e) != 0) {
        return -1;
    }
    if (m == NULL || view_under(m->body) != NULL) {
        return 0;
    }
    json_t *view = decided_without_buttons(sc->mem, m->body);
    view_note(view, "Working on it.");
    view_set_under(view,
                   arena_json(sc->mem, json_pack("{s:O, s:s}", "view", plain_copy(sc->mem, m->body),
                                                 "run", r->id)));
    return say_update(sc, m->id, view, e);
}

/* What it said before, and what became of this run. */
static int end_in_place(struct scene *sc, const struct run *r, const struct message *m,
                        const struct decision *d, json_t **view, struct err *e)
{
    const json_t *under = view_under(m->body);
    const json_t *said = under == NULL ? m->body : json_member(under, "view");
    json_t *now = NULL;
    if (under != NULL && !str_equal(json_text(under, "run"), r->id)) {
        *view = NULL; /* another run's, that was begun by a later press */
        return 0;
    }
    if (d != NULL && d->decided) {
        if (closed_view(sc, said, d, &now, e) != 0) {
            return -1;
        }
    } else {
        now = plain_copy(sc->mem, said);
    }
    view_divider(now);
    add_blocks(now, *view);
    view_set_under(now, NULL);
    *view = now;
    return 0;
}

/* --- what is decided --- */

static int close_it(struct scene *sc, const struct run *r, const char *in_app, struct err *e)
{
    const struct decision_claim c = {.workspace = r->workspace,
                                     .message_id = message_of(r),
                                     .run_id = r->id,
                                     .user_id = r->user_id,
                                     .position = -1};
    const struct decision d = {.message_id = c.message_id,
                               .run_id = r->id,
                               .user_id = in_app != NULL ? NULL : r->user_id,
                               .word = in_app != NULL ? NULL : json_text(r->pressed, "decides"),
                               .app = in_app};
    bool mine = false;
    if (store_decision_claim(sc->s, &c, &mine, e) != 0) {
        return -1;
    }
    return mine ? store_decision_close(sc->s, r->workspace, &d, e) : 0;
}

/* What it has written for the message stands, however the run ends. */
static int settle(struct scene *sc, const struct run *r, enum run_state to, bool *ret_unsure,
                  struct err *e)
{
    struct written w;
    if (written_of(sc, r, &w, e) != 0) {
        return -1;
    }
    /* done with an answer that got lost: its user has said that it happened */
    bool made = w.decides || (w.may_decide && to == RUN_DONE);
    *ret_unsure = w.may_decide && !made;
    return made ? close_it(sc, r, NULL, e) : 0;
}

static int show_closed(struct scene *sc, const struct message *m, const struct decision *d,
                       struct err *e)
{
    json_t *view = NULL;
    return closed_view(sc, m->body, d, &view, e) != 0 ? -1 : say_update(sc, m->id, view, e);
}

/* Nobody will ever say what became of it: whoever presses next must know. */
static int show_unsure(struct scene *sc, const struct run *r, const struct message *m,
                       struct err *e)
{
    const char *name = NULL, *title = json_text(r->pressed, "title");
    json_t *view = plain_copy(sc->mem, m->body);
    if (name_of(sc, r->user_id, &name, e) != 0) {
        return -1;
    }
    view_text(view,
              "%s pressed%s%s%s, and the answer got lost: it may have happened. "
              "Please look in the app before you press.",
              name, title == NULL ? "" : " **", title == NULL ? "" : title,
              title == NULL ? "" : "**");
    return say_update(sc, m->id, view, e);
}

/* What the message says of it, where it stands. */
static int show_end(struct scene *sc, const struct run *r, bool unsure, json_t **view,
                    struct err *e)
{
    struct message *m = NULL;
    struct decision *d = NULL;
    if (store_decision_find(sc->s, r->workspace, message_of(r), &d, e) != 0 ||
        store_message_find(sc->s, r->workspace, message_of(r), &m, e) != 0) {
        return -1;
    }
    if (m == NULL) {
        return 0;
    }
    if (decided_is_in_place(r)) {
        return *view == NULL ? 0 : end_in_place(sc, r, m, d, view, e);
    }
    bool decided = d != NULL && d->decided;
    if (decided && str_equal(d->run_id, r->id)) {
        return show_closed(sc, m, d, e);
    }
    return unsure && !decided ? show_unsure(sc, r, m, e) : 0;
}

int decided_end(struct scene *sc, const struct run *r, enum run_state to, json_t **view,
                struct err *e)
{
    bool unsure = false;
    if (message_of(r) == NULL || !run_state_is_final(to)) {
        return 0; /* unknown: its user must say */
    }
    if (settle(sc, r, to, &unsure, e) != 0) {
        return -1;
    }
    return view == NULL ? 0 : show_end(sc, r, unsure, view, e);
}

/* --- who was first --- */

static int first_view(struct scene *sc, const struct decision *d, json_t **ret, struct err *e)
{
    const char *name = NULL;
    *ret = view_new(sc->mem);
    if (d != NULL && d->decided) {
        view_text(*ret, "Nothing is left to do here:");
        return add_stamp(sc, *ret, d, e);
    }
    if (d != NULL && name_of(sc, d->user_id, &name, e) != 0) {
        return -1;
    }
    bool own = d != NULL && sc->user != NULL && str_equal(d->user_id, sc->user->user_id);
    if (own) {
        view_text(*ret, "You are deciding this already.");
    } else {
        view_text(*ret, "%s is just deciding this.", name == NULL ? "Somebody" : name);
    }
    return 0;
}

int decided_failed(struct scene *sc, const struct run *r, const struct failure *f, json_t **view,
                   struct err *e)
{
    struct decision *d = NULL;
    const char *so_far = NULL, *title = f->app == NULL ? "the app" : f->app;
    bool elsewhere = str_equal(f->why->code, "already_decided");
    if (elsewhere && sc->decided != NULL && !decided_is_in_place(r)) {
        add_elsewhere(sc, *view, title);
    }
    if (message_of(r) == NULL) {
        return 0;
    }
    if (elsewhere) {
        return close_it(sc, r, title, e);
    }
    if (!str_equal(f->why->code, RECIPE_DECISION_TAKEN)) {
        return 0;
    }
    if (store_decision_find(sc->s, r->workspace, message_of(r), &d, e) != 0 ||
        first_view(sc, d, view, e) != 0 || result_so_far(sc, r, &so_far, e) != 0) {
        return -1;
    }
    view_note(*view, "Nothing%s was done. Reference %s", so_far == NULL ? "" : " more",
              r->reference);
    return 0;
}

int decided_before(struct turn *t, bool *ret_told, struct err *e)
{
    struct decision *d = NULL;
    json_t *view = NULL;
    *ret_told = false;
    if (store_decision_find(t->scene.s, t->scene.workspace->workspace, t->acted->id, &d, e) != 0) {
        return -1;
    }
    if (d == NULL || (!d->decided && !d->held)) {
        return 0;
    }
    *ret_told = true;
    return first_view(&t->scene, d, &view, e) != 0 ? -1 : say_beside(t, view, NULL, e);
}
