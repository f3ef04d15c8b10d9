#include "store_int.h"

static const struct stmt DROP_RIGHTS = {
    "rights_drop",
    "with old as (select workspace, installer, admins from workspace"
    "              where workspace = $1 and (installer = $2 or $2 = any (admins))"
    "                for no key update)"
    " update workspace w set installer = nullif(w.installer, $2), updated_at = now(),"
    "    admins = array_remove(w.admins, $2)"
    "   from old where w.workspace = old.workspace "
    "returning coalesce(old.installer = $2, false), $2 = any (old.admins)",
    2, 2};

/* Whoever refreshes them at this moment is too late. */
static const struct stmt OWNER_LEFT = {
    "owner_left",
    "update connection set state = 'needs_attention', reason = $4, owner = $2, updated_at = now(),"
    "   refresh_until = null, generation = generation + 1,"
    "   cool_until = now() + make_interval(secs => $5::bigint)"
    " where workspace = $1 and user_id = '' and state in ('active', 'needs_attention')"
    "   and (owner = $2 or (owner is null and $3::bool)) and reason is distinct from $4 "
    "returning default_name",
    5, 1};

static const struct stmt OWNER_LEFT_DUE = {
    "owner_left_due",
    "select workspace, id from connection where user_id = '' and state = 'needs_attention'"
    "   and reason = $1 and cool_until < now() limit 1 for update skip locked",
    1, 2};

static const struct stmt FORGET = {
    "user_forget",
    "with chat as (delete from conversation c using chat_user u"
    "   where u.workspace = $1 and u.user_id = $2 and c.workspace = $1"
    "     and c.channel = u.dm_channel and c.kind = 'personal') "
    "update chat_user set email = null, time_zone = null, dm_channel = null, address = null,"
    "   seen_in = null, home_opened_at = null, pending_message = null"
    " where workspace = $1 and user_id = $2",
    2, 0};

/* Each part is short by its own index. */
static const struct stmt PEOPLE = {
    "people_page",
    "select user_id from ("
    "  (select distinct user_id from connection where workspace = $1 and user_id > $2"
    "      and resting_of is null order by user_id limit $3) union"
    "  (select distinct resting_of from connection where workspace = $1 and resting_of > $2"
    "    order by resting_of limit $3) union"
    "  (select distinct user_id from login where workspace = $1 and user_id > $2"
    "      and state in ('open', 'code') order by user_id limit $3) union"
    "  (select distinct user_id from run where workspace = $1 and user_id > $2"
    "      and user_id <> '' and ended_at is null order by user_id limit $3) union"
    "  select owner from connection where workspace = $1 and user_id = '' and owner > $2 union"
    "  select installer from workspace where workspace = $1 and installer > $2 union"
    "  select a from workspace w, unnest(w.admins) a where w.workspace = $1 and a > $2) p"
    " order by user_id limit $3",
    3, 1};

/* A workspace that was never planned is planned, and not yet due. */
static const struct stmt DUE = {
    "reconcile_due",
    "with due as ("
    "  select workspace, reconcile_at,"
    "         (hashtext(workspace)::bigint & 2147483647) % greatest($1::bigint / 4, 1) as shift"
    "    from workspace where state = 'active' and (reconcile_at is null or reconcile_at <= now())"
    "   order by workspace limit $2 for no key update skip locked),"
    " planned as ("
    "  update workspace w set reconcile_at = instant("
    "         ((epoch(now()) - d.shift) / $1::bigint + 1) * $1::bigint + d.shift)"
    "    from due d where w.workspace = d.workspace returning w.workspace, d.reconcile_at) "
    "select workspace from planned where reconcile_at is not null",
    2, 1};

static const struct stmt SOON = {
    "reconcile_soon", "update workspace set reconcile_at = now() where workspace = $1", 1, 0};

const struct stmt *const store_leavers_stmts[] = {
    &DROP_RIGHTS, &OWNER_LEFT, &OWNER_LEFT_DUE, &FORGET, &PEOPLE, &DUE, &SOON, NULL};

int store_rights_drop(store *s, const char *workspace, const char *user_id,
                      struct store_rights *ret_had, struct err *e)
{
    rows *r = NULL;
    if (store_query(s, &DROP_RIGHTS, DB_ARGS(DB_TEXT(workspace), DB_TEXT(user_id)), &r, e) != 0) {
        return -1;
    }
    int64_t sessions = 0;
    if (store_console_end(s, workspace, NULL, user_id, &sessions, e) != 0) {
        return -1;
    }
    bool had = rows_count(r) > 0;
    *ret_had = (struct store_rights){.installer = had && row_bool(r, 0, 0),
                                     .admin = had && row_bool(r, 0, 1)};
    return 0;
}

int store_owner_left(store *s, const struct owner_left *q, const char ***ret, size_t *ret_count,
                     struct err *e)
{
    const struct db_arg *args =
        DB_ARGS(DB_TEXT(q->workspace), DB_TEXT(q->user_id), DB_BOOL(q->was_installer),
                DB_TEXT(q->reason), DB_I64(q->rest_s));
    return store_ask_texts(s, &OWNER_LEFT, args, ret, ret_count, e);
}

int store_owner_left_due(store *s, const char *reason, const char **ret_workspace,
                         const char **ret_id, struct err *e)
{
    rows *r = NULL;
    if (store_query(s, &OWNER_LEFT_DUE, DB_ARGS(DB_TEXT(reason)), &r, e) != 0) {
        return -1;
    }
    bool found = rows_count(r) > 0;
    *ret_workspace = found ? row_text(r, 0, 0) : NULL;
    *ret_id = found ? row_text(r, 0, 1) : NULL;
    return 0;
}

int store_user_forget(store *s, const char *workspace, const char *user_id, struct err *e)
{
    return store_query(s, &FORGET, DB_ARGS(DB_TEXT(workspace), DB_TEXT(user_id)), NULL, e);
}

int store_people_page(store *s, const char *workspace, const char *after_user_id, int64_t limit,
                      const char ***ret, size_t *ret_count, struct err *e)
{
    const struct db_arg *args = DB_ARGS(
        DB_TEXT(workspace), DB_TEXT(after_user_id == NULL ? "" : after_user_id), DB_I64(limit));
    return store_ask_texts(s, &PEOPLE, args, ret, ret_count, e);
}

int store_reconcile_due(store *s, int64_t every_s, int64_t max, const char ***ret,
                        size_t *ret_count, struct err *e)
{
    return store_ask_texts(s, &DUE, DB_ARGS(DB_I64(every_s), DB_I64(max)), ret, ret_count, e);
}

int store_reconcile_soon(store *s, const char *workspace, struct err *e)
{
    return store_query(s, &SOON, DB_ARGS(DB_TEXT(workspace)), NULL, e);
}
