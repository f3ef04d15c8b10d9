#include "teams_int.h"

#include "base/str.h"

const struct chat_driver slack_driver = {
    .name = "slack",
    .prefix = "slack:",
    .dm = "direct message",
    .parse = slack_parse,
    .post = slack_post,
    .update = slack_update,
    .respond = slack_respond,
    .open_dm = slack_open_dm,
    .find_post = slack_find_post,
    .person = slack_person,
    .other_home = slack_other_home,
    .publish_home = slack_publish_home,
    .sign_in_client = slack_sign_in_client,
    .open_form = slack_open_form,
    .form_kept = true,
    .file = slack_file,
    .file_scope = SLACK_SCOPE_FILES,
    .update_form = slack_update_form,
    .sign_in_url = slack_sign_in_url,
    .sign_in = slack_sign_in,
    .refresh = slack_refresh,
    .check = slack_check,
    .teams = slack_teams,
    .install_path = slack_install_path,
    .is_shared = slack_is_shared,
    .link = slack_link,
};

const struct chat_driver teams_driver = {
    .name = "teams",
    .prefix = TEAMS_PREFIX,
    .dm = "one-to-one chat",
    .app_token = true,
    .addressed = true,
    .presses_say_place = true,
    .own_views = true,
    .presses_once = true,
    .no_ephemerals = true,
    .windows = true,
    .form_in_answer = true,
    .unnamed_places = true,
    .user_id = teams_guid,
    .channel_id = teams_place_id,
    .parse = teams_parse,
    .post = teams_post,
    .update = teams_update,
    .open_dm = teams_open_dm,
    .find_post = teams_find_post,
    .person = teams_person,
    .sign_in_client = teams_sign_in_client,
    .sign_in_url = teams_sign_in_url,
    .sign_in = teams_sign_in,
    .sign_in_barred = teams_sign_in_barred,
    .is_shared = teams_is_shared,
};

static bool slack_is_on(const struct chat_settings *s)
{
    return !str_empty(s->slack_app_id);
}

static bool teams_is_on(const struct chat_settings *s)
{
    return !str_empty(s->teams_app_id);
}

static bool slack_serves(const struct chat_settings *s, const char *workspace)
{
    (void)workspace;
    return slack_is_on(s);
}

static bool teams_serves(const struct chat_settings *s, const char *workspace)
{
    return teams_is_on(s) && teams_is_allowed(s, teams_tenant_of(workspace));
}

/* Every platform has one row. */
static const struct platform {
    const struct chat_driver *driver;
    bool (*serves)(const struct chat_settings *s, const char *workspace);
} platforms[] = {
    {&slack_driver, slack_serves},
    {&teams_driver, teams_serves},
};

chats *chats_new(arena *mem, const struct chat_settings *settings)
{
    chats *c = arena_alloc(mem, sizeof *c);
    c->settings = *settings;
    c->pauses = slack_pauses_new(mem);
    c->keys = slack_keys_new(mem);
    c->places = places_new(mem);
    c->teams_keys = teams_keys_new(mem);
    c->teams_entra_keys = teams_entra_keys_new(mem, settings->teams_allowed_tenants_count);
    c->teams_token = teams_token_new(mem);
    c->teams_pauses = teams_pauses_new(mem);
    c->teams_gcc = teams_cloud_gcc(settings, mem);
    return c;
}

static const struct platform *platform_of(const char *workspace)
{
    for (size_t i = 0; i < sizeof platforms / sizeof platforms[0]; i++) {
        if (str_starts(workspace, platforms[i].driver->prefix)) {
            return &platforms[i];
        }
    }
    return NULL;
}

const struct chat_driver *chats_platform(const char *workspace)
{
    const struct platform *p = platform_of(workspace);
    return p == NULL ? NULL : p->driver;
}

const struct chat_driver *chats_driver(const chats *c, const char *workspace)
{
    const struct platform *p = platform_of(workspace);
    return p != NULL && p->serves(&c->settings, workspace) ? p->driver : NULL;
}

char *chats_sign_in_origin(const chats *c, arena *mem, const char *workspace)
{
    const struct chat_driver *d = chats_driver(c, workspace);
    struct chat_sign_in_client client;
    bool on = d != NULL && d->sign_in_client(c, mem, &client) && client.on;
    return on ? arena_strdup(mem, client.origin) : NULL;
}

bool chats_sign_in_on(const chats *c, const char *workspace)
{
    arena *mem = arena_new();
    bool on = chats_sign_in_origin(c, mem, workspace) != NULL;
    arena_free(mem);
    return on;
}

const struct chat_driver *chats_sign_in_client(const chats *c, arena *mem, const char *platform,
                                               struct chat_sign_in_client *ret)
{
    for (size_t i = 0; i < sizeof platforms / sizeof platforms[0]; i++) {
        const struct chat_driver *d = platforms[i].driver;
        if (str_equal(d->name, platform) && d->sign_in_client(c, mem, ret)) {
            return d;
        }
    }
    return NULL;
}

bool chats_slack_on(const chats *c)
{
    return slack_is_on(&c->settings);
}

bool chats_teams_on(const chats *c)
{
    return teams_is_on(&c->settings);
}
