/* Installations of the app: their tokens, which rotate when the app is set so, and their end. */
#include "slack.h"

#include "world.h"

#include <stdlib.h>
#include <string.h>

enum { ACTIVE_MAX = 2 };

static json_t *installs;  /* T… or E… -> {id, org, scopes[], access[]} */
static json_t *refreshes; /* refresh token -> {install, used_ms} */

void slack_installs_reset(void)
{
    json_decref(installs);
    json_decref(refreshes);
    installs = json_object();
    refreshes = json_object();
}

json_t *slack_install_of(const char *id)
{
    return id == NULL ? NULL : json_object_get(installs, id);
}

json_t *slack_installs(void)
{
    return installs;
}

bool slack_installed(const json_t *team)
{
    return json_object_get(installs, slack_org_install(team) ? json_str_or(team, "enterprise", "")
                                                             : json_str_or(team, "id", "")) != NULL;
}

/* {"rotation": true} or {"rotation": {"expires_in": 43200, "grace_ms": 0}} */
static const json_t *rotation(void)
{
    const json_t *set = json_object_get(slack_settings(), "rotation");
    return json_is_true(set) || (json_is_object(set) && json_flag(set, "on", true)) ? set : NULL;
}

static void add_scopes(json_t *install, const json_t *scopes)
{
    json_t *all = json_object_get(install, "scopes");
    for (size_t i = 0; i < json_array_size(scopes); i++) {
        json_t *scope = json_array_get(scopes, i);
        bool there = false;
        for (size_t j = 0; j < json_array_size(all); j++) {
            there = there || json_equal(json_array_get(all, j), scope);
        }
        if (!there) {
            json_array_append(all, scope);
        }
    }
}

json_t *slack_install_add(const char *id, bool org, const json_t *scopes)
{
    json_t *install = json_object_get(installs, id);
    if (install == NULL) {
        install = json_pack("{s:s, s:b, s:[], s:[]}", "id", id, "org", org, "scopes", "access");
        json_object_set_new(installs, id, install);
    }
    add_scopes(install, scopes); /* additive: only revoking takes a scope away */
    return install;
}

/* Only the newest two rotating tokens live. */
static void keep_active(json_t *install, const char *token)
{
    json_t *access = json_object_get(install, "access");
    json_array_append_new(access, json_string(token));
    while (json_array_size(access) > ACTIVE_MAX) {
        json_t *oldest =
            json_object_get(slack_tokens(), json_string_value(json_array_get(access, 0)));
        json_object_set_new(oldest, "revoked", json_true());
        json_array_remove(access, 0);
    }
}

void slack_install_token(json_t *install, const char *token, int64_t expires_ms)
{
    json_object_set_new(slack_tokens(), token,
                        json_pack("{s:O, s:O, s:b}",
                                  json_flag(install, "org", false) ? "enterprise" : "team",
                                  json_object_get(install, "id"), "scopes",
                                  json_object_get(install, "scopes"), "revoked", false));
    if (expires_ms > 0) {
        json_object_set_new(json_object_get(slack_tokens(), token), "expires_ms",
                            json_integer(expires_ms));
        keep_active(install, token);
    }
}

void slack_install_issue(json_t *install, json_t *answer)
{
    const json_t *set = rotation();
    char *access = random_token(set == NULL ? "xoxb-sample-" : "xoxe.xoxb-1-sample-", 36);
    int64_t expires_in = json_int_or(set, "expires_in", 43200);
    json_object_set_new(answer, "access_token", json_string(access));
    slack_install_token(install, access, set == NULL ? 0 : clock_now_ms() + expires_in * 1000);
    if (set != NULL) {
        char *refresh = random_token("xoxe-1-sample-", 60);
        json_object_set_new(refreshes, refresh,
                            json_pack("{s:O, s:I}", "install", json_object_get(install, "id"),
                                      "used_ms", (json_int_t)0));
        json_object_set_new(answer, "refresh_token", json_string(refresh));
        json_object_set_new(answer, "expires_in", json_integer((json_int_t)expires_in));
        free(refresh);
    }
    free(access);
}

const char *slack_install_refresh(const char *token, json_t **ret_install)
{
    json_t *held = json_object_get(refreshes, token);
    json_t *install = slack_install_of(json_str(held, "install"));
    int64_t used = json_int_or(held, "used_ms", 0);
    int64_t now = clock_now_ms();
    int64_t grace = json_int_or(rotation(), "grace_ms", 0);
    if (install == NULL || (used > 0 && now - used >= grace)) {
        return "invalid_refresh_token";
    }
    if (used == 0) {
        json_object_set_new(held, "used_ms", json_integer(now));
    }
    json_object_set_new(install, "refreshes",
                        json_integer(json_int_or(install, "refreshes", 0) + 1));
    *ret_install = install;
    return NULL;
}

void slack_install_end(const char *id)
{
    const char *token = NULL;
    json_t *held = NULL;
    json_object_foreach(slack_tokens(), token, held)
    {
        if (strcmp(json_str_or(held, "team", ""), id) == 0 ||
            strcmp(json_str_or(held, "enterprise", ""), id) == 0) {
            json_object_set_new(held, "revoked", json_true());
        }
    }
    const char *refresh = NULL;
    void *next = NULL;
    json_object_foreach_safe(refreshes, next, refresh, held)
    {
        if (strcmp(json_str_or(held, "install", ""), id) == 0) {
            json_object_del(refreshes, refresh);
        }
    }
    json_object_del(installs, id);
    world_touch();
}
