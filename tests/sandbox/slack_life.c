/* What happens to installations, workspaces, conversations and people, told to the bot. */
#include "slack_script.h"

#include "client.h"
#include "world.h"

#include <stdlib.h>
#include <string.h>

/* ---- installing ---- */

/* Asks the authorize page (or, without "url", as an install begun on Slack's own side) and gives
 * the address to which the browser is sent. */
static void install_reply(struct request *req, const json_t *body, json_t *query)
{
    const char *workspace = json_str_or(body, "workspace", "");
    json_t *team = script_team(json_str(body, "workspace"));
    const json_t *org = slack_org_by_id(workspace);
    bool by_org = json_flag(body, "org", org != NULL);
    const char *owner = org != NULL ? workspace
                        : by_org    ? json_str_or(team, "enterprise", "")
                                    : json_str_or(team, "id", "");
    json_t *user = slack_user_by_name(team, json_str_or(body, "user", ""));
    const char *user_id =
        user != NULL ? json_str_or(user, "id", "") : json_str_or(body, "user", "");
    const json_t *app = json_object_get(slack_settings(), "app");
    const char *uri = json_str(query, "redirect_uri");
    const json_t *first = json_array_get(json_object_get(app, "redirect_uris"), 0);
    bool denied = strcmp(json_str_or(body, "decision", "allow"), "allow") != 0;
    json_t *scopes = json_object_get(body, "scopes");
    json_t *asked = scopes != NULL ? json_incref(scopes)
                    : json_str(query, "scope") != NULL
                        ? slack_scopes_split(json_str(query, "scope"))
                        : json_incref(json_object_get(slack_settings(), "scopes"));
    char *code = denied ? NULL : slack_oauth_code(owner, user_id, uri, asked);
    json_decref(asked);
    if (!denied && code == NULL) {
        script_refuse(req, 404, "unknown_user", "no member (for an organisation: no admin) there");
        return;
    }
    const char *to = uri != NULL ? uri : json_string_value(first);
    struct buf b = {0};
    buf_addf(&b, "%s%c%s", to == NULL ? "" : to, to != NULL && strchr(to, '?') != NULL ? '&' : '?',
             denied ? "error=access_denied" : "code=");
    buf_add_url(&b, code == NULL ? "" : code);
    if (json_str(query, "state") != NULL) {
        buf_add(&b, "&state=");
        buf_add_url(&b, json_str(query, "state"));
    }
    http_reply_json(req, 200,
                    json_pack("{s:b, s:s, s:s?}", "ok", true, "location", b.data, "code", code));
    buf_free(&b);
    free(code);
}

void slack_install_script(struct request *req, const json_t *body)
{
    const char *url = json_str(body, "url");
    const char *question = url == NULL ? NULL : strchr(url, '?');
    json_t *query =
        question == NULL ? json_object() : form_decode(question + 1, strlen(question + 1));
    world_lock();
    const char *wrong = url == NULL ? NULL : slack_authorize_wrong(query);
    if (query == NULL || wrong != NULL) {
        script_refuse(req, 400, "invalid_authorize_url", wrong == NULL ? "malformed" : wrong);
    } else {
        install_reply(req, body, query);
    }
    world_unlock();
    json_decref(query);
}

/* ---- telling ---- */

/* One event delivered now; its attempt is added to list. Lock not held. */
static int tell(const char *text, json_t *list)
{
    struct slack_sent sent = slack_send_event(text);
    json_array_append_new(list, script_sent(&sent));
    return sent.status;
}

/* The envelope of a workspace (or of an organisation), changed as the script asks. Lock held. */
static char *envelope(json_t *team, json_t *event, const json_t *body)
{
    char ts[32];
    slack_ts(ts);
    json_object_set_new(event, "event_ts", json_string(ts));
    char *id = random_id("Ev", 9);
    char *text = slack_envelope(team, NULL, event, id);
    free(id);
    json_t *all = json_loads(text, 0, NULL);
    if (json_is_integer(json_object_get(body, "event_time"))) {
        json_object_set(all, "event_time", json_object_get(body, "event_time"));
    }
    json_object_update(all, json_object_get(body, "envelope"));
    free(text);
    text = json_dumps(all, JSON_COMPACT);
    json_decref(all);
    return text;
}

static void replied(struct request *req, json_t *list, int status)
{
    http_reply_json(req, 200,
                    json_pack("{s:b, s:i, s:o}", "ok", true, "status", status, "attempts", list));
}

/* Any workspace of an organisation, for events that are the organisation's own. */
static json_t *team_of_org(const char *org)
{
    const char *id = NULL;
    json_t *team = NULL;
    json_object_foreach(slack_teams(), id, team)
    {
        if (strcmp(json_str_or(team, "enterprise", ""), org) == 0) {
            return team;
        }
    }
    return NULL;
}

static json_t *life_event(const char *type, const char *bot_user)
{
    return strcmp(type, "tokens_revoked") == 0
               ? json_pack("{s:s, s:{s:[s]}}", "type", type, "tokens", "bot", bot_user)
               : json_pack("{s:s}", "type", type);
}

void slack_uninstall(struct request *req, const json_t *body)
{
    char *texts[4];
    size_t count = 0;
    world_lock();
    const char *wanted = json_str(body, "workspace");
    const json_t *org = slack_org_by_id(wanted);
    json_t *team = org != NULL ? team_of_org(wanted) : script_team(wanted);
    json_t *order = json_object_get(body, "order");
    json_t *usual = json_pack("[s, s]", "app_uninstalled", "tokens_revoked");
    order = json_is_array(order) ? order : usual;
    for (size_t i = 0; team != NULL && i < json_array_size(order) && count < 4; i++) {
        const char *type = json_string_value(json_array_get(order, i));
        texts[count++] =
            envelope(team, life_event(type == NULL ? "" : type, slack_bot(team, "user_id")), body);
    }
    json_decref(usual);
    if (team != NULL && json_flag(body, "end", true)) {
        slack_install_end(org != NULL ? wanted : json_str_or(team, "id", ""));
    }
    world_unlock();
    if (team == NULL) {
        script_refuse(req, 404, "unknown_workspace", "no such workspace or organisation");
        return;
    }
    json_t *list = json_array();
    int status = 0;
    for (size_t i = 0; i < count; i++) {
        bool now = json_flag(body, "deliver", true);
        int got = now ? tell(texts[i], list) : 0;
        status = i == 0 ? got : status;
        free(texts[i]);
    }
    replied(req, list, status);
}

/* An organisation's admin adds the app to a workspace or takes it away. */
void slack_grant(struct request *req, const json_t *body)
{
    char *text = NULL;
    bool granted = json_flag(body, "granted", true);
    world_lock();
    json_t *team = script_team(json_str(body, "workspace"));
    const json_t *org = slack_org(team);
    if (org == NULL || slack_install_of(json_str(org, "id")) == NULL) {
        script_refuse(req, 404, "no_org_install", "no org-wide install reaches this workspace");
    } else {
        if (granted) { /* told under the organisation's authorization */
            json_object_set_new(team, "via_org", json_true());
            json_object_set(team, "bot", json_object_get(org, "bot"));
        }
        text = envelope(team,
                        json_pack("{s:s, s:[O]}", "type",
                                  granted ? "team_access_granted" : "team_access_revoked",
                                  "team_ids", json_object_get(team, "id")),
                        body);
        if (!granted) {
            json_object_set_new(team, "via_org", json_false());
        }
        world_touch();
    }
    world_unlock();
    if (text == NULL) {
        return;
    }
    json_t *list = json_array();
    int status = json_flag(body, "deliver", true) ? tell(text, list) : 0;
    free(text);
    replied(req, list, status);
}

/* ---- conversations ---- */

/* A private G… becomes C… when it is shared. */
void slack_channel_script(struct request *req, const json_t *body)
{
    char *text = NULL;
    world_lock();
    json_t *team = script_team(json_str(body, "workspace"));
    json_t *channel = slack_place(team, NULL, json_str_or(body, "channel", ""));
    const char *fresh = json_str(body, "id");
    const json_t *set = json_object_get(body, "set");
    if (channel == NULL || (fresh != NULL && slack_channel(team, fresh) != NULL)) {
        script_refuse(req, 404, "unknown_place", "\"channel\" must be there and \"id\" be free");
    } else {
        char *old = xstrdup(json_str_or(channel, "id", ""));
        json_object_update(channel, (json_t *)(uintptr_t)set);
        if (fresh != NULL) {
            json_t *channels = json_object_get(team, "channels");
            json_object_set_new(channel, "id", json_string(fresh));
            json_object_set(channels, fresh, channel);
            json_object_del(channels, old);
            slack_response_moved(old, fresh);
            text = envelope(team,
                            json_pack("{s:s, s:s, s:s}", "type", "channel_id_changed",
                                      "old_channel_id", old, "new_channel_id", fresh),
                            body);
        }
        free(old);
        world_touch();
    }
    bool found = channel != NULL;
    world_unlock();
    if (text == NULL && !found) {
        return;
    }
    json_t *list = json_array();
    int status = text != NULL && json_flag(body, "deliver", true) ? tell(text, list) : 0;
    free(text);
    replied(req, list, status);
}

/* ---- people ---- */

static json_t *person_event(json_t *team, const json_t *user, const char *type)
{
    const json_t *scopes = json_object_get(slack_settings(), "scopes");
    bool email = false;
    for (size_t i = 0; i < json_array_size(scopes); i++) {
        email =
            email || strcmp(json_string_value(json_array_get(scopes, i)), "users:read.email") == 0;
    }
    return json_pack("{s:s, s:o, s:I}", "type", type, "user", slack_user_json(team, user, email),
                     "cache_ts", (json_int_t)(clock_now_ms() / 1000));
}

/* Each installation that reaches this person hears of the change once. */
static void person_later(json_t *team, const json_t *user, const char *type)
{
    const char *org = json_str(team, "enterprise");
    if (org == NULL || json_object_get(user, "teams") == NULL) {
        if (slack_installed(team)) {
            slack_event_later(team, NULL, person_event(team, user, type));
        }
        return;
    }
    bool org_told = false;
    const char *id = NULL;
    json_t *other = NULL;
    json_object_foreach(slack_teams(), id, other)
    {
        bool mine = strcmp(json_str_or(other, "enterprise", ""), org) == 0 &&
                    slack_user(other, json_str(user, "id")) != NULL && slack_installed(other);
        bool by_org = slack_org_install(other);
        if (mine && !(by_org && org_told)) {
            slack_event_later(other, NULL, person_event(other, user, type));
            org_told = org_told || by_org;
        }
    }
}

void slack_change_user(struct request *req, const json_t *body)
{
    struct scene s;
    world_lock();
    if (script_scene(req, body, &s)) {
        int64_t burst = json_int_or(body, "burst", 0);
        json_object_update(s.user, json_object_get(body, "set"));
        bool deliver = json_flag(body, "deliver", true);
        if (deliver && burst == 0) {
            person_later(s.team, s.user, json_str_or(body, "type", "user_change"));
        }
        for (int64_t i = 0; deliver && i < burst && i < 10000; i++) { /* nothing but the status */
            char *status = xasprintf("status %lld", (long long)i);
            json_object_set_new(s.user, "status_text", json_string(status));
            free(status);
            person_later(s.team, s.user, "user_change");
        }
        http_reply_json(
            req, 200,
            json_pack("{s:b, s:o}", "ok", true, "user", slack_user_json(s.team, s.user, false)));
        world_touch();
    }
    world_unlock();
}

/* A new member: {"workspace","person":{id,name,real_name,email…},"deliver"}. */
void slack_join(struct request *req, const json_t *body)
{
    world_lock();
    json_t *team = script_team(json_str(body, "workspace"));
    const json_t *given = json_object_get(body, "person");
    const char *id = json_str(given, "id");
    if (team == NULL || id == NULL) {
        script_refuse(req, 400, "no_person", "\"person\" needs an id");
    } else {
        json_t *user = slack_user(team, id);
        if (user == NULL) {
            user = json_object();
            json_object_set_new(json_object_get(team, "users"), id, user);
        }
        json_object_update(user, (json_t *)(uintptr_t)given);
        slack_dm(team, id, true);
        if (json_flag(body, "deliver", true)) {
            person_later(team, user, "team_join");
        }
        http_reply_json(
            req, 200,
            json_pack("{s:b, s:o}", "ok", true, "user", slack_user_json(team, user, false)));
        world_touch();
    }
    world_unlock();
}
