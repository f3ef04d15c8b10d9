#include "store_int.h"

struct stores {
    arena *mem;
    db_pool *pool;
    const keyring *keys;
};

stores *stores_new(db_pool *pool, const keyring *keys)
{
    arena *mem = arena_new();
    stores *s = arena_alloc(mem, sizeof *s);
    *s = (stores){.mem = mem, .pool = pool, .keys = keys};
    return s;
}

void stores_free(stores *s)
{
    if (s != NULL) {
        arena_free(s->mem);
    }
}

int store_open(stores *s, arena *mem, store **ret, struct err *e)
{
    db *c = NULL;
    if (db_take(s->pool, &c, e) != 0) {
        return -1;
    }
    store *session = arena_alloc(mem, sizeof *session);
    *session = (store){.c = c, .mem = mem, .keys = s->keys};
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

int store_begin(store *s, struct err *e)
{
    return db_begin(s->c, e);
}

int store_commit(store *s, struct err *e)
{
    return db_commit(s->c, e);
}

arena *store_arena(const store *s)
{
    return s->mem;
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
    return 0;
}

int store_query(store *s, const struct stmt *stmt, const struct db_arg *args, rows **ret,
                struct err *e)
{
    return db_query(s->c, stmt, args, s->mem, ret, e);
}
