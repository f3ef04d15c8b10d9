/* Entra (login.microsoftonline.com): the token endpoint for the bot's own token, and discovery. */
#include "teams.h"

#include "world.h"

#include <stdlib.h>
#include <string.h>

enum { TOKENS_MAX = 5000 };

static const char bot_authority[] = "botframework.com";
static const char bot_scope[] = "https://api.botframework.com/.default";

static json_t *tokens; /* access token -> expires_ms */

void teams_entra_reset(void)
{
    json_decref(tokens);
    tokens = json_object();
}

bool teams_token_good(const char *token)
{
    return json_int_or(tokens, token, 0) > clock_now_ms();
}

void teams_entra_error(struct request *req, const char *error, int number, const char *words)
{
    char *trace = random_uuid();
    char *correlation = random_uuid();
    char *time = teams_time(clock_now_ms());
    char *text = xasprintf("AADSTS%d: %s Trace ID: %s Correlation ID: %s Timestamp: %s", number,
                           words, trace, correlation, time);
    unsigned status = strcmp(error, "invalid_client") == 0 ? 401 : 400;
    http_reply_json(req, status,
                    json_pack("{s:s, s:s, s:[i], s:s, s:s, s:s}", "error", error,
                              "error_description", text, "error_codes", number, "timestamp", time,
                              "trace_id", trace, "correlation_id", correlation));
    free(text);
    free(time);
    free(correlation);
    free(trace);
}

/* ---- client credentials ---- */

/* The app as the caller proves it; false after a refusal. */
static bool client_good(struct request *req, const json_t *args)
{
    struct fault f;
    if (!text_same(json_str_or(args, "client_id", ""), teams_app("id"))) {
        teams_entra_error(req, "unauthorized_client", 700016,
                          "Application was not found in the directory.");
        return false;
    }
    if (!text_same(json_str_or(args, "client_secret", ""), teams_app("secret")) ||
        fault_take("teams", "client_secret_refused", req->method, req->path, &f)) {
        teams_entra_error(req, "invalid_client", 7000215,
                          "Invalid client secret provided. Ensure the secret being sent in the "
                          "request is the client secret value, not the client secret ID.");
        return false;
    }
    return true;
}

static bool authority_good(struct request *req, const char *authority)
{
    bool legacy = json_flag(json_object_get(teams_settings(), "app"), "multi_tenant", false);
    if (strcmp(authority, teams_app("tenant")) == 0 ||
        (legacy && strcmp(authority, bot_authority) == 0)) {
        return true;
    }
    if (strcmp(authority, bot_authority) == 0) {
        teams_entra_error(req, "unauthorized_client", 700016,
                          "Application was not found in the directory 'Bot Framework'.");
    } else if (teams_tenant(authority) == NULL) {
        teams_entra_error(req, "invalid_request", 90002, "Tenant not found.");
    } else {
        teams_entra_error(req, "invalid_client", 7000229,
                          "The client application is missing service principal in the tenant.");
    }
    return false;
}

static char *token_make(const char *authority, int64_t ttl)
{
    int64_t now = clock_now_ms() / 1000;
    char *iss = xasprintf("https://sts.windows.net/%s/", authority);
    char *uti = random_uuid();
    struct teams_jwt jwt = teams_jwt_begin_entra(json_pack(
        "{s:s, s:s, s:s, s:s, s:s, s:I, s:I, s:I, s:s}", "aud", "https://api.botframework.com",
        "iss", iss, "appid", teams_app("id"), "tid", authority, "ver", "1.0", "iat",
        (json_int_t)now, "nbf", (json_int_t)now, "exp", (json_int_t)(now + ttl), "uti", uti));
    char *token = teams_jwt_end(&jwt);
    free(uti);
    free(iss);
    return token;
}

static void client_credentials(struct request *req, const char *authority, const json_t *args)
{
    if (!authority_good(req, authority) || !client_good(req, args)) {
        return;
    }
    if (strcmp(json_str_or(args, "scope", ""), bot_scope) != 0) {
        teams_entra_error(req, "invalid_scope", 70011,
                          "The provided value for the input parameter 'scope' is not valid.");
        return;
    }
    int64_t ttl = json_int_or(teams_settings(), "token_ttl_s", 3599);
    char *token = token_make(authority, ttl);
    if (json_object_size(tokens) >= TOKENS_MAX) {
        json_object_clear(tokens);
    }
    json_object_set_new(tokens, token, json_integer((json_int_t)(clock_now_ms() + ttl * 1000)));
    http_reply_json(req, 200,
                    json_pack("{s:s, s:I, s:I, s:s}", "token_type", "Bearer", "expires_in",
                              (json_int_t)ttl, "ext_expires_in", (json_int_t)ttl, "access_token",
                              token));
    free(token);
}

static void token(struct request *req, const char *authority, const char *base)
{
    json_t *args = NULL;
    if (http_is(req, "POST") && http_body_is(req, "application/x-www-form-urlencoded")) {
        args = form_decode(buf_text(&req->body), req->body.len);
    }
    const char *grant = json_str_or(args, "grant_type", "");
    if (args == NULL || form_has_duplicates(args)) {
        teams_entra_error(req, "invalid_request", 900144,
                          "The request body must be a well-formed form.");
    } else if (strcmp(grant, "client_credentials") == 0) {
        client_credentials(req, authority, args);
    } else if (strcmp(grant, "authorization_code") == 0) {
        if (client_good(req, args)) {
            teams_sign_in_code(req, authority, args, base);
        }
    } else {
        teams_entra_error(req, "unsupported_grant_type", 70003,
                          "The app requested an unsupported grant type.");
    }
    json_decref(args);
}

/* ---- discovery ---- */

static void discovery(struct request *req, const char *tenant, const char *base)
{
    json_t *out =
        json_pack("{s:[s], s:[s], s:[s], s:[s]}", "response_types_supported", "code",
                  "subject_types_supported", "pairwise", "id_token_signing_alg_values_supported",
                  "RS256", "token_endpoint_auth_methods_supported", "client_secret_post");
    static const char *const places[][2] = {
        {"issuer", "/v2.0"},
        {"authorization_endpoint", "/oauth2/v2.0/authorize"},
        {"token_endpoint", "/oauth2/v2.0/token"},
        {"jwks_uri", "/discovery/v2.0/keys"},
    };
    for (size_t i = 0; i < sizeof places / sizeof places[0]; i++) {
        char *url = xasprintf("%s/login/%s%s", base, tenant, places[i][1]);
        json_object_set_new(out, places[i][0], json_string(url));
        free(url);
    }
    http_reply_json(req, 200, out);
}

bool teams_entra(struct request *req, const char *path, const char *base)
{
    size_t len = strcspn(path + 1, "/");
    char *tenant = xstrndup(path + 1, len);
    const char *rest = path + 1 + len;
    bool mine = true;
    if (strcmp(rest, "/oauth2/v2.0/token") == 0) {
        token(req, tenant, base);
    } else if (strcmp(rest, "/v2.0/.well-known/openid-configuration") == 0) {
        discovery(req, tenant, base);
    } else if (strcmp(rest, "/discovery/v2.0/keys") == 0) {
        http_reply_json(req, 200, teams_keys_entra());
    } else {
        mine = teams_sign_in(req, tenant, rest, base);
    }
    free(tenant);
    return mine;
}
