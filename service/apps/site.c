#include "apps_int.h"

#include <string.h>

#include "base/limits.h"
#include "base/str.h"

enum { DNS_NAME_MAX = 253, DNS_LABEL_MAX = 63 };

static const char host_slot[] = "https://{host}";

/* RFC 1123 section 2.1, at least two labels, the last not a number: no IP address passes. */
static bool is_dns_name(const char *host)
{
    size_t labels = 0;
    const char *last = host;
    if (strlen(host) > DNS_NAME_MAX) {
        return false;
    }
    for (const char *at = host;; at++, labels++) {
        size_t len = strspn(at, "abcdefghijklmnopqrstuvwxyz0123456789-");
        if (len == 0 || len > DNS_LABEL_MAX || at[0] == '-' || at[len - 1] == '-') {
            return false;
        }
        last = at;
        at += len;
        if (*at == '\0') {
            return labels > 0 && last[strspn(last, "0123456789")] != '\0';
        }
        if (*at != '.') {
            return false;
        }
    }
}

static bool is_below(const char *host, const struct apps_texts *suffixes)
{
    for (size_t i = 0; i < suffixes->count; i++) {
        if (str_ends(host, suffixes->items[i]) && strlen(host) > strlen(suffixes->items[i])) {
            return true;
        }
    }
    return false;
}

static bool is_listed(const char *host, const struct apps_texts *names)
{
    for (size_t i = 0; i < names->count; i++) {
        if (str_equal(host, names->items[i])) {
            return true;
        }
    }
    return false;
}

void app_check_host(const app *a, const char *host, bool trusted, const char *path,
                    struct faults *faults, const char **ret_host)
{
    if (str_empty(host) && a->host == NULL) {
        faults_add(faults, path, "%s needs the host of your own site.", a->title);
        return;
    }
    if (str_empty(host)) {
        *ret_host = a->host;
        return;
    }
    if (trusted) {
        *ret_host = host;
        return;
    }
    const char *lower = str_lower(faults->mem, host);
    if (!is_dns_name(lower)) {
        faults_add(faults, path,
                   "This must be a host's name alone, like %s: no https://, port or path.",
                   a->host == NULL ? "acme.example.com" : a->host);
    } else if (!is_listed(lower, &a->host_names) && !is_below(lower, &a->host_suffixes)) {
        faults_add(faults, path, "This is no host of %s.", a->title);
    } else {
        *ret_host = lower;
    }
}

/* Hosts were checked when they were stored; encoding keeps whatever else to one URL segment. */
static void add_host(struct str *s, const struct app_site *site)
{
    if (site->plain_http) {
        str_add(s, site->host);
    } else {
        str_add_url(s, str_empty(site->host) ? site->app->host : site->host);
    }
}

/* A trusted peer stands for every host of the app. */
char *apps_site_url(arena *mem, const struct app_site *site, const char *url)
{
    struct str s = str_new(mem, LIMIT_URL);
    if (site->plain_http) {
        str_add(&s, "http://");
        add_host(&s, site);
        const char *authority = url + strlen("https://");
        str_add(&s, authority + strcspn(authority, "/?"));
    } else if (str_starts(url, host_slot)) {
        str_add(&s, "https://");
        add_host(&s, site);
        str_add(&s, url + strlen(host_slot));
    } else {
        str_add(&s, url);
    }
    return s.text;
}

const char *apps_api_base(arena *mem, const struct app_site *site)
{
    return site->api_base != NULL ? site->api_base : apps_site_url(mem, site, site->app->api_base);
}

static const char *without_port(arena *mem, const char *host)
{
    const char *colon = strrchr(host, ':');
    return colon == NULL || strchr(colon, ']') != NULL
               ? host
               : arena_strndup(mem, host, (size_t)(colon - host));
}

static bool is_own_peer(arena *mem, const struct app_site *site, const struct net_url *u)
{
    return site->plain_http && str_equal_fold(u->host, without_port(mem, site->host));
}

static bool is_plain_path(const char *path)
{
    static const char plain[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789/._-";
    return strlen(path) <= LIMIT_LABEL && strspn(path, plain) == strlen(path) &&
           strstr(path, "..") == NULL && strstr(path, "//") == NULL;
}

int apps_capture_base(arena *mem, const struct app_site *site, const char *url, char **ret,
                      struct err *e)
{
    struct net_url u;
    struct err why = {0};
    if (net_url_parse(mem, url, &u, &why) != 0 || u.query[0] != '\0' || !is_plain_path(u.path)) {
        return err_set(e, ERR_CONFIG, "captured_host",
                       "%s gave a base address that is no plain URL", site->app->name);
    }
    bool https = str_equal(u.scheme, "https");
    bool public_host = https && str_equal(u.host, u.host_port) && is_dns_name(u.host) &&
                       is_below(u.host, &site->app->api_suffixes);
    if (!public_host && !is_own_peer(mem, site, &u)) {
        return err_set(e, ERR_CONFIG, "captured_host",
                       "%s gave a base address outside the hosts of its definition",
                       site->app->name);
    }
    size_t len = strlen(u.path);
    while (len > 0 && u.path[len - 1] == '/') {
        len--;
    }
    *ret = arena_printf(mem, "%s://%s%.*s", u.scheme, u.host_port, (int)len, u.path);
    return 0;
}

bool apps_is_sandbox(arena *mem, const struct app_site *site, const char *api_base)
{
    struct net_url u = {.host = ""};
    struct err why = {0};
    if (is_listed(site->host == NULL ? "" : site->host, &site->app->sandbox_hosts)) {
        return true;
    }
    if (net_url_parse(mem, api_base, &u, &why) != 0) {
        return false;
    }
    for (size_t i = 0; i < site->app->sandbox_marks.count; i++) {
        if (strstr(u.host, site->app->sandbox_marks.items[i]) != NULL) {
            return true;
        }
    }
    return false;
}
