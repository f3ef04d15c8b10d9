/* Names of default connections, recipes, hooks and groups, and commands, that both have. */
#include <string.h>

#include "base/json.h"
#include "base/str.h"
#include "store_int.h"

enum { NAME_MAX_LEN = 63 };

/* `same`: one default connection set up twice. */
static const struct stmt DEFAULTS = {
    "move_defaults",
    "select t.name, (t.app, t.host, coalesce(t.client_id, ''))"
    "             = (o.app, o.host, coalesce(o.client_id, ''))"
    "  from default_connection t"
    "  join default_connection o on o.workspace = $2 and o.name = t.name"
    " where t.workspace = $1 order by t.name",
    2, 2};

static const struct stmt RENAME_DEFAULT = {
    "move_rename_default",
    "with c as (update connection set default_name = $3"
    "            where workspace = $1 and default_name = $2),"
    " l as (update login set default_name = $3 where workspace = $1 and default_name = $2),"
    " o as (update oauth_state set default_name = $3 where workspace = $1 and default_name = $2),"
    " r as (update run_connection set default_name = $3"
    "        where workspace = $1 and default_name = $2) "
    "update default_connection set name = $3, client_secret = $4, updated_at = now()"
    " where workspace = $1 and name = $2",
    4, 0};

/* Also of recipes that were deleted: runs go on with their versions. */
static const struct stmt RECIPES = {
    "move_recipes",
    "select distinct t.name from recipe_version t"
    "  join recipe_version o on o.workspace = $2 and o.name = t.name"
    " where t.workspace = $1 order by t.name",
    2, 1};

static const struct stmt RENAME_RECIPE = {
    "move_rename_recipe",
    "with v as (update recipe_version set name = $3 where workspace = $1 and name = $2),"
    " r as (update run set recipe = $3 where workspace = $1 and recipe = $2) "
    "update recipe set name = $3 where workspace = $1 and name = $2",
    3, 0};

static const struct stmt COMMANDS = {
    "move_commands",
    "update recipe t set enabled = false, command = null, updated_at = now()"
    "  from recipe o where t.workspace = $1 and o.workspace = $2"
    "   and (t.command = o.command or starts_with(t.command, o.command || ' ')"
    "        or starts_with(o.command, t.command || ' '))"
    " returning t.name",
    2, 1};

static const struct stmt VERSIONS = {
    "move_versions",
    "select v.name, v.version::bigint, v.body, r.version = v.version and not r.enabled,"
    "       r.version = v.version and r.enabled"
    "  from recipe_version v"
    "  left join recipe r on r.workspace = v.workspace and r.name = v.name"
    " where v.workspace = $1",
    1, 5};

static const struct stmt SWITCH_OFF = {
    "move_switch_off",
    "update recipe set enabled = false, updated_at = now() where workspace = $1 and name = $2", 2,
    0};

static const struct stmt SET_BODY = {
    "move_set_body",
    "update recipe_version set body = $4 where workspace = $1 and name = $2 and version = $3", 4,
    0};

static const struct stmt TAKEN = {
    "move_name_taken",
    "select exists (select from default_connection where workspace in ($1, $2) and name = $3)"
    "    or exists (select from recipe_version where workspace in ($1, $2) and name = $3)"
    "    or exists (select from hook where workspace in ($1, $2) and name = $3)"
    "    or exists (select from user_group where workspace in ($1, $2) and name = $3)",
    3, 1};

static const struct stmt HOOKS = {
    "move_hooks",
    "select t.name from hook t join hook o on o.workspace = $2 and o.name = t.name"
    " where t.workspace = $1 order by t.name",
    2, 1};

static const struct stmt GROUPS = {"move_groups",
                                   "select o.name, t.name is not null from user_group o"
                                   "  left join user_group t"
                                   "    on t.workspace = $1 and t.name = o.name"
                                   " where o.workspace = $2 order by o.name",
                                   2, 2};

static const struct stmt RENAME_GROUP = {
    "move_rename_group", "update user_group set name = $3 where workspace = $1 and name = $2", 3,
    0};

const struct stmt *const store_move_names_stmts[] = {
    &DEFAULTS, &RENAME_DEFAULT, &RECIPES, &RENAME_RECIPE, &COMMANDS,     &VERSIONS, &SWITCH_OFF,
    &SET_BODY, &TAKEN,          &HOOKS,   &GROUPS,        &RENAME_GROUP, NULL};

/* "acme-salesforce-t0acme", or with a number behind it. */
static int free_name(store *s, const struct workspace_move *q, const char *name, const char **ret,
                     struct err *e)
{
    const char *team = strchr(q->from, ':');
    const char *tail = str_lower(s->mem, team == NULL ? "moved" : team + 1);
    for (int n = 1;; n++) {
        char *end =
            n == 1 ? arena_printf(s->mem, "-%s", tail) : arena_printf(s->mem, "-%s-%d", tail, n);
        const char *next =
            arena_printf(s->mem, "%.*s%s", (int)(NAME_MAX_LEN - strlen(end)), name, end);
        rows *r = NULL;
        const struct db_arg *args = DB_ARGS(DB_TEXT(q->from), DB_TEXT(q->to), DB_TEXT(next));
        if (store_query(s, &TAKEN, args, &r, e) != 0) {
            return -1;
        }
        if (!row_bool(r, 0, 0)) {
            *ret = next;
            return 0;
        }
    }
}

/* Room for so many more notes. */
static void make_room(store *s, struct workspace_moved *ret, size_t count)
{
    const char **all = arena_array(s->mem, ret->renamed_count + count + 1, sizeof *all);
    for (size_t i = 0; i < ret->renamed_count; i++) {
        all[i] = ret->renamed[i];
    }
    ret->renamed = all;
}

static void note(store *s, struct workspace_moved *ret, const char *name, const char *next)
{
    ret->renamed[ret->renamed_count++] = arena_printf(s->mem, "%s is %s now", name, next);
}

static int rename_default(store *s, const struct workspace_move *q, const char *name,
                          const char *next, struct err *e)
{
    struct default_connection *d = NULL;
    struct seal_place place = {"default_connection", q->from, next, "client_secret"};
    if (store_default_find(s, q->from, name, &d, e) != 0) {
        return -1;
    }
    const struct db_arg *args = DB_ARGS(DB_TEXT(q->from), DB_TEXT(name), DB_TEXT(next),
                                        DB_BYTES(store_seal_secret(s, &place, d->client_secret)));
    return store_query(s, &RENAME_DEFAULT, args, NULL, e);
}

/* *ret_renames: old name -> new one. */
static int move_defaults(store *s, const struct workspace_move *q, struct workspace_moved *ret,
                         json_t *renames, struct err *e)
{
    rows *r = NULL;
    const char *next = NULL;
    if (store_query(s, &DEFAULTS, DB_ARGS(DB_TEXT(q->from), DB_TEXT(q->to)), &r, e) != 0) {
        return -1;
    }
    size_t count = rows_count(r);
    make_room(s, ret, count);
    for (size_t i = 0; i < count; i++) {
        const char *name = row_text(r, i, 0);
        if (row_bool(r, i, 1)) {
            continue;
        }
        if (free_name(s, q, name, &next, e) != 0 || rename_default(s, q, name, next, e) != 0) {
            return -1;
        }
        json_object_set_new(renames, name, json_string(next));
        note(s, ret, name, next);
    }
    return 0;
}

static int move_recipes(store *s, const struct workspace_move *q, struct workspace_moved *ret,
                        struct err *e)
{
    rows *r = NULL;
    const char *next = NULL;
    if (store_query(s, &RECIPES, DB_ARGS(DB_TEXT(q->from), DB_TEXT(q->to)), &r, e) != 0) {
        return -1;
    }
    size_t count = rows_count(r);
    make_room(s, ret, count);
    for (size_t i = 0; i < count; i++) {
        const char *name = row_text(r, i, 0);
        if (free_name(s, q, name, &next, e) != 0 ||
            store_query(s, &RENAME_RECIPE, DB_ARGS(DB_TEXT(q->from), DB_TEXT(name), DB_TEXT(next)),
                        NULL, e) != 0) {
            return -1;
        }
        note(s, ret, name, next);
    }
    return 0;
}

/* Senders know its address, which stays. *ret_renames: old name -> new one. */
static int move_hooks(store *s, const struct workspace_move *q, struct workspace_moved *ret,
                      json_t *renames, struct err *e)
{
    rows *r = NULL;
    if (store_query(s, &HOOKS, DB_ARGS(DB_TEXT(q->from), DB_TEXT(q->to)), &r, e) != 0) {
        return -1;
    }
    size_t count = rows_count(r);
    make_room(s, ret, count);
    for (size_t i = 0; i < count; i++) {
        const char *name = row_text(r, i, 0), *next = NULL;
        struct hook *h = NULL;
        if (free_name(s, q, name, &next, e) != 0 || store_hook_find(s, q->from, name, &h, e) != 0 ||
            (h != NULL && store_hook_rename(s, h, next, e) != 0)) {
            return -1;
        }
        json_object_set_new(renames, name, json_string(next));
        note(s, ret, name, next);
    }
    return 0;
}

/* Recipes of the team that name a group which only the organisation has let nobody in, and must not
 * let in those people by the move: all names of the organisation's give way in them. */
static int move_groups(store *s, const struct workspace_move *q, struct workspace_moved *ret,
                       json_t *renames, struct err *e)
{
    rows *r = NULL;
    if (store_query(s, &GROUPS, DB_ARGS(DB_TEXT(q->from), DB_TEXT(q->to)), &r, e) != 0) {
        return -1;
    }
    make_room(s, ret, rows_count(r));
    for (size_t i = 0; i < rows_count(r); i++) {
        const char *name = row_text(r, i, 0), *next = NULL;
        if (free_name(s, q, name, &next, e) != 0 ||
            store_query(s, &RENAME_GROUP, DB_ARGS(DB_TEXT(q->from), DB_TEXT(name), DB_TEXT(next)),
                        NULL, e) != 0) {
            return -1;
        }
        json_object_set_new(renames, name, json_string(next));
        if (row_bool(r, i, 1)) {
            note(s, ret, name, next);
        }
    }
    return 0;
}

static int move_commands(store *s, const struct workspace_move *q, struct workspace_moved *ret,
                         struct err *e)
{
    rows *r = NULL;
    if (store_query(s, &COMMANDS, DB_ARGS(DB_TEXT(q->from), DB_TEXT(q->to)), &r, e) != 0) {
        return -1;
    }
    ret->disabled = arena_array(s->mem, rows_count(r) + 1, sizeof *ret->disabled);
    for (size_t i = 0; i < rows_count(r); i++) {
        ret->disabled[ret->disabled_count++] = row_text(r, i, 0);
    }
    return 0;
}

static bool rewrite_groups(json_t *list, const json_t *renames)
{
    bool changed = false;
    for (size_t i = 0; i < json_array_size(list); i++) {
        const char *name = json_string_value(json_array_get(list, i));
        const char *next = name == NULL ? NULL : json_text(renames, name);
        changed = (next != NULL && json_array_set_new(list, i, json_string(next)) == 0) || changed;
    }
    return changed;
}

/* The recipe says its own name, and those of the connections, the hook and the groups that it uses.
 * True when it changed. */
static bool rewrite(json_t *body, const char *name, bool off, const json_t *renames)
{
    bool changed = !str_equal(json_text(body, "name"), name);
    const char *alias = NULL;
    json_t *connection = NULL;
    json_object_set_new(body, "name", json_string(name));
    if (off) {
        changed = json_object_set_new(body, "enabled", json_false()) == 0;
    }
    json_object_foreach(json_member(body, "connections"), alias, connection)
    {
        const char *use = json_text(connection, "use");
        const char *next = use == NULL ? NULL : json_text(json_member(renames, "connections"), use);
        if (next != NULL) {
            changed = json_object_set_new(connection, "use", json_string(next)) == 0;
        }
    }
    json_t *trigger = json_member(body, "trigger");
    const char *hook = json_text(trigger, "hook");
    const char *moved = hook == NULL ? NULL : json_text(json_member(renames, "hooks"), hook);
    if (moved != NULL) {
        changed = json_object_set_new(trigger, "hook", json_string(moved)) == 0;
    }
    return rewrite_groups(json_at(body, "allow.groups"), json_member(renames, "groups")) || changed;
}

/* "Everybody" was everybody of the team. Where that writes with an account of the team's admin, an
 * admin of the organisation decides who it is now. */
static bool is_open(const json_t *body)
{
    const char *alias = NULL;
    json_t *connection = NULL;
    bool unverified = false;
    json_object_foreach(json_member(body, "connections"), alias, connection)
    {
        unverified = unverified || !json_flag(connection, "verify_user_access");
    }
    return unverified && str_equal(json_text(body, "allow"), "everyone");
}

static int close_recipe(store *s, const struct workspace_move *q, const char *name,
                        struct workspace_moved *ret, struct err *e)
{
    ret->closed[ret->closed_count++] = name;
    return store_query(s, &SWITCH_OFF, DB_ARGS(DB_TEXT(q->from), DB_TEXT(name)), NULL, e);
}

static int rewrite_body(store *s, const struct workspace_move *q, const json_t *renames,
                        const rows *r, size_t i, struct workspace_moved *ret, struct err *e)
{
    const char *name = row_text(r, i, 0);
    json_t *body = NULL;
    struct err unread = {0};
    if (json_read(s->mem, bytes_of(row_text(r, i, 2)), &body, &unread) != 0 ||
        !json_is_object(body)) {
        return 0;
    }
    bool closes = row_bool(r, i, 4) && is_open(body);
    if (closes && close_recipe(s, q, name, ret, e) != 0) {
        return -1;
    }
    if (!rewrite(body, name, closes || row_bool(r, i, 3), renames)) {
        return 0;
    }
    const struct db_arg *args = DB_ARGS(DB_TEXT(q->from), DB_TEXT(name), DB_I64(row_i64(r, i, 1)),
                                        DB_TEXT(json_write(s->mem, body)));
    return store_query(s, &SET_BODY, args, NULL, e);
}

static int rewrite_bodies(store *s, const struct workspace_move *q, const json_t *renames,
                          struct workspace_moved *ret, struct err *e)
{
    rows *r = NULL;
    if (store_query(s, &VERSIONS, DB_ARGS(DB_TEXT(q->from)), &r, e) != 0) {
        return -1;
    }
    ret->closed = arena_array(s->mem, rows_count(r) + 1, sizeof *ret->closed);
    for (size_t i = 0; i < rows_count(r); i++) {
        if (rewrite_body(s, q, renames, r, i, ret, e) != 0) {
            return -1;
        }
    }
    return 0;
}

int store_move_names(store *s, const struct workspace_move *q, struct workspace_moved *ret,
                     struct err *e)
{
    json_t *renames =
        arena_json(s->mem, json_pack("{s:{}, s:{}, s:{}}", "connections", "hooks", "groups"));
    if (move_defaults(s, q, ret, json_member(renames, "connections"), e) != 0 ||
        move_recipes(s, q, ret, e) != 0 ||
        move_hooks(s, q, ret, json_member(renames, "hooks"), e) != 0 ||
        move_groups(s, q, ret, json_member(renames, "groups"), e) != 0 ||
        move_commands(s, q, ret, e) != 0) {
        return -1;
    }
    return rewrite_bodies(s, q, renames, ret, e);
}
