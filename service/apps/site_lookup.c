#include "apps_int.h"

#include <string.h>

#include "base/limits.h"
#include "base/str.h"

/* Variables that one more question tells: which site, company or tenant an account is in. */

/* Nobody chooses among so many. Each that is new is held against those before it, so there must be
 * a bound: a list may have tens of thousands. */
enum { FOUND_MAX = 4 * APP_SITES_MAX };

/* Of several sites the default connection may have named one: the others are none of its. */
static bool fits(arena *mem, const struct apps_probe *p, const struct apps_site_lookup *l,
                 const json_t *row)
{
    for (size_t i = 0; i < l->where.count; i++) {
        const struct apps_pair *w = &l->where.items[i];
        const json_t *value = json_at(row, w->name);
        const char *text = json_is_boolean(value) ? (json_is_true(value) ? "true" : "false")
                                                  : apps_scalar(mem, value);
        if (!str_equal(text, w->value)) {
            return false;
        }
    }
    for (size_t i = 0; i < l->set.count; i++) {
        const char *own = json_text(p->site->own, l->set.items[i].name);
        if (own != NULL && !str_equal(apps_scalar(mem, json_at(row, l->set.items[i].value)), own)) {
            return false;
        }
    }
    return true;
}

static int none(const struct apps_probe *p, const struct apps_site_lookup *l, struct err *e)
{
    const struct apps_var *v = apps_var_find(p->site->app, l->set.items[0].name);
    const char *own = json_text(p->site->own, v->name);
    if (own == NULL) {
        return err_set(e, ERR_CONFIG, "lookup_none",
                       "This account of %s has none of what is needed: %s.", p->site->app->title,
                       v->words);
    }
    return err_set(e, ERR_CONFIG, "lookup_none",
                   "This account of %s has no access to the one that this connection is set to: "
                   "%s, \"%s\".",
                   p->site->app->title, v->words, own);
}

/* Why nobody can be asked: the definition has no words for a row, it is a login that no person in
 * the chat answers for, or the list is longer than anybody would read. */
static int many(const struct apps_probe *p, const struct apps_site_lookup *l, size_t count,
                struct err *e)
{
    const struct apps_var *v = apps_var_find(p->site->app, l->set.items[0].name);
    return err_set(
        e, ERR_CONFIG, "lookup_many",
        "This account of %s has %zu%s to choose from. An admin must set which, in \"vars\" "
        "of the default connection: \"%s\", %s.",
        p->site->app->title, count, count < FOUND_MAX ? "" : " or more", v->name, v->words);
}

static int take(const struct apps_probe *p, const struct apps_site_lookup *l, const json_t *row,
                json_t *io, struct err *e)
{
    for (size_t i = 0; i < l->set.count; i++) {
        const struct apps_pair *set = &l->set.items[i];
        const struct apps_given given = {apps_var_find(p->site->app, set->name),
                                         apps_scalar(p->mem, json_at(row, set->value))};
        if (apps_var_take(p->mem, p->site, &given, io, e) != 0) {
            return -1;
        }
    }
    return 0;
}

static const char *host_at(arena *mem, const json_t *row, const char *path)
{
    const char *url = path == NULL ? NULL : json_string_value(json_at(row, path));
    const char *host = url == NULL ? NULL : strstr(url, "://");
    if (host == NULL) {
        return NULL;
    }
    host += strlen("://");
    return str_cut(mem, arena_strndup(mem, host, strcspn(host, "/?#")), LIMIT_LABEL);
}

static bool is_listed(const struct app_sites *list, const json_t *set)
{
    for (size_t i = 0; i < list->count; i++) {
        if (json_equal(list->items[i].set, set)) {
            return true;
        }
    }
    return false;
}

/* Some apps list one site once for each of their products. */
static int add_row(const struct apps_probe *p, const struct apps_site_lookup *l, const json_t *row,
                   struct app_sites *io, struct err *e)
{
    json_t *set = arena_json(p->mem, json_object());
    if (take(p, l, row, set, e) != 0) {
        return -1;
    }
    if (is_listed(io, set)) {
        return 0;
    }
    const char *label = l->label == NULL ? NULL : apps_scalar(p->mem, json_at(row, l->label));
    label = str_empty(label) ? json_text(set, l->set.items[0].name) : label;
    io->items[io->count++] = (struct app_site_choice){.label = str_cut(p->mem, label, LIMIT_LABEL),
                                                      .host = host_at(p->mem, row, l->host),
                                                      .set = set};
    return 0;
}

static int look_up(const struct apps_probe *p, const struct apps_site_lookup *l,
                   struct app_sites *ret, struct err *e)
{
    const json_t *answer = NULL;
    if (apps_ask(p, &l->ask, &answer, e) != 0) {
        return -1;
    }
    const json_t *list = str_empty(l->list) ? answer : json_at(answer, l->list);
    bool one = l->list == NULL && json_is_object(answer); /* no list at all: one thing */
    size_t rows = one ? 1 : json_array_size(list);
    *ret = (struct app_sites){.items = arena_array(p->mem, FOUND_MAX, sizeof(*ret->items))};
    for (size_t i = 0; i < rows && ret->count < FOUND_MAX; i++) {
        const json_t *row = one ? answer : json_array_get(list, i);
        if ((one || fits(p->mem, p, l, row)) && add_row(p, l, row, ret, e) != 0) {
            return -1;
        }
    }
    return 0;
}

static json_t *vars_with(arena *mem, const json_t *vars, json_t *set)
{
    json_t *all = apps_vars_copy(mem, vars), *value = NULL;
    const char *name = NULL;
    json_object_foreach(set, name, value)
    {
        json_put(all, name, json_incref(value));
    }
    return all;
}

int apps_look_up_vars(const struct apps_probe *p, struct account *io, struct app_sites *ret,
                      struct err *e)
{
    struct app_site here = *p->site;
    struct apps_probe now = *p;
    struct app_sites found = {.count = 0};
    const app *a = here.app;
    now.site = &here;
    for (size_t i = 0; i < a->lookups_count; i++) {
        const struct apps_site_lookup *l = &a->lookups[i];
        if (look_up(&now, l, &found, e) != 0) {
            return -1;
        }
        if (found.count == 0) {
            return none(p, l, e);
        }
        bool asks = ret != NULL && l->label != NULL && found.count <= APP_SITES_MAX;
        if (found.count > 1 && !asks) {
            return many(p, l, found.count, e);
        }
        for (size_t k = 0; k < found.count; k++) {
            found.items[k].account = *io;
            found.items[k].account.vars = vars_with(p->mem, io->vars, found.items[k].set);
        }
        io->vars = found.items[0].account.vars; /* of several the last look-up alone may ask */
        here.vars = app_site_vars(p->mem, a, here.own, io->vars);
    }
    if (ret != NULL) {
        *ret = found;
    }
    return 0;
}
