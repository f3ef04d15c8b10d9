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
    bool item;    /* it stands in a step that runs for each item of a list */
    struct faults *faults;
    const struct recipe_step *wanted; /* NULL: faults are looked for; else who names its result, */
    bool *found;                      /* and somebody does */
};

/* The first name of a path, and what follows its dot ("" if nothing). */
static const char *first_name(arena *mem, const char *path, const char **ret_rest)
{
    size_t len = strcspn(path, ".");
    *ret_rest = path[len] == '.' ? path + len + 1 : "";
    return arena_strndup(mem, path, len);
}

/* What a file tells of itself: "deed.name". */
static bool is_of_file(const struct references *x, const struct recipe_input *in, const char *path)
{
    static const char *const members[] = {"name", "size", "mime"};
    const char *member = NULL;
    const char *name = first_name(x->mem, path, &member);
    bool there = false;
    for (size_t i = 0; i < sizeof(members) / sizeof(members[0]); i++) {
        there = there || str_equal(members[i], member);
    }
    return there && in->type == INPUT_FILE && str_equal(in->name, name);
}

static const char *input_fault(const struct references *x, const char *rest)
{
    for (size_t i = 0; i < x->recipe->inputs_count; i++) {
        const struct recipe_input *in = &x->recipe->inputs[i];
        if (str_equal(in->name, rest) || is_of_file(x, in, rest)) {
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
    if (x->recipe->hook != NULL) {
        return "nobody runs what a hook starts";
    }
    return str_equal(rest, "id") ? NULL : "a user has only an id";
}

static const char *run_fault(const struct references *x, const char *rest)
{
    (void)x;
    return str_equal(rest, "reference") ? NULL : "a run has only a reference";
}

static const char *hook_fault(const struct references *x, const char *rest)
{
    const char *unused = NULL;
    const char *member = first_name(x->mem, rest, &unused);
    bool there = str_equal(member, "data") ||
                 (*unused == '\0' && (str_equal(member, "name") || str_equal(member, "id") ||
                                      str_equal(member, "received")));
    if (x->recipe->hook == NULL) {
        return "only a recipe that a hook starts has an event";
    }
    return there ? NULL : "an event has name, id, received and data";
}

/* The item may be anything; its number is a number. */
static const char *item_fault(const struct references *x, const char *rest)
{
    (void)rest;
    return x->item ? NULL : "only a step with \"each\" has an item";
}

static const char *index_fault(const struct references *x, const char *rest)
{
    return *rest != '\0' ? "the number of an item has no parts" : item_fault(x, rest);
}

/* NULL, or why there can be no such value. */
static const char *fault_of(const struct references *x, const char *path)
{
    static const struct {
        const char *root;
        const char *(*fault)(const struct references *x, const char *rest);
        bool whole; /* asked even when the name stands alone */
    } roots[] = {{"inputs", input_fault, false},
                 {"steps", step_fault, false},
                 {"connections", connection_fault, false},
                 {"user", user_fault, false},
                 {"run", run_fault, false},
                 {"hook", hook_fault, false},
                 {"item", item_fault, true},
                 {"item_index", index_fault, true}};
    const char *rest = NULL;
    const char *root = first_name(x->mem, path, &rest);
    for (size_t i = 0; i < sizeof(roots) / sizeof(roots[0]); i++) {
        if (str_equal(roots[i].root, root)) {
            return *rest == '\0' && !roots[i].whole ? NULL : roots[i].fault(x, rest);
        }
    }
    return "values begin with inputs, steps, connections, user, run, hook or item";
}

/* How often it ran is known without any answer. */
static bool names_wanted(const struct references *x, const char *path)
{
    const char *rest = NULL, *member = NULL;
    if (!str_equal(first_name(x->mem, path, &rest), "steps")) {
        return false;
    }
    const char *id = first_name(x->mem, rest, &member);
    bool counts = x->wanted->each != NULL && str_equal(member, "count");
    return *rest == '\0' || (str_equal(id, x->wanted->id) && !counts);
}

static void check_path(const struct references *x, const struct json_way *at, const char *path)
{
    if (x->wanted != NULL) {
        *x->found = *x->found || names_wanted(x, path);
        return;
    }
    const char *why = fault_of(x, path);
    if (why != NULL) {
        faults_add(x->faults, faults_full(x->faults) ? NULL : json_way_text(x->mem, at),
                   "\"{{%s}}\": %s.", path, why);
    }
}

static void check_text(const struct references *x, const struct json_way *at, const char *text)
{
    const char *path = NULL;
    while (text != NULL && (text = template_next(x->mem, text, &path)) != NULL) {
        check_path(x, at, path);
    }
}

static void check_value(const struct references *x, const struct json_way *at, const json_t *value)
{
    const char *name = NULL;
    json_t *member = NULL;
    check_text(x, at, json_string_value(value));
    for (size_t i = 0; i < json_array_size(value); i++) {
        check_value(x, &(struct json_way){.up = at, .item = i}, json_array_get(value, i));
    }
    json_object_foreach((json_t *)(uintptr_t)value, name, member)
    {
        check_value(x, &(struct json_way){.up = at, .name = name}, member);
    }
}

/* A condition's paths stand without braces. */
static void check_condition(const struct references *x, const struct json_way *at,
                            const json_t *when)
{
    static const char *const lists[] = {"all", "any"};
    const char *path = json_text(when, "path");
    if (when == NULL) {
        return;
    }
    if (path != NULL && template_path_ok(path)) {
        check_path(x, &(struct json_way){.up = at, .name = "path"}, path);
    }
    check_value(x, &(struct json_way){.up = at, .name = "value"}, json_member(when, "value"));
    check_condition(x, &(struct json_way){.up = at, .name = "not"}, json_member(when, "not"));
    for (size_t k = 0; k < 2; k++) {
        const struct json_way in = {.up = at, .name = lists[k]};
        const json_t *list = json_member(when, lists[k]);
        for (size_t i = 0; i < json_array_size(list); i++) {
            check_condition(x, &(struct json_way){.up = &in, .item = i}, json_array_get(list, i));
        }
    }
}

static void check_wait(const struct references *x, const struct json_way *at,
                       const struct recipe_wait *w)
{
    const struct json_way fields = {.up = at, .name = "fields"};
    check_text(x, &(struct json_way){.up = at, .name = "text"}, w->text);
    for (size_t i = 0; i < w->fields_count; i++) {
        const struct json_way field = {.up = &fields, .item = i};
        check_text(x, &(struct json_way){.up = &field, .name = "value"}, w->fields[i].value);
    }
}

static void check_step(struct references *x, const struct recipe_step *p)
{
    const struct json_way all = {.name = "steps"};
    const struct json_way at = {.up = &all, .item = x->steps};
    if (p->wait != NULL) {
        check_wait(x, &(struct json_way){.up = &at, .name = "wait"}, p->wait);
    }
    check_text(x, &(struct json_way){.up = &at, .name = "each"}, p->each);
    x->item = p->each != NULL;
    check_condition(x, &(struct json_way){.up = &at, .name = "when"}, p->when);
    check_value(x, &(struct json_way){.up = &at, .name = "with"}, p->with);
    x->item = false;
}

bool recipe_step_is_needed(arena *mem, const struct recipe *r, size_t place)
{
    bool found = false;
    struct references x = {
        .mem = mem, .recipe = r, .wanted = &r->steps[place], .found = &found, .steps = place + 1};
    for (; x.steps < r->steps_count; x.steps++) {
        check_step(&x, &r->steps[x.steps]);
    }
    return found;
}

void recipe_check_references(arena *mem, const struct recipe *r, struct faults *faults)
{
    struct references x = {.mem = mem, .recipe = r, .faults = faults};
    for (x.steps = 0; x.steps < r->steps_count; x.steps++) {
        check_step(&x, &r->steps[x.steps]);
    }
    check_text(&x, &(struct json_way){.name = "post.person.email"}, r->post.email);
    check_text(&x, &(struct json_way){.name = "post.person.key"}, r->post.key);
    check_condition(&x, &(struct json_way){.name = "post.when"}, r->post.when);
    check_text(&x, &(struct json_way){.name = "reply.text"}, r->reply_text);
    check_text(&x, &(struct json_way){.name = "reply.link.url"}, r->reply_link_url);
    for (size_t i = 0; i < r->reply_fields_count; i++) {
        check_text(&x, &(struct json_way){.name = arena_printf(mem, "reply.fields[%zu].value", i)},
                   r->reply_fields[i].value);
    }
    for (size_t i = 0; i < r->reply_buttons_count; i++) {
        check_value(&x,
                    &(struct json_way){.name = arena_printf(mem, "reply.buttons[%zu].inputs", i)},
                    r->reply_buttons[i].inputs);
    }
    for (size_t i = 0; i < r->reply_menu_count; i++) {
        check_value(
            &x, &(struct json_way){.name = arena_printf(mem, "reply.menu.options[%zu].inputs", i)},
            r->reply_menu[i].inputs);
    }
}
