#ifndef WB_TESTS_DB_SUPPORT_H
#define WB_TESTS_DB_SUPPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/secret.h"
#include "db.h"

/*
 * A database of its own for each test program, on the server that WORKBOT_TEST_PG names (libpq URI
 * of a superuser). Without that variable the program fails: there is nothing to test against.
 * Everything here ends the program with a sentence when it cannot do its work.
 */
struct test_db {
    arena *mem;
    const char *name;
    const char *url; /* libpq URI of this database */
};

/* Group fixtures of cmocka: *state becomes a struct test_db. */
int test_db_setup(void **state);
int test_db_teardown(void **state);

struct test_db *test_db_new(void);
/* Drops the database, whoever is still connected. */
void test_db_free(struct test_db *d);

/* url with one connection parameter replaced or added, e.g. "host", "127.0.0.1". */
const char *test_url_with(arena *mem, const char *url, const char *key, const char *value);

/* A pool with prepared statements, 2 s of waiting and 10 s of statement_timeout. */
db_pool *test_pool(const char *url, size_t connections);
/* Takes a connection or fails the test. */
db *test_take(db_pool *p);
/* db_pool_free that first gives back what a failed test has taken with test_take, so that its
 * failure is what the program reports. */
void test_pool_free(db_pool *p);

/* Runs SQL (several statements allowed) on a connection of its own, beside the pool. */
void test_sql(const char *url, const char *sql);
/* The first value of the answer; NULL when there is no row or it is NULL. */
const char *test_sql_text(arena *mem, const char *url, const char *sql);
/* Asks again and again until the first value is `wanted`; fails after 10 s. */
void test_sql_until(const char *url, const char *sql, const char *wanted);

/* Runs SQL through a pool connection; for statements that are written in the test itself. The text
 * must be a literal: it is the prepared statement's identity. */
int test_run(db *c, const char *sql, struct err *e);

#endif
