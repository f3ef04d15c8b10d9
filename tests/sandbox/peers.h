/* The stand-ins. A further one is one more file that fills a struct
 * peer, and one line in the table in peers.c. */
#ifndef SANDBOX_PEERS_H
#define SANDBOX_PEERS_H

#include "faults.h"
#include "http.h"

/* What scripts and the chat page can do with a chat platform. The calls run on worker threads with
 * the world unlocked; body is the JSON object of the call. */
struct chat_call {
    const char *path; /* "/_say" */
    void (*run)(struct request *req, const json_t *body);
};
struct chat {
    const struct chat_call *calls;         /* POST; ended by a NULL path */
    void (*messages)(struct request *req); /* arguments in the query; world locked */
    void (*view)(struct request *req);     /* the same: what a person has on the screen */
    json_t *(*snapshot)(size_t limit);     /* for the chat page; world locked */
};

struct peer {
    const char *name;   /* as in faults, journal and scripts */
    const char *prefix; /* "/slack" */
    bool own_port;      /* with --app-ports also at the root of a port of its own */
    /* Answers one request. `path` is what follows the prefix, raw; `base` is the address at
     * which the caller sees this peer. The world is locked. */
    void (*handle)(struct request *req, const char *path, const char *base);
    /* The platform's own answers to "too many requests" and "out of order". */
    void (*throttle)(struct request *req, const char *path, const struct fault *fault);
    void (*unavailable)(struct request *req, const char *path, unsigned status);
    /* Builds the state anew out of this peer's part of the seed. The world is locked. */
    void (*reset)(json_t *seed);
    /* Changes settings at run time (PUT /_config {"<name>":{...}}). NULL or what is wrong. */
    const char *(*configure)(const json_t *settings);
    /* What GET /_state/<name> answers. The world is locked. */
    json_t *(*state)(void);
    const struct chat *chat; /* NULL: not a chat platform */
};

extern const struct peer slack_peer;
extern const struct peer teams_peer;
extern const struct peer salesforce_peer;
extern const struct peer servicenow_peer;
extern const struct peer box_peer;

const struct peer *peer_find(const char *name);
/* Every peer in turn until NULL. */
const struct peer *peer_at(size_t i);
/* The listener of its own that this peer may have. */
int peer_listener(const struct peer *peer);
/* Whose path this is; ret_rest points behind the prefix. */
const struct peer *peer_of_path(const char *path, const char **ret_rest);
/* Runs a request through faults, the peer and the journal. */
void peer_serve(const struct peer *peer, struct request *req, const char *rest, const char *base);

#endif
