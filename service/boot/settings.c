#include "boot_int.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/faults.h"

static const char *from_environment(const char *name)
{
    return getenv(name);
}

static bool report(const struct faults *f)
{
    size_t kept = f->count < FAULTS_MAX ? f->count : FAULTS_MAX;
    for (size_t i = 0; i < kept; i++) {
        fprintf(stderr, "%s: %s\n", f->list[i].path, f->list[i].text);
    }
    if (f->count > kept) {
        fprintf(stderr, "and %zu more\n", f->count - kept);
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
    return report(f);
}
