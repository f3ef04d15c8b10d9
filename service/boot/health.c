#include "boot_int.h"

#include <netdb.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/str.h"

/* `workbot health`: asks the ops listener of the process beside it, for container engines whose
 * image has no HTTP client. Plain sockets: the address rules of net.h forbid loopback on purpose.
 */

enum { TIMEOUT_S = 2, ANSWER_MAX = 64 };

static int connect_one(const struct addrinfo *at)
{
    /* the send timeout bounds connecting too: socket(7) */
    const struct timeval timeout = {.tv_sec = TIMEOUT_S};
    int fd = socket(at->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0) {
        return -1;
    }
    if (setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof timeout) != 0 ||
        setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &timeout, sizeof timeout) != 0 ||
        connect(fd, at->ai_addr, at->ai_addrlen) != 0) {
        close(fd);
        return -1;
    }
    return fd;
}

/* address: "host:port" or "[v6]:port". An unspecified address (0.0.0.0) leads to this host. */
static int connect_to(arena *mem, const char *address)
{
    const char *colon = strrchr(address, ':');
    const struct addrinfo hints = {.ai_socktype = SOCK_STREAM};
    struct addrinfo *list = NULL;
    if (colon == NULL) {
        return -1;
    }
    bool v6 = address[0] == '[' && colon - address >= 2;
    char *host = v6 ? arena_strndup(mem, address + 1, (size_t)(colon - address - 2))
                    : arena_strndup(mem, address, (size_t)(colon - address));
    if (getaddrinfo(host, colon + 1, &hints, &list) != 0) {
        return -1;
    }
    int fd = -1;
    for (const struct addrinfo *at = list; at != NULL && fd < 0; at = at->ai_next) {
        fd = connect_one(at);
    }
    freeaddrinfo(list);
    return fd;
}

/* The answer's status line; false when there was none in time. */
static bool ask(arena *mem, int fd, const char *path, char ret[ANSWER_MAX])
{
    const char *request =
        arena_printf(mem, "GET %s HTTP/1.1\r\nHost: workbot\r\nConnection: close\r\n\r\n", path);
    size_t len = strlen(request), got = 0;
    if (send(fd, request, len, MSG_NOSIGNAL) != (ssize_t)len) {
        return false;
    }
    while (got < ANSWER_MAX - 1 && memchr(ret, '\n', got) == NULL) {
        ssize_t part = recv(fd, ret + got, ANSWER_MAX - 1 - got, 0);
        if (part <= 0) {
            return false;
        }
        got += (size_t)part;
    }
    ret[got] = '\0';
    ret[strcspn(ret, "\r\n")] = '\0';
    return true;
}

static int report(const char *path, const char *address, const char *answer)
{
    if (str_starts(answer, "HTTP/1.1 200")) {
        return 0;
    }
    fprintf(stderr, "health: %s on %s: %s\n", path, address, answer);
    return 1;
}

int command_health(int argc, char **argv)
{
    struct service s = {.mem = arena_new()};
    bool ready = argc == 1 && strcmp(argv[0], "--ready") == 0;
    if (argc != 0 && !ready) {
        return command_misused(&s, "health [--ready]");
    }
    int rc = 1;
    if (settings_load(&s)) {
        const char *path = ready ? "/readyz" : "/healthz";
        char answer[ANSWER_MAX] = "nobody answers";
        int fd = connect_to(s.mem, s.config.ops_listen);
        if (fd >= 0 && !ask(s.mem, fd, path, answer)) {
            snprintf(answer, sizeof answer, "no answer within %d s", TIMEOUT_S);
        }
        if (fd >= 0) {
            close(fd);
        }
        rc = report(path, s.config.ops_listen, answer);
    }
    arena_free(s.mem);
    return rc;
}
