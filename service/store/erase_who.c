#include "store/erase.h"

#include "base/str.h"
#include "store_int.h"

/*
 * Whom an erasure is about, and by which words. A person chooses what they are called, at the chat
 * and at the apps, so a word of theirs is looked for only where it can mean nobody and nothing
 * else.
 */

enum { WORD_MIN = 3, NUMBER_MIN = 7, PSEUDONYM_BYTES = 4 };

/* Somebody whom the platform told of, or else an id as the platform makes them that is nothing
 * else's: what admins wrote (groups, `allow`) names people, too. */
static const struct stmt KNOWN = {
    "erase_known",
    "with told (id) as ("
    "  select user_id from chat_user where workspace = $1 and user_id = $2 union all"
    "  select user_id from person_erasure where workspace = $1 and user_id = $2 union all"
    "  select user_id from connection where workspace = $1 and user_id = $2 and resting_of is null"
    "  union all select resting_of from connection where workspace = $1 and resting_of = $2"
    "  union all select user_id from run where workspace = $1 and user_id = $2"
    "  union all select user_id from login where workspace = $1 and user_id = $2"
    "  union all select user_id from message where workspace = $1 and user_id = $2"
    "  union all select user_id from decision where workspace = $1 and user_id = $2"
    "  union all select actor from audit where workspace = $1 and actor = 'user:' || $2"
    "  union all select subject from audit where workspace = $1 and subject = $2"
    "                                        and action like 'person.%') "
    "select length($2) >= 3 and w.bot_user_id is distinct from $2 and w.bot_id is distinct from $2 and ("
    "  exists (select from told) or case when $1 like 'slack:%'"
    "    then $2 ~ '^[UW](?=[A-Z]*[0-9])[A-Z0-9]{6,}$'"
    "    else $2 ~ '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$' and $1 <> 'teams:' || $2"
    "         and not exists (select from audit where workspace = $1 and subject = $2)"
    "         and not exists (select from run where workspace = $1 and id::text = $2)"
    "         and not exists (select from connection where workspace = $1 and id::text = $2)"
    "         and not exists (select from login where workspace = $1 and id::text = $2)"
    "         and not exists (select from message where workspace = $1 and id::text = $2) end)"
    " from workspace w where w.workspace = $1",
    2, 1};

/* 1: an id of the platform's. 2: an e-mail address, looked for in settings, too. 3: what they or an
 * app call them. An account of theirs is told from the audit, too, when its connection is gone;
 * words of an earlier try stay theirs. */
#define FOUND                                                                                      \
    "found (word, kind) as ("                                                                      \
    "  select $2, 1 union all"                                                                     \
    "  select w, 1 from chat_user u, unnest(array[u.dm_channel, u.address]) w"                     \
    "   where u.workspace = $1 and u.user_id = $2 union all"                                       \
    "  select u.email, 2 from chat_user u where u.workspace = $1 and u.user_id = $2 union all"     \
    "  select u.name, 3 from chat_user u where u.workspace = $1 and u.user_id = $2 union all"      \
    "  select a, case when a like '%@%' then 2 else 3 end from ("                                  \
    "    select w from connection c, unnest(array[c.account_name, c.account_email,"                \
    "                                             c.account_key]) w"                               \
    "     where c.workspace = $1 and (c.user_id = $2 or c.resting_of = $2) union all"              \
    "    select a.account from run r join run_connection a"                                        \
    "        on a.workspace = r.workspace and a.run_id = r.id"                                     \
    "     where r.workspace = $1 and r.user_id = $2 and a.rule = 'personal' union all"             \
    "    select w from audit a,"                                                                   \
    "           unnest(array[a.detail ->> 'account', a.detail ->> 'account_before']) w"            \
    "     where a.workspace = $1 and a.actor = 'user:' || $2"                                      \
    "       and (a.action = 'connection.connected' or a.detail ->> 'rule' = 'personal') union all" \
    "    select c ->> 'account' from audit a, json_array_elements(a.detail -> 'connections') c"    \
    "     where a.workspace = $1 and a.action = 'person.left' and a.subject = $2) of (a)"          \
    "  union all"                                                                                  \
    "  select w, k from person_erasure p, lateral ("                                               \
    "    select unnest(p.keys), 1 union all select unnest(p.ids), 2 union all"                     \
    "    select unnest(p.names || p.spared), 3) k (w, k)"                                          \
    "   where p.workspace = $1 and p.user_id = $2)"

/* What others have, too. A name of one word is another one in other capitals. */
#define OTHERS                                                                                     \
    "others (word, lowered) as ("                                                                  \
    "  select o.name, false from chat_user o where o.workspace = $1 and o.user_id <> $2 union"     \
    "  select lower(o.name), true from chat_user o"                                                \
    "   where o.workspace = $1 and o.user_id <> $2 and o.name like '% %' union"                    \
    "  select lower(w), true from chat_user o,"                                                    \
    "         unnest(array[o.user_id, o.email, o.dm_channel, o.address]) w"                        \
    "   where o.workspace = $1 and o.user_id <> $2 union"                                          \
    "  select lower(w), true from connection o,"                                                   \
    "         unnest(array[o.account_name, o.account_email, o.account_key]) w"                     \
    "   where o.workspace = $1 and o.user_id <> $2 and o.resting_of is distinct from $2"           \
    "     and o.owner is distinct from $2)"

/* What looks like an id or a pseudonym, is a number that any may be, or a word of ours. */
#define MEANS_NOBODY                                                                                   \
    "(word ~ '^[0-9.,+-]+$' and length(word) < $4"                                                     \
    " or word ~ '^([A-Z](?=[A-Z]*[0-9])[A-Z0-9]{6,}|erased-[0-9a-f]{8}|(user|token|slack|teams):.*)$'" \
    " or lower(word) in (select o.word from own_words($1) o))"

static const struct stmt WORDS = {
    "erase_words",
    "with " FOUND ", " OTHERS ", best as (select word, min(kind) as kind from found group by 1) "
    "select word, case when word = $2 then 'key'"
    "    when length(word) < $3 or exists (select from others o"
    "       where o.word = case when o.lowered then lower(f.word) else f.word end) then 'spared'"
    "    when kind < 3 then (array['key', 'id'])[kind]"
    "    when " MEANS_NOBODY " then 'spared' else 'name' end"
    "  from best f where word <> '' order by 1",
    4, 2};

static const struct stmt BEGIN = {
    "erase_begin",
    "insert into person_erasure as p (workspace, user_id, pseudonym, keys, ids, names, spared)"
    " values ($1, $2, $3, $4::text[], $5::text[], $6::text[], $7::text[])"
    " on conflict (workspace, user_id) do update set keys = excluded.keys, ids = excluded.ids,"
    "   names = excluded.names, spared = excluded.spared"
    " returning pseudonym",
    7, 1};

const struct stmt *const store_erase_who_stmts[] = {&KNOWN, &WORDS, &BEGIN, NULL};

/* An id is a word as well, where people write. */
static void take_word(struct erase *x, const char *word, const char *kind)
{
    if (str_equal(kind, "spared")) {
        x->spared[x->spared_count++] = word;
        return;
    }
    if (str_equal(kind, "name")) {
        x->names[x->names_count++] = word;
        return;
    }
    if (str_equal(kind, "key")) {
        x->keys[x->keys_count++] = word;
    }
    x->ids[x->ids_count++] = word;
}

static int find_words(store *s, struct erase *io, struct err *e)
{
    rows *r = NULL;
    const struct db_arg *args =
        DB_ARGS(DB_TEXT(io->workspace), DB_TEXT(io->user_id), DB_I64(WORD_MIN), DB_I64(NUMBER_MIN));
    if (store_query(s, &WORDS, args, &r, e) != 0) {
        return -1;
    }
    const char ***lists[] = {&io->keys, &io->ids, &io->names, &io->spared};
    for (size_t i = 0; i < sizeof lists / sizeof lists[0]; i++) {
        *lists[i] = arena_array(s->mem, rows_count(r) + 1, sizeof **lists[i]);
    }
    for (size_t i = 0; i < rows_count(r); i++) {
        take_word(io, row_text(r, i, 0), row_text(r, i, 1));
    }
    return 0;
}

/* Until the person is erased: the rows that say so may be gone before. */
static int keep_words(store *s, struct erase *io, struct err *e)
{
    rows *r = NULL;
    const struct db_arg *args =
        DB_ARGS(DB_TEXT(io->workspace), DB_TEXT(io->user_id), DB_TEXT(io->pseudonym),
                DB_TEXTS(io->keys, io->keys_count), DB_TEXTS(io->ids, io->ids_count),
                DB_TEXTS(io->names, io->names_count), DB_TEXTS(io->spared, io->spared_count));
    if (store_query(s, &BEGIN, args, &r, e) != 0) {
        return -1;
    }
    io->pseudonym = row_text(r, 0, 0);
    return 0;
}

static int is_known(store *s, const struct erase *x, bool *ret, struct err *e)
{
    rows *r = NULL;
    if (store_query(s, &KNOWN, DB_ARGS(DB_TEXT(x->workspace), DB_TEXT(x->user_id)), &r, e) != 0) {
        return -1;
    }
    *ret = rows_count(r) > 0 && row_bool(r, 0, 0);
    return 0;
}

int store_erase_foresee(store *s, const char *workspace, const char *user_id,
                        struct erase_proof *ret, struct err *e)
{
    struct erase x = {.workspace = workspace, .user_id = user_id};
    if (find_words(s, &x, e) != 0) {
        return -1;
    }
    *ret = (struct erase_proof){.spared = x.spared, .spared_count = x.spared_count};
    ret->words = store_erase_all(s->mem, &x, &ret->words_count);
    return 0;
}

int store_erase_begin(store *s, const char *workspace, const char *user_id, struct erase *ret,
                      bool *ret_known, struct err *e)
{
    struct erase_proof p = {0};
    struct erase x = {.workspace = workspace, .user_id = user_id};
    if (is_known(s, &x, ret_known, e) != 0) {
        return -1;
    }
    if (!*ret_known) {
        return 0;
    }
    x.pseudonym = arena_printf(s->mem, "erased-%s", crypto_random_hex(s->mem, PSEUDONYM_BYTES));
    if (find_words(s, &x, e) != 0 || store_erase_find_columns(s, &x, &p, e) != 0) {
        return -1;
    }
    *ret_known = p.found > 0;
    if (*ret_known && keep_words(s, &x, e) != 0) {
        return -1;
    }
    *ret = x;
    return 0;
}
