#include "definition_int.h"

#include <string.h>

#include "base/limits.h"
#include "base/str.h"

/* What an action takes: "inputs" of its definition. */

enum { INPUTS_MAX = 30 };

static void check_kind(const struct json_doc *d, const struct apps_input *in)
{
    bool texts = in->type == INPUT_TEXT || in->type == INPUT_LIST;
    if ((in->pattern != NULL && !texts) || (in->keys != NULL && in->type != INPUT_OBJECT) ||
        ((in->values != NULL) != (in->type == INPUT_SOQL))) {
        json_doc_fault(d, NULL,
                       "pattern belongs to a text or a list, keys to an object, values to a soql.");
    }
    if (in->max != 0 && !texts && in->type != INPUT_OBJECT) {
        json_doc_fault(d, "max", "This belongs to a text, a list or an object.");
    }
    if (in->strip != NULL && in->type != INPUT_TEXT) {
        json_doc_fault(d, "strip", "This belongs to a text.");
    }
}

static void check_preset(const struct json_doc *d, const struct apps_input *in)
{
    if (in->preset == NULL) {
        return;
    }
    if (in->required || in->type == INPUT_SOQL || in->type == INPUT_FILE) {
        json_doc_fault(d, "default",
                       "This belongs to an input that may be left out, no soql and no file.");
        return;
    }
    const char *fault = apps_input_fault(d->mem, in, in->preset);
    if (fault != NULL) {
        json_doc_fault(d, "default", "%s", fault);
    }
}

/* A bound in a pattern would do, but libc keeps a copy for each repeat. */
static size_t read_max(const struct json_doc *d)
{
    const json_t *given = json_member(d->object, "max");
    json_int_t max = json_integer_value(given);
    if (given != NULL && (max < 1 || max > LIMIT_INPUT_CHARACTERS_COUNT)) {
        json_doc_fault(d, "max", "This must be a whole number from 1 to %d.",
                       LIMIT_INPUT_CHARACTERS_COUNT);
        return 0;
    }
    return (size_t)max;
}

static void read_input(const struct json_doc *d, const char *name, struct apps_input *ret)
{
    static const char *const keys[] = {"type",   "required", "pattern", "keys",  "max",
                                       "values", "strip",    "default", "words", NULL};
    static const char *const types[] = {"text", "object", "soql", "number", "boolean",
                                        "date", "list",   "file", NULL};
    json_doc_known(d, keys);
    int type = json_doc_choice(d, "type", types, INPUT_TEXT);
    *ret = (struct apps_input){.name = name,
                               .type = type < 0 ? INPUT_TEXT : (enum apps_input_type)type,
                               .required = json_doc_flag(d, "required", false),
                               .pattern = apps_read_pattern(d, "pattern", NULL),
                               .keys = apps_read_pattern(d, "keys", NULL),
                               .max = read_max(d),
                               .values = json_doc_text(d, "values", false, LIMIT_NAME),
                               .strip = json_doc_text(d, "strip", false, LIMIT_NAME),
                               .preset = json_member(d->object, "default"),
                               .words = json_doc_text(d, "words", true, LIMIT_LABEL)};
    check_kind(d, ret);
    if (ret->words != NULL) {
        check_preset(d, ret);
    }
}

const struct apps_input *apps_input_find(const struct app_action *x, const char *name)
{
    for (size_t i = 0; i < x->inputs_count; i++) {
        if (str_equal(x->inputs[i].name, name)) {
            return &x->inputs[i];
        }
    }
    return NULL;
}

bool apps_has_input(const struct app_action *x, const char *name)
{
    return apps_input_find(x, name) != NULL;
}

/* Names that a template has from elsewhere. */
static void check_name(const struct json_doc *d, const struct app_action *x, const char *name)
{
    static const char *const ours[] = {"idempotency_key", "account_id", "api_base", "host"};
    bool taken = false;
    for (size_t i = 0; i < sizeof(ours) / sizeof(ours[0]); i++) {
        taken = taken || str_equal(ours[i], name);
    }
    for (size_t i = 0; i < x->app->values.count; i++) {
        taken = taken || str_equal(x->app->values.items[i].name, name);
    }
    for (size_t i = 0; i < x->app->vars_count; i++) {
        taken = taken || str_equal(x->app->vars[i].name, name);
    }
    if (taken) {
        json_doc_fault(d, name, "This name already stands for something else.");
    }
}

void apps_read_inputs(const struct json_doc *d, struct app_action *x)
{
    struct json_doc in = json_doc_member(d, "inputs", false);
    json_t *object = in.object == NULL ? NULL : json_member(d->object, "inputs");
    size_t size = json_object_size(object);
    if (size > INPUTS_MAX) {
        json_doc_fault(d, "inputs", "This may have at most %d members.", INPUTS_MAX);
        size = 0;
        object = NULL;
    }
    x->inputs = arena_array(d->mem, size + 1, sizeof(*x->inputs));
    for (void *at = json_object_iter(object); at != NULL; at = json_object_iter_next(object, at)) {
        const char *name = json_object_iter_key(at);
        struct json_doc row = json_doc_member(&in, name, false);
        check_name(&in, x, name);
        read_input(&row, name, &x->inputs[x->inputs_count++]);
    }
    for (size_t i = 0; i < x->inputs_count; i++) {
        const char *values = x->inputs[i].values;
        if (values != NULL && !apps_has_input(x, values)) {
            json_doc_fault(d, "inputs", "There is no input \"%s\".", values);
        }
        const char *name = arena_printf(d->mem, "%s_name", x->inputs[i].name);
        const char *sha1 = arena_printf(d->mem, "%s_sha1", x->inputs[i].name);
        if (x->inputs[i].type == INPUT_FILE &&
            (apps_has_input(x, name) || apps_has_input(x, sha1))) {
            json_doc_fault(&in, name, "This name already stands for something else.");
        }
    }
}
