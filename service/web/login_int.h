#ifndef WB_WEB_LOGIN_INT_H
#define WB_WEB_LOGIN_INT_H

#include "web_int.h"

/* The browser's side of a login: what a link stands for, and how its pages are answered. */

struct landing {
    const char *handle;
    struct workspace *workspace; /* NULL: unknown link */
    struct login *login;         /* NULL: unknown link */
    struct default_connection *connection;
    struct user *user;   /* who asked; NULL for a default connection's login */
    const char *command; /* titles of what waits; NULL */
    size_t commands_count;
};
int landing_load(web *w, arena *mem, const char *handle, struct landing *ret, struct err *e);
bool landing_is_open(const struct landing *g);
/* May the link's user use Workbot, as the rows stand? Of an unknown link: no. */
bool landing_is_allowed(const struct landing *g);
/* A personal login of a chat with windows (chat_driver.windows). */
bool landing_windows(const web *w, const struct landing *g);
const char *landing_app_title(const web *w, const struct landing *g);
const char *landing_chat(const struct landing *g);
/* What its people call the chat with the bot alone. */
const char *landing_dm(const web *w, const struct landing *g);
struct landing_over {
    const char *eyebrow, *title, *text;
};
/* Why this login, which is not open, leads nowhere. */
const struct landing_over *landing_over(const struct landing *g);
/* What a reloaded or repeated callback says of its login; NULL: nothing that is certain. */
const struct landing_over *landing_came_back(const struct landing *g);
/* The conversation to go back to; NULL if it is not known. */
char *landing_back_link(const web *w, arena *mem, const struct landing *g);

/* "22 November 2026, 10:00 UTC" */
char *landing_time(arena *mem, int64_t at);

struct landing_answer {
    arena *mem;
    struct response *response;
    const char *back_link, *back_label;
    const char *form_action; /* further sources for the CSP */
    const char *eyebrow;     /* of a message that needs another than its tone's; NULL */
    bool window;             /* it stands in a window of the chat's client (login_window.c) */
    const char *tells_code, *tells_failure; /* what its script tells that client; NULL: nothing */
};
/* What a page of this link begins with; to be called first. */
int landing_prepare(web *w, const struct request *q, struct response *r, struct landing *g,
                    struct landing_answer *to, struct err *e);
/* The landing page, from a page that is answered so. */
const char *landing_path(const struct landing_answer *to, const char *handle);
int landing_page(const char *name, json_t *data, int status, struct landing_answer *to,
                 struct err *e);
int landing_message(struct landing_answer *to, int status, const char *title, const char *text,
                    struct err *e);
int landing_unknown(struct landing_answer *to, struct err *e);
int landing_not_allowed(struct landing_answer *to, struct err *e);

/* login_window.c */
/* Is this page of a login asked for in a window of the chat's client? */
bool login_window(const struct request *q);
/* Behind the value of a state's cookie: "" for a page of its own. */
const char *login_window_mark(bool window);

/* login_end.c: what came of an attempt, for the page that says so */
struct login_end {
    web *web;
    const char *platform; /* whose sign-in sends the browser back; NULL: an app does */
    struct landing_answer to;
    struct landing landing;
    struct oauth_outcome outcome;
    const char *reference;
    int64_t code_until; /* the code is good until then */
};
int login_end_page(struct login_end *p, struct err *e);

/* login_result.c: sends the browser to the page that says what came of its attempt. */
void login_result_show(struct login_end *p, const struct request *q);

/* callback_ends.c */
struct callback_end {
    int status;
    bool retry; /* the page offers it, while the login is open */
    const char *title, *text;
};
const struct callback_end *callback_end(const struct oauth_outcome *o);
/* callback_page.c: what a provider sends back in the address. */
int callback_query(const struct request *q, struct oauth_return *ret, struct err *e);
/* Binds the attempt to this browser, and lets its page offer another try. */
void callback_cookie(web *w, struct landing_answer *to, const struct oauth_begin *begun,
                     const char *handle);

#endif
