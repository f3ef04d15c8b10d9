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

/* --- what was filled in --- */

struct taking {
    struct turn *turn;
    const struct recipe *recipe;
    const struct run *run;
    json_t *inputs; /* what the run has after it */
    json_t *errors;
};

static void fault(struct taking *x, const char *field, const char *text)
{
    if (json_member(x->errors, field) == NULL) {
        json_object_set_new(x->errors, field, json_string(text));
    }
}

/* An empty box says no where an answer is needed or was given before; else nothing. */
static void take_empty(struct taking *x, const struct recipe_input *in)
{
    bool asked =
        in->required || in->fallback != NULL || json_member(x->run->inputs, in->name) != NULL;
    json_object_del(x->inputs, in->name);
    if (in->type == INPUT_BOOLEAN && in->options_count == 0) {
        if (asked) {
            json_object_set_new(x->inputs, in->name, json_false());
        }
        return;
    }
    if (in->required && in->fallback == NULL) {
        fault(x, in->name, "Please fill this in.");
    }
}

static void take_field(struct taking *x, const struct recipe_input *in, const json_t *sent)
{
    arena *mem = x->turn->scene.mem;
    const char *text = json_string_value(sent), *why = NULL;
    json_t *value = NULL;
    if (sent == NULL) {
        return; /* was not asked for: what was typed stays */
    }
    if (text == NULL || *str_trim(mem, text) == '\0') {
        take_empty(x, in);
        return;
    }
    if (in->options_count > 0) {
        text = form_choice_value(mem, in, text);
    }
    if (text == NULL) {
        fault(x, in->name, "Please choose one of these.");
    } else if (recipe_input_value(mem, in, text, &value, &why)) {
        json_object_set(x->inputs, in->name, value);
    } else {
        fault(x, in->name, why);
    }
}

static void take_fields(struct taking *x)
{
    const json_t *fields = x->turn->event.fields;
    arena *mem = x->turn->scene.mem;
    const char *why = NULL;
    x->inputs = arena_json(mem, json_deep_copy(x->run->inputs));
    x->errors = arena_json(mem, json_object());
    for (size_t i = 0; i < x->recipe->inputs_count; i++) {
        const struct recipe_input *in = &x->recipe->inputs[i];
        take_field(x, in, json_member(fields, in->name));
    }
    const struct recipe_input *left =
        json_object_size(x->errors) > 0 ? NULL : recipe_asks(mem, x->recipe, x->inputs, &why);
    if (left != NULL) {
        fault(x, left->name, why == NULL ? "Please fill this in." : why);
    }
}

/* --- the run --- */

/* What a form is told whose run does not ask any more. NULL: it asks. */
static const char *over(const struct run *r)
{
    static const char *const words[RUN_STATE_COUNT] = {
        [RUN_QUEUED] = "This command is under way already.",
        [RUN_RUNNING] = "This command is under way already.",
        [RUN_PARKED] = "This command waits for a login already.",
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
static bool is_second(struct taking *x)
{
    bool went_on =
        x->run->state == RUN_QUEUED || x->run->state == RUN_RUNNING || x->run->state == RUN_DONE;
    if (!went_on || x->recipe == NULL) {
        return false;
    }
    take_fields(x);
    return json_object_size(x->errors) == 0 && json_equal(x->inputs, x->run->inputs);
}

static int answer_over(struct taking *x, struct form_answer *ret)
{
    if (!is_second(x)) {
        ret->next = page(x->turn->scene.mem, over(x->run),
                         arena_printf(x->turn->scene.mem, "Reference %s", x->run->reference));
    }
    return 0;
}

static bool may_run(struct turn *t, const struct recipe *recipe, const struct run *r)
{
    const struct recipe_person person = {
        .workspace = t->scene.workspace, .user = t->scene.user, .channel = r->channel};
    return recipe_allows(recipe, &person);
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
static int ask_again(struct taking *x, const struct run *r, struct form_answer *ret, struct err *e)
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

static int go_on(struct taking *x, struct run *r, struct form_answer *ret, struct err *e)
{
    struct turn *t = x->turn;
    take_fields(x);
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
    struct taking x = {.turn = t, .recipe = recipe, .run = r};
    if (over(r) != NULL) {
        return answer_over(&x, ret);
    }
    if (recipe == NULL || r->inputs == NULL) {
        ret->next = page(mem, "This command is gone. Nothing was done.", NULL);
        return 0;
    }
    if (!may_run(t, recipe, r)) {
        json_t *refused = page(mem, "You may not run this command any more. Nothing was done.",
                               "Ask an admin of Workbot to allow you.");
        words_add_admins(&t->scene, refused);
        ret->next = refused;
        return 0;
    }
    return go_on(&x, r, ret, e);
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

/* As an event is looked at; a team without an installation of its own may have its organisation's.
 * j: to be read as if it were the event's job. */
static int look(struct turn *t, struct job *j, bool *ret_ours, struct err *e)
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
    if (look(&t, &j, &ours, e) != 0) {
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

/* --- choices --- */

static bool has(arena *mem, const char *text, const char *part)
{
    return strstr(str_lower(mem, text), str_lower(mem, part)) != NULL;
}

static int input_choices(struct turn *t, struct form_choice **ret, size_t *ret_count, struct err *e)
{
    struct run *r = NULL;
    struct recipe *recipe = NULL;
    if (store_run_find(t->scene.s, t->scene.workspace->workspace, t->event.value, &r, e) != 0) {
        return -1;
    }
    if (r == NULL || !str_equal(r->user_id, t->event.user_id)) {
        return 0;
    }
    if (recipe_of(&t->scene, r, &recipe, e) != 0) {
        return -1;
    }
    const struct recipe_input *in =
        recipe == NULL ? NULL : recipe_input_find(recipe, t->event.field);
    size_t count = in == NULL ? 0 : in->options_count;
    *ret = arena_array(t->scene.mem, count + 1, sizeof(**ret));
    for (size_t i = 0; i < count && *ret_count < FORM_CHOICES_SHOWN; i++) {
        if (has(t->scene.mem, in->options[i].label, t->event.typed)) {
            (*ret)[(*ret_count)++] =
                (struct form_choice){in->options[i].label, form_choice_key(t->scene.mem, in, i)};
        }
    }
    return 0;
}

int bot_form_choices(bot *b, arena *mem, const struct bot_sent *sent, struct form_choice **ret,
                     size_t *ret_count, struct err *e)
{
    struct job j = {.workspace = sent->workspace, .kind = sent->kind, .payload = sent->payload};
    struct turn t = {.scene = {.bot = b, .mem = mem, .until_ms = sent->until_ms}, .job = &j};
    bool ours = false;
    *ret_count = 0;
    if (look(&t, &j, &ours, e) != 0) {
        return -1;
    }
    bool known = ours && t.event.kind == EVENT_CHOICES && t.scene.user != NULL;
    if (!known || !words_open_to(&t.scene)) {
        return 0;
    }
    if (store_open(b->options.stores, mem, &t.scene.s, e) != 0) {
        return -1;
    }
    bool picks = str_equal(t.event.action, "use") && forms_kept(&t.scene);
    int rc = picks ? shortcut_choices(&t, ret, ret_count, e) : input_choices(&t, ret, ret_count, e);
    store_close(t.scene.s);
    return rc;
}
