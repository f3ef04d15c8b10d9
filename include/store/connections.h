#ifndef WB_STORE_CONNECTIONS_H
#define WB_STORE_CONNECTIONS_H

/* Tokens: connections of one owner, and their refresh by lease and generation. The common rules
 * stand in store.h. */

#include "store/session.h"

/* --- connections: the tokens of one owner (connections.c, connection_tokens.c) --- */

enum connection_state {
    CONNECTION_PROVISIONAL,
    CONNECTION_ACTIVE,
    CONNECTION_NEEDS_ATTENTION,
    CONNECTION_NEEDS_LOGIN,
    CONNECTION_DISCONNECTED,
    CONNECTION_STATE_COUNT
};
const char *connection_state_name(enum connection_state state);

struct connection {
    const char *workspace;
    const char *id;
    const char *default_name;
    const char *app;     /* of its default connection */
    const char *user_id; /* "" for the default connection's own tokens */
    bool resting;        /* another account of this user is chosen, and this one acts for nobody */
    enum connection_state state;
    const char
        *reason; /* stable code: "revoked_at_app", "refresh_refused", "client_changed", ... */
    struct account account;
    struct tokens tokens; /* empty unless opened by a function that says so */
    int64_t generation;
    bool rotates;          /* a refresh once brought another refresh token */
    int64_t refresh_until; /* lease of the one refresher */
    int64_t cool_until;    /* no refresh before */
    int64_t failures;
    const char *assurance;
    const char *owner; /* of a default connection's own tokens: whose leaving ends them, or NULL */
    int64_t connected_at, last_used_at, created_at;
};
/* Its grant does, as far as anybody knows: active, or only in want of attention. NULL: no. */
bool connection_acts(const struct connection *c);

/* The owner's connection under a default connection, whatever its state; tokens opened. Of several
 * accounts of one user it is the chosen one; NULL: none is. */
int store_connection_find(store *s, const char *workspace, const char *default_name,
                          const char *user_id, struct connection **ret, struct err *e);
int store_connection_load(store *s, const char *workspace, const char *id, struct connection **ret,
                          struct err *e); /* tokens opened */
/* The same, locked until the transaction ends: no refresh stores tokens meanwhile. */
int store_connection_lock(store *s, const char *workspace, const char *id, struct connection **ret,
                          struct err *e);
/* A user's connections without tokens, by app and name; of several accounts the chosen one first.
 */
int store_connection_list(store *s, const char *workspace, const char *user_id,
                          struct connection **ret, size_t *ret_count, struct err *e);
/* Whose personal connection under that default one of this app is active, chosen or resting, and of
 * this account, by its e-mail address, which must be the chat's of that person where the chat tells
 * one, or its key (the other is NULL). NULL when there is not exactly one person
 * (account_people.c). */
struct account_name {
    const char *app;
    const char *default_name; /* NULL: the only one of the app; where there are several, nobody */
    const char *email, *key;
    const char *id; /* the last part of a key, which will do as well; NULL: the key alone */
};
int store_account_person(store *s, const char *workspace, const struct account_name *name,
                         const char **ret_user_id, struct err *e);
/* Some connection that acts by a grant of this account to this client, the default's own first; of
 * an account that is not known (key NULL) one of this user's. id NULL: there is none. */
struct account_grant {
    const char *app, *client_id, *key;
    const char *user_id; /* "": the default connection's own */
    bool spans;          /* the grant may be for other accounts of this user, too */
};
struct account_holder {
    const char *id, *default_name, *user_id;
};
int store_account_holder(store *s, const char *workspace, const struct account_grant *g,
                         struct account_holder *ret, struct err *e);
struct connection_filter {
    const char *app;          /* NULL: all */
    const char *user_id;      /* NULL: all personal ones */
    const char *state;        /* its name; NULL: all */
    const char *default_name; /* NULL: all */
    const char
        *begins; /* the person's name, the account's or its e-mail, however it is cased; NULL */
    const char *after_id; /* cursor; NULL: from the start */
    int64_t limit;
};
int store_connection_page(store *s, const char *workspace, const struct connection_filter *f,
                          struct connection **ret, size_t *ret_count, struct err *e);

/* Makes the row of c's owner (workspace, default_name, user_id) active with c's tokens, account and
 * assurance, and generation + 1; id and created_at of an earlier row stay. *ret_id is its id. Where
 * c rests it is the row with c's id, which goes on resting. */
int store_connection_activate(store *s, const struct connection *c, const char **ret_id,
                              struct err *e);
/* A row that says "waiting for the typed code", where none acts. The account that was logged in
 * stays sealed in the login until its code proves whose it is. */
int store_connection_provisional(store *s, const char *workspace, const char *default_name,
                                 const char *user_id, struct err *e);
/* Sets state and reason; wipes the tokens for needs_login and disconnected, and then adds 1 to the
 * generation. Only if the generation is still the given one (negative: any).
 * *ret_changed tells. */
int store_connection_set_state(store *s, const char *workspace, const char *id, int64_t generation,
                               enum connection_state state, const char *reason, bool *ret_changed,
                               struct err *e);
/* last_used_at, to the minute. */
int store_connection_touch(store *s, const char *workspace, const char *id, struct err *e);
int store_connection_delete(store *s, const char *workspace, const char *id, struct err *e);
/* Every connection under a default one whose client changed: needs_login "client_changed". */
int store_connection_client_changed(store *s, const char *workspace, const char *default_name,
                                    struct err *e);
/* Its people may be asked again for a consent that the app did not give: "scope_refused" goes. */
int store_connection_scopes_changed(store *s, const char *workspace, const char *default_name,
                                    struct err *e);
/* Provisional rows whose time is over: deleted, or disconnected when they had been connected. */
int store_connection_expire_provisional(store *s, int64_t older_than_s, int64_t *ret_count,
                                        struct err *e);

/* --- several accounts of one user under one default connection (accounts.c) --- */

/* Exactly one of them acts, or none: the chosen one. All of these want the user locked
 * (store_user_may_use), as each login and each press has it. */
enum { CONNECTION_ACCOUNTS_MAX = 5 };

struct account_place {
    const struct connection *old;  /* the row that it becomes, tokens opened; NULL: a new one */
    const struct connection *kept; /* acted until now and rests from now on; NULL: none did */
    const struct connection *used; /* acts as before, and what is connected rests; NULL: it acts */
};
/* Makes place for the account that c's user has logged in with: one that is there already keeps its
 * row; another one takes the place of the chosen one or, where the login adds, rests that. */
int store_account_place(store *s, const struct connection *c, bool adds, struct account_place *ret,
                        struct err *e);
/* Would that be a row too many? */
int store_account_fits(store *s, const struct connection *c, bool adds, bool *ret, struct err *e);
/* A resting one is chosen from now on, and the one that was rests. *ret_chosen false: it does not
 * rest any more. */
int store_account_choose(store *s, const struct connection *c, bool *ret_chosen, struct err *e);

/* Refresh by lease and generation (P6). One caller over all replicas gets *ret_mine = true: the row
 * has this generation and no live lease, and now a lease of lease_s and an open refresh_attempt
 * with number *ret_attempt (2 or more: an earlier answer never came). */
int store_refresh_begin(store *s, const char *workspace, const char *id, int64_t generation,
                        int64_t lease_s, bool *ret_mine, int64_t *ret_attempt, struct err *e);
/* What a refresh brought for the row of this id, while it has this generation. */
struct refreshed {
    const char *workspace, *id;
    int64_t generation;
    const struct tokens *tokens; /* its refresh token empty: the one that stands is kept */
    bool rotates;                /* it is another than the one that was sent: stands for good */
    const char *api_base;        /* NULL: stays */
    const json_t *vars;          /* NULL: stay */
    const char *doubt; /* NULL: all is well. Else it counts as failed with this outcome, the state
                          stays, and a cool-down of cool_s begins */
    int64_t cool_s;
};
/* Stores it all, generation + 1, lease, cool-down and failures cleared, the attempt closed as
 * "done". False when the generation moved on. */
int store_refresh_done(store *s, const struct refreshed *r, bool *ret_stored, struct err *e);
/* Ends the lease without new tokens: attempt closed with outcome, failures + 1, cool-down set. The
 * outcome "no_answer" counts like an attempt that was never closed. */
int store_refresh_failed(store *s, const char *workspace, const char *id, int64_t generation,
                         const char *outcome, int64_t cool_s, struct err *e);
/* Ends the lease of one that sent nothing: as if it had not begun. */
int store_refresh_held(store *s, const char *workspace, const char *id, int64_t generation,
                       struct err *e);

/* --- ends that are known (endings.c) --- */

struct known_end {
    const char *workspace;
    const char *connection_id;
    const char *user_id; /* of store_ending_due alone */
    int64_t generation;  /* not of store_ending_due */
};
/* One connection, the most urgent, whose owner is to be told of its end; nothing is locked. */
int store_ending_due(store *s, struct known_end *ret, bool *ret_found, struct err *e);
/* Takes that on in the caller's transaction; *ret_mine false: somebody else has, or it has moved.
 */
int store_ending_take(store *s, const struct known_end *x, bool *ret_mine, struct err *e);
/* Up to max connections under a default connection with keep_alive that are to be renewed now. They
 * come again after again_s, unless they were renewed. */
int store_keep_due(store *s, int64_t max, int64_t again_s, struct known_end **ret,
                   size_t *ret_count, struct err *e);
/* Adds the job that renews it, in the caller's transaction. message_id: a person has asked for it
 * there; NULL: nobody has. */
int store_keep_add(store *s, const struct known_end *x, const char *message_id, struct err *e);

#endif
