#include "apps_int.h"

#include <string.h>

#include "base/clock.h"
#include "base/limits.h"
#include "base/str.h"
#include "crypto.h"

enum { REVOKE_ANSWER_MAX = 64 * 1024 };

/* RFC 7009 section 2.2: an unknown or ended token is no fault; some providers say 400 for it, and
 * some in words of their own. But a token that was sent as the credential, and is not accepted,
 * says nothing of the grant. */
static bool already_done(const struct apps_revoke *v, int status, const char *error)
{
    static const char *const words[] = {"invalid_token", "invalid_grant"};
    bool as_credential =
        v->auth == REVOKE_AUTH_BEARER && v->token == REVOKE_ACCESS && status == 401;
    for (size_t i = 0; i < v->gone.count; i++) {
        if (str_equal(error, v->gone.items[i])) {
            return true;
        }
    }
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]) && !as_credential; i++) {
        if (str_equal(error, words[i])) {
            return true;
        }
    }
    return false;
}

/* Some say in an object, or in a list, what others say in a word. */
static bool names_error(const struct apps_answer *answer)
{
    const json_t *error = json_member(answer->body, "error");
    return answer->error != NULL || json_is_object(error) || json_array_size(error) > 0;
}

/* Which 2xx say that it is done; no word of the definition: all that are no page and no error. */
static bool is_success(const struct apps_revoke *v, int status)
{
    for (size_t i = 0; i < v->success_count; i++) {
        if (v->success[i] == status) {
            return true;
        }
    }
    return v->success_count == 0 && status >= 200 && status < 300;
}

static int read_answer(arena *mem, const app *a, const struct net_response *r, struct err *e)
{
    static const struct apps_token_rules any = {.any_type = true};
    const struct apps_answer_context context = {
        .rules = &any, .status = r->status, .content_type = r->content_type};
    struct apps_answer answer;
    apps_answer_read(mem, &context, r->body, &answer);
    bool page = apps_is_html(r) && r->has_body;
    bool refused = answer.kind == ANSWER_REFUSED && names_error(&answer);
    if (already_done(&a->revoke, r->status, answer.error) ||
        (is_success(&a->revoke, r->status) && !page && !refused)) {
        return 0;
    }
    const struct apps_refusal refusal = {.status = r->status,
                                         .code = answer.error,
                                         .message = answer.description,
                                         .retry_after = r->retry_after_ms > 0};
    const struct apps_rule *rule = NULL;
    enum apps_meaning meaning = apps_token_meaning(a, &refusal, page, &rule);
    if (meaning != MEANS_BUSY) {
        bool other = str_equal(answer.error, "unsupported_token_type");
        return err_set(e, ERR_ATTENTION, other ? "revoke_other_token" : "revoke_refused",
                       "revocation at %s: HTTP %d, %s", a->name, r->status,
                       apps_code_text(answer.error));
    }
    err_set(e, ERR_UPSTREAM_BUSY, "revoke_busy", "revocation at %s: HTTP %d, %s", a->name,
            r->status, apps_code_text(answer.error));
    e->retry_after_ms = r->retry_after_ms;
    return -1;
}

/* The client's id may stand in the path, and so may the token: a URL is in no log and no error. */
static int url_of(arena *mem, const struct app_site *site, const struct app_client *client,
                  struct secret token, char **ret, struct err *e)
{
    struct app_site here = *site;
    json_t *vars = apps_vars_copy(mem, site->vars);
    json_put(vars, "client_id", json_string(client->id));
    if (strstr(site->app->revoke.url, APPS_TOKEN_SLOT) != NULL) {
        json_put(vars, "token", json_string(secret_reveal(token)));
    }
    here.vars = vars;
    return apps_site_url(mem, &here, site->app->revoke.url, ret, e);
}

static void authenticate(arena *mem, const app *a, const struct app_client *client,
                         struct secret token, struct net_request *io, size_t *io_n)
{
    switch (a->revoke.auth) {
    case REVOKE_AUTH_NONE:
        return;
    case REVOKE_AUTH_CLIENT:
        apps_client_auth(mem, a, client, io, io_n);
        return;
    case REVOKE_AUTH_BASIC:
        io->basic = net_basic_credential(mem, client->id, client->secret, crypto_base64);
        return;
    case REVOKE_AUTH_BEARER:
        io->bearer = token;
        return;
    }
}

static int revoke_one(arena *mem, net_client *http, const struct app_site *site,
                      const struct app_client *client, struct secret token, struct err *e)
{
    const app *a = site->app;
    const struct apps_revoke *v = &a->revoke;
    char *url = NULL;
    size_t n = 0;
    if (secret_empty(token)) {
        return 0;
    }
    if (url_of(mem, site, client, token, &url, e) != 0) {
        return -1;
    }
    struct net_request q = {.method = v->method,
                            .url = url,
                            .peer = a->name,
                            .workspace = site->workspace,
                            .for_app = true,
                            .headers = {{"Accept", "application/json"}},
                            .answer_max = REVOKE_ANSWER_MAX};
    if (v->format == REVOKE_QUERY && v->param[0] != '\0') {
        struct str s = str_new(mem, LIMIT_URL);
        str_printf(&s, "%s%c%s=", url, strchr(url, '?') == NULL ? '?' : '&', v->param);
        str_add_url(&s, secret_reveal(token));
        q.url = s.text;
        if (apps_not_cut(&s, "a revocation's address", e) != 0) {
            return -1;
        }
    } else if (v->param[0] != '\0') {
        q.form[n++] = (struct net_field){.name = v->param, .secret = token};
    }
    authenticate(mem, a, client, token, &q, &n);
    if (v->format == REVOKE_JSON && n > 0) {
        apps_body_json(mem, &q);
    }
    struct net_response r;
    return net_call(http, mem, &q, &r, e) != 0 ? -1 : read_answer(mem, a, &r, e);
}

bool app_revokes_by_access(const app *a)
{
    return a->revoke.token == REVOKE_ACCESS;
}

int64_t app_access_left(const app *a, const struct tokens *t, int64_t now)
{
    int64_t told = t->access_expires_at;
    if (a->revoke.leaves_access_s == 0 || secret_empty(t->refresh) || secret_empty(t->access)) {
        return 0;
    }
    if (told == 0) {
        return now + a->revoke.leaves_access_s;
    }
    return told > now ? told : 0;
}

int app_revoke(arena *mem, net_client *http, const struct app_site *site,
               const struct app_client *client, const struct tokens *t, enum app_revoked *ret,
               struct err *e)
{
    const app *a = site->app;
    struct err why = {0};
    if (a->revoke.url == NULL) {
        *ret = APP_REVOKE_NONE;
        return 0;
    }
    bool refresh = a->revoke.token != REVOKE_ACCESS && !secret_empty(t->refresh);
    bool access = a->revoke.token != REVOKE_REFRESH || !refresh;
    if (refresh && revoke_one(mem, http, site, client, t->refresh, &why) != 0) {
        access = str_equal(why.code, "revoke_other_token") && !secret_empty(t->access);
        if (!access) {
            *e = why;
            return -1;
        }
    }
    if (access && revoke_one(mem, http, site, client, t->access, e) != 0) {
        return -1;
    }
    *ret = APP_REVOKED;
    return 0;
}
