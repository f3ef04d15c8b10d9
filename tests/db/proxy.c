#include "tests/db/proxy.h"

#include <arpa/inet.h>
#include <libpq-fe.h>
#include <netdb.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/die.h"
#include "tests/db/support.h"

enum { PAIRS_MAX = 64, CHUNK = 65536 };

struct pair {
    int client;
    int server; /* both -1: free */
};

struct proxy {
    arena *mem;
    const char *url;
    const char *host; /* of the server */
    const char *port;
    int listen_fd; /* -1: down */
    int listen_port;
    int wake_fd;
    bool stop;
    bool down;
    int accepted;
    enum proxy_mode mode;
    struct pair pairs[PAIRS_MAX];
    pthread_mutex_t lock; /* of everything here; free while the thread polls */
    pthread_cond_t changed;
    uint64_t turns; /* of the thread, so that a setter can wait until it was seen */
    pthread_t thread;
};

static int connect_unix(const proxy *p)
{
    struct sockaddr_un a = {.sun_family = AF_UNIX};
    snprintf(a.sun_path, sizeof a.sun_path, "%s/.s.PGSQL.%s", p->host, p->port);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0 || connect(fd, (struct sockaddr *)&a, sizeof a) != 0) {
        die("relay: no server at %s", a.sun_path);
    }
    return fd;
}

static int connect_server(const proxy *p)
{
    if (p->host[0] == '/') {
        return connect_unix(p);
    }
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM};
    struct addrinfo *found = NULL;
    if (getaddrinfo(p->host, p->port, &hints, &found) != 0) {
        die("relay: no address for %s", p->host);
    }
    int fd = socket(found->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0 || connect(fd, found->ai_addr, found->ai_addrlen) != 0) {
        die("relay: no server at %s:%s", p->host, p->port);
    }
    freeaddrinfo(found);
    return fd;
}

static void open_port(proxy *p)
{
    struct sockaddr_in a = {.sin_family = AF_INET,
                            .sin_port = htons((uint16_t)p->listen_port),
                            .sin_addr = {htonl(INADDR_LOOPBACK)}};
    socklen_t len = sizeof a;
    int one = 1;
    p->listen_fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    setsockopt(p->listen_fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    if (bind(p->listen_fd, (struct sockaddr *)&a, len) != 0 || listen(p->listen_fd, 64) != 0 ||
        getsockname(p->listen_fd, (struct sockaddr *)&a, &len) != 0) {
        die("relay: no port");
    }
    p->listen_port = ntohs(a.sin_port);
}

static void hang_up(struct pair *pair)
{
    if (pair->client >= 0) {
        close(pair->client);
        close(pair->server);
    }
    pair->client = -1;
    pair->server = -1;
}

static void accept_one(proxy *p)
{
    int client = accept(p->listen_fd, NULL, NULL);
    for (size_t i = 0; client >= 0 && i < PAIRS_MAX; i++) {
        if (p->pairs[i].client < 0) {
            p->pairs[i] = (struct pair){client, connect_server(p)};
            p->accepted++;
            return;
        }
    }
}

/* Moves what can be read; false when the connection has to end. */
static bool move(proxy *p, int from, int to, enum proxy_mode cut)
{
    static char chunk[CHUNK];
    ssize_t got = read(from, chunk, sizeof chunk);
    if (got > 0 && p->mode == cut) {
        p->mode = PROXY_PASS;
        return false;
    }
    for (ssize_t at = 0; at < got;) {
        ssize_t put = send(to, chunk + at, (size_t)(got - at), MSG_NOSIGNAL);
        if (put <= 0) {
            return false;
        }
        at += put;
    }
    return got > 0;
}

static void serve_pair(proxy *p, struct pair *pair, const struct pollfd *fds)
{
    if (pair->client < 0) {
        return;
    }
    /* The server first: its last words are passed on before a write to it fails. */
    if ((fds[1].revents != 0 && !move(p, pair->server, pair->client, PROXY_CUT_ANSWER)) ||
        (fds[0].revents != 0 && !move(p, pair->client, pair->server, PROXY_CUT_REQUEST))) {
        hang_up(pair);
    }
}

static void turn_down(proxy *p)
{
    for (size_t i = 0; i < PAIRS_MAX; i++) {
        hang_up(&p->pairs[i]);
    }
    if (p->listen_fd >= 0) {
        close(p->listen_fd);
    }
    p->listen_fd = -1;
}

/* Called with the lock. */
static void one_turn(proxy *p)
{
    struct pollfd fds[2 + 2 * PAIRS_MAX];
    bool frozen = p->mode == PROXY_FREEZE;
    fds[0] = (struct pollfd){.fd = p->wake_fd, .events = POLLIN};
    fds[1] = (struct pollfd){.fd = p->listen_fd, .events = POLLIN};
    for (size_t i = 0; i < PAIRS_MAX; i++) {
        const struct pair *pair = &p->pairs[i];
        fds[2 + 2 * i] = (struct pollfd){.fd = frozen ? -1 : pair->client, .events = POLLIN};
        fds[3 + 2 * i] = (struct pollfd){.fd = frozen ? -1 : pair->server, .events = POLLIN};
    }
    pthread_mutex_unlock(&p->lock);
    poll(fds, 2 + 2 * PAIRS_MAX, -1);
    pthread_mutex_lock(&p->lock);
    if (fds[0].revents != 0) { /* a setter changed something: look again first */
        eventfd_t ignored;
        eventfd_read(p->wake_fd, &ignored);
        return;
    }
    for (size_t i = 0; i < PAIRS_MAX; i++) {
        serve_pair(p, &p->pairs[i], &fds[2 + 2 * i]);
    }
    if (fds[1].revents != 0) {
        accept_one(p);
    }
}

static void *run(void *arg)
{
    proxy *p = arg;
    pthread_mutex_lock(&p->lock);
    while (!p->stop) {
        if (p->down && p->listen_fd >= 0) {
            turn_down(p);
        }
        if (!p->down && p->listen_fd < 0) {
            open_port(p);
        }
        p->turns++;
        pthread_cond_broadcast(&p->changed);
        one_turn(p);
    }
    turn_down(p);
    pthread_mutex_unlock(&p->lock);
    return NULL;
}

/* Wakes the thread and returns when it has seen the change; called with the lock. */
static void tell(proxy *p)
{
    uint64_t before = p->turns;
    eventfd_write(p->wake_fd, 1);
    while (p->turns == before) {
        pthread_cond_wait(&p->changed, &p->lock);
    }
}

static const char *option(arena *mem, const char *url, const char *key, const char *absent)
{
    PQconninfoOption *list = PQconninfoParse(url, NULL);
    const char *found = absent;
    for (const PQconninfoOption *o = list; o != NULL && o->keyword != NULL; o++) {
        if (strcmp(o->keyword, key) == 0 && o->val != NULL) {
            found = arena_strdup(mem, o->val);
        }
    }
    PQconninfoFree(list);
    return found;
}

proxy *proxy_new(const char *url)
{
    arena *mem = arena_new();
    proxy *p = arena_alloc(mem, sizeof *p);
    p->mem = mem;
    p->host = option(mem, url, "host", "/var/run/postgresql");
    p->port = option(mem, url, "port", "5432");
    p->wake_fd = eventfd(0, EFD_CLOEXEC);
    pthread_mutex_init(&p->lock, NULL);
    pthread_cond_init(&p->changed, NULL);
    for (size_t i = 0; i < PAIRS_MAX; i++) {
        p->pairs[i] = (struct pair){-1, -1};
    }
    open_port(p);
    const char *through = test_url_with(mem, url, "host", "127.0.0.1");
    through = test_url_with(mem, through, "port", arena_printf(mem, "%d", p->listen_port));
    p->url = test_url_with(mem, through, "sslmode", "disable");
    if (pthread_create(&p->thread, NULL, run, p) != 0) {
        die("relay: no thread");
    }
    return p;
}

void proxy_free(proxy *p)
{
    pthread_mutex_lock(&p->lock);
    p->stop = true;
    eventfd_write(p->wake_fd, 1);
    pthread_mutex_unlock(&p->lock);
    pthread_join(p->thread, NULL);
    close(p->wake_fd);
    arena_free(p->mem);
}

const char *proxy_url(const proxy *p)
{
    return p->url;
}

void proxy_set(proxy *p, enum proxy_mode mode)
{
    pthread_mutex_lock(&p->lock);
    p->mode = mode;
    tell(p);
    pthread_mutex_unlock(&p->lock);
}

int proxy_accepted(proxy *p)
{
    pthread_mutex_lock(&p->lock);
    int count = p->accepted;
    pthread_mutex_unlock(&p->lock);
    return count;
}

void proxy_down(proxy *p)
{
    pthread_mutex_lock(&p->lock);
    p->down = true;
    tell(p);
    pthread_mutex_unlock(&p->lock);
}

void proxy_up(proxy *p)
{
    pthread_mutex_lock(&p->lock);
    p->down = false;
    tell(p);
    pthread_mutex_unlock(&p->lock);
}
