#include "store_int.h"

#include <string.h>

#include "base/str.h"

#define LANE "home:"

/* To the minute: whoever opens it again and again writes nothing. */
static const struct stmt OPENED = {
    "home_opened",
    "update chat_user set home_opened_at = now(), home_said = null"
    " where workspace = $1 and user_id = $2"
    "   and (home_opened_at is null or home_opened_at < now() - interval '1 minute'"
    "        or home_said is not null)",
    2, 0};

static const struct stmt SAY = {
    "home_say", "update chat_user set home_said = $3 where workspace = $1 and user_id = $2", 3, 0};

static const struct stmt SAID = {
    "home_said", "select home_said from chat_user where workspace = $1 and user_id = $2", 2, 1};

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

const struct stmt *const store_homes_stmts[] = {&OPENED, &SAY, &SAID, &WANT, &BEGIN, NULL};

int store_home_opened(store *s, const char *workspace, const char *user_id, struct err *e)
{
    return store_query(s, &OPENED, DB_ARGS(DB_TEXT(workspace), DB_TEXT(user_id)), NULL, e);
}

static struct seal_place said_place(const char *workspace, const char *user_id)
{
    return (struct seal_place){"chat_user", workspace, user_id, "home_said"};
}

int store_home_say(store *s, const char *workspace, const char *user_id, json_t *view,
                   struct err *e)
{
    struct seal_place place = said_place(workspace, user_id);
    struct bytes sealed = {.data = NULL};
    if (view != NULL) {
        sealed = store_seal_json(s, &place, view);
    }
    return store_query(s, &SAY, DB_ARGS(DB_TEXT(workspace), DB_TEXT(user_id), DB_BYTES(sealed)),
                       NULL, e);
}

/* What does not open is not shown. */
int store_home_said(store *s, const char *workspace, const char *user_id, json_t **ret,
                    struct err *e)
{
    rows *r = NULL;
    struct seal_place place = said_place(workspace, user_id);
    struct err unread = {0};
    *ret = NULL;
    if (store_query(s, &SAID, DB_ARGS(DB_TEXT(workspace), DB_TEXT(user_id)), &r, e) != 0) {
        return -1;
    }
    if (rows_count(r) > 0 && !row_null(r, 0, 0) &&
        store_unseal_json(s, &place, row_bytes(r, 0, 0), ret, &unread) != 0) {
        *ret = NULL;
    }
    return 0;
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
