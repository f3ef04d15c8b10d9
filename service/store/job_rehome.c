#include "store_int.h"

/* An event that was stored under another workspace than the one it belongs to. */

static const struct stmt REHOME = {
    "job_rehome",
    "insert into job (workspace, id, kind, lane, priority, payload, key1, key2, key3, created_at)"
    " select $3, $4, kind, lane, priority, $5::bytea, key1, key2, key3, created_at from job"
    "  where workspace = $1 and id = $2"
    " on conflict do nothing",
    5, 0};

const struct stmt *const store_job_rehome_stmts[] = {&REHOME, NULL};

int store_job_rehome(store *s, const struct job *j, const char *workspace, struct err *e)
{
    const struct id id = id_new();
    const struct seal_place place = store_job_place(workspace, id.text);
    const struct db_arg *args =
        DB_ARGS(DB_TEXT(j->workspace), DB_TEXT(j->id), DB_TEXT(workspace), DB_TEXT(id.text),
                DB_BYTES(store_seal(s, &place, j->payload)));
    if (store_query(s, &REHOME, args, NULL, e) != 0) {
        return -1;
    }
    store_follow_left(s);
    return 0;
}
