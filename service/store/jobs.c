#include "store_int.h"

#include "base/str.h"

static const char *const kinds[JOB_KIND_COUNT] = {
    [JOB_SLACK_EVENT] = "slack_event",
    [JOB_SLACK_INTERACTION] = "slack_interaction",
    [JOB_SLACK_COMMAND] = "slack_command",
    [JOB_TEAMS_ACTIVITY] = "teams_activity",
    [JOB_TEAMS_INVOKE] = "teams_invoke",
    [JOB_RUN] = "run",
    [JOB_SEND] = "send",
    [JOB_REVOKE] = "revoke",
    [JOB_HOME] = "home",
    [JOB_RECONCILE] = "reconcile",
    [JOB_MOVE] = "move",
    [JOB_NOTICE] = "notice",
    [JOB_PURGE] = "purge",
    [JOB_FORM] = "form",
    [JOB_CHECK] = "check",
    [JOB_KEEP] = "keep",
    [JOB_HOOK_EVENT] = "hook_event",
};

static const struct stmt ADD = {
    "job_add",
    "insert into job (workspace, id, kind, lane, priority, payload, key1, key2, key3, run_at)"
    " values ($1, $2, $3, $4, $5, $6, $7, $8, $9, coalesce(instant($10), now()))"
    " on conflict do nothing",
    10, 0};

/* Numbers are drawn in the order of arrival, rows are inserted in the order of their keys: two
 * writers that bring the same messages meet them in the same order and wait, not deadlock. A
 * message has one place (key2) under however many event ids (key1). */
#define ADD_MANY_SQL                                                                               \
    "insert into job (workspace, id, seq, kind, lane, priority, payload, key1, key2, key3) "       \
    "select n.workspace, n.id, n.seq, n.kind, n.lane, n.priority, n.payload, n.key1, n.key2,"      \
    "       n.key3"                                                                                \
    "  from (select s.workspace, s.id, nextval('job_seq_seq') as seq, s.kind, s.lane, s.priority," \
    "               s.payload, s.key1, s.key2, s.key3"                                             \
    "          from unnest($1::text[], $2::uuid[], $3::text[], $4::text[], $5::smallint[],"        \
    "                      $6::bytea[], $7::text[], $8::text[], $9::text[])"                       \
    "               as s (workspace, id, kind, lane, priority, payload, key1, key2, key3)) n"      \
    " order by n.workspace, coalesce(n.key2, n.key1), n.key1 "

/* Each index named for conflicts is searched before a row is written, and nearly every message that
 * comes twice is known by its place. */
static const struct stmt ADD_MANY = {
    "job_add_many", ADD_MANY_SQL "on conflict (workspace, key2) where key2 is not null do nothing",
    9, 0};

/* For the batch that holds one known by another key. */
static const struct stmt ADD_MANY_ANY = {"job_add_many_any", ADD_MANY_SQL "on conflict do nothing",
                                         9, 0};

/* A lease token stands in running jobs only, and `behind` in queued ones. To name the state as
 * well would invite the planner to walk one of the partial indexes instead of the primary key. */

/* Events stay without their payload as long as the platform may send them again. */
static const struct stmt DONE_EVENT = {
    "job_done_event",
    "update job set state = 'done', payload = null, lease_owner = null, lease_token = null,"
    "   lease_until = null, ended_at = now()"
    " where workspace = $1 and id = $2 and lease_token = $3",
    3, 0};

static const struct stmt DONE_OTHER = {"job_done_other",
                                       "delete from job"
                                       " where workspace = $1 and id = $2 and lease_token = $3",
                                       3, 0};

static const struct stmt DEAD = {
    "job_dead",
    "update job set state = 'dead', error_code = $4, lease_owner = null, lease_token = null,"
    "   lease_until = null, ended_at = now()"
    " where workspace = $1 and id = $2 and lease_token = $3",
    4, 0};

/* Must see what was marked before the job's end was written: a statement of its own. Running ones
 * are passed over: two that end at the same time see each other still running, and each would leave
 * it to the other. */
static const struct stmt NEXT_IN_LANE = {
    "job_next_in_lane",
    "with next as ("
    "  select n.id, n.behind from job n where n.workspace = $1 and n.lane = $2"
    "     and n.state = 'queued' order by n.seq limit 1),"
    " freed as ("
    "  update job j set behind = false from next"
    "   where next.behind and j.workspace = $1 and j.id = next.id) "
    "select count(*) from next",
    2, 1};

static const struct stmt AGAIN = {
    "job_again",
    "update job set state = 'queued', run_at = now() + make_interval(secs => $4::bigint),"
    "   lost = 0, error_code = $5, lease_owner = null, lease_token = null, lease_until = null"
    " where workspace = $1 and id = $2 and lease_token = $3",
    5, 0};

static const struct stmt HOLD = {
    "job_hold",
    "update job set state = 'queued', run_at = now() + make_interval(secs => $4::bigint),"
    "   attempts = attempts - 1, error_code = '" STORE_JOB_HELD "', lease_owner = null,"
    "   lease_token = null, lease_until = null,"
    "   lane = case when lane like 'held:%' then lane else 'held:' || lane end"
    " where workspace = $1 and id = $2 and lease_token = $3",
    4, 0};

static const struct stmt WAKE_HELD = {"job_wake_held",
                                      "update job set run_at = now()"
                                      " where workspace = $1 and state = 'queued'"
                                      "   and error_code in ('" STORE_JOB_HELD
                                      "', 'chat_unchecked')",
                                      1, 0};

/* A lease that has most of its time is left alone: most jobs end before theirs is renewed at all.
 */
static const struct stmt RENEW_ALL = {
    "job_renew_all",
    "update job set lease_until = now() + make_interval(secs => $2::bigint)"
    " where state = 'running' and lease_token = any ($1::uuid[])"
    "   and lease_until < now() + make_interval(secs => $2::bigint * 0.75)",
    2, 0};

/* The attempt that its worker could not end is given back: it says nothing about the job. */
static const struct stmt RECLAIM = {
    "job_reclaim",
    "update job set state = 'queued', attempts = attempts - 1, lost = lost + 1,"
    "   error_code = 'lease_over', lease_owner = null, lease_token = null, lease_until = null"
    " where state = 'running' and lease_until < now()",
    0, 0};

static const struct stmt GAUGES = {
    "job_gauges",
    "select count(*), coalesce(floor(extract(epoch from now() - min(d.run_at))), 0)::bigint"
    "  from (select run_at from job where state = 'queued' and run_at <= now() limit 100000) d",
    0, 2};

const struct stmt *const store_jobs_stmts[] = {
    &ADD,   &ADD_MANY,  &ADD_MANY_ANY, &DONE_EVENT, &DONE_OTHER, &DEAD,      &NEXT_IN_LANE,
    &AGAIN, &RENEW_ALL, &RECLAIM,      &GAUGES,     &HOLD,       &WAKE_HELD, NULL};

enum { RETRIES = 5 };

const char *job_kind_name(enum job_kind kind)
{
    return kinds[kind];
}

bool job_is_event(enum job_kind kind)
{
    static const bool from_outside[JOB_KIND_COUNT] = {
        [JOB_SLACK_EVENT] = true,    [JOB_SLACK_INTERACTION] = true, [JOB_SLACK_COMMAND] = true,
        [JOB_TEAMS_ACTIVITY] = true, [JOB_TEAMS_INVOKE] = true,      [JOB_HOOK_EVENT] = true,
    };
    return from_outside[kind];
}

bool job_waits_for_app(enum job_kind kind)
{
    return kind == JOB_RUN || kind == JOB_REVOKE || kind == JOB_KEEP;
}

enum job_kind store_job_kind(const char *name)
{
    return (enum job_kind)store_name_index(kinds, JOB_KIND_COUNT, name, JOB_KIND_COUNT);
}

struct seal_place store_job_place(const char *workspace, const char *id)
{
    return (struct seal_place){"job", workspace, id, "payload"};
}

static int64_t priority_of(enum job_kind kind, int64_t asked)
{
    if (job_waits_for_app(kind)) {
        return kind == JOB_RUN ? JOB_PRIORITY_RUN : JOB_PRIORITY_REVOKE;
    }
    return asked == 0 ? JOB_PRIORITY_NORMAL : asked;
}

int store_job_add(store *s, struct job *j, struct err *e)
{
    j->id = j->id == NULL ? arena_strdup(s->mem, id_new().text) : j->id;
    struct seal_place place = store_job_place(j->workspace, j->id);
    struct bytes sealed = store_seal(s, &place, j->payload);
    bool taken = false;
    j->priority = priority_of(j->kind, j->priority);
    if (store_follow_add(s, j, sealed, &taken, e) != 0 || taken) {
        return taken ? 0 : -1;
    }
    store_follow_left(s);
    const struct db_arg *args =
        DB_ARGS(DB_TEXT(j->workspace), DB_TEXT(j->id), DB_TEXT(kinds[j->kind]), DB_TEXT(j->lane),
                DB_I64(j->priority), DB_BYTES(sealed), DB_TEXT(j->keys[0]), DB_TEXT(j->keys[1]),
                DB_TEXT(j->keys[2]), DB_I64(j->run_at));
    return store_query(s, &ADD, args, NULL, e);
}

struct bytes store_job_seal(arena *mem, const keyring *k, const char *workspace, struct id id,
                            struct bytes payload)
{
    struct seal_place place = store_job_place(workspace, id.text);
    return crypto_seal(mem, k, &place, payload);
}

/* Columns of a batch: one array per parameter. */
struct batch {
    const char **texts[7]; /* workspace, id, kind, lane, key1, key2, key3 */
    int64_t *priorities;
    struct bytes *payloads;
};

static struct batch batch_of(arena *mem, const struct job_seed *seeds, size_t count)
{
    struct batch b;
    for (size_t t = 0; t < 7; t++) {
        b.texts[t] = arena_array(mem, count, sizeof(char *));
    }
    b.priorities = arena_array(mem, count, sizeof *b.priorities);
    b.payloads = arena_array(mem, count, sizeof *b.payloads);
    for (size_t i = 0; i < count; i++) {
        b.texts[0][i] = seeds[i].workspace;
        b.texts[1][i] = seeds[i].id.text;
        b.texts[2][i] = kinds[seeds[i].kind];
        b.texts[3][i] = seeds[i].lane;
        for (size_t k = 0; k < 3; k++) {
            b.texts[4 + k][i] = seeds[i].keys[k];
        }
        b.priorities[i] = priority_of(seeds[i].kind, seeds[i].priority);
        b.payloads[i] = seeds[i].sealed;
    }
    return b;
}

static int add_rows(store *s, const struct stmt *stmt, const struct db_arg *args, struct err *e)
{
    int result = store_query(s, stmt, args, NULL, e);
    for (int i = 0; result != 0 && i < RETRIES && str_equal(e->code, "db_retry"); i++) {
        result = store_query(s, stmt, args, NULL, e);
    }
    return result;
}

int store_job_add_many(store *s, const struct job_seed *seeds, size_t count, int64_t *ret_stored,
                       struct err *e)
{
    if (count == 0) {
        *ret_stored = 0;
        return 0;
    }
    struct batch b = batch_of(s->mem, seeds, count);
    const struct db_arg *args = DB_ARGS(
        DB_TEXTS(b.texts[0], count), DB_TEXTS(b.texts[1], count), DB_TEXTS(b.texts[2], count),
        DB_TEXTS(b.texts[3], count), DB_I64_LIST(b.priorities, count),
        DB_BYTES_LIST(b.payloads, count), DB_TEXTS(b.texts[4], count), DB_TEXTS(b.texts[5], count),
        DB_TEXTS(b.texts[6], count));
    int result = add_rows(s, &ADD_MANY, args, e);
    if (result != 0 && e->kind == ERR_CONFLICT) {
        result = add_rows(s, &ADD_MANY_ANY, args, e);
    }
    if (result == 0) {
        *ret_stored = db_affected(s->c);
    }
    return result;
}

/* Touches the one row that j's lease stands for. */
static int with_lease(store *s, const struct stmt *stmt, const struct db_arg *args,
                      const struct job *j, struct err *e)
{
    if (store_query(s, stmt, args, NULL, e) != 0) {
        return -1;
    }
    if (db_affected(s->c) == 0) {
        return err_set(e, ERR_LEASE_LOST, "lease_lost", "job %s is not ours any more", j->id);
    }
    return 0;
}

static int next_in_lane(store *s, const struct job *j, struct err *e)
{
    rows *r = NULL;
    if (j->lane == NULL) {
        return 0;
    }
    if (store_query(s, &NEXT_IN_LANE, DB_ARGS(DB_TEXT(j->workspace), DB_TEXT(j->lane)), &r, e) !=
        0) {
        return -1;
    }
    if (row_i64(r, 0, 0) > 0) {
        store_follow_left(s);
    }
    return 0;
}

/* Ends the job and lets the next of its lane go, both or neither. */
static int end_job(store *s, const struct stmt *stmt, const struct db_arg *args,
                   const struct job *j, struct err *e)
{
    bool own = j->lane != NULL && !db_in_transaction(s->c);
    if (own && db_begin(s->c, e) != 0) {
        return -1;
    }
    int result = with_lease(s, stmt, args, j, e);
    if (result == 0) {
        result = next_in_lane(s, j, e);
    }
    if (!own) {
        return result;
    }
    if (result != 0) {
        db_rollback(s->c);
        return -1;
    }
    return db_commit(s->c, e);
}

int store_job_done(store *s, const struct job *j, struct err *e)
{
    bool event = job_is_event(j->kind);
    return end_job(s, event ? &DONE_EVENT : &DONE_OTHER,
                   DB_ARGS(DB_TEXT(j->workspace), DB_TEXT(j->id), DB_TEXT(j->lease_token)), j, e);
}

int store_job_drop(store *s, const struct job *j, struct err *e)
{
    return end_job(s, &DONE_OTHER,
                   DB_ARGS(DB_TEXT(j->workspace), DB_TEXT(j->id), DB_TEXT(j->lease_token)), j, e);
}

int store_job_dead(store *s, const struct job *j, const char *error_code, struct err *e)
{
    return end_job(s, &DEAD,
                   DB_ARGS(DB_TEXT(j->workspace), DB_TEXT(j->id), DB_TEXT(j->lease_token),
                           DB_TEXT(error_code)),
                   j, e);
}

int store_job_again(store *s, const struct job *j, int64_t delay_s, const char *error_code,
                    struct err *e)
{
    store_follow_left(s);
    return with_lease(s, &AGAIN,
                      DB_ARGS(DB_TEXT(j->workspace), DB_TEXT(j->id), DB_TEXT(j->lease_token),
                              DB_I64(delay_s), DB_TEXT(error_code)),
                      j, e);
}

int store_job_hold(store *s, const struct job *j, int64_t delay_s, struct err *e)
{
    return end_job(
        s, &HOLD,
        DB_ARGS(DB_TEXT(j->workspace), DB_TEXT(j->id), DB_TEXT(j->lease_token), DB_I64(delay_s)), j,
        e);
}

int store_job_wake_held(store *s, const char *workspace, struct err *e)
{
    return store_query(s, &WAKE_HELD, DB_ARGS(DB_TEXT(workspace)), NULL, e);
}

int store_job_renew_all(store *s, const char *const *tokens, size_t count, int64_t lease_s,
                        struct err *e)
{
    return count == 0 ? 0
                      : store_query(s, &RENEW_ALL,
                                    DB_ARGS(DB_TEXTS(tokens, count), DB_I64(lease_s)), NULL, e);
}

int store_job_reclaim(store *s, int64_t *ret_count, struct err *e)
{
    if (store_query(s, &RECLAIM, DB_NO_ARGS, NULL, e) != 0) {
        return -1;
    }
    *ret_count = db_affected(s->c);
    return 0;
}

int store_job_gauges(store *s, int64_t *ret_waiting, int64_t *ret_oldest_s, struct err *e)
{
    rows *r = NULL;
    if (store_query(s, &GAUGES, DB_NO_ARGS, &r, e) != 0) {
        return -1;
    }
    *ret_waiting = row_i64(r, 0, 0);
    *ret_oldest_s = row_i64(r, 0, 1);
    return 0;
}
