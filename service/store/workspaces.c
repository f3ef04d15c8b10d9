#include "store_int.h"

#include "base/str.h"

#define COLUMNS                                                                                    \
    "w.workspace, w.route, w.name, w.installer, w.admins, w.installer_uses = 'default', "          \
    "w.guests = 'allow', w.bot_user_id, w.bot_token, w.state, epoch(w.created_at), "               \
    "epoch(w.updated_at), epoch(w.bot_expires_at), w.bot_generation, w.bot_fault, w.bot_id, "      \
    "w.bot_scopes, w.missing_scopes, w.organization, w.org_wide, w.url, epoch(w.installed_at), "   \
    "epoch(w.ended_at), w.bot_refresh is not null and w.bot_fault is null, "                       \
    "w.state = 'active' and w.bot_check_at is not null, " MICROS("w.updated_at") ", w.acting"
enum { COLUMNS_COUNT = 27 };

/* A second put keeps the route of the first. */
static const struct stmt PUT = {
    "workspace_put",
    "with kept as ("
    "  insert into workspace as w (workspace, route, name, installer, admins, installer_uses,"
    "                              guests, bot_user_id, bot_token, state, bot_refresh,"
    "                              bot_check_at, acting)"
    "  values ($1, $2, $3, $4, $5, case when $6::bool then 'default' else 'personal' end,"
    "          case when $7::bool then 'allow' else 'refuse' end, $8, $9::bytea, $10, $12::bytea,"
    "          case when $9::bytea is not null then now() + interval '15 seconds' end,"
    "          $13)"
    "  on conflict (workspace) do update set"
    "    name = excluded.name, installer = excluded.installer, admins = excluded.admins,"
    "    installer_uses = excluded.installer_uses, guests = excluded.guests,"
    "    acting = excluded.acting,"
    "    bot_user_id = excluded.bot_user_id, state = excluded.state, updated_at = now(),"
    "    bot_token = case when $11::bool then null"
    "                     else coalesce(excluded.bot_token, w.bot_token) end,"
    /* what is known of the old token is not true of another one */
    "    (bot_refresh, bot_expires_at, bot_generation, bot_fault, bot_refresh_until,"
    "     bot_refresh_tries, bot_check_at, bot_checks, bot_id, bot_scopes, missing_scopes,"
    "     installed_at, ended_at) ="
    "     (select case when keep then w.bot_refresh else excluded.bot_refresh end,"
    /* nobody says when it ends: soon, so that it is renewed when it is first used */
    "             case when keep then w.bot_expires_at"
    "                  when excluded.bot_refresh is not null then now() + interval '1 hour' end,"
    "             w.bot_generation + case when keep then 0 else 1 end,"
    "             case when keep then w.bot_fault end, case when keep then w.bot_refresh_until end,"
    "             case when keep then w.bot_refresh_tries else 0 end,"
    "             case when keep then w.bot_check_at else excluded.bot_check_at end,"
    "             case when keep then w.bot_checks else 0 end,"
    "             case when keep then w.bot_id end, case when keep then w.bot_scopes else '{}' end,"
    "             case when keep then w.missing_scopes else '{}' end,"
    "             case when keep then w.installed_at else now() end,"
    "             case when excluded.state = 'removed' then w.ended_at end"
    "        from (values (not $11::bool and excluded.bot_token is null)) k (keep))"
    "  returning w.workspace, w.route) "
    "insert into route (route, workspace) "
    "select k.route, k.workspace from kept k"
    " where not exists (select 1 from route r where r.route = k.route"
    "                                           and r.workspace = k.workspace)",
    13, 0};

static const struct stmt FIND = {"workspace_find",
                                 "select " COLUMNS " from workspace w where w.workspace = $1", 1,
                                 COLUMNS_COUNT};

/* Events are forgotten after some days; who sent one is known for longer. */
static const struct stmt HEARD = {
    "workspace_heard",
    "select exists (select from job where workspace = $1 and kind in ('slack_event',"
    "               'slack_interaction', 'slack_command', 'teams_activity', 'teams_invoke'))"
    "    or exists (select from chat_user where workspace = $1 and checked_at is not null)",
    1, 1};

static const struct stmt ANY = {
    "workspace_any", "select exists (select from workspace where state in ('active', 'broken'))", 0,
    1};

static const struct stmt PROGRESS = {
    "workspace_progress",
    "select w.state,"
    "       exists (select from default_connection d where d.workspace = $1"
    "                                                  and d.client_id is not null),"
    "       exists (select from recipe r where r.workspace = $1 and r.enabled),"
    "       exists (select from run r where r.workspace = $1 and r.state = 'done')"
    "  from workspace w where w.workspace = $1",
    1, 4};

static const struct stmt LOCK = {"workspace_lock",
                                 "select " COLUMNS
                                 " from workspace w where w.workspace = $1 for no key update",
                                 1, COLUMNS_COUNT};

static const struct stmt MAKE = {
    "workspace_make",
    "insert into workspace (workspace, route) values ($1, $2) on conflict (workspace) do nothing",
    2, 0};

static const struct stmt BY_ROUTE = {"workspace_by_route",
                                     "select " COLUMNS
                                     " from route r join workspace w on w.workspace = r.workspace"
                                     " where r.route = $1",
                                     1, COLUMNS_COUNT};

static const struct stmt PAGE = {"workspace_page",
                                 "select w.workspace, w.name, w.state from workspace w"
                                 " where $1::text is null or w.workspace > $1 collate \"C\""
                                 " order by w.workspace collate \"C\" limit $2",
                                 2, 3};

/* Tables without a foreign key to workspace go by hand. The audit trail stays for its time, and so
 * do revocations that are still to be made. */
static const struct stmt DELETE = {
    "workspace_delete",
    "with gone as (delete from workspace where workspace = $1 returning workspace),"
    " routes as (delete from route where workspace = $1),"
    " versions as (delete from recipe_version where workspace = $1),"
    " states as (delete from oauth_state where workspace = $1),"
    " messages as (delete from message where workspace = $1),"
    " jobs as (delete from job where workspace = $1 and kind <> 'revoke'),"
    " kept as (update job set behind = false where workspace = $1 and kind = 'revoke' and behind) "
    "select count(*) from gone",
    1, 1};

const struct stmt *const store_workspaces_stmts[] = {
    &PUT, &FIND, &LOCK, &MAKE, &BY_ROUTE, &PAGE, &DELETE, &HEARD, &ANY, &PROGRESS, NULL};

struct seal_place store_bot_place(const char *workspace)
{
    return (struct seal_place){"workspace", workspace, workspace, "bot_token"};
}

static void read_bot(store *s, const rows *r, size_t row, struct workspace *w)
{
    w->bot_expires_at = row_i64(r, row, 12);
    w->bot_generation = row_i64(r, row, 13);
    w->bot_fault = row_text(r, row, 14);
    w->bot_id = row_text(r, row, 15);
    w->bot_scopes = store_texts(s->mem, row_text(r, row, 16), &w->bot_scopes_count);
    w->missing_scopes = store_texts(s->mem, row_text(r, row, 17), &w->missing_scopes_count);
    w->organization = row_text(r, row, 18);
    w->org_wide = row_bool(r, row, 19);
    w->url = row_text(r, row, 20);
    w->installed_at = row_i64(r, row, 21);
    w->ended_at = row_i64(r, row, 22);
    w->bot_renews = row_bool(r, row, 23);
    w->bot_unchecked = row_bool(r, row, 24);
}

static int read_workspace(store *s, const rows *r, size_t row, void *to, struct err *e)
{
    struct workspace *w = to;
    w->workspace = row_text(r, row, 0);
    w->route = row_text(r, row, 1);
    w->name = row_text(r, row, 2);
    w->installer = row_text(r, row, 3);
    w->admins = store_texts(s->mem, row_text(r, row, 4), &w->admins_count);
    w->installer_uses_default = row_bool(r, row, 5);
    w->guests_allowed = row_bool(r, row, 6);
    w->bot_user_id = row_text(r, row, 7);
    w->state = row_text(r, row, 9);
    w->created_at = row_i64(r, row, 10);
    w->updated_at = row_i64(r, row, 11);
    w->stored_us = row_i64(r, row, 25);
    w->acting = row_bool(r, row, 26);
    read_bot(s, r, row, w);
    struct seal_place place = store_bot_place(w->workspace);
    return store_unseal_secret(s, &place, row_bytes(r, row, 8), &w->bot_token, e);
}

static int find_one(store *s, const struct stmt *stmt, const char *key, struct workspace **ret,
                    struct err *e)
{
    struct store_ask ask = {stmt, DB_ARGS(DB_TEXT(key)), read_workspace, sizeof(struct workspace)};
    void *found = NULL;
    if (store_ask_one(s, &ask, &found, e) != 0) {
        return -1;
    }
    *ret = found;
    return 0;
}

int store_workspace_put(store *s, const struct workspace *w, bool clear_token, struct err *e)
{
    struct seal_place place = store_bot_place(w->workspace);
    struct seal_place refresh = store_bot_refresh_place(w->workspace);
    const struct db_arg *args =
        DB_ARGS(DB_TEXT(w->workspace), DB_TEXT(crypto_random_hex(s->mem, 8)),
                DB_TEXT(w->name == NULL ? "" : w->name), DB_TEXT(w->installer),
                DB_TEXTS(w->admins, w->admins_count), DB_BOOL(w->installer_uses_default),
                DB_BOOL(w->guests_allowed), DB_TEXT(w->bot_user_id),
                DB_BYTES(store_seal_secret(s, &place, w->bot_token)),
                DB_TEXT(w->state == NULL ? "active" : w->state), DB_BOOL(clear_token),
                DB_BYTES(store_seal_secret(s, &refresh, w->bot_refresh)), DB_BOOL(w->acting));
    return store_query(s, &PUT, args, NULL, e);
}

int store_workspace_find(store *s, const char *workspace, struct workspace **ret, struct err *e)
{
    return find_one(s, &FIND, workspace, ret, e);
}

int store_workspace_lock(store *s, const char *workspace, struct workspace **ret, struct err *e)
{
    return find_one(s, &LOCK, workspace, ret, e);
}

int store_workspace_make(store *s, const char *workspace, bool *ret_made, struct err *e)
{
    const struct db_arg *args = DB_ARGS(DB_TEXT(workspace), DB_TEXT(crypto_random_hex(s->mem, 8)));
    if (store_query(s, &MAKE, args, NULL, e) != 0) {
        return -1;
    }
    *ret_made = db_affected(s->c) > 0;
    return 0;
}

int store_workspace_by_route(store *s, const char *route, struct workspace **ret, struct err *e)
{
    return find_one(s, &BY_ROUTE, route, ret, e);
}

static int read_line(store *s, const rows *r, size_t row, void *to, struct err *e)
{
    (void)s;
    (void)e;
    *(struct workspace_line *)to = (struct workspace_line){.workspace = row_text(r, row, 0),
                                                           .name = row_text(r, row, 1),
                                                           .state = row_text(r, row, 2)};
    return 0;
}

int store_workspace_page(store *s, const char *after, int64_t limit, struct workspace_line **ret,
                         size_t *ret_count, struct err *e)
{
    struct store_ask ask = {&PAGE, DB_ARGS(DB_TEXT(after), DB_I64(limit)), read_line,
                            sizeof(struct workspace_line)};
    void *list = NULL;
    if (store_ask_all(s, &ask, &list, ret_count, e) != 0) {
        return -1;
    }
    *ret = list;
    return 0;
}

int store_workspace_heard(store *s, const char *workspace, bool *ret, struct err *e)
{
    rows *r = NULL;
    if (store_query(s, &HEARD, DB_ARGS(DB_TEXT(workspace)), &r, e) != 0) {
        return -1;
    }
    *ret = row_bool(r, 0, 0);
    return 0;
}

int store_workspace_any(store *s, bool *ret, struct err *e)
{
    rows *r = NULL;
    if (store_query(s, &ANY, NULL, &r, e) != 0) {
        return -1;
    }
    *ret = row_bool(r, 0, 0);
    return 0;
}

int store_workspace_progress(store *s, const char *workspace, struct workspace_progress *ret,
                             struct err *e)
{
    rows *r = NULL;
    if (store_query(s, &PROGRESS, DB_ARGS(DB_TEXT(workspace)), &r, e) != 0) {
        return -1;
    }
    *ret = (struct workspace_progress){0};
    if (rows_count(r) > 0) {
        *ret = (struct workspace_progress){.installed = !str_equal(row_text(r, 0, 0), "draft"),
                                           .app = row_bool(r, 0, 1),
                                           .recipe = row_bool(r, 0, 2),
                                           .ran = row_bool(r, 0, 3)};
    }
    return 0;
}

int store_workspace_delete(store *s, const char *workspace, bool *ret_existed, struct err *e)
{
    rows *r = NULL;
    if (store_query(s, &DELETE, DB_ARGS(DB_TEXT(workspace)), &r, e) != 0) {
        return -1;
    }
    *ret_existed = row_i64(r, 0, 0) > 0;
    return 0;
}
