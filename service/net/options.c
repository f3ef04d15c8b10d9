#include "net_int.h"

#include <string.h>

#include "base/str.h"

enum {
    RECEIVE_BYTES = 8 * 1024, /* 1,000 calls may be in flight */
    SEND_BYTES = 16 * 1024,   /* libcurl takes no less */
    KEPT_CONNECTIONS = 1,     /* a handle stays with its host */
    KEPT_SECONDS = 30,        /* servers close idle connections: an older one is not tried */
    TIMEOUT_MS = 15000,
    CONNECT_TIMEOUT_MS = 5000
};

/* Remembers the first option that libcurl did not take. */
struct setter {
    CURL *curl;
    CURLcode first;
};

static void keep(struct setter *o, CURLcode code)
{
    o->first = o->first == CURLE_OK ? code : o->first;
}

static void set_long(struct setter *o, CURLoption option, long value)
{
    keep(o, curl_easy_setopt(o->curl, option, value));
}

static void set_text(struct setter *o, CURLoption option, const char *value)
{
    keep(o, curl_easy_setopt(o->curl, option, value));
}

static void set_pointer(struct setter *o, CURLoption option, void *value)
{
    keep(o, curl_easy_setopt(o->curl, option, value));
}

static void set_rules(struct setter *o, const struct net_call_state *s)
{
    set_text(o, CURLOPT_PROTOCOLS_STR, s->trusted ? "http,https" : "https");
    set_text(o, CURLOPT_PROXY, ""); /* not even one of the environment */
    set_long(o, CURLOPT_FOLLOWLOCATION, 0);
    set_long(o, CURLOPT_NOSIGNAL, 1);
    set_long(o, CURLOPT_SSL_VERIFYPEER, 1);
    set_long(o, CURLOPT_SSL_VERIFYHOST, 2);
    set_long(o, CURLOPT_SSLVERSION, CURL_SSLVERSION_TLSv1_2);
    set_long(o, CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_1_1); /* one call at a time per handle */
    set_long(o, CURLOPT_HTTP09_ALLOWED, 0);
    set_long(o, CURLOPT_NETRC, CURL_NETRC_IGNORED);
    set_text(o, CURLOPT_USERAGENT, "Workbot");
    set_text(o, CURLOPT_ACCEPT_ENCODING, "gzip, deflate");
}

static void set_sizes(struct setter *o, const struct net_call_state *s)
{
    int64_t timeout_ms = s->q->timeout_ms > 0 ? s->q->timeout_ms : TIMEOUT_MS;
    int64_t connect_ms = timeout_ms < CONNECT_TIMEOUT_MS ? timeout_ms : CONNECT_TIMEOUT_MS;
    set_long(o, CURLOPT_TIMEOUT_MS, (long)timeout_ms);
    set_long(o, CURLOPT_CONNECTTIMEOUT_MS, (long)connect_ms);
    set_long(o, CURLOPT_BUFFERSIZE, RECEIVE_BYTES);
    set_long(o, CURLOPT_UPLOAD_BUFFERSIZE, SEND_BYTES);
    set_long(o, CURLOPT_MAXCONNECTS, KEPT_CONNECTIONS);
    set_long(o, CURLOPT_MAXAGE_CONN, KEPT_SECONDS);
    /* a name server that hangs must not hold the thread past its timeout */
    set_long(o, CURLOPT_QUICK_EXIT, 1);
}

static void set_method(struct setter *o, struct net_call_state *s)
{
    const struct net_request *q = s->q;
    const char *body = q->form[0].name != NULL ? net_form(s->mem, q->form) : q->body;
    bool head = str_equal(q->method, "HEAD");
    if (body == NULL && q->parts_count == 0 && str_equal(q->method, "POST")) {
        body = "";
    }
    set_text(o, CURLOPT_URL, q->url);
    if (body != NULL) {
        set_long(o, CURLOPT_POST, 1);
        keep(o, curl_easy_setopt(o->curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)strlen(body)));
        set_text(o, CURLOPT_POSTFIELDS, body);
    }
    keep(o, net_mime_set(o->curl, s));
    if (head) {
        set_long(o, CURLOPT_NOBODY, 1);
    } else {
        set_text(o, CURLOPT_CUSTOMREQUEST, q->method);
    }
}

int net_options_set(CURL *curl, struct net_call_state *s, struct err *e)
{
    if (!net_is_token(s->q->method)) {
        return err_set(e, ERR_INPUT, "bad_request", "a call to %s has no valid method",
                       s->url.host);
    }
    struct curl_slist *headers = NULL;
    if (net_headers_make(s, &headers, e) != 0) {
        return -1;
    }
    struct setter o = {curl, CURLE_OK};
    set_rules(&o, s);
    set_sizes(&o, s);
    keep(&o, net_callbacks_set(curl, s));
    set_method(&o, s);
    set_pointer(&o, CURLOPT_HTTPHEADER, headers);
    if (o.first != CURLE_OK) {
        return err_set(e, ERR_INTERNAL, "bad_request", "libcurl takes no such option: %s",
                       curl_easy_strerror(o.first));
    }
    return 0;
}
