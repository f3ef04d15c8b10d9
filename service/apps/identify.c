#include "apps_int.h"

#include <string.h>

#include "base/limits.h"
#include "base/str.h"

static const char *text_at(arena *mem, const json_t *answer, const char *path)
{
    const char *text = path == NULL ? NULL : apps_scalar(mem, json_at(answer, path));
    return str_empty(text) ? NULL : str_cut(mem, text, LIMIT_LABEL);
}

/* The parts of the key with ":" between them; NULL when one is missing. */
static const char *key_of(arena *mem, const struct apps_identity *identity, const json_t *answer)
{
    struct str s = str_new(mem, LIMIT_LABEL);
    for (size_t i = 0; i < identity->key_count; i++) {
        const struct apps_part *part = &identity->key[i];
        const char *text = apps_scalar(mem, json_at(answer, part->path));
        if (str_empty(text)) {
            return NULL;
        }
        str_add(&s, i == 0 ? "" : ":");
        str_add_n(&s, text, part->first == 0 ? strlen(text) : strnlen(text, part->first));
    }
    return s.cut ? NULL : s.text;
}

static int fill(arena *mem, const struct app_site *site, const char *base, const json_t *answer,
                struct account *io, struct err *e)
{
    const struct apps_identity *identity = &site->app->identity;
    const char *key = key_of(mem, identity, answer);
    const char *name = text_at(mem, answer, identity->name);
    if (key == NULL || name == NULL) {
        return err_set(e, ERR_UPSTREAM_REFUSED, "no_identity", "%s does not say who this is",
                       site->app->name);
    }
    io->key = key;
    io->name = name;
    io->email = text_at(mem, answer, identity->email);
    io->organization = text_at(mem, answer, identity->organization);
    io->sandbox = apps_is_sandbox(mem, site, base);
    return 0;
}

int app_identify(arena *mem, net_client *http, const struct app_site *site, struct secret access,
                 struct account *io, struct err *e)
{
    const app *a = site->app;
    struct app_site here = *site;
    here.api_base = io->api_base != NULL ? io->api_base : site->api_base;
    const char *base = apps_api_base(mem, &here);
    const struct net_request q = {.method = "GET",
                                  .url = arena_printf(mem, "%s%s", base, a->identity.path),
                                  .peer = a->name,
                                  .bearer = access,
                                  .headers = {{"Accept", "application/json"}}};
    struct net_response r;
    const char *words = NULL;
    if (net_call(http, mem, &q, &r, e) != 0) {
        return -1;
    }
    if (r.status != 200) {
        return apps_api_error(mem, a, &r, false, &words, e);
    }
    const json_t *answer = apps_json_body(mem, &r);
    if (answer == NULL) {
        return err_set(e, ERR_UPSTREAM_BUSY, "app_unreadable", "%s answers the probe without JSON",
                       a->name);
    }
    return fill(mem, site, base, answer, io, e);
}
