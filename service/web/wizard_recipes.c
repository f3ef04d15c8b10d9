#include "wizard_int.h"

#include <string.h>

/* Step 3: one of the ready recipes, with this workspace's connections filled in. */

enum { CHANNEL_MIN = 9 }; /* Slack's shortest ids */

static const char *field_of(const struct console *c, const char *alias)
{
    return arena_printf(c->mem, "use_%s", alias);
}

static json_t *choices_of(const char *app_key, const json_t *defaults)
{
    json_t *list = json_array();
    for (size_t i = 0; i < json_array_size(defaults); i++) {
        const json_t *d = json_array_get(defaults, i);
        if (str_equal(json_text(d, "app"), app_key) && !str_equal(json_text(d, "state"), "draft")) {
            json_push(list, console_choice(json_text(d, "name"), json_text(d, "name"), NULL));
        }
    }
    return list;
}

/* {alias: ...} of all that its recipes use. */
static json_t *aliases_of(const struct console *c, const struct wizard_ready *x)
{
    json_t *all = arena_json(c->mem, json_object());
    for (size_t i = 0; i < json_array_size(x->recipes); i++) {
        json_object_update(all, json_member(json_array_get(x->recipes, i), "connections"));
    }
    return all;
}

/* The apps that its recipes use; their aliases are their names. */
static json_t *needs_of(const struct console *c, const struct wizard_ready *x,
                        const json_t *defaults, bool *ret_all)
{
    json_t *list = json_array(), *aliases = aliases_of(c, x), *ignored = NULL;
    const char *alias = NULL;
    *ret_all = true;
    json_object_foreach(aliases, alias, ignored)
    {
        json_t *choices = choices_of(alias, defaults);
        bool any = json_array_size(choices) > 0;
        json_push(list, json_must(json_pack("{s:s, s:s, s:o, s:b}", "app",
                                            console_app_title(c, alias), "field",
                                            field_of(c, alias), "choices", choices, "any", any)));
        *ret_all = *ret_all && any;
    }
    return list;
}

static json_t *row_of(const struct console *c, const struct wizard_ready *x, const json_t *defaults,
                      const json_t *stored)
{
    const json_t *recipe = json_array_get(x->recipes, 0);
    const char *name = json_text(recipe, "name");
    bool ready = false;
    json_t *needs = needs_of(c, x, defaults, &ready);
    json_t *row =
        json_must(json_pack("{s:s, s:s, s:o, s:b, s:b}", "file", x->file, "name", name, "needs",
                            needs, "ready", ready, "there", wizard_has(stored, name)));
    json_put_words(row, "label", x->title);
    json_put_words(row, "intro", x->intro);
    json_put_words(row, "command", json_text(recipe, "command"));
    json_put(row, "tells", json_boolean(x->hook_kind != NULL));
    json_put_words(row, "href", console_path(c, "/setup/recipes/%s", name));
    return row;
}

/* channel: as it was given; NULL. */
static int show(struct console *c, const struct console_answer *said, const char *channel,
                struct err *e)
{
    json_t *defaults = NULL, *stored = NULL;
    struct wizard_ready x;
    if (console_all(c, api_connections_get, &defaults, e) != 0 ||
        console_all(c, api_recipes_get, &stored, e) != 0) {
        return -1;
    }
    json_t *data = arena_json(c->mem, json_must(json_pack("{s:[]}", "ready_recipes")));
    for (size_t i = 0; wizard_ready_at(c, i, &x); i++) {
        json_push(json_member(data, "ready_recipes"), row_of(c, &x, defaults, stored));
    }
    console_put_problem(data, said);
    json_put_words(data, "channel", channel);
    json_put(data, "in_teams", json_boolean(str_starts(c->workspace, "teams:")));
    json_put_words(data, "action", console_path(c, "/setup/recipes"));
    const struct wizard_page page = {.template = "wizard_recipes.html",
                                     .title = "Set up: a recipe",
                                     .step = WIZARD_RECIPE,
                                     .status = said->status};
    return wizard_show(c, &page, json_incref(data), e);
}

int wizard_recipes_page(struct console *c, struct err *e)
{
    return show(c, &(struct console_answer){.status = 200}, NULL, e);
}

/* --- switched on --- */

/* As events name it: an id, or what stands at the end of the link that the chat copies for a
 * channel. NULL: it is none. */
static const char *channel_of(const struct console *c, const char *given)
{
    const struct chat_driver *platform = chats_platform(c->workspace);
    if (platform != NULL && platform->channel_id != NULL) {
        return platform->channel_id(c->mem, given);
    }
    const char *slash = strrchr(given, '/'), *id = slash == NULL ? given : slash + 1;
    bool good = (id[0] == 'C' || id[0] == 'G') && strlen(id) >= CHANNEL_MIN &&
                id[strspn(id, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789")] == '\0';
    return good ? id : NULL;
}

static int fill_in(struct console *c, json_t *recipe, const char *channel, struct err *e)
{
    const char *alias = NULL, *use = NULL;
    json_t *one = NULL;
    json_object_foreach(json_member(recipe, "connections"), alias, one)
    {
        if (console_field(c, field_of(c, alias), &use, e) != 0) {
            return -1;
        }
        json_put_words(one, "use", use);
    }
    if (json_member(recipe, "post") != NULL) {
        json_put_words(json_member(recipe, "post"), "channel", channel);
    }
    return 0;
}

static int put_one(struct console *c, json_t *recipe, const char *channel,
                   struct console_answer *ret, struct err *e)
{
    const struct console_call put = {.method = WB_PUT,
                                     .handler = api_recipe_put,
                                     .name = json_text(recipe, "name"),
                                     .body = json_incref(recipe)};
    return fill_in(c, recipe, channel, e) != 0
               ? -1
               : console_make(c, &put, ret, "Somebody made one of that name just now.", e);
}

/* The buttons' recipes first: then the one that people begin with finds them. One that stands there
 * is left as it is. */
static int put_all(struct console *c, const struct wizard_ready *x, const char *channel,
                   struct console_answer *ret, struct err *e)
{
    json_t *stored = NULL;
    *ret = (struct console_answer){.status = 200};
    if (console_all(c, api_recipes_get, &stored, e) != 0) {
        return -1;
    }
    for (size_t i = json_array_size(x->recipes); i > 0 && ret->problem == NULL; i--) {
        json_t *recipe = json_array_get(x->recipes, i - 1);
        bool there = wizard_has(stored, json_text(recipe, "name"));
        if (!there && put_one(c, recipe, channel, ret, e) != 0) {
            return -1;
        }
    }
    return 0;
}

static bool find_ready(const struct console *c, const char *file, struct wizard_ready *ret)
{
    for (size_t i = 0; wizard_ready_at(c, i, ret); i++) {
        if (str_equal(ret->file, file)) {
            return true;
        }
    }
    return false;
}

int wizard_recipes_switch_on(struct console *c, struct err *e)
{
    const char *file = NULL, *given = NULL;
    struct wizard_ready x;
    struct console_answer a;
    if (console_field(c, "file", &file, e) != 0 || console_field(c, "channel", &given, e) != 0) {
        return -1;
    }
    given = str_trim(c->mem, given);
    if (!find_ready(c, file, &x)) {
        return err_set(e, ERR_INPUT, "query", "\"file\" is no ready recipe.");
    }
    const char *channel = channel_of(c, given);
    if (x.hook_kind != NULL && channel == NULL) {
        console_refuse(&a, 422,
                       "That is no channel. Give its id, or the link that the chat copies for it.");
    } else if (put_all(c, &x, channel, &a, e) != 0) {
        return -1;
    }
    if (a.problem != NULL) {
        return show(c, &a, given, e);
    }
    respond_see_other(c->r, console_path(c, "/setup/recipes/%s",
                                         json_text(json_array_get(x.recipes, 0), "name")));
    return 0;
}
