#ifndef WB_STORE_SETUPS_H
#define WB_STORE_SETUPS_H

/* Set-up links, by which an operator lets somebody become an admin of a workspace. The common rules
 * stand in store.h. Locks: a user, then the workspace, then its links. */

#include "store/session.h"

enum {
    SETUP_LIVE_MAX = 20,  /* links of a workspace that can be used at a time */
    SETUP_CODES_MAX = 10, /* codes that one link shows */
    SETUP_TRIES = 3       /* wrong ones, by whomever, that a code outlives but for the last */
};

struct setup {
    const char *workspace;
    const char *id;
    const char *made_by;     /* as the audit names the operator */
    const char *handle_hash; /* the link itself stands nowhere */
    const char *code_hash;   /* NULL: it shows none */
    int64_t code_expires_at;
    int64_t codes; /* shown so far */
    int64_t expires_at, used_at, ended_at;
};
/* ERR_LIMIT "too_many_links" while SETUP_LIVE_MAX others can be used. */
int store_setup_add(store *s, const struct setup *x, struct err *e);
int store_setup_by_handle(store *s, const char *workspace, const char *handle_hash,
                          struct setup **ret, struct err *e);
/* Its code is x->code_hash until x->code_expires_at, or until the link itself ends, and any earlier
 * one is good no more. *ret false: the link is over, or has shown its last code. */
int store_setup_show(store *s, const struct setup *x, bool *ret, struct err *e);
/* Links with a code that is good, locked until the transaction ends. */
int store_setup_waiting(store *s, const char *workspace, struct setup **ret, size_t *ret_count,
                        struct err *e);
/* The same to look at, locking nothing. */
int store_setup_shown(store *s, const char *workspace, struct setup **ret, size_t *ret_count,
                      struct err *e);
/* A wrong code was typed: a try of each that is good. *ret: ids of the links whose code ended. */
int store_setup_wrong(store *s, const char *workspace, const char ***ret, size_t *ret_count,
                      struct err *e);
/* Its code is good no more; the link may show another. */
int store_setup_hide(store *s, const char *workspace, const char *id, struct err *e);
/* The link is used up and this user an admin, with a line in the audit. *ret false: the link is
 * over. The caller holds the user's row and has seen that a member stands in it. */
int store_setup_take(store *s, const char *workspace, const char *handle_hash, const char *user_id,
                     bool *ret, struct err *e);
/* Takes all back that were not used. */
int store_setup_end(store *s, const char *workspace, int64_t *ret_count, struct err *e);

#endif
