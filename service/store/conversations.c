#include "store_int.h"

/* Addresses of conversations and people, for a platform that has no one address for all. */

/* What is known already is only looked at: an insert that finds its row would lock it, and all
 * events of one place would wait for one another. What is older than what took the bot out of there
 * does not bring it back. */
static const struct stmt LEARN = {
    "conversation_learn",
    "insert into conversation as c (workspace, channel, address, kind, team, heard_at)"
    " select $1, $2, $3, coalesce($4, 'shared'), $5, x.at"
    "  from (select to_timestamp(nullif($6::bigint, 0) / 1000.0) as at) x"
    "  where not exists ("
    "   select from conversation k where k.workspace = $1 and k.channel = $2 and not k.gone"
    "      and k.address = $3 and k.kind = coalesce($4, k.kind)"
    "      and ($5::text is null or k.team = $5)"
    "      and ($6::bigint = 0 or k.heard_at > x.at - make_interval(secs => $7::bigint)))"
    " on conflict (workspace, channel) do update set"
    "   address = excluded.address, kind = coalesce($4, c.kind),"
    "   team = coalesce(excluded.team, c.team),"
    "   gone = c.gone and coalesce(excluded.heard_at < c.heard_at, false),"
    "   heard_at = greatest(c.heard_at, excluded.heard_at)",
    7, 0};

/* Late is also what is older than what the owner of a one-to-one chat has begun or connected: that
 * it was heard from there is noted to the minute alone. */
static const struct stmt GONE = {
    "conversation_gone",
    "with x as (select to_timestamp(nullif($4::bigint, 0) / 1000.0) as at),"
    " owner as (select user_id from chat_user where workspace = $1 and dm_channel = $2),"
    " late as (select from conversation, x"
    "   where workspace = $1 and channel = $2 and heard_at > x.at"
    "  union all select from connection, x where workspace = $1"
    "   and (user_id in (select user_id from owner) or resting_of in (select user_id from owner))"
    "   and connected_at > x.at"
    "  union all select from login, x where workspace = $1"
    "   and user_id in (select user_id from owner) and created_at > x.at),"
    " over as (update conversation set gone = true, heard_at = greatest(heard_at, x.at) from x"
    "   where workspace = $1 and (channel = $2 or team = $3) and not gone"
    "     and coalesce(heard_at <= x.at, true) and not exists (select from late)) "
    "select exists (select from late)",
    4, 1};

static const struct stmt BACK = {
    "conversation_back",
    "update conversation set gone = false, heard_at = greatest(heard_at, x.at)"
    "  from (select to_timestamp(nullif($3::bigint, 0) / 1000.0) as at) x"
    " where workspace = $1 and team = $2 and gone and coalesce(heard_at <= x.at, true)",
    3, 0};

static const struct stmt REACH_CHANNEL = {
    "reach_channel",
    "select address, channel, null::text, kind = 'channel' from conversation"
    " where workspace = $1 and channel = $2 and not gone",
    2, 4};

static const struct stmt REACH_USER = {
    "reach_user",
    "select c.address, c.channel, u.address, false from chat_user u"
    "  left join conversation c on c.workspace = u.workspace"
    "       and c.channel in (u.dm_channel, u.seen_in)"
    " where u.workspace = $1 and u.user_id = $2"
    " order by c.gone nulls last, c.channel = u.dm_channel desc nulls last limit 1",
    2, 4};

static const struct stmt SEEN = {"user_seen",
                                 "update chat_user set address = $3, seen_in = $4"
                                 " where workspace = $1 and user_id = $2"
                                 "   and (address, seen_in) is distinct from ($3::text, $4::text)",
                                 4, 0};

/* A platform's servers for one conversation of an organisation take messages for its others. What
 * nothing was ever heard from is tried anew though it was refused before: nobody tells when the bot
 * may write there after all. */
static const struct stmt ASSUME = {
    "conversation_assume",
    "insert into conversation as c (workspace, channel, address, kind)"
    " select $1, $2, k.address, 'shared' from conversation k"
    "  where k.workspace = $1 and k.heard_at is not null"
    "  order by k.gone, k.heard_at desc limit 1"
    " on conflict (workspace, channel) do update set gone = false, address = excluded.address"
    "   where c.gone and c.heard_at is null",
    2, 0};

static const struct stmt OWNER = {
    "conversation_owner",
    "select user_id from chat_user where workspace = $1 and dm_channel = $2 limit 1", 2, 1};

const struct stmt *const store_conversations_stmts[] = {
    &LEARN, &GONE, &BACK, &REACH_CHANNEL, &REACH_USER, &SEEN, &OWNER, &ASSUME, NULL};

int store_conversation_learn(store *s, const struct conversation *c, struct err *e)
{
    enum { ABOUT_S = 60 };
    const struct db_arg *args =
        DB_ARGS(DB_TEXT(c->workspace), DB_TEXT(c->channel), DB_TEXT(c->address), DB_TEXT(c->kind),
                DB_TEXT(c->team), DB_I64(c->at_ms), DB_I64(c->begins ? 0 : ABOUT_S));
    if (store_query(s, &LEARN, args, NULL, e) != 0) {
        return -1;
    }
    const struct db_arg *back = DB_ARGS(DB_TEXT(c->workspace), DB_TEXT(c->team), DB_I64(c->at_ms));
    return c->begins && c->team != NULL ? store_query(s, &BACK, back, NULL, e) : 0;
}

int store_conversation_gone(store *s, const struct conversation *c, bool *ret_late, struct err *e)
{
    rows *r = NULL;
    const struct db_arg *args =
        DB_ARGS(DB_TEXT(c->workspace), DB_TEXT(c->channel), DB_TEXT(c->team), DB_I64(c->at_ms));
    if (store_query(s, &GONE, args, &r, e) != 0) {
        return -1;
    }
    if (ret_late != NULL) {
        *ret_late = row_bool(r, 0, 0);
    }
    return 0;
}

int store_conversation_assume(store *s, const char *workspace, const char *channel, struct err *e)
{
    return store_query(s, &ASSUME, DB_ARGS(DB_TEXT(workspace), DB_TEXT(channel)), NULL, e);
}

int store_conversation_owner(store *s, const char *workspace, const char *channel,
                             const char **ret_user_id, struct err *e)
{
    rows *r = NULL;
    if (store_query(s, &OWNER, DB_ARGS(DB_TEXT(workspace), DB_TEXT(channel)), &r, e) != 0) {
        return -1;
    }
    *ret_user_id = rows_count(r) > 0 ? row_text(r, 0, 0) : NULL;
    return 0;
}

static int ask(store *s, const struct stmt *stmt, const struct db_arg *args, struct reach *ret,
               struct err *e)
{
    rows *r = NULL;
    *ret = (struct reach){.address = NULL};
    if (store_query(s, stmt, args, &r, e) != 0) {
        return -1;
    }
    if (rows_count(r) > 0) {
        ret->address = row_text(r, 0, 0);
        ret->channel = row_text(r, 0, 1);
        ret->person = row_text(r, 0, 2);
        ret->own = row_bool(r, 0, 3);
    }
    return 0;
}

int store_reach_channel(store *s, const char *workspace, const char *channel, struct reach *ret,
                        struct err *e)
{
    return ask(s, &REACH_CHANNEL, DB_ARGS(DB_TEXT(workspace), DB_TEXT(channel)), ret, e);
}

int store_reach_user(store *s, const char *workspace, const char *user_id, struct reach *ret,
                     struct err *e)
{
    return ask(s, &REACH_USER, DB_ARGS(DB_TEXT(workspace), DB_TEXT(user_id)), ret, e);
}

int store_user_seen(store *s, const char *workspace, const char *user_id, const char *address,
                    const char *channel, struct err *e)
{
    const struct db_arg *args =
        DB_ARGS(DB_TEXT(workspace), DB_TEXT(user_id), DB_TEXT(address), DB_TEXT(channel));
    return store_query(s, &SEEN, args, NULL, e);
}
