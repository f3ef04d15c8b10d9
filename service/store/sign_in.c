#include "store_int.h"

static const struct stmt SWEEP = {
    "sign_in_sweep", "delete from sign_in_try where session_hash = $1 and expires_at < now()", 1,
    0};

static const struct stmt ADD = {
    "sign_in_add",
    "insert into sign_in_try (state_hash, cookie_hash, session_hash, platform, client_id,"
    "    redirect_uri, expires_at)"
    " select $1, $2, $3, $4, $5, $6, now() + make_interval(secs => $7::bigint)"
    "  where (select count(*) from sign_in_try where session_hash = $3) < $8",
    8, 0};

static const struct stmt RETURN = {
    "sign_in_return",
    "delete from sign_in_try where state_hash = $1 and cookie_hash = $2 and session_hash = $3"
    "   and platform = $4 and expires_at > now() returning platform, client_id, redirect_uri",
    4, 3};

static const struct stmt PROVE = {
    "sign_in_prove",
    "insert into sign_in_proof (platform, client_id, redirect_uri, place, actor)"
    " values ($1, $2, $3, $4, $5) on conflict (platform) do update"
    "   set client_id = excluded.client_id, redirect_uri = excluded.redirect_uri,"
    "       place = excluded.place, actor = excluded.actor, proven_at = excluded.proven_at",
    5, 0};

static const struct stmt PROOF = {
    "sign_in_proof",
    "select platform, client_id, redirect_uri, place, actor, epoch(proven_at) from sign_in_proof"
    " where platform = $1 and client_id = $2 and redirect_uri = $3",
    3, 6};

const struct stmt *const store_sign_in_stmts[] = {&SWEEP, &ADD, &RETURN, &PROVE, &PROOF, NULL};

static struct sign_in_client client_of(const rows *r, size_t row)
{
    return (struct sign_in_client){.platform = row_text(r, row, 0),
                                   .client_id = row_text(r, row, 1),
                                   .redirect_uri = row_text(r, row, 2)};
}

static int read_client(store *s, const rows *r, size_t row, void *to, struct err *e)
{
    (void)s;
    (void)e;
    *(struct sign_in_client *)to = client_of(r, row);
    return 0;
}

static int read_proof(store *s, const rows *r, size_t row, void *to, struct err *e)
{
    (void)s;
    (void)e;
    *(struct sign_in_proof *)to = (struct sign_in_proof){.of = client_of(r, row),
                                                         .place = row_text(r, row, 3),
                                                         .actor = row_text(r, row, 4),
                                                         .proven_at = row_i64(r, row, 5)};
    return 0;
}

int store_sign_in_try(store *s, const struct sign_in_try *t, int64_t ttl_s, struct err *e)
{
    const struct db_arg *args =
        DB_ARGS(DB_TEXT(t->state_hash), DB_TEXT(t->cookie_hash), DB_TEXT(t->session_hash),
                DB_TEXT(t->of.platform), DB_TEXT(t->of.client_id), DB_TEXT(t->of.redirect_uri),
                DB_I64(ttl_s), DB_I64(SIGN_IN_TRIES_MAX));
    if (store_query(s, &SWEEP, DB_ARGS(DB_TEXT(t->session_hash)), NULL, e) != 0 ||
        store_query(s, &ADD, args, NULL, e) != 0) {
        return -1;
    }
    return db_affected(s->c) > 0
               ? 0
               : err_set(e, ERR_LIMIT, "too_many_tries", "the sign-in was tried too often");
}

int store_sign_in_return(store *s, const struct sign_in_try *t, struct sign_in_client **ret,
                         struct err *e)
{
    const struct db_arg *args = DB_ARGS(DB_TEXT(t->state_hash), DB_TEXT(t->cookie_hash),
                                        DB_TEXT(t->session_hash), DB_TEXT(t->of.platform));
    struct store_ask ask = {&RETURN, args, read_client, sizeof(struct sign_in_client)};
    void *found = NULL;
    if (store_ask_one(s, &ask, &found, e) != 0) {
        return -1;
    }
    *ret = found;
    return 0;
}

int store_sign_in_prove(store *s, const struct sign_in_proof *p, struct err *e)
{
    const struct db_arg *args =
        DB_ARGS(DB_TEXT(p->of.platform), DB_TEXT(p->of.client_id), DB_TEXT(p->of.redirect_uri),
                DB_TEXT(p->place), DB_TEXT(p->actor));
    return store_query(s, &PROVE, args, NULL, e);
}

int store_sign_in_proof_find(store *s, const struct sign_in_client *of, struct sign_in_proof **ret,
                             struct err *e)
{
    const struct db_arg *args =
        DB_ARGS(DB_TEXT(of->platform), DB_TEXT(of->client_id), DB_TEXT(of->redirect_uri));
    struct store_ask ask = {&PROOF, args, read_proof, sizeof(struct sign_in_proof)};
    void *found = NULL;
    if (store_ask_one(s, &ask, &found, e) != 0) {
        return -1;
    }
    *ret = found;
    return 0;
}
