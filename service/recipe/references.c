#include "recipe_int.h"

#include <string.h>

#include "base/str.h"

/*
 * What the templates of a recipe name must be there: a typing error would be an absent value at run
 * time, and a field of a record left empty in silence. (What an app answers is not known here.)
 */
struct references {
    arena *mem;
    const struct recipe *recipe;
    size_t steps; /* so many are over where the template stands */
    struct faults *faults;
};

/* The first name of a path, and what follows its dot ("" if nothing). */
static const char *first_name(arena *mem, const char *path, const char **ret_rest)
{
    size_t len = strcspn(path, ".");
    *ret_rest = path[len] == '.' ? path + len + 1 : "";
    return arena_strndup(mem, path, len);
}

static const char *input_fault(const struct references *x, const char *rest)
{
    for (size_t i = 0; i < x->recipe->inputs_count; i++) {
        if (str_equal(x->recipe->inputs[i].name, rest)) {
            return NULL;
        }
    }
    return arena_printf(x->mem, "this recipe has no input \"%s\"", rest);
}

static const char *step_fault(const struct references *x, const char *rest)
{
    const char *unused = NULL;
    const char *id = first_name(x->mem, rest, &unused);
    for (size_t i = 0; i < x->recipe->steps_count; i++) {
        if (str_equal(x->recipe->steps[i].id, id)) {
            return i < x->steps ? NULL
                                : arena_printf(x->mem, "step \"%s\" is not over before this", id);
        }
    }
    return arena_printf(x->mem, "this recipe has no step \"%s\"", id);
}

static const char *connection_fault(const struct references *x, const char *rest)
{
    static const char *const members[] = {"", "account", "organization", "email", "rule"};
    const char *member = NULL;
    const char *alias = first_name(x->mem, rest, &member);
    bool known = false, there = false;
    for (size_t i = 0; i < x->recipe->connections_count; i++) {
        known = known || str_equal(x->recipe->connections[i].alias, alias);
    }
    for (size_t i = 0; i < sizeof(members) / sizeof(members[0]); i++) {
        there = there || str_equal(members[i], member);
    }
    if (!known) {
        return arena_printf(x->mem, "this recipe has no connection \"%s\"", alias);
    }
    return there ? NULL : "a connection has account, organization, email and rule";
}

static const char *user_fault(const struct references *x, const char *rest)
{
    (void)x;
    return str_equal(rest, "id") ? NULL : "a user has only an id";
}

static const char *run_fault(const struct references *x, const char *rest)
{
    (void)x;
    return str_equal(rest, "reference") ? NULL : "a run has only a reference";
}

/* NULL, or why there can be no such value. */
static const char *fault_of(const struct references *x, const char *path)
{
    static const struct {
        const char *root;
        const char *(*fault)(const struct references *x, const char *rest);
    } roots[] = {{"inputs", input_fault},
                 {"steps", step_fault},
                 {"connections", connection_fault},
                 {"user", user_fault},
                 {"run", run_fault}};
    const char *rest = NULL;
    const char *root = first_name(x->mem, path, &rest);
    for (size_t i = 0; i < sizeof(roots) / sizeof(roots[0]); i++) {
        if (str_equal(roots[i].root, root)) {
            return *rest == '\0' ? NULL : roots[i].fault(x, rest);
        }
    }
    return "values begin with inputs, steps, connections, user or run";
}

static void check_text(const struct references *x, const char *at, const char *text)
{
    const char *path = NULL;
    while (text != NULL && (text = template_next(x->mem, text, &path)) != NULL) {
        const char *why = fault_of(x, path);
        if (why != NULL) {
            faults_add(x->faults, at, "\"{{%s}}\": %s.", path, why);
        }
    }
}

static void check_value(const struct references *x, const char *at, const json_t *value)
{
    const char *name = NULL;
    json_t *member = NULL;
    check_text(x, at, json_string_value(value));
    for (size_t i = 0; i < json_array_size(value); i++) {
        check_value(x, arena_printf(x->mem, "%s[%zu]", at, i), json_array_get(value, i));
    }
    json_object_foreach((json_t *)(uintptr_t)value, name, member)
    {
        check_value(x, arena_printf(x->mem, "%s.%s", at, name), member);
    }
}

void recipe_check_references(arena *mem, const struct recipe *r, struct faults *faults)
{
    struct references x = {.mem = mem, .recipe = r, .faults = faults};
    for (x.steps = 0; x.steps < r->steps_count; x.steps++) {
        check_value(&x, arena_printf(mem, "steps[%zu].with", x.steps), r->steps[x.steps].with);
    }
    check_text(&x, "reply.text", r->reply_text);
    check_text(&x, "reply.link.url", r->reply_link_url);
    for (size_t i = 0; i < r->reply_fields_count; i++) {
        check_text(&x, arena_printf(mem, "reply.fields[%zu].value", i), r->reply_fields[i].value);
    }
    for (size_t i = 0; i < r->reply_buttons_count; i++) {
        check_value(&x, arena_printf(mem, "reply.buttons[%zu].inputs", i),
                    r->reply_buttons[i].inputs);
    }
}
