#include "store_int.h"

/* The engine's own statements: one question before a run goes on, one statement when it starts. */

enum { CASE_EXTRA = 18 };

static const struct stmt CASE = {
    "run_case",
    "select " STORE_RUN_COLUMNS ", v.body, coalesce(c.enabled, false), w.name, w.installer,"
    "       w.admins, w.installer_uses = 'default', w.guests = 'allow', w.state, w.route,"
    "       u.name, u.standing, u.dm_channel, u.user_id is not null, epoch(u.home_opened_at),"
    "       u.pending_message,"
    "       exists (select from run_step p where p.workspace = r.workspace and p.run_id = r.id),"
    "       n.body,"
    "       r.act_token is null or (w.acting and exists (select from act_permission a"
    "         join api_token t on t.workspace = a.workspace and t.digest = a.token"
    "         where a.workspace = r.workspace and a.user_id = r.user_id"
    "           and a.token = r.act_token and a.allowed_at is not null"
    "           and (t.expires_at is null or t.expires_at > now())))"
    "  from run r join workspace w on w.workspace = r.workspace"
    "  left join recipe_version v on v.workspace = r.workspace and v.name = r.recipe"
    "       and v.version = r.version"
    "  left join recipe c on c.workspace = r.workspace and c.name = r.recipe"
    "  left join recipe_version n on n.workspace = c.workspace and n.name = c.name"
    "       and n.version = c.version and n.version <> r.version"
    "  left join chat_user u on u.workspace = r.workspace and u.user_id = r.user_id"
    " where r.workspace = $1 and r.id = $2",
    2, STORE_RUN_COLUMNS_COUNT + CASE_EXTRA};

/* Nothing is written unless the lease is still ours. */
static const struct stmt START = {
    "run_start",
    "with mine as ("
    "  select from job where workspace = $1 and id = $3 and lease_token = $4"
    "     for no key update),"
    " acting as ("
    "  insert into run_connection (workspace, run_id, alias, default_name, app, rule,"
    "                              connection_id, account, account_hash)"
    "  select $1, $2, a.* from mine, unnest($5::text[], $6::text[], $7::text[], $8::text[],"
    "                                       $9::uuid[], $10::text[], $13::text[]) a"
    "  on conflict (workspace, run_id, alias) do update set"
    "    default_name = excluded.default_name, app = excluded.app, rule = excluded.rule,"
    "    connection_id = excluded.connection_id, account = excluded.account,"
    "    account_hash = excluded.account_hash),"
    " started as ("
    "  update run set state = 'running' from mine"
    "   where workspace = $1 and id = $2"
    "     and state in ('queued', 'running') returning 1),"
    " begun as ("
    "  insert into run_step (workspace, run_id, position, step, state, idempotency_key)"
    "  select $1, $2, 0, $11, 'started', $12 from started where $11::text is not null) "
    "select count(*) from started",
    13, 1};

const struct stmt *const store_run_case_stmts[] = {&CASE, &START, NULL};

static struct workspace *case_workspace(store *s, const rows *r, const struct run *run)
{
    enum { AT = STORE_RUN_COLUMNS_COUNT + 2 };
    struct workspace *w = arena_alloc(s->mem, sizeof *w);
    w->workspace = run->workspace;
    w->name = row_text(r, 0, AT);
    w->installer = row_text(r, 0, AT + 1);
    w->admins = store_texts(s->mem, row_text(r, 0, AT + 2), &w->admins_count);
    w->installer_uses_default = row_bool(r, 0, AT + 3);
    w->guests_allowed = row_bool(r, 0, AT + 4);
    w->state = row_text(r, 0, AT + 5);
    w->route = row_text(r, 0, AT + 6);
    return w;
}

static struct user *case_user(store *s, const rows *r, const struct run *run)
{
    enum { AT = STORE_RUN_COLUMNS_COUNT + 9 };
    struct user *u = arena_alloc(s->mem, sizeof *u);
    u->workspace = run->workspace;
    u->user_id = run->user_id;
    u->name = row_text(r, 0, AT);
    u->standing = store_standing(row_text(r, 0, AT + 1));
    u->dm_channel = row_text(r, 0, AT + 2);
    u->home_opened_at = row_i64(r, 0, AT + 4);
    u->pending_message = row_text(r, 0, AT + 5);
    return row_bool(r, 0, AT + 3) ? u : NULL;
}

int store_run_case(store *s, const char *workspace, const char *run_id, struct run_case *ret,
                   struct err *e)
{
    rows *r = NULL;
    *ret = (struct run_case){.run = NULL};
    if (store_query(s, &CASE, DB_ARGS(DB_TEXT(workspace), DB_TEXT(run_id)), &r, e) != 0) {
        return -1;
    }
    if (rows_count(r) == 0) {
        return 0;
    }
    struct run *run = arena_alloc(s->mem, sizeof *run);
    if (store_read_run(s, r, 0, run, e) != 0) {
        return -1;
    }
    ret->run = run;
    ret->recipe_body = row_text(r, 0, STORE_RUN_COLUMNS_COUNT);
    ret->enabled = row_bool(r, 0, STORE_RUN_COLUMNS_COUNT + 1);
    ret->begun = row_bool(r, 0, STORE_RUN_COLUMNS_COUNT + CASE_EXTRA - 3);
    ret->recipe_body_now = row_text(r, 0, STORE_RUN_COLUMNS_COUNT + CASE_EXTRA - 2);
    ret->act_stands = row_bool(r, 0, STORE_RUN_COLUMNS_COUNT + CASE_EXTRA - 1);
    ret->workspace = case_workspace(s, r, run);
    ret->user = case_user(s, r, run);
    return 0;
}

/* Columns of the connections: one array per parameter. */
static const char **column(store *s, const struct run_start *q, size_t offset)
{
    const char **list = arena_array(s->mem, q->count + 1, sizeof *list);
    for (size_t i = 0; i < q->count; i++) {
        list[i] = *(const char *const *)((const char *)&q->connections[i] + offset);
    }
    return list;
}

#define COLUMN(member) DB_TEXTS(column(s, q, offsetof(struct run_connection, member)), q->count)

static struct run_step *first_step(store *s, const char *step)
{
    struct run_step *p = arena_alloc(s->mem, sizeof *p);
    *p = (struct run_step){.step = step,
                           .state = "started",
                           .begun = true,
                           .idempotency_key = arena_strdup(s->mem, id_new().text)};
    return p;
}

int store_run_start(store *s, const struct run_start *q, struct run_step **ret_first, struct err *e)
{
    rows *r = NULL;
    struct run_step *first = first_step(s, q->first_step);
    const struct db_arg *args =
        DB_ARGS(DB_TEXT(q->job->workspace), DB_TEXT(q->run_id), DB_TEXT(q->job->id),
                DB_TEXT(q->job->lease_token), COLUMN(alias), COLUMN(default_name), COLUMN(app),
                COLUMN(rule), COLUMN(connection_id), COLUMN(account), DB_TEXT(q->first_step),
                DB_TEXT(first->idempotency_key), COLUMN(account_hash));
    if (store_query(s, &START, args, &r, e) != 0) {
        return -1;
    }
    if (row_i64(r, 0, 0) == 0) {
        return err_set(e, ERR_LEASE_LOST, "run_moved", "run %s moved on, or its job is another's",
                       q->run_id);
    }
    if (q->first_step != NULL) {
        *ret_first = first;
    }
    return 0;
}
