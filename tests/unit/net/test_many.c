/*
 * P13: a thousand calls are in flight at once, on a thousand threads with small stacks, in one
 * process. The peer answers nobody until it has all requests, so the test ends only if they are.
 */
#include <arpa/inet.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "net.h"

enum { CALLS = 1000, ROUNDS = 2, STACK_BYTES = 256 * 1024, FILES_NEEDED = 6000 };

static const char answer[] = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}";

struct crowd {
    net_client *client;
    char url[64];
    atomic_int succeeded;
};

/* Reads a request's head; bodies do not occur here. */
static bool head_read(int fd)
{
    char buffer[2048];
    size_t have = 0;
    while (have < sizeof(buffer) - 1) {
        ssize_t n = recv(fd, buffer + have, sizeof(buffer) - 1 - have, 0);
        if (n <= 0) {
            return false;
        }
        have += (size_t)n;
        buffer[have] = '\0';
        if (strstr(buffer, "\r\n\r\n") != NULL) {
            return true;
        }
    }
    return false;
}

/* Serves ROUNDS rounds over the same CALLS connections. */
static void *peer_run(void *user)
{
    int listener = *(int *)user;
    static int fds[CALLS];
    bool good = true;
    for (size_t i = 0; i < CALLS && good; i++) {
        fds[i] = accept(listener, NULL, NULL);
        good = fds[i] >= 0;
    }
    for (size_t round = 0; round < ROUNDS && good; round++) {
        for (size_t i = 0; i < CALLS && good; i++) {
            good = head_read(fds[i]);
        }
        for (size_t i = 0; i < CALLS && good; i++) {
            good = send(fds[i], answer, sizeof(answer) - 1, MSG_NOSIGNAL) > 0;
        }
    }
    for (size_t i = 0; i < CALLS; i++) {
        if (fds[i] > 0) {
            close(fds[i]);
        }
    }
    return good ? user : NULL;
}

static void *caller_run(void *user)
{
    struct crowd *c = user;
    arena *mem = arena_new();
    struct net_request q = {.method = "GET", .url = c->url, .peer = "crowd", .timeout_ms = 60000};
    struct net_response r;
    struct err e = {0};
    if (net_call(c->client, mem, &q, &r, &e) == 0 && r.status == 200 && r.body.len == 2) {
        atomic_fetch_add(&c->succeeded, 1);
    } else {
        print_error("%s: %s\n", e.code == NULL ? "answer" : e.code, e.text);
    }
    arena_free(mem);
    return NULL;
}

static void round_run(struct crowd *c)
{
    static pthread_t threads[CALLS];
    pthread_attr_t attr;
    assert_int_equal(pthread_attr_init(&attr), 0);
    assert_int_equal(pthread_attr_setstacksize(&attr, STACK_BYTES), 0);
    for (size_t i = 0; i < CALLS; i++) {
        assert_int_equal(pthread_create(&threads[i], &attr, caller_run, c), 0);
    }
    for (size_t i = 0; i < CALLS; i++) {
        pthread_join(threads[i], NULL);
    }
    pthread_attr_destroy(&attr);
}

static bool files_raise(void)
{
    struct rlimit limit;
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
    if (limit.rlim_cur < FILES_NEEDED && limit.rlim_max >= FILES_NEEDED) {
        limit.rlim_cur = FILES_NEEDED;
        assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
    }
    return limit.rlim_cur >= FILES_NEEDED;
}

static long resident_kib(void)
{
    FILE *f = fopen("/proc/self/statm", "r");
    assert_non_null(f);
    long size = 0, resident = 0;
    assert_int_equal(fscanf(f, "%ld %ld", &size, &resident), 2);
    fclose(f);
    return resident * (sysconf(_SC_PAGESIZE) / 1024);
}

static void test_thousand_in_flight(void **state)
{
    (void)state;
    if (!files_raise()) {
        print_message("skipped: fewer than %d open files are allowed here\n", (int)FILES_NEEDED);
        skip();
    }
    int listener = socket(AF_INET, SOCK_STREAM, 0);
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    socklen_t len = sizeof(at);
    assert_int_equal(bind(listener, (struct sockaddr *)&at, len), 0);
    assert_int_equal(listen(listener, CALLS), 0);
    assert_int_equal(getsockname(listener, (struct sockaddr *)&at, &len), 0);
    pthread_t peer;
    assert_int_equal(pthread_create(&peer, NULL, peer_run, &listener), 0);

    char host[32];
    (void)snprintf(host, sizeof(host), "127.0.0.1:%d", ntohs(at.sin_port));
    const char *hosts[] = {host};
    struct net_options options = {.trusted_hosts = hosts, .trusted_count = 1, .handles = CALLS};
    struct crowd c = {.client = net_client_new(&options)};
    (void)snprintf(c.url, sizeof(c.url), "http://%s/", host);
    for (size_t round = 0; round < ROUNDS; round++) {
        round_run(&c);
    }
    print_message("%d calls in flight, twice: %ld KiB resident after\n", (int)CALLS,
                  resident_kib());
    void *good = NULL;
    shutdown(listener, SHUT_RDWR);
    pthread_join(peer, &good);
    assert_int_equal(atomic_load(&c.succeeded), ROUNDS * CALLS);
    assert_non_null(good);
    net_client_free(c.client);
    close(listener);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_thousand_in_flight)};
    return cmocka_run_group_tests_name("many", tests, NULL, NULL);
}
