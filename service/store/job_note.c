#include "store_int.h"

/* What came from outside and is answered in its request leaves its key, as a job would. */

static const struct stmt NOTE = {
    "job_note",
    "insert into job (workspace, id, kind, state, key1, ended_at)"
    " values ($1, $2, $3, 'done', $4, now()) on conflict do nothing returning 1",
    4, 1};

const struct stmt *const store_job_note_stmts[] = {&NOTE, NULL};

int store_job_note(store *s, const struct job *j, bool *ret_new, struct err *e)
{
    rows *r = NULL;
    const struct id id = id_new();
    const struct db_arg *args = DB_ARGS(DB_TEXT(j->workspace), DB_TEXT(id.text),
                                        DB_TEXT(job_kind_name(j->kind)), DB_TEXT(j->keys[0]));
    if (store_query(s, &NOTE, args, &r, e) != 0) {
        return -1;
    }
    *ret_new = rows_count(r) > 0;
    return 0;
}
