#ifndef WB_OAUTH_TRY_H
#define WB_OAUTH_TRY_H

#include "oauth.h"

/* --- the sign-in itself, of the deployment (try.c): a try connects nothing and signs nobody in
 * --- */

/* How the sign-in of a platform stands. */
struct oauth_sign_in {
    struct chat_sign_in_client client;
    const char *redirect_uri;
    const struct sign_in_proof *proof; /* NULL: nobody has come back with this client and address */
};
/* *ret_any false: the platform ("slack") has no client. */
int oauth_sign_in(oauth *o, store *s, const char *platform, struct oauth_sign_in *ret,
                  bool *ret_any, struct err *e);

struct oauth_try {
    const char *platform;
    const char *session_hash; /* of the operator's session that begins it and must end it */
    const char *actor;
};
/* States of tries and of logins have different shapes, cookies and tables: none passes for the
 * other. */
bool oauth_is_try(const char *state);
/* To the platform's page. ERR_INPUT "sign_in_platform": it has no client; ERR_LIMIT
 * "too_many_tries". */
int oauth_try_begin(oauth *o, arena *mem, const struct oauth_try *t, struct oauth_begin *ret,
                    struct err *e);

/* oauth_tried.reason besides OAUTH_SIGN_IN_BARRED, OAUTH_PROVIDER_ERROR and codes of
 * chat_driver.sign_in(): */
#define OAUTH_TRY_PROVEN "proven"
#define OAUTH_TRY_DENIED "denied"
/* used, too old, of another browser, session or path */
#define OAUTH_TRY_UNKNOWN "try_unknown"
#define OAUTH_TRY_CHANGED "client_changed" /* the settings are others than when it was begun */
#define OAUTH_TRY_PLACE "other_place"      /* somebody of another tenant came back */
struct oauth_tried {
    const char *reason;
    const char *why;          /* in words, for the log and the operator; NULL: there are none */
    struct chat_identity who; /* OAUTH_TRY_PROVEN */
    const char *workspace;    /* the same: where that is, and stands in its audit; NULL: Workbot is
                                 in none of that person's */
};
/* 0 for every reason above; -1 only for our own faults. */
int oauth_try_return(oauth *o, arena *mem, const struct oauth_try *t, const struct oauth_return *r,
                     struct oauth_tried *ret, struct err *e);

#endif
