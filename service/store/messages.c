#include "store_int.h"

static const struct stmt ADD = {
    "message_add",
    "insert into message (workspace, id, channel, thread, user_id, ephemeral, platform_id,"
    "                     response_url, body, response_adds, response_until, from_channel,"
    "                     from_thread)"
    " values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, instant($11), $12, $13)",
    13, 0};

static const struct stmt FIND = {"message_find",
                                 "select " STORE_MESSAGE_COLUMNS
                                 " from message m where workspace = $1 and id = $2",
                                 2, STORE_MESSAGE_COLUMNS_COUNT};

static const struct stmt LOCK = {"message_lock",
                                 "select " STORE_MESSAGE_COLUMNS
                                 " from message m where workspace = $1 and id = $2 for update",
                                 2, STORE_MESSAGE_COLUMNS_COUNT};

/* In one look: between two of them the platform's id may come on record. A post that was repeated
 * has two messages with our id, and one of them is on record. */
static const struct stmt PRESSED = {
    "message_pressed",
    "select " STORE_MESSAGE_COLUMNS " from message m"
    " where workspace = $1 and channel = $2"
    "   and (platform_id = $3"
    "     or id = $4 and not ephemeral and ($5 or platform_id is null or $3::text is null))"
    " order by platform_id is not distinct from $3 desc, id desc limit 1",
    5, STORE_MESSAGE_COLUMNS_COUNT};

static const struct stmt SET_BODY = {
    "message_set_body",
    "update message set body = $3, version = version + 1, state = 'waiting', error_code = null,"
    "   updated_at = now() where workspace = $1 and id = $2",
    3, 0};

static const struct stmt ONCE_MORE = {
    "message_once_more",
    "update message set version = version + 1, state = 'waiting', updated_at = now()"
    " where workspace = $1 and id = $2 and version = $3 and platform_id is not null",
    3, 0};

static const struct stmt SET_RESPONSE_URL = {
    "message_set_response_url",
    "update message set response_url = $3, response_adds = false, response_until = instant($4),"
    "   updated_at = now() where workspace = $1 and id = $2",
    4, 0};

/* A late answer to an earlier version does not hide that a newer one was sent. */
static const struct stmt SENT = {
    "message_sent",
    "update message set channel = coalesce($3, channel), platform_id = coalesce($4, platform_id),"
    "   sent_version = greatest(sent_version, $5), post_started_at = null, error_code = null,"
    "   state = case when greatest(sent_version, $5) >= version then 'sent' else 'waiting' end,"
    "   updated_at = now()"
    " where workspace = $1 and id = $2",
    5, 0};

static const struct stmt FAILED = {
    "message_failed",
    "update message set state = 'failed', error_code = $3, updated_at = now()"
    " where workspace = $1 and id = $2",
    3, 0};

static const struct stmt ANEW = {
    "message_anew",
    "update message set platform_id = null, response_url = null, post_started_at = null,"
    "   state = 'waiting', updated_at = now() where workspace = $1 and id = $2",
    2, 0};

static const struct stmt REDIRECT = {
    "message_redirect",
    "update message set ephemeral = false, user_id = coalesce($4, user_id),"
    "   from_channel = case when ephemeral or user_id is null then channel else from_channel end,"
    "   from_thread = case when ephemeral or user_id is null then thread else from_thread end,"
    "   channel = $3, sent_version = 0,"
    "   thread = null, platform_id = null, response_url = null, post_started_at = null,"
    "   state = 'waiting', updated_at = now()"
    " where workspace = $1 and id = $2",
    4, 0};

static const struct stmt SHOW_AGAIN = {
    "message_show_again",
    "update message set channel = $3, thread = $4, ephemeral = $5, response_url = $6,"
    "   response_adds = $7, response_until = instant($8), from_channel = $9, from_thread = $10,"
    "   platform_id = null, post_started_at = null, version = version + 1, sent_version = 0,"
    "   state = 'waiting', error_code = null, updated_at = now()"
    " where workspace = $1 and id = $2",
    10, 0};

const struct stmt *const store_messages_stmts[] = {
    &ADD,  &FIND,   &LOCK, &PRESSED,  &SET_BODY,   &ONCE_MORE, &SET_RESPONSE_URL,
    &SENT, &FAILED, &ANEW, &REDIRECT, &SHOW_AGAIN, NULL};

static struct seal_place message_place(const char *workspace, const char *id, const char *column)
{
    return (struct seal_place){"message", workspace, id, column};
}

int store_read_message(store *s, const rows *r, size_t row, void *to, struct err *e)
{
    struct message *m = to;
    m->workspace = row_text(r, row, 0);
    m->id = row_text(r, row, 1);
    m->channel = row_text(r, row, 2);
    m->thread = row_text(r, row, 3);
    m->user_id = row_text(r, row, 4);
    m->ephemeral = row_bool(r, row, 5);
    m->platform_id = row_text(r, row, 6);
    m->version = row_i64(r, row, 9);
    m->sent_version = row_i64(r, row, 10);
    m->post_started_at = row_i64(r, row, 11);
    m->state = row_text(r, row, 12);
    m->response_adds = row_bool(r, row, 13);
    m->response_until = row_i64(r, row, 14);
    m->from_channel = row_text(r, row, 15);
    m->from_thread = row_text(r, row, 16);
    struct seal_place url = message_place(m->workspace, m->id, "response_url");
    struct seal_place body = message_place(m->workspace, m->id, "body");
    if (store_unseal_secret(s, &url, row_bytes(r, row, 7), &m->response_url, e) != 0) {
        return -1;
    }
    return store_unseal_json(s, &body, row_bytes(r, row, 8), &m->body, e);
}

static int find_one(store *s, const struct stmt *stmt, const struct db_arg *args,
                    struct message **ret, struct err *e)
{
    struct store_ask ask = {stmt, args, store_read_message, sizeof(struct message)};
    void *found = NULL;
    if (store_ask_one(s, &ask, &found, e) != 0) {
        return -1;
    }
    *ret = found;
    return 0;
}

int store_message_add(store *s, struct message *m, struct err *e)
{
    m->id = m->id == NULL ? arena_strdup(s->mem, id_new().text) : m->id;
    struct seal_place url = message_place(m->workspace, m->id, "response_url");
    struct seal_place body = message_place(m->workspace, m->id, "body");
    const struct db_arg *args = DB_ARGS(
        DB_TEXT(m->workspace), DB_TEXT(m->id), DB_TEXT(m->channel == NULL ? "" : m->channel),
        DB_TEXT(m->thread), DB_TEXT(m->user_id), DB_BOOL(m->ephemeral), DB_TEXT(m->platform_id),
        DB_BYTES(store_seal_secret(s, &url, m->response_url)),
        DB_BYTES(store_seal_json(s, &body, m->body)), DB_BOOL(m->response_adds),
        DB_I64(m->response_until), DB_TEXT(m->from_channel), DB_TEXT(m->from_thread));
    return store_query(s, &ADD, args, NULL, e);
}

int store_message_find(store *s, const char *workspace, const char *id, struct message **ret,
                       struct err *e)
{
    if (!id_valid(id)) {
        *ret = NULL;
        return 0;
    }
    return find_one(s, &FIND, DB_ARGS(DB_TEXT(workspace), DB_TEXT(id)), ret, e);
}

int store_message_lock(store *s, const char *workspace, const char *id, struct message **ret,
                       struct err *e)
{
    return find_one(s, &LOCK, DB_ARGS(DB_TEXT(workspace), DB_TEXT(id)), ret, e);
}

int store_message_pressed(store *s, const struct message_named *at, struct message **ret,
                          struct err *e)
{
    const char *id = id_valid(at->id) ? at->id : NULL;
    const struct db_arg *args = DB_ARGS(DB_TEXT(at->workspace), DB_TEXT(at->channel),
                                        DB_TEXT(at->platform_id), DB_TEXT(id), DB_BOOL(at->copies));
    return find_one(s, &PRESSED, args, ret, e);
}

int store_message_set_body(store *s, const char *workspace, const char *id, json_t *body,
                           struct err *e)
{
    struct seal_place place = message_place(workspace, id, "body");
    const struct db_arg *args =
        DB_ARGS(DB_TEXT(workspace), DB_TEXT(id), DB_BYTES(store_seal_json(s, &place, body)));
    return store_touch_one(s, &SET_BODY, args, "no_message", e);
}

int store_message_once_more(store *s, const struct message *m, bool *ret_is, struct err *e)
{
    const struct db_arg *args = DB_ARGS(DB_TEXT(m->workspace), DB_TEXT(m->id), DB_I64(m->version));
    if (store_query(s, &ONCE_MORE, args, NULL, e) != 0) {
        return -1;
    }
    *ret_is = db_affected(s->c) > 0;
    return 0;
}

int store_message_set_response_url(store *s, const char *workspace, const char *id,
                                   struct secret url, int64_t until, struct err *e)
{
    struct seal_place place = message_place(workspace, id, "response_url");
    const struct db_arg *args = DB_ARGS(DB_TEXT(workspace), DB_TEXT(id),
                                        DB_BYTES(store_seal_secret(s, &place, url)), DB_I64(until));
    return store_touch_one(s, &SET_RESPONSE_URL, args, "no_message", e);
}

int store_message_show_again(store *s, const struct message *m, struct err *e)
{
    struct seal_place url = message_place(m->workspace, m->id, "response_url");
    const struct db_arg *args =
        DB_ARGS(DB_TEXT(m->workspace), DB_TEXT(m->id), DB_TEXT(m->channel), DB_TEXT(m->thread),
                DB_BOOL(m->ephemeral), DB_BYTES(store_seal_secret(s, &url, m->response_url)),
                DB_BOOL(m->response_adds), DB_I64(m->response_until), DB_TEXT(m->from_channel),
                DB_TEXT(m->from_thread));
    return store_touch_one(s, &SHOW_AGAIN, args, "no_message", e);
}

int store_message_sent(store *s, const char *workspace, const char *id, const char *channel,
                       const char *platform_id, int64_t version, struct err *e)
{
    const struct db_arg *args = DB_ARGS(DB_TEXT(workspace), DB_TEXT(id), DB_TEXT(channel),
                                        DB_TEXT(platform_id), DB_I64(version));
    return store_touch_one(s, &SENT, args, "no_message", e);
}

int store_message_failed(store *s, const char *workspace, const char *id, const char *error_code,
                         struct err *e)
{
    const struct db_arg *args = DB_ARGS(DB_TEXT(workspace), DB_TEXT(id), DB_TEXT(error_code));
    return store_touch_one(s, &FAILED, args, "no_message", e);
}

int store_message_anew(store *s, const char *workspace, const char *id, struct err *e)
{
    const struct db_arg *args = DB_ARGS(DB_TEXT(workspace), DB_TEXT(id));
    return store_touch_one(s, &ANEW, args, "no_message", e);
}

int store_message_redirect(store *s, const char *workspace, const char *id, const char *channel,
                           const char *user_id, struct err *e)
{
    const struct db_arg *args = DB_ARGS(DB_TEXT(workspace), DB_TEXT(id),
                                        DB_TEXT(channel == NULL ? "" : channel), DB_TEXT(user_id));
    return store_touch_one(s, &REDIRECT, args, "no_message", e);
}
