/* Who a person is to the place where Workbot is installed (docs.slack.dev/apis/slack-connect). */
#include "chat_int.h"

#include <string.h>

#include "base/json.h"
#include "base/str.h"

/* Fails closed: who cannot be placed is a stranger. A person of an organisation is at home in a
 * workspace when Slack lists that workspace, whichever is the person's first one. */
static bool is_stranger(const json_t *user, const char *workspace)
{
    if (json_flag(user, "is_stranger") || !str_starts(workspace, slack_driver.prefix)) {
        return true;
    }
    const char *home = workspace + strlen(slack_driver.prefix);
    const json_t *org = json_member(user, "enterprise_user");
    return !(str_equal(slack_id(user, "team_id"), home) ||
             str_equal(slack_id(org, "enterprise_id"), home) ||
             json_has(json_member(org, "teams"), home));
}

static const char *shown_name(const json_t *user)
{
    const json_t *profile = json_member(user, "profile");
    const char *const names[] = {
        json_text(profile, "display_name"),
        json_text(profile, "real_name"),
        json_text(user, "real_name"),
        json_text(user, "name"),
        slack_id(user, "id"),
    };
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (str_visible(names[i])) {
            return names[i];
        }
    }
    return "";
}

/* A deactivated person is told with few of the other members. */
static bool is_partial(const json_t *user)
{
    const json_t *deleted = json_member(user, "deleted");
    return !json_is_boolean(deleted) ||
           (json_is_false(deleted) && (slack_id(user, "team_id") == NULL ||
                                       !json_is_boolean(json_member(user, "is_restricted"))));
}

void slack_person_of(const json_t *user, const char *workspace, struct chat_person *ret)
{
    *ret = (struct chat_person){
        .name = shown_name(user),
        .email = json_text(json_member(user, "profile"), "email"),
        .time_zone = json_text(user, "tz"),
        .deactivated = json_flag(user, "deleted"),
        .bot = json_flag(user, "is_bot") || json_flag(user, "is_workflow_bot") ||
               str_equal(slack_id(user, "id"), "USLACKBOT"),
        .guest = json_flag(user, "is_restricted") || json_flag(user, "is_ultra_restricted"),
        .stranger = is_stranger(user, workspace),
        .team = slack_id(user, "team_id"),
        .organisation = slack_id(json_member(user, "enterprise_user"), "enterprise_id"),
        .changed_at = json_i64(user, "updated"),
        .partial = is_partial(user),
    };
}

static const char **teams_of(arena *mem, const json_t *user, size_t *ret_count)
{
    const json_t *ids = json_member(json_member(user, "enterprise_user"), "teams");
    const char **list = arena_array(mem, json_array_size(ids) + 1, sizeof *list);
    size_t count = 0;
    for (size_t i = 0; i < json_array_size(ids); i++) {
        const char *id = json_string_value(json_array_get(ids, i));
        if (!str_empty(id)) {
            list[count++] = arena_printf(mem, "%s%s", slack_driver.prefix, id);
        }
    }
    *ret_count = count;
    return list;
}

int slack_person(chats *c, arena *mem, const struct chat_access *a, const char *user_id,
                 struct chat_person *ret, struct err *e)
{
    struct slack_call call = {.method = "users.info", .absent = "user_not_found"};
    slack_call_add(&call, "user", user_id);
    json_t *answer = NULL;
    if (slack_api(c, mem, a, &call, &answer, e) != 0) {
        return -1;
    }
    const json_t *user = json_member(answer, "user");
    if (!str_equal(slack_id(user, "id"), user_id)) {
        return err_set(e, ERR_UPSTREAM_BUSY, "chat_busy", "users.info answers with another person");
    }
    slack_person_of(user, a->workspace, ret);
    ret->teams = teams_of(mem, user, &ret->teams_count);
    return 0;
}
