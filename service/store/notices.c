#include "store_int.h"

static const struct stmt TELL = {
    "notice_tell",
    "insert into notice (workspace, key) values ($1, $2)"
    " on conflict (workspace, key) do update set told_at = now()"
    "   where notice.told_at < now() - make_interval(secs => $3::bigint)"
    " returning 1",
    3, 1};

/* A row that somebody holds is somebody's who is telling it anew. */
static const struct stmt FORGET = {
    "notice_forget",
    "delete from notice where ctid = any (array("
    "  select ctid from notice where workspace = $1 and starts_with(key, $2)"
    "     and told_at < now() - make_interval(secs => $3::bigint) for update skip locked))",
    3, 0};

const struct stmt *const store_notices_stmts[] = {&TELL, &FORGET, NULL};

int store_notice_due(store *s, const char *workspace, const char *key, int64_t every_s,
                     bool *ret_due, struct err *e)
{
    rows *r = NULL;
    const struct db_arg *args = DB_ARGS(DB_TEXT(workspace), DB_TEXT(key), DB_I64(every_s));
    if (store_query(s, &TELL, args, &r, e) != 0) {
        return -1;
    }
    *ret_due = rows_count(r) > 0;
    return 0;
}

int store_notice_forget(store *s, const char *workspace, const char *prefix, int64_t older_than_s,
                        struct err *e)
{
    const struct db_arg *args = DB_ARGS(DB_TEXT(workspace), DB_TEXT(prefix), DB_I64(older_than_s));
    return store_query(s, &FORGET, args, NULL, e);
}
