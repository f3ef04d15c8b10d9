#include "store_int.h"

#include <stdio.h>
#include <string.h>

#include "base/str.h"

/* What a seal covers, and how it is read to be checked. */

static const struct stmt LINES = {
    "seal_lines",
    "select id, (extract(epoch from at) * 1000000)::bigint, actor, action, subject, detail::text,"
    "       erased_digest, erased_seal"
    "  from audit where workspace = $1 and at >= $2::date::timestamp at time zone 'UTC'"
    "   and at < ($2::date + 1)::timestamp at time zone 'UTC'"
    "   and (at, id) > (to_timestamp(0) + $3::bigint * interval '1 microsecond', $4::uuid)"
    " order by at, id limit $5",
    5, 8};

static const struct stmt PAGE = {
    "seal_page",
    "select workspace, day, day - 1, day + 1, lines, digest, epoch(sealed_at),"
    "       sealed_at > (day + 2)::timestamp at time zone 'UTC' + interval '1 hour',"
    "       previous, seal, epoch(retired_at), retired_seal"
    "  from audit_seal where workspace = $1 and ($2::date is null or day > $2::date)"
    " order by day limit $3",
    3, 12};

/* Also what has lost its chain. */
static const struct stmt CHAINS = {
    "seal_chains",
    "with known as ("
    "  select workspace from audit_chain union select workspace from audit_seal"
    "  union select workspace from audit where at < now() - interval '2 days') "
    "select k.workspace, c.workspace is not null, c.key, c.began, c.sealed_to,"
    "       utc_day(now() - interval '1 hour') - 1,"
    "       c.sealed_to < utc_day(now() - interval '1 hour') - 2,"
    "       (select count(*) from audit a where a.workspace = k.workspace"
    "           and a.at < c.began::timestamp at time zone 'UTC'),"
    "       (select count(*) from audit a where a.workspace = k.workspace"
    "           and a.at >= (c.sealed_to + 1)::timestamp at time zone 'UTC')"
    "  from known k left join audit_chain c on c.workspace = k.workspace"
    " where $1::text is null or k.workspace = $1 order by k.workspace",
    1, 9};

const struct stmt *const store_seal_days_stmts[] = {&LINES, &PAGE, &CHAINS, NULL};

struct seal_reading store_seal_reading(const char *workspace, const char *day, struct bytes key)
{
    struct seal_reading r = {.workspace = workspace,
                             .key = key,
                             .at_us = INT64_MIN / 1024, /* before every line */
                             .id = "00000000-0000-0000-0000-000000000000"};
    (void)snprintf(r.day, sizeof r.day, "%s", day);
    return r;
}

/* No two different lines are written the same: each part tells its length. */
static void add_part(struct str *out, const char *text)
{
    if (text == NULL) {
        str_add(out, "-");
    } else {
        str_printf(out, "%zu:%s", strlen(text), text);
    }
}

char *store_seal_line(arena *mem, const char *const parts[SEAL_PARTS])
{
    enum { LINE_MAX_BYTES = 64 << 20 };
    struct str out = str_new(mem, LINE_MAX_BYTES);
    for (int i = 0; i < SEAL_PARTS; i++) {
        add_part(&out, parts[i]);
    }
    return out.text;
}

static char *mac(arena *mem, struct bytes key, const char *head, const char *text)
{
    const struct digest d = crypto_hmac_sha256(key, bytes_of(head), bytes_of(text));
    return crypto_hex(mem, (struct bytes){d.bytes, sizeof d.bytes});
}

char *store_seal_next(arena *mem, struct bytes key, const char *before, const char *line)
{
    return mac(mem, key, before, line);
}

char *store_seal_erased(arena *mem, struct bytes key, const struct seal_erased *x)
{
    return mac(mem, key, x->before,
               arena_printf(mem, "workbot audit erased\n%s\n%s", x->behind, x->line));
}

const char *store_seal_behind(arena *mem, const struct seal_reading *d, const rows *r, size_t row,
                              bool *ret_erased)
{
    enum { DIGEST = SEAL_PARTS, SEAL };
    const char *parts[SEAL_PARTS];
    for (int i = 0; i < SEAL_PARTS; i++) {
        parts[i] = row_text(r, row, i);
    }
    const struct seal_erased x = {.before = d->digest,
                                  .behind = row_text(r, row, DIGEST),
                                  .line = store_seal_line(mem, parts)};
    *ret_erased =
        x.behind != NULL && str_equal(store_seal_erased(mem, d->key, &x), row_text(r, row, SEAL));
    return *ret_erased ? x.behind : store_seal_next(mem, d->key, x.before, x.line);
}

int store_seal_read(store *s, struct seal_reading *io, int64_t max, bool *ret_done, struct err *e)
{
    rows *r = NULL;
    const struct db_arg *args = DB_ARGS(DB_TEXT(io->workspace), DB_TEXT(io->day), DB_I64(io->at_us),
                                        DB_TEXT(io->id), DB_I64(max));
    if (store_query(s, &LINES, args, &r, e) != 0) {
        return -1;
    }
    size_t count = rows_count(r);
    for (size_t i = 0; i < count; i++) {
        bool erased = false;
        (void)snprintf(io->digest, sizeof io->digest, "%s",
                       store_seal_behind(s->mem, io, r, i, &erased));
        io->erased += erased ? 1 : 0;
    }
    io->lines += (int64_t)count;
    if (count > 0) {
        (void)snprintf(io->id, sizeof io->id, "%s", row_text(r, count - 1, 0));
        io->at_us = row_i64(r, count - 1, 1);
    }
    *ret_done = (int64_t)count < max;
    return 0;
}

char *store_seal_of(arena *mem, struct bytes key, const struct audit_seal *x)
{
    return mac(mem, key, x->previous,
               arena_printf(mem, "workbot audit seal\n%s\n%s\n%lld\n%s\n%lld", x->workspace, x->day,
                            (long long)x->lines, x->digest, (long long)x->sealed_at));
}

char *store_seal_retired(arena *mem, struct bytes key, const struct audit_seal *x)
{
    return mac(mem, key, x->seal,
               arena_printf(mem, "workbot audit retired\n%s\n%s\n%lld", x->workspace, x->day,
                            (long long)x->retired_at));
}

static int read_seal(store *s, const rows *r, size_t row, void *to, struct err *e)
{
    struct audit_seal *x = to;
    (void)s;
    (void)e;
    x->workspace = row_text(r, row, 0);
    x->day = row_text(r, row, 1);
    x->day_before = row_text(r, row, 2);
    x->day_after = row_text(r, row, 3);
    x->lines = row_i64(r, row, 4);
    x->digest = row_text(r, row, 5);
    x->sealed_at = row_i64(r, row, 6);
    x->late = row_bool(r, row, 7);
    x->previous = row_text(r, row, 8);
    x->seal = row_text(r, row, 9);
    x->retired_at = row_i64(r, row, 10);
    x->retired_seal = row_text(r, row, 11);
    return 0;
}

int store_seal_page(store *s, const char *workspace, const char *after_day, int64_t limit,
                    struct audit_seal **ret, size_t *ret_count, struct err *e)
{
    struct store_ask ask = {&PAGE, DB_ARGS(DB_TEXT(workspace), DB_TEXT(after_day), DB_I64(limit)),
                            read_seal, sizeof(struct audit_seal)};
    void *list = NULL;
    if (store_ask_all(s, &ask, &list, ret_count, e) != 0) {
        return -1;
    }
    *ret = list;
    return 0;
}

static int read_chain(store *s, const rows *r, size_t row, void *to, struct err *e)
{
    struct audit_chain *c = to;
    (void)s;
    (void)e;
    c->workspace = row_text(r, row, 0);
    c->there = row_bool(r, row, 1);
    c->sealed_key = row_bytes(r, row, 2);
    c->began = row_text(r, row, 3);
    c->sealed_to = row_text(r, row, 4);
    c->due_to = row_text(r, row, 5);
    c->behind = row_bool(r, row, 6);
    c->before = row_i64(r, row, 7);
    c->after = row_i64(r, row, 8);
    return 0;
}

int store_chain_list(store *s, const char *workspace, struct audit_chain **ret, size_t *ret_count,
                     struct err *e)
{
    struct store_ask ask = {&CHAINS, DB_ARGS(DB_TEXT(workspace)), read_chain,
                            sizeof(struct audit_chain)};
    void *list = NULL;
    if (store_ask_all(s, &ask, &list, ret_count, e) != 0) {
        return -1;
    }
    *ret = list;
    return 0;
}

struct seal_place store_chain_place(const char *workspace)
{
    return (struct seal_place){"audit_chain", workspace, workspace, "key"};
}

int store_chain_key(store *s, const struct audit_chain *c, struct bytes *ret, struct err *e)
{
    const struct seal_place place = store_chain_place(c->workspace);
    return store_unseal(s, &place, c->sealed_key, ret, e);
}
