#ifndef WB_WEB_SERVER_INT_H
#define WB_WEB_SERVER_INT_H

#include <pthread.h>
#include <stdatomic.h>
#include <sys/queue.h>

#include "web_int.h"

/*
 * Between libmicrohttpd (server.c) and the handlers: the life of one request (calls.c), and the
 * clocks that libmicrohttpd does not have (watch.c).
 *
 * Who may touch a call: the HTTP thread, until it suspends the connection; then the worker or the
 * intake writer (which also hold a reference of their own); then again the HTTP thread, once
 * whoever *claimed* the call has resumed the connection. A call is claimed exactly once: by its
 * worker when the answer is there, or by the watch when its time is over or the server stops. A
 * worker that comes too late finds it claimed and just drops its reference, so nobody resumes twice
 * and nobody touches a connection that is gone.
 */

/* One TCP connection, for the clock against slow senders and readers. */
struct peer {
    TAILQ_ENTRY(peer) entry;
    int fd;
    char address[64];
    _Atomic int64_t since_ms;    /* monotonic: when this state began */
    _Atomic int64_t deadline_ms; /* shut down when it is still in this state then */
};

enum call_phase {
    CALL_NEW,     /* the request line is there */
    CALL_READING, /* the headers are there, the body comes */
    CALL_WAITING, /* suspended */
    CALL_ANSWERED
};

struct call {
    struct intake_item item; /* first: the intake gives it back */
    TAILQ_ENTRY(call) entry; /* in the watch, while it waits */
    bool waiting;            /* guarded by the watch */
    bool begun;              /* guarded by the watch: a worker has taken it up */
    bool late;               /* claimed by the watch: answer 503 and leave q and r alone */
    int64_t deadline_ms;

    struct server *server;
    const struct listening *listening;
    void *connection; /* libmicrohttpd's; server.c only */
    struct peer *peer;
    arena *mem;
    atomic_int references;

    enum call_phase phase;
    const char *raw_path;
    struct request q;
    struct response r;
    const struct route *route;     /* NULL: none was found */
    const struct at_once *at_once; /* how a worker answers this webhook; NULL: no worker does */
    route_fn *later;               /* response.later, from then on; NULL: there is none */
    struct job_seed *seed;
    TAILQ_ENTRY(call) coming; /* in the bodies, while its own is on its way */
    uint8_t *body;            /* in q once it is whole; this, its room and where it is: guarded */
    size_t body_len;
    size_t body_room;
    size_t body_most; /* as announced, or as the route takes, and a NUL */
    bool body_coming;
    bool body_gone; /* had to give way */
    size_t dropped;
    bool refused; /* r is the answer already: what still comes of the body is dropped */
    int status;   /* that was sent; 0: none */
    int64_t started_us;
};

TAILQ_HEAD(call_list, call);
TAILQ_HEAD(peer_list, peer);

struct bodies {
    pthread_mutex_t lock;
    struct call_list coming; /* not whole yet, those that began first before the others */
    size_t bytes, coming_bytes;
};

struct watch {
    pthread_mutex_t lock;
    pthread_cond_t wake;
    pthread_cond_t quiet; /* the last call ended */
    pthread_t thread;
    struct call_list calls;
    struct peer_list peers;
    bool stopping;
};

/* A socket that listens. */
struct listening {
    struct server *server;
    const char *name; /* "main", "ops", "api" */
    bool routes[LISTENER_COUNT];
    unsigned threads;
    unsigned connections_max;
    int port;
    void *daemon; /* libmicrohttpd's */
};

enum { LISTENINGS_MAX = 3, STATUS_CLASSES = 6 };

struct server {
    web *web;
    struct listening list[LISTENINGS_MAX];
    size_t count;
    struct watch watch;
    struct bodies bodies;
    atomic_int calls; /* from the request line to the last byte of the answer */
    void *empty_ok;   /* the acknowledgement, made once */
};

/* --- server.c --- */

int server_start(arena *boot, web *w, struct server **ret, struct err *e);
int server_port(const struct server *s, const char *listener);
void server_quiesce(struct server *s); /* no new connections */
void server_free(struct server *s);    /* everything suspended was resumed before */
void server_suspend(struct call *c);
void server_resume(struct call *c);

/* --- listen.c --- */

/* A listening socket on "host:port" or "[v6]:port"; port 0 takes any, *ret_port tells. */
int listen_open(arena *mem, const char *address, int *ret_fd, int *ret_port, struct err *e);

/* --- calls.c --- */

struct call *call_new(const struct listening *l, const char *url);
void call_unref(struct call *c);
/* The headers are in q. True: answer now, without the body. */
bool call_begin(struct call *c, const char *method);
/* A part of the body. False: far too much, cut the connection. */
bool call_body(struct call *c, const char *data, size_t len);
/* The body is in. True: answer now; false: the connection is suspended. */
bool call_end(struct call *c);
/* The answer was sent or the connection is gone: access log, metrics, the server's reference. */
void call_over(struct call *c);
void call_work(void *item); /* on a request worker */
/* The answer of a webhook whose sender waits no longer. */
void call_answer_late(const struct call *c, struct response *r);

/* --- body.c --- */

void bodies_start(struct bodies *b);
/* False: it gave way to others, or there is no room; nothing of it is held any more. */
bool body_append(struct call *c, const char *data, size_t len);
/* It has come, and stands in q until the call is answered. False: it gave way to others. */
bool body_whole(struct call *c);
void body_drop(struct call *c);

/* --- access.c --- */

/* The access log line and the duration metric of a call that is over. */
void access_note(const struct call *c);
/* What went wrong with it, when that is ours. */
void access_fault(const struct call *c, const struct err *e);

/* --- watch.c --- */

enum { WATCH_TICK_MS = 100 };

void watch_start(struct watch *w);
void watch_stop(struct watch *w);
void watch_add(struct watch *w, struct call *c, int64_t wait_ms);
/* A worker takes the call up; its clock starts anew. False: the watch has answered it meanwhile,
 * and what it asked for must not be done any more. */
bool watch_begin(struct watch *w, struct call *c, int64_t wait_ms);
/* How it is answered is known only now: a call that is still waiting gets those words when it is
 * late. */
void watch_knows(struct watch *w, struct call *c, const struct at_once *a);
/* True: the caller alone resumes this call now. */
bool watch_claim(struct watch *w, struct call *c);
/* Claims all that wait and answers them 503. */
void watch_end_all(struct watch *w);
/* Until no call is left, at most wait_ms. */
void watch_wait_quiet(struct watch *w, atomic_int *calls, int64_t wait_ms);
void watch_quiet(struct watch *w);
void watch_peer_add(struct watch *w, struct peer *p);
void watch_peer_remove(struct watch *w, struct peer *p);

/* Longest stays of a connection in one state, in ms. */
enum {
    PEER_IDLE_MS = 75 * 1000,    /* between requests, headers included */
    PEER_RECEIVE_MS = 30 * 1000, /* from the request line to the end of the body */
    PEER_SEND_MS = 60 * 1000,
    PEER_CROWDED_MS = 500 /* any of these when there are far too many */
};
/* So many are waited for that long. Each costs up to 36 KB, and a place (connections_max). */
enum { PEERS_WAITED_FOR = 1024 };
/* How long a state may last with as many connections as there are: the more are waited for, the
 * shorter; those longest in theirs go first. Under the lock. */
int64_t watch_patience(const struct watch *w, int64_t now_ms);
void peer_expect(struct peer *p, int64_t within_ms);
void peer_rest(struct peer *p); /* suspended: the call's own deadline counts */

#endif
