#include "console_int.h"

#include <stdarg.h>
#include <stdio.h>

#include "base/die.h"

int console_ask(struct console *c, const struct console_call *call, struct console_answer *ret,
                struct err *e)
{
    struct response r = {.status = 0};
    struct request q = {.mem = c->mem,
                        .id = c->q->id,
                        .method = call->method,
                        .path = c->q->path,
                        .params = {c->workspace, call->name, call->part},
                        .query = call->query == NULL ? "" : call->query,
                        .remote = c->q->remote,
                        .actor = c->actor,
                        .whole = call->whole,
                        .admin = c->user_id,
                        .headers = &call->condition,
                        .headers_count = call->condition.name == NULL ? 0 : 1};
    if (call->body != NULL) {
        q.body = bytes_of(json_write(c->mem, arena_json(c->mem, call->body)));
    }
    *ret = (struct console_answer){.status = 0};
    if (call->handler(c->web, &q, &r, e) != 0) {
        return -1;
    }
    ret->status = r.status;
    for (size_t i = 0; i < r.headers_count; i++) {
        ret->tag = str_equal(r.headers[i].name, "ETag") ? r.headers[i].value : ret->tag;
    }
    if (r.body.len > 0 && json_read_ours(c->mem, r.body, &ret->value, e) != 0) {
        return err_set(e, ERR_INTERNAL, "html", "an answer of the API does not read");
    }
    return 0;
}

/* Their text speaks about what was sent: see problem_detail() of respond.c. */
static bool is_said(const struct err *e)
{
    return e->kind == ERR_INPUT || e->kind == ERR_INVALID || e->kind == ERR_CONFLICT ||
           e->kind == ERR_PRECONDITION || e->kind == ERR_LIMIT;
}

int console_try(struct console *c, const struct console_call *call, struct console_answer *ret,
                struct err *e)
{
    if (console_ask(c, call, ret, e) != 0) {
        if (!is_said(e)) {
            return -1;
        }
        ret->status = err_http_status(e->kind);
        bool unmet = e->kind == ERR_PRECONDITION && call->unmet != NULL;
        ret->problem = arena_strdup(c->mem, unmet ? call->unmet : e->text);
        return 0;
    }
    if (ret->status >= 400) {
        ret->problem = json_text(ret->value, "detail");
        ret->faults = json_member(ret->value, "errors");
    }
    return 0;
}

int console_list(struct console *c, route_fn *handler, const char *query, json_t **ret,
                 struct err *e)
{
    struct console_answer a;
    const struct console_call call = {.method = WB_GET, .handler = handler, .query = query};
    if (console_ask(c, &call, &a, e) != 0) {
        return -1;
    }
    *ret = json_member(a.value, "items");
    return 0;
}

int console_all(struct console *c, route_fn *handler, json_t **ret, struct err *e)
{
    struct console_answer a;
    const struct console_call call = {.method = WB_GET, .handler = handler, .whole = true};
    if (console_ask(c, &call, &a, e) != 0) {
        return -1;
    }
    *ret = json_member(a.value, "items");
    return 0;
}

void console_add_param(struct str *s, const char *key, const char *value)
{
    if (!str_empty(value)) {
        str_printf(s, "%s%s=", s->len == 0 ? "" : "&", key);
        str_add_url(s, value);
    }
}

int console_field(const struct console *c, const char *name, const char **ret, struct err *e)
{
    if (request_form(c->q, name, ret, e) != 0) {
        return -1;
    }
    *ret = *ret == NULL ? "" : *ret;
    return 0;
}

char *console_path(const struct console *c, const char *format, ...)
{
    char rest[512];
    va_list args;
    va_start(args, format);
    int len = vsnprintf(rest, sizeof rest, format, args);
    va_end(args);
    if (len < 0 || (size_t)len >= sizeof rest) {
        die("a path of the console is too long");
    }
    return arena_printf(c->mem, "/console/workspaces/%s%s", c->workspace, rest);
}
