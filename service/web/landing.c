#include "login_int.h"

#include "base/clock.h"
#include "base/json.h"
#include "base/str.h"

/* What all pages of a login begin with: whose link it is, and how a page of it is answered. */

/* --- what a link stands for --- */

static int load_rows(void *arg, store *s, const char *hash, struct err *e)
{
    struct landing *g = arg;
    const char *workspace = g->workspace->workspace;
    if (store_login_by_handle(s, workspace, hash, &g->login, e) != 0) {
        return -1;
    }
    if (g->login == NULL) {
        return 0;
    }
    if (store_default_find(s, workspace, g->login->default_name, &g->connection, e) != 0 ||
        store_user_find(s, workspace, store_login_person(g->login), &g->user, e) != 0) {
        return -1;
    }
    return str_empty(g->login->user_id)
               ? 0
               : bot_login_awaited(s, g->login, &g->command, &g->commands_count, e);
}

int landing_load(web *w, arena *mem, const char *handle, struct landing *ret, struct err *e)
{
    *ret = (struct landing){.handle = handle};
    const struct link link = {handle, load_rows, ret};
    return link_load(w, mem, &link, &ret->workspace, e);
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

const char *landing_dm(const web *w, const struct landing *g)
{
    const struct chat_driver *d =
        g->workspace == NULL ? NULL : chats_driver(w->options.chats, g->workspace->workspace);
    return d == NULL ? "private chat" : d->dm;
}

char *landing_back_link(const web *w, arena *mem, const struct landing *g)
{
    if (g->workspace == NULL || g->user == NULL || g->user->dm_channel == NULL) {
        return NULL;
    }
    const struct chat_driver *d = chats_driver(w->options.chats, g->workspace->workspace);
    if (d == NULL || d->link == NULL) {
        return NULL;
    }
    return d->link(w->options.chats, mem, g->workspace->workspace, g->user->dm_channel);
}

bool landing_is_open(const struct landing *g)
{
    return g->login != NULL && g->connection != NULL &&
           (g->login->state == LOGIN_OPEN || g->login->state == LOGIN_CODE) &&
           g->login->expires_at > clock_now();
}

bool landing_is_allowed(const struct landing *g)
{
    return g->login != NULL && store_login_allowed(g->login, g->user, g->workspace);
}

bool landing_windows(const web *w, const struct landing *g)
{
    const struct chat_driver *d = g->login == NULL || str_empty(g->login->user_id)
                                      ? NULL
                                      : chats_driver(w->options.chats, g->workspace->workspace);
    return d != NULL && d->windows;
}

/* --- answers --- */

/* What the page's script tells the client around the window. */
static json_t *telling(const struct landing_answer *to)
{
    return json_must(json_pack("{s:s?, s:s?, s:s, s:s}", "window_code", to->tells_code,
                               "window_failure", to->tells_failure, "library", TEAMS_LIBRARY_URL,
                               "integrity", TEAMS_LIBRARY_INTEGRITY));
}

int landing_page(const char *name, json_t *data, int status, struct landing_answer *to,
                 struct err *e)
{
    char *html = NULL;
    if (to->window) {
        json_put(data, "window", json_true());
    }
    if (to->window && (to->tells_code != NULL || to->tells_failure != NULL)) {
        json_put(data, "tells", telling(to));
    }
    if (html_page(to->mem, name, data, &html, e) != 0) {
        return -1;
    }
    if (to->window) {
        respond_window(to->mem, to->response, status, html, to->form_action);
    } else {
        respond_html(to->mem, to->response, status, html, to->form_action);
    }
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

int landing_prepare(web *w, const struct request *q, struct response *r, struct landing *g,
                    struct landing_answer *to, struct err *e)
{
    *to = (struct landing_answer){.mem = q->mem, .response = r};
    if (landing_load(w, q->mem, q->params[0], g, e) != 0) {
        return -1;
    }
    to->back_link = landing_back_link(w, q->mem, g);
    to->back_label = arena_printf(q->mem, "Back to %s", landing_chat(g));
    to->window = login_window(q) && (g->login == NULL || landing_windows(w, g));
    return 0;
}

int landing_unknown(struct landing_answer *to, struct err *e)
{
    to->eyebrow = "Not found";
    return landing_message(to, 404, "This link is not known",
                           "It may have been cut when it was copied. Go back to your chat and "
                           "press the button there, or type `connect` for a new one.",
                           e);
}

/* Off-boarded, by what is known: no detail of anybody, and no way back to a chat of theirs. */
int landing_not_allowed(struct landing_answer *to, struct err *e)
{
    const struct oauth_outcome o = {.end = OAUTH_NOT_ALLOWED};
    const struct callback_end *said = callback_end(&o);
    to->back_link = NULL;
    return landing_message(to, said->status, said->title, said->text, e);
}
