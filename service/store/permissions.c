#include "store/permissions.h"

#include "base/id.h"
#include "store_int.h"

#define COLUMNS "p.id::text, p.token, t.name, epoch(p.allowed_at)"
#define OF_TOKEN " join api_token t on t.workspace = p.workspace and t.digest = p.token"
enum { COLUMNS_COUNT = 4 };

static const struct stmt LOCK = {
    "permission_lock",
    "select " COLUMNS " from act_permission p" OF_TOKEN
    " where p.workspace = $1 and p.user_id = $2 and p.token = $3 for update of p",
    3, COLUMNS_COUNT};

/* One at a time of one token, over all replicas: else each counts without the others. */
static const struct stmt HOLD_TOKEN = {
    "permission_hold_token",
    "select 1 from api_token where workspace = $1 and digest = $2 for no key update", 2, 1};

/* One person once an hour, and not within a day of a question; and of one token so many people an
 * hour: it may have got into wrong hands. */
static const struct stmt LOOK = {
    "permission_look",
    "insert into act_permission as p (workspace, id, user_id, token, looked_at)"
    " select $1, $2, $3, $4, now()"
    "  where (select count(*) from act_permission o where o.workspace = $1 and o.token = $4"
    "           and o.looked_at > now() - interval '1 hour') < 200"
    " on conflict (workspace, user_id, token) do update set looked_at = now()"
    "   where p.allowed_at is null"
    "     and (p.looked_at is null or p.looked_at < now() - interval '1 hour')"
    "     and (p.asked_at is null or p.asked_at < now() - interval '1 day')"
    " returning 1",
    4, 1};

static const struct stmt ASK = {
    "permission_ask",
    "update act_permission set asked_at = now()"
    " where workspace = $1 and user_id = $2 and token = $3 and allowed_at is null"
    "   and (asked_at is null or asked_at < now() - interval '1 day')"
    " returning id::text",
    3, 1};

static const struct stmt ALLOW = {
    "permission_allow",
    "update act_permission p set allowed_at = coalesce(p.allowed_at, now()) from api_token t"
    " where p.workspace = $1 and p.user_id = $2 and p.id::text = $3"
    "   and t.workspace = p.workspace and t.digest = p.token returning " COLUMNS,
    3, COLUMNS_COUNT};

static const struct stmt ALLOW_NAME = {
    "permission_allow_name",
    "with t as (select workspace, digest, name from api_token where workspace = $1 and name = $4"
    "    and role = 'act' and (expires_at is null or expires_at > now()))"
    " insert into act_permission as p (workspace, id, user_id, token, allowed_at)"
    " select t.workspace, $2, $3, t.digest, now() from t"
    " on conflict (workspace, user_id, token)"
    "    do update set allowed_at = coalesce(p.allowed_at, now())"
    " returning p.id::text, p.token, (select name from t), epoch(p.allowed_at)",
    4, COLUMNS_COUNT};

/* Whoever said no is not asked again at once. */
static const struct stmt END = {
    "permission_end",
    "update act_permission p set allowed_at = null, asked_at = now() from api_token t"
    " where p.workspace = $1 and p.user_id = $2 and (p.id::text = $3 or t.name = $3)"
    "   and p.allowed_at is not null and t.workspace = p.workspace and t.digest = p.token"
    " returning " COLUMNS,
    3, COLUMNS_COUNT};

static const struct stmt LIST = {"permission_list",
                                 "select " COLUMNS " from act_permission p" OF_TOKEN
                                 " where p.workspace = $1 and p.user_id = $2"
                                 "   and p.allowed_at is not null"
                                 "   and (t.expires_at is null or t.expires_at > now())"
                                 " order by t.name collate \"C\"",
                                 2, COLUMNS_COUNT};

static const struct stmt HOLDS = {
    "permission_holds",
    "select count(*) from act_permission"
    " where workspace = $1 and user_id = $2 and token = $3 and allowed_at is not null",
    3, 1};

static const struct stmt FORGET = {
    "permission_forget", "delete from act_permission where workspace = $1 and user_id = $2", 2, 0};

const struct stmt *const store_permissions_stmts[] = {
    &LOCK, &HOLD_TOKEN, &LOOK, &ASK, &ALLOW, &ALLOW_NAME, &END, &LIST, &HOLDS, &FORGET, NULL};

static int read_permission(store *s, const rows *r, size_t row, void *to, struct err *e)
{
    (void)s;
    (void)e;
    *(struct act_permission *)to = (struct act_permission){.id = row_text(r, row, 0),
                                                           .token = row_text(r, row, 1),
                                                           .name = row_text(r, row, 2),
                                                           .allowed_at = row_i64(r, row, 3)};
    return 0;
}

static int find_one(store *s, const struct stmt *stmt, const struct db_arg *args,
                    struct act_permission **ret, struct err *e)
{
    struct store_ask ask = {stmt, args, read_permission, sizeof(struct act_permission)};
    void *found = NULL;
    if (store_ask_one(s, &ask, &found, e) != 0) {
        return -1;
    }
    *ret = found;
    return 0;
}

int store_permission_lock(store *s, const char *workspace, const char *user_id, const char *token,
                          struct act_permission **ret, struct err *e)
{
    return find_one(s, &LOCK, DB_ARGS(DB_TEXT(workspace), DB_TEXT(user_id), DB_TEXT(token)), ret,
                    e);
}

int store_permission_look(store *s, const char *workspace, const char *user_id, const char *token,
                          bool *ret, struct err *e)
{
    struct id id = id_new();
    rows *r = NULL;
    const struct db_arg *args =
        DB_ARGS(DB_TEXT(workspace), DB_TEXT(id.text), DB_TEXT(user_id), DB_TEXT(token));
    if (store_query(s, &HOLD_TOKEN, DB_ARGS(DB_TEXT(workspace), DB_TEXT(token)), &r, e) != 0) {
        return -1;
    }
    bool stands = rows_count(r) > 0;
    if (stands && store_query(s, &LOOK, args, &r, e) != 0) {
        return -1;
    }
    *ret = stands && rows_count(r) > 0;
    return 0;
}

int store_permission_ask(store *s, const char *workspace, const char *user_id, const char *token,
                         const char **ret_id, struct err *e)
{
    rows *r = NULL;
    const struct db_arg *args = DB_ARGS(DB_TEXT(workspace), DB_TEXT(user_id), DB_TEXT(token));
    if (store_query(s, &ASK, args, &r, e) != 0) {
        return -1;
    }
    *ret_id = rows_count(r) == 0 ? NULL : row_text(r, 0, 0);
    return 0;
}

int store_permission_allow(store *s, const char *workspace, const char *user_id, const char *id,
                           struct act_permission **ret, struct err *e)
{
    return find_one(s, &ALLOW, DB_ARGS(DB_TEXT(workspace), DB_TEXT(user_id), DB_TEXT(id)), ret, e);
}

int store_permission_allow_name(store *s, const char *workspace, const char *user_id,
                                const char *name, struct act_permission **ret, struct err *e)
{
    struct id id = id_new();
    const struct db_arg *args =
        DB_ARGS(DB_TEXT(workspace), DB_TEXT(id.text), DB_TEXT(user_id), DB_TEXT(name));
    return find_one(s, &ALLOW_NAME, args, ret, e);
}

int store_permission_end(store *s, const char *workspace, const char *user_id, const char *which,
                         struct act_permission **ret, struct err *e)
{
    return find_one(s, &END, DB_ARGS(DB_TEXT(workspace), DB_TEXT(user_id), DB_TEXT(which)), ret, e);
}

int store_permission_list(store *s, const char *workspace, const char *user_id,
                          struct act_permission **ret, size_t *ret_count, struct err *e)
{
    struct store_ask ask = {&LIST, DB_ARGS(DB_TEXT(workspace), DB_TEXT(user_id)), read_permission,
                            sizeof(struct act_permission)};
    void *list = NULL;
    if (store_ask_all(s, &ask, &list, ret_count, e) != 0) {
        return -1;
    }
    *ret = list;
    return 0;
}

int store_permission_holds(store *s, const char *workspace, const char *user_id, const char *token,
                           bool *ret, struct err *e)
{
    rows *r = NULL;
    const struct db_arg *args = DB_ARGS(DB_TEXT(workspace), DB_TEXT(user_id), DB_TEXT(token));
    if (store_query(s, &HOLDS, args, &r, e) != 0) {
        return -1;
    }
    *ret = row_i64(r, 0, 0) > 0;
    return 0;
}

int store_permission_forget(store *s, const char *workspace, const char *user_id, struct err *e)
{
    return store_query(s, &FORGET, DB_ARGS(DB_TEXT(workspace), DB_TEXT(user_id)), NULL, e);
}
