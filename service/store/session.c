#include "store_int.h"

#include <stdatomic.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/str.h"

struct stores {
    arena *mem;
    db_pool *pool;
    const keyring *keys;
    int64_t started_ms;
    const char *process;
    _Atomic int64_t keys_fit_ms; /* until then (clock_mono_ms) they are known to; 0: not yet */
};

static const char *own_name(arena *mem)
{
    char host[256] = "";
    (void)gethostname(host, sizeof host - 1);
    return arena_printf(mem, "process %ld on %s", (long)getpid(), str_clean(mem, host));
}

stores *stores_new(db_pool *pool, const keyring *keys)
{
    arena *mem = arena_new();
    stores *s = arena_alloc(mem, sizeof *s);
    *s = (stores){.mem = mem,
                  .pool = pool,
                  .keys = keys,
                  .started_ms = clock_now_ms(),
                  .process = own_name(mem)};
    atomic_init(&s->keys_fit_ms, 0);
    return s;
}

void stores_free(stores *s)
{
    if (s != NULL) {
        arena_free(s->mem);
    }
}

int stores_ready(stores *s, struct err *e)
{
    return db_pool_ready(s->pool, e);
}

int store_open(stores *s, arena *mem, store **ret, struct err *e)
{
    db *c = NULL;
    if (db_take(s->pool, &c, e) != 0) {
        return -1;
    }
    store *session = arena_alloc(mem, sizeof *session);
    *session = (store){.c = c,
                       .mem = mem,
                       .keys = s->keys,
                       .started_ms = s->started_ms,
                       .process = s->process,
                       .keys_fit_ms = &s->keys_fit_ms};
    *ret = session;
    return 0;
}

void store_close(store *s)
{
    if (s != NULL) {
        db_give(s->c);
        s->c = NULL;
    }
}

const char *store_process(const store *s)
{
    return s->process;
}

int store_begin(store *s, struct err *e)
{
    return db_begin(s->c, e);
}

int store_commit(store *s, struct err *e)
{
    return db_commit(s->c, e);
}

int store_enter(stores *s, arena *mem, store **ret, struct err *e)
{
    if (store_open(s, mem, ret, e) != 0) {
        return -1;
    }
    return store_begin(*ret, e) == 0 ? 0 : store_leave(*ret, -1, e);
}

int store_leave(store *s, int rc, struct err *e)
{
    if (rc == 0) {
        rc = store_commit(s, e);
    }
    store_close(s);
    return rc;
}

arena *store_arena(const store *s)
{
    return s->mem;
}

/* A few values of each key that ever sealed a bot token: format byte, length of the key's id, id.
 */
enum { SAMPLES = 3, KEY_ID_AT = 3, KEY_ID_MAX = 16 };

static const struct stmt SEALED = {
    "session_sealed",
    "select t.workspace, t.bot_token, t.n"
    "  from (select k.workspace, k.bot_token, k.key,"
    "               row_number() over (partition by k.key order by k.workspace) as n"
    "          from (select w.workspace, w.bot_token,"
    "                       substring(w.bot_token from $2::int"
    "                         for least(get_byte(w.bot_token || '\\x0000', 1), $3::int)) as key"
    "                  from workspace w where w.bot_token is not null) k) t"
    " where t.n <= $1::bigint order by t.key, t.n",
    3, 3};

const struct stmt *const store_session_stmts[] = {&SEALED, NULL};

static int keys_wrong(store *s, struct bytes sealed, struct err *e)
{
    const char *id = crypto_sealed_by(s->mem, sealed);
    return err_set(
        e, ERR_CONFIG, "keys_wrong",
        "the encryption keys do not open what is stored: WORKBOT_ENCRYPTION_KEYS does not "
        "hold the key %s that sealed it",
        id == NULL ? "(damaged)" : id);
}

/* One value that does not open may be damaged; when none of a key opens, the key is not ours. */
static int check_keys(store *s, struct err *e)
{
    rows *r = NULL;
    const struct db_arg *args = DB_ARGS(DB_I64(SAMPLES), DB_I64(KEY_ID_AT), DB_I64(KEY_ID_MAX));
    if (store_query(s, &SEALED, args, &r, e) != 0) {
        return -1;
    }
    size_t count = rows_count(r);
    bool opened = false;
    for (size_t i = 0; i < count; i++) {
        const char *workspace = row_text(r, i, 0);
        struct seal_place place = {"workspace", workspace, workspace, "bot_token"};
        struct bytes ignored;
        struct err why = {.kind = ERR_NONE};
        bool opens = store_unseal(s, &place, row_bytes(r, i, 1), &ignored, &why) == 0;
        opened = opens || (opened && row_i64(r, i, 2) > 1);
        bool last_of_key = i + 1 == count || row_i64(r, i + 1, 2) == 1;
        if (last_of_key && !opened) {
            return keys_wrong(s, row_bytes(r, i, 1), e);
        }
    }
    return 0;
}

/* It walks all workspaces, and whoever asks whether we are ready asks each second. Of keys that are
 * wrong it is looked for anew each time, so that what was mended is seen at once. */
static int keys_fit(store *s, struct err *e)
{
    enum { FIT_MS = 10 * 1000 };
    if (clock_mono_ms() < atomic_load(s->keys_fit_ms)) {
        return 0;
    }
    if (check_keys(s, e) != 0) {
        return -1;
    }
    atomic_store(s->keys_fit_ms, clock_mono_ms() + FIT_MS);
    return 0;
}

int store_ready(store *s, struct err *e)
{
    int64_t missing = 0;
    if (db_migrations_missing(s->c, &missing, e) != 0) {
        return -1;
    }
    if (missing > 0) {
        return err_set(e, ERR_CONFIG, "migrations_missing", "%lld migrations are not applied",
                       (long long)missing);
    }
    return keys_fit(s, e) != 0 ? -1 : store_keys_ready(s, e);
}

int store_query(store *s, const struct stmt *stmt, const struct db_arg *args, rows **ret,
                struct err *e)
{
    return db_query(s->c, stmt, args, s->mem, ret, e);
}
