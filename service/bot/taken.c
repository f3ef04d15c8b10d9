#include "form_int.h"

#include "base/json.h"
#include "base/str.h"

/* What was filled in, field by field: values for the run, or what is wrong with them. */

static void fault(struct form_taking *x, const char *field, const char *text)
{
    if (json_member(x->errors, field) == NULL) {
        json_object_set_new(x->errors, field, json_string(text));
    }
}

/* An empty box says no where an answer is needed or was given before; else nothing. */
static void take_empty(struct form_taking *x, const struct recipe_input *in)
{
    bool asked =
        in->required || in->fallback != NULL || json_member(x->run->inputs, in->name) != NULL;
    json_object_del(x->inputs, in->name);
    if (in->type == INPUT_BOOLEAN && in->options_count == 0) {
        if (asked) {
            json_object_set_new(x->inputs, in->name, json_false());
        }
        return;
    }
    if (in->required && in->fallback == NULL) {
        fault(x, in->name, "Please fill this in.");
    }
}

static void take_field(struct form_taking *x, const struct recipe_input *in, const json_t *sent)
{
    arena *mem = x->turn->scene.mem;
    const char *text = json_string_value(sent), *why = NULL;
    json_t *value = NULL;
    if (sent == NULL) {
        return; /* was not asked for: what was typed stays */
    }
    if (in->type == INPUT_FILE) {
        why = form_take_file(mem, in, sent, x->inputs);
        if (why != NULL) {
            fault(x, in->name, why);
        }
        return;
    }
    if (text == NULL || *str_trim(mem, text) == '\0') {
        take_empty(x, in);
        return;
    }
    if (in->options_count > 0) {
        text = form_choice_value(mem, in, text);
    }
    if (text == NULL) {
        fault(x, in->name, "Please choose one of these.");
    } else if (recipe_input_value(mem, in, text, &value, &why)) {
        json_object_set(x->inputs, in->name, value);
    } else {
        fault(x, in->name, why);
    }
}

int form_take(struct form_taking *x, struct err *e)
{
    const json_t *fields = x->turn->event.fields;
    arena *mem = x->turn->scene.mem;
    x->inputs = arena_json(mem, json_deep_copy(x->run->inputs));
    x->errors = arena_json(mem, json_object());
    for (size_t i = 0; i < x->recipe->inputs_count; i++) {
        const struct recipe_input *in = &x->recipe->inputs[i];
        take_field(x, in, bound_fixes(x->run, in) ? NULL : json_member(fields, in->name));
    }
    struct question left = {.input = NULL};
    if (clocks_keep(x, e) != 0 ||
        clocks_ask(&x->turn->scene, x->recipe, x->inputs, &left, e) != 0) {
        return -1;
    }
    if (left.input != NULL && json_object_size(x->errors) == 0) {
        fault(x, left.input->name, left.why == NULL ? "Please fill this in." : left.why);
    }
    return 0;
}
