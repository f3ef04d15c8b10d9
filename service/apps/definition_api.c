#include "apps_int.h"

#include <string.h>

#include "base/limits.h"
#include "base/str.h"

enum { KEY_PARTS_MAX = 4, PART_FIRST_MAX = 100 };

static void read_key(const struct apps_reader *r, const struct json_doc *d)
{
    static const char *const keys[] = {"path", "first", NULL};
    const json_t *list = json_doc_array(d, "key", true, KEY_PARTS_MAX);
    struct apps_identity *identity = &r->app->identity;
    identity->key_count = json_array_size(list);
    identity->key = arena_array(r->mem, identity->key_count + 1, sizeof(*identity->key));
    for (size_t i = 0; i < identity->key_count; i++) {
        struct json_doc row = json_doc_item(d, "key", i);
        json_doc_known(&row, keys);
        int64_t first = json_doc_i64(&row, "first", 0);
        if (first < 0 || first > PART_FIRST_MAX) {
            json_doc_fault(&row, "first", "This must be from 0 to %d.", PART_FIRST_MAX);
            first = 0;
        }
        identity->key[i] =
            (struct apps_part){json_doc_text(&row, "path", true, LIMIT_LABEL), (size_t)first};
    }
    if (list != NULL && identity->key_count == 0) {
        json_doc_fault(d, "key", "This must name what stays the same for a person for ever.");
    }
}

/* A path below the API base, without variables; it may have a query. */
static const char *read_probe_path(const struct apps_reader *r, const struct json_doc *d)
{
    const char *path = apps_read_filled(r, d, "path", true);
    if (path != NULL && (path[0] != '/' || strpbrk(path, "{}# ") != NULL)) {
        json_doc_fault(d, "path", "This must begin with \"/\" and hold no variable and no space.");
    }
    return path;
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
    details->path = read_probe_path(r, &d);
    details->organization = json_doc_text(&d, "organization", false, LIMIT_LABEL);
    details->sandbox = json_doc_text(&d, "sandbox", false, LIMIT_LABEL);
    if (details->organization == NULL && details->sandbox == NULL) {
        json_doc_fault(&d, NULL, "This must name organization or sandbox, or both.");
    }
}

static void read_identity(const struct apps_reader *r, const struct json_doc *top)
{
    static const char *const keys[] = {"path",         "key",     "name", "email",
                                       "organization", "details", NULL};
    struct json_doc d = json_doc_member(top, "identity", true);
    json_doc_known(&d, keys);
    struct apps_identity *identity = &r->app->identity;
    identity->path = read_probe_path(r, &d);
    identity->name = json_doc_text(&d, "name", true, LIMIT_LABEL);
    identity->email = json_doc_text(&d, "email", false, LIMIT_LABEL);
    identity->organization = json_doc_text(&d, "organization", false, LIMIT_LABEL);
    read_key(r, &d);
    read_details(r, &d);
}

void apps_read_api(const struct apps_reader *r, const struct json_doc *top)
{
    static const char *const keys[] = {"base", "error", "errors", NULL};
    static const char *const error_keys[] = {"code", "message", "fields", NULL};
    static const char *const meanings[] = {"refused", "busy", "limit", "unauthentic", NULL};
    struct json_doc d = json_doc_member(top, "api", true);
    json_doc_known(&d, keys);
    r->app->api_base = apps_read_url(r, &d, "base", true);
    struct apps_errors *errors = &r->app->errors;
    struct json_doc where = json_doc_member(&d, "error", false);
    json_doc_known(&where, error_keys);
    errors->code = apps_read_texts(&where, "code", false);
    errors->message = json_doc_text(&where, "message", false, LIMIT_LABEL);
    errors->fields = json_doc_text(&where, "fields", false, LIMIT_LABEL);
    errors->rules = apps_read_rules(r, &d, "errors", meanings);
    read_identity(r, top);
}
