#ifndef WB_WEB_CONSOLE_RECIPE_INT_H
#define WB_WEB_CONSOLE_RECIPE_INT_H

#include "console_int.h"

/* What the pages of one recipe share (console_recipe.c). */

struct console_recipe {
    int64_t version;
    const char *tag; /* of what stands: a form is for what its page showed */
    bool enabled;
    json_t *body;     /* as it was stored; a copy */
    json_t *warnings; /* [{path, words}]: why it does not work as the workspace stands */
};
/* The recipe of the path. */
int console_recipe_load(struct console *c, struct console_recipe *ret, struct err *e);
/* Title, tabs and what else stands above each of its pages. */
void console_recipe_head(const struct console *c, const struct console_recipe *x, const char *tab,
                         json_t *data);
/* Its apps: [{alias, use, app, label, on, account, state}], a new reference. */
int console_recipe_apps(struct console *c, const json_t *body, json_t **ret, struct err *e);
/* What is wrong with this text, and would not work of it, by the API's check: [{place, path,
 * words}] each. name: of the recipe (console_check.c). */
struct console_checked {
    json_t *faults, *warnings;
};
int console_recipe_check(struct console *c, const char *name, const char *text,
                         struct console_checked *ret, struct err *e);
/* Faults of the API with where each stands in this text. */
json_t *console_recipe_placed(arena *mem, const char *text, const json_t *faults);
/* The text as JSON; NULL: ret_problem says why it is no recipe. */
json_t *console_recipe_read(arena *mem, const char *text, const char **ret_problem);
/* What a form of another session is told: its text stands on the page, and nothing was stored. */
extern const char CONSOLE_OTHER_FORM[];
/* The first of its pages, after what was said. */
int console_recipe_show(struct console *c, const struct console_answer *said, struct err *e);

#endif
