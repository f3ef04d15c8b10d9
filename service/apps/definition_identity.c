#include "definition_int.h"

#include <string.h>

#include "base/limits.h"
#include "base/str.h"

/* Who and where an account is: look-ups of variables, the identity probe, and its details. */

enum { KEY_PARTS_MAX = 4, PART_FIRST_MAX = 100, LOOKUPS_MAX = 3, WHERE_MAX = 5 };

/* Beside the variables: some apps say whose a token is only where it stands in the address. */
static const char *const *names_of(const struct apps_reader *r)
{
    const char *const *vars = apps_var_names(r, VAR_ANY, "host");
    size_t n = 0;
    while (vars[n] != NULL) {
        n++;
    }
    const char **names = arena_array(r->mem, n + 2, sizeof(*names));
    memcpy(names, vars, n * sizeof(*names));
    names[n] = APPS_ACCESS_TOKEN;
    return names;
}

/* A path below the API base; it may have a query. */
static const char *read_path(const struct apps_reader *r, const struct json_doc *d)
{
    const char *path = apps_read_filled(r, d, "path", false);
    const char *why = NULL;
    if (path == NULL) {
        return NULL;
    }
    if (path[0] != '/' || strpbrk(path, "# ") != NULL) {
        json_doc_fault(d, "path", "This must begin with \"/\" and hold no \"#\" and no space.");
    } else if (apps_has_dot_segment(path)) {
        json_doc_fault(d, "path", "No segment of this may be \".\" or \"..\".");
    } else if (!apps_template_known(r->mem, path, names_of(r), &why)) {
        json_doc_fault(d, "path", "%s", why);
    }
    return path;
}

static struct apps_question read_question(const struct apps_reader *r, const struct json_doc *d)
{
    static const char *const methods[] = {"GET", "POST", NULL};
    int method = json_doc_choice(d, "method", methods, 0);
    const struct json_doc body = json_doc_member(d, "body", false);
    struct apps_question q = {.url = apps_read_url_from(r, d, "url", VAR_ANY),
                              .path = read_path(r, d),
                              .method = methods[method < 0 ? 0 : method],
                              .body = body.object};
    bool both = json_member(d->object, "url") != NULL && q.path != NULL;
    bool neither = json_member(d->object, "url") == NULL && json_member(d->object, "path") == NULL;
    if (d->object != NULL && (both || neither)) {
        json_doc_fault(d, "path", "This is required, or a url in its place.");
    }
    if (q.body != NULL && !str_equal(q.method, "POST")) {
        json_doc_fault(d, "body", "A body belongs to method POST.");
    }
    apps_check_body(d, "body", q.body, apps_var_names(r, VAR_ANY, NULL));
    return q;
}

static struct apps_part read_part(const struct apps_reader *r, const struct json_doc *row)
{
    static const char *const keys[] = {"path", "first", "var", NULL};
    json_doc_known(row, keys);
    struct apps_part part = {.path = apps_read_path(row, "path", false),
                             .var = json_doc_text(row, "var", false, LIMIT_NAME)};
    int64_t first = json_doc_i64(row, "first", 0);
    if (first < 0 || first > PART_FIRST_MAX) {
        json_doc_fault(row, "first", "This must be from 0 to %d.", PART_FIRST_MAX);
        first = 0;
    }
    part.first = (size_t)first;
    if (row->object != NULL && str_empty(part.path) == str_empty(part.var)) {
        json_doc_fault(row, "path", "This is required, or a var in its place.");
    }
    if (!str_empty(part.var) && !str_equal(part.var, "host") &&
        apps_var_find(r->app, part.var) == NULL) {
        json_doc_fault(row, "var", "This must be \"host\" or a variable of \"vars\".");
    }
    return part;
}

static void read_key(const struct apps_reader *r, const struct json_doc *d)
{
    const json_t *list = json_doc_array(d, "key", true, KEY_PARTS_MAX);
    struct apps_identity *identity = &r->app->identity;
    size_t of_answer = 0;
    identity->key_count = json_array_size(list);
    identity->key = arena_array(r->mem, identity->key_count + 1, sizeof(*identity->key));
    for (size_t i = 0; i < identity->key_count; i++) {
        struct json_doc row = json_doc_item(d, "key", i);
        identity->key[i] = read_part(r, &row);
        of_answer += str_empty(identity->key[i].path) ? 0 : 1;
    }
    if (list != NULL && of_answer == 0) {
        json_doc_fault(d, "key", "This must name what stays the same for a person for ever.");
    }
}

static void read_details(const struct apps_reader *r, const struct json_doc *identity)
{
    static const char *const keys[] = {"path", "organization", "sandbox", NULL};
    struct json_doc d = json_doc_member(identity, "details", false);
    if (d.object == NULL) {
        return;
    }
    json_doc_known(&d, keys);
    struct apps_details *details = &r->app->identity.details;
    apps_need(&d, "path");
    details->path = read_path(r, &d);
    details->organization = apps_read_path(&d, "organization", false);
    details->sandbox = apps_read_path(&d, "sandbox", false);
    if (details->organization == NULL && details->sandbox == NULL) {
        json_doc_fault(&d, NULL, "This must name organization or sandbox, or both.");
    }
}

static void read_check(const struct apps_reader *r, const struct json_doc *identity)
{
    static const char *const keys[] = {"path", "answer", "account", NULL};
    struct json_doc d = json_doc_member(identity, "check", false);
    if (d.object == NULL) {
        return;
    }
    json_doc_known(&d, keys);
    apps_need(&d, "path");
    r->app->identity.check =
        (struct apps_identity_check){.path = read_path(r, &d),
                                     .answer = apps_read_path(&d, "answer", true),
                                     .account = apps_read_path(&d, "account", true)};
}

static void read_lookup(const struct apps_reader *r, const struct json_doc *d,
                        struct apps_site_lookup *l)
{
    static const char *const keys[] = {"path",  "url", "method", "body", "list",
                                       "where", "set", "label",  "host", NULL};
    json_doc_known(d, keys);
    l->ask = read_question(r, d);
    l->label = apps_read_path(d, "label", false);
    l->host = apps_read_path(d, "host", false);
    l->list = apps_read_path(d, "list", false);
    l->where = apps_read_pairs(r, d, "where", WHERE_MAX);
    l->set = apps_read_pairs(r, d, "set", WHERE_MAX);
    if (d->object != NULL && l->set.count == 0) {
        json_doc_fault(d, "set", "This must name the variables that are looked up.");
    }
    for (size_t i = 0; i < l->set.count; i++) {
        const struct apps_var *v = apps_var_find(r->app, l->set.items[i].name);
        if (v == NULL || v->from != VAR_LOOKUP || str_empty(l->set.items[i].value)) {
            json_doc_fault(d, arena_printf(r->mem, "set.%s", l->set.items[i].name),
                           "This must name a variable of \"vars\" that comes from here.");
        }
    }
}

static void read_lookups(const struct apps_reader *r, const struct json_doc *top)
{
    const json_t *list = json_doc_array(top, "lookup", false, LOOKUPS_MAX);
    app *a = r->app;
    a->lookups_count = json_array_size(list);
    a->lookups = arena_array(r->mem, a->lookups_count + 1, sizeof(*a->lookups));
    for (size_t i = 0; i < a->lookups_count; i++) {
        struct json_doc row = json_doc_item(top, "lookup", i);
        read_lookup(r, &row, &a->lookups[i]);
        if (a->lookups[i].label != NULL && i + 1 < a->lookups_count) {
            json_doc_fault(&row, "label", "Only the last one may ask a person.");
        }
    }
}

/* A variable that nothing ever sets would be missing at the first login. */
static void check_sources(const struct apps_reader *r, const struct json_doc *top)
{
    const app *a = r->app;
    for (size_t i = 0; i < a->vars_count; i++) {
        const struct apps_var *v = &a->vars[i];
        bool set = v->from == VAR_CONNECTION || v->value != NULL ||
                   apps_pair_value(&a->callback.capture, v->name) != NULL ||
                   apps_pair_value(&a->token.capture, v->name) != NULL;
        for (size_t k = 0; k < a->lookups_count && !set; k++) {
            set = apps_pair_value(&a->lookups[k].set, v->name) != NULL;
        }
        if (!set) {
            json_doc_fault(top, arena_printf(r->mem, "vars.%s", v->name),
                           "Nothing sets this: its source must name it.");
        }
    }
}

void apps_read_identity(const struct apps_reader *r, const struct json_doc *top)
{
    static const char *const keys[] = {"path",  "url",         "method", "body",         "one",
                                       "key",   "name",        "email",  "organization", "details",
                                       "check", "sandbox_url", NULL};
    struct json_doc d = json_doc_member(top, "identity", true);
    json_doc_known(&d, keys);
    struct apps_identity *identity = &r->app->identity;
    identity->ask = read_question(r, &d);
    identity->sandbox_url = apps_read_url_from(r, &d, "sandbox_url", VAR_ANY);
    identity->one = apps_read_path(&d, "one", false);
    identity->name = apps_read_path(&d, "name", true);
    identity->email = apps_read_path(&d, "email", false);
    identity->organization = apps_read_path(&d, "organization", false);
    read_key(r, &d);
    read_details(r, &d);
    read_check(r, &d);
    read_lookups(r, top);
    check_sources(r, top);
}
