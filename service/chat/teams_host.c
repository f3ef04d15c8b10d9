/* May the bot's token go to this address? It is a password for the bot, and a serviceUrl stands in
 * what others sent: a forged one would carry it away. Asked at the door and before each call, also
 * of addresses that are stored. */
#include "teams_int.h"

#include <string.h>

#include "base/str.h"

enum { ADDRESS_MAX = 1024 };

static bool is_listed(const char *const *list, size_t count, const char *host_port)
{
    for (size_t i = 0; i < count; i++) {
        if (str_equal_fold(list[i], host_port)) {
            return true;
        }
    }
    return false;
}

/* Never by suffix: names under trafficmanager.net are anybody's. */
static bool is_platforms(const struct chat_settings *s, const char *host_port)
{
    const struct teams_cloud cloud = teams_cloud(s);
    if (s->teams_service_hosts_count > 0) {
        return is_listed(s->teams_service_hosts, s->teams_service_hosts_count, host_port);
    }
    return str_equal(cloud.host, host_port);
}

bool teams_address_ok(const struct chat_settings *s, arena *mem, const char *url)
{
    struct net_url u;
    struct err unused = {0};
    if (url == NULL || strnlen(url, ADDRESS_MAX + 1) > ADDRESS_MAX || strchr(url, '%') != NULL ||
        net_url_parse(mem, url, &u, &unused) != 0 || *u.query != '\0' || strchr(url, '?') != NULL) {
        return false;
    }
    if (is_listed(s->trusted_hosts, s->trusted_count, u.host_port)) {
        return true;
    }
    if (!str_equal(u.scheme, "https")) {
        return false;
    }
    /* the usual port may be written */
    const char *usual = arena_printf(mem, "%s:443", u.host);
    return is_platforms(s, u.host_port) ||
           (str_equal(u.host_port, usual) && is_platforms(s, u.host));
}
