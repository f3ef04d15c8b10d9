#include "apps_int.h"

#include <string.h>

#include "base/limits.h"
#include "base/str.h"

/* Under the name that the app has for it. */
static void add_param(struct str *s, const app *a, const char *name, const char *value)
{
    const char *renamed = apps_pair_value(&a->authorize.rename, name);
    if (value == NULL || str_equal(renamed, "") || (a->authorize.skip_empty && str_empty(value))) {
        return;
    }
    str_add_char(s, strchr(s->text, '?') == NULL ? '?' : '&');
    str_add_url(s, renamed == NULL ? name : renamed);
    str_add_char(s, '=');
    str_add_url(s, value);
}

static const char *scope_text(arena *mem, const app *a, const struct app_authorize *q)
{
    struct str s = str_new(mem, LIMIT_URL);
    for (size_t i = 0; i < q->scopes_count; i++) {
        str_add(&s, i == 0 ? "" : a->authorize.scope_separator);
        str_add(&s, q->scopes[i]);
    }
    return s.len == 0 ? NULL : s.text;
}

int app_authorize_url(arena *mem, const struct app_site *site, const struct app_authorize *q,
                      char **ret, struct err *e)
{
    const app *a = site->app;
    struct str s = str_new(mem, LIMIT_URL);
    char *url = NULL;
    if (apps_site_url(mem, site, a->authorize.url, &url, e) != 0) {
        return -1;
    }
    str_add(&s, url);
    add_param(&s, a, "response_type", "code");
    add_param(&s, a, "client_id", q->client_id);
    add_param(&s, a, "redirect_uri", q->redirect_uri);
    add_param(&s, a, "scope", scope_text(mem, a, q));
    add_param(&s, a, "state", q->state);
    if (a->authorize.pkce && q->challenge != NULL) {
        add_param(&s, a, "code_challenge", q->challenge);
        add_param(&s, a, "code_challenge_method", "S256");
    }
    for (size_t i = 0; i < a->authorize.params.count; i++) {
        const struct apps_pair *p = &a->authorize.params.items[i];
        const char *value = NULL;
        if (apps_var_text(mem, site, p->value, &value, e) != 0) {
            return -1;
        }
        add_param(&s, a, p->name, value);
    }
    add_param(&s, a, "login_hint", q->login_hint);
    *ret = s.text;
    return apps_not_cut(&s, "a login's address", e);
}

char *app_authorize_origin(arena *mem, const struct app_site *site)
{
    char *url = NULL;
    struct err unused = {0};
    if (apps_site_url(mem, site, site->app->authorize.url, &url, &unused) != 0) {
        return NULL;
    }
    const char *host = strstr(url, "://") + strlen("://");
    return arena_strndup(mem, url, (size_t)(host - url) + strcspn(host, "/?"));
}

const char *app_barred(const app *a)
{
    return str_empty(a->authorize.barred) ? NULL : a->authorize.barred;
}

const char *app_callback_code(const app *a)
{
    return a->callback.code;
}
