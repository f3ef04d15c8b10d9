#include "store/hooks.h"

#include "base/json.h"
#include "store_int.h"

#define COLUMNS                                                                                    \
    "h.workspace, h.name, h.kind, h.handle, h.enabled, h.rules, h.secrets, epoch(h.created_at), "  \
    "epoch(h.updated_at), " MICROS("h.updated_at")
enum { COLUMNS_COUNT = 10, HANDLE_BYTES = 16 };

static const struct stmt PUT = {
    "hook_put",
    "insert into hook (workspace, name, kind, handle, enabled, rules, secrets)"
    " values ($1, $2, $3, $4, $5, $6::jsonb, $7::bytea)"
    " on conflict (workspace, name) do update set"
    "   kind = excluded.kind, enabled = excluded.enabled, rules = excluded.rules,"
    "   secrets = excluded.secrets, updated_at = now()",
    7, 0};

static const struct stmt FIND = {
    "hook_find", "select " COLUMNS " from hook h where h.workspace = $1 and h.name = $2", 2,
    COLUMNS_COUNT};

static const struct stmt AT = {"hook_at",
                               "select " COLUMNS
                               " from route r join workspace w on w.workspace = r.workspace"
                               "  join hook h on h.workspace = w.workspace"
                               " where r.route = $1 and h.handle = $2 and w.state <> 'removed'",
                               2, COLUMNS_COUNT};

static const struct stmt LIST = {
    "hook_list",
    "select " COLUMNS " from hook h where h.workspace = $1 order by h.name collate \"C\"", 1,
    COLUMNS_COUNT};

static const struct stmt DELETE = {"hook_delete",
                                   "delete from hook where workspace = $1 and name = $2", 2, 0};

static const struct stmt RENAME = {
    "hook_rename",
    "update hook set name = $3, secrets = $4::bytea where workspace = $1 and name = $2", 4, 0};

const struct stmt *const store_hooks_stmts[] = {&PUT, &FIND, &AT, &LIST, &DELETE, &RENAME, NULL};

static struct seal_place secrets_place(const char *workspace, const char *name)
{
    return (struct seal_place){"hook", workspace, name, "secrets"};
}

static void put_secret(json_t *into, const char *key, struct secret secret)
{
    if (!secret_empty(secret)) {
        json_put(into, key, json_must(json_stringn(secret_reveal(secret), secret.len)));
    }
}

static struct bytes seal_secrets(const store *s, const struct hook *h, const char *name)
{
    struct seal_place place = secrets_place(h->workspace, name);
    json_t *value = arena_json(s->mem, json_must(json_object()));
    put_secret(value, "first", h->first);
    put_secret(value, "second", h->second);
    json_put(value, "second_until", json_must(json_integer(h->second_until)));
    return store_seal_json(s, &place, value);
}

static int read_hook(store *s, const rows *r, size_t row, void *to, struct err *e)
{
    struct hook *h = to;
    json_t *secrets = NULL;
    h->workspace = row_text(r, row, 0);
    h->name = row_text(r, row, 1);
    h->kind = row_text(r, row, 2);
    h->handle = row_text(r, row, 3);
    h->enabled = row_bool(r, row, 4);
    h->rules = store_object(s->mem, row_text(r, row, 5));
    h->created_at = row_i64(r, row, 7);
    h->updated_at = row_i64(r, row, 8);
    h->stored_us = row_i64(r, row, 9);
    struct seal_place place = secrets_place(h->workspace, h->name);
    if (store_unseal_json(s, &place, row_bytes(r, row, 6), &secrets, e) != 0) {
        return -1;
    }
    h->first = secret_of(s->mem, json_text(secrets, "first"));
    h->second = secret_of(s->mem, json_text(secrets, "second"));
    h->second_until = json_i64(secrets, "second_until");
    return 0;
}

static int find_one(store *s, const struct stmt *stmt, const struct db_arg *args, struct hook **ret,
                    struct err *e)
{
    struct store_ask ask = {stmt, args, read_hook, sizeof(struct hook)};
    void *found = NULL;
    if (store_ask_one(s, &ask, &found, e) != 0) {
        return -1;
    }
    *ret = found;
    return 0;
}

int store_hook_put(store *s, const struct hook *h, struct err *e)
{
    const char *handle = h->handle == NULL ? crypto_random_hex(s->mem, HANDLE_BYTES) : h->handle;
    const struct db_arg *args =
        DB_ARGS(DB_TEXT(h->workspace), DB_TEXT(h->name), DB_TEXT(h->kind), DB_TEXT(handle),
                DB_BOOL(h->enabled), DB_TEXT(store_object_text(s->mem, h->rules)),
                DB_BYTES(seal_secrets(s, h, h->name)));
    return store_query(s, &PUT, args, NULL, e);
}

int store_hook_find(store *s, const char *workspace, const char *name, struct hook **ret,
                    struct err *e)
{
    return find_one(s, &FIND, DB_ARGS(DB_TEXT(workspace), DB_TEXT(name)), ret, e);
}

int store_hook_at(store *s, const char *route, const char *handle, struct hook **ret, struct err *e)
{
    return find_one(s, &AT, DB_ARGS(DB_TEXT(route), DB_TEXT(handle)), ret, e);
}

int store_hook_list(store *s, const char *workspace, struct hook **ret, size_t *ret_count,
                    struct err *e)
{
    struct store_ask ask = {&LIST, DB_ARGS(DB_TEXT(workspace)), read_hook, sizeof(struct hook)};
    void *list = NULL;
    if (store_ask_all(s, &ask, &list, ret_count, e) != 0) {
        return -1;
    }
    *ret = list;
    return 0;
}

int store_hook_delete(store *s, const char *workspace, const char *name, struct err *e)
{
    return store_touch_one(s, &DELETE, DB_ARGS(DB_TEXT(workspace), DB_TEXT(name)), "no_hook", e);
}

int store_hook_rename(store *s, const struct hook *h, const char *name, struct err *e)
{
    const struct db_arg *args = DB_ARGS(DB_TEXT(h->workspace), DB_TEXT(h->name), DB_TEXT(name),
                                        DB_BYTES(seal_secrets(s, h, name)));
    return store_touch_one(s, &RENAME, args, "no_hook", e);
}
