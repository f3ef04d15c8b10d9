#ifndef WB_CONFIG_H
#define WB_CONFIG_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/faults.h"
#include "base/log.h"
#include "base/secret.h"

/*
 * Everything that can be set from outside. Each setting is one row of config_keys[] in
 * service/config/config.c: name, type, place in this struct, default, bounds, help. Each can also
 * be given as NAME_FILE, a path whose content (less one trailing newline) is the value; both set is
 * a fault; an empty value is as good as none. docs/configuration.md holds the table that
 * config_reference writes, and a test compares them.
 */

struct secret_list {
    struct secret *items;
    size_t count;
};

struct text_list {
    const char **items;
    size_t count;
};

struct config {
    struct secret database_url;
    const char *database_service_role;
    const char *public_url; /* no trailing slash */
    const char *listen;     /* host:port */
    const char *ops_listen;
    const char *api_listen;           /* NULL: /v1 on the main listener */
    struct text_list trusted_proxies; /* addresses and networks, each readable */
    struct secret encryption_keys;    /* id:base64,... parsed by crypto_keyring_parse */
    struct secret_list admin_tokens;
    struct text_list allowed_workspaces;

    const char *slack_app_id; /* NULL: Slack is off */
    const char *slack_client_id;
    struct secret slack_client_secret;
    struct secret_list slack_signing_secrets;
    const char *slack_url;
    bool slack_sign_in;
    const char *slack_sign_in_client_id; /* NULL: the Slack app itself signs people in */
    struct secret slack_sign_in_client_secret;

    const char *teams_app_id; /* NULL: Teams is off */
    struct secret teams_app_secret;
    const char *teams_tenant_id;
    struct text_list teams_allowed_tenants;
    bool teams_sign_in;
    const char *teams_cloud;      /* public, gcc, gcc_high, dod, china */
    const char *teams_openid_url; /* NULL: that of the cloud; the next two alike */
    const char *teams_login_url;
    struct text_list teams_service_hosts;

    const char *apps_dir;
    struct text_list trusted_http_hosts;
    int64_t workers;
    int64_t db_connections;
    bool db_prepare;
    enum log_level log_level;

    /* clocks, seconds (WORKBOT_TTL_*) */
    int64_t ttl_state;
    int64_t ttl_code;
    int64_t ttl_console;
    int64_t ttl_console_idle;
    int64_t ttl_provisional;
    int64_t ttl_question;
    int64_t ttl_stale_write;
    int64_t ttl_parked;
    int64_t ttl_prompt;
    int64_t ttl_events;
    int64_t ttl_runs;
    int64_t ttl_audit;
    int64_t ttl_reconcile; /* between two comparisons of a workspace's people with its platform */
    int64_t ttl_lease;     /* of a job: how long the work of a killed process waits */

    bool public_is_loopback; /* derived: the public URL is http on loopback */
};

/* Reads the environment (name -> value by `get`, so that tests give their own). All faults at
 * once in *faults; *ret is filled as far as possible. Values live on mem. */
void config_load(arena *mem, const char *(*get)(const char *name), struct config *ret,
                 struct faults *faults);

/* Adds a fault for each name that begins with WORKBOT_ and is no setting, so that a misspelt one is
 * not silently left out. `env` is a list of NAME=value that ends with NULL, such as environ. */
void config_unknown(char **env, struct faults *faults);

/* Is host:port one of WORKBOT_TRUSTED_HTTP_HOSTS: reached by plain http, exempt from address
 * rules. */
bool config_trusts_host(const struct config *c, const char *host_port);

/* May this workspace install the bot by itself? (WORKBOT_ALLOWED_WORKSPACES) */
bool config_allows_workspace(const struct config *c, const char *workspace);

/* The table of all settings as Markdown rows, for `workbot check --reference`. */
char *config_reference(arena *mem);

#endif
