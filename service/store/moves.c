/* A team's workspace becomes part of its organisation's: names that both have, and what is left. */
#include "store/moves.h"

#include <string.h>

#include "base/json.h"
#include "base/str.h"
#include "store_int.h"

/* Jobs that wait are held, so that no claim takes one meanwhile; one that runs is in the way. */
static const struct stmt HOLD = {
    "move_hold",
    "select count(*) filter (where j.state = 'running') from ("
    "  select state from job where workspace = $1 and state in ('queued', 'running')"
    "  order by id for update) j",
    1, 1};

/* Parents and children move one after the other. */
static const struct stmt DEFER = {"move_defer", "set constraints all deferred", 0, 0};

/* Of one person under one default connection; the worse one goes. */
#define RANK(c)                                                                                    \
    "(" c ".state = 'active', coalesce(" c ".last_used_at, " c ".connected_at, " c ".created_at))"
static const struct stmt DOUBLES = {
    "move_doubles",
    "select case when " RANK("t") " > " RANK(
        "o") " then o.workspace else t.workspace end,"
             "       case when " RANK("t") " > " RANK(
                 "o") " then o.id else t.id end"
                      "  from connection t join connection o"
                      "    on o.workspace = $2 and o.default_name = t.default_name and o.user_id = t.user_id"
                      " where t.workspace = $1",
    2, 2};

/* Another bot has other one-to-one chats. */
static const struct stmt USERS_BOT = {
    "move_users_bot",
    "update chat_user set dm_channel = null where workspace = $1 and dm_channel is not null"
    "   and not exists (select from workspace t join workspace o on o.bot_user_id = t.bot_user_id"
    "                    where t.workspace = $1 and o.workspace = $2)",
    2, 0};

/* What is known of a person here and not there. */
static const struct stmt USERS_MEET = {
    "move_users_meet",
    "update chat_user o set dm_channel = coalesce(o.dm_channel, t.dm_channel),"
    "       home_opened_at = greatest(o.home_opened_at, t.home_opened_at)"
    "  from chat_user t where o.workspace = $2 and t.workspace = $1 and t.user_id = o.user_id",
    2, 0};
static const struct stmt USERS_DROP = {
    "move_users_drop",
    "delete from chat_user t where t.workspace = $1"
    "   and exists (select from chat_user o where o.workspace = $2 and o.user_id = t.user_id)",
    2, 0};

static const struct stmt REFERENCES = {
    "move_references",
    "update run t set reference = t.reference || '-' || substr(t.id::text, 25, 4)"
    " where t.workspace = $1"
    "   and exists (select from run o where o.workspace = $2 and o.reference = t.reference)",
    2, 0};

/* An event that both have seen. */
#define KEY(column)                                                                                \
    {                                                                                              \
        "move_" column,                                                                            \
            "update job t set " column " = null where t.workspace = $1 and t." column              \
            " is not null and exists (select from job o where o.workspace = $2 and o." column      \
            " = t." column ")",                                                                    \
            2, 0                                                                                   \
    }
static const struct stmt KEYS[] = {KEY("key1"), KEY("key2"), KEY("key3")};

static const struct stmt ROUTES = {"move_routes",
                                   "update route set workspace = $2 where workspace = $1", 2, 0};

/* What is left are default connections that both had, and notices that were told. */
static const struct stmt END = {"move_end", "delete from workspace where workspace = $1", 1, 0};

static const struct stmt TEAMS = {
    "move_teams",
    "select workspace from workspace"
    " where workspace = any ($1) and workspace <> $2 and not org_wide order by workspace",
    2, 1};

const struct stmt *const store_moves_stmts[] = {
    &TEAMS,      &HOLD,    &DEFER,   &DOUBLES, &USERS_BOT, &USERS_MEET, &USERS_DROP,
    &REFERENCES, &KEYS[0], &KEYS[1], &KEYS[2], &ROUTES,    &END,        NULL};

static int both(store *s, const struct stmt *stmt, const struct workspace_move *q, struct err *e)
{
    return store_query(s, stmt, DB_ARGS(DB_TEXT(q->from), DB_TEXT(q->to)), NULL, e);
}

/* *ret_go: both are there and locked, and nothing of `from` is under way. */
static int hold(store *s, const struct workspace_move *q, struct workspace_moved *ret, bool *ret_go,
                struct err *e)
{
    struct workspace *to = NULL, *from = NULL;
    rows *r = NULL;
    *ret_go = false;
    if (store_workspace_lock(s, q->to, &to, e) != 0 ||
        store_workspace_lock(s, q->from, &from, e) != 0) {
        return -1;
    }
    ret->gone = to == NULL || from == NULL || str_equal(q->from, q->to);
    if (ret->gone) {
        return 0;
    }
    if (store_query(s, &HOLD, DB_ARGS(DB_TEXT(q->from)), &r, e) != 0) {
        return -1;
    }
    ret->busy = row_i64(r, 0, 0) > 0;
    *ret_go = !ret->busy;
    return 0;
}

static int lose(store *s, const char *workspace, const char *id, struct move_lost *lost,
                struct err *e)
{
    struct err why = {0};
    if (store_connection_lock(s, workspace, id, &lost->connection, &why) != 0) {
        if (why.kind == ERR_NOT_FOUND) { /* ended meanwhile: tried again, without it */
            return err_set(e, ERR_INTERNAL, "move_connection", "connection %s has gone", id);
        }
        *e = why;
        return -1;
    }
    return store_default_find(s, workspace, lost->connection->default_name, &lost->def, e) != 0
               ? -1
               : store_connection_delete(s, workspace, id, e);
}

static int end_doubles(store *s, const struct workspace_move *q, struct workspace_moved *ret,
                       struct err *e)
{
    rows *r = NULL;
    if (store_query(s, &DOUBLES, DB_ARGS(DB_TEXT(q->from), DB_TEXT(q->to)), &r, e) != 0) {
        return -1;
    }
    size_t count = rows_count(r);
    ret->lost = arena_array(s->mem, count + 1, sizeof *ret->lost);
    for (size_t i = 0; i < count; i++) {
        if (lose(s, row_text(r, i, 0), row_text(r, i, 1), &ret->lost[i], e) != 0) {
            return -1;
        }
    }
    ret->lost_count = count;
    return 0;
}

static int meet(store *s, const struct workspace_move *q, struct err *e)
{
    const struct stmt *const steps[] = {&USERS_BOT, &USERS_MEET, &USERS_DROP, &REFERENCES,
                                        &KEYS[0],   &KEYS[1],    &KEYS[2]};
    for (size_t i = 0; i < sizeof steps / sizeof steps[0]; i++) {
        if (both(s, steps[i], q, e) != 0) {
            return -1;
        }
    }
    return 0;
}

int store_workspace_move(store *s, const struct workspace_move *q, struct workspace_moved *ret,
                         struct err *e)
{
    bool go = false;
    *ret = (struct workspace_moved){.gone = false};
    if (hold(s, q, ret, &go, e) != 0) {
        return -1;
    }
    if (!go) {
        return 0;
    }
    if (store_query(s, &DEFER, DB_NO_ARGS, NULL, e) != 0 || store_move_names(s, q, ret, e) != 0 ||
        end_doubles(s, q, ret, e) != 0 || meet(s, q, e) != 0 || store_move_rows(s, q, e) != 0 ||
        both(s, &ROUTES, q, e) != 0) {
        return -1;
    }
    return store_query(s, &END, DB_ARGS(DB_TEXT(q->from)), NULL, e);
}

int store_move_want(store *s, const char *org, const char *const *teams, size_t count,
                    struct err *e)
{
    rows *r = NULL;
    if (store_query(s, &TEAMS, DB_ARGS(DB_TEXTS(teams, count), DB_TEXT(org)), &r, e) != 0) {
        return -1;
    }
    for (size_t i = 0; i < rows_count(r); i++) {
        const char *from = row_text(r, i, 0);
        json_t *payload = arena_json(s->mem, json_pack("{s:s}", "from", from));
        struct job j = {.workspace = org,
                        .kind = JOB_MOVE,
                        .lane = arena_printf(s->mem, "move:%s", from),
                        .priority = JOB_PRIORITY_NORMAL,
                        .payload = bytes_of(json_write(s->mem, payload))};
        if (store_job_add(s, &j, e) != 0) {
            return -1;
        }
    }
    return 0;
}
