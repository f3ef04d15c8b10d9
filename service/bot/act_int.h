#ifndef WB_BOT_ACT_INT_H
#define WB_BOT_ACT_INT_H

#include "people_int.h"

/* A back-end starts a recipe for a person (act.c). What refuses sets x->refused and returns 0. */

struct acting {
    const struct bot_act *q;
    struct bot_acted *ret;
    const struct recipe *recipe; /* as it was before anything was locked */
    bool allowed;                /* by the person, at that time */
    bool turn;                   /* else: it is the turn of this person to be asked */
    bool asked;
    struct person_news newcomer; /* whom nobody here knew; person NULL: it is none */
    struct err refused;          /* committed all the same: the question is kept */
};

int act_refuse(struct acting *x, enum err_kind kind, const char *code, const char *text);
/* Of whoever has not allowed it, is not served, or is not there: all alike. */
int act_refuse_person(struct acting *x);
int act_may_run(struct scene *sc, const struct recipe *r, bool *ret, struct err *e);

/* --- act_person.c --- */

/* Who is this? With no session open. The chat is asked about whoever has not allowed it in their
 * turn alone; a newcomer is stored by act_newcomer. */
int act_know(struct scene *sc, struct acting *x, struct err *e);
/* Asks the person, who has not allowed it, in their turn; and refuses. */
int act_ask(struct scene *sc, struct acting *x, const struct recipe *recipe, struct err *e);

#endif
