#ifndef WB_BOT_FORM_INT_H
#define WB_BOT_FORM_INT_H

#include "run_int.h"

/* Asking with a form of the platform: form.c, form_open.c, submit.c, shortcut.c. */

/* run.asking of a run whose inputs are asked for in a form, and nowhere else. */
#define ASKING_FORM "*"
bool run_asks_question(const struct run *r); /* typed words answer it */
bool run_asks(const struct run *r);          /* in a form or in words */
/* The chat has forms. */
bool forms_known(const struct scene *sc);
/* What a form of the chat carries of ours comes back as it was. */
bool forms_kept(const struct scene *sc);
/* There is a fresh trigger at hand, or an answer is waited for: a form may be opened now. */
bool form_possible(const struct turn *t);
/* A button that opens a form, where the chat has forms. */
void form_button(const struct turn *t, json_t *view, const struct button *b);
/* ERR_TIMEOUT "form_late". */
int form_in_time(const struct bot_sent *sent, struct err *e);
/* Opens a form for the run's inputs (the run is stored and locked, or new). When it cannot be
 * opened after all, the user is asked in private (bot_job_form). */
int form_ask(struct turn *t, struct run *r, const struct recipe *recipe, struct err *e);
json_t *form_of_run(struct scene *sc, const struct run *r, const struct recipe *recipe);
/* Shows a form or view to who acts: in the open form where he acted, else as a new one. */
int form_show(struct turn *t, json_t *form, const char *run_id, struct err *e);
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
event_fn shortcut_take;
/* A form or search of the message shortcut. */
int shortcut_sent(struct turn *t, struct form_answer *ret, struct err *e);
int shortcut_choices(struct turn *t, struct form_choice **ret, size_t *ret_count, struct err *e);

#endif
