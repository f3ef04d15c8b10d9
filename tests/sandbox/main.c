/* The sandbox: stand-ins for the platforms and apps Workbot talks to. See README.md. */
#include "client.h"
#include "control.h"
#include "journal.h"
#include "peers.h"
#include "world.h"

#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

enum { LOG_ENTRIES = 200000, LOG_MEBIBYTES = 256 };

struct settings {
    const char *address;
    int port;
    const char *port_file;
    int salesforce_port;
    const char *salesforce_port_file;
    bool app_ports;
    int app_port[LISTENERS_MAX]; /* of this listener; 0: a free one, if any */
    const char *config;
    const char *bot_url;
    long log_entries;
};

static void usage(FILE *to)
{
    fputs("usage: sandbox --port N [--port-file FILE] [--config FILE] [--bot-url URL]\n"
          "               [--salesforce-port N] [--salesforce-port-file FILE] [--app-ports]\n"
          "               [--app-port NAME=PORT]...\n"
          "               [--address IPV4] [--log-entries N] [--adaptivecards FILE]\n"
          "Port 0 takes a free port; the files receive the port once it listens.\n",
          to);
}

static bool read_number(const char *text, long max, long *ret)
{
    char *end = NULL;
    errno = 0;
    long value = strtol(text, &end, 10);
    if (errno != 0 || end == text || *end != '\0' || value < 0 || value > max) {
        fprintf(stderr, "sandbox: not a number from 0 to %ld: %s\n", max, text);
        return false;
    }
    *ret = value;
    return true;
}

/* NAME=PORT of an app that can have a port of its own. */
static bool read_app_port(const char *text, struct settings *s)
{
    const char *cut = strchr(text, '=');
    char *name = xstrndup(text, cut == NULL ? 0 : (size_t)(cut - text));
    const struct peer *peer = peer_find(name);
    long number = 0;
    free(name);
    if (peer == NULL || !peer->own_port) {
        fprintf(stderr, "sandbox: no app with a port of its own: %s\n", text);
        return false;
    }
    if (!read_number(cut + 1, 65535, &number)) {
        return false;
    }
    s->app_ports = true;
    s->app_port[peer_listener(peer)] = (int)number;
    return true;
}

static bool read_options(int argc, char **argv, struct settings *s)
{
    static const struct option options[] = {
        {"port", required_argument, NULL, 'p'},
        {"port-file", required_argument, NULL, 'P'},
        {"salesforce-port", required_argument, NULL, 's'},
        {"salesforce-port-file", required_argument, NULL, 'S'},
        {"app-ports", no_argument, NULL, 'o'},
        {"app-port", required_argument, NULL, 'O'},
        {"config", required_argument, NULL, 'c'},
        {"bot-url", required_argument, NULL, 'b'},
        {"address", required_argument, NULL, 'a'},
        {"log-entries", required_argument, NULL, 'l'},
        {"adaptivecards", required_argument, NULL, 'A'},
        {NULL, 0, NULL, 0},
    };
    int option = 0;
    long number = 0;
    while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
        bool ok = true;
        switch (option) {
        case 'p':
            ok = read_number(optarg, 65535, &number);
            s->port = (int)number;
            break;
        case 's':
            ok = read_number(optarg, 65535, &number);
            s->salesforce_port = (int)number;
            break;
        case 'l':
            ok = read_number(optarg, 10000000, &number) && number > 0;
            s->log_entries = number;
            break;
        case 'P':
            s->port_file = optarg;
            break;
        case 'S':
            s->salesforce_port_file = optarg;
            break;
        case 'o':
            s->app_ports = true;
            break;
        case 'O':
            ok = read_app_port(optarg, s);
            break;
        case 'c':
            s->config = optarg;
            break;
        case 'b':
            s->bot_url = optarg;
            break;
        case 'A':
            world_set_cards_file(optarg);
            break;
        case 'a':
            s->address = optarg;
            break;
        default:
            ok = false;
            break;
        }
        if (!ok) {
            return false;
        }
    }
    return s->port >= 0 && optind == argc;
}

/* Written beside and renamed, so that a reader never sees half a number. */
static bool write_port(const char *file, int port)
{
    if (file == NULL) {
        return true;
    }
    char *part = xasprintf("%s.part", file);
    FILE *out = fopen(part, "w");
    bool ok = out != NULL && fprintf(out, "%d\n", port) > 0;
    ok = (out == NULL || fclose(out) == 0) && ok && rename(part, file) == 0;
    if (!ok) {
        fprintf(stderr, "sandbox: cannot write %s: %s\n", file, strerror(errno));
    }
    free(part);
    return ok;
}

static void handle(struct request *req)
{
    const char *rest = NULL;
    if (req->listener != LISTENER_MAIN) {
        char *base = http_origin(req);
        peer_serve(peer_at((size_t)req->listener - 1), req, req->path, base);
        free(base);
        return;
    }
    const struct peer *peer = peer_of_path(req->path, &rest);
    if (peer == NULL) {
        control_handle(req);
        return;
    }
    char *origin = http_origin(req);
    char *base = xasprintf("%s%s", origin, peer->prefix);
    peer_serve(peer, req, rest, base);
    free(base);
    free(origin);
}

static void raise_file_limit(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
        limit.rlim_cur = limit.rlim_max < 65536 ? limit.rlim_max : 65536;
        setrlimit(RLIMIT_NOFILE, &limit);
    }
}

/* Port 0 takes a free one, -1 listens to nothing. */
static void set_ports(struct http_options *options, const struct settings *s)
{
    for (size_t i = 0; i < LISTENERS_MAX; i++) {
        options->ports[i] = -1;
    }
    for (size_t i = 0; s->app_ports && peer_at(i) != NULL; i++) {
        options->ports[i + 1] = peer_at(i)->own_port ? s->app_port[i + 1] : -1;
    }
    options->ports[LISTENER_MAIN] = s->port;
    options->ports[peer_listener(&salesforce_peer)] = s->salesforce_port;
}

int main(int argc, char **argv)
{
    struct settings s = {
        .address = "127.0.0.1", .port = -1, .salesforce_port = -1, .log_entries = LOG_ENTRIES};
    if (!read_options(argc, argv, &s)) {
        usage(stderr);
        return 2;
    }
    sigset_t stop;
    sigemptyset(&stop);
    sigaddset(&stop, SIGTERM);
    sigaddset(&stop, SIGINT);
    pthread_sigmask(SIG_BLOCK, &stop, NULL); /* before any thread: main alone waits for them */
    signal(SIGPIPE, SIG_IGN);
    raise_file_limit();
    json_object_seed(0);
    journal_init((size_t)s.log_entries, (size_t)LOG_MEBIBYTES * 1024 * 1024);
    struct http_options options = {.address = s.address, .handle = handle};
    set_ports(&options, &s);
    if (world_load(s.config) != 0) {
        return 1;
    }
    if (s.bot_url != NULL) {
        world_set_bot_url(s.bot_url);
    }
    if (http_start(&options) != 0 || !write_port(s.port_file, http_port(LISTENER_MAIN)) ||
        (s.salesforce_port >= 0 &&
         !write_port(s.salesforce_port_file, http_port(peer_listener(&salesforce_peer))))) {
        return 1;
    }
    fprintf(stderr, "sandbox: http://%s:%d\n", s.address, http_port(LISTENER_MAIN));
    int signal_number = 0;
    sigwait(&stop, &signal_number);
    http_stop();
    journal_clear();
    return 0;
}
