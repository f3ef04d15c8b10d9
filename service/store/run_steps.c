#include "store_int.h"

#define COLUMNS                                                                                    \
    "position, step, state, idempotency_key, output, record_id, record_url, error_code, "          \
    "epoch(started_at), epoch(ended_at), workspace, run_id, turn, "                                \
    "coalesce((extract(epoch from ended_at - started_at) * 1000)::bigint, -1)"
enum { COLUMNS_COUNT = 15 };

static const struct stmt CONNECTIONS = {
    "run_connections",
    "select alias, default_name, app, rule, connection_id, account, account_hash"
    "  from run_connection where workspace = $1 and run_id = $2 order by alias",
    2, 7};

/* By the lease of the job alone: who lost it writes nothing. The lock keeps it ours until the end;
 * to write the row for that would cost an entry in each of its indexes. */
#define MINE                                                                                       \
    "with mine as ("                                                                               \
    "  select from job where workspace = $1 and id = $2 and lease_token = $3"                      \
    "     for no key update), "

static const struct stmt BEGIN = {
    "step_begin",
    MINE "begun as ("
         "  insert into run_step (workspace, run_id, position, step, state, idempotency_key,"
         "                        turn)"
         "  select $1, $4, $5, $6, 'started', $7, $8 from mine"
         "  on conflict do nothing returning " COLUMNS ", true) "
         "table begun union all "
         "select " COLUMNS ", false from run_step"
         " where workspace = $1 and run_id = $4 and position = $5 and exists (select from mine)",
    8, COLUMNS_COUNT};

static const struct stmt SKIP = {
    "step_skip",
    MINE "skipped as ("
         "  insert into run_step (workspace, run_id, position, step, state, idempotency_key,"
         "                        turn, ended_at)"
         "  select $1, $4, $5, $6, 'skipped', $7, $8, now() from mine"
         "  on conflict do nothing returning 1) "
         "select count(*) from mine",
    8, 1};

/* What a write did, as whom and by which rule, is on record with its outcome or not at all. */
static const struct stmt END = {
    "step_end",
    MINE "ended as ("
         "  update run_step set state = $6, output = $7, record_id = $8, record_url = $9,"
         "         error_code = $10, ended_at = now() from mine"
         "   where workspace = $1 and run_id = $4 and position = $5"
         "   returning workspace, run_id, step, state, record_id, record_url,"
         "            turn), "
         "told as ("
         "  insert into audit (workspace, id, actor, action, subject, detail)"
         "  select r.workspace, $13, case when r.user_id = '' then 'system'"
         "         else 'user:' || r.user_id end, 'run.wrote', r.reference,"
         "         json_strip_nulls(json_build_object('run', r.id, 'recipe', r.recipe,"
         "           'version', r.version, 'step', p.step, 'turn',"
         "           case when p.turn > 0 then p.turn end, 'action', $12::text, 'app', c.app,"
         "           'connection', c.default_name, 'rule', c.rule, 'account', c.account,"
         "           'record', p.record_id, 'url', p.record_url, 'outcome', p.state,"
         "           'started_by', 'token:' || left(r.act_token, 8)))"
         "    from ended p join run r on r.workspace = p.workspace and r.id = p.run_id"
         "    left join run_connection c on c.workspace = r.workspace and c.run_id = r.id"
         "         and c.alias = $11"
         "   where $11::text is not null) "
         "select count(*) from ended",
    13, 1};

static const struct stmt UNDO = {
    "step_undo",
    MINE "undone as ("
         "  delete from run_step using mine where workspace = $1 and run_id = $4"
         "     and position = $5 and state = 'started' returning 1) "
         "select count(*) from undone",
    5, 1};

static const struct stmt FORGET = {
    "step_forget",
    "delete from run_step where workspace = $1 and run_id = $2 and position = $3"
    "   and state = 'unknown'",
    3, 0};

static const struct stmt HAPPENED = {
    "step_happened",
    "update run_step set state = 'done', error_code = null"
    " where workspace = $1 and run_id = $2 and position = $3 and state = 'unknown'",
    3, 0};

static const struct stmt ANSWER = {
    "step_answer",
    "update run_step set state = $4, output = $5, error_code = $6, ended_at = now()"
    " where workspace = $1 and run_id = $2 and position = $3 and state = 'started'",
    6, 0};

static const struct stmt STEPS = {"steps",
                                  "select " COLUMNS
                                  ", false from run_step where workspace = $1 and run_id = $2"
                                  " order by position % 100, position",
                                  2, COLUMNS_COUNT};

const struct stmt *const store_run_steps_stmts[] = {&CONNECTIONS, &BEGIN,    &SKIP,   &END,   &UNDO,
                                                    &FORGET,      &HAPPENED, &ANSWER, &STEPS, NULL};

int64_t store_step_position(size_t place, int64_t turn)
{
    return (int64_t)place + (turn > 0 ? turn * STEP_SPAN : 0);
}

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
    p->turn = row_i64(r, row, 12);
    p->took_ms = row_i64(r, row, 13);
    p->begun = row_bool(r, row, 14);
    struct seal_place place =
        output_place(s, row_text(r, row, 10), row_text(r, row, 11), p->position);
    struct err why = {.kind = ERR_NONE};
    (void)e;
    if (store_unseal_json(s, &place, row_bytes(r, row, 4), &p->output, &why) != 0) {
        p->output = NULL;
        p->unreadable = why.code;
    }
    return 0;
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
    c->account_hash = row_text(r, row, 6);
    return 0;
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

static int lease_lost(const struct step_place *at, struct err *e)
{
    return err_set(e, ERR_LEASE_LOST, "lease_lost", "job %s is not ours any more", at->job->id);
}

#define PLACE(at)                                                                                  \
    DB_TEXT((at)->job->workspace), DB_TEXT((at)->job->id), DB_TEXT((at)->job->lease_token),        \
        DB_TEXT((at)->run_id), DB_I64((at)->position)

int store_step_begin(store *s, const struct step_place *at, const char *step, struct run_step **ret,
                     struct err *e)
{
    struct id key = id_new();
    struct store_ask ask = {&BEGIN,
                            DB_ARGS(PLACE(at), DB_TEXT(step), DB_TEXT(key.text), DB_I64(at->turn)),
                            read_step, sizeof(struct run_step)};
    void *found = NULL;
    if (store_ask_one(s, &ask, &found, e) != 0) {
        return -1;
    }
    if (found == NULL) {
        return lease_lost(at, e);
    }
    *ret = found;
    return 0;
}

static int counted(store *s, const struct stmt *stmt, const struct db_arg *args,
                   const struct step_place *at, struct err *e)
{
    rows *r = NULL;
    if (store_query(s, stmt, args, &r, e) != 0) {
        return -1;
    }
    return row_i64(r, 0, 0) > 0 ? 0 : lease_lost(at, e);
}

int store_step_skip(store *s, const struct step_place *at, const char *step, struct err *e)
{
    struct id key = id_new();
    return counted(s, &SKIP, DB_ARGS(PLACE(at), DB_TEXT(step), DB_TEXT(key.text), DB_I64(at->turn)),
                   at, e);
}

int store_step_end(store *s, const struct step_place *at, const struct run_step *p, struct err *e)
{
    struct seal_place place = output_place(s, at->job->workspace, at->run_id, at->position);
    struct id audit_id = id_new();
    const struct db_arg *args =
        DB_ARGS(PLACE(at), DB_TEXT(p->state), DB_BYTES(store_seal_json(s, &place, p->output)),
                DB_TEXT(p->record_id), DB_TEXT(p->record_url), DB_TEXT(p->error_code),
                DB_TEXT(p->wrote_by), DB_TEXT(p->wrote), DB_TEXT(audit_id.text));
    return counted(s, &END, args, at, e);
}

int store_step_undo(store *s, const struct step_place *at, struct err *e)
{
    return counted(s, &UNDO, DB_ARGS(PLACE(at)), at, e);
}

int store_step_forget(store *s, const char *workspace, const char *run_id, int64_t position,
                      struct err *e)
{
    const struct db_arg *args = DB_ARGS(DB_TEXT(workspace), DB_TEXT(run_id), DB_I64(position));
    return store_touch_one(s, &FORGET, args, "no_step", e);
}

int store_step_happened(store *s, const char *workspace, const char *run_id, int64_t position,
                        struct err *e)
{
    const struct db_arg *args = DB_ARGS(DB_TEXT(workspace), DB_TEXT(run_id), DB_I64(position));
    return store_touch_one(s, &HAPPENED, args, "no_step", e);
}

int store_step_answer(store *s, const char *workspace, const char *run_id, const struct run_step *p,
                      struct err *e)
{
    struct seal_place place = output_place(s, workspace, run_id, p->position);
    return store_query(s, &ANSWER,
                       DB_ARGS(DB_TEXT(workspace), DB_TEXT(run_id), DB_I64(p->position),
                               DB_TEXT(p->state), DB_BYTES(store_seal_json(s, &place, p->output)),
                               DB_TEXT(p->error_code)),
                       NULL, e);
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
