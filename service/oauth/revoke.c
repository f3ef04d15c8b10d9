#include "oauth_int.h"

#include <string.h>

#include "base/clock.h"
#include "base/metrics.h"
#include "base/str.h"

/*
 * What must still be revoked stands in the job alone, sealed, with everything needed for the call:
 * the rows it came from may be gone by then (P12).
 */

enum { SPARE_S = 30 }; /* an access token that ends so soon is renewed before it revokes */

struct oauth_grant oauth_grant_of(const struct connection *c)
{
    return (struct oauth_grant){
        .tokens = &c->tokens, .account = &c->account, .user_id = c->user_id};
}

/* Whose it was, and what the app told of them: names and addresses are not needed. */
static json_t *owner_json(const struct default_connection *d, const struct oauth_grant *g)
{
    return json_pack("{s:s, s:s, s:s?, s:s?, s:o}", "connection", d->name, "user",
                     g->user_id == NULL ? "" : g->user_id, "key", g->account->key, "api_base",
                     g->account->api_base, "vars", oauth_vars_json(g->account->vars));
}

static int add_job(store *s, const struct default_connection *d, const struct oauth_grant *g,
                   json_t *more, struct err *e)
{
    arena *mem = store_arena(s);
    const struct tokens *t = g->tokens;
    json_t *payload = arena_json(mem, more);
    if (secret_empty(t->access) && secret_empty(t->refresh)) {
        return 0;
    }
    json_object_update_new(payload, json_pack("{s:s, s:s, s:s?, s:s, s:o, s:o, s:o}", "app", d->app,
                                              "host", d->host, "client_id", d->client_id,
                                              "client_secret", secret_reveal(d->client_secret),
                                              "tokens", oauth_tokens_json(t), "vars",
                                              oauth_vars_json(d->vars), "owner", owner_json(d, g)));
    struct job j = {.workspace = d->workspace,
                    .kind = JOB_REVOKE,
                    .payload = bytes_of(json_write(mem, payload))};
    return store_job_add(s, &j, e);
}

int oauth_revoke_later(oauth *o, store *s, const struct default_connection *d,
                       const struct oauth_grant *g, const char *message_id, struct err *e)
{
    (void)o;
    return add_job(s, d, g, json_pack("{s:s?}", "message_id", message_id), e);
}

static json_t *evidence_json(const struct oauth_evidence *of)
{
    return json_pack("{s:s, s:s, s:s}", "connection_id", of->connection_id, "connection",
                     of->default_name, "user", of->user_id);
}

int oauth_revoke_on_record(oauth *o, store *s, const struct default_connection *d,
                           const struct oauth_grant *g, const struct oauth_evidence *of,
                           struct err *e)
{
    (void)o;
    return add_job(s, d, g, json_pack("{s:o}", "evidence", evidence_json(of)), e);
}

bool oauth_revoke_now(oauth *o, arena *mem, const struct default_connection *d,
                      const struct tokens *t)
{
    struct app_site site;
    struct err why = {0};
    enum app_revoked result = APP_REVOKE_NONE;
    const struct app_client client = oauth_client(d);
    /* who else acts by the account stands in the database: better a grant that nobody uses */
    bool done = oauth_site(o, mem, d, &site, &why) == 0 && !app_revokes_all_grants(site.app) &&
                app_revoke(mem, o->options.http, &site, &client, t, &result, &why) == 0 &&
                result == APP_REVOKED;
    metric_add(METRIC_REVOKES, done ? "result=\"revoked\"" : "result=\"lost\"", 1);
    return done;
}

int oauth_disconnect(oauth *o, store *s, const struct oauth_disconnect *q, struct err *e)
{
    arena *mem = store_arena(s);
    struct connection *c = NULL;
    struct default_connection *d = NULL;
    bool changed = false;
    (void)o;
    /* Locked, and read again: a refresh that ran meanwhile has left other tokens to revoke. */
    if (store_connection_lock(s, q->connection->workspace, q->connection->id, &c, e) != 0 ||
        store_default_find(s, c->workspace, c->default_name, &d, e) != 0) {
        return -1;
    }
    const struct oauth_grant gone = oauth_grant_of(c);
    const struct oauth_evidence of = {c->id, c->default_name, c->user_id};
    if (d != NULL && add_job(s, d, &gone,
                             json_pack("{s:s?, s:o}", "message_id", q->message_id, "evidence",
                                       evidence_json(&of)),
                             e) != 0) {
        return -1;
    }
    json_t *detail = arena_json(mem, json_pack("{s:s, s:s, s:s?}", "connection", c->default_name,
                                               "user", c->user_id, "account", c->account.name));
    if (store_connection_set_state(s, c->workspace, c->id, -1, CONNECTION_DISCONNECTED,
                                   "disconnected", &changed, e) != 0 ||
        store_audit_add(s, c->workspace, q->actor,
                        q->forget ? "connection.forgotten" : "connection.disconnected", c->id,
                        detail, e) != 0) {
        return -1;
    }
    if (q->forget && store_connection_delete(s, c->workspace, c->id, e) != 0) {
        return -1;
    }
    return store_home_want(s, c->workspace, c->user_id, 1, e);
}

static void read_revoked(oauth *o, const json_t *payload, struct oauth_revoked *ret)
{
    const app *a = apps_find(o->options.apps, json_text(payload, "app"));
    const json_t *of = json_member(payload, "evidence");
    const json_t *owner = json_member(payload, "owner");
    *ret = (struct oauth_revoked){.result = APP_REVOKE_NONE,
                                  .app_title = a == NULL ? NULL : app_title(a),
                                  .message_id = json_text(payload, "message_id"),
                                  .default_name = json_text(owner, "connection"),
                                  .user_id = json_text(owner, "user"),
                                  .of = {.connection_id = json_text(of, "connection_id"),
                                         .default_name = json_text(of, "connection"),
                                         .user_id = json_text(of, "user")}};
}

int oauth_revoke_read(oauth *o, arena *mem, const struct job *j, struct oauth_revoked *ret,
                      struct err *e)
{
    json_t *payload = NULL;
    if (json_read(mem, j->payload, &payload, e) != 0) {
        return -1;
    }
    read_revoked(o, payload, ret);
    return 0;
}

/* One job's work. */
struct revocation {
    oauth *oauth;
    arena *mem;
    const struct job *job;
    json_t *payload;
    struct app_site site;
    struct app_client client;
    struct tokens tokens;
    struct oauth_revoked *out;
};

/* The app wants an access token that lives, and this one does not, or is said not to. */
static bool may_renew(const struct revocation *v)
{
    return app_revokes_by_access(v->site.app) && !secret_empty(v->tokens.refresh) &&
           !json_is_true(json_member(v->payload, "renewed"));
}

static bool has_run_out(const struct tokens *t)
{
    return secret_empty(t->access) ||
           (t->access_expires_at > 0 && t->access_expires_at - SPARE_S <= clock_now());
}

/* New tokens stand in a job of their own before they are used: the old refresh token may be worth
 * nothing by now. That the app calls the grant dead is as good as its revocation, unless an earlier
 * call of ours had an answer that never came. */
static int renew(struct revocation *v, struct err *e)
{
    struct tokens t = {0};
    struct account unused = {0};
    const struct app_grant grant = {.refresh = v->tokens.refresh};
    net_client *http = v->oauth->options.http;
    struct err why = {0};
    if (app_token(v->mem, http, &v->site, &v->client, &grant, &t, &unused, &why) != 0) {
        if (why.kind == ERR_LOGIN_NEEDED && v->job->attempts <= 1 && v->job->lost == 0) {
            v->out->result = APP_REVOKED;
            return 0;
        }
        *e = why;
        return -1;
    }
    t.refresh = secret_empty(t.refresh) ? v->tokens.refresh : t.refresh;
    json_t *next = arena_json(v->mem, json_deep_copy(v->payload));
    json_object_set_new(next, "tokens", oauth_tokens_json(&t));
    json_object_set_new(next, "renewed", json_true());
    v->out->next = json_write(v->mem, next);
    return 0;
}

static int end_grant(struct revocation *v, struct err *e)
{
    struct err why = {0};
    if (may_renew(v) && has_run_out(&v->tokens)) {
        return renew(v, e);
    }
    if (app_revoke(v->mem, v->oauth->options.http, &v->site, &v->client, &v->tokens,
                   &v->out->result, &why) == 0) {
        v->out->access_until = app_access_left(v->site.app, &v->tokens, clock_now());
        return 0;
    }
    if (why.kind == ERR_ATTENTION && may_renew(v)) {
        return renew(v, e);
    }
    *e = why;
    return -1;
}

/* While a site is to be chosen it is not known whose account it is, but whose login. */
static bool is_of(const struct login *l, const struct account_grant *g)
{
    const char *key = json_text(json_member(l->provisional, "account"), "key");
    bool by_user = g->key == NULL || key == NULL || g->spans;
    return l->provisional != NULL && ((by_user && str_equal(l->user_id, g->user_id)) ||
                                      (g->key != NULL && str_equal(key, g->key)));
}

/* A connection that acts by it, or a login that waits for its code: the login first, as it becomes
 * the connection in one transaction, so that one of the two looks sees it. */
static int ask_holder(struct revocation *v, store *s, const struct account_grant *g, struct err *e)
{
    struct account_holder *ret = &v->out->kept_for;
    const char *workspace = v->job->workspace;
    struct login *list = NULL;
    size_t count = 0;
    if (store_login_waiting_at(s, workspace, g->app, g->client_id, &list, &count, e) != 0 ||
        store_account_holder(s, workspace, g, ret, e) != 0) {
        return -1;
    }
    for (size_t i = 0; i < count && ret->id == NULL; i++) {
        if (is_of(&list[i], g)) {
            *ret = (struct account_holder){list[i].id, list[i].default_name, list[i].user_id};
        }
    }
    return 0;
}

/* Where the app ends all that a person ever granted to the client, nobody loses by it what acts
 * now. It is asked here, when the call is made: who ended one login may have the next by then. */
static int find_holder(struct revocation *v, struct err *e)
{
    const json_t *owner = json_member(v->payload, "owner");
    const struct account_grant g = {.app = json_text(v->payload, "app"),
                                    .client_id = v->client.id,
                                    .key = json_text(owner, "key"),
                                    .user_id = json_text(owner, "user"),
                                    .spans = app_spans_sites(v->site.app)};
    store *s = NULL;
    if (owner == NULL || !app_revokes_all_grants(v->site.app)) {
        return 0;
    }
    if (store_open(v->oauth->options.stores, v->mem, &s, e) != 0) {
        return -1;
    }
    int rc = ask_holder(v, s, &g, e);
    store_close(s);
    return rc;
}

static void read_revocation(struct revocation *v)
{
    const oauth *o = v->oauth;
    const app *a = apps_find(o->options.apps, json_text(v->payload, "app"));
    const char *host = json_text(v->payload, "host");
    v->site = (struct app_site){.app = a,
                                .workspace = v->job->workspace,
                                .host = host,
                                .plain_http = config_trusts_host(o->options.config, host)};
    v->client =
        (struct app_client){.id = json_text(v->payload, "client_id"),
                            .secret = secret_of(v->mem, json_text(v->payload, "client_secret"))};
    oauth_tokens_read(v->mem, json_member(v->payload, "tokens"), &v->tokens);
    if (a != NULL) {
        const json_t *owner = json_member(v->payload, "owner");
        v->site.own = json_member(v->payload, "vars");
        v->site.api_base = json_text(owner, "api_base");
        v->site.vars = app_site_vars(v->mem, a, v->site.own, json_member(owner, "vars"));
    }
}

int oauth_revoke_run(oauth *o, arena *mem, const struct job *j, struct oauth_revoked *ret,
                     struct err *e)
{
    struct revocation v = {.oauth = o, .mem = mem, .job = j, .out = ret};
    if (json_read(mem, j->payload, &v.payload, e) != 0) {
        return -1;
    }
    read_revoked(o, v.payload, ret);
    read_revocation(&v);
    if (v.site.app == NULL) {
        return 0; /* its definition was taken away: there is no address to revoke at */
    }
    if (find_holder(&v, e) != 0) {
        return -1;
    }
    if (ret->kept_for.id != NULL) {
        metric_add(METRIC_REVOKES, "result=\"kept\"", 1);
        return 0;
    }
    if (end_grant(&v, e) != 0) {
        metric_add(METRIC_REVOKES, "result=\"again\"", 1);
        return -1;
    }
    if (ret->next == NULL) {
        metric_add(METRIC_REVOKES,
                   ret->result == APP_REVOKED ? "result=\"revoked\"" : "result=\"none\"", 1);
    }
    return 0;
}

int oauth_revoke_go_on(store *s, const struct job *j, const struct oauth_revoked *r, struct err *e)
{
    struct job next = {.workspace = j->workspace, .kind = JOB_REVOKE, .payload = bytes_of(r->next)};
    return store_job_add(s, &next, e);
}
