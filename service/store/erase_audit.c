#include "store/erase.h"

#include <string.h>

#include "base/str.h"
#include "store_int.h"

/*
 * A line of the audit is never taken away: a pseudonym takes the person's place in it. What the
 * chain of its day held behind the line as it was stays beside it, sealed with the chain's key, so
 * that the seal of the day goes on to hold, and nobody without that key can do the same. Nor can
 * they have it done: each day is held against its seal first, and one that is broken stays broken.
 */

#define FITS(text) text " collate \"C\" ~ $2"
#define LINE_FITS                                                                                  \
    "(" FITS("actor") " or " FITS("subject") " or " FITS("coalesce(detail::text, '')") ")"

static const struct stmt CHAIN = {
    "erase_chain",
    "update audit_chain set lines = default, digest = default, read_us = default,"
    "       read_id = default where workspace = $1 returning key",
    1, 1};

/* sealed: its lines are held against its seal. */
static const struct stmt DAYS = {
    "erase_days",
    "select d.day, s.day is not null and s.retired_at is null, d.day - 1 from ("
    "  select distinct utc_day(at) as day from audit where workspace = $1"
    "     and " LINE_FITS ") d"
    "  left join audit_seal s on s.workspace = $1 and s.day = d.day order by d.day",
    2, 3};

static const struct stmt LINES = {
    "erase_lines",
    "select id, (extract(epoch from at) * 1000000)::bigint, actor, action, subject, detail::text,"
    "       erased_digest, erased_seal, " LINE_FITS
    "  from audit where workspace = $1 and at >= $3::timestamp at time zone 'UTC'"
    "   and at < ($3::timestamp + interval '1 day') at time zone 'UTC' order by at, id",
    3, 9};

/* As the owner of the tables, for a role that serves may change no line: migrations/0076. */
static const struct stmt PUT_LINES = {
    "erase_put_lines",
    "select erase_in_audit($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)", 13, 1};

const struct stmt *const store_erase_audit_stmts[] = {&CHAIN, &DAYS, &LINES, &PUT_LINES, NULL};

/* The lines that change, as they become, with what is kept of each in a sealed day, else NULL. */
enum { NEW_ID, NEW_ACTOR, NEW_SUBJECT, NEW_DETAIL, NEW_DIGEST, NEW_SEAL, NEW_COUNT };
struct lines {
    size_t count, room;
    const char **column[NEW_COUNT];
};

struct day {
    const struct erase *x;
    const char *pattern;
    struct seal_reading now; /* without a key: not sealed, or broken, and its lines are free */
};

enum { ID, AT, ACTOR, ACTION, SUBJECT, DETAIL, MAY_FIT = SEAL_PARTS + 2 };

static void make_room(store *s, struct lines *io)
{
    io->room = io->room == 0 ? 64 : 2 * io->room;
    for (int c = 0; c < NEW_COUNT; c++) {
        const char **more = arena_array(s->mem, io->room, sizeof *more);
        if (io->count > 0) {
            memcpy(more, io->column[c], io->count * sizeof *more);
        }
        io->column[c] = more;
    }
}

static void add_line(store *s, struct lines *io, const char *const line[NEW_COUNT])
{
    if (io->count == io->room) {
        make_room(s, io);
    }
    for (int c = 0; c < NEW_COUNT; c++) {
        io->column[c][io->count] = line[c];
    }
    io->count++;
}

/* An actor and a subject are ids. */
static const char *without(store *s, const struct erase *x, int part, const char *text)
{
    switch (part) {
    case ACTOR:
    case SUBJECT:
        return store_erase_key(s->mem, x, false, text);
    case DETAIL:
        return store_erase_words(s->mem, x, true, text);
    default:
        return NULL;
    }
}

/* The line as it becomes; false: it names nobody who is erased. */
static bool rewrite(store *s, const struct erase *x, const rows *r, size_t row,
                    const char *ret[SEAL_PARTS])
{
    bool changed = false;
    for (int i = 0; i < SEAL_PARTS; i++) {
        ret[i] = row_text(r, row, i);
        const char *new = without(s, x, i, ret[i]);
        changed = changed || new != NULL;
        ret[i] = new == NULL ? ret[i] : new;
    }
    return changed;
}

static void change_line(store *s, const struct day *d, const char *const parts[SEAL_PARTS],
                        const char *behind, struct lines *io)
{
    const struct seal_erased x = {
        .before = d->now.digest, .behind = behind, .line = store_seal_line(s->mem, parts)};
    const char *seal = behind == NULL ? NULL : store_seal_erased(s->mem, d->now.key, &x);
    add_line(s, io,
             (const char *const[NEW_COUNT]){parts[ID], parts[ACTOR], parts[SUBJECT], parts[DETAIL],
                                            behind, seal});
}

static int erase_day(store *s, struct day *d, struct lines *io, struct err *e)
{
    rows *r = NULL;
    const struct erase *x = d->x;
    const struct db_arg *args =
        DB_ARGS(DB_TEXT(x->workspace), DB_TEXT(d->pattern), DB_TEXT(d->now.day));
    if (store_query(s, &LINES, args, &r, e) != 0) {
        return -1;
    }
    for (size_t i = 0; i < rows_count(r); i++) {
        bool erased = false;
        const char *behind =
            d->now.key.data == NULL ? NULL : store_seal_behind(s->mem, &d->now, r, i, &erased);
        const char *parts[SEAL_PARTS];
        if (row_bool(r, i, MAY_FIT) && rewrite(s, x, r, i, parts)) {
            change_line(s, d, parts, behind, io);
        }
        (void)snprintf(d->now.digest, sizeof d->now.digest, "%s", behind == NULL ? "" : behind);
    }
    return 0;
}

/* The row of the seal and the lines are what was sealed. */
static int is_whole(store *s, struct seal_reading day, const char *day_before, bool *ret,
                    struct err *e)
{
    enum { LINES_A_PAGE = 5000 };
    struct audit_seal *seal = NULL;
    size_t count = 0;
    if (store_seal_page(s, day.workspace, day_before, 1, &seal, &count, e) != 0) {
        return -1;
    }
    for (bool done = false; !done;) {
        if (store_seal_read(s, &day, LINES_A_PAGE, &done, e) != 0) {
            return -1;
        }
    }
    *ret = count == 1 && str_equal(seal->day, day.day) &&
           str_equal(store_seal_of(s->mem, day.key, seal), seal->seal) &&
           day.lines == seal->lines && str_equal(day.digest, seal->digest);
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
    size_t words = 0;
    const char **all = store_erase_all(s->mem, x, &words);
    const struct db_arg *args = DB_ARGS(
        DB_TEXT(x->workspace), DB_TEXT(note.text), DB_TEXT(x->actor), DB_TEXT(x->pseudonym),
        DB_TEXTS(all, words), DB_I64(io->rows), DB_I64(io->values),
        DB_TEXTS(l->column[NEW_ID], l->count), DB_TEXTS(l->column[NEW_ACTOR], l->count),
        DB_TEXTS(l->column[NEW_SUBJECT], l->count), DB_TEXTS(l->column[NEW_DETAIL], l->count),
        DB_TEXTS(l->column[NEW_DIGEST], l->count), DB_TEXTS(l->column[NEW_SEAL], l->count));
    if (store_query(s, &PUT_LINES, args, &r, e) != 0) {
        return -1;
    }
    io->lines = row_i64(r, 0, 0);
    return 0;
}

int store_erase_audit(store *s, const struct erase *x, struct erased *io, struct err *e)
{
    struct bytes key;
    const char *pattern = NULL;
    rows *days = NULL;
    /* names stand there, too */
    if (store_erase_pattern(s, x, true, &pattern, e) != 0 ||
        hold_chain(s, x->workspace, &key, e) != 0 ||
        store_query(s, &DAYS, DB_ARGS(DB_TEXT(x->workspace), DB_TEXT(pattern)), &days, e) != 0) {
        return -1;
    }
    struct lines changed = {0};
    for (size_t i = 0; i < rows_count(days); i++) {
        struct day d = {x, pattern, store_seal_reading(x->workspace, row_text(days, i, 0), key)};
        bool whole = false;
        if (key.data != NULL && row_bool(days, i, 1) &&
            is_whole(s, d.now, row_text(days, i, 2), &whole, e) != 0) {
            return -1;
        }
        d.now.key = whole ? key : (struct bytes){NULL, 0};
        if (erase_day(s, &d, &changed, e) != 0) {
            return -1;
        }
    }
    return put_lines(s, x, &changed, io, e);
}
