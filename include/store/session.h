#ifndef WB_STORE_SESSION_H
#define WB_STORE_SESSION_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/account.h"
#include "base/arena.h"
#include "base/err.h"
#include "base/id.h"
#include "base/secret.h"
#include "crypto.h"
#include "db.h"

/* Access to the store, and one session of it. The common rules
 * stand in store.h. */

typedef struct stores stores; /* the process's access: pool and keys */
typedef struct store store;   /* one session: a borrowed connection and an arena */

/* Lives until stores_free; borrows pool and keys. */
stores *stores_new(db_pool *pool, const keyring *keys);
void stores_free(stores *s);

/* 0 when sessions can be opened as far as is known; else connects when that is due (db_pool_ready).
 */
int stores_ready(stores *s, struct err *e);
/* Opens a session whose results live on mem. Close it before any call out. */
int store_open(stores *s, arena *mem, store **ret, struct err *e);
void store_close(store *s); /* rolls back what was not committed; NULL is a no-op */
int store_begin(store *s, struct err *e);
int store_commit(store *s, struct err *e);
/* Both at once, and their end: store_leave commits when rc is 0, else rolls back; it closes the
 * session and returns rc, or -1 for a commit that failed. */
int store_enter(stores *s, arena *mem, store **ret, struct err *e);
int store_leave(store *s, int rc, struct err *e);
arena *store_arena(const store *s);
const char *store_process(const store *s); /* this one, in words: "process 4711 on web-1" */
/* 0 when the database answers, no migration is missing and the keys open what is stored: as of the
 * last ten seconds, where they did. */
int store_ready(store *s, struct err *e);

/* All statements of this module, for the guard that prepares each. */
const struct stmt *const *store_statements(size_t *ret_count);

#endif
