#include "console_recipe_int.h"

/* One recipe: what it does, with which connections, and how it went of late. */

enum { RUNS_SHOWN = 10 };

/* What it refers to may have gone since it was stored. */
static int warn(struct console *c, struct console_recipe *x, struct err *e)
{
    struct console_checked found;
    if (console_recipe_check(c, c->name, json_write(c->mem, x->body), &found, e) != 0) {
        return -1;
    }
    json_array_extend(found.faults, found.warnings);
    x->warnings = found.faults;
    return 0;
}

int console_recipe_load(struct console *c, struct console_recipe *ret, struct err *e)
{
    struct console_answer now, whole;
    const struct console_call get = {.method = WB_GET, .handler = api_recipe_get, .name = c->name};
    if (console_ask(c, &get, &now, e) != 0) {
        return -1;
    }
    const struct console_call version = {
        .method = WB_GET,
        .handler = api_recipe_version_get,
        .name = c->name,
        .part = arena_printf(c->mem, "%lld", (long long)json_i64(now.value, "version"))};
    if (console_ask(c, &version, &whole, e) != 0) {
        return -1;
    }
    *ret = (struct console_recipe){
        .version = json_i64(now.value, "version"),
        .tag = now.tag,
        .enabled = json_flag(now.value, "enabled"),
        .body = arena_json(c->mem, json_deep_copy(json_member(whole.value, "recipe")))};
    return warn(c, ret, e);
}

void console_recipe_head(const struct console *c, const struct console_recipe *x, const char *tab,
                         json_t *data)
{
    static const struct {
        const char *key, *label, *path;
    } tabs[] = {{"overview", "Overview", ""},
                {"settings", "Settings", "/settings"},
                {"edit", "Edit", "/edit"}};
    const char *title = json_text(x->body, "title");
    json_t *list = json_array();
    for (size_t i = 0; i < sizeof tabs / sizeof tabs[0]; i++) {
        json_push(list, json_must(json_pack("{s:s, s:s, s:b}", "label", tabs[i].label, "href",
                                            console_path(c, "/recipes/%s%s", c->name, tabs[i].path),
                                            "current", str_equal(tabs[i].key, tab))));
    }
    json_put(data, "tabs", list);
    json_put_shown(data, "recipe_title", title == NULL ? c->name : title);
    json_put_words(data, "name", c->name);
    json_put(data, "version", json_must(json_integer(x->version)));
    json_put_words(data, "tag", x->tag);
    json_put(data, "enabled", json_boolean(x->enabled));
    json_put_words(data, "command", json_text(x->body, "command"));
    json_put_shown(data, "hint", json_text(x->body, "hint"));
    json_put_words(data, "hook", json_text(json_member(x->body, "trigger"), "hook"));
    json_put(data, "warnings", json_incref(x->warnings));
    json_put(data, "any_warning", json_boolean(json_array_size(x->warnings) > 0));
}

int console_recipe_apps(struct console *c, const json_t *body, json_t **ret, struct err *e)
{
    json_t *defaults = NULL;
    const char *alias = NULL;
    json_t *one = NULL;
    if (console_all(c, api_connections_get, &defaults, e) != 0) {
        return -1;
    }
    *ret = json_array();
    json_object_foreach(json_member(body, "connections"), alias, one)
    {
        const char *use = json_text(one, "use");
        json_t *row = json_must(
            json_pack("{s:s, s:b}", "alias", alias, "on", json_flag(one, "verify_user_access")));
        json_put_words(row, "use", use);
        for (size_t i = 0; i < json_array_size(defaults); i++) {
            const json_t *d = json_array_get(defaults, i);
            if (str_equal(json_text(d, "name"), use)) {
                json_put_words(row, "app", json_text(d, "app"));
                json_put_words(row, "label", console_app_title(c, json_text(d, "app")));
                json_put_shown(row, "account", json_text(json_member(d, "account"), "name"));
                json_put(row, "state", console_state(json_text(d, "state")));
            }
        }
        if (json_member(row, "label") == NULL) {
            json_put_words(row, "label", alias);
        }
        json_push(*ret, row);
    }
    return 0;
}

/* --- the page --- */

static json_t *inputs_of(const json_t *body)
{
    json_t *list = json_array();
    const json_t *inputs = json_member(body, "inputs");
    for (size_t i = 0; i < json_array_size(inputs); i++) {
        const json_t *in = json_array_get(inputs, i);
        const char *type = json_text(in, "type");
        json_t *row = json_must(json_pack("{s:s, s:b}", "type", type == NULL ? "string" : type,
                                          "required", json_flag(in, "required")));
        json_put_words(row, "input", json_text(in, "name"));
        json_put_shown(row, "about", json_text(in, "hint"));
        json_push(list, row);
    }
    return list;
}

static json_t *steps_of(const json_t *body)
{
    json_t *list = json_array();
    const json_t *steps = json_member(body, "steps");
    for (size_t i = 0; i < json_array_size(steps); i++) {
        const json_t *step = json_array_get(steps, i);
        json_t *row = json_object();
        json_put_words(row, "step", json_text(step, "id"));
        json_put_words(row, "action", json_text(step, "action"));
        json_put_words(row, "connection", json_text(step, "connection"));
        json_push(list, row);
    }
    return list;
}

/* Who may run it, in words. */
static const char *allowed(arena *mem, const json_t *body)
{
    const json_t *allow = json_member(body, "allow");
    if (allow == NULL) {
        return "Everyone, with their own account wherever something is written";
    }
    if (json_is_string(allow)) {
        return "Everyone";
    }
    size_t users = json_array_size(json_member(allow, "users")),
           groups = json_array_size(json_member(allow, "groups")),
           channels = json_array_size(json_member(allow, "channels"));
    return arena_printf(mem, "%zu %s, %zu %s, %zu %s", users, users == 1 ? "person" : "people",
                        groups, groups == 1 ? "group" : "groups", channels,
                        channels == 1 ? "channel" : "channels");
}

static int add_runs(struct console *c, json_t *data, struct err *e)
{
    json_t *runs = NULL, *names = NULL;
    struct str query = str_new(c->mem, 300);
    console_add_param(&query, "recipe", c->name);
    str_printf(&query, "&limit=%d", RUNS_SHOWN);
    if (console_list(c, api_runs_get, query.text, &runs, e) != 0 ||
        console_names(c, runs, "user", &names, e) != 0) {
        return -1;
    }
    json_put(data, "runs", json_array());
    for (size_t i = 0; i < json_array_size(runs); i++) {
        json_push(json_member(data, "runs"),
                  console_run_row(c, json_array_get(runs, i), names, NULL));
    }
    json_put(data, "any_run", json_boolean(json_array_size(runs) > 0));
    return 0;
}

int console_recipe_show(struct console *c, const struct console_answer *said, struct err *e)
{
    struct console_recipe x;
    json_t *data = arena_json(c->mem, json_object()), *used = NULL;
    if (console_recipe_load(c, &x, e) != 0 || console_recipe_apps(c, x.body, &used, e) != 0) {
        return -1;
    }
    console_recipe_head(c, &x, "overview", data);
    json_put(data, "apps", used);
    json_put(data, "any_app", json_boolean(json_array_size(used) > 0));
    json_put(data, "inputs", inputs_of(x.body));
    json_put(data, "any_input", json_boolean(json_array_size(json_member(data, "inputs")) > 0));
    json_put(data, "steps", steps_of(x.body));
    json_put(data, "any_step", json_boolean(json_array_size(json_member(data, "steps")) > 0));
    json_put_words(data, "allowed", allowed(c->mem, x.body));
    if (add_runs(c, data, e) != 0) {
        return -1;
    }
    console_put_problem(data, said);
    json_put_words(data, "action", console_path(c, "/recipes/%s", c->name));
    const struct console_page page = {"console_recipe.html", json_text(data, "recipe_title"),
                                      "home", said->status};
    return console_show(c, &page, json_incref(data), e);
}

int console_recipe_page(struct console *c, struct err *e)
{
    return console_recipe_show(c, &(struct console_answer){.status = 200}, e);
}
