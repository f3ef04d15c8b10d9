#include "store_int.h"

#include "base/str.h"

#define COLUMNS                                                                                    \
    "workspace, id, user_id, link_hash, browser_hash, epoch(link_expires_at), codes,"              \
    " epoch(proven_at), epoch(opened_at), epoch(last_used_at), epoch(expires_at), epoch(ended_at)"
enum { COLUMNS_COUNT = 12 };

/* The link leads somewhere: nobody is signed in by it. */
#define LINK_LIVE "token_hash is null and ended_at is null and link_expires_at > now()"
/* And somebody is. idle: the parameter that says how long it may rest. */
#define SIGNED_IN(idle)                                                                            \
    "ended_at is null and expires_at > now()"                                                      \
    " and last_used_at > now() - make_interval(secs => " idle "::bigint)"

static const struct stmt END_LINKS = {
    "console_end_links",
    "update console_session set ended_at = now(), code_hash = null"
    " where workspace = $1 and user_id = $2 and token_hash is null and ended_at is null",
    2, 0};

static const struct stmt ADD = {
    "console_add",
    "insert into console_session (workspace, id, user_id, link_hash, link_expires_at)"
    " values ($1, $2, $3, $4, to_timestamp($5::bigint))",
    5, 0};

static const struct stmt BY_LINK = {"console_by_link",
                                    "select " COLUMNS " from console_session"
                                    " where workspace = $1 and link_hash = $2",
                                    2, COLUMNS_COUNT};

static const struct stmt SHOW = {
    "console_show",
    "update console_session set browser_hash = $3, code_hash = $5, code_tries = 0,"
    "   codes = codes + 1,"
    "   code_expires_at = least(now() + make_interval(secs => $6::bigint), link_expires_at)"
    " where workspace = $1 and id = $2 and codes < $7 and proven_at is null"
    "   and (browser_hash is null or browser_hash = $4) and " LINK_LIVE,
    7, 0};

static const struct stmt PROVE = {
    "console_prove",
    "update console_session set code_tries = code_tries + 1,"
    "   proven_at = case when code_hash = $3 then now() end,"
    "   ended_at = case when code_hash <> $3 and code_tries + 1 >= $4 then now() end,"
    "   code_hash = case when code_hash <> $3 and code_tries + 1 < $4 then code_hash end"
    " where workspace = $1 and user_id = $2 and code_hash is not null"
    "   and code_expires_at > now() and " LINK_LIVE
    " returning proven_at is not null, ended_at is not null",
    4, 2};

static const struct stmt ENTER = {
    "console_enter",
    "update console_session set token_hash = $4, opened_at = now(), last_used_at = now(),"
    "   expires_at = now() + make_interval(secs => $5::bigint)"
    " where workspace = $1 and id = $2 and browser_hash = $3 and proven_at is not null"
    "   and " LINK_LIVE,
    5, 0};

static const struct stmt SIGN_IN = {
    "console_sign_in",
    "update console_session set sign_ins = (array[$3] || sign_ins)[1:20]"
    " where workspace = $1 and id = $2 and proven_at is null and " LINK_LIVE,
    3, 0};

static const struct stmt RETURNED = {
    "console_returned",
    "update console_session set sign_ins = array_remove(sign_ins, $2)"
    " where workspace = $1 and $2 = any (sign_ins) and proven_at is null and " LINK_LIVE
    " returning " COLUMNS,
    2, COLUMNS_COUNT};

static const struct stmt LET_IN = {
    "console_let_in",
    "update console_session set token_hash = $3, proven_at = now(), opened_at = now(),"
    "   last_used_at = now(), expires_at = now() + make_interval(secs => $4::bigint),"
    "   code_hash = null"
    " where workspace = $1 and id = $2 and proven_at is null and " LINK_LIVE,
    4, 0};

static const struct stmt FIND = {
    "console_find",
    "update console_session set last_used_at = now()"
    " where workspace = $1 and token_hash = $2 and " SIGNED_IN("$3") " returning " COLUMNS,
    3, COLUMNS_COUNT};

static const struct stmt LIST = {
    "console_list",
    "select " COLUMNS " from console_session"
    " where workspace = $1 and " SIGNED_IN("$2") " order by opened_at desc",
    2, COLUMNS_COUNT};

static const struct stmt END = {
    "console_end",
    "update console_session set ended_at = now(), code_hash = null"
    " where workspace = $1 and ended_at is null and ($2::uuid is null or id = $2)"
    "   and ($3::text is null or user_id = $3)",
    3, 0};

static const struct stmt PRUNE = {
    "console_prune",
    "update console_session c set ended_at = now(), code_hash = null from workspace w"
    " where c.workspace = $1 and w.workspace = c.workspace and c.ended_at is null"
    "   and c.user_id <> all (w.admins) and c.user_id is distinct from w.installer",
    1, 0};

static const struct stmt OPERATOR_ENTER = {
    "operator_enter",
    "insert into operator_session (token_hash, actor, expires_at)"
    " values ($1, $2, now() + make_interval(secs => $3::bigint))",
    3, 0};

static const struct stmt OPERATOR_FIND = {
    "operator_find",
    "update operator_session set last_used_at = now()"
    " where token_hash = $1 and expires_at > now()"
    "   and last_used_at > now() - make_interval(secs => $2::bigint)"
    " returning actor",
    2, 1};

#define OPERATOR_ID "left(token_hash, 32)"

static const struct stmt OPERATOR_LIST = {
    "operator_list",
    "select " OPERATOR_ID ", actor, epoch(opened_at), epoch(last_used_at) from operator_session"
    " where expires_at > now() and last_used_at > now() - make_interval(secs => $1::bigint)"
    " order by opened_at desc",
    1, 4};

static const struct stmt OPERATOR_END = {"operator_end",
                                         "delete from operator_session"
                                         " where " OPERATOR_ID " = left($1, 32) returning actor",
                                         1, 1};

const struct stmt *const store_console_stmts[] = {
    &END_LINKS,     &ADD,          &BY_LINK, &SHOW,     &PROVE,          &ENTER,
    &FIND,          &LIST,         &END,     &PRUNE,    &OPERATOR_ENTER, &OPERATOR_FIND,
    &OPERATOR_LIST, &OPERATOR_END, &SIGN_IN, &RETURNED, &LET_IN,         NULL};

static int read_session(store *s, const rows *r, size_t row, void *to, struct err *e)
{
    (void)s;
    (void)e;
    *(struct console_session *)to = (struct console_session){.workspace = row_text(r, row, 0),
                                                             .id = row_text(r, row, 1),
                                                             .user_id = row_text(r, row, 2),
                                                             .link_hash = row_text(r, row, 3),
                                                             .browser_hash = row_text(r, row, 4),
                                                             .link_expires_at = row_i64(r, row, 5),
                                                             .codes = row_i64(r, row, 6),
                                                             .proven_at = row_i64(r, row, 7),
                                                             .opened_at = row_i64(r, row, 8),
                                                             .last_used_at = row_i64(r, row, 9),
                                                             .expires_at = row_i64(r, row, 10),
                                                             .ended_at = row_i64(r, row, 11)};
    return 0;
}

static int one(store *s, const struct stmt *stmt, const struct db_arg *args,
               struct console_session **ret, struct err *e)
{
    struct store_ask ask = {stmt, args, read_session, sizeof(struct console_session)};
    void *found = NULL;
    if (store_ask_one(s, &ask, &found, e) != 0) {
        return -1;
    }
    *ret = found;
    return 0;
}

static int changed(store *s, const struct stmt *stmt, const struct db_arg *args, bool *ret,
                   struct err *e)
{
    if (store_query(s, stmt, args, NULL, e) != 0) {
        return -1;
    }
    *ret = db_affected(s->c) > 0;
    return 0;
}

int store_console_add(store *s, const struct console_session *x, struct err *e)
{
    const struct db_arg *args = DB_ARGS(DB_TEXT(x->workspace), DB_TEXT(x->id), DB_TEXT(x->user_id),
                                        DB_TEXT(x->link_hash), DB_I64(x->link_expires_at));
    return store_query(s, &END_LINKS, DB_ARGS(DB_TEXT(x->workspace), DB_TEXT(x->user_id)), NULL,
                       e) != 0
               ? -1
               : store_query(s, &ADD, args, NULL, e);
}

int store_console_by_link(store *s, const char *workspace, const char *link_hash,
                          struct console_session **ret, struct err *e)
{
    return one(s, &BY_LINK, DB_ARGS(DB_TEXT(workspace), DB_TEXT(link_hash)), ret, e);
}

int store_console_show(store *s, const char *workspace, const struct console_code *c, bool *ret,
                       struct err *e)
{
    const struct db_arg *args =
        DB_ARGS(DB_TEXT(workspace), DB_TEXT(c->id), DB_TEXT(c->browser_hash), DB_TEXT(c->was_hash),
                DB_TEXT(c->code_hash), DB_I64(c->ttl_s), DB_I64(CONSOLE_CODES_MAX));
    return changed(s, &SHOW, args, ret, e);
}

int store_console_prove(store *s, const char *workspace, const char *user_id, const char *code_hash,
                        enum console_typed *ret, struct err *e)
{
    rows *r = NULL;
    const struct db_arg *args =
        DB_ARGS(DB_TEXT(workspace), DB_TEXT(user_id), DB_TEXT(code_hash), DB_I64(CONSOLE_TRIES));
    if (store_query(s, &PROVE, args, &r, e) != 0) {
        return -1;
    }
    if (rows_count(r) == 0) {
        *ret = CONSOLE_CODE_NONE;
        return 0;
    }
    *ret = row_bool(r, 0, 0)   ? CONSOLE_CODE_RIGHT
           : row_bool(r, 0, 1) ? CONSOLE_CODE_SPENT
                               : CONSOLE_CODE_WRONG;
    return 0;
}

int store_console_enter(store *s, const char *workspace, const struct console_entry *x, bool *ret,
                        struct err *e)
{
    const struct db_arg *args =
        DB_ARGS(DB_TEXT(workspace), DB_TEXT(x->id), DB_TEXT(x->browser_hash),
                DB_TEXT(x->token_hash), DB_I64(x->ttl_s));
    return changed(s, &ENTER, args, ret, e);
}

int store_console_sign_in(store *s, const char *workspace, const char *id, const char *hash,
                          bool *ret, struct err *e)
{
    return changed(s, &SIGN_IN, DB_ARGS(DB_TEXT(workspace), DB_TEXT(id), DB_TEXT(hash)), ret, e);
}

int store_console_returned(store *s, const char *workspace, const char *hash,
                           struct console_session **ret, struct err *e)
{
    return one(s, &RETURNED, DB_ARGS(DB_TEXT(workspace), DB_TEXT(hash)), ret, e);
}

int store_console_let_in(store *s, const char *workspace, const struct console_entry *x, bool *ret,
                         struct err *e)
{
    const struct db_arg *args =
        DB_ARGS(DB_TEXT(workspace), DB_TEXT(x->id), DB_TEXT(x->token_hash), DB_I64(x->ttl_s));
    return changed(s, &LET_IN, args, ret, e);
}

int store_console_find(store *s, const char *workspace, const char *token_hash, int64_t idle_s,
                       struct console_session **ret, struct err *e)
{
    return one(s, &FIND, DB_ARGS(DB_TEXT(workspace), DB_TEXT(token_hash), DB_I64(idle_s)), ret, e);
}

int store_console_list(store *s, const char *workspace, int64_t idle_s,
                       struct console_session **ret, size_t *ret_count, struct err *e)
{
    struct store_ask ask = {&LIST, DB_ARGS(DB_TEXT(workspace), DB_I64(idle_s)), read_session,
                            sizeof(struct console_session)};
    void *list = NULL;
    if (store_ask_all(s, &ask, &list, ret_count, e) != 0) {
        return -1;
    }
    *ret = list;
    return 0;
}

int store_console_end(store *s, const char *workspace, const char *id, const char *user_id,
                      int64_t *ret_count, struct err *e)
{
    if (store_query(s, &END, DB_ARGS(DB_TEXT(workspace), DB_TEXT(id), DB_TEXT(user_id)), NULL, e) !=
        0) {
        return -1;
    }
    *ret_count = db_affected(s->c);
    return 0;
}

int store_console_prune(store *s, const char *workspace, struct err *e)
{
    return store_query(s, &PRUNE, DB_ARGS(DB_TEXT(workspace)), NULL, e);
}

int store_operator_enter(store *s, const char *token_hash, const char *actor, int64_t ttl_s,
                         struct err *e)
{
    return store_query(s, &OPERATOR_ENTER,
                       DB_ARGS(DB_TEXT(token_hash), DB_TEXT(actor), DB_I64(ttl_s)), NULL, e);
}

int store_operator_find(store *s, const char *token_hash, int64_t idle_s, const char **ret,
                        struct err *e)
{
    rows *r = NULL;
    if (store_query(s, &OPERATOR_FIND, DB_ARGS(DB_TEXT(token_hash), DB_I64(idle_s)), &r, e) != 0) {
        return -1;
    }
    *ret = rows_count(r) == 0 ? NULL : row_text(r, 0, 0);
    return 0;
}

static int read_operator(store *s, const rows *r, size_t row, void *to, struct err *e)
{
    (void)s;
    (void)e;
    *(struct operator_session *)to = (struct operator_session){.id = row_text(r, row, 0),
                                                               .actor = row_text(r, row, 1),
                                                               .opened_at = row_i64(r, row, 2),
                                                               .last_used_at = row_i64(r, row, 3)};
    return 0;
}

int store_operator_list(store *s, int64_t idle_s, struct operator_session **ret, size_t *ret_count,
                        struct err *e)
{
    struct store_ask ask = {&OPERATOR_LIST, DB_ARGS(DB_I64(idle_s)), read_operator,
                            sizeof(struct operator_session)};
    void *list = NULL;
    if (store_ask_all(s, &ask, &list, ret_count, e) != 0) {
        return -1;
    }
    *ret = list;
    return 0;
}

int store_operator_end(store *s, const char *id, const char **ret_actor, struct err *e)
{
    rows *r = NULL;
    if (store_query(s, &OPERATOR_END, DB_ARGS(DB_TEXT(id)), &r, e) != 0) {
        return -1;
    }
    *ret_actor = rows_count(r) == 0 ? NULL : row_text(r, 0, 0);
    return 0;
}
