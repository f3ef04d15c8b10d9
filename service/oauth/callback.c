#include "oauth_int.h"

#include <string.h>

#include "base/clock.h"
#include "base/str.h"

/* A browser comes back from a provider: exchange, who is this, and what may become of it. */

enum { WINDOW_CODE_BYTES = 16 };

typedef int work_fn(struct attempt *c, store *s, const struct tokens *t, struct err *e);

static int in_transaction(struct attempt *c, const struct tokens *t, work_fn *work, struct err *e)
{
    store *s = NULL;
    if (store_enter(c->oauth->options.stores, c->mem, &s, e) != 0) {
        return -1;
    }
    return store_leave(s, work(c, s, t, e), e);
}

/* Where nothing can be stored, not even the job that would revoke it, the grant is ended at the app
 * at once: nobody here will ever use it. (A commit whose answer got lost may have kept it: then the
 * code that makes it usable was shown to nobody, or its first use finds it dead and asks again.) */
static int store_or_revoke(struct attempt *c, const struct tokens *t, work_fn *work, struct err *e)
{
    struct err why = {0};
    if (in_transaction(c, t, work, &why) == 0) {
        return 0;
    }
    *e = why;
    bool revoked = oauth_revoke_now(c->oauth, c->mem, c->out->connection, t);
    return err_wrap(e, revoked ? "a new grant was revoked at once"
                               : "a new grant stays alive at the app");
}

/* Tokens that nobody will use must not stay alive at the app. */
static int give_back(struct attempt *c, store *s, const struct tokens *t, struct err *e)
{
    const struct oauth_outcome *out = c->out;
    const struct oauth_grant useless = {
        .tokens = t, .account = &out->account, .user_id = out->login->user_id};
    return oauth_revoke_later(c->oauth, s, out->connection, &useless, NULL, e);
}

/* With tokens of an earlier, unfinished try nothing will be done any more. */
static int give_back_earlier(struct attempt *c, store *s, const struct login *l, struct err *e)
{
    struct provisional_grant earlier;
    if (l->provisional == NULL) {
        return 0;
    }
    oauth_provisional_read(c->mem, l->provisional, l->user_id, &earlier);
    return oauth_revoke_later(c->oauth, s, c->out->connection, &earlier.grant, NULL, e);
}

/* For a page in a window of the person's own chat. It is longer than what people type, and never
 * taken where they type: what another app in that chat could learn by opening our link, it cannot
 * put there. A client that its person has changed sends whatever that person wants: against that
 * helps the sign-in alone (assurance "sign_in"). */
static const char *window_code(const struct attempt *c, const struct login *l)
{
    const struct chat_driver *driver = chats_driver(c->oauth->options.chats, l->workspace);
    return driver != NULL && driver->windows && !str_empty(l->user_id)
               ? crypto_random_hex(c->mem, WINDOW_CODE_BYTES)
               : NULL;
}

static int keep_until_proven(struct attempt *c, store *s, const struct tokens *t,
                             struct login *next, struct err *e)
{
    struct oauth_outcome *out = c->out;
    const struct coded of = {next->id, c->sites.count > 1};
    const struct provisional kept = {
        .tokens = t,
        .account = &out->account,
        .sites = oauth_sites_json(&c->sites),
        .window_hash =
            out->window_code == NULL ? NULL : oauth_code_hash(c->mem, &of, out->window_code)};
    next->code_hash = oauth_code_hash(c->mem, &of, out->code);
    next->code_expires_at = clock_now() + c->oauth->options.config->ttl_code;
    next->provisional = oauth_provisional_json(c->mem, &kept);
    if (store_login_provisional(s, next, next->provisional, e) != 0 ||
        store_connection_provisional(s, next->workspace, next->default_name, next->user_id, e) !=
            0) {
        return -1;
    }
    out->login = arena_copy(c->mem, next, sizeof(*next));
    out->login->state = LOGIN_CODE;
    return 0;
}

static int keep_provisional(struct attempt *c, store *s, const struct tokens *t,
                            const struct login *l, struct err *e)
{
    struct oauth_outcome *out = c->out;
    struct login next = *l;
    next.proven = NULL;
    out->code = crypto_random_digits(c->mem, 6);
    out->window_code = window_code(c, l);
    return keep_until_proven(c, s, t, &next, e) != 0
               ? -1
               : attempt_ended(c, OAUTH_CODE_SHOWN, "code_shown");
}

/* Who is in the browser is known already, and not yet for which site: a code is shown to nobody. */
static int keep_for_choice(struct attempt *c, store *s, const struct tokens *t,
                           const struct login *l, struct err *e)
{
    struct login next = *l;
    next.proven = "sign_in";
    c->out->code = crypto_random_hex(c->mem, WINDOW_CODE_BYTES);
    if (keep_until_proven(c, s, t, &next, e) != 0) {
        return -1;
    }
    c->out->code = NULL;
    attempt_ended(c, OAUTH_SITE_ASKED, "site_asked");
    return c->in->connected(c->in->arg, s, c->out, e);
}

/* Who is in the browser is known already: connected at once, and with that whatever waits. */
static int connect_now(struct attempt *c, store *s, const struct tokens *t, const struct login *l,
                       struct err *e)
{
    struct oauth_outcome *out = c->out;
    const struct activation now = {.login = l,
                                   .tokens = t,
                                   .account = &out->account,
                                   .assurance = "sign_in",
                                   .match = c->match};
    struct activated done = {0};
    if (oauth_activate(c->oauth, s, &now, &done, e) != 0) {
        return -1;
    }
    out->connection_id = done.id;
    out->before = done.before;
    out->place = done.place;
    out->login = arena_copy(c->mem, l, sizeof(*l));
    out->login->state = LOGIN_DONE;
    attempt_ended(c, OAUTH_CONNECTED, "connected");
    return c->in->connected(c->in->arg, s, out, e);
}

/* Whoever takes over must be an admin still: the person is locked, and the workspace held. */
static int is_allowed(const struct login *l, store *s, bool *ret, struct err *e)
{
    struct workspace *w = NULL;
    if (store_user_may_use(s, l->workspace, store_login_person(l), ret, e) != 0) {
        return -1;
    }
    if (!*ret || !store_login_takes_over(l)) {
        return 0;
    }
    if (store_workspace_find(s, l->workspace, &w, e) != 0) {
        return -1;
    }
    *ret = w != NULL && store_is_admin(w, store_login_person(l));
    return 0;
}

/* The client may have changed during the exchange: what its old one got belongs to no row. And the
 * login's user may have been off-boarded. Both stay as they are until this is stored. */
static int may_keep(struct attempt *c, store *s, bool *ret, struct err *e)
{
    struct oauth_outcome *out = c->out;
    const char *workspace = out->workspace->workspace;
    int64_t version = -1;
    if (store_default_hold(s, workspace, out->connection->name, &version, e) != 0) {
        return -1;
    }
    *ret = version == c->state->client_version;
    if (!*ret) {
        return attempt_ended(c, OAUTH_GONE, "client_changed");
    }
    if (is_allowed(out->login, s, ret, e) != 0) {
        return -1;
    }
    return *ret ? 0 : attempt_not_allowed(c, s, e);
}

static int account_fits(struct attempt *c, store *s, const struct login *l, bool *ret,
                        struct err *e)
{
    const struct connection now = {.workspace = l->workspace,
                                   .default_name = l->default_name,
                                   .user_id = l->user_id,
                                   .account = c->out->account};
    return store_account_fits(s, &now, l->adds, ret, e);
}

static int keep(struct attempt *c, store *s, const struct tokens *t, struct err *e)
{
    struct oauth_outcome *out = c->out;
    struct login *l = NULL;
    if (store_login_lock(s, out->workspace->workspace, out->login->id, &l, e) != 0) {
        return -1;
    }
    if (l == NULL || (l->state != LOGIN_OPEN && l->state != LOGIN_CODE)) {
        attempt_ended(c, OAUTH_GONE, "login_ended");
        return give_back(c, s, t, e);
    }
    out->login = l; /* its prompt may stand elsewhere by now */
    bool fits = true;
    bool asks = c->sites.count > 1; /* of which each fits */
    if (give_back_earlier(c, s, l, e) != 0 || (!asks && account_fits(c, s, l, &fits, e) != 0)) {
        return -1;
    }
    if (!fits) {
        attempt_ended(c, OAUTH_TOO_MANY, "too_many_accounts");
        return give_back(c, s, t, e);
    }
    if (asks && c->state->proven) {
        return keep_for_choice(c, s, t, l, e);
    }
    return c->state->proven ? connect_now(c, s, t, l, e) : keep_provisional(c, s, t, l, e);
}

/* account_match: the account's e-mail against the chat profile's; refused, it says why. */
static int match_account(struct attempt *c, store *s, bool *ret_refused, struct err *e)
{
    struct oauth_outcome *out = c->out;
    struct user *u = NULL;
    if (str_empty(out->login->user_id)) {
        return 0;
    }
    if (store_user_find(s, out->workspace->workspace, out->login->user_id, &u, e) != 0) {
        return -1;
    }
    c->match = oauth_match_account(out->connection, u, &out->account);
    out->account_differs = c->match == OAUTH_MATCH_DIFFERS;
    out->email_unknown = c->match == OAUTH_MATCH_UNKNOWN;
    *ret_refused = oauth_match_refuses(out->connection, c->match);
    if (*ret_refused) {
        return out->email_unknown ? attempt_ended(c, OAUTH_MISCONFIGURED, "email_unknown")
                                  : attempt_ended(c, OAUTH_WRONG_ACCOUNT, "account_differs");
    }
    return 0;
}

/* A login that renews one is for the site of that one. One for one more account asks. */
static int take_site_before(struct attempt *c, store *s, struct err *e)
{
    const struct login *l = c->out->login;
    struct connection *old = NULL;
    if (!l->adds &&
        store_connection_find(s, l->workspace, l->default_name, l->user_id, &old, e) != 0) {
        return -1;
    }
    const struct app_site_choice *same = oauth_site_before(&c->sites, old);
    if (same != NULL) {
        c->sites.items[0] = *same;
        c->sites.count = 1;
    }
    return 0;
}

/* Nobody is offered a site that would be refused when it is chosen: *ret_refused is how the last
 * one is, of which none does. While there is a choice it is not known whose account this is. */
static int narrow_sites(struct attempt *c, store *s, bool *ret_refused, struct err *e)
{
    struct oauth_outcome *out = c->out;
    struct app_sites *list = &c->sites;
    size_t kept = 0;
    if (list->count < 2) {
        return 0;
    }
    if (take_site_before(c, s, e) != 0) {
        return -1;
    }
    for (size_t i = 0; i < list->count; i++) {
        bool refused = false, fits = true;
        out->account = list->items[i].account;
        if (match_account(c, s, &refused, e) != 0 ||
            account_fits(c, s, out->login, &fits, e) != 0) {
            return -1;
        }
        if (!refused && fits) {
            list->items[kept++] = list->items[i];
        } else if (!refused) {
            attempt_ended(c, OAUTH_TOO_MANY, "too_many_accounts");
        }
    }
    *ret_refused = kept == 0;
    list->count = kept;
    if (kept > 0) {
        out->account = list->items[0].account;
    }
    if (kept > 1) {
        out->account.key = out->account.organization = NULL;
    }
    return 0;
}

static int keep_or_give_back(struct attempt *c, store *s, const struct tokens *t, struct err *e)
{
    bool may = false, refused = false;
    if (may_keep(c, s, &may, e) != 0 || (may && narrow_sites(c, s, &refused, e) != 0) ||
        (may && !refused && match_account(c, s, &refused, e) != 0)) {
        return -1;
    }
    return may && !refused ? keep(c, s, t, e) : give_back(c, s, t, e);
}

static int exchange(struct attempt *c, const char *code, struct err *e)
{
    struct oauth_outcome *out = c->out;
    net_client *http = c->oauth->options.http;
    const struct app_client client = oauth_client(out->connection);
    const struct oauth_scopes asked = oauth_scopes_asked(c->oauth, out->connection);
    const struct app_grant grant = {.code = secret_of(c->mem, code),
                                    .redirect_uri = c->state->redirect_uri,
                                    .verifier = c->state->verifier,
                                    .scopes = asked.names,
                                    .scopes_count = asked.count};
    struct tokens t = {0};
    struct err why = {0};
    if (app_callback_vars(c->mem, &c->site, c->in->query, &out->account, &why) != 0) {
        return attempt_failed(c, &why);
    }
    oauth_site_account(c->mem, &c->site, &out->account);
    if (app_token(c->mem, http, &c->site, &client, &grant, &t, &out->account, &why) != 0) {
        attempt_failed(c, &why);
        return secret_empty(t.access) ? 0 : store_or_revoke(c, &t, give_back, e);
    }
    oauth_site_account(c->mem, &c->site, &out->account);
    struct app_sites *sites = str_empty(out->login->user_id) ? NULL : &c->sites;
    if (app_identify(c->mem, http, &c->site, t.access, &out->account, sites, &why) != 0) {
        attempt_failed(c, &why);
        return store_or_revoke(c, &t, give_back, e);
    }
    return store_or_revoke(c, &t, keep_or_give_back, e);
}

int oauth_callback(oauth *o, arena *mem, const struct oauth_return *r, struct oauth_outcome *ret,
                   struct err *e)
{
    memset(ret, 0, sizeof(*ret));
    struct attempt c = {.oauth = o, .mem = mem, .purpose = PURPOSE_APP, .in = r, .out = ret};
    bool go = false;
    if (attempt_find(&c, &go, e) != 0) {
        return -1;
    }
    if (!go) {
        return 0;
    }
    if (!app_issuer_fits(c.site.app, r->iss)) {
        return attempt_ended(&c, OAUTH_MISCONFIGURED, "issuer_differs");
    }
    if (r->error != NULL) {
        return attempt_refused(&c);
    }
    const char *code = json_text(r->query, app_callback_code(c.site.app));
    return str_empty(code) ? attempt_ended(&c, OAUTH_EXPIRED, "code_missing")
                           : exchange(&c, code, e);
}
