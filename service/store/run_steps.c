#include "store_int.h"

#define COLUMNS                                                                                    \
    "position, step, state, idempotency_key, output, record_id, record_url, error_code, " EPOCH(   \
        "started_at") ", " EPOCH("ended_at") ", workspace, run_id"
enum { COLUMNS_COUNT = 13 };

static const struct stmt CONNECTION_PUT = {
    "run_connection_put",
    "insert into run_connection (workspace, run_id, alias, default_name, app, rule, connection_id,"
    "                            account)"
    " values ($1, $2, $3, $4, $5, $6, $7, $8)"
    " on conflict (workspace, run_id, alias) do update set"
    "   default_name = excluded.default_name, app = excluded.app, rule = excluded.rule,"
    "   connection_id = excluded.connection_id, account = excluded.account",
    8, 0};

static const struct stmt CONNECTIONS = {
    "run_connections",
    "select alias, default_name, app, rule, connection_id, account from run_connection"
    " where workspace = $1 and run_id = $2 order by alias",
    2, 6};

/* Nothing comes back when another session's intent is younger than this statement. */
static const struct stmt BEGIN = {
    "step_begin",
    "with begun as ("
    "  insert into run_step (workspace, run_id, position, step, state, idempotency_key)"
    "  values ($1, $2, $3, $4, 'started', $5) on conflict do nothing returning " COLUMNS ", true) "
    "table begun union all "
    "select " COLUMNS
    ", false from run_step where workspace = $1 and run_id = $2 and position = $3",
    5, COLUMNS_COUNT};

static const struct stmt END = {
    "step_end",
    "update run_step set state = $4, output = $5, record_id = $6, record_url = $7,"
    "   error_code = $8, ended_at = now() where workspace = $1 and run_id = $2 and position = $3",
    8, 0};

static const struct stmt FORGET = {
    "step_forget",
    "delete from run_step where workspace = $1 and run_id = $2 and position = $3"
    "   and state in ('started', 'failed')",
    3, 0};

static const struct stmt STEPS = {
    "steps",
    "select " COLUMNS
    ", false from run_step where workspace = $1 and run_id = $2 order by position",
    2, COLUMNS_COUNT};

const struct stmt *const store_run_steps_stmts[] = {&CONNECTION_PUT, &CONNECTIONS, &BEGIN, &END,
                                                    &FORGET,         &STEPS,       NULL};

enum { BEGIN_TRIES = 3 };

static struct seal_place output_place(const store *s, const char *workspace, const char *run_id,
                                      int64_t position)
{
    const char *row = arena_printf(s->mem, "%s/%lld", run_id, (long long)position);
    return (struct seal_place){"run_step", workspace, row, "output"};
}

static int read_step(store *s, const rows *r, size_t row, void *to, struct err *e)
{
    struct run_step *p = to;
    p->position = row_i64(r, row, 0);
    p->step = row_text(r, row, 1);
    p->state = row_text(r, row, 2);
    p->idempotency_key = row_text(r, row, 3);
    p->record_id = row_text(r, row, 5);
    p->record_url = row_text(r, row, 6);
    p->error_code = row_text(r, row, 7);
    p->started_at = row_i64(r, row, 8);
    p->ended_at = row_i64(r, row, 9);
    p->begun = row_bool(r, row, 12);
    struct seal_place place =
        output_place(s, row_text(r, row, 10), row_text(r, row, 11), p->position);
    return store_unseal_json(s, &place, row_bytes(r, row, 4), &p->output, e);
}

static int read_connection(store *s, const rows *r, size_t row, void *to, struct err *e)
{
    (void)s;
    (void)e;
    struct run_connection *c = to;
    c->alias = row_text(r, row, 0);
    c->default_name = row_text(r, row, 1);
    c->app = row_text(r, row, 2);
    c->rule = row_text(r, row, 3);
    c->connection_id = row_text(r, row, 4);
    c->account = row_text(r, row, 5);
    return 0;
}

int store_run_connection_put(store *s, const char *workspace, const char *run_id,
                             const struct run_connection *c, struct err *e)
{
    const struct db_arg *args =
        DB_ARGS(DB_TEXT(workspace), DB_TEXT(run_id), DB_TEXT(c->alias), DB_TEXT(c->default_name),
                DB_TEXT(c->app), DB_TEXT(c->rule), DB_TEXT(c->connection_id), DB_TEXT(c->account));
    return store_query(s, &CONNECTION_PUT, args, NULL, e);
}

int store_run_connections(store *s, const char *workspace, const char *run_id,
                          struct run_connection **ret, size_t *ret_count, struct err *e)
{
    struct store_ask ask = {&CONNECTIONS, DB_ARGS(DB_TEXT(workspace), DB_TEXT(run_id)),
                            read_connection, sizeof(struct run_connection)};
    void *list = NULL;
    if (store_ask_all(s, &ask, &list, ret_count, e) != 0) {
        return -1;
    }
    *ret = list;
    return 0;
}

int store_step_begin(store *s, const char *workspace, const char *run_id, int64_t position,
                     const char *step, struct run_step **ret, struct err *e)
{
    struct id key = id_new();
    struct store_ask ask = {&BEGIN,
                            DB_ARGS(DB_TEXT(workspace), DB_TEXT(run_id), DB_I64(position),
                                    DB_TEXT(step), DB_TEXT(key.text)),
                            read_step, sizeof(struct run_step)};
    void *found = NULL;
    for (int i = 0; i < BEGIN_TRIES && found == NULL; i++) {
        if (store_ask_one(s, &ask, &found, e) != 0) {
            return -1;
        }
    }
    if (found == NULL) {
        return err_set(e, ERR_DATABASE, "db_retry", "step %s comes and goes", step);
    }
    *ret = found;
    return 0;
}

int store_step_end(store *s, const char *workspace, const char *run_id, const struct run_step *p,
                   struct err *e)
{
    struct seal_place place = output_place(s, workspace, run_id, p->position);
    const struct db_arg *args =
        DB_ARGS(DB_TEXT(workspace), DB_TEXT(run_id), DB_I64(p->position), DB_TEXT(p->state),
                DB_BYTES(store_seal_json(s, &place, p->output)), DB_TEXT(p->record_id),
                DB_TEXT(p->record_url), DB_TEXT(p->error_code));
    return store_touch_one(s, &END, args, "no_step", e);
}

int store_step_forget(store *s, const char *workspace, const char *run_id, int64_t position,
                      struct err *e)
{
    const struct db_arg *args = DB_ARGS(DB_TEXT(workspace), DB_TEXT(run_id), DB_I64(position));
    return store_touch_one(s, &FORGET, args, "no_step", e);
}

int store_steps(store *s, const char *workspace, const char *run_id, struct run_step **ret,
                size_t *ret_count, struct err *e)
{
    struct store_ask ask = {&STEPS, DB_ARGS(DB_TEXT(workspace), DB_TEXT(run_id)), read_step,
                            sizeof(struct run_step)};
    void *list = NULL;
    if (store_ask_all(s, &ask, &list, ret_count, e) != 0) {
        return -1;
    }
    *ret = list;
    return 0;
}
