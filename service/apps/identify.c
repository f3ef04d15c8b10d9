#include "apps_int.h"

#include <string.h>

#include "base/limits.h"
#include "base/str.h"

static const char *text_at(arena *mem, const json_t *answer, const char *path)
{
    const char *text = path == NULL ? NULL : apps_scalar(mem, json_at(answer, path));
    return str_empty(text) ? NULL : str_cut(mem, text, LIMIT_LABEL);
}

static const char *part_of(arena *mem, const struct app_site *site, const struct apps_part *part,
                           const json_t *answer)
{
    if (!str_empty(part->path)) {
        return apps_scalar(mem, json_at(answer, part->path));
    }
    if (str_equal(part->var, "host")) {
        return str_empty(site->host) ? site->app->host : site->host;
    }
    return json_text(site->vars, part->var);
}

/* The parts of the key with ":" between them; NULL when one is missing. */
static const char *key_of(arena *mem, const struct app_site *site, const json_t *answer)
{
    const struct apps_identity *identity = &site->app->identity;
    struct str s = str_new(mem, LIMIT_LABEL);
    for (size_t i = 0; i < identity->key_count; i++) {
        const struct apps_part *part = &identity->key[i];
        const char *text = part_of(mem, site, part, answer);
        if (str_empty(text)) {
            return NULL;
        }
        str_add(&s, i == 0 ? "" : ":");
        str_add_n(&s, text, part->first == 0 ? strlen(text) : strnlen(text, part->first));
    }
    return s.cut ? NULL : s.text;
}

static int fill(arena *mem, const struct app_site *site, const json_t *answer, struct account *io,
                struct err *e)
{
    const struct apps_identity *identity = &site->app->identity;
    const char *base = NULL;
    if (identity->one != NULL) {
        apps_one_row(answer, identity->one, &answer); /* several: the app did not look for one */
    }
    const char *key = key_of(mem, site, answer);
    const char *name = text_at(mem, answer, identity->name);
    if (key == NULL || name == NULL) {
        return err_set(e, ERR_UPSTREAM_REFUSED, "no_identity", "%s does not say who this is",
                       site->app->name);
    }
    if (apps_api_base(mem, site, &base, e) != 0) {
        return -1;
    }
    io->key = key;
    io->name = name;
    io->email = text_at(mem, answer, identity->email);
    io->organization = text_at(mem, answer, identity->organization);
    io->sandbox = apps_is_sandbox(mem, site, base);
    return 0;
}

/* The account is known without these: whoever may not ask keeps what the first probe gave. */
static void add_details(const struct apps_probe *p, struct account *io)
{
    const struct apps_details *details = &p->site->app->identity.details;
    const struct apps_question q = {.path = details->path, .method = "GET"};
    const json_t *answer = NULL;
    struct err why = {0};
    if (details->path == NULL || apps_ask(p, &q, &answer, &why) != 0) {
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

/* Some apps keep the people of their sandbox apart. */
static struct apps_question question_of(arena *mem, const struct app_site *site)
{
    struct apps_question q = site->app->identity.ask;
    if (site->app->identity.sandbox_url != NULL && apps_is_sandbox(mem, site, "")) {
        q.url = site->app->identity.sandbox_url;
    }
    return q;
}

int app_identify(arena *mem, net_client *http, const struct app_site *site, struct secret access,
                 struct account *io, struct err *e)
{
    const app *a = site->app;
    struct app_site here = *site;
    here.api_base = io->api_base != NULL ? io->api_base : site->api_base;
    const struct apps_probe p = {mem, http, &here, access};
    const json_t *answer = NULL;
    if (apps_look_up_vars(&p, io, e) != 0) {
        return -1;
    }
    if (a->lookups_count > 0) {
        here.vars = app_site_vars(mem, a, here.own, io->vars);
    }
    const struct apps_question q = question_of(mem, &here);
    if (apps_ask(&p, &q, &answer, e) != 0 || fill(mem, &here, answer, io, e) != 0) {
        return -1;
    }
    add_details(&p, io);
    return 0;
}

const char *app_identity_asks(arena *mem, const app *a)
{
    const struct apps_identity *identity = &a->identity;
    struct str s = str_new(mem, LIMIT_LABEL);
    str_printf(&s, "%s %s for ", identity->ask.method,
               identity->ask.url != NULL ? identity->ask.url : identity->ask.path);
    if (identity->one != NULL) {
        str_printf(&s, "exactly one row at \"%s\", with ", identity->one);
    }
    for (size_t i = 0; i < identity->key_count; i++) {
        if (!str_empty(identity->key[i].path)) {
            str_printf(&s, "%s, ", identity->key[i].path);
        }
    }
    str_add(&s, identity->name);
    return s.text;
}
