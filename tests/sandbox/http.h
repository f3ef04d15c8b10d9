/* The sandbox's HTTP server (libmicrohttpd), its worker threads and its timer.
 *
 * A handler runs on a server thread and must not block: it fills the reply and returns. Work that
 * blocks goes through http_block (a worker thread), a late answer through req->delay_ms (the
 * timer), and an answer that waits for something to happen through http_wait (long polling). */
#ifndef SANDBOX_HTTP_H
#define SANDBOX_HTTP_H

#include "util.h"

/* Listener 0 is the main one; a peer that has a port of its own has that of its place, from 1. */
enum { LISTENER_MAIN, LISTENERS_MAX = 8 };

enum { HTTP_BODY_MAX = 16 * 1024 * 1024, HTTP_HEADERS_MAX = 12 };

struct request {
    void *connection;
    int listener;
    char *method;
    char *path;       /* raw, still percent-encoded, without the query */
    char *query_text; /* raw, never NULL */
    json_t *query;    /* decoded; NULL when malformed */
    struct buf body;
    bool begun;
    bool too_large;

    /* the reply */
    unsigned status;
    const char *type; /* content type, static */
    struct buf reply;
    char *headers[HTTP_HEADERS_MAX][2];
    unsigned header_count;
    bool cut;           /* close the connection instead of answering */
    int64_t delay_ms;   /* answer this much later */
    const char *fault;  /* name of the fault that was applied, for the journal */
    int64_t started_ms; /* monotonic */

    /* owned by http.c */
    bool ready;
    void (*work)(struct request *req);
    bool (*poll)(struct request *req, bool last);
    int64_t poll_until;
    struct request *next;
};

/* Header of the request, or NULL. */
const char *http_header(const struct request *req, const char *name);
/* All request headers as "Name: value" lines, for the journal. */
void http_headers_text(const struct request *req, struct buf *ret);
/* Value of a request cookie, or NULL. */
const char *http_cookie(const struct request *req, const char *name);
bool http_is(const struct request *req, const char *method);
/* The media type of the request body equals type; parameters are ignored. */
bool http_body_is(const struct request *req, const char *type);
/* The base address that the caller used: "http://" and its Host header. */
char *http_origin(const struct request *req);

void http_reply_header(struct request *req, const char *name, const char *value);
/* Takes over the reference. */
void http_reply_json(struct request *req, unsigned status, json_t *body);
void http_reply_text(struct request *req, unsigned status, const char *type, const char *body);
void http_redirect(struct request *req, unsigned status, const char *location);

/* Runs work(req) on a worker thread; the connection waits meanwhile. Last act of a handler. */
void http_block(struct request *req, void (*work)(struct request *req));
/* Long poll: poll(req, last) is tried on each http_wake until it returns true (it has filled the
 * reply) or until wait_ms is over, when it is called with last = true. Last act of a handler. */
void http_wait(struct request *req, int64_t wait_ms, bool (*poll)(struct request *req, bool last));
void http_wake(void);

/* Queue for the worker threads, and for later. fn owns arg. After the server was told to stop,
 * tasks are still run, so that nothing leaks; they look at http_stopping. */
void task_post(void (*fn)(void *arg), void *arg);
void task_post_later(int64_t delay_ms, void (*fn)(void *arg), void *arg);
bool http_stopping(void);

/* Starts threads and listeners on 127.0.0.1 (or the given address); port 0 takes a free one.
 * -1: no such listener. Returns 0, or -1 after a message on stderr. */
struct http_options {
    const char *address;
    int ports[LISTENERS_MAX];
    void (*handle)(struct request *req);
};
int http_start(const struct http_options *options);
/* -1: there is none. */
int http_port(int which);
void http_stop(void);

#endif
