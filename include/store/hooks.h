#ifndef WB_STORE_HOOKS_H
#define WB_STORE_HOOKS_H

/* Addresses where apps tell of their own events. The common rules stand in store.h. */

#include "store/session.h"

struct hook {
    const char *workspace;
    const char *name;
    const char *kind;   /* "salesforce_outbound", "servicenow", "box", "json" */
    const char *handle; /* of its public address, behind the key of the route */
    bool enabled;
    const json_t *rules;         /* how a message is proven and known again (apps/hook.h) */
    struct secret first, second; /* the secret and the one before it; of Box: its two keys */
    int64_t second_until;        /* 0: as long as it stands there */
    int64_t created_at, updated_at;
    int64_t stored_us; /* updated_at in microseconds: tells one change from the next */
};

/* Inserts or replaces everything but handle and created_at. The first put makes a handle where
 * none is given. */
int store_hook_put(store *s, const struct hook *h, struct err *e);
int store_hook_find(store *s, const char *workspace, const char *name, struct hook **ret,
                    struct err *e);
/* By the parts of its public address; of a workspace that was removed there is none. */
int store_hook_at(store *s, const char *route, const char *handle, struct hook **ret,
                  struct err *e);
/* In the order of their names. */
int store_hook_list(store *s, const char *workspace, struct hook **ret, size_t *ret_count,
                    struct err *e);
/* ERR_NOT_FOUND "no_hook". */
int store_hook_delete(store *s, const char *workspace, const char *name, struct err *e);
/* Its address stays. */
int store_hook_rename(store *s, const struct hook *h, const char *name, struct err *e);

#endif
