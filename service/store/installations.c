#include "store_int.h"

/* What a platform granted to the bot, and its end. */

/* The row stands; its public route may not yet. */
static const struct stmt INSTALL = {
    "workspace_install",
    "with kept as ("
    "update workspace set"
    "   name = case when name = '' then $2 else name end,"
    "   admins = case when $14 and $3 <> all (admins) then admins || $3::text else admins end,"
    "   installer = case when $14 then $3 else installer end, bot_user_id = $4, bot_id = $5, bot_token = $6::bytea,"
    "   bot_refresh = $7::bytea, bot_expires_at = instant($8), bot_generation = bot_generation + 1,"
    "   bot_refresh_until = null, bot_refresh_tries = 0, bot_fault = null, bot_check_at = null, bot_scopes = $9,"
    "   missing_scopes = $10, organization = $11, org_wide = $12, url = $13, state = 'active',"
    "   installed_at = now(), ended_at = null, updated_at = now()"
    " where workspace = $1 returning workspace, route) "
    "insert into route (route, workspace) select k.route, k.workspace from kept k"
    " on conflict (route) do nothing",
    14, 0};

static const struct stmt END = {
    "workspace_end",
    "update workspace set state = 'removed', ended_at = now(), updated_at = now(),"
    "   bot_token = null, bot_refresh = null, bot_expires_at = null, bot_fault = null, bot_check_at = null,"
    "   bot_generation = bot_generation + 1, bot_scopes = '{}', missing_scopes = '{}'"
    " where workspace = $1 and state <> 'removed' and bot_generation = $2",
    2, 0};

static const struct stmt REMOVED = {
    "workspace_removed",
    "select workspace from workspace"
    " where state = 'removed' and ended_at < now() - make_interval(secs => $1::bigint)"
    " order by ended_at limit $2",
    2, 1};

static const struct stmt SCOPE_MISSING = {
    "workspace_scope_missing",
    "update workspace set missing_scopes = missing_scopes || $2::text"
    " where workspace = $1 and $2 <> all (missing_scopes) and cardinality(missing_scopes) < 50",
    2, 0};

/* Each part is short by its own index. */
static const struct stmt HELD = {
    "people_held",
    "select user_id from ("
    "  (select distinct user_id from connection where workspace = $1 and user_id > $2"
    "      and resting_of is null order by user_id limit $3) union"
    "  (select distinct resting_of from connection where workspace = $1 and resting_of > $2"
    "    order by resting_of limit $3) union"
    "  (select distinct user_id from login where workspace = $1 and user_id > $2"
    "      and state in ('open', 'code') order by user_id limit $3) union"
    "  (select distinct user_id from run where workspace = $1 and user_id > $2"
    "      and ended_at is null order by user_id limit $3)) p"
    " order by user_id limit $3",
    3, 1};

const struct stmt *const store_installations_stmts[] = {&INSTALL, &END,           &REMOVED,
                                                        &HELD,    &SCOPE_MISSING, NULL};

int store_workspace_install(store *s, const struct installation *i, struct err *e)
{
    struct seal_place access = store_bot_place(i->workspace);
    struct seal_place refresh = store_bot_refresh_place(i->workspace);
    const struct db_arg *args = DB_ARGS(
        DB_TEXT(i->workspace), DB_TEXT(i->name == NULL ? "" : i->name), DB_TEXT(i->user_id),
        DB_TEXT(i->bot_user_id), DB_TEXT(i->bot_id),
        DB_BYTES(store_seal_secret(s, &access, i->tokens.access)),
        DB_BYTES(store_seal_secret(s, &refresh, i->tokens.refresh)), DB_I64(i->tokens.expires_at),
        DB_TEXTS(i->scopes, i->scopes_count), DB_TEXTS(i->missing_scopes, i->missing_scopes_count),
        DB_TEXT(i->organization), DB_BOOL(i->org_wide), DB_TEXT(i->url), DB_BOOL(i->first));
    return store_query(s, &INSTALL, args, NULL, e) != 0 ? -1
                                                        : store_job_wake_held(s, i->workspace, e);
}

int store_workspace_end(store *s, const char *workspace, int64_t generation, bool *ret_ended,
                        struct err *e)
{
    if (store_query(s, &END, DB_ARGS(DB_TEXT(workspace), DB_I64(generation)), NULL, e) != 0) {
        return -1;
    }
    *ret_ended = db_affected(s->c) > 0;
    return 0;
}

static int read_key(store *s, const rows *r, size_t row, void *to, struct err *e)
{
    (void)s;
    (void)e;
    *(const char **)to = row_text(r, row, 0);
    return 0;
}

static int texts(store *s, const struct stmt *stmt, const struct db_arg *args, const char ***ret,
                 size_t *ret_count, struct err *e)
{
    struct store_ask ask = {stmt, args, read_key, sizeof(const char *)};
    void *list = NULL;
    if (store_ask_all(s, &ask, &list, ret_count, e) != 0) {
        return -1;
    }
    *ret = list;
    return 0;
}

int store_workspace_removed(store *s, int64_t older_than_s, int64_t limit, const char ***ret,
                            size_t *ret_count, struct err *e)
{
    return texts(s, &REMOVED, DB_ARGS(DB_I64(older_than_s), DB_I64(limit)), ret, ret_count, e);
}

int store_people_held(store *s, const char *workspace, const char *after_user_id, int64_t limit,
                      const char ***ret, size_t *ret_count, struct err *e)
{
    const struct db_arg *args = DB_ARGS(DB_TEXT(workspace), DB_TEXT(after_user_id), DB_I64(limit));
    return texts(s, &HELD, args, ret, ret_count, e);
}

int store_workspace_scope_missing(store *s, const char *workspace, const char *scope, bool *ret_new,
                                  struct err *e)
{
    if (store_query(s, &SCOPE_MISSING, DB_ARGS(DB_TEXT(workspace), DB_TEXT(scope)), NULL, e) != 0) {
        return -1;
    }
    *ret_new = db_affected(s->c) > 0;
    return 0;
}
