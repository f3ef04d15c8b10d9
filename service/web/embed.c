#include "web_int.h"

#include <string.h>

#include "base/die.h"
#include "base/str.h"

/*
 * The files that the pages are made of, as part of the program. To add one: a row here; C refers to
 * it by its file name. Paths are relative to the top of the checkout (-Wa,-I.).
 */
#define FILES(X)                                                                                   \
    X(layout, "layout.html", "service/web/templates/layout.html")                                  \
    X(login, "login.html", "service/web/templates/login.html")                                     \
    X(code, "code.html", "service/web/templates/code.html")                                        \
    X(done, "done.html", "service/web/templates/done.html")                                        \
    X(message, "message.html", "service/web/templates/message.html")                               \
    X(expired, "expired.html", "service/web/templates/expired.html")                               \
    X(setup, "setup.html", "service/web/templates/setup.html")                                     \
    X(setup_code, "setup_code.html", "service/web/templates/setup_code.html")                      \
    X(front, "front.html", "service/web/templates/front.html")                                     \
    X(privacy, "privacy.html", "service/web/templates/privacy.html")                               \
    X(terms, "terms.html", "service/web/templates/terms.html")                                     \
    X(console, "console.html", "service/web/templates/console.html")                               \
    X(console_front, "console_front.html", "service/web/templates/console_front.html")             \
    X(console_link, "console_link.html", "service/web/templates/console_link.html")                \
    X(console_code, "console_code.html", "service/web/templates/console_code.html")                \
    X(console_home, "console_home.html", "service/web/templates/console_home.html")                \
    X(console_workspaces, "console_workspaces.html",                                               \
      "service/web/templates/console_workspaces.html")                                             \
    X(console_recipe, "console_recipe.html", "service/web/templates/console_recipe.html")          \
    X(console_recipe_new, "console_recipe_new.html",                                               \
      "service/web/templates/console_recipe_new.html")                                             \
    X(console_settings, "console_settings.html", "service/web/templates/console_settings.html")    \
    X(console_edit, "console_edit.html", "service/web/templates/console_edit.html")                \
    X(console_kept, "console_kept.html", "service/web/templates/console_kept.html")                \
    X(console_connections, "console_connections.html",                                             \
      "service/web/templates/console_connections.html")                                            \
    X(console_connection, "console_connection.html",                                               \
      "service/web/templates/console_connection.html")                                             \
    X(console_hooks, "console_hooks.html", "service/web/templates/console_hooks.html")             \
    X(console_hook, "console_hook.html", "service/web/templates/console_hook.html")                \
    X(console_people, "console_people.html", "service/web/templates/console_people.html")          \
    X(console_person, "console_person.html", "service/web/templates/console_person.html")          \
    X(console_erased, "console_erased.html", "service/web/templates/console_erased.html")          \
    X(console_admins, "console_admins.html", "service/web/templates/console_admins.html")          \
    X(console_group, "console_group.html", "service/web/templates/console_group.html")             \
    X(console_tokens, "console_tokens.html", "service/web/templates/console_tokens.html")          \
    X(console_runs, "console_runs.html", "service/web/templates/console_runs.html")                \
    X(console_run, "console_run.html", "service/web/templates/console_run.html")                   \
    X(console_audit, "console_audit.html", "service/web/templates/console_audit.html")             \
    X(console_personal, "console_personal.html", "service/web/templates/console_personal.html")    \
    X(console_sessions, "console_sessions.html", "service/web/templates/console_sessions.html")    \
    X(console_health, "console_health.html", "service/web/templates/console_health.html")          \
    X(console_deployment, "console_deployment.html",                                               \
      "service/web/templates/console_deployment.html")                                             \
    X(part_problem, "part_problem.html", "service/web/templates/part_problem.html")                \
    X(part_steps, "part_steps.html", "service/web/templates/part_steps.html")                      \
    X(part_sign_in, "part_sign_in.html", "service/web/templates/part_sign_in.html")                \
    X(part_erase_words, "part_erase_words.html", "service/web/templates/part_erase_words.html")    \
    X(wizard_chat, "wizard_chat.html", "service/web/templates/wizard_chat.html")                   \
    X(wizard_apps, "wizard_apps.html", "service/web/templates/wizard_apps.html")                   \
    X(wizard_app, "wizard_app.html", "service/web/templates/wizard_app.html")                      \
    X(wizard_recipes, "wizard_recipes.html", "service/web/templates/wizard_recipes.html")          \
    X(wizard_sign_in, "wizard_sign_in.html", "service/web/templates/wizard_sign_in.html")          \
    X(wizard_try, "wizard_try.html", "service/web/templates/wizard_try.html")                      \
    X(wizard_hook, "wizard_hook.html", "service/web/templates/wizard_hook.html")                   \
    X(wizard_admin, "wizard_admin.html", "service/web/templates/wizard_admin.html")                \
    X(ready_servicenow_incident, "servicenow-incident.md", "docs/recipes/servicenow-incident.md")  \
    X(ready_create_opportunity, "create-opportunity.md", "docs/recipes/create-opportunity.md")     \
    X(ready_box_folder, "box-folder.md", "docs/recipes/box-folder.md")                             \
    X(ready_deal_with_folder, "deal-with-folder.md", "docs/recipes/deal-with-folder.md")           \
    X(ready_log_meeting, "log-meeting.md", "docs/recipes/log-meeting.md")                          \
    X(ready_opportunity_approval, "opportunity-approval.md",                                       \
      "docs/recipes/opportunity-approval.md")                                                      \
    X(ready_change_approval, "servicenow-change-approval.md",                                      \
      "docs/recipes/servicenow-change-approval.md")                                                \
    X(setup_apps, "setup-apps.md", "docs/setup-apps.md")                                           \
    X(style, "style.css", "service/web/templates/style.css")                                       \
    X(teams_window, "teams_window.js", "service/web/templates/teams_window.js")                    \
    X(console_check, "console_check.js", "service/web/templates/console_check.js")                 \
    X(openapi, "openapi.yaml", "openapi.yaml")

/* The file's bytes and a NUL. */
#define EMBED(name, file, path)                                                                    \
    __asm__(".pushsection .rodata\n"                                                               \
            ".globl web_file_" #name "\n"                                                          \
            ".hidden web_file_" #name "\n"                                                         \
            "web_file_" #name ":\n"                                                                \
            ".incbin \"" path "\"\n"                                                               \
            ".byte 0\n"                                                                            \
            ".popsection\n");                                                                      \
    extern const char web_file_##name[] __attribute__((visibility("hidden")));
FILES(EMBED)

#define ROW(name, file, path) {file, web_file_##name},
static const struct {
    const char *name, *text;
} files[] = {FILES(ROW)};

const char *embed_find(const char *name)
{
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        if (str_equal(files[i].name, name)) {
            return files[i].text;
        }
    }
    return NULL;
}

const char *embed_version(void)
{
    static char version[9];
    static bool known;
    if (!__atomic_load_n(&known, __ATOMIC_ACQUIRE)) {
        static const char digits[] = "0123456789abcdef";
        const struct digest parts[] = {crypto_sha256(bytes_of(web_file_style)),
                                       crypto_sha256(bytes_of(web_file_teams_window)),
                                       crypto_sha256(bytes_of(web_file_console_check))};
        struct digest d = crypto_sha256((struct bytes){parts[0].bytes, sizeof parts});
        for (size_t i = 0; i < 4; i++) {
            version[2 * i] = digits[d.bytes[i] >> 4];
            version[2 * i + 1] = digits[d.bytes[i] & 15];
        }
        /* two threads write the same bytes */
        __atomic_store_n(&known, true, __ATOMIC_RELEASE);
    }
    return version;
}

char *embed_release(arena *mem)
{
    static const char key[] = "\n  version: ";
    const char *at = strstr(web_file_openapi, key);
    if (at == NULL) {
        die("openapi.yaml names no version");
    }
    at += strlen(key);
    return arena_strndup(mem, at, strcspn(at, "\n"));
}
