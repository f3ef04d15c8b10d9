#include "console_health_int.h"

/* What a workspace's first page leads to: the step of the set-up that is next, and what needs
 * somebody. */

enum { NAMED = 3 };

/* Whoever ran something is set up, whatever was ended since. */
static json_t *step_of(const struct console *c, const char *workspace,
                       const struct workspace_progress *p)
{
    const struct {
        bool done;
        const char *label, *text, *path;
    } steps[] = {
        {p->installed, "the chat", "Workbot is not installed there yet.", "/console/setup"},
        {p->app, "an app", "Commands act in it.",
         arena_printf(c->mem, "/console/workspaces/%s/setup", workspace)},
        {p->recipe, "a recipe", "It is what people type.",
         arena_printf(c->mem, "/console/workspaces/%s/setup/recipes", workspace)},
    };
    for (size_t i = 0; !p->ran && i < sizeof steps / sizeof steps[0]; i++) {
        if (!steps[i].done) {
            return json_must(json_pack("{s:s, s:s, s:s}", "label", steps[i].label, "text",
                                       steps[i].text, "href", steps[i].path));
        }
    }
    return NULL;
}

int console_next(const struct console *c, store *s, const char *workspace, json_t *to,
                 struct err *e)
{
    struct workspace_progress p;
    if (store_workspace_progress(s, workspace, &p, e) != 0) {
        return -1;
    }
    json_t *step = step_of(c, workspace, &p);
    if (step != NULL) {
        json_put(to, "next_step", step);
    }
    return 0;
}

static void put_needs(const struct console *c, const json_t *needs, json_t *data)
{
    size_t count = json_array_size(needs);
    struct str names = str_new(c->mem, 200);
    for (size_t i = 0; i < count && i < NAMED; i++) {
        str_printf(&names, "%s%s", i == 0 ? "" : ", ",
                   json_text(json_array_get(needs, i), "label"));
    }
    if (count > NAMED) {
        str_printf(&names, " and %zu more", count - NAMED);
    }
    json_put(data, "any_need", json_boolean(count > 0));
    json_put_words(data, "needs_words",
                   count == 1 ? "One thing needs somebody"
                              : arena_printf(c->mem, "%zu things need somebody", count));
    json_put_words(data, "needs_names", names.text);
}

int console_put_next(struct console *c, json_t *data, struct err *e)
{
    json_t *needs = NULL;
    store *s = NULL;
    if (console_needs(c, &needs, e) != 0 ||
        store_open(c->web->options.stores, c->mem, &s, e) != 0) {
        return -1;
    }
    int rc = console_next(c, s, c->workspace, data, e);
    store_close(s);
    put_needs(c, needs, data);
    return rc;
}
