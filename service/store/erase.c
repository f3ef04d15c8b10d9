#include "store/erase.h"

#include "base/str.h"
#include "store_int.h"

/* What is theirs goes; where others name them, a pseudonym stands from then on. */

enum { WORD_MIN = 3, PSEUDONYM_BYTES = 4 };

/* names: 1, of what people call themselves; a name that two bear says nothing of one. An account of
 * theirs is told from the audit, too, when its connection is gone. */
static const struct stmt WORDS = {
    "erase_words",
    "with found (word, is_name) as ("
    "  select $2, false union"
    "  select w, false from chat_user u, unnest(array[u.email, u.dm_channel, u.address]) w"
    "   where u.workspace = $1 and u.user_id = $2 union"
    "  select u.name, true from chat_user u where u.workspace = $1 and u.user_id = $2 union"
    "  select w, w not like '%@%' from connection c,"
    "         unnest(array[c.account_name, c.account_email]) w"
    "   where c.workspace = $1 and (c.user_id = $2 or c.resting_of = $2) union"
    "  select c.account_key, true from connection c"
    "   where c.workspace = $1 and (c.user_id = $2 or c.resting_of = $2) union"
    "  select a.account, a.account not like '%@%' from run r join run_connection a"
    "      on a.workspace = r.workspace and a.run_id = r.id"
    "   where r.workspace = $1 and r.user_id = $2 and a.rule = 'personal' union"
    "  select w, w not like '%@%' from audit a,"
    "         unnest(array[a.detail ->> 'account', a.detail ->> 'account_before']) w"
    "   where a.workspace = $1 and a.actor = 'user:' || $2"
    "     and (a.action = 'connection.connected' or a.detail ->> 'rule' = 'personal') union"
    "  select c ->> 'account', c ->> 'account' not like '%@%'"
    "    from audit a, json_array_elements(a.detail -> 'connections') c"
    "   where a.workspace = $1 and a.action = 'person.left' and a.subject = $2) "
    "select word, is_name from found f where length(word) >= $3"
    "   and not (is_name and exists (select from chat_user o where o.workspace = $1"
    "                                   and o.user_id <> $2 and (o.name = word"
    "                                   or (word like '% %' and lower(o.name) = lower(word)))))"
    " order by 1",
    3, 2};

static const struct stmt BEGIN = {
    "erase_begin",
    "insert into person_erasure as p (workspace, user_id, pseudonym, ids, names)"
    " values ($1, $2, $3, $4::text[], $5::text[])"
    " on conflict (workspace, user_id) do update set"
    "   ids = array(select unnest(p.ids) union select unnest(excluded.ids) order by 1),"
    "   names = array(select unnest(p.names) union select unnest(excluded.names) order by 1)"
    " returning pseudonym, ids, names",
    5, 3};

static const struct stmt OWNS = {
    "erase_owns",
    "select c.default_name from connection c join workspace w on w.workspace = c.workspace"
    " where c.workspace = $1 and c.user_id = '' and c.tokens is not null"
    "   and coalesce(c.owner, w.installer) = $2 order by 1",
    2, 1};

static const struct stmt WAITING = {
    "erase_waiting",
    "select (select count(*) from run where workspace = $1 and user_id = $2 and ended_at is null)"
    " + (select count(*) from job where workspace = $1 and state in ('queued', 'running')"
    "       and coalesce(lane, '') || ' ' || coalesce(key1, '') || ' ' || coalesce(key2, '') || ' '"
    "           || coalesce(key3, '') ~ words_pattern($3::text[]))",
    3, 1};

/* In this order; messages before the runs that name them. */
#define THEIRS(name, text)                                                                         \
    {                                                                                              \
        "erase_" name, text, 2, 0                                                                  \
    }
static const struct stmt ROWS[] = {
    THEIRS("messages",
           "delete from message m where m.workspace = $1 and (m.user_id = $2"
           " or m.id in (select r.message_id from run r where r.workspace = $1 and r.user_id = $2)"
           " or m.id in (select l.message_id from login l where l.workspace = $1"
           "              and l.user_id = $2)"
           " or m.channel = (select u.dm_channel from chat_user u where u.workspace = $1"
           "                  and u.user_id = $2))"),
    THEIRS("runs", "delete from run where workspace = $1 and user_id = $2"),
    THEIRS("logins", "delete from login where workspace = $1 and user_id = $2"),
    THEIRS("connections",
           "delete from connection where workspace = $1 and (user_id = $2 or resting_of = $2)"),
    THEIRS("groups", "update user_group set users = array_remove(users, $2), updated_at = now()"
                     " where workspace = $1 and users @> array[$2::text]"),
    THEIRS("conversations", "delete from conversation c using chat_user u where u.workspace = $1"
                            " and u.user_id = $2 and c.workspace = $1 and c.channel = u.dm_channel"
                            " and c.kind = 'personal'"),
    THEIRS("permissions", "delete from act_permission where workspace = $1 and user_id = $2"),
    THEIRS("sessions", "delete from console_session where workspace = $1 and user_id = $2"),
    THEIRS("erasure", "delete from person_erasure where workspace = $1 and user_id = $2"),
    THEIRS("user", "delete from chat_user where workspace = $1 and user_id = $2"),
};
enum { ROWS_COUNT = sizeof ROWS / sizeof ROWS[0] };

/* Their own keys name them; an event that is done is theirs, or names them. */
static const struct stmt JOBS = {
    "erase_jobs",
    "delete from job where workspace = $1 and state in ('done', 'dead')"
    "   and coalesce(lane, '') || ' ' || coalesce(key1, '') || ' ' || coalesce(key2, '') || ' '"
    "       || coalesce(key3, '') ~ words_pattern($2::text[])",
    2, 0};
static const struct stmt NOTICES = {
    "erase_notices", "delete from notice where workspace = $1 and key ~ words_pattern($2::text[])",
    2, 0};

const struct stmt *const store_erase_stmts[] = {
    &WORDS,   &BEGIN,   &OWNS,    &WAITING, &ROWS[0], &ROWS[1], &ROWS[2], &ROWS[3], &ROWS[4],
    &ROWS[5], &ROWS[6], &ROWS[7], &ROWS[8], &ROWS[9], &JOBS,    &NOTICES, NULL};

static void take_word(struct erase *x, const rows *r, size_t row)
{
    if (row_bool(r, row, 1)) {
        x->names[x->names_count++] = row_text(r, row, 0);
    } else {
        x->ids[x->ids_count++] = row_text(r, row, 0);
    }
}

/* With what an earlier try has found. */
static int keep_words(store *s, const struct erase *x, struct erase *ret, struct err *e)
{
    rows *r = NULL;
    const struct db_arg *args =
        DB_ARGS(DB_TEXT(x->workspace), DB_TEXT(x->user_id), DB_TEXT(x->pseudonym),
                DB_TEXTS(x->ids, x->ids_count), DB_TEXTS(x->names, x->names_count));
    if (store_query(s, &BEGIN, args, &r, e) != 0) {
        return -1;
    }
    *ret = (struct erase){
        .workspace = x->workspace, .user_id = x->user_id, .pseudonym = row_text(r, 0, 0)};
    ret->ids = store_texts(s->mem, row_text(r, 0, 1), &ret->ids_count);
    ret->names = store_texts(s->mem, row_text(r, 0, 2), &ret->names_count);
    return 0;
}

int store_erase_begin(store *s, const char *workspace, const char *user_id, struct erase *ret,
                      bool *ret_known, struct err *e)
{
    rows *r = NULL;
    struct erase_proof p = {0};
    struct erase x = {.workspace = workspace, .user_id = user_id};
    const struct db_arg *args = DB_ARGS(DB_TEXT(workspace), DB_TEXT(user_id), DB_I64(WORD_MIN));
    if (store_query(s, &WORDS, args, &r, e) != 0) {
        return -1;
    }
    x.pseudonym = arena_printf(s->mem, "erased-%s", crypto_random_hex(s->mem, PSEUDONYM_BYTES));
    x.ids = arena_array(s->mem, rows_count(r) + 1, sizeof *x.ids);
    x.names = arena_array(s->mem, rows_count(r) + 1, sizeof *x.names);
    for (size_t i = 0; i < rows_count(r); i++) {
        take_word(&x, r, i);
    }
    if (store_erase_find_columns(s, &x, &p, e) != 0) {
        return -1;
    }
    *ret_known = p.found > 0;
    return *ret_known ? keep_words(s, &x, ret, e) : 0;
}

int store_erase_waiting(store *s, const struct erase *x, int64_t *ret, struct err *e)
{
    rows *r = NULL;
    const struct db_arg *args =
        DB_ARGS(DB_TEXT(x->workspace), DB_TEXT(x->user_id), DB_TEXTS(x->ids, x->ids_count));
    if (store_query(s, &WAITING, args, &r, e) != 0) {
        return -1;
    }
    *ret = row_i64(r, 0, 0);
    return 0;
}

static int delete_rows(store *s, const struct erase *x, int64_t *io_rows, struct err *e)
{
    const struct db_arg *ids = DB_ARGS(DB_TEXT(x->workspace), DB_TEXTS(x->ids, x->ids_count));
    for (size_t i = 0; i < ROWS_COUNT; i++) {
        const struct db_arg *args = DB_ARGS(DB_TEXT(x->workspace), DB_TEXT(x->user_id));
        if (store_query(s, &ROWS[i], args, NULL, e) != 0) {
            return -1;
        }
        *io_rows += db_affected(s->c);
    }
    if (store_query(s, &JOBS, ids, NULL, e) != 0) {
        return -1;
    }
    *io_rows += db_affected(s->c);
    return store_query(s, &NOTICES, ids, NULL, e);
}

int store_erase_do(store *s, const struct erase *x, struct erased *ret, struct err *e)
{
    int64_t readable = 0, sealed = 0;
    struct erased done = {0};
    if (delete_rows(s, x, &done.rows, e) != 0 || store_erase_columns(s, x, &readable, e) != 0 ||
        store_erase_sealed(s, x, &sealed, e) != 0) {
        return -1;
    }
    done.values = readable + sealed;
    if (store_erase_audit(s, x, &done, e) != 0) {
        return -1;
    }
    *ret = done;
    return 0;
}

int store_erase_prove(store *s, const struct erase *x, struct erase_proof *ret, struct err *e)
{
    struct erase_proof p = {0};
    if (store_erase_find_columns(s, x, &p, e) != 0 || store_erase_find_sealed(s, x, &p, e) != 0) {
        return -1;
    }
    *ret = p;
    return 0;
}

int store_erase_owns(store *s, const char *workspace, const char *user_id, const char ***ret,
                     size_t *ret_count, struct err *e)
{
    return store_ask_texts(s, &OWNS, DB_ARGS(DB_TEXT(workspace), DB_TEXT(user_id)), ret, ret_count,
                           e);
}
