#include "config_int.h"

#include <string.h>

#include "base/die.h"
#include "base/str.h"

static const struct config_key *key_of(const char *name)
{
    for (size_t i = 0; i < config_key_count; i++) {
        if (str_equal(config_keys[i].name, name)) {
            return &config_keys[i];
        }
    }
    die("there is no setting %s", name);
}

static bool is_set(const struct config *c, const struct config_key *key)
{
    const char *member = (const char *)c + key->offset;
    switch (key->type) {
    case CONFIG_SECRET:
        return !secret_empty(*(const struct secret *)(const void *)member);
    case CONFIG_SECRETS:
        return ((const struct secret_list *)(const void *)member)->count > 0;
    case CONFIG_LIST:
    case CONFIG_HOST_PORTS:
    case CONFIG_HOSTS:
    case CONFIG_ADDRESSES:
        return ((const struct text_list *)(const void *)member)->count > 0;
    case CONFIG_TEXT:
    case CONFIG_URL:
    case CONFIG_ORIGIN:
    case CONFIG_HOST_PORT:
    case CONFIG_CLOUD:
        return *(const char *const *)(const void *)member != NULL;
    case CONFIG_SWITCH:
    case CONFIG_INT:
    case CONFIG_SECONDS:
    case CONFIG_LEVEL:
    case CONFIG_TYPE_COUNT:
        break;
    }
    return true;
}

/* What a chat platform needs once its app id is given, and the id once anything else of it is: left
 * out alone it would switch the platform off without a word. */
static void rule_platforms(const struct config *c, const bool *faulty, struct faults *faults)
{
    static const struct {
        enum config_need need;
        const char *switched_by;
        const char *together;
    } platforms[] = {
        {NEED_SLACK, "WORKBOT_SLACK_APP_ID",
         "Slack needs WORKBOT_SLACK_APP_ID, WORKBOT_SLACK_CLIENT_ID, WORKBOT_SLACK_CLIENT_SECRET "
         "and WORKBOT_SLACK_SIGNING_SECRETS"},
        {NEED_TEAMS, "WORKBOT_TEAMS_APP_ID",
         "Teams needs WORKBOT_TEAMS_APP_ID, WORKBOT_TEAMS_APP_SECRET and WORKBOT_TEAMS_TENANT_ID"}};
    for (size_t p = 0; p < sizeof(platforms) / sizeof(platforms[0]); p++) {
        bool on = is_set(c, key_of(platforms[p].switched_by));
        for (size_t i = 0; i < config_key_count; i++) {
            const struct config_key *key = &config_keys[i];
            const char *by = platforms[p].switched_by;
            if (key->need != platforms[p].need || faulty[i] || on == is_set(c, key)) {
                continue;
            }
            const char *missing = on ? key->name : by;
            faults_add(faults, missing, "This is required when %s is set: %s, or none of them.",
                       on ? by : key->name, platforms[p].together);
        }
    }
}

static void rule_sign_in(const struct config *c, struct faults *faults)
{
    bool id = c->slack_sign_in_client_id != NULL;
    if (c->slack_sign_in && c->slack_app_id == NULL) {
        faults_add(faults, "WORKBOT_SLACK_SIGN_IN",
                   "WORKBOT_SLACK_SIGN_IN is on, and Slack is off: set WORKBOT_SLACK_APP_ID, or "
                   "switch it off.");
    }
    if (id != !secret_empty(c->slack_sign_in_client_secret)) {
        const char *missing =
            id ? "WORKBOT_SLACK_SIGN_IN_CLIENT_SECRET" : "WORKBOT_SLACK_SIGN_IN_CLIENT_ID";
        faults_add(faults, missing,
                   "%s is missing: a second Slack app for sign-in needs client id and secret.",
                   missing);
    }
}

/* Plain http is for development on one machine: it would show tokens to the network. */
static void rule_public_url(arena *mem, const struct config *c, struct faults *faults)
{
    struct config_url url;
    if (c->public_url == NULL || !config_url_split(mem, c->public_url, &url)) {
        return;
    }
    bool loopback = config_host_is_loopback(mem, url.host);
    if (!url.https && !loopback) {
        faults_add(faults, "WORKBOT_PUBLIC_URL",
                   "WORKBOT_PUBLIC_URL must begin with https://, unless its host is loopback.");
    }
    if (c->trusted_http_hosts.count > 0 && !loopback) {
        faults_add(faults, "WORKBOT_TRUSTED_HTTP_HOSTS",
                   "WORKBOT_TRUSTED_HTTP_HOSTS is for development: unset it, since "
                   "WORKBOT_PUBLIC_URL is not on loopback.");
    }
}

static void rule_peer_urls(arena *mem, const struct config *c, struct faults *faults)
{
    for (size_t i = 0; i < config_key_count; i++) {
        const struct config_key *key = &config_keys[i];
        struct config_url url;
        if (key->type != CONFIG_URL || !is_set(c, key)) {
            continue;
        }
        const void *member = (const char *)c + key->offset;
        if (config_url_split(mem, *(const char *const *)member, &url) && !url.https &&
            !config_trusts_host(c, url.host_port)) {
            faults_add(faults, key->name,
                       "%s must begin with https://, unless WORKBOT_TRUSTED_HTTP_HOSTS lists %s.",
                       key->name, url.host_port);
        }
    }
}

static bool is_workspace_key(const char *text)
{
    static const char *const prefixes[] = {"slack:T", "slack:E", "teams:"};
    if (str_equal(text, "*")) {
        return true;
    }
    for (size_t i = 0; i < sizeof(prefixes) / sizeof(prefixes[0]); i++) {
        if (str_starts(text, prefixes[i]) && text[strlen(prefixes[i])] != '\0') {
            return true;
        }
    }
    return false;
}

static void rule_workspaces(arena *mem, const struct config *c, struct faults *faults)
{
    for (size_t i = 0; i < c->allowed_workspaces.count; i++) {
        const char *item = c->allowed_workspaces.items[i];
        if (!is_workspace_key(item)) {
            faults_add(faults, "WORKBOT_ALLOWED_WORKSPACES",
                       "WORKBOT_ALLOWED_WORKSPACES must list slack:T..., slack:E..., "
                       "teams:<tenant id> or *, but holds \"%s\".",
                       str_cut(mem, item, 100));
        }
    }
}

/* A run that waits for its user must not have left by the time that they come. */
static void rule_clocks(const struct config *c, struct faults *faults)
{
    if (c->ttl_runs < c->ttl_parked) {
        faults_add(faults, "WORKBOT_TTL_RUNS",
                   "WORKBOT_TTL_RUNS must not be shorter than WORKBOT_TTL_PARKED: a run that waits "
                   "for a login would leave before that comes.");
    }
}

void config_rules(const struct config *c, const bool *faulty, struct faults *faults)
{
    rule_platforms(c, faulty, faults);
    rule_sign_in(c, faults);
    rule_public_url(faults->mem, c, faults);
    rule_peer_urls(faults->mem, c, faults);
    rule_workspaces(faults->mem, c, faults);
    rule_clocks(c, faults);
    config_rules_teams(c, faults);
}
