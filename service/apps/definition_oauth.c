#include "definition_int.h"

#include <string.h>

#include "base/limits.h"
#include "base/str.h"

/* The browser's trip: to the app and back. */

enum { SCOPES_MAX = 50, COVERS_MAX = 20, PARAMS_MAX = 8, LIMIT_BARRED = 400 };

static void read_scopes(const struct apps_reader *r, const struct json_doc *d)
{
    static const char *const keys[] = {"name", "words", "required", NULL};
    const json_t *list = json_doc_array(d, "scopes", false, SCOPES_MAX);
    app *a = r->app;
    a->scopes_count = json_array_size(list);
    a->scopes = arena_array(r->mem, a->scopes_count + 1, sizeof(*a->scopes));
    a->scope_names = arena_array(r->mem, a->scopes_count + 1, sizeof(*a->scope_names));
    for (size_t i = 0; i < a->scopes_count; i++) {
        struct json_doc row = json_doc_item(d, "scopes", i);
        json_doc_known(&row, keys);
        a->scopes[i] = (struct apps_scope){json_doc_text(&row, "name", true, LIMIT_LABEL),
                                           json_doc_text(&row, "words", true, LIMIT_LABEL),
                                           json_doc_flag(&row, "required", false)};
        a->scope_names[i] = a->scopes[i].name;
    }
}

/* "covers": {"full": ["api", ...]}. */
static void read_covers(const struct apps_reader *r, const struct json_doc *d)
{
    struct json_doc of = json_doc_member(d, "covers", false);
    app *a = r->app;
    a->covers = arena_array(r->mem, COVERS_MAX, sizeof(*a->covers));
    const char *name = NULL;
    json_t *list = NULL;
    json_object_foreach((json_t *)(uintptr_t)of.object, name, list)
    {
        if (a->covers_count == COVERS_MAX) {
            json_doc_fault(d, "covers", "At most %d scopes may cover others.", COVERS_MAX);
            return;
        }
        a->covers[a->covers_count++] = (struct apps_cover){
            arena_strdup(r->mem, name), apps_read_texts(&of, arena_strdup(r->mem, name), false)};
    }
}

void apps_check_param_values(const struct json_doc *d, const struct apps_pairs *p,
                             const char *const *names)
{
    for (size_t i = 0; i < p->count; i++) {
        const char *why = NULL;
        if (!apps_template_known(d->mem, p->items[i].value, names, &why)) {
            json_doc_fault(d, arena_printf(d->mem, "params.%s", p->items[i].name), "%s", why);
        }
    }
}

void apps_check_params(const struct json_doc *d, const struct apps_pairs *p, const char *const *but)
{
    static const char *const ours[] = {"response_type",
                                       "client_id",
                                       "redirect_uri",
                                       "scope",
                                       "state",
                                       "code",
                                       "client_secret",
                                       "code_challenge",
                                       "code_challenge_method",
                                       "code_verifier",
                                       "refresh_token",
                                       "grant_type",
                                       NULL};
    for (size_t i = 0; i < p->count; i++) {
        const char *name = p->items[i].name;
        if (apps_is_listed(ours, name) && !apps_is_listed(but, name)) {
            json_doc_fault(d, arena_printf(d->mem, "params.%s", name),
                           "Workbot sets this parameter itself.");
        }
    }
}

/* The state comes back under its own name, so it leaves under it. */
static void check_rename(const struct json_doc *d, const struct apps_pairs *p)
{
    static const char *const ours[] = {"response_type",  "client_id",
                                       "redirect_uri",   "scope",
                                       "code_challenge", "code_challenge_method",
                                       "login_hint",     NULL};
    static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.-";
    for (size_t i = 0; i < p->count; i++) {
        const char *to = p->items[i].value;
        if (!apps_is_listed(ours, p->items[i].name) || strspn(to, plain) != strlen(to) ||
            str_equal(to, "state")) {
            json_doc_fault(d, arena_printf(d->mem, "rename.%s", p->items[i].name),
                           "This must be a parameter that Workbot sends, and its name at the app; "
                           "empty leaves it out.");
        }
    }
}

static void read_issuer(const struct apps_reader *r, const struct json_doc *d)
{
    r->app->issuer = json_doc_text(d, "issuer", false, LIMIT_LABEL);
    r->app->issuer_required = json_doc_flag(d, "issuer_required", false);
    if (r->app->issuer_required && str_empty(r->app->issuer)) {
        json_doc_fault(d, "issuer_required", "Name the issuer to demand it.");
    }
}

static void read_authorize(const struct apps_reader *r, const struct json_doc *top)
{
    static const char *const keys[] = {"url",        "params", "pkce",
                                       "scopes",     "issuer", "issuer_required",
                                       "skip_empty", "rename", "scope_separator",
                                       "barred",     "covers", "scopes_told",
                                       NULL};
    static const char *const none[] = {NULL};
    struct json_doc d = json_doc_member(top, "authorize", true);
    json_doc_known(&d, keys);
    app *a = r->app;
    const char *separator = json_doc_text(&d, "scope_separator", false, 1);
    a->authorize =
        (struct apps_authorize){.url = apps_read_url_from(r, &d, "url", VAR_CONNECTION),
                                .params = apps_read_pairs(r, &d, "params", PARAMS_MAX),
                                .rename = apps_read_pairs(r, &d, "rename", PARAMS_MAX),
                                .skip_empty = json_doc_flag(&d, "skip_empty", false),
                                .pkce = json_doc_flag(&d, "pkce", true),
                                .scopes_told = json_doc_flag(&d, "scopes_told", true),
                                .barred = json_doc_text(&d, "barred", false, LIMIT_BARRED),
                                .scope_separator = str_empty(separator) ? " " : separator};
    read_issuer(r, &d);
    apps_need(&d, "url");
    read_scopes(r, &d);
    read_covers(r, &d);
    apps_check_params(&d, &a->authorize.params, none);
    apps_check_param_values(&d, &a->authorize.params, apps_var_names(r, VAR_CONNECTION, NULL));
    check_rename(&d, &a->authorize.rename);
}

static void read_callback(const struct apps_reader *r, const struct json_doc *top)
{
    static const char *const keys[] = {"code", "capture", NULL};
    struct json_doc d = json_doc_member(top, "callback", false);
    json_doc_known(&d, keys);
    const char *code = json_doc_text(&d, "code", false, LIMIT_NAME);
    r->app->callback.code = str_empty(code) ? "code" : code;
    r->app->callback.capture = apps_read_capture(r, &d, VAR_CALLBACK);
}

void apps_read_oauth(const struct apps_reader *r, const struct json_doc *top)
{
    static const char *const auth[] = {"post", "basic", "basic_raw", "none", NULL};
    int client_auth = json_doc_choice(top, "client_auth", auth, CLIENT_AUTH_POST);
    r->app->client_auth = client_auth < 0 ? CLIENT_AUTH_POST : (enum apps_client_auth)client_auth;
    read_authorize(r, top);
    read_callback(r, top);
}
