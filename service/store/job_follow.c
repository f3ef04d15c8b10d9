#include "store_int.h"

#include "base/clock.h"
#include "base/str.h"

/* A worker goes on with the job that its last one added. */

static const struct stmt ADD_TAKEN = {
    "job_add_taken",
    "insert into job (workspace, id, kind, lane, priority, payload, state, attempts, lease_owner,"
    "                 lease_token, lease_until)"
    " select $1, $2, $3, $4, $5, $6, 'running', 1, $7, $8,"
    "        now() + make_interval(secs => $9::bigint)"
    "  where not exists (select from job p where p.workspace = $1 and p.lane = $4"
    "                       and p.state in ('queued', 'running'))",
    9, 0};

const struct stmt *const store_job_follow_stmts[] = {&ADD_TAKEN, NULL};

void store_follow(store *s, const struct job *j)
{
    s->follow = j->follow;
}

void store_follow_left(store *s)
{
    if (s->follow != NULL) {
        s->follow->left++;
    }
}

static bool fits(const struct job_follow *f, const struct job *j)
{
    bool plain = j->run_at == 0 && j->keys[0] == NULL && j->keys[1] == NULL && j->keys[2] == NULL;
    return f != NULL && f->taken.id == NULL && f->wanted[j->kind] && plain &&
           str_equal(f->workspace, j->workspace);
}

int store_follow_add(store *s, const struct job *j, struct bytes sealed, bool *ret_taken,
                     struct err *e)
{
    struct job_follow *f = s->follow;
    *ret_taken = false;
    if (!fits(f, j)) {
        return 0;
    }
    const char *token = arena_strdup(s->mem, id_new().text);
    const struct db_arg *args =
        DB_ARGS(DB_TEXT(j->workspace), DB_TEXT(j->id), DB_TEXT(job_kind_name(j->kind)),
                DB_TEXT(j->lane), DB_I64(j->priority), DB_BYTES(sealed), DB_TEXT(f->owner.text),
                DB_TEXT(token), DB_I64(f->lease_s));
    if (store_query(s, &ADD_TAKEN, args, NULL, e) != 0) {
        return -1;
    }
    *ret_taken = db_affected(s->c) > 0;
    if (*ret_taken) {
        f->taken = *j;
        f->taken.attempts = 1;
        f->taken.lease_token = token;
        f->taken.created_at = clock_now();
        f->taken.run_at = f->taken.created_at;
    }
    return 0;
}
