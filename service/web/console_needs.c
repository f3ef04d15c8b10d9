#include "console_health_int.h"
#include "console_hooks_int.h"

/* What does not work until somebody does something, and what that is. */

enum { RUNS_SEEN = 100 };

static void add(json_t *needs, const char *label, const char *state, const char *text,
                const char *href)
{
    json_t *row = json_must(json_pack("{s:o, s:s}", "state", console_state(state), "text", text));
    json_put_shown(row, "label", label);
    json_put_words(row, "href", href);
    json_push(needs, row);
}

/* --- the bot --- */

static const struct {
    const char *token_state, *state, *text;
} bots[] = {
    {"refused", "broken",
     "The chat does not take the bot's token any more. Nobody is answered, and what was typed "
     "waits for a day. Install Workbot again; what waits goes on by itself then."},
    {"none", "draft", "There is no bot token yet: nobody is answered. Install Workbot."},
};

static void add_bot(struct console *c, const json_t *w, json_t *needs)
{
    static const char LABEL[] = "The bot";
    const char *token_state = json_text(w, "bot_token_state"), *fault = json_text(w, "bot_fault");
    const char *install = str_starts(c->workspace, "slack:") ? "/slack/install" : NULL;
    bool told = false;
    for (size_t i = 0; i < sizeof bots / sizeof bots[0]; i++) {
        if (str_equal(bots[i].token_state, token_state)) {
            add(needs, LABEL, bots[i].state, bots[i].text, install);
            told = true;
        }
    }
    if (!told && fault != NULL) {
        add(needs, LABEL, "needs_attention",
            "The chat did not renew the bot's token: it ends within hours. Install Workbot again.",
            install);
    }
    if (json_array_size(json_member(w, "missing_scopes")) > 0) {
        struct str text = str_new(c->mem, 300);
        str_add(&text, "It lacks scopes, so some of what it does comes to nothing. Install Workbot "
                       "again to grant them:");
        const json_t *scopes = json_member(w, "missing_scopes");
        for (size_t i = 0; i < json_array_size(scopes); i++) {
            str_printf(&text, "%s `%s`", i == 0 ? "" : ",",
                       json_string_value(json_array_get(scopes, i)));
        }
        add(needs, LABEL, "needs_attention", text.text, install);
    }
    if (!json_flag(w, "served")) {
        add(needs, LABEL, "broken",
            "This Workbot does not listen to the workspace: its platform is switched off, or its "
            "tenant is not in the settings. Ask whoever runs Workbot.",
            NULL);
    }
}

static int add_sign_in(struct console *c, json_t *needs, struct err *e)
{
    json_t *is = NULL;
    const char *platform = str_starts(c->workspace, "teams:") ? "teams" : "slack";
    if (console_sign_in(c, platform, &is, e) != 0) {
        return -1;
    }
    if (json_flag(is, "on") && !json_flag(is, "proven")) {
        add(needs, json_text(is, "title"), "unproven", json_text(json_member(is, "state"), "text"),
            c->is_operator ? arena_printf(c->mem, "/console/setup#sign_in_%s", platform) : NULL);
    }
    return 0;
}

/* --- default connections --- */

static const struct {
    const char *state, *text;
} connections[] = {
    {"needs_attention", "The app does not take its login any more: commands that act through it "
                        "stop. Log it in again on its page."},
    {"needs_login", "Nobody has logged it in: commands that act through it stop. Log it in on its "
                    "page. Where everyone is verified it is not needed."},
    {"provisional", "A login waits for the code of its last page. Enter it on its page."},
    {"disconnected", "Its login was ended: commands that act through it stop. Log it in again on "
                     "its page."},
    {"draft", "It has no client yet: nobody can log in there. Enter one on its page."},
};

static void add_connection(struct console *c, const json_t *d, json_t *needs)
{
    const char *name = json_text(d, "name"), *state = json_text(d, "state");
    for (size_t i = 0; i < sizeof connections / sizeof connections[0]; i++) {
        if (str_equal(connections[i].state, state)) {
            add(needs, arena_printf(c->mem, "Default connection %s", name), state,
                connections[i].text, console_path(c, "/connections/%s", name));
        }
    }
}

/* --- hooks --- */

/* The last run that this hook started came to nothing. */
static void add_hook(struct console *c, const char *hook, const json_t *started, const json_t *runs,
                     json_t *needs)
{
    for (size_t i = 0; i < json_array_size(runs); i++) {
        const json_t *run = json_array_get(runs, i);
        const char *recipe = json_text(run, "recipe"), *state = json_text(run, "state");
        if (!json_has(started, recipe)) {
            continue;
        }
        if (str_equal(state, "failed") || str_equal(state, "unknown")) {
            add(needs, arena_printf(c->mem, "Hook %s", hook), state,
                arena_printf(c->mem,
                             "What it started last, `%s` (%s), came to nothing. Its run says why.",
                             recipe, json_text(run, "reference")),
                console_path(c, "/runs/%s", json_text(run, "id")));
        }
        return;
    }
}

/* --- recipes --- */

/* What is wrong with one that was stored before a word of its command was reserved; NULL: nothing.
 */
static const char *shadowed(arena *mem, const char *command)
{
    const char *word = recipe_shadowed_by(mem, command, bot_reserved_words());
    return word == NULL ? NULL
                        : arena_printf(mem,
                                       "Its command \"%s\" collides with \"%s\", a word of Workbot "
                                       "itself, which goes first. Give it another command.",
                                       command, word);
}

static void add_recipe(struct console *c, const json_t *recipe, json_t *needs)
{
    const char *name = json_text(recipe, "name");
    const char *why = shadowed(c->mem, json_text(recipe, "command"));
    if (why != NULL && json_flag(recipe, "enabled")) {
        add(needs, arena_printf(c->mem, "Recipe %s", name), "broken", why,
            console_path(c, "/recipes/%s/edit", name));
    }
}

int console_needs(struct console *c, json_t **ret, struct err *e)
{
    struct console_answer w;
    json_t *defaults = NULL, *by_hook = NULL, *runs = NULL, *all = NULL;
    const struct console_call get = {.method = WB_GET, .handler = api_workspace_get};
    const char *latest = arena_printf(c->mem, "limit=%d", RUNS_SEEN), *hook = NULL;
    json_t *of_hook = NULL;
    if (console_ask(c, &get, &w, e) != 0 ||
        console_all(c, api_connections_get, &defaults, e) != 0 ||
        console_hook_recipes(c, &by_hook, e) != 0 ||
        console_all(c, api_recipes_get, &all, e) != 0 ||
        console_list(c, api_runs_get, latest, &runs, e) != 0) {
        return -1;
    }
    *ret = arena_json(c->mem, json_array());
    add_bot(c, w.value, *ret);
    if (add_sign_in(c, *ret, e) != 0) {
        return -1;
    }
    for (size_t i = 0; i < json_array_size(defaults); i++) {
        add_connection(c, json_array_get(defaults, i), *ret);
    }
    for (size_t i = 0; i < json_array_size(all); i++) {
        add_recipe(c, json_array_get(all, i), *ret);
    }
    json_object_foreach(by_hook, hook, of_hook)
    {
        add_hook(c, hook, of_hook, runs, *ret);
    }
    return 0;
}
