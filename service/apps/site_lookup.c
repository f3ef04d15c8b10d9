#include "apps_int.h"

#include "base/limits.h"
#include "base/str.h"

/* Variables that one more question tells: which site, company or tenant an account is in. */

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

static int many(const struct apps_probe *p, const struct apps_site_lookup *l, size_t count,
                struct err *e)
{
    const struct apps_var *v = apps_var_find(p->site->app, l->set.items[0].name);
    return err_set(
        e, ERR_CONFIG, "lookup_many",
        "This account of %s has %zu to choose from. An admin must set which, in \"vars\" "
        "of the default connection: \"%s\", %s.",
        p->site->app->title, count, v->name, v->words);
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

static int look_up(const struct apps_probe *p, const struct apps_site_lookup *l, json_t *io,
                   struct err *e)
{
    const json_t *answer = NULL, *found = NULL;
    size_t count = 0;
    if (apps_ask(p, &l->ask, &answer, e) != 0) {
        return -1;
    }
    const json_t *list = str_empty(l->list) ? answer : json_at(answer, l->list);
    if (l->list == NULL && json_is_object(answer)) {
        return take(p, l, answer, io, e); /* no list at all: one thing */
    }
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *row = json_array_get(list, i);
        if (fits(p->mem, p, l, row)) {
            found = row;
            count++;
        }
    }
    if (count != 1) {
        return count == 0 ? none(p, l, e) : many(p, l, count, e);
    }
    return take(p, l, found, io, e);
}

int apps_look_up_vars(const struct apps_probe *p, struct account *io, struct err *e)
{
    struct app_site here = *p->site;
    struct apps_probe now = *p;
    const app *a = here.app;
    now.site = &here;
    for (size_t i = 0; i < a->lookups_count; i++) {
        json_t *vars = apps_vars_copy(p->mem, io->vars);
        if (look_up(&now, &a->lookups[i], vars, e) != 0) {
            return -1;
        }
        io->vars = vars;
        here.vars = app_site_vars(p->mem, a, here.own, vars);
    }
    return 0;
}
