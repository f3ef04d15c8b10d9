#include "store_int.h"

#define COLUMNS                                                                                    \
    "workspace, id, made_by, handle_hash, code_hash, epoch(code_expires_at), codes,"               \
    " epoch(expires_at), epoch(used_at), epoch(ended_at)"
enum { COLUMNS_COUNT = 10 };

/* It can still be used. */
#define LIVE "used_at is null and ended_at is null and expires_at > now()"
/* And shows a code that is good. */
#define SHOWS LIVE " and code_hash is not null and code_expires_at > now()"

static const struct stmt ADD = {
    "setup_add",
    "insert into admin_link (workspace, id, handle_hash, made_by, expires_at)"
    " select $1, $2, $3, $4, to_timestamp($5::bigint)"
    "  where (select count(*) from admin_link where workspace = $1 and " LIVE ") < $6",
    6, 0};

static const struct stmt BY_HANDLE = {"setup_by_handle",
                                      "select " COLUMNS
                                      " from admin_link where workspace = $1 and handle_hash = $2",
                                      2, COLUMNS_COUNT};

static const struct stmt SHOW = {
    "setup_show",
    "update admin_link set code_hash = $3, codes = codes + 1, code_tries = 0,"
    "   code_expires_at = least(to_timestamp($4::bigint), expires_at)"
    " where workspace = $1 and id = $2 and codes < $5 and " LIVE,
    5, 0};

#define SHOWN "select " COLUMNS " from admin_link where workspace = $1 and " SHOWS " order by id"

static const struct stmt LOOK = {"setup_shown", SHOWN, 1, COLUMNS_COUNT};

static const struct stmt WAITING = {"setup_waiting", SHOWN " for update", 1, COLUMNS_COUNT};

static const struct stmt WRONG = {"setup_wrong",
                                  "update admin_link set code_tries = code_tries + 1,"
                                  "   code_hash = case when code_tries + 1 < $2 then code_hash end"
                                  " where workspace = $1 and " SHOWS
                                  " returning case when code_hash is null then id end",
                                  2, 1};

static const struct stmt HIDE = {
    "setup_hide", "update admin_link set code_hash = null where workspace = $1 and id = $2", 2, 0};

static const struct stmt LOCK_WORKSPACE = {
    "setup_lock", "select 1 from workspace where workspace = $1 for no key update", 1, 1};

static const struct stmt TAKE = {"setup_take",
                                 "update admin_link set used_at = now(), code_hash = null"
                                 " where workspace = $1 and handle_hash = $2 and " LIVE
                                 " returning id, made_by",
                                 2, 2};

static const struct stmt NAME = {
    "setup_name",
    "update workspace set admins = array_append(admins, $2::text), updated_at = now()"
    " where workspace = $1 and $2 <> all (admins)",
    2, 0};

static const struct stmt END = {
    "setup_end",
    "update admin_link set ended_at = now(), code_hash = null where workspace = $1 and " LIVE, 1,
    0};

const struct stmt *const store_setups_stmts[] = {&ADD,     &BY_HANDLE,      &SHOW, &LOOK,
                                                 &WAITING, &WRONG,          &HIDE, &TAKE,
                                                 &NAME,    &LOCK_WORKSPACE, &END,  NULL};

static int read_setup(store *s, const rows *r, size_t row, void *to, struct err *e)
{
    (void)s;
    (void)e;
    *(struct setup *)to = (struct setup){.workspace = row_text(r, row, 0),
                                         .id = row_text(r, row, 1),
                                         .made_by = row_text(r, row, 2),
                                         .handle_hash = row_text(r, row, 3),
                                         .code_hash = row_text(r, row, 4),
                                         .code_expires_at = row_i64(r, row, 5),
                                         .codes = row_i64(r, row, 6),
                                         .expires_at = row_i64(r, row, 7),
                                         .used_at = row_i64(r, row, 8),
                                         .ended_at = row_i64(r, row, 9)};
    return 0;
}

int store_setup_add(store *s, const struct setup *x, struct err *e)
{
    const struct db_arg *args =
        DB_ARGS(DB_TEXT(x->workspace), DB_TEXT(x->id), DB_TEXT(x->handle_hash), DB_TEXT(x->made_by),
                DB_I64(x->expires_at), DB_I64(SETUP_LIVE_MAX));
    if (store_query(s, &ADD, args, NULL, e) != 0) {
        return -1;
    }
    return db_affected(s->c) > 0
               ? 0
               : err_set(e, ERR_LIMIT, "too_many_links", "%s has %d set-up links already",
                         x->workspace, SETUP_LIVE_MAX);
}

int store_setup_by_handle(store *s, const char *workspace, const char *handle_hash,
                          struct setup **ret, struct err *e)
{
    struct store_ask ask = {&BY_HANDLE, DB_ARGS(DB_TEXT(workspace), DB_TEXT(handle_hash)),
                            read_setup, sizeof(struct setup)};
    void *found = NULL;
    if (store_ask_one(s, &ask, &found, e) != 0) {
        return -1;
    }
    *ret = found;
    return 0;
}

int store_setup_show(store *s, const struct setup *x, bool *ret, struct err *e)
{
    const struct db_arg *args =
        DB_ARGS(DB_TEXT(x->workspace), DB_TEXT(x->id), DB_TEXT(x->code_hash),
                DB_I64(x->code_expires_at), DB_I64(SETUP_CODES_MAX));
    if (store_query(s, &SHOW, args, NULL, e) != 0) {
        return -1;
    }
    *ret = db_affected(s->c) > 0;
    return 0;
}

static int list_all(store *s, const struct stmt *stmt, const char *workspace, struct setup **ret,
                    size_t *ret_count, struct err *e)
{
    struct store_ask ask = {stmt, DB_ARGS(DB_TEXT(workspace)), read_setup, sizeof(struct setup)};
    void *list = NULL;
    if (store_ask_all(s, &ask, &list, ret_count, e) != 0) {
        return -1;
    }
    *ret = list;
    return 0;
}

int store_setup_shown(store *s, const char *workspace, struct setup **ret, size_t *ret_count,
                      struct err *e)
{
    return list_all(s, &LOOK, workspace, ret, ret_count, e);
}

int store_setup_waiting(store *s, const char *workspace, struct setup **ret, size_t *ret_count,
                        struct err *e)
{
    return list_all(s, &WAITING, workspace, ret, ret_count, e);
}

int store_setup_wrong(store *s, const char *workspace, const char ***ret, size_t *ret_count,
                      struct err *e)
{
    rows *r = NULL;
    size_t count = 0;
    if (store_query(s, &WRONG, DB_ARGS(DB_TEXT(workspace), DB_I64(SETUP_TRIES)), &r, e) != 0) {
        return -1;
    }
    const char **ids = arena_array(s->mem, rows_count(r) + 1, sizeof *ids);
    for (size_t i = 0; i < rows_count(r); i++) {
        const char *id = row_text(r, i, 0);
        if (id != NULL) {
            ids[count++] = id;
        }
    }
    *ret = ids;
    *ret_count = count;
    return 0;
}

int store_setup_hide(store *s, const char *workspace, const char *id, struct err *e)
{
    return store_query(s, &HIDE, DB_ARGS(DB_TEXT(workspace), DB_TEXT(id)), NULL, e);
}

static int note(store *s, const char *workspace, const char *user_id, const rows *r, struct err *e)
{
    json_t *detail = arena_json(
        s->mem, json_pack("{s:s, s:s}", "link", row_text(r, 0, 0), "made_by", row_text(r, 0, 1)));
    return store_audit_add(s, workspace, "setup_link", "workspace.admin_added", user_id, detail, e);
}

int store_setup_take(store *s, const char *workspace, const char *handle_hash, const char *user_id,
                     bool *ret, struct err *e)
{
    rows *r = NULL;
    *ret = false;
    if (store_query(s, &LOCK_WORKSPACE, DB_ARGS(DB_TEXT(workspace)), &r, e) != 0 ||
        store_query(s, &TAKE, DB_ARGS(DB_TEXT(workspace), DB_TEXT(handle_hash)), &r, e) != 0) {
        return -1;
    }
    if (rows_count(r) == 0) {
        return 0;
    }
    if (store_query(s, &NAME, DB_ARGS(DB_TEXT(workspace), DB_TEXT(user_id)), NULL, e) != 0 ||
        note(s, workspace, user_id, r, e) != 0) {
        return -1;
    }
    *ret = true;
    return 0;
}

int store_setup_end(store *s, const char *workspace, int64_t *ret_count, struct err *e)
{
    if (store_query(s, &END, DB_ARGS(DB_TEXT(workspace)), NULL, e) != 0) {
        return -1;
    }
    *ret_count = db_affected(s->c);
    return 0;
}
