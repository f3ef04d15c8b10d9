#include "web_int.h"

#include <string.h>

#include "base/str.h"

const char *request_header(const struct request *q, const char *name, size_t *ret_count)
{
    const char *value = NULL;
    size_t count = 0;
    for (size_t i = 0; i < q->headers_count; i++) {
        if (str_equal_fold(q->headers[i].name, name)) {
            value = count == 0 ? q->headers[i].value : value;
            count++;
        }
    }
    if (ret_count != NULL) {
        *ret_count = count;
    }
    return value;
}

const char *request_header_list(const struct request *q, const char *name)
{
    size_t room = 0;
    for (size_t i = 0; i < q->headers_count; i++) {
        const struct header *h = &q->headers[i];
        room += str_equal_fold(h->name, name) ? strlen(h->value) + 1 : 0;
    }
    if (room == 0) {
        return NULL;
    }
    char *list = arena_alloc(q->mem, room);
    char *at = list;
    for (size_t i = 0; i < q->headers_count; i++) {
        const struct header *h = &q->headers[i];
        if (str_equal_fold(h->name, name)) {
            size_t len = strlen(h->value);
            memcpy(at, h->value, len);
            at[len] = ',';
            at += len + 1;
        }
    }
    list[room - 1] = '\0';
    return list;
}

/* One "name=value" of a Cookie header (RFC 6265 section 5.4); true when it has this name. */
static bool cookie_is(const char *pair, size_t len, const char *name, const char **ret,
                      size_t *ret_len)
{
    while (len > 0 && *pair == ' ') {
        pair++;
        len--;
    }
    size_t name_len = strlen(name);
    if (len <= name_len || strncmp(pair, name, name_len) != 0 || pair[name_len] != '=') {
        return false;
    }
    *ret = pair + name_len + 1;
    *ret_len = len - name_len - 1;
    return true;
}

const char *request_cookie(const struct request *q, const char *name)
{
    const char *found = NULL;
    size_t found_len = 0;
    size_t count = 0;
    for (size_t i = 0; i < q->headers_count; i++) {
        if (!str_equal_fold(q->headers[i].name, "Cookie")) {
            continue;
        }
        for (const char *at = q->headers[i].value; at != NULL;) {
            const char *end = strchr(at, ';');
            size_t len = end == NULL ? strlen(at) : (size_t)(end - at);
            count += cookie_is(at, len, name, &found, &found_len) ? 1 : 0;
            at = end == NULL ? NULL : end + 1;
        }
    }
    return count == 1 ? arena_strndup(q->mem, found, found_len) : NULL;
}

enum {
    PAIRS_MAX = 1000,  /* our largest form has a tenth of that */
    KEY_TEXT_MAX = 255 /* as sent: no name of ours is longer, however it is escaped */
};

struct pairs {
    const char *text;
    size_t len;
    const char *what; /* for the error: "query" or "form" */
};

static int pair_decode(arena *mem, const char *text, size_t len, char **ret, struct err *e)
{
    if (!net_url_decode(mem, text, len, true, ret) || !str_is_utf8(*ret, strlen(*ret))) {
        return err_set(e, ERR_INPUT, "encoding", "A parameter is not well-formed.");
    }
    return 0;
}

/* Takes no memory: whoever sends it may be anybody, and many pairs fit into a body. */
static int pair_is(const char *key, size_t len, const char *name, bool *ret, struct err *e)
{
    char decoded[KEY_TEXT_MAX + 1];
    *ret = false;
    if (len > KEY_TEXT_MAX) {
        return 0;
    }
    if (!net_url_decode_to(key, len, true, decoded) || !str_is_utf8(decoded, strlen(decoded))) {
        return err_set(e, ERR_INPUT, "encoding", "A parameter is not well-formed.");
    }
    *ret = str_equal(decoded, name);
    return 0;
}

static int pairs_count(const struct pairs *p, struct err *e)
{
    const char *end = p->text + p->len;
    size_t count = 0;
    for (const char *at = p->text; at != NULL && at < end && count <= PAIRS_MAX; count++) {
        at = memchr(at, '&', (size_t)(end - at));
        at = at == NULL ? NULL : at + 1;
    }
    return count <= PAIRS_MAX
               ? 0
               : err_set(e, ERR_INPUT, "encoding", "The %s has too many parameters.", p->what);
}

/* application/x-www-form-urlencoded (WHATWG URL section 5.1), but a name that comes twice is
 * refused: two readers could choose differently. */
static int pairs_find(arena *mem, const struct pairs *p, const char *name, const char **ret,
                      struct err *e)
{
    const char *found = NULL;
    const char *end = p->text + p->len;
    if (pairs_count(p, e) != 0) {
        return -1;
    }
    for (const char *at = p->text; at < end;) {
        const char *stop = memchr(at, '&', (size_t)(end - at));
        stop = stop == NULL ? end : stop;
        const char *equals = memchr(at, '=', (size_t)(stop - at));
        const char *name_end = equals == NULL ? stop : equals;
        char *value = NULL;
        bool meant = false;
        if (pair_is(at, (size_t)(name_end - at), name, &meant, e) != 0) {
            return -1;
        }
        if (meant) {
            const char *from = equals == NULL ? stop : equals + 1;
            if (found != NULL) {
                return err_set(e, ERR_INPUT, "twice", "\"%s\" is given twice in the %s.", name,
                               p->what);
            }
            if (pair_decode(mem, from, (size_t)(stop - from), &value, e) != 0) {
                return -1;
            }
            found = value;
        }
        at = stop + 1;
    }
    *ret = found;
    return 0;
}

int request_query(const struct request *q, const char *name, const char **ret, struct err *e)
{
    struct pairs p = {q->query, strlen(q->query), "query"};
    return pairs_find(q->mem, &p, name, ret, e);
}

/* One pair into an object of pairs; one that came twice stands for nothing. */
static int pair_put(arena *mem, const char *at, size_t len, json_t *all, json_t *twice,
                    struct err *e)
{
    const char *equals = memchr(at, '=', len);
    size_t name_len = equals == NULL ? len : (size_t)(equals - at);
    char *name = NULL;
    char *value = NULL;
    if (pair_decode(mem, at, name_len, &name, e) != 0 ||
        pair_decode(mem, at + name_len + (equals == NULL ? 0 : 1),
                    len - name_len - (equals == NULL ? 0 : 1), &value, e) != 0) {
        return -1;
    }
    if (json_object_get(all, name) != NULL || json_object_get(twice, name) != NULL) {
        json_object_del(all, name);
        json_put(twice, name, json_true());
    } else {
        json_put(all, name, json_string(value));
    }
    return 0;
}

int request_query_all(const struct request *q, const json_t **ret, struct err *e)
{
    json_t *all = arena_json(q->mem, json_object()), *twice = arena_json(q->mem, json_object());
    for (const char *at = q->query; *at != '\0';) {
        size_t len = strcspn(at, "&");
        if (pair_put(q->mem, at, len, all, twice, e) != 0) {
            return -1;
        }
        at += len + (at[len] == '&' ? 1 : 0);
    }
    *ret = all;
    return 0;
}

int request_form(const struct request *q, const char *name, const char **ret, struct err *e)
{
    static const char TYPE[] = "application/x-www-form-urlencoded";
    const char *type = request_header(q, "Content-Type", NULL);
    if (type == NULL || !str_starts_fold(type, TYPE) ||
        strchr("; \t", type[sizeof TYPE - 1]) == NULL) {
        return err_set(e, ERR_INPUT, "content_type", "The body must be %s.", TYPE);
    }
    /* the body is followed by a NUL, and one inside it is no form */
    struct pairs p = {(const char *)q->body.data, q->body.len, "form"};
    if (q->body.len > 0 && memchr(p.text, '\0', p.len) != NULL) {
        return err_set(e, ERR_INPUT, "encoding", "A parameter is not well-formed.");
    }
    return q->body.len == 0 ? (*ret = NULL, 0) : pairs_find(q->mem, &p, name, ret, e);
}

bool request_wants_html(const struct request *q)
{
    const char *accept = request_header(q, "Accept", NULL);
    return accept != NULL && strstr(accept, "text/html") != NULL;
}
