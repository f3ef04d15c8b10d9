#include "store_int.h"

#include "base/json.h"

/* Connections whose end is known: those that are told of it, and those that are kept from it. */

static const struct stmt WARN_DUE = {
    "ending_due",
    "select workspace, id, coalesce(resting_of, user_id) from connection"
    " where state = 'active' and warn_at <= now() order by warn_at limit 1",
    0, 3};

static const struct stmt WARN_TAKE = {
    "ending_take",
    "update connection set warn_at = null where workspace = $1 and id = $2 and state = 'active'"
    "   and warn_at <= now()",
    2, 0};

/* One that does not come to it is looked at again some hours later. */
static const struct stmt KEEP_DUE = {
    "keep_due",
    "with due as ("
    "  select k.workspace, k.id from default_connection d"
    "   join workspace w on w.workspace = d.workspace and w.state <> 'removed'"
    "   cross join lateral ("
    "      select c.workspace, c.id from connection c"
    "       where c.workspace = d.workspace and c.default_name = d.name and c.state = 'active'"
    "         and c.keep_at <= now()"
    "       order by c.keep_at limit $1 for update skip locked) k"
    "   where d.keep_alive limit $1) "
    "update connection c set keep_at = now() + make_interval(secs => $2::bigint)"
    "  from due k where c.workspace = k.workspace and c.id = k.id"
    " returning c.workspace, c.id, c.generation",
    2, 3};

const struct stmt *const store_endings_stmts[] = {&WARN_DUE, &WARN_TAKE, &KEEP_DUE, NULL};

int store_ending_due(store *s, struct known_end *ret, bool *ret_found, struct err *e)
{
    rows *r = NULL;
    if (store_query(s, &WARN_DUE, NULL, &r, e) != 0) {
        return -1;
    }
    *ret_found = rows_count(r) > 0;
    if (*ret_found) {
        *ret = (struct known_end){.workspace = row_text(r, 0, 0),
                                  .connection_id = row_text(r, 0, 1),
                                  .user_id = row_text(r, 0, 2)};
    }
    return 0;
}

int store_ending_take(store *s, const struct known_end *x, bool *ret_mine, struct err *e)
{
    const struct db_arg *args = DB_ARGS(DB_TEXT(x->workspace), DB_TEXT(x->connection_id));
    if (store_query(s, &WARN_TAKE, args, NULL, e) != 0) {
        return -1;
    }
    *ret_mine = db_affected(s->c) > 0;
    return 0;
}

static int read_ending(store *s, const rows *r, size_t row, void *to, struct err *e)
{
    (void)s;
    (void)e;
    *(struct known_end *)to = (struct known_end){.workspace = row_text(r, row, 0),
                                                 .connection_id = row_text(r, row, 1),
                                                 .generation = row_i64(r, row, 2)};
    return 0;
}

int store_keep_due(store *s, int64_t max, int64_t again_s, struct known_end **ret,
                   size_t *ret_count, struct err *e)
{
    struct store_ask ask = {&KEEP_DUE, DB_ARGS(DB_I64(max), DB_I64(again_s)), read_ending,
                            sizeof(struct known_end)};
    void *list = NULL;
    if (store_ask_all(s, &ask, &list, ret_count, e) != 0) {
        return -1;
    }
    *ret = list;
    return 0;
}

int store_keep_add(store *s, const struct known_end *x, const char *message_id, struct err *e)
{
    json_t *payload = arena_json(
        s->mem, json_pack("{s:s, s:I, s:s?}", "connection", x->connection_id, "generation",
                          (json_int_t)x->generation, "message_id", message_id));
    struct job j = {.workspace = x->workspace,
                    .kind = JOB_KEEP,
                    .lane = arena_printf(s->mem, "keep:%s", x->connection_id),
                    .payload = bytes_of(json_write(s->mem, payload))};
    return store_job_add(s, &j, e);
}
