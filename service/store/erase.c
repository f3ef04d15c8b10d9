#include "store/erase.h"

#include "base/str.h"
#include "store_int.h"

/* What is theirs goes; where others name them, a pseudonym stands from then on. */

static const struct stmt OWNS = {
    "erase_owns",
    "select c.default_name from connection c join workspace w on w.workspace = c.workspace"
    " where c.workspace = $1 and c.user_id = '' and c.tokens is not null"
    "   and coalesce(c.owner, w.installer) = $2 order by 1",
    2, 1};

static const struct stmt WAITING = {
    "erase_waiting",
    "select (select count(*) from run where workspace = $1 and user_id = $2 and ended_at is null)"
    " + (select count(*) from job where workspace = $1 and state in ('queued', 'running')"
    "       and coalesce(lane, '') || ' ' || coalesce(key1, '') || ' ' || coalesce(key2, '') || ' '"
    "           || coalesce(key3, '') ~ words_pattern($3::text[]))",
    3, 1};

/* In this order; messages before the runs that name them. */
#define THEIRS(name, text)                                                                         \
    {                                                                                              \
        "erase_" name, text, 2, 0                                                                  \
    }
static const struct stmt ROWS[] = {
    THEIRS("messages",
           "delete from message m where m.workspace = $1 and (m.user_id = $2"
           " or m.id in (select r.message_id from run r where r.workspace = $1 and r.user_id = $2)"
           " or m.id in (select l.message_id from login l where l.workspace = $1"
           "              and l.user_id = $2)"
           " or m.channel = (select u.dm_channel from chat_user u where u.workspace = $1"
           "                  and u.user_id = $2))"),
    THEIRS("runs", "delete from run where workspace = $1 and user_id = $2"),
    THEIRS("logins", "delete from login where workspace = $1 and user_id = $2"),
    THEIRS("connections",
           "delete from connection where workspace = $1 and (user_id = $2 or resting_of = $2)"),
    THEIRS("groups", "update user_group set users = array_remove(users, $2), updated_at = now()"
                     " where workspace = $1 and users @> array[$2::text]"),
    THEIRS("conversations", "delete from conversation c using chat_user u where u.workspace = $1"
                            " and u.user_id = $2 and c.workspace = $1 and c.channel = u.dm_channel"
                            " and c.kind = 'personal'"),
    THEIRS("permissions", "delete from act_permission where workspace = $1 and user_id = $2"),
    THEIRS("sessions", "delete from console_session where workspace = $1 and user_id = $2"),
    THEIRS("erasure", "delete from person_erasure where workspace = $1 and user_id = $2"),
    THEIRS("user", "delete from chat_user where workspace = $1 and user_id = $2"),
};
enum { ROWS_COUNT = sizeof ROWS / sizeof ROWS[0] };

/* Their own keys name them; an event that is done is theirs, or names them. */
static const struct stmt JOBS = {
    "erase_jobs",
    "delete from job where workspace = $1 and state in ('done', 'dead')"
    "   and coalesce(lane, '') || ' ' || coalesce(key1, '') || ' ' || coalesce(key2, '') || ' '"
    "       || coalesce(key3, '') ~ words_pattern($2::text[])",
    2, 0};
static const struct stmt NOTICES = {
    "erase_notices", "delete from notice where workspace = $1 and key ~ words_pattern($2::text[])",
    2, 0};

const struct stmt *const store_erase_stmts[] = {&OWNS,    &WAITING, &ROWS[0], &ROWS[1], &ROWS[2],
                                                &ROWS[3], &ROWS[4], &ROWS[5], &ROWS[6], &ROWS[7],
                                                &ROWS[8], &ROWS[9], &JOBS,    &NOTICES, NULL};

int store_erase_waiting(store *s, const struct erase *x, int64_t *ret, struct err *e)
{
    rows *r = NULL;
    const struct db_arg *args =
        DB_ARGS(DB_TEXT(x->workspace), DB_TEXT(x->user_id), DB_TEXTS(x->keys, x->keys_count));
    if (store_query(s, &WAITING, args, &r, e) != 0) {
        return -1;
    }
    *ret = row_i64(r, 0, 0);
    return 0;
}

static int delete_rows(store *s, const struct erase *x, int64_t *io_rows, struct err *e)
{
    const struct db_arg *keys = DB_ARGS(DB_TEXT(x->workspace), DB_TEXTS(x->keys, x->keys_count));
    for (size_t i = 0; i < ROWS_COUNT; i++) {
        const struct db_arg *args = DB_ARGS(DB_TEXT(x->workspace), DB_TEXT(x->user_id));
        if (store_query(s, &ROWS[i], args, NULL, e) != 0) {
            return -1;
        }
        *io_rows += db_affected(s->c);
    }
    if (store_query(s, &JOBS, keys, NULL, e) != 0) {
        return -1;
    }
    *io_rows += db_affected(s->c);
    return store_query(s, &NOTICES, keys, NULL, e);
}

int store_erase_do(store *s, const struct erase *x, struct erased *ret, struct err *e)
{
    int64_t readable = 0, sealed = 0;
    struct erased done = {0};
    if (delete_rows(s, x, &done.rows, e) != 0 || store_erase_columns(s, x, &readable, e) != 0 ||
        store_erase_sealed(s, x, &sealed, e) != 0) {
        return -1;
    }
    done.values = readable + sealed;
    if (store_erase_audit(s, x, &done, e) != 0) {
        return -1;
    }
    *ret = done;
    return 0;
}

int store_erase_prove(store *s, const struct erase *x, struct erase_proof *ret, struct err *e)
{
    struct erase_proof p = {.spared = x->spared, .spared_count = x->spared_count};
    p.words = store_erase_all(s->mem, x, &p.words_count);
    if (store_erase_find_columns(s, x, &p, e) != 0 || store_erase_find_sealed(s, x, &p, e) != 0) {
        return -1;
    }
    *ret = p;
    return 0;
}

int store_erase_owns(store *s, const char *workspace, const char *user_id, const char ***ret,
                     size_t *ret_count, struct err *e)
{
    return store_ask_texts(s, &OWNS, DB_ARGS(DB_TEXT(workspace), DB_TEXT(user_id)), ret, ret_count,
                           e);
}
