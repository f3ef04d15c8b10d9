#include "console_enter_int.h"

#include <inttypes.h>

#include "base/clock.h"
#include "base/log.h"

/*
 * The ways in. An admin's link proves nothing: GET changes nothing (P3), POST shows a code, and
 * only when that admin has sent it in the chat (bot/console.c) is the browser that shows it let in,
 * once, with a cookie that did not exist before; or that admin signs in at the chat platform
 * (console_way.c). An operator gives the deployment's token.
 */

enum { SECRET_BYTES = 24 };

int way_page(const struct console *c, const char *name, int status, json_t *data, struct err *e)
{
    char *html = NULL;
    arena_json(c->mem, data);
    if (html_page(c->mem, name, data, &html, e) != 0) {
        return -1;
    }
    respond_html(c->mem, c->r, status, html, c->form_action);
    return 0;
}

struct console way_console(web *w, const struct request *q, struct response *r)
{
    return (struct console){.web = w, .q = q, .r = r, .mem = q->mem};
}

/* --- /console --- */

/* Who came for the set-up goes on there. */
static bool wants_setup(const struct console *c)
{
    const char *next = NULL;
    struct err ignored = {0};
    int rc = c->q->method == WB_GET ? request_query(c->q, "next", &next, &ignored)
                                    : request_form(c->q, "next", &next, &ignored);
    return rc == 0 && str_equal(next, "setup");
}

int console_any_bot(const struct console *c, bool *ret, struct err *e)
{
    store *s = NULL;
    if (store_open(c->web->options.stores, c->mem, &s, e) != 0) {
        return -1;
    }
    int rc = store_workspace_any(s, ret, e);
    store_close(s);
    return rc;
}

/* Where no bot is, nobody can be sent a link: the operators' way stands first. */
static int front(const struct console *c, int status, const char *problem, struct err *e)
{
    bool any = false;
    if (console_any_bot(c, &any, e) != 0) {
        return -1;
    }
    json_t *data = json_must(json_pack("{s:s, s:s?, s:b, s:b}", "title", "Console", "problem",
                                       problem, "setup", wants_setup(c), "any_bot", any));
    return way_page(c, "console_front.html", status, data, e);
}

/* Where there is nothing yet, the set-up comes first. */
static int greet_operator(struct console *c, struct err *e)
{
    json_t *items = NULL;
    if (console_list(c, api_workspaces_get, "limit=1", &items, e) != 0) {
        return -1;
    }
    bool begins = json_array_size(items) == 0 || wants_setup(c);
    respond_see_other(c->r, begins ? "/console/setup" : "/console/workspaces");
    return 0;
}

int console_front_get(web *w, const struct request *q, struct response *r, struct err *e)
{
    struct console c = way_console(w, q, r);
    bool known = false;
    if (console_who(&c, &known, e) != 0) {
        return -1;
    }
    if (!known) {
        return front(&c, 200, NULL, e);
    }
    if (c.is_operator) {
        return greet_operator(&c, e);
    }
    respond_see_other(r, arena_printf(q->mem, "/console/workspaces/%s", c.home));
    return 0;
}

/* --- an admin's link --- */

static int load_rows(void *arg, store *s, const char *hash, struct err *e)
{
    struct way *x = arg;
    const char *key = x->workspace->workspace;
    if (store_console_by_link(s, key, hash, &x->link, e) != 0) {
        return -1;
    }
    return x->link == NULL ? 0 : store_user_find(s, key, x->link->user_id, &x->user, e);
}

int way_load(web *w, const struct request *q, struct response *r, struct way *ret, struct err *e)
{
    *ret = (struct way){.c = way_console(w, q, r), .handle = q->params[0]};
    const struct link link = {ret->handle, load_rows, ret};
    return link_load(w, q->mem, &link, &ret->workspace, e);
}

static bool may_enter(const struct way *x)
{
    return store_person_allowed(x->user, x->workspace) &&
           store_is_admin(x->workspace, x->link->user_id) &&
           chats_driver(x->c.web->options.chats, x->workspace->workspace) != NULL;
}

bool way_is_open(const struct way *x)
{
    return x->link->ended_at == 0 && x->link->opened_at == 0 &&
           x->link->link_expires_at > clock_now() && may_enter(x);
}

int way_over(const struct way *x, struct err *e)
{
    json_t *data = json_must(json_pack(
        "{s:s, s:s, s:[{s:s}]}", "title", "This link lets nobody in", "eyebrow",
        "Nothing to do here", "paragraphs", "text",
        "A link to the console works once, for a few minutes, and the next one ends it. Type "
        "`console` to Workbot in your chat for a new one."));
    return way_page(&x->c, "message.html", 410, data, e);
}

static const char *chat_of(const struct way *x)
{
    const struct chat_driver *d = chats_platform(x->workspace->workspace);
    return d == NULL ? "your chat" : str_equal(d->name, "teams") ? "Teams" : "Slack";
}

static json_t *about(const struct way *x, const char *title)
{
    const char *name = x->workspace->name;
    json_t *data =
        json_must(json_pack("{s:s, s:s, s:s}", "title", title, "chat", chat_of(x), "action",
                            arena_printf(x->c.mem, "/console/sign-in/%s", x->handle)));
    json_put_shown(data, "person", str_visible(x->user->name) ? x->user->name : "an admin");
    json_put_shown(data, "workspace", str_empty(name) ? x->workspace->workspace : name);
    return data;
}

int console_link_get(web *w, const struct request *q, struct response *r, struct err *e)
{
    struct way x;
    if (way_load(w, q, r, &x, e) != 0) {
        return -1;
    }
    if (x.link == NULL || !way_is_open(&x)) {
        return way_over(&x, e);
    }
    json_t *data = about(&x, "Open the console");
    x.c.form_action = chats_sign_in_origin(w->options.chats, q->mem, x.workspace->workspace);
    if (x.c.form_action != NULL) {
        bool teams = str_equal(chat_of(&x), "Teams");
        json_put_words(data, "sign_in", teams ? "Sign in with Microsoft" : "Sign in with Slack");
    }
    return way_page(&x.c, "console_link.html", 200, data, e);
}

static const char *link_cookie(const struct way *x)
{
    return request_cookie(x->c.q, cookie_name(x->c.mem, x->c.web, "console_link"));
}

static int code_page(const struct way *x, const char *code, bool early, struct err *e)
{
    int64_t minutes = x->c.web->config->ttl_code / 60;
    json_t *data = about(x, "Send this code");
    json_put_words(data, "code", code);
    json_put(data, "early", json_boolean(early));
    json_put_words(data, "minutes",
                   minutes < 2 ? "a minute"
                               : arena_printf(x->c.mem, "%" PRId64 " minutes", minutes));
    return way_page(&x->c, "console_code.html", 200, data, e);
}

int console_link_post(web *w, const struct request *q, struct response *r, struct err *e)
{
    struct way x;
    const char *code = NULL;
    if (way_load(w, q, r, &x, e) != 0) {
        return -1;
    }
    if (x.link == NULL || !way_is_open(&x)) {
        return way_over(&x, e);
    }
    const char *was = link_cookie(&x), *now = crypto_random_hex(q->mem, SECRET_BYTES);
    const struct bot_console what = {.link = x.link,
                                     .browser_hash = crypto_hash_text(q->mem, now),
                                     .was_hash =
                                         was == NULL ? NULL : crypto_hash_text(q->mem, was)};
    if (bot_console_show(w->options.bot, q->mem, &what, &code, e) != 0) {
        return -1;
    }
    if (code == NULL) {
        return way_over(&x, e);
    }
    const struct header cookie = {"console_link", now};
    cookie_set(q->mem, w, r, &cookie, w->config->ttl_code);
    return code_page(&x, code, false, e);
}

/* --- and the browser is let in --- */

static int enter(struct way *x, const char *browser, const char *token, bool *ret, struct err *e)
{
    const char *key = x->workspace->workspace;
    const char *actor = arena_printf(x->c.mem, "user:%s", x->link->user_id);
    const struct console_entry entry = {.id = x->link->id,
                                        .browser_hash = crypto_hash_text(x->c.mem, browser),
                                        .token_hash = crypto_hash_text(x->c.mem, token),
                                        .ttl_s = x->c.web->config->ttl_console};
    store *s = NULL;
    if (store_enter(x->c.web->options.stores, x->c.mem, &s, e) != 0) {
        return -1;
    }
    int rc = store_console_enter(s, key, &entry, ret, e);
    if (rc == 0 && *ret) {
        rc = store_audit_add(s, key, actor, "console.signed_in", x->link->id, NULL, e);
    }
    return store_leave(s, rc, e);
}

static void give_session(const struct console *c, const char *token)
{
    const struct header session = {"console", token}, link = {"console_link", ""};
    cookie_set(c->mem, c->web, c->r, &session, c->web->config->ttl_console);
    cookie_set(c->mem, c->web, c->r, &link, 0);
}

void way_enter(const struct way *x, const char *token)
{
    give_session(&x->c, token);
    respond_see_other(x->c.r,
                      arena_printf(x->c.mem, "/console/workspaces/%s", x->workspace->workspace));
}

int console_link_enter(web *w, const struct request *q, struct response *r, struct err *e)
{
    struct way x;
    bool entered = false;
    if (way_load(w, q, r, &x, e) != 0) {
        return -1;
    }
    const char *browser = link_cookie(&x), *hash = NULL;
    if (x.link == NULL || browser == NULL || !way_is_open(&x) ||
        !str_equal(x.link->browser_hash, crypto_hash_text(q->mem, browser))) {
        return way_over(&x, e);
    }
    if (x.link->proven_at == 0) {
        return code_page(&x, NULL, true, e);
    }
    const char *token = oauth_handle_new(q->mem, x.workspace->route, &hash);
    if (enter(&x, browser, token, &entered, e) != 0) {
        return -1;
    }
    if (!entered) {
        return way_over(&x, e);
    }
    way_enter(&x, token);
    return 0;
}

/* --- an operator's token --- */

static int open_operator(const struct console *c, const char *token, struct err *e)
{
    store *s = NULL;
    if (store_enter(c->web->options.stores, c->mem, &s, e) != 0) {
        return -1;
    }
    int rc = store_operator_enter(s, crypto_hash_text(c->mem, token), c->actor,
                                  c->web->config->ttl_console, e);
    if (store_leave(s, rc, e) != 0) {
        return -1;
    }
    log_info("an operator signed in to the console", LOG_TEXT("actor", c->actor),
             LOG_TEXT("address", c->q->remote), LOG_TEXT("request_id", c->q->id));
    return 0;
}

int console_operator_post(web *w, const struct request *q, struct response *r, struct err *e)
{
    struct console c = way_console(w, q, r);
    const char *given = NULL;
    if (request_form(q, "token", &given, e) != 0) {
        return -1;
    }
    if (gates_token(w->gates, q, given == NULL ? "" : given, &c.actor, e) != 0) {
        return e->kind == ERR_UNAUTHENTIC
                   ? front(&c, 401, "That is not an operator token of this deployment.", e)
                   : -1;
    }
    const char *token =
        arena_printf(q->mem, "operator.%s", crypto_random_hex(q->mem, SECRET_BYTES));
    if (open_operator(&c, token, e) != 0) {
        return -1;
    }
    give_session(&c, token);
    return greet_operator(&c, e);
}

/* --- out --- */

static int end_admin(const struct console *c, store *s, struct err *e)
{
    int64_t count = 0;
    return store_console_end(s, c->home, c->session_id, NULL, &count, e) != 0
               ? -1
               : store_audit_add(s, c->home, c->actor, "console.signed_out", c->session_id, NULL,
                                 e);
}

static int end_session(const struct console *c, struct err *e)
{
    store *s = NULL;
    if (c->is_operator) {
        return console_operator_end(c, c->token_hash, e);
    }
    return store_enter(c->web->options.stores, c->mem, &s, e) != 0
               ? -1
               : store_leave(s, end_admin(c, s, e), e);
}

/* No key of the form is asked for: at worst somebody is signed out. */
int console_sign_out_post(web *w, const struct request *q, struct response *r, struct err *e)
{
    struct console c = way_console(w, q, r);
    bool known = false;
    if (console_who(&c, &known, e) != 0 || (known && end_session(&c, e) != 0)) {
        return -1;
    }
    const struct header gone = {"console", ""};
    cookie_set(q->mem, w, r, &gone, 0);
    respond_see_other(r, "/console");
    return 0;
}
