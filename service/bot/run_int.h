#ifndef WB_BOT_RUN_INT_H
#define WB_BOT_RUN_INT_H

#include "bot_int.h"

/* From a command to a run, and how it goes on and ends. */

/* --- start.c, question.c: from a command to a run --- */

/* The recipe of a current row; ERR_CONFIG "recipe_faulty". */
int recipe_read(arena *mem, const struct recipe_row *row, struct recipe **ret, struct err *e);
int start_recipe(struct turn *t, const struct recipe_row *row, const char *rest, struct err *e);
/* Texts to typed values. One that does not fit stays as its text, and is asked for again. */
json_t *start_inputs(arena *mem, const struct recipe *r, const json_t *given);
/* The same from a button that carries inputs: an object of texts. */
int start_recipe_with(struct turn *t, const struct recipe_row *row, const json_t *given,
                      struct err *e);
struct question {
    const struct recipe_input *input;
    const char *why;  /* its value does not fit; NULL: it has none */
    bool in_utc;      /* a time was read in UTC, since the user's zone is not known */
    const char *form; /* title of a button that opens the form for all of them; NULL: as usual */
};
/* clocks.c: sets input, why and in_utc of *io as recipe_asks() says it; and what names no zone
 * becomes the instant that the user's clock shows, or is asked for. */
int clocks_ask(struct scene *sc, const struct recipe *r, json_t *inputs, struct question *io,
               struct err *e);
/* By whose clock this input is read, a sentence; NULL: it is no time. */
int clocks_note(struct scene *sc, const struct recipe_input *in, const char **ret, struct err *e);
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
/* The recipe of a run, as recipe_load() gives it (ERR_CONFIG "recipe_faulty", too); NULL: its
 * version is gone. What can be said or done without it asks result_recipe(): during a roll-out a
 * recipe is faulty to the old replicas, and that one run must not keep its person from all others.
 */
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
    const struct account *before; /* another one that it replaces; NULL: none */
    struct account_place place;   /* where it stands beside this user's others */
    bool chosen;                  /* no login: one that was there is used from now on */
    bool differs;     /* its e-mail is not the chat profile's, and that is only worth a word */
    struct run *runs; /* that waited for it, as run_release leaves them */
    size_t runs_count;
};
/* The runs that waited for c's login go on (or ask again when they are old writes). */
int run_release(struct scene *sc, struct connected *c, struct err *e);
int run_enqueue(struct scene *sc, struct run *r, enum run_state from, struct err *e);
/* A write that waited long shows what it would do before it does it. */
bool run_is_stale(const struct scene *sc, const struct run *r, const struct recipe *recipe);
int run_ask_again(struct scene *sc, struct run *r, const struct recipe *recipe, struct err *e);
/* Ends a run with a view where its result belongs. */
int run_end(struct scene *sc, struct run *r, enum run_state from, enum run_state to, json_t *view,
            struct err *e);
/* The message that becomes the run's result shows this now; made if there is none. */
int run_show(struct scene *sc, struct run *r, json_t *view, struct err *e);
/* The run with this id if it is this user's; NULL else: ids in buttons select nobody. */
int run_of_user(struct turn *t, const char *run_id, struct run **ret, struct err *e);
/* A hook began it. */
bool run_is_nobodys(const struct run *r);

/* --- cancelled.c: what is said of a run that is cancelled --- */

/* Its title, with what tells it from others of that title. */
int cancelled_name(struct scene *sc, const struct run *r, const char **ret, struct err *e);
/* inputs: with what it would have been run with. */
int cancelled_view(struct scene *sc, const struct run *r, bool inputs, json_t **ret, struct err *e);
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

struct failure {
    const struct err *why;
    const char *words; /* the app's refusal in our words; NULL: by the error's code */
    const char *app;   /* title; NULL: "The app" */
};

/* --- words_inputs.c: what a run was given --- */

/* What the message says whose button began the run, or "name: Acme renewal", the first input that
 * was given; cut to a few words. NULL: none was. */
char *words_input(store *s, const struct recipe *recipe, const struct run *r);
/* What was given so far, in the recipe's order (NULL: as it is stored), at most so many (SIZE_MAX:
 * all) and how many more there are. Of a run that a button began, in the place of what the button
 * gave, what its message says; unless that is gone by age. */
void words_inputs(struct scene *sc, json_t *view, const struct recipe *recipe, const struct run *r,
                  size_t max);
/* What that message says, alone. */
void words_inputs_about(struct scene *sc, json_t *view, const struct run *r);
/* Its button that leads to the record, where it has one. */
void words_inputs_link(struct scene *sc, json_t *view, const struct run *r);

/* --- bound.c: buttons that stand for what is stored with their message --- */

struct bound {
    const char *message_id, *handle;
    const json_t *call; /* {command, inputs, ask, decides, title} */
};
struct bound_source {
    const struct recipe *recipe;
    const json_t *context; /* of the templates */
    const struct run *run; /* of this recipe */
};
/* The recipe's buttons, with what each of them does. */
int bound_add(struct scene *sc, json_t *view, const struct bound_source *q, struct err *e);
/* The button of a view that has this handle and a call; NULL: none has. */
const json_t *bound_button(const json_t *view, const char *handle);
/* For the run that a press begins (run.pressed). */
const json_t *bound_record(arena *mem, const struct bound *b);
/* The first input that the button gives and its command cannot take: no form may ask for it, so
 * nothing is begun. inputs: as recipe_asks() leaves them. NULL: all fit. */
const struct recipe_input *bound_misfit(arena *mem, const struct bound *b, const struct recipe *r,
                                        const json_t *inputs, const char **ret_why);
int bound_say_misfit(struct turn *t, const struct recipe_input *in, const char *why, struct err *e);
/* The same button of the same message began `last`; b NULL: no button that is bound did. */
bool bound_presses_again(arena *mem, const struct bound *b, const struct run *last);
bool bound_asks(const struct bound *b); /* its form opens though nothing is missing */
/* The value came with the button: nobody can change it. */
bool bound_fixes(const struct run *r, const struct recipe_input *in);
/* It is not asked for in the run's form. */
bool bound_hides(const struct run *r, const struct recipe_input *in);
/* What a complete run with a form asks for; NULL: nothing. */
const struct recipe_input *bound_first(const struct run *r, const struct recipe *recipe);

/* --- decided.c: messages of which a press decides for all who read them --- */

/* The pressed message is the person's own: it becomes the prompt, the question and the result.
 * NULL: it is not, or the run decides nothing. */
const char *decided_in_place(const struct turn *t, const struct run *r);
/* It began with a press that decides a message. */
bool decided_by(const struct run *r);
/* Its prompt and result stand in the pressed message. */
bool decided_is_in_place(const struct run *r);
/* A copy without buttons that have a call. */
json_t *decided_without_buttons(arena *mem, const json_t *view);
/* Its buttons go while its run goes on; what it said stands under what takes its place. */
int decided_hold(struct scene *sc, const struct run *r, struct err *e);
/* The run ends so. The message says for all what was decided, or, where it is the person's own,
 * what it said before. *view NULL: what would be shown has no place any more; view NULL: no message
 * of the place can be changed. */
int decided_end(struct scene *sc, const struct run *r, enum run_state to, json_t **view,
                struct err *e);
/* The run has failed: others were first, or the app says that it is decided. */
int decided_failed(struct scene *sc, const struct run *r, const struct failure *f, json_t **view,
                   struct err *e);
/* Somebody has decided it, or is about to: *ret_told whoever presses has been told. */
int decided_before(struct turn *t, bool *ret_told, struct err *e);

/* --- wait.c, wait_press.c: a step that asks in the chat and waits for a press --- */

/* The run waits for a press, not for a login. */
bool run_awaits_press(const struct run *r);
/* The step's message is posted, and the run is parked behind it. */
int wait_begin(struct scene *sc, const struct job *j, struct run_outcome *o, struct err *e);
/* The message at which it waits, if the chat forgets it when it is reloaded; NULL: it stays. */
int wait_fleeting(struct scene *sc, const struct run *r, struct message **ret, struct err *e);
/* The run ends, or goes another way: nobody presses any more. */
int wait_over(struct scene *sc, const struct run *r, struct err *e);
/* The same of its step alone, where what it asked cannot be told of. */
int wait_over_untold(struct scene *sc, const struct run *r, struct err *e);

/* --- permit.c: programs that may run commands for a user (act.c) --- */

/* Which they are, with buttons that end it. */
int permit_add(struct turn *t, json_t *view, struct err *e);

/* --- resume.c: buttons of a run that waits --- */

/* The pressed button is of another time: how the run stands now. */
int run_say_moved_on(struct turn *t, const struct run *r, struct err *e);

/* --- cancel.c --- */

/* Nobody works on it: it waits for its user, or for its next try. */
bool run_may_cancel(const struct run *r);
/* The run alone; its own message, when it has one, says view. */
int run_cancel(struct scene *sc, struct run *r, json_t *view, struct err *e);

/* --- why.c --- */

/* As whom this connection acts or acted, with its account, and by which rule: for that user alone.
 */
void why_add(struct scene *sc, json_t *view, const struct resolved *d,
             const struct recipe_connection *c);

/* --- written.c: what a run has written --- */

enum writing {
    WRITES_NOTHING,
    WRITES_SOMETHING,
    WRITES_DECISION, /* approves or rejects */
};
/* By its action's name alone: its connection may be gone. recipe NULL: it may have written. */
enum writing written_by(const struct scene *sc, const struct recipe *recipe,
                        const struct run_step *p);
/* Of a recipe that approves or rejects that alone decides, of any other whatever it writes. */
struct written {
    bool decides;    /* such a step is done */
    bool may_decide; /* one was begun and its answer is not known */
    bool shared;     /* one of these on the default connection, as the recipe asks for no own one */
};
int written_of(struct scene *sc, const struct run *r, struct written *ret, struct err *e);

/* --- result.c: what is said of a run that has ended --- */

/* Its recipe; NULL where that cannot be read any more. */
int result_recipe(struct scene *sc, const struct run *r, struct recipe **ret, struct err *e);
/* What an earlier step of a run that ends now has written stays written. NULL: nothing. */
int result_so_far(struct scene *sc, const struct run *r, const char **ret, struct err *e);
/* A step of it was begun and its answer is not known: it may have happened. */
int result_unsure(struct scene *sc, const struct run *r, bool *ret, struct err *e);
json_t *result_view(struct scene *sc, const struct run_outcome *o);
/* Why a run with began_as stops. NULL: where others read, no account is named. */
const char *result_other_account(struct scene *sc, const struct run_outcome *o);
/* What templates of the reply see; and fields, link and buttons of it. */
json_t *result_context(struct scene *sc, const struct run_outcome *o, bool is_private);
void result_add_rest(struct scene *sc, const struct run_outcome *o, const json_t *context,
                     json_t *view);

/* --- unknown.c: a write whose answer was lost --- */

/* The question to its user. app_words NULL: no app is known. value: what its buttons say, the run's
 * id and what may stand behind it. */
json_t *unknown_view(struct scene *sc, const struct run_outcome *o, const char *app_words,
                     const char *value);
/* What its user's word that it happened means for what comes after this step of the recipe (NULL:
 * not known any more). A reply may lack its result, a later step may not. */
enum unknown_rest {
    REST_NONE,    /* nothing does */
    REST_GOES_ON, /* it is done, too */
    REST_STOPS    /* it needs the answer that got lost: nobody does it */
};
enum unknown_rest unknown_rest(arena *mem, const struct recipe *recipe, size_t place);
/* Its message comes after the last step: an event began it, and nobody has been told. */
bool unknown_posts(const struct run *r, const struct recipe *recipe);
/* What its word leaves undone where the run cannot go on, and what to do: sentences' end. */
const char *unknown_left(const struct run *r, const struct recipe *recipe, enum unknown_rest rest);
/* "item 2 of 3"; NULL: the step goes through no list. */
char *unknown_item(arena *mem, const struct run_outcome *o);

/* --- post.c: runs that a hook began, and nobody --- */

/* The run is done: its message goes to its person or channel. */
int post_done(struct scene *sc, struct run_outcome *o, struct err *e);
/* It has failed: the admins are told, once in an hour for each reason. */
int post_failed(struct scene *sc, struct run_outcome *o, const char *app_words, struct err *e);
/* The answer of a write was lost: the admins are asked, by one question for each recipe at a time.
 */
int post_unknown(struct scene *sc, struct run_outcome *o, const char *app_words, struct err *e);
/* The run alone: it has no message that would say so. ERR_LEASE_LOST when it moved on. */
int post_move(struct scene *sc, struct run *r, enum run_state to, struct err *e);

/* --- post_again.c: such a run begins, or begins anew --- */

/* With the inputs of *r, which is set. ERR_UPSTREAM_BUSY "hook_runs": too many wait. */
int post_start(struct scene *sc, struct run *r, const struct recipe_row *row,
               const struct recipe *recipe, struct err *e);
/* How many failed as r did, and the button that runs them again. */
int post_add_again(struct scene *sc, json_t *view, const struct run *r, struct err *e);
/* The button for those from this run on; from NULL: none. */
void post_add_rest(struct scene *sc, json_t *view, const char *from);
/* What made r fail is mended: all admins are offered to run it again. */
int post_tell_works(struct scene *sc, const struct run *r, struct err *e);
/* Of the notices: admins know that this recipe fails for this reason. */
char *post_failed_key(arena *mem, const struct run *r);

/* --- post_press.c: what admins press under what they are told of such runs --- */

/* run_of_user(), where any admin may act for nobody, by a button that stands in the pressed message
 * with this value. NULL: whoever presses is told why not, or by what the message says by now. */
int post_run(struct turn *t, const char *run_id, struct run **ret, struct err *e);
/* Where nobody typed it, nothing more is done by a recipe that "is switched off" or "is gone".
 * NULL: it may go on. */
int post_off(struct scene *sc, const struct run *r, const char **ret, struct err *e);
/* Another press was first: whose, as the audit has it under this action, or how the run stands.
 * rest: the run that "Run the rest" begins with; NULL: none is left. */
int post_say_first(struct turn *t, const struct run *r, const char *audited, const char *rest,
                   struct err *e);
/* Is it of another try than the one whose answer is lost now? Its question stands in the chat of
 * every admin but the one who answered it. */
int post_is_answered(struct turn *t, const struct run *r, const char *value, bool *ret,
                     struct err *e);
/* Of the notices: admins are asked about such a write of this recipe. */
char *post_asked_key(arena *mem, const char *recipe);
/* The next write of this recipe of which nobody knows what became of it. */
int post_ask_next(struct turn *t, const char *recipe, struct err *e);
/* What admins are asked of such a write. */
int post_question(struct scene *sc, const struct run_outcome *o, const char *app_words,
                  json_t **ret, struct err *e);
json_t *failure_view(struct scene *sc, const struct run *r, const struct recipe *recipe,
                     const struct failure *f);

#endif
