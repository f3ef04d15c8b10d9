#include "login_int.h"

#include <inttypes.h>

#include "base/clock.h"
#include "base/str.h"

/*
 * The page of a set-up link, by which somebody becomes an admin. GET changes nothing (P3); POST
 * shows a code, which is sent in the chat by whoever is to be one (bot/setup.c). The page names
 * nobody: whoever has the link may not be whom it was meant for.
 */

struct setup_page {
    web *web;
    const char *handle;
    struct workspace *workspace;
    struct setup *link; /* NULL: not known */
    struct landing_answer to;
};

static int load_rows(void *arg, store *s, const char *hash, struct err *e)
{
    struct setup_page *p = arg;
    return store_setup_by_handle(s, p->workspace->workspace, hash, &p->link, e);
}

static int load(web *w, const struct request *q, struct response *r, struct setup_page *ret,
                struct err *e)
{
    *ret =
        (struct setup_page){.web = w, .handle = q->params[0], .to = {.mem = q->mem, .response = r}};
    const struct link link = {ret->handle, load_rows, ret};
    return link_load(w, q->mem, &link, &ret->workspace, e);
}

/* The tenant may have been taken off the list since. */
static bool is_open(const struct setup_page *p)
{
    const struct setup *x = p->link;
    return x->used_at == 0 && x->ended_at == 0 && x->expires_at > clock_now() &&
           chats_driver(p->web->options.chats, x->workspace) != NULL;
}

/* Says to a person who was too late that somebody was not. */
static int over(struct setup_page *p, struct err *e)
{
    p->to.eyebrow = "Nothing to do here";
    if (p->link->used_at > 0) {
        return landing_message(
            &p->to, 410, "This link has been used",
            "Somebody became an admin with it. If that was not you, tell whoever "
            "gave it to you at once: it may have fallen into other hands.",
            e);
    }
    return landing_message(
        &p->to, 410, "This link does nothing any more",
        "A set-up link is good for a day, and its operator can take it back. Ask "
        "for a new one. Nothing was changed.",
        e);
}

static int unknown_link(struct setup_page *p, struct err *e)
{
    p->to.eyebrow = "Not found";
    return landing_message(&p->to, 404, "This link is not known",
                           "It may have been cut when it was copied, or is too old. Ask whoever "
                           "gave it to you for a new one.",
                           e);
}

static const char *place(const struct setup_page *p)
{
    return str_empty(p->workspace->name) ? NULL : p->workspace->name;
}

static const char *action(const struct setup_page *p)
{
    return arena_printf(p->to.mem, "/setup/%s", p->handle);
}

static const char *chat(const struct setup_page *p)
{
    const struct landing g = {.workspace = p->workspace};
    return landing_chat(&g);
}

static int show_page(struct setup_page *p, struct err *e)
{
    json_t *data = arena_json(
        p->to.mem, json_pack("{s:s, s:s?, s:s, s:s, s:s}", "title", "Become an admin", "workspace",
                             place(p), "chat", chat(p), "expires",
                             landing_time(p->to.mem, p->link->expires_at), "action", action(p)));
    return landing_page("setup.html", data, 200, &p->to, e);
}

/* How long a code is good. */
static const char *minutes(const struct setup_page *p)
{
    int64_t count = p->web->config->ttl_code / 60;
    return count < 2 ? "a minute" : arena_printf(p->to.mem, "%" PRId64 " minutes", count);
}

static int code_page(struct setup_page *p, const char *code, struct err *e)
{
    json_t *data =
        arena_json(p->to.mem, json_pack("{s:s, s:s, s:s?, s:s, s:s, s:s}", "title", "Send this",
                                        "code", code, "workspace", place(p), "chat", chat(p),
                                        "minutes", minutes(p), "action", action(p)));
    return landing_page("setup_code.html", data, 200, &p->to, e);
}

int setup_get(web *w, const struct request *q, struct response *r, struct err *e)
{
    struct setup_page p;
    if (load(w, q, r, &p, e) != 0) {
        return -1;
    }
    if (p.link == NULL) {
        return unknown_link(&p, e);
    }
    return is_open(&p) ? show_page(&p, e) : over(&p, e);
}

int setup_post(web *w, const struct request *q, struct response *r, struct err *e)
{
    struct setup_page p;
    const char *code = NULL;
    if (load(w, q, r, &p, e) != 0) {
        return -1;
    }
    if (p.link == NULL) {
        return unknown_link(&p, e);
    }
    if (!is_open(&p)) {
        return over(&p, e);
    }
    if (bot_setup_show(w->options.bot, q->mem, p.link, &code, e) != 0) {
        return -1;
    }
    if (code != NULL) {
        return code_page(&p, code, e);
    }
    if (p.link->codes >= SETUP_CODES_MAX) {
        p.to.eyebrow = "Too many codes";
        return landing_message(&p.to, 410, "This link shows no more codes",
                               "It has shown as many as it may. Ask whoever gave it to you for a "
                               "new one. Nothing was changed.",
                               e);
    }
    return over(&p, e); /* used or taken back at this very moment */
}
