#include "apps_int.h"

#include "base/clock.h"
#include "base/str.h"

enum { REVOKE_ANSWER_MAX = 64 * 1024 };

/* RFC 7009 section 2.2: an unknown or ended token is no fault; some providers say 400 for it. */
static bool already_done(const struct apps_answer *answer)
{
    static const char *const words[] = {"invalid_token", "invalid_grant", "unsupported_token_type"};
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        if (str_equal(answer->error, words[i])) {
            return true;
        }
    }
    return false;
}

static int read_answer(arena *mem, const app *a, const struct net_response *r, struct err *e)
{
    const struct apps_answer_context context = {
        .any_type = true, .status = r->status, .content_type = r->content_type};
    struct apps_answer answer;
    apps_answer_read(mem, &context, r->body, &answer);
    bool page = apps_is_html(r) && r->has_body;
    bool refused = answer.kind == ANSWER_REFUSED && answer.error != NULL;
    if (already_done(&answer) || (r->status >= 200 && r->status < 300 && !page && !refused)) {
        return 0;
    }
    const struct apps_refusal refusal = {.status = r->status,
                                         .code = answer.error,
                                         .message = answer.description,
                                         .retry_after = r->retry_after_ms > 0};
    const struct apps_rule *rule = NULL;
    enum apps_meaning meaning = apps_token_meaning(a, &refusal, page, &rule);
    if (meaning != MEANS_BUSY) {
        return err_set(e, ERR_ATTENTION, "revoke_refused", "revocation at %s: HTTP %d, %s", a->name,
                       r->status, apps_code_text(answer.error));
    }
    err_set(e, ERR_UPSTREAM_BUSY, "revoke_busy", "revocation at %s: HTTP %d, %s", a->name,
            r->status, apps_code_text(answer.error));
    e->retry_after_ms = r->retry_after_ms;
    return -1;
}

static int revoke_one(arena *mem, net_client *http, const struct app_site *site,
                      const struct app_client *client, struct secret token, struct err *e)
{
    const app *a = site->app;
    if (secret_empty(token)) {
        return 0;
    }
    struct net_request q = {.method = "POST",
                            .url = apps_site_url(mem, site, a->revoke_url),
                            .peer = a->name,
                            .headers = {{"Accept", "application/json"}},
                            .answer_max = REVOKE_ANSWER_MAX};
    size_t n = 0;
    q.form[n++] = (struct net_field){.name = "token", .secret = token};
    if (a->revoke_with_client) {
        apps_client_auth(mem, a, client, &q, &n);
    }
    struct net_response r;
    return net_call(http, mem, &q, &r, e) != 0 ? -1 : read_answer(mem, a, &r, e);
}

int app_revoke(arena *mem, net_client *http, const struct app_site *site,
               const struct app_client *client, const struct tokens *t, enum app_revoked *ret,
               struct err *e)
{
    const app *a = site->app;
    if (a->revoke_url == NULL) {
        *ret = APP_REVOKE_NONE;
        return 0;
    }
    bool refresh = a->revoke_token != REVOKE_ACCESS && !secret_empty(t->refresh);
    bool access = a->revoke_token != REVOKE_REFRESH || !refresh;
    if ((refresh && revoke_one(mem, http, site, client, t->refresh, e) != 0) ||
        (access && revoke_one(mem, http, site, client, t->access, e) != 0)) {
        return -1;
    }
    *ret = APP_REVOKED;
    return 0;
}
