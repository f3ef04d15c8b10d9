#include "console_int.h"

/* What ran: a list to search in, and one run with the line of its steps. Never an input or a
 * result: the API has none. */

static const char *const STATES[] = {"queued",  "asking",     "parked",  "running",
                                     "done",    "failed",     "unknown", "cancelled",
                                     "expired", "superseded", NULL};

static json_t *state_choices(const char *chosen)
{
    json_t *list = json_array();
    for (size_t i = 0; STATES[i] != NULL; i++) {
        json_t *state = console_state(STATES[i]);
        json_push(list, console_choice(STATES[i], json_text(state, "word"), chosen));
        json_decref(state);
    }
    return list;
}

static json_t *recipe_choices(const json_t *titles, const char *chosen)
{
    json_t *list = json_array(), *title = NULL;
    const char *name = NULL;
    json_object_foreach((json_t *)(uintptr_t)titles, name, title)
    {
        json_push(list, console_choice(name, json_string_value(title), chosen));
    }
    return list;
}

int console_titles(struct console *c, json_t **ret, struct err *e)
{
    json_t *all = NULL;
    if (console_all(c, api_recipes_get, &all, e) != 0) {
        return -1;
    }
    *ret = arena_json(c->mem, json_object());
    for (size_t i = 0; i < json_array_size(all); i++) {
        const json_t *one = json_array_get(all, i);
        json_put_words(*ret, json_text(one, "name"), json_text(one, "title"));
    }
    return 0;
}

/* A recipe that was removed has its name alone. */
static void put_recipe(const json_t *run, const json_t *titles, json_t *row)
{
    const char *name = json_text(run, "recipe"), *title = json_text(titles, name);
    json_put_shown(row, "recipe", str_empty(title) ? name : title);
    if (!str_empty(title)) {
        json_put_words(row, "recipe_name", name);
    }
}

json_t *console_run_row(const struct console *c, const json_t *run, const json_t *names,
                        const json_t *titles)
{
    json_t *row = json_must(json_pack("{s:s, s:o}", "reference", json_text(run, "reference"),
                                      "state", console_state(json_text(run, "state"))));
    put_recipe(run, titles, row);
    json_put_words(row, "href", console_path(c, "/runs/%s", json_text(run, "id")));
    bool of_person = !str_empty(json_text(run, "user"));
    json_put_shown(row, "user",
                   of_person ? console_name(names, json_text(run, "user")) : "An app's event");
    json_put_words(row, "at", console_time(c->mem, json_text(run, "created")));
    return row;
}

int console_runs_page(struct console *c, struct err *e)
{
    static const char *const names[] = {"recipe", "state", "user", "reference",
                                        "since",  "until", NULL};
    struct console_filter f;
    json_t *data = arena_json(c->mem, json_object()), *people = NULL, *titles = NULL;
    if (console_filter(c, names, &f, e) != 0 ||
        console_filtered(c, api_runs_get, &f, data, e) != 0 ||
        console_names(c, json_member(data, "found"), "user", &people, e) != 0 ||
        console_titles(c, &titles, e) != 0) {
        return -1;
    }
    const json_t *found = json_member(data, "found");
    json_put(data, "recipe_choices", recipe_choices(titles, json_text(f.values, "recipe")));
    json_put(data, "state_choices", state_choices(json_text(f.values, "state")));
    json_put(data, "any_run", json_boolean(json_array_size(found) > 0));
    json_put(data, "runs", json_array());
    for (size_t i = 0; i < json_array_size(found); i++) {
        json_push(json_member(data, "runs"),
                  console_run_row(c, json_array_get(found, i), people, titles));
    }
    const struct console_page page = {"console_runs.html", "Runs", "runs", 200};
    return console_show(c, &page, json_incref(data), e);
}

/* --- one --- */

static const char *rule_words(const char *rule)
{
    return str_equal(rule, "personal")    ? "as that person"
           : str_equal(rule, "installer") ? "with the default connection, as the installer"
                                          : "with the default connection";
}

static json_t *apps_of(const struct console *c, const json_t *run)
{
    json_t *list = json_array();
    const json_t *used = json_member(run, "apps");
    for (size_t i = 0; i < json_array_size(used); i++) {
        const json_t *one = json_array_get(used, i);
        json_t *row = json_object();
        json_put_words(row, "app", console_app_title(c, json_text(one, "app")));
        json_put_words(row, "rule", rule_words(json_text(one, "rule")));
        json_put_words(row, "connection", json_text(one, "connection"));
        json_put_shown(row, "account", json_text(one, "account"));
        json_push(list, row);
    }
    return list;
}

static json_t *step_row(const struct console *c, const json_t *step)
{
    json_t *row = json_must(json_pack("{s:o}", "state", console_state(json_text(step, "state"))));
    const json_t *took = json_member(step, "took_ms"), *turn = json_member(step, "turn");
    const char *url = json_text(step, "url");
    json_put_words(row, "step", json_text(step, "id"));
    json_put_words(row, "at", console_time(c->mem, json_text(step, "started")));
    json_put_words(row, "record", json_text(step, "record"));
    json_put_words(row, "error", json_text(json_member(step, "error"), "code"));
    if (url != NULL && str_starts(url, "https://")) {
        json_put_words(row, "url", url);
    }
    if (json_is_integer(took)) {
        json_put_words(row, "took",
                       arena_printf(c->mem, "%lld ms", (long long)json_integer_value(took)));
    }
    if (json_is_integer(turn)) {
        json_put_words(row, "turn",
                       arena_printf(c->mem, "%lld", (long long)json_integer_value(turn)));
    }
    return row;
}

static void put_times(const struct console *c, const json_t *run, json_t *data)
{
    static const char *const keys[] = {"created", "parked", "expires", "ended", NULL};
    for (size_t i = 0; keys[i] != NULL; i++) {
        json_put_words(data, keys[i], console_time(c->mem, json_text(run, keys[i])));
    }
}

/* The name of the token that its fingerprint stands for; NULL: it is none any more. */
static const char *token_name(const json_t *tokens, const char *actor)
{
    static const char prefix[] = "token:";
    const char *fingerprint = str_starts(actor, prefix) ? actor + sizeof prefix - 1 : actor;
    for (size_t i = 0; i < json_array_size(tokens); i++) {
        const json_t *t = json_array_get(tokens, i);
        if (str_equal(json_text(t, "fingerprint"), fingerprint)) {
            return json_text(t, "name");
        }
    }
    return NULL;
}

/* Whose doing it was that it runs: the person's, a program's for them, or an app's event. */
static int put_begun(struct console *c, const json_t *run, const char *user, json_t *data,
                     struct err *e)
{
    json_t *tokens = NULL;
    const char *actor = json_text(run, "started_by");
    if (actor == NULL) {
        json_put_shown(data, "begun", str_empty(user) ? "an app's event" : user);
        return 0;
    }
    if (console_all(c, api_tokens_get, &tokens, e) != 0) {
        return -1;
    }
    const char *name = token_name(tokens, actor);
    json_put_shown(data, "begun",
                   name == NULL ? actor : arena_printf(c->mem, "%s (%s)", name, actor));
    json_put(data, "acted", json_boolean(true));
    return 0;
}

int console_run_page(struct console *c, struct err *e)
{
    struct console_answer a;
    json_t *names = NULL, *titles = NULL;
    const struct console_call get = {.method = WB_GET, .handler = api_run_get, .name = c->name};
    if (console_ask(c, &get, &a, e) != 0) {
        return -1;
    }
    const json_t *run = a.value, *steps = json_member(run, "steps");
    json_t *one = arena_json(c->mem, json_pack("[O]", run));
    if (console_names(c, one, "user", &names, e) != 0 || console_titles(c, &titles, e) != 0) {
        return -1;
    }
    const char *reference = json_text(run, "reference");
    json_t *data = json_must(json_pack("{s:s, s:I, s:o, s:o, s:[]}", "reference", reference,
                                       "version", (json_int_t)json_i64(run, "version"), "state",
                                       console_state(json_text(run, "state")), "apps",
                                       apps_of(c, run), "steps"));
    put_recipe(run, titles, data);
    json_put_words(data, "recipe_href", console_path(c, "/recipes/%s", json_text(run, "recipe")));
    arena_json(c->mem, data);
    const char *user = console_name(names, json_text(run, "user"));
    if (!str_empty(user)) {
        json_put_shown(data, "user", user);
    }
    if (put_begun(c, run, user, data, e) != 0) {
        return -1;
    }
    json_put_words(data, "error", json_text(json_member(run, "error"), "code"));
    put_times(c, run, data);
    for (size_t i = 0; i < json_array_size(steps); i++) {
        json_push(json_member(data, "steps"), step_row(c, json_array_get(steps, i)));
    }
    json_put(data, "any_step", json_boolean(json_array_size(steps) > 0));
    json_put(data, "any_app", json_boolean(json_array_size(json_member(run, "apps")) > 0));
    const struct console_page page = {"console_run.html", arena_printf(c->mem, "Run %s", reference),
                                      "runs", 200};
    return console_show(c, &page, json_incref(data), e);
}
