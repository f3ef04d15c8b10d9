#include "apps_int.h"

#include <string.h>

#include "base/limits.h"
#include "base/str.h"

enum { DNS_NAME_MAX = 253, DNS_LABEL_MAX = 63 };

static const char host_slot[] = "https://{host}";

/* RFC 1123 section 2.1: labels with dots between them; *ret_last is the last one. 0: it is none. */
static size_t count_labels(const char *host, const char **ret_last)
{
    size_t labels = 0;
    if (strlen(host) > DNS_NAME_MAX) {
        return 0;
    }
    for (const char *at = host;; at++) {
        size_t len = strspn(at, "abcdefghijklmnopqrstuvwxyz0123456789-");
        if (len == 0 || len > DNS_LABEL_MAX || at[0] == '-' || at[len - 1] == '-') {
            return 0;
        }
        *ret_last = at;
        labels++;
        at += len;
        if (*at != '.') {
            return *at == '\0' ? labels : 0;
        }
    }
}

bool apps_is_host_part(const char *text)
{
    const char *last = NULL;
    return count_labels(text, &last) > 0;
}

/* At least two labels, the last begins with a letter: no IP address passes, not 127.0.0.0x1. */
bool apps_is_dns_name(const char *host)
{
    const char *last = NULL;
    return count_labels(host, &last) > 1 && last[0] >= 'a' && last[0] <= 'z';
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
    if (!apps_is_dns_name(lower)) {
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

static int add_named(struct str *s, const struct app_site *site, const char *name, struct err *e)
{
    if (str_equal(name, "host")) {
        add_host(s, site);
        return 0;
    }
    const struct apps_var *v = apps_var_find(site->app, name);
    const char *value = apps_scalar(s->mem, json_member(site->vars, name));
    if (str_empty(value) || str_equal(value, ".") || str_equal(value, "..") ||
        (v != NULL && !apps_var_fits(v, value))) {
        return err_set(e, ERR_CONFIG, "missing_var", "this connection of %s has no \"%s\" (%s)",
                       site->app->name, name, v == NULL ? name : v->words);
    }
    str_add_url(s, value);
    return 0;
}

int apps_site_fill(arena *mem, const struct app_site *site, const char *text, char **ret,
                   struct err *e)
{
    struct str s = str_new(mem, LIMIT_URL);
    while (*text != '\0') {
        size_t plain = strcspn(text, "{");
        str_add_n(&s, text, plain);
        text += plain;
        size_t name = *text == '{' ? strcspn(text + 1, "}") : 0;
        if (*text == '{') {
            if (add_named(&s, site, arena_strndup(mem, text + 1, name), e) != 0) {
                return -1;
            }
            text += name + (text[name + 1] == '}' ? 2 : 1);
        }
    }
    if (s.cut) {
        return err_set(e, ERR_CONFIG, "missing_var", "a URL of %s is longer than %d bytes",
                       site->app->name, LIMIT_URL);
    }
    *ret = s.text;
    return 0;
}

char *apps_authority(arena *mem, const char *url)
{
    const char *at = url + strlen("https://");
    return arena_strndup(mem, at, strcspn(at, "/?#"));
}

/* Behind the last variable stand two names at least, as in {team}.example.com: whatever the value,
 * the host is the app's. */
static bool ends_fixed(const char *template)
{
    const char *tail = strrchr(template, '}');
    const char *dot = tail == NULL ? NULL : strchr(tail, '.');
    return tail == NULL || (dot != NULL && strchr(dot + 1, '.') != NULL);
}

/* A host that a variable makes is one of the definition's. */
static int check_authority(arena *mem, const struct app_site *site, const char *template,
                           const char *url, struct err *e)
{
    const app *a = site->app;
    const char *authority = apps_authority(mem, template), *host = apps_authority(mem, url);
    if (strchr(authority, '{') == NULL || str_equal(authority, "{host}")) {
        return 0;
    }
    if (apps_is_dns_name(host) &&
        (ends_fixed(authority) || is_listed(host, &a->host_names) ||
         is_below(host, &a->host_suffixes) || is_below(host, &a->api_suffixes))) {
        return 0;
    }
    return err_set(e, ERR_CONFIG, "captured_host",
                   "a variable of %s leads to a host outside its definition", a->name);
}

/* A trusted peer stands for every host of the app. */
int apps_site_url(arena *mem, const struct app_site *site, const char *url, char **ret,
                  struct err *e)
{
    char *filled = NULL;
    if (apps_site_fill(mem, site, url, &filled, e) != 0) {
        return -1;
    }
    if (site->plain_http) {
        size_t host =
            str_starts(url, host_slot) ? strlen(site->host) : strlen(apps_authority(mem, filled));
        *ret = arena_printf(mem, "http://%s%s", site->host, filled + strlen("https://") + host);
        return 0;
    }
    if (check_authority(mem, site, url, filled, e) != 0) {
        return -1;
    }
    *ret = filled;
    return 0;
}

int apps_api_base(arena *mem, const struct app_site *site, const char **ret, struct err *e)
{
    char *base = NULL;
    if (site->api_base == NULL && apps_site_url(mem, site, site->app->api_base, &base, e) != 0) {
        return -1;
    }
    *ret = site->api_base == NULL ? base : site->api_base;
    return 0;
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

/* By http the client reaches trusted peers alone. */
bool apps_is_below(arena *mem, const struct app_site *site, const char *url,
                   const struct apps_texts *suffixes)
{
    struct net_url u;
    struct err why = {0};
    if (net_url_parse(mem, url, &u, &why) != 0) {
        return false;
    }
    bool https = str_equal(u.scheme, "https");
    return (https && str_equal(u.host, u.host_port) && apps_is_dns_name(u.host) &&
            is_below(u.host, suffixes)) ||
           (!https && site->plain_http);
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
    bool public_host = https && str_equal(u.host, u.host_port) && apps_is_dns_name(u.host) &&
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
