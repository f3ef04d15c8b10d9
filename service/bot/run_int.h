#ifndef WB_BOT_RUN_INT_H
#define WB_BOT_RUN_INT_H

#include "bot_int.h"

/* From a command to a run, and how it goes on and ends. */

/* --- start.c, question.c: from a command to a run --- */

/* The recipe of a current row; ERR_CONFIG "recipe_faulty". */
int recipe_read(arena *mem, const struct recipe_row *row, struct recipe **ret, struct err *e);
int start_recipe(struct turn *t, const struct recipe_row *row, const char *rest, struct err *e);
/* The same from a button that carries inputs: an object of texts. */
int start_recipe_with(struct turn *t, const struct recipe_row *row, const json_t *given,
                      struct err *e);
struct question {
    const struct recipe_input *input;
    const char *why;  /* its value does not fit; NULL: it has none */
    const char *form; /* title of a button that opens the form for all of them; NULL: as usual */
};
/* "a number"; and a value that would do, NULL: none is known. */
const char *question_kind(const struct recipe_input *in);
const char *question_sample(const struct recipe_input *in);
/* Asks for an input in the user's one-to-one chat. The first question has the id of its run. */
int question_ask(struct turn *t, struct run *r, const struct recipe *recipe,
                 const struct question *q, struct err *e);
/* The newest run of the user that asks for an input in this conversation; NULL: none. */
int question_find(struct turn *t, struct run **ret, struct err *e);
/* 1: the text answered an open question; 0: none is open here; -1 */
int question_answer(struct turn *t, const char *text, struct err *e);
/* The open question here that `text` would answer, while it may mean something else. run NULL: it
 * answers none. */
struct meant {
    const struct run *run;
    const struct recipe *recipe;
    const struct recipe_input *input;
    const char *text;
};
int question_meant(struct turn *t, const char *text, struct meant *ret, struct err *e);
/* Of a button that answers so ("answer"); and that button, none for run NULL. */
char *question_answer_value(arena *mem, const struct meant *m);
void question_add_meant(struct scene *sc, json_t *view, const struct meant *m);
/* Takes `text` as the answer to what this run asks. */
int question_take(struct turn *t, struct run *r, const char *text, struct err *e);
/* The recipe of a run, as recipe_load() gives it; NULL: its version is gone. */
int recipe_of(struct scene *sc, const struct run *r, struct recipe **ret, struct err *e);

/* --- release.c, runs.c: runs go on or end --- */

/* consent_generation: as in struct run_outcome. */
int run_park(struct scene *sc, struct run *r, const struct default_connection *d,
             int64_t consent_generation, struct err *e);
struct connected {
    const struct login *login;
    const char *connection_id;
    const char *app;
    const struct account *account;
    const struct account *before; /* another one that acted until now; NULL: none */
    bool differs;     /* its e-mail is not the chat profile's, and that is only worth a word */
    struct run *runs; /* that waited for it, as run_release leaves them */
    size_t runs_count;
};
/* The runs that waited for c's login go on (or ask again when they are old writes). */
int run_release(struct scene *sc, struct connected *c, struct err *e);
int run_enqueue(struct scene *sc, struct run *r, enum run_state from, struct err *e);
/* Ends a run with a view where its result belongs. */
int run_end(struct scene *sc, struct run *r, enum run_state from, enum run_state to, json_t *view,
            struct err *e);
/* The message that becomes the run's result shows this now; made if there is none. */
int run_show(struct scene *sc, struct run *r, json_t *view, struct err *e);
/* The run with this id if it is this user's; NULL else: ids in buttons select nobody. */
int run_of_user(struct turn *t, const char *run_id, struct run **ret, struct err *e);

/* --- cancelled.c: what is said of a run that is cancelled --- */

/* Its title, with what tells it from others of that title. */
int cancelled_name(struct scene *sc, const struct run *r, const char **ret, struct err *e);
/* inputs: what it would have been run with; NULL: not shown. */
int cancelled_view(struct scene *sc, const struct run *r, const json_t *inputs, json_t **ret,
                   struct err *e);
/* Of its message that stands above the answer: that it is over and no more, so that one `cancel`
 * has one answer. */
int cancelled_above(struct scene *sc, const struct run *r, json_t **ret, struct err *e);
/* What its message shows where all read it: by name alone, and view to its own person; view itself
 * where nobody else reads it, or the platform shows all the same. */
json_t *cancelled_for_all(struct scene *sc, const struct run *r, json_t *view);
/* The prompt of a login that nothing waits for any more, where it is not the run's own message: its
 * link does nothing any more. */
int cancelled_prompt(struct scene *sc, const struct run *r, const struct login *l, struct err *e);
/* The question that it asked, with the button of its form. */
int cancelled_question(struct turn *t, const struct run *r, struct err *e);

/* --- resume.c: buttons of a run that waits --- */

/* The pressed button is of another time: how the run stands now. */
int run_say_moved_on(struct turn *t, const struct run *r, struct err *e);
/* Nobody works on it: it waits for its user, or for its next try. */
bool run_may_cancel(const struct run *r);

/* --- why.c --- */

/* As whom this connection acts or acted, with its account, and by which rule: for that user alone.
 */
void why_add(struct scene *sc, json_t *view, const struct resolved *d,
             const struct recipe_connection *c);

/* --- result.c: what is said of a run that has ended --- */

/* What an earlier step of a run that ends now has written stays written. NULL: nothing. */
int result_so_far(struct scene *sc, const struct run *r, const char **ret, struct err *e);
/* A step of it was begun and its answer is not known: it may have happened. */
int result_unsure(struct scene *sc, const struct run *r, bool *ret, struct err *e);
json_t *result_view(struct scene *sc, const struct run_outcome *o);
struct failure {
    const struct err *why;
    const char *words; /* the app's refusal in our words; NULL: by the error's code */
    const char *app;   /* title; NULL: "The app" */
};
json_t *failure_view(struct scene *sc, const struct run *r, const struct recipe *recipe,
                     const struct failure *f);

#endif
