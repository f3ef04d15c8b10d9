/*
 * Every sealed value stands under the key that was first when it was written. A rotation walks
 * through each sealed column by its table's primary key, a page a transaction, and puts back what
 * another key had sealed, if nobody has written it meanwhile. What is sealed already is passed
 * over, so it may be stopped and begun again, and two may run beside each other and the service.
 */
#include "store_int.h"

#include <stdio.h>
#include <string.h>

#include "base/str.h"

enum { PAGE = 500, TALLIES = sizeof((struct key_walk *)0)->tallies / sizeof(struct key_tally) };

/* A page ends behind so many rows, not so many finds: a table that is done is walked in steps, too.
 */
#define COLUMN(table, column, key, match, first, behind, order)                                    \
    {                                                                                              \
        table "." column, table, column, first,                                                    \
            {"keys_page_" table "_" column,                                                        \
             "select workspace, " key ", case when substring(" column                              \
             " for length($1::bytea)) <> $1 then " column " end, " column                          \
             " is not null from " table " where (workspace, " order ") > ($2, " behind             \
             ") order by workspace, " order " limit $4",                                           \
             4, 4},                                                                                \
        {                                                                                          \
            "keys_put_" table "_" column,                                                          \
                "update " table " t set " column " = v.new"                                        \
                " from unnest($1::text[], $2::text[], $3::bytea[], $4::bytea[])"                   \
                " v (workspace, key, old, new)"                                                    \
                " where t.workspace = v.workspace and " match " and t." column " = v.old",         \
                4, 0                                                                               \
        }                                                                                          \
    }

#define BY_ID(table, column)                                                                       \
    COLUMN(table, column, "id::text", "t.id = v.key::uuid",                                        \
           "00000000-0000-0000-0000-000000000000", "$3::uuid", "id")
#define BY_TEXT(table, column, key) COLUMN(table, column, key, "t." key " = v.key", "", "$3", key)

static const struct store_sealed_column columns[] = {
    BY_TEXT("workspace", "bot_token", "workspace"),
    BY_TEXT("workspace", "bot_refresh", "workspace"),
    BY_TEXT("chat_user", "home_said", "user_id"),
    BY_TEXT("default_connection", "client_secret", "name"),
    BY_ID("connection", "tokens"),
    BY_ID("login", "provisional"),
    BY_TEXT("oauth_state", "verifier", "state_hash"),
    BY_ID("run", "inputs"),
    BY_ID("run", "result"),
    COLUMN("run_step", "output", "run_id || '/' || position",
           "t.run_id = split_part(v.key, '/', 1)::uuid"
           " and t.position = split_part(v.key, '/', 2)::int",
           "00000000-0000-0000-0000-000000000000/0",
           "split_part($3, '/', 1)::uuid, split_part($3, '/', 2)::int", "run_id, position"),
    BY_ID("job", "payload"),
    BY_ID("message", "body"),
    BY_ID("message", "response_url"),
    BY_TEXT("hook", "secrets", "name"),
    BY_TEXT("audit_chain", "key", "workspace"),
};
enum { COLUMNS = sizeof columns / sizeof columns[0] };

const struct store_sealed_column *store_sealed_columns(size_t *ret_count)
{
    *ret_count = COLUMNS;
    return columns;
}

static const struct stmt NOTE = {
    "keys_note",
    "insert into encryption_key (id, sealed_by) values ($1, $2)"
    " on conflict (id) do update"
    "   set sealed_at = now(), sealed_by = excluded.sealed_by, emptied_at = null",
    2, 0};
static const struct stmt LACKING = {
    "keys_lacking",
    "select id from encryption_key where emptied_at is null"
    " and date_trunc('milliseconds', since) <= to_timestamp($2::bigint / 1000.0)"
    " and id <> all($1::text[]) order by id",
    2, 1};
static const struct stmt EMPTIED = {"keys_emptied",
                                    "update encryption_key set emptied_at = now()"
                                    " where id = $1 and sealed_at < now() - interval '5 minutes'",
                                    1, 0};
static const struct stmt IN_USE = {
    "keys_in_use", "select from encryption_key where id = $1 and emptied_at is null", 1, 0};

static const struct stmt OLDER = {
    "keys_older",
    "select id, coalesce(sealed_by, 'a process'), extract(epoch from now() - sealed_at)::bigint,"
    "       ceil(extract(epoch from sealed_at) + $2::bigint)::bigint from encryption_key"
    " where id <> $1 and emptied_at is null and sealed_at > now() - make_interval(secs => $2::bigint)"
    " order by sealed_at desc limit 1",
    2, 4};

/* Also those of the ring that have sealed nothing yet. */
static const struct stmt LIST = {
    "keys_list",
    "select coalesce(k.id, r.id), coalesce(r.place = 1, false), r.id is not null,"
    "       k.id is not null and k.emptied_at is null, epoch(k.since), epoch(k.sealed_at),"
    "       k.sealed_by"
    "  from encryption_key k"
    "  full join unnest($1::text[]) with ordinality r (id, place) on r.id = k.id"
    " where k.emptied_at is null or r.id is not null order by 4 desc, 1",
    1, 7};

#define TWO(i) &columns[i].page, &columns[i].put
const struct stmt *const store_keys_stmts[] = {
    TWO(0),   TWO(1),   TWO(2),  TWO(3),  TWO(4),  TWO(5),  TWO(6),  TWO(7),
    TWO(8),   TWO(9),   TWO(10), TWO(11), TWO(12), TWO(13), TWO(14), &NOTE,
    &LACKING, &EMPTIED, &IN_USE, &OLDER,  &LIST,   NULL};

enum { RING_MAX = 64 };

/* The ids of this process's ring, the one that seals first. */
static struct db_arg ring(const store *s, const char *ids[RING_MAX])
{
    size_t count = 0;
    for (const char *id; count < RING_MAX && (id = crypto_keyring_id(s->keys, count)) != NULL;
         count++) {
        ids[count] = id;
    }
    return DB_TEXTS(ids, count);
}

int store_keys_note(store *s, struct err *e)
{
    return store_query(
        s, &NOTE, DB_ARGS(DB_TEXT(crypto_keyring_id(s->keys, 0)), DB_TEXT(s->process)), NULL, e);
}

int store_keys_ready(store *s, struct err *e)
{
    const char *ids[RING_MAX];
    rows *r = NULL;
    const struct db_arg *args = DB_ARGS(ring(s, ids), DB_I64(s->started_ms));
    if (store_query(s, &LACKING, args, &r, e) != 0) {
        return -1;
    }
    return rows_count(r) == 0
               ? 0
               : err_set(e, ERR_CONFIG, "keys_wrong",
                         "the encryption keys do not open what is stored: WORKBOT_ENCRYPTION_KEYS "
                         "does not hold the key %s, which is in use. Put it back behind the first "
                         "one; 'workbot keys rotate' frees it",
                         row_text(r, 0, 0));
}

int store_keys_emptied(store *s, const char *id, bool *ret, struct err *e)
{
    rows *r = NULL;
    if (store_query(s, &EMPTIED, DB_ARGS(DB_TEXT(id)), NULL, e) != 0 ||
        store_query(s, &IN_USE, DB_ARGS(DB_TEXT(id)), &r, e) != 0) {
        return -1;
    }
    *ret = rows_count(r) == 0;
    return 0;
}

int store_keys_older(store *s, struct key_user *ret, struct err *e)
{
    rows *r = NULL;
    const struct db_arg *args =
        DB_ARGS(DB_TEXT(crypto_keyring_id(s->keys, 0)), DB_I64(STORE_KEYS_LIVE_S));
    if (store_query(s, &OLDER, args, &r, e) != 0) {
        return -1;
    }
    *ret = (struct key_user){.key = NULL};
    if (rows_count(r) > 0) {
        *ret = (struct key_user){.key = row_text(r, 0, 0),
                                 .process = row_text(r, 0, 1),
                                 .age_s = row_i64(r, 0, 2),
                                 .until = row_i64(r, 0, 3)};
    }
    return 0;
}

static int read_key(store *s, const rows *r, size_t row, void *to, struct err *e)
{
    (void)s;
    (void)e;
    *(struct key_row *)to = (struct key_row){.id = row_text(r, row, 0),
                                             .first = row_bool(r, row, 1),
                                             .present = row_bool(r, row, 2),
                                             .in_use = row_bool(r, row, 3),
                                             .since_at = row_i64(r, row, 4),
                                             .noted_at = row_i64(r, row, 5),
                                             .noted_by = row_text(r, row, 6)};
    return 0;
}

int store_keys_list(store *s, struct key_row **ret, size_t *ret_count, struct err *e)
{
    const char *ids[RING_MAX];
    void *list = NULL;
    const struct store_ask ask = {&LIST, DB_ARGS(ring(s, ids)), read_key, sizeof(struct key_row)};
    int rc = store_ask_all(s, &ask, &list, ret_count, e);
    *ret = list;
    return rc;
}

bool store_keys_knows(const char *table, const char *column)
{
    for (size_t i = 0; i < COLUMNS; i++) {
        if (str_equal(columns[i].table, table) && str_equal(columns[i].column, column)) {
            return true;
        }
    }
    return false;
}

const char *store_keys_column(const struct key_walk *w, size_t *ret_of)
{
    *ret_of = COLUMNS;
    return w->column < COLUMNS ? columns[w->column].name : "";
}

static void tally(struct key_walk *w, const char *id)
{
    const char *name = id == NULL ? "" : id;
    for (size_t i = 0; i < TALLIES; i++) {
        struct key_tally *t = &w->tallies[i];
        if (t->values == 0) {
            (void)snprintf(t->id, sizeof t->id, "%s", name);
        }
        if (str_equal(t->id, name)) {
            t->values++;
            return;
        }
    }
}

/* What of a page goes back. */
struct put {
    const char **workspaces, **keys;
    struct bytes *old, *new;
    size_t count;
};

static void reseal(store *s, struct key_walk *w, const struct seal_place *place,
                   struct bytes sealed, struct put *put)
{
    struct bytes plain;
    struct err why = {.kind = ERR_NONE};
    if (store_unseal(s, place, sealed, &plain, &why) != 0) {
        bool missing = str_equal(why.code, "key_missing");
        w->missing += missing ? 1 : 0;
        w->damaged += missing ? 0 : 1;
        tally(w, missing ? crypto_sealed_by(s->mem, sealed) : NULL);
        return;
    }
    w->stale++;
    size_t i = put->count++;
    put->workspaces[i] = place->workspace;
    put->keys[i] = place->row;
    put->old[i] = sealed;
    put->new[i] = store_seal(s, place, plain);
    tally(w, crypto_keyring_id(s->keys, 0));
}

static int put_back(store *s, const struct store_sealed_column *c, const struct put *put,
                    struct key_walk *w, struct err *e)
{
    if (put->count == 0) {
        return 0;
    }
    const struct db_arg *args =
        DB_ARGS(DB_TEXTS(put->workspaces, put->count), DB_TEXTS(put->keys, put->count),
                DB_BYTES_LIST(put->old, put->count), DB_BYTES_LIST(put->new, put->count));
    /* before the first value stands under it, as every process does; a walk that finds nothing to
     * seal brings no key into use */
    if (store_keys_note(s, e) != 0 || store_query(s, &c->put, args, NULL, e) != 0) {
        return -1;
    }
    w->resealed += db_affected(s->c);
    return 0;
}

static struct put put_new(arena *mem, size_t count)
{
    return (struct put){.workspaces = arena_array(mem, count + 1, sizeof(char *)),
                        .keys = arena_array(mem, count + 1, sizeof(char *)),
                        .old = arena_array(mem, count + 1, sizeof(struct bytes)),
                        .new = arena_array(mem, count + 1, sizeof(struct bytes))};
}

static void look_at(store *s, const struct store_sealed_column *c, const rows *r,
                    struct key_walk *w, struct put *put)
{
    for (size_t i = 0; i < rows_count(r); i++) {
        const char *workspace = row_text(r, i, 0), *key = row_text(r, i, 1);
        struct bytes stale = row_bytes(r, i, 2);
        if (!row_bool(r, i, 3)) {
            continue;
        }
        w->read++;
        if (stale.data == NULL) {
            tally(w, crypto_keyring_id(s->keys, 0));
        } else if (w->reseal) {
            const struct seal_place place = {c->table, workspace, key, c->column};
            reseal(s, w, &place, stale, put);
        } else {
            tally(w, crypto_sealed_by(s->mem, stale));
        }
    }
}

/* The next page begins behind the last row, or with the next column. */
static void turn(const rows *r, struct key_walk *w)
{
    size_t count = rows_count(r);
    if (count == PAGE) {
        (void)snprintf(w->workspace, sizeof w->workspace, "%s", row_text(r, count - 1, 0));
        (void)snprintf(w->key, sizeof w->key, "%s", row_text(r, count - 1, 1));
        return;
    }
    w->workspace[0] = w->key[0] = '\0';
    w->column++;
    w->done = w->column == COLUMNS;
}

static int page(store *s, struct key_walk *w, struct err *e)
{
    const struct store_sealed_column *c = &columns[w->column];
    const char *behind = w->key[0] == '\0' ? c->first : w->key;
    const struct db_arg *args = DB_ARGS(DB_BYTES(crypto_seal_head(s->mem, s->keys)),
                                        DB_TEXT(w->workspace), DB_TEXT(behind), DB_I64(PAGE));
    rows *r = NULL;
    if (store_query(s, &c->page, args, &r, e) != 0) {
        return -1;
    }
    struct put put = put_new(s->mem, rows_count(r));
    look_at(s, c, r, w, &put);
    if (put_back(s, c, &put, w, e) != 0) {
        return -1;
    }
    turn(r, w);
    return 0;
}

/* On an arena of its own: a deployment may have many values. */
int store_keys_page(store *s, struct key_walk *io, struct err *e)
{
    struct key_walk next = *io;
    arena *mem = s->mem;
    s->mem = arena_new();
    int rc = page(s, &next, e);
    arena_free(s->mem);
    s->mem = mem;
    if (rc == 0) {
        *io = next;
    }
    return rc;
}
