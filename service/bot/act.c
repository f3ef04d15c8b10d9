#include "act_int.h"
#include "lists_int.h"
#include "run_int.h"

#include "base/clock.h"
#include "base/json.h"
#include "base/str.h"

/*
 * A trusted back-end starts a recipe for a person (POST .../act), by a token of the role "act" and
 * never by one of the person's. The person has allowed that token in the chat, or is asked in
 * private, once a day at most (act_person.c); the rest is as if the person had typed the command:
 * may they run it, which connection acts, is a login needed. Whoever Workbot is not open to, or
 * nobody knows, is answered as somebody who has not allowed it.
 */

/* Half of what may wait for a person (start.c): their own commands still begin. */
enum { OPEN_MAX = 500 };

int act_refuse(struct acting *x, enum err_kind kind, const char *code, const char *text)
{
    err_set(&x->refused, kind, code, "%s", text);
    return 0;
}

int act_refuse_person(struct acting *x)
{
    return act_refuse(x, ERR_FORBIDDEN, "act_not_allowed",
                      "This person has not allowed this token to act for them.");
}

int act_may_run(struct scene *sc, const struct recipe *r, bool *ret, struct err *e)
{
    struct recipe_person person = {
        .workspace = sc->workspace, .user = sc->user, .channel = sc->user->dm_channel};
    if (recipe_person_groups(sc->s, r, &person, e) != 0) {
        return -1;
    }
    *ret = recipe_allows(r, &person);
    return 0;
}

/* --- who it is about, before anything is locked --- */

/* *ret NULL: no such recipe that a person could run. */
static int find_recipe(struct scene *sc, const struct bot_act *q, struct recipe_row **ret,
                       struct recipe **ret_recipe, struct err *e)
{
    struct err faulty = {0};
    if (store_recipe_find(sc->s, q->workspace, q->recipe, ret, e) != 0) {
        return -1;
    }
    bool runs = *ret != NULL && (*ret)->enabled && (*ret)->command != NULL &&
                recipe_read(sc->mem, *ret, ret_recipe, &faulty) == 0;
    *ret = runs ? *ret : NULL;
    return 0;
}

static int refuse_recipe(struct acting *x)
{
    return act_refuse(x, ERR_NOT_FOUND, "no_recipe",
                      "There is no such recipe in this workspace that a person can run.");
}

static int load(struct scene *sc, void *arg, struct err *e)
{
    struct acting *x = arg;
    struct workspace *w = NULL;
    struct user *u = NULL;
    struct recipe_row *row = NULL;
    struct recipe *recipe = NULL;
    if (store_workspace_find(sc->s, x->q->workspace, &w, e) != 0) {
        return -1;
    }
    if (w == NULL) {
        return act_refuse(x, ERR_NOT_FOUND, "no_workspace", "There is no such workspace.");
    }
    if (x->q->token == NULL) {
        return act_refuse(x, ERR_FORBIDDEN, "act_token",
                          "Only a token of the role act may do this.");
    }
    if (!w->acting) {
        return act_refuse(x, ERR_FORBIDDEN, "act_off", "Acting for people is switched off here.");
    }
    if (find_recipe(sc, x->q, &row, &recipe, e) != 0) {
        return -1;
    }
    if (row == NULL) { /* said before anything that hangs on the person */
        return refuse_recipe(x);
    }
    if (store_user_find(sc->s, w->workspace, x->q->user_id, &u, e) != 0 ||
        store_permission_holds(sc->s, w->workspace, x->q->user_id, x->q->token, &x->allowed, e) !=
            0) {
        return -1;
    }
    x->recipe = recipe;
    sc->workspace = w;
    sc->user = u;
    return 0;
}

/* --- with what? --- */

static const char *path_of(const struct scene *sc, const char *name)
{
    return arena_printf(sc->mem, "inputs.%s", name);
}

/* A null is none: it would be the text "null". */
static bool is_one_value(const json_t *value)
{
    return json_is_string(value) || json_is_number(value) || json_is_boolean(value);
}

static void check_given(const struct scene *sc, const struct bot_act *q, const struct recipe *r)
{
    json_t *seen = arena_json(sc->mem, json_object());
    const char *name = NULL;
    json_t *value = NULL;
    json_object_foreach((json_t *)(uintptr_t)q->inputs, name, value)
    {
        const struct recipe_input *in = recipe_input_find(r, name);
        if (in == NULL) {
            faults_add(q->faults, path_of(sc, name), "This recipe has no such input.");
            continue;
        }
        if (json_member(seen, in->name) != NULL) { /* "name" and "Name" */
            faults_add(q->faults, path_of(sc, name), "This is given twice.");
        } else if (in->type == INPUT_FILE) {
            faults_add(q->faults, path_of(sc, name), "A file is given in the chat alone.");
        } else if (!is_one_value(value)) {
            faults_add(q->faults, path_of(sc, name),
                       "This must be a text, a number, true or false.");
        }
        json_object_set_new(seen, in->name, json_true());
    }
}

/* What is needed and not given, or does not fit; all of it at once. */
static void check_values(const struct scene *sc, const struct bot_act *q, const struct recipe *r,
                         const json_t *inputs)
{
    for (size_t i = 0; i < r->inputs_count; i++) {
        const struct recipe_input *in = &r->inputs[i];
        const json_t *value = json_member(inputs, in->name);
        const json_t *given = json_member(q->inputs, in->name);
        const char *why = NULL;
        json_t *typed = NULL;
        if (given != NULL && !is_one_value(given)) {
            continue; /* said already */
        }
        if (value == NULL && in->required) {
            faults_add(q->faults, path_of(sc, in->name), "This is required.");
        } else if (json_is_string(value) &&
                   !recipe_input_value(sc->mem, in, json_string_value(value), &typed, &why)) {
            faults_add(q->faults, path_of(sc, in->name), "%s", why);
        }
    }
}

static int read_inputs(struct scene *sc, struct acting *x, const struct recipe *r, json_t **ret,
                       struct err *e)
{
    const struct bot_act *q = x->q;
    struct question first = {.why = NULL};
    check_given(sc, q, r);
    *ret = start_inputs(sc->mem, r, q->inputs);
    if (clocks_ask(sc, r, *ret, &first, e) != 0) {
        return -1;
    }
    check_values(sc, q, r, *ret);
    if (q->faults->count == 0 && first.input != NULL) {
        faults_add(q->faults, path_of(sc, first.input->name), "%s",
                   first.why == NULL ? "This is required." : first.why);
    }
    return q->faults->count == 0
               ? 0
               : act_refuse(x, ERR_INVALID, "invalid",
                            "The recipe cannot begin with these inputs; \"errors\" says why.");
}

/* --- the run --- */

static void tell(struct acting *x, const struct run *r)
{
    *x->ret = (struct bot_acted){
        .run = r->id, .reference = r->reference, .state = run_state_name(r->state)};
}

static const char KEY_USED[] = "This idempotency_key has begun another run: give each its own.";

/* The same key again: the same run, or a mistake. */
static int replay(struct acting *x, const struct run *was, const json_t *inputs)
{
    bool same = str_equal(was->user_id, x->q->user_id) && str_equal(was->recipe, x->q->recipe) &&
                (was->inputs == NULL || json_equal(was->inputs, inputs));
    if (!same) {
        return act_refuse(x, ERR_CONFLICT, "act_key_used", KEY_USED);
    }
    tell(x, was);
    return 0;
}

static int audit(struct scene *sc, const struct acting *x, const struct run *r, struct err *e)
{
    json_t *detail = arena_json(
        sc->mem, json_pack("{s:s, s:s, s:s, s:I, s:s}", "run", r->id, "user", r->user_id, "recipe",
                           r->recipe, "version", (json_int_t)r->version, "token", x->q->name));
    return store_audit_add(sc->s, r->workspace, x->q->actor, "act.started", r->reference, detail,
                           e);
}

/* The key is another person's since a moment ago, or too much waits: what was said is not kept. */
static int not_added(struct scene *sc, const struct bot_act *q, struct err *e)
{
    struct run *was = NULL;
    if (store_run_of_key(sc->s, q->workspace, q->token, q->key, &was, e) != 0) {
        return -1;
    }
    return was != NULL ? err_set(e, ERR_CONFLICT, "act_key_used", KEY_USED)
                       : err_set(e, ERR_LIMIT, "act_too_many",
                                 "Too many runs of this person wait already.");
}

static int begin(struct scene *sc, struct acting *x, const struct recipe_row *row,
                 const struct recipe *recipe, struct run *r, struct err *e)
{
    const struct bot_act *q = x->q;
    bool added = false;
    json_t *view = view_new(sc->mem);
    view_text(view, "**%s** runs **%s** for you. Working on it.", q->name, recipe->title);
    r->workspace = q->workspace;
    r->recipe = row->name;
    r->version = row->version;
    r->user_id = q->user_id;
    r->state = RUN_QUEUED;
    r->place = "dm";
    r->channel = sc->user->dm_channel == NULL ? "" : sc->user->dm_channel;
    r->asked_at = clock_now();
    r->act = (struct run_act){.token = q->token, .name = q->name, .key = q->key};
    if (say_dm(sc, view, &r->message_id, e) != 0 ||
        store_run_add(sc->s, r, OPEN_MAX, &added, e) != 0) {
        return -1;
    }
    if (!added) {
        return not_added(sc, q, e);
    }
    if (audit(sc, x, r, e) != 0 || run_enqueue(sc, r, RUN_QUEUED, e) != 0) {
        return -1;
    }
    tell(x, r);
    return home_flush(sc, e);
}

static int start(struct scene *sc, struct acting *x, const struct recipe_row *row,
                 const struct recipe *recipe, struct err *e)
{
    struct run r = {.inputs = NULL}, *was = NULL;
    bool may = false;
    if (act_may_run(sc, recipe, &may, e) != 0) {
        return -1;
    }
    if (!may) {
        return act_refuse(x, ERR_FORBIDDEN, "act_recipe", "This person may not run this recipe.");
    }
    if (read_inputs(sc, x, recipe, &r.inputs, e) != 0) {
        return -1;
    }
    if (x->refused.kind != ERR_NONE) {
        return 0;
    }
    if (store_run_of_key(sc->s, x->q->workspace, x->q->token, x->q->key, &was, e) != 0) {
        return -1;
    }
    return was != NULL ? replay(x, was, r.inputs) : begin(sc, x, row, recipe, &r, e);
}

/* The person's row first, then the permission: whoever leaves, or takes it back, waits or was
 * first. */
static int act(struct scene *sc, void *arg, struct err *e)
{
    struct acting *x = arg;
    const struct bot_act *q = x->q;
    struct act_permission *p = NULL;
    struct recipe_row *row = NULL;
    struct recipe *recipe = NULL;
    struct user *u = NULL;
    bool may = false;
    if (store_user_may_use(sc->s, q->workspace, q->user_id, &may, e) != 0 ||
        store_user_find(sc->s, q->workspace, q->user_id, &u, e) != 0) {
        return -1;
    }
    if (!may || u == NULL) {
        return act_refuse_person(x);
    }
    sc->user = u;
    if (find_recipe(sc, q, &row, &recipe, e) != 0) {
        return -1;
    }
    if (row == NULL) {
        return refuse_recipe(x);
    }
    if (store_permission_lock(sc->s, q->workspace, q->user_id, q->token, &p, e) != 0) {
        return -1;
    }
    if (p == NULL || p->allowed_at == 0) {
        return act_ask(sc, x, recipe, e);
    }
    return start(sc, x, row, recipe, e);
}

/* Whom nobody knew and who is not asked leaves nothing behind: that is rolled back. */
static int act_newcomer(struct scene *sc, void *arg, struct err *e)
{
    struct acting *x = arg;
    if (person_take(sc, &x->newcomer, e) != 0 || act(sc, x, e) != 0) {
        return -1;
    }
    if (x->refused.kind == ERR_NONE || x->asked) {
        return 0;
    }
    *e = x->refused;
    return -1;
}

int bot_act(bot *b, arena *mem, const struct bot_act *q, struct bot_acted *ret, struct err *e)
{
    struct acting x = {.q = q, .ret = ret};
    struct scene sc = {.bot = b, .mem = mem};
    if (scene_do(&sc, NULL, load, &x, e) != 0 ||
        (x.refused.kind == ERR_NONE && act_know(&sc, &x, e) != 0)) {
        return -1;
    }
    scene_fn *work = x.newcomer.person == NULL ? act : act_newcomer;
    if (x.refused.kind == ERR_NONE && scene_do(&sc, NULL, work, &x, e) != 0) {
        return -1;
    }
    if (x.refused.kind == ERR_NONE) {
        return 0;
    }
    *e = x.refused;
    return -1;
}
