#include "definition_int.h"

#include <string.h>

#include "base/limits.h"
#include "base/str.h"

/* How an action is asked for: "requests" of its definition. */

enum { QUERY_MAX = 10, HEADERS_MAX = 6, PARTS_MAX = 5 };

void apps_check_template(const struct apps_action_reader *ar, const struct json_doc *d,
                         const char *key, const char *text)
{
    const char *why = NULL;
    if (text != NULL && !apps_template_known(d->mem, text, ar->names, &why)) {
        json_doc_fault(d, key, "%s", why);
    }
}

void apps_read_parts(const struct apps_action_reader *ar, const struct json_doc *d,
                     struct apps_request *q)
{
    static const char *const keys[] = {"name", "json", "file", NULL};
    const json_t *list = json_doc_array(d, "multipart", false, PARTS_MAX);
    q->parts_count = json_array_size(list);
    q->parts = arena_array(ar->r->mem, q->parts_count + 1, sizeof(*q->parts));
    for (size_t i = 0; i < q->parts_count; i++) {
        struct json_doc row = json_doc_item(d, "multipart", i);
        json_doc_known(&row, keys);
        const char *slot = json_doc_text(&row, "file", false, LIMIT_NAME + 2);
        size_t len = slot == NULL ? 0 : strlen(slot);
        char *file = len < 2 ? NULL : arena_strndup(d->mem, slot + 1, len - 2);
        q->parts[i] = (struct apps_form_part){.name = json_doc_text(&row, "name", true, LIMIT_NAME),
                                              .json = json_member(row.object, "json"),
                                              .file = file};
        apps_check_body(&row, "json", q->parts[i].json, ar->names);
        const struct apps_input *in = apps_input_find(ar->action, file);
        if (slot != NULL && (in == NULL || in->type != INPUT_FILE || slot[0] != '{')) {
            json_doc_fault(&row, "file", "This must be {INPUT}, an input of the type file.");
        }
        if (row.object != NULL && (q->parts[i].json == NULL) == (slot == NULL)) {
            json_doc_fault(&row, NULL, "This must have json or file.");
        }
    }
    if (q->parts_count > 0 && q->body != NULL) {
        json_doc_fault(d, "multipart", "A request has a body or parts.");
    }
}

/* "file": {"hosts"}: the answer is one, and a redirect may lead below these. */
static void read_file(const struct json_doc *d, struct apps_request *q)
{
    static const char *const keys[] = {"hosts", NULL};
    struct json_doc file = json_doc_member(d, "file", false);
    json_doc_known(&file, keys);
    q->is_file = file.object != NULL;
    q->file_hosts = apps_read_texts(&file, "hosts", false);
    apps_check_suffixes(&file, "hosts", &q->file_hosts);
    if (q->is_file && !str_equal(q->method, "GET")) {
        json_doc_fault(d, "file", "A file comes as the answer of a GET.");
    }
}

static void check_pairs(const struct apps_action_reader *ar, const struct json_doc *d,
                        const char *key, const struct apps_pairs *pairs)
{
    for (size_t i = 0; i < pairs->count; i++) {
        apps_check_template(ar, d, key, pairs->items[i].value);
    }
}

size_t apps_read_statuses(const struct json_doc *d, const char *key, int least, int most, int *ret,
                          size_t room)
{
    size_t n = 0;
    const json_t *list = json_doc_array(d, key, false, room);
    for (size_t i = 0; i < json_array_size(list); i++) {
        int64_t status = json_integer_value(json_array_get(list, i));
        if (status < least || status > most) {
            json_doc_fault(d, arena_printf(d->mem, "%s[%zu]", key, i),
                           "This must be a status from %d to %d.", least, most);
        } else {
            ret[n++] = (int)status;
        }
    }
    return n;
}

/* "name" of an input, or {"input", "pattern"}. */
static struct apps_when read_when(const struct apps_action_reader *ar, const struct json_doc *d)
{
    static const char *const keys[] = {"input", "pattern", NULL};
    struct apps_when when = {0};
    if (json_is_object(json_member(d->object, "when"))) {
        struct json_doc in = json_doc_member(d, "when", false);
        json_doc_known(&in, keys);
        when.input = json_doc_text(&in, "input", true, LIMIT_NAME);
        when.pattern = apps_read_pattern(&in, "pattern", NULL);
    } else {
        when.input = json_doc_text(d, "when", false, LIMIT_NAME);
    }
    if (when.input != NULL && !apps_has_input(ar->action, when.input)) {
        json_doc_fault(d, "when", "There is no input \"%s\".", when.input);
    }
    return when;
}

static const char *read_base(const struct apps_action_reader *ar, const struct json_doc *d)
{
    const char *name = json_doc_text(d, "base", false, LIMIT_NAME);
    const struct apps_pairs *bases = &ar->r->app->api_bases;
    for (size_t i = 0; name != NULL && i < bases->count; i++) {
        if (str_equal(bases->items[i].name, name)) {
            return bases->items[i].value;
        }
    }
    if (name != NULL) {
        json_doc_fault(d, "base", "There is no \"%s\" in api.bases.", name);
    }
    return NULL;
}

void apps_read_asking(const struct apps_action_reader *ar, const struct json_doc *d,
                      struct apps_request *q)
{
    static const char *const methods[] = {"GET", "POST", "PUT", "PATCH", "DELETE", NULL};
    int method = json_doc_choice(d, "method", methods, 0);
    q->method = methods[method < 0 ? 0 : method];
    q->when = read_when(ar, d);
    q->base = read_base(ar, d);
    q->path = apps_read_filled(ar->r, d, "path", true);
    q->query = apps_read_pairs(ar->r, d, "query", QUERY_MAX);
    q->headers = apps_read_pairs(ar->r, d, "headers", HEADERS_MAX);
    q->body = json_member(d->object, "body");
    q->refused = apps_read_refusals(ar->r, d);
    apps_check_template(ar, d, "path", q->path);
    check_pairs(ar, d, "query", &q->query);
    check_pairs(ar, d, "headers", &q->headers);
    apps_check_headers(d, "headers", &q->headers, NULL);
    apps_check_body(d, "body", q->body, ar->names);
    if (q->path != NULL && (q->path[0] != '/' || strpbrk(q->path, "?#") != NULL)) {
        json_doc_fault(d, "path", "This must begin with \"/\" and have no \"?\" or \"#\".");
    } else if (q->path != NULL && apps_has_dot_segment(q->path)) {
        json_doc_fault(d, "path", "No segment of this may be \".\" or \"..\".");
    }
}

/* Where one cannot tell, what follows is asked. */
static void check_unsure(const struct json_doc *d, const struct apps_request *q)
{
    bool told = q->decided != NULL && q->decided->ended != NULL;
    for (size_t i = 0; i < q->rules.count && !told; i++) {
        if (q->rules.items[i].meaning == MEANS_UNSURE) {
            json_doc_fault(d, arena_printf(d->mem, "errors[%zu].means", i),
                           "This needs decided.ended beside it.");
        }
    }
}

void apps_read_request(const struct apps_action_reader *ar, const struct json_doc *d,
                       struct apps_request *q)
{
    static const char *const keys[] = {
        "errors",  "multipart", "when",    "method",     "base",         "path",    "query",
        "headers", "body",      "success", "repeatable", "refused_when", "already", "expect",
        "output",  "record_id", "file",    "taken",      "read_back",    "decided", NULL};
    static const char *const meanings[] = {"refused", "busy",    "limit",  "unauthentic",
                                           "scope",   "decided", "unsure", NULL};
    json_doc_known(d, keys);
    apps_read_asking(ar, d, q);
    q->repeatable = json_doc_flag(d, "repeatable", str_equal(q->method, "GET"));
    q->success_count = apps_read_statuses(d, "success", 200, 299, q->success,
                                          sizeof(q->success) / sizeof(q->success[0]));
    if (d->object != NULL && json_member(d->object, "success") == NULL) {
        json_doc_fault(d, "success", "This is required.");
    }
    q->rules = apps_read_rules(ar->r, d, "errors", meanings);
    apps_read_parts(ar, d, q);
    read_file(d, q);
    apps_read_already(ar, d, q);
    apps_read_expect(ar, d, q);
    apps_read_taken(ar, d, q);
    q->outcome = apps_read_outcome(ar, d, false);
    apps_read_read_back(ar, d, q);
    apps_read_decided(ar, d, q);
    check_unsure(d, q);
}
