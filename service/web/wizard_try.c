#include "wizard_int.h"

/* The end of step 3: what to type in the chat, and whether it came and how it ended. */

/* "salesforce create opportunity name: Acme renewal close: 2026-12-31" */
static char *example_of(arena *mem, const json_t *recipe)
{
    struct str out = str_new(mem, 1000);
    const json_t *inputs = json_member(recipe, "inputs");
    str_add(&out, json_text(recipe, "command"));
    for (size_t i = 0; i < json_array_size(inputs); i++) {
        const json_t *in = json_array_get(inputs, i);
        const char *sample = json_text(in, "sample");
        if (json_flag(in, "required") && sample != NULL) {
            str_printf(&out, " %s: %s", json_text(in, "name"), sample);
        }
    }
    return out.text;
}

static const struct {
    const char *state, *typed;
    const char *event; /* where an app's event began it; NULL: such a one is never in that state */
    bool over;         /* nothing more comes of this run */
} words[] = {
    {"queued", "It came, and runs in a moment.", "An event came, and is acted on in a moment.",
     false},
    {"running", "It came, and runs.", "An event came, and is acted on.", false},
    {"asking", "It came, and asks its user for more: answer in the chat.", NULL, false},
    {"parked",
     "It came, and waits for its user's login: press the button of the message in the chat, log in, "
     "and send the code that the last page shows.",
     NULL, false},
    {"done", "It ran, and its answer is in the chat. You are set up.",
     "An event came, and its message is in the chat. You are set up.", true},
    {"failed", "It came and failed; the chat says why. Open the run to see the step.",
     "An event came, and failed; the admins were told why. Open the run to see the step.", true},
    {"unknown", "It is not known whether the app did it. Look there before you type it again.",
     "An event came. It is not known whether the app did what the recipe says: look there.", true},
    {"cancelled", "It was cancelled in the chat. Type it again.", NULL, true},
    {"expired", "It waited too long for its user. Type it again.", NULL, true},
    {"superseded", "A newer command has taken its place.",
     "An event came, and an admin has run it again.", true},
};

static const char *text_of(const char *state, bool by_event, bool *ret_over)
{
    *ret_over = false;
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        const char *text = by_event ? words[i].event : words[i].typed;
        if (text != NULL && str_equal(words[i].state, state)) {
            *ret_over = words[i].over;
            return text;
        }
    }
    return "It came.";
}

/* A command of the installer runs on the default connection: nobody saw a login then. */
static int add_rule(struct console *c, const json_t *run, json_t *data, struct err *e)
{
    struct console_answer a;
    const struct console_call get = {
        .method = WB_GET, .handler = api_run_get, .name = json_text(run, "id")};
    if (console_ask(c, &get, &a, e) != 0) {
        return -1;
    }
    const json_t *used = json_member(a.value, "apps");
    for (size_t i = 0; i < json_array_size(used); i++) {
        if (str_equal(json_text(json_array_get(used, i), "rule"), "installer")) {
            json_put(data, "by_installer", json_true());
        }
    }
    return 0;
}

int wizard_add_run(struct console *c, bool by_event, json_t *data, bool *ret_over, struct err *e)
{
    json_t *runs = NULL, *names = NULL;
    struct str query = str_new(c->mem, 200);
    console_add_param(&query, "limit", "1");
    console_add_param(&query, "recipe", c->name);
    *ret_over = false;
    if (console_list(c, api_runs_get, query.text, &runs, e) != 0 ||
        console_names(c, runs, "user", &names, e) != 0) {
        return -1;
    }
    if (json_array_size(runs) > 0) {
        const json_t *run = json_array_get(runs, 0);
        const char *state = json_text(run, "state");
        bool won = str_equal(state, "done");
        if (won && add_rule(c, run, data, e) != 0) {
            return -1;
        }
        json_put(data, "run", console_run_row(c, run, names, NULL));
        json_put_words(data, "now", text_of(state, by_event, ret_over));
        json_put(data, "won", json_boolean(won));
    }
    return 0;
}

int wizard_try_page(struct console *c, struct err *e)
{
    struct console_answer a;
    bool over = false;
    const struct console_call get = {.method = WB_GET, .handler = api_recipe_get, .name = c->name};
    if (console_ask(c, &get, &a, e) != 0) {
        return -1;
    }
    if (json_text(json_member(a.value, "trigger"), "hook") != NULL) {
        return wizard_hook_page(c, a.value, e);
    }
    json_t *data = arena_json(c->mem, json_object());
    if (wizard_add_run(c, false, data, &over, e) != 0) {
        return -1;
    }
    json_put_shown(data, "label", json_text(a.value, "title"));
    json_put_words(data, "example", example_of(c->mem, a.value));
    json_put_words(data, "chat", wizard_chat_name(c));
    json_put_words(data, "recipe_href", console_path(c, "/recipes/%s", c->name));
    json_put(data, "operator", json_boolean(c->is_operator));
    if (str_starts(c->workspace, "slack:") && chats_slack_on(c->web->options.chats)) {
        json_put_words(data, "open",
                       chat_slack_open_url(c->web->options.chats, c->mem, c->workspace));
    }
    const char *path = console_path(c, "/setup/recipes/%s", c->name);
    const struct wizard_page page = {.template = "wizard_try.html",
                                     .title = "Set up: try it",
                                     .step = WIZARD_RECIPE,
                                     .watch = over ? NULL : path};
    return wizard_show(c, &page, json_incref(data), e);
}
