#include "store_int.h"

enum { LOOKED_S = 3600 };

/* In small batches, so that no lock lasts and vacuum keeps pace. */
static const struct stmt JOBS = {
    "retention_jobs",
    "delete from job where ctid = any (array("
    "  select ctid from job where state in ('done', 'dead')"
    "     and ended_at < now() - make_interval(secs => $1::bigint) limit $2))",
    2, 0};

static const struct stmt MESSAGES = {
    "retention_messages",
    "delete from message where ctid = any (array("
    "  select ctid from message"
    "   where updated_at < now() - make_interval(secs => $1::bigint) limit $2))",
    2, 0};

static const struct stmt RUNS = {
    "retention_runs",
    "delete from run where ctid = any (array("
    "  select ctid from run"
    "   where created_at < now() - make_interval(secs => $1::bigint) limit $2))",
    2, 0};

static const struct stmt LOGINS = {
    "retention_logins",
    "delete from login where ctid = any (array("
    "  select ctid from login where state not in ('open', 'code')"
    "     and updated_at < now() - make_interval(secs => $1::bigint) limit $2))",
    2, 0};

/* Whole days that have been retired (seals.c): no role that serves may take away another. */
static const struct stmt AUDIT = {"retention_audit", "select from sweep_audit($1, $2)", 2, 0};

static const struct stmt RESPONSES = {
    "retention_responses",
    "delete from response_use where ctid = any (array("
    "  select ctid from response_use"
    "   where until < now() - make_interval(secs => $1::bigint) limit $2))",
    2, 0};

/* Until then its page says what became of it. */
static const struct stmt SETUPS = {
    "retention_setups",
    "delete from admin_link where ctid = any (array("
    "  select ctid from admin_link"
    "   where expires_at < now() - make_interval(secs => $1::bigint) limit $2))",
    2, 0};

/* Its message is gone before it: that is touched when it is closed. */
static const struct stmt DECISIONS = {
    "retention_decisions",
    "delete from decision where ctid = any (array("
    "  select ctid from decision"
    "   where updated_at < now() - make_interval(secs => $1::bigint) limit $2))",
    2, 0};

/* What they did stands in the audit. */
static const struct stmt CONSOLE = {
    "retention_console",
    "delete from console_session where ctid = any (array("
    "  select ctid from console_session"
    "   where created_at < now() - make_interval(secs => $1::bigint)"
    "     and coalesce(expires_at, link_expires_at) < now() limit $2))",
    2, 0};

static const struct stmt OPERATORS = {
    "retention_operators",
    "delete from operator_session where ctid = any (array("
    "  select ctid from operator_session"
    "   where expires_at < now() - make_interval(secs => $1::bigint) limit $2))",
    2, 0};

/* Numbers for a chart: no setting keeps them longer. */
static const struct stmt QUEUE_AGE = {
    "retention_queue_age",
    "delete from queue_age where ctid = any (array("
    "  select ctid from queue_age"
    "   where hour < now() - make_interval(secs => $1::bigint) limit $2))",
    2, 0};

/* Who was looked up for a token and not asked: that is over with its hour (permissions.c). */
static const struct stmt LOOKED = {
    "retention_looked",
    "delete from act_permission where ctid = any (array("
    "  select ctid from act_permission where allowed_at is null and asked_at is null"
    "     and looked_at < now() - make_interval(secs => $1::bigint) limit $2))",
    2, 0};

const struct stmt *const store_retention_stmts[] = {
    &JOBS,      &MESSAGES, &RUNS,      &LOGINS,    &AUDIT,  &RESPONSES, &SETUPS,
    &DECISIONS, &CONSOLE,  &OPERATORS, &QUEUE_AGE, &LOOKED, NULL};

int store_retention_sweep(store *s, const struct retention *r, bool *ret_more, struct err *e)
{
    const struct {
        const struct stmt *stmt;
        int64_t age_s;
    } sweeps[] = {{&JOBS, r->events_s},
                  {&MESSAGES, r->runs_s},
                  {&RUNS, r->runs_s},
                  {&LOGINS, r->runs_s},
                  {&AUDIT, r->audit_s},
                  {&RESPONSES, r->events_s},
                  {&SETUPS, r->events_s},
                  {&DECISIONS, r->runs_s},
                  {&CONSOLE, r->events_s},
                  {&OPERATORS, r->events_s},
                  {&QUEUE_AGE, STORE_QUEUE_AGE_S},
                  {&LOOKED, LOOKED_S}};
    bool more = false;
    for (size_t i = 0; i < sizeof sweeps / sizeof sweeps[0]; i++) {
        const struct db_arg *args = DB_ARGS(DB_I64(sweeps[i].age_s), DB_I64(r->batch));
        if (store_query(s, sweeps[i].stmt, args, NULL, e) != 0) {
            return -1;
        }
        more = more || db_affected(s->c) >= r->batch;
    }
    *ret_more = more;
    return 0;
}
