#include "apps_int.h"

#include <string.h>

#include "base/limits.h"
#include "base/str.h"

const app_action *app_action_find(const app *a, const char *name)
{
    for (size_t i = 0; i < a->actions_count; i++) {
        if (str_equal(a->actions[i].name, name)) {
            return &a->actions[i];
        }
    }
    return NULL;
}

bool app_action_writes(const app_action *x)
{
    return x->writes;
}

bool app_action_approves(const app_action *x)
{
    return x->approves;
}

static bool is_there(const json_t *with, const char *name)
{
    const json_t *value = json_member(with, name);
    return value != NULL && !json_is_null(value) && !str_equal(json_string_value(value), "");
}

const struct apps_request *apps_request_pick(const struct app_action *x, const json_t *with)
{
    size_t i = 0;
    while (i + 1 < x->requests_count && x->requests[i].when != NULL &&
           !is_there(with, x->requests[i].when)) {
        i++;
    }
    return &x->requests[i];
}

bool app_action_repeatable(const app_action *x, const json_t *with)
{
    return apps_request_pick(x, with)->repeatable;
}

/* A template becomes a value only when the command runs. */
static bool is_template(const json_t *value)
{
    return json_is_string(value) && strstr(json_string_value(value), "{{") != NULL;
}

static bool matches(const regex_t *pattern, const char *text)
{
    return pattern == NULL ||
           (strlen(text) <= LIMIT_INPUT_VALUE && regexec(pattern, text, 0, NULL, 0) == 0);
}

static const char *object_fault(arena *mem, const struct apps_input *in, const json_t *value)
{
    union {
        const json_t *given;
        json_t *open;
    } o = {.given = value}; /* jansson's iterator only reads, but its parameter is not const */
    for (void *at = json_object_iter(o.open); at != NULL; at = json_object_iter_next(o.open, at)) {
        if (!matches(in->keys, json_object_iter_key(at))) {
            return arena_printf(mem, "This must be %s: one name in it is none.", in->words);
        }
    }
    return NULL;
}

const char *apps_input_fault(arena *mem, const struct apps_input *in, const json_t *value)
{
    bool right = in->type == INPUT_OBJECT ? json_is_object(value) : json_is_string(value);
    if (right && in->type == INPUT_OBJECT) {
        return object_fault(mem, in, value);
    }
    if (right && matches(in->pattern, json_string_value(value))) {
        return NULL;
    }
    return arena_printf(mem, "This must be %s.", in->words);
}

/* Each :name of a query must have a value, and no template may stand in the query itself: what a
 * user types would become part of it. */
static void check_soql(const struct apps_input *in, const struct json_doc *with)
{
    const json_t *value = json_member(with->object, in->name);
    const json_t *values = json_member(with->object, in->values);
    if (is_template(value)) {
        json_doc_fault(with, in->name,
                       "A query may hold no {{template}}: write :name, and put the template under "
                       "\"%s\".",
                       in->values);
        return;
    }
    const char *at = json_string_value(value);
    for (const char *name; at != NULL && (name = apps_soql_next(with->mem, &at)) != NULL;) {
        if (!is_template(values) && json_object_get(values, name) == NULL) {
            json_doc_fault(with, in->values, "The query's :%s has no value here.", name);
        }
    }
}

static void check_input(const struct apps_input *in, const struct json_doc *with)
{
    const json_t *value = json_member(with->object, in->name);
    if (value == NULL || json_is_null(value)) {
        if (in->required && with->object != NULL) {
            json_doc_fault(with, in->name, "This is required.");
        }
        return;
    }
    if (in->type == INPUT_SOQL) {
        check_soql(in, with);
    }
    const char *fault = is_template(value) ? NULL : apps_input_fault(with->mem, in, value);
    if (fault != NULL) {
        json_doc_fault(with, in->name, "%s", fault);
    }
}

void app_action_check(const app_action *x, const struct json_doc *with)
{
    const char **names = arena_array(with->mem, x->inputs_count + 1, sizeof(*names));
    for (size_t i = 0; i < x->inputs_count; i++) {
        names[i] = x->inputs[i].name;
        check_input(&x->inputs[i], with);
    }
    json_doc_known(with, names);
}
