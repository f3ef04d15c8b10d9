#include "store/stats.h"

#include "store_int.h"

/* Ids sort by the time they were made, so the primary key has the window; an hour for the clocks of
 * processes and of the database. Another index would cost each run that begins. */
enum { CLOCKS_DIFFER_S = 3600 };

static const struct stmt RUNS = {
    "stats_runs",
    "select epoch(date_trunc($2, r.created_at, 'UTC')) p, r.state, count(*) from run r"
    " where r.workspace = $1 and r.id >= $4::uuid and r.created_at >= to_timestamp($3::bigint)"
    " group by 1, 2 order by 1, 2",
    4, 3};

static const struct stmt QUEUE = {
    "stats_queue",
    "select epoch(date_trunc($2, q.hour, 'UTC')) p, max(q.oldest_s) from queue_age q"
    " where q.workspace = $1 and q.hour >= to_timestamp($3::bigint) group by 1 order by 1",
    3, 2};

static const struct stmt NOW = {
    "queue_now",
    "select count(*), coalesce(floor(extract(epoch from now() - min(d.run_at))), 0)::bigint"
    "  from (select run_at from job where workspace = $1 and state = 'queued' and run_at <= now()"
    "         limit 100000) d",
    1, 2};

/* A workspace that somebody is changing is passed over until the next minute. In their order, as
 * another process does the same. */
static const struct stmt NOTE = {
    "queue_note",
    "with due as ("
    "  select workspace, floor(extract(epoch from now() - min(run_at)))::bigint oldest_s"
    "    from job where state = 'queued' and run_at <= now() - interval '1 second'"
    "   group by workspace), "
    "here as ("
    "  select w.workspace from workspace w where w.workspace in (select workspace from due)"
    "     for key share skip locked) "
    "insert into queue_age (workspace, hour, oldest_s)"
    " select d.workspace, date_trunc('hour', now(), 'UTC'), d.oldest_s"
    "   from due d join here h on h.workspace = d.workspace order by 1"
    " on conflict (workspace, hour) do update set oldest_s = excluded.oldest_s"
    "   where queue_age.oldest_s < excluded.oldest_s",
    0, 0};

const struct stmt *const store_stats_stmts[] = {&RUNS, &QUEUE, &NOW, &NOTE, NULL};

static const struct {
    const char *name;
    int64_t seconds;
} periods[STATS_PERIOD_COUNT] = {
    [STATS_HOUR] = {"hour", 3600},
    [STATS_DAY] = {"day", 86400},
};

const char *stats_period_name(enum stats_period p)
{
    return periods[p].name;
}

int64_t stats_period_s(enum stats_period p)
{
    return periods[p].seconds;
}

/* The first id that can have been made then (RFC 9562 5.7: 48 bits of milliseconds lead). */
static char *id_from(arena *mem, int64_t at)
{
    unsigned long long ms =
        at > CLOCKS_DIFFER_S ? (unsigned long long)(at - CLOCKS_DIFFER_S) * 1000 : 0;
    return arena_printf(mem, "%08llx-%04llx-0000-0000-000000000000", ms >> 16 & 0xffffffffU,
                        ms & 0xffffU);
}

static int read_count(store *s, const rows *r, size_t row, void *to, struct err *e)
{
    (void)s;
    (void)e;
    *(struct run_count *)to = (struct run_count){.from = row_i64(r, row, 0),
                                                 .state = store_run_state(row_text(r, row, 1)),
                                                 .count = row_i64(r, row, 2)};
    return 0;
}

static int read_age(store *s, const rows *r, size_t row, void *to, struct err *e)
{
    (void)s;
    (void)e;
    *(struct queue_age *)to =
        (struct queue_age){.from = row_i64(r, row, 0), .oldest_s = row_i64(r, row, 1)};
    return 0;
}

int store_stats_runs(store *s, const char *workspace, enum stats_period by, int64_t since,
                     struct run_count **ret, size_t *ret_count, struct err *e)
{
    void *list = NULL;
    const struct store_ask ask = {&RUNS,
                                  DB_ARGS(DB_TEXT(workspace), DB_TEXT(stats_period_name(by)),
                                          DB_I64(since), DB_TEXT(id_from(s->mem, since))),
                                  read_count, sizeof(struct run_count)};
    int rc = store_ask_all(s, &ask, &list, ret_count, e);
    *ret = list;
    return rc;
}

int store_stats_queue(store *s, const char *workspace, enum stats_period by, int64_t since,
                      struct queue_age **ret, size_t *ret_count, struct err *e)
{
    void *list = NULL;
    const struct store_ask ask = {
        &QUEUE, DB_ARGS(DB_TEXT(workspace), DB_TEXT(stats_period_name(by)), DB_I64(since)),
        read_age, sizeof(struct queue_age)};
    int rc = store_ask_all(s, &ask, &list, ret_count, e);
    *ret = list;
    return rc;
}

int store_queue_now(store *s, const char *workspace, int64_t *ret_waiting, int64_t *ret_oldest_s,
                    struct err *e)
{
    rows *r = NULL;
    if (store_query(s, &NOW, DB_ARGS(DB_TEXT(workspace)), &r, e) != 0) {
        return -1;
    }
    *ret_waiting = row_i64(r, 0, 0);
    *ret_oldest_s = row_i64(r, 0, 1);
    return 0;
}

int store_queue_note(store *s, struct err *e)
{
    return store_query(s, &NOTE, DB_NO_ARGS, NULL, e);
}
