#include "store_int.h"

#include "base/json.h"

#define COLUMNS                                                                                    \
    "c.workspace, c.id, c.default_name, d.app, coalesce(c.resting_of, c.user_id), c.state, "       \
    "c.reason, c.account_key, "                                                                    \
    "c.account_name, c.account_email, c.organization, c.sandbox, c.api_base, c.scopes, "           \
    "epoch(c.access_expires_at), epoch(c.refresh_expires_at), c.generation, "                      \
    "epoch(c.refresh_until), epoch(c.cool_until), c.failures, c.assurance, "                       \
    "epoch(c.connected_at), epoch(c.last_used_at), epoch(c.created_at), c.owner, c.vars, "         \
    "epoch(coalesce(c.refresh_since, c.connected_at)), epoch(c.warn_at), epoch(c.keep_at), "       \
    "c.resting_of is not null, c.rotates"
#define FROM                                                                                       \
    " from connection c join default_connection d"                                                 \
    " on d.workspace = c.workspace and d.name = c.default_name"
enum { COLUMNS_COUNT = 32, COLUMN_VARS = 25, COLUMN_TOKENS = 31 };

static const char *const states[CONNECTION_STATE_COUNT] = {
    "provisional", "active", "needs_attention", "needs_login", "disconnected"};

static const struct stmt FIND = {
    "connection_find",
    "select " COLUMNS ", c.tokens" FROM
    " where c.workspace = $1 and c.default_name = $2 and c.user_id = $3",
    3, COLUMNS_COUNT};

static const struct stmt LOAD = {
    "connection_load", "select " COLUMNS ", c.tokens" FROM " where c.workspace = $1 and c.id = $2",
    2, COLUMNS_COUNT};

static const struct stmt LOCK = {"connection_lock",
                                 "select " COLUMNS ", c.tokens" FROM
                                 " where c.workspace = $1 and c.id = $2 for update of c",
                                 2, COLUMNS_COUNT};

static const struct stmt LIST = {
    "connection_list",
    "select " COLUMNS ", null::bytea" FROM
    " where c.workspace = $1 and (c.user_id = $2 or c.resting_of = $2)"
    " order by d.app, c.default_name, c.resting_of is not null, c.created_at, c.id",
    2, COLUMNS_COUNT};

#define PAGE_OF                                                                                    \
    "select " COLUMNS ", null::bytea" FROM                                                         \
    " where c.workspace = $1 and ($2::text is null or d.app = $2)"                                 \
    "   and case when $3::text is null then c.user_id <> ''"                                       \
    "            else c.user_id = $3 or c.resting_of = $3 end"                                     \
    "   and ($4::uuid is null or c.id > $4) and ($6::text is null or c.state = $6)"                \
    "   and ($7::text is null or c.default_name = $7)"
#define PAGE_END " order by c.id limit $5"

static const struct stmt PAGE = {"connection_page", PAGE_OF PAGE_END, 7, COLUMNS_COUNT};

/* Few are found by their beginning: the indexes say which, before the page is cut. */
static const struct stmt BEGIN = {
    "connection_begin",
    "with found as materialized ("
    "   select id from connection where workspace = $1 and " STORE_BEGINS(
        "account_name",
        "$8") "   union"
              "   select id from connection where workspace = $1 and " STORE_BEGINS(
                  "account_email",
                  "$8") "   union"
                        "   select c.id from chat_user u join connection c on c.workspace = u.workspace"
                        "       and (c.user_id = u.user_id or c.resting_of = u.user_id)"
                        "    where u.workspace = $1 and " STORE_BEGINS(
                            "u.name", "$8") ") " PAGE_OF
                                            " and c.id in (select id from found)" PAGE_END,
    8, COLUMNS_COUNT};

/* Tokens that are over leave with the state, and whoever holds the old generation is too late. */
static const struct stmt SET_STATE = {
    "connection_set_state",
    "update connection c set state = $4, reason = $5, updated_at = now(),"
    "   tokens = case when g.gone then null else c.tokens end,"
    "   access_expires_at = case when g.gone then null else c.access_expires_at end,"
    "   refresh_expires_at = case when g.gone then null else c.refresh_expires_at end,"
    "   refresh_until = case when g.gone then null else c.refresh_until end,"
    "   generation = c.generation + case when g.gone then 1 else 0 end"
    "  from (select $4::text in ('needs_login', 'disconnected')) as g (gone)"
    " where c.workspace = $1 and c.id = $2 and ($3::bigint < 0 or c.generation = $3)",
    5, 0};

/* Each command touches its connection; once a minute is enough for people to read. */
static const struct stmt TOUCH = {
    "connection_touch",
    "update connection set last_used_at = now() where workspace = $1 and id = $2"
    "   and (last_used_at is null or last_used_at < now() - interval '1 minute')",
    2, 0};

static const struct stmt DELETE = {"connection_delete",
                                   "delete from connection where workspace = $1 and id = $2", 2, 0};

static const struct stmt CLIENT_CHANGED = {
    "connection_client_changed",
    "update connection set state = 'needs_login', reason = 'client_changed', tokens = null,"
    "   access_expires_at = null, refresh_expires_at = null, refresh_until = null,"
    "   generation = generation + 1, rotates = false, updated_at = now()"
    " where workspace = $1 and default_name = $2 and state <> 'disconnected'",
    2, 0};

/* What the app did not allow then is asked for once more. */
static const struct stmt SCOPES_CHANGED = {
    "connection_scopes_changed",
    "update connection set reason = null, updated_at = now()"
    " where workspace = $1 and default_name = $2 and reason = 'scope_refused'",
    2, 0};

static const struct stmt EXPIRE_PROVISIONAL = {
    "connection_expire_provisional",
    "with over as ("
    "  select workspace, id, connected_at from connection"
    "   where state = 'provisional' and updated_at < now() - make_interval(secs => $1::bigint)"
    "   limit 1000 for update skip locked),"
    " gone as (delete from connection c using over o where c.workspace = o.workspace"
    "             and c.id = o.id and o.connected_at is null returning 1),"
    " back as (update connection c set state = 'disconnected', reason = 'login_expired',"
    "                 tokens = null, updated_at = now() from over o"
    "           where c.workspace = o.workspace and c.id = o.id and o.connected_at is not null"
    "           returning 1) "
    "select (select count(*) from gone) + (select count(*) from back)",
    1, 1};

const struct stmt *const store_connections_stmts[] = {
    &FIND,      &LOAD,  &LOCK,   &LIST,           &PAGE,           &BEGIN,
    &SET_STATE, &TOUCH, &DELETE, &CLIENT_CHANGED, &SCOPES_CHANGED, &EXPIRE_PROVISIONAL,
    NULL};

const char *connection_state_name(enum connection_state state)
{
    return states[state];
}

static struct seal_place tokens_place(const char *workspace, const char *id)
{
    return (struct seal_place){"connection", workspace, id, "tokens"};
}

struct bytes store_tokens_seal(const store *s, const char *workspace, const char *id,
                               const struct tokens *t)
{
    struct seal_place place = tokens_place(workspace, id);
    json_t *value = arena_json(s->mem, json_object());
    json_object_set_new(value, "access", json_stringn(secret_reveal(t->access), t->access.len));
    if (!secret_empty(t->refresh)) {
        json_object_set_new(value, "refresh",
                            json_stringn(secret_reveal(t->refresh), t->refresh.len));
    }
    if (t->access_life_s > 0) {
        json_object_set_new(value, "life_s", json_integer(t->access_life_s));
    }
    return store_seal_json(s, &place, value);
}

int store_tokens_open(const store *s, const struct connection *c, struct bytes sealed,
                      struct tokens *ret, struct err *e)
{
    struct seal_place place = tokens_place(c->workspace, c->id);
    json_t *value = NULL;
    if (store_unseal_json(s, &place, sealed, &value, e) != 0) {
        return -1;
    }
    ret->access = secret_of(s->mem, json_text(value, "access"));
    ret->refresh = secret_of(s->mem, json_text(value, "refresh"));
    ret->access_life_s = json_i64(value, "life_s");
    return 0;
}

static void read_account(arena *mem, const rows *r, size_t row, struct account *a)
{
    a->key = row_text(r, row, 7);
    a->name = row_text(r, row, 8);
    a->email = row_text(r, row, 9);
    a->organization = row_text(r, row, 10);
    a->sandbox = row_bool(r, row, 11);
    a->api_base = row_text(r, row, 12);
    a->vars = store_object(mem, row_text(r, row, COLUMN_VARS));
}

static int read_connection(store *s, const rows *r, size_t row, void *to, struct err *e)
{
    struct connection *c = to;
    c->workspace = row_text(r, row, 0);
    c->id = row_text(r, row, 1);
    c->default_name = row_text(r, row, 2);
    c->app = row_text(r, row, 3);
    c->user_id = row_text(r, row, 4);
    c->state = (enum connection_state)store_name_index(
        states, CONNECTION_STATE_COUNT, row_text(r, row, 5), CONNECTION_NEEDS_ATTENTION);
    c->reason = row_text(r, row, 6);
    read_account(s->mem, r, row, &c->account);
    c->tokens.scopes = store_texts(s->mem, row_text(r, row, 13), &c->tokens.scopes_count);
    c->tokens.access_expires_at = row_i64(r, row, 14);
    c->tokens.refresh_expires_at = row_i64(r, row, 15);
    c->tokens.refresh_since = row_i64(r, row, 26);
    c->tokens.warn_at = row_i64(r, row, 27);
    c->tokens.keep_at = row_i64(r, row, 28);
    c->generation = row_i64(r, row, 16);
    c->refresh_until = row_i64(r, row, 17);
    c->cool_until = row_i64(r, row, 18);
    c->failures = row_i64(r, row, 19);
    c->assurance = row_text(r, row, 20);
    c->connected_at = row_i64(r, row, 21);
    c->last_used_at = row_i64(r, row, 22);
    c->created_at = row_i64(r, row, 23);
    c->owner = row_text(r, row, 24);
    c->resting = row_bool(r, row, 29);
    c->rotates = row_bool(r, row, 30);
    return store_tokens_open(s, c, row_bytes(r, row, COLUMN_TOKENS), &c->tokens, e);
}

static int find_one(store *s, const struct stmt *stmt, const struct db_arg *args,
                    struct connection **ret, struct err *e)
{
    struct store_ask ask = {stmt, args, read_connection, sizeof(struct connection)};
    void *found = NULL;
    if (store_ask_one(s, &ask, &found, e) != 0) {
        return -1;
    }
    *ret = found;
    return 0;
}

static int find_all(store *s, const struct store_ask *ask, struct connection **ret,
                    size_t *ret_count, struct err *e)
{
    void *list = NULL;
    if (store_ask_all(s, ask, &list, ret_count, e) != 0) {
        return -1;
    }
    *ret = list;
    return 0;
}

int store_connection_find(store *s, const char *workspace, const char *default_name,
                          const char *user_id, struct connection **ret, struct err *e)
{
    return find_one(s, &FIND, DB_ARGS(DB_TEXT(workspace), DB_TEXT(default_name), DB_TEXT(user_id)),
                    ret, e);
}

static int find_known(store *s, const struct stmt *stmt, const struct connection *key,
                      struct connection **ret, struct err *e)
{
    struct connection *found = NULL;
    if (id_valid(key->id) &&
        find_one(s, stmt, DB_ARGS(DB_TEXT(key->workspace), DB_TEXT(key->id)), &found, e) != 0) {
        return -1;
    }
    if (found == NULL) {
        return err_set(e, ERR_NOT_FOUND, "no_connection", "no such connection");
    }
    *ret = found;
    return 0;
}

int store_connection_load(store *s, const char *workspace, const char *id, struct connection **ret,
                          struct err *e)
{
    return find_known(s, &LOAD, &(struct connection){.workspace = workspace, .id = id}, ret, e);
}

int store_connection_lock(store *s, const char *workspace, const char *id, struct connection **ret,
                          struct err *e)
{
    return find_known(s, &LOCK, &(struct connection){.workspace = workspace, .id = id}, ret, e);
}

int store_connection_list(store *s, const char *workspace, const char *user_id,
                          struct connection **ret, size_t *ret_count, struct err *e)
{
    struct store_ask ask = {&LIST, DB_ARGS(DB_TEXT(workspace), DB_TEXT(user_id)), read_connection,
                            sizeof(struct connection)};
    return find_all(s, &ask, ret, ret_count, e);
}

int store_connection_page(store *s, const char *workspace, const struct connection_filter *f,
                          struct connection **ret, size_t *ret_count, struct err *e)
{
    if (f->after_id != NULL && !id_valid(f->after_id)) {
        return err_set(e, ERR_INPUT, "bad_cursor", "no cursor of ours");
    }
    struct store_ask ask = {f->begins == NULL ? &PAGE : &BEGIN,
                            DB_ARGS(DB_TEXT(workspace), DB_TEXT(f->app), DB_TEXT(f->user_id),
                                    DB_TEXT(f->after_id), DB_I64(f->limit), DB_TEXT(f->state),
                                    DB_TEXT(f->default_name), DB_TEXT(f->begins)),
                            read_connection, sizeof(struct connection)};
    return find_all(s, &ask, ret, ret_count, e);
}

int store_connection_set_state(store *s, const char *workspace, const char *id, int64_t generation,
                               enum connection_state state, const char *reason, bool *ret_changed,
                               struct err *e)
{
    const struct db_arg *args = DB_ARGS(DB_TEXT(workspace), DB_TEXT(id), DB_I64(generation),
                                        DB_TEXT(states[state]), DB_TEXT(reason));
    if (store_query(s, &SET_STATE, args, NULL, e) != 0) {
        return -1;
    }
    *ret_changed = db_affected(s->c) > 0;
    return 0;
}

int store_connection_touch(store *s, const char *workspace, const char *id, struct err *e)
{
    return store_query(s, &TOUCH, DB_ARGS(DB_TEXT(workspace), DB_TEXT(id)), NULL, e);
}

int store_connection_delete(store *s, const char *workspace, const char *id, struct err *e)
{
    return store_touch_one(s, &DELETE, DB_ARGS(DB_TEXT(workspace), DB_TEXT(id)), "no_connection",
                           e);
}

int store_connection_client_changed(store *s, const char *workspace, const char *default_name,
                                    struct err *e)
{
    return store_query(s, &CLIENT_CHANGED, DB_ARGS(DB_TEXT(workspace), DB_TEXT(default_name)), NULL,
                       e);
}

int store_connection_scopes_changed(store *s, const char *workspace, const char *default_name,
                                    struct err *e)
{
    return store_query(s, &SCOPES_CHANGED, DB_ARGS(DB_TEXT(workspace), DB_TEXT(default_name)), NULL,
                       e);
}

int store_connection_expire_provisional(store *s, int64_t older_than_s, int64_t *ret_count,
                                        struct err *e)
{
    rows *r = NULL;
    if (store_query(s, &EXPIRE_PROVISIONAL, DB_ARGS(DB_I64(older_than_s)), &r, e) != 0) {
        return -1;
    }
    *ret_count = row_i64(r, 0, 0);
    return 0;
}

bool connection_acts(const struct connection *c)
{
    return c != NULL && (c->state == CONNECTION_ACTIVE || c->state == CONNECTION_NEEDS_ATTENTION);
}
