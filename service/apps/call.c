#include "apps_int.h"

#include <string.h>

#include "base/limits.h"
#include "base/str.h"

enum { UPLOAD_MS = 60000 };

/* One request of the definition, filled in and sent. */

void apps_header_set(struct net_request *io, const char *name, const char *value)
{
    size_t i = 0;
    while (i < NET_HEADERS_MAX && io->headers[i].name != NULL &&
           !str_equal_fold(io->headers[i].name, name)) {
        i++;
    }
    if (i < NET_HEADERS_MAX) {
        io->headers[i] = (struct net_header){name, value};
    }
}

static void add_headers(arena *mem, const struct apps_pairs *pairs, const json_t *values,
                        struct net_request *io)
{
    for (size_t i = 0; i < pairs->count; i++) {
        const char *value = apps_template_text(mem, pairs->items[i].value, values);
        if (value == NULL) {
            continue; /* a value that is not there */
        }
        if (str_equal_fold(pairs->items[i].name, "Content-Type")) {
            io->content_type = value;
        } else {
            apps_header_set(io, pairs->items[i].name, value);
        }
    }
}

void apps_api_dress(arena *mem, const app *a, struct secret access, const json_t *values,
                    struct net_request *io)
{
    io->peer = a->name;
    io->for_app = true;
    io->bearer = access;
    io->token_header = a->token_header;
    io->token_prefix = a->token_prefix;
    apps_header_set(io, "Accept", "application/json");
    add_headers(mem, &a->api_headers, values, io);
    size_t n = 0;
    for (size_t i = 0; i < a->errors.retry_after.count; i++) {
        io->ask_headers[n++] = a->errors.retry_after.items[i];
    }
    for (size_t i = 0; i < a->errors.retry_at.count; i++) {
        io->ask_headers[n++] = a->errors.retry_at.items[i];
    }
}

int apps_not_cut(const struct str *s, const char *what, struct err *e)
{
    return s->cut ? err_set(e, ERR_INVALID, "template_too_long", "%s is longer than %d bytes", what,
                            LIMIT_URL)
                  : 0;
}

static int url_of(const struct apps_exchange *x, const char **ret, struct err *e)
{
    arena *mem = x->call->mem;
    const struct apps_request *q = x->request;
    const struct apps_vars vars = {.values = x->values};
    char *path = NULL;
    if (apps_template_url(mem, q->path, &vars, &path, e) != 0) {
        return -1;
    }
    const char *base = NULL;
    char *other = NULL;
    if (q->base == NULL ? apps_api_base(mem, &x->call->site, &base, e) != 0
                        : apps_site_url(mem, &x->call->site, q->base, &other, e) != 0) {
        return -1;
    }
    struct str s = str_new(mem, LIMIT_URL);
    str_add(&s, q->base == NULL ? base : other);
    str_add(&s, path);
    char sign = '?';
    for (size_t i = 0; i < q->query.count; i++) {
        const char *value = apps_template_text(mem, q->query.items[i].value, x->values);
        if (value == NULL) {
            continue; /* an input that is not there */
        }
        str_add_char(&s, sign);
        str_add_url(&s, q->query.items[i].name);
        str_add_char(&s, '=');
        str_add_url(&s, value);
        sign = '&';
    }
    *ret = s.text;
    return apps_not_cut(&s, "a URL", e);
}

static bool holds(const struct apps_pairs *pairs, const char *slot)
{
    for (size_t i = 0; i < pairs->count; i++) {
        if (strstr(pairs->items[i].value, slot) != NULL) {
            return true;
        }
    }
    return false;
}

static bool parts_hold(arena *mem, const struct apps_request *q, const char *slot)
{
    for (size_t i = 0; i < q->parts_count; i++) {
        if (strstr(json_write(mem, q->parts[i].json), slot) != NULL) {
            return true;
        }
    }
    return false;
}

/* A value that each connection has of its own never fits nothing. */
static int check_vars(const struct apps_exchange *x, struct err *e)
{
    arena *mem = x->call->mem;
    const app *a = x->call->site.app;
    const struct apps_request *q = x->request;
    for (size_t i = 0; i < a->vars_count; i++) {
        const char *slot = arena_printf(mem, "{%s}", a->vars[i].name);
        bool used = strstr(q->path, slot) != NULL || holds(&q->query, slot) ||
                    holds(&q->headers, slot) || holds(&a->api_headers, slot) ||
                    strstr(json_write(mem, q->body), slot) != NULL || parts_hold(mem, q, slot);
        if (used && apps_input_empty(json_member(x->values, a->vars[i].name))) {
            return err_set(e, ERR_CONFIG, "missing_var", "%s: the connection has no %s", a->name,
                           a->vars[i].name);
        }
    }
    return 0;
}

/* What is not there has no part. */
static void add_parts(const struct apps_exchange *x, struct net_request *io)
{
    arena *mem = x->call->mem;
    struct net_part *parts = arena_array(mem, x->request->parts_count, sizeof(*parts));
    for (size_t i = 0; i < x->request->parts_count; i++) {
        const struct apps_form_part *p = &x->request->parts[i];
        struct net_part *part = &parts[io->parts_count];
        *part = (struct net_part){.name = p->name};
        if (p->json != NULL) {
            const json_t *json = arena_json(mem, apps_template_json(mem, p->json, x->values));
            const char *text = json_write(mem, json);
            part->data = (struct bytes){(const uint8_t *)text, strlen(text)};
            part->content_type = "application/json";
        } else if (!apps_input_file(mem, json_member(x->values, p->file), &part->file_name,
                                    &part->data)) {
            continue;
        }
        io->parts_count++;
    }
    io->parts = parts;
    io->timeout_ms = UPLOAD_MS;
}

int apps_send(const struct apps_exchange *x, struct net_response *ret, struct err *e)
{
    arena *mem = x->call->mem;
    const struct apps_request *q = x->request;
    struct net_request out = {.method = q->method};
    if (check_vars(x, e) != 0 || url_of(x, &out.url, e) != 0) {
        return -1;
    }
    out.workspace = x->call->site.workspace;
    apps_api_dress(mem, x->call->site.app, x->call->access, x->values, &out);
    if (q->parts_count > 0) {
        add_parts(x, &out);
    }
    if (q->body != NULL) {
        json_t *body = arena_json(mem, apps_template_json(mem, q->body, x->values));
        out.body = json_write(mem, body);
        out.content_type = "application/json";
    }
    add_headers(mem, &q->headers, x->values, &out);
    if (q->is_file) {
        apps_file_ask(x->call->site.app, &out);
    }
    return net_call(x->call->http, mem, &out, ret, e);
}
