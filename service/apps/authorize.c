#include "apps_int.h"

#include <string.h>

#include "base/limits.h"
#include "base/str.h"

static void add_param(struct str *s, const char *name, const char *value)
{
    if (value == NULL) {
        return;
    }
    str_add_char(s, strchr(s->text, '?') == NULL ? '?' : '&');
    str_add_url(s, name);
    str_add_char(s, '=');
    str_add_url(s, value);
}

static const char *scope_text(arena *mem, const app *a, const struct app_authorize *q)
{
    struct str s = str_new(mem, LIMIT_URL);
    for (size_t i = 0; i < q->scopes_count; i++) {
        str_add(&s, i == 0 ? "" : a->scope_separator);
        str_add(&s, q->scopes[i]);
    }
    return s.len == 0 ? NULL : s.text;
}

char *app_authorize_url(arena *mem, const struct app_site *site, const struct app_authorize *q)
{
    const app *a = site->app;
    struct str s = str_new(mem, LIMIT_URL);
    str_add(&s, apps_site_url(mem, site, a->authorize_url));
    add_param(&s, "response_type", "code");
    add_param(&s, "client_id", q->client_id);
    add_param(&s, "redirect_uri", q->redirect_uri);
    add_param(&s, "scope", scope_text(mem, a, q));
    add_param(&s, "state", q->state);
    if (a->pkce && q->challenge != NULL) {
        add_param(&s, "code_challenge", q->challenge);
        add_param(&s, "code_challenge_method", "S256");
    }
    for (size_t i = 0; i < a->authorize_params.count; i++) {
        add_param(&s, a->authorize_params.items[i].name, a->authorize_params.items[i].value);
    }
    add_param(&s, "login_hint", q->login_hint);
    return s.text;
}

char *app_authorize_origin(arena *mem, const struct app_site *site)
{
    char *url = apps_site_url(mem, site, site->app->authorize_url);
    const char *host = strstr(url, "://") + strlen("://");
    return arena_strndup(mem, url, (size_t)(host - url) + strcspn(host, "/?"));
}
