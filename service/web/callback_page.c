#include "login_int.h"

#include <inttypes.h>
#include <string.h>

#include "base/json.h"
#include "base/log.h"
#include "base/str.h"

/* The provider sends the browser back: one state, one cookie, one exchange, one page. */

struct callback_page {
    web *web;
    struct landing_answer to;
    struct landing landing;
    struct oauth_outcome outcome;
};

/* The cookie holds "<secret>~<handle>": the secret binds the state to this browser, the handle lets
 * the page offer another try. */
static const char *split_cookie(arena *mem, const char *cookie, const char **ret_handle)
{
    const char *mark = cookie == NULL ? NULL : strchr(cookie, '~');
    if (mark == NULL) {
        return NULL;
    }
    *ret_handle = mark + 1;
    return arena_strndup(mem, cookie, (size_t)(mark - cookie));
}

static int read_query(const struct request *q, struct oauth_return *ret, struct err *e)
{
    const struct {
        const char *name;
        const char **to;
    } members[] = {
        {"state", &ret->state}, {"code", &ret->code}, {"error", &ret->error}, {"iss", &ret->iss}};
    for (size_t i = 0; i < sizeof(members) / sizeof(members[0]); i++) {
        if (request_query(q, members[i].name, members[i].to, e) != 0) {
            return -1;
        }
    }
    return 0;
}

/* How long the code is good for. */
static const char *time_left(const struct callback_page *p)
{
    int64_t minutes = p->web->config->ttl_code / 60;
    return minutes < 2 ? "a minute" : arena_printf(p->to.mem, "%" PRId64 " minutes", minutes);
}

/* "Ana (Acme)": whom a code in wrong hands would serve. */
static const char *asked_by(const struct callback_page *p)
{
    const struct landing *g = &p->landing;
    if (g->user == NULL || str_empty(g->user->name)) {
        return NULL;
    }
    return str_empty(g->workspace->name)
               ? g->user->name
               : arena_printf(p->to.mem, "%s (%s)", g->user->name, g->workspace->name);
}

static int code_page(struct callback_page *p, struct err *e)
{
    const struct oauth_outcome *o = &p->outcome;
    const struct account *a = &o->account;
    bool personal = !str_empty(o->login->user_id);
    const char *account = a->name == NULL ? a->key : a->name;
    json_t *data = arena_json(
        p->to.mem,
        json_pack("{s:s, s:s?, s:b, s:s, s:s, s:b, s:s, s:s?, s:s?, s:s?, s:b, s:s, s:s?, s:s, "
                  "s:[{s:s, s:s}]}",
                  "title", "Type this code", "person", asked_by(p), "differs", o->account_differs,
                  "code", o->code, "chat", personal ? landing_chat(&p->landing) : "the console",
                  "admin", !personal, "app", landing_app_title(p->web, &p->landing), "account",
                  account, "email", str_equal(a->email, account) ? NULL : a->email, "organization",
                  a->organization, "sandbox", a->sandbox, "expires", time_left(p), "back_link",
                  p->to.back_link, "not_me_action",
                  arena_printf(p->to.mem, "/login/%s", p->landing.handle), "fields", "name", "do",
                  "value", "not_me"));
    return landing_page("code.html", data, 200, &p->to, e);
}

static const struct {
    int status;
    bool retry;
    const char *title, *text;
} ends[OAUTH_END_COUNT] = {
    [OAUTH_CODE_SHOWN] = {200, false, "", ""},
    [OAUTH_DENIED] =
        {200, true, "Not connected",
         "You, or a rule of your company, declined access. Nothing was changed. You can "
         "try again here, or leave it and go back to the chat."},
    [OAUTH_EXPIRED] =
        {410, true, "This page has done its work",
         "The login was used already, took too long, or was begun in another browser. "
         "Look in your chat: the message there says how it stands and leads on."},
    [OAUTH_TRY_AGAIN] = {503, true, "The app did not answer",
                         "The app is away or busy at the moment. Nothing was connected, and the "
                         "link in your chat still works."},
    [OAUTH_MISCONFIGURED] = {502, true, "An admin must look at this",
                             "The app and Workbot do not agree about this connection's set-up. "
                             "Nothing was connected; your admin finds the reason in the log."},
    [OAUTH_GONE] = {410, false, "This login was ended",
                    "It was cancelled or replaced by a newer one. Nothing was connected."},
    [OAUTH_WRONG_ACCOUNT] = {403, true, "This is another person's account",
                             "Its e-mail is not the one of your chat profile, and your company "
                             "asks for the same. Nothing was connected."},
};

static int end_page(struct callback_page *p, const char *request_id, struct err *e)
{
    enum oauth_end end = p->outcome.end;
    const struct landing_over *over =
        end == OAUTH_EXPIRED || end == OAUTH_GONE ? landing_came_back(&p->landing) : NULL;
    const char *title = over == NULL ? ends[end].title : over->title;
    const char *text = over == NULL ? ends[end].text : over->text;
    const char *retry = ends[end].retry && landing_is_open(&p->landing)
                            ? arena_printf(p->to.mem, "/login/%s", p->landing.handle)
                            : NULL;
    bool tone_error = over == NULL && end != OAUTH_DENIED;
    json_t *data = arena_json(
        p->to.mem,
        json_pack("{s:s, s:s?, s:[{s:s}], s:b, s:s?, s:s, s:s?, s:s, s:s?}", "title", title,
                  "eyebrow", over == NULL ? NULL : over->eyebrow, "paragraphs", "text", text,
                  "tone_error", tone_error, "retry_link", retry, "retry_label",
                  over == NULL ? "Try again" : "Log in again", "back_link", p->to.back_link,
                  "back_label", "Back to the chat", "reference", over == NULL ? request_id : NULL));
    return landing_page("message.html", data, ends[end].status, &p->to, e);
}

static void drop_cookie(struct callback_page *p, const char *name)
{
    const struct header gone = {.name = name, .value = ""};
    cookie_set(p->to.mem, p->web, p->to.response, &gone, 0);
}

int oauth_callback_get(web *w, const struct request *q, struct response *r, struct err *e)
{
    struct callback_page p = {.web = w, .to = {.mem = q->mem, .response = r}};
    struct oauth_return in = {.callback_key = q->params[0]};
    const char *handle = "";
    if (read_query(q, &in, e) != 0) {
        return -1;
    }
    const char *name = arena_printf(q->mem, "wb_state_%s",
                                    oauth_cookie_key(q->mem, in.state == NULL ? "" : in.state));
    in.cookie = split_cookie(q->mem, request_cookie(q, cookie_name(q->mem, w, name)), &handle);
    if (oauth_callback(w->options.oauth, q->mem, &in, &p.outcome, e) != 0 ||
        bot_login_returned(w->options.bot, q->mem, &p.outcome, e) != 0 ||
        landing_load(w, q->mem, handle, &p.landing, e) != 0) {
        return -1;
    }
    p.to.back_link = landing_back_link(w, q->mem, &p.landing);
    /* A page that is shown again still knows its login by its cookie, and says how that stands. */
    if (in.cookie != NULL && p.outcome.end != OAUTH_CODE_SHOWN && p.outcome.end != OAUTH_EXPIRED) {
        drop_cookie(&p, name);
    }
    if (p.outcome.end == OAUTH_CODE_SHOWN) {
        return code_page(&p, e);
    }
    log_info(
        "a login came to nothing", LOG_TEXT("request", q->id), LOG_TEXT("reason", p.outcome.reason),
        LOG_TEXT("workspace", p.outcome.workspace == NULL ? "" : p.outcome.workspace->workspace));
    return end_page(&p, q->id, e);
}
