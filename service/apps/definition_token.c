#include "definition_int.h"

#include <string.h>

#include "base/limits.h"
#include "base/str.h"

/* What a definition says of tokens: how they are got, renewed and ended. */

enum {
    PARAMS_MAX = 8,
    MARGIN_S = 90,
    MARGIN_MAX_S = 900,
    DAYS_MAX = 3660,
    GRANTS_MAX = 1000,
    LEFT_MAX_S = 86400
};

/* A definition may say another kind of grant, and the scopes again. */
static const char *const may_say[] = {"grant_type", "scope", NULL};

static int64_t bounded(const struct json_doc *d, const char *key, int64_t absent, int64_t max)
{
    int64_t value = json_doc_i64(d, key, absent);
    if (value < 0 || value > max) {
        json_doc_fault(d, key, "This must be from 0 to %lld.", (long long)max);
        return absent;
    }
    return value;
}

/* Headers that the HTTP call or Workbot makes itself stay theirs. */
static struct apps_pairs read_headers(const struct apps_reader *r, const struct json_doc *d)
{
    static const char *const ours[] = {"content-type", "accept", NULL};
    struct apps_pairs p = apps_read_pairs(r, d, "headers", PARAMS_MAX);
    apps_check_headers(d, "headers", &p, ours);
    return p;
}

static void read_expires(const struct apps_reader *r, const struct json_doc *token)
{
    static const char *const keys[] = {"path", "unit", NULL};
    static const char *const units[] = {"in_s", "s", "ms", "iso", NULL};
    struct json_doc d = json_doc_member(token, "expires", false);
    json_doc_known(&d, keys);
    struct apps_token_rules *t = &r->app->token;
    t->expires = apps_read_path(&d, "path", true);
    int unit = json_doc_choice(&d, "unit", units, EXPIRES_IN_S);
    t->expires_unit = unit < 0 ? EXPIRES_IN_S : (enum apps_expires)unit;
}

static void read_error(const struct json_doc *token, struct apps_token_rules *t)
{
    static const char *const keys[] = {"code", "message", NULL};
    struct json_doc d = json_doc_member(token, "error", false);
    json_doc_known(&d, keys);
    t->error_code = apps_read_paths(&d, "code");
    t->error_message = apps_read_paths(&d, "message");
}

static void read_endpoint(const struct apps_reader *r, const struct json_doc *top)
{
    static const char *const keys[] = {
        "url",     "params",        "api_base", "any_token_type", "headers",
        "tokens",  "refresh_token", "margin_s", "format",         "single_use_refresh",
        "capture", "expires",       "error",    "errors",         NULL};
    static const char *const refresh[] = {"required", "optional", NULL};
    static const char *const formats[] = {"form", "json", NULL};
    static const char *const meanings[] = {"refused", "busy", "dead", "config", NULL};
    struct json_doc d = json_doc_member(top, "token", true);
    json_doc_known(&d, keys);
    struct apps_token_rules *t = &r->app->token;
    apps_need(&d, "url");
    t->url = apps_read_url_from(r, &d, "url", VAR_CONNECTION | VAR_CALLBACK);
    t->params = apps_read_pairs(r, &d, "params", PARAMS_MAX);
    t->json = json_doc_choice(&d, "format", formats, 0) == 1;
    t->headers = read_headers(r, &d);
    t->tokens = apps_read_path(&d, "tokens", false);
    t->tokens = str_empty(t->tokens) ? NULL : t->tokens;
    t->capture = apps_read_capture(r, &d, VAR_TOKEN);
    t->api_base = apps_read_path(&d, "api_base", false);
    t->any_type = json_doc_flag(&d, "any_token_type", false);
    t->refresh_required = json_doc_choice(&d, "refresh_token", refresh, 0) == 0;
    t->single_use_refresh = json_doc_flag(&d, "single_use_refresh", false);
    t->old_refresh_lives = json_is_false(json_member(d.object, "single_use_refresh"));
    t->margin_s = bounded(&d, "margin_s", MARGIN_S, MARGIN_MAX_S);
    t->errors = apps_read_rules(r, &d, "errors", meanings);
    read_error(&d, t);
    read_expires(r, &d);
    apps_check_params(&d, &t->params, may_say);
    apps_check_param_values(&d, &t->params, apps_var_names(r, VAR_CONNECTION | VAR_CALLBACK, NULL));
    if (t->api_base != NULL && r->app->api_suffixes.count == 0) {
        json_doc_fault(&d, "api_base", "hosts.api_suffixes must say which hosts may come here.");
    }
}

static void read_refresh(const struct apps_reader *r, const struct json_doc *top)
{
    static const char *const keys[] = {"url",        "params",          "idle_days",
                                       "fixed_days", "grants_per_user", NULL};
    struct json_doc d = json_doc_member(top, "refresh", false);
    json_doc_known(&d, keys);
    r->app->refresh =
        (struct apps_refresh){.url = apps_read_url_from(r, &d, "url", VAR_ANY),
                              .params = apps_read_pairs(r, &d, "params", PARAMS_MAX),
                              .idle_days = bounded(&d, "idle_days", 0, DAYS_MAX),
                              .fixed_days = bounded(&d, "fixed_days", 0, DAYS_MAX),
                              .grants_per_user = bounded(&d, "grants_per_user", 0, GRANTS_MAX)};
    apps_check_params(&d, &r->app->refresh.params, may_say);
    apps_check_param_values(&d, &r->app->refresh.params, apps_var_names(r, VAR_ANY, NULL));
}

static void read_success(const struct json_doc *d, struct apps_revoke *v)
{
    size_t room = sizeof(v->success) / sizeof(v->success[0]);
    const json_t *list = json_doc_array(d, "success", false, room);
    for (size_t i = 0; i < json_array_size(list); i++) {
        int64_t status = json_integer_value(json_array_get(list, i));
        if (status < 200 || status > 299) {
            json_doc_fault(d, arena_printf(d->mem, "success[%zu]", i),
                           "This must be a status from 200 to 299.");
        } else {
            v->success[v->success_count++] = (int)status;
        }
    }
}

/* One of a list of words; the first where nothing, or none of them, is said. */
static unsigned choice(const struct json_doc *d, const char *key, const char *const *words)
{
    int at = json_doc_choice(d, key, words, 0);
    return at < 0 ? 0 : (unsigned)at;
}

static void read_revoke(const struct apps_reader *r, const struct json_doc *top)
{
    static const char *const keys[] = {
        "url",     "method",         "token", "param",           "format", "auth",
        "success", "ends_one_grant", "gone",  "leaves_access_s", NULL};
    static const char *const tokens[] = {"refresh", "access", "both", NULL};
    static const char *const methods[] = {"POST", "DELETE", "GET", NULL};
    static const char *const formats[] = {"form", "json", "query", NULL};
    static const char *const auths[] = {"none", "client", "basic", "bearer", NULL};
    struct json_doc d = json_doc_member(top, "revoke", false);
    json_doc_known(&d, keys);
    struct apps_revoke *v = &r->app->revoke;
    apps_need(&d, "url");
    v->url = apps_read_revoke_url(r, &d, "url");
    v->method = methods[choice(&d, "method", methods)];
    v->token = (enum apps_revoke_token)choice(&d, "token", tokens);
    v->format = (enum apps_revoke_format)choice(&d, "format", formats);
    v->auth = (enum apps_revoke_auth)choice(&d, "auth", auths);
    v->param = json_doc_text(&d, "param", false, LIMIT_NAME);
    v->ends_one_grant = json_doc_flag(&d, "ends_one_grant", false);
    v->gone = apps_read_texts(&d, "gone", false);
    v->leaves_access_s = bounded(&d, "leaves_access_s", 0, LEFT_MAX_S);
    if (v->leaves_access_s > 0 && v->token != REVOKE_REFRESH) {
        json_doc_fault(&d, "leaves_access_s", "An access token that is revoked itself has ended.");
    }
    read_success(&d, v);
    bool elsewhere = v->auth == REVOKE_AUTH_BEARER ||
                     (v->url != NULL && strstr(v->url, APPS_TOKEN_SLOT) != NULL);
    if (v->param == NULL) {
        v->param = elsewhere ? "" : "token";
    }
    if (v->param[0] == '\0' && !elsewhere) {
        json_doc_fault(&d, "param", "Without it nothing says which token is meant.");
    }
    if (str_equal(v->method, "GET") && v->format != REVOKE_QUERY && v->param[0] != '\0') {
        json_doc_fault(&d, "format", "GET has no body: this must be query.");
    }
}

void apps_read_token(const struct apps_reader *r, const struct json_doc *top)
{
    read_endpoint(r, top);
    read_refresh(r, top);
    read_revoke(r, top);
}
