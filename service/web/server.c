#include "server_int.h"

#include <microhttpd.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/die.h"
#include "base/str.h"

/* The only file that knows libmicrohttpd. Its traps (each has a test in test_server.c) are told
 * where they are stepped around. */
enum {
    /* request line and headers must fit; what is larger than 32 KB goes back to the system */
    CONNECTION_MEMORY = 36 * 1024,
    /* all that can be suspended: in a queue, with a thread, in the batch that is committed */
    WORKING_MAX = POOL_QUEUE + POOL_WORKERS,
    CALLING_MAX = POOL_CALLERS_QUEUE + POOL_CALLERS,
    WAITING_MAX = WORKING_MAX + CALLING_MAX + POOL_AT_ONCE_QUEUE + POOL_AT_ONCE + POOL_HOOKS_QUEUE +
                  POOL_HOOKS + INTAKE_QUEUE + INTAKE_WRITERS * INTAKE_BATCH,
    IDLE_MAX = 512, /* keep-alive connections without a request */
    HEADROOM = 128,
    OPS_CONNECTIONS = 64,
    QUIET_TIMEOUT_S = 65
};

/* --- answering --- */

static struct MHD_Response *response_new(const struct response *r)
{
    void *body = (void *)(uintptr_t)r->body.data; /* libmicrohttpd only reads it */
    /* the body lives on the call's arena, which outlives the response (call_over) */
    struct MHD_Response *response =
        MHD_create_response_from_buffer(r->body.len, body, MHD_RESPMEM_PERSISTENT);
    if (response == NULL) {
        return NULL;
    }
    if (r->content_type != NULL) {
        MHD_add_response_header(response, "Content-Type", r->content_type);
    }
    for (size_t i = 0; i < r->headers_count; i++) {
        if (MHD_add_response_header(response, r->headers[i].name, r->headers[i].value) != MHD_YES) {
            MHD_destroy_response(response);
            return NULL;
        }
    }
    return response;
}

/* The worker still holds the call's arena, so this answer is made of constants alone, or of what
 * was there before it began. */
static struct MHD_Response *late_response_new(const struct call *c)
{
    if (c->at_once != NULL) {
        struct response ready = {.status = 0};
        call_answer_late(c, &ready);
        return response_new(&ready);
    }
    static const char problem[] =
        "{\"type\":\"urn:workbot:problem:late\",\"title\":\"Unavailable\",\"status\":503,"
        "\"code\":\"late\",\"detail\":\"This takes too long. Please try again shortly.\"}";
    static const char page[] =
        "<!doctype html><html lang=\"en\"><title>Please try again</title><h1>Please try again</h1>"
        "<p>This takes longer than usual. Go back and try again in a minute.</p></html>";
    static const char untouched[] =
        "<!doctype html><html lang=\"en\"><title>Please reload this page</title>"
        "<h1>Please reload this page</h1><p>Many people are here right now. Nothing was done yet: "
        "reload this page in a minute to go on.</p></html>";
    bool html = request_wants_html(&c->q);
    struct response r = {.content_type =
                             html ? "text/html; charset=utf-8" : "application/problem+json",
                         .body = bytes_of(html ? page : problem)};
    if (html && !c->begun) {
        r.body = bytes_of(untouched);
    }
    respond_header(&r, "Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'");
    respond_header(&r, "Retry-After", "1");
    respond_header(&r, "Cache-Control", "no-store");
    return response_new(&r);
}

static enum MHD_Result answer(struct call *c, struct MHD_Connection *connection)
{
    bool plain = !c->late && c->r.status == 200 && c->r.headers_count == 0 && c->r.body.len == 0;
    bool last = web_draining(c->server->web);
    struct MHD_Response *response = NULL;
    if (c->late) {
        response = late_response_new(c);
        c->status = c->at_once != NULL ? at_once_late_status(c->at_once) : 503;
    } else {
        response = plain && !last ? c->server->empty_ok : response_new(&c->r);
        c->status = c->r.status;
    }
    if (response == NULL) {
        return MHD_NO;
    }
    if (last) {
        MHD_add_response_header(response, "Connection", "close");
    }
    if (!c->late) {
        body_drop(c); /* who reads the answer slowly, or not, keeps no room of others */
    }
    c->phase = CALL_ANSWERED;
    peer_expect(c->peer, PEER_SEND_MS);
    enum MHD_Result result = MHD_queue_response(connection, (unsigned)c->status, response);
    if (response != c->server->empty_ok) {
        MHD_destroy_response(response);
    }
    return result;
}

/* --- reading --- */

struct header_sink {
    struct call *c;
    struct header *list;
    size_t room;
};

static enum MHD_Result header_take(void *cls, enum MHD_ValueKind kind, const char *name,
                                   const char *value)
{
    struct header_sink *sink = cls;
    struct call *c = sink->c;
    (void)kind;
    if (c->q.headers_count < sink->room) {
        /* copies: a worker may still read them when the connection is gone */
        sink->list[c->q.headers_count++] = (struct header){
            arena_strdup(c->mem, name), arena_strdup(c->mem, value == NULL ? "" : value)};
    }
    return MHD_YES;
}

static void headers_take(struct call *c, struct MHD_Connection *connection)
{
    int count = MHD_get_connection_values(connection, MHD_HEADER_KIND, NULL, NULL);
    struct header_sink sink = {.c = c, .room = count < 0 ? 0 : (size_t)count};
    sink.list = arena_array(c->mem, sink.room + 1, sizeof *sink.list);
    c->q.headers = sink.list;
    MHD_get_connection_values(connection, MHD_HEADER_KIND, header_take, &sink);
}

/* Trap: the URL that the access handler gets is decoded (%2F is "/", %00 ends it). This one is
 * raw, and what is returned here is the handler's *con_cls. */
static void *on_url(void *cls, const char *url, struct MHD_Connection *connection)
{
    struct call *c = call_new(cls, url == NULL ? "" : url);
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
    c->connection = connection;
    c->peer = info->socket_context;
    peer_expect(c->peer, PEER_RECEIVE_MS);
    return c;
}

static enum MHD_Result on_request(void *cls, struct MHD_Connection *connection, const char *url,
                                  const char *method, const char *version, const char *upload,
                                  size_t *upload_len, void **con_cls)
{
    struct call *c = *con_cls;
    (void)cls;
    (void)url;
    (void)version;
    switch (c->phase) {
    case CALL_NEW:
        headers_take(c, connection);
        return call_begin(c, method) ? answer(c, connection) : MHD_YES;
    case CALL_READING:
        if (*upload_len > 0) {
            bool go_on = call_body(c, upload, *upload_len);
            *upload_len = 0;
            return go_on ? MHD_YES : MHD_NO;
        }
        return call_end(c) ? answer(c, connection) : MHD_YES;
    case CALL_WAITING: /* resumed */
        return answer(c, connection);
    case CALL_ANSWERED:
    default:
        return MHD_NO;
    }
}

/* Trap: that the client hung up while it was suspended is noticed here, after the resume. */
static void on_completed(void *cls, struct MHD_Connection *connection, void **con_cls,
                         enum MHD_RequestTerminationCode code)
{
    (void)cls;
    (void)connection;
    (void)code;
    if (*con_cls != NULL) {
        call_over(*con_cls);
        *con_cls = NULL;
    }
}

static struct peer *peer_new(struct MHD_Connection *connection)
{
    struct peer *p = calloc(1, sizeof *p);
    if (p == NULL) {
        die("out of memory");
    }
    p->fd = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD)->connect_fd;
    const struct sockaddr *address =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS)->client_addr;
    if (address == NULL ||
        getnameinfo(address,
                    address->sa_family == AF_INET6 ? sizeof(struct sockaddr_in6)
                                                   : sizeof(struct sockaddr_in),
                    p->address, sizeof p->address, NULL, 0, NI_NUMERICHOST) != 0) {
        memcpy(p->address, "unknown", sizeof "unknown");
    }
    peer_expect(p, PEER_IDLE_MS);
    return p;
}

static void on_connection(void *cls, struct MHD_Connection *connection, void **socket_context,
                          enum MHD_ConnectionNotificationCode code)
{
    const struct listening *l = cls;
    if (code == MHD_CONNECTION_NOTIFY_STARTED) {
        *socket_context = peer_new(connection);
        watch_peer_add(&l->server->watch, *socket_context);
    } else if (*socket_context != NULL) {
        watch_peer_remove(&l->server->watch, *socket_context);
        free(*socket_context);
        *socket_context = NULL;
    }
}

void server_suspend(struct call *c)
{
    MHD_suspend_connection(c->connection);
}

void server_resume(struct call *c)
{
    MHD_resume_connection(c->connection);
}

/* --- starting and stopping --- */

static void on_panic(void *cls, const char *file, unsigned line, const char *reason)
{
    (void)cls;
    die("libmicrohttpd: %s:%u: %s", file, line, reason == NULL ? "panic" : reason);
}

static struct MHD_Daemon *daemon_new(struct listening *l, int fd)
{
    unsigned flags = MHD_USE_EPOLL_INTERNAL_THREAD | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_ITC;
    /* Trap: suspended connections count as connections. So the limit is what may wait, plus idle
     * ones, plus headroom for those that get a 503. Trap: the timeout here does not run while a
     * connection is suspended; watch.c has a clock that does. */
    return MHD_start_daemon(
        flags, 0, NULL, NULL, on_request, l, MHD_OPTION_LISTEN_SOCKET, fd,
        MHD_OPTION_THREAD_POOL_SIZE, l->threads, MHD_OPTION_CONNECTION_LIMIT, l->connections_max,
        MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)CONNECTION_MEMORY,
        MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)QUIET_TIMEOUT_S, MHD_OPTION_STRICT_FOR_CLIENT, 1,
        MHD_OPTION_URI_LOG_CALLBACK, on_url, l, MHD_OPTION_NOTIFY_COMPLETED, on_completed, l,
        MHD_OPTION_NOTIFY_CONNECTION, on_connection, l, MHD_OPTION_END);
}

static int listening_start(arena *mem, struct listening *l, const char *address, struct err *e)
{
    int fd = -1;
    if (listen_open(mem, address, &fd, &l->port, e) != 0) {
        return -1;
    }
    l->daemon = daemon_new(l, fd);
    if (l->daemon == NULL) {
        close(fd);
        return err_set(e, ERR_CONFIG, "listen", "cannot serve HTTP on %s", address);
    }
    return 0;
}

static struct listening *listening_add(struct server *s, const char *name)
{
    bool main_one = str_equal(name, "main");
    struct listening *l = &s->list[s->count++];
    *l = (struct listening){.server = s,
                            .name = name,
                            .threads = main_one ? 2 : 1,
                            .connections_max = main_one
                                                   ? WAITING_MAX + IDLE_MAX + HEADROOM
                                                   : WORKING_MAX + CALLING_MAX + OPS_CONNECTIONS};
    return l;
}

static int listenings_start(arena *boot, struct server *s, struct err *e)
{
    const struct config *config = s->web->config;
    struct listening *ops = listening_add(s, "ops");
    ops->routes[LISTEN_OPS] = true;
    if (listening_start(boot, ops, config->ops_listen, e) != 0) {
        return -1;
    }
    if (!s->web->options.serve_web) {
        return 0;
    }
    if (config->api_listen != NULL) {
        struct listening *api = listening_add(s, "api");
        api->routes[LISTEN_API] = true;
        if (listening_start(boot, api, config->api_listen, e) != 0) {
            return -1;
        }
    }
    struct listening *main_one = listening_add(s, "main");
    main_one->routes[LISTEN_MAIN] = true;
    main_one->routes[LISTEN_API] = config->api_listen == NULL;
    return listening_start(boot, main_one, config->listen, e);
}

int server_start(arena *boot, web *w, struct server **ret, struct err *e)
{
    struct server *s = arena_alloc(boot, sizeof *s);
    s->web = w;
    MHD_set_panic_func(on_panic, NULL);
    s->empty_ok = MHD_create_response_from_buffer(0, NULL, MHD_RESPMEM_PERSISTENT);
    if (s->empty_ok == NULL) {
        die("out of memory");
    }
    watch_start(&s->watch);
    bodies_start(&s->bodies);
    *ret = s;
    if (listenings_start(boot, s, e) != 0) {
        server_quiesce(s);
        server_free(s);
        return -1;
    }
    return 0;
}

int server_port(const struct server *s, const char *listener)
{
    for (size_t i = 0; i < s->count; i++) {
        if (str_equal(s->list[i].name, listener)) {
            return s->list[i].port;
        }
    }
    return 0;
}

void server_quiesce(struct server *s)
{
    for (size_t i = 0; i < s->count; i++) {
        int fd = s->list[i].daemon == NULL ? -1 : MHD_quiesce_daemon(s->list[i].daemon);
        if (fd >= 0) {
            close(fd);
        }
    }
}

/* Trap: MHD_stop_daemon() aborts the process when a connection is still suspended. */
void server_free(struct server *s)
{
    for (size_t i = 0; i < s->count; i++) {
        if (s->list[i].daemon != NULL) {
            MHD_stop_daemon(s->list[i].daemon);
        }
    }
    watch_stop(&s->watch);
    MHD_destroy_response(s->empty_ok);
}
