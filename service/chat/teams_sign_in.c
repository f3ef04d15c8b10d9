/* Signing in with Entra: which person of which tenant sits in the browser (learn.microsoft.com/
 * entra/identity-platform/v2-oauth2-auth-code-flow and id-tokens; OpenID Connect Core 1.0 section
 * 3.1). The tenant is that of the workspace, so that a guest signs in as the one that its people
 * know. The token is looked at and not kept. */
#include "teams_int.h"

#include <string.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/str.h"
#include "crypto.h"

enum { URL_MAX = 4096, CALL_MS = 8000, ANSWER_MAX = 256 * 1024 };

/* "https://login.microsoftonline.com/<tenant>" */
static const char *authority(const chats *c, arena *mem, const char *workspace)
{
    return arena_printf(mem, "%s/%s", teams_cloud(&c->settings).login_url,
                        teams_tenant_of(workspace));
}

/* The app's home if people there are served, else the first tenant whose people are. */
static const char *tenant_to_try(const struct chat_settings *s)
{
    if (teams_is_allowed(s, s->teams_tenant_id)) {
        return s->teams_tenant_id;
    }
    return s->teams_allowed_tenants_count == 0 ? NULL : s->teams_allowed_tenants[0];
}

bool teams_sign_in_client(const chats *c, arena *mem, struct chat_sign_in_client *ret)
{
    const struct chat_settings *s = &c->settings;
    const char *tenant = tenant_to_try(s);
    struct net_url url;
    struct err unused = {0};
    *ret = (struct chat_sign_in_client){.id = s->teams_app_id, .on = s->teams_sign_in};
    if (ret->id == NULL || secret_empty(s->teams_app_secret) || tenant == NULL ||
        net_url_parse(mem, teams_cloud(s).login_url, &url, &unused) != 0) {
        return false;
    }
    ret->workspace = arena_printf(mem, "%s%s", TEAMS_PREFIX, tenant);
    ret->origin = arena_printf(mem, "%s://%s", url.scheme, url.host_port);
    return true;
}

/* The scope profile is what brings the oid. Entra asks which account is meant: else a browser that
 * is signed in as somebody else could not choose. */
char *teams_sign_in_url(const chats *c, arena *mem, const struct chat_sign_in *q)
{
    if (c->settings.teams_app_id == NULL) {
        return NULL;
    }
    const char *const parts[][2] = {
        {"&client_id=", c->settings.teams_app_id},
        {"&state=", q->state},
        {"&nonce=", q->nonce},
        {"&redirect_uri=", q->redirect_uri},
        {"&code_challenge_method=S256&code_challenge=",
         q->verifier == NULL ? NULL : crypto_pkce_challenge(mem, q->verifier)},
    };
    struct str url = str_new(mem, URL_MAX);
    str_printf(&url,
               "%s/oauth2/v2.0/authorize?response_type=code&response_mode=query"
               "&scope=openid%%20profile&prompt=select_account",
               authority(c, mem, q->workspace));
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        if (parts[i][1] != NULL) {
            str_add(&url, parts[i][0]);
            str_add_url(&url, parts[i][1]);
        }
    }
    return url.text;
}

/* --- refusals --- */

/* Nobody may consent for themselves, or they asked an administrator to (learn.microsoft.com/
 * troubleshoot/entra/entra-id/app-integration/troubleshoot-consent-issues). Whoever simply said no
 * comes back with another number. */
bool teams_sign_in_barred(arena *mem, const char *error, const char *description)
{
    static const char *const numbers[] = {"AADSTS65001", "AADSTS90093", "AADSTS90094",
                                          "AADSTS90095", "AADSTS900941"};
    const char *number = teams_entra_reason(mem, description);
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
        if (str_equal(number, numbers[i])) {
            return true;
        }
    }
    return str_equal(error, "consent_required") && !str_equal(number, "AADSTS65004");
}

static int refused(arena *mem, const json_t *answer, int status, struct err *e)
{
    static const char *const client[] = {"invalid_client", "unauthorized_client", "invalid_scope",
                                         "invalid_resource"};
    static const char *const code[] = {"invalid_grant", "invalid_request", "interaction_required",
                                       "consent_required"};
    const char *error = json_text(answer, "error");
    const char *description = json_text(answer, "error_description");
    const char *reason = teams_entra_reason(mem, description);
    if (teams_sign_in_barred(mem, error, description)) {
        return err_set(e, ERR_CONFIG, "sign_in_barred", "Entra: an administrator must consent, %s",
                       reason);
    }
    for (size_t i = 0; i < sizeof client / sizeof client[0]; i++) {
        if (str_equal(error, client[i])) {
            return err_set(e, ERR_CONFIG, "chat_client", "Entra refuses our client: %s, %s", error,
                           reason);
        }
    }
    for (size_t i = 0; i < sizeof code / sizeof code[0]; i++) {
        if (str_equal(error, code[i])) {
            return err_set(e, ERR_INPUT, "chat_code", "Entra refuses the code: %s, %s", error,
                           reason);
        }
    }
    return err_set(e, ERR_UPSTREAM_BUSY, "chat_busy", "Entra: status %d, %s", status, reason);
}

/* --- the token endpoint --- */

static int exchange(chats *c, arena *mem, const struct chat_sign_in *q, json_t **ret, struct err *e)
{
    const struct net_request call = {
        .method = "POST",
        .url = arena_printf(mem, "%s/oauth2/v2.0/token", authority(c, mem, q->workspace)),
        .peer = "teams",
        .form = {{.name = "grant_type", .value = "authorization_code"},
                 {.name = "client_id", .value = c->settings.teams_app_id},
                 {.name = "client_secret", .secret = c->settings.teams_app_secret},
                 {.name = "redirect_uri", .value = q->redirect_uri},
                 {.name = "code", .secret = q->code},
                 {.name = q->verifier == NULL ? NULL : "code_verifier",
                  .secret = secret_of(mem, q->verifier)}},
        .timeout_ms = CALL_MS,
        .answer_max = ANSWER_MAX};
    struct net_response r = {0};
    json_t *answer = NULL;
    if (net_call(c->settings.http, mem, &call, &r, e) != 0 ||
        teams_entra_read(mem, &r, &answer, e) != 0) {
        return -1;
    }
    if (r.status != 200) {
        return refused(mem, answer, r.status, e);
    }
    *ret = answer;
    return 0;
}

/* --- its id token --- */

/* One set holds keys of several tenants: a key that says whose tokens it signs signs no other's
 * (learn.microsoft.com/entra/identity-platform/access-tokens, "Validate the issuer"). */
static bool signs_for(arena *mem, const json_t *key, const char *issuer, const char *tenant)
{
    static const char any[] = "{tenantid}";
    const char *said = json_text(key, "issuer");
    const char *mark = said == NULL ? NULL : strstr(said, any);
    if (mark != NULL) {
        said = arena_printf(mem, "%.*s%s%s", (int)(mark - said), said, tenant, mark + strlen(any));
    }
    return said == NULL || str_equal(said, issuer);
}

static int open_token(chats *c, arena *mem, const struct chat_sign_in *q, struct secret token,
                      json_t **ret, struct err *e)
{
    const char *tenant = teams_tenant_of(q->workspace);
    const char *issuer = arena_printf(mem, "%s/v2.0", authority(c, mem, q->workspace));
    struct jwt_unproven said = {0};
    json_t *key = NULL;
    if (crypto_jwt_read(mem, token, &said, e) != 0) {
        return -1;
    }
    const struct teams_entra_query wanted = {.tenant = tenant, .kid = said.kid};
    if (teams_entra_key(c, mem, &wanted, &key, e) != 0) {
        return -1;
    }
    if (!signs_for(mem, key, issuer, tenant)) {
        return err_set(e, ERR_UNAUTHENTIC, "jwt_issuer", "signed by a key of somebody else's");
    }
    return crypto_jwt_open_by(mem, token, key, ret, e);
}

int teams_sign_in_read(chats *c, arena *mem, const struct chat_sign_in *q, struct secret token,
                       int64_t now, struct chat_identity *ret, struct err *e)
{
    const struct jwt_rules rules = {
        .issuer = arena_printf(mem, "%s/v2.0", authority(c, mem, q->workspace)),
        .audience = c->settings.teams_app_id,
        .nonce = q->nonce,
        .now = now};
    json_t *claims = NULL;
    if (open_token(c, mem, q, token, &claims, e) != 0 || crypto_jwt_check(claims, &rules, e) != 0) {
        return -1;
    }
    struct chat_identity found = {.user_id = teams_guid(mem, json_text(claims, "oid")),
                                  .team = teams_guid(mem, json_text(claims, "tid"))};
    if (found.user_id == NULL || found.team == NULL) {
        return err_set(e, ERR_UNAUTHENTIC, "jwt_shape", "the id token names no person and tenant");
    }
    found.at_home = str_equal(found.team, teams_tenant_of(q->workspace));
    *ret = found;
    return 0;
}

int teams_sign_in(chats *c, arena *mem, const struct chat_sign_in *q, struct chat_identity *ret,
                  struct err *e)
{
    json_t *answer = NULL;
    if (exchange(c, mem, q, &answer, e) != 0) {
        return -1;
    }
    const char *token = json_text(answer, "id_token");
    if (token == NULL) {
        return err_set(e, ERR_UNAUTHENTIC, "jwt_shape", "the answer holds no id token");
    }
    return teams_sign_in_read(c, mem, q, secret_of(mem, token), clock_now(), ret, e);
}
