#ifndef WB_STORE_STATS_H
#define WB_STORE_STATS_H

/* How a workspace does, in numbers: what its runs came to, and how long its work waits. The common
 * rules stand in store.h. */

#include "store/runs.h"
#include "store/session.h"

enum stats_period { STATS_HOUR, STATS_DAY, STATS_PERIOD_COUNT };
const char *stats_period_name(enum stats_period p); /* "hour", "day" */
int64_t stats_period_s(enum stats_period p);

/* Of the runs that were begun in the period (UTC) from `from` on, so many are in this state now. */
struct run_count {
    int64_t from;
    enum run_state state;
    int64_t count;
};
/* By period from `since` on, which is the begin of one. */
int store_stats_runs(store *s, const char *workspace, enum stats_period by, int64_t since,
                     struct run_count **ret, size_t *ret_count, struct err *e);

/* The longest that work was seen waiting in that period; where none was, there is no entry. */
struct queue_age {
    int64_t from;
    int64_t oldest_s;
};
int store_stats_queue(store *s, const char *workspace, enum stats_period by, int64_t since,
                      struct queue_age **ret, size_t *ret_count, struct err *e);

/* The same as store_job_gauges() for one workspace. */
int store_queue_now(store *s, const char *workspace, int64_t *ret_waiting, int64_t *ret_oldest_s,
                    struct err *e);

/* Notes how long work waits now, in each workspace where it has for a second or longer. It may be
 * noted by several processes, and as often as they like. What is noted is kept for so long, which
 * is the longest window that is shown and the day that it begins in: */
enum { STORE_STATS_WINDOW_S = 31 * 86400, STORE_QUEUE_AGE_S = 32 * 86400 };
int store_queue_note(store *s, struct err *e);

#endif
