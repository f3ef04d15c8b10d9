#include "web_int.h"

#include <string.h>

#include "base/limits.h"
#include "base/str.h"

/* Finds the route of a request in router.c's table. */
enum { SEGMENTS_MAX = 16 };

struct segments {
    const char *list[SEGMENTS_MAX]; /* decoded */
    size_t count;
};

static int bad_path(struct err *e)
{
    return err_set(e, ERR_INPUT, "path", "The path of the request is not well-formed.");
}

/* Decoded, a segment may not hold what would make it two, end it, or lead somewhere else. */
static bool segment_decode(arena *mem, const char *text, size_t len, const char **ret)
{
    char *decoded = NULL;
    for (size_t i = 0; i < len; i++) {
        unsigned char c = (unsigned char)text[i];
        if (c <= ' ' || c == 0x7f) {
            return false;
        }
    }
    if (len == 0 || !net_url_decode(mem, text, len, false, &decoded)) {
        return false;
    }
    if (strchr(decoded, '/') != NULL || str_equal(decoded, ".") || str_equal(decoded, "..") ||
        !str_is_utf8(decoded, strlen(decoded))) {
        return false;
    }
    *ret = decoded;
    return true;
}

static int path_split(arena *mem, const char *raw, struct segments *ret, struct err *e)
{
    if (raw[0] != '/' || strnlen(raw, LIMIT_URL + 1) > LIMIT_URL) {
        return bad_path(e);
    }
    if (raw[1] == '\0') {
        return 0; /* the root has no segment */
    }
    for (const char *at = raw; at != NULL;) {
        const char *next = strchr(at + 1, '/');
        size_t len = next == NULL ? strlen(at + 1) : (size_t)(next - at - 1);
        if (ret->count == SEGMENTS_MAX ||
            !segment_decode(mem, at + 1, len, &ret->list[ret->count])) {
            return bad_path(e);
        }
        ret->count++;
        at = next;
    }
    return 0;
}

static bool segment_fits(const char *pattern, size_t len, const char *segment)
{
    return pattern[0] == '{' || (strlen(segment) == len && memcmp(pattern, segment, len) == 0);
}

/* Does the path have this pattern? Then the segments at {names} are its parameters. */
static bool pattern_fits(const char *pattern, const struct segments *s,
                         const char *params[ROUTE_PARAMS_MAX])
{
    size_t params_count = 0;
    size_t i = 0;
    if (pattern[1] == '\0') {
        return s->count == 0; /* the root */
    }
    for (const char *at = pattern; at != NULL; i++) {
        const char *next = strchr(at + 1, '/');
        size_t len = next == NULL ? strlen(at + 1) : (size_t)(next - at - 1);
        if (i == s->count || !segment_fits(at + 1, len, s->list[i])) {
            return false;
        }
        if (at[1] == '{' && params_count < ROUTE_PARAMS_MAX) {
            params[params_count++] = s->list[i];
        }
        at = next;
    }
    return i == s->count;
}

static const char *const METHODS[METHOD_COUNT] = {
    [WB_GET] = "GET", [WB_POST] = "POST", [WB_PUT] = "PUT", [WB_DELETE] = "DELETE"};

static int method_of(const char *name)
{
    for (int m = 0; m < METHOD_COUNT; m++) {
        if (str_equal(METHODS[m], name)) {
            return m;
        }
    }
    return str_equal(name, "HEAD") ? WB_GET : -1;
}

/* A callback acts: what GET does there, a HEAD may not do unseen (RFC 9110 section 9.2.1). */
static bool has_head(const struct route *r)
{
    return r->kind != ROUTE_CALLER;
}

static const char *allow_text(arena *mem, const bool allowed[METHOD_COUNT], bool head)
{
    struct str s = str_new(mem, 64);
    for (int m = 0; m < METHOD_COUNT; m++) {
        if (allowed[m]) {
            str_printf(&s, "%s%s%s", s.len > 0 ? ", " : "", METHODS[m],
                       m == WB_GET && head ? ", HEAD" : "");
        }
    }
    return s.text;
}

int router_match(const struct router_request *from, struct request *q, const struct route **ret,
                 const char **ret_allow, struct err *e)
{
    struct segments s = {.count = 0};
    int method = method_of(from->method);
    bool allowed[METHOD_COUNT] = {false};
    bool known = false, heads = false;
    bool head = str_equal(from->method, "HEAD");
    size_t count = 0;
    const struct route *routes = router_routes(&count);
    if (path_split(q->mem, from->raw_path, &s, e) != 0) {
        return -1;
    }
    for (size_t i = 0; i < count; i++) {
        const char *params[ROUTE_PARAMS_MAX] = {NULL};
        if (!from->listeners[routes[i].listener] || !pattern_fits(routes[i].pattern, &s, params)) {
            continue;
        }
        if ((int)routes[i].method == method && (!head || has_head(&routes[i]))) {
            q->method = routes[i].method;
            q->head = head;
            q->path = routes[i].pattern;
            memcpy(q->params, params, sizeof params);
            *ret = &routes[i];
            return 0;
        }
        known = true;
        allowed[routes[i].method] = true;
        heads = heads || has_head(&routes[i]);
    }
    if (!known) {
        return err_set(e, ERR_NOT_FOUND, "no_route", "There is nothing at this path.");
    }
    *ret_allow = allow_text(q->mem, allowed, heads);
    return err_set(e, ERR_INPUT, "method", "This path takes %s only.", *ret_allow);
}

bool route_is_webhook(const struct route *r)
{
    return r->kind == ROUTE_INTAKE || r->kind == ROUTE_HOOK;
}
