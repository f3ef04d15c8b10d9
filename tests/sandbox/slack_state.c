#include "slack.h"

#include "world.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { MESSAGES_MAX = 20000 }; /* per channel; the oldest leave */

static json_t *teams;  /* id -> team */
static json_t *tokens; /* token -> {team, scopes[], revoked} */

const json_t *slack_settings(void)
{
    return json_object_get(world_seed(), "slack");
}

const char *slack_app(const char *key)
{
    return json_str_or(json_object_get(slack_settings(), "app"), key, "");
}

json_t *slack_teams(void)
{
    return teams;
}

json_t *slack_team(const char *id)
{
    return id == NULL ? NULL : json_object_get(teams, id);
}

json_t *slack_tokens(void)
{
    return tokens;
}

const char *slack_bot(const json_t *team, const char *key)
{
    return json_str_or(json_object_get(team, "bot"), key, "");
}

json_t *slack_user(json_t *team, const char *id)
{
    return id == NULL ? NULL : json_object_get(json_object_get(team, "users"), id);
}

json_t *slack_user_by_name(json_t *team, const char *name_or_id)
{
    json_t *found = slack_user(team, name_or_id);
    const char *id = NULL;
    json_t *user = NULL;
    json_object_foreach(json_object_get(team, "users"), id, user)
    {
        if (found == NULL && strcmp(json_str_or(user, "name", ""), name_or_id) == 0) {
            found = user;
        }
    }
    return found;
}

json_t *slack_channel(json_t *team, const char *id)
{
    return id == NULL ? NULL : json_object_get(json_object_get(team, "channels"), id);
}

bool slack_is_im(const json_t *channel)
{
    return strcmp(json_str_or(channel, "kind", ""), "im") == 0;
}

bool slack_is_member(const json_t *channel, const char *user)
{
    return user != NULL && json_object_get(json_object_get(channel, "members"), user) != NULL;
}

json_t *slack_channel_new(json_t *team, const json_t *from)
{
    json_t *channel = json_deep_copy(from);
    json_t *members = json_object();
    size_t i = 0;
    json_t *member = NULL;
    json_array_foreach(json_object_get(from, "members"), i, member)
    {
        json_object_set_new(members, json_string_value(member), json_true());
    }
    if (slack_is_im(channel) && json_str(channel, "user") != NULL) { /* with the bot */
        json_object_set_new(members, slack_bot(team, "user_id"), json_true());
        json_object_set_new(members, json_str_or(channel, "user", ""), json_true());
    }
    json_object_set_new(channel, "members", members);
    json_object_set_new(channel, "messages", json_object());
    json_object_set_new(channel, "created", json_integer(1700000000));
    json_object_set_new(json_object_get(team, "channels"), json_str_or(channel, "id", ""), channel);
    return channel;
}

json_t *slack_dm(json_t *team, const char *user, bool create)
{
    const char *id = NULL;
    json_t *channel = NULL;
    json_object_foreach(json_object_get(team, "channels"), id, channel)
    {
        if (slack_is_im(channel) && strcmp(json_str_or(channel, "user", ""), user) == 0) {
            return channel;
        }
    }
    if (!create) {
        return NULL;
    }
    char *fresh = random_id("D0", 9);
    json_t *from = json_pack("{s:s, s:s, s:s}", "id", fresh, "kind", "im", "user", user);
    channel = slack_channel_new(team, from);
    json_decref(from);
    free(fresh);
    return channel;
}

json_t *slack_place(json_t *team, const char *user, const char *place)
{
    if (strcmp(place, "dm") == 0) {
        return user == NULL ? NULL : slack_dm(team, user, true);
    }
    json_t *found = slack_channel(team, place);
    const char *name = place[0] == '#' ? place + 1 : place;
    const char *id = NULL;
    json_t *channel = NULL;
    json_object_foreach(json_object_get(team, "channels"), id, channel)
    {
        if (found == NULL && strcmp(json_str_or(channel, "name", ""), name) == 0) {
            found = channel;
        }
    }
    return found;
}

void slack_ts(char ret[32])
{
    static int64_t last_us;
    struct timespec t;
    clock_gettime(CLOCK_REALTIME, &t);
    int64_t us = (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
    if (us <= last_us) {
        us = last_us + 1;
    }
    last_us = us;
    snprintf(ret, 32, "%lld.%06lld", (long long)(us / 1000000), (long long)(us % 1000000));
}

json_t *slack_message(json_t *channel, const char *ts)
{
    return ts == NULL ? NULL : json_object_get(json_object_get(channel, "messages"), ts);
}

json_t *slack_message_add(json_t *channel, json_t *message)
{
    if (json_str(message, "ts") == NULL) {
        char ts[32];
        slack_ts(ts);
        json_object_set_new(message, "ts", json_string(ts));
    }
    json_t *messages = json_object_get(channel, "messages");
    json_object_set_new(messages, json_str(message, "ts"), message);
    while (json_object_size(messages) > MESSAGES_MAX) {
        char *oldest = xstrdup(json_object_iter_key(json_object_iter(messages)));
        json_object_del(messages, oldest);
        free(oldest);
    }
    world_touch();
    return message;
}

json_t *slack_message_public(const json_t *message)
{
    json_t *copy = json_object();
    const char *key = NULL;
    json_t *value = NULL;
    json_t *from = json_incref((json_t *)(uintptr_t)message);
    json_object_foreach(from, key, value)
    {
        if (key[0] != '_') {
            json_object_set_new(copy, key, json_deep_copy(value));
        }
    }
    json_decref(from);
    return copy;
}

bool slack_may_see(const json_t *channel, const json_t *message, const char *user)
{
    const char *only = json_str(message, "_to");
    if (only != NULL && strcmp(only, user) != 0) {
        return false;
    }
    return slack_is_member(channel, user);
}

json_t *slack_user_json(json_t *team, const json_t *user, bool with_email)
{
    const char *real_name = json_str_or(user, "real_name", "");
    json_t *profile = json_pack("{s:s, s:s, s:s, s:s, s:s}", "real_name", real_name, "display_name",
                                json_str_or(user, "display_name", ""), "title", "", "status_text",
                                json_str_or(user, "status_text", ""), "status_emoji",
                                json_str_or(user, "status_emoji", ""));
    if (with_email && json_str(user, "email") != NULL) {
        json_object_set(profile, "email", json_object_get(user, "email"));
    }
    json_t *out = json_pack(
        "{s:s, s:s, s:s, s:b, s:s, s:s, s:i, s:o, s:b, s:b, s:b, s:b, s:b, s:b, s:I}", "id",
        json_str_or(user, "id", ""), "team_id",
        json_str_or(user, "team_id", json_str_or(team, "id", "")), "name",
        json_str_or(user, "name", ""), "deleted", json_flag(user, "deleted", false), "real_name",
        real_name, "tz", "Europe/Berlin", "tz_offset", 3600, "profile", profile, "is_admin",
        json_flag(user, "is_admin", false), "is_owner", json_flag(user, "is_owner", false),
        "is_restricted", json_flag(user, "is_restricted", false), "is_ultra_restricted",
        json_flag(user, "is_ultra_restricted", false), "is_bot", json_flag(user, "is_bot", false),
        "is_app_user", false, "updated", (json_int_t)1700000000);
    if (json_flag(user, "is_stranger", false)) {
        json_object_set_new(out, "is_stranger", json_true());
    }
    if (json_flag(user, "is_forgotten", false)) {
        json_object_set_new(out, "is_forgotten", json_true());
    }
    const json_t *org = slack_org(team);
    if (org != NULL && json_object_get(user, "teams") != NULL) {
        json_object_set_new(
            out, "enterprise_user",
            json_pack("{s:O, s:O, s:O, s:b, s:b, s:O}", "id", json_object_get(user, "id"),
                      "enterprise_id", json_object_get(org, "id"), "enterprise_name",
                      json_object_get(org, "name"), "is_admin", json_flag(user, "is_admin", false),
                      "is_owner", json_flag(user, "is_owner", false), "teams",
                      json_object_get(user, "teams")));
    }
    return out;
}

json_t *slack_channel_json(json_t *team, const json_t *channel)
{
    const char *kind = json_str_or(channel, "kind", "channel");
    const char *id = json_str_or(channel, "id", "");
    const char *team_id = json_str_or(team, "id", "");
    json_int_t created = (json_int_t)json_int_or(channel, "created", 0);
    if (slack_is_im(channel)) {
        return json_pack("{s:s, s:I, s:b, s:b, s:b, s:s, s:b, s:b, s:s}", "id", id, "created",
                         created, "is_im", true, "is_org_shared", false, "is_archived", false,
                         "user", json_str_or(channel, "user", ""), "is_user_deleted", false,
                         "is_open", true, "context_team_id", team_id);
    }
    bool external = json_flag(channel, "is_ext_shared", false);
    bool org_shared = json_flag(channel, "is_org_shared", false);
    bool private = strcmp(kind, "channel") != 0;
    return json_pack(
        "{s:s, s:s, s:I, s:b, s:b, s:b, s:b, s:b, s:b, s:b, s:b, s:b, s:b, s:b, s:s, s:s}", "id",
        id, "name", json_str_or(channel, "name", ""), "created", created, "is_channel", !private,
        "is_group", strcmp(kind, "group") == 0, "is_im", false, "is_mpim",
        strcmp(kind, "mpim") == 0, "is_private", private, "is_archived",
        json_flag(channel, "is_archived", false), "is_general", false, "is_shared",
        external || org_shared, "is_ext_shared", external, "is_org_shared", org_shared, "is_member",
        slack_is_member(channel, slack_bot(team, "user_id")), "creator",
        json_str_or(team, "installer", ""), "context_team_id", team_id);
}

static void bot_user_add(const json_t *team, json_t *users)
{
    json_object_set_new(users, slack_bot(team, "user_id"),
                        json_pack("{s:s, s:s, s:s, s:b}", "id", slack_bot(team, "user_id"), "name",
                                  slack_bot(team, "name"), "real_name", "Workbot", "is_bot", true));
}

static json_t *scopes_of(const json_t *bot)
{
    json_t *own = json_object_get(bot, "scopes");
    return own != NULL ? own : json_object_get(slack_settings(), "scopes");
}

/* The seed's token of a workspace or organisation, if it begins installed. */
static void seed_install(const json_t *owner, bool org)
{
    const json_t *bot = json_object_get(owner, "bot");
    const char *token = json_str_or(bot, "token", "");
    if (token[0] != '\0') {
        json_t *install = slack_install_add(json_str_or(owner, "id", ""), org, scopes_of(bot));
        slack_install_token(install, token, 0);
    }
}

static void team_load(const json_t *from)
{
    json_t *team = json_deep_copy(from);
    json_t *users = json_object();
    size_t i = 0;
    json_t *item = NULL;
    if (slack_org_install(team)) {
        json_object_set(team, "bot", json_object_get(slack_org(team), "bot"));
    }
    json_array_foreach(json_object_get(from, "users"), i, item)
    {
        json_object_set_new(users, json_str_or(item, "id", ""), json_deep_copy(item));
    }
    slack_org_people(team, users);
    bot_user_add(team, users);
    json_object_set_new(team, "users", users);
    json_object_set_new(team, "channels", json_object());
    json_object_set(teams, json_str_or(team, "id", ""), team);
    json_array_foreach(json_object_get(from, "channels"), i, item)
    {
        slack_channel_new(team, item);
    }
    slack_org_channels(team);
    if (!slack_org_install(team)) {
        seed_install(team, false);
    }
    json_decref(team);
}

void slack_reset(json_t *seed)
{
    json_decref(teams);
    json_decref(tokens);
    teams = json_object();
    tokens = json_object();
    slack_installs_reset();
    slack_orgs_reset(seed);
    const char *org_id = NULL;
    json_t *org = NULL;
    json_object_foreach(slack_orgs(), org_id, org)
    {
        seed_install(org, true);
    }
    size_t i = 0;
    json_t *team = NULL;
    json_array_foreach(json_object_get(seed, "workspaces"), i, team)
    {
        team_load(team);
    }
    slack_response_reset();
    slack_views_reset();
    slack_files_reset();
    slack_oauth_reset();
    slack_openid_reset();
    slack_limits_reset();
    world_touch();
}
