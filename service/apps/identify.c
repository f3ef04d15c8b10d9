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

const char *app_account_id(arena *mem, const app *a, const char *id)
{
    const struct apps_identity *identity = &a->identity;
    if (identity->key_count < 2) {
        return NULL;
    }
    const struct apps_part *last = &identity->key[identity->key_count - 1];
    return arena_strndup(mem, id, last->first == 0 ? strlen(id) : strnlen(id, last->first));
}

static int fill(arena *mem, const struct app_site *site, const json_t *answer, struct account *io,
                struct err *e)
{
    const struct apps_identity *identity = &site->app->identity;
    const char *base = NULL;
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

/* Without a variable in it, what it tells is the same at each site: it is asked once. */
static bool same_everywhere(const struct apps_question *q)
{
    return q->url != NULL && strchr(q->url, '{') == NULL && q->body == NULL;
}

static int ask_once(const struct apps_probe *p, const json_t **io_answer, struct err *e)
{
    const struct apps_question q = question_of(p->mem, p->site);
    return *io_answer != NULL && same_everywhere(&q) ? 0 : apps_ask(p, &q, io_answer, e);
}

static bool may_come_back(const struct err *e)
{
    return e->kind == ERR_UPSTREAM_BUSY || e->kind == ERR_TIMEOUT || e->kind == ERR_LIMIT;
}

/* One row of somebody else comes where the app ignored the question and hides all other rows from
 * this account. An app that does not know the second question has no say. */
static int check_account(const struct apps_probe *p, const json_t *account, struct err *e)
{
    const struct apps_identity_check *check = &p->site->app->identity.check;
    const struct apps_question q = {.path = check->path, .method = "GET"};
    const json_t *answer = NULL;
    struct err why = {0};
    if (check->path == NULL) {
        return 0;
    }
    if (apps_ask(p, &q, &answer, &why) != 0) {
        if (may_come_back(&why)) {
            *e = why;
            return -1;
        }
        return 0;
    }
    if (str_equal(text_at(p->mem, answer, check->answer),
                  text_at(p->mem, account, check->account))) {
        return 0;
    }
    return err_set(e, ERR_UPSTREAM_REFUSED, "no_identity", "%s names two accounts as this one",
                   p->site->app->name);
}

/* At the site that its variables say. */
static int identify_at(const struct apps_probe *at, const json_t **io_answer, struct account *io,
                       struct err *e)
{
    struct app_site here = *at->site;
    struct apps_probe p = *at;
    p.site = &here;
    if (here.app->lookups_count > 0) {
        here.vars = app_site_vars(p.mem, here.app, here.own, io->vars);
    }
    if (ask_once(&p, io_answer, e) != 0) {
        return -1;
    }
    const char *one = here.app->identity.one;
    const json_t *account = *io_answer;
    if (one != NULL) {
        apps_one_row(*io_answer, one, &account); /* several: the app did not look for one */
    }
    return fill(p.mem, &here, account, io, e) != 0 ? -1 : check_account(&p, account, e);
}

/* A site whose own answer is a refusal is none to choose: it would be one that does nothing. The
 * name that its person chooses it by is its organization's. */
static int identify_each(const struct apps_probe *p, struct account *io, struct app_sites *list,
                         struct err *e)
{
    const json_t *answer = NULL;
    size_t known = 0;
    for (size_t i = 0; i < list->count; i++) {
        struct app_site_choice *x = &list->items[i];
        if (identify_at(p, &answer, &x->account, e) == 0) {
            x->account.organization = x->label;
            list->items[known++] = *x;
        } else if (may_come_back(e)) {
            return -1;
        }
    }
    if (known == 0) {
        return -1;
    }
    *e = (struct err){.kind = ERR_NONE};
    list->count = known;
    *io = list->items[0].account;
    return 0;
}

int app_identify(arena *mem, net_client *http, const struct app_site *site, struct secret access,
                 struct account *io, struct app_sites *ret, struct err *e)
{
    struct app_site here = *site;
    here.api_base = io->api_base != NULL ? io->api_base : site->api_base;
    const struct apps_probe p = {mem, http, &here, access};
    struct app_sites found = {.count = 0};
    const json_t *answer = NULL;
    if (apps_look_up_vars(&p, io, ret == NULL ? NULL : &found, e) != 0) {
        return -1;
    }
    if (found.count > 1) {
        *ret = found;
        return identify_each(&p, io, ret, e);
    }
    if (identify_at(&p, &answer, io, e) != 0) {
        return -1;
    }
    here.vars = app_site_vars(mem, here.app, here.own, io->vars);
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
