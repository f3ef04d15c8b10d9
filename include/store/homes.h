#ifndef WB_STORE_HOMES_H
#define WB_STORE_HOMES_H

/*
 * Home pages: which users have one, and the job that publishes it anew. The common rules stand in
 * store.h.
 *
 * Invariant: at most one job waits per page, however much changes; and whoever changes something
 * either finds a job that has not begun to read, or adds one.
 */

#include "store/jobs.h"
#include "store/session.h"

/* From now on this user's page is kept up to date; what it said is over. */
int store_home_opened(store *s, const char *workspace, const char *user_id, struct err *e);

/* The user's page is published anew in delay_s seconds; nothing when it was never opened. user_id
 * NULL: everybody's of the workspace who has looked at it in the last day (others get a new one
 * when they open it). To be called last in a transaction: it makes others that change the same page
 * wait until the end of it. */
int store_home_want(store *s, const char *workspace, const char *user_id, int64_t delay_s,
                    struct err *e);

/* What a press on the page brought about, to be shown on it (a view; sealed) until it is opened
 * again. NULL: nothing. */
int store_home_say(store *s, const char *workspace, const char *user_id, json_t *view,
                   struct err *e);
/* *ret NULL: nothing. */
int store_home_said(store *s, const char *workspace, const char *user_id, json_t **ret,
                    struct err *e);

/* A job of kind home begins, in the transaction that reads what the page shows: what changes from
 * here on wants another job. *ret_user_id: whose page it is. */
int store_home_begin(store *s, const struct job *j, const char **ret_user_id, struct err *e);

#endif
