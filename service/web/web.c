#include "server_int.h"

#include <sys/resource.h>

enum { FILES_MAX = 16 * 1024, FLUSH_MS = 1000 };

bool web_draining(const struct web *w)
{
    return __atomic_load_n(&w->draining, __ATOMIC_RELAXED);
}

/* A connection is a descriptor; the usual soft limit of 1,024 is below our connection limit. */
static void raise_file_limit(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < FILES_MAX) {
        limit.rlim_cur = limit.rlim_max < FILES_MAX ? limit.rlim_max : FILES_MAX;
        (void)setrlimit(RLIMIT_NOFILE, &limit);
    }
}

static void threads_stop(web *w)
{
    if (w->intake != NULL) {
        intake_stop(w->intake);
    }
    pool_stop(w->pool);
}

static void parts_free(web *w)
{
    intake_free(w->intake);
    pool_free(w->pool);
    w->intake = NULL;
    w->pool = NULL;
}

int web_start(arena *boot, const struct web_options *options, web **ret, struct err *e)
{
    web *w = arena_alloc(boot, sizeof *w);
    w->options = *options;
    w->config = options->config;
    w->gates = gates_new(boot, options->config);
    w->hook_gate = hook_gate_new(boot);
    raise_file_limit();
    w->pool = pool_new(call_work);
    if (options->serve_web) {
        w->intake = intake_new(options->reserved == NULL ? options->stores : options->reserved,
                               options->wake, options->wake_arg);
    }
    if (server_start(boot, w, &w->server, e) != 0) {
        threads_stop(w);
        parts_free(w);
        return -1;
    }
    *ret = w;
    return 0;
}

int web_port(const web *w, const char *listener)
{
    return server_port(w->server, listener);
}

void web_stop(web *w, int64_t drain_ms)
{
    __atomic_store_n(&w->draining, true, __ATOMIC_RELAXED);
    server_quiesce(w->server);
    watch_wait_quiet(&w->server->watch, &w->server->calls, drain_ms);
    if (w->intake != NULL) {
        intake_stop(w->intake); /* what was accepted is committed, then answered */
    }
    watch_end_all(&w->server->watch);
    /* from here a connection can be suspended no more: the pool and the intake are closed */
    pool_stop(w->pool);
    watch_end_all(&w->server->watch);
    watch_wait_quiet(&w->server->watch, &w->server->calls, FLUSH_MS);
    server_free(w->server);
    parts_free(w);
}
