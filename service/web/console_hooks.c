#include "console_hooks_int.h"

/* Hooks, where apps tell of their own events: which there are, what they start, and a new one. */

static const struct console_hook_kind kinds[] = {
    {"salesforce_outbound", "Salesforce, outbound message",
     "Sent by a flow or an approval of Salesforce. Its address holds the secret.",
     .salesforce = true},
    {"servicenow", "ServiceNow, business rule",
     "Sent by a script of ServiceNow, which proves itself with a secret or a signature.",
     .proven = true},
    {"box", "Box, webhook", "Sent by Box, which signs with the keys of your Box app.", .box = true},
    {"json", "Anything else that sends JSON",
     "Flow callouts, GitHub, own programs: proven by a secret or a signature.", .proven = true},
};
enum { KINDS = sizeof kinds / sizeof kinds[0], RUNS_SEEN = 100 };

const struct console_hook_kind *console_hook_kind(const char *kind)
{
    for (size_t i = 0; i < KINDS; i++) {
        if (str_equal(kinds[i].kind, kind)) {
            return &kinds[i];
        }
    }
    return NULL;
}

void console_hook_fields(const struct console_hook_kind *k, json_t *data)
{
    json_put_words(data, "kind", k->kind);
    json_put_words(data, "kind_label", k->label);
    json_put(data, "of_salesforce", json_boolean(k->salesforce));
    json_put(data, "of_box", json_boolean(k->box));
    json_put(data, "proven", json_boolean(k->proven));
}

/* Which hook starts it; NULL for a recipe that is typed. */
static int hook_of(struct console *c, const char *recipe, const char **ret, struct err *e)
{
    struct console_answer a;
    const struct console_call get = {.method = WB_GET, .handler = api_recipe_get, .name = recipe};
    if (console_ask(c, &get, &a, e) != 0) {
        return -1;
    }
    *ret = json_text(json_member(a.value, "trigger"), "hook");
    return 0;
}

int console_hook_recipes(struct console *c, json_t **ret, struct err *e)
{
    json_t *all = NULL;
    *ret = arena_json(c->mem, json_object());
    if (console_all(c, api_recipes_get, &all, e) != 0) {
        return -1;
    }
    for (size_t i = 0; i < json_array_size(all); i++) {
        const json_t *one = json_array_get(all, i);
        const char *hook = NULL;
        if (json_text(one, "command") == NULL &&
            hook_of(c, json_text(one, "name"), &hook, e) != 0) {
            return -1;
        }
        if (hook != NULL && json_member(*ret, hook) == NULL) {
            json_put(*ret, hook, json_array());
        }
        if (hook != NULL) {
            json_push(json_member(*ret, hook), json_words(json_text(one, "name")));
        }
    }
    return 0;
}

static json_t *row_of(const struct console *c, const json_t *hook, const json_t *started_by,
                      const json_t *runs)
{
    const char *name = json_text(hook, "name");
    const struct console_hook_kind *kind = console_hook_kind(json_text(hook, "kind"));
    json_t *started = json_member(started_by, name);
    json_t *row = json_must(json_pack("{s:s, s:s, s:b}", "name", name, "href",
                                      console_path(c, "/hooks/%s", name), "enabled",
                                      json_flag(hook, "enabled")));
    json_put_words(row, "label", kind == NULL ? json_text(hook, "kind") : kind->label);
    if (started != NULL) {
        json_put(row, "recipes", json_incref(started));
    }
    for (size_t i = 0; i < json_array_size(runs) && json_member(row, "last") == NULL; i++) {
        const json_t *run = json_array_get(runs, i);
        if (json_has(started, json_text(run, "recipe"))) {
            json_put(row, "last", console_state(json_text(run, "state")));
            json_put_words(row, "last_at", console_time(c->mem, json_text(run, "created")));
        }
    }
    return row;
}

/* The kinds to choose from, or the form of the one that was chosen. */
static int add_form(struct console *c, json_t *data, struct err *e)
{
    const char *chosen = NULL;
    int rc = c->q->method == WB_POST ? console_field(c, "kind", &chosen, e)
                                     : request_query(c->q, "kind", &chosen, e);
    if (rc != 0) {
        return -1;
    }
    const struct console_hook_kind *kind = console_hook_kind(chosen);
    if (kind != NULL) {
        console_hook_fields(kind, data);
        return 0;
    }
    json_put(data, "kinds", json_array());
    for (size_t i = 0; i < KINDS; i++) {
        json_push(json_member(data, "kinds"),
                  json_must(json_pack("{s:s, s:s, s:s}", "key", kinds[i].kind, "label",
                                      kinds[i].label, "about", kinds[i].about)));
    }
    return 0;
}

static int show(struct console *c, const struct console_answer *said, struct err *e)
{
    json_t *started_by = NULL, *runs = NULL;
    json_t *data = arena_json(c->mem, json_object());
    if (console_paged(c, api_hooks_get, data, e) != 0 ||
        console_hook_recipes(c, &started_by, e) != 0 ||
        console_list(c, api_runs_get, arena_printf(c->mem, "limit=%d", RUNS_SEEN), &runs, e) != 0 ||
        add_form(c, data, e) != 0) {
        return -1;
    }
    const json_t *all = json_member(data, "found");
    json_put(data, "hooks", json_array());
    for (size_t i = 0; i < json_array_size(all); i++) {
        json_push(json_member(data, "hooks"), row_of(c, json_array_get(all, i), started_by, runs));
    }
    json_put(data, "any", json_boolean(json_array_size(all) > 0));
    json_put_words(data, "action", console_path(c, "/hooks"));
    console_put_problem(data, said);
    const struct console_page page = {"console_hooks.html", "Hooks", "hooks", said->status};
    return console_show(c, &page, json_incref(data), e);
}

int console_hooks_page(struct console *c, struct err *e)
{
    return show(c, &(struct console_answer){.status = 200}, e);
}

int console_hook_make(struct console *c, struct err *e)
{
    static const char *const keys[] = {"kind",        "organization_id", "secret",
                                       "primary_key", "secondary_key",   NULL};
    struct console_answer a;
    json_t *body = arena_json(c->mem, json_object());
    for (size_t i = 0; keys[i] != NULL; i++) {
        if (console_take(c, body, keys[i], e) != 0) {
            return -1;
        }
    }
    if (console_field(c, "name", &c->name, e) != 0) {
        return -1;
    }
    const struct console_call put = {
        .method = WB_PUT, .handler = api_hook_put, .name = c->name, .body = json_incref(body)};
    if (console_make(c, &put, &a, "There is a hook of that name already.", e) != 0) {
        return -1;
    }
    return a.problem != NULL ? show(c, &a, e) : console_hook_show(c, &a, e);
}
