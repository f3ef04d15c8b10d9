#include "store_int.h"

#define COLUMNS                                                                                    \
    "r.workspace, r.name, v.version, r.command, r.enabled, r.hidden, v.body, epoch(r.updated_at)," \
    " null"
enum { COLUMNS_COUNT = 9 };

/* Versions outlive their recipe, since runs go on with them: a recipe that is made again counts
 * on. Two writers at once get the same number, and the second one a conflict. */
static const struct stmt PUT = {
    "recipe_put",
    "with stands as ("
    "  select v.version, v.body from recipe r join recipe_version v"
    "      on v.workspace = r.workspace and v.name = r.name and v.version = r.version"
    "   where r.workspace = $1 and r.name = $2),"
    " next as ("
    "  select case when (select body from stands) = $6 then (select version from stands)"
    "         else 1 + coalesce((select max(version) from recipe_version"
    "                             where workspace = $1 and name = $2), 0) end as version),"
    " added as ("
    "  insert into recipe_version (workspace, name, version, body, created_by)"
    "  select $1, $2, n.version, $6, $7 from next n"
    "   where n.version is distinct from (select version from stands)) "
    "insert into recipe (workspace, name, version, command, enabled, hidden)"
    " select $1, $2, n.version, $3, $4, $5 from next n"
    " on conflict (workspace, name) do update set"
    "   version = excluded.version, command = excluded.command, enabled = excluded.enabled,"
    "   hidden = excluded.hidden, updated_at = now()",
    7, 0};

static const struct stmt FIND = {
    "recipe_find",
    "select " COLUMNS " from recipe r join recipe_version v"
    "    on v.workspace = r.workspace and v.name = r.name and v.version = r.version"
    " where r.workspace = $1 and r.name = $2",
    2, COLUMNS_COUNT};

/* Also of a recipe that was deleted since: then it is not enabled. With the current version's body
 * where that is another one, since permissions are those of today. */
static const struct stmt VERSION = {
    "recipe_version",
    "select v.workspace, v.name, v.version, r.command, coalesce(r.enabled, false),"
    "       coalesce(r.hidden, true), v.body, epoch(coalesce(r.updated_at, v.created_at)),"
    "       n.body"
    "  from recipe_version v left join recipe r on r.workspace = v.workspace and r.name = v.name"
    "  left join recipe_version n on n.workspace = r.workspace and n.name = r.name"
    "       and n.version = r.version and n.version <> v.version"
    " where v.workspace = $1 and v.name = $2 and v.version = $3",
    3, COLUMNS_COUNT};

static const struct stmt USING = {
    "recipe_using",
    "select r.name from recipe r join recipe_version v"
    "    on v.workspace = r.workspace and v.name = r.name and v.version = r.version"
    " where r.workspace = $1 and (exists (select from json_each(v.body::json -> 'connections') c"
    "                                      where c.value ->> 'use' = $2)"
    "   or v.body::json -> 'post' -> 'person' ->> 'connection' = $2)"
    " order by r.name collate \"C\"",
    2, 1};

static const struct stmt VERSIONS = {
    "recipe_versions",
    "select v.version, epoch(v.created_at), v.created_by, coalesce(r.version = v.version, false),"
    "       v.body"
    "  from recipe_version v left join recipe r on r.workspace = v.workspace and r.name = v.name"
    " where v.workspace = $1 and v.name = $2 and ($3::bigint = 0 or v.version < $3::bigint)"
    " order by v.version desc limit $4",
    4, 5};

static const struct stmt LIST = {
    "recipe_list",
    "select " COLUMNS " from recipe r join recipe_version v"
    "    on v.workspace = r.workspace and v.name = r.name and v.version = r.version"
    " where r.workspace = $1 order by r.name collate \"C\"",
    1, COLUMNS_COUNT};

static const struct stmt COMMANDS = {
    "recipe_commands",
    "select workspace, name, command from recipe where enabled and command is not null"
    " order by workspace, name",
    0, 3};

static const struct stmt DELETE = {"recipe_delete",
                                   "delete from recipe where workspace = $1 and name = $2", 2, 0};

const struct stmt *const store_recipes_stmts[] = {&USING, &PUT,      &FIND,   &VERSION, &VERSIONS,
                                                  &LIST,  &COMMANDS, &DELETE, NULL};

static int read_recipe(store *s, const rows *r, size_t row, void *to, struct err *e)
{
    (void)s;
    (void)e;
    struct recipe_row *found = to;
    found->workspace = row_text(r, row, 0);
    found->name = row_text(r, row, 1);
    found->version = row_i64(r, row, 2);
    found->command = row_text(r, row, 3);
    found->enabled = row_bool(r, row, 4);
    found->hidden = row_bool(r, row, 5);
    found->body = row_text(r, row, 6);
    found->updated_at = row_i64(r, row, 7);
    found->body_now = row_text(r, row, 8);
    return 0;
}

static int find_one(store *s, const struct stmt *stmt, const struct db_arg *args,
                    struct recipe_row **ret, struct err *e)
{
    struct store_ask ask = {stmt, args, read_recipe, sizeof(struct recipe_row)};
    void *found = NULL;
    if (store_ask_one(s, &ask, &found, e) != 0) {
        return -1;
    }
    *ret = found;
    return 0;
}

int store_recipe_put(store *s, const struct recipe_row *r, const char *actor, struct err *e)
{
    const struct db_arg *args =
        DB_ARGS(DB_TEXT(r->workspace), DB_TEXT(r->name), DB_TEXT(r->command), DB_BOOL(r->enabled),
                DB_BOOL(r->hidden), DB_TEXT(r->body), DB_TEXT(actor));
    return store_query(s, &PUT, args, NULL, e);
}

int store_recipe_find(store *s, const char *workspace, const char *name, struct recipe_row **ret,
                      struct err *e)
{
    return find_one(s, &FIND, DB_ARGS(DB_TEXT(workspace), DB_TEXT(name)), ret, e);
}

int store_recipe_version(store *s, const char *workspace, const char *name, int64_t version,
                         struct recipe_row **ret, struct err *e)
{
    const struct db_arg *args = DB_ARGS(DB_TEXT(workspace), DB_TEXT(name), DB_I64(version));
    return find_one(s, &VERSION, args, ret, e);
}

static int read_command(store *s, const rows *r, size_t row, void *to, struct err *e)
{
    (void)s;
    (void)e;
    *(struct recipe_command *)to =
        (struct recipe_command){row_text(r, row, 0), row_text(r, row, 1), row_text(r, row, 2)};
    return 0;
}

int store_recipe_commands(store *s, struct recipe_command **ret, size_t *ret_count, struct err *e)
{
    struct store_ask ask = {&COMMANDS, NULL, read_command, sizeof(struct recipe_command)};
    void *list = NULL;
    if (store_ask_all(s, &ask, &list, ret_count, e) != 0) {
        return -1;
    }
    *ret = list;
    return 0;
}

int store_recipe_list(store *s, const char *workspace, struct recipe_row **ret, size_t *ret_count,
                      struct err *e)
{
    struct store_ask ask = {&LIST, DB_ARGS(DB_TEXT(workspace)), read_recipe,
                            sizeof(struct recipe_row)};
    void *list = NULL;
    if (store_ask_all(s, &ask, &list, ret_count, e) != 0) {
        return -1;
    }
    *ret = list;
    return 0;
}

int store_recipe_delete(store *s, const char *workspace, const char *name, bool *ret_existed,
                        struct err *e)
{
    if (store_query(s, &DELETE, DB_ARGS(DB_TEXT(workspace), DB_TEXT(name)), NULL, e) != 0) {
        return -1;
    }
    *ret_existed = db_affected(s->c) > 0;
    return 0;
}

static int read_made(store *s, const rows *r, size_t row, void *to, struct err *e)
{
    struct recipe_made *m = to;
    (void)s;
    (void)e;
    m->version = row_i64(r, row, 0);
    m->at = row_i64(r, row, 1);
    m->by = row_text(r, row, 2);
    m->current = row_bool(r, row, 3);
    m->body = row_text(r, row, 4);
    return 0;
}

int store_recipe_versions(store *s, const char *workspace, const char *name, int64_t below,
                          int64_t limit, struct recipe_made **ret, size_t *ret_count, struct err *e)
{
    struct store_ask ask = {
        &VERSIONS, DB_ARGS(DB_TEXT(workspace), DB_TEXT(name), DB_I64(below), DB_I64(limit)),
        read_made, sizeof(struct recipe_made)};
    void *list = NULL;
    if (store_ask_all(s, &ask, &list, ret_count, e) != 0) {
        return -1;
    }
    *ret = list;
    return 0;
}

int store_recipe_using(store *s, const char *workspace, const char *default_name, const char ***ret,
                       size_t *ret_count, struct err *e)
{
    return store_ask_texts(s, &USING, DB_ARGS(DB_TEXT(workspace), DB_TEXT(default_name)), ret,
                           ret_count, e);
}
