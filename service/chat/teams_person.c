/* Who a person is in the tenant, as the roster of a conversation says
 * (learn.microsoft.com/microsoftteams/platform/bots/how-to/get-teams-context). */
#include "teams_int.h"

#include <string.h>

#include "base/json.h"
#include "base/str.h"

/* Endpoints name it in two ways. */
static const char *object_id(arena *mem, const json_t *member)
{
    const char *id = teams_guid(mem, json_text(member, "aadObjectId"));
    return id != NULL ? id : teams_guid(mem, json_text(member, "objectId"));
}

static bool is_guest(const json_t *member)
{
    const char *name = json_text(member, "userPrincipalName");
    return str_equal_fold(json_text(member, "userRole"), "guest") ||
           (name != NULL && strstr(name, "#EXT#") != NULL);
}

/* Fails closed: whose home is not said is a stranger. A guest acts with an id of this tenant. */
static bool is_stranger(arena *mem, const json_t *member, const char *workspace)
{
    const char *home = teams_guid(mem, json_text(member, "tenantId"));
    return str_equal_fold(json_text(member, "userRole"), "anonymous") ||
           !str_equal(home, teams_tenant_of(workspace));
}

static int read_member(arena *mem, const json_t *member, const char *workspace,
                       struct chat_person *ret)
{
    const char *name = json_text(member, "name");
    const char *email = json_text(member, "email");
    *ret = (struct chat_person){
        .name = str_empty(name) ? "" : name,
        .email = str_empty(email) ? json_text(member, "userPrincipalName") : email,
        .guest = is_guest(member),
        .stranger = is_stranger(mem, member, workspace),
        .team = teams_guid(mem, json_text(member, "tenantId")),
    };
    return 0;
}

static int ask(chats *c, arena *mem, const struct chat_access *a, const char *user_id,
               struct chat_person *ret, struct err *e)
{
    json_t *member = NULL;
    const struct teams_call call = {
        .method = "GET",
        .address = a->address,
        .path = {"conversations", a->channel, "members", user_id},
        .until_ms = a->until_ms,
    };
    if (teams_api(c, mem, &call, &member, e) != 0) {
        return -1;
    }
    if (!str_equal(object_id(mem, member), user_id)) {
        return err_set(e, ERR_UPSTREAM_BUSY, "chat_busy", "the roster answers with another person");
    }
    return read_member(mem, member, a->workspace, ret);
}

static bool is_final(const struct err *e)
{
    return e->kind == ERR_NOT_FOUND || str_equal(e->code, "chat_gone");
}

/* Out of that conversation is not out of the tenant: the one-to-one chat knows. Where none can be
 * had either, the bot is nowhere any more where this person is. */
static int ask_again(chats *c, arena *mem, const struct chat_access *a, const char *user_id,
                     struct chat_person *ret, struct err *e)
{
    struct chat_access there = *a;
    struct err why = {0};
    if (teams_open_dm(c, mem, a, user_id, &there.channel, &why) != 0) {
        bool refused = err_fate(why.kind) == FATE_STOP && why.kind != ERR_CONFIG;
        if (refused) {
            return err_set(e, ERR_NOT_FOUND, "chat_target", "%s is nowhere to be found", user_id);
        }
    } else if (!str_equal(there.channel, a->channel)) {
        return ask(c, mem, &there, user_id, ret, e);
    } else {
        return err_set(e, ERR_NOT_FOUND, "chat_target", "the tenant does not know %s", user_id);
    }
    if (e != NULL) {
        *e = why;
    }
    return -1;
}

int teams_person(chats *c, arena *mem, const struct chat_access *a, const char *user_id,
                 struct chat_person *ret, struct err *e)
{
    struct err why = {0};
    if (a->channel == NULL || a->address == NULL) {
        return err_set(e, ERR_UPSTREAM_BUSY, "chat_unclear", "no conversation with %s is known",
                       user_id);
    }
    if (ask(c, mem, a, user_id, ret, &why) == 0) {
        return 0;
    }
    if (is_final(&why)) {
        return ask_again(c, mem, a, user_id, ret, e);
    }
    if (e != NULL) {
        *e = why;
    }
    return -1;
}
