#ifndef WB_WEB_CONSOLE_RECIPE_INT_H
#define WB_WEB_CONSOLE_RECIPE_INT_H

#include "console_int.h"

/* What the pages of one recipe share (console_recipe.c). */

struct console_recipe {
    int64_t version;
    const char *tag; /* of what stands: a form is for what its page showed */
    bool enabled;
    json_t *body; /* as it was stored; a copy */
};
/* The recipe of the path. */
int console_recipe_load(struct console *c, struct console_recipe *ret, struct err *e);
/* Title, tabs and what else stands above each of its pages. */
void console_recipe_head(const struct console *c, const struct console_recipe *x, const char *tab,
                         json_t *data);
/* Its apps: [{alias, use, app, label, on, account, state}], a new reference. */
int console_recipe_apps(struct console *c, const json_t *body, json_t **ret, struct err *e);
/* The first of its pages, after what was said. */
int console_recipe_show(struct console *c, const struct console_answer *said, struct err *e);

#endif
