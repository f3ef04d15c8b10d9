#include "store/groups.h"

#include "store_int.h"

#define COLUMNS "workspace, name, epoch(created_at), epoch(updated_at), cardinality(users)::bigint"
enum { COLUMNS_COUNT = 6 };

static const struct stmt PUT = {
    "group_put",
    "insert into user_group (workspace, name, users) values ($1, $2, $3::text[])"
    " on conflict (workspace, name) do update set users = excluded.users, updated_at = now()",
    3, 0};

static const struct stmt FIND = {
    "group_find", "select " COLUMNS ", users from user_group where workspace = $1 and name = $2", 2,
    COLUMNS_COUNT};

static const struct stmt LIST = {"group_list",
                                 "select " COLUMNS ", '{}'::text[] from user_group"
                                 " where workspace = $1 order by name collate \"C\"",
                                 1, COLUMNS_COUNT};

static const struct stmt DELETE = {
    "group_delete", "delete from user_group where workspace = $1 and name = $2", 2, 0};

static const struct stmt OF = {
    "groups_of", "select name from user_group where workspace = $1 and users @> array[$2::text]", 2,
    1};

const struct stmt *const store_groups_stmts[] = {&PUT, &FIND, &LIST, &DELETE, &OF, NULL};

static int read_group(store *s, const rows *r, size_t row, void *to, struct err *e)
{
    struct user_group *g = to;
    size_t shown = 0;
    (void)e;
    g->workspace = row_text(r, row, 0);
    g->name = row_text(r, row, 1);
    g->created_at = row_i64(r, row, 2);
    g->updated_at = row_i64(r, row, 3);
    g->users_count = (size_t)row_i64(r, row, 4);
    g->users = store_texts(s->mem, row_text(r, row, 5), &shown);
    return 0;
}

int store_group_put(store *s, const struct user_group *g, struct err *e)
{
    const struct db_arg *args =
        DB_ARGS(DB_TEXT(g->workspace), DB_TEXT(g->name), DB_TEXTS(g->users, g->users_count));
    return store_query(s, &PUT, args, NULL, e);
}

int store_group_find(store *s, const char *workspace, const char *name, struct user_group **ret,
                     struct err *e)
{
    struct store_ask ask = {&FIND, DB_ARGS(DB_TEXT(workspace), DB_TEXT(name)), read_group,
                            sizeof(struct user_group)};
    void *found = NULL;
    if (store_ask_one(s, &ask, &found, e) != 0) {
        return -1;
    }
    *ret = found;
    return 0;
}

int store_group_list(store *s, const char *workspace, struct user_group **ret, size_t *ret_count,
                     struct err *e)
{
    struct store_ask ask = {&LIST, DB_ARGS(DB_TEXT(workspace)), read_group,
                            sizeof(struct user_group)};
    void *list = NULL;
    if (store_ask_all(s, &ask, &list, ret_count, e) != 0) {
        return -1;
    }
    *ret = list;
    return 0;
}

int store_group_delete(store *s, const char *workspace, const char *name, struct err *e)
{
    return store_touch_one(s, &DELETE, DB_ARGS(DB_TEXT(workspace), DB_TEXT(name)), "no_group", e);
}

int store_groups_of(store *s, const char *workspace, const char *user_id, const char ***ret,
                    size_t *ret_count, struct err *e)
{
    rows *r = NULL;
    if (store_query(s, &OF, DB_ARGS(DB_TEXT(workspace), DB_TEXT(user_id)), &r, e) != 0) {
        return -1;
    }
    *ret_count = rows_count(r);
    *ret = arena_array(s->mem, *ret_count + 1, sizeof **ret);
    for (size_t i = 0; i < *ret_count; i++) {
        (*ret)[i] = row_text(r, i, 0);
    }
    return 0;
}
