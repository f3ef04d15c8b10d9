#include "db_int.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/die.h"
#include "base/str.h"

/*
 * SQLSTATE (PostgreSQL manual, appendix A) to our errors. A row matches by prefix, the first wins;
 * code NULL is the name of the violated constraint. `gone`: the session has ended or must end.
 */
static const struct sqlstate {
    const char *prefix;
    enum err_kind kind;
    const char *code;
    bool gone;
} sqlstates[] = {
    {"23505", ERR_CONFLICT, NULL, false},         /* unique_violation */
    {"23P01", ERR_CONFLICT, NULL, false},         /* exclusion_violation */
    {"40001", ERR_DATABASE, "db_retry", false},   /* serialization_failure */
    {"40P01", ERR_DATABASE, "db_retry", false},   /* deadlock_detected */
    {"55P03", ERR_DATABASE, "db_retry", false},   /* lock_not_available */
    {"57014", ERR_DATABASE, "db_timeout", false}, /* query_canceled: statement_timeout */
    {"25006", ERR_DATABASE, "db_away", true},     /* read_only: this server was demoted */
    {"25P03", ERR_DATABASE, "db_away", true},     /* idle_in_transaction_session_timeout */
    {"57P", ERR_DATABASE, "db_away", true},       /* shutdown, crash, starting up */
    {"08", ERR_DATABASE, "db_away", true},        /* connection exceptions */
    {"53", ERR_DATABASE, "db_resources", false},  /* disk, memory or connections run out */
    {"58", ERR_DATABASE, "db_resources", false},  /* system errors of the server's machine */
    {"", ERR_INTERNAL, "db_statement", false},
};

static const char *state_of(const PGresult *error)
{
    const char *state = PQresultErrorField(error, PG_DIAG_SQLSTATE);
    return state == NULL ? "" : state;
}

static const struct sqlstate *find(const char *state)
{
    const struct sqlstate *row = sqlstates;
    while (!str_starts(state, row->prefix)) {
        row++; /* ends at the empty prefix */
    }
    return row;
}

bool sqlstate_is(const PGresult *error, const char *state)
{
    return error != NULL && str_equal(state_of(error), state);
}

bool sqlstate_gone(const PGresult *error)
{
    const char *severity = PQresultErrorField(error, PG_DIAG_SEVERITY_NONLOCALIZED);
    return find(state_of(error))->gone || str_equal(severity, "FATAL") ||
           str_equal(severity, "PANIC");
}

int sqlstate_err(const PGresult *error, const char *what, struct err *e)
{
    const char *state = state_of(error);
    const struct sqlstate *row = find(state);
    const char *code = row->code;
    const char *constraint = PQresultErrorField(error, PG_DIAG_CONSTRAINT_NAME);
    if (code == NULL) {
        code = constraint == NULL ? NULL : intern(constraint);
        code = code == NULL ? "db_conflict" : code;
    }
    /* Class 22 quotes the value that it could not read, details quote keys: neither is for a log.
     */
    const char *message = PQresultErrorField(error, PG_DIAG_MESSAGE_PRIMARY);
    if (message == NULL || str_starts(state, "22")) {
        message = "value refused";
    }
    return err_set(e, row->kind, code, "%s: %s %s", what, state, message);
}

enum { INTERN_MAX = 1024 };

static struct {
    pthread_mutex_t lock;
    size_t count;
    char *items[INTERN_MAX];
} interned = {.lock = PTHREAD_MUTEX_INITIALIZER};

static const char *intern_locked(const char *text)
{
    for (size_t i = 0; i < interned.count; i++) {
        if (str_equal(interned.items[i], text)) {
            return interned.items[i];
        }
    }
    if (interned.count == INTERN_MAX) {
        return NULL;
    }
    char *copy = strdup(text);
    if (copy == NULL) {
        die("out of memory");
    }
    interned.items[interned.count++] = copy;
    return copy;
}

const char *intern(const char *text)
{
    pthread_mutex_lock(&interned.lock);
    const char *found = intern_locked(text);
    pthread_mutex_unlock(&interned.lock);
    return found;
}
