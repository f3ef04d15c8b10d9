#include "web_int.h"

#include <arpa/inet.h>
#include <string.h>

#include "base/str.h"

/*
 * Who is the client behind proxies. Each proxy appends the address it saw to X-Forwarded-For, so
 * only what trusted proxies wrote, read from the right, can be believed; everything left of the
 * first untrusted address may be made up by the client.
 */
bool ip_address_parse(const char *text, struct ip_address *ret)
{
    struct in_addr v4;
    if (inet_pton(AF_INET, text, &v4) == 1) {
        memset(ret->bytes, 0, 10);
        memset(ret->bytes + 10, 0xff, 2);
        memcpy(ret->bytes + 12, &v4, 4);
        return true;
    }
    return inet_pton(AF_INET6, text, ret->bytes) == 1;
}

static bool same_prefix(const struct ip_address *a, const struct ip_address *b, unsigned bits)
{
    unsigned whole = bits / 8;
    if (memcmp(a->bytes, b->bytes, whole) != 0) {
        return false;
    }
    unsigned rest = bits % 8;
    return rest == 0 || ((a->bytes[whole] ^ b->bytes[whole]) >> (8 - rest)) == 0;
}

/* network: "10.0.0.0/8", "::1/128" or a plain address */
static bool in_network(arena *mem, const struct ip_address *a, const char *network)
{
    const char *slash = strchr(network, '/');
    const char *host =
        slash == NULL ? network : arena_strndup(mem, network, (size_t)(slash - network));
    struct ip_address base;
    if (!ip_address_parse(host, &base)) {
        return false;
    }
    long long bits = 128;
    if (slash != NULL) {
        long long v4 = strchr(host, ':') == NULL ? 96 : 0;
        if (!str_to_i64(slash + 1, &bits) || bits < 0 || bits + v4 > 128) {
            return false;
        }
        bits += v4;
    }
    return same_prefix(a, &base, (unsigned)bits);
}

static bool is_trusted(arena *mem, const struct text_list *trusted, const char *text)
{
    struct ip_address a;
    if (!ip_address_parse(text, &a)) {
        return false;
    }
    for (size_t i = 0; i < trusted->count; i++) {
        if (in_network(mem, &a, trusted->items[i])) {
            return true;
        }
    }
    return false;
}

const char *request_remote(arena *mem, const struct text_list *trusted, const char *peer,
                           const char *forwarded_for)
{
    if (forwarded_for == NULL || !is_trusted(mem, trusted, peer)) {
        return peer;
    }
    const char *end = forwarded_for + strlen(forwarded_for);
    const char *remote = peer;
    while (end > forwarded_for) {
        const char *start = end;
        while (start > forwarded_for && start[-1] != ',') {
            start--;
        }
        struct ip_address a;
        const char *part = str_trim(mem, arena_strndup(mem, start, (size_t)(end - start)));
        if (!ip_address_parse(part, &a)) {
            return remote;
        }
        remote = part;
        if (!is_trusted(mem, trusted, part)) {
            return remote;
        }
        end = start > forwarded_for ? start - 1 : start;
    }
    return remote;
}
