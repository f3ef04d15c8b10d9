#include "config_int.h"

#include <string.h>

#include "base/str.h"

enum { NAME_MAX_LEN = 64, NEAR = 4 };

static size_t smallest(size_t a, size_t b, size_t c)
{
    size_t least = a < b ? a : b;
    return least < c ? least : c;
}

/* Levenshtein distance of two names of at most NAME_MAX_LEN characters. */
static size_t distance(const char *a, const char *b)
{
    size_t row[NAME_MAX_LEN + 1];
    size_t b_len = strlen(b);
    for (size_t j = 0; j <= b_len; j++) {
        row[j] = j;
    }
    for (size_t i = 0; a[i] != '\0'; i++) {
        size_t diagonal = row[0];
        row[0] = i + 1;
        for (size_t j = 0; j < b_len; j++) {
            size_t above = row[j + 1];
            row[j + 1] = smallest(above + 1, row[j] + 1, diagonal + (a[i] != b[j]));
            diagonal = above;
        }
    }
    return row[b_len];
}

static const char *nearest(const char *name)
{
    const char *best = NULL;
    size_t best_distance = NEAR;
    for (size_t i = 0; i < config_key_count; i++) {
        size_t d = distance(name, config_keys[i].name);
        if (d < best_distance) {
            best = config_keys[i].name;
            best_distance = d;
        }
    }
    return best;
}

static bool is_known(const char *name)
{
    for (size_t i = 0; i < config_key_count; i++) {
        size_t len = strlen(config_keys[i].name);
        if (strncmp(name, config_keys[i].name, len) == 0 &&
            (name[len] == '\0' || str_equal(name + len, "_FILE"))) {
            return true;
        }
    }
    return false;
}

static void name_check(const char *name, struct faults *faults)
{
    if (!str_starts(name, "WORKBOT_") || is_known(name)) {
        return;
    }
    const char *near = strlen(name) > NAME_MAX_LEN ? NULL : nearest(name);
    if (near == NULL) {
        faults_add(faults, name, "%s is no setting: unset it, or see docs/configuration.md.", name);
        return;
    }
    faults_add(faults, name, "%s is no setting: did you mean %s?", name, near);
}

void config_unknown(char **env, struct faults *faults)
{
    for (; *env != NULL; env++) {
        const char *entry = *env;
        name_check(arena_strndup(faults->mem, entry, strcspn(entry, "=")), faults);
    }
}
