#include "apps_int.h"

#include <string.h>

#include "base/str.h"

/* What an action gives to the steps behind it, and where its record can be seen. */

json_t *apps_scope(const struct apps_act *t, const json_t *answer)
{
    json_t *scope = json_must(json_object());
    json_put(scope, "answer",
             answer == NULL ? json_null() : json_incref((json_t *)(uintptr_t)answer));
    json_put(scope, "input", json_incref(t->values));
    return scope;
}

static json_t *output_of(const json_t *paths, const json_t *scope)
{
    if (json_is_string(paths)) {
        const json_t *value = json_at(scope, json_string_value(paths));
        return value == NULL ? json_null() : json_deep_copy(value);
    }
    union {
        const json_t *given;
        json_t *open;
    } o = {.given = paths}; /* jansson's iterator only reads, but its parameter is not const */
    json_t *out = json_must(json_object());
    for (void *at = json_object_iter(o.open); at != NULL; at = json_object_iter_next(o.open, at)) {
        const json_t *value = json_at(scope, json_string_value(json_object_iter_value(at)));
        json_put(out, json_object_iter_key(at),
                 value == NULL ? json_null() : json_deep_copy(value));
    }
    return out;
}

/* Without a usable id there is no link, but the write stands. */
static const char *link_to(const struct apps_act *t, const char *text, const char *id)
{
    static const char by_base[] = "{api_base}";
    arena *mem = t->call->mem;
    json_t *values = arena_json(mem, json_copy(t->values));
    json_object_set_new(values, "id", json_string(id));
    struct app_site here = t->call->site;
    struct apps_vars vars = {.values = values, .raw_name = "api_base"};
    struct err why = {0};
    char *url = NULL;
    here.vars = values;
    if (!str_starts(text, by_base)) {
        return apps_site_url(mem, &here, text, &url, &why) == 0 ? url : NULL;
    }
    bool made = apps_api_base(mem, &t->call->site, &vars.raw_value, &why) == 0 &&
                apps_template_url(mem, text, &vars, &url, &why) == 0;
    return made ? url : NULL;
}

static void add_link(const struct apps_act *t, const struct apps_row *x, json_t *row)
{
    bool meant = json_is_object(row) && apps_where_fits(t, &x->where, row);
    const char *id = meant ? apps_first_scalar(t->call->mem, &x->id, row) : NULL;
    const char *url = id == NULL ? NULL : link_to(t, x->url, id);
    if (url != NULL) {
        json_put(row, "url", json_string(url));
    }
}

typedef void row_fn(const struct apps_act *t, const struct apps_row *x, json_t *row);

static void each_row(const struct apps_act *t, const struct apps_row *x, json_t *output,
                     row_fn *work)
{
    for (size_t k = 0; k < x->in.count; k++) {
        json_t *member = json_member(output, x->in.items[k]);
        work(t, x, member);
        for (size_t n = 0; n < json_array_size(member); n++) {
            work(t, x, json_array_get(member, n));
        }
    }
}

/* A row's link is ours or none: what the app calls so may lead anywhere. */
static void drop_link(const struct apps_act *t, const struct apps_row *x, json_t *row)
{
    (void)t;
    (void)x;
    if (json_is_object(row)) {
        json_object_del(row, "url");
    }
}

/* Of several that fit a row the first one counts. */
static void add_links(const struct apps_act *t, json_t *output)
{
    for (size_t i = 0; i < t->action->rows_count; i++) {
        each_row(t, &t->action->rows[i], output, drop_link);
    }
    for (size_t i = t->action->rows_count; i-- > 0;) {
        each_row(t, &t->action->rows[i], output, add_link);
    }
}

/* Sentences of ours alone stand there. */
static json_t *without_our_words(json_t *output)
{
    if (json_is_object(output)) {
        json_object_del(output, APPS_NOT_TAKEN);
    }
    return output;
}

void apps_result_make(const struct apps_act *t, const struct apps_outcome *o, const json_t *scope,
                      struct app_result *ret)
{
    arena *mem = t->call->mem;
    const struct apps_outcome *own = &t->action->outcome;
    const json_t *paths = o->output != NULL ? o->output : own->output;
    const struct apps_texts *ids = o->record_id.count > 0 ? &o->record_id : &own->record_id;
    *ret =
        (struct app_result){.output = arena_json(mem, without_our_words(output_of(paths, scope)))};
    ret->record_id = apps_first_scalar(mem, ids, scope);
    if (ret->record_id != NULL && t->action->record_url != NULL) {
        ret->record_url = link_to(t, t->action->record_url, ret->record_id);
    }
    add_links(t, ret->output);
}

static bool is_id(const struct apps_outcome *own, const char *path)
{
    size_t i = 0;
    while (i < own->record_id.count && !str_equal(own->record_id.items[i], path)) {
        i++;
    }
    return i < own->record_id.count;
}

void apps_result_already(const struct apps_act *t, const struct apps_outcome *o,
                         const json_t *scope, struct app_result *ret)
{
    const struct apps_outcome *own = &t->action->outcome;
    apps_result_make(t, o, scope, ret);
    if (!json_is_object(ret->output)) {
        ret->output = arena_json(t->call->mem, json_must(json_object()));
    }
    json_put(ret->output, "already", json_true());
    union {
        const json_t *given;
        json_t *open;
    } p = {.given =
               own->output}; /* jansson's iterator only reads, but its parameter is not const */
    void *at = o->output == NULL && ret->record_id != NULL ? json_object_iter(p.open) : NULL;
    for (; at != NULL; at = json_object_iter_next(p.open, at)) {
        if (is_id(own, json_string_value(json_object_iter_value(at)))) {
            json_put(ret->output, json_object_iter_key(at), json_string(ret->record_id));
        }
    }
}
