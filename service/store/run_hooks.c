#include "store_int.h"

/* Runs that events of apps began, and so nobody: those of a recipe that ended badly. */

#define ENDED_SO                                                                                   \
    " from run r where r.workspace = $1 and r.user_id = '' and r.recipe = $2 and r.state = $3"     \
    "   and ($4::text is null or r.error_code = $4)"

/* One that somebody holds is somebody's who sees to it at this moment. */
static const struct stmt LIST = {"run_hooks_list",
                                 "select " STORE_RUN_COLUMNS ENDED_SO
                                 "   and ($6::uuid is null or r.id >= $6)"
                                 " order by r.id limit $5 for update skip locked",
                                 6, STORE_RUN_COLUMNS_COUNT};

static const struct stmt COUNT = {"run_hooks_count", "select count(*)" ENDED_SO, 4, 1};

const struct stmt *const store_run_hooks_stmts[] = {&LIST, &COUNT, NULL};

int store_run_hooked(store *s, const char *workspace, const struct run_hooked *q, struct run **ret,
                     size_t *ret_count, struct err *e)
{
    const struct db_arg *args =
        DB_ARGS(DB_TEXT(workspace), DB_TEXT(q->recipe), DB_TEXT(run_state_name(q->state)),
                DB_TEXT(q->error_code), DB_I64(q->limit), DB_TEXT(q->from));
    struct store_ask ask = {&LIST, args, store_read_run, sizeof(struct run)};
    void *list = NULL;
    if (store_ask_all(s, &ask, &list, ret_count, e) != 0) {
        return -1;
    }
    *ret = list;
    return 0;
}

int store_run_hooked_count(store *s, const char *workspace, const struct run_hooked *q,
                           int64_t *ret, struct err *e)
{
    rows *r = NULL;
    const struct db_arg *args = DB_ARGS(DB_TEXT(workspace), DB_TEXT(q->recipe),
                                        DB_TEXT(run_state_name(q->state)), DB_TEXT(q->error_code));
    if (store_query(s, &COUNT, args, &r, e) != 0) {
        return -1;
    }
    *ret = row_i64(r, 0, 0);
    return 0;
}
