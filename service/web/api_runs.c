#include "api_int.h"

#include "base/clock.h"
#include "base/str.h"

/* What a run did, for operators: never its inputs or its result. */

static json_t *error_json(const char *code)
{
    return code == NULL ? json_null() : json_pack("{s:s}", "code", code);
}

/* Of the runs that it began a token of the role "act" learns all but the person's account. */
static bool acts(const struct api *a)
{
    return a->q->by != NULL && a->q->by->role == API_ROLE_ACT;
}

static int apps_json(struct api *a, const struct run *run, json_t **ret, struct err *e)
{
    struct run_connection *list = NULL;
    size_t count = 0;
    if (store_run_connections(a->s, a->workspace, run->id, &list, &count, e) != 0) {
        return -1;
    }
    *ret = json_array();
    for (size_t i = 0; i < count; i++) {
        const struct run_connection *c = &list[i];
        json_array_append_new(*ret,
                              json_pack("{s:s, s:s, s:s, s:s, s:s?}", "alias", c->alias, "app",
                                        c->app, "rule", c->rule, "connection", c->default_name,
                                        "account", acts(a) ? NULL : c->account));
    }
    return 0;
}

static int steps_json(struct api *a, const struct run *run, json_t **ret, struct err *e)
{
    struct run_step *list = NULL;
    size_t count = 0;
    if (store_steps(a->s, a->workspace, run->id, &list, &count, e) != 0) {
        return -1;
    }
    *ret = json_array();
    for (size_t i = 0; i < count; i++) {
        const struct run_step *p = &list[i];
        json_t *turn = p->turn > STEP_ONCE ? json_integer(p->turn) : json_null();
        json_array_append_new(
            *ret,
            json_pack("{s:s, s:o, s:s, s:o, s:o, s:o, s:s?, s:s?, s:o}", "id", p->step, "turn",
                      turn, "state", p->state, "started", api_time(a->mem, p->started_at), "ended",
                      api_time(a->mem, p->ended_at), "took_ms",
                      p->took_ms < 0 ? json_null() : json_integer(p->took_ms), "record",
                      p->record_id, "url", p->record_url, "error", error_json(p->error_code)));
    }
    return 0;
}

static int run_json(struct api *a, const struct run *run, json_t **ret, struct err *e)
{
    json_t *used = NULL, *steps = NULL;
    if (apps_json(a, run, &used, e) != 0) {
        return -1;
    }
    arena_json(a->mem, used);
    if (steps_json(a, run, &steps, e) != 0) {
        return -1;
    }
    *ret = json_pack(
        "{s:s?, s:s, s:s, s:s, s:I, s:s, s:s, s:O, s:o, s:o, s:o, s:o, s:o, s:o}", "started_by",
        run->act.token == NULL ? NULL : token_actor(a->mem, run->act.token), "id", run->id,
        "reference", run->reference, "recipe", run->recipe, "version", (json_int_t)run->version,
        "user", run->user_id, "state", run_state_name(run->state), "apps", used, "steps", steps,
        "error", error_json(run->error_code == NULL ? run->unreadable : run->error_code), "created",
        api_time(a->mem, run->created_at), "parked", api_time(a->mem, run->parked_at), "expires",
        api_time(a->mem, run->expires_at), "ended", api_time(a->mem, run->ended_at));
    return 0;
}

static int check_state(const char *state, struct err *e)
{
    if (state == NULL) {
        return 0;
    }
    for (int i = 0; i < RUN_STATE_COUNT; i++) {
        if (str_equal(run_state_name((enum run_state)i), state)) {
            return 0;
        }
    }
    return err_set(e, ERR_INPUT, "query", "\"state\" is no state of a run.");
}

static int read_filter(const struct api *a, struct run_filter *f, struct err *e)
{
    const struct {
        const char *name;
        const char **to;
    } filters[] = {{"reference", &f->reference},
                   {"user", &f->user_id},
                   {"state", &f->state},
                   {"recipe", &f->recipe}};
    for (size_t i = 0; i < sizeof filters / sizeof filters[0]; i++) {
        if (request_query(a->q, filters[i].name, filters[i].to, e) != 0) {
            return -1;
        }
    }
    return check_state(f->state, e) != 0 || api_query_time(a, "since", &f->since, e) != 0 ||
                   api_query_time(a, "until", &f->until, e) != 0
               ? -1
               : 0;
}

static int runs_get(struct api *a, struct err *e)
{
    struct workspace *w = NULL;
    struct api_page page = {0};
    struct run_filter f = {0};
    struct run *list = NULL;
    size_t count = 0;
    if (api_page(a, &page, e) != 0 || read_filter(a, &f, e) != 0 || api_workspace(a, &w, e) != 0) {
        return -1;
    }
    f.before_id = page.cursor;
    f.limit = page.limit + 1;
    if (store_run_page(a->s, a->workspace, &f, &list, &count, e) != 0) {
        return -1;
    }
    bool more = (int64_t)count > page.limit;
    count -= more ? 1 : 0;
    json_t *items = arena_json(a->mem, json_array());
    for (size_t i = 0; i < count; i++) {
        json_t *value = NULL;
        if (run_json(a, &list[i], &value, e) != 0) {
            return -1;
        }
        json_array_append_new(items, value);
    }
    api_answer_list(a, json_incref(items), more ? list[count - 1].id : NULL);
    return 0;
}

/* A token of the role "act": what it began itself, for somebody who allows it still. */
static int may_see(struct api *a, const struct run *run, bool *ret, struct err *e)
{
    *ret = run != NULL && (!acts(a) || str_equal(run->act.token, a->q->by->digest));
    return *ret && acts(a)
               ? store_permission_holds(a->s, a->workspace, run->user_id, run->act.token, ret, e)
               : 0;
}

static int run_get(struct api *a, struct err *e)
{
    struct workspace *w = NULL;
    struct run *run = NULL;
    json_t *value = NULL;
    bool may = false;
    if (api_workspace(a, &w, e) != 0 || store_run_find(a->s, a->workspace, a->name, &run, e) != 0 ||
        may_see(a, run, &may, e) != 0) {
        return -1;
    }
    if (!may) {
        return err_set(e, ERR_NOT_FOUND, "no_run", "There is no such run in this workspace.");
    }
    if (run_json(a, run, &value, e) != 0) {
        return -1;
    }
    api_answer(a, 200, value);
    return 0;
}

int api_runs_get(web *w, const struct request *q, struct response *r, struct err *e)
{
    return api_run(w, q, r, runs_get, e);
}

int api_run_get(web *w, const struct request *q, struct response *r, struct err *e)
{
    return api_run(w, q, r, run_get, e);
}
