#include "store_int.h"

static const struct stmt TELL = {
    "notice_tell",
    "insert into notice (workspace, key) values ($1, $2)"
    " on conflict (workspace, key) do update set told_at = now()"
    "   where notice.told_at < now() - make_interval(secs => $3::bigint)"
    " returning 1",
    3, 1};

const struct stmt *const store_notices_stmts[] = {&TELL, NULL};

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
