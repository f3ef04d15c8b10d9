#include "store/api_tokens.h"

#include <string.h>

#include "base/clock.h"
#include "base/die.h"
#include "base/str.h"
#include "store_int.h"

enum { COLUMNS_COUNT = 9, NOTED_EVERY_S = 60 };
#define COLUMNS(t)                                                                                 \
    t "workspace, " t "name, " t "role, " t "digest, " t "begins, " t "made_by, epoch(" t          \
      "expires_at), epoch(" t "last_used_at), epoch(" t "created_at)"

static const struct stmt ADD = {
    "api_token_add",
    "insert into api_token (workspace, name, role, digest, begins, made_by, expires_at)"
    " values ($1, $2, $3, $4, $5, $6, instant($7)) on conflict (workspace, name) do nothing",
    7, 0};

static const struct stmt COUNT = {"api_token_count",
                                  "select count(*) from api_token where workspace = $1", 1, 1};

static const struct stmt FIND = {
    "api_token_find",
    "select " COLUMNS("t.") " from route r join api_token t on t.workspace = r.workspace"
                            "  where r.route = $1 and t.digest = $2"
                            "    and (t.expires_at is null or t.expires_at > now())",
    2, COLUMNS_COUNT};

static const struct stmt USED = {
    "api_token_used",
    "update api_token set last_used_at = now() where workspace = $1 and name = $2", 2, 0};

static const struct stmt LIST = {
    "api_token_list",
    "select " COLUMNS("") " from api_token where workspace = $1 order by name collate \"C\"", 1,
    COLUMNS_COUNT};

static const struct stmt DELETE = {"api_token_delete",
                                   "delete from api_token where workspace = $1 and name = $2"
                                   " returning " COLUMNS(""),
                                   2, COLUMNS_COUNT};

const struct stmt *const store_api_tokens_stmts[] = {&ADD,  &COUNT,  &FIND, &USED,
                                                     &LIST, &DELETE, NULL};

static const struct {
    enum api_role role;
    const char *word;
} roles[] = {{API_ROLE_READ, "read"},
             {API_ROLE_OPERATE, "operate"},
             {API_ROLE_ADMIN, "admin"},
             {API_ROLE_ACT, "act"}};
enum { ROLES = sizeof roles / sizeof roles[0] };

const char *store_api_role_word(enum api_role role)
{
    for (size_t i = 0; i < ROLES; i++) {
        if (roles[i].role == role) {
            return roles[i].word;
        }
    }
    die("role %d of a token does not exist", (int)role);
}

static enum api_role role_of(const char *word)
{
    for (size_t i = 0; i < ROLES; i++) {
        if (str_equal(roles[i].word, word)) {
            return roles[i].role;
        }
    }
    return API_ROLE_NONE;
}

static int read_token(store *s, const rows *r, size_t row, void *to, struct err *e)
{
    (void)s;
    (void)e;
    *(struct api_token *)to = (struct api_token){.workspace = row_text(r, row, 0),
                                                 .name = row_text(r, row, 1),
                                                 .role = role_of(row_text(r, row, 2)),
                                                 .digest = row_text(r, row, 3),
                                                 .begins = row_text(r, row, 4),
                                                 .made_by = row_text(r, row, 5),
                                                 .expires_at = row_i64(r, row, 6),
                                                 .last_used_at = row_i64(r, row, 7),
                                                 .created_at = row_i64(r, row, 8)};
    return 0;
}

int store_api_token_add(store *s, const struct api_token *t, struct err *e)
{
    rows *r = NULL;
    if (store_query(s, &COUNT, DB_ARGS(DB_TEXT(t->workspace)), &r, e) != 0) {
        return -1;
    }
    if (row_i64(r, 0, 0) >= API_TOKENS_MAX) {
        return err_set(e, ERR_CONFLICT, "too_many_tokens",
                       "The workspace has %d tokens; revoke some.", API_TOKENS_MAX);
    }
    const struct db_arg *args =
        DB_ARGS(DB_TEXT(t->workspace), DB_TEXT(t->name), DB_TEXT(store_api_role_word(t->role)),
                DB_TEXT(t->digest), DB_TEXT(t->begins), DB_TEXT(t->made_by), DB_I64(t->expires_at));
    if (store_query(s, &ADD, args, NULL, e) != 0) {
        return -1;
    }
    return db_affected(s->c) > 0
               ? 0
               : err_set(e, ERR_CONFLICT, "token_name", "The workspace has a token of this name.");
}

static int find(store *s, const struct stmt *stmt, const struct db_arg *args,
                struct api_token **ret, struct err *e)
{
    struct store_ask ask = {stmt, args, read_token, sizeof(struct api_token)};
    void *found = NULL;
    if (store_ask_one(s, &ask, &found, e) != 0) {
        return -1;
    }
    *ret = found;
    return 0;
}

int store_api_token_use(store *s, const char *route, const char *digest, struct api_token **ret,
                        struct err *e)
{
    struct api_token *t = NULL;
    if (find(s, &FIND, DB_ARGS(DB_TEXT(route), DB_TEXT(digest)), &t, e) != 0) {
        return -1;
    }
    if (t != NULL && clock_now() - t->last_used_at >= NOTED_EVERY_S &&
        store_query(s, &USED, DB_ARGS(DB_TEXT(t->workspace), DB_TEXT(t->name)), NULL, e) != 0) {
        return -1;
    }
    *ret = t;
    return 0;
}

int store_api_token_list(store *s, const char *workspace, struct api_token **ret, size_t *ret_count,
                         struct err *e)
{
    struct store_ask ask = {&LIST, DB_ARGS(DB_TEXT(workspace)), read_token,
                            sizeof(struct api_token)};
    void *list = NULL;
    if (store_ask_all(s, &ask, &list, ret_count, e) != 0) {
        return -1;
    }
    *ret = list;
    return 0;
}

/* By its fingerprint; NULL: it is gone, or was an operator's. */
static const struct api_token *made_by(const struct api_token *list, size_t count,
                                       const struct api_token *t)
{
    const char *print = str_starts(t->made_by, "token:") ? t->made_by + strlen("token:") : "";
    for (size_t i = 0; i < count && print[0] != '\0'; i++) {
        if (str_starts(list[i].digest, print)) {
            return &list[i];
        }
    }
    return NULL;
}

const char *store_api_token_maker(const struct api_token *list, size_t count,
                                  const struct api_token *t)
{
    const struct api_token *by = NULL;
    for (size_t i = 0; i < count && (by = made_by(list, count, t)) != NULL; i++) {
        t = by;
    }
    return t->made_by;
}

int store_api_token_delete(store *s, const char *workspace, const char *name,
                           struct api_token **ret, struct err *e)
{
    return find(s, &DELETE, DB_ARGS(DB_TEXT(workspace), DB_TEXT(name)), ret, e);
}
