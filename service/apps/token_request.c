#include "apps_int.h"

#include <string.h>

#include "base/str.h"
#include "crypto.h"

/* What is sent to a token endpoint: RFC 6749 sections 2.3.1, 4.1.3 and 6, in each app's form. */

enum { TOKEN_ANSWER_MAX = 256 * 1024 };

/* For those who decode nothing: id and secret as they are. */
static struct secret raw_credential(arena *mem, const struct app_client *client)
{
    const char *pair = arena_printf(mem, "%s:%s", client->id, secret_reveal(client->secret));
    return secret_of(mem, crypto_base64(mem, bytes_of(pair)));
}

void apps_client_auth(arena *mem, const app *a, const struct app_client *client,
                      struct net_request *io, size_t *io_n)
{
    switch (a->client_auth) {
    case CLIENT_AUTH_BASIC:
        io->basic = net_basic_credential(mem, client->id, client->secret, crypto_base64);
        return;
    case CLIENT_AUTH_BASIC_RAW:
        io->basic = raw_credential(mem, client);
        return;
    case CLIENT_AUTH_POST:
    case CLIENT_AUTH_NONE:
        break;
    }
    io->form[(*io_n)++] = (struct net_field){.name = "client_id", .value = client->id};
    if (a->client_auth == CLIENT_AUTH_POST) {
        io->form[(*io_n)++] = (struct net_field){.name = "client_secret", .secret = client->secret};
    }
}

void apps_body_json(arena *mem, struct net_request *io)
{
    json_t *body = arena_json(mem, json_object());
    for (size_t i = 0; i < NET_FIELDS_MAX && io->form[i].name != NULL; i++) {
        const struct net_field *f = &io->form[i];
        json_put(body, f->name,
                 json_string(f->value != NULL ? f->value : secret_reveal(f->secret)));
    }
    memset(io->form, 0, sizeof(io->form));
    io->body = json_write(mem, body);
    io->content_type = "application/json";
}

struct form {
    arena *mem;
    struct net_field *fields;
    size_t count;
};

/* What a definition says again takes the place of what stands there. */
static int add_params(const struct app_site *site, const struct apps_pairs *p, const char *but,
                      struct form *io, struct err *e)
{
    for (size_t i = 0; i < p->count; i++) {
        const char *value = NULL;
        if (apps_var_text(io->mem, site, p->items[i].value, &value, e) != 0) {
            return -1;
        }
        size_t at = str_equal(p->items[i].name, but) ? NET_FIELDS_MAX : 0;
        while (at < io->count && !str_equal(io->fields[at].name, p->items[i].name)) {
            at++;
        }
        if (at < NET_FIELDS_MAX) {
            io->fields[at] = (struct net_field){.name = p->items[i].name, .value = value};
            io->count += at == io->count ? 1 : 0;
        }
    }
    return 0;
}

static void add_code(const app *a, const struct app_grant *grant, struct net_request *io,
                     size_t *io_n)
{
    io->form[(*io_n)++] = (struct net_field){.name = "grant_type", .value = "authorization_code"};
    io->form[(*io_n)++] = (struct net_field){.name = "code", .secret = grant->code};
    io->form[(*io_n)++] = (struct net_field){.name = "redirect_uri", .value = grant->redirect_uri};
    if (a->authorize.pkce) {
        io->form[(*io_n)++] =
            (struct net_field){.name = "code_verifier", .secret = grant->verifier};
    }
}

static void add_refresh(const struct app_grant *grant, struct net_request *io, size_t *io_n)
{
    io->form[(*io_n)++] = (struct net_field){.name = "grant_type", .value = "refresh_token"};
    io->form[(*io_n)++] = (struct net_field){.name = "refresh_token", .secret = grant->refresh};
}

int apps_token_request(arena *mem, const struct app_site *site, const struct app_client *client,
                       const struct app_grant *grant, struct net_request *ret, struct err *e)
{
    const app *a = site->app;
    bool first = !secret_empty(grant->code);
    const char *template = first || a->refresh.url == NULL ? a->token.url : a->refresh.url;
    char *url = NULL;
    size_t n = 0;
    if (apps_site_url(mem, site, template, &url, e) != 0) {
        return -1;
    }
    *ret = (struct net_request){.method = "POST",
                                .url = url,
                                .peer = a->name,
                                .workspace = site->workspace,
                                .headers = {{"Accept", "application/json"}},
                                .person_waits = first,
                                .answer_max = TOKEN_ANSWER_MAX};
    for (size_t i = 0; i < a->token.headers.count; i++) {
        const struct apps_pair *h = &a->token.headers.items[i];
        ret->headers[i + 1] = (struct net_header){h->name, h->value};
    }
    if (first) {
        add_code(a, grant, ret, &n);
    } else {
        add_refresh(grant, ret, &n);
    }
    apps_client_auth(mem, a, client, ret, &n);
    struct form form = {mem, ret->form, n};
    if (add_params(site, &a->token.params, first ? NULL : "grant_type", &form, e) != 0 ||
        (!first && add_params(site, &a->refresh.params, NULL, &form, e) != 0)) {
        return -1;
    }
    if (a->token.json) {
        apps_body_json(mem, ret);
    }
    return 0;
}
