#include "tests/unit/web/client.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/die.h"

int client_connect(int port)
{
    struct sockaddr_in at = {.sin_family = AF_INET,
                             .sin_port = htons((uint16_t)port),
                             .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0 || connect(fd, (struct sockaddr *)&at, sizeof at) != 0) {
        die("cannot connect to port %d: errno %d", port, errno);
    }
    return fd;
}

void client_send(int fd, const char *bytes, size_t len)
{
    while (len > 0) {
        ssize_t sent = send(fd, bytes, len, MSG_NOSIGNAL);
        if (sent <= 0) {
            return; /* the peer has closed: the test sees it when it reads */
        }
        bytes += sent;
        len -= (size_t)sent;
    }
}

void client_say(int fd, const char *text)
{
    client_send(fd, text, strlen(text));
}

/* Up to room bytes, until `wait_ms`; 0 at the end. */
static size_t read_some(int fd, char *to, size_t room, int64_t end_ms)
{
    int64_t left = end_ms - clock_mono_ms();
    struct pollfd p = {.fd = fd, .events = POLLIN};
    if (left <= 0 || poll(&p, 1, (int)left) <= 0) {
        return 0;
    }
    ssize_t got = recv(fd, to, room, 0);
    return got > 0 ? (size_t)got : 0;
}

static struct reply read_reply(int fd, int64_t wait_ms, bool head)
{
    struct reply r = {0};
    static __thread char raw[80000];
    size_t have = 0;
    char *end = NULL;
    int64_t end_ms = clock_mono_ms() + wait_ms;
    while (end == NULL && have + 1 < sizeof raw) {
        size_t got = read_some(fd, raw + have, sizeof raw - 1 - have, end_ms);
        if (got == 0) {
            return r;
        }
        have += got;
        raw[have] = '\0';
        end = strstr(raw, "\r\n\r\n");
    }
    size_t head_len = (size_t)(end - raw) + 4;
    snprintf(r.headers, sizeof r.headers, "%.*s", (int)head_len, raw);
    const char *length = reply_header(&r, "Content-Length");
    size_t expected = head || length == NULL ? 0 : (size_t)strtoull(length, NULL, 10);
    while (have - head_len < expected) {
        size_t got = read_some(fd, raw + have, sizeof raw - 1 - have, end_ms);
        if (got == 0) {
            return r;
        }
        have += got;
    }
    r.body_len = expected;
    memcpy(r.body, raw + head_len, expected);
    r.status = (int)strtol(raw + sizeof "HTTP/1.1", NULL, 10);
    return r;
}

struct reply client_read(int fd, int64_t wait_ms)
{
    return read_reply(fd, wait_ms, false);
}

struct reply client_read_head(int fd, int64_t wait_ms)
{
    return read_reply(fd, wait_ms, true);
}

struct reply client_call(int port, const char *head, const char *body)
{
    char start[20000];
    int fd = client_connect(port);
    snprintf(start, sizeof start, "%s\r\nHost: test\r\n", head);
    client_say(fd, start);
    if (body != NULL) {
        snprintf(start, sizeof start, "Content-Length: %zu\r\n", strlen(body));
        client_say(fd, start);
    }
    client_say(fd, "\r\n");
    client_say(fd, body == NULL ? "" : body);
    struct reply r = read_reply(fd, 10000, strncmp(head, "HEAD ", 5) == 0);
    close(fd);
    return r;
}

bool client_is_closed(int fd, int64_t wait_ms)
{
    char c = 0;
    struct pollfd p = {.fd = fd, .events = POLLIN};
    if (poll(&p, 1, (int)wait_ms) <= 0) {
        return false;
    }
    return recv(fd, &c, 1, 0) <= 0;
}

const char *reply_header(const struct reply *r, const char *name)
{
    static __thread char value[2048];
    size_t len = strlen(name);
    for (const char *line = strstr(r->headers, "\r\n"); line != NULL;
         line = strstr(line + 2, "\r\n")) {
        if (strncasecmp(line + 2, name, len) == 0 && line[2 + len] == ':') {
            const char *from = line + 2 + len + 1;
            from += strspn(from, " ");
            snprintf(value, sizeof value, "%.*s", (int)strcspn(from, "\r\n"), from);
            return value;
        }
    }
    return NULL;
}
