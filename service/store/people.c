#include "store/people.h"

#include "store_int.h"

/* The users of a workspace as a list for its admins. */

/* In the order of the primary key. The page is cut first: what is counted of each person is counted
 * of those on it alone. Runs leave with their time, and the last of them with it. */
#define PAGE_OF(people)                                                                            \
    "select u.user_id, u.name, u.standing, epoch(u.created_at),"                                   \
    "   (select count(*) from connection c where c.workspace = $1"                                 \
    "       and (c.user_id = u.user_id or c.resting_of = u.user_id)),"                             \
    "   (select epoch(max(r.created_at)) from run r"                                               \
    "     where r.workspace = $1 and r.user_id = u.user_id),"                                      \
    "   exists (select from person_erasure p where p.workspace = $1 and p.user_id = u.user_id)"    \
    "  from (select user_id, name, standing, created_at from " people                              \
    "           and ($3::text is null or user_id > $3) order by user_id limit $4) u"               \
    " order by u.user_id"

static const struct stmt PAGE = {
    "person_page", PAGE_OF("chat_user where workspace = $1 and ($2::text is null or user_id = $2)"),
    4, 7};

/* Few are found by their beginning: the indexes say whom, before the page is cut. */
static const struct stmt BEGIN = {
    "person_begin",
    "with found as materialized (select user_id, name, standing, created_at from chat_user"
    "   where workspace = $1 and (" STORE_BEGINS("name", "$2") " or " STORE_BEGINS(
        "user_id", "$2") "))" PAGE_OF("found where true"),
    4, 7};

const struct stmt *const store_people_stmts[] = {&PAGE, &BEGIN, NULL};

static int read_person(store *s, const rows *r, size_t row, void *to, struct err *e)
{
    struct person *p = to;
    (void)s;
    (void)e;
    p->user_id = row_text(r, row, 0);
    p->name = row_text(r, row, 1);
    p->standing = row_text(r, row, 2);
    p->created_at = row_i64(r, row, 3);
    p->connections = row_i64(r, row, 4);
    p->last_run_at = row_i64(r, row, 5);
    p->erasing = row_bool(r, row, 6);
    return 0;
}

int store_person_page(store *s, const char *workspace, const struct person_filter *f,
                      struct person **ret, size_t *ret_count, struct err *e)
{
    bool begins = f->begins != NULL;
    const struct store_ask ask = {begins ? &BEGIN : &PAGE,
                                  DB_ARGS(DB_TEXT(workspace),
                                          DB_TEXT(begins ? f->begins : f->user_id),
                                          DB_TEXT(f->after_user_id), DB_I64(f->limit)),
                                  read_person, sizeof(struct person)};
    void *list = NULL;
    if (store_ask_all(s, &ask, &list, ret_count, e) != 0) {
        return -1;
    }
    *ret = list;
    return 0;
}
