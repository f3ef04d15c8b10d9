/*
 * intake_load URL SECRET CONNECTIONS SECONDS [USERS [WORKSPACES [APP [RATE]]]]
 *
 * Sends distinct signed Slack message events over keep-alive connections, one at a time on each,
 * and prints one line of JSON: acknowledged per second, and the latency's 50th, 99th and 99.9th
 * percentile and maximum in milliseconds. URL is http://host:port/path. Users U0.. (default 1000)
 * are spread over workspaces T0.. (default 1); APP is the api_app_id (default A1). A status other
 * than 200 is counted apart. Exit status 1 when nothing was acknowledged.
 *
 * Without RATE each connection sends as soon as it has its answer. With it that many events a
 * second are due, whatever the answers do, and latency counts from the time an event was due.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { REQUEST_MAX = 4096, ANSWER_MAX = 4096, LATENCIES_MAX = 20 * 1000 * 1000 };

struct connection;

struct load {
    char host[256], port[16], path[256];
    const char *app;
    EVP_MAC_CTX *mac; /* keyed once */
    long connections, seconds, users, workspaces;
    long rate; /* events a second; 0: as fast as answers come */
    struct connection **idle;
    size_t idle_count;
    uint64_t first_fraction; /* of the messages' time stamps */
    uint64_t run;            /* makes this run's events different from the last one's */
    uint64_t sent;
    uint64_t acknowledged, refused, lost;
    uint32_t *latencies_us;
    size_t latencies;
    int epoll;
    struct sockaddr_storage address;
    socklen_t address_len;
};

struct connection {
    int fd;
    char request[REQUEST_MAX];
    size_t request_len, written;
    char answer[ANSWER_MAX];
    size_t answered;
    int64_t began_us;
};

static void fail(const char *what)
{
    fprintf(stderr, "intake_load: %s\n", what);
    exit(2);
}

static int64_t now_us(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

static void resolve(struct load *l, const char *url)
{
    struct addrinfo *list = NULL;
    const struct addrinfo hints = {.ai_socktype = SOCK_STREAM};
    if (sscanf(url, "http://%255[^:/]:%15[0-9]%255s", l->host, l->port, l->path) != 3) {
        fail("URL must be http://host:port/path");
    }
    if (getaddrinfo(l->host, l->port, &hints, &list) != 0) {
        fail("unknown host");
    }
    memcpy(&l->address, list->ai_addr, list->ai_addrlen);
    l->address_len = list->ai_addrlen;
    freeaddrinfo(list);
}

static size_t write_body(const struct load *l, uint64_t n, char *to, size_t room)
{
    uint64_t user = n % (uint64_t)l->users;
    uint64_t workspace = user % (uint64_t)l->workspaces;
    long long at = (long long)time(NULL);
    unsigned long long fraction = (l->first_fraction + n) % 1000000;
    return (size_t)snprintf(
        to, room,
        "{\"token\":\"x\",\"team_id\":\"T%llu\",\"enterprise_id\":null,\"api_app_id\":\"%s\","
        "\"event\":{\"type\":\"message\",\"channel\":\"D%llu\",\"user\":\"U%llu\",\"text\":"
        "\"salesforce create opportunity name: Acme renewal amount: 5000\",\"ts\":\"%lld.%06llu\","
        "\"client_msg_id\":\"c-%llx-%llx\",\"event_ts\":\"%lld.%06llu\",\"channel_type\":\"im\"},"
        "\"type\":\"event_callback\",\"event_id\":\"Ev%llX%llX\",\"event_time\":%lld,"
        "\"authorizations\":[{\"enterprise_id\":null,\"team_id\":\"T%llu\",\"user_id\":\"UBOT\","
        "\"is_bot\":true,\"is_enterprise_install\":false}],\"is_ext_shared_channel\":false}",
        (unsigned long long)workspace, l->app, (unsigned long long)user, (unsigned long long)user,
        at, fraction, (unsigned long long)l->run, (unsigned long long)n, at, fraction,
        (unsigned long long)l->run, (unsigned long long)n, at, (unsigned long long)workspace);
}

static EVP_MAC_CTX *keyed(const char *secret)
{
    const OSSL_PARAM params[] = {OSSL_PARAM_construct_utf8_string("digest", (char[]){"SHA256"}, 0),
                                 OSSL_PARAM_construct_end()};
    EVP_MAC *hmac = EVP_MAC_fetch(NULL, "HMAC", NULL);
    EVP_MAC_CTX *mac = EVP_MAC_CTX_new(hmac);
    if (EVP_MAC_init(mac, (const unsigned char *)secret, strlen(secret), params) != 1) {
        fail("HMAC");
    }
    EVP_MAC_free(hmac);
    return mac;
}

static void sign(const struct load *l, long long at, const char *body, size_t len, char ret_hex[65])
{
    char head[32];
    unsigned char digest[32];
    size_t size = 0;
    int head_len = snprintf(head, sizeof head, "v0:%lld:", at);
    if (EVP_MAC_init(l->mac, NULL, 0, NULL) != 1 ||
        EVP_MAC_update(l->mac, (const unsigned char *)head, (size_t)head_len) != 1 ||
        EVP_MAC_update(l->mac, (const unsigned char *)body, len) != 1 ||
        EVP_MAC_final(l->mac, digest, &size, sizeof digest) != 1) {
        fail("HMAC");
    }
    for (int i = 0; i < 32; i++) {
        ret_hex[2 * i] = "0123456789abcdef"[digest[i] >> 4];
        ret_hex[2 * i + 1] = "0123456789abcdef"[digest[i] & 15];
    }
    ret_hex[64] = '\0';
}

static void next_request(struct load *l, struct connection *c)
{
    char body[2048];
    char signature[65];
    long long at = (long long)time(NULL);
    size_t len = write_body(l, l->sent++, body, sizeof body);
    sign(l, at, body, len, signature);
    c->request_len = (size_t)snprintf(
        c->request, sizeof c->request,
        "POST %s HTTP/1.1\r\nHost: %s:%s\r\nUser-Agent: Slackbot 1.0\r\nAccept: */*\r\n"
        "Content-Type: application/json\r\nX-Slack-Request-Timestamp: %lld\r\n"
        "X-Slack-Signature: v0=%s\r\nContent-Length: %zu\r\n\r\n%s",
        l->path, l->host, l->port, at, signature, len, body);
    c->written = 0;
    c->answered = 0;
}

static void open_connection(struct load *l, struct connection *c)
{
    int one = 1;
    c->fd = socket(l->address.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (c->fd < 0 || connect(c->fd, (struct sockaddr *)&l->address, l->address_len) != 0) {
        fail("cannot connect");
    }
    setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = c};
    if (epoll_ctl(l->epoll, EPOLL_CTL_ADD, c->fd, &event) != 0) {
        fail("epoll");
    }
}

/* Requests are small: a blocking send never waits for long. */
static void send_request(struct load *l, struct connection *c, int64_t due_us)
{
    next_request(l, c);
    c->began_us = due_us;
    while (c->written < c->request_len) {
        ssize_t n = send(c->fd, c->request + c->written, c->request_len - c->written, MSG_NOSIGNAL);
        if (n <= 0) {
            return; /* the read sees it */
        }
        c->written += (size_t)n;
    }
}

/* 0 while the answer is not whole, else its status. */
static int answer_status(struct connection *c)
{
    c->answer[c->answered] = '\0';
    const char *end = strstr(c->answer, "\r\n\r\n");
    if (end == NULL) {
        return 0;
    }
    const char *length = strcasestr(c->answer, "content-length:");
    size_t body = length == NULL || length > end ? 0 : strtoul(length + 15, NULL, 10);
    if (c->answered < (size_t)(end - c->answer) + 4 + body) {
        return 0;
    }
    return (int)strtol(c->answer + 9, NULL, 10);
}

static void count(struct load *l, const struct connection *c, int status)
{
    if (status != 200) {
        l->refused++;
        return;
    }
    l->acknowledged++;
    if (l->latencies < LATENCIES_MAX) {
        l->latencies_us[l->latencies++] = (uint32_t)(now_us() - c->began_us);
    }
}

static void ready_again(struct load *l, struct connection *c)
{
    if (l->rate == 0) {
        send_request(l, c, now_us());
    } else {
        l->idle[l->idle_count++] = c;
    }
}

static void on_readable(struct load *l, struct connection *c)
{
    ssize_t n = recv(c->fd, c->answer + c->answered, sizeof c->answer - 1 - c->answered, 0);
    if (n <= 0) {
        l->lost++;
        close(c->fd);
        open_connection(l, c);
        ready_again(l, c);
        return;
    }
    c->answered += (size_t)n;
    int status = answer_status(c);
    if (status != 0) {
        count(l, c, status);
        ready_again(l, c);
    }
}

static int by_size(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a;
    uint32_t y = *(const uint32_t *)b;
    return x < y ? -1 : x > y;
}

static double percentile_ms(const struct load *l, double share)
{
    if (l->latencies == 0) {
        return 0;
    }
    return l->latencies_us[(size_t)((double)(l->latencies - 1) * share)] / 1000.0;
}

static void report(struct load *l, double took_s)
{
    qsort(l->latencies_us, l->latencies, sizeof *l->latencies_us, by_size);
    printf("{\"acks_per_s\":%.0f,\"acknowledged\":%llu,\"refused\":%llu,\"lost\":%llu,"
           "\"p50_ms\":%.2f,\"p99_ms\":%.2f,\"p999_ms\":%.2f,\"max_ms\":%.2f,\"connections\":%ld,"
           "\"seconds\":%.1f}\n",
           (double)l->acknowledged / took_s, (unsigned long long)l->acknowledged,
           (unsigned long long)l->refused, (unsigned long long)l->lost, percentile_ms(l, 0.5),
           percentile_ms(l, 0.99), percentile_ms(l, 0.999), percentile_ms(l, 1), l->connections,
           took_s);
}

/* What is due by now, as far as connections are free; the rest is late and its latency shows it. */
static void send_due(struct load *l, int64_t began_us)
{
    int64_t now = now_us();
    while (l->idle_count > 0) {
        int64_t due_us = began_us + (int64_t)l->sent * 1000000 / l->rate;
        if (due_us > now) {
            return;
        }
        send_request(l, l->idle[--l->idle_count], due_us);
    }
}

static double run(struct load *l, struct connection *list)
{
    struct epoll_event events[256];
    int64_t began_us = now_us();
    int64_t end_us = began_us + l->seconds * 1000000;
    for (long i = 0; i < l->connections; i++) {
        open_connection(l, &list[i]);
        ready_again(l, &list[i]);
    }
    while (now_us() < end_us) {
        if (l->rate > 0) {
            send_due(l, began_us);
        }
        int ready = epoll_wait(l->epoll, events, 256, l->rate > 0 ? 1 : 100);
        for (int i = 0; i < ready; i++) {
            on_readable(l, events[i].data.ptr);
        }
    }
    return (double)(now_us() - began_us) / 1e6;
}

static long number(int argc, char **argv, int at, long absent)
{
    long value = at < argc ? strtol(argv[at], NULL, 10) : absent;
    if (value < 1) {
        fail("numbers begin at 1");
    }
    return value;
}

int main(int argc, char **argv)
{
    struct load l = {0};
    if (argc < 5) {
        fail("URL SECRET CONNECTIONS SECONDS [USERS [WORKSPACES [APP [RATE]]]]");
    }
    l.mac = keyed(argv[2]);
    l.connections = number(argc, argv, 3, 1);
    l.seconds = number(argc, argv, 4, 1);
    l.users = number(argc, argv, 5, 1000);
    l.workspaces = number(argc, argv, 6, 1);
    l.app = argc > 7 ? argv[7] : "A1";
    l.rate = argc > 8 ? number(argc, argv, 8, 1) : 0;
    l.first_fraction = (uint64_t)now_us();
    l.run = (uint64_t)time(NULL) * 1000 + (uint64_t)(now_us() % 1000);
    l.latencies_us = calloc(LATENCIES_MAX, sizeof *l.latencies_us);
    struct connection *list = calloc((size_t)l.connections, sizeof *list);
    l.idle = calloc((size_t)l.connections, sizeof(struct connection *));
    l.epoll = epoll_create1(EPOLL_CLOEXEC);
    if (l.latencies_us == NULL || list == NULL || l.idle == NULL || l.epoll < 0) {
        fail("out of memory");
    }
    resolve(&l, argv[1]);
    double took_s = run(&l, list);
    report(&l, took_s);
    free(list);
    free(l.idle);
    free(l.latencies_us);
    EVP_MAC_CTX_free(l.mac);
    return l.acknowledged > 0 ? 0 : 1;
}
