#include "login_int.h"

#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/str.h"

/*
 * The landing page of a login link. GET shows who asks, which app and which scopes, and changes
 * nothing (P3); POST starts, renews or undoes.
 */

/* --- what a link stands for --- */

static int load_rows(struct landing *g, store *s, const char *route, const char *hash,
                     struct err *e)
{
    if (store_workspace_by_route(s, route, &g->workspace, e) != 0 || g->workspace == NULL) {
        return g->workspace == NULL ? 0 : -1;
    }
    const char *workspace = g->workspace->workspace;
    if (store_login_by_handle(s, workspace, hash, &g->login, e) != 0 || g->login == NULL) {
        return g->login == NULL ? 0 : -1;
    }
    if (store_default_find(s, workspace, g->login->default_name, &g->connection, e) != 0 ||
        store_user_find(s, workspace, g->login->user_id, &g->user, e) != 0) {
        return -1;
    }
    return str_empty(g->login->user_id)
               ? 0
               : bot_login_awaited(s, g->login, &g->command, &g->commands_count, e);
}

int landing_load(web *w, arena *mem, const char *handle, struct landing *ret, struct err *e)
{
    const char *route = NULL, *hash = NULL;
    store *s = NULL;
    memset(ret, 0, sizeof(*ret));
    ret->handle = handle;
    if (!oauth_handle_split(mem, handle, &route, &hash)) {
        return 0;
    }
    if (store_open(w->options.stores, mem, &s, e) != 0) {
        return -1;
    }
    int rc = load_rows(ret, s, route, hash, e);
    store_close(s);
    return rc;
}

const char *landing_app_title(const web *w, const struct landing *g)
{
    const app *a = g->connection == NULL ? NULL : apps_find(w->options.apps, g->connection->app);
    return a == NULL ? "the app" : app_title(a);
}

const char *landing_chat(const struct landing *g)
{
    return g->workspace != NULL && str_starts(g->workspace->workspace, "teams:") ? "Teams"
                                                                                 : "Slack";
}

char *landing_back_link(const web *w, arena *mem, const struct landing *g)
{
    if (g->workspace == NULL || g->user == NULL || g->user->dm_channel == NULL) {
        return NULL;
    }
    const struct chat_driver *d = chats_driver(w->options.chats, g->workspace->workspace);
    return d == NULL ? NULL
                     : d->link(w->options.chats, mem, g->workspace->workspace, g->user->dm_channel);
}

/* --- answers --- */

int landing_page(const char *name, json_t *data, int status, struct landing_answer *to,
                 struct err *e)
{
    char *html = NULL;
    if (html_page(to->mem, name, data, &html, e) != 0) {
        return -1;
    }
    respond_html(to->mem, to->response, status, html, to->form_action);
    return 0;
}

int landing_message(struct landing_answer *to, int status, const char *title, const char *text,
                    struct err *e)
{
    json_t *data =
        arena_json(to->mem, json_pack("{s:s, s:s?, s:[{s:s}], s:b, s:s?, s:s?}", "title", title,
                                      "eyebrow", to->eyebrow, "paragraphs", "text", text,
                                      "tone_error", status >= 400 && to->eyebrow == NULL,
                                      "back_link", to->back_link, "back_label", to->back_label));
    return landing_page("message.html", data, status, to, e);
}

static json_t *hidden(const char *what)
{
    return json_pack("[{s:s, s:s}]", "name", "do", "value", what);
}

static json_t *scope_words(const web *w, const struct landing *g)
{
    const app *a = apps_find(w->options.apps, g->connection->app);
    json_t *list = json_array();
    size_t count = g->connection->scopes_count;
    const char *const *scopes = g->connection->scopes;
    if (a == NULL) {
        return list;
    }
    if (count == 0) {
        scopes = app_scopes(a, &count);
    }
    for (size_t i = 0; i < count; i++) {
        json_array_append_new(list, json_pack("{s:s}", "words", app_scope_words(a, scopes[i])));
    }
    return list;
}

static char *day_and_time(arena *mem, int64_t at)
{
    char text[64];
    struct tm tm;
    time_t t = (time_t)at;
    gmtime_r(&t, &tm);
    strftime(text, sizeof(text), "%e %B %Y, %H:%M UTC", &tm);
    return str_trim(mem, text);
}

static const char *asker(const struct landing *g)
{
    if (str_empty(g->login->user_id)) {
        return "An administrator of Workbot";
    }
    return g->user == NULL || str_empty(g->user->name) ? "Somebody" : g->user->name;
}

/* The person in the browser signs in to the chat first, and types no code after. */
static bool proves_by_sign_in(const struct landing *g)
{
    return g->connection->assurance_sign_in && !str_empty(g->login->user_id);
}

static int landing(web *w, const struct landing *g, struct landing_answer *to, struct err *e)
{
    json_t *scopes = scope_words(w, g);
    json_t *data = arena_json(
        to->mem,
        json_pack(
            "{s:s, s:s, s:s, s:s, s:s, s:s, s:b, s:s?, s:b, s:b, s:o, s:b, s:s, s:s, s:s, s:o}",
            "title", arena_printf(to->mem, "Connect %s", landing_app_title(w, g)), "person",
            asker(g), "workspace",
            str_empty(g->workspace->name) ? g->workspace->workspace : g->workspace->name, "chat",
            landing_chat(g), "app", landing_app_title(w, g), "host", g->connection->host, "admin",
            str_empty(g->login->user_id), "command", g->command, "several", g->commands_count > 1,
            "has_scopes", json_array_size(scopes) > 0, "scopes", scopes, "sign_in",
            proves_by_sign_in(g), "next",
            proves_by_sign_in(g) ? landing_chat(g) : landing_app_title(w, g), "expires",
            day_and_time(to->mem, g->login->expires_at), "action",
            arena_printf(to->mem, "/login/%s", g->handle), "fields", hidden("start")));
    const struct app_site site = {.app = apps_find(w->options.apps, g->connection->app),
                                  .host = g->connection->host,
                                  .plain_http = config_trusts_host(w->config, g->connection->host)};
    /* The form ends at the provider, which may redirect on to a host of its customer's own. */
    to->form_action = site.app != NULL && site.plain_http
                          ? arena_printf(to->mem, "https: %s", app_authorize_origin(to->mem, &site))
                          : "https:";
    const char *sign_in = chats_sign_in_origin(w->options.chats, to->mem, g->workspace->workspace);
    if (proves_by_sign_in(g) && sign_in != NULL) {
        to->form_action = arena_printf(to->mem, "%s %s", to->form_action, sign_in);
    }
    return landing_page("login.html", data, 200, to, e);
}

/* It is over: the page says why, and offers a new prompt to whoever asked for it. */
static int over(web *w, const struct landing *g, struct landing_answer *to, struct err *e)
{
    bool admin = str_empty(g->login->user_id), renewable = !admin && g->connection != NULL;
    bool newer =
        !admin && g->login->state == LOGIN_CANCELLED && str_equal(g->login->reason, "replaced");
    const struct landing_over *why = landing_over(g);
    json_t *data = arena_json(
        to->mem,
        json_pack("{s:s, s:b, s:b, s:s, s:s, s:s, s:s, s:s?, s:o, s:s?}", "title", why->title,
                  "admin", admin, "newest", newer, "eyebrow", why->eyebrow, "lead", why->text,
                  "chat", landing_chat(g), "app", landing_app_title(w, g), "action",
                  renewable ? arena_printf(to->mem, "/login/%s", g->handle) : NULL, "fields",
                  hidden("renew"), "back_link", to->back_link));
    return landing_page("expired.html", data, 410, to, e);
}

bool landing_is_open(const struct landing *g)
{
    return g->login != NULL && g->connection != NULL &&
           (g->login->state == LOGIN_OPEN || g->login->state == LOGIN_CODE) &&
           g->login->expires_at > clock_now();
}

bool landing_is_allowed(const struct landing *g)
{
    return g->login != NULL &&
           (str_empty(g->login->user_id) || store_person_allowed(g->user, g->workspace));
}

static int prepare(web *w, const struct request *q, struct response *r, struct landing *g,
                   struct landing_answer *to, struct err *e)
{
    *to = (struct landing_answer){.mem = q->mem, .response = r};
    if (landing_load(w, q->mem, q->params[0], g, e) != 0) {
        return -1;
    }
    to->back_link = landing_back_link(w, q->mem, g);
    to->back_label = arena_printf(q->mem, "Back to %s", landing_chat(g));
    return 0;
}

static int unknown_link(struct landing_answer *to, struct err *e)
{
    to->eyebrow = "Not found";
    return landing_message(to, 404, "This link is not known",
                           "It may have been cut when it was copied. Go back to your chat and "
                           "press the button there, or type `connect` for a new one.",
                           e);
}

/* Off-boarded, by what is known: no detail of anybody, and no way back to a chat of theirs. */
static int not_allowed(struct landing_answer *to, struct err *e)
{
    const struct oauth_outcome o = {.end = OAUTH_NOT_ALLOWED};
    const struct callback_end *said = callback_end(&o);
    to->back_link = NULL;
    return landing_message(to, said->status, said->title, said->text, e);
}

/* Not as whom: the link may be in other hands by now. */
static int done_before(web *w, const struct landing *g, struct landing_answer *to, struct err *e)
{
    const char *named = landing_app_title(w, g);
    const char *text = arena_printf(
        to->mem,
        "An account of %s was connected with this link. Type `connections` in %s to see it.", named,
        landing_chat(g));
    return landing_message(to, 200, arena_printf(to->mem, "Already connected: %s", named), text, e);
}

/* What is said where the link leads nowhere any more. */
static int not_open(web *w, const struct landing *g, struct landing_answer *to, struct err *e)
{
    return g->login->state == LOGIN_DONE ? done_before(w, g, to, e) : over(w, g, to, e);
}

int login_get(web *w, const struct request *q, struct response *r, struct err *e)
{
    struct landing g;
    struct landing_answer to;
    if (prepare(w, q, r, &g, &to, e) != 0) {
        return -1;
    }
    if (g.login == NULL) {
        return unknown_link(&to, e);
    }
    if (!landing_is_allowed(&g)) {
        return not_allowed(&to, e);
    }
    return landing_is_open(&g) ? landing(w, &g, &to, e) : not_open(w, &g, &to, e);
}

/* --- POST --- */

/* No login here is proven in a weaker way than its connection demands: admins and user are told. */
static int sign_in_off(web *w, struct landing *g, struct landing_answer *to, struct err *e)
{
    const struct oauth_outcome o = {.end = OAUTH_MISCONFIGURED,
                                    .reason = "sign_in_off",
                                    .signing_in = true,
                                    .workspace = g->workspace,
                                    .login = g->login,
                                    .connection = g->connection};
    const struct callback_end *said = callback_end(&o);
    return bot_login_returned(w->options.bot, to->mem, &o, e) != 0
               ? -1
               : landing_message(to, said->status, said->title, said->text, e);
}

static int start(web *w, struct landing *g, struct landing_answer *to, struct err *e)
{
    store *s = NULL;
    struct oauth_begin begun;
    if (!landing_is_allowed(g)) {
        return not_allowed(to, e);
    }
    if (!landing_is_open(g)) {
        return not_open(w, g, to, e);
    }
    if (store_open(w->options.stores, to->mem, &s, e) != 0) {
        return -1;
    }
    int rc = oauth_begin(w->options.oauth, s, g->workspace, g->login, g->connection, &begun, e);
    store_close(s);
    if (rc != 0 && str_equal(e->code, "sign_in_off")) {
        return sign_in_off(w, g, to, e);
    }
    if (rc != 0 && e->kind == ERR_CONFIG) {
        return landing_message(to, 409, "Not set up yet",
                               "An admin of Workbot must finish this connection first. Then open "
                               "this link again.",
                               e);
    }
    if (rc != 0) {
        return -1;
    }
    callback_cookie(w, to, &begun, g->handle);
    respond_see_other(to->response, begun.url);
    return 0;
}

static int renew(web *w, struct landing *g, struct landing_answer *to, struct err *e)
{
    enum bot_renewed made = BOT_RENEWED;
    if (!landing_is_allowed(g)) {
        return not_allowed(to, e);
    }
    if (landing_is_open(g)) {
        return landing(w, g, to, e);
    }
    if (g->login->state == LOGIN_DONE || str_empty(g->login->user_id) || g->connection == NULL) {
        return not_open(w, g, to, e);
    }
    if (bot_prompt_renew(w->options.bot, to->mem, g->workspace, g->login, &made, e) != 0) {
        return -1;
    }
    if (made == BOT_RENEWED_NEVER) {
        return not_allowed(to, e);
    }
    return landing_message(
        to, 200, made == BOT_RENEWED ? "A new prompt is on its way" : "There is a newer prompt",
        "Look at your private messages from Workbot.", e);
}

static int not_me(web *w, struct landing *g, struct landing_answer *to, struct err *e)
{
    if (g->login->state == LOGIN_CODE &&
        bot_login_not_me(w->options.bot, to->mem, g->workspace, g->login, e) != 0) {
        return -1;
    }
    if (g->login->state == LOGIN_DONE) {
        to->eyebrow = "Already connected";
        return landing_message(to, 409, "The code was typed already",
                               "The connection is in use. Type `disconnect` in the chat, or end it "
                               "in the app's own settings.",
                               e);
    }
    return landing_message(to, 200, "Undone",
                           "The account was not connected, and the app is asked to forget the "
                           "login.",
                           e);
}

int login_post(web *w, const struct request *q, struct response *r, struct err *e)
{
    static const struct {
        const char *what;
        int (*act)(web *, struct landing *, struct landing_answer *, struct err *);
    } acts[] = {{"start", start}, {"renew", renew}, {"not_me", not_me}};
    struct landing g;
    struct landing_answer to;
    const char *what = NULL;
    if (request_form(q, "do", &what, e) != 0 || prepare(w, q, r, &g, &to, e) != 0) {
        return -1;
    }
    if (g.login == NULL) {
        return unknown_link(&to, e);
    }
    for (size_t i = 0; i < sizeof(acts) / sizeof(acts[0]); i++) {
        if (str_equal(what == NULL ? "start" : what, acts[i].what)) {
            return acts[i].act(w, &g, &to, e);
        }
    }
    return err_set(e, ERR_INPUT, "form_do", "The form says nothing that can be done.");
}
