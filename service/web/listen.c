#include "server_int.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { BACKLOG = 1024 };

static int cannot_listen(const char *address, const char *why, struct err *e)
{
    return err_set(e, ERR_CONFIG, "listen", "cannot listen on %s: %s", address, why);
}

static int socket_open(const struct addrinfo *at)
{
    int one = 1;
    int fd = socket(at->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0) {
        return -1;
    }
    if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one) != 0 ||
        bind(fd, at->ai_addr, at->ai_addrlen) != 0 || listen(fd, BACKLOG) != 0) {
        int why = errno;
        close(fd);
        errno = why;
        return -1;
    }
    return fd;
}

static int port_of(int fd)
{
    struct sockaddr_storage bound = {0};
    socklen_t len = sizeof bound;
    if (getsockname(fd, (struct sockaddr *)&bound, &len) != 0) {
        return 0;
    }
    return ntohs(bound.ss_family == AF_INET6 ? ((struct sockaddr_in6 *)&bound)->sin6_port
                                             : ((struct sockaddr_in *)&bound)->sin_port);
}

int listen_open(arena *mem, const char *address, int *ret_fd, int *ret_port, struct err *e)
{
    const char *colon = strrchr(address, ':');
    struct addrinfo *list = NULL;
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE};
    if (colon == NULL) {
        return cannot_listen(address, "there is no port", e);
    }
    bool v6 = address[0] == '[' && colon > address && colon[-1] == ']';
    char *host = v6 ? arena_strndup(mem, address + 1, (size_t)(colon - address - 2))
                    : arena_strndup(mem, address, (size_t)(colon - address));
    int failed = getaddrinfo(host[0] == '\0' ? NULL : host, colon + 1, &hints, &list);
    if (failed != 0) {
        return cannot_listen(address, gai_strerror(failed), e);
    }
    int fd = socket_open(list);
    int why = errno; /* closing may change it */
    freeaddrinfo(list);
    if (fd < 0) {
        char text[64];
        return cannot_listen(address, strerror_r(why, text, sizeof text), e);
    }
    *ret_fd = fd;
    *ret_port = port_of(fd);
    return 0;
}
