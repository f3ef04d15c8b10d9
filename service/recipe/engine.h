#ifndef WB_RECIPE_ENGINE_H
#define WB_RECIPE_ENGINE_H

#include "recipe.h"

/* Inside the engine: one execution of one run by one worker. */

enum { ENGINE_ATTEMPTS_MAX = 10 };

struct recipes {
    struct recipes_options options;
};

struct engine {
    recipes *recipes;
    arena *mem;
    const struct job *job;
    bool gives_up; /* only ends the run: what does not open is not needed */
    struct run_outcome *out;
    struct oauth_access *access; /* one per alias of the recipe, once it was needed */
    bool *has_access;
    struct run_step *known; /* what an earlier worker did */
    size_t known_count;
    json_t *files;        /* fetched from the chat: {id: as a step is given one}; NULL: none yet */
    bool started;         /* what acts is on record */
    size_t values, bytes; /* that the results of its steps hold */
};

/* A session for one statement of ours. */
int engine_open(struct engine *g, store **ret, struct err *e);

/* run.c: what acts goes on record. */
int engine_start(struct engine *g, struct err *e);
void engine_started(struct engine *g); /* it is there */
/* The same with the first step's intent, in the session of a caller who says so once it is there.
 */
int engine_start_with(struct engine *g, store *s, const char *first_step,
                      struct run_step **ret_first, struct err *e);

/* One execution of a step: its place in the recipe, and its turn (STEP_ONCE, or from 1). */
struct engine_place {
    size_t step;
    int64_t turn;
};

/* context.c: what templates see. The result of a step that is over, */
json_t *engine_context_new(struct engine *g);
void engine_context_done(struct engine *g, const struct engine_place *at,
                         const struct run_step *row);
/* an empty list of results for a step that runs for each item, */
void engine_context_loop(struct engine *g, const char *step);
/* and the item of its turn; NULL: no more. */
void engine_context_item(struct engine *g, const json_t *item, size_t index);

/* sequence.c: runs or continues the step at this place, as often as it is to run. 0: *ret_go tells
 * whether to go on; if not, the outcome's end is set. */
int engine_step(struct engine *g, size_t place, bool *ret_go, struct err *e);
/* steps.c: the same for one execution. */
int engine_call(struct engine *g, const struct engine_place *at, bool *ret_go, struct err *e);
/* answer.c: asks the app, to act or whether it has acted. */
struct engine_ask {
    struct app_call call;
    const app_action *action;
    const json_t *with;
    bool looks_up;
};
struct engine_answer {
    struct app_result result;
    const char *words;     /* of app_act() */
    enum app_lookup found; /* of app_look_up() */
};
int engine_ask(struct engine *g, const struct engine_ask *q, struct engine_answer *ret,
               struct err *e);
/* May the run hold this result, too? */
bool engine_has_room(const struct engine *g, const json_t *output);
void engine_holds(struct engine *g, const json_t *output);

/* foresee.c: before the first step. false: a later one would refuse a value that is known by now,
 * and the outcome's end is set. */
bool engine_foresee(struct engine *g);

/* record.c: what stands on record about steps. */
struct run_step *engine_known(const struct engine *g, const struct engine_place *at);
struct step_place engine_row(const struct engine *g, int64_t position);
/* The outcome of this row. */
int engine_record(struct engine *g, struct run_step *row, const char *state, const char *error_code,
                  struct err *e);
/* The app refused: what it said goes on record with that, for whoever takes the run over. */
int engine_refused(struct engine *g, struct run_step *row, const char *error_code, struct err *e);
void engine_refused_before(struct engine *g, const struct run_step *row);
/* The write may have happened, and nobody but its user can say (P10). */
int engine_unknown(struct engine *g, struct run_step *row, struct err *e);
/* By its action's name alone: the connection may not be resolved any more. */
bool engine_may_write(const struct engine *g, const struct recipe_step *p);
/* The item of its step's list that this row stands for. */
struct run_item engine_item(const struct engine *g, const struct run_step *row);
/* A run that stops here though its begun step may have had its effect is unknown. */
int engine_find_unsettled(struct engine *g, struct err *e);

/* stay.c: the account that a connection acts as in this run; NULL: its app does not say. */
char *engine_account_hash(const struct engine *g, const struct account *a);
/* A connection of a run that goes on, as it was just resolved: it stays the one on record where
 * that can act. The outcome's began_as is set where the run has written as another account. */
int engine_stay(struct engine *g, store *s, struct resolved *io, struct err *e);

/* claim.c: does this step write what decides for others? */
bool engine_decides(const struct engine *g, const app_action *action);
/* The claim, in the transaction that holds the intent. *ret_go false: what this run would decide is
 * another's, and the outcome's end is set; the caller rolls back. */
int engine_claim(struct engine *g, store *s, const struct engine_place *at, bool *ret_go,
                 struct err *e);

/* consent.c: the app said that this token allows too little. */
struct engine_scope {
    struct resolved *resolved;
    int64_t generation; /* of the token */
    const char *needed; /* scopes that it named; "": none */
};
/* *ret_ask: its person is to be asked for consent, and the outcome's end is set. */
int engine_consent(struct engine *g, const struct engine_scope *q, bool *ret_ask, struct err *e);

/* files.c: is this value a file that the run's user gave in the chat? */
bool engine_is_given(const struct engine *g, const json_t *value);
/* Each such file among a step's values as {"name", "content_base64"}. Its errors are the chat's,
 * with words for the user. */
int engine_files(struct engine *g, json_t *with, const char **ret_words, struct err *why);

/* Is the run to come back after this error? What was not even tried uses up no attempt. */
bool engine_again(const struct engine *g, const struct err *why);
/* What an error of a call means for the run; sets the end. */
int engine_failed(struct engine *g, const struct recipe_step *p, const struct err *why,
                  const char *words);

#endif
