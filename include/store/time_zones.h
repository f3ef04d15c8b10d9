#ifndef WB_STORE_TIME_ZONES_H
#define WB_STORE_TIME_ZONES_H

/* Clocks of people (time_zones.c), by the rules of time zones that PostgreSQL brings. The common
 * rules stand in store.h. */

#include "store/session.h"

/* Is there a zone of this name ("Europe/Zurich")? NULL is none. */
int store_zone_known(store *s, const char *name, bool *ret, struct err *e);

/* What a clock in a zone shows, and when. */
struct clock_reading {
    int64_t at;
    int64_t offset_minutes; /* ahead of UTC */
    const char *shows;      /* "2026-12-01 14:00" */
};
/* When a clock of a zone shows a time. Where clocks are turned it may be twice, or never. */
struct clock_readings {
    struct clock_reading list[2]; /* in their order. Never: the times just before and after, as far
                                     apart from it as the clock is turned */
    size_t count;                 /* how often it is: 0, 1, 2 */
    size_t near_count;            /* of list */
};
/* civil: "2026-12-01T14:00:00"; zone: one that is known. */
int store_clock_readings(store *s, const char *civil, const char *zone, struct clock_readings *ret,
                         struct err *e);
/* What a clock of a known zone shows then: "2026-12-01T14:00:00". */
int store_clock_at(store *s, int64_t at, const char *zone, const char **ret, struct err *e);

#endif
