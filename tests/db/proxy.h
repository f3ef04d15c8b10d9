#ifndef WB_TESTS_DB_PROXY_H
#define WB_TESTS_DB_PROXY_H

#include "base/arena.h"

/*
 * A TCP relay in front of the test server that loses connections at the moment a test chooses.
 */
typedef struct proxy proxy;

enum proxy_mode {
    PROXY_PASS,
    PROXY_CUT_REQUEST, /* the next bytes of a client end its connection and never arrive */
    PROXY_CUT_ANSWER,  /* the next bytes of the server end the connection and never arrive */
    PROXY_FREEZE       /* nothing moves, connections stay open */
};

/* A relay to the server of url, on a free loopback port. */
proxy *proxy_new(const char *url);
void proxy_free(proxy *p);
/* url as seen through the relay. */
const char *proxy_url(const proxy *p);
/* The cutting modes fall back to PROXY_PASS after they have cut once. */
void proxy_set(proxy *p, enum proxy_mode mode);
/* Connections that clients have opened so far. */
int proxy_accepted(proxy *p);
/* Closes the listening port and every connection: what comes is refused until proxy_up. */
void proxy_down(proxy *p);
void proxy_up(proxy *p);

#endif
