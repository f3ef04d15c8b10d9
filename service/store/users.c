#include "store_int.h"

#include "base/str.h"

static const char *const standings[STANDING_COUNT] = {"unknown",  "member", "guest",
                                                      "stranger", "bot",    "deactivated"};

#define COLUMNS                                                                                    \
    "workspace, user_id, name, email, time_zone, standing, dm_channel, epoch(checked_at),"         \
    " epoch(home_opened_at), pending_message, epoch(changed_at), teams, address, seen_in"
enum { COLUMNS_COUNT = 14 };

static const struct stmt FIND = {
    "user_find", "select " COLUMNS " from chat_user where workspace = $1 and user_id = $2", 2,
    COLUMNS_COUNT};

static const struct stmt LOCK = {
    "user_lock",
    "select " COLUMNS " from chat_user where workspace = $1 and user_id = $2 for no key update", 2,
    COLUMNS_COUNT};

static const struct stmt PUT = {
    "user_put",
    "insert into chat_user (workspace, user_id, name, email, time_zone, standing, changed_at,"
    "                       teams, checked_at)"
    " values ($1, $2, $3, $4, $5, $6, instant($7), $8, now())"
    " on conflict (workspace, user_id) do update set"
    "   name = excluded.name, email = excluded.email, time_zone = excluded.time_zone,"
    "   standing = excluded.standing, teams = excluded.teams, checked_at = now(),"
    "   changed_at = coalesce(excluded.changed_at, chat_user.changed_at)",
    8, 0};

/* An admin who is told something may never have written to us: a row of unknown standing. */
static const struct stmt SET_DM = {
    "user_set_dm",
    "insert into chat_user (workspace, user_id, dm_channel) values ($1, $2, $3)"
    " on conflict (workspace, user_id) do update set dm_channel = excluded.dm_channel",
    3, 0};

static const struct stmt SET_TIME_ZONE = {
    "user_set_time_zone",
    "update chat_user set time_zone = $3 where workspace = $1 and user_id = $2", 3, 0};

static const struct stmt SET_PENDING = {
    "user_set_pending",
    "update chat_user set pending_message = $3 where workspace = $1 and user_id = $2", 3, 0};

static const struct stmt HOLD_RULES = {
    "user_hold_rules",
    "select guests = 'allow', state from workspace where workspace = $1 for share", 1, 2};

const struct stmt *const store_users_stmts[] = {&FIND,          &LOCK,        &PUT,        &SET_DM,
                                                &SET_TIME_ZONE, &SET_PENDING, &HOLD_RULES, NULL};

enum standing store_standing(const char *name)
{
    return (enum standing)store_name_index(standings, STANDING_COUNT, name, STANDING_UNKNOWN);
}

static int read_user(store *s, const rows *r, size_t row, void *to, struct err *e)
{
    (void)e;
    struct user *u = to;
    u->workspace = row_text(r, row, 0);
    u->user_id = row_text(r, row, 1);
    u->name = row_text(r, row, 2);
    u->email = row_text(r, row, 3);
    u->time_zone = row_text(r, row, 4);
    u->standing = store_standing(row_text(r, row, 5));
    u->dm_channel = row_text(r, row, 6);
    u->checked_at = row_i64(r, row, 7);
    u->home_opened_at = row_i64(r, row, 8);
    u->pending_message = row_text(r, row, 9);
    u->changed_at = row_i64(r, row, 10);
    u->teams = store_texts(s->mem, row_text(r, row, 11), &u->teams_count);
    u->address = row_text(r, row, 12);
    u->seen_in = row_text(r, row, 13);
    return 0;
}

static int ask_user(store *s, const struct stmt *stmt, const struct user *key, struct user **ret,
                    struct err *e)
{
    struct store_ask ask = {stmt, DB_ARGS(DB_TEXT(key->workspace), DB_TEXT(key->user_id)),
                            read_user, sizeof(struct user)};
    void *found = NULL;
    if (store_ask_one(s, &ask, &found, e) != 0) {
        return -1;
    }
    *ret = found;
    return 0;
}

int store_user_find(store *s, const char *workspace, const char *user_id, struct user **ret,
                    struct err *e)
{
    const struct user key = {.workspace = workspace, .user_id = user_id};
    return ask_user(s, &FIND, &key, ret, e);
}

int store_user_lock(store *s, const char *workspace, const char *user_id, struct user **ret,
                    struct err *e)
{
    const struct user key = {.workspace = workspace, .user_id = user_id};
    return ask_user(s, &LOCK, &key, ret, e);
}

int store_user_put(store *s, const struct user *u, struct err *e)
{
    const struct db_arg *args =
        DB_ARGS(DB_TEXT(u->workspace), DB_TEXT(u->user_id), DB_TEXT(u->name == NULL ? "" : u->name),
                DB_TEXT(u->email), DB_TEXT(u->time_zone), DB_TEXT(standings[u->standing]),
                DB_I64(u->changed_at), DB_TEXTS(u->teams, u->teams_count));
    return store_query(s, &PUT, args, NULL, e);
}

int store_user_set_dm(store *s, const char *workspace, const char *user_id, const char *channel,
                      struct err *e)
{
    const struct db_arg *args = DB_ARGS(DB_TEXT(workspace), DB_TEXT(user_id), DB_TEXT(channel));
    return store_query(s, &SET_DM, args, NULL, e);
}

int store_user_set_time_zone(store *s, const char *workspace, const char *user_id,
                             const char *time_zone, struct err *e)
{
    const struct db_arg *args = DB_ARGS(DB_TEXT(workspace), DB_TEXT(user_id), DB_TEXT(time_zone));
    return store_query(s, &SET_TIME_ZONE, args, NULL, e);
}

int store_user_set_pending(store *s, const char *workspace, const char *user_id,
                           const char *message_id, struct err *e)
{
    return store_query(s, &SET_PENDING,
                       DB_ARGS(DB_TEXT(workspace), DB_TEXT(user_id), DB_TEXT(message_id)), NULL, e);
}

bool store_standing_allowed(enum standing standing, const struct workspace *w)
{
    return standing == STANDING_MEMBER || (standing == STANDING_GUEST && w->guests_allowed);
}

bool store_person_allowed(const struct user *u, const struct workspace *w)
{
    return u != NULL && !str_equal(w->state, "removed") && store_standing_allowed(u->standing, w);
}

bool store_is_admin(const struct workspace *w, const char *user_id)
{
    bool is = str_equal(w->installer, user_id);
    for (size_t i = 0; i < w->admins_count; i++) {
        is = is || str_equal(w->admins[i], user_id);
    }
    return is;
}

int store_user_may_use(store *s, const char *workspace, const char *user_id, bool *ret,
                       struct err *e)
{
    struct user *u = NULL;
    rows *r = NULL;
    *ret = str_empty(user_id);
    if (*ret) {
        return 0;
    }
    if (store_user_lock(s, workspace, user_id, &u, e) != 0 ||
        store_query(s, &HOLD_RULES, DB_ARGS(DB_TEXT(workspace)), &r, e) != 0) {
        return -1;
    }
    if (rows_count(r) > 0) {
        const struct workspace w = {.guests_allowed = row_bool(r, 0, 0),
                                    .state = row_text(r, 0, 1)};
        *ret = store_person_allowed(u, &w);
    }
    return 0;
}
