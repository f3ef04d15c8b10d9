#include "web_int.h"

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
int web_ready(const web *w, arena *mem, struct err *e)
{
    store *s = NULL;
    if (w->options.reserved != NULL && stores_ready(w->options.reserved, e) != 0) {
        return -1;
    }
    if (store_open(w->options.stores, mem, &s, e) != 0) {
        return -1;
    }
    int result = store_ready(s, e);
    store_close(s);
    return result;
}

int ops_readyz(web *w, const struct request *q, struct response *r, struct err *e)
{
    struct err why = {0};
    bool draining = web_draining(w);
    bool database = web_ready(w, q->mem, &why) == 0;
    bool ready = database && !draining;
    json_t *body = arena_json(q->mem, json_pack("{s:b, s:{s:s, s:s}}", "ready", ready ? 1 : 0,
                                                "checks", "database", database ? "ok" : why.code,
                                                "draining", draining ? "yes" : "ok"));
    if (body != NULL && why.kind == ERR_CONFIG) { /* somebody has to do something: what? */
        json_object_set_new(body, "reason", json_string(why.text));
    }
    if (body == NULL) {
        return err_set(e, ERR_INTERNAL, "ready", "the answer cannot be made");
    }
    respond_json(q->mem, r, ready ? 200 : 503, body);
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
