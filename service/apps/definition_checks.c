#include "definition_int.h"

#include <string.h>

#include "base/limits.h"
#include "base/str.h"

/* Checks that several parts of a definition share: headers, paths, hosts. */

/* What says whose a call is, where it goes and how long it is, is not for a definition to say. */
static const char *const our_headers[] = {"authorization",
                                          "host",
                                          "content-length",
                                          "transfer-encoding",
                                          "connection",
                                          "cookie",
                                          "te",
                                          "proxy-authorization",
                                          "proxy-connection",
                                          "keep-alive",
                                          "trailer",
                                          "expect",
                                          "upgrade",
                                          NULL};

static bool is_listed(const char *const *list, const char *text)
{
    while (*list != NULL && !str_equal_fold(*list, text)) {
        list++;
    }
    return *list != NULL;
}

static bool is_one_line(const char *text)
{
    for (; *text != '\0'; text++) {
        if (((unsigned char)*text < ' ' && *text != '\t') || *text == 0x7f) {
            return false;
        }
    }
    return true;
}

/* The token's own header may be Authorization: nothing else fills it then. */
static const char *name_fault(const char *name, const char *const *more)
{
    if (!str_is_token(name)) {
        return "This is no header's name (RFC 9110, section 5.1).";
    }
    bool taken = is_listed(our_headers, name) || (more != NULL && is_listed(more, name));
    return taken ? "This must be a header that Workbot does not set itself." : NULL;
}

void apps_check_headers(const struct json_doc *d, const char *key, const struct apps_pairs *pairs,
                        const char *const *more)
{
    for (size_t i = 0; i < pairs->count; i++) {
        const struct apps_pair *p = &pairs->items[i];
        const char *fault = name_fault(p->name, more);
        if (fault == NULL && !is_one_line(p->value)) {
            fault = "A header's value is one line, without control characters.";
        }
        if (fault != NULL) {
            json_doc_fault(d, arena_printf(d->mem, "%s.%s", key, p->name), "%s", fault);
        }
    }
}

void apps_check_token_header(const struct json_doc *d, const char *name, const char *prefix)
{
    bool plain = name == NULL || str_equal_fold(name, "authorization");
    const char *fault = plain ? NULL : name_fault(name, NULL);
    if (fault != NULL) {
        json_doc_fault(d, "name", "%s", fault);
    }
    if (prefix != NULL && !is_one_line(prefix)) {
        json_doc_fault(d, "prefix", "A header's value is one line, without control characters.");
    }
}

/* RFC 3986 section 6.2.2: an encoded dot is a dot. 0: no dot stands here. */
static size_t dot_at(const char *at)
{
    if (*at == '.') {
        return 1;
    }
    return strncasecmp(at, "%2e", 3) == 0 ? 3 : 0;
}

bool apps_has_dot_segment(const char *path)
{
    for (const char *at = strchr(path, '/'); at != NULL; at = strchr(at, '/')) {
        size_t dots = 0, len = 0;
        at++;
        for (const char *dot = at; (len = dot_at(dot)) > 0; dot += len) {
            dots++;
            at = dot + len;
        }
        if ((dots == 1 || dots == 2) && (*at == '\0' || strchr("/?\\", *at) != NULL)) {
            return true;
        }
    }
    return false;
}

const char *apps_read_path(const struct json_doc *d, const char *key, bool required)
{
    const char *path = json_doc_text(d, key, required, LIMIT_LABEL);
    apps_check_path(d, key, path);
    return path;
}

void apps_check_path(const struct json_doc *d, const char *key, const char *path)
{
    if (!str_empty(path) && (path[0] == '.' || str_ends(path, ".") || strstr(path, "..") != NULL)) {
        json_doc_fault(d, key, "Between its dots, and at both ends, a path holds names.");
    }
}

void apps_check_hosts(const struct json_doc *d, const char *key, const struct apps_texts *t)
{
    for (size_t i = 0; i < t->count; i++) {
        if (!apps_is_dns_name(t->items[i])) {
            json_doc_fault(d, arena_printf(d->mem, "%s[%zu]", key, i),
                           "This must be a host's full name in lower case, no IP address.");
        }
    }
}
