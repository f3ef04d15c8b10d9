#ifndef WB_WEB_WIZARD_INT_H
#define WB_WEB_WIZARD_INT_H

#include "console_int.h"

/*
 * The set-up, from nothing to a first command: the chat, an app, a recipe. Its pages are pages of
 * the console and change things by the same calls of the API; what they add is what to do next, and
 * whether it has worked.
 */

/* --- wizard.c: what its pages share --- */

enum wizard_step { WIZARD_CHAT = 1, WIZARD_APP, WIZARD_RECIPE };

struct wizard_page {
    const char *template, *title;
    enum wizard_step step;
    int status;        /* 0: 200 */
    const char *watch; /* the page's address, where it waits for something that happens elsewhere:
                          it looks again by itself, a bounded number of times; NULL: it does not */
};
/* In the console's frame, with the three steps above it. Takes data over. */
int wizard_show(struct console *c, const struct wizard_page *page, json_t *data, struct err *e);
/* {"word", "tone", "text"}: how one thing stands that was looked at. */
json_t *wizard_check(const char *word, const char *tone, const char *text);
/* Is one of this name among these items of a list? */
bool wizard_has(const json_t *items, const char *name);
/* As people call the chat of this page's workspace. */
const char *wizard_chat_name(const struct console *c);

/* --- wizard_guide.c: where things stand in the other products' menus --- */

struct wizard_guide {
    const char *host;       /* an example; NULL: the app has one for all */
    const char *host_about; /* where it is found */
    json_t *steps;          /* in the app, in their order: texts */
};
/* Of an app that docs/setup-apps.md does not have: what holds for all. */
struct wizard_guide wizard_guide(const struct console *c, const char *app_key);
/* What to change after a login or a test that came to nothing, by its reason. */
const char *wizard_advice(const char *reason);

/* The same of a try of a platform's sign-in ("slack"), by oauth_tried.reason. */
const char *wizard_sign_in_advice(const char *platform, const char *reason);

/* --- wizard_sign_in.c --- */

/* What the page says of a platform's sign-in, and a button that tries it: to's "sign_in". */
int wizard_sign_in(struct console *c, const char *platform, json_t *to, struct err *e);

/* --- wizard_ready.c: the recipes of docs/recipes, which are part of the program --- */

struct wizard_ready {
    const char *file;          /* "servicenow-incident.md" */
    const char *hook_kind;     /* of the hook that starts the first recipe; NULL: it is typed */
    const char *title, *intro; /* as the page has them */
    json_t *recipes;           /* a list; the first is the one that people begin with */
};
/* The one of this index, on c's arena; false behind the last. ERR_INTERNAL "html". */
bool wizard_ready_at(const struct console *c, size_t index, struct wizard_ready *ret);

/* --- wizard_try.c: what came of the recipe c->name --- */

/* data gets "run", "now" and "won" of its newest run. by_event: an app's event starts it.
 * *ret_over: there is nothing to wait for. */
int wizard_add_run(struct console *c, bool by_event, json_t *data, bool *ret_over, struct err *e);

/* --- wizard_hook.c: a recipe that the events of an app start --- */

/* The page of this one, as the API shows it. */
int wizard_hook_page(struct console *c, const json_t *recipe, struct err *e);

/* --- the pages, by file --- */

console_fn wizard_chat_page, wizard_package_get;            /* wizard_chat.c */
console_fn wizard_sign_in_try;                              /* wizard_sign_in.c */
console_fn wizard_apps_page, wizard_apps_make;              /* wizard_apps.c */
console_fn wizard_app_page, wizard_app_do, wizard_app_test; /* wizard_app.c */
console_fn wizard_recipes_page, wizard_recipes_switch_on;   /* wizard_recipes.c */
console_fn wizard_try_page;                                 /* wizard_try.c */
console_fn wizard_hook_make;                                /* wizard_hook.c */
console_fn wizard_admin_link;                               /* wizard_admin.c */

#endif
