/*
 * All rows of one workspace become another's. A sealed value is bound to the workspace of its row,
 * so it is opened and sealed again on the way; a test holds the tables here against the catalogue.
 */
#include "store_int.h"

#include "base/str.h"

enum { BATCH = 500, SEALED_MAX = 2 };

/* TAKE gives a row's key, as its values are sealed to it, and these values; PUT takes both back. */
struct move_table {
    const char *name;
    const char *sealed[SEALED_MAX]; /* columns */
    struct stmt take, put;
};

#define TAKE(table, key, columns, only)                                                            \
    {                                                                                              \
        "move_take_" table,                                                                        \
            "select " key ", " columns " from " table                                              \
            " t where workspace = $1 and workspace <> $2" only " limit $3",                        \
            3, 3                                                                                   \
    }

#define PUT(table, sets, match)                                                                    \
    {                                                                                              \
        "move_put_" table,                                                                         \
            "update " table " t set workspace = $2, " sets                                         \
            " from unnest($3::text[], $4::bytea[], $5::bytea[]) v (key, one, two)"                 \
            " where t.workspace = $1 and " match,                                                  \
            5, 0                                                                                   \
    }

#define ONE_SEALED(table, key, match, column, only)                                                \
    {                                                                                              \
        table, {column}, TAKE(table, key, column ", null::bytea", only),                           \
            PUT(table, column " = v.one", match)                                                   \
    }

#define TWO_SEALED(table, key, match, first, second)                                               \
    {                                                                                              \
        table, {first, second}, TAKE(table, key, first ", " second, ""),                           \
            PUT(table, first " = v.one, " second " = v.two", match)                                \
    }

#define BY_ID "t.id = v.key::uuid"

/* of two default connections that are one, the organisation's stays */
#define NOT_THERE                                                                                  \
    " and not exists (select from default_connection d where d.workspace = $2 and d.name = t.name)"

static const struct move_table sealed_tables[] = {
    ONE_SEALED("chat_user", "user_id", "t.user_id = v.key", "home_said", ""),
    ONE_SEALED("default_connection", "name", "t.name = v.key", "client_secret", NOT_THERE),
    ONE_SEALED("connection", "id::text", BY_ID, "tokens", ""),
    ONE_SEALED("login", "id::text", BY_ID, "provisional", ""),
    ONE_SEALED("oauth_state", "state_hash", "t.state_hash = v.key", "verifier", ""),
    TWO_SEALED("run", "id::text", BY_ID, "inputs", "result"),
    ONE_SEALED("run_step", "run_id || '/' || position",
               "t.run_id = split_part(v.key, '/', 1)::uuid"
               " and t.position = split_part(v.key, '/', 2)::int",
               "output", ""),
    ONE_SEALED("job", "id::text", BY_ID, "payload", ""),
    TWO_SEALED("message", "id::text", BY_ID, "body", "response_url"),
    ONE_SEALED("hook", "name", "t.name = v.key", "secrets", ""),
};
enum { SEALED_TABLES = sizeof sealed_tables / sizeof sealed_tables[0] };

#define PLAIN(table)                                                                               \
    {                                                                                              \
        "move_" table, "update " table " set workspace = $2 where workspace = $1", 2, 0            \
    }
/* The audit stays under the key where it was written and sealed. */
static const struct stmt plain_tables[] = {
    PLAIN("refresh_attempt"), PLAIN("recipe"),         PLAIN("recipe_version"),
    PLAIN("run_connection"),  PLAIN("response_use"),   PLAIN("conversation"),
    PLAIN("admin_link"),      PLAIN("decision"),       PLAIN("user_group"),
    PLAIN("console_session"), PLAIN("person_erasure"),
};
enum { PLAIN_TABLES = sizeof plain_tables / sizeof plain_tables[0] };

const struct stmt *const store_move_rows_stmts[] = {
    &sealed_tables[0].take, &sealed_tables[0].put, &sealed_tables[1].take, &sealed_tables[1].put,
    &sealed_tables[2].take, &sealed_tables[2].put, &sealed_tables[3].take, &sealed_tables[3].put,
    &sealed_tables[4].take, &sealed_tables[4].put, &sealed_tables[5].take, &sealed_tables[5].put,
    &sealed_tables[6].take, &sealed_tables[6].put, &sealed_tables[7].take, &sealed_tables[7].put,
    &sealed_tables[8].take, &sealed_tables[8].put, &sealed_tables[9].take, &sealed_tables[9].put,
    &plain_tables[0],       &plain_tables[1],      &plain_tables[2],       &plain_tables[3],
    &plain_tables[4],       &plain_tables[5],      &plain_tables[6],       &plain_tables[7],
    &plain_tables[8],       &plain_tables[9],      &plain_tables[10],      NULL};

bool store_move_knows(const char *table, const char *sealed_column)
{
    for (size_t i = 0; i < SEALED_TABLES; i++) {
        const struct move_table *t = &sealed_tables[i];
        if (str_equal(t->name, table)) {
            return sealed_column == NULL || str_equal(t->sealed[0], sealed_column) ||
                   str_equal(t->sealed[1], sealed_column);
        }
    }
    for (size_t i = 0; sealed_column == NULL && i < PLAIN_TABLES; i++) {
        if (str_equal(plain_tables[i].name + sizeof "move_" - 1, table)) {
            return true;
        }
    }
    return false;
}

/* What is damaged stays so: it opens neither here nor there, and must not keep the rest. Without
 * its key nothing is moved: a replica that has it will. */
static int seal_anew(store *s, const struct seal_place *from, const char *to, struct bytes *value,
                     struct err *e)
{
    struct bytes plain;
    struct seal_place place = *from;
    struct err why = {0};
    if (store_unseal(s, from, *value, &plain, &why) != 0) {
        *e = why;
        return str_equal(why.code, "unseal") ? 0 : -1;
    }
    place.workspace = to;
    *value = store_seal(s, &place, plain);
    return 0;
}

struct batch {
    const char **keys;
    struct bytes *values[SEALED_MAX];
    size_t count;
};

static int read_batch(store *s, const struct move_table *t, const struct workspace_move *q,
                      struct batch *ret, struct err *e)
{
    rows *r = NULL;
    const struct db_arg *args = DB_ARGS(DB_TEXT(q->from), DB_TEXT(q->to), DB_I64(BATCH));
    if (store_query(s, &t->take, args, &r, e) != 0) {
        return -1;
    }
    struct batch b = {.count = rows_count(r)};
    b.keys = arena_array(s->mem, b.count + 1, sizeof *b.keys);
    for (int c = 0; c < SEALED_MAX; c++) {
        b.values[c] = arena_array(s->mem, b.count + 1, sizeof *b.values[c]);
    }
    for (size_t i = 0; i < b.count; i++) {
        b.keys[i] = row_text(r, i, 0);
        for (int c = 0; c < SEALED_MAX && t->sealed[c] != NULL; c++) {
            const struct seal_place from = {t->name, q->from, b.keys[i], t->sealed[c]};
            b.values[c][i] = row_bytes(r, i, 1 + c);
            if (seal_anew(s, &from, q->to, &b.values[c][i], e) != 0) {
                return -1;
            }
        }
    }
    *ret = b;
    return 0;
}

static int move_batch(store *s, const struct move_table *t, const struct workspace_move *q,
                      bool *ret_more, struct err *e)
{
    struct batch b;
    if (read_batch(s, t, q, &b, e) != 0) {
        return -1;
    }
    *ret_more = b.count == BATCH;
    if (b.count == 0) {
        return 0;
    }
    const struct db_arg *args =
        DB_ARGS(DB_TEXT(q->from), DB_TEXT(q->to), DB_TEXTS(b.keys, b.count),
                DB_BYTES_LIST(b.values[0], b.count), DB_BYTES_LIST(b.values[1], b.count));
    if (store_query(s, &t->put, args, NULL, e) != 0) {
        return -1;
    }
    return db_affected(s->c) == (int64_t)b.count
               ? 0
               : err_set(e, ERR_INTERNAL, "move_rows", "rows of %s do not move", t->name);
}

/* Each batch on an arena of its own: a workspace may have many messages. */
static int move_sealed(store *s, const struct move_table *t, const struct workspace_move *q,
                       struct err *e)
{
    arena *mem = s->mem;
    bool more = true;
    int rc = 0;
    while (rc == 0 && more) {
        s->mem = arena_new();
        rc = move_batch(s, t, q, &more, e);
        arena_free(s->mem);
    }
    s->mem = mem;
    return rc;
}

int store_move_rows(store *s, const struct workspace_move *q, struct err *e)
{
    for (size_t i = 0; i < SEALED_TABLES; i++) {
        if (move_sealed(s, &sealed_tables[i], q, e) != 0) {
            return -1;
        }
    }
    for (size_t i = 0; i < PLAIN_TABLES; i++) {
        const struct db_arg *args = DB_ARGS(DB_TEXT(q->from), DB_TEXT(q->to));
        if (store_query(s, &plain_tables[i], args, NULL, e) != 0) {
            return -1;
        }
    }
    return 0;
}
