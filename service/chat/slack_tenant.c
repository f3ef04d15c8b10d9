/* Whose installation a payload of Slack is meant for (docs.slack.dev/apis/slack-connect,
 * docs.slack.dev/enterprise/organization-ready-apps). */
#include "chat_int.h"

#include "base/json.h"
#include "base/str.h"

static const char *key_of(arena *mem, const char *id)
{
    return id == NULL ? NULL : arena_printf(mem, "slack:%s", id);
}

/* Where an organisation's id is given as the team's, it is the organisation. */
static bool is_org(const char *id)
{
    return str_starts(id, "E");
}

struct slack_tenant slack_tenant_of(arena *mem, const char *team, const char *org, bool org_wide)
{
    if (org == NULL && is_org(team)) {
        org = team;
    }
    if (is_org(team)) {
        team = NULL;
    }
    if (org_wide || team == NULL) {
        return (struct slack_tenant){.workspace = key_of(mem, org)};
    }
    return (struct slack_tenant){.workspace = key_of(mem, team), .org = key_of(mem, org)};
}

static struct slack_tenant tenant_in(arena *mem, const json_t *object)
{
    return slack_tenant_of(mem, slack_id(object, "team_id"), slack_id(object, "enterprise_id"),
                           slack_flag(object, "is_enterprise_install"));
}

/* The outer ids may be those of another company in a shared channel: they count only when Slack
 * names no authorization at all, as for app_uninstalled. */
struct slack_tenant slack_event_tenant(arena *mem, const json_t *envelope)
{
    const json_t *first = json_array_get(json_member(envelope, "authorizations"), 0);
    return tenant_in(mem, first != NULL ? first : envelope);
}

/* Of buttons, shortcuts, forms and option lists. A form tells where the app is installed, while its
 * team is that of whoever sent it. Never by user.team_id: that can be another company's, or the
 * organisation's, or any of a person's workspaces. */
struct slack_tenant slack_interaction_tenant(arena *mem, const json_t *payload)
{
    const json_t *team = json_member(payload, "team");
    const char *installed = slack_id(json_member(payload, "view"), "app_installed_team_id");
    const char *type = json_text(payload, "type");
    bool form = str_equal(type, "view_submission") || str_equal(type, "view_closed");
    const char *id = form && installed != NULL ? installed : slack_id(payload, "team");
    const char *org = slack_id(payload, "enterprise");
    return slack_tenant_of(mem, id, org != NULL ? org : slack_id(team, "enterprise_id"),
                           slack_flag(payload, "is_enterprise_install"));
}

/* Of a slash command: its form's fields as an object. */
struct slack_tenant slack_command_tenant(arena *mem, const json_t *fields)
{
    return tenant_in(mem, fields);
}

const char *slack_event_workspace(arena *mem, const json_t *envelope)
{
    return slack_event_tenant(mem, envelope).workspace;
}

const char *slack_interaction_workspace(arena *mem, const json_t *payload)
{
    return slack_interaction_tenant(mem, payload).workspace;
}

const char *slack_command_workspace(arena *mem, const json_t *fields)
{
    return slack_command_tenant(mem, fields).workspace;
}

const char *slack_other_home(arena *mem, const char *job_kind, struct bytes payload)
{
    static const struct {
        const char *job_kind;
        struct slack_tenant (*tenant)(arena *, const json_t *);
    } kinds[] = {
        {"slack_event", slack_event_tenant},
        {"slack_interaction", slack_interaction_tenant},
        {"slack_command", slack_command_tenant},
    };
    json_t *object = NULL;
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        if (str_equal(kinds[i].job_kind, job_kind) && json_read(mem, payload, &object, NULL) == 0) {
            return kinds[i].tenant(mem, object).org;
        }
    }
    return NULL;
}
