#include "http.h"

#include <arpa/inet.h>
#include <microhttpd.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

enum { WORKERS = 48, STACK_BYTES = 512 * 1024, CONNECTIONS_MAX = 8192, POLL_PAUSE_MS = 10 };

struct task {
    void (*fn)(void *arg);
    void *arg;
    int64_t due_ms; /* monotonic; timer only */
    struct task *next;
};

static struct {
    struct MHD_Daemon *daemons[LISTENERS_MAX];
    int names[LISTENERS_MAX];
    void (*handle)(struct request *req);

    pthread_mutex_t lock;
    pthread_cond_t worker_wake;
    pthread_cond_t timer_wake;
    pthread_cond_t poll_wake;
    pthread_cond_t idle;
    struct task *first, *last; /* queue of the workers, first in first out */
    struct task **heap;        /* timer, a binary heap on due_ms */
    size_t heap_count, heap_cap;
    struct request *polling;
    bool poll_dirty;
    size_t suspended;
    bool stopping; /* no new waiting */
    bool ended;    /* threads leave */
    pthread_t workers[WORKERS];
    pthread_t timer, poller;
} http = {.lock = PTHREAD_MUTEX_INITIALIZER};

/* ---- reading a request ---- */

static struct MHD_Connection *connection_of(const struct request *req)
{
    return req->connection;
}

const char *http_header(const struct request *req, const char *name)
{
    return MHD_lookup_connection_value(connection_of(req), MHD_HEADER_KIND, name);
}

const char *http_cookie(const struct request *req, const char *name)
{
    return MHD_lookup_connection_value(connection_of(req), MHD_COOKIE_KIND, name);
}

static enum MHD_Result header_line(void *cls, enum MHD_ValueKind kind, const char *name,
                                   const char *value)
{
    (void)kind;
    buf_addf(cls, "%s: %s\n", name, value == NULL ? "" : value);
    return MHD_YES;
}

void http_headers_text(const struct request *req, struct buf *ret)
{
    MHD_get_connection_values(connection_of(req), MHD_HEADER_KIND, header_line, ret);
}

bool http_is(const struct request *req, const char *method)
{
    return strcmp(req->method, method) == 0;
}

bool http_body_is(const struct request *req, const char *type)
{
    const char *given = http_header(req, "Content-Type");
    size_t len = strlen(type);
    if (given == NULL || strncasecmp(given, type, len) != 0) {
        return false;
    }
    return given[len] == '\0' || given[len] == ';' || given[len] == ' ';
}

char *http_origin(const struct request *req)
{
    const char *host = http_header(req, "Host");
    if (host != NULL && host[0] != '\0') {
        return xasprintf("http://%s", host);
    }
    return xasprintf("http://127.0.0.1:%d", http_port(req->listener));
}

/* ---- filling a reply ---- */

void http_reply_header(struct request *req, const char *name, const char *value)
{
    if (req->header_count == HTTP_HEADERS_MAX) {
        abort();
    }
    req->headers[req->header_count][0] = xstrdup(name);
    req->headers[req->header_count][1] = xstrdup(value);
    req->header_count++;
}

void http_reply_text(struct request *req, unsigned status, const char *type, const char *body)
{
    req->status = status;
    req->type = type;
    req->reply.len = 0;
    buf_add(&req->reply, body);
}

void http_reply_json(struct request *req, unsigned status, json_t *body)
{
    char *text = json_dumps(body, JSON_COMPACT | JSON_ENCODE_ANY);
    http_reply_text(req, status, "application/json; charset=utf-8", text == NULL ? "" : text);
    free(text);
    json_decref(body);
}

void http_redirect(struct request *req, unsigned status, const char *location)
{
    http_reply_header(req, "Location", location);
    http_reply_header(req, "Cache-Control", "no-store");
    http_reply_text(req, status, "text/plain; charset=utf-8", "");
}

static enum MHD_Result send_reply(struct request *req)
{
    if (req->cut) {
        return MHD_NO;
    }
    struct MHD_Response *response =
        MHD_create_response_from_buffer(req->reply.len, req->reply.data, MHD_RESPMEM_MUST_FREE);
    if (response == NULL) {
        return MHD_NO;
    }
    req->reply = (struct buf){0};
    if (req->type != NULL) {
        MHD_add_response_header(response, "Content-Type", req->type);
    }
    for (unsigned i = 0; i < req->header_count; i++) {
        MHD_add_response_header(response, req->headers[i][0], req->headers[i][1]);
    }
    enum MHD_Result queued = MHD_queue_response(connection_of(req), req->status, response);
    MHD_destroy_response(response);
    return queued;
}

/* ---- waiting ---- */

/* False once the server stops: nothing may be suspended any more. */
static bool suspend(struct request *req)
{
    pthread_mutex_lock(&http.lock);
    bool may = !http.stopping;
    if (may) {
        http.suspended++;
    }
    pthread_mutex_unlock(&http.lock);
    if (may) {
        MHD_suspend_connection(connection_of(req));
    }
    return may;
}

/* From here on the request belongs to its server thread again. The count goes down last: when it
 * is zero, http_stop may stop the daemon, and a suspended connection would make that abort. */
static void resume(struct request *req)
{
    req->ready = true;
    MHD_resume_connection(connection_of(req));
    pthread_mutex_lock(&http.lock);
    http.suspended--;
    if (http.suspended == 0) {
        pthread_cond_broadcast(&http.idle);
    }
    pthread_mutex_unlock(&http.lock);
}

static void resume_task(void *arg)
{
    resume(arg);
}

static void finish_blocked(void *arg)
{
    struct request *req = arg;
    req->work(req);
    if (req->delay_ms > 0) {
        task_post_later(req->delay_ms, resume_task, req);
    } else {
        resume(req);
    }
}

void http_block(struct request *req, void (*work)(struct request *req))
{
    req->work = work;
}

void http_wait(struct request *req, int64_t wait_ms, bool (*poll)(struct request *req, bool last))
{
    if (poll(req, wait_ms <= 0 || http_stopping())) {
        return;
    }
    req->poll = poll;
    req->poll_until = clock_mono_ms() + wait_ms;
}

void http_wake(void)
{
    pthread_mutex_lock(&http.lock);
    if (http.polling != NULL && !http.poll_dirty) {
        http.poll_dirty = true;
        pthread_cond_signal(&http.poll_wake);
    }
    pthread_mutex_unlock(&http.lock);
}

static void wait_until(pthread_cond_t *cond, int64_t mono_ms)
{
    struct timespec t = {.tv_sec = mono_ms / 1000, .tv_nsec = (mono_ms % 1000) * 1000000};
    pthread_cond_timedwait(cond, &http.lock, &t);
}

/* Tries every waiting long poll once; called with the lock held, which it lets go meanwhile. */
static void poll_round(void)
{
    struct request *list = http.polling;
    http.polling = NULL;
    http.poll_dirty = false;
    bool stopping = http.stopping;
    pthread_mutex_unlock(&http.lock);
    struct request *keep = NULL;
    while (list != NULL) {
        struct request *req = list;
        list = req->next;
        if (req->poll(req, stopping || clock_mono_ms() >= req->poll_until)) {
            resume(req);
        } else {
            req->next = keep;
            keep = req;
        }
    }
    pthread_mutex_lock(&http.lock);
    while (keep != NULL) {
        struct request *req = keep;
        keep = req->next;
        req->next = http.polling;
        http.polling = req;
    }
}

static void *poller_main(void *arg)
{
    (void)arg;
    pthread_mutex_lock(&http.lock);
    while (!http.ended) {
        if (http.polling == NULL) {
            pthread_cond_wait(&http.poll_wake, &http.lock);
            continue;
        }
        int64_t nearest = INT64_MAX;
        for (struct request *r = http.polling; r != NULL; r = r->next) {
            nearest = r->poll_until < nearest ? r->poll_until : nearest;
        }
        if (!http.poll_dirty && !http.stopping && clock_mono_ms() < nearest) {
            wait_until(&http.poll_wake, nearest);
            continue;
        }
        poll_round();
        if (!http.stopping) {
            /* under load everything changes all the time: a short rest bounds the work */
            wait_until(&http.poll_wake, clock_mono_ms() + POLL_PAUSE_MS);
        }
    }
    pthread_mutex_unlock(&http.lock);
    return NULL;
}

/* ---- tasks ---- */

void task_post(void (*fn)(void *arg), void *arg)
{
    struct task *task = xcalloc(1, sizeof *task);
    task->fn = fn;
    task->arg = arg;
    pthread_mutex_lock(&http.lock);
    if (http.last == NULL) {
        http.first = task;
    } else {
        http.last->next = task;
    }
    http.last = task;
    pthread_cond_signal(&http.worker_wake);
    pthread_mutex_unlock(&http.lock);
}

static void heap_swap(size_t a, size_t b)
{
    struct task *t = http.heap[a];
    http.heap[a] = http.heap[b];
    http.heap[b] = t;
}

static void heap_push(struct task *task)
{
    if (http.heap_count == http.heap_cap) {
        http.heap_cap = http.heap_cap == 0 ? 64 : http.heap_cap * 2;
        http.heap = realloc(http.heap, http.heap_cap * sizeof(struct task *));
        if (http.heap == NULL) {
            abort();
        }
    }
    size_t i = http.heap_count++;
    http.heap[i] = task;
    while (i > 0 && http.heap[(i - 1) / 2]->due_ms > http.heap[i]->due_ms) {
        heap_swap(i, (i - 1) / 2);
        i = (i - 1) / 2;
    }
}

static struct task *heap_pop(void)
{
    struct task *top = http.heap[0];
    http.heap[0] = http.heap[--http.heap_count];
    size_t i = 0;
    for (;;) {
        size_t small = i;
        for (size_t child = 2 * i + 1; child <= 2 * i + 2 && child < http.heap_count; child++) {
            if (http.heap[child]->due_ms < http.heap[small]->due_ms) {
                small = child;
            }
        }
        if (small == i) {
            return top;
        }
        heap_swap(i, small);
        i = small;
    }
}

void task_post_later(int64_t delay_ms, void (*fn)(void *arg), void *arg)
{
    struct task *task = xcalloc(1, sizeof *task);
    task->fn = fn;
    task->arg = arg;
    task->due_ms = clock_mono_ms() + delay_ms;
    pthread_mutex_lock(&http.lock);
    heap_push(task);
    pthread_cond_signal(&http.timer_wake);
    pthread_mutex_unlock(&http.lock);
}

static void *worker_main(void *arg)
{
    (void)arg;
    pthread_mutex_lock(&http.lock);
    for (;;) {
        struct task *task = http.first;
        if (task == NULL) {
            if (http.ended) {
                break;
            }
            pthread_cond_wait(&http.worker_wake, &http.lock);
            continue;
        }
        http.first = task->next;
        if (http.first == NULL) {
            http.last = NULL;
        }
        pthread_mutex_unlock(&http.lock);
        task->fn(task->arg);
        free(task);
        pthread_mutex_lock(&http.lock);
    }
    pthread_mutex_unlock(&http.lock);
    return NULL;
}

/* Hands due tasks to the workers; when stopping, all are due. */
static void *timer_main(void *arg)
{
    (void)arg;
    pthread_mutex_lock(&http.lock);
    for (;;) {
        if (http.heap_count == 0) {
            if (http.ended) {
                break;
            }
            pthread_cond_wait(&http.timer_wake, &http.lock);
            continue;
        }
        int64_t due = http.heap[0]->due_ms;
        if (!http.stopping && due > clock_mono_ms()) {
            wait_until(&http.timer_wake, due);
            continue;
        }
        struct task *task = heap_pop();
        pthread_mutex_unlock(&http.lock);
        if (task->fn == resume_task) {
            resume(task->arg); /* late answers need no worker: thousands may be due at once */
        } else {
            task_post(task->fn, task->arg);
        }
        free(task);
        pthread_mutex_lock(&http.lock);
    }
    pthread_mutex_unlock(&http.lock);
    return NULL;
}

bool http_stopping(void)
{
    pthread_mutex_lock(&http.lock);
    bool stopping = http.stopping;
    pthread_mutex_unlock(&http.lock);
    return stopping;
}

/* ---- the server ---- */

/* The raw target, before libmicrohttpd decodes it. What it returns is the request's context. */
static void *request_begin(void *cls, const char *target, struct MHD_Connection *connection)
{
    struct request *req = xcalloc(1, sizeof *req);
    req->connection = connection;
    req->listener = *(int *)cls;
    req->started_ms = clock_mono_ms();
    const char *mark = strchr(target, '?');
    req->path = mark == NULL ? xstrdup(target) : xstrndup(target, (size_t)(mark - target));
    req->query_text = xstrdup(mark == NULL ? "" : mark + 1);
    req->query = form_decode(req->query_text, strlen(req->query_text));
    return req;
}

static void request_end(void *cls, struct MHD_Connection *connection, void **context,
                        enum MHD_RequestTerminationCode why)
{
    (void)cls;
    (void)connection;
    (void)why;
    struct request *req = *context;
    if (req == NULL) {
        return;
    }
    for (unsigned i = 0; i < req->header_count; i++) {
        free(req->headers[i][0]);
        free(req->headers[i][1]);
    }
    free(req->method);
    free(req->path);
    free(req->query_text);
    json_decref(req->query);
    buf_free(&req->body);
    buf_free(&req->reply);
    free(req);
    *context = NULL;
}

static enum MHD_Result park(struct request *req)
{
    if (!suspend(req)) {
        return MHD_NO;
    }
    if (req->work != NULL) {
        task_post(finish_blocked, req);
        return MHD_YES;
    }
    if (req->poll != NULL) {
        pthread_mutex_lock(&http.lock);
        req->next = http.polling;
        http.polling = req;
        http.poll_dirty = true; /* something may have happened since the first try */
        pthread_cond_signal(&http.poll_wake);
        pthread_mutex_unlock(&http.lock);
        return MHD_YES;
    }
    task_post_later(req->delay_ms, resume_task, req);
    return MHD_YES;
}

static enum MHD_Result on_request(void *cls, struct MHD_Connection *connection, const char *url,
                                  const char *method, const char *version, const char *upload,
                                  size_t *upload_size, void **context)
{
    (void)cls;
    (void)connection;
    (void)url;
    (void)version;
    struct request *req = *context;
    if (!req->begun) {
        req->begun = true;
        req->method = xstrdup(method);
        return MHD_YES;
    }
    if (*upload_size > 0) {
        req->too_large = req->too_large || req->body.len + *upload_size > HTTP_BODY_MAX;
        if (!req->too_large) {
            buf_addn(&req->body, upload, *upload_size);
        }
        *upload_size = 0;
        return MHD_YES;
    }
    if (req->ready) {
        return send_reply(req);
    }
    if (req->too_large) {
        http_reply_text(req, 413, "text/plain", "too large\n");
        return send_reply(req);
    }
    http.handle(req);
    if (req->work != NULL || req->poll != NULL || req->delay_ms > 0) {
        return park(req);
    }
    return send_reply(req);
}

static struct MHD_Daemon *daemon_start(const struct http_options *options, int which)
{
    struct sockaddr_in address = {.sin_family = AF_INET};
    int port = options->ports[which];
    address.sin_port = htons((uint16_t)port);
    if (inet_pton(AF_INET, options->address, &address.sin_addr) != 1) {
        fprintf(stderr, "sandbox: not an IPv4 address: %s\n", options->address);
        return NULL;
    }
    http.names[which] = which;
    struct MHD_Daemon *daemon = MHD_start_daemon(
        MHD_USE_EPOLL_INTERNAL_THREAD | MHD_ALLOW_SUSPEND_RESUME, 0, NULL, NULL, on_request, NULL,
        MHD_OPTION_SOCK_ADDR, &address, MHD_OPTION_THREAD_POOL_SIZE, (unsigned)2,
        MHD_OPTION_URI_LOG_CALLBACK, request_begin, &http.names[which], MHD_OPTION_NOTIFY_COMPLETED,
        request_end, NULL, MHD_OPTION_CONNECTION_LIMIT, (unsigned)CONNECTIONS_MAX,
        MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)120, MHD_OPTION_LISTENING_ADDRESS_REUSE,
        (unsigned)1, MHD_OPTION_END);
    if (daemon == NULL) {
        fprintf(stderr, "sandbox: cannot listen on %s:%d\n", options->address, port);
    }
    return daemon;
}

static void threads_start(void)
{
    pthread_condattr_t clock;
    pthread_condattr_init(&clock);
    pthread_condattr_setclock(&clock, CLOCK_MONOTONIC);
    pthread_cond_init(&http.worker_wake, NULL);
    pthread_cond_init(&http.timer_wake, &clock);
    pthread_cond_init(&http.poll_wake, &clock);
    pthread_cond_init(&http.idle, NULL);
    pthread_condattr_destroy(&clock);
    pthread_attr_t small;
    pthread_attr_init(&small);
    pthread_attr_setstacksize(&small, STACK_BYTES);
    bool ok = pthread_create(&http.timer, &small, timer_main, NULL) == 0 &&
              pthread_create(&http.poller, &small, poller_main, NULL) == 0;
    for (size_t i = 0; ok && i < WORKERS; i++) {
        ok = pthread_create(&http.workers[i], &small, worker_main, NULL) == 0;
    }
    pthread_attr_destroy(&small);
    if (!ok) {
        fputs("sandbox: cannot start threads\n", stderr);
        abort();
    }
}

int http_start(const struct http_options *options)
{
    http.handle = options->handle;
    threads_start();
    /* under the lock: an early request that asks for a port waits until all are known */
    pthread_mutex_lock(&http.lock);
    bool ok = true;
    for (int i = 0; ok && i < LISTENERS_MAX; i++) {
        if (options->ports[i] >= 0) {
            http.daemons[i] = daemon_start(options, i);
            ok = http.daemons[i] != NULL;
        }
    }
    pthread_mutex_unlock(&http.lock);
    return ok ? 0 : -1;
}

int http_port(int which)
{
    pthread_mutex_lock(&http.lock);
    struct MHD_Daemon *daemon = http.daemons[which];
    pthread_mutex_unlock(&http.lock);
    if (daemon == NULL) {
        return -1;
    }
    const union MHD_DaemonInfo *info = MHD_get_daemon_info(daemon, MHD_DAEMON_INFO_BIND_PORT);
    return info == NULL ? -1 : (int)info->port;
}

void http_stop(void)
{
    pthread_mutex_lock(&http.lock);
    http.stopping = true;
    pthread_cond_broadcast(&http.timer_wake);
    pthread_cond_broadcast(&http.poll_wake);
    while (http.suspended > 0) {
        pthread_cond_wait(&http.idle, &http.lock);
    }
    pthread_mutex_unlock(&http.lock);
    for (size_t i = 0; i < LISTENERS_MAX; i++) {
        if (http.daemons[i] != NULL) {
            MHD_stop_daemon(http.daemons[i]);
        }
    }
    pthread_mutex_lock(&http.lock);
    http.ended = true;
    pthread_cond_broadcast(&http.timer_wake);
    pthread_cond_broadcast(&http.poll_wake);
    pthread_mutex_unlock(&http.lock);
    pthread_join(http.timer, NULL); /* it may still hand tasks to the workers */
    pthread_join(http.poller, NULL);
    pthread_mutex_lock(&http.lock);
    pthread_cond_broadcast(&http.worker_wake);
    pthread_mutex_unlock(&http.lock);
    for (size_t i = 0; i < WORKERS; i++) {
        pthread_join(http.workers[i], NULL);
    }
    free(http.heap);
}
