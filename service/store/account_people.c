#include "store_int.h"

/* Under one default connection alone: an address of one organisation is anybody's in another. And
 * two persons with one account are nobody: a guess would tell one what is meant for the other. What
 * rests is its person's, too. An e-mail address that an app lets people write into their profile
 * proves nothing: where the chat knows one of theirs, it must be the same. */
static const struct stmt PERSON = {
    "account_person",
    "select distinct coalesce(c.resting_of, c.user_id) from connection c"
    "  join default_connection d on d.workspace = c.workspace and d.name = c.default_name"
    "  left join chat_user u on u.workspace = c.workspace"
    "    and u.user_id = coalesce(c.resting_of, c.user_id)"
    "  where c.workspace = $1 and d.app = $2 and c.user_id <> '' and c.state = 'active'"
    "    and ($3::text is null or lower(c.account_email) = lower($3)"
    "         and (coalesce(u.email, '') = '' or lower(u.email) = lower($3)))"
    "    and ($4::text is null or c.account_key = $4"
    "         or right(c.account_key, length($6) + 1) = ':' || $6)"
    "    and case when $5::text is not null then d.name = $5 else not exists"
    "      (select from default_connection o"
    "        where o.workspace = d.workspace and o.app = d.app and o.name <> d.name) end"
    " limit 2",
    6, 1};

static const struct stmt HOLDER = {
    "account_holder",
    "select c.id, c.default_name, coalesce(c.resting_of, c.user_id)"
    "  from connection c join default_connection d"
    "    on d.workspace = c.workspace and d.name = c.default_name"
    "  where c.workspace = $1 and d.app = $2 and d.client_id = $3"
    "    and c.state in ('active', 'needs_attention') and c.tokens is not null"
    "    and (case when $4::text is null then coalesce(c.resting_of, c.user_id) = $5"
    "              else c.account_key = $4 end"
    "         or $6 and c.user_id <> '' and coalesce(c.resting_of, c.user_id) = $5)"
    " order by c.user_id <> '', c.id limit 1",
    6, 3};

const struct stmt *const store_account_people_stmts[] = {&PERSON, &HOLDER, NULL};

int store_account_person(store *s, const char *workspace, const struct account_name *name,
                         const char **ret_user_id, struct err *e)
{
    rows *r = NULL;
    *ret_user_id = NULL;
    if (name->email == NULL && name->key == NULL) {
        return 0;
    }
    if (store_query(s, &PERSON,
                    DB_ARGS(DB_TEXT(workspace), DB_TEXT(name->app), DB_TEXT(name->email),
                            DB_TEXT(name->key), DB_TEXT(name->default_name), DB_TEXT(name->id)),
                    &r, e) != 0) {
        return -1;
    }
    *ret_user_id = rows_count(r) == 1 ? row_text(r, 0, 0) : NULL;
    return 0;
}

int store_account_holder(store *s, const char *workspace, const struct account_grant *g,
                         struct account_holder *ret, struct err *e)
{
    rows *r = NULL;
    *ret = (struct account_holder){.id = NULL};
    if (store_query(s, &HOLDER,
                    DB_ARGS(DB_TEXT(workspace), DB_TEXT(g->app), DB_TEXT(g->client_id),
                            DB_TEXT(g->key), DB_TEXT(g->user_id), DB_BOOL(g->spans)),
                    &r, e) != 0) {
        return -1;
    }
    if (rows_count(r) > 0) {
        *ret = (struct account_holder){row_text(r, 0, 0), row_text(r, 0, 1), row_text(r, 0, 2)};
    }
    return 0;
}
