#include "web_int.h"

#include "base/json.h"
#include "base/log.h"
#include "base/metrics.h"
#include "base/str.h"

int ops_healthz(web *w, const struct request *q, struct response *r, struct err *e)
{
    (void)w;
    (void)q;
    (void)e;
    respond_text(r, 200, "ok\n");
    return 0;
}

/* What stores inbound events has connections of its own: while those are refused, so are they. */
static int reserved_ready(const web *w, struct err *e)
{
    return w->options.reserved == NULL ? 0 : stores_ready(w->options.reserved, e);
}

int web_ready(const web *w, arena *mem, struct err *e)
{
    store *s = NULL;
    if (reserved_ready(w, e) != 0 || store_open(w->options.stores, mem, &s, e) != 0) {
        return -1;
    }
    int result = store_ready(s, e);
    store_close(s);
    return result;
}

/* why: ERR_NONE when the database is. */
static json_t *ready_json(const web *w, const struct err *why)
{
    bool draining = web_draining(w), database = why->kind == ERR_NONE;
    json_t *body = json_must(json_pack("{s:b, s:{s:s, s:s}}", "ready", database && !draining,
                                       "checks", "database", database ? "ok" : why->code,
                                       "draining", draining ? "yes" : "ok"));
    if (why->kind == ERR_CONFIG) { /* somebody has to do something: what? */
        json_put(body, "reason", json_words(why->text));
    }
    return body;
}

json_t *ops_ready_json(const web *w, store *s)
{
    struct err why = {0};
    if (reserved_ready(w, &why) == 0) {
        (void)store_ready(s, &why);
    }
    return ready_json(w, &why);
}

int ops_readyz(web *w, const struct request *q, struct response *r, struct err *e)
{
    struct err why = {0};
    (void)e;
    (void)web_ready(w, q->mem, &why);
    json_t *body = arena_json(q->mem, ready_json(w, &why));
    respond_json(q->mem, r, json_flag(body, "ready") ? 200 : 503, body);
    return 0;
}

int ops_metrics(web *w, const struct request *q, struct response *r, struct err *e)
{
    (void)w;
    (void)e;
    respond_text(r, 200, metrics_render(q->mem));
    r->content_type = "text/plain; version=0.0.4; charset=utf-8";
    return 0;
}
