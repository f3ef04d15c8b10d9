#include "store_int.h"

#define COLUMNS                                                                                        \
    "workspace, name, app, host, client_id, client_secret, client_version, scopes, "                   \
    "assurance = 'sign_in', account_match, callback_key, epoch(created_at), epoch(updated_at), vars, " \
    "keep_alive, " MICROS("updated_at")
enum { COLUMNS_COUNT = 16 };

static const struct stmt PUT = {
    "default_put",
    "insert into default_connection (workspace, name, app, host, client_id, client_secret,"
    "    client_version, scopes, assurance, account_match, callback_key, vars, keep_alive)"
    " values ($1, $2, $3, $4, $5, $6::bytea, $7, $8,"
    "         case when $9::bool then 'sign_in' else 'code' end, $10, $11, $12::jsonb,"
    "         $13)"
    " on conflict (workspace, name) do update set"
    "   app = excluded.app, host = excluded.host, client_id = excluded.client_id,"
    "   client_secret = excluded.client_secret, client_version = excluded.client_version,"
    "   scopes = excluded.scopes, assurance = excluded.assurance,"
    "   account_match = excluded.account_match, vars = excluded.vars,"
    "   keep_alive = excluded.keep_alive, updated_at = now()",
    13, 0};

static const struct stmt FIND = {
    "default_find", "select " COLUMNS " from default_connection where workspace = $1 and name = $2",
    2, COLUMNS_COUNT};

static const struct stmt HOLD = {
    "default_hold",
    "select client_version from default_connection where workspace = $1 and name = $2 for share", 2,
    1};

static const struct stmt LOCK = {
    "default_lock",
    "select 1 from default_connection where workspace = $1 and name = $2 for no key update", 2, 1};

static const struct stmt BY_CALLBACK = {
    "default_by_callback",
    "select " COLUMNS " from default_connection where workspace = $1 and callback_key = $2", 2,
    COLUMNS_COUNT};

static const struct stmt LIST = {"default_list",
                                 "select " COLUMNS
                                 " from default_connection where workspace = $1 order by app, name",
                                 1, COLUMNS_COUNT};

static const struct stmt DELETE = {
    "default_delete", "delete from default_connection where workspace = $1 and name = $2", 2, 0};

static const struct stmt DEMANDING = {
    "default_demanding",
    "select distinct workspace from default_connection where assurance = 'sign_in' order by 1", 0,
    1};

const struct stmt *const store_defaults_stmts[] = {&DEMANDING,   &PUT,  &FIND,   &HOLD, &LOCK,
                                                   &BY_CALLBACK, &LIST, &DELETE, NULL};

static struct seal_place secret_place(const char *workspace, const char *name)
{
    return (struct seal_place){"default_connection", workspace, name, "client_secret"};
}

static int read_default(store *s, const rows *r, size_t row, void *to, struct err *e)
{
    struct default_connection *d = to;
    d->workspace = row_text(r, row, 0);
    d->name = row_text(r, row, 1);
    d->app = row_text(r, row, 2);
    d->host = row_text(r, row, 3);
    d->client_id = row_text(r, row, 4);
    d->client_version = row_i64(r, row, 6);
    d->scopes = store_texts(s->mem, row_text(r, row, 7), &d->scopes_count);
    d->assurance_sign_in = row_bool(r, row, 8);
    d->account_match = row_text(r, row, 9);
    d->callback_key = row_text(r, row, 10);
    d->created_at = row_i64(r, row, 11);
    d->updated_at = row_i64(r, row, 12);
    d->vars = store_object(s->mem, row_text(r, row, 13));
    d->keep_alive = row_bool(r, row, 14);
    d->stored_us = row_i64(r, row, 15);
    struct seal_place place = secret_place(d->workspace, d->name);
    return store_unseal_secret(s, &place, row_bytes(r, row, 5), &d->client_secret, e);
}

static int find_one(store *s, const struct stmt *stmt, const struct db_arg *args,
                    struct default_connection **ret, struct err *e)
{
    struct store_ask ask = {stmt, args, read_default, sizeof(struct default_connection)};
    void *found = NULL;
    if (store_ask_one(s, &ask, &found, e) != 0) {
        return -1;
    }
    *ret = found;
    return 0;
}

int store_default_put(store *s, const struct default_connection *d, struct err *e)
{
    struct seal_place place = secret_place(d->workspace, d->name);
    const char *key = d->callback_key == NULL ? crypto_random_hex(s->mem, 16) : d->callback_key;
    const struct db_arg *args =
        DB_ARGS(DB_TEXT(d->workspace), DB_TEXT(d->name), DB_TEXT(d->app),
                DB_TEXT(d->host == NULL ? "" : d->host), DB_TEXT(d->client_id),
                DB_BYTES(store_seal_secret(s, &place, d->client_secret)), DB_I64(d->client_version),
                DB_TEXTS(d->scopes, d->scopes_count), DB_BOOL(d->assurance_sign_in),
                DB_TEXT(d->account_match == NULL ? "off" : d->account_match), DB_TEXT(key),
                DB_TEXT(store_object_text(s->mem, d->vars)), DB_BOOL(d->keep_alive));
    return store_query(s, &PUT, args, NULL, e);
}

int store_default_find(store *s, const char *workspace, const char *name,
                       struct default_connection **ret, struct err *e)
{
    return find_one(s, &FIND, DB_ARGS(DB_TEXT(workspace), DB_TEXT(name)), ret, e);
}

int store_default_hold(store *s, const char *workspace, const char *name, int64_t *ret,
                       struct err *e)
{
    rows *r = NULL;
    if (store_query(s, &HOLD, DB_ARGS(DB_TEXT(workspace), DB_TEXT(name)), &r, e) != 0) {
        return -1;
    }
    *ret = rows_count(r) == 0 ? -1 : row_i64(r, 0, 0);
    return 0;
}

int store_default_lock(store *s, const char *workspace, const char *name, struct err *e)
{
    return store_query(s, &LOCK, DB_ARGS(DB_TEXT(workspace), DB_TEXT(name)), NULL, e);
}

int store_default_by_callback(store *s, const char *workspace, const char *callback_key,
                              struct default_connection **ret, struct err *e)
{
    return find_one(s, &BY_CALLBACK, DB_ARGS(DB_TEXT(workspace), DB_TEXT(callback_key)), ret, e);
}

int store_default_list(store *s, const char *workspace, struct default_connection **ret,
                       size_t *ret_count, struct err *e)
{
    struct store_ask ask = {&LIST, DB_ARGS(DB_TEXT(workspace)), read_default,
                            sizeof(struct default_connection)};
    void *list = NULL;
    if (store_ask_all(s, &ask, &list, ret_count, e) != 0) {
        return -1;
    }
    *ret = list;
    return 0;
}

int store_default_delete(store *s, const char *workspace, const char *name, struct err *e)
{
    return store_touch_one(s, &DELETE, DB_ARGS(DB_TEXT(workspace), DB_TEXT(name)),
                           "no_default_connection", e);
}

int store_default_demanding(store *s, const char ***ret, size_t *ret_count, struct err *e)
{
    return store_ask_texts(s, &DEMANDING, NULL, ret, ret_count, e);
}
