#include "apps_int.h"

#include <string.h>

#include "base/str.h"

/* Which request of which action. */

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

/* As given, or what stands there when nothing is. */
static const json_t *given(const struct app_action *x, const json_t *with, const char *name)
{
    const json_t *value = json_member(with, name);
    for (size_t i = 0; i < x->inputs_count && apps_input_empty(value); i++) {
        if (str_equal(x->inputs[i].name, name)) {
            return x->inputs[i].preset;
        }
    }
    return value;
}

bool apps_when_fits(const struct app_action *x, const struct apps_when *when, const json_t *with)
{
    if (when->input == NULL) {
        return true;
    }
    const json_t *value = given(x, with, when->input);
    if (apps_input_empty(value)) {
        return false;
    }
    if (when->pattern == NULL) {
        return true;
    }
    const char *text = json_is_boolean(value) ? (json_is_true(value) ? "true" : "false")
                                              : json_string_value(value);
    return text != NULL && regexec(when->pattern, text, 0, NULL, 0) == 0;
}

const struct apps_request *apps_request_pick(const struct app_action *x, const json_t *with)
{
    size_t i = 0;
    while (i + 1 < x->requests_count && !apps_when_fits(x, &x->requests[i].when, with)) {
        i++;
    }
    return &x->requests[i];
}

bool app_action_repeatable(const app_action *x, const json_t *with)
{
    return apps_request_pick(x, with)->repeatable;
}
