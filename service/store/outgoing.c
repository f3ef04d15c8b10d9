#include "store_int.h"

/* The outbox's own statement: what is to be sent by whom, and the intent of a first post. */

enum { OUTGOING_EXTRA = 11 };

/* What has not been posted yet gets its intent on record in the same statement; the answer shows
 * the row as it was before. Nothing is found without the lease. */
static const struct stmt TAKE = {
    "outgoing_take",
    "with mine as ("
    "  select from job where workspace = $1 and id = $3 and lease_token = $4"
    "     for no key update),"
    " begun as ("
    "  update message set post_started_at = now() from mine"
    "   where workspace = $1 and id = $2 and sent_version < version and response_url is null"
    "     and (platform_id is null or ephemeral)) "
    "select " STORE_MESSAGE_COLUMNS ", w.bot_user_id,"
    "       case when w.state = 'active' then w.bot_token end, u.dm_channel,"
    "       epoch(w.bot_expires_at), w.bot_generation,"
    "       w.bot_refresh is not null and w.bot_fault is null, w.bot_check_at is not null,"
    "       w.state = 'active', c.address,"
    "       coalesce(c.gone and c.channel = coalesce(nullif(m.channel, ''), u.dm_channel), false),"
    "       u.address"
    "  from mine cross join message m join workspace w on w.workspace = m.workspace"
    "  left join chat_user u on u.workspace = m.workspace and u.user_id = m.user_id"
    "  left join conversation c on c.workspace = m.workspace"
    "       and c.channel = coalesce(nullif(m.channel, ''), u.dm_channel, u.seen_in)"
    " where m.workspace = $1 and m.id = $2",
    4, STORE_MESSAGE_COLUMNS_COUNT + OUTGOING_EXTRA};

static const struct stmt REFUSED = {
    "outgoing_refused",
    "with mine as ("
    "  select from job where workspace = $1 and id = $3 and lease_token = $4"
    "     for no key update) "
    "update message set post_started_at = null from mine"
    " where workspace = $1 and id = $2 and platform_id is null",
    4, 0};

static const struct stmt USE = {
    "outgoing_use",
    "insert into response_use (workspace, key, until) values ($1, $2, instant($3))"
    " on conflict (workspace, key) do update set uses = response_use.uses + 1"
    "   where response_use.uses < $4 returning uses",
    4, 1};

const struct stmt *const store_outgoing_stmts[] = {&TAKE, &REFUSED, &USE, NULL};

int store_outgoing_use(store *s, const struct message *m, int64_t uses_max, bool *ret,
                       struct err *e)
{
    const char *key = crypto_hash_text(s->mem, secret_reveal(m->response_url));
    const struct store_use use = {m->workspace, key, m->response_until, uses_max};
    return store_use_take(s, &use, ret, e);
}

int store_use_take(store *s, const struct store_use *use, bool *ret, struct err *e)
{
    rows *r = NULL;
    const struct db_arg *args =
        DB_ARGS(DB_TEXT(use->workspace), DB_TEXT(use->key), DB_I64(use->until), DB_I64(use->most));
    if (store_query(s, &USE, args, &r, e) != 0) {
        return -1;
    }
    *ret = rows_count(r) > 0;
    return 0;
}

int store_outgoing_take(store *s, const struct job *j, const char *message_id, struct outgoing *ret,
                        struct err *e)
{
    enum { AT = STORE_MESSAGE_COLUMNS_COUNT };
    rows *r = NULL;
    const struct db_arg *args = DB_ARGS(DB_TEXT(j->workspace), DB_TEXT(message_id), DB_TEXT(j->id),
                                        DB_TEXT(j->lease_token));
    *ret = (struct outgoing){.message = NULL};
    if (store_query(s, &TAKE, args, &r, e) != 0) {
        return -1;
    }
    if (rows_count(r) == 0) {
        return 0;
    }
    struct message *m = arena_alloc(s->mem, sizeof *m);
    struct seal_place token = store_bot_place(j->workspace);
    if (store_read_message(s, r, 0, m, e) != 0 ||
        store_unseal_secret(s, &token, row_bytes(r, 0, AT + 1), &ret->bot_token, e) != 0) {
        return -1;
    }
    ret->message = m;
    ret->bot_user_id = row_text(r, 0, AT);
    ret->dm_channel = row_text(r, 0, AT + 2);
    ret->bot_expires_at = row_i64(r, 0, AT + 3);
    ret->bot_generation = row_i64(r, 0, AT + 4);
    ret->bot_renews = row_bool(r, 0, AT + 5);
    ret->bot_unchecked = row_bool(r, 0, AT + 6);
    ret->active = row_bool(r, 0, AT + 7);
    ret->address = row_text(r, 0, AT + 8);
    ret->gone = row_bool(r, 0, AT + 9);
    ret->person = row_text(r, 0, AT + 10);
    return 0;
}

int store_outgoing_refused(store *s, const struct job *j, const char *message_id, struct err *e)
{
    const struct db_arg *args = DB_ARGS(DB_TEXT(j->workspace), DB_TEXT(message_id), DB_TEXT(j->id),
                                        DB_TEXT(j->lease_token));
    return store_query(s, &REFUSED, args, NULL, e);
}
