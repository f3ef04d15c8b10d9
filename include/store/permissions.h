#ifndef WB_STORE_PERMISSIONS_H
#define WB_STORE_PERMISSIONS_H

/* Which tokens may start recipes for which people (permissions.c). The common rules stand in
 * store.h. */

#include "store/session.h"

struct act_permission {
    const char *id;
    const char *token;  /* its digest */
    const char *name;   /* of the token */
    int64_t allowed_at; /* 0: not allowed */
};

/* Locked until the transaction ends: whoever takes it back waits, or was first. NULL: none. */
int store_permission_lock(store *s, const char *workspace, const char *user_id, const char *token,
                          struct act_permission **ret, struct err *e);
/* May somebody who has not allowed it be looked up at the chat and asked now? Then it is noted. Not
 * a second time within an hour or a day of the question, nor when 200 people of this token were
 * within an hour: exactly so over all replicas, as the token's row stays locked until the
 * transaction ends. */
int store_permission_look(store *s, const char *workspace, const char *user_id, const char *token,
                          bool *ret, struct err *e);
/* The person, for whom that was noted, is to be asked: notes it, and tells its id; *ret_id NULL:
 * was asked within the last day, or has answered. */
int store_permission_ask(store *s, const char *workspace, const char *user_id, const char *token,
                         const char **ret_id, struct err *e);
/* A person's question of this id is answered with yes; *ret NULL: there is none. */
int store_permission_allow(store *s, const char *workspace, const char *user_id, const char *id,
                           struct act_permission **ret, struct err *e);
/* The same for the token of the role "act" that has this name now. */
int store_permission_allow_name(store *s, const char *workspace, const char *user_id,
                                const char *name, struct act_permission **ret, struct err *e);
/* Takes back what is allowed, by id or by the token's name; *ret NULL: nothing is. */
int store_permission_end(store *s, const char *workspace, const char *user_id, const char *which,
                         struct act_permission **ret, struct err *e);
/* What this person allows, by name. */
int store_permission_list(store *s, const char *workspace, const char *user_id,
                          struct act_permission **ret, size_t *ret_count, struct err *e);
/* Does the person allow it now? Not locked. */
int store_permission_holds(store *s, const char *workspace, const char *user_id, const char *token,
                           bool *ret, struct err *e);
/* The person has left. */
int store_permission_forget(store *s, const char *workspace, const char *user_id, struct err *e);

#endif
