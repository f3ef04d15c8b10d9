#include "scripted.h"

#include <arpa/inet.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/die.h"

enum { CONNECTIONS_MAX = 64 };

struct connection {
    struct scripted *server;
    pthread_t thread;
    int fd;
    size_t number;
};

struct scripted {
    int listener;
    int port;
    scripted_answer answer;
    void *user;
    pthread_t acceptor;
    pthread_mutex_t lock; /* guards all below */
    struct connection connections[CONNECTIONS_MAX];
    size_t connection_count;
    size_t request_count;
    char last[SCRIPTED_REQUEST_MAX + 1];
};

bool scripted_write(int fd, const void *data, size_t len)
{
    const char *at = data;
    while (len > 0) {
        ssize_t n = send(fd, at, len, MSG_NOSIGNAL);
        if (n <= 0) {
            return false;
        }
        at += n;
        len -= (size_t)n;
    }
    return true;
}

bool scripted_text(int fd, const char *text)
{
    return scripted_write(fd, text, strlen(text));
}

void scripted_wait_closed(int fd)
{
    char byte;
    while (recv(fd, &byte, 1, 0) > 0) {
    }
}

void scripted_reset(int fd)
{
    struct linger hard = {.l_onoff = 1, .l_linger = 0};
    (void)setsockopt(fd, SOL_SOCKET, SO_LINGER, &hard, sizeof(hard));
}

/* The length of the whole request when its head is there, else 0. */
static size_t request_length(const char *text)
{
    const char *end = strstr(text, "\r\n\r\n");
    if (end == NULL) {
        return 0;
    }
    const char *length = strcasestr(text, "\r\nContent-Length:");
    size_t body = length == NULL || length > end ? 0 : strtoul(length + 17, NULL, 10);
    return (size_t)(end - text) + 4 + body;
}

/* Reads one request into the buffer; false when the client closed. */
static bool request_read(int fd, char *buffer)
{
    size_t have = 0;
    buffer[0] = '\0';
    for (;;) {
        size_t want = request_length(buffer);
        if (want > 0 && have >= want) {
            return true;
        }
        if (have == SCRIPTED_REQUEST_MAX) {
            die("a request in a test is larger than the server's buffer");
        }
        ssize_t n = recv(fd, buffer + have, SCRIPTED_REQUEST_MAX - have, 0);
        if (n <= 0) {
            return false;
        }
        have += (size_t)n;
        buffer[have] = '\0';
    }
}

static void *connection_run(void *user)
{
    struct connection *c = user;
    struct scripted *s = c->server;
    char *buffer = malloc(SCRIPTED_REQUEST_MAX + 1);
    bool more = buffer != NULL;
    while (more && request_read(c->fd, buffer)) {
        pthread_mutex_lock(&s->lock);
        size_t number = ++s->request_count;
        memcpy(s->last, buffer, strlen(buffer) + 1);
        pthread_mutex_unlock(&s->lock);
        struct scripted_request q = {.fd = c->fd,
                                     .number = number,
                                     .connection = c->number,
                                     .text = buffer,
                                     .body = strstr(buffer, "\r\n\r\n") + 4,
                                     .user = s->user};
        more = s->answer(&q);
    }
    free(buffer);
    pthread_mutex_lock(&s->lock);
    close(c->fd);
    c->fd = -1;
    pthread_mutex_unlock(&s->lock);
    return NULL;
}

static void *acceptor_run(void *user)
{
    struct scripted *s = user;
    int fd;
    while ((fd = accept(s->listener, NULL, NULL)) >= 0) {
        pthread_mutex_lock(&s->lock);
        if (s->connection_count == CONNECTIONS_MAX) {
            die("a test makes too many connections");
        }
        struct connection *c = &s->connections[s->connection_count++];
        *c = (struct connection){.server = s, .fd = fd, .number = s->connection_count};
        if (pthread_create(&c->thread, NULL, connection_run, c) != 0) {
            die("no thread for a test's server");
        }
        pthread_mutex_unlock(&s->lock);
    }
    return NULL;
}

struct scripted *scripted_start(scripted_answer answer, void *user)
{
    struct scripted *s = calloc(1, sizeof(*s));
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    socklen_t len = sizeof(at);
    if (s == NULL || (s->listener = socket(AF_INET, SOCK_STREAM, 0)) < 0 ||
        bind(s->listener, (struct sockaddr *)&at, len) != 0 || listen(s->listener, 64) != 0 ||
        getsockname(s->listener, (struct sockaddr *)&at, &len) != 0) {
        die("a test's server does not start");
    }
    s->port = ntohs(at.sin_port);
    s->answer = answer;
    s->user = user;
    pthread_mutex_init(&s->lock, NULL);
    if (pthread_create(&s->acceptor, NULL, acceptor_run, s) != 0) {
        die("no thread for a test's server");
    }
    return s;
}

void scripted_stop(struct scripted *s)
{
    shutdown(s->listener, SHUT_RDWR);
    pthread_join(s->acceptor, NULL);
    pthread_mutex_lock(&s->lock);
    for (size_t i = 0; i < s->connection_count; i++) {
        if (s->connections[i].fd >= 0) {
            shutdown(s->connections[i].fd, SHUT_RDWR);
        }
    }
    pthread_mutex_unlock(&s->lock);
    for (size_t i = 0; i < s->connection_count; i++) {
        pthread_join(s->connections[i].thread, NULL);
    }
    close(s->listener);
    pthread_mutex_destroy(&s->lock);
    free(s);
}

int scripted_port(const struct scripted *s)
{
    return s->port;
}

size_t scripted_requests(struct scripted *s)
{
    pthread_mutex_lock(&s->lock);
    size_t count = s->request_count;
    pthread_mutex_unlock(&s->lock);
    return count;
}

size_t scripted_connections(struct scripted *s)
{
    pthread_mutex_lock(&s->lock);
    size_t count = s->connection_count;
    pthread_mutex_unlock(&s->lock);
    return count;
}

void scripted_last(struct scripted *s, char *ret, size_t room)
{
    pthread_mutex_lock(&s->lock);
    size_t len = strlen(s->last);
    len = len < room ? len : room - 1;
    memcpy(ret, s->last, len);
    ret[len] = '\0';
    pthread_mutex_unlock(&s->lock);
}
