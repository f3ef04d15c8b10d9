#include "net_int.h"

#include <string.h>

enum { BODY_FIRST_ROOM = 4096 };

static bool body_grow(struct net_call_state *s, size_t need)
{
    if (need > s->answer_max) {
        s->too_large = true;
        return false;
    }
    if (need < s->body_room) {
        return true;
    }
    size_t room = s->body_room == 0 ? BODY_FIRST_ROOM : s->body_room;
    while (room <= need) {
        room *= 2;
    }
    uint8_t *body = arena_alloc(s->mem, room);
    if (s->body_len > 0) {
        memcpy(body, s->body, s->body_len);
        /* an answer may hold tokens: no stray copies */
        explicit_bzero(s->body, s->body_len);
    }
    s->body = body;
    s->body_room = room;
    return true;
}

/* Counts decoded bytes, so that a small compressed answer cannot become a large one. */
static size_t on_body(char *data, size_t size, size_t count, void *user)
{
    struct net_call_state *s = user;
    size_t len = size * count;
    if (!body_grow(s, s->body_len + len)) {
        return 0;
    }
    memcpy(s->body + s->body_len, data, len);
    s->body_len += len;
    return len;
}

static size_t on_header(char *data, size_t size, size_t count, void *user)
{
    (void)data;
    struct net_call_state *s = user;
    s->header_bytes += size * count;
    s->too_large = s->too_large || s->header_bytes > NET_HEADER_BYTES_MAX;
    return s->too_large ? 0 : size * count;
}

static int on_progress(void *user, curl_off_t down_total, curl_off_t down, curl_off_t up_total,
                       curl_off_t up)
{
    (void)down_total;
    (void)down;
    (void)up_total;
    (void)up;
    const struct net_call_state *s = user;
    return atomic_load(&s->client->stopped) ? 1 : 0;
}

/* After name resolution and before the connection: the address that is really used. */
static curl_socket_t on_socket(void *user, curlsocktype purpose, struct curl_sockaddr *a)
{
    (void)purpose;
    struct net_call_state *s = user;
    if (!s->trusted && !net_address_allowed(&a->addr)) {
        s->forbidden = true;
        return CURL_SOCKET_BAD;
    }
    return socket(a->family, a->socktype | SOCK_CLOEXEC, a->protocol);
}

/*
 * After the connection (TLS included) and before the request is written: from here on the peer may
 * have seen it. Checks the address again, since a kept connection opens no socket. libcurl sends a
 * request a second time, whatever its method, when a kept connection closes without an answer; the
 * peer may have acted on the first one, so only repeatable requests may go again.
 */
static int on_request(void *user, char *peer_ip, char *local_ip, int peer_port, int local_port)
{
    (void)local_ip;
    (void)peer_port;
    (void)local_port;
    struct net_call_state *s = user;
    if (!s->trusted && !net_address_text_allowed(peer_ip)) {
        s->forbidden = true;
        return CURL_PREREQFUNC_ABORT;
    }
    if (s->sent > 0 && !s->repeatable) {
        return CURL_PREREQFUNC_ABORT;
    }
    s->sent++;
    return CURL_PREREQFUNC_OK;
}

static CURLcode on_tls(CURL *curl, void *ssl_ctx, void *user)
{
    (void)curl;
    const struct net_call_state *s = user;
    return s->client->tls_trust(ssl_ctx) ? CURLE_OK : CURLE_SSL_CERTPROBLEM;
}

CURLcode net_callbacks_set(CURL *curl, struct net_call_state *s)
{
    const CURLcode codes[] = {
        curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, on_body),
        curl_easy_setopt(curl, CURLOPT_WRITEDATA, s),
        curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, on_header),
        curl_easy_setopt(curl, CURLOPT_HEADERDATA, s),
        curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, on_progress),
        curl_easy_setopt(curl, CURLOPT_XFERINFODATA, s),
        curl_easy_setopt(curl, CURLOPT_NOPROGRESS, 0L),
        curl_easy_setopt(curl, CURLOPT_OPENSOCKETFUNCTION, on_socket),
        curl_easy_setopt(curl, CURLOPT_OPENSOCKETDATA, s),
        curl_easy_setopt(curl, CURLOPT_PREREQFUNCTION, on_request),
        curl_easy_setopt(curl, CURLOPT_PREREQDATA, s),
    };
    for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++) {
        if (codes[i] != CURLE_OK) {
            return codes[i];
        }
    }
    if (s->client->tls_trust == NULL) {
        return CURLE_OK;
    }
    CURLcode code = curl_easy_setopt(curl, CURLOPT_SSL_CTX_FUNCTION, on_tls);
    code = code == CURLE_OK ? curl_easy_setopt(curl, CURLOPT_SSL_CTX_DATA, s) : code;
    /* the files of libcurl's default would be loaded for each connection, for nothing */
    code = code == CURLE_OK ? curl_easy_setopt(curl, CURLOPT_CAINFO, NULL) : code;
    return code == CURLE_OK ? curl_easy_setopt(curl, CURLOPT_CAPATH, NULL) : code;
}
