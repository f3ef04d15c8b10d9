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

/* The name that people sign in by may look like an e-mail and is none: nobody says that its mailbox
 * is theirs, or that there is one. */
static void read_member(arena *mem, const json_t *member, const char *workspace,
                        struct chat_person *ret)
{
    const char *name = json_text(member, "name");
    const char *email = json_text(member, "email");
    *ret = (struct chat_person){
        .name = str_empty(name) ? "" : name,
        .email = str_empty(email) ? NULL : email,
        .guest = is_guest(member),
        .stranger = is_stranger(mem, member, workspace),
        .team = teams_guid(mem, json_text(member, "tenantId")),
    };
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
        .absent = TEAMS_NO_MEMBER,
    };
    if (teams_api(c, mem, &call, &member, e) != 0) {
        return -1;
    }
    if (!str_equal(object_id(mem, member), user_id)) {
        return err_set(e, ERR_UPSTREAM_BUSY, "chat_busy", "the roster answers with another person");
    }
    read_member(mem, member, a->workspace, ret);
    return 0;
}

static bool is_nobody(const struct err *e)
{
    return e->kind == ERR_NOT_FOUND && str_equal(e->code, "chat_nobody");
}

static bool is_gone(const struct err *e)
{
    return str_equal(e->code, "chat_gone");
}

/* What off-boards does not come back: only the words by which the platform means this person do.
 * Whatever else it refuses with says nothing of anybody; what may be over later is tried again. */
static int no_word(const struct err *why, const char *user_id, struct err *e)
{
    bool refused = err_fate(why->kind) == FATE_STOP || why->kind == ERR_INTERNAL;
    if (refused && why->kind != ERR_CONFIG) {
        return err_set(e, ERR_UPSTREAM_BUSY, "chat_unclear", "%s: %s", user_id, why->text);
    }
    if (e != NULL) {
        *e = *why;
    }
    return -1;
}

static int left(const char *user_id, struct err *e)
{
    return err_set(e, ERR_NOT_FOUND, "chat_nobody", "the tenant does not know %s", user_id);
}

/* That the bot is in no place of this person any more is not that the person has left: whoever
 * takes an admin out of a group must not take away what that admin is here. */
static int out_of_reach(const char *user_id, struct err *e)
{
    return err_set(e, ERR_NOT_FOUND, "chat_nowhere", "the bot is nowhere where %s is", user_id);
}

/* Out of that conversation is not out of the tenant, and a conversation that is not there says
 * nothing of who was in it: the one-to-one chat knows, as it is now. */
static int ask_again(chats *c, arena *mem, const struct chat_access *a, const char *user_id,
                     struct chat_person *ret, struct err *e)
{
    const struct err first = *e;
    struct chat_access there = *a;
    struct err why = {0};
    if (teams_open_dm(c, mem, a, user_id, &there.channel, &why) != 0) {
        if (is_gone(&why) && (is_nobody(&first) || is_gone(&first))) {
            return out_of_reach(user_id, e);
        }
        return is_nobody(&why) ? left(user_id, e) : no_word(&why, user_id, e);
    }
    if (str_equal(there.channel, a->channel)) {
        return is_nobody(&first) ? left(user_id, e) : no_word(&first, user_id, e);
    }
    if (ask(c, mem, &there, user_id, ret, &why) != 0) {
        return is_nobody(&why) ? left(user_id, e) : no_word(&why, user_id, e);
    }
    ret->dm = there.channel;
    ret->dm_address = there.address;
    return 0;
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
    if (!is_nobody(&why) && !is_gone(&why) && !str_equal(why.code, "chat_unclear")) {
        return no_word(&why, user_id, e);
    }
    int rc = ask_again(c, mem, a, user_id, ret, &why);
    if (rc != 0 && e != NULL) {
        *e = why;
    }
    return rc;
}
