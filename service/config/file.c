#include "config_int.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/str.h"

enum { FILE_MAX_BYTES = 16 * 1024 };

/* The content of a file without one trailing newline, in memory that is wiped with mem. */
static const char *file_read(arena *mem, const char *path, const struct config_key *key,
                             struct faults *faults)
{
    char buffer[FILE_MAX_BYTES + 1];
    FILE *f = fopen(path, "re");
    if (f == NULL) {
        faults_add(faults, key->name, "%s_FILE cannot be opened (%s): check the path and rights.",
                   key->name, strerrordesc_np(errno));
        return NULL;
    }
    size_t len = fread(buffer, 1, sizeof(buffer), f);
    bool failed = ferror(f) != 0;
    if (fclose(f) != 0 || failed) {
        faults_add(faults, key->name, "%s_FILE cannot be read: give a plain file.", key->name);
        return NULL;
    }
    if (len > FILE_MAX_BYTES) {
        faults_add(faults, key->name, "%s_FILE is too large: give a file of at most %d bytes.",
                   key->name, (int)FILE_MAX_BYTES);
        len = 0;
    }
    if (memchr(buffer, '\0', len) != NULL) {
        faults_add(faults, key->name, "%s_FILE holds NUL bytes: give plain text.", key->name);
        len = 0;
    }
    len = len > 0 && buffer[len - 1] == '\n' ? len - 1 : len;
    const char *text = secret_reveal(secret_new(mem, buffer, len));
    explicit_bzero(buffer, sizeof(buffer));
    return text;
}

/* Control characters never belong into a setting: they come from a file of another format. */
static bool is_clean(const char *text)
{
    for (const char *at = text; *at != '\0'; at++) {
        if ((unsigned char)*at < 0x20 || *at == 0x7f) {
            return false;
        }
    }
    return str_is_utf8(text, strlen(text));
}

static const char *text_of(arena *mem, const char *value, const char *path,
                           const struct config_key *key, struct faults *faults)
{
    if (!str_empty(value) && !str_empty(path)) {
        faults_add(faults, key->name, "%s and %s_FILE are both set: keep one of them.", key->name,
                   key->name);
        return NULL;
    }
    if (str_empty(path)) {
        return str_empty(value) ? NULL : value;
    }
    const char *text = file_read(mem, path, key, faults);
    if (text != NULL && text[0] == '\0') {
        faults_add(faults, key->name, "%s_FILE names an empty file: put the value into it.",
                   key->name);
    }
    return text;
}

const char *config_text(arena *mem, const char *(*get)(const char *), const struct config_key *key,
                        struct faults *faults, bool *ret_faulty)
{
    size_t before = faults->count;
    const char *path = get(arena_printf(mem, "%s_FILE", key->name));
    const char *text = text_of(mem, get(key->name), path, key, faults);
    if (text != NULL && text[0] != '\0' && !is_clean(text)) {
        faults_add(faults, key->name,
                   "%s holds control characters or is not UTF-8: give plain text on one line.",
                   key->name);
    }
    *ret_faulty = faults->count != before;
    return *ret_faulty ? NULL : text;
}
