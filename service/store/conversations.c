#include "store_int.h"

/* Addresses of conversations and people, for a platform that has no one address for all. */

static const struct stmt LEARN = {
    "conversation_learn",
    "insert into conversation as c (workspace, channel, address, kind) values ($1, $2, $3, $4)"
    " on conflict (workspace, channel) do update set"
    "   address = excluded.address, kind = excluded.kind, gone = false"
    "   where c.gone or (c.address, c.kind) <> (excluded.address, excluded.kind)",
    4, 0};

static const struct stmt GONE = {
    "conversation_gone",
    "update conversation set gone = true where workspace = $1 and channel = $2 and not gone", 2, 0};

static const struct stmt REACH_CHANNEL = {
    "reach_channel",
    "select address, channel, null::text, kind = 'channel' from conversation"
    " where workspace = $1 and channel = $2 and not gone",
    2, 4};

static const struct stmt REACH_USER = {
    "reach_user",
    "select c.address, c.channel, u.address, false from chat_user u"
    "  left join conversation c on c.workspace = u.workspace and not c.gone"
    "       and c.channel in (u.dm_channel, u.seen_in)"
    " where u.workspace = $1 and u.user_id = $2"
    " order by c.channel = u.dm_channel desc nulls last limit 1",
    2, 4};

static const struct stmt SEEN = {"user_seen",
                                 "update chat_user set address = $3, seen_in = $4"
                                 " where workspace = $1 and user_id = $2"
                                 "   and (address, seen_in) is distinct from ($3::text, $4::text)",
                                 4, 0};

const struct stmt *const store_conversations_stmts[] = {&LEARN,      &GONE, &REACH_CHANNEL,
                                                        &REACH_USER, &SEEN, NULL};

int store_conversation_learn(store *s, const struct conversation *c, struct err *e)
{
    const struct db_arg *args =
        DB_ARGS(DB_TEXT(c->workspace), DB_TEXT(c->channel), DB_TEXT(c->address), DB_TEXT(c->kind));
    return store_query(s, &LEARN, args, NULL, e);
}

int store_conversation_gone(store *s, const char *workspace, const char *channel, struct err *e)
{
    return store_query(s, &GONE, DB_ARGS(DB_TEXT(workspace), DB_TEXT(channel)), NULL, e);
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
