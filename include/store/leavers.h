#ifndef WB_STORE_LEAVERS_H
#define WB_STORE_LEAVERS_H

/* People who leave, and finding out who has (leavers.c). The common rules stand in store.h. */

#include "store/session.h"

/* Takes this user's rights in the workspace away. Before any lock of logins and connections. */
struct store_rights {
    bool installer, admin;
};
int store_rights_drop(store *s, const char *workspace, const char *user_id,
                      struct store_rights *ret_had, struct err *e);

/* Tokens of default connections whose owner is this user (or is not known, and the user was the
 * installer) rest for rest_s: needs_attention with this reason. *ret: the connections' names. */
struct owner_left {
    const char *workspace;
    const char *user_id;
    bool was_installer;
    const char *reason;
    int64_t rest_s;
};
int store_owner_left(store *s, const struct owner_left *q, const char ***ret, size_t *ret_count,
                     struct err *e);
/* One connection that rests with this reason and whose time is over, locked: its id; NULL: none. */
int store_owner_left_due(store *s, const char *reason, const char **ret_workspace,
                         const char **ret_id, struct err *e);

/* What was known of a person but the name, which stands in what was done. */
int store_user_forget(store *s, const char *workspace, const char *user_id, struct err *e);

/* Users, in the order of their ids, who have connections, open logins or open runs, or rights. */
int store_people_page(store *s, const char *workspace, const char *after_user_id, int64_t limit,
                      const char ***ret, size_t *ret_count, struct err *e);
/* Active workspaces whose people are to be compared with what the platform says of them: each is
 * given once in every_s, at a time of its own in the first quarter of that. At most max. */
int store_reconcile_due(store *s, int64_t every_s, int64_t max, const char ***ret,
                        size_t *ret_count, struct err *e);
/* As soon as a process looks. */
int store_reconcile_soon(store *s, const char *workspace, struct err *e);

#endif
