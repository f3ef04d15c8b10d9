#include "oauth_int.h"

#include <string.h>

#include "base/metrics.h"
#include "base/str.h"

/*
 * What must still be revoked stands in the job alone, sealed, with everything needed for the call:
 * the rows it came from may be gone by then (P12).
 */

static int add_job(store *s, const struct default_connection *d, const struct tokens *t,
                   json_t *more, struct err *e)
{
    arena *mem = store_arena(s);
    json_t *payload = arena_json(mem, more);
    if (secret_empty(t->access) && secret_empty(t->refresh)) {
        return 0;
    }
    json_object_update_new(payload,
                           json_pack("{s:s, s:s, s:s?, s:s, s:o, s:o}", "app", d->app, "host",
                                     d->host, "client_id", d->client_id, "client_secret",
                                     secret_reveal(d->client_secret), "tokens",
                                     oauth_tokens_json(t), "vars", oauth_vars_json(d->vars)));
    struct job j = {.workspace = d->workspace,
                    .kind = JOB_REVOKE,
                    .payload = bytes_of(json_write(mem, payload))};
    return store_job_add(s, &j, e);
}

int oauth_revoke_later(oauth *o, store *s, const struct default_connection *d,
                       const struct tokens *t, const char *message_id, struct err *e)
{
    (void)o;
    return add_job(s, d, t, json_pack("{s:s?}", "message_id", message_id), e);
}

int oauth_revoke_on_record(oauth *o, store *s, const struct default_connection *d,
                           const struct tokens *t, const struct oauth_evidence *of, struct err *e)
{
    (void)o;
    return add_job(s, d, t,
                   json_pack("{s:{s:s, s:s, s:s}}", "evidence", "connection_id", of->connection_id,
                             "connection", of->default_name, "user", of->user_id),
                   e);
}

bool oauth_revoke_now(oauth *o, arena *mem, const struct default_connection *d,
                      const struct tokens *t)
{
    struct app_site site;
    struct err why = {0};
    enum app_revoked result = APP_REVOKE_NONE;
    const struct app_client client = oauth_client(d);
    bool done = oauth_site(o, mem, d, &site, &why) == 0 &&
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
    /* Locked, and read again: a refresh that ran meanwhile has left other tokens to revoke. */
    if (store_connection_lock(s, q->connection->workspace, q->connection->id, &c, e) != 0 ||
        store_default_find(s, c->workspace, c->default_name, &d, e) != 0) {
        return -1;
    }
    if (d != NULL && oauth_revoke_later(o, s, d, &c->tokens, q->message_id, e) != 0) {
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
    *ret = (struct oauth_revoked){.result = APP_REVOKE_NONE,
                                  .app_title = a == NULL ? NULL : app_title(a),
                                  .message_id = json_text(payload, "message_id"),
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

int oauth_revoke_run(oauth *o, arena *mem, const struct job *j, struct oauth_revoked *ret,
                     struct err *e)
{
    json_t *payload = NULL;
    if (json_read(mem, j->payload, &payload, e) != 0) {
        return -1;
    }
    const app *a = apps_find(o->options.apps, json_text(payload, "app"));
    read_revoked(o, payload, ret);
    if (a == NULL) {
        return 0; /* its definition was taken away: there is no address to revoke at */
    }
    const char *host = json_text(payload, "host");
    const struct app_site site = {.app = a,
                                  .host = host,
                                  .plain_http = config_trusts_host(o->options.config, host),
                                  .vars =
                                      app_site_vars(mem, a, json_member(payload, "vars"), NULL)};
    const struct app_client client = {.id = json_text(payload, "client_id"),
                                      .secret =
                                          secret_of(mem, json_text(payload, "client_secret"))};
    struct tokens t;
    oauth_tokens_read(mem, json_member(payload, "tokens"), &t);
    if (app_revoke(mem, o->options.http, &site, &client, &t, &ret->result, e) != 0) {
        metric_add(METRIC_REVOKES, "result=\"again\"", 1);
        return -1;
    }
    metric_add(METRIC_REVOKES,
               ret->result == APP_REVOKED ? "result=\"revoked\"" : "result=\"none\"", 1);
    return 0;
}
