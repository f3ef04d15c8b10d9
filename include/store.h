#ifndef WB_STORE_H
#define WB_STORE_H

#include <stdbool.h>
#include <stdint.h>
#include <jansson.h>

#include "base/account.h"
#include "base/arena.h"
#include "base/err.h"
#include "base/id.h"
#include "base/secret.h"
#include "crypto.h"
#include "db.h"

/*
 * What PostgreSQL holds, one section per aggregate, one file each in service/store/. Rows come
 * back as structs on the session's arena; secrets, payloads, inputs and results are sealed on the
 * way in and opened on the way out, so nothing above this module sees ciphertext. Every function
 * names the workspace: no row is found by its id alone.
 *
 * Common rules: 0 or -1 with *e; a `_find` that finds nothing is 0 with *ret = NULL; a `_load`
 * that finds nothing is ERR_NOT_FOUND; times are epoch seconds, 0 for NULL; absent texts are NULL.
 */

typedef struct stores stores; /* the process's access: pool and keys */
typedef struct store store;   /* one session: a borrowed connection and an arena */

/* Lives until stores_free; borrows pool and keys. */
stores *stores_new(db_pool *pool, const keyring *keys);
void stores_free(stores *s);

/* Opens a session whose results live on mem. Close it before any call out. */
int store_open(stores *s, arena *mem, store **ret, struct err *e);
void store_close(store *s); /* rolls back what was not committed; NULL is a no-op */
int store_begin(store *s, struct err *e);
int store_commit(store *s, struct err *e);
arena *store_arena(const store *s);
/* 0 when the database answers and no migration is missing. */
int store_ready(store *s, struct err *e);

/* All statements of this module, for the guard that prepares each. */
const struct stmt *const *store_statements(size_t *ret_count);

/* --- workspaces (workspaces.c) --- */

struct workspace {
    const char *workspace; /* "slack:T..." */
    const char *route;     /* 16 hex digits */
    const char *name;
    const char *installer; /* user id, or NULL */
    const char **admins;
    size_t admins_count;
    bool installer_uses_default;
    bool guests_allowed;
    const char *bot_user_id;
    struct secret bot_token;
    const char *state;
    int64_t created_at, updated_at;
};

/* Stores every member; makes the route at the first put (w->route is ignored). An empty bot_token
 * keeps the stored one unless clear_token. */
int store_workspace_put(store *s, const struct workspace *w, bool clear_token, struct err *e);
int store_workspace_find(store *s, const char *workspace, struct workspace **ret, struct err *e);
/* By the routing key of a public link. */
int store_workspace_by_route(store *s, const char *route, struct workspace **ret, struct err *e);
int store_workspace_delete(store *s, const char *workspace, bool *ret_existed, struct err *e);
bool workspace_is_admin(const struct workspace *w, const char *user_id);

/* --- users (users.c) --- */

enum standing {
    STANDING_UNKNOWN,
    STANDING_MEMBER,
    STANDING_GUEST,
    STANDING_STRANGER,
    STANDING_BOT,
    STANDING_DEACTIVATED,
    STANDING_COUNT
};

struct user {
    const char *workspace;
    const char *user_id;
    const char *name;
    const char *email;
    const char *time_zone;
    enum standing standing;
    const char *dm_channel;
    int64_t checked_at; /* when the platform was last asked */
};

int store_user_find(store *s, const char *workspace, const char *user_id, struct user **ret,
                    struct err *e);
/* Inserts or replaces name, email, time zone, standing and checked_at = now; keeps dm_channel. */
int store_user_put(store *s, const struct user *u, struct err *e);
int store_user_set_dm(store *s, const char *workspace, const char *user_id, const char *channel,
                      struct err *e);

/* --- default connections (defaults.c) --- */

struct default_connection {
    const char *workspace;
    const char *name;
    const char *app;
    const char *host;
    const char *client_id; /* NULL: draft */
    struct secret client_secret;
    int64_t client_version;
    const char **scopes;
    size_t scopes_count;
    bool assurance_sign_in; /* else the typed code */
    const char *account_match; /* "off", "warn", "require" */
    const char *callback_key;
    int64_t created_at, updated_at;
};

/* Inserts or replaces everything but callback_key and created_at; the given client_version is
 * stored. An empty client_secret is stored as none. */
int store_default_put(store *s, const struct default_connection *d, struct err *e);
int store_default_find(store *s, const char *workspace, const char *name,
                       struct default_connection **ret, struct err *e);
int store_default_by_callback(store *s, const char *workspace, const char *callback_key,
                              struct default_connection **ret, struct err *e);
int store_default_list(store *s, const char *workspace, struct default_connection **ret,
                       size_t *ret_count, struct err *e);
int store_default_delete(store *s, const char *workspace, const char *name, struct err *e);

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
    enum connection_state state;
    const char *reason; /* stable code: "revoked_at_app", "refresh_refused", "client_changed", ... */
    struct account account;
    struct tokens tokens; /* empty unless opened by a function that says so */
    int64_t generation;
    int64_t refresh_until; /* lease of the one refresher */
    int64_t cool_until;    /* no refresh before */
    int64_t failures;
    const char *assurance;
    int64_t connected_at, last_used_at, created_at;
};

/* The owner's connection under a default connection, whatever its state; tokens opened. */
int store_connection_find(store *s, const char *workspace, const char *default_name,
                          const char *user_id, struct connection **ret, struct err *e);
int store_connection_load(store *s, const char *workspace, const char *id, struct connection **ret,
                          struct err *e); /* tokens opened */
/* A user's connections without tokens, by app and name. */
int store_connection_list(store *s, const char *workspace, const char *user_id,
                          struct connection **ret, size_t *ret_count, struct err *e);
struct connection_filter {
    const char *app;      /* NULL: all */
    const char *user_id;  /* NULL: all personal ones */
    const char *after_id; /* cursor; NULL: from the start */
    int64_t limit;
};
int store_connection_page(store *s, const char *workspace, const struct connection_filter *f,
                          struct connection **ret, size_t *ret_count, struct err *e);

/* Makes the owner's row active with these tokens, account and generation + 1, keeping id and
 * created_at of an earlier row. *ret_id is its id. */
int store_connection_activate(store *s, const char *workspace, const char *default_name,
                              const char *user_id, const struct tokens *t,
                              const struct account *a, const char *assurance, const char **ret_id,
                              struct err *e);
/* A row that says "waiting for the typed code" where there is none that is active. */
int store_connection_provisional(store *s, const char *workspace, const char *default_name,
                                 const char *user_id, const struct account *a, struct err *e);
/* Sets state and reason; wipes the tokens for needs_login and disconnected, and then adds 1 to the
 * generation. Only if the generation is still the given one (negative: any).
 * *ret_changed tells. */
int store_connection_set_state(store *s, const char *workspace, const char *id, int64_t generation,
                               enum connection_state state, const char *reason, bool *ret_changed,
                               struct err *e);
int store_connection_touch(store *s, const char *workspace, const char *id, struct err *e);
int store_connection_delete(store *s, const char *workspace, const char *id, struct err *e);
/* Every connection under a default one whose client changed: needs_login "client_changed". */
int store_connection_client_changed(store *s, const char *workspace, const char *default_name,
                                    struct err *e);
/* Provisional rows whose time is over: deleted, or disconnected when they had been connected. */
int store_connection_expire_provisional(store *s, int64_t older_than_s, int64_t *ret_count,
                                        struct err *e);

/* Refresh by lease and generation (P6). One caller over all replicas gets *ret_mine = true: the row
 * has this generation and no live lease, and now a lease of lease_s and an open refresh_attempt
 * with number *ret_attempt (2 or more: an earlier answer never came). */
int store_refresh_begin(store *s, const char *workspace, const char *id, int64_t generation,
                        int64_t lease_s, bool *ret_mine, int64_t *ret_attempt, struct err *e);
/* Stores new tokens (refresh kept when t->refresh is empty), generation + 1, lease, cool-down and
 * failures cleared, the attempt closed as "done". False when the generation moved on. */
int store_refresh_done(store *s, const char *workspace, const char *id, int64_t generation,
                       const struct tokens *t, bool *ret_stored, struct err *e);
/* Ends the lease without new tokens: attempt closed with outcome, failures + 1, cool-down set. */
int store_refresh_failed(store *s, const char *workspace, const char *id, int64_t generation,
                         const char *outcome, int64_t cool_s, struct err *e);

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
const char *login_state_name(enum login_state state);

struct login {
    const char *workspace;
    const char *id;
    const char *user_id; /* "" when an admin authorises a default connection */
    const char *default_name;
    const char *run_id;     /* NULL: connect ahead of need */
    const char *message_id; /* the prompt */
    enum login_state state;
    const char *reason;
    const char *requested_by; /* audit actor */
    int64_t code_tries;
    int64_t code_expires_at;
    const char *code_hash;
    json_t *provisional; /* opened; NULL when there is none */
    int64_t expires_at;
    int64_t created_at, updated_at;
};

int store_login_add(store *s, const struct login *l, const char *handle_hash, struct err *e);
int store_login_by_handle(store *s, const char *workspace, const char *handle_hash,
                          struct login **ret, struct err *e);
int store_login_find(store *s, const char *workspace, const char *id, struct login **ret,
                     struct err *e);
/* The newest open or code-waiting login of this user under this default connection. */
int store_login_find_open(store *s, const char *workspace, const char *user_id,
                          const char *default_name, struct login **ret, struct err *e);
/* All of a user's logins that wait for a typed code, newest first; locked until commit. */
int store_login_waiting_code(store *s, const char *workspace, const char *user_id,
                             struct login **ret, size_t *ret_count, struct err *e);
int store_login_set_run(store *s, const char *workspace, const char *id, const char *run_id,
                        const char *message_id, struct err *e);
/* A new handle and life for an old prompt: state open. */
int store_login_renew(store *s, const char *workspace, const char *id, int64_t expires_at,
                      struct err *e);
/* open or code -> code: keeps provisional (sealed) and the code's hash, tries 0. */
int store_login_provisional(store *s, const struct login *l, json_t *provisional, struct err *e);
/* Counts one wrong try; *ret_tries is the new number. */
int store_login_wrong_code(store *s, const char *workspace, const char *id, int64_t *ret_tries,
                           struct err *e);
/* Ends it or puts it back to open; the provisional tokens are wiped. */
int store_login_set_state(store *s, const char *workspace, const char *id, enum login_state state,
                          const char *reason, struct err *e);
/* Logins whose handle or code is over: set expired, provisional opened for revoking; at most
 * max. */
int store_login_expire(store *s, int64_t max, struct login **ret, size_t *ret_count,
                       struct err *e);

struct oauth_state {
    const char *workspace;
    const char *purpose; /* "app", "identity", "console", "install" */
    const char *login_id;
    const char *default_name;
    int64_t client_version;
    const char *redirect_uri;
    struct secret verifier;
    const char *cookie_hash;
    int64_t expires_at;
    int64_t used_at;
};
int store_state_add(store *s, const struct oauth_state *o, const char *state_hash, struct err *e);
/* Marks it used and returns it, once, over all replicas; NULL when unknown, expired, used or of
 * another purpose. */
int store_state_use(store *s, const char *workspace, const char *state_hash, const char *purpose,
                    struct oauth_state **ret, struct err *e);
int store_state_purge(store *s, int64_t older_than_s, int64_t *ret_count, struct err *e);

/* --- recipes (recipes.c) --- */

struct recipe_row {
    const char *workspace;
    const char *name;
    int64_t version;
    const char *command; /* case-folded; NULL for hook recipes */
    bool enabled;
    bool hidden;
    const char *body; /* JSON text */
    int64_t updated_at;
};
/* Adds a version when the body differs from the current one. ERR_CONFLICT
 * "recipe_workspace_command_key" when another recipe has the command. */
int store_recipe_put(store *s, const struct recipe_row *r, const char *actor, struct err *e);
int store_recipe_find(store *s, const char *workspace, const char *name, struct recipe_row **ret,
                      struct err *e);
int store_recipe_version(store *s, const char *workspace, const char *name, int64_t version,
                         struct recipe_row **ret, struct err *e);
int store_recipe_list(store *s, const char *workspace, struct recipe_row **ret, size_t *ret_count,
                      struct err *e);
int store_recipe_delete(store *s, const char *workspace, const char *name, bool *ret_existed,
                        struct err *e);

/* --- runs (runs.c, run_steps.c) --- */

enum run_state {
    RUN_QUEUED,
    RUN_ASKING,
    RUN_PARKED,
    RUN_RUNNING,
    RUN_DONE,
    RUN_FAILED,
    RUN_UNKNOWN,
    RUN_CANCELLED,
    RUN_EXPIRED,
    RUN_SUPERSEDED,
    RUN_STATE_COUNT
};
const char *run_state_name(enum run_state state);
bool run_state_is_final(enum run_state state);

struct run {
    const char *workspace;
    const char *id;
    const char *reference; /* what a user quotes: "WB-7K3Q9X2M" */
    const char *recipe;
    int64_t version;
    const char *user_id;
    enum run_state state;
    json_t *inputs; /* object: name -> typed value */
    const char *asking; /* the input that is being asked */
    const char *place;  /* "dm" or "channel" */
    const char *channel;
    const char *thread;
    const char *message_id; /* the message that becomes the result */
    const char *login_id;
    bool confirmed; /* a late write was confirmed by its user */
    json_t *result;
    const char *error_code;
    int64_t created_at, parked_at, expires_at, ended_at;
};

/* Makes id and reference when absent in *r (set on *r). */
int store_run_add(store *s, struct run *r, struct err *e);
int store_run_find(store *s, const char *workspace, const char *id, struct run **ret,
                   struct err *e);
/* The same, locked until the transaction ends. */
int store_run_lock(store *s, const char *workspace, const char *id, struct run **ret,
                   struct err *e);
int store_run_by_reference(store *s, const char *workspace, const char *reference,
                           struct run **ret, struct err *e);
/* A user's runs that are not final, newest first. */
int store_run_open(store *s, const char *workspace, const char *user_id, struct run **ret,
                   size_t *ret_count, struct err *e);
struct run_filter {
    const char *user_id, *reference, *state, *recipe; /* NULL: all */
    const char *before_id; /* cursor */
    int64_t limit;
};
int store_run_page(store *s, const char *workspace, const struct run_filter *f, struct run **ret,
                   size_t *ret_count, struct err *e);
/* Runs that wait for this user's login under this default connection, locked. */
int store_run_parked_for(store *s, const char *workspace, const char *user_id,
                         const char *default_name, struct run **ret, size_t *ret_count,
                         struct err *e);
/* Stores state, inputs, asking, message_id, login_id, confirmed, result, error_code, parked_at and
 * expires_at of *r; a final state sets ended_at. Only if the stored state is still `from`;
 * *ret_changed tells. */
int store_run_update(store *s, const struct run *r, enum run_state from, bool *ret_changed,
                     struct err *e);
/* asking and parked runs whose time is over, locked, at most max. */
int store_run_expired(store *s, int64_t max, struct run **ret, size_t *ret_count, struct err *e);

struct run_connection {
    const char *alias;
    const char *default_name;
    const char *app;
    const char *rule; /* "default", "installer", "personal" */
    const char *connection_id;
    const char *account;
};
int store_run_connection_put(store *s, const char *workspace, const char *run_id,
                             const struct run_connection *c, struct err *e);
int store_run_connections(store *s, const char *workspace, const char *run_id,
                          struct run_connection **ret, size_t *ret_count, struct err *e);

struct run_step {
    int64_t position;
    const char *step;
    const char *state; /* "started", "done", "failed", "unknown" */
    const char *idempotency_key;
    json_t *output;
    const char *record_id;
    const char *record_url;
    const char *error_code;
    int64_t started_at, ended_at;
};
/* Intent: inserts "started" with this key, or returns the row that stands there already. */
int store_step_begin(store *s, const char *workspace, const char *run_id, int64_t position,
                     const char *step, struct run_step **ret, struct err *e);
int store_step_end(store *s, const char *workspace, const char *run_id, const struct run_step *p,
                   struct err *e);
/* Forgets an intent whose call certainly had no effect, so that it can be begun again. */
int store_step_forget(store *s, const char *workspace, const char *run_id, int64_t position,
                      struct err *e);
int store_steps(store *s, const char *workspace, const char *run_id, struct run_step **ret,
                size_t *ret_count, struct err *e);

/* --- jobs (jobs.c, job_claim.c) --- */

enum job_kind { JOB_SLACK_EVENT, JOB_SLACK_INTERACTION, JOB_RUN, JOB_SEND, JOB_REVOKE,
                JOB_KIND_COUNT };
const char *job_kind_name(enum job_kind kind);

enum { JOB_PRIORITY_URGENT = 1, JOB_PRIORITY_NORMAL = 5 };

struct job {
    const char *workspace;
    const char *id;
    enum job_kind kind;
    const char *lane;
    int64_t priority;
    struct bytes payload; /* JSON text; opened */
    const char *keys[3];  /* dedupe keys, NULL where there is none */
    int64_t run_at;       /* 0: now */
    int64_t attempts;     /* this one included, once claimed */
    const char *lease_token;
    int64_t created_at;
};

/* Makes the id when absent. Part of the caller's transaction. */
int store_job_add(store *s, struct job *j, struct err *e);

/* One inbound event, already sealed, for the intake writer. */
struct job_seed {
    const char *workspace;
    struct id id;
    enum job_kind kind;
    const char *lane;
    int64_t priority;
    struct bytes sealed;
    const char *keys[3];
};
struct bytes store_job_seal(arena *mem, const keyring *k, const char *workspace, struct id id,
                            struct bytes payload);
/* Commits all seeds in one statement; those that share a key with a stored row are left out.
 * *ret_stored is the number of new rows. Retries by itself on deadlock. */
int store_job_add_many(store *s, const struct job_seed *seeds, size_t count, int64_t *ret_stored,
                       struct err *e);

struct job_claim {
    struct id owner;  /* of this process */
    int64_t lease_s;
    int64_t max;
    int64_t per_workspace;
    const char *after_workspace; /* start behind this one, for fairness; "" at first */
};
/* Due jobs, now leased: fair between workspaces, in order within a lane. A job whose payload does
 * not open is set dead and left out. */
int store_job_claim(store *s, const struct job_claim *c, struct job **ret, size_t *ret_count,
                    struct err *e);
/* Ends a job inside the caller's transaction: ERR_LEASE_LOST when the lease is not ours any more,
 * and the caller rolls back. Event jobs stay (for their keys) without payload, others go. */
int store_job_done(store *s, const struct job *j, struct err *e);
/* Put back: runs again after delay_s. */
int store_job_again(store *s, const struct job *j, int64_t delay_s, const char *error_code,
                    struct err *e);
int store_job_dead(store *s, const struct job *j, const char *error_code, struct err *e);
/* Still ours? Extends the lease; ERR_LEASE_LOST if not. */
int store_job_renew(store *s, const struct job *j, int64_t lease_s, struct err *e);
/* Extends every lease of a living process. */
int store_job_renew_all(store *s, struct id owner, int64_t lease_s, struct err *e);
/* Jobs of dead processes are due again. */
int store_job_reclaim(store *s, int64_t *ret_count, struct err *e);
int store_job_gauges(store *s, int64_t *ret_waiting, int64_t *ret_oldest_s, struct err *e);
/* Ended jobs older than this leave, at most max at a time. */
int store_job_purge(store *s, int64_t older_than_s, int64_t max, int64_t *ret_count,
                    struct err *e);

/* --- messages of ours in a chat (messages.c) --- */

struct message {
    const char *workspace;
    const char *id;
    const char *channel; /* "" for a user's DM that is not opened yet */
    const char *thread;
    const char *user_id; /* the only reader; NULL: everybody there */
    bool ephemeral;
    const char *platform_id; /* the platform's id (Slack ts); NULL until posted */
    struct secret response_url; /* of the last click in it; empty if none */
    json_t *body;            /* a view */
    int64_t version;
    int64_t sent_version;
    int64_t post_started_at; /* a first post was begun and its answer not stored */
    const char *state;
};

/* Makes the id when absent. The caller adds the send job. */
int store_message_add(store *s, struct message *m, struct err *e);
int store_message_find(store *s, const char *workspace, const char *id, struct message **ret,
                       struct err *e);
/* By the platform's id, for clicks. */
int store_message_by_platform(store *s, const char *workspace, const char *channel,
                              const char *platform_id, struct message **ret, struct err *e);
/* A new body: version + 1. */
int store_message_set_body(store *s, const char *workspace, const char *id, json_t *body,
                           struct err *e);
int store_message_set_response_url(store *s, const char *workspace, const char *id,
                                   struct secret url, struct err *e);
int store_message_post_started(store *s, const char *workspace, const char *id, struct err *e);
/* What the platform has now. channel and platform_id replace the stored ones where given. */
int store_message_sent(store *s, const char *workspace, const char *id, const char *channel,
                       const char *platform_id, int64_t version, struct err *e);
int store_message_failed(store *s, const char *workspace, const char *id, const char *error_code,
                         struct err *e);
/* Private delivery changes its way: no longer ephemeral, into the user's DM. */
int store_message_redirect(store *s, const char *workspace, const char *id, const char *channel,
                           struct err *e);

/* --- audit (audit.c) --- */

struct audit_row {
    const char *id;
    int64_t at;
    const char *actor;
    const char *action; /* "connection.connected", "recipe.changed", ... */
    const char *subject;
    json_t *detail;
};
/* detail may be NULL; never holds a secret, a payload or an input. */
int store_audit_add(store *s, const char *workspace, const char *actor, const char *action,
                    const char *subject, json_t *detail, struct err *e);
int store_audit_page(store *s, const char *workspace, const char *before_id, int64_t limit,
                     struct audit_row **ret, size_t *ret_count, struct err *e);

/* --- retention (retention.c): P15 --- */

struct retention {
    int64_t events_s, runs_s, audit_s, batch;
};
/* Removes in small batches what is over its time; *ret_more when there is more to do. */
int store_retention_sweep(store *s, const struct retention *r, bool *ret_more, struct err *e);

#endif
