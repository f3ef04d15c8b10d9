#include "store_int.h"

/* A link that is pressed again and again leaves no more than LIVE_MAX rows at a time (P14). */
enum { LIVE_MAX = 20 };

static const struct stmt ADD = {
    "state_add",
    "insert into oauth_state (workspace, state_hash, purpose, login_id, default_name,"
    "    client_version, redirect_uri, verifier, cookie_hash, proven, expires_at)"
    " select $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, to_timestamp($11::bigint)"
    "  where (select count(*) from (select 1 from oauth_state o where o.workspace = $1"
    "            and o.login_id = $4 and o.expires_at > now() limit $12) live) < $12",
    12, 0};

/* The row lock makes one of many the user of a state. */
static const struct stmt USE = {
    "state_use",
    "update oauth_state set used_at = now()"
    " where workspace = $1 and state_hash = $2 and purpose = $3 and cookie_hash = $4"
    "   and used_at is null and expires_at > now() "
    "returning workspace, state_hash, purpose, login_id, default_name, client_version,"
    "   redirect_uri, verifier, cookie_hash, epoch(expires_at), epoch(used_at), proven",
    4, 12};

static const struct stmt PURGE = {
    "state_purge",
    "delete from oauth_state where ctid = any (array("
    "  select ctid from oauth_state"
    "   where expires_at < now() - make_interval(secs => $1::bigint) limit 5000))",
    1, 0};

const struct stmt *const store_states_stmts[] = {&ADD, &USE, &PURGE, NULL};

static struct seal_place verifier_place(const char *workspace, const char *state_hash)
{
    return (struct seal_place){"oauth_state", workspace, state_hash, "verifier"};
}

static int read_state(store *s, const rows *r, size_t row, void *to, struct err *e)
{
    struct oauth_state *o = to;
    o->workspace = row_text(r, row, 0);
    o->purpose = row_text(r, row, 2);
    o->login_id = row_text(r, row, 3);
    o->default_name = row_text(r, row, 4);
    o->client_version = row_i64(r, row, 5);
    o->redirect_uri = row_text(r, row, 6);
    o->cookie_hash = row_text(r, row, 8);
    o->expires_at = row_i64(r, row, 9);
    o->used_at = row_i64(r, row, 10);
    o->proven = row_bool(r, row, 11);
    struct seal_place place = verifier_place(o->workspace, row_text(r, row, 1));
    return store_unseal_secret(s, &place, row_bytes(r, row, 7), &o->verifier, e);
}

int store_state_add(store *s, const struct oauth_state *o, const char *state_hash, struct err *e)
{
    struct seal_place place = verifier_place(o->workspace, state_hash);
    const struct db_arg *args = DB_ARGS(
        DB_TEXT(o->workspace), DB_TEXT(state_hash), DB_TEXT(o->purpose), DB_TEXT(o->login_id),
        DB_TEXT(o->default_name), DB_I64(o->client_version), DB_TEXT(o->redirect_uri),
        DB_BYTES(store_seal_secret(s, &place, o->verifier)), DB_TEXT(o->cookie_hash),
        DB_BOOL(o->proven), DB_I64(o->expires_at), DB_I64(LIVE_MAX));
    if (store_query(s, &ADD, args, NULL, e) != 0) {
        return -1;
    }
    return db_affected(s->c) > 0 ? 0
                                 : err_set(e, ERR_LIMIT, "too_many_tries",
                                           "login %s was begun too often", o->login_id);
}

int store_state_use(store *s, const char *workspace, const struct state_use *use,
                    struct oauth_state **ret, struct err *e)
{
    const struct db_arg *args = DB_ARGS(DB_TEXT(workspace), DB_TEXT(use->state_hash),
                                        DB_TEXT(use->purpose), DB_TEXT(use->cookie_hash));
    struct store_ask ask = {&USE, args, read_state, sizeof(struct oauth_state)};
    void *found = NULL;
    if (store_ask_one(s, &ask, &found, e) != 0) {
        return -1;
    }
    *ret = found;
    return 0;
}

int store_state_purge(store *s, int64_t older_than_s, int64_t *ret_count, struct err *e)
{
    if (store_query(s, &PURGE, DB_ARGS(DB_I64(older_than_s)), NULL, e) != 0) {
        return -1;
    }
    *ret_count = db_affected(s->c);
    return 0;
}
