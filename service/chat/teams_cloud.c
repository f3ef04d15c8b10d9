/* What differs between Microsoft's clouds. learn.microsoft.com/azure/bot-service/rest-api/
 * bot-framework-rest-connector-authentication and its pages for US Government and 21Vianet;
 * hosts: learn.microsoft.com/microsoftteams/platform/bots/how-to/conversations/
 * send-proactive-messages */
#include "teams_int.h"

#include "base/str.h"

#define OPENID_PATH "/v1/.well-known/openidconfiguration"

/* GCC has the public cloud's keys and logins, and servers of its own. Where nobody names the
 * servers, WORKBOT_TEAMS_SERVICE_HOSTS must. */
static const struct teams_cloud clouds[] = {
    {.name = "public",
     .issuer = "https://api.botframework.com",
     .openid_url = "https://login.botframework.com" OPENID_PATH,
     .login_url = "https://login.microsoftonline.com",
     .scope = "https://api.botframework.com/.default",
     .host = "smba.trafficmanager.net",
     .base = "https://smba.trafficmanager.net/teams/"},
    {.name = "gcc",
     .issuer = "https://api.botframework.com",
     .openid_url = "https://login.botframework.com" OPENID_PATH,
     .login_url = "https://login.microsoftonline.com",
     .scope = "https://api.botframework.com/.default",
     .host = "smba.infra.gcc.teams.microsoft.com",
     .base = "https://smba.infra.gcc.teams.microsoft.com/gcc"},
    {.name = "gcc_high",
     .issuer = "https://api.botframework.us",
     .openid_url = "https://login.botframework.azure.us" OPENID_PATH,
     .login_url = "https://login.microsoftonline.us",
     .scope = "https://api.botframework.us/.default",
     .host = "smba.infra.gov.teams.microsoft.us",
     .base = "https://smba.infra.gov.teams.microsoft.us/gcch"},
    {.name = "dod",
     .issuer = "https://api.botframework.us",
     .openid_url = "https://login.botframework.azure.us" OPENID_PATH,
     .login_url = "https://login.microsoftonline.us",
     .scope = "https://api.botframework.us/.default",
     .host = "smba.infra.dod.teams.microsoft.us",
     .base = "https://smba.infra.dod.teams.microsoft.us/teams"},
    {.name = "china",
     .issuer = "https://api.botframework.azure.cn",
     .openid_url = "https://login.botframework.azure.cn" OPENID_PATH,
     .login_url = "https://login.partner.microsoftonline.cn",
     .scope = "https://api.botframework.azure.cn/.default"},
};

struct teams_cloud teams_cloud(const struct chat_settings *s)
{
    struct teams_cloud found = clouds[0];
    for (size_t i = 0; i < sizeof clouds / sizeof clouds[0]; i++) {
        if (str_equal(clouds[i].name, s->teams_cloud)) {
            found = clouds[i];
        }
    }
    found.openid_url = s->teams_openid_url == NULL ? found.openid_url : s->teams_openid_url;
    found.login_url = s->teams_login_url == NULL ? found.login_url : s->teams_login_url;
    return found;
}

const char *teams_cloud_gcc(const struct chat_settings *s, arena *mem)
{
    const char *base = teams_cloud(&(const struct chat_settings){.teams_cloud = "gcc"}).base;
    bool own = str_equal(teams_cloud(s).base, base);
    return !own && teams_address_ok(s, mem, base) ? base : NULL;
}
