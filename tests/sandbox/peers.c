#include "peers.h"

#include "journal.h"
#include "world.h"

#include <stdlib.h>
#include <string.h>

static const struct peer *const peers[] = {&slack_peer, &teams_peer, &salesforce_peer,
                                           &servicenow_peer, &box_peer};

const struct peer *peer_at(size_t i)
{
    return i < sizeof peers / sizeof peers[0] ? peers[i] : NULL;
}

int peer_listener(const struct peer *peer)
{
    int i = 0;
    while (peer_at((size_t)i) != peer) {
        i++;
    }
    return i + 1;
}

const struct peer *peer_find(const char *name)
{
    for (size_t i = 0; peer_at(i) != NULL; i++) {
        if (strcmp(peer_at(i)->name, name) == 0) {
            return peer_at(i);
        }
    }
    return NULL;
}

const struct peer *peer_of_path(const char *path, const char **ret_rest)
{
    for (size_t i = 0; peer_at(i) != NULL; i++) {
        size_t len = strlen(peer_at(i)->prefix);
        if (strncmp(path, peer_at(i)->prefix, len) == 0 &&
            (path[len] == '/' || path[len] == '\0')) {
            *ret_rest = path + len;
            return peer_at(i);
        }
    }
    return NULL;
}

static void html_error(struct request *req, unsigned status)
{
    http_reply_text(req, status, "text/html; charset=utf-8",
                    "<!DOCTYPE html><html><head><title>Down for maintenance</title></head><body>"
                    "<h1>Sorry to interrupt</h1><p>We are down for maintenance.</p></body></html>");
}

static void say_when(struct request *req, const struct fault *f)
{
    if (f->says_when) {
        char *seconds = xasprintf("%lld", (long long)f->retry_after);
        http_reply_header(req, "Retry-After", seconds);
        free(seconds);
    }
}

/* Faults that answer instead of the peer: nothing happens there. */
static bool fault_before(const struct peer *peer, struct request *req, const char *rest)
{
    struct fault f;
    if (fault_take(peer->name, "cut", req->method, req->path, &f)) {
        req->cut = true;
        req->fault = "cut";
    } else if (fault_take(peer->name, "429", req->method, req->path, &f)) {
        peer->throttle(req, rest, &f);
        req->fault = "429";
    } else if (fault_take(peer->name, "5xx", req->method, req->path, &f)) {
        say_when(req, &f);
        peer->unavailable(req, rest, f.status == 0 ? 503 : (unsigned)f.status);
        req->fault = "5xx";
    } else if (fault_take(peer->name, "html", req->method, req->path, &f)) {
        html_error(req, f.status == 0 ? 503 : (unsigned)f.status);
        req->fault = "html";
    } else {
        return false;
    }
    return true;
}

/* Faults of the answer: the effect has happened. */
static void fault_after(const struct peer *peer, struct request *req)
{
    struct fault f;
    if (fault_take(peer->name, "lost", req->method, req->path, &f)) {
        req->cut = true;
        req->fault = "lost";
        req->delay_ms = f.delay_ms;
    }
    if (fault_take(peer->name, "slow", req->method, req->path, &f)) {
        req->delay_ms = f.delay_ms == 0 ? 5000 : f.delay_ms;
        req->fault = req->cut ? "lost" : "slow";
    }
}

/* The effect has happened, and yet the app says that it is not there. */
static void fault_instead(const struct peer *peer, struct request *req, const char *rest)
{
    struct fault f;
    if (fault_take(peer->name, "5xx_after", req->method, req->path, &f)) {
        peer->unavailable(req, rest, f.status == 0 ? 503 : (unsigned)f.status);
        req->fault = "5xx_after";
    }
}

static void journal_request(const struct peer *peer, struct request *req)
{
    struct buf headers = {0};
    struct buf target = {0};
    http_headers_text(req, &headers);
    buf_add(&target, req->path);
    if (req->query_text[0] != '\0') {
        buf_addf(&target, "?%s", req->query_text);
    }
    for (unsigned i = 0; i < req->header_count; i++) {
        if (strcmp(req->headers[i][0], "Location") == 0) {
            buf_addf(&headers, "-location: %s\n", req->headers[i][1]);
        }
    }
    struct journal_entry entry = {
        .peer = peer->name,
        .method = req->method,
        .path = buf_text(&target),
        .status = req->cut ? 0 : (int)req->status,
        .took_ms = clock_mono_ms() - req->started_ms,
        .fault = req->fault,
        .headers = buf_text(&headers),
        .request = buf_text(&req->body),
        .request_len = req->body.len,
        .response = buf_text(&req->reply),
        .response_len = req->reply.len,
    };
    journal_add(&entry);
    buf_free(&headers);
    buf_free(&target);
}

void peer_serve(const struct peer *peer, struct request *req, const char *rest, const char *base)
{
    if (req->query == NULL) {
        http_reply_text(req, 400, "text/plain", "malformed query\n");
    } else if (!fault_before(peer, req, rest)) {
        world_lock();
        peer->handle(req, rest, base);
        world_unlock();
        fault_instead(peer, req, rest);
        fault_after(peer, req);
    }
    journal_request(peer, req);
}
