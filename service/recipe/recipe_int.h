#ifndef WB_RECIPE_INT_H
#define WB_RECIPE_INT_H

#include "base/json.h"
#include "recipe.h"

/* parse_parts.c: the lists of a recipe, each with its faults. */
void recipe_parse_connections(const struct json_doc *d, struct recipe *r);
void recipe_parse_inputs(const struct json_doc *d, struct recipe *r);
void recipe_parse_steps(const struct json_doc *d, struct recipe *r);
void recipe_parse_reply(const struct json_doc *d, struct recipe *r);
/* parse.c: a name of [a-z0-9_]+ (inputs, steps, aliases); adds a fault otherwise. */
const char *recipe_parse_name(const struct json_doc *d, const char *key);
/* A text member that may hold templates; their syntax is checked. */
const char *recipe_parse_template(const struct json_doc *d, const char *key, bool required,
                                  size_t max);
/* template.c: the path of the first "{{path}}" of text; gives what stands behind it, or NULL when
 * there is none or it cannot be read. */
const char *template_next(arena *mem, const char *text, const char **ret_path);

#endif
