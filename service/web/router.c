#include "web_int.h"

#include "base/limits.h"

/* method, path, kind, listener, gate, largest body, handler, operationId in openapi.yaml: one route
 * a row and line, the busiest first. */
/* clang-format off */
static const struct route routes[] = {
    {WB_POST, "/slack/events", ROUTE_INTAKE, LISTEN_MAIN, GATE_NONE, LIMIT_WEBHOOK_BODY, slack_events_post, "slackEvents"},
    {WB_POST, "/slack/interactions", ROUTE_INTAKE, LISTEN_MAIN, GATE_NONE, LIMIT_WEBHOOK_BODY, slack_interactions_post, "slackInteractions"},
    {WB_POST, "/slack/commands", ROUTE_INTAKE, LISTEN_MAIN, GATE_NONE, LIMIT_WEBHOOK_BODY, slack_commands_post, "slackCommands"},
    {WB_POST, "/teams/messages", ROUTE_INTAKE, LISTEN_MAIN, GATE_NONE, LIMIT_TEAMS_BODY, teams_messages_post, "teamsMessages"},
    {WB_GET, "/slack/install", ROUTE_INLINE, LISTEN_MAIN, GATE_NONE, 0, slack_install_get, "getSlackInstall"},
    {WB_GET, "/slack/oauth/callback", ROUTE_CALLER, LISTEN_MAIN, GATE_NONE, 0, slack_oauth_callback_get, "getSlackOauthCallback"},
    {WB_POST, "/slack/options", ROUTE_INTAKE, LISTEN_MAIN, GATE_NONE, LIMIT_WEBHOOK_BODY, slack_options_post, "slackOptions"},
    {WB_GET, "/login/{handle}", ROUTE_WORKER, LISTEN_MAIN, GATE_NONE, 0, login_get, "getLogin"},
    {WB_POST, "/login/{handle}", ROUTE_WORKER, LISTEN_MAIN, GATE_FORM, LIMIT_FORM_BODY, login_post, "postLogin"},
    {WB_GET, "/login/{handle}/result", ROUTE_WORKER, LISTEN_MAIN, GATE_NONE, 0, login_result_get, "getLoginResult"},
    {WB_GET, "/oauth/callback/{id}", ROUTE_CALLER, LISTEN_MAIN, GATE_NONE, 0, oauth_callback_get, "getOauthCallback"},
    {WB_GET, "/identity/slack/callback", ROUTE_CALLER, LISTEN_MAIN, GATE_NONE, 0, slack_identity_callback_get, "getSlackIdentityCallback"},
    {WB_GET, "/identity/teams/callback", ROUTE_CALLER, LISTEN_MAIN, GATE_NONE, 0, teams_identity_callback_get, "getTeamsIdentityCallback"},
    {WB_GET, "/setup/{handle}", ROUTE_WORKER, LISTEN_MAIN, GATE_NONE, 0, setup_get, "getSetup"},
    {WB_POST, "/setup/{handle}", ROUTE_WORKER, LISTEN_MAIN, GATE_FORM, LIMIT_FORM_BODY, setup_post, "postSetup"},
    {WB_GET, "/v1/apps", ROUTE_WORKER, LISTEN_API, GATE_API, 0, api_apps_get, "listApps"},
    {WB_GET, "/v1/workspaces", ROUTE_WORKER, LISTEN_API, GATE_API, 0, api_workspaces_get, "listWorkspaces"},
    {WB_PUT, "/v1/workspaces/{workspace}", ROUTE_WORKER, LISTEN_API, GATE_API, LIMIT_API_BODY, api_workspace_put, "putWorkspace"},
    {WB_GET, "/v1/workspaces/{workspace}", ROUTE_WORKER, LISTEN_API, GATE_API, 0, api_workspace_get, "getWorkspace"},
    {WB_DELETE, "/v1/workspaces/{workspace}", ROUTE_WORKER, LISTEN_API, GATE_API, 0, api_workspace_delete, "deleteWorkspace"},
    {WB_POST, "/v1/workspaces/{workspace}/admin-links", ROUTE_WORKER, LISTEN_API, GATE_API, LIMIT_FORM_BODY, api_admin_links_post, "makeAdminLink"},
    {WB_DELETE, "/v1/workspaces/{workspace}/admin-links", ROUTE_WORKER, LISTEN_API, GATE_API, 0, api_admin_links_delete, "endAdminLinks"},
    {WB_GET, "/v1/workspaces/{workspace}/connections", ROUTE_WORKER, LISTEN_API, GATE_API, 0, api_connections_get, "listConnections"},
    {WB_PUT, "/v1/workspaces/{workspace}/connections/{name}", ROUTE_WORKER, LISTEN_API, GATE_API, LIMIT_API_BODY, api_connection_put, "putConnection"},
    {WB_GET, "/v1/workspaces/{workspace}/connections/{name}", ROUTE_WORKER, LISTEN_API, GATE_API, 0, api_connection_get, "getConnection"},
    {WB_DELETE, "/v1/workspaces/{workspace}/connections/{name}", ROUTE_WORKER, LISTEN_API, GATE_API, 0, api_connection_delete, "deleteConnection"},
    {WB_POST, "/v1/workspaces/{workspace}/connections/{name}/login", ROUTE_WORKER, LISTEN_API, GATE_API, LIMIT_FORM_BODY, api_connection_login, "startConnectionLogin"},
    {WB_POST, "/v1/workspaces/{workspace}/connections/{name}/login/confirm", ROUTE_WORKER, LISTEN_API, GATE_API, LIMIT_FORM_BODY, api_connection_confirm, "confirmConnectionLogin"},
    {WB_GET, "/v1/workspaces/{workspace}/recipes", ROUTE_WORKER, LISTEN_API, GATE_API, 0, api_recipes_get, "listRecipes"},
    {WB_PUT, "/v1/workspaces/{workspace}/recipes/{name}", ROUTE_WORKER, LISTEN_API, GATE_API, LIMIT_RECIPE_BODY, api_recipe_put, "putRecipe"},
    {WB_GET, "/v1/workspaces/{workspace}/recipes/{name}", ROUTE_WORKER, LISTEN_API, GATE_API, 0, api_recipe_get, "getRecipe"},
    {WB_DELETE, "/v1/workspaces/{workspace}/recipes/{name}", ROUTE_WORKER, LISTEN_API, GATE_API, 0, api_recipe_delete, "deleteRecipe"},
    {WB_GET, "/v1/workspaces/{workspace}/personal-connections", ROUTE_WORKER, LISTEN_API, GATE_API, 0, api_personal_list, "listPersonalConnections"},
    {WB_DELETE, "/v1/workspaces/{workspace}/personal-connections", ROUTE_WORKER, LISTEN_API, GATE_API, 0, api_personal_delete_app, "deletePersonalConnections"},
    {WB_DELETE, "/v1/workspaces/{workspace}/personal-connections/{id}", ROUTE_WORKER, LISTEN_API, GATE_API, 0, api_personal_delete, "deletePersonalConnection"},
    {WB_GET, "/v1/workspaces/{workspace}/runs", ROUTE_WORKER, LISTEN_API, GATE_API, 0, api_runs_get, "listRuns"},
    {WB_GET, "/v1/workspaces/{workspace}/runs/{id}", ROUTE_WORKER, LISTEN_API, GATE_API, 0, api_run_get, "getRun"},
    {WB_GET, "/v1/workspaces/{workspace}/audit", ROUTE_WORKER, LISTEN_API, GATE_API, 0, api_audit_get, "listAudit"},
    {WB_GET, "/", ROUTE_INLINE, LISTEN_MAIN, GATE_NONE, 0, front_get, "getFront"},
    {WB_GET, "/assets/style.css", ROUTE_INLINE, LISTEN_MAIN, GATE_NONE, 0, style_get, "getStyle"},
    {WB_GET, "/assets/teams_window.js", ROUTE_INLINE, LISTEN_MAIN, GATE_NONE, 0, teams_window_script_get, "getTeamsWindowScript"},
    {WB_GET, "/openapi.yaml", ROUTE_INLINE, LISTEN_MAIN, GATE_NONE, 0, openapi_get, "getOpenapi"},
    {WB_GET, "/privacy", ROUTE_INLINE, LISTEN_MAIN, GATE_NONE, 0, privacy_get, "getPrivacy"},
    {WB_GET, "/terms", ROUTE_INLINE, LISTEN_MAIN, GATE_NONE, 0, terms_get, "getTerms"},
    {WB_GET, "/healthz", ROUTE_INLINE, LISTEN_OPS, GATE_NONE, 0, ops_healthz, "getHealth"},
    {WB_GET, "/readyz", ROUTE_WORKER, LISTEN_OPS, GATE_NONE, 0, ops_readyz, "getReady"},
    {WB_GET, "/metrics", ROUTE_INLINE, LISTEN_OPS, GATE_NONE, 0, ops_metrics, "getMetrics"},
};
/* clang-format on */

const struct route *router_routes(size_t *ret_count)
{
    *ret_count = sizeof routes / sizeof routes[0];
    return routes;
}
