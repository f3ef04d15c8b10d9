#ifndef WB_NET_H
#define WB_NET_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/secret.h"

/*
 * Calls out over HTTP: blocking, bounded, guarded. One worker, one job, one call. The address rules
 * hold at connect time, after DNS (never in URL text): https only, and no loopback, private,
 * link-local or reserved address, except hosts listed as trusted. Redirects are never followed and
 * no proxy of the environment is used. libcurl lives behind this header.
 */
typedef struct net_client net_client;

struct net_options {
    const char *const *trusted_hosts; /* "host:port": plain http allowed, address rules skipped */
    size_t trusted_count;
    size_t handles;  /* idle handles kept, at least one per worker is wise */
    size_t per_peer; /* calls in flight to one peer at one host, at most; 0: any number */
    size_t per_app;  /* the same for a call that says for_app */
    /* Sets the trusted certificates of an SSL_CTX, false on failure: crypto_tls_trust. NULL: each
     * connection loads its own from libcurl's default place. */
    bool (*tls_trust)(void *ssl_ctx);
};

/* Lives until net_client_free; safe for all threads. */
net_client *net_client_new(const struct net_options *options);
void net_client_free(net_client *c);
/* Running and new calls fail with ERR_TIMEOUT "shutdown" from now on. */
void net_client_stop(net_client *c);
/* From now on net_call dies when inside() is true: boot gives "this thread is in a transaction",
 * in which no call out may be made. */
void net_forbid(bool (*inside)(void));

struct net_header {
    const char *name;
    const char *value;
};

/* One application/x-www-form-urlencoded field; a secret value is given as `secret`. */
struct net_field {
    const char *name;
    const char *value; /* NULL: use secret */
    struct secret secret;
};

/* One part of multipart/form-data (RFC 7578). */
struct net_part {
    const char *name;
    const char *file_name;    /* NULL: no file */
    const char *content_type; /* NULL: by the file's name */
    struct bytes data;
};

enum { NET_HEADERS_MAX = 20, NET_FIELDS_MAX = 24, NET_ASKED_MAX = 6 };

struct net_request {
    const char *method; /* "GET", "POST", ... */
    const char *url;
    const char *peer;         /* metric label: slack, salesforce, ... a closed set */
    const char *workspace;    /* for which it is made; NULL: for none of them alone */
    struct secret bearer;     /* Authorization: Bearer, RFC 6750 section 2.1 */
    const char *token_header; /* the header that holds `bearer` instead; NULL: Authorization */
    const char *token_prefix; /* what stands before it there, "Bearer " too; NULL: nothing */
    struct secret basic;      /* the whole credential, already base64: Authorization: Basic */
    struct net_header headers[NET_HEADERS_MAX]; /* ends at the first NULL name */
    struct net_field form[NET_FIELDS_MAX];      /* ends at the first NULL name; or: */
    const char *body;                           /* with content_type; or: */
    const struct net_part *parts;               /* in this order */
    size_t parts_count;
    const char *content_type;
    bool person_waits;  /* somebody in a browser: a peer's share of the workers does not count */
    bool for_app;       /* of a command, behind which those for other apps wait: per_app counts */
    int64_t timeout_ms; /* whole call; 0: 15,000. Connecting has at most 5,000 of it */
    size_t answer_max;  /* 0: LIMIT_UPSTREAM_BODY */
    const char *ask_headers[NET_ASKED_MAX]; /* of the answer, to be given back; ends at NULL */
};

struct net_response {
    int status;
    struct bytes body;            /* NUL-terminated behind its length; on the caller's arena */
    const char *content_type;     /* media type in lower case without parameters; "" if absent */
    int64_t retry_after_ms;       /* Retry-After as seconds or HTTP date (RFC 9110 10.2.3), bounded
                                     to one day; 0: absent, unusable or in the past */
    const char *www_authenticate; /* "" if absent */
    const char *asked_headers[NET_ASKED_MAX]; /* of net_request.ask_headers; "" if absent */
    bool has_body;
};

/* 0 for every HTTP answer, whatever its status. Errors:
 *   ERR_UPSTREAM_BUSY "no_name", "no_connection", "tls": nothing was sent
 *   ERR_UPSTREAM_BUSY "peer_rests", "peer_full": nothing was sent, for calls to this peer found no
 *     answer lately (those of this workspace, or those of several), or it has its share of the
 *     workers: net_was_held() of this error
 *   ERR_UPSTREAM_BUSY "answer_lost", ERR_TIMEOUT "upstream_timeout" with maybe_done: the request
 *     may have been received. Only GET and HEAD are sent again, once, when a kept connection turns
 *     out dead; nothing else is ever sent twice
 *   ERR_UPSTREAM_REFUSED "too_large" with maybe_done: the answer passed its bound
 *   ERR_TIMEOUT "shutdown": net_client_stop was called
 *   ERR_FORBIDDEN "address": a rule above forbids it
 *   ERR_INPUT "bad_url", "bad_request": what the caller gave cannot be sent */
int net_call(net_client *c, arena *mem, const struct net_request *q, struct net_response *ret,
             struct err *e);
/* The call was put off before anything was tried: that uses up nobody's attempt. */
bool net_was_held(const struct err *e);

/* Milliseconds from now_ms until what a header says, as seconds or HTTP date (RFC 9110 section
 * 10.2.3), at most one day; 0 when the text is unusable or in the past. */
int64_t net_retry_after(const char *text, int64_t now_ms);

/* Parts of a URL, checked: no user info, no fragment, host in lower case. */
struct net_url {
    const char *scheme;
    const char *host;
    const char *host_port; /* with the port only where it was written */
    const char *path;
    const char *query; /* "" if none */
};
int net_url_parse(arena *mem, const char *url, struct net_url *ret, struct err *e);

/* application/x-www-form-urlencoded text of fields (WHATWG URL section 5.2); ends at a NULL name.
 */
char *net_form(arena *mem, const struct net_field *fields);
/* Decodes %XX (and + when `plus`); false on a broken escape or a decoded NUL. */
bool net_url_decode(arena *mem, const char *text, size_t len, bool plus, char **ret);
/* The same into len + 1 bytes of the caller's. */
bool net_url_decode_to(const char *text, size_t len, bool plus, char *out);
/* RFC 6749 section 2.3.1: form-encodes id and secret, joins, base64 (give crypto_base64): the Basic
 * credential. */
struct secret net_basic_credential(arena *mem, const char *id, struct secret secret,
                                   char *(*base64)(arena *, struct bytes));

#endif
