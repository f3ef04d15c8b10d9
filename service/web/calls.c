#include "server_int.h"

#include <string.h>

#include "base/clock.h"
#include "base/limits.h"
#include "base/metrics.h"
#include "base/str.h"

enum {
    DROP_MAX = 4 * 1024 * 1024, /* read and thrown away, so that the sender gets to see a 413 */
    INTAKE_WAIT_MS = 2500,      /* Slack gives 3 s; it then sends the event again */
    QUEUE_WAIT_MS = 15 * 1000,  /* for a worker; then nothing is begun */
    WORK_WAIT_MS = 30 * 1000
};

static uint32_t process_id;

static void process_id_init(void)
{
    crypto_random(&process_id, sizeof process_id);
}

/* "6f1d03aa-0000002a": tells processes and their requests apart, and costs nothing. */
static const char *request_id_new(arena *mem)
{
    static atomic_uint count;
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, process_id_init);
    return arena_printf(mem, "%08x-%08x", process_id, atomic_fetch_add(&count, 1));
}

struct call *call_new(const struct listening *l, const char *url)
{
    arena *mem = arena_new();
    struct call *c = arena_alloc(mem, sizeof *c);
    const char *mark = strchr(url, '?');
    c->server = l->server;
    c->listening = l;
    c->mem = mem;
    c->references = 1;
    c->started_us = clock_mono_us();
    c->raw_path =
        mark == NULL ? arena_strdup(mem, url) : arena_strndup(mem, url, (size_t)(mark - url));
    c->q = (struct request){.mem = mem,
                            .id = request_id_new(mem),
                            .query = mark == NULL ? "" : arena_strdup(mem, mark + 1)};
    atomic_fetch_add(&l->server->calls, 1);
    return c;
}

void call_unref(struct call *c)
{
    if (atomic_fetch_sub(&c->references, 1) == 1) {
        body_drop(c);
        arena_free(c->mem);
    }
}

/* The edge where errors end: logged once when they are ours, answered always. */
static void fail(struct call *c, const struct err *e)
{
    access_fault(c, e);
    respond_error(&c->q, c->route, e, &c->r);
}

/* RFC 9112 sections 3.2 and 6.3: a host or length that can be read in two ways is an attack. */
static int framing_check(const struct request *q, unsigned long long *ret_length, struct err *e)
{
    size_t lengths = 0;
    size_t codings = 0, hosts = 0;
    long long value = 0;
    const char *length = request_header(q, "Content-Length", &lengths);
    const char *coding = request_header(q, "Transfer-Encoding", &codings);
    (void)request_header(q, "Host", &hosts);
    bool broken = hosts > 1 || lengths > 1 || codings > 1 || (lengths > 0 && codings > 0) ||
                  (codings == 1 && !str_equal_fold(coding, "chunked")) ||
                  (lengths == 1 && (!str_to_i64(length, &value) || value < 0));
    if (broken || q->headers_count > LIMIT_HEADERS_COUNT) {
        return err_set(e, ERR_INPUT, "framing", "The headers of the request cannot be read.");
    }
    *ret_length = (unsigned long long)value;
    return 0;
}

static int too_large(const struct call *c, struct err *e)
{
    return err_set(e, ERR_TOO_LARGE, "too_large", "This route takes %zu bytes at most.",
                   c->route->body_max);
}

static int admit(struct call *c, const char *method, unsigned long long length, struct err *e)
{
    struct router_request from = {.method = method, .raw_path = c->raw_path};
    const char *allow = NULL;
    memcpy(from.listeners, c->listening->routes, sizeof from.listeners);
    if (router_match(&from, &c->q, &c->route, &allow, e) != 0) {
        if (allow != NULL) {
            fail(c, e);
            respond_header(&c->r, "Allow", allow);
        }
        return -1;
    }
    if (gates_check(c->server->web->gates, c->route, &c->q, e) != 0) {
        return -1;
    }
    return length > c->route->body_max ? too_large(c, e) : 0;
}

bool call_begin(struct call *c, const char *method)
{
    struct err e = {0};
    unsigned long long length = 0;
    const struct request *q = &c->q;
    c->phase = CALL_READING;
    peer_expect(c->peer, PEER_RECEIVE_MS);
    c->q.path = "none";
    c->q.remote = request_remote(c->mem, &c->server->web->config->trusted_proxies, c->peer->address,
                                 request_header_list(q, "X-Forwarded-For"));
    bool framed = framing_check(q, &length, &e) == 0;
    if (framed && admit(c, method, length, &e) == 0) {
        c->body_most = (length > 0 ? (size_t)length : c->route->body_max) + 1;
        return false;
    }
    c->refused = true;
    if (c->r.status == 0) {
        fail(c, &e);
    }
    /* what is not much is read and dropped, so that the connection and the answer survive */
    return !framed || length > DROP_MAX || request_header(q, "Expect", NULL) != NULL;
}

static void busy(struct call *c)
{
    struct err e = {0};
    if (c->at_once != NULL) {
        call_answer_late(c, &c->r);
        return;
    }
    err_set(&e, ERR_DATABASE, "busy", "the queue is full");
    e.retry_after_ms = 1000;
    respond_error(&c->q, c->route, &e, &c->r);
}

/* What is dropped of it is counted all the same, so that an end comes. */
static void refuse_body(struct call *c)
{
    body_drop(c);
    c->refused = true;
}

/* Others needed its room, or there is none: its sender may come again. */
static void no_room(struct call *c)
{
    refuse_body(c);
    busy(c);
    respond_header(&c->r, "Connection", "close");
}

bool call_body(struct call *c, const char *data, size_t len)
{
    if (!c->refused && c->body_len + len > c->route->body_max) {
        struct err e = {0};
        too_large(c, &e);
        refuse_body(c);
        fail(c, &e);
    }
    if (!c->refused && !body_append(c, data, len)) {
        no_room(c);
    }
    if (c->refused) {
        c->dropped += len;
        return c->dropped <= DROP_MAX;
    }
    return true;
}

static void run(struct call *c, route_fn *handler)
{
    struct err e = {0};
    web *w = c->server->web;
    if (token_gate(w, c->route, &c->q, &e) != 0 || query_gate(c->route, &c->q, &e) != 0 ||
        handler(w, &c->q, &c->r, &e) != 0) {
        fail(c, &e);
        c->r.store = NULL;
        c->r.at_once = NULL;
        c->r.later = NULL;
    }
}

int at_once_late_status(const struct at_once *a)
{
    return a->late_status > 0 ? a->late_status : 200;
}

static void answer_late(const struct at_once *a, struct response *r)
{
    metric_add(METRIC_FORMS, a->late_metric, 1);
    *r = (struct response){.status = at_once_late_status(a)};
    if (a->late != NULL) {
        r->content_type = "application/json";
        r->body = bytes_of(a->late);
    }
}

void call_answer_late(const struct call *c, struct response *r)
{
    answer_late(c->at_once, r);
}

/* The person sees the answer in the form: what went wrong here is for the log. */
static void answer_at_once(struct call *c, const struct at_once *a)
{
    struct err e = {0};
    if (a->answer(c->server->web, &c->q, &c->r, &e) == 0) {
        return;
    }
    access_fault(c, &e);
    answer_late(a, &c->r);
}

/* Ends the wait of a suspended call, whoever runs it; the reference is the waiting side's. */
static void wait_over(struct call *c)
{
    if (watch_claim(&c->server->watch, c)) {
        server_resume(c);
    }
    call_unref(c);
}

static void stored(struct intake_item *item, bool ok)
{
    struct call *c = (struct call *)item;
    if (!ok) {
        busy(c);
    }
    wait_over(c);
}

static bool put_to_intake(struct call *c)
{
    const struct web *w = c->server->web;
    c->item =
        (struct intake_item){.seeds = c->r.store, .count = 1 + c->r.store_more, .done = stored};
    return w->intake != NULL && intake_put(w->intake, &c->item);
}

static int64_t until_of(const struct call *c)
{
    int64_t within_ms = c->r.at_once->within_ms;
    return c->started_us / 1000 + (within_ms > 0 ? within_ms : AT_ONCE_MS);
}

/* What the HTTP thread could not say: now, and on from there. Of a call whose time is over the
 * watch has answered: 503, as long as nobody was proven, and then as the form says. What it said is
 * stored all the same, and known when it comes again. */
static void work_later(struct call *c)
{
    run(c, c->later);
    if (c->r.at_once != NULL) {
        c->q.at_once = c->r.at_once;
        c->q.until_ms = until_of(c);
        watch_knows(&c->server->watch, c, c->r.at_once);
        answer_at_once(c, c->r.at_once);
    } else if (c->r.store != NULL) {
        if (put_to_intake(c)) {
            return;
        }
        busy(c);
    }
    wait_over(c);
}

/* What it says is stored, too, when nobody waits any more: its sender tells it again. */
static void work(struct call *c)
{
    if (c->at_once != NULL) {
        answer_at_once(c, c->at_once);
    } else {
        run(c, c->route->handler);
    }
    if (c->route->kind == ROUTE_HOOK && c->r.store != NULL) {
        if (put_to_intake(c)) {
            return;
        }
        busy(c);
    }
    wait_over(c);
}

void call_work(void *item)
{
    struct call *c = item;
    /* a sender that was told "not now" may come again: its state and link must be unspent then */
    bool clocked = c->at_once != NULL || c->later != NULL || c->route->kind == ROUTE_HOOK;
    int64_t wait_ms = clocked ? c->q.until_ms - clock_mono_ms() : WORK_WAIT_MS;
    if (!watch_begin(&c->server->watch, c, wait_ms)) {
        wait_over(c);
        return;
    }
    c->later != NULL ? work_later(c) : work(c);
}

/* POOL_LANE_COUNT: no worker. */
static enum pool_lane lane_of(const struct call *c)
{
    static const enum pool_lane lanes[] = {[ROUTE_INLINE] = POOL_LANE_COUNT,
                                           [ROUTE_INTAKE] = POOL_LANE_COUNT,
                                           [ROUTE_HOOK] = POOL_LANE_HOOK,
                                           [ROUTE_WORKER] = POOL_LANE_WORKER,
                                           [ROUTE_CALLER] = POOL_LANE_CALLER};
    bool soon = c->at_once != NULL || c->later != NULL;
    return soon ? POOL_LANE_AT_ONCE : lanes[c->route->kind];
}

/* Whom the call holds a thread for: its workspace, as a webhook tells it or its path has it, by key
 * or routing key. Callbacks without one are the chat platform's and share a group by their path. */
static const char *group_of(const struct call *c)
{
    const char *key = c->q.params[0], *route = c->q.path, *secret = NULL;
    switch ((int)lane_of(c)) {
    case POOL_LANE_AT_ONCE:
        return c->later != NULL ? c->q.path : c->at_once->workspace;
    case POOL_LANE_CALLER:
    case POOL_LANE_HOOK:
        if (key == NULL || oauth_handle_split(c->mem, key, &route, &secret)) {
            return route;
        }
        return chats_platform(key) != NULL ? key : c->q.path;
    default:
        return NULL;
    }
}

/* Suspends first: the other side may be done before this function returns. */
static bool hand_over(struct call *c, int64_t wait_ms)
{
    const struct web *w = c->server->web;
    bool taken = false;
    c->phase = CALL_WAITING;
    peer_rest(c->peer);
    atomic_fetch_add(&c->references, 1);
    server_suspend(c);
    watch_add(&c->server->watch, c, wait_ms);
    if (lane_of(c) != POOL_LANE_COUNT) {
        taken = pool_put(w->pool, lane_of(c), c, group_of(c));
    } else {
        taken = put_to_intake(c);
    }
    if (!taken) {
        busy(c);
        wait_over(c);
    }
    return false;
}

bool call_end(struct call *c)
{
    if (c->refused) {
        return true;
    }
    if (!body_whole(c)) {
        no_room(c);
        return true;
    }
    if (c->route->kind == ROUTE_HOOK) {
        c->q.until_ms = c->started_us / 1000 + LATER_MS;
        return hand_over(c, c->q.until_ms - clock_mono_ms());
    }
    if (lane_of(c) != POOL_LANE_COUNT) {
        return hand_over(c, QUEUE_WAIT_MS);
    }
    run(c, c->route->handler);
    if (c->r.later != NULL) {
        c->later = c->r.later;
        c->r.later = NULL;
        c->q.until_ms = c->started_us / 1000 + LATER_MS;
        return hand_over(c, c->q.until_ms - clock_mono_ms());
    }
    if (c->r.at_once != NULL) {
        c->at_once = c->q.at_once = c->r.at_once;
        c->q.until_ms = until_of(c);
        return hand_over(c, c->q.until_ms - clock_mono_ms());
    }
    if (c->r.store != NULL) {
        return hand_over(c, INTAKE_WAIT_MS);
    }
    return true;
}

void call_over(struct call *c)
{
    peer_expect(c->peer, PEER_IDLE_MS);
    access_note(c);
    if (atomic_fetch_sub(&c->server->calls, 1) == 1 && web_draining(c->server->web)) {
        watch_quiet(&c->server->watch);
    }
    call_unref(c);
}
