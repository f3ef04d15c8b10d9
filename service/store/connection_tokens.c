#include "store_int.h"

/* How tokens come into a connection: a login, or a refresh by lease and generation (P6). */

static const struct stmt FIND_ID = {
    "connection_find_id",
    "select id from connection where workspace = $1 and default_name = $2 and user_id = $3", 3, 1};

/* The tokens are sealed for one row id: a row that has another one by now is left alone. */
static const struct stmt ACTIVATE = {
    "connection_activate",
    "insert into connection as c (workspace, id, default_name, user_id, state, account_key,"
    "    account_name, account_email, organization, sandbox, api_base, scopes, tokens,"
    "    access_expires_at, refresh_expires_at, generation, assurance, owner, vars, connected_at,"
    "    refresh_since, warn_at, keep_at)"
    " values ($1, $2, $3, $4, 'active', $5, $6, $7, $8, $9, $10, $11, $12::bytea,"
    "         instant($13), instant($14), 1, $15, $16, $17::jsonb, now(), instant($18), instant($19),"
    "         instant($20))"
    " on conflict (workspace, default_name, user_id) do update set"
    "   state = 'active', reason = null, account_key = excluded.account_key,"
    "   last_used_at = case when c.account_key = excluded.account_key then c.last_used_at end,"
    "   account_name = excluded.account_name, account_email = excluded.account_email,"
    "   organization = excluded.organization, sandbox = excluded.sandbox,"
    "   api_base = excluded.api_base, scopes = excluded.scopes, tokens = excluded.tokens,"
    "   access_expires_at = excluded.access_expires_at,"
    "   refresh_expires_at = excluded.refresh_expires_at, generation = c.generation + 1,"
    "   refresh_until = null, cool_until = null, failures = 0, assurance = excluded.assurance,"
    "   owner = excluded.owner, vars = excluded.vars, connected_at = now(), updated_at = now(),"
    "   refresh_since = excluded.refresh_since, warn_at = excluded.warn_at,"
    "   keep_at = excluded.keep_at"
    "  where c.id = excluded.id",
    20, 0};

/* Who is in the browser is not proven yet: nothing of that account stands where its owner reads. */
static const struct stmt PROVISIONAL = {
    "connection_provisional",
    "insert into connection as c (workspace, id, default_name, user_id, state)"
    " values ($1, $2, $3, $4, 'provisional')"
    " on conflict (workspace, default_name, user_id) do update set"
    "   state = 'provisional', reason = null, updated_at = now()"
    "  where c.state not in ('active', 'needs_attention')",
    4, 0};

/* Attempts of this generation whose answer never came make the number of ours. */
static const struct stmt REFRESH_BEGIN = {
    "refresh_begin",
    "with mine as ("
    "  update connection set refresh_until = now() + make_interval(secs => $4::bigint)"
    "   where workspace = $1 and id = $2 and generation = $3"
    "     and (refresh_until is null or refresh_until < now())"
    "     and (cool_until is null or cool_until < now())"
    "  returning workspace, id, generation),"
    " before as ("
    "  select coalesce(max(a.attempt), 0) as last,"
    "         count(*) filter (where a.ended_at is null or a.outcome = 'no_answer') as unanswered"
    "    from mine m join refresh_attempt a on a.workspace = m.workspace"
    "         and a.connection_id = m.id and a.generation = m.generation),"
    " begun as ("
    "  insert into refresh_attempt (workspace, connection_id, generation, attempt)"
    "  select m.workspace, m.id, m.generation, b.last + 1 from mine m, before b returning 1) "
    "select b.unanswered + 1 from begun, before b",
    4, 1};

/* Attempts of earlier generations have nothing to tell any more. Of an end that stays the same
 * nobody is told twice. */
static const struct stmt REFRESH_DONE = {
    "refresh_done",
    "with stored as ("
    "  update connection set tokens = $4::bytea, access_expires_at = instant($5),"
    "     refresh_expires_at = case when $7::bool then instant($6)"
    "                               else coalesce(instant($6), refresh_expires_at) end,"
    "     warn_at = case when $6 = epoch(refresh_expires_at) or $6 = 0 and not $7 then warn_at"
    "                    else instant($10) end,"
    "     refresh_since = coalesce(instant($9), refresh_since), keep_at = instant($11),"
    "     scopes = case when cardinality($8::text[]) > 0 then $8 else scopes end,"
    "     api_base = coalesce($12, api_base), vars = coalesce($13::jsonb, vars),"
    "     rotates = rotates or $14::bool,"
    "     generation = generation + 1, refresh_until = null,"
    "     cool_until = case when $15 <> 'done' then now() + make_interval(secs => $16::bigint) end,"
    "     failures = case when $15 = 'done' then 0 else failures + 1 end,"
    "     state = case when $15 = 'done' then 'active' else state end,"
    "     reason = case when $15 <> 'done' or reason = 'scope_refused' then reason end,"
    "     updated_at = now()"
    "   where workspace = $1 and id = $2 and generation = $3 returning workspace, id),"
    " closed as ("
    "  update refresh_attempt a set ended_at = now(), outcome = $15::text from stored s"
    "   where a.workspace = s.workspace and a.connection_id = s.id and a.generation = $3"
    "     and a.ended_at is null),"
    " gone as ("
    "  delete from refresh_attempt a using stored s"
    "   where a.workspace = s.workspace and a.connection_id = s.id and a.generation < $3) "
    "select count(*) from stored",
    16, 1};

/* Only our own attempt, the newest, is closed: an earlier open one still has no answer. */
static const struct stmt REFRESH_FAILED = {
    "refresh_failed",
    "with ended as ("
    "  update connection set refresh_until = null, failures = failures + 1, updated_at = now(),"
    "     cool_until = now() + make_interval(secs => $5::bigint)"
    "   where workspace = $1 and id = $2 and generation = $3 returning workspace, id, generation) "
    "update refresh_attempt a set ended_at = now(), outcome = $4 from ended n"
    " where a.workspace = n.workspace and a.connection_id = n.id and a.generation = n.generation"
    "   and a.ended_at is null"
    "   and a.attempt = (select max(b.attempt) from refresh_attempt b"
    "                     where b.workspace = n.workspace and b.connection_id = n.id"
    "                       and b.generation = n.generation)",
    5, 0};

static const struct stmt REFRESH_HELD = {
    "refresh_held",
    "with freed as ("
    "  update connection set refresh_until = null"
    "   where workspace = $1 and id = $2 and generation = $3 returning workspace, id, generation) "
    "delete from refresh_attempt a using freed n"
    " where a.workspace = n.workspace and a.connection_id = n.id and a.generation = n.generation"
    "   and a.ended_at is null"
    "   and a.attempt = (select max(b.attempt) from refresh_attempt b"
    "                     where b.workspace = n.workspace and b.connection_id = n.id"
    "                       and b.generation = n.generation)",
    3, 0};

static const struct stmt KEPT = {
    "refresh_kept",
    "select tokens from connection where workspace = $1 and id = $2 and generation = $3", 3, 1};

const struct stmt *const store_connection_tokens_stmts[] = {
    &FIND_ID,      &ACTIVATE, &PROVISIONAL, &REFRESH_BEGIN, &REFRESH_DONE, &REFRESH_FAILED,
    &REFRESH_HELD, &KEPT,     NULL};

enum { ACTIVATE_TRIES = 5 };

struct owner {
    const char *workspace;
    const char *default_name;
    const char *user_id;
};

/* The id that the owner's row has, or a new one. */
static int owner_id(store *s, const struct owner *o, const char **ret, struct err *e)
{
    rows *r = NULL;
    const struct db_arg *args =
        DB_ARGS(DB_TEXT(o->workspace), DB_TEXT(o->default_name), DB_TEXT(o->user_id));
    if (store_query(s, &FIND_ID, args, &r, e) != 0) {
        return -1;
    }
    *ret = rows_count(r) > 0 ? row_text(r, 0, 0) : arena_strdup(s->mem, id_new().text);
    return 0;
}

int store_connection_activate(store *s, const struct connection *c, const char **ret_id,
                              struct err *e)
{
    struct owner owner = {c->workspace, c->default_name, c->resting ? c->id : c->user_id};
    const struct account *a = &c->account;
    const struct tokens *t = &c->tokens;
    for (int i = 0; i < ACTIVATE_TRIES; i++) {
        const char *id = NULL;
        if (owner_id(s, &owner, &id, e) != 0) {
            return -1;
        }
        const struct db_arg *args = DB_ARGS(
            DB_TEXT(c->workspace), DB_TEXT(id), DB_TEXT(c->default_name), DB_TEXT(owner.user_id),
            DB_TEXT(a->key), DB_TEXT(a->name), DB_TEXT(a->email), DB_TEXT(a->organization),
            DB_BOOL(a->sandbox), DB_TEXT(a->api_base), DB_TEXTS(t->scopes, t->scopes_count),
            DB_BYTES(store_tokens_seal(s, c->workspace, id, t)), DB_I64(t->access_expires_at),
            DB_I64(t->refresh_expires_at), DB_TEXT(c->assurance), DB_TEXT(c->owner),
            DB_TEXT(store_object_text(s->mem, a->vars)), DB_I64(t->refresh_since),
            DB_I64(t->warn_at), DB_I64(t->keep_at));
        if (store_query(s, &ACTIVATE, args, NULL, e) != 0) {
            return -1;
        }
        if (db_affected(s->c) > 0) {
            *ret_id = id;
            return 0;
        }
    }
    return err_set(e, ERR_DATABASE, "db_retry", "the owner's connection changes all the time");
}

int store_connection_provisional(store *s, const char *workspace, const char *default_name,
                                 const char *user_id, struct err *e)
{
    struct id id = id_new();
    const struct db_arg *args =
        DB_ARGS(DB_TEXT(workspace), DB_TEXT(id.text), DB_TEXT(default_name), DB_TEXT(user_id));
    return store_query(s, &PROVISIONAL, args, NULL, e);
}

int store_refresh_begin(store *s, const char *workspace, const char *id, int64_t generation,
                        int64_t lease_s, bool *ret_mine, int64_t *ret_attempt, struct err *e)
{
    rows *r = NULL;
    const struct db_arg *args =
        DB_ARGS(DB_TEXT(workspace), DB_TEXT(id), DB_I64(generation), DB_I64(lease_s));
    if (store_query(s, &REFRESH_BEGIN, args, &r, e) != 0) {
        return -1;
    }
    *ret_mine = rows_count(r) > 0;
    *ret_attempt = *ret_mine ? row_i64(r, 0, 0) : 0;
    return 0;
}

/* An answer without a refresh token keeps the one that stands in this generation. */
static int with_kept_refresh(store *s, const struct connection *c, struct tokens *t, bool *ret_same,
                             struct err *e)
{
    rows *r = NULL;
    const struct db_arg *args =
        DB_ARGS(DB_TEXT(c->workspace), DB_TEXT(c->id), DB_I64(c->generation));
    if (store_query(s, &KEPT, args, &r, e) != 0) {
        return -1;
    }
    *ret_same = rows_count(r) > 0;
    if (!*ret_same) {
        return 0;
    }
    struct tokens kept = {.refresh = t->refresh};
    if (store_tokens_open(s, c, row_bytes(r, 0, 0), &kept, e) != 0) {
        return -1;
    }
    t->refresh = kept.refresh;
    return 0;
}

int store_refresh_done(store *s, const struct refreshed *n, bool *ret_stored, struct err *e)
{
    const struct tokens *t = n->tokens;
    struct connection c = {.workspace = n->workspace, .id = n->id, .generation = n->generation};
    struct tokens stored = *t;
    bool same = true;
    bool rotated = !secret_empty(t->refresh);
    if (!rotated && with_kept_refresh(s, &c, &stored, &same, e) != 0) {
        return -1;
    }
    if (!same) {
        *ret_stored = false;
        return 0;
    }
    rows *r = NULL;
    const struct db_arg *args = DB_ARGS(
        DB_TEXT(n->workspace), DB_TEXT(n->id), DB_I64(n->generation),
        DB_BYTES(store_tokens_seal(s, n->workspace, n->id, &stored)), DB_I64(t->access_expires_at),
        DB_I64(t->refresh_expires_at), DB_BOOL(rotated), DB_TEXTS(t->scopes, t->scopes_count),
        DB_I64(t->refresh_since), DB_I64(t->warn_at), DB_I64(t->keep_at), DB_TEXT(n->api_base),
        DB_TEXT(n->vars == NULL ? NULL : store_object_text(s->mem, n->vars)), DB_BOOL(n->rotates),
        DB_TEXT(n->doubt == NULL ? "done" : n->doubt), DB_I64(n->cool_s));
    if (store_query(s, &REFRESH_DONE, args, &r, e) != 0) {
        return -1;
    }
    *ret_stored = row_i64(r, 0, 0) > 0;
    return 0;
}

int store_refresh_failed(store *s, const char *workspace, const char *id, int64_t generation,
                         const char *outcome, int64_t cool_s, struct err *e)
{
    const struct db_arg *args = DB_ARGS(DB_TEXT(workspace), DB_TEXT(id), DB_I64(generation),
                                        DB_TEXT(outcome), DB_I64(cool_s));
    return store_query(s, &REFRESH_FAILED, args, NULL, e);
}

int store_refresh_held(store *s, const char *workspace, const char *id, int64_t generation,
                       struct err *e)
{
    const struct db_arg *args = DB_ARGS(DB_TEXT(workspace), DB_TEXT(id), DB_I64(generation));
    return store_query(s, &REFRESH_HELD, args, NULL, e);
}
