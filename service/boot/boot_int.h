#ifndef WB_BOOT_INT_H
#define WB_BOOT_INT_H

#include "apps.h"
#include "base/arena.h"
#include "base/faults.h"
#include "base/zip.h"
#include "bot.h"
#include "chat.h"
#include "config.h"
#include "crypto.h"
#include "db.h"
#include "jobs.h"
#include "net.h"
#include "oauth.h"
#include "recipe.h"
#include "store.h"
#include "web.h"

/* The object graph of a serving process, in the order it is built. */
struct service {
    arena *mem;
    bool patient; /* a statement may take as long as it takes: what a person runs by hand */
    struct config config;
    keyring *keys;
    db_pool *pool;
    stores *stores;
    db_pool *reserved_pool; /* for what no job may keep waiting: intake, claims, leases */
    stores *reserved;
    net_client *http;
    apps *apps;
    chats *chats;
    oauth *oauth;
    recipes *recipes;
    bot *bot;
    jobs *jobs; /* NULL for the role web */
    web *web;
};

enum role { ROLE_ALL, ROLE_WEB, ROLE_WORKER };

/* settings.c: configuration, keys and app definitions; every fault goes to standard error. False
 * when there was one. */
bool settings_load(struct service *s);
/* The same of faults that somebody else found. */
bool faults_report(const struct faults *f);

/* build.c */
void build_objects(struct service *s);
int build_start(struct service *s, enum role role, struct err *e);
/* Readiness false, no new work, running work ends, everything closed. */
void build_stop(struct service *s);
void build_free(struct service *s);

/* subcommands; each returns the exit status */
int command_serve(int argc, char **argv);
int command_migrate(int argc, char **argv);
int command_check(int argc, char **argv);
int command_health(int argc, char **argv); /* health.c */
int command_recipe(int argc, char **argv);
int command_forget(int argc, char **argv);   /* forget.c */
int command_keys(int argc, char **argv);     /* keys.c */
int command_manifest(int argc, char **argv); /* manifest.c */

/* keys.c: which key seals how many values, a line each on standard output. */
int keys_print(struct service *s, struct err *e);
/* Who seals with another key than the first, and may still live. */
int keys_older(struct service *s, struct key_user *ret, struct err *e);

/* commands.c: says on standard error how it is called; the exit status. Ends *s, of which nothing
 * is built yet. */
int command_misused(struct service *s, const char *usage);

/* audit.c: of each workspace what is wrong, a line each on standard output. workspace NULL: all. */
int audit_check(struct service *s, const char *workspace, bool *ret_whole, struct err *e);

/* manifest_teams.c */
struct teams_options {
    const char *out; /* a folder that is there */
    const char *version;
    const char *wrong; /* with the call, in words */
    bool replace;
};
/* False when that is no way to call it; ret->wrong says why. */
bool manifest_teams_options(arena *mem, int argc, char **argv, struct teams_options *ret);
/* Says on standard output which files it wrote. */
void manifest_teams(struct service *s, const struct teams_options *o, struct faults *faults);

/* folder.c */
struct folder_files {
    const char *dir;
    const struct zip_file *files;
    size_t count;
    bool replace; /* what is there and holds something else; otherwise that is a fault */
};
/* Writes what is not there yet: with a fault nothing, unless the file system itself fails in
 * between. ret_there[i]: that file was there already, the same. */
void folder_put(arena *mem, const struct folder_files *files, bool *ret_there,
                struct faults *faults);

#endif
