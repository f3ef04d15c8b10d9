#include "login_int.h"

#include <inttypes.h>
#include <string.h>

#include "base/json.h"
#include "base/log.h"
#include "base/str.h"

/* The provider sends the browser back: one state, one cookie, one exchange, one page. */

struct callback_page {
    web *web;
    const char *platform; /* whose sign-in sends the browser back; NULL: an app does */
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
    } members[] = {{"state", &ret->state},
                   {"code", &ret->code},
                   {"error", &ret->error},
                   {"error_description", &ret->description},
                   {"iss", &ret->iss}};
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

static int end_page(struct callback_page *p, const char *request_id, struct err *e)
{
    enum oauth_end end = p->outcome.end;
    const struct callback_end *said = callback_end(&p->outcome);
    const struct landing_over *over =
        end == OAUTH_EXPIRED || end == OAUTH_GONE ? landing_came_back(&p->landing) : NULL;
    const char *title = over == NULL ? said->title : over->title;
    const char *text = over == NULL ? said->text : over->text;
    const char *retry = said->retry && landing_is_open(&p->landing)
                            ? arena_printf(p->to.mem, "/login/%s", p->landing.handle)
                            : NULL;
    const char *eyebrow = over != NULL           ? over->eyebrow
                          : end == OAUTH_EXPIRED ? "Nothing to do here"
                                                 : NULL;
    bool tone_error = eyebrow == NULL && end != OAUTH_DENIED;
    json_t *data = arena_json(
        p->to.mem,
        json_pack("{s:s, s:s?, s:[{s:s}], s:b, s:s?, s:s, s:s?, s:s?, s:s?}", "title", title,
                  "eyebrow", eyebrow, "paragraphs", "text", text, "tone_error", tone_error,
                  "retry_link", retry, "retry_label", over == NULL ? "Try again" : "Log in again",
                  "back_link", p->to.back_link, "back_label", p->to.back_label, "reference",
                  over == NULL ? request_id : NULL));
    return landing_page("message.html", data, said->status, &p->to, e);
}

/* Whose login it is, in words that tell nothing else of anybody. */
static int other_person_page(struct callback_page *p, const char *request_id, struct err *e)
{
    arena *mem = p->to.mem;
    const char *person = asked_by(p), *chat = landing_chat(&p->landing);
    const char *whose = person == NULL ? "somebody else" : person;
    const char *text = arena_printf(
        mem,
        "It was asked for in %s by %s, and in this browser somebody else is signed in to %s. Nothing "
        "was connected, and %s was not asked. If it is yours, sign in to %s as yourself and try "
        "again; if not, close this page.",
        chat, whose, chat, landing_app_title(p->web, &p->landing), chat);
    json_t *data =
        arena_json(mem, json_pack("{s:s, s:[{s:s}], s:b, s:s?, s:s, s:s}", "title",
                                  arena_printf(mem, "This login belongs to %s", whose),
                                  "paragraphs", "text", text, "tone_error", 1, "retry_link",
                                  landing_is_open(&p->landing)
                                      ? arena_printf(mem, "/login/%s", p->landing.handle)
                                      : NULL,
                                  "retry_label", "Try again", "reference", request_id));
    return landing_page("message.html", data, 403, &p->to, e);
}

static int done_page(struct callback_page *p, struct err *e)
{
    const struct oauth_outcome *o = &p->outcome;
    const struct account *a = &o->account;
    json_t *data = arena_json(
        p->to.mem,
        json_pack("{s:s, s:s, s:s, s:s?, s:b, s:s, s:s?, s:b, s:s?}", "title", "Connected", "app",
                  landing_app_title(p->web, &p->landing), "account",
                  a->name == NULL ? a->key : a->name, "organization", a->organization, "sandbox",
                  a->sandbox, "chat", landing_chat(&p->landing), "command", o->login->run_id,
                  "differs", o->account_differs, "back_link", p->to.back_link));
    return landing_page("done.html", data, 200, &p->to, e);
}

void callback_cookie(web *w, struct landing_answer *to, const struct oauth_begin *begun,
                     const char *handle)
{
    const struct header cookie = {.name = arena_printf(to->mem, "wb_state_%s", begun->cookie_key),
                                  .value = arena_printf(to->mem, "%s~%s", begun->cookie, handle)};
    cookie_set(to->mem, w, to->response, &cookie, w->config->ttl_state);
}

static void drop_cookie(struct callback_page *p, const char *name)
{
    const struct header gone = {.name = name, .value = ""};
    cookie_set(p->to.mem, p->web, p->to.response, &gone, 0);
}

/* A page that is shown again still knows its login by its cookie, and says how that stands. */
static bool cookie_stays(enum oauth_end end)
{
    return end == OAUTH_CODE_SHOWN || end == OAUTH_CONNECTED || end == OAUTH_EXPIRED;
}

static int answer(struct callback_page *p, const struct request *q, struct err *e)
{
    const struct oauth_outcome *o = &p->outcome;
    switch ((int)o->end) {
    case OAUTH_CODE_SHOWN:
        return code_page(p, e);
    case OAUTH_CONNECTED:
        return done_page(p, e);
    case OAUTH_PROVEN:
        callback_cookie(p->web, &p->to, &o->next, p->landing.handle);
        respond_see_other(p->to.response, o->next.url);
        return 0;
    default:
        log_info("a login came to nothing", LOG_TEXT("request", q->id),
                 LOG_TEXT("reason", o->reason),
                 LOG_TEXT("workspace", o->workspace == NULL ? "" : o->workspace->workspace));
        return o->end == OAUTH_OTHER_PERSON ? other_person_page(p, q->id, e)
                                            : end_page(p, q->id, e);
    }
}

typedef int arrive_fn(oauth *o, arena *mem, const struct oauth_return *r, struct oauth_outcome *ret,
                      struct err *e);

static int arrive(struct callback_page *p, const struct request *q, arrive_fn *take, struct err *e)
{
    web *w = p->web;
    struct oauth_return in = {.callback_key = q->params[0],
                              .platform = p->platform,
                              .connected = bot_login_connected,
                              .arg = w->options.bot};
    const char *handle = "";
    if (read_query(q, &in, e) != 0) {
        return -1;
    }
    const char *name = arena_printf(q->mem, "wb_state_%s",
                                    oauth_cookie_key(q->mem, in.state == NULL ? "" : in.state));
    in.cookie = split_cookie(q->mem, request_cookie(q, cookie_name(q->mem, w, name)), &handle);
    if (take(w->options.oauth, q->mem, &in, &p->outcome, e) != 0 ||
        bot_login_returned(w->options.bot, q->mem, &p->outcome, e) != 0 ||
        landing_load(w, q->mem, handle, &p->landing, e) != 0) {
        return -1;
    }
    bool closed = p->outcome.end == OAUTH_NOT_ALLOWED;
    p->to.back_link = closed ? NULL : landing_back_link(w, q->mem, &p->landing);
    p->to.back_label = arena_printf(q->mem, "Back to %s", landing_chat(&p->landing));
    if (in.cookie != NULL && !cookie_stays(p->outcome.end)) {
        drop_cookie(p, name);
    }
    if (p->outcome.end == OAUTH_CONNECTED && w->options.wake != NULL) {
        w->options.wake(w->options.wake_arg); /* what waited need not wait for the next look */
    }
    return answer(p, q, e);
}

int oauth_callback_get(web *w, const struct request *q, struct response *r, struct err *e)
{
    struct callback_page p = {.web = w, .to = {.mem = q->mem, .response = r}};
    return arrive(&p, q, oauth_callback, e);
}

int slack_identity_callback_get(web *w, const struct request *q, struct response *r, struct err *e)
{
    struct callback_page p = {.web = w, .platform = "slack", .to = {.mem = q->mem, .response = r}};
    return arrive(&p, q, oauth_identity, e);
}

int teams_identity_callback_get(web *w, const struct request *q, struct response *r, struct err *e)
{
    struct callback_page p = {.web = w, .platform = "teams", .to = {.mem = q->mem, .response = r}};
    return arrive(&p, q, oauth_identity, e);
}
