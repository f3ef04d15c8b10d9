#include "definition_int.h"

#include <string.h>

#include "base/limits.h"
#include "base/str.h"

enum { ACTIONS_MAX = 100, REQUESTS_MAX = 4 };

/* Inputs, what the call brings, and what the connection has of its own. */
static const char **names_of(const struct app_action *x, arena *mem)
{
    static const char *const ours[] = {"idempotency_key", "account_id"};
    size_t vars = x->app->vars_count, n = 0;
    const char **names =
        arena_array(mem, 3 * x->inputs_count + vars + x->app->values.count + 3, sizeof(*names));
    for (size_t i = 0; i < x->inputs_count; i++) {
        names[n++] = x->inputs[i].name;
        if (x->inputs[i].type == INPUT_FILE) {
            names[n++] = arena_printf(mem, "%s_name", x->inputs[i].name);
            names[n++] = arena_printf(mem, "%s_sha1", x->inputs[i].name);
        }
    }
    for (size_t i = 0; i < vars; i++) {
        names[n++] = x->app->vars[i].name;
    }
    for (size_t i = 0; i < x->app->values.count; i++) {
        names[n++] = x->app->values.items[i].name;
    }
    names[n++] = ours[0];
    names[n] = ours[1];
    return names;
}

/* {api_base}/ or a URL that stands by itself; an id may be anywhere behind its host. */
void apps_check_link(const struct apps_action_reader *ar, const struct json_doc *d, const char *key,
                     const char *url)
{
    static const char by_base[] = "{api_base}/", by_host[] = "https://{host}/";
    size_t n = 0;
    while (ar->names[n] != NULL) {
        n++;
    }
    const char **names = arena_array(d->mem, n + 2, sizeof(*names));
    memcpy(names, ar->names, n * sizeof(*names));
    names[n] = "id";
    const char *rest = url + strlen("https://");
    if (str_starts(url, by_base)) {
        rest = url + strlen(by_base);
    } else if (str_starts(url, by_host)) {
        rest = url + strlen(by_host);
    } else if (!str_starts(url, "https://") || strcspn(url + 8, "/") > strcspn(url + 8, "{?#")) {
        json_doc_fault(d, key,
                       "This must begin with {api_base}/, https://{host}/ or https:// and a fixed "
                       "host.");
        return;
    }
    const char *why = NULL;
    if (!apps_template_known(d->mem, rest, names, &why)) {
        json_doc_fault(d, key, "%s", why);
    }
}

static void read_result(const struct apps_action_reader *ar, const struct json_doc *d)
{
    struct app_action *x = ar->action;
    x->outcome = apps_read_outcome(ar, d, false);
    x->record_url = apps_read_filled(ar->r, d, "record_url", false);
    if (x->outcome.output == NULL) {
        json_doc_fault(d, "output", "This is required.");
    }
    if (x->record_url != NULL) {
        apps_check_link(ar, d, "record_url", x->record_url);
    }
    apps_read_rows(ar, d);
}

static void read_action(const struct apps_reader *r, const struct json_doc *d, const char *name,
                        struct app_action *x)
{
    static const char *const keys[] = {"title",    "writes", "approves",  "inputs",
                                       "requests", "output", "record_id", "record_url",
                                       "look_up",  "rows",   NULL};
    struct apps_action_reader ar = {.r = r, .action = x};
    json_doc_known(d, keys);
    x->app = r->app;
    x->name = name;
    x->title = json_doc_text(d, "title", true, LIMIT_LABEL);
    x->writes = json_doc_flag(d, "writes", false);
    x->approves = json_doc_flag(d, "approves", false);
    apps_read_inputs(d, x);
    ar.names = names_of(x, r->mem);
    const json_t *list = json_doc_array(d, "requests", true, REQUESTS_MAX);
    x->requests_count = json_array_size(list);
    x->requests = arena_array(r->mem, x->requests_count + 1, sizeof(*x->requests));
    for (size_t i = 0; i < x->requests_count; i++) {
        struct json_doc row = json_doc_item(d, "requests", i);
        apps_read_request(&ar, &row, &x->requests[i]);
    }
    if (list != NULL &&
        (x->requests_count == 0 || x->requests[x->requests_count - 1].when.input != NULL)) {
        json_doc_fault(d, "requests", "The last one must apply always: without when.");
    }
    apps_read_look_ups(&ar, d);
    read_result(&ar, d);
}

void apps_read_actions(const struct apps_reader *r, const struct json_doc *top)
{
    struct json_doc d = json_doc_member(top, "actions", true);
    json_t *object = d.object == NULL ? NULL : json_member(top->object, "actions");
    if (d.object != NULL && json_object_size(object) == 0) {
        json_doc_fault(top, "actions", "This must name what the app can do.");
    }
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
