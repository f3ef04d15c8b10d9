#include "boot_int.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/faults.h"
#include "base/json.h"
#include "base/limits.h"
#include "base/str.h"

/* The subcommands that do one thing and end: migrate, check, recipe check. */

static void report_migration(const char *name)
{
    printf("applied %s\n", name);
}

int command_migrate(int argc, char **argv)
{
    struct service s = {.mem = arena_new()};
    struct err e = {0};
    (void)argv;
    if (argc != 0) {
        return command_misused(&s, "migrate");
    }
    int rc = 1;
    if (settings_load(&s)) {
        const struct db_service service = {.role = s.config.database_service_role,
                                           .audit_keep_s = s.config.ttl_audit};
        bool done = db_migrate(s.config.database_url, report_migration, &e) == 0 &&
                    db_give_rights(s.config.database_url, &service, &e) == 0;
        rc = done ? 0 : 1;
        if (rc != 0) {
            fprintf(stderr, "migrate: %s\n", e.text);
        } else {
            printf("the database is up to date\n");
        }
    }
    arena_free(s.mem);
    return rc;
}

static int check_database(struct service *s, struct err *e)
{
    store *st = NULL;
    if (store_open(s->stores, s->mem, &st, e) != 0) {
        return -1;
    }
    int rc = store_ready(st, e);
    store_close(st);
    return rc;
}

/* A connection that demands a sign-in which is switched off connects nobody. */
static int check_sign_in(struct service *s, bool *ret_demanded, struct err *e)
{
    store *st = NULL;
    const char **list = NULL;
    size_t count = 0;
    if (store_open(s->stores, s->mem, &st, e) != 0) {
        return -1;
    }
    int rc = store_default_demanding(st, &list, &count, e);
    store_close(st);
    for (size_t i = 0; rc == 0 && i < count; i++) {
        if (!chats_sign_in_on(s->chats, list[i])) {
            fprintf(stderr,
                    "%s has a connection with assurance sign_in, and the chat's sign-in is "
                    "switched off\n",
                    list[i]);
            *ret_demanded = true;
        }
    }
    return rc;
}

/* Stored before a word was reserved. No fault of this deployment: what else there is works. */
static int tell_shadowed(struct service *s, struct err *e)
{
    store *st = NULL;
    struct recipe_command *list = NULL;
    size_t count = 0;
    if (store_open(s->stores, s->mem, &st, e) != 0) {
        return -1;
    }
    int rc = store_recipe_commands(st, &list, &count, e);
    store_close(st);
    for (size_t i = 0; rc == 0 && i < count; i++) {
        const struct recipe_command *x = &list[i];
        const char *word = recipe_shadowed_by(s->mem, x->command, bot_reserved_words());
        if (word != NULL) {
            fprintf(stderr,
                    "%s: the command \"%s\" of the recipe %s collides with \"%s\", a word of "
                    "Workbot itself, which goes first: give it another command\n",
                    x->workspace, x->command, x->name, word);
        }
    }
    return rc;
}

/* What came of WORKBOT_APPS_DIR: a file in other letters is easily overlooked. */
static void tell_apps(const struct service *s)
{
    const char *name = NULL;
    if (s->config.apps_dir == NULL) {
        return;
    }
    printf("apps from WORKBOT_APPS_DIR:");
    for (size_t i = 0; (name = apps_from_dir(s->apps, i)) != NULL; i++) {
        printf("%s %s", i == 0 ? "" : ",", name);
    }
    printf("%s\n", apps_from_dir(s->apps, 0) == NULL ? " none" : "");
    for (size_t i = 0; (name = apps_passed_over(s->apps, i)) != NULL; i++) {
        fprintf(stderr, "WORKBOT_APPS_DIR: %s is passed over: a definition's file is NAME.json\n",
                name);
    }
}

/* No fault: a new key is on its way. */
static void say_older_key(struct service *s)
{
    struct err unused = {0};
    struct key_user older;
    if (keys_older(s, &older, &unused) == 0 && older.key != NULL) {
        printf("%s, which seals with the key %s, was alive %lld s ago: 'workbot keys rotate' "
               "begins when none such has been for %d s, at %s at the earliest\n",
               older.process, older.key, (long long)older.age_s, STORE_KEYS_LIVE_S,
               clock_rfc3339(s->mem, older.until));
    }
}

/* Who owns the tables has the last word. No fault: nothing leaves too early. */
static int tell_kept(struct service *s, struct err *e)
{
    enum { DAY = 86400 };
    store *st = NULL;
    int64_t kept_s = 0;
    if (store_open(s->stores, s->mem, &st, e) != 0) {
        return -1;
    }
    int rc = store_seal_kept(st, s->config.ttl_audit, &kept_s, e);
    store_close(st);
    if (rc == 0 && kept_s > s->config.ttl_audit) {
        printf("the audit is kept for %lld days, as `workbot migrate` was told by its "
               "WORKBOT_TTL_AUDIT: run it with the one that is set here to keep it for less\n",
               (long long)(kept_s / DAY));
    }
    return rc;
}

static int check_all(struct service *s)
{
    struct err e = {0};
    bool demanded = false;
    if (s->config.slack_app_id == NULL && s->config.teams_app_id == NULL) {
        printf("no chat platform is set, so nobody can type a command: set "
               "WORKBOT_SLACK_APP_ID or WORKBOT_TEAMS_APP_ID\n");
    }
    tell_apps(s);
    if (check_database(s, &e) != 0 || check_sign_in(s, &demanded, &e) != 0 ||
        tell_shadowed(s, &e) != 0 || tell_kept(s, &e) != 0) {
        fprintf(stderr, "database: %s\n", e.text);
        if (str_equal(e.code, "keys_wrong")) {
            (void)keys_print(s, &e);
        }
        return 1;
    }
    say_older_key(s);
    if (!demanded) {
        printf("settings, keys, app definitions and database are in order\n");
    }
    return demanded ? 1 : 0;
}

static int check_audit(struct service *s, const char *workspace)
{
    struct err e = {0};
    bool whole = false;
    if (check_database(s, &e) != 0 || audit_check(s, workspace, &whole, &e) != 0) {
        fprintf(stderr, "audit: %s\n", e.text);
        return 1;
    }
    return whole ? 0 : 1;
}

int command_check(int argc, char **argv)
{
    struct service s = {.mem = arena_new()};
    bool audit = (argc == 1 || argc == 2) && strcmp(argv[0], "--audit") == 0;
    if (argc == 1 && strcmp(argv[0], "--reference") == 0) {
        printf("%s", config_reference(s.mem));
        arena_free(s.mem);
        return 0;
    }
    if (argc != 0 && !audit) {
        return command_misused(&s, "check [--reference | --audit [WORKSPACE]]");
    }
    if (!settings_load(&s)) {
        arena_free(s.mem);
        return 1;
    }
    build_objects(&s);
    int rc = audit ? check_audit(&s, argc == 2 ? argv[1] : NULL) : check_all(&s);
    build_free(&s);
    return rc;
}

static int read_file(arena *mem, const char *path, struct bytes *ret)
{
    FILE *f = fopen(path, "rb");
    if (f == NULL) {
        return -1;
    }
    uint8_t *data = arena_alloc(mem, LIMIT_RECIPE_BODY + 1);
    size_t len = fread(data, 1, LIMIT_RECIPE_BODY + 1, f);
    fclose(f);
    *ret = (struct bytes){.data = data, .len = len};
    return len > LIMIT_RECIPE_BODY ? -1 : 0;
}

static bool check_recipe(const char *path)
{
    arena *mem = arena_new();
    struct bytes text;
    json_t *body = NULL;
    struct recipe *r = NULL;
    struct json_place at = {0};
    bool unread = false;
    struct err e = {0};
    struct faults *f = arena_alloc(mem, sizeof(*f));
    faults_init(f, mem);
    if (read_file(mem, path, &text) != 0) {
        printf("%s: The file cannot be read, or is over %d bytes.\n", path, LIMIT_RECIPE_BODY);
        unread = true;
    } else if (json_read_placed(mem, text, &body, &at, &e) != 0) {
        printf("%s:%d:%d: %s\n", path, at.line, at.column, e.text);
        unread = true;
    } else {
        recipe_parse(mem, body, &r, f);
        recipe_check_references(mem, r, f);
    }
    for (size_t i = 0; i < f->count && i < FAULTS_MAX; i++) {
        const char *place = f->list[i].path; /* none: the file as a whole */
        at = json_place(text, place);
        printf("%s:%d:%d: %s%s%s\n", path, at.line, at.column, place, place[0] == '\0' ? "" : ": ",
               f->list[i].text);
    }
    bool fine = f->count == 0 && !unread;
    printf("%s: %s\n", path, fine ? "fine" : "faulty");
    arena_free(mem);
    return fine;
}

int command_recipe(int argc, char **argv)
{
    if (argc < 2 || strcmp(argv[0], "check") != 0) {
        fprintf(stderr, "usage: workbot recipe check FILE...\n");
        return 2;
    }
    int rc = 0;
    for (int i = 1; i < argc; i++) {
        rc = check_recipe(argv[i]) ? rc : 1;
    }
    return rc;
}
