#include "store_int.h"

#include "base/json.h"

static const struct stmt ADD = {"audit_add",
                                "insert into audit (workspace, id, actor, action, subject, detail)"
                                " values ($1, $2, $3, $4, $5, $6)",
                                6, 0};

/* Ids are made in the order of time. */
static const struct stmt PAGE = {
    "audit_page",
    "select id, epoch(at), actor, action, subject, detail from audit"
    " where workspace = $1 and ($2::uuid is null or id < $2)"
    "   and ($4::text is null or actor = $4) and ($5::text is null or subject = $5)"
    "   and ($6::text is null or action = $6 or starts_with(action, $6 || '.'))"
    "   and ($7::bigint = 0 or at >= to_timestamp($7::bigint))"
    "   and ($8::bigint = 0 or at < to_timestamp($8::bigint))"
    " order by id desc limit $3",
    8, 6};

const struct stmt *const store_audit_stmts[] = {&ADD, &PAGE, NULL};

static int read_audit(store *s, const rows *r, size_t row, void *to, struct err *e)
{
    struct audit_row *a = to;
    a->id = row_text(r, row, 0);
    a->at = row_i64(r, row, 1);
    a->actor = row_text(r, row, 2);
    a->action = row_text(r, row, 3);
    a->subject = row_text(r, row, 4);
    const char *detail = row_text(r, row, 5);
    return detail == NULL ? 0 : json_read(s->mem, bytes_of(detail), &a->detail, e);
}

int store_audit_add(store *s, const char *workspace, const char *actor, const char *action,
                    const char *subject, json_t *detail, struct err *e)
{
    struct id id = id_new();
    const struct db_arg *args =
        DB_ARGS(DB_TEXT(workspace), DB_TEXT(id.text), DB_TEXT(actor), DB_TEXT(action),
                DB_TEXT(subject == NULL ? "" : subject),
                DB_TEXT(detail == NULL ? NULL : json_write(s->mem, detail)));
    return store_query(s, &ADD, args, NULL, e);
}

int store_audit_page(store *s, const char *workspace, const struct audit_filter *f,
                     struct audit_row **ret, size_t *ret_count, struct err *e)
{
    if (f->before_id != NULL && !id_valid(f->before_id)) {
        return err_set(e, ERR_INPUT, "bad_cursor", "no cursor of ours");
    }
    const struct db_arg *args =
        DB_ARGS(DB_TEXT(workspace), DB_TEXT(f->before_id), DB_I64(f->limit), DB_TEXT(f->actor),
                DB_TEXT(f->subject), DB_TEXT(f->action), DB_I64(f->since), DB_I64(f->until));
    struct store_ask ask = {&PAGE, args, read_audit, sizeof(struct audit_row)};
    void *list = NULL;
    if (store_ask_all(s, &ask, &list, ret_count, e) != 0) {
        return -1;
    }
    *ret = list;
    return 0;
}
