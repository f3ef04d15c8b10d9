#ifndef WB_TESTS_DB_STORE_SUPPORT_H
#define WB_TESTS_DB_STORE_SUPPORT_H

#include <stddef.h>

#include "store.h"
#include "tests/db/support.h"

/* A migrated database with two workspaces, each with the same names in it. */

enum { WORLD_CONNECTIONS = 12 };
#define ACME "slack:T0ACME"
#define GLOBEX "slack:T0GLOBEX"

struct world {
    struct test_db *base;
    db_pool *pool;
    keyring *keys;
    stores *stores;
};
extern struct world world;

/* cmocka group fixtures. */
int world_setup(void **state);
int world_teardown(void **state);
/* Test setup: empties all tables and makes the workspaces, users and default connections anew. */
int world_reset(void **state);

/* A session on an arena of its own; both end with world_close. */
store *world_open(void);
void world_close(store *s);

/* Fails the test with the error's words. */
#define OK(call)                                                                                   \
    do {                                                                                           \
        struct err ok_err = {.kind = ERR_NONE};                                                    \
        struct err *e = &ok_err;                                                                   \
        if ((call) != 0) {                                                                         \
            fail_msg("%s: %s", ok_err.code, ok_err.text);                                          \
        }                                                                                          \
    } while (0)
/* The call fails with this kind. */
#define FAILS(call, wanted)                                                                        \
    do {                                                                                           \
        struct err fails_err = {.kind = ERR_NONE};                                                 \
        struct err *e = &fails_err;                                                                \
        assert_int_equal((call), -1);                                                              \
        assert_string_equal(err_kind_name(fails_err.kind), err_kind_name(wanted));                 \
    } while (0)

/* The first value of an SQL question, as a number. */
int64_t world_count(const char *sql);
void world_sql(const char *sql);

/* Runs fn in `count` threads that start together; each gets its number. Asserts of cmocka belong to
 * the calling thread: fn reports through its own memory. */
void world_threads(size_t count, void (*fn)(size_t number, void *context), void *context);

/* A run job of this workspace that the caller holds by its lease. */
struct job *world_lease(store *s, const char *workspace);

/* Tokens of a name: "<name>-access", "<name>-refresh". */
struct tokens world_tokens(arena *mem, const char *name);
struct account world_account(const char *name);
/* An active connection of user under "crm"; its id. */
const char *world_connect(store *s, const char *workspace, const char *user_id, const char *name);

#endif
