#ifndef WB_WEB_CONSOLE_ENTER_INT_H
#define WB_WEB_CONSOLE_ENTER_INT_H

#include "console_int.h"

/* An admin's link into the console: what its two ways in share (console_enter.c). */

struct way {
    struct console c;
    const char *handle; /* NULL: the browser came by a state */
    struct workspace *workspace;
    struct console_session *link; /* NULL: not known */
    struct user *user;
};
struct console way_console(web *w, const struct request *q, struct response *r);
int way_load(web *w, const struct request *q, struct response *r, struct way *ret, struct err *e);
bool way_is_open(const struct way *x);
/* The same page for a link that is unknown, old, used or of somebody who is no admin any more. */
int way_over(const struct way *x, struct err *e);
/* data is taken over. */
int way_page(const struct console *c, const char *name, int status, json_t *data, struct err *e);
/* This browser has the session of this cookie, and goes to its first page. */
void way_enter(const struct way *x, const char *token);

#endif
