#ifndef WB_BOT_FORM_INT_H
#define WB_BOT_FORM_INT_H

#include "run_int.h"

/* Asking with a form of the platform: form.c, form_open.c, submit.c,
 * choices.c, shortcut.c. */

/* run.asking of a run whose inputs are asked for in a form, and nowhere else. */
#define ASKING_FORM "*"
bool run_asks_question(const struct run *r); /* typed words answer it */
bool run_asks(const struct run *r);          /* in a form or in words */
/* The chat has forms. */
bool forms_known(const struct scene *sc);
/* A form is the answer to what asks for it. */
bool forms_in_answers(const struct scene *sc);
/* What a form of the chat carries of ours comes back as it was. */
bool forms_kept(const struct scene *sc);
/* There is a fresh trigger at hand, or an answer is waited for: a form may be opened now. */
bool form_possible(const struct turn *t);
/* A button that opens a form, where the chat has forms. */
void form_button(const struct turn *t, json_t *view, const struct button *b);
/* As an event is looked at; a team without an installation of its own may have its organisation's.
 * j: to be read as if it were the event's job. */
int form_look(struct turn *t, struct job *j, bool *ret_ours, struct err *e);
/* ERR_TIMEOUT "form_late". */
int form_in_time(const struct bot_sent *sent, struct err *e);
/* Opens a form for the run's inputs (the run is stored and locked, or new). When it cannot be
 * opened after all, the user is asked in private (bot_job_form). */
int form_ask(struct turn *t, struct run *r, const struct recipe *recipe, struct err *e);
json_t *form_of_run(struct scene *sc, const struct run *r, const struct recipe *recipe);
/* Shows a form or view to who acts: in the open form where he acted, else as a new one. */
int form_show(struct turn *t, json_t *form, const char *run_id, struct err *e);
/* Inputs that are files (file_input.c). NULL, or why none can be given here, in a sentence; */
const char *files_refused(const struct scene *sc);
/* the same of the first one that the recipe needs and does not have. */
const char *files_missing(const struct scene *sc, const struct recipe *r, const json_t *inputs);
/* The chat refused to show a form for want of this scope: known here, before the row is read again.
 */
void files_note_scope(struct scene *sc, const char *scope);
/* given: what the run has for it, NULL if nothing. Where none can be given the form says so. */
void form_add_file(struct scene *sc, json_t *form, const struct recipe_input *in,
                   const json_t *given);
/* What a form brought for it goes into *io_inputs. NULL, or what is wrong with it. */
const char *form_take_file(arena *mem, const struct recipe_input *in, const json_t *sent,
                           json_t *io_inputs);
/* What a choice of an input is called in a form; and back: NULL when it is none. */
const char *form_choice_key(arena *mem, const struct recipe_input *in, size_t i);
const char *form_choice_value(arena *mem, const struct recipe_input *in, const char *key);
/* A run of this recipe that asks for its inputs, or is ready (RUN_QUEUED and not enqueued) when
 * nothing is to be asked; what of *r is set stays (id). *ret_added false: too many wait already. */
int start_run(struct turn *t, const struct recipe_row *row, struct run *r, bool *ret_added,
              struct err *e);
/* Answered in a form: the question that offers the form says what was filled in. */
int question_settle(struct scene *sc, const struct run *r, const struct recipe *recipe,
                    struct err *e);
/* Where the result comes, told where the last answer was given; nothing when it is the same, or
 * when a login comes first. */
int question_tell_where(struct turn *t, const struct run *r, const struct recipe *recipe,
                        struct err *e);
extern const char start_too_many[]; /* what is said then */
/* taken.c: what was filled in. */
struct form_taking {
    struct turn *turn;
    const struct recipe *recipe;
    const struct run *run;
    json_t *inputs; /* what the run has after it */
    json_t *errors; /* {field: what is wrong with it} */
};
/* Sets inputs and errors. */
int form_take(struct form_taking *x, struct err *e);

/* clocks.c: times in a form. */
struct form_clocks {
    bool any;             /* the recipe asks for some */
    const char *zone;     /* of who fills it in; NULL: not known */
    const json_t *inputs; /* of the run, its times read */
    struct recipe_misread misread;
};
int clocks_of_form(struct scene *sc, const struct recipe *r, const json_t *inputs,
                   struct form_clocks *ret, struct err *e);
/* "2026-12-31T14:30", as a clock there shows it; zone NULL: UTC. */
int clocks_show(struct scene *sc, const char *zone, int64_t at, const char **ret, struct err *e);
/* A time that was sent as its field showed it stays what it was. */
int clocks_keep(struct form_taking *x, struct err *e);

event_fn shortcut_take;
/* A form or search of the message shortcut. */
int shortcut_sent(struct turn *t, struct form_answer *ret, struct err *e);
int shortcut_choices(struct turn *t, struct form_choice **ret, size_t *ret_count, struct err *e);

#endif
