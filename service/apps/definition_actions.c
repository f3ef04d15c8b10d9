#include "apps_int.h"

#include <string.h>

#include "base/limits.h"
#include "base/str.h"

enum { ACTIONS_MAX = 100, INPUTS_MAX = 30, REQUESTS_MAX = 4, QUERY_MAX = 10, PATTERN_MAX = 300 };

struct action_reader {
    const struct apps_reader *r;
    struct app_action *action;
    const char **names; /* of its inputs, and what else a path may name; NULL-terminated */
};

static void free_pattern(void *object)
{
    regfree(object);
}

static const regex_t *read_pattern(const struct json_doc *d, const char *key)
{
    const char *text = json_doc_text(d, key, false, PATTERN_MAX);
    if (text == NULL) {
        return NULL;
    }
    size_t len = strlen(text);
    regex_t *re = arena_alloc(d->mem, sizeof(*re));
    if (len < 2 || text[0] != '^' || text[len - 1] != '$' ||
        regcomp(re, text, REG_EXTENDED | REG_NOSUB) != 0) {
        json_doc_fault(d, key, "This must be an extended regular expression from ^ to $.");
        return NULL;
    }
    arena_defer(d->mem, free_pattern, re);
    return re;
}

static void read_input(const struct json_doc *d, const char *name, struct apps_input *ret)
{
    static const char *const keys[] = {"type",   "required", "pattern", "keys",
                                       "values", "words",    NULL};
    static const char *const types[] = {"text", "object", "soql", NULL};
    json_doc_known(d, keys);
    int type = json_doc_choice(d, "type", types, INPUT_TEXT);
    *ret = (struct apps_input){.name = name,
                               .type = type < 0 ? INPUT_TEXT : (enum apps_input_type)type,
                               .required = json_doc_flag(d, "required", false),
                               .pattern = read_pattern(d, "pattern"),
                               .keys = read_pattern(d, "keys"),
                               .values = json_doc_text(d, "values", false, LIMIT_NAME),
                               .words = json_doc_text(d, "words", true, LIMIT_LABEL)};
    if ((ret->pattern != NULL && ret->type != INPUT_TEXT) ||
        (ret->keys != NULL && ret->type != INPUT_OBJECT) ||
        ((ret->values != NULL) != (ret->type == INPUT_SOQL))) {
        json_doc_fault(d, NULL, "pattern belongs to a text, keys to an object, values to a soql.");
    }
}

static void read_inputs(struct action_reader *ar, const struct json_doc *d)
{
    struct json_doc in = json_doc_member(d, "inputs", false);
    json_t *object = in.object == NULL ? NULL : json_member(d->object, "inputs");
    size_t size = json_object_size(object), n = 0;
    struct app_action *x = ar->action;
    if (size > INPUTS_MAX) {
        json_doc_fault(d, "inputs", "This may have at most %d members.", INPUTS_MAX);
        size = 0;
        object = NULL;
    }
    x->inputs = arena_array(d->mem, size + 1, sizeof(*x->inputs));
    ar->names = arena_array(d->mem, size + 2, sizeof(*ar->names));
    for (void *at = json_object_iter(object); at != NULL; at = json_object_iter_next(object, at)) {
        const char *name = json_object_iter_key(at);
        struct json_doc row = json_doc_member(&in, name, false);
        read_input(&row, name, &x->inputs[n]);
        ar->names[n++] = name;
    }
    x->inputs_count = n;
    ar->names[n] = "idempotency_key";
}

static bool has_input(const struct app_action *x, const char *name)
{
    size_t i = 0;
    while (i < x->inputs_count && !str_equal(x->inputs[i].name, name)) {
        i++;
    }
    return i < x->inputs_count;
}

static void check_template(const struct action_reader *ar, const struct json_doc *d,
                           const char *key, const char *text)
{
    const char *why = NULL;
    if (text != NULL && !apps_template_known(d->mem, text, ar->names, &why)) {
        json_doc_fault(d, key, "%s", why);
    }
}

static void check_body(const struct action_reader *ar, const struct json_doc *d, const json_t *body)
{
    const char *text = json_string_value(body);
    check_template(ar, d, "body", text);
    size_t i = 0;
    json_t *item = NULL;
    json_array_foreach(body, i, item)
    {
        check_body(ar, d, item);
    }
    union {
        const json_t *given;
        json_t *open;
    } o = {.given = body}; /* jansson's iterator only reads, but its parameter is not const */
    for (void *at = json_object_iter(o.open); at != NULL; at = json_object_iter_next(o.open, at)) {
        check_body(ar, d, json_object_iter_value(at));
    }
}

static void read_success(const struct json_doc *d, struct apps_request *q)
{
    size_t room = sizeof(q->success) / sizeof(q->success[0]);
    const json_t *list = json_doc_array(d, "success", true, room);
    for (size_t i = 0; i < json_array_size(list); i++) {
        int64_t status = json_integer_value(json_array_get(list, i));
        if (status < 200 || status > 299) {
            json_doc_fault(d, arena_printf(d->mem, "success[%zu]", i),
                           "This must be a status from 200 to 299.");
        } else {
            q->success[q->success_count++] = (int)status;
        }
    }
}

static void read_request(const struct action_reader *ar, const struct json_doc *d,
                         struct apps_request *q)
{
    static const char *const keys[] = {"when", "method",  "path",       "query",
                                       "body", "success", "repeatable", NULL};
    static const char *const methods[] = {"GET", "POST", "PUT", "PATCH", "DELETE", NULL};
    json_doc_known(d, keys);
    int method = json_doc_choice(d, "method", methods, 0);
    q->method = methods[method < 0 ? 0 : method];
    q->when = json_doc_text(d, "when", false, LIMIT_NAME);
    q->path = apps_read_filled(ar->r, d, "path", true);
    q->query = apps_read_pairs(ar->r, d, "query", QUERY_MAX);
    q->body = json_member(d->object, "body");
    q->repeatable = json_doc_flag(d, "repeatable", str_equal(q->method, "GET"));
    read_success(d, q);
    check_template(ar, d, "path", q->path);
    check_body(ar, d, q->body);
    for (size_t i = 0; i < q->query.count; i++) {
        check_template(ar, d, "query", q->query.items[i].value);
    }
    if (q->path != NULL && (q->path[0] != '/' || strpbrk(q->path, "?#") != NULL)) {
        json_doc_fault(d, "path", "This must begin with \"/\" and have no \"?\" or \"#\".");
    }
    if (q->when != NULL && !has_input(ar->action, q->when)) {
        json_doc_fault(d, "when", "There is no input \"%s\".", q->when);
    }
}

/* A path begins with "answer" or "input". */
static void check_path(const struct json_doc *d, const char *key, const char *path)
{
    bool known = path != NULL && (str_equal(path, "answer") || str_starts(path, "answer.") ||
                                  str_starts(path, "input."));
    if (!known) {
        json_doc_fault(d, key, "This must be answer, answer.PATH or input.NAME.");
    }
}

static void read_result(const struct action_reader *ar, const struct json_doc *d)
{
    struct app_action *x = ar->action;
    x->output = json_member(d->object, "output");
    x->record_id = json_doc_text(d, "record_id", false, LIMIT_LABEL);
    x->record_url = apps_read_filled(ar->r, d, "record_url", false);
    if (x->record_id != NULL) {
        check_path(d, "record_id", x->record_id);
    }
    if (json_is_object(x->output)) {
        struct apps_pairs paths = apps_read_pairs(ar->r, d, "output", INPUTS_MAX);
        for (size_t i = 0; i < paths.count; i++) {
            check_path(d, "output", paths.items[i].value);
        }
    } else {
        check_path(d, "output", json_string_value(x->output));
    }
    static const char *const url_names[] = {"api_base", "id", NULL};
    const char *why = NULL;
    if (x->record_url != NULL && (!apps_template_known(d->mem, x->record_url, url_names, &why) ||
                                  !str_starts(x->record_url, "{api_base}/"))) {
        json_doc_fault(d, "record_url", "This must begin with {api_base}/ and may hold {id}.");
    }
}

static void check_inputs(const struct action_reader *ar, const struct json_doc *d)
{
    for (size_t i = 0; i < ar->action->inputs_count; i++) {
        const char *values = ar->action->inputs[i].values;
        if (values != NULL && !has_input(ar->action, values)) {
            json_doc_fault(d, "inputs", "There is no input \"%s\".", values);
        }
    }
}

static void read_action(const struct apps_reader *r, const struct json_doc *d, const char *name,
                        struct app_action *x)
{
    static const char *const keys[] = {"title",  "writes",    "approves",   "inputs", "requests",
                                       "output", "record_id", "record_url", NULL};
    struct action_reader ar = {.r = r, .action = x};
    json_doc_known(d, keys);
    x->app = r->app;
    x->name = name;
    x->title = json_doc_text(d, "title", true, LIMIT_LABEL);
    x->writes = json_doc_flag(d, "writes", false);
    x->approves = json_doc_flag(d, "approves", false);
    read_inputs(&ar, d);
    check_inputs(&ar, d);
    const json_t *list = json_doc_array(d, "requests", true, REQUESTS_MAX);
    x->requests_count = json_array_size(list);
    x->requests = arena_array(r->mem, x->requests_count + 1, sizeof(*x->requests));
    for (size_t i = 0; i < x->requests_count; i++) {
        struct json_doc row = json_doc_item(d, "requests", i);
        read_request(&ar, &row, &x->requests[i]);
    }
    if (list != NULL &&
        (x->requests_count == 0 || x->requests[x->requests_count - 1].when != NULL)) {
        json_doc_fault(d, "requests", "The last one must apply always: without when.");
    }
    read_result(&ar, d);
}

void apps_read_actions(const struct apps_reader *r, const struct json_doc *top)
{
    struct json_doc d = json_doc_member(top, "actions", true);
    json_t *object = d.object == NULL ? NULL : json_member(top->object, "actions");
    if (json_object_size(object) > ACTIONS_MAX) {
        json_doc_fault(&d, NULL, "This may have at most %d members.", ACTIONS_MAX);
        return;
    }
    r->app->actions = arena_array(r->mem, json_object_size(object) + 1, sizeof(*r->app->actions));
    for (void *at = json_object_iter(object); at != NULL; at = json_object_iter_next(object, at)) {
        const char *name = json_object_iter_key(at);
        struct json_doc row = json_doc_member(&d, name, true);
        read_action(r, &row, name, &r->app->actions[r->app->actions_count++]);
    }
}
