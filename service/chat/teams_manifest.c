/*
 * The app as Teams is told about it (learn.microsoft.com/microsoft-365/extensibility/schema): what
 * the bot uses, and nothing else. No Graph, thus no webApplicationInfo and no resource-specific
 * consent: a login by Entra is an ordinary web page.
 */
#include "chat_int.h"

#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/str.h"

/* The first schema with supportsChannelFeatures: clouds and clients that are behind take it, too.
 */
#define SCHEMA "1.25"

static const char *const personal[] = {"personal", NULL};
static const char *const shared[] = {"team", "groupChat", NULL};
static const char *const everywhere[] = {"personal", "team", "groupChat", NULL};
/* Who a person is; and the private answer to what was typed in a team. */
static const char *const permissions[] = {"identity", "messageTeamMembers", NULL};

/* Words that Teams offers while somebody types; a press sends them as text. */
struct hint {
    const char *title, *description;
};
static const struct hint in_private[] = {
    {"help", "What you can do here, and how"},
    {"connections", "Your personal connections: see, make and end them"},
    {"pending", "What waits for a login or an answer of yours"},
    {"history", "What you ran last"},
    {"cancel", "Stop what waits"},
    {"whoami", "Who you are here"},
    {NULL, NULL},
};
static const struct hint in_shared[] = {
    {"help", "What you can do here, and how"},
    {"connections", "Your personal connections, shown in the one-to-one chat"},
    {NULL, NULL},
};

static json_t *list(const char *const *texts)
{
    json_t *array = json_must(json_array());
    for (size_t i = 0; texts[i] != NULL; i++) {
        json_push(array, json_string(texts[i]));
    }
    return array;
}

static json_t *command_list(const char *const *scopes, const struct hint *hints)
{
    json_t *commands = json_must(json_array());
    for (size_t i = 0; hints[i].title != NULL; i++) {
        json_push(commands, json_pack("{s:s, s:s}", "title", hints[i].title, "description",
                                      hints[i].description));
    }
    return json_must(json_pack("{s:o, s:o}", "scopes", list(scopes), "commands", commands));
}

static json_t *bot(const char *app_id)
{
    return json_must(json_pack("{s:s, s:o, s:b, s:b, s:[o, o]}", "botId", app_id, "scopes",
                               list(everywhere), "isNotificationOnly", false, "supportsFiles",
                               false, "commandLists", command_list(personal, in_private),
                               command_list(shared, in_shared)));
}

static json_t *developer(arena *mem, const char *public_url)
{
    return json_must(json_pack("{s:s, s:s, s:s, s:s}", "name", "Workbot", "websiteUrl", public_url,
                               "privacyUrl", arena_printf(mem, "%s/privacy", public_url),
                               "termsOfUseUrl", arena_printf(mem, "%s/terms", public_url)));
}

static void put_words(json_t *manifest)
{
    json_put(manifest, "name",
             json_pack("{s:s, s:s}", "short", "Workbot", "full",
                       "Workbot: your company's app commands, run as you"));
    json_put(manifest, "description",
             json_pack("{s:s, s:s}", "short", "Run your company's app commands as yourself.",
                       "full",
                       "Type a command to Workbot, and it runs in your company's apps as you, "
                       "with your own account and rights; or with an account that your company "
                       "set up for it, and the answer says so.\n\nThe first time you need an app, "
                       "Workbot sends you a private link to log in there: it never sees your "
                       "password. In the one-to-one chat with Workbot, \"connections\" shows the "
                       "accounts that you have connected and ends them, and \"help\" shows what "
                       "you can do. In a team or a group chat, mention Workbot; what is yours "
                       "alone comes in the one-to-one chat."));
    json_put(manifest, "icons",
             json_pack("{s:s, s:s}", "color", "color.png", "outline", "outline.png"));
    json_put(manifest, "accentColor", json_string("#4338CA"));
}

/* "https://workbot.example.com/x" -> "workbot.example.com" */
static char *domain_of(arena *mem, const char *url)
{
    const char *scheme = strstr(url, "://");
    const char *host = scheme == NULL ? url : scheme + strlen("://");
    return arena_strndup(mem, host, strcspn(host, "/"));
}

json_t *chat_teams_manifest(arena *mem, const struct teams_manifest *m)
{
    json_t *manifest = arena_json(mem, json_must(json_object()));
    const char *app_id = str_lower(mem, m->app_id);
    json_put(manifest, "$schema",
             json_string("https://developer.microsoft.com/en-us/json-schemas/teams/v" SCHEMA
                         "/MicrosoftTeams.schema.json"));
    json_put(manifest, "manifestVersion", json_string(SCHEMA));
    json_put(manifest, "version", json_string(m->version));
    json_put(manifest, "id", json_string(app_id));
    json_put(manifest, "developer", developer(mem, m->public_url));
    put_words(manifest);
    json_put(manifest, "bots", json_pack("[o]", bot(app_id)));
    json_put(manifest, "permissions", list(permissions));
    json_put(manifest, "validDomains", json_pack("[s]", domain_of(mem, m->public_url)));
    json_put(manifest, "defaultInstallScope", json_string("personal"));
    json_put(manifest, "defaultGroupCapability",
             json_pack("{s:s, s:s}", "team", "bot", "groupchat", "bot"));
    json_put(manifest, "supportsChannelFeatures", json_string("tier1"));
    return manifest;
}

/* The file's bytes, and where they end. The path is relative to the top of the checkout
 * (-Wa,-I.). */
#define EMBED(name)                                                                                \
    __asm__(".pushsection .rodata\n"                                                               \
            ".globl teams_icon_" #name "\n"                                                        \
            ".hidden teams_icon_" #name "\n"                                                       \
            "teams_icon_" #name ":\n"                                                              \
            ".incbin \"service/chat/icons/" #name ".png\"\n"                                       \
            ".globl teams_icon_" #name "_end\n"                                                    \
            ".hidden teams_icon_" #name "_end\n"                                                   \
            "teams_icon_" #name "_end:\n"                                                          \
            ".popsection\n");                                                                      \
    extern const uint8_t teams_icon_##name[] __attribute__((visibility("hidden")));                \
    extern const uint8_t teams_icon_##name##_end[] __attribute__((visibility("hidden")));
EMBED(color)
EMBED(outline)

struct bytes chat_teams_icon_color(void)
{
    return (struct bytes){teams_icon_color, (size_t)(teams_icon_color_end - teams_icon_color)};
}

struct bytes chat_teams_icon_outline(void)
{
    return (struct bytes){teams_icon_outline,
                          (size_t)(teams_icon_outline_end - teams_icon_outline)};
}

void chat_teams_package(arena *mem, const struct teams_manifest *m,
                        struct zip_file ret[TEAMS_PACKAGE_FILES])
{
    char *text = json_dumps(chat_teams_manifest(mem, m), JSON_INDENT(2));
    const struct zip_file files[TEAMS_PACKAGE_FILES] = {
        {"manifest.json", bytes_of(arena_printf(mem, "%s\n", text))},
        {"color.png", chat_teams_icon_color()},
        {"outline.png", chat_teams_icon_outline()}};
    free(text);
    memcpy(ret, files, sizeof files);
}
