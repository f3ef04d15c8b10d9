#ifndef WB_TESTS_UNIT_NET_SCRIPTED_H
#define WB_TESTS_UNIT_NET_SCRIPTED_H

#include <stdbool.h>
#include <stddef.h>

/*
 * A peer on 127.0.0.1 that misbehaves as told: one thread per connection reads whole requests and
 * hands each to `answer`, which writes what it likes. It waits for the client, never for time.
 */
struct scripted;

enum { SCRIPTED_REQUEST_MAX = 64 * 1024 };

struct scripted_request {
    int fd;
    size_t number;     /* of this request on all connections, from 1 */
    size_t connection; /* from 1 */
    const char *text;  /* head and body, NUL-terminated */
    const char *body;
    void *user;
};

/* True keeps the connection for another request. */
typedef bool (*scripted_answer)(const struct scripted_request *q);

struct scripted *scripted_start(scripted_answer answer, void *user);
/* Closes everything and joins all threads. */
void scripted_stop(struct scripted *s);
int scripted_port(const struct scripted *s);
size_t scripted_requests(struct scripted *s);
size_t scripted_connections(struct scripted *s);
/* The last whole request; the caller's buffer. */
void scripted_last(struct scripted *s, char *ret, size_t room);

/* Writes all of it; false when the client is gone. */
bool scripted_write(int fd, const void *data, size_t len);
bool scripted_text(int fd, const char *text);
/* Waits until the client closes the connection. */
void scripted_wait_closed(int fd);
/* Closes with a reset instead of an end. */
void scripted_reset(int fd);

#endif
