#include "oauth_int.h"

#include <string.h>

#include "base/clock.h"
#include "base/str.h"

/* One return of a browser from a provider, by RFC 6749 section 4.1.2, RFC 9207 and RFC 9700
 * section 4. */
struct callback {
    oauth *oauth;
    arena *mem;
    const struct oauth_return *in;
    struct oauth_outcome *out;
    struct oauth_state *state;
    struct app_site site;
};

static int ended(struct callback *c, enum oauth_end end, const char *reason)
{
    c->out->end = end;
    c->out->reason = reason;
    return 0;
}

/* The state, once, and everything that it was made for. *ret_go: all of it still stands. */
static int load_attempt(struct callback *c, store *s, const char *state_hash, bool *ret_go,
                        struct err *e)
{
    struct oauth_outcome *out = c->out;
    const char *workspace = out->workspace->workspace;
    if (c->in->cookie == NULL) {
        return ended(c, OAUTH_EXPIRED, "other_browser"); /* a scanner spends nothing */
    }
    const struct state_use use = {.state_hash = state_hash,
                                  .purpose = "app",
                                  .cookie_hash = crypto_hash_text(c->mem, c->in->cookie)};
    if (store_default_by_callback(s, workspace, c->in->callback_key, &out->connection, e) != 0 ||
        store_state_use(s, workspace, &use, &c->state, e) != 0) {
        return -1;
    }
    if (out->connection == NULL || c->state == NULL) {
        return ended(c, OAUTH_EXPIRED, "state_unknown");
    }
    if (!str_equal(c->state->default_name, out->connection->name)) {
        return ended(c, OAUTH_EXPIRED, "state_of_other_path");
    }
    struct login *l = NULL;
    if (store_login_find(s, workspace, c->state->login_id, &l, e) != 0) {
        return -1;
    }
    out->login = l;
    if (l == NULL || (l->state != LOGIN_OPEN && l->state != LOGIN_CODE)) {
        return ended(c, OAUTH_GONE, "login_ended");
    }
    if (c->state->client_version != out->connection->client_version) {
        return ended(c, OAUTH_GONE, "client_changed");
    }
    *ret_go = true;
    return oauth_site(c->oauth, out->connection, &c->site, e);
}

static int find_attempt(struct callback *c, bool *ret_go, struct err *e)
{
    const char *route = NULL, *path_route = NULL, *hash = NULL, *unused = NULL;
    if (!oauth_handle_split(c->mem, c->in->state, &route, &hash) ||
        !oauth_handle_split(c->mem, c->in->callback_key, &path_route, &unused) ||
        !str_equal(route, path_route)) {
        return ended(c, OAUTH_EXPIRED, "state_shape");
    }
    store *s = NULL;
    if (store_open(c->oauth->options.stores, c->mem, &s, e) != 0) {
        return -1;
    }
    int rc = store_workspace_by_route(s, route, &c->out->workspace, e);
    if (rc == 0 && c->out->workspace == NULL) {
        rc = ended(c, OAUTH_EXPIRED, "workspace_unknown");
    } else if (rc == 0) {
        rc = load_attempt(c, s, hash, ret_go, e);
    }
    store_close(s);
    return rc;
}

/* RFC 6749 section 4.1.2.1: an error in place of a code. */
static int provider_error(struct callback *c)
{
    static const struct {
        const char *error;
        enum oauth_end end;
    } ends[] = {
        {"access_denied", OAUTH_DENIED},     {"access-denied", OAUTH_DENIED},
        {"server_error", OAUTH_TRY_AGAIN},   {"temporarily_unavailable", OAUTH_TRY_AGAIN},
        {"login_required", OAUTH_TRY_AGAIN}, {"interaction_required", OAUTH_TRY_AGAIN},
    };
    for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
        if (str_equal(c->in->error, ends[i].error)) {
            return ended(c, ends[i].end, ends[i].end == OAUTH_DENIED ? "denied" : "provider_busy");
        }
    }
    return ended(c, OAUTH_MISCONFIGURED, "provider_error");
}

/* What an error of the token endpoint or the identity probe means for the person who waits. */
static int exchange_failed(struct callback *c, const struct err *why)
{
    switch ((int)why->kind) {
    case ERR_CONFIG:
    case ERR_ATTENTION:
    case ERR_FORBIDDEN:
        return ended(c, OAUTH_MISCONFIGURED, why->code);
    default:
        return ended(c, OAUTH_TRY_AGAIN, why->code);
    }
}

typedef int work_fn(struct callback *c, store *s, const struct tokens *t, struct err *e);

static int in_transaction(struct callback *c, const struct tokens *t, work_fn *work, struct err *e)
{
    store *s = NULL;
    if (store_open(c->oauth->options.stores, c->mem, &s, e) != 0) {
        return -1;
    }
    int rc = store_begin(s, e);
    if (rc == 0) {
        rc = work(c, s, t, e);
    }
    if (rc == 0) {
        rc = store_commit(s, e);
    }
    store_close(s);
    return rc;
}

/* Where nothing can be stored, not even the job that would revoke it, the grant is ended at the app
 * at once: nobody here will ever use it. (A commit whose answer got lost may have kept it; the code
 * that makes it usable was shown to nobody.) */
static int store_or_revoke(struct callback *c, const struct tokens *t, work_fn *work, struct err *e)
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
static int give_back(struct callback *c, store *s, const struct tokens *t, struct err *e)
{
    return oauth_revoke_later(c->oauth, s, c->out->connection, t, NULL, e);
}

static int keep_provisional(struct callback *c, store *s, const struct tokens *t, struct err *e)
{
    struct oauth_outcome *out = c->out;
    const struct config *config = c->oauth->options.config;
    struct login *l = NULL;
    int64_t version = -1;
    /* The client may have changed during the exchange: what its old one got belongs to no row. */
    if (store_default_hold(s, out->workspace->workspace, out->connection->name, &version, e) != 0) {
        return -1;
    }
    if (version != c->state->client_version) {
        ended(c, OAUTH_GONE, "client_changed");
        return give_back(c, s, t, e);
    }
    if (store_login_lock(s, out->workspace->workspace, out->login->id, &l, e) != 0) {
        return -1;
    }
    if (l == NULL || (l->state != LOGIN_OPEN && l->state != LOGIN_CODE)) {
        ended(c, OAUTH_GONE, "login_ended");
        return give_back(c, s, t, e);
    }
    if (l->provisional != NULL) {
        struct tokens earlier;
        oauth_tokens_read(c->mem, json_member(l->provisional, "tokens"), &earlier);
        if (oauth_revoke_later(c->oauth, s, out->connection, &earlier, NULL, e) != 0) {
            return -1;
        }
    }
    out->code = crypto_random_digits(c->mem, 6);
    struct login next = *l;
    next.code_hash = oauth_code_hash(c->mem, l->id, out->code);
    next.code_expires_at = clock_now() + config->ttl_code;
    json_t *provisional =
        arena_json(c->mem, json_pack("{s:o, s:o}", "tokens", oauth_tokens_json(t), "account",
                                     oauth_account_json(&out->account)));
    if (store_login_provisional(s, &next, provisional, e) != 0 ||
        store_connection_provisional(s, l->workspace, l->default_name, l->user_id, e) != 0) {
        return -1;
    }
    out->login = arena_copy(c->mem, &next, sizeof(next));
    out->login->state = LOGIN_CODE;
    return ended(c, OAUTH_CODE_SHOWN, "code_shown");
}

/* account_match: the account's e-mail against the chat profile's; refused, it says why. */
static int match_account(struct callback *c, store *s, bool *ret_refused, struct err *e)
{
    const struct oauth_outcome *out = c->out;
    struct user *u = NULL;
    if (str_equal(out->connection->account_match, "off") || str_empty(out->login->user_id)) {
        return 0;
    }
    if (store_user_find(s, out->workspace->workspace, out->login->user_id, &u, e) != 0) {
        return -1;
    }
    bool known = u != NULL && !str_empty(u->email);
    bool same = known && out->account.email != NULL && str_equal_fold(u->email, out->account.email);
    c->out->account_differs = !same;
    *ret_refused = !same && str_equal(out->connection->account_match, "require");
    if (*ret_refused) {
        /* without a scope of its own the bot is told nobody's e-mail */
        return known ? ended(c, OAUTH_WRONG_ACCOUNT, "account_differs")
                     : ended(c, OAUTH_MISCONFIGURED, "email_unknown");
    }
    return 0;
}

static int keep_or_give_back(struct callback *c, store *s, const struct tokens *t, struct err *e)
{
    bool refused = false;
    if (match_account(c, s, &refused, e) != 0) {
        return -1;
    }
    if (refused) {
        return give_back(c, s, t, e);
    }
    return keep_provisional(c, s, t, e);
}

static int exchange(struct callback *c, struct err *e)
{
    struct oauth_outcome *out = c->out;
    net_client *http = c->oauth->options.http;
    const struct app_client client = oauth_client(out->connection);
    const struct app_grant grant = {.code = secret_of(c->mem, c->in->code),
                                    .redirect_uri = c->state->redirect_uri,
                                    .verifier = c->state->verifier};
    struct tokens t = {0};
    struct err why = {0};
    if (app_token(c->mem, http, &c->site, &client, &grant, &t, &out->account, &why) != 0) {
        return exchange_failed(c, &why);
    }
    c->site.api_base = out->account.api_base;
    if (app_identify(c->mem, http, &c->site, t.access, &out->account, &why) != 0) {
        exchange_failed(c, &why);
        return store_or_revoke(c, &t, give_back, e);
    }
    return store_or_revoke(c, &t, keep_or_give_back, e);
}

int oauth_callback(oauth *o, arena *mem, const struct oauth_return *r, struct oauth_outcome *ret,
                   struct err *e)
{
    memset(ret, 0, sizeof(*ret));
    struct callback c = {.oauth = o, .mem = mem, .in = r, .out = ret};
    bool go = false;
    if (find_attempt(&c, &go, e) != 0) {
        return -1;
    }
    if (!go) {
        return 0;
    }
    const char *issuer = app_issuer(c.site.app);
    if (r->iss != NULL && issuer != NULL && !str_equal(r->iss, issuer)) {
        return ended(&c, OAUTH_MISCONFIGURED, "issuer_differs");
    }
    if (r->error != NULL) {
        return provider_error(&c);
    }
    if (str_empty(r->code)) {
        return ended(&c, OAUTH_EXPIRED, "code_missing");
    }
    return exchange(&c, e);
}
