/*
 * peer PORT DELAY_MS : the other side of the in-flight measurement, as cheap as it can be made.
 *
 * One thread plays Slack (/slack/api/...) and Salesforce (/services/...). It takes every login and
 * every token; it answers each call below /services/data after DELAY_MS, and everything else at
 * once. The sandbox is strict and keeps a journal of every call: here its work would be measured.
 * GET /_stats answers what happened since the start.
 */
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { REQUEST_MAX = 16 * 1024, ANSWER_MAX = 2048, CONNECTIONS_MAX = 8192, TEXT_MAX = 512 };

struct connection {
    int fd;
    uint64_t generation; /* tells a late answer that its connection is another one now */
    size_t len;
    char request[REQUEST_MAX + 1];
};

/* Calls that wait, in the order in which they came: the delay is the same for all. */
struct waiting {
    int fd;
    uint64_t generation;
    int64_t due_ms;
};

static struct peer {
    int port, listener, epoll;
    int64_t delay_ms;
    struct connection *connections[CONNECTIONS_MAX]; /* by descriptor */
    struct waiting queue[CONNECTIONS_MAX];
    size_t head, count;
    uint64_t generations, calls, answered, posts, updates, others;
    size_t in_flight_max;
} peer;

static void fail(const char *what)
{
    perror(what);
    exit(2);
}

static int64_t now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* --- answers --- */

__attribute__((format(printf, 4, 5))) static void answer(int fd, int status, const char *header,
                                                         const char *format, ...)
{
    char body[ANSWER_MAX];
    char text[2 * ANSWER_MAX];
    va_list list;
    va_start(list, format);
    int len = vsnprintf(body, sizeof body, format, list);
    va_end(list);
    int size =
        snprintf(text, sizeof text,
                 "HTTP/1.1 %d X\r\nContent-Type: application/json\r\n%sContent-Length: %d\r\n"
                 "\r\n%s",
                 status, header, len, body);
    if (send(fd, text, (size_t)size, MSG_NOSIGNAL) != size) {
        shutdown(fd, SHUT_RDWR); /* small answers always fit: this one is gone */
    }
}

/* The value of a form field or query parameter as it stands there, without decoding. */
static const char *field(const char *text, const char *name, char ret[TEXT_MAX])
{
    size_t len = strlen(name);
    ret[0] = '\0';
    for (const char *at = strstr(text, name); at != NULL; at = strstr(at + 1, name)) {
        if (at[len] == '=' && at > text && strchr("?&\n", at[-1]) != NULL) {
            snprintf(ret, TEXT_MAX, "%.*s", (int)strcspn(at + len + 1, "& \r\n"), at + len + 1);
            break;
        }
    }
    return ret;
}

static void unescape(char *text)
{
    char *to = text;
    for (const char *from = text; *from != '\0'; to++) {
        unsigned byte = 0;
        if (*from == '%' && sscanf(from + 1, "%2x", &byte) == 1) {
            *to = (char)byte;
            from += 3;
        } else {
            *to = *from++;
        }
    }
    *to = '\0';
}

static void answer_slack(struct connection *c, const char *method)
{
    char value[TEXT_MAX];
    char team[TEXT_MAX] = "";
    if (strncmp(method, "users.info", 10) == 0) {
        const char *token = strstr(c->request, "Bearer xoxb-sample-");
        snprintf(team, sizeof team, "%.*s", token == NULL ? 0 : (int)strcspn(token + 19, "\r\n"),
                 token == NULL ? "" : token + 19);
        answer(c->fd, 200, "",
               "{\"ok\":true,\"user\":{\"id\":\"%s\",\"team_id\":\"%s\",\"name\":\"ana\","
               "\"profile\":{\"display_name\":\"Ana\"}}}",
               field(c->request, "user", value), team);
        peer.others++;
        return;
    }
    bool post = strncmp(method, "chat.postMessage", 16) == 0;
    bool update = strncmp(method, "chat.update", 11) == 0;
    peer.posts += post;
    peer.updates += update;
    peer.others += !post && !update;
    answer(c->fd, 200, "", "{\"ok\":true,\"channel\":\"%s\",\"ts\":\"%lld.%06llu\"}",
           field(c->request, "channel", value), (long long)time(NULL),
           (unsigned long long)(peer.posts % 1000000));
}

static void answer_authorize(struct connection *c)
{
    char back[TEXT_MAX];
    char state[TEXT_MAX];
    char header[2 * TEXT_MAX + 64];
    field(c->request, "redirect_uri", back);
    field(c->request, "state", state);
    unescape(back);
    snprintf(header, sizeof header, "Location: %s?code=sample-code&state=%s\r\n", back, state);
    answer(c->fd, 302, header, "%s", "");
}

static void answer_stats(struct connection *c)
{
    answer(c->fd, 200, "",
           "{\"at_ms\":%lld,\"calls\":%llu,\"answered\":%llu,\"in_flight\":%zu,"
           "\"in_flight_max\":%zu,\"posts\":%llu,\"updates\":%llu,\"others\":%llu}",
           (long long)now_ms(), (unsigned long long)peer.calls, (unsigned long long)peer.answered,
           peer.count, peer.in_flight_max, (unsigned long long)peer.posts,
           (unsigned long long)peer.updates, (unsigned long long)peer.others);
}

static void answer_later(const struct connection *c)
{
    if (peer.count == CONNECTIONS_MAX) {
        fail("too many calls");
    }
    peer.queue[(peer.head + peer.count++) % CONNECTIONS_MAX] =
        (struct waiting){c->fd, c->generation, now_ms() + peer.delay_ms};
    peer.calls++;
    peer.in_flight_max = peer.count > peer.in_flight_max ? peer.count : peer.in_flight_max;
}

static void answer_due(void)
{
    int64_t now = now_ms();
    while (peer.count > 0 && peer.queue[peer.head].due_ms <= now) {
        const struct waiting *w = &peer.queue[peer.head];
        const struct connection *c = peer.connections[w->fd];
        if (c != NULL && c->generation == w->generation) {
            answer(w->fd, 201, "", "{\"id\":\"006xx%010llu\",\"success\":true,\"errors\":[]}",
                   (unsigned long long)peer.answered++);
        }
        peer.head = (peer.head + 1) % CONNECTIONS_MAX;
        peer.count--;
    }
}

static void route(struct connection *c)
{
    const char *path = strchr(c->request, ' ');
    path = path == NULL ? "" : path + 1;
    if (strncmp(path, "/services/data/", 15) == 0) {
        answer_later(c);
    } else if (strncmp(path, "/slack/api/", 11) == 0) {
        answer_slack(c, path + 11);
    } else if (strncmp(path, "/services/oauth2/authorize", 26) == 0) {
        answer_authorize(c);
    } else if (strncmp(path, "/services/oauth2/token", 22) == 0) {
        answer(c->fd, 200, "",
               "{\"access_token\":\"sample-access\",\"refresh_token\":\"sample-refresh\","
               "\"token_type\":\"Bearer\",\"scope\":\"api refresh_token openid\","
               "\"instance_url\":\"http://127.0.0.1:%d\"}",
               peer.port);
    } else if (strncmp(path, "/services/oauth2/userinfo", 25) == 0) {
        answer(c->fd, 200, "", "%s",
               "{\"user_id\":\"005xx000000BEN1AAO\",\"organization_id\":\"00Dxx0000000001EAA\","
               "\"preferred_username\":\"ben@acme.example\",\"email\":\"ben@acme.example\"}");
    } else if (strncmp(path, "/_stats", 7) == 0) {
        answer_stats(c);
    } else {
        answer(c->fd, 404, "", "{}");
    }
}

/* --- connections --- */

static void drop(struct connection *c)
{
    peer.connections[c->fd] = NULL;
    close(c->fd);
    free(c);
}

/* Length of the whole request at the front, 0 while it is not there. */
static size_t request_len(const struct connection *c)
{
    const char *end = strstr(c->request, "\r\n\r\n");
    if (end == NULL) {
        return 0;
    }
    const char *length = strcasestr(c->request, "\r\ncontent-length:");
    size_t body = length == NULL || length > end ? 0 : strtoul(length + 17, NULL, 10);
    size_t whole = (size_t)(end - c->request) + 4 + body;
    return whole <= c->len ? whole : 0;
}

static void on_readable(struct connection *c)
{
    ssize_t n = recv(c->fd, c->request + c->len, REQUEST_MAX - c->len, 0);
    if (n <= 0) {
        drop(c);
        return;
    }
    c->len += (size_t)n;
    c->request[c->len] = '\0';
    size_t len = request_len(c);
    if (len > 0) {
        route(c); /* nobody pipelines */
        c->len = 0;
    }
}

static void on_connection(void)
{
    int one = 1;
    int fd = accept4(peer.listener, NULL, NULL, SOCK_CLOEXEC);
    if (fd < 0 || fd >= CONNECTIONS_MAX) {
        fail("accept");
    }
    struct connection *c = calloc(1, sizeof *c);
    if (c == NULL) {
        fail("memory");
    }
    c->fd = fd;
    c->generation = ++peer.generations;
    peer.connections[fd] = c;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    struct epoll_event event = {.events = EPOLLIN, .data.fd = fd};
    if (epoll_ctl(peer.epoll, EPOLL_CTL_ADD, fd, &event) != 0) {
        fail("epoll");
    }
}

static void listen_on(int port)
{
    int one = 1;
    struct sockaddr_in at = {.sin_family = AF_INET,
                             .sin_port = htons((uint16_t)port),
                             .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    peer.listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    setsockopt(peer.listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    if (bind(peer.listener, (struct sockaddr *)&at, sizeof at) != 0 ||
        listen(peer.listener, 4096) != 0) {
        fail("listen");
    }
    peer.epoll = epoll_create1(EPOLL_CLOEXEC);
    struct epoll_event event = {.events = EPOLLIN, .data.fd = peer.listener};
    epoll_ctl(peer.epoll, EPOLL_CTL_ADD, peer.listener, &event);
}

static int wait_ms(void)
{
    if (peer.count == 0) {
        return 1000;
    }
    int64_t left = peer.queue[peer.head].due_ms - now_ms();
    return left < 0 ? 0 : (int)left;
}

int main(int argc, char **argv)
{
    struct epoll_event events[256];
    struct rlimit files = {CONNECTIONS_MAX, CONNECTIONS_MAX};
    if (argc != 3) {
        fprintf(stderr, "peer PORT DELAY_MS\n");
        return 2;
    }
    setrlimit(RLIMIT_NOFILE, &files);
    peer.port = (int)strtol(argv[1], NULL, 10);
    peer.delay_ms = strtol(argv[2], NULL, 10);
    listen_on(peer.port);
    for (;;) {
        int ready = epoll_wait(peer.epoll, events, 256, wait_ms());
        for (int i = 0; i < ready; i++) {
            int fd = events[i].data.fd;
            if (fd == peer.listener) {
                on_connection();
            } else if (peer.connections[fd] != NULL) {
                on_readable(peer.connections[fd]);
            }
        }
        answer_due();
    }
}
