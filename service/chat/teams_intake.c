/* A proven activity at the door: keep it, or answer it at once. Pure, on the HTTP thread. */
#include "teams_read.h"

#include "base/json.h"
#include "base/str.h"

static int dropped(struct teams_intake *out, const char *why)
{
    out->why = why;
    return 0;
}

/* The bot is offered in the organisations that are listed; whoever else found it gets silence. */
static const char *stranger(const chats *c, arena *mem, const json_t *activity,
                            const char **ret_workspace)
{
    const char *tenant = teams_tenant(mem, activity);
    if (tenant == NULL) {
        return "no_tenant";
    }
    *ret_workspace = arena_printf(mem, TEAMS_PREFIX "%s", tenant);
    return teams_is_allowed(&c->settings, tenant) ? NULL : "tenant";
}

/* Who joins or leaves may be of another organisation, and a command may come right after. */
static void heed_people(chats *c, arena *mem, const json_t *activity, const char *workspace)
{
    const char *channel = teams_channel(mem, activity);
    if (channel != NULL && teams_is_type(activity, "conversationUpdate")) {
        places_forget(c->places, places_name(mem, workspace, channel));
    }
}

int chat_teams_intake(chats *c, arena *mem, const struct teams_activity *a,
                      struct teams_intake *ret, struct err *e)
{
    struct teams_intake out = {.payload = a->text};
    const json_t *activity = a->json;
    out.invoke = teams_is_type(activity, "invoke");
    out.job_kind = out.invoke ? "teams_invoke" : "teams_activity";
    const char *strange = stranger(c, mem, activity, &out.workspace);
    if (strange != NULL) {
        *ret = out;
        return dropped(ret, strange);
    }
    if (out.invoke) {
        if (teams_invoke_kept(mem, activity, &out, e) != 0) {
            return -1;
        }
    } else {
        heed_people(c, mem, activity, out.workspace);
        teams_activity_kept(mem, activity, &out);
    }
    *ret = out;
    return 0;
}
