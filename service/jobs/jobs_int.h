#ifndef WB_JOBS_INT_H
#define WB_JOBS_INT_H

#include <pthread.h>
#include <stdatomic.h>

#include "base/id.h"
#include "base/queue.h"
#include "jobs.h"

/* A claimed job and the arena that everything of it lives on. */
struct task {
    arena *mem;
    struct job job;
    struct job_follow follow;
    bool holds_place;           /* for the run that may follow */
    struct task *next, *before; /* among the active */
};

/* The leases of the jobs that run here now. Only these are renewed: a job whose end could not be
 * stored is not ours any more, and its lease runs out like a dead process's. */
struct active {
    pthread_mutex_t lock;
    struct task *first;
};
void active_init(struct active *a);
void active_add(struct active *a, struct task *t);
void active_remove(struct active *a, struct task *t);
/* Their lease tokens, on mem. */
const char **active_tokens(struct active *a, arena *mem, size_t *ret_count);

/* Workers for jobs that wait for an app, and who holds how many (places.c). */
struct places {
    pthread_mutex_t lock;
    size_t max, held;
    struct holder {
        char workspace[80];
        size_t held;
    } * list;
    size_t count;   /* workspaces that hold any */
    size_t offered; /* to the claim under way */
    bool crowded;   /* the last claim had to leave jobs */
};
void places_init(struct places *p, arena *boot, size_t workers);
void places_take(struct places *p, const char *workspace);
/* A place for a run that no claim takes, under the same rules; false: there is none to spare. */
bool places_try(struct places *p, const char *workspace);
/* True: jobs wait for it. */
bool places_give(struct places *p, const char *workspace);
/* What the next claim may take, on mem; nobody else gets it until the claim is over. */
void places_room(struct places *p, arena *mem, struct run_room *ret);
void places_claimed(struct places *p);

/* What the next claim is for, and where it begins (turns.c). */
struct turns {
    enum claim_of last, next;
    bool crowded;  /* the last claim got all that it had room for: more is waiting */
    char all[80];  /* where the last claim for all ended: the next begins behind it */
    char rest[80]; /* and where it began: one for the rest looks at the same workspaces */
    char urgent[80];
};
void turns_ask(const struct turns *t, size_t room, struct job_claim *ret);
/* The claim was made; list in the order of the claim. */
void turns_took(struct turns *t, const struct job_claim *c, const struct job *list, size_t count);

struct jobs {
    struct jobs_options options;
    struct id owner; /* of all leases of this process */
    queue *ready;    /* claimed jobs, each on its own arena */
    pthread_t *workers;
    size_t workers_count;
    pthread_t claimer, janitor;
    atomic_size_t busy; /* claimed and not settled */
    struct active active;
    struct places places;
    atomic_bool stopping;
    pthread_mutex_t lock;
    pthread_cond_t wake;
    bool awake;          /* something may be due: under lock */
    pthread_cond_t tick; /* wakes the janitor to stop */
};

/* A copy of the job on an arena of its own. */
struct task *task_new(const struct job *job);

/* A claimed job begins or ends to hold a worker. */
void jobs_begin(jobs *j, const struct job *job);
/* True: the claimer has something to do. */
bool jobs_end(jobs *j, const struct job *job);

/* kinds.c: runs one job and settles it, whatever happens; false: it could not be settled. */
bool jobs_run(jobs *j, struct task *t);

/* follow.c: with what t's job adds, its worker may go on. */
void follow_offer(jobs *j, struct task *t);
/* What it goes on with, begun; NULL: nothing. settled: what the job added is committed. */
struct task *follow_take(jobs *j, struct task *t, bool settled);

/* outbox.c */
int outbox_send(const struct jobs_options *o, arena *mem, const struct job *j, struct err *e);
/* The message is marked as failed, so that nobody takes it for sent. */
int outbox_give_up(const struct jobs_options *o, arena *mem, const struct job *j,
                   const struct err *why, struct err *e);

/* One message on its way. */
struct sending {
    const struct jobs_options *options;
    arena *mem;
    const struct job *job;
    const struct chat_driver *driver;
    struct message *message;
    const char *dm_channel;    /* of the message's reader; NULL: not known */
    const char *owner_address; /* chat_post.owner_address */
    bool gone;                 /* the bot was taken out of where it goes */
    struct oauth_bot bot;
    const char
        *opened;   /* the one-to-one chat that the message went to; NULL: it stood in the row */
    bool fresh_dm; /* the one-to-one chat was asked for a moment ago */
    bool posting;  /* a first post was sent to the platform */
    bool repeats;  /* an earlier one may have arrived, and the platform shows it to nobody */
    const struct err *why; /* it is given up */
};
typedef int sending_fn(struct sending *x, store *s, struct err *e);
/* Of a post whose answer was lost twice, and that cannot be looked for. */
#define SENDING_UNSURE "chat_unsure"

/* outbox_ways.c: how it goes */
bool sending_by_response(const struct message *m);
bool sending_by_update(const struct message *m);
/* Its response_url is of an earlier time. */
bool sending_is_over(const struct message *m);
/* The next way when this one is closed: what ends the job so; NULL: there is none. */
sending_fn *sending_next_way(const struct sending *x, const struct err *why);
/* The job goes on in the lane that its message belongs to now. */
sending_fn sending_end_in_lane;
/* The bot's token is worth nothing: fails with STORE_JOB_HELD where the message waits, as events
 * do, for its workspace to work again. */
sending_fn sending_hold;
/* Where the message was asked for, and on the home page, a line stands when it could not arrive. */
sending_fn sending_tell_place;

/* claim.c, janitor.c: thread bodies; arg is the jobs object */
void *jobs_claimer(void *arg);
void *jobs_janitor(void *arg);

#endif
