#include "recipe_int.h"

#include <string.h>

#include "base/limits.h"
#include "base/str.h"

/* "{{path}}" and nothing beside it: a value, not a text. */
static void parse_each(const struct json_doc *d, struct recipe_step *p)
{
    const char *path = NULL;
    p->each = recipe_parse_template(d, "each", false, LIMIT_LABEL);
    if (p->each != NULL) {
        const char *rest = template_next(d->mem, p->each, &path);
        if (!str_starts(p->each, "{{") || rest == NULL || *rest != '\0') {
            json_doc_fault(d, "each", "Give one template alone, such as {{steps.found.records}}.");
        }
    }
    bool given = json_member(d->object, "at_most") != NULL;
    p->at_most = json_doc_i64(d, "at_most", RECIPE_TURNS_USUAL);
    if (p->at_most < 1 || p->at_most > RECIPE_TURNS_MAX) {
        json_doc_fault(d, "at_most", "Give a number from 1 to %d.", RECIPE_TURNS_MAX);
    } else if (given && p->each == NULL) {
        json_doc_fault(d, "at_most", "This bounds \"each\", which is not there.");
    }
}

static void parse_step(const struct json_doc *d, struct recipe_step *p)
{
    static const char *const keys[] = {"id",   "connection", "action",  "with", "wait",
                                       "when", "each",       "at_most", NULL};
    const json_t *wait = json_member(d->object, "wait");
    json_doc_known(d, keys);
    p->id = recipe_parse_name(d, "id");
    if (wait != NULL && !json_is_null(wait)) {
        p->when = recipe_parse_condition(d, "when");
        p->wait = recipe_parse_wait(d);
        return;
    }
    p->alias = json_doc_text(d, "connection", true, LIMIT_NAME);
    p->action = json_doc_text(d, "action", true, LIMIT_NAME);
    p->when = recipe_parse_condition(d, "when");
    parse_each(d, p);
    struct json_doc with = json_doc_member(d, "with", false);
    p->with = with.object == NULL ? arena_json(d->mem, json_object()) : with.object;
    recipe_parse_templates(d, "with", p->with);
}

void recipe_parse_steps(const struct json_doc *d, struct recipe *r)
{
    bool needed = r->hook == NULL; /* an event may say all by itself */
    json_t *list = json_doc_array(d, "steps", needed, LIMIT_RECIPE_STEPS_COUNT);
    size_t count = json_array_size(list);
    if (needed && list != NULL && count == 0) {
        json_doc_fault(d, "steps", "A recipe has at least one step.");
    }
    r->steps = arena_array(d->mem, count + 1, sizeof(*r->steps));
    for (size_t i = 0; i < count; i++) {
        struct json_doc one = json_doc_item(d, "steps", i);
        struct recipe_step *p = &r->steps[i];
        parse_step(&one, p);
        if (p->wait != NULL && r->hook != NULL) {
            json_doc_fault(&one, "wait",
                           "Nobody runs what a hook starts: let a button of its message run a "
                           "command.");
        }
        for (size_t k = 0; k < i; k++) {
            if (p->id != NULL && str_equal(p->id, r->steps[k].id)) {
                json_doc_fault(&one, "id", "Two steps are called \"%s\".", p->id);
            }
        }
    }
    r->steps_count = count;
}
