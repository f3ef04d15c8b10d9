#include "db_int.h"

#include <pthread.h>
#include <stdio.h>
#include <time.h>

#include "base/clock.h"
#include "base/die.h"
#include "base/metrics.h"

/*
 * A fixed set of slots, each with at most one connection. One lock, held for a few instructions
 * only: connecting, closing and rolling back happen outside of it, by the thread that has the slot.
 *
 * When the server is away, connecting is tried by one thread at a time and not before retry_at_us;
 * everybody else is refused at once, so that a dead server costs no request a connect timeout.
 */
struct db_pool {
    arena *mem;
    struct conn_options connect;
    bool prepare;
    int64_t wait_ms;
    pthread_mutex_t lock;
    pthread_cond_t freed;
    size_t count;
    db *slots;
    int failures; /* connects that failed since the last that did not */
    int64_t retry_at_us;
    bool probing;
};

enum { BACKOFF_FIRST_MS = 100, BACKOFF_DOUBLINGS = 4 };

db_pool *db_pool_new(const struct db_options *options)
{
    if (options->connections == 0) {
        die("a database pool without connections");
    }
    arena *mem = arena_new();
    db_pool *p = arena_alloc(mem, sizeof *p);
    p->mem = mem;
    p->connect = (struct conn_options){
        .url = secret_new(mem, secret_reveal(options->url), options->url.len),
        .statement_ms = options->statement_ms,
        .startup_settings = options->prepare,
    };
    p->prepare = options->prepare;
    p->wait_ms = options->wait_ms;
    p->count = options->connections;
    p->slots = arena_array(mem, p->count, sizeof *p->slots);
    pthread_condattr_t attributes;
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_mutex_init(&p->lock, NULL);
    pthread_cond_init(&p->freed, &attributes);
    pthread_condattr_destroy(&attributes);
    return p;
}

static void disconnect(db *c)
{
    PQfinish(c->conn);
    c->conn = NULL;
}

void db_pool_free(db_pool *p)
{
    if (p == NULL) {
        return;
    }
    for (size_t i = 0; i < p->count; i++) {
        if (p->slots[i].taken) {
            die("a database pool is freed while a connection is borrowed");
        }
        disconnect(&p->slots[i]);
    }
    pthread_cond_destroy(&p->freed);
    pthread_mutex_destroy(&p->lock);
    arena_free(p->mem);
}

/* The first free slot with a connection (so that few connections stay busy), else any free one. */
static db *find_free(db_pool *p)
{
    db *empty = NULL;
    for (size_t i = 0; i < p->count; i++) {
        db *c = &p->slots[i];
        if (c->taken) {
            continue;
        }
        if (c->conn != NULL) {
            return c;
        }
        if (empty == NULL) {
            empty = c;
        }
    }
    return empty;
}

static db *claim(db_pool *p)
{
    struct timespec until;
    clock_gettime(CLOCK_MONOTONIC, &until);
    int64_t nsec = until.tv_nsec + (p->wait_ms % 1000) * 1000000;
    until.tv_sec += (time_t)(p->wait_ms / 1000 + nsec / 1000000000);
    until.tv_nsec = (long)(nsec % 1000000000);
    pthread_mutex_lock(&p->lock);
    db *c = find_free(p);
    int waited = 0;
    while (c == NULL && waited == 0) {
        waited = pthread_cond_timedwait(&p->freed, &p->lock, &until);
        c = find_free(p);
    }
    if (c != NULL) {
        c->taken = true;
    }
    pthread_mutex_unlock(&p->lock);
    return c;
}

static void release(db_pool *p, db *c)
{
    pthread_mutex_lock(&p->lock);
    c->taken = false;
    pthread_cond_signal(&p->freed);
    pthread_mutex_unlock(&p->lock);
}

/* 0 when this thread may connect, else the time to wait. */
static int64_t gate_enter(db_pool *p)
{
    int64_t wait_us = 0;
    pthread_mutex_lock(&p->lock);
    if (p->failures > 0) {
        int64_t left_us = p->retry_at_us - clock_mono_us();
        if (left_us > 0 || p->probing) {
            wait_us = left_us > 0 ? left_us : BACKOFF_FIRST_MS * 1000;
        } else {
            p->probing = true;
        }
    }
    pthread_mutex_unlock(&p->lock);
    return wait_us;
}

static void gate_leave(db_pool *p, bool connected)
{
    int64_t now_us = clock_mono_us();
    pthread_mutex_lock(&p->lock);
    p->probing = false;
    if (connected) {
        p->failures = 0;
        p->retry_at_us = 0;
    } else if (now_us >= p->retry_at_us) { /* threads that fail together count once */
        int doublings = p->failures < BACKOFF_DOUBLINGS ? p->failures : BACKOFF_DOUBLINGS;
        p->retry_at_us = now_us + ((int64_t)BACKOFF_FIRST_MS << doublings) * 1000;
        p->failures++;
    }
    pthread_mutex_unlock(&p->lock);
}

/* Behind a pooler that refuses settings in the startup packet. They land on whichever server
 * connection the pooler lends, and over time on all of them. */
static int apply_settings(db *c, struct err *e)
{
    char sql[2][80];
    snprintf(sql[0], sizeof sql[0], "set statement_timeout = %lld", (long long)c->statement_ms);
    snprintf(sql[1], sizeof sql[1], "set idle_in_transaction_session_timeout = %d",
             IDLE_IN_TRANSACTION_MS);
    for (size_t i = 0; i < 2; i++) {
        struct answer a;
        exec_command(c, sql[i], &a);
        int outcome = a.lost || a.error != NULL ? answer_err(c, &a, "settings", e) : 0;
        answer_clear(&a);
        if (outcome != 0) {
            return -1;
        }
    }
    return 0;
}

static int connect_slot(db_pool *p, db *c, struct err *e)
{
    c->pool = p;
    c->broken = false;
    c->prepare = p->prepare;
    c->statement_ms = p->connect.statement_ms;
    c->tx = TX_NONE;
    prepared_forget(&c->prepared);
    if (conn_open(&p->connect, &c->conn, e) != 0) {
        return -1;
    }
    if (PQsetnonblocking(c->conn, 1) != 0 || PQenterPipelineMode(c->conn) == 0) {
        die("libpq refuses pipeline mode");
    }
    if (!p->connect.startup_settings && apply_settings(c, e) != 0) {
        disconnect(c);
        return -1;
    }
    return 0;
}

static int ensure_connected(db_pool *p, db *c, struct err *e)
{
    if (c->conn != NULL && conn_alive(c->conn)) {
        return 0;
    }
    disconnect(c);
    int64_t wait_us = gate_enter(p);
    if (wait_us > 0) {
        err_set(e, ERR_DATABASE, "db_away", "no connection; the next try is due");
        e->retry_after_ms = wait_us / 1000 + 1;
        return -1;
    }
    int outcome = connect_slot(p, c, e);
    gate_leave(p, outcome == 0);
    return outcome;
}

int db_take(db_pool *p, db **ret, struct err *e)
{
    int64_t started_us = clock_mono_us();
    db *c = claim(p);
    metric_observe(METRIC_DB_WAIT_SECONDS, NULL, (double)(clock_mono_us() - started_us) / 1e6);
    if (c == NULL) {
        return err_set(e, ERR_DATABASE, "db_pool", "all %zu connections are busy for %lld ms",
                       p->count, (long long)p->wait_ms);
    }
    if (ensure_connected(p, c, e) != 0) {
        release(p, c);
        return -1;
    }
    c->affected = 0;
    *ret = c;
    return 0;
}

int db_pool_ready(db_pool *p, struct err *e)
{
    db *c = NULL;
    pthread_mutex_lock(&p->lock);
    bool away = p->failures > 0;
    pthread_mutex_unlock(&p->lock);
    if (away && db_take(p, &c, e) != 0) {
        return -1;
    }
    db_give(c);
    return 0;
}

void db_give(db *c)
{
    if (c == NULL) {
        return;
    }
    if (!c->taken) {
        die("a database connection is given back twice");
    }
    db_rollback(c);
    if (c->broken) {
        disconnect(c);
    }
    release(c->pool, c);
}
