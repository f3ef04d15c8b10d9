#include "teams.h"

#include "world.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { MESSAGES_MAX = 20000 }; /* per place; the oldest leave */

static json_t *tenants; /* id -> tenant */

const json_t *teams_settings(void)
{
    return json_object_get(world_seed(), "teams");
}

const char *teams_app(const char *key)
{
    return json_str_or(json_object_get(teams_settings(), "app"), key, "");
}

char *teams_bot(void)
{
    return xasprintf("28:%s", teams_app("id"));
}

char *teams_service_url(void)
{
    return xasprintf("%s/teams/%s/", world_public_url(),
                     json_str_or(teams_settings(), "region", "emea"));
}

json_t *teams_tenants(void)
{
    return tenants;
}

json_t *teams_tenant(const char *id)
{
    return id == NULL ? NULL : json_object_get(tenants, id);
}

json_t *teams_tenant_named(const char *wanted)
{
    const char *id = NULL;
    json_t *tenant = NULL;
    json_object_foreach(tenants, id, tenant)
    {
        if (wanted == NULL || strcmp(wanted, id) == 0 ||
            strcmp(wanted, json_str_or(tenant, "name", "")) == 0 ||
            strcmp(wanted, json_str_or(tenant, "domain", "")) == 0) {
            return tenant;
        }
    }
    return NULL;
}

/* ---- people ---- */

json_t *teams_user(json_t *tenant, const char *key)
{
    return key == NULL ? NULL : json_object_get(json_object_get(tenant, "users"), key);
}

json_t *teams_user_named(json_t *tenant, const char *name_or_key)
{
    const char *key = NULL;
    json_t *user = NULL;
    json_object_foreach(json_object_get(tenant, "users"), key, user)
    {
        if (strcmp(key, name_or_key) == 0 ||
            strcmp(json_str_or(user, "name", ""), name_or_key) == 0) {
            return user;
        }
    }
    return NULL;
}

bool teams_anonymous(const json_t *user)
{
    return strcmp(json_str_or(user, "role", ""), "anonymous") == 0;
}

static bool user_is(const json_t *user, const char *wanted)
{
    bool upn = strcmp(json_str_or(user, "upn", json_str_or(user, "email", "")), wanted) == 0;
    return strcmp(json_str_or(user, "address", ""), wanted) == 0 ||
           (!teams_anonymous(user) && strcmp(json_str_or(user, "id", ""), wanted) == 0) || upn;
}

json_t *teams_user_found(const char *wanted, json_t **ret_tenant)
{
    const char *id = NULL;
    json_t *tenant = NULL;
    json_object_foreach(tenants, id, tenant)
    {
        const char *key = NULL;
        json_t *user = NULL;
        json_object_foreach(json_object_get(tenant, "users"), key, user)
        {
            if (wanted != NULL && user_is(user, wanted)) {
                if (ret_tenant != NULL) {
                    *ret_tenant = tenant;
                }
                return user;
            }
        }
    }
    return NULL;
}

/* ---- places ---- */

json_t *teams_place(const char *id, json_t **ret_tenant)
{
    const char *tenant_id = NULL;
    json_t *tenant = NULL;
    json_object_foreach(tenants, tenant_id, tenant)
    {
        json_t *place = id == NULL ? NULL : json_object_get(json_object_get(tenant, "places"), id);
        if (place != NULL) {
            if (ret_tenant != NULL) {
                *ret_tenant = tenant;
            }
            return place;
        }
    }
    return NULL;
}

bool teams_is(const json_t *place, const char *kind)
{
    return strcmp(json_str_or(place, "kind", ""), kind) == 0;
}

bool teams_member(const json_t *place, const char *user)
{
    return user != NULL && json_object_get(json_object_get(place, "members"), user) != NULL;
}

/* A place out of the seed's {id, kind, name?, user?, members[]...}; members by name or key. */
static json_t *place_add(json_t *tenant, json_t *place, const json_t *members)
{
    json_t *keys = json_object();
    for (size_t i = 0; i < json_array_size(members); i++) {
        const char *name = json_string_value(json_array_get(members, i));
        const json_t *user = name == NULL ? NULL : teams_user_named(tenant, name);
        json_object_set_new(keys, json_str_or(user, "id", "nobody"), json_true());
    }
    json_object_set_new(place, "members", keys);
    json_object_set_new(place, "messages", json_object());
    json_object_set_new(json_object_get(tenant, "places"), json_str_or(place, "id", ""), place);
    return place;
}

json_t *teams_personal(json_t *tenant, const char *user, bool create)
{
    const char *id = NULL;
    json_t *place = NULL;
    json_object_foreach(json_object_get(tenant, "places"), id, place)
    {
        if (teams_is(place, "personal") && strcmp(json_str_or(place, "user", ""), user) == 0) {
            return place;
        }
    }
    if (!create) {
        return NULL;
    }
    char *fresh = random_token("a:1", 40);
    json_t *members = json_pack("[s]", user);
    place = place_add(tenant,
                      json_pack("{s:s, s:s, s:s}", "id", fresh, "kind", "personal", "user", user),
                      members);
    json_decref(members);
    free(fresh);
    return place;
}

json_t *teams_place_named(json_t *tenant, const char *user, const char *wanted)
{
    if (strcmp(wanted, "dm") == 0 || strcmp(wanted, "personal") == 0) {
        return user == NULL ? NULL : teams_personal(tenant, user, true);
    }
    const char *id = NULL;
    json_t *place = NULL;
    json_object_foreach(json_object_get(tenant, "places"), id, place)
    {
        if (strcmp(id, wanted) == 0 || strcmp(json_str_or(place, "name", ""), wanted) == 0) {
            return place;
        }
    }
    return NULL;
}

json_t *teams_team_of(json_t *tenant, const json_t *place)
{
    const char *id = json_str(place, "team");
    return id == NULL ? NULL : json_object_get(json_object_get(tenant, "teams"), id);
}

bool teams_bot_in(json_t *tenant, const json_t *place)
{
    if (teams_is(place, "channel")) {
        return json_flag(teams_team_of(tenant, place), "installed", false);
    }
    if (teams_is(place, "personal")) {
        const json_t *user = teams_user(tenant, json_str(place, "user"));
        return json_flag(user, "installed", false) || json_flag(place, "installed", false);
    }
    return json_flag(place, "installed", false);
}

bool teams_reachable(json_t *tenant, const json_t *user)
{
    const char *key = json_str_or(user, "id", "");
    bool here = json_str(user, "tenant") == NULL && !teams_anonymous(user);
    if (!here || json_flag(user, "installed", false)) {
        return here;
    }
    const char *id = NULL;
    json_t *place = NULL;
    json_object_foreach(json_object_get(tenant, "places"), id, place)
    {
        if (teams_is(place, "channel") && teams_bot_in(tenant, place) && teams_member(place, key)) {
            return true;
        }
    }
    return false;
}

/* ---- messages ---- */

char *teams_message_id(void)
{
    static int64_t last;
    int64_t now = clock_now_ms();
    last = now > last ? now : last + 1;
    return xasprintf("%lld", (long long)last);
}

char *teams_time(int64_t ms)
{
    time_t seconds = (time_t)(ms / 1000);
    struct tm parts;
    gmtime_r(&seconds, &parts);
    char text[32];
    strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &parts);
    return xasprintf("%s.%03dZ", text, (int)(ms % 1000));
}

json_t *teams_message(const json_t *place, const char *id)
{
    return id == NULL ? NULL : json_object_get(json_object_get(place, "messages"), id);
}

json_t *teams_message_add(json_t *place, json_t *message)
{
    if (json_str(message, "id") == NULL) {
        char *id = teams_message_id();
        json_object_set_new(message, "id", json_string(id));
        free(id);
    }
    if (teams_is(place, "channel") && json_str(message, "root") == NULL) {
        json_object_set(message, "root", json_object_get(message, "id"));
    }
    json_t *messages = json_object_get(place, "messages");
    json_object_set_new(messages, json_str(message, "id"), message);
    while (json_object_size(messages) > MESSAGES_MAX) {
        char *oldest = xstrdup(json_object_iter_key(json_object_iter(messages)));
        json_object_del(messages, oldest);
        free(oldest);
    }
    world_touch();
    return message;
}

char *teams_conversation_id(const json_t *place, const char *root)
{
    const char *id = json_str_or(place, "id", "");
    return teams_is(place, "channel") && root != NULL ? xasprintf("%s;messageid=%s", id, root)
                                                      : xstrdup(id);
}

/* ---- the seed ---- */

static void team_load(json_t *tenant, const json_t *from)
{
    json_t *team = json_deep_copy(from);
    const char *id = json_str_or(from, "id", "");
    json_object_del(team, "channels");
    json_object_set_new(json_object_get(tenant, "teams"), id, team);
    size_t i = 0;
    json_t *channel = NULL;
    json_array_foreach(json_object_get(from, "channels"), i, channel)
    {
        json_t *place = json_deep_copy(channel);
        json_object_set_new(place, "kind", json_string("channel"));
        json_object_set_new(place, "team", json_string(id));
        const json_t *own = json_object_get(channel, "members");
        place_add(tenant, place, own != NULL ? own : json_object_get(from, "members"));
    }
}

static void tenant_load(const json_t *from)
{
    json_t *tenant =
        json_pack("{s:O, s:O, s:O, s:{}, s:{}, s:{}}", "id", json_object_get(from, "id"), "name",
                  json_object_get(from, "name"), "domain", json_object_get(from, "domain"), "users",
                  "teams", "places");
    size_t i = 0;
    json_t *item = NULL;
    json_array_foreach(json_object_get(from, "users"), i, item)
    {
        json_object_set_new(json_object_get(tenant, "users"), json_str_or(item, "id", ""),
                            json_deep_copy(item));
    }
    json_array_foreach(json_object_get(from, "chats"), i, item)
    {
        json_t *place = json_deep_copy(item);
        json_t *alone = NULL;
        if (teams_is(place, "personal")) {
            const json_t *user = teams_user_named(tenant, json_str_or(item, "user", ""));
            json_object_set(place, "user", json_object_get(user, "id"));
            alone = json_pack("[O]", json_object_get(user, "id"));
        }
        place_add(tenant, place, alone != NULL ? alone : json_object_get(item, "members"));
        json_decref(alone);
    }
    json_array_foreach(json_object_get(from, "teams"), i, item)
    {
        team_load(tenant, item);
    }
    json_object_set_new(tenants, json_str_or(tenant, "id", ""), tenant);
}

void teams_reset(json_t *seed)
{
    json_decref(tenants);
    tenants = json_object();
    size_t i = 0;
    json_t *tenant = NULL;
    json_array_foreach(json_object_get(seed, "tenants"), i, tenant)
    {
        tenant_load(tenant);
    }
    teams_connector_reset();
    teams_entra_reset();
    teams_sign_in_reset();
    teams_damage_reset();
    teams_task_reset();
    world_touch();
}
