#include "login_int.h"

#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/str.h"

/* The provider sends the browser back: one state, one cookie, one exchange, one page. */

/* The cookie holds "<secret>~<handle>", and "~teams" behind them for a login in a window: the
 * secret binds the state to this browser, the handle lets the page offer another try. */
static const char *split_cookie(arena *mem, const char *cookie, const char **ret_handle)
{
    const char *mark = cookie == NULL ? NULL : strchr(cookie, '~');
    if (mark == NULL) {
        return NULL;
    }
    const char *end = strchr(mark + 1, '~');
    *ret_handle = end == NULL ? mark + 1 : arena_strndup(mem, mark + 1, (size_t)(end - mark - 1));
    return arena_strndup(mem, cookie, (size_t)(mark - cookie));
}

int callback_query(const struct request *q, struct oauth_return *ret, struct err *e)
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
    return request_query_all(q, &ret->query, e);
}

void callback_cookie(web *w, struct landing_answer *to, const struct oauth_begin *begun,
                     const char *handle)
{
    const struct header cookie = {.name = arena_printf(to->mem, "wb_state_%s", begun->cookie_key),
                                  .value = arena_printf(to->mem, "%s~%s%s", begun->cookie, handle,
                                                        login_window_mark(to->window))};
    cookie_set(to->mem, w, to->response, &cookie, w->config->ttl_state);
}

static void drop_cookie(struct login_end *p, const char *name)
{
    const struct header gone = {.name = name, .value = ""};
    cookie_set(p->to.mem, p->web, p->to.response, &gone, 0);
}

/* A page that is shown again still knows its login by its cookie, and says how that stands. Where
 * the page is another one, the way back to the app and on again leads to it. */
static bool cookie_stays(const struct login_end *p)
{
    enum oauth_end end = p->outcome.end;
    return end == OAUTH_CODE_SHOWN || end == OAUTH_CONNECTED || end == OAUTH_SITE_ASKED ||
           end == OAUTH_EXPIRED || landing_windows(p->web, &p->landing);
}

static void note(const struct login_end *p)
{
    const struct oauth_outcome *o = &p->outcome;
    if (o->end != OAUTH_CODE_SHOWN && o->end != OAUTH_CONNECTED && o->end != OAUTH_SITE_ASKED) {
        log_info("a login came to nothing", LOG_TEXT("request", p->reference),
                 LOG_TEXT("reason", o->reason), LOG_TEXT("why", o->why == NULL ? "" : o->why),
                 LOG_TEXT("workspace", o->workspace == NULL ? "" : o->workspace->workspace));
    }
}

static int answer(struct login_end *p, const struct request *q, struct err *e)
{
    const struct oauth_outcome *o = &p->outcome;
    if (o->end == OAUTH_PROVEN) {
        callback_cookie(p->web, &p->to, &o->next, p->landing.handle);
        respond_see_other(p->to.response, o->next.url);
        return 0;
    }
    note(p);
    if (landing_windows(p->web, &p->landing)) {
        login_result_show(p, q);
        return 0;
    }
    return login_end_page(p, e);
}

/* The handle in the cookie is this browser's word alone. The state has said whose login it is: the
 * link of another one is as good as unknown. */
static int load_landing(struct login_end *p, const char *handle, struct err *e)
{
    const struct login *its = p->outcome.login;
    struct landing *g = &p->landing;
    if (landing_load(p->web, p->to.mem, handle, g, e) != 0) {
        return -1;
    }
    if (its != NULL && g->login != NULL &&
        !(str_equal(its->workspace, g->login->workspace) && str_equal(its->id, g->login->id))) {
        *g = (struct landing){.handle = ""};
    }
    return 0;
}

/* To the chat, or for a default connection's own login to the page that asks for its code. */
static void lead_back(struct login_end *p, arena *mem)
{
    const struct login *l = p->landing.login;
    if (l != NULL && str_empty(store_login_person(l))) {
        p->to.back_link = arena_printf(mem, "/console/workspaces/%s/setup/apps/%s", l->workspace,
                                       l->default_name);
        p->to.back_label = "Back to the set-up";
        return;
    }
    p->to.back_link = landing_back_link(p->web, mem, &p->landing);
    p->to.back_label = arena_printf(mem, "Back to %s", landing_chat(&p->landing));
}

typedef int arrive_fn(oauth *o, arena *mem, const struct oauth_return *r, struct oauth_outcome *ret,
                      struct err *e);

static int arrive(struct login_end *p, const struct request *q, arrive_fn *take, struct err *e)
{
    web *w = p->web;
    struct oauth_return in = {.callback_key = q->params[0],
                              .platform = p->platform,
                              .connected = bot_login_connected,
                              .arg = w->options.bot};
    const char *handle = "";
    if (callback_query(q, &in, e) != 0) {
        return -1;
    }
    const char *name = arena_printf(q->mem, "wb_state_%s",
                                    oauth_cookie_key(q->mem, in.state == NULL ? "" : in.state));
    in.cookie = split_cookie(q->mem, request_cookie(q, cookie_name(q->mem, w, name)), &handle);
    if (take(w->options.oauth, q->mem, &in, &p->outcome, e) != 0 ||
        bot_login_returned(w->options.bot, q->mem, &p->outcome, e) != 0 ||
        load_landing(p, handle, e) != 0) {
        return -1;
    }
    bool closed = p->outcome.end == OAUTH_NOT_ALLOWED;
    p->to.window = login_window(q) && landing_windows(w, &p->landing);
    if (!closed) {
        lead_back(p, q->mem);
    }
    if (in.cookie != NULL && !cookie_stays(p)) {
        drop_cookie(p, name);
    }
    if (p->outcome.end == OAUTH_CONNECTED && w->options.wake != NULL) {
        w->options.wake(w->options.wake_arg); /* what waited need not wait for the next look */
    }
    return answer(p, q, e);
}

static struct login_end begun(web *w, const struct request *q, struct response *r)
{
    return (struct login_end){.web = w,
                              .to = {.mem = q->mem, .response = r},
                              .reference = q->id,
                              .code_until = clock_now() + w->config->ttl_code};
}

int oauth_callback_get(web *w, const struct request *q, struct response *r, struct err *e)
{
    struct login_end p = begun(w, q, r);
    return arrive(&p, q, oauth_callback, e);
}

/* Of a login, of a try in the set-up or of the console's door: the state says which. */
static int identity_returned(web *w, const struct request *q, struct response *r,
                             const char *platform, struct err *e)
{
    const char *state = NULL;
    if (request_query(q, "state", &state, e) != 0) {
        return -1;
    }
    if (oauth_is_try(state)) {
        return wizard_sign_in_return(w, q, r, platform, e);
    }
    if (oauth_is_entry(state)) {
        return console_sign_in_return(w, q, r, platform, e);
    }
    struct login_end p = begun(w, q, r);
    p.platform = platform;
    return arrive(&p, q, oauth_identity, e);
}

int slack_identity_callback_get(web *w, const struct request *q, struct response *r, struct err *e)
{
    return identity_returned(w, q, r, "slack", e);
}

int teams_identity_callback_get(web *w, const struct request *q, struct response *r, struct err *e)
{
    return identity_returned(w, q, r, "teams", e);
}
