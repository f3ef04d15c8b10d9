#include "engine.h"

#include <string.h>

#include "base/json.h"
#include "base/str.h"

recipes *recipes_new(arena *boot, const struct recipes_options *options)
{
    recipes *r = arena_alloc(boot, sizeof(*r));
    r->options = *options;
    return r;
}

int engine_open(struct engine *g, store **ret, struct err *e)
{
    return store_open(g->recipes->options.stores, g->mem, ret, e);
}

static void end_failed(struct engine *g, enum err_kind kind, const char *code)
{
    g->out->end = RUN_END_FAILED;
    err_set(&g->out->err, kind, code, "run %s: %s", g->out->run->reference, code);
}

/* The run's recipe, under the permissions of today; it must still be switched on. */
static int read_recipe(struct engine *g, const struct run_case *c, struct err *e)
{
    const struct recipe_source from = {.name = c->run->recipe,
                                       .body = c->recipe_body,
                                       .body_now = c->recipe_body_now,
                                       .apps = g->recipes->options.apps};
    struct err why = {0};
    if (c->recipe_body == NULL) {
        end_failed(g, ERR_NOT_FOUND, "recipe_off");
        return 0;
    }
    if (recipe_load(g->mem, &from, &g->out->recipe, &why) != 0) {
        if (!str_equal(why.code, "recipe_faulty")) {
            *e = why;
            return -1;
        }
        end_failed(g, why.kind, why.code);
    } else if (!c->enabled) {
        end_failed(g, ERR_NOT_FOUND, "recipe_off");
    }
    return 0;
}

static int resolve_all(struct engine *g, store *s, const struct recipe_person *p, struct err *e)
{
    struct run_outcome *out = g->out;
    const struct recipe *r = out->recipe;
    out->resolved = arena_array(g->mem, r->connections_count, sizeof(*out->resolved));
    for (size_t i = 0; i < r->connections_count; i++) {
        struct resolved *d = &out->resolved[i];
        if (recipe_resolve(s, &r->connections[i], p, d, e) != 0 ||
            (g->known_count > 0 && engine_stay(g, s, d, e) != 0)) {
            return -1;
        }
        out->resolved_count = i + 1;
        if (d->problem != NULL) {
            end_failed(g, ERR_CONFIG, d->problem);
            return 0;
        }
        if (out->began_as != NULL) {
            end_failed(g, ERR_FORBIDDEN, RECIPE_ACCOUNT_CHANGED);
            return 0;
        }
        if (d->rule == RULE_LOGIN && out->need == NULL) {
            out->need = d;
            out->end = RUN_END_LOGIN;
        }
    }
    return 0;
}

/* NULL: nothing, or the error's code. */
static const char *what_does_not_open(const struct engine *g, const struct run_case *c)
{
    const char *code = c->run->unreadable;
    for (size_t i = 0; i < g->known_count && code == NULL; i++) {
        code = g->known[i].unreadable;
    }
    return code;
}

/* The run, what earlier workers did, and its recipe. */
static int load_case(struct engine *g, store *s, const char *run_id, struct run_case *c,
                     struct err *e)
{
    struct run_outcome *out = g->out;
    if (store_run_case(s, g->job->workspace, run_id, c, e) != 0) {
        return -1;
    }
    out->run = c->run;
    out->workspace = c->workspace;
    out->user = c->user;
    if (c->run == NULL || (c->run->state != RUN_QUEUED && c->run->state != RUN_RUNNING)) {
        out->end = RUN_END_GONE;
        return 0;
    }
    if (c->begun && store_steps(s, c->run->workspace, run_id, &g->known, &g->known_count, e) != 0) {
        return -1;
    }
    const char *unreadable = what_does_not_open(g, c);
    if (unreadable != NULL && !g->gives_up) {
        return err_set(e, ERR_INTERNAL, unreadable, "the inputs or a result of run %s do not open",
                       c->run->reference);
    }
    return read_recipe(g, c, e);
}

/* Nobody's own access can be verified where nobody runs it. */
static bool is_shared_alone(const struct recipe *r)
{
    for (size_t i = 0; i < r->connections_count; i++) {
        if (r->connections[i].verify_user_access) {
            return false;
        }
    }
    return true;
}

/* Everything that decides whether and as whom this run goes on. */
static int load(struct engine *g, store *s, const char *run_id, struct err *e)
{
    struct run_outcome *out = g->out;
    struct run_case c;
    if (load_case(g, s, run_id, &c, e) != 0) {
        return -1;
    }
    if (out->end != RUN_END_DONE) {
        return 0;
    }
    if (!c.act_stands) {
        end_failed(g, ERR_FORBIDDEN, "act_ended");
        return 0;
    }
    bool hooked = out->recipe->hook != NULL && str_empty(c.run->user_id);
    const struct user nobody = {.user_id = ""};
    struct recipe_person person = {.workspace = c.workspace,
                                   .user = hooked ? &nobody : c.user,
                                   .channel = c.run->channel,
                                   .of_hook = hooked};
    if (recipe_person_groups(s, out->recipe, &person, e) != 0) {
        return -1;
    }
    bool may = hooked ? is_shared_alone(out->recipe)
                      : c.user != NULL && recipe_allows(out->recipe, &person);
    if (!may) {
        end_failed(g, ERR_FORBIDDEN, "not_allowed");
        return 0;
    }
    return resolve_all(g, s, &person, e);
}

bool recipe_not_tried(const struct err *e)
{
    return net_was_held(e) || str_equal(e->code, OAUTH_MOVED);
}

bool engine_again(const struct engine *g, const struct err *why)
{
    return err_fate(why->kind) == FATE_AGAIN &&
           (g->job->attempts < ENGINE_ATTEMPTS_MAX ||
            (recipe_not_tried(why) && store_job_may_wait(g->job)));
}

int engine_failed(struct engine *g, const struct recipe_step *p, const struct err *why,
                  const char *words)
{
    g->out->end = engine_again(g, why) ? RUN_END_AGAIN : RUN_END_FAILED;
    g->out->step = p->id;
    g->out->words = words;
    g->out->err = *why;
    return 0;
}

int recipe_last_step(store *s, const struct job *job, const struct run_outcome *o, struct err *e)
{
    if (o->last == NULL) {
        return 0; /* there may be no run either: it has gone */
    }
    const struct step_place at = {.job = job, .run_id = o->run->id, .position = o->last->position};
    return store_step_end(s, &at, o->last, e);
}

int engine_start_with(struct engine *g, store *s, const char *first_step,
                      struct run_step **ret_first, struct err *e)
{
    struct run_outcome *out = g->out;
    struct run_connection *rows_of = arena_array(g->mem, out->resolved_count + 1, sizeof(*rows_of));
    for (size_t i = 0; i < out->resolved_count; i++) {
        const struct resolved *d = &out->resolved[i];
        rows_of[i] = (struct run_connection){.alias = d->alias,
                                             .default_name = d->def->name,
                                             .app = d->def->app,
                                             .rule = recipe_rule_name(d->rule),
                                             .connection_id = d->connection->id,
                                             .account = d->connection->account.name,
                                             .account_hash =
                                                 engine_account_hash(g, &d->connection->account)};
    }
    const struct run_start q = {.job = g->job,
                                .run_id = out->run->id,
                                .connections = rows_of,
                                .count = out->resolved_count,
                                .first_step = first_step};
    return store_run_start(s, &q, ret_first, e);
}

void engine_started(struct engine *g)
{
    g->out->run->state = RUN_RUNNING;
    g->started = true;
}

int engine_start(struct engine *g, struct err *e)
{
    store *s = NULL;
    if (engine_open(g, &s, e) != 0) {
        return -1;
    }
    int rc = engine_start_with(g, s, NULL, NULL, e);
    store_close(s);
    if (rc == 0) {
        engine_started(g);
    }
    return rc;
}

static int decide(struct engine *g, const char *run_id, struct err *e)
{
    store *s = NULL;
    if (engine_open(g, &s, e) != 0) {
        return -1;
    }
    int rc = load(g, s, run_id, e);
    store_close(s);
    return rc;
}

/* Which connection acts, and by which rule, is on record before the first call: with the intent of
 * the first step when that is the first thing that this run does (steps.c). */
static int run_steps(struct engine *g, struct err *e)
{
    struct run_outcome *out = g->out;
    bool go = true;
    g->access = arena_array(g->mem, out->resolved_count + 1, sizeof(*g->access));
    g->has_access = arena_array(g->mem, out->resolved_count + 1, sizeof(bool));
    out->context = engine_context_new(g);
    if (g->known_count > 0 && engine_start(g, e) != 0) {
        return -1;
    }
    if (g->known_count == 0) {
        go = engine_foresee(g);
    }
    for (size_t i = 0; go && i < out->recipe->steps_count; i++) {
        if (engine_step(g, i, &go, e) != 0) {
            return -1;
        }
    }
    return g->started ? 0 : engine_start(g, e);
}

int recipe_run(recipes *r, arena *mem, const struct job *job, const char *run_id,
               struct run_outcome *ret, struct err *e)
{
    memset(ret, 0, sizeof(*ret));
    struct engine g = {.recipes = r, .mem = mem, .job = job, .out = ret};
    ret->end = RUN_END_DONE;
    if (decide(&g, run_id, e) != 0) {
        return -1;
    }
    if (ret->end == RUN_END_DONE && run_steps(&g, e) != 0) {
        return -1;
    }
    /* Parked, it would be cancelled or expire with "nothing was done". */
    bool stops = ret->end == RUN_END_FAILED || ret->end == RUN_END_LOGIN;
    return stops ? engine_find_unsettled(&g, e) : 0;
}

int recipe_give_up(recipes *r, arena *mem, const struct job *job, const char *run_id,
                   struct run_outcome *ret, struct err *e)
{
    memset(ret, 0, sizeof(*ret));
    struct engine g = {.recipes = r, .mem = mem, .job = job, .gives_up = true, .out = ret};
    struct run_case c;
    store *s = NULL;
    ret->end = RUN_END_FAILED;
    if (engine_open(&g, &s, e) != 0) {
        return -1;
    }
    int rc = load_case(&g, s, run_id, &c, e);
    store_close(s);
    return rc == 0 && ret->end == RUN_END_FAILED ? engine_find_unsettled(&g, e) : rc;
}
