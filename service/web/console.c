#include "wizard_int.h"

#include <string.h>

/* Who may see which page: one row a page. */
static const struct page {
    enum method method;
    const char *path; /* as in router.c */
    enum console_right right;
    console_fn *run;
} pages[] = {
    {WB_GET, "/console/workspaces", CONSOLE_OPERATOR, console_workspaces_page},
    {WB_GET, "/console/workspaces/{workspace}", CONSOLE_ADMIN, console_home_page},
    {WB_GET, "/console/workspaces/{workspace}/recipes", CONSOLE_ADMIN, console_recipe_new},
    {WB_POST, "/console/workspaces/{workspace}/recipes", CONSOLE_ADMIN, console_recipe_make},
    {WB_GET, "/console/workspaces/{workspace}/recipes/{name}", CONSOLE_ADMIN, console_recipe_page},
    {WB_POST, "/console/workspaces/{workspace}/recipes/{name}", CONSOLE_ADMIN, console_recipe_do},
    {WB_GET, "/console/workspaces/{workspace}/recipes/{name}/settings", CONSOLE_ADMIN,
     console_settings_page},
    {WB_POST, "/console/workspaces/{workspace}/recipes/{name}/settings", CONSOLE_ADMIN,
     console_settings_save},
    {WB_GET, "/console/workspaces/{workspace}/recipes/{name}/edit", CONSOLE_ADMIN,
     console_edit_page},
    {WB_POST, "/console/workspaces/{workspace}/recipes/{name}/edit", CONSOLE_ADMIN,
     console_edit_save},
    {WB_POST, "/console/workspaces/{workspace}/recipe-check", CONSOLE_ADMIN, console_check},
    {WB_GET, "/console/workspaces/{workspace}/connections", CONSOLE_ADMIN,
     console_connections_page},
    {WB_POST, "/console/workspaces/{workspace}/connections", CONSOLE_ADMIN,
     console_connection_make},
    {WB_GET, "/console/workspaces/{workspace}/connections/{name}", CONSOLE_ADMIN,
     console_connection_page},
    {WB_POST, "/console/workspaces/{workspace}/connections/{name}", CONSOLE_ADMIN,
     console_connection_do},
    {WB_GET, "/console/workspaces/{workspace}/hooks", CONSOLE_ADMIN, console_hooks_page},
    {WB_POST, "/console/workspaces/{workspace}/hooks", CONSOLE_ADMIN, console_hook_make},
    {WB_GET, "/console/workspaces/{workspace}/hooks/{name}", CONSOLE_ADMIN, console_hook_page},
    {WB_POST, "/console/workspaces/{workspace}/hooks/{name}", CONSOLE_ADMIN, console_hook_do},
    {WB_GET, "/console/workspaces/{workspace}/runs", CONSOLE_ADMIN, console_runs_page},
    {WB_GET, "/console/workspaces/{workspace}/runs/{id}", CONSOLE_ADMIN, console_run_page},
    {WB_GET, "/console/workspaces/{workspace}/audit", CONSOLE_ADMIN, console_audit_page},
    {WB_GET, "/console/workspaces/{workspace}/personal-connections", CONSOLE_ADMIN,
     console_personal_page},
    {WB_POST, "/console/workspaces/{workspace}/personal-connections", CONSOLE_ADMIN,
     console_personal_end},
    {WB_GET, "/console/workspaces/{workspace}/people", CONSOLE_ADMIN, console_people_page},
    {WB_GET, "/console/workspaces/{workspace}/people/{id}", CONSOLE_ADMIN, console_person_page},
    {WB_POST, "/console/workspaces/{workspace}/people/{id}", CONSOLE_ADMIN, console_person_do},
    {WB_GET, "/console/workspaces/{workspace}/admins", CONSOLE_ADMIN, console_admins_page},
    {WB_POST, "/console/workspaces/{workspace}/admins", CONSOLE_ADMIN, console_admins_do},
    {WB_GET, "/console/workspaces/{workspace}/groups/{name}", CONSOLE_ADMIN, console_group_page},
    {WB_POST, "/console/workspaces/{workspace}/groups/{name}", CONSOLE_ADMIN, console_group_do},
    {WB_GET, "/console/workspaces/{workspace}/api-tokens", CONSOLE_ADMIN, console_tokens_page},
    {WB_POST, "/console/workspaces/{workspace}/api-tokens", CONSOLE_ADMIN, console_tokens_do},
    {WB_GET, "/console/workspaces/{workspace}/sessions", CONSOLE_ADMIN, console_sessions_page},
    {WB_POST, "/console/workspaces/{workspace}/sessions", CONSOLE_ADMIN, console_sessions_end},
    {WB_GET, "/console/workspaces/{workspace}/health", CONSOLE_ADMIN, console_health_page},
    {WB_GET, "/console/deployment", CONSOLE_OPERATOR, console_deployment_page},
    {WB_POST, "/console/deployment", CONSOLE_OPERATOR, console_operators_end},
    {WB_GET, "/console/setup", CONSOLE_OPERATOR, wizard_chat_page},
    {WB_POST, "/console/setup/sign-in", CONSOLE_OPERATOR, wizard_sign_in_try},
    {WB_GET, "/console/setup/workbot-teams.zip", CONSOLE_OPERATOR, wizard_package_get},
    {WB_POST, "/console/workspaces/{workspace}/setup/admin-link", CONSOLE_OPERATOR,
     wizard_admin_link},
    {WB_GET, "/console/workspaces/{workspace}/setup", CONSOLE_ADMIN, wizard_apps_page},
    {WB_POST, "/console/workspaces/{workspace}/setup", CONSOLE_ADMIN, wizard_apps_make},
    {WB_GET, "/console/workspaces/{workspace}/setup/apps/{name}", CONSOLE_ADMIN, wizard_app_page},
    {WB_POST, "/console/workspaces/{workspace}/setup/apps/{name}", CONSOLE_ADMIN, wizard_app_do},
    {WB_POST, "/console/workspaces/{workspace}/setup/apps/{name}/test", CONSOLE_ADMIN,
     wizard_app_test},
    {WB_GET, "/console/workspaces/{workspace}/setup/recipes", CONSOLE_ADMIN, wizard_recipes_page},
    {WB_POST, "/console/workspaces/{workspace}/setup/recipes", CONSOLE_ADMIN,
     wizard_recipes_switch_on},
    {WB_GET, "/console/workspaces/{workspace}/setup/recipes/{name}", CONSOLE_ADMIN,
     wizard_try_page},
    {WB_POST, "/console/workspaces/{workspace}/setup/recipes/{name}", CONSOLE_ADMIN,
     wizard_hook_make},
};

static const struct page *page_of(const struct request *q)
{
    for (size_t i = 0; i < sizeof pages / sizeof pages[0]; i++) {
        if (pages[i].method == q->method && str_equal(pages[i].path, q->path)) {
            return &pages[i];
        }
    }
    return NULL;
}

/* --- who asks --- */

static const char OPERATOR[] = "operator.";

/* The rights of now, not of the sign-in: who lost them is signed out for good. */
static int check_rights(struct console *c, store *s, const struct console_session *x,
                        const struct workspace *w, bool *ret, struct err *e)
{
    struct user *u = NULL;
    int64_t count = 0;
    if (store_user_find(s, w->workspace, x->user_id, &u, e) != 0) {
        return -1;
    }
    bool served = chats_driver(c->web->options.chats, w->workspace) != NULL;
    if (!served || !store_person_allowed(u, w) || !store_is_admin(w, x->user_id)) {
        return store_console_end(s, w->workspace, NULL, x->user_id, &count, e);
    }
    c->home = w->workspace;
    c->user_id = x->user_id;
    c->session_id = x->id;
    c->actor = arena_printf(c->mem, "user:%s", x->user_id);
    c->person = str_visible(u->name) ? u->name : x->user_id;
    *ret = true;
    return 0;
}

static int find_admin(struct console *c, store *s, const char *route, bool *ret, struct err *e)
{
    struct workspace *w = NULL;
    struct console_session *x = NULL;
    if (store_workspace_by_route(s, route, &w, e) != 0) {
        return -1;
    }
    if (w != NULL && store_console_find(s, w->workspace, c->token_hash,
                                        c->web->config->ttl_console_idle, &x, e) != 0) {
        return -1;
    }
    return x == NULL ? 0 : check_rights(c, s, x, w, ret, e);
}

/* A token that is not among the deployment's any more takes its sessions along. */
static int find_operator(struct console *c, store *s, bool *ret, struct err *e)
{
    const char *actor = NULL;
    if (store_operator_find(s, c->token_hash, c->web->config->ttl_console_idle, &actor, e) != 0) {
        return -1;
    }
    *ret = actor != NULL && gates_knows(c->web->gates, actor);
    c->is_operator = *ret;
    c->actor = actor;
    c->person = "Operator";
    return 0;
}

int console_who(struct console *c, bool *ret, struct err *e)
{
    const char *cookie = request_cookie(c->q, cookie_name(c->mem, c->web, "console"));
    const char *route = NULL, *hash = NULL;
    store *s = NULL;
    *ret = false;
    if (cookie == NULL) {
        return 0;
    }
    bool operator= str_starts(cookie, OPERATOR);
    if (!operator&& !oauth_handle_split(c->mem, cookie, &route, &hash)) {
        return 0;
    }
    c->token_hash = crypto_hash_text(c->mem, cookie);
    c->form_key = crypto_hash_text(c->mem, arena_printf(c->mem, "form:%s", cookie));
    if (store_open(c->web->options.stores, c->mem, &s, e) != 0) {
        return -1;
    }
    int rc = operator? find_operator(c, s, ret, e) : find_admin(c, s, route, ret, e);
    store_close(s);
    return rc;
}

/* --- may they --- */

/* Nobody learns which workspaces there are: another one is as one that is not there. */
static int check_right(const struct console *c, const struct page *p, struct err *e)
{
    bool own = c->workspace != NULL && str_equal(c->workspace, c->home);
    if (c->is_operator || (p->right == CONSOLE_ADMIN && own)) {
        return 0;
    }
    return err_set(e, ERR_NOT_FOUND, "no_workspace", "There is no such workspace.");
}

/* Whoever has written for half an hour loses nothing when the session is over meanwhile: these show
 * what was sent again, and store nothing until it is sent from a page of the session of now. */
static bool keeps_text(const struct page *p)
{
    return p != NULL && (p->run == console_recipe_make || p->run == console_edit_save);
}

static int check_form(struct console *c, const struct page *p, struct err *e)
{
    const char *key = NULL;
    if (request_form(c->q, "form_key", &key, e) != 0) {
        return -1;
    }
    c->other_form = key == NULL || strlen(key) != strlen(c->form_key) ||
                    !crypto_equal(key, c->form_key, strlen(key));
    return !c->other_form || keeps_text(p)
               ? 0
               : err_set(e, ERR_FORBIDDEN, "cross_site", "a form of another session");
}

static int turn_away(struct console *c, const struct page *p, struct err *e)
{
    if (keeps_text(p)) {
        return console_kept_page(c, e);
    }
    respond_see_other(c->r, str_starts(c->q->path, "/console/setup") ? "/console?next=setup"
                                                                     : "/console");
    return 0;
}

static int run(web *w, const struct request *q, struct response *r, struct err *e)
{
    const struct page *p = page_of(q);
    struct console c = {.web = w, .q = q, .r = r, .mem = q->mem, .workspace = q->params[0]};
    c.name = c.workspace == NULL ? NULL : q->params[1];
    bool known = false;
    if (console_who(&c, &known, e) != 0) {
        return -1;
    }
    if (!known) {
        return turn_away(&c, p, e);
    }
    if (p == NULL) {
        return err_set(e, ERR_NOT_FOUND, "no_route", "There is no such page.");
    }
    if (check_right(&c, p, e) != 0 || (q->method == WB_POST && check_form(&c, p, e) != 0)) {
        return -1;
    }
    return p->run(&c, e);
}

int console_get(web *w, const struct request *q, struct response *r, struct err *e)
{
    return run(w, q, r, e);
}

int console_post(web *w, const struct request *q, struct response *r, struct err *e)
{
    return run(w, q, r, e);
}
