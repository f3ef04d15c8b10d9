#include "tests/db/support.h"

#include <libpq-fe.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/die.h"
#include "base/str.h"
#include "service/db/db_int.h"

enum { URL_MAX = 4096, TAKEN_MAX = 64, UNTIL_MS = 10000, PAUSE_MS = 10 };

const char *test_url_with(arena *mem, const char *url, const char *key, const char *value)
{
    PQconninfoOption *list = PQconninfoParse(url, NULL);
    if (list == NULL) {
        die("not a libpq URI");
    }
    struct str s = str_new(mem, URL_MAX);
    str_printf(&s, "postgresql://?%s=", key);
    str_add_url(&s, value);
    for (const PQconninfoOption *o = list; o->keyword != NULL; o++) {
        if (o->val != NULL && strcmp(o->keyword, key) != 0) {
            str_printf(&s, "&%s=", o->keyword);
            str_add_url(&s, o->val);
        }
    }
    PQconninfoFree(list);
    return s.text;
}

static PGconn *test_connect(const char *url)
{
    PGconn *conn = PQconnectdb(url);
    if (PQstatus(conn) != CONNECTION_OK) {
        die("the test database cannot be reached: %s", PQerrorMessage(conn));
    }
    return conn;
}

const char *test_sql_text(arena *mem, const char *url, const char *sql)
{
    PGconn *conn = test_connect(url);
    PGresult *r = PQexec(conn, sql);
    ExecStatusType status = PQresultStatus(r);
    if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK) {
        die("%s: %s", sql, PQerrorMessage(conn));
    }
    const char *text = NULL;
    if (mem != NULL && PQntuples(r) > 0 && PQgetisnull(r, 0, 0) == 0) {
        text = arena_strdup(mem, PQgetvalue(r, 0, 0));
    }
    PQclear(r);
    PQfinish(conn);
    return text;
}

void test_sql(const char *url, const char *sql)
{
    (void)test_sql_text(NULL, url, sql);
}

void test_sql_until(const char *url, const char *sql, const char *wanted)
{
    int64_t until_ms = clock_mono_ms() + UNTIL_MS;
    while (clock_mono_ms() < until_ms) {
        arena *mem = arena_new();
        bool same = str_equal(test_sql_text(mem, url, sql), wanted);
        arena_free(mem);
        if (same) {
            return;
        }
        nanosleep(&(struct timespec){.tv_nsec = PAUSE_MS * 1000000L}, NULL);
    }
    die("%s: did not become %s", sql, wanted);
}

static const char *server_url(void)
{
    const char *url = getenv("WORKBOT_TEST_PG");
    if (url == NULL || url[0] == '\0') {
        die("WORKBOT_TEST_PG is not set: it names the PostgreSQL server for these tests");
    }
    return url;
}

struct test_db *test_db_new(void)
{
    uint64_t random = 0;
    if (getrandom(&random, sizeof random, 0) != (ssize_t)sizeof random) {
        die("no random bytes");
    }
    arena *mem = arena_new();
    struct test_db *d = arena_alloc(mem, sizeof *d);
    d->mem = mem;
    d->name = arena_printf(mem, "workbot_test_%016llx", (unsigned long long)random);
    d->url = test_url_with(mem, server_url(), "dbname", d->name);
    test_sql(server_url(), arena_printf(mem, "create database %s template template0", d->name));
    return d;
}

void test_db_free(struct test_db *d)
{
    test_sql(server_url(), arena_printf(d->mem, "drop database %s with (force)", d->name));
    arena_free(d->mem);
}

int test_db_setup(void **state)
{
    *state = test_db_new();
    return 0;
}

int test_db_teardown(void **state)
{
    test_db_free(*state);
    return 0;
}

db_pool *test_pool(const char *url, size_t connections)
{
    arena *mem = arena_new();
    struct db_options options = {.url = secret_of(mem, url),
                                 .connections = connections,
                                 .prepare = true,
                                 .wait_ms = 2000,
                                 .statement_ms = 10000};
    db_pool *p = db_pool_new(&options);
    arena_free(mem);
    return p;
}

/* By the test's main thread only. */
static db *taken[TAKEN_MAX];
static size_t next_taken;

db *test_take(db_pool *p)
{
    struct err e = {0};
    db *c = NULL;
    if (db_take(p, &c, &e) != 0) {
        fail_msg("no connection: %s %s", e.code, e.text);
    }
    taken[next_taken++ % TAKEN_MAX] = c;
    return c;
}

void test_pool_free(db_pool *p)
{
    for (size_t i = 0; i < TAKEN_MAX; i++) {
        if (taken[i] != NULL && taken[i]->pool == p) {
            if (taken[i]->taken) {
                db_give(taken[i]);
            }
            taken[i] = NULL;
        }
    }
    db_pool_free(p);
}

int test_run(db *c, const char *sql, struct err *e)
{
    arena *mem = arena_new();
    uint64_t hash = 5381;
    for (const char *at = sql; *at != '\0'; at++) {
        hash = hash * 33 + (uint8_t)*at;
    }
    const struct stmt s = {.name = arena_printf(mem, "test_%016llx", (unsigned long long)hash),
                           .sql = sql};
    int outcome = db_query(c, &s, DB_NO_ARGS, mem, NULL, e);
    arena_free(mem);
    return outcome;
}
