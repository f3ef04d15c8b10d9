/* The life of an installation: the app comes and goes, people and places change. */
#include "teams.h"

#include "world.h"

#include <stdlib.h>
#include <string.h>

/* ---- installing ---- */

static json_t *installation(const struct teams_scene *s, const char *action, const json_t *body)
{
    json_t *activity = teams_activity(s, "installationUpdate");
    json_object_set_new(activity, "action", json_string(json_str_or(body, "action", action)));
    json_t *data = json_object_get(activity, "channelData");
    json_object_set_new(data, "source", json_pack("{s:s}", "name", "message"));
    if (teams_is(s->place, "channel")) {
        json_object_set_new(
            data, "settings",
            json_pack("{s:{s:O}}", "selectedChannel", "id", json_object_get(s->place, "id")));
    }
    teams_overlay(activity, json_object_get(body, "activity"));
    return activity;
}

static json_t *membership(const struct teams_scene *s, const char *members, const char *event)
{
    json_t *activity = teams_activity(s, "conversationUpdate");
    char *bot = teams_bot();
    json_object_set_new(activity, members, json_pack("[{s:s}]", "id", bot));
    if (teams_is(s->place, "channel")) {
        json_object_set_new(json_object_get(activity, "channelData"), "eventType",
                            json_string(event));
    }
    free(bot);
    return activity;
}

/* Sends what is given (and drops it); {"ok", status, attempts}. */
static void send_all(struct request *req, const json_t *body, json_t *list)
{
    json_t *answer = json_pack("{s:b, s:O}", "ok", true, "activities", list);
    json_t *damage = teams_body_damage(body);
    size_t i = 0;
    json_t *activity = NULL;
    json_array_foreach(list, i, activity)
    {
        if (json_flag(body, "deliver", true)) {
            struct teams_sent sent = teams_send(activity, damage, true);
            teams_tell(answer, &sent);
            teams_sent_free(&sent);
        }
    }
    json_decref(damage);
    json_decref(list);
    http_reply_json(req, 200, answer);
}

/* Where the app is now, or no more: the person's own, a team's or a chat's. */
static void set_installed(const struct teams_scene *s, bool installed)
{
    json_t *what = teams_is(s->place, "channel")    ? teams_team_of(s->tenant, s->place)
                   : teams_is(s->place, "personal") ? s->user
                                                    : s->place;
    json_object_set_new(what, "installed", json_boolean(installed));
    if (teams_is(s->place, "personal")) {
        json_object_set_new(s->place, "installed", json_boolean(installed));
    }
    world_touch();
}

static bool scene_with_place(struct request *req, const json_t *body, struct teams_scene *s)
{
    if (!teams_scene_of(req, body, s)) {
        return false;
    }
    if (s->place == NULL) {
        s->place = teams_personal(s->tenant, s->user_key, true);
    }
    return true;
}

void teams_install(struct request *req, const json_t *body)
{
    struct teams_scene s;
    json_t *list = NULL;
    world_lock();
    if (scene_with_place(req, body, &s)) {
        bool first = json_object_get(s.place, "_known") == NULL &&
                     json_object_size(json_object_get(s.place, "messages")) == 0;
        const char *action = json_str_or(body, "action", "add");
        set_installed(&s, strncasecmp(action, "remove", 6) != 0);
        list = json_pack("[o]", installation(&s, "add", body));
        /* in the personal chat only the first time, else each time */
        if (strcasecmp(action, "add") == 0 && (first || !teams_is(s.place, "personal"))) {
            json_array_insert_new(list, 0, membership(&s, "membersAdded", "teamMemberAdded"));
        }
        json_object_set_new(s.place, "_known", json_true());
    }
    world_unlock();
    if (list != NULL) {
        send_all(req, body, list);
    }
}

void teams_uninstall(struct request *req, const json_t *body)
{
    struct teams_scene s;
    json_t *list = NULL;
    world_lock();
    if (scene_with_place(req, body, &s)) {
        list = json_pack("[o]", installation(&s, "remove", body));
        if (!teams_is(s.place, "personal")) {
            json_array_append_new(list, membership(&s, "membersRemoved", "teamMemberRemoved"));
        }
        set_installed(&s, false);
    }
    world_unlock();
    if (list != NULL) {
        send_all(req, body, list);
    }
}

/* ---- people and places ---- */

/* {"user","set":{"disabled":true}}: Entra tells bots nothing. */
void teams_change_user(struct request *req, const json_t *body)
{
    struct teams_scene s;
    world_lock();
    if (teams_scene_of(req, body, &s)) {
        teams_overlay(s.user, json_object_get(body, "set"));
        world_touch();
        http_reply_json(req, 200, json_pack("{s:b, s:O}", "ok", true, "user", s.user));
    }
    world_unlock();
}

/* {"user"?,"place","set":{"blocked":true},"tenant":{...},"join":[],"leave":[]}; who joins or
 * leaves a team or chat is told to the bot there. */
void teams_place_script(struct request *req, const json_t *body)
{
    static const char *const words[][3] = {{"join", "membersAdded", "teamMemberAdded"},
                                           {"leave", "membersRemoved", "teamMemberRemoved"}};
    struct teams_scene s;
    json_t *list = NULL;
    world_lock();
    if (scene_with_place(req, body, &s)) {
        list = json_array();
        teams_overlay(s.place, json_object_get(body, "set"));
        teams_overlay(s.tenant, json_object_get(body, "tenant"));
        for (size_t w = 0; w < 2; w++) {
            const json_t *names = json_object_get(body, words[w][0]);
            for (size_t i = 0; i < json_array_size(names); i++) {
                const char *name = json_string_value(json_array_get(names, i));
                const json_t *user = teams_user_named(s.tenant, name == NULL ? "" : name);
                const char *key = json_str_or(user, "id", "");
                json_t *members = json_object_get(s.place, "members");
                json_t *activity = membership(&s, words[w][1], words[w][2]);
                json_object_set_new(activity, words[w][1],
                                    json_pack("[{s:s, s:s}]", "id",
                                              json_str_or(user, "address", ""), "aadObjectId",
                                              key));
                if (w == 0) {
                    json_object_set_new(members, key, json_true());
                } else {
                    json_object_del(members, key);
                }
                json_array_append_new(list, activity);
            }
        }
        world_touch();
    }
    world_unlock();
    if (list != NULL) {
        send_all(req, body, list);
    }
}

/* {"user","message","text"}: edits (or with "delete" or "reaction" does that to) a message. */
void teams_edit(struct request *req, const json_t *body)
{
    struct teams_scene s;
    json_t *list = NULL;
    world_lock();
    json_t *message = NULL;
    if (scene_with_place(req, body, &s)) {
        message = teams_message(s.place, json_str(body, "message"));
        if (message == NULL) {
            teams_refuse(req, 404, "message_not_found", "no message with this id in that place");
        }
    }
    if (message != NULL) {
        bool gone = json_flag(body, "delete", false);
        const char *reaction = json_str(body, "reaction");
        s.root = json_str(message, "root");
        json_t *activity = teams_activity(&s, reaction != NULL ? "messageReaction"
                                              : gone           ? "messageDelete"
                                                               : "messageUpdate");
        if (reaction != NULL) {
            json_object_set(activity, "replyToId", json_object_get(message, "id"));
            json_object_set_new(activity, "reactionsAdded", json_pack("[{s:s}]", "type", reaction));
        } else {
            json_object_set(activity, "id", json_object_get(message, "id"));
            json_object_set_new(json_object_get(activity, "channelData"), "eventType",
                                json_string(gone ? "softDeleteMessage" : "editMessage"));
            json_object_set_new(gone ? message : activity, gone ? "_deleted" : "text",
                                gone ? json_true() : json_string(json_str_or(body, "text", "")));
        }
        if (!gone && reaction == NULL) {
            json_object_set(message, "text", json_object_get(activity, "text"));
            json_object_set_new(message, "_typed", json_string(json_str_or(body, "text", "")));
        }
        teams_overlay(activity, json_object_get(body, "activity"));
        world_touch();
        list = json_pack("[o]", activity);
    }
    world_unlock();
    if (list != NULL) {
        send_all(req, body, list);
    }
}

/* {"user","place","type","name"?,"activity":{...}}: any other activity, made as Teams makes it and
 * then changed. */
void teams_event(struct request *req, const json_t *body)
{
    struct teams_scene s;
    json_t *list = NULL;
    world_lock();
    if (scene_with_place(req, body, &s)) {
        const char *name = json_str(body, "name");
        json_t *activity =
            name != NULL ? teams_invoke(&s, name, json_deep_copy(json_object_get(body, "value")))
                         : teams_activity(&s, json_str_or(body, "type", "event"));
        if (name != NULL && json_object_get(body, "value") == NULL) {
            json_object_del(activity, "value");
        }
        teams_overlay(activity, json_object_get(body, "activity"));
        list = json_pack("[o]", activity);
    }
    world_unlock();
    if (list != NULL) {
        send_all(req, body, list);
    }
}
