#include "boot_int.h"

#include <stdio.h>
#include <string.h>

#include "base/str.h"

/* `workbot manifest teams`: the app package that an admin of Teams uploads, and the files in it. */

enum { FILES = TEAMS_PACKAGE_FILES + 1 };

/* Three numbers, none with a zero before it (semver.org). */
static bool is_version(arena *mem, const char *text)
{
    const char *rest = text;
    for (int i = 0; i < 3; i++) {
        const char *number = str_split(mem, &rest, '.');
        size_t digits = number == NULL ? 0 : strspn(number, "0123456789");
        if (digits == 0 || digits > 9 || number[digits] != '\0' ||
            (digits > 1 && number[0] == '0')) {
            return false;
        }
    }
    return rest == NULL;
}

static void say_what_is_there(const struct folder_files *files, const bool *there)
{
    for (size_t i = 0; i < files->count; i++) {
        printf("%s  %s, %zu bytes\n", files->files[i].name, there[i] ? "unchanged" : "written",
               files->files[i].data.len);
    }
}

static void put_package(struct service *s, const struct teams_options *o, struct faults *faults)
{
    const struct teams_manifest m = {.public_url = s->config.public_url,
                                     .app_id = s->config.teams_app_id,
                                     .version = o->version};
    struct zip_file list[FILES];
    chat_teams_package(s->mem, &m, list);
    list[TEAMS_PACKAGE_FILES] =
        (struct zip_file){"workbot-teams.zip", zip_write(s->mem, list, TEAMS_PACKAGE_FILES)};
    const struct folder_files files = {
        .dir = o->out, .files = list, .count = FILES, .replace = o->replace};
    bool there[FILES] = {false};
    folder_put(s->mem, &files, there, faults);
    if (faults->count == 0) {
        say_what_is_there(&files, there);
    }
}

/* What is wrong with an option's value; NULL: nothing, and it is taken. */
static const char *take_value(arena *mem, const char *name, const char *value,
                              struct teams_options *ret)
{
    if (str_equal(name, "--out")) {
        ret->out = value;
        return str_empty(value) ? "--out wants a folder" : NULL;
    }
    if (!str_equal(name, "--version")) {
        return arena_printf(mem, "\"%s\" is no option of it", name);
    }
    ret->version = value;
    return value != NULL && is_version(mem, value) ? NULL
                                                   : "--version wants three numbers, such as 1.0.1";
}

bool manifest_teams_options(arena *mem, int argc, char **argv, struct teams_options *ret)
{
    *ret = (struct teams_options){.version = TEAMS_MANIFEST_VERSION};
    for (int i = 0; i < argc && ret->wrong == NULL; i++) {
        if (str_equal(argv[i], "--replace")) {
            ret->replace = true;
            continue;
        }
        ret->wrong = take_value(mem, argv[i], i + 1 < argc ? argv[i + 1] : NULL, ret);
        i++;
    }
    if (ret->wrong == NULL && ret->out == NULL) {
        ret->wrong = "--out is missing: the folder that the package goes to";
    }
    return ret->wrong == NULL;
}

void manifest_teams(struct service *s, const struct teams_options *o, struct faults *faults)
{
    if (s->config.public_is_loopback) {
        faults_add(faults, "WORKBOT_PUBLIC_URL",
                   "WORKBOT_PUBLIC_URL must be the https address that people's browsers reach: "
                   "Teams takes no package with another.");
    }
    if (s->config.teams_app_id == NULL) {
        faults_add(faults, "WORKBOT_TEAMS_APP_ID",
                   "WORKBOT_TEAMS_APP_ID must be set: the application id of the Azure bot.");
    }
    if (faults->count == 0) {
        put_package(s, o, faults);
    }
}
