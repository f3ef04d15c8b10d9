#include "apps_int.h"

#include "base/str.h"

/* RFC 6749 section 5.2 and what providers do beside it; an app's own rows come first. The order of
 * the rows matters: the word of the provider counts before the status. */
static struct apps_rule generic_rows[] = {
    {.code = "invalid_grant", .meaning = MEANS_DEAD},
    {.code = "invalid_client", .meaning = MEANS_CONFIG},
    {.code = "unauthorized_client", .meaning = MEANS_CONFIG},
    {.code = "invalid_scope", .meaning = MEANS_CONFIG},
    {.code = "unsupported_grant_type", .meaning = MEANS_CONFIG},
    {.code = "invalid_request", .meaning = MEANS_CONFIG},
    {.code = "temporarily_unavailable", .meaning = MEANS_BUSY},
    {.code = "server_error", .meaning = MEANS_BUSY},
    {.code = "slow_down", .meaning = MEANS_BUSY},
    {.status = 408, .meaning = MEANS_BUSY},
    {.status = 425, .meaning = MEANS_BUSY},
    {.status = 429, .meaning = MEANS_BUSY},
};
static const struct apps_rules generic = {generic_rows,
                                          sizeof(generic_rows) / sizeof(generic_rows[0])};

enum apps_meaning apps_token_meaning(const app *a, const struct apps_refusal *r, bool html,
                                     const struct apps_rule **ret_rule)
{
    *ret_rule = apps_rule_find(&a->token.errors, r);
    if (*ret_rule == NULL) {
        *ret_rule = apps_rule_find(&generic, r);
    }
    if (*ret_rule != NULL) {
        return (*ret_rule)->meaning;
    }
    return html || r->status >= 500 ? MEANS_BUSY : MEANS_REFUSED;
}

/* A gateway waited in vain for the app behind it (RFC 9110 section 15.6.5; 524 is Cloudflare's for
 * the same), which may go on and do what it was asked for. Anything else, an error of the app's own
 * with whatever status among it, is an answer (decision 0034). */
static bool gateway_waited(int status)
{
    return status == 504 || status == 524;
}

/* Descriptions stay out of the text: a provider may quote in them what it was sent. */
int apps_token_error(const app *a, const struct apps_refusal *r, bool html, int64_t retry_after_ms,
                     struct err *e)
{
    static const struct {
        enum apps_meaning meaning;
        enum err_kind kind;
        const char *code;
    } kinds[] = {
        {MEANS_DEAD, ERR_LOGIN_NEEDED, "grant_dead"},
        {MEANS_CONFIG, ERR_CONFIG, "client_refused"},
        {MEANS_BUSY, ERR_UPSTREAM_BUSY, "token_busy"},
        {MEANS_REFUSED, ERR_ATTENTION, "token_refused"},
    };
    const struct apps_rule *rule = NULL;
    enum apps_meaning meaning = apps_token_meaning(a, r, html, &rule);
    size_t i = 0;
    while (kinds[i].meaning != MEANS_REFUSED && kinds[i].meaning != meaning) {
        i++;
    }
    bool unclear = rule != NULL && rule->unless_client_refused;
    err_set(e, kinds[i].kind, unclear ? "grant_unclear" : kinds[i].code,
            "token endpoint of %s: HTTP %d, %s", a->name, r->status,
            html ? "not JSON" : apps_code_text(r->code));
    if (e != NULL && meaning == MEANS_BUSY) {
        e->retry_after_ms =
            retry_after_ms > 0 || rule == NULL ? retry_after_ms : rule->retry_after_ms;
        e->maybe_done = rule == NULL && gateway_waited(r->status);
    }
    return -1;
}
