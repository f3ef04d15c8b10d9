#ifndef WB_STORE_DECISIONS_H
#define WB_STORE_DECISIONS_H

/*
 * What a button of a message decides for all who read it (decisions.c). The common rules stand in
 * store.h. Of one message one deciding run may act: it claims the decision in the transaction that
 * has its first write's intent on record, and again with each one after it. A claim holds as long
 * as its run is queued, running or unknown. A run that waits - parked or asking - holds it only
 * when a step that it claimed with has written or may have, so that nobody is blocked by a login
 * that never comes; a run that is over holds nothing.
 */

#include "store/session.h"

struct decision {
    const char *message_id;
    bool decided;
    bool held;           /* a run is about to decide, or its user must say whether it has */
    const char *run_id;  /* the last that claimed it; NULL: none */
    const char *user_id; /* of that run; NULL, too, when it was decided in the app itself */
    const char *word;    /* "approved"; NULL: decided in the app itself */
    const char *app;     /* title of the app that said so; NULL: decided here */
    int64_t decided_at;
};
/* *ret NULL: nobody has begun to decide it. */
int store_decision_find(store *s, const char *workspace, const char *message_id,
                        struct decision **ret, struct err *e);
/* In the caller's transaction. *ret_mine false: it is decided, or another run's. The same run may
 * claim again and again. */
struct decision_claim {
    const char *workspace, *message_id, *run_id, *user_id;
    int64_t position; /* of the writing step whose intent it goes with; -1: of none */
};
int store_decision_claim(store *s, const struct decision_claim *c, bool *ret_mine, struct err *e);
/* d's run_id has claimed it before: decided, by user_id with this word, or in this app. */
int store_decision_close(store *s, const char *workspace, const struct decision *d, struct err *e);

#endif
