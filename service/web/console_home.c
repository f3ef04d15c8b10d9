#include "console_int.h"

#include <strings.h>

/* The first page: what there is, how it does, and what ran last. */

enum { RUNS_SEEN = 100, RUNS_SHOWN = 8 };

static void put_time(arena *mem, json_t *to, const char *key, const json_t *from, const char *what)
{
    json_put_words(to, key, console_time(mem, json_text(from, what)));
}

/* The newest run of this recipe among those; NULL: none. */
static const json_t *last_of(const json_t *runs, const char *recipe)
{
    for (size_t i = 0; i < json_array_size(runs); i++) {
        if (str_equal(json_text(json_array_get(runs, i), "recipe"), recipe)) {
            return json_array_get(runs, i);
        }
    }
    return NULL;
}

static json_t *recipe_row(const struct console *c, const json_t *recipe, const json_t *runs)
{
    const char *name = json_text(recipe, "name");
    const json_t *last = last_of(runs, name);
    json_t *row = json_must(json_pack("{s:s, s:s, s:b}", "name", name, "href",
                                      console_path(c, "/recipes/%s", name), "enabled",
                                      json_flag(recipe, "enabled")));
    json_put_shown(row, "label", json_text(recipe, "title"));
    json_put_words(row, "command", json_text(recipe, "command"));
    if (last != NULL) {
        json_put(row, "last", console_state(json_text(last, "state")));
        put_time(c->mem, row, "last_at", last, "created");
    }
    return row;
}

/* Behind one another as they are read, whatever the case. */
static int by_label(const void *a, const void *b)
{
    const json_t *const *one = a, *const *other = b;
    return strcasecmp(json_text(*one, "label"), json_text(*other, "label"));
}

static json_t *recipe_rows(const struct console *c, const json_t *all, const json_t *runs)
{
    size_t count = json_array_size(all);
    json_t *list = json_array(), **sorted = arena_array(c->mem, count + 1, sizeof(json_t *));
    for (size_t i = 0; i < count; i++) {
        sorted[i] = recipe_row(c, json_array_get(all, i), runs);
    }
    qsort(sorted, count, sizeof(json_t *), by_label);
    for (size_t i = 0; i < count; i++) {
        json_push(list, sorted[i]);
    }
    return list;
}

static json_t *connection_row(const struct console *c, const json_t *d)
{
    json_t *row =
        json_must(json_pack("{s:s, s:s, s:s, s:o}", "name", json_text(d, "name"), "app",
                            console_app_title(c, json_text(d, "app")), "host", json_text(d, "host"),
                            "state", console_state(json_text(d, "state"))));
    json_put_shown(row, "account", json_text(json_member(d, "account"), "name"));
    return row;
}

int console_home_page(struct console *c, struct err *e)
{
    json_t *runs = NULL, *defaults = NULL, *names = NULL, *titles = NULL;
    json_t *data = arena_json(c->mem, json_must(json_pack("{s:[], s:[]}", "runs", "connections")));
    if (console_paged(c, api_recipes_get, data, e) != 0 ||
        console_list(c, api_runs_get, arena_printf(c->mem, "limit=%d", RUNS_SEEN), &runs, e) != 0 ||
        console_all(c, api_connections_get, &defaults, e) != 0 ||
        console_names(c, runs, "user", &names, e) != 0 || console_titles(c, &titles, e) != 0 ||
        console_put_next(c, data, e) != 0) {
        return -1;
    }
    const json_t *all = json_member(data, "found");
    json_put(data, "recipes", recipe_rows(c, all, runs));
    for (size_t i = 0; i < json_array_size(runs) && i < RUNS_SHOWN; i++) {
        json_push(json_member(data, "runs"),
                  console_run_row(c, json_array_get(runs, i), names, titles));
    }
    for (size_t i = 0; i < json_array_size(defaults); i++) {
        json_push(json_member(data, "connections"), connection_row(c, json_array_get(defaults, i)));
    }
    json_put(data, "any_recipe", json_boolean(json_array_size(all) > 0));
    json_put(data, "any_run", json_boolean(json_array_size(runs) > 0));
    json_put(data, "any_connection", json_boolean(json_array_size(defaults) > 0));
    const struct console_page page = {"console_home.html", "Recipes", "home", 200};
    return console_show(c, &page, json_incref(data), e);
}

/* --- an operator's choice --- */

static json_t *workspace_row(const struct console *c, const json_t *w)
{
    const char *key = json_text(w, "workspace"), *name = json_text(w, "name");
    json_t *row = json_must(json_pack("{s:s, s:s, s:o}", "key", key, "href",
                                      arena_printf(c->mem, "/console/workspaces/%s", key), "state",
                                      console_state(json_text(w, "state"))));
    json_put_shown(row, "label", str_empty(name) ? key : name);
    json_put_words(row, "platform", console_platform(key));
    return row;
}

static int add_workspaces(struct console *c, const json_t *items, json_t *data, struct err *e)
{
    json_t *list = json_member(data, "workspaces");
    store *s = NULL;
    if (store_open(c->web->options.stores, c->mem, &s, e) != 0) {
        return -1;
    }
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < json_array_size(items); i++) {
        json_t *row = workspace_row(c, json_array_get(items, i));
        json_push(list, row);
        rc = console_next(c, s, json_text(row, "key"), row, e);
    }
    store_close(s);
    return rc;
}

int console_workspaces_page(struct console *c, struct err *e)
{
    struct console_answer a;
    const char *cursor = NULL;
    struct str query = str_new(c->mem, 300);
    if (request_query(c->q, "cursor", &cursor, e) != 0) {
        return -1;
    }
    console_add_param(&query, "cursor", cursor);
    const struct console_call call = {
        .method = WB_GET, .handler = api_workspaces_get, .query = query.text};
    if (console_ask(c, &call, &a, e) != 0) {
        return -1;
    }
    const json_t *items = json_member(a.value, "items");
    json_t *data = arena_json(c->mem, json_must(json_pack("{s:[], s:b}", "workspaces", "any",
                                                          json_array_size(items) > 0)));
    if (add_workspaces(c, items, data, e) != 0) {
        return -1;
    }
    json_put_words(data, "next", json_text(a.value, "next"));
    const struct console_page page = {"console_workspaces.html", "Workspaces", NULL, 200};
    return console_show(c, &page, json_incref(data), e);
}
