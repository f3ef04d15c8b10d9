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
    bool started; /* what acts is on record */
};

/* A session for one statement of ours. */
int engine_open(struct engine *g, store **ret, struct err *e);

/* run.c: what acts goes on record, with the first step's intent (NULL: without any). */
int engine_start(struct engine *g, const char *first_step, struct run_step **ret_first,
                 struct err *e);

/* context.c */
json_t *engine_context_new(struct engine *g);
void engine_context_step(struct engine *g, const char *step, const json_t *output,
                         const char *record_id, const char *record_url);

/* steps.c: runs or continues the step at this position. 0: *ret_go tells whether to go on; if not,
 * the outcome's end is set. */
int engine_step(struct engine *g, size_t position, bool *ret_go, struct err *e);

/* A run that stops here though its begun step may have had its effect is unknown. */
int engine_find_unsettled(struct engine *g, struct err *e);

/* consent.c: the app said that this token allows too little. */
struct engine_scope {
    struct resolved *resolved;
    int64_t generation; /* of the token */
    const char *needed; /* scopes that it named; "": none */
};
/* *ret_ask: its person is to be asked for consent, and the outcome's end is set. */
int engine_consent(struct engine *g, const struct engine_scope *q, bool *ret_ask, struct err *e);

/* What an error of a call means for the run; sets the end. */
int engine_failed(struct engine *g, const struct recipe_step *p, const struct err *why,
                  const char *words);

#endif
