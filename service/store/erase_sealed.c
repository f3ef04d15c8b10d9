#include "store/erase.h"

#include <stdio.h>

#include "base/die.h"
#include "base/str.h"
#include "store_int.h"

/* Sealed values of a workspace, looked through for a person, column by column (keys.c). */

static const struct stmt JOB = {
    "erase_job", "delete from job where workspace = $1 and id = $2 and state in ('done', 'dead')",
    2, 0};

const struct stmt *const store_erase_sealed_stmts[] = {&JOB, NULL};

struct walk {
    const struct erase *x;
    bool replaces; /* else it only looks */
    int64_t sealed, unopened, found, changed;
};

static int put_value(store *s, const struct store_sealed_column *c, const struct seal_place *place,
                     struct bytes old, const char *text, struct err *e)
{
    const char *workspaces[] = {place->workspace}, *keys[] = {place->row};
    struct bytes olds[] = {old}, news[] = {store_seal(s, place, bytes_of(text))};
    const struct db_arg *args = DB_ARGS(DB_TEXTS(workspaces, 1), DB_TEXTS(keys, 1),
                                        DB_BYTES_LIST(olds, 1), DB_BYTES_LIST(news, 1));
    return store_query(s, &c->put, args, NULL, e);
}

static int delete_job(store *s, const struct seal_place *place, struct err *e)
{
    return store_query(s, &JOB, DB_ARGS(DB_TEXT(place->workspace), DB_TEXT(place->row)), NULL, e);
}

static int look_at(store *s, const struct store_sealed_column *c, const struct seal_place *place,
                   struct bytes sealed, struct walk *w, struct err *e)
{
    struct bytes plain;
    struct err why = {0};
    w->sealed++;
    if (store_unseal(s, place, sealed, &plain, &why) != 0) {
        w->unopened++;
        return 0;
    }
    const char *text = arena_strndup(s->mem, (const char *)plain.data, plain.len);
    const char *changed = store_erase_words(s->mem, w->x, true, text);
    if (changed == NULL) {
        return 0;
    }
    w->found++;
    if (!w->replaces) {
        return 0;
    }
    w->changed++;
    return str_equal(c->table, "job") ? delete_job(s, place, e)
                                      : put_value(s, c, place, sealed, changed, e);
}

static int page(store *s, const struct store_sealed_column *c, struct walk *w, char key[256],
                bool *ret_more, struct err *e)
{
    enum { PAGE = 200 };
    static const uint8_t none[] = {0xff, 0xff}; /* no sealed value begins so: all are given */
    const struct db_arg *args = DB_ARGS(DB_BYTES(((struct bytes){none, sizeof none})),
                                        DB_TEXT(w->x->workspace), DB_TEXT(key), DB_I64(PAGE));
    rows *r = NULL;
    if (store_query(s, &c->page, args, &r, e) != 0) {
        return -1;
    }
    *ret_more = rows_count(r) == PAGE;
    for (size_t i = 0; i < rows_count(r); i++) {
        const struct seal_place place = {c->table, row_text(r, i, 0), row_text(r, i, 1), c->column};
        if (!str_equal(place.workspace, w->x->workspace)) {
            *ret_more = false;
            return 0;
        }
        (void)snprintf(key, 256, "%s", place.row);
        if (row_bool(r, i, 3) && look_at(s, c, &place, row_bytes(r, i, 2), w, e) != 0) {
            return -1;
        }
    }
    return 0;
}

static int walk_column(store *s, const struct store_sealed_column *c, struct walk *w, struct err *e)
{
    char key[256];
    bool more = true;
    int rc = 0;
    arena *mem = s->mem;
    (void)snprintf(key, sizeof key, "%s", c->first);
    while (rc == 0 && more) {
        s->mem = arena_new();
        rc = page(s, c, w, key, &more, e);
        arena_free(s->mem);
    }
    s->mem = mem;
    return rc;
}

int store_erase_sealed(store *s, const struct erase *x, int64_t *ret_changed, struct err *e)
{
    struct walk w = {.x = x, .replaces = true};
    size_t count = 0;
    const struct store_sealed_column *columns = store_sealed_columns(&count);
    /* before the first value stands under it, as every process does */
    if (store_keys_note(s, e) != 0) {
        return -1;
    }
    for (size_t i = 0; i < count; i++) {
        if (walk_column(s, &columns[i], &w, e) != 0) {
            return -1;
        }
    }
    *ret_changed = w.changed;
    return 0;
}

int store_erase_find_sealed(store *s, const struct erase *x, struct erase_proof *io, struct err *e)
{
    struct walk w = {.x = x};
    size_t count = 0;
    const struct store_sealed_column *columns = store_sealed_columns(&count);
    if (count > ERASE_SEALED_MAX) {
        die("more than %d sealed columns", ERASE_SEALED_MAX);
    }
    for (size_t i = 0; i < count; i++) {
        int64_t before = w.found;
        if (walk_column(s, &columns[i], &w, e) != 0) {
            return -1;
        }
        if (w.found > before) {
            io->places[io->places_count++] = columns[i].name;
        }
    }
    io->columns += (int64_t)count;
    io->sealed = w.sealed;
    io->unopened = w.unopened;
    io->found += w.found;
    return 0;
}
