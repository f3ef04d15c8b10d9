#include "boot_int.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/faults.h"
#include "base/str.h"

static const char *from_environment(const char *name)
{
    return getenv(name);
}

bool faults_report(const struct faults *f)
{
    size_t kept = f->count < FAULTS_MAX ? f->count : FAULTS_MAX;
    for (size_t i = 0; i < kept; i++) {
        const struct fault *one = &f->list[i];
        if (str_starts(one->text, one->path)) { /* it names its setting itself */
            fprintf(stderr, "%s\n", one->text);
        } else {
            fprintf(stderr, "%s: %s\n", one->path, one->text);
        }
    }
    if (f->count > kept) {
        fprintf(stderr, "and %zu more: they are shown when some of these are mended\n",
                f->count - kept);
    }
    return f->count == 0;
}

static void load_keys(struct service *s, struct faults *f)
{
    struct err e = {0};
    if (!secret_empty(s->config.encryption_keys) &&
        crypto_keyring_parse(s->mem, s->config.encryption_keys, &s->keys, &e) != 0) {
        faults_add(f, "WORKBOT_ENCRYPTION_KEYS", "%s", e.text);
    }
}

bool settings_load(struct service *s)
{
    struct faults *f = arena_alloc(s->mem, sizeof(*f));
    faults_init(f, s->mem);
    config_load(s->mem, from_environment, &s->config, f);
    config_unknown(environ, f);
    load_keys(s, f);
    apps_load(s->mem, s->config.apps_dir, &s->apps, f);
    return faults_report(f);
}
