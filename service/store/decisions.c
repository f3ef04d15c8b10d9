#include "store_int.h"

#define HOLDS                                                                                      \
    "d.state = 'deciding' and exists (select from run r where r.workspace = d.workspace"           \
    "   and r.id = d.run_id and (r.state in ('queued', 'running', 'unknown')"                      \
    "     or r.state in ('parked', 'asking') and exists (select from run_step p"                   \
    "       where p.workspace = r.workspace and p.run_id = r.id and p.position = any (d.steps)"    \
    "         and p.state in ('started', 'done', 'unknown'))))"

static const struct stmt FIND = {"decision_find",
                                 "select message_id, state = 'decided', " HOLDS
                                 ", run_id, user_id, word, app, epoch(decided_at)"
                                 "  from decision d where workspace = $1 and message_id = $2",
                                 2, 8};

/* Three statements: the last one must see what stands once the row is ours, its holder's state
 * included. */
static const struct stmt MAKE = {
    "decision_make",
    "insert into decision (workspace, message_id) values ($1, $2) on conflict do nothing", 2, 0};

static const struct stmt LOCK = {
    "decision_lock", "select 1 from decision where workspace = $1 and message_id = $2 for update",
    2, 1};

static const struct stmt TAKE = {
    "decision_take",
    "update decision d set state = 'deciding', run_id = $3, user_id = $4, updated_at = now(),"
    "   steps = case when run_id = $3 then array_remove(steps, $5::integer)"
    "                else '{}'::integer[] end"
    "     || case when $5 < 0 then '{}'::integer[] else array[$5::integer] end"
    " where workspace = $1 and message_id = $2 and state <> 'decided'"
    "   and (run_id = $3 or not (" HOLDS "))",
    5, 0};

static const struct stmt CLOSE = {
    "decision_close",
    "update decision set state = 'decided', user_id = $4, word = $5, app = $6, decided_at = now(),"
    "   updated_at = now()"
    " where workspace = $1 and message_id = $2 and run_id = $3 and state = 'deciding'",
    6, 0};

const struct stmt *const store_decisions_stmts[] = {&FIND, &MAKE, &LOCK, &TAKE, &CLOSE, NULL};

static int read_decision(store *s, const rows *r, size_t row, void *to, struct err *e)
{
    struct decision *d = to;
    (void)s;
    (void)e;
    d->message_id = row_text(r, row, 0);
    d->decided = row_bool(r, row, 1);
    d->held = row_bool(r, row, 2);
    d->run_id = row_text(r, row, 3);
    d->user_id = row_text(r, row, 4);
    d->word = row_text(r, row, 5);
    d->app = row_text(r, row, 6);
    d->decided_at = row_i64(r, row, 7);
    return 0;
}

int store_decision_find(store *s, const char *workspace, const char *message_id,
                        struct decision **ret, struct err *e)
{
    struct store_ask ask = {&FIND, DB_ARGS(DB_TEXT(workspace), DB_TEXT(message_id)), read_decision,
                            sizeof(struct decision)};
    void *found = NULL;
    if (store_ask_one(s, &ask, &found, e) != 0) {
        return -1;
    }
    *ret = found;
    return 0;
}

int store_decision_claim(store *s, const struct decision_claim *c, bool *ret_mine, struct err *e)
{
    const struct db_arg *key = DB_ARGS(DB_TEXT(c->workspace), DB_TEXT(c->message_id));
    rows *unused = NULL;
    if (store_query(s, &MAKE, key, NULL, e) != 0 || store_query(s, &LOCK, key, &unused, e) != 0 ||
        store_query(s, &TAKE,
                    DB_ARGS(DB_TEXT(c->workspace), DB_TEXT(c->message_id), DB_TEXT(c->run_id),
                            DB_TEXT(c->user_id), DB_I64(c->position)),
                    NULL, e) != 0) {
        return -1;
    }
    *ret_mine = db_affected(s->c) > 0;
    return 0;
}

int store_decision_close(store *s, const char *workspace, const struct decision *d, struct err *e)
{
    const struct db_arg *args =
        DB_ARGS(DB_TEXT(workspace), DB_TEXT(d->message_id), DB_TEXT(d->run_id), DB_TEXT(d->user_id),
                DB_TEXT(d->word), DB_TEXT(d->app));
    return store_touch_one(s, &CLOSE, args, "no_decision", e);
}
