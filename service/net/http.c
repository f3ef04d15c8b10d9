#include "net_int.h"

#include <string.h>

#include "base/clock.h"
#include "base/die.h"
#include "base/hash.h"
#include "base/limits.h"
#include "base/metrics.h"
#include "base/str.h"

enum { PATIENT_MS = 10000 };

static _Atomic(bool (*)(void)) forbidden_inside;

void net_forbid(bool (*inside)(void))
{
    atomic_store(&forbidden_inside, inside);
}

static uint64_t text_hash(const char *const *parts, size_t count)
{
    uint64_t hash = HASH_START;
    for (size_t p = 0; p < count; p++) {
        hash = hash_text(hash, parts[p]);
    }
    return hash;
}

static int state_make(net_client *c, arena *mem, const struct net_request *q,
                      struct net_call_state *ret, struct err *e)
{
    struct net_call_state s = {.client = c, .mem = mem, .q = q};
    if (net_url_parse(mem, q->url, &s.url, e) != 0) {
        return -1;
    }
    bool https = str_equal(s.url.scheme, "https");
    bool has_port = !str_equal(s.url.host, s.url.host_port);
    s.host_port =
        has_port ? s.url.host_port : arena_printf(mem, "%s:%d", s.url.host, https ? 443 : 80);
    const char *const parts[] = {s.url.scheme, s.host_port, " ", q->peer == NULL ? "" : q->peer,
                                 " ",          q->workspace};
    s.host = text_hash(parts, 2);
    s.peer = text_hash(parts, 4);
    if (q->workspace != NULL) {
        s.workspace = text_hash(&q->workspace, 1);
        s.own = text_hash(parts, sizeof parts / sizeof parts[0]);
    }
    s.trusted = net_client_trusts(c, s.host_port);
    s.repeatable = str_equal(q->method, "GET") || str_equal(q->method, "HEAD");
    s.answer_max = q->answer_max == 0 ? LIMIT_UPSTREAM_BODY : q->answer_max;
    if (!https && !s.trusted) {
        return err_set(e, ERR_FORBIDDEN, "address", "%s may be reached by https only", s.url.host);
    }
    *ret = s;
    return 0;
}

static bool is_tls_code(CURLcode code)
{
    static const CURLcode codes[] = {CURLE_SSL_CONNECT_ERROR, CURLE_PEER_FAILED_VERIFICATION,
                                     CURLE_SSL_CERTPROBLEM,   CURLE_SSL_CACERT_BADFILE,
                                     CURLE_SSL_CIPHER,        CURLE_SSL_ISSUER_ERROR};
    for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++) {
        if (codes[i] == code) {
            return true;
        }
    }
    return false;
}

/* What happened, when certainly nothing was sent. */
static int fail_unsent(const struct net_call_state *s, CURLcode code, struct err *e)
{
    const char *what = "no_connection";
    if (code == CURLE_COULDNT_RESOLVE_HOST) {
        what = "no_name";
    } else if (is_tls_code(code)) {
        what = "tls";
    }
    return err_set(e, ERR_UPSTREAM_BUSY, what, "%s: %s", s->url.host, curl_easy_strerror(code));
}

static int fail(const struct net_call_state *s, CURLcode code, struct err *e)
{
    const char *host = s->url.host;
    if (s->forbidden) {
        return err_set(e, ERR_FORBIDDEN, "address", "%s has an address that may not be reached",
                       host);
    }
    if (s->too_large) {
        (void)err_set(e, ERR_UPSTREAM_REFUSED, "too_large",
                      "%s answers with more than %zu bytes, or 64 KiB of headers", host,
                      s->answer_max);
    } else if (atomic_load(&s->client->stopped)) {
        (void)err_set(e, ERR_TIMEOUT, "shutdown", "the call to %s was stopped", host);
    } else if (s->sent == 0) {
        (void)fail_unsent(s, code, e);
    } else if (code == CURLE_OPERATION_TIMEDOUT) {
        (void)err_set(e, ERR_TIMEOUT, "upstream_timeout", "%s did not answer in time", host);
    } else {
        (void)err_set(e, ERR_UPSTREAM_BUSY, "answer_lost", "%s: %s", host,
                      curl_easy_strerror(code));
    }
    e->maybe_done = s->sent > 0;
    return -1;
}

/* The last value of a header of the final answer; "" when absent. */
static const char *header_of(arena *mem, CURL *curl, const char *name)
{
    struct curl_header *h = NULL;
    if (curl_easy_header(curl, name, 0, CURLH_HEADER, -1, &h) != CURLHE_OK) {
        return "";
    }
    return arena_strdup(mem, h->value);
}

static void response_fill(CURL *curl, const struct net_call_state *s, struct net_response *ret)
{
    long status = 0;
    (void)curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
    const char *type = header_of(s->mem, curl, "Content-Type");
    size_t type_len = strcspn(type, ";");
    *ret = (struct net_response){
        .status = (int)status,
        .body = {s->body, s->body_len},
        .content_type = str_lower(s->mem, str_trim(s->mem, arena_strndup(s->mem, type, type_len))),
        .retry_after_ms = net_retry_after(header_of(s->mem, curl, "Retry-After"), clock_now_ms()),
        .www_authenticate = header_of(s->mem, curl, "WWW-Authenticate"),
        .has_body = s->body_len > 0,
    };
    for (size_t i = 0; i < NET_ASKED_MAX; i++) {
        const char *name = s->q->ask_headers[i];
        ret->asked_headers[i] = name == NULL ? "" : header_of(s->mem, curl, name);
    }
    if (s->body == NULL) {
        ret->body.data = (const uint8_t *)"";
    } else {
        s->body[s->body_len] = '\0';
    }
}

static int perform(CURL *curl, struct net_call_state *s, struct net_response *ret, struct err *e)
{
    if (net_options_set(curl, s, e) != 0) {
        return -1;
    }
    CURLcode code = curl_easy_perform(curl);
    if (code != CURLE_OK) {
        return fail(s, code, e);
    }
    response_fill(curl, s, ret);
    return 0;
}

static enum net_end end_of(int result, const struct net_call_state *s, const struct err *e)
{
    if (result == 0) {
        return NET_ANSWERED;
    }
    /* whoever had little time himself has not learned that the peer is dead */
    bool patient = s->q->timeout_ms == 0 || s->q->timeout_ms >= PATIENT_MS;
    bool silent = e->kind == ERR_UPSTREAM_BUSY || (e->kind == ERR_TIMEOUT && patient);
    return silent && !atomic_load(&s->client->stopped) ? NET_UNANSWERED : NET_NO_WORD;
}

int net_call(net_client *c, arena *mem, const struct net_request *q, struct net_response *ret,
             struct err *e)
{
    bool (*inside)(void) = atomic_load(&forbidden_inside);
    if (inside != NULL && inside()) {
        die("a call to %s inside a transaction", q->peer == NULL ? "a peer" : q->peer);
    }
    struct net_call_state s;
    if (state_make(c, mem, q, &s, e) != 0) {
        return -1;
    }
    if (atomic_load(&c->stopped)) {
        return err_set(e, ERR_TIMEOUT, "shutdown", "no call to %s: the service stops", s.url.host);
    }
    if (net_peer_enter(c, &s, e) != 0) {
        return -1;
    }
    CURL *curl = net_pool_take(c, s.host);
    int64_t started = clock_mono_us();
    int result = perform(curl, &s, ret, e);
    net_mime_free(&s);
    metric_observe(METRIC_UPSTREAM_SECONDS, net_peer_label(q->peer),
                   (double)(clock_mono_us() - started) / 1e6);
    net_peer_leave(c, &s, end_of(result, &s, e));
    /* after an error nobody knows what is still under way on its connection */
    if (result == 0) {
        net_pool_give(c, curl, s.host);
    } else {
        net_pool_drop(c, curl);
    }
    return result;
}
