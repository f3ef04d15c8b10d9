#ifndef WB_SERVICE_DB_DB_INT_H
#define WB_SERVICE_DB_DB_INT_H

#include <libpq-fe.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "db.h"

/* Shared inside service/db and with its tests only. */

/* --- conn.c: one libpq connection --- */

struct conn_options {
    struct secret url;
    int64_t statement_ms;  /* 0: no statement_timeout */
    bool startup_settings; /* timeouts travel in the startup packet, which pgbouncer refuses */
};

enum { IDLE_IN_TRANSACTION_MS = 30000 };

/* Connects (blocking, at most CONNECT_TIMEOUT per host). ERR_DATABASE "db_away"; ERR_CONFIG
 * "database_url" when the URI cannot be read. */
int conn_open(const struct conn_options *o, PGconn **ret, struct err *e);
/* False when the peer has hung up. Costs one poll(2), no round trip. */
bool conn_alive(PGconn *conn);
/* Writes what is buffered and reads until PQgetResult would not block. deadline_us is on
 * clock_mono_us, 0 is for ever. -1: time passed; a lost connection is seen by PQgetResult. */
int conn_wait(PGconn *conn, int64_t deadline_us);
/* libpq's text on one line, cut to the size of an error. */
void conn_text(const PGconn *conn, char *ret, size_t size);

/* --- prepare.c: which statements a connection has prepared --- */

enum { PREPARED_SLOTS = 1024, PREPARED_MAX = 768 };

struct prepared {
    size_t count;
    uint64_t slots[PREPARED_SLOTS]; /* open addressing, 0 is empty */
};

bool prepared_has(const struct prepared *p, const struct stmt *s);
void prepared_add(struct prepared *p, const struct stmt *s);
bool prepared_full(const struct prepared *p);
void prepared_forget(struct prepared *p);

/* --- pool.c --- */

enum tx_state {
    TX_NONE,
    TX_WANTED, /* begun here; BEGIN travels with the first statement */
    TX_OPEN,
    TX_FAILED /* only rollback is left */
};

struct db {
    db_pool *pool;
    PGconn *conn; /* NULL: not connected */
    bool taken;
    bool broken; /* closed when given back */
    bool prepare;
    int64_t statement_ms;
    enum tx_state tx;
    int64_t affected;
    struct prepared prepared;
};

/* --- args.c: parameters as libpq wants them --- */

struct params {
    int count;
    const char **values;
    int *lengths;
    int *formats;
};

void params_encode(arena *mem, const struct stmt *s, const struct db_arg *args, struct params *ret);

/* --- exec.c --- */

/* What came back for the commands sent up to one synchronisation point. */
struct answer {
    PGresult *result; /* of the last command that succeeded */
    PGresult *error;  /* of the first that failed */
    int done;         /* commands that succeeded */
    bool sent;        /* something may have reached the server */
    bool lost;        /* the connection is gone; the rest is unknown */
    bool late;        /* lost because the deadline passed */
};

/* Runs one command without parameters or rows in one round trip. */
void exec_command(db *c, const char *sql, struct answer *ret);
void answer_clear(struct answer *a);
/* The error of a lost or refused command; `what` names it. maybe_done is left to the caller. */
int answer_err(const db *c, const struct answer *a, const char *what, struct err *e);

/* --- rows.c --- */

/* Takes over result. */
rows *rows_new(arena *mem, PGresult *result);

/* --- tx.c --- */

/* The transaction is over, however it ended. */
void tx_end(db *c);

/* --- sqlstate.c --- */

/* Fills *e from the server's error; returns -1. `what` names the statement. */
int sqlstate_err(const PGresult *error, const char *what, struct err *e);
/* True when the connection cannot be used after this error. */
bool sqlstate_gone(const PGresult *error);
/* True when the server has ended the session for idling in a transaction: before any COMMIT. */
bool sqlstate_is(const PGresult *error, const char *state);
/* A copy of text that lives as long as the process; the same pointer for the same text. NULL when
 * the table is full, so that no peer can make it grow without end. */
const char *intern(const char *text);

/* --- migrate.c, embed_migrations.c --- */

struct migration {
    const char *name; /* "0001_create_tables" */
    const char *sql;  /* NUL-terminated */
};

/* In the order in which they are applied; *ret_count of them. */
const struct migration *migrations_embedded(size_t *ret_count);
int migrate_list(struct secret url, const struct migration *list, size_t count,
                 void (*report)(const char *name), struct err *e);
int migrations_missing_of(db *c, const struct migration *list, size_t count, int64_t *ret,
                          struct err *e);

#endif
