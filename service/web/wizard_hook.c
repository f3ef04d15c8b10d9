#include "wizard_int.h"

#include "console_hooks_int.h"

/*
 * The end of step 3 for a recipe that an app's own events start: the address where they come in,
 * which is made here, what to enter in the app, and whether an event came. A secret is shown by the
 * page that made it, this once.
 */

static int hook_of(struct console *c, const char *name, const json_t **ret, struct err *e)
{
    json_t *all = NULL;
    *ret = NULL;
    if (console_all(c, api_hooks_get, &all, e) != 0) {
        return -1;
    }
    for (size_t i = 0; *ret == NULL && i < json_array_size(all); i++) {
        const json_t *one = json_array_get(all, i);
        *ret = str_equal(json_text(one, "name"), name) ? one : NULL;
    }
    return 0;
}

/* Of the hook that this recipe is to have; NULL: it is none of the ready ones. */
static const char *kind_to_make(const struct console *c)
{
    struct wizard_ready x;
    for (size_t i = 0; wizard_ready_at(c, i, &x); i++) {
        if (str_equal(json_text(json_array_get(x.recipes, 0), "name"), c->name)) {
            return x.hook_kind;
        }
    }
    return NULL;
}

/* fresh: the answer that shows the secret; NULL. *ret: there is a hook. */
static int add_hook(struct console *c, const char *name, const json_t *fresh, json_t *data,
                    bool *ret, struct err *e)
{
    const json_t *hook = NULL;
    if (hook_of(c, name, &hook, e) != 0) {
        return -1;
    }
    const struct console_hook_kind *kind =
        console_hook_kind(hook == NULL ? kind_to_make(c) : json_text(hook, "kind"));
    if (kind != NULL) {
        console_hook_fields(kind, data);
    }
    json_put(data, "there", json_boolean(hook != NULL));
    json_put(data, "fresh", json_boolean(fresh != NULL));
    json_put_words(data, "hook", name);
    json_put_words(data, "hook_href", console_path(c, "/hooks/%s", name));
    json_put_words(data, "url", json_text(fresh == NULL ? hook : fresh, "url"));
    json_put_words(data, "secret", json_text(fresh, "secret"));
    *ret = hook != NULL;
    return 0;
}

static int show(struct console *c, const json_t *recipe, const struct console_answer *said,
                const json_t *fresh, struct err *e)
{
    const char *path = console_path(c, "/setup/recipes/%s", c->name);
    bool there = false, over = false;
    json_t *data = arena_json(c->mem, json_object());
    if (add_hook(c, json_text(json_member(recipe, "trigger"), "hook"), fresh, data, &there, e) !=
            0 ||
        wizard_add_run(c, true, data, &over, e) != 0) {
        return -1;
    }
    json_put_shown(data, "label", json_text(recipe, "title"));
    json_put_words(data, "action", path);
    console_put_problem(data, said);
    const struct wizard_page page = {.template = "wizard_hook.html",
                                     .title = "Set up: its events",
                                     .step = WIZARD_RECIPE,
                                     .status = said->status,
                                     .watch = there && fresh == NULL && !over ? path : NULL};
    return wizard_show(c, &page, json_incref(data), e);
}

int wizard_hook_page(struct console *c, const json_t *recipe, struct err *e)
{
    return show(c, recipe, &(struct console_answer){.status = 200}, NULL, e);
}

int wizard_hook_make(struct console *c, struct err *e)
{
    struct console_answer recipe, a;
    const char *kind = kind_to_make(c);
    const struct console_call get = {.method = WB_GET, .handler = api_recipe_get, .name = c->name};
    json_t *body = arena_json(c->mem, json_object());
    if (console_ask(c, &get, &recipe, e) != 0 || console_take(c, body, "organization_id", e) != 0) {
        return -1;
    }
    const char *hook = json_text(json_member(recipe.value, "trigger"), "hook");
    if (kind == NULL || hook == NULL) {
        return err_set(e, ERR_NOT_FOUND, "no_hook", "No app's events start this recipe.");
    }
    json_put_words(body, "kind", kind);
    const struct console_call put = {
        .method = WB_PUT, .handler = api_hook_put, .name = hook, .body = json_incref(body)};
    if (console_make(c, &put, &a, "It has an address already.", e) != 0) {
        return -1;
    }
    return show(c, recipe.value, &a, a.problem == NULL ? a.value : NULL, e);
}
