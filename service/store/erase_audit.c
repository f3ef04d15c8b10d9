#include "store/erase.h"

#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "store_int.h"

/*
 * A line of the audit is never taken away: a pseudonym takes the person's place in it. What the
 * chain of its day held behind the line as it was stays beside it, sealed with the chain's key, so
 * that the seal of the day goes on to hold, and nobody without that key can do the same.
 */

#define WORDS "words_pattern($2::text[])"

static const struct stmt CHAIN = {
    "erase_chain",
    "update audit_chain set lines = default, digest = default, read_us = default,"
    "       read_id = default where workspace = $1 returning key",
    1, 1};

/* sealed: its lines are held against its seal. */
static const struct stmt DAYS = {
    "erase_days",
    "select d.day, s.day is not null and s.retired_at is null from ("
    "  select distinct utc_day(at) as day from audit where workspace = $1"
    "     and (actor ~ " WORDS " or subject ~ " WORDS " or detail::text ~ " WORDS ")) d"
    "  left join audit_seal s on s.workspace = $1 and s.day = d.day order by d.day",
    2, 2};

#define PUT(text) "regexp_replace(" text ", " WORDS ", $4, 'g')"
static const struct stmt LINES = {
    "erase_lines",
    "select id, (extract(epoch from at) * 1000000)::bigint, actor, action, subject, detail::text,"
    "       erased_digest, " PUT("actor") ", " PUT("subject") ", " PUT(
        "detail::text") "  from audit where workspace = $1 and utc_day(at) = $3::date order by at, id",
    4, 10};

/* As the owner of the tables, for a role that serves may change no line: migrations/0071. */
static const struct stmt PUT_LINES = {
    "erase_put_lines", "select erase_in_audit($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)", 10, 1};

const struct stmt *const store_erase_audit_stmts[] = {&CHAIN, &DAYS, &LINES, &PUT_LINES, NULL};

/* The lines that change, with what is kept of each in a sealed day, else NULL. */
struct lines {
    size_t count, room;
    const char **ids, **digests, **seals;
};

struct day {
    const struct erase *x;
    const char *day;
    struct bytes key; /* none: not sealed, its lines are free */
    const char *before;
};

enum { ID, AT, ACTOR, ACTION, SUBJECT, DETAIL, WAS_BEHIND, NEW_ACTOR, NEW_SUBJECT, NEW_DETAIL };

static const char **grown(store *s, const char **list, const struct lines *l)
{
    const char **more = arena_array(s->mem, l->room, sizeof *more);
    if (l->count > 0) {
        memcpy(more, list, l->count * sizeof *more);
    }
    return more;
}

static void add_line(store *s, struct lines *io, const char *const line[3])
{
    if (io->count == io->room) {
        io->room = io->room == 0 ? 64 : 2 * io->room;
        io->ids = grown(s, io->ids, io);
        io->digests = grown(s, io->digests, io);
        io->seals = grown(s, io->seals, io);
    }
    io->ids[io->count] = line[0];
    io->digests[io->count] = line[1];
    io->seals[io->count] = line[2];
    io->count++;
}

static void change_line(store *s, const struct day *d, const rows *r, size_t row,
                        const char *behind, struct lines *io)
{
    const char *parts[SEAL_PARTS] = {row_text(r, row, ID),          row_text(r, row, AT),
                                     row_text(r, row, NEW_ACTOR),   row_text(r, row, ACTION),
                                     row_text(r, row, NEW_SUBJECT), row_text(r, row, NEW_DETAIL)};
    const struct seal_erased x = {
        .before = d->before, .behind = behind, .line = store_seal_line(s->mem, parts)};
    const char *seal = behind == NULL ? NULL : store_seal_erased(s->mem, d->key, &x);
    add_line(s, io, (const char *const[]){parts[ID], behind, seal});
}

static bool differs(const rows *r, size_t row)
{
    return !str_equal(row_text(r, row, ACTOR), row_text(r, row, NEW_ACTOR)) ||
           !str_equal(row_text(r, row, SUBJECT), row_text(r, row, NEW_SUBJECT)) ||
           !str_equal(row_text(r, row, DETAIL), row_text(r, row, NEW_DETAIL));
}

/* What the chain holds behind this line as it was at first. */
static const char *behind_of(store *s, const struct day *d, const rows *r, size_t row)
{
    const char *was = row_text(r, row, WAS_BEHIND);
    const char *parts[SEAL_PARTS];
    if (d->key.data == NULL || was != NULL) {
        return d->key.data == NULL ? NULL : was;
    }
    for (int i = 0; i < SEAL_PARTS; i++) {
        parts[i] = row_text(r, row, i);
    }
    return store_seal_next(s->mem, d->key, d->before, store_seal_line(s->mem, parts));
}

static int erase_day(store *s, struct day *d, struct lines *io, struct err *e)
{
    rows *r = NULL;
    const struct erase *x = d->x;
    const struct db_arg *args = DB_ARGS(DB_TEXT(x->workspace), DB_TEXTS(x->ids, x->ids_count),
                                        DB_TEXT(d->day), DB_TEXT(x->pseudonym));
    if (store_query(s, &LINES, args, &r, e) != 0) {
        return -1;
    }
    d->before = "";
    for (size_t i = 0; i < rows_count(r); i++) {
        const char *behind = behind_of(s, d, r, i);
        if (differs(r, i)) {
            change_line(s, d, r, i, behind, io);
        }
        d->before = behind;
    }
    return 0;
}

/* Locks the chain: no day is sealed meanwhile, and one that is half read is read anew. */
static int hold_chain(store *s, const char *workspace, struct bytes *ret, struct err *e)
{
    rows *r = NULL;
    *ret = (struct bytes){NULL, 0};
    if (store_query(s, &CHAIN, DB_ARGS(DB_TEXT(workspace)), &r, e) != 0) {
        return -1;
    }
    struct bytes sealed = rows_count(r) == 0 ? *ret : row_bytes(r, 0, 0);
    const struct audit_chain c = {.workspace = workspace, .sealed_key = sealed};
    return sealed.data == NULL ? 0 : store_chain_key(s, &c, ret, e);
}

static int put_lines(store *s, const struct erase *x, const struct lines *l, struct erased *io,
                     struct err *e)
{
    rows *r = NULL;
    struct id note = id_new();
    const struct db_arg *args = DB_ARGS(
        DB_TEXT(x->workspace), DB_TEXT(note.text), DB_TEXT(x->actor), DB_TEXT(x->pseudonym),
        DB_TEXTS(x->ids, x->ids_count), DB_I64(io->rows), DB_I64(io->values),
        DB_TEXTS(l->ids, l->count), DB_TEXTS(l->digests, l->count), DB_TEXTS(l->seals, l->count));
    if (store_query(s, &PUT_LINES, args, &r, e) != 0) {
        return -1;
    }
    io->lines = row_i64(r, 0, 0);
    return 0;
}

int store_erase_audit(store *s, const struct erase *x, struct erased *io, struct err *e)
{
    /* names stand there, too */
    struct erase all = *x;
    all.ids_count = x->ids_count + x->names_count;
    all.ids = arena_array(s->mem, all.ids_count + 1, sizeof *all.ids);
    memcpy(all.ids, x->ids, x->ids_count * sizeof *all.ids);
    memcpy(all.ids + x->ids_count, x->names, x->names_count * sizeof *all.ids);
    struct bytes key;
    rows *days = NULL;
    if (hold_chain(s, x->workspace, &key, e) != 0 ||
        store_query(s, &DAYS, DB_ARGS(DB_TEXT(x->workspace), DB_TEXTS(all.ids, all.ids_count)),
                    &days, e) != 0) {
        return -1;
    }
    struct lines changed = {0};
    for (size_t i = 0; i < rows_count(days); i++) {
        struct day d = {.x = &all, .day = row_text(days, i, 0)};
        d.key = row_bool(days, i, 1) ? key : (struct bytes){NULL, 0};
        if (erase_day(s, &d, &changed, e) != 0) {
            return -1;
        }
    }
    return put_lines(s, &all, &changed, io, e);
}
