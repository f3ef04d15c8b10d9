#include "definition_int.h"

#include "base/limits.h"
#include "base/str.h"

enum { BASES_MAX = 5, HEADERS_MAX = 6, REFUSALS_MAX = 10 };

const char *const apps_api_meanings[] = {"refused", "busy",    "limit", "unauthentic",
                                         "scope",   "decided", NULL};

static struct apps_texts read_path_list(const struct json_doc *d, const char *key)
{
    struct apps_texts all = apps_read_texts(d, key, false);
    for (size_t i = 0; i < all.count; i++) {
        apps_check_path(d, arena_printf(d->mem, "%s[%zu]", key, i), all.items[i]);
    }
    return all;
}

struct apps_texts apps_read_paths(const struct json_doc *d, const char *key)
{
    if (json_is_array(json_member(d->object, key))) {
        return read_path_list(d, key);
    }
    const char *path = apps_read_path(d, key, false);
    struct apps_texts one = {arena_array(d->mem, 1, sizeof(*one.items)), path == NULL ? 0 : 1};
    one.items[0] = path;
    return one;
}

struct apps_refused apps_read_refused(const struct json_doc *d)
{
    static const char *const keys[] = {"path",    "is",          "is_not", "missing", "code",
                                       "message", "unless_code", "words",  "means",   NULL};
    static const char *const meanings[] = {"refused", "decided", NULL};
    json_doc_known(d, keys);
    struct apps_refused q = {.path = apps_read_path(d, "path", true),
                             .is = json_member(d->object, "is"),
                             .is_not = json_member(d->object, "is_not"),
                             .missing = json_doc_flag(d, "missing", false),
                             .code = apps_read_path(d, "code", false),
                             .message = apps_read_path(d, "message", false),
                             .unless_code = apps_read_texts(d, "unless_code", false),
                             .words = json_doc_text(d, "words", false, LIMIT_LABEL)};
    q.decided = json_doc_choice(d, "means", meanings, 0) == 1;
    if (q.unless_code.count > 0 && q.code == NULL) {
        json_doc_fault(d, "code", "unless_code needs the path of the code.");
    }
    if ((q.is != NULL) + (q.is_not != NULL) + (q.missing ? 1 : 0) > 1) {
        json_doc_fault(d, NULL, "Only one of is, is_not and missing may stand here.");
    }
    return q;
}

struct apps_refusals apps_read_refusals(const struct apps_reader *r, const struct json_doc *d)
{
    const json_t *list = json_doc_array(d, "refused_when", false, REFUSALS_MAX);
    struct apps_refusals rows = {.count = json_array_size(list)};
    rows.items = arena_array(r->mem, rows.count + 1, sizeof(*rows.items));
    for (size_t i = 0; i < rows.count; i++) {
        struct json_doc row = json_doc_item(d, "refused_when", i);
        rows.items[i] = apps_read_refused(&row);
    }
    return rows;
}

/* What each connection has of its own may stand in the headers of every call. */
static void check_headers(const app *a, const struct json_doc *d, const char *key,
                          const struct apps_pairs *pairs)
{
    const char **names = arena_array(d->mem, a->vars_count + 1, sizeof(*names));
    for (size_t i = 0; i < a->vars_count; i++) {
        names[i] = a->vars[i].name;
    }
    for (size_t i = 0; i < pairs->count; i++) {
        const char *why = NULL;
        if (!apps_template_known(d->mem, pairs->items[i].value, names, &why)) {
            json_doc_fault(d, key, "%s", why);
        }
    }
}

/* How every call looks. */
static void read_calls(const struct apps_reader *r, const struct json_doc *d)
{
    static const char *const token_keys[] = {"name", "prefix", NULL};
    app *a = r->app;
    a->api_base = apps_read_url(r, d, "base", true);
    a->api_headers = apps_read_pairs(r, d, "headers", HEADERS_MAX);
    check_headers(a, d, "headers", &a->api_headers);
    apps_check_headers(d, "headers", &a->api_headers, NULL);
    struct json_doc token = json_doc_member(d, "token_header", false);
    json_doc_known(&token, token_keys);
    a->token_header = json_doc_text(&token, "name", true, LIMIT_NAME);
    a->token_prefix = json_doc_text(&token, "prefix", false, LIMIT_NAME);
    apps_check_token_header(&token, a->token_header, a->token_prefix);
    struct json_doc bases = json_doc_member(d, "bases", false);
    json_t *object = bases.object == NULL ? NULL : json_member(d->object, "bases");
    a->api_bases.items = arena_array(r->mem, BASES_MAX, sizeof(*a->api_bases.items));
    if (json_object_size(object) > BASES_MAX) {
        json_doc_fault(d, "bases", "This may have at most %d members.", BASES_MAX);
        return;
    }
    for (void *at = json_object_iter(object); at != NULL; at = json_object_iter_next(object, at)) {
        const char *name = json_object_iter_key(at);
        const char *url = apps_read_url(r, &bases, name, true);
        a->api_bases.items[a->api_bases.count++] = (struct apps_pair){name, url};
    }
}

static void read_errors(const struct apps_reader *r, const struct json_doc *d)
{
    static const char *const error_keys[] = {"code", "message", "fields", NULL};
    static const char *const retry_keys[] = {"after", "at", NULL};
    struct apps_errors *errors = &r->app->errors;
    struct json_doc where = json_doc_member(d, "error", false);
    json_doc_known(&where, error_keys);
    errors->code = read_path_list(&where, "code");
    errors->message = apps_read_paths(&where, "message");
    errors->fields = apps_read_path(&where, "fields", false);
    errors->rules = apps_read_rules(r, d, "errors", apps_api_meanings);
    errors->refused = apps_read_refusals(r, d);
    struct json_doc retry = json_doc_member(d, "retry", false);
    json_doc_known(&retry, retry_keys);
    errors->retry_after = apps_read_paths(&retry, "after");
    errors->retry_at = apps_read_paths(&retry, "at");
    if (errors->retry_after.count + errors->retry_at.count > APPS_RETRY_HEADERS_MAX) {
        json_doc_fault(&retry, NULL, "At most %d headers may be named.", APPS_RETRY_HEADERS_MAX);
    }
}

void apps_read_api(const struct apps_reader *r, const struct json_doc *top)
{
    static const char *const keys[] = {"base",         "bases",        "headers",
                                       "token_header", "retry",        "error",
                                       "errors",       "refused_when", NULL};
    struct json_doc d = json_doc_member(top, "api", true);
    json_doc_known(&d, keys);
    read_calls(r, &d);
    read_errors(r, &d);
}
