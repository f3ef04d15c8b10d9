#include "config_int.h"

#include <string.h>

#include "base/str.h"

/* Of bots that were registered for all tenants while that could be done (until July 2025): what
 * stands for their home in the address of the token. */
static bool is_common_authority(const char *text)
{
    static const char *const names[] = {"botframework.com", "MicrosoftServices.onmicrosoft.us",
                                        "microsoftservices.partner.onmschina.cn"};
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (str_equal_fold(names[i], text)) {
            return true;
        }
    }
    return false;
}

static void rule_ids(arena *mem, const struct config *c, struct faults *faults)
{
    if (c->teams_app_id != NULL && str_guid(mem, c->teams_app_id) == NULL) {
        faults_add(faults, "WORKBOT_TEAMS_APP_ID",
                   "WORKBOT_TEAMS_APP_ID must be the application (client) id, a GUID.");
    }
    bool common = c->teams_tenant_id != NULL && is_common_authority(c->teams_tenant_id);
    if (c->teams_tenant_id != NULL && !common && str_guid(mem, c->teams_tenant_id) == NULL) {
        faults_add(faults, "WORKBOT_TEAMS_TENANT_ID",
                   "WORKBOT_TEAMS_TENANT_ID must be a tenant's GUID, or botframework.com for a bot "
                   "that was registered for all tenants.");
    }
    if (common && c->teams_allowed_tenants.count == 0) {
        faults_add(faults, "WORKBOT_TEAMS_ALLOWED_TENANTS",
                   "WORKBOT_TEAMS_ALLOWED_TENANTS must say whom the bot serves, since "
                   "WORKBOT_TEAMS_TENANT_ID names no tenant.");
    }
    for (size_t i = 0; i < c->teams_allowed_tenants.count; i++) {
        const char *tenant = c->teams_allowed_tenants.items[i];
        if (str_guid(mem, tenant) == NULL) {
            faults_add(faults, "WORKBOT_TEAMS_ALLOWED_TENANTS",
                       "WORKBOT_TEAMS_ALLOWED_TENANTS must list tenants' GUIDs, but holds \"%s\".",
                       str_cut(mem, tenant, 100));
        }
    }
}

/* Entra shows Value and Secret ID side by side, the first one once; no Value is a GUID. */
static void rule_secret(arena *mem, const struct config *c, struct faults *faults)
{
    if (!secret_empty(c->teams_app_secret) &&
        str_guid(mem, secret_reveal(c->teams_app_secret)) != NULL) {
        faults_add(faults, "WORKBOT_TEAMS_APP_SECRET",
                   "WORKBOT_TEAMS_APP_SECRET must be the Value of the client secret: this looks "
                   "like the Secret ID beside it.");
    }
}

/* Hosts are compared as a serviceUrl spells them, and that has no dot at its end. */
static void rule_hosts(const struct config *c, struct faults *faults)
{
    for (size_t i = 0; i < c->teams_service_hosts.count; i++) {
        const char *host = c->teams_service_hosts.items[i];
        if (str_ends(host, ".") || strstr(host, ".:") != NULL) {
            faults_add(faults, "WORKBOT_TEAMS_SERVICE_HOSTS",
                       "WORKBOT_TEAMS_SERVICE_HOSTS must list hosts without a dot at the end, but "
                       "holds \"%s\".",
                       str_cut(faults->mem, host, 100));
        }
    }
}

void config_rules_teams(const struct config *c, struct faults *faults)
{
    if (c->teams_sign_in && c->teams_app_id == NULL) {
        faults_add(faults, "WORKBOT_TEAMS_SIGN_IN",
                   "WORKBOT_TEAMS_SIGN_IN is on, and Teams is off: set WORKBOT_TEAMS_APP_ID, or "
                   "switch it off.");
    }
    if (c->teams_app_id != NULL && str_equal(c->teams_cloud, "china") &&
        c->teams_service_hosts.count == 0) {
        faults_add(
            faults, "WORKBOT_TEAMS_SERVICE_HOSTS",
            "WORKBOT_TEAMS_SERVICE_HOSTS must name the hosts of activities' serviceUrl, since "
            "Microsoft does not publish those of WORKBOT_TEAMS_CLOUD china.");
    }
    rule_ids(faults->mem, c, faults);
    rule_secret(faults->mem, c, faults);
    rule_hosts(c, faults);
}
