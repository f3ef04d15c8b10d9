#ifndef WB_BOT_ACT_INT_H
#define WB_BOT_ACT_INT_H

#include "bot_int.h"

/* A back-end starts a recipe for a person (act.c). What refuses sets x->refused and returns 0. */

struct acting {
    const struct bot_act *q;
    struct bot_acted *ret;
    struct err refused; /* committed all the same: the question is kept */
};

int act_refuse(struct acting *x, enum err_kind kind, const char *code, const char *text);
/* Of whoever has not allowed it, is not served, or is not there: all alike. */
int act_refuse_person(struct acting *x);
int act_may_run(struct scene *sc, const struct recipe *r, bool *ret, struct err *e);

/* --- act_person.c --- */

/* With no session open; sc->user is how the person stands then. */
int act_know(struct scene *sc, struct acting *x, struct err *e);
int act_ask(struct scene *sc, struct acting *x, const struct recipe *recipe, struct err *e);

#endif
