/* Outbound HTTP (libcurl): deliveries to the bot and the link-preview crawler. Blocking, for
 * worker threads only. Every call is written into the journal. */
#ifndef SANDBOX_CLIENT_H
#define SANDBOX_CLIENT_H

#include "util.h"

enum { CLIENT_HEADERS_MAX = 12 };

struct call {
    const char *peer;   /* name for the journal */
    const char *method; /* POST, GET, HEAD */
    const char *url;
    const char *headers[CLIENT_HEADERS_MAX]; /* "Name: value", NULL ends */
    const char *body;
    size_t body_len;
    int64_t timeout_ms;
    int redirects; /* how many are followed */

    /* the answer */
    int status; /* 0: none came */
    int64_t took_ms;
    struct buf answer;
    char type[64];       /* its media type, lower case, without parameters */
    bool no_retry;       /* the answer said X-Slack-No-Retry: 1 */
    const char *failure; /* Slack's word for a retry reason, or NULL when an answer came */
    char *location;      /* final address when redirects were followed */
};

void client_call(struct call *call);
void client_call_free(struct call *call);

#endif
