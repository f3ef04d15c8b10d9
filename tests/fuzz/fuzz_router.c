#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "service/web/web_int.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/*
 * A request as text: the method's first letter (P, U, D, H, else GET), the raw path, and after "?"
 * a query, a cookie and an X-Forwarded-For at once. A matched path has whole, decoded parameters;
 * the readers of query, cookie and addresses end and give text that can be kept.
 */
static const char *method_of(uint8_t letter)
{
    switch (letter) {
    case 'P':
        return "POST";
    case 'U':
        return "PUT";
    case 'D':
        return "DELETE";
    case 'H':
        return "HEAD";
    default:
        return "GET";
    }
}

static void check_params(const struct request *q)
{
    for (size_t i = 0; i < ROUTE_PARAMS_MAX && q->params[i] != NULL; i++) {
        const char *p = q->params[i];
        if (*p == '\0' || strchr(p, '/') != NULL || str_equal(p, ".") || str_equal(p, "..") ||
            !str_is_utf8(p, strlen(p))) {
            abort();
        }
    }
}

static void read_text(arena *mem, const char *text)
{
    static const char *proxies[] = {"127.0.0.1", "10.0.0.0/8", "2001:db8::/32"};
    const struct text_list trusted = {proxies, 3};
    const struct header headers[] = {{"Cookie", text},
                                     {"Content-Type", "application/x-www-form-urlencoded"}};
    struct request q = {
        .mem = mem, .query = text, .headers = headers, .headers_count = 2, .body = bytes_of(text)};
    struct err e = {0};
    const char *from_query = NULL;
    const char *from_form = NULL;
    int one = request_query(&q, "a", &from_query, &e);
    int two = request_form(&q, "a", &from_form, &e);
    if (one != two || !str_equal(from_query, from_form)) {
        abort();
    }
    if (request_remote(mem, &trusted, "127.0.0.1", text) == NULL) {
        abort();
    }
    (void)request_cookie(&q, "a");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0) {
        return 0;
    }
    arena *mem = arena_new();
    char *path = arena_strndup(mem, (const char *)data + 1, size - 1);
    char *query = strchr(path, '?');
    if (query != NULL) {
        *query++ = '\0';
        read_text(mem, query);
    }
    struct router_request from = {
        .method = method_of(data[0]), .raw_path = path, .listeners = {true, true, true}};
    struct request q = {.mem = mem};
    const struct route *route = NULL;
    const char *allow = NULL;
    struct err e = {0};
    if (router_match(&from, &q, &route, &allow, &e) == 0) {
        check_params(&q);
    } else if (route != NULL || e.code == NULL) {
        abort();
    }
    arena_free(mem);
    return 0;
}
