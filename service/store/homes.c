#include "store_int.h"

#include <string.h>

#include "base/str.h"

#define LANE "home:"

/* To the minute: whoever opens it again and again writes nothing. */
static const struct stmt OPENED = {
    "home_opened",
    "update chat_user set home_opened_at = now() where workspace = $1 and user_id = $2"
    "   and (home_opened_at is null or home_opened_at < now() - interval '1 minute')",
    2, 0};

/* One that waits already is only hastened. Ordered, so that two who want many pages do not wait for
 * each other. No payload: whose page it is stands in the lane. */
static const struct stmt WANT = {
    "home_want",
    "insert into job (workspace, id, kind, lane, priority, key1, run_at)"
    " select u.workspace, gen_random_uuid(), 'home', '" LANE "' || u.user_id, $3,"
    "        '" LANE "' || u.user_id, now() + make_interval(secs => $4::bigint)"
    "   from chat_user u where u.workspace = $1 and u.home_opened_at is not null"
    "    and (u.user_id = $2 or ($2::text is null and u.home_opened_at > now() - interval '1 day'))"
    "  order by u.user_id"
    " on conflict (workspace, key1) where key1 is not null"
    " do update set run_at = least(job.run_at, excluded.run_at)",
    4, 0};

static const struct stmt BEGIN = {
    "home_begin",
    "update job set key1 = null where workspace = $1 and id = $2 and lease_token = $3", 3, 0};

const struct stmt *const store_homes_stmts[] = {&OPENED, &WANT, &BEGIN, NULL};

int store_home_opened(store *s, const char *workspace, const char *user_id, struct err *e)
{
    return store_query(s, &OPENED, DB_ARGS(DB_TEXT(workspace), DB_TEXT(user_id)), NULL, e);
}

int store_home_want(store *s, const char *workspace, const char *user_id, int64_t delay_s,
                    struct err *e)
{
    const struct db_arg *args =
        DB_ARGS(DB_TEXT(workspace), DB_TEXT(user_id), DB_I64(JOB_PRIORITY_HOME), DB_I64(delay_s));
    store_follow_left(s);
    return store_query(s, &WANT, args, NULL, e);
}

int store_home_begin(store *s, const struct job *j, const char **ret_user_id, struct err *e)
{
    if (!str_starts(j->lane, LANE)) {
        return err_set(e, ERR_INPUT, "job_payload", "home job %s names no user", j->id);
    }
    if (store_query(s, &BEGIN,
                    DB_ARGS(DB_TEXT(j->workspace), DB_TEXT(j->id), DB_TEXT(j->lease_token)), NULL,
                    e) != 0) {
        return -1;
    }
    if (db_affected(s->c) == 0) {
        return err_set(e, ERR_LEASE_LOST, "lease_lost", "job %s is not ours any more", j->id);
    }
    *ret_user_id = j->lane + strlen(LANE);
    return 0;
}
