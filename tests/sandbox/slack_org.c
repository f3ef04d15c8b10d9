/* Enterprise Grid: organisations, their workspaces and people, and the app installed for all. */
#include "slack.h"

#include "world.h"

#include <string.h>

static json_t *orgs; /* id -> {id, name, domain, bot{}, users[], channels[]} */

const json_t *slack_org(const json_t *team)
{
    const char *id = json_str(team, "enterprise");
    return id == NULL ? NULL : json_object_get(orgs, id);
}

json_t *slack_org_by_id(const char *id)
{
    return id == NULL ? NULL : json_object_get(orgs, id);
}

json_t *slack_orgs(void)
{
    return orgs;
}

bool slack_org_install(const json_t *team)
{
    return slack_org(team) != NULL && json_flag(team, "via_org", false);
}

static bool holds(const json_t *list, const char *text)
{
    for (size_t i = 0; i < json_array_size(list); i++) {
        if (strcmp(json_string_value(json_array_get(list, i)), text) == 0) {
            return true;
        }
    }
    return false;
}

void slack_orgs_reset(const json_t *seed)
{
    json_decref(orgs);
    orgs = json_object();
    const json_t *list = json_object_get(seed, "orgs");
    for (size_t i = 0; i < json_array_size(list); i++) {
        json_t *org = json_deep_copy(json_array_get(list, i));
        json_object_set_new(orgs, json_str_or(org, "id", ""), org);
    }
}

/* One object for all workspaces of a person: a change is seen in each. */
void slack_org_people(const json_t *team, json_t *users)
{
    const json_t *people = json_object_get(slack_org(team), "users");
    for (size_t i = 0; i < json_array_size(people); i++) {
        json_t *user = json_array_get(people, i);
        if (holds(json_object_get(user, "teams"), json_str_or(team, "id", ""))) {
            json_object_set(users, json_str_or(user, "id", ""), user);
        }
    }
}

/* The same for conversations: DMs with the bot and channels that several workspaces share. */
void slack_org_channels(json_t *team)
{
    json_t *org = json_object_get(orgs, json_str_or(team, "enterprise", ""));
    json_t *kept = json_object_get(org, "_channels");
    if (org != NULL && kept == NULL) {
        kept = json_object();
        json_object_set_new(org, "_channels", kept);
    }
    const json_t *list = json_object_get(org, "channels");
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *from = json_array_get(list, i);
        const char *id = json_str_or(from, "id", "");
        const json_t *user = slack_user(team, json_str(from, "user"));
        if (user == NULL && !holds(json_object_get(from, "teams"), json_str_or(team, "id", ""))) {
            continue;
        }
        json_t *channel = json_object_get(kept, id);
        if (channel == NULL) {
            channel = slack_channel_new(team, from);
            json_object_set(kept, id, channel);
        }
        json_object_set(json_object_get(team, "channels"), id, channel);
    }
}

/* ---- which workspace a call with an organisation's token means ---- */

static bool granted(const json_t *team, const char *org)
{
    return strcmp(json_str_or(team, "enterprise", ""), org) == 0 &&
           json_flag(team, "via_org", false);
}

static bool team_holds(json_t *team, const struct slack_call *call)
{
    static const char *const people[] = {"user", "users", "user_id"};
    const char *named = slack_arg(call, "team_id");
    if (named != NULL) {
        return strcmp(named, json_str_or(team, "id", "")) == 0;
    }
    const char *channel = slack_arg(call, "channel");
    if (channel != NULL) {
        return slack_channel(team, channel) != NULL || slack_user(team, channel) != NULL;
    }
    const json_t *view = json_object_get(
        slack_views(), slack_arg(call, "view_id") == NULL ? "" : slack_arg(call, "view_id"));
    if (view != NULL) {
        return json_equal(json_object_get(view, "team_id"), json_object_get(team, "id"));
    }
    const char *trigger = slack_arg(call, "trigger_id");
    if (trigger != NULL) {
        return slack_trigger_team(trigger) == team;
    }
    for (size_t i = 0; i < 3; i++) {
        if (slack_arg(call, people[i]) != NULL) {
            return slack_user(team, slack_arg(call, people[i])) != NULL;
        }
    }
    return true;
}

const char *slack_org_team(struct slack_call *call, const char *org)
{
    bool elsewhere = false;
    json_t *first = NULL;
    const char *id = NULL;
    json_t *team = NULL;
    json_object_foreach(slack_teams(), id, team)
    {
        bool may = granted(team, org);
        first = first == NULL && may ? team : first;
        if (strcmp(json_str_or(team, "enterprise", ""), org) != 0 || !team_holds(team, call)) {
            continue;
        }
        if (may) {
            call->team = team;
            return NULL;
        }
        elsewhere = true;
    }
    call->team = first;
    return elsewhere || first == NULL ? "team_access_not_granted" : NULL;
}
