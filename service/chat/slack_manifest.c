/*
 * The Slack app as Slack is told about it (docs.slack.dev/reference/app-manifest, schema 2.1):
 * every event, scope, shortcut and address that the service uses, and nothing else.
 */
#include "chat_int.h"

#include <string.h>

#include "base/json.h"
#include "base/str.h"

/* What for: slash command and shortcuts, answers, mentions, direct messages (their words and
 * finding a post of ours again), opening them, who a person is, what kind of place a channel is.
 * The e-mail is for account_match alone, and files for commands that take one; whoever installs may
 * leave both out. */
static const char *const scopes[] = {"commands",        "chat:write",  "app_mentions:read",
                                     "im:history",      "im:write",    "users:read",
                                     "channels:read",   "groups:read", "users:read.email",
                                     SLACK_SCOPE_FILES, NULL};
static const char *const optional_scopes[] = {"users:read.email", SLACK_SCOPE_FILES, NULL};

static const char *const events[] = {
    "message.im",          "app_mention",         "app_home_opened",    "member_joined_channel",
    "user_change",         "team_join",           "app_uninstalled",    "tokens_revoked",
    "team_access_granted", "team_access_revoked", "channel_id_changed", NULL};

const char *const *chat_slack_scopes(void)
{
    return scopes;
}

bool chat_slack_scope_is_optional(const char *scope)
{
    size_t i = 0;
    while (optional_scopes[i] != NULL && !str_equal(optional_scopes[i], scope)) {
        i++;
    }
    return optional_scopes[i] != NULL;
}

static json_t *list(const char *const *texts)
{
    json_t *array = json_array();
    for (size_t i = 0; texts[i] != NULL; i++) {
        json_array_append_new(array, json_string(texts[i]));
    }
    return array;
}

static json_t *address(arena *mem, const struct slack_manifest *m, const char *path)
{
    return json_string(arena_printf(mem, "%s%s", m->public_url, path));
}

static json_t *shortcut(const char *name, const char *type, const char *id, const char *description)
{
    return json_pack("{s:s, s:s, s:s, s:s}", "name", name, "type", type, "callback_id", id,
                     "description", description);
}

static json_t *features(arena *mem, const struct slack_manifest *m)
{
    json_t *command = json_pack(
        "{s:s, s:o, s:s, s:s, s:b}", "command", "/workbot", "url",
        address(mem, m, "/slack/commands"), "description", "Run a Workbot command, privately",
        "usage_hint", "help | connections | connect <app> | <command>", "should_escape", true);
    json_t *shortcuts =
        json_pack("[o, o]",
                  shortcut("Workbot connections", "global", SLACK_SHORTCUT_CONNECTIONS,
                           "See, make and end your personal connections"),
                  shortcut("Use in a command", "message", SLACK_SHORTCUT_USE,
                           "Run a Workbot command with the text of this message"));
    return json_pack("{s:{s:b, s:b, s:b}, s:{s:s, s:b}, s:[o], s:o}", "app_home",
                     "home_tab_enabled", true, "messages_tab_enabled", true,
                     "messages_tab_read_only_enabled", false, "bot_user", "display_name", "Workbot",
                     "always_online", true, "slash_commands", command, "shortcuts", shortcuts);
}

static json_t *oauth_config(arena *mem, const struct slack_manifest *m)
{
    json_t *granted =
        json_pack("{s:o, s:o}", "bot", list(scopes), "bot_optional", list(optional_scopes));
    if (m->signs_in) {
        json_object_set_new(granted, "user", json_pack("[s]", "openid"));
    }
    return json_pack("{s:[o, o], s:o}", "redirect_urls", address(mem, m, "/slack/oauth/callback"),
                     address(mem, m, "/identity/slack/callback"), "scopes", granted);
}

static json_t *settings(arena *mem, const struct slack_manifest *m)
{
    return json_pack("{s:{s:o, s:o}, s:{s:b, s:o, s:o}, s:b, s:b, s:b}", "event_subscriptions",
                     "request_url", address(mem, m, "/slack/events"), "bot_events", list(events),
                     "interactivity", "is_enabled", true, "request_url",
                     address(mem, m, "/slack/interactions"), "message_menu_options_url",
                     address(mem, m, "/slack/options"), "org_deploy_enabled", true,
                     "socket_mode_enabled", false, "token_rotation_enabled", true);
}

json_t *chat_slack_manifest(arena *mem, const struct slack_manifest *m)
{
    return arena_json(
        mem,
        json_pack("{s:{s:i, s:i}, s:{s:s, s:s, s:s}, s:o, s:o, s:o}", "_metadata", "major_version",
                  2, "minor_version", 1, "display_information", "name", "Workbot", "description",
                  "Runs your company's app commands as the person who typed them",
                  "background_color", "#1a3a5c", "features", features(mem, m), "oauth_config",
                  oauth_config(mem, m), "settings", settings(mem, m)));
}

char *chat_slack_manifest_link(arena *mem, const json_t *manifest)
{
    const char *text = json_write(mem, manifest);
    struct str link = str_new(mem, 3 * strlen(text) + 100);
    str_add(&link, "https://api.slack.com/apps?new_app=1&manifest_json=");
    str_add_url(&link, text);
    return link.text;
}
