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
    const char *state, *text;
    bool over; /* nothing more comes of this run */
} words[] = {
    {"queued", "It came, and runs in a moment.", false},
    {"running", "It came, and runs.", false},
    {"asking", "It came, and asks its user for more: answer in the chat.", false},
    {"parked",
     "It came, and waits for its user's login: press the button of the message in the chat, log in, "
     "and send the code that the last page shows.",
     false},
    {"done", "It ran, and its answer is in the chat. You are set up.", true},
    {"failed", "It came and failed; the chat says why. Open the run to see the step.", true},
    {"unknown", "It is not known whether the app did it. Look there before you type it again.",
     true},
    {"cancelled", "It was cancelled in the chat. Type it again.", true},
    {"expired", "It waited too long for its user. Type it again.", true},
};

static const char *text_of(const char *state, bool *ret_over)
{
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        if (str_equal(words[i].state, state)) {
            *ret_over = words[i].over;
            return words[i].text;
        }
    }
    *ret_over = false;
    return "It came.";
}

/* data gets "run" and "now"; *ret_over: there is nothing to wait for. */
static int add_run(struct console *c, json_t *data, bool *ret_over, struct err *e)
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
        json_put(data, "run", console_run_row(c, run, names));
        json_put_words(data, "now", text_of(state, ret_over));
        json_put(data, "won", json_boolean(str_equal(state, "done")));
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
    json_t *data = arena_json(c->mem, json_object());
    if (add_run(c, data, &over, e) != 0) {
        return -1;
    }
    json_put_shown(data, "label", json_text(a.value, "title"));
    json_put_words(data, "example", example_of(c->mem, a.value));
    json_put_words(data, "chat", wizard_chat_name(c));
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
