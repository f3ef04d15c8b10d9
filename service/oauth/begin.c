#include "oauth_int.h"

#include <string.h>

#include "base/clock.h"
#include "base/str.h"

enum { ROUTE_DIGITS = 16, HANDLE_BYTES = 24, STATE_BYTES = 32, COOKIE_BYTES = 24 };

oauth *oauth_new(arena *boot, const struct oauth_options *options)
{
    oauth *o = arena_alloc(boot, sizeof(*o));
    o->options = *options;
    return o;
}

/* What an admin alone can say must be said before anybody is sent anywhere. */
static int check_vars(arena *mem, const app *a, const struct default_connection *d, struct err *e)
{
    struct faults f;
    faults_init(&f, mem);
    app_check_vars(a, app_site_vars(mem, a, d->vars, NULL), "vars", &f);
    return f.count == 0 ? 0
                        : err_set(e, ERR_CONFIG, "missing_var", "connection %s: %s: %s", d->name,
                                  f.list[0].path, f.list[0].text);
}

int oauth_site(const oauth *o, arena *mem, const struct default_connection *d, struct app_site *ret,
               struct err *e)
{
    const app *a = apps_find(o->options.apps, d->app);
    if (a == NULL) {
        return err_set(e, ERR_CONFIG, "unknown_app", "connection %s names unknown app %s", d->name,
                       d->app);
    }
    if (d->client_id == NULL || (secret_empty(d->client_secret) && app_needs_secret(a))) {
        return err_set(e, ERR_CONFIG, "draft", "connection %s has no client yet", d->name);
    }
    if (check_vars(mem, a, d, e) != 0) {
        return -1;
    }
    *ret = (struct app_site){.app = a,
                             .workspace = d->workspace,
                             .host = d->host,
                             .plain_http = config_trusts_host(o->options.config, d->host),
                             .vars = app_site_vars(mem, a, d->vars, NULL),
                             .own = d->vars};
    return 0;
}

void oauth_site_account(arena *mem, struct app_site *io, const struct account *a)
{
    io->api_base = a->api_base;
    io->vars = app_site_vars(mem, io->app, io->own, a->vars);
}

char *oauth_handle_new(arena *mem, const char *route, const char **ret_hash)
{
    char *handle = arena_printf(mem, "%s.%s", route, crypto_random_hex(mem, HANDLE_BYTES));
    *ret_hash = crypto_hash_text(mem, handle);
    return handle;
}

bool oauth_handle_split(arena *mem, const char *handle, const char **ret_route,
                        const char **ret_hash)
{
    if (handle == NULL || strlen(handle) > 200 ||
        strspn(handle, "0123456789abcdef") < ROUTE_DIGITS) {
        return false;
    }
    *ret_route = arena_strndup(mem, handle, ROUTE_DIGITS);
    *ret_hash = crypto_hash_text(mem, handle);
    return true;
}

char *oauth_login_url(arena *mem, const oauth *o, const char *handle)
{
    return arena_printf(mem, "%s/login/%s", o->options.config->public_url, handle);
}

char *oauth_redirect_uri(arena *mem, const oauth *o, const char *callback_key)
{
    return arena_printf(mem, "%s/oauth/callback/%s", o->options.config->public_url, callback_key);
}

char *oauth_cookie_key(arena *mem, const char *state)
{
    return arena_strndup(mem, crypto_hash_text(mem, state), 12);
}

int attempt_add(oauth *o, store *s, const struct attempt_row *row, const char **ret_state,
                struct oauth_begin *ret, struct err *e)
{
    arena *mem = store_arena(s);
    /* letters and digits only: some providers refuse or mangle anything else in a state */
    const char *state =
        arena_printf(mem, "%s%s", row->workspace->route, crypto_random_hex(mem, STATE_BYTES));
    const char *cookie = crypto_random_hex(mem, COOKIE_BYTES);
    const struct oauth_state stored = {
        .workspace = row->workspace->workspace,
        .purpose = row->purpose,
        .login_id = row->login->id,
        .default_name = row->connection->name,
        .client_version = row->connection->client_version,
        .redirect_uri = row->redirect_uri,
        .verifier = secret_of(mem, row->verifier),
        .cookie_hash = crypto_hash_text(mem, cookie),
        .proven = row->proven,
        .expires_at = clock_now() + o->options.config->ttl_state,
    };
    if (store_state_add(s, &stored, crypto_hash_text(mem, state), e) != 0) {
        return -1;
    }
    ret->cookie = cookie;
    ret->cookie_key = oauth_cookie_key(mem, state);
    *ret_state = state;
    return 0;
}

int begin_app(oauth *o, store *s, const struct attempt_row *row, struct oauth_begin *ret,
              struct err *e)
{
    arena *mem = store_arena(s);
    const struct default_connection *d = row->connection;
    struct app_site site;
    const char *state = NULL;
    if (oauth_site(o, mem, d, &site, e) != 0) {
        return -1;
    }
    struct attempt_row r = *row;
    r.purpose = PURPOSE_APP;
    r.redirect_uri = oauth_redirect_uri(mem, o, d->callback_key);
    r.verifier = crypto_random_hex(mem, STATE_BYTES);
    if (attempt_add(o, s, &r, &state, ret, e) != 0) {
        return -1;
    }
    struct app_authorize q = {
        .client_id = d->client_id,
        .redirect_uri = r.redirect_uri,
        .state = state,
        .challenge = crypto_pkce_challenge(mem, r.verifier),
    };
    const struct oauth_scopes asked = oauth_scopes_asked(o, d);
    q.scopes = asked.names;
    q.scopes_count = asked.count;
    char *url = NULL;
    if (app_authorize_url(mem, &site, &q, &url, e) != 0) {
        return -1;
    }
    ret->url = url;
    return 0;
}

int oauth_begin(oauth *o, store *s, const struct workspace *w, const struct login *l,
                const struct default_connection *d, struct oauth_begin *ret, struct err *e)
{
    const struct attempt_row row = {.workspace = w, .login = l, .connection = d};
    struct app_site unused;
    if (!d->assurance_sign_in || str_empty(l->user_id)) {
        return begin_app(o, s, &row, ret, e);
    }
    /* nobody is sent to prove anything for a connection that is not finished */
    return oauth_site(o, store_arena(s), d, &unused, e) != 0 ? -1
                                                             : identity_begin(o, s, &row, ret, e);
}
