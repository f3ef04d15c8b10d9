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

int engine_session(struct engine *g, bool in_tx, engine_fn *work, void *arg, struct err *e)
{
    store *s = NULL;
    if (store_open(g->recipes->options.stores, g->mem, &s, e) != 0) {
        return -1;
    }
    int rc = 0;
    if (in_tx) {
        rc = store_begin(s, e) != 0 ||
                     store_job_renew(s, g->job, g->recipes->options.config->ttl_lease, e) != 0
                 ? -1
                 : 0;
    }
    if (rc == 0) {
        rc = work(g, s, arg, e);
    }
    if (rc == 0 && in_tx) {
        rc = store_commit(s, e);
    }
    store_close(s);
    return rc;
}

static void end_failed(struct engine *g, enum err_kind kind, const char *code)
{
    g->out->end = RUN_END_FAILED;
    err_set(&g->out->err, kind, code, "run %s: %s", g->out->run->reference, code);
}

/* The run's recipe in the version it began with; it must still be switched on. */
static int load_recipe(struct engine *g, store *s, struct err *e)
{
    const struct run *r = g->out->run;
    struct recipe_row *version = NULL, *current = NULL;
    if (store_recipe_version(s, r->workspace, r->recipe, r->version, &version, e) != 0 ||
        store_recipe_find(s, r->workspace, r->recipe, &current, e) != 0) {
        return -1;
    }
    if (version == NULL || current == NULL || !current->enabled) {
        end_failed(g, ERR_NOT_FOUND, "recipe_off");
        return 0;
    }
    json_t *body = NULL;
    struct faults *faults = arena_alloc(g->mem, sizeof(*faults));
    faults_init(faults, g->mem);
    if (json_read(g->mem, bytes_of(version->body), &body, e) != 0) {
        return -1;
    }
    recipe_parse(g->mem, body, &g->out->recipe, faults);
    if (faults->count > 0) {
        end_failed(g, ERR_CONFIG, "recipe_faulty");
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
        if (recipe_resolve(s, r, &r->connections[i], p, d, e) != 0) {
            return -1;
        }
        out->resolved_count = i + 1;
        if (d->problem != NULL) {
            end_failed(g, ERR_CONFIG, d->problem);
            return 0;
        }
        if (d->rule == RULE_LOGIN && out->need == NULL) {
            out->need = d;
            out->end = RUN_END_LOGIN;
        }
    }
    return 0;
}

static int load_person(struct engine *g, store *s, struct recipe_person *ret, struct err *e)
{
    const struct run *r = g->out->run;
    struct workspace *w = NULL;
    struct user *u = NULL;
    if (store_workspace_find(s, r->workspace, &w, e) != 0 ||
        store_user_find(s, r->workspace, r->user_id, &u, e) != 0) {
        return -1;
    }
    *ret = (struct recipe_person){.workspace = w, .user = u, .channel = r->channel};
    if (w == NULL || u == NULL || !recipe_allows(g->out->recipe, ret)) {
        end_failed(g, ERR_FORBIDDEN, "not_allowed");
    }
    return 0;
}

/* Everything that decides whether and as whom this run goes on. */
static int load(struct engine *g, store *s, void *arg, struct err *e)
{
    const char *run_id = arg;
    struct run_outcome *out = g->out;
    struct recipe_person person;
    if (store_run_find(s, g->job->workspace, run_id, &out->run, e) != 0) {
        return -1;
    }
    if (out->run == NULL || (out->run->state != RUN_QUEUED && out->run->state != RUN_RUNNING)) {
        out->end = RUN_END_GONE;
        return 0;
    }
    if (load_recipe(g, s, e) != 0) {
        return -1;
    }
    if (out->end == RUN_END_FAILED) {
        return 0;
    }
    if (load_person(g, s, &person, e) != 0) {
        return -1;
    }
    if (out->end == RUN_END_FAILED) {
        return 0;
    }
    if (store_steps(s, out->run->workspace, run_id, &g->known, &g->known_count, e) != 0) {
        return -1;
    }
    return resolve_all(g, s, &person, e);
}

/* Which connection acts, and by which rule, is on record before the first call. */
static int record_start(struct engine *g, store *s, void *arg, struct err *e)
{
    (void)arg;
    struct run *r = g->out->run;
    for (size_t i = 0; i < g->out->resolved_count; i++) {
        const struct resolved *d = &g->out->resolved[i];
        const struct run_connection row = {.alias = d->alias,
                                           .default_name = d->def->name,
                                           .app = d->def->app,
                                           .rule = recipe_rule_name(d->rule),
                                           .connection_id = d->connection->id,
                                           .account = d->connection->account.name};
        if (store_run_connection_put(s, r->workspace, r->id, &row, e) != 0) {
            return -1;
        }
    }
    if (r->state == RUN_RUNNING) {
        return 0;
    }
    bool changed = false;
    struct run next = *r;
    next.state = RUN_RUNNING;
    if (store_run_update(s, &next, r->state, &changed, e) != 0) {
        return -1;
    }
    if (!changed) {
        return err_set(e, ERR_LEASE_LOST, "run_moved", "run %s moved on", r->reference);
    }
    r->state = RUN_RUNNING;
    return 0;
}

int recipe_run(recipes *r, arena *mem, const struct job *job, const char *run_id,
               struct run_outcome *ret, struct err *e)
{
    memset(ret, 0, sizeof(*ret));
    struct engine g = {.recipes = r, .mem = mem, .job = job, .out = ret};
    ret->end = RUN_END_DONE;
    if (engine_session(&g, false, load, arena_strdup(mem, run_id), e) != 0) {
        return -1;
    }
    if (ret->end != RUN_END_DONE) {
        return 0;
    }
    if (engine_session(&g, true, record_start, NULL, e) != 0) {
        return -1;
    }
    g.access = arena_array(mem, ret->resolved_count + 1, sizeof(*g.access));
    g.has_access = arena_array(mem, ret->resolved_count + 1, sizeof(bool));
    ret->context = engine_context_new(&g);
    bool go = true;
    for (size_t i = 0; go && i < ret->recipe->steps_count; i++) {
        if (engine_step(&g, i, &go, e) != 0) {
            return -1;
        }
    }
    return 0;
}
