#include "store_int.h"

/* A conversation that has another id from now on: everything that names it follows. */

static const struct stmt MESSAGES = {
    "channel_messages", "update message set channel = $3 where workspace = $1 and channel = $2", 3,
    0};

/* Those that have not arrived yet: the others tell nobody any more where they came from. */
static const struct stmt ORIGINS = {
    "channel_origins",
    "update message set from_channel = $3"
    " where workspace = $1 and from_channel = $2 and updated_at > now() - interval '1 day'",
    3, 0};

static const struct stmt RUNS = {
    "channel_runs",
    "update run set channel = $3 where workspace = $1 and channel = $2 and ended_at is null", 3, 0};

static const struct stmt SHARED = {
    "channel_shared",
    "update run set place = 'shared', message_id = null"
    " where workspace = $1 and channel = $2 and place = 'channel' and ended_at is null",
    2, 0};

static const struct stmt USERS = {
    "channel_users",
    "update chat_user set dm_channel = $3 where workspace = $1 and dm_channel = $2", 3, 0};

/* Of all versions: a run that waits goes on with the one it began with. */
static const struct stmt RECIPES = {"channel_recipes",
                                    "select name, version, body from recipe_version"
                                    " where workspace = $1 and position($2 in body) > 0",
                                    2, 3};

static const struct stmt SET_RECIPE = {
    "channel_set_recipe",
    "update recipe_version set body = $4 where workspace = $1 and name = $2 and version = $3", 4,
    0};

const struct stmt *const store_channels_stmts[] = {&MESSAGES, &ORIGINS, &RUNS,       &SHARED,
                                                   &USERS,    &RECIPES, &SET_RECIPE, NULL};

int store_channel_moved(store *s, const char *workspace, const char *was, const char *is,
                        struct err *e)
{
    static const struct stmt *const all[] = {&MESSAGES, &ORIGINS, &RUNS, &USERS};
    const struct db_arg *args = DB_ARGS(DB_TEXT(workspace), DB_TEXT(was), DB_TEXT(is));
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
        if (store_query(s, all[i], args, NULL, e) != 0) {
            return -1;
        }
    }
    return 0;
}

int store_channel_shared(store *s, const char *workspace, const char *channel, struct err *e)
{
    return store_query(s, &SHARED, DB_ARGS(DB_TEXT(workspace), DB_TEXT(channel)), NULL, e);
}

static int read_recipe(store *s, const rows *r, size_t row, void *to, struct err *e)
{
    struct recipe_row *recipe = to;
    (void)s;
    (void)e;
    *recipe = (struct recipe_row){
        .name = row_text(r, row, 0), .version = row_i64(r, row, 1), .body = row_text(r, row, 2)};
    return 0;
}

int store_recipe_naming(store *s, const char *workspace, const char *text, struct recipe_row **ret,
                        size_t *ret_count, struct err *e)
{
    void *list = NULL;
    struct store_ask ask = {&RECIPES, DB_ARGS(DB_TEXT(workspace), DB_TEXT(text)), read_recipe,
                            sizeof(struct recipe_row)};
    if (store_ask_all(s, &ask, &list, ret_count, e) != 0) {
        return -1;
    }
    *ret = list;
    return 0;
}

int store_recipe_rewrite(store *s, const char *workspace, const struct recipe_row *r,
                         const char *body, struct err *e)
{
    const struct db_arg *args =
        DB_ARGS(DB_TEXT(workspace), DB_TEXT(r->name), DB_I64(r->version), DB_TEXT(body));
    return store_query(s, &SET_RECIPE, args, NULL, e);
}
