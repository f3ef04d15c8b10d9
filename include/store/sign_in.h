#ifndef WB_STORE_SIGN_IN_H
#define WB_STORE_SIGN_IN_H

/* Tries of the chat platforms' sign-in, of the deployment and of no workspace, and what they have
 * proven. The common rules stand in store.h. */

#include "store/session.h"

enum { SIGN_IN_TRIES_MAX = 20 }; /* of one session at a time */

/* What a try is of: another client or address is another one. */
struct sign_in_client {
    const char *platform; /* "slack" */
    const char *client_id, *redirect_uri;
};

/* One way of a browser to the platform's page and back. */
struct sign_in_try {
    const char *state_hash, *cookie_hash;
    const char *session_hash; /* of the operator's session (console.h) */
    struct sign_in_client of;
};
/* ERR_LIMIT "too_many_tries": of this session SIGN_IN_TRIES_MAX are on their way. */
int store_sign_in_try(store *s, const struct sign_in_try *t, int64_t ttl_s, struct err *e);
/* Once, by the browser and the session that began it, on the path of its platform; of t->of the
 * platform alone is looked at. *ret what it was of; NULL: there is no such try, and nothing is
 * spent. */
int store_sign_in_return(store *s, const struct sign_in_try *t, struct sign_in_client **ret,
                         struct err *e);

struct sign_in_proof {
    struct sign_in_client of;
    const char *place; /* "T0ACME001", or a tenant's id */
    const char *actor; /* the operator's */
    int64_t proven_at; /* not for store_sign_in_prove() */
};
/* In place of what was proven of this platform before. */
int store_sign_in_prove(store *s, const struct sign_in_proof *p, struct err *e);
int store_sign_in_proof_find(store *s, const struct sign_in_client *of, struct sign_in_proof **ret,
                             struct err *e);

#endif
