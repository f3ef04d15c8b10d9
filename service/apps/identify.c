#include "apps_int.h"

#include <string.h>

#include "base/limits.h"
#include "base/str.h"

enum { PROBE_MS = 10000 }; /* a person waits for the page behind it */

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

struct probe {
    arena *mem;
    net_client *http;
    const app *app;
    const char *base;
    struct secret access;
};

static int ask(const struct probe *p, const char *path, const json_t **ret, struct err *e)
{
    const struct net_request q = {.method = "GET",
                                  .url = arena_printf(p->mem, "%s%s", p->base, path),
                                  .peer = p->app->name,
                                  .bearer = p->access,
                                  .headers = {{"Accept", "application/json"}},
                                  .person_waits = true,
                                  .timeout_ms = PROBE_MS};
    struct net_response r;
    const char *words = NULL;
    if (net_call(p->http, p->mem, &q, &r, e) != 0) {
        return -1;
    }
    if (r.status != 200) {
        return apps_api_error(p->mem, p->app, &r, false, &words, e);
    }
    *ret = apps_json_body(p->mem, &r);
    if (*ret == NULL) {
        return err_set(e, ERR_UPSTREAM_BUSY, "app_unreadable", "%s answers the probe without JSON",
                       p->app->name);
    }
    return 0;
}

/* The account is known without these: whoever may not ask keeps what the first probe gave. */
static void add_details(const struct probe *p, struct account *io)
{
    const struct apps_details *details = &p->app->identity.details;
    const json_t *answer = NULL;
    struct err why = {0};
    if (details->path == NULL || ask(p, details->path, &answer, &why) != 0) {
        return;
    }
    const char *organization = text_at(p->mem, answer, details->organization);
    if (organization != NULL) {
        io->organization = organization;
    }
    const json_t *sandbox = details->sandbox == NULL ? NULL : json_at(answer, details->sandbox);
    if (json_is_boolean(sandbox)) {
        io->sandbox = json_is_true(sandbox);
    }
}

int app_identify(arena *mem, net_client *http, const struct app_site *site, struct secret access,
                 struct account *io, struct err *e)
{
    struct app_site here = *site;
    here.api_base = io->api_base != NULL ? io->api_base : site->api_base;
    const struct probe p = {mem, http, site->app, apps_api_base(mem, &here), access};
    const json_t *answer = NULL;
    if (ask(&p, site->app->identity.path, &answer, e) != 0 ||
        fill(mem, site, p.base, answer, io, e) != 0) {
        return -1;
    }
    add_details(&p, io);
    return 0;
}
