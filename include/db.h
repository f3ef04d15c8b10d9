#ifndef WB_DB_H
#define WB_DB_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/secret.h"

/* PostgreSQL: a pool of connections, prepared statements with typed parameters, transactions,
 * migrations. libpq lives behind this header. */

typedef struct db_pool db_pool;
typedef struct db db; /* one borrowed connection; belongs to one thread */

struct db_options {
    struct secret url;
    size_t connections;   /* at most */
    bool prepare;         /* false behind pgbouncer in transaction mode */
    int64_t wait_ms;      /* for a free connection, then ERR_DATABASE "db_pool" */
    int64_t statement_ms; /* statement_timeout; 0: none. A server that stays silent for 5 s more
                             counts as lost */
};

/* Opens nothing yet: the first borrower connects, so that a process starts without a database. */
db_pool *db_pool_new(const struct db_options *options);
/* Dies when a connection is still borrowed. */
void db_pool_free(db_pool *p);

/* Borrows a connection; a broken one is replaced. ERR_DATABASE "db_pool" when all are busy for
 * wait_ms, "db_away" when there is no server: at once, with retry_after_ms, while it is known to be
 * away and another try is not due; ERR_CONFIG "database_url" when the URI cannot be read. */
int db_take(db_pool *p, db **ret, struct err *e);
/* 0 unless the last try to connect failed. Then it tries itself, when that is due, and fails as
 * db_take does: for whoever is about to set many borrowers to work, of whom all but one would find
 * the pool still waiting for the result of the first. */
int db_pool_ready(db_pool *p, struct err *e);
/* Gives it back; an open transaction is rolled back. NULL is a no-op. */
void db_give(db *c);

struct stmt {
    const char *name; /* unique; the prepared statement's name */
    const char *sql;
    int params;
    int columns; /* 0 for statements that return no rows */
};

enum db_type {
    DB_TYPE_TEXT,
    DB_TYPE_I64,
    DB_TYPE_BOOL,
    DB_TYPE_BYTES,
    DB_TYPE_TEXTS,
    DB_TYPE_BYTES_LIST,
    DB_TYPE_I64_LIST
};

/* One parameter. NULL text or NULL data means SQL NULL (of any type: DB_TEXT(NULL) also fits a
 * number); zero bytes that are not NULL need a data pointer. Text and numbers are sent as text, so
 * that the statement decides the type (uuid, timestamptz, integer); bytes and byte lists are sent
 * in binary and fit bytea and bytea[] only. Lists are arrays (text[], bytea[], bigint[]), may hold
 * NULL elements and are never NULL themselves. */
struct db_arg {
    enum db_type type;
    const char *text;
    int64_t number;
    struct bytes bytes;
    const char *const *texts;
    const struct bytes *bytes_list;
    const int64_t *numbers;
    size_t count;
};

#define DB_TEXT(v) ((struct db_arg){.type = DB_TYPE_TEXT, .text = (v)})
#define DB_I64(v) ((struct db_arg){.type = DB_TYPE_I64, .number = (v)})
#define DB_BOOL(v) ((struct db_arg){.type = DB_TYPE_BOOL, .number = (v) ? 1 : 0})
#define DB_BYTES(v) ((struct db_arg){.type = DB_TYPE_BYTES, .bytes = (v)})
#define DB_TEXTS(v, n) ((struct db_arg){.type = DB_TYPE_TEXTS, .texts = (v), .count = (n)})
#define DB_BYTES_LIST(v, n)                                                                        \
    ((struct db_arg){.type = DB_TYPE_BYTES_LIST, .bytes_list = (v), .count = (n)})
#define DB_I64_LIST(v, n) ((struct db_arg){.type = DB_TYPE_I64_LIST, .numbers = (v), .count = (n)})

/* An answer; values live on the arena given to db_query. Column numbers start at 0. */
typedef struct rows rows;
size_t rows_count(const rows *r);
bool row_null(const rows *r, size_t row, int column);
const char *row_text(const rows *r, size_t row, int column);   /* NULL for SQL NULL */
int64_t row_i64(const rows *r, size_t row, int column);        /* 0 for SQL NULL */
bool row_bool(const rows *r, size_t row, int column);          /* false for SQL NULL */
struct bytes row_bytes(const rows *r, size_t row, int column); /* {NULL, 0} for SQL NULL */

/* Runs one statement, in one round trip also when it is the first of a transaction or of its kind.
 * args has s->params elements; s and its texts live as long as the pool. ret may be NULL. SQLSTATE
 * decides the error:
 *
 * - ERR_CONFLICT, code = the constraint's name (of a partitioned table: the name of the partition's
 *   index): unique and exclusion violation;
 * - ERR_DATABASE "db_retry", repeat the whole transaction: serialization failure, deadlock, lock
 *   not available;
 * - ERR_DATABASE "db_away", maybe_done when the statement was on its way outside a transaction:
 *   connection lost, server shut down or read-only;
 * - ERR_DATABASE "db_timeout": statement_timeout;
 * - ERR_DATABASE "db_resources": disk, memory or connections run out;
 * - ERR_INTERNAL "db_statement": the rest.
 *
 * After an error inside a transaction only rollback is left; after a lost connection every further
 * call fails with "db_away" until this one is given back and another taken. */
int db_query(db *c, const struct stmt *s, const struct db_arg *args, arena *mem, rows **ret,
             struct err *e);
#define DB_ARGS(...) ((const struct db_arg[]){__VA_ARGS__})
#define DB_NO_ARGS ((const struct db_arg *)0)
/* Rows touched by the last insert, update or delete on this connection. */
int64_t db_affected(const db *c);

/* No transaction inside a transaction (dies). BEGIN travels with the first statement. */
int db_begin(db *c, struct err *e);
/* ERR_DATABASE "db_commit_unknown" with maybe_done when the answer to COMMIT was lost. */
int db_commit(db *c, struct err *e);
void db_rollback(db *c);
bool db_in_transaction(const db *c);
/* True while this thread is inside a transaction on any connection: no HTTP call may be made. */
bool db_thread_in_transaction(void);

/* Prepares s, checks parameter and column counts against the server: for the guard test. */
int db_check_statement(db *c, const struct stmt *s, struct err *e);

/* --- migrations: embedded files, forward only, each in one transaction, under an advisory lock
 * on a direct connection; applied ones are recorded with a checksum in ops.migration --- */

/* Applies what is missing and reports each on `report` (may be NULL). */
int db_migrate(struct secret url, void (*report)(const char *name), struct err *e);
/* Behind it: what the role that serves may do, where it is not the one that owns the tables. Does
 * nothing as a role that owns none. ERR_CONFIG "service_role" where it cannot be that role. */
struct db_service {
    const char *role;     /* NULL: nobody, or whoever was named before */
    int64_t audit_keep_s; /* it takes nothing of the audit away before */
};
int db_give_rights(struct secret url, const struct db_service *s, struct err *e);
/* How many embedded migrations are not applied; ERR_CONFIG "migration_changed" when an applied one
 * has another checksum. A database with newer migrations than ours is fine (code N-1). */
int db_migrations_missing(db *c, int64_t *ret, struct err *e);

#endif
