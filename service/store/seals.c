#include "store_int.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/str.h"

/* The audit is sealed, day by day, and its old days are retired. */

enum { KEY_BYTES = 32 };

/* From the first line that is there, so that what an earlier release left is covered. */
static const struct stmt ADOPT = {
    "seal_adopt",
    "insert into audit_chain (workspace, began, sealed_to)"
    " select w.workspace, d.day, d.day - 1 from workspace w,"
    "        lateral (select coalesce(utc_day(min(a.at)), utc_day(now())) as day from audit a"
    "                  where a.workspace = w.workspace) d"
    "  where not exists (select from audit_chain c where c.workspace = w.workspace)"
    " on conflict do nothing",
    0, 0};

/* An hour after midnight nothing that began the day before is still under way. */
static const struct stmt DUE = {
    "seal_due",
    "select workspace, key, sealed_to + 1, sealed_to >= began, lines, digest, read_us, read_id"
    "  from audit_chain where sealed_to < utc_day(now() - interval '1 hour') - 1"
    "   and (held_to is null or held_to < now())"
    " order by sealed_to, workspace limit 1 for update skip locked",
    0, 8};

/* What is broken must not hold up what is whole. */
static const struct stmt HOLD = {
    "seal_hold", "update audit_chain set held_to = now() + interval '1 hour' where workspace = $1",
    1, 0};

static const struct stmt PREVIOUS = {
    "seal_previous", "select seal from audit_seal where workspace = $1 and day = $2::date - 1", 2,
    1};

static const struct stmt KEEP = {
    "seal_keep",
    "update audit_chain set key = $2, lines = $3, digest = $4, read_us = $5, read_id = $6"
    " where workspace = $1",
    6, 0};

static const struct stmt SEAL = {
    "seal_day",
    "with made as ("
    "  insert into audit_seal (workspace, day, lines, digest, sealed_at, previous, seal)"
    "  values ($1, $2::date, $3, $4, to_timestamp($5), $6, $7)) "
    "update audit_chain set key = $8, sealed_to = $2::date, lines = default, digest = default,"
    "       read_us = default, read_id = default where workspace = $1",
    8, 0};

static const struct stmt OLD = {
    "seal_old",
    "select s.workspace, s.day, s.seal, c.key from audit_seal s"
    "  join audit_chain c on c.workspace = s.workspace"
    " where s.retired_at is null and (c.held_to is null or c.held_to < now())"
    "   and s.day < utc_day(now() - make_interval(secs => audit_kept($1::bigint)))"
    " order by s.day limit $2 for update of c skip locked",
    2, 4};

/* The rest is done as the owner of the tables: migrations/0071. */
static const struct stmt RETIRE = {
    "seal_retire", "select from retire_audit_day($1, $2::date, to_timestamp($3), $4)", 4, 0};

static const struct stmt FORGET = {"seal_forget", "select from forget_audit_chains()", 0, 0};

static const struct stmt KEPT = {"seal_kept", "select audit_kept($1)", 1, 1};

const struct stmt *const store_seals_stmts[] = {&ADOPT, &DUE,    &HOLD,   &PREVIOUS, &KEEP, &SEAL,
                                                &OLD,   &RETIRE, &FORGET, &KEPT,     NULL};

int store_seal_adopt(store *s, struct err *e)
{
    return store_query(s, &ADOPT, DB_NO_ARGS, NULL, e);
}

int store_seal_kept(store *s, int64_t keep_s, int64_t *ret, struct err *e)
{
    rows *r = NULL;
    if (store_query(s, &KEPT, DB_ARGS(DB_I64(keep_s)), &r, e) != 0) {
        return -1;
    }
    *ret = row_i64(r, 0, 0);
    return 0;
}

int store_seal_forget(store *s, struct err *e)
{
    return store_query(s, &FORGET, DB_NO_ARGS, NULL, e);
}

/* A key is made where there is none, and sealed like a token. */
static int open_key(store *s, const char *workspace, struct bytes *io_sealed, struct bytes *ret,
                    struct err *e)
{
    const struct seal_place place = store_chain_place(workspace);
    if (io_sealed->data == NULL) {
        uint8_t *key = arena_alloc(s->mem, KEY_BYTES);
        crypto_random(key, KEY_BYTES);
        *ret = (struct bytes){key, KEY_BYTES};
        *io_sealed = store_seal(s, &place, *ret);
        return 0;
    }
    return store_unseal(s, &place, *io_sealed, ret, e);
}

/* "" for the first. One that is missing is not made up for: the check tells of it. */
static int find_previous(store *s, const struct seal_reading *d, bool needed, const char **ret,
                         struct err *e)
{
    rows *r = NULL;
    *ret = "";
    if (!needed) {
        return 0;
    }
    if (store_query(s, &PREVIOUS, DB_ARGS(DB_TEXT(d->workspace), DB_TEXT(d->day)), &r, e) != 0) {
        return -1;
    }
    if (rows_count(r) == 0) {
        return err_set(e, ERR_INTERNAL, "seal_missing",
                       "%s: the seal of the audit before %s is gone; see workbot check --audit",
                       d->workspace, d->day);
    }
    *ret = row_text(r, 0, 0);
    return 0;
}

static int seal_it(store *s, const struct seal_reading *d, struct bytes sealed_key,
                   const char *previous, struct audit_seal *ret, struct err *e)
{
    struct audit_seal x = {.workspace = d->workspace,
                           .day = arena_strdup(s->mem, d->day),
                           .lines = d->lines,
                           .digest = arena_strdup(s->mem, d->digest),
                           .sealed_at = clock_now(),
                           .previous = previous};
    x.seal = store_seal_of(s->mem, d->key, &x);
    const struct db_arg *args =
        DB_ARGS(DB_TEXT(x.workspace), DB_TEXT(x.day), DB_I64(x.lines), DB_TEXT(x.digest),
                DB_I64(x.sealed_at), DB_TEXT(x.previous), DB_TEXT(x.seal), DB_BYTES(sealed_key));
    if (store_query(s, &SEAL, args, NULL, e) != 0) {
        return -1;
    }
    *ret = x;
    return 0;
}

/* Its row is locked: what stands of it, read on. */
static int step(store *s, const rows *r, int64_t max, struct seal_step *ret, struct err *e)
{
    struct bytes key;
    bool done = false;
    const char *previous = NULL;
    const char *workspace = row_text(r, 0, 0);
    struct bytes sealed_key = row_bytes(r, 0, 1);
    if (open_key(s, workspace, &sealed_key, &key, e) != 0) {
        return -1;
    }
    struct seal_reading d = store_seal_reading(workspace, row_text(r, 0, 2), key);
    if (row_i64(r, 0, 4) > 0) {
        d.lines = row_i64(r, 0, 4);
        d.at_us = row_i64(r, 0, 6);
        (void)snprintf(d.digest, sizeof d.digest, "%s", row_text(r, 0, 5));
        (void)snprintf(d.id, sizeof d.id, "%s", row_text(r, 0, 7));
    }
    if (find_previous(s, &d, row_bool(r, 0, 3), &previous, e) != 0 ||
        store_seal_read(s, &d, max, &done, e) != 0) {
        return -1;
    }
    if (done) {
        ret->sealed = true;
        return seal_it(s, &d, sealed_key, previous, &ret->seal, e);
    }
    return store_query(s, &KEEP,
                       DB_ARGS(DB_TEXT(workspace), DB_BYTES(sealed_key), DB_I64(d.lines),
                               DB_TEXT(d.digest), DB_I64(d.at_us), DB_TEXT(d.id)),
                       NULL, e);
}

static int hold(store *s, const char *workspace, struct err *e)
{
    return store_query(s, &HOLD, DB_ARGS(DB_TEXT(workspace)), NULL, e);
}

int store_seal_step(store *s, int64_t max, struct seal_step *ret, struct err *e)
{
    rows *r = NULL;
    *ret = (struct seal_step){.found = false};
    if (store_query(s, &DUE, DB_NO_ARGS, &r, e) != 0) {
        return -1;
    }
    ret->found = rows_count(r) > 0;
    if (!ret->found || step(s, r, max, ret, &ret->held) == 0) {
        return 0;
    }
    if (ret->held.kind != ERR_INTERNAL) {
        *e = ret->held;
        return -1;
    }
    return hold(s, row_text(r, 0, 0), e);
}

static int retire(store *s, const rows *r, size_t row, struct err *e)
{
    struct bytes key, sealed_key = row_bytes(r, row, 3);
    struct audit_seal x = {.workspace = row_text(r, row, 0),
                           .day = row_text(r, row, 1),
                           .seal = row_text(r, row, 2),
                           .retired_at = clock_now()};
    struct err why = {0};
    if (open_key(s, x.workspace, &sealed_key, &key, &why) != 0) {
        return hold(s, x.workspace, e); /* its next step tells why */
    }
    const struct db_arg *args = DB_ARGS(DB_TEXT(x.workspace), DB_TEXT(x.day), DB_I64(x.retired_at),
                                        DB_TEXT(store_seal_retired(s->mem, key, &x)));
    return store_query(s, &RETIRE, args, NULL, e);
}

int store_seal_retire(store *s, int64_t keep_s, int64_t max, int64_t *ret_count, struct err *e)
{
    rows *r = NULL;
    if (store_query(s, &OLD, DB_ARGS(DB_I64(keep_s), DB_I64(max)), &r, e) != 0) {
        return -1;
    }
    for (size_t i = 0; i < rows_count(r); i++) {
        if (retire(s, r, i, e) != 0) {
            return -1;
        }
    }
    *ret_count = (int64_t)rows_count(r);
    return 0;
}
