#include "engine.h"

#include <string.h>

#include "base/json.h"
#include "base/str.h"

/*
 * One step: intent is committed before the call and the outcome after it (P10). A step that stands
 * as "started" when a worker comes to it was begun by one that died or never got its answer: it is
 * repeated only when that is harmless, else looked up, else the run becomes unknown.
 */

enum { REFRESH_WAIT_MS = 1000 };

struct step {
    struct engine *engine;
    const struct recipe_step *recipe;
    struct engine_place at;
    struct resolved *resolved;
    struct oauth_access *access;
    const app_action *action;
    json_t *with;
    struct run_step *row;
};

static size_t alias_index(const struct engine *g, const char *alias)
{
    size_t i = 0;
    while (i < g->out->resolved_count && !str_equal(g->out->resolved[i].alias, alias)) {
        i++;
    }
    return i;
}

/* The connection ended between resolving and calling: a personal one means logging in again. */
static int access_failed(struct step *st, const struct err *why)
{
    struct run_outcome *out = st->engine->out;
    if (why->kind == ERR_LOGIN_NEEDED && st->resolved->rule == RULE_PERSONAL) {
        out->end = RUN_END_LOGIN;
        out->need = st->resolved;
        return 0;
    }
    engine_failed(st->engine, st->recipe, why, NULL);
    if (str_equal(why->code, "refreshing")) {
        /* longer each time, so that all attempts together outlast another worker's lease */
        int64_t wait_ms = st->engine->job->attempts * REFRESH_WAIT_MS;
        out->err.retry_after_ms = wait_ms > why->retry_after_ms ? wait_ms : why->retry_after_ms;
    }
    return 0;
}

/* Renewed by somebody else meanwhile, with another account behind it: looked at afresh, before it
 * acts for a run whose record names the one that was resolved. */
static bool is_other_account(const struct step *st)
{
    return !str_equal(st->access->account.key, st->resolved->connection->account.key);
}

static int get_access(struct step *st, int64_t refused, bool *ret_go, struct err *e)
{
    struct engine *g = st->engine;
    size_t i = alias_index(g, st->recipe->alias);
    (void)e;
    st->access = &g->access[i];
    if (g->has_access[i] && refused == OAUTH_ANY_GENERATION) {
        return 0;
    }
    struct err why = {0};
    const struct oauth_use use = {.connection = st->resolved->connection,
                                  .def = st->resolved->def,
                                  .refused_generation = refused};
    if (oauth_access(g->recipes->options.oauth, g->mem, &use, st->access, &why) != 0) {
        *ret_go = false;
        return access_failed(st, &why);
    }
    if (is_other_account(st)) {
        *ret_go = false;
        err_set(&why, ERR_LIMIT, OAUTH_MOVED, "connection %s is another account's now",
                st->access->connection_id);
        return access_failed(st, &why);
    }
    g->has_access[i] = true;
    return 0;
}

static struct step_place place_of(const struct step *st)
{
    struct step_place p = engine_row(st->engine, store_step_position(st->at.step, st->at.turn));
    p.turn = st->at.turn;
    return p;
}

/* Off-boarded between two steps: the rest of them is for nobody. */
static int look_at_person(struct step *st, store *s, bool *ret_go, struct err *e)
{
    const struct run *r = st->engine->out->run;
    struct user *u = NULL;
    if (str_empty(r->user_id)) {
        return 0; /* a hook's: nobody's */
    }
    if (store_user_find(s, r->workspace, r->user_id, &u, e) != 0) {
        return -1;
    }
    *ret_go = store_person_allowed(u, st->engine->out->workspace);
    struct err why = {0};
    err_set(&why, ERR_FORBIDDEN, "not_allowed", "run %s: off-boarded", r->reference);
    return *ret_go ? 0 : engine_failed(st->engine, st->recipe, &why, NULL);
}

/* What acts goes on record with the first intent. */
static int intend(struct step *st, store *s, bool *ret_go, struct err *e)
{
    const struct step_place at = place_of(st);
    if (!st->engine->started) {
        return engine_start_with(st->engine, s, st->recipe->id, &st->row, e);
    }
    int rc = look_at_person(st, s, ret_go, e);
    return rc != 0 || !*ret_go ? rc : store_step_begin(s, &at, st->recipe->id, &st->row, e);
}

/* One transaction: the run's own rows first and the decision's last, as its end takes them. */
static int intend_and_claim(struct step *st, store *s, bool *ret_go, struct err *e)
{
    if (store_begin(s, e) != 0 || intend(st, s, ret_go, e) != 0) {
        return -1;
    }
    int rc = *ret_go ? engine_claim(st->engine, s, &st->at, ret_go, e) : 0;
    return rc != 0 || !*ret_go ? rc : store_commit(s, e);
}

static int begin(struct step *st, bool *ret_go, struct err *e)
{
    store *s = NULL;
    if (engine_open(st->engine, &s, e) != 0) {
        return -1;
    }
    int rc = engine_decides(st->engine, st->action) ? intend_and_claim(st, s, ret_go, e)
                                                    : intend(st, s, ret_go, e);
    store_close(s);
    if (rc == 0 && *ret_go) {
        engine_started(st->engine);
    }
    return rc;
}

/* The call certainly had no effect: its intent is taken back. One that stood there before us stays,
 * with its key: what its own call did is not known. */
static int undo(struct step *st, struct err *e)
{
    const struct step_place at = place_of(st);
    store *s = NULL;
    if (!st->row->begun) {
        return 0;
    }
    if (engine_open(st->engine, &s, e) != 0) {
        return -1;
    }
    int rc = store_step_undo(s, &at, e);
    store_close(s);
    return rc;
}

/* What was read is not there; what was written stands, with the record's id alone. */
static int too_much(struct step *st, bool *ret_go, struct err *e)
{
    struct engine *g = st->engine;
    struct err why = {0};
    *ret_go = false;
    st->row->output = NULL;
    err_set(&why, ERR_UPSTREAM_REFUSED, "too_large", "run %s: its results are too large",
            g->out->run->reference);
    engine_failed(g, st->recipe, &why,
                  "The apps answer more to this command than one may hold. It must ask for fewer "
                  "records or fields.");
    return app_action_writes(st->action) ? engine_record(g, st->row, "done", NULL, e)
                                         : engine_refused(g, st->row, why.code, e);
}

static int settle_done(struct step *st, const struct app_result *r, bool *ret_go, struct err *e)
{
    st->row->output = r->output;
    st->row->record_id = r->record_id;
    st->row->record_url = r->record_url;
    if (app_action_writes(st->action)) {
        st->row->wrote_by = st->recipe->alias;
        st->row->wrote = st->recipe->action;
    }
    if (!engine_has_room(st->engine, r->output)) {
        return too_much(st, ret_go, e);
    }
    bool last = st->at.step + 1 == st->engine->out->recipe->steps_count;
    if (last && st->at.turn == STEP_ONCE) {
        st->row->state = "done"; /* one commit with the end of the run */
        st->row->error_code = NULL;
        st->engine->out->last = st->row;
    } else if (engine_record(st->engine, st->row, "done", NULL, e) != 0) {
        return -1;
    }
    engine_context_done(st->engine, &st->at, st->row);
    return 0;
}

static int ask(struct step *st, bool looks_up, struct engine_answer *ret, struct err *e)
{
    const struct engine_ask q = {.call = {.http = st->engine->recipes->options.http,
                                          .site = st->access->site,
                                          .access = st->access->token,
                                          .idempotency_key = st->row->idempotency_key,
                                          .again = !st->row->begun,
                                          .account_key = st->access->account.key},
                                 .action = st->action,
                                 .with = st->with,
                                 .looks_up = looks_up};
    return engine_ask(st->engine, &q, ret, e);
}

/* An error of the call itself, after intent was recorded. */
static int call_failed(struct step *st, const struct err *why, const char *words, struct err *e)
{
    struct engine *g = st->engine;
    bool writes = app_action_writes(st->action);
    engine_failed(g, st->recipe, why, words);
    if (writes && why->maybe_done) {
        /* The intent stays: the next attempt repeats it if harmless, or looks it up. */
        g->out->end = RUN_END_AGAIN;
        return g->job->attempts < ENGINE_ATTEMPTS_MAX ? 0 : engine_unknown(g, st->row, e);
    }
    if (g->out->end == RUN_END_AGAIN) {
        return undo(st, e);
    }
    return writes && !st->row->begun ? engine_unknown(g, st->row, e)
                                     : engine_refused(g, st->row, why->code, e);
}

/* No refresh brings more: only its person can, and nothing was done. */
static int ask_consent(struct step *st, const struct err *why, bool *ret_ask, struct err *e)
{
    const struct engine_scope q = {
        .resolved = st->resolved, .generation = st->access->generation, .needed = why->needed};
    return engine_consent(st->engine, &q, ret_ask, e);
}

static int act(struct step *st, bool *ret_go, struct err *e)
{
    struct engine_answer a;
    struct err why = {0};
    int rc = ask(st, false, &a, &why);
    if (rc != 0 && why.kind == ERR_UNAUTHENTIC) {
        /* one refresh, one repeat: the app has certainly not acted for a refused token */
        if (get_access(st, st->access->generation, ret_go, e) != 0) {
            return -1;
        }
        if (!*ret_go) {
            return undo(st, e);
        }
        why = (struct err){0};
        rc = ask(st, false, &a, &why);
    }
    if (rc == 0) {
        return settle_done(st, &a.result, ret_go, e);
    }
    *ret_go = false;
    st->engine->out->decided = a.result.decided;
    bool consent = false;
    if (str_equal(why.code, "app_scope") && ask_consent(st, &why, &consent, e) != 0) {
        return -1;
    }
    return consent ? undo(st, e) : call_failed(st, &why, a.words, e);
}

/* Asks the app, with one refresh and one repeat for a token that it does not take. */
static int look_up(struct step *st, struct engine_answer *ret, bool *ret_go, struct err *why,
                   struct err *e)
{
    if (ask(st, true, ret, why) == 0 || why->kind != ERR_UNAUTHENTIC) {
        return 0;
    }
    if (get_access(st, st->access->generation, ret_go, e) != 0) {
        return -1;
    }
    *why = (struct err){0};
    if (*ret_go) {
        (void)ask(st, true, ret, why);
    }
    return 0;
}

/* Begun before us, outcome not on record. *ret_repeat: it may be done (again). */
static int find_out(struct step *st, bool *ret_repeat, bool *ret_go, struct err *e)
{
    struct engine *g = st->engine;
    *ret_repeat = !app_action_writes(st->action) || app_action_repeatable(st->action, st->with);
    if (*ret_repeat) {
        return 0;
    }
    struct engine_answer a;
    struct err why = {0};
    int rc = look_up(st, &a, ret_go, &why, e);
    if (rc != 0 || !*ret_go) {
        return rc;
    }
    if (engine_again(g, &why)) {
        *ret_go = false;
        return engine_failed(g, st->recipe, &why, NULL);
    }
    if (a.found == APP_FOUND) {
        return settle_done(st, &a.result, ret_go, e);
    }
    *ret_repeat = a.found == APP_NOT_FOUND;
    *ret_go = *ret_repeat;
    return *ret_go ? 0 : engine_unknown(g, st->row, e);
}

/* What an earlier worker has on record. *ret_settled: nothing is left to do for this step. */
static int from_record(struct step *st, bool *ret_settled, bool *ret_go)
{
    struct engine *g = st->engine;
    const struct run_step *row = st->row;
    *ret_settled = !str_equal(row->state, "started");
    if (str_equal(row->state, "done")) {
        engine_context_done(g, &st->at, row);
    } else if (*ret_settled) {
        *ret_go = false;
        g->out->step = st->recipe->id;
        g->out->item = engine_item(g, row);
        bool unknown = str_equal(row->state, "unknown");
        g->out->end = unknown ? RUN_END_UNKNOWN : RUN_END_FAILED;
        err_set(&g->out->err, ERR_UPSTREAM_REFUSED,
                row->error_code == NULL ? "app_refused" : row->error_code, "step %s is %s",
                st->recipe->id, row->state);
        engine_refused_before(g, row);
    }
    return 0;
}

static int prepare(struct step *st, bool *ret_go, struct err *e)
{
    struct engine *g = st->engine;
    st->resolved = &g->out->resolved[alias_index(g, st->recipe->alias)];
    const app *a = apps_find(g->recipes->options.apps, st->resolved->def->app);
    st->action = a == NULL ? NULL : app_action_find(a, st->recipe->action);
    struct err why = {0};
    const char *words = NULL;
    if (st->action == NULL) {
        err_set(&why, ERR_CONFIG, "recipe_faulty", "action %s is gone", st->recipe->action);
    } else if (template_expand(g->mem, st->recipe->with, g->out->context, &st->with, &why) == 0 &&
               engine_files(g, st->with, &words, &why) == 0) {
        return get_access(st, OAUTH_ANY_GENERATION, ret_go, e);
    }
    *ret_go = false;
    return engine_failed(g, st->recipe, &why, words);
}

int engine_call(struct engine *g, const struct engine_place *at, bool *ret_go, struct err *e)
{
    struct step st = {.engine = g,
                      .recipe = &g->out->recipe->steps[at->step],
                      .at = *at,
                      .row = engine_known(g, at)};
    bool settled = false, repeat = true;
    if (st.row != NULL) {
        from_record(&st, &settled, ret_go);
    }
    if (settled) {
        return 0;
    }
    if (prepare(&st, ret_go, e) != 0) {
        return -1;
    }
    if (!*ret_go) {
        return 0;
    }
    if (st.row != NULL && find_out(&st, &repeat, ret_go, e) != 0) {
        return -1;
    }
    if (!repeat || !*ret_go) {
        return 0;
    }
    if (begin(&st, ret_go, e) != 0) {
        return -1;
    }
    return *ret_go ? act(&st, ret_go, e) : 0;
}
