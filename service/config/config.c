#include "config_int.h"

#include <string.h>

#include "base/str.h"

#define AT(member) offsetof(struct config, member)

enum { TEXT_MAX = 2048, SECRET_MAX = 8192, YEAR = 365 * 86400 };

const char *const config_clouds[] = {"public", "gcc", "gcc_high", "dod", "china", NULL};

/* name, type, member, needed, default, bounds, help: one setting a row */
const struct config_key config_keys[] = {
    {"WORKBOT_DATABASE_URL", CONFIG_SECRET, AT(database_url), NEED_ALWAYS, NULL, 1, SECRET_MAX,
     "PostgreSQL as a libpq URI; several hosts with `target_session_attrs=read-write` are allowed."},
    {"WORKBOT_DATABASE_SERVICE_ROLE", CONFIG_TEXT, AT(database_service_role), NEED_NOT, NULL, 1, 63,
     "The database's role that serves, where it is not the one that owns the tables: `workbot "
     "migrate` gives it its rights."},
    {"WORKBOT_PUBLIC_URL", CONFIG_ORIGIN, AT(public_url), NEED_ALWAYS, NULL, 1, TEXT_MAX,
     "The https address that people and platforms see, without a path. Plain http only on loopback."},
    {"WORKBOT_LISTEN", CONFIG_HOST_PORT, AT(listen), NEED_NOT, "127.0.0.1:8080", 1, TEXT_MAX,
     "Where the public routes listen."},
    {"WORKBOT_OPS_LISTEN", CONFIG_HOST_PORT, AT(ops_listen), NEED_NOT, "127.0.0.1:9090", 1,
     TEXT_MAX, "Where `/healthz`, `/readyz` and `/metrics` listen. Keep it inside."},
    {"WORKBOT_API_LISTEN", CONFIG_HOST_PORT, AT(api_listen), NEED_NOT, NULL, 1, TEXT_MAX,
     "Where `/v1` listens. Unset: with the public routes."},
    {"WORKBOT_TRUSTED_PROXIES", CONFIG_ADDRESSES, AT(trusted_proxies), NEED_NOT, NULL, 1, TEXT_MAX,
     "Addresses or networks (`10.0.0.0/8`) whose X-Forwarded-For is believed, comma separated."},
    {"WORKBOT_ENCRYPTION_KEYS", CONFIG_SECRET, AT(encryption_keys), NEED_ALWAYS, NULL, 1,
     SECRET_MAX, "`id:base64(32 bytes)`, comma separated. The first seals, all open."},
    {"WORKBOT_ADMIN_TOKENS", CONFIG_SECRETS, AT(admin_tokens), NEED_NOT, NULL, 32, SECRET_MAX,
     "Operator bearer tokens of `/v1`, comma separated for rotation, each at least 32 characters. "
     "Unset: tokens of workspaces only."},
    {"WORKBOT_ALLOWED_WORKSPACES", CONFIG_LIST, AT(allowed_workspaces), NEED_NOT, NULL, 1, TEXT_MAX,
     "Workspaces (`slack:T...`, `teams:<tenant>`) that may install by themselves, comma separated, "
     "or `*` for all. Unset: only workspaces made by the API or the console."},
    {"WORKBOT_SLACK_APP_ID", CONFIG_TEXT, AT(slack_app_id), NEED_NOT, NULL, 1, TEXT_MAX,
     "The Slack app's id. Unset: Slack is off."},
    {"WORKBOT_SLACK_CLIENT_ID", CONFIG_TEXT, AT(slack_client_id), NEED_SLACK, NULL, 1, TEXT_MAX,
     "The Slack app's client id."},
    {"WORKBOT_SLACK_CLIENT_SECRET", CONFIG_SECRET, AT(slack_client_secret), NEED_SLACK, NULL, 1,
     SECRET_MAX, "The Slack app's client secret."},
    {"WORKBOT_SLACK_SIGNING_SECRETS", CONFIG_SECRETS, AT(slack_signing_secrets), NEED_SLACK, NULL,
     8, SECRET_MAX,
     "The Slack app's signing secret; several, comma separated, while it is changed."},
    {"WORKBOT_SLACK_URL", CONFIG_URL, AT(slack_url), NEED_NOT, "https://slack.com", 1, TEXT_MAX,
     "Base of Slack's authorize pages, OpenID and `/api/`."},
    {"WORKBOT_SLACK_SIGN_IN", CONFIG_SWITCH, AT(slack_sign_in), NEED_NOT, "off", 0, 1,
     "`on`: a login proves the person by Sign in with Slack instead of a typed code."},
    {"WORKBOT_SLACK_SIGN_IN_CLIENT_ID", CONFIG_TEXT, AT(slack_sign_in_client_id), NEED_NOT, NULL, 1,
     TEXT_MAX, "Client id of a second Slack app for sign-in. Unset: the Slack app itself."},
    {"WORKBOT_SLACK_SIGN_IN_CLIENT_SECRET", CONFIG_SECRET, AT(slack_sign_in_client_secret),
     NEED_NOT, NULL, 1, SECRET_MAX, "Client secret of that second Slack app."},
    {"WORKBOT_TEAMS_APP_ID", CONFIG_TEXT, AT(teams_app_id), NEED_NOT, NULL, 1, TEXT_MAX,
     "The Azure bot's application id. Unset: Teams is off."},
    {"WORKBOT_TEAMS_APP_SECRET", CONFIG_SECRET, AT(teams_app_secret), NEED_TEAMS, NULL, 1,
     SECRET_MAX, "The Azure bot's client secret."},
    {"WORKBOT_TEAMS_TENANT_ID", CONFIG_TEXT, AT(teams_tenant_id), NEED_TEAMS, NULL, 1, TEXT_MAX,
     "The tenant in which the Azure bot is registered; `botframework.com` for one that was "
     "registered for all tenants."},
    {"WORKBOT_TEAMS_ALLOWED_TENANTS", CONFIG_LIST, AT(teams_allowed_tenants), NEED_NOT, NULL, 1,
     TEXT_MAX, "Customers' tenants, comma separated. Unset: the bot's own tenant."},
    {"WORKBOT_TEAMS_SIGN_IN", CONFIG_SWITCH, AT(teams_sign_in), NEED_NOT, "off", 0, 1,
     "`on`: a login proves the person by Entra sign-in instead of a typed code."},
    {"WORKBOT_TEAMS_CLOUD", CONFIG_CLOUD, AT(teams_cloud), NEED_NOT, "public", 0, 0,
     "`public`, `gcc`, `gcc_high`, `dod` or `china`: issuer, scope and hosts."},
    {"WORKBOT_TEAMS_OPENID_URL", CONFIG_URL, AT(teams_openid_url), NEED_NOT, NULL, 1, TEXT_MAX,
     "Bot Framework metadata. Unset: that of the cloud."},
    {"WORKBOT_TEAMS_LOGIN_URL", CONFIG_URL, AT(teams_login_url), NEED_NOT, NULL, 1, TEXT_MAX,
     "Entra login base. Unset: that of the cloud."},
    {"WORKBOT_TEAMS_SERVICE_HOSTS", CONFIG_HOSTS, AT(teams_service_hosts), NEED_NOT, NULL, 1,
     TEXT_MAX,
     "Exact hosts, or host:port, of a serviceUrl, comma separated. Unset: those of the cloud."},
    {"WORKBOT_APPS_DIR", CONFIG_TEXT, AT(apps_dir), NEED_NOT, NULL, 1, TEXT_MAX,
     "Folder of further app definitions (`*.json`)."},
    {"WORKBOT_TRUSTED_HTTP_HOSTS", CONFIG_HOST_PORTS, AT(trusted_http_hosts), NEED_NOT, NULL, 1,
     TEXT_MAX,
     "`host:port` of local peers for development, comma separated; they are reached by "
     "plain http. Refused unless the public URL is on loopback."},
    {"WORKBOT_WORKERS", CONFIG_INT, AT(workers), NEED_NOT, "32", 1, 1100,
     "Jobs that run at once in this process."},
    {"WORKBOT_DB_CONNECTIONS", CONFIG_INT, AT(db_connections), NEED_NOT, "12", 2, 200,
     "Database connections of this process, at most."},
    {"WORKBOT_DB_PREPARE", CONFIG_SWITCH, AT(db_prepare), NEED_NOT, "on", 0, 1,
     "`off` behind pgbouncer in transaction mode."},
    {"WORKBOT_LOG_LEVEL", CONFIG_LEVEL, AT(log_level), NEED_NOT, "info", 0, 0,
     "`debug`, `info`, `warn` or `error`."},
    {"WORKBOT_TTL_STATE", CONFIG_SECONDS, AT(ttl_state), NEED_NOT, "10m", 1, 86400,
     "A login's state between our page and the provider's answer."},
    {"WORKBOT_TTL_CODE", CONFIG_SECONDS, AT(ttl_code), NEED_NOT, "10m", 1, 86400,
     "A code that is shown in the browser and typed in the chat."},
    {"WORKBOT_TTL_CONSOLE", CONFIG_SECONDS, AT(ttl_console), NEED_NOT, "8h", 1, 30 * 86400,
     "Who signs in to the console is signed out after that."},
    {"WORKBOT_TTL_CONSOLE_IDLE", CONFIG_SECONDS, AT(ttl_console_idle), NEED_NOT, "30m", 1, 86400,
     "The same for who does nothing there for so long."},
    {"WORKBOT_TTL_PROVISIONAL", CONFIG_SECONDS, AT(ttl_provisional), NEED_NOT, "10m", 1, 86400,
     "Tokens that wait for that code."},
    {"WORKBOT_TTL_QUESTION", CONFIG_SECONDS, AT(ttl_question), NEED_NOT, "30m", 1, 7 * 86400,
     "A question the bot has asked."},
    {"WORKBOT_TTL_STALE_WRITE", CONFIG_SECONDS, AT(ttl_stale_write), NEED_NOT, "15m", 1, 7 * 86400,
     "A write that was parked longer shows its inputs again before it runs."},
    {"WORKBOT_TTL_PARKED", CONFIG_SECONDS, AT(ttl_parked), NEED_NOT, "24h", 1, 30 * 86400,
     "A run that waits for its user's login."},
    {"WORKBOT_TTL_PROMPT", CONFIG_SECONDS, AT(ttl_prompt), NEED_NOT, "7d", 1, 90 * 86400,
     "The link of a login prompt; its page renews it after that."},
    {"WORKBOT_TTL_EVENTS", CONFIG_SECONDS, AT(ttl_events), NEED_NOT, "3d", 1, YEAR,
     "Received events are kept so long. Below two days a platform's late retry may run twice."},
    {"WORKBOT_TTL_RUNS", CONFIG_SECONDS, AT(ttl_runs), NEED_NOT, "90d", 1, 10 * YEAR,
     "Runs with their inputs and results are kept so long."},
    {"WORKBOT_TTL_AUDIT", CONFIG_SECONDS, AT(ttl_audit), NEED_NOT, "400d", 1, 10 * YEAR,
     "The audit log is kept so long."},
    {"WORKBOT_TTL_RECONCILE", CONFIG_SECONDS, AT(ttl_reconcile), NEED_NOT, "24h", 1, 30 * 86400,
     "People who hold something here are compared so often with what the chat says of them; by "
     "default each night."},
    {"WORKBOT_TTL_LEASE", CONFIG_SECONDS, AT(ttl_lease), NEED_NOT, "20s", 2, 600,
     "The work of a killed process waits so long before another takes it."},
};

const size_t config_key_count = sizeof(config_keys) / sizeof(config_keys[0]);

static void key_load(arena *mem, const struct config_value *base, const char *(*get)(const char *),
                     bool *ret_faulty)
{
    struct config_value v = *base;
    size_t before = v.faults->count;
    bool faulty = false;
    v.text = config_text(mem, get, v.key, v.faults, &faulty);
    if (v.text == NULL && !faulty && v.key->need == NEED_ALWAYS) {
        faults_add(v.faults, v.key->name, "This is required: set it, or %s_FILE to a file with it.",
                   v.key->name);
    }
    /* a faulty one gets its default too, so that the rest can be read and judged */
    v.text = v.text == NULL ? v.key->absent : v.text;
    if (v.text != NULL) {
        config_parse(&v);
    }
    *ret_faulty = v.faults->count != before;
}

void config_load(arena *mem, const char *(*get)(const char *name), struct config *ret,
                 struct faults *faults)
{
    bool *faulty = arena_array(mem, config_key_count, sizeof(bool));
    memset(ret, 0, sizeof(*ret));
    for (size_t i = 0; i < config_key_count; i++) {
        const struct config_key *key = &config_keys[i];
        struct config_value v = {
            .key = key, .faults = faults, .mem = mem, .member = (char *)ret + key->offset};
        key_load(mem, &v, get, &faulty[i]);
    }
    struct config_url url;
    if (ret->public_url != NULL && config_url_split(mem, ret->public_url, &url)) {
        ret->public_is_loopback = !url.https && config_host_is_loopback(mem, url.host);
    }
    config_rules(ret, faulty, faults);
}

char *config_reference(arena *mem)
{
    struct str s = str_new(mem, 64 * 1024);
    for (size_t i = 0; i < config_key_count; i++) {
        const struct config_key *key = &config_keys[i];
        static const char *const needs[] = {[NEED_NOT] = "",
                                            [NEED_ALWAYS] = "required",
                                            [NEED_SLACK] = "required with Slack",
                                            [NEED_TEAMS] = "required with Teams"};
        str_printf(&s, "| `%s` | %s | ", key->name, key->help);
        if (key->absent != NULL) {
            str_printf(&s, "`%s`", key->absent);
        } else {
            str_add(&s, needs[key->need]);
        }
        if (key->type == CONFIG_INT) {
            str_printf(&s, " (%lld to %lld)", (long long)key->min, (long long)key->max);
        }
        str_add(&s, " |\n");
    }
    return s.text;
}
