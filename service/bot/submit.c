#include "form_int.h"
#include "lists_int.h"

#include <string.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/str.h"

/*
 * A form that was sent, answered in the same breath: what is wrong stands at its field, or the run
 * goes on. Everything is one transaction, and none when nobody waits for the answer any more: a
 * form that is sent again finds what the first one did.
 */

static const char NOWHERE[] = "This form leads nowhere any more.";

static json_t *page(arena *mem, const char *text, const char *note)
{
    json_t *view = view_new(mem);
    view_text(view, "%s", text);
    if (note != NULL) {
        view_note(view, "%s", note);
    }
    return view;
}

/* --- the run --- */

/* What a form is told whose run does not ask any more. NULL: it asks. */
static const char *over(const struct run *r)
{
    static const char *const words[RUN_STATE_COUNT] = {
        [RUN_QUEUED] = "This command is under way already.",
        [RUN_RUNNING] = "This command is under way already.",
        [RUN_PARKED] = "This command waits already: type pending to see it.",
        [RUN_DONE] = "This command has run already.",
        [RUN_FAILED] = "This command has ended already.",
        [RUN_UNKNOWN] = "This command has ended already.",
        [RUN_CANCELLED] = "This command was cancelled. Nothing was done.",
        [RUN_EXPIRED] = "This form has expired. Nothing was done.",
        [RUN_SUPERSEDED] = "A newer command has taken the place of this one.",
    };
    if (r->state == RUN_ASKING && r->asking == NULL) {
        return "This command waits for your word: type pending to see it.";
    }
    bool expired = r->state == RUN_ASKING && r->expires_at > 0 && r->expires_at <= clock_now();
    return expired ? words[RUN_EXPIRED] : words[r->state];
}

/* The very same form, sent twice: the second one is no news. */
static int is_second(struct form_taking *x, bool *ret, struct err *e)
{
    *ret = false;
    bool went_on =
        x->run->state == RUN_QUEUED || x->run->state == RUN_RUNNING || x->run->state == RUN_DONE;
    if (!went_on || x->recipe == NULL) {
        return 0;
    }
    if (form_take(x, e) != 0) {
        return -1;
    }
    *ret = json_object_size(x->errors) == 0 && json_equal(x->inputs, x->run->inputs);
    return 0;
}

static int answer_over(struct form_taking *x, struct form_answer *ret, struct err *e)
{
    bool second = false;
    if (is_second(x, &second, e) != 0) {
        return -1;
    }
    if (!second) {
        ret->next = page(x->turn->scene.mem, over(x->run),
                         arena_printf(x->turn->scene.mem, "Reference %s", x->run->reference));
    }
    return 0;
}

/* A page that says no, or none. */
static int refuse_run(struct form_taking *x, struct form_answer *ret, struct err *e)
{
    struct scene *sc = &x->turn->scene;
    struct recipe_person person = {
        .workspace = sc->workspace, .user = sc->user, .channel = x->run->channel};
    if (recipe_person_groups(sc->s, x->recipe, &person, e) != 0) {
        return -1;
    }
    if (!recipe_allows(x->recipe, &person)) {
        json_t *refused = page(sc->mem, "You may not run this command any more. Nothing was done.",
                               "Ask an admin of Workbot to allow you.");
        words_add_admins(sc, refused);
        ret->next = refused;
    }
    return 0;
}

static bool asks_for(const json_t *form, const char *name)
{
    size_t i = 0;
    const json_t *field = NULL;
    json_array_foreach(json_member(form, "fields"), i, field)
    {
        if (str_equal(json_text(field, "name"), name)) {
            return true;
        }
    }
    return false;
}

/* The form with what was entered. What is right but too long to be shown again is left out of it:
 * then the run keeps all that is right. */
static int ask_again(struct form_taking *x, const struct run *r, struct form_answer *ret,
                     struct err *e)
{
    struct turn *t = x->turn;
    struct run kept = *r, shown = *r;
    const char *name = NULL;
    json_t *text = NULL;
    bool changed = false;
    kept.inputs = x->inputs;
    shown.inputs = arena_json(t->scene.mem, json_deep_copy(x->inputs));
    json_object_foreach(x->errors, name, text)
    {
        json_object_del(shown.inputs, name);
    }
    json_t *again = form_of_run(&t->scene, &shown, x->recipe);
    form_fill(again, t->event.fields);
    ret->errors = x->errors;
    ret->again = again;
    json_object_foreach((json_t *)(uintptr_t)t->event.fields, name, text)
    {
        t->keeps = t->keeps || (json_member(x->inputs, name) != NULL && !asks_for(again, name));
    }
    return t->keeps ? store_run_update(t->scene.s, &kept, RUN_ASKING, &changed, e) : 0;
}

/* No field is there to mend it in. */
static bool errors_are_bound(const struct form_taking *x)
{
    const char *name = NULL;
    json_t *text = NULL;
    json_object_foreach(x->errors, name, text)
    {
        const struct recipe_input *in = recipe_input_find(x->recipe, name);
        if (in == NULL || !bound_fixes(x->run, in)) {
            return false;
        }
    }
    return json_object_size(x->errors) > 0;
}

static int go_on(struct form_taking *x, struct run *r, struct form_answer *ret, struct err *e)
{
    struct turn *t = x->turn;
    if (form_take(x, e) != 0) {
        return -1;
    }
    if (errors_are_bound(x)) {
        ret->next = page(t->scene.mem,
                         "What this command's button says does not fit, and nobody can change it. "
                         "Nothing was done: please tell an admin of Workbot.",
                         "Type `cancel` to end it.");
        return 0;
    }
    if (json_object_size(x->errors) > 0) {
        return ask_again(x, r, ret, e);
    }
    bool asked = run_asks_question(r); /* in words, before the form */
    r->inputs = x->inputs;
    if (question_settle(&t->scene, r, x->recipe, e) != 0 ||
        (asked && question_tell_where(t, r, x->recipe, e) != 0)) {
        return -1;
    }
    return run_enqueue(&t->scene, r, RUN_ASKING, e);
}

static int inputs_sent(struct turn *t, struct form_answer *ret, struct err *e)
{
    arena *mem = t->scene.mem;
    struct recipe *recipe = NULL;
    struct run *r = NULL;
    if (id_valid(t->event.value) &&
        store_run_lock(t->scene.s, t->scene.workspace->workspace, t->event.value, &r, e) != 0) {
        return -1;
    }
    if (r == NULL || !str_equal(r->user_id, t->event.user_id)) {
        ret->next = page(mem, "This form is not yours, or its command is gone.", NULL);
        return 0;
    }
    if (recipe_of(&t->scene, r, &recipe, e) != 0) {
        return -1;
    }
    struct form_taking x = {.turn = t, .recipe = recipe, .run = r};
    if (over(r) != NULL) {
        return answer_over(&x, ret, e);
    }
    if (recipe == NULL || r->inputs == NULL) {
        ret->next = page(mem, "This command is gone. Nothing was done.", NULL);
        return 0;
    }
    if (refuse_run(&x, ret, e) != 0) {
        return -1;
    }
    return ret->next != NULL ? 0 : go_on(&x, r, ret, e);
}

/* --- all forms --- */

static int act(struct turn *t, struct form_answer *ret, struct err *e)
{
    static const struct {
        const char *form;
        int (*sent)(struct turn *t, struct form_answer *ret, struct err *e);
        bool trusts; /* its private value: a form that anybody can make up must not be it */
    } forms[] = {
        {"inputs", inputs_sent, false},
        {"use", shortcut_sent, true},
    };
    bool may = words_open_to(&t->scene);
    /* before any other lock: off-boarding waits for this, or this sees what it has left */
    if (may && store_user_may_use(t->scene.s, t->scene.workspace->workspace, t->event.user_id, &may,
                                  e) != 0) {
        return -1;
    }
    if (!may) {
        ret->next = page(t->scene.mem, "Sorry, I only work for members of this workspace.", NULL);
        return 0;
    }
    for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
        if (str_equal(forms[i].form, t->event.action) &&
            (!forms[i].trusts || forms_kept(&t->scene))) {
            return forms[i].sent(t, ret, e);
        }
    }
    ret->next = page(t->scene.mem, NOWHERE, NULL);
    return 0;
}

int form_in_time(const struct bot_sent *sent, struct err *e)
{
    return clock_mono_ms() < sent->until_ms
               ? 0
               : err_set(e, ERR_TIMEOUT, "form_late", "nobody waits for the answer any more");
}

static int in_one_go(struct turn *t, const struct bot_sent *sent, struct form_answer *ret,
                     struct err *e)
{
    if (store_open(t->scene.bot->options.stores, t->scene.mem, &t->scene.s, e) != 0) {
        return -1;
    }
    int rc = store_begin(t->scene.s, e);
    if (rc == 0) {
        rc = act(t, ret, e);
    }
    if (rc == 0 && (ret->errors == NULL || t->keeps)) {
        rc = home_flush(&t->scene, e) == 0 ? form_in_time(sent, e) : -1;
        rc = rc == 0 ? store_commit(t->scene.s, e) : rc;
    }
    store_close(t->scene.s);
    return rc;
}

int form_look(struct turn *t, struct job *j, bool *ret_ours, struct err *e)
{
    const struct chat_driver *driver = chats_driver(t->scene.bot->options.chats, j->workspace);
    if (dispatch_look(t, ret_ours, e) != 0) {
        return -1;
    }
    if (t->scene.workspace != NULL || driver == NULL || driver->other_home == NULL) {
        return 0;
    }
    j->workspace = driver->other_home(t->scene.mem, job_kind_name(j->kind), j->payload);
    return j->workspace == NULL ? 0 : dispatch_look(t, ret_ours, e);
}

int bot_form_sent(bot *b, arena *mem, const struct bot_sent *sent, struct form_answer *ret,
                  struct err *e)
{
    struct job j = {.workspace = sent->workspace, .kind = sent->kind, .payload = sent->payload};
    struct turn t = {.scene = {.bot = b, .mem = mem, .until_ms = sent->until_ms}, .job = &j};
    struct form_answer answer = {.errors = NULL};
    bool ours = false;
    if (form_look(&t, &j, &ours, e) != 0) {
        return -1;
    }
    if (!ours || t.event.kind != EVENT_SUBMIT) {
        bool unread = t.scene.workspace != NULL && t.event.kind == EVENT_IGNORED;
        ret->next = page(mem, unread ? NOWHERE : "Workbot is not at work here any more.", NULL);
        return 0;
    }
    if (in_one_go(&t, sent, &answer, e) != 0) {
        return -1;
    }
    *ret = answer;
    return 0;
}
