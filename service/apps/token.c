#include "apps_int.h"

#include "base/clock.h"
#include "base/limits.h"
#include "base/str.h"

/* One call of the token endpoint, and what may be kept of its answer. */

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
    if (why->maybe_done) { /* an answer came, and is too long to be one of tokens */
        return err_set(e, ERR_UPSTREAM_BUSY, "token_busy", "token endpoint of %s: %s", a->name,
                       why->text);
    }
    /* nothing was sent, as to a name that leads to a private address: an admin must look, and not
     * at the client */
    return err_set(e, ERR_CONFIG, why->code, "token endpoint of %s: %s", a->name, why->text);
}

static bool granted(const app *a, const struct tokens *t, const char *scope)
{
    size_t i = 0;
    while (i < t->scopes_count && !app_scope_covers(a, t->scopes[i], scope)) {
        i++;
    }
    return i < t->scopes_count;
}

/* An admin may ask for a set of their own, as ServiceNow's are: nobody lacks what nobody asked
 * for. */
static bool was_asked(const app *a, const struct app_grant *grant, const char *scope)
{
    size_t i = 0;
    while (i < grant->scopes_count && !app_scope_covers(a, grant->scopes[i], scope)) {
        i++;
    }
    return grant->scopes_count == 0 || i < grant->scopes_count;
}

/* An answer that names no scopes grants what was asked for (RFC 6749 section 5.1). */
static int check_scopes(arena *mem, const app *a, const struct app_grant *grant,
                        const struct tokens *t, struct err *e)
{
    struct str missing = str_new(mem, LIMIT_LABEL);
    for (size_t i = 0; i < a->scopes_count && t->scopes_count > 0; i++) {
        const char *scope = a->scopes[i].name;
        if (a->scopes[i].required && was_asked(a, grant, scope) && !granted(a, t, scope)) {
            str_printf(&missing, "%s\"%s\" (%s)", missing.len == 0 ? "" : ", ", a->scopes[i].words,
                       scope);
        }
    }
    return missing.len == 0
               ? 0
               : err_set(e, ERR_CONFIG, "scope_missing",
                         "%s did not allow what Workbot needs there: %s.", a->title, missing.text);
}

/* The address of the API. again: of a refresh, which may leave it out. */
static int take_base(arena *mem, const struct app_site *site, const json_t *answer, bool again,
                     struct account *io, struct err *e)
{
    const char *path = site->app->token.api_base;
    const json_t *said = path == NULL ? NULL : json_at(answer, path);
    char *base = NULL;
    if (path == NULL || (again && (said == NULL || json_is_null(said)))) {
        return 0;
    }
    if (apps_capture_base(mem, site, json_string_value(said), &base, e) != 0) {
        return -1;
    }
    io->api_base = base;
    return 0;
}

static int keep_first(arena *mem, const struct app_site *site, const struct app_grant *grant,
                      struct apps_answer *answer, struct account *io, struct err *e)
{
    const app *a = site->app;
    if (secret_empty(answer->tokens.refresh) && a->token.refresh_required) {
        return err_set(e, ERR_CONFIG, "no_refresh_token",
                       "%s gave no refresh token: its client or scopes must allow one", a->name);
    }
    return check_scopes(mem, a, grant, &answer->tokens, e) != 0 ||
                   apps_token_vars(mem, site, answer->body, false, io, e) != 0
               ? -1
               : take_base(mem, site, answer->body, false, io, e);
}

/* An organisation may have moved. Where it says so in a way that is not allowed, the tokens are the
 * account's all the same, and the old one may be worth nothing by now. */
static void keep_again(arena *mem, const struct app_site *site, const json_t *answer,
                       struct account *io)
{
    struct account now = *io;
    struct err why = {0};
    if (apps_token_vars(mem, site, answer, true, &now, &why) != 0 ||
        take_base(mem, site, answer, true, &now, &why) != 0) {
        io->not_taken = why.code;
        return;
    }
    *io = now;
}

/* Where the app says it, else where RFC 6749 section 5.2 does. */
static const char *said_at(const struct apps_texts *paths, const json_t *body, const char *standard)
{
    for (size_t i = 0; i < paths->count; i++) {
        const char *text = json_string_value(json_at(body, paths->items[i]));
        if (!str_empty(text)) {
            return text;
        }
    }
    return standard;
}

static int refused(const app *a, const struct net_response *r, const struct apps_answer *answer,
                   bool first, struct err *e)
{
    const struct apps_token_rules *rules = &a->token;
    const struct apps_refusal refusal = {
        .status = r->status,
        .code = said_at(&rules->error_code, answer->body, answer->error),
        .message = said_at(&rules->error_message, answer->body, answer->description),
        .retry_after = r->retry_after_ms > 0,
        .grant = first ? CODE_GRANT : REFRESH_GRANT};
    bool html = answer->kind == ANSWER_UNREADABLE && (apps_is_html(r) || r->status < 300);
    return apps_token_error(a, &refusal, html, r->retry_after_ms, e);
}

int app_token(arena *mem, net_client *http, const struct app_site *site,
              const struct app_client *client, const struct app_grant *grant, struct tokens *ret,
              struct account *io_account, struct err *e)
{
    const app *a = site->app;
    bool first = !secret_empty(grant->code);
    struct apps_answer_context context = {
        .rules = &a->token, .refresh = !first, .asked_at = clock_now()};
    struct net_request q;
    struct net_response r;
    struct err why = {0};
    if (apps_token_request(mem, site, client, grant, &q, e) != 0) {
        return -1;
    }
    if (net_call(http, mem, &q, &r, &why) != 0) {
        return call_failed(a, &why, e);
    }
    context.status = r.status;
    context.content_type = r.content_type;
    struct apps_answer answer;
    apps_answer_read(mem, &context, r.body, &answer);
    if (answer.kind != ANSWER_TOKENS) {
        return refused(a, &r, &answer, first, e);
    }
    *ret = answer.tokens;
    if (a->driver != NULL && a->driver->check_tokens != NULL &&
        a->driver->check_tokens(mem, client, io_account, answer.body, e) != 0) {
        return -1;
    }
    if (first) {
        return keep_first(mem, site, grant, &answer, io_account, e);
    }
    keep_again(mem, site, answer.body, io_account);
    return 0;
}
