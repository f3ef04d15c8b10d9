#include "apps_int.h"

#include <string.h>

#include "base/limits.h"
#include "base/str.h"

enum {
    SCOPES_MAX = 50,
    PARAMS_MAX = 8,
    RULES_MAX = 100,
    MARGIN_S = 90,
    MARGIN_MAX_S = 900,
    RETRY_MAX_S = 86400
};

static const char *const meaning_names[] = {"refused",     "busy", "limit",
                                            "unauthentic", "dead", "config"};

static enum apps_meaning meaning_of(const char *name)
{
    size_t i = 0;
    while (i < MEANS_CONFIG && !str_equal(meaning_names[i], name)) {
        i++;
    }
    return (enum apps_meaning)i;
}

static void check_rule(const struct json_doc *d, const struct apps_rule *rule)
{
    if (rule->status != 0 && (rule->status < 100 || rule->status > 599)) {
        json_doc_fault(d, "status", "This must be an HTTP status.");
    }
    if (rule->retry_after_ms < 0 || rule->retry_after_ms > RETRY_MAX_S * 1000) {
        json_doc_fault(d, "retry_after_s", "This must be from 0 to %d.", RETRY_MAX_S);
    }
    if (rule->words_with_fields != NULL &&
        (rule->words == NULL || strstr(rule->words_with_fields, "{fields}") == NULL)) {
        json_doc_fault(d, "words_with_fields",
                       "This must hold {fields}, and words stand beside it.");
    }
    if (rule->status == 0 && rule->code == NULL && rule->contains == NULL) {
        json_doc_fault(d, NULL, "This fits everything: say status, code or contains.");
    }
}

static void check_proof(const struct json_doc *d, const struct apps_rule *rule)
{
    if (rule->nothing_done && rule->meaning != MEANS_BUSY && rule->meaning != MEANS_LIMIT) {
        json_doc_fault(d, "nothing_done", "This belongs to rows that mean busy or limit.");
    }
    if (rule->unless_client_refused && rule->meaning != MEANS_DEAD) {
        json_doc_fault(d, "unless_client_refused", "This belongs to rows that mean dead.");
    }
}

static int64_t bounded(int64_t value, int64_t max)
{
    return value < 0 || value > max ? -1 : value;
}

static void read_rule(const struct json_doc *d, const char *const *meanings, struct apps_rule *ret)
{
    static const char *const keys[] = {"status",
                                       "code",
                                       "contains",
                                       "retry_after",
                                       "grant",
                                       "means",
                                       "retry_after_s",
                                       "nothing_done",
                                       "words",
                                       "words_with_fields",
                                       "unless_client_refused",
                                       NULL};
    static const char *const grants[] = {"any", "code", "refresh", NULL};
    json_doc_known(d, keys);
    int grant = json_doc_choice(d, "grant", grants, ANY_GRANT);
    int means = json_doc_choice(d, "means", meanings, -1);
    *ret = (struct apps_rule){
        .status = (int)bounded(json_doc_i64(d, "status", 0), 1000),
        .code = json_doc_text(d, "code", false, LIMIT_LABEL),
        .contains = json_doc_text(d, "contains", false, LIMIT_LABEL),
        .retry_after = json_doc_flag(d, "retry_after", false),
        .unless_client_refused = json_doc_flag(d, "unless_client_refused", false),
        .nothing_done = json_doc_flag(d, "nothing_done", false),
        .grant = grant < 0 ? ANY_GRANT : (enum apps_grant_kind)grant,
        .meaning = means < 0 ? MEANS_REFUSED : meaning_of(meanings[means]),
        .retry_after_ms = bounded(json_doc_i64(d, "retry_after_s", 0), RETRY_MAX_S) * 1000,
        .words = json_doc_text(d, "words", false, LIMIT_LABEL),
        .words_with_fields = json_doc_text(d, "words_with_fields", false, LIMIT_LABEL)};
    if (d->object == NULL) {
        return;
    }
    if (json_member(d->object, "means") == NULL) {
        json_doc_fault(d, "means", "This is required.");
    }
    check_rule(d, ret);
    check_proof(d, ret);
}

struct apps_rules apps_read_rules(const struct apps_reader *r, const struct json_doc *d,
                                  const char *key, const char *const *meanings)
{
    const json_t *list = json_doc_array(d, key, false, RULES_MAX);
    struct apps_rules rules = {.count = json_array_size(list)};
    rules.items = arena_array(r->mem, rules.count + 1, sizeof(*rules.items));
    for (size_t i = 0; i < rules.count; i++) {
        struct json_doc row = json_doc_item(d, key, i);
        read_rule(&row, meanings, &rules.items[i]);
    }
    return rules;
}

static void read_scopes(const struct apps_reader *r, const struct json_doc *d)
{
    static const char *const keys[] = {"name", "words", NULL};
    const json_t *list = json_doc_array(d, "scopes", false, SCOPES_MAX);
    app *a = r->app;
    a->scopes_count = json_array_size(list);
    a->scopes = arena_array(r->mem, a->scopes_count + 1, sizeof(*a->scopes));
    a->scope_names = arena_array(r->mem, a->scopes_count + 1, sizeof(*a->scope_names));
    for (size_t i = 0; i < a->scopes_count; i++) {
        struct json_doc row = json_doc_item(d, "scopes", i);
        json_doc_known(&row, keys);
        a->scopes[i] = (struct apps_scope){json_doc_text(&row, "name", true, LIMIT_LABEL),
                                           json_doc_text(&row, "words", true, LIMIT_LABEL)};
        a->scope_names[i] = a->scopes[i].name;
    }
}

/* Parameters that we send ourselves may not come from a definition. */
static void check_params(const struct json_doc *d, const struct apps_pairs *p)
{
    static const char *const ours[] = {"response_type", "client_id",      "redirect_uri",
                                       "scope",         "state",          "code",
                                       "client_secret", "code_challenge", "code_challenge_method",
                                       "code_verifier", "refresh_token",  "grant_type"};
    for (size_t i = 0; i < p->count; i++) {
        for (size_t k = 0; k < sizeof(ours) / sizeof(ours[0]); k++) {
            if (str_equal(p->items[i].name, ours[k])) {
                json_doc_fault(d, arena_printf(d->mem, "params.%s", ours[k]),
                               "Workbot sets this parameter itself.");
            }
        }
    }
}

static void read_authorize(const struct apps_reader *r, const struct json_doc *top)
{
    static const char *const keys[] = {"url",    "params", "pkce", "scope_separator",
                                       "scopes", "issuer", NULL};
    struct json_doc d = json_doc_member(top, "authorize", true);
    json_doc_known(&d, keys);
    app *a = r->app;
    a->authorize_url = apps_read_url(r, &d, "url", true);
    a->authorize_params = apps_read_pairs(r, &d, "params", PARAMS_MAX);
    a->pkce = json_doc_flag(&d, "pkce", true);
    const char *separator = json_doc_text(&d, "scope_separator", false, 1);
    a->scope_separator = separator == NULL ? " " : separator;
    a->issuer = json_doc_text(&d, "issuer", false, LIMIT_LABEL);
    read_scopes(r, &d);
    check_params(&d, &a->authorize_params);
}

static void read_token(const struct apps_reader *r, const struct json_doc *top)
{
    static const char *const keys[] = {"url",
                                       "params",
                                       "api_base",
                                       "any_token_type",
                                       "refresh_token",
                                       "margin_s",
                                       "single_use_refresh",
                                       "errors",
                                       NULL};
    static const char *const refresh[] = {"required", "optional", NULL};
    static const char *const meanings[] = {"refused", "busy", "dead", "config", NULL};
    struct json_doc d = json_doc_member(top, "token", true);
    json_doc_known(&d, keys);
    struct apps_token_rules *t = &r->app->token;
    t->url = apps_read_url(r, &d, "url", true);
    t->params = apps_read_pairs(r, &d, "params", PARAMS_MAX);
    t->api_base = json_doc_text(&d, "api_base", false, LIMIT_LABEL);
    t->any_type = json_doc_flag(&d, "any_token_type", false);
    t->refresh_required = json_doc_choice(&d, "refresh_token", refresh, 0) == 0;
    t->single_use_refresh = json_doc_flag(&d, "single_use_refresh", false);
    t->margin_s = json_doc_i64(&d, "margin_s", MARGIN_S);
    t->errors = apps_read_rules(r, &d, "errors", meanings);
    check_params(&d, &t->params);
    if (t->margin_s < 0 || t->margin_s > MARGIN_MAX_S) {
        json_doc_fault(&d, "margin_s", "This must be from 0 to %d.", MARGIN_MAX_S);
    }
    if (t->api_base != NULL && r->app->api_suffixes.count == 0) {
        json_doc_fault(&d, "api_base", "hosts.api_suffixes must say which hosts may come here.");
    }
}

static void read_revoke(const struct apps_reader *r, const struct json_doc *top)
{
    static const char *const keys[] = {"url", "token", "client", "ends_one_grant", NULL};
    static const char *const tokens[] = {"refresh", "access", "both", NULL};
    struct json_doc d = json_doc_member(top, "revoke", false);
    json_doc_known(&d, keys);
    int which = json_doc_choice(&d, "token", tokens, REVOKE_REFRESH);
    r->app->revoke_url = apps_read_url(r, &d, "url", true);
    r->app->revoke_token = which < 0 ? REVOKE_REFRESH : (enum apps_revoke_token)which;
    r->app->revoke_with_client = json_doc_flag(&d, "client", false);
    r->app->revokes_one_grant = json_doc_flag(&d, "ends_one_grant", false);
}

void apps_read_oauth(const struct apps_reader *r, const struct json_doc *top)
{
    static const char *const auth[] = {"post", "basic", NULL};
    int client_auth = json_doc_choice(top, "client_auth", auth, CLIENT_AUTH_POST);
    r->app->client_auth = client_auth < 0 ? CLIENT_AUTH_POST : (enum apps_client_auth)client_auth;
    read_authorize(r, top);
    read_token(r, top);
    read_revoke(r, top);
}
