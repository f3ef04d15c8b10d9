#include "web_int.h"

#include <string.h>

#include "apps/hook.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/metrics.h"
#include "base/str.h"

/*
 * The door for apps' own events. The hook is looked up, the message proven and read on a worker of
 * a lane of its own (docs/decisions/0018): chats and pages wait for none of it. What it says is
 * committed by the intake writer, all notifications of one message together, before the answer.
 * Whoever has not the address learns nothing: what is unknown, switched off or of a workspace that
 * is gone is the same 404.
 */

enum { ROUTE_DIGITS = 16, HANDLE_DIGITS = 32, SECRET_DIGITS = 64, DAY_S = 86400 };

/* "<route>.<handle>" or "<route>.<handle>.<secret>". */
struct address {
    const char *route, *handle, *secret;
};

static const char *digits(arena *mem, const char **at, size_t count)
{
    if (strspn(*at, "0123456789abcdef") != count) {
        return NULL;
    }
    const char *part = arena_strndup(mem, *at, count);
    *at += count;
    return part;
}

static bool read_address(arena *mem, const char *text, struct address *ret)
{
    const char *at = text;
    ret->route = digits(mem, &at, ROUTE_DIGITS);
    if (ret->route == NULL || *at++ != '.' ||
        (ret->handle = digits(mem, &at, HANDLE_DIGITS)) == NULL) {
        return false;
    }
    if (*at == '\0') {
        return true;
    }
    return *at++ == '.' && (ret->secret = digits(mem, &at, SECRET_DIGITS)) != NULL && *at == '\0';
}

static const char *refused_label(const char *code)
{
    static const struct hook_label table[] = {{"hook_unknown", "reason=\"hook_unknown\""},
                                              {"hook_rate", "reason=\"hook_rate\""},
                                              {"hook_secret", "reason=\"hook_secret\""},
                                              {"hook_signature", "reason=\"signature\""},
                                              {"hook_timestamp", "reason=\"timestamp\""},
                                              {"hook_organization", "reason=\"organization\""},
                                              {"hook_type", "reason=\"hook_type\""},
                                              {"hook_body", "reason=\"body\""},
                                              {NULL, "reason=\"other\""}};
    return hook_label(table, sizeof table / sizeof table[0], code);
}

static const char *event_label(enum hook_kind kind)
{
    static const char *const labels[HOOK_KIND_COUNT] = {
        [HOOK_SALESFORCE] = "chat=\"hook\",kind=\"salesforce_outbound\"",
        [HOOK_SERVICENOW] = "chat=\"hook\",kind=\"servicenow\"",
        [HOOK_BOX] = "chat=\"hook\",kind=\"box\"",
        [HOOK_JSON] = "chat=\"hook\",kind=\"json\""};
    return labels[kind];
}

static int unknown(struct err *e)
{
    return err_set(e, ERR_NOT_FOUND, "hook_unknown", "There is nothing here.");
}

static int find(web *w, arena *mem, const struct address *a, struct hook **ret, struct err *e)
{
    store *s = NULL;
    if (store_open(w->options.stores, mem, &s, e) != 0) {
        return -1;
    }
    int rc = store_hook_at(s, a->route, a->handle, ret, e);
    store_close(s);
    return rc;
}

static const char *header_once(const void *headers, const char *name)
{
    size_t count = 0;
    const char *value = request_header(headers, name, &count);
    return count == 1 ? value : NULL;
}

static struct hook_proof proof_of(arena *mem, const struct hook *h, int64_t now)
{
    bool over = h->second_until != 0 && h->second_until <= now;
    return (struct hook_proof){.kind = hook_kind_of(h->kind),
                               .rules = h->rules,
                               .first = h->first,
                               .second = over ? secret_of(mem, NULL) : h->second};
}

/* What its sender calls it is one thing for ever. Without a name the same bytes are one thing for
 * 16 hours at least and never for longer than a day: in three rows of days, each eight hours behind
 * the other, two moments that are nearer share one of them. */
static void set_keys(arena *mem, const struct hook *h, const struct hook_event *event,
                     const char *digest, struct job_seed *ret)
{
    if (event->id != NULL) {
        ret->keys[1] = arena_printf(mem, "hook:%s:%s", h->handle, event->id);
        return;
    }
    int64_t now = clock_now();
    for (int i = 0; i < 3; i++) {
        long long day = (long long)((now + i * DAY_S / 3) / DAY_S);
        ret->keys[i] = arena_printf(mem, "hook:%s:day%lld:%s", h->handle, day, digest);
    }
}

static void make_seed(web *w, arena *mem, const struct hook *h, const struct hook_events *events,
                      size_t i, struct job_seed *ret)
{
    const struct hook_event *event = &events->list[i];
    json_t *payload = arena_json(
        mem, json_must(json_pack("{s:s, s:s, s:I, s:O}", "hook", h->name, "id",
                                 event->id == NULL ? events->digest : event->id, "received",
                                 (json_int_t)clock_now(), "data", event->data)));
    *ret = (struct job_seed){.workspace = h->workspace,
                             .id = id_new(),
                             .kind = JOB_HOOK_EVENT,
                             .priority = JOB_PRIORITY_HOOK,
                             .chat = "chat=\"hook\""};
    ret->sealed = store_job_seal(mem, w->options.keys, h->workspace, ret->id,
                                 bytes_of(json_write(mem, payload)));
    set_keys(mem, h, event, events->digest, ret);
}

static void keep(web *w, arena *mem, const struct hook *h, const struct hook_events *events,
                 struct response *r)
{
    struct job_seed *seeds = arena_array(mem, events->count, sizeof *seeds);
    for (size_t i = 0; i < events->count; i++) {
        make_seed(w, mem, h, events, i, &seeds[i]);
    }
    respond_empty(r, 200);
    r->content_type = events->answer_type;
    r->body = bytes_of(events->answer);
    r->store = seeds;
    r->store_more = events->count - 1;
}

/* An admin who sets a sender up finds here why nothing arrives. */
static void warn_of(const struct hook *h, const struct err *e)
{
    enum { SAID_EVERY_MS = 1000 };
    static _Atomic int64_t said_ms;
    if (h != NULL && log_due(&said_ms, SAID_EVERY_MS)) {
        log_err(LOG_WARN, "a message of an app was refused", e,
                (const struct log_field[]){LOG_TEXT("workspace", h->workspace),
                                           LOG_TEXT("hook", h->name),
                                           LOG_TEXT("enabled", h->enabled ? "yes" : "no")},
                3);
    }
}

static int take(web *w, const struct request *q, const struct hook *h, const struct address *a,
                struct response *r, struct err *e)
{
    const struct hook_message m = {.body = q->body,
                                   .header = header_once,
                                   .headers = q,
                                   .secret = a->secret,
                                   .now = clock_now()};
    const struct hook_proof proof = proof_of(q->mem, h, m.now);
    struct hook_events events = {.count = 0};
    if (!h->enabled || proof.kind == HOOK_KIND_COUNT) {
        return unknown(e);
    }
    if (hook_verify(q->mem, &proof, &m, e) != 0) {
        return -1;
    }
    hook_gate_end(w->hook_gate, a->handle, q->remote, true);
    if (hook_read(q->mem, &proof, &m, &events, e) != 0) {
        return -1;
    }
    metric_add(METRIC_EVENTS, event_label(proof.kind), 1);
    keep(w, q->mem, h, &events, r);
    return 0;
}

static int refuse(web *w, const struct request *q, const struct address *a, const struct hook *h,
                  struct err *e)
{
    if (e->kind == ERR_NOT_FOUND || e->kind == ERR_UNAUTHENTIC) {
        hook_gate_end(w->hook_gate, a->handle, q->remote, false);
    }
    metric_add(METRIC_REFUSED, refused_label(e->code), 1);
    warn_of(h, e);
    return -1;
}

int app_hook_post(web *w, const struct request *q, struct response *r, struct err *e)
{
    struct address a = {.route = NULL};
    struct hook *h = NULL;
    bool shaped = read_address(q->mem, q->params[0], &a);
    a.handle = shaped ? a.handle : "";
    int64_t wait_ms = hook_gate_begin(w->hook_gate, a.handle, q->remote);
    if (wait_ms > 0) {
        err_set(e, ERR_LIMIT, "hook_rate", "too much at once");
        e->retry_after_ms = wait_ms;
        metric_add(METRIC_REFUSED, refused_label(e->code), 1);
        return -1;
    }
    if (shaped && find(w, q->mem, &a, &h, e) != 0) {
        return -1;
    }
    if (h == NULL) {
        unknown(e);
        return refuse(w, q, &a, NULL, e);
    }
    return take(w, q, h, &a, r, e) == 0 ? 0 : refuse(w, q, &a, h, e);
}
