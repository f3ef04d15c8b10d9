#ifndef WB_WEB_SLACK_INSTALL_INT_H
#define WB_WEB_SLACK_INSTALL_INT_H

#include "web_int.h"

/* An installation that came back from Slack, and the page that says what became of it. */

struct install_page {
    web *web;
    const struct request *request;
    struct response *response;
};

enum install_end {
    INSTALL_DENIED,      /* the person said no */
    INSTALL_STALE,       /* state or code too old, used, or of another browser */
    INSTALL_FAILED,      /* Slack said something else */
    INSTALL_BROKEN_OFF,  /* Slack's page came back with an error, or anybody says so */
    INSTALL_TOO_OFTEN,   /* from this address, in vain */
    INSTALL_BUSY,        /* Slack is away */
    INSTALL_SETTINGS,    /* an operator must look */
    INSTALL_ORG_HAS_IT,  /* the organisation's installation serves this workspace */
    INSTALL_REFUSED,     /* Slack gave a token and does not take it */
    INSTALL_NOT_ALLOWED, /* WORKBOT_ALLOWED_WORKSPACES */
    INSTALL_END_COUNT
};

/* slack_install.c */
char *slack_install_redirect_uri(arena *mem, const web *w);

/* slack_installed.c */
int install_end(struct install_page *p, enum install_end end, struct err *e);
/* Spends the code and keeps what it gives. */
int install_finish(struct install_page *p, const char *code, struct err *e);

#endif
