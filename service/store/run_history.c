#include "store_int.h"

#include "base/str.h"

/* What a user's own runs came to: enough to tell it, without results. */

/* Newest first. */
static const struct stmt HISTORY = {
    "run_history",
    "select r.id, r.reference, r.recipe, r.state, r.error_code, epoch(r.created_at),"
    "       epoch(r.ended_at), v.body, r.inputs, r.workspace, r.message_id,"
    "       r.pressed"
    "  from run r"
    "  left join recipe_version v on v.workspace = r.workspace and v.name = r.recipe"
    "       and v.version = r.version"
    " where r.workspace = $1 and r.user_id = $2 and ($3::text is null or r.reference = $3)"
    "   and ($6::text is null or r.recipe = $6)"
    " order by r.created_at desc, r.id desc offset $4 limit $5",
    6, 12};

static const struct stmt ACTED = {
    "run_history_acted",
    "select alias, default_name, app, rule, connection_id, account, run_id from run_connection"
    " where workspace = $1 and run_id = any ($2::uuid[]) order by run_id, alias",
    2, 7};

/* One that several steps have worked on stands where the last of them does. */
static const struct stmt RECORDS = {
    "run_history_records",
    "select record_id, record_url, run_id from (select distinct on (run_id,"
    "       coalesce(record_url, record_id)) run_id, record_id, record_url, position"
    "  from run_step where workspace = $1 and run_id = any ($2::uuid[]) and state = 'done'"
    "   and coalesce(record_url, record_id) is not null"
    " order by run_id, coalesce(record_url, record_id), position % 100 desc, position desc) s"
    " order by run_id, position % 100, position",
    2, 3};

/* Of recipes that use this default connection now. */
static const struct stmt STOPPED = {
    "run_history_stopped",
    "select " STORE_RUN_COLUMNS " from run r"
    "  join recipe n on n.workspace = r.workspace and n.name = r.recipe"
    "  join recipe_version v on v.workspace = n.workspace and v.name = n.name"
    "       and v.version = n.version"
    " where r.workspace = $1 and r.state = 'failed' and r.error_code = $3 and (r.user_id = '') = $6"
    "   and r.created_at > to_timestamp($4::bigint)"
    "   and exists (select from json_each(v.body::json -> 'connections') c"
    "                where c.value ->> 'use' = $2)"
    " order by r.user_id, r.id desc limit $5",
    6, STORE_RUN_COLUMNS_COUNT};

const struct stmt *const store_run_history_stmts[] = {&HISTORY, &ACTED, &RECORDS, &STOPPED, NULL};

static int read_line(store *s, const rows *r, size_t row, void *to, struct err *e)
{
    struct run_line *l = to;
    struct err unread = {.kind = ERR_NONE};
    (void)e;
    l->id = row_text(r, row, 0);
    l->reference = row_text(r, row, 1);
    l->recipe = row_text(r, row, 2);
    l->state = store_run_state(row_text(r, row, 3));
    l->error_code = row_text(r, row, 4);
    l->created_at = row_i64(r, row, 5);
    l->ended_at = row_i64(r, row, 6);
    l->recipe_body = row_text(r, row, 7);
    l->message_id = row_text(r, row, 10);
    const char *pressed = row_text(r, row, 11);
    l->pressed = pressed == NULL ? NULL : store_object(s->mem, pressed);
    struct seal_place place = {"run", row_text(r, row, 9), l->id, "inputs"};
    if (store_unseal_json(s, &place, row_bytes(r, row, 8), &l->inputs, &unread) != 0) {
        l->inputs = NULL; /* what does not open is told without them */
    }
    return 0;
}

/* Rows are ordered by run: each line gets its part of one list. */
static void share_records(store *s, const rows *r, struct run_line *lines, size_t count)
{
    struct run_record *all = arena_array(s->mem, rows_count(r) + 1, sizeof *all);
    for (size_t i = 0; i < rows_count(r); i++) {
        all[i] = (struct run_record){.id = row_text(r, i, 0), .url = row_text(r, i, 1)};
        for (size_t k = 0; k < count; k++) {
            if (str_equal(lines[k].id, row_text(r, i, 2))) {
                lines[k].records = lines[k].records_count++ == 0 ? &all[i] : lines[k].records;
            }
        }
    }
}

static void share_out(store *s, const rows *r, struct run_line *lines, size_t count)
{
    struct run_connection *all = arena_array(s->mem, rows_count(r) + 1, sizeof *all);
    for (size_t i = 0; i < rows_count(r); i++) {
        all[i] = (struct run_connection){.alias = row_text(r, i, 0),
                                         .default_name = row_text(r, i, 1),
                                         .app = row_text(r, i, 2),
                                         .rule = row_text(r, i, 3),
                                         .connection_id = row_text(r, i, 4),
                                         .account = row_text(r, i, 5)};
        for (size_t k = 0; k < count; k++) {
            if (str_equal(lines[k].id, row_text(r, i, 6))) {
                lines[k].acted = lines[k].acted_count++ == 0 ? &all[i] : lines[k].acted;
            }
        }
    }
}

int store_run_history(store *s, const char *workspace, const struct run_history *q,
                      struct run_line **ret, size_t *ret_count, struct err *e)
{
    struct store_ask ask = {&HISTORY,
                            DB_ARGS(DB_TEXT(workspace), DB_TEXT(q->user_id), DB_TEXT(q->reference),
                                    DB_I64(q->from), DB_I64(q->limit), DB_TEXT(q->recipe)),
                            read_line, sizeof(struct run_line)};
    void *list = NULL;
    rows *acted = NULL, *records = NULL;
    if (store_ask_all(s, &ask, &list, ret_count, e) != 0) {
        return -1;
    }
    *ret = list;
    const char **ids = arena_array(s->mem, *ret_count + 1, sizeof *ids);
    for (size_t i = 0; i < *ret_count; i++) {
        ids[i] = (*ret)[i].id;
    }
    const struct db_arg *runs = DB_ARGS(DB_TEXT(workspace), DB_TEXTS(ids, *ret_count));
    if (store_query(s, &ACTED, runs, &acted, e) != 0 ||
        store_query(s, &RECORDS, runs, &records, e) != 0) {
        return -1;
    }
    share_out(s, acted, *ret, *ret_count);
    share_records(s, records, *ret, *ret_count);
    return 0;
}

int store_run_stopped(store *s, const char *workspace, const struct run_stopped *q,
                      struct run **ret, size_t *ret_count, struct err *e)
{
    const struct db_arg *args =
        DB_ARGS(DB_TEXT(workspace), DB_TEXT(q->default_name), DB_TEXT(q->error_code),
                DB_I64(q->since), DB_I64(q->limit), DB_BOOL(q->of_hooks));
    struct store_ask ask = {&STOPPED, args, store_read_run, sizeof(struct run)};
    void *list = NULL;
    if (store_ask_all(s, &ask, &list, ret_count, e) != 0) {
        return -1;
    }
    *ret = list;
    return 0;
}
