#include "store_int.h"

/* A bot's token that rotates: one refresher by lease, the new pair by compare-and-set; and one that
 * was refused, or is new: when the platform is asked about it. */

static const struct stmt BEGIN = {
    "bot_refresh_begin",
    "update workspace set bot_refresh_until = now() + make_interval(secs => $3::bigint),"
    "   bot_refresh_tries = bot_refresh_tries + 1"
    " where workspace = $1 and bot_generation = $2 and state = 'active'"
    "   and bot_refresh is not null and bot_fault is null"
    "   and (bot_refresh_until is null or bot_refresh_until < now())"
    " returning bot_refresh_tries, bot_refresh",
    3, 2};

static const struct stmt DONE = {
    "bot_refresh_done",
    "update workspace set bot_token = $3::bytea, bot_refresh = coalesce($4::bytea, bot_refresh),"
    "   bot_expires_at = instant($5), bot_generation = bot_generation + 1,"
    "   bot_refresh_until = null, bot_refresh_tries = 0, bot_fault = null"
    " where workspace = $1 and bot_generation = $2",
    5, 0};

static const struct stmt FAILED = {
    "bot_refresh_failed",
    "update workspace set bot_refresh_until = now() + make_interval(secs => $4::bigint),"
    "   bot_refresh_tries = bot_refresh_tries - case when $3::bool then 1 else 0 end,"
    "   bot_fault = coalesce($5, bot_fault)"
    " where workspace = $1 and bot_generation = $2",
    5, 0};

static const struct stmt BROKEN = {
    "bot_broken",
    "update workspace set state = 'broken', bot_fault = $3, updated_at = now(),"
    "   bot_check_at = now() + interval '1 minute', bot_checks = 0"
    " where workspace = $1 and bot_generation = $2 and state = 'active'",
    3, 0};

/* One minute after the first, twice as long each time, at most an hour; one that is to be used, and
 * that all wait for, four times a minute. The release before this one breaks a workspace without
 * saying when to look again. */
static const struct stmt CHECK_DUE = {
    "bot_check_due",
    "with due as ("
    "  select workspace from workspace"
    "   where (state = 'broken' or bot_check_at is not null)"
    "     and (bot_check_at is null or bot_check_at <= now())"
    "   order by workspace limit $1 for no key update skip locked) "
    "update workspace w set bot_checks = w.bot_checks + 1, bot_check_at = now()"
    "   + make_interval(secs => case when w.state = 'active' then 15"
    "                                else least(60 * 2 ^ least(w.bot_checks, 10), 3600) end)"
    "  from due d where w.workspace = d.workspace returning w.workspace",
    1, 1};

static const struct stmt CHECK_LATER = {
    "bot_check_later",
    "insert into job (workspace, id, kind, lane, priority, key1)"
    " values ($1, gen_random_uuid(), 'check', 'check', $2, 'check')"
    " on conflict (workspace, key1) where key1 is not null do nothing",
    2, 0};

/* What was expired is only good where it may be renewed, which the next check finds out, or whoever
 * needs it. A refresh that was refused stays refused. */
static const struct stmt GOOD = {
    "bot_good",
    "update workspace set state = 'active', bot_user_id = coalesce($3, bot_user_id),"
    "   bot_id = coalesce($4, bot_id), url = coalesce($5, url),"
    "   bot_fault = case when bot_fault not in ('token_refused', 'token_of_another')"
    "                    then bot_fault end,"
    "   bot_check_at = case when $6::bool then now() + interval '15 seconds' end, bot_checks = 0,"
    "   updated_at = case when state = 'broken' then now() else updated_at end"
    " where workspace = $1 and bot_generation = $2"
    "   and case when coalesce(bot_fault, 'token_refused') in ('token_refused', 'token_of_another')"
    "            then not $6::bool or bot_refresh is not null"
    "            else not $6::bool and (bot_expires_at is null or bot_expires_at > now()) end"
    "   and state in ('active', 'broken')",
    6, 0};

const struct stmt *const store_bot_tokens_stmts[] = {&BEGIN,     &DONE,        &FAILED, &BROKEN,
                                                     &CHECK_DUE, &CHECK_LATER, &GOOD,   NULL};

struct seal_place store_bot_refresh_place(const char *workspace)
{
    return (struct seal_place){"workspace", workspace, workspace, "bot_refresh"};
}

int store_bot_refresh_begin(store *s, const char *workspace, int64_t generation, int64_t lease_s,
                            struct bot_refresh *ret, struct err *e)
{
    rows *r = NULL;
    struct seal_place place = store_bot_refresh_place(workspace);
    const struct db_arg *args = DB_ARGS(DB_TEXT(workspace), DB_I64(generation), DB_I64(lease_s));
    *ret = (struct bot_refresh){.mine = false};
    if (store_query(s, &BEGIN, args, &r, e) != 0) {
        return -1;
    }
    if (rows_count(r) == 0) {
        return 0;
    }
    ret->mine = true;
    ret->tries = row_i64(r, 0, 0);
    return store_unseal_secret(s, &place, row_bytes(r, 0, 1), &ret->refresh, e);
}

int store_bot_refresh_done(store *s, const char *workspace, int64_t generation,
                           const struct bot_tokens *t, bool *ret_stored, struct err *e)
{
    struct seal_place access = store_bot_place(workspace);
    struct seal_place refresh = store_bot_refresh_place(workspace);
    const struct db_arg *args = DB_ARGS(
        DB_TEXT(workspace), DB_I64(generation), DB_BYTES(store_seal_secret(s, &access, t->access)),
        DB_BYTES(store_seal_secret(s, &refresh, t->refresh)), DB_I64(t->expires_at));
    if (store_query(s, &DONE, args, NULL, e) != 0) {
        return -1;
    }
    *ret_stored = db_affected(s->c) > 0;
    return 0;
}

int store_bot_refresh_failed(store *s, const char *workspace, int64_t generation,
                             const struct bot_refresh_failure *f, struct err *e)
{
    const struct db_arg *args = DB_ARGS(DB_TEXT(workspace), DB_I64(generation),
                                        DB_BOOL(f->answered), DB_I64(f->cool_s), DB_TEXT(f->fault));
    return store_query(s, &FAILED, args, NULL, e);
}

int store_bot_broken(store *s, const char *workspace, int64_t generation, const char *fault,
                     bool *ret_changed, struct err *e)
{
    const struct db_arg *args = DB_ARGS(DB_TEXT(workspace), DB_I64(generation), DB_TEXT(fault));
    if (store_query(s, &BROKEN, args, NULL, e) != 0) {
        return -1;
    }
    *ret_changed = db_affected(s->c) > 0;
    return 0;
}

int store_bot_check_due(store *s, int64_t max, const char ***ret, size_t *ret_count, struct err *e)
{
    return store_ask_texts(s, &CHECK_DUE, DB_ARGS(DB_I64(max)), ret, ret_count, e);
}

int store_bot_check_later(store *s, const char *workspace, struct err *e)
{
    store_follow_left(s);
    return store_query(s, &CHECK_LATER, DB_ARGS(DB_TEXT(workspace), DB_I64(JOB_PRIORITY_NORMAL)),
                       NULL, e);
}

int store_bot_good(store *s, const char *workspace, int64_t generation, const struct bot_good *g,
                   bool *ret_changed, struct err *e)
{
    const struct db_arg *args = DB_ARGS(DB_TEXT(workspace), DB_I64(generation), DB_TEXT(g->user_id),
                                        DB_TEXT(g->bot_id), DB_TEXT(g->url), DB_BOOL(g->expired));
    if (store_query(s, &GOOD, args, NULL, e) != 0) {
        return -1;
    }
    *ret_changed = db_affected(s->c) > 0;
    return *ret_changed && !g->expired ? store_job_wake_held(s, workspace, e) : 0;
}
