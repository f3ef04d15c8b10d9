/* Microsoft Teams as a peer of the sandbox: its paths, settings and state. */
#include "teams.h"

#include "world.h"

#include <stdlib.h>
#include <string.h>

static void metadata(struct request *req, const char *base)
{
    char *keys = xasprintf("%s/v1/.well-known/keys", base);
    http_reply_json(req, 200,
                    json_pack("{s:s, s:s, s:s, s:[s], s:[s]}", "issuer",
                              json_str_or(teams_settings(), "issuer", ""), "authorization_endpoint",
                              "https://invalid.botframework.com", "jwks_uri", keys,
                              "id_token_signing_alg_values_supported", "RS256",
                              "token_endpoint_auth_methods_supported", "private_key_jwt"));
    free(keys);
}

static void handle(struct request *req, const char *path, const char *base)
{
    if (strcmp(path, "/v1/.well-known/openidconfiguration") == 0) {
        metadata(req, base);
    } else if (strcmp(path, "/v1/.well-known/keys") == 0) {
        http_reply_json(req, 200, teams_keys_connector());
    } else if (strncmp(path, "/login/", 7) == 0) {
        if (!teams_entra(req, path + 6, base)) {
            http_reply_text(req, 404, "text/plain", "not found\n");
        }
    } else if (path[0] == '/' && strstr(path, "/v3/") != NULL) {
        teams_connector(req, path);
    } else {
        http_reply_text(req, 404, "text/plain", "not found\n");
    }
}

static void throttle(struct request *req, const char *path, const struct fault *fault)
{
    (void)path;
    if (fault->says_when || fault->retry_after > 0) {
        char *seconds = xasprintf("%lld", (long long)fault->retry_after);
        http_reply_header(req, "Retry-After", seconds);
        free(seconds);
    }
    teams_connector_error(req, 429, "Throttled", "Too many requests.");
}

static void unavailable(struct request *req, const char *path, unsigned status)
{
    (void)path;
    teams_connector_error(req, status, status == 500 ? "ServiceError" : "ServiceUnavailable",
                          "The service is unavailable.");
}

static const char *configure(const json_t *settings)
{
    json_t *mine = json_object_get(world_seed(), "teams");
    json_t *copy = json_deep_copy(settings);
    json_t *app = json_object_get(copy, "app");
    if (app != NULL) {
        json_object_update(json_object_get(mine, "app"), app);
        json_object_del(copy, "app");
    }
    json_object_update(mine, copy);
    json_decref(copy);
    return NULL;
}

static json_t *state(void)
{
    json_t *copy = json_deep_copy(teams_tenants());
    const char *id = NULL;
    json_t *tenant = NULL;
    json_object_foreach(copy, id, tenant)
    {
        const char *place_id = NULL;
        json_t *place = NULL;
        json_object_foreach(json_object_get(tenant, "places"), place_id, place)
        {
            size_t count = json_object_size(json_object_get(place, "messages"));
            json_object_set_new(place, "message_count", json_integer((json_int_t)count));
            json_object_del(place, "messages");
        }
    }
    return json_pack("{s:o}", "tenants", copy);
}

const struct peer teams_peer = {
    .name = "teams",
    .prefix = "/teams",
    .handle = handle,
    .throttle = throttle,
    .unavailable = unavailable,
    .reset = teams_reset,
    .configure = configure,
    .state = state,
    .chat = &teams_chat,
};
