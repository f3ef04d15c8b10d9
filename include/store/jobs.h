#ifndef WB_STORE_JOBS_H
#define WB_STORE_JOBS_H

/*
 * The queue. The common rules stand in store.h.
 *
 * Invariants: two rows never share a key; of a lane only the first open job (by seq) is claimed;
 * whoever ends or puts back a job proves it by the lease token of its claim. A job that a claim
 * finds behind another of its lane is marked, so that no later claim looks at it until the one
 * before it ends; marks are set under a lock of the lane's head and taken away by whoever ends it.
 */

#include "store/session.h"

/* --- jobs (jobs.c, job_claim.c) --- */

enum job_kind {
    JOB_SLACK_EVENT,
    JOB_SLACK_INTERACTION,
    JOB_SLACK_COMMAND,
    JOB_TEAMS_ACTIVITY,
    JOB_TEAMS_INVOKE, /* an activity that waits for its answer, as the button of a card */
    JOB_RUN,
    JOB_SEND,
    JOB_REVOKE,
    JOB_HOME, /* added and begun by store/homes.h */
    JOB_RECONCILE,
    JOB_NOTICE,
    JOB_PURGE,
    JOB_MOVE, /* of an organisation's workspace: payload {"from": a team's}; store_move_want */
    JOB_FORM,
    JOB_CHECK,      /* of a bot's token: store_bot_check_later */
    JOB_KEEP,       /* of a connection: {"connection", "generation", "message_id"} */
    JOB_HOOK_EVENT, /* {"hook", "id": the sender's, or of the body, "received", "data"} */
    JOB_KIND_COUNT
};
const char *job_kind_name(enum job_kind kind);

/* Did it come from outside? Then its keys stay when it is done. */
bool job_is_event(enum job_kind kind);

/* Is its worker held by an app, for as long as that takes to answer? */
bool job_waits_for_app(enum job_kind kind);

/* These are behind all else of their workspace, whatever their job says, and somebody who waits for
 * a command is served before a revocation. */
enum {
    JOB_PRIORITY_URGENT = 1,
    JOB_PRIORITY_NORMAL = 5,
    JOB_PRIORITY_HOME = 6,
    JOB_PRIORITY_HOOK = 6,
    JOB_PRIORITY_RUN = 7,
    JOB_PRIORITY_REVOKE = 8
};

struct job_follow;

struct job {
    const char *workspace;
    const char *id;
    enum job_kind kind;
    const char *lane;
    int64_t priority;
    struct bytes payload; /* JSON text; opened */
    const char *keys[3];  /* dedupe keys, NULL where there is none; not read by a claim */
    int64_t run_at;       /* 0: now */
    int64_t attempts;     /* this one included, once claimed; without those lost */
    int64_t lost;         /* attempts in a row that ended with their worker or its lease */
    const char *lease_token;
    int64_t created_at;
    struct job_follow *follow; /* what its worker may go on with; NULL: nothing, and not stored */
};

/* A worker that ends a job goes on with one that this job added, without a claim: it is born
 * running, under the worker's lease, when its lane is empty. Only overlapping transactions can
 * bring two such jobs into one lane, and these have no order between them. */
struct job_follow {
    struct id owner;
    const char *workspace; /* whose place the worker holds: no job of another */
    int64_t lease_s;
    bool wanted[JOB_KIND_COUNT];
    struct job taken; /* .id NULL: none. It counts once the transaction is committed */
    size_t left;      /* jobs added or set free that another claim must find */
};
/* From here on this session adds on behalf of j's worker. */
void store_follow(store *s, const struct job *j);

/* Makes the id when absent. Part of the caller's transaction. A job that shares a key with a stored
 * one is not added. */
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
    const char *chat; /* whose door it came by, as a metric's label: chat="slack" */
};
struct bytes store_job_seal(arena *mem, const keyring *k, const char *workspace, struct id id,
                            struct bytes payload);
/* Commits all seeds in one statement; those that share a key with a stored row are left out.
 * *ret_stored is the number of new rows. Retries by itself on deadlock. */
int store_job_add_many(store *s, const struct job_seed *seeds, size_t count, int64_t *ret_stored,
                       struct err *e);

/* Room for jobs that wait for an app in one claim. */
struct run_room {
    int64_t all;
    int64_t each;      /* of one workspace */
    const char **full; /* workspaces that get none */
    size_t full_count;
};

enum claim_of {
    CLAIM_OF_ALL,    /* by priority */
    CLAIM_OF_URGENT, /* nothing but what holds a trigger, one of each workspace: where much waits,
                        it is found without going by all of that */
    CLAIM_OF_REST    /* nothing of that: what else waits, by priority */
};

struct job_claim {
    struct id owner; /* of this process */
    int64_t lease_s;
    int64_t max;
    int64_t per_workspace;
    const char *after_workspace; /* start behind this one, for fairness; "" at first */
    enum claim_of of;
    struct run_room runs;
    int64_t *ret_left_out; /* jobs met that this process cannot do; NULL: not asked */
    bool *ret_more; /* of some workspace, more may be due than it was given; NULL: not asked */
};
/* Due jobs, now leased: fair between workspaces, in order within a lane. A job of a kind that only
 * a newer release knows, or whose payload no key of this process opens, is put back for a replica
 * that can do it, and has lost no attempt. What nobody could open for a day is set dead. */
int store_job_claim(store *s, const struct job_claim *c, struct job **ret, size_t *ret_count,
                    struct err *e);
/* Ends a job inside the caller's transaction: ERR_LEASE_LOST when the lease is not ours any more,
 * and the caller rolls back. Event jobs stay (for their keys) without payload, others go. */
int store_job_done(store *s, const struct job *j, struct err *e);
/* The same, and nothing stays of it, its keys neither. */
int store_job_drop(store *s, const struct job *j, struct err *e);
/* The same event in another workspace, with its keys: not added when one of them stands there. */
int store_job_rehome(store *s, const struct job *j, const char *workspace, struct err *e);
/* What comes from outside and is answered in its request is on record by its first key, as if it
 * had been a job (workspace, kind, keys[0]): *ret_new false when it was before. Whoever notes the
 * same waits for the transaction that has done so. */
int store_job_note(store *s, const struct job *j, bool *ret_new, struct err *e);
/* Put back: runs again after delay_s. */
int store_job_again(store *s, const struct job *j, int64_t delay_s, const char *error_code,
                    struct err *e);
/* Put back for delay_s as if it had not been claimed: nothing was tried, so no attempt is used up.
 */
int store_job_wait(store *s, const struct job *j, int64_t delay_s, const char *error_code,
                   struct err *e);
/* Put back for a replica that can do it, as if it had not been claimed: this one has not the key of
 * its payload or of a row that it needs. */
int store_job_leave(store *s, const struct job *j, const char *error_code, struct err *e);
/* What waits so is given up after: */
enum { STORE_JOB_LEFT_MAX_S = 86400 };
bool store_job_may_wait(const struct job *j);
/* As store_job_wait, with this code, until its workspace works again; it leaves its lane for one of
 * those that wait so, and keeps nothing else back. What is to be sent waits with this code in its
 * lane. */
#define STORE_JOB_HELD "workspace_broken"
int store_job_hold(store *s, const struct job *j, int64_t delay_s, struct err *e);
/* They are due now, and so are those that wait until it is known whose the bot's token is
 * ("chat_unchecked"). */
int store_job_wake_held(store *s, const char *workspace, struct err *e);
int store_job_dead(store *s, const struct job *j, const char *error_code, struct err *e);
/* Extends these leases, by their tokens: those of the jobs that a living process works on now. */
int store_job_renew_all(store *s, const char *const *tokens, size_t count, int64_t lease_s,
                        struct err *e);
/* Jobs of dead processes are due again, at once: such an attempt counts as lost, not as failed. */
int store_job_reclaim(store *s, int64_t *ret_count, struct err *e);
/* Due jobs (counted up to 100,000) and how long the oldest has been due. */
int store_job_gauges(store *s, int64_t *ret_waiting, int64_t *ret_oldest_s, struct err *e);

#endif
