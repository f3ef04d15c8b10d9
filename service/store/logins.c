#include "store_int.h"

#include "base/str.h"

#define COLUMNS                                                                                    \
    "l.workspace, l.id, l.user_id, l.default_name, l.run_id, l.message_id, l.state, l.reason, "    \
    "l.requested_by, l.code_tries, epoch(l.code_expires_at), l.code_hash, epoch(l.expires_at), "   \
    "epoch(l.created_at), epoch(l.updated_at), l.adds, l.proven"
enum { COLUMNS_COUNT = 18, COLUMN_PROVISIONAL = 17 };

static const char *const states[LOGIN_STATE_COUNT] = {"open",      "code",    "done",
                                                      "cancelled", "expired", "refused"};

static const struct stmt ADD = {
    "login_add",
    "insert into login (workspace, id, handle_hash, user_id, default_name, run_id, message_id,"
    "                   requested_by, expires_at, adds)"
    " values ($1, $2, $3, $4, $5, $6, $7, $8, to_timestamp($9::bigint), $10)",
    10, 0};

static const struct stmt BY_HANDLE = {
    "login_by_handle",
    "select " COLUMNS ", l.provisional from login l where l.workspace = $1 and l.handle_hash = $2",
    2, COLUMNS_COUNT};

static const struct stmt FIND = {
    "login_find",
    "select " COLUMNS ", l.provisional from login l where l.workspace = $1 and l.id = $2", 2,
    COLUMNS_COUNT};

static const struct stmt LOCK = {
    "login_lock",
    "select " COLUMNS
    ", l.provisional from login l where l.workspace = $1 and l.id = $2 for update",
    2, COLUMNS_COUNT};

static const struct stmt FIND_OPEN = {
    "login_find_open",
    "select " COLUMNS ", l.provisional from login l"
    " where l.workspace = $1 and l.user_id = $2 and l.default_name = $3"
    "   and l.state in ('open', 'code')"
    " order by l.created_at desc, l.id desc limit 1 for update",
    3, COLUMNS_COUNT};

/* A person's own logins, and those with which that admin takes a default connection over; "": all
 * of default connections. */
#define OF_PERSON                                                                                  \
    " l.workspace = $1 and l.user_id in ($2, '') and (l.user_id = $2"                              \
    "   or (l.message_id is not null and l.requested_by = 'user:' || $2)) "

static const struct stmt WAITING_CODE = {
    "login_waiting_code",
    "select " COLUMNS ", l.provisional from login l where" OF_PERSON "and l.state = 'code'"
    " and l.proven is null order by l.updated_at desc, l.id desc for update",
    2, COLUMNS_COUNT};

static const struct stmt WAITING_AT = {
    "login_waiting_at",
    "select " COLUMNS ", l.provisional from login l join default_connection d"
    "    on d.workspace = l.workspace and d.name = l.default_name"
    " where l.workspace = $1 and d.app = $2 and d.client_id = $3 and l.state = 'code'"
    " order by l.updated_at desc, l.id desc",
    3, COLUMNS_COUNT};

static const struct stmt LIST_OPEN = {
    "login_list_open",
    "select " COLUMNS ", l.provisional from login l"
    " where l.workspace = $1 and l.user_id = $2 and l.state in ('open', 'code')"
    " order by l.created_at desc, l.id desc",
    2, COLUMNS_COUNT};

static const struct stmt LIST_ALL_OPEN = {"login_list_all_open",
                                          "select " COLUMNS
                                          ", l.provisional from login l where" OF_PERSON
                                          "and l.state in ('open', 'code')"
                                          " order by l.created_at desc, l.id desc",
                                          2, COLUMNS_COUNT};

static const struct stmt SET_RUN = {
    "login_set_run",
    "update login set run_id = $3, message_id = $4, updated_at = now()"
    " where workspace = $1 and id = $2",
    4, 0};

static const struct stmt PROVISIONAL = {
    "login_provisional",
    "update login set state = 'code', provisional = $3, code_hash = $4,"
    "   code_expires_at = to_timestamp($5::bigint), code_tries = 0, proven = $6, updated_at = now()"
    " where workspace = $1 and id = $2 and state in ('open', 'code')",
    6, 0};

static const struct stmt PROVEN = {
    "login_proven",
    "update login set proven = $3, code_expires_at = to_timestamp($4::bigint), updated_at = now()"
    " where workspace = $1 and id = $2",
    4, 0};

static const struct stmt WRONG_CODE = {
    "login_wrong_code",
    "update login set code_tries = code_tries + 1, updated_at = now()"
    " where workspace = $1 and id = $2 returning code_tries",
    2, 1};

static const struct stmt SET_STATE = {
    "login_set_state",
    "update login set state = $3, reason = $4, provisional = null, code_hash = null,"
    "   code_expires_at = null, proven = null, updated_at = now()"
    " where workspace = $1 and id = $2",
    4, 0};

static const struct stmt SET_DONE = {
    "login_set_done",
    "update login set state = 'done', reason = null, provisional = null, code_hash = $3,"
    "   code_expires_at = null, proven = null, updated_at = now()"
    " where workspace = $1 and id = $2",
    3, 0};

static const struct stmt LIST_ENDED = {
    "login_list_ended",
    "select " COLUMNS ", l.provisional from login l"
    " where l.workspace = $1 and l.user_id = $2 and l.state in ('done', 'expired', 'refused')"
    "   and l.updated_at > now() - make_interval(secs => $3::bigint)"
    " order by l.updated_at desc, l.id desc",
    3, COLUMNS_COUNT};

/* Hands out what stood in the row before. */
static const struct stmt EXPIRE = {
    "login_expire",
    "with over as ("
    "  select workspace, id, provisional from login"
    "   where state in ('open', 'code') and coalesce(code_expires_at, expires_at) < now()"
    "   order by coalesce(code_expires_at, expires_at) limit $1 for update skip locked) "
    "update login l set state = 'expired', provisional = null, code_hash = null,"
    "   code_expires_at = null, updated_at = now()"
    "  from over o where l.workspace = o.workspace and l.id = o.id "
    "returning " COLUMNS ", o.provisional",
    1, COLUMNS_COUNT};

const struct stmt *const store_logins_stmts[] = {
    &ADD,        &BY_HANDLE,  &FIND,    &FIND_OPEN,     &LOCK,       &WAITING_CODE,
    &WAITING_AT, &LIST_OPEN,  &SET_RUN, &PROVISIONAL,   &WRONG_CODE, &SET_STATE,
    &SET_DONE,   &LIST_ENDED, &EXPIRE,  &LIST_ALL_OPEN, &PROVEN,     NULL};

static struct seal_place provisional_place(const char *workspace, const char *id)
{
    return (struct seal_place){"login", workspace, id, "provisional"};
}

static void read_columns(const rows *r, size_t row, struct login *l)
{
    l->workspace = row_text(r, row, 0);
    l->id = row_text(r, row, 1);
    l->user_id = row_text(r, row, 2);
    l->default_name = row_text(r, row, 3);
    l->run_id = row_text(r, row, 4);
    l->message_id = row_text(r, row, 5);
    l->state = (enum login_state)store_name_index(states, LOGIN_STATE_COUNT, row_text(r, row, 6),
                                                  LOGIN_REFUSED);
    l->reason = row_text(r, row, 7);
    l->requested_by = row_text(r, row, 8);
    l->code_tries = row_i64(r, row, 9);
    l->code_expires_at = row_i64(r, row, 10);
    l->code_hash = row_text(r, row, 11);
    l->expires_at = row_i64(r, row, 12);
    l->created_at = row_i64(r, row, 13);
    l->updated_at = row_i64(r, row, 14);
    l->adds = row_bool(r, row, 15);
    l->proven = row_text(r, row, 16);
}

static int read_login(store *s, const rows *r, size_t row, void *to, struct err *e)
{
    struct login *l = to;
    read_columns(r, row, l);
    struct seal_place place = provisional_place(l->workspace, l->id);
    return store_unseal_json(s, &place, row_bytes(r, row, COLUMN_PROVISIONAL), &l->provisional, e);
}

/* One value that does not open must not keep all others alive: it is as if it were not there. */
static int read_openable(store *s, const rows *r, size_t row, void *to, struct err *e)
{
    if (read_login(s, r, row, to, e) != 0) {
        ((struct login *)to)->provisional = NULL;
        *e = (struct err){.kind = ERR_NONE};
    }
    return 0;
}

static int find_one(store *s, const struct stmt *stmt, const struct db_arg *args,
                    struct login **ret, struct err *e)
{
    struct store_ask ask = {stmt, args, read_login, sizeof(struct login)};
    void *found = NULL;
    if (store_ask_one(s, &ask, &found, e) != 0) {
        return -1;
    }
    *ret = found;
    return 0;
}

static int find_all(store *s, const struct store_ask *ask, struct login **ret, size_t *ret_count,
                    struct err *e)
{
    void *list = NULL;
    if (store_ask_all(s, ask, &list, ret_count, e) != 0) {
        return -1;
    }
    *ret = list;
    return 0;
}

int store_login_add(store *s, const struct login *l, const char *handle_hash, struct err *e)
{
    const struct db_arg *args = DB_ARGS(
        DB_TEXT(l->workspace), DB_TEXT(l->id), DB_TEXT(handle_hash),
        DB_TEXT(l->user_id == NULL ? "" : l->user_id), DB_TEXT(l->default_name), DB_TEXT(l->run_id),
        DB_TEXT(l->message_id), DB_TEXT(l->requested_by == NULL ? "" : l->requested_by),
        DB_I64(l->expires_at), DB_BOOL(l->adds));
    return store_query(s, &ADD, args, NULL, e);
}

int store_login_by_handle(store *s, const char *workspace, const char *handle_hash,
                          struct login **ret, struct err *e)
{
    return find_one(s, &BY_HANDLE, DB_ARGS(DB_TEXT(workspace), DB_TEXT(handle_hash)), ret, e);
}

int store_login_find(store *s, const char *workspace, const char *id, struct login **ret,
                     struct err *e)
{
    if (!id_valid(id)) {
        *ret = NULL;
        return 0;
    }
    return find_one(s, &FIND, DB_ARGS(DB_TEXT(workspace), DB_TEXT(id)), ret, e);
}

int store_login_lock(store *s, const char *workspace, const char *id, struct login **ret,
                     struct err *e)
{
    return find_one(s, &LOCK, DB_ARGS(DB_TEXT(workspace), DB_TEXT(id)), ret, e);
}

int store_login_find_open(store *s, const char *workspace, const char *user_id,
                          const char *default_name, struct login **ret, struct err *e)
{
    const struct db_arg *args =
        DB_ARGS(DB_TEXT(workspace), DB_TEXT(user_id), DB_TEXT(default_name));
    return find_one(s, &FIND_OPEN, args, ret, e);
}

int store_login_waiting_code(store *s, const char *workspace, const char *user_id,
                             struct login **ret, size_t *ret_count, struct err *e)
{
    struct store_ask ask = {&WAITING_CODE, DB_ARGS(DB_TEXT(workspace), DB_TEXT(user_id)),
                            read_login, sizeof(struct login)};
    return find_all(s, &ask, ret, ret_count, e);
}

int store_login_waiting_at(store *s, const char *workspace, const char *app, const char *client_id,
                           struct login **ret, size_t *ret_count, struct err *e)
{
    struct store_ask ask = {&WAITING_AT,
                            DB_ARGS(DB_TEXT(workspace), DB_TEXT(app), DB_TEXT(client_id)),
                            read_openable, sizeof(struct login)};
    return find_all(s, &ask, ret, ret_count, e);
}

int store_login_list_open(store *s, const char *workspace, const char *user_id, struct login **ret,
                          size_t *ret_count, struct err *e)
{
    struct store_ask ask = {&LIST_OPEN, DB_ARGS(DB_TEXT(workspace), DB_TEXT(user_id)), read_login,
                            sizeof(struct login)};
    return find_all(s, &ask, ret, ret_count, e);
}

int store_login_list_ended(store *s, const char *workspace, const char *user_id, int64_t within_s,
                           struct login **ret, size_t *ret_count, struct err *e)
{
    struct store_ask ask = {&LIST_ENDED,
                            DB_ARGS(DB_TEXT(workspace), DB_TEXT(user_id), DB_I64(within_s)),
                            read_login, sizeof(struct login)};
    return find_all(s, &ask, ret, ret_count, e);
}

int store_login_list_all_open(store *s, const char *workspace, const char *user_id,
                              struct login **ret, size_t *ret_count, struct err *e)
{
    struct store_ask ask = {&LIST_ALL_OPEN, DB_ARGS(DB_TEXT(workspace), DB_TEXT(user_id)),
                            read_login, sizeof(struct login)};
    return find_all(s, &ask, ret, ret_count, e);
}

bool store_login_takes_over(const struct login *l)
{
    return str_empty(l->user_id) && l->message_id != NULL && store_login_admin(l) != NULL;
}

const char *store_login_admin(const struct login *l)
{
    static const char USER[] = "user:";
    return str_empty(l->user_id) && str_starts(l->requested_by, USER)
               ? l->requested_by + sizeof(USER) - 1
               : NULL;
}

const char *store_login_person(const struct login *l)
{
    return store_login_takes_over(l) ? store_login_admin(l) : l->user_id;
}

bool store_login_waits_for_code(const struct login *l)
{
    return l->state == LOGIN_CODE && l->proven == NULL;
}

bool store_login_allowed(const struct login *l, const struct user *u, const struct workspace *w)
{
    if (str_empty(store_login_person(l))) {
        return true;
    }
    return store_person_allowed(u, w) &&
           (!store_login_takes_over(l) || store_is_admin(w, u->user_id));
}

int store_login_set_run(store *s, const char *workspace, const char *id, const char *run_id,
                        const char *message_id, struct err *e)
{
    const struct db_arg *args =
        DB_ARGS(DB_TEXT(workspace), DB_TEXT(id), DB_TEXT(run_id), DB_TEXT(message_id));
    return store_touch_one(s, &SET_RUN, args, "no_login", e);
}

int store_login_provisional(store *s, const struct login *l, json_t *provisional, struct err *e)
{
    struct seal_place place = provisional_place(l->workspace, l->id);
    const struct db_arg *args = DB_ARGS(
        DB_TEXT(l->workspace), DB_TEXT(l->id), DB_BYTES(store_seal_json(s, &place, provisional)),
        DB_TEXT(l->code_hash), DB_I64(l->code_expires_at), DB_TEXT(l->proven));
    if (store_query(s, &PROVISIONAL, args, NULL, e) != 0) {
        return -1;
    }
    if (db_affected(s->c) == 0) {
        return err_set(e, ERR_CONFLICT, "login_over", "the login is over");
    }
    return 0;
}

int store_login_set_proven(store *s, const struct login *l, const char *proven, int64_t until,
                           struct err *e)
{
    const struct db_arg *args =
        DB_ARGS(DB_TEXT(l->workspace), DB_TEXT(l->id), DB_TEXT(proven), DB_I64(until));
    return store_touch_one(s, &PROVEN, args, "no_login", e);
}

int store_login_wrong_code(store *s, const char *workspace, const char *id, int64_t *ret_tries,
                           struct err *e)
{
    rows *r = NULL;
    if (store_query(s, &WRONG_CODE, DB_ARGS(DB_TEXT(workspace), DB_TEXT(id)), &r, e) != 0) {
        return -1;
    }
    if (rows_count(r) == 0) {
        return err_set(e, ERR_NOT_FOUND, "no_login", "no such login");
    }
    *ret_tries = row_i64(r, 0, 0);
    return 0;
}

int store_login_set_state(store *s, const char *workspace, const char *id, enum login_state state,
                          const char *reason, struct err *e)
{
    const struct db_arg *args =
        DB_ARGS(DB_TEXT(workspace), DB_TEXT(id), DB_TEXT(states[state]), DB_TEXT(reason));
    return store_touch_one(s, &SET_STATE, args, "no_login", e);
}

int store_login_set_done(store *s, const char *workspace, const char *id, const char *code_hash,
                         struct err *e)
{
    const struct db_arg *args = DB_ARGS(DB_TEXT(workspace), DB_TEXT(id), DB_TEXT(code_hash));
    return store_touch_one(s, &SET_DONE, args, "no_login", e);
}

int store_login_expire(store *s, int64_t max, struct login **ret, size_t *ret_count, struct err *e)
{
    struct store_ask ask = {&EXPIRE, DB_ARGS(DB_I64(max)), read_openable, sizeof(struct login)};
    return find_all(s, &ask, ret, ret_count, e);
}
