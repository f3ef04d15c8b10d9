#include "store_int.h"

#include "base/str.h"

/*
 * Several accounts of one user under one default connection. The chosen one has the user in
 * user_id, and the unique key lets no other have it there; one that rests has its own id there and
 * its user in resting_of, so that no question for a person's connection finds it.
 */

/* A row that waits for its first login is nobody's account. */
static const struct stmt DROP_EMPTY = {
    "account_drop_empty",
    "delete from connection where workspace = $1 and default_name = $2 and user_id = $3"
    "   and user_id <> '' and state = 'provisional' and connected_at is null",
    3, 0};

static const struct stmt REST = {
    "account_rest",
    "update connection set resting_of = user_id, user_id = id::text, updated_at = now(),"
    "   state = case when state = 'provisional' then 'disconnected' else state end,"
    "   reason = case when state = 'provisional' then 'login_ended' else reason end"
    " where workspace = $1 and default_name = $2 and user_id = $3 and user_id <> ''",
    3, 0};

static const struct stmt CHOOSE = {
    "account_choose",
    "update connection set user_id = resting_of, resting_of = null, updated_at = now()"
    " where workspace = $1 and id = $2 and resting_of = $3",
    3, 0};

const struct stmt *const store_accounts_stmts[] = {&DROP_EMPTY, &REST, &CHOOSE, NULL};

/* One person may be let into several sites of an app by one account. */
static bool is_same(const struct account *a, const struct account *b)
{
    size_t a_vars = json_object_size(a->vars), b_vars = json_object_size(b->vars);
    return a->key != NULL && str_equal(a->key, b->key) &&
           (a_vars == 0 || b_vars == 0 || json_equal(a->vars, b->vars));
}

/* What a user has under one default connection, without tokens. */
struct held {
    struct connection *chosen;
    struct connection *same; /* that has the account which was logged in */
    size_t count;
};

static int load(store *s, const struct connection *c, struct held *ret, struct err *e)
{
    struct connection *list = NULL;
    size_t count = 0;
    *ret = (struct held){.count = 0};
    if (str_empty(c->user_id)) {
        return store_connection_find(s, c->workspace, c->default_name, "", &ret->chosen, e);
    }
    if (store_connection_list(s, c->workspace, c->user_id, &list, &count, e) != 0) {
        return -1;
    }
    for (size_t i = 0; i < count; i++) {
        struct connection *one = &list[i];
        if (!str_equal(one->default_name, c->default_name)) {
            continue;
        }
        ret->count += one->connected_at > 0 ? 1 : 0;
        ret->chosen = one->resting ? ret->chosen : one;
        ret->same = ret->same == NULL && is_same(&one->account, &c->account) ? one : ret->same;
    }
    return 0;
}

/* The row of the chosen one is where it goes: it is the same account, nobody's yet, or replaced. */
static bool replaces(const struct held *h, bool adds)
{
    if (h->chosen == NULL || h->same == h->chosen) {
        return h->chosen != NULL;
    }
    return h->same == NULL && (!adds || h->chosen->connected_at == 0);
}

int store_account_fits(store *s, const struct connection *c, bool adds, bool *ret, struct err *e)
{
    struct held h;
    if (load(s, c, &h, e) != 0) {
        return -1;
    }
    *ret = replaces(&h, adds) || h.same != NULL || h.count < CONNECTION_ACCOUNTS_MAX;
    return 0;
}

/* Nothing is chosen after this. */
static int rest(store *s, const struct connection *c, struct err *e)
{
    const struct db_arg *args =
        DB_ARGS(DB_TEXT(c->workspace), DB_TEXT(c->default_name), DB_TEXT(c->user_id));
    return store_query(s, &DROP_EMPTY, args, NULL, e) != 0 ? -1
                                                           : store_query(s, &REST, args, NULL, e);
}

int store_account_choose(store *s, const struct connection *c, bool *ret_chosen, struct err *e)
{
    const struct db_arg *args = DB_ARGS(DB_TEXT(c->workspace), DB_TEXT(c->id), DB_TEXT(c->user_id));
    *ret_chosen = false;
    if (!c->resting) {
        return 0;
    }
    if (rest(s, c, e) != 0 || store_query(s, &CHOOSE, args, NULL, e) != 0) {
        return -1;
    }
    *ret_chosen = db_affected(s->c) > 0;
    return *ret_chosen ? 0
                       : err_set(e, ERR_DATABASE, "db_retry", "account %s has just moved", c->id);
}

/* It has a row already, and that rests; or it is one more. */
static int make_way(store *s, const struct connection *c, const struct held *h, bool adds,
                    struct account_place *ret, struct err *e)
{
    bool chosen = false;
    if (adds && h->same != NULL && connection_acts(h->chosen)) {
        ret->used = h->chosen;
        return 0;
    }
    ret->kept = connection_acts(h->chosen) ? h->chosen : NULL;
    return h->same == NULL ? rest(s, c, e) : store_account_choose(s, h->same, &chosen, e);
}

int store_account_place(store *s, const struct connection *c, bool adds, struct account_place *ret,
                        struct err *e)
{
    struct held h;
    struct connection *old = NULL;
    *ret = (struct account_place){.old = NULL};
    if (load(s, c, &h, e) != 0) {
        return -1;
    }
    bool stays = str_empty(c->user_id) || replaces(&h, adds);
    if (!stays && make_way(s, c, &h, adds, ret, e) != 0) {
        return -1;
    }
    const struct connection *row = stays ? h.chosen : h.same;
    if (row != NULL && store_connection_lock(s, row->workspace, row->id, &old, e) != 0) {
        return -1;
    }
    ret->old = old;
    return 0;
}
