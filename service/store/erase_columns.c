#include "store/erase.h"

#include "base/str.h"
#include "store_int.h"

/* Readable columns of a workspace, looked through for a person. Which there are the catalogue says:
 * a column that is added tomorrow is among them. */

/* Of what admins set up only ids are theirs, no names. */
static const struct stmt COLUMNS = {"erase_columns",
                                    "select tab, col, type, content, kind"
                                    "  from readable_columns()",
                                    0, 5};

static const struct stmt PATTERN = {"erase_pattern", "select words_written($1::text[])", 1, 1};

/* What PostgreSQL finds is looked at by erase_words.c. */
static const struct stmt FIND = {"erase_find",
                                 "select at, value from words_rows($1, $2, $3, $4, $5)", 5, 2};

static const struct stmt PUT = {
    "erase_put", "select from words_put($1, $2, $3, $4, $5::text[], $6::text[])", 6, 0};

const struct stmt *const store_erase_columns_stmts[] = {&COLUMNS, &PATTERN, &FIND, &PUT, NULL};

struct column {
    const char *table, *name, *type;
    const char *kind; /* "text", "key", "account" */
    bool content;
};

/* The columns of a workspace, and what is looked for in them. */
struct search {
    const struct erase *x;
    const char *pattern, *ids_pattern;
    rows *columns;
};

/* What stands there then; NULL: as it is. */
static const char *without(store *s, const struct erase *x, const struct column *c,
                           const char *value)
{
    if (str_equal(c->kind, "text")) {
        return store_erase_words(s->mem, x, c->content, value);
    }
    return str_equal(c->type, "ARRAY")
               ? store_erase_keys(s->mem, x, value)
               : store_erase_key(s->mem, x, str_equal(c->kind, "account"), value);
}

/* What of a column changes. */
struct hits {
    const char **at, **new;
    size_t count;
};

const char **store_erase_all(arena *mem, const struct erase *x, size_t *ret_count)
{
    const char **all = arena_array(mem, x->ids_count + x->names_count + 1, sizeof *all);
    size_t count = 0;
    for (size_t i = 0; i < x->ids_count; i++) {
        all[count++] = x->ids[i];
    }
    for (size_t i = 0; i < x->names_count; i++) {
        all[count++] = x->names[i];
    }
    *ret_count = count;
    return all;
}

int store_erase_pattern(store *s, const struct erase *x, bool names, const char **ret,
                        struct err *e)
{
    rows *r = NULL;
    size_t count = 0;
    const char **all = store_erase_all(s->mem, x, &count);
    const struct db_arg *args = DB_ARGS(DB_TEXTS(all, names ? count : x->ids_count));
    if (store_query(s, &PATTERN, args, &r, e) != 0) {
        return -1;
    }
    *ret = row_text(r, 0, 0);
    return 0;
}

static int begin(store *s, const struct erase *x, struct search *ret, struct err *e)
{
    *ret = (struct search){.x = x};
    return store_erase_pattern(s, x, true, &ret->pattern, e) != 0 ||
                   store_erase_pattern(s, x, false, &ret->ids_pattern, e) != 0
               ? -1
               : store_query(s, &COLUMNS, NULL, &ret->columns, e);
}

static int find(store *s, const struct search *q, const struct column *c, struct hits *ret,
                struct err *e)
{
    rows *r = NULL;
    const struct erase *x = q->x;
    const struct db_arg *args =
        DB_ARGS(DB_TEXT(x->workspace), DB_TEXT(c->table), DB_TEXT(c->name), DB_TEXT(c->type),
                DB_TEXT(c->content ? q->pattern : q->ids_pattern));
    if (store_query(s, &FIND, args, &r, e) != 0) {
        return -1;
    }
    *ret = (struct hits){.at = arena_array(s->mem, rows_count(r) + 1, sizeof *ret->at),
                         .new = arena_array(s->mem, rows_count(r) + 1, sizeof *ret->new)};
    for (size_t i = 0; i < rows_count(r); i++) {
        const char *new = without(s, x, c, row_text(r, i, 1));
        if (new != NULL) {
            ret->at[ret->count] = row_text(r, i, 0);
            ret->new[ret->count++] = new;
        }
    }
    return 0;
}

static int put(store *s, const struct erase *x, const struct column *c, const struct hits *h,
               struct err *e)
{
    if (h->count == 0) {
        return 0;
    }
    const struct db_arg *args =
        DB_ARGS(DB_TEXT(x->workspace), DB_TEXT(c->table), DB_TEXT(c->name), DB_TEXT(c->type),
                DB_TEXTS(h->at, h->count), DB_TEXTS(h->new, h->count));
    return store_query(s, &PUT, args, NULL, e);
}

/* On an arena of its own: a column may have many rows. */
static int look_at(store *s, const struct search *q, const struct column *c, bool replaces,
                   int64_t *ret_count, struct err *e)
{
    struct hits h = {.count = 0};
    arena *mem = s->mem;
    s->mem = arena_new();
    int rc = find(s, q, c, &h, e);
    rc = rc == 0 && replaces ? put(s, q->x, c, &h, e) : rc;
    arena_free(s->mem);
    s->mem = mem;
    *ret_count = (int64_t)h.count;
    return rc;
}

static struct column read_column(const rows *r, size_t row)
{
    return (struct column){.table = row_text(r, row, 0),
                           .name = row_text(r, row, 1),
                           .type = row_text(r, row, 2),
                           .content = row_bool(r, row, 3),
                           .kind = row_text(r, row, 4)};
}

/* The audit's own lines are erase_audit.c's, and nothing else of it is anybody's to change. */
int store_erase_columns(store *s, const struct erase *x, int64_t *ret_changed, struct err *e)
{
    struct search q;
    *ret_changed = 0;
    if (begin(s, x, &q, e) != 0) {
        return -1;
    }
    for (size_t i = 0; i < rows_count(q.columns); i++) {
        const struct column c = read_column(q.columns, i);
        int64_t count = 0;
        bool is_audit = str_equal(c.table, "audit") || str_starts(c.table, "audit_");
        if (!is_audit && look_at(s, &q, &c, true, &count, e) != 0) {
            return -1;
        }
        *ret_changed += count;
    }
    return 0;
}

int store_erase_find_columns(store *s, const struct erase *x, struct erase_proof *io, struct err *e)
{
    struct search q;
    if (begin(s, x, &q, e) != 0) {
        return -1;
    }
    size_t columns = rows_count(q.columns);
    io->columns = (int64_t)columns;
    io->places = arena_array(s->mem, columns + ERASE_SEALED_MAX, sizeof *io->places);
    for (size_t i = 0; i < columns; i++) {
        const struct column c = read_column(q.columns, i);
        int64_t count = 0;
        if (look_at(s, &q, &c, false, &count, e) != 0) {
            return -1;
        }
        if (count > 0) {
            io->found += count;
            io->places[io->places_count++] = arena_printf(s->mem, "%s.%s", c.table, c.name);
        }
    }
    return 0;
}
