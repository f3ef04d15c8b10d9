#include "boot.h"
#include "boot_int.h"

#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>

static const struct {
    const char *name;
    int (*run)(int argc, char **argv);
    const char *help;
} commands[] = {
    {"serve", command_serve, "[--role all|web|worker]  answer webhooks and browsers, run jobs"},
    {"migrate", command_migrate, "bring the database's schema up to this version"},
    {"check", command_check,
     "say everything that is wrong with the settings\n"
     "           --reference  the table of all settings\n"
     "           --audit [WORKSPACE]  is the audit what was sealed each night? exit status 0 or 1"},
    {"health", command_health,
     "[--ready]  ask the running service beside this one; exit status 0 or 1"},
    {"manifest", command_manifest,
     "slack [--link]  print the Slack app's settings, or the link that makes the app\n"
     "           teams --out FOLDER [--version X.Y.Z] [--replace]  write the Teams app's package"},
    {"keys", command_keys,
     "say which encryption keys seal how many values\n"
     "           rotate  seal every value with the first key, so that the others may go"},
    {"forget", command_forget,
     "WORKSPACE USER  erase a person, and prove it; exit status 1: not yet, run it again"},
    {"recipe", command_recipe, "check FILE...  say everything that is wrong with a recipe"},
};

static int usage(FILE *to, int status)
{
    fprintf(to, "Workbot: commands from chat, run in your company's apps as the person who typed "
                "them.\n\nusage: workbot COMMAND\n\n");
    for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
        fprintf(to, "  %-8s %s\n", commands[i].name, commands[i].help);
    }
    fprintf(to, "\nSettings come from the environment: docs/configuration.md lists them all.\n");
    return status;
}

int command_misused(struct service *s, const char *usage)
{
    fprintf(stderr, "usage: workbot %s\n", usage);
    arena_free(s->mem);
    return 2;
}

int boot_main(int argc, char **argv)
{
    const char *name = argc > 1 ? argv[1] : "";
    prctl(PR_SET_DUMPABLE, 0); /* keys and tokens stay out of core dumps and of other processes */
    for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
        if (strcmp(commands[i].name, name) == 0) {
            return commands[i].run(argc - 2, argv + 2);
        }
    }
    bool asked = strcmp(name, "help") == 0 || strcmp(name, "--help") == 0;
    return usage(asked ? stdout : stderr, asked ? 0 : 2);
}
