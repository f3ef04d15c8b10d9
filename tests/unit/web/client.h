#ifndef WB_TESTS_WEB_CLIENT_H
#define WB_TESTS_WEB_CLIENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A small HTTP client that says exactly the bytes a test wants said. It ends the test program when
 * the socket itself does not work; an answer that does not come is a status of 0. */
struct reply {
    int status; /* 0: the connection ended or nothing came in time */
    char headers[8192];
    char body[65536];
    size_t body_len;
};

int client_connect(int port);
void client_send(int fd, const char *bytes, size_t len);
void client_say(int fd, const char *text);
/* Reads one response with a Content-Length, at most wait_ms. */
struct reply client_read(int fd, int64_t wait_ms);
/* The same for HEAD: no body follows. */
struct reply client_read_head(int fd, int64_t wait_ms);
/* One request on a connection of its own. head: request line and headers without Host. */
struct reply client_call(int port, const char *head, const char *body);
/* True when the peer closes or resets within wait_ms. */
bool client_is_closed(int fd, int64_t wait_ms);
/* Value of a header of the reply, or NULL; until the next call. */
const char *reply_header(const struct reply *r, const char *name);

#endif
