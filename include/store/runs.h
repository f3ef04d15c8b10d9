#ifndef WB_STORE_RUNS_H
#define WB_STORE_RUNS_H

/* Recipes with their versions, and runs with their connections and steps. The common rules
 * stand in store.h. */

#include "store/jobs.h"
#include "store/people.h"
#include "store/session.h"

/* --- recipes (recipes.c) --- */

struct recipe_row {
    const char *workspace;
    const char *name;
    int64_t version;
    const char *command; /* case-folded; NULL for hook recipes */
    bool enabled;
    bool hidden;
    const char *body;     /* JSON text */
    const char *body_now; /* of the current version, where this is another one */
    int64_t updated_at;
};
/* Adds a version when the body differs from the current one. ERR_CONFLICT
 * "recipe_workspace_command_key" when another recipe has the command. */
int store_recipe_put(store *s, const struct recipe_row *r, const char *actor, struct err *e);
int store_recipe_find(store *s, const char *workspace, const char *name, struct recipe_row **ret,
                      struct err *e);
/* Names of the recipes that use this default connection, as they are now. */
int store_recipe_using(store *s, const char *workspace, const char *default_name, const char ***ret,
                       size_t *ret_count, struct err *e);
int store_recipe_version(store *s, const char *workspace, const char *name, int64_t version,
                         struct recipe_row **ret, struct err *e);
/* Its versions, newest first, also of one that was deleted: `made` by whom and when. */
struct recipe_made {
    int64_t version;
    int64_t at;
    const char *by; /* audit actor */
    bool current;
    const char *body;
};
/* Below this version (0: from the newest). */
int store_recipe_versions(store *s, const char *workspace, const char *name, int64_t below,
                          int64_t limit, struct recipe_made **ret, size_t *ret_count,
                          struct err *e);
int store_recipe_list(store *s, const char *workspace, struct recipe_row **ret, size_t *ret_count,
                      struct err *e);
/* The commands of all workspaces that can be typed. */
struct recipe_command {
    const char *workspace, *name, *command;
};
int store_recipe_commands(store *s, struct recipe_command **ret, size_t *ret_count, struct err *e);
int store_recipe_delete(store *s, const char *workspace, const char *name, bool *ret_existed,
                        struct err *e);

/* --- a conversation with another id (channels.c) --- */

/* Messages, open runs and one-to-one chats follow. */
int store_channel_moved(store *s, const char *workspace, const char *was, const char *is,
                        struct err *e);
/* People of other organisations read there: open runs of it show nothing there any more. */
int store_channel_shared(store *s, const char *workspace, const char *channel, struct err *e);
/* All versions whose body holds this text: name, version and body of each. */
int store_recipe_naming(store *s, const char *workspace, const char *text, struct recipe_row **ret,
                        size_t *ret_count, struct err *e);
/* Another body for r's version: it says the same as before. */
int store_recipe_rewrite(store *s, const char *workspace, const struct recipe_row *r,
                         const char *body, struct err *e);

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

/* A token of the role "act" began it for its user (bot/act.c). */
struct run_act {
    const char *token; /* its digest; NULL: the user began it */
    const char *name;  /* of then */
    const char *key;   /* the token's own: the same one never begins two */
};

struct run {
    const char *workspace;
    const char *id;
    const char *reference; /* what a user quotes: "WB-7K3Q9X2M" */
    const char *recipe;
    int64_t version;
    const char *user_id;
    enum run_state state;
    json_t *inputs;         /* object: name -> typed value */
    const char *unreadable; /* NULL, or why inputs and result did not open and are NULL: "unseal",
                               "key_missing" */
    const char *asking; /* the input that is being asked; parked: the step that waits for a press,
                           NULL: a login is waited for */
    const char *place;  /* "dm" or "channel" */
    const char *channel;
    const char *thread;
    const char *message_id; /* the message that becomes the result */
    const char *login_id;
    bool confirmed; /* a late write was confirmed by its user */
    json_t *result;
    const char *error_code;
    int64_t created_at, parked_at, expires_at, ended_at;
    int64_t asked_at; /* by the platform's clock; 0: of an earlier release */
    /* {message, handle, bound: [inputs that nobody may change], ask: [inputs], decides, title} of
     * the bound button whose press began it; NULL: none did */
    const json_t *pressed;
    struct run_act act;
};

/* Makes id and reference when absent in *r (set on *r). Not added when its user has open_max runs
 * already that are not final. */
int store_run_add(store *s, struct run *r, int64_t open_max, bool *ret_added, struct err *e);
int store_run_find(store *s, const char *workspace, const char *id, struct run **ret,
                   struct err *e);
/* What this token has begun by this key; NULL: nothing. */
int store_run_of_key(store *s, const char *workspace, const char *token, const char *key,
                     struct run **ret, struct err *e);
/* store_run_find(), locked until the transaction ends. */
int store_run_lock(store *s, const char *workspace, const char *id, struct run **ret,
                   struct err *e);
/* A user's runs that are not final, newest first. */
int store_run_open(store *s, const char *workspace, const char *user_id, struct run **ret,
                   size_t *ret_count, struct err *e);
struct run_filter {
    const char *user_id, *reference, *state, *recipe; /* NULL: all */
    int64_t since, until;                             /* begun at or after, and before; 0: all */
    const char *before_id;                            /* cursor */
    int64_t limit;
};
int store_run_page(store *s, const char *workspace, const struct run_filter *f, struct run **ret,
                   size_t *ret_count, struct err *e);
/* Runs that wait for this user's login under this default connection, locked. */
int store_run_parked_for(store *s, const char *workspace, const char *user_id,
                         const char *default_name, struct run **ret, size_t *ret_count,
                         struct err *e);
/* The same, not locked. */
int store_run_awaiting(store *s, const char *workspace, const char *user_id,
                       const char *default_name, struct run **ret, size_t *ret_count,
                       struct err *e);
/* Runs that wait for a login under this default connection, or for one that is gone, are over now,
 * for this reason: store_run_expired() hands them out. */
int store_run_let_go(store *s, const char *workspace, const char *default_name,
                     const char *error_code, struct err *e);
/* The run's place is a shared one from now on; its next message is another one. */
int store_run_set_shared(store *s, const char *workspace, const char *id, struct err *e);
/* Stores state, inputs and result (NULL: what stands stays), asking, message_id, login_id,
 * confirmed, error_code, parked_at and expires_at of *r; a final state sets ended_at. Only if the
 * stored state is still `from`; *ret_changed tells. */
int store_run_update(store *s, const struct run *r, enum run_state from, bool *ret_changed,
                     struct err *e);
/* asking and parked runs whose time is over, locked, at most max. */
int store_run_expired(store *s, int64_t max, struct run **ret, size_t *ret_count, struct err *e);

/* Everything that decides whether and as whom a run goes on, in one question (run_case.c). */
struct run_case {
    struct run *run;             /* NULL: there is no such run */
    const char *recipe_body;     /* of the run's version; NULL: gone */
    const char *recipe_body_now; /* of the current one, where it is another; NULL: it is this one
                                    or there is none */
    bool enabled;                /* the recipe is still switched on */
    bool begun;                  /* some step is on record */
    bool act_stands; /* its user began it, or allows still the token that did (permissions.h),
                      * which has not expired */
    struct workspace *workspace; /* without its bot token */
    struct user *user; /* name, standing, one-to-one chat and home page; NULL: not known */
};
int store_run_case(store *s, const char *workspace, const char *run_id, struct run_case *ret,
                   struct err *e);

struct run_connection {
    const char *alias;
    const char *default_name;
    const char *app;
    const char *rule; /* "default", "installer", "personal" */
    const char *connection_id;
    const char *account;
    const char *account_hash; /* of the run and the account's key; NULL: not known */
};
struct run_step;
struct run_start {
    const struct job *job; /* proves its lease */
    const char *run_id;
    const struct run_connection *connections;
    size_t count;
    const char *first_step; /* the intent of step 0 of a run without steps; NULL: no intent yet */
};
/* queued or running -> running, with the connections that act on record and the first step's
 * intent, in one statement. *ret_first is set when first_step is. ERR_LEASE_LOST "run_moved" when
 * the lease is lost or the run is in another state. */
int store_run_start(store *s, const struct run_start *q, struct run_step **ret_first,
                    struct err *e);
/* People's runs that failed for this reason since then, of recipes that use this default connection
 * now: by user, the newest first. */
struct run_stopped {
    const char *default_name, *error_code;
    int64_t since; /* epoch seconds */
    int64_t limit;
    bool of_hooks; /* those of nobody instead */
};
int store_run_stopped(store *s, const char *workspace, const struct run_stopped *q,
                      struct run **ret, size_t *ret_count, struct err *e);

/* Runs of this recipe that hooks began and that stand so (run_hooks.c); error_code NULL: whatever
 * the reason. The oldest first, locked; without those that somebody else holds. */
struct run_hooked {
    const char *recipe;
    enum run_state state;
    const char *error_code;
    int64_t limit;    /* of the list alone */
    const char *from; /* of the list alone: this run, and what began after it; NULL: all */
};
int store_run_hooked(store *s, const char *workspace, const struct run_hooked *q, struct run **ret,
                     size_t *ret_count, struct err *e);
int store_run_hooked_count(store *s, const char *workspace, const struct run_hooked *q,
                           int64_t *ret, struct err *e);

int store_run_connections(store *s, const char *workspace, const char *run_id,
                          struct run_connection **ret, size_t *ret_count, struct err *e);

struct run_record {
    const char *id, *url; /* either may be NULL, not both */
};
/* A user's own runs as they are told, newest first, without inputs and results (run_history.c). */
struct run_line {
    const char *id, *reference, *recipe;
    const char *message_id;  /* of its answer; NULL: none */
    const char *recipe_body; /* of the run's version; NULL: gone */
    enum run_state state;
    const char *error_code;
    int64_t created_at, ended_at;
    json_t *inputs;               /* NULL: they do not open */
    const json_t *pressed;        /* as of the run */
    struct run_connection *acted; /* as it was on record when the run went on */
    size_t acted_count;
    struct run_record *records; /* of its steps, in their order, each once */
    size_t records_count;
};
struct run_history {
    const char *user_id;
    const char *reference; /* NULL: all */
    const char *recipe;    /* by its name; NULL: all */
    int64_t from, limit;
};
int store_run_history(store *s, const char *workspace, const struct run_history *q,
                      struct run_line **ret, size_t *ret_count, struct err *e);

/*
 * One row is one execution of a step: its intent, then its outcome. A step that runs once stands at
 * its place in the recipe. One that runs for each item of a list stands there too, started while
 * its turns run (STEP_LOOP: it calls nothing itself), and each turn has a row of its own.
 */
enum { STEP_LOOP = -1, STEP_ONCE = 0, STEP_SPAN = 100 };
/* Where the row of this turn (from 1) of the step at this place stands; place = position %
 * STEP_SPAN. */
int64_t store_step_position(size_t place, int64_t turn);

struct run_step {
    int64_t position;
    int64_t turn; /* STEP_LOOP, STEP_ONCE, or the turn's number from 1 */
    const char *step;
    const char *state; /* "started", "done", "failed", "unknown", "skipped" */
    bool begun;        /* by this very store_step_begin: no earlier call can have had an effect */
    const char *idempotency_key;
    json_t *output;         /* failed: what its app said, for its user (engine_refused) */
    const char *unreadable; /* NULL, or why output did not open and is NULL */
    const char *record_id;
    const char *record_url;
    const char *error_code;
    int64_t started_at, ended_at;
    int64_t took_ms;      /* -1: not ended */
    const char *wrote_by; /* alias of a step that writes, for its outcome; NULL: it only reads */
    const char *wrote;    /* and its action */
};
/* Where a worker writes about a step, by the lease of its job: each of the four is ERR_LEASE_LOST
 * without it. */
struct step_place {
    const struct job *job;
    const char *run_id;
    int64_t position;
    int64_t turn; /* for a row that is begun or skipped */
};
/* Intent: inserts "started" with a new key, or returns the row that stands there already. */
int store_step_begin(store *s, const struct step_place *at, const char *step, struct run_step **ret,
                     struct err *e);
/* Its condition does not hold: on record, and nothing was called. */
int store_step_skip(store *s, const struct step_place *at, const char *step, struct err *e);
/* Outcome: state, output, record and error of *p; of a write (wrote_by) with a line in the audit.
 */
int store_step_end(store *s, const struct step_place *at, const struct run_step *p, struct err *e);
/* Takes an intent back whose call certainly had no effect. */
int store_step_undo(store *s, const struct step_place *at, struct err *e);
/* Forgets a step that is "unknown" and, as its user says, had no effect: it can be begun again. */
int store_step_forget(store *s, const char *workspace, const char *run_id, int64_t position,
                      struct err *e);
/* Of one that is "unknown" its user says that it had its effect: it is done, and gives nothing. */
int store_step_happened(store *s, const char *workspace, const char *run_id, int64_t position,
                        struct err *e);
/* Ends the step at p's position that waits for a press, which no job does: state, output and error
 * of *p. Nothing when it does not wait (any more). */
int store_step_answer(store *s, const char *workspace, const char *run_id, const struct run_step *p,
                      struct err *e);
/* In the order of the recipe, a step before its turns. */
int store_steps(store *s, const char *workspace, const char *run_id, struct run_step **ret,
                size_t *ret_count, struct err *e);

#endif
