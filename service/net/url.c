#include "net_int.h"

#include <string.h>

#include "base/limits.h"
#include "base/str.h"

/* A copy of one part, or `absent` when the URL has none. */
static const char *part_of(arena *mem, CURLU *url, CURLUPart part, const char *absent)
{
    char *text = NULL;
    if (curl_url_get(url, part, &text, 0) != CURLUE_OK) {
        return absent;
    }
    const char *copy = arena_strdup(mem, text);
    curl_free(text);
    return copy;
}

static bool is_printable(const char *text)
{
    for (const char *at = text; *at != '\0'; at++) {
        if (*at <= ' ' || *at > '~' || *at == '\\') {
            return false;
        }
    }
    return true;
}

/* libcurl would also take https:/host and https:///host, which others read otherwise. */
static bool has_scheme(const char *text)
{
    size_t len = str_starts_fold(text, "https://") ? strlen("https://") : strlen("http://");
    return (len == strlen("https://") || str_starts_fold(text, "http://")) && text[len] != '/';
}

static void url_free(void *object)
{
    curl_url_cleanup(object);
}

/* The texts of errors leave the URL out: its query may hold a secret. */
int net_url_parse(arena *mem, const char *text, struct net_url *ret, struct err *e)
{
    if (text == NULL || strlen(text) > LIMIT_URL || !is_printable(text)) {
        return err_set(e, ERR_INPUT, "bad_url",
                       "a URL is missing, too long or holds characters that must be encoded");
    }
    if (!has_scheme(text) || strchr(text, '#') != NULL) {
        return err_set(e, ERR_INPUT, "bad_url",
                       "a URL must begin with https:// and have no fragment");
    }
    CURLU *url = curl_url();
    if (url == NULL) {
        return err_set(e, ERR_INTERNAL, "bad_url", "libcurl gives no URL parser");
    }
    arena_defer(mem, url_free, url);
    CURLUcode code = curl_url_set(url, CURLUPART_URL, text, CURLU_DISALLOW_USER);
    if (code != CURLUE_OK) {
        return err_set(e, ERR_INPUT, "bad_url", "a URL is not valid: %s", curl_url_strerror(code));
    }
    const char *host = str_lower(mem, part_of(mem, url, CURLUPART_HOST, ""));
    const char *port = part_of(mem, url, CURLUPART_PORT, NULL);
    *ret = (struct net_url){
        .scheme = part_of(mem, url, CURLUPART_SCHEME, ""),
        .host = host,
        .host_port = port == NULL ? host : arena_printf(mem, "%s:%s", host, port),
        .path = part_of(mem, url, CURLUPART_PATH, "/"),
        .query = part_of(mem, url, CURLUPART_QUERY, ""),
    };
    return 0;
}
