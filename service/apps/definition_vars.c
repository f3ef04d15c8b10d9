#include "definition_int.h"

#include <string.h>

#include "base/limits.h"
#include "base/str.h"

/* Declared variables, and the URLs in which they stand. */

enum { VARS_MAX = 20 };

static const char any_value[] = "^[A-Za-z0-9_-]{1,63}$";

/* Names that stand for something else already. */
static bool is_taken(const app *a, const char *name)
{
    static const char *const taken[] = {
        "host",       "id",        "api_base",        "idempotency_key",
        "account_id", "client_id", APPS_ACCESS_TOKEN, NULL};
    for (size_t i = 0; taken[i] != NULL; i++) {
        if (str_equal(taken[i], name)) {
            return true;
        }
    }
    for (size_t i = 0; i < a->values.count; i++) {
        if (str_equal(a->values.items[i].name, name)) {
            return true;
        }
    }
    return false;
}

static void read_var(const struct apps_reader *r, const struct json_doc *d, struct apps_var *v)
{
    static const char *const keys[] = {"from", "pattern", "default", "words", NULL};
    static const char *const sources[] = {"connection", "callback", "token", "lookup", NULL};
    json_doc_known(d, keys);
    int from = json_doc_choice(d, "from", sources, -1);
    apps_need(d, "from");
    v->from = from < 0 ? VAR_CONNECTION : 1U << from;
    v->pattern = apps_read_pattern(d, "pattern", any_value);
    v->words = json_doc_text(d, "words", false, LIMIT_LABEL);
    v->words = str_empty(v->words) ? v->name : v->words;
    v->value = json_doc_text(d, "default", false, LIMIT_LABEL);
    if (!apps_is_word(v->name) || is_taken(r->app, v->name)) {
        json_doc_fault(d, NULL, "A name is a lower-case word that stands for nothing else.");
    }
    if (v->value != NULL && v->pattern != NULL && !apps_var_fits(v, v->value)) {
        json_doc_fault(d, "default", "This does not fit the variable's own pattern.");
    }
}

void apps_read_vars(const struct apps_reader *r, const struct json_doc *top)
{
    struct json_doc d = json_doc_member(top, "vars", false);
    json_t *object = d.object == NULL ? NULL : json_member(top->object, "vars");
    app *a = r->app;
    if (json_object_size(object) > VARS_MAX) {
        json_doc_fault(top, "vars", "This may have at most %d members.", VARS_MAX);
        return;
    }
    a->vars = arena_array(r->mem, json_object_size(object) + 1, sizeof(*a->vars));
    for (void *at = json_object_iter(object); at != NULL; at = json_object_iter_next(object, at)) {
        struct apps_var *v = &a->vars[a->vars_count++];
        v->name = json_object_iter_key(at);
        struct json_doc row = json_doc_member(&d, v->name, true);
        read_var(r, &row, v);
    }
}

struct apps_pairs apps_read_capture(const struct apps_reader *r, const struct json_doc *d,
                                    unsigned from)
{
    struct apps_pairs p = apps_read_pairs(r, d, "capture", VARS_MAX);
    for (size_t i = 0; i < p.count; i++) {
        const struct apps_var *v = apps_var_find(r->app, p.items[i].name);
        if (v == NULL || v->from != from || str_empty(p.items[i].value)) {
            json_doc_fault(d, arena_printf(r->mem, "capture.%s", p.items[i].name),
                           "This must name a variable of \"vars\" that comes from here.");
        }
    }
    return p;
}

const char *const *apps_var_names(const struct apps_reader *r, unsigned from, const char *more)
{
    const app *a = r->app;
    const char **names = arena_array(r->mem, a->vars_count + 2, sizeof(*names));
    size_t n = 0;
    for (size_t i = 0; i < a->vars_count; i++) {
        if ((a->vars[i].from & from) != 0) {
            names[n++] = a->vars[i].name;
        }
    }
    names[n] = more;
    return names;
}

/* --- URLs --- */

static const char not_a_url[] =
    "This must be a URL that begins with https://{host}/ or with https:// and a host of its own.";

/* Every {x} in place of which something harmless stands. */
static char *sampled(arena *mem, const char *text, const char *with)
{
    struct str s = str_new(mem, LIMIT_URL);
    while (*text != '\0') {
        size_t plain = strcspn(text, "{");
        str_add_n(&s, text, plain);
        text += plain;
        if (*text == '{') {
            str_add(&s, with);
            text += strcspn(text, "}");
            text += *text == '}' ? 1 : 0;
        }
    }
    return s.text;
}

static bool url_valid(arena *mem, const char *url)
{
    struct net_url parts;
    struct err e = {0};
    return net_url_parse(mem, url, &parts, &e) == 0 && str_equal(parts.scheme, "https");
}

/* {host} is the whole of it, a variable the whole or some of its labels. */
static bool authority_valid(arena *mem, const char *authority)
{
    bool whole = authority[0] == '{' && strchr(authority, '}') == strrchr(authority, '}') &&
                 str_ends(authority, "}");
    if (strstr(authority, "{host}") != NULL && !str_equal(authority, "{host}")) {
        return false;
    }
    const char *host = sampled(mem, authority, whole ? "host.example" : "x");
    return url_valid(mem, arena_printf(mem, "https://%s/", host));
}

static const char *url_fault(const struct apps_reader *r, const char *url, const char *const *known)
{
    arena *mem = r->mem;
    const char *why = NULL;
    if (!str_starts(url, "https://")) {
        return not_a_url;
    }
    const char *authority = apps_authority(mem, url);
    const char *rest = url + strlen("https://") + strlen(authority);
    if (!authority_valid(mem, authority) ||
        !url_valid(mem, arena_printf(mem, "https://host.example%s", sampled(mem, rest, "x")))) {
        return not_a_url;
    }
    const char *variables = str_equal(authority, "{host}") ? "" : authority;
    if (!apps_template_known(mem, variables, known, &why) ||
        !apps_template_known(mem, rest, known, &why)) {
        return why;
    }
    return NULL;
}

/* What stands in a host must look like one. */
static void mark_hosts(const struct apps_reader *r, const char *url)
{
    const char *authority = apps_authority(r->mem, url);
    for (size_t i = 0; i < r->app->vars_count; i++) {
        struct apps_var *v = &r->app->vars[i];
        v->in_host |= strstr(authority, arena_printf(r->mem, "{%s}", v->name)) != NULL;
    }
}

static const char *read_url(const struct apps_reader *r, const struct json_doc *d, const char *key,
                            const char *const *known)
{
    const char *url =
        json_member(d->object, key) == NULL ? NULL : apps_read_filled(r, d, key, true);
    const char *why = url == NULL ? NULL : url_fault(r, url, known);
    if (why != NULL) {
        json_doc_fault(d, key, "%s", why);
        return NULL;
    }
    if (url != NULL) {
        mark_hosts(r, url);
    }
    return url;
}

const char *apps_read_url_from(const struct apps_reader *r, const struct json_doc *d,
                               const char *key, unsigned from)
{
    return read_url(r, d, key, apps_var_names(r, from, NULL));
}

const char *apps_read_revoke_url(const struct apps_reader *r, const struct json_doc *d,
                                 const char *key)
{
    const char *const *names = apps_var_names(r, VAR_CONNECTION, "client_id");
    size_t n = 0;
    while (names[n] != NULL) {
        n++;
    }
    const char **all = arena_array(r->mem, n + 2, sizeof(*all));
    memcpy(all, names, n * sizeof(*all));
    all[n] = "token";
    const char *url = read_url(r, d, key, all);
    if (url != NULL && strstr(apps_authority(r->mem, url), "{token}") != NULL) {
        json_doc_fault(d, key, "A token stands in the path alone.");
    }
    return url;
}

const char *apps_read_url(const struct apps_reader *r, const struct json_doc *d, const char *key,
                          bool required)
{
    if (required) {
        apps_need(d, key);
    }
    return apps_read_url_from(r, d, key, VAR_ANY);
}
