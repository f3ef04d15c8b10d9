#include "apps_int.h"

#include "base/clock.h"
#include "base/str.h"
#include "crypto.h"

enum { TOKEN_ANSWER_MAX = 256 * 1024 };

void apps_client_auth(arena *mem, const app *a, const struct app_client *client,
                      struct net_request *io, size_t *io_n)
{
    switch (a->client_auth) {
    case CLIENT_AUTH_BASIC:
        io->basic = net_basic_credential(mem, client->id, client->secret, crypto_base64);
        return;
    case CLIENT_AUTH_POST:
        break;
    }
    io->form[(*io_n)++] = (struct net_field){.name = "client_id", .value = client->id};
    io->form[(*io_n)++] = (struct net_field){.name = "client_secret", .secret = client->secret};
}

static struct net_request request_of(arena *mem, const struct app_site *site,
                                     const struct app_client *client, const struct app_grant *grant)
{
    const app *a = site->app;
    struct net_request q = {.method = "POST",
                            .url = apps_site_url(mem, site, a->token.url),
                            .peer = a->name,
                            .headers = {{"Accept", "application/json"}},
                            .person_waits = !secret_empty(grant->code),
                            .answer_max = TOKEN_ANSWER_MAX};
    size_t n = 0;
    if (secret_empty(grant->code)) {
        q.form[n++] = (struct net_field){.name = "grant_type", .value = "refresh_token"};
        q.form[n++] = (struct net_field){.name = "refresh_token", .secret = grant->refresh};
    } else {
        q.form[n++] = (struct net_field){.name = "grant_type", .value = "authorization_code"};
        q.form[n++] = (struct net_field){.name = "code", .secret = grant->code};
        q.form[n++] = (struct net_field){.name = "redirect_uri", .value = grant->redirect_uri};
        if (a->pkce) {
            q.form[n++] = (struct net_field){.name = "code_verifier", .secret = grant->verifier};
        }
    }
    apps_client_auth(mem, a, client, &q, &n);
    for (size_t i = 0; i < a->token.params.count; i++) {
        const struct apps_pair *p = &a->token.params.items[i];
        q.form[n++] = (struct net_field){.name = p->name, .value = p->value};
    }
    return q;
}

/* The network's errors in the words of app_token. */
static int call_failed(const app *a, const struct err *why, struct err *e)
{
    switch (err_fate(why->kind)) {
    case FATE_AGAIN:
        *e = *why;
        return -1;
    case FATE_STOP:
    case FATE_PARK:
        break;
    }
    if (why->maybe_done) {
        err_set(e, ERR_UPSTREAM_BUSY, "token_busy", "token endpoint of %s: %s", a->name, why->text);
        e->maybe_done = true;
        return -1;
    }
    return err_set(e, ERR_CONFIG, "client_refused", "token endpoint of %s: %s", a->name, why->text);
}

static int keep(arena *mem, const struct app_site *site, const struct app_grant *grant,
                struct apps_answer *answer, struct account *io, struct err *e)
{
    const app *a = site->app;
    bool first = !secret_empty(grant->code);
    if (first && secret_empty(answer->tokens.refresh) && a->token.refresh_required) {
        return err_set(e, ERR_CONFIG, "no_refresh_token",
                       "%s gave no refresh token: its client or scopes must allow one", a->name);
    }
    if (!first || a->token.api_base == NULL) {
        return 0;
    }
    const char *url = json_string_value(json_at(answer->body, a->token.api_base));
    char *base = NULL;
    if (apps_capture_base(mem, site, url, &base, e) != 0) {
        return -1;
    }
    io->api_base = base;
    return 0;
}

int app_token(arena *mem, net_client *http, const struct app_site *site,
              const struct app_client *client, const struct app_grant *grant, struct tokens *ret,
              struct account *ret_account, struct err *e)
{
    const app *a = site->app;
    const struct net_request q = request_of(mem, site, client, grant);
    struct apps_answer_context context = {.any_type = a->token.any_type, .asked_at = clock_now()};
    struct net_response r;
    struct err why = {0};
    if (net_call(http, mem, &q, &r, &why) != 0) {
        return call_failed(a, &why, e);
    }
    context.status = r.status;
    context.content_type = r.content_type;
    struct apps_answer answer;
    apps_answer_read(mem, &context, r.body, &answer);
    if (answer.kind == ANSWER_TOKENS) {
        *ret = answer.tokens;
        return keep(mem, site, grant, &answer, ret_account, e);
    }
    const struct apps_refusal refusal = {.status = r.status,
                                         .code = answer.error,
                                         .message = answer.description,
                                         .retry_after = r.retry_after_ms > 0,
                                         .grant = secret_empty(grant->code) ? REFRESH_GRANT
                                                                            : CODE_GRANT};
    bool html = answer.kind == ANSWER_UNREADABLE && (apps_is_html(&r) || r.status < 300);
    return apps_token_error(a, &refusal, html, r.retry_after_ms, e);
}
