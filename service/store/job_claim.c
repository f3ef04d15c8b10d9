#include "store_int.h"

#include "base/clock.h"

/*
 * Hops from workspace to workspace over the index of jobs that wait (job_due), so that neither
 * finished jobs nor one workspace's long queue make a claim dearer; looks at the first $8 jobs of
 * each; and takes those that nothing of their lane stands before, at most $5 of each workspace and
 * $6 together. Where a long queue shows too few of them, the others it shows are marked as
 * `behind`, which takes them out of that index. A mark is set only while the lane's head is locked:
 * whoever ends the head then sees it (jobs.c).
 *
 * Jobs that wait for an app (run, revoke) are taken where there is room for them: $9 together, $10
 * of each workspace and none of those in $11. Where there is none, the range of priorities ends
 * before theirs, so that a claim does not walk by all of them. It begins at $12, by which a claim
 * for the rest passes over urgent ones.
 *
 * Rows that were looked at are found again by their primary key alone: a constant state beside it
 * would invite the planner to walk a whole workspace in one of the partial indexes.
 */
enum { HOPS = 16, WINDOW = 32, NOT_OURS_FIRST_S = 1, NOT_OURS_MAX_S = 30 };

static const struct stmt CLAIM = {
    "job_claim",
    "with recursive hop (workspace, n) as ("
    "  (select j.workspace, 1 from job j"
    "    where j.state = 'queued' and not j.behind and j.workspace > $1"
    "      and ($2::text is null or j.workspace <= $2)"
    "    order by j.workspace limit 1)"
    "  union all"
    "  select (select j.workspace from job j"
    "           where j.state = 'queued' and not j.behind and j.workspace > h.workspace"
    "             and ($2::text is null or j.workspace <= $2)"
    "           order by j.workspace limit 1), h.n + 1"
    "    from hop h where h.n < $7::bigint and h.workspace is not null),"
    " look as materialized ("
    "  select h.n, w.workspace, w.id, w.kind, w.state, w.priority, w.run_at, w.seq, w.head"
    "    from hop h cross join lateral ("
    "      select $9::bigint > 0 and h.workspace <> all ($11::text[]) as runs) room"
    "   cross join lateral ("
    "      select j.workspace, j.id, j.kind, j.state, j.priority, j.run_at, j.seq,"
    "             (select p.id from job p where p.workspace = j.workspace and p.lane = j.lane"
    "                 and p.seq < j.seq and p.state in ('queued', 'running')"
    "               order by p.seq limit 1) as head"
    "        from job j where j.workspace = h.workspace and j.state = 'queued' and not j.behind"
    "                     and j.run_at <= now()"
    "                     and j.priority >= $12::bigint"
    "                     and j.priority < case when room.runs then 100 else 7 end"
    "                     and (room.runs or j.kind not in ('run', 'revoke', 'keep'))"
    "       order by j.priority, j.run_at, j.seq limit $8) w),"
    " seen as ("
    "  select n, workspace, count(*) filter (where head is null) as free, count(*) as shown"
    "    from look group by n, workspace),"
    " free as materialized ("
    "  select t.workspace, t.id, t.for_app, t.priority, h.n"
    "    from (select n, workspace from seen where free > 0 order by n) h"
    "   cross join lateral ("
    "      select j.workspace, j.id, j.kind in ('run', 'revoke', 'keep') as for_app, j.priority"
    "        from look l join job j"
    "          on j.workspace = l.workspace and j.id = l.id and j.state = l.state"
    "       where l.workspace = h.workspace and l.head is null"
    "       order by l.priority, l.run_at, l.seq limit $5 for update of j skip locked) t"
    "   limit $6),"
    " ranked as ("
    "  select f.workspace, f.id, f.for_app, f.n,"
    "         row_number() over (partition by f.for_app, f.workspace"
    "                            order by f.priority) as of_workspace"
    "    from free f),"
    " allowed as ("
    "  select a.workspace, a.id"
    "    from (select r.*, row_number() over (partition by r.for_app order by r.n) as of_all"
    "            from ranked r where not r.for_app or r.of_workspace <= $10::bigint) a"
    "   where not a.for_app or a.of_all <= $9::bigint),"
    " heads as materialized ("
    "  select l.workspace, l.id, l.state from seen s join look l on l.n = s.n join job p"
    "      on p.workspace = l.workspace and p.id = l.head and p.state not in ('done', 'dead')"
    "   where s.free < $5 and s.shown = $8"
    "     for no key update of p skip locked),"
    " marked as ("
    "  update job j set behind = true from heads h"
    "   where j.workspace = h.workspace and j.id = h.id and j.state = h.state and not j.behind"
    "  returning 1),"
    " taken as ("
    "  update job j set state = 'running', attempts = j.attempts + 1, lease_owner = $3,"
    "     lease_token = gen_random_uuid(), lease_until = now() + make_interval(secs => $4::bigint)"
    "    from allowed f where j.workspace = f.workspace and j.id = f.id"
    "  returning j.workspace, j.id, j.kind, j.lane, j.priority, j.payload, j.run_at, j.attempts,"
    "     j.lease_token, j.created_at, j.lost, j.seq) "
    "select v.hops, v.last, v.marks, t.workspace, t.id, t.kind, t.lane, t.priority, t.payload,"
    "       epoch(t.run_at), t.attempts, t.lease_token, epoch(t.created_at), t.lost"
    "  from (select count(h.workspace) as hops, max(h.workspace) as last,"
    "               (select count(*) from marked) as marks from hop h) v"
    "  left join taken t on true order by t.priority, t.seq",
    12, 14};

/* The same of urgent jobs alone: hops over their own index (job_urgent), takes one of each
 * workspace and marks none. */
enum { URGENT_SHOWN = 4 };

static const struct stmt CLAIM_URGENT = {
    "job_claim_urgent",
    "with recursive hop (workspace, n) as ("
    "  (select j.workspace, 1 from job j"
    "    where j.state = 'queued' and not j.behind and j.priority = 1 and j.workspace > $1"
    "      and ($2::text is null or j.workspace <= $2)"
    "    order by j.workspace limit 1)"
    "  union all"
    "  select (select j.workspace from job j"
    "           where j.state = 'queued' and not j.behind and j.priority = 1"
    "             and j.workspace > h.workspace and ($2::text is null or j.workspace <= $2)"
    "           order by j.workspace limit 1), h.n + 1"
    "    from hop h where h.n < $6::bigint and h.workspace is not null),"
    " free as materialized ("
    "  select t.workspace, t.id from hop h cross join lateral ("
    "    select l.workspace, l.id from ("
    "      select j.workspace, j.id, j.lane, j.seq from job j"
    "       where j.workspace = h.workspace and j.state = 'queued' and not j.behind"
    "         and j.priority = 1 and j.run_at <= now()"
    "       order by j.run_at, j.seq limit $7) l"
    "     where not exists (select from job p where p.workspace = l.workspace and p.lane = l.lane"
    "                          and p.seq < l.seq and p.state in ('queued', 'running'))"
    "     limit 1) t limit $5),"
    " mine as materialized ("
    "  select j.workspace, j.id from free f join job j"
    "      on j.workspace = f.workspace and j.id = f.id and j.state = 'queued'"
    "     for update of j skip locked),"
    " taken as ("
    "  update job j set state = 'running', attempts = j.attempts + 1, lease_owner = $3,"
    "     lease_token = gen_random_uuid(), lease_until = now() + make_interval(secs => $4::bigint)"
    "    from mine m where j.workspace = m.workspace and j.id = m.id"
    "  returning j.workspace, j.id, j.kind, j.lane, j.priority, j.payload, j.run_at, j.attempts,"
    "     j.lease_token, j.created_at, j.lost, j.seq) "
    "select v.hops, v.last, 0::bigint, t.workspace, t.id, t.kind, t.lane, t.priority, t.payload,"
    "       epoch(t.run_at), t.attempts, t.lease_token, epoch(t.created_at), t.lost"
    "  from (select count(h.workspace) as hops, max(h.workspace) as last from hop h) v"
    "  left join taken t on true order by t.seq",
    7, 14};

/* As if it had not been claimed: what this process cannot do must not use up the job's attempts. */
static const struct stmt NOT_OURS = {
    "job_not_ours",
    "update job set state = 'queued', run_at = now() + make_interval(secs => $4::bigint),"
    "   attempts = attempts - 1, error_code = $5, lease_owner = null, lease_token = null,"
    "   lease_until = null"
    " where workspace = $1 and id = $2 and lease_token = $3",
    5, 0};

const struct stmt *const store_job_claim_stmts[] = {&CLAIM, &CLAIM_URGENT, &NOT_OURS, NULL};

/* The part of the circle of workspaces that one statement looks at: (after, until]. */
struct arc {
    const char *after;
    const char *until; /* NULL: to the end */
    bool crowded;      /* jobs stand behind others there: look further down the queues */
};

/* What one statement did. */
struct sweep {
    rows *rows;
    size_t taken;
    bool end; /* nothing of the arc was left out */
    int64_t marks;
    const char *last; /* workspace */
};

static int sweep_arc(store *s, const struct job_claim *c, struct arc arc, struct sweep *ret,
                     struct err *e)
{
    int64_t hops = c->max < HOPS ? c->max : HOPS;
    int64_t window = arc.crowded ? WINDOW : c->per_workspace + c->per_workspace / 2;
    bool of_urgent = c->of == CLAIM_OF_URGENT;
    int64_t from = c->of == CLAIM_OF_REST ? JOB_PRIORITY_URGENT + 1 : JOB_PRIORITY_URGENT;
    const struct db_arg *all = DB_ARGS(
        DB_TEXT(arc.after), DB_TEXT(arc.until), DB_TEXT(c->owner.text), DB_I64(c->lease_s),
        DB_I64(c->per_workspace), DB_I64(c->max), DB_I64(hops), DB_I64(window), DB_I64(c->runs.all),
        DB_I64(c->runs.each), DB_TEXTS(c->runs.full, c->runs.full_count), DB_I64(from));
    const struct db_arg *urgent =
        DB_ARGS(DB_TEXT(arc.after), DB_TEXT(arc.until), DB_TEXT(c->owner.text), DB_I64(c->lease_s),
                DB_I64(c->max), DB_I64(HOPS), DB_I64(URGENT_SHOWN));
    rows *r = NULL;
    if (store_query(s, of_urgent ? &CLAIM_URGENT : &CLAIM, of_urgent ? urgent : all, &r, e) != 0) {
        return -1;
    }
    hops = of_urgent ? HOPS : hops;
    *ret = (struct sweep){.rows = r,
                          .taken = row_null(r, 0, 4) ? 0 : rows_count(r),
                          .end = row_i64(r, 0, 0) < hops,
                          .marks = row_i64(r, 0, 2),
                          .last = row_text(r, 0, 1)};
    return 0;
}

/* Goes along one arc until something is taken or it ends. A workspace whose first jobs all stood
 * behind others is looked at again: they are out of the way now. */
static int search_arc(store *s, const struct job_claim *c, struct arc arc, struct sweep *ret,
                      struct err *e)
{
    for (;;) {
        if (sweep_arc(s, c, arc, ret, e) != 0) {
            return -1;
        }
        if (ret->taken > 0 || (ret->end && ret->marks == 0)) {
            return 0;
        }
        arc.crowded = ret->marks > 0;
        arc.after = arc.crowded ? arc.after : ret->last;
    }
}

/* False: the payload does not open. */
static bool read_job(store *s, const rows *r, size_t row, struct job *j)
{
    j->workspace = row_text(r, row, 3);
    j->id = row_text(r, row, 4);
    j->kind = store_job_kind(row_text(r, row, 5));
    j->lane = row_text(r, row, 6);
    j->priority = row_i64(r, row, 7);
    j->run_at = row_i64(r, row, 9);
    j->attempts = row_i64(r, row, 10);
    j->lease_token = row_text(r, row, 11);
    j->created_at = row_i64(r, row, 12);
    j->lost = row_i64(r, row, 13);
    struct seal_place place = store_job_place(j->workspace, j->id);
    struct err ignored;
    return store_unseal(s, &place, row_bytes(r, row, 8), &j->payload, &ignored) == 0;
}

bool store_job_may_wait(const struct job *j)
{
    return clock_now() - j->created_at <= STORE_JOB_LEFT_MAX_S;
}

int store_job_wait(store *s, const struct job *j, int64_t delay_s, const char *error_code,
                   struct err *e)
{
    const struct db_arg *args =
        DB_ARGS(DB_TEXT(j->workspace), DB_TEXT(j->id), DB_TEXT(j->lease_token), DB_I64(delay_s),
                DB_TEXT(error_code));
    if (store_query(s, &NOT_OURS, args, NULL, e) != 0) {
        return -1;
    }
    return db_affected(s->c) > 0
               ? 0
               : err_set(e, ERR_LEASE_LOST, "lease_lost", "job %s is not ours any more", j->id);
}

/* Soon at first, for the next claim may be one that can; seldom when it waits long already. */
int store_job_leave(store *s, const struct job *j, const char *error_code, struct err *e)
{
    int64_t wait_s = (clock_now() - j->created_at) / 8;
    wait_s = wait_s < NOT_OURS_FIRST_S ? NOT_OURS_FIRST_S : wait_s;
    wait_s = wait_s > NOT_OURS_MAX_S ? NOT_OURS_MAX_S : wait_s;
    return store_job_wait(s, j, wait_s, error_code, e);
}

/* A job that this process cannot do, of another release's kind or sealed with a key that only other
 * replicas have yet, is left for those that can. Nobody has the key of one that nobody opened. */
static int reject(store *s, const struct job *j, struct err *e)
{
    bool unknown = j->kind == JOB_KIND_COUNT;
    if (!unknown && !store_job_may_wait(j)) {
        return store_job_dead(s, j, "unseal", e);
    }
    return store_job_leave(s, j, unknown ? "kind_unknown" : "unseal", e);
}

static int open_jobs(store *s, const struct sweep *w, struct job **ret, size_t *ret_count,
                     struct err *e)
{
    struct job *list = arena_array(s->mem, w->taken == 0 ? 1 : w->taken, sizeof *list);
    size_t count = 0;
    for (size_t i = 0; i < w->taken; i++) {
        list[count] = (struct job){.id = NULL};
        if (read_job(s, w->rows, i, &list[count]) && list[count].kind != JOB_KIND_COUNT) {
            count++;
        } else if (reject(s, &list[count], e) != 0) {
            return -1;
        }
    }
    *ret = list;
    *ret_count = count;
    return 0;
}

int store_job_claim(store *s, const struct job_claim *c, struct job **ret, size_t *ret_count,
                    struct err *e)
{
    const char *start = c->after_workspace == NULL ? "" : c->after_workspace;
    struct sweep w = {.taken = 0};
    if (c->max <= 0 || c->per_workspace <= 0) {
        return open_jobs(s, &w, ret, ret_count, e);
    }
    if (search_arc(s, c, (struct arc){start, NULL, false}, &w, e) != 0) {
        return -1;
    }
    bool circle = w.taken == 0 && *start != '\0';
    if (circle && search_arc(s, c, (struct arc){"", start, false}, &w, e) != 0) {
        return -1;
    }
    if (open_jobs(s, &w, ret, ret_count, e) != 0) {
        return -1;
    }
    if (c->ret_left_out != NULL) {
        *c->ret_left_out = (int64_t)(w.taken - *ret_count);
    }
    if (c->ret_more != NULL) {
        *c->ret_more = (int64_t)w.taken >= c->per_workspace || w.marks > 0;
    }
    return 0;
}
