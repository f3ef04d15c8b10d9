#include "console_int.h"

/* The personal connections of the workspace: whose, to which account, in which state, and their
 * ends. Never a token: the API has none. */

static json_t *row_of(const struct console *c, const json_t *p, const json_t *names)
{
    const json_t *account = json_member(p, "account");
    const char *state = json_text(p, "state");
    json_t *row = json_must(json_pack(
        "{s:s, s:s, s:o, s:b}", "id", json_text(p, "id"), "connection", json_text(p, "connection"),
        "state", console_state(state), "ended", str_equal(state, "disconnected")));
    json_put_words(row, "label", console_app_title(c, json_text(p, "app")));
    json_put_shown(row, "user", console_name(names, json_text(p, "user")));
    json_put_shown(row, "account", json_text(account, "name"));
    json_put_shown(row, "organization", json_text(account, "organization"));
    json_put_words(row, "connected", console_time(c->mem, json_text(p, "connected")));
    json_put_words(row, "last_used", console_time(c->mem, json_text(p, "last_used")));
    return row;
}

/* The apps that there are connections of. */
static int app_choices(struct console *c, const char *chosen, json_t **ret, struct err *e)
{
    json_t *all = NULL, *seen = arena_json(c->mem, json_object());
    if (console_list(c, api_connections_get, "limit=100", &all, e) != 0) {
        return -1;
    }
    *ret = json_array();
    for (size_t i = 0; i < json_array_size(all); i++) {
        const char *name = json_text(json_array_get(all, i), "app");
        if (json_member(seen, name) == NULL) {
            json_put(seen, name, json_true());
            json_push(*ret, console_choice(name, console_app_title(c, name), chosen));
        }
    }
    return 0;
}

static int show(struct console *c, const char *problem, int status, struct err *e)
{
    static const char *const filters[] = {"app", "user", NULL};
    struct console_filter f;
    json_t *data = arena_json(c->mem, json_object()), *names = NULL, *choices = NULL;
    if (console_filter(c, filters, &f, e) != 0 ||
        console_filtered(c, api_personal_list, &f, data, e) != 0 ||
        console_names(c, json_member(data, "found"), "user", &names, e) != 0 ||
        app_choices(c, json_text(f.values, "app"), &choices, e) != 0) {
        return -1;
    }
    const json_t *found = json_member(data, "found");
    json_put(data, "app_choices", choices);
    json_put(data, "any_app", json_boolean(json_array_size(choices) > 0));
    json_put(data, "any", json_boolean(json_array_size(found) > 0));
    json_put_words(data, "problem", problem);
    json_put_words(data, "action", console_path(c, "/personal-connections"));
    json_put(data, "connections", json_array());
    for (size_t i = 0; i < json_array_size(found); i++) {
        json_push(json_member(data, "connections"), row_of(c, json_array_get(found, i), names));
    }
    const struct console_page page = {"console_personal.html", "Personal connections", "personal",
                                      status};
    return console_show(c, &page, json_incref(data), e);
}

int console_personal_page(struct console *c, struct err *e)
{
    return show(c, NULL, 200, e);
}

/* Which of the calls of /v1 the pressed button stands for. */
static int call_of(struct console *c, struct console_call *ret, struct err *e)
{
    const char *id = NULL, *app_key = NULL, *does = NULL, *sure = NULL;
    struct str query = str_new(c->mem, 300);
    if (console_field(c, "id", &id, e) != 0 || console_field(c, "app", &app_key, e) != 0 ||
        console_field(c, "do", &does, e) != 0 || console_field(c, "sure", &sure, e) != 0) {
        return -1;
    }
    console_add_param(&query, "app", app_key);
    console_add_param(&query, "forget", str_equal(does, "forget") ? "true" : "");
    *ret = (struct console_call){.method = WB_DELETE, .query = query.text};
    if (id[0] != '\0') {
        ret->handler = api_personal_delete;
        ret->name = id;
    } else if (str_equal(sure, "on")) {
        ret->handler = api_personal_delete_app;
    }
    return 0;
}

int console_personal_end(struct console *c, struct err *e)
{
    struct console_call call;
    struct console_answer a;
    if (call_of(c, &call, e) != 0) {
        return -1;
    }
    if (call.handler == NULL) {
        return show(c, "Nothing was done: tick the box to say that you mean all of them.", 422, e);
    }
    if (console_try(c, &call, &a, e) != 0) {
        return -1;
    }
    if (a.problem != NULL) {
        return show(c, a.problem, a.status, e);
    }
    console_done(c, console_path(c, "/personal-connections"), "disconnected");
    return 0;
}
