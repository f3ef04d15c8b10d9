#ifndef WB_STORE_LOGINS_H
#define WB_STORE_LOGINS_H

/* Attempts to make a connection, and the OAuth states of their browsers. The common rules
 * stand in store.h. */

#include "store/people.h"
#include "store/session.h"

/* --- logins (logins.c) and OAuth states (states.c) --- */

enum login_state {
    LOGIN_OPEN,
    LOGIN_CODE,
    LOGIN_DONE,
    LOGIN_CANCELLED,
    LOGIN_EXPIRED,
    LOGIN_REFUSED,
    LOGIN_STATE_COUNT
};

struct login {
    const char *workspace;
    const char *id;
    const char *user_id; /* "": of a default connection's own tokens */
    const char *default_name;
    bool adds;              /* one more account, beside the one that is connected */
    const char *run_id;     /* NULL: connect ahead of need */
    const char *message_id; /* the prompt */
    enum login_state state;
    const char *reason;
    const char *requested_by; /* audit actor */
    int64_t code_tries;
    int64_t code_expires_at;
    const char *code_hash; /* LOGIN_DONE: of all codes that it was proven with, spaces between */
    json_t *provisional;   /* opened; NULL when there is none */
    const char *proven; /* LOGIN_CODE: how it is proven whose it is ("code", "sign_in"), while its
                           person has yet to choose a site; NULL: by a code, which is awaited */
    int64_t expires_at;
    int64_t created_at, updated_at;
};

/* Of a default connection's own tokens, and asked for in the chat: its prompt and its code stand
 * there. One that the API or the console asked for has no message. */
bool store_login_takes_over(const struct login *l);
/* The admin who asked for a default connection's login; NULL: another's login, or an operator. */
const char *store_login_admin(const struct login *l);
/* Whose it is in the chat: its user, or the admin who takes over; "": nobody's there. */
const char *store_login_person(const struct login *l);
/* May that person (u; NULL: not known) still go on with it? Who takes over must be an admin now. */
bool store_login_allowed(const struct login *l, const struct user *u, const struct workspace *w);

int store_login_add(store *s, const struct login *l, const char *handle_hash, struct err *e);
int store_login_by_handle(store *s, const char *workspace, const char *handle_hash,
                          struct login **ret, struct err *e);
int store_login_find(store *s, const char *workspace, const char *id, struct login **ret,
                     struct err *e);
/* The same, locked until the transaction ends: who decides about a login decides alone. */
int store_login_lock(store *s, const char *workspace, const char *id, struct login **ret,
                     struct err *e);
/* The newest open or code-waiting login of this user under this default connection, locked. */
int store_login_find_open(store *s, const char *workspace, const char *user_id,
                          const char *default_name, struct login **ret, struct err *e);
/* A code that is awaited, and that nobody has typed yet. */
bool store_login_waits_for_code(const struct login *l);
/* All that wait for a code of this person, store_login_person(), newest first; "": of all default
 * connections. Locked until commit. */
int store_login_waiting_code(store *s, const char *workspace, const char *user_id,
                             struct login **ret, size_t *ret_count, struct err *e);
/* Everybody's that wait for one at this client of an app; not locked, and without those whose
 * sealed value does not open. */
int store_login_waiting_at(store *s, const char *workspace, const char *app, const char *client_id,
                           struct login **ret, size_t *ret_count, struct err *e);
/* A user's open and code-waiting logins, newest first; not locked. */
int store_login_list_open(store *s, const char *workspace, const char *user_id, struct login **ret,
                          size_t *ret_count, struct err *e);
/* The same, and those with which this admin takes a default connection over. */
int store_login_list_all_open(store *s, const char *workspace, const char *user_id,
                              struct login **ret, size_t *ret_count, struct err *e);
/* Those that came to an end (done, expired, refused) no longer than this ago, newest first. */
int store_login_list_ended(store *s, const char *workspace, const char *user_id, int64_t within_s,
                           struct login **ret, size_t *ret_count, struct err *e);
int store_login_set_run(store *s, const char *workspace, const char *id, const char *run_id,
                        const char *message_id, struct err *e);
/* open or code -> code: keeps provisional (sealed), l's code_hash, code_expires_at and proven,
 * tries 0. ERR_CONFLICT "login_over" from any other state. */
int store_login_provisional(store *s, const struct login *l, json_t *provisional, struct err *e);
/* A login that keeps something is proven so, and waits until then for its person's choice. */
int store_login_set_proven(store *s, const struct login *l, const char *proven, int64_t until,
                           struct err *e);
/* Counts one wrong try; *ret_tries is the new number. */
int store_login_wrong_code(store *s, const char *workspace, const char *id, int64_t *ret_tries,
                           struct err *e);
/* Ends it or puts it back to open; the provisional tokens are wiped. */
int store_login_set_state(store *s, const char *workspace, const char *id, enum login_state state,
                          const char *reason, struct err *e);
/* Done; code_hash: what tells its codes again when they are sent once more; NULL: there were none.
 */
int store_login_set_done(store *s, const char *workspace, const char *id, const char *code_hash,
                         struct err *e);
/* Logins whose handle or code is over: set expired, provisional opened for revoking (NULL when it
 * does not open); at most max. */
int store_login_expire(store *s, int64_t max, struct login **ret, size_t *ret_count, struct err *e);

struct oauth_state {
    const char *workspace;
    const char *purpose; /* "app", "identity", "console", "install" */
    const char *login_id;
    const char *default_name;
    int64_t client_version;
    const char *redirect_uri;
    struct secret verifier; /* "identity": the nonce */
    const char *cookie_hash;
    bool proven; /* its browser has signed in at the chat as the login's user */
    int64_t expires_at;
    int64_t used_at;
};
int store_state_add(store *s, const struct oauth_state *o, const char *state_hash, struct err *e);
struct state_use {
    const char *state_hash, *purpose;
    const char *cookie_hash; /* of the browser's cookie */
};
/* Marks it used and returns it, once, over all replicas; NULL when unknown, expired, used, of
 * another purpose or another browser's: who has not its cookie spends nothing. */
int store_state_use(store *s, const char *workspace, const struct state_use *use,
                    struct oauth_state **ret, struct err *e);
int store_state_purge(store *s, int64_t older_than_s, int64_t *ret_count, struct err *e);

#endif
