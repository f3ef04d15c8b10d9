#include "apps_int.h"

#include <string.h>

#include "base/limits.h"
#include "base/str.h"

/* Questions about an account, asked while a person waits for the page behind them. */

enum { PROBE_MS = 10000 };

static const char token_slot[] = "{" APPS_ACCESS_TOKEN "}";

/* The token stands in the path only where the definition says so: such an app has no other way. */
static int fill_path(const struct apps_probe *p, const char *path, struct str *s, struct err *e)
{
    const char *slot = strstr(path, token_slot);
    const char *parts[] = {slot == NULL ? path : arena_strndup(p->mem, path, (size_t)(slot - path)),
                           slot == NULL ? "" : slot + strlen(token_slot)};
    for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
        char *filled = NULL;
        if (apps_site_fill(p->mem, p->site, parts[i], &filled, e) != 0) {
            return -1;
        }
        str_add(s, filled);
        if (i == 0 && slot != NULL) {
            str_add_url(s, secret_reveal(p->access));
        }
    }
    return 0;
}

static int url_of(const struct apps_probe *p, const struct apps_question *q, const char **ret,
                  struct err *e)
{
    const char *base = NULL;
    char *at = NULL;
    if (q->url != NULL) {
        if (apps_site_url(p->mem, p->site, q->url, &at, e) != 0) {
            return -1;
        }
        *ret = at;
        return 0;
    }
    if (apps_api_base(p->mem, p->site, &base, e) != 0) {
        return -1;
    }
    struct str s = str_new(p->mem, LIMIT_URL);
    str_add(&s, base);
    if (fill_path(p, q->path, &s, e) != 0) {
        return -1;
    }
    *ret = s.text;
    return apps_not_cut(&s, "a question's address", e);
}

int apps_ask(const struct apps_probe *p, const struct apps_question *q, const json_t **ret,
             struct err *e)
{
    const app *a = p->site->app;
    struct net_request ask = {.method = q->method,
                              .workspace = p->site->workspace,
                              .timeout_ms = PROBE_MS,
                              .person_waits = true};
    struct net_response r;
    const char *words = NULL;
    if (url_of(p, q, &ask.url, e) != 0) {
        return -1;
    }
    apps_api_dress(p->mem, a, p->access, p->site->vars, &ask);
    if (q->body != NULL) {
        ask.body = json_write(
            p->mem, arena_json(p->mem, apps_template_json(p->mem, q->body, p->site->vars)));
        ask.content_type = "application/json";
    }
    if (net_call(p->http, p->mem, &ask, &r, e) != 0) {
        return -1;
    }
    if (r.status != 200) {
        return apps_api_error(p->mem, a, &r, false, &words, e);
    }
    *ret = apps_json_body(p->mem, &r);
    if (*ret != NULL) {
        return 0;
    }
    return apps_is_html(&r) ? err_set(e, ERR_UPSTREAM_BUSY, "app_unreadable",
                                      "%s answers the probe with a page", a->name)
                            : apps_odd(a, &r, false, e);
}

size_t apps_one_row(const json_t *answer, const char *path, const json_t **ret)
{
    const json_t *list = str_empty(path) ? answer : json_at(answer, path);
    size_t count = json_array_size(list);
    *ret = count == 1 ? json_array_get(list, 0) : NULL;
    return count;
}
