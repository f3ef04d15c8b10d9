#include "store_int.h"

#include <string.h>

#include "base/json.h"

static const struct {
    const char *name;
    bool final;
} states[RUN_STATE_COUNT] = {
    [RUN_QUEUED] = {"queued", false},   [RUN_ASKING] = {"asking", false},
    [RUN_PARKED] = {"parked", false},   [RUN_RUNNING] = {"running", false},
    [RUN_DONE] = {"done", true},        [RUN_FAILED] = {"failed", true},
    [RUN_UNKNOWN] = {"unknown", false}, [RUN_CANCELLED] = {"cancelled", true},
    [RUN_EXPIRED] = {"expired", true},  [RUN_SUPERSEDED] = {"superseded", true},
};

static const struct stmt ADD = {
    "run_add",
    "insert into run (workspace, id, reference, recipe, version, user_id, state, inputs, asking,"
    "    place, channel, thread, message_id, login_id, confirmed, parked_at, expires_at, asked_at,"
    "    pressed, act_token, act_name, act_key)"
    " select $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, instant($16),"
    "        instant($17), instant($18), $20::jsonb, $21, $22, $23"
    "  where $19::bigint > (select count(*) from run o where o.workspace = $1 and o.user_id = $6"
    "     and o.ended_at is null)"
    " on conflict (workspace, act_token, act_key) where act_token is not null do nothing",
    23, 0};

static const struct stmt FIND = {
    "run_find", "select " STORE_RUN_COLUMNS " from run r where r.workspace = $1 and r.id = $2", 2,
    STORE_RUN_COLUMNS_COUNT};

static const struct stmt OF_KEY = {"run_of_key",
                                   "select " STORE_RUN_COLUMNS
                                   " from run r where r.workspace = $1 and r.act_token = $2"
                                   "   and r.act_key = $3",
                                   3, STORE_RUN_COLUMNS_COUNT};

static const struct stmt LOCK = {"run_lock",
                                 "select " STORE_RUN_COLUMNS
                                 " from run r where r.workspace = $1 and r.id = $2 for update",
                                 2, STORE_RUN_COLUMNS_COUNT};

static const struct stmt OPEN = {"run_open",
                                 "select " STORE_RUN_COLUMNS
                                 " from run r where r.workspace = $1 and r.user_id = $2"
                                 "   and r.ended_at is null order by r.id desc",
                                 2, STORE_RUN_COLUMNS_COUNT};

static const struct stmt PAGE = {
    "run_page",
    "select " STORE_RUN_COLUMNS " from run r where r.workspace = $1"
    "   and ($2::text is null or r.user_id = $2) and ($3::text is null or r.reference = $3)"
    "   and ($4::text is null or r.state = $4) and ($5::text is null or r.recipe = $5)"
    "   and ($6::uuid is null or r.id < $6)"
    "   and ($8::bigint = 0 or r.created_at >= to_timestamp($8))"
    "   and ($9::bigint = 0 or r.created_at < to_timestamp($9)) order by r.id desc limit $7",
    9, STORE_RUN_COLUMNS_COUNT};

/* Which login a person went through does not matter, only under which default connection. */
static const struct stmt PARKED_FOR = {
    "run_parked_for",
    "select " STORE_RUN_COLUMNS " from run r where r.workspace = $1 and r.user_id = $2"
    "   and r.state = 'parked' and r.ended_at is null"
    "   and exists (select 1 from login l where l.workspace = r.workspace and l.id = r.login_id"
    "                                       and l.default_name = $3)"
    " order by r.id for update",
    3, STORE_RUN_COLUMNS_COUNT};

/* The same to be shown: nobody waits for it. */
static const struct stmt AWAITING = {
    "run_awaiting",
    "select " STORE_RUN_COLUMNS " from run r where r.workspace = $1 and r.user_id = $2"
    "   and r.state = 'parked' and r.ended_at is null"
    "   and exists (select 1 from login l where l.workspace = r.workspace and l.id = r.login_id"
    "                                       and l.default_name = $3)"
    " order by r.id",
    3, STORE_RUN_COLUMNS_COUNT};

/* Whose login went with its default connection, or is of this one. The janitor ends and tells. */
static const struct stmt LET_GO = {
    "run_let_go",
    "update run r set expires_at = now(), error_code = $3"
    " where r.workspace = $1 and r.state = 'parked' and r.ended_at is null"
    "   and r.asking is null and not exists (select 1 from login l where l.workspace = r.workspace and l.id = r.login_id"
    "                      and l.default_name <> $2)",
    3, 0};

static const struct stmt UPDATE = {
    "run_update",
    "update run set state = $4, inputs = coalesce($5, inputs), asking = $6, message_id = $7,"
    "    login_id = $8, confirmed = $9, result = coalesce($10, result), error_code = $11, parked_at = instant($12),"
    "    expires_at = case when not $14::bool then instant($13) end,"
    "    ended_at = case when $14::bool then now() end"
    " where workspace = $1 and id = $2 and state = $3",
    14, 0};

static const struct stmt SET_SHARED = {"run_set_shared",
                                       "update run set place = 'shared', message_id = null"
                                       " where workspace = $1 and id = $2 and place = 'channel'",
                                       2, 0};

static const struct stmt EXPIRED = {
    "run_expired",
    "select " STORE_RUN_COLUMNS
    " from run r where r.state in ('asking', 'parked') and r.expires_at < now()"
    " order by r.expires_at limit $1 for update skip locked",
    1, STORE_RUN_COLUMNS_COUNT};

const struct stmt *const store_runs_stmts[] = {
    &ADD,      &OF_KEY, &FIND,   &LOCK,       &OPEN,    &PAGE, &PARKED_FOR,
    &AWAITING, &LET_GO, &UPDATE, &SET_SHARED, &EXPIRED, NULL};

const char *run_state_name(enum run_state state)
{
    return states[state].name;
}

bool run_state_is_final(enum run_state state)
{
    return states[state].final;
}

enum run_state store_run_state(const char *name)
{
    for (int i = 0; i < RUN_STATE_COUNT; i++) {
        if (name != NULL && strcmp(states[i].name, name) == 0) {
            return (enum run_state)i;
        }
    }
    return RUN_UNKNOWN;
}

static struct seal_place run_place(const struct run *r, const char *column)
{
    return (struct seal_place){"run", r->workspace, r->id, column};
}

/* A reference is read aloud and typed: Crockford's 32 signs, 40 bits. */
static const char *new_reference(arena *mem)
{
    static const char signs[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
    uint8_t random[8];
    char text[12] = "WB-";
    crypto_random(random, sizeof random);
    for (size_t i = 0; i < sizeof random; i++) {
        text[3 + i] = signs[random[i] % 32];
    }
    return arena_strndup(mem, text, 11);
}

static void read_columns(store *s, const rows *r, size_t row, struct run *to)
{
    to->workspace = row_text(r, row, 0);
    to->id = row_text(r, row, 1);
    to->reference = row_text(r, row, 2);
    to->recipe = row_text(r, row, 3);
    to->version = row_i64(r, row, 4);
    to->user_id = row_text(r, row, 5);
    to->state = store_run_state(row_text(r, row, 6));
    to->asking = row_text(r, row, 8);
    to->place = row_text(r, row, 9);
    to->channel = row_text(r, row, 10);
    to->thread = row_text(r, row, 11);
    to->message_id = row_text(r, row, 12);
    to->login_id = row_text(r, row, 13);
    to->confirmed = row_bool(r, row, 14);
    to->error_code = row_text(r, row, 16);
    to->created_at = row_i64(r, row, 17);
    to->parked_at = row_i64(r, row, 18);
    to->expires_at = row_i64(r, row, 19);
    to->ended_at = row_i64(r, row, 20);
    to->asked_at = row_i64(r, row, 21);
    const char *pressed = row_text(r, row, 22);
    to->pressed = pressed == NULL ? NULL : store_object(s->mem, pressed);
    to->act = (struct run_act){
        .token = row_text(r, row, 23), .name = row_text(r, row, 24), .key = row_text(r, row, 25)};
}

/* One value that does not open must not hide or hold up all others: its run comes without them. */
int store_read_run(store *s, const rows *r, size_t row, void *to, struct err *e)
{
    struct run *run = to;
    struct err why = {.kind = ERR_NONE};
    (void)e;
    read_columns(s, r, row, run);
    struct seal_place inputs = run_place(run, "inputs");
    struct seal_place result = run_place(run, "result");
    if (store_unseal_json(s, &inputs, row_bytes(r, row, 7), &run->inputs, &why) != 0 ||
        store_unseal_json(s, &result, row_bytes(r, row, 15), &run->result, &why) != 0) {
        run->inputs = NULL;
        run->result = NULL;
        run->unreadable = why.code;
    }
    return 0;
}

static struct bytes seal_inputs(const store *s, const struct run *r)
{
    struct seal_place place = run_place(r, "inputs");
    json_t *none = arena_json(s->mem, json_object());
    return store_seal_json(s, &place, r->inputs == NULL ? none : r->inputs);
}

static int find_one(store *s, const struct stmt *stmt, const struct db_arg *args, struct run **ret,
                    struct err *e)
{
    struct store_ask ask = {stmt, args, store_read_run, sizeof(struct run)};
    void *found = NULL;
    if (store_ask_one(s, &ask, &found, e) != 0) {
        return -1;
    }
    *ret = found;
    return 0;
}

static int find_all(store *s, const struct store_ask *ask, struct run **ret, size_t *ret_count,
                    struct err *e)
{
    void *list = NULL;
    if (store_ask_all(s, ask, &list, ret_count, e) != 0) {
        return -1;
    }
    *ret = list;
    return 0;
}

int store_run_add(store *s, struct run *r, int64_t open_max, bool *ret_added, struct err *e)
{
    r->id = r->id == NULL ? arena_strdup(s->mem, id_new().text) : r->id;
    r->reference = r->reference == NULL ? new_reference(s->mem) : r->reference;
    const struct db_arg *args = DB_ARGS(
        DB_TEXT(r->workspace), DB_TEXT(r->id), DB_TEXT(r->reference), DB_TEXT(r->recipe),
        DB_I64(r->version), DB_TEXT(r->user_id), DB_TEXT(run_state_name(r->state)),
        DB_BYTES(seal_inputs(s, r)), DB_TEXT(r->asking), DB_TEXT(r->place), DB_TEXT(r->channel),
        DB_TEXT(r->thread), DB_TEXT(r->message_id), DB_TEXT(r->login_id), DB_BOOL(r->confirmed),
        DB_I64(r->parked_at), DB_I64(r->expires_at), DB_I64(r->asked_at), DB_I64(open_max),
        DB_TEXT(r->pressed == NULL ? NULL : json_write(s->mem, r->pressed)), DB_TEXT(r->act.token),
        DB_TEXT(r->act.name), DB_TEXT(r->act.key));
    if (store_query(s, &ADD, args, NULL, e) != 0) {
        return -1;
    }
    *ret_added = db_affected(s->c) > 0;
    return 0;
}

static int find_by_id(store *s, const struct stmt *stmt, const struct run *key, struct run **ret,
                      struct err *e)
{
    if (!id_valid(key->id)) {
        *ret = NULL;
        return 0;
    }
    return find_one(s, stmt, DB_ARGS(DB_TEXT(key->workspace), DB_TEXT(key->id)), ret, e);
}

int store_run_find(store *s, const char *workspace, const char *id, struct run **ret, struct err *e)
{
    return find_by_id(s, &FIND, &(struct run){.workspace = workspace, .id = id}, ret, e);
}

int store_run_of_key(store *s, const char *workspace, const char *token, const char *key,
                     struct run **ret, struct err *e)
{
    return find_one(s, &OF_KEY, DB_ARGS(DB_TEXT(workspace), DB_TEXT(token), DB_TEXT(key)), ret, e);
}

int store_run_lock(store *s, const char *workspace, const char *id, struct run **ret, struct err *e)
{
    return find_by_id(s, &LOCK, &(struct run){.workspace = workspace, .id = id}, ret, e);
}

int store_run_open(store *s, const char *workspace, const char *user_id, struct run **ret,
                   size_t *ret_count, struct err *e)
{
    struct store_ask ask = {&OPEN, DB_ARGS(DB_TEXT(workspace), DB_TEXT(user_id)), store_read_run,
                            sizeof(struct run)};
    return find_all(s, &ask, ret, ret_count, e);
}

int store_run_page(store *s, const char *workspace, const struct run_filter *f, struct run **ret,
                   size_t *ret_count, struct err *e)
{
    if (f->before_id != NULL && !id_valid(f->before_id)) {
        return err_set(e, ERR_INPUT, "bad_cursor", "no cursor of ours");
    }
    struct store_ask ask = {&PAGE,
                            DB_ARGS(DB_TEXT(workspace), DB_TEXT(f->user_id), DB_TEXT(f->reference),
                                    DB_TEXT(f->state), DB_TEXT(f->recipe), DB_TEXT(f->before_id),
                                    DB_I64(f->limit), DB_I64(f->since), DB_I64(f->until)),
                            store_read_run, sizeof(struct run)};
    return find_all(s, &ask, ret, ret_count, e);
}

int store_run_parked_for(store *s, const char *workspace, const char *user_id,
                         const char *default_name, struct run **ret, size_t *ret_count,
                         struct err *e)
{
    struct store_ask ask = {&PARKED_FOR,
                            DB_ARGS(DB_TEXT(workspace), DB_TEXT(user_id), DB_TEXT(default_name)),
                            store_read_run, sizeof(struct run)};
    return find_all(s, &ask, ret, ret_count, e);
}

int store_run_awaiting(store *s, const char *workspace, const char *user_id,
                       const char *default_name, struct run **ret, size_t *ret_count, struct err *e)
{
    struct store_ask ask = {&AWAITING,
                            DB_ARGS(DB_TEXT(workspace), DB_TEXT(user_id), DB_TEXT(default_name)),
                            store_read_run, sizeof(struct run)};
    return find_all(s, &ask, ret, ret_count, e);
}

int store_run_let_go(store *s, const char *workspace, const char *default_name,
                     const char *error_code, struct err *e)
{
    return store_query(s, &LET_GO,
                       DB_ARGS(DB_TEXT(workspace), DB_TEXT(default_name), DB_TEXT(error_code)),
                       NULL, e);
}

int store_run_update(store *s, const struct run *r, enum run_state from, bool *ret_changed,
                     struct err *e)
{
    struct seal_place inputs = run_place(r, "inputs");
    struct seal_place result = run_place(r, "result");
    const struct db_arg *args = DB_ARGS(
        DB_TEXT(r->workspace), DB_TEXT(r->id), DB_TEXT(run_state_name(from)),
        DB_TEXT(run_state_name(r->state)), DB_BYTES(store_seal_json(s, &inputs, r->inputs)),
        DB_TEXT(r->asking), DB_TEXT(r->message_id), DB_TEXT(r->login_id), DB_BOOL(r->confirmed),
        DB_BYTES(store_seal_json(s, &result, r->result)), DB_TEXT(r->error_code),
        DB_I64(r->parked_at), DB_I64(r->expires_at), DB_BOOL(run_state_is_final(r->state)));
    if (store_query(s, &UPDATE, args, NULL, e) != 0) {
        return -1;
    }
    *ret_changed = db_affected(s->c) > 0;
    return 0;
}

int store_run_set_shared(store *s, const char *workspace, const char *id, struct err *e)
{
    return store_query(s, &SET_SHARED, DB_ARGS(DB_TEXT(workspace), DB_TEXT(id)), NULL, e);
}

int store_run_expired(store *s, int64_t max, struct run **ret, size_t *ret_count, struct err *e)
{
    struct store_ask ask = {&EXPIRED, DB_ARGS(DB_I64(max)), store_read_run, sizeof(struct run)};
    return find_all(s, &ask, ret, ret_count, e);
}
