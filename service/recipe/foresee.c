#include "engine.h"
#include "recipe_int.h"

#include <string.h>

#include "base/json.h"
#include "base/str.h"

/*
 * What a later step will refuse is known before the first one acts where its value comes from what
 * was entered, or stands in the recipe: then nothing is written that would stand half-done. Values
 * of earlier steps and of items are known only when it is their turn, and are checked there.
 */

static bool is_known(const char *path)
{
    static const char *const roots[] = {"inputs", "connections", "user", "run", "hook"};
    size_t len = strcspn(path, ".");
    for (size_t i = 0; i < sizeof(roots) / sizeof(roots[0]); i++) {
        if (strlen(roots[i]) == len && strncmp(roots[i], path, len) == 0) {
            return true;
        }
    }
    return false;
}

static bool text_is_known(arena *mem, const char *text)
{
    const char *path = NULL;
    while (text != NULL && (text = template_next(mem, text, &path)) != NULL) {
        if (!is_known(path)) {
            return false;
        }
    }
    return true;
}

static bool value_is_known(arena *mem, const json_t *value)
{
    const char *key = NULL;
    json_t *member = NULL;
    for (size_t i = 0; i < json_array_size(value); i++) {
        if (!value_is_known(mem, json_array_get(value, i))) {
            return false;
        }
    }
    json_object_foreach((json_t *)(uintptr_t)value, key, member)
    {
        if (!value_is_known(mem, member)) {
            return false;
        }
    }
    return text_is_known(mem, json_string_value(value));
}

/* A condition's paths stand without braces. */
static bool condition_is_known(arena *mem, const json_t *when)
{
    static const char *const lists[] = {"all", "any"};
    const char *path = json_text(when, "path");
    const json_t *not = json_member(when, "not");
    if ((path != NULL && !is_known(path)) || !value_is_known(mem, json_member(when, "value")) ||
        (not != NULL && !condition_is_known(mem, not ))) {
        return false;
    }
    for (size_t k = 0; k < 2; k++) {
        const json_t *list = json_member(when, lists[k]);
        for (size_t i = 0; i < json_array_size(list); i++) {
            if (!condition_is_known(mem, json_array_get(list, i))) {
                return false;
            }
        }
    }
    return true;
}

/* Whatever earlier steps bring, this one will call its app. Anything that goes wrong here goes
 * wrong in its turn. */
static bool will_run(struct engine *g, const struct recipe_step *p)
{
    struct err unused = {0};
    bool holds = false;
    const json_t *list = NULL;
    if (p->each != NULL) {
        return p->when == NULL && text_is_known(g->mem, p->each) &&
               template_value(g->mem, p->each, g->out->context, &list, &unused) == 0 &&
               json_array_size(list) > 0;
    }
    return condition_is_known(g->mem, p->when) &&
           recipe_condition(g->mem, p->when, g->out->context, &holds, &unused) == 0 && holds;
}

static const app_action *action_of(const struct engine *g, const struct recipe_step *p)
{
    for (size_t i = 0; i < g->out->resolved_count; i++) {
        if (str_equal(g->out->resolved[i].alias, p->alias)) {
            const app *a = apps_find(g->recipes->options.apps, g->out->resolved[i].def->app);
            return a == NULL ? NULL : app_action_find(a, p->action);
        }
    }
    return NULL;
}

/* The first input of the command that stands in a value; NULL: none. */
static const char *input_in(arena *mem, const json_t *value)
{
    static const char root[] = "inputs.";
    const char *path = NULL, *text = json_string_value(value);
    while (text != NULL && (text = template_next(mem, text, &path)) != NULL) {
        if (str_starts(path, root)) {
            const char *name = path + strlen(root);
            return arena_strndup(mem, name, strcspn(name, "."));
        }
    }
    return NULL;
}

/* What of the step's values is known, filled in; *ret_later names the others. */
static int fill_known(struct engine *g, const struct recipe_step *p, json_t *known, json_t *later,
                      struct err *why)
{
    const char *name = NULL;
    json_t *value = NULL, *filled = NULL;
    json_object_foreach((json_t *)(uintptr_t)p->with, name, value)
    {
        if (!value_is_known(g->mem, value)) {
            json_object_set_new(later, name, json_true());
        } else if (template_expand(g->mem, value, g->out->context, &filled, why) != 0) {
            return -1;
        } else if (engine_is_given(g, filled)) {
            json_object_set_new(later, name, json_true()); /* it is fetched in its turn */
        } else {
            json_object_set(known, name, filled);
        }
    }
    return 0;
}

static bool step_fits(struct engine *g, const struct recipe_step *p)
{
    json_t *known = arena_json(g->mem, json_object()), *later = arena_json(g->mem, json_object());
    const app_action *action = action_of(g, p);
    struct err why = {0};
    const char *words = NULL, *at = NULL;
    if (action == NULL || fill_known(g, p, known, later, &why) != 0) {
        return true;
    }
    const struct app_given given = {.with = known, .later = later};
    if (app_act_fits(g->mem, action, &given, &at, &words, &why) == 0) {
        return true;
    }
    const char *input = input_in(g->mem, json_member(p->with, at));
    words =
        input == NULL
            ? arena_printf(g->mem, "%s Nothing was changed.", words)
            : arena_printf(g->mem, "%s It comes from \"%s\" of this command. Nothing was changed.",
                           words, input);
    engine_failed(g, p, &why, words);
    return false;
}

bool engine_foresee(struct engine *g)
{
    const struct recipe *r = g->out->recipe;
    for (size_t i = 1; i < r->steps_count; i++) {
        if (will_run(g, &r->steps[i]) && !step_fits(g, &r->steps[i])) {
            return false;
        }
    }
    return true;
}
