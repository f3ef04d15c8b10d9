#include "db_int.h"

#include <stdlib.h>

#include "base/clock.h"
#include "base/die.h"
#include "base/metrics.h"
#include "base/str.h"

/*
 * Every connection of the pool stays in libpq's pipeline mode: BEGIN, the first use's PREPARE and
 * the statement itself go out together and come back in one round trip.
 */

/* More than statement_timeout, so that the server's own word comes first. */
enum { ANSWER_GRACE_MS = 5000 };

void answer_clear(struct answer *a)
{
    PQclear(a->result);
    PQclear(a->error);
    *a = (struct answer){.done = 0};
}

/* True at the synchronisation point. */
static bool answer_add(struct answer *a, PGresult *r)
{
    ExecStatusType status = PQresultStatus(r);
    if (status == PGRES_TUPLES_OK || status == PGRES_COMMAND_OK || status == PGRES_EMPTY_QUERY) {
        PQclear(a->result);
        a->result = r;
        a->done++;
        return false;
    }
    if (status == PGRES_FATAL_ERROR && a->error == NULL) {
        a->error = r;
        a->lost = sqlstate_gone(r);
        return false;
    }
    PQclear(r);
    /* Anything else (COPY) is nothing that a statement of ours may answer. */
    a->lost = a->lost || (status != PGRES_PIPELINE_SYNC && status != PGRES_PIPELINE_ABORTED &&
                          status != PGRES_FATAL_ERROR);
    return status == PGRES_PIPELINE_SYNC;
}

static void collect(db *c, struct answer *a)
{
    int64_t limit_ms = c->statement_ms + ANSWER_GRACE_MS;
    int64_t deadline_us = c->statement_ms == 0 ? 0 : clock_mono_us() + limit_ms * 1000;
    bool synced = false;
    int empty = 0; /* one NULL ends each command's results */
    while (!synced && !a->lost && empty < 2) {
        if (conn_wait(c->conn, deadline_us) != 0) {
            a->late = true;
            break;
        }
        PGresult *r = PQgetResult(c->conn);
        empty = r == NULL ? empty + 1 : 0;
        synced = r != NULL && answer_add(a, r);
        a->lost = a->lost || PQstatus(c->conn) != CONNECTION_OK;
    }
    a->lost = a->lost || !synced;
    c->broken = c->broken || a->lost;
}

/* False: the connection was found dead, nothing was sent. */
static bool ready(db *c, struct answer *a)
{
    *a = (struct answer){.done = 0};
    if (!c->broken && conn_alive(c->conn)) {
        return true;
    }
    c->broken = true;
    a->lost = true;
    return false;
}

static void finish(db *c, struct answer *a, bool queued, int64_t started_us)
{
    a->sent = true;
    if (!queued || PQpipelineSync(c->conn) == 0) {
        a->lost = true;
        c->broken = true;
    } else {
        collect(c, a);
    }
    metric_observe(METRIC_DB_SECONDS, NULL, (double)(clock_mono_us() - started_us) / 1e6);
}

static bool send_plain(db *c, const char *sql)
{
    return PQsendQueryParams(c->conn, sql, 0, NULL, NULL, NULL, NULL, 0) != 0;
}

void exec_command(db *c, const char *sql, struct answer *ret)
{
    int64_t started_us = clock_mono_us();
    if (ready(c, ret)) {
        finish(c, ret, send_plain(c, sql), started_us);
    }
}

static bool send_statement(db *c, const struct stmt *s, const struct params *p, bool prepared)
{
    if (prepared) {
        return PQsendQueryPrepared(c->conn, s->name, p->count, p->values, p->lengths, p->formats,
                                   0) != 0;
    }
    return PQsendQueryParams(c->conn, s->sql, p->count, NULL, p->values, p->lengths, p->formats,
                             0) != 0;
}

/* What goes out besides the statement. */
struct plan {
    bool begin;
    bool prepare;
    bool prepared; /* run by name */
};

static struct plan plan_of(const db *c, const struct stmt *s)
{
    bool known = c->prepare && prepared_has(&c->prepared, s);
    bool prepare = c->prepare && !known && !prepared_full(&c->prepared);
    return (struct plan){
        .begin = c->tx == TX_WANTED, .prepare = prepare, .prepared = known || prepare};
}

static bool send_all(db *c, const struct stmt *s, const struct params *p, struct plan plan)
{
    if (plan.begin && !send_plain(c, "begin")) {
        return false;
    }
    if (plan.prepare && PQsendPrepare(c->conn, s->name, s->sql, 0, NULL) == 0) {
        return false;
    }
    return send_statement(c, s, p, plan.prepared);
}

static void execute(db *c, const struct stmt *s, const struct params *p, struct answer *a)
{
    int64_t started_us = clock_mono_us();
    struct plan plan = plan_of(c, s);
    if (ready(c, a)) {
        finish(c, a, send_all(c, s, p, plan), started_us);
    }
    if (plan.begin && a->done > 0) {
        c->tx = TX_OPEN;
    }
    if (plan.prepare && a->done > (plan.begin ? 1 : 0)) {
        prepared_add(&c->prepared, s);
    }
    if (c->tx != TX_NONE && (a->lost || a->error != NULL)) {
        c->tx = TX_FAILED;
    }
}

/* The server has lost our prepared statement (a pooler between us changed it, somebody discarded
 * them) or its plan no longer fits a table that a migration changed. */
static bool is_stale(const db *c, const struct answer *a)
{
    return c->prepare && !a->lost &&
           (sqlstate_is(a->error, "26000") || sqlstate_is(a->error, "42P05") ||
            sqlstate_is(a->error, "0A000"));
}

static bool command_done(db *c, const char *sql)
{
    struct answer a;
    exec_command(c, sql, &a);
    bool done = !a.lost && a.error == NULL;
    answer_clear(&a);
    return done;
}

/* Nothing else has run in the transaction, so that it can start again. */
static bool prepare_again(db *c)
{
    prepared_forget(&c->prepared);
    if (c->tx == TX_FAILED) {
        if (!command_done(c, "rollback")) {
            return false;
        }
        c->tx = TX_WANTED;
    }
    return command_done(c, "deallocate all");
}

int answer_err(const db *c, const struct answer *a, const char *what, struct err *e)
{
    if (a->error != NULL && PQresultErrorField(a->error, PG_DIAG_SQLSTATE) != NULL) {
        sqlstate_err(a->error, what, e);
        if (a->lost) {
            e->kind = ERR_DATABASE;
            e->code = "db_away";
        }
        return -1;
    }
    if (a->late) {
        return err_set(e, ERR_DATABASE, "db_away", "%s: no answer in time", what);
    }
    char text[160];
    conn_text(c->conn, text, sizeof text);
    return err_set(e, ERR_DATABASE, "db_away", "%s: connection lost: %s", what, text);
}

static int fail(const db *c, const struct stmt *s, struct answer *a, struct err *e)
{
    answer_err(c, a, s->name, e);
    /* Inside a transaction a lost connection has undone everything. */
    e->maybe_done = a->lost && a->sent && c->tx == TX_NONE;
    answer_clear(a);
    return -1;
}

/* Too late to start again here: the owner repeats its whole transaction on another connection. */
static int fail_stale(db *c, const struct stmt *s, struct answer *a, struct err *e)
{
    c->broken = true;
    answer_clear(a);
    return err_set(e, ERR_DATABASE, "db_retry", "%s: its prepared statement was lost", s->name);
}

static int check_usable(const db *c, const struct stmt *s, struct err *e)
{
    if (c->broken) {
        return err_set(e, ERR_DATABASE, "db_away", "%s: the connection was lost before", s->name);
    }
    if (c->tx == TX_FAILED) {
        return err_set(e, ERR_INTERNAL, "db_statement", "%s: the transaction has failed before",
                       s->name);
    }
    return 0;
}

static int accept_result(db *c, const struct stmt *s, PGresult *result, struct err *e)
{
    long long touched = 0;
    c->affected = str_to_i64(PQcmdTuples(result), &touched) ? touched : 0;
    if (PQnfields(result) == s->columns) {
        return 0;
    }
    return err_set(e, ERR_INTERNAL, "db_statement", "%s: %d columns came, %d are declared", s->name,
                   PQnfields(result), s->columns);
}

int db_query(db *c, const struct stmt *s, const struct db_arg *args, arena *mem, rows **ret,
             struct err *e)
{
    if (check_usable(c, s, e) != 0) {
        return -1;
    }
    struct params p;
    struct answer a;
    bool first = c->tx != TX_OPEN;
    params_encode(mem, s, args, &p);
    execute(c, s, &p, &a);
    if (first && is_stale(c, &a) && prepare_again(c)) {
        answer_clear(&a);
        execute(c, s, &p, &a);
    }
    if (a.lost || a.error != NULL) {
        return !first && is_stale(c, &a) ? fail_stale(c, s, &a, e) : fail(c, s, &a, e);
    }
    PGresult *result = a.result;
    if (accept_result(c, s, result, e) != 0) {
        PQclear(result);
        return -1;
    }
    if (ret == NULL) {
        PQclear(result);
    } else {
        *ret = rows_new(mem, result);
    }
    return 0;
}

int64_t db_affected(const db *c)
{
    return c->affected;
}

int db_check_statement(db *c, const struct stmt *s, struct err *e)
{
    if (check_usable(c, s, e) != 0) {
        return -1;
    }
    int64_t started_us = clock_mono_us();
    struct answer a;
    if (ready(c, &a)) {
        bool queued = PQsendPrepare(c->conn, "", s->sql, 0, NULL) != 0 &&
                      PQsendDescribePrepared(c->conn, "") != 0;
        finish(c, &a, queued, started_us);
    }
    if (a.lost || a.error != NULL) {
        return fail(c, s, &a, e);
    }
    int params = PQnparams(a.result);
    int columns = PQnfields(a.result);
    answer_clear(&a);
    if (params == s->params && columns == s->columns) {
        return 0;
    }
    return err_set(e, ERR_INTERNAL, "db_statement",
                   "%s: %d parameters and %d columns are declared, the server sees %d and %d",
                   s->name, s->params, s->columns, params, columns);
}
