#include "boot_int.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/faults.h"
#include "base/str.h"

/* `workbot manifest`: what a chat platform is told about the bot. It is wanted before there is
 * anything else to set, so few settings are all that it needs. */

static const char *from_environment(const char *name)
{
    return getenv(name);
}

static bool is_named(const struct fault *f, const char *const *settings)
{
    while (*settings != NULL && !str_starts(f->path, *settings)) {
        settings++;
    }
    return *settings != NULL;
}

/* Faults of other settings are not of interest here. */
static bool load(struct service *s, const char *const *settings)
{
    struct faults *all = arena_alloc(s->mem, sizeof *all);
    struct faults *named = arena_alloc(s->mem, sizeof *named);
    faults_init(all, s->mem);
    faults_init(named, s->mem);
    config_load(s->mem, from_environment, &s->config, all);
    for (size_t i = 0; i < all->count && i < FAULTS_MAX; i++) {
        if (is_named(&all->list[i], settings)) {
            faults_add(named, all->list[i].path, "%s", all->list[i].text);
        }
    }
    return faults_report(named);
}

static void print_slack(struct service *s, bool link)
{
    const struct config *c = &s->config;
    const struct slack_manifest m = {.public_url = c->public_url,
                                     .signs_in =
                                         c->slack_sign_in && c->slack_sign_in_client_id == NULL};
    json_t *manifest = chat_slack_manifest(s->mem, &m);
    if (link) {
        printf("%s\n", chat_slack_manifest_link(s->mem, manifest));
        return;
    }
    json_dumpf(manifest, stdout, JSON_INDENT(2));
    printf("\n");
    if (c->public_is_loopback) {
        fprintf(stderr, "manifest: Slack accepts https addresses only: set WORKBOT_PUBLIC_URL to "
                        "the one that Slack can reach\n");
    }
}

/* Exit statuses, as all subcommands have them. */
enum { DONE, FAULTS, USAGE };

static const char usage[] =
    "usage: workbot manifest slack [--link]\n"
    "       workbot manifest teams --out FOLDER [--version X.Y.Z] [--replace]\n";

static int misused(const char *why)
{
    fprintf(stderr, "manifest: %s\n%s", why, usage);
    return USAGE;
}

static int command_slack(struct service *s, int argc, char **argv)
{
    static const char *const settings[] = {"WORKBOT_PUBLIC_URL", NULL};
    bool link = argc == 1 && str_equal(argv[0], "--link");
    if (argc > 1 || (argc == 1 && !link)) {
        return misused(arena_printf(s->mem, "\"%s\" is no option of it", argv[link ? 1 : 0]));
    }
    if (!load(s, settings)) {
        return FAULTS;
    }
    print_slack(s, link);
    return DONE;
}

static int command_teams(struct service *s, int argc, char **argv)
{
    static const char *const settings[] = {"WORKBOT_PUBLIC_URL", "WORKBOT_TEAMS_APP_ID", NULL};
    struct faults *faults = arena_alloc(s->mem, sizeof *faults);
    struct teams_options options;
    faults_init(faults, s->mem);
    if (!manifest_teams_options(s->mem, argc, argv, &options)) {
        return misused(options.wrong);
    }
    if (!load(s, settings)) {
        return FAULTS;
    }
    manifest_teams(s, &options, faults);
    return faults_report(faults) ? DONE : FAULTS;
}

static const struct {
    const char *platform;
    int (*run)(struct service *s, int argc, char **argv);
} platforms[] = {{"slack", command_slack}, {"teams", command_teams}};

static int run_platform(struct service *s, int argc, char **argv)
{
    if (argc == 0) {
        return misused("say for which chat platform");
    }
    for (size_t i = 0; i < sizeof platforms / sizeof platforms[0]; i++) {
        if (str_equal(argv[0], platforms[i].platform)) {
            return platforms[i].run(s, argc - 1, argv + 1);
        }
    }
    return misused(arena_printf(s->mem, "there is no chat platform \"%s\"", argv[0]));
}

int command_manifest(int argc, char **argv)
{
    struct service s = {.mem = arena_new()};
    if (argc > 0 && str_equal(argv[argc - 1], "--help")) {
        printf("%s", usage);
        arena_free(s.mem);
        return DONE;
    }
    int rc = run_platform(&s, argc, argv);
    arena_free(s.mem);
    return rc;
}
