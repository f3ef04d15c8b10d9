#include "apps_int.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/str.h"

/* The built-in definitions: definitions/NAME.json. */
/* clang-format off: one a line */
#define DEFINITIONS(X)                                                                             \
    X(box)                                                                                         \
    X(figma)                                                                                       \
    X(github)                                                                                      \
    X(gitlab)                                                                                      \
    X(google)                                                                                      \
    X(hubspot)                                                                                     \
    X(jira)                                                                                        \
    X(linear)                                                                                      \
    X(microsoft)                                                                                   \
    X(notion)                                                                                      \
    X(quickbooks)                                                                                  \
    X(salesforce)                                                                                  \
    X(servicenow)
/* clang-format on */

/* The file's bytes and a NUL. The path is relative to the top of the checkout (-Wa,-I.). */
#define EMBED(name)                                                                                \
    __asm__(".pushsection .rodata\n"                                                               \
            ".globl app_definition_" #name "\n"                                                    \
            ".hidden app_definition_" #name "\n"                                                   \
            "app_definition_" #name ":\n"                                                          \
            ".incbin \"service/apps/definitions/" #name ".json\"\n"                                \
            ".byte 0\n"                                                                            \
            ".popsection\n");                                                                      \
    extern const char app_definition_##name[] __attribute__((visibility("hidden")));
DEFINITIONS(EMBED)

static const struct builtin {
    const char *source;
    const char *text;
} builtins[] = {
#define ROW(name) {#name ".json", app_definition_##name},
    DEFINITIONS(ROW)
#undef ROW
};

enum { APPS_MAX = 500, PASSED_OVER_MAX = 50 };

struct apps {
    app *list[APPS_MAX];
    size_t count;
    const char *from_dir[APPS_MAX]; /* names, as the files stand */
    size_t from_dir_count;
    const char *passed_over[PASSED_OVER_MAX]; /* names of files that are no definition's */
    size_t passed_over_count;
};

/* The list stays sorted by name. */
static void insert(apps *all, app *a)
{
    size_t at = all->count++;
    while (at > 0 && strcmp(all->list[at - 1]->name, a->name) > 0) {
        all->list[at] = all->list[at - 1];
        at--;
    }
    all->list[at] = a;
}

/* Takes it in unless it is faulty, shadows another or is named unlike its file. */
static void add(apps *all, app *a, const char *source, struct faults *faults)
{
    if (a == NULL) {
        return;
    }
    if (!str_equal(source, arena_printf(faults->mem, "%s.json", a->name))) {
        faults_add(faults, source, "The app's name is \"%s\", so its file must be %s.json.",
                   a->name, a->name);
    } else if (apps_find(all, a->name) != NULL) {
        faults_add(faults, source, "There is already an app \"%s\".", a->name);
    } else if (all->count == APPS_MAX) {
        faults_add(faults, source, "There are more than %d apps.", APPS_MAX);
    } else {
        insert(all, a);
    }
}

static bool read_file(arena *boot, const char *path, struct bytes *ret, const char **ret_why)
{
    /* O_NONBLOCK: a FIFO that nobody writes would hold the process for ever */
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    struct stat about;
    if (fd < 0 || fstat(fd, &about) != 0 || !S_ISREG(about.st_mode)) {
        *ret_why = fd < 0 ? strerrordesc_np(errno) : "it is no regular file";
        (void)(fd < 0 ? 0 : close(fd));
        return false;
    }
    FILE *in = fdopen(fd, "rb");
    if (in == NULL) {
        *ret_why = strerrordesc_np(errno);
        (void)close(fd);
        return false;
    }
    uint8_t *text = arena_alloc(boot, APPS_DEFINITION_MAX + 2);
    size_t len = fread(text, 1, APPS_DEFINITION_MAX + 1, in);
    bool ok = ferror(in) == 0;
    *ret_why = "it ends in an error";
    (void)fclose(in);
    *ret = (struct bytes){text, len};
    return ok;
}

static void load_file(arena *boot, apps *all, const char *dir, const char *name,
                      struct faults *faults)
{
    struct bytes text;
    const char *why = NULL;
    if (!read_file(boot, arena_printf(boot, "%s/%s", dir, name), &text, &why)) {
        faults_add(faults, name, "This file cannot be read: %s.", why);
    } else if (text.len > APPS_DEFINITION_MAX) {
        faults_add(faults, name, "This file is larger than %d bytes.", APPS_DEFINITION_MAX);
    } else {
        add(all, apps_definition_read(boot, name, text, faults), name, faults);
    }
}

static int is_shown(const struct dirent *entry)
{
    return entry->d_name[0] != '.';
}

/* A name in other letters, say: nobody would look there for why an app is missing. */
static void pass_over(arena *boot, apps *all, const char *name)
{
    if (all->passed_over_count < PASSED_OVER_MAX) {
        all->passed_over[all->passed_over_count++] = arena_strdup(boot, name);
    }
}

static void load_entry(arena *boot, apps *all, const char *dir, const char *name,
                       struct faults *faults)
{
    size_t before = all->count;
    if (!str_ends(name, ".json")) {
        pass_over(boot, all, name);
        return;
    }
    load_file(boot, all, dir, name, faults);
    if (all->count > before) {
        all->from_dir[all->from_dir_count++] =
            arena_strndup(boot, name, strlen(name) - strlen(".json"));
    }
}

static void load_dir(arena *boot, apps *all, const char *dir, struct faults *faults)
{
    struct dirent **entries = NULL;
    int count = scandir(dir, &entries, is_shown, alphasort);
    if (count < 0) {
        faults_add(faults, "WORKBOT_APPS_DIR", "%s cannot be listed: %s.", dir,
                   strerrordesc_np(errno));
        return;
    }
    for (int i = 0; i < count; i++) {
        load_entry(boot, all, dir, entries[i]->d_name, faults);
        free(entries[i]);
    }
    free(entries);
}

int apps_load(arena *boot, const char *dir, apps **ret, struct faults *faults)
{
    size_t before = faults->count;
    apps *all = arena_alloc(boot, sizeof(*all));
    for (size_t i = 0; i < sizeof(builtins) / sizeof(builtins[0]); i++) {
        const struct builtin *b = &builtins[i];
        add(all, apps_definition_read(boot, b->source, bytes_of(b->text), faults), b->source,
            faults);
    }
    if (dir != NULL) {
        load_dir(boot, all, dir, faults);
    }
    if (faults->count != before) {
        return -1;
    }
    *ret = all;
    return 0;
}

const app *apps_find(const apps *all, const char *name)
{
    for (size_t i = 0; i < all->count; i++) {
        if (str_equal(all->list[i]->name, name)) {
            return all->list[i];
        }
    }
    return NULL;
}

const char *apps_from_dir(const apps *all, size_t index)
{
    return index < all->from_dir_count ? all->from_dir[index] : NULL;
}

const char *apps_passed_over(const apps *all, size_t index)
{
    return index < all->passed_over_count ? all->passed_over[index] : NULL;
}

const app *apps_at(const apps *all, size_t index)
{
    return index < all->count ? all->list[index] : NULL;
}

const app *apps_called(const apps *all, const char *words)
{
    for (size_t i = 0; i < all->count; i++) {
        const app *a = all->list[i];
        if (str_equal_fold(words, app_name(a)) || str_equal_fold(words, app_title(a))) {
            return a;
        }
    }
    return NULL;
}
