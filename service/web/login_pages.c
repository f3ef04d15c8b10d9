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

char *landing_time(arena *mem, int64_t at)
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
    if (str_empty(store_login_person(g->login))) {
        return "An administrator of Workbot";
    }
    return g->user == NULL || str_empty(g->user->name) ? "Somebody" : g->user->name;
}

/* The person in the browser signs in to the chat first, and types no code after. */
static bool proves_by_sign_in(const struct landing *g)
{
    return g->connection->assurance_sign_in && !str_empty(g->login->user_id);
}

static const char *barred(const web *w, const struct landing *g)
{
    const app *a = apps_find(w->options.apps, g->connection->app);
    return a == NULL ? NULL : app_barred(a);
}

/* The form ends at the provider, which may redirect on to a host of its customer's own. */
static const char *provider_source(web *w, const struct landing *g, arena *mem)
{
    const struct default_connection *d = g->connection;
    const app *a = apps_find(w->options.apps, d->app);
    if (a == NULL || !config_trusts_host(w->config, d->host)) {
        return "https:";
    }
    const struct app_site site = {.app = a,
                                  .host = d->host,
                                  .plain_http = true,
                                  .vars = app_site_vars(mem, a, d->vars, NULL)};
    const char *origin = app_authorize_origin(mem, &site);
    return origin == NULL ? "https:" : arena_printf(mem, "https: %s", origin);
}

static int landing(web *w, const struct landing *g, struct landing_answer *to, struct err *e)
{
    json_t *scopes = scope_words(w, g);
    json_t *data = arena_json(
        to->mem,
        json_pack(
            "{s:s, s:s, s:s, s:s, s:s, s:s, s:b, s:s?, s:b, s:b, s:o, s:b, s:s, s:s, s:s, s:s?, s:o}",
            "title", arena_printf(to->mem, "Connect %s", landing_app_title(w, g)), "person",
            asker(g), "workspace",
            str_empty(g->workspace->name) ? g->workspace->workspace : g->workspace->name, "chat",
            landing_chat(g), "app", landing_app_title(w, g), "host", g->connection->host, "admin",
            str_empty(g->login->user_id), "command", g->command, "several", g->commands_count > 1,
            "has_scopes", json_array_size(scopes) > 0, "scopes", scopes, "sign_in",
            proves_by_sign_in(g), "next",
            proves_by_sign_in(g) ? landing_chat(g) : landing_app_title(w, g), "expires",
            landing_time(to->mem, g->login->expires_at), "action", landing_path(to, g->handle),
            "barred", barred(w, g), "fields", hidden("start")));
    to->form_action = provider_source(w, g, to->mem);
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
    json_t *data =
        arena_json(to->mem, json_pack("{s:s, s:b, s:b, s:s, s:s, s:s, s:s, s:s?, s:o, s:s?}",
                                      "title", why->title, "admin", admin, "newest", newer,
                                      "eyebrow", why->eyebrow, "lead", why->text, "chat",
                                      landing_chat(g), "app", landing_app_title(w, g), "action",
                                      renewable ? landing_path(to, g->handle) : NULL, "fields",
                                      hidden("renew"), "back_link", to->back_link));
    return landing_page("expired.html", data, 410, to, e);
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
    if (landing_prepare(w, q, r, &g, &to, e) != 0) {
        return -1;
    }
    if (g.login == NULL) {
        return landing_unknown(&to, e);
    }
    if (!landing_is_allowed(&g)) {
        return landing_not_allowed(&to, e);
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

/* Whoever has the link can use its tries up: the way on is a link that nobody else has. */
static int too_often(web *w, struct landing *g, struct landing_answer *to, struct err *e)
{
    arena *mem = to->mem;
    long long wait_s = (long long)w->config->ttl_state;
    const char *fresh = str_empty(g->login->user_id)
                            ? "ask for a new link"
                            : arena_printf(mem,
                                           "type `connect` and the app in %s: that gives you a new "
                                           "link, and ends this one",
                                           landing_chat(g));
    const char *text = arena_printf(
        mem,
        "It was followed many times within a few minutes, by you or by somebody else who has it. "
        "Nothing was connected. It works again in %lld minutes at the latest. To go on at once, %s.",
        (wait_s + 59) / 60, fresh);
    respond_header(to->response, "Retry-After", arena_printf(mem, "%lld", wait_s));
    return landing_message(to, 429, "This link must rest for a while", text, e);
}

static int start(web *w, struct landing *g, struct landing_answer *to, struct err *e)
{
    store *s = NULL;
    struct oauth_begin begun;
    if (!landing_is_allowed(g)) {
        return landing_not_allowed(to, e);
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
    if (rc != 0 && e->kind == ERR_LIMIT) {
        return too_often(w, g, to, e);
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
        return landing_not_allowed(to, e);
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
        return landing_not_allowed(to, e);
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
    if (request_form(q, "do", &what, e) != 0 || landing_prepare(w, q, r, &g, &to, e) != 0) {
        return -1;
    }
    if (g.login == NULL) {
        return landing_unknown(&to, e);
    }
    for (size_t i = 0; i < sizeof(acts) / sizeof(acts[0]); i++) {
        if (str_equal(what == NULL ? "start" : what, acts[i].what)) {
            return acts[i].act(w, &g, &to, e);
        }
    }
    return err_set(e, ERR_INPUT, "form_do", "The form says nothing that can be done.");
}
