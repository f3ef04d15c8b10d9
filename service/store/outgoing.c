#include "store_int.h"

/* The outbox's own statements: what is to be sent by whom, and the intent of a first post. */

enum { OUTGOING_EXTRA = 3 };

static const struct stmt FIND = {
    "outgoing_find",
    "select " STORE_MESSAGE_COLUMNS ", w.bot_user_id, w.bot_token, u.dm_channel"
    "  from message m join workspace w on w.workspace = m.workspace"
    "  left join chat_user u on u.workspace = m.workspace and u.user_id = m.user_id"
    " where m.workspace = $1 and m.id = $2",
    2, STORE_MESSAGE_COLUMNS_COUNT + OUTGOING_EXTRA};

static const struct stmt POST_BEGIN = {
    "outgoing_post_begin",
    "with mine as ("
    "  select from job where workspace = $1 and id = $3 and lease_token = $4"
    "     for no key update),"
    " begun as ("
    "  update message set post_started_at = now() from mine"
    "   where workspace = $1 and id = $2 returning 1) "
    "select count(*) from begun",
    4, 1};

const struct stmt *const store_outgoing_stmts[] = {&FIND, &POST_BEGIN, NULL};

int store_outgoing_find(store *s, const char *workspace, const char *message_id,
                        struct outgoing *ret, struct err *e)
{
    enum { AT = STORE_MESSAGE_COLUMNS_COUNT };
    rows *r = NULL;
    *ret = (struct outgoing){.message = NULL};
    if (store_query(s, &FIND, DB_ARGS(DB_TEXT(workspace), DB_TEXT(message_id)), &r, e) != 0) {
        return -1;
    }
    if (rows_count(r) == 0) {
        return 0;
    }
    struct message *m = arena_alloc(s->mem, sizeof *m);
    struct seal_place token = {"workspace", workspace, workspace, "bot_token"};
    if (store_read_message(s, r, 0, m, e) != 0 ||
        store_unseal_secret(s, &token, row_bytes(r, 0, AT + 1), &ret->bot_token, e) != 0) {
        return -1;
    }
    ret->message = m;
    ret->bot_user_id = row_text(r, 0, AT);
    ret->dm_channel = row_text(r, 0, AT + 2);
    return 0;
}

int store_outgoing_post_begin(store *s, const struct job *j, const char *message_id, struct err *e)
{
    rows *r = NULL;
    const struct db_arg *args = DB_ARGS(DB_TEXT(j->workspace), DB_TEXT(message_id), DB_TEXT(j->id),
                                        DB_TEXT(j->lease_token));
    if (store_query(s, &POST_BEGIN, args, &r, e) != 0) {
        return -1;
    }
    return row_i64(r, 0, 0) > 0
               ? 0
               : err_set(e, ERR_LEASE_LOST, "lease_lost", "job %s is not ours any more", j->id);
}
