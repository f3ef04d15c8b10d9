#ifndef WB_NET_INT_H
#define WB_NET_INT_H

#include <netinet/in.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/socket.h>

#include <curl/curl.h>

#include "net.h"

/* --- pool.c: easy handles with their connections, last given first taken --- */

struct net_idle {
    CURL *curl;
    uint64_t host; /* hash of the last scheme and host: its connection may still be open */
};

/* What a peer takes of the process (breaker.c). */
struct net_peer_load {
    uint64_t peer;
    size_t in_flight;
    size_t unanswered;     /* calls in a row */
    uint64_t of[2];        /* the first workspaces whose they were; 0: none */
    bool of_several;       /* a third one's were among them, or nobody's */
    int64_t rest_ms;       /* how long it rests; 0: it is well */
    int64_t rest_until_ms; /* on clock_mono_ms(), as the next */
    int64_t used_at_ms;
    bool trying; /* its rest is over, and one call finds out */
};

enum { NET_PEERS_MAX = 256 };

struct net_client {
    pthread_mutex_t lock;  /* guards idle, idle_count, live, peers and own */
    struct net_idle *idle; /* longest idle first */
    size_t idle_count;
    size_t live; /* handles that exist, idle or in use */
    size_t idle_max;
    size_t per_peer; /* calls in flight at most; 0: any number */
    size_t per_app;  /* the same for those of runs */
    struct net_peer_load peers[NET_PEERS_MAX];
    struct net_peer_load own[NET_PEERS_MAX]; /* of one workspace's calls that found no answer */
    atomic_bool stopped;
    CURLSH *share; /* DNS answers and TLS sessions */
    pthread_mutex_t share_locks[CURL_LOCK_DATA_LAST];
    bool (*tls_trust)(void *ssl_ctx);
    char **trusted;
    size_t trusted_count;
};

/* A handle with default options; one that last spoke to this host if there is one. */
CURL *net_pool_take(net_client *c, uint64_t host);
void net_pool_give(net_client *c, CURL *curl, uint64_t host);
/* Closes a handle with its connections. */
void net_pool_drop(net_client *c, CURL *curl);
bool net_client_trusts(const net_client *c, const char *host_port);

/* --- guard.c: where a call may go --- */

/* False for loopback, private, link-local, reserved, multicast and the like, IPv4 inside IPv6
 * included (IANA special-purpose address registries, RFC 6890). */
bool net_address_allowed(const struct sockaddr *address);
bool net_address_text_allowed(const char *ip);

/* --- one call: http.c, options.c, headers.c, callbacks.c --- */

struct net_call_state {
    net_client *client;
    arena *mem;
    const struct net_request *q;
    struct net_url url;
    const char *host_port;                 /* always with a port */
    uint64_t host;                         /* hash of scheme and host_port */
    uint64_t peer;                         /* hash of these and the peer's name */
    uint64_t workspace;                    /* 0: none */
    uint64_t own;                          /* hash of the peer's and the workspace */
    struct net_peer_load *load, *own_load; /* NULL: none */
    bool trusted;
    bool repeatable; /* a method without effect: curl may send it again on a fresh connection */
    bool forbidden;  /* an address rule refused the peer */
    bool too_large;
    unsigned sent; /* how often the request was about to be written */
    size_t answer_max;
    size_t header_bytes;
    uint8_t *body;
    size_t body_len;
    size_t body_room;
    curl_mime *mime; /* NULL: none */
};

enum { NET_HEADER_BYTES_MAX = 64 * 1024 };

/* Sets all options of one call. */
int net_options_set(CURL *curl, struct net_call_state *s, struct err *e);
CURLcode net_callbacks_set(CURL *curl, struct net_call_state *s);
/* The headers of a call, on its arena; ERR_INPUT "bad_request" when one would break its line. */
int net_headers_make(struct net_call_state *s, struct curl_slist **ret, struct err *e);
bool net_is_token(const char *text); /* RFC 9110 section 5.6.2 */
/* The parts of a call, as s->mime: libcurl's, so it is freed with net_mime_free when the call is
 * over. CURLE_OK when there are none. */
CURLcode net_mime_set(CURL *curl, struct net_call_state *s);
void net_mime_free(struct net_call_state *s);

/* --- breaker.c --- */

enum net_end {
    NET_ANSWERED,
    NET_UNANSWERED, /* it could not be reached, or did not answer */
    NET_NO_WORD     /* what ended the call says nothing of the peer */
};

/* ERR_UPSTREAM_BUSY "peer_rests", "peer_full": the call is not to be made. */
int net_peer_enter(net_client *c, struct net_call_state *s, struct err *e);
/* Once after each net_peer_enter that gave 0. */
void net_peer_leave(net_client *c, const struct net_call_state *s, enum net_end end);

/* --- peers.c --- */

/* `peer="salesforce"`, which lives as long as the process; `peer="other"` for a name that is none
 * or past the bound of the table, so that metrics stay a closed set. */
const char *net_peer_label(const char *peer);

/* --- form.c --- */

/* Wipes len bytes when mem is freed. */
void net_wipe_later(arena *mem, void *bytes, size_t len);

#endif
