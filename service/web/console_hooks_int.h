#ifndef WB_WEB_CONSOLE_HOOKS_INT_H
#define WB_WEB_CONSOLE_HOOKS_INT_H

#include "console_int.h"

/* What the pages of hooks share (console_hooks.c). */

/* A kind as people call it. */
struct console_hook_kind {
    const char *kind, *label, *about;
    bool salesforce, box, proven; /* which fields it has: an organisation, keys, rules of proof */
};
const struct console_hook_kind *console_hook_kind(const char *kind); /* NULL: none of that name */
/* The members that say which fields a form of this kind has. */
void console_hook_fields(const struct console_hook_kind *k, json_t *data);
/* {name of a hook: [names of the recipes that it starts]} */
int console_hook_recipes(struct console *c, json_t **ret, struct err *e);
/* The page of one, after what was said, which may have a secret that is shown this once. */
console_show_fn console_hook_show;

#endif
