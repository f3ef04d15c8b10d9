#include "api_int.h"

#include "base/clock.h"
#include "base/str.h"

/* How a workspace does: its runs by what came of them, and how long its work waited. */

/* What is still under way is told as one, each end by its own name. */
static const char *result_of(enum run_state state)
{
    return run_state_is_final(state) || state == RUN_UNKNOWN ? run_state_name(state) : "open";
}

enum { HOURS = 24, DAYS = 31 }; /* where nothing is said */

struct window {
    enum stats_period by;
    int64_t now, since; /* the begin of a period */
};

static int read_by(const struct api *a, enum stats_period *ret, struct err *e)
{
    const char *by = NULL;
    if (request_query(a->q, "by", &by, e) != 0) {
        return -1;
    }
    for (int i = 0; i < STATS_PERIOD_COUNT; i++) {
        if (by == NULL || str_equal(by, stats_period_name((enum stats_period)i))) {
            *ret = (enum stats_period)i;
            return 0;
        }
    }
    return err_set(e, ERR_INPUT, "query", "\"by\" is hour or day.");
}

static int read_window(const struct api *a, struct window *ret, struct err *e)
{
    *ret = (struct window){.now = clock_now(), .since = -1};
    if (read_by(a, &ret->by, e) != 0 || api_query_time(a, "since", &ret->since, e) != 0) {
        return -1;
    }
    int64_t period_s = stats_period_s(ret->by);
    if (ret->since == -1) {
        ret->since = ret->now - ((ret->by == STATS_HOUR ? HOURS : DAYS) - 1) * period_s;
    }
    if (ret->since > ret->now || ret->since < ret->now - STORE_STATS_WINDOW_S) {
        return err_set(e, ERR_INPUT, "query",
                       "\"since\" must be a time of the last 31 days, and not of the future.");
    }
    ret->since -= ret->since % period_s;
    return 0;
}

/* Each period of the window, with zeros. */
static json_t *empty_periods(const struct api *a, const struct window *w)
{
    json_t *list = json_array();
    for (int64_t at = w->since; at <= w->now; at += stats_period_s(w->by)) {
        json_t *runs = json_object();
        for (int i = 0; i < RUN_STATE_COUNT; i++) {
            json_put(runs, result_of((enum run_state)i), json_integer(0));
        }
        json_push(list, json_must(json_pack("{s:o, s:o, s:i}", "from", api_time(a->mem, at), "runs",
                                            runs, "queue_oldest_seconds", 0)));
    }
    return list;
}

/* NULL: of a period that has begun since this one looked at the clock. */
static json_t *period_at(const json_t *periods, const struct window *w, int64_t from)
{
    return json_array_get(periods, (size_t)((from - w->since) / stats_period_s(w->by)));
}

static int add_runs(struct api *a, const struct window *w, json_t *periods, struct err *e)
{
    struct run_count *list = NULL;
    size_t count = 0;
    if (store_stats_runs(a->s, a->workspace, w->by, w->since, &list, &count, e) != 0) {
        return -1;
    }
    for (size_t i = 0; i < count; i++) {
        json_t *runs = json_member(period_at(periods, w, list[i].from), "runs");
        const char *result = result_of(list[i].state);
        if (runs != NULL) {
            json_int_t so_far = json_integer_value(json_member(runs, result));
            json_put(runs, result, json_integer(so_far + list[i].count));
        }
    }
    return 0;
}

static int add_queue(struct api *a, const struct window *w, json_t *periods, struct err *e)
{
    struct queue_age *list = NULL;
    size_t count = 0;
    if (store_stats_queue(a->s, a->workspace, w->by, w->since, &list, &count, e) != 0) {
        return -1;
    }
    for (size_t i = 0; i < count; i++) {
        json_t *period = period_at(periods, w, list[i].from);
        if (period != NULL) {
            json_put(period, "queue_oldest_seconds", json_integer(list[i].oldest_s));
        }
    }
    return 0;
}

static int stats_get(struct api *a, struct err *e)
{
    struct window w;
    struct workspace *found = NULL;
    int64_t waiting = 0, oldest_s = 0;
    if (read_window(a, &w, e) != 0 || api_workspace(a, &found, e) != 0) {
        return -1;
    }
    json_t *periods = arena_json(a->mem, empty_periods(a, &w));
    if (add_runs(a, &w, periods, e) != 0 || add_queue(a, &w, periods, e) != 0 ||
        store_queue_now(a->s, a->workspace, &waiting, &oldest_s, e) != 0) {
        return -1;
    }
    json_t *queue = json_must(json_pack("{s:I, s:I}", "waiting", (json_int_t)waiting,
                                        "oldest_seconds", (json_int_t)oldest_s));
    api_answer(a, 200,
               json_pack("{s:o, s:o, s:s, s:O, s:o}", "since", api_time(a->mem, w.since), "until",
                         api_time(a->mem, w.now), "by", stats_period_name(w.by), "periods", periods,
                         "queue", queue));
    return 0;
}

int api_stats_get(web *w, const struct request *q, struct response *r, struct err *e)
{
    return api_run(w, q, r, stats_get, e);
}
