#include "config_int.h"

#include <arpa/inet.h>
#include <string.h>

#include "base/str.h"

enum { HOST_MAX = 253 };

bool config_host_valid(const char *host, size_t len)
{
    if (len == 0 || len > HOST_MAX || host[0] == '.' || host[0] == '-') {
        return false;
    }
    static const char allowed[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-.";
    return strspn(host, allowed) >= len;
}

/* The length of the host at the start of text, brackets included; 0 when it is malformed. */
static size_t host_length(arena *mem, const char *text)
{
    if (text[0] != '[') {
        size_t len = strcspn(text, ":/");
        return config_host_valid(text, len) ? len : 0;
    }
    size_t len = strcspn(text, "]");
    struct in6_addr address;
    const char *inside = text[len] == ']' ? arena_strndup(mem, text + 1, len - 1) : "";
    return inet_pton(AF_INET6, inside, &address) == 1 ? len + 1 : 0;
}

static bool port_read(const char *text, int *ret)
{
    long long port;
    if (text[0] < '0' || text[0] > '9' || !str_to_i64(text, &port) || port > 65535) {
        return false;
    }
    *ret = (int)port;
    return true;
}

bool config_host_port_split(arena *mem, const char *text, const char **ret_host, int *ret_port)
{
    size_t len = host_length(mem, text);
    if (len == 0 || text[len] != ':' || !port_read(text + len + 1, ret_port)) {
        return false;
    }
    *ret_host = str_lower(mem, arena_strndup(mem, text, len));
    return true;
}

/* Reads "host" or "host:port" in lower case; a port of 0 is refused. */
static bool authority_read(arena *mem, const char *text, int port, struct config_url *ret)
{
    size_t len = host_length(mem, text);
    bool has_port = text[len] == ':';
    if (len == 0 || (!has_port && text[len] != '\0')) {
        return false;
    }
    if (has_port && (!port_read(text + len + 1, &port) || port == 0)) {
        return false;
    }
    ret->host = arena_strndup(mem, text, len);
    ret->host_port = arena_printf(mem, "%s:%d", ret->host, port);
    return true;
}

bool config_url_split(arena *mem, const char *text, struct config_url *ret)
{
    struct config_url url = {.https = str_starts(text, "https://")};
    if (!url.https && !str_starts(text, "http://")) {
        return false;
    }
    const char *rest = text + (url.https ? strlen("https://") : strlen("http://"));
    size_t len = strcspn(rest, "/");
    const char *authority = str_lower(mem, arena_strndup(mem, rest, len));
    if (strpbrk(rest, "?#@\\ ") != NULL ||
        !authority_read(mem, authority, url.https ? 443 : 80, &url)) {
        return false;
    }
    size_t path_len = strlen(rest + len);
    while (path_len > 0 && rest[len + path_len - 1] == '/') {
        path_len--;
    }
    url.path = arena_strndup(mem, rest + len, path_len);
    *ret = url;
    return true;
}

bool config_host_is_loopback(arena *mem, const char *host)
{
    struct in_addr v4;
    if (inet_pton(AF_INET, host, &v4) == 1) {
        return ntohl(v4.s_addr) >> 24 == 127;
    }
    struct in6_addr v6;
    size_t len = strlen(host);
    if (len > 2 && host[0] == '[' &&
        inet_pton(AF_INET6, arena_strndup(mem, host + 1, len - 2), &v6) == 1) {
        return IN6_IS_ADDR_LOOPBACK(&v6);
    }
    return str_equal_fold(host, "localhost");
}

bool config_is_network(arena *mem, const char *text)
{
    (void)mem;
    char address[INET6_ADDRSTRLEN];
    size_t len = strcspn(text, "/");
    if (len >= sizeof(address)) {
        return false;
    }
    memcpy(address, text, len);
    address[len] = '\0';
    uint8_t bytes[sizeof(struct in6_addr)];
    bool v4 = inet_pton(AF_INET, address, bytes) == 1;
    if (!v4 && inet_pton(AF_INET6, address, bytes) != 1) {
        return false;
    }
    long long bits = 0;
    return text[len] == '\0' ||
           (str_to_i64(text + len + 1, &bits) && bits >= 0 && bits <= (v4 ? 32 : 128));
}

bool config_trusts_host(const struct config *c, const char *host_port)
{
    for (size_t i = 0; i < c->trusted_http_hosts.count; i++) {
        if (str_equal_fold(c->trusted_http_hosts.items[i], host_port)) {
            return true;
        }
    }
    return false;
}

bool config_allows_workspace(const struct config *c, const char *workspace)
{
    for (size_t i = 0; i < c->allowed_workspaces.count; i++) {
        const char *item = c->allowed_workspaces.items[i];
        if (str_equal(item, "*") || str_equal(item, workspace)) {
            return true;
        }
    }
    return false;
}
