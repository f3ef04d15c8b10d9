#include "db_int.h"

#include "base/die.h"
#include "base/str.h"

static _Thread_local int transactions_of_thread;

int db_begin(db *c, struct err *e)
{
    if (c->tx != TX_NONE) {
        die("a transaction inside a transaction");
    }
    if (c->broken) {
        return err_set(e, ERR_DATABASE, "db_away", "begin: the connection was lost before");
    }
    c->tx = TX_WANTED;
    transactions_of_thread++;
    return 0;
}

void tx_end(db *c)
{
    c->tx = TX_NONE;
    transactions_of_thread--;
}

/* The answer to COMMIT was not heard. Only a session that the server had ended for idling is known
 * to have ended before the COMMIT arrived. */
static int commit_lost(const db *c, const struct answer *a, struct err *e)
{
    answer_err(c, a, "commit", e);
    if (a->sent && !sqlstate_is(a->error, "25P03")) {
        e->kind = ERR_DATABASE;
        e->code = "db_commit_unknown";
        e->maybe_done = true;
    }
    return -1;
}

static int send_commit(db *c, struct err *e)
{
    struct answer a;
    exec_command(c, "commit", &a);
    int outcome = 0;
    if (a.lost) {
        outcome = commit_lost(c, &a, e);
    } else if (a.error != NULL) {
        outcome = sqlstate_err(a.error, "commit", e);
    } else if (!str_equal(PQcmdStatus(a.result), "COMMIT")) {
        outcome = err_set(e, ERR_INTERNAL, "db_statement", "commit: the server rolled back");
    }
    answer_clear(&a);
    return outcome;
}

int db_commit(db *c, struct err *e)
{
    if (c->tx == TX_NONE) {
        die("a commit without a transaction");
    }
    if (c->tx == TX_FAILED) {
        bool away = c->broken;
        db_rollback(c);
        return err_set(e, away ? ERR_DATABASE : ERR_INTERNAL, away ? "db_away" : "db_statement",
                       "commit: the transaction has failed before");
    }
    int outcome = c->tx == TX_OPEN ? send_commit(c, e) : 0;
    tx_end(c);
    return outcome;
}

void db_rollback(db *c)
{
    if (c->tx == TX_NONE) {
        return;
    }
    if (c->tx != TX_WANTED && !c->broken) {
        struct answer a;
        exec_command(c, "rollback", &a);
        c->broken = c->broken || a.error != NULL;
        answer_clear(&a);
    }
    tx_end(c);
}

bool db_in_transaction(const db *c)
{
    return c->tx != TX_NONE;
}

bool db_thread_in_transaction(void)
{
    return transactions_of_thread > 0;
}
