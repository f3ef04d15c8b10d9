#include "db_int.h"

#include <stdio.h>
#include <string.h>

#include "base/str.h"

/*
 * Each file runs in one transaction that first takes an advisory lock and looks whether the file
 * is still missing: two replicas that migrate at once take turns, file by file. A lock that ends
 * with its transaction also works behind a pooler in transaction mode.
 */

#define LOCK "select pg_advisory_xact_lock(7203214659012)" /* any number that is only ours */
/* A migration that cannot get its table waits this long and lets the traffic behind it go on. */
#define LOCK_TIMEOUT "set local lock_timeout = '10s'"
#define BOOKS                                                                                      \
    "create schema if not exists ops;"                                                             \
    "create table if not exists ops.migration ("                                                   \
    " name text primary key, checksum text not null,"                                              \
    " applied_at timestamptz not null default now())"
#define BOOKS_EXIST "select to_regclass('ops.migration') is not null"
#define RECORDED                                                                                   \
    "select checksum = encode(sha256($2::bytea), 'hex') from ops.migration where name = $1"
#define GIVE_RIGHTS "select ops.give_rights($1, $2)"
#define RECORD                                                                                     \
    "insert into ops.migration (name, checksum) values ($1, encode(sha256($2::bytea), 'hex'))"

static int migration_err(PGconn *conn, const PGresult *r, const char *what, struct err *e)
{
    if (PQresultErrorField(r, PG_DIAG_SQLSTATE) != NULL) {
        return sqlstate_err(r, what, e);
    }
    char text[160];
    conn_text(conn, text, sizeof text);
    return err_set(e, ERR_DATABASE, "db_away", "%s: %s", what, text);
}

static bool succeeded(const PGresult *r)
{
    ExecStatusType status = PQresultStatus(r);
    return status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK;
}

static int run(PGconn *conn, const char *sql, const char *what, struct err *e)
{
    PGresult *r = PQexec(conn, sql);
    int outcome = succeeded(r) ? 0 : migration_err(conn, r, what, e);
    PQclear(r);
    return outcome;
}

/* Runs sql with the migration's name and text; *ret (may be NULL) is 1 for true, 0 for false and
 * -1 for no row. */
static int ask(PGconn *conn, const char *sql, const struct migration *m, int *ret, struct err *e)
{
    const char *values[2] = {m->name, m->sql};
    const int lengths[2] = {0, (int)strlen(m->sql)};
    const int formats[2] = {0, 1};
    PGresult *r = PQexecParams(conn, sql, 2, NULL, values, lengths, formats, 0);
    int outcome = succeeded(r) ? 0 : migration_err(conn, r, m->name, e);
    if (outcome == 0 && ret != NULL) {
        *ret = PQntuples(r) == 0 ? -1 : str_equal(PQgetvalue(r, 0, 0), "t");
    }
    PQclear(r);
    return outcome;
}

static int make_books(PGconn *conn, struct err *e)
{
    PGresult *r = PQexec(conn, BOOKS_EXIST);
    bool exist = succeeded(r) && PQntuples(r) == 1 && str_equal(PQgetvalue(r, 0, 0), "t");
    PQclear(r);
    if (exist) { /* a role without the right to create schemas can go on */
        return 0;
    }
    if (run(conn, "begin", "ops.migration", e) != 0 || run(conn, LOCK, "ops.migration", e) != 0 ||
        run(conn, BOOKS, "ops.migration", e) != 0 || run(conn, "commit", "ops.migration", e) != 0) {
        return -1;
    }
    return 0;
}

static int apply_text(PGconn *conn, const struct migration *m, struct err *e)
{
    if (run(conn, LOCK_TIMEOUT, m->name, e) != 0 || run(conn, m->sql, m->name, e) != 0) {
        return -1;
    }
    if (PQtransactionStatus(conn) != PQTRANS_INTRANS) {
        return err_set(e, ERR_INTERNAL, "db_statement", "%s ends its transaction", m->name);
    }
    return ask(conn, RECORD, m, NULL, e);
}

/* Inside a transaction. *ret_applied is false when it had been applied before. */
static int apply_if_missing(PGconn *conn, const struct migration *m, bool *ret_applied,
                            struct err *e)
{
    int same = 0;
    if (run(conn, LOCK, m->name, e) != 0 || ask(conn, RECORDED, m, &same, e) != 0) {
        return -1;
    }
    *ret_applied = same == -1;
    if (same == 0) {
        return err_set(e, ERR_CONFIG, "migration_changed",
                       "%s was applied with another content than this program has", m->name);
    }
    return same == 1 ? 0 : apply_text(conn, m, e);
}

static int apply_one(PGconn *conn, const struct migration *m, bool *ret_applied, struct err *e)
{
    if (run(conn, "begin", m->name, e) != 0) {
        return -1;
    }
    if (apply_if_missing(conn, m, ret_applied, e) != 0) {
        struct err ignored;
        (void)run(conn, "rollback", m->name, &ignored);
        return -1;
    }
    return run(conn, "commit", m->name, e);
}

int migrate_list(struct secret url, const struct migration *list, size_t count,
                 void (*report)(const char *name), struct err *e)
{
    const struct conn_options options = {.url = url};
    PGconn *conn = NULL;
    if (conn_open(&options, &conn, e) != 0) {
        return -1;
    }
    int outcome = make_books(conn, e);
    for (size_t i = 0; i < count && outcome == 0; i++) {
        bool applied = false;
        outcome = apply_one(conn, &list[i], &applied, e);
        if (outcome == 0 && applied && report != NULL) {
            report(list[i].name);
        }
    }
    PQfinish(conn);
    return outcome;
}

static const struct stmt books_exist = {"db_books_exist", BOOKS_EXIST, 0, 1};
static const struct stmt compare_books = {
    "db_compare_books",
    "select count(*) filter (where m.name is null),"
    " min(f.name) filter (where m.checksum <> encode(sha256(f.content), 'hex'))"
    " from unnest($1::text[], $2::bytea[]) as f(name, content)"
    " left join ops.migration m on m.name = f.name",
    2, 2};

static int compare(db *c, arena *mem, const struct migration *list, size_t count, int64_t *ret,
                   struct err *e)
{
    const char **names = arena_array(mem, count, sizeof *names);
    struct bytes *contents = arena_array(mem, count, sizeof *contents);
    for (size_t i = 0; i < count; i++) {
        names[i] = list[i].name;
        contents[i] = bytes_of(list[i].sql);
    }
    rows *r = NULL;
    if (db_query(c, &compare_books, DB_ARGS(DB_TEXTS(names, count), DB_BYTES_LIST(contents, count)),
                 mem, &r, e) != 0) {
        return -1;
    }
    if (!row_null(r, 0, 1)) {
        return err_set(e, ERR_CONFIG, "migration_changed",
                       "%s was applied with another content than this program has",
                       row_text(r, 0, 1));
    }
    *ret = row_i64(r, 0, 0);
    return 0;
}

int migrations_missing_of(db *c, const struct migration *list, size_t count, int64_t *ret,
                          struct err *e)
{
    arena *mem = arena_new();
    rows *r = NULL;
    int outcome = db_query(c, &books_exist, DB_NO_ARGS, mem, &r, e);
    if (outcome == 0 && row_bool(r, 0, 0)) {
        outcome = compare(c, mem, list, count, ret, e);
    } else if (outcome == 0) {
        *ret = (int64_t)count;
    }
    arena_free(mem);
    return outcome;
}

int db_migrate(struct secret url, void (*report)(const char *name), struct err *e)
{
    size_t count = 0;
    const struct migration *list = migrations_embedded(&count);
    return migrate_list(url, list, count, report, e);
}

static int give_rights(PGconn *conn, const struct db_service *s, struct err *e)
{
    char keep[24];
    (void)snprintf(keep, sizeof keep, "%lld", (long long)s->audit_keep_s);
    const char *values[2] = {s->role, keep};
    PGresult *r = PQexecParams(conn, GIVE_RIGHTS, 2, NULL, values, NULL, NULL, 0);
    int outcome = succeeded(r) ? 0 : migration_err(conn, r, "rights of the service", e);
    if (outcome == 0 && !PQgetisnull(r, 0, 0)) {
        outcome = err_set(e, ERR_CONFIG, "service_role", "WORKBOT_DATABASE_SERVICE_ROLE: %s",
                          PQgetvalue(r, 0, 0));
    }
    PQclear(r);
    return outcome;
}

int db_give_rights(struct secret url, const struct db_service *s, struct err *e)
{
    static const char what[] = "rights of the service";
    const struct conn_options options = {.url = url};
    PGconn *conn = NULL;
    if (conn_open(&options, &conn, e) != 0) {
        return -1;
    }
    int outcome = run(conn, "begin", what, e) != 0 || run(conn, LOCK, what, e) != 0 ||
                          give_rights(conn, s, e) != 0 || run(conn, "commit", what, e) != 0
                      ? -1
                      : 0;
    PQfinish(conn); /* what is not committed is undone */
    return outcome;
}

int db_migrations_missing(db *c, int64_t *ret, struct err *e)
{
    size_t count = 0;
    const struct migration *list = migrations_embedded(&count);
    return migrations_missing_of(c, list, count, ret, e);
}
