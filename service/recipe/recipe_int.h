#ifndef WB_RECIPE_INT_H
#define WB_RECIPE_INT_H

#include "base/json.h"
#include "recipe.h"

/* parse_parts.c: the lists of a recipe, each with its faults. */
void recipe_parse_connections(const struct json_doc *d, struct recipe *r);
void recipe_parse_inputs(const struct json_doc *d, struct recipe *r);
void recipe_parse_steps(const struct json_doc *d, struct recipe *r);
void recipe_parse_reply(const struct json_doc *d, struct recipe *r);
/* The fields of a message, and how a button looks. */
struct recipe_field *recipe_parse_fields(const struct json_doc *d, size_t *ret_count);
enum recipe_style recipe_parse_style(const struct json_doc *d);
enum { RECIPE_CONFIRM_MAX = 300, RECIPE_BUTTON_MAX = 75 };
/* parse_wait.c: what the step asks in the chat; NULL: it does not wait. */
const struct recipe_wait *recipe_parse_wait(const struct json_doc *d);
/* parse_trigger.c */
void recipe_parse_trigger(const struct json_doc *d, struct recipe *r);
/* parse.c: a name of [a-z0-9_]+ (inputs, steps, aliases); adds a fault otherwise. */
const char *recipe_parse_name(const struct json_doc *d, const char *key);
/* A text member that may hold templates; their syntax is checked. */
const char *recipe_parse_template(const struct json_doc *d, const char *key, bool required,
                                  size_t max);
/* parse_parts.c: faults of the templates anywhere in a value. */
void recipe_parse_templates(const struct json_doc *d, const char *key, const json_t *value);
/* condition.c: the condition under this key, with its faults; NULL: none. */
const json_t *recipe_parse_condition(const struct json_doc *d, const char *key);

/* inputs.c, clocks.c: as recipe_input_value(). The value is the caller's. */
bool recipe_parse_date(arena *mem, const char *text, json_t **ret, const char **ret_why);
bool recipe_parse_date_time(arena *mem, const char *text, json_t **ret, const char **ret_why);

/* template_slot.c: "{{path | function | function("argument")}}" */
enum { TEMPLATE_PATH_MAX = 200, TEMPLATE_SLOT_MAX = 400, TEMPLATE_CALLS_MAX = 5 };

struct template_function;
struct template_call {
    const struct template_function *function;
    const char *argument; /* NULL: none */
};
struct template_slot {
    const char *start; /* of "{{" */
    const char *end;   /* behind "}}" */
    const char *path;
    struct template_call calls[TEMPLATE_CALLS_MAX];
    size_t calls_count;
    char text[TEMPLATE_SLOT_MAX]; /* what path and arguments point into */
};
/* The next slot at or behind text. 0: none; 1: *ret filled; -1: broken, with the reason. */
int template_slot_next(const char *text, struct template_slot *ret, const char **ret_why);
/* Names of letters, digits, "_" and "-" with single dots between them. */
bool template_path_ok(const char *path);
/* The path of the first slot of text; gives what stands behind it, or NULL when there is none or it
 * cannot be read. */
const char *template_next(arena *mem, const char *text, const char **ret_path);

/* template_functions.c: one closed table; every function takes every value and ends. */

/* What one expansion may spend on the texts between its functions. left 0: too much, and every
 * value is absent from there on. */
struct template_work {
    arena *mem;
    const json_t *context;
    size_t left; /* bytes */
};
struct template_work template_work_new(arena *mem, const json_t *context);
/* NULL: no function has this name. */
const struct template_function *template_function_find(const char *name);
/* NULL, or why it cannot take this argument. */
const char *template_function_fault(const struct template_function *f, const char *argument);
/* What a slot stands for: borrowed from the context or on the arena; NULL: absent. */
const json_t *template_slot_value(struct template_work *w, const struct template_slot *slot);

#endif
