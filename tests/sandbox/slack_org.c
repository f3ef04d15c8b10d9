/* Enterprise Grid: organisations, their workspaces, and the app installed for all of them. */
#include "slack.h"

#include "world.h"

static json_t *orgs; /* id -> {id, name, domain, bot{}, installed} */

const json_t *slack_org(const json_t *team)
{
    const char *id = json_str(team, "enterprise");
    return id == NULL ? NULL : json_object_get(orgs, id);
}

bool slack_org_install(const json_t *team)
{
    return slack_org(team) != NULL && json_flag(team, "via_org", false);
}
