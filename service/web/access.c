#include "server_int.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/metrics.h"

static const char *const METHODS[METHOD_COUNT] = {
    [WB_GET] = "GET", [WB_POST] = "POST", [WB_PUT] = "PUT", [WB_DELETE] = "DELETE"};

/* Labels are a closed set and must live as long as the process, longer than a server. */
static const char *(*labels)[STATUS_CLASSES]; /* by route (the last: none), then status class */

static void labels_make(void)
{
    static arena *mem;
    size_t count = 0;
    const struct route *routes = router_routes(&count);
    mem = arena_new();
    labels = arena_array(mem, count + 1, sizeof *labels);
    for (size_t i = 0; i <= count; i++) {
        const char *path = i < count ? routes[i].pattern : "none";
        const char *method = i < count ? METHODS[routes[i].method] : "none";
        for (int class = 0; class < STATUS_CLASSES; class ++) {
            labels[i][class] =
                arena_printf(mem, "route=\"%s %s\",status=\"%dxx\"", method, path, class);
        }
    }
}

static const char *labels_of(const struct call *c)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    size_t count = 0;
    pthread_once(&once, labels_make);
    const struct route *routes = router_routes(&count);
    size_t at = c->route == NULL ? count : (size_t)(c->route - routes);
    int class = c->status / 100;
    return labels[at][class < STATUS_CLASSES ? class : 0];
}

/* Only what is in our own tables: a raw path or query may hold a handle, a state or a code. */
void access_note(const struct call *c)
{
    int64_t took_us = clock_mono_us() - c->started_us;
    metric_observe(METRIC_HTTP_SECONDS, labels_of(c), (double)took_us / 1e6);
    bool quiet = c->route != NULL && c->status / 100 == 2 &&
                 (route_is_webhook(c->route) || c->route->listener == LISTEN_OPS);
    const struct log_field fields[] = {
        LOG_TEXT("method", c->route == NULL ? "none" : METHODS[c->route->method]),
        LOG_TEXT("route", c->route == NULL ? "none" : c->route->pattern),
        LOG_INT("status", c->status), LOG_INT("duration_us", took_us),
        LOG_TEXT("request_id", c->q.id)};
    log_write(quiet ? LOG_DEBUG : LOG_INFO, "request", fields, sizeof fields / sizeof fields[0]);
}

enum { SAID_EVERY_MS = 10 * 1000 };

/* A webhook that nobody has proven to be the platform's is anybody's: of those a line in a while.
 */
static enum log_level level_of(const struct call *c)
{
    static _Atomic int64_t said_ms;
    bool anybodys = c->route != NULL && route_is_webhook(c->route) && c->q.at_once == NULL;
    return anybodys && !log_due(&said_ms, SAID_EVERY_MS) ? LOG_DEBUG : LOG_ERROR;
}

void access_fault(const struct call *c, const struct err *e)
{
    if (err_http_status(e->kind) >= 500) {
        metric_add(METRIC_ERRORS, "kind=\"request\"", 1);
        log_err(level_of(c), "request failed", e,
                (const struct log_field[]){LOG_TEXT("request_id", c->q.id),
                                           LOG_TEXT("route", c->q.path)},
                2);
    }
}
