/* The parts that all interaction payloads have in common
 * (docs.slack.dev/reference/interaction-payloads). */
#include "slack_script.h"

#include "world.h"

#include <string.h>

static json_t *payload_team(json_t *team)
{
    const json_t *org = slack_org(team);
    json_t *out = json_pack("{s:O, s:O}", "id", json_object_get(team, "id"), "domain",
                            json_object_get(team, "domain"));
    if (org != NULL) {
        json_object_set(out, "enterprise_id", json_object_get(org, "id"));
        json_object_set(out, "enterprise_name", json_object_get(org, "name"));
    }
    return out;
}

static json_t *payload_enterprise(json_t *team)
{
    const json_t *org = slack_org(team);
    return org == NULL ? json_null()
                       : json_pack("{s:O, s:O}", "id", json_object_get(org, "id"), "name",
                                   json_object_get(org, "name"));
}

/* Of a form, "team" is the sender's own workspace: for people of another company not the one where
 * the app is installed. */
static json_t *payload_sender(const struct scene *s, const char *type)
{
    bool foreign = json_flag(s->user, "is_stranger", false) && strncmp(type, "view_", 5) == 0;
    return foreign ? json_pack("{s:O, s:s}", "id", json_object_get(s->user, "team_id"), "domain",
                               "another-company")
                   : payload_team(s->team);
}

json_t *payload_begin(const struct scene *s, const char *type, const char *trigger)
{
    bool org_install = slack_org_install(s->team);
    const char *name = json_str_or(s->user, "name", "");
    json_t *payload = json_pack("{s:s, s:{s:s, s:s, s:s, s:s}, s:s, s:o, s:o, s:b}", "type", type,
                                "user", "id", s->user_id, "username", name, "name", name, "team_id",
                                json_str_or(s->user, "team_id", json_str_or(s->team, "id", "")),
                                "token", "sample-deprecated-verification-token", "team",
                                org_install ? json_null() : payload_sender(s, type), "enterprise",
                                payload_enterprise(s->team), "is_enterprise_install", org_install);
    if (trigger != NULL) {
        json_object_set_new(payload, "trigger_id", json_string(trigger));
    }
    /* shortcuts come without it */
    if (strcmp(type, "shortcut") != 0 && strcmp(type, "message_action") != 0) {
        json_object_set_new(payload, "api_app_id", json_string(slack_app("app_id")));
    }
    return payload;
}

json_t *payload_channel(const json_t *channel)
{
    const char *kind = json_str_or(channel, "kind", "");
    const char *name = slack_is_im(channel)         ? "directmessage"
                       : strcmp(kind, "group") == 0 ? "privategroup"
                                                    : json_str_or(channel, "name", "");
    return json_pack("{s:O, s:s}", "id", json_object_get(channel, "id"), "name", name);
}

/* Elements carry what the bot offered last (slack_surfaces.c): the sandbox's own knowledge. */
static void hide_offered(json_t *view)
{
    size_t i = 0;
    json_t *block = NULL;
    json_array_foreach(json_object_get(view, "blocks"), i, block)
    {
        json_t *found[26];
        size_t count = slack_block_elements(block, found, 26);
        for (size_t j = 0; j < count; j++) {
            json_object_del(found[j], "_offered");
        }
    }
}

json_t *payload_view(json_t *view)
{
    json_t *out = slack_message_public(view);
    json_t *values = json_object();
    size_t i = 0;
    json_t *block = NULL;
    json_array_foreach(json_object_get(view, "blocks"), i, block)
    {
        json_t *found[26];
        size_t count = slack_block_elements(block, found, 26);
        for (size_t j = 0; j < count; j++) {
            const char *action_id = json_str_or(found[j], "action_id", "");
            const char *block_id = json_str_or(block, "block_id", "");
            json_t *typed = json_object_get(
                json_object_get(json_object_get(view, "_typed"), block_id), action_id);
            json_t *state = typed != NULL ? json_deep_copy(typed) : element_initial(found[j]);
            if (state == NULL) {
                continue;
            }
            if (json_object_get(values, block_id) == NULL) {
                json_object_set_new(values, block_id, json_object());
            }
            json_object_set_new(json_object_get(values, block_id), action_id, state);
        }
    }
    json_object_set_new(out, "state", json_pack("{s:o}", "values", values));
    hide_offered(out);
    return out;
}
