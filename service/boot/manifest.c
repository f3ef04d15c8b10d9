#include "boot_int.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/faults.h"
#include "base/json.h"
#include "base/str.h"

/* `workbot manifest slack`: what the chat platform is told about the bot. It is wanted before there
 * is anything else to set, so the public URL is all that it needs. */

static const char *from_environment(const char *name)
{
    return getenv(name);
}

/* Faults of other settings are not of interest here. */
static bool load(struct service *s)
{
    struct faults *f = arena_alloc(s->mem, sizeof(*f));
    bool fine = true;
    faults_init(f, s->mem);
    config_load(s->mem, from_environment, &s->config, f);
    for (size_t i = 0; i < f->count && i < FAULTS_MAX; i++) {
        if (str_starts(f->list[i].path, "WORKBOT_PUBLIC_URL")) {
            fprintf(stderr, "%s: %s\n", f->list[i].path, f->list[i].text);
            fine = false;
        }
    }
    return fine;
}

static void print_link(arena *mem, const json_t *manifest)
{
    const char *text = json_write(mem, manifest);
    struct str link = str_new(mem, 3 * strlen(text) + 1);
    str_add_url(&link, text);
    printf("https://api.slack.com/apps?new_app=1&manifest_json=%s\n", link.text);
}

static void print_slack(struct service *s, bool link)
{
    const struct config *c = &s->config;
    const struct slack_manifest m = {.public_url = c->public_url,
                                     .signs_in =
                                         c->slack_sign_in && c->slack_sign_in_client_id == NULL};
    json_t *manifest = chat_slack_manifest(s->mem, &m);
    if (link) {
        print_link(s->mem, manifest);
        return;
    }
    json_dumpf(manifest, stdout, JSON_INDENT(2));
    printf("\n");
    if (c->public_is_loopback) {
        fprintf(stderr, "manifest: Slack accepts https addresses only: set WORKBOT_PUBLIC_URL to "
                        "the one that Slack can reach\n");
    }
}

int command_manifest(int argc, char **argv)
{
    struct service s = {.mem = arena_new()};
    bool link = argc == 2 && strcmp(argv[1], "--link") == 0;
    int rc = 2;
    if (argc < 1 || argc > 2 || strcmp(argv[0], "slack") != 0 || (argc == 2 && !link)) {
        fprintf(stderr, "usage: workbot manifest slack [--link]\n");
    } else if (!load(&s)) {
        rc = 1;
    } else {
        print_slack(&s, link);
        rc = 0;
    }
    arena_free(s.mem);
    return rc;
}
