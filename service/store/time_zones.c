#include "store_int.h"

#include "store/time_zones.h"

static const struct stmt KNOWN = {"zone_known", "select time_zone_known($1)", 1, 1};

/* The zone's distance from UTC a day before and a day after are the two that the time can be read
 * by: each gives a moment, and the clock shows the time then, or it does not. */
static const struct stmt READINGS = {
    "clock_readings",
    "with c as ("
    "  select t, (t - ((near at time zone $2) - (near at time zone 'UTC'))) at time zone 'UTC' as at"
    "    from (select $1::timestamp) as civil (t),"
    "         (values (interval '-24 hours'), (interval '24 hours')) as day (d),"
    "         lateral (select (t at time zone $2) + d) as moment (near)) "
    "select distinct epoch(at), to_char(at at time zone $2, 'YYYY-MM-DD HH24:MI'),"
    "       at at time zone $2 = t,"
    "       (extract(epoch from (at at time zone $2) - (at at time zone 'UTC')) / 60)::bigint"
    "  from c order by 1",
    2, 4};

static const struct stmt AT = {
    "clock_at",
    "select to_char(to_timestamp($1::bigint) at time zone $2, 'YYYY-MM-DD\"T\"HH24:MI:SS')", 2, 1};

const struct stmt *const store_time_zones_stmts[] = {&KNOWN, &READINGS, &AT, NULL};

int store_zone_known(store *s, const char *name, bool *ret, struct err *e)
{
    rows *r = NULL;
    if (name != NULL && store_query(s, &KNOWN, DB_ARGS(DB_TEXT(name)), &r, e) != 0) {
        return -1;
    }
    *ret = name != NULL && row_bool(r, 0, 0);
    return 0;
}

/* Where one of the two does not hold, the other one is the time. */
static void take_reading(struct clock_readings *all, const struct clock_reading *one, bool holds)
{
    if (holds && all->count == 0) {
        all->near_count = 0;
    }
    if (holds || all->count == 0) {
        all->list[all->near_count++] = *one;
    }
    all->count += holds ? 1 : 0;
}

int store_clock_readings(store *s, const char *civil, const char *zone, struct clock_readings *ret,
                         struct err *e)
{
    struct clock_readings all = {.count = 0};
    rows *r = NULL;
    if (store_query(s, &READINGS, DB_ARGS(DB_TEXT(civil), DB_TEXT(zone)), &r, e) != 0) {
        return -1;
    }
    for (size_t i = 0; i < rows_count(r); i++) {
        const struct clock_reading one = {
            .at = row_i64(r, i, 0), .shows = row_text(r, i, 1), .offset_minutes = row_i64(r, i, 3)};
        take_reading(&all, &one, row_bool(r, i, 2));
    }
    *ret = all;
    return 0;
}

int store_clock_at(store *s, int64_t at, const char *zone, const char **ret, struct err *e)
{
    rows *r = NULL;
    if (store_query(s, &AT, DB_ARGS(DB_I64(at), DB_TEXT(zone)), &r, e) != 0) {
        return -1;
    }
    *ret = row_text(r, 0, 0);
    return 0;
}
